/* dtls_sessions.c: DTLS sessions that go on from other addresses, followed by their connection ids (RFC 9146,
 * RFC 9147). Reads the first record of each flow's side with a connection id.
 *
 * Who receives a connection id has chosen it, and tells its sessions apart by it. So the same one sent
 * to the same address and port is the same session, wherever it comes from. Bounded: of eight entries the
 * oldest gives way. */
#include "analysis/analyzer.h"

#include "core/flow.h"
#include "core/keyed_hash.h"
#include "dissectors/dtls.h"

#include <stdlib.h>
#include <sys/random.h>

enum { WAYS = 8, SETS = 8192 };

struct entry {
    uint64_t name;   /* hash of the connection id and of its receiver; 0: nothing is here */
    uint64_t sender; /* hash of where it came from last */
    uint64_t age;    /* when it was seen last: the smallest is the oldest */
};

struct table {
    uint64_t key[2], now;
    struct entry entries[SETS * WAYS];
};

struct state {
    struct table *table;
};

static struct table *table_new(void)
{
    struct table *table = calloc(1, sizeof *table);
    if (table != NULL && getrandom(table->key, sizeof table->key, 0) != sizeof table->key) {
        free(table);
        return NULL;
    }
    return table;
}

/* The entry of |name|, or the one that has to give way to it. */
static struct entry *place_of(struct table *table, uint64_t name)
{
    struct entry *set = &table->entries[(name >> 32) % SETS * WAYS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == name)
            return &set[i];
        if (set[i].age < oldest->age)
            oldest = &set[i];
    }
    return oldest;
}

static uint64_t hash_of_end(const struct table *table, const struct endpoint *end)
{
    return keyed_hash(table->key, end, sizeof *end);
}

static uint64_t name_of(const struct table *table, struct span cid, const struct endpoint *receiver)
{
    const uint64_t words[2] = {keyed_hash(table->key, cid.at, cid.len),
                               hash_of_end(table, receiver)};
    return keyed_hash(table->key, words, sizeof words) | 1;
}

static void follow(struct table *table, const struct observation *observation,
                   struct analysis_stats *totals)
{
    const struct dtls_cid *seen = observation->data;
    const struct flow *flow = observation->flow;
    uint64_t name = name_of(table, seen->cid, &flow->ends[!observation->side]);
    uint64_t sender = hash_of_end(table, &flow->ends[observation->side]);
    struct entry *entry = place_of(table, name);
    if (entry->name == name)
        totals->dtls_cids_followed += entry->sender != sender;
    else
        totals->table_evictions += entry->name != 0;
    *entry = (struct entry){.name = name, .sender = sender, .age = ++table->now};
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct state *state = context->state;
    struct analysis_stats *totals = analysis_totals(context);
    totals->dtls_cids++;
    if (state->table == NULL)
        state->table = table_new();
    if (state->table != NULL)
        follow(state->table, observation, totals);
    else
        totals->table_evictions++;
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    free(state->table);
    state->table = NULL;
}

static const struct observation_type *const reads[] = {&observation_dtls_cid, NULL};

const struct analyzer analyzer_dtls_sessions = {.name = "dtls_sessions",
                                                .reads = reads,
                                                .state_size = sizeof(struct state),
                                                .observe = observe,
                                                .finish = finish};
