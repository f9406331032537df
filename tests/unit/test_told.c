/* test_told.c: the observations that analyzers made: who finds room, and what is freed. */
#include "analysis/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct observation_type types[TOLD_MAX_TYPES + 1];

static bool add(struct told *told, size_t type, size_t size)
{
    struct observation *observation = calloc(1, sizeof *observation);
    assert_non_null(observation);
    observation->type = &types[type];
    return told_add(told, observation, observation, size);
}

/* One type that is full leaves the others their room. */
static void test_each_type(void **state)
{
    (void)state;
    struct told told = {.num = 0};
    for (size_t i = 0; i < TOLD_MAX; i++)
        assert_true(add(&told, 0, 1));
    for (size_t i = 0; i < 3; i++)
        assert_false(add(&told, 0, 1));
    assert_true(add(&told, 1, 1));
    told_forget(&told, &types[0]);
    assert_int_equal(told.num, 1);
    assert_int_equal(told.bytes, 1);
    assert_ptr_equal(told.items[0]->type, &types[1]);
    assert_true(add(&told, 0, 1));
    assert_int_equal(told.num, 2);
    told_clear(&told);
    assert_int_equal(told.num, 0);
}

static void test_bytes(void **state)
{
    (void)state;
    struct told told = {.num = 0};
    assert_true(add(&told, 0, TOLD_MAX_BYTES - 1));
    assert_false(add(&told, 1, 2));
    assert_true(add(&told, 1, 1));
    assert_false(add(&told, 2, 1));
    told_forget(&told, &types[0]);
    assert_true(add(&told, 2, 1));
    told_clear(&told);
}

static void test_types(void **state)
{
    (void)state;
    struct told told = {.num = 0};
    for (size_t i = 0; i < TOLD_MAX_TYPES; i++)
        assert_true(add(&told, i, 1));
    assert_false(add(&told, TOLD_MAX_TYPES, 1));
    assert_true(add(&told, 0, 1));
    told_clear(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_type),
                                       cmocka_unit_test(test_bytes), cmocka_unit_test(test_types)};
    return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
