/* flood_packets.c: frames of Ethernet with IPv4 or IPv6 and UDP or TCP, between invented ends. Checksums stay 0. */
#include "tests/bench/flood.h"

#include <assert.h>
#include <string.h>

enum { ETHERNET = 14, MAX_PAYLOAD = 1500, HEADERS = ETHERNET + 40 + 20, TCP = 6, UDP = 17 };

struct frame {
    uint8_t bytes[HEADERS + MAX_PAYLOAD];
    size_t len;
};

static void put_16(struct frame *frame, size_t number)
{
    frame->bytes[frame->len++] = (uint8_t)(number >> 8);
    frame->bytes[frame->len++] = (uint8_t)number;
}

static void put_32(struct frame *frame, uint32_t number)
{
    put_16(frame, number >> 16);
    put_16(frame, number & 0xffff);
}

static void put_bytes(struct frame *frame, const uint8_t *bytes, size_t len)
{
    assert(len <= sizeof frame->bytes - frame->len);
    if (len != 0)
        memcpy(frame->bytes + frame->len, bytes, len);
    frame->len += len;
}

static void put_headers(struct frame *frame, const struct flood_pair *pair, unsigned side,
                        uint8_t protocol, size_t len)
{
    static const uint8_t macs[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
    frame->len = 0;
    put_bytes(frame, macs[!side], 6);
    put_bytes(frame, macs[side], 6);
    if (pair->version == 4) {
        put_16(frame, 0x0800);
        put_16(frame, 0x4500);
        put_16(frame, 20 + len);
        put_32(frame, 0x00004000); /* not to be fragmented */
        put_16(frame, 64u << 8 | protocol);
        put_16(frame, 0);
    } else {
        put_16(frame, 0x86dd);
        put_32(frame, 0x60000000);
        put_16(frame, len);
        put_16(frame, (unsigned)protocol << 8 | 64);
    }
    put_bytes(frame, pair->address[side], pair->version == 4 ? 4 : 16);
    put_bytes(frame, pair->address[!side], pair->version == 4 ? 4 : 16);
}

static void send(struct flood *flood, const struct frame *frame)
{
    flood->now_ns += 1000;
    flood_write(flood, flood->now_ns, frame->bytes, frame->len);
}

void flood_udp(struct flood *flood, const struct flood_pair *pair, unsigned side,
               const uint8_t *payload, size_t len)
{
    struct frame frame;
    put_headers(&frame, pair, side, UDP, 8 + len);
    put_16(&frame, pair->port[side]);
    put_16(&frame, pair->port[!side]);
    put_16(&frame, 8 + len);
    put_16(&frame, 0);
    put_bytes(&frame, payload, len);
    send(flood, &frame);
}

void flood_fragment(struct flood *flood, const struct flood_pair *pair, uint32_t id,
                    uint16_t offset, const uint8_t *payload, size_t len)
{
    enum { FRAGMENT = 44, ID_AT = ETHERNET + 4 };
    struct frame frame;
    if (pair->version == 4) {
        put_headers(&frame, pair, 0, UDP, len);
        frame.len = ID_AT;
        put_16(&frame, id & 0xffff);
        put_16(&frame, 0x2000u | offset / 8);
        frame.len = ETHERNET + 20;
    } else {
        put_headers(&frame, pair, 0, FRAGMENT, 8 + len);
        put_16(&frame, UDP << 8);
        put_16(&frame, offset | 1u);
        put_32(&frame, id);
    }
    put_bytes(&frame, payload, len);
    send(flood, &frame);
}

void flood_tcp(struct flood *flood, struct flood_pair *pair, unsigned side, uint8_t tcp_flags,
               const uint8_t *payload, size_t len)
{
    struct frame frame;
    put_headers(&frame, pair, side, TCP, 20 + len);
    put_16(&frame, pair->port[side]);
    put_16(&frame, pair->port[!side]);
    put_32(&frame, pair->seq[side]);
    put_32(&frame, tcp_flags & 0x10 ? pair->seq[!side] : 0);
    put_16(&frame, 0x5000u | tcp_flags);
    put_16(&frame, 0xffff);
    put_32(&frame, 0);
    put_bytes(&frame, payload, len);
    send(flood, &frame);
    pair->seq[side] += (uint32_t)len + ((tcp_flags & 3) != 0); /* SYN and FIN have numbers */
}

static void invent_address(struct flood *flood, uint8_t version, uint8_t address[16])
{
    flood_bytes(flood, address, 16);
    if (version == 6)
        address[0] = 0x24; /* a global one that is not of 2001:db8::/32 */
    else
        address[0] = (uint8_t)(11 + address[0] % 100);
}

struct flood_pair flood_pair(struct flood *flood, uint16_t server_port)
{
    uint64_t random = flood_random(flood);
    struct flood_pair pair = {
        .version = random & 1 ? 4 : 6,
        .port = {(uint16_t)(1024 + (random >> 16 & 0xffff) % 64000), server_port},
        .seq = {(uint32_t)(random >> 32), (uint32_t)(random >> 8)}};
    for (unsigned side = 0; side < 2; side++)
        invent_address(flood, pair.version, pair.address[side]);
    return pair;
}
