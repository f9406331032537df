/* html_bars.h: bar charts that are tables, too: each row has its name, a bar drawn as SVG, and its numbers as text. */
#ifndef PERPASS_REPORTS_HTML_BARS_H
#define PERPASS_REPORTS_HTML_BARS_H

#include "reports/html_writer.h"

/* A colour and what it stands for. */
struct html_colour {
    const char *class; /* "fill-good" */
    const char *about; /* NULL: it needs no words */
};

struct html_bars {
    struct html *html;
    uint64_t most;                 /* the value that takes the whole width; not 0 */
    struct html_colour colours[2]; /* of the first and of the second part of a bar */
};

/* html_bars_begin begins a table with the columns |name| and |number|. */
void html_bars_begin(const struct html_bars *bars, const char *caption, const char *name,
                     const char *number);
/* html_bars_row writes a row: a bar of |first| and, behind it, |second|, and |said| as its number. */
void html_bars_row(const struct html_bars *bars, const char *name, uint64_t first, uint64_t second,
                   const char *said);
void html_bars_end(const struct html_bars *bars);

/* html_key writes what the colours stand for. */
void html_key(struct html *html, const struct html_colour *colours, size_t num);

/* html_rect writes a rectangle of an SVG. */
void html_rect(struct html *html, const char *class, double x, double y, double width,
               double height);

#endif
