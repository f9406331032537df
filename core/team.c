/* team.c: spreads packets over engines, in one thread or in several; tells observations in the order of packets. */
#include "core/team.h"

#include "core/crypto.h"
#include "core/expect.h"
#include "core/intake.h"
#include "core/observation_store.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SHARES = 8,         /* a power of two */
    ANNOUNCER = SHARES, /* the engine of packets that announce conversations between others */
    NUM_LANES = SHARES + 1,
    ANNOUNCER_FLOWS = 4096, /* DHCP has few addresses and ports */
    BATCH = 32,             /* packets between the fetching of their memory and their use */
    CHUNK_FRAMES = 512,
    CHUNKS_PER_THREAD = 3,
    SPINS =
        1000 /* some 20 us: to sleep and to be woken takes as long, and longer in a virtual machine */
};

/* What a lane is to do with an item of a chunk, in this order. */
enum task { TASK_TURN, TASK_EXPECT, TASK_TAKE };

struct entry {
    uint16_t item;
    uint8_t task;
    uint8_t clock; /* TASK_TURN */
    uint32_t announcement;
};

/* An announcement, with the flow that it was made in; what they point to is in the chunk's store. */
struct announcement {
    struct flow flow;
    struct expectation expectation;
    uint64_t now_ns;
};

struct entries {
    struct entry *at;
    size_t num, room;
};

enum stage { STAGE_FREE, STAGE_READING, STAGE_DECODED, STAGE_GIVEN_OUT };

struct chunk {
    enum stage stage;
    unsigned lanes_left; /* of STAGE_GIVEN_OUT: lanes that are not through with it */
    struct frame frames[CHUNK_FRAMES];
    struct intake_item items[CHUNK_FRAMES];
    size_t num;
    void *held;
    struct observation_store kept; /* what frames and announcements point to */
    struct announcement *announcements;
    size_t num_announcements, announcements_room;
    struct entries entries[NUM_LANES];
    struct observation_store said[NUM_LANES];
};

struct lane {
    struct team *team;
    struct engine *engine;
    struct observation_store *store; /* where observations go; NULL: they are told at once */
    uint64_t place;
    uint64_t next; /* number of the chunk that it takes next */
    bool busy;
};

struct worker {
    struct team *team;
    unsigned number;
    pthread_t thread;
};

struct team {
    struct engine_options options;
    unsigned num_threads;
    struct keyed_hash_five_key hash_key; /* of all engines: which one is asked need not be known */
    struct intake *intake;
    struct lane lanes[NUM_LANES];
    uint64_t lost; /* what there was no memory for */

    /* Of team_read with several threads. Chunk n is chunks[n % num_chunks]. */
    const struct team_source *source;
    struct chunk *chunks;
    size_t num_chunks;
    struct chunk *giving_out;                /* whose announcements are being made */
    struct worker workers[TEAM_MAX_THREADS]; /* the first is who calls */
    unsigned num_started;                    /* beside that */
    unsigned cpus[TEAM_MAX_THREADS]; /* of the threads, the calling one first; |num_cpus| 0: any */
    size_t num_cpus;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned waiting;
    bool quitting;
    bool news;           /* something has been done, of which those that sleep know nothing */
    bool spins;          /* there are processors for all threads */
    atomic_uint changes; /* how often something has been done: for those that spin */
    uint64_t num_read, next_give_out, next_tell; /* numbers of chunks */
    bool reading, giving, telling, ended;
};

/* --- which engine --- */

/* By the pair of addresses: key->word[0] to [3] have them in the order of the key. */
static unsigned share_of(const struct flow_key *key)
{
    uint64_t mixed = key->word[0] * 0x9e3779b97f4a7c15 + key->word[1] * 0xff51afd7ed558ccd +
                     key->word[2] * 0xc4ceb9fe1a85ec53 + key->word[3] * 0xd6e8feb86659fd93;
    return (unsigned)((mixed ^ (mixed >> 32)) * 0x9e3779b97f4a7c15 >> 32) % SHARES;
}

/* DHCP (RFC 2131), DHCPv6 (RFC 8415), and PXE's port of proxyDHCP. */
static bool announces_on(uint16_t port)
{
    return port == 67 || port == 68 || port == 546 || port == 547 || port == 4011;
}

static bool announces(const struct packet *packet)
{
    return packet->protocol == PROTO_UDP &&
           (announces_on(packet->ends[0].port) || announces_on(packet->ends[1].port));
}

/* Says which engine the item is for, and where that looks for its conversation. */
static void spread(const struct team *team, struct intake_item *item)
{
    item->lane = (uint8_t)(announces(&item->packet) ? (unsigned)ANNOUNCER : share_of(&item->key));
    item->hash = keyed_hash_five(&team->hash_key, item->key.word);
}

/* --- what engines say --- */

static void say(void *to, const struct observation *observation)
{
    struct lane *lane = to;
    const struct engine_options *options = &lane->team->options;
    if (lane->store != NULL)
        observation_store_add(lane->store, observation, lane->place);
    else
        options->emit(options->emit_to, observation);
}

static bool keep_announcement(struct chunk *chunk, const struct flow *flow,
                              const struct expectation *expectation, uint64_t now_ns)
{
    if (chunk->num_announcements == chunk->announcements_room) {
        size_t room = chunk->announcements_room != 0 ? 2 * chunk->announcements_room : 16;
        struct announcement *more = realloc(chunk->announcements, room * sizeof *more);
        if (more == NULL)
            return false;
        chunk->announcements = more;
        chunk->announcements_room = room;
    }
    struct announcement *kept = &chunk->announcements[chunk->num_announcements];
    *kept = (struct announcement){.flow = *flow, .expectation = *expectation, .now_ns = now_ns};
    kept->flow.state = NULL;
    kept->flow.streams[0] = kept->flow.streams[1] = NULL;
    if (span_seen(expectation->state))
        kept->expectation.state = observation_store_copy(&chunk->kept, expectation->state);
    if (span_seen(expectation->state) && !span_seen(kept->expectation.state))
        return false;
    chunk->num_announcements++;
    return true;
}

static void announce(void *to, const struct flow *flow, const struct expectation *expectation,
                     uint64_t now_ns)
{
    const struct lane *lane = to;
    struct team *team = lane->team;
    if (lane != &team->lanes[ANNOUNCER])
        return;
    if (team->giving_out != NULL) {
        team->lost += !keep_announcement(team->giving_out, flow, expectation, now_ns);
        return;
    }
    for (unsigned i = 0; i < SHARES; i++)
        engine_expect(team->lanes[i].engine, flow, expectation, now_ns);
}

/* --- one thread --- */

static void turn_all(struct team *team, const struct frame *frame, uint64_t now_ns,
                     enum intake_clock clock)
{
    for (unsigned i = 0; i < NUM_LANES; i++)
        engine_turn(team->lanes[i].engine, frame, now_ns, clock);
}

/* --- whoever keeps packets --- */

/* Each fragment may be a part of what somebody reads. */
static void set_interest(struct intake_item *item)
{
    item->interest = item->result == LAYERS_FRAGMENT ? INTEREST_READ : INTEREST_NONE;
    if (item->result == LAYERS_TRANSPORT)
        return;
    item->hash = 0;
    item->lane = 0;
}

static void take(struct lane *lane, struct intake_item *item)
{
    enum engine_interest interest = engine_take(lane->engine, item);
    if (interest > (enum engine_interest)item->interest)
        item->interest = (uint8_t)interest;
}

/* To whoever keeps packets, if somebody does. */
static void tell_packets(const struct team *team, const struct intake_item *items, size_t num)
{
    const struct engine_options *options = &team->options;
    for (size_t i = 0; options->packet != NULL && i < num; i++)
        options->packet(options->emit_to, items[i].packet.frame,
                        items[i].hash * NUM_LANES + items[i].lane,
                        (enum engine_interest)items[i].interest);
}

static void admit(struct team *team, struct intake_item *item)
{
    set_interest(item);
    if (item->clock != CLOCK_SAME)
        turn_all(team, item->packet.frame, item->now_ns, (enum intake_clock)item->clock);
    if (item->result != LAYERS_TRANSPORT) {
        if (!intake_complete(team->intake, item))
            return;
        spread(team, item);
        engine_fetch_flow(team->lanes[item->lane].engine, item);
    }
    take(&team->lanes[item->lane], item);
}

static void feed_batch(struct team *team, const struct frame *frames, size_t num)
{
    struct intake_item items[BATCH];
    for (size_t i = 0; i < num; i++) {
        intake_read(&items[i], &frames[i]);
        if (items[i].result != LAYERS_TRANSPORT)
            continue;
        spread(team, &items[i]);
        engine_fetch(team->lanes[items[i].lane].engine, &items[i]);
    }
    for (size_t i = 0; i < num; i++)
        if (items[i].result == LAYERS_TRANSPORT)
            engine_fetch_flow(team->lanes[items[i].lane].engine, &items[i]);
    intake_time(team->intake, items, num);
    for (size_t i = 0; i < num; i++) {
        admit(team, &items[i]);
        tell_packets(team, &items[i], 1);
    }
}

void team_feed(struct team *team, const struct frame *frames, size_t num)
{
    for (size_t done = 0; done < num;) {
        size_t batch = num - done < BATCH ? num - done : BATCH;
        feed_batch(team, frames + done, batch);
        done += batch;
    }
}

void team_advance(struct team *team, uint64_t time_ns)
{
    if (intake_advance(team->intake, time_ns) != CLOCK_SAME)
        turn_all(team, NULL, time_ns, CLOCK_TICKS);
}

/* --- several threads: what is done with a chunk, outside the lock --- */

static void read_chunk(struct team *team, struct chunk *chunk)
{
    const struct team_source *source = team->source;
    chunk->num = source->read(source->to, chunk->frames, CHUNK_FRAMES);
    chunk->held = chunk->num > 0 ? source->hold(source->to) : NULL;
    if (chunk->held != NULL)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < chunk->num; i++) {
        struct frame *frame = &chunk->frames[i];
        struct span copy =
            observation_store_copy(&chunk->kept, span_of(frame->at, frame->captured_len));
        if (!span_seen(copy)) {
            team->lost++;
            continue;
        }
        frame->at = copy.at;
        chunk->frames[kept++] = *frame;
    }
    chunk->num = kept;
}

static void decode_chunk(const struct team *team, struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->num; i++) {
        struct intake_item *item = &chunk->items[i];
        intake_read(item, &chunk->frames[i]);
        if (item->result == LAYERS_TRANSPORT)
            spread(team, item);
    }
}

static void add_entry(struct team *team, struct chunk *chunk, unsigned lane, struct entry entry)
{
    struct entries *entries = &chunk->entries[lane];
    if (entries->num == entries->room) {
        size_t room = entries->room != 0 ? 2 * entries->room : CHUNK_FRAMES;
        struct entry *more = realloc(entries->at, room * sizeof *more);
        if (more == NULL) {
            team->lost++;
            return;
        }
        entries->at = more;
        entries->room = room;
    }
    entries->at[entries->num++] = entry;
}

/* The payload of a datagram that was put together lives in the intake, for a while. */
static void keep_payload(struct team *team, struct chunk *chunk, struct packet *packet)
{
    struct reader *payload = &packet->payload;
    struct span copy =
        observation_store_copy(&chunk->kept, span_of(payload->at, reader_left(payload)));
    if (!span_seen(copy)) {
        team->lost++;
        copy = span_of(payload->at, 0);
    }
    struct reader moved = reader_of_cut(copy, payload->cut);
    *payload = moved;
}

/* The packet itself stays until all is told. */
static void take_at(struct lane *lane, struct intake_item *item, uint64_t place)
{
    const struct frame *frame = item->packet.frame;
    lane->place = place;
    lane->store->stays = span_of(frame->at, frame->captured_len);
    take(lane, item);
    lane->store->stays = span_of(NULL, 0);
}

/* The announcer is fed at once, so that all others can know what it announces from this packet on. */
static void give_to_announcer(struct team *team, struct chunk *chunk, uint16_t number)
{
    struct lane *announcer = &team->lanes[ANNOUNCER];
    uint32_t before = (uint32_t)chunk->num_announcements;
    engine_fetch_flow(announcer->engine, &chunk->items[number]);
    take_at(announcer, &chunk->items[number], 2u * number + 1);
    for (uint32_t i = before; i < chunk->num_announcements; i++)
        for (unsigned lane = 0; lane < SHARES; lane++)
            add_entry(team, chunk, lane,
                      (struct entry){.item = number, .task = TASK_EXPECT, .announcement = i});
}

static void turn_at(struct lane *lane, const struct intake_item *item, uint16_t number,
                    enum intake_clock clock)
{
    lane->place = 2u * number;
    engine_turn(lane->engine, item->packet.frame, item->now_ns, clock);
}

static void give_out_item(struct team *team, struct chunk *chunk, uint16_t number)
{
    struct intake_item *item = &chunk->items[number];
    set_interest(item);
    enum intake_clock clock = (enum intake_clock)item->clock;
    if (clock != CLOCK_SAME) {
        for (unsigned lane = 0; lane < SHARES; lane++)
            add_entry(team, chunk, lane,
                      (struct entry){.item = number, .task = TASK_TURN, .clock = (uint8_t)clock});
        turn_at(&team->lanes[ANNOUNCER], item, number, clock);
    }
    if (item->result != LAYERS_TRANSPORT) {
        if (!intake_complete(team->intake, item))
            return;
        keep_payload(team, chunk, &item->packet);
        spread(team, item);
    }
    if (item->lane == ANNOUNCER)
        give_to_announcer(team, chunk, number);
    else
        add_entry(team, chunk, item->lane, (struct entry){.item = number, .task = TASK_TAKE});
}

static void give_out_chunk(struct team *team, struct chunk *chunk)
{
    team->giving_out = chunk;
    team->lanes[ANNOUNCER].store = &chunk->said[ANNOUNCER];
    intake_time(team->intake, chunk->items, chunk->num);
    for (size_t i = 0; i < chunk->num; i++)
        give_out_item(team, chunk, (uint16_t)i);
    team->giving_out = NULL;
}

static void do_entry(struct lane *lane, struct chunk *chunk, const struct entry *entry)
{
    struct intake_item *item = &chunk->items[entry->item];
    switch ((enum task)entry->task) {
    case TASK_TURN:
        turn_at(lane, item, entry->item, (enum intake_clock)entry->clock);
        break;
    case TASK_EXPECT: {
        const struct announcement *announcement = &chunk->announcements[entry->announcement];
        engine_expect(lane->engine, &announcement->flow, &announcement->expectation,
                      announcement->now_ns);
        break;
    }
    case TASK_TAKE:
        take_at(lane, item, 2u * entry->item + 1);
        break;
    }
}

/* Another processor may have written the item: what of it every packet needs. */
static void fetch_item(const struct intake_item *item)
{
    __builtin_prefetch(item);
    __builtin_prefetch(&item->key);
    __builtin_prefetch(&item->hash);
}

static void feed_lane(struct lane *lane, struct chunk *chunk)
{
    size_t number = (size_t)(lane - lane->team->lanes);
    const struct entries *entries = &chunk->entries[number];
    lane->store = &chunk->said[number];
    for (size_t i = 0; i < entries->num && i < BATCH; i++)
        fetch_item(&chunk->items[entries->at[i].item]);
    for (size_t done = 0; done < entries->num; done += BATCH) {
        size_t end = done + BATCH < entries->num ? done + BATCH : entries->num;
        for (size_t i = end; i < entries->num && i < end + BATCH; i++)
            fetch_item(&chunk->items[entries->at[i].item]);
        for (size_t i = done; i < end; i++)
            if (entries->at[i].task == TASK_TAKE)
                engine_fetch(lane->engine, &chunk->items[entries->at[i].item]);
        for (size_t i = done; i < end; i++)
            if (entries->at[i].task == TASK_TAKE)
                engine_fetch_flow(lane->engine, &chunk->items[entries->at[i].item]);
        for (size_t i = done; i < end; i++)
            do_entry(lane, chunk, &entries->at[i]);
    }
}

/* What all lanes said, in the order of the packets; of what a tick made them say, in the order of the lanes. */
static void tell_chunk(struct team *team, struct chunk *chunk)
{
    const struct stored_observation *next[NUM_LANES];
    for (unsigned i = 0; i < NUM_LANES; i++)
        next[i] = chunk->said[i].first;
    for (;;) {
        unsigned first = NUM_LANES;
        for (unsigned i = 0; i < NUM_LANES; i++)
            if (next[i] != NULL && (first == NUM_LANES || next[i]->place < next[first]->place))
                first = i;
        if (first == NUM_LANES)
            break;
        team->options.emit(team->options.emit_to, &next[first]->observation);
        next[first] = next[first]->next;
    }
    tell_packets(team, chunk->items, chunk->num);
    for (unsigned i = 0; i < NUM_LANES; i++) {
        observation_store_clear(&chunk->said[i]);
        chunk->entries[i].num = 0;
    }
    observation_store_clear(&chunk->kept);
    chunk->num_announcements = 0;
    if (chunk->held != NULL)
        team->source->release(team->source->to, chunk->held);
    chunk->held = NULL;
}

/* --- several threads: who does what, under the lock --- */

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
    if (team->telling || chunk->stage != STAGE_GIVEN_OUT || chunk->lanes_left > 0)
        return false;
    team->telling = true;
    unlock(team);
    tell_chunk(team, chunk);
    lock_again(team);
    chunk->stage = STAGE_FREE;
    team->next_tell++;
    team->telling = false;
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
        feed_lane(lanes[i], chunk_at(team, lanes[i]->next));
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
    give_out_chunk(team, chunk);
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
    read_chunk(team, chunk);
    lock_again(team);
    team->reading = false;
    team->ended = chunk->num == 0;
    team->num_read += !team->ended;
    if (team->ended) {
        chunk->stage = STAGE_FREE;
        return true;
    }
    unlock(team);
    decode_chunk(team, chunk);
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
    return !all_told(team) && (try_tell(team) || try_feed_own(team, thread) || try_give_out(team) ||
                               try_read(team) || try_feed_other(team));
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

static void read_by_all(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    team->num_read = team->next_give_out = team->next_tell = 0;
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

void team_read(struct team *team, const struct team_source *source)
{
    struct frame frames[BATCH];
    team->source = source;
    if (team->num_threads > 1)
        read_by_all(team);
    else
        for (size_t num; (num = source->read(source->to, frames, BATCH)) > 0;)
            team_feed(team, frames, num);
    team->source = NULL;
}

/* --- the team itself --- */

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

void team_finish(struct team *team)
{
    for (unsigned i = 0; i < NUM_LANES; i++)
        engine_finish(team->lanes[i].engine);
}

/* A share of a bound; the announcer's comes on top. */
static size_t share(size_t bound, size_t usual)
{
    return ((bound != 0 ? bound : usual) + SHARES - 1) / SHARES;
}

static bool make_lanes(struct team *team, struct error *error)
{
    const struct engine_options *options = &team->options;
    for (unsigned i = 0; i < NUM_LANES; i++) {
        struct lane *lane = &team->lanes[i];
        struct engine_options own = *options;
        own.in_team = true;
        own.flow_hash_key = &team->hash_key;
        own.max_flows = share(options->max_flows, ENGINE_DEFAULT_FLOWS);
        if (i == ANNOUNCER && own.max_flows > ANNOUNCER_FLOWS)
            own.max_flows = ANNOUNCER_FLOWS;
        own.max_stream_bytes = share(options->max_stream_bytes, ENGINE_DEFAULT_STREAM_BYTES);
        own.max_datagram_bytes = share(options->max_datagram_bytes, ENGINE_DEFAULT_DATAGRAM_BYTES);
        own.max_state_bytes = share(options->max_state_bytes, ENGINE_DEFAULT_STATE_BYTES);
        own.emit_to = lane;
        own.emit = say;
        own.announced = announce;
        lane->team = team;
        lane->engine = engine_new(&own, error);
        if (lane->engine == NULL)
            return false;
    }
    return true;
}

static bool make_chunks(struct team *team, struct error *error)
{
    if (team->num_threads == 1)
        return true;
    team->num_chunks = (size_t)team->num_threads * CHUNKS_PER_THREAD;
    const size_t size = team->num_chunks * sizeof *team->chunks;
    team->chunks = aligned_alloc(_Alignof(struct chunk), size);
    if (team->chunks == NULL) {
        team->num_chunks = 0;
        return error_set(error, "there is no memory for %u threads", team->num_threads);
    }
    memset(team->chunks, 0, size);
    return true;
}

struct team *team_new(const struct engine_options *options, unsigned threads, struct error *error)
{
    assert(threads >= 1 && threads <= TEAM_MAX_THREADS);
    struct team *team = calloc(1, sizeof *team);
    if (team == NULL) {
        error_set(error, "there is no memory for the engines");
        return NULL;
    }
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->changed, NULL);
    team->options = *options;
    team->num_threads = threads;
    team->spins = sysconf(_SC_NPROCESSORS_ONLN) >= (long)threads;
    team->ended = true;
    team->intake = intake_new();
    bool keyed = crypto_random((uint8_t *)&team->hash_key, sizeof team->hash_key);
    if (team->intake == NULL || !keyed)
        error_set(error, "there is no memory for the engines, or the system gives no random bytes");
    if (team->intake == NULL || !keyed || !make_lanes(team, error) || !make_chunks(team, error)) {
        team_free(team);
        return NULL;
    }
    return team;
}

struct engine_stats team_stats(const struct team *team)
{
    struct engine_stats sum = {0};
    intake_count(team->intake, &sum);
    for (unsigned i = 0; i < NUM_LANES; i++) {
        const struct engine_stats one = engine_stats(team->lanes[i].engine);
#define ENGINE_STAT(name, about) sum.name += one.name;
#include "core/engine_stats.def"
#undef ENGINE_STAT
    }
    for (size_t i = 0; i < team->num_chunks; i++)
        for (unsigned lane = 0; lane < NUM_LANES; lane++)
            sum.observations_lost += team->chunks[i].said[lane].lost;
    sum.observations_lost += team->lost;
    return sum;
}

void team_free(struct team *team)
{
    if (team == NULL)
        return;
    pthread_mutex_lock(&team->lock);
    team->quitting = true;
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
    for (unsigned i = 0; i < team->num_started; i++)
        pthread_join(team->workers[i + 1].thread, NULL);
    for (unsigned i = 0; i < NUM_LANES; i++)
        engine_free(team->lanes[i].engine);
    for (size_t i = 0; i < team->num_chunks; i++) {
        struct chunk *chunk = &team->chunks[i];
        for (unsigned lane = 0; lane < NUM_LANES; lane++) {
            observation_store_free(&chunk->said[lane]);
            free(chunk->entries[lane].at);
        }
        observation_store_free(&chunk->kept);
        free(chunk->announcements);
    }
    free(team->chunks);
    intake_free(team->intake);
    pthread_cond_destroy(&team->changed);
    pthread_mutex_destroy(&team->lock);
    free(team);
}
