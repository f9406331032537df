/* text_memo.c: texts in a ring, found by two places for each hash. */
#include "reports/text_memo.h"

#include "core/crypto.h"
#include "core/keyed_hash.h"

#include <assert.h>
#include <stdlib.h>

enum {
    WAYS = 2,
    SETS = 8192, /* a power of two */
    ALIGNMENT = 16,
    RING = TEXT_MEMO_MEMORY - SETS * WAYS * 16
};

/* Where in all that was ever written to the ring a text is. */
struct slot {
    uint64_t hash, place;
};

struct entry {
    uint16_t key_len, text_len;
    struct text_memo_note note;
    uint8_t bytes[]; /* the key, and the text behind it */
};

struct text_memo {
    uint64_t key[2];
    uint64_t written; /* bytes since the beginning; those of the last RING are there */
    uint8_t *ring;
    struct slot *slots; /* |place| 0: nothing is here */
};

static_assert(sizeof(struct slot) == 16, "the slots are part of the memory that is promised");
static_assert(sizeof(struct entry) + TEXT_MEMO_KEY + TEXT_MEMO_TEXT < RING / 8, "many fit");

struct text_memo *text_memo_new(void)
{
    struct text_memo *memo = calloc(1, sizeof *memo);
    if (memo == NULL)
        return NULL;
    memo->ring = calloc(1, RING);
    memo->slots = calloc((size_t)SETS * WAYS, sizeof *memo->slots);
    memo->written = RING; /* place 0 is none */
    if (memo->ring == NULL || memo->slots == NULL ||
        !crypto_random((uint8_t *)memo->key, sizeof memo->key)) {
        text_memo_free(memo);
        return NULL;
    }
    return memo;
}

void text_memo_clear(struct text_memo *memo)
{
    const uint64_t used = memo->written - RING;
    if (memo->ring != NULL)
        crypto_wipe(memo->ring, used < RING ? (size_t)used : RING);
    if (memo->slots != NULL)
        memset(memo->slots, 0, (size_t)SETS * WAYS * sizeof *memo->slots);
    memo->written = RING;
}

void text_memo_free(struct text_memo *memo)
{
    if (memo == NULL)
        return;
    text_memo_clear(memo);
    free(memo->ring);
    free(memo->slots);
    crypto_wipe(memo, sizeof *memo);
    free(memo);
}

static struct slot *set_of(const struct text_memo *memo, uint64_t hash)
{
    return &memo->slots[(hash & (SETS - 1)) * WAYS];
}

static bool is_there(const struct text_memo *memo, uint64_t place)
{
    return place != 0 && memo->written - place <= RING;
}

static struct entry *entry_at(const struct text_memo *memo, uint64_t place)
{
    return (struct entry *)(memo->ring + place % RING);
}

static bool is_of(const struct entry *entry, const struct text_memo_key *key)
{
    return entry->key_len == key->len && memcmp(entry->bytes, key->bytes, key->len) == 0;
}

bool text_memo_find(const struct text_memo *memo, const struct text_memo_key *key,
                    struct text_memo_found *found)
{
    if (key->too_long)
        return false;
    const uint64_t hash = keyed_hash(memo->key, key->bytes, key->len);
    const struct slot *set = set_of(memo, hash);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].hash != hash || !is_there(memo, set[i].place))
            continue;
        const struct entry *entry = entry_at(memo, set[i].place);
        if (!is_of(entry, key))
            continue;
        found->text = (const char *)entry->bytes + entry->key_len;
        found->len = entry->text_len;
        found->note = entry->note;
        return true;
    }
    return false;
}

/* The place of |size| bytes that are not parted by the end of the ring. */
static uint64_t place_for(struct text_memo *memo, size_t size)
{
    const uint64_t left = RING - memo->written % RING;
    if (left < size)
        memo->written += left;
    const uint64_t place = memo->written;
    memo->written += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return place;
}

void text_memo_add(struct text_memo *memo, const struct text_memo_key *key, const char *text,
                   size_t len, struct text_memo_note note)
{
    if (key->too_long || len > TEXT_MEMO_TEXT)
        return;
    const uint64_t hash = keyed_hash(memo->key, key->bytes, key->len);
    const uint64_t place = place_for(memo, sizeof(struct entry) + key->len + len);
    struct entry *entry = entry_at(memo, place);
    entry->key_len = (uint16_t)key->len;
    entry->text_len = (uint16_t)len;
    entry->note = note;
    memcpy(entry->bytes, key->bytes, key->len);
    if (len != 0)
        memcpy(entry->bytes + key->len, text, len);
    struct slot *set = set_of(memo, hash);
    set[set[0].place > set[1].place] = (struct slot){.hash = hash, .place = place};
}
