#include "setup.h"

#include <aclapi.h>
#include <bcrypt.h>
#include <sddl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

enum {
    ACCESS_LIST_MAX = 256,
    SERVICE_NAME_MAX = 64,
    SHA1_SIZE = 20
};

/* Protected from what the parent would pass on; SYSTEM and administrators, for the folder and all in it; theirs it is. */
static const wchar_t access_list[] = L"O:BAG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/* The account of a service, S-1-5-80 and the SHA-1 of its name in capitals: asked for by name it is not there before the service is. */
static DWORD hash_name(const wchar_t *service, uint32_t parts[SHA1_SIZE / sizeof(uint32_t)])
{
    wchar_t name[SERVICE_NAME_MAX];
    BCRYPT_ALG_HANDLE sha1 = NULL;
    size_t length = 0;

    for (; service[length] != L'\0'; length++) {
        if (length == SERVICE_NAME_MAX)
            return ERROR_INVALID_PARAMETER;
        name[length] = (wchar_t)towupper(service[length]);
    }
    if (BCryptOpenAlgorithmProvider(&sha1, BCRYPT_SHA1_ALGORITHM, NULL, 0) < 0)
        return ERROR_NOT_SUPPORTED;
    bool done = BCryptHash(sha1, NULL, 0, (PUCHAR)name, (ULONG)(length * sizeof *name), (PUCHAR)parts, SHA1_SIZE) >= 0;
    (void)BCryptCloseAlgorithmProvider(sha1, 0);
    return done ? ERROR_SUCCESS : ERROR_NOT_SUPPORTED;
}

/* The list above, and the service's account behind it if there is one. */
static DWORD compose(const wchar_t *service, wchar_t list[ACCESS_LIST_MAX])
{
    uint32_t parts[SHA1_SIZE / sizeof(uint32_t)];

    if (service == NULL)
        return wcscpy(list, access_list), ERROR_SUCCESS;
    DWORD result = hash_name(service, parts);
    if (result == ERROR_SUCCESS)
        (void)swprintf(list, ACCESS_LIST_MAX, L"%ls(A;OICI;FA;;;S-1-5-80-%u-%u-%u-%u-%u)", access_list, parts[0], parts[1], parts[2], parts[3], parts[4]);
    return result;
}

static DWORD apply(const wchar_t *path, PSECURITY_DESCRIPTOR descriptor)
{
    BOOL present = FALSE;
    BOOL defaulted = FALSE;
    PACL list = NULL;

    PSID owner = NULL;

    if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted) || !GetSecurityDescriptorOwner(descriptor, &owner, &defaulted))
        return GetLastError();
    /* The owner too: an owner may always change the list. */
    return SetNamedSecurityInfoW(
        (wchar_t *)path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, owner, NULL, list, NULL);
}

DWORD folder_make(const wchar_t *path, const wchar_t *service)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
    wchar_t list[ACCESS_LIST_MAX];

    DWORD result = compose(service, list);
    if (result != ERROR_SUCCESS)
        return result;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(list, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL))
        return GetLastError();
    if (!CreateDirectoryW(path, &attributes)) {
        result = GetLastError();
        /* Somebody may have made it before us, with rights of their own. */
        if (result == ERROR_ALREADY_EXISTS)
            result = apply(path, attributes.lpSecurityDescriptor);
    }
    (void)LocalFree(attributes.lpSecurityDescriptor);
    return result;
}
