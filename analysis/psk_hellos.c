/* psk_hellos.c: a table of sets, by a keyed hash of what makes a hello the same: its random, its session id and its
 * binders. */
#include "analysis/psk_hellos.h"

#include "core/keyed_hash.h"

#include <stdlib.h>
#include <sys/random.h>

enum { WAYS = 8, SETS = PSK_HELLOS / WAYS };

struct entry {
    uint64_t name, age; /* 0: nothing is here; when it was put here */
    struct psk_delivered first;
    struct endpoint answered_by; /* by whom first; a server that is asked again may answer anew */
};

struct psk_hellos {
    uint64_t key[2], now;
    struct entry entries[PSK_HELLOS];
};

struct psk_hellos *psk_hellos_new(void)
{
    struct psk_hellos *hellos = calloc(1, sizeof *hellos);
    if (hellos != NULL &&
        getrandom(hellos->key, sizeof hellos->key, 0) != (ssize_t)sizeof hellos->key) {
        free(hellos);
        return NULL;
    }
    return hellos;
}

void psk_hellos_free(struct psk_hellos *hellos)
{
    free(hellos);
}

/* A client without randomness says nothing by saying the same twice. */
static bool is_random(struct span random)
{
    struct reader r = reader_of(random);
    uint8_t first = reader_u8(&r);
    bool differs = false;
    while (reader_more(&r))
        differs = reader_u8(&r) != first || differs;
    return random.len == 32 && differs;
}

static uint64_t hash_of(const struct psk_hellos *hellos, struct span bytes)
{
    return span_seen(bytes) ? keyed_hash(hellos->key, bytes.at, bytes.len) : 0;
}

uint64_t psk_hellos_name(const struct psk_hellos *hellos, const struct tls_client_hello *hello)
{
    if (!span_seen(hello->random) || !is_random(hello->random))
        return 0;
    const uint64_t words[3] = {hash_of(hellos, hello->random), hash_of(hellos, hello->session_id),
                               hash_of(hellos, hello->psk_binders)};
    return keyed_hash(hellos->key, words, sizeof words) | 1;
}

/* The entry of |name|, or the one that has to give way to it. */
static struct entry *place_of(struct psk_hellos *hellos, uint64_t name)
{
    struct entry *set = &hellos->entries[(name >> 32) % SETS * WAYS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == name)
            return &set[i];
        if (set[i].age < oldest->age)
            oldest = &set[i];
    }
    return oldest;
}

static bool same_address(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && same_address(a, b);
}

static enum psk_delivery compare(const struct psk_delivered *before,
                                 const struct psk_delivered *now)
{
    if (before->ip_version == now->ip_version) {
        bool client = same_end(&before->client, &now->client);
        bool server = same_end(&before->server, &now->server);
        if (client && server)
            return before->flow == now->flow ? PSK_DELIVERY_SAME : PSK_DELIVERY_COPY;
        if (server)
            return PSK_DELIVERY_TRANSLATED;
        /* On one host everything comes from one address. */
        if (same_address(&before->client, &now->server) &&
            !same_address(&before->client, &before->server))
            return PSK_DELIVERY_BACK_TO_SENDER;
        if (same_address(&before->client, &now->client))
            return PSK_DELIVERY_OTHER_SERVER;
    }
    return PSK_DELIVERY_ELSEWHERE;
}

enum psk_delivery psk_hellos_deliver(struct psk_hellos *hellos, uint64_t name,
                                     const struct flow *flow, uint64_t ns, uint64_t packet,
                                     struct psk_delivered *before, bool *pushed_out)
{
    const struct psk_delivered now = {.client = flow->ends[flow->client],
                                      .server = flow->ends[!flow->client],
                                      .ip_version = flow->ip_version,
                                      .ns = ns,
                                      .packet = packet,
                                      .flow = flow->first_packet};
    const uint64_t window = (uint64_t)PSK_HELLOS_WINDOW_S * 1000000000;
    struct entry *entry = place_of(hellos, name);
    uint64_t apart = ns > entry->first.ns ? ns - entry->first.ns : entry->first.ns - ns;
    if (entry->name == name && apart <= window) {
        *before = entry->first;
        return compare(before, &now);
    }
    *pushed_out = entry->name != 0 && entry->name != name;
    *entry = (struct entry){.name = name, .age = ++hellos->now, .first = now};
    return PSK_DELIVERY_FIRST;
}

bool psk_hellos_answer(struct psk_hellos *hellos, uint64_t name, const struct flow *flow,
                       struct span random, struct psk_delivered *before)
{
    struct entry *entry = place_of(hellos, name);
    uint64_t answer = hash_of(hellos, random) | 1;
    if (name == 0 || entry->name != name || !span_seen(random))
        return false;
    *before = entry->first;
    const struct endpoint *server = &flow->ends[!flow->client];
    if (entry->first.answer == 0) {
        entry->first.answer = answer;
        entry->answered_by = *server;
    }
    if (entry->first.answer == answer || same_end(&entry->answered_by, server) ||
        entry->first.answered_by_several)
        return false;
    entry->first.answered_by_several = true;
    return true;
}
