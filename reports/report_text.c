/* report_text.c: the report for people: what an observer learns, worst first. Bounded to a screen (findings of
 * one rule are one paragraph) or, without a bound, with every finding and its evidence. */
#include "reports/report.h"

#include "reports/report_blast.h"
#include "reports/report_covert.h"
#include "reports/report_groups.h"
#include "reports/report_install.h"
#include "reports/report_iot.h"
#include "reports/report_links.h"
#include "reports/report_places.h"
#include "reports/report_threats.h"
#include "reports/report_words.h"
#include "reports/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_WIDTH = 80, LEAST_WIDTH = 60, INDENT = 10, GAIN_LINES = 3, LEAST_LINES = 22 };

/* What is printed on. */
struct page {
    FILE *out;
    const struct result *result;
    const struct threat_model *model;
    struct redactor *redactor;
    bool colour;
    unsigned width, max_lines;
};

/* A report that is no screen has room for every line. */
static unsigned at_most(const struct page *page, unsigned lines)
{
    return page->max_lines > 0 ? lines : 0;
}

static const char *colour_of(enum severity severity)
{
    static const char *const colours[] = {[SEVERITY_INFO] = "\033[36m",
                                          [SEVERITY_LOW] = "\033[32m",
                                          [SEVERITY_MEDIUM] = "\033[33m",
                                          [SEVERITY_HIGH] = "\033[1;31m",
                                          [SEVERITY_CRITICAL] = "\033[1;35m"};
    return colours[severity];
}

/* The mark of a severity, INDENT columns wide. */
static void print_mark(const struct page *page, enum severity severity)
{
    char mark[INDENT + 1];
    const char *name = severity_name(severity);
    size_t i = 0;
    for (; i < INDENT && name[i] != '\0'; i++)
        mark[i] = (char)(name[i] - ('a' - 'A'));
    mark[i] = '\0';
    if (page->colour)
        fprintf(page->out, "%s%-*s\033[0m", colour_of(severity), INDENT, mark);
    else
        fprintf(page->out, "%-*s", INDENT, mark);
}

/* Columns for the title of a rule, before its id. */
static size_t title_columns(const struct page *page, const struct rule *rule)
{
    size_t others = INDENT + strlen(rule->id) + 2;
    return page->width > others + 8 ? page->width - others : 8;
}

/* "HIGH      Title                  rule.id" */
static void print_title(const struct page *page, const struct report_group *group,
                        const char *title)
{
    size_t columns = title_columns(page, group->rule);
    char cut[256];
    text_cut(title, columns, cut, sizeof cut);
    size_t shown = text_columns(cut);
    print_mark(page, group->worst->severity);
    fprintf(page->out, "%s%s%s%*s%s\n", page->colour ? "\033[1m" : "", cut,
            page->colour ? "\033[0m" : "", (int)(columns > shown ? columns - shown + 2 : 2), "",
            group->rule->id);
}

/* Adds what the line has room for of the subject of |group|'s worst finding. */
static void line_example(const struct page *page, const struct report_group *group,
                         const char *before, size_t after, struct sentence *line)
{
    char subject[REPORT_SUBJECT_SIZE], cut[REPORT_SUBJECT_SIZE];
    size_t used = INDENT + text_columns(line->text) + text_columns(before) + after;
    if (!report_subject(page->redactor, group->worst, subject))
        return;
    text_cut(subject, page->width > used + 12 ? page->width - used : 12, cut, sizeof cut);
    sentence_add(line, "%s%s", before, cut[0] != '\0' ? cut : "(empty)");
}

/* "server 192.0.2.1:443, seen 20 times" or "3 servers, seen 20 times, such as 192.0.2.1:443" */
static void describe_subjects(const struct page *page, const struct report_group *group,
                              struct sentence *line)
{
    char times[TEXT_SMALL * 2], confidence[TEXT_SMALL] = "";
    text_count(group->times, "time", "times", times);
    if (group->worst->confidence != CONFIDENCE_CERTAIN)
        snprintf(confidence, sizeof confidence, " (%s)", confidence_name(group->worst->confidence));
    if (group->num == 1) {
        sentence_add(line, "%s", report_subject_noun(group->worst->subject, 1));
        line_example(page, group, " ", strlen(", seen ") + strlen(times) + strlen(confidence),
                     line);
        sentence_add(line, ", seen %s", times);
    } else {
        report_group_subjects(line, group);
        sentence_add(line, ", seen %s", times);
        line_example(page, group, ", such as ", strlen(confidence), line);
    }
    sentence_add(line, "%s", confidence);
}

/* Lines of a paragraph in full: title, subjects, what it means. */
static unsigned paragraph_lines(const struct page *page, const struct report_group *group)
{
    struct sentence gain = {.len = 0};
    report_first_words(&gain, group->rule->gain);
    return 2 + text_wrap(NULL, gain.text, INDENT, page->width, GAIN_LINES);
}

static void print_paragraph(const struct page *page, const struct report_group *group)
{
    struct sentence title = {.len = 0}, with_subjects = {.len = 0}, subjects = {.len = 0},
                    gain = {.len = 0};
    sentence_add(&title, "%s", group->rule->title);
    sentence_add(&with_subjects, "%s (", title.text);
    report_group_subjects(&with_subjects, group);
    sentence_add(&with_subjects, ")");
    bool fits = text_columns(with_subjects.text) <= title_columns(page, group->rule);
    print_title(page, group, group->lines == 1 && fits ? with_subjects.text : title.text);
    if (group->lines < 2)
        return;
    describe_subjects(page, group, &subjects);
    text_wrap(page->out, subjects.text, INDENT, page->width, 1);
    if (group->lines < 3)
        return;
    report_first_words(&gain, group->rule->gain);
    text_wrap(page->out, gain.text, INDENT, page->width, GAIN_LINES);
}

/* Shares |budget| lines out: a title for each group as far as they go, then full paragraphs from the worst on.
 * Gives the number of groups that are printed (if they are not all, a line is kept for saying so) and in
 * |spare| the lines that nobody needs. */
static size_t share_lines(const struct page *page, struct report_group *groups, size_t num,
                          unsigned budget, unsigned *spare)
{
    if (budget < 2)
        budget = 2;
    size_t shown = num <= budget ? num : budget - 1;
    unsigned left = budget - (unsigned)shown - (shown < num ? 1 : 0);
    for (size_t i = 0; i < shown; i++)
        groups[i].lines = 1;
    for (size_t i = 0; i < shown && left > 0; i++) {
        unsigned full = paragraph_lines(page, &groups[i]);
        groups[i].lines = full - 1 <= left ? full : 2;
        left -= groups[i].lines - 1;
    }
    *spare = left;
    return shown;
}

static void print_elided(const struct page *page, const struct report_group *groups, size_t num)
{
    struct sentence line = {.len = 0};
    uint64_t findings = 0;
    for (size_t i = 0; i < num; i++)
        findings += groups[i].num;
    sentence_add(&line, "... and ");
    report_words_count(&line, num, "rule", "rules");
    sentence_add(&line, " more, with ");
    report_words_count(&line, findings, "finding", "findings");
    sentence_add(&line, ": --report txt:FILE lists all");
    text_wrap(page->out, line.text, INDENT, page->width, 1);
}

/* "a.pcap, b.pcap", or "a.pcap and 11 more inputs". */
static void describe_inputs(const struct page *page, struct sentence *line)
{
    const struct result *result = page->result;
    for (size_t i = 0; i < result->num_inputs; i++) {
        const char *path = result->inputs[i].path;
        path = strcmp(path, "-") == 0 ? "standard input" : path;
        /* A name is the user's own, but what it can do to a terminal is not. */
        const struct value name = {.type = VALUE_STRING, .bytes = span_text(path)};
        const struct shown shown = redact(page->redactor, &name, PRIVACY_PUBLIC, NULL);
        if (i > 0 && text_columns(line->text) + text_columns(shown.text) + 24 > page->width) {
            sentence_add(line, " and ");
            report_words_count(line, result->num_inputs - i, "more input", "more inputs");
            return;
        }
        sentence_add(line, "%s%s", i > 0 ? ", " : "", shown.text);
    }
}

/* The first lines. With |out| NULL they are only counted. */
static unsigned print_head(const struct page *page, FILE *out)
{
    struct sentence inputs = {.len = 0}, traffic = {.len = 0}, sessions = {.len = 0},
                    installs = {.len = 0};
    char links[REPORT_LINKS_LINE];
    unsigned lines = 0;
    describe_inputs(page, &inputs);
    report_words_traffic(&traffic, page->result);
    lines += text_wrap(out, inputs.text, 0, page->width, at_most(page, 1));
    lines += text_wrap(out, traffic.text, 0, page->width, at_most(page, 1));
    if (page->result->engine.frames == 0)
        return lines;
    report_words_sessions(&sessions, page->result);
    report_words_installs(&installs, page->result);
    report_links_line(page->result, links);
    lines += text_wrap(out, sessions.text, 0, page->width, at_most(page, 2));
    lines += text_wrap(out, links, 0, page->width, at_most(page, 1));
    return lines + text_wrap(out, installs.text, 0, page->width, at_most(page, 2));
}

/* A line of the table of classes; the last column only where there is room for it. */
static void print_class(const struct page *page, const char *name, const char *findings,
                        const char *worst, const char *closed_by)
{
    if (page->width >= DEFAULT_WIDTH)
        fprintf(page->out, "%-24s %8s  %-14s  %s\n", name, findings, worst, closed_by);
    else
        fprintf(page->out, "%-24s %8s  %s\n", name, findings, worst);
}

static void print_classes(const struct page *page)
{
    print_class(page, "Class of attack", "Findings", "Worst", "Closed by");
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++) {
        const struct threat *threat = &page->model->threats[i];
        char number[TEXT_SMALL];
        const char *worst = threat->looked_for ? "-" : "not looked for";
        if (threat->severities.total > 0)
            worst = severity_name(threat->severities.worst);
        print_class(page, attack_class_name(threat->attack),
                    threat->looked_for ? text_number(threat->severities.total, number) : "-", worst,
                    threat->words->closed_by);
    }
}

/* The last lines. With |out| NULL they are only counted. */
static unsigned print_foot(const struct page *page, FILE *out)
{
    struct sentence limits = {.len = 0}, baseline = {.len = 0}, privacy = {.len = 0};
    unsigned lines = 0;
    report_words_limits(&limits, page->result);
    report_words_baseline(&baseline, page->result, page->redactor);
    report_words_privacy(&privacy, page->result, page->redactor);
    lines += text_wrap(out, limits.text, 0, page->width, at_most(page, 2));
    lines += text_wrap(out, baseline.text, 0, page->width, at_most(page, 1));
    lines += text_wrap(out, privacy.text, 0, page->width, at_most(page, 1));
    if (page->result->num_findings > 0)
        lines += text_wrap(out, "perpass explain RULE tells what a rule means and what to do", 0,
                           page->width, 1);
    return lines;
}

static void print_none(const struct page *page)
{
    struct sentence line = {.len = 0};
    report_words_none(&line, page->result);
    text_wrap(page->out, line.text, 0, page->width, at_most(page, 4));
}

/* What to do first: the beginning of the worst rule's remedy. With |out| NULL its lines are only counted; a low screen
 * has none for it. */
static unsigned print_first(const struct page *page, FILE *out, const struct report_group *worst)
{
    struct sentence line = {.len = 0};
    if (page->max_lines < LEAST_LINES)
        return 0;
    sentence_add(&line, "Do first: ");
    report_first_words(&line, worst->rule->remedy);
    return text_wrap(out, line.text, 0, page->width, 2);
}

/* Gives the lines of the screen that are left over. */
static unsigned print_screen(const struct page *page, struct report_group *groups, size_t num)
{
    /* An empty line behind the head and one before the classes, which have a heading. */
    unsigned others = print_head(page, NULL) + 1 + 1 + (NUM_ATTACK_CLASSES + 1) +
                      print_foot(page, NULL) + print_first(page, NULL, &groups[0]);
    unsigned spare;
    size_t shown = share_lines(page, groups, num,
                               page->max_lines > others ? page->max_lines - others : 0, &spare);
    for (size_t i = 0; i < shown; i++)
        print_paragraph(page, &groups[i]);
    if (shown < num)
        print_elided(page, groups + shown, num - shown);
    print_first(page, page->out, &groups[0]);
    return spare;
}

static void describe_evidence(const struct page *page, const struct finding *finding,
                              struct sentence *line)
{
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        const struct shown shown =
            redact(page->redactor, &evidence->value, evidence->privacy, evidence->kind);
        char text[256];
        if (shown.type != SHOWN_NOTHING)
            sentence_add(line, "%s%s %s", line->len > 0 ? "; " : "", evidence->name,
                         report_words_shown(&shown, 160, text, sizeof text));
    }
}

/* "client 192.0.2.7 to server 198.51.100.3:443, packet 12, 2024-05-01 10:00:00Z" */
static void describe_place(const struct page *page, const struct finding *finding,
                           struct sentence *line)
{
    char address[REPORT_SUBJECT_SIZE], time[TEXT_SMALL];
    if (report_address(page->redactor, &finding->client, finding->ip_version, address))
        sentence_add(line, "%s ", address);
    if (!finding->no_server &&
        report_address(page->redactor, &finding->server, finding->ip_version, address))
        sentence_add(line, "to %s port %u, ", address, finding->server.port);
    sentence_add(line, "first in packet %" PRIu64 " at %s", finding->packet,
                 text_second(finding->first_ns, time));
    if (finding->last_ns > finding->first_ns)
        sentence_add(line, ", last %s later",
                     text_duration(finding->last_ns - finding->first_ns, time));
}

static void print_finding(const struct page *page, const struct finding *finding)
{
    char subject[REPORT_SUBJECT_SIZE];
    struct sentence head = {.len = 0}, place = {.len = 0}, evidence = {.len = 0};
    if (!report_subject(page->redactor, finding, subject))
        snprintf(subject, sizeof subject, "(hidden)");
    sentence_add(&head, "- %s %s: %s, ", report_subject_kind(finding->subject),
                 subject[0] != '\0' ? subject : "(empty)", severity_name(finding->severity));
    report_words_count(&head, finding->count, "time", "times");
    if (finding->confidence != CONFIDENCE_CERTAIN)
        sentence_add(&head, ", %s", confidence_name(finding->confidence));
    const char *standing = report_words_standing(page->result, page->redactor, finding);
    if (standing != NULL)
        sentence_add(&head, ", %s", standing);
    text_wrap(page->out, head.text, INDENT, page->width, 0);
    if (finding->confidence != CONFIDENCE_CERTAIN && finding->reason != NULL)
        text_wrap(page->out, finding->reason, INDENT + 2, page->width, 0);
    describe_place(page, finding, &place);
    text_wrap(page->out, place.text, INDENT + 2, page->width, 0);
    describe_evidence(page, finding, &evidence);
    text_wrap(page->out, evidence.text, INDENT + 2, page->width, 0);
}

static void print_all(const struct page *page, const struct report_group *groups, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        const struct rule *rule = groups[i].rule;
        struct sentence gain = {.len = 0}, remedy = {.len = 0};
        sentence_add(&gain, "What an observer gains: %s", rule->gain);
        sentence_add(&remedy, "What to do: %s", rule->remedy);
        if (i > 0)
            fputc('\n', page->out);
        print_title(page, &groups[i], rule->title);
        text_wrap(page->out, gain.text, INDENT, page->width, 0);
        text_wrap(page->out, remedy.text, INDENT, page->width, 0);
        for (size_t j = 0; j < page->result->num_findings; j++)
            if (page->result->findings[j].rule == rule)
                print_finding(page, &page->result->findings[j]);
    }
}

/* The report without a bound says of each damaged input what is wrong with it. */
static void print_damage(const struct page *page)
{
    for (size_t i = 0; i < page->result->num_inputs; i++)
        if (page->result->inputs[i].damage[0] != '\0')
            text_wrap(page->out, page->result->inputs[i].damage, 0, page->width, 0);
}

/* What analyzers made, beside findings. */
static void print_sections(const struct page *page)
{
    if (page->result->engine.frames > 0)
        report_text_threats(page->out, page->model, page->width);
    report_text_blast(page->out, page->result, page->redactor, page->width);
    report_text_covert(page->out, page->result, page->redactor, page->width);
    report_text_iot(page->out, page->result, page->redactor, page->width);
    report_text_places(page->out, page->result, page->redactor, page->width);
    report_text_installs(page->out, page->result, page->redactor, page->width);
    report_text_links(page->out, page->result, page->redactor, page->width);
}

static bool text_write(FILE *out, const struct result *result, struct redactor *redactor,
                       const struct report_style *style, struct error *error)
{
    struct threat_model model;
    struct page page = {.out = out,
                        .result = result,
                        .model = &model,
                        .redactor = redactor,
                        .colour = style->colour,
                        .width = style->width == 0 ? DEFAULT_WIDTH : style->width,
                        .max_lines = style->max_lines};
    if (page.width < LEAST_WIDTH)
        page.width = LEAST_WIDTH;
    size_t num;
    struct report_group *groups = report_groups(result, &num);
    if (groups == NULL || !threat_model_make(&model, result)) {
        free(groups);
        return error_set(error, "no memory for the report");
    }
    print_head(&page, out);
    fputc('\n', out);
    unsigned spare = 1;
    if (num == 0)
        print_none(&page);
    else if (page.max_lines > 0)
        spare = print_screen(&page, groups, num);
    else
        print_all(&page, groups, num);
    if (page.max_lines == 0)
        print_sections(&page);
    if (result->engine.frames > 0) {
        fputc('\n', out);
        print_classes(&page);
    }
    if (spare > 0 && print_foot(&page, NULL) > 0)
        fputc('\n', out);
    if (page.max_lines == 0)
        print_damage(&page);
    print_foot(&page, out);
    free(groups);
    if (ferror(out))
        return error_set(error, "%s", strerror(errno));
    return true;
}

const struct report_format report_text = {.name = "txt", .suffixes = ".txt", .write = text_write};
