/* Stands in for the edge on a named pipe: edge_double PIPE MODE [FOLDER]. Modes: `take` (writes the envelope into the folder, flushes it,
   and answers 06), `slow:MS` (the same, after so long), `refuse` (answers 15), `drop` (closes without an answer), `hang` (reads and never answers),
   `deaf` (does not even read), `faint` (takes one frame, is silent at the next until the client leaves, and so on). Ends with its standard input. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "start.h"

enum {
    INSTANCES = 16,
    FRAME_MAX = 4100,
    PREFIX = 4,
    ID_OFFSET = 20,
    ID_SIZE = 16
};

static char pipe_name[MAX_PATH];
static const char *mode;
static const char *folder;

static bool read_exactly(HANDLE pipe, uint8_t *bytes, DWORD length)
{
    DWORD got = 0;

    for (DWORD have = 0; have < length; have += got)
        if (!ReadFile(pipe, bytes + have, length - have, &got, NULL) || got == 0)
            return false;
    return true;
}

static bool keep(const uint8_t *envelope, DWORD length)
{
    char path[MAX_PATH];
    DWORD written = 0;
    int used = snprintf(path, sizeof path, "%s\\", folder);

    for (int index = 0; index < ID_SIZE; index++)
        used += snprintf(path + used, sizeof path - (size_t)used, "%02x", envelope[ID_OFFSET + index]);
    (void)snprintf(path + used, sizeof path - (size_t)used, ".taken");
    HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    bool kept = WriteFile(file, envelope, length, &written, NULL) && written == length && FlushFileBuffers(file);
    (void)CloseHandle(file);
    return kept;
}

static void answer(HANDLE pipe, uint8_t byte)
{
    DWORD written;
    uint8_t rest;

    (void)WriteFile(pipe, &byte, 1, &written, NULL);
    /* A pipe that is closed first takes the answer with it. */
    (void)ReadFile(pipe, &rest, 1, &written, NULL);
}

static void serve(HANDLE pipe)
{
    static volatile LONG frames;
    uint8_t frame[FRAME_MAX];
    DWORD length = 0;

    if (strcmp(mode, "deaf") == 0)
        Sleep(INFINITE);
    if (!read_exactly(pipe, frame, PREFIX))
        return;
    memcpy(&length, frame, sizeof length);
    if (length == 0 || length > FRAME_MAX - PREFIX || !read_exactly(pipe, frame + PREFIX, length))
        return;
    if (strcmp(mode, "hang") == 0)
        Sleep(INFINITE);
    if (strcmp(mode, "faint") == 0 && InterlockedIncrement(&frames) % 2 == 0) {
        (void)ReadFile(pipe, frame, 1, &length, NULL);
        return;
    }
    if (strcmp(mode, "drop") == 0)
        return;
    if (strncmp(mode, "slow:", 5) == 0)
        Sleep((DWORD)atoi(mode + 5));
    if (strcmp(mode, "refuse") == 0 || !keep(frame + PREFIX, length))
        answer(pipe, 0x15);
    else
        answer(pipe, 0x06);
}

static DWORD WINAPI listen_on_one(LPVOID unused)
{
    (void)unused;
    for (;;) {
        HANDLE pipe = CreateNamedPipeA(
            pipe_name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, INSTANCES, 8192, 8192, 0, NULL);
        if (pipe == INVALID_HANDLE_VALUE)
            abort();
        if (ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED)
            serve(pipe);
        (void)DisconnectNamedPipe(pipe);
        (void)CloseHandle(pipe);
    }
    return 0;
}

int main(int count, char **arguments)
{
    tell_start();
    if (count < 3)
        return 2;
    (void)snprintf(pipe_name, sizeof pipe_name, "\\\\.\\pipe\\%s", arguments[1]);
    mode = arguments[2];
    folder = count > 3 ? arguments[3] : ".";
    for (int index = 0; index < INSTANCES / 2; index++)
        (void)CreateThread(NULL, 0, listen_on_one, NULL, 0, NULL);
    while (!WaitNamedPipeA(pipe_name, 1000)) {
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}
