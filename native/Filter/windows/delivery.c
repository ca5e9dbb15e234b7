#include "delivery.h"

#include "deadline.h"
#include "drop.h"
#include "guard.h"
#include "pipe.h"
#include "settings.h"
#include "status.h"

/* Under the lock nothing is touched but this memory, so that no fault can leave it locked. */
static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE arrived = CONDITION_VARIABLE_INIT;
static CONDITION_VARIABLE done = CONDITION_VARIABLE_INIT;
static struct ps_envelope queue[DELIVERY_QUEUE_MAX];
static uint64_t submitted;
static uint64_t completed;
/* Whether waiting for the edge is worth while: it answered last within the time that LSA's thread waits. */
static bool edge_answers;
/* Neither the edge nor the drop folder takes anything. */
static bool stuck;

/* The worker's own. */
static struct ps_envelope head;
static struct deadline next_try;
static struct deadline next_refresh;

static bool wait_on(CONDITION_VARIABLE *condition, struct deadline deadline)
{
    uint32_t remaining = deadline_remaining_ms(deadline);

    return remaining > 0 && SleepConditionVariableSRW(condition, &lock, remaining, 0);
}

void delivery_submit(const struct ps_envelope *envelope, uint32_t wait_ms)
{
    struct deadline deadline = deadline_in(wait_ms);

    AcquireSRWLockExclusive(&lock);
    while (submitted - completed == DELIVERY_QUEUE_MAX && !stuck && wait_on(&done, deadline)) {
    }
    if (submitted - completed == DELIVERY_QUEUE_MAX) {
        ReleaseSRWLockExclusive(&lock);
        status_count(STATUS_LOST_QUEUE_FULL);
        return;
    }
    uint64_t number = submitted++;
    queue[number % DELIVERY_QUEUE_MAX] = *envelope;
    status_set(STATUS_WAITING, (int64_t)(submitted - completed));
    WakeConditionVariable(&arrived);
    if (edge_answers && wait_ms > 0)
        status_count(STATUS_WAITS);
    while (edge_answers && completed <= number && wait_on(&done, deadline)) {
    }
    if (edge_answers && completed <= number && wait_ms > 0) {
        edge_answers = false;
        status_count(STATUS_MISSES);
    }
    ReleaseSRWLockExclusive(&lock);
}

/* Copies the oldest envelope; it stays in the queue until it is out of the house. */
static bool take_head(struct deadline deadline)
{
    AcquireSRWLockExclusive(&lock);
    while (submitted == completed && wait_on(&arrived, deadline)) {
    }
    bool found = submitted != completed;
    if (found)
        head = queue[completed % DELIVERY_QUEUE_MAX];
    ReleaseSRWLockExclusive(&lock);
    return found;
}

static void complete_head(enum status_value way, bool answered)
{
    AcquireSRWLockExclusive(&lock);
    completed++;
    edge_answers = answered;
    stuck = false;
    status_set(STATUS_WAITING, (int64_t)(submitted - completed));
    status_count(way);
    WakeAllConditionVariable(&done);
    ReleaseSRWLockExclusive(&lock);
}

/* It keeps its place, and so do those behind it, until a later try. */
static void keep_head(void)
{
    AcquireSRWLockExclusive(&lock);
    stuck = true;
    edge_answers = false;
    status_count(STATUS_STUCK);
    WakeAllConditionVariable(&done);
    ReleaseSRWLockExclusive(&lock);
    Sleep(DELIVERY_RETRY_MS);
}

/* Offers the envelope to the edge, unless that did not answer a moment ago. */
static bool offer_head(void)
{
    const struct settings_route *route = settings_route();
    struct deadline lsa_waits = deadline_in(settings_wait_ms());

    if (deadline_remaining_ms(next_try) > 0)
        return false;
    enum pipe_delivery delivery = pipe_deliver(route, &head, deadline_in(route->pipe_ms));
    if (delivery == PIPE_TAKEN) {
        complete_head(STATUS_DELIVERED, deadline_remaining_ms(lsa_waits) > 0);
        return true;
    }
    if (delivery == PIPE_WRONG_SERVER)
        status_count(STATUS_WRONG_SERVER);
    next_try = deadline_in(DELIVERY_RETRY_MS);
    return false;
}

static void work_once(void *unused)
{
    (void)unused;
    if (deadline_remaining_ms(next_refresh) == 0) {
        next_refresh = deadline_in(SETTINGS_INTERVAL_MS);
        settings_refresh();
    }
    if (!take_head(next_refresh) || offer_head())
        return;
    if (drop_write(settings_route()->drop_folder, &head)) {
        complete_head(STATUS_DROPPED, false);
        return;
    }
    keep_head();
}

static DWORD WINAPI work(LPVOID unused)
{
    (void)unused;
    for (;;) {
        if (guard_run(work_once, NULL))
            continue;
        status_count(STATUS_LOST_FAULT);
        Sleep(DELIVERY_RETRY_MS);
    }
    return 0;
}

bool delivery_start(void)
{
    static const SIZE_T stack_size = 0x40000;
    HMODULE self;

    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)(void *)&delivery_start, &self))
        return false;
    HANDLE thread = CreateThread(NULL, stack_size, work, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread == NULL)
        return false;
    (void)CloseHandle(thread);
    return true;
}
