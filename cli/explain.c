/* explain.c: perpass explain: what a rule means, why it matters, what to do. */
#include "reports/explain.h"

#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/status.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct explain_settings {
    bool json, markdown;
};

/* Columns of the terminal, but not more than can be read well. */
static unsigned width(void)
{
    enum { USUAL = 80, MOST = 100 };
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return USUAL;
    return size.ws_col < MOST ? size.ws_col : MOST;
}

static int unknown_rule(const char *id)
{
    const struct rule *nearest[EXPLAIN_NEAREST];
    size_t num = explain_nearest(id, nearest);
    char list[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < num && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s",
                                i == 0         ? ""
                                : i + 1 == num ? " or "
                                               : ", ",
                                nearest[i]->id);
    if (num > 0)
        complain("there is no rule \"%.100s\": did you mean %s?", id, list);
    else
        complain("there is no rule \"%.100s\": perpass explain lists all rules", id);
    return STATUS_USAGE;
}

/* False when there is no memory. */
static bool print(const struct explain_settings *settings, const struct rule *rule)
{
    if (settings->json)
        return explain_json(stdout, rule);
    if (settings->markdown && rule != NULL)
        explain_markdown(stdout, rule);
    else if (settings->markdown)
        explain_markdown_catalogue(stdout);
    else if (rule != NULL)
        explain_rule(stdout, rule, width());
    else
        explain_catalogue(stdout, width());
    return true;
}

static int run(const void *settings, const struct option_list *operands)
{
    const struct explain_settings *explain = settings;
    const struct rule *rule = NULL;
    if (explain->json && explain->markdown) {
        complain("--json and --markdown contradict each other");
        return STATUS_USAGE;
    }
    if (operands->num > 0) {
        rule = rule_find(operands->items[0]);
        if (rule == NULL)
            return unknown_rule(operands->items[0]);
    }
    if (!print(explain, rule)) {
        complain("standard output cannot be written: there is no memory");
        return STATUS_OUTPUT;
    }
    return STATUS_OK;
}

static const struct option_row options[] = {
    {"json", NULL, false, offsetof(struct explain_settings, json), option_set_true,
     "Print JSON instead of text."},
    {"markdown", NULL, false, offsetof(struct explain_settings, markdown), option_set_true,
     "Print Markdown instead of text."}};

const struct command command_explain = {.name = "explain",
                                        .operands = "[RULE]",
                                        .max_operands = 1,
                                        .about = "Tell what a rule means, what an observer gains "
                                                 "by it, and what to do about it. Without RULE "
                                                 "the catalogue is listed.",
                                        .options = options,
                                        .num_options = sizeof options / sizeof options[0],
                                        .settings_size = sizeof(struct explain_settings),
                                        .run = run};
