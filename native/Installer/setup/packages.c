#include "setup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const wchar_t lsa_key[] = L"SYSTEM\\CurrentControlSet\\Control\\Lsa";
static const wchar_t value_name[] = L"Notification Packages";
static const wchar_t own_key[] = L"SOFTWARE\\PasswordSync\\Setup";
static const wchar_t last_change[] = L"LastPackageChange";

/* Volatile: gone after the next start of Windows, whatever its clock says. The edge looks for it: src/Nodes/EdgeNode/Windows. */
static const wchar_t added_key[] = L"SOFTWARE\\PasswordSync\\Setup\\AddedSinceStart";

enum change { CHANGE_NONE, CHANGE_ADDED, CHANGE_REMOVED };

/* A REG_MULTI_SZ in memory: entries one behind the other, an empty one at the end. */
struct packages {
    wchar_t *entries;
    size_t characters;
};

/* Reads the value, always well terminated; a missing value is an empty list, one of another type an error: it is not ours to judge. */
static DWORD packages_read(struct packages *packages)
{
    DWORD type = REG_MULTI_SZ;
    DWORD size = 0;

    LSTATUS result = RegGetValueW(HKEY_LOCAL_MACHINE, lsa_key, value_name, RRF_RT_ANY, &type, NULL, &size);
    if (result != ERROR_SUCCESS && result != ERROR_FILE_NOT_FOUND)
        return (DWORD)result;
    if (result == ERROR_SUCCESS && type != REG_MULTI_SZ)
        return ERROR_INVALID_DATATYPE;
    packages->entries = calloc(size / sizeof(wchar_t) + 3, sizeof(wchar_t));
    if (packages->entries == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    packages->characters = size / sizeof(wchar_t) + 3;
    if (result == ERROR_FILE_NOT_FOUND)
        return ERROR_SUCCESS;
    return (DWORD)RegGetValueW(HKEY_LOCAL_MACHINE, lsa_key, value_name, RRF_RT_REG_MULTI_SZ, NULL, packages->entries, &size);
}

/* Copies all entries but the name, and the name behind them if wanted; tells whether the result differs. */
static DWORD rewrite(const struct packages *packages, const wchar_t *name, bool wanted, struct packages *result, bool *differs)
{
    bool found = false;

    result->entries = calloc(packages->characters + wcslen(name) + 2, sizeof(wchar_t));
    if (result->entries == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    wchar_t *end = result->entries;
    for (const wchar_t *entry = packages->entries; *entry != L'\0'; entry += wcslen(entry) + 1) {
        bool ours = _wcsicmp(entry, name) == 0;
        found = found || ours;
        if (ours && !wanted)
            continue;
        wcscpy(end, entry);
        end += wcslen(entry) + 1;
    }
    if (wanted && !found) {
        wcscpy(end, name);
        end += wcslen(name) + 1;
    }
    result->characters = (size_t)(end - result->entries) + 1;
    *differs = found != wanted;
    return ERROR_SUCCESS;
}

static DWORD remember(enum change change)
{
    DWORD number = change;

    return (DWORD)RegSetKeyValueW(HKEY_LOCAL_MACHINE, own_key, last_change, REG_DWORD, &number, sizeof number);
}

static DWORD write_packages(const struct packages *packages)
{
    return (DWORD)RegSetKeyValueW(
        HKEY_LOCAL_MACHINE, lsa_key, value_name, REG_MULTI_SZ, packages->entries, (DWORD)(packages->characters * sizeof(wchar_t)));
}

/* The list is read when Windows starts: until then what is added now is not loaded. */
static DWORD mark_added(void)
{
    HKEY key;

    LSTATUS result = RegCreateKeyExW(HKEY_LOCAL_MACHINE, added_key, 0, NULL, REG_OPTION_VOLATILE, KEY_QUERY_VALUE, NULL, &key, NULL);
    return result == ERROR_SUCCESS ? (DWORD)RegCloseKey(key) : (DWORD)result;
}

static DWORD change_to(const wchar_t *name, bool wanted)
{
    struct packages before = {0};
    struct packages after = {0};
    bool differs = false;

    DWORD result = name[0] == L'\0' ? ERROR_INVALID_PARAMETER : packages_read(&before);
    if (result == ERROR_SUCCESS)
        result = rewrite(&before, name, wanted, &after, &differs);
    /* Remembered first: undoing what was not done is harmless. */
    if (result == ERROR_SUCCESS)
        result = remember(!differs ? CHANGE_NONE : wanted ? CHANGE_ADDED : CHANGE_REMOVED);
    if (result == ERROR_SUCCESS && differs)
        result = write_packages(&after);
    free(after.entries);
    free(before.entries);
    return result;
}

DWORD packages_add(const wchar_t *name)
{
    DWORD result = change_to(name, true);
    return result == ERROR_SUCCESS ? mark_added() : result;
}

DWORD packages_remove(const wchar_t *name)
{
    return change_to(name, false);
}

DWORD packages_undo(const wchar_t *name)
{
    DWORD change = CHANGE_NONE;
    DWORD size = sizeof change;

    if (RegGetValueW(HKEY_LOCAL_MACHINE, own_key, last_change, RRF_RT_REG_DWORD, NULL, &change, &size) != ERROR_SUCCESS)
        return ERROR_SUCCESS;
    DWORD result = change == CHANGE_ADDED ? packages_remove(name) : change == CHANGE_REMOVED ? packages_add(name) : ERROR_SUCCESS;
    return result == ERROR_SUCCESS ? remember(CHANGE_NONE) : result;
}
