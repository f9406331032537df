/* authentication.h: what the questions about authentication share: what is remembered of a handshake until it is
 * over, and of the keys that were shown under a name. Both are bounded; the oldest gives way. */
#ifndef PERPASS_ANALYSIS_AUTHENTICATION_H
#define PERPASS_ANALYSIS_AUTHENTICATION_H

#include "analysis/auth_name.h"
#include "analysis/bounded_table.h"
#include "analysis/negotiated.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

enum {
    AUTH_NAMES = 8192, /* server names whose keys are remembered */
    AUTH_KEYS = 4,     /* keys of a name that are told apart */
    AUTH_MAX_SERVER_NAME = 255
};

struct auth_state {
    struct bounded_table *names; /* of auth_keys.c, made with the first one */
};

/* What is weak about the certificates of a message. */
struct auth_weakness {
    enum severity severity; /* 0: nothing is */
    const char *signature;  /* "sha1" */
    const char *key;        /* "rsa" */
    uint16_t key_bits;
    bool expired, not_yet_valid;
    uint8_t index; /* of the worst certificate */
    bool self_issued;
};

/* Of the handshake that a flow is in. */
struct auth_handshake {
    /* what the client hello said */
    bool client_hello, offers_13, offers_12, offers_master_secret, offers_renegotiation;
    bool offers_sct, offers_fallback, has_cookie;
    bool offers_srtp; /* or the server took it */
    uint64_t hello_packet, hello_ns;
    uint8_t name_len;
    uint8_t *name; /* its own copy */
    /* what the server hello said */
    bool server_hello, retried, has_sct, has_status;
    /* what the certificates said */
    enum auth_name_match match;
    bool self_issued, client_self_issued;
    uint64_t packet, time_ns; /* of the server's own certificate */
    struct auth_weakness weakness;
};

/* auth_handshake_reset makes |handshake| all-zero: nothing is known of it. */
void auth_handshake_reset(struct auth_handshake *handshake);

/* auth_is_peer says whether the handshake looks like one of two peers that told each other the hashes of their
 * certificates by other means, as WebRTC does: nobody looks at names and issuers there. */
bool auth_is_peer(const struct auth_handshake *handshake);

/* What each of the files asks of an observation. */
void auth_hello_client(struct analyze_context *context, const struct tls_client_hello *hello);
void auth_hello_server(struct analyze_context *context, const struct negotiated *session,
                       struct auth_handshake *handshake);
void auth_hello_alert(struct analyze_context *context, const struct tls_alert *alert);
void auth_certificate(struct analyze_context *context, const struct tls_certificate *certificate);
void auth_certificate_message(struct analyze_context *context,
                              const struct tls_certificate_message *message);
void auth_transparency(struct analyze_context *context, const struct tls_certificate *certificate,
                       const struct auth_handshake *handshake);
void auth_name_mismatch(struct analyze_context *context,
                        const struct tls_handshake_summary *summary,
                        const struct auth_handshake *handshake);
void auth_keys(struct analyze_context *context, const struct tls_certificate *certificate,
               const struct auth_handshake *handshake);
void auth_preamble(struct analyze_context *context);
void auth_cookie(struct analyze_context *context);

#endif
