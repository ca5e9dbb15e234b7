#ifndef PASSWORDSYNC_SETUP_H
#define PASSWORDSYNC_SETUP_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* Appends the entry to `Notification Packages`, unless it is there; all others stay as they are, in their order. Marks in either case that LSA has not
   read the list since: a repair may have brought the library that was missing. */
DWORD packages_add(const wchar_t *name);

/* Takes the entry out, wherever and however often it stands. */
DWORD packages_remove(const wchar_t *name);

/* Takes the last change back; nothing if there was none. */
DWORD packages_undo(const wchar_t *name);

/* Makes the folder with a protected access list, or gives an existing one that list. The service's account is in it too; NULL for none. */
DWORD folder_make(const wchar_t *path, const wchar_t *service);

/* Opens the service with these rights and acts on it; a Windows error if it cannot be opened. */
DWORD on_service(const wchar_t *name, DWORD rights, DWORD (*act)(SC_HANDLE service));

DWORD recovery_set(const wchar_t *service);

/* Starts the service, once it has ended if it is ending; nothing if its configuration is not there yet, if it is not to start by itself, or
   if some of its files are only replaced when Windows starts again. */
DWORD service_start(const wchar_t *service, const wchar_t *configuration);

#endif
