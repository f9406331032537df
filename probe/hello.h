/* hello.h: the ClientHello: what a probe offers. RFC 5246 section 7.4.1.2, RFC 6347 section 4.2.1. */
#ifndef PERPASS_PROBE_HELLO_H
#define PERPASS_PROBE_HELLO_H

#include "core/value.h"
#include "probe/bytes_out.h"

enum {
    HELLO_RANDOM_LEN = 32,
    HELLO_MAX_LEN = 4096, /* without an identity */
    HELLO_BINDER_LEN = 32,
    HELLO_BINDERS_LEN = 2 + 1 + HELLO_BINDER_LEN, /* the list of one */
    HELLO_MAX_COOKIE = 255,
    HELLO_MAX_SESSION_ID = 32,
    HELLO_MAX_SUITES = 128
};

/* What one ClientHello offers. An extension that is not asked for is not sent. */
struct hello {
    uint16_t version; /* DTLS_VERSION_12, DTLS_VERSION_10 */
    uint16_t suites[HELLO_MAX_SUITES];
    size_t num_suites;
    bool deflate; /* beside no compression */
    bool extended_master_secret, encrypt_then_mac, truncated_hmac, heartbeat, connection_id;
    bool renegotiation_info; /* |verify_data| is in it: empty in a first handshake */
    bool groups;             /* supported_groups and ec_point_formats */
    bool signatures;         /* signature_algorithms */
    bool raw_public_keys;    /* server_certificate_type: raw public keys, then X.509 */
    struct number max_fragment_length, record_size_limit;
    struct span session_id;  /* to resume; may be unseen */
    struct span ticket;      /* seen: session_ticket with these bytes, may be none */
    struct span verify_data; /* of the last client Finished, to renegotiate */
    struct span server_name; /* may be unseen */
    /* DTLS 1.3 alone is offered: RFC 9147 section 5.3 */
    bool version_13, psk_ke, psk_dhe_ke;
    struct span key_share; /* of |key_share_group|; may be unseen */
    uint16_t key_share_group;
    struct span retry_cookie; /* of a HelloRetryRequest; may be unseen */
    struct span
        psk_identity; /* seen: the last extension is pre_shared_key, with a binder of HELLO_BINDER_LEN zeros,
                                 for which the last bytes of the hello are to be exchanged */
};

/* hello_random fills the random of a hello: it begins with the name of the program, by which its traffic is known,
 * and goes on with 19 random bytes. */
bool hello_random(uint8_t random[HELLO_RANDOM_LEN]);

/* hello_offers_group says whether a group is in the hello's supported_groups. */
bool hello_offers_group(const struct hello *hello, uint64_t group);

/* hello_put writes the body. */
void hello_put(struct bytes_out *out, const struct hello *hello,
               const uint8_t random[HELLO_RANDOM_LEN], struct span cookie);

#endif
