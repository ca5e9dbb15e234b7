#include "settings_file.h"

#include <string.h>

#include "rights.h"

/* One more than is allowed, so that a longer file shows. */
static uint8_t bytes[PS_CAPTURE_FILE_MAX + 1];
static WIN32_FILE_ATTRIBUTE_DATA last_seen;

static bool is_last_seen(const WIN32_FILE_ATTRIBUTE_DATA *found)
{
    return memcmp(&found->ftLastWriteTime, &last_seen.ftLastWriteTime, sizeof found->ftLastWriteTime) == 0
        && memcmp(&found->ftCreationTime, &last_seen.ftCreationTime, sizeof found->ftCreationTime) == 0
        && found->nFileSizeLow == last_seen.nFileSizeLow;
}

static enum settings_file_result result_of(enum ps_access access)
{
    switch (access) {
    case PS_ACCESS_GUARDED:
        return SETTINGS_FILE_READ;
    case PS_ACCESS_FOREIGN_OWNER:
        return SETTINGS_FILE_FOREIGN_OWNER;
    case PS_ACCESS_FOREIGN_WRITER:
        return SETTINGS_FILE_FOREIGN_WRITER;
    case PS_ACCESS_UNKNOWN:
        break;
    }
    return SETTINGS_FILE_RIGHTS_UNKNOWN;
}

/* Lets the edge replace the file meanwhile. The rights are those of the very file that is read. */
static enum settings_file_result read_whole(const WCHAR *path, size_t *length)
{
    DWORD got = 0;

    HANDLE file = CreateFileW(
        path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return SETTINGS_FILE_UNREADABLE;
    bool done = GetFileType(file) == FILE_TYPE_DISK && ReadFile(file, bytes, sizeof bytes, &got, NULL);
    enum settings_file_result result = done ? result_of(rights_of(file)) : SETTINGS_FILE_UNREADABLE;
    (void)CloseHandle(file);
    *length = got;
    return result == SETTINGS_FILE_READ ? result_of(rights_of_folder(path)) : result;
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
    enum settings_file_result result = read_whole(path, &length);
    if (result != SETTINGS_FILE_READ)
        return result;
    last_seen = found;
    *verdict = ps_capture_file_read((struct ps_text){bytes, length}, settings);
    return SETTINGS_FILE_READ;
}
