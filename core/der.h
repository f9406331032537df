/* der.h: the blocks of DER (X.690 sections 8.1 and 10.1), read by a bounded reader. Lengths must be definite
 * and fit; tags have one byte. What is in a block is the caller's business. */
#ifndef PERPASS_CORE_DER_H
#define PERPASS_CORE_DER_H

#include "core/reader.h"

/* Identifier octets, whole: class, constructed or not, number. */
enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_CONTEXT = 0x80, /* IMPLICIT [0]; add the number */
    DER_EXPLICIT = 0xa0 /* EXPLICIT [0]; add the number */
};

/* der_length reads a length. Long forms of up to four bytes are taken even where a short one would do, as
 * some encoders write them. */
static inline size_t der_length(struct reader *r)
{
    enum { LONG_FORM = 0x80, MAX_LENGTH_BYTES = 4 };
    uint8_t first = reader_u8(r);
    if (first < LONG_FORM)
        return first;
    if (first == LONG_FORM + 1)
        return reader_u8(r);
    if (first == LONG_FORM + 2)
        return reader_u16(r);
    if (first == LONG_FORM + 3)
        return reader_u24(r);
    if (first != LONG_FORM + MAX_LENGTH_BYTES)
        reader_fail(r, READER_MALFORMED, "der.length");
    return reader_u32(r);
}

/* der_next takes the next block, whatever its |tag|. */
static inline struct reader der_next(struct reader *r, uint8_t *tag)
{
    enum { TAG_GOES_ON = 0x1f };
    *tag = reader_u8(r);
    if ((*tag & TAG_GOES_ON) == TAG_GOES_ON)
        reader_fail(r, READER_MALFORMED, "der.tag");
    size_t len = der_length(r);
    return reader_child(r, len);
}

/* der_block takes the next block, which must have |tag|. */
static inline struct reader der_block(struct reader *r, uint8_t tag)
{
    uint8_t found;
    struct reader block = der_next(r, &found);
    if (found != tag) {
        reader_fail(r, READER_MALFORMED, "der.tag");
        reader_fail(&block, READER_MALFORMED, "der.tag");
    }
    return block;
}

/* der_content takes the content of the next block, der_whole the block with its header. */
static inline struct span der_content(struct reader *r, uint8_t tag)
{
    struct reader block = der_block(r, tag);
    return reader_rest(&block);
}

static inline struct span der_whole(struct reader *r, uint8_t tag)
{
    const struct reader before = *r;
    struct reader block = der_block(r, tag);
    (void)block;
    return span_of(before.at, reader_ok(r) ? reader_left(&before) - reader_left(r) : 0);
}

/* der_is says whether the next block has |tag|; nothing is taken. */
static inline bool der_is(const struct reader *r, uint8_t tag)
{
    struct reader peek = *r;
    return reader_more(r) && reader_u8(&peek) == tag && reader_ok(&peek);
}

#endif
