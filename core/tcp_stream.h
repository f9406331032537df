/* tcp_stream.h: one direction of a TCP connection put in order (RFC 9293 section 3.4), by an observer
 * that cannot ask for a retransmission.
 *
 * A segment whose turn it is goes straight from the packet to the consumer; only what that leaves
 * unread is copied. A segment before its turn is held until the hole in front of it fills or is given
 * up. The first byte seen for a sequence number wins. What is held is bounded for a stream
 * (TCP_STREAM_MAX_UNREAD, _MAX_HELD, _MAX_SEGMENTS) and for all streams of one pool. */
#ifndef PERPASS_CORE_TCP_STREAM_H
#define PERPASS_CORE_TCP_STREAM_H

#include "core/reader.h"

enum {
    TCP_STREAM_MAX_UNREAD = 256 << 10, /* bytes that a consumer may leave unread: a whole message */
    TCP_STREAM_MAX_HELD = 256 << 10,   /* bytes that wait behind a hole */
    TCP_STREAM_MAX_SEGMENTS = 64,      /* segments that wait behind a hole */
    TCP_STREAM_PATIENCE =
        16, /* segments after a hole that was acknowledged, before it is given up */
    TCP_STREAM_WINDOW = 1 << 20, /* sequence numbers further from the stream's place are wild */
    TCP_STREAM_WILD_SEGMENTS =
        4 /* wild segments in a row, one behind the other: the stream moved */
};

/* The bound on memory, and the counters, of all streams of one worker. */
struct stream_pool;

struct stream_stats {
    uint64_t gaps;      /* holes given up and segments cut by the snap length */
    uint64_t gap_bytes; /* in these; 0 for a hole of unknown size */
    uint64_t reordered; /* segments that came before their turn */
    uint64_t conflicts; /* segments with other bytes than what is held for the same numbers */
    uint64_t dropped;   /* streams given up at a bound or without memory */
};

/* stream_pool_new gives a pool whose streams hold at most |max_bytes| together; NULL when there is no
 * memory. Free all streams before the pool. */
struct stream_pool *stream_pool_new(size_t max_bytes);
void stream_pool_free(struct stream_pool *pool);
const struct stream_stats *stream_pool_stats(const struct stream_pool *pool);

/* stream_pool_used is the number of bytes that the streams of |pool| hold now. */
size_t stream_pool_used(const struct stream_pool *pool);

/* Who reads a stream.
 *
 * consume reads from |bytes| what it can use. What it leaves is kept, and offered again with more bytes
 * behind it; so it must leave |bytes| at the start of what it could not read yet, and without a fault:
 * try on a copy. bytes->cut tells how many bytes right after these will never come (snap length, loss):
 * it may reader_skip into them and so stay in step. If it does not skip them all, the bytes it left are
 * dropped, and the next offer has |gap|: the bytes that follow are not those that continue what was
 * consumed. |gap| stays set until something is consumed. An offer with |gap| may be empty.
 * False: the stream is of no more interest. */
struct stream_consumer {
    void *to;
    bool (*consume)(void *to, struct reader *bytes, bool gap);
};

struct tcp_stream;

/* tcp_stream_new gives a stream that has seen nothing; NULL when there is no memory for it. */
struct tcp_stream *tcp_stream_new(struct stream_pool *pool);
void tcp_stream_free(struct stream_pool *pool, struct tcp_stream *stream);

/* tcp_stream_add takes a segment: |seq| is the number of its first byte (of the SYN itself when |syn|),
 * |payload| its captured bytes, after which the snap length took |cut| more. Without a SYN the first
 * segment says where the stream starts. False: the stream is over, because the consumer said so or
 * because it was dropped at a bound; all later calls give false, and hold nothing. */
bool tcp_stream_add(struct stream_pool *pool, struct tcp_stream *stream, uint32_t seq, bool syn,
                    struct span payload, size_t cut, const struct stream_consumer *consumer);

/* tcp_stream_acked tells that the other side has acknowledged all before |ack|: what is missing there
 * was lost to the capture alone, and will not be sent again. Return as tcp_stream_add. */
bool tcp_stream_acked(struct stream_pool *pool, struct tcp_stream *stream, uint32_t ack,
                      const struct stream_consumer *consumer);

/* tcp_stream_flush ends the stream: gives up all holes and offers everything that is held. */
void tcp_stream_flush(struct stream_pool *pool, struct tcp_stream *stream,
                      const struct stream_consumer *consumer);

/* tcp_stream_conflicted says whether a segment of this stream ever came with other bytes than those
 * that were held for the same numbers. */
bool tcp_stream_conflicted(const struct tcp_stream *stream);

#endif
