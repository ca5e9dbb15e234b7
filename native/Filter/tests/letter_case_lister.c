/* Lists every character that has another lower-case or upper-case form: the three code points in hexadecimal, one character a line. */
#include <inttypes.h>
#include <stdio.h>

#include "letter_case.h"

int main(void)
{
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        uint32_t lower = ps_letter_to_lower(code_point);
        uint32_t upper = ps_letter_to_upper(code_point);
        if (lower != code_point || upper != code_point)
            (void)printf("%04" PRIX32 " %04" PRIX32 " %04" PRIX32 "\n", code_point, lower, upper);
    }
    return 0;
}
