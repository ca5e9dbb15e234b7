#include "settings.h"

#include <string.h>

#include "capture_file.h"
#include "registry.h"
#include "settings_file.h"
#include "status.h"

/* The name of a dropped file, with its folder's separator and a terminator. */
enum { DROP_NAME_LENGTH = 1 + 2 * PS_CAPTURE_ID_SIZE + sizeof ".capture" };

static SRWLOCK lock = SRWLOCK_INIT;
/* Under the lock: read by LSA's threads, written by that of settings_refresh. */
static struct settings_binding current;
static bool known;

/* Of the thread of settings_refresh alone. */
static struct settings_route route;
/* What a file says of the way, until all of the file is good. */
static struct settings_route next_route;

static struct settings_field field_of(struct ps_text text)
{
    struct settings_field field = {.length = text.length};

    memcpy(field.bytes, text.bytes, text.length);
    return field;
}

/* Widens a well-formed UTF-8 text behind what the buffer holds already; false if it does not fit with its terminator. */
static bool widen(struct ps_text text, WCHAR *buffer, size_t used, size_t capacity)
{
    int units = MultiByteToWideChar(
        CP_UTF8, MB_ERR_INVALID_CHARS, (const char *)text.bytes, (int)text.length, buffer + used, (int)(capacity - used - 1));

    if (units <= 0)
        return false;
    buffer[used + (size_t)units] = L'\0';
    return true;
}

/* A name without a separator, so that it cannot lead to another machine or to a file. */
static bool set_pipe(struct ps_text name)
{
    static const WCHAR prefix[] = L"\\\\.\\pipe\\";

    for (size_t index = 0; index < name.length; index++)
        if (name.bytes[index] == '\\' || name.bytes[index] == '/')
            return false;
    memcpy(next_route.pipe, prefix, sizeof prefix);
    return widen(name, next_route.pipe, sizeof prefix / sizeof *prefix - 1, SETTINGS_PATH_MAX);
}

/* A path on a drive of this machine, short enough for a file in it. */
static bool set_drop_folder(struct ps_text path)
{
    return path.length >= 3 && path.bytes[1] == ':' && path.bytes[2] == '\\'
        && widen(path, next_route.drop_folder, 0, SETTINGS_PATH_MAX - DROP_NAME_LENGTH);
}

static void take(const struct ps_capture_settings *settings)
{
    struct settings_binding next = {field_of(settings->cluster), field_of(settings->source), field_of(settings->host), {0}};

    memcpy(next.public_key, settings->public_key, sizeof next.public_key);
    memcpy(route.pipe, next_route.pipe, sizeof route.pipe);
    memcpy(route.drop_folder, next_route.drop_folder, sizeof route.drop_folder);
    route.pipe_ms = settings->wait_ms;
    AcquireSRWLockExclusive(&lock);
    current = next;
    known = true;
    ReleaseSRWLockExclusive(&lock);
    status_count(STATUS_FILES_TAKEN);
}

static void refresh_file(const WCHAR *path)
{
    struct ps_capture_settings settings;
    struct ps_capture_file_verdict verdict;
    int64_t fault;

    switch (settings_file_read(path, &settings, &verdict)) {
    case SETTINGS_FILE_UNCHANGED:
        return;
    case SETTINGS_FILE_UNREADABLE:
        status_set(STATUS_FILE_FAULT, FILE_FAULT_UNREADABLE);
        return;
    case SETTINGS_FILE_FOREIGN_WRITER:
        status_set(STATUS_FILE_FAULT, FILE_FAULT_FOREIGN_WRITER);
        return;
    case SETTINGS_FILE_FOREIGN_OWNER:
        status_set(STATUS_FILE_FAULT, FILE_FAULT_FOREIGN_OWNER);
        return;
    case SETTINGS_FILE_RIGHTS_UNKNOWN:
        status_set(STATUS_FILE_FAULT, FILE_FAULT_RIGHTS_UNKNOWN);
        return;
    case SETTINGS_FILE_READ:
        break;
    }
    fault = verdict.fault;
    if (verdict.fault == PS_CAPTURE_FILE_PROPER) {
        if (!set_pipe(settings.socket))
            fault = FILE_FAULT_BAD_PIPE;
        else if (!set_drop_folder(settings.drop))
            fault = FILE_FAULT_BAD_DROP;
        else
            take(&settings);
    }
    status_set(STATUS_FILE_FAULT, fault);
    status_set(STATUS_FILE_LINE, verdict.line);
}

void settings_refresh(void)
{
    WCHAR path[SETTINGS_PATH_MAX];

    if (!registry_text(registry_own_key, L"EdgeProgram", route.edge_program, SETTINGS_PATH_MAX))
        route.edge_program[0] = L'\0';
    /* Also while the filter is disarmed: what is in force when it is armed must not be older than the switch. */
    if (registry_text(registry_own_key, L"CaptureFile", path, SETTINGS_PATH_MAX))
        refresh_file(path);
}

bool settings_bind(struct settings_binding *binding)
{
    AcquireSRWLockShared(&lock);
    bool bound = known;
    *binding = current;
    ReleaseSRWLockShared(&lock);
    return bound;
}

const struct settings_route *settings_route(void)
{
    return &route;
}

struct ps_text settings_text(const struct settings_field *field)
{
    struct ps_text text = {field->bytes, field->length};
    return text;
}
