/* Any bytes as a rule, a password and an account's name: judging ends with an answer that fits the rule. */
#include "complexity.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct ps_complexity_rule rule = {(data[0] & 1) != 0, data[0] >> 1};
    size_t password_length = data[1] < size - 2 ? data[1] : size - 2;
    struct ps_text password = {data + 2, password_length};
    struct ps_text account = {data + 2 + password_length, size - 2 - password_length};

    enum ps_complexity judged = ps_complexity_judge(rule, password, account);
    FUZZ_CHECK(rule.kinds || judged == PS_COMPLEXITY_AGREED || judged == PS_COMPLEXITY_TOO_SHORT);
    FUZZ_CHECK(judged != PS_COMPLEXITY_AGREED || password.length >= rule.min_length);
    return 0;
}
