/* redact.c: what of the traffic may be shown, and how. The one place that hides. */
#include "reports/redact.h"

#include "core/crypto.h"
#include "core/digits.h"
#include "core/reader.h"
#include "core/secret_memory.h"
#include "reports/pseudonym.h"
#include "reports/redact_cache.h"
#include "reports/redact_key.h"
#include "reports/text_safe.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

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

enum treatment { KEEP, PSEUDONYM, TOKEN, DROP };

static const enum treatment treatments[][PRIVACY_CONTENT + 1] = {
    [POLICY_STRICT] = {[PRIVACY_PUBLIC] = KEEP,
                       [PRIVACY_ADDRESS] = PSEUDONYM,
                       [PRIVACY_NAME] = TOKEN,
                       [PRIVACY_IDENTIFIER] = TOKEN,
                       [PRIVACY_CONTENT] = DROP},
    [POLICY_INTERNAL] = {[PRIVACY_PUBLIC] = KEEP,
                         [PRIVACY_ADDRESS] = KEEP,
                         [PRIVACY_NAME] = KEEP,
                         [PRIVACY_IDENTIFIER] = TOKEN,
                         [PRIVACY_CONTENT] = DROP},
    [POLICY_RAW] = {[PRIVACY_PUBLIC] = KEEP,
                    [PRIVACY_ADDRESS] = KEEP,
                    [PRIVACY_NAME] = KEEP,
                    [PRIVACY_IDENTIFIER] = KEEP,
                    [PRIVACY_CONTENT] = DROP},
};

static const char *const policy_names[] = {
    [POLICY_STRICT] = "strict", [POLICY_INTERNAL] = "internal", [POLICY_RAW] = "raw"};

bool privacy_policy_parse(const char *name, enum privacy_policy *policy)
{
    for (size_t i = 0; i < sizeof policy_names / sizeof policy_names[0]; i++) {
        if (strcmp(policy_names[i], name) == 0) {
            *policy = (enum privacy_policy)i;
            return true;
        }
    }
    return false;
}

const char *privacy_policy_name(enum privacy_policy policy)
{
    return policy_names[policy];
}

enum privacy_policy redactor_policy(const struct redactor *redactor)
{
    return redactor->policy;
}

const char *redactor_key_id(const struct redactor *redactor)
{
    return redactor->key_id;
}

bool redactor_key_is_random(const struct redactor *redactor)
{
    return redactor->key_is_random;
}

const char *redactor_technique(const struct redactor *redactor, enum privacy privacy)
{
    static const char *const names[] = {[KEEP] = "none",
                                        [PSEUDONYM] = "structured permutation",
                                        [TOKEN] = "permutation",
                                        [DROP] = "black-marker"};
    return names[treatments[redactor->policy][privacy]];
}

const char *redactor_stability(const struct redactor *redactor)
{
    if (redactor->policy == POLICY_RAW)
        return NULL;
    return redactor->key_is_random ? "session" : "stable";
}

static bool derive(const uint8_t *master, const char *info, uint8_t *out, size_t len)
{
    static const char salt[] = "perpass pseudonyms";
    return crypto_hkdf(span_of(master, REDACT_KEY_LEN), span_text(salt), span_text(info), out, len);
}

bool redactor_analysis_key(const struct redactor *redactor, uint8_t *out, size_t len)
{
    return !redactor->key_is_random && derive(redactor->master, "perpass analysis", out, len);
}

static bool derive_mac(const uint8_t *master, const char *info, struct crypto_mac *mac,
                       struct error *error)
{
    uint8_t key[CRYPTO_SHA256_LEN];
    bool ok = derive(master, info, key, sizeof key) ||
              error_set(error, "libcrypto cannot derive keys: no memory, or no HKDF");
    if (ok)
        crypto_mac_key(mac, span_of(key, sizeof key));
    crypto_wipe(key, sizeof key);
    return ok;
}

static struct pseudonym *derive_pseudonym(const uint8_t *master, enum address_scheme scheme,
                                          struct error *error)
{
    uint8_t address_key[32], mac_key[16];
    struct pseudonym *pseudonym = NULL;
    const bool pan = scheme == SCHEME_CRYPTO_PAN;
    static_assert(sizeof address_key == REDACT_KEY_LEN, "the key serves Crypto-PAn as it is");
    memcpy(address_key, master, sizeof address_key);
    if ((pan || derive(master, "ipcrypt-pfx", address_key, sizeof address_key)) &&
        derive(master, "perpass mac", mac_key, sizeof mac_key))
        pseudonym = pseudonym_new(scheme, address_key, mac_key, error);
    else
        error_set(error, "libcrypto cannot derive keys: no memory, or no HKDF");
    crypto_wipe(address_key, sizeof address_key);
    crypto_wipe(mac_key, sizeof mac_key);
    return pseudonym;
}

static bool make_key(struct redactor *redactor, const char *key_file, struct error *error)
{
    redactor->master = secret_memory((size_t)2 * REDACT_KEY_LEN);
    if (redactor->master == NULL)
        return error_set(error, "no memory for the key of pseudonyms");
    redactor->key_is_random = key_file == NULL;
    if (key_file != NULL)
        return redact_key_read(key_file, redactor->master, error);
    if (!crypto_random(redactor->master, REDACT_KEY_LEN))
        return error_set(error, "the system gives no random bytes for the key of pseudonyms");
    return true;
}

static bool make_key_id(struct redactor *redactor, struct error *error)
{
    struct crypto_hmac *hmac = crypto_hmac_new(span_of(redactor->master, REDACT_KEY_LEN), error);
    if (hmac == NULL)
        return false;
    uint8_t mac[CRYPTO_SHA256_LEN];
    bool ok = crypto_hmac(hmac, span_text("id"), mac);
    snprintf(redactor->key_id, sizeof redactor->key_id, "%02x%02x%02x%02x", mac[0], mac[1], mac[2],
             mac[3]);
    crypto_hmac_free(hmac);
    return ok || error_set(error, "libcrypto cannot compute the id of the key");
}

/* Makes the key of the epoch, and what is known under it. */
static bool make_epoch(struct redactor *redactor, struct error *error)
{
    char info[sizeof "perpass epoch " + REDACT_EPOCH_NAME];
    uint8_t *key = redactor->master + REDACT_KEY_LEN;
    redactor->current = redactor->master;
    redact_epoch_name(redactor->epoch, redactor->epoch_number, redactor->epoch_name);
    if (redactor->epoch != EPOCH_NEVER) {
        snprintf(info, sizeof info, "perpass epoch %s", redactor->epoch_name);
        if (!derive(redactor->master, info, key, REDACT_KEY_LEN))
            return error_set(error, "libcrypto cannot derive the key of an epoch");
        redactor->current = key;
    }
    redactor->pseudonym = derive_pseudonym(redactor->current, redactor->scheme, error);
    return redactor->pseudonym != NULL;
}

/* Without a key for the time nothing is shown that needs one. */
void redactor_at(struct redactor *redactor, uint64_t time_ns)
{
    struct error unused;
    uint64_t number = redact_epoch_number(redactor->epoch, time_ns);
    if (number == redactor->epoch_number)
        return;
    redactor->epoch_number = number;
    pseudonym_free(redactor->pseudonym);
    redactor->pseudonym = NULL;
    crypto_wipe(redactor->tokens, sizeof redactor->tokens);
    redactor->num_tokens = 0;
    redact_cache_clear(redactor->cache);
    redactor->keys++;
    (void)make_epoch(redactor, &unused);
}

uint64_t redactor_keys(const struct redactor *redactor)
{
    return redactor->keys;
}

const char *redactor_epoch(const struct redactor *redactor)
{
    return redactor->epoch_name;
}

bool redactor_keys_fingerprints(const struct redactor *redactor)
{
    return !redactor->key_is_random && redactor->epoch == EPOCH_NEVER &&
           redactor->epoch_name[0] == '\0';
}

/* Without a key file event ids and fingerprints must not change from run to run; they hash nothing that is hidden. */
static bool make_public_keys(struct redactor *redactor, struct error *error)
{
    static const uint8_t fixed[REDACT_KEY_LEN] = "perpass: the key that hides none";
    const bool has_key = !redactor->key_is_random && !redactor->of_shown;
    const uint8_t *key = has_key ? redactor->master : fixed;
    return derive_mac(key, "perpass event-id", &redactor->id, error) &&
           derive_mac(redactor_keys_fingerprints(redactor) ? key : fixed, "perpass fingerprint",
                      &redactor->fingerprint, error);
}

static bool make_keys(struct redactor *redactor, const char *key_file, struct error *error)
{
    return make_key(redactor, key_file, error) && make_key_id(redactor, error) &&
           make_epoch(redactor, error) && make_public_keys(redactor, error);
}

/* Without keys. */
static struct redactor *redactor_make(const struct redact_options *options, struct error *error)
{
    struct redactor *redactor = calloc(1, sizeof *redactor);
    char *text = malloc(text_safe_size(MAX_VALUE));
    struct redact_cache *cache = redact_cache_new();
    if (redactor == NULL || text == NULL || cache == NULL) {
        free(redactor);
        free(text);
        redact_cache_free(cache);
        error_set(error, "no memory for the privacy policy");
        return NULL;
    }
    redactor->policy = options->policy;
    redactor->scheme = options->scheme;
    redactor->epoch = options->epoch;
    redactor->text = text;
    redactor->cache = cache;
    return redactor;
}

struct redactor *redactor_new(const struct redact_options *options, struct error *error)
{
    struct redactor *redactor = redactor_make(options, error);
    if (redactor != NULL && !make_keys(redactor, options->key_file, error)) {
        redactor_free(redactor);
        return NULL;
    }
    return redactor;
}

struct redactor *redactor_of_shown(enum privacy_policy policy, const char *key_id,
                                   const char *epoch, struct error *error)
{
    const struct redact_options options = {.policy = policy};
    struct redactor *redactor = redactor_make(&options, error);
    if (redactor == NULL)
        return NULL;
    redactor->of_shown = true;
    snprintf(redactor->key_id, sizeof redactor->key_id, "%s", key_id);
    snprintf(redactor->epoch_name, sizeof redactor->epoch_name, "%s", epoch);
    if (!make_public_keys(redactor, error)) {
        redactor_free(redactor);
        return NULL;
    }
    return redactor;
}

void redactor_free(struct redactor *redactor)
{
    if (redactor == NULL)
        return;
    crypto_wipe(redactor->tokens, sizeof redactor->tokens);
    crypto_wipe(&redactor->id, sizeof redactor->id);
    crypto_wipe(&redactor->fingerprint, sizeof redactor->fingerprint);
    redact_cache_free(redactor->cache);
    pseudonym_free(redactor->pseudonym);
    secret_memory_free(redactor->master, (size_t)2 * REDACT_KEY_LEN);
    crypto_wipe(redactor->text, text_safe_size(MAX_VALUE));
    free(redactor->text);
    free(redactor);
}

/* The key of a kind, derived when the kind is met first; NULL when that cannot be. */
static const struct crypto_mac *token_key(struct redactor *redactor, const char *kind)
{
    for (size_t i = 0; i < redactor->num_tokens; i++)
        if (redactor->tokens[i].kind == kind || strcmp(redactor->tokens[i].kind, kind) == 0)
            return &redactor->tokens[i].mac;
    assert(redactor->num_tokens < MAX_KINDS);
    char info[64];
    struct error unused;
    struct token_key *key = &redactor->tokens[redactor->num_tokens];
    int len = snprintf(info, sizeof info, "perpass token %s", kind);
    assert(len > 0 && (size_t)len < sizeof info);
    if (redactor->pseudonym == NULL || !derive_mac(redactor->current, info, &key->mac, &unused))
        return NULL;
    key->kind = kind;
    redactor->num_tokens++;
    return &key->mac;
}

static const struct shown nothing = {.type = SHOWN_NOTHING};
static const struct shown hidden = {.type = SHOWN_NOTHING, .hidden = true};

static struct shown shown_text(const char *text, size_t len, bool token)
{
    return (struct shown){.type = SHOWN_TEXT, .text = text, .len = len, .token = token};
}

/* Host names are the same whatever their case and with or without the root's dot. */
static struct span normal_host(struct redactor *redactor, struct span name)
{
    if (name.len > MAX_VALUE)
        return name;
    if (name.len != 0 && name.at[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        redactor->text[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return span_of(redactor->text, name.len);
}

/* Last labels that say what sort of name it is and nothing about whose. */
static const char *const suffixes[] = {
    "com",      "net",  "org",      "edu",         "gov",     "mil",   "int",       "info", "biz",
    "arpa",     "name", "app",      "dev",         "cloud",   "local", "localhost", "lan",  "home",
    "internal", "corp", "intranet", "localdomain", "example", "test",  "invalid",   "onion"};

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_well_known(struct span label)
{
    if (label.len == 2)
        return is_letter(label.at[0]) && is_letter(label.at[1]);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (strlen(suffixes[i]) == label.len &&
            strncasecmp(suffixes[i], (const char *)label.at, label.len) == 0)
            return true;
    return false;
}

/* The labels of a host name; 0 when |name| does not look like one. */
static size_t count_labels(struct span name, struct span *last)
{
    size_t num = 1, start = 0;
    if (name.len != 0 && name.at[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        if (c == '.' && i == start)
            return 0;
        if (c == '.') {
            num++;
            start = i + 1;
        } else if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '*') {
            return 0;
        }
    }
    *last = span_of(name.at + start, name.len - start);
    return last->len == 0 ? 0 : num;
}

/* Appends to text that has room for it. */
static void append(struct shown *text, char *room, const char *bytes, size_t len)
{
    memcpy(room + text->len, bytes, len);
    text->len += len;
}

static void append_word(struct shown *text, char *room, const char *word)
{
    append(text, room, word, strlen(word));
}

/* Appends the shape behind a token: what a name looks like without what it says. */
static void append_shape(struct shown *text, char *room, struct span name)
{
    struct span last;
    size_t labels = count_labels(name, &last);
    append_word(text, room, " (");
    text->len += digits_put(labels != 0 ? labels : name.len, room + text->len);
    append_word(text, room, labels == 0 ? " bytes" : labels == 1 ? " label" : " labels, ");
    if (labels > 1 && is_well_known(last)) {
        append_word(text, room, ".");
        append(text, room, (const char *)last.at, last.len);
    } else if (labels > 1) {
        append_word(text, room, "other");
    }
    append_word(text, room, ")");
}

/* Of tokens and addresses. */
static struct shown shown_plain(const char *text, size_t len, bool token)
{
    struct shown shown = shown_text(text, len, token);
    shown.plain = true;
    return shown;
}

static struct shown shown_cached(const struct redact_cached *cached)
{
    return shown_plain(cached->text, cached->len, cached->token);
}

/* Makes "kind:digits" and, of a name, its shape; a kind is short. */
static struct shown make_token(struct redactor *redactor, struct span bytes, enum privacy privacy,
                               const char *kind)
{
    const struct crypto_mac *key = token_key(redactor, kind);
    if (key == NULL)
        return hidden;
    uint8_t mac[CRYPTO_SHA256_LEN];
    bool host = strcmp(kind, "host") == 0;
    crypto_mac(key, host ? normal_host(redactor, bytes) : bytes, mac);
    struct shown shown = shown_plain(redactor->text, 0, true);
    append_word(&shown, redactor->text, kind);
    append_word(&shown, redactor->text, ":");
    digits_hex(mac, TOKEN_LEN, redactor->text + shown.len);
    shown.len += (size_t)2 * TOKEN_LEN;
    if (privacy == PRIVACY_NAME)
        append_shape(&shown, redactor->text, bytes);
    redactor->text[shown.len] = '\0';
    return shown;
}

static struct shown token(struct redactor *redactor, struct span bytes, enum privacy privacy,
                          const char *kind)
{
    if (kind == NULL)
        kind = privacy == PRIVACY_NAME ? "name" : privacy == PRIVACY_ADDRESS ? "address" : "id";
    if (bytes.len == 0)
        return shown_text("", 0, false);
    const struct redact_cached *cached = redact_cache_find(redactor->cache, kind, bytes, privacy);
    if (cached != NULL)
        return shown_cached(cached);
    struct shown shown = make_token(redactor, bytes, privacy, kind);
    if (shown.type == SHOWN_TEXT)
        redact_cache_add(redactor->cache, kind, bytes, privacy, shown.text, shown.len, true);
    return shown;
}

static struct shown token_of_number(struct redactor *redactor, uint64_t number,
                                    enum privacy privacy, const char *kind)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    return token(redactor, span_of(bytes, sizeof bytes), privacy, kind);
}

static struct shown address4_text(struct redactor *redactor, struct span address, bool is_pseudonym)
{
    size_t len = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i != 0)
            redactor->text[len++] = '.';
        len += digits_put(address.at[i], redactor->text + len);
    }
    redactor->text[len] = '\0';
    return shown_plain(redactor->text, len, is_pseudonym);
}

static struct shown address_text(struct redactor *redactor, struct span address, bool is_pseudonym)
{
    if (address.len == 4) /* inet_ntop takes sprintf for these */
        return address4_text(redactor, address, is_pseudonym);
    if (inet_ntop(AF_INET6, address.at, redactor->text, INET6_ADDRSTRLEN) == NULL)
        return hidden;
    return shown_plain(redactor->text, strlen(redactor->text), is_pseudonym);
}

static struct shown mac_text(struct redactor *redactor, struct span mac, bool is_pseudonym)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = redactor->text;
    for (size_t i = 0; i < mac.len; i++) {
        *out++ = digits[mac.at[i] >> 4];
        *out++ = digits[mac.at[i] & 0xf];
        *out++ = '-';
    }
    *--out = '\0';
    return shown_plain(redactor->text, (size_t)(out - redactor->text), is_pseudonym);
}

/* An address of IP or hardware as it is, or as a pseudonym. */
static struct shown make_address(struct redactor *redactor, const struct value *value, bool hide)
{
    uint8_t out[16];
    bool changed = false, mac = value->type == VALUE_MAC;
    struct span address = value->bytes;
    if (hide && redactor->pseudonym == NULL)
        return hidden;
    if (hide) {
        bool ok = mac ? pseudonym_mac(redactor->pseudonym, address, out, &changed)
                      : pseudonym_address(redactor->pseudonym, address, out, &changed);
        if (!ok)
            return hidden;
        address = span_of(out, address.len);
    }
    return mac ? mac_text(redactor, address, changed) : address_text(redactor, address, changed);
}

static struct shown show_address(struct redactor *redactor, const struct value *value, bool hide)
{
    static const char kinds[2][2][16] = {{"ip", "hidden ip"}, {"mac", "hidden mac"}};
    const char *kind = kinds[value->type == VALUE_MAC][hide];
    const struct redact_cached *cached =
        redact_cache_find(redactor->cache, kind, value->bytes, PRIVACY_ADDRESS);
    if (cached != NULL)
        return shown_cached(cached);
    struct shown shown = make_address(redactor, value, hide);
    if (shown.type == SHOWN_TEXT)
        redact_cache_add(redactor->cache, kind, value->bytes, PRIVACY_ADDRESS, shown.text,
                         shown.len, shown.token);
    return shown;
}

static bool is_ip(const struct value *value)
{
    return value->type == VALUE_ADDRESS && (value->bytes.len == 4 || value->bytes.len == 16);
}

static bool is_mac(const struct value *value)
{
    return value->type == VALUE_MAC && (value->bytes.len == 6 || value->bytes.len == 8);
}

static struct shown show(struct redactor *redactor, const struct value *value)
{
    size_t size = text_safe_size(MAX_VALUE);
    switch (value->type) {
    case VALUE_ABSENT:
        return nothing;
    case VALUE_BOOL:
        return (struct shown){.type = SHOWN_TRUTH, .truth = value->truth};
    case VALUE_NUMBER:
        return (struct shown){.type = SHOWN_NUMBER, .number = value->number};
    case VALUE_TIME:
        return (struct shown){.type = SHOWN_TIME, .number = value->number};
    case VALUE_TEXT:
        return shown_text(value->text, strlen(value->text), false);
    case VALUE_STRING:
        return shown_text(redactor->text, text_safe(value->bytes, MAX_VALUE, redactor->text, size),
                          false);
    case VALUE_ADDRESS:
    case VALUE_MAC:
        if (is_ip(value) || is_mac(value))
            return show_address(redactor, value, false);
        break; /* an address of a length that no address has: bytes */
    case VALUE_BYTES:
        break;
    }
    return shown_text(redactor->text, text_safe_hex(value->bytes, MAX_VALUE, redactor->text, size),
                      false);
}

static struct shown show_token(struct redactor *redactor, const struct value *value,
                               enum privacy privacy, const char *kind)
{
    switch (value->type) {
    case VALUE_ABSENT:
        return nothing;
    case VALUE_BOOL: /* two values: a token would tell which */
        return hidden;
    case VALUE_NUMBER:
    case VALUE_TIME:
        return token_of_number(redactor, value->number, privacy, kind);
    case VALUE_TEXT:
        return token(redactor, span_text(value->text), privacy, kind);
    case VALUE_BYTES:
    case VALUE_STRING:
    case VALUE_ADDRESS:
    case VALUE_MAC:
        break;
    }
    return token(redactor, value->bytes, privacy, kind);
}

static struct shown show_pseudonym(struct redactor *redactor, const struct value *value,
                                   enum privacy privacy, const char *kind)
{
    if (is_ip(value) || is_mac(value))
        return show_address(redactor, value, true);
    return show_token(redactor, value, privacy, kind);
}

/* What was shown once; its escapes are not escaped again. */
static struct shown show_again(struct redactor *redactor, const struct value *value)
{
    const bool text = value->type == VALUE_STRING || value->type == VALUE_BYTES ||
                      (value->type == VALUE_MAC && !is_mac(value)) ||
                      (value->type == VALUE_ADDRESS && !is_ip(value));
    if (!text || value->bytes.len >= text_safe_size(MAX_VALUE) ||
        !text_safe_is_visible(value->bytes)) {
        const struct value safe = {.type = VALUE_STRING, .bytes = value->bytes};
        return show(redactor, text ? &safe : value);
    }
    if (value->bytes.len > 0)
        memcpy(redactor->text, value->bytes.at, value->bytes.len);
    redactor->text[value->bytes.len] = '\0';
    return shown_text(redactor->text, value->bytes.len, false);
}

struct shown redact(struct redactor *redactor, const struct value *value, enum privacy privacy,
                    const char *kind)
{
    if (value->type == VALUE_ABSENT)
        return nothing;
    if (redactor->of_shown)
        return show_again(redactor, value);
    switch (treatments[redactor->policy][privacy]) {
    case KEEP:
        return show(redactor, value);
    case PSEUDONYM:
        return show_pseudonym(redactor, value, privacy, kind);
    case TOKEN:
        return show_token(redactor, value, privacy, kind);
    case DROP:
        break;
    }
    return hidden;
}

void redact_id(struct redactor *redactor, struct span bytes, char id[33])
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    crypto_mac(&redactor->id, bytes, mac);
    digits_hex(mac, TOKEN_LEN, id);
    id[2 * TOKEN_LEN] = '\0';
}

static void hash_facts(const struct redactor *redactor, struct span facts, char fingerprint[33])
{
    uint8_t mac[CRYPTO_SHA256_LEN];
    crypto_mac(&redactor->fingerprint, facts, mac);
    digits_hex(mac, TOKEN_LEN, fingerprint);
    fingerprint[2 * TOKEN_LEN] = '\0';
}

void redact_fingerprint(struct redactor *redactor, struct span facts, struct span name,
                        char fingerprint[33])
{
    struct last_facts *last = &redactor->last_facts;
    assert(facts.len <= REDACT_MAX_FACTS);
    if (redactor_keys_fingerprints(redactor) && name.len > 0) {
        uint8_t text[REDACT_MAX_FACTS + CRYPTO_SHA256_LEN];
        memcpy(text, facts.at, facts.len);
        crypto_mac(&redactor->fingerprint, name, text + facts.len);
        hash_facts(redactor, span_of(text, facts.len + CRYPTO_SHA256_LEN), fingerprint);
        return;
    }
    if (last->fingerprint[0] == '\0' || !span_equal(span_of(last->facts, last->len), facts)) {
        hash_facts(redactor, facts, last->fingerprint);
        memcpy(last->facts, facts.at, facts.len);
        last->len = facts.len;
    }
    memcpy(fingerprint, last->fingerprint, sizeof last->fingerprint);
}
