/* expect.c: conversations that a dissector knows of before they begin: a hash table whose keys have zeros where an
 * expectation leaves something open, asked once for every way of leaving open that is in use. */
#include "core/expect.h"

#include "core/dissector.h"
#include "core/keyed_hash.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

enum { BUCKETS = 2 * EXPECT_MAX, NUM_SHAPES = 16 };

/* What an expectation leaves open: its shape. */
enum open {
    OPEN_CLIENT_ADDRESS = 1,
    OPEN_CLIENT_PORT = 2,
    OPEN_SERVER_ADDRESS = 4,
    OPEN_SERVER_PORT = 8
};

/* Those that leave least open first; not both addresses. */
static const uint8_t shapes[] = {
    0,
    OPEN_CLIENT_PORT,
    OPEN_SERVER_PORT,
    OPEN_CLIENT_PORT | OPEN_SERVER_PORT,
    OPEN_SERVER_ADDRESS,
    OPEN_CLIENT_ADDRESS,
    OPEN_SERVER_ADDRESS | OPEN_CLIENT_PORT,
    OPEN_SERVER_ADDRESS | OPEN_SERVER_PORT,
    OPEN_CLIENT_ADDRESS | OPEN_CLIENT_PORT,
    OPEN_CLIENT_ADDRESS | OPEN_SERVER_PORT,
    OPEN_SERVER_ADDRESS | OPEN_CLIENT_PORT | OPEN_SERVER_PORT,
    OPEN_CLIENT_ADDRESS | OPEN_CLIENT_PORT | OPEN_SERVER_PORT,
};

/* All of its bytes are hashed and compared: it has no padding. */
struct expect_key {
    uint8_t client[16], server[16];
    uint16_t client_port, server_port;
    uint32_t tunnel_id;
    uint8_t protocol, ip_version, num_tunnels, shape;
};

_Static_assert(sizeof(struct expect_key) == 44, "the key has padding");

struct entry {
    struct expect_key key;
    const struct dissector *dissector;
    uint8_t *state;
    size_t state_len;
    uint64_t until_ns;
    uint16_t next;         /* in its bucket, or in the list of free places; 0: none */
    uint16_t older, newer; /* by the time they were noted */
};

struct expect_table {
    struct entry *entries; /* NULL until something is noted; place 0 is none */
    uint16_t *buckets;
    uint64_t key[2];
    uint32_t num, num_of_shape[NUM_SHAPES];
    uint16_t free, oldest, newest;
    uint64_t last_until_ns; /* nothing is expected for longer */
    struct expect_stats stats;
};

/* --- places --- */

struct expect_table *expect_table_new(void)
{
    struct expect_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    if (getrandom(table->key, sizeof table->key, 0) == (ssize_t)sizeof table->key)
        return table;
    free(table);
    return NULL;
}

void expect_table_free(struct expect_table *table)
{
    if (table == NULL)
        return;
    expect_table_clear(table);
    free(table->entries);
    free(table->buckets);
    free(table);
}

/* Most runs expect nothing: there is memory for it from the first expectation on. */
static bool make_places(struct expect_table *table)
{
    if (table->entries != NULL)
        return true;
    table->entries = calloc(EXPECT_MAX + 1, sizeof *table->entries);
    table->buckets = calloc(BUCKETS, sizeof *table->buckets);
    if (table->entries == NULL || table->buckets == NULL) {
        free(table->entries);
        free(table->buckets);
        table->entries = NULL;
        table->buckets = NULL;
        return false;
    }
    for (uint16_t place = 1; place <= EXPECT_MAX; place++)
        table->entries[place].next = place < EXPECT_MAX ? (uint16_t)(place + 1) : 0;
    table->free = 1;
    return true;
}

static uint16_t *bucket_of(const struct expect_table *table, const struct expect_key *key)
{
    return &table->buckets[keyed_hash(table->key, key, sizeof *key) % BUCKETS];
}

static void unlink_age(struct expect_table *table, const struct entry *entry)
{
    if (entry->older != 0)
        table->entries[entry->older].newer = entry->newer;
    else
        table->oldest = entry->newer;
    if (entry->newer != 0)
        table->entries[entry->newer].older = entry->older;
    else
        table->newest = entry->older;
}

static void link_newest(struct expect_table *table, uint16_t place)
{
    struct entry *entry = &table->entries[place];
    entry->older = table->newest;
    entry->newer = 0;
    if (table->newest != 0)
        table->entries[table->newest].newer = place;
    else
        table->oldest = place;
    table->newest = place;
}

static void remove_place(struct expect_table *table, uint16_t place)
{
    struct entry *entry = &table->entries[place];
    uint16_t *link = bucket_of(table, &entry->key);
    while (*link != place)
        link = &table->entries[*link].next;
    *link = entry->next;
    unlink_age(table, entry);
    table->num--;
    table->num_of_shape[entry->key.shape]--;
    free(entry->state);
    *entry = (struct entry){.next = table->free};
    table->free = place;
}

void expect_table_clear(struct expect_table *table)
{
    while (table->oldest != 0)
        remove_place(table, table->oldest);
    table->last_until_ns = 0;
}

static void expire(struct expect_table *table, uint64_t now_ns)
{
    bool all = now_ns > table->last_until_ns;
    while (table->oldest != 0 && (all || now_ns > table->entries[table->oldest].until_ns)) {
        table->stats.expired++;
        remove_place(table, table->oldest);
    }
}

/* --- noting --- */

static struct expect_key key_of(const struct flow *flow, const struct expectation *expectation)
{
    const struct expect_end *client = &expectation->client, *server = &expectation->server;
    struct expect_key key = {
        .client_port = client->any_port ? 0 : client->endpoint.port,
        .server_port = server->any_port ? 0 : server->endpoint.port,
        .tunnel_id = flow->around.tunnel_id,
        .protocol = expectation->dissector->protocol,
        .ip_version = expectation->ip_version != 0 ? expectation->ip_version : flow->ip_version,
        .num_tunnels = flow->around.num_tunnels,
        .shape = (uint8_t)((client->any_address ? OPEN_CLIENT_ADDRESS : 0) |
                           (client->any_port ? OPEN_CLIENT_PORT : 0) |
                           (server->any_address ? OPEN_SERVER_ADDRESS : 0) |
                           (server->any_port ? OPEN_SERVER_PORT : 0)),
    };
    if (!client->any_address)
        memcpy(key.client, client->endpoint.address, sizeof key.client);
    if (!server->any_address)
        memcpy(key.server, server->endpoint.address, sizeof key.server);
    return key;
}

static uint16_t place_of(const struct expect_table *table, const struct expect_key *key,
                         const struct dissector *dissector)
{
    for (uint16_t place = *bucket_of(table, key); place != 0; place = table->entries[place].next) {
        const struct entry *entry = &table->entries[place];
        if (memcmp(&entry->key, key, sizeof *key) == 0 &&
            (dissector == NULL || entry->dissector == dissector))
            return place;
    }
    return 0;
}

static uint16_t take_place(struct expect_table *table)
{
    if (table->free == 0) {
        table->stats.evicted++;
        remove_place(table, table->oldest);
    }
    uint16_t place = table->free;
    table->free = table->entries[place].next;
    return place;
}

bool expect_table_note(struct expect_table *table, const struct flow *flow,
                       const struct expectation *expectation, uint64_t now_ns)
{
    assert(!expectation->client.any_address || !expectation->server.any_address);
    size_t len = expectation->state.len;
    assert(len <= EXPECT_MAX_STATE);
    uint8_t *state = malloc(len > 0 ? len : 1);
    if (state == NULL || !make_places(table)) {
        free(state);
        return false;
    }
    if (len > 0)
        memcpy(state, expectation->state.at, len);
    expire(table, now_ns);
    struct expect_key key = key_of(flow, expectation);
    uint16_t same = place_of(table, &key, expectation->dissector);
    if (same != 0)
        remove_place(table, same);
    uint16_t place = take_place(table);
    uint16_t *bucket = bucket_of(table, &key);
    table->entries[place] = (struct entry){.key = key,
                                           .dissector = expectation->dissector,
                                           .state = state,
                                           .state_len = len,
                                           .until_ns = now_ns + expectation->lifetime_ns,
                                           .next = *bucket};
    *bucket = place;
    link_newest(table, place);
    table->num++;
    table->num_of_shape[key.shape]++;
    table->stats.noted++;
    if (table->entries[place].until_ns > table->last_until_ns)
        table->last_until_ns = table->entries[place].until_ns;
    return true;
}

/* --- finding --- */

bool expect_table_any(const struct expect_table *table)
{
    return table->num > 0;
}

static struct expect_key key_with(const struct flow *flow, uint8_t shape, unsigned client)
{
    const struct endpoint *asks = &flow->ends[client], *serves = &flow->ends[!client];
    struct expect_key key = {.client_port = shape & OPEN_CLIENT_PORT ? 0 : asks->port,
                             .server_port = shape & OPEN_SERVER_PORT ? 0 : serves->port,
                             .tunnel_id = flow->around.tunnel_id,
                             .protocol = flow->protocol,
                             .ip_version = flow->ip_version,
                             .num_tunnels = flow->around.num_tunnels,
                             .shape = shape};
    if (!(shape & OPEN_CLIENT_ADDRESS))
        memcpy(key.client, asks->address, sizeof key.client);
    if (!(shape & OPEN_SERVER_ADDRESS))
        memcpy(key.server, serves->address, sizeof key.server);
    return key;
}

struct expected expect_table_find(struct expect_table *table, const struct flow *flow,
                                  const struct dissector *dissector, uint64_t now_ns)
{
    expire(table, now_ns);
    for (size_t i = 0; i < sizeof shapes && table->num > 0; i++) {
        for (unsigned client = 0; client < 2 && table->num_of_shape[shapes[i]] > 0; client++) {
            struct expect_key key = key_with(flow, shapes[i], client);
            uint16_t place = place_of(table, &key, dissector);
            const struct entry *entry = &table->entries[place];
            if (place != 0 && now_ns <= entry->until_ns)
                return (struct expected){.dissector = entry->dissector,
                                         .state = span_of(entry->state, entry->state_len),
                                         .client = client};
        }
    }
    return (struct expected){0};
}

void expect_table_matched(struct expect_table *table)
{
    table->stats.matched++;
}

const struct expect_stats *expect_table_stats(const struct expect_table *table)
{
    return &table->stats;
}

/* --- for dissectors --- */

bool dissect_expect(struct dissect_context *context, const struct expectation *expectation)
{
    if (context->expect == NULL)
        return false;
    if (context->announced != NULL)
        context->announced(context->emit_to, context->flow, expectation, context->time_ns);
    return expect_table_note(context->expect, context->flow, expectation, context->time_ns);
}

struct span dissect_expected(const struct dissect_context *context,
                             const struct dissector *dissector, unsigned *client)
{
    struct expected expected = {0};
    if (context->expect != NULL && expect_table_any(context->expect))
        expected = expect_table_find(context->expect, context->flow, dissector, context->time_ns);
    if (client != NULL)
        *client = expected.client;
    return expected.state;
}
