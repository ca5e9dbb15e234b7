#include "complexity.h"

#include "letter_case.h"
#include "limits.h"

enum kind {
    UPPER_CASE = 1,
    LOWER_CASE = 2,
    DIGIT = 4,
    OTHER_ASCII_PRINTABLE = 8,
    OTHER_CHARACTER = 16
};

enum { KINDS_MIN = 3 };

struct ps_complexity_rule ps_complexity_default(void)
{
    struct ps_complexity_rule rule = {true, PS_MIN_LENGTH_DEFAULT_CHARACTERS};
    return rule;
}

/* The bit of the character's kind; zero for an ASCII control character, which has none. */
static unsigned kind_of(uint32_t code_point)
{
    if (ps_letter_to_lower(code_point) != code_point)
        return UPPER_CASE;
    if (ps_letter_to_upper(code_point) != code_point)
        return LOWER_CASE;
    if (code_point >= '0' && code_point <= '9')
        return DIGIT;
    if (code_point > 0x7F)
        return OTHER_CHARACTER;
    return code_point >= 0x20 && code_point < 0x7F ? OTHER_ASCII_PRINTABLE : 0;
}

static unsigned count_bits(unsigned bits)
{
    unsigned count = 0;

    for (; bits != 0; bits >>= 1)
        count += bits & 1;
    return count;
}

/* Upper case first, since several lower-case letters can share one upper-case letter (Greek sigma). */
static uint32_t fold(uint32_t code_point)
{
    return ps_letter_to_lower(ps_letter_to_upper(code_point));
}

static bool equal_whatever_case(struct ps_text left, struct ps_text right)
{
    size_t left_offset = 0;
    size_t right_offset = 0;
    uint32_t left_point;
    uint32_t right_point;

    while (ps_text_next(left, &left_offset, &left_point)) {
        if (!ps_text_next(right, &right_offset, &right_point) || fold(left_point) != fold(right_point))
            return false;
    }
    return left_offset == left.length && right_offset == right.length;
}

enum ps_complexity ps_complexity_judge(struct ps_complexity_rule rule, struct ps_text password, struct ps_text account)
{
    size_t offset = 0;
    uint32_t code_point;
    uint32_t code_units = 0;
    unsigned kinds = 0;

    while (ps_text_next(password, &offset, &code_point)) {
        code_units += code_point > 0xFFFF ? 2 : 1;
        kinds |= kind_of(code_point);
    }
    if (code_units < rule.min_length)
        return PS_COMPLEXITY_TOO_SHORT;
    if (!rule.kinds)
        return PS_COMPLEXITY_AGREED;
    if (count_bits(kinds) < KINDS_MIN)
        return PS_COMPLEXITY_TOO_FEW_KINDS;
    if (equal_whatever_case(password, account))
        return PS_COMPLEXITY_ACCOUNT_NAME;
    return PS_COMPLEXITY_AGREED;
}
