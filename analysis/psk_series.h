/* psk_series.h: identities that differ by a number only, so that from a few the others can be guessed. Bounded; of
 * eight forms the one that was seen longest ago gives way. */
#ifndef PERPASS_ANALYSIS_PSK_SERIES_H
#define PERPASS_ANALYSIS_PSK_SERIES_H

#include "core/span.h"

enum {
    PSK_SERIES_FORMS = 16384,   /* forms remembered */
    PSK_SERIES_NUMBERS = 16,    /* numbers remembered of each, the newest */
    PSK_SERIES_DISTANCE = 1000, /* so many guesses lead from one identity to the next */
    PSK_SERIES_COUNTED = 1021   /* identities counted of a form, at most: a prime */
};

/* A form, once an identity with a new number belongs to it. */
struct psk_form {
    struct span before;  /* of the number, in the identity at hand */
    unsigned base;       /* 10 or 16 */
    unsigned identities; /* at least, that are near to another one: three or more are a series */
    uint64_t nearest;    /* distance from the new one to its neighbour */
};

struct psk_series;

/* psk_series_new gives an empty table, keyed by |key|. */
struct psk_series *psk_series_new(const uint64_t key[2]);
void psk_series_free(struct psk_series *series);

/* psk_series_add notes the text |identity|. True when it is a new one of a series; of the forms that it has the
 * first is told. |pushed_out| is set when a form had to give way. */
bool psk_series_add(struct psk_series *series, struct span identity, struct psk_form *form,
                    bool *pushed_out);

#endif
