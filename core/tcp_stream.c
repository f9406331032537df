/* tcp_stream.c: puts the segments of one direction of a TCP connection in order.
 *
 * RFC 9293: sequence space (3.4), keep-alives and probes (3.8.4, 3.8.6.1). Reads sequence numbers and
 * payload; flags, windows, checksums and options are of no concern here. All arithmetic on sequence
 * numbers is modulo 2^32: "a before b" is a negative int32_t of their difference. */
#include "core/tcp_stream.h"

#include <stdlib.h>

struct tcp_stream {
    uint32_t next; /* number of the first byte that was not delivered yet */
    uint32_t
        passed; /* numbers right before |next| that the stream went through; stops at 2^31 - 1 */
    struct stream_piece *unread; /* what the consumer left: ends right before |next| */
    struct stream_piece *held;   /* segments behind a hole, ascending, none overlapping */
    uint32_t num_held, held_bytes;
    bool started, saw_syn, over;
    bool consumed;   /* something was consumed or dropped: nothing can be put in front any more */
    bool gap;        /* for the next offer */
    bool conflicted; /* see tcp_stream_conflicted */
    bool probed;     /* |probe| is set */
    bool was_acked;  /* |acked| is set */
    uint8_t num_wild;
    uint32_t clock;     /* segments that came, and acknowledgements, while something was held */
    uint32_t acked;     /* the latest acknowledgement of the other side */
    uint32_t wild_next; /* the number after the latest of |num_wild| wild segments in a row */
    uint32_t probe;     /* of a single byte that came before the start */
};

/* A segment, or the part of it that is still of interest: bytes, then what the snap length took. */
struct tcp_segment {
    uint32_t seq;
    uint32_t cut;
    struct span bytes;
};

static const uint8_t no_bytes[1]; // so that an empty span is not NULL

static uint32_t segment_len(const struct tcp_segment *segment)
{
    return (uint32_t)segment->bytes.len + segment->cut;
}

/* The first |len| numbers of |segment|. */
static struct tcp_segment segment_head(struct tcp_segment segment, uint32_t len)
{
    if (len <= segment.bytes.len) {
        segment.bytes.len = len;
        segment.cut = 0;
    } else {
        segment.cut = len - (uint32_t)segment.bytes.len;
    }
    return segment;
}

/* |segment| without its first |len| numbers. */
static struct tcp_segment segment_tail(struct tcp_segment segment, uint32_t len)
{
    uint32_t of_bytes = len < segment.bytes.len ? len : (uint32_t)segment.bytes.len;
    segment.seq += len;
    segment.bytes = span_of(segment.bytes.at + of_bytes, segment.bytes.len - of_bytes);
    segment.cut -= len - of_bytes;
    return segment;
}

static struct span piece_span(const struct stream_piece *piece)
{
    return span_of(piece->bytes + piece->at, piece->len);
}

static struct tcp_segment piece_segment(const struct stream_piece *piece)
{
    return (struct tcp_segment){.seq = piece->seq, .cut = piece->cut, .bytes = piece_span(piece)};
}

/* Forgets all but the last |len| bytes. */
static void piece_keep_last(struct stream_piece *piece, uint32_t len)
{
    piece->seq += piece->len - len;
    piece->at += piece->len - len;
    piece->len = len;
    piece->cut = 0;
}

/* A piece for |segment|, with room for more; NULL at the pool's bound. */
static struct stream_piece *piece_of(struct stream_pool *pool, const struct tcp_segment *segment)
{
    struct stream_piece *piece = stream_pool_take(pool, segment->bytes.len);
    if (piece == NULL)
        return NULL;
    piece->seq = segment->seq;
    piece->len = (uint32_t)segment->bytes.len;
    piece->cut = segment->cut;
    memcpy(piece->bytes, segment->bytes.at, segment->bytes.len);
    return piece;
}

/* Says whether |piece| and |segment| have other bytes for the same numbers. */
static bool piece_differs(const struct stream_piece *piece, const struct tcp_segment *segment)
{
    int64_t shift = (int32_t)(segment->seq - piece->seq);
    int64_t from = shift > 0 ? shift : 0;
    int64_t to = shift + (int64_t)segment->bytes.len;
    if (to > piece->len)
        to = piece->len;
    return from < to && memcmp(piece_span(piece).at + from, segment->bytes.at + (from - shift),
                               (size_t)(to - from)) != 0;
}

struct tcp_stream *tcp_stream_new(struct stream_pool *pool)
{
    (void)pool;
    return (struct tcp_stream *)calloc(1, sizeof(struct tcp_stream));
}

/* The stream is over: holds nothing from here on. */
static void tcp_stream_end(struct stream_pool *pool, struct tcp_stream *stream)
{
    stream_pool_put(pool, stream->unread);
    stream->unread = NULL;
    while (stream->held != NULL) {
        struct stream_piece *piece = stream->held;
        stream->held = piece->next;
        stream_pool_put(pool, piece);
    }
    stream->over = true;
}

static void tcp_stream_drop(struct stream_pool *pool, struct tcp_stream *stream)
{
    pool->stats.dropped++;
    tcp_stream_end(pool, stream);
}

void tcp_stream_free(struct stream_pool *pool, struct tcp_stream *stream)
{
    if (stream == NULL)
        return;
    tcp_stream_end(pool, stream);
    free(stream);
}

/* Offers |bytes| and the |cut| after them; gives the number of bytes to keep, which are the last. */
static uint32_t tcp_stream_offer(struct stream_pool *pool, struct tcp_stream *stream,
                                 struct span bytes, uint32_t cut,
                                 const struct stream_consumer *consumer)
{
    struct reader r = reader_of_cut(bytes, cut);
    if (!consumer->consume(consumer->to, &r, stream->gap)) {
        tcp_stream_end(pool, stream);
        return 0;
    }
    if (r.at != bytes.at || r.cut != cut) {
        stream->consumed = true;
        stream->gap = false;
    }
    size_t left = (size_t)(bytes.at + bytes.len - r.at);
    bool out_of_step = !reader_ok(&r) || (cut != 0 && (left != 0 || r.cut != 0));
    if (out_of_step) {
        stream->consumed = true;
        stream->gap = true;
        return 0;
    }
    if (left > TCP_STREAM_MAX_UNREAD) {
        tcp_stream_drop(pool, stream);
        return 0;
    }
    return (uint32_t)left;
}

/* Puts |bytes| behind what is unread; false at a bound. */
static bool tcp_stream_append(struct stream_pool *pool, struct tcp_stream *stream,
                              struct span bytes)
{
    struct stream_piece *old = stream->unread;
    size_t need = old->len + bytes.len;
    if (need > TCP_STREAM_MAX_UNREAD)
        return false;
    if (need > old->capacity) {
        size_t twice = 2 * (size_t)old->capacity;
        size_t most = twice < TCP_STREAM_MAX_UNREAD ? twice : TCP_STREAM_MAX_UNREAD;
        struct stream_piece *piece = stream_pool_take(pool, need > most ? need : most);
        if (piece == NULL)
            return false;
        piece->seq = old->seq;
        piece->len = old->len;
        memcpy(piece->bytes, piece_span(old).at, old->len);
        stream_pool_put(pool, old);
        stream->unread = piece;
    } else if (old->at + need > old->capacity) {
        memmove(old->bytes, piece_span(old).at, old->len);
        old->at = 0;
    }
    struct stream_piece *piece = stream->unread;
    memcpy(piece->bytes + piece->at + piece->len, bytes.at, bytes.len);
    piece->len += (uint32_t)bytes.len;
    return true;
}

static void tcp_stream_advance(struct tcp_stream *stream, uint32_t len)
{
    stream->next += len;
    stream->passed = stream->passed < INT32_MAX - len ? stream->passed + len : INT32_MAX;
}

/* Offers |segment|, whose turn it is, behind what is unread. */
static void tcp_stream_deliver(struct stream_pool *pool, struct tcp_stream *stream,
                               const struct tcp_segment *segment,
                               const struct stream_consumer *consumer)
{
    tcp_stream_advance(stream, segment_len(segment));
    if (stream->unread == NULL) {
        uint32_t left = tcp_stream_offer(pool, stream, segment->bytes, segment->cut, consumer);
        if (left == 0)
            return;
        struct tcp_segment rest = segment_tail(*segment, (uint32_t)segment->bytes.len - left);
        stream->unread = piece_of(pool, &rest);
        if (stream->unread == NULL)
            tcp_stream_drop(pool, stream);
        return;
    }
    if (!tcp_stream_append(pool, stream, segment->bytes)) {
        tcp_stream_drop(pool, stream);
        return;
    }
    uint32_t left =
        tcp_stream_offer(pool, stream, piece_span(stream->unread), segment->cut, consumer);
    if (left != 0) {
        piece_keep_last(stream->unread, left);
        return;
    }
    stream_pool_put(pool, stream->unread);
    stream->unread = NULL;
}

/* Delivers the first held piece, whose turn it is. */
static void tcp_stream_deliver_held(struct stream_pool *pool, struct tcp_stream *stream,
                                    const struct stream_consumer *consumer)
{
    struct stream_piece *piece = stream->held;
    stream->held = piece->next;
    stream->num_held--;
    stream->held_bytes -= piece->len;
    struct tcp_segment segment = piece_segment(piece);
    if (stream->unread != NULL) {
        tcp_stream_deliver(pool, stream, &segment, consumer);
        stream_pool_put(pool, piece);
        return;
    }
    tcp_stream_advance(stream, segment_len(&segment));
    uint32_t left = tcp_stream_offer(pool, stream, segment.bytes, segment.cut, consumer);
    if (left == 0) {
        stream_pool_put(pool, piece);
        return;
    }
    // No copy: the piece that was held becomes the unread one.
    piece_keep_last(piece, left);
    stream->unread = piece;
}

static void tcp_stream_drain(struct stream_pool *pool, struct tcp_stream *stream,
                             const struct stream_consumer *consumer)
{
    while (stream->held != NULL && stream->held->seq == stream->next)
        tcp_stream_deliver_held(pool, stream, consumer);
}

/* The hole in front of what is held will not fill: tells the consumer, and goes on behind it. */
static void tcp_stream_give_up_hole(struct stream_pool *pool, struct tcp_stream *stream,
                                    const struct stream_consumer *consumer)
{
    struct tcp_segment hole = {.seq = stream->next,
                               .cut = stream->held->seq - stream->next,
                               .bytes = span_of(no_bytes, 0)};
    pool->stats.gaps++;
    pool->stats.gap_bytes += hole.cut;
    tcp_stream_deliver(pool, stream, &hole, consumer);
    tcp_stream_drain(pool, stream, consumer);
}

/* An acknowledgement may be seen before what it acknowledges, as the two directions come to a mirror
 * port by different ways; so it only starts the clock. */
static bool tcp_stream_lost_patience(const struct tcp_stream *stream)
{
    const struct stream_piece *first = stream->held;
    return stream->num_held > TCP_STREAM_MAX_SEGMENTS || stream->held_bytes > TCP_STREAM_MAX_HELD ||
           (first->acked && stream->clock - first->acked_at >= TCP_STREAM_PATIENCE);
}

static void tcp_stream_give_up_holes(struct stream_pool *pool, struct tcp_stream *stream,
                                     const struct stream_consumer *consumer)
{
    while (stream->held != NULL && tcp_stream_lost_patience(stream))
        tcp_stream_give_up_hole(pool, stream, consumer);
}

static void tcp_stream_mark_acked(const struct tcp_stream *stream, struct stream_piece *piece)
{
    if (!piece->acked && stream->was_acked && (int32_t)(stream->acked - piece->seq) >= 0) {
        piece->acked = true;
        piece->acked_at = stream->clock;
    }
}

/* Puts a copy of |segment| at |link|; gives the link behind it, or NULL at the pool's bound. */
static struct stream_piece **tcp_stream_insert(struct stream_pool *pool, struct tcp_stream *stream,
                                               struct stream_piece **link,
                                               const struct tcp_segment *segment)
{
    struct stream_piece *piece = piece_of(pool, segment);
    if (piece == NULL)
        return NULL;
    tcp_stream_mark_acked(stream, piece);
    piece->next = *link;
    *link = piece;
    stream->num_held++;
    stream->held_bytes += piece->len;
    return &piece->next;
}

/* Holds what of |segment| is not held yet; false at the pool's bound. */
static bool tcp_stream_hold(struct stream_pool *pool, struct tcp_stream *stream,
                            struct tcp_segment segment)
{
    struct stream_piece **link = &stream->held;
    while (link != NULL && *link != NULL && segment_len(&segment) > 0) {
        struct stream_piece *piece = *link;
        int32_t before = (int32_t)(piece->seq - segment.seq);
        if (before >= (int64_t)segment_len(&segment))
            break;
        if (before > 0) {
            struct tcp_segment head = segment_head(segment, (uint32_t)before);
            link = tcp_stream_insert(pool, stream, link, &head);
            segment = segment_tail(segment, (uint32_t)before);
            continue;
        }
        int64_t covered = (int64_t)before + piece->len + piece->cut;
        if (covered > segment_len(&segment))
            covered = segment_len(&segment);
        if (covered > 0)
            segment = segment_tail(segment, (uint32_t)covered);
        link = &piece->next;
    }
    if (link != NULL && segment_len(&segment) > 0)
        link = tcp_stream_insert(pool, stream, link, &segment);
    return link != NULL;
}

/* The first bytes win; that there were others is worth to know. */
static void tcp_stream_compare(struct stream_pool *pool, struct tcp_stream *stream,
                               const struct tcp_segment *segment)
{
    bool differs = stream->unread != NULL && piece_differs(stream->unread, segment);
    for (const struct stream_piece *piece = stream->held; piece != NULL; piece = piece->next)
        differs = differs || piece_differs(piece, segment);
    if (differs) {
        pool->stats.conflicts++;
        stream->conflicted = true;
    }
}

/* Says whether |segment| starts the stream. A single byte does not, the first time: idle connections
 * begin a capture with keep-alives, whose byte was sent long ago or never. */
static bool tcp_stream_start(struct tcp_stream *stream, const struct tcp_segment *segment, bool syn)
{
    uint32_t len = segment_len(segment);
    if (!syn && len == 1 && (!stream->probed || stream->probe == segment->seq)) {
        stream->probed = true;
        stream->probe = segment->seq;
        return false;
    }
    stream->started = true;
    stream->saw_syn = syn;
    stream->next = segment->seq;
    return true;
}

/* The capture started mid-session with segments out of order: if nobody has read yet what was taken
 * for the start, the stream starts at |seq|, and what was left unread waits for its turn again. */
static void tcp_stream_start_earlier(struct stream_pool *pool, struct tcp_stream *stream,
                                     uint32_t seq, bool syn)
{
    uint32_t earlier = stream->next - stream->passed - seq;
    if (stream->saw_syn || stream->consumed || earlier > TCP_STREAM_EARLIER)
        return;
    stream->saw_syn = syn;
    if (earlier == 0)
        return;
    struct stream_piece *piece = stream->unread;
    if (piece != NULL) {
        pool->stats.reordered++;
        tcp_stream_mark_acked(stream, piece);
        piece->next = stream->held;
        stream->held = piece;
        stream->num_held++;
        stream->held_bytes += piece->len;
        stream->unread = NULL;
    }
    stream->next = seq;
    stream->passed = 0;
}

static bool tcp_stream_is_wild(const struct tcp_stream *stream, uint32_t seq)
{
    int64_t ahead = (int32_t)(seq - stream->next);
    return ahead > TCP_STREAM_WINDOW || (-ahead > TCP_STREAM_WINDOW && -ahead > stream->passed);
}

static void tcp_stream_give_up_all(struct stream_pool *pool, struct tcp_stream *stream,
                                   const struct stream_consumer *consumer)
{
    while (stream->held != NULL)
        tcp_stream_give_up_hole(pool, stream, consumer);
}

/* A |segment| far from the stream's place is nothing (a forged one, a scan) until others follow it. */
static void tcp_stream_add_wild(struct stream_pool *pool, struct tcp_stream *stream,
                                const struct tcp_segment *segment,
                                const struct stream_consumer *consumer)
{
    if (stream->num_wild != 0 && segment->seq != stream->wild_next)
        stream->num_wild = 0;
    stream->num_wild++;
    stream->wild_next = segment->seq + segment_len(segment);
    if (stream->num_wild < TCP_STREAM_WILD_SEGMENTS)
        return;

    tcp_stream_give_up_all(pool, stream, consumer);
    if (stream->over)
        return;
    stream_pool_put(pool, stream->unread);
    stream->unread = NULL;
    int32_t ahead = (int32_t)(segment->seq - stream->next);
    pool->stats.gaps++;
    pool->stats.gap_bytes += ahead > 0 ? (uint32_t)ahead : 0;
    stream->next = segment->seq;
    stream->passed = 0;
    stream->num_wild = 0;
    stream->consumed = true;
    stream->gap = true;
    tcp_stream_deliver(pool, stream, segment, consumer);
}

/* Takes a |segment| near the stream's place: late, early, overlapping, or filling a hole. */
static void tcp_stream_add_near(struct stream_pool *pool, struct tcp_stream *stream,
                                struct tcp_segment segment, const struct stream_consumer *consumer)
{
    int32_t ahead = (int32_t)(segment.seq - stream->next);
    uint32_t len = segment_len(&segment);
    tcp_stream_compare(pool, stream, &segment);
    if (ahead > 0) {
        pool->stats.reordered++;
    } else {
        uint32_t old = (uint32_t)-ahead;
        segment = segment_tail(segment, old < len ? old : len);
    }
    if (segment_len(&segment) == 0)
        return;

    const struct stream_piece *first = stream->held;
    bool free_way = first == NULL || first->seq - segment.seq >= segment_len(&segment);
    if (ahead <= 0 && free_way)
        tcp_stream_deliver(pool, stream, &segment, consumer);
    else if (!tcp_stream_hold(pool, stream, segment))
        tcp_stream_drop(pool, stream);
    tcp_stream_drain(pool, stream, consumer);
}

/* Takes a |segment| that is not simply the next one. */
static void tcp_stream_add_other(struct stream_pool *pool, struct tcp_stream *stream,
                                 const struct tcp_segment *segment, bool syn,
                                 const struct stream_consumer *consumer)
{
    tcp_stream_start_earlier(pool, stream, segment->seq, syn);
    // The byte of a keep-alive may be any: it is not the stream's.
    bool keep_alive = segment_len(segment) == 1 && segment->seq == stream->next - 1;
    if (segment_len(segment) == 0 || keep_alive)
        return;
    if (tcp_stream_is_wild(stream, segment->seq)) {
        tcp_stream_add_wild(pool, stream, segment, consumer);
        return;
    }
    stream->num_wild = 0;
    stream->clock++;
    tcp_stream_add_near(pool, stream, *segment, consumer);
    tcp_stream_give_up_holes(pool, stream, consumer);
}

bool tcp_stream_add(struct stream_pool *pool, struct tcp_stream *stream, uint32_t seq, bool syn,
                    struct span payload, size_t cut, const struct stream_consumer *consumer)
{
    bool absurd = payload.len > TCP_STREAM_WINDOW || cut > TCP_STREAM_WINDOW;
    bool empty = payload.len == 0 && cut == 0;
    if (stream->over || absurd)
        return !stream->over;
    // A SYN has a number of its own, before that of the first byte.
    struct tcp_segment segment = {.seq = seq + syn,
                                  .cut = (uint32_t)cut,
                                  .bytes = payload.len != 0 ? payload : span_of(no_bytes, 0)};
    if ((!stream->started && !tcp_stream_start(stream, &segment, syn)) || (empty && !syn))
        return true;
    if (segment.seq == stream->next && stream->held == NULL && !empty) {
        stream->num_wild = 0;
        tcp_stream_deliver(pool, stream, &segment, consumer);
    } else {
        tcp_stream_add_other(pool, stream, &segment, syn, consumer);
    }
    return !stream->over;
}

bool tcp_stream_acked(struct stream_pool *pool, struct tcp_stream *stream, uint32_t ack,
                      const struct stream_consumer *consumer)
{
    stream->acked = ack;
    stream->was_acked = true;
    if (stream->held == NULL)
        return !stream->over;
    stream->clock++;
    for (struct stream_piece *piece = stream->held; piece != NULL; piece = piece->next)
        tcp_stream_mark_acked(stream, piece);
    tcp_stream_give_up_holes(pool, stream, consumer);
    return !stream->over;
}

bool tcp_stream_offer_again(struct stream_pool *pool, struct tcp_stream *stream,
                            const struct stream_consumer *consumer)
{
    if (stream->unread == NULL)
        return !stream->over;
    uint32_t left = tcp_stream_offer(pool, stream, piece_span(stream->unread), 0, consumer);
    if (left != 0) {
        piece_keep_last(stream->unread, left);
        return true;
    }
    stream_pool_put(pool, stream->unread);
    stream->unread = NULL;
    return !stream->over;
}

void tcp_stream_flush(struct stream_pool *pool, struct tcp_stream *stream,
                      const struct stream_consumer *consumer)
{
    tcp_stream_give_up_all(pool, stream, consumer);
    tcp_stream_end(pool, stream);
}

bool tcp_stream_conflicted(const struct tcp_stream *stream)
{
    return stream->conflicted;
}
