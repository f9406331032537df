/* redact_cache.c: one place for each hash. */
#include "reports/redact_cache.h"

#include "core/crypto.h"
#include "core/keyed_hash.h"

#include <assert.h>
#include <stdlib.h>

enum {
    PLACES = 16384, /* a power of two; 2 MiB, of which few are touched where few values are shown */
    LINE = 64
};

struct redact_cache {
    uint64_t key[2];
    void *memory; /* what the places are in */
    struct redact_cached *places;
};

static_assert(sizeof(struct redact_cached) == (size_t)2 * LINE, "a place is two lines");

struct redact_cache *redact_cache_new(void)
{
    struct redact_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->memory = calloc(1, PLACES * sizeof *cache->places + LINE);
    if (cache->memory == NULL || !crypto_random((uint8_t *)cache->key, sizeof cache->key)) {
        redact_cache_free(cache);
        return NULL;
    }
    uint8_t *first = cache->memory;
    cache->places = (struct redact_cached *)(first + (LINE - (uintptr_t)first % LINE));
    return cache;
}

void redact_cache_clear(struct redact_cache *cache)
{
    for (size_t i = 0; cache->places != NULL && i < PLACES; i++)
        if (cache->places[i].kind != NULL)
            crypto_wipe(&cache->places[i], sizeof cache->places[i]);
}

void redact_cache_free(struct redact_cache *cache)
{
    if (cache == NULL)
        return;
    redact_cache_clear(cache);
    free(cache->memory);
    crypto_wipe(cache, sizeof *cache);
    free(cache);
}

static size_t place_of(const struct redact_cache *cache, const char *kind, struct span value)
{
    uint64_t hash = keyed_hash(cache->key, value.at, value.len);
    return (hash ^ (uintptr_t)kind >> 3) & (PLACES - 1);
}

const struct redact_cached *redact_cache_find(const struct redact_cache *cache, const char *kind,
                                              struct span value, enum privacy privacy)
{
    if (value.len > REDACT_CACHE_VALUE)
        return NULL;
    const struct redact_cached *place = &cache->places[place_of(cache, kind, value)];
    bool same = place->kind == kind && place->privacy == (uint8_t)privacy &&
                span_equal(span_of(place->value, place->value_len), value);
    return same ? place : NULL;
}

void redact_cache_add(struct redact_cache *cache, const char *kind, struct span value,
                      enum privacy privacy, const char *text, size_t len, bool token)
{
    if (value.len > REDACT_CACHE_VALUE || len >= REDACT_CACHE_TEXT)
        return;
    struct redact_cached *place = &cache->places[place_of(cache, kind, value)];
    place->kind = kind;
    place->privacy = (uint8_t)privacy;
    place->value_len = (uint8_t)value.len;
    if (value.len != 0)
        memcpy(place->value, value.at, value.len);
    place->len = (uint8_t)len;
    memcpy(place->text, text, len);
    place->text[len] = '\0';
    place->token = token;
}
