#include "report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "limits.h"

static char folder[] = "/tmp/passwordsync-report-XXXXXX";
static char log_path[sizeof folder + sizeof "/log"];
static char error_path[sizeof folder + sizeof "/error"];

/* Stands in for the system's log. */
static int listen_as_log(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    int log = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path, log_path, sizeof log_path);
    CHECK(bind(log, (struct sockaddr *)&address, sizeof address) == 0);
    report_log_path = log_path;
    return log;
}

static void check_next_line(int log, const char *priority, const char *expected)
{
    char datagram[4096];
    char program[128];

    ssize_t length = recv(log, datagram, sizeof datagram - 1, 0);
    CHECK(length > 0);
    datagram[length > 0 ? length : 0] = '\0';
    (void)snprintf(program, sizeof program, "<%s>passwordsync-samba-helper[%d]: ", priority, (int)getpid());
    CHECK(strncmp(datagram, program, strlen(program)) == 0);
    CHECK(strcmp(datagram + strlen(program), expected) == 0);
}

static void reports_name_the_account_and_the_severity(int log)
{
    report(REPORT_ERROR, ps_text_of("alice"), "not captured: %d", 7);
    check_next_line(log, "27", "alice: not captured: 7");
    report(REPORT_WARNING, ps_text_of("Zo\xC3\xAB"), "late");
    check_next_line(log, "28", "Zo\xC3\xAB: late");
    report(REPORT_INFORMATION, ps_text_of("alice"), "refused");
    check_next_line(log, "30", "alice: refused");
}

static void names_that_could_forge_a_line_are_not_shown(int log)
{
    report(REPORT_ERROR, ps_text_of("alice\nbob: captured"), "lost");
    check_next_line(log, "27", "account: lost");
    report(REPORT_ERROR, ps_text_of(""), "lost");
    check_next_line(log, "27", "account: lost");
    report(REPORT_ERROR, ps_text_of("\xFF"), "lost");
    check_next_line(log, "27", "account: lost");
}

static void long_reports_are_cut(int log)
{
    static char name[PS_ACCOUNT_MAX];
    char reason[2048];
    char datagram[4096];

    memset(name, 'n', sizeof name);
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    report(REPORT_ERROR, (struct ps_text){(const uint8_t *)name, sizeof name}, "%s", reason);
    ssize_t length = recv(log, datagram, sizeof datagram, 0);
    CHECK(length > 1500 && length < 1620);
}

static void a_missing_log_is_no_trouble(int log)
{
    CHECK(close(log) == 0);
    CHECK(unlink(log_path) == 0);
    report(REPORT_ERROR, ps_text_of("alice"), "nobody hears");
    report_log_path = "/a/path/that/is/longer/than/a/socket/may/have/a/path/that/is/longer/than/a/socket/may/have/a/path/that/is/longer";
    report(REPORT_ERROR, ps_text_of("alice"), "nobody hears");
}

static void the_same_lines_stand_on_standard_error(void)
{
    char lines[8192];

    int file = open(error_path, O_RDONLY);
    ssize_t length = read(file, lines, sizeof lines - 1);
    CHECK(length > 0);
    lines[length > 0 ? length : 0] = '\0';
    CHECK(strncmp(lines, "passwordsync-samba-helper: alice: not captured: 7\npasswordsync-samba-helper: Zo\xC3\xAB: late\n", 88) == 0);
    CHECK(close(file) == 0);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 2;
    (void)snprintf(log_path, sizeof log_path, "%s/log", folder);
    (void)snprintf(error_path, sizeof error_path, "%s/error", folder);
    int log = listen_as_log();
    int own_error = dup(STDERR_FILENO);
    int error = open(error_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(dup2(error, STDERR_FILENO) == STDERR_FILENO);
    reports_name_the_account_and_the_severity(log);
    names_that_could_forge_a_line_are_not_shown(log);
    long_reports_are_cut(log);
    a_missing_log_is_no_trouble(log);
    CHECK(dup2(own_error, STDERR_FILENO) == STDERR_FILENO);
    the_same_lines_stand_on_standard_error();
    CHECK(unlink(error_path) == 0);
    CHECK(rmdir(folder) == 0);
    return checks_result();
}
