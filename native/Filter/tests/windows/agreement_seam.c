/* In the place of windows/agreement.c, for tests under a Wine whose bcrypt has no ECDH: takes agreements made elsewhere with the key
   that the capture file names, from the file in PASSWORDSYNC_TEST_AGREEMENTS: 97 bytes each, ephemeral key and shared secret.
   They are used in turn, again and again. */
#include "windows_api.h"

#include <string.h>

#include "platform.h"

enum {
    AGREEMENT_SIZE = PS_PUBLIC_KEY_SIZE + PS_SHARED_SIZE,
    AGREEMENTS_MAX = 256
};

static uint8_t agreements[AGREEMENTS_MAX * AGREEMENT_SIZE];
static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static LONG count;
static volatile LONG next;

static BOOL CALLBACK read_agreements(PINIT_ONCE initialisation, PVOID parameter, PVOID *context)
{
    WCHAR path[MAX_PATH];
    DWORD read = 0;

    (void)initialisation;
    (void)parameter;
    (void)context;
    DWORD length = GetEnvironmentVariableW(L"PASSWORDSYNC_TEST_AGREEMENTS", path, MAX_PATH);
    if (length == 0 || length >= MAX_PATH)
        return FALSE;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    (void)ReadFile(file, agreements, sizeof agreements, &read, NULL);
    (void)CloseHandle(file);
    count = (LONG)(read / AGREEMENT_SIZE);
    return count > 0;
}

bool ps_platform_p256_agree(const uint8_t peer[PS_PUBLIC_KEY_SIZE], uint8_t ephemeral[PS_PUBLIC_KEY_SIZE], uint8_t shared[PS_SHARED_SIZE])
{
    (void)peer;
    if (!InitOnceExecuteOnce(&once, read_agreements, NULL, NULL))
        return false;
    const uint8_t *agreement = agreements + (size_t)((InterlockedIncrement(&next) - 1) % count) * AGREEMENT_SIZE;
    memcpy(ephemeral, agreement, PS_PUBLIC_KEY_SIZE);
    memcpy(shared, agreement + PS_PUBLIC_KEY_SIZE, PS_SHARED_SIZE);
    return true;
}
