/* ephemeral_reuse.c: public values that are called ephemeral, and serve in several sessions: RFC 9325 section 7.4.
 * Reads hellos and key exchanges of TLS, DTLS and QUIC.
 *
 * Two handshakes are two when their randoms differ. So a retransmission, the second hello after a hello retry request
 * and what was captured at two places are no reuse. */
#include "analysis/bounded_table.h"
#include "analysis/negotiated.h"
#include "analysis/seen_ring.h"

enum {
    MOST_VALUES = 131072,
    MOST_REUSED = 16384,
    SHORTEST_VALUE = 16 /* bytes: shorter ones are GREASE, or no key at all */
};

/* The names in the tables. */
enum { NAME_CLIENT, NAME_SERVER, NAME_RANDOM };

/* Of a conversation: hashes of the randoms of its last hellos, by role; 0: not seen. */
struct randoms {
    uint64_t of[2];
};

/* Of a public value: most never come again. */
struct value_room {
    uint64_t handshake, sender; /* of the first one: names of its random, of the address */
    uint64_t first_ns;
};

/* Of one that came again, in another handshake. */
struct reuse_room {
    struct seen_ring handshakes; /* but for the first */
    uint64_t others;
};

struct state {
    struct bounded_table *values, *reused; /* made with the first of each */
};

/* A public value where it was read. */
struct sighting {
    unsigned role; /* NAME_CLIENT, NAME_SERVER */
    struct span value;
    struct number group;
    const char *key_exchange, *transport; /* key_exchange: up to version 1.2 */
    uint64_t handshake;                   /* hash of its random */
};

static void report(struct analyze_context *context, const struct sighting *sighting,
                   const struct value_room *value, uint64_t sessions, bool other_host)
{
    const struct flow *flow = context->observation->flow;
    struct finding finding = finding_begin(context, RULE_PFS_EPHEMERAL_REUSE);
    finding.transport = sighting->transport;
    finding.reason = "The same bytes came in handshakes with different randoms.";
    if (sighting->role == NAME_SERVER)
        finding_about_server(&finding, flow);
    else
        finding_about_client(&finding, flow);
    finding_says_text(&finding, "role", sighting->role == NAME_SERVER ? "server" : "client");
    finding_says_text(&finding, "key_exchange", sighting->key_exchange);
    if (sighting->group.seen)
        finding_says_text(&finding, "group", tls_group_name(sighting->group.value));
    finding_says_most(&finding, "sessions", sessions);
    finding_says_most(&finding, "seconds",
                      (context->observation->time_ns - value->first_ns) / 1000000000u);
    finding_says_ever(&finding, "other_host", other_host);
    finding_says_bytes(&finding, "public_value", PRIVACY_IDENTIFIER, "public-value", VALUE_BYTES,
                       sighting->value);
    finding_add(context, &finding);
}

/* The room of |name| in |table|, which may have to be made; no room without memory. */
static struct bounded_place place_of(struct analyze_context *context, struct bounded_table **table,
                                     size_t most, size_t size, uint64_t name)
{
    struct bounded_place place = {.room = NULL};
    if (*table == NULL)
        *table = bounded_table_new(most, size);
    if (*table != NULL)
        place = bounded_table_place(*table, name);
    analysis_totals(context)->table_evictions += place.pushed_out || place.room == NULL;
    return place;
}

static void see_again(struct analyze_context *context, const struct sighting *sighting,
                      const struct value_room *value, uint64_t name, uint64_t sender)
{
    struct state *state = context->state;
    struct reuse_room *reuse =
        place_of(context, &state->reused, MOST_REUSED, sizeof *reuse, name).room;
    if (reuse == NULL || !seen_ring_add(&reuse->handshakes, sighting->handshake))
        return;
    reuse->others++;
    if (context->observation->time_ns >= value->first_ns)
        report(context, sighting, value, reuse->others + 1, sender != value->sender);
}

static void see(struct analyze_context *context, const struct sighting *sighting)
{
    struct state *state = context->state;
    const struct flow *flow = context->observation->flow;
    if (sighting->value.len < SHORTEST_VALUE || sighting->handshake == 0)
        return;
    uint64_t name = analysis_random_name(context, sighting->role, sighting->value);
    uint64_t sender = analysis_address_name(context, sighting->role == NAME_SERVER ? !flow->client
                                                                                   : flow->client);
    const struct bounded_place place =
        place_of(context, &state->values, MOST_VALUES, sizeof(struct value_room), name);
    struct value_room *value = place.room;
    if (value == NULL)
        return;
    if (!place.known)
        *value = (struct value_room){.handshake = sighting->handshake,
                                     .sender = sender,
                                     .first_ns = context->observation->time_ns};
    else if (value->handshake != sighting->handshake)
        see_again(context, sighting, value, name, sender);
}

/* Notes the random of a hello, and gives its hash. */
static uint64_t note(struct analyze_context *context, unsigned role, struct span random)
{
    if (!span_seen(random) || random.len == 0)
        return 0;
    struct randoms *randoms = analysis_conversation(context);
    randoms->of[role] = analysis_name(context, NAME_RANDOM, random);
    return randoms->of[role];
}

static uint64_t noted(const struct analyze_context *context, unsigned role)
{
    const struct randoms *randoms = analysis_conversation_known(context);
    return randoms != NULL ? randoms->of[role] : 0;
}

/* struct { NamedGroup group; opaque key_exchange<1..2^16-1>; } KeyShareEntry, RFC 8446 section 4.2.8. */
static void observe_client_hello(struct analyze_context *context,
                                 const struct tls_client_hello *hello)
{
    uint64_t handshake = note(context, NAME_CLIENT, hello->random);
    if (!span_seen(hello->key_shares))
        return;
    struct reader shares = reader_of(hello->key_shares);
    while (reader_more(&shares)) {
        uint16_t group = reader_u16(&shares);
        struct sighting sighting = {.role = NAME_CLIENT,
                                    .value = reader_span_vec16(&shares),
                                    .group = number(group),
                                    .transport = hello->transport,
                                    .handshake = handshake};
        if (reader_ok(&shares) && !tls_is_grease(group))
            see(context, &sighting);
    }
}

static void observe_server_hello(struct analyze_context *context,
                                 const struct tls_server_hello *hello)
{
    if (hello->hello_retry == TRUTH_YES)
        return;
    const struct sighting sighting = {.role = NAME_SERVER,
                                      .value = hello->key_share,
                                      .group = hello->key_share_group,
                                      .transport = hello->transport,
                                      .handshake = note(context, NAME_SERVER, hello->random)};
    if (span_seen(hello->key_share))
        see(context, &sighting);
}

static void observe_server_key_exchange(struct analyze_context *context,
                                        const struct tls_server_key_exchange *exchange)
{
    const struct sighting sighting = {.role = NAME_SERVER,
                                      .value = exchange->public_value,
                                      .group = exchange->group,
                                      .key_exchange = exchange->kx,
                                      .transport = exchange->transport,
                                      .handshake = noted(context, NAME_SERVER)};
    if (span_seen(exchange->public_value))
        see(context, &sighting);
}

static void observe_client_key_exchange(struct analyze_context *context,
                                        const struct tls_client_key_exchange *exchange)
{
    const struct sighting sighting = {.role = NAME_CLIENT,
                                      .value = exchange->public_value,
                                      .key_exchange = exchange->kx,
                                      .transport = exchange->transport,
                                      .handshake = noted(context, NAME_CLIENT)};
    if (span_seen(exchange->public_value))
        see(context, &sighting);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation->data);
    else if (observation->type == &observation_tls_server_hello)
        observe_server_hello(context, observation->data);
    else if (observation->type == &observation_tls_server_key_exchange)
        observe_server_key_exchange(context, observation->data);
    else
        observe_client_key_exchange(context, observation->data);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->values);
    bounded_table_free(state->reused);
    *state = (struct state){.values = NULL};
}

static const struct observation_type *const reads[] = {
    &observation_tls_client_hello, &observation_tls_server_hello,
    &observation_tls_server_key_exchange, &observation_tls_client_key_exchange, NULL};

const struct analyzer analyzer_ephemeral_reuse = {.name = "ephemeral_reuse",
                                                  .reads = reads,
                                                  .state_size = sizeof(struct state),
                                                  .conversation_size = sizeof(struct randoms),
                                                  .observe = observe,
                                                  .finish = finish};
