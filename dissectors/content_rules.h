/* content_rules.h: by what text is recognised: patterns for lines of the dialects of configurations, and for secrets.
 *
 * The patterns of content_dialects.def and content_secrets.def are compiled in; a file of the operator's own can add
 * secrets. The rules can serve any number of files and threads. */
#ifndef PERPASS_DISSECTORS_CONTENT_RULES_H
#define PERPASS_DISSECTORS_CONTENT_RULES_H

#include "core/error.h"

struct content_rules;

/* content_rules_new makes the rules, with those of the file |path| before them, if it is not NULL. NULL and the
 * error, which tells the line, when the file cannot be read or a line of it makes no sense. */
struct content_rules *content_rules_new(const char *path, struct error *error);
void content_rules_free(struct content_rules *rules);

#endif
