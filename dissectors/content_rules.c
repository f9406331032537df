/* content_rules.c: makes the rules for lines of text, from the tables and from an operator's file. Without such a file
 * they are made when the first text comes: most captures have none. */
#include "dissectors/content_rules.h"

#include "dissectors/content_rule.h"
#include "dissectors/word_set.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 4096, MAX_DEMANDS = 2 * CONTENT_MAX_RULES };

/* A rule of the tables. */
struct row {
    enum content_rule_use use;
    const char *words, *pattern; /* |words|: as content_secrets.def says */
    enum dialect dialect;
    unsigned weight;
    enum secret_kind kind;
    enum secret_form form;
    uint32_t contexts;
};

static const struct row rows[] = {
#define DIALECT(symbol, name, class)
#define HINT(symbol, points, must, expression)                                                     \
    {.use = RULE_HINT, .words = must, .pattern = expression, .dialect = symbol, .weight = points},
#include "dissectors/content_dialects.def"
#undef DIALECT
#undef HINT
#define BIT(kind_)               (UINT32_C(1) << (kind_))
#define BANNER(must, expression) {.use = RULE_BANNER, .words = must, .pattern = expression},
#define VEIL(must, expression)   {.use = RULE_VEIL, .words = must, .pattern = expression},
#define PLACEHOLDER(expression)  {.use = RULE_PLACEHOLDER, .words = "", .pattern = expression},
#define SECRET(symbol, around, written, must, expression)                                          \
    {.use = RULE_SECRET,                                                                           \
     .words = must,                                                                                \
     .pattern = expression,                                                                        \
     .kind = symbol,                                                                               \
     .form = FORM_##written,                                                                       \
     .contexts = around},
#include "dissectors/content_secrets.def"
#undef BANNER
#undef VEIL
#undef PLACEHOLDER
#undef SECRET
#undef BIT
};

static const struct {
    enum secret_kind kind;
    const char *word;
} contexts[] = {
#define CONTEXT(kind, word) {kind, word},
#include "dissectors/content_contexts.def"
#undef CONTEXT
};

enum { NUM_CONTEXTS = sizeof contexts / sizeof *contexts };

/* The rules that ask for a word, and what it tells of a line. */
struct word_use {
    uint16_t first, num; /* of |by_word| */
    uint32_t contexts;
};

/* A word that a rule asks for. */
struct demand {
    uint16_t word, rule;
};

struct rule_table {
    struct word_set *words;
    struct content_rule rules[CONTENT_MAX_RULES];
    size_t num;
    size_t first[NUM_RULE_USES + 1]; /* of each use; they are in the order of their uses */
    struct word_use uses[WORD_SET_MAX];
    struct demand demands[MAX_DEMANDS], by_word[MAX_DEMANDS];
    size_t num_demands;
    uint64_t always[CONTENT_MAX_RULES / 64]; /* the rules that ask for none */
};

/* Files of several threads may ask for the table. */
struct made_later {
    pthread_mutex_t lock;
    struct rule_table *table;
};

struct content_rules {
    struct made_later *later;
};

const struct content_dialect *content_dialect(enum dialect dialect)
{
    static const struct content_dialect dialects[] = {
#define DIALECT(symbol, name, class) {name, class},
#define HINT(symbol, weight, word, pattern)
#include "dissectors/content_dialects.def"
#undef DIALECT
#undef HINT
    };
    return &dialects[dialect];
}

struct content_rule_range content_rules_of(const struct rule_table *table,
                                           enum content_rule_use use)
{
    return (struct content_rule_range){table->first[use], table->first[use + 1]};
}

const struct content_rule *content_rule_at(const struct rule_table *table, size_t number)
{
    return &table->rules[number];
}

static void add_clue(const struct rule_table *table, unsigned word, struct content_clues *clues)
{
    const struct word_use *use = &table->uses[word];
    clues->contexts |= use->contexts;
    for (size_t i = use->first; i < (size_t)use->first + use->num; i++) {
        unsigned rule = table->by_word[i].rule;
        clues->rules[rule / 64] |= UINT64_C(1) << (rule % 64);
    }
}

void content_clues_find(const struct rule_table *table, struct span line,
                        struct content_clues *clues)
{
    struct words words;
    clues->contexts = 0;
    memcpy(clues->rules, table->always, sizeof clues->rules);
    if (!word_set_find(table->words, line, &words))
        return;
    for (unsigned i = 0; i < sizeof words.bits / sizeof *words.bits; i++)
        for (uint64_t bits = words.bits[i]; bits != 0; bits &= bits - 1)
            add_clue(table, i * 64 + (unsigned)__builtin_ctzll(bits), clues);
}

enum secret_kind content_context_kind(uint32_t bits)
{
    for (size_t i = 0; i < NUM_CONTEXTS; i++)
        if (bits >> contexts[i].kind & 1)
            return contexts[i].kind;
    return SECRET_PASSWORD;
}

/* --- making them --- */

static bool add_word(struct rule_table *table, struct span text, struct error *error)
{
    int word = word_set_add(table->words, text);
    if (word < 0 || table->num_demands == MAX_DEMANDS)
        return error_set(error, "there are too many words in the rules");
    table->demands[table->num_demands++] =
        (struct demand){.word = (uint16_t)word, .rule = (uint16_t)table->num};
    return true;
}

/* A & in an operator's words is nothing special. */
static bool add_words(struct rule_table *table, const char *words, bool own, struct error *error)
{
    while (*words != '\0' && (own || *words != '&')) {
        size_t len = strcspn(words, own ? "|" : "|&");
        if (!add_word(table, span_of(words, len), error))
            return false;
        words += len + (words[len] == '|');
    }
    return true;
}

/* Of the tables the patterns are known to be right, and stay where they are. */
static bool add(struct rule_table *table, const struct row *row, bool own, struct error *error)
{
    if (table->num == CONTENT_MAX_RULES)
        return error_set(error, "there can be %d rules", CONTENT_MAX_RULES);
    const char *byte = own ? NULL : strchr(row->words, '&');
    if (!add_words(table, row->words, own, error))
        return false;
    if (row->words[0] == '\0')
        table->always[table->num / 64] |= UINT64_C(1) << (table->num % 64);
    struct content_rule *rule = &table->rules[table->num];
    *rule = (struct content_rule){.use = row->use,
                                  .byte = byte != NULL ? (uint8_t)byte[1] : 0,
                                  .dialect = row->dialect,
                                  .weight = row->weight,
                                  .kind = row->kind,
                                  .form = row->form,
                                  .contexts = row->contexts};
    rule->pattern = own ? pattern_new(row->pattern, error) : pattern_later(row->pattern, error);
    table->num += rule->pattern != NULL;
    return rule->pattern != NULL;
}

/* Those of the tables come in the order of their uses, but for secrets: an operator's come first of all. */
static bool add_rows(struct rule_table *table, enum content_rule_use use, struct error *error)
{
    table->first[use] = table->num;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].use == use && !add(table, &rows[i], false, error))
            return false;
    table->first[use + 1] = table->num;
    return true;
}

static bool add_contexts(struct rule_table *table, struct error *error)
{
    for (size_t i = 0; i < NUM_CONTEXTS; i++) {
        int word = word_set_add(table->words, span_text(contexts[i].word));
        if (word < 0)
            return error_set(error, "there are too many words in the rules");
        table->uses[word].contexts |= UINT32_C(1) << contexts[i].kind;
    }
    return true;
}

static void sort_demands(struct rule_table *table)
{
    uint16_t at = 0;
    for (size_t i = 0; i < table->num_demands; i++)
        table->uses[table->demands[i].word].num++;
    for (size_t word = 0; word < WORD_SET_MAX; word++) {
        table->uses[word].first = at;
        at = (uint16_t)(at + table->uses[word].num);
        table->uses[word].num = 0;
    }
    for (size_t i = 0; i < table->num_demands; i++) {
        struct word_use *use = &table->uses[table->demands[i].word];
        table->by_word[use->first + use->num++] = table->demands[i];
    }
}

/* --- a file of rules: KIND FORM WORD PATTERN on a line, # begins a comment --- */

static bool parse_kind(const char *name, enum secret_kind *kind)
{
    for (unsigned i = 0; i < NUM_SECRET_KINDS; i++) {
        if (strcmp(content_secret_kind(i), name) == 0) {
            *kind = (enum secret_kind)i;
            return true;
        }
    }
    return false;
}

static bool parse_form(const char *name, enum secret_form *form)
{
    static const char *const forms[] = {[FORM_AUTO] = "auto",
                                        [FORM_CLEAR] = "clear",
                                        [FORM_ENCODED] = "encoded",
                                        [FORM_PROTECTED] = "protected",
                                        [FORM_HASH] = "hash"};
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(forms[i], name) == 0) {
            *form = (enum secret_form)i;
            return true;
        }
    }
    return false;
}

/* Takes the next word, and leaves |*at| where the one after it begins; "" at the end. */
static char *take_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    char *end = word + strcspn(word, " \t");
    *at = end;
    if (*end != '\0') {
        *end = '\0';
        *at = end + 1 + strspn(end + 1, " \t");
    }
    return word;
}

static bool add_line(struct rule_table *table, char *line, struct error *error)
{
    struct row row = {.use = RULE_SECRET};
    const char *kind = take_word(&line), *form = take_word(&line), *words = take_word(&line);
    if (*line == '\0')
        return error_set(error, "a rule is KIND FORM WORD PATTERN, with blanks between them");
    if (!parse_kind(kind, &row.kind))
        return error_set(error, "\"%.60s\" is no kind of secret; see the manual page for those",
                         kind);
    if (!parse_form(form, &row.form))
        return error_set(error, "\"%.60s\" is none of auto, clear, encoded, protected and hash",
                         form);
    row.words = strcmp(words, "-") == 0 ? "" : words;
    row.pattern = line;
    return add(table, &row, true, error);
}

static bool add_lines(struct rule_table *table, FILE *file, const char *path, struct error *error)
{
    char line[MAX_LINE];
    struct error reason;
    for (unsigned number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        size_t len = strlen(line);
        if (len == sizeof line - 1 && line[len - 1] != '\n')
            return error_set(error, "%.200s:%u: the line has more than %d bytes", path, number,
                             MAX_LINE - 2);
        line[strcspn(line, "\r\n")] = '\0';
        const char *first = line + strspn(line, " \t");
        if (*first == '\0' || *first == '#')
            continue;
        if (!add_line(table, line, &reason))
            return error_set(error, "%.200s:%u: %.250s", path, number, reason.text);
    }
    return !ferror(file) || error_set(error, "%.300s cannot be read: %s", path, strerror(errno));
}

static bool add_file(struct rule_table *table, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, "%.300s cannot be opened: %s", path, strerror(errno));
    bool ok = add_lines(table, file, path, error);
    (void)fclose(file);
    return ok;
}

static bool add_all(struct rule_table *table, const char *path, struct error *error)
{
    if (!add_contexts(table, error))
        return false;
    for (enum content_rule_use use = 0; use < RULE_SECRET; use++)
        if (!add_rows(table, use, error))
            return false;
    size_t first = table->num;
    if ((path != NULL && !add_file(table, path, error)) || !add_rows(table, RULE_SECRET, error))
        return false;
    table->first[RULE_SECRET] = first;
    sort_demands(table);
    return word_set_ready(table->words) || error_set(error, "there is no memory");
}

static void free_table(struct rule_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->num; i++)
        pattern_free(table->rules[i].pattern);
    word_set_free(table->words);
    free(table);
}

static struct rule_table *make_table(const char *path, struct error *error)
{
    struct rule_table *table = calloc(1, sizeof *table);
    if (table != NULL)
        table->words = word_set_new();
    if (table == NULL || table->words == NULL)
        error_set(error, "there is no memory");
    else if (add_all(table, path, error))
        return table;
    free_table(table);
    return NULL;
}

struct content_rules *content_rules_new(const char *path, struct error *error)
{
    struct content_rules *rules = calloc(1, sizeof *rules);
    if (rules != NULL)
        rules->later = calloc(1, sizeof *rules->later);
    if (rules == NULL || rules->later == NULL || pthread_mutex_init(&rules->later->lock, NULL)) {
        error_set(error, "there is no memory");
        if (rules != NULL)
            free(rules->later);
        free(rules);
        return NULL;
    }
    if (path == NULL)
        return rules;
    rules->later->table = make_table(path, error);
    if (rules->later->table != NULL)
        return rules;
    content_rules_free(rules);
    return NULL;
}

const struct rule_table *content_rules_table(const struct content_rules *rules)
{
    struct made_later *later = rules->later;
    struct error ignored; /* without memory nothing is read by lines, as without a budget */
    (void)pthread_mutex_lock(&later->lock);
    if (later->table == NULL)
        later->table = make_table(NULL, &ignored);
    const struct rule_table *table = later->table;
    (void)pthread_mutex_unlock(&later->lock);
    return table;
}

void content_rules_free(struct content_rules *rules)
{
    if (rules == NULL)
        return;
    free_table(rules->later->table);
    (void)pthread_mutex_destroy(&rules->later->lock);
    free(rules->later);
    free(rules);
}
