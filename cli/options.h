/* options.h: one table of options parses the command line, prints the help and fills the settings. */
#ifndef PERPASS_CLI_OPTIONS_H
#define PERPASS_CLI_OPTIONS_H

#include "core/error.h"

#include <stddef.h>
#include <stdio.h>

/* One option of a command. */
struct option_row {
    const char *name;       /* "report", written --report */
    const char *value;      /* what the help calls its value: "FILE"; NULL: it takes none */
    bool value_may_be_left; /* the value is optional, and given as --name=VALUE only */
    size_t offset;          /* of the member in the command's settings */
    /* Puts |value| (NULL: none was given) into |member|. False and |error| when it is no good; the sentence
     * goes on from "--name: ". The text of |value| lives as long as the program. */
    bool (*set)(void *member, const char *value, struct error *error);
    const char *about; /* for the help: a sentence or two */
    char letter;       /* 'i': it can be written -i, too; 0: it cannot */
    const char *needs; /* a library that perpass may be built without; NULL: nothing */
    bool (*built)(
        void); /* whether it was built with that; the option is not in the help otherwise, and refused */
};

/* A list of values, in the order of the command line. All zero is empty. */
struct option_list {
    const char **items;
    size_t num;
};

/* A command of the program. */
struct command {
    const char
        *program; /* of which it is all there is: "perpass-probe"; NULL: a command of perpass */
    const char *name;
    const char *operands; /* "FILE...", or "" */
    size_t min_operands, max_operands;
    const char *about; /* one line */
    const char *notes; /* the end of its help, may be NULL; lines as they are */
    /* Options that other commands have, too: their members are at the beginning of the settings. May be NULL. */
    const struct option_row *shared;
    const size_t *num_shared;
    const struct option_row *options; /* of its own */
    size_t num_options;
    size_t settings_size; /* zeroed before the options are read */
    /* Does the work and gives the exit status. */
    int (*run)(const void *settings, const struct option_list *operands);
    void (*settings_free)(void *settings); /* may be NULL */
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_BAD };

/* options_parse reads |num| words of the command line (those after the command's name) into |settings| and
 * |operands|. Options and operands may be mixed; after "--" everything is an operand; "-" is one. With
 * OPTIONS_BAD |error| says what is wrong. */
enum options_result options_parse(const struct command *command, char *const *words, size_t num,
                                  void *settings, struct option_list *operands,
                                  struct error *error);

/* options_count gives the number of options of |command|, the shared ones first. */
size_t options_count(const struct command *command);

/* options_help prints usage and options of |command|, in 80 columns. */
void options_help(FILE *out, const struct command *command);

/* Setters for option_row. The member is a bool, a const char *, a struct option_list. */
bool option_set_true(void *member, const char *value, struct error *error);
bool option_set_text(void *member, const char *value, struct error *error);
bool option_set_any_text(void *member, const char *value, struct error *error); /* may be empty */
bool option_add_text(void *member, const char *value, struct error *error);
/* uint64_t: a whole number; option_set_seconds: of seconds, minutes, hours or days: "90", "90s", "5m", "2h", "7d". */
bool option_set_number(void *member, const char *value, struct error *error);
bool option_set_seconds(void *member, const char *value, struct error *error);

bool option_list_add(struct option_list *list, const char *item);
void option_list_free(struct option_list *list);

#endif
