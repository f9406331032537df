/* main.c: the perpass command. */
#include "capture/privileges.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/signals.h"
#include "cli/status.h"
#include "reports/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {&command_analyze, &command_monitor, &command_merge,
                                                 &command_explain, &command_version};

enum { NUM_COMMANDS = sizeof commands / sizeof commands[0] };

/* A file that is opened must not become one of the standard streams. A closed one is opened in the wrong
 * direction, so that using it fails instead of seeming to work. */
static void keep_standard_streams(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            abort();
}

static void help(FILE *out)
{
    fputs("perpass reads captured traffic and tells what a pervasive observer learns from\n"
          "it or could do to it.\n\n"
          "Usage:\n",
          out);
    for (size_t i = 0; i < NUM_COMMANDS; i++) {
        fprintf(out, "  perpass %s%s%s%s\n", commands[i]->name,
                options_count(commands[i]) > 0 ? " [options]" : "",
                commands[i]->operands[0] != '\0' ? " " : "", commands[i]->operands);
        text_wrap(out, commands[i]->about, 8, 80, 0);
    }
    fputs("\nperpass COMMAND --help tells about the options of a command.\n", out);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < NUM_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    for (size_t i = 0; i < NUM_COMMANDS; i++) {
        if (text_distance(name, commands[i]->name) < 3) {
            complain("there is no command \"%.100s\": did you mean perpass %s?", name,
                     commands[i]->name);
            return STATUS_USAGE;
        }
    }
    if (access(name, F_OK) == 0)
        complain("there is no command \"%.100s\": did you mean perpass analyze %.100s?", name,
                 name);
    else
        complain("there is no command \"%.100s\": see perpass --help", name);
    return STATUS_USAGE;
}

static int run_command(const struct command *command, char *const *words, size_t num)
{
    struct option_list operands = {.num = 0};
    struct error error = {.text = ""};
    int status = STATUS_OK;
    void *settings = calloc(1, command->settings_size + 1);
    if (settings == NULL) {
        complain("there is no memory");
        return STATUS_USAGE;
    }
    switch (options_parse(command, words, num, settings, &operands, &error)) {
    case OPTIONS_RUN:
        status = command->run(settings, &operands);
        break;
    case OPTIONS_HELP:
        options_help(stdout, command);
        break;
    case OPTIONS_BAD:
        complain("%s", error.text);
        status = STATUS_USAGE;
        break;
    }
    if (command->settings_free != NULL)
        command->settings_free(settings);
    option_list_free(&operands);
    free(settings);
    return status;
}

/* perpass help [COMMAND] */
static int run_help(char *const *words, size_t num)
{
    const struct command *command = num > 0 ? find_command(words[0]) : NULL;
    if (num > 0 && command == NULL)
        return unknown_command(words[0]);
    if (command != NULL)
        options_help(stdout, command);
    else
        help(stdout);
    return STATUS_OK;
}

static int run(char *const *words, size_t num)
{
    if (num == 0) {
        help(stderr);
        return STATUS_USAGE;
    }
    const char *word = words[0];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return run_help(words + 1, num - 1);
    if (strcmp(word, "--version") == 0)
        return run_command(&command_version, words + 1, num - 1);
    const struct command *command = find_command(word);
    if (command != NULL)
        return run_command(command, words + 1, num - 1);
    return unknown_command(word);
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    privileges_hide_memory(); /* the keys of pseudonyms and the traffic itself are there */
    signals_prepare();
    int status = run(argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    if (status != STATUS_OUTPUT) /* else it is told already */
        complain("standard output cannot be written: %s", strerror(errno));
    return STATUS_OUTPUT;
}
