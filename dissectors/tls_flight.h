/* tls_flight.h: what is observed of the messages between the hellos and Finished. They are in clear up to TLS
 * 1.2 and DTLS 1.2 only.
 *
 * Spans point into the message; lists are the wire's own bytes and are walked by their field rows. */
#ifndef PERPASS_DISSECTORS_TLS_FLIGHT_H
#define PERPASS_DISSECTORS_TLS_FLIGHT_H

#include "core/dissector.h"
#include "core/x509.h"

enum { TLS_MAX_CERTIFICATES = 32 /* certificates of a message that are told one by one */ };

/* "tls.certificate_message": RFC 5246 sections 7.4.2 and 7.4.6, RFC 7250. */
struct tls_certificate_message {
    const char *transport;
    const char *from;        /* "client", "server" */
    const char *type;        /* "x509", "raw_public_key", "openpgp" (which is left unread) */
    struct number count;     /* of certificates; 0: there is none to show */
    struct number der_bytes; /* of all together */
};

/* "tls.certificate": one of a Certificate message. */
struct tls_certificate {
    const char *transport;
    const char *from;
    const char *type;    /* "x509", "raw_public_key" */
    struct number index; /* 0: whose key it is; then who vouches for it */
    struct span der;     /* whole; a raw public key: the SubjectPublicKeyInfo */
    struct number der_len;
    struct x509 x509;       /* its parts; of a raw public key the key only */
    enum truth self_issued; /* issuer and subject are the same name */
};

/* "tls.certificate_request": RFC 5246 section 7.4.4. */
struct tls_certificate_request {
    const char *transport;
    struct span types;             /* u8 each */
    struct span signature_schemes; /* u16 each; from TLS 1.2 on */
    struct span authorities;       /* vec16 each: the DER of a Name */
    struct number num_authorities;
};

/* "tls.certificate_verify": RFC 5246 section 7.4.8: the client proves that the key is its own. */
struct tls_certificate_verify {
    const char *transport;
    const char *from;
    struct number scheme; /* from TLS 1.2 on */
    struct number signature_len;
};

/* "tls.certificate_status": RFC 6066 section 8, RFC 6961. */
struct tls_certificate_status {
    const char *transport;
    struct number type; /* 1 OCSP, 2 OCSP for each of the chain */
    struct number response_len;
};

/* "tls.certificate_url": RFC 6066 section 5. */
struct tls_certificate_url {
    const char *transport;
    struct number chain_type; /* 0 single certificates, 1 a PKIPath */
    struct span urls;         /* {vec16 url, u8 1, opaque sha1[20]} each */
};

/* "tls.new_session_ticket": RFC 5077 section 3.3. */
struct tls_new_session_ticket {
    const char *transport;
    struct number lifetime; /* hint, seconds */
    struct span ticket;
    struct number ticket_len;
};

extern const struct observation_type observation_tls_certificate_message,
    observation_tls_certificate, observation_tls_certificate_request,
    observation_tls_certificate_verify, observation_tls_certificate_status,
    observation_tls_certificate_url, observation_tls_new_session_ticket;

#endif
