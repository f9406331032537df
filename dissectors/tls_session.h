/* tls_session.h: one handshake, whatever carries it: the records of TLS over TCP, DTLS, QUIC.
 *
 * The carrier puts messages together and calls tls_session_message with each; it asks the session what
 * has been negotiated, to know from where on the bytes are encrypted. */
#ifndef PERPASS_DISSECTORS_TLS_SESSION_H
#define PERPASS_DISSECTORS_TLS_SESSION_H

#include "dissectors/tls.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_heartbeat.h"
#include "dissectors/tls_nonces.h"
#include "dissectors/tls_proof.h"
#include "dissectors/tls_summary.h"

/* HandshakeType, RFC 8446 section 4 and RFC 5246 section 7.4. */
enum tls_handshake_type {
    TLS_HELLO_REQUEST = 0,
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_HELLO_VERIFY_REQUEST = 3, /* DTLS */
    TLS_NEW_SESSION_TICKET = 4,
    TLS_END_OF_EARLY_DATA = 5,
    TLS_HELLO_RETRY_REQUEST = 6, /* drafts of TLS 1.3 before the 22nd */
    TLS_ENCRYPTED_EXTENSIONS = 8,
    TLS_CERTIFICATE = 11,
    TLS_SERVER_KEY_EXCHANGE = 12,
    TLS_CERTIFICATE_REQUEST = 13,
    TLS_SERVER_HELLO_DONE = 14,
    TLS_CERTIFICATE_VERIFY = 15,
    TLS_CLIENT_KEY_EXCHANGE = 16,
    TLS_FINISHED = 20,
    TLS_CERTIFICATE_URL = 21,
    TLS_CERTIFICATE_STATUS = 22,
    TLS_SUPPLEMENTAL_DATA = 23
};

enum {
    TLS_VERSION_SSL2 = 0x0002,
    TLS_VERSION_SSL3 = 0x0300,
    TLS_VERSION_12 = 0x0303,
    TLS_VERSION_13 = 0x0304,
    TLS_RANDOM_LEN = 32
};

struct tls_session {
    const char *transport;        /* "tls", "dtls", "quic" */
    const char *version_protocol; /* "tls" or "dtls": ECS' tls.version_protocol */
    struct number client_version; /* highest that the client offered */
    struct number version;        /* negotiated */
    struct number cipher;         /* negotiated */
    /* DTLS: length of the connection id that each asks the other to send; not seen without extension */
    struct number client_cid_len, server_cid_len;
    struct number client_certificate_type, server_certificate_type; /* negotiated, RFC 7250 */
    bool client_hello, server_hello; /* seen; a hello retry is no server hello */
    bool early_data;                 /* the last client hello offers it */
    bool client_key_exchange;        /* seen */
    struct number message_seq;       /* DTLS: of the message at hand */
    struct tls_handshake handshake;  /* for its verdict */
    struct tls_nonces *nonces[2]; /* of each side, while they are looked at; for tls_nonces_free */
    bool nonces_begun[2];
};

/* tls_session_message reads one handshake message: |type| and its |body|, without the header. Faults
 * become observations. */
void tls_session_message(struct tls_session *session, uint8_t type, struct reader body,
                         struct dissect_context *context);

/* tls_session_alert reads the two bytes of an alert in clear. */
void tls_session_alert(struct tls_session *session, struct reader body,
                       struct dissect_context *context);

/* tls_version_is_13 says whether a code point is that of TLS 1.3, of DTLS 1.3, or of a draft as it was deployed: 0x7fXX
 * of the working group, 0x7eXX and 0xfbXX of two companies. */
bool tls_version_is_13(uint64_t version);

/* tls_session_is_13 says whether such a version was negotiated: what follows the server hello is encrypted. */
bool tls_session_is_13(const struct tls_session *session);

/* tls_is_hello_retry_random says whether a server hello with this random is a hello retry request. */
bool tls_is_hello_retry_random(const uint8_t random[TLS_RANDOM_LEN]);

/* tls_session_fault emits the fault of |reader|, met in |message|, as malformed or cut. */
void tls_session_fault(struct tls_session *session, const struct reader *reader,
                       const char *message, struct dissect_context *context);

/* The parsers behind tls_session_message, one for a message. Each emits what it read. */
void tls_read_client_hello(struct tls_session *session, struct reader body,
                           struct dissect_context *context);
void tls_read_server_hello(struct tls_session *session, struct reader body,
                           struct dissect_context *context);
void tls_read_draft_hello_retry(struct tls_session *session, struct reader body,
                                struct dissect_context *context);
void tls_read_server_key_exchange(struct tls_session *session, struct reader body,
                                  struct dissect_context *context);
void tls_read_client_key_exchange(struct tls_session *session, struct reader body,
                                  struct dissect_context *context);
void tls_read_certificate(struct tls_session *session, struct reader body,
                          struct dissect_context *context);
void tls_read_certificate_request(struct tls_session *session, struct reader body,
                                  struct dissect_context *context);
void tls_read_certificate_verify(struct tls_session *session, struct reader body,
                                 struct dissect_context *context);
void tls_read_certificate_status(struct tls_session *session, struct reader body,
                                 struct dissect_context *context);
void tls_read_certificate_url(struct tls_session *session, struct reader body,
                              struct dissect_context *context);
void tls_read_new_session_ticket(struct tls_session *session, struct reader body,
                                 struct dissect_context *context);

/* What all of these emit: for the carriers' lists. */
#define TLS_SESSION_OBSERVATIONS                                                                   \
    &observation_tls_client_hello, &observation_tls_server_hello, &observation_tls_certificate,    \
        &observation_tls_certificate_message, &observation_tls_certificate_request,                \
        &observation_tls_certificate_verify, &observation_tls_certificate_status,                  \
        &observation_tls_certificate_url, &observation_tls_server_key_exchange,                    \
        &observation_tls_client_key_exchange, &observation_tls_new_session_ticket,                 \
        &observation_tls_alert, &observation_tls_handshake_summary,                                \
        &observation_tls_handshake_message, &observation_tls_finished_record,                      \
        &observation_tls_record_nonces, &observation_tls_heartbeat

/* SSL 2 (Hickman 1995; RFC 6101 appendix E): tls_ssl2_recognises looks for a whole, consistent hello at the
 * start of |bytes|; tls_ssl2_read reads it, and gives false when it is the server's: then all that follows
 * is SSL 2, and of no interest. */
enum recognise tls_ssl2_recognises(struct reader bytes);
bool tls_ssl2_read(struct tls_session *session, struct reader *bytes,
                   struct dissect_context *context);

#endif
