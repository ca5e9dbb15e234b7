#include "windows_api.h"

#include "deadline.h"

enum { MILLISECONDS_PER_SECOND = 1000 };

static int64_t ticks_now(void)
{
    LARGE_INTEGER now;

    (void)QueryPerformanceCounter(&now);
    return now.QuadPart;
}

static int64_t ticks_per_second(void)
{
    LARGE_INTEGER frequency;

    (void)QueryPerformanceFrequency(&frequency);
    return frequency.QuadPart;
}

struct deadline deadline_in(uint32_t milliseconds)
{
    struct deadline deadline = {ticks_now() + (int64_t)milliseconds * ticks_per_second() / MILLISECONDS_PER_SECOND};
    return deadline;
}

uint32_t deadline_remaining_ms(struct deadline deadline)
{
    int64_t remaining = deadline.at_ticks - ticks_now();
    int64_t frequency = ticks_per_second();

    return remaining <= 0 ? 0 : (uint32_t)((remaining * MILLISECONDS_PER_SECOND + frequency - 1) / frequency);
}
