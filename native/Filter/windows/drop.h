/* The drop folder of docs/spec/handover.md: the way of a capture when the edge does not answer. */
#ifndef PASSWORDSYNC_DROP_H
#define PASSWORDSYNC_DROP_H

#include "windows_api.h"

#include "envelope.h"

/* Writes the envelope as `<id>.capture` in the folder, flushed. False if that fails; then nothing is left there. The folder's path leaves room
   for the name within MAX_PATH. */
bool drop_write(const WCHAR *folder, const struct ps_envelope *envelope);

#endif
