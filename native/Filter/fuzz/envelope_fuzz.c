/* Any bytes as the fields of a capture and as its key: what is sealed has the length that its fields make. */
#include <string.h>

#include "envelope.h"
#include "fuzz.h"

enum { FIXED_SIZE = PS_CAPTURE_ID_SIZE + 8 + 4 + 1 + 1 };

struct input {
    const uint8_t *bytes;
    size_t length;
};

/* The next text: its length in two bytes, then as much of it as there is. */
static struct ps_text take_text(struct input *input)
{
    struct ps_text text = {input->bytes, 0};

    if (input->length < 2)
        return text;
    size_t length = (input->bytes[0] | (size_t)input->bytes[1] << 8) % (PS_ACCOUNT_MAX + 2);
    input->bytes += 2;
    input->length -= 2;
    text.bytes = input->bytes;
    text.length = length < input->length ? length : input->length;
    input->bytes += text.length;
    input->length -= text.length;
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The generator of the curve: a point, for every input that does not alter it. */
    static const uint8_t generator[PS_PUBLIC_KEY_SIZE] = {
        0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
        0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
        0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
    struct ps_capture capture = {.encoding = PS_ENCODING_UTF8};
    static struct ps_envelope envelope;
    uint8_t key[PS_PUBLIC_KEY_SIZE];

    if (size < FIXED_SIZE)
        return 0;
    memcpy(capture.id, data, sizeof capture.id);
    memcpy(&capture.time, data + 16, sizeof capture.time);
    memcpy(&capture.rid, data + 24, sizeof capture.rid);
    if (data[28] & 1)
        capture.encoding = PS_ENCODING_UTF16;
    memcpy(key, generator, sizeof key);
    key[data[29] % PS_PUBLIC_KEY_SIZE] ^= data[29] & 0x80 ? data[29] & 0x7F : 0;
    struct input rest = {data + FIXED_SIZE, size - FIXED_SIZE};
    capture.cluster = take_text(&rest);
    capture.source = take_text(&rest);
    capture.host = take_text(&rest);
    capture.account = take_text(&rest);
    capture.password = take_text(&rest);
    if (ps_envelope_seal(&capture, key, &envelope) != PS_SEALED)
        return 0;
    size_t description = 33 + capture.cluster.length + capture.source.length + capture.host.length + capture.account.length;
    FUZZ_CHECK(envelope.length == 1125 + description && envelope.length <= PS_ENVELOPE_MAX);
    FUZZ_CHECK((envelope.bytes[18] | (size_t)envelope.bytes[19] << 8) == description);
    FUZZ_CHECK(memcmp(key, generator, sizeof key) == 0);
    return 0;
}
