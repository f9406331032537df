/* redact_parts.h: what a redactor has. For reports/redactor.c, which makes its keys, and reports/redact.c, which shows values
 * by them, only. */
#ifndef PERPASS_REPORTS_REDACT_PARTS_H
#define PERPASS_REPORTS_REDACT_PARTS_H

#include "core/crypto.h"
#include "reports/pseudonym.h"
#include "reports/redact.h"
#include "reports/redact_cache.h"

enum {
    MAX_VALUE = 65535, /* bytes of a value that are shown; an identity can have as many */
    MAX_KINDS = 64,    /* of tokens; a bound on what the program itself names */
    TOKEN_LEN = 16     /* bytes: 128 bits */
};

/* The key of one kind of token. */
struct token_key {
    const char *kind;
    struct crypto_mac mac;
};

/* Findings of one rule and protocol follow each other, and have the same fingerprint. */
struct last_facts {
    char facts[REDACT_MAX_FACTS];
    size_t len;
    char fingerprint[33]; /* "": of nothing yet */
};

struct redactor {
    enum privacy_policy policy;
    bool key_is_random;
    bool of_shown; /* values were shown before; there is no key */
    char key_id[9];
    enum address_scheme scheme;
    uint8_t *master; /* 2 * REDACT_KEY_LEN bytes of key memory: the key, and that of the epoch */
    const uint8_t *current; /* the one of these that pseudonyms are made with */
    enum redact_epoch epoch;
    uint64_t epoch_number;
    char epoch_name[REDACT_EPOCH_NAME];
    uint64_t keys;               /* sets of keys that were made for epochs */
    struct pseudonym *pseudonym; /* NULL: nothing can be shown */
    struct redact_cache *cache;  /* of tokens and addresses */
    struct crypto_mac id, fingerprint;
    struct token_key tokens[MAX_KINDS];
    size_t num_tokens;
    struct last_facts last_facts;
    char *text; /* what the last redact() shows; text_safe_size(MAX_VALUE) bytes */
};

/* redactor_token_key gives the key of a kind of token (static text), derived when the kind is met first; NULL when that cannot
 * be. */
const struct crypto_mac *redactor_token_key(struct redactor *redactor, const char *kind);

#endif
