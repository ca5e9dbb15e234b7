#include "windows_api.h"

#include <bcrypt.h>

#include "cryptography.h"
#include "platform.h"

static BCRYPT_ALG_HANDLE aes_gcm;
static BCRYPT_ALG_HANDLE sha256;
static BCRYPT_ALG_HANDLE hmac_sha256;

bool cryptography_open(void)
{
    /* CNG takes the name as bytes that it does not change. */
    static WCHAR gcm[] = BCRYPT_CHAIN_MODE_GCM;

    return BCryptOpenAlgorithmProvider(&aes_gcm, BCRYPT_AES_ALGORITHM, NULL, 0) >= 0
        && BCryptSetProperty(aes_gcm, BCRYPT_CHAINING_MODE, (PUCHAR)gcm, sizeof gcm, 0) >= 0
        && BCryptOpenAlgorithmProvider(&sha256, BCRYPT_SHA256_ALGORITHM, NULL, 0) >= 0
        && BCryptOpenAlgorithmProvider(&hmac_sha256, BCRYPT_SHA256_ALGORITHM, NULL, BCRYPT_ALG_HANDLE_HMAC_FLAG) >= 0;
}

void ps_platform_wipe(void *bytes, size_t length)
{
    volatile uint8_t *position = bytes;

    for (size_t index = 0; index < length; index++)
        position[index] = 0;
}

bool ps_platform_random(void *bytes, size_t length)
{
    return BCryptGenRandom(NULL, bytes, (ULONG)length, BCRYPT_USE_SYSTEM_PREFERRED_RNG) >= 0;
}

static bool hash(
    BCRYPT_ALG_HANDLE algorithm, const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t digest[PS_SHA256_SIZE])
{
    BCRYPT_HASH_HANDLE handle = NULL;

    bool done = BCryptCreateHash(algorithm, &handle, NULL, 0, (PUCHAR)key, (ULONG)key_length, 0) >= 0
        && BCryptHashData(handle, (PUCHAR)data, (ULONG)length, 0) >= 0
        && BCryptFinishHash(handle, digest, PS_SHA256_SIZE, 0) >= 0;
    if (handle != NULL)
        (void)BCryptDestroyHash(handle);
    return done;
}

bool ps_platform_sha256(const uint8_t *data, size_t length, uint8_t digest[PS_SHA256_SIZE])
{
    return hash(sha256, NULL, 0, data, length, digest);
}

bool ps_platform_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t mac[PS_SHA256_SIZE])
{
    /* HMAC fills a short key up with zeros, so an empty one is a zero byte; CNG is not asked what it makes of a null key. */
    static const uint8_t empty[1] = {0};

    return hash(hmac_sha256, key_length == 0 ? empty : key, key_length == 0 ? sizeof empty : key_length, data, length, mac);
}

bool ps_platform_aes256_gcm_seal(
    const uint8_t key[PS_AES_KEY_SIZE],
    const uint8_t nonce[PS_GCM_NONCE_SIZE],
    const uint8_t *associated,
    size_t associated_length,
    const uint8_t *plaintext,
    size_t plaintext_length,
    uint8_t *ciphertext_and_tag)
{
    BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO mode;
    BCRYPT_KEY_HANDLE handle = NULL;
    ULONG written = 0;

    BCRYPT_INIT_AUTH_MODE_INFO(mode);
    mode.pbNonce = (PUCHAR)nonce;
    mode.cbNonce = PS_GCM_NONCE_SIZE;
    mode.pbAuthData = (PUCHAR)associated;
    mode.cbAuthData = (ULONG)associated_length;
    mode.pbTag = ciphertext_and_tag + plaintext_length;
    mode.cbTag = PS_GCM_TAG_SIZE;
    bool done = BCryptGenerateSymmetricKey(aes_gcm, &handle, NULL, 0, (PUCHAR)key, PS_AES_KEY_SIZE, 0) >= 0
        && BCryptEncrypt(handle, (PUCHAR)plaintext, (ULONG)plaintext_length, &mode, NULL, 0, ciphertext_and_tag, (ULONG)plaintext_length, &written, 0) >= 0
        && written == plaintext_length;
    if (handle != NULL)
        (void)BCryptDestroyKey(handle);
    return done;
}
