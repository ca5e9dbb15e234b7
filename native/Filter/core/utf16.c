#include "utf16.h"

enum {
    UNIT_SIZE = 2,
    UTF8_MAX = 4,
    REPLACEMENT = 0xFFFD
};

static uint32_t unit_at(const uint8_t *units, size_t offset)
{
    return units[offset] | (uint32_t)units[offset + 1] << 8;
}

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* The character at *offset, which moves behind it. Two units must remain for a pair, one for all else. */
static uint32_t next_code_point(const uint8_t *units, size_t length, size_t *offset)
{
    uint32_t unit = unit_at(units, *offset);

    *offset += UNIT_SIZE;
    if (is_high_surrogate(unit) && length - *offset >= UNIT_SIZE && is_low_surrogate(unit_at(units, *offset))) {
        uint32_t low = unit_at(units, *offset);
        *offset += UNIT_SIZE;
        return 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
    }
    return is_high_surrogate(unit) || is_low_surrogate(unit) ? REPLACEMENT : unit;
}

static size_t encode(uint32_t code_point, uint8_t bytes[UTF8_MAX])
{
    if (code_point < 0x80) {
        bytes[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        bytes[0] = (uint8_t)(0xC0 | code_point >> 6);
        bytes[1] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        bytes[0] = (uint8_t)(0xE0 | code_point >> 12);
        bytes[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
        bytes[2] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 3;
    }
    bytes[0] = (uint8_t)(0xF0 | code_point >> 18);
    bytes[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
    bytes[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    bytes[3] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 4;
}

bool ps_utf16_to_utf8(const uint8_t *units, size_t length, uint8_t *utf8, size_t capacity, size_t *utf8_length)
{
    size_t whole = length - length % UNIT_SIZE;
    size_t written = 0;
    size_t offset = 0;

    while (offset < whole) {
        uint8_t bytes[UTF8_MAX];
        size_t count = encode(next_code_point(units, whole, &offset), bytes);
        if (count > capacity - written)
            return false;
        for (size_t index = 0; index < count; index++)
            utf8[written + index] = bytes[index];
        written += count;
    }
    *utf8_length = written;
    return true;
}
