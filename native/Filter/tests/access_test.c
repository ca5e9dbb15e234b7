#include "access.h"

#include "check.h"

/* A protected descriptor: owner at 20, list behind it. Identifiers as in Windows: SYSTEM, administrators, everybody, one user. */
#define SYSTEM "010100000000000512000000"
#define ADMINISTRATORS "01020000000000052000000020020000"
#define EVERYBODY "010100000000000100000000"
#define USER "010500000000000515000000010000000200000003000000e8030000"
#define HEADER(control, list) "0100" control "1400000000000000" "00000000" list
/* One entry for an account of 12 bytes: kind, flags, size, rights. */
#define ENTRY(kind, flags, rights, account) kind flags "1400" rights account
#define LIST_OF_ONE "02001c0001000000"
#define LIST_OF_TWO "0200300002000000"

#define FULL "ff011f00"
#define READING "a9001200"
#define WRITING "02000000"

static enum ps_access judge(const char *digits)
{
    static const uint8_t user[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xe8, 3, 0, 0};
    uint8_t bytes[512];

    size_t length = from_hexadecimal(digits, bytes, sizeof bytes);
    CHECK(length > 0);
    /* Cut off anywhere, it is never judged as guarded: its last byte is needed. */
    for (size_t cut = 0; cut < length; cut++)
        CHECK(ps_access_judge(bytes, cut, NULL, 0) != PS_ACCESS_GUARDED);
    /* The account of the caller is trusted, and only it. */
    enum ps_access access = ps_access_judge(bytes, length, NULL, 0);
    CHECK(access != PS_ACCESS_GUARDED || ps_access_judge(bytes, length, user, sizeof user) == PS_ACCESS_GUARDED);
    return access;
}

static void test_own_account(void)
{
    static const uint8_t user[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xe8, 3, 0, 0};
    uint8_t bytes[512];

    size_t length = from_hexadecimal(HEADER("0494", "30000000") USER LIST_OF_ONE ENTRY("00", "00", FULL, SYSTEM), bytes, sizeof bytes);
    CHECK(ps_access_judge(bytes, length, NULL, 0) == PS_ACCESS_FOREIGN_OWNER);
    CHECK(ps_access_judge(bytes, length, user, sizeof user) == PS_ACCESS_GUARDED);
    CHECK(ps_access_judge(bytes, length, user, sizeof user - 4) == PS_ACCESS_FOREIGN_OWNER);
}

int main(void)
{
    /* Guarded: SYSTEM alone; others may read; a denying entry; an entry for children only. */
    CHECK(judge(HEADER("0494", "20000000") SYSTEM LIST_OF_ONE ENTRY("00", "03", FULL, SYSTEM)) == PS_ACCESS_GUARDED);
    CHECK(judge(HEADER("0494", "24000000") ADMINISTRATORS LIST_OF_TWO ENTRY("00", "00", FULL, SYSTEM) ENTRY("00", "00", READING, EVERYBODY)) == PS_ACCESS_GUARDED);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM LIST_OF_ONE ENTRY("01", "00", FULL, EVERYBODY)) == PS_ACCESS_GUARDED);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM LIST_OF_ONE ENTRY("00", "0b", FULL, EVERYBODY)) == PS_ACCESS_GUARDED);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM "0200080000000000") == PS_ACCESS_GUARDED);

    /* Somebody else may change it: each right alone. */
    static const char *const rights[] = {WRITING, "04000000", "10000000", "40000000", "00010000", "00000100", "00000400", "00000800", "00000010", "00000040"};
    for (size_t index = 0; index < sizeof rights / sizeof *rights; index++) {
        char digits[512];
        (void)snprintf(digits, sizeof digits, "%s%s", HEADER("0494", "20000000") SYSTEM LIST_OF_ONE "00001400", rights[index]);
        (void)snprintf(digits + strlen(digits), sizeof digits - strlen(digits), "%s", EVERYBODY);
        CHECK(judge(digits) == PS_ACCESS_FOREIGN_WRITER);
    }
    CHECK(judge(HEADER("0494", "20000000") SYSTEM LIST_OF_TWO ENTRY("01", "00", WRITING, EVERYBODY) ENTRY("00", "00", WRITING, EVERYBODY)) == PS_ACCESS_FOREIGN_WRITER);

    /* No list, or an absent one, lets everybody. */
    CHECK(judge(HEADER("0490", "00000000") SYSTEM) == PS_ACCESS_FOREIGN_WRITER);
    CHECK(judge(HEADER("0090", "20000000") SYSTEM) == PS_ACCESS_FOREIGN_WRITER);

    /* Owned by another; not self-relative; another revision; an object's entry; lies about sizes and offsets. */
    CHECK(judge(HEADER("0494", "20000000") EVERYBODY LIST_OF_ONE ENTRY("00", "00", FULL, SYSTEM)) == PS_ACCESS_FOREIGN_OWNER);
    CHECK(judge(HEADER("0414", "20000000") SYSTEM LIST_OF_ONE ENTRY("00", "00", FULL, SYSTEM)) == PS_ACCESS_UNKNOWN);
    CHECK(judge("0200" "0494" "1400000000000000" "00000000" "20000000" SYSTEM) == PS_ACCESS_UNKNOWN);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM LIST_OF_ONE ENTRY("05", "00", READING, EVERYBODY)) == PS_ACCESS_UNKNOWN);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM "0200ff0001000000" ENTRY("00", "00", FULL, SYSTEM)) == PS_ACCESS_UNKNOWN);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM "02001c0002000000" ENTRY("00", "00", FULL, SYSTEM)) == PS_ACCESS_UNKNOWN);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM LIST_OF_ONE "00001500" FULL SYSTEM) == PS_ACCESS_UNKNOWN);
    CHECK(judge(HEADER("0494", "20000000") SYSTEM LIST_OF_ONE "00000000" FULL SYSTEM) == PS_ACCESS_UNKNOWN);
    CHECK(judge(HEADER("0494", "ffffffff") SYSTEM LIST_OF_ONE ENTRY("00", "00", FULL, SYSTEM)) == PS_ACCESS_UNKNOWN);

    test_own_account();
    return checks_result();
}
