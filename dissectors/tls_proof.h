/* tls_proof.h: what a handshake shows of the pre-shared key behind it, for whoever tries keys: the messages that a
 * binder or a Finished is about, and the record that holds Finished. Observed only when dissect_context.proofs is set.
 * The bytes have no rows: who had them could try keys, too. */
#ifndef PERPASS_DISSECTORS_TLS_PROOF_H
#define PERPASS_DISSECTORS_TLS_PROOF_H

#include "core/dissector.h"

struct tls_session;

/* "tls.handshake_message": a server hello, or what follows it in a handshake with a plain PSK suite. It comes before
 * the observation of what is in it. The client hello itself is tls_client_hello.message. */
struct tls_handshake_message {
    const char *transport;
    const char *from;       /* "client", "server" */
    struct number type;     /* enum tls_handshake_type */
    struct number sequence; /* DTLS: message_seq */
    struct number len;      /* bytes of the body */
    struct span body;       /* no row */
};

/* "tls.finished_record": the client's first protected record in such a handshake. */
struct tls_finished_record {
    const char *transport;
    struct number content_type;
    struct number sequence; /* of the record; DTLS: behind 16 bits of epoch */
    struct number len;      /* bytes of the fragment */
    enum truth incomplete;  /* the capture lacks a part of what came before it */
    struct span fragment;   /* no row */
};

/* tls_proof_message observes the message, if it is one of those. */
void tls_proof_message(const struct tls_session *session, uint8_t type, struct reader body,
                       struct dissect_context *context);

/* tls_proof_wanted says whether context->side is the client, and its next protected record is to be observed. */
bool tls_proof_wanted(const struct tls_session *session, const struct dissect_context *context);
void tls_proof_record(const struct tls_session *session, uint8_t content_type, uint64_t sequence,
                      struct reader fragment, struct dissect_context *context);

extern const struct observation_type observation_tls_handshake_message,
    observation_tls_finished_record;

#endif
