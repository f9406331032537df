/* test_memory.c: what the system refuses is counted, whichever call asks for it. */
#include "core/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

/* A sanitizer's allocator ends a program that asks for too much, unless it is told. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_given(void **state)
{
    (void)state;
    const uint64_t before = memory_refused();
    char *text = strdup("text");
    void *some[] = {malloc(16), calloc(4, 4), realloc(NULL, 16), aligned_alloc(64, 64)};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        assert_non_null(some[i]);
        free(some[i]);
    }
    assert_string_equal(text, "text");
    free(text);
    assert_int_equal(memory_refused(), before);
}

static void test_refused(void **state)
{
    (void)state;
    /* The compiler must not know that it cannot be, nor that nobody uses it. */
    const volatile size_t too_much = SIZE_MAX / 4;
    void *volatile given;
    const uint64_t before = memory_refused();
    given = malloc(too_much);
    assert_null(given);
    assert_int_equal(memory_refused(), before + 1);
    given = calloc(too_much, 1);
    assert_null(given);
    assert_int_equal(memory_refused(), before + 2);
    given = realloc(NULL, too_much);
    assert_null(given);
    assert_int_equal(memory_refused(), before + 3);
    given = aligned_alloc(64, too_much / 64 * 64);
    assert_null(given);
    assert_int_equal(memory_refused(), before + 4);
}

static void test_of_libraries(void **state)
{
    int thing = 0;
    (void)state;
    const uint64_t before = memory_refused();
    assert_ptr_equal(memory_made(&thing), &thing);
    assert_int_equal(memory_refused(), before);
    assert_null(memory_made(NULL));
    assert_int_equal(memory_refused(), before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_of_libraries),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
