/* dtls.h: what the DTLS dissector observes beside the observations of tls.h. */
#ifndef PERPASS_DISSECTORS_DTLS_H
#define PERPASS_DISSECTORS_DTLS_H

#include "dissectors/tls.h"

/* "tls.hello_verify_request": RFC 6347 section 4.2.1. */
struct tls_hello_verify_request {
    const char *transport; /* "dtls" */
    struct number version;
    struct span cookie;
    struct number cookie_len; /* bytes */
};

/* "dtls.cid": the first record of a flow's side with this connection id. RFC 9146, RFC 9147. */
struct dtls_cid {
    struct span cid;
    struct number len;   /* bytes */
    enum truth inferred; /* the length was inferred: the capture lacks the hellos */
    enum truth unified;  /* in the header of DTLS 1.3, not in a tls12_cid record */
    const char *from;    /* "client", "server" */
};

/* "dtls.session": what is known of a handshake, and of what followed it, once it is over. */
struct dtls_session {
    struct number version;        /* negotiated */
    const char *version_protocol; /* "dtls" */
    struct number record_version; /* of the last record that has one */
    enum truth hello_verify;      /* the server asked for a cookie first */
    struct number cookie_len;
    struct number client_hello_bytes; /* what the client sent before the server answered */
    struct number server_first_bytes; /* what the server answered before the client spoke again */
    struct number client_repeated, server_repeated; /* handshake messages that came again */
    struct number client_flights, server_flights;   /* the times that they did */
    struct number client_plain, server_plain;       /* records in clear: epoch 0 */
    enum truth client_protected, server_protected;  /* it sent protected records */
    enum truth unified;                             /* there were records of DTLS 1.3 */
    struct number client_cid_len, server_cid_len;   /* in what each of them sends */
    enum truth cid_inferred;
    struct number cid_records;
    struct number client_cid_last_ns; /* of the last record of the client that has one */
};

/* dtls_hello_verify_request reads the message; the reader has its faults. */
struct tls_hello_verify_request dtls_hello_verify_request(struct reader *body);

extern const struct dissector dissector_dtls;

extern const struct observation_type observation_tls_hello_verify_request, observation_dtls_cid,
    observation_dtls_session;

#endif
