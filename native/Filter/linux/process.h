/* Makes the process a safe place for a password, and makes sure that it never refuses a change by failing. */
#ifndef PASSWORDSYNC_PROCESS_H
#define PASSWORDSYNC_PROCESS_H

#include <stddef.h>

/* Exit statuses of a check password script: Samba reads 0 as agreed and everything else, a signal too, as refused. */
enum {
    PROCESS_AGREES = 0,
    PROCESS_REFUSES = 1
};

/* Longest life of the process, after which it agrees and ends. Samba kills it, and refuses the change, after 10 s. */
enum { PROCESS_LIFE_SECONDS_MAX = 9 };

/* No core dump, no reading of the memory by other processes of the same account, no stack in swap; no inherited descriptor but the
   three standard ones; no death by a closed pipe or a file size limit; a fault of the program, or a life longer than PROCESS_LIFE_SECONDS_MAX, ends as an agreement.
   What the system does not grant is done without. */
void process_protect(void);

/* Keeps the memory out of swap as it comes into use, where the memory lock limit allows it. Not mlockall, which costs as much as the
   rest of the start. */
void process_lock(void *memory, size_t length);

#endif
