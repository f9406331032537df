/* session_tickets.c: keys of sessions that live on: tickets under a key that stays, resumption after resumption, early
 * data. RFC 5077, RFC 5246 appendix F.1.4, RFC 8446 sections 2.2 and 2.3. Reads hellos, tickets, and how handshakes
 * ended.
 *
 * A ticket is not opened. That its first 16 bytes name a key (RFC 5077 section 4) is believed when another ticket has
 * the same: bytes of another layout would be an initialisation vector, which does not come twice. */
#include "analysis/bounded_table.h"
#include "analysis/host_set.h"
#include "analysis/negotiated.h"
#include "analysis/seen_ring.h"

#include "dissectors/psk_origin.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

enum {
    MOST_SECRETS = 131072, /* tickets and session ids */
    MOST_KEYS = 16384,     /* names of ticket keys */
    MOST_PSKS = 4,
    KEY_NAME_LEN = 16,
    SHORTEST_TICKET = 16 + 16 + 48 + 16, /* key name, IV, a master secret, the shortest MAC */
    DAY = 86400,                         /* seconds */
    LONGEST_LIFETIME = 7 * DAY
};

/* The names in the tables. */
enum { NAME_TICKET, NAME_SESSION_ID, NAME_PSK, NAME_KEY };

/* Of a conversation: hashes of what its last handshake presented and got; 0: nothing. */
struct handshake {
    uint64_t ticket, session_id; /* that the client presents */
    uint64_t new_ticket, new_session_id;
    uint64_t psks[MOST_PSKS];
    uint64_t selected_psk; /* of a session without key share */
    bool begun, tls13;
};

/* Of a ticket or session id: where its keys come from. */
struct origin {
    uint64_t first_ns, resumptions;
};

/* Of the name of a ticket key. */
struct ticket_key {
    struct seen_ring tickets;
    struct host_set servers;
    uint64_t first_ns, num_tickets;
};

struct state {
    struct bounded_table *origins, *keys; /* made with the first entry */
};

/* The room of |name| in |table|, which may have to be made; NULL without memory. */
static void *place(struct analyze_context *context, struct bounded_table **table, size_t most,
                   size_t size, uint64_t name, bool *known)
{
    if (*table == NULL)
        *table = bounded_table_new(most, size);
    if (*table == NULL) {
        analysis_totals(context)->table_evictions++;
        return NULL;
    }
    struct bounded_place place = bounded_table_place(*table, name);
    analysis_totals(context)->table_evictions += place.pushed_out;
    *known = place.known;
    return place.room;
}

static struct origin *place_origin(struct analyze_context *context, uint64_t name, bool *known)
{
    struct state *state = context->state;
    return place(context, &state->origins, MOST_SECRETS, sizeof(struct origin), name, known);
}

static struct ticket_key *place_key(struct analyze_context *context, uint64_t name, bool *known)
{
    struct state *state = context->state;
    return place(context, &state->keys, MOST_KEYS, sizeof(struct ticket_key), name, known);
}

static struct handshake *handshake_of(struct analyze_context *context)
{
    struct handshake *handshake = analysis_conversation(context);
    handshake->begun = true;
    return handshake;
}

static uint64_t seconds_since(const struct analyze_context *context, uint64_t first_ns)
{
    uint64_t now = context->observation->time_ns;
    return now > first_ns ? (now - first_ns) / 1000000000u : 0;
}

/* --- early data --- */

static void report_early_data(struct analyze_context *context, const struct tls_client_hello *hello)
{
    uint8_t code =
        span_seen(hello->psk_origins) && hello->psk_origins.len > 0 ? hello->psk_origins.at[0] : 0;
    struct finding finding = finding_begin(context, RULE_PFS_EARLY_DATA);
    finding.transport = hello->transport;
    finding.confidence = CONFIDENCE_LIKELY;
    finding.reason = "The hello announces early data; how much was sent, and whether the server "
                     "took it, is encrypted.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "psk", psk_origin_name(psk_origin_by_code(code).verdict));
    finding_add(context, &finding);
}

/* --- resumption --- */

/* Session ids are the server's own: two servers may have the same one by chance or by a counter. */
static uint64_t name_of_session_id(const struct analyze_context *context, struct span session_id)
{
    if (session_id.len == 0)
        return 0;
    const uint64_t words[2] = {analysis_name(context, NAME_SESSION_ID, session_id),
                               analysis_server_name(context)};
    return analysis_name(context, NAME_SESSION_ID, span_of(words, sizeof words));
}

static void observe_client_hello(struct analyze_context *context,
                                 const struct tls_client_hello *hello)
{
    struct handshake *handshake = handshake_of(context);
    *handshake = (struct handshake){.begun = true};
    handshake->session_id = name_of_session_id(context, hello->session_id);
    if (hello->ticket.len > 0)
        handshake->ticket = analysis_random_name(context, NAME_TICKET, hello->ticket);
    if (!span_seen(hello->psk_identities))
        return;
    struct reader list = reader_of(hello->psk_identities);
    for (size_t i = 0; i < MOST_PSKS && reader_more(&list); i++) {
        struct value identity;
        tls_next_psk_identity(&list, &identity);
        if (reader_ok(&list))
            handshake->psks[i] = analysis_random_name(context, NAME_PSK, identity.bytes);
    }
    if (hello->early_data == TRUTH_YES)
        report_early_data(context, hello);
}

static void observe_server_hello(struct analyze_context *context, const struct negotiated *session)
{
    struct handshake *handshake = handshake_of(context);
    const struct tls_server_hello *hello = session->hello;
    handshake->tls13 = session->tls13;
    if (!session->tls13)
        handshake->new_session_id = name_of_session_id(context, hello->session_id);
    else if (session->secrecy == TLS_SECRECY_NONE && hello->selected_psk.value < MOST_PSKS)
        handshake->selected_psk = handshake->psks[hello->selected_psk.value];
}

static void report_long_resumption(struct analyze_context *context,
                                   const struct tls_handshake_summary *summary,
                                   const struct origin *origin)
{
    struct finding finding = finding_begin(context, RULE_PFS_LONG_RESUMPTION);
    finding.transport = summary->transport;
    finding.reason = "Each resumption presented what the session before it was given.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "resumed_by", summary->resumed_by);
    finding_says_most(&finding, "seconds", seconds_since(context, origin->first_ns));
    finding_says_most(&finding, "resumptions", origin->resumptions);
    finding_add(context, &finding);
}

/* The origin of what was presented; what was never seen before is as old as its first use at least. */
static struct origin resume(struct analyze_context *context,
                            const struct tls_handshake_summary *summary, uint64_t presented)
{
    bool known;
    struct origin *origin = place_origin(context, presented, &known);
    if (origin == NULL)
        return (struct origin){.first_ns = context->observation->time_ns};
    if (!known)
        origin->first_ns = context->observation->time_ns;
    origin->resumptions++;
    if (seconds_since(context, origin->first_ns) > DAY)
        report_long_resumption(context, summary, origin);
    return *origin;
}

/* What the session was given leads to the same keys as long as it is resumed. */
static void give(struct analyze_context *context, uint64_t given, const struct origin *origin)
{
    bool known;
    struct origin *room = given != 0 ? place_origin(context, given, &known) : NULL;
    if (room != NULL && !known)
        *room = *origin;
}

static void observe_summary(struct analyze_context *context,
                            const struct tls_handshake_summary *summary)
{
    const struct handshake *noted = analysis_conversation_known(context);
    if (noted == NULL || !noted->begun || summary->established != TRUTH_YES ||
        summary->resumed == TRUTH_UNKNOWN)
        return;
    const struct handshake handshake = *noted;
    struct origin origin = {.first_ns = context->observation->time_ns};
    if (handshake.tls13) {
        if (summary->resumed == TRUTH_YES && handshake.selected_psk != 0)
            resume(context, summary, handshake.selected_psk);
        return;
    }
    if (summary->resumed == TRUTH_NO) {
        give(context, handshake.new_session_id, &origin);
    } else {
        uint64_t presented = handshake.ticket != 0 ? handshake.ticket : handshake.session_id;
        if (presented == 0)
            return;
        origin = resume(context, summary, presented);
    }
    give(context, handshake.new_ticket, &origin);
}

/* --- the key of the tickets --- */

static void report_ticket_key(struct analyze_context *context,
                              const struct tls_new_session_ticket *ticket,
                              const struct ticket_key *key)
{
    const bool named = key != NULL && key->num_tickets > 1;
    const uint64_t seconds = named ? seconds_since(context, key->first_ns) : 0;
    const bool old = seconds > DAY;
    const bool shared = named && host_set_count(&key->servers) > 1;
    const bool lasting = ticket->lifetime.seen && ticket->lifetime.value > LONGEST_LIFETIME;
    if (!old && !shared && !lasting)
        return;
    struct finding finding = finding_begin(context, RULE_PFS_TICKET_KEY);
    finding.transport = ticket->transport;
    finding.confidence = lasting ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    finding.reason = lasting ? "The server's message tells the lifetime of the ticket."
                             : "The first 16 bytes of different tickets are the same, as the name "
                               "of a key would be.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_ever(&finding, "unchanged", old);
    finding_says_ever(&finding, "shared", shared);
    finding_says_most(&finding, "seconds", seconds);
    finding_says_most(&finding, "servers", key != NULL ? host_set_count(&key->servers) : 1);
    if (ticket->lifetime.seen)
        finding_says_most(&finding, "lifetime", ticket->lifetime.value);
    if (old || shared)
        finding_says_bytes(&finding, "key_name", PRIVACY_IDENTIFIER, "ticket-key", VALUE_BYTES,
                           span_of(ticket->ticket.at, KEY_NAME_LEN));
    finding_add(context, &finding);
}

static void observe_ticket(struct analyze_context *context,
                           const struct tls_new_session_ticket *ticket)
{
    const struct flow *flow = context->observation->flow;
    if (ticket->ticket.len == 0)
        return;
    uint64_t name = analysis_random_name(context, NAME_TICKET, ticket->ticket);
    handshake_of(context)->new_ticket = name;
    bool known;
    struct ticket_key *key = NULL;
    if (ticket->ticket.len >= SHORTEST_TICKET)
        key = place_key(context,
                        analysis_name(context, NAME_KEY, span_of(ticket->ticket.at, KEY_NAME_LEN)),
                        &known);
    if (key == NULL) {
        report_ticket_key(context, ticket, NULL);
        return;
    }
    if (!known)
        key->first_ns = context->observation->time_ns;
    if (!seen_ring_add(&key->tickets, name))
        return;
    key->num_tickets++;
    host_set_add(&key->servers, flow->ip_version, analysis_address_name(context, !flow->client));
    report_ticket_key(context, ticket, key);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct negotiated session;
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation->data);
    else if (observation->type == &observation_tls_new_session_ticket)
        observe_ticket(context, observation->data);
    else if (observation->type == &observation_tls_handshake_summary)
        observe_summary(context, observation->data);
    else if (negotiated_read(observation, &session))
        observe_server_hello(context, &session);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->origins);
    bounded_table_free(state->keys);
    *state = (struct state){.keys = NULL};
}

static const struct observation_type *const reads[] = {
    &observation_tls_client_hello, &observation_tls_server_hello,
    &observation_tls_new_session_ticket, &observation_tls_handshake_summary, NULL};

const struct analyzer analyzer_session_tickets = {.name = "session_tickets",
                                                  .reads = reads,
                                                  .state_size = sizeof(struct state),
                                                  .conversation_size = sizeof(struct handshake),
                                                  .observe = observe,
                                                  .finish = finish};
