/* passwordsync-samba-helper: Samba's `check password script` (docs/spec/handover.md). Takes the new password from standard input and the
   account from the environment, applies the complexity rule, seals the password and hands it to the edge. It refuses for the rule alone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "capture_file.h"
#include "complexity.h"
#include "drop.h"
#include "envelope.h"
#include "input.h"
#include "platform.h"
#include "process.h"
#include "report.h"
#include "socket.h"

/* How long Samba may take to write the password. It does so at once; this is for an overloaded machine. */
enum { PASSWORD_WAIT_MS_MAX = 3000 };

static uint8_t password_bytes[PS_PASSWORD_MAX];
static uint8_t capture_file_bytes[PS_CAPTURE_FILE_MAX];

static uint64_t now_since_1601(void)
{
    static const uint64_t seconds_from_1601_to_1970 = 11644473600;
    static const uint64_t intervals_per_second = 10000000;
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec + seconds_from_1601_to_1970) * intervals_per_second + (uint64_t)now.tv_nsec / 100;
}

/* A random UUID, version 4 of RFC 9562. */
static bool make_capture_id(uint8_t id[PS_CAPTURE_ID_SIZE])
{
    if (!ps_platform_random(id, PS_CAPTURE_ID_SIZE))
        return false;
    id[6] = (uint8_t)((id[6] & 0x0F) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3F) | 0x80);
    return true;
}

/* Reads the settings; false, after a report, if nothing can be captured. The rule in the settings is good in any case. */
static bool read_settings(const char *path, struct ps_text account, struct ps_capture_settings *settings)
{
    size_t length = 0;

    enum input_result result = input_read_file(path, capture_file_bytes, sizeof capture_file_bytes, &length);
    struct ps_text file = {capture_file_bytes, result == INPUT_READ ? length : 0};
    struct ps_capture_file_verdict verdict = ps_capture_file_read(file, settings);
    if (result == INPUT_FAILED)
        report(REPORT_ERROR, account, "not captured: capture file %s: %s", path, strerror(errno));
    else if (result == INPUT_UNTRUSTED)
        report(REPORT_ERROR, account, "not captured: capture file %s is not a regular file, or everybody may write it", path);
    else if (result == INPUT_TOO_LONG)
        report(REPORT_ERROR, account, "not captured: capture file %s is %s", path, ps_capture_file_words(PS_CAPTURE_FILE_TOO_LONG));
    else if (verdict.fault != PS_CAPTURE_FILE_PROPER)
        report(
            REPORT_ERROR, account, "not captured: capture file %s, line %u%s%s: %s", path, verdict.line, verdict.name == NULL ? "" : ", ",
            verdict.name == NULL ? "" : verdict.name, ps_capture_file_words(verdict.fault));
    else
        return true;
    return false;
}

/* Reads the password; false, after a report, if there is none that could be judged or captured. */
static bool read_password(struct ps_text account, struct ps_text *password)
{
    size_t length = 0;

    enum input_result result = input_read_password(
        STDIN_FILENO, deadline_in(PASSWORD_WAIT_MS_MAX), password_bytes, sizeof password_bytes, &length);
    *password = (struct ps_text){password_bytes, length};
    if (result == INPUT_FAILED)
        report(REPORT_ERROR, account, "not captured: the password could not be read: %s", strerror(errno));
    else if (result == INPUT_LATE)
        report(REPORT_ERROR, account, "not captured: the password did not come within %d ms", PASSWORD_WAIT_MS_MAX);
    else if (result == INPUT_TOO_LONG)
        report(REPORT_ERROR, account, "not captured: %s", ps_sealing_words(PS_SEALING_PASSWORD_TOO_LONG));
    else if (!ps_text_is_well_formed(*password))
        report(REPORT_ERROR, account, "not captured: %s", ps_sealing_words(PS_SEALING_PASSWORD_MALFORMED));
    else
        return true;
    return false;
}

/* Seals the password; false, after a report, if that is not possible. Nothing of the password is left in memory then, sealed or not. */
static bool seal_password(
    const struct ps_capture_settings *settings,
    struct ps_text account,
    struct ps_text password,
    struct ps_capture *capture,
    struct ps_envelope *envelope)
{
    *capture = (struct ps_capture){
        .time = now_since_1601(),
        .cluster = settings->cluster,
        .source = settings->source,
        .host = settings->host,
        .account = account,
        .encoding = PS_ENCODING_UTF8,
        .password = password};
    bool prepared = make_capture_id(capture->id) && arena_install();
    enum ps_sealing sealing = prepared ? ps_envelope_seal(capture, settings->public_key, envelope) : PS_SEALING_CRYPTOGRAPHY;
    arena_wipe();
    ps_platform_wipe(password_bytes, sizeof password_bytes);
    capture->password = ps_text_of("");
    if (!prepared)
        report(REPORT_ERROR, account, "not captured: the system gave no randomness or no memory");
    else if (sealing != PS_SEALED)
        report(REPORT_ERROR, account, "not captured: %s", ps_sealing_words(sealing));
    return sealing == PS_SEALED;
}

/* Of a capture that the edge does not have. */
static const char *words_of(enum socket_delivery delivery)
{
    switch (delivery) {
    case SOCKET_REFUSED:
        return "the edge refused it";
    case SOCKET_FAILED:
        return strerror(errno);
    case SOCKET_CLOSED:
        return "the edge closed the connection without an answer";
    default:
        return "the edge did not answer";
    }
}

static void hand_over(const struct ps_capture_settings *settings, const struct ps_capture *capture, const struct ps_envelope *envelope)
{
    enum socket_delivery delivery = socket_deliver(settings->socket, envelope, deadline_in(settings->wait_ms));
    if (delivery == SOCKET_TAKEN)
        return;
    const char *why = words_of(delivery);
    if (drop_write(settings->drop, capture->id, envelope))
        report(REPORT_WARNING, capture->account, "captured into the drop folder, since on the socket: %s", why);
    else
        report(REPORT_ERROR, capture->account, "not captured: on the socket: %s; in the drop folder: %s", why, strerror(errno));
}

int main(int argument_count, char **arguments)
{
    struct ps_capture_settings settings;
    struct ps_text password;
    struct ps_capture capture;
    struct ps_envelope envelope;

    process_protect();
    process_lock(password_bytes, sizeof password_bytes);
    const char *account_name = getenv("SAMBA_CPS_ACCOUNT_NAME");
    struct ps_text account = ps_text_of(account_name == NULL ? "" : account_name);
    bool can_capture = read_settings(argument_count > 1 ? arguments[1] : "", account, &settings);
    bool has_password = read_password(account, &password);
    enum ps_complexity complexity = has_password ? ps_complexity_judge(settings.rule, password, account) : PS_COMPLEXITY_AGREED;
    if (complexity != PS_COMPLEXITY_AGREED)
        report(REPORT_INFORMATION, account, "refused by the complexity rule");
    else if (can_capture && has_password && seal_password(&settings, account, password, &capture, &envelope))
        hand_over(&settings, &capture, &envelope);
    ps_platform_wipe(password_bytes, sizeof password_bytes);
    _exit(complexity == PS_COMPLEXITY_AGREED ? PROCESS_AGREES : PROCESS_REFUSES);
}
