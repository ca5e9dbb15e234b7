/* Tells an administrator what happened: one line on standard error, which Samba logs at level 100 only, and the same line to
   the system's log. Never blocks for long and never fails loudly. Takes no password: nothing here may ever be given one. */
#ifndef PASSWORDSYNC_REPORT_H
#define PASSWORDSYNC_REPORT_H

#include "text.h"

enum report_severity {
    REPORT_ERROR = 3,
    REPORT_WARNING = 4,
    REPORT_INFORMATION = 6
};

/* The socket of the system's log, for which a test may put its own. */
extern const char *report_log_path;

/* Reports "<program>: <account>: <format...>". An account's name that is not a proper field (1 to 1,024 bytes of UTF-8 without
   control characters) is not shown. A line longer than 1,535 bytes is cut. */
void report(enum report_severity severity, struct ps_text account, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
