/* Seals what tests/vectors/envelope-sealing.json gives, under the ephemeral key that it gives, so that the test can compare byte by byte.
   Each line of standard input is one vector: eleven fields, separated by a space, all hexadecimal except the two numbers, `-` for no bytes:
   ephemeral private key, public key, capture id, capture time, RID, cluster, source, DC, account name, encoding (1 or 2), password.
   Each line of standard output is the envelope in hexadecimal, or the words of the refusal. */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"
#include "crypto_openssl.h"
#include "envelope.h"

enum { FIELDS = 11, LINE_LENGTH_MAX = 16384, BYTES_MAX = 2048 };

static uint8_t ephemeral_private[CRYPTO_PRIVATE_KEY_SIZE];

/* In the place of linux/crypto_ephemeral.c. */
bool ps_platform_p256_agree(const uint8_t peer[PS_PUBLIC_KEY_SIZE], uint8_t ephemeral[PS_PUBLIC_KEY_SIZE], uint8_t shared[PS_SHARED_SIZE])
{
    return crypto_p256_agree_with(ephemeral_private, peer, ephemeral, shared);
}

static struct ps_text decode(const char *digits, uint8_t buffer[BYTES_MAX])
{
    struct ps_text text = {buffer, from_hexadecimal(digits, buffer, BYTES_MAX)};
    return text;
}

static bool split(char *line, char *fields[FIELDS])
{
    char *position = NULL;

    line[strcspn(line, "\n")] = '\0';
    for (size_t index = 0; index < FIELDS; index++) {
        fields[index] = strtok_r(index == 0 ? line : NULL, " ", &position);
        if (fields[index] == NULL)
            return false;
    }
    return true;
}

int main(void)
{
    static char line[LINE_LENGTH_MAX];
    static uint8_t texts[5][BYTES_MAX];
    static struct ps_envelope envelope;
    uint8_t public_key[PS_PUBLIC_KEY_SIZE];
    struct ps_capture capture;
    char *fields[FIELDS];

    while (fgets(line, sizeof line, stdin) != NULL) {
        if (!split(line, fields) || from_hexadecimal(fields[0], ephemeral_private, sizeof ephemeral_private) != sizeof ephemeral_private
            || from_hexadecimal(fields[1], public_key, sizeof public_key) != sizeof public_key
            || from_hexadecimal(fields[2], capture.id, sizeof capture.id) != sizeof capture.id)
            return 2;
        capture.time = strtoull(fields[3], NULL, 10);
        capture.rid = (uint32_t)strtoul(fields[4], NULL, 10);
        capture.cluster = decode(fields[5], texts[0]);
        capture.source = decode(fields[6], texts[1]);
        capture.host = decode(fields[7], texts[2]);
        capture.account = decode(fields[8], texts[3]);
        capture.encoding = strcmp(fields[9], "1") == 0 ? PS_ENCODING_UTF16 : PS_ENCODING_UTF8;
        capture.password = decode(fields[10], texts[4]);
        enum ps_sealing sealing = ps_envelope_seal(&capture, public_key, &envelope);
        if (sealing == PS_SEALED)
            for (size_t index = 0; index < envelope.length; index++)
                (void)printf("%02x", envelope.bytes[index]);
        (void)printf("%s\n", sealing == PS_SEALED ? "" : ps_sealing_words(sealing));
    }
    return 0;
}
