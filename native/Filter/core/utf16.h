/* UTF-16LE as Windows hands it over: counted, not terminated, and not always well-formed. */
#ifndef PASSWORDSYNC_UTF16_H
#define PASSWORDSYNC_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the text as UTF-8, with U+FFFD in the place of each lone surrogate, and gives its length. `length` is in bytes; an odd
   last byte is left out. False if it does not fit; then nothing of the buffer may be used. */
bool ps_utf16_to_utf8(const uint8_t *units, size_t length, uint8_t *utf8, size_t capacity, size_t *utf8_length);

#endif
