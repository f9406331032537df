/* ip.c: IPv4 (RFC 791), IPv6 (RFC 8200) with its extension headers, jumbograms (RFC 2675), AH
 * (RFC 4302).
 *
 * Reads addresses and the fields that the flow table and the statistics use. Leaves unread the
 * options, and what ESP encrypts. The length in the header bounds the payload, so that the
 * padding of a short Ethernet frame is not payload; length 0 is what a network card's
 * segmentation offload leaves. */
#include "core/layer.h"

enum {
    NEXT_HOP_BY_HOP = 0,
    NEXT_IPIP = 4,
    NEXT_IP6 = 41,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_GRE = 47,
    NEXT_AH = 51,
    NEXT_NONE = 59,
    NEXT_DESTINATION = 60,
    NEXT_MOBILITY = 135,
    NEXT_UDP_LITE = 136,
    NEXT_HIP = 139,
    NEXT_SHIM6 = 140,
    NEXT_DCCP = 33
};

enum { MAX_EXTENSIONS = 64 };

enum layer ip_protocol_layer(uint8_t protocol)
{
    switch (protocol) {
    case PROTO_TCP:
        return LAYER_TCP;
    case PROTO_UDP:
        return LAYER_UDP;
    case PROTO_ICMP:
    case PROTO_ICMP6:
        return LAYER_ICMP;
    case PROTO_SCTP:
        return LAYER_SCTP;
    case NEXT_DCCP:
        return LAYER_DCCP;
    case NEXT_UDP_LITE:
        return LAYER_UDP_LITE;
    case NEXT_IPIP:
        return LAYER_IPIP;
    case NEXT_IP6:
        return LAYER_6IN4;
    case NEXT_GRE:
        return LAYER_GRE;
    case NEXT_AH:
        return LAYER_AH;
    default:
        return LAYER_TRANSPORT;
    }
}

/* The addresses of an IP header: |len| bytes each, side by side at |at|. */
static void set_ends(struct packet *packet, struct span header, size_t at, size_t len)
{
    memset(packet->ends, 0, sizeof packet->ends);
    memcpy(packet->ends[0].address, view_part(header, at, len).at, len);
    memcpy(packet->ends[1].address, view_part(header, at + len, len).at, len);
}

/* Who sends frames to a collector through a tunnel may cut them to a length of his own, and
 * nothing in the tunnel's headers tells it: there a packet that is shorter than it says is cut,
 * not malformed. */
static bool may_be_cut_by_mirror(const struct packet *packet)
{
    const enum tunnel tunnel = (enum tunnel)packet->tunnel;
    return tunnel == TUNNEL_ERSPAN || tunnel == TUNNEL_VXLAN || tunnel == TUNNEL_GENEVE ||
           tunnel == TUNNEL_TZSP || tunnel == TUNNEL_GRE;
}

static void limit_payload(struct packet *packet, size_t len)
{
    struct reader *r = &packet->payload;
    const size_t left = reader_wire_left(r);
    if (len > left && reader_ok(r) && may_be_cut_by_mirror(packet))
        r->cut += len - left;
    reader_limit(r, len);
}

static enum layer fragment_layer(struct packet *packet, uint32_t id, uint32_t offset, bool more)
{
    packet->fragment.id = id;
    packet->fragment.offset = offset;
    packet->fragment.more = more;
    packet->fragment.protocol = packet->protocol;
    packet->fragment.payload = packet->payload;
    return LAYER_FRAGMENT;
}

/* version(4), header length(4), DSCP and ECN(8), total length(16), identification(16), flags(3),
 * fragment offset(13), TTL(8), protocol(8), checksum(16), source(32), destination(32), options */
enum layer ip4_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 20);
    const unsigned header_len = (view_u8(header, 0) & 0x0fu) * 4;
    const unsigned total_len = view_u16(header, 2);
    const bool lies = header_len < 20 || (total_len != 0 && total_len < header_len);
    if (view_u8(header, 0) >> 4 != 4 || lies)
        reader_fail(r, READER_MALFORMED, NULL);
    if (header_len > 20)
        reader_bytes(r, header_len - 20);
    if (total_len != 0)
        limit_payload(packet, total_len - header_len);
    if (!reader_ok(r))
        return LAYER_OTHER;

    const uint16_t fragment = view_u16(header, 6);
    packet->ip_header = span_of(header.at, header_len);
    packet->l4_header = (struct span){.at = NULL, .len = 0};
    set_ends(packet, header, 12, 4);
    packet->ip_version = 4;
    packet->traffic_class = view_u8(header, 1);
    packet->flow_label = 0;
    packet->ip_id = view_u16(header, 4);
    packet->ip_flags = fragment >> 13;
    packet->ttl = view_u8(header, 8);
    packet->protocol = view_u8(header, 9);
    const bool more = (fragment & 0x2000) != 0;
    const uint32_t offset = (fragment & 0x1fffu) * 8;
    if (more || offset != 0)
        return fragment_layer(packet, packet->ip_id, offset, more);
    return ip_protocol_layer(packet->protocol);
}

/* RFC 4302: next header(8), length of the header in words less 2(8). */
static uint8_t read_ah(struct reader *r)
{
    const struct span start = reader_view(r, 2);
    reader_skip(r, view_u8(start, 1) * 4u + 6);
    return view_u8(start, 0);
}

enum layer ip_ah_read(struct packet *packet)
{
    packet->protocol = read_ah(&packet->payload);
    return ip_protocol_layer(packet->protocol);
}

/* RFC 8200 section 4.2: next header(8), length of the header in 8 bytes, the first 8 not
 * counted(8). */
static uint8_t read_extension(struct reader *r)
{
    const struct span start = reader_view(r, 2);
    reader_skip(r, view_u8(start, 1) * 8u + 6);
    return view_u8(start, 0);
}

/* The payload length that a hop-by-hop header at |r| gives in a jumbo option (RFC 2675 section
 * 2); 0 for none. */
static uint32_t jumbo_len(struct reader r)
{
    enum { OPTION_PAD1 = 0, OPTION_JUMBO = 0xc2 };
    reader_skip(&r, 1);
    const size_t len = reader_u8(&r) * 8u + 6;
    struct reader options = reader_child(&r, len);
    while (reader_more(&options)) {
        const uint8_t type = reader_u8(&options);
        if (type == OPTION_PAD1)
            continue;
        struct reader option = reader_vec8(&options);
        if (type == OPTION_JUMBO)
            return reader_u32(&option);
    }
    return 0;
}

/* RFC 8200 section 4.5: next header(8), reserved(8), offset(13), reserved(2), more(1),
 * identification(32). Gives LAYER_FRAGMENT, or LAYER_FIRST for a whole packet with a fragment
 * header (RFC 6946). */
static enum layer read_fragment_header(struct packet *packet, uint8_t *next)
{
    const struct span header = reader_view(&packet->payload, 8);
    const uint32_t offset = view_u16(header, 2) & 0xfff8;
    const bool more = (view_u16(header, 2) & 1) != 0;
    *next = packet->protocol = view_u8(header, 0);
    if (more || offset != 0)
        return fragment_layer(packet, view_u32(header, 4), offset, more);
    return LAYER_FIRST;
}

/* The chain of extension headers, to the header that a flow has. A packet is fragmented once: in a
 * |reassembled| one there is no fragment. */
static enum layer read_extensions(struct packet *packet, uint8_t next, bool reassembled)
{
    struct reader *r = &packet->payload;
    for (unsigned n = 0; n < MAX_EXTENSIONS && reader_ok(r); n++) {
        const uint8_t protocol = next;
        switch (protocol) {
        case NEXT_MOBILITY:
        case NEXT_HIP:
        case NEXT_SHIM6:
            next = read_extension(r);
            if (next == NEXT_NONE) { /* a message of its own, not an extension to another one */
                packet->protocol = protocol;
                return LAYER_TRANSPORT;
            }
            break;
        case NEXT_HOP_BY_HOP:
        case NEXT_ROUTING:
        case NEXT_DESTINATION:
            next = read_extension(r);
            break;
        case NEXT_AH:
            next = read_ah(r);
            break;
        case NEXT_FRAGMENT:
            if (read_fragment_header(packet, &next) != LAYER_FRAGMENT)
                break;
            if (reassembled)
                reader_fail(r, READER_MALFORMED, NULL);
            return LAYER_FRAGMENT;
        default:
            packet->protocol = protocol;
            return ip_protocol_layer(protocol);
        }
    }
    return LAYER_OTHER;
}

/* version(4), traffic class(8), flow label(20), payload length(16), next header(8), hop limit(8),
 * source(128), destination(128), extension headers */
enum layer ip6_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 40);
    const uint32_t first = view_u32(header, 0);
    const uint8_t next = view_u8(header, 6);
    uint32_t payload_len = view_u16(header, 4);
    if (first >> 28 != 6)
        reader_fail(r, READER_MALFORMED, NULL);
    if (payload_len == 0 && next == NEXT_HOP_BY_HOP)
        payload_len = jumbo_len(*r);
    if (payload_len != 0)
        limit_payload(packet, payload_len);
    if (!reader_ok(r))
        return LAYER_OTHER;

    set_ends(packet, header, 8, 16);
    packet->ip_version = 6;
    packet->traffic_class = first >> 20 & 0xff;
    packet->flow_label = first & 0xfffff;
    packet->ip_id = packet->ip_flags = 0;
    packet->ttl = view_u8(header, 7);
    packet->protocol = next;
    packet->l4_header = (struct span){.at = NULL, .len = 0};
    const size_t before = reader_left(r);
    const enum layer layer = read_extensions(packet, next, false);
    packet->ip_header = span_of(header.at, header.len + before - reader_left(r));
    return layer;
}

enum layer ip6_reassembled_read(struct packet *packet)
{
    return read_extensions(packet, packet->protocol, true);
}
