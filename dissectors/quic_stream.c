/* quic_stream.c: the pieces of a CRYPTO stream, RFC 9000 sections 2.2 and 19.6. */
#include "dissectors/quic_stream.h"

#include <stdlib.h>

struct quic_piece {
    struct quic_piece *next;
    uint32_t from, to; /* offsets in the stream */
    uint8_t bytes[];
};

static size_t piece_size(const struct quic_piece *piece)
{
    return sizeof *piece + piece->to - piece->from;
}

static void drop_first(struct quic_stream *stream, struct budget *budget)
{
    struct quic_piece *piece = stream->first;
    stream->first = piece->next;
    stream->num--;
    budget_give(budget, piece_size(piece));
    free(piece);
    if (stream->first == NULL)
        budget_wait_over(budget, &stream->holder);
}

/* There is no room for others: what came before its turn is let go. */
static void give_way(struct budget_holder *holder)
{
    struct quic_stream *stream =
        (struct quic_stream *)(void *)((uint8_t *)holder - offsetof(struct quic_stream, holder));
    while (stream->first != NULL)
        drop_first(stream, stream->budget);
    stream->refused = true;
}

/* Puts a new piece at |link|, for the bytes from |from| on. */
static bool insert(struct quic_stream *stream, struct budget *budget, struct quic_piece **link,
                   uint32_t from, struct span bytes)
{
    struct quic_piece *piece = NULL;
    size_t size = sizeof *piece + bytes.len;
    if (stream->num == QUIC_STREAM_MAX_PIECES) {
        budget->refused++;
        return false;
    }
    if (!budget_take_by(budget, &stream->holder, size))
        return false;
    piece = malloc(size);
    if (piece == NULL) {
        budget_give(budget, size);
        return false;
    }
    piece->from = from;
    piece->to = from + (uint32_t)bytes.len;
    memcpy(piece->bytes, bytes.at, bytes.len);
    piece->next = *link;
    *link = piece;
    stream->num++;
    stream->budget = budget;
    stream->holder.give_way = give_way;
    budget_wait(budget, &stream->holder);
    return true;
}

/* Appends to the piece at |link|, which ends where the bytes begin. */
static bool append(struct quic_stream *stream, struct budget *budget, struct quic_piece **link,
                   struct span bytes)
{
    if (!budget_take_by(budget, &stream->holder, bytes.len))
        return false;
    struct quic_piece *piece = realloc(*link, piece_size(*link) + bytes.len);
    if (piece == NULL) {
        budget_give(budget, bytes.len);
        return false;
    }
    memcpy(piece->bytes + (piece->to - piece->from), bytes.at, bytes.len);
    piece->to += (uint32_t)bytes.len;
    *link = piece;
    return true;
}

static struct span part(struct span bytes, size_t from, size_t to)
{
    return span_of(bytes.at + from, to - from);
}

/* Fills the holes that |bytes|, which are at |from|, fill. */
static bool fill(struct quic_stream *stream, struct budget *budget, uint32_t from,
                 struct span bytes)
{
    struct quic_piece **link = &stream->first, **before = NULL;
    uint32_t at = from, to = from + (uint32_t)bytes.len;
    while (at < to) {
        struct quic_piece *piece = *link;
        if (piece != NULL && piece->to <= at) {
            before = piece->to == at ? link : NULL;
            link = &piece->next;
            continue;
        }
        uint32_t until = piece != NULL && piece->from < to ? piece->from : to;
        if (at < until) {
            struct span new_bytes = part(bytes, at - from, until - from);
            bool ok = before != NULL ? append(stream, budget, before, new_bytes)
                                     : insert(stream, budget, link, at, new_bytes);
            if (!ok)
                return false;
            link = before != NULL ? &(*before)->next : &(*link)->next;
            before = NULL;
            at = until;
            continue;
        }
        uint32_t end = piece->to < to ? piece->to : to;
        if (memcmp(piece->bytes + (at - piece->from), bytes.at + (at - from), end - at) != 0)
            stream->conflict = true;
        at = end;
    }
    return true;
}

void quic_stream_add(struct quic_stream *stream, struct budget *budget, uint64_t offset,
                     struct span bytes)
{
    if (bytes.len == 0 || offset + bytes.len <= stream->read)
        return;
    if (offset > QUIC_STREAM_MAX || bytes.len > QUIC_STREAM_MAX - offset) {
        budget->refused++;
        stream->refused = true;
        return;
    }
    size_t old = offset < stream->read ? stream->read - (size_t)offset : 0;
    if (!fill(stream, budget, (uint32_t)(offset + old), part(bytes, old, bytes.len)))
        stream->refused = true;
}

size_t quic_stream_ready(const struct quic_stream *stream)
{
    uint32_t at = stream->read;
    for (const struct quic_piece *piece = stream->first; piece != NULL && piece->from <= at;
         piece = piece->next)
        at = piece->to;
    return at - stream->read;
}

void quic_stream_copy(const struct quic_stream *stream, uint8_t *to, size_t len)
{
    uint32_t at = stream->read, end = stream->read + (uint32_t)len;
    for (const struct quic_piece *piece = stream->first; at < end; piece = piece->next) {
        uint32_t until = piece->to < end ? piece->to : end;
        memcpy(to + (at - stream->read), piece->bytes + (at - piece->from), until - at);
        at = until;
    }
}

void quic_stream_take(struct quic_stream *stream, struct budget *budget, size_t len)
{
    stream->read += (uint32_t)len;
    while (stream->first != NULL && stream->first->to <= stream->read)
        drop_first(stream, budget);
}

void quic_stream_clear(struct quic_stream *stream, struct budget *budget)
{
    while (stream->first != NULL)
        drop_first(stream, budget);
}
