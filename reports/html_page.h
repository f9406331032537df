/* html_page.h: what the files that write the HTML report share. */
#ifndef PERPASS_REPORTS_HTML_PAGE_H
#define PERPASS_REPORTS_HTML_PAGE_H

#include "reports/html_writer.h"
#include "reports/report_groups.h"
#include "reports/threat_model.h"

enum {
    HTML_MOST_FINDINGS = 1000, /* that are listed, spread over the rules */
    HTML_MOST_ROWS = 50,       /* of each other table */
    HTML_MOST_COLUMNS = 160    /* of a value */
};

struct html_page {
    struct html *html;
    const struct result *result;
    struct redactor *redactor;
    const struct threat_model *model;
    const struct report_group *groups;
    size_t num_groups;
    uint64_t most; /* findings of one rule that are listed: the first */
};

/* html_section begins <section id> with a heading of |level| ("h2"). The caller ends it. */
void html_section(struct html *html, const char *id, const char *level, const char *heading);

/* html_severity writes a mark. */
void html_severity(struct html *html, enum severity severity);

/* html_rest writes that |num| are not listed, in a paragraph, if there are any. */
void html_rest(struct html *html, uint64_t num, const char *one, const char *many);

/* The parts of the page, in their order. */
void html_worst(const struct html_page *page);
void html_charts(const struct html_page *page);
void html_threats(const struct html_page *page);
void html_findings(const struct html_page *page);
void html_tables(const struct html_page *page);

#endif
