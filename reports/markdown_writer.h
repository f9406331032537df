/* markdown_writer.h: Markdown (CommonMark, and GitHub's tables) in lines, up to a bound of bytes.
 *
 * Text of the program's own is escaped; values of the traffic become code spans, in which nothing is markup: no link, no
 * mention, no HTML. Code spans have no place in tables, where a bar would end the cell. */
#ifndef PERPASS_REPORTS_MARKDOWN_WRITER_H
#define PERPASS_REPORTS_MARKDOWN_WRITER_H

#include "reports/sentence.h"

#include <stdbool.h>
#include <stdio.h>

enum { MARKDOWN_RESERVE = 512 /* bytes that are kept for markdown_end_line */ };

struct markdown {
    FILE *out;   /* its errors stay with it */
    size_t left; /* bytes that may be written still */
};

/* markdown_text adds text so that none of it is markup. */
void markdown_text(struct sentence *line, const char *text);

/* markdown_code adds |value|, which is visible text on one line (redact.h), as a code span of at most |columns|. */
void markdown_code(struct sentence *line, const char *value, size_t columns);

/* markdown_line writes a line; false, and nothing, when only the reserve is left. markdown_end_line writes one that has
 * to be there: it may use the reserve. */
bool markdown_line(struct markdown *markdown, const char *line);
void markdown_end_line(struct markdown *markdown, const char *line);

#endif
