/* observation_store.c: copies of observations, in blocks of memory that are given back together. */
#include "core/observation_store.h"

#include "core/flow.h"

#include <stdlib.h>

enum { BLOCK_LEN = 64 << 10, ALIGNMENT = 16 };

struct observation_block {
    struct observation_block *next;
    size_t len, used;
    uint8_t bytes[] __attribute__((aligned(ALIGNMENT)));
};

static struct observation_block *block_for(struct observation_store *store, size_t len)
{
    struct observation_block *block = store->spare;
    if (block != NULL && block->len >= len) {
        store->spare = block->next;
    } else {
        size_t room = len > BLOCK_LEN ? len : BLOCK_LEN;
        block = malloc(sizeof *block + room);
        if (block == NULL)
            return NULL;
        block->len = room;
    }
    block->used = 0;
    block->next = store->blocks;
    store->blocks = block;
    return block;
}

static void *take(struct observation_store *store, size_t len)
{
    len = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct observation_block *block = store->blocks;
    if (block == NULL || block->len - block->used < len)
        block = block_for(store, len);
    if (block == NULL)
        return NULL;
    void *at = block->bytes + block->used;
    block->used += len;
    return at;
}

struct span observation_store_copy(struct observation_store *store, struct span bytes)
{
    void *at = take(store, bytes.len + 1); /* an empty span is seen, and has a place, too */
    if (at == NULL)
        return (struct span){.at = NULL, .len = 0};
    memcpy(at, bytes.at, bytes.len);
    return span_of(at, bytes.len);
}

static bool stays(const struct observation_store *store, struct span bytes)
{
    const uintptr_t first = (uintptr_t)store->stays.at, at = (uintptr_t)bytes.at;
    return at >= first && at - first < store->stays.len &&
           bytes.len <= store->stays.len - (at - first);
}

/* Makes the span at |to| one of the store's; |from| is where the original has it. One that two rows show is copied
 * once. */
static bool copy_span(struct observation_store *store, void *to, const void *from)
{
    struct span original, copy;
    memcpy(&original, from, sizeof original);
    memcpy(&copy, to, sizeof copy);
    if (!span_seen(original) || copy.at != original.at || stays(store, original))
        return true;
    copy = observation_store_copy(store, original);
    memcpy(to, &copy, sizeof copy);
    return span_seen(copy);
}

static bool copy_array(struct observation_store *store, const struct observation_part *part,
                       uint8_t *to, const uint8_t *from)
{
    const void *array;
    size_t num;
    memcpy(&array, from + part->offset, sizeof array);
    memcpy(&num, from + part->num_items, sizeof num);
    if (array == NULL)
        return true;
    const struct span copy = observation_store_copy(store, span_of(array, num * part->item_size));
    memcpy(to + part->offset, &copy.at, sizeof copy.at);
    return span_seen(copy);
}

static bool copy_part(struct observation_store *store, const struct observation_part *part,
                      uint8_t *to, const uint8_t *from)
{
    if (part->item_size != 0)
        return copy_array(store, part, to, from);
    bool ok = true;
    for (size_t i = 0; i < (part->repeat != 0 ? part->repeat : 1); i++) {
        size_t at = part->offset + i * part->stride;
        ok = copy_span(store, to + at, from + at) && ok;
    }
    return ok;
}

static bool is_span(enum field_type type)
{
    switch (type) {
    case FIELD_BYTES:
    case FIELD_STRING:
    case FIELD_ADDRESS:
    case FIELD_MAC:
    case FIELD_LIST:
        return true;
    case FIELD_TRUTH:
    case FIELD_NUMBER:
    case FIELD_TIME:
    case FIELD_TEXT:
    case FIELD_DERIVED:
        break;
    }
    return false;
}

static bool copy_data(struct observation_store *store, const struct observation_type *type,
                      uint8_t *to, const uint8_t *from)
{
    bool ok = true;
    memcpy(to, from, type->size);
    for (size_t i = 0; i < type->num_fields; i++)
        if (is_span(type->fields[i].type))
            ok = copy_span(store, to + type->fields[i].offset, from + type->fields[i].offset) && ok;
    for (size_t i = 0; i < type->num_parts; i++)
        ok = copy_part(store, &type->parts[i], to, from) && ok;
    return ok;
}

void observation_store_add(struct observation_store *store, const struct observation *observation,
                           uint64_t place)
{
    struct kept {
        struct stored_observation stored;
        struct flow flow;
    } *kept = take(store, sizeof *kept);
    uint8_t *data = take(store, observation->type->size);
    if (kept == NULL || data == NULL ||
        !copy_data(store, observation->type, data, observation->data)) {
        store->lost++;
        return;
    }
    kept->flow = *observation->flow;
    kept->flow.state = NULL;
    kept->flow.streams[0] = kept->flow.streams[1] = NULL;
    kept->stored = (struct stored_observation){.place = place, .observation = *observation};
    kept->stored.observation.data = data;
    kept->stored.observation.flow = &kept->flow;
    if (store->last != NULL)
        store->last->next = &kept->stored;
    else
        store->first = &kept->stored;
    store->last = &kept->stored;
}

void observation_store_clear(struct observation_store *store)
{
    struct observation_block *block = store->blocks;
    while (block != NULL) {
        struct observation_block *next = block->next;
        if (store->spare == NULL && block->len == BLOCK_LEN) {
            block->next = NULL;
            store->spare = block;
        } else {
            free(block);
        }
        block = next;
    }
    store->blocks = NULL;
    store->first = store->last = NULL;
}

void observation_store_free(struct observation_store *store)
{
    observation_store_clear(store);
    free(store->spare);
    store->spare = NULL;
}
