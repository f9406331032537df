/* html_findings.c: the table of findings, and every rule with its evidence and its remedy. */
#include "reports/html_page.h"

#include "reports/report_words.h"
#include "reports/text.h"

#include <inttypes.h>
#include <stdlib.h>

/* A cell of the table, with its head for where there is room for one column only. */
static void begin_cell(struct html *html, const char *label)
{
    html_begin(html, "td");
    html_attribute(html, "role", "cell");
    if (label != NULL)
        html_attribute(html, "data-label", label);
}

/* A value of the traffic: set apart, so that its direction of writing changes nothing around it. */
static void put_value(struct html *html, const char *text)
{
    html_begin(html, "bdi");
    html_class(html, "value");
    html_text(html, text);
    html_end(html);
}

static void put_subject(const struct html_page *page, const struct finding *finding)
{
    char subject[REPORT_SUBJECT_SIZE], cut[REPORT_SUBJECT_SIZE];
    html_text_of(page->html, "%s ", report_subject_kind(finding->subject));
    if (!report_subject(page->redactor, finding, subject)) {
        html_text(page->html, "(hidden)");
        return;
    }
    text_cut(subject[0] != '\0' ? subject : "(empty)", HTML_MOST_COLUMNS, cut, sizeof cut);
    put_value(page->html, cut);
}

/* "known" or "new", where there is a baseline. */
static void put_standing(const struct html_page *page, const struct finding *finding)
{
    const char *standing = report_words_standing(page->result, page->redactor, finding);
    if (standing == NULL)
        return;
    html_text(page->html, ", ");
    html_leaf(page->html, "strong", NULL, standing);
}

static void put_row(const struct html_page *page, size_t at)
{
    struct html *html = page->html;
    const struct finding *finding = &page->result->findings[at];
    char text[TEXT_SMALL];
    html_begin(html, "tr");
    html_attribute(html, "role", "row");
    html_attribute(html, "data-severity", severity_name(finding->severity));
    html_attribute(html, "data-attack", attack_class_name(finding->rule->attack));
    begin_cell(html, NULL);
    html_attribute_of(html, "data-value", "%u", severity_score(finding->severity));
    html_severity(html, finding->severity);
    html_end(html);
    begin_cell(html, NULL);
    html_link(html, finding->rule->title, "f%zu", at);
    html_begin(html, "br");
    html_end(html);
    html_begin(html, "span");
    html_class(html, "quiet");
    html_text_of(html, "%s · ", finding->rule->id);
    html_link(html, "what to do", "do-%s", finding->rule->id);
    html_end(html);
    html_end(html);
    begin_cell(html, "About");
    put_subject(page, finding);
    put_standing(page, finding);
    html_end(html);
    begin_cell(html, "Times");
    html_attribute_of(html, "data-value", "%" PRIu64, finding->count);
    html_text(html, text_number(finding->count, text));
    html_end(html);
    begin_cell(html, "First seen");
    /* In microseconds, which a script can hold: packets of several inputs are not counted in the order of time. */
    html_attribute_of(html, "data-value", "%" PRIu64, finding->first_ns / 1000);
    html_text_of(html, "%s, packet %" PRIu64, text_second(finding->first_ns, text),
                 finding->packet);
    html_end(html);
    html_end(html);
}

static void put_table(const struct html_page *page, uint64_t *seen)
{
    static const char *const heads[] = {"Severity", "Finding", "About", "Times", "First seen"};
    struct html *html = page->html;
    html_begin(html, "table");
    html_attribute(html, "id", "findings-table");
    html_attribute(html, "role", "table");
    html_class(html, "cards");
    html_leaf(html, "caption", NULL, "Findings, worst first");
    html_heads(html, heads, NULL, sizeof heads / sizeof heads[0]);
    html_begin(html, "tbody");
    html_attribute(html, "role", "rowgroup");
    for (size_t i = 0; i < page->result->num_findings; i++)
        for (size_t k = 0; k < page->num_groups; k++)
            if (page->groups[k].rule == page->result->findings[i].rule && seen[k]++ < page->most)
                put_row(page, i);
    html_end(html);
    html_end(html);
}

static void put_place(const struct html_page *page, const struct finding *finding)
{
    struct html *html = page->html;
    char address[REPORT_SUBJECT_SIZE], text[TEXT_SMALL];
    html_begin(html, "p");
    html_class(html, "quiet");
    if (report_address(page->redactor, &finding->client, finding->ip_version, address)) {
        put_value(html, address);
        html_text(html, " ");
    }
    if (!finding->no_server &&
        report_address(page->redactor, &finding->server, finding->ip_version, address)) {
        html_text(html, "to ");
        put_value(html, address);
        if (finding->ip_version != 0)
            html_text_of(html, " port %u", finding->server.port);
        html_text(html, ", ");
    }
    html_text_of(html, "first in packet %" PRIu64 " at %s", finding->packet,
                 text_second(finding->first_ns, text));
    if (finding->last_ns > finding->first_ns)
        html_text_of(html, ", last %s later",
                     text_duration(finding->last_ns - finding->first_ns, text));
    html_end(html);
}

static void put_facts(const struct html_page *page, const struct finding *finding)
{
    struct html *html = page->html;
    bool any = false;
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        const struct shown shown =
            redact(page->redactor, &evidence->value, evidence->privacy, evidence->kind);
        char text[4 * HTML_MOST_COLUMNS + 8];
        if (shown.type == SHOWN_NOTHING)
            continue;
        if (!any) {
            html_begin(html, "dl");
            html_class(html, "facts");
        }
        any = true;
        html_leaf(html, "dt", NULL, evidence->name);
        html_begin(html, "dd");
        put_value(html, report_words_shown(&shown, HTML_MOST_COLUMNS, text, sizeof text));
        html_end(html);
    }
    if (any)
        html_end(html);
}

static void put_evidence(const struct html_page *page, size_t at)
{
    struct html *html = page->html;
    const struct finding *finding = &page->result->findings[at];
    struct sentence line = {.len = 0};
    sentence_add(&line, ", ");
    report_words_count(&line, finding->count, "time", "times");
    if (finding->confidence != CONFIDENCE_CERTAIN)
        sentence_add(&line, ", %s", confidence_name(finding->confidence));
    html_begin(html, "li");
    html_attribute_of(html, "id", "f%zu", at);
    html_begin(html, "p");
    html_severity(html, finding->severity);
    html_text(html, " ");
    put_subject(page, finding);
    html_text(html, line.text);
    put_standing(page, finding);
    html_end(html);
    if (finding->reason != NULL)
        html_leaf(html, "p", NULL, finding->reason);
    put_place(page, finding);
    put_facts(page, finding);
    html_end(html);
}

static void put_part(struct html *html, const char *heading, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    html_begin(html, "p");
    html_leaf(html, "strong", NULL, heading);
    html_text_of(html, " ");
    html_text(html, text);
    html_end(html);
}

static void put_rule(const struct html_page *page, const struct report_group *group)
{
    struct html *html = page->html;
    const struct rule *rule = group->rule;
    uint64_t listed = 0;
    html_begin(html, "article");
    html_attribute_of(html, "id", "rule-%s", rule->id);
    html_class(html, "rule");
    html_begin(html, "h3");
    html_severity(html, group->worst->severity);
    html_text_of(html, " %s", rule->title);
    html_end(html);
    html_begin(html, "p");
    html_class(html, "quiet");
    html_text_of(html, "%s · ", rule->id);
    html_link(html, attack_class_name(rule->attack), "class-%s", attack_class_id(rule->attack));
    html_end(html);
    put_part(html, "What was seen.", rule->meaning);
    put_part(html, "What an observer gains.", rule->gain);
    html_begin(html, "div");
    html_attribute_of(html, "id", "do-%s", rule->id);
    put_part(html, "What to do.", rule->remedy);
    html_end(html);
    put_part(html, "When it may be wrong.", rule->doubts);
    put_part(html, "References.", rule->references);
    html_begin(html, "ul");
    html_class(html, "evidence");
    for (size_t i = 0; i < page->result->num_findings; i++)
        if (page->result->findings[i].rule == rule && listed++ < page->most)
            put_evidence(page, i);
    html_end(html);
    html_rest(html, group->num > page->most ? group->num - page->most : 0, "finding of this rule",
              "findings of this rule");
    html_end(html);
}

void html_findings(const struct html_page *page)
{
    struct html *html = page->html;
    uint64_t *seen = calloc(page->num_groups + 1, sizeof seen[0]);
    uint64_t left_out = 0;
    if (page->num_groups == 0 || seen == NULL) {
        free(seen);
        return;
    }
    for (size_t i = 0; i < page->num_groups; i++)
        if (page->groups[i].num > page->most)
            left_out += page->groups[i].num - page->most;
    html_section(html, "findings", "h2", "Findings");
    html_rest(html, left_out, "finding", "findings");
    html_begin(html, "div");
    html_attribute(html, "id", "findings-tools");
    html_class(html, "tools");
    html_attribute(html, "hidden", "hidden");
    html_end(html);
    put_table(page, seen);
    html_end(html);
    free(seen);
    html_section(html, "rules", "h2", "Evidence and remedies, by rule");
    for (size_t i = 0; i < page->num_groups; i++)
        put_rule(page, &page->groups[i]);
    html_end(html);
}
