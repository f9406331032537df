/* explain.c: the catalogue of rules in words. Reads analysis/rules.def only: what is explained is what is
 * built. */
#include "reports/explain.h"

#include "reports/report.h"
#include "reports/text.h"
#include "reports/threat_model.h"

#include <string.h>

enum { INDENT = 2 };

/* A part of an explanation. */
struct part {
    const char *heading, *text;
};

enum { NUM_PARTS = 5 };

static void parts_of(const struct rule *rule, struct part parts[NUM_PARTS])
{
    parts[0] = (struct part){"What it means", rule->meaning};
    parts[1] = (struct part){"What an observer gains", rule->gain};
    parts[2] = (struct part){"What to do", rule->remedy};
    parts[3] = (struct part){"When it may be wrong", rule->doubts};
    parts[4] = (struct part){"References", rule->references};
}

static bool has_text(const struct part *part)
{
    return part->text != NULL && part->text[0] != '\0';
}

void explain_rule(FILE *out, const struct rule *rule, unsigned width)
{
    struct part parts[NUM_PARTS];
    const struct threat_words *attack = threat_words(rule->attack);
    char line[512];
    parts_of(rule, parts);
    fprintf(out, "%s\n", rule->id);
    text_wrap(out, rule->title, 0, width, 0);
    snprintf(line, sizeof line, "Usual severity %s. Class of attack: %s.",
             severity_name(rule->severity), attack_class_name(rule->attack));
    text_wrap(out, line, 0, width, 0);
    for (size_t i = 0; i < NUM_PARTS; i++) {
        if (!has_text(&parts[i]))
            continue;
        fprintf(out, "\n%s\n", parts[i].heading);
        text_wrap(out, parts[i].text, INDENT, width, 0);
    }
    fprintf(out, "\n%s\n", "The class of attack");
    snprintf(line, sizeof line, "Needs: %s. Costs: %s. Closed by: %s.", attack->capability,
             attack->cost, attack->mitigation);
    text_wrap(out, line, INDENT, width, 0);
}

void explain_catalogue(FILE *out, unsigned width)
{
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        char title[256];
        text_cut(rule->title, width > 50 ? width - 34 : 16, title, sizeof title);
        fprintf(out, "%-24s %-8s %s\n", rule->id, severity_name(rule->severity), title);
    }
}

bool explain_json(FILE *out, const struct rule *rule)
{
    return report_json_rules(out, rule);
}

/* Prints plain text so that Markdown takes none of it for markup. */
static void put_markdown(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("\\`*_[]<>#|", *at) != NULL)
            fputc('\\', out);
        fputc(*at, out);
    }
}

void explain_markdown(FILE *out, const struct rule *rule)
{
    struct part parts[NUM_PARTS];
    parts_of(rule, parts);
    fprintf(out, "### `%s`\n\n", rule->id);
    put_markdown(out, rule->title);
    fprintf(out, ". Usual severity: **%s**; class of attack: %s.\n", severity_name(rule->severity),
            attack_class_name(rule->attack));
    for (size_t i = 0; i < NUM_PARTS; i++) {
        if (!has_text(&parts[i]))
            continue;
        fprintf(out, "\n**%s.** ", parts[i].heading);
        put_markdown(out, parts[i].text);
        fputc('\n', out);
    }
}

/* The table of the five classes. */
static void put_classes(FILE *out)
{
    fputs("| Class of attack | The attacker must | Cost | Risk of being found | Closed by |\n"
          "|---|---|---|---|---|\n",
          out);
    for (int i = ATTACK_PASSIVE; i <= ATTACK_CONTENT; i++) {
        const struct threat_words *attack = threat_words((enum attack_class)i);
        fprintf(out, "| %s | ", attack_class_name((enum attack_class)i));
        put_markdown(out, attack->capability);
        fputs(" | ", out);
        put_markdown(out, attack->cost);
        fputs(" | ", out);
        put_markdown(out, attack->risk);
        fputs(" | ", out);
        put_markdown(out, attack->mitigation);
        fputs(" |\n", out);
    }
}

static void put_index(FILE *out)
{
    fputs("| Rule | Usual severity | Class of attack | Title |\n|---|---|---|---|\n", out);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        fprintf(out, "| `%s` | %s | %s | ", rule->id, severity_name(rule->severity),
                attack_class_name(rule->attack));
        put_markdown(out, rule->title);
        fputs(" |\n", out);
    }
}

bool explain_markdown_catalogue(FILE *out)
{
    fputs("# The rules of perpass\n\n"
          "Made from `analysis/rules.def` by `perpass-docs rules`: change it there.\n"
          "`perpass explain RULE` prints the same in a terminal.\n\n"
          "## Classes of attack\n\n"
          "After draft-barnes-pervasive-problem-00, sections 4 and 5.\n\n",
          out);
    put_classes(out);
    fputs("\n## Index\n\n", out);
    put_index(out);
    fputs("\n## The rules one by one\n", out);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        fputc('\n', out);
        explain_markdown(out, rule_get((enum rule_id)id));
    }
    return ferror(out) == 0;
}

/* How unlike |id| is to what the user typed: 0 is the best. An id that has it as a part is near. */
static unsigned unlikeness(const char *typed, const char *id)
{
    if (typed[0] != '\0' && strstr(id, typed) != NULL)
        return 1;
    return text_distance(typed, id);
}

size_t explain_nearest(const char *id, const struct rule *nearest[EXPLAIN_NEAREST])
{
    unsigned worth[EXPLAIN_NEAREST] = {0};
    unsigned most = (unsigned)(strlen(id) / 2 + 2);
    size_t num = 0;
    for (int i = 0; i < (int)NUM_RULES; i++) {
        const struct rule *rule = rule_get((enum rule_id)i);
        unsigned unlike = unlikeness(id, rule->id);
        size_t at = num;
        if (unlike > most)
            continue;
        while (at > 0 && unlike < worth[at - 1])
            at--;
        if (at == EXPLAIN_NEAREST)
            continue;
        if (num < EXPLAIN_NEAREST)
            num++;
        for (size_t j = num - 1; j > at; j--) {
            nearest[j] = nearest[j - 1];
            worth[j] = worth[j - 1];
        }
        nearest[at] = rule;
        worth[at] = unlike;
    }
    return num;
}
