/* quic_stream.h: puts the bytes of one sender's CRYPTO frames in order. RFC 9000 section 19.6.
 *
 * Frames may come in any order, overlap, and come again; the first bytes stand. Bounds: bytes from the
 * start of the stream, pieces, bytes of all flows (struct budget); only what has come takes memory. */
#ifndef PERPASS_DISSECTORS_QUIC_STREAM_H
#define PERPASS_DISSECTORS_QUIC_STREAM_H

#include "core/budget.h"
#include "core/span.h"

enum { QUIC_STREAM_MAX = 64 << 10, QUIC_STREAM_MAX_PIECES = 64 };

struct quic_piece;

/* All-zero is a stream at its start. */
struct quic_stream {
    struct budget_holder holder;
    struct budget *budget;    /* while something is held */
    struct quic_piece *first; /* by offset; they do not overlap */
    uint32_t read;            /* offset of the first byte that was not taken */
    uint8_t num;
    bool conflict; /* bytes came again, and were others */
    bool refused;  /* bytes were let go at a bound */
};

/* quic_stream_add keeps what is new of the bytes at |offset|. */
void quic_stream_add(struct quic_stream *stream, struct budget *budget, uint64_t offset,
                     struct span bytes);

/* quic_stream_ready is how many bytes there are without a hole from |read| on. */
size_t quic_stream_ready(const struct quic_stream *stream);

/* quic_stream_copy copies |len| ready bytes to |to|; quic_stream_take passes over them. */
void quic_stream_copy(const struct quic_stream *stream, uint8_t *to, size_t len);
void quic_stream_take(struct quic_stream *stream, struct budget *budget, size_t len);

/* quic_stream_clear frees what it holds. What was taken is not taken again when it comes again: RFC 9000 section 2.2. */
void quic_stream_clear(struct quic_stream *stream, struct budget *budget);

#endif
