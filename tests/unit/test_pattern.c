/* test_pattern.c: patterns that are compiled late, and what is seen of them without a matcher: never another answer than
 * the matcher's. */
#include "core/pattern.h"

#include "core/pattern_head.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_LINE = 512 };

static const char *const patterns[] = {
#define BANNER(words, pattern)                     pattern,
#define VEIL(words, pattern)                       pattern,
#define PLACEHOLDER(pattern)                       pattern,
#define SECRET(kind, around, form, words, pattern) pattern,
#include "dissectors/content_secrets.def"
#define DIALECT(symbol, name, class)
#define HINT(symbol, points, words, pattern) pattern,
#include "dissectors/content_dialects.def"
    /* Some that are odd. */
    "^a|b",        "^(a|b)c", "^(?:a|)b",   "^(?:ab?|c)+d",   "^[]a]x",       "^[^a]",
    "^\\s*[ a]",   "^\\s+a",  "^ *a{2}",    "^a{0}b",         "^ab{0,1}c",    "^a?b?c",
    "^(?=b)[ab]",  "^(?!a).", "^\\Qa|b\\E", "^(?#|)a",        "^(?i)a",       "^$",
    "^",           "^*a",     "^(?:^a|b)",  "^[[:alpha:]|]b", "^a\\|b|c",     "^(?>a|b)c",
    "^\\x41",      "^a\\b",   "^.b",        "^\\.a",          "^[a\\]b]c",    "^[\\w-]a",
    "^[a-c]d",     "^ a",     "^\\s a",     "(?-i)^A",        "^(?-i)A",      "^(?:(?:a|b)|c)d",
    "^a(?:b|c",    "^[ab",    "^a++b",      "^\\s*+a",        "^(?<type>a)b", "^(?J)a",
    "(?J)^\\s*ab",
};

enum { NUM_PATTERNS = sizeof patterns / sizeof *patterns };

/* The same pattern in two ways: as it is, and so that its head tells nothing. */
struct both {
    struct pattern *quick, *slow;
};

struct patterns {
    struct both all[NUM_PATTERNS];
    struct pattern_matcher *matcher;
    unsigned long asked, answered, matched;
};

static struct pattern *slow_pattern(const char *text)
{
    char slow[5000];
    struct error error;
    bool duplicate_names = strncmp(text, "(?J)", 4) == 0;
    int len = snprintf(slow, sizeof slow, "%s(?:)(?:%s)", duplicate_names ? "(?J)" : "",
                       text + (duplicate_names ? 4 : 0));
    assert_true(len > 0 && (size_t)len < sizeof slow);
    return pattern_new(slow, &error);
}

static int make_patterns(void **state)
{
    struct patterns *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->matcher = pattern_matcher_new();
    assert_non_null(made->matcher);
    for (size_t i = 0; i < NUM_PATTERNS; i++) {
        struct error error;
        made->all[i] = (struct both){pattern_later(patterns[i], &error), slow_pattern(patterns[i])};
        assert_non_null(made->all[i].quick);
    }
    *state = made;
    return 0;
}

static int free_patterns(void **state)
{
    struct patterns *made = *state;
    for (size_t i = 0; i < NUM_PATTERNS; i++) {
        pattern_free(made->all[i].quick);
        pattern_free(made->all[i].slow);
    }
    pattern_matcher_free(made->matcher);
    free(made);
    return 0;
}

static void compare(struct patterns *made, size_t number, struct span text, size_t from)
{
    struct pattern_match quick = {0}, slow = {0};
    const struct both *both = &made->all[number];
    if (both->slow == NULL || from > text.len)
        return;
    enum pattern_result want = pattern_find(both->slow, made->matcher, text, from, &slow);
    enum pattern_result got = pattern_find(both->quick, made->matcher, text, from, &quick);
    made->asked++;
    made->answered += !pattern_may_match(both->quick, text, from);
    made->matched += got == PATTERN_YES;
    if (got != want && want != PATTERN_COSTLY)
        fail_msg("\"%s\" on \"%.*s\" from %zu: %d instead of %d", patterns[number], (int)text.len,
                 (const char *)text.at, from, (int)got, (int)want);
    if (got == PATTERN_YES && want == PATTERN_YES) {
        assert_ptr_equal(quick.whole.at, slow.whole.at);
        assert_int_equal(quick.whole.len, slow.whole.len);
        assert_ptr_equal(quick.value.at, slow.value.at);
        assert_int_equal(quick.value.len, slow.value.len);
    }
}

/* Patterns whose bad syntax is told at once, and not by a late one. */
static void built_in_patterns_are_right(void **state)
{
    const struct patterns *made = *state;
    for (size_t i = 0; i < NUM_PATTERNS; i++) {
        struct error error = {.text = ""};
        struct pattern *pattern = pattern_new(patterns[i], &error);
        bool wrong = strcmp(patterns[i], "^a(?:b|c") == 0 || strcmp(patterns[i], "^[ab") == 0 ||
                     strcmp(patterns[i], "^*a") == 0;
        if (pattern == NULL && !wrong)
            fail_msg("\"%s\": %s", patterns[i], error.text);
        assert_true(pattern != NULL || made->all[i].slow == NULL);
        pattern_free(pattern);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* What a pattern may have been written for: its own letters, with some of them changed. */
static size_t write_like(const char *pattern, uint32_t *seed, uint8_t *line)
{
    size_t len = 0, blanks = next_random(seed) % 3;
    for (size_t i = 0; i < blanks; i++)
        line[len++] = next_random(seed) % 4 ? ' ' : '\t';
    for (const char *at = pattern; *at != '\0' && len < MAX_LINE; at++) {
        uint32_t dice = next_random(seed) % 40;
        if (strchr("^$\\()[]{}?*+", *at) != NULL || dice == 0)
            continue;
        if (*at == '|' && dice < 20)
            continue;
        if (*at == '|' && dice < 30)
            break;
        line[len++] = dice == 1 ? (uint8_t)(*at ^ 0x20) : dice == 2 ? 'x' : (uint8_t)*at;
    }
    return len;
}

static void heads_answer_as_the_matcher_does(void **state)
{
    struct patterns *made = *state;
    uint8_t line[MAX_LINE];
    uint32_t seed = 1;
    for (unsigned round = 0; round < 60; round++) {
        for (size_t i = 0; i < NUM_PATTERNS; i++) {
            size_t len = write_like(patterns[i], &seed, line);
            compare(made, i, span_of(line, len), 0);
            compare(made, i, span_of(line, len), len / 2);
            compare(made, (i + 1) % NUM_PATTERNS, span_of(line, len), 0);
        }
    }
    for (unsigned a = 0; a < 256; a++) {
        for (size_t i = 0; i < NUM_PATTERNS; i++) {
            line[0] = (uint8_t)a;
            line[1] = (uint8_t) "abcdx| ^"[a % 8];
            line[2] = (uint8_t) "bd"[i % 2];
            for (size_t len = 0; len < 4; len++)
                compare(made, i, span_of(line, len), 0);
        }
    }
    assert_true(made->matched > made->asked / 1000);
    assert_true(made->answered > made->asked / 4);
}

static void compare_lines(struct patterns *made, const char *path)
{
    char line[MAX_LINE];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    for (unsigned number = 0; fgets(line, sizeof line, file) != NULL && number < 400; number++) {
        struct span text = span_of(line, strcspn(line, "\n"));
        for (size_t i = 0; i < NUM_PATTERNS; i++)
            compare(made, i, text, 0);
    }
    (void)fclose(file);
}

static void heads_answer_so_on_configurations(void **state)
{
    glob_t files;
    assert_int_equal(glob(PERPASS_SOURCE_DIR "/tests/accuracy/secrets/*/*", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i += 3)
        compare_lines(*state, files.gl_pathv[i]);
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_patterns_are_right),
        cmocka_unit_test(heads_answer_as_the_matcher_does),
        cmocka_unit_test(heads_answer_so_on_configurations),
    };
    return cmocka_run_group_tests_name("pattern", tests, make_patterns, free_patterns);
}
