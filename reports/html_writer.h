/* html_writer.h: HTML (and SVG in it) to a stream, well-formed as XML is, too.
 *
 * Elements are begun and ended; wrong nesting is a bug (assert). Names of elements and attributes are the program's own;
 * all text and every value of an attribute is escaped, and what is no character of text (controls, what is not UTF-8,
 * what reorders or hides text) becomes U+FFFD. There is no other way to write a text. */
#ifndef PERPASS_REPORTS_HTML_WRITER_H
#define PERPASS_REPORTS_HTML_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { HTML_MAX_DEPTH = 32 };

/* All-zero but |out| is ready. */
struct html {
    FILE *out; /* its errors stay with it */
    const char *open[HTML_MAX_DEPTH];
    size_t depth;
    bool in_tag; /* attributes may come */
};

/* html_document writes what comes before the first element. */
void html_document(struct html *html);

void html_begin(struct html *html, const char *element);
void html_end(struct html *html); /* the element that was begun last */

/* Attributes come right after html_begin. */
void html_attribute(struct html *html, const char *name, const char *value);
__attribute__((format(printf, 3, 4))) void html_attribute_of(struct html *html, const char *name,
                                                             const char *format, ...);
void html_class(struct html *html, const char *value);

void html_text(struct html *html, const char *text);
__attribute__((format(printf, 2, 3))) void html_text_of(struct html *html, const char *format, ...);

/* html_leaf writes a whole element with text in it; |class| may be NULL. */
void html_leaf(struct html *html, const char *element, const char *class, const char *text);

/* html_link writes a link to |id| of the same document. */
__attribute__((format(printf, 3, 4))) void html_link(struct html *html, const char *text,
                                                     const char *id_format, ...);

/* html_heads writes the heads of a table's columns; one that is NULL is no head. |classes| of them may be NULL. */
void html_heads(struct html *html, const char *const *heads, const char *const *classes,
                size_t num);

/* html_asset writes an element (style, script) whose content is the program's own and is not escaped: it must have no
 * "<" and no "&", so that it is the same to readers of HTML and of XML (assert). */
void html_asset(struct html *html, const char *element, const char *content);

#endif
