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

/* A packet, from its IP header on, of a conversation that nobody reads: only for who names applications, and never
 * written: it is not among common_observations. */
struct flow_packet_observation {
    struct span packet;
};

/* An exchange of a flow that holds several (struct observation) is over: only for who remembers it, and never written,
 * either. Exchanges are over before their flow is. */
struct exchange_end_observation {
    uint64_t bytes; /* of both ends, as the dissector counts them */
};

/* "flow.end": totals of a conversation and how it ended. */
struct flow_end_observation {
    struct number first_ns, last_ns;
    struct number client_bytes, server_bytes, client_packets, server_packets;
    const char *how;      /* "closed" "idle" "evicted" "input" */
    const char *protocol; /* who read it: "tls"; NULL for nobody */
    enum truth saw_start;
    /* What a conversation that nobody read to its end is taken for; static: "dns", "whatsapp" */
    const char *application_protocol, *application;
    enum truth encrypted;   /* whether that protocol hides what it says */
    enum truth credentials; /* nDPI saw some in clear; else unknown */
};

extern const struct observation_type observation_malformed, observation_cut, observation_flow_end,
    observation_flow_packet, observation_exchange_end;

/* All that are written, with those of core/field_observations.h, NULL-terminated. */
extern const struct observation_type *const common_observations[];

#endif
