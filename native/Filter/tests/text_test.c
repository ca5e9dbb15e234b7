#include "check.h"

struct row {
    const char *bytes;
    size_t length;
    bool well_formed;
};

/* The edges of table 3-7 of the Unicode standard. */
static const struct row rows[] = {
    {"", 0, true},
    {"\x00", 1, true},
    {"A", 1, true},
    {"\x7F", 1, true},
    {"\x80", 1, false},
    {"\xC0\x80", 2, false},
    {"\xC1\xBF", 2, false},
    {"\xC2\x80", 2, true},
    {"\xC2", 1, false},
    {"\xC2\x7F", 2, false},
    {"\xDF\xBF", 2, true},
    {"\xE0\x9F\xBF", 3, false},
    {"\xE0\xA0\x80", 3, true},
    {"\xE2\x82\xAC", 3, true},
    {"\xE2\x82", 2, false},
    {"\xED\x9F\xBF", 3, true},
    {"\xED\xA0\x80", 3, false},
    {"\xEF\xBF\xBF", 3, true},
    {"\xF0\x8F\xBF\xBF", 4, false},
    {"\xF0\x90\x80\x80", 4, true},
    {"\xF0\x9F\x98\x80", 4, true},
    {"\xF0\x9F\x98", 3, false},
    {"\xF4\x8F\xBF\xBF", 4, true},
    {"\xF4\x90\x80\x80", 4, false},
    {"\xF5\x80\x80\x80", 4, false},
    {"\xFF", 1, false},
    {"A\xE2\x82\xAC\xFF", 5, false}};

static void utf8_is_well_formed_exactly_where_unicode_says_so(void)
{
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_text text = {(const uint8_t *)rows[index].bytes, rows[index].length};
        if (ps_text_is_well_formed(text) != rows[index].well_formed)
            (void)fprintf(stderr, "row %zu\n", index);
        CHECK(ps_text_is_well_formed(text) == rows[index].well_formed);
    }
}

static void characters_are_decoded(void)
{
    struct ps_text text = ps_text_of("A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    const uint32_t expected[] = {'A', 0xE9, 0x20AC, 0x1F600};
    size_t offset = 0;
    uint32_t code_point = 0;

    for (size_t index = 0; index < 4; index++) {
        CHECK(ps_text_next(text, &offset, &code_point));
        CHECK(code_point == expected[index]);
    }
    CHECK(!ps_text_next(text, &offset, &code_point));
    CHECK(offset == text.length);
}

static void fields_have_bounds_and_no_control_characters(void)
{
    CHECK(!ps_text_is_field(ps_text_of(""), 4));
    CHECK(ps_text_is_field(ps_text_of("abcd"), 4));
    CHECK(!ps_text_is_field(ps_text_of("abcde"), 4));
    CHECK(!ps_text_is_field(ps_text_of("a\tb"), 4));
    CHECK(!ps_text_is_field(ps_text_of("a\x7F"), 4));
    CHECK(ps_text_is_field(ps_text_of("a b"), 4));
    CHECK(!ps_text_is_field(ps_text_of("\xFF"), 4));
}

static void sources_and_hosts_are_lower_case(void)
{
    CHECK(ps_text_is_source(ps_text_of("corp.example-1.test")));
    CHECK(ps_text_is_source(ps_text_of("1")));
    CHECK(!ps_text_is_source(ps_text_of("-a")));
    CHECK(!ps_text_is_source(ps_text_of(".a")));
    CHECK(!ps_text_is_source(ps_text_of("Corp")));
    CHECK(!ps_text_is_source(ps_text_of("a_b")));
    CHECK(!ps_text_is_source(ps_text_of("a b")));
    CHECK(!ps_text_is_source(ps_text_of("")));
    CHECK(!ps_text_is_source(ps_text_of("a123456789b123456789c123456789d123456789e123456789f123456789abcd")));
    CHECK(ps_text_is_host(ps_text_of("dc1.corp.example.test")));
    CHECK(!ps_text_is_host(ps_text_of("DC1.corp.example.test")));
    CHECK(!ps_text_is_host(ps_text_of("")));
}

int main(void)
{
    utf8_is_well_formed_exactly_where_unicode_says_so();
    characters_are_decoded();
    fields_have_bounds_and_no_control_characters();
    sources_and_hosts_are_lower_case();
    return checks_result();
}
