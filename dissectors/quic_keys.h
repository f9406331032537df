/* quic_keys.h: opening Initial packets, whose keys everybody can derive. RFC 9001 section 5. */
#ifndef PERPASS_DISSECTORS_QUIC_KEYS_H
#define PERPASS_DISSECTORS_QUIC_KEYS_H

#include "core/scratch.h"
#include "dissectors/quic_packet.h"

/* Keys of one sender's Initial packets. */
struct quic_sender_keys {
    uint8_t key[CRYPTO_GCM_KEY_LEN], iv[CRYPTO_GCM_NONCE_LEN], hp[CRYPTO_GCM_KEY_LEN];
    bool known;
};

/* Keys of a connection; each sender's are worked out when they are first asked for. */
struct quic_keys {
    const struct quic_scheme *scheme;
    struct crypto_mac initial; /* under the initial secret */
    struct quic_sender_keys client, server;
};

/* quic_keys_begin takes the destination connection id of the client's first Initial packet, from which all
 * keys come. */
void quic_keys_begin(const struct quic_scheme *scheme, struct span dcid, struct quic_keys *keys);

const struct quic_sender_keys *quic_keys_client(struct quic_keys *keys);
const struct quic_sender_keys *quic_keys_server(struct quic_keys *keys);

/* quic_open removes the protection of an Initial packet: header first, then payload. |expected| is the next
 * packet number. The payload is in the scratch; |number| is the packet's. */
bool quic_open(struct crypto_opener *opener, const struct quic_sender_keys *keys,
               const struct quic_packet *packet, uint64_t expected, struct scratch *scratch,
               struct span *payload, uint64_t *number);

/* quic_retry_proves says whether a Retry's tag shows that its sender saw the client's Initial packet, which
 * had the destination id |original|: RFC 9001 section 5.8. */
bool quic_retry_proves(struct crypto_opener *opener, const struct quic_packet *packet,
                       struct span original, struct scratch *scratch);

#endif
