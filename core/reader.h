/* reader.h: the bounded cursor, the only code that touches the bytes of a packet.
 *
 * A reader covers the bytes that were captured, and knows how many more were on the wire but not
 * captured (|cut|: a snap length, a lost segment). Reading past the captured bytes is one of two
 * different faults:
 *   READER_CUT        the bytes were on the wire, but the capture does not have them;
 *   READER_MALFORMED  there never were such bytes: the message lies about a length.
 * The first fault sticks. After it every read gives 0 or an empty span and consumes nothing, so that
 * parsers are straight-line code with one reader_ok() at their end. A length-prefixed block is a child
 * reader; reader_close() demands that the child was read to its exact end, and hands a fault of the
 * child to its parent under the block's name.
 *
 * All numbers are in network byte order, but for those of functions named _le. */
#ifndef PERPASS_CORE_READER_H
#define PERPASS_CORE_READER_H

#include "core/span.h"

#include <assert.h>

enum reader_fault { READER_OK = 0, READER_CUT, READER_MALFORMED };

struct reader {
    const uint8_t *at, *end; /* the captured bytes not read yet */
    size_t cut;              /* bytes after |end| that were on the wire, not captured */
    const char *field;       /* the block in which the first fault happened, or NULL */
    enum reader_fault fault; /* the first fault; it sticks */
};

/* reader_of reads the |s| whole, of which nothing was cut. Of a span that was not seen nothing is left to read; C has
 * no sum of a null pointer and 0. */
static inline struct reader reader_of(struct span s)
{
    return (struct reader){.at = s.at, .end = s.len == 0 ? s.at : s.at + s.len};
}

/* reader_of_cut reads |s|, after which |cut| more bytes were on the wire. */
static inline struct reader reader_of_cut(struct span s, size_t cut)
{
    struct reader r = reader_of(s);
    r.cut = cut;
    return r;
}

/* reader_left is the number of captured bytes not read yet. */
static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

/* reader_wire_left is the number of bytes not read yet, those that were cut included. */
static inline size_t reader_wire_left(const struct reader *r)
{
    return reader_left(r) + r->cut;
}

static inline bool reader_ok(const struct reader *r)
{
    return r->fault == READER_OK;
}

/* reader_more says whether a list in |r| goes on: no fault, and bytes left on the wire. */
static inline bool reader_more(const struct reader *r)
{
    return r->fault == READER_OK && (r->at != r->end || r->cut != 0);
}

/* reader_fail makes the fault stick and empties the reader. The first fault wins. */
static inline void reader_fail(struct reader *r, enum reader_fault fault, const char *field)
{
    if (r->fault == READER_OK) {
        r->fault = fault;
        r->field = field;
    }
    r->at = r->end;
    r->cut = 0;
}

/* reader_has makes sure of |n| captured bytes; if they are not there the fault is set. */
static inline bool reader_has(struct reader *r, size_t n)
{
    if (reader_left(r) >= n && r->fault == READER_OK)
        return true;
    reader_fail(r, reader_wire_left(r) >= n ? READER_CUT : READER_MALFORMED, NULL);
    return false;
}

static inline uint8_t reader_u8(struct reader *r)
{
    if (!reader_has(r, 1))
        return 0;
    return *r->at++;
}

static inline uint16_t reader_u16(struct reader *r)
{
    if (!reader_has(r, 2))
        return 0;
    const uint8_t *p = r->at;
    r->at += 2;
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t reader_u24(struct reader *r)
{
    if (!reader_has(r, 3))
        return 0;
    const uint8_t *p = r->at;
    r->at += 3;
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t reader_u32(struct reader *r)
{
    if (!reader_has(r, 4))
        return 0;
    const uint8_t *p = r->at;
    r->at += 4;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t reader_u16_le(struct reader *r)
{
    return __builtin_bswap16(reader_u16(r));
}

static inline uint32_t reader_u32_le(struct reader *r)
{
    return __builtin_bswap32(reader_u32(r));
}

static inline uint64_t reader_u48(struct reader *r)
{
    uint64_t high = reader_u16(r);
    return high << 32 | reader_u32(r);
}

static inline uint64_t reader_u64(struct reader *r)
{
    uint64_t high = reader_u32(r);
    return high << 32 | reader_u32(r);
}

/* reader_skip passes over |n| bytes, captured or cut. Bytes that were cut can be skipped, not read. */
static inline void reader_skip(struct reader *r, size_t n)
{
    size_t left = reader_left(r);
    if (n <= left) {
        r->at += n;
    } else if (r->fault == READER_OK && n - left <= r->cut) {
        r->cut -= n - left;
        r->at = r->end;
    } else {
        reader_fail(r, READER_MALFORMED, NULL);
    }
}

/* reader_skip_zeros passes over the captured zero bytes that come next, if any: padding. */
static inline void reader_skip_zeros(struct reader *r)
{
    for (uint64_t eight; reader_left(r) >= sizeof eight; r->at += sizeof eight) {
        memcpy(&eight, r->at, sizeof eight);
        if (eight != 0)
            break;
    }
    while (r->at != r->end && *r->at == 0)
        r->at++;
}

/* reader_bytes takes |n| captured bytes; an empty (seen) span after a fault. */
static inline struct span reader_bytes(struct reader *r, size_t n)
{
    if (!reader_has(r, n))
        return span_of(r->at, 0);
    struct span s = span_of(r->at, n);
    r->at += n;
    return s;
}

/* reader_view takes a header of fixed size, at most READER_MAX_VIEW bytes, with one check for all its
 * fields; after a fault the header is all zeros. */
enum { READER_MAX_VIEW = 64 };

static inline struct span reader_view(struct reader *r, size_t n)
{
    static const uint8_t zeros[READER_MAX_VIEW];
    assert(n <= READER_MAX_VIEW);
    if (!reader_has(r, n))
        return span_of(zeros, n);
    struct span s = span_of(r->at, n);
    r->at += n;
    return s;
}

/* view_u8, _u16, _u32 read the field at |offset| of a view, view_part the |n| bytes there. An offset
 * outside the view is a bug, not a fault: with constants the compiler proves it and checks nothing. */
static inline uint8_t view_u8(struct span view, size_t offset)
{
    assert(offset + 1 <= view.len);
    return view.at[offset];
}

static inline uint16_t view_u16(struct span view, size_t offset)
{
    assert(offset + 2 <= view.len);
    return (uint16_t)(view.at[offset] << 8 | view.at[offset + 1]);
}

static inline uint32_t view_u32(struct span view, size_t offset)
{
    return (uint32_t)view_u16(view, offset) << 16 | view_u16(view, offset + 2);
}

static inline struct span view_part(struct span view, size_t offset, size_t n)
{
    assert(offset + n <= view.len);
    return span_of(view.at + offset, n);
}

/* reader_rest takes all captured bytes that are left. What was cut stays and is a fault of later reads. */
static inline struct span reader_rest(struct reader *r)
{
    struct span s = span_of(r->at, r->fault == READER_OK ? reader_left(r) : 0);
    r->at = r->end;
    return s;
}

/* reader_child takes the next |n| bytes as a block of their own. Of a block that is only partly
 * captured the child has what there is, and knows what was cut. */
static inline struct reader reader_child(struct reader *r, size_t n)
{
    struct reader child = {.at = r->at, .end = r->at, .fault = r->fault, .field = r->field};
    size_t left = reader_left(r);
    if (r->fault != READER_OK)
        return child;
    if (n <= left) {
        child.end = r->at + n;
        r->at += n;
    } else if (n - left <= r->cut) {
        child.end = r->end;
        child.cut = n - left;
        r->cut -= n - left;
        r->at = r->end;
    } else {
        reader_fail(r, READER_MALFORMED, NULL);
        child.fault = READER_MALFORMED;
    }
    return child;
}

/* reader_limit ends |r| after its next |n| bytes, captured or cut: what follows them is not part of the
 * block that |r| has come into. */
static inline void reader_limit(struct reader *r, size_t n)
{
    size_t left = reader_left(r);
    if (n <= left) {
        r->end = r->at + n;
        r->cut = 0;
    } else if (n - left <= r->cut) {
        r->cut = n - left;
    } else {
        reader_fail(r, READER_MALFORMED, NULL);
    }
}

/* reader_vec8, _vec16, _vec24 read a length of 1, 2 or 3 bytes and take that many as a child:
 * opaque<0..2^8-1>, <0..2^16-1>, <0..2^24-1> of RFC 8446 section 3.4. */
static inline struct reader reader_vec8(struct reader *r)
{
    size_t n = reader_u8(r);
    return reader_child(r, n);
}

static inline struct reader reader_vec16(struct reader *r)
{
    size_t n = reader_u16(r);
    return reader_child(r, n);
}

static inline struct reader reader_vec24(struct reader *r)
{
    size_t n = reader_u24(r);
    return reader_child(r, n);
}

/* reader_span_vec8, _vec16, _vec24 read a length and take that many captured bytes as a span. */
static inline struct span reader_span_vec8(struct reader *r)
{
    size_t n = reader_u8(r);
    return reader_bytes(r, n);
}

static inline struct span reader_span_vec16(struct reader *r)
{
    size_t n = reader_u16(r);
    return reader_bytes(r, n);
}

static inline struct span reader_span_vec24(struct reader *r)
{
    size_t n = reader_u24(r);
    return reader_bytes(r, n);
}

/* reader_close ends the block |child| of |r|, named |field|. A child with bytes left is malformed (a
 * block must close exactly); a child of which bytes were cut makes |r| cut. The parent takes over the
 * child's fault and, if that has no name yet, |field|. */
static inline void reader_close(struct reader *r, const struct reader *child, const char *field)
{
    if (child->fault != READER_OK)
        reader_fail(r, child->fault, child->field ? child->field : field);
    else if (child->at != child->end)
        reader_fail(r, READER_MALFORMED, field);
    else if (child->cut != 0)
        reader_fail(r, READER_CUT, field);
    if (r->fault != READER_OK && r->field == NULL)
        r->field = field;
}

/* reader_finish demands that |r| itself was read to its exact end; |field| names it in a fault. */
static inline void reader_finish(struct reader *r, const char *field)
{
    struct reader self = *r;
    reader_close(r, &self, field);
}

#endif
