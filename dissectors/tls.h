/* tls.h: what the TLS, DTLS and QUIC dissectors observe.
 *
 * Spans point into the message; lists are the wire's own bytes and are walked by their field rows. */
#ifndef PERPASS_DISSECTORS_TLS_H
#define PERPASS_DISSECTORS_TLS_H

#include "core/dissector.h"

/* "tls.client_hello": RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2; SSL 2 form: RFC 6101 appendix E. */
struct tls_client_hello {
    const char *transport;        /* "tls", "dtls", "quic" */
    const char *version_protocol; /* "tls" or "dtls" */
    struct number legacy_version;
    enum truth ssl2; /* TRUTH_YES: it came as an SSL 2 record */
    struct span random, session_id;
    struct span cookie;            /* DTLS */
    struct span ciphers;           /* u16 each; SSL 2: see ssl2_ciphers */
    struct span ssl2_ciphers;      /* u24 each */
    struct span compression;       /* u8 each */
    struct span extensions;        /* {u16 type, vec16} each: every one, in order */
    struct span server_name;       /* host_name of RFC 6066 section 3 */
    struct span alpn;              /* vec8 each */
    struct span versions;          /* supported_versions, u16 each */
    struct span groups;            /* supported_groups, u16 each */
    struct span signature_schemes; /* u16 each */
    struct span point_formats;     /* u8 each */
    struct span key_shares;        /* {u16 group, vec16 key} each */
    struct span psk_modes;         /* u8 each: 0 psk_ke, 1 psk_dhe_ke */
    struct span psk_identities;    /* {vec16 identity, u32 obfuscated_ticket_age} each */
    struct span psk_binders;       /* vec8 each */
    struct span message;           /* with dissect_context.proofs: the whole body; no row */
    struct number message_seq;     /* the same, DTLS */
    struct span psk_origins;       /* u8 each: codes of psk_origin.h, of the first identities */
    struct span ticket;            /* session_ticket, empty where support is only offered */
    struct span connection_id;
    /* Is the extension there? */
    enum truth ech, early_data, retry_cookie, extended_master_secret, encrypt_then_mac;
    enum truth truncated_hmac, certificate_url, timestamps, secure_renegotiation;
    enum truth renegotiation; /* renegotiation_info is not empty: the first handshake is over */
    struct number max_fragment_length, record_size_limit, heartbeat, status_request;
    struct number trusted_ca_count;
    struct span client_certificate_types, server_certificate_types; /* u8 each, RFC 7250 */
    struct span certificate_compression;                            /* u16 each */
    struct span cached_info;                                        /* {u8 type, vec8 hash} each */
    /* encrypted_client_hello: 0 outer or GREASE, which nobody can tell apart; 1 inner */
    struct number ech_type, ech_kdf, ech_aead, ech_config, ech_enc_len, ech_payload_len;
};

/* tls_client_hello_has_cookie says whether the hello shows a cookie, which the server has asked for: that of DTLS up to
 * 1.2 (RFC 6347 section 4.2.1), or that of a HelloRetryRequest (RFC 8446 section 4.2.2). */
static inline bool tls_client_hello_has_cookie(const struct tls_client_hello *hello)
{
    return hello->cookie.len > 0 || hello->retry_cookie == TRUTH_YES;
}

/* tls_list_has_u16 says whether |wanted| is one of |items|, u16 each; tls_has_extension, whether it is the type of one of
 * |extensions|, {u16 type, vec16} each. Of a list that was not seen neither is. */
bool tls_list_has_u16(struct span items, uint16_t wanted);
bool tls_has_extension(struct span extensions, uint16_t wanted);

/* "tls.server_hello": RFC 8446 sections 4.1.3 and 4.1.4, RFC 5246 section 7.4.1.3. */
struct tls_server_hello {
    const char *transport;
    const char *version_protocol;
    struct number legacy_version;
    struct number version; /* really negotiated: supported_versions, else legacy_version */
    enum truth ssl2, hello_retry;
    struct span random, session_id;
    struct number cipher;
    struct span ssl2_ciphers; /* SSL 2 ServerHello: what the server supports, u24 each */
    struct number compression;
    struct span extensions;
    struct span alpn;
    struct number key_share_group;
    struct span key_share; /* the server's public value; not seen in a hello retry request */
    struct number selected_psk;
    struct span connection_id;
    /* Is the extension there? What the server does not answer is not negotiated. */
    enum truth extended_master_secret, encrypt_then_mac, truncated_hmac, certificate_url;
    enum truth timestamps, status_request, session_ticket, secure_renegotiation;
    enum truth certificate_and_psk; /* RFC 8773 */
    enum truth renegotiation;
    enum truth ech_confirmation; /* a hello retry request: the server has a key for the ECH */
    struct number max_fragment_length, record_size_limit, heartbeat;
    struct number client_certificate_type, server_certificate_type; /* RFC 7250 */
    struct span cached_info;                                        /* u8 each */
    /* What the client hello of the same session said, for rules that need both; not seen without it. */
    struct number client_version; /* highest that the client offered */
};

/* "tls.server_key_exchange": RFC 5246 section 7.4.3, RFC 4279 sections 2 and 3, RFC 5489 section 2, RFC 8422. */
struct tls_server_key_exchange {
    const char *transport;
    struct number cipher;
    const char *kx;        /* "ECDHE_PSK" */
    struct span psk_hint;  /* PSK, RSA_PSK, DHE_PSK, ECDHE_PSK; may be seen and empty */
    struct number dh_bits; /* of the prime */
    struct number group;   /* named curve */
    struct span dh_p, dh_g;
    struct span public_value;       /* DH Ys or EC point */
    struct number signature_scheme; /* from TLS 1.2 on, where the exchange is signed */
};

/* "tls.client_key_exchange": RFC 5246 section 7.4.7, RFC 4279, RFC 5489. */
struct tls_client_key_exchange {
    const char *transport;
    struct number cipher;
    const char *kx;
    struct span psk_identity;
    struct span public_value; /* DH Yc or EC point */
};

/* "tls.alert": RFC 8446 section 6, in clear. */
struct tls_alert {
    const char *transport;
    struct number level, description;
    const char *from; /* "client", "server" */
};

/* The dissector of TLS over TCP. */
extern const struct dissector dissector_tls;

extern const struct observation_type observation_tls_client_hello, observation_tls_server_hello,
    observation_tls_server_key_exchange, observation_tls_client_key_exchange, observation_tls_alert;

/* Walkers of the lists, for analyzers; each takes one item. */
void tls_next_psk_identity(struct reader *list, struct value *item); /* the identity bytes */
void tls_next_psk_age(struct reader *list, struct value *item);      /* obfuscated_ticket_age */
void tls_next_binder_len(struct reader *list, struct value *item);   /* of psk_binders, bytes */

#endif
