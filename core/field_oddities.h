/* field_oddities.h: what a packet has in its headers that it should not have, or seldom has; for
 * core/field_statistics.c. */
#ifndef PERPASS_CORE_FIELD_ODDITIES_H
#define PERPASS_CORE_FIELD_ODDITIES_H

#include "core/field_observations.h"
#include "core/packet.h"

/* Of one packet: |packets|, |varied| and |first| of them are not set. */
struct field_oddities {
    struct field_odd odd[NUM_FIELD_ODDITIES];
    unsigned num;
    uint16_t padding,
        padn; /* bytes of padding of the Ethernet frame, and in PadN of IPv6, zeros too */
};

/* field_oddities_hint sets |packet->hints| and |tcp_timestamp|, once all of its headers are read: while they are near. */
void field_oddities_hint(struct packet *packet);

/* field_oddities_of finds what is odd in |packet|; false: nothing. |found| is field_oddities_none
 * before, but for |odd|. Reads the headers only where hints say so. */
bool field_oddities_of(const struct packet *packet, struct field_oddities *found);

static inline void field_oddities_none(struct field_oddities *found)
{
    found->num = 0;
    found->padding = found->padn = 0;
}

/* field_oddities_add adds one with the |len| bytes that it carries. */
void field_oddities_add(struct field_oddities *found, enum field_oddity oddity, const uint8_t *at,
                        size_t len);

/* An echo request or reply of ICMP: its identifier and number, and a hash of its payload. */
struct field_echo {
    bool reply;
    uint32_t which, hash;
};

/* field_oddities_echo reads one; false: it is none, or is not captured whole. Adds what is odd in its payload. */
bool field_oddities_echo(const struct packet *packet, struct field_echo *echo,
                         struct field_oddities *found);

/* field_oddities_any says whether |packet| by itself has something odd: what field_oddities_of finds, or an echo message,
 * replies too, with a payload that is no ping's. */
bool field_oddities_any(const struct packet *packet);

/* Of a TCP header: the value of its time stamp, 0 for none; the kinds of its options, as in struct tcp_fields. */
uint32_t field_oddities_timestamp(struct span header);
uint32_t field_oddities_layout(struct span header);

#endif
