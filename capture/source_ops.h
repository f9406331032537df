/* source_ops.h: the inside of a source, for the files that bring a kind of input. */
#ifndef PERPASS_CAPTURE_SOURCE_OPS_H
#define PERPASS_CAPTURE_SOURCE_OPS_H

#include "capture/filter.h"
#include "capture/input.h"
#include "capture/source.h"

/* The longest frame that a capture may hold. What claims to be longer is damage. */
enum { SOURCE_MAX_FRAME = 16 << 20 };

struct source_ops {
    /* As source_read, without the filter: frames get their numbers from |stats.frames| + 1 on,
     * but the counter is left to source_read. Called until it gives SOURCE_END or SOURCE_DAMAGED
     * once. */
    enum source_status (*read)(struct source *source, struct frame *frames, size_t max, size_t *num,
                               struct error *error);
    void (*close)(struct source *source);
    bool frames_in_input; /* they lie where source->input has its bytes: these are held */
    /* Otherwise: as source_hold and source_release; NULL: frames cannot be held. */
    void *(*hold)(struct source *source);
    void (*release)(struct source *source, void *held);
    void (*count)(struct source *source); /* brings |stats| up to date; may be NULL */
};

struct source {
    const struct source_ops *ops;
    void *state;               /* of |ops| */
    struct input *input;       /* NULL: of an interface */
    struct filter *filter;     /* NULL: every frame passes, or the source sees to it itself */
    struct filter *own_filter; /* |filter|, if it is to be freed with the source; else NULL */
    uint64_t unfit_before;     /* frames that |filter| had found unfit when it came here */
    const int *descriptors;    /* of an interface; |state|'s */
    size_t num_descriptors;
    const char *format;
    struct source_stats stats;
    uint32_t first_link; /* link type of the first interface, or SOURCE_NO_LINK */
    bool ended;
    char name[256]; /* the path as messages show it */
};

enum { SOURCE_NO_LINK = UINT16_MAX + 1 };

/* Each opens its format on source->input and fills ops, state, format and first_link. */
bool pcap_file_open(struct source *source, struct error *error);
bool pcapng_file_open(struct source *source, struct error *error);
bool libpcap_source_open(struct source *source, struct error *error);

/* pcap_file_knows, pcapng_file_knows tell by its first bytes whether the format's own reader
 * takes the input; what none takes is left to libpcap, also what has the magic number of pcap,
 * but another version. */
enum { SOURCE_SNIFF_LEN = 8 };
bool pcap_file_knows(struct span start);
bool pcap_file_has_magic(struct reader start);
bool pcapng_file_knows(struct span start);

/* Each opens the interface source->name and fills ops, state, format, descriptors and first_link; takes care
 * of the filter itself. */
enum live_result {
    LIVE_OPEN,
    LIVE_UNFIT, /* this kind of interface cannot be read so */
    LIVE_FAILED /* |error| says why */
};
enum live_result ring_source_open(struct source *source, const struct live_options *options,
                                  struct error *error);
enum live_result libpcap_live_open(struct source *source, const struct live_options *options,
                                   struct error *error);

/* source_input_ended tells the end of an input that has no whole record any more: a clean end,
 * or what is missing to the |want| bytes of a |record|. */
enum source_status source_input_ended(const struct source *source, const char *record, size_t want,
                                      struct error *error);

/* source_first_bytes writes the first bytes of an input in hex, for "it begins with". */
enum { SOURCE_FIRST_BYTES = 3 * 4 };
void source_first_bytes(const struct source *source, char text[static SOURCE_FIRST_BYTES]);

#endif
