/* flow_table.h: the conversations of one worker.
 *
 * A known flow costs one cache line of the index and one of the table: struct flow_hot holds the key and
 * all that every packet changes. The rest (struct flow, the streams' beginnings) is touched only
 * while somebody reads the flow. Address space is taken once, at the start; the index grows with the flows.
 *
 * Bounds: the number of flows, and eight flows in a bucket of the index. When either is reached, the flow
 * that would run out of time first is pushed out; a flow that was never answered has little time, so
 * that a flood of first packets pushes itself out, and not the conversations that were there before.
 * The index is keyed by a random key, so that nobody can aim at a bucket. */
#ifndef PERPASS_CORE_FLOW_TABLE_H
#define PERPASS_CORE_FLOW_TABLE_H

#include "core/flow.h"
#include "core/flow_key.h"
#include "core/keyed_hash.h"

enum flow_flag {
    FLOW_READ_0 = 0x01, /* somebody reads what end 0 sends; FLOW_READ_0 << 1 for end 1 */
    FLOW_READ_1 = 0x02,
    FLOW_FIN_0 = 0x04, /* end 0 sent a FIN; << 1 for end 1 */
    FLOW_FIN_1 = 0x08,
    FLOW_RST = 0x10,
    FLOW_ANSWERED = 0x20, /* both ends have sent */
    FLOW_LIVE = 0x40,     /* the table's: this place is taken */
    FLOW_QUIET_0 = 0x80,  /* only what wakes the reader of end 0 is handed to it; << 1 for end 1 */
    FLOW_QUIET_1 = 0x100,
    FLOW_STREAM_0 = 0x200, /* flow->streams[0] is there; << 1 for end 1 */
    FLOW_STREAM_1 = 0x400,
    FLOW_SHOWN = 0x800,    /* its packets are shown while nobody reads it */
    FLOW_READER_SHIFT = 16 /* from this bit on: the engine's number of a UDP flow's dissector */
};

/* What every packet of a flow touches: one cache line. */
struct flow_hot {
    struct flow_key key;
    uint32_t last;  /* time of the last packet, in units of 2^20 ns, modulo 2^32 */
    uint32_t flags; /* enum flow_flag */
    uint32_t packets[2];
    uint32_t bytes[2]; /* low 32 bits; what they overflow is in flow_cold */
} __attribute__((aligned(64)));

struct flow_cold {
    struct flow flow;
    uint32_t packets_high[2], bytes_high[2];
    uint32_t next_seq[2]; /* TCP: the number of the byte that each side sends next … */
    uint32_t isn[2];      /* the number of the SYN of each side, when has_seq came from one */
    bool has_seq[2];      /* … when it is known */
    uint8_t shown;        /* packets, while FLOW_SHOWN */
};

struct flow_table;

/* Conversations are looked at, to end those whose time is over, when this many low bits of the time come round. */
enum { FLOW_TABLE_TICK_SHIFT = 30 };

/* Called for a flow that is over, before its place is given away. */
struct flow_table_owner {
    void *to;
    void (*end)(void *to, uint32_t index, enum flow_end how);
};

/* flow_table_new gives a table of at most |max_flows| (1 to 2^24), which hashes keys by a copy of |key|; NULL: by a
 * random one. NULL when there is no memory. */
struct flow_table *flow_table_new(size_t max_flows, const struct flow_table_owner *owner,
                                  const struct keyed_hash_five_key *key);
void flow_table_free(struct flow_table *table); /* without a word to the owner */

uint64_t flow_table_hash(const struct flow_table *table, const struct flow_key *key);

/* flow_table_prefetch asks for the cache line of the index; flow_table_prefetch_flow, once that is there,
 * for the flow's, and gives the place where the flow may be; 0 when it is not where most flows are. */
void flow_table_prefetch(const struct flow_table *table, uint64_t hash);
uint32_t flow_table_prefetch_flow(const struct flow_table *table, uint64_t hash);

/* flow_table_find gives the index of the flow, 0 when there is none. */
uint32_t flow_table_find(const struct flow_table *table, const struct flow_key *key, uint64_t hash);

/* flow_table_find_near does the same, and is faster when the flow is at |place|, whatever has become of that since
 * flow_table_prefetch_flow gave it. */
uint32_t flow_table_find_near(const struct flow_table *table, const struct flow_key *key,
                              uint64_t hash, uint32_t place);

/* flow_table_add makes a place for a flow that is not there; its flow_hot and flow_cold are zeroed but for
 * the key and |now|. May end other flows. Never fails. */
uint32_t flow_table_add(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                        uint64_t now_ns);

/* flow_table_restart ends a flow, and begins another one of the same key in its place. */
void flow_table_restart(struct flow_table *table, uint32_t index, enum flow_end how,
                        uint64_t now_ns);

struct flow_hot *flow_table_hot(const struct flow_table *table, uint32_t index);
struct flow_cold *flow_table_cold(const struct flow_table *table, uint32_t index);

/* flow_table_touch notes a packet of |len| bytes from end |side| at |now_ns|. Time must not go back. */
void flow_table_touch(struct flow_table *table, uint32_t index, unsigned side, uint32_t len,
                      uint64_t now_ns);

/* flow_table_sync brings flow->packets, ->bytes and ->last_ns up to date. */
void flow_table_sync(struct flow_table *table, uint32_t index);

/* flow_table_advance ends the flows whose time is over at |now_ns|, which must not go back but when all were ended. To
 * be called once in every tick in which there are packets, before these. */
void flow_table_advance(struct flow_table *table, uint64_t now_ns);

/* flow_table_end_all ends every flow, in the order in which they began. */
void flow_table_end_all(struct flow_table *table, enum flow_end how);

/* flow_table_evicted counts the flows that were pushed out. */
uint64_t flow_table_evicted(const struct flow_table *table);

#endif
