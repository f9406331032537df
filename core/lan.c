/* lan.c: networks that carry IP much as Ethernet does: Token Ring (IEEE 802.5), FDDI (ISO 9314-2), ARCNET (RFC 1201,
 * RFC 1051), IP over Fibre Channel (RFC 2625), InfiniBand (RFC 4391) and ATM (RFC 2225, LAN emulation).
 *
 * Reads the headers as https://www.tcpdump.org/linktypes.html defines them. Leaves unread what the ring says to
 * itself, ATM signalling, and packets that ARCNET has split. Hardware addresses are told of Token Ring alone: the
 * others have none of six bytes, or systems differ in the order of their bits. */
#include "core/layer.h"

/* access control(1), frame control(1), destination(6), source(6); when the source's first bit says so, a route: two
 * bytes with its whole length in five bits, then where it leads */
enum layer lan_token_ring_read(struct packet *packet)
{
    enum { ROUTED = 0x80, ROUTE_LEN = 0x1f, FRAME_TYPE = 0xc0, TYPE_LLC = 0x40 };
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 14);
    if (!reader_ok(r) || (view_u8(header, 1) & FRAME_TYPE) != TYPE_LLC)
        return LAYER_OTHER;
    if ((view_u8(header, 8) & ROUTED) == 0) {
        packet->mac = view_part(header, 2, 12);
        return LAYER_LLC;
    }
    const unsigned route_len = reader_u8(r) & ROUTE_LEN;
    if (route_len < 2)
        reader_fail(r, READER_MALFORMED, NULL);
    reader_skip(r, route_len - 1);
    return LAYER_LLC;
}

/* frame control(1), destination(6), source(6) */
enum layer lan_fddi_read(struct packet *packet)
{
    enum { FRAME_FORMAT = 0x70, FORMAT_LLC = 0x50 };
    const struct span header = reader_view(&packet->payload, 13);
    return (view_u8(header, 0) & FRAME_FORMAT) == FORMAT_LLC ? LAYER_LLC : LAYER_OTHER;
}

enum { ARCNET_IP = 0xd4, ARCNET_IP6 = 0xc4, ARCNET_OLD_IP = 0xf0 };

static enum layer arcnet_layer(uint8_t type)
{
    if (type == ARCNET_IP || type == ARCNET_OLD_IP)
        return LAYER_IP4;
    return type == ARCNET_IP6 ? LAYER_IP6 : LAYER_OTHER;
}

/* source(1), destination(1), type(1); but with the types of RFC 1051 then: split flag(1), sequence number(2), which
 * stand there twice, each after the type, when the first flag is 255 */
enum layer lan_arcnet_read(struct packet *packet)
{
    enum { FLAG_EXCEPTION = 0xff };
    struct reader *r = &packet->payload;
    const uint8_t type = view_u8(reader_view(r, 3), 2);
    if (type == ARCNET_OLD_IP || arcnet_layer(type) == LAYER_OTHER)
        return arcnet_layer(type);
    uint8_t flag = view_u8(reader_view(r, 3), 0);
    if (flag == FLAG_EXCEPTION)
        flag = view_u8(reader_view(r, 4), 1);
    return flag == 0 ? arcnet_layer(type) : LAYER_OTHER;
}

/* source(1), destination(1), offset(2), type(1); but with the types of RFC 1051 then: split flag(1), sequence
 * number(2). Linux puts split packets together before it shows them. */
enum layer lan_arcnet_linux_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const uint8_t type = view_u8(reader_view(r, 5), 4);
    const enum layer layer = arcnet_layer(type);
    if (type != ARCNET_OLD_IP && layer != LAYER_OTHER)
        reader_skip(r, 3);
    return layer;
}

/* destination(8), source(8), each two bytes of its kind and a hardware address */
enum layer lan_fibre_channel_read(struct packet *packet)
{
    reader_skip(&packet->payload, 16);
    return LAYER_LLC;
}

/* what InfiniBand has before it(40), EtherType(2), reserved(2) */
enum layer lan_infiniband_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    reader_skip(r, 40);
    const uint16_t type = view_u16(reader_view(r, 4), 0);
    return type < 0x0600 ? LAYER_OTHER : ethernet_type_read(packet, type);
}

/* With the LLC of RFC 2684, or IP as it is. */
enum layer lan_classical_ip_read(struct packet *packet)
{
    struct reader peek = packet->payload;
    return reader_u24(&peek) == 0xaaaa03 ? LAYER_LLC : LAYER_IP;
}

/* direction(1) and, in its four low bits, kind of traffic; VPI(1), VCI(2); under LAN emulation then the sender's
 * id(2), or what says that it is no frame of a station */
enum layer lan_atm_read(struct packet *packet)
{
    enum { TRAFFIC_LANE = 1, TRAFFIC_LLC = 2, LANE_CONTROL = 0xff00 };
    struct reader *r = &packet->payload;
    const unsigned traffic = view_u8(reader_view(r, 4), 0) & 0x0f;
    if (traffic == TRAFFIC_LLC)
        return LAYER_LLC;
    if (traffic != TRAFFIC_LANE)
        return LAYER_OTHER;
    return reader_u16(r) == LANE_CONTROL ? LAYER_OTHER : LAYER_ETHERNET;
}
