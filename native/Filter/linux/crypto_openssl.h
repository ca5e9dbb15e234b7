/* What the tests need of linux/crypto_openssl.c beside core/platform.h. */
#ifndef PASSWORDSYNC_CRYPTO_OPENSSL_H
#define PASSWORDSYNC_CRYPTO_OPENSSL_H

#include "platform.h"

enum { CRYPTO_PRIVATE_KEY_SIZE = 32 };

/* As ps_platform_p256_agree, but with the given private key (big-endian). False, too, if that is zero or not below the curve's order. */
bool crypto_p256_agree_with(
    const uint8_t private_key[CRYPTO_PRIVATE_KEY_SIZE],
    const uint8_t peer[PS_PUBLIC_KEY_SIZE],
    uint8_t ephemeral[PS_PUBLIC_KEY_SIZE],
    uint8_t shared[PS_SHARED_SIZE]);

#endif
