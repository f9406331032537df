/* html_bars.c: bars as SVG in tables. Styles in attributes are not allowed to the page: SVG's own attributes say how long
 * a bar is. */
#include "reports/html_bars.h"

enum { WIDTH = 1000, HEIGHT = 10 };

void html_rect(struct html *html, const char *class, double x, double y, double width,
               double height)
{
    html_begin(html, "rect");
    html_class(html, class);
    if (x > 0)
        html_attribute_of(html, "x", "%.1f", x);
    if (y > 0)
        html_attribute_of(html, "y", "%.1f", y);
    html_attribute_of(html, "width", "%.1f", width);
    html_attribute_of(html, "height", "%.1f", height);
    html_end(html);
}

void html_key(struct html *html, const struct html_colour *colours, size_t num)
{
    html_begin(html, "ul");
    html_class(html, "key");
    for (size_t i = 0; i < num; i++) {
        if (colours[i].about == NULL)
            continue;
        html_begin(html, "li");
        html_begin(html, "svg");
        html_attribute(html, "viewBox", "0 0 10 10");
        html_attribute(html, "aria-hidden", "true");
        html_rect(html, colours[i].class, 0, 0, 10, 10);
        html_end(html);
        html_text(html, colours[i].about);
        html_end(html);
    }
    html_end(html);
}

void html_bars_begin(const struct html_bars *bars, const char *caption, const char *name,
                     const char *number)
{
    struct html *html = bars->html;
    if (bars->colours[0].about != NULL)
        html_key(html, bars->colours, 2);
    html_begin(html, "table");
    html_class(html, "bars");
    html_leaf(html, "caption", NULL, caption);
    const char *const heads[] = {name, NULL, number};
    static const char *const classes[] = {NULL, NULL, "number"};
    html_heads(html, heads, classes, 3);
    html_begin(html, "tbody");
}

void html_bars_row(const struct html_bars *bars, const char *name, uint64_t first, uint64_t second,
                   const char *said)
{
    struct html *html = bars->html;
    const double scale = (double)WIDTH / (double)bars->most;
    html_begin(html, "tr");
    html_begin(html, "th");
    html_attribute(html, "scope", "row");
    html_text(html, name);
    html_end(html);
    html_begin(html, "td");
    html_class(html, "bar");
    html_begin(html, "svg");
    html_attribute_of(html, "viewBox", "0 0 %d %d", WIDTH, HEIGHT);
    html_attribute(html, "preserveAspectRatio", "none");
    html_attribute(html, "aria-hidden", "true");
    html_rect(html, "track", 0, 0, WIDTH, HEIGHT);
    if (first > 0)
        html_rect(html, bars->colours[0].class, 0, 0, (double)first * scale, HEIGHT);
    if (second > 0)
        html_rect(html, bars->colours[1].class, (double)first * scale, 0, (double)second * scale,
                  HEIGHT);
    html_end(html);
    html_end(html);
    html_leaf(html, "td", "number", said);
    html_end(html);
}

void html_bars_end(const struct html_bars *bars)
{
    html_end(bars->html);
    html_end(bars->html);
}
