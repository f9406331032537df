/* team_threads.c: who of several threads does what next, under one lock; each thing itself is done without it. */
#include "core/team_parts.h"

#include <assert.h>
#include <sched.h>
#include <string.h>

static struct chunk *chunk_at(const struct team *team, uint64_t number)
{
    return &team->chunks[number % team->num_chunks];
}

/* Lets others in, and those that wait when there is something new for them. */
static void unlock(struct team *team)
{
    if (team->news && team->waiting > 0)
        pthread_cond_broadcast(&team->changed);
    team->news = false;
    pthread_mutex_unlock(&team->lock);
}

/* With the lock. */
static void tell_news(struct team *team)
{
    team->news = true;
    atomic_fetch_add_explicit(&team->changes, 1, memory_order_relaxed);
}

static void lock_again(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    tell_news(team);
}

/* Each of these does one thing if there is something to do: it returns with the lock held. */
static bool try_tell(struct team *team)
{
    struct chunk *chunk = chunk_at(team, team->next_tell);
    if (team->telling || chunk->stage != STAGE_LOOKED_AT)
        return false;
    team->telling = true;
    unlock(team);
    team_chunk_tell(team, chunk);
    lock_again(team);
    chunk->stage = STAGE_FREE;
    team->next_tell++;
    team->telling = false;
    return true;
}

static bool try_look(struct team *team)
{
    struct chunk *chunk = chunk_at(team, team->next_look);
    if (team->looking || chunk->stage != STAGE_GIVEN_OUT || chunk->lanes_left > 0)
        return false;
    team->looking = true;
    unlock(team);
    team_chunk_look(team, chunk);
    lock_again(team);
    chunk->stage = STAGE_LOOKED_AT;
    team->next_look++;
    team->looking = false;
    return true;
}

static bool has_food(const struct team *team, const struct lane *lane)
{
    return !lane->busy && lane->next < team->next_give_out;
}

static bool feed(struct team *team, struct lane *const *lanes, size_t num)
{
    for (size_t i = 0; i < num; i++)
        lanes[i]->busy = true;
    if (num == 0)
        return false;
    unlock(team);
    for (size_t i = 0; i < num; i++)
        team_chunk_feed(lanes[i], chunk_at(team, lanes[i]->next));
    lock_again(team);
    for (size_t i = 0; i < num; i++) {
        chunk_at(team, lanes[i]->next)->lanes_left--;
        lanes[i]->busy = false;
        lanes[i]->next++;
    }
    return true;
}

/* A thread has lanes of its own, so that what they remember is in its processor's cache. */
static bool try_feed_own(struct team *team, unsigned thread)
{
    struct lane *lanes[SHARES];
    size_t num = 0;
    for (unsigned i = thread; i < SHARES; i += team->num_threads)
        if (has_food(team, &team->lanes[i]))
            lanes[num++] = &team->lanes[i];
    return feed(team, lanes, num);
}

/* With nothing else to do, it takes the one of another that is furthest behind. */
static bool try_feed_other(struct team *team)
{
    struct lane *best = NULL;
    for (unsigned i = 0; i < SHARES; i++) {
        struct lane *lane = &team->lanes[i];
        if (has_food(team, lane) && (best == NULL || lane->next < best->next))
            best = lane;
    }
    return feed(team, &best, best != NULL);
}

static bool try_give_out(struct team *team)
{
    struct chunk *chunk = chunk_at(team, team->next_give_out);
    if (team->giving || chunk->stage != STAGE_DECODED)
        return false;
    team->giving = true;
    unlock(team);
    team_chunk_give_out(team, chunk);
    lock_again(team);
    chunk->stage = STAGE_GIVEN_OUT;
    chunk->lanes_left = SHARES;
    team->next_give_out++;
    team->giving = false;
    return true;
}

/* Reads a chunk, and decodes it while it is in the cache; the next one can be read meanwhile. */
static bool try_read(struct team *team)
{
    struct chunk *chunk = chunk_at(team, team->num_read);
    if (team->reading || team->ended || chunk->stage != STAGE_FREE)
        return false;
    team->reading = true;
    chunk->stage = STAGE_READING;
    unlock(team);
    team_chunk_read(team, chunk);
    lock_again(team);
    team->reading = false;
    team->ended = chunk->num == 0;
    team->num_read += !team->ended;
    if (team->ended) {
        chunk->stage = STAGE_FREE;
        return true;
    }
    unlock(team);
    team_chunk_decode(team, chunk);
    lock_again(team);
    chunk->stage = STAGE_DECODED;
    return true;
}

static bool all_told(const struct team *team)
{
    return team->ended && team->next_tell == team->num_read;
}

/* What is furthest on goes first, so that memory is given back as soon as can be. */
static bool try_something(struct team *team, unsigned thread)
{
    return !all_told(team) && (try_tell(team) || try_look(team) || try_feed_own(team, thread) ||
                               try_give_out(team) || try_read(team) || try_feed_other(team));
}

#if defined __x86_64__ || defined __i386__
static void pause_briefly(void)
{
    __builtin_ia32_pause();
}
#else
static void pause_briefly(void)
{
    atomic_signal_fence(memory_order_relaxed);
}
#endif

/* Whether something has been done since |seen|, within a while without the lock. */
static bool spin(struct team *team, unsigned seen)
{
    unlock(team);
    for (unsigned i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&team->changes, memory_order_relaxed) != seen)
            break;
        pause_briefly();
    }
    pthread_mutex_lock(&team->lock);
    return atomic_load_explicit(&team->changes, memory_order_relaxed) != seen || team->quitting;
}

static void wait_for_change(struct team *team)
{
    unsigned seen = atomic_load_explicit(&team->changes, memory_order_relaxed);
    if (team->spins && spin(team, seen))
        return;
    if (team->news && team->waiting > 0)
        pthread_cond_broadcast(&team->changed);
    team->news = false;
    team->waiting++;
    pthread_cond_wait(&team->changed, &team->lock);
    team->waiting--;
}

static void *work(void *to)
{
    const struct worker *worker = to;
    struct team *team = worker->team;
    pthread_mutex_lock(&team->lock);
    while (!team->quitting) {
        if (!try_something(team, worker->number))
            wait_for_change(team);
        else if (all_told(team))
            pthread_cond_broadcast(&team->changed); /* who called team_read waits for that */
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

static bool start_thread(struct team *team)
{
    pthread_attr_t attributes;
    cpu_set_t cpus;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    CPU_ZERO(&cpus);
    if (team->num_cpus > 0) {
        CPU_SET(team->cpus[(team->num_started + 1) % team->num_cpus], &cpus);
        pthread_attr_setaffinity_np(&attributes, sizeof cpus, &cpus);
    }
    struct worker *worker = &team->workers[team->num_started + 1];
    worker->team = team;
    worker->number = team->num_started + 1;
    bool ok = pthread_create(&worker->thread, &attributes, work, worker) == 0;
    pthread_attr_destroy(&attributes);
    team->num_started += ok;
    return ok;
}

void team_threads_read(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    team->num_read = team->next_give_out = team->next_look = team->next_tell = 0;
    for (unsigned i = 0; i < SHARES; i++)
        team->lanes[i].next = 0;
    team->ended = false;
    /* With fewer threads than asked for, down to this one, it takes longer. */
    while (team->num_started < team->num_threads - 1 && start_thread(team))
        ;
    tell_news(team);
    while (!all_told(team))
        if (!try_something(team, 0))
            wait_for_change(team);
    pthread_mutex_unlock(&team->lock);
    for (unsigned i = 0; i < NUM_LANES; i++)
        team->lanes[i].store = NULL;
}

void team_threads_end(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    team->quitting = true;
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
    for (unsigned i = 0; i < team->num_started; i++)
        pthread_join(team->workers[i + 1].thread, NULL);
}

static bool run_on(unsigned cpu, struct error *error)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    if (cpu < CPU_SETSIZE)
        CPU_SET(cpu, &cpus);
    return sched_setaffinity(0, sizeof cpus, &cpus) == 0 ||
           error_set(error, "processor %u cannot be used: %m", cpu);
}

bool team_pin(struct team *team, const unsigned *cpus, size_t num, struct error *error)
{
    assert(num >= 1 && num <= TEAM_MAX_THREADS && team->num_started == 0);
    for (size_t i = num; i > 0; i--)
        if (!run_on(cpus[i - 1], error))
            return false;
    memcpy(team->cpus, cpus, num * sizeof cpus[0]);
    team->num_cpus = num;
    return true;
}
