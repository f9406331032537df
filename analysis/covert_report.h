/* covert_report.h: "covert.capacity" and "covert.endpoint": what free fields could carry, and what tests of them said. */
#ifndef PERPASS_ANALYSIS_COVERT_REPORT_H
#define PERPASS_ANALYSIS_COVERT_REPORT_H

#include "core/observation.h"

/* "covert.capacity": one field of the ledger. */
struct covert_capacity {
    const char *field;             /* "ip-id" */
    const char *unit;              /* in what it is set: "packet" */
    const char *normal;            /* what normal stacks put there */
    struct number units, sessions; /* seen; and directions of conversations that had some */
    struct number bits, bits_per_session, bits_per_second;
    const char *role; /* of the endpoint that offered most: "client", "server" */
    struct span address;
    struct number port; /* of a server */
    struct number endpoint_bits;
    struct number tests;                                /* made of this field */
    struct number endpoints_tested, endpoints_departed; /* and those that departed from the model */
};

/* "covert.endpoint": one endpoint. The lists are columns: one entry for each field of which it offered something. */
struct covert_endpoint_told {
    const char *role;
    struct span address;
    struct number port;
    struct number first_ns, last_ns;
    struct number bits, tests;
    struct span fields;                          /* u8 each: enum covert_field */
    struct span field_bits;                      /* u64 each, as those that follow */
    struct span made, departed, samples, scores; /* score: thousandths of -log10 p, the highest */
};

extern const struct observation_type observation_covert_capacity, observation_covert_endpoint;

const char *covert_field_name(uint64_t field); /* "ip-id" */

#endif
