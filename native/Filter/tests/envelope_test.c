#include "check.h"
#include "envelope.h"
#include "platform.h"

static uint8_t long_bytes[2048];

static const char key_digits[]
    = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

static struct ps_capture proper_capture(void)
{
    struct ps_capture capture = {
        .id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
        .time = 0x0102030405060708,
        .rid = 0x0A0B0C0D,
        .cluster = ps_text_of("c"),
        .source = ps_text_of("so"),
        .host = ps_text_of("hos"),
        .account = ps_text_of("acco"),
        .encoding = PS_ENCODING_UTF8,
        .password = ps_text_of("Passw0rd")};
    return capture;
}

static enum ps_sealing seal(const struct ps_capture *capture, struct ps_envelope *envelope)
{
    uint8_t key[PS_PUBLIC_KEY_SIZE];

    CHECK(from_hexadecimal(key_digits, key, sizeof key) == sizeof key);
    return ps_envelope_seal(capture, key, envelope);
}

static void header_is_laid_out_as_specified(void)
{
    struct ps_capture capture = proper_capture();
    struct ps_envelope envelope;
    uint8_t key[PS_PUBLIC_KEY_SIZE];
    uint8_t digest[PS_SHA256_SIZE];

    CHECK(seal(&capture, &envelope) == PS_SEALED);
    CHECK(from_hexadecimal(key_digits, key, sizeof key) == sizeof key);
    CHECK(ps_platform_sha256(key, sizeof key, digest));
    CHECK(is_hexadecimal(envelope.bytes, 2, "0101"));
    CHECK(memcmp(envelope.bytes + 2, digest, PS_KEY_ID_SIZE) == 0);
    CHECK(is_hexadecimal(
        envelope.bytes + 18, 45,
        "2b00" "0102030405060708090a0b0c0d0e0f10" "0807060504030201" "0d0c0b0a" "0163" "02736f" "03686f73" "04006163636f"));
    CHECK(envelope.bytes[63] == 0x04);
    CHECK(envelope.length == 1125 + 43);
}

static void two_envelopes_of_one_capture_share_only_their_headers(void)
{
    struct ps_capture capture = proper_capture();
    struct ps_envelope first;
    struct ps_envelope second;

    CHECK(seal(&capture, &first) == PS_SEALED);
    CHECK(seal(&capture, &second) == PS_SEALED);
    CHECK(memcmp(first.bytes, second.bytes, 63) == 0);
    CHECK(memcmp(first.bytes + 64, second.bytes + 64, 64) != 0);
    CHECK(memcmp(first.bytes + 128, second.bytes + 128, PS_CIPHERTEXT_SIZE) != 0);
}

static void longest_fields_fill_the_longest_envelope(void)
{
    struct ps_capture capture = proper_capture();
    struct ps_envelope envelope;

    memset(long_bytes, 'a', sizeof long_bytes);
    capture.cluster = (struct ps_text){long_bytes, PS_CLUSTER_MAX};
    capture.source = (struct ps_text){long_bytes, PS_SOURCE_MAX};
    capture.host = (struct ps_text){long_bytes, PS_HOST_MAX};
    capture.account = (struct ps_text){long_bytes, PS_ACCOUNT_MAX};
    capture.password = (struct ps_text){long_bytes, PS_PASSWORD_MAX};
    CHECK(seal(&capture, &envelope) == PS_SEALED);
    CHECK(envelope.length == 2564);
    CHECK(PS_ENVELOPE_MAX == 2564);
    capture.password.length++;
    CHECK(seal(&capture, &envelope) == PS_SEALING_PASSWORD_TOO_LONG);
}

static void fields_outside_their_bounds_are_refused(void)
{
    const struct ps_text bad[] = {ps_text_of(""), {long_bytes, PS_ACCOUNT_MAX + 1}, ps_text_of("a\nb"), ps_text_of("\xED\xA0\x80")};
    struct ps_envelope envelope;

    memset(long_bytes, 'a', sizeof long_bytes);
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        for (size_t field = 0; field < 4; field++) {
            struct ps_capture capture = proper_capture();
            struct ps_text *fields[] = {&capture.cluster, &capture.source, &capture.host, &capture.account};
            *fields[field] = bad[index];
            CHECK(seal(&capture, &envelope) == PS_SEALING_BAD_DESCRIPTION);
        }
    }
    struct ps_capture no_id = proper_capture();
    memset(no_id.id, 0, sizeof no_id.id);
    CHECK(seal(&no_id, &envelope) == PS_SEALING_BAD_DESCRIPTION);
    struct ps_capture too_late = proper_capture();
    too_late.time = 2650467744000000000;
    CHECK(seal(&too_late, &envelope) == PS_SEALING_BAD_DESCRIPTION);
    too_late.time--;
    CHECK(seal(&too_late, &envelope) == PS_SEALED);
}

static void malformed_passwords_are_refused(void)
{
    struct ps_capture capture = proper_capture();
    struct ps_envelope envelope;

    capture.password = ps_text_of("\xC3");
    CHECK(seal(&capture, &envelope) == PS_SEALING_PASSWORD_MALFORMED);
    capture.password = ps_text_of("");
    CHECK(seal(&capture, &envelope) == PS_SEALED);
    capture.encoding = PS_ENCODING_UTF16;
    capture.password = ps_text_of("\xC3");
    CHECK(seal(&capture, &envelope) == PS_SEALING_PASSWORD_MALFORMED);
    capture.password = ps_text_of("\x3D\xD8");
    CHECK(seal(&capture, &envelope) == PS_SEALED);
}

static void a_key_off_the_curve_is_refused(void)
{
    struct ps_capture capture = proper_capture();
    struct ps_envelope envelope;
    uint8_t key[PS_PUBLIC_KEY_SIZE];

    CHECK(from_hexadecimal(key_digits, key, sizeof key) == sizeof key);
    key[PS_PUBLIC_KEY_SIZE - 1] ^= 1;
    CHECK(ps_envelope_seal(&capture, key, &envelope) == PS_SEALING_CRYPTOGRAPHY);
}

int main(void)
{
    header_is_laid_out_as_specified();
    two_envelopes_of_one_capture_share_only_their_headers();
    longest_fields_fill_the_longest_envelope();
    fields_outside_their_bounds_are_refused();
    malformed_passwords_are_refused();
    a_key_off_the_curve_is_refused();
    return checks_result();
}
