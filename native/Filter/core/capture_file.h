/* The capture file of docs/spec/handover.md, which tells the capturing process for whom, to which key and where to. */
#ifndef PASSWORDSYNC_CAPTURE_FILE_H
#define PASSWORDSYNC_CAPTURE_FILE_H

#include "complexity.h"
#include "limits.h"
#include "text.h"

/* What the file says; its texts point into the file's bytes. */
struct ps_capture_settings {
    struct ps_text cluster;
    struct ps_text source;
    struct ps_text host;
    struct ps_text socket;
    struct ps_text drop;
    uint8_t public_key[PS_PUBLIC_KEY_SIZE];
    uint32_t wait_ms;
    struct ps_complexity_rule rule;
};

enum ps_capture_file_fault {
    PS_CAPTURE_FILE_PROPER,
    PS_CAPTURE_FILE_TOO_LONG,
    PS_CAPTURE_FILE_NOT_TEXT,
    PS_CAPTURE_FILE_UNKNOWN_FORMAT,
    PS_CAPTURE_FILE_BAD_LINE,
    PS_CAPTURE_FILE_REPEATED_NAME,
    PS_CAPTURE_FILE_BAD_VALUE,
    PS_CAPTURE_FILE_MISSING_NAME
};

/* The first fault found, the line it is in (from 1; 0 where no line is to blame) and the name it concerns, if any. */
struct ps_capture_file_verdict {
    enum ps_capture_file_fault fault;
    unsigned line;
    const char *name;
};

/* Reads a whole capture file. Only if the verdict is PS_CAPTURE_FILE_PROPER may the settings be used to capture; their
   rule is good in any case: the values that the file gives properly, the defaults for the rest. */
struct ps_capture_file_verdict ps_capture_file_read(struct ps_text file, struct ps_capture_settings *settings);

/* The fault in words, for a report. */
const char *ps_capture_file_words(enum ps_capture_file_fault fault);

#endif
