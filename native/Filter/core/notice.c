#include "notice.h"

#include <string.h>

#include "utf16.h"

static bool is_krbtgt(struct ps_text name)
{
    static const char krbtgt[] = "krbtgt";

    if (name.length != sizeof krbtgt - 1)
        return false;
    for (size_t index = 0; index < name.length; index++)
        if ((name.bytes[index] | 0x20) != (uint8_t)krbtgt[index])
            return false;
    return true;
}

static enum ps_notice_result take_name(const struct ps_counted *account, struct ps_notice *notice)
{
    uint8_t units[PS_NOTICE_NAME_MAX];
    /* Read once: another thread of LSASS could change it between a check and its use. */
    size_t length = account->length;

    if (length == 0 || length > sizeof units || length % 2 != 0)
        return PS_NOTICE_BAD_NAME;
    if (account->units == NULL)
        return PS_NOTICE_NOTHING;
    memcpy(units, account->units, length);
    if (!ps_utf16_to_utf8(units, length, notice->account, sizeof notice->account, &notice->account_length))
        return PS_NOTICE_BAD_NAME;
    struct ps_text name = {notice->account, notice->account_length};
    if (!ps_text_is_field(name, sizeof notice->account))
        return PS_NOTICE_BAD_NAME;
    return name.bytes[name.length - 1] == '$' || is_krbtgt(name) ? PS_NOTICE_SKIPPED : PS_NOTICE_TAKEN;
}

/* Byte by byte, which volatile keeps a compiler from changing: where a copy faults half-way, Windows writes the registers to the stack, and wide
   ones would leave a piece of the password there. */
static void copy_by_bytes(volatile uint8_t *target, const volatile uint8_t *source, size_t length)
{
    for (size_t index = 0; index < length; index++)
        target[index] = source[index];
}

static enum ps_notice_result take_password(const struct ps_counted *password, struct ps_notice *notice)
{
    size_t length = password->length;
    const uint8_t *units = password->units;

    if (length > sizeof notice->password)
        return PS_NOTICE_PASSWORD_TOO_LONG;
    if (length % 2 != 0)
        return PS_NOTICE_PASSWORD_ODD;
    if (length > 0 && units == NULL)
        return PS_NOTICE_NOTHING;
    if (length > 0)
        copy_by_bytes(notice->password, units, length);
    notice->password_length = length;
    return PS_NOTICE_TAKEN;
}

enum ps_notice_result ps_notice_take(
    const struct ps_counted *account, uint32_t rid, const struct ps_counted *password, struct ps_notice *notice)
{
    if (account == NULL || password == NULL)
        return PS_NOTICE_NOTHING;
    notice->rid = rid;
    enum ps_notice_result result = take_name(account, notice);
    return result == PS_NOTICE_TAKEN ? take_password(password, notice) : result;
}

struct ps_capture ps_notice_capture(
    const struct ps_notice *notice, uint64_t time, struct ps_text cluster, struct ps_text source, struct ps_text host)
{
    struct ps_capture capture = {
        .time = time,
        .rid = notice->rid,
        .cluster = cluster,
        .source = source,
        .host = host,
        .account = {notice->account, notice->account_length},
        .encoding = PS_ENCODING_UTF16,
        .password = {notice->password, notice->password_length}};
    return capture;
}
