/* Any two counted strings as LSA's, each in a block of exactly its length, so that one byte read too many is found. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "notice.h"

static struct ps_counted place(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    struct ps_counted counted = {(uint16_t)size, (uint16_t)size, copy};
    return counted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_notice notice;

    if (size < 2)
        return 0;
    size_t rest = size - 2;
    size_t name_length = (data[0] | (size_t)data[1] << 8) % (rest + 1);
    struct ps_counted account = place(data + 2, name_length);
    struct ps_counted password = place(data + 2 + name_length, (rest - name_length) % (UINT16_MAX + 1));
    enum ps_notice_result result = ps_notice_take(&account, 7, &password, &notice);
    if (result == PS_NOTICE_TAKEN) {
        struct ps_text name = {notice.account, notice.account_length};
        FUZZ_CHECK(ps_text_is_field(name, PS_ACCOUNT_MAX) && name.bytes[name.length - 1] != '$');
        FUZZ_CHECK(notice.password_length == password.length && password.length % 2 == 0 && password.length <= PS_PASSWORD_MAX);
        FUZZ_CHECK(password.length == 0 || memcmp(notice.password, password.units, password.length) == 0);
    }
    free((void *)account.units);
    free((void *)password.units);
    return 0;
}
