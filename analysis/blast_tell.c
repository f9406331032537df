/* blast_tell.c: the secrets that open most, as observations. */
#include "analysis/blast_radius.h"
#include "analysis/blast_secrets.h"

#include <assert.h>
#include <stdlib.h>

/* What is told of a secret, with all that it points to; the name is behind. */
struct told_secret {
    struct observation observation;
    struct blast_radius radius;
    struct flow flow;
    struct names {
        uint8_t bytes[BLAST_MOST_NAMES * (1 + ANALYSIS_JOIN_NAME)];
        size_t len;
    } handshakes, clients, servers;
    uint8_t name[];
};

static uint64_t num_servers(const struct blast_secret *secret)
{
    const uint64_t opened = host_set_count(&secret->sessions.servers);
    const uint64_t all = host_set_count(&secret->servers);
    return all > opened ? all : opened;
}

/* One public value in one handshake is as it should be, and so is a certificate's key that opens nothing, unless other
 * servers have it, too. */
static bool is_worth_telling(const struct blast_secret *secret)
{
    const bool ephemeral = secret->kind == BLAST_CLIENT_VALUE || secret->kind == BLAST_SERVER_VALUE;
    if (secret->kind == BLAST_SERVER_KEY && secret->name_len == 0)
        return false;
    return secret->sessions.num > (ephemeral ? 1 : 0) ||
           (secret->kind == BLAST_SERVER_KEY && num_servers(secret) > 1);
}

/* A secret that is worth telling. */
struct ranked {
    const struct blast_secret *secret;
    uint64_t row; /* its kind, and which of those of its kind and packet it is */
};

/* Where the sessions begin, and what secret: not those of another one. */
static int compare_places(const struct blast_secret *x, const struct blast_secret *y)
{
    const uint64_t keys[][2] = {{x->sessions.packet, y->sessions.packet},
                                {x->sessions.first_ns, y->sessions.first_ns},
                                {x->kind, y->kind}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return 0;
}

/* An order that is the same for every run. */
static int compare_secrets(const void *a, const void *b)
{
    const struct blast_secret *x = ((const struct ranked *)a)->secret;
    const struct blast_secret *y = ((const struct ranked *)b)->secret;
    const int order = compare_places(x, y);
    if (order != 0)
        return order;
    if (x->name_len != y->name_len)
        return x->name_len < y->name_len ? -1 : 1;
    return memcmp(x->name, y->name, x->name_len);
}

/* The worst first. */
static int compare(const void *a, const void *b)
{
    const struct blast_secret *x = ((const struct ranked *)a)->secret;
    const struct blast_secret *y = ((const struct ranked *)b)->secret;
    const uint64_t keys[][2] = {{y->sessions.num, x->sessions.num},
                                {y->sessions.bytes, x->sessions.bytes},
                                {y->authenticated, x->authenticated}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return compare_secrets(a, b);
}

/* One session may be opened by several secrets of one kind: the key of the ticket that it showed, and of the one that
 * it was given. */
static void number_rows(struct ranked *all, size_t num)
{
    qsort(all, num, sizeof all[0], compare_secrets);
    for (size_t i = 0; i < num; i++) {
        const bool again = i > 0 && compare_places(all[i - 1].secret, all[i].secret) == 0;
        all[i].row = again ? all[i - 1].row + 1 : (uint64_t)all[i].secret->kind << 32;
    }
}

static const char *reason_of(const struct blast_secret *secret)
{
    switch (secret->kind) {
    case BLAST_SERVER_KEY:
        return secret->sessions.num > 0
                   ? "The keys of these sessions were agreed on with it alone, or come from such."
                   : "It opens nothing that was recorded: all these sessions have forward secrecy.";
    case BLAST_PSK:
        return secret->confidence == CONFIDENCE_CERTAIN
                   ? "The keys of these sessions come from it alone."
                   : "The keys of these sessions come from it alone, if the identity is that of "
                     "an external PSK.";
    case BLAST_TICKET_KEY:
        return secret->confidence == CONFIDENCE_LIKELY
                   ? "Different tickets begin with the same 16 bytes, as the name of a key would "
                     "be."
                   : "Only one ticket was seen: whether its first 16 bytes name a key is not "
                     "known.";
    case BLAST_CLIENT_VALUE:
    case BLAST_SERVER_VALUE:
        return "The same public value came in handshakes with different randoms.";
    }
    return NULL;
}

static const char *name_of(enum blast_kind kind)
{
    static const char *const names[] = {[BLAST_SERVER_KEY] = "server_key",
                                        [BLAST_PSK] = "psk",
                                        [BLAST_TICKET_KEY] = "ticket_key",
                                        [BLAST_CLIENT_VALUE] = "ephemeral_key",
                                        [BLAST_SERVER_VALUE] = "ephemeral_key"};
    return names[kind];
}

static struct span if_kind(const struct blast_secret *secret, enum blast_kind kind,
                           struct span name)
{
    return secret->kind == kind ? name : (struct span){.at = NULL};
}

static struct blast_radius radius_of(const struct blast_secret *secret, struct span name)
{
    struct blast_radius radius = {.secret = name_of(secret->kind),
                                  .key_sha256 = if_kind(secret, BLAST_SERVER_KEY, name),
                                  .psk_identity = if_kind(secret, BLAST_PSK, name),
                                  .ticket_key_name = if_kind(secret, BLAST_TICKET_KEY, name),
                                  .key_exchange = secret->sessions.key_exchange,
                                  .sessions = number(secret->sessions.num),
                                  .bytes = number(secret->sessions.bytes),
                                  .first_ns = number(secret->sessions.first_ns),
                                  .last_ns = number(secret->sessions.last_ns),
                                  .clients = number(host_set_count(&secret->sessions.clients)),
                                  .servers = number(num_servers(secret)),
                                  .confidence = confidence_name(secret->confidence),
                                  .reason = reason_of(secret)};
    if (secret->kind == BLAST_CLIENT_VALUE || secret->kind == BLAST_SERVER_VALUE) {
        radius.public_value = name;
        radius.role = secret->kind == BLAST_SERVER_VALUE ? "server" : "client";
    }
    if (secret->kind == BLAST_SERVER_KEY)
        radius.authenticated = number(secret->authenticated);
    return radius;
}

static void add_name(struct analyze_context *context, struct names *names, uint64_t name)
{
    assert(names->len < sizeof names->bytes);
    names->bytes[names->len] = ANALYSIS_JOIN_NAME;
    analysis_join_name(context, name, names->bytes + names->len + 1);
    names->len += 1 + ANALYSIS_JOIN_NAME;
}

/* Those of the family that is counted. */
static struct span names_of_hosts(struct analyze_context *context, struct names *names,
                                  const struct host_set *set)
{
    const unsigned family = set->num[1] > set->num[0];
    for (unsigned i = 0; i < set->num[family]; i++)
        add_name(context, names, set->hosts[family][i]);
    return span_of(names->bytes, names->len);
}

/* What reports of other sensors are joined by. */
static void tell_names(struct analyze_context *context, const struct blast_secret *secret,
                       struct told_secret *told)
{
    const struct seen_ring *ring = &secret->handshakes;
    const struct host_set *opened = &secret->sessions.servers, *shown = &secret->servers;
    static_assert((int)SEEN_RING_SIZE == (int)BLAST_MOST_NAMES, "all have room");
    static_assert((int)HOST_SET_MAX == (int)BLAST_MOST_NAMES, "all have room");
    if (!analysis_joins(context))
        return;
    for (size_t i = 0; i < SEEN_RING_SIZE; i++)
        if (ring->names[i] != 0)
            add_name(context, &told->handshakes, ring->names[i]);
    told->radius.handshakes = span_of(told->handshakes.bytes, told->handshakes.len);
    told->radius.client_names = names_of_hosts(context, &told->clients, &secret->sessions.clients);
    told->radius.server_names = names_of_hosts(
        context, &told->servers, host_set_count(shown) > host_set_count(opened) ? shown : opened);
}

static bool tell(struct analyze_context *context, const struct ranked *ranked)
{
    const struct blast_secret *secret = ranked->secret;
    const struct blast_sessions *sessions = &secret->sessions;
    const size_t size = sizeof(struct told_secret) + secret->name_len + 1;
    struct told_secret *told = calloc(1, size);
    if (told == NULL)
        return false;
    memcpy(told->name, secret->name, secret->name_len);
    told->radius = radius_of(secret, span_of(told->name, secret->name_len));
    tell_names(context, secret, told);
    told->flow = (struct flow){.ip_version = sessions->ip_version,
                               .protocol = sessions->protocol,
                               .first_packet = sessions->packet,
                               .first_ns = sessions->first_ns,
                               .last_ns = sessions->last_ns};
    memcpy(told->flow.ends, sessions->ends, sizeof told->flow.ends);
    told->observation = (struct observation){.type = &observation_blast_radius,
                                             .data = &told->radius,
                                             .flow = &told->flow,
                                             .time_ns = sessions->last_ns,
                                             .packet = sessions->packet,
                                             .row = ranked->row};
    return analysis_tell(context, &told->observation, told, size);
}

void blast_secrets_tell(const struct blast_secrets *secrets, struct analyze_context *context)
{
    const size_t num = secrets->table != NULL ? bounded_table_count(secrets->table) : 0;
    struct analysis_stats *totals = analysis_totals(context);
    struct ranked *worst = calloc(num + 1, sizeof worst[0]);
    size_t found = 0, told = 0, at = 0;
    for (size_t i = 0; i < num; i++) {
        const struct blast_secret *secret = bounded_table_next(secrets->table, &at);
        if (is_worth_telling(secret) && worst != NULL)
            worst[found].secret = secret;
        found += is_worth_telling(secret);
    }
    if (worst != NULL) {
        number_rows(worst, found);
        qsort(worst, found, sizeof worst[0], compare);
        for (size_t i = 0; i < found && i < BLAST_MOST_TOLD; i++)
            told += tell(context, &worst[i]);
    }
    free(worst);
    totals->blast_secrets = found;
    totals->blast_secrets_left_out = found - told;
}
