/* core/platform.h on OpenSSL 3.0's libcrypto. Sealing must not read configuration files and must not load a provider, which alone
   takes longer (0.8 ms) than all the rest of the process: hence the low-level SHA-256 and the cipher's own method, both deprecated in
   favour of fetched ones but with the same implementations behind them (docs/adr/0008-native-code-and-its-cryptography.md). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto_openssl.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/random.h>

enum { SHA256_BLOCK_SIZE = 64 };

void ps_platform_wipe(void *bytes, size_t length)
{
    explicit_bzero(bytes, length);
}

bool ps_platform_random(void *bytes, size_t length)
{
    size_t filled = 0;

    while (filled < length) {
        ssize_t got = getrandom((uint8_t *)bytes + filled, length - filled, 0);
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            filled += (size_t)got;
    }
    return true;
}

/* Before anything else of OpenSSL: without this it would read the configuration file that the environment names. */
static bool initialise(void)
{
    const uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS
        | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS;

    return OPENSSL_init_crypto(options, NULL) == 1;
}

bool ps_platform_sha256(const uint8_t *data, size_t length, uint8_t digest[PS_SHA256_SIZE])
{
    SHA256_CTX hash;

    bool done = initialise() && SHA256_Init(&hash) == 1 && SHA256_Update(&hash, data, length) == 1 && SHA256_Final(digest, &hash) == 1;
    ps_platform_wipe(&hash, sizeof hash);
    return done;
}

/* Keys here are never longer than a block, so RFC 2104's hashing of longer ones is not needed. */
bool ps_platform_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t mac[PS_SHA256_SIZE])
{
    uint8_t inner_pad[SHA256_BLOCK_SIZE];
    uint8_t outer_pad[SHA256_BLOCK_SIZE];
    SHA256_CTX hash;

    if (key_length > SHA256_BLOCK_SIZE || !initialise())
        return false;
    for (size_t index = 0; index < SHA256_BLOCK_SIZE; index++) {
        uint8_t byte = index < key_length ? key[index] : 0;
        inner_pad[index] = byte ^ 0x36;
        outer_pad[index] = byte ^ 0x5C;
    }
    bool done = SHA256_Init(&hash) == 1 && SHA256_Update(&hash, inner_pad, sizeof inner_pad) == 1
        && SHA256_Update(&hash, data, length) == 1 && SHA256_Final(mac, &hash) == 1
        && SHA256_Init(&hash) == 1 && SHA256_Update(&hash, outer_pad, sizeof outer_pad) == 1
        && SHA256_Update(&hash, mac, PS_SHA256_SIZE) == 1 && SHA256_Final(mac, &hash) == 1;
    ps_platform_wipe(&hash, sizeof hash);
    ps_platform_wipe(inner_pad, sizeof inner_pad);
    ps_platform_wipe(outer_pad, sizeof outer_pad);
    return done;
}

/* One agreement's objects: acquired downward, released, and so wiped, in one place. */
struct agreement {
    EC_GROUP *group;
    BN_CTX *scratch;
    BIGNUM *private_key;
    BIGNUM *x;
    EC_POINT *ephemeral;
    EC_POINT *peer;
    EC_POINT *shared;
};

static bool agreement_prepare(struct agreement *agreement, const uint8_t private_key[CRYPTO_PRIVATE_KEY_SIZE])
{
    agreement->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    agreement->scratch = BN_CTX_new();
    agreement->private_key = BN_bin2bn(private_key, CRYPTO_PRIVATE_KEY_SIZE, NULL);
    agreement->x = BN_new();
    if (agreement->group == NULL || agreement->scratch == NULL || agreement->private_key == NULL || agreement->x == NULL)
        return false;
    BN_set_flags(agreement->private_key, BN_FLG_CONSTTIME);
    agreement->ephemeral = EC_POINT_new(agreement->group);
    agreement->peer = EC_POINT_new(agreement->group);
    agreement->shared = EC_POINT_new(agreement->group);
    return agreement->ephemeral != NULL && agreement->peer != NULL && agreement->shared != NULL
        && !BN_is_zero(agreement->private_key) && BN_cmp(agreement->private_key, EC_GROUP_get0_order(agreement->group)) < 0;
}

static void agreement_release(struct agreement *agreement)
{
    EC_POINT_clear_free(agreement->shared);
    EC_POINT_free(agreement->peer);
    EC_POINT_clear_free(agreement->ephemeral);
    BN_clear_free(agreement->x);
    BN_clear_free(agreement->private_key);
    BN_CTX_free(agreement->scratch);
    EC_GROUP_free(agreement->group);
}

bool crypto_p256_agree_with(
    const uint8_t private_key[CRYPTO_PRIVATE_KEY_SIZE],
    const uint8_t peer[PS_PUBLIC_KEY_SIZE],
    uint8_t ephemeral[PS_PUBLIC_KEY_SIZE],
    uint8_t shared[PS_SHARED_SIZE])
{
    struct agreement agreement = {0};
    const struct agreement *a = &agreement;

    /* EC_POINT_oct2point refuses what is not on the curve; the curve's cofactor is 1, so every point has the right order. The form is
       checked here because that function also takes hybrid points, which begin with 06 or 07. */
    bool done = initialise() && peer[0] == POINT_CONVERSION_UNCOMPRESSED
        && agreement_prepare(&agreement, private_key)
        && EC_POINT_oct2point(a->group, a->peer, peer, PS_PUBLIC_KEY_SIZE, a->scratch) == 1
        && EC_POINT_mul(a->group, a->ephemeral, a->private_key, NULL, NULL, a->scratch) == 1
        && EC_POINT_mul(a->group, a->shared, NULL, a->peer, a->private_key, a->scratch) == 1
        && EC_POINT_get_affine_coordinates(a->group, a->shared, a->x, NULL, a->scratch) == 1
        && BN_bn2binpad(a->x, shared, PS_SHARED_SIZE) == PS_SHARED_SIZE
        && EC_POINT_point2oct(a->group, a->ephemeral, POINT_CONVERSION_UNCOMPRESSED, ephemeral, PS_PUBLIC_KEY_SIZE, a->scratch)
            == PS_PUBLIC_KEY_SIZE;
    agreement_release(&agreement);
    return done;
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
    int length = 0;
    bool done = false;

    if (!initialise() || associated_length > PS_ENVELOPE_MAX || plaintext_length > PS_ENVELOPE_MAX)
        return false;
    /* A copy of the method counts as an application's own, for which nothing is fetched. */
    EVP_CIPHER *method = EVP_CIPHER_meth_dup(EVP_aes_256_gcm());
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (method == NULL || cipher == NULL)
        goto cleanup;
    done = EVP_EncryptInit_ex(cipher, method, NULL, key, nonce) == 1
        && EVP_EncryptUpdate(cipher, NULL, &length, associated, (int)associated_length) == 1
        && EVP_EncryptUpdate(cipher, ciphertext_and_tag, &length, plaintext, (int)plaintext_length) == 1
        && length == (int)plaintext_length
        && EVP_EncryptFinal_ex(cipher, ciphertext_and_tag + plaintext_length, &length) == 1 && length == 0
        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, PS_GCM_TAG_SIZE, ciphertext_and_tag + plaintext_length) == 1;
cleanup:
    EVP_CIPHER_CTX_free(cipher);
    EVP_CIPHER_meth_free(method);
    return done;
}
