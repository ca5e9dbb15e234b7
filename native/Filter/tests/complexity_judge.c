/* Judges passwords by the kinds of their characters alone: each line of standard input is one password in hexadecimal, each line of standard
   output is 1 if it is agreed to, 0 if not. */
#include "complexity.h"

#include "check.h"

enum { LINE_LENGTH_MAX = 4096 };

int main(void)
{
    static char line[LINE_LENGTH_MAX];
    static uint8_t password[LINE_LENGTH_MAX / 2];
    const struct ps_complexity_rule kinds_only = {true, 0};

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        struct ps_text text = {password, from_hexadecimal(line, password, sizeof password)};
        (void)puts(ps_complexity_judge(kinds_only, text, ps_text_of("")) == PS_COMPLEXITY_AGREED ? "1" : "0");
    }
    return 0;
}
