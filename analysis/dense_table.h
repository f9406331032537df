/* dense_table.h: what an analyzer remembers by name, side by side in memory that grows with what there is. When it is
 * full, of eight entries the one of the least weight gives way. */
#ifndef PERPASS_ANALYSIS_DENSE_TABLE_H
#define PERPASS_ANALYSIS_DENSE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dense_table;

/* dense_table_new gives a table of at most |max| entries (8 or more) of |size| bytes each, NULL without memory.
 * |weight| says which entry matters least (NULL: the one that came first goes); |drop| frees what an entry holds (may
 * be NULL). */
struct dense_table *dense_table_new(size_t max, size_t size, uint64_t (*weight)(const void *room),
                                    void (*drop)(void *room));
void dense_table_free(struct dense_table *table);

/* dense_table_find gives the room of |name|, a hash under a random key, not 0; NULL when nothing is known of it. It
 * lives until the next dense_table_place, as all rooms do. */
void *dense_table_find(const struct dense_table *table, uint64_t name);

/* dense_table_place gives the room of |name|, all-zero when it is new (|known| is false then), NULL when there is no
 * memory for it; true in |pushed_out| says that another had to give way. */
struct dense_place {
    void *room;
    bool known, pushed_out;
};
struct dense_place dense_table_place(struct dense_table *table, uint64_t name);

/* The entries, in no order that means anything. */
size_t dense_table_num(const struct dense_table *table);
void *dense_table_at(const struct dense_table *table, size_t index);

#endif
