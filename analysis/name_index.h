/* name_index.h: where in an array something is, by its name: a 64-bit hash under a random key. Grows as it is used. */
#ifndef PERPASS_ANALYSIS_NAME_INDEX_H
#define PERPASS_ANALYSIS_NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All-zero is empty. */
struct name_index {
    struct name_slot *slots;
    size_t num, room; /* room: a power of two, or 0 */
};

/* name_index_find gives the place of |name| (not 0), NULL when it has none. It lives until the next add. */
uint32_t *name_index_find(const struct name_index *index, uint64_t name);

/* name_index_add gives a new |name| the |place|; false without memory. */
bool name_index_add(struct name_index *index, uint64_t name, uint32_t place);

/* name_index_clear forgets all, and frees what there is. */
void name_index_clear(struct name_index *index);

#endif
