/* report_markdown.c: the report as a comment for a merge request: the worst, the five classes of attack, and as many
 * findings as a comment takes. */
#include "reports/markdown_writer.h"
#include "reports/report.h"
#include "reports/report_groups.h"
#include "reports/report_words.h"
#include "reports/text.h"
#include "reports/threat_model.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A comment of GitHub has 65,536 characters at most; a character has a byte or more. */
enum { MOST_BYTES = 65536, MOST_COLUMNS = 100, MOST_OF_RULE = 20 };

struct comment {
    struct markdown *markdown;
    const struct result *result;
    struct redactor *redactor;
    const struct threat_model *model;
    const struct report_group *groups;
    size_t num_groups;
};

/* An empty line, then |words| as text, then another one. */
static void put_paragraph(struct markdown *markdown, const char *words)
{
    struct sentence line = {.len = 0};
    if (words[0] == '\0')
        return;
    markdown_text(&line, words);
    markdown_line(markdown, line.text);
    markdown_line(markdown, "");
}

static void put_names(const struct comment *comment)
{
    enum { MOST_NAMES = 5 };
    const struct result *result = comment->result;
    struct sentence line = {.len = 0};
    for (size_t i = 0; i < result->num_inputs && i < MOST_NAMES; i++) {
        const char *path =
            strcmp(result->inputs[i].path, "-") == 0 ? "standard input" : result->inputs[i].path;
        const struct value name = {.type = VALUE_STRING, .bytes = span_text(path)};
        const struct shown shown = redact(comment->redactor, &name, PRIVACY_PUBLIC, NULL);
        sentence_add(&line, "%s", i > 0 ? ", " : "");
        markdown_code(&line, shown.type == SHOWN_TEXT ? shown.text : "", MOST_COLUMNS);
    }
    if (result->num_inputs > MOST_NAMES)
        sentence_add(&line, " and %zu more", result->num_inputs - MOST_NAMES);
    markdown_line(comment->markdown, line.text);
    markdown_line(comment->markdown, "");
}

static void put_head(const struct comment *comment)
{
    struct sentence traffic = {.len = 0}, sessions = {.len = 0}, installs = {.len = 0},
                    limits = {.len = 0}, privacy = {.len = 0}, baseline = {.len = 0};
    report_words_baseline(&baseline, comment->result, comment->redactor);
    report_words_traffic(&traffic, comment->result);
    if (comment->result->engine.frames > 0) {
        report_words_sessions(&sessions, comment->result);
        report_words_installs(&installs, comment->result);
    }
    report_words_limits(&limits, comment->result);
    report_words_privacy(&privacy, comment->result, comment->redactor);
    markdown_line(comment->markdown, "## What an observer learns from this traffic");
    markdown_line(comment->markdown, "");
    put_names(comment);
    put_paragraph(comment->markdown, traffic.text);
    put_paragraph(comment->markdown, sessions.text);
    put_paragraph(comment->markdown, installs.text);
    put_paragraph(comment->markdown, baseline.text);
    put_paragraph(comment->markdown, limits.text);
    put_paragraph(comment->markdown, privacy.text);
}

/* A row of the worst: only the program's own words, as it is in a table. */
static void put_worst_row(struct markdown *markdown, const struct report_group *group)
{
    struct sentence row = {.len = 0}, subjects = {.len = 0}, gain = {.len = 0}, first = {.len = 0};
    report_group_subjects(&subjects, group);
    report_first_words(&gain, group->rule->gain);
    report_first_words(&first, group->rule->remedy);
    sentence_add(&row, "| **%s** | ", severity_name(group->worst->severity));
    markdown_text(&row, group->rule->title);
    sentence_add(&row, " (%s) | ", subjects.text);
    markdown_text(&row, gain.text);
    sentence_add(&row, " | ");
    markdown_text(&row, first.text);
    sentence_add(&row, " |");
    markdown_line(markdown, row.text);
}

static void put_worst(const struct comment *comment)
{
    struct sentence none = {.len = 0};
    if (comment->num_groups == 0) {
        report_words_none(&none, comment->result);
        put_paragraph(comment->markdown, none.text);
        return;
    }
    markdown_line(comment->markdown, "| | The worst | What an observer gains | Do first |");
    markdown_line(comment->markdown, "|---|---|---|---|");
    for (size_t i = 0; i < comment->num_groups && i < REPORT_WORST; i++)
        put_worst_row(comment->markdown, &comment->groups[i]);
    markdown_line(comment->markdown, "");
}

static void put_classes(const struct comment *comment)
{
    markdown_line(comment->markdown, "| Class of attack | Findings | Worst | Closed by |");
    markdown_line(comment->markdown, "|---|---:|---|---|");
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++) {
        const struct threat *threat = &comment->model->threats[i];
        struct sentence row = {.len = 0};
        char number[TEXT_SMALL];
        const char *worst = threat->looked_for ? "-" : "not looked for";
        if (threat->severities.total > 0)
            worst = severity_name(threat->severities.worst);
        sentence_add(&row, "| %s | %s | %s | %s |", attack_class_name(threat->attack),
                     threat->looked_for ? text_number(threat->severities.total, number) : "-",
                     worst, threat->words->closed_by);
        markdown_line(comment->markdown, row.text);
    }
    markdown_line(comment->markdown, "");
}

/* Begins a part that is folded up; false when there is no room for it. |heading| is the program's own. */
static bool begin_fold(struct markdown *markdown, const char *heading)
{
    struct sentence line = {.len = 0};
    sentence_add(&line, "<details><summary>%s</summary>\n", heading);
    return markdown_line(markdown, line.text);
}

static void end_fold(struct markdown *markdown)
{
    markdown_end_line(markdown, "\n</details>\n");
}

static void put_item(struct markdown *markdown, const char *heading, const char *text)
{
    struct sentence line = {.len = 0};
    sentence_add(&line, "- %s", heading);
    markdown_text(&line, text);
    markdown_line(markdown, line.text);
}

static void put_threat(struct markdown *markdown, const struct threat *threat)
{
    struct sentence heading = {.len = 0};
    char text[THREAT_GAIN_TEXT];
    sentence_add(&heading, "%s: what this traffic gives", attack_class_name(threat->attack));
    if (!begin_fold(markdown, heading.text))
        return;
    for (size_t i = 0; i < threat->num_gains; i++)
        put_item(markdown, "", threat_gain_text(&threat->gains[i], text));
    if (threat->num_gains == 0)
        put_item(markdown, "", "Nothing that was counted.");
    put_item(markdown, "**Cost:** ", threat->words->cost);
    put_item(markdown, "**Risk of being found:** ", threat->words->risk);
    put_item(markdown, "**Closed by:** ", threat->words->mitigation);
    put_item(markdown, "**What remains:** ", threat->words->remains);
    end_fold(markdown);
}

static void add_evidence(const struct comment *comment, const struct finding *finding,
                         struct sentence *line)
{
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        const struct shown shown =
            redact(comment->redactor, &evidence->value, evidence->privacy, evidence->kind);
        char text[4 * MOST_COLUMNS + 8];
        if (shown.type == SHOWN_NOTHING)
            continue;
        sentence_add(line, "%s", i == 0 ? "; " : ", ");
        markdown_text(line, evidence->name);
        sentence_add(line, " ");
        markdown_code(line, report_words_shown(&shown, MOST_COLUMNS, text, sizeof text),
                      MOST_COLUMNS);
    }
}

static bool put_finding(const struct comment *comment, const struct finding *finding)
{
    struct sentence line = {.len = 0};
    char subject[REPORT_SUBJECT_SIZE];
    sentence_add(&line, "- %s ", report_subject_kind(finding->subject));
    if (report_subject(comment->redactor, finding, subject))
        markdown_code(&line, subject, MOST_COLUMNS);
    else
        sentence_add(&line, "(hidden)");
    sentence_add(&line, ", %s, ", severity_name(finding->severity));
    report_words_count(&line, finding->count, "time", "times");
    if (finding->confidence != CONFIDENCE_CERTAIN)
        sentence_add(&line, ", %s", confidence_name(finding->confidence));
    const char *standing = report_words_standing(comment->result, comment->redactor, finding);
    if (standing != NULL)
        sentence_add(&line, ", **%s**", standing);
    sentence_add(&line, ", first in packet %" PRIu64, finding->packet);
    add_evidence(comment, finding, &line);
    return markdown_line(comment->markdown, line.text);
}

/* Gives the number of findings that were written. */
static uint64_t put_group(const struct comment *comment, const struct report_group *group)
{
    struct sentence heading = {.len = 0};
    uint64_t written = 0;
    sentence_add(&heading, "%s: %s (%s, ", severity_name(group->worst->severity),
                 group->rule->title, group->rule->id);
    report_group_subjects(&heading, group);
    sentence_add(&heading, ")");
    if (!begin_fold(comment->markdown, heading.text))
        return 0;
    put_paragraph(comment->markdown, group->rule->gain);
    struct sentence remedy = {.len = 0};
    sentence_add(&remedy, "**What to do:** ");
    markdown_text(&remedy, group->rule->remedy);
    sentence_add(&remedy, "\n");
    markdown_line(comment->markdown, remedy.text);
    for (size_t i = 0; i < comment->result->num_findings && written < MOST_OF_RULE; i++) {
        if (comment->result->findings[i].rule != group->rule)
            continue;
        if (!put_finding(comment, &comment->result->findings[i]))
            break;
        written++;
    }
    end_fold(comment->markdown);
    return written;
}

static void put_findings(const struct comment *comment)
{
    uint64_t written = 0;
    struct sentence rest = {.len = 0};
    if (comment->num_groups == 0)
        return;
    markdown_line(comment->markdown, "### Findings\n");
    for (size_t i = 0; i < comment->num_groups; i++)
        written += put_group(comment, &comment->groups[i]);
    if (written == comment->result->num_findings)
        return;
    report_words_count(&rest, comment->result->num_findings - written, "finding", "findings");
    sentence_add(&rest, " more would not fit a comment: `--report json:FILE` lists all.");
    markdown_end_line(comment->markdown, rest.text);
}

static void put_comment(const struct comment *comment)
{
    put_head(comment);
    put_worst(comment);
    if (comment->result->engine.frames > 0) {
        put_classes(comment);
        for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++)
            put_threat(comment->markdown, &comment->model->threats[i]);
    }
    put_findings(comment);
}

static bool markdown_write(FILE *out, const struct result *result, struct redactor *redactor,
                           const struct report_style *style, struct error *error)
{
    (void)style;
    struct threat_model model;
    struct markdown markdown = {.out = out, .left = MOST_BYTES};
    struct comment comment = {
        .markdown = &markdown, .result = result, .redactor = redactor, .model = &model};
    struct report_group *groups = report_groups(result, &comment.num_groups);
    if (groups == NULL || !threat_model_make(&model, result)) {
        free(groups);
        return error_set(error, "there is no memory");
    }
    comment.groups = groups;
    put_comment(&comment);
    free(groups);
    return !ferror(out) || error_set(error, "%s", strerror(errno));
}

const struct report_format report_markdown = {
    .name = "md", .suffixes = ".md .markdown", .write = markdown_write};
