/* options.c: reads a command line by a table of options, and prints that table as help. */
#include "cli/options.h"

#include "reports/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_WIDTH = 80, HELP_INDENT = 8, CALLED_MAX = 64 };

bool option_list_add(struct option_list *list, const char *item)
{
    const char **items = realloc(list->items, (list->num + 1) * sizeof items[0]);
    if (items == NULL)
        return false;
    list->items = items;
    list->items[list->num++] = item;
    return true;
}

void option_list_free(struct option_list *list)
{
    free(list->items);
    *list = (struct option_list){0};
}

bool option_set_true(void *member, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    *(bool *)member = true;
    return true;
}

bool option_set_text(void *member, const char *value, struct error *error)
{
    if (value[0] == '\0')
        return error_set(error, "its value is empty");
    *(const char **)member = value;
    return true;
}

bool option_set_any_text(void *member, const char *value, struct error *error)
{
    (void)error;
    *(const char **)member = value;
    return true;
}

bool option_add_text(void *member, const char *value, struct error *error)
{
    if (value[0] == '\0')
        return error_set(error, "its value is empty");
    if (!option_list_add(member, value))
        return error_set(error, "there is no memory");
    return true;
}

size_t options_count(const struct command *command)
{
    return command->num_options + (command->shared != NULL ? *command->num_shared : 0);
}

static const struct option_row *option_at(const struct command *command, size_t i)
{
    size_t num_shared = command->shared != NULL ? *command->num_shared : 0;
    return i < num_shared ? &command->shared[i] : &command->options[i - num_shared];
}

/* Reads digits at |text|; gives what follows them, NULL when there are none or too many. */
static const char *read_number(const char *text, uint64_t *number)
{
    enum { MAX_DIGITS = 15 };
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > MAX_DIGITS)
        return NULL;
    *number = strtoull(text, NULL, 10);
    return text + len;
}

bool option_set_number(void *member, const char *value, struct error *error)
{
    const char *rest = read_number(value, member);
    return (rest != NULL && *rest == '\0') ||
           error_set(error, "\"%.100s\" is no whole number", value);
}

/* A hundred years: in nanoseconds it is still a number of 64 bits, also after a clock that runs since the boot. */
static const uint64_t most_seconds = UINT64_C(100) * 366 * 86400;

bool option_set_seconds(void *member, const char *value, struct error *error)
{
    static const struct {
        const char *unit;
        uint64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    uint64_t number;
    const char *rest = read_number(value, &number);
    for (size_t i = 0; rest != NULL && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(rest, units[i].unit) == 0) {
            *(uint64_t *)member = number * units[i].seconds;
            return number <= most_seconds / units[i].seconds ||
                   error_set(error, "\"%.100s\" is more than a hundred years", value);
        }
    }
    return error_set(error, "\"%.100s\" is no time: it is a number, and s, m, h or d behind it",
                     value);
}

/* "perpass analyze", "perpass-probe" */
static const char *called(const struct command *command, char room[CALLED_MAX])
{
    snprintf(room, CALLED_MAX, "%s%s%s", command->program != NULL ? command->program : "perpass",
             command->program != NULL ? "" : " ", command->program != NULL ? "" : command->name);
    return room;
}

/* The option of which |len| letters at |name| are the name. */
static const struct option_row *find_option(const struct command *command, const char *name,
                                            size_t len)
{
    for (size_t i = 0; i < options_count(command); i++) {
        const struct option_row *option = option_at(command, i);
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
            return option;
    }
    return NULL;
}

static const struct option_row *find_letter(const struct command *command, char letter)
{
    for (size_t i = 0; letter != '\0' && i < options_count(command); i++)
        if (option_at(command, i)->letter == letter)
            return option_at(command, i);
    return NULL;
}

static bool unknown_option(const struct command *command, const char *word, size_t len,
                           struct error *error)
{
    char typed[64];
    const char *nearest = NULL;
    unsigned least = 4; /* further away is another word */
    snprintf(typed, sizeof typed, "%.*s", (int)(len < 60 ? len : 60), word);
    for (size_t i = 0; i < options_count(command); i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", option_at(command, i)->name);
        unsigned distance = text_distance(typed, name);
        if (distance < least) {
            least = distance;
            nearest = option_at(command, i)->name;
        }
    }
    if (nearest != NULL)
        return error_set(error, "unknown option %s: did you mean --%s?", typed, nearest);
    char room[CALLED_MAX];
    return error_set(error, "unknown option %s: see %s --help", typed, called(command, room));
}

/* The words of a command line that is being read. */
struct words {
    char *const *at;
    size_t left;
};

static bool read_option(const struct command *command, struct words *words, void *settings,
                        struct error *error)
{
    const char *word = *words->at++;
    words->left--;
    const struct option_row *option;
    const char *value = NULL;
    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");
        value = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
        option = find_option(command, word + 2, len);
    } else {
        option = find_letter(command, word[1]);
        value = word[1] != '\0' && word[2] != '\0' ? word + 2 : NULL;
    }
    if (option == NULL)
        return unknown_option(command, word, strcspn(word, "="), error);
    if (option->needs != NULL && !option->built())
        return error_set(error, "--%s: this perpass was built without %s", option->name,
                         option->needs);
    if (option->value == NULL && value != NULL)
        return error_set(error, "--%s takes no value", option->name);
    if (option->value != NULL && value == NULL && !option->value_may_be_left) {
        if (words->left == 0)
            return error_set(error, "--%s needs a value: --%s %s", option->name, option->name,
                             option->value);
        value = *words->at++;
        words->left--;
    }
    struct error reason;
    if (!option->set((char *)settings + option->offset, value, &reason))
        return error_set(error, "--%s: %s", option->name, reason.text);
    return true;
}

static bool right_number(const struct command *command, const struct option_list *operands,
                         struct error *error)
{
    char room[CALLED_MAX];
    if (operands->num < command->min_operands)
        return error_set(error, "%s needs %s: see %s --help", command->name, command->operands,
                         called(command, room));
    if (operands->num > command->max_operands)
        return error_set(error, "%s takes no operand \"%.100s\": see %s --help", command->name,
                         operands->items[command->max_operands], called(command, room));
    return true;
}

enum options_result options_parse(const struct command *command, char *const *words, size_t num,
                                  void *settings, struct option_list *operands, struct error *error)
{
    struct words left = {.at = words, .left = num};
    bool operands_only = false;
    while (left.left > 0) {
        const char *word = *left.at;
        if (!operands_only && strcmp(word, "--") == 0) {
            operands_only = true;
        } else if (operands_only || word[0] != '-' || word[1] == '\0') {
            if (!option_list_add(operands, word)) {
                error_set(error, "there is no memory");
                return OPTIONS_BAD;
            }
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            return OPTIONS_HELP;
        } else if (!read_option(command, &left, settings, error)) {
            return OPTIONS_BAD;
        } else {
            continue; /* read_option has taken the words */
        }
        left.at++;
        left.left--;
    }
    return right_number(command, operands, error) ? OPTIONS_RUN : OPTIONS_BAD;
}

void options_help(FILE *out, const struct command *command)
{
    char room[CALLED_MAX];
    fprintf(out, "Usage: %s [options]%s%s\n\n", called(command, room),
            command->operands[0] != '\0' ? " " : "", command->operands);
    text_wrap(out, command->about, 0, HELP_WIDTH, 0);
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < options_count(command); i++) {
        const struct option_row *option = option_at(command, i);
        const char *join = option->value_may_be_left ? "[=" : " ";
        if (option->needs != NULL && !option->built())
            continue;
        fprintf(out, "  --%s%s%s%s\n", option->name, option->value != NULL ? join : "",
                option->value != NULL ? option->value : "", option->value_may_be_left ? "]" : "");
        text_wrap(out, option->about, HELP_INDENT, HELP_WIDTH, 0);
        if (option->letter != '\0')
            fprintf(out, "%*sShort: -%c %s\n", HELP_INDENT, "", option->letter,
                    option->value != NULL ? option->value : "");
    }
    fputs("  --help\n", out);
    text_wrap(out, "Print this help.", HELP_INDENT, HELP_WIDTH, 0);
    if (command->notes != NULL)
        fprintf(out, "\n%s", command->notes);
}
