/* Text of the specifications: UTF-8 without a terminator, with its length beside it. */
#ifndef PASSWORDSYNC_TEXT_H
#define PASSWORDSYNC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's bytes; owns nothing and lives no longer than what it points into. */
struct ps_text {
    const uint8_t *bytes;
    size_t length;
};

/* The text of a C string, without its terminator. */
struct ps_text ps_text_of(const char *terminated);

/* Whether both hold the same bytes. */
bool ps_text_equals(struct ps_text left, struct ps_text right);

/* Decodes the character that begins at *offset and moves *offset behind it. False, with *offset unchanged, at the end of
   the text and where the bytes are not well-formed UTF-8 (Unicode 15, table 3-7: no overlong form, no surrogate, nothing
   above U+10FFFF). */
bool ps_text_next(struct ps_text text, size_t *offset, uint32_t *code_point);

/* Whether the whole text is well-formed UTF-8. */
bool ps_text_is_well_formed(struct ps_text text);

/* Whether the text may stand in a description (docs/spec/envelope.md): 1 to `longest` bytes of well-formed UTF-8 without
   characters below U+0020 and without U+007F. */
bool ps_text_is_field(struct ps_text text, size_t longest);

/* Whether the text may stand there as the name of a source: a field of lower-case letters, digits, dots and hyphens that begins with a
   letter or a digit. */
bool ps_text_is_source(struct ps_text text);

/* Whether the text may stand there as the DNS host name of a domain controller: a field without ASCII capitals. */
bool ps_text_is_host(struct ps_text text);

#endif
