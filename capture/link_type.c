/* link_type.c: link types of files (LINKTYPE_) and of the running system (DLT_), by the list at
 * https://www.tcpdump.org/linktypes.html. Those that are not in the table are the same in both. */
#include "capture/link_type.h"

#include <pcap/dlt.h>
#include <stddef.h>

enum { LINKTYPE_RAW = 101 };

static const struct {
    int dlt;
    uint16_t link_type;
} link_types[] = {
    {DLT_ATM_RFC1483, 100}, {DLT_RAW, LINKTYPE_RAW}, {DLT_SLIP_BSDOS, 102}, {DLT_PPP_BSDOS, 103},
    {DLT_C_HDLC, 104},      {DLT_ATM_CLIP, 106},     {DLT_FRELAY, 107},     {DLT_LOOP, 108},
    {DLT_ENC, 109},         {DLT_HDLC, 112},         {DLT_PFSYNC, 246},     {DLT_PKTAP, 258},
};

enum { NUM_LINK_TYPES = sizeof link_types / sizeof link_types[0] };

uint16_t link_type_of_file(uint16_t link_type)
{
    /* DLT_RAW of most systems, and of OpenBSD. */
    return link_type == 12 || link_type == 14 ? LINKTYPE_RAW : link_type;
}

uint16_t link_type_of_dlt(int dlt)
{
    for (size_t i = 0; i < NUM_LINK_TYPES; i++)
        if (link_types[i].dlt == dlt)
            return link_types[i].link_type;
    return (uint16_t)dlt;
}

int link_type_to_dlt(uint16_t link_type)
{
    for (size_t i = 0; i < NUM_LINK_TYPES; i++)
        if (link_types[i].link_type == link_type)
            return link_types[i].dlt;
    return link_type;
}
