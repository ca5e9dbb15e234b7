/* The filter's own threads. They never end, and so the filter never leaves the process. */
#ifndef PASSWORDSYNC_THREAD_H
#define PASSWORDSYNC_THREAD_H

#include "windows_api.h"

#include <stdbool.h>

/* Pins the filter in the process and starts a thread with a small stack. */
bool thread_start(LPTHREAD_START_ROUTINE run);

#endif
