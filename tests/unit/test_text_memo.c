/* test_text_memo.c: reports/text_memo.c: what is found is what was put there for the same bytes, and what is new takes the
 * place of what is oldest. */
#include "reports/text_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char some[] = "some", other[] = "other";

static struct text_memo_key key_of(const char *what, const char *bytes, size_t len)
{
    struct text_memo_key key;
    text_memo_key_begin(&key, what);
    text_memo_key_add_span(&key, span_of(bytes, len));
    return key;
}

static const struct text_memo_note note = {.what = {1, 2, 3, 4, 5, 6, 7, 8}};

static void test_found(void **state)
{
    (void)state;
    struct text_memo *memo = text_memo_new();
    struct text_memo_found found;
    const struct text_memo_key key = key_of(some, "abc", 3), shorter = key_of(some, "ab", 2),
                               elsewhere = key_of(other, "abc", 3);
    assert_non_null(memo);
    assert_false(text_memo_find(memo, &key, &found));
    text_memo_add(memo, &key, "text", 4, note);
    assert_true(text_memo_find(memo, &key, &found));
    assert_int_equal(found.len, 4);
    assert_memory_equal(found.text, "text", 4);
    assert_memory_equal(found.note.what, note.what, sizeof note.what);
    assert_false(text_memo_find(memo, &shorter, &found));
    assert_false(text_memo_find(memo, &elsewhere, &found));
    text_memo_add(memo, &shorter, NULL, 0, note);
    assert_true(text_memo_find(memo, &shorter, &found));
    assert_int_equal(found.len, 0);
    text_memo_clear(memo);
    assert_false(text_memo_find(memo, &key, &found));
    assert_false(text_memo_find(memo, &shorter, &found));
    text_memo_free(memo);
}

/* "ab" and "c" are not "a" and "bc", nor is what was not seen what is empty. */
static void test_parts(void **state)
{
    (void)state;
    static const struct span spans[][2] = {{{(const uint8_t *)"ab", 2}, {(const uint8_t *)"c", 1}},
                                           {{(const uint8_t *)"a", 1}, {(const uint8_t *)"bc", 2}},
                                           {{(const uint8_t *)"", 0}, {NULL, 0}},
                                           {{NULL, 0}, {(const uint8_t *)"", 0}},
                                           {{NULL, 0}, {NULL, 0}}};
    enum { NUM = sizeof spans / sizeof spans[0] };
    struct text_memo *memo = text_memo_new();
    struct text_memo_key keys[NUM];
    struct text_memo_found found;
    for (size_t i = 0; i < NUM; i++) {
        text_memo_key_begin(&keys[i], some);
        text_memo_key_add_span(&keys[i], spans[i][0]);
        text_memo_key_add_span(&keys[i], spans[i][1]);
        assert_false(text_memo_find(memo, &keys[i], &found));
        text_memo_add(memo, &keys[i], "0123456789" + i, 1, note);
    }
    for (size_t i = 0; i < NUM; i++) {
        assert_true(text_memo_find(memo, &keys[i], &found));
        assert_int_equal(found.text[0], '0' + (int)i);
    }
    text_memo_free(memo);
}

static void test_too_long(void **state)
{
    (void)state;
    static char bytes[TEXT_MEMO_TEXT + 1];
    struct text_memo *memo = text_memo_new();
    struct text_memo_found found;
    const size_t most = TEXT_MEMO_KEY - sizeof(void *) - sizeof(uint64_t);
    const struct text_memo_key longest = key_of(some, bytes, most),
                               longer = key_of(some, bytes, most + 1);
    assert_false(longest.too_long);
    assert_true(longer.too_long);
    text_memo_add(memo, &longer, "text", 4, note);
    assert_false(text_memo_find(memo, &longer, &found));
    text_memo_add(memo, &longest, bytes, sizeof bytes, note);
    assert_false(text_memo_find(memo, &longest, &found));
    text_memo_add(memo, &longest, bytes, sizeof bytes - 1, note);
    assert_true(text_memo_find(memo, &longest, &found));
    assert_int_equal(found.len, TEXT_MEMO_TEXT);
    text_memo_free(memo);
}

/* Text of a value: many of them are long. */
static size_t text_of(unsigned value, char text[TEXT_MEMO_TEXT])
{
    const size_t len = value % 7 == 0 ? TEXT_MEMO_TEXT : 20 + value % 900;
    memset(text, 'a' + (int)(value % 26), len);
    memcpy(text, &value, sizeof value);
    return len;
}

/* Many more than there is room for: each that is found is right, and the last ones are. */
static void test_replaced(void **state)
{
    (void)state;
    enum { VALUES = 40000 };
    static char text[TEXT_MEMO_TEXT];
    struct text_memo *memo = text_memo_new();
    struct text_memo_found found;
    size_t num_found = 0, kept = 0;
    for (unsigned i = 0; i < VALUES; i++) {
        const struct text_memo_key key = key_of(some, (const char *)&i, sizeof i);
        text_memo_add(memo, &key, text, text_of(i, text), note);
        assert_true(text_memo_find(memo, &key, &found));
    }
    for (unsigned i = 0; i < VALUES; i++) {
        const struct text_memo_key key = key_of(some, (const char *)&i, sizeof i);
        if (!text_memo_find(memo, &key, &found)) {
            assert_true(i < VALUES - 100);
            continue;
        }
        num_found++;
        kept += found.len;
        assert_int_equal(found.len, text_of(i, text));
        assert_memory_equal(found.text, text, found.len);
    }
    assert_true(num_found > 100 && kept < TEXT_MEMO_MEMORY);
    text_memo_free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_replaced),
    };
    return cmocka_run_group_tests_name("text_memo", tests, NULL, NULL);
}
