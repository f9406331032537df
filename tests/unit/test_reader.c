/* test_reader.c: the bounded cursor: what it gives, and which fault it keeps. */
#include "core/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static struct reader over(size_t len, size_t cut)
{
    return reader_of_cut(span_of(bytes, len), cut);
}

static void numbers_are_big_endian(void **state)
{
    (void)state;
    struct reader r = over(10, 0);
    assert_int_equal(reader_u8(&r), 0x01);
    assert_int_equal(reader_u16(&r), 0x0203);
    assert_int_equal(reader_u24(&r), 0x040506);
    assert_int_equal(reader_u32(&r), 0x0708090a);
    assert_true(reader_ok(&r));
    r = over(10, 0);
    assert_int_equal(reader_u48(&r), 0x010203040506);
    r = over(10, 0);
    assert_int_equal(reader_u64(&r), 0x0102030405060708);
}

/* For each number of captured and cut bytes: reading |need| bytes is well, cut or malformed. */
static void past_the_end_is_cut_or_malformed(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 10; len++) {
        for (size_t cut = 0; cut <= 5; cut++) {
            for (size_t need = 0; need <= 16; need++) {
                struct reader r = over(len, cut);
                struct span s = reader_bytes(&r, need);
                enum reader_fault want = need <= len         ? READER_OK
                                         : need <= len + cut ? READER_CUT
                                                             : READER_MALFORMED;
                assert_int_equal(r.fault, want);
                assert_int_equal(s.len, want == READER_OK ? need : 0);
                assert_non_null(s.at);
            }
        }
    }
}

static void first_fault_sticks(void **state)
{
    (void)state;
    struct reader r = over(2, 4);
    assert_int_equal(reader_u32(&r), 0);
    assert_int_equal(r.fault, READER_CUT);
    assert_int_equal(reader_u64(&r), 0);
    assert_int_equal(r.fault, READER_CUT);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_rest(&r).len, 0);
    assert_false(reader_more(&r));
}

static void child_must_close_exactly(void **state)
{
    (void)state;
    struct reader r = over(10, 0);
    struct reader child = reader_child(&r, 4);
    reader_u16(&child);
    reader_close(&r, &child, "block");
    assert_int_equal(r.fault, READER_MALFORMED);
    assert_string_equal(r.field, "block");
}

static void child_of_cut_bytes_is_cut(void **state)
{
    (void)state;
    struct reader r = over(6, 10);
    struct reader child = reader_child(&r, 8);
    assert_int_equal(reader_left(&child), 6);
    assert_int_equal(child.cut, 2);
    assert_int_equal(reader_wire_left(&r), 8);
    reader_rest(&child);
    reader_close(&r, &child, "block");
    assert_int_equal(r.fault, READER_CUT);
}

static void child_larger_than_parent_is_malformed(void **state)
{
    (void)state;
    struct reader r = over(6, 1);
    struct reader child = reader_child(&r, 8);
    assert_int_equal(reader_left(&child), 0);
    reader_close(&r, &child, "block");
    assert_int_equal(r.fault, READER_MALFORMED);
    assert_string_equal(r.field, "block");
}

static void inner_name_wins(void **state)
{
    (void)state;
    struct reader r = over(10, 0);
    struct reader outer = reader_child(&r, 6);
    struct reader inner = reader_child(&outer, 3);
    reader_u32(&inner);
    reader_close(&outer, &inner, "inner");
    reader_close(&r, &outer, "outer");
    assert_string_equal(r.field, "inner");
}

static void skip_goes_into_what_was_cut(void **state)
{
    (void)state;
    struct reader r = over(4, 6);
    reader_skip(&r, 7);
    assert_true(reader_ok(&r));
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(reader_wire_left(&r), 3);
    reader_u8(&r);
    assert_int_equal(r.fault, READER_CUT);
    r = over(4, 6);
    reader_skip(&r, 11);
    assert_int_equal(r.fault, READER_MALFORMED);
    r = over(4, 6);
    reader_skip(&r, SIZE_MAX);
    assert_int_equal(r.fault, READER_MALFORMED);
}

static void vectors_take_their_length(void **state)
{
    (void)state;
    static const uint8_t vectors[] = {2, 0xa, 0xb, 0, 1, 0xc, 0, 0, 0};
    struct reader r = reader_of(span_of(vectors, sizeof vectors));
    assert_int_equal(reader_span_vec8(&r).len, 2);
    assert_int_equal(reader_span_vec16(&r).len, 1);
    struct reader empty = reader_vec24(&r);
    assert_int_equal(reader_left(&empty), 0);
    reader_close(&r, &empty, "empty");
    reader_finish(&r, "all");
    assert_true(reader_ok(&r));
}

/* Under clang's undefined-behaviour sanitizer this stopped analyzers that walk a list which was not seen. */
static void span_not_seen_has_nothing_to_read(void **state)
{
    (void)state;
    struct reader r = reader_of((struct span){.at = NULL});
    assert_false(reader_more(&r));
    assert_int_equal(reader_left(&r), 0);
    assert_true(reader_ok(&r));
    r = reader_of_cut((struct span){.at = NULL}, 3);
    assert_int_equal(reader_wire_left(&r), 3);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(r.fault, READER_CUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(past_the_end_is_cut_or_malformed),
        cmocka_unit_test(first_fault_sticks),
        cmocka_unit_test(child_must_close_exactly),
        cmocka_unit_test(child_of_cut_bytes_is_cut),
        cmocka_unit_test(child_larger_than_parent_is_malformed),
        cmocka_unit_test(inner_name_wins),
        cmocka_unit_test(skip_goes_into_what_was_cut),
        cmocka_unit_test(span_not_seen_has_nothing_to_read),
        cmocka_unit_test(vectors_take_their_length),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
