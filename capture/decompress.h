/* decompress.h: gzip (RFC 1952), Zstandard (RFC 8878) and LZ4 frames, as streams of bounded
 * memory. */
#ifndef PERPASS_CAPTURE_DECOMPRESS_H
#define PERPASS_CAPTURE_DECOMPRESS_H

#include "core/span.h"

enum compression { COMPRESSION_NONE = 0, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_LZ4 };
enum { NUM_COMPRESSIONS = 4 };

/* Bytes that compression_of needs to tell. */
enum { COMPRESSION_MAGIC_LEN = 4 };

/* compression_of tells by its first bytes how an input is compressed. */
enum compression compression_of(struct span start);

struct decompress;

/* decompress_new gives a decompressor, which is not for COMPRESSION_NONE; NULL when there is no
 * memory. */
struct decompress *decompress_new(enum compression compression);

/* decompress_run turns bytes of |in| into at most |room| bytes at |out|, and moves |in| past
 * what it used. Gives in |made| how many it wrote. Members and frames that follow one another
 * are one stream. False when the data is damaged (what was made before is good): |reason| says
 * why and lives until the next call. It may make nothing only if |in| is used up. */
bool decompress_run(struct decompress *decompress, struct span *in, uint8_t *out, size_t room,
                    size_t *made, const char **reason);

/* decompress_whole says whether the input may end here: not inside a member or frame. */
bool decompress_whole(const struct decompress *decompress);

void decompress_free(struct decompress *decompress);

#endif
