#include "settings_file.h"

#include <string.h>

/* One more than is allowed, so that a longer file shows. */
static uint8_t bytes[PS_CAPTURE_FILE_MAX + 1];
static WIN32_FILE_ATTRIBUTE_DATA last_seen;

static bool is_last_seen(const WIN32_FILE_ATTRIBUTE_DATA *found)
{
    return memcmp(&found->ftLastWriteTime, &last_seen.ftLastWriteTime, sizeof found->ftLastWriteTime) == 0
        && memcmp(&found->ftCreationTime, &last_seen.ftCreationTime, sizeof found->ftCreationTime) == 0
        && found->nFileSizeLow == last_seen.nFileSizeLow;
}

/* Lets the edge replace the file meanwhile. */
static bool read_whole(const WCHAR *path, size_t *length)
{
    DWORD got = 0;

    HANDLE file = CreateFileW(
        path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    bool done = GetFileType(file) == FILE_TYPE_DISK && ReadFile(file, bytes, sizeof bytes, &got, NULL);
    (void)CloseHandle(file);
    *length = got;
    return done;
}

enum settings_file_result settings_file_read(
    const WCHAR *path, struct ps_capture_settings *settings, struct ps_capture_file_verdict *verdict)
{
    WIN32_FILE_ATTRIBUTE_DATA found;
    size_t length = 0;

    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &found)) {
        memset(&last_seen, 0, sizeof last_seen);
        return SETTINGS_FILE_UNREADABLE;
    }
    if (is_last_seen(&found))
        return SETTINGS_FILE_UNCHANGED;
    if (!read_whole(path, &length))
        return SETTINGS_FILE_UNREADABLE;
    last_seen = found;
    *verdict = ps_capture_file_read((struct ps_text){bytes, length}, settings);
    return SETTINGS_FILE_READ;
}
