/* test_text.c: reports/text.c: numbers, times and paragraphs. */
#include "reports/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NS UINT64_C(1000000000)

static void test_percent(void **state)
{
    (void)state;
    static const struct {
        uint64_t part, whole;
        const char *text;
    } rows[] = {{0, 0, "0 %"},
                {0, 7, "0 %"},
                {7, 7, "100 %"},
                {1, 3, "33 %"},
                {1, 200, "0.5 %"},
                {1, 10000, "below 0.1 %"},
                {1, 1000, "0.1 %"},
                {997, 1000, "99.7 %"},
                {9999, 10000, "over 99.9 %"},
                {99, 100, "99.0 %"},
                {1, UINT64_MAX, "below 0.1 %"}};
    char buffer[TEXT_SMALL];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(text_percent(rows[i].part, rows[i].whole, buffer), rows[i].text);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *text;
    } rows[] = {{0, "0"},
                {999, "999"},
                {1000, "1,000"},
                {1234567, "1,234,567"},
                {UINT64_MAX, "18,446,744,073,709,551,615"}};
    char buffer[TEXT_SMALL], count[TEXT_SMALL * 2];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(text_number(rows[i].number, buffer), rows[i].text);
    assert_string_equal(text_count(0, "hole", "holes", count), "0 holes");
    assert_string_equal(text_count(1, "hole", "holes", count), "1 hole");
    assert_string_equal(text_count(2000, "hole", "holes", count), "2,000 holes");
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } rows[] = {{0, "0.00 s"},          {250000000, "0.25 s"},      {59 * NS, "59 s"},
                {60 * NS, "1 min 0 s"}, {3599 * NS, "59 min 59 s"}, {7500 * NS, "2 h 5 min"},
                {90000 * NS, "1 d 1 h"}};
    char buffer[TEXT_SMALL];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(text_duration(rows[i].ns, buffer), rows[i].text);
    assert_string_equal(text_time(1700000000 * NS + 5, buffer), "2023-11-14T22:13:20.000000005Z");
    assert_string_equal(text_second(1700000000 * NS + 5, buffer), "2023-11-14 22:13:20Z");
    for (uint64_t second = 0; second < UINT64_MAX / NS; second += 12345678 + second / 7) {
        char want[TEXT_SMALL];
        time_t at = (time_t)second;
        struct tm utc;
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.123456789Z", gmtime_r(&at, &utc));
        assert_string_equal(text_time(second * NS + 123456789, buffer), want);
    }
    for (uint64_t day = 0; day < 200000; day++) { /* leap days of four centuries */
        char want[TEXT_SMALL];
        time_t at = (time_t)(day * 86400);
        struct tm utc;
        strftime(want, sizeof want, "%Y-%m-%dT00:00:00.000000000Z", gmtime_r(&at, &utc));
        assert_string_equal(text_time(day * 86400 * NS, buffer), want);
    }
    text_time(UINT64_MAX, buffer); /* fits */
}

static void test_bytes(void **state)
{
    (void)state;
    char buffer[TEXT_SMALL];
    assert_string_equal(text_bytes(1, buffer), "1 byte");
    assert_string_equal(text_bytes(999, buffer), "999 bytes");
    assert_string_equal(text_bytes(1000, buffer), "1.0 kB");
    assert_string_equal(text_bytes(999999, buffer), "1.0 MB");
    assert_string_equal(text_bytes(UINT64_MAX, buffer), "18.4 EB");
}

/* Text, indent, width, most lines, and the paragraph. */
static const struct {
    const char *text;
    unsigned indent, width, most, lines;
    const char *paragraph;
} wraps[] = {
    {"", 2, 30, 0, 0, ""},
    {"one two", 2, 30, 0, 1, "  one two\n"},
    {"aaaa bbbb cccc dddd eeee ffff", 2, 24, 0, 2, "  aaaa bbbb cccc dddd\n  eeee ffff\n"},
    {"aaaa bbbb cccc dddd eeee", 0, 24, 0, 1, "aaaa bbbb cccc dddd eeee\n"},
    {"aaaa bbbb cccc dddd eeee ffff", 0, 24, 1, 1, "aaaa bbbb cccc dddd ...\n"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 0, 20, 0, 2, "aaaaaaaaaaaaaaaaaaaa\naaaaaaaaaa b\n"},
    {"ääää öööö üüüü ääää", 0, 20, 0, 1, "ääää öööö üüüü ääää\n"},
};

static void test_wrap(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++) {
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        unsigned lines =
            text_wrap(out, wraps[i].text, wraps[i].indent, wraps[i].width, wraps[i].most);
        fclose(out);
        assert_string_equal(text, wraps[i].paragraph);
        assert_int_equal(lines, wraps[i].lines);
        assert_int_equal(
            text_wrap(NULL, wraps[i].text, wraps[i].indent, wraps[i].width, wraps[i].most), lines);
        free(text);
    }
}

static void test_cut(void **state)
{
    (void)state;
    char buffer[16];
    text_cut("short", 8, buffer, sizeof buffer);
    assert_string_equal(buffer, "short");
    text_cut("much too long", 8, buffer, sizeof buffer);
    assert_string_equal(buffer, "much ...");
    text_cut("ääääääääääääääää", 16, buffer, sizeof buffer); /* 32 bytes: whole letters only */
    assert_string_equal(buffer, "ääääää...");
}

static void test_sentence(void **state)
{
    (void)state;
    assert_int_equal(text_sentence("One. Two."), 4);
    assert_int_equal(text_sentence("TLS 1.2 is old, e.g. here. Two."), 26);
    assert_int_equal(text_sentence("no stop"), 7);
    assert_int_equal(text_sentence(""), 0);
}

static void test_distance(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned distance;
    } rows[] = {{"", "", 0},          {"abc", "abc", 0}, {"abc", "ab", 1},
                {"abc", "acb", 1},    {"abc", "xbc", 1}, {"abc", "", 3},
                {"", "abcd", 4},      {"ca", "abc", 3},  {"report", "reprot", 1},
                {"filter", "flow", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(text_distance(rows[i].a, rows[i].b), rows[i].distance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent),  cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_times),    cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_wrap),     cmocka_unit_test(test_cut),
        cmocka_unit_test(test_sentence), cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
