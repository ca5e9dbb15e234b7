#ifndef PASSWORDSYNC_LSASS_DOUBLE_H
#define PASSWORDSYNC_LSASS_DOUBLE_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <winternl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef BOOLEAN(NTAPI *initialize_function)(void);
typedef BOOLEAN(NTAPI *filter_function)(PUNICODE_STRING, PUNICODE_STRING, PUNICODE_STRING, BOOLEAN);
typedef NTSTATUS(NTAPI *notify_function)(PUNICODE_STRING, ULONG, PUNICODE_STRING);

struct filter_exports {
    initialize_function initialize;
    filter_function agree;
    notify_function notify;
};

extern struct filter_exports filter;

struct command {
    const char *name;
    /* The words behind the command; "" where there is none. */
    void (*run)(const char *first, const char *second, const char *third);
};

/* `init`: as LSASS does when it has loaded a filter. */
void command_init(const char *unused1, const char *unused2, const char *unused3);

/* `change ACCOUNT PASSWORD`: one change. Each is hexadecimal bytes of UTF-16LE, or one of
   `empty`, `null` (no string), `nowhere:LENGTH` (a string without a buffer), `wild:LENGTH` (a buffer that is not there), `wild` (no string there),
   `torn:BYTES` (a length that goes beyond the last byte that can be read).
   Answers `done STATUS AGREED CHANGED MILLISECONDS`. */
void command_change(const char *account, const char *password, const char *unused);

/* `storm THREADS CALLS`: account `stormT.N`, password `Storm-T.N`. Answers `done WORST_MILLISECONDS`. */
void command_storm(const char *threads, const char *calls, const char *unused);

/* `oversleep MILLISECONDS`: waits so long for what never comes, as LSA's thread does for the edge. Answers `done MILLISECONDS`, by how much too long:
   the machine's own part of whatever a change takes. */
void command_oversleep(const char *milliseconds, const char *unused1, const char *unused2);

/* `status`: all numbers of the filter's shared status. */
void command_status(const char *unused1, const char *unused2, const char *unused3);

/* `drained`: waits until nothing waits in the filter, at most 60 s. Answers `done` or `late`. */
void command_drained(const char *unused1, const char *unused2, const char *unused3);

/* `search BYTES`: how often the bytes stand in the memory of this process. */
void command_search(const char *bytes, const char *unused1, const char *unused2);

/* `set TEXT|NUMBER|NOTHING KEY|NAME VALUE`: a value of HKEY_LOCAL_MACHINE; in VALUE `|` stands for a space. */
void command_set(const char *kind, const char *name, const char *value);

/* Reads hexadecimal digits into a new block that ends where access ends; gives the length. */
uint8_t *place(const char *digits, size_t *length);

void unplace(uint8_t *placed, size_t length);

#endif
