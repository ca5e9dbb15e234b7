#include "setup.h"

DWORD on_service(const wchar_t *name, DWORD rights, DWORD (*act)(SC_HANDLE service))
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager == NULL ? NULL : OpenServiceW(manager, name, rights);

    DWORD result = service == NULL ? GetLastError() : act(service);
    if (service != NULL)
        (void)CloseServiceHandle(service);
    if (manager != NULL)
        (void)CloseServiceHandle(manager);
    return result;
}
