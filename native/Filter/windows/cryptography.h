/* core/platform.h on bcrypt.dll (CNG). */
#ifndef PASSWORDSYNC_CRYPTOGRAPHY_H
#define PASSWORDSYNC_CRYPTOGRAPHY_H

#include <stdbool.h>

/* Opens the algorithms, once; they stay open. False if one is missing. */
bool cryptography_open(void);

#endif
