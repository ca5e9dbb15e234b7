#include "rights.h"

#include <string.h>
#include <winternl.h>

typedef NTSTATUS(NTAPI *query_security_function)(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, ULONG, PULONG);
typedef NTSTATUS(NTAPI *open_token_function)(HANDLE, ACCESS_MASK, PHANDLE);
typedef NTSTATUS(NTAPI *query_token_function)(HANDLE, TOKEN_INFORMATION_CLASS, PVOID, ULONG, PULONG);

/* ntdll has what advapi32, which is not imported, would pass on to it. */
static query_security_function query_security;

static union {
    TOKEN_USER user;
    uint8_t bytes[sizeof(TOKEN_USER) + PS_IDENTIFIER_MAX];
} own;
static size_t own_length;

static uint8_t descriptor[PS_DESCRIPTOR_MAX];

static void learn_own_account(HMODULE ntdll)
{
    open_token_function open_token = (open_token_function)(void *)GetProcAddress(ntdll, "NtOpenProcessToken");
    query_token_function query_token = (query_token_function)(void *)GetProcAddress(ntdll, "NtQueryInformationToken");
    HANDLE token = NULL;
    ULONG needed = 0;

    if (open_token == NULL || query_token == NULL || open_token(GetCurrentProcess(), TOKEN_QUERY, &token) < 0)
        return;
    if (query_token(token, TokenUser, own.bytes, sizeof own.bytes, &needed) >= 0)
        own_length = 8 + 4 * (size_t)((const uint8_t *)own.user.User.Sid)[1];
    (void)CloseHandle(token);
}

static void open_functions(void)
{
    HMODULE ntdll = query_security == NULL ? GetModuleHandleW(L"ntdll.dll") : NULL;

    if (ntdll == NULL)
        return;
    query_security = (query_security_function)(void *)GetProcAddress(ntdll, "NtQuerySecurityObject");
    learn_own_account(ntdll);
}

enum ps_access rights_of(HANDLE object)
{
    ULONG needed = 0;

    open_functions();
    if (query_security == NULL
        || query_security(object, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, descriptor, sizeof descriptor, &needed) < 0)
        return PS_ACCESS_UNKNOWN;
    return ps_access_judge(descriptor, needed <= sizeof descriptor ? needed : sizeof descriptor, own_length > 0 ? own.user.User.Sid : NULL, own_length);
}

enum ps_access rights_of_folder(const WCHAR *file)
{
    WCHAR folder[MAX_PATH];
    size_t length = 0;

    for (size_t index = 0; index < MAX_PATH && file[index] != L'\0'; index++)
        if (file[index] == L'\\')
            length = index;
    if (length == 0 || length + 1 >= MAX_PATH)
        return PS_ACCESS_UNKNOWN;
    /* With the last separator, so that the root of a drive is one, too. */
    memcpy(folder, file, (length + 1) * sizeof *file);
    folder[length + 1] = L'\0';
    HANDLE handle = CreateFileW(
        folder, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return PS_ACCESS_UNKNOWN;
    enum ps_access access = rights_of(handle);
    (void)CloseHandle(handle);
    return access;
}
