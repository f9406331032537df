/* dense_table.c: entries in an array, found through an index with linear probing that is at most half full. */
#include "analysis/dense_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT = 8, FIRST_ROOMS = 2048 /* pages of which are used only as entries come */ };

struct dense_table {
    uint64_t (*weight)(const void *room);
    void (*drop)(void *room);
    size_t size, max;      /* of a room; most entries */
    size_t num, num_rooms; /* entries; that there is room for: half of the slots, a power of two */
    size_t hand;           /* where the search for the next to give way begins */
    uint64_t *names;       /* of the entries */
    uint8_t *rooms;
    uint32_t *slots; /* number of an entry, from 1; 0: nothing */
};

struct dense_table *dense_table_new(size_t max, size_t size, uint64_t (*weight)(const void *room),
                                    void (*drop)(void *room))
{
    assert(max >= LOOKED_AT && max < UINT32_MAX / 4 && size > 0);
    struct dense_table *table = calloc(1, sizeof *table);
    if (table != NULL)
        *table = (struct dense_table){
            .weight = weight, .drop = drop, .size = (size + 15) / 16 * 16, .max = max};
    return table;
}

void dense_table_free(struct dense_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; table->drop != NULL && i < table->num; i++)
        table->drop(dense_table_at(table, i));
    free(table->names);
    free(table->rooms);
    free(table->slots);
    free(table);
}

size_t dense_table_num(const struct dense_table *table)
{
    return table->num;
}

void *dense_table_at(const struct dense_table *table, size_t index)
{
    return table->rooms + index * table->size;
}

static size_t home_of(const struct dense_table *table, uint64_t name)
{
    return (size_t)(name & (2 * table->num_rooms - 1));
}

static size_t after(const struct dense_table *table, size_t slot)
{
    return (slot + 1) & (2 * table->num_rooms - 1);
}

/* The slot of |name|, or the empty one where it would be. */
static size_t slot_of(const struct dense_table *table, uint64_t name)
{
    size_t slot = home_of(table, name);
    while (table->slots[slot] != 0 && table->names[table->slots[slot] - 1] != name)
        slot = after(table, slot);
    return slot;
}

void *dense_table_find(const struct dense_table *table, uint64_t name)
{
    if (table->num == 0)
        return NULL;
    uint32_t number = table->slots[slot_of(table, name)];
    return number != 0 ? dense_table_at(table, number - 1) : NULL;
}

static bool grow(struct dense_table *table)
{
    size_t num = table->num_rooms == 0 ? FIRST_ROOMS : 2 * table->num_rooms;
    size_t used = num < table->max ? num : table->max;
    uint64_t *names = realloc(table->names, used * sizeof names[0]);
    if (names == NULL)
        return false;
    table->names = names;
    uint8_t *rooms = realloc(table->rooms, used * table->size);
    if (rooms == NULL)
        return false;
    table->rooms = rooms;
    uint32_t *slots = calloc(2 * num, sizeof slots[0]);
    if (slots == NULL)
        return false;
    free(table->slots);
    table->slots = slots;
    table->num_rooms = num;
    for (size_t i = 0; i < table->num; i++)
        slots[slot_of(table, table->names[i])] = (uint32_t)i + 1;
    return true;
}

/* Makes the slot of |name| empty; those behind it that it had displaced move up. */
static void slot_clear(struct dense_table *table, uint64_t name)
{
    const size_t mask = 2 * table->num_rooms - 1;
    size_t hole = slot_of(table, name);
    for (size_t slot = after(table, hole); table->slots[slot] != 0; slot = after(table, slot)) {
        size_t home = home_of(table, table->names[table->slots[slot] - 1]);
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        table->slots[hole] = table->slots[slot];
        hole = slot;
    }
    table->slots[hole] = 0;
}

/* The entry that matters least of the next few. */
static size_t lightest(struct dense_table *table)
{
    size_t best = table->hand;
    if (table->weight != NULL)
        for (size_t i = 1; i < LOOKED_AT; i++) {
            size_t other = (table->hand + i) % table->num;
            if (table->weight(dense_table_at(table, other)) <
                table->weight(dense_table_at(table, best)))
                best = other;
        }
    table->hand = (table->hand + (table->weight != NULL ? LOOKED_AT : 1)) % table->num;
    return best;
}

struct dense_place dense_table_place(struct dense_table *table, uint64_t name)
{
    struct dense_place place = {.room = dense_table_find(table, name)};
    size_t index = table->num;
    assert(name != 0);
    place.known = place.room != NULL;
    if (place.known)
        return place;
    if (table->num == table->max) {
        index = lightest(table);
        slot_clear(table, table->names[index]);
        if (table->drop != NULL)
            table->drop(dense_table_at(table, index));
        place.pushed_out = true;
    } else if (table->num == table->num_rooms && !grow(table)) {
        return place;
    } else {
        table->num++;
    }
    table->names[index] = 0; /* is not there before it has a slot */
    table->slots[slot_of(table, name)] = (uint32_t)index + 1;
    table->names[index] = name;
    place.room = dense_table_at(table, index);
    memset(place.room, 0, table->size);
    return place;
}
