/* The fresh key of each envelope, apart from linux/crypto_openssl.c so that a test can put a given key in its place. */
#include "crypto_openssl.h"

#include <string.h>

/* A random number of 256 bits is no private key of P-256 with a probability of 2^-32. */
enum { PRIVATE_KEY_TRIALS_MAX = 8 };

static bool is_private_key(const uint8_t bytes[CRYPTO_PRIVATE_KEY_SIZE])
{
    /* The order of P-256 (FIPS 186-5, SP 800-186), big-endian. */
    static const uint8_t order[CRYPTO_PRIVATE_KEY_SIZE] = {
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};
    uint8_t any = 0;

    for (size_t index = 0; index < CRYPTO_PRIVATE_KEY_SIZE; index++)
        any |= bytes[index];
    return any != 0 && memcmp(bytes, order, CRYPTO_PRIVATE_KEY_SIZE) < 0;
}

bool ps_platform_p256_agree(const uint8_t peer[PS_PUBLIC_KEY_SIZE], uint8_t ephemeral[PS_PUBLIC_KEY_SIZE], uint8_t shared[PS_SHARED_SIZE])
{
    uint8_t private_key[CRYPTO_PRIVATE_KEY_SIZE];
    bool found = false;

    for (int trial = 0; trial < PRIVATE_KEY_TRIALS_MAX && !found; trial++) {
        if (!ps_platform_random(private_key, sizeof private_key))
            break;
        found = is_private_key(private_key);
    }
    bool done = found && crypto_p256_agree_with(private_key, peer, ephemeral, shared);
    ps_platform_wipe(private_key, sizeof private_key);
    return done;
}
