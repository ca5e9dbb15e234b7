/* The envelope of docs/spec/envelope.md, format 1, sealer's side. */
#ifndef PASSWORDSYNC_ENVELOPE_H
#define PASSWORDSYNC_ENVELOPE_H

#include "limits.h"
#include "text.h"

/* How the password's bytes are encoded. */
enum ps_encoding {
    PS_ENCODING_UTF16 = 1,
    PS_ENCODING_UTF8 = 2
};

/* One observed password change. Its texts and its password stay the caller's, who wipes the password. */
struct ps_capture {
    uint8_t id[PS_CAPTURE_ID_SIZE];
    /* 100 ns intervals since 1601-01-01 00:00 UTC, at most to the end of the year 9999. */
    uint64_t time;
    /* The account's relative id; 0 where the hook gives none. */
    uint32_t rid;
    struct ps_text cluster;
    struct ps_text source;
    struct ps_text host;
    struct ps_text account;
    enum ps_encoding encoding;
    struct ps_text password;
};

struct ps_envelope {
    uint8_t bytes[PS_ENVELOPE_MAX];
    size_t length;
};

enum ps_sealing {
    PS_SEALED,
    /* A field of the description is outside its bounds or not proper text, or the capture id is all zero. */
    PS_SEALING_BAD_DESCRIPTION,
    /* More than 1,021 bytes. */
    PS_SEALING_PASSWORD_TOO_LONG,
    /* Not well-formed in its encoding. */
    PS_SEALING_PASSWORD_MALFORMED,
    /* The public key is not a point of the curve, or the platform's cryptography failed. */
    PS_SEALING_CRYPTOGRAPHY
};

/* Seals the capture to the cluster's public key, an uncompressed P-256 point. The envelope may be used only if the answer
   is PS_SEALED. Every copy of the password and every derived secret is wiped before it returns. */
enum ps_sealing ps_envelope_seal(
    const struct ps_capture *capture,
    const uint8_t public_key[PS_PUBLIC_KEY_SIZE],
    struct ps_envelope *envelope);

/* The answer in words, for a report. */
const char *ps_sealing_words(enum ps_sealing sealing);

#endif
