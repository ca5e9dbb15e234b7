#include "check.h"
#include "complexity.h"
#include "letter_case.h"

struct row {
    const char *password;
    const char *account;
    enum ps_complexity expected;
};

/* Judged by the default rule: 7 characters of three kinds. */
static const struct row rows[] = {
    {"Passw0rd", "alice", PS_COMPLEXITY_AGREED},
    {"Pass0rd", "alice", PS_COMPLEXITY_AGREED},
    {"Pas0rd", "alice", PS_COMPLEXITY_TOO_SHORT},
    {"", "alice", PS_COMPLEXITY_TOO_SHORT},
    {"password", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    {"Password", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    {"password1", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    {"12345678", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    {"pass word1", "alice", PS_COMPLEXITY_AGREED},
    {"PASS-WORD1", "alice", PS_COMPLEXITY_AGREED},
    {"pass~word1", "alice", PS_COMPLEXITY_AGREED},
    {"pass\tword1", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    {"pass\x7Fword1", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    /* Cyrillic: upper, lower, digit. */
    {"\xD0\x9F\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C""7", "alice", PS_COMPLEXITY_AGREED},
    /* The same without the capital: lower, digit. */
    {"\xD0\xBF\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C""7", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    /* Chinese characters have no case: with lower and digit that makes three. */
    {"\xE5\xAF\x86\xE7\xA0\x81""abc12", "alice", PS_COMPLEXITY_AGREED},
    {"\xE5\xAF\x86\xE7\xA0\x81\xE5\xAF\x86\xE7\xA0\x81""12345", "alice", PS_COMPLEXITY_TOO_FEW_KINDS},
    /* Outside the BMP one character is two UTF-16 code units: seven here, of three kinds. */
    {"\xF0\x9F\x98\x80\xF0\x9F\x98\x80""aB1", "alice", PS_COMPLEXITY_AGREED},
    {"\xF0\x9F\x98\x80""aaB1", "alice", PS_COMPLEXITY_TOO_SHORT},
    /* The sharp s has no simple upper-case form, as in Samba: another character. */
    {"\xC3\x9F\xC3\x9F\xC3\x9F\xC3\x9F""ab1", "alice", PS_COMPLEXITY_AGREED},
    /* Romanian s with comma below and Georgian have a case in Unicode but not in Samba: other characters. */
    {"\xC8\x99\xC8\x99\xC8\x99\xC8\x99""ab1", "alice", PS_COMPLEXITY_AGREED},
    {"\xE1\x83\x90\xE1\x83\x91\xE1\x83\x92\xE1\x83\x93""ab1", "alice", PS_COMPLEXITY_AGREED},
    {"Alice.2024", "alice", PS_COMPLEXITY_AGREED},
    {"Alice.2024", "aLICE.2024", PS_COMPLEXITY_ACCOUNT_NAME},
    {"Alice.20245", "aLICE.2024", PS_COMPLEXITY_AGREED},
    {"Alice.202", "aLICE.2024", PS_COMPLEXITY_AGREED},
    /* Greek: the final and the other lower-case sigma are one letter. */
    {"\xCE\xA3\xCF\x82""abc-12", "\xCF\x83\xCF\x83""ABC-12", PS_COMPLEXITY_ACCOUNT_NAME},
    {"Passw0rd", "", PS_COMPLEXITY_AGREED}};

static void every_row_is_judged_as_expected(void)
{
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        enum ps_complexity judged
            = ps_complexity_judge(ps_complexity_default(), ps_text_of(rows[index].password), ps_text_of(rows[index].account));
        if (judged != rows[index].expected)
            (void)fprintf(stderr, "row %zu: %d\n", index, (int)judged);
        CHECK(judged == rows[index].expected);
    }
}

static void account_names_of_three_characters_are_compared(void)
{
    struct ps_complexity_rule rule = {true, 0};

    CHECK(ps_complexity_judge(rule, ps_text_of("a1-"), ps_text_of("A1-")) == PS_COMPLEXITY_ACCOUNT_NAME);
    CHECK(ps_complexity_judge(rule, ps_text_of("\xC3\xA9""1-"), ps_text_of("\xC3\x89""1-")) == PS_COMPLEXITY_ACCOUNT_NAME);
    CHECK(ps_complexity_judge(rule, ps_text_of("a1-"), ps_text_of("A1-2")) == PS_COMPLEXITY_AGREED);
}

static void without_kinds_only_the_length_counts(void)
{
    struct ps_complexity_rule rule = {false, 3};
    struct ps_complexity_rule nothing = {false, 0};

    CHECK(ps_complexity_judge(rule, ps_text_of("aaa"), ps_text_of("aaa")) == PS_COMPLEXITY_AGREED);
    CHECK(ps_complexity_judge(rule, ps_text_of("aa"), ps_text_of("")) == PS_COMPLEXITY_TOO_SHORT);
    CHECK(ps_complexity_judge(nothing, ps_text_of(""), ps_text_of("")) == PS_COMPLEXITY_AGREED);
}

static void case_mappings_hold_at_the_edges_of_the_tables(void)
{
    CHECK(ps_letter_to_lower(0xBF) == 0xBF);
    CHECK(ps_letter_to_lower(0xC0) == 0xE0);
    CHECK(ps_letter_to_lower(0xD7) == 0xD7);
    CHECK(ps_letter_to_upper(0xF7) == 0xF7);
    CHECK(ps_letter_to_upper(0xFF) == 0x178);
    CHECK(ps_letter_to_lower(0x100) == 0x101);
    CHECK(ps_letter_to_lower(0x101) == 0x101);
    CHECK(ps_letter_to_upper(0x101) == 0x100);
    CHECK(ps_letter_to_lower(0x42F) == 0x44F);
    CHECK(ps_letter_to_upper(0xFF5A) == 0xFF3A);
    CHECK(ps_letter_to_upper(0xFF5B) == 0xFF5B);
    CHECK(ps_letter_to_lower(0x10FFFF) == 0x10FFFF);
    CHECK(ps_letter_to_upper(0x80) == 0x80);
}

int main(void)
{
    every_row_is_judged_as_expected();
    account_names_of_three_characters_are_compared();
    without_kinds_only_the_length_counts();
    case_mappings_hold_at_the_edges_of_the_tables();
    return checks_result();
}
