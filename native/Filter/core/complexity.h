/* The complexity rule of docs/spec/handover.md, which Samba's helper must apply because its hook replaces Samba's own.
   It accepts every password that Samba's own check accepts, except the account's name. */
#ifndef PASSWORDSYNC_COMPLEXITY_H
#define PASSWORDSYNC_COMPLEXITY_H

#include "text.h"

struct ps_complexity_rule {
    /* Off: only the length counts. */
    bool kinds;
    /* Least number of characters, counted as UTF-16 code units, as Samba and Windows do. */
    uint32_t min_length;
};

/* Which part of the rule a password breaks says something of the password: not for a report. */
enum ps_complexity {
    PS_COMPLEXITY_AGREED,
    PS_COMPLEXITY_TOO_SHORT,
    PS_COMPLEXITY_TOO_FEW_KINDS,
    PS_COMPLEXITY_ACCOUNT_NAME
};

/* The rule where no capture file gives another: 7 characters of three kinds. */
struct ps_complexity_rule ps_complexity_default(void);

/* Judges a password of well-formed UTF-8. The account's name may be empty if it is not known. */
enum ps_complexity ps_complexity_judge(struct ps_complexity_rule rule, struct ps_text password, struct ps_text account);

#endif
