/* blast_radius.c: what one leaked secret opens of what was recorded: the server's key of RSA key exchange and of static
 * Diffie-Hellman, a PSK without Diffie-Hellman, the key of tickets, an ephemeral key that served several times. RFC
 * 5246 appendix F.1.1, RFC 4279 section 7, RFC 5077 section 5, RFC 8446 appendix E.1. Reads hellos, certificates, key
 * exchanges, tickets and how handshakes ended, in TLS, DTLS, QUIC and EAP.
 *
 * What a session's keys come from is known once the handshake is over, its bytes when the conversation is, or when the
 * next session begins in it. A session that is resumed up to version 1.2 is opened by what opens the one that it goes
 * back to, and by the key of the ticket. A ticket of TLS 1.3 opens what is resumed without Diffie-Hellman only. Where a PSK
 * goes together with another secret, it takes both; so such a session is in nobody's radius: RSA_PSK, DHE_PSK and
 * ECDHE_PSK (RFC 4279 sections 3 and 4, RFC 5489 section 2), and TLS 1.3 with a PSK and key shares (RFC 8446 section
 * 7.1). */
#include "analysis/blast_radius.h"

#include "analysis/blast_secrets.h"
#include "analysis/negotiated.h"
#include "analysis/psk_hello.h"

#include "core/common_observations.h"
#include "core/crypto.h"
#include "dissectors/psk_origin.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

enum {
    MOST_ORIGINS = 16384, /* tickets and session ids of sessions that a long-term secret opens */
    MOST_PSKS = 2, /* identities of a hello, shares of a hello: further ones are not followed */
    MOST_SHARES = 2,
    SHORTEST_VALUE = 16, /* bytes: shorter ones are GREASE, or no key at all */
    KEY_NAME_LEN = 16,
    SHORTEST_TICKET = 16 + 16 + 48 + 16 /* key name, IV, a master secret, the shortest MAC */
};

/* What hashes are of. */
enum {
    NAME_SERVER_KEY = 1,
    NAME_PSK,
    NAME_TICKET_KEY,
    NAME_CLIENT_VALUE,
    NAME_SERVER_VALUE,
    NAME_TICKET,
    NAME_SESSION_ID
};

/* Of a conversation. Hashes are 0 where there is nothing. */
struct handshake {
    uint64_t bytes_before, began_ns, began_packet; /* of the session at hand */
    uint64_t server_random, client_random;
    const char *key_exchange;
    uint8_t kx;                         /* enum tls_kx */
    bool settled, tls13, fresh, export; /* fresh: the server sent a key share */
    bool psk;                           /* a PSK goes into the session's keys */
    uint16_t groups[MOST_SHARES];
    union {
        struct {
            uint64_t server_key, psks[MOST_PSKS]; /* on offer; then the first is the one in use */
            uint64_t shares[MOST_SHARES];         /* likewise */
            uint64_t server_value;
            uint64_t presented_key, given_key;     /* of the tickets … */
            uint64_t presented, given, session_id; /* … and the tickets, and the session id */
        };
        struct { /* once it is settled */
            uint64_t opened_by[BLAST_MOST_OPENERS], authenticated_by;
        };
    };
};

struct state {
    struct bounded_table *origins; /* a uint64_t: what opens the session that it leads to */
    struct blast_secrets secrets;
};

/* What is remembered of the conversation, NULL once its handshake is settled: what comes then is a repetition. */
static struct handshake *handshake_of(struct analyze_context *context)
{
    struct handshake *handshake = analysis_conversation(context);
    return handshake->settled ? NULL : handshake;
}

/* What is random all over is known by 32 of its bytes. */
static uint64_t name_of_random(const struct analyze_context *context, unsigned kind,
                               struct span bytes)
{
    enum { PART = 16 };
    uint8_t parts[2 * PART];
    if (bytes.len <= sizeof parts)
        return analysis_name(context, kind, bytes);
    memcpy(parts, bytes.at + bytes.len / 2 - PART, PART);
    memcpy(parts + PART, bytes.at + bytes.len - PART, PART);
    return analysis_name(context, kind, span_of(parts, sizeof parts));
}

/* --- sessions --- */

/* Of the conversation so far. Those of an exchange, which shares its flow with others, are known at its end. */
static uint64_t num_bytes(const struct observation *observation)
{
    if (observation->type == &observation_exchange_end)
        return ((const struct exchange_end_observation *)observation->data)->bytes;
    return observation->exchange == 0 ? observation->flow->bytes[0] + observation->flow->bytes[1]
                                      : 0;
}

static void end_session(struct analyze_context *context, struct handshake *handshake)
{
    struct state *state = context->state;
    const struct flow *flow = context->observation->flow;
    const struct endpoint *client = &flow->ends[flow->client], *server = &flow->ends[!flow->client];
    const uint64_t bytes = num_bytes(context->observation);
    const bool first = handshake->began_ns == 0;
    struct blast_session session = {
        .handshake = handshake->server_random,
        .bytes = bytes > handshake->bytes_before ? bytes - handshake->bytes_before : 0,
        .first_ns = first ? flow->first_ns : handshake->began_ns,
        .last_ns = flow->last_ns > flow->first_ns ? flow->last_ns : context->observation->time_ns,
        .packet = first ? flow->first_packet : handshake->began_packet,
        .client = analysis_address_name(context, flow->client),
        .server = analysis_address_name(context, !flow->client),
        .ends = {*client, *server},
        .ip_version = flow->ip_version,
        .protocol = flow->protocol,
        .key_exchange = handshake->key_exchange,
        .authenticated_by = handshake->authenticated_by};
    memcpy(session.opened_by, handshake->opened_by, sizeof session.opened_by);
    blast_secrets_session(&state->secrets, &session);
    handshake->bytes_before = bytes;
}

/* A conversation has several sessions where one follows the other on the same ports, as in DTLS; a handshake that came
 * to nothing counts for the next one. */
static void begin_handshake(struct analyze_context *context, struct handshake *handshake)
{
    const bool first_of_exchange = context->observation->exchange != 0 && handshake->began_ns == 0;
    if (handshake->settled)
        end_session(context, handshake);
    if (handshake->settled || first_of_exchange) {
        handshake->began_ns = context->observation->time_ns;
        handshake->began_packet = context->observation->packet;
    }
    const size_t kept = offsetof(struct handshake, server_random);
    memset((uint8_t *)handshake + kept, 0, sizeof *handshake - kept);
}

static void note_origin(struct analyze_context *context, uint64_t given, uint64_t opened_by)
{
    struct state *state = context->state;
    if (given == 0 || opened_by == 0)
        return;
    if (state->origins == NULL)
        state->origins = bounded_table_new(MOST_ORIGINS, sizeof(uint64_t));
    if (state->origins == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    struct bounded_place place = bounded_table_place(state->origins, given);
    analysis_totals(context)->table_evictions += place.pushed_out;
    *(uint64_t *)place.room = opened_by;
}

static uint64_t origin_of(const struct analyze_context *context, uint64_t presented)
{
    const struct state *state = context->state;
    const uint64_t *origin = presented != 0 && state->origins != NULL
                                 ? bounded_table_find(state->origins, presented)
                                 : NULL;
    return origin != NULL ? *origin : 0;
}

/* Whether a full handshake up to version 1.2 rests on one long-term secret. */
static bool is_long_term(enum tls_kx kx)
{
    return kx == TLS_KX_RSA || kx == TLS_KX_DH || kx == TLS_KX_ECDH || kx == TLS_KX_GOST ||
           kx == TLS_KX_PSK;
}

/* That secret. Suites for export have an RSA key for the occasion. */
static uint64_t long_term_secret(const struct handshake *handshake)
{
    if (!is_long_term((enum tls_kx)handshake->kx) ||
        (handshake->kx == TLS_KX_RSA && handshake->export))
        return 0;
    return handshake->kx == TLS_KX_PSK ? handshake->psks[0] : handshake->server_key;
}

/* The server's and the client's public value, whose private ones open the session, unless a PSK is mixed in. */
static void settle_ephemeral(struct handshake *handshake)
{
    const struct handshake h = *handshake;
    handshake->opened_by[0] = h.psk ? 0 : h.server_value;
    handshake->opened_by[1] = h.psk ? 0 : h.shares[0];
}

static void settle_12(struct analyze_context *context, struct handshake *handshake,
                      const struct tls_handshake_summary *summary)
{
    const struct handshake h = *handshake;
    uint64_t *by = handshake->opened_by, origin;
    if (summary->resumed == TRUTH_YES) {
        const bool ticket = h.presented != 0;
        origin = origin_of(context, ticket ? h.presented : h.session_id);
        by[0] = origin;
        by[1] = ticket ? h.presented_key : 0;
        handshake->authenticated_by = 0;
    } else {
        origin = long_term_secret(&h);
        settle_ephemeral(handshake);
        if (origin != 0) {
            by[0] = origin;
            by[1] = 0;
        }
        handshake->authenticated_by = h.server_key;
        note_origin(context, h.session_id, origin);
    }
    by[2] = h.given_key != by[1] ? h.given_key : 0;
    note_origin(context, h.given, origin);
}

static void settle_13(struct handshake *handshake)
{
    const struct handshake h = *handshake;
    settle_ephemeral(handshake);
    if (!h.fresh) {
        handshake->opened_by[0] = h.psks[0];
        handshake->opened_by[1] = 0;
    }
    handshake->opened_by[2] = handshake->authenticated_by = 0;
}

static void settle_unknown(struct handshake *handshake)
{
    memset(handshake->opened_by, 0, sizeof handshake->opened_by);
    handshake->authenticated_by = 0;
}

static void observe_summary(struct analyze_context *context,
                            const struct tls_handshake_summary *summary)
{
    struct handshake *handshake = handshake_of(context);
    if (handshake == NULL || handshake->server_random == 0 || summary->established != TRUTH_YES)
        return;
    if (handshake->tls13)
        settle_13(handshake);
    else if (summary->resumed != TRUTH_UNKNOWN)
        settle_12(context, handshake, summary);
    else
        settle_unknown(handshake);
    handshake->key_exchange = summary->kx;
    handshake->settled = true;
}

static void observe_end(struct analyze_context *context)
{
    struct handshake *handshake = analysis_conversation_known(context);
    if (handshake != NULL && handshake->settled)
        end_session(context, handshake);
}

/* --- what is seen of a handshake --- */

/* Gives the hash of the key that a ticket names. */
static uint64_t note_ticket_key(struct analyze_context *context, struct span ticket)
{
    struct state *state = context->state;
    if (ticket.len < SHORTEST_TICKET)
        return 0;
    const struct span key_name = span_of(ticket.at, KEY_NAME_LEN);
    const uint64_t name = analysis_name(context, NAME_TICKET_KEY, key_name);
    const uint64_t whole = name_of_random(context, NAME_TICKET, ticket);
    struct blast_secret *secret =
        blast_secrets_place(&state->secrets, context, name, BLAST_TICKET_KEY, key_name);
    if (secret == NULL)
        return 0;
    if (secret->ticket == 0) {
        secret->ticket = whole;
        secret->confidence = CONFIDENCE_POSSIBLE;
    } else if (secret->ticket != whole) {
        secret->confidence = CONFIDENCE_LIKELY;
    }
    return name;
}

static uint64_t note_psk(struct analyze_context *context, struct span identity,
                         enum confidence confidence)
{
    struct state *state = context->state;
    const uint64_t name = analysis_name(context, NAME_PSK, identity);
    struct blast_secret *secret =
        blast_secrets_place(&state->secrets, context, name, BLAST_PSK, identity);
    if (secret == NULL)
        return 0;
    const bool first = secret->sessions.num == 0 && secret->confidence == CONFIDENCE_CERTAIN;
    if (first || confidence > secret->confidence)
        secret->confidence = confidence;
    return name;
}

/* Session ids are the server's own: two servers may have the same one by chance or by a counter. */
static uint64_t name_of_session_id(const struct analyze_context *context, struct span session_id)
{
    if (session_id.len == 0)
        return 0;
    const uint64_t words[2] = {analysis_name(context, NAME_SESSION_ID, session_id),
                               analysis_server_name(context)};
    return analysis_name(context, NAME_SESSION_ID, span_of(words, sizeof words));
}

/* struct { NamedGroup group; opaque key_exchange<1..2^16-1>; } KeyShareEntry, RFC 8446 section 4.2.8. */
static void note_shares(struct analyze_context *context, struct handshake *handshake,
                        struct span key_shares)
{
    struct state *state = context->state;
    struct reader list = reader_of(key_shares);
    for (size_t num = 0; num < MOST_SHARES && reader_more(&list);) {
        const uint16_t group = reader_u16(&list);
        const struct span value = reader_span_vec16(&list);
        if (!reader_ok(&list) || tls_is_grease(group) || value.len < SHORTEST_VALUE)
            continue;
        handshake->groups[num] = group;
        handshake->shares[num] = name_of_random(context, NAME_CLIENT_VALUE, value);
        blast_secrets_value(&state->secrets, context, handshake->shares[num++], BLAST_CLIENT_VALUE,
                            value, handshake->client_random);
    }
}

/* PSKs that may serve without Diffie-Hellman: tickets, or external ones. */
static void note_psks(struct analyze_context *context, struct handshake *handshake,
                      const struct tls_client_hello *hello)
{
    struct reader identities = reader_of(hello->psk_identities);
    struct reader binders = reader_of(hello->psk_binders);
    for (size_t i = 0; i < MOST_PSKS && reader_more(&identities); i++) {
        struct psk_offer offer = {.identity = reader_span_vec16(&identities)};
        struct psk_identity_class class;
        offer.ticket_age = reader_u32(&identities);
        if (reader_more(&binders))
            offer.binder_len = number(reader_span_vec8(&binders).len);
        if (!reader_ok(&identities))
            return;
        const struct psk_origin origin = psk_origin_of(&offer, &class);
        if (origin.verdict == PSK_ORIGIN_TICKET)
            handshake->psks[i] = note_ticket_key(context, offer.identity);
        else
            handshake->psks[i] = note_psk(
                context, origin.imported ? origin.import.external_identity : offer.identity,
                origin.verdict == PSK_ORIGIN_EXTERNAL ? origin.confidence : CONFIDENCE_POSSIBLE);
    }
}

/* Randoms are compared only; the first bytes may be a clock, the last the same for all downgrades. */
static uint64_t part_of_random(struct span random)
{
    enum { CLOCK_LEN = 4 };
    struct reader r = reader_of(random);
    reader_skip(&r, CLOCK_LEN);
    const uint64_t part = reader_u64(&r);
    return !reader_ok(&r) ? 0 : part != 0 ? part : 1;
}

static void observe_client_hello(struct analyze_context *context,
                                 const struct tls_client_hello *hello)
{
    struct handshake *handshake = analysis_conversation(context);
    begin_handshake(context, handshake);
    handshake->client_random = part_of_random(hello->random);
    if (hello->ticket.len > 0) {
        handshake->presented = name_of_random(context, NAME_TICKET, hello->ticket);
        handshake->presented_key = note_ticket_key(context, hello->ticket);
    }
    if (span_seen(hello->key_shares))
        note_shares(context, handshake, hello->key_shares);
    if (span_seen(hello->psk_identities) && psk_hello_offers_psk_ke(hello))
        note_psks(context, handshake, hello);
}

static uint64_t note_value(struct analyze_context *context, enum blast_kind kind, unsigned named,
                           struct span value, uint64_t random)
{
    struct state *state = context->state;
    if (!span_seen(value) || value.len < SHORTEST_VALUE || random == 0)
        return 0;
    const uint64_t name = name_of_random(context, named, value);
    blast_secrets_value(&state->secrets, context, name, kind, value, random);
    return name;
}

static void observe_server_hello(struct analyze_context *context, const struct negotiated *session)
{
    struct handshake *handshake = handshake_of(context);
    const struct tls_server_hello *hello = session->hello;
    if (handshake == NULL || !span_seen(hello->random))
        return;
    handshake->server_random = part_of_random(hello->random);
    handshake->tls13 = session->tls13;
    handshake->kx = (uint8_t)session->kx;
    handshake->export = (session->flags & TLS_SUITE_EXPORT) != 0;
    handshake->psk = session->tls13 ? hello->selected_psk.seen : tls_kx_has_psk(session->kx);
    if (!session->tls13) {
        handshake->psks[0] = handshake->shares[0] = 0; /* those were for 1.3 */
        if (is_long_term(session->kx))
            handshake->session_id = name_of_session_id(context, hello->session_id);
        return;
    }
    handshake->fresh = hello->key_share_group.seen;
    if (!handshake->fresh) {
        const bool known = hello->selected_psk.seen && hello->selected_psk.value < MOST_PSKS;
        handshake->psks[0] = known ? handshake->psks[hello->selected_psk.value] : 0;
        return;
    }
    uint64_t share = 0;
    for (size_t i = 0; i < MOST_SHARES; i++)
        if (handshake->groups[i] == hello->key_share_group.value)
            share = handshake->shares[i];
    handshake->shares[0] = share;
    handshake->server_value = note_value(context, BLAST_SERVER_VALUE, NAME_SERVER_VALUE,
                                         hello->key_share, handshake->server_random);
}

/* The name of a key is worked out when it opens something, or when another server has it, too. */
static void observe_certificate(struct analyze_context *context,
                                const struct tls_certificate *certificate)
{
    struct state *state = context->state;
    uint8_t hash[CRYPTO_SHA256_LEN];
    const struct span key = certificate->x509.key;
    if (strcmp(certificate->from, "server") != 0 || certificate->index.value != 0 || key.len == 0)
        return;
    struct handshake *handshake = handshake_of(context);
    if (handshake == NULL)
        return;
    const uint64_t name = name_of_random(context, NAME_SERVER_KEY, key);
    struct blast_secret *secret =
        blast_secrets_place(&state->secrets, context, name, BLAST_SERVER_KEY, span_text(""));
    if (secret == NULL)
        return;
    handshake->server_key = name;
    host_set_add(&secret->servers, context->observation->flow->ip_version,
                 analysis_address_name(context, !context->observation->flow->client));
    if (secret->name_len == 0 &&
        (is_long_term((enum tls_kx)handshake->kx) || host_set_count(&secret->servers) > 1) &&
        crypto_sha256(key, hash))
        blast_secrets_rename(&state->secrets, secret, span_of(hash, sizeof hash));
}

static void observe_client_key_exchange(struct analyze_context *context,
                                        const struct tls_client_key_exchange *exchange)
{
    struct handshake *handshake = handshake_of(context);
    if (handshake == NULL)
        return;
    if (handshake->kx == TLS_KX_PSK && span_seen(exchange->psk_identity))
        handshake->psks[0] = note_psk(context, exchange->psk_identity, CONFIDENCE_CERTAIN);
    handshake->shares[0] = note_value(context, BLAST_CLIENT_VALUE, NAME_CLIENT_VALUE,
                                      exchange->public_value, handshake->client_random);
}

static void observe_ticket(struct analyze_context *context,
                           const struct tls_new_session_ticket *ticket)
{
    struct handshake *handshake = handshake_of(context);
    if (handshake == NULL || ticket->ticket.len == 0)
        return;
    handshake->given = name_of_random(context, NAME_TICKET, ticket->ticket);
    handshake->given_key = note_ticket_key(context, ticket->ticket);
}

static void observe_server_key_exchange(struct analyze_context *context,
                                        const struct tls_server_key_exchange *exchange)
{
    struct handshake *handshake = handshake_of(context);
    if (handshake != NULL)
        handshake->server_value = note_value(context, BLAST_SERVER_VALUE, NAME_SERVER_VALUE,
                                             exchange->public_value, handshake->server_random);
}

/* --- the analyzer --- */

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct negotiated session;
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation->data);
    else if (observation->type == &observation_tls_certificate)
        observe_certificate(context, observation->data);
    else if (observation->type == &observation_tls_server_key_exchange)
        observe_server_key_exchange(context, observation->data);
    else if (observation->type == &observation_tls_client_key_exchange)
        observe_client_key_exchange(context, observation->data);
    else if (observation->type == &observation_tls_new_session_ticket)
        observe_ticket(context, observation->data);
    else if (observation->type == &observation_tls_handshake_summary)
        observe_summary(context, observation->data);
    else if (analysis_conversation_ends(observation))
        observe_end(context);
    else if (negotiated_read(observation, &session))
        observe_server_hello(context, &session);
}

static void sum_up(struct analyze_context *context)
{
    const struct state *state = context->state;
    blast_secrets_tell(&state->secrets, context);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->origins);
    blast_secrets_free(&state->secrets);
    *state = (struct state){.origins = NULL};
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_certificate,
                                                       &observation_tls_server_key_exchange,
                                                       &observation_tls_client_key_exchange,
                                                       &observation_tls_new_session_ticket,
                                                       &observation_tls_handshake_summary,
                                                       &observation_exchange_end,
                                                       &observation_flow_end,
                                                       NULL};

static const struct observation_type *const makes[] = {&observation_blast_radius, NULL};

const struct analyzer analyzer_blast_radius = {.name = "blast_radius",
                                               .reads = reads,
                                               .makes = makes,
                                               .state_size = sizeof(struct state),
                                               .conversation_size = sizeof(struct handshake),
                                               .observe = observe,
                                               .sum_up = sum_up,
                                               .finish = finish};
