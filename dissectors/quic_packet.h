/* quic_packet.h: the versions of QUIC, and the long header of a packet. RFC 8999 section 5.1, RFC 9000
 * section 17.2, RFC 9369 section 3.2. */
#ifndef PERPASS_DISSECTORS_QUIC_PACKET_H
#define PERPASS_DISSECTORS_QUIC_PACKET_H

#include "core/crypto.h"
#include "core/reader.h"

enum {
    QUIC_SALT_LEN = 20,
    QUIC_MAX_CID = 20, /* of the versions known here */
    QUIC_RETRY_TAG_LEN = 16
};

enum quic_type {
    QUIC_INITIAL,
    QUIC_ZERO_RTT,
    QUIC_HANDSHAKE,
    QUIC_RETRY,
    QUIC_VERSION_NEGOTIATION,
    QUIC_GOOGLE /* Google's own protocol: its version is noted, nothing else */
};

/* How a version protects its Initial and Retry packets: RFC 9001 sections 5.2 and 5.8. */
struct quic_scheme {
    uint8_t salt[QUIC_SALT_LEN];
    const char *key_label, *iv_label, *hp_label; /* "quic key" … */
    bool has_retry_tag;
    uint8_t retry_key[CRYPTO_GCM_KEY_LEN], retry_nonce[CRYPTO_GCM_NONCE_LEN];
};

struct quic_version {
    const char *name;
    const struct quic_scheme *scheme;       /* NULL: its handshake is not TLS */
    const struct quic_scheme *other_scheme; /* reserved versions: of clients of another time */
    bool types_of_v2;                       /* packet types are numbered as RFC 9369 does */
    bool retry_names_cid; /* before draft 25: Retry has the original id, and no tag */
    bool old_parameters;  /* before draft 27: parameters with 16-bit ids and lengths */
    bool own_header;      /* Google's: connection ids stand otherwise */
    bool google_frames;   /* Google's, with TLS: frames have other types */
};

/* quic_version_find says what is known of a version; false when it is none that exists. */
bool quic_version_find(uint32_t code, struct quic_version *version);

/* quic_version_name is the name_of of versions: "1", "2", "draft-29", "Q050". */
const char *quic_version_name(uint64_t code);

struct quic_packet {
    enum quic_type type;
    uint32_t code; /* of the version; 0 in version negotiation */
    struct quic_version version;
    struct span dcid, scid;
    struct span token;    /* Initial, Retry */
    struct span tag;      /* Retry, where it has one */
    struct span versions; /* version negotiation: u32 each */
    struct span
        header;       /* Initial, 0-RTT, Handshake: up to the packet number; Retry: up to the tag */
    struct span body; /* from the packet number on, as far as captured */
    size_t cut;       /* bytes of the body that were not captured */
};

/* quic_packet_read takes one packet with a long header from a datagram, which may hold more behind it. A
 * fault is in the reader. False, too, for a packet of a version that nobody knows. */
bool quic_packet_read(struct reader *datagram, struct quic_packet *packet);

/* quic_packet_read_google takes the header of a client's packet of Google QUIC up to Q043. */
bool quic_packet_read_google(struct reader *datagram, struct quic_packet *packet);

/* quic_is_long looks at the first byte of a packet, without taking it. */
bool quic_is_long(struct reader datagram);

/* quic_read_varint takes an integer of 1, 2, 4 or 8 bytes: RFC 9000 section 16. */
uint64_t quic_read_varint(struct reader *r);

#endif
