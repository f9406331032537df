/* html_times.c: the time line: sessions upwards, findings downwards, with a table of the same numbers. */
#include "reports/html_times.h"

#include "reports/html_bars.h"
#include "reports/text.h"

#include <inttypes.h>

enum { COLUMNS = 60, WIDTH = 600, HEIGHT = 60 /* of each half */ };

/* A part of the time: sessions that began in it, and findings that were made first in it. */
struct column {
    uint64_t sessions, open, findings;
    enum severity worst;
};

struct times {
    uint64_t first_ns, span_ns; /* of all columns */
    struct column columns[COLUMNS];
    uint64_t most_sessions, most_findings;
};

static struct column *column_of(struct times *times, uint64_t time_ns)
{
    const uint64_t past = time_ns > times->first_ns ? time_ns - times->first_ns : 0;
    const uint64_t place = past / (times->span_ns / COLUMNS + 1);
    return &times->columns[place < COLUMNS ? place : COLUMNS - 1];
}

/* The slots of |mix| are cut other than the columns: each counts where its middle is. */
static void count_sessions(struct times *times, const struct session_mix *mix)
{
    struct reader froms = reader_of(mix->slots), sessions = reader_of(mix->slot_sessions);
    struct reader open = reader_of(mix->slot_open);
    while (reader_more(&froms)) {
        struct column *column = column_of(times, reader_u64(&froms) + mix->slot_ns.value / 2);
        column->sessions += reader_u64(&sessions);
        column->open += reader_u64(&open);
        if (column->sessions > times->most_sessions)
            times->most_sessions = column->sessions;
    }
}

static void count_findings(struct times *times, const struct result *result)
{
    for (size_t i = 0; i < result->num_findings; i++) {
        const struct finding *finding = &result->findings[i];
        struct column *column = column_of(times, finding->first_ns);
        column->findings++;
        if (finding->severity > column->worst)
            column->worst = finding->severity;
        if (column->findings > times->most_findings)
            times->most_findings = column->findings;
    }
}

static const char *severity_class(enum severity severity)
{
    static const char *const classes[] = {"fill-info",   "fill-info", "fill-low",
                                          "fill-medium", "fill-high", "fill-critical"};
    return classes[severity];
}

static void draw_column(struct html *html, const struct times *times, size_t at)
{
    const struct column *column = &times->columns[at];
    const double width = (double)WIDTH / COLUMNS - 1, x = (double)WIDTH / COLUMNS * (double)at;
    if (column->sessions > 0) {
        const double unit = (double)HEIGHT / (double)times->most_sessions;
        const double open = unit * (double)column->open, all = unit * (double)column->sessions;
        html_rect(html, "fill-good", x, HEIGHT - all, width, all - open);
        if (column->open > 0)
            html_rect(html, "fill-bad", x, HEIGHT - open, width, open);
    }
    if (column->findings > 0)
        html_rect(html, severity_class(column->worst), x, HEIGHT + 1, width,
                  (double)(HEIGHT - 1) / (double)times->most_findings * (double)column->findings);
}

static void draw(struct html *html, const struct times *times)
{
    static const struct html_colour key[] = {
        {"fill-good", "up: sessions that began, with forward secrecy or unknown"},
        {"fill-bad", "up: sessions that one leaked key opens"},
        {"fill-info", "down: findings when they were made first, in the colour of the worst"}};
    char number[TEXT_SMALL], other[TEXT_SMALL];
    const bool up = times->most_sessions > 0; /* else the upper half would be empty */
    html_key(html, key + (up ? 0 : 2), up ? 3 : 1);
    html_begin(html, "div");
    html_class(html, "times");
    html_begin(html, "svg");
    html_attribute_of(html, "viewBox", "0 %d %d %d", up ? 0 : HEIGHT, WIDTH,
                      up ? 2 * HEIGHT : HEIGHT);
    html_attribute(html, "preserveAspectRatio", "none");
    html_attribute(html, "role", "img");
    html_attribute_of(html, "aria-label",
                      "Time line: at most %s sessions and %s findings in one of %d parts of the "
                      "time; the table below has all numbers",
                      text_number(times->most_sessions, number),
                      text_number(times->most_findings, other), COLUMNS);
    html_rect(html, "track", 0, HEIGHT, WIDTH, 1);
    for (size_t i = 0; i < COLUMNS; i++)
        draw_column(html, times, i);
    html_end(html);
    html_end(html);
}

static void put_axis(struct html *html, const struct times *times)
{
    char text[TEXT_SMALL];
    html_begin(html, "div");
    html_class(html, "axis");
    html_leaf(html, "span", NULL, text_second(times->first_ns, text));
    html_leaf(html, "span", NULL, text_second(times->first_ns + times->span_ns, text));
    html_end(html);
}

static void put_row(struct html *html, const struct times *times, size_t at)
{
    const struct column *column = &times->columns[at];
    char text[TEXT_SMALL];
    html_begin(html, "tr");
    html_leaf(html, "td", NULL,
              text_time(times->first_ns + at * (times->span_ns / COLUMNS + 1), text));
    html_leaf(html, "td", NULL, text_number(column->sessions, text));
    html_leaf(html, "td", NULL, text_number(column->open, text));
    html_leaf(html, "td", NULL, text_number(column->findings, text));
    html_leaf(html, "td", NULL, column->findings > 0 ? severity_name(column->worst) : "");
    html_end(html);
}

static void put_table(struct html *html, const struct times *times)
{
    static const char *const heads[] = {"From", "Sessions", "One leaked key opens", "Findings",
                                        "Worst"};
    html_begin(html, "details");
    html_leaf(html, "summary", NULL, "The time line as a table");
    html_begin(html, "table");
    html_heads(html, heads, NULL, sizeof heads / sizeof heads[0]);
    html_begin(html, "tbody");
    for (size_t i = 0; i < COLUMNS; i++)
        if (times->columns[i].sessions > 0 || times->columns[i].findings > 0)
            put_row(html, times, i);
    html_end(html);
    html_end(html);
    html_end(html);
}

void html_times(const struct html_page *page, const struct session_mix *mix)
{
    struct times times = {.first_ns = 0};
    uint64_t last_ns;
    report_span(page->result, &times.first_ns, &last_ns);
    times.span_ns = last_ns - times.first_ns;
    if (mix != NULL && mix->sessions.value > 0)
        count_sessions(&times, mix);
    count_findings(&times, page->result);
    if (times.span_ns == 0 || (times.most_sessions == 0 && times.most_findings == 0))
        return;
    html_begin(page->html, "section");
    html_attribute(page->html, "id", "chart-times");
    html_class(page->html, "wide");
    html_leaf(page->html, "h3", NULL, "Time line");
    draw(page->html, &times);
    put_axis(page->html, &times);
    put_table(page->html, &times);
    html_end(page->html);
}
