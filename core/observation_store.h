/* observation_store.h: observations that are kept beyond the call that made them, with all they point to, in the order
 * in which they came. */
#ifndef PERPASS_CORE_OBSERVATION_STORE_H
#define PERPASS_CORE_OBSERVATION_STORE_H

#include "core/observation.h"

/* One that is kept; |next| is NULL behind the last. */
struct stored_observation {
    struct stored_observation *next;
    uint64_t place; /* what its maker orders it by */
    struct observation observation;
};

struct observation_block;

/* All-zero is an empty store. */
struct observation_store {
    struct stored_observation *first, *last;
    struct observation_block *blocks, *spare;
    uint64_t lost; /* observations that there was no memory for */
    struct span
        stays; /* bytes that stay where they are as long as the observations: need no copy */
};

/* observation_store_add keeps |observation|; its flow is kept as it is now, without what the engine has in it. */
void observation_store_add(struct observation_store *store, const struct observation *observation,
                           uint64_t place);

/* observation_store_copy keeps |bytes| as long as the observations; not seen when there is no memory. */
struct span observation_store_copy(struct observation_store *store, struct span bytes);

/* observation_store_clear forgets all, and keeps some memory for those to come; |lost| stays. */
void observation_store_clear(struct observation_store *store);
void observation_store_free(struct observation_store *store);

#endif
