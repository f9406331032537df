/* layers.c: the table of layers, and the loop that goes from one to the next. Reads no bytes
 * itself. */
#include "core/layer.h"

/* Enough for PACKET_MAX_TUNNELS tunnels of Ethernet, MPLS, IP, UDP; ends chains that only nest. */
enum { MAX_LAYERS = 64 };

struct layer_row {
    const char *name; /* for packet->fault_layer */
    enum layer (*read)(struct packet *packet);
    enum tunnel tunnel;
    bool guess; /* only a port number says so: if the bytes deny it, it is an ordinary packet */
};

static const struct layer_row rows[LAYER_COUNT] = {
    [LAYER_ETHERNET] = {"ethernet", ethernet_read},
    [LAYER_BROADCOM_TAG] = {"brcm-tag", ethernet_broadcom_read},
    [LAYER_BROADCOM_PREPENDED] = {"brcm-tag", ethernet_broadcom_prepended_read},
    [LAYER_DSA_TAG] = {"dsa", ethernet_dsa_read},
    [LAYER_EDSA_TAG] = {"edsa", ethernet_edsa_read},
    [LAYER_LLC] = {"llc", ethernet_llc_read},
    [LAYER_MPLS] = {"mpls", ethernet_mpls_read},
    [LAYER_COOKED] = {"sll", link_cooked_read},
    [LAYER_COOKED2] = {"sll2", link_cooked2_read},
    [LAYER_LOOPBACK] = {"loopback", link_loopback_read},
    [LAYER_NFLOG] = {"nflog", link_nflog_read},
    [LAYER_PPI] = {"ppi", link_ppi_read},
    [LAYER_PKTAP] = {"pktap", link_pktap_read},
    [LAYER_IPNET] = {"ipnet", link_ipnet_read},
    [LAYER_JUNIPER] = {"juniper", link_juniper_read},
    [LAYER_SLIP] = {"slip", link_slip_read},
    [LAYER_IP] = {"ip", link_ip_read},
    [LAYER_TOKEN_RING] = {"token-ring", lan_token_ring_read},
    [LAYER_FDDI] = {"fddi", lan_fddi_read},
    [LAYER_ARCNET] = {"arcnet", lan_arcnet_read},
    [LAYER_ARCNET_LINUX] = {"arcnet", lan_arcnet_linux_read},
    [LAYER_FIBRE_CHANNEL] = {"fibre-channel", lan_fibre_channel_read},
    [LAYER_INFINIBAND] = {"ipoib", lan_infiniband_read},
    [LAYER_CLASSICAL_IP] = {"atm", lan_classical_ip_read},
    [LAYER_ATM] = {"atm", lan_atm_read},
    [LAYER_PPPOE] = {"pppoe", ppp_over_ethernet_read},
    [LAYER_PPP] = {"ppp", ppp_read},
    [LAYER_PPP_DIRECTION] = {"ppp", ppp_direction_read},
    [LAYER_CISCO_HDLC] = {"cisco-hdlc", ppp_cisco_hdlc_read},
    [LAYER_CISCO_HDLC_DIRECTION] = {"cisco-hdlc", ppp_cisco_hdlc_direction_read},
    [LAYER_FRAME_RELAY] = {"frame-relay", ppp_frame_relay_read},
    [LAYER_FRAME_RELAY_DIRECTION] = {"frame-relay", ppp_frame_relay_direction_read},
    [LAYER_WIFI] = {"802.11", wifi_read},
    [LAYER_WIFI_SWAPPED] = {"802.11", wifi_swapped_read},
    [LAYER_RADIOTAP] = {"radiotap", wifi_radiotap_read},
    [LAYER_PRISM] = {"prism", wifi_prism_read},
    [LAYER_AVS] = {"avs", wifi_avs_read},
    [LAYER_IP4] = {"ipv4", ip4_read},
    [LAYER_IP6] = {"ipv6", ip6_read},
    [LAYER_IP6_REASSEMBLED] = {"ipv6", ip6_reassembled_read},
    [LAYER_AH] = {"ah", ip_ah_read},
    [LAYER_TCP] = {"tcp", transport_tcp_read},
    [LAYER_UDP] = {"udp", transport_udp_read},
    [LAYER_ICMP] = {"icmp", transport_icmp_read},
    [LAYER_SCTP] = {"sctp", transport_sctp_read},
    [LAYER_DCCP] = {"dccp", transport_dccp_read},
    [LAYER_UDP_LITE] = {"udp-lite", transport_udp_lite_read},
    [LAYER_GRE] = {"gre", tunnel_gre_read, TUNNEL_GRE, false},
    [LAYER_ERSPAN] = {"erspan", tunnel_erspan_read},
    [LAYER_IPIP] = {"ipv4", tunnel_ip4_read, TUNNEL_IPIP, false},
    [LAYER_6IN4] = {"ipv6", tunnel_ip6_read, TUNNEL_6IN4, false},
    [LAYER_VXLAN] = {"vxlan", tunnel_vxlan_read, TUNNEL_VXLAN, true},
    [LAYER_VXLAN_GPE] = {"vxlan-gpe", tunnel_vxlan_gpe_read, TUNNEL_VXLAN, true},
    [LAYER_GENEVE] = {"geneve", tunnel_geneve_read, TUNNEL_GENEVE, true},
    [LAYER_GTPU] = {"gtp-u", tunnel_gtpu_read, TUNNEL_GTPU, true},
    [LAYER_TZSP] = {"tzsp", tunnel_tzsp_read, TUNNEL_TZSP, true},
    [LAYER_TEREDO] = {"teredo", tunnel_teredo_read, TUNNEL_TEREDO, true},
    [LAYER_CAPWAP] = {"capwap", tunnel_capwap_read, TUNNEL_CAPWAP, true},
};

/* By LINKTYPE_ value. */
static const uint8_t links[] = {
    [0] = LAYER_LOOPBACK, /* NULL: as the capturing machine's byte order has it */
    [1] = LAYER_ETHERNET,
    [6] = LAYER_TOKEN_RING, /* IEEE802_5 */
    [7] = LAYER_ARCNET,     /* ARCNET_BSD */
    [8] = LAYER_SLIP,
    [9] = LAYER_PPP,
    [10] = LAYER_FDDI,
    [12] = LAYER_IP,  /* what DLT_RAW is on most systems */
    [14] = LAYER_IP,  /* on OpenBSD */
    [50] = LAYER_PPP, /* PPP_HDLC */
    [51] = LAYER_PPPOE,
    [100] = LAYER_LLC, /* ATM_RFC1483 */
    [101] = LAYER_IP,  /* RAW */
    [104] = LAYER_CISCO_HDLC,
    [105] = LAYER_WIFI,         /* IEEE802_11 */
    [106] = LAYER_CLASSICAL_IP, /* ATM_CLIP */
    [107] = LAYER_FRAME_RELAY,
    [108] = LAYER_LOOPBACK,
    [113] = LAYER_COOKED,        /* LINUX_SLL */
    [119] = LAYER_PRISM,         /* IEEE802_11_PRISM */
    [122] = LAYER_FIBRE_CHANNEL, /* IP_OVER_FC */
    [123] = LAYER_ATM,           /* SUNATM */
    [127] = LAYER_RADIOTAP,      /* IEEE802_11_RADIOTAP */
    [129] = LAYER_ARCNET_LINUX,
    [163] = LAYER_AVS,           /* IEEE802_11_AVS */
    [166] = LAYER_PPP_DIRECTION, /* PPP_PPPD */
    [178] = LAYER_JUNIPER,       /* JUNIPER_ETHER */
    [179] = LAYER_JUNIPER,       /* _PPP */
    [180] = LAYER_JUNIPER,       /* _FRELAY */
    [181] = LAYER_JUNIPER,       /* _CHDLC */
    [192] = LAYER_PPI,
    [204] = LAYER_PPP_DIRECTION, /* PPP_WITH_DIR */
    [205] = LAYER_CISCO_HDLC_DIRECTION,
    [206] = LAYER_FRAME_RELAY_DIRECTION,
    [219] = LAYER_MPLS,
    [226] = LAYER_IPNET,
    [228] = LAYER_IP4,
    [229] = LAYER_IP6,
    [239] = LAYER_NFLOG,
    [242] = LAYER_INFINIBAND, /* IPOIB */
    [258] = LAYER_PKTAP,
    [276] = LAYER_COOKED2,            /* LINUX_SLL2 */
    [281] = LAYER_BROADCOM_TAG,       /* ETHERNET with a tag of a switch: BRCM_TAG */
    [282] = LAYER_BROADCOM_PREPENDED, /* BRCM_TAG_PREPEND */
    [284] = LAYER_DSA_TAG,            /* DSA_TAG_DSA */
    [285] = LAYER_EDSA_TAG,           /* DSA_TAG_EDSA */
};

/* Nothing begins with a transport header, which has the number 0 that the gaps have. */
_Static_assert(LAYER_TRANSPORT == 0, "gaps in links are unknown links");

enum layer layer_of_link(uint16_t link_type)
{
    const enum layer layer =
        link_type < sizeof links / sizeof links[0] ? (enum layer)links[link_type] : LAYER_TRANSPORT;
    return layer != LAYER_TRANSPORT ? layer : LAYER_UNKNOWN_LINK;
}

bool layers_knows_link(uint16_t link_type)
{
    return layer_of_link(link_type) != LAYER_UNKNOWN_LINK;
}

/* The tunnel that the loop is in, and the packet as it was before it. */
struct entry {
    struct packet outer;
    enum layer layer;
};

/* entry_denied says whether a fault in layer |at| shows that there is no such tunnel. It is a
 * tunnel once its own header and an IP header in it made sense, or when that was not captured. */
static bool entry_denied(const struct entry *entry, const struct packet *packet, enum layer at)
{
    if (entry->layer == LAYER_TRANSPORT || !rows[entry->layer].guess)
        return false;
    if (at == entry->layer)
        return true;
    return packet->payload.fault == READER_MALFORMED &&
           packet->ip_header.at == entry->outer.ip_header.at;
}

static enum layers_result fault(struct packet *packet, const struct entry *entry, enum layer at)
{
    if (entry_denied(entry, packet, at)) {
        *packet = entry->outer;
        return LAYERS_TRANSPORT;
    }
    packet->fault_layer = packet->payload.field != NULL ? packet->payload.field : rows[at].name;
    return packet->payload.fault == READER_CUT ? LAYERS_CUT : LAYERS_MALFORMED;
}

static enum layers_result opaque(struct packet *packet, const struct entry *entry)
{
    if (entry->layer == LAYER_TRANSPORT)
        return LAYERS_OTHER;
    *packet = entry->outer;
    return LAYERS_TRANSPORT;
}

static void enter(struct packet *packet, struct entry *entry, enum layer tunnel)
{
    entry->outer = *packet;
    entry->layer = tunnel;
    packet->num_tunnels++;
    packet->tunnel = (uint8_t)rows[tunnel].tunnel;
    packet->tunnel_id = 0;
}

/* From |layer| on, to the end. */
static enum layers_result read_layers(struct packet *packet, enum layer layer)
{
    struct entry entry;
    entry.layer = LAYER_TRANSPORT; /* in no tunnel yet */
    for (unsigned n = 0; layer >= LAYER_FIRST; n++) {
        const struct layer_row *row = &rows[layer];
        if (n == MAX_LAYERS)
            return LAYERS_OTHER;
        if (row->tunnel != TUNNEL_NONE) {
            if (packet->num_tunnels == PACKET_MAX_TUNNELS)
                return LAYERS_TRANSPORT;
            enter(packet, &entry, layer);
        }
        const enum layer next = row->read(packet);
        if (!reader_ok(&packet->payload))
            return fault(packet, &entry, layer);
        layer = next;
    }
    return layer == LAYER_OPAQUE ? opaque(packet, &entry) : (enum layers_result)layer;
}

/* What only an IP header tells, where there was none. */
static void clear_ip(struct packet *packet)
{
    memset(packet->ends, 0, sizeof packet->ends);
    packet->ip_version = packet->protocol = packet->ttl = packet->traffic_class = 0;
    packet->flow_label = 0;
    packet->ip_id = packet->ip_flags = 0;
    packet->l4_header = (struct span){.at = NULL, .len = 0};
}

/* Sets what the layers may leave as it is; the fields of the IP header are set by every IP
 * layer, or by clear_ip at the end. */
static void clear(struct packet *packet)
{
    packet->tcp_flags = packet->tcp_header_len = 0;
    packet->tcp_window = packet->tcp_urgent = 0;
    packet->tcp_seq = packet->tcp_ack = 0;
    packet->ip_header = packet->mac = (struct span){.at = NULL, .len = 0};
    memset(packet->vlans, 0, sizeof packet->vlans);
    packet->num_vlans = packet->num_tunnels = packet->tunnel = 0;
    packet->tunnel_id = 0;
    packet->fault_layer = NULL;
}

enum layers_result layers_decode(const struct frame *frame, struct packet *packet)
{
    const size_t cut =
        frame->wire_len > frame->captured_len ? frame->wire_len - frame->captured_len : 0;
    packet->frame = frame;
    packet->payload = reader_of_cut(span_of(frame->at, frame->captured_len), cut);
    clear(packet);
    const enum layers_result result = read_layers(packet, layer_of_link(frame->link_type));
    packet->tail_cut = packet->payload.cut != 0;
    if (!span_seen(packet->ip_header))
        clear_ip(packet);
    return result;
}

enum layers_result layers_resume(struct packet *packet, struct span payload)
{
    const uint8_t protocol = packet->fragment.protocol;
    packet->payload = reader_of(payload);
    packet->protocol = protocol;
    const enum layers_result result = read_layers(
        packet, packet->ip_version == 6 ? LAYER_IP6_REASSEMBLED : ip_protocol_layer(protocol));
    packet->tail_cut = packet->payload.cut != 0;
    return result;
}
