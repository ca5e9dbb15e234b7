#include "windows_api.h"

#include <string.h>

#include "arming.h"
#include "guard.h"
#include "registry.h"
#include "status.h"
#include "thread.h"

/* Written by LSA's thread at the start, and then by the watch alone. */
static volatile LONG armed;
static volatile LONG wait_ms = ARMING_LSA_WAIT_MS_DEFAULT;

static bool is_domain_controller(void)
{
    static const WCHAR controller[] = L"LanmanNT";
    WCHAR type[sizeof controller / sizeof *controller];

    return registry_text(L"SYSTEM\\CurrentControlSet\\Control\\ProductOptions", L"ProductType", type, sizeof type / sizeof *type)
        && memcmp(type, controller, sizeof controller) == 0;
}

/* There RID 500 is not the domain's administrator but a local account. */
static bool is_restore_mode(void)
{
    static const uint32_t directory_repair = 3;

    return registry_number(L"SYSTEM\\CurrentControlSet\\Control\\SafeBoot\\Option", L"OptionValue", 0) == directory_repair;
}

static enum filter_state judge(void)
{
    WCHAR capture_file[MAX_PATH];

    if (registry_number(registry_own_key, L"Disabled", 0) != 0)
        return STATE_DISABLED;
    if (!registry_text(registry_own_key, L"CaptureFile", capture_file, MAX_PATH))
        return STATE_NOT_INSTALLED;
    if (!is_domain_controller())
        return STATE_NOT_A_DC;
    if (is_restore_mode())
        return STATE_RESTORE_MODE;
    if (registry_number(registry_own_key, L"ReadOnlyController", 0) != 0)
        return STATE_READ_ONLY_DC;
    return STATE_ARMED;
}

void arming_look(void)
{
    uint32_t wanted = registry_number(registry_own_key, L"WaitMilliseconds", ARMING_LSA_WAIT_MS_DEFAULT);
    uint32_t waits = wanted <= ARMING_LSA_WAIT_MS_MAX ? wanted : ARMING_LSA_WAIT_MS_DEFAULT;
    enum filter_state state = judge();

    (void)InterlockedExchange(&wait_ms, (LONG)waits);
    (void)InterlockedExchange(&armed, state == STATE_ARMED);
    status_set(STATUS_WAIT_MS, waits);
    status_set(STATUS_STATE, state);
}

static void look_again(void *unused)
{
    (void)unused;
    arming_look();
}

static DWORD WINAPI watch(LPVOID unused)
{
    (void)unused;
    for (;;) {
        Sleep(ARMING_INTERVAL_MS);
        if (!guard_run(look_again, NULL))
            status_count(STATUS_THREAD_FAULTS);
    }
    return 0;
}

bool arming_watch(void)
{
    return thread_start(watch);
}

void arming_give_up(void)
{
    (void)InterlockedExchange(&armed, 0);
    status_set(STATUS_STATE, STATE_NOT_STARTED);
}

bool arming_armed(void)
{
    return armed != 0;
}

uint32_t arming_wait_ms(void)
{
    return (uint32_t)wait_ms;
}
