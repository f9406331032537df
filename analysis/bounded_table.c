/* bounded_table.c: sets of eight entries: a name has its place in one of them. */
#include "analysis/bounded_table.h"

#include "core/keyed_hash.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

enum { WAYS = 8 };

struct entry {
    uint64_t name; /* 0: nothing is here */
    uint64_t age;  /* when it was asked for last: the smallest is the oldest */
};

struct bounded_table {
    uint64_t key[2], now;
    size_t num_sets, size;
    struct entry *entries;
    uint8_t *rooms;
};

struct bounded_table *bounded_table_new(size_t num, size_t size)
{
    assert(num > 0 && num % WAYS == 0 && size > 0);
    struct bounded_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->num_sets = num / WAYS;
    table->size = (size + 15) / 16 * 16;
    table->entries = calloc(num, sizeof table->entries[0]);
    table->rooms = calloc(num, table->size);
    if (table->entries == NULL || table->rooms == NULL ||
        getrandom(table->key, sizeof table->key, 0) != (ssize_t)sizeof table->key) {
        bounded_table_free(table);
        return NULL;
    }
    return table;
}

void bounded_table_free(struct bounded_table *table)
{
    if (table == NULL)
        return;
    free(table->entries);
    free(table->rooms);
    free(table);
}

uint64_t bounded_table_name(const struct bounded_table *table, unsigned kind, struct span bytes)
{
    const uint64_t words[2] = {keyed_hash(table->key, bytes.at, bytes.len), kind};
    uint64_t name = keyed_hash(table->key, words, sizeof words);
    return name != 0 ? name : 1;
}

uint64_t bounded_table_flow(const struct bounded_table *table, const struct flow *flow)
{
    const uint64_t words[3] = {keyed_hash(table->key, flow->ends, sizeof flow->ends),
                               flow->first_packet, flow->protocol};
    uint64_t name = keyed_hash(table->key, words, sizeof words);
    return name != 0 ? name : 1;
}

static size_t set_of(const struct bounded_table *table, uint64_t name)
{
    return (size_t)((name >> 16) % table->num_sets) * WAYS;
}

static struct entry *find(struct bounded_table *table, uint64_t name)
{
    struct entry *set = &table->entries[set_of(table, name)];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].name == name)
            return &set[i];
    return NULL;
}

static void *room_of(const struct bounded_table *table, const struct entry *entry)
{
    return table->rooms + (size_t)(entry - table->entries) * table->size;
}

void *bounded_table_find(struct bounded_table *table, uint64_t name)
{
    struct entry *entry = find(table, name);
    if (entry == NULL)
        return NULL;
    entry->age = ++table->now;
    return room_of(table, entry);
}

static struct entry *free_or_oldest(struct entry *set)
{
    struct entry *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == 0)
            return &set[i];
        if (set[i].age < oldest->age)
            oldest = &set[i];
    }
    return oldest;
}

struct bounded_place bounded_table_place(struct bounded_table *table, uint64_t name)
{
    void *room = bounded_table_find(table, name);
    if (room != NULL)
        return (struct bounded_place){.room = room, .known = true};
    struct entry *entry = free_or_oldest(&table->entries[set_of(table, name)]);
    bool pushed_out = entry->name != 0;
    *entry = (struct entry){.name = name, .age = ++table->now};
    room = room_of(table, entry);
    memset(room, 0, table->size);
    return (struct bounded_place){.room = room, .pushed_out = pushed_out};
}

void bounded_table_forget(struct bounded_table *table, uint64_t name)
{
    struct entry *entry = find(table, name);
    if (entry != NULL)
        *entry = (struct entry){.name = 0};
}
