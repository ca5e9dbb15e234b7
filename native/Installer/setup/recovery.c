#include "setup.h"

enum {
    SECOND = 1000,
    DAY_IN_SECONDS = 24 * 60 * 60
};

static DWORD set_actions(SC_HANDLE service)
{
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 5 * SECOND}, {SC_ACTION_RESTART, 30 * SECOND}, {SC_ACTION_RESTART, 60 * SECOND}};
    SERVICE_FAILURE_ACTIONSW failure = {DAY_IN_SECONDS, NULL, NULL, sizeof actions / sizeof *actions, actions};
    SERVICE_FAILURE_ACTIONS_FLAG also_on_error = {TRUE};

    if (!ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure))
        return GetLastError();
    return ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_on_error) ? ERROR_SUCCESS : GetLastError();
}

DWORD recovery_set(const wchar_t *service_name)
{
    return on_service(service_name, SERVICE_CHANGE_CONFIG | SERVICE_START, set_actions);
}
