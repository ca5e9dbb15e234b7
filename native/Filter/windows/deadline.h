/* A moment until which something may wait. Windows may wake a thread up to one tick of its clock (15.6 ms) after it. */
#ifndef PASSWORDSYNC_DEADLINE_H
#define PASSWORDSYNC_DEADLINE_H

#include <stdint.h>

struct deadline {
    int64_t at_ticks;
};

struct deadline deadline_in(uint32_t milliseconds);

/* Whole milliseconds that remain, rounded up; 0 when the moment has passed. */
uint32_t deadline_remaining_ms(struct deadline deadline);

#endif
