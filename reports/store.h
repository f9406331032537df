/* store.h: memory for what lives as long as the reports that were read: filled from the front, freed as a whole. */
#ifndef PERPASS_REPORTS_STORE_H
#define PERPASS_REPORTS_STORE_H

#include "core/span.h"

struct store_chunk;
struct store_block;

/* All-zero is empty. */
struct store {
    struct store_chunk *chunks;
    struct store_block *blocks;
    bool failed; /* something could not be had */
};

/* store_room gives |size| bytes, all zero and aligned for anything; NULL without memory. store_bytes gives a copy, with a
 * NUL behind it. */
void *store_room(struct store *store, size_t size);
char *store_bytes(struct store *store, const void *bytes, size_t len);

/* store_take takes over |block|, of malloc; NULL is what could not be had. It gives it back, or NULL. */
void *store_take(struct store *store, void *block);
void store_free(struct store *store);

#endif
