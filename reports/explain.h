/* explain.h: the catalogue of rules in words: as text, JSON and Markdown. */
#ifndef PERPASS_REPORTS_EXPLAIN_H
#define PERPASS_REPORTS_EXPLAIN_H

#include "analysis/rules.h"

#include <stdio.h>

/* explain_rule prints one rule as text of |width| columns. */
void explain_rule(FILE *out, const struct rule *rule, unsigned width);

/* explain_catalogue prints a line for every rule. */
void explain_catalogue(FILE *out, unsigned width);

/* explain_json prints |rule| as an object; with NULL, {"rules": [...]} of all. False when there is no
 * memory. */
bool explain_json(FILE *out, const struct rule *rule);

/* explain_markdown prints a section about |rule|. */
void explain_markdown(FILE *out, const struct rule *rule);

/* explain_markdown_catalogue prints the whole of docs/rules.md; false when it could not be written. */
bool explain_markdown_catalogue(FILE *out);

enum { EXPLAIN_NEAREST = 3 };

/* explain_nearest finds the rules whose ids are most like |id|, best first; gives their number, which may
 * be 0. */
size_t explain_nearest(const char *id, const struct rule *nearest[EXPLAIN_NEAREST]);

#endif
