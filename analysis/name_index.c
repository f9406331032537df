/* name_index.c: open addressing, at most three quarters full. */
#include "analysis/name_index.h"

#include <assert.h>
#include <stdlib.h>

struct name_slot {
    uint32_t low, high; /* of the name; both 0: free */
    uint32_t place;
};

enum { LEAST_ROOM = 256 };

static bool is_free(const struct name_slot *slot)
{
    return slot->low == 0 && slot->high == 0;
}

/* The slot of |name|, or the free one where it would be. */
static struct name_slot *slot_of(struct name_slot *slots, size_t room, uint32_t low, uint32_t high)
{
    size_t at = (low ^ high * 0x9e3779b1u) & (room - 1);
    while (!is_free(&slots[at]) && (slots[at].low != low || slots[at].high != high))
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static bool grow(struct name_index *index)
{
    size_t room = index->room == 0 ? LEAST_ROOM : index->room * 2;
    struct name_slot *slots = calloc(room, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < index->room; i++)
        if (!is_free(&index->slots[i]))
            *slot_of(slots, room, index->slots[i].low, index->slots[i].high) = index->slots[i];
    free(index->slots);
    index->slots = slots;
    index->room = room;
    return true;
}

uint32_t *name_index_find(const struct name_index *index, uint64_t name)
{
    if (index->num == 0)
        return NULL;
    struct name_slot *slot =
        slot_of(index->slots, index->room, (uint32_t)name, (uint32_t)(name >> 32));
    return is_free(slot) ? NULL : &slot->place;
}

bool name_index_add(struct name_index *index, uint64_t name, uint32_t place)
{
    assert(name != 0);
    if (4 * (index->num + 1) > 3 * index->room && !grow(index))
        return false;
    struct name_slot *slot =
        slot_of(index->slots, index->room, (uint32_t)name, (uint32_t)(name >> 32));
    *slot =
        (struct name_slot){.low = (uint32_t)name, .high = (uint32_t)(name >> 32), .place = place};
    index->num++;
    return true;
}

void name_index_clear(struct name_index *index)
{
    free(index->slots);
    *index = (struct name_index){.slots = NULL};
}
