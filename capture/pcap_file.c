/* pcap_file.c: the classic capture format of libpcap (draft-ietf-opsawg-pcap), versions 2.0 to
 * 2.4, in both byte orders, with micro- or nanoseconds, and with the longer record header of
 * Alexey Kuznetzov's libpcap, of which the interface, protocol and packet type are left unread. */
#include "capture/file_order.h"
#include "capture/link_type.h"
#include "capture/source_ops.h"

#include <stdlib.h>

enum {
    PCAP_MICROSECONDS = 0xa1b2c3d4,
    PCAP_NANOSECONDS = 0xa1b23c4d,
    PCAP_KUZNETZOV = 0xa1b2cd34,
    PCAP_HEADER_LEN = 24,
    PCAP_RECORD_LEN = 16,
    PCAP_KUZNETZOV_MORE = 8, /* bytes of a record header after the usual ones */
    PCAP_FCS_PRESENT = 1 << 26,
    /* How far after a record's start its reader will look soon: at the headers of layers 3 and
     * 4, beyond the cache line of the record's own header. */
    PCAP_PREFETCH = 64
};

struct pcap_file {
    bool little;
    uint32_t to_ns; /* nanoseconds a unit of the time's fraction */
    uint16_t minor; /* of the version */
    uint16_t link_type;
    uint32_t fcs_len;  /* bytes of frame check sequence at a frame's end on the wire */
    uint32_t more_len; /* bytes of a record's header after the first 16 */
    size_t wanted;     /* bytes of the record at hand that is not whole */
    uint32_t claimed;  /* its captured length, when that is more than a frame can have */
};

/* Reads the magic number; false when it is none. */
static bool pcap_magic(struct reader *r, uint32_t *magic, bool *little)
{
    uint32_t value = reader_u32(r);
    *little = false;
    *magic = value;
    if (value == PCAP_MICROSECONDS || value == PCAP_NANOSECONDS || value == PCAP_KUZNETZOV)
        return true;
    *little = true;
    *magic = value = __builtin_bswap32(value);
    return value == PCAP_MICROSECONDS || value == PCAP_NANOSECONDS || value == PCAP_KUZNETZOV;
}

bool pcap_file_has_magic(struct reader start)
{
    uint32_t magic;
    bool little;
    return pcap_magic(&start, &magic, &little);
}

bool pcap_file_knows(struct span start)
{
    struct reader r = reader_of(start);
    uint32_t magic;
    bool little;
    if (!pcap_magic(&r, &magic, &little))
        return false;
    uint16_t major = order_u16(&r, little);
    uint16_t minor = order_u16(&r, little);
    return !reader_ok(&r) || (major == 2 && minor <= 4);
}

/* Version 2.2 and older had the two lengths the other way round, and 2.3 was written in both
 * ways. */
static bool pcap_lengths_swapped(uint16_t minor, uint32_t captured, uint32_t wire)
{
    return minor < 3 || (minor == 3 && captured > wire);
}

/* Reads as many whole records as are at hand. When it gives none, |wanted| and |claimed| say
 * why. */
static size_t pcap_records(struct pcap_file *file, struct source *source, struct frame *frames,
                           size_t max)
{
    const bool little = file->little;
    struct input *input = source->input;
    struct reader rest = input_reader(input);
    size_t num = 0;
    for (; num < max; num++) {
        struct reader r = rest;
        if (reader_left(&r) < PCAP_RECORD_LEN)
            break;
        const struct span header = reader_view(&r, PCAP_RECORD_LEN);
        uint64_t seconds = order_view_u32(header, 0, little);
        uint64_t fraction = order_view_u32(header, 4, little);
        uint32_t captured = order_view_u32(header, 8, little);
        uint32_t wire = order_view_u32(header, 12, little);
        if (file->minor < 4 && pcap_lengths_swapped(file->minor, captured, wire)) {
            uint32_t swap = captured;
            captured = wire;
            wire = swap;
        }
        reader_skip(&r, file->more_len);
        struct span bytes = reader_bytes(&r, captured);
        if (captured > SOURCE_MAX_FRAME || !reader_ok(&r)) {
            file->claimed = captured;
            break;
        }
        if (wire < captured) {
            wire = captured;
            source->stats.mended++;
        }
        wire -= wire < file->fcs_len ? wire : file->fcs_len;
        frames[num] = (struct frame){.at = bytes.at,
                                     .captured_len = captured < wire ? captured : wire,
                                     .wire_len = wire,
                                     .time_ns = seconds * 1000000000 + fraction * file->to_ns,
                                     .number = source->stats.frames + num + 1,
                                     .link_type = file->link_type};
        rest = r;
        __builtin_prefetch(rest.at + PCAP_PREFETCH);
    }
    input_consume(input, input_left(input) - reader_left(&rest));
    return num;
}

static enum source_status pcap_read(struct source *source, struct frame *frames, size_t max,
                                    size_t *num, struct error *error)
{
    struct pcap_file *file = source->state;
    size_t header_len = PCAP_RECORD_LEN + file->more_len;
    for (;;) {
        file->claimed = 0;
        *num = pcap_records(file, source, frames, max);
        if (*num > 0)
            return SOURCE_FRAMES;
        if (file->claimed > SOURCE_MAX_FRAME) {
            error_set(error,
                      "%s is damaged: the record at byte %llu%s claims a frame of %u bytes, "
                      "more than the %d that are possible",
                      source->name, (unsigned long long)source->input->offset,
                      input_unit(source->input), file->claimed, SOURCE_MAX_FRAME);
            return SOURCE_DAMAGED;
        }
        size_t want = header_len + file->claimed;
        if (!input_more(source->input, want))
            return source_input_ended(source, "record", want, error);
    }
}

static void pcap_file_close(struct source *source)
{
    free(source->state);
}

static const struct source_ops pcap_ops = {
    .read = pcap_read, .close = pcap_file_close, .frames_in_input = true};

static const char *pcap_format(const struct pcap_file *file, enum compression compression)
{
#define PCAP_FORMATS(how)                                                                          \
    {                                                                                              \
        "pcap, microseconds, big-endian" how, "pcap, microseconds, little-endian" how,             \
            "pcap, nanoseconds, big-endian" how, "pcap, nanoseconds, little-endian" how            \
    }
    static const char *const formats[NUM_COMPRESSIONS][4] = {
        [COMPRESSION_NONE] = PCAP_FORMATS(""),
        [COMPRESSION_GZIP] = PCAP_FORMATS(" (gzip)"),
        [COMPRESSION_ZSTD] = PCAP_FORMATS(" (zstd)"),
        [COMPRESSION_LZ4] = PCAP_FORMATS(" (lz4)")};
#undef PCAP_FORMATS
    return formats[compression][(file->to_ns == 1 ? 2 : 0) + (file->little ? 1 : 0)];
}

bool pcap_file_open(struct source *source, struct error *error)
{
    struct input *input = source->input;
    if (!input_more(input, PCAP_HEADER_LEN)) {
        source_input_ended(source, "file header", PCAP_HEADER_LEN, error);
        return false;
    }
    struct pcap_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return error_set(error, "%s cannot be read: there is no memory", source->name);
    struct reader r = input_reader(input);
    uint32_t magic;
    pcap_magic(&r, &magic, &file->little);
    order_u16(&r, file->little); /* major version: pcap_file_knows has seen it */
    file->minor = order_u16(&r, file->little);
    reader_skip(&r, 4 + 4 + 4); /* time zone, accuracy, snap length: nobody sets or needs them */
    uint32_t link = order_u32(&r, file->little);
    input_consume(input, PCAP_HEADER_LEN);

    file->link_type = link_type_of_file((uint16_t)link);
    file->fcs_len = link & PCAP_FCS_PRESENT ? (link >> 28) * 2 : 0; /* counted in 16 bit words */
    file->to_ns = magic == PCAP_NANOSECONDS ? 1 : 1000;
    file->more_len = magic == PCAP_KUZNETZOV ? PCAP_KUZNETZOV_MORE : 0;
    source->ops = &pcap_ops;
    source->state = file;
    source->format = pcap_format(file, input->compression);
    source->first_link = file->link_type;
    return true;
}
