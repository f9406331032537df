/* source.h: where frames come from. One vtable, a row for each kind of input. */
#ifndef PERPASS_CAPTURE_SOURCE_H
#define PERPASS_CAPTURE_SOURCE_H

#include "core/error.h"
#include "core/packet.h"

struct source;

struct source_options {
    /* BPF expression, or NULL; compiled by libpcap for each link type that occurs */
    const char *filter;
    bool unmapped; /* read plain files into a buffer, too, instead of mapping them */
};

struct source_stats {
    uint64_t frames;   /* read from the input, those that the filter left out included */
    uint64_t filtered; /* left out by the filter */
    uint64_t bytes;    /* of the input read so far, as stored (compressed, if it is) */
    uint64_t size;     /* of the input; 0 when not known (pipe) */
    uint64_t dropped;  /* lost before they reached the capture file or the program, if it tells */
    uint64_t skipped_blocks; /* pcapng blocks of types that have no frames */
    uint64_t unfit; /* of |filtered|: of a link type that the expression does not work on. The first
                        link type of an input is never one: then it is not opened */
    uint64_t mended; /* frames that were captured longer than they claim to have been on the wire */
};

enum source_status {
    SOURCE_FRAMES, /* at least one frame was read */
    SOURCE_END,    /* the input was read to its end; no frames */
    /* The input cannot be read further; |error| names file, offset and what is wrong. The frames
     * before it have been given. Reading again gives SOURCE_END. */
    SOURCE_DAMAGED
};

/* source_open_file opens a capture: pcap or pcapng, plain, .gz, .zst or .lz4, told by their
 * first bytes and not by their names; "-" is standard input. NULL and |error| when it is none of
 * these (or not readable). */
struct source *source_open_file(const char *path, const struct source_options *options,
                                struct error *error);

/* source_read gives up to |max| frames; they live until the next call for this source. */
enum source_status source_read(struct source *source, struct frame *frames, size_t max, size_t *num,
                               struct error *error);

struct source_stats source_stats(const struct source *source);

/* source_format is static text: "pcap, microseconds, little-endian", "pcapng (gzip)" … */
const char *source_format(const struct source *source);

void source_close(struct source *source);

#endif
