/* merge.c: the order of reports, whether they can be joined, and what is added up. */
#include "reports/merge.h"

#include "core/memory.h"
#include "reports/merge_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- for all questions --- */

struct merge_row *merge_rows(struct merge *merge, const struct observation_type *type, size_t *num)
{
    size_t most = 0;
    *num = 0;
    for (size_t i = 0; i < merge->num; i++)
        most += merge->reports[i].num_told;
    struct merge_row *rows = store_room(merge->store, most * sizeof rows[0] + 1);
    for (size_t i = 0; rows != NULL && i < merge->num; i++)
        for (size_t k = 0; k < merge->reports[i].num_told; k++)
            if (merge->reports[i].told[k]->type == type)
                rows[(*num)++] =
                    (struct merge_row){.data = merge->reports[i].told[k]->data, .report = i};
    return rows;
}

void merge_tell(struct merge *merge, const struct observation_type *type, const void *data)
{
    static const struct flow no_flow;
    struct observation *told = store_room(merge->store, sizeof *told);
    if (merge->num_told == merge->max_told) {
        const size_t max = merge->max_told == 0 ? 1024 : 2 * merge->max_told;
        const struct observation **more = store_room(merge->store, max * sizeof more[0]);
        if (more == NULL)
            return;
        if (merge->num_told > 0)
            memcpy(more, merge->told, merge->num_told * sizeof more[0]);
        merge->told = more;
        merge->max_told = max;
    }
    if (told == NULL)
        return;
    *told = (struct observation){.type = type, .data = data, .flow = &no_flow};
    merge->told[merge->num_told++] = told;
}

struct finding *merge_find(struct merge *merge, enum rule_id id)
{
    if (merge->num_found == merge->max_found) {
        const size_t max = merge->max_found == 0 ? 64 : 2 * merge->max_found;
        struct finding *more = store_room(merge->store, max * sizeof more[0]);
        if (more == NULL)
            return NULL;
        if (merge->num_found > 0)
            memcpy(more, merge->found, merge->num_found * sizeof more[0]);
        merge->found = more;
        merge->max_found = max;
    }
    struct evidence *evidence = store_room(merge->store, FINDING_MAX_EVIDENCE * sizeof evidence[0]);
    if (evidence == NULL)
        return NULL;
    struct finding *finding = &merge->found[merge->num_found++];
    *finding = (struct finding){.rule = rule_get(id),
                                .severity = rule_get(id)->severity,
                                .confidence = CONFIDENCE_CERTAIN,
                                .count = 1,
                                .evidence = evidence};
    return finding;
}

uint64_t merge_name(unsigned kind, struct span text)
{
    uint8_t hash[CRYPTO_SHA256_LEN] = {0};
    uint64_t name;
    crypto_sha256(text, hash);
    memcpy(&name, hash, sizeof name);
    name += kind * 0x9e3779b97f4a7c15u;
    return name != 0 ? name : 1;
}

int merge_compare_names(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int merge_compare_spans(struct span a, struct span b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len > 0 ? memcmp(a.at, b.at, len) : 0;
    if (order != 0)
        return order;
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return (int)span_seen(a) - (int)span_seen(b);
}

struct span merge_joined(struct merge *merge, struct span a, struct span b)
{
    if (b.len == 0)
        return a;
    uint8_t *bytes = store_room(merge->store, a.len + b.len);
    if (bytes == NULL)
        return a;
    if (a.len > 0)
        memcpy(bytes, a.at, a.len);
    memcpy(bytes + a.len, b.at, b.len);
    return span_of(bytes, a.len + b.len);
}

/* What was not seen has nothing in it. */
static struct reader items_of(struct span list)
{
    return reader_of(span_seen(list) ? list : span_of("", 0));
}

static struct span next_item(struct reader *items, unsigned width)
{
    return width == 1 ? reader_span_vec8(items) : reader_span_vec16(items);
}

bool merge_list_has(struct span list, struct span item, unsigned width)
{
    for (struct reader items = items_of(list); reader_more(&items);)
        if (span_equal(next_item(&items, width), item))
            return true;
    return false;
}

size_t merge_list_count(struct span list, unsigned width)
{
    size_t num = 0;
    for (struct reader items = items_of(list); reader_more(&items); num++)
        (void)next_item(&items, width);
    return num;
}

void merge_list_add_number(struct merge *merge, struct span *list, uint64_t number, unsigned width)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < width; i++)
        bytes[i] = (uint8_t)(number >> (8 * (width - 1 - i)));
    *list = merge_joined(merge, *list, span_of(bytes, width));
}

void merge_list_add(struct merge *merge, struct span *list, struct span item, unsigned width)
{
    merge_list_add_number(merge, list, item.len, width);
    *list = merge_joined(merge, *list, item);
}

size_t merge_list_unite(struct merge *merge, struct span *list, struct span more, unsigned width)
{
    const struct span before = *list;
    size_t known = 0;
    for (struct reader items = items_of(more); reader_more(&items);) {
        const struct span item = next_item(&items, width);
        if (merge_list_has(before, item, width))
            known++;
        else
            merge_list_add(merge, list, item, width);
    }
    return known;
}

struct number merge_earliest(struct number a, struct number b)
{
    return !a.seen || (b.seen && b.value < a.value) ? b : a;
}

struct number merge_latest(struct number a, struct number b)
{
    return !a.seen || (b.seen && b.value > a.value) ? b : a;
}

struct number merge_sum(struct number a, struct number b)
{
    return (struct number){.value = a.value + b.value, .seen = a.seen || b.seen};
}

enum truth merge_ever(enum truth a, enum truth b)
{
    return a > b ? a : b; /* unknown, no, yes */
}

/* --- which reports --- */

static uint64_t begin_of(const struct read_report *report)
{
    uint64_t first_ns = UINT64_MAX;
    for (size_t i = 0; i < report->num_inputs; i++)
        if (report->inputs[i].last_ns != 0 && report->inputs[i].first_ns < first_ns)
            first_ns = report->inputs[i].first_ns;
    return first_ns;
}

/* By when they begin; the rest makes the order the same for every order in which they are given. */
static int compare_reports(const void *left, const void *right)
{
    const struct read_report *a = left, *b = right;
    const uint64_t x = begin_of(a), y = begin_of(b);
    return x != y ? (x < y ? -1 : 1) : memcmp(a->sha256, b->sha256, sizeof a->sha256);
}

static bool check_pair(const struct read_report *a, const struct read_report *b,
                       struct error *error)
{
    if (memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0)
        return error_set(error, "%s and %s are the same report", a->path, b->path);
    if (a->policy != b->policy)
        return error_set(error,
                         "%s was written under --privacy %s and %s under %s: values that are shown "
                         "and their pseudonyms cannot be compared",
                         a->path, privacy_policy_name(a->policy), b->path,
                         privacy_policy_name(b->policy));
    if (strcmp(a->key_id, b->key_id) != 0)
        return error_set(error,
                         "%s was written with the --pseudonym-key of id %s and %s with that of %s: "
                         "nothing of one can be found in the other",
                         a->path, a->key_id, b->path, b->key_id);
    if (strcmp(a->epoch, b->epoch) != 0)
        return error_set(error,
                         "the pseudonyms of %s are of the epoch \"%s\" and those of %s of \"%s\": "
                         "--epoch is there so that they cannot be compared",
                         a->path, a->epoch, b->path, b->epoch);
    return true;
}

static bool same_capture(const struct input_info *a, const struct input_info *b)
{
    return a->sha256[0] != '\0' && strcmp(a->sha256, b->sha256) == 0;
}

/* What is in both would count twice. */
static bool check_captures(const struct read_report *a, const struct read_report *b,
                           struct error *error)
{
    for (size_t i = 0; i < a->num_inputs; i++)
        for (size_t k = 0; k < b->num_inputs; k++)
            if (same_capture(&a->inputs[i], &b->inputs[k]))
                return error_set(error, "%s and %s are of the same capture, %s", a->path, b->path,
                                 a->inputs[i].path);
    return true;
}

static bool check(const struct read_report *reports, size_t num, struct error *error)
{
    for (size_t i = 1; i < num; i++)
        for (size_t k = 0; k < i; k++)
            if (!check_pair(&reports[k], &reports[i], error) ||
                !check_captures(&reports[k], &reports[i], error))
                return false;
    return true;
}

/* --- what is added up --- */

static void add_inputs(struct merge *merge, struct result *result)
{
    size_t num = 0;
    for (size_t i = 0; i < merge->num; i++)
        num += merge->reports[i].num_inputs;
    struct input_info *inputs = store_room(merge->store, num * sizeof inputs[0] + 1);
    if (inputs == NULL)
        return;
    result->inputs = inputs;
    for (size_t i = 0; i < merge->num; i++)
        for (size_t k = 0; k < merge->reports[i].num_inputs; k++)
            inputs[result->num_inputs++] = merge->reports[i].inputs[k];
}

static void add_statistics(struct merge *merge, struct result *result)
{
    for (size_t i = 0; i < merge->num; i++) {
        const struct read_report *report = &merge->reports[i];
#define ENGINE_STAT(name, about) result->engine.name += report->engine.name;
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about) result->analysis.name += report->analysis.name;
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    }
}

/* What all reports looked for: what one did not may be there unseen. */
static void join_looked_for(struct merge *merge, struct result *result)
{
    bool *ran = store_room(merge->store, NUM_RULES * sizeof ran[0]);
    result->rules_on = ran;
    for (size_t id = 0; ran != NULL && id < NUM_RULES; id++) {
        ran[id] = true;
        for (size_t i = 0; i < merge->num; i++)
            ran[id] = ran[id] && merge->reports[i].ran[id];
    }
    for (size_t i = 0; i < merge->num; i++)
        if (merge->reports[i].min_severity > result->min_severity)
            result->min_severity = merge->reports[i].min_severity;
}

bool merge_reports(struct read_report *reports, size_t num, struct store *store,
                   struct result *result, struct redactor **redactor, struct error *error)
{
    const uint64_t refused = memory_refused();
    if (num > 1)
        qsort(reports, num, sizeof reports[0], compare_reports);
    if (!check(reports, num, error))
        return false;
    struct merge merge = {
        .reports = reports, .num = num, .store = store, .stats = &result->analysis};
    add_inputs(&merge, result);
    add_statistics(&merge, result);
    join_looked_for(&merge, result);
    merge_mix(&merge);
    merge_installs(&merge);
    merge_blast(&merge);
    merge_iot(&merge);
    merge_links(&merge);
    merge_uses(&merge);
    result->findings = merge_findings(&merge, &result->num_findings);
    result->analysis.findings = result->num_findings;
    result->told = merge.told;
    result->num_told = merge.num_told;
    result->version = PERPASS_VERSION;
    result->privacy_policy = privacy_policy_name(reports[0].policy);
    result->merged = num;
    /* What analyzers and their tables leave out without memory would be missing from the joined report unseen. */
    if (store->failed || memory_refused() != refused)
        return error_set(error, "there is no memory to join the reports");
    *redactor = redactor_of_shown(reports[0].policy, reports[0].key_id, reports[0].epoch, error);
    return *redactor != NULL;
}
