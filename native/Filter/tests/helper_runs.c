/* Runs Samba's helper again and again, each time with the next password: helper_runs HELPER CAPTURE-FILE RUNS. Its standard input has a password a line, in
   hexadecimal digits, which are used in turn; the accounts are `run0`, `run1` and so on. Ends with 1 at the first run that does not agree. Each password
   lies in the pipe before the helper starts, so that no run waits for this program, however busy the machine is. */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSWORDS_MAX = 64, PASSWORD_BYTES_MAX = 2048, RUNS_MAX = 100000 };

struct password {
    unsigned char bytes[PASSWORD_BYTES_MAX];
    size_t length;
};

static struct password passwords[PASSWORDS_MAX];

static size_t read_passwords(void)
{
    char line[2 * PASSWORD_BYTES_MAX + 2];
    size_t count = 0;

    while (count < PASSWORDS_MAX && fgets(line, sizeof line, stdin) != NULL) {
        struct password *password = &passwords[count++];
        for (const char *digits = line; password->length < PASSWORD_BYTES_MAX && sscanf(digits, "%2hhx", &password->bytes[password->length]) == 1; digits += 2)
            password->length++;
    }
    return count;
}

static bool run(char *helper, char *capture_file, size_t number, const struct password *password)
{
    char account[64];
    int ends[2];
    int status = -1;
    pid_t child;
    posix_spawn_file_actions_t actions;

    (void)snprintf(account, sizeof account, "SAMBA_CPS_ACCOUNT_NAME=run%zu", number);
    char *arguments[] = {helper, capture_file, NULL};
    char *environment[] = {account, NULL};
    if (pipe2(ends, O_CLOEXEC) != 0 || posix_spawn_file_actions_init(&actions) != 0)
        return false;
    (void)posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    bool done = write(ends[1], password->bytes, password->length) == (ssize_t)password->length;
    (void)close(ends[1]);
    done = done && posix_spawn(&child, helper, &actions, NULL, arguments, environment) == 0;
    (void)close(ends[0]);
    done = done && waitpid(child, &status, 0) == child && status == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return done;
}

int main(int count, char **arguments)
{
    size_t runs = count == 4 ? (size_t)atoi(arguments[3]) : 0;
    size_t known = read_passwords();

    if (runs == 0 || runs > RUNS_MAX || known == 0)
        return 2;
    for (size_t number = 0; number < runs; number++) {
        if (!run(arguments[1], arguments[2], number, &passwords[number % known])) {
            (void)fprintf(stderr, "run %zu did not agree\n", number);
            return 1;
        }
    }
    return 0;
}
