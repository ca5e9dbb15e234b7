#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* More than sealing and handing over use, less than the stack that a process starts with. */
enum { STACK_LOCKED = 64 * 1024 };

/* Trouble with capturing never refuses a change (docs/spec/handover.md), but Samba would read death by a signal as a refusal. */
static void agree_and_end(int signal_number)
{
    static const char late[] = "passwordsync-samba-helper: took too long; the password was agreed to and perhaps not captured\n";
    static const char fault[] = "passwordsync-samba-helper: internal error; the password was agreed to and perhaps not captured\n";
    ssize_t ignored = signal_number == SIGALRM ? write(STDERR_FILENO, late, sizeof late - 1) : write(STDERR_FILENO, fault, sizeof fault - 1);

    (void)ignored;
    _exit(PROCESS_AGREES);
}

static void handle_signals(void)
{
    static const int ending[] = {SIGALRM, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    struct sigaction agree = {.sa_handler = agree_and_end};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct itimerval life = {.it_value = {PROCESS_LIFE_SECONDS_MAX, 0}};
    sigset_t none;

    for (size_t index = 0; index < sizeof ending / sizeof ending[0]; index++)
        (void)sigaction(ending[index], &agree, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setitimer(ITIMER_REAL, &life, NULL);
}

/* A missing standard descriptor is filled, so that no file opened later takes its number and is then taken for the password. */
static void keep_standard_descriptors_only(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0)
            (void)open("/dev/null", O_RDWR);
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
}

void process_protect(void)
{
    struct rlimit no_core = {0, 0};

    handle_signals();
    keep_standard_descriptors_only();
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    /* The stack grows downward from here: what lies below will hold the frames of all that is called later. */
    process_lock((void *)((uintptr_t)&no_core - STACK_LOCKED), STACK_LOCKED);
}

void process_lock(void *memory, size_t length)
{
    (void)mlock2(memory, length, MLOCK_ONFAULT);
}
