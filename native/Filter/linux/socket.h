/* The socket's side of docs/spec/handover.md: one connection carries one envelope. */
#ifndef PASSWORDSYNC_SOCKET_H
#define PASSWORDSYNC_SOCKET_H

#include "deadline.h"
#include "envelope.h"

enum socket_delivery {
    /* The edge has it in its spool, flushed. */
    SOCKET_TAKEN,
    /* The edge answered that it does not take it. */
    SOCKET_REFUSED,
    /* Nobody listens, or the connection broke; errno says why. */
    SOCKET_FAILED,
    /* The edge closed the connection instead of an answer. */
    SOCKET_CLOSED,
    /* No answer before the deadline, or one that means nothing. */
    SOCKET_NO_ANSWER
};

/* Offers the envelope to the edge. `path` is at most PS_SOCKET_PATH_MAX bytes and holds no zero byte. */
enum socket_delivery socket_deliver(struct ps_text path, const struct ps_envelope *envelope, struct deadline deadline);

#endif
