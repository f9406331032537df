/* test_capture.c: every way that a capture may come in, damage at every place, filters, and
 * libpcap as the judge of what a file holds. */
#include "capture_builder.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
/* cmocka.h needs the three above */
#include <cmocka.h>

enum { MAGIC_US = 0xa1b2c3d4, MAGIC_NS = 0xa1b23c4d, MAGIC_KUZNETZOV = 0xa1b2cd34 };
enum { MAGIC_SNOOP = 0x736e6f6f };
enum { SECONDS = 1700000000, NUM_FRAMES = 40 };

/* The same forty frames in every format: lengths from 0 on, some cut by a snap length. */
static uint32_t frame_captured(size_t n)
{
    return (uint32_t)(n * n % 97);
}

static uint32_t frame_wire(size_t n)
{
    return frame_captured(n) + (n % 3 == 0 ? (uint32_t)n * 100 : 0);
}

static void put_pcap(struct builder *b, uint32_t magic, size_t *ends)
{
    put_pcap_header(b, magic, 1);
    for (size_t n = 0; n < NUM_FRAMES; n++) {
        put_pcap_record(b, (uint32_t)(SECONDS + n), (uint32_t)n, frame_captured(n), frame_wire(n));
        if (magic == MAGIC_KUZNETZOV)
            put(b, "12345678", 8);
        put_frame_bytes(b, n, frame_captured(n));
        if (ends != NULL)
            ends[n] = b->len;
    }
}

static void put_pcapng(struct builder *b, int resolution, size_t *ends)
{
    uint64_t units = resolution == 9 ? 1000000000 : 1000000;
    put_section(b, 1, 0);
    put_interface(b, 1, 0, resolution);
    for (size_t n = 0; n < NUM_FRAMES; n++) {
        put_packet(b, 0, (SECONDS + n) * units + n, n, frame_captured(n), frame_wire(n));
        if (ends != NULL)
            ends[n] = b->len;
    }
}

static void put_snoop(struct builder *b, size_t *ends)
{
    put_snoop_header(b, 2, 4);
    for (size_t n = 0; n < NUM_FRAMES; n++) {
        const uint32_t padding = -frame_captured(n) & 3;
        put_snoop_record(b, frame_wire(n), frame_captured(n), padding, 0, SECONDS + (uint32_t)n,
                         (uint32_t)n);
        put_frame_bytes(b, n, frame_captured(n));
        put(b, "\0\0\0", padding);
        if (ends != NULL)
            ends[n] = b->len;
    }
}

static void assert_forty_frames(const struct list *list, uint32_t ns_a_unit)
{
    assert_string_equal(list->error.text, "");
    assert_true(list->opened);
    assert_int_equal(list->end, SOURCE_END);
    assert_int_equal(list->num, NUM_FRAMES);
    assert_int_equal(list->stats.frames, NUM_FRAMES);
    for (size_t n = 0; n < NUM_FRAMES; n++) {
        const struct frame *frame = &list->frames[n];
        assert_int_equal(frame->captured_len, frame_captured(n));
        assert_int_equal(frame->wire_len, frame_wire(n));
        assert_int_equal(frame->time_ns, (SECONDS + n) * UINT64_C(1000000000) + n * ns_a_unit);
        assert_int_equal(frame->number, n + 1);
        assert_int_equal(frame->link_type, 1);
        for (size_t i = 0; i < frame->captured_len; i++)
            assert_int_equal(frame->at[i], frame_byte(n, i));
    }
}

static const struct variant {
    const char *format;
    uint32_t magic; /* 0: pcapng */
    bool little;
    uint32_t ns_a_unit;
} variants[] = {
    {"pcap, microseconds, little-endian", MAGIC_US, true, 1000},
    {"pcap, microseconds, big-endian", MAGIC_US, false, 1000},
    {"pcap, nanoseconds, little-endian", MAGIC_NS, true, 1},
    {"pcap, nanoseconds, big-endian", MAGIC_NS, false, 1},
    {"pcap, microseconds, little-endian", MAGIC_KUZNETZOV, true, 1000},
    {"pcap, microseconds, big-endian", MAGIC_KUZNETZOV, false, 1000},
    {"pcapng", 0, true, 1000},
    {"pcapng", 0, false, 1000},
    {"pcapng", 0, true, 1},
    {"pcapng", 0, false, 1},
    {"snoop", MAGIC_SNOOP, false, 1000},
};
enum { NUM_VARIANTS = sizeof variants / sizeof variants[0] };

static struct builder variant_build(const struct variant *variant, size_t *ends)
{
    struct builder b = builder_new(variant->little);
    if (variant->magic == MAGIC_SNOOP)
        put_snoop(&b, ends);
    else if (variant->magic != 0)
        put_pcap(&b, variant->magic, ends);
    else
        put_pcapng(&b, variant->ns_a_unit == 1 ? 9 : -1, ends);
    return b;
}

static struct list *read_fifo(const struct builder *b, size_t step)
{
    char folder[] = "/tmp/perpass-capture-XXXXXX", path[sizeof folder + 8];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) /* opening waits for the other end */
        writer_run(open(path, O_WRONLY), b, step);
    struct list *list = list_read(path, NULL, 7);
    waitpid(child, NULL, 0);
    unlink(path);
    rmdir(folder);
    return list;
}

static struct list *read_stdin(const struct builder *b, size_t step)
{
    int ends[2], saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        writer_run(ends[1], b, step);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    struct list *list = list_read("-", NULL, 64);
    dup2(saved, STDIN_FILENO);
    close(saved);
    waitpid(child, NULL, 0);
    return list;
}

static void every_variant_by_every_way(void **state)
{
    static const char *const suffixes[NUM_PACKINGS] = {"",        " (gzip)", " (gzip)", " (zstd)",
                                                       " (zstd)", " (lz4)",  " (lz4)"};
    static const struct source_options unmapped = {.unmapped = true};
    (void)state;
    for (size_t i = 0; i < NUM_VARIANTS * NUM_PACKINGS; i++) {
        const struct variant *variant = &variants[i / NUM_PACKINGS];
        struct builder plain = variant_build(variant, NULL);
        struct builder b = packed(&plain, (enum packing)(i % NUM_PACKINGS));
        struct list *lists[] = {list_of(&b, NULL), list_of(&b, &unmapped), read_stdin(&b, 4096),
                                read_fifo(&b, 13)};
        char format[64];
        snprintf(format, sizeof format, "%s%s", variant->format, suffixes[i % NUM_PACKINGS]);
        for (size_t way = 0; way < sizeof lists / sizeof lists[0]; way++) {
            assert_forty_frames(lists[way], variant->ns_a_unit);
            assert_string_equal(lists[way]->format, format);
            assert_int_equal(lists[way]->stats.bytes, b.len);
            assert_int_equal(lists[way]->stats.size, way < 2 ? b.len : 0);
            list_free(lists[way]);
        }
        builder_free(&b);
        builder_free(&plain);
    }
}

/* Bytes of the first record, whose frame is empty. */
static size_t variant_record_len(const struct variant *variant)
{
    if (variant->magic == 0)
        return 32;
    return variant->magic == MAGIC_US || variant->magic == MAGIC_NS ? 16 : 24;
}

/* Of a capture that ends at byte |len|, what lies before is given, and the cut is told unless it is
 * between two records. */
static void every_prefix_gives_what_is_whole(void **state)
{
    (void)state;
    for (size_t v = 0; v < NUM_VARIANTS; v++) {
        size_t ends[NUM_FRAMES], whole = 0;
        struct builder b = variant_build(&variants[v], ends);
        size_t full = b.len, header = ends[0] - variant_record_len(&variants[v]);
        for (b.len = 0; b.len <= full; b.len++) {
            while (whole < NUM_FRAMES && ends[whole] <= b.len)
                whole++;
            struct list *list = list_of(&b, NULL);
            bool between = b.len == header || (whole > 0 && ends[whole - 1] == b.len);
            bool after_section = variants[v].magic == 0 && b.len == 28;
            assert_int_equal(list->num, whole);
            if (b.len >= header)
                assert_true(list->opened);
            if (between || after_section)
                assert_int_equal(list->end, SOURCE_END);
            else if (list->opened)
                assert_int_equal(list->end, SOURCE_DAMAGED);
            assert_int_equal(list->error.text[0] == '\0', between || after_section);
            list_free(list);
        }
        builder_free(&b);
    }
}

static void every_prefix_of_compressed_is_told(void **state)
{
    (void)state;
    size_t ends[NUM_FRAMES];
    struct builder plain = variant_build(&variants[0], ends);
    for (int packing = GZIP; packing < NUM_PACKINGS; packing++) {
        struct builder b = packed(&plain, (enum packing)packing);
        size_t full = b.len, most = 0, clean = 0;
        for (b.len = 1; b.len < full; b.len++) {
            struct list *list = list_of(&b, NULL);
            for (size_t n = 0; n < list->num; n++)
                assert_int_equal(list->frames[n].number, n + 1);
            assert_true(list->num >= most); /* a longer prefix never gives less */
            most = list->num;
            assert_true(!list->opened || list->end == SOURCE_DAMAGED || list->num < NUM_FRAMES);
            clean += list->opened && list->end == SOURCE_END;
            assert_int_equal(list->error.text[0] == '\0', list->opened && list->end == SOURCE_END);
            list_free(list);
        }
        assert_int_equal(clean, 0); /* no member ends where a record does */
        builder_free(&b);
    }
    builder_free(&plain);
}

/* No byte of a file can do more than change what is read: both ways read the same, in bounds. */
static void every_byte_flipped_is_read_alike(void **state)
{
    static const struct source_options unmapped = {.unmapped = true};
    static const uint8_t flips[] = {0xff, 0x01, 0x80};
    (void)state;
    for (size_t i = 0; i < NUM_VARIANTS * NUM_PACKINGS; i++) {
        if (i % NUM_PACKINGS != PLAIN && i / NUM_PACKINGS != 0)
            continue;
        struct builder plain = variant_build(&variants[i / NUM_PACKINGS], NULL);
        plain.len = plain.len < 700 ? plain.len : 700;
        struct builder b = packed(&plain, (enum packing)(i % NUM_PACKINGS));
        for (size_t at = 0; at < b.len; at++) {
            b.at[at] ^= flips[at % sizeof flips];
            struct list *mapped = list_of(&b, NULL), *stream = list_of(&b, &unmapped);
            assert_int_equal(mapped->opened, stream->opened);
            assert_int_equal(mapped->end, stream->end);
            assert_int_equal(mapped->num, stream->num);
            for (size_t n = 0; n < mapped->num; n++) {
                assert_int_equal(mapped->frames[n].captured_len, stream->frames[n].captured_len);
                assert_int_equal(mapped->frames[n].time_ns, stream->frames[n].time_ns);
                assert_memory_equal(mapped->frames[n].at, stream->frames[n].at,
                                    mapped->frames[n].captured_len);
            }
            list_free(mapped);
            list_free(stream);
            b.at[at] ^= flips[at % sizeof flips];
        }
        builder_free(&b);
        builder_free(&plain);
    }
}

/* Records after a good one of ten bytes. */
static void pcap_lengths(void **state)
{
    static const struct {
        const char *name;
        uint32_t captured, wire;
        size_t bytes; /* of the frame that are in the file */
        size_t num;   /* frames given */
        uint32_t got_captured, got_wire;
        uint64_t mended;
        const char *error; /* part of the message; NULL: none */
    } cases[] = {
        {"whole", 20, 20, 20, 2, 20, 20, 0, NULL},
        {"cut by the snap length", 20, 1500, 20, 2, 20, 1500, 0, NULL},
        {"empty", 0, 0, 0, 2, 0, 0, 0, NULL},
        {"nothing captured", 0, 1500, 0, 2, 0, 1500, 0, NULL},
        {"wire length lies", 20, 3, 20, 2, 20, 20, 1, NULL},
        {"longest", 16 << 20, 16 << 20, 0, 1, 0, 0, 0,
         "the record at byte 50 needs at least 16777232 bytes, but only 16 follow"},
        {"too long", (16 << 20) + 1, 10, 20, 1, 0, 0, 0,
         "the record at byte 50 claims a frame of 16777217 bytes"},
        {"absurd", 0xffffffff, 0xffffffff, 20, 1, 0, 0, 0, "claims a frame of 4294967295 bytes"},
        {"cut", 20, 20, 19, 1, 0, 0, 0,
         "is cut short: the record at byte 50 needs at least 36 bytes, but only 35 follow"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(i % 2 == 0);
        put_pcap_header(&b, MAGIC_US, 1);
        put_pcap_record(&b, SECONDS, 0, 10, 10);
        put_frame_bytes(&b, 0, 10);
        put_pcap_record(&b, SECONDS, 1, cases[i].captured, cases[i].wire);
        put_frame_bytes(&b, 1, cases[i].bytes);
        struct list *list = list_of(&b, NULL);
        assert_int_equal(list->num, cases[i].num);
        assert_int_equal(list->end, cases[i].error != NULL ? SOURCE_DAMAGED : SOURCE_END);
        assert_int_equal(list->stats.mended, cases[i].mended);
        if (cases[i].num == 2) {
            assert_int_equal(list->frames[1].captured_len, cases[i].got_captured);
            assert_int_equal(list->frames[1].wire_len, cases[i].got_wire);
        }
        if (cases[i].error != NULL && strstr(list->error.text, cases[i].error) == NULL)
            fail_msg("%s: %s", cases[i].name, list->error.text);
        list_free(list);
        builder_free(&b);
    }
}

static void pcap_headers(void **state)
{
    static const struct {
        uint16_t major, minor;
        uint32_t link;
        uint32_t first, second; /* the two lengths in their order in the file */
        bool opened;
        uint16_t got_link;
        uint32_t got_captured, got_wire;
        const char *format; /* or the reason why it cannot be read */
    } cases[] = {
        {2, 4, 1, 60, 90, true, 1, 60, 90, "pcap, microseconds, big-endian"},
        {2, 4, 12, 60, 90, true, 101, 60, 90, "pcap, microseconds, big-endian"},
        {2, 4, 14, 60, 90, true, 101, 60, 90, "pcap, microseconds, big-endian"},
        {2, 4, 65000, 60, 90, true, 65000, 60, 90, "pcap, microseconds, big-endian"},
        /* frame check sequence of 4 bytes, which the snap length took or did not take */
        {2, 4, 0x24000001, 60, 60, true, 1, 56, 56, "pcap, microseconds, big-endian"},
        {2, 4, 0x24000001, 60, 62, true, 1, 58, 58, "pcap, microseconds, big-endian"},
        {2, 4, 0x24000001, 60, 90, true, 1, 60, 86, "pcap, microseconds, big-endian"},
        {2, 4, 0x24000001, 3, 3, true, 1, 0, 0, "pcap, microseconds, big-endian"},
        /* a length, but no mark that there is one */
        {2, 4, 0x20000001, 60, 60, true, 1, 60, 60, "pcap, microseconds, big-endian"},
        {2, 2, 1, 90, 60, true, 1, 60, 90, "pcap, microseconds, big-endian"},
        {2, 3, 1, 90, 60, true, 1, 60, 90, "pcap, microseconds, big-endian"},
        {2, 3, 1, 60, 90, true, 1, 60, 90, "pcap, microseconds, big-endian"},
        /* written by DG/UX, and read by libpcap */
        {543, 0, 1, 90, 60, true, 1, 60, 90, "capture read by libpcap"},
        {543, 0, 101, 90, 60, true, 101, 60, 90, "capture read by libpcap"},
        {3, 0, 1, 60, 90, false, 0, 0, 0, "unsupported pcap savefile version 3.0"},
        {2, 5, 1, 60, 90, false, 0, 0, 0, "unsupported pcap savefile version 2.5"},
        {1, 2, 1, 60, 90, false, 0, 0, 0, "archaic pcap savefile format"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(false);
        put_u32(&b, MAGIC_US);
        put_u16(&b, cases[i].major);
        put_u16(&b, cases[i].minor);
        put_u64(&b, 0);
        put_u32(&b, i % 2 == 0 ? 0 : 65535); /* snap length: 0 is not "none" */
        put_u32(&b, cases[i].link);
        put_pcap_record(&b, 4000000000, 999999, cases[i].first, cases[i].second);
        put_frame_bytes(&b, 0, cases[i].first < cases[i].second ? cases[i].first : cases[i].second);
        struct list *list = list_of(&b, NULL);
        assert_int_equal(list->opened, cases[i].opened);
        if (cases[i].opened) {
            assert_string_equal(list->format, cases[i].format);
            assert_int_equal(list->end, SOURCE_END);
            assert_int_equal(list->num, 1);
            assert_int_equal(list->frames[0].link_type, cases[i].got_link);
            assert_int_equal(list->frames[0].captured_len, cases[i].got_captured);
            assert_int_equal(list->frames[0].wire_len, cases[i].got_wire);
        } else {
            assert_non_null(strstr(list->error.text, "is a pcap file that cannot be read: "));
            assert_non_null(strstr(list->error.text, cases[i].format));
        }
        if (cases[i].opened && cases[i].major == 2)
            assert_int_equal(list->frames[0].time_ns, UINT64_C(4000000000999999000));
        list_free(list);
        builder_free(&b);
    }
}

/* A record of 3 MiB: longer than the buffer that a stream begins with. */
static void long_records_fit_a_stream(void **state)
{
    enum { LONG = 3 << 20 };
    (void)state;
    for (int packing = PLAIN; packing < NUM_PACKINGS; packing++) {
        struct builder b = builder_new(true);
        put_pcap_header(&b, MAGIC_US, 1);
        put_pcap_record(&b, SECONDS, 0, 5, 5);
        put_frame_bytes(&b, 0, 5);
        put_pcap_record(&b, SECONDS, 0, LONG, LONG);
        put_frame_bytes(&b, 1, LONG);
        put_pcap_record(&b, SECONDS, 0, 7, 7);
        put_frame_bytes(&b, 2, 7);
        struct builder p = packed(&b, (enum packing)packing);
        struct list *list = read_stdin(&p, 50000);
        assert_int_equal(list->end, SOURCE_END);
        assert_int_equal(list->num, 3);
        assert_int_equal(list->frames[1].captured_len, LONG);
        assert_memory_equal(list->frames[1].at, b.at + 24 + 16 + 5 + 16, LONG);
        assert_int_equal(list->frames[2].captured_len, 7);
        list_free(list);
        builder_free(&p);
        builder_free(&b);
    }
}

static void inputs_that_are_no_capture(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *error; /* after the path */
    } cases[] = {
        {"", 0, " is empty: no capture"},
        {"\x7f"
         "ELF\x02\x01\x01",
         7, " is no capture file (pcap, pcapng or snoop): it begins with 7f 45 4c 46"},
        {"hi", 2, " is no capture file (pcap, pcapng or snoop): it begins with 68 69"},
        {"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 8,
         " is cut short: the file header at byte 0 needs at least 24 bytes, but only 8 follow"},
        {"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00", 8,
         " is cut short: the section header at byte 0 needs at least 28 bytes, but only 8 follow"},
        {"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x02\x00\x00\x00"
         "\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00",
         28,
         " is damaged: the block at byte 0 cannot be read: its pcapng version is neither 1.0 nor "
         "1.2"},
        {"\x1f\x8b\x08\x00zzzz", 8,
         " is cut short: its compressed data goes on after byte 8, the end of the file"},
        {"\x1f\x8b\x99\x00zzzz", 8,
         " is damaged: its compressed data cannot be read after byte 0 (decompressed): "
         "unknown compression method"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct temp temp = temp_file(cases[i].bytes, cases[i].len);
        struct list *list = list_read(temp.path, NULL, 1);
        assert_false(list->opened);
        assert_memory_equal(list->error.text, temp.path, strlen(temp.path));
        assert_string_equal(list->error.text + strlen(temp.path), cases[i].error);
        list_free(list);
        temp_remove(&temp);
    }
}

static void paths_that_cannot_be_read(void **state)
{
    (void)state;
    struct list *list = list_read("/nonexistent/\na.pcap", NULL, 1);
    assert_string_equal(list->error.text,
                        "/nonexistent/?a.pcap cannot be opened: No such file or directory");
    list_free(list);
    list = list_read("/tmp", NULL, 1);
    assert_string_equal(list->error.text, "/tmp is a directory: name the captures in it");
    list_free(list);
    list = list_read("/dev/null", NULL, 1);
    assert_string_equal(list->error.text, "/dev/null is empty: no capture");
    list_free(list);

    struct temp temp = temp_file("x", 1);
    chmod(temp.path, 0);
    if (geteuid() != 0) { /* root may read everything */
        list = list_read(temp.path, NULL, 1);
        assert_non_null(strstr(list->error.text, "cannot be opened: Permission denied"));
        list_free(list);
    }
    temp_remove(&temp);

    char path[4000];
    memset(path, 'a', sizeof path);
    memcpy(path + sizeof path - 10, "tail.pcap", 10);
    list = list_read(path, NULL, 1);
    assert_non_null(strstr(list->error.text, "tail.pcap cannot be opened: File name too long"));
    list_free(list);
}

/* What follows a gzip member: nothing, zeroes, another member; all else is told. */
static void gzip_tails(void **state)
{
    static const struct {
        const char *tail;
        size_t len;
        const char *error;
    } cases[] = {
        {"", 0, NULL},
        {"\0\0\0\0\0\0", 6, NULL},
        {"\0\0\0x", 4, "data follows the zero padding"},
        {"garbage", 7, "incorrect header check"},
        {"\x1f\x8b\x08", 3, "goes on after byte"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder plain = variant_build(&variants[0], NULL);
        struct builder b = packed(&plain, GZIP);
        put(&b, cases[i].tail, cases[i].len);
        struct list *list = list_of(&b, NULL);
        assert_int_equal(list->num, NUM_FRAMES);
        assert_int_equal(list->end, cases[i].error != NULL ? SOURCE_DAMAGED : SOURCE_END);
        if (cases[i].error != NULL)
            assert_non_null(strstr(list->error.text, cases[i].error));
        list_free(list);
        builder_free(&b);
        builder_free(&plain);
    }
}

/* Checksums that do not fit: all frames are given, and then the damage is told. */
static void wrong_checksums_are_told(void **state)
{
    static const enum packing packings[] = {GZIP, ZSTD, LZ4};
    (void)state;
    for (size_t i = 0; i < sizeof packings / sizeof packings[0]; i++) {
        struct builder plain = variant_build(&variants[0], NULL);
        struct builder b = packed(&plain, packings[i]);
        b.at[b.len - (packings[i] == GZIP ? 5 : 1)] ^= 1;
        struct list *list = list_of(&b, NULL);
        assert_int_equal(list->end, SOURCE_DAMAGED);
        assert_non_null(strstr(list->error.text, "is damaged: its compressed data cannot be read"));
        assert_int_equal(list->num, NUM_FRAMES);
        list_free(list);
        builder_free(&b);
        builder_free(&plain);
    }
}

/* An Ethernet frame with an empty UDP datagram to |port|. */
static void put_udp(struct builder *b, uint16_t port)
{
    static const uint8_t start[] = {0, 0, 0, 0, 0,  1,  0, 0, 0,  0, 0, 2, 8,  0, 0x45, 0, 0,    28,
                                    0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0,    2, 0x10, 0};
    const uint8_t rest[] = {(uint8_t)(port >> 8), (uint8_t)port, 0, 8, 0, 0};
    put(b, start, sizeof start);
    put(b, rest, sizeof rest);
}

static void filters_count_in_and_out(void **state)
{
    static const struct {
        const char *filter;
        size_t num;
    } cases[] = {
        {NULL, 200}, {"udp", 200},          {"udp port 69", 100}, {"udp port 5684", 100},
        {"tcp", 0},  {"greater 1000", 200}, /* of the wire length */
        {"", 200},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(true);
        put_pcap_header(&b, MAGIC_US, 1);
        for (int n = 0; n < 200; n++) {
            put_pcap_record(&b, SECONDS, 0, 42, 1500);
            put_udp(&b, n < 100 ? 69 : 5684);
        }
        const struct source_options options = {.filter = cases[i].filter};
        struct list *list = list_of(&b, &options);
        assert_int_equal(list->end, SOURCE_END);
        assert_int_equal(list->num, cases[i].num);
        assert_int_equal(list->stats.frames, 200);
        assert_int_equal(list->stats.filtered, 200 - cases[i].num);
        if (cases[i].filter != NULL && strcmp(cases[i].filter, "udp port 5684") == 0)
            assert_int_equal(list->frames[0].number, 101); /* frames left out are numbered, too */
        list_free(list);
        builder_free(&b);
    }
}

static void bad_filters_quote_the_reason(void **state)
{
    static const struct {
        const char *filter;
        uint16_t link;
        const char *error;
    } cases[] = {
        {"udp prot 69", 1,
         "the filter \"udp prot 69\" cannot be used on link type 1 (EN10MB): can't parse filter "
         "expression: syntax error"},
        {"wlan type mgt", 1, "802.11 link-layer types supported only on 802.11"},
        {"udp", 189, "cannot be used on link type 189"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(true);
        put_pcap_header(&b, MAGIC_US, cases[i].link);
        const struct source_options options = {.filter = cases[i].filter};
        struct list *list = list_of(&b, &options);
        assert_false(list->opened);
        if (strstr(list->error.text, cases[i].error) == NULL)
            fail_msg("%s", list->error.text);
        list_free(list);
        builder_free(&b);
    }
}

/* Three interfaces: Ethernet, raw IP, and one that no such filter can be compiled for. */
static void filters_fit_each_link_type(void **state)
{
    (void)state;
    struct builder b = builder_new(false);
    put_section(&b, 1, 0);
    put_interface(&b, 1, 0, -1);
    put_interface(&b, 101, 0, -1);
    put_interface(&b, 189, 0, -1);
    for (uint32_t n = 0; n < 6; n++) {
        struct builder frame = builder_new(false);
        put_udp(&frame, n < 3 ? 69 : 53);
        size_t skip = n % 3 == 1 ? 14 : 0;
        size_t block = packet_begin(&b, n % 3, n, (uint32_t)(frame.len - skip), 1000);
        put(&b, frame.at + skip, frame.len - skip);
        block_end(&b, block);
        builder_free(&frame);
    }
    struct list *list = list_of(&b, &(struct source_options){.filter = "udp port 69"});
    assert_int_equal(list->end, SOURCE_END);
    assert_int_equal(list->num, 2);
    assert_int_equal(list->frames[0].link_type, 1);
    assert_int_equal(list->frames[1].link_type, 101);
    assert_int_equal(list->stats.filtered, 4);
    assert_int_equal(list->stats.unfit, 2);
    list_free(list);
    builder_free(&b);
}

/* A deterministic generator: the same files in every run. */
static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(*seed >> 33);
}

static struct builder random_capture(uint64_t seed, size_t frames)
{
    seed = (seed + 1) * 0x9e3779b97f4a7c15;
    struct builder b = builder_new(next_random(&seed) & 1);
    bool ng = next_random(&seed) & 1, nano = next_random(&seed) & 1;
    if (ng) {
        put_section(&b, 1, 0);
        put_interface(&b, 113, 262144, nano ? 9 : -1);
    } else {
        put_pcap_header(&b, nano ? MAGIC_NS : MAGIC_US, 113);
    }
    for (size_t n = 0; n < frames; n++) {
        uint32_t captured = next_random(&seed) % 1600, more = next_random(&seed) % 3 * 100;
        uint32_t seconds = next_random(&seed) & INT32_MAX;
        uint32_t fraction = next_random(&seed) % 1000000;
        if (ng) {
            uint64_t units = nano ? 1000000000 : 1000000;
            put_packet(&b, 0, seconds * units + fraction, n, captured, captured + more);
        } else {
            put_pcap_record(&b, seconds, fraction, captured, captured + more);
            put_frame_bytes(&b, n, captured);
        }
        if (ng && next_random(&seed) % 10 == 0) {
            size_t block = block_begin(&b, 0x0bad);
            put_frame_bytes(&b, n, next_random(&seed) % 50);
            block_end(&b, block);
        }
    }
    b.len -= next_random(&seed) % 2 * 5; /* half of them are cut */
    return b;
}

/* Many short files, and some that are longer than any buffer; every third is not mapped. */
static void libpcap_reads_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        const size_t frames = seed % 75 == 0 ? 500 : 1 + seed % 11;
        const struct source_options options = {.unmapped = seed % 3 == 0};
        struct builder b = random_capture(seed, frames);
        struct temp temp = temp_file(b.at, b.len);
        struct list *list = list_read(temp.path, &options, 1 + seed % 64);
        char reason[PCAP_ERRBUF_SIZE];
        pcap_t *pcap =
            pcap_open_offline_with_tstamp_precision(temp.path, PCAP_TSTAMP_PRECISION_NANO, reason);
        assert_non_null(pcap);
        struct pcap_pkthdr *header;
        const u_char *bytes;
        size_t n = 0;
        int result;
        while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1) {
            assert_true(n < list->num);
            const struct frame *frame = &list->frames[n++];
            assert_int_equal(frame->captured_len, header->caplen);
            assert_int_equal(frame->wire_len, header->len);
            assert_int_equal(frame->time_ns, (uint64_t)header->ts.tv_sec * 1000000000 +
                                                 (uint64_t)header->ts.tv_usec);
            assert_memory_equal(frame->at, bytes, header->caplen);
        }
        assert_int_equal(n, list->num);
        assert_true(n + 1 >= frames);
        assert_int_equal(list->end, result == PCAP_ERROR_BREAK ? SOURCE_END : SOURCE_DAMAGED);
        pcap_close(pcap);
        list_free(list);
        temp_remove(&temp);
        builder_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_by_every_way),
        cmocka_unit_test(every_prefix_gives_what_is_whole),
        cmocka_unit_test(every_prefix_of_compressed_is_told),
        cmocka_unit_test(every_byte_flipped_is_read_alike),
        cmocka_unit_test(pcap_lengths),
        cmocka_unit_test(pcap_headers),
        cmocka_unit_test(long_records_fit_a_stream),
        cmocka_unit_test(inputs_that_are_no_capture),
        cmocka_unit_test(paths_that_cannot_be_read),
        cmocka_unit_test(gzip_tails),
        cmocka_unit_test(wrong_checksums_are_told),
        cmocka_unit_test(filters_count_in_and_out),
        cmocka_unit_test(bad_filters_quote_the_reason),
        cmocka_unit_test(filters_fit_each_link_type),
        cmocka_unit_test(libpcap_reads_the_same),
    };
    return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
