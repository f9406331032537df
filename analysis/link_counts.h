/* link_counts.h: how far sessions can be linked: what a passive observer of all of them knows. */
#ifndef PERPASS_ANALYSIS_LINK_COUNTS_H
#define PERPASS_ANALYSIS_LINK_COUNTS_H

#include "analysis/link_kind.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LINK_SIZES = 4,          /* classes of sizes */
    LINK_MOST_ADDRESSES = 16 /* of the subject that is followed longest, that are told */
};

/* Of one kind of identifier. */
struct link_kind_summary {
    uint64_t identifiers; /* that sessions had */
    uint64_t shared;   /* of these: taken for those of several hosts, so that they join nothing */
    uint64_t sessions; /* that had one */
    uint64_t alone;    /* sessions that would be linkable if there were no other kind */
    uint64_t without;  /* sessions that would still be linkable if this kind were not there */
};

/* Where a subject was. */
struct link_address {
    uint8_t bytes[16], ip_version;
    uint64_t first_ns; /* to the second */
};

struct link_followed {
    uint64_t sessions, first_ns, last_ns; /* times to the second; no subject: 0 sessions */
    uint64_t num_addresses;               /* IPv4 addresses and IPv6 networks (/64) */
    struct link_address addresses[LINK_MOST_ADDRESSES]; /* the first ones, in order of time */
};

/* A subject is a set of sessions that identifiers join, directly or over others. */
struct link_counts {
    uint64_t last_ns, last_packet; /* of what was seen last */
    uint64_t sessions;             /* encrypted ones, each once however often it was captured */
    uint64_t linkable;             /* of these: in a subject with others */
    uint64_t subjects;             /* with two sessions or more */
    uint64_t moved;                /* of these: seen at more than one address of a kind */
    uint64_t largest;              /* sessions of the largest */
    uint64_t sizes[LINK_SIZES];    /* subjects with 2, 3 to 9, 10 to 99, more sessions */
    uint64_t
        settled; /* subjects and lone sessions that were let go, as the graph was full: they are counted */
    struct link_kind_summary kinds[NUM_LINK_KINDS];
    struct link_followed longest;
    bool hosts_known;               /* what follows was counted */
    uint64_t hosts;                 /* addresses that sent client hellos */
    uint64_t fingerprints;          /* different ones of these hellos */
    uint64_t anonymity[LINK_SIZES]; /* hosts whose fingerprint 1, 2 to 9, 10 to 99, more have */
};

#endif
