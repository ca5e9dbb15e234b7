/* Any bytes as a security descriptor, with an account's identifier in front. */
#include "access.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t own = 12;

    if (size >= own)
        (void)ps_access_judge(data + own, size - own, data, own);
    return 0;
}
