/* libFuzzer's entry point, and a check that also stands in an optimised build. */
#ifndef PASSWORDSYNC_FUZZ_H
#define PASSWORDSYNC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) \
    do { \
        if (!(condition)) \
            abort(); \
    } while (0)

#endif
