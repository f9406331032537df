/* transport.c: TCP (RFC 9293), UDP (RFC 768), UDP-Lite (RFC 3828), SCTP (RFC 9260), DCCP (RFC
 * 4340), ICMP (RFC 792, RFC 4443).
 *
 * Reads the ports, and TCP's fields. Leaves unread the options and chunks, and the packet that
 * an ICMP error quotes, which is no packet of this place and time. */
#include "core/layer.h"

static void set_ports(struct packet *packet, struct span header)
{
    packet->ends[0].port = view_u16(header, 0);
    packet->ends[1].port = view_u16(header, 2);
}

/* The header whose first part is |start|, with the |more| bytes that follow it, captured or not. */
static struct span whole_header(struct reader *r, struct span start, size_t more)
{
    const size_t left = reader_left(r);
    reader_skip(r, more);
    return span_of(start.at, start.len + (more < left ? more : left));
}

/* source port(16), destination port(16), sequence number(32), acknowledgment number(32), data
 * offset(4), reserved(4), flags(8), window(16), checksum(16), urgent pointer(16), options.
 * Options that the snap length cut take no flow away: the packet is one without payload. */
enum layer transport_tcp_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 20);
    const unsigned header_len = (view_u8(header, 12) >> 4) * 4u;
    if (header_len < 20)
        reader_fail(r, READER_MALFORMED, NULL);
    if (!reader_ok(r))
        return LAYER_TRANSPORT;
    set_ports(packet, header);
    packet->tcp_seq = view_u32(header, 4);
    packet->tcp_ack = view_u32(header, 8);
    packet->tcp_header_len = (uint8_t)header_len;
    packet->tcp_flags = view_u8(header, 13);
    packet->tcp_window = view_u16(header, 14);
    packet->tcp_urgent = view_u16(header, 18);
    packet->l4_header = whole_header(r, header, header_len - 20);
    return LAYER_TRANSPORT;
}

/* source port(16), destination port(16), length with this header(16), checksum(16). Length 0 is
 * that of a jumbogram (RFC 2675 section 4). */
enum layer transport_udp_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 8);
    const uint16_t len = view_u16(header, 4);
    if (len != 0 && len < 8)
        reader_fail(r, READER_MALFORMED, NULL);
    if (len != 0)
        reader_limit(r, len - 8u);
    if (!reader_ok(r))
        return LAYER_TRANSPORT;
    set_ports(packet, header);
    packet->l4_header = header;
    return tunnel_of_ports(packet->ends[0].port, packet->ends[1].port);
}

/* As UDP, with the length that the checksum covers instead of the packet's. */
enum layer transport_udp_lite_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 8);
    if (!reader_ok(&packet->payload))
        return LAYER_TRANSPORT;
    set_ports(packet, header);
    packet->l4_header = header;
    return LAYER_TRANSPORT;
}

/* type(8), code(8), checksum(16), four bytes by type; some types of ICMPv6 end before these. */
enum layer transport_icmp_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 4);
    if (!reader_ok(r))
        return LAYER_TRANSPORT;
    const size_t left = reader_wire_left(r);
    packet->l4_header = whole_header(r, header, left < 4 ? left : 4);
    return LAYER_TRANSPORT;
}

/* source port(16), destination port(16), verification tag(32), checksum(32), chunks */
enum layer transport_sctp_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 12);
    if (!reader_ok(&packet->payload))
        return LAYER_TRANSPORT;
    set_ports(packet, header);
    packet->l4_header = header;
    return LAYER_TRANSPORT;
}

/* source port(16), destination port(16), data offset in words(8), … */
enum layer transport_dccp_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 12);
    const unsigned header_len = view_u8(header, 4) * 4u;
    if (header_len < 12)
        reader_fail(r, READER_MALFORMED, NULL);
    if (!reader_ok(r))
        return LAYER_TRANSPORT;
    set_ports(packet, header);
    packet->l4_header = whole_header(r, header, header_len - 12);
    return LAYER_TRANSPORT;
}
