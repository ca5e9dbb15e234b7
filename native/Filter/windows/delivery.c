#include "delivery.h"

#include "arming.h"
#include "deadline.h"
#include "drop.h"
#include "guard.h"
#include "pipe.h"
#include "settings.h"
#include "status.h"
#include "thread.h"

/* Under the lock nothing is touched but this memory, so that no fault can leave it locked. */
static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE arrived = CONDITION_VARIABLE_INIT;
static CONDITION_VARIABLE done = CONDITION_VARIABLE_INIT;
static struct ps_envelope queue[DELIVERY_QUEUE_MAX];
static uint64_t submitted;
static uint64_t completed;
/* Whether waiting for the edge is worth while: it answered last within the time that LSA's thread waits. */
static bool edge_answers;

/* The worker's own. */
static struct ps_envelope head;
static struct deadline next_try;
static struct deadline next_refresh;

static bool wait_on(CONDITION_VARIABLE *condition, struct deadline deadline)
{
    uint32_t remaining = deadline_remaining_ms(deadline);

    return remaining > 0 && SleepConditionVariableSRW(condition, &lock, remaining, 0);
}

static bool is_full(void)
{
    return submitted - completed == DELIVERY_QUEUE_MAX;
}

static void enqueue(const struct ps_envelope *envelope)
{
    queue[submitted++ % DELIVERY_QUEUE_MAX] = *envelope;
    status_set(STATUS_WAITING, (int64_t)(submitted - completed));
    WakeConditionVariable(&arrived);
}

void delivery_submit(const struct ps_envelope *envelope, uint32_t wait_ms)
{
    struct deadline deadline = deadline_in(wait_ms);

    AcquireSRWLockExclusive(&lock);
    if (edge_answers && wait_ms > 0)
        status_count(STATUS_WAITS);
    while (is_full() && edge_answers && wait_on(&done, deadline)) {
    }
    bool has_room = !is_full();
    uint64_t number = submitted;
    if (has_room)
        enqueue(envelope);
    while (has_room && edge_answers && completed <= number && wait_on(&done, deadline)) {
    }
    if (edge_answers && completed <= number && wait_ms > 0) {
        edge_answers = false;
        status_count(STATUS_MISSES);
    }
    ReleaseSRWLockExclusive(&lock);
    if (!has_room)
        status_count(STATUS_LOST_QUEUE_FULL);
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
    status_set(STATUS_WAITING, (int64_t)(submitted - completed));
    status_count(way);
    WakeAllConditionVariable(&done);
    ReleaseSRWLockExclusive(&lock);
}

/* It keeps its place, and so do those behind it, until a later try. */
static void keep_head(void)
{
    AcquireSRWLockExclusive(&lock);
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
    struct deadline lsa_waits = deadline_in(arming_wait_ms());

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
        /* Nothing is lost: what was in hand is still the queue's oldest. */
        status_count(STATUS_THREAD_FAULTS);
        Sleep(DELIVERY_RETRY_MS);
    }
    return 0;
}

bool delivery_start(void)
{
    return thread_start(work);
}
