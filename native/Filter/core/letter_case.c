#include "letter_case.h"

#include <stddef.h>

/* Every `step`-th character from first to last maps to the one that lies `delta` behind it. */
struct mapping {
    uint32_t first;
    uint32_t last;
    uint32_t step;
    int32_t delta;
};

#include "letter_case_tables.h"

static uint32_t map(const struct mapping *mappings, size_t count, uint32_t code_point)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code_point > mappings[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count || code_point < mappings[low].first || (code_point - mappings[low].first) % mappings[low].step != 0)
        return code_point;
    return (uint32_t)((int64_t)code_point + mappings[low].delta);
}

uint32_t ps_letter_to_lower(uint32_t code_point)
{
    if (code_point < 0x80)
        return code_point >= 'A' && code_point <= 'Z' ? code_point + ('a' - 'A') : code_point;
    return map(to_lower, sizeof to_lower / sizeof to_lower[0], code_point);
}

uint32_t ps_letter_to_upper(uint32_t code_point)
{
    if (code_point < 0x80)
        return code_point >= 'a' && code_point <= 'z' ? code_point - ('a' - 'A') : code_point;
    return map(to_upper, sizeof to_upper / sizeof to_upper[0], code_point);
}
