/* team_parts.h: what the files of a team share: its lanes, the chunks that several threads pass on, and who holds what.
 * For core/team*.c only. */
#ifndef PERPASS_CORE_TEAM_PARTS_H
#define PERPASS_CORE_TEAM_PARTS_H

#include "core/expect.h"
#include "core/intake.h"
#include "core/observation_store.h"
#include "core/team.h"

#include <pthread.h>
#include <stdatomic.h>

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

enum stage { STAGE_FREE, STAGE_READING, STAGE_DECODED, STAGE_GIVEN_OUT, STAGE_LOOKED_AT };

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
    struct stored_observation
        *first_said; /* of STAGE_LOOKED_AT: what all lanes said, in the order of packets */
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
    uint64_t num_read, next_give_out, next_look, next_tell; /* numbers of chunks */
    bool reading, giving, looking, telling, ended;
};

/* --- team.c: of each packet --- */

/* team_spread says which engine the item is for, and where that looks for its conversation. */
void team_spread(const struct team *team, struct intake_item *item);

/* team_set_interest sets what an item is to whoever keeps packets, until its engine knows better. */
void team_set_interest(struct intake_item *item);
void team_take(struct lane *lane, struct intake_item *item);

/* team_tell_packets tells whoever keeps packets, if somebody does. */
void team_tell_packets(const struct team *team, const struct intake_item *items, size_t num);

/* --- team_chunk.c: what is done with a chunk, outside the lock, in this order --- */

void team_chunk_read(struct team *team, struct chunk *chunk);
void team_chunk_decode(const struct team *team, struct chunk *chunk);

/* team_chunk_give_out lists for each lane what it is to do, and does what the announcer has to. */
void team_chunk_give_out(struct team *team, struct chunk *chunk);

/* team_chunk_announce keeps what a dissector announced while the chunk is given out; false without memory. */
bool team_chunk_announce(struct chunk *chunk, const struct flow *flow,
                         const struct expectation *expectation, uint64_t now_ns);
void team_chunk_feed(struct lane *lane, struct chunk *chunk);

/* team_look shows an observation to who wants to see it before it is told. */
void team_look(const struct team *team, const struct observation *observation);

/* team_chunk_look brings what all lanes said into the order of packets, and lets it be looked at. */
void team_chunk_look(const struct team *team, struct chunk *chunk);

/* team_chunk_tell tells what all lanes said, and empties the chunk. */
void team_chunk_tell(struct team *team, struct chunk *chunk);
void team_chunk_free(struct chunk *chunk);

/* --- team_threads.c: who does what --- */

/* team_threads_read reads |team->source| to its end by all threads. */
void team_threads_read(struct team *team);

/* team_threads_end ends those that were started. */
void team_threads_end(struct team *team);

#endif
