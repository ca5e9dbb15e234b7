/* PasswordSyncSetup: what the installer's tables cannot do. Each command says what it changes and changes nothing else; the exit code is 0, or a
   Windows error. Run by Windows Installer as SYSTEM.

     packages add|remove NAME      the entry NAME of LSA's `Notification Packages`; remembers whether it changed anything, and until Windows
                                   starts again that something was added
     packages undo NAME            takes back what the last `add` or `remove` changed
     folder PATH -|SERVICE         makes a folder that SYSTEM and administrators alone may enter, and the service's own account if one is named
     recovery SERVICE              restarts the service when it fails: after 5 s, 30 s, then every minute
     start SERVICE FILE            starts the service if it starts with Windows, FILE, its configuration, is there, and none of its files waits
                                   for a restart of Windows */
#include "setup.h"

#include <wchar.h>

struct command {
    const wchar_t *name;
    int words;
    DWORD (*run)(wchar_t **words);
};

static DWORD packages(wchar_t **words)
{
    if (wcscmp(words[0], L"add") == 0)
        return packages_add(words[1]);
    if (wcscmp(words[0], L"remove") == 0)
        return packages_remove(words[1]);
    return wcscmp(words[0], L"undo") == 0 ? packages_undo(words[1]) : ERROR_INVALID_PARAMETER;
}

static DWORD folder(wchar_t **words)
{
    return folder_make(words[0], wcscmp(words[1], L"-") == 0 ? NULL : words[1]);
}

static DWORD recovery(wchar_t **words)
{
    return recovery_set(words[0]);
}

static DWORD start(wchar_t **words)
{
    return service_start(words[0], words[1]);
}

static const struct command commands[] = {{L"packages", 2, packages}, {L"folder", 2, folder}, {L"recovery", 1, recovery}, {L"start", 2, start}};

int wmain(int count, wchar_t **arguments)
{
    for (size_t index = 0; count > 1 && index < sizeof commands / sizeof *commands; index++)
        if (wcscmp(arguments[1], commands[index].name) == 0 && count == 2 + commands[index].words)
            return (int)commands[index].run(arguments + 2);
    return ERROR_INVALID_PARAMETER;
}
