/* The bodies of the exports, for guard_run. */
#ifndef PASSWORDSYNC_FILTER_H
#define PASSWORDSYNC_FILTER_H

#include "notice.h"

/* One call of LSA's: its strings, which stay LSA's, and our copy of them. The caller wipes it, whole. */
struct filter_call {
    const struct ps_counted *account;
    uint32_t rid;
    const struct ps_counted *password;
    struct ps_notice notice;
};

/* Once, when LSASS has loaded the filter: reads the settings and starts its threads; what cannot be started leaves it disarmed. The argument is not used. */
void filter_start(void *unused);

/* One change, a struct filter_call: copies it, seals it, queues the envelope and waits for the edge within its bound. May fault
   on wild pointers, and then holds nothing. */
void filter_hear(void *call);

#endif
