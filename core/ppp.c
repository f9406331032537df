/* ppp.c: PPP (RFC 1661, framing of RFC 1662, RFC 2516 over Ethernet), Cisco HDLC, frame relay
 * (RFC 2427).
 *
 * Reads the protocol number. Leaves unread the control protocols, and what is compressed,
 * encrypted or in multilink fragments. */
#include "core/layer.h"

/* A protocol number has two bytes, or one odd one (RFC 1661 section 6.5). */
static uint16_t read_protocol(struct reader *r)
{
    const uint8_t first = reader_u8(r);
    if (first & 1)
        return first;
    return (uint16_t)(first << 8 | reader_u8(r));
}

static enum layer protocol_layer(uint16_t protocol)
{
    switch (protocol) {
    case 0x0021:
        return LAYER_IP4;
    case 0x0057:
        return LAYER_IP6;
    case 0x0281:
    case 0x0283:
        return LAYER_MPLS;
    default:
        return LAYER_OPAQUE;
    }
}

/* A frame begins with address 255 and control 3, unless they were negotiated away; a Cisco HDLC
 * frame on the same line with address 0x0f or 0x8f and control 0. */
enum layer ppp_read(struct packet *packet)
{
    struct reader peek = packet->payload;
    const uint16_t start = reader_u16(&peek);
    if (!reader_ok(&peek))
        packet->payload = peek;
    if (start == 0xff03)
        reader_skip(&packet->payload, 2);
    else if (start == 0x0f00 || start == 0x8f00)
        return LAYER_CISCO_HDLC;
    return protocol_layer(read_protocol(&packet->payload));
}

/* A byte that tells the direction is before the frame, or in the place of its address. */
enum layer ppp_direction_read(struct packet *packet)
{
    struct reader peek = packet->payload;
    reader_skip(&packet->payload, 1);
    reader_skip(&peek, 1);
    if (reader_u8(&peek) == 0x03) {
        const uint16_t protocol = reader_u16(&peek);
        if (reader_ok(&peek) && (protocol >> 8 & 1) == 0) {
            packet->payload = peek;
            return protocol_layer(protocol);
        }
    }
    return LAYER_PPP;
}

/* version(4), type(4), code(8), session(16), length(16) */
enum layer ppp_over_ethernet_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 6);
    if (view_u16(header, 0) != 0x1100)
        return LAYER_OTHER;
    reader_limit(r, view_u16(header, 4));
    return protocol_layer(read_protocol(r));
}

/* address(1), control(1), EtherType(2) */
enum layer ppp_cisco_hdlc_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 4);
    const uint16_t type = view_u16(header, 2);
    return type < 0x0600 ? LAYER_OTHER : ethernet_type_read(packet, type);
}

enum layer ppp_cisco_hdlc_direction_read(struct packet *packet)
{
    reader_skip(&packet->payload, 1);
    return LAYER_CISCO_HDLC;
}

/* Network layer protocol ids of RFC 2427; |nlpid| comes after the control byte. */
static enum layer nlpid_layer(struct packet *packet, uint8_t nlpid)
{
    struct reader *r = &packet->payload;
    if (nlpid == 0) /* padding to an even length */
        nlpid = reader_u8(r);
    switch (nlpid) {
    case 0xcc:
        return LAYER_IP4;
    case 0x8e:
        return LAYER_IP6;
    case 0xcf:
        return LAYER_PPP;
    case 0x80: {
        const uint32_t oui = reader_u24(r);
        const uint16_t type = reader_u16(r);
        return oui == 0 && type >= 0x0600 ? ethernet_type_read(packet, type) : LAYER_OTHER;
    }
    default:
        return LAYER_OTHER;
    }
}

/* An address of two to four bytes, the last one odd; then control 3 and an NLPID, or Cisco's
 * EtherType. */
enum layer ppp_frame_relay_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    unsigned len = 1;
    while ((reader_u8(r) & 1) == 0 && reader_ok(r) && len < 4)
        len++;
    if (len < 2)
        return LAYER_OTHER;
    const struct span start = reader_view(r, 2);
    if (view_u8(start, 0) == 0x03)
        return nlpid_layer(packet, view_u8(start, 1));
    const uint16_t type = view_u16(start, 0);
    return type < 0x0600 ? LAYER_OTHER : ethernet_type_read(packet, type);
}

enum layer ppp_frame_relay_direction_read(struct packet *packet)
{
    reader_skip(&packet->payload, 1);
    return LAYER_FRAME_RELAY;
}
