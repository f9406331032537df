/* bytes_out.h: writes bytes into room of a fixed size: what core/reader.h is for reading.
 *
 * Numbers are in network byte order. What does not fit is not written, and |full| sticks, so that writers are
 * straight-line code with one check at their end. */
#ifndef PERPASS_PROBE_BYTES_OUT_H
#define PERPASS_PROBE_BYTES_OUT_H

#include "core/span.h"

struct bytes_out {
    uint8_t *at;
    size_t len, max;
    bool full;
};

static inline struct bytes_out bytes_out_to(uint8_t *at, size_t max)
{
    return (struct bytes_out){.at = at, .max = max};
}

static inline void out_span(struct bytes_out *out, struct span bytes)
{
    if (out->full || bytes.len > out->max - out->len) {
        out->full = true;
        return;
    }
    if (bytes.len > 0)
        memcpy(out->at + out->len, bytes.at, bytes.len);
    out->len += bytes.len;
}

/* out_number writes the low |width| bytes, at most 8. */
static inline void out_number(struct bytes_out *out, uint64_t number, unsigned width)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < width; i++)
        bytes[i] = (uint8_t)(number >> (8 * (width - 1 - i)));
    out_span(out, span_of(bytes, width));
}

static inline void out_u8(struct bytes_out *out, uint8_t number)
{
    out_number(out, number, 1);
}

static inline void out_u16(struct bytes_out *out, uint16_t number)
{
    out_number(out, number, 2);
}

/* out_begin leaves room for a length of |width| bytes; out_end puts there how many bytes followed. */
static inline size_t out_begin(struct bytes_out *out, unsigned width)
{
    out_number(out, 0, width);
    return out->len;
}

static inline void out_end(struct bytes_out *out, size_t begin, unsigned width)
{
    if (out->full)
        return;
    size_t len = out->len - begin;
    for (unsigned i = 0; i < width; i++)
        out->at[begin - width + i] = (uint8_t)(len >> (8 * (width - 1 - i)));
    out->full = width < sizeof len && len >> (8 * width) != 0;
}

/* out_vec writes a length of |width| bytes, and the bytes. */
static inline void out_vec(struct bytes_out *out, struct span bytes, unsigned width)
{
    size_t begin = out_begin(out, width);
    out_span(out, bytes);
    out_end(out, begin, width);
}

static inline struct span out_all(const struct bytes_out *out)
{
    return span_of(out->at, out->len);
}

#endif
