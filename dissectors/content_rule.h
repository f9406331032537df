/* content_rule.h: one rule for lines of text, and all of them as the reader of lines sees them. */
#ifndef PERPASS_DISSECTORS_CONTENT_RULE_H
#define PERPASS_DISSECTORS_CONTENT_RULE_H

#include "core/pattern.h"
#include "dissectors/content.h"
#include "dissectors/content_rules.h"
#include "dissectors/word_set.h"

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
    int word; /* is in every line that can match; -1: none */
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

/* The kinds that |words| tell, a bit each, and the one of |bits| that comes first. */
uint32_t content_contexts(const struct content_rules *rules, const struct words *words);
enum secret_kind content_context_kind(uint32_t bits);

/* The rules of one use, in their order. */
const struct content_rule *content_rules_of(const struct content_rules *rules,
                                            enum content_rule_use use, size_t *num);
const struct word_set *content_rules_words(const struct content_rules *rules);
const struct content_dialect *content_dialect(enum dialect dialect);

#endif
