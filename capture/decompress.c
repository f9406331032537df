/* decompress.c: gzip (RFC 1952), Zstandard (RFC 8878) and LZ4 frames by their own libraries.
 * Checksums are verified by these; file names and comments in gzip headers are left unread. */
#include "capture/decompress.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* The shortest header of a Zstandard or LZ4 frame. */
enum { DECOMPRESS_FRAME_HEADER = 7 };

struct decompress {
    enum compression compression;
    bool begun;  /* there was a member or frame */
    bool inside; /* one has begun and not ended */
    bool padded; /* gzip: zeroes follow the last member, as tapes have them */
    size_t next; /* Zstandard, LZ4: bytes up to the end of the next block, as the library guesses */
    z_stream gzip;
    ZSTD_DStream *zstd;
    LZ4F_dctx *lz4;
};

static bool decompress_is_skippable(struct span start)
{
    return start.at[0] >> 4 == 0x5 && start.at[1] == 0x2a && start.at[2] == 0x4d &&
           start.at[3] == 0x18;
}

enum compression compression_of(struct span start)
{
    static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const uint8_t lz4_magic[] = {0x04, 0x22, 0x4d, 0x18};
    if (start.len >= 2 && start.at[0] == 0x1f && start.at[1] == 0x8b)
        return COMPRESSION_GZIP;
    if (start.len < COMPRESSION_MAGIC_LEN)
        return COMPRESSION_NONE;
    /* Both formats share the skippable frame; the tools that begin with one write Zstandard. */
    if (memcmp(start.at, zstd_magic, sizeof zstd_magic) == 0 || decompress_is_skippable(start))
        return COMPRESSION_ZSTD;
    if (memcmp(start.at, lz4_magic, sizeof lz4_magic) == 0)
        return COMPRESSION_LZ4;
    return COMPRESSION_NONE;
}

struct decompress *decompress_new(enum compression compression)
{
    struct decompress *d = calloc(1, sizeof *d);
    bool ok = false;
    if (d == NULL)
        return NULL;
    d->compression = compression;
    if (compression == COMPRESSION_GZIP)
        ok = inflateInit2(&d->gzip, 15 + 16) == Z_OK; /* a full window, gzip headers only */
    else if (compression == COMPRESSION_ZSTD)
        ok = (d->zstd = ZSTD_createDStream()) != NULL;
    else if (compression == COMPRESSION_LZ4)
        ok = !LZ4F_isError(LZ4F_createDecompressionContext(&d->lz4, LZ4F_VERSION));
    if (!ok) {
        free(d);
        return NULL;
    }
    return d;
}

void decompress_free(struct decompress *d)
{
    if (d == NULL)
        return;
    if (d->compression == COMPRESSION_GZIP)
        inflateEnd(&d->gzip);
    ZSTD_freeDStream(d->zstd);
    LZ4F_freeDecompressionContext(d->lz4);
    free(d);
}

bool decompress_whole(const struct decompress *d)
{
    return !d->inside;
}

/* Between two members: passes over zeroes, which may only be followed by zeroes. */
static bool decompress_gzip_padding(struct decompress *d, struct span *in, const char **reason)
{
    if (in->at[0] == 0)
        d->padded = true;
    while (d->padded && in->len > 0 && in->at[0] == 0)
        *in = span_of(in->at + 1, in->len - 1);
    if (d->padded && in->len > 0) {
        *reason = "data follows the zero padding";
        return false;
    }
    return true;
}

static bool decompress_gzip(struct decompress *d, struct span *in, uint8_t *out, size_t room,
                            size_t *made, const char **reason)
{
    z_stream *gzip = &d->gzip;
    if (!d->inside && in->len > 0 && d->begun) {
        if (!decompress_gzip_padding(d, in, reason))
            return false;
        if (in->len > 0)
            inflateReset(gzip);
    }
    if (in->len == 0 && !d->inside)
        return true;
    d->begun = d->inside = true;
    gzip->next_in = (z_const Bytef *)in->at;
    gzip->avail_in = (uInt)in->len;
    gzip->next_out = out;
    gzip->avail_out = (uInt)room;
    int result = inflate(gzip, Z_NO_FLUSH);
    *made = room - gzip->avail_out;
    *in = span_of(gzip->next_in, gzip->avail_in);
    if (result == Z_STREAM_END)
        d->inside = false;
    else if (result != Z_OK && result != Z_BUF_ERROR) {
        *reason = gzip->msg != NULL ? gzip->msg : zError(result);
        return false;
    }
    return true;
}

/* How much to offer of |in|. The libraries of Zstandard and LZ4 do not tell what they made
 * before an error; a block a call makes that the damaged block alone. */
static size_t decompress_block(const struct decompress *d, struct span in)
{
    size_t block = d->inside && d->next > 0 ? d->next : DECOMPRESS_FRAME_HEADER;
    return block < in.len ? block : in.len;
}

static bool decompress_zstd(struct decompress *d, struct span *in, uint8_t *out, size_t room,
                            size_t *made, const char **reason)
{
    ZSTD_inBuffer from = {.src = in->at, .size = decompress_block(d, *in)};
    ZSTD_outBuffer to = {.dst = out, .size = room};
    if (from.size == 0 && !d->inside)
        return true;
    size_t result = ZSTD_decompressStream(d->zstd, &to, &from);
    *made = to.pos;
    *in = span_of(in->at + from.pos, in->len - from.pos);
    if (ZSTD_isError(result)) {
        *reason = ZSTD_getErrorName(result);
        return false;
    }
    d->inside = result != 0;
    d->next = result;
    return true;
}

static bool decompress_lz4(struct decompress *d, struct span *in, uint8_t *out, size_t room,
                           size_t *made, const char **reason)
{
    size_t used = decompress_block(d, *in);
    if (in->len == 0 && !d->inside)
        return true;
    *made = room;
    size_t result = LZ4F_decompress(d->lz4, out, made, in->at, &used, NULL);
    if (LZ4F_isError(result)) {
        *made = 0;
        *reason = LZ4F_getErrorName(result);
        return false;
    }
    *in = span_of(in->at + used, in->len - used);
    d->inside = result != 0;
    d->next = result;
    return true;
}

bool decompress_run(struct decompress *d, struct span *in, uint8_t *out, size_t room, size_t *made,
                    const char **reason)
{
    bool ok = true;
    *made = 0;
    while (ok && *made == 0) {
        size_t before = in->len;
        if (d->compression == COMPRESSION_GZIP)
            ok = decompress_gzip(d, in, out, room, made, reason);
        else if (d->compression == COMPRESSION_ZSTD)
            ok = decompress_zstd(d, in, out, room, made, reason);
        else
            ok = decompress_lz4(d, in, out, room, made, reason);
        if (in->len == before)
            break;
    }
    if (ok && *made == 0 && in->len > 0) {
        *reason = "it leads nowhere";
        return false;
    }
    return ok;
}
