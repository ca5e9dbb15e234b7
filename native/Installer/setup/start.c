#include "setup.h"

#include <stdbool.h>
#include <wchar.h>

enum {
    /* QueryServiceConfigW: "The maximum size of this array is 8K bytes." */
    CONFIGURATION_MAX_BYTES = 8 * 1024,
    LOOK_EVERY_MS = 500,
    /* Two minutes: a sync server ends when the deliveries in hand are done. */
    LOOKS_MAX = 240,
    /* Far above what a machine has waiting for its restart; a longer list counts as one with our files. */
    PENDING_MAX_BYTES = 1024 * 1024
};

static const wchar_t session_manager[] = L"SYSTEM\\CurrentControlSet\\Control\\Session Manager";

/* What the event log holds open while it shows our events; an old one does no harm. */
static const wchar_t message_library[] = L"EventLog.Messages.dll";

/* Where the service's program is, with the last backslash; false if that cannot be told. */
static bool folder_of(const QUERY_SERVICE_CONFIGW *configuration, wchar_t *folder, size_t room)
{
    const wchar_t *program = configuration->lpBinaryPathName;
    size_t length = 0;

    if (*program == L'"')
        program++;
    for (size_t index = 0; program[index] != L'\0' && program[index] != L'"' && index < room; index++)
        if (program[index] == L'\\')
            length = index + 1;
    if (length == 0 || length >= room)
        return false;
    (void)wmemcpy(folder, program, length);
    folder[length] = L'\0';
    return true;
}

static bool is_in(const wchar_t *path, const wchar_t *folder)
{
    size_t length = wcslen(folder);

    for (; *path != L'\0'; path++)
        if (_wcsnicmp(path, folder, length) == 0)
            return wcsstr(path, message_library) == NULL;
    return false;
}

/* Whether files of the folder come, or go, only when Windows starts again: until then it holds two versions, of which nobody knows what they do together. */
static bool waits_for_restart(const wchar_t *folder)
{
    static wchar_t pending[PENDING_MAX_BYTES / sizeof(wchar_t) + 2];
    DWORD bytes = PENDING_MAX_BYTES;
    LSTATUS status = RegGetValueW(HKEY_LOCAL_MACHINE, session_manager, L"PendingFileRenameOperations", RRF_RT_REG_MULTI_SZ, NULL, pending, &bytes);

    if (status != ERROR_SUCCESS)
        return status != ERROR_FILE_NOT_FOUND;

    /* Pairs of names, of which the second is empty where a file goes: so not to the first empty one, but to the end. */
    for (size_t at = 0; at < bytes / sizeof(wchar_t); at += wcslen(pending + at) + 1)
        if (is_in(pending + at, folder))
            return true;
    return false;
}

static bool may_start(SC_HANDLE service)
{
    union {
        QUERY_SERVICE_CONFIGW configuration;
        BYTE bytes[CONFIGURATION_MAX_BYTES];
    } answer;
    wchar_t folder[MAX_PATH];
    DWORD needed = 0;

    return QueryServiceConfigW(service, &answer.configuration, sizeof answer, &needed) && answer.configuration.dwStartType == SERVICE_AUTO_START
           && folder_of(&answer.configuration, folder, MAX_PATH) && !waits_for_restart(folder);
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
    if (!may_start(service))
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
    return on_service(service_name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS | SERVICE_START, start);
}
