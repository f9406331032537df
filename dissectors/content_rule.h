/* content_rule.h: one rule for lines of text, and all of them as the reader of lines sees them. */
#ifndef PERPASS_DISSECTORS_CONTENT_RULE_H
#define PERPASS_DISSECTORS_CONTENT_RULE_H

#include "core/pattern.h"
#include "dissectors/content.h"
#include "dissectors/content_rules.h"

enum secret_kind {
#define SECRET_KIND(symbol, name, about) symbol,
#include "dissectors/content_secret_kinds.def"
#undef SECRET_KIND
    NUM_SECRET_KINDS,
    SECRET_BY_CONTEXT /* what the words around it tell; SECRET_PASSWORD without any */
};

enum dialect {
#define DIALECT(symbol, name, class) symbol,
#define HINT(symbol, weight, word, pattern)
#include "dissectors/content_dialects.def"
#undef DIALECT
#undef HINT
    NUM_DIALECTS
};

/* How a value is written. */
enum secret_form {
    FORM_AUTO = 0,  /* its type and its first characters tell */
    FORM_CLEAR,     /* as it is */
    FORM_ENCODED,   /* anybody can undo it */
    FORM_PROTECTED, /* encrypted under a key that is not in the file */
    FORM_HASH
};

enum content_rule_use {
    RULE_HINT,   /* speaks for a dialect */
    RULE_BANNER, /* begins a text for people; what is matched is its delimiter and what follows */
    RULE_VEIL,   /* what is matched is for people, or no value: it is not looked at further */
    RULE_PLACEHOLDER, /* for values: what is matched stands for a secret that is not there */
    RULE_SECRET,
    NUM_RULE_USES
};

enum { CONTENT_MAX_RULES = 1024 };

struct content_rule {
    enum content_rule_use use;
    struct pattern *pattern;
    uint8_t byte; /* is in every line that matches; 0: none */
    enum dialect dialect;
    unsigned weight;
    enum secret_kind kind;
    enum secret_form form;
    uint32_t contexts; /* bits of kinds, one of which has to be around; 0: any line */
};

struct content_dialect {
    const char *name;
    enum content_class class;
};

/* The rules by number: those of one use follow each other, in the order of the tables. */
struct rule_table;
struct content_rule_range {
    size_t from, to;
};

/* content_rules_table gives the rules; NULL without memory. */
const struct rule_table *content_rules_table(const struct content_rules *rules);
struct content_rule_range content_rules_of(const struct rule_table *table,
                                           enum content_rule_use use);
const struct content_rule *content_rule_at(const struct rule_table *table, size_t number);

/* What the words of a line tell: which rules may match it, and what it is about. */
struct content_clues {
    uint64_t rules[CONTENT_MAX_RULES / 64];
    uint32_t contexts; /* bits of kinds */
};

void content_clues_find(const struct rule_table *table, struct span line,
                        struct content_clues *clues);

/* content_context_kind is the one of |bits| that comes first. */
enum secret_kind content_context_kind(uint32_t bits);

const struct content_dialect *content_dialect(enum dialect dialect);

#endif
