/* fleet.c: threads that take the next target each. Only so many are ahead of the one that is to be told next. */
#include "probe/program/fleet.h"

#include <pthread.h>
#include <stdlib.h>

enum { MAX_THREADS = 64 };

struct place {
    struct probe probe;
    bool done;
};

struct work {
    const struct fleet *fleet;
    struct place *places; /* |num_places| of them: target i has place i % num_places */
    size_t num_places, next, told;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* Waits for a place; false when all targets are given out. */
static bool take(struct work *work, size_t *target)
{
    pthread_mutex_lock(&work->lock);
    while (work->next < work->fleet->targets->num && work->next - work->told >= work->num_places)
        pthread_cond_wait(&work->changed, &work->lock);
    const bool is_there = work->next < work->fleet->targets->num;
    *target = work->next;
    work->next += is_there;
    pthread_mutex_unlock(&work->lock);
    return is_there;
}

static void *run(void *to)
{
    struct work *work = to;
    size_t i;
    while (take(work, &i)) {
        struct place *place = &work->places[i % work->num_places];
        const struct target *target = &work->fleet->targets->items[i];
        place->probe = (struct probe){
            .settings = work->fleet->settings, .name = target->name, .target = target->address};
        probe_run(&place->probe);
        pthread_mutex_lock(&work->lock);
        place->done = true;
        pthread_cond_broadcast(&work->changed);
        pthread_mutex_unlock(&work->lock);
    }
    return NULL;
}

static void tell_all(struct work *work)
{
    const struct fleet *fleet = work->fleet;
    for (size_t i = 0; i < fleet->targets->num; i++) {
        struct place *place = &work->places[i % work->num_places];
        pthread_mutex_lock(&work->lock);
        while (!place->done)
            pthread_cond_wait(&work->changed, &work->lock);
        pthread_mutex_unlock(&work->lock);
        fleet->told(fleet->to, &place->probe);
        probe_free(&place->probe);
        pthread_mutex_lock(&work->lock);
        place->done = false;
        work->told = i + 1;
        pthread_cond_broadcast(&work->changed);
        pthread_mutex_unlock(&work->lock);
    }
}

bool fleet_run(const struct fleet *fleet, struct error *error)
{
    pthread_t threads[MAX_THREADS];
    unsigned num = 0, most = fleet->parallel < MAX_THREADS ? fleet->parallel : MAX_THREADS;
    if (most > fleet->targets->num)
        most = (unsigned)fleet->targets->num;
    struct work work = {.fleet = fleet, .num_places = most};
    work.places = calloc(most, sizeof work.places[0]);
    if (work.places == NULL)
        return error_set(error, "there is no memory");
    pthread_mutex_init(&work.lock, NULL);
    pthread_cond_init(&work.changed, NULL);
    while (num < most && pthread_create(&threads[num], NULL, run, &work) == 0)
        num++;
    if (num > 0)
        tell_all(&work);
    for (unsigned i = 0; i < num; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&work.changed);
    pthread_mutex_destroy(&work.lock);
    free(work.places);
    return num > 0 || error_set(error, "no thread could be started");
}
