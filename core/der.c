/* der.c: tag, length, content: X.690 section 8.1. */
#include "core/der.h"

/* Long forms of up to four bytes are taken even where a short one would do, as some encoders write them. */
static size_t read_length(struct reader *r)
{
    enum { LONG_FORM = 0x80, MAX_LENGTH_BYTES = 4 };
    uint8_t first = reader_u8(r);
    if (!(first & LONG_FORM))
        return first;
    unsigned bytes = first & 0x7f;
    size_t len = 0;
    if (bytes == 0 || bytes > MAX_LENGTH_BYTES)
        reader_fail(r, READER_MALFORMED, "der.length");
    for (; bytes > 0; bytes--)
        len = len << 8 | reader_u8(r);
    return len;
}

struct reader der_next(struct reader *r, uint8_t *tag)
{
    enum { TAG_GOES_ON = 0x1f };
    *tag = reader_u8(r);
    if ((*tag & TAG_GOES_ON) == TAG_GOES_ON)
        reader_fail(r, READER_MALFORMED, "der.tag");
    size_t len = read_length(r);
    return reader_child(r, len);
}

struct reader der_block(struct reader *r, uint8_t tag)
{
    uint8_t found;
    struct reader block = der_next(r, &found);
    if (found != tag) {
        reader_fail(r, READER_MALFORMED, "der.tag");
        reader_fail(&block, READER_MALFORMED, "der.tag");
    }
    return block;
}

struct span der_content(struct reader *r, uint8_t tag)
{
    struct reader block = der_block(r, tag);
    return reader_rest(&block);
}

struct span der_whole(struct reader *r, uint8_t tag)
{
    const struct reader before = *r;
    struct reader block = der_block(r, tag);
    (void)block;
    return span_of(before.at, reader_ok(r) ? reader_left(&before) - reader_left(r) : 0);
}

bool der_is(const struct reader *r, uint8_t tag)
{
    struct reader peek = *r;
    return reader_more(r) && reader_u8(&peek) == tag && reader_ok(&peek);
}
