/* content_text.h: the lines of a file: what dialect they are written in, and which secrets they hold. */
#ifndef PERPASS_DISSECTORS_CONTENT_TEXT_H
#define PERPASS_DISSECTORS_CONTENT_TEXT_H

#include "dissectors/content_lines.h"
#include "dissectors/content_rule.h"

struct content_text;

/* content_text_new gives NULL without memory; it takes content_text_size() bytes. */
struct content_text *content_text_new(const struct content_rules *rules,
                                      enum content_charset charset);
size_t content_text_size(void);

/* content_text_free wipes the lines. */
void content_text_free(struct content_text *text);

void content_text_add(struct content_text *text, struct span bytes);
/* content_text_gap says that bytes were lost: the line is broken, and numbers of lines are no longer known. */
void content_text_gap(struct content_text *text);
void content_text_finish(struct content_text *text);

/* The dialect that the lines speak for; NULL: none. */
const struct content_dialect *content_text_dialect(const struct content_text *text);

/* content_text_facts fills in lines, secrets and what is not known of them. */
void content_text_facts(const struct content_text *text, struct content_facts *facts);

#endif
