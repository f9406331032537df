/* bounded_table.h: what an analyzer remembers by name: a table that grows with what it holds, up to a bound; from there
 * on, of eight entries the one that was not asked for longest gives way, or the one of the least weight. */
#ifndef PERPASS_ANALYSIS_BOUNDED_TABLE_H
#define PERPASS_ANALYSIS_BOUNDED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bounded_table;

/* bounded_table_new gives a table of at most |most| entries (at least 8) with |size| bytes of room each, NULL when there
 * is no memory. Which entry gives way depends on the order of calls alone, not on names. */
struct bounded_table *bounded_table_new(size_t most, size_t size);
void bounded_table_free(struct bounded_table *table);

/* bounded_table_leaves has |leaves| called for each room that is given up: pushed out, forgotten, or freed with the
 * table. For rooms that own something. */
void bounded_table_leaves(struct bounded_table *table, void *leaves_to,
                          void (*leaves)(void *leaves_to, void *room));

/* bounded_table_weigh has |weight| say which entry matters least, instead of when it was asked for. */
void bounded_table_weigh(struct bounded_table *table, uint64_t (*weight)(const void *room));

/* bounded_table_find gives the room of |name|, NULL when nothing is known of it. Names are hashes under a key that no
 * sender knows (analysis_name), and not 0. A room stays where it is until its entry gives way or is forgotten. */
void *bounded_table_find(struct bounded_table *table, uint64_t name);

/* bounded_table_place gives the room of |name|, all-zero when it is new (|known| is false then); true in
 * |pushed_out| says that another had to give way. */
struct bounded_place {
    void *room;
    bool known, pushed_out;
};
struct bounded_place bounded_table_place(struct bounded_table *table, uint64_t name);

/* bounded_table_forget makes the entry of |name| free, if there is one. */
void bounded_table_forget(struct bounded_table *table, uint64_t name);

/* bounded_table_count is how many entries there are. */
size_t bounded_table_count(const struct bounded_table *table);

/* bounded_table_next gives the rooms one after the other, in no order that means anything, and NULL after the last one:
 * |at| begins with 0. */
const void *bounded_table_next(const struct bounded_table *table, size_t *at);

#endif
