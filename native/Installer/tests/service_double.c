/* The smallest service that starts and stops: in the place of the edge, so that the installer can be tested in seconds. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static SERVICE_STATUS_HANDLE handle;
static HANDLE stopping;

static void report(DWORD state)
{
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = state, .dwControlsAccepted = SERVICE_ACCEPT_STOP};

    (void)SetServiceStatus(handle, &status);
}

static void WINAPI control(DWORD what)
{
    if (what == SERVICE_CONTROL_STOP)
        (void)SetEvent(stopping);
}

static void WINAPI serve(DWORD count, LPWSTR *arguments)
{
    (void)count;
    stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
    handle = RegisterServiceCtrlHandlerW(arguments[0], control);
    report(SERVICE_RUNNING);
    (void)WaitForSingleObject(stopping, INFINITE);
    report(SERVICE_STOPPED);
}

int wmain(void)
{
    static wchar_t name[] = L"any";
    SERVICE_TABLE_ENTRYW table[] = {{name, serve}, {NULL, NULL}};

    return StartServiceCtrlDispatcherW(table) ? 0 : 1;
}
