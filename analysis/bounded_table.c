/* bounded_table.c: chains of entries by name. Entries lie densely in pieces of memory that are made as they come: what is
 * never used costs nothing, and what is used together lies together. */
#include "analysis/bounded_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 8, FIRST_HEADS = 64, PIECE_BYTES = 32 << 10, NOBODY = 0 };

/* Entries are numbered from 1. */
struct entry {
    uint64_t name; /* 0: nothing is here */
    uint32_t next; /* in the chain, or of those that are free */
    uint32_t age;  /* when it was asked for last, by a clock that may come round */
    uint64_t room[];
};

struct bounded_table {
    uint32_t *heads; /* of the chains */
    size_t num_heads;
    uint8_t **pieces;
    size_t stride;        /* of entries in a piece */
    unsigned piece_shift; /* entries in a piece, a power of two */
    uint32_t most, made;  /* entries that there may be; that there was ever need for */
    uint32_t free, hand;  /* the first free one; where the next is looked for that gives way */
    uint32_t now;
    size_t count;
    uint64_t (*weight)(const void *room);
    void *leaves_to;
    void (*leaves)(void *leaves_to, void *room);
};

static struct entry *entry_at(const struct bounded_table *table, uint32_t number)
{
    size_t index = number - 1;
    size_t place = index & (((size_t)1 << table->piece_shift) - 1);
    return (struct entry *)(void *)(table->pieces[index >> table->piece_shift] +
                                    place * table->stride);
}

static uint32_t *head_of(const struct bounded_table *table, uint64_t name)
{
    return &table->heads[(name ^ name >> 32) & (table->num_heads - 1)];
}

static bool make_piece(struct bounded_table *table)
{
    uint8_t *piece = malloc(table->stride << table->piece_shift);
    table->pieces[table->made >> table->piece_shift] = piece;
    return piece != NULL;
}

struct bounded_table *bounded_table_new(size_t most, size_t size)
{
    assert(most >= CANDIDATES && most < UINT32_MAX / 2 && size > 0);
    struct bounded_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->most = (uint32_t)most;
    table->stride = sizeof(struct entry) + (size + 7) / 8 * 8;
    while (table->stride << (table->piece_shift + 1) <= PIECE_BYTES)
        table->piece_shift++;
    table->num_heads = FIRST_HEADS;
    table->heads = calloc(table->num_heads, sizeof table->heads[0]);
    table->pieces = calloc((most >> table->piece_shift) + 1, sizeof table->pieces[0]);
    if (table->heads == NULL || table->pieces == NULL || !make_piece(table)) {
        bounded_table_free(table);
        return NULL;
    }
    return table;
}

static void leave(const struct bounded_table *table, struct entry *entry)
{
    if (table->leaves != NULL)
        table->leaves(table->leaves_to, entry->room);
}

void bounded_table_free(struct bounded_table *table)
{
    if (table == NULL)
        return;
    for (uint32_t number = 1; number <= table->made; number++)
        if (entry_at(table, number)->name != 0)
            leave(table, entry_at(table, number));
    for (size_t i = 0; table->pieces != NULL && i <= table->most >> table->piece_shift; i++)
        free(table->pieces[i]);
    free(table->pieces);
    free(table->heads);
    free(table);
}

void bounded_table_leaves(struct bounded_table *table, void *leaves_to,
                          void (*leaves)(void *leaves_to, void *room))
{
    table->leaves_to = leaves_to;
    table->leaves = leaves;
}

void bounded_table_weigh(struct bounded_table *table, uint64_t (*weight)(const void *room))
{
    table->weight = weight;
}

size_t bounded_table_count(const struct bounded_table *table)
{
    return table->count;
}

void *bounded_table_find(struct bounded_table *table, uint64_t name)
{
    for (uint32_t at = *head_of(table, name); at != NOBODY;) {
        struct entry *entry = entry_at(table, at);
        if (entry->name == name) {
            entry->age = ++table->now;
            return entry->room;
        }
        at = entry->next;
    }
    return NULL;
}

static void chain(const struct bounded_table *table, uint32_t number)
{
    struct entry *entry = entry_at(table, number);
    uint32_t *head = head_of(table, entry->name);
    entry->next = *head;
    *head = number;
}

static void unchain(const struct bounded_table *table, uint32_t number)
{
    const struct entry *entry = entry_at(table, number);
    uint32_t *at = head_of(table, entry->name);
    while (*at != number)
        at = &entry_at(table, *at)->next;
    *at = entry->next;
}

/* Two heads an entry, so that who is not there is mostly told without a look at another; without memory the chains get
 * longer. */
static void more_heads(struct bounded_table *table)
{
    uint32_t *heads = calloc(2 * table->num_heads, sizeof heads[0]);
    if (heads == NULL)
        return;
    free(table->heads);
    table->heads = heads;
    table->num_heads *= 2;
    for (uint32_t number = 1; number <= table->made; number++)
        if (entry_at(table, number)->name != 0)
            chain(table, number);
}

/* An entry that was never used; 0 when there is none, or no memory. */
static uint32_t next_unused(struct bounded_table *table)
{
    bool piece_is_full = table->made >> table->piece_shift << table->piece_shift == table->made;
    if (table->made == table->most || (table->made > 0 && piece_is_full && !make_piece(table)))
        return NOBODY;
    if (2 * table->made >= table->num_heads)
        more_heads(table);
    entry_at(table, ++table->made)->name = 0;
    return table->made;
}

/* How little |entry| matters. */
static uint64_t lightness(const struct bounded_table *table, const struct entry *entry)
{
    return table->weight != NULL ? UINT64_MAX - table->weight(entry->room)
                                 : (uint32_t)(table->now - entry->age);
}

/* The one that matters least of those at the hand, which goes on. All entries are in use. */
static uint32_t least(struct bounded_table *table)
{
    uint32_t found = NOBODY;
    uint64_t most = 0;
    for (unsigned i = 0; i < CANDIDATES; i++) {
        uint32_t number = table->hand + 1;
        uint64_t light = lightness(table, entry_at(table, number));
        table->hand = number % table->made;
        if (found == NOBODY || light > most) {
            found = number;
            most = light;
        }
    }
    return found;
}

static uint32_t take_free(struct bounded_table *table)
{
    uint32_t number = table->free;
    if (number == NOBODY)
        return next_unused(table);
    table->free = entry_at(table, number)->next;
    return number;
}

static uint32_t push_out(struct bounded_table *table)
{
    uint32_t number = least(table);
    unchain(table, number);
    leave(table, entry_at(table, number));
    table->count--;
    return number;
}

struct bounded_place bounded_table_place(struct bounded_table *table, uint64_t name)
{
    assert(name != 0);
    void *room = bounded_table_find(table, name);
    if (room != NULL)
        return (struct bounded_place){.room = room, .known = true};
    uint32_t number = take_free(table);
    bool pushed_out = number == NOBODY;
    if (pushed_out)
        number = push_out(table);
    struct entry *entry = entry_at(table, number);
    memset(entry, 0, table->stride);
    entry->name = name;
    entry->age = ++table->now;
    chain(table, number);
    table->count++;
    return (struct bounded_place){.room = entry->room, .pushed_out = pushed_out};
}

const void *bounded_table_next(const struct bounded_table *table, size_t *at)
{
    while (*at < table->made) {
        const struct entry *entry = entry_at(table, (uint32_t)++ * at);
        if (entry->name != 0)
            return entry->room;
    }
    return NULL;
}

void bounded_table_forget(struct bounded_table *table, uint64_t name)
{
    uint32_t number = *head_of(table, name);
    while (number != NOBODY && entry_at(table, number)->name != name)
        number = entry_at(table, number)->next;
    if (number == NOBODY)
        return;
    struct entry *entry = entry_at(table, number);
    unchain(table, number);
    leave(table, entry);
    entry->name = 0;
    entry->next = table->free;
    table->free = number;
    table->count--;
}
