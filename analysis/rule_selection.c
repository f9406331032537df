/* rule_selection.c: reads the option --rules. */
#include "analysis/rule_selection.h"

#include "core/span.h"

/* Is |pattern| the rule's id, its family ("psk.*"), or "*"? */
static bool matches(struct span pattern, const char *id)
{
    struct span name = span_text(id);
    if (pattern.len == 0 || pattern.at[pattern.len - 1] != '*')
        return span_equal(pattern, name);
    struct span start = span_of(pattern.at, pattern.len - 1);
    bool whole_family = start.len == 0 || start.at[start.len - 1] == '.';
    return whole_family && name.len > start.len && memcmp(name.at, start.at, start.len) == 0;
}

static bool apply(struct rule_selection *selection, struct span pattern, bool on)
{
    bool found = false;
    for (size_t i = 0; i < NUM_RULES; i++) {
        if (matches(pattern, rule_get((enum rule_id)i)->id)) {
            selection->on[i] = on;
            found = true;
        }
    }
    return found;
}

bool rule_selection_parse(const char *text, struct rule_selection *selection, struct error *error)
{
    bool all = text == NULL || *text == '-';
    for (size_t i = 0; i < NUM_RULES; i++)
        selection->on[i] = all;
    for (const char *word = text; word != NULL;) {
        const char *comma = strchr(word, ',');
        size_t len = comma != NULL ? (size_t)(comma - word) : strlen(word);
        bool off = len > 0 && *word == '-', sign = off || (len > 0 && *word == '+');
        struct span pattern = span_of(word + sign, len - sign);
        if (!apply(selection, pattern, !off))
            return error_set(
                error,
                "there is no rule \"%.*s\"; \"perpass explain\" lists all of them, and a "
                "whole family is named like \"psk.*\"",
                len < 100 ? (int)len - sign : 100, word + sign);
        word = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}
