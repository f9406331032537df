/* html_writer.c: the one place where text becomes HTML. HTML Living Standard section 13.1. */
#include "reports/html_writer.h"

#include "reports/text_safe.h"
#include "reports/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const char *entity_of(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return text_safe_is_unseen(code) ? "\xef\xbf\xbd" : NULL;
    }
}

static void put_escaped(FILE *out, const char *text)
{
    struct span rest = span_text(text);
    size_t plain = 0; /* bytes before the one at hand that are written as they are */
    while (plain < rest.len) {
        uint32_t code;
        const size_t len =
            utf8_next(span_of((const uint8_t *)rest.at + plain, rest.len - plain), &code);
        const char *entity = len > 0 ? entity_of(code) : "\xef\xbf\xbd";
        if (entity == NULL) {
            plain += len;
            continue;
        }
        fwrite(rest.at, 1, plain, out);
        fputs(entity, out);
        plain += len > 0 ? len : 1;
        rest = span_of((const uint8_t *)rest.at + plain, rest.len - plain);
        plain = 0;
    }
    fwrite(rest.at, 1, plain, out);
}

/* Elements of HTML that have no end: in XML they end in their beginning. */
static bool is_void(const char *element)
{
    static const char *const names[] = {"meta", "br", "hr"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], element) == 0)
            return true;
    return false;
}

static void close_tag(struct html *html)
{
    if (html->in_tag)
        fputc('>', html->out);
    html->in_tag = false;
}

void html_document(struct html *html)
{
    fputs("<!DOCTYPE html>\n", html->out);
}

void html_begin(struct html *html, const char *element)
{
    assert(html->depth < HTML_MAX_DEPTH);
    assert(html->depth == 0 || !is_void(html->open[html->depth - 1]));
    close_tag(html);
    fprintf(html->out, "<%s", element);
    html->open[html->depth++] = element;
    html->in_tag = true;
}

/* A line ends behind an element that is not part of a line. */
static bool ends_line(const char *element)
{
    static const char *const names[] = {"p",       "li",     "tr",    "section", "h1",
                                        "h2",      "h3",     "table", "svg",     "ul",
                                        "article", "header", "meta",  "nav",     "title"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], element) == 0)
            return true;
    return false;
}

void html_end(struct html *html)
{
    assert(html->depth > 0);
    const char *element = html->open[--html->depth];
    if (is_void(element)) {
        assert(html->in_tag);
        fputs("/>", html->out);
        html->in_tag = false;
    } else {
        close_tag(html);
        fprintf(html->out, "</%s>", element);
    }
    if (ends_line(element) || html->depth == 0)
        fputc('\n', html->out);
}

void html_attribute(struct html *html, const char *name, const char *value)
{
    assert(html->in_tag);
    fprintf(html->out, " %s=\"", name);
    put_escaped(html->out, value);
    fputc('"', html->out);
}

/* What is formatted is numbers and short words of the program's own. */
enum { FORMATTED_SIZE = 1024 };

void html_attribute_of(struct html *html, const char *name, const char *format, ...)
{
    char text[FORMATTED_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    html_attribute(html, name, text);
}

void html_class(struct html *html, const char *value)
{
    html_attribute(html, "class", value);
}

void html_text(struct html *html, const char *text)
{
    assert(html->depth > 0);
    close_tag(html);
    put_escaped(html->out, text);
}

void html_text_of(struct html *html, const char *format, ...)
{
    char text[FORMATTED_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    html_text(html, text);
}

void html_leaf(struct html *html, const char *element, const char *class, const char *text)
{
    html_begin(html, element);
    if (class != NULL)
        html_class(html, class);
    html_text(html, text);
    html_end(html);
}

void html_link(struct html *html, const char *text, const char *id_format, ...)
{
    char id[FORMATTED_SIZE] = "#";
    va_list args;
    va_start(args, id_format);
    vsnprintf(id + 1, sizeof id - 1, id_format, args);
    va_end(args);
    html_begin(html, "a");
    html_attribute(html, "href", id);
    html_text(html, text);
    html_end(html);
}

void html_heads(struct html *html, const char *const *heads, const char *const *classes, size_t num)
{
    html_begin(html, "thead");
    html_begin(html, "tr");
    for (size_t i = 0; i < num; i++) {
        html_begin(html, heads[i] != NULL ? "th" : "td");
        if (heads[i] != NULL)
            html_attribute(html, "scope", "col");
        if (classes != NULL && classes[i] != NULL)
            html_class(html, classes[i]);
        html_text(html, heads[i] != NULL ? heads[i] : "");
        html_end(html);
    }
    html_end(html);
    html_end(html);
}

void html_asset(struct html *html, const char *element, const char *content)
{
    assert(strpbrk(content, "<&") == NULL);
    html_begin(html, element);
    close_tag(html);
    fputs(content, html->out);
    html_end(html);
}
