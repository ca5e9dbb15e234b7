#include "registry.h"

typedef LSTATUS(WINAPI *get_value_function)(HKEY, LPCWSTR, LPCWSTR, DWORD, LPDWORD, PVOID, LPDWORD);

const WCHAR registry_own_key[] = L"SOFTWARE\\PasswordSync\\Filter";

/* kernel32 itself has it since Windows 7, but MinGW's import library does not know that, and advapi32 is not imported. */
static get_value_function get_value;

void registry_open(void)
{
    HMODULE kernel32 = GetModuleHandleW(L"kernel32.dll");

    if (kernel32 != NULL)
        get_value = (get_value_function)(void *)GetProcAddress(kernel32, "RegGetValueW");
}

uint32_t registry_number(const WCHAR *key, const WCHAR *name, uint32_t otherwise)
{
    DWORD number = 0;
    DWORD size = sizeof number;

    if (get_value == NULL || get_value(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, NULL, &number, &size) != ERROR_SUCCESS)
        return otherwise;
    return number;
}

bool registry_text(const WCHAR *key, const WCHAR *name, WCHAR *text, size_t capacity)
{
    DWORD size = (DWORD)(capacity * sizeof *text);

    return get_value != NULL && get_value(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, NULL, text, &size) == ERROR_SUCCESS
        && text[0] != L'\0';
}
