#include "setup.h"

enum {
    /* QueryServiceConfigW: "The maximum size of this array is 8K bytes." */
    CONFIGURATION_MAX_BYTES = 8 * 1024,
    LOOK_EVERY_MS = 500,
    /* Two minutes: a sync server ends when the deliveries in hand are done. */
    LOOKS_MAX = 240
};

static bool starts_by_itself(SC_HANDLE service)
{
    union {
        QUERY_SERVICE_CONFIGW configuration;
        BYTE bytes[CONFIGURATION_MAX_BYTES];
    } answer;
    DWORD needed = 0;

    return QueryServiceConfigW(service, &answer.configuration, sizeof answer, &needed) && answer.configuration.dwStartType == SERVICE_AUTO_START;
}

/* A service that is still ending cannot be started. */
static void let_it_end(SC_HANDLE service)
{
    SERVICE_STATUS status;

    for (int look = 0; look < LOOKS_MAX && QueryServiceStatus(service, &status) && status.dwCurrentState == SERVICE_STOP_PENDING; look++)
        Sleep(LOOK_EVERY_MS);
}

static DWORD start(SC_HANDLE service)
{
    if (!starts_by_itself(service))
        return ERROR_SUCCESS;
    let_it_end(service);
    if (StartServiceW(service, 0, NULL) || GetLastError() == ERROR_SERVICE_ALREADY_RUNNING)
        return ERROR_SUCCESS;
    return GetLastError();
}

DWORD service_start(const wchar_t *service_name, const wchar_t *configuration)
{
    if (GetFileAttributesW(configuration) == INVALID_FILE_ATTRIBUTES)
        return ERROR_SUCCESS;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager == NULL ? NULL : OpenServiceW(manager, service_name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS | SERVICE_START);

    DWORD result = service == NULL ? GetLastError() : start(service);
    if (service != NULL)
        (void)CloseServiceHandle(service);
    if (manager != NULL)
        (void)CloseServiceHandle(manager);
    return result;
}
