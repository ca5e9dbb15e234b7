/* Tells that it has started, and then runs another program to its end: begun PROGRAM [ARGUMENTS]. For programs that are not ours and tell nothing. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdbool.h>

#include "start.h"

/* Behind this program's own name, as whoever started it wrote it. */
static char *rest_of_command_line(void)
{
    char *position = GetCommandLineA();
    bool quoted = false;

    for (; *position != '\0' && (quoted || *position != ' '); position++)
        quoted = quoted != (*position == '"');
    while (*position == ' ')
        position++;
    return position;
}

int main(void)
{
    static const int not_started = 126;
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    DWORD code = 0;

    tell_start();
    if (!CreateProcessA(NULL, rest_of_command_line(), NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
        (void)fprintf(stderr, "not started: error %lu\n", GetLastError());
        return not_started;
    }
    (void)CloseHandle(process.hThread);
    (void)WaitForSingleObject(process.hProcess, INFINITE);
    (void)GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
