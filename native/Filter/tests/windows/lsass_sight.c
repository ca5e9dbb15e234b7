#include "lsass_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

enum {
    HEADER_SIZE = 8,
    DRAIN_LOOKS_MAX = 6000,
    DRAIN_PAUSE_MS = 10,
    MASK = 0xA5
};

static const int64_t *status_values(void)
{
    static const uint8_t *view;

    if (view == NULL) {
        HANDLE section = OpenFileMappingW(FILE_MAP_READ, FALSE, L"Global\\PasswordSyncFilter");
        view = section == NULL ? NULL : MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    }
    if (view == NULL || memcmp(view, "PSFS\1\0\0\0", HEADER_SIZE) != 0)
        return NULL;
    return (const int64_t *)(const void *)(view + HEADER_SIZE);
}

void command_status(const char *unused1, const char *unused2, const char *unused3)
{
    const int64_t *values = status_values();

    (void)unused1;
    (void)unused2;
    (void)unused3;
    if (values == NULL) {
        (void)printf("no status\n");
        return;
    }
    (void)printf("done");
    for (int index = 0; index < STATUS_VALUES; index++)
        (void)printf(" %lld", (long long)values[index]);
    (void)printf("\n");
}

void command_drained(const char *unused1, const char *unused2, const char *unused3)
{
    const int64_t *values = status_values();

    (void)unused1;
    (void)unused2;
    (void)unused3;
    for (int look = 0; values != NULL && look < DRAIN_LOOKS_MAX; look++) {
        if (values[STATUS_DELIVERED] + values[STATUS_DROPPED] + values[STATUS_LOST_QUEUE_FULL] >= values[STATUS_CAPTURED]) {
            (void)printf("done\n");
            return;
        }
        Sleep(DRAIN_PAUSE_MS);
    }
    (void)printf("late\n");
}

/* Masked, so that the pattern itself is not found. */
static bool stands_at(const uint8_t *memory, const uint8_t *masked, size_t length)
{
    for (size_t index = 0; index < length; index++)
        if (memory[index] != (masked[index] ^ MASK))
            return false;
    return true;
}

static int count_in(const MEMORY_BASIC_INFORMATION *region, const uint8_t *masked, size_t length)
{
    const uint8_t *memory = region->BaseAddress;
    int count = 0;

    for (size_t offset = 0; offset + length <= region->RegionSize; offset++)
        if (stands_at(memory + offset, masked, length))
            count++;
    return count;
}

void command_search(const char *digits, const char *unused1, const char *unused2)
{
    uint8_t masked[128];
    size_t length = strlen(digits) / 2;
    MEMORY_BASIC_INFORMATION region;
    const uint8_t *address = NULL;
    int count = 0;

    (void)unused1;
    (void)unused2;
    if (length > sizeof masked)
        return;
    for (size_t index = 0; index < length; index++) {
        char pair[3] = {digits[2 * index], digits[2 * index + 1], '\0'};
        masked[index] = (uint8_t)(strtoul(pair, NULL, 16) ^ MASK);
    }
    while (VirtualQuery(address, &region, sizeof region) == sizeof region) {
        bool writable = (region.Protect & (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE)) != 0;
        if (region.State == MEM_COMMIT && writable && (region.Protect & PAGE_GUARD) == 0)
            count += count_in(&region, masked, length);
        address = (const uint8_t *)region.BaseAddress + region.RegionSize;
    }
    (void)printf("done %d\n", count);
}

void command_set(const char *kind, const char *name, const char *value)
{
    char path[512];
    char text[512];

    (void)snprintf(path, sizeof path, "%s", name);
    (void)snprintf(text, sizeof text, "%s", value);
    for (char *position = path; *position != '\0'; position++)
        *position = *position == '|' ? ' ' : *position;
    for (char *position = text; *position != '\0'; position++)
        *position = *position == '|' ? ' ' : *position;
    char *last = strrchr(path, '\\');
    *last = '\0';
    DWORD number = (DWORD)strtoul(text, NULL, 10);
    LSTATUS result = strcmp(kind, "nothing") == 0 ? RegDeleteKeyValueA(HKEY_LOCAL_MACHINE, path, last + 1)
        : strcmp(kind, "number") == 0             ? RegSetKeyValueA(HKEY_LOCAL_MACHINE, path, last + 1, REG_DWORD, &number, sizeof number)
                                                  : RegSetKeyValueA(HKEY_LOCAL_MACHINE, path, last + 1, REG_SZ, text, (DWORD)strlen(text) + 1);
    (void)printf("done %ld\n", (long)result);
}
