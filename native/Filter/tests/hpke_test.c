#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>

#include "check.h"
#include "crypto_openssl.h"
#include "hpke.h"

/* RFC 9180, appendix A.3.1, whose AEAD is AES-128-GCM, and the vector of the same suite with AES-256-GCM that accompanies the RFC;
   both are also in tests/vectors/hpke-p256-base.json. */
struct vector {
    uint16_t aead;
    size_t key_size;
    const char *ephemeral_private;
    const char *ephemeral;
    const char *recipient;
    const char *key;
    const char *nonce;
    const char *ciphertext;
};

static const struct vector vectors[] = {
    {0x0001, 16, "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
        "868c066ef58aae6dc589b6cfdd18f97e", "4e0bc5018beba4bf004cca59",
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"},
    {PS_HPKE_AES_256_GCM, 32, "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
        "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
        "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
        "ee16802a936d5f544771131900ee6973d0551de9e852ece2ef34bf0d5f9e1d1d", "9bc50980832a7b4b58c40161",
        "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f"}};

static const char information[] = "Ode on a Grecian Urn";
static const char associated[] = "Count-0";
static const char plaintext[] = "Beauty is truth, truth beauty";

static const struct vector *given_ephemeral;

/* In the place of linux/crypto_ephemeral.c. */
bool ps_platform_p256_agree(const uint8_t peer[PS_PUBLIC_KEY_SIZE], uint8_t ephemeral[PS_PUBLIC_KEY_SIZE], uint8_t shared[PS_SHARED_SIZE])
{
    uint8_t private_key[CRYPTO_PRIVATE_KEY_SIZE];

    CHECK(from_hexadecimal(given_ephemeral->ephemeral_private, private_key, sizeof private_key) == sizeof private_key);
    return crypto_p256_agree_with(private_key, peer, ephemeral, shared);
}

static void key_schedule_gives_the_keys_of(const struct vector *vector)
{
    uint8_t recipient[PS_PUBLIC_KEY_SIZE];
    uint8_t ephemeral[PS_PUBLIC_KEY_SIZE];
    uint8_t shared[PS_SHARED_SIZE];
    struct ps_hpke_keys keys;

    given_ephemeral = vector;
    CHECK(from_hexadecimal(vector->recipient, recipient, sizeof recipient) == sizeof recipient);
    CHECK(ps_platform_p256_agree(recipient, ephemeral, shared));
    CHECK(is_hexadecimal(ephemeral, sizeof ephemeral, vector->ephemeral));
    CHECK(ps_hpke_schedule(vector->aead, vector->key_size, shared, ephemeral, recipient, ps_text_of(information), &keys));
    CHECK(is_hexadecimal(keys.key, vector->key_size, vector->key));
    CHECK(is_hexadecimal(keys.nonce, sizeof keys.nonce, vector->nonce));
}

static void first_message_under_aes_128_is_the_one_of_the_rfc(void)
{
    uint8_t key[16];
    uint8_t nonce[PS_GCM_NONCE_SIZE];
    uint8_t output[sizeof plaintext - 1 + PS_GCM_TAG_SIZE];
    int length = 0;

    CHECK(from_hexadecimal(vectors[0].key, key, sizeof key) == sizeof key);
    CHECK(from_hexadecimal(vectors[0].nonce, nonce, sizeof nonce) == sizeof nonce);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    CHECK(EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, nonce) == 1);
    CHECK(EVP_EncryptUpdate(cipher, NULL, &length, (const uint8_t *)associated, sizeof associated - 1) == 1);
    CHECK(EVP_EncryptUpdate(cipher, output, &length, (const uint8_t *)plaintext, sizeof plaintext - 1) == 1);
    CHECK(EVP_EncryptFinal_ex(cipher, output + length, &length) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, PS_GCM_TAG_SIZE, output + sizeof plaintext - 1) == 1);
    EVP_CIPHER_CTX_free(cipher);
    CHECK(is_hexadecimal(output, sizeof output, vectors[0].ciphertext));
}

static void sealing_under_aes_256_gives_the_message_of_the_vector(void)
{
    uint8_t recipient[PS_PUBLIC_KEY_SIZE];
    uint8_t encapsulated[PS_PUBLIC_KEY_SIZE];
    uint8_t output[sizeof plaintext - 1 + PS_GCM_TAG_SIZE];

    given_ephemeral = &vectors[1];
    CHECK(from_hexadecimal(vectors[1].recipient, recipient, sizeof recipient) == sizeof recipient);
    CHECK(ps_hpke_seal(recipient, ps_text_of(information), ps_text_of(associated), ps_text_of(plaintext), encapsulated, output));
    CHECK(is_hexadecimal(encapsulated, sizeof encapsulated, vectors[1].ephemeral));
    CHECK(is_hexadecimal(output, sizeof output, vectors[1].ciphertext));
}

static void keys_that_are_no_points_of_the_curve_are_refused(void)
{
    uint8_t recipient[PS_PUBLIC_KEY_SIZE];
    uint8_t encapsulated[PS_PUBLIC_KEY_SIZE];
    uint8_t output[sizeof plaintext - 1 + PS_GCM_TAG_SIZE];
    struct ps_text nothing = ps_text_of("");
    static const uint8_t first_bytes[] = {0x00, 0x02, 0x03, 0x05, 0x06, 0x07, 0xFF};

    given_ephemeral = &vectors[1];
    CHECK(from_hexadecimal(vectors[1].recipient, recipient, sizeof recipient) == sizeof recipient);
    recipient[PS_PUBLIC_KEY_SIZE - 1] ^= 1;
    CHECK(!ps_hpke_seal(recipient, nothing, nothing, nothing, encapsulated, output));
    recipient[PS_PUBLIC_KEY_SIZE - 1] ^= 1;
    for (size_t index = 0; index < sizeof first_bytes; index++) {
        recipient[0] = first_bytes[index];
        CHECK(!ps_hpke_seal(recipient, nothing, nothing, nothing, encapsulated, output));
    }
    memset(recipient, 0xFF, sizeof recipient);
    recipient[0] = 0x04;
    CHECK(!ps_hpke_seal(recipient, nothing, nothing, nothing, encapsulated, output));
    memset(recipient + 1, 0, sizeof recipient - 1);
    CHECK(!ps_hpke_seal(recipient, nothing, nothing, nothing, encapsulated, output));
}

static void private_keys_outside_the_curves_order_are_refused(void)
{
    uint8_t recipient[PS_PUBLIC_KEY_SIZE];
    uint8_t ephemeral[PS_PUBLIC_KEY_SIZE];
    uint8_t shared[PS_SHARED_SIZE];
    uint8_t private_key[CRYPTO_PRIVATE_KEY_SIZE] = {0};

    CHECK(from_hexadecimal(vectors[1].recipient, recipient, sizeof recipient) == sizeof recipient);
    CHECK(!crypto_p256_agree_with(private_key, recipient, ephemeral, shared));
    CHECK(from_hexadecimal("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", private_key, sizeof private_key) == sizeof private_key);
    CHECK(!crypto_p256_agree_with(private_key, recipient, ephemeral, shared));
    private_key[CRYPTO_PRIVATE_KEY_SIZE - 1]--;
    CHECK(crypto_p256_agree_with(private_key, recipient, ephemeral, shared));
}

int main(void)
{
    key_schedule_gives_the_keys_of(&vectors[0]);
    key_schedule_gives_the_keys_of(&vectors[1]);
    first_message_under_aes_128_is_the_one_of_the_rfc();
    sealing_under_aes_256_gives_the_message_of_the_vector();
    keys_that_are_no_points_of_the_curve_are_refused();
    private_keys_outside_the_curves_order_are_refused();
    return checks_result();
}
