/* pcapng_file.c: the pcapng capture format (draft-ietf-opsawg-pcapng): any number of sections,
 * each in its own byte order, with any mix of interfaces. Reads the section header, interface
 * description, enhanced, simple and obsolete packet blocks, and the drop counters of interface
 * statistics. All other blocks are passed over unread and counted: names, journals, custom
 * blocks, and decryption secrets, which are nobody's business here. */
#include "capture/file_order.h"
#include "capture/link_type.h"
#include "capture/pcapng_interface.h"
#include "capture/source_ops.h"

#include <stdlib.h>

enum {
    PCAPNG_SECTION = 0x0a0d0d0a,
    PCAPNG_INTERFACE = 1,
    PCAPNG_OLD_PACKET = 2,
    PCAPNG_SIMPLE_PACKET = 3,
    PCAPNG_STATISTICS = 5,
    PCAPNG_PACKET = 6,
    PCAPNG_ORDER = 0x1a2b3c4d,
    PCAPNG_FRAMING = 12, /* type, length, and the length again */
    PCAPNG_SECTION_START = 12,
    PCAPNG_MIN_SECTION = 28,
    PCAPNG_MAX_BLOCK = SOURCE_MAX_FRAME + (64 << 10), /* a frame and its options */
    PCAPNG_MAX_INTERFACES = 1 << 16                   /* in a section */
};

/* What became of a block. */
enum pcapng_block {
    PCAPNG_FRAME,  /* it held a frame */
    PCAPNG_READ,   /* it was of use, but held none */
    PCAPNG_WANTED, /* it is not whole */
    PCAPNG_BAD     /* |reason| says what is wrong */
};

struct pcapng_file {
    bool little;                         /* of the section */
    struct pcapng_interface *interfaces; /* of the section */
    size_t num_interfaces, room;
    uint64_t before;    /* interfaces of the sections before this one */
    uint64_t last_ns;   /* time of the frame before */
    size_t wanted;      /* bytes of the block at hand that is not whole */
    const char *reason; /* what is wrong with the block at hand */
};

bool pcapng_file_knows(struct span start)
{
    struct reader r = reader_of(start);
    return reader_u32(&r) == PCAPNG_SECTION;
}

static enum pcapng_block pcapng_bad(struct pcapng_file *file, const char *reason)
{
    file->reason = reason;
    return PCAPNG_BAD;
}

/* Section Header Block: byte order, version, section length (not needed), options (not needed). */
static enum pcapng_block pcapng_section(struct pcapng_file *file, struct reader body)
{
    order_u32(&body, file->little);
    uint16_t major = order_u16(&body, file->little);
    uint16_t minor = order_u16(&body, file->little);
    if (major != 1 || (minor != 0 && minor != 2))
        return pcapng_bad(file, "its pcapng version is neither 1.0 nor 1.2");
    file->before += file->num_interfaces;
    file->num_interfaces = 0;
    return PCAPNG_READ;
}

static enum pcapng_block pcapng_add_interface(struct pcapng_file *file, struct reader body)
{
    if (file->num_interfaces == PCAPNG_MAX_INTERFACES)
        return pcapng_bad(file,
                          "it describes one interface more than the 65,536 that are possible");
    if (file->num_interfaces == file->room) {
        size_t room = file->room > 0 ? file->room * 2 : 4;
        struct pcapng_interface *larger =
            realloc(file->interfaces, room * sizeof *file->interfaces);
        if (larger == NULL)
            return pcapng_bad(file, "there is no memory for the interface it describes");
        file->interfaces = larger;
        file->room = room;
    }
    struct pcapng_interface *interface = &file->interfaces[file->num_interfaces];
    if (!pcapng_interface_read(interface, &body, file->little))
        return pcapng_bad(file, "its description of an interface breaks off");
    file->num_interfaces++;
    return PCAPNG_READ;
}

/* Interface Statistics Block: interface, time, and the drop counters of its options. */
static enum pcapng_block pcapng_statistics(struct pcapng_file *file, struct source *source,
                                           struct reader body)
{
    uint32_t id = order_u32(&body, file->little);
    reader_skip(&body, 8);
    if (!reader_ok(&body) || id >= file->num_interfaces)
        return pcapng_bad(file, "it has statistics of an interface that nothing describes");
    struct pcapng_interface *interface = &file->interfaces[id];
    source->stats.dropped -= pcapng_interface_dropped(interface);
    pcapng_interface_statistics(interface, &body, file->little);
    source->stats.dropped += pcapng_interface_dropped(interface);
    return PCAPNG_READ;
}

/* Makes a frame of the |captured| next bytes of |body|. */
static enum pcapng_block pcapng_frame(struct pcapng_file *file, struct source *source, size_t id,
                                      struct reader *body, uint32_t captured, uint32_t wire,
                                      struct frame *frame)
{
    const struct pcapng_interface *interface = &file->interfaces[id];
    if (captured > SOURCE_MAX_FRAME)
        return pcapng_bad(file, "it claims a frame of more than 16 MiB");
    struct span bytes = reader_bytes(body, captured);
    if (!reader_ok(body))
        return pcapng_bad(file, "it is shorter than the frame that it claims to hold");
    if (wire < captured) {
        wire = captured;
        source->stats.mended++;
    }
    uint64_t index = file->before + id;
    *frame = (struct frame){.at = bytes.at,
                            .captured_len = captured,
                            .wire_len = wire,
                            .time_ns = file->last_ns,
                            .link_type = interface->link_type,
                            .interface = (uint16_t)(index < UINT16_MAX ? index : UINT16_MAX)};
    return PCAPNG_FRAME;
}

/* A frame check sequence was on the wire, but is no part of the packet. */
static void pcapng_strip_fcs(struct frame *frame, uint32_t fcs_len)
{
    frame->wire_len -= frame->wire_len < fcs_len ? frame->wire_len : fcs_len;
    if (frame->captured_len > frame->wire_len)
        frame->captured_len = frame->wire_len;
}

/* Enhanced Packet Block, and the Packet Block that it replaced: interface (and drops), time stamp,
 * captured length, original length, data padded to 32 bits, options. */
static enum pcapng_block pcapng_packet(struct pcapng_file *file, struct source *source,
                                       uint32_t type, struct reader body, struct frame *frame)
{
    const bool little = file->little;
    uint16_t drops = 0;
    uint32_t id;
    if (type == PCAPNG_OLD_PACKET) {
        id = order_u16(&body, little);
        drops = order_u16(&body, little);
    } else {
        id = order_u32(&body, little);
    }
    uint64_t high = order_u32(&body, little);
    uint64_t time = high << 32 | order_u32(&body, little);
    uint32_t captured = order_u32(&body, little);
    uint32_t wire = order_u32(&body, little);
    if (!reader_ok(&body))
        return pcapng_bad(file, "it is too short for a packet");
    if (id >= file->num_interfaces)
        return pcapng_bad(file, "it holds a packet of an interface that nothing describes");

    struct pcapng_interface *interface = &file->interfaces[id];
    enum pcapng_block result = pcapng_frame(file, source, id, &body, captured, wire, frame);
    if (result != PCAPNG_FRAME)
        return result;
    file->last_ns = frame->time_ns = pcapng_interface_time(interface, time);
    uint32_t fcs_len = interface->fcs_len;
    uint64_t dropped = drops == UINT16_MAX ? 0 : drops; /* all ones: not known */
    reader_skip(&body, -captured & 3);
    if (reader_left(&body) > 0)
        pcapng_packet_options(&body, little, &fcs_len, &dropped);
    if (fcs_len > 0)
        pcapng_strip_fcs(frame, fcs_len);
    if (dropped > 0) {
        source->stats.dropped -= pcapng_interface_dropped(interface);
        interface->dropped_by_packets += dropped;
        source->stats.dropped += pcapng_interface_dropped(interface);
    }
    return result;
}

/* Simple Packet Block: original length and data, of interface 0. It has no time: the packet gets
 * that of the packet before it, so that time goes on. */
static enum pcapng_block pcapng_simple_packet(struct pcapng_file *file, struct source *source,
                                              struct reader body, struct frame *frame)
{
    uint32_t wire = order_u32(&body, file->little);
    if (file->num_interfaces == 0)
        return pcapng_bad(file, "it holds a packet of an interface that nothing describes");
    uint32_t snaplen = file->interfaces[0].snaplen;
    uint32_t captured = snaplen != 0 && wire > snaplen ? snaplen : wire;
    enum pcapng_block result = pcapng_frame(file, source, 0, &body, captured, wire, frame);
    if (result == PCAPNG_FRAME)
        pcapng_strip_fcs(frame, file->interfaces[0].fcs_len);
    return result;
}

/* Reads what is between the two lengths of a block. */
static enum pcapng_block pcapng_body(struct pcapng_file *file, struct source *source, uint32_t type,
                                     struct reader body, struct frame *frame)
{
    switch (type) {
    case PCAPNG_PACKET:
    case PCAPNG_OLD_PACKET:
        return pcapng_packet(file, source, type, body, frame);
    case PCAPNG_SIMPLE_PACKET:
        return pcapng_simple_packet(file, source, body, frame);
    case PCAPNG_SECTION:
        return pcapng_section(file, body);
    case PCAPNG_INTERFACE:
        return pcapng_add_interface(file, body);
    case PCAPNG_STATISTICS:
        return pcapng_statistics(file, source, body);
    default:
        source->stats.skipped_blocks++;
        return PCAPNG_READ;
    }
}

/* A section header tells the byte order that holds from its own length on. */
static bool pcapng_section_order(struct pcapng_file *file, struct reader start)
{
    reader_skip(&start, 8);
    uint32_t order = reader_u32(&start);
    file->little = __builtin_bswap32(order) == PCAPNG_ORDER;
    return file->little || order == PCAPNG_ORDER;
}

/* Reads the block at hand, if it is whole, and consumes it, if it is good. */
static enum pcapng_block pcapng_block(struct pcapng_file *file, struct source *source,
                                      struct frame *frame)
{
    struct input *input = source->input;
    struct reader r = input_reader(input);
    file->wanted = PCAPNG_FRAMING;
    if (reader_left(&r) < file->wanted)
        return PCAPNG_WANTED;
    struct reader start = r;
    uint32_t type = order_u32(&start, file->little);
    if (type == PCAPNG_SECTION && !pcapng_section_order(file, r))
        return pcapng_bad(file, "its byte-order mark is none");
    uint32_t len = order_u32(&start, file->little);
    if (len < PCAPNG_FRAMING || (type == PCAPNG_SECTION && len < PCAPNG_MIN_SECTION))
        return pcapng_bad(file, "its length is less than a block's can be");
    if (len % 4 != 0)
        return pcapng_bad(file, "its length is no multiple of 4");
    if (len > PCAPNG_MAX_BLOCK)
        return pcapng_bad(file, "it claims a length of more than 16 MiB");
    file->wanted = len;
    if (reader_left(&r) < len)
        return PCAPNG_WANTED;

    struct reader body = reader_child(&start, len - PCAPNG_FRAMING);
    if (order_u32(&start, file->little) != len)
        return pcapng_bad(file, "the length at its end is not the one at its start");
    enum pcapng_block result = pcapng_body(file, source, type, body, frame);
    if (result != PCAPNG_BAD)
        input_consume(input, len);
    return result;
}

static enum source_status pcapng_damaged(const struct pcapng_file *file,
                                         const struct source *source, struct error *error)
{
    error_set(error, "%s is damaged: the block at byte %llu%s cannot be read: %s", source->name,
              (unsigned long long)source->input->offset, input_unit(source->input), file->reason);
    return SOURCE_DAMAGED;
}

static enum source_status pcapng_read(struct source *source, struct frame *frames, size_t max,
                                      size_t *num, struct error *error)
{
    struct pcapng_file *file = source->state;
    size_t n = 0;
    for (;;) {
        enum pcapng_block result = pcapng_block(file, source, &frames[n]);
        if (result == PCAPNG_FRAME) {
            frames[n].number = source->stats.frames + n + 1;
            n++;
        }
        *num = n;
        if (n == max || (n > 0 && (result == PCAPNG_WANTED || result == PCAPNG_BAD)))
            return SOURCE_FRAMES;
        if (result == PCAPNG_BAD)
            return pcapng_damaged(file, source, error);
        if (result == PCAPNG_WANTED && !input_more(source->input, file->wanted))
            return source_input_ended(source, "block", file->wanted, error);
    }
}

static void pcapng_close(struct source *source)
{
    struct pcapng_file *file = source->state;
    free(file->interfaces);
    free(file);
}

static const struct source_ops pcapng_ops = {
    .read = pcapng_read, .close = pcapng_close, .frames_in_input = true};

/* Reads up to the first interface, if that comes before any packet: a filter needs its link
 * type. What is wrong on the way is told when the source is read. */
static void pcapng_find_interface(struct pcapng_file *file, struct source *source)
{
    while (file->num_interfaces == 0) {
        struct frame unused;
        enum pcapng_block result = pcapng_block(file, source, &unused);
        if (result == PCAPNG_BAD ||
            (result == PCAPNG_WANTED && !input_more(source->input, file->wanted)))
            return;
    }
    source->first_link = file->interfaces[0].link_type;
}

bool pcapng_file_open(struct source *source, struct error *error)
{
    static const char *const formats[NUM_COMPRESSIONS] = {"pcapng", "pcapng (gzip)",
                                                          "pcapng (zstd)", "pcapng (lz4)"};
    if (!input_more(source->input, PCAPNG_MIN_SECTION)) {
        source_input_ended(source, "section header", PCAPNG_MIN_SECTION, error);
        return false;
    }
    struct pcapng_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return error_set(error, "%s cannot be read: there is no memory", source->name);
    struct frame none;
    enum pcapng_block result;
    while ((result = pcapng_block(file, source, &none)) == PCAPNG_WANTED)
        if (!input_more(source->input, file->wanted))
            break;
    if (result != PCAPNG_READ) {
        if (result == PCAPNG_BAD)
            pcapng_damaged(file, source, error);
        else
            source_input_ended(source, "section header", file->wanted, error);
        free(file);
        return false;
    }
    source->ops = &pcapng_ops;
    source->state = file;
    source->format = formats[source->input->compression];
    pcapng_find_interface(file, source);
    return true;
}
