/* What LSA tells a password filter of a change: counted strings that belong to LSA, are not terminated, and must be read once,
   within their length, and never written. */
#ifndef PASSWORDSYNC_NOTICE_H
#define PASSWORDSYNC_NOTICE_H

#include "envelope.h"

enum {
    PS_NOTICE_NAME_MAX = 1024,
    /* The longest password that is sealed, in whole UTF-16 units. */
    PS_NOTICE_PASSWORD_MAX = PS_PASSWORD_MAX - 1
};

/* Windows' UNICODE_STRING: lengths in bytes. `maximum_length` is not trusted and not read. */
struct ps_counted {
    uint16_t length;
    uint16_t maximum_length;
    const uint8_t *units;
};

/* Our own copy. Secret: wipe it, whole, whatever became of it. */
struct ps_notice {
    uint32_t rid;
    size_t password_length;
    uint8_t password[PS_NOTICE_PASSWORD_MAX];
    size_t account_length;
    /* UTF-8, as the description of the envelope wants it. */
    uint8_t account[PS_ACCOUNT_MAX];
};

enum ps_notice_result {
    PS_NOTICE_TAKEN,
    /* A name that ends in '$', or krbtgt: machines change their passwords themselves, all the time. */
    PS_NOTICE_SKIPPED,
    /* No string, or one without a buffer. Windows documents that both may be missing. */
    PS_NOTICE_NOTHING,
    /* The name is empty, too long for a description, or has an odd length. */
    PS_NOTICE_BAD_NAME,
    PS_NOTICE_PASSWORD_TOO_LONG,
    /* An odd number of bytes cannot be UTF-16. */
    PS_NOTICE_PASSWORD_ODD
};

/* Copies what LSA tells. The strings may be null and their pointers wild: a caller inside LSASS guards against the fault.
   Only if the answer is PS_NOTICE_TAKEN may the notice be used. */
enum ps_notice_result ps_notice_take(
    const struct ps_counted *account, uint32_t rid, const struct ps_counted *password, struct ps_notice *notice);

/* The capture that the notice makes; its texts point into the notice and the arguments. */
struct ps_capture ps_notice_capture(
    const struct ps_notice *notice, uint64_t time, struct ps_text cluster, struct ps_text source, struct ps_text host);

#endif
