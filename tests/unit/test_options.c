/* test_options.c: cli/options.c: what a command line gives, and what is said of a wrong one. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct settings {
    bool flag;
    const char *text;
    struct option_list list;
    const char *maybe;
    unsigned number;
    uint64_t seconds, count;
};

static bool set_maybe(void *member, const char *value, struct error *error)
{
    (void)error;
    *(const char **)member = value != NULL ? value : "all";
    return true;
}

static bool set_number(void *member, const char *value, struct error *error)
{
    if (strcmp(value, "7") != 0)
        return error_set(error, "\"%s\" is not 7", value);
    *(unsigned *)member = 7;
    return true;
}

static const struct option_row options[] = {
    {"flag", NULL, false, offsetof(struct settings, flag), option_set_true, "A flag."},
    {"text", "TEXT", false, offsetof(struct settings, text), option_set_text, "A text."},
    {"list", "ITEM", false, offsetof(struct settings, list), option_add_text, "Items."},
    {"maybe", "TYPE", true, offsetof(struct settings, maybe), set_maybe, "Perhaps a value."},
    {"number", "N", false, offsetof(struct settings, number), set_number, "Seven.", 'n'},
    {"time", "TIME", false, offsetof(struct settings, seconds), option_set_seconds, "A time."}};

/* What another command might have, too. */
static const struct option_row shared[] = {
    {"count", "N", false, offsetof(struct settings, count), option_set_number, "A number.", 'c'}};
static const size_t num_shared = 1;

static const struct command command = {.name = "test",
                                       .operands = "FILE...",
                                       .min_operands = 1,
                                       .max_operands = 3,
                                       .about = "A command.",
                                       .shared = shared,
                                       .num_shared = &num_shared,
                                       .options = options,
                                       .num_options = sizeof options / sizeof options[0],
                                       .settings_size = sizeof(struct settings)};

enum { MAX_WORDS = 8 };

static enum options_result parse(const char *const words[MAX_WORDS], struct settings *settings,
                                 struct option_list *operands, struct error *error)
{
    char *copies[MAX_WORDS];
    size_t num = 0;
    for (; num < MAX_WORDS && words[num] != NULL; num++)
        copies[num] = (char *)(uintptr_t)words[num];
    *settings = (struct settings){.flag = false};
    *operands = (struct option_list){.num = 0};
    error->text[0] = '\0';
    return options_parse(&command, copies, num, settings, operands, error);
}

/* Good command lines, and what they give. */
static const struct {
    const char *words[MAX_WORDS];
    bool flag;
    const char *text, *maybe, *item, *operand;
    size_t items, operands;
    unsigned number;
} good[] = {
    {{"a"}, .operand = "a", .operands = 1},
    {{"--flag", "a"}, .flag = true, .operand = "a", .operands = 1},
    {{"a", "--flag"}, .flag = true, .operand = "a", .operands = 1},
    {{"--text", "x", "a"}, .text = "x", .operand = "a", .operands = 1},
    {{"--text=x", "a"}, .text = "x", .operand = "a", .operands = 1},
    {{"--text=x=y", "a"}, .text = "x=y", .operand = "a", .operands = 1},
    {{"--text", "--flag", "a"}, .text = "--flag", .operand = "a", .operands = 1},
    {{"--text", "x", "--text", "y", "a"}, .text = "y", .operand = "a", .operands = 1},
    {{"--list", "x", "--list=y", "a"}, .item = "y", .items = 2, .operand = "a", .operands = 1},
    {{"--maybe", "a"}, .maybe = "all", .operand = "a", .operands = 1},
    {{"--maybe=t", "a"}, .maybe = "t", .operand = "a", .operands = 1},
    {{"--number", "7", "a"}, .number = 7, .operand = "a", .operands = 1},
    {{"-"}, .operand = "-", .operands = 1},
    {{"--", "--flag"}, .operand = "--flag", .operands = 1},
    {{"a", "b", "--flag", "c"}, .flag = true, .operand = "c", .operands = 3},
};

static void same_text(const char *got, const char *expected)
{
    if (expected == NULL)
        assert_null(got);
    else
        assert_string_equal(got, expected);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct settings settings;
        struct option_list operands;
        struct error error;
        assert_int_equal(parse(good[i].words, &settings, &operands, &error), OPTIONS_RUN);
        assert_int_equal(settings.flag, good[i].flag);
        same_text(settings.text, good[i].text);
        same_text(settings.maybe, good[i].maybe);
        assert_int_equal(settings.number, good[i].number);
        assert_int_equal(settings.list.num, good[i].items);
        if (good[i].item != NULL)
            same_text(settings.list.items[settings.list.num - 1], good[i].item);
        assert_int_equal(operands.num, good[i].operands);
        same_text(operands.items[operands.num - 1], good[i].operand);
        option_list_free(&settings.list);
        option_list_free(&operands);
    }
}

/* Wrong command lines, and the sentence that is said. */
static const struct {
    const char *words[MAX_WORDS];
    const char *sentence;
} bad[] = {
    {{NULL}, "test needs FILE...: see perpass test --help"},
    {{"a", "b", "c", "d"}, "test takes no operand \"d\": see perpass test --help"},
    {{"--flog", "a"}, "unknown option --flog: did you mean --flag?"},
    {{"--flag=yes", "a"}, "--flag takes no value"},
    {{"--completely", "a"}, "unknown option --completely: see perpass test --help"},
    {{"-f", "a"}, "unknown option -f: see perpass test --help"},
    {{"-flag", "a"}, "unknown option -flag: did you mean --flag?"},
    {{"a", "--text"}, "--text needs a value: --text TEXT"},
    {{"--text=", "a"}, "--text: its value is empty"},
    {{"--list", "", "a"}, "--list: its value is empty"},
    {{"--number", "8", "a"}, "--number: \"8\" is not 7"},
    {{"--flag\n\033[2J", "a"}, "unknown option --flag??[2J: see perpass test --help"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct settings settings;
        struct option_list operands;
        struct error error;
        assert_int_equal(parse(bad[i].words, &settings, &operands, &error), OPTIONS_BAD);
        assert_string_equal(error.text, bad[i].sentence);
        option_list_free(&settings.list);
        option_list_free(&operands);
    }
}

static void test_help(void **state)
{
    (void)state;
    static const char *const words[MAX_WORDS] = {"--flag", "--help", "--nonsense"};
    struct settings settings;
    struct option_list operands;
    struct error error;
    char *text = NULL;
    size_t len;
    assert_int_equal(parse(words, &settings, &operands, &error), OPTIONS_HELP);
    FILE *out = open_memstream(&text, &len);
    options_help(out, &command);
    fclose(out);
    assert_int_equal(strncmp(text, "Usage: perpass test [options] FILE...\n", 38), 0);
    assert_non_null(strstr(text, "\n  --flag\n        A flag.\n"));
    assert_non_null(strstr(text, "\n  --text TEXT\n"));
    assert_non_null(strstr(text, "\n  --maybe[=TYPE]\n"));
    free(text);
}

static void test_letters_numbers_and_shared(void **state)
{
    (void)state;
    static const struct {
        const char *words[MAX_WORDS];
        uint64_t seconds, count;
        unsigned number;
        const char *wrong; /* NULL: it is right */
    } cases[] = {
        {{"x", "-n", "7"}, 0, 0, 7, NULL},
        {{"-n7", "x"}, 0, 0, 7, NULL},
        {{"x", "-c", "12", "--time", "90"}, 90, 12, 0, NULL},
        {{"x", "--count=3", "--time=90s"}, 90, 3, 0, NULL},
        {{"x", "--time", "5m"}, 300, 0, 0, NULL},
        {{"x", "--time", "2h"}, 7200, 0, 0, NULL},
        {{"x", "--time", "1d"}, 86400, 0, 0, NULL},
        {{"x", "-n"}, 0, 0, 0, "--number needs a value"},
        {{"x", "-q"}, 0, 0, 0, "unknown option -q"},
        {{"x", "-c", "-1"}, 0, 0, 0, "\"-1\" is no whole number"},
        {{"x", "-c", ""}, 0, 0, 0, "\"\" is no whole number"},
        {{"x", "-c", "1234567890123456"}, 0, 0, 0, "is no whole number"},
        {{"x", "--time", "5w"}, 0, 0, 0, "\"5w\" is no time"},
        {{"x", "--time", "m"}, 0, 0, 0, "\"m\" is no time"},
        {{"x", "--time", "36600d"}, UINT64_C(3162240000), 0, 0, NULL},
        {{"x", "--time", "36601d"}, 0, 0, 0, "\"36601d\" is more than a hundred years"},
        {{"x", "--time", "999999999999999d"}, 0, 0, 0, "is more than a hundred years"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings = {.flag = false};
        struct option_list operands = {.num = 0};
        struct error error = {.text = ""};
        enum options_result result = parse(cases[i].words, &settings, &operands, &error);
        assert_int_equal(result, cases[i].wrong == NULL ? OPTIONS_RUN : OPTIONS_BAD);
        if (cases[i].wrong != NULL)
            assert_non_null(strstr(error.text, cases[i].wrong));
        if (cases[i].wrong == NULL) {
            assert_int_equal(settings.seconds, cases[i].seconds);
            assert_int_equal(settings.count, cases[i].count);
            assert_int_equal(settings.number, cases[i].number);
        }
        option_list_free(&operands);
        option_list_free(&settings.list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_help),
                                       cmocka_unit_test(test_letters_numbers_and_shared)};
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
