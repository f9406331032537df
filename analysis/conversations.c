/* conversations.c: a bounded table by the flow's ends and first packet, and the number of the exchange. What was asked for
 * last is at hand: observations of one flow come one after the other, and several analyzers ask at each. */
#include "analysis/conversations.h"

#include "analysis/bounded_table.h"
#include "core/keyed_hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

struct conversations {
    struct bounded_table *table;
    struct keyed_hash_five_key key;
    const struct observation *looked_at; /* since conversations_look_anew; NULL: none */
    uint64_t last_name;                  /* 0: none */
    struct conversation *last;
};

struct conversations *conversations_new(size_t size, void *leaves_to,
                                        void (*leaves)(void *leaves_to, void *conversation))
{
    struct conversations *conversations = calloc(1, sizeof *conversations);
    if (conversations == NULL)
        return NULL;
    conversations->table =
        bounded_table_new(CONVERSATIONS_MOST, sizeof(struct conversation) + size);
    if (conversations->table == NULL || getrandom(&conversations->key, sizeof conversations->key,
                                                  0) != (ssize_t)sizeof conversations->key) {
        conversations_free(conversations);
        return NULL;
    }
    bounded_table_leaves(conversations->table, leaves_to, leaves);
    return conversations;
}

void conversations_free(struct conversations *conversations)
{
    if (conversations == NULL)
        return;
    bounded_table_free(conversations->table);
    free(conversations);
}

/* The ends are four words and a half: the half, the protocol and the number of the exchange are spread over the number of
 * the first packet, which nobody can choose so that the sums are the same. */
static uint64_t name_of(const struct conversations *conversations,
                        const struct observation *observation)
{
    const struct flow *flow = observation->flow;
    enum { WHOLE = 4 * sizeof(uint64_t), REST = sizeof flow->ends - WHOLE };
    const uint64_t odd = 0x9e3779b97f4a7c15;
    uint64_t words[5];
    uint32_t rest;
    static_assert(REST == sizeof rest, "the ends have no padding");
    memcpy(words, flow->ends, WHOLE);
    memcpy(&rest, (const uint8_t *)flow->ends + WHOLE, REST);
    const uint64_t others = (uint64_t)observation->exchange << 40 | (uint64_t)flow->protocol << 32;
    words[4] = flow->first_packet + (others | rest) * odd;
    uint64_t name = keyed_hash_five(&conversations->key, words);
    return name != 0 ? name : 1;
}

void conversations_look_anew(struct conversations *conversations)
{
    conversations->looked_at = NULL;
}

struct conversation *conversations_find(struct conversations *conversations,
                                        const struct observation *observation)
{
    if (observation == conversations->looked_at)
        return conversations->last;
    uint64_t name = name_of(conversations, observation);
    conversations->looked_at = observation;
    if (name != conversations->last_name) {
        conversations->last_name = name;
        conversations->last = bounded_table_find(conversations->table, name);
    }
    return conversations->last;
}

struct conversation *conversations_begin(struct conversations *conversations,
                                         const struct observation *observation, bool *pushed_out)
{
    struct conversation *known = conversations_find(conversations, observation);
    if (known != NULL)
        return known;
    const struct bounded_place place =
        bounded_table_place(conversations->table, conversations->last_name);
    *pushed_out = place.pushed_out;
    conversations->last = place.room;
    return conversations->last;
}

void conversations_forget(struct conversations *conversations,
                          const struct observation *observation)
{
    bounded_table_forget(conversations->table, name_of(conversations, observation));
    conversations->last_name = 0;
    conversations->last = NULL;
    conversations->looked_at = NULL;
}

size_t conversations_count(const struct conversations *conversations)
{
    return bounded_table_count(conversations->table);
}
