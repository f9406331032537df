/* bounded_table.h: what an analyzer remembers by name: a table that is full at a fixed size, where of eight entries
 * the oldest gives way. */
#ifndef PERPASS_ANALYSIS_BOUNDED_TABLE_H
#define PERPASS_ANALYSIS_BOUNDED_TABLE_H

#include "core/flow.h"

struct bounded_table;

/* bounded_table_new gives a table of |num| entries (a multiple of 8) with |size| bytes of room each, NULL when there
 * is no memory or no randomness. Memory is used only as entries come. */
struct bounded_table *bounded_table_new(size_t num, size_t size);
void bounded_table_free(struct bounded_table *table);

/* Names: hashes under the table's own random key. |kind| keeps things apart that have the same bytes. */
uint64_t bounded_table_name(const struct bounded_table *table, unsigned kind, struct span bytes);
uint64_t bounded_table_flow(const struct bounded_table *table, const struct flow *flow);

/* bounded_table_find gives the room of |name|, NULL when nothing is known of it. It lives until the next
 * bounded_table_place, as all rooms do. */
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

#endif
