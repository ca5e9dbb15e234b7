/* The part of Windows that the filter uses: kernel32 and bcrypt. */
#ifndef PASSWORDSYNC_WINDOWS_API_H
#define PASSWORDSYNC_WINDOWS_API_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#endif
