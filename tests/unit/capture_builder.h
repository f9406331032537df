/* capture_builder.h: builds captures in memory, and reads sources into lists, for the tests of
 * capture/. */
#ifndef PERPASS_TESTS_CAPTURE_BUILDER_H
#define PERPASS_TESTS_CAPTURE_BUILDER_H

#include "capture/source.h"

#include <assert.h>
#include <fcntl.h>
#include <lz4frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { BUILDER_ROOM = 4 << 20, LIST_MAX = 640 };

struct builder {
    uint8_t *at;
    size_t len;
    bool little;
};

static inline struct builder builder_new(bool little)
{
    struct builder b = {.at = malloc(BUILDER_ROOM), .little = little};
    assert(b.at != NULL);
    return b;
}

static inline void builder_free(struct builder *b)
{
    free(b->at);
    b->at = NULL;
}

static inline void put(struct builder *b, const void *from, size_t len)
{
    assert(b->len + len <= BUILDER_ROOM);
    if (len > 0)
        memcpy(b->at + b->len, from, len);
    b->len += len;
}

/* Writes the lowest |len| bytes of |value| in the builder's order. */
static inline void put_number(struct builder *b, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (b->little ? i : len - 1 - i));
        put(b, &byte, 1);
    }
}

static inline void put_u16(struct builder *b, uint16_t value)
{
    put_number(b, value, 2);
}

static inline void put_u32(struct builder *b, uint32_t value)
{
    put_number(b, value, 4);
}

static inline void put_u64(struct builder *b, uint64_t value)
{
    put_number(b, value, 8);
}

/* Byte |i| of the frame |n|: tells frames and places in them apart. */
static inline uint8_t frame_byte(size_t n, size_t i)
{
    return (uint8_t)(n * 37 + i * 3 + 1);
}

static inline void put_frame_bytes(struct builder *b, size_t n, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = frame_byte(n, i);
        put(b, &byte, 1);
    }
}

static inline void put_pcap_header(struct builder *b, uint32_t magic, uint32_t link)
{
    put_u32(b, magic);
    put_u16(b, 2);
    put_u16(b, 4);
    put_u64(b, 0);
    put_u32(b, 262144);
    put_u32(b, link);
}

static inline void put_pcap_record(struct builder *b, uint32_t seconds, uint32_t fraction,
                                   uint32_t captured, uint32_t wire)
{
    put_u32(b, seconds);
    put_u32(b, fraction);
    put_u32(b, captured);
    put_u32(b, wire);
}

static inline void put_snoop_header(struct builder *b, uint32_t version, uint32_t datalink)
{
    put(b, "snoop\0\0", 8);
    put_u32(b, version);
    put_u32(b, datalink);
}

/* Writes the header of a record, which has |padding| bytes behind its frame. */
static inline void put_snoop_record(struct builder *b, uint32_t wire, uint32_t captured,
                                    uint32_t padding, uint32_t lost, uint32_t seconds,
                                    uint32_t microseconds)
{
    put_u32(b, wire);
    put_u32(b, captured);
    put_u32(b, 24 + captured + padding);
    put_u32(b, lost);
    put_u32(b, seconds);
    put_u32(b, microseconds);
}

/* Begins a pcapng block; gives what block_end needs. */
static inline size_t block_begin(struct builder *b, uint32_t type)
{
    size_t start = b->len;
    put_u32(b, type);
    put_u32(b, 0);
    return start;
}

static inline void block_end(struct builder *b, size_t start)
{
    while ((b->len - start) % 4 != 0)
        put(b, "", 1);
    uint32_t len = (uint32_t)(b->len - start + 4);
    put_u32(b, len);
    size_t end = b->len;
    b->len = start + 4;
    put_u32(b, len);
    b->len = end;
}

static inline void put_option(struct builder *b, uint16_t code, const void *value, uint16_t len)
{
    put_u16(b, code);
    put_u16(b, len);
    put(b, value, len);
    put(b, "\0\0\0", -(size_t)len & 3);
}

static inline void put_option_u64(struct builder *b, uint16_t code, uint64_t value)
{
    put_u16(b, code);
    put_u16(b, 8);
    put_u64(b, value);
}

static inline void put_section(struct builder *b, uint16_t major, uint16_t minor)
{
    size_t block = block_begin(b, 0x0a0d0d0a);
    put_u32(b, 0x1a2b3c4d);
    put_u16(b, major);
    put_u16(b, minor);
    put_u64(b, UINT64_MAX);
    block_end(b, block);
}

static inline void put_interface(struct builder *b, uint16_t link, uint32_t snaplen, int resolution)
{
    size_t block = block_begin(b, 1);
    put_u16(b, link);
    put_u16(b, 0);
    put_u32(b, snaplen);
    if (resolution >= 0) {
        uint8_t value = (uint8_t)resolution;
        put_option(b, 9, &value, 1);
        put_option(b, 0, "", 0);
    }
    block_end(b, block);
}

/* Writes the part of an Enhanced Packet Block before its data. */
static inline size_t packet_begin(struct builder *b, uint32_t interface, uint64_t time,
                                  uint32_t captured, uint32_t wire)
{
    size_t block = block_begin(b, 6);
    put_u32(b, interface);
    put_u32(b, (uint32_t)(time >> 32));
    put_u32(b, (uint32_t)time);
    put_u32(b, captured);
    put_u32(b, wire);
    return block;
}

/* Writes a whole Enhanced Packet Block with the bytes of frame |n|. */
static inline void put_packet(struct builder *b, uint32_t interface, uint64_t time, size_t n,
                              uint32_t captured, uint32_t wire)
{
    size_t block = packet_begin(b, interface, time, captured, wire);
    put_frame_bytes(b, n, captured);
    block_end(b, block);
}

enum packing { PLAIN, GZIP, GZIP_MEMBERS, ZSTD, ZSTD_FRAMES, LZ4, LZ4_FRAMES };
enum { NUM_PACKINGS = LZ4_FRAMES + 1 };

static inline void put_gzip(struct builder *b, const uint8_t *from, size_t len)
{
    z_stream z = {0};
    int result = deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    assert(result == Z_OK);
    z.next_in = (z_const Bytef *)from;
    z.avail_in = (uInt)len;
    z.next_out = b->at + b->len;
    z.avail_out = (uInt)(BUILDER_ROOM - b->len);
    result = deflate(&z, Z_FINISH);
    assert(result == Z_STREAM_END);
    b->len = BUILDER_ROOM - z.avail_out;
    deflateEnd(&z);
}

static inline void put_zstd(struct builder *b, const uint8_t *from, size_t len)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t made = ZSTD_compress2(context, b->at + b->len, BUILDER_ROOM - b->len, from, len);
    assert(!ZSTD_isError(made));
    ZSTD_freeCCtx(context);
    b->len += made;
}

static inline void put_lz4(struct builder *b, const uint8_t *from, size_t len)
{
    LZ4F_preferences_t preferences = {
        .frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    size_t made =
        LZ4F_compressFrame(b->at + b->len, BUILDER_ROOM - b->len, from, len, &preferences);
    assert(!LZ4F_isError(made));
    b->len += made;
}

static inline void put_packed_part(struct builder *b, enum packing packing, const uint8_t *from,
                                   size_t len)
{
    if (packing == PLAIN)
        put(b, from, len);
    else if (packing == GZIP || packing == GZIP_MEMBERS)
        put_gzip(b, from, len);
    else if (packing == ZSTD || packing == ZSTD_FRAMES)
        put_zstd(b, from, len);
    else
        put_lz4(b, from, len);
}

/* Packs |from|: in one piece, or in three that follow one another. */
static inline struct builder packed(const struct builder *from, enum packing packing)
{
    struct builder b = builder_new(false);
    bool pieces = packing == GZIP_MEMBERS || packing == ZSTD_FRAMES || packing == LZ4_FRAMES;
    size_t cut = pieces ? from->len / 3 : 0, second = pieces ? cut + 1 : 0;
    if (pieces) {
        put_packed_part(&b, packing, from->at, cut);
        put_packed_part(&b, packing, from->at + cut, second);
    }
    put_packed_part(&b, packing, from->at + cut + second, from->len - cut - second);
    return b;
}

/* A regular file in memory alone, with a path to open it by. */
struct temp {
    int fd;
    char path[32];
};

static inline struct temp temp_file(const void *bytes, size_t len)
{
    struct temp temp = {.fd = memfd_create("capture", 0)};
    assert(temp.fd >= 0);
    ssize_t written = write(temp.fd, bytes, len);
    assert(written == (ssize_t)len);
    snprintf(temp.path, sizeof temp.path, "/proc/self/fd/%d", temp.fd);
    return temp;
}

static inline void temp_remove(const struct temp *temp)
{
    close(temp->fd);
}

/* What a forked child does: writes |b| to |fd| in steps of |step| bytes, and ends. */
static inline void writer_run(int fd, const struct builder *b, size_t step)
{
    for (size_t at = 0; at < b->len; at += step) {
        size_t n = b->len - at < step ? b->len - at : step;
        if (write(fd, b->at + at, n) != (ssize_t)n)
            break;
    }
    _exit(0);
}

/* All that was read from a source. */
struct list {
    bool opened;
    enum source_status end; /* how it ended */
    struct error error;
    size_t num;
    struct frame frames[LIST_MAX]; /* |at| points to copies */
    struct source_stats stats;
    char format[64];
};

static inline void list_free(struct list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->num; i++)
        free((void *)(uintptr_t)list->frames[i].at);
    free(list);
}

/* Reads |path| to its end in batches of |max| (at most 64). */
static inline struct list *list_read(const char *path, const struct source_options *options,
                                     size_t max)
{
    struct list *list = calloc(1, sizeof *list);
    assert(list != NULL);
    struct source *source = source_open_file(path, options, &list->error);
    if (source == NULL)
        return list;
    list->opened = true;
    snprintf(list->format, sizeof list->format, "%s", source_format(source));
    struct frame frames[64];
    size_t num;
    while ((list->end = source_read(source, frames, max, &num, &list->error)) == SOURCE_FRAMES) {
        assert(num > 0 && num <= max && list->num + num <= LIST_MAX);
        for (size_t i = 0; i < num; i++) {
            uint8_t *copy = malloc(frames[i].captured_len + (size_t)1);
            assert(copy != NULL && frames[i].captured_len <= frames[i].wire_len);
            memcpy(copy, frames[i].at, frames[i].captured_len);
            frames[i].at = copy;
            list->frames[list->num++] = frames[i];
        }
    }
    assert(num == 0);
    struct error unused;
    enum source_status again = source_read(source, frames, max, &num, &unused);
    assert(again == SOURCE_END && num == 0);
    list->stats = source_stats(source);
    source_close(source);
    return list;
}

/* Builds a file, reads it, removes it. */
static inline struct list *list_of(const struct builder *b, const struct source_options *options)
{
    struct temp temp = temp_file(b->at, b->len);
    struct list *list = list_read(temp.path, options, 64);
    temp_remove(&temp);
    return list;
}

#endif
