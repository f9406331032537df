/* snoop_file.c: the capture format of Solaris's snoop, version 2 (RFC 1761), with those data links of RFC 3827's
 * registry and of Solaris that carry IP here. Leaves unread what other programs write into the padding of records. */
#include "capture/snoop_file.h"

#include <stdlib.h>

enum {
    SNOOP_MAGIC_LEN = 8,
    SNOOP_HEADER_LEN = SNOOP_MAGIC_LEN + 4 + 4,
    SNOOP_RECORD_LEN = 24,
    SNOOP_VERSION = 2
};

struct snoop_file {
    uint16_t link_type;
    size_t wanted;       /* bytes of the record at hand that is not whole */
    const char *damage;  /* what is wrong with it, or NULL */
    uint32_t len, claim; /* its length, and that of its frame, as it has them */
};

static const struct {
    uint32_t datalink;
    uint16_t link_type;
} snoop_links[] = {
    {0, 1},            /* IEEE 802.3 */
    {2, 6},            /* IEEE 802.5 */
    {4, 1},            /* Ethernet */
    {8, 10},           /* FDDI */
    {14, 0},           /* loopback */
    {16, 122},         /* Fibre Channel */
    {18, 123},         /* ATM classical IP */
    {24, 1},           /* ISO 8802-3 and Ethernet */
    {25, 1},           /* 100BaseT */
    {0x80000005, 226}, /* ipnet(4D) */
};

enum { NUM_SNOOP_LINKS = sizeof snoop_links / sizeof snoop_links[0] };

bool snoop_file_knows(struct span start)
{
    static const uint8_t magic[SNOOP_MAGIC_LEN] = {'s', 'n', 'o', 'o', 'p', 0, 0, 0};
    return start.len >= SNOOP_MAGIC_LEN && memcmp(start.at, magic, SNOOP_MAGIC_LEN) == 0;
}

/* wire length(4), captured length(4), length of the record with this header(4), frames lost since the first
 * record(4), seconds(4), microseconds(4), frame, padding. False when the record is not whole or damaged. */
static bool snoop_record(struct snoop_file *file, struct source *source, struct reader *rest,
                         struct frame *frame)
{
    struct reader r = *rest;
    file->wanted = SNOOP_RECORD_LEN;
    if (reader_left(&r) < SNOOP_RECORD_LEN)
        return false;
    const struct span header = reader_view(&r, SNOOP_RECORD_LEN);
    const uint32_t wire = view_u32(header, 0), captured = view_u32(header, 4);
    const uint32_t len = view_u32(header, 8), lost = view_u32(header, 12);
    file->len = len;
    file->claim = captured;
    if (captured > SOURCE_MAX_FRAME)
        file->damage = "more than is possible";
    else if (len < SNOOP_RECORD_LEN + captured)
        file->damage = "which do not fit in it";
    else if (len > INPUT_MAX_WANT)
        file->damage = "and more padding than is possible";
    file->wanted = len;
    if (file->damage != NULL || reader_left(rest) < len)
        return false;
    reader_skip(rest, len);

    source->stats.mended += wire < captured ? 1 : 0;
    if (lost > source->stats.dropped)
        source->stats.dropped = lost;
    const uint64_t seconds = view_u32(header, 16), microseconds = view_u32(header, 20);
    *frame = (struct frame){.at = reader_bytes(&r, captured).at,
                            .captured_len = captured,
                            .wire_len = wire < captured ? captured : wire,
                            .time_ns = seconds * 1000000000 + microseconds * 1000,
                            .link_type = file->link_type};
    return true;
}

static enum source_status snoop_read(struct source *source, struct frame *frames, size_t max,
                                     size_t *num, struct error *error)
{
    struct snoop_file *file = source->state;
    struct input *input = source->input;
    do {
        struct reader rest = input_reader(input);
        for (*num = 0; *num < max && snoop_record(file, source, &rest, &frames[*num]); ++*num)
            frames[*num].number = source->stats.frames + *num + 1;
        input_consume(input, input_left(input) - reader_left(&rest));
        if (*num > 0) {
            file->damage = NULL; /* it is found again */
            return SOURCE_FRAMES;
        }
        if (file->damage != NULL) {
            error_set(error,
                      "%s is damaged: the record at byte %llu%s has %u bytes and claims a frame of "
                      "%u bytes, %s",
                      source->name, (unsigned long long)input->offset, input_unit(input), file->len,
                      file->claim, file->damage);
            return SOURCE_DAMAGED;
        }
    } while (input_more(input, file->wanted));
    return source_input_ended(source, "record", file->wanted, error);
}

static void snoop_close(struct source *source)
{
    free(source->state);
}

static const struct source_ops snoop_ops = {
    .read = snoop_read, .close = snoop_close, .frames_in_input = true};

static bool snoop_link(const struct source *source, uint32_t datalink, uint16_t *link_type,
                       struct error *error)
{
    for (size_t i = 0; i < NUM_SNOOP_LINKS; i++)
        if (snoop_links[i].datalink == datalink) {
            *link_type = snoop_links[i].link_type;
            return true;
        }
    return error_set(error, "%s is a snoop file of the data link type %u, which is not read",
                     source->name, datalink);
}

bool snoop_file_open(struct source *source, struct error *error)
{
    static const char *const formats[NUM_COMPRESSIONS] = {"snoop", "snoop (gzip)", "snoop (zstd)",
                                                          "snoop (lz4)"};
    struct input *input = source->input;
    if (!input_more(input, SNOOP_HEADER_LEN)) {
        source_input_ended(source, "file header", SNOOP_HEADER_LEN, error);
        return false;
    }
    struct reader r = input_reader(input);
    reader_skip(&r, SNOOP_MAGIC_LEN);
    const uint32_t version = reader_u32(&r), datalink = reader_u32(&r);
    uint16_t link_type = 0;
    if (version != SNOOP_VERSION)
        return error_set(error, "%s is a snoop file of version %u, of which only %d is read",
                         source->name, version, SNOOP_VERSION);
    if (!snoop_link(source, datalink, &link_type, error))
        return false;
    struct snoop_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return error_set(error, "%s cannot be read: there is no memory", source->name);
    file->link_type = link_type;
    input_consume(input, SNOOP_HEADER_LEN);
    source->ops = &snoop_ops;
    source->state = file;
    source->format = formats[input->compression];
    source->first_link = link_type;
    return true;
}
