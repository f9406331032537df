/* rule_selection.h: which rules the user wants. */
#ifndef PERPASS_ANALYSIS_RULE_SELECTION_H
#define PERPASS_ANALYSIS_RULE_SELECTION_H

#include "analysis/rules.h"
#include "core/error.h"

struct rule_selection {
    bool on[NUM_RULES];
};

/* rule_selection_parse reads "+id,-id,family.*" (NULL: all rules). Words are applied in order; "*"
 * is every rule. If the first word has a '-', all rules were on before it; otherwise none. A word
 * that names no rule is an error that tells the word. */
bool rule_selection_parse(const char *text, struct rule_selection *selection, struct error *error);

#endif
