/* psk_use.h: who uses an external pre-shared key, as an observation, so that reports of several sensors can be joined:
 * "psk.use". Told where sensors have a key in common (analysis_joins). */
#ifndef PERPASS_ANALYSIS_PSK_USE_H
#define PERPASS_ANALYSIS_PSK_USE_H

#include "analysis/analyzer.h"
#include "analysis/psk_users.h"

enum { PSK_MOST_USES = 10000 /* identities that are told */ };

/* "psk.use": one identity. The lists are columns: one entry for each node. Names are the same bytes at every sensor with
 * the key (analysis_join_name), or empty where there is nothing. */
struct psk_use {
    struct span identity;
    struct span name; /* of the identity, in "link.tie" */
    struct psk_use_clients {
        struct span addresses, macs;   /* vec8 each */
        struct span software;          /* vec8 each: names of what its hellos are like */
        struct span transports;        /* vec8 each: text */
        struct span confirmed;         /* u8 each: enum truth: that the handshake was completed */
        struct span first_ns, last_ns; /* u64 each: of when it was seen first and last */
    } clients;
    struct psk_use_servers {
        struct span addresses, macs;
        struct span answers;    /* vec8 each: names of what its last answer is like … */
        struct span asked_with; /* … and of what the hello was like that it answered */
        struct span called;     /* vec8 each: names of what clients call it */
        struct span transports, confirmed, first_ns, last_ns;
    } servers;
};

/* psk_users_tell hands what is known of all identities to whoever takes observations. */
void psk_users_tell(const struct psk_users *users, struct analyze_context *context);

extern const struct observation_type observation_psk_use;

#endif
