/* pcapng_writer.h: writes frames as a section of a pcapng file (draft-ietf-opsawg-pcapng), with times in nanoseconds. */
#ifndef PERPASS_CAPTURE_PCAPNG_WRITER_H
#define PERPASS_CAPTURE_PCAPNG_WRITER_H

#include "core/packet.h"

#include <stdio.h>

enum { PCAPNG_WRITER_INTERFACES = 64 };

/* All-zero but for |out| and |name|: a section that has not begun. */
struct pcapng_writer {
    FILE *out;        /* its errors are the caller's to look for */
    const char *name; /* of the interface; NULL: not told */
    uint64_t written; /* bytes */
    bool begun;
    struct {
        uint16_t link_type, number;
    } interfaces[PCAPNG_WRITER_INTERFACES];
    size_t num_interfaces;
};

/* pcapng_writer_cost gives how many bytes |frame| will take at most, all headers included. */
uint64_t pcapng_writer_cost(const struct pcapng_writer *writer, const struct frame *frame);

/* pcapng_writer_add writes |frame|. False: it is of one interface more than a section can have here. */
bool pcapng_writer_add(struct pcapng_writer *writer, const struct frame *frame);

#endif
