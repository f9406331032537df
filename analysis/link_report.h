/* link_report.h: how far sessions can be linked, as an observation. */
#ifndef PERPASS_ANALYSIS_LINK_REPORT_H
#define PERPASS_ANALYSIS_LINK_REPORT_H

#include "analysis/analyzer.h"
#include "analysis/link_counts.h"

/* "link.summary": struct link_counts, as rows can tell it. Lists of numbers have 8 bytes each, highest first. */
struct link_summary {
    struct number sessions, linkable, subjects, moved, largest, settled;
    struct span sizes, size_subjects; /* of subjects: from this size on; how many */
    struct span kinds;                /* u8 each: enum link_kind */
    struct span identifiers, shared, kind_sessions, alone, without; /* of each of |kinds| */
    struct number longest_sessions, longest_first_ns, longest_last_ns, longest_addresses;
    struct span addresses;     /* u8 length, address each */
    struct span address_times; /* of each: when it was there first */
    struct number hosts, fingerprints;
    struct span set_sizes, set_hosts; /* of anonymity sets: from this size on; hosts in them */
};

/* link_tell hands the |summary| to whoever takes observations. */
void link_tell(struct analyze_context *context, const struct link_counts *summary);

/* link_summary_new makes the observation alone, which is the beginning of a block of |size| bytes with all that it
 * points to, for the caller to free; NULL without memory. */
struct observation *link_summary_new(const struct link_counts *summary, size_t *size);

const char *link_kind_name(uint64_t kind);                  /* "session_id"; NULL for another */
const char *link_kind_noun(uint64_t kind, uint64_t number); /* "session ids" */

extern const struct observation_type observation_link_summary;

#endif
