/* ethernet.c: Ethernet II and IEEE 802.3, 802.2 LLC and SNAP, VLAN tags, MPLS (RFC 3032, RFC
 * 4385, 4448).
 *
 * Reads addresses, 802.1Q/802.1ad tags, 802.1ah and VN tags, tags of switches, label stacks. Leaves unread what
 * carries neither IP nor 802.1X: ARP, spanning tree, LLDP, MACsec, MPLS OAM. */
#include "core/layer.h"

enum {
    TYPE_MAX_LENGTH = 1500, /* up to here it is the length of an 802.3 frame */
    TYPE_IP4 = 0x0800,
    TYPE_ARP = 0x0806,
    TYPE_VLAN = 0x8100,
    TYPE_IP6 = 0x86dd,
    TYPE_PPP = 0x880b,
    TYPE_MPLS = 0x8847,
    TYPE_MPLS_MULTICAST = 0x8848,
    TYPE_PPPOE = 0x8864,
    TYPE_JUMBO_LLC = 0x8870,
    TYPE_EAPOL = 0x888e,
    TYPE_SERVICE_VLAN = 0x88a8,
    TYPE_BACKBONE = 0x88e7,
    TYPE_META_DATA = 0x8909,
    TYPE_VN_TAG = 0x8926,
    TYPE_OLD_VLAN1 = 0x9100,
    TYPE_OLD_VLAN2 = 0x9200,
    TYPE_NOBODY = 0xffff /* reserved by RFC 7042 */
};

static bool is_vlan(uint16_t type)
{
    return type == TYPE_VLAN || type == TYPE_SERVICE_VLAN || type == TYPE_OLD_VLAN1 ||
           type == TYPE_OLD_VLAN2;
}

static void note_vlan(struct packet *packet, uint16_t tag)
{
    if (packet->num_tunnels == 0 && packet->num_vlans < PACKET_MAX_VLANS)
        packet->vlans[packet->num_vlans++] = tag & 0x0fff;
}

/* Tag control information of 802.1Q: priority(3), drop eligible(1), id(12); then the next
 * EtherType. */
static uint16_t read_vlan_tag(struct packet *packet)
{
    const struct span tag = reader_view(&packet->payload, 4);
    if (reader_ok(&packet->payload))
        note_vlan(packet, view_u16(tag, 0));
    return view_u16(tag, 2);
}

/* Cisco Meta Data, as a security group tag travels: version(1) 1, number(1) of options, then
 * options of four bytes each (length and type, value); then the next EtherType. */
static uint16_t read_meta_data(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 2);
    if (view_u8(header, 0) != 1)
        return TYPE_NOBODY;
    reader_skip(&packet->payload, (size_t)4 * view_u8(header, 1));
    return reader_u16(&packet->payload);
}

enum layer ethernet_type_read(struct packet *packet, uint16_t type)
{
    while (is_vlan(type) && reader_ok(&packet->payload))
        type = read_vlan_tag(packet);
    if (type == TYPE_META_DATA)
        type = read_meta_data(packet);
    if (type <= TYPE_MAX_LENGTH) {
        reader_limit(&packet->payload, type);
        return LAYER_LLC;
    }
    switch (type) {
    case TYPE_IP4:
        return LAYER_IP4;
    case TYPE_IP6:
        return LAYER_IP6;
    case TYPE_MPLS:
    case TYPE_MPLS_MULTICAST:
        return LAYER_MPLS;
    case TYPE_PPPOE:
        return LAYER_PPPOE;
    case TYPE_PPP:
        return LAYER_PPP;
    case TYPE_EAPOL:
        return LAYER_EAPOL;
    case TYPE_JUMBO_LLC:
        return LAYER_LLC;
    case TYPE_BACKBONE: /* 802.1ah: a service tag, then the customer's whole frame */
        reader_skip(&packet->payload, 4);
        return LAYER_ETHERNET;
    case TYPE_VN_TAG: { /* 802.1BR's forerunner: a tag, then the next EtherType */
        const struct span tag = reader_view(&packet->payload, 6);
        const uint16_t inner = view_u16(tag, 4);
        if (inner == TYPE_IP4)
            return LAYER_IP4;
        return inner == TYPE_IP6 ? LAYER_IP6 : LAYER_OTHER;
    }
    default:
        return LAYER_OTHER;
    }
}

/* destination(6), source(6), EtherType or length(2) */
enum layer ethernet_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 14);
    if (!reader_ok(&packet->payload))
        return LAYER_OTHER;
    packet->mac = view_part(header, 0, 12);
    return ethernet_type_read(packet, view_u16(header, 12));
}

/* Tags between the addresses and the EtherType, by which a switch and its processor tell each other the port; see
 * LINKTYPE_ETHERNET_BRCM_TAG, LINKTYPE_DSA_TAG_DSA and _EDSA. */
enum layer ethernet_broadcom_read(struct packet *packet)
{
    const struct span header = reader_view(&packet->payload, 18);
    if (!reader_ok(&packet->payload))
        return LAYER_OTHER;
    packet->mac = view_part(header, 0, 12);
    return ethernet_type_read(packet, view_u16(header, 16));
}

enum layer ethernet_broadcom_prepended_read(struct packet *packet)
{
    reader_skip(&packet->payload, 4);
    return LAYER_ETHERNET;
}

/* mode(2), had a VLAN tag(1), device(5), port and more(8), priority and more(4), VLAN(12): the tag stands where the
 * frame's own VLAN tag was. |before| bytes follow the addresses first. */
static enum layer read_dsa(struct packet *packet, size_t before)
{
    struct reader *r = &packet->payload;
    const struct span addresses = reader_view(r, 12);
    reader_skip(r, before);
    const struct span tag = reader_view(r, 6);
    if (!reader_ok(r))
        return LAYER_OTHER;
    packet->mac = addresses;
    if ((view_u8(tag, 0) & 0x20) != 0)
        note_vlan(packet, view_u16(tag, 2));
    return ethernet_type_read(packet, view_u16(tag, 4));
}

enum layer ethernet_dsa_read(struct packet *packet)
{
    return read_dsa(packet, 0);
}

/* First an EtherType(2), which anybody may choose, and two bytes of zero. */
enum layer ethernet_edsa_read(struct packet *packet)
{
    return read_dsa(packet, 4);
}

/* 802.2: DSAP, SSAP, control. SNAP adds OUI(3) and a type, an EtherType under the OUIs of RFC
 * 1042 and of 802.1H. */
enum layer ethernet_llc_read(struct packet *packet)
{
    struct reader *r = &packet->payload;
    const struct span llc = reader_view(r, 3);
    const uint16_t saps = view_u16(llc, 0);
    if (view_u8(llc, 2) != 0x03)
        return LAYER_OTHER;
    if (saps == 0x0606)
        return LAYER_IP;
    if (saps != 0xaaaa)
        return LAYER_OTHER;
    const uint32_t oui = reader_u24(r);
    const uint16_t type = reader_u16(r);
    if ((oui != 0x000000 && oui != 0x0000f8) || type <= TYPE_MAX_LENGTH)
        return LAYER_OTHER;
    return ethernet_type_read(packet, type);
}

/* Nothing in a label stack says what is below it: the first nibble is 4 or 6 for IP, 0 for the
 * control word of a pseudowire, 1 for its OAM (RFC 4928). Without a control word it is the first
 * nibble of a hardware address, so that IP must also fit its own length. */
static bool looks_like_ip(struct reader r)
{
    const size_t left = reader_wire_left(&r);
    const struct span start = reader_view(&r, 6);
    const unsigned first = view_u8(start, 0);
    if (first >> 4 == 4)
        return (first & 0x0f) >= 5 && view_u16(start, 2) >= 20 && view_u16(start, 2) <= left;
    return first >> 4 == 6 && (size_t)view_u16(start, 4) + 40 <= left;
}

bool ethernet_is_likely(struct reader r)
{
    reader_skip(&r, 12);
    const uint16_t type = reader_u16(&r);
    if (!reader_ok(&r))
        return false;
    return type == TYPE_IP4 || type == TYPE_IP6 || type == TYPE_ARP || type == TYPE_MPLS ||
           is_vlan(type) || (type >= 3 && type <= TYPE_MAX_LENGTH && type <= reader_wire_left(&r));
}

static enum layer below_labels(struct packet *packet)
{
    struct reader *r = &packet->payload;
    struct reader peek = *r;
    const uint8_t nibble = reader_u8(&peek) >> 4;
    if (looks_like_ip(*r))
        return LAYER_IP;
    if (nibble == 0) {
        reader_skip(&peek, 3);
        if (ethernet_is_likely(peek) || !ethernet_is_likely(*r))
            reader_skip(r, 4);
        return LAYER_ETHERNET;
    }
    if (ethernet_is_likely(*r))
        return LAYER_ETHERNET;
    return nibble == 4 || nibble == 6 ? LAYER_IP : LAYER_OTHER;
}

/* label(20), traffic class(3), bottom of stack(1), TTL(8) */
enum layer ethernet_mpls_read(struct packet *packet)
{
    bool bottom;
    do {
        bottom = (reader_u32(&packet->payload) & 0x100) != 0;
    } while (!bottom && reader_ok(&packet->payload));
    return below_labels(packet);
}
