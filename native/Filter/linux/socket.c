#include "socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "writer.h"

enum {
    ANSWER_TAKEN = 0x06,
    ANSWER_REFUSED = 0x15,
    RETRY_PAUSE_NANOSECONDS = 1000000
};

/* A full queue of the listener answers EAGAIN, and only time helps: that is a burst, not trouble. */
static bool connect_before(struct deadline deadline, int connection, const struct sockaddr_un *address)
{
    const struct timespec pause = {0, RETRY_PAUSE_NANOSECONDS};

    while (connect(connection, (const struct sockaddr *)address, sizeof *address) != 0) {
        if (errno == EISCONN)
            return true;
        if ((errno != EAGAIN && errno != EINTR) || deadline_remaining_ms(deadline) == 0)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static bool send_before(struct deadline deadline, int connection, const uint8_t *bytes, size_t length)
{
    size_t sent = 0;

    while (sent < length) {
        ssize_t count = send(connection, bytes + sent, length - sent, MSG_NOSIGNAL);
        if (count > 0)
            sent += (size_t)count;
        else if (errno == EAGAIN ? !deadline_wait_for(deadline, connection, POLLOUT) : errno != EINTR)
            return false;
    }
    return true;
}

static enum socket_delivery answer_before(struct deadline deadline, int connection)
{
    uint8_t answer;

    while (deadline_wait_for(deadline, connection, POLLIN)) {
        ssize_t count = recv(connection, &answer, sizeof answer, 0);
        if (count == 1)
            return answer == ANSWER_TAKEN ? SOCKET_TAKEN : answer == ANSWER_REFUSED ? SOCKET_REFUSED : SOCKET_NO_ANSWER;
        if (count == 0 || (errno != EINTR && errno != EAGAIN))
            return SOCKET_CLOSED;
    }
    return SOCKET_NO_ANSWER;
}

enum socket_delivery socket_deliver(struct ps_text path, const struct ps_envelope *envelope, struct deadline deadline)
{
    uint8_t frame[PS_FRAME_PREFIX_SIZE + PS_ENVELOPE_MAX];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ps_writer writer = ps_writer_over(frame, sizeof frame);
    enum socket_delivery delivery = SOCKET_FAILED;

    if (path.length > PS_SOCKET_PATH_MAX) {
        errno = ENAMETOOLONG;
        return SOCKET_FAILED;
    }
    memcpy(address.sun_path, path.bytes, path.length);
    ps_write_little_endian(&writer, envelope->length, PS_FRAME_PREFIX_SIZE);
    ps_write(&writer, envelope->bytes, envelope->length);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection < 0)
        return SOCKET_FAILED;
    if (connect_before(deadline, connection, &address) && send_before(deadline, connection, frame, writer.length))
        delivery = answer_before(deadline, connection);
    int error = errno;
    (void)close(connection);
    errno = error;
    return delivery;
}
