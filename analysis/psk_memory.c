/* psk_memory.c: a table of sets: a flow has its place in one of eight entries, and the oldest gives
 * way. */
#include "analysis/psk_memory.h"

#include "core/keyed_hash.h"

#include <stdlib.h>
#include <sys/random.h>

enum { WAYS = 8, NUM_SETS = PSK_MEMORY_FLOWS / WAYS };

struct entry {
    bool used;
    uint8_t protocol;
    struct endpoint ends[2];
    uint64_t first_packet; /* of the flow: with the ends, its name */
    uint64_t age;          /* when it was begun: the smallest is the oldest */
    struct psk_handshake handshake;
};

struct psk_memory {
    uint64_t key[2];
    uint64_t now;
    struct entry entries[PSK_MEMORY_FLOWS];
};

struct psk_memory *psk_memory_new(void)
{
    struct psk_memory *memory = calloc(1, sizeof *memory);
    if (memory != NULL &&
        getrandom(memory->key, sizeof memory->key, 0) != (ssize_t)sizeof memory->key) {
        free(memory);
        return NULL;
    }
    return memory;
}

void psk_memory_free(struct psk_memory *memory)
{
    free(memory);
}

static bool is_of(const struct entry *entry, const struct flow *flow)
{
    return entry->used && entry->first_packet == flow->first_packet &&
           entry->protocol == flow->protocol &&
           memcmp(entry->ends, flow->ends, sizeof entry->ends) == 0;
}

static struct entry *set_of(struct psk_memory *memory, const struct flow *flow)
{
    uint64_t words[2] = {keyed_hash(memory->key, flow->ends, sizeof flow->ends),
                         flow->first_packet};
    uint64_t hash = keyed_hash(memory->key, words, sizeof words);
    return &memory->entries[hash % NUM_SETS * WAYS];
}

static struct entry *find(struct psk_memory *memory, const struct flow *flow)
{
    struct entry *set = set_of(memory, flow);
    for (size_t i = 0; i < WAYS; i++)
        if (is_of(&set[i], flow))
            return &set[i];
    return NULL;
}

static struct entry *free_or_oldest(struct entry *set)
{
    struct entry *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (!set[i].used)
            return &set[i];
        if (set[i].age < oldest->age)
            oldest = &set[i];
    }
    return oldest;
}

bool psk_memory_begin(struct psk_memory *memory, const struct flow *flow,
                      struct psk_handshake **handshake)
{
    psk_memory_forget(memory, flow);
    struct entry *entry = free_or_oldest(set_of(memory, flow));
    bool pushed_out = entry->used;
    *entry = (struct entry){.used = true,
                            .protocol = flow->protocol,
                            .ends = {flow->ends[0], flow->ends[1]},
                            .first_packet = flow->first_packet,
                            .age = memory->now++};
    *handshake = &entry->handshake;
    return pushed_out;
}

struct psk_handshake *psk_memory_find(struct psk_memory *memory, const struct flow *flow)
{
    struct entry *entry = find(memory, flow);
    return entry != NULL ? &entry->handshake : NULL;
}

void psk_memory_forget(struct psk_memory *memory, const struct flow *flow)
{
    struct entry *entry = find(memory, flow);
    if (entry != NULL)
        entry->used = false;
}

void psk_handshake_offer(struct psk_handshake *handshake, enum psk_origin_verdict verdict,
                         uint64_t name)
{
    if (handshake->num_offers == PSK_MEMORY_IDENTITIES)
        return;
    handshake->names[handshake->num_offers] = name;
    handshake->verdicts[handshake->num_offers++] = (uint8_t)verdict;
}

enum psk_origin_verdict psk_handshake_verdict(const struct psk_handshake *handshake, uint64_t index)
{
    return index < handshake->num_offers ? (enum psk_origin_verdict)handshake->verdicts[index]
                                         : PSK_ORIGIN_UNKNOWN;
}
