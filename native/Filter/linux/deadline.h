/* A moment of the monotonic clock until which something may wait. */
#ifndef PASSWORDSYNC_DEADLINE_H
#define PASSWORDSYNC_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    int64_t at_nanoseconds;
};

struct deadline deadline_in(uint32_t milliseconds);

/* Whole milliseconds that remain, rounded up; 0 when the moment has passed. */
int deadline_remaining_ms(struct deadline deadline);

/* Waits until the descriptor is ready for the events of poll(2), or has failed; false when the moment passes first. */
bool deadline_wait_for(struct deadline deadline, int descriptor, short events);

#endif
