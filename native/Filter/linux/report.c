#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "limits.h"

enum {
    LINE_MAX_BYTES = 1536,
    FACILITY_DAEMON = 3,
    FACILITY_SHIFT = 3
};

const char *report_log_path = "/dev/log";

/* RFC 3164's form without a time, which the log daemon then adds. One datagram, lost if the daemon is not there or busy. */
static void send_to_system_log(enum report_severity severity, const char *line)
{
    char datagram[LINE_MAX_BYTES + 64];
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    int length = snprintf(
        datagram, sizeof datagram, "<%d>passwordsync-samba-helper[%d]: %s", FACILITY_DAEMON << FACILITY_SHIFT | (int)severity, (int)getpid(), line);
    if (length < 0 || (size_t)length >= sizeof datagram || strlen(report_log_path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, report_log_path, strlen(report_log_path) + 1);
    int log = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (log < 0)
        return;
    (void)sendto(log, datagram, (size_t)length, MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof address);
    (void)close(log);
}

void report(enum report_severity severity, struct ps_text account, const char *format, ...)
{
    char message[LINE_MAX_BYTES / 3];
    char line[LINE_MAX_BYTES];
    bool nameable = ps_text_is_field(account, PS_ACCOUNT_MAX);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)snprintf(line, sizeof line, "%.*s: %s", nameable ? (int)account.length : 7, nameable ? (const char *)account.bytes : "account", message);
    (void)dprintf(STDERR_FILENO, "passwordsync-samba-helper: %s\n", line);
    send_to_system_log(severity, line);
}
