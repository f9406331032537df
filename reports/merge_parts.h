/* merge_parts.h: what the files that join reports share. */
#ifndef PERPASS_REPORTS_MERGE_PARTS_H
#define PERPASS_REPORTS_MERGE_PARTS_H

#include "analysis/link_kind.h"
#include "reports/merge.h"

/* Reports that are being joined, in order; all lists of |store|. */
struct merge {
    const struct read_report *reports;
    size_t num;
    struct store *store;
    const struct observation **told; /* of the result */
    size_t num_told, max_told;
    struct finding *found; /* by joining, beside those of the reports */
    size_t num_found, max_found;
    struct analysis_stats *stats; /* of the result: sums, so far */
    /* Names (merge_name) of kinds of identifiers and the addresses at which all of them are taken for those of several
     * hosts, by what other sensors saw; sorted. */
    uint64_t *crowds;
    size_t num_crowds;
};

/* What a report has of a type of observations. */
struct merge_row {
    const void *data;
    size_t report; /* its place among the reports */
};

/* merge_rows gives all that the reports have of |type|, in their order; NULL without memory. */
struct merge_row *merge_rows(struct merge *merge, const struct observation_type *type, size_t *num);

/* merge_tell adds |data| to the result; what it points to is the store's. */
void merge_tell(struct merge *merge, const struct observation_type *type, const void *data);

/* merge_find begins a finding that only joining tells, with room for its evidence; NULL without memory. */
struct finding *merge_find(struct merge *merge, enum rule_id id);

/* merge_name names text in tables of one joining; |kind| keeps apart what has the same text. Never 0. */
uint64_t merge_name(unsigned kind, struct span text);

/* merge_compare_names orders uint64_t, for qsort and bsearch. */
int merge_compare_names(const void *a, const void *b);

/* merge_compare_spans orders texts; those that were not seen come first. */
int merge_compare_spans(struct span a, struct span b);

/* merge_joined gives |a| and |b| one behind the other. */
struct span merge_joined(struct merge *merge, struct span a, struct span b);

/* Lists of items with a length of |width| bytes before each, or of numbers of |width| bytes. */
bool merge_list_has(struct span list, struct span item, unsigned width);
size_t merge_list_count(struct span list, unsigned width);
void merge_list_add(struct merge *merge, struct span *list, struct span item, unsigned width);
void merge_list_add_number(struct merge *merge, struct span *list, uint64_t number, unsigned width);

/* merge_list_unite adds the items of |more| that are not in |list|; gives how many are in both. */
size_t merge_list_unite(struct merge *merge, struct span *list, struct span more, unsigned width);

/* merge_earliest and merge_latest take what was seen; merge_sum adds it. */
struct number merge_earliest(struct number a, struct number b);
struct number merge_latest(struct number a, struct number b);
struct number merge_sum(struct number a, struct number b);
enum truth merge_ever(enum truth a, enum truth b); /* yes, if one is */

/* --- the questions, one file each --- */

void merge_blast(struct merge *merge);
void merge_installs(struct merge *merge);
void merge_iot(struct merge *merge);
void merge_mix(struct merge *merge);
void merge_links(struct merge *merge); /* before merge_uses */
void merge_uses(struct merge *merge);

/* merge_is_crowd says whether |address| was left or reached with such identifiers alone. */
bool merge_is_crowd(const struct merge *merge, enum link_kind kind, struct span address);

/* merge_findings gives the findings of all reports and those that were found, worst first. */
struct finding *merge_findings(struct merge *merge, size_t *num);

#endif
