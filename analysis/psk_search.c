/* psk_search.c: each thread takes some keys of the list at a time, and tries them on all proofs that none has fitted
 * so far. What is found does not depend on which thread has which keys. */
#include "analysis/psk_search.h"

#include "analysis/psk_candidates.h"
#include "core/secret_memory.h"

#include <pthread.h>
#include <stdlib.h>

struct worker {
    struct psk_search *search;
    pthread_t thread;
    bool started;
    struct psk_trial trial;
    struct psk_batch batch;
};

/* All that has to do with keys. */
struct secrets {
    struct psk_candidates candidates;
    struct worker workers[];
};

struct psk_search {
    struct psk_search_options options;
    struct secrets *secrets;
    size_t secrets_len;
    struct psk_kept *proofs;
    size_t num_proofs;
    pthread_mutex_t lock;
    bool stopped; /* under |lock|, as the list is */
};

struct psk_search *psk_search_new(const struct psk_search_options *options, struct error *error)
{
    struct psk_search *search = calloc(1, sizeof *search);
    if (search != NULL) {
        search->options = *options;
        search->secrets_len =
            sizeof *search->secrets + options->threads * sizeof search->secrets->workers[0];
        search->secrets = secret_memory(search->secrets_len);
    }
    if (search == NULL || search->secrets == NULL) {
        free(search);
        error_set(error, "there is no memory for the keys to try");
        return NULL;
    }
    pthread_mutex_init(&search->lock, NULL);
    return search;
}

void psk_search_free(struct psk_search *search)
{
    if (search == NULL)
        return;
    secret_memory_free(search->secrets, search->secrets_len);
    pthread_mutex_destroy(&search->lock);
    free(search);
}

static bool take_keys(struct psk_search *search, struct psk_batch *batch)
{
    struct psk_candidates *candidates = &search->secrets->candidates;
    const struct psk_search_options *options = &search->options;
    pthread_mutex_lock(&search->lock);
    bool more = !search->stopped && psk_candidates_take(candidates, batch);
    search->stopped =
        search->stopped || !options->go_on(options->to, candidates->bytes, candidates->keys);
    pthread_mutex_unlock(&search->lock);
    return more;
}

static void try_key(struct psk_search *search, struct psk_trial *trial, struct span key)
{
    psk_trial_key(trial, key);
    for (size_t i = 0; i < search->num_proofs; i++) {
        struct psk_kept *kept = &search->proofs[i];
        if (kept->complete && !atomic_load_explicit(&kept->found, memory_order_relaxed) &&
            psk_trial_fits(trial, &kept->proof))
            atomic_store_explicit(&kept->found, true, memory_order_relaxed);
    }
}

static void *work(void *to)
{
    struct worker *worker = to;
    psk_trial_begin(&worker->trial);
    while (take_keys(worker->search, &worker->batch))
        for (size_t i = 0; i < worker->batch.num; i++)
            try_key(worker->search, &worker->trial, worker->batch.keys[i]);
    psk_trial_end(&worker->trial);
    crypto_wipe(&worker->batch, sizeof worker->batch);
    return NULL;
}

struct psk_search_stats psk_search_run(struct psk_search *search, struct psk_kept *proofs,
                                       size_t num)
{
    struct secrets *secrets = search->secrets;
    search->proofs = proofs;
    search->num_proofs = num;
    secrets->candidates = (struct psk_candidates){0};
    secrets->candidates.to = search->options.to;
    secrets->candidates.read = search->options.read;
    for (unsigned i = 0; i < search->options.threads; i++)
        secrets->workers[i].search = search;
    /* Without a further thread, those that there are do its work. */
    for (unsigned i = 1; i < search->options.threads; i++)
        secrets->workers[i].started =
            pthread_create(&secrets->workers[i].thread, NULL, work, &secrets->workers[i]) == 0;
    work(&secrets->workers[0]);
    for (unsigned i = 1; i < search->options.threads; i++)
        if (secrets->workers[i].started)
            pthread_join(secrets->workers[i].thread, NULL);
    const struct psk_search_stats stats = {.keys = secrets->candidates.keys,
                                           .too_long = secrets->candidates.too_long,
                                           .cut_short =
                                               search->stopped || secrets->candidates.failed};
    crypto_wipe(secrets, search->secrets_len);
    return stats;
}
