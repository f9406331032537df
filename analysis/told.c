/* told.c: a list that owns what is in it. */
#include "analysis/told.h"

#include <stdlib.h>

static bool make_room(struct told *told)
{
    size_t max = told->max == 0 ? 16 : 2 * told->max;
    if (told->num >= TOLD_MAX)
        return false;
    if (told->num < told->max)
        return true;
    const struct observation **items =
        (const struct observation **)realloc(told->items, max * sizeof items[0]);
    if (items == NULL)
        return false;
    told->items = items;
    void **blocks = realloc(told->blocks, max * sizeof blocks[0]);
    if (blocks == NULL)
        return false;
    told->blocks = blocks;
    told->max = max;
    return true;
}

bool told_add(struct told *told, const struct observation *observation, void *block, size_t size)
{
    if (size > TOLD_MAX_BYTES - told->bytes || !make_room(told)) {
        free(block);
        return false;
    }
    told->items[told->num] = observation;
    told->blocks[told->num++] = block;
    told->bytes += size;
    return true;
}

void told_clear(struct told *told)
{
    for (size_t i = 0; i < told->num; i++)
        free(told->blocks[i]);
    free(told->items);
    free(told->blocks);
    *told = (struct told){.num = 0};
}
