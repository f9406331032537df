/* stream_pool.c: bounded memory for what TCP streams hold. */
#include "core/stream_pool.h"

#include <assert.h>
#include <stdlib.h>

struct stream_pool *stream_pool_new(size_t max_bytes)
{
    struct stream_pool *pool = (struct stream_pool *)calloc(1, sizeof *pool);
    if (pool != NULL)
        pool->max_bytes = max_bytes;
    return pool;
}

void stream_pool_free(struct stream_pool *pool)
{
    if (pool == NULL)
        return;
    assert(pool->used == 0);
    while (pool->spares != NULL) {
        struct stream_piece *piece = pool->spares;
        pool->spares = piece->next;
        free(piece);
    }
    free(pool);
}

const struct stream_stats *stream_pool_stats(const struct stream_pool *pool)
{
    return &pool->stats;
}

static struct stream_piece *stream_pool_spare(struct stream_pool *pool, size_t capacity)
{
    struct stream_piece *piece = pool->spares;
    if (piece == NULL || capacity != STREAM_POOL_PIECE)
        return NULL;
    pool->spares = piece->next;
    pool->num_spares--;
    return piece;
}

struct stream_piece *stream_pool_take(struct stream_pool *pool, size_t capacity)
{
    if (capacity < STREAM_POOL_PIECE)
        capacity = STREAM_POOL_PIECE;
    size_t size = sizeof(struct stream_piece) + capacity;
    if (capacity > UINT32_MAX || size > pool->max_bytes - pool->used)
        return NULL;
    struct stream_piece *piece = stream_pool_spare(pool, capacity);
    if (piece == NULL)
        piece = (struct stream_piece *)malloc(size);
    if (piece == NULL)
        return NULL;
    *piece = (struct stream_piece){.capacity = (uint32_t)capacity};
    pool->used += size;
    return piece;
}

void stream_pool_put(struct stream_pool *pool, struct stream_piece *piece)
{
    if (piece == NULL)
        return;
    pool->used -= sizeof *piece + piece->capacity;
    if (piece->capacity != STREAM_POOL_PIECE || pool->num_spares == STREAM_POOL_SPARES) {
        free(piece);
        return;
    }
    piece->next = pool->spares;
    pool->spares = piece;
    pool->num_spares++;
}
