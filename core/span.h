/* span.h: a borrowed run of bytes.
 *
 * A span owns nothing: it lives as long as the frame, stream buffer or table that it points into.
 * Bytes are bytes: they may hold NUL, be empty, or be 65,535 long; they are never C strings. */
#ifndef PERPASS_CORE_SPAN_H
#define PERPASS_CORE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *at; /* NULL only where a field says "not seen" */
    size_t len;        /* bytes */
};

/* span_of gives the span of |len| bytes at |at|. */
static inline struct span span_of(const void *at, size_t len)
{
    return (struct span){.at = (const uint8_t *)at, .len = len};
}

/* span_text gives the bytes of a C string of the program's own, without the NUL. */
static inline struct span span_text(const char *text)
{
    return span_of(text, strlen(text));
}

/* span_seen tells a span that is there (perhaps empty) from one that was not seen. */
static inline bool span_seen(struct span s)
{
    return s.at != NULL;
}

/* span_equal compares length and bytes; two unseen spans are equal. */
static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* span_bits is how many bits the number has whose bytes these are, the highest first; 0 has none. */
static inline uint64_t span_bits(struct span s)
{
    size_t zeros = 0;
    while (zeros < s.len && s.at[zeros] == 0)
        zeros++;
    if (zeros == s.len)
        return 0;
    uint64_t bits = (uint64_t)(s.len - zeros) * 8;
    for (uint8_t top = s.at[zeros]; !(top & 0x80); top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

#endif
