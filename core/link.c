/* link.c: link layers that are little more than the number of the next protocol.
 *
 * LINKTYPE_NULL and LOOP, LINUX_SLL and SLL2, NFLOG, PPI, PKTAP, IPNET, SLIP, and IP without a link layer, as
 * https://www.tcpdump.org/linktypes.html defines them; and what Juniper's routers write before the usual ones. */
#include "core/layer.h"

enum layer link_ip_read(struct packet *packet)
{
    struct reader peek = packet->payload;
    const uint8_t version = reader_u8(&peek) >> 4;
    if (!reader_ok(&peek))
        packet->payload = peek;
    if (version == 4)
        return LAYER_IP4;
    return version == 6 ? LAYER_IP6 : LAYER_OTHER;
}

/* Address family numbers; that of IPv6 is another one on every system. */
static enum layer family_layer(uint32_t family)
{
    switch (family) {
    case 2:
        return LAYER_IP4;
    case 10: /* Linux */
    case 23: /* Windows */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        return LAYER_IP6;
    default:
        return LAYER_OTHER;
    }
}

/* The family in four bytes, in the order of the machine that captured, or (LOOP) of the network. */
enum layer link_loopback_read(struct packet *packet)
{
    uint32_t family = reader_u32(&packet->payload);
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    return family_layer(family);
}

/* The protocol of the cooked headers: an EtherType, or below that range a number of Linux's own,
 * of which only these can hold IP. */
static enum layer cooked_protocol(struct packet *packet, uint16_t device, uint16_t protocol)
{
    enum { DEVICE_NETLINK = 824, LINUX_802_2 = 4, LINUX_PPP = 9 };
    if (device == DEVICE_NETLINK)
        return LAYER_OTHER;
    if (protocol == LINUX_802_2)
        return LAYER_LLC;
    if (protocol == LINUX_PPP)
        return LAYER_PPP;
    if (protocol < 0x0600)
        return LAYER_OTHER;
    return ethernet_type_read(packet, protocol);
}

/* 802.1X is between hardware addresses, of which these headers have the sender's. */
static void note_sender(struct packet *packet, enum layer layer, size_t address_len,
                        struct span address)
{
    if (layer == LAYER_EAPOL && address_len == 6)
        packet->mac = address;
}

/* packet type(2), ARPHRD_ of the device(2), address length(2), address(8), protocol(2) */
enum layer link_cooked_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 16);
    const enum layer layer = cooked_protocol(packet, view_u16(header, 2), view_u16(header, 14));
    note_sender(packet, layer, view_u16(header, 4), view_part(header, 6, 6));
    return layer;
}

/* protocol(2), reserved(2), interface(4), ARPHRD_(2), packet type(1), address length(1),
 * address(8) */
enum layer link_cooked2_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 20);
    const enum layer layer = cooked_protocol(packet, view_u16(header, 8), view_u16(header, 0));
    note_sender(packet, layer, view_u8(header, 11), view_part(header, 12, 6));
    return layer;
}

/* Netlink attributes: length(2) with these four bytes, type(2), value, padding to four bytes; in
 * the order of the machine that captured. No type is above 255, which tells the order. Gives the
 * family's layer when the payload attribute was found, and leaves the reader in it. */
static enum layer nflog_payload(struct packet *packet, uint8_t family)
{
    enum { ATTRIBUTE_PAYLOAD = 9 };
    struct reader *r = &packet->payload;
    while (reader_more(r)) {
        uint16_t len = reader_u16(r), type = reader_u16(r);
        if ((type & 0xff) == 0) {
            len = __builtin_bswap16(len);
            type = __builtin_bswap16(type);
        }
        if (len < 4)
            reader_fail(r, READER_MALFORMED, NULL);
        if (type == ATTRIBUTE_PAYLOAD) {
            reader_limit(r, len - 4u);
            return family_layer(family);
        }
        const size_t padded = (len - 4u + 3u) & ~(size_t)3;
        reader_skip(r, padded < reader_wire_left(r) ? padded : len - 4u);
    }
    return LAYER_OTHER;
}

/* family(1), version(1), resource(2), attributes */
enum layer link_nflog_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 4);
    if (view_u8(header, 1) != 0)
        return LAYER_OTHER;
    return nflog_payload(packet, view_u8(header, 0));
}

/* version(1), flags(1), length with this header(2), DLT(4), fields; little-endian */
enum layer link_ppi_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    reader_skip(r, 2);
    const uint16_t len = reader_u16_le(r);
    const uint32_t link_type = reader_u32_le(r);
    if (len < 8)
        reader_fail(r, READER_MALFORMED, NULL);
    reader_skip(r, len - 8u);
    return link_type <= 0xffff ? layer_of_link((uint16_t)link_type) : LAYER_UNKNOWN_LINK;
}

/* length with this header(4), type of record(4), DLT(4), of which interface and process the packet was, and more;
 * little-endian */
enum layer link_pktap_read(struct packet *packet)
{
    enum { PKTAP_LEN = 108, RECORD_PACKET = 1 };
    struct reader *r = &packet->payload;
    const uint32_t len = reader_u32_le(r), record = reader_u32_le(r), link_type = reader_u32_le(r);
    if (len < PKTAP_LEN)
        reader_fail(r, READER_MALFORMED, NULL);
    reader_skip(r, len - 12u);
    if (record != RECORD_PACKET)
        return LAYER_OTHER;
    return link_type <= 0xffff ? layer_of_link((uint16_t)link_type) : LAYER_UNKNOWN_LINK;
}

/* version(1), address family(1), kind(2), length(4), interfaces(8), zones(8) */
enum layer link_ipnet_read(struct packet *packet)
{
    enum { SOLARIS_IP6 = 26 };
    const uint8_t family = view_u8(reader_view(&packet->payload, 24), 1);
    return family == SOLARIS_IP6 ? LAYER_IP6 : family_layer(family);
}

/* "MGC", flags(1), length of extensions(2) and these if a flag says so; then the frame, or four bytes and an IP
 * packet if another one does */
enum layer link_juniper_read(struct packet *packet)
{
    enum { MAGIC = 0x4d4743, FLAG_NO_LINK = 0x02, FLAG_EXTENDED = 0x80 };
    struct reader *r = &packet->payload;
    const uint32_t magic = reader_u24(r);
    const uint8_t flags = reader_u8(r);
    if (magic != MAGIC)
        reader_fail(r, READER_MALFORMED, NULL);
    if (flags & FLAG_EXTENDED)
        reader_skip(r, reader_u16(r));
    if (flags & FLAG_NO_LINK) {
        reader_skip(r, 4);
        return LAYER_IP;
    }
    switch (packet->frame->link_type) {
    case 179:
        return LAYER_PPP;
    case 180:
        return LAYER_FRAME_RELAY;
    case 181:
        return LAYER_CISCO_HDLC;
    default:
        return LAYER_ETHERNET;
    }
}

/* direction(1), what the line had instead of the header of an IP packet(15) */
enum layer link_slip_read(struct packet *packet)
{
    reader_skip(&packet->payload, 16);
    return LAYER_IP;
}
