/* Upper and lower case of single characters, without a locale: the characters that have a case in Samba, and Unicode's simple mappings. */
#ifndef PASSWORDSYNC_LETTER_CASE_H
#define PASSWORDSYNC_LETTER_CASE_H

#include <stdint.h>

/* The character's lower-case form; the character itself if it has none. */
uint32_t ps_letter_to_lower(uint32_t code_point);

/* The character's upper-case form; the character itself if it has none. */
uint32_t ps_letter_to_upper(uint32_t code_point);

#endif
