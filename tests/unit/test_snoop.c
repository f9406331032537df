/* test_snoop.c: what files of Solaris's snoop tell beside frames, what in them is damage, and which are not read.
 * (That all frames come whichever way the file is read: test_capture.c.) */
#include "capture_builder.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka.h needs the two above */
#include <cmocka.h>

enum { SECONDS = 900000000 };

static void headers(void **state)
{
    static const struct {
        uint32_t version, datalink;
        int link_type;     /* -1: it is not opened */
        const char *error; /* after the path */
    } cases[] = {
        {2, 0, 1, NULL},
        {2, 2, 6, NULL},
        {2, 4, 1, NULL},
        {2, 8, 10, NULL},
        {2, 14, 0, NULL},
        {2, 16, 122, NULL},
        {2, 18, 123, NULL},
        {2, 24, 1, NULL},
        {2, 25, 1, NULL},
        {2, 0x80000005, 226, NULL},
        {2, 5, -1, " is a snoop file of the data link type 5, which is not read"},
        {2, 26, -1, " is a snoop file of the data link type 26, which is not read"},
        {2, 0xffffffff, -1, " is a snoop file of the data link type 4294967295, which is not read"},
        {1, 4, -1, " is a snoop file of version 1, of which only 2 is read"},
        {3, 4, -1, " is a snoop file of version 3, of which only 2 is read"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder b = builder_new(false);
        put_snoop_header(&b, cases[i].version, cases[i].datalink);
        put_snoop_record(&b, 60, 10, 2, 0, 4000000000, 999999);
        put_frame_bytes(&b, 0, 12);
        struct temp temp = temp_file(b.at, b.len);
        struct list *list = list_read(temp.path, NULL, 64);
        assert_int_equal(list->opened, cases[i].link_type >= 0);
        if (list->opened) {
            assert_string_equal(list->format, "snoop");
            assert_int_equal(list->end, SOURCE_END);
            assert_int_equal(list->num, 1);
            assert_int_equal(list->frames[0].link_type, cases[i].link_type);
            assert_int_equal(list->frames[0].captured_len, 10);
            assert_int_equal(list->frames[0].wire_len, 60);
            assert_int_equal(list->frames[0].time_ns, UINT64_C(4000000000999999000));
        } else {
            assert_string_equal(list->error.text + strlen(temp.path), cases[i].error);
        }
        list_free(list);
        temp_remove(&temp);
        builder_free(&b);
    }
}

/* The second record of two, and how many bytes of it the file has. */
static void records(void **state)
{
    static const struct {
        const char *name;
        uint32_t wire, captured, padding, lost;
        size_t bytes, num;
        uint32_t got_wire;
        uint64_t dropped, mended;
        const char *error; /* part of the message; NULL: none */
    } cases[] = {
        {"whole", 20, 20, 0, 0, 20, 2, 20, 3, 0, NULL},
        {"cut by the snap length", 1500, 20, 0, 7, 20, 2, 1500, 7, 0, NULL},
        {"empty", 0, 0, 0, 3, 0, 2, 0, 3, 0, NULL},
        {"no padding where some should be", 19, 19, 0, 3, 19, 2, 19, 3, 0, NULL},
        {"more padding than is needed", 19, 19, 17, 3, 36, 2, 19, 3, 0, NULL},
        {"wire length lies", 3, 20, 0, 3, 20, 2, 20, 3, 1, NULL},
        {"longest", 16 << 20, 16 << 20, 0, 9, 20, 1, 0, 3, 0,
         "is cut short: the record at byte 52 needs at least 16777240 bytes, but only 44 follow"},
        {"too long", 9, (16 << 20) + 1, 0, 9, 20, 1, 0, 3, 0,
         "is damaged: the record at byte 52 has 16777241 bytes and claims a frame of 16777217 "
         "bytes, more than is possible"},
        {"absurd", 9, 0xffffffff, 0, 9, 20, 1, 0, 3, 0,
         "claims a frame of 4294967295 bytes, more than is possible"},
        {"longer than its record", 20, 20, (uint32_t)-4, 9, 20, 1, 0, 3, 0,
         "the record at byte 52 has 40 bytes and claims a frame of 20 bytes, which do not fit in "
         "it"},
        {"record shorter than its header", 0, 0, (uint32_t)-1, 9, 20, 1, 0, 3, 0,
         "the record at byte 52 has 23 bytes and claims a frame of 0 bytes"},
        {"absurd padding", 20, 20, 17 << 20, 9, 20, 1, 0, 3, 0,
         "claims a frame of 20 bytes, and more padding than is possible"},
        {"cut", 20, 20, 0, 9, 19, 1, 0, 3, 0,
         "is cut short: the record at byte 52 needs at least 44 bytes, but only 43 follow"},
        {"cut in the padding", 19, 19, 1, 9, 19, 1, 0, 3, 0,
         "is cut short: the record at byte 52 needs at least 44 bytes, but only 43 follow"},
    };
    static const struct source_options unmapped = {.unmapped = true};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const size_t c = i / 2;
        struct builder b = builder_new(false);
        put_snoop_header(&b, 2, 4);
        put_snoop_record(&b, 10, 10, 2, 3, SECONDS, 0);
        put_frame_bytes(&b, 0, 12);
        put_snoop_record(&b, cases[c].wire, cases[c].captured, cases[c].padding, cases[c].lost,
                         SECONDS, 1);
        put_frame_bytes(&b, 1, cases[c].bytes);
        struct list *list = list_of(&b, i % 2 == 0 ? NULL : &unmapped);
        assert_int_equal(list->num, cases[c].num);
        assert_int_equal(list->end, cases[c].error != NULL ? SOURCE_DAMAGED : SOURCE_END);
        assert_int_equal(list->stats.dropped, cases[c].dropped);
        assert_int_equal(list->stats.mended, cases[c].mended);
        if (cases[c].num == 2) {
            assert_int_equal(list->frames[1].captured_len, cases[c].captured);
            assert_int_equal(list->frames[1].wire_len, cases[c].got_wire);
        }
        if (cases[c].error != NULL && strstr(list->error.text, cases[c].error) == NULL)
            fail_msg("%s: %s", cases[c].name, list->error.text);
        list_free(list);
        builder_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(records),
    };
    return cmocka_run_group_tests_name("snoop", tests, NULL, NULL);
}
