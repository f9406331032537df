/* session_mix.h: which versions and key exchanges the sessions of TLS, DTLS and QUIC had, and when they began:
 * "session.mix". */
#ifndef PERPASS_ANALYSIS_SESSION_MIX_H
#define PERPASS_ANALYSIS_SESSION_MIX_H

#include "core/observation.h"

enum {
    SESSION_MIX_ROWS =
        48, /* versions, and key exchanges: of each; further ones are counted as "other" */
    SESSION_MIX_SLOTS = 64 /* parts of the time, all equally long */
};

/* "session.mix". The lists are columns; the rows of one have the same places. */
struct session_mix {
    struct number sessions, forward_secret, not_forward_secret;
    struct span versions;                            /* vec8 each: "TLS 1.2", most sessions first */
    struct span version_sessions;                    /* u64 each */
    struct span exchanges;                           /* vec8 each: "ECDHE" */
    struct span exchange_sessions, exchange_forward; /* u64 each: with forward secrecy */
    struct number slot_ns;                           /* how long a part of the time is */
    struct span slots, slot_sessions, slot_open; /* u64 each: when it begins; not forward secret */
};

extern const struct observation_type observation_session_mix;

#endif
