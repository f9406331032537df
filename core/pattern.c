/* pattern.c: the one place that calls PCRE2. Patterns are interpreted: compiling them to machine code would need
 * memory that can be written and run. */
#include "core/pattern.h"

#include "core/memory.h"
#include "core/pattern_head.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_DEPTH = 1000, MAX_KILOBYTES = 1024, MAX_PATTERN = 4096 };
enum { MAX_GROUPS = 16 };

/* A pattern that is ready to be matched. */
struct compiled {
    pcre2_code *code;
    uint32_t num_groups;
    uint32_t types; /* a bit for each group that is named type */
};

struct pattern {
    struct pattern_head head;
    const char *later; /* to be compiled when it is needed; NULL: it is */
    _Atomic(struct compiled *) compiled;
};

struct pattern_matcher {
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

static pcre2_code *compile(const char *text, int *fault, size_t *at)
{
    static const uint32_t options = PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
                                    PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code = NULL;
    *fault = PCRE2_ERROR_NOMEMORY;
    *at = 0;
    if (context != NULL && pcre2_set_max_pattern_length(context, MAX_PATTERN) == 0)
        code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, fault, at, context);
    pcre2_compile_context_free(context);
    return code;
}

/* The table has, for each name, the number of its group in two bytes, the name and a NUL. */
static uint32_t groups_named_type(const pcre2_code *code)
{
    uint32_t count = 0, size = 0, bits = 0;
    PCRE2_SPTR table = NULL;
    (void)pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = table + (size_t)i * size;
        if (strcmp((const char *)entry + 2, "type") == 0)
            bits |= UINT32_C(1) << entry[1];
    }
    return bits;
}

static void free_compiled(struct compiled *compiled)
{
    if (compiled != NULL)
        pcre2_code_free(compiled->code);
    free(compiled);
}

static struct compiled *compile_pattern(const char *text, struct error *error)
{
    int fault;
    size_t at;
    struct compiled *compiled = calloc(1, sizeof *compiled);
    if (compiled == NULL) {
        error_set(error, "there is no memory");
        return NULL;
    }
    compiled->code = compile(text, &fault, &at);
    if (compiled->code == NULL) {
        char reason[160] = "";
        (void)pcre2_get_error_message(fault, (PCRE2_UCHAR *)reason, sizeof reason);
        error_set(error, "the pattern is wrong at its character %zu: %s", at + 1, reason);
        free(compiled);
        return NULL;
    }
    (void)pcre2_pattern_info(compiled->code, PCRE2_INFO_CAPTURECOUNT, &compiled->num_groups);
    if (compiled->num_groups < MAX_GROUPS) {
        compiled->types = groups_named_type(compiled->code);
        return compiled;
    }
    error_set(error, "the pattern has %u groups, and there can be %d", compiled->num_groups,
              MAX_GROUPS - 1);
    free_compiled(compiled);
    return NULL;
}

struct pattern *pattern_later(const char *text, struct error *error)
{
    struct pattern *pattern = calloc(1, sizeof *pattern);
    if (pattern == NULL) {
        error_set(error, "there is no memory");
        return NULL;
    }
    pattern->head = pattern_head_of(text);
    pattern->later = text;
    return pattern;
}

struct pattern *pattern_new(const char *text, struct error *error)
{
    struct pattern *pattern = pattern_later(text, error);
    if (pattern == NULL)
        return NULL;
    pattern->later = NULL;
    pattern->compiled = compile_pattern(text, error);
    if (pattern->compiled != NULL)
        return pattern;
    pattern_free(pattern);
    return NULL;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    free_compiled(pattern->compiled);
    free(pattern);
}

/* Two threads may compile the same pattern; the one that comes later takes that of the first. */
static const struct compiled *compiled_of(struct pattern *pattern)
{
    struct compiled *there = atomic_load_explicit(&pattern->compiled, memory_order_acquire);
    struct error ignored; /* a pattern that cannot be matched is told as a costly one */
    if (there != NULL || pattern->later == NULL)
        return there;
    struct compiled *made = compile_pattern(pattern->later, &ignored);
    if (made == NULL || atomic_compare_exchange_strong(&pattern->compiled, &there, made))
        return made;
    free_compiled(made);
    return there;
}

struct pattern_matcher *pattern_matcher_new(void)
{
    struct pattern_matcher *matcher = calloc(1, sizeof *matcher);
    if (matcher == NULL)
        return NULL;
    matcher->data = memory_made(pcre2_match_data_create(MAX_GROUPS, NULL));
    matcher->limits = memory_made(pcre2_match_context_create(NULL));
    if (matcher->data == NULL || matcher->limits == NULL) {
        pattern_matcher_free(matcher);
        return NULL;
    }
    (void)pcre2_set_match_limit(matcher->limits, PATTERN_MAX_STEPS);
    (void)pcre2_set_depth_limit(matcher->limits, MAX_DEPTH);
    (void)pcre2_set_heap_limit(matcher->limits, MAX_KILOBYTES);
    return matcher;
}

void pattern_matcher_free(struct pattern_matcher *matcher)
{
    if (matcher == NULL)
        return;
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->limits);
    free(matcher);
}

static struct span group(const struct pattern_matcher *matcher, struct span text, uint32_t number)
{
    const size_t *ends = pcre2_get_ovector_pointer(matcher->data);
    size_t from = ends[2 * number], to = ends[2 * number + 1];
    if (from == PCRE2_UNSET || to < from)
        return (struct span){0};
    return span_of(text.at + from, to - from);
}

bool pattern_may_match(const struct pattern *pattern, struct span text, size_t from)
{
    return pattern_head_fits(&pattern->head, text, from);
}

enum pattern_result pattern_find(struct pattern *pattern, struct pattern_matcher *matcher,
                                 struct span text, size_t from, struct pattern_match *match)
{
    if (!pattern_may_match(pattern, text, from))
        return PATTERN_NO;
    const struct compiled *compiled = compiled_of(pattern);
    if (compiled == NULL)
        return PATTERN_COSTLY;
    int found =
        pcre2_match(compiled->code, text.at, text.len, from, 0, matcher->data, matcher->limits);
    if (found < 0)
        return found == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_COSTLY;
    *match = (struct pattern_match){.whole = group(matcher, text, 0)};
    match->value = match->whole;
    /* Groups behind the last that took part are unset, too. */
    for (uint32_t i = compiled->num_groups; i > 0; i--) {
        struct span part = i < (uint32_t)found ? group(matcher, text, i) : (struct span){0};
        if (span_seen(part))
            *(compiled->types >> i & 1 ? &match->type : &match->value) = part;
    }
    return PATTERN_YES;
}

void pattern_library(char version[32])
{
    char text[64] = "";
    int len = pcre2_config(PCRE2_CONFIG_VERSION, NULL);
    if (len > 0 && len <= (int)sizeof text)
        (void)pcre2_config(PCRE2_CONFIG_VERSION, text);
    snprintf(version, 32, "%.31s", text);
}
