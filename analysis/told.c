/* told.c: a list that owns what is in it. */
#include "analysis/told.h"

#include <stdlib.h>

/* There are few of them, and each was a piece of work: counting them again each time costs little. */
static bool is_full(const struct told *told, const struct observation_type *type)
{
    size_t num = 0;
    if (told->num < TOLD_MAX)
        return false;
    for (size_t i = 0; i < told->num; i++)
        num += told->items[i]->type == type;
    return num >= TOLD_MAX;
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
    if (size > TOLD_MAX_BYTES - told->bytes || is_full(told, observation->type) ||
        !make_room(told)) {
        free(block);
        return false;
    }
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
