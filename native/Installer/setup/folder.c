#include "setup.h"

#include <aclapi.h>
#include <sddl.h>

/* Protected from what the parent would pass on; SYSTEM and administrators, for the folder and all in it; theirs it is. */
static const wchar_t access_list[] = L"O:BAG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

static DWORD apply(const wchar_t *path, PSECURITY_DESCRIPTOR descriptor)
{
    BOOL present = FALSE;
    BOOL defaulted = FALSE;
    PACL list = NULL;

    if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted))
        return GetLastError();
    return SetNamedSecurityInfoW(
        (wchar_t *)path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL, list, NULL);
}

DWORD folder_make(const wchar_t *path)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(access_list, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL))
        return GetLastError();
    DWORD result = ERROR_SUCCESS;
    if (!CreateDirectoryW(path, &attributes)) {
        result = GetLastError();
        /* Somebody may have made it before us, with rights of their own. */
        if (result == ERROR_ALREADY_EXISTS)
            result = apply(path, attributes.lpSecurityDescriptor);
    }
    (void)LocalFree(attributes.lpSecurityDescriptor);
    return result;
}
