#include "windows_api.h"

#include "arming.h"
#include "cryptography.h"
#include "delivery.h"
#include "envelope.h"
#include "filter.h"
#include "platform.h"
#include "registry.h"
#include "settings.h"
#include "status.h"

void filter_start(void *unused)
{
    (void)unused;
    status_open();
    registry_open();
    if (!cryptography_open())
        return;
    arming_look();
    settings_refresh();
    /* Without its threads it would take captures in that nobody brings out, or could not be switched off. */
    if (!delivery_start() || !arming_watch())
        arming_give_up();
}

static uint64_t now_since_1601(void)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

/* A random UUID, version 4 of RFC 9562. */
static bool make_capture_id(uint8_t id[PS_CAPTURE_ID_SIZE])
{
    if (!ps_platform_random(id, PS_CAPTURE_ID_SIZE))
        return false;
    id[6] = (uint8_t)((id[6] & 0x0F) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3F) | 0x80);
    return true;
}

/* This and the next are functions of their own so that no frame on LSA's stack is larger than a page. */
static __declspec(noinline) bool seal(const struct ps_notice *notice, struct ps_envelope *envelope)
{
    struct settings_binding binding;

    if (!settings_bind(&binding)) {
        status_count(STATUS_LOST_NO_SETTINGS);
        return false;
    }
    struct ps_capture capture = ps_notice_capture(
        notice, now_since_1601(), settings_text(&binding.cluster), settings_text(&binding.source), settings_text(&binding.host));
    if (make_capture_id(capture.id) && ps_envelope_seal(&capture, binding.public_key, envelope) == PS_SEALED)
        return true;
    status_count(STATUS_LOST_CRYPTOGRAPHY);
    return false;
}

static __declspec(noinline) void seal_and_submit(struct ps_notice *notice)
{
    struct ps_envelope envelope;

    bool sealed = seal(notice, &envelope);
    /* Before the wait, not after it. */
    ps_platform_wipe(notice, sizeof *notice);
    if (!sealed)
        return;
    status_count(STATUS_CAPTURED);
    delivery_submit(&envelope, arming_wait_ms());
}

void filter_hear(void *argument)
{
    struct filter_call *call = argument;

    if (!arming_armed())
        return;
    status_count(STATUS_HEARD);
    switch (ps_notice_take(call->account, call->rid, call->password, &call->notice)) {
    case PS_NOTICE_TAKEN:
        seal_and_submit(&call->notice);
        break;
    case PS_NOTICE_SKIPPED:
        status_count(STATUS_SKIPPED);
        break;
    case PS_NOTICE_NOTHING:
        status_count(STATUS_NOTHING);
        break;
    case PS_NOTICE_BAD_NAME:
        status_count(STATUS_LOST_NAME);
        break;
    case PS_NOTICE_PASSWORD_TOO_LONG:
    case PS_NOTICE_PASSWORD_ODD:
        status_count(STATUS_LOST_PASSWORD);
        break;
    }
}
