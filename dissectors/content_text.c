/* content_text.c: reads the lines of a file by the rules: hints for dialects, then secrets. What a line is about is
 * told by its own words and by those of the lines that it is indented below. Of a line nothing is kept. */
#include "dissectors/content_text.h"

#include "core/crypto.h"
#include "dissectors/content_block.h"
#include "dissectors/content_secret.h"

#include <stdlib.h>

enum {
    MAX_LEVELS = 32,   /* blocks in blocks */
    MAX_FOUND = 256,   /* places of secrets on one line */
    MAX_TRIES = 100,   /* of a hint: what never matches in so many lines speaks for no dialect */
    DIALECT_POINTS = 5 /* to be told */
};

/* Of work, as count_work counts it, 5 to 25 ns each. A file that is nothing but secrets needs less than WORK_A_BYTE. */
enum {
    WORK_FREE = 1 << 17,
    WORK_A_BYTE = 24,
    WORK_A_CALL = 32,
    WORK_LONG = 4096 /* so many bytes in one go count double: patterns go back and forth in them */
};

/* A line that others may be indented below, and the kinds of context that it told. */
struct level {
    unsigned indent;
    uint32_t contexts;
};

struct content_text {
    const struct rule_table *rules;
    struct pattern_matcher *matcher; /* for the length of a call; NULL until it is needed */
    struct content_lines lines;
    struct content_block block;
    struct level levels[MAX_LEVELS];
    size_t num_levels;
    uint64_t unread, work, allowed_work;
    unsigned points[NUM_DIALECTS];
    uint64_t settled[CONTENT_MAX_RULES / 64]; /* hints that were seen, or tried often enough */
    uint8_t tries[CONTENT_MAX_RULES];         /* of hints */
    struct content_secrets secrets;
};

/* A line at hand. */
struct reading {
    struct content_text *text;
    struct content_line *line;
    struct content_clues clues; /* of the line itself */
    size_t num_found;
    struct span found[MAX_FOUND];
    bool costly;
};

size_t content_text_size(void)
{
    return sizeof(struct content_text);
}

static struct span line_span(const struct reading *reading)
{
    return span_of(reading->line->at, reading->line->len);
}

/* The next rule from number |*at| on that may match; NULL behind the last of them. Rules that match depend on it that
 * they are tried in their order. */
static const struct content_rule *next_rule(const struct reading *reading,
                                            struct content_rule_range *range)
{
    while (range->from < range->to) {
        uint64_t bits = reading->clues.rules[range->from / 64] >> (range->from % 64);
        if (bits == 0) {
            range->from = (range->from / 64 + 1) * 64;
            continue;
        }
        range->from += (size_t)__builtin_ctzll(bits);
        if (range->from >= range->to)
            return NULL;
        return content_rule_at(reading->text->rules, range->from++);
    }
    return NULL;
}

static bool may_match(const struct reading *reading, const struct content_rule *rule, size_t from)
{
    struct span line = line_span(reading);
    if (rule->byte != 0 && memchr(line.at, rule->byte, line.len) == NULL)
        return false;
    return pattern_may_match(rule->pattern, line, from);
}

/* What was looked at is what costs, as far as it can be told without a clock, by which no two runs are the same. */
static void count_work(struct content_text *text, size_t len)
{
    text->work += WORK_A_CALL + len + (uint64_t)len * len / WORK_LONG;
}

static bool may_work(struct content_text *text)
{
    if (text->matcher == NULL)
        text->matcher = pattern_matcher_new();
    return text->matcher != NULL && text->work <= text->allowed_work;
}

static void give_up(struct reading *reading)
{
    reading->text->work += PATTERN_MAX_STEPS;
    reading->costly = true;
}

static bool find(struct reading *reading, const struct content_rule *rule, size_t from,
                 struct pattern_match *match)
{
    struct content_text *text = reading->text;
    if (!may_match(reading, rule, from))
        return false;
    if (!may_work(text)) {
        reading->costly = true;
        return false;
    }
    enum pattern_result result =
        pattern_find(rule->pattern, text->matcher, line_span(reading), from, match);
    if (result == PATTERN_COSTLY)
        give_up(reading);
    bool matches = result == PATTERN_YES;
    size_t end = matches ? (size_t)(match->whole.at - reading->line->at) + match->whole.len
                         : reading->line->len;
    count_work(text, end - from);
    return matches;
}

static void read_clues(struct reading *reading)
{
    content_clues_find(reading->text->rules, line_span(reading), &reading->clues);
}

/* --- dialects --- */

static void take_hint(struct reading *reading, const struct content_rule *rule, size_t number)
{
    struct content_text *text = reading->text;
    struct pattern_match match;
    if (!may_match(reading, rule, 0))
        return;
    bool matches = find(reading, rule, 0, &match);
    if (matches)
        text->points[rule->dialect] += rule->weight;
    if (matches || ++text->tries[number] == MAX_TRIES)
        text->settled[number / 64] |= UINT64_C(1) << (number % 64);
}

static void take_hints(struct reading *reading)
{
    struct content_rule_range range = content_rules_of(reading->text->rules, RULE_HINT);
    const struct content_rule *rule;
    for (size_t i = range.from / 64; i < (range.to + 63) / 64; i++)
        reading->clues.rules[i] &= ~reading->text->settled[i];
    while ((rule = next_rule(reading, &range)) != NULL)
        take_hint(reading, rule, range.from - 1);
}

/* --- what is around a line --- */

/* The depth of a line: below a heading that is not indented itself, such as [interface] or /ip address, a line that is
 * not indented either is inside. */
static unsigned indent_of(const struct reading *reading)
{
    enum { TAB = 8 };
    unsigned indent = 0;
    size_t i = 0, len = reading->line->len;
    const uint8_t *at = reading->line->at;
    for (; i < len && (at[i] == ' ' || at[i] == '\t'); i++)
        indent += at[i] == '\t' ? TAB : 1;
    bool heading =
        i == 0 && len > 1 && (at[0] == '/' || at[0] == '[') && at[1] >= 'a' && at[1] <= 'z';
    return heading ? 0 : indent + 1;
}

static void enter_level(struct reading *reading)
{
    struct content_text *text = reading->text;
    unsigned indent = indent_of(reading);
    while (text->num_levels > 0 && text->levels[text->num_levels - 1].indent >= indent)
        text->num_levels--;
    if (text->num_levels < MAX_LEVELS)
        text->levels[text->num_levels++] =
            (struct level){.indent = indent, .contexts = reading->clues.contexts};
}

static uint32_t contexts_around(const struct reading *reading)
{
    const struct content_text *text = reading->text;
    uint32_t contexts = reading->clues.contexts;
    for (size_t i = 0; i < text->num_levels; i++)
        contexts |= text->levels[i].contexts;
    return contexts;
}

/* The kind that the nearest words tell, among those that the rule asks for. */
static enum secret_kind kind_by_context(const struct reading *reading,
                                        const struct content_rule *rule)
{
    const struct content_text *text = reading->text;
    uint32_t asked = rule->contexts != 0 ? rule->contexts : ~UINT32_C(0);
    if (reading->clues.contexts & asked)
        return content_context_kind(reading->clues.contexts & asked);
    for (size_t i = text->num_levels; i > 0; i--)
        if (text->levels[i - 1].contexts & asked)
            return content_context_kind(text->levels[i - 1].contexts & asked);
    return SECRET_PASSWORD;
}

/* --- veils --- */

static void draw_veil(struct reading *reading, struct span part)
{
    size_t at = (size_t)(part.at - reading->line->at);
    memset(reading->line->at + at, ' ', part.len);
}

static bool veil(struct reading *reading, const struct content_rule *rule)
{
    struct pattern_match match;
    bool any = false;
    for (size_t from = 0; from < reading->line->len && find(reading, rule, from, &match);) {
        draw_veil(reading, match.value);
        any = true;
        from = (size_t)(match.whole.at - reading->line->at) + match.whole.len + 1;
    }
    return any;
}

/* --- secrets --- */

static bool was_found(const struct reading *reading, struct span value)
{
    for (size_t i = 0; i < reading->num_found; i++) {
        struct span found = reading->found[i];
        if (value.at < found.at + found.len && found.at < value.at + value.len)
            return true;
    }
    return false;
}

static bool is_placeholder(struct reading *reading, struct span value)
{
    struct content_text *text = reading->text;
    struct content_rule_range range = content_rules_of(text->rules, RULE_PLACEHOLDER);
    struct pattern_match match;
    enum pattern_result result = PATTERN_NO;
    for (size_t i = range.from; i < range.to && result == PATTERN_NO; i++) {
        struct pattern *pattern = content_rule_at(text->rules, i)->pattern;
        if (!pattern_may_match(pattern, value, 0))
            continue;
        if (!may_work(text)) {
            reading->costly = true;
            return true;
        }
        result = pattern_find(pattern, text->matcher, value, 0, &match);
        count_work(text, value.len);
        if (result == PATTERN_COSTLY)
            give_up(reading);
    }
    return result != PATTERN_NO;
}

static void take_secret(struct reading *reading, const struct content_rule *rule,
                        const struct pattern_match *match)
{
    struct span value = match->value;
    if (value.len == 0 || reading->num_found == MAX_FOUND || was_found(reading, value))
        return;
    reading->found[reading->num_found++] = value;
    if (is_placeholder(reading, value))
        return;
    enum secret_kind kind =
        rule->kind == SECRET_BY_CONTEXT ? kind_by_context(reading, rule) : rule->kind;
    enum secret_form form =
        rule->form == FORM_AUTO ? content_secret_form(value, match->type) : rule->form;
    size_t offset = (size_t)(value.at - reading->line->at);
    content_secrets_add(&reading->text->secrets, kind, form,
                        content_line_number(reading->line, offset), value.len);
}

static void find_secrets(struct reading *reading, const struct content_rule *rule)
{
    struct pattern_match match;
    for (size_t from = 0; from < reading->line->len && find(reading, rule, from, &match);) {
        take_secret(reading, rule, &match);
        size_t end = (size_t)(match.value.at - reading->line->at) + match.value.len;
        from = end > from ? end : from + 1;
    }
}

/* --- a line --- */

static bool find_banner(struct reading *reading)
{
    struct content_rule_range range = content_rules_of(reading->text->rules, RULE_BANNER);
    const struct content_rule *rule;
    struct pattern_match match;
    while ((rule = next_rule(reading, &range)) != NULL) {
        if (!find(reading, rule, 0, &match))
            continue;
        content_block_banner(&reading->text->block, match.value);
        draw_veil(reading, match.whole);
        return true;
    }
    return false;
}

/* Veils and banners; whether anything was covered. */
static bool cover(struct reading *reading)
{
    struct content_rule_range range = content_rules_of(reading->text->rules, RULE_VEIL);
    const struct content_rule *rule;
    content_block_comment(&reading->text->block, reading->line);
    bool covered = find_banner(reading);
    while ((rule = next_rule(reading, &range)) != NULL)
        covered |= veil(reading, rule);
    return covered;
}

static void search(struct reading *reading)
{
    struct content_rule_range range = content_rules_of(reading->text->rules, RULE_SECRET);
    const struct content_rule *rule;
    take_hints(reading);
    if (cover(reading))
        read_clues(reading);
    uint32_t contexts = contexts_around(reading);
    while ((rule = next_rule(reading, &range)) != NULL)
        if (rule->contexts == 0 || rule->contexts & contexts)
            find_secrets(reading, rule);
}

static bool is_blank(const struct content_line *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (line->at[i] != ' ' && line->at[i] != '\t')
            return false;
    return true;
}

static void read_line(void *to, struct content_line *line)
{
    struct content_text *text = to;
    struct reading reading;
    if (line->marks & MARK_BINARY || is_blank(line))
        return;
    if (content_block_inside(&text->block, line, &text->secrets) ||
        content_block_key(&text->block, line, &text->secrets))
        return;
    reading.text = text;
    reading.line = line;
    reading.num_found = 0;
    reading.costly = false;
    read_clues(&reading);
    enter_level(&reading);
    search(&reading);
    text->unread += reading.costly || line->broken;
}

/* --- the file --- */

struct content_text *content_text_new(const struct content_rules *rules,
                                      enum content_charset charset)
{
    const struct rule_table *table = content_rules_table(rules);
    struct content_text *text = table != NULL ? calloc(1, sizeof *text) : NULL;
    if (text == NULL)
        return NULL;
    text->rules = table;
    text->allowed_work = WORK_FREE;
    text->lines.to = text;
    text->lines.each = read_line;
    text->lines.charset = charset;
    content_lines_init(&text->lines);
    return text;
}

void content_text_free(struct content_text *text)
{
    if (text == NULL)
        return;
    crypto_wipe(text, sizeof *text);
    free(text);
}

/* What a matcher holds is more than the rest, and files wait for their next packet for long. */
static void free_matcher(struct content_text *text)
{
    pattern_matcher_free(text->matcher);
    text->matcher = NULL;
}

void content_text_add(struct content_text *text, struct span bytes)
{
    text->allowed_work += (uint64_t)bytes.len * WORK_A_BYTE;
    content_lines_add(&text->lines, bytes);
    free_matcher(text);
}

void content_text_gap(struct content_text *text)
{
    content_lines_gap(&text->lines);
    content_block_finish(&text->block, &text->secrets);
    text->num_levels = 0;
    free_matcher(text);
}

void content_text_finish(struct content_text *text)
{
    content_lines_finish(&text->lines);
    content_block_finish(&text->block, &text->secrets);
    free_matcher(text);
}

const struct content_dialect *content_text_dialect(const struct content_text *text)
{
    unsigned best = 0;
    for (unsigned i = 1; i < NUM_DIALECTS; i++)
        if (text->points[i] > text->points[best])
            best = i;
    return text->points[best] >= DIALECT_POINTS ? content_dialect((enum dialect)best) : NULL;
}

void content_text_facts(const struct content_text *text, struct content_facts *facts)
{
    const struct content_secrets *secrets = &text->secrets;
    facts->lines = number(text->lines.num);
    facts->secrets = number(secrets->total);
    facts->reversible = number(secrets->reversible);
    facts->unread = number(text->unread);
    facts->secret_list = secrets->list;
    facts->num_secrets = secrets->num;
    bool any = secrets->num > 0;
    facts->secret_kinds = any ? span_of(secrets->kinds, secrets->num) : (struct span){0};
    facts->secret_lines = any ? span_of(secrets->lines, 4 * secrets->num) : (struct span){0};
    facts->secret_lengths = any ? span_of(secrets->lengths, 4 * secrets->num) : (struct span){0};
}
