/* Whether others than the system's own accounts may change an object: reads a Windows security descriptor, self-relative ([MS-DTYP] 2.4.6). Calls no
   operating system, so that it is tested where there is no Windows. */
#ifndef PASSWORDSYNC_ACCESS_H
#define PASSWORDSYNC_ACCESS_H

#include <stddef.h>
#include <stdint.h>

enum {
    /* The longest descriptor that is read; a list of a hundred accounts fits. */
    PS_DESCRIPTOR_MAX = 4096,
    /* The longest security identifier: 15 parts of 4 bytes behind 8 bytes. */
    PS_IDENTIFIER_MAX = 68
};

enum ps_access {
    /* Only SYSTEM, the administrators and the given account own it or may change it. */
    PS_ACCESS_GUARDED,
    /* Somebody else owns it: an owner may always give himself every right. */
    PS_ACCESS_FOREIGN_OWNER,
    /* Somebody else may write, delete or take it, or there is no access list, which lets everybody. */
    PS_ACCESS_FOREIGN_WRITER,
    /* Not a well-formed descriptor, or entries of a kind that is not known here. */
    PS_ACCESS_UNKNOWN
};

/* Judges the descriptor. `own` is the identifier of the account that the caller runs as, SYSTEM's inside LSASS; of length 0 for none. */
enum ps_access ps_access_judge(const uint8_t *descriptor, size_t length, const uint8_t *own, size_t own_length);

#endif
