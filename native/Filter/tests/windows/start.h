/* The first act of every program of these tests. Whoever waits for it in vain knows that Windows (here: Wine) has not brought the program as far as
   its own first line, and may start it again; from this line on a silence is the program's fault, or the filter's. */
#ifndef PASSWORDSYNC_START_H
#define PASSWORDSYNC_START_H

#include <stdio.h>

static inline void tell_start(void)
{
    (void)printf("started\n");
    (void)fflush(stdout);
}

#endif
