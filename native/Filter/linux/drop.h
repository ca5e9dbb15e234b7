/* The drop folder of docs/spec/handover.md: the way of a capture when the edge does not answer. */
#ifndef PASSWORDSYNC_DROP_H
#define PASSWORDSYNC_DROP_H

#include "envelope.h"

/* Writes the envelope as `<id>.capture` in the folder and flushes both; the file then belongs to the folder's owner. False, with errno
   set, if that fails; then at most the file itself is left behind, whole but perhaps not yet flushed. `folder` is at most PS_DROP_PATH_MAX bytes and holds no zero byte. */
bool drop_write(struct ps_text folder, const uint8_t id[PS_CAPTURE_ID_SIZE], const struct ps_envelope *envelope);

#endif
