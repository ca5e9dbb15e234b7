#include "drop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    IDENTIFIER_SIZE = 2 * PS_CAPTURE_ID_SIZE + 1,
    NAME_SIZE = IDENTIFIER_SIZE + sizeof ".capture"
};

static void write_identifier(const uint8_t id[PS_CAPTURE_ID_SIZE], char identifier[IDENTIFIER_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t index = 0; index < PS_CAPTURE_ID_SIZE; index++) {
        identifier[2 * index] = digits[id[index] >> 4];
        identifier[2 * index + 1] = digits[id[index] & 0xF];
    }
    identifier[IDENTIFIER_SIZE - 1] = '\0';
}

static bool write_whole(int file, const uint8_t *bytes, size_t length)
{
    size_t written = 0;

    while (written < length) {
        ssize_t count = write(file, bytes + written, length - written);
        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0)
            written += (size_t)count;
    }
    return true;
}

/* Samba runs the helper as root, and a file of root's with mode 0600 would be unreadable for the edge. */
static bool give_to_owner_of(int folder, int file)
{
    struct stat status;

    if (fstat(folder, &status) != 0)
        return false;
    return status.st_uid == geteuid() || fchown(file, status.st_uid, status.st_gid) == 0;
}

static bool write_file(int folder, const char *name, const struct ps_envelope *envelope)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0)
        return false;
    bool written = give_to_owner_of(folder, file) && write_whole(file, envelope->bytes, envelope->length) && fsync(file) == 0;
    int error = errno;
    if (close(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (!written)
        (void)unlinkat(folder, name, 0);
    errno = error;
    return written;
}

bool drop_write(struct ps_text folder, const uint8_t id[PS_CAPTURE_ID_SIZE], const struct ps_envelope *envelope)
{
    char path[PS_DROP_PATH_MAX + 1] = {0};
    char identifier[IDENTIFIER_SIZE];
    char temporary_name[NAME_SIZE];
    char final_name[NAME_SIZE];

    if (folder.length > PS_DROP_PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(path, folder.bytes, folder.length);
    write_identifier(id, identifier);
    (void)snprintf(temporary_name, sizeof temporary_name, ".%s.tmp", identifier);
    (void)snprintf(final_name, sizeof final_name, "%s.capture", identifier);
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool dropped = write_file(descriptor, temporary_name, envelope);
    if (dropped && renameat(descriptor, temporary_name, descriptor, final_name) != 0) {
        int error = errno;
        (void)unlinkat(descriptor, temporary_name, 0);
        errno = error;
        dropped = false;
    }
    /* The file stays even if this fails: it may survive, and what the edge takes twice is one capture. */
    dropped = dropped && fsync(descriptor) == 0;
    int error = errno;
    (void)close(descriptor);
    errno = error;
    return dropped;
}
