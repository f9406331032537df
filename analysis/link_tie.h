/* link_tie.h: what ties sessions together, as an observation, so that reports of several sensors can be joined:
 * "link.tie". Told where sensors have a key in common (analysis_joins). */
#ifndef PERPASS_ANALYSIS_LINK_TIE_H
#define PERPASS_ANALYSIS_LINK_TIE_H

#include "analysis/analyzer.h"
#include "analysis/subject_graph.h"

enum { LINK_MOST_TIES = 10000 /* that are told: those used last */ };

/* "link.tie": sessions with the same identifiers from one address; or, without a session, what was read in clear at
 * once. The first three are columns: one entry for each identifier. */
struct link_tie {
    struct span kinds; /* u8 each: enum link_kind */
    struct span
        names; /* vec8 each: the same bytes at every sensor with the key (analysis_join_name) */
    struct span hosts;   /* u8 each: 1: it is that of one host, as far as seen; 2: of several */
    struct span address; /* of the client; not seen: it was not known */
    struct number sessions, first_ns, last_ns; /* times to the second */
    struct span
        handshakes; /* vec8 each: names of the last of these sessions, as far as they have one */
};

/* link_tell_ties hands the ties of |graph| to whoever takes observations. */
void link_tell_ties(struct analyze_context *context, const struct subject_graph *graph);

extern const struct observation_type observation_link_tie;

#endif
