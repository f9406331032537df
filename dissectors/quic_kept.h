/* quic_kept.h: Initial packets that came before the one that gives their keys, the client's first: a mirror port mixes
 * the order of the directions. Bounded: a few packets of one side, no longer than a datagram, once in a flow. */
#ifndef PERPASS_DISSECTORS_QUIC_KEPT_H
#define PERPASS_DISSECTORS_QUIC_KEPT_H

#include "core/dissector.h"
#include "dissectors/quic_packet.h"

enum { QUIC_MAX_KEPT = 4, QUIC_MAX_KEPT_LEN = 1500 };

struct quic_kept_packet {
    uint8_t *at;
    size_t len, datagram; /* |datagram|: the length of the one it was in */
    uint64_t time_ns, number;
};

/* All-zero is nothing kept so far. */
struct quic_kept {
    struct quic_kept_packet packets[QUIC_MAX_KEPT];
    uint8_t num, side;
    bool over; /* no more are kept */
};

/* quic_keep copies |packet|, which is all there; false when it is not kept. */
bool quic_keep(struct quic_kept *kept, const struct quic_packet *packet, size_t datagram,
               struct dissect_context *context);

/* quic_kept_clear frees what is kept; no more will be. */
void quic_kept_clear(struct quic_kept *kept, struct dissect_context *context);

#endif
