/* Stands in for LSASS under Wine: tells that it has started, loads the filter and does what its standard input says, a command a line, an answer a line.
   The strings it hands over are placed as badly as can be: not terminated, flush against a page without access, or wild. */
#include "lsass_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "start.h"

enum { LINE_MAX_BYTES = 400000, WORDS_MAX = 4 };

static const struct command commands[] = {
    {"init", command_init},
    {"change", command_change},
    {"storm", command_storm},
    {"oversleep", command_oversleep},
    {"status", command_status},
    {"drained", command_drained},
    {"search", command_search},
    {"set", command_set}};

struct filter_exports filter;

static bool load(const char *path)
{
    HMODULE module = LoadLibraryA(path);

    if (module == NULL)
        return false;
    filter.initialize = (initialize_function)(void *)GetProcAddress(module, "InitializeChangeNotify");
    filter.agree = (filter_function)(void *)GetProcAddress(module, "PasswordFilter");
    filter.notify = (notify_function)(void *)GetProcAddress(module, "PasswordChangeNotify");
    return filter.initialize != NULL && filter.agree != NULL && filter.notify != NULL;
}

static void obey(char *line)
{
    char *words[WORDS_MAX] = {"", "", "", ""};
    size_t count = 0;

    line[strcspn(line, "\r\n")] = '\0';
    for (char *word = strtok(line, " "); word != NULL && count < WORDS_MAX; word = strtok(NULL, " "))
        words[count++] = word;
    for (size_t index = 0; index < sizeof commands / sizeof *commands; index++) {
        if (strcmp(words[0], commands[index].name) == 0) {
            commands[index].run(words[1], words[2], words[3]);
            (void)fflush(stdout);
            return;
        }
    }
    (void)printf("unknown command\n");
    (void)fflush(stdout);
}

int main(int count, char **arguments)
{
    char *line = malloc(LINE_MAX_BYTES);

    tell_start();
    if (count != 2 || line == NULL || !load(arguments[1])) {
        (void)printf("not loaded: error %lu\n", GetLastError());
        return 1;
    }
    (void)printf("loaded\n");
    (void)fflush(stdout);
    while (fgets(line, LINE_MAX_BYTES, stdin) != NULL)
        obey(line);
    free(line);
    return 0;
}
