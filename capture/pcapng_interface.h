/* pcapng_interface.h: what a pcapng section says about one of its interfaces, and options of its
 * blocks. */
#ifndef PERPASS_CAPTURE_PCAPNG_INTERFACE_H
#define PERPASS_CAPTURE_PCAPNG_INTERFACE_H

#include "core/reader.h"

struct pcapng_interface {
    uint16_t link_type;
    uint32_t snaplen;   /* 0: none */
    uint32_t fcs_len;   /* bytes of frame check sequence at a frame's end */
    uint8_t resolution; /* if_tsresol: 10^-n, or 2^-n with the top bit set */
    uint64_t ns_a_unit; /* of a time stamp; 0 when that is no whole number */
    int64_t offset;     /* if_tsoffset: seconds to add */
    uint64_t dropped_by_interface, dropped_by_system; /* as its statistics say */
    uint64_t dropped_by_packets;                      /* as its packets say, added up */
};

/* pcapng_interface_read reads the body of an Interface Description Block. False when an option that
 * matters, or their list, is broken. */
bool pcapng_interface_read(struct pcapng_interface *interface, struct reader *body, bool little);

/* pcapng_interface_time gives nanoseconds since 1970. Times before that give 0, and times that
 * 64 bits cannot hold (after 2554) give the last one that they can. */
uint64_t pcapng_interface_time(const struct pcapng_interface *interface, uint64_t time);

/* pcapng_interface_statistics reads the options of an Interface Statistics Block. */
void pcapng_interface_statistics(struct pcapng_interface *interface, struct reader *options,
                                 bool little);

/* pcapng_interface_dropped is how many packets the interface lost, as far as the capture tells. */
uint64_t pcapng_interface_dropped(const struct pcapng_interface *interface);

/* pcapng_packet_options reads the options of an Enhanced or obsolete Packet Block: sets
 * |fcs_len| if the packet tells its own, and adds to |dropped|. */
void pcapng_packet_options(struct reader *options, bool little, uint32_t *fcs_len,
                           uint64_t *dropped);

#endif
