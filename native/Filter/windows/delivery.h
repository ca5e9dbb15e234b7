/* Brings sealed envelopes out of LSASS: a bounded queue and one worker, which offers each to the edge and drops a file where
   the edge does not answer. Nothing secret waits here. */
#ifndef PASSWORDSYNC_DELIVERY_H
#define PASSWORDSYNC_DELIVERY_H

#include "envelope.h"

enum {
    /* What waits while files cannot be written fast enough, or not at all: 10.5 MB. */
    DELIVERY_QUEUE_MAX = 4096,
    /* After how long an edge that did not answer is tried again, and a full disk too. */
    DELIVERY_RETRY_MS = 1000
};

/* Starts the worker. */
bool delivery_start(void);

/* Queues a copy of the envelope. Waits, at most so long and only if the edge answered last: for room in a full queue, then for the worker to
   be done with it. An envelope for which there is no room is counted as lost. */
void delivery_submit(const struct ps_envelope *envelope, uint32_t wait_ms);

#endif
