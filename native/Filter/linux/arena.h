/* All memory that OpenSSL asks for, in one static block: kept out of swap and wiped as one, so that no copy
   of a secret that the library frees without cleaning outlives the seal. */
#ifndef PASSWORDSYNC_ARENA_H
#define PASSWORDSYNC_ARENA_H

#include <stdbool.h>

/* Makes OpenSSL allocate here; false if it has already allocated elsewhere. */
bool arena_install(void);

/* Wipes the block. OpenSSL must not be used afterwards. */
void arena_wipe(void);

#endif
