/* tunnel.c: packets in packets, as networks and mirror ports send them.
 *
 * GRE (RFC 2784, RFC 2890, routing of RFC 1701, PPTP's of RFC 2637), ERSPAN I to III
 * (draft-foschiano-erspan), IP in IP (RFC 2003, RFC 4213), VXLAN (RFC 7348) and VXLAN-GPE,
 * GENEVE (RFC 8926), GTP-U (3GPP TS 29.281), TZSP, Teredo (RFC 4380), CAPWAP data (RFC 5415).
 * Reads what leads to the inner packet, and the network identifier. Leaves unread GRE keys, GTP
 * tunnel endpoints and ERSPAN session numbers, as they differ between the directions of one
 * conversation; and fragments of CAPWAP. */
#include "core/layer.h"

enum { CAPWAP_PORT = 5247 /* of data; control has 5246 */ };

enum layer tunnel_of_ports(uint16_t source, uint16_t destination)
{
    switch (destination) {
    case 2152:
        return LAYER_GTPU;
    case 3544:
        return LAYER_TEREDO;
    case 4789:
    case 8472: /* Linux, before there was 4789 */
        return LAYER_VXLAN;
    case 4790:
        return LAYER_VXLAN_GPE;
    case CAPWAP_PORT:
        return LAYER_CAPWAP;
    case 6081:
        return LAYER_GENEVE;
    case 37008:
        return LAYER_TZSP;
    default:
        if (source == 3544)
            return LAYER_TEREDO;
        return source == CAPWAP_PORT ? LAYER_CAPWAP : LAYER_TRANSPORT;
    }
}

enum layer tunnel_ip4_read(struct packet *packet)
{
    (void)packet;
    return LAYER_IP4;
}

enum layer tunnel_ip6_read(struct packet *packet)
{
    (void)packet;
    return LAYER_IP6;
}

/* An IP packet whose version only its own first nibble tells. */
static enum layer ip_by_version(struct reader *r)
{
    struct reader peek = *r;
    const uint8_t version = reader_u8(&peek) >> 4;
    if (!reader_ok(&peek))
        *r = peek;
    if (version == 4)
        return LAYER_IP4;
    if (version != 6)
        reader_fail(r, READER_MALFORMED, NULL);
    return LAYER_IP6;
}

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080,
    GRE_ERSPAN = 0x88be, /* type I and II */
    GRE_ERSPAN3 = 0x22eb,
    GRE_WCCP = 0x883e,
    TYPE_ETHERNET = 0x6558,
    TYPE_PPP = 0x880b
};

static enum layer type_layer(uint16_t type)
{
    switch (type) {
    case 0x0800:
        return LAYER_IP4;
    case 0x86dd:
        return LAYER_IP6;
    case 0x8847:
    case 0x8848:
        return LAYER_MPLS;
    case TYPE_ETHERNET:
        return LAYER_ETHERNET;
    case TYPE_PPP:
        return LAYER_PPP;
    default:
        return LAYER_OPAQUE;
    }
}

/* RFC 1701: source route entries of address family(16), offset(8), length(8), addresses; family
 * 0 and length 0 end them. */
static void skip_gre_routing(struct reader *r)
{
    bool end;
    do {
        const uint16_t family = reader_u16(r);
        reader_skip(r, 1);
        const uint8_t len = reader_u8(r);
        end = family == 0 && len == 0;
        reader_skip(r, len);
    } while (!end && reader_ok(r));
}

/* Version 1, of PPTP: payload length(16), call id(16), sequence number(32), acknowledgment
 * number(32). Without a sequence number it only acknowledges. */
static enum layer read_pptp(struct packet *packet, uint16_t flags)
{
    struct reader *r = &packet->payload;
    const uint16_t len = reader_u16(r);
    reader_skip(r, 2);
    if ((flags & GRE_SEQUENCE) == 0)
        return LAYER_OPAQUE;
    reader_skip(r, (flags & GRE_ACK) != 0 ? 8 : 4);
    reader_limit(r, len);
    return LAYER_PPP;
}

/* A cache redirect (draft-wilson-wrec-wccp-v2): version 1 has no header of its own, version 2
 * has one of four bytes, of which the first is none that IPv4 begins with. */
static enum layer read_wccp(struct reader *r)
{
    struct reader peek = *r;
    if (reader_u8(&peek) >> 4 != 4)
        reader_skip(r, 4);
    return LAYER_IP4;
}

/* flags(13), version(3), EtherType(16); checksum and offset(32), key(32), sequence number(32),
 * routing */
enum layer tunnel_gre_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 4);
    const uint16_t flags = view_u16(header, 0), type = view_u16(header, 2);
    const unsigned version = flags & 7;
    if (version == 1 && type == TYPE_PPP)
        return read_pptp(packet, flags);
    if (version != 0)
        return LAYER_OPAQUE;
    if ((flags & (GRE_CHECKSUM | GRE_ROUTING)) != 0)
        reader_skip(r, 4);
    if ((flags & GRE_KEY) != 0)
        reader_skip(r, 4);
    if ((flags & GRE_SEQUENCE) != 0)
        reader_skip(r, 4);
    if ((flags & GRE_ROUTING) != 0)
        skip_gre_routing(r);
    if (type == GRE_WCCP)
        return read_wccp(r);
    if (type != GRE_ERSPAN && type != GRE_ERSPAN3)
        return type_layer(type);
    packet->tunnel = TUNNEL_ERSPAN;
    if ((flags & GRE_SEQUENCE) == 0 && type == GRE_ERSPAN)
        return LAYER_ETHERNET; /* type I has no header */
    return LAYER_ERSPAN;
}

/* Type II: version 1(4), VLAN(12), class(3), encapsulation(2), truncated(1), session(10),
 * reserved(12), index(20). Type III: version 2(4), as above to the session, time stamp(32),
 * group tag(16), PDU frame(1), frame type(5), hardware(6), direction(1), granularity(2), 8 bytes
 * of the platform follow(1). */
enum layer tunnel_erspan_read(struct packet *packet)
{
    enum { FRAME_TYPE_ETHERNET = 0, FRAME_TYPE_IP = 2 };
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 8);
    const unsigned version = view_u8(header, 0) >> 4;
    if (version == 1)
        return LAYER_ETHERNET;
    const struct span more = reader_view(r, 4);
    const uint16_t bits = view_u16(more, 2);
    if (version != 2)
        return LAYER_OPAQUE;
    if ((bits & 1) != 0)
        reader_skip(r, 8);
    switch (bits >> 10 & 0x1f) {
    case FRAME_TYPE_ETHERNET:
        return LAYER_ETHERNET;
    case FRAME_TYPE_IP:
        return LAYER_IP;
    default:
        return LAYER_OPAQUE;
    }
}

/* flags(8), of which 0x08 must be set; reserved(24), network(24), reserved(8). What is reserved
 * counts for nothing (RFC 7348 section 5) and some use it; but then it is only VXLAN if a frame
 * that one knows follows. */
enum layer tunnel_vxlan_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 8);
    const bool plain = view_u32(header, 0) == 0x08000000 && view_u8(header, 7) == 0;
    if ((view_u8(header, 0) & 0x08) == 0 || !(plain || ethernet_is_likely(*r)))
        reader_fail(r, READER_MALFORMED, NULL);
    packet->tunnel_id = view_u32(header, 4) >> 8;
    return LAYER_ETHERNET;
}

/* flags(8): version 0x30, network 0x08, next protocol 0x04; reserved(16), next protocol(8),
 * network(24), reserved(8). draft-ietf-nvo3-vxlan-gpe */
enum layer tunnel_vxlan_gpe_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 8);
    const uint8_t flags = view_u8(header, 0);
    if ((flags & 0xf0) != 0 || view_u8(header, 7) != 0)
        reader_fail(r, READER_MALFORMED, NULL);
    if ((flags & 0x08) != 0)
        packet->tunnel_id = view_u32(header, 4) >> 8;
    if ((flags & 0x04) == 0)
        return LAYER_ETHERNET;
    switch (view_u8(header, 3)) {
    case 1:
        return LAYER_IP4;
    case 2:
        return LAYER_IP6;
    case 3:
        return LAYER_ETHERNET;
    case 5:
        return LAYER_MPLS;
    default:
        return LAYER_OPAQUE;
    }
}

/* version(2), options length in words(6), control(1), critical(1), reserved(6), EtherType(16),
 * network(24), reserved(8), options */
enum layer tunnel_geneve_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 8);
    const uint8_t first = view_u8(header, 0);
    if (first >> 6 != 0 || (view_u8(header, 1) & 0x3f) != 0 || view_u8(header, 7) != 0)
        reader_fail(r, READER_MALFORMED, NULL);
    packet->tunnel_id = view_u32(header, 4) >> 8;
    reader_skip(r, (first & 0x3f) * 4u);
    if ((view_u8(header, 1) & 0x80) != 0)
        return LAYER_OPAQUE; /* for the tunnel's end itself */
    return type_layer(view_u16(header, 2));
}

/* TS 29.281 section 5.2: next type(8) comes before each extension, whose length(8) is in words. */
static void skip_gtp_extensions(struct reader *r, uint8_t next)
{
    while (next != 0 && reader_ok(r)) {
        const uint8_t words = reader_u8(r);
        if (words == 0)
            reader_fail(r, READER_MALFORMED, NULL);
        reader_skip(r, words * 4u - 2);
        next = reader_u8(r);
    }
}

/* version 1(3), GTP(1), spare(1), E, S, PN(3), message 255(8), length of what follows these 8
 * bytes(16), tunnel endpoint(32); with E, S or PN: sequence number(16), N-PDU number(8), next
 * extension(8) */
enum layer tunnel_gtpu_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 8);
    const uint8_t flags = view_u8(header, 0);
    if ((flags & 0xf8) != 0x30 || view_u8(header, 1) != 255)
        reader_fail(r, READER_MALFORMED, NULL);
    reader_limit(r, view_u16(header, 2));
    if ((flags & 0x07) != 0) {
        const struct span more = reader_view(r, 4);
        if ((flags & 0x04) != 0)
            skip_gtp_extensions(r, view_u8(more, 3));
    }
    return ip_by_version(r);
}

/* version 1(8), type(8), encapsulation(16), tags of type(8), length(8), value; type 0 is padding
 * and type 1 the end, both without a length. */
enum layer tunnel_tzsp_read(struct packet *packet)
{
    enum { TAG_PADDING = 0, TAG_END = 1, ENCAPSULATION_ETHERNET = 1, ENCAPSULATION_WIFI = 18 };
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 4);
    if (view_u8(header, 0) != 1 || view_u8(header, 1) > 1)
        reader_fail(r, READER_MALFORMED, NULL);
    uint8_t tag = TAG_PADDING;
    while (tag != TAG_END && reader_ok(r)) {
        tag = reader_u8(r);
        if (tag > TAG_END)
            reader_skip(r, reader_u8(r));
    }
    if (view_u16(header, 2) == ENCAPSULATION_ETHERNET)
        return LAYER_ETHERNET;
    return view_u16(header, 2) == ENCAPSULATION_WIFI ? LAYER_WIFI : LAYER_OPAQUE;
}

/* RFC 4380 section 5.1.1: authentication: 0, 1, length of the client id(8), of the value(8),
 * both, nonce(64), confirmation(8); origin: 0, 0, port(16), address(32). Then an IPv6 packet, of
 * whose addresses one is of Teredo, or (when a client asks for its own) link-local; trailers of
 * RFC 6081 may follow. */
enum layer tunnel_teredo_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    struct reader peek = *r;
    uint16_t indicator = reader_u16(&peek);
    if (indicator == 1) {
        *r = peek;
        const uint8_t id_len = reader_u8(r), value_len = reader_u8(r);
        reader_skip(r, id_len + value_len + 9u);
        peek = *r;
        indicator = reader_u16(&peek);
    }
    if (indicator == 0)
        reader_skip(r, 8);
    peek = *r;
    const size_t left = reader_wire_left(&peek);
    const struct span ip = reader_view(&peek, 40);
    const bool teredo = view_u32(ip, 8) == 0x20010000 || view_u32(ip, 24) == 0x20010000 ||
                        view_u32(ip, 8) == 0xfe800000;
    if (view_u8(ip, 0) >> 4 != 6 || view_u16(ip, 4) + 40u > left || !teredo)
        reader_fail(r, READER_MALFORMED, NULL);
    return LAYER_IP6;
}

/* Native frames of 802.11. Controllers of one make send them with the bytes of frame control exchanged.
 * Between a controller and an access point exactly one of the two DS flags is set in data frames, so that
 * each order has a nibble that the other one cannot have. */
static enum layer wifi_of_either_order(const struct reader *r)
{
    struct reader peek = *r;
    const uint8_t first = reader_u8(&peek), second = reader_u8(&peek);
    const bool swapped = (second & 0x0f) == 0x08 && (first & 0x03) != 0;
    return swapped ? LAYER_WIFI_SWAPPED : LAYER_WIFI;
}

/* RFC 5415 section 4.3: version 0(4), type 0(4); type 1 is DTLS. Header length in words(5), radio(5),
 * binding(5), T(1): native frames, F(1) fragment, L(1) last one, W(1), M(1) optional headers, K(1)
 * keep-alive, reserved(3); fragment id(16), offset(13), reserved(3); optional headers */
enum layer tunnel_capwap_read(struct packet *packet)
{
    enum { NATIVE = 0x0100, FRAGMENT = 0x0080, KEEP_ALIVE = 0x0008, IEEE_802_11 = 1 };
    struct reader *r = &packet->payload;
    const struct span header = reader_view(r, 8);
    const uint32_t bits = view_u32(header, 0);
    const size_t len = (bits >> 19 & 0x1f) * 4u;
    const unsigned binding = bits >> 9 & 0x1f;
    if (bits >> 24 != 0 || len < 8)
        reader_fail(r, READER_MALFORMED, NULL);
    reader_skip(r, len - 8);
    if ((bits & (FRAGMENT | KEEP_ALIVE)) != 0)
        return LAYER_OPAQUE;
    if ((bits & NATIVE) == 0)
        return LAYER_ETHERNET;
    return binding == IEEE_802_11 ? wifi_of_either_order(r) : LAYER_OPAQUE;
}
