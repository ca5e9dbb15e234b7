#include "capture_file.h"
#include "check.h"

#define FIRST "passwordsync-capture 1\n"
#define KEY "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define REQUIRED "cluster Main Cluster\nsource corp.example.test\ndc dc1.corp.example.test\nkey " KEY "\nsocket /run/edge/a b\ndrop /var/drop\n"

struct row {
    const char *file;
    enum ps_capture_file_fault fault;
    unsigned line;
    const char *name;
};

static const struct row rows[] = {
    {FIRST REQUIRED, PS_CAPTURE_FILE_PROPER, 0, NULL},
    {FIRST REQUIRED "unknown\xC3\xA9 value\n", PS_CAPTURE_FILE_PROPER, 0, NULL},
    {FIRST REQUIRED "wait-ms 1\nmin-length 0\ncomplexity off\n", PS_CAPTURE_FILE_PROPER, 0, NULL},
    {FIRST REQUIRED "wait-ms 5000\nmin-length 128\ncomplexity on\n", PS_CAPTURE_FILE_PROPER, 0, NULL},
    {"", PS_CAPTURE_FILE_UNKNOWN_FORMAT, 1, NULL},
    {"\n", PS_CAPTURE_FILE_UNKNOWN_FORMAT, 1, NULL},
    {"passwordsync-capture 2\n" REQUIRED, PS_CAPTURE_FILE_UNKNOWN_FORMAT, 1, NULL},
    {"passwordsync-capture 1", PS_CAPTURE_FILE_UNKNOWN_FORMAT, 1, NULL},
    {"passwordsync-capture 1\r\n" REQUIRED, PS_CAPTURE_FILE_UNKNOWN_FORMAT, 1, NULL},
    {FIRST REQUIRED "\xFF x\n", PS_CAPTURE_FILE_NOT_TEXT, 0, NULL},
    {FIRST REQUIRED "\n", PS_CAPTURE_FILE_BAD_LINE, 8, NULL},
    {FIRST REQUIRED "lonely\n", PS_CAPTURE_FILE_BAD_LINE, 8, NULL},
    {FIRST REQUIRED " x\n", PS_CAPTURE_FILE_BAD_LINE, 8, NULL},
    {FIRST REQUIRED "x a\tb\n", PS_CAPTURE_FILE_BAD_LINE, 8, NULL},
    {FIRST REQUIRED "x y\r\n", PS_CAPTURE_FILE_BAD_LINE, 8, NULL},
    {FIRST REQUIRED "wait-ms 9", PS_CAPTURE_FILE_BAD_LINE, 8, NULL},
    {FIRST "cluster a\n" REQUIRED, PS_CAPTURE_FILE_REPEATED_NAME, 3, "cluster"},
    {FIRST REQUIRED "wait-ms 9\nwait-ms 9\n", PS_CAPTURE_FILE_REPEATED_NAME, 9, "wait-ms"},
    {FIRST REQUIRED "wait-ms 0\n", PS_CAPTURE_FILE_BAD_VALUE, 8, "wait-ms"},
    {FIRST REQUIRED "wait-ms 5001\n", PS_CAPTURE_FILE_BAD_VALUE, 8, "wait-ms"},
    {FIRST REQUIRED "wait-ms 00005\n", PS_CAPTURE_FILE_BAD_VALUE, 8, "wait-ms"},
    {FIRST REQUIRED "wait-ms +5\n", PS_CAPTURE_FILE_BAD_VALUE, 8, "wait-ms"},
    {FIRST REQUIRED "wait-ms  5\n", PS_CAPTURE_FILE_BAD_VALUE, 8, "wait-ms"},
    {FIRST REQUIRED "wait-ms \n", PS_CAPTURE_FILE_BAD_VALUE, 8, "wait-ms"},
    {FIRST REQUIRED "min-length 129\n", PS_CAPTURE_FILE_BAD_VALUE, 8, "min-length"},
    {FIRST REQUIRED "complexity On\n", PS_CAPTURE_FILE_BAD_VALUE, 8, "complexity"},
    {FIRST "cluster \n", PS_CAPTURE_FILE_BAD_VALUE, 2, "cluster"},
    {FIRST "source Corp\n", PS_CAPTURE_FILE_BAD_VALUE, 2, "source"},
    {FIRST "dc DC1\n", PS_CAPTURE_FILE_BAD_VALUE, 2, "dc"},
    {FIRST "key 04\n", PS_CAPTURE_FILE_BAD_VALUE, 2, "key"},
    {FIRST "key x" KEY "\n", PS_CAPTURE_FILE_BAD_VALUE, 2, "key"},
    {FIRST "key 05" KEY "\n", PS_CAPTURE_FILE_BAD_VALUE, 2, "key"},
    {FIRST "drop d\n", PS_CAPTURE_FILE_MISSING_NAME, 0, "cluster"},
    {FIRST, PS_CAPTURE_FILE_MISSING_NAME, 0, "cluster"}};

static struct ps_capture_file_verdict verdict_on(const char *file, struct ps_capture_settings *settings)
{
    return ps_capture_file_read(ps_text_of(file), settings);
}

static void every_row_has_the_expected_verdict(void)
{
    struct ps_capture_settings settings;

    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_capture_file_verdict verdict = verdict_on(rows[index].file, &settings);
        bool same_name = verdict.name == rows[index].name
            || (verdict.name != NULL && rows[index].name != NULL && strcmp(verdict.name, rows[index].name) == 0);
        bool same = verdict.fault == rows[index].fault && verdict.line == rows[index].line && same_name;
        if (!same)
            (void)fprintf(stderr, "row %zu: %s, line %u\n", index, ps_capture_file_words(verdict.fault), verdict.line);
        CHECK(same);
    }
}

static void values_are_taken_over(void)
{
    struct ps_capture_settings settings;

    CHECK(verdict_on(FIRST REQUIRED "min-length 12\nwait-ms 0250\ncomplexity off\n", &settings).fault == PS_CAPTURE_FILE_PROPER);
    CHECK(ps_text_equals(settings.cluster, ps_text_of("Main Cluster")));
    CHECK(ps_text_equals(settings.source, ps_text_of("corp.example.test")));
    CHECK(ps_text_equals(settings.host, ps_text_of("dc1.corp.example.test")));
    CHECK(ps_text_equals(settings.socket, ps_text_of("/run/edge/a b")));
    CHECK(ps_text_equals(settings.drop, ps_text_of("/var/drop")));
    CHECK(is_hexadecimal(settings.public_key, sizeof settings.public_key, KEY));
    CHECK(settings.wait_ms == 250);
    CHECK(settings.rule.min_length == 12);
    CHECK(!settings.rule.kinds);
}

static void defaults_hold_where_nothing_is_said(void)
{
    struct ps_capture_settings settings;

    CHECK(verdict_on(FIRST REQUIRED, &settings).fault == PS_CAPTURE_FILE_PROPER);
    CHECK(settings.wait_ms == 200);
    CHECK(settings.rule.min_length == 7);
    CHECK(settings.rule.kinds);
}

static void the_rule_holds_in_a_bad_file_too(void)
{
    struct ps_capture_settings settings;

    CHECK(verdict_on(FIRST "key bad\nmin-length 3\ncomplexity off\n", &settings).fault == PS_CAPTURE_FILE_BAD_VALUE);
    CHECK(settings.rule.min_length == 3);
    CHECK(!settings.rule.kinds);
    CHECK(verdict_on(FIRST "min-length 999\ncomplexity maybe\n", &settings).fault == PS_CAPTURE_FILE_BAD_VALUE);
    CHECK(settings.rule.min_length == 7);
    CHECK(settings.rule.kinds);
    CHECK(verdict_on("passwordsync-capture 2\nmin-length 3\n", &settings).fault == PS_CAPTURE_FILE_UNKNOWN_FORMAT);
    CHECK(settings.rule.min_length == 7);
}

static void the_longest_values_fit_and_longer_ones_do_not(void)
{
    static const struct {
        const char *name;
        size_t longest;
    } bounds[] = {{"cluster", 64}, {"source", 63}, {"dc", 255}, {"socket", 107}, {"drop", 1023}};
    struct ps_capture_settings settings;
    char file[2048];

    for (size_t index = 0; index < sizeof bounds / sizeof bounds[0]; index++) {
        for (size_t excess = 0; excess < 2; excess++) {
            int written = snprintf(file, sizeof file, FIRST "%s ", bounds[index].name);
            memset(file + written, 'a', bounds[index].longest + excess);
            strcpy(file + (size_t)written + bounds[index].longest + excess, "\n");
            bool fits = verdict_on(file, &settings).fault == PS_CAPTURE_FILE_MISSING_NAME;
            CHECK(fits == (excess == 0));
        }
    }
}

static void a_file_of_8192_bytes_is_read_and_a_longer_one_is_not(void)
{
    static char file[PS_CAPTURE_FILE_MAX + 2];
    struct ps_capture_settings settings;
    size_t used = strlen(FIRST REQUIRED);

    strcpy(file, FIRST REQUIRED);
    memset(file + used, 'x', sizeof file - used - 1);
    file[used + 1] = ' ';
    file[PS_CAPTURE_FILE_MAX - 1] = '\n';
    CHECK(ps_capture_file_read((struct ps_text){(uint8_t *)file, PS_CAPTURE_FILE_MAX}, &settings).fault == PS_CAPTURE_FILE_PROPER);
    CHECK(ps_capture_file_read((struct ps_text){(uint8_t *)file, PS_CAPTURE_FILE_MAX + 1}, &settings).fault == PS_CAPTURE_FILE_TOO_LONG);
}

int main(void)
{
    every_row_has_the_expected_verdict();
    values_are_taken_over();
    defaults_hold_where_nothing_is_said();
    the_rule_holds_in_a_bad_file_too();
    the_longest_values_fit_and_longer_ones_do_not();
    a_file_of_8192_bytes_is_read_and_a_longer_one_is_not();
    return checks_result();
}
