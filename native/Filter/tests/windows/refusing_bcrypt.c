/* Stands in for Windows' bcrypt.dll and refuses everything that the filter asks of it (refusing_bcrypt.def): for a filter that finds no cryptography. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved);
LONG refuse(void);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
{
    (void)module;
    (void)reason;
    (void)reserved;
    return TRUE;
}

LONG refuse(void)
{
    static const LONG not_supported = (LONG)0xC00000BB;

    return not_supported;
}
