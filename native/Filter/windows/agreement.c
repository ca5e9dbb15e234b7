/* The fresh key of each envelope, apart from cryptography.c so that the tests under a Wine without ECDH can put given agreements
   in its place; the filter that is released holds only this. */
#include "windows_api.h"

#include <bcrypt.h>

#include "platform.h"

enum { COORDINATE_SIZE = PS_SHARED_SIZE, UNCOMPRESSED = 0x04 };

struct public_blob {
    BCRYPT_ECCKEY_BLOB header;
    uint8_t point[2 * COORDINATE_SIZE];
};

/* One agreement's objects: acquired downward, released in one place. CNG wipes what it releases. */
struct agreement {
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_KEY_HANDLE peer;
    BCRYPT_KEY_HANDLE ephemeral;
    BCRYPT_SECRET_HANDLE secret;
};

static bool import_peer(struct agreement *agreement, const uint8_t peer[PS_PUBLIC_KEY_SIZE])
{
    struct public_blob blob = {.header = {BCRYPT_ECDH_PUBLIC_P256_MAGIC, COORDINATE_SIZE}};

    if (peer[0] != UNCOMPRESSED)
        return false;
    for (size_t index = 0; index < sizeof blob.point; index++)
        blob.point[index] = peer[1 + index];
    /* Windows refuses what is not a point of the curve. */
    return BCryptImportKeyPair(agreement->algorithm, NULL, BCRYPT_ECCPUBLIC_BLOB, &agreement->peer, (PUCHAR)&blob, sizeof blob, 0) >= 0;
}

static bool make_ephemeral(struct agreement *agreement, uint8_t ephemeral[PS_PUBLIC_KEY_SIZE])
{
    struct public_blob blob = {0};
    ULONG written = 0;

    if (BCryptGenerateKeyPair(agreement->algorithm, &agreement->ephemeral, 256, 0) < 0
        || BCryptFinalizeKeyPair(agreement->ephemeral, 0) < 0
        || BCryptExportKey(agreement->ephemeral, NULL, BCRYPT_ECCPUBLIC_BLOB, (PUCHAR)&blob, sizeof blob, &written, 0) < 0
        || written != sizeof blob)
        return false;
    ephemeral[0] = UNCOMPRESSED;
    for (size_t index = 0; index < sizeof blob.point; index++)
        ephemeral[1 + index] = blob.point[index];
    return true;
}

/* CNG gives the x coordinate with its lowest byte first; RFC 9180 wants the highest first. */
static bool derive(struct agreement *agreement, uint8_t shared[PS_SHARED_SIZE])
{
    /* BCRYPT_KDF_RAW_SECRET, which not every header names: Windows 10 and Server 2016. */
    static const WCHAR raw_secret[] = L"TRUNCATE";
    uint8_t reversed[PS_SHARED_SIZE];
    ULONG written = 0;

    bool done = BCryptSecretAgreement(agreement->ephemeral, agreement->peer, &agreement->secret, 0) >= 0
        && BCryptDeriveKey(agreement->secret, raw_secret, NULL, reversed, sizeof reversed, &written, 0) >= 0
        && written == sizeof reversed;
    for (size_t index = 0; done && index < sizeof reversed; index++)
        shared[index] = reversed[sizeof reversed - 1 - index];
    ps_platform_wipe(reversed, sizeof reversed);
    return done;
}

static void release(struct agreement *agreement)
{
    if (agreement->secret != NULL)
        (void)BCryptDestroySecret(agreement->secret);
    if (agreement->ephemeral != NULL)
        (void)BCryptDestroyKey(agreement->ephemeral);
    if (agreement->peer != NULL)
        (void)BCryptDestroyKey(agreement->peer);
    if (agreement->algorithm != NULL)
        (void)BCryptCloseAlgorithmProvider(agreement->algorithm, 0);
}

bool ps_platform_p256_agree(const uint8_t peer[PS_PUBLIC_KEY_SIZE], uint8_t ephemeral[PS_PUBLIC_KEY_SIZE], uint8_t shared[PS_SHARED_SIZE])
{
    struct agreement agreement = {0};

    bool done = BCryptOpenAlgorithmProvider(&agreement.algorithm, BCRYPT_ECDH_P256_ALGORITHM, NULL, 0) >= 0
        && import_peer(&agreement, peer)
        && make_ephemeral(&agreement, ephemeral)
        && derive(&agreement, shared);
    release(&agreement);
    return done;
}
