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

/* Starts the worker and pins the filter in the process, which the worker never leaves. */
bool delivery_start(void);

/* Queues a copy of the envelope, and waits, at most so long: for room in a full queue, unless the worker is stuck; then for the worker to
   be done with it, unless the edge did not answer last. An envelope for which there is no room is counted as lost. */
void delivery_submit(const struct ps_envelope *envelope, uint32_t wait_ms);

#endif
