#include "drop.h"

enum { CAPTURE_ID_OFFSET = PS_HEADER_SIZE };

/* Appends what fits, always terminated: the folder's path was measured when it was taken over. */
static size_t append(WCHAR path[MAX_PATH], size_t used, const WCHAR *text)
{
    for (; *text != L'\0' && used < MAX_PATH - 1; text++)
        path[used++] = *text;
    path[used] = L'\0';
    return used;
}

static void make_path(WCHAR path[MAX_PATH], const WCHAR *folder, const WCHAR *prefix, const uint8_t *id, const WCHAR *suffix)
{
    static const WCHAR digits[] = L"0123456789abcdef";
    WCHAR name[2 * PS_CAPTURE_ID_SIZE + 1];

    for (size_t index = 0; index < PS_CAPTURE_ID_SIZE; index++) {
        name[2 * index] = digits[id[index] >> 4];
        name[2 * index + 1] = digits[id[index] & 0x0F];
    }
    name[sizeof name / sizeof *name - 1] = L'\0';
    size_t used = append(path, append(path, append(path, 0, folder), L"\\"), prefix);
    (void)append(path, append(path, used, name), suffix);
}

static bool write_flushed(const WCHAR *path, const struct ps_envelope *envelope)
{
    DWORD written = 0;

    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_WRITE_THROUGH, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    bool done = WriteFile(file, envelope->bytes, (DWORD)envelope->length, &written, NULL) && written == envelope->length && FlushFileBuffers(file);
    return CloseHandle(file) && done;
}

bool drop_write(const WCHAR *folder, const struct ps_envelope *envelope)
{
    const uint8_t *id = envelope->bytes + CAPTURE_ID_OFFSET;
    WCHAR unfinished[MAX_PATH];
    WCHAR finished[MAX_PATH];

    make_path(unfinished, folder, L".", id, L".tmp");
    make_path(finished, folder, L"", id, L".capture");
    if (write_flushed(unfinished, envelope) && MoveFileExW(unfinished, finished, MOVEFILE_WRITE_THROUGH))
        return true;
    (void)DeleteFileW(unfinished);
    return false;
}
