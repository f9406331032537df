/* psk_hellos.c: a table by a keyed hash of what makes a hello the same: its random, its session id and its binders. */
#include "analysis/psk_hellos.h"

#include "analysis/bounded_table.h"
#include "core/keyed_hash.h"

#include <stdlib.h>

struct psk_hellos {
    struct bounded_table *table; /* of struct psk_delivered: the first one */
};

struct psk_hellos *psk_hellos_new(void)
{
    struct psk_hellos *hellos = calloc(1, sizeof *hellos);
    if (hellos == NULL)
        return NULL;
    hellos->table = bounded_table_new(PSK_HELLOS, sizeof(struct psk_delivered));
    if (hellos->table == NULL) {
        free(hellos);
        return NULL;
    }
    return hellos;
}

void psk_hellos_free(struct psk_hellos *hellos)
{
    if (hellos == NULL)
        return;
    bounded_table_free(hellos->table);
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

static uint64_t hash_of(const uint64_t key[2], struct span bytes)
{
    return span_seen(bytes) ? keyed_hash(key, bytes.at, bytes.len) : 0;
}

uint64_t psk_hellos_name(const uint64_t key[2], const struct tls_client_hello *hello)
{
    if (!span_seen(hello->random) || !is_random(hello->random))
        return 0;
    const uint64_t words[3] = {hash_of(key, hello->random), hash_of(key, hello->session_id),
                               hash_of(key, hello->psk_binders)};
    return keyed_hash(key, words, sizeof words) | 1;
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
    struct psk_delivered *first = bounded_table_find(hellos->table, name);
    if (first != NULL && (ns > first->ns ? ns - first->ns : first->ns - ns) <= window) {
        *before = *first;
        return compare(before, &now);
    }
    const struct bounded_place place = bounded_table_place(hellos->table, name);
    *(struct psk_delivered *)place.room = now;
    *pushed_out = place.pushed_out;
    return PSK_DELIVERY_FIRST;
}

/* The delivery to the server that answered first. */
static struct psk_delivered answered_first(const struct psk_delivered *first)
{
    struct psk_delivered delivered = *first;
    if (same_end(&first->client, &first->asked_by) && same_end(&first->server, &first->answered_by))
        return delivered;
    delivered.client = first->asked_by;
    delivered.server = first->answered_by;
    delivered.packet = first->answer_packet;
    return delivered;
}

bool psk_hellos_answer(struct psk_hellos *hellos, uint64_t name, const struct flow *flow,
                       uint64_t answer, uint64_t packet, struct psk_delivered *before)
{
    struct psk_delivered *first = bounded_table_find(hellos->table, name);
    if (first == NULL)
        return false;
    const struct endpoint *server = &flow->ends[!flow->client];
    if (first->answer == 0) {
        first->answer = answer;
        first->answer_packet = packet;
        first->asked_by = flow->ends[flow->client];
        first->answered_by = *server;
    }
    if (first->answer == answer || same_end(&first->answered_by, server) ||
        first->answered_by_several)
        return false;
    first->answered_by_several = true;
    *before = answered_first(first);
    return true;
}
