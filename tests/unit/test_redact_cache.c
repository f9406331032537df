/* test_redact_cache.c: reports/redact_cache.c: what is found is what was put there for this value, kind and class. */
#include "reports/redact_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char host[] = "host", psk[] = "psk";

static void test_found(void **state)
{
    (void)state;
    struct redact_cache *cache = redact_cache_new();
    struct span value = span_text("name.example");
    assert_null(redact_cache_find(cache, host, value, PRIVACY_NAME));
    redact_cache_add(cache, host, value, PRIVACY_NAME, "host:1", 6, true);
    const struct redact_cached *cached = redact_cache_find(cache, host, value, PRIVACY_NAME);
    assert_non_null(cached);
    assert_string_equal(cached->text, "host:1");
    assert_int_equal(cached->len, 6);
    assert_true(cached->token);
    assert_null(redact_cache_find(cache, psk, value, PRIVACY_NAME));
    assert_null(redact_cache_find(cache, host, value, PRIVACY_IDENTIFIER));
    assert_null(redact_cache_find(cache, host, span_text("name.exampl"), PRIVACY_NAME));
    redact_cache_free(cache);
}

static void test_too_long(void **state)
{
    (void)state;
    struct redact_cache *cache = redact_cache_new();
    char value[REDACT_CACHE_VALUE + 1] = "", text[REDACT_CACHE_TEXT + 1] = "";
    memset(text, 'x', REDACT_CACHE_TEXT);
    struct span longest = span_of(value, REDACT_CACHE_VALUE), longer = span_of(value, sizeof value);
    redact_cache_add(cache, host, longer, PRIVACY_NAME, "x", 1, true);
    assert_null(redact_cache_find(cache, host, longer, PRIVACY_NAME));
    redact_cache_add(cache, host, longest, PRIVACY_NAME, text, REDACT_CACHE_TEXT, true);
    assert_null(redact_cache_find(cache, host, longest, PRIVACY_NAME));
    redact_cache_add(cache, host, longest, PRIVACY_NAME, text, REDACT_CACHE_TEXT - 1, true);
    const struct redact_cached *cached = redact_cache_find(cache, host, longest, PRIVACY_NAME);
    assert_non_null(cached);
    assert_int_equal(strlen(cached->text), REDACT_CACHE_TEXT - 1);
    redact_cache_free(cache);
}

/* Many more values than places: each that is found is right, and the last one always is. */
static void test_replaced(void **state)
{
    (void)state;
    enum { VALUES = 20000 };
    struct redact_cache *cache = redact_cache_new();
    unsigned found = 0;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < VALUES; i++) {
            char text[16];
            size_t len = (size_t)snprintf(text, sizeof text, "%u", i);
            struct span value = span_of(&i, sizeof i);
            const struct redact_cached *cached =
                redact_cache_find(cache, psk, value, PRIVACY_IDENTIFIER);
            if (cached != NULL) {
                assert_string_equal(cached->text, text);
                found++;
            }
            redact_cache_add(cache, psk, value, PRIVACY_IDENTIFIER, text, len, false);
            cached = redact_cache_find(cache, psk, value, PRIVACY_IDENTIFIER);
            assert_non_null(cached);
            assert_string_equal(cached->text, text);
            assert_false(cached->token);
        }
    assert_true(found < VALUES / 2);
    redact_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_replaced),
    };
    return cmocka_run_group_tests_name("redact_cache", tests, NULL, NULL);
}
