/* Who may change the files that the filter believes. */
#ifndef PASSWORDSYNC_RIGHTS_H
#define PASSWORDSYNC_RIGHTS_H

#include "windows_api.h"

#include "access.h"

/* Judges an open file or folder, which needs READ_CONTROL. The account of this process is trusted: inside LSASS it is SYSTEM. By one thread at a time. */
enum ps_access rights_of(HANDLE object);

/* The same of the folder that holds the file. */
enum ps_access rights_of_folder(const WCHAR *file);

#endif
