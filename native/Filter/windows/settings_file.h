/* Reads the capture file when it has changed. */
#ifndef PASSWORDSYNC_SETTINGS_FILE_H
#define PASSWORDSYNC_SETTINGS_FILE_H

#include "windows_api.h"

#include "capture_file.h"

enum settings_file_result {
    SETTINGS_FILE_READ,
    SETTINGS_FILE_UNCHANGED,
    /* It is not there, or the system refuses. */
    SETTINGS_FILE_UNREADABLE,
    /* Others than SYSTEM and the administrators may write it or its folder, own one of them, or it cannot be told. Looked at again every time, since rights
       change without the file. */
    SETTINGS_FILE_FOREIGN_WRITER,
    SETTINGS_FILE_FOREIGN_OWNER,
    SETTINGS_FILE_RIGHTS_UNKNOWN
};

/* The settings' texts point into a buffer of this module, until the next call. By one thread at a time. */
enum settings_file_result settings_file_read(
    const WCHAR *path, struct ps_capture_settings *settings, struct ps_capture_file_verdict *verdict);

#endif
