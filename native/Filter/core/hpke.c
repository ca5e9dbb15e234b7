#include "hpke.h"

#include "writer.h"

enum {
    KEM_P256_HKDF_SHA256 = 0x0010,
    KDF_HKDF_SHA256 = 0x0001,
    MODE_BASE = 0,
    SUITE_MAX = 10,
    LABELED_MAX = 256
};

static struct ps_writer begin_labeled(uint8_t *buffer, struct ps_text suite, const char *label)
{
    struct ps_writer input = ps_writer_over(buffer, LABELED_MAX);

    ps_write_text(&input, ps_text_of("HPKE-v1"));
    ps_write_text(&input, suite);
    ps_write_text(&input, ps_text_of(label));
    return input;
}

/* LabeledExtract of RFC 9180, section 4: HKDF-Extract (RFC 5869), which is HMAC under the salt. */
static bool extract(struct ps_text salt, struct ps_text suite, const char *label, struct ps_text material, uint8_t secret[PS_SHA256_SIZE])
{
    uint8_t buffer[LABELED_MAX];
    struct ps_writer input = begin_labeled(buffer, suite, label);

    ps_write_text(&input, material);
    bool done = !input.overflow && ps_platform_hmac_sha256(salt.bytes, salt.length, buffer, input.length, secret);
    ps_platform_wipe(buffer, sizeof buffer);
    return done;
}

/* LabeledExpand of RFC 9180, section 4. No output here is longer than one block of HKDF-Expand (RFC 5869), which is
   HMAC over the input and the block's number 1. */
static bool expand(const uint8_t secret[PS_SHA256_SIZE], struct ps_text suite, const char *label, struct ps_text context, uint8_t *output, size_t size)
{
    static const uint8_t block_number = 1;
    uint8_t length[2] = {0, (uint8_t)size};
    uint8_t buffer[LABELED_MAX];
    uint8_t block[PS_SHA256_SIZE];
    struct ps_writer input = ps_writer_over(buffer, sizeof buffer);

    ps_write(&input, length, sizeof length);
    ps_write_text(&input, ps_text_of("HPKE-v1"));
    ps_write_text(&input, suite);
    ps_write_text(&input, ps_text_of(label));
    ps_write_text(&input, context);
    ps_write(&input, &block_number, sizeof block_number);
    bool done = !input.overflow && size <= sizeof block
        && ps_platform_hmac_sha256(secret, PS_SHA256_SIZE, buffer, input.length, block);
    if (done)
        memcpy(output, block, size);
    ps_platform_wipe(buffer, sizeof buffer);
    ps_platform_wipe(block, sizeof block);
    return done;
}

/* ExtractAndExpand of RFC 9180, section 4.1. */
static bool shared_secret(
    const uint8_t shared[PS_SHARED_SIZE],
    const uint8_t ephemeral[PS_PUBLIC_KEY_SIZE],
    const uint8_t recipient[PS_PUBLIC_KEY_SIZE],
    uint8_t secret[PS_SHA256_SIZE])
{
    uint8_t suite_bytes[SUITE_MAX];
    uint8_t context_bytes[2 * PS_PUBLIC_KEY_SIZE];
    uint8_t extracted[PS_SHA256_SIZE];
    struct ps_writer suite = ps_writer_over(suite_bytes, sizeof suite_bytes);
    struct ps_writer context = ps_writer_over(context_bytes, sizeof context_bytes);

    ps_write_text(&suite, ps_text_of("KEM"));
    ps_write_big_endian_16(&suite, KEM_P256_HKDF_SHA256);
    ps_write(&context, ephemeral, PS_PUBLIC_KEY_SIZE);
    ps_write(&context, recipient, PS_PUBLIC_KEY_SIZE);
    struct ps_text suite_id = {suite_bytes, suite.length};
    bool done = extract(ps_text_of(""), suite_id, "eae_prk", (struct ps_text){shared, PS_SHARED_SIZE}, extracted)
        && expand(extracted, suite_id, "shared_secret", (struct ps_text){context_bytes, context.length}, secret, PS_SHA256_SIZE);
    ps_platform_wipe(extracted, sizeof extracted);
    return done;
}

bool ps_hpke_schedule(
    uint16_t aead,
    size_t key_size,
    const uint8_t shared[PS_SHARED_SIZE],
    const uint8_t ephemeral[PS_PUBLIC_KEY_SIZE],
    const uint8_t recipient[PS_PUBLIC_KEY_SIZE],
    struct ps_text info,
    struct ps_hpke_keys *keys)
{
    uint8_t suite_bytes[SUITE_MAX];
    uint8_t kem_secret[PS_SHA256_SIZE];
    uint8_t secret[PS_SHA256_SIZE];
    uint8_t context_bytes[1 + 2 * PS_SHA256_SIZE] = {MODE_BASE};
    struct ps_text context = {context_bytes, sizeof context_bytes};
    struct ps_text none = ps_text_of("");
    struct ps_writer suite = ps_writer_over(suite_bytes, sizeof suite_bytes);

    ps_write_text(&suite, ps_text_of("HPKE"));
    ps_write_big_endian_16(&suite, KEM_P256_HKDF_SHA256);
    ps_write_big_endian_16(&suite, KDF_HKDF_SHA256);
    ps_write_big_endian_16(&suite, aead);
    struct ps_text suite_id = {suite_bytes, suite.length};
    bool done = shared_secret(shared, ephemeral, recipient, kem_secret)
        && extract(none, suite_id, "psk_id_hash", none, context_bytes + 1)
        && extract(none, suite_id, "info_hash", info, context_bytes + 1 + PS_SHA256_SIZE)
        && extract((struct ps_text){kem_secret, sizeof kem_secret}, suite_id, "secret", none, secret)
        && expand(secret, suite_id, "key", context, keys->key, key_size)
        && expand(secret, suite_id, "base_nonce", context, keys->nonce, sizeof keys->nonce);
    ps_platform_wipe(kem_secret, sizeof kem_secret);
    ps_platform_wipe(secret, sizeof secret);
    return done;
}

bool ps_hpke_seal(
    const uint8_t recipient[PS_PUBLIC_KEY_SIZE],
    struct ps_text info,
    struct ps_text associated,
    struct ps_text plaintext,
    uint8_t encapsulated[PS_PUBLIC_KEY_SIZE],
    uint8_t *ciphertext_and_tag)
{
    uint8_t shared[PS_SHARED_SIZE];
    struct ps_hpke_keys keys;

    bool done = ps_platform_p256_agree(recipient, encapsulated, shared)
        && ps_hpke_schedule(PS_HPKE_AES_256_GCM, sizeof keys.key, shared, encapsulated, recipient, info, &keys)
        && ps_platform_aes256_gcm_seal(
            keys.key, keys.nonce, associated.bytes, associated.length, plaintext.bytes, plaintext.length, ciphertext_and_tag);
    ps_platform_wipe(shared, sizeof shared);
    ps_platform_wipe(&keys, sizeof keys);
    return done;
}
