/* flow_key.c: the key of a packet's conversation. */
#include "core/flow_key.h"

static enum flow_key_class class_of(uint8_t protocol)
{
    switch (protocol) {
    case PROTO_TCP:
        return FLOW_KEY_TCP;
    case PROTO_UDP:
        return FLOW_KEY_UDP;
    case PROTO_ICMP:
        return FLOW_KEY_ICMP;
    case PROTO_ICMP6:
        return FLOW_KEY_ICMP6;
    case PROTO_SCTP:
        return FLOW_KEY_SCTP;
    case PROTO_EAPOL:
        return FLOW_KEY_EAPOL;
    default:
        return FLOW_KEY_OTHER;
    }
}

unsigned flow_key_of(const struct packet *packet, struct flow_key *key)
{
    struct flow_key_ends ends = {.source_port = packet->ends[0].port,
                                 .destination_port = packet->ends[1].port};
    memcpy(ends.source, packet->ends[0].address, sizeof ends.source);
    memcpy(ends.destination, packet->ends[1].address, sizeof ends.destination);
    return flow_key_make(key, &ends, class_of(packet->protocol), packet);
}
