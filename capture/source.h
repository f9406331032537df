/* source.h: where frames come from. One vtable, a row for each kind of input. */
#ifndef PERPASS_CAPTURE_SOURCE_H
#define PERPASS_CAPTURE_SOURCE_H

#include "core/error.h"
#include "core/packet.h"

struct source;
struct filter;

struct source_options {
    /* BPF expression, or NULL; compiled by libpcap for each link type that occurs */
    const char *filter;
    struct filter *compiled; /* instead of |filter|, or NULL; the caller's: of filter_new_for_all */
    bool unmapped;           /* read plain files into a buffer, too, instead of mapping them */
};

struct source_stats {
    uint64_t frames;   /* read from the input, those that the filter left out included */
    uint64_t filtered; /* left out by the filter */
    uint64_t bytes;    /* of the input read so far, as stored (compressed, if it is) */
    uint64_t size;     /* of the input; 0 when not known (pipe) */
    uint64_t dropped;  /* lost before they reached the capture file or the program, if it tells */
    uint64_t freezes;  /* of a ring: times that the system found no free block in it */
    uint64_t outages;  /* of an interface: times that it went down or away */
    bool down;         /* it is so now */
    uint64_t adapter_stamped; /* frames whose time the network adapter told, not the system */
    uint64_t skipped_blocks;  /* pcapng blocks of types that have no frames */
    uint64_t unfit; /* of |filtered|: of a link type that the expression does not work on. The first
                        link type of an input is never one: then it is not opened */
    uint64_t mended; /* frames that were captured longer than they claim to have been on the wire */
};

enum source_status {
    SOURCE_FRAMES, /* at least one frame was read */
    SOURCE_END,    /* the input was read to its end; no frames */
    /* The input cannot be read further; |error| names file, offset and what is wrong. The frames
     * before it have been given. Reading again gives SOURCE_END. */
    SOURCE_DAMAGED,
    SOURCE_IDLE /* of an interface: no frame came for a while; read again */
};

/* source_open_file opens a capture: pcap or pcapng, plain, .gz, .zst or .lz4, told by their
 * first bytes and not by their names; "-" is standard input. NULL and |error| when it is none of
 * these (or not readable). */
struct source *source_open_file(const char *path, const struct source_options *options,
                                struct error *error);

/* Sources that share the frames of an interface, each frame going to one of them: one source a thread. */
struct live_fanout {
    /* All frames between two addresses go to the same source, whatever their ports are and whether they are
     * fragments. If false, the frames of a conversation do (the system puts fragments together first). */
    bool by_addresses;
    bool rollover; /* what finds the ring of its source full goes to another one */
    uint16_t num_sources;
    /* The state of the group: zero before its first source is opened. */
    bool made;
    uint16_t group;
};

struct live_options {
    const char *filter;         /* as in source_options */
    size_t ring_bytes;          /* 0: LIVE_RING_BYTES */
    size_t block_bytes;         /* 0: LIVE_BLOCK_BYTES; a multiple of the page size */
    unsigned block_ms;          /* a block with a frame is handed over so late; 0: LIVE_BLOCK_MS */
    unsigned wait_ms;           /* source_read gives SOURCE_IDLE after so long; 0: LIVE_WAIT_MS */
    bool not_promiscuous;       /* see only what the interface would see anyhow */
    bool adapter_time;          /* ask the network adapter for time stamps */
    bool by_libpcap;            /* let libpcap read even if the ring can be had */
    struct live_fanout *fanout; /* NULL: this source gets all frames; lives as long as the source */
};

enum {
    LIVE_RING_BYTES = 64 << 20,
    LIVE_BLOCK_BYTES = 1 << 20,
    LIVE_BLOCK_MS = 50,
    LIVE_WAIT_MS = 100
};

/* source_open_live reads the network interface |name|: by a ring that the system and the program share
 * (TPACKET_V3), or, for kinds of interfaces that have no such ring here and for "any", by libpcap. NULL and
 * |error| when neither can be had. */
struct source *source_open_live(const char *name, const struct live_options *options,
                                struct error *error);

/* source_descriptor gives what a live source reads; -1 for others. */
int source_descriptor(const struct source *source);

/* source_read gives up to |max| frames; they live until the next call for this source. */
enum source_status source_read(struct source *source, struct frame *frames, size_t max, size_t *num,
                               struct error *error);

/* source_hold keeps the frames that source_read gave last until source_release, which may be called by another
 * thread, at the same time as other functions, but before source_close. NULL: they cannot be kept. */
void *source_hold(struct source *source);
void source_release(struct source *source, void *held);

struct source_stats source_stats(struct source *source);

/* source_format is static text: "pcap, microseconds, little-endian", "pcapng (gzip)", "interface
 * (TPACKET_V3 ring)" … */
const char *source_format(const struct source *source);

void source_close(struct source *source);

#endif
