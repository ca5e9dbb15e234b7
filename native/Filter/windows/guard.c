#include "windows_api.h"

#include "guard.h"

bool guard_run(void (*body)(void *argument), void *argument)
{
    __try {
        body(argument);
        return true;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return false;
    }
}
