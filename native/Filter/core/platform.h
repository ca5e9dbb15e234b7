/* What the core needs from the platform it runs on: an audited library's cryptography, randomness, and a wipe that no
   compiler removes. Linux implements it in linux/crypto_openssl.c. A function that answers false has written nothing that
   may be used. Nothing here blocks, logs, or keeps what it is given. */
#ifndef PASSWORDSYNC_PLATFORM_H
#define PASSWORDSYNC_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

enum {
    PS_SHA256_SIZE = 32,
    PS_SHARED_SIZE = 32,
    PS_AES_KEY_SIZE = 32,
    PS_GCM_NONCE_SIZE = 12
};

/* Overwrites the bytes with zeros. */
void ps_platform_wipe(void *bytes, size_t length);

/* Fills the bytes from the system's generator for cryptographic use. */
bool ps_platform_random(void *bytes, size_t length);

bool ps_platform_sha256(const uint8_t *data, size_t length, uint8_t digest[PS_SHA256_SIZE]);

/* HMAC (RFC 2104) with SHA-256. */
bool ps_platform_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t mac[PS_SHA256_SIZE]);

/* Makes a fresh P-256 key pair, gives its public half uncompressed and the x coordinate of the Diffie-Hellman result with
   the peer, and destroys the private half. False if the peer's bytes are not an uncompressed point of the curve. */
bool ps_platform_p256_agree(
    const uint8_t peer[PS_PUBLIC_KEY_SIZE],
    uint8_t ephemeral[PS_PUBLIC_KEY_SIZE],
    uint8_t shared[PS_SHARED_SIZE]);

/* AES-256-GCM: writes the ciphertext, as long as the plaintext, and behind it the tag of 16 bytes. */
bool ps_platform_aes256_gcm_seal(
    const uint8_t key[PS_AES_KEY_SIZE],
    const uint8_t nonce[PS_GCM_NONCE_SIZE],
    const uint8_t *associated,
    size_t associated_length,
    const uint8_t *plaintext,
    size_t plaintext_length,
    uint8_t *ciphertext_and_tag);

#endif
