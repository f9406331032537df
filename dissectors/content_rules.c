/* content_rules.c: makes the rules for lines of text, from the tables and from an operator's file. */
#include "dissectors/content_rules.h"

#include "dissectors/content_rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 4096 };

/* A rule of the tables. */
struct row {
    enum content_rule_use use;
    const char *word, *pattern; /* |word| "" is none */
    enum dialect dialect;
    unsigned weight;
    enum secret_kind kind;
    enum secret_form form;
    uint32_t contexts;
};

static const struct row rows[] = {
#define DIALECT(symbol, name, class)
#define HINT(symbol, points, must, expression)                                                     \
    {.use = RULE_HINT, .word = must, .pattern = expression, .dialect = symbol, .weight = points},
#include "dissectors/content_dialects.def"
#undef DIALECT
#undef HINT
#define BIT(kind_)               (UINT32_C(1) << (kind_))
#define BANNER(must, expression) {.use = RULE_BANNER, .word = must, .pattern = expression},
#define VEIL(must, expression)   {.use = RULE_VEIL, .word = must, .pattern = expression},
#define PLACEHOLDER(expression)  {.use = RULE_PLACEHOLDER, .word = "", .pattern = expression},
#define SECRET(symbol, around, written, must, expression)                                          \
    {.use = RULE_SECRET,                                                                           \
     .word = must,                                                                                 \
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

struct content_rules {
    struct word_set *words;
    int context_words[NUM_CONTEXTS];
    struct content_rule rules[CONTENT_MAX_RULES];
    size_t num;
    size_t first[NUM_RULE_USES + 1]; /* of each use; they are in the order of their uses */
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

const struct content_rule *content_rules_of(const struct content_rules *rules,
                                            enum content_rule_use use, size_t *num)
{
    *num = rules->first[use + 1] - rules->first[use];
    return rules->rules + rules->first[use];
}

const struct word_set *content_rules_words(const struct content_rules *rules)
{
    return rules->words;
}

uint32_t content_contexts(const struct content_rules *rules, const struct words *words)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < NUM_CONTEXTS; i++)
        if (words_have(words, (unsigned)rules->context_words[i]))
            bits |= UINT32_C(1) << contexts[i].kind;
    return bits;
}

enum secret_kind content_context_kind(uint32_t bits)
{
    for (size_t i = 0; i < NUM_CONTEXTS; i++)
        if (bits >> contexts[i].kind & 1)
            return contexts[i].kind;
    return SECRET_PASSWORD;
}

/* --- making them --- */

static bool add(struct content_rules *rules, const struct row *row, struct error *error)
{
    if (rules->num == CONTENT_MAX_RULES)
        return error_set(error, "there can be %d rules", CONTENT_MAX_RULES);
    struct content_rule *rule = &rules->rules[rules->num];
    *rule = (struct content_rule){.use = row->use,
                                  .word = -1,
                                  .dialect = row->dialect,
                                  .weight = row->weight,
                                  .kind = row->kind,
                                  .form = row->form,
                                  .contexts = row->contexts};
    if (row->word[0] != '\0') {
        rule->word = word_set_add(rules->words, row->word);
        if (rule->word < 0)
            return error_set(error, "there are too many words in the rules");
    }
    rule->pattern = pattern_new(row->pattern, error);
    rules->num += rule->pattern != NULL;
    return rule->pattern != NULL;
}

/* Those of the tables come in the order of their uses, but for secrets: an operator's come first of all. */
static bool add_rows(struct content_rules *rules, enum content_rule_use use, struct error *error)
{
    rules->first[use] = rules->num;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error reason;
        if (rows[i].use == use && !add(rules, &rows[i], &reason))
            return error_set(error, "rule \"%.200s\": %.200s", rows[i].pattern, reason.text);
    }
    rules->first[use + 1] = rules->num;
    return true;
}

static bool add_contexts(struct content_rules *rules, struct error *error)
{
    for (size_t i = 0; i < NUM_CONTEXTS; i++) {
        rules->context_words[i] = word_set_add(rules->words, contexts[i].word);
        if (rules->context_words[i] < 0)
            return error_set(error, "there are too many words in the rules");
    }
    return true;
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

static bool add_line(struct content_rules *rules, char *line, struct error *error)
{
    struct row row = {.use = RULE_SECRET};
    const char *kind = take_word(&line), *form = take_word(&line), *word = take_word(&line);
    if (*line == '\0')
        return error_set(error, "a rule is KIND FORM WORD PATTERN, with blanks between them");
    if (!parse_kind(kind, &row.kind))
        return error_set(error, "\"%.60s\" is no kind of secret; see the manual page for those",
                         kind);
    if (!parse_form(form, &row.form))
        return error_set(error, "\"%.60s\" is none of auto, clear, encoded, protected and hash",
                         form);
    row.word = strcmp(word, "-") == 0 ? "" : word;
    row.pattern = line;
    return add(rules, &row, error);
}

static bool add_lines(struct content_rules *rules, FILE *file, const char *path,
                      struct error *error)
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
        if (!add_line(rules, line, &reason))
            return error_set(error, "%.200s:%u: %.250s", path, number, reason.text);
    }
    return !ferror(file) || error_set(error, "%.300s cannot be read: %s", path, strerror(errno));
}

static bool add_file(struct content_rules *rules, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, "%.300s cannot be opened: %s", path, strerror(errno));
    bool ok = add_lines(rules, file, path, error);
    (void)fclose(file);
    return ok;
}

static bool add_all(struct content_rules *rules, const char *path, struct error *error)
{
    if (!add_contexts(rules, error))
        return false;
    for (enum content_rule_use use = 0; use < RULE_SECRET; use++)
        if (!add_rows(rules, use, error))
            return false;
    size_t first = rules->num;
    if ((path != NULL && !add_file(rules, path, error)) || !add_rows(rules, RULE_SECRET, error))
        return false;
    rules->first[RULE_SECRET] = first;
    return word_set_ready(rules->words) || error_set(error, "there is no memory");
}

struct content_rules *content_rules_new(const char *path, struct error *error)
{
    struct content_rules *rules = calloc(1, sizeof *rules);
    if (rules != NULL)
        rules->words = word_set_new();
    if (rules == NULL || rules->words == NULL)
        error_set(error, "there is no memory");
    else if (add_all(rules, path, error))
        return rules;
    content_rules_free(rules);
    return NULL;
}

void content_rules_free(struct content_rules *rules)
{
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->num; i++)
        pattern_free(rules->rules[i].pattern);
    word_set_free(rules->words);
    free(rules);
}
