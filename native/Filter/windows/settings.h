/* What the filter is told by the capture file, which the registry names: for whom it captures, to which key and where to. */
#ifndef PASSWORDSYNC_SETTINGS_H
#define PASSWORDSYNC_SETTINGS_H

#include "windows_api.h"

#include <stdbool.h>

#include "limits.h"
#include "text.h"

enum {
    /* How often the worker looks for other settings. */
    SETTINGS_INTERVAL_MS = 1000,
    SETTINGS_PATH_MAX = MAX_PATH
};

struct settings_field {
    uint8_t bytes[PS_HOST_MAX];
    size_t length;
};

/* What one seal needs: a copy, because the worker may replace the settings at any time. */
struct settings_binding {
    struct settings_field cluster;
    struct settings_field source;
    struct settings_field host;
    uint8_t public_key[PS_PUBLIC_KEY_SIZE];
};

/* Where the worker brings envelopes. */
struct settings_route {
    WCHAR pipe[SETTINGS_PATH_MAX];
    WCHAR drop_folder[SETTINGS_PATH_MAX];
    /* The edge's program; empty: any process of this session may be the edge. */
    WCHAR edge_program[SETTINGS_PATH_MAX];
    uint32_t pipe_ms;
};

/* Reads the capture file, if it has changed and the filter is armed. One that cannot be used leaves the one before in force, whole.
   Called by one thread at a time: LSA's at the start, then the worker. */
void settings_refresh(void);

/* False if there has been no good capture file yet. */
bool settings_bind(struct settings_binding *binding);

/* For the thread of settings_refresh only. */
const struct settings_route *settings_route(void);

struct ps_text settings_text(const struct settings_field *field);

#endif
