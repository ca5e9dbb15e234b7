#include "envelope.h"

#include "hpke.h"
#include "writer.h"

enum {
    FORMAT = 1,
    SUITE = 1,
    DESCRIPTION_LENGTH_OFFSET = 18
};

/* The end of the year 9999. */
static const uint64_t capture_time_max = 2650467743999999999;

static const char info[] = "passwordsync/envelope/1";

static bool id_is_zero(const uint8_t id[PS_CAPTURE_ID_SIZE])
{
    uint8_t any = 0;

    for (size_t index = 0; index < PS_CAPTURE_ID_SIZE; index++)
        any |= id[index];
    return any == 0;
}

static bool description_is_proper(const struct ps_capture *capture)
{
    return !id_is_zero(capture->id)
        && capture->time <= capture_time_max
        && ps_text_is_field(capture->cluster, PS_CLUSTER_MAX)
        && ps_text_is_source(capture->source)
        && ps_text_is_host(capture->host)
        && ps_text_is_field(capture->account, PS_ACCOUNT_MAX);
}

static bool password_is_proper(const struct ps_capture *capture)
{
    return capture->encoding == PS_ENCODING_UTF8 ? ps_text_is_well_formed(capture->password) : capture->password.length % 2 == 0;
}

static void write_description(struct ps_writer *writer, const struct ps_capture *capture)
{
    ps_write(writer, capture->id, sizeof capture->id);
    ps_write_little_endian(writer, capture->time, 8);
    ps_write_little_endian(writer, capture->rid, 4);
    ps_write_little_endian(writer, capture->cluster.length, 1);
    ps_write_text(writer, capture->cluster);
    ps_write_little_endian(writer, capture->source.length, 1);
    ps_write_text(writer, capture->source);
    ps_write_little_endian(writer, capture->host.length, 1);
    ps_write_text(writer, capture->host);
    ps_write_little_endian(writer, capture->account.length, 2);
    ps_write_text(writer, capture->account);
}

/* Everything before the encapsulated key, which is the associated data. */
static bool write_header(struct ps_writer *writer, const struct ps_capture *capture, const uint8_t public_key[PS_PUBLIC_KEY_SIZE])
{
    uint8_t digest[PS_SHA256_SIZE];

    if (!ps_platform_sha256(public_key, PS_PUBLIC_KEY_SIZE, digest))
        return false;
    ps_write_little_endian(writer, FORMAT, 1);
    ps_write_little_endian(writer, SUITE, 1);
    ps_write(writer, digest, PS_KEY_ID_SIZE);
    ps_write_little_endian(writer, 0, 2);
    write_description(writer, capture);
    size_t description_length = writer->length - PS_HEADER_SIZE;
    writer->bytes[DESCRIPTION_LENGTH_OFFSET] = (uint8_t)description_length;
    writer->bytes[DESCRIPTION_LENGTH_OFFSET + 1] = (uint8_t)(description_length >> 8);
    return !writer->overflow;
}

static bool seal_behind(struct ps_writer *writer, const struct ps_capture *capture, const uint8_t public_key[PS_PUBLIC_KEY_SIZE])
{
    uint8_t plaintext[PS_PLAINTEXT_SIZE] = {0};
    struct ps_writer padded = ps_writer_over(plaintext, sizeof plaintext);
    struct ps_text associated = {writer->bytes, writer->length};
    uint8_t *encapsulated = writer->bytes + writer->length;

    ps_write_little_endian(&padded, capture->encoding, 1);
    ps_write_little_endian(&padded, capture->password.length, 2);
    ps_write_text(&padded, capture->password);
    bool sealed = !padded.overflow
        && ps_hpke_seal(
            public_key, ps_text_of(info), associated, (struct ps_text){plaintext, sizeof plaintext}, encapsulated, encapsulated + PS_PUBLIC_KEY_SIZE);
    ps_platform_wipe(plaintext, sizeof plaintext);
    writer->length += PS_PUBLIC_KEY_SIZE + PS_CIPHERTEXT_SIZE;
    return sealed;
}

enum ps_sealing ps_envelope_seal(
    const struct ps_capture *capture,
    const uint8_t public_key[PS_PUBLIC_KEY_SIZE],
    struct ps_envelope *envelope)
{
    /* What remains behind it in the envelope is exactly what seal_behind writes. */
    struct ps_writer writer = ps_writer_over(envelope->bytes, PS_HEADER_SIZE + PS_DESCRIPTION_MAX);

    if (!description_is_proper(capture))
        return PS_SEALING_BAD_DESCRIPTION;
    if (capture->password.length > PS_PASSWORD_MAX)
        return PS_SEALING_PASSWORD_TOO_LONG;
    if (!password_is_proper(capture))
        return PS_SEALING_PASSWORD_MALFORMED;
    if (!write_header(&writer, capture, public_key) || !seal_behind(&writer, capture, public_key))
        return PS_SEALING_CRYPTOGRAPHY;
    envelope->length = writer.length;
    return PS_SEALED;
}

const char *ps_sealing_words(enum ps_sealing sealing)
{
    switch (sealing) {
    case PS_SEALED:
        return "sealed";
    case PS_SEALING_BAD_DESCRIPTION:
        return "the account's name is empty, longer than 1,024 bytes, not UTF-8, or holds control characters";
    case PS_SEALING_PASSWORD_TOO_LONG:
        return "the password is longer than 1,021 bytes";
    case PS_SEALING_PASSWORD_MALFORMED:
        return "the password is not UTF-8";
    case PS_SEALING_CRYPTOGRAPHY:
        return "it could not be sealed: is the key of the capture file a point of P-256?";
    }
    return "unreachable";
}
