/* field_statistics.h: what the senders of packets put into the fields that they may set freely: the engine's
 * statistics by flow and direction, told as "ip.fields" and "tcp.fields" (core/field_observations.h).
 *
 * A direction is sampled: its first 256 packets, then as many from its 4096th packet on, and from each further
 * doubling. Between these a packet costs a few instructions: only fields that must be zero are looked at. What is
 * counted of a flow fits a cache line; the samples of a direction with nine packets or more, and what was odd, are in
 * a block. The blocks are bounded: of all, the one that was taken first is told early and given away. */
#ifndef PERPASS_CORE_FIELD_STATISTICS_H
#define PERPASS_CORE_FIELD_STATISTICS_H

#include "core/field_observations.h"
#include "core/flow_table.h"

enum {
    FIELD_STATISTICS_SAMPLES = 256,   /* packets of a direction that are sampled in one go */
    FIELD_STATISTICS_QUIET = 8,       /* of these, packets before there is a block */
    FIELD_STATISTICS_AGAIN = 4096,    /* packet from which on a direction is sampled again */
    FIELD_STATISTICS_FLAGS_SHIFT = 12 /* FLOW_FIELDS_0 */
};

struct field_statistics;

/* Who gets what is told of end |side| of the flow |index|. */
struct field_statistics_owner {
    void *to;
    void (*tell)(void *to, uint32_t index, unsigned side, const struct observation_type *type,
                 const void *data);
};

/* field_statistics_new gives statistics for flows with an index below |max_flows| + 1, whose blocks take |max_bytes| at
 * most; NULL when there is no memory. */
struct field_statistics *field_statistics_new(size_t max_flows, size_t max_bytes,
                                              const struct field_statistics_owner *owner);
void field_statistics_free(struct field_statistics *statistics);

/* field_statistics_begin makes a place for a new flow; the flow's flags to set come back. */
uint32_t field_statistics_begin(struct field_statistics *statistics, uint32_t index);

/* field_statistics_fetch asks for the cache line of the flow |index|, which need not be the right one yet;
 * field_statistics_fetch_block, once that is there, for those that a further sample of end |side| is noted in. */
void field_statistics_fetch(const struct field_statistics *statistics, uint32_t index);
void field_statistics_fetch_block(const struct field_statistics *statistics, uint32_t index,
                                  unsigned side);

/* field_statistics_samples says whether end |side| is being sampled. */
static inline bool field_statistics_samples(const struct flow_hot *hot, unsigned side)
{
    return hot->flags >> (FIELD_STATISTICS_FLAGS_SHIFT + side) & 1;
}

/* field_statistics_wants says whether a packet from end |side|, that end's number |packets|, is to be noted. */
static inline bool field_statistics_wants(const struct flow_hot *hot, unsigned side,
                                          const struct packet *packet)
{
    const uint32_t packets = hot->packets[side];
    return field_statistics_samples(hot, side) || (packet->hints & PACKET_MUST_BE_ZERO) ||
           (packets & (packets - 1)) == 0;
}

/* field_statistics_note takes such a packet, after flow_table_touch; the flow's flags come back as they are to be. */
uint32_t field_statistics_note(struct field_statistics *statistics, uint32_t index,
                               const struct flow_hot *hot, unsigned side,
                               const struct packet *packet);

/* field_statistics_end tells what is known of a flow of |protocol| that is over: of each end that sent packets. */
void field_statistics_end(struct field_statistics *statistics, uint32_t index,
                          const struct flow *flow);

/* field_statistics_evicted counts the blocks that were given away early. */
uint64_t field_statistics_evicted(const struct field_statistics *statistics);

#endif
