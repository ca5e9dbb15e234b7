/* Reads what the process is given: the capture file and the password. */
#ifndef PASSWORDSYNC_INPUT_H
#define PASSWORDSYNC_INPUT_H

#include "deadline.h"
#include "limits.h"
#include "text.h"

enum input_result {
    INPUT_READ,
    /* Longer than the buffer; what follows was read and thrown away. */
    INPUT_TOO_LONG,
    /* The end did not come before the deadline. */
    INPUT_LATE,
    /* The system refused; errno says why. */
    INPUT_FAILED,
    /* Not a regular file, or a file that everybody may write. */
    INPUT_UNTRUSTED
};

/* Reads a file of at most `capacity` bytes. */
enum input_result input_read_file(const char *path, uint8_t *buffer, size_t capacity, size_t *length);

/* Reads the descriptor to its end. What does not fit is read all the same, until the deadline, because Samba takes a pipe that is closed
   before it has written everything for a failed check, which refuses the change. */
enum input_result input_read_password(int descriptor, struct deadline deadline, uint8_t *buffer, size_t capacity, size_t *length);

#endif
