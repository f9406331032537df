/* store.c: chunks, the newest first. */
#include "reports/store.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { CHUNK = 1 << 20 };

struct store_chunk {
    struct store_chunk *next;
    size_t used, size;
    _Alignas(max_align_t) uint8_t bytes[];
};

struct store_block {
    struct store_block *next;
    void *at;
};

static struct store_chunk *grow(struct store *store, size_t size)
{
    const size_t room = size > CHUNK ? size : CHUNK;
    struct store_chunk *chunk = calloc(1, sizeof *chunk + room);
    if (chunk == NULL) {
        store->failed = true;
        return NULL;
    }
    chunk->next = store->chunks;
    chunk->size = room;
    store->chunks = chunk;
    return chunk;
}

void *store_room(struct store *store, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct store_chunk *chunk = store->chunks;
    if (size > SIZE_MAX / 2) {
        store->failed = true;
        return NULL;
    }
    size = (size + align - 1) / align * align;
    if (chunk == NULL || chunk->size - chunk->used < size)
        chunk = grow(store, size);
    if (chunk == NULL)
        return NULL;
    void *room = chunk->bytes + chunk->used;
    chunk->used += size;
    return room;
}

char *store_bytes(struct store *store, const void *bytes, size_t len)
{
    char *copy = store_room(store, len + 1);
    if (copy != NULL && len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

void *store_take(struct store *store, void *block)
{
    struct store_block *taken = block != NULL ? store_room(store, sizeof *taken) : NULL;
    if (taken == NULL) {
        store->failed = true;
        free(block);
        return NULL;
    }
    *taken = (struct store_block){.next = store->blocks, .at = block};
    store->blocks = taken;
    return block;
}

void store_free(struct store *store)
{
    for (struct store_block *block = store->blocks; block != NULL; block = block->next)
        free(block->at);
    struct store_chunk *next;
    for (struct store_chunk *chunk = store->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    *store = (struct store){.chunks = NULL};
}
