/* test_pcapng.c: sections, interfaces, times, drop counters and damage of pcapng captures. */
#include "capture_builder.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka.h needs the two above */
#include <cmocka.h>

static void times_of_all_resolutions(void **state)
{
    static const struct {
        int resolution;
        uint64_t time;
        int64_t offset;
        uint64_t ns;
    } cases[] = {
        {-1, 1700000000123456, 0, 1700000000123456000}, /* not told: microseconds */
        {6, 1700000000123456, 0, 1700000000123456000},
        {9, 1700000000123456789, 0, 1700000000123456789},
        {0, 1700000000, 0, 1700000000000000000},
        {3, 1700000000123, 0, 1700000000123000000},
        {12, 1700000000123456, 0, 1700000000123},
        {19, UINT64_MAX, 0, 1844674407},
        {28, UINT64_MAX, 0, 1},
        {29, UINT64_MAX, 0, 0},
        {127, UINT64_MAX, 0, 0},
        {6, 123456, 1700000000, 1700000000123456000},
        {6, 1700000001123456, -1, 1700000000123456000},
        {9, 500, -1, 0}, /* before 1970 */
        {9, 500, INT64_MIN, 0},
        {9, UINT64_MAX, INT64_MAX, UINT64_MAX}, /* after 2554 */
        {0, UINT64_MAX, INT64_MAX, UINT64_MAX},
        {6, UINT64_MAX, 0, UINT64_MAX},
        {9, UINT64_MAX, 0, UINT64_MAX},
        {0x80, 1700000000, 0, 1700000000000000000},
        {0x81, 3400000001, 0, 1700000000500000000},
        {0x80 | 10, UINT64_C(1700000000) << 10 | 512, 0, 1700000000500000000},
        {0x80 | 32, UINT64_C(1700000000) << 32 | 1, 0, 1700000000000000000},
        {0x80 | 32, UINT64_C(1700000000) << 32 | 0xffffffff, 0, 1700000000999999999},
        {0x80 | 33, UINT64_C(1700000000) << 33 | 0x1ffffffff, 0, 1700000000999999999},
        {0x80 | 33, UINT64_C(1700000000) << 33 | 0x100000000, 7, 1700000007500000000},
        {0x80 | 63, UINT64_MAX, 0, 1999999999},
        {0x80 | 64, UINT64_MAX, 0, 999999999},
        {0x80 | 65, UINT64_MAX, 0, 499999999},
        {0x80 | 93, UINT64_MAX, 0, 1},
        {0x80 | 94, UINT64_MAX, 0, 0},
        {0xff, UINT64_MAX, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(i % 2 == 0);
        uint8_t resolution = (uint8_t)cases[i / 2].resolution;
        put_section(&b, 1, 0);
        size_t block = block_begin(&b, 1);
        put_u16(&b, 1);
        put_u16(&b, 0);
        put_u32(&b, 0);
        put_option(&b, 2, "eth0", 4);
        if (cases[i / 2].resolution >= 0)
            put_option(&b, 9, &resolution, 1);
        if (cases[i / 2].offset != 0)
            put_option_u64(&b, 14, (uint64_t)cases[i / 2].offset);
        put_option(&b, 0, "", 0);
        block_end(&b, block);
        put_packet(&b, 0, cases[i / 2].time, 1, 10, 10);
        struct list *list = list_of(&b, NULL);
        assert_int_equal(list->num, 1);
        assert_int_equal(list->frames[0].time_ns, cases[i / 2].ns);
        list_free(list);
        builder_free(&b);
    }
}

static void put_simple_packet(struct builder *b, size_t n, uint32_t captured, uint32_t wire)
{
    size_t block = block_begin(b, 3);
    put_u32(b, wire);
    put_frame_bytes(b, n, captured);
    block_end(b, block);
}

static void put_old_packet(struct builder *b, uint16_t interface, uint16_t drops, uint64_t time,
                           size_t n, uint32_t captured, uint32_t wire)
{
    size_t block = block_begin(b, 2);
    put_u16(b, interface);
    put_u16(b, drops);
    put_u32(b, (uint32_t)(time >> 32));
    put_u32(b, (uint32_t)time);
    put_u32(b, captured);
    put_u32(b, wire);
    put_frame_bytes(b, n, captured);
    block_end(b, block);
}

/* Blocks without frames, with a body that must not matter; returns their number. */
static unsigned put_unread_blocks(struct builder *b)
{
    static const uint32_t types[] = {4, 7, 8, 9, 10, 0xbad, 0x40000bad, 0x80000001, 0xffffffff};
    enum { NUM_TYPES = sizeof types / sizeof types[0] };
    for (size_t i = 0; i < NUM_TYPES; i++) {
        size_t block = block_begin(b, types[i]);
        put_frame_bytes(b, i, i * 5);
        block_end(b, block);
    }
    return NUM_TYPES;
}

/* Two sections in different byte orders, interfaces of four link types, every kind of packet
 * block, and blocks in between that are not read. */
static void sections_interfaces_and_blocks(void **state)
{
    static const struct {
        uint16_t link, interface;
        uint64_t ns;
        uint32_t captured, wire;
    } expected[] = {
        {1, 0, 1000000000, 11, 11},   {113, 1, 2000, 12, 112}, {1, 0, 3000, 13, 13},
        {1, 0, 3000, 20, 900},        {101, 2, 7, 14, 14},     {276, 3, 5000000000, 0, 60},
        {276, 3, 5000000000, 15, 15},
    };
    (void)state;
    for (int packing = PLAIN; packing < NUM_PACKINGS; packing++) {
        struct builder b = builder_new(true);
        put_section(&b, 1, 0);
        unsigned unread = put_unread_blocks(&b);
        put_interface(&b, 1, 20, -1);
        put_interface(&b, 113, 0, 9);
        put_packet(&b, 0, 1000000, 0, 11, 11);
        unread += put_unread_blocks(&b);
        put_packet(&b, 1, 2000, 1, 12, 112);
        put_old_packet(&b, 0, UINT16_MAX, 3, 2, 13, 13);
        put_simple_packet(&b, 3, 20, 900);
        b.little = false;
        put_section(&b, 1, 2);
        put_interface(&b, 12, 0, 9);
        put_packet(&b, 0, 7, 4, 14, 14);
        put_interface(&b, 276, 0, 0);
        put_packet(&b, 1, 5, 5, 0, 60);
        put_packet(&b, 1, 5, 6, 15, 15);
        unread += put_unread_blocks(&b);

        struct builder p = packed(&b, (enum packing)packing);
        struct list *list = list_of(&p, NULL);
        assert_string_equal(list->error.text, "");
        assert_int_equal(list->end, SOURCE_END);
        assert_int_equal(list->num, sizeof expected / sizeof expected[0]);
        assert_int_equal(list->stats.skipped_blocks, unread);
        assert_int_equal(list->stats.dropped, 0);
        for (size_t n = 0; n < list->num; n++) {
            const struct frame *frame = &list->frames[n];
            assert_int_equal(frame->link_type, expected[n].link);
            assert_int_equal(frame->interface, expected[n].interface);
            assert_int_equal(frame->time_ns, expected[n].ns);
            assert_int_equal(frame->captured_len, expected[n].captured);
            assert_int_equal(frame->wire_len, expected[n].wire);
            assert_int_equal(frame->number, n + 1);
            for (size_t i = 0; i < frame->captured_len; i++)
                assert_int_equal(frame->at[i], frame_byte(n, i));
        }
        list_free(list);
        builder_free(&p);
        builder_free(&b);
    }
}

static void put_statistics(struct builder *b, uint32_t interface, uint64_t by_interface,
                           uint64_t by_system)
{
    size_t block = block_begin(b, 5);
    put_u32(b, interface);
    put_u64(b, 0);
    put_option_u64(b, 4, 1000); /* received: no drop */
    put_option_u64(b, 5, by_interface);
    put_option_u64(b, 7, by_system);
    put_option(b, 0, "", 0);
    block_end(b, block);
}

/* Counters of statistics go on from the start of the capture: the last one of each interface
 * counts, and packets that tell the same drops do not count twice. */
static void drops_are_added_up(void **state)
{
    (void)state;
    struct builder b = builder_new(false);
    put_section(&b, 1, 0);
    put_interface(&b, 1, 0, -1);
    put_interface(&b, 1, 0, -1);
    put_interface(&b, 1, 0, -1);
    put_statistics(&b, 0, 3, 1);
    put_statistics(&b, 0, 5, 2);                   /* 7 */
    put_statistics(&b, 1, UINT64_MAX, UINT64_MAX); /* not known */
    put_old_packet(&b, 0, 4, 0, 0, 10, 10);        /* of the 7 */
    put_old_packet(&b, 1, 30, 0, 0, 10, 10);
    put_old_packet(&b, 1, UINT16_MAX, 0, 0, 10, 10); /* not known */
    size_t block = packet_begin(&b, 2, 0, 1, 1);
    put_frame_bytes(&b, 0, 1);
    put(&b, "\0\0\0", 3);
    put_option(&b, 1, "a comment", 9);
    put_option_u64(&b, 4, 200);
    put_option(&b, 0, "", 0);
    block_end(&b, block);
    put_section(&b, 1, 0);
    put_interface(&b, 1, 0, -1);
    put_statistics(&b, 0, 1000, 0);
    struct list *list = list_of(&b, NULL);
    assert_int_equal(list->end, SOURCE_END);
    assert_int_equal(list->stats.dropped, 7 + 30 + 200 + 1000);
    list_free(list);
    builder_free(&b);
}

static void frame_check_sequences_are_stripped(void **state)
{
    static const struct {
        uint8_t of_interface; /* if_fcslen; 0: not told */
        uint32_t flags;       /* epb_flags; 0: not told */
        uint32_t captured, wire, got_captured, got_wire;
    } cases[] = {
        {0, 0, 64, 64, 64, 64},      {4, 0, 64, 64, 60, 60},      {32, 0, 64, 64, 60, 60},
        {4, 0, 60, 64, 60, 60},      {4, 0, 62, 64, 60, 60},      {4, 0, 40, 64, 40, 60},
        {0, 4 << 5, 64, 64, 60, 60}, {4, 2 << 5, 64, 64, 62, 62}, {4, 1, 64, 64, 60, 60},
        {4, 0, 3, 3, 0, 0},          {255, 0, 64, 64, 33, 33},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(i % 2 == 0);
        put_section(&b, 1, 0);
        size_t block = block_begin(&b, 1);
        put_u16(&b, 1);
        put_u16(&b, 0);
        put_u32(&b, 0);
        if (cases[i].of_interface != 0)
            put_option(&b, 13, &cases[i].of_interface, 1);
        block_end(&b, block);
        block = packet_begin(&b, 0, 0, cases[i].captured, cases[i].wire);
        put_frame_bytes(&b, 0, cases[i].captured);
        put(&b, "\0\0\0", -(size_t)cases[i].captured & 3);
        if (cases[i].flags != 0) {
            put_u16(&b, 2);
            put_u16(&b, 4);
            put_u32(&b, cases[i].flags);
        }
        block_end(&b, block);
        struct list *list = list_of(&b, NULL);
        assert_int_equal(list->num, 1);
        assert_int_equal(list->frames[0].captured_len, cases[i].got_captured);
        assert_int_equal(list->frames[0].wire_len, cases[i].got_wire);
        list_free(list);
        builder_free(&b);
    }
}

/* A good packet, then a block that lies, then another good packet. */
static void broken_blocks_end_the_reading(void **state)
{
    static const struct {
        const char *name;
        uint32_t words[16]; /* the block as it is in the file */
        size_t num_words;
        const char *error; /* NULL: none */
    } cases[] = {
        {"skipped", {0xbad, 12, 12}, 3, NULL},
        {"too short", {0xbad, 8, 8}, 3, "its length is less than a block's can be"},
        {"no length", {0xbad, 0, 0}, 3, "its length is less than a block's can be"},
        {"odd", {0xbad, 14, 0, 14}, 4, "its length is no multiple of 4"},
        {"long", {0xbad, 0x7ffffffc, 0}, 3, "it claims a length of more than 16 MiB"},
        {"beyond",
         {0xbad, 400, 0},
         3,
         "is cut short: the block at byte 92 needs at least 400 bytes"},
        {"two lengths", {0xbad, 16, 0, 20}, 4, "the length at its end is not the one at its start"},
        {"byte order",
         {0x0a0d0d0a, 28, 0x12345678, 0x10000, 0, 0, 28},
         7,
         "its byte-order mark is none"},
        {"short section",
         {0x0a0d0d0a, 16, 0x1a2b3c4d, 16},
         4,
         "its length is less than a block's can be"},
        {"short interface", {1, 16, 1 << 16, 16}, 4, "its description of an interface breaks off"},
        {"option beyond",
         {1, 24, 1 << 16, 0, 9 << 16 | 8, 24},
         6,
         "its description of an interface breaks off"},
        {"empty resolution",
         {1, 24, 1 << 16, 0, 9 << 16, 24},
         6,
         "its description of an interface breaks off"},
        {"short offset",
         {1, 28, 1 << 16, 0, 14 << 16 | 4, 0, 28},
         7,
         "its description of an interface breaks off"},
        {"options end early", {1, 28, 1 << 16, 0, 0, 9 << 16 | 99, 28}, 7, NULL},
        {"unknown interface",
         {6, 32, 9, 0, 0, 0, 0, 32},
         8,
         "it holds a packet of an interface that nothing describes"},
        {"statistics of none",
         {5, 24, 9, 0, 0, 24},
         6,
         "it has statistics of an interface that nothing describes"},
        {"statistics break off", {5, 28, 0, 0, 0, 5 << 16 | 99, 28}, 7, NULL},
        {"short packet", {6, 28, 0, 0, 0, 0, 28}, 7, "it is too short for a packet"},
        {"packet beyond",
         {6, 36, 0, 0, 0, 5, 5, 0, 36},
         9,
         "it is shorter than the frame that it claims to hold"},
        {"absurd packet",
         {6, 36, 0, 0, 0, 0xffffffff, 0xffffffff, 0, 36},
         9,
         "it claims a frame of more than 16 MiB"},
        {"simple packet beyond",
         {3, 20, 5, 0, 20},
         5,
         "it is shorter than the frame that it claims to hold"},
        {"old packet beyond",
         {2, 36, 0, 0, 0, 5, 5, 0, 36},
         9,
         "it is shorter than the frame that it claims to hold"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(false);
        put_section(&b, 1, 0);
        put_interface(&b, 1, 0, -1);
        put_packet(&b, 0, 0, 0, 9, 9);
        size_t bad = b.len;
        assert_int_equal(bad, 92);
        for (size_t n = 0; n < cases[i].num_words; n++)
            put_u32(&b, cases[i].words[n]);
        put_packet(&b, 0, 0, 0, 9, 9);
        struct list *list = list_of(&b, NULL);
        if (cases[i].error == NULL) {
            assert_int_equal(list->end, SOURCE_END);
            assert_int_equal(list->num, 2);
        } else {
            assert_int_equal(list->end, SOURCE_DAMAGED);
            assert_int_equal(list->num, 1);
            if (strstr(list->error.text, cases[i].error) == NULL ||
                strstr(list->error.text, "the block at byte 92") == NULL)
                fail_msg("%s: %s", cases[i].name, list->error.text);
        }
        list_free(list);
        builder_free(&b);
    }
}

/* Options of a packet that break off say nothing, and take nothing from the packet. */
static void broken_packet_options_do_no_harm(void **state)
{
    (void)state;
    struct builder b = builder_new(true);
    put_section(&b, 1, 0);
    put_interface(&b, 1, 0, -1);
    size_t block = packet_begin(&b, 0, 0, 8, 8);
    put_frame_bytes(&b, 0, 8);
    put_u16(&b, 4); /* drop count of 8 bytes, of which 4 are there */
    put_u16(&b, 8);
    put_u32(&b, 77);
    block_end(&b, block);
    struct list *list = list_of(&b, NULL);
    assert_int_equal(list->end, SOURCE_END);
    assert_int_equal(list->num, 1);
    assert_int_equal(list->frames[0].captured_len, 8);
    assert_int_equal(list->stats.dropped, 0);
    list_free(list);
    builder_free(&b);
}

/* More interfaces than an index can tell: in one section damage, over many sections the last
 * index. */
static void interfaces_are_bounded(void **state)
{
    (void)state;
    struct builder b = builder_new(true);
    put_section(&b, 1, 0);
    for (size_t i = 0; i < 65536; i++)
        put_interface(&b, 1, 0, -1);
    put_packet(&b, 65535, 0, 0, 1, 1);
    size_t full = b.len;
    put_section(&b, 1, 0);
    put_interface(&b, 1, 0, -1);
    put_packet(&b, 0, 0, 0, 1, 1);
    struct list *list = list_of(&b, NULL);
    assert_int_equal(list->end, SOURCE_END);
    assert_int_equal(list->num, 2);
    assert_int_equal(list->frames[0].interface, 65535);
    assert_int_equal(list->frames[1].interface, 65535);
    list_free(list);
    b.len = full;
    put_interface(&b, 1, 0, -1);
    list = list_of(&b, NULL);
    assert_int_equal(list->end, SOURCE_DAMAGED);
    assert_int_equal(list->num, 1);
    assert_non_null(strstr(list->error.text, "one interface more than the 65,536"));
    list_free(list);
    builder_free(&b);
}

static void captures_without_frames(void **state)
{
    static const struct source_options good = {.filter = "udp"}, bad = {.filter = "udp prot"};
    (void)state;
    struct builder b = builder_new(true);
    put_section(&b, 1, 0);
    for (int interfaces = 0; interfaces < 2; interfaces++) {
        struct list *list = list_of(&b, &good);
        assert_true(list->opened);
        assert_int_equal(list->end, SOURCE_END);
        list_free(list);
        list = list_of(&b, &bad);
        assert_false(list->opened);
        list_free(list);
        put_interface(&b, 1, 0, -1);
    }
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_all_resolutions),
        cmocka_unit_test(sections_interfaces_and_blocks),
        cmocka_unit_test(drops_are_added_up),
        cmocka_unit_test(frame_check_sequences_are_stripped),
        cmocka_unit_test(broken_blocks_end_the_reading),
        cmocka_unit_test(broken_packet_options_do_no_harm),
        cmocka_unit_test(interfaces_are_bounded),
        cmocka_unit_test(captures_without_frames),
    };
    return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
