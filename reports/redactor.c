/* redactor.c: who hides: the policy, its keys, and those of the epochs. */
#include "core/secret_memory.h"
#include "reports/redact_key.h"
#include "reports/redact_parts.h"
#include "reports/text_safe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

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

const struct crypto_mac *redactor_token_key(struct redactor *redactor, const char *kind)
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
