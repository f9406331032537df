/* tls_summary.h: the verdict on a handshake: what was negotiated, who was authenticated and how, whether it was
 * resumed and why that is said, and how it ended. */
#ifndef PERPASS_DISSECTORS_TLS_SUMMARY_H
#define PERPASS_DISSECTORS_TLS_SUMMARY_H

#include "core/dissector.h"

struct tls_session;
struct tls_client_hello;
struct tls_server_hello;

enum {
    TLS_MAX_PSKS =
        8 /* identities of a client hello that are judged; of further ones nothing is known */
};

struct tls_session_id {
    uint8_t len, at[32];
};

/* What a session remembers for its verdict. Indexes are sides, as in flow->ends. */
struct tls_handshake {
    uint32_t saw[2];                           /* handshake messages, 1 << type */
    uint64_t answered_ns;                      /* when the server's hello was seen */
    struct tls_session_id session_id[2];       /* in the hello of each */
    uint8_t num_psks, psk_codes[TLS_MAX_PSKS]; /* of psk_origin.h */
    uint8_t alert;
    struct number selected_psk, group;
    bool ticket, retry;                /* client sent one; the server asked for another hello */
    bool protected[2], certificate[2]; /* sent such; a Certificate message that is not empty */
    bool extended_master_secret, renegotiation, certificate_and_psk;
    bool alerted, client_alerted; /* a fatal alert in clear; it was the client's */
    bool any, told, cut;
};

/* "tls.handshake_summary" */
struct tls_handshake_summary {
    const char *transport, *version_protocol;
    struct number version, cipher, group;
    const char *kx;
    enum truth forward_secrecy;
    const char *forward_secrecy_reason;
    const char *server_authentication, *client_authentication;
    enum truth certificate_requested;
    const char *psk, *psk_reason;
    enum truth psk_offered;
    enum truth resumed;
    const char *resumed_by, *resumed_reason;
    enum truth hello_retry, ticket_issued, extended_master_secret, early_data, renegotiation;
    enum truth established;
    const char *outcome, *outcome_reason;
    struct number alert;
    const char *alert_from;
};

/* What the parsers tell. A client hello begins a handshake, and ends the one before, unless the server's hello, which
 * was seen before it, answers it: then it gives true. */
bool tls_summary_client_hello(struct tls_session *session, struct tls_client_hello *hello,
                              struct dissect_context *context);
void tls_summary_server_hello(struct tls_session *session, const struct tls_server_hello *hello,
                              const struct dissect_context *context);
void tls_summary_group(struct tls_session *session, struct number group);
void tls_summary_certificate(struct tls_session *session, const struct dissect_context *context);
void tls_summary_message(struct tls_session *session, uint8_t type,
                         const struct dissect_context *context);
void tls_summary_alert(struct tls_session *session, uint8_t level, uint8_t description,
                       struct dissect_context *context);

/* What the carriers tell: context->side begins to protect what it sends, with a record of |len| bytes (0 when
 * that says nothing): once both do, the verdict is emitted. At the end of the flow it is emitted anyway. */
void tls_session_protected(struct tls_session *session, size_t len,
                           struct dissect_context *context);
void tls_session_end(struct tls_session *session, struct dissect_context *context);

/* tls_summary_has_session says whether a server answered with a hello: then there is a version. */
static inline bool tls_summary_has_session(const struct tls_handshake_summary *summary)
{
    return summary->version.seen;
}

extern const struct observation_type observation_tls_handshake_summary;

#endif
