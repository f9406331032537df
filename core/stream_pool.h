/* stream_pool.h: the memory that TCP streams hold, bounded, and the counters of what became of them.
 *
 * Bytes that wait are in pieces. A piece of the smallest size goes to a short list of spares when it is
 * given back, as streams take and give one at almost every message that spans two segments. */
#ifndef PERPASS_CORE_STREAM_POOL_H
#define PERPASS_CORE_STREAM_POOL_H

#include "core/span.h"

enum {
    STREAM_POOL_PIECE = 2000, /* bytes in the smallest piece: a segment of an Ethernet frame */
    STREAM_POOL_SPARES = 64   /* pieces kept for reuse, beyond the bound of the pool */
};

struct stream_stats {
    uint64_t gaps;      /* holes that were given up: bytes lost before the capture */
    uint64_t gap_bytes; /* in these; 0 for a stream that went on at lower numbers */
    uint64_t reordered; /* segments that came before their turn */
    uint64_t conflicts; /* segments with other bytes than those held for the same numbers */
    uint64_t dropped;   /* streams given up at a bound, or without memory */
};

/* A run of bytes of a stream, at bytes[at .. at + len). Whose it is sets all but |capacity|. */
struct stream_piece {
    struct stream_piece *next;
    uint32_t seq;      /* of the first byte */
    uint32_t at, len;  /* bytes */
    uint32_t cut;      /* bytes after these that were sent, and never will be seen */
    uint32_t capacity; /* bytes */
    uint32_t
        acked_at; /* the stream's clock when the other side was seen to have all before |seq| */
    bool acked;
    uint8_t bytes[];
};

struct stream_pool {
    size_t max_bytes, used; /* of pieces, their heads included */
    struct stream_piece *spares;
    unsigned num_spares;
    struct stream_stats stats; /* counted by tcp_stream.c */
};

/* stream_pool_new gives a pool of at most |max_bytes|; NULL when there is no memory. All streams are to
 * be freed before it. */
struct stream_pool *stream_pool_new(size_t max_bytes);
void stream_pool_free(struct stream_pool *pool);
const struct stream_stats *stream_pool_stats(const struct stream_pool *pool);

/* stream_pool_take gives an empty piece for at least |capacity| bytes; NULL at the bound, or without
 * memory. stream_pool_put takes it back; NULL is nothing. */
struct stream_piece *stream_pool_take(struct stream_pool *pool, size_t capacity);
void stream_pool_put(struct stream_pool *pool, struct stream_piece *piece);

#endif
