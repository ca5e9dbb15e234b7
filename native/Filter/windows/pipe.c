#include "pipe.h"

#include "writer.h"

enum {
    ANSWER_TAKEN = 0x06,
    ANSWER_REFUSED = 0x15
};

static uint8_t frame[PS_FRAME_PREFIX_SIZE + PS_ENVELOPE_MAX];

/* Between two clients no instance may be listening for a moment: that is a busy edge, not a missing one. */
static HANDLE connect_before(struct deadline deadline, const WCHAR *name)
{
    for (;;) {
        /* Whoever listens may see who we are, but not act as LSASS. */
        HANDLE pipe = CreateFileW(
            name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            return pipe;
        uint32_t remaining = deadline_remaining_ms(deadline);
        /* A wait of 0 would mean the server's own default. */
        if (remaining == 0 || !WaitNamedPipeW(name, remaining))
            return INVALID_HANDLE_VALUE;
    }
}

static bool is_program(DWORD process_id, const WCHAR *program)
{
    WCHAR path[SETTINGS_PATH_MAX];
    DWORD length = SETTINGS_PATH_MAX;

    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process_id);
    if (process == NULL)
        return false;
    bool same = QueryFullProcessImageNameW(process, 0, path, &length) && CompareStringOrdinal(path, -1, program, -1, TRUE) == CSTR_EQUAL;
    (void)CloseHandle(process);
    return same;
}

/* Services and LSASS share session 0, where no user's program runs. */
static bool is_edge(HANDLE pipe, const WCHAR *program)
{
    ULONG process_id = 0;
    DWORD its_session = 0;
    DWORD our_session = 0;

    return GetNamedPipeServerProcessId(pipe, &process_id)
        && ProcessIdToSessionId(process_id, &its_session)
        && ProcessIdToSessionId(GetCurrentProcessId(), &our_session)
        && its_session == our_session
        && (program[0] == L'\0' || is_program(process_id, program));
}

/* Ends an operation that was begun: waits for it, and takes it back when the deadline passes. Even then it must have ended before
   the buffers may be used for something else. */
static bool finish_before(struct deadline deadline, HANDLE pipe, OVERLAPPED *operation, BOOL begun, DWORD expected)
{
    DWORD count = 0;

    if (!begun && GetLastError() != ERROR_IO_PENDING)
        return false;
    if (WaitForSingleObject(operation->hEvent, deadline_remaining_ms(deadline)) != WAIT_OBJECT_0)
        (void)CancelIoEx(pipe, operation);
    return GetOverlappedResult(pipe, operation, &count, TRUE) && count == expected;
}

static enum pipe_delivery exchange_before(struct deadline deadline, HANDLE pipe, HANDLE event, DWORD length)
{
    OVERLAPPED writing = {.hEvent = event};
    OVERLAPPED reading = {.hEvent = event};
    uint8_t answer = 0;

    if (!finish_before(deadline, pipe, &writing, WriteFile(pipe, frame, length, NULL, &writing), length))
        return PIPE_NO_ANSWER;
    (void)ResetEvent(event);
    if (!finish_before(deadline, pipe, &reading, ReadFile(pipe, &answer, sizeof answer, NULL, &reading), sizeof answer))
        return PIPE_NO_ANSWER;
    return answer == ANSWER_TAKEN ? PIPE_TAKEN : answer == ANSWER_REFUSED ? PIPE_REFUSED : PIPE_NO_ANSWER;
}

enum pipe_delivery pipe_deliver(const struct settings_route *route, const struct ps_envelope *envelope, struct deadline deadline)
{
    struct ps_writer writer = ps_writer_over(frame, sizeof frame);
    enum pipe_delivery delivery = PIPE_NO_ANSWER;

    ps_write_little_endian(&writer, envelope->length, PS_FRAME_PREFIX_SIZE);
    ps_write(&writer, envelope->bytes, envelope->length);
    HANDLE pipe = connect_before(deadline, route->pipe);
    if (pipe == INVALID_HANDLE_VALUE)
        return PIPE_NO_ANSWER;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!is_edge(pipe, route->edge_program))
        delivery = PIPE_WRONG_SERVER;
    else if (event != NULL)
        delivery = exchange_before(deadline, pipe, event, (DWORD)writer.length);
    if (event != NULL)
        (void)CloseHandle(event);
    (void)CloseHandle(pipe);
    return delivery;
}
