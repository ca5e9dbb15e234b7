/* Whether the filter acts at all, and how long LSA's thread may wait: what the registry says. A thread of its own looks there, which touches
   neither the disk nor the pipe, so that the kill switch works whatever the worker waits for. */
#ifndef PASSWORDSYNC_ARMING_H
#define PASSWORDSYNC_ARMING_H

#include <stdbool.h>
#include <stdint.h>

enum {
    /* How often the registry is looked at. */
    ARMING_INTERVAL_MS = 1000,
    /* How long LSA's thread waits for the edge: the default and the most that the registry can ask for. */
    ARMING_LSA_WAIT_MS_DEFAULT = 25,
    ARMING_LSA_WAIT_MS_MAX = 1000
};

/* Looks once: by LSA's thread at the start, before the watch begins. */
void arming_look(void);

/* Starts the thread that looks from then on. */
bool arming_watch(void);

/* The filter could not be started: it does nothing, and says so. Only before the watch begins, which would arm it again. */
void arming_give_up(void);

/* Whether the filter may do anything at all. */
bool arming_armed(void);

/* How long LSA's thread waits for the edge. */
uint32_t arming_wait_ms(void);

#endif
