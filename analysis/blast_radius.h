/* blast_radius.h: what one leaked secret opens of what was recorded: "blast.radius". */
#ifndef PERPASS_ANALYSIS_BLAST_RADIUS_H
#define PERPASS_ANALYSIS_BLAST_RADIUS_H

#include "core/observation.h"

enum { BLAST_MOST_TOLD = 1000 /* the worst ones */ };

/* "blast.radius": one secret. One of the four names is seen. */
struct blast_radius {
    const char *secret; /* "server_key", "psk", "ticket_key", "ephemeral_key" */
    struct span key_sha256, psk_identity, ticket_key_name, public_value;
    const char *role;         /* whose, of an ephemeral_key: "client", "server" */
    const char *key_exchange; /* that it served first */
    struct number sessions, bytes, first_ns, last_ns; /* that it opens */
    struct number clients, servers;
    struct number authenticated; /* sessions in which a server proved itself with it */
    const char *confidence, *reason;
    /* vec8 each; seen where sensors have a key in common (analysis_join_name): */
    struct span handshakes; /* names of the last sessions that it has to do with */
    struct span client_names, server_names;
};

enum { BLAST_MOST_NAMES = 8 /* of each list */ };

extern const struct observation_type observation_blast_radius;

#endif
