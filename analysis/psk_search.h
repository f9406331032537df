/* psk_search.h: tries a list of keys on proofs, by several threads. The keys stay in memory that is locked and wiped;
 * what comes out is which proofs one of them fits, not which one. */
#ifndef PERPASS_ANALYSIS_PSK_SEARCH_H
#define PERPASS_ANALYSIS_PSK_SEARCH_H

#include "analysis/psk_proofs.h"
#include "core/error.h"

#include <sys/types.h>

struct psk_search_options {
    void *to; /* for the functions, which are called by one thread at a time */
    /* Reads up to |max| bytes of the list (analysis/psk_candidates.h) to |bytes|; 0 at the end, less than 0 when it
     * cannot be read. */
    ssize_t (*read)(void *to, uint8_t *bytes, size_t max);
    /* Is told how far the work is; false: it is to stop. */
    bool (*go_on)(void *to, uint64_t bytes, uint64_t keys);
    unsigned threads; /* 1 to PSK_SEARCH_MAX_THREADS */
};

enum { PSK_SEARCH_MAX_THREADS = 64 };

struct psk_search_stats {
    uint64_t keys;     /* tried */
    uint64_t too_long; /* lines left out: longer than a key may be */
    bool cut_short;    /* the list was not read to its end: it cannot be, or the work was stopped */
};

struct psk_search;

/* psk_search_new takes all memory that is needed, before a sandbox is entered; NULL and the error. */
struct psk_search *psk_search_new(const struct psk_search_options *options, struct error *error);

/* psk_search_run reads the list once, and sets |found| in the |num| proofs that a key of it fits. */
struct psk_search_stats psk_search_run(struct psk_search *search, struct psk_kept *proofs,
                                       size_t num);

void psk_search_free(struct psk_search *search);

#endif
