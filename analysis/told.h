/* told.h: the observations that analyzers made, kept for the reports. Bounded: the first ones of each
 * type stay. */
#ifndef PERPASS_ANALYSIS_TOLD_H
#define PERPASS_ANALYSIS_TOLD_H

#include "core/observation.h"

enum {
    TOLD_MAX = 10000,          /* of a type */
    TOLD_MAX_BYTES = 64 << 20, /* of all */
    TOLD_MAX_TYPES = 16
};

/* All-zero is empty. */
struct told {
    const struct observation **items;
    struct told_block {
        void *at; /* that it lives in */
        size_t size;
    } * blocks;
    size_t num, max, bytes;
    struct told_count {
        const struct observation_type *type;
        size_t num;
    } counts[TOLD_MAX_TYPES]; /* up to the first without a type */
};

/* told_add takes over |block| of |size| bytes, in which |observation| and all that it points to lie; what has no
 * room is freed: false. */
bool told_add(struct told *told, const struct observation *observation, void *block, size_t size);

/* told_forget frees those of |type|. */
void told_forget(struct told *told, const struct observation_type *type);

/* told_clear frees all of them. */
void told_clear(struct told *told);

#endif
