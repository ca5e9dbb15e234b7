/* What LSASS calls. Thin: every call ends as Windows expects, whatever happens behind it. */
#include "windows_api.h"

#include <stddef.h>
#include <winternl.h>

#include "arming.h"
#include "filter.h"
#include "guard.h"
#include "platform.h"
#include "status.h"

_Static_assert(sizeof(UNICODE_STRING) == sizeof(struct ps_counted), "LSA's strings are read as they are");
_Static_assert(offsetof(UNICODE_STRING, Buffer) == offsetof(struct ps_counted, units), "LSA's strings are read as they are");

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved);
BOOLEAN NTAPI InitializeChangeNotify(void);
BOOLEAN NTAPI PasswordFilter(PUNICODE_STRING account, PUNICODE_STRING full_name, PUNICODE_STRING password, BOOLEAN is_set);
NTSTATUS NTAPI PasswordChangeNotify(PUNICODE_STRING account, ULONG rid, PUNICODE_STRING password);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
{
    (void)module;
    (void)reason;
    (void)reserved;
    return TRUE;
}

/* TRUE in any case: FALSE would only take the filter out of LSASS, and with it the account of what was not captured. */
BOOLEAN NTAPI InitializeChangeNotify(void)
{
    if (!guard_run(filter_start, NULL))
        arming_give_up();
    return TRUE;
}

/* Agrees to every password: this filter only listens. */
BOOLEAN NTAPI PasswordFilter(PUNICODE_STRING account, PUNICODE_STRING full_name, PUNICODE_STRING password, BOOLEAN is_set)
{
    (void)account;
    (void)full_name;
    (void)password;
    (void)is_set;
    return TRUE;
}

NTSTATUS NTAPI PasswordChangeNotify(PUNICODE_STRING account, ULONG rid, PUNICODE_STRING password)
{
    static const NTSTATUS success = 0;
    struct filter_call call;

    call.account = (const struct ps_counted *)account;
    call.rid = rid;
    call.password = (const struct ps_counted *)password;
    if (!guard_run(filter_hear, &call))
        status_count(STATUS_LOST_FAULT);
    ps_platform_wipe(&call, sizeof call);
    return success;
}
