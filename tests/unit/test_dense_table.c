/* test_dense_table.c: names are found again, whatever else comes and goes. */
#include "analysis/dense_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct room {
    uint64_t name, weight;
    unsigned *dropped;
};

static uint64_t weight_of(const void *room)
{
    return ((const struct room *)room)->weight;
}

static void drop(void *room)
{
    unsigned *dropped = ((struct room *)room)->dropped;
    if (dropped != NULL)
        (*dropped)++;
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Names that all begin at one slot, or at few, besides spread ones. */
static uint64_t make_name(unsigned sort, uint64_t number)
{
    switch (sort) {
    case 0:
        return number * UINT64_C(0x9e3779b97f4a7c15) | 1;
    case 1:
        return (number + 1) << 32 | 63;
    default:
        return (number + 1) << 32 | (number % 3 == 0 ? 0 : 255);
    }
}

static void test_grows(void **state)
{
    (void)state;
    for (unsigned sort = 0; sort < 3; sort++) {
        struct dense_table *table = dense_table_new(8192, sizeof(struct room), NULL, NULL);
        assert_null(dense_table_find(table, 1));
        for (uint64_t i = 0; i < 5000; i++) {
            struct dense_place place = dense_table_place(table, make_name(sort, i));
            assert_false(place.known || place.pushed_out);
            assert_int_equal(((struct room *)place.room)->name, 0);
            ((struct room *)place.room)->name = make_name(sort, i);
        }
        for (uint64_t i = 0; i < 5000; i++) {
            const struct room *room = dense_table_find(table, make_name(sort, i));
            assert_non_null(room);
            assert_int_equal(room->name, make_name(sort, i));
            assert_true(dense_table_place(table, make_name(sort, i)).known);
        }
        assert_int_equal(dense_table_num(table), 5000);
        assert_null(dense_table_find(table, make_name(sort, 5000)));
        dense_table_free(table);
    }
}

/* Without weights, the first that came is the first that goes. */
static void test_oldest_gives_way(void **state)
{
    (void)state;
    for (unsigned sort = 0; sort < 3; sort++) {
        unsigned dropped = 0;
        struct dense_table *table = dense_table_new(100, sizeof(struct room), NULL, drop);
        for (uint64_t i = 0; i < 1000; i++) {
            struct dense_place place = dense_table_place(table, make_name(sort, i));
            *(struct room *)place.room =
                (struct room){.name = make_name(sort, i), .dropped = &dropped};
            assert_int_equal(place.pushed_out, i >= 100);
            assert_int_equal(dropped, i >= 100 ? i - 99 : 0);
            if (i >= 100)
                assert_null(dense_table_find(table, make_name(sort, i - 100)));
            for (uint64_t k = i >= 99 ? i - 99 : 0; k <= i; k++) {
                const struct room *room = dense_table_find(table, make_name(sort, k));
                assert_non_null(room);
                assert_int_equal(room->name, make_name(sort, k));
            }
        }
        dense_table_free(table);
        assert_int_equal(dropped, 1000);
    }
}

/* Seven of eight are heavy: they stay while light ones come and go in any order. */
static void test_lightest_gives_way(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    struct dense_table *table = dense_table_new(64, sizeof(struct room), weight_of, NULL);
    for (uint64_t i = 0; i < 56; i++)
        ((struct room *)dense_table_place(table, make_name(0, i)).room)->weight = 10 + i;
    for (uint64_t i = 0; i < 5000; i++) {
        struct dense_place place = dense_table_place(table, 2 * next(&seed) + 2);
        assert_int_equal(place.pushed_out, i >= 8);
    }
    size_t heavy = 0;
    for (uint64_t i = 0; i < 56; i++) {
        const struct room *room = dense_table_find(table, make_name(0, i));
        heavy += room != NULL;
        if (room != NULL)
            assert_int_equal(room->weight, 10 + i);
    }
    /* The eight that are looked at first may all be heavy: one of them goes, and a light one is there. */
    assert_true(heavy >= 49);
    assert_non_null(dense_table_find(table, make_name(0, 55)));
    dense_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows),
                                       cmocka_unit_test(test_oldest_gives_way),
                                       cmocka_unit_test(test_lightest_gives_way)};
    return cmocka_run_group_tests_name("dense_table", tests, NULL, NULL);
}
