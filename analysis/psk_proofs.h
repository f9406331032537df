/* psk_proofs.h: the proofs that keys are tried on: a few of each identity and server, as one that the server accepted
 * says all that there is to say. Bounded; what does not fit is refused. */
#ifndef PERPASS_ANALYSIS_PSK_PROOFS_H
#define PERPASS_ANALYSIS_PSK_PROOFS_H

#include "analysis/psk_proof.h"
#include "core/flow.h"

#include <stdatomic.h>

enum {
    PSK_PROOFS_MAX = 16384,
    PSK_PROOFS_EACH = 4,                 /* of one identity and server, until one is accepted */
    PSK_PROOFS_IDENTITIES = 16384,       /* and servers, that are told apart */
    PSK_PROOFS_IDENTITY_BYTES = 16 << 20 /* of all of them */
};

struct psk_kept {
    struct psk_proof proof;
    bool complete; /* there is all that keys are tried with */
    bool accepted; /* the server went on with it */
    atomic_bool found;
    struct span identity; /* the table's */
    const char *transport;
    uint64_t cipher; /* of PSK_PROOF_FINISHED */

    /* Where it was. */
    struct endpoint ends[2];
    uint8_t ip_version, protocol, client;
    struct encapsulation around;
    uint64_t time_ns, packet;

    uint64_t name; /* of identity and server */
    uint32_t turn; /* how often this place was given anew */
};

/* What names a proof while others may take its place. All-zero names none. */
struct psk_ref {
    uint32_t number, turn;
};

struct psk_proofs;

/* psk_proofs_new gives an empty table, or NULL without memory. */
struct psk_proofs *psk_proofs_new(void);
void psk_proofs_free(struct psk_proofs *proofs);

enum psk_place {
    PSK_PLACE_GIVEN,
    PSK_PLACE_TAKEN, /* given, and an older one of the same identity and server gave way */
    PSK_PLACE_KNOWN, /* there is an accepted one already: not needed */
    PSK_PLACE_FULL   /* there is no room */
};

/* psk_proofs_place makes room for a proof of |identity| toward the server of |flow|, of which only the proof itself is
 * left to fill in. |name| is that of identity, server and kind. |ref| is set when a place is given; |forgot| when
 * what was known of another identity and server had to give way. */
enum psk_place psk_proofs_place(struct psk_proofs *proofs, uint64_t name, const struct flow *flow,
                                struct span identity, enum psk_proof_kind kind, struct psk_ref *ref,
                                bool *forgot);

/* psk_proofs_get gives the proof, or NULL when another has its place. It lives until the next psk_proofs_place. */
struct psk_kept *psk_proofs_get(struct psk_proofs *proofs, struct psk_ref ref);

/* psk_proofs_accept notes that the server accepted it. */
void psk_proofs_accept(struct psk_proofs *proofs, struct psk_ref ref);

/* All, in the order of their places; those that are not complete are among them. */
struct psk_kept *psk_proofs_all(struct psk_proofs *proofs, size_t *num);

#endif
