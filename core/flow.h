/* flow.h: a conversation as dissectors, analyzers and sinks see it. Made and owned by flow_table.c. */
#ifndef PERPASS_CORE_FLOW_H
#define PERPASS_CORE_FLOW_H

#include "core/packet.h"

struct dissector;
struct tcp_stream;

/* How a flow ended, for flow.end. */
enum flow_end {
    FLOW_END_NONE = 0,
    FLOW_END_CLOSED,  /* FIN both ways, or RST */
    FLOW_END_IDLE,    /* no packet for the time-out of its state */
    FLOW_END_EVICTED, /* pushed out: the table was full */
    FLOW_END_INPUT    /* the input ended */
};

/* What a conversation was found in. */
struct encapsulation {
    uint32_t tunnel_id; /* as in struct packet */
    uint16_t vlan;      /* outermost id of the first packet; 0 for none */
    uint8_t num_vlans;
    uint8_t num_tunnels; /* depth: 0 for none */
    uint8_t tunnel;      /* enum tunnel: the innermost one */
};

/* The messages of ICMP that one end sent: type and code of the first. */
struct icmp_kind {
    bool seen, several; /* others differ */
    uint8_t type, code;
};

/* Both directions of one conversation: the part that is not needed for every packet. |ends| is in the
 * order of the table's key, not "client first": |client| says which end is the client. */
struct flow {
    struct endpoint ends[2];
    uint8_t ip_version, protocol; /* as in struct packet: 0 and PROTO_EAPOL for 802.1X */
    uint8_t client;      /* index in |ends| of who opened the conversation, as far as can be told */
    bool client_certain; /* a SYN, or a protocol's own first message, said so */
    bool saw_start;      /* TCP: the SYN was seen; else the capture starts mid-session */
    struct encapsulation around;
    uint8_t mac[2][6];     /* as seen in the first packet of each direction; all 0 when unseen */
    uint64_t first_packet; /* its number in the input */
    uint64_t first_ns;
    uint64_t last_ns;              /* to the millisecond */
    uint64_t packets[2], bytes[2]; /* by sender; bytes as the IP header counts them */
    struct icmp_kind icmp[2];      /* by sender */
    enum flow_end ended;
    bool fin[2]; /* TCP, once it ended: this end has closed its side */

    const struct dissector *dissector; /* who reads this flow, NULL for nobody (yet) */
    void *state;                       /* the dissector's, dissector->state_size bytes, zeroed */
    struct tcp_stream *streams[2];     /* TCP, while somebody reads: by sender */
    uint16_t probed[2];                /* payloads offered to dissectors so far */
    const char *was_read_as; /* by a dissector that lost its interest: its name, or NULL */
    uint8_t num_handovers;   /* from one dissector to the next */
    bool expected; /* an earlier conversation announced it: it was not recognised by its bytes */
    bool
        handed_over; /* since the last packet: what is unread of both sides is to be offered again */
};

#endif
