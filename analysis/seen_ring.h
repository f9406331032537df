/* seen_ring.h: the last few things of a kind: what is met again soon is the same one, seen twice (a retransmission, or
 * one packet captured at two places). */
#ifndef PERPASS_ANALYSIS_SEEN_RING_H
#define PERPASS_ANALYSIS_SEEN_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEEN_RING_SIZE = 8 };

/* All-zero is empty. */
struct seen_ring {
    uint64_t names[SEEN_RING_SIZE]; /* hashes; 0: nothing is here */
    uint8_t next;
};

/* seen_ring_add takes |name| (not 0); false when it is one of the last ones. */
static inline bool seen_ring_add(struct seen_ring *ring, uint64_t name)
{
    for (size_t i = 0; i < SEEN_RING_SIZE; i++)
        if (ring->names[i] == name)
            return false;
    ring->names[ring->next] = name;
    ring->next = (uint8_t)((ring->next + 1) % SEEN_RING_SIZE);
    return true;
}

#endif
