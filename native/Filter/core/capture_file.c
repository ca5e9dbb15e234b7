#include "capture_file.h"

#include <string.h>

enum {
    KEY_DIGITS = 2 * PS_PUBLIC_KEY_SIZE,
    NUMBER_DIGITS_MAX = 4,
    NAMES = 9
};

struct named_value {
    const char *name;
    bool required;
    /* Takes the value over into the settings; false if it breaks the file's rules. A rule's value is then left as it was. */
    bool (*take)(struct ps_capture_settings *settings, struct ps_text value);
};

static bool take_cluster(struct ps_capture_settings *settings, struct ps_text value)
{
    settings->cluster = value;
    return ps_text_is_field(value, PS_CLUSTER_MAX);
}

static bool take_source(struct ps_capture_settings *settings, struct ps_text value)
{
    settings->source = value;
    return ps_text_is_source(value);
}

static bool take_host(struct ps_capture_settings *settings, struct ps_text value)
{
    settings->host = value;
    return ps_text_is_host(value);
}

static bool take_socket(struct ps_capture_settings *settings, struct ps_text value)
{
    settings->socket = value;
    return ps_text_is_field(value, PS_SOCKET_PATH_MAX);
}

static bool take_drop(struct ps_capture_settings *settings, struct ps_text value)
{
    settings->drop = value;
    return ps_text_is_field(value, PS_DROP_PATH_MAX);
}

/* The digit's value, or 16 if it is none. */
static unsigned hexadecimal(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - (unsigned)'0';
    if (digit >= 'a' && digit <= 'f')
        return digit - (unsigned)'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - (unsigned)'A' + 10;
    return 16;
}

static bool take_key(struct ps_capture_settings *settings, struct ps_text value)
{
    static const uint8_t uncompressed = 0x04;

    if (value.length != KEY_DIGITS)
        return false;
    for (size_t index = 0; index < PS_PUBLIC_KEY_SIZE; index++) {
        unsigned high = hexadecimal(value.bytes[2 * index]);
        unsigned low = hexadecimal(value.bytes[2 * index + 1]);
        if (high > 15 || low > 15)
            return false;
        settings->public_key[index] = (uint8_t)(high << 4 | low);
    }
    return settings->public_key[0] == uncompressed;
}

static bool read_number(struct ps_text value, uint32_t least, uint32_t most, uint32_t *number)
{
    uint32_t result = 0;

    if (value.length == 0 || value.length > NUMBER_DIGITS_MAX)
        return false;
    for (size_t index = 0; index < value.length; index++) {
        if (value.bytes[index] < '0' || value.bytes[index] > '9')
            return false;
        result = result * 10 + (value.bytes[index] - (uint32_t)'0');
    }
    if (result < least || result > most)
        return false;
    *number = result;
    return true;
}

static bool take_wait(struct ps_capture_settings *settings, struct ps_text value)
{
    return read_number(value, PS_WAIT_MS_MIN, PS_WAIT_MS_MAX, &settings->wait_ms);
}

static bool take_min_length(struct ps_capture_settings *settings, struct ps_text value)
{
    return read_number(value, 0, PS_MIN_LENGTH_MAX_CHARACTERS, &settings->rule.min_length);
}

static bool take_complexity(struct ps_capture_settings *settings, struct ps_text value)
{
    bool on = ps_text_equals(value, ps_text_of("on"));
    bool off = ps_text_equals(value, ps_text_of("off"));

    if (on || off)
        settings->rule.kinds = on;
    return on || off;
}

static const struct named_value named_values[NAMES] = {
    {"cluster", true, take_cluster},
    {"source", true, take_source},
    {"dc", true, take_host},
    {"key", true, take_key},
    {"socket", true, take_socket},
    {"drop", true, take_drop},
    {"wait-ms", false, take_wait},
    {"min-length", false, take_min_length},
    {"complexity", false, take_complexity}};

static struct ps_capture_file_verdict verdict_of(enum ps_capture_file_fault fault, unsigned line, const char *name)
{
    struct ps_capture_file_verdict verdict = {fault, line, name};
    return verdict;
}

/* Cuts the next line, without its LF, off the front of the rest. False if no LF is left. */
static bool cut_line(struct ps_text *rest, struct ps_text *line)
{
    const uint8_t *end = rest->length == 0 ? NULL : memchr(rest->bytes, '\n', rest->length);

    if (end == NULL)
        return false;
    line->bytes = rest->bytes;
    line->length = (size_t)(end - rest->bytes);
    rest->bytes = end + 1;
    rest->length -= line->length + 1;
    return true;
}

static struct ps_capture_file_verdict read_line(struct ps_text line, unsigned number, bool seen[NAMES], struct ps_capture_settings *settings)
{
    const uint8_t *space = line.length == 0 ? NULL : memchr(line.bytes, ' ', line.length);

    if (space == NULL || space == line.bytes || !ps_text_is_field(line, line.length))
        return verdict_of(PS_CAPTURE_FILE_BAD_LINE, number, NULL);
    struct ps_text name = {line.bytes, (size_t)(space - line.bytes)};
    struct ps_text value = {space + 1, line.length - name.length - 1};
    for (size_t index = 0; index < NAMES; index++) {
        const struct named_value *named = &named_values[index];
        if (!ps_text_equals(name, ps_text_of(named->name)))
            continue;
        if (seen[index])
            return verdict_of(PS_CAPTURE_FILE_REPEATED_NAME, number, named->name);
        seen[index] = true;
        if (!named->take(settings, value))
            return verdict_of(PS_CAPTURE_FILE_BAD_VALUE, number, named->name);
    }
    return verdict_of(PS_CAPTURE_FILE_PROPER, number, NULL);
}

static struct ps_capture_file_verdict missing_name(const bool seen[NAMES])
{
    for (size_t index = 0; index < NAMES; index++)
        if (named_values[index].required && !seen[index])
            return verdict_of(PS_CAPTURE_FILE_MISSING_NAME, 0, named_values[index].name);
    return verdict_of(PS_CAPTURE_FILE_PROPER, 0, NULL);
}

struct ps_capture_file_verdict ps_capture_file_read(struct ps_text file, struct ps_capture_settings *settings)
{
    struct ps_capture_file_verdict first = verdict_of(PS_CAPTURE_FILE_PROPER, 0, NULL);
    bool seen[NAMES] = {false};
    struct ps_text line;

    memset(settings, 0, sizeof *settings);
    settings->wait_ms = PS_WAIT_MS_DEFAULT;
    settings->rule = ps_complexity_default();
    if (file.length > PS_CAPTURE_FILE_MAX)
        return verdict_of(PS_CAPTURE_FILE_TOO_LONG, 0, NULL);
    if (!ps_text_is_well_formed(file))
        return verdict_of(PS_CAPTURE_FILE_NOT_TEXT, 0, NULL);
    if (!cut_line(&file, &line) || !ps_text_equals(line, ps_text_of("passwordsync-capture 1")))
        return verdict_of(PS_CAPTURE_FILE_UNKNOWN_FORMAT, 1, NULL);
    unsigned number = 2;
    for (; cut_line(&file, &line); number++) {
        struct ps_capture_file_verdict verdict = read_line(line, number, seen, settings);
        if (first.fault == PS_CAPTURE_FILE_PROPER)
            first = verdict;
    }
    if (first.fault == PS_CAPTURE_FILE_PROPER && file.length > 0)
        first = verdict_of(PS_CAPTURE_FILE_BAD_LINE, number, NULL);
    return first.fault == PS_CAPTURE_FILE_PROPER ? missing_name(seen) : first;
}

const char *ps_capture_file_words(enum ps_capture_file_fault fault)
{
    switch (fault) {
    case PS_CAPTURE_FILE_PROPER:
        return "proper";
    case PS_CAPTURE_FILE_TOO_LONG:
        return "longer than 8,192 bytes";
    case PS_CAPTURE_FILE_NOT_TEXT:
        return "not UTF-8";
    case PS_CAPTURE_FILE_UNKNOWN_FORMAT:
        return "does not begin with the line 'passwordsync-capture 1'";
    case PS_CAPTURE_FILE_BAD_LINE:
        return "a line is not a name, a space and a value, ended by LF";
    case PS_CAPTURE_FILE_REPEATED_NAME:
        return "a name stands twice";
    case PS_CAPTURE_FILE_BAD_VALUE:
        return "a value is outside its bounds";
    case PS_CAPTURE_FILE_MISSING_NAME:
        return "a required name is missing";
    }
    return "unreachable";
}
