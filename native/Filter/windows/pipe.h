/* The pipe's side of docs/spec/handover.md: one connection carries one envelope. */
#ifndef PASSWORDSYNC_PIPE_H
#define PASSWORDSYNC_PIPE_H

#include "deadline.h"
#include "envelope.h"
#include "settings.h"

enum pipe_delivery {
    /* The edge has it in its spool, flushed. */
    PIPE_TAKEN,
    /* The edge answered that it does not take it. */
    PIPE_REFUSED,
    /* Nobody listens, the connection broke, or no answer came in time. */
    PIPE_NO_ANSWER,
    /* Another program than the edge listens there. */
    PIPE_WRONG_SERVER
};

/* Offers the envelope to the edge. By one thread at a time. */
enum pipe_delivery pipe_deliver(const struct settings_route *route, const struct ps_envelope *envelope, struct deadline deadline);

#endif
