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
    [LAYER_LLC] = {"llc", ethernet_llc_read},
    [LAYER_MPLS] = {"mpls", ethernet_mpls_read},
    [LAYER_COOKED] = {"sll", link_cooked_read},
    [LAYER_COOKED2] = {"sll2", link_cooked2_read},
    [LAYER_LOOPBACK] = {"loopback", link_loopback_read},
    [LAYER_NFLOG] = {"nflog", link_nflog_read},
    [LAYER_PPI] = {"ppi", link_ppi_read},
    [LAYER_IP] = {"ip", link_ip_read},
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

enum layer layer_of_link(uint16_t link_type)
{
    switch (link_type) {
    case 1:
        return LAYER_ETHERNET;
    case 0:   /* NULL: as the capturing machine's byte order has it */
    case 108: /* LOOP */
        return LAYER_LOOPBACK;
    case 9:  /* PPP */
    case 50: /* PPP_HDLC */
        return LAYER_PPP;
    case 51: /* PPP_ETHER */
        return LAYER_PPPOE;
    case 12:  /* what DLT_RAW is on most systems */
    case 14:  /* on OpenBSD */
    case 101: /* RAW */
        return LAYER_IP;
    case 228: /* IPV4 */
        return LAYER_IP4;
    case 229: /* IPV6 */
        return LAYER_IP6;
    case 100: /* ATM_RFC1483 */
        return LAYER_LLC;
    case 104: /* C_HDLC */
        return LAYER_CISCO_HDLC;
    case 105: /* IEEE802_11 */
        return LAYER_WIFI;
    case 107: /* FRELAY */
        return LAYER_FRAME_RELAY;
    case 113: /* LINUX_SLL */
        return LAYER_COOKED;
    case 119: /* IEEE802_11_PRISM */
        return LAYER_PRISM;
    case 127: /* IEEE802_11_RADIOTAP */
        return LAYER_RADIOTAP;
    case 163: /* IEEE802_11_AVS */
        return LAYER_AVS;
    case 166: /* PPP_PPPD */
    case 204: /* PPP_WITH_DIR */
        return LAYER_PPP_DIRECTION;
    case 192: /* PPI */
        return LAYER_PPI;
    case 205: /* C_HDLC_WITH_DIR */
        return LAYER_CISCO_HDLC_DIRECTION;
    case 206: /* FRELAY_WITH_DIR */
        return LAYER_FRAME_RELAY_DIRECTION;
    case 219: /* MPLS */
        return LAYER_MPLS;
    case 239: /* NFLOG */
        return LAYER_NFLOG;
    case 276: /* LINUX_SLL2 */
        return LAYER_COOKED2;
    default:
        return LAYER_UNKNOWN_LINK;
    }
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
