#include "settings.h"

#include <string.h>

#include "capture_file.h"
#include "registry.h"
#include "settings_file.h"
#include "status.h"

static const WCHAR own_key[] = L"SOFTWARE\\PasswordSync\\Filter";

/* The name of a dropped file, with its folder's separator and a terminator. */
enum { DROP_NAME_LENGTH = 1 + 2 * PS_CAPTURE_ID_SIZE + sizeof ".capture" };

static SRWLOCK lock = SRWLOCK_INIT;
static struct settings_binding current;
static struct settings_route route;
static bool known;
static volatile LONG armed;
static volatile LONG wait_ms = SETTINGS_LSA_WAIT_MS_DEFAULT;

static bool is_domain_controller(void)
{
    static const WCHAR controller[] = L"LanmanNT";
    WCHAR type[sizeof controller / sizeof *controller];

    return registry_text(L"SYSTEM\\CurrentControlSet\\Control\\ProductOptions", L"ProductType", type, sizeof type / sizeof *type)
        && memcmp(type, controller, sizeof controller) == 0;
}

/* There RID 500 is not the domain's administrator but a local account. */
static bool is_restore_mode(void)
{
    static const uint32_t directory_repair = 3;

    return registry_number(L"SYSTEM\\CurrentControlSet\\Control\\SafeBoot\\Option", L"OptionValue", 0) == directory_repair;
}

static enum filter_state judge(const WCHAR *capture_file)
{
    if (registry_number(own_key, L"Disabled", 0) != 0)
        return STATE_DISABLED;
    if (capture_file[0] == L'\0')
        return STATE_NOT_INSTALLED;
    if (!is_domain_controller())
        return STATE_NOT_A_DC;
    if (is_restore_mode())
        return STATE_RESTORE_MODE;
    if (registry_number(own_key, L"ReadOnlyController", 0) != 0)
        return STATE_READ_ONLY_DC;
    return STATE_ARMED;
}

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
    WCHAR pipe[SETTINGS_PATH_MAX];

    for (size_t index = 0; index < name.length; index++)
        if (name.bytes[index] == '\\' || name.bytes[index] == '/')
            return false;
    memcpy(pipe, prefix, sizeof prefix);
    if (!widen(name, pipe, sizeof prefix / sizeof *prefix - 1, SETTINGS_PATH_MAX))
        return false;
    memcpy(route.pipe, pipe, sizeof pipe);
    return true;
}

/* A path on a drive of this machine, short enough for a file in it. */
static bool set_drop_folder(struct ps_text path)
{
    WCHAR folder[SETTINGS_PATH_MAX];

    if (path.length < 3 || path.bytes[1] != ':' || path.bytes[2] != '\\' || !widen(path, folder, 0, SETTINGS_PATH_MAX - DROP_NAME_LENGTH))
        return false;
    memcpy(route.drop_folder, folder, sizeof folder);
    return true;
}

static void take(const struct ps_capture_settings *settings)
{
    struct settings_binding next = {field_of(settings->cluster), field_of(settings->source), field_of(settings->host), {0}};

    memcpy(next.public_key, settings->public_key, sizeof next.public_key);
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

    registry_open();
    if (!registry_text(own_key, L"CaptureFile", path, SETTINGS_PATH_MAX))
        path[0] = L'\0';
    if (!registry_text(own_key, L"EdgeProgram", route.edge_program, SETTINGS_PATH_MAX))
        route.edge_program[0] = L'\0';
    uint32_t wanted = registry_number(own_key, L"WaitMilliseconds", SETTINGS_LSA_WAIT_MS_DEFAULT);
    (void)InterlockedExchange(&wait_ms, (LONG)(wanted <= SETTINGS_LSA_WAIT_MS_MAX ? wanted : SETTINGS_LSA_WAIT_MS_DEFAULT));
    enum filter_state state = judge(path);
    if (state == STATE_ARMED)
        refresh_file(path);
    (void)InterlockedExchange(&armed, state == STATE_ARMED);
    status_set(STATUS_STATE, state);
}

bool settings_armed(void)
{
    return armed != 0;
}

uint32_t settings_wait_ms(void)
{
    return (uint32_t)wait_ms;
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
