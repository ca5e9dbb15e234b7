#include "thread.h"

bool thread_start(LPTHREAD_START_ROUTINE run)
{
    static const SIZE_T stack_size = 0x40000;
    HMODULE self;

    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)(void *)&thread_start, &self))
        return false;
    HANDLE thread = CreateThread(NULL, stack_size, run, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread == NULL)
        return false;
    (void)CloseHandle(thread);
    return true;
}
