/* content_statistics.h: how the bytes of a file are spread: whether it is text, and whether it may be random. */
#ifndef PERPASS_DISSECTORS_CONTENT_STATISTICS_H
#define PERPASS_DISSECTORS_CONTENT_STATISTICS_H

#include "core/span.h"

/* All-zero is of no bytes. */
struct content_statistics {
    uint64_t counts[256], odd_counts[256]; /* of the bytes by turns */
};

void content_statistics_add(struct content_statistics *statistics, struct span bytes);

/* content_statistics_text says whether nearly all bytes are those of text in ASCII, UTF-8 or an 8-bit set. */
bool content_statistics_text(const struct content_statistics *statistics);

/* content_statistics_opaque says whether the bytes are spread as evenly as those of encrypted or well compressed data:
 * never of fewer than 512 bytes. */
bool content_statistics_opaque(const struct content_statistics *statistics);

#endif
