#include "check.h"
#include "notice.h"
#include "utf16.h"

struct row {
    const char *utf16;
    const char *utf8;
};

/* The edges of Unicode's table 3-5, in little-endian hexadecimal. */
static const struct row rows[] = {
    {"", ""},
    {"4100", "41"},
    {"0000", "00"},
    {"7f00", "7f"},
    {"8000", "c280"},
    {"ff07", "dfbf"},
    {"0008", "e0a080"},
    {"ac20", "e282ac"},
    {"ffd7", "ed9fbf"},
    {"00d8", "efbfbd"},
    {"ffdf", "efbfbd"},
    {"00d84100", "efbfbd41"},
    {"00dc00d8", "efbfbdefbfbd"},
    {"00d800dc", "f0908080"},
    {"3dd800de", "f09f9880"},
    {"ffdbffdf", "f48fbfbf"},
    {"00d800d800dc", "efbfbdf0908080"},
    {"00e0", "ee8080"},
    {"ffff", "efbfbf"},
    {"410042", "41"}};

static void utf16_becomes_utf8_with_replacements_for_lone_surrogates(void)
{
    for (size_t index = 0; index < sizeof rows / sizeof *rows; index++) {
        uint8_t units[16];
        uint8_t utf8[16];
        size_t length = 0;
        size_t units_length = from_hexadecimal(rows[index].utf16, units, sizeof units);
        CHECK(ps_utf16_to_utf8(units, units_length, utf8, sizeof utf8, &length));
        CHECK(is_hexadecimal(utf8, length, rows[index].utf8));
        CHECK(ps_text_is_well_formed((struct ps_text){utf8, length}));
    }
}

static void text_that_does_not_fit_is_refused(void)
{
    static const uint8_t euro[] = {0xAC, 0x20};
    uint8_t utf8[3];
    size_t length = 0;

    CHECK(!ps_utf16_to_utf8(euro, sizeof euro, utf8, 2, &length));
    CHECK(ps_utf16_to_utf8(euro, sizeof euro, utf8, 3, &length) && length == 3);
    CHECK(!ps_utf16_to_utf8(euro, sizeof euro, utf8, 0, &length));
    CHECK(ps_utf16_to_utf8(euro, 0, utf8, 0, &length) && length == 0);
}

static enum ps_notice_result take(const char *name, uint16_t password_length, struct ps_notice *notice)
{
    static const uint8_t password[UINT16_MAX + 1] = {'p', 0};
    uint8_t units[2048];
    size_t length = 0;

    for (; name[length] != '\0' && length < sizeof units / 2; length++) {
        units[2 * length] = (uint8_t)name[length];
        units[2 * length + 1] = 0;
    }
    struct ps_counted account = {(uint16_t)(2 * length), 0, units};
    struct ps_counted counted = {password_length, 0, password};
    return ps_notice_take(&account, 1104, &counted, notice);
}

static void names_decide_whether_a_change_is_taken(void)
{
    struct ps_notice notice;

    CHECK(take("alice", 2, &notice) == PS_NOTICE_TAKEN);
    CHECK(notice.rid == 1104 && notice.account_length == 5 && memcmp(notice.account, "alice", 5) == 0);
    CHECK(notice.password_length == 2 && notice.password[0] == 'p');
    CHECK(take("dc1$", 2, &notice) == PS_NOTICE_SKIPPED);
    CHECK(take("$", 2, &notice) == PS_NOTICE_SKIPPED);
    CHECK(take("KrbTgt", 2, &notice) == PS_NOTICE_SKIPPED);
    CHECK(take("krbtgt2", 2, &notice) == PS_NOTICE_TAKEN);
    CHECK(take("kRBTG\x14", 2, &notice) == PS_NOTICE_BAD_NAME);
    CHECK(take("a$b", 2, &notice) == PS_NOTICE_TAKEN);
    CHECK(take("", 2, &notice) == PS_NOTICE_BAD_NAME);
}

static void lengths_are_bounded(void)
{
    struct ps_notice notice;

    CHECK(take("alice", 0, &notice) == PS_NOTICE_TAKEN && notice.password_length == 0);
    CHECK(take("alice", PS_NOTICE_PASSWORD_MAX, &notice) == PS_NOTICE_TAKEN);
    CHECK(take("alice", PS_NOTICE_PASSWORD_MAX + 2, &notice) == PS_NOTICE_PASSWORD_TOO_LONG);
    CHECK(take("alice", UINT16_MAX, &notice) == PS_NOTICE_PASSWORD_TOO_LONG);
    CHECK(take("alice", 3, &notice) == PS_NOTICE_PASSWORD_ODD);
}

static void missing_strings_are_nothing(void)
{
    static const uint8_t units[] = {'a', 0};
    struct ps_counted here = {2, 2, units};
    struct ps_counted no_buffer = {2, 2, NULL};
    struct ps_counted odd = {1, 2, units};
    struct ps_notice notice;

    CHECK(ps_notice_take(NULL, 0, &here, &notice) == PS_NOTICE_NOTHING);
    CHECK(ps_notice_take(&here, 0, NULL, &notice) == PS_NOTICE_NOTHING);
    CHECK(ps_notice_take(NULL, 0, NULL, &notice) == PS_NOTICE_NOTHING);
    CHECK(ps_notice_take(&no_buffer, 0, &here, &notice) == PS_NOTICE_NOTHING);
    CHECK(ps_notice_take(&here, 0, &no_buffer, &notice) == PS_NOTICE_NOTHING);
    CHECK(ps_notice_take(&odd, 0, &here, &notice) == PS_NOTICE_BAD_NAME);
}

int main(void)
{
    utf16_becomes_utf8_with_replacements_for_lone_surrogates();
    text_that_does_not_fit_is_refused();
    names_decide_whether_a_change_is_taken();
    lengths_are_bounded();
    missing_strings_are_nothing();
    return checks_result();
}
