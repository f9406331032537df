/* merge_findings.c: findings of one rule about one subject, at several sensors, become one: what it rests on is that of
 * the first, but for what grows; counts are added up. */
#include "analysis/link_report.h"
#include "reports/merge_parts.h"

#include <stdlib.h>
#include <string.h>

/* A finding, and the place of its report; what joining found comes behind all reports. */
struct item {
    const struct finding *finding;
    size_t report;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static uint64_t place_of(const struct finding *finding)
{
    const bool service = finding->subject == SUBJECT_SERVER;
    return (uint64_t)rule_id_of(finding->rule) << 40 | (uint64_t)finding->subject << 32 |
           (service ? (uint64_t)finding->protocol << 16 : 0) |
           (service ? finding->subject_port : 0);
}

static int compare_subjects(const struct finding *a, const struct finding *b)
{
    const int order = compare_numbers(place_of(a), place_of(b));
    return order != 0 ? order : merge_compare_spans(a->subject_bytes, b->subject_bytes);
}

static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int order = compare_subjects(a->finding, b->finding);
    order = order != 0 ? order : compare_numbers(a->finding->first_ns, b->finding->first_ns);
    order = order != 0 ? order : compare_numbers(a->report, b->report);
    return order != 0 ? order : compare_numbers(a->finding->packet, b->finding->packet);
}

static struct evidence *evidence_of(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i];
    return NULL;
}

static void add_evidence(struct finding *to, const struct evidence *evidence)
{
    struct evidence *known = evidence_of(to, evidence->name);
    if (known == NULL && to->num_evidence < FINDING_MAX_EVIDENCE)
        to->evidence[to->num_evidence++] = *evidence;
    if (known == NULL || !known->grows || known->value.type != evidence->value.type)
        return;
    known->value.truth = known->value.truth || evidence->value.truth;
    if (evidence->value.number > known->value.number)
        known->value.number = evidence->value.number;
}

/* |seen|: by a sensor; else it only tells more. */
static void add(struct finding *to, const struct finding *from, bool seen)
{
    if (from->severity > to->severity)
        to->severity = from->severity;
    if (from->confidence > to->confidence) {
        to->confidence = from->confidence;
        to->reason = from->reason;
    }
    if (seen)
        to->count += from->count;
    if (from->last_ns > to->last_ns)
        to->last_ns = from->last_ns;
    for (size_t i = 0; i < from->num_evidence; i++)
        add_evidence(to, &from->evidence[i]);
}

/* Findings are told with room for evidence of their own. */
static bool own_evidence(struct merge *merge, struct finding *finding)
{
    struct evidence *own = store_room(merge->store, FINDING_MAX_EVIDENCE * sizeof own[0]);
    if (own == NULL)
        return false;
    if (finding->num_evidence > 0)
        memcpy(own, finding->evidence, finding->num_evidence * sizeof own[0]);
    finding->evidence = own;
    return true;
}

/* Worst first; the rest makes the order the same whatever the order of reports. */
static int compare_findings(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    int order = (int)b->severity - (int)a->severity;
    order = order != 0 ? order : compare_numbers(place_of(a) >> 40, place_of(b) >> 40);
    order = order != 0 ? order : compare_numbers(a->first_ns, b->first_ns);
    return order != 0 ? order : compare_subjects(a, b);
}

/* Who was followed by an identifier that is that of several hosts, as other sensors saw, was not followed. */
static bool is_taken_back(const struct merge *merge, const struct finding *finding)
{
    const struct evidence *identifier = evidence_of(finding, "identifier");
    if (finding->rule != rule_get(RULE_LINK_CROSS_NETWORK) || identifier == NULL ||
        identifier->value.type != VALUE_STRING)
        return false;
    for (unsigned kind = 0; kind < NUM_LINK_KINDS; kind++)
        if (span_equal(identifier->value.bytes, span_text(link_kind_name(kind))))
            return merge_is_crowd(merge, (enum link_kind)kind, finding->subject_bytes);
    return false;
}

static struct item *items_of(const struct merge *merge, size_t *num)
{
    size_t most = merge->num_found;
    for (size_t i = 0; i < merge->num; i++)
        most += merge->reports[i].num_findings;
    struct item *items = store_room(merge->store, most * sizeof items[0] + 1);
    *num = 0;
    for (size_t i = 0; items != NULL && i < merge->num; i++)
        for (size_t k = 0; k < merge->reports[i].num_findings; k++)
            if (!is_taken_back(merge, &merge->reports[i].findings[k]))
                items[(*num)++] = (struct item){&merge->reports[i].findings[k], i};
    for (size_t i = 0; items != NULL && i < merge->num_found; i++)
        items[(*num)++] = (struct item){&merge->found[i], merge->num};
    if (*num > 1)
        qsort(items, *num, sizeof items[0], compare_items);
    return items;
}

struct finding *merge_findings(struct merge *merge, size_t *num)
{
    size_t num_items;
    struct item *items = items_of(merge, &num_items);
    struct finding *findings = store_room(merge->store, num_items * sizeof findings[0] + 1);
    *num = 0;
    for (size_t i = 0; findings != NULL && items != NULL && i < num_items;) {
        size_t first = i, end = i + 1;
        while (end < num_items && compare_subjects(items[i].finding, items[end].finding) == 0)
            end++;
        while (first + 1 < end && items[first].report == merge->num) /* what a sensor saw leads */
            first++;
        struct finding *finding = &findings[(*num)++];
        *finding = *items[first].finding;
        if (!own_evidence(merge, finding))
            return NULL;
        for (size_t k = i; k < end; k++)
            if (k != first)
                add(finding, items[k].finding, items[k].report != merge->num);
        i = end;
    }
    if (*num > 1)
        qsort(findings, *num, sizeof findings[0], compare_findings);
    return findings;
}
