/* Reads values of HKEY_LOCAL_MACHINE. */
#ifndef PASSWORDSYNC_REGISTRY_H
#define PASSWORDSYNC_REGISTRY_H

#include "windows_api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the functions. Without it, and where there are none, every value counts as missing. */
void registry_open(void);

/* Where the filter's own values are. */
extern const WCHAR registry_own_key[];

/* A DWORD; the given number if it is missing or of another type. */
uint32_t registry_number(const WCHAR *key, const WCHAR *name, uint32_t otherwise);

/* A REG_SZ, terminated; false if it is missing, of another type, empty, or does not fit. */
bool registry_text(const WCHAR *key, const WCHAR *name, WCHAR *text, size_t capacity);

#endif
