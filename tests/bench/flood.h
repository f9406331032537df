/* flood.h: captures of hostile and of heavy traffic, made up as they are written: seeded, streamed, of any length. */
#ifndef PERPASS_TESTS_BENCH_FLOOD_H
#define PERPASS_TESTS_BENCH_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the time of a capture begins: 2023-11-14T22:13:20Z. */
#define FLOOD_BEGIN_NS 1700000000000000000ull

/* A capture that is being written. */
struct flood {
    uint64_t random; /* the state of flood_random */
    uint64_t now_ns; /* the time of the next frame */
    uint64_t num_frames;
};

uint64_t flood_random(struct flood *flood);
void flood_bytes(struct flood *flood, uint8_t *out, size_t len);

/* flood_begin writes the header of a pcap file of Ethernet frames to standard output; flood_write a frame, at
 * |time_ns|; flood_end what is left. All end the program when nobody reads. */
void flood_begin(void);
void flood_write(struct flood *flood, uint64_t time_ns, const uint8_t *frame, size_t len);
void flood_end(void);

/* Two ends, invented, of IPv4 or IPv6: outside of the ranges that real conversations get. */
struct flood_pair {
    uint8_t version;
    uint8_t address[2][16]; /* client, server */
    uint16_t port[2];
    uint32_t seq[2]; /* TCP: of the next byte */
};

struct flood_pair flood_pair(struct flood *flood, uint16_t server_port);

/* flood_udp and flood_tcp write a packet from |side|, 1 µs after the one before. */
void flood_udp(struct flood *flood, const struct flood_pair *pair, unsigned side,
               const uint8_t *payload, size_t len);
void flood_tcp(struct flood *flood, struct flood_pair *pair, unsigned side, uint8_t tcp_flags,
               const uint8_t *payload, size_t len);

/* flood_fragment writes a fragment of a datagram of UDP, from |offset| on, behind which more are to come. */
void flood_fragment(struct flood *flood, const struct flood_pair *pair, uint32_t id,
                    uint16_t offset, const uint8_t *payload, size_t len);

/* A kind of unit that a flood is made of: a packet, a handshake that begins, a session. */
struct flood_kind {
    const char *name, *about;
    uint32_t rate; /* units a second, in the time of the capture */
    void (*write)(struct flood *flood);
};

extern const struct flood_kind flood_kinds[]; /* the last one has no name */

/* Real conversations: the packets of captures, again and again with other addresses. */
struct flood_reals;

/* flood_reals_new reads |num| captures (pcap of Ethernet frames, host's byte order), of which |copies| conversations
 * in all are to begin at even distances in |span_ns|; ends the program when one cannot be read. */
struct flood_reals *flood_reals_new(char *const *paths, size_t num, uint64_t copies,
                                    uint64_t span_ns);
void flood_reals_free(struct flood_reals *reals);

/* flood_reals_until writes their packets that come before |time_ns|; UINT64_MAX: all. */
void flood_reals_until(struct flood_reals *reals, struct flood *flood, uint64_t time_ns);

/* flood_fail tells on standard error what is wrong, and ends the program. */
_Noreturn void flood_fail(const char *what, const char *about);

#endif
