#include "arena.h"

#include <openssl/crypto.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "platform.h"
#include "process.h"

enum {
    /* Sealing one envelope takes a quarter of it (OpenSSL 3.0); what does not fit fails as out of memory. */
    ARENA_SIZE = 128 * 1024,
    ALIGNMENT = alignof(max_align_t)
};

static alignas(ALIGNMENT) unsigned char block[ARENA_SIZE];
static size_t used;

/* Each piece has its size in front of it, for a later growth; nothing is given back, since the process seals once. */
static void *allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded < size || rounded > ARENA_SIZE || ALIGNMENT + rounded > ARENA_SIZE - used)
        return NULL;
    unsigned char *piece = block + used + ALIGNMENT;
    memcpy(block + used, &size, sizeof size);
    used += ALIGNMENT + rounded;
    return piece;
}

static void *reallocate(void *piece, size_t size, const char *file, int line)
{
    size_t old_size = 0;

    void *grown = allocate(size, file, line);
    if (grown == NULL || piece == NULL)
        return grown;
    memcpy(&old_size, (unsigned char *)piece - ALIGNMENT, sizeof old_size);
    memcpy(grown, piece, old_size < size ? old_size : size);
    return grown;
}

static void release(void *piece, const char *file, int line)
{
    (void)piece;
    (void)file;
    (void)line;
}

bool arena_install(void)
{
    process_lock(block, sizeof block);
    return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
}

void arena_wipe(void)
{
    ps_platform_wipe(block, used);
}
