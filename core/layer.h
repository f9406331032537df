/* layer.h: what the files of the decoder share with core/layers.c, and nobody else.
 *
 * A layer reads its own header from packet->payload, says in |packet| what the header tells, and
 * returns what follows. It is straight-line code: after a fault of packet->payload its result
 * does not matter, as the loop in layers.c looks at the reader after every layer. Layers don't
 * call each other, so that no nesting of headers can deepen the stack. */
#ifndef PERPASS_CORE_LAYER_H
#define PERPASS_CORE_LAYER_H

#include "core/layers.h"

enum layer {
    /* The end, as an enum layers_result of the same value. */
    LAYER_TRANSPORT = LAYERS_TRANSPORT,
    LAYER_FRAGMENT = LAYERS_FRAGMENT,
    LAYER_EAPOL = LAYERS_EAPOL,
    LAYER_OTHER = LAYERS_OTHER,
    LAYER_UNKNOWN_LINK = LAYERS_LINK,
    LAYER_CUT = LAYERS_CUT,
    LAYER_MALFORMED = LAYERS_MALFORMED,
    /* Also an end: bytes that nobody here reads. In a tunnel, the packet that carries it counts
     * as an ordinary packet; elsewhere it is LAYERS_OTHER. */
    LAYER_OPAQUE,

    LAYER_FIRST,
    /* ethernet.c */
    LAYER_ETHERNET = LAYER_FIRST,
    LAYER_BROADCOM_TAG,
    LAYER_BROADCOM_PREPENDED,
    LAYER_DSA_TAG,
    LAYER_EDSA_TAG,
    LAYER_LLC,
    LAYER_MPLS,
    /* link.c */
    LAYER_COOKED,
    LAYER_COOKED2,
    LAYER_LOOPBACK,
    LAYER_NFLOG,
    LAYER_PPI,
    LAYER_PKTAP,
    LAYER_IPNET,
    LAYER_JUNIPER,
    LAYER_SLIP,
    LAYER_IP,
    /* lan.c */
    LAYER_TOKEN_RING,
    LAYER_FDDI,
    LAYER_ARCNET,
    LAYER_ARCNET_LINUX,
    LAYER_FIBRE_CHANNEL,
    LAYER_INFINIBAND,
    LAYER_CLASSICAL_IP,
    LAYER_ATM,
    /* ppp.c */
    LAYER_PPPOE,
    LAYER_PPP,
    LAYER_PPP_DIRECTION,
    LAYER_CISCO_HDLC,
    LAYER_CISCO_HDLC_DIRECTION,
    LAYER_FRAME_RELAY,
    LAYER_FRAME_RELAY_DIRECTION,
    /* wifi.c */
    LAYER_WIFI,
    LAYER_WIFI_SWAPPED,
    LAYER_RADIOTAP,
    LAYER_PRISM,
    LAYER_AVS,
    /* ip.c */
    LAYER_IP4,
    LAYER_IP6,
    LAYER_IP6_REASSEMBLED,
    LAYER_AH,
    /* transport.c */
    LAYER_TCP,
    LAYER_UDP,
    LAYER_ICMP,
    LAYER_SCTP,
    LAYER_DCCP,
    LAYER_UDP_LITE,
    /* tunnel.c */
    LAYER_GRE,
    LAYER_ERSPAN,
    LAYER_IPIP,
    LAYER_6IN4,
    LAYER_VXLAN,
    LAYER_VXLAN_GPE,
    LAYER_GENEVE,
    LAYER_GTPU,
    LAYER_TZSP,
    LAYER_TEREDO,
    LAYER_CAPWAP,
    LAYER_COUNT
};

/* layer_of_link is the layer that a LINKTYPE_ value begins with, LAYER_UNKNOWN_LINK for those
 * that nobody here knows. */
enum layer layer_of_link(uint16_t link_type);

enum layer ethernet_read(struct packet *packet);
enum layer ethernet_broadcom_read(struct packet *packet);
enum layer ethernet_broadcom_prepended_read(struct packet *packet);
enum layer ethernet_dsa_read(struct packet *packet);
enum layer ethernet_edsa_read(struct packet *packet);
enum layer ethernet_llc_read(struct packet *packet);
enum layer ethernet_mpls_read(struct packet *packet);

/* ethernet_type_read goes on after an EtherType |type|: reads VLAN tags and the like. */
enum layer ethernet_type_read(struct packet *packet, uint16_t type);

/* ethernet_is_likely says whether an Ethernet frame of a type that one meets often may begin at
 * |r|. */
bool ethernet_is_likely(struct reader r);

enum layer link_cooked_read(struct packet *packet);
enum layer link_cooked2_read(struct packet *packet);
enum layer link_loopback_read(struct packet *packet);
enum layer link_nflog_read(struct packet *packet);
enum layer link_ppi_read(struct packet *packet);
enum layer link_pktap_read(struct packet *packet);
enum layer link_ipnet_read(struct packet *packet);
enum layer link_juniper_read(struct packet *packet);
enum layer link_slip_read(struct packet *packet);
enum layer link_ip_read(struct packet *packet);

enum layer lan_token_ring_read(struct packet *packet);
enum layer lan_fddi_read(struct packet *packet);
enum layer lan_arcnet_read(struct packet *packet);
enum layer lan_arcnet_linux_read(struct packet *packet);
enum layer lan_fibre_channel_read(struct packet *packet);
enum layer lan_infiniband_read(struct packet *packet);
enum layer lan_classical_ip_read(struct packet *packet);
enum layer lan_atm_read(struct packet *packet);

enum layer ppp_read(struct packet *packet);
enum layer ppp_direction_read(struct packet *packet);
enum layer ppp_over_ethernet_read(struct packet *packet);
enum layer ppp_cisco_hdlc_read(struct packet *packet);
enum layer ppp_cisco_hdlc_direction_read(struct packet *packet);
enum layer ppp_frame_relay_read(struct packet *packet);
enum layer ppp_frame_relay_direction_read(struct packet *packet);

enum layer wifi_read(struct packet *packet);
enum layer wifi_swapped_read(struct packet *packet);
enum layer wifi_radiotap_read(struct packet *packet);
enum layer wifi_prism_read(struct packet *packet);
enum layer wifi_avs_read(struct packet *packet);

enum layer ip4_read(struct packet *packet);
enum layer ip6_read(struct packet *packet);
enum layer ip6_reassembled_read(struct packet *packet);
enum layer ip_ah_read(struct packet *packet);

/* ip_protocol_layer is the layer of the IP protocol number |protocol|. */
enum layer ip_protocol_layer(uint8_t protocol);

enum layer transport_tcp_read(struct packet *packet);
enum layer transport_udp_read(struct packet *packet);
enum layer transport_icmp_read(struct packet *packet);
enum layer transport_sctp_read(struct packet *packet);
enum layer transport_dccp_read(struct packet *packet);
enum layer transport_udp_lite_read(struct packet *packet);

/* tunnel_of_ports is the tunnel that UDP packets between these ports are likely to be, or
 * LAYER_TRANSPORT. */
enum layer tunnel_of_ports(uint16_t source, uint16_t destination);

enum layer tunnel_gre_read(struct packet *packet);
enum layer tunnel_erspan_read(struct packet *packet);
enum layer tunnel_ip4_read(struct packet *packet);
enum layer tunnel_ip6_read(struct packet *packet);
enum layer tunnel_vxlan_read(struct packet *packet);
enum layer tunnel_vxlan_gpe_read(struct packet *packet);
enum layer tunnel_geneve_read(struct packet *packet);
enum layer tunnel_gtpu_read(struct packet *packet);
enum layer tunnel_tzsp_read(struct packet *packet);
enum layer tunnel_teredo_read(struct packet *packet);
enum layer tunnel_capwap_read(struct packet *packet);

#endif
