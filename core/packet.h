/* packet.h: a frame as capture hands it over, and a packet as core/layers.c reads it. Both are views. */
#ifndef PERPASS_CORE_PACKET_H
#define PERPASS_CORE_PACKET_H

#include "core/reader.h"

/* One frame of a ring or a mapped file. Its bytes live until the source is read again. */
struct frame {
    const uint8_t *at;
    uint32_t captured_len; /* bytes at |at| */
    uint32_t wire_len;     /* bytes on the wire, >= captured_len */
    uint64_t time_ns;      /* since 1970-01-01T00:00:00Z */
    uint64_t number;       /* in the input, from 1; counts frames that a filter left out, too */
    uint16_t link_type;    /* LINKTYPE_ value (the file format's, not the running system's DLT) */
    uint16_t interface;    /* index of the capture interface */
};

/* IP protocol numbers that the flow table tells apart. */
enum {
    PROTO_ICMP = 1,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_ICMP6 = 58,
    PROTO_SCTP = 132,
    PROTO_EAPOL = 255 /* reserved, so that it can stand for 802.1X, which has no IP header */
};

static inline bool protocol_is_icmp(uint8_t protocol)
{
    return protocol == PROTO_ICMP || protocol == PROTO_ICMP6;
}

/* One end of a conversation. An IPv4 address is in the first 4 bytes, that of hardware in 6; the others are 0. */
struct endpoint {
    uint8_t address[16];
    uint16_t port; /* 0 where the protocol has none; ICMP: 0 */
};

/* endpoint_address gives the bytes of an address under an IP header of |ip_version|. */
static inline struct span endpoint_address(const struct endpoint *end, uint8_t ip_version)
{
    return span_of(end->address, ip_version == 4 ? 4 : ip_version == 6 ? 16 : 6);
}

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80
};

/* How far layers_decode came. */
enum layers_result {
    LAYERS_TRANSPORT, /* L3 and L4 are known: the packet has a flow */
    LAYERS_FRAGMENT,  /* an IP fragment: the caller defragments and calls layers_resume */
    LAYERS_EAPOL,     /* 802.1X: the caller says between whom, by eapol_peers_join */
    LAYERS_OTHER, /* well-formed, but nothing that has a flow here: ARP, an unknown EtherType … */
    LAYERS_LINK,  /* nobody knows this link type */
    LAYERS_CUT,   /* the headers were cut by the snap length */
    LAYERS_MALFORMED /* a header lies about its length */
};

enum { PACKET_MAX_VLANS = 4, PACKET_MAX_TUNNELS = 8 };

enum tunnel {
    TUNNEL_NONE = 0,
    TUNNEL_GRE,
    TUNNEL_ERSPAN,
    TUNNEL_VXLAN,
    TUNNEL_GENEVE,
    TUNNEL_IPIP,
    TUNNEL_6IN4,
    TUNNEL_GTPU,
    TUNNEL_TZSP,
    TUNNEL_TEREDO,
    TUNNEL_CAPWAP
};

/* What headers have, so that those of most packets need not be fetched again (core/field_oddities.h). */
enum packet_hint {
    PACKET_MAY_BE_ODD = 1,   /* it has options, reserved bits, padding … */
    PACKET_MUST_BE_ZERO = 2, /* the reserved bit of IPv4, or an urgent pointer, is set */
    PACKET_HAS_OPTIONS = 4   /* TCP: others than a time stamp behind two NOPs */
};

struct packet {
    const struct frame *frame;

    struct endpoint ends[2]; /* 0 source, 1 destination, of the innermost IP header */
    uint8_t ip_version;      /* 4 or 6; 0: no IP, the ends are hardware addresses */
    uint8_t protocol;        /* IP protocol after extension headers */
    uint8_t ttl;             /* TTL or hop limit */
    uint8_t traffic_class;   /* DSCP and ECN */
    uint32_t flow_label;     /* IPv6 */
    uint16_t ip_id;          /* IPv4 */
    uint16_t ip_flags;       /* IPv4: the three flag bits, reserved bit first, in bits 2..0 */

    uint8_t tcp_flags;
    uint8_t tcp_header_len;
    uint16_t tcp_window, tcp_urgent;
    uint32_t tcp_seq, tcp_ack;
    uint32_t tcp_timestamp; /* TSval where it is the only option, behind two NOPs; else 0 */
    uint8_t hints;          /* enum packet_hint: whether a second look at its headers pays */

    struct reader payload; /* after the L4 header; |cut| tells what the snap length took */
    struct span ip_header; /* innermost, options and extension headers included */
    struct span l4_header; /* options included, as far as captured; unseen: none read */
    struct span mac;       /* innermost Ethernet or 802.11 addresses: 6 bytes destination, 6 bytes
                              source, side by side; the source alone where no other was captured; unseen
                              where there are none, or (802.11 by an access point) where they
                              stand otherwise */

    uint16_t vlans[PACKET_MAX_VLANS]; /* VLAN ids of the outermost Ethernet header, outer first */
    uint8_t num_vlans;
    uint8_t num_tunnels; /* depth: 0 when the packet was in no tunnel */
    uint8_t tunnel;      /* enum tunnel: the innermost one */
    uint32_t tunnel_id;  /* VNI or ERSPAN session, 0 where the two directions may differ or none */

    /* LAYERS_FRAGMENT only */
    struct {
        uint32_t id;
        uint32_t offset;  /* bytes */
        bool more;        /* more fragments follow */
        uint8_t protocol; /* of the first header after reassembly */
        struct reader payload;
    } fragment;

    const char *fault_layer; /* LAYERS_CUT, _MALFORMED: "ipv4", "tcp" … (static) */
    bool tail_cut;           /* payload shorter than the IP header says, by the snap length */
};

#endif
