/* Any bytes as a capture file: what is accepted keeps its bounds, and the rule is good in any case. */
#include "capture_file.h"
#include "fuzz.h"

static void check_inside(struct ps_text text, const uint8_t *data, size_t size, size_t longest)
{
    FUZZ_CHECK(text.length >= 1 && text.length <= longest);
    FUZZ_CHECK(text.bytes >= data && text.bytes + text.length <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_capture_settings settings;

    struct ps_capture_file_verdict verdict = ps_capture_file_read((struct ps_text){data, size}, &settings);
    FUZZ_CHECK(settings.rule.min_length <= PS_MIN_LENGTH_MAX_CHARACTERS);
    FUZZ_CHECK(ps_capture_file_words(verdict.fault)[0] != '\0');
    if (verdict.fault != PS_CAPTURE_FILE_PROPER)
        return 0;
    check_inside(settings.cluster, data, size, PS_CLUSTER_MAX);
    check_inside(settings.source, data, size, PS_SOURCE_MAX);
    check_inside(settings.host, data, size, PS_HOST_MAX);
    check_inside(settings.socket, data, size, PS_SOCKET_PATH_MAX);
    check_inside(settings.drop, data, size, PS_DROP_PATH_MAX);
    FUZZ_CHECK(settings.wait_ms >= PS_WAIT_MS_MIN && settings.wait_ms <= PS_WAIT_MS_MAX);
    FUZZ_CHECK(settings.public_key[0] == 0x04);
    return 0;
}
