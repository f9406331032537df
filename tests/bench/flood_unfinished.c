/* flood_unfinished.c: beginnings that have to be kept until the rest comes, which never does: fragments of IP
 * (RFC 791, RFC 8200) and of DTLS (RFC 6347 section 4.2.3), segments of TCP, CRYPTO frames of QUIC. */
#include "tests/bench/flood_unfinished.h"

#include "tests/bench/flood_quic.h"

#include <string.h>

enum { SYN = 0x02, SYN_ACK = 0x12, ACK = 0x10, PSH_ACK = 0x18 };
enum { PIECE = 1200, NUM_SEGMENTS = 8, NUM_MESSAGES = 3 };

void flood_fragments(struct flood *flood)
{
    const struct flood_pair pair = flood_pair(flood, 443);
    const uint32_t id = (uint32_t)flood_random(flood);
    uint8_t bytes[PIECE];
    flood_bytes(flood, bytes, sizeof bytes);
    flood_fragment(flood, &pair, id, 0, bytes, sizeof bytes);
    flood_fragment(flood, &pair, id, 60000, bytes, sizeof bytes);
}

void flood_segments(struct flood *flood)
{
    static const uint8_t head[] = {22, 3, 3, 0x3f, 0xff, 1, 0, 0x3f, 0xfb, 3, 3};
    struct flood_pair pair = flood_pair(flood, 443);
    uint8_t bytes[PIECE];
    flood_bytes(flood, bytes, sizeof bytes);
    flood_tcp(flood, &pair, 0, SYN, NULL, 0);
    flood_tcp(flood, &pair, 1, SYN_ACK, NULL, 0);
    flood_tcp(flood, &pair, 0, PSH_ACK, head, sizeof head);
    pair.seq[0] += 1; /* the byte that never comes */
    for (unsigned i = 0; i < NUM_SEGMENTS; i++)
        flood_tcp(flood, &pair, 0, ACK, bytes, sizeof bytes);
}

static void put(uint8_t *at, uint64_t number, size_t size)
{
    for (size_t i = size; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
}

void flood_dtls_fragments(struct flood *flood)
{
    enum { HEADS = 13 + 12, MESSAGE = 60000 };
    const struct flood_pair pair = flood_pair(flood, 4433);
    uint8_t datagram[HEADS + PIECE] = {22, 0xfe, 0xfd};
    flood_bytes(flood, datagram + HEADS, PIECE);
    put(datagram + 11, 12 + PIECE, 2);
    datagram[13] = 1; /* ClientHello */
    put(datagram + 14, MESSAGE, 3);
    put(datagram + 22, PIECE, 3);
    for (unsigned i = 0; i < NUM_MESSAGES; i++) {
        put(datagram + 3, i, 8);
        put(datagram + 17, i, 2);
        put(datagram + 19, (uint64_t)i * 2 * PIECE, 3);
        flood_udp(flood, &pair, 0, datagram, sizeof datagram);
    }
}

void flood_quic_crypto(struct flood *flood)
{
    const struct flood_pair pair = flood_pair(flood, 443);
    uint8_t bytes[1000], datagram[FLOOD_QUIC_LEN];
    flood_bytes(flood, bytes, sizeof bytes);
    flood_quic_initial(flood, 4000, bytes, sizeof bytes, datagram);
    flood_udp(flood, &pair, 0, datagram, sizeof datagram);
}
