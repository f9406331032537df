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
#include "core/stream_pool.h"

enum {
    TCP_STREAM_MAX_UNREAD = 256 << 10, /* bytes that a consumer may leave unread: a whole message */
    TCP_STREAM_MAX_HELD = 256 << 10,   /* bytes that wait behind a hole */
    TCP_STREAM_MAX_SEGMENTS = 64,      /* segments that wait behind a hole */
    TCP_STREAM_WINDOW = 1 << 20,       /* numbers further from the stream's place are wild */
    TCP_STREAM_WILD_SEGMENTS = 4,      /* so many wild ones, each right behind the one before: the
                                          stream has moved there */
    TCP_STREAM_EARLIER = 64 << 10,     /* where no SYN was seen: numbers before the first segment
                                          that may still be put in front of it */
    TCP_STREAM_PATIENCE = 16,          /* segments and acknowledgements that a hole is kept open for
                                          after the other side acknowledged what is in it */
};

/* Who reads a stream.
 *
 * consume reads from |bytes| what it can use. What it leaves is kept, and offered again with more bytes
 * behind it (where the SYN was not seen and nothing was consumed, perhaps also with earlier bytes in
 * front). So it is to leave |bytes| at the start of what it cannot read yet: try on a copy.
 *
 * bytes->cut tells how many bytes right after these will never come (snap length, loss); there may be
 * a cut and no bytes. It may reader_skip into the cut and so stay in step; of a message that goes on
 * behind the cut it counts what is still to come. If it does not skip the cut whole, or leaves |bytes|
 * with a fault, what it left is dropped and the next offer has |gap|: bytes before these were lost and
 * not skipped. |gap| stays set until something is consumed.
 *
 * It must not call the functions below. False: the stream is of no more interest. */
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
 * segment says where the stream starts; if that is a single byte, perhaps the old byte of a keep-alive,
 * the next does. An empty first segment starts the stream, too: that is how to say where it begins.
 * Later segments without payload cost nothing. False: the stream is over, because the consumer said so
 * or because it was dropped at a bound; all later calls give false and hold nothing. */
bool tcp_stream_add(struct stream_pool *pool, struct tcp_stream *stream, uint32_t seq, bool syn,
                    struct span payload, size_t cut, const struct stream_consumer *consumer);

/* tcp_stream_acked tells that a segment of the other side acknowledges all before |ack|: what is missing
 * there was lost to the capture alone, and will not be sent again. Returns as tcp_stream_add does. */
bool tcp_stream_acked(struct stream_pool *pool, struct tcp_stream *stream, uint32_t ack,
                      const struct stream_consumer *consumer);

/* tcp_stream_offer_again offers what was left unread, as it was: to another consumer. Returns as
 * tcp_stream_add does. */
bool tcp_stream_offer_again(struct stream_pool *pool, struct tcp_stream *stream,
                            const struct stream_consumer *consumer);

/* tcp_stream_flush ends the stream: gives up all holes and offers everything that is held. It is
 * over then, and holds nothing. */
void tcp_stream_flush(struct stream_pool *pool, struct tcp_stream *stream,
                      const struct stream_consumer *consumer);

/* tcp_stream_conflicted says whether a segment of this stream ever came with other bytes than those
 * that were held for the same numbers. */
bool tcp_stream_conflicted(const struct tcp_stream *stream);

#endif
