/* defrag.h: IPv4 (RFC 791 section 3.2) and IPv6 (RFC 8200 section 4.5) reassembly.
 *
 * Bounded in datagrams and in bytes; what waits longer than 30 s of packet time, or is pushed
 * out by the bounds, is counted. A byte that came twice with different values keeps its first
 * value, and the conflict is counted. A fragment that was cut by the snap length cannot complete
 * a datagram. */
#ifndef PERPASS_CORE_DEFRAG_H
#define PERPASS_CORE_DEFRAG_H

#include "core/packet.h"

struct defrag;

struct defrag_stats {
    uint64_t fragments, reassembled, expired, evicted, conflicts, malformed, cut;
};

enum { DEFRAG_DEFAULT_DATAGRAMS = 1024, DEFRAG_DEFAULT_BYTES = 16 << 20 };

/* defrag_new gives a table of at most |max_datagrams| datagrams in reassembly and |max_bytes|
 * bytes held; NULL when there is no memory. */
struct defrag *defrag_new(size_t max_datagrams, size_t max_bytes);
void defrag_free(struct defrag *defrag);

/* defrag_add takes the LAYERS_FRAGMENT |packet|. When it completes a datagram, gives true and
 * the IP payload in |payload|. That lives for PACKET_MAX_TUNNELS + 1 more calls: long enough for
 * a packet that is a fragment again in each of its tunnels. Time is packet->frame->time_ns. */
bool defrag_add(struct defrag *defrag, const struct packet *packet, struct span *payload);

const struct defrag_stats *defrag_stats(const struct defrag *defrag);

#endif
