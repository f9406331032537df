/* told.c: a list that owns what is in it. */
#include "analysis/told.h"

#include <stdlib.h>

/* How many there are of |type|; NULL when there are too many types. */
static size_t *count_of(struct told *told, const struct observation_type *type)
{
    for (size_t i = 0; i < TOLD_MAX_TYPES; i++) {
        if (told->counts[i].type == NULL)
            told->counts[i].type = type;
        if (told->counts[i].type == type)
            return &told->counts[i].num;
    }
    return NULL;
}

static bool make_room(struct told *told)
{
    size_t max = told->max == 0 ? 16 : 2 * told->max;
    if (told->num < told->max)
        return true;
    const struct observation **items =
        (const struct observation **)realloc(told->items, max * sizeof items[0]);
    if (items == NULL)
        return false;
    told->items = items;
    struct told_block *blocks = realloc(told->blocks, max * sizeof blocks[0]);
    if (blocks == NULL)
        return false;
    told->blocks = blocks;
    told->max = max;
    return true;
}

bool told_add(struct told *told, const struct observation *observation, void *block, size_t size)
{
    size_t *count = count_of(told, observation->type);
    if (size > TOLD_MAX_BYTES - told->bytes || count == NULL || *count >= TOLD_MAX ||
        !make_room(told)) {
        free(block);
        return false;
    }
    (*count)++;
    told->items[told->num] = observation;
    told->blocks[told->num++] = (struct told_block){.at = block, .size = size};
    told->bytes += size;
    return true;
}

void told_forget(struct told *told, const struct observation_type *type)
{
    size_t kept = 0;
    for (size_t i = 0; i < told->num; i++) {
        if (told->items[i]->type == type) {
            told->bytes -= told->blocks[i].size;
            free(told->blocks[i].at);
            continue;
        }
        told->items[kept] = told->items[i];
        told->blocks[kept++] = told->blocks[i];
    }
    size_t *count = count_of(told, type);
    if (count != NULL)
        *count = 0;
    told->num = kept;
}

void told_clear(struct told *told)
{
    for (size_t i = 0; i < told->num; i++)
        free(told->blocks[i].at);
    free(told->items);
    free(told->blocks);
    *told = (struct told){.num = 0};
}
