#include "text.h"

#include <string.h>

#include "limits.h"

struct ps_text ps_text_of(const char *terminated)
{
    struct ps_text text = {(const uint8_t *)terminated, strlen(terminated)};
    return text;
}

bool ps_text_equals(struct ps_text left, struct ps_text right)
{
    return left.length == right.length && (left.length == 0 || memcmp(left.bytes, right.bytes, left.length) == 0);
}

/* How long the character with this first byte is, and the bounds of its second byte, which exclude overlong forms,
   surrogates and what lies above U+10FFFF. Zero: no character begins so. */
static size_t sequence_length(uint8_t first, uint8_t *second_low, uint8_t *second_high)
{
    *second_low = 0x80;
    *second_high = 0xBF;
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0)
            *second_low = 0xA0;
        if (first == 0xED)
            *second_high = 0x9F;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0)
            *second_low = 0x90;
        if (first == 0xF4)
            *second_high = 0x8F;
        return 4;
    }
    return 0;
}

bool ps_text_next(struct ps_text text, size_t *offset, uint32_t *code_point)
{
    static const uint8_t first_byte_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint8_t low;
    uint8_t high;

    if (*offset >= text.length)
        return false;
    const uint8_t *bytes = text.bytes + *offset;
    size_t length = sequence_length(bytes[0], &low, &high);
    if (length == 0 || length > text.length - *offset)
        return false;
    uint32_t value = bytes[0] & (uint32_t)first_byte_bits[length];
    for (size_t index = 1; index < length; index++) {
        if (bytes[index] < low || bytes[index] > high)
            return false;
        value = value << 6 | (bytes[index] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    *code_point = value;
    *offset += length;
    return true;
}

bool ps_text_is_well_formed(struct ps_text text)
{
    size_t offset = 0;
    uint32_t code_point;

    while (ps_text_next(text, &offset, &code_point)) {
    }
    return offset == text.length;
}

bool ps_text_is_field(struct ps_text text, size_t longest)
{
    if (text.length == 0 || text.length > longest)
        return false;
    for (size_t index = 0; index < text.length; index++)
        if (text.bytes[index] < 0x20 || text.bytes[index] == 0x7F)
            return false;
    return ps_text_is_well_formed(text);
}

bool ps_text_is_source(struct ps_text text)
{
    for (size_t index = 0; index < text.length; index++) {
        uint8_t byte = text.bytes[index];
        bool anywhere = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        bool inside = index > 0 && (byte == '.' || byte == '-');
        if (!anywhere && !inside)
            return false;
    }
    return ps_text_is_field(text, PS_SOURCE_MAX);
}

bool ps_text_is_host(struct ps_text text)
{
    for (size_t index = 0; index < text.length; index++)
        if (text.bytes[index] >= 'A' && text.bytes[index] <= 'Z')
            return false;
    return ps_text_is_field(text, PS_HOST_MAX);
}
