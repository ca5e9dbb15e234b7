#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"

enum { DRAIN_PIECE = 4096 };

static enum input_result read_whole(int descriptor, uint8_t *buffer, size_t capacity, size_t *length)
{
    *length = 0;
    while (*length < capacity) {
        ssize_t got = read(descriptor, buffer + *length, capacity - *length);
        if (got == 0)
            return INPUT_READ;
        if (got > 0)
            *length += (size_t)got;
        else if (errno != EINTR)
            return INPUT_FAILED;
    }
    uint8_t beyond;
    return read(descriptor, &beyond, 1) == 0 ? INPUT_READ : INPUT_TOO_LONG;
}

enum input_result input_read_file(const char *path, uint8_t *buffer, size_t capacity, size_t *length)
{
    struct stat status;

    /* O_NONBLOCK so that a pipe in the file's place cannot hold the process up. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return INPUT_FAILED;
    enum input_result result = INPUT_FAILED;
    if (fstat(descriptor, &status) == 0) {
        bool trusted = S_ISREG(status.st_mode) && (status.st_mode & S_IWOTH) == 0;
        result = trusted ? read_whole(descriptor, buffer, capacity, length) : INPUT_UNTRUSTED;
    }
    int error = errno;
    (void)close(descriptor);
    errno = error;
    return result;
}

/* Behind a full buffer: the end at once means that everything fitted. */
static enum input_result drain(int descriptor, struct deadline deadline)
{
    enum input_result result = INPUT_LATE;
    uint8_t piece[DRAIN_PIECE];

    while (deadline_wait_for(deadline, descriptor, POLLIN)) {
        ssize_t got = read(descriptor, piece, sizeof piece);
        if (got > 0) {
            result = INPUT_TOO_LONG;
        } else if (got == 0) {
            result = result == INPUT_TOO_LONG ? INPUT_TOO_LONG : INPUT_READ;
            break;
        } else if (errno != EINTR && errno != EAGAIN) {
            result = INPUT_FAILED;
            break;
        }
    }
    ps_platform_wipe(piece, sizeof piece);
    return result;
}

enum input_result input_read_password(int descriptor, struct deadline deadline, uint8_t *buffer, size_t capacity, size_t *length)
{
    *length = 0;
    while (deadline_wait_for(deadline, descriptor, POLLIN)) {
        if (*length == capacity)
            return drain(descriptor, deadline);
        ssize_t got = read(descriptor, buffer + *length, capacity - *length);
        if (got == 0)
            return INPUT_READ;
        if (got > 0)
            *length += (size_t)got;
        else if (errno != EINTR && errno != EAGAIN)
            return INPUT_FAILED;
    }
    return INPUT_LATE;
}
