/* Stands before a Linux disk that Wine writes to (LD_PRELOAD): a flush takes as long as the file that PASSWORDSYNC_TEST_DISK names says, in
   milliseconds, or fails as on a full disk if it says `full`, or does not end as long as it says `hang`: then a file of that name with `.hangs`
   behind it tells that a flush began. Without the file the disk is as it is. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MILLISECONDS_MAX = 10000, LOOK_AGAIN_MICROSECONDS = 10000, SAYS_MAX = 16, PATH_BYTES_MAX = 512 };

static void read_disk(const char *path, char says[SAYS_MAX])
{
    FILE *disk = path == NULL ? NULL : fopen(path, "re");

    says[0] = '\0';
    if (disk == NULL)
        return;
    if (fgets(says, SAYS_MAX, disk) == NULL)
        says[0] = '\0';
    (void)fclose(disk);
}

static void tell_that_it_hangs(const char *path)
{
    char name[PATH_BYTES_MAX];

    (void)snprintf(name, sizeof name, "%s.hangs", path);
    FILE *mark = fopen(name, "we");
    if (mark != NULL)
        (void)fclose(mark);
}

int fsync(int file)
{
    const char *path = getenv("PASSWORDSYNC_TEST_DISK");
    int (*really)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    char says[SAYS_MAX];

    read_disk(path, says);
    if (strncmp(says, "hang", 4) == 0)
        tell_that_it_hangs(path);
    while (strncmp(says, "hang", 4) == 0) {
        (void)usleep(LOOK_AGAIN_MICROSECONDS);
        read_disk(path, says);
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
