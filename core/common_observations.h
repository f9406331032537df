/* common_observations.h: observations that belong to no single protocol. */
#ifndef PERPASS_CORE_COMMON_OBSERVATIONS_H
#define PERPASS_CORE_COMMON_OBSERVATIONS_H

#include "core/observation.h"

/* "malformed": a message broke its own rules; "cut": the capture does not have all of it. */
struct fault_observation {
    const char *protocol; /* "tls" */
    const char *field;    /* "client_hello.extensions", or NULL */
    const char *reason;   /* static text */
};

/* "flow.end": totals of a conversation and how it ended. */
struct flow_end_observation {
    struct number first_ns, last_ns;
    struct number client_bytes, server_bytes, client_packets, server_packets;
    const char *how;      /* "closed" "idle" "evicted" "input" */
    const char *protocol; /* who read it: "tls"; NULL for nobody */
    enum truth saw_start;
};

extern const struct observation_type observation_malformed, observation_cut, observation_flow_end;

/* The three of them, NULL-terminated. */
extern const struct observation_type *const common_observations[];

#endif
