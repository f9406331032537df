/* html_threats.c: the worst things on one screen, and the five classes of attack, in HTML. */
#include "reports/html_page.h"
#include "reports/report_words.h"
#include "reports/text.h"

/* "HIGH  Title: 12 servers, 20 times", what an observer gains, what to do first. */
static void put_worst(struct html *html, const struct report_group *group)
{
    struct sentence subjects = {.len = 0}, gain = {.len = 0}, first = {.len = 0};
    report_group_subjects(&subjects, group);
    report_first_sentence(&gain, group->rule->gain);
    report_first_sentence(&first, group->rule->remedy);
    html_begin(html, "li");
    html_severity(html, group->worst->severity);
    html_text(html, " ");
    html_begin(html, "span");
    html_class(html, "title");
    html_link(html, group->rule->title, "rule-%s", group->rule->id);
    html_end(html);
    html_begin(html, "span");
    html_class(html, "quiet");
    html_text_of(html, " (%s)", subjects.text);
    html_end(html);
    html_leaf(html, "p", NULL, gain.text);
    html_begin(html, "p");
    html_leaf(html, "strong", NULL, "Do first: ");
    html_text(html, first.text);
    html_end(html);
    html_end(html);
}

static void put_classes(const struct html_page *page)
{
    struct html *html = page->html;
    html_begin(html, "table");
    html_class(html, "classes");
    html_leaf(html, "caption", NULL, "The five classes of attack");
    static const char *const heads[] = {"Class of attack", "Findings", "Worst", "Closed by"};
    static const char *const classes[] = {NULL, "number", NULL, NULL};
    html_heads(html, heads, classes, sizeof heads / sizeof heads[0]);
    html_begin(html, "tbody");
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++) {
        const struct threat *threat = &page->model->threats[i];
        char number[TEXT_SMALL];
        html_begin(html, "tr");
        html_begin(html, "th");
        html_attribute(html, "scope", "row");
        html_link(html, attack_class_name(threat->attack), "class-%s",
                  attack_class_id(threat->attack));
        html_end(html);
        html_leaf(html, "td", "number",
                  threat->looked_for ? text_number(threat->severities.total, number) : "-");
        html_begin(html, "td");
        if (threat->severities.total > 0)
            html_severity(html, threat->severities.worst);
        else
            html_text(html, threat->looked_for ? "-" : "not looked for");
        html_end(html);
        html_leaf(html, "td", NULL, threat->words->closed_by);
        html_end(html);
    }
    html_end(html);
    html_end(html);
}

void html_worst(const struct html_page *page)
{
    struct html *html = page->html;
    struct sentence none = {.len = 0};
    html_section(html, "worst", "h2", "The worst, and what to do first");
    if (page->num_groups == 0) {
        report_words_none(&none, page->result);
        html_leaf(html, "p", NULL, none.text);
    } else {
        html_begin(html, "ol");
        html_class(html, "worst");
        for (size_t i = 0; i < page->num_groups && i < REPORT_WORST; i++)
            put_worst(html, &page->groups[i]);
        html_end(html);
    }
    if (page->result->engine.frames > 0)
        put_classes(page);
    html_end(html);
}

static void put_part(struct html *html, const char *heading, const char *text)
{
    html_leaf(html, "dt", NULL, heading);
    html_leaf(html, "dd", NULL, text);
}

static void put_gains(struct html *html, const struct threat *threat)
{
    char text[THREAT_GAIN_TEXT];
    html_leaf(html, "h3", NULL, "What this traffic gives");
    html_leaf(html, "p", "quiet", threat->words->gives);
    if (threat->num_gains == 0) {
        html_leaf(html, "p", NULL, "Of this traffic: nothing that was counted.");
        return;
    }
    html_begin(html, "ul");
    for (size_t i = 0; i < threat->num_gains; i++)
        html_leaf(html, "li", NULL, threat_gain_text(&threat->gains[i], text));
    html_end(html);
}

static void put_rule(struct html *html, const struct report_group *group)
{
    struct sentence subjects = {.len = 0};
    report_group_subjects(&subjects, group);
    html_begin(html, "li");
    html_severity(html, group->worst->severity);
    html_text(html, " ");
    html_link(html, group->rule->title, "rule-%s", group->rule->id);
    html_text_of(html, ": %s", subjects.text);
    html_end(html);
}

/* What the class rests on: the rules that fired, its own and those of other classes that belong to it. */
static void put_evidence(const struct html_page *page, const struct threat *threat)
{
    struct html *html = page->html;
    bool any = false;
    html_leaf(html, "h3", NULL, "Evidence");
    for (size_t i = 0; i < page->num_groups; i++) {
        bool related = page->groups[i].rule->attack == threat->attack;
        for (size_t k = 0; k < threat->num_related; k++)
            related |= threat->related[k] == page->groups[i].rule;
        if (!related)
            continue;
        if (!any)
            html_begin(html, "ul");
        any = true;
        put_rule(html, &page->groups[i]);
    }
    if (any)
        html_end(html);
    else
        html_leaf(html, "p", NULL,
                  threat->looked_for ? "No finding. That is no proof of safety."
                                     : "This version has no rule that looks for it.");
}

void html_threats(const struct html_page *page)
{
    struct html *html = page->html;
    if (page->result->engine.frames == 0)
        return;
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++) {
        const struct threat *threat = &page->model->threats[i];
        char id[64];
        snprintf(id, sizeof id, "class-%s", attack_class_id(threat->attack));
        html_section(html, id, "h2", attack_class_name(threat->attack));
        html_begin(html, "p");
        html_text(html, "The attacker can: ");
        html_leaf(html, "strong", NULL, threat->words->capability);
        html_end(html);
        put_gains(html, threat);
        put_evidence(page, threat);
        html_begin(html, "dl");
        html_class(html, "facts");
        put_part(html, "What it costs", threat->words->cost);
        put_part(html, "Risk of being found", threat->words->risk);
        put_part(html, "What closes it", threat->words->mitigation);
        put_part(html, "What remains then", threat->words->remains);
        html_end(html);
        html_end(html);
    }
}
