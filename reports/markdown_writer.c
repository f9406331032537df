/* markdown_writer.c: lines of Markdown. CommonMark 0.31 sections 2.4 (backslash escapes) and 6.1 (code spans), and
 * the tables and links of GitHub Flavored Markdown. */
#include "reports/markdown_writer.h"

#include "reports/text.h"

#include <assert.h>
#include <string.h>

void markdown_text(struct sentence *line, const char *text)
{
    while (*text != '\0') {
        const size_t plain = strcspn(text, "\\`*_{}[]<>()#+!|~&@$");
        sentence_add(line, "%.*s", (int)plain, text);
        text += plain;
        if (*text == '\0')
            return;
        /* "#1" would be an issue, "@name" somebody who is told: a comment of HTML parts them. */
        sentence_add(line, "\\%c%s", *text, *text == '#' || *text == '@' ? "<!-- -->" : "");
        text++;
    }
}

/* The longest run of backquotes in |text|. */
static size_t longest_run(const char *text)
{
    size_t longest = 0;
    for (; *text != '\0'; text++) {
        const size_t run = strspn(text, "`");
        longest = run > longest ? run : longest;
        text += run > 0 ? run - 1 : 0;
    }
    return longest;
}

/* A span ends at as many backquotes as it began with; one space at each end is taken away. */
void markdown_code(struct sentence *line, const char *value, size_t columns)
{
    char cut[1024], fence[1024];
    text_cut(value[0] != '\0' ? value : "(empty)", columns, cut, sizeof cut);
    const size_t len = strlen(cut), run = longest_run(cut) + 1;
    const bool pad = run > 1 || cut[0] == ' ' || cut[len - 1] == ' ';
    assert(run < sizeof fence);
    memset(fence, '`', run);
    fence[run] = '\0';
    sentence_add(line, "%s%s%s%s%s", fence, pad ? " " : "", cut, pad ? " " : "", fence);
}

bool markdown_line(struct markdown *markdown, const char *line)
{
    if (strlen(line) + 1 + MARKDOWN_RESERVE > markdown->left)
        return false;
    markdown_end_line(markdown, line);
    return true;
}

void markdown_end_line(struct markdown *markdown, const char *line)
{
    const size_t len = strlen(line) + 1;
    assert(len <= markdown->left);
    fprintf(markdown->out, "%s\n", line);
    markdown->left -= len;
}
