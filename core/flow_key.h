/* flow_key.h: what tells one conversation from another. */
#ifndef PERPASS_CORE_FLOW_KEY_H
#define PERPASS_CORE_FLOW_KEY_H

#include "core/packet.h"

/* Both ends of a conversation, the lower one first, with the tunnel they were seen in. */
struct flow_key {
    uint64_t word[5];
};

/* The classes of protocols in a key. Those without ports share one, and have their own number in the place of the
 * ports. */
enum flow_key_class {
    FLOW_KEY_OTHER,
    FLOW_KEY_TCP,
    FLOW_KEY_UDP,
    FLOW_KEY_ICMP,
    FLOW_KEY_ICMP6,
    FLOW_KEY_SCTP,
    FLOW_KEY_EAPOL
};

/* A packet's ends as numbers: the bytes of an address as the machine loads them. */
struct flow_key_ends {
    uint64_t source[2], destination[2];
    uint16_t source_port, destination_port;
};

/* flow_key_class is the class in |key|. */
static inline enum flow_key_class flow_key_class(const struct flow_key *key)
{
    return (enum flow_key_class)(key->word[4] >> 56 & 7);
}

/* flow_key_make makes the key of a packet from |ends|, with all that |packet| says but its ends; gives the index (0
 * or 1) of the sender in it. Which end is the lower one is as good as random: nothing here is a branch. */
static inline unsigned flow_key_make(struct flow_key *key, const struct flow_key_ends *ends,
                                     enum flow_key_class class, const struct packet *packet)
{
    const uint64_t *a = ends->source, *b = ends->destination;
    uint64_t port_a = ends->source_port, port_b = ends->destination_port;
    unsigned swap =
        (a[0] > b[0]) |
        ((a[0] == b[0]) & ((a[1] > b[1]) | ((a[1] == b[1]) & (unsigned)(port_a > port_b))));
    uint64_t mask = 0 - (uint64_t)swap;
    uint64_t first = (a[0] ^ b[0]) & mask, second = (a[1] ^ b[1]) & mask;
    uint64_t ports = (port_a ^ port_b) & mask;
    uint64_t low_port = port_a ^ ports, high_port = port_b ^ ports;
    if (class == FLOW_KEY_OTHER)
        low_port = high_port = packet->protocol;
    key->word[0] = a[0] ^ first;
    key->word[1] = a[1] ^ second;
    key->word[2] = b[0] ^ first;
    key->word[3] = b[1] ^ second;
    key->word[4] = low_port | high_port << 16 | (uint64_t)(packet->tunnel_id & 0xffffff) << 32 |
                   (uint64_t) class << 56 | (uint64_t)(packet->ip_version == 6) << 59 |
                   (uint64_t)(packet->num_tunnels & 0xf) << 60;
    return swap;
}

/* flow_key_of makes the key of a packet's flow; gives the index (0 or 1) of the sender in it. */
unsigned flow_key_of(const struct packet *packet, struct flow_key *key);

#endif
