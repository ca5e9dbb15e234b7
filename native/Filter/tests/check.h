/* The least a unit test needs: each test is a program that says which check failed and how many there were. */
#ifndef PASSWORDSYNC_CHECK_H
#define PASSWORDSYNC_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static int checks_made;
static int checks_failed;

static inline void check_at(bool condition, const char *expression, const char *file, int line)
{
    checks_made++;
    if (condition)
        return;
    checks_failed++;
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, expression);
}

#define CHECK(condition) check_at((condition), #condition, __FILE__, __LINE__)

static inline int checks_result(void)
{
    (void)printf("%d checks, %d failed\n", checks_made, checks_failed);
    return checks_made > 0 && checks_failed == 0 ? 0 : 1;
}

/* Decodes hexadecimal digits into at most `capacity` bytes; gives how many, 0 if the text is not hexadecimal or too long. */
static inline size_t from_hexadecimal(const char *digits, uint8_t *bytes, size_t capacity)
{
    size_t length = strlen(digits) / 2;

    if (length > capacity)
        return 0;
    for (size_t index = 0; index < length; index++) {
        unsigned value;
        if (sscanf(digits + 2 * index, "%2x", &value) != 1)
            return 0;
        bytes[index] = (uint8_t)value;
    }
    return length;
}

static inline bool is_hexadecimal(const uint8_t *bytes, size_t length, const char *digits)
{
    uint8_t expected[4096];

    return strlen(digits) == 2 * length && from_hexadecimal(digits, expected, sizeof expected) == length && memcmp(bytes, expected, length) == 0;
}

#endif
