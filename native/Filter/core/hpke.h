/* HPKE (RFC 9180), base mode, single shot, sender's side: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
#ifndef PASSWORDSYNC_HPKE_H
#define PASSWORDSYNC_HPKE_H

#include "platform.h"
#include "text.h"

/* The suite's AEAD: RFC 9180, table 5. */
enum { PS_HPKE_AES_256_GCM = 0x0002 };

/* What the key schedule derives for the first message, whose nonce is the base nonce. Secret: wipe after use. */
struct ps_hpke_keys {
    uint8_t key[PS_AES_KEY_SIZE];
    uint8_t nonce[PS_GCM_NONCE_SIZE];
};

/* RFC 9180, sections 4.1 (ExtractAndExpand over the Diffie-Hellman result) and 5.1 (KeySchedule in base mode).
   `aead` and `key_size` (at most 32) are arguments because the RFC's own vectors for this KEM use another AEAD. */
bool ps_hpke_schedule(
    uint16_t aead,
    size_t key_size,
    const uint8_t shared[PS_SHARED_SIZE],
    const uint8_t ephemeral[PS_PUBLIC_KEY_SIZE],
    const uint8_t recipient[PS_PUBLIC_KEY_SIZE],
    struct ps_text info,
    struct ps_hpke_keys *keys);

/* Seals to the recipient under a fresh ephemeral key: gives the encapsulated key, and the ciphertext followed by its tag.
   False if the recipient's key is not a point of the curve or the platform fails; then neither output may be used. */
bool ps_hpke_seal(
    const uint8_t recipient[PS_PUBLIC_KEY_SIZE],
    struct ps_text info,
    struct ps_text associated,
    struct ps_text plaintext,
    uint8_t encapsulated[PS_PUBLIC_KEY_SIZE],
    uint8_t *ciphertext_and_tag);

#endif
