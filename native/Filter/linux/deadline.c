#include "deadline.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static const int64_t nanoseconds_per_millisecond = 1000000;
static const int64_t nanoseconds_per_second = 1000000000;

static int64_t now_nanoseconds(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * nanoseconds_per_second + now.tv_nsec;
}

struct deadline deadline_in(uint32_t milliseconds)
{
    struct deadline deadline = {now_nanoseconds() + milliseconds * nanoseconds_per_millisecond};
    return deadline;
}

int deadline_remaining_ms(struct deadline deadline)
{
    int64_t remaining = deadline.at_nanoseconds - now_nanoseconds();

    return remaining <= 0 ? 0 : (int)((remaining + nanoseconds_per_millisecond - 1) / nanoseconds_per_millisecond);
}

bool deadline_wait_for(struct deadline deadline, int descriptor, short events)
{
    struct pollfd waited = {descriptor, events, 0};

    for (;;) {
        int ready = poll(&waited, 1, deadline_remaining_ms(deadline));
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
        if (deadline_remaining_ms(deadline) == 0)
            return false;
    }
}
