/* field_observations.h: "ip.fields" and "tcp.fields": what one end of a flow put into fields that it may set freely. */
#ifndef PERPASS_CORE_FIELD_OBSERVATIONS_H
#define PERPASS_CORE_FIELD_OBSERVATIONS_H

#include "core/observation.h"

/* What a header has that it should not have, or seldom has. */
enum field_oddity {
    ODDITY_IP_RESERVED_BIT,    /* bit 0 of the flags of IPv4 (RFC 791 section 3.1) */
    ODDITY_IP_OPTIONS,         /* options of IPv4; |detail| is the kind of the first */
    ODDITY_IP6_PADDING,        /* PadN that is not zero (RFC 8200 section 4.2) */
    ODDITY_ETHERNET_PADDING,   /* of a frame of 60 bytes, not zero (RFC 894) */
    ODDITY_ICMP_PAYLOAD,       /* of an echo request, like that of no ping */
    ODDITY_ICMP_REPLY,         /* of an echo reply, other than that of its request */
    ODDITY_TCP_RESERVED,       /* the three reserved bits (RFC 9293 section 3.1, RFC 9768) */
    ODDITY_TCP_URGENT,         /* an urgent pointer without URG */
    ODDITY_TCP_ACK,            /* an acknowledgement number without ACK in a SYN */
    ODDITY_TCP_OPTION,         /* an option of unknown kind: |detail| */
    ODDITY_TCP_OPTION_PADDING, /* behind the end of options, not zero (RFC 9293 section 3.1) */
    NUM_FIELD_ODDITIES
};
const char *field_oddity_name(uint64_t oddity); /* "ip_reserved_bit" */

/* How often, and what it carried. */
struct field_odd {
    enum field_oddity oddity;
    uint32_t packets;
    uint32_t bytes;           /* of what is odd; 0 for single bits */
    uint32_t printable;       /* of these, characters of ASCII */
    uint32_t varied;          /* packets in which it was another value than in the one before */
    uint32_t detail;          /* the kind of an option */
    uint32_t last;            /* what the value was: a hash where it is longer */
    uint64_t first, first_ns; /* number and time of the first packet */
};

/* A packet that was sampled: eight bytes, as there are many. */
enum { FIELD_SAMPLE_LONGEST = 2046 };
struct field_sample {
    uint32_t time_us; /* since the first of its block */
    uint16_t id;      /* of IPv4 */
    uint16_t
        half_len : 10; /* of the transport's payload, rounded up; of FIELD_SAMPLE_LONGEST at most */
    uint16_t dscp : 6;
};

/* "ip.fields": one direction of a flow. */
struct ip_fields {
    struct number
        packets; /* that this tells of; not seen: it is told early, those are yet to be told */
    struct number sampled; /* that were looked at in full */
    struct number first_ttl, min_ttl, max_ttl, ttl_changes;
    struct number dscp, dscp_changes;        /* DSCP of the first; ECN is not looked at */
    struct number flow_label, label_changes; /* IPv6: the last one */
    struct number first_id;                  /* IPv4 */
    struct number padded, padding;           /* frames with padding behind the packet; its bytes */
    struct number padn_packets, padn;        /* IPv6: packets with PadN; its bytes */
    struct span samples;  /* struct field_sample each, of the host's bytes; no row */
    struct span oddities; /* FIELD_ODD_LEN bytes each, in network byte order */
};

/* "tcp.fields": the same, of TCP. */
struct tcp_fields {
    struct number isn;        /* of its SYN */
    struct number options;    /* of its SYN: FIELD_OPTION_BITS each, the first one highest */
    struct number timestamps; /* sampled segments with a time stamp */
    struct number timestamps_backward; /* of these, with an earlier one than that of bytes before */
    struct span oddities;
};

/* The order of the options of a SYN tells stacks apart: kinds 1 to 8 as they are, others as 15, up to eight. */
enum { FIELD_OPTION_BITS = 4, FIELD_ODD_LEN = 37 };

extern const struct observation_type observation_ip_fields, observation_tcp_fields;

/* field_sample_at gives the sample |index| of field_samples_num. */
struct field_sample field_sample_at(struct span samples, size_t index);
size_t field_samples_num(struct span samples);

/* field_odd_next takes the next of |oddities|; field_odd_put writes one to |room| of FIELD_ODD_LEN bytes. */
struct field_odd field_odd_next(struct reader *oddities);
void field_odd_put(uint8_t *room, const struct field_odd *odd);

#endif
