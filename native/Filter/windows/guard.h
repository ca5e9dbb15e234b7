/* The only place that catches faults of the processor, such as an access through a wild pointer. */
#ifndef PASSWORDSYNC_GUARD_H
#define PASSWORDSYNC_GUARD_H

#include <stdbool.h>

/* Runs the body, which must be in another translation unit: a fault is caught only in functions that are called, not in inlined
   ones. False if it faulted; what it held is then still held, so it must hold nothing where it can fault. */
bool guard_run(void (*body)(void *argument), void *argument);

#endif
