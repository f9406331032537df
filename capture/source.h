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

/* source_open_file opens a capture: pcap, pcapng, snoop (RFC 1761), or what libpcap knows beyond them; plain or
 * compressed by gzip, zstd or lz4; told by their first bytes and not by their names; "-" is standard input. NULL and |error| when it is none of
 * these (or not readable). */
struct source *source_open_file(const char *path, const struct source_options *options,
                                struct error *error);

/* By what the system chooses the ring that a frame goes to, where there are several. */
enum live_spread {
    LIVE_SPREAD_DEFAULT = 0, /* by addresses */
    LIVE_SPREAD_ADDRESSES, /* all between two addresses to the same, whatever ports, also of fragments */
    LIVE_SPREAD_HASH,      /* all of a conversation to the same, as the system tells them apart */
    LIVE_SPREAD_CPU,       /* by the processor that took it from the adapter */
    LIVE_SPREAD_QUEUE      /* by the queue of the adapter that it came by */
};

struct live_fanout {
    enum live_spread spread;
    bool defrag;   /* the system puts IPv4 fragments together first */
    bool rollover; /* what finds its ring full goes to another one */
    uint16_t
        group; /* not 0: share the frames with the rings of this number, also of other programs */
};

struct live_options {
    const char *filter;        /* as in source_options */
    size_t ring_bytes;         /* of each ring; 0: LIVE_RING_BYTES */
    size_t block_bytes;        /* 0: LIVE_BLOCK_BYTES; a multiple of the page size */
    unsigned block_ms;         /* a block with a frame is handed over so late; 0: LIVE_BLOCK_MS, or
                             LIVE_SHARED_BLOCK_MS of several rings */
    unsigned wait_ms;          /* source_read gives SOURCE_IDLE after so long; 0: LIVE_WAIT_MS */
    bool not_promiscuous;      /* see only what the interface would see anyhow */
    bool adapter_time;         /* ask the network adapter for time stamps */
    bool by_libpcap;           /* let libpcap read even if the ring can be had */
    unsigned num_rings;        /* 0: one; at most LIVE_MAX_RINGS. libpcap has no such thing */
    struct live_fanout fanout; /* of several rings, or of a |group| */
};

enum {
    LIVE_RING_BYTES = 64 << 20,
    LIVE_BLOCK_BYTES = 1 << 20,
    LIVE_BLOCK_MS = 50,
    LIVE_SHARED_BLOCK_MS = 10,
    LIVE_WAIT_MS = 100,
    LIVE_MAX_RINGS = 64
};

/* source_open_live reads the network interface |name|: by rings that the system and the program share
 * (TPACKET_V3), whose frames are brought into the order of their times, or, for kinds of interfaces that have no such ring here and for "any", by libpcap. NULL and
 * |error| when neither can be had. */
struct source *source_open_live(const char *name, const struct live_options *options,
                                struct error *error);

/* source_live_possible says whether |options| fit any interface at all: the sizes of the ring, and the filter. */
bool source_live_possible(const struct live_options *options, struct error *error);

/* source_descriptors gives the sockets of a live source, |num| of them; none for others. */
const int *source_descriptors(const struct source *source, size_t *num);

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
