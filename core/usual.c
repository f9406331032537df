/* usual.c: Ethernet, perhaps one tag of 802.1Q, IPv4 (RFC 791) or IPv6 (RFC 8200), TCP (RFC 9293) or UDP (RFC 768), as
 * core/layers.c and its layers would read them.
 *
 * Leaves to them all that is anything else, has options of IPv4 or extension headers, is a fragment, may be a tunnel,
 * is cut before the end of its headers, or lies about a length. */
#include "core/usual.h"

#include "core/layer.h"

enum { LINKTYPE_ETHERNET = 1, TYPE_IP4 = 0x0800, TYPE_VLAN = 0x8100, TYPE_IP6 = 0x86dd };

/* What becomes of a packet on its way through the headers. */
struct usual {
    struct packet *packet;
    struct reader r;
    struct flow_key_ends ends;
};

static uint64_t load_eight(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Four bytes before four zeros. */
static uint64_t load_four(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : (uint64_t)word << 32;
}

/* In pieces of eight bytes, as they are read again soon. */
static void set_end(struct endpoint *end, const uint64_t address[2], uint16_t port)
{
    memcpy(end->address, &address[0], 8);
    memcpy(end->address + 8, &address[1], 8);
    end->port = port;
}

static void set_ends(struct usual *u, struct span l4_header)
{
    u->ends.source_port = view_u16(l4_header, 0);
    u->ends.destination_port = view_u16(l4_header, 2);
    set_end(&u->packet->ends[0], u->ends.source, u->ends.source_port);
    set_end(&u->packet->ends[1], u->ends.destination, u->ends.destination_port);
}

/* Ends the packet after |len| more bytes. */
static bool limit(struct usual *u, size_t len)
{
    if (len > reader_wire_left(&u->r))
        return false;
    reader_limit(&u->r, len);
    return true;
}

static bool read_tcp(struct usual *u)
{
    struct packet *packet = u->packet;
    if (reader_left(&u->r) < 20)
        return false;
    const struct span header = reader_view(&u->r, 20);
    const unsigned header_len = (view_u8(header, 12) >> 4) * 4u;
    if (header_len < 20 || header_len - 20 > reader_left(&u->r))
        return false;
    set_ends(u, header);
    packet->tcp_seq = view_u32(header, 4);
    packet->tcp_ack = view_u32(header, 8);
    packet->tcp_header_len = (uint8_t)header_len;
    packet->tcp_flags = view_u8(header, 13);
    packet->tcp_window = view_u16(header, 14);
    packet->tcp_urgent = view_u16(header, 18);
    packet->l4_header = span_of(header.at, header_len);
    reader_skip(&u->r, header_len - 20);
    return true;
}

static bool read_udp(struct usual *u)
{
    struct packet *packet = u->packet;
    if (reader_left(&u->r) < 8)
        return false;
    const struct span header = reader_view(&u->r, 8);
    const uint16_t len = view_u16(header, 4);
    if (len < 8 || !limit(u, len - 8u))
        return false;
    set_ends(u, header);
    if (tunnel_of_ports(u->ends.source_port, u->ends.destination_port) != LAYER_TRANSPORT)
        return false;
    packet->tcp_seq = packet->tcp_ack = 0;
    packet->tcp_header_len = packet->tcp_flags = 0;
    packet->tcp_window = packet->tcp_urgent = 0;
    packet->l4_header = header;
    return true;
}

static bool read_ip4(struct usual *u)
{
    struct packet *packet = u->packet;
    if (reader_left(&u->r) < 20)
        return false;
    const struct span header = reader_view(&u->r, 20);
    const unsigned total_len = view_u16(header, 2), fragment = view_u16(header, 6);
    if (view_u8(header, 0) != 0x45 || total_len < 20 || (fragment & 0x3fff) != 0 ||
        !limit(u, total_len - 20))
        return false;
    packet->ip_header = header;
    packet->ip_version = 4;
    packet->traffic_class = view_u8(header, 1);
    packet->flow_label = 0;
    packet->ip_id = view_u16(header, 4);
    packet->ip_flags = (uint16_t)(fragment >> 13);
    packet->ttl = view_u8(header, 8);
    packet->protocol = view_u8(header, 9);
    u->ends.source[0] = load_four(view_part(header, 12, 4).at);
    u->ends.destination[0] = load_four(view_part(header, 16, 4).at);
    u->ends.source[1] = u->ends.destination[1] = 0;
    return true;
}

static bool read_ip6(struct usual *u)
{
    struct packet *packet = u->packet;
    if (reader_left(&u->r) < 40)
        return false;
    const struct span header = reader_view(&u->r, 40);
    const uint32_t first = view_u32(header, 0);
    const unsigned payload_len = view_u16(header, 4);
    if (first >> 28 != 6 || payload_len == 0 || !limit(u, payload_len))
        return false;
    packet->ip_header = header;
    packet->ip_version = 6;
    packet->traffic_class = first >> 20 & 0xff;
    packet->flow_label = first & 0xfffff;
    packet->ip_id = packet->ip_flags = 0;
    packet->ttl = view_u8(header, 7);
    packet->protocol = view_u8(header, 6);
    u->ends.source[0] = load_eight(view_part(header, 8, 8).at);
    u->ends.source[1] = load_eight(view_part(header, 16, 8).at);
    u->ends.destination[0] = load_eight(view_part(header, 24, 8).at);
    u->ends.destination[1] = load_eight(view_part(header, 32, 8).at);
    return true;
}

/* The EtherType after the addresses, and after a tag, if there is one. */
static uint16_t read_ethernet(struct usual *u)
{
    struct packet *packet = u->packet;
    const struct span header = reader_view(&u->r, 14);
    const uint16_t type = view_u16(header, 12);
    packet->mac = view_part(header, 0, 12);
    memset(packet->vlans, 0, sizeof packet->vlans);
    packet->num_vlans = 0;
    if (type != TYPE_VLAN)
        return type;
    const struct span tag = reader_view(&u->r, 4);
    packet->vlans[packet->num_vlans++] = view_u16(tag, 0) & 0x0fff;
    return view_u16(tag, 2);
}

static bool read_ip(struct usual *u)
{
    switch (read_ethernet(u)) {
    case TYPE_IP4:
        return read_ip4(u);
    case TYPE_IP6:
        return read_ip6(u);
    default:
        return false;
    }
}

/* Flattened, so that no reader's place is in memory on the way. */
__attribute__((flatten)) bool usual_read(const struct frame *frame, struct packet *packet,
                                         struct flow_key *key, uint8_t *side)
{
    struct usual u;
    const size_t cut =
        frame->wire_len > frame->captured_len ? frame->wire_len - frame->captured_len : 0;
    u.packet = packet;
    u.r = reader_of_cut(span_of(frame->at, frame->captured_len), cut);
    if (frame->link_type != LINKTYPE_ETHERNET || reader_left(&u.r) < 14 + 4 || !read_ip(&u))
        return false;
    const bool tcp = packet->protocol == PROTO_TCP;
    if (tcp ? !read_tcp(&u) : packet->protocol != PROTO_UDP || !read_udp(&u))
        return false;
    packet->frame = frame;
    packet->payload = u.r;
    packet->num_tunnels = packet->tunnel = 0;
    packet->tunnel_id = 0;
    packet->fault_layer = NULL;
    packet->tail_cut = u.r.cut != 0;
    *side = (uint8_t)flow_key_make(key, &u.ends, tcp ? FLOW_KEY_TCP : FLOW_KEY_UDP, packet);
    return true;
}
