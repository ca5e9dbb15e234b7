#include "lsass_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 4096,
    THREADS_MAX = 16,
    TEXT_MAX = 64,
    TORN_BYTES = 32
};

/* In the middle of nowhere: never mapped, since nothing asks for it. */
static const uintptr_t nowhere = 0x10000000000;

struct placed_string {
    UNICODE_STRING string;
    PUNICODE_STRING handed_over;
    uint8_t *bytes;
    size_t length;
};

static size_t pages_for(size_t length)
{
    return (length + PAGE - 1) / PAGE * PAGE + (length == 0 ? PAGE : 0);
}

static uint8_t *reserve(size_t length)
{
    DWORD before;
    uint8_t *block = VirtualAlloc(NULL, pages_for(length) + PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);

    if (block == NULL || !VirtualProtect(block + pages_for(length), PAGE, PAGE_NOACCESS, &before))
        abort();
    return block + pages_for(length) - length;
}

uint8_t *place(const char *digits, size_t *length)
{
    *length = strlen(digits) / 2;
    uint8_t *bytes = reserve(*length);
    for (size_t index = 0; index < *length; index++) {
        char pair[3] = {digits[2 * index], digits[2 * index + 1], '\0'};
        bytes[index] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return bytes;
}

void unplace(uint8_t *placed, size_t length)
{
    SecureZeroMemory(placed, length);
    (void)VirtualFree(placed + length - pages_for(length), 0, MEM_RELEASE);
}

static struct placed_string place_string(const char *word)
{
    struct placed_string placed = {0};
    const char *colon = strchr(word, ':');
    USHORT length = colon == NULL ? 0 : (USHORT)strtoul(colon + 1, NULL, 10);

    if (strncmp(word, "nowhere", 7) == 0 || strncmp(word, "wild:", 5) == 0) {
        placed.string.Length = placed.string.MaximumLength = length;
        placed.string.Buffer = word[0] == 'w' ? (PWSTR)nowhere : NULL;
    } else if (strncmp(word, "torn:", 5) == 0) {
        placed.bytes = place(word + 5, &placed.length);
        placed.string.Length = placed.string.MaximumLength = (USHORT)(placed.length + TORN_BYTES);
        placed.string.Buffer = (PWSTR)(void *)placed.bytes;
    } else if (strcmp(word, "null") != 0 && strcmp(word, "wild") != 0) {
        placed.bytes = place(strcmp(word, "empty") == 0 ? "" : word, &placed.length);
        /* LSA's own are not always larger than what they hold. */
        placed.string.Length = placed.string.MaximumLength = (USHORT)placed.length;
        placed.string.Buffer = (PWSTR)(void *)placed.bytes;
    }
    return placed;
}

static PUNICODE_STRING hand_over(const char *word, struct placed_string *placed)
{
    return strcmp(word, "null") == 0 ? NULL : strcmp(word, "wild") == 0 ? (PUNICODE_STRING)nowhere : &placed->string;
}

static double milliseconds_since(LARGE_INTEGER start)
{
    LARGE_INTEGER now;
    LARGE_INTEGER frequency;

    (void)QueryPerformanceCounter(&now);
    (void)QueryPerformanceFrequency(&frequency);
    return 1000.0 * (double)(now.QuadPart - start.QuadPart) / (double)frequency.QuadPart;
}

static uint64_t checksum(const struct placed_string *placed)
{
    uint64_t sum = 14695981039346656037ULL;

    for (size_t index = 0; index < placed->length; index++)
        sum = (sum ^ placed->bytes[index]) * 1099511628211ULL;
    return sum ^ placed->string.Length ^ (uint64_t)placed->string.MaximumLength << 16 ^ (uint64_t)(uintptr_t)placed->string.Buffer;
}

void command_init(const char *unused1, const char *unused2, const char *unused3)
{
    (void)unused1;
    (void)unused2;
    (void)unused3;
    (void)printf("done %d\n", filter.initialize());
}

void command_change(const char *account_word, const char *password_word, const char *unused)
{
    struct placed_string account = place_string(account_word);
    struct placed_string password = place_string(password_word);
    uint64_t before = checksum(&account) ^ checksum(&password);
    LARGE_INTEGER start;

    (void)unused;
    (void)QueryPerformanceCounter(&start);
    BOOLEAN agreed = filter.agree(hand_over(account_word, &account), NULL, hand_over(password_word, &password), FALSE);
    NTSTATUS status = filter.notify(hand_over(account_word, &account), 1104, hand_over(password_word, &password));
    double elapsed = milliseconds_since(start);
    bool changed = before != (checksum(&account) ^ checksum(&password));
    if (account.bytes != NULL)
        unplace(account.bytes, account.length);
    if (password.bytes != NULL)
        unplace(password.bytes, password.length);
    (void)printf("done %ld %d %d %.2f\n", (long)status, agreed, changed, elapsed);
}

struct storm {
    int thread;
    int calls;
    double worst;
};

static void storm_call(const char *account_format, const char *password_format, int thread, int call)
{
    WCHAR texts[2][TEXT_MAX];
    char narrow[TEXT_MAX];
    UNICODE_STRING strings[2];

    for (int index = 0; index < 2; index++) {
        int length = snprintf(narrow, sizeof narrow, index == 0 ? account_format : password_format, thread, call);
        for (int character = 0; character < length; character++)
            texts[index][character] = (WCHAR)(unsigned char)narrow[character];
        strings[index].Length = strings[index].MaximumLength = (USHORT)(2 * length);
        strings[index].Buffer = texts[index];
    }
    if (filter.notify(&strings[0], 2000, &strings[1]) != 0)
        abort();
}

static DWORD WINAPI storm_thread(LPVOID argument)
{
    struct storm *storm = argument;

    for (int call = 0; call < storm->calls; call++) {
        LARGE_INTEGER start;
        (void)QueryPerformanceCounter(&start);
        storm_call("storm%d.%d", "Storm-%d.%d", storm->thread, call);
        double elapsed = milliseconds_since(start);
        storm->worst = elapsed > storm->worst ? elapsed : storm->worst;
    }
    return 0;
}

void command_storm(const char *threads, const char *calls, const char *unused)
{
    struct storm storms[THREADS_MAX] = {0};
    HANDLE handles[THREADS_MAX];
    int count = atoi(threads);
    double worst = 0;

    (void)unused;
    for (int index = 0; index < count && index < THREADS_MAX; index++) {
        storms[index] = (struct storm){index, atoi(calls), 0};
        handles[index] = CreateThread(NULL, 0, storm_thread, &storms[index], 0, NULL);
    }
    (void)WaitForMultipleObjects((DWORD)count, handles, TRUE, INFINITE);
    for (int index = 0; index < count && index < THREADS_MAX; index++)
        worst = storms[index].worst > worst ? storms[index].worst : worst;
    (void)printf("done %.2f\n", worst);
}

void command_oversleep(const char *milliseconds, const char *unused1, const char *unused2)
{
    CONDITION_VARIABLE nobody = CONDITION_VARIABLE_INIT;
    SRWLOCK lock = SRWLOCK_INIT;
    LARGE_INTEGER start;
    DWORD duration = strtoul(milliseconds, NULL, 10);

    (void)unused1;
    (void)unused2;
    AcquireSRWLockExclusive(&lock);
    (void)QueryPerformanceCounter(&start);
    (void)SleepConditionVariableSRW(&nobody, &lock, duration, 0);
    double elapsed = milliseconds_since(start);
    ReleaseSRWLockExclusive(&lock);
    (void)printf("done %.2f\n", elapsed - (double)duration);
}
