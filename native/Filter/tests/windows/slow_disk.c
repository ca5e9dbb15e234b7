/* Stands before a Linux disk that Wine writes to (LD_PRELOAD): a flush takes as long as the file that PASSWORDSYNC_TEST_DISK names says, in
   milliseconds, or fails as on a full disk if it says `full`. Without the file the disk is as it is. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MILLISECONDS_MAX = 10000 };

int fsync(int file)
{
    const char *path = getenv("PASSWORDSYNC_TEST_DISK");
    int (*really)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    char says[16] = "";

    FILE *disk = path == NULL ? NULL : fopen(path, "re");
    if (disk != NULL) {
        (void)fgets(says, sizeof says, disk);
        (void)fclose(disk);
    }
    if (strncmp(says, "full", 4) == 0) {
        errno = ENOSPC;
        return -1;
    }
    long milliseconds = strtol(says, NULL, 10);
    if (milliseconds > 0 && milliseconds <= MILLISECONDS_MAX)
        (void)usleep((useconds_t)milliseconds * 1000);
    return really(file);
}
