#include "check.h"
#include "platform.h"

static void sha256_and_hmac_give_known_values(void)
{
    uint8_t digest[PS_SHA256_SIZE];
    uint8_t key[65] = {0};

    CHECK(ps_platform_sha256((const uint8_t *)"abc", 3, digest));
    CHECK(is_hexadecimal(digest, sizeof digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    /* RFC 4231, test case 2. */
    CHECK(ps_platform_hmac_sha256((const uint8_t *)"Jefe", 4, (const uint8_t *)"what do ya want for nothing?", 28, digest));
    CHECK(is_hexadecimal(digest, sizeof digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    /* An empty key, as HKDF-Extract has without a salt, is 32 zero bytes (RFC 5869). */
    uint8_t with_zeros[PS_SHA256_SIZE];
    CHECK(ps_platform_hmac_sha256((const uint8_t *)"", 0, (const uint8_t *)"abc", 3, digest));
    CHECK(ps_platform_hmac_sha256(key, 32, (const uint8_t *)"abc", 3, with_zeros));
    CHECK(memcmp(digest, with_zeros, sizeof digest) == 0);
    CHECK(!ps_platform_hmac_sha256(key, sizeof key, (const uint8_t *)"abc", 3, digest));
}

/* The GCM specification's (McGrew, Viega) test case 16: AES-256 with associated data. */
static void aes_256_gcm_gives_the_known_ciphertext(void)
{
    uint8_t key[PS_AES_KEY_SIZE];
    uint8_t nonce[PS_GCM_NONCE_SIZE];
    uint8_t associated[20];
    uint8_t plaintext[60];
    uint8_t output[sizeof plaintext + PS_GCM_TAG_SIZE];

    CHECK(from_hexadecimal("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key, sizeof key) == sizeof key);
    CHECK(from_hexadecimal("cafebabefacedbaddecaf888", nonce, sizeof nonce) == sizeof nonce);
    CHECK(from_hexadecimal("feedfacedeadbeeffeedfacedeadbeefabaddad2", associated, sizeof associated) == sizeof associated);
    CHECK(from_hexadecimal(
              "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
              plaintext, sizeof plaintext)
        == sizeof plaintext);
    CHECK(ps_platform_aes256_gcm_seal(key, nonce, associated, sizeof associated, plaintext, sizeof plaintext, output));
    CHECK(is_hexadecimal(
        output, sizeof output,
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"));
}

static void agreement_makes_a_new_key_each_time(void)
{
    uint8_t peer[PS_PUBLIC_KEY_SIZE];
    uint8_t first[PS_PUBLIC_KEY_SIZE];
    uint8_t second[PS_PUBLIC_KEY_SIZE];
    uint8_t shared[2][PS_SHARED_SIZE];

    CHECK(from_hexadecimal(
              "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
              peer, sizeof peer)
        == sizeof peer);
    CHECK(ps_platform_p256_agree(peer, first, shared[0]));
    CHECK(ps_platform_p256_agree(peer, second, shared[1]));
    CHECK(memcmp(first, second, sizeof first) != 0);
    /* The peer is the curve's generator, so the shared x coordinate is the ephemeral key's own. */
    CHECK(memcmp(first + 1, shared[0], PS_SHARED_SIZE) == 0);
    CHECK(memcmp(second + 1, shared[1], PS_SHARED_SIZE) == 0);
}

static void wiping_leaves_zeros(void)
{
    uint8_t bytes[64];
    uint8_t zeros[64] = {0};

    CHECK(ps_platform_random(bytes, sizeof bytes));
    CHECK(memcmp(bytes, zeros, sizeof bytes) != 0);
    ps_platform_wipe(bytes, sizeof bytes);
    CHECK(memcmp(bytes, zeros, sizeof bytes) == 0);
}

int main(void)
{
    sha256_and_hmac_give_known_values();
    aes_256_gcm_gives_the_known_ciphertext();
    agreement_makes_a_new_key_each_time();
    wiping_leaves_zeros();
    return checks_result();
}
