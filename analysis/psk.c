/* psk.c: external pre-shared keys: identities and hints that everybody can read, who uses them and how, and
 * sessions that the key alone protects. Reads hellos, key exchanges and how handshakes ended; RFC 9257, RFC 4279,
 * RFC 5489, RFC 8446. */
#include "analysis/negotiated.h"
#include "analysis/psk_group.h"
#include "analysis/psk_hello.h"
#include "analysis/psk_reroute.h"
#include "analysis/psk_series.h"
#include "analysis/psk_sighting.h"
#include "analysis/psk_use.h"
#include "dissectors/tls_summary.h"

#include <stdlib.h>

/* The names in the tables. */
enum { NAME_IDENTITY, NAME_SERVER_NAME, NAME_RANDOM };

/* What the rules remember, each part bounded. */
struct tables {
    struct psk_users *users;
    struct psk_hellos *hellos;
    struct psk_series *series;
};

struct psk_state {
    struct tables *tables; /* made with the first offer */
};

/* Of a conversation. */
struct psk_conversation {
    struct psk_handshake *handshake; /* NULL: none with a PSK was seen */
    uint64_t psk_ke;                 /* the random of the hello that psk_ke was found in */
};

static void tables_free(struct tables *tables)
{
    if (tables == NULL)
        return;
    psk_users_free(tables->users);
    psk_hellos_free(tables->hellos);
    psk_series_free(tables->series);
    free(tables);
}

static struct tables *tables_new(const uint64_t key[2])
{
    struct tables *tables = calloc(1, sizeof *tables);
    if (tables == NULL)
        return NULL;
    tables->users = psk_users_new();
    tables->hellos = psk_hellos_new();
    tables->series = psk_series_new(key);
    if (tables->users == NULL || tables->hellos == NULL || tables->series == NULL) {
        tables_free(tables);
        return NULL;
    }
    return tables;
}

/* NULL when there is no memory for them. */
static struct tables *tables_of(struct analyze_context *context)
{
    struct psk_state *state = context->state;
    if (state->tables == NULL)
        state->tables = tables_new(analysis_key(context));
    return state->tables;
}

/* The handshake that the client begins, empty; NULL without memory. */
static struct psk_handshake *begin_handshake(struct analyze_context *context)
{
    struct psk_conversation *conversation = analysis_conversation(context);
    if (conversation->handshake == NULL)
        conversation->handshake = malloc(sizeof *conversation->handshake);
    if (conversation->handshake == NULL)
        analysis_totals(context)->table_evictions++;
    else
        *conversation->handshake = (struct psk_handshake){.num_offers = 0};
    return conversation->handshake;
}

/* The handshake that goes on, NULL when nothing is known of it. */
static struct psk_handshake *handshake_of(const struct analyze_context *context)
{
    const struct psk_conversation *conversation = analysis_conversation_known(context);
    return conversation != NULL ? conversation->handshake : NULL;
}

static void forget(void *conversation)
{
    free(((struct psk_conversation *)conversation)->handshake);
}

/* struct { opaque identity<1..2^16-1>; uint32 obfuscated_ticket_age; } PskIdentity, and of the
 * binders opaque PskBinderEntry<32..255>, each at its identity's place. */
static bool take_offer(struct reader *identities, struct reader *binders, struct psk_offer *offer)
{
    offer->identity = reader_span_vec16(identities);
    offer->ticket_age = reader_u32(identities);
    offer->binder_len = (struct number){.seen = false};
    if (reader_more(binders)) {
        struct span binder = reader_span_vec8(binders);
        if (reader_ok(binders))
            offer->binder_len = number(binder.len);
    }
    return reader_ok(identities);
}

static void report_series(struct analyze_context *context, const struct psk_form *form,
                          const struct psk_sighting *sighting)
{
    struct finding finding = finding_begin(context, RULE_PSK_IDENTITIES_ENUMERABLE);
    finding.transport = sighting->transport;
    finding.confidence = CONFIDENCE_LIKELY;
    finding.reason = "Three identities or more differ in a number only, and the numbers are near.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_most(&finding, "identities", form->identities);
    finding_says_number(&finding, "base", form->base);
    finding_says_number(&finding, "distance", form->nearest);
    psk_finding_identity(&finding, "prefix", form->before);
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

static void look_for_series(struct analyze_context *context, struct tables *tables,
                            const struct psk_sighting *sighting)
{
    struct psk_form form;
    bool pushed_out = false;
    const struct span name =
        sighting->origin.imported ? sighting->origin.import.external_identity : sighting->identity;
    if (sighting->class.utf8 && psk_series_add(tables->series, name, &form, &pushed_out))
        report_series(context, &form, sighting);
    analysis_totals(context)->table_evictions += pushed_out;
}

static void report_collision(struct analyze_context *context, const struct psk_sighting *sighting,
                             const char *with, enum confidence confidence, const char *reason)
{
    struct finding finding = finding_begin(context, RULE_PSK_IDENTITY_COLLISION);
    finding.transport = sighting->transport;
    finding.confidence = confidence;
    finding.reason = reason;
    finding_about_bytes(&finding, SUBJECT_IDENTITY, sighting->identity);
    finding_says_text(&finding, "collision", with);
    finding_says_text(&finding, "origin", psk_origin_name(sighting->origin.verdict));
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

static void look_for_collision(struct analyze_context *context, struct psk_user *user,
                               const struct psk_sighting *sighting, struct number binder_len)
{
    user->external = user->external || sighting->origin.verdict == PSK_ORIGIN_EXTERNAL;
    user->resumption = user->resumption || sighting->origin.verdict == PSK_ORIGIN_TICKET;
    if (user->external && user->resumption)
        report_collision(context, sighting, "resumption", CONFIDENCE_LIKELY,
                         "It came with a ticket age, as tickets have it, and without, as external "
                         "identities do.");
    if (!user->external || !binder_len.seen)
        return;
    if (user->binder_len != 0 && user->binder_len != binder_len.value)
        report_collision(context, sighting, "hash", CONFIDENCE_CERTAIN,
                         "It came with binders of two lengths.");
    user->binder_len = (uint16_t)binder_len.value;
}

/* Notes the identity, and what follows from those that were seen before. Gives its name when it is an external one,
 * else 0. */
static uint64_t remember_identity(struct analyze_context *context, struct tables *tables,
                                  const struct psk_sighting *sighting, struct number binder_len)
{
    bool pushed_out = false;
    bool external = sighting->origin.verdict == PSK_ORIGIN_EXTERNAL;
    uint64_t name = analysis_name(context, NAME_IDENTITY, sighting->identity);
    /* Of the many tickets only those count that an external identity has the bytes of. */
    struct psk_user *user =
        external ? psk_users_add(tables->users, name, sighting->identity, &pushed_out)
                 : psk_users_find(tables->users, name);
    analysis_totals(context)->table_evictions += pushed_out;
    if (user != NULL)
        look_for_collision(context, user, sighting, binder_len);
    if (external)
        look_for_series(context, tables, sighting);
    return external && user != NULL ? name : 0;
}

static void report_no_sni(struct analyze_context *context, const struct psk_sighting *sighting)
{
    struct finding finding = finding_begin(context, RULE_PSK_NO_SNI);
    finding.transport = sighting->transport;
    psk_finding_cap(&finding, sighting->origin.confidence, sighting->origin.reason);
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "where", sighting->where);
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

static void report_early_data(struct analyze_context *context, const struct psk_sighting *sighting)
{
    struct finding finding = psk_sighting_finding(context, sighting, RULE_PSK_EARLY_DATA);
    finding_says_text(&finding, "kind", psk_kind_name(sighting->class.kind));
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

static void observe_offer(struct analyze_context *context, const struct tls_client_hello *hello,
                          struct psk_handshake *handshake, const struct psk_offer *offer,
                          uint8_t code)
{
    struct tables *tables = ((struct psk_state *)context->state)->tables;
    struct psk_sighting sighting = {
        .identity = offer->identity, .transport = hello->transport, .where = "client_hello"};
    /* Tickets, most of what is offered, need not be looked at twice. */
    sighting.origin = psk_origin_by_code(code);
    if (sighting.origin.verdict != PSK_ORIGIN_TICKET)
        sighting.origin = psk_origin_of(offer, &sighting.class);
    bool external = sighting.origin.verdict == PSK_ORIGIN_EXTERNAL && offer->identity.len > 0;
    if (handshake != NULL) {
        uint64_t name = offer->identity.len > 0
                            ? remember_identity(context, tables, &sighting, offer->binder_len)
                            : 0;
        if (external && hello->early_data == TRUTH_YES && handshake->num_offers == 0)
            report_early_data(context, &sighting);
        psk_handshake_offer(handshake, sighting.origin.verdict, name);
    }
    if (external && !span_seen(hello->server_name))
        report_no_sni(context, &sighting);
    /* RFC 8446 forbids an identity of no bytes: it names nobody. */
    if (offer->identity.len > 0)
        psk_sighting_report(context, &sighting);
}

static void observe_offers(struct analyze_context *context, const struct tls_client_hello *hello,
                           struct psk_handshake *handshake)
{
    struct reader identities = reader_of(hello->psk_identities);
    struct reader binders = reader_of(hello->psk_binders);
    struct reader codes = reader_of(hello->psk_origins);
    struct psk_offer offer;
    while (reader_more(&identities) && take_offer(&identities, &binders, &offer))
        observe_offer(context, hello, handshake, &offer,
                      reader_more(&codes) ? reader_u8(&codes) : 0);
}

/* A hello that came before, and the one after a retry or with a cookie: they have the same random. */
static bool is_repeated(struct analyze_context *context, const struct tls_client_hello *hello)
{
    struct psk_conversation *conversation = analysis_conversation(context);
    const uint64_t random =
        span_seen(hello->random) ? analysis_name(context, NAME_RANDOM, hello->random) : 0;
    const bool repeated = random != 0 && conversation->psk_ke == random;
    conversation->psk_ke = random;
    return repeated;
}

static void report_psk_ke(struct analyze_context *context, const struct tls_client_hello *hello)
{
    struct finding finding = finding_begin(context, RULE_PSK_OFFERS_PSK_KE);
    finding.transport = hello->transport;
    finding.reason = "The client's hello lists the mode.";
    finding_about_client(&finding, context->observation->flow);
    finding_says_truth(&finding, "psk_offered", span_seen(hello->psk_identities));
    finding_add(context, &finding);
}

/* What the handshake needs to know of a hello that an external key may be used in. */
static void note_hello(struct analyze_context *context, struct tables *tables,
                       const struct tls_client_hello *hello, struct psk_handshake *handshake)
{
    handshake->fingerprint = psk_hello_fingerprint(analysis_key(context), hello);
    if (span_seen(hello->server_name))
        handshake->server_name = analysis_name(context, NAME_SERVER_NAME, hello->server_name);
    psk_reroute_hello(context, tables->hellos, hello, handshake);
}

/* Only resumption tickets are on offer: nothing here is about the hello. With a PSK suite of an earlier version the server
 * may choose that one, and then the client names an external key in its key exchange (RFC 4279 section 2). */
static bool has_tickets_only(const struct psk_handshake *handshake,
                             const struct tls_client_hello *hello)
{
    for (size_t i = 0; i < handshake->num_offers; i++)
        if (handshake->verdicts[i] != PSK_ORIGIN_TICKET)
            return false;
    return handshake->num_offers > 0 && !psk_hello_offers_suite(hello);
}

static void observe_client_hello(struct analyze_context *context,
                                 const struct observation *observation)
{
    const struct tls_client_hello *hello = observation->data;
    if (psk_hello_offers_psk_ke(hello) && !is_repeated(context, hello))
        report_psk_ke(context, hello);
    if (!psk_hello_offers(hello))
        return;
    struct tables *tables = tables_of(context);
    struct psk_handshake *handshake = tables != NULL ? begin_handshake(context) : NULL;
    if (tables == NULL)
        analysis_totals(context)->table_evictions++;
    if (span_seen(hello->psk_identities))
        observe_offers(context, hello, handshake);
    /* Without an answer it will be the only one on offer. */
    if (handshake != NULL && handshake->num_offers == 1)
        handshake->name = handshake->names[0];
    if (handshake != NULL && !has_tickets_only(handshake, hello))
        note_hello(context, tables, hello, handshake);
}

static void observe_client_key_exchange(struct analyze_context *context,
                                        const struct observation *observation)
{
    const struct tls_client_key_exchange *exchange = observation->data;
    if (!span_seen(exchange->psk_identity))
        return;
    const struct psk_sighting sighting = {.identity = exchange->psk_identity,
                                          .transport = exchange->transport,
                                          .where = "client_key_exchange",
                                          .key_exchange = exchange->kx,
                                          .origin = psk_origin_in_key_exchange(),
                                          .class = psk_identity_classify(exchange->psk_identity)};
    psk_sighting_report(context, &sighting);
    struct tables *tables = tables_of(context);
    if (tables == NULL)
        return;
    struct psk_handshake *handshake = handshake_of(context);
    if (handshake == NULL)
        handshake = begin_handshake(context);
    else if (handshake->fingerprint != 0 && handshake->server_name == 0)
        report_no_sni(context, &sighting);
    if (handshake != NULL && exchange->psk_identity.len > 0)
        handshake->name =
            remember_identity(context, tables, &sighting, (struct number){.seen = false});
}

static void observe_server_key_exchange(struct analyze_context *context,
                                        const struct observation *observation)
{
    const struct tls_server_key_exchange *exchange = observation->data;
    if (!span_seen(exchange->psk_hint) || exchange->psk_hint.len == 0)
        return;
    struct finding finding = finding_begin(context, RULE_PSK_HINT_SENT);
    finding.transport = exchange->transport;
    finding.reason = "The server's key exchange message holds it.";
    finding_about_server(&finding, observation->flow);
    finding_says_number(&finding, "length", exchange->psk_hint.len);
    finding_says_text(&finding, "key_exchange", exchange->kx);
    /* Bytes that are no text are said as text with escapes too, as identities are. */
    finding_says_bytes(&finding, "hint", PRIVACY_IDENTIFIER, "hint", VALUE_STRING,
                       exchange->psk_hint);
    finding_add(context, &finding);
}

static void report_no_forward_secrecy(struct analyze_context *context,
                                      const struct negotiated *session, const char *key_exchange,
                                      enum psk_origin_verdict origin, const char *reason)
{
    struct finding finding = negotiated_finding(context, session, RULE_PSK_NO_FORWARD_SECRECY);
    finding.reason = reason;
    finding_says_text(&finding, "key_exchange", key_exchange);
    finding_says_text(&finding, "psk", psk_origin_name(origin));
    finding_add(context, &finding);
}

/* Notes what the server makes of the offers, and gives the origin of the one that it selected. */
static enum psk_origin_verdict note_answer(struct analyze_context *context, struct tables *tables,
                                           const struct negotiated *session)
{
    struct psk_handshake *handshake = handshake_of(context);
    if (handshake == NULL)
        return PSK_ORIGIN_UNKNOWN;
    const struct number selected = session->hello->selected_psk;
    handshake->answer = psk_hello_answer_fingerprint(analysis_key(context), session->hello);
    handshake->name = 0;
    if (session->tls13 && selected.seen && selected.value < handshake->num_offers)
        handshake->name = handshake->names[selected.value];
    if (handshake->hello != 0)
        psk_reroute_answer(context, tables->hellos, session->hello, handshake);
    return psk_handshake_verdict(handshake, selected.value);
}

static void observe_server_hello(struct analyze_context *context,
                                 const struct observation *observation)
{
    const struct psk_state *state = context->state;
    struct negotiated session;
    if (!negotiated_read(observation, &session))
        return;
    enum psk_origin_verdict selected = PSK_ORIGIN_UNKNOWN;
    if (state->tables != NULL)
        selected = note_answer(context, state->tables, &session);
    if (session.tls13) {
        if (session.hello->selected_psk.seen && session.secrecy == TLS_SECRECY_NONE)
            report_no_forward_secrecy(context, &session, "psk_ke", selected,
                                      "The server selected a PSK and sent no key_share.");
    } else if (session.kx == TLS_KX_PSK || session.kx == TLS_KX_RSA_PSK) {
        report_no_forward_secrecy(context, &session, tls_kx_name(session.kx), PSK_ORIGIN_EXTERNAL,
                                  "The suite that the server chose has no ephemeral exchange.");
    }
}

/* A handshake that is over and did not fail tells who uses an identity. In EAP the flow is that of the access point
 * and its server, whoever speaks TLS in it. */
static void observe_summary(struct analyze_context *context, const struct observation *observation)
{
    const struct tls_handshake_summary *summary = observation->data;
    struct tables *tables = ((struct psk_state *)context->state)->tables;
    if (tables == NULL || summary->established == TRUTH_NO ||
        strcmp(summary->transport, "eap") == 0)
        return;
    struct psk_handshake *handshake = handshake_of(context);
    if (handshake == NULL || handshake->name == 0 || handshake->copy)
        return;
    struct psk_user *user = psk_users_find(tables->users, handshake->name);
    if (user != NULL)
        psk_group_use(context, user, handshake, summary->transport,
                      summary->established == TRUTH_YES);
    handshake->name = 0;
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation);
    else if (observation->type == &observation_tls_server_hello)
        observe_server_hello(context, observation);
    else if (observation->type == &observation_tls_server_key_exchange)
        observe_server_key_exchange(context, observation);
    else if (observation->type == &observation_tls_client_key_exchange)
        observe_client_key_exchange(context, observation);
    else
        observe_summary(context, observation);
}

static void sum_up(struct analyze_context *context)
{
    const struct psk_state *state = context->state;
    if (state->tables != NULL && analysis_joins(context))
        psk_users_tell(state->tables->users, context);
}

static void finish(struct analyze_context *context)
{
    struct psk_state *state = context->state;
    tables_free(state->tables);
    state->tables = NULL;
}

static const struct observation_type *const reads[] = {
    &observation_tls_client_hello,        &observation_tls_server_hello,
    &observation_tls_server_key_exchange, &observation_tls_client_key_exchange,
    &observation_tls_handshake_summary,   NULL};

static const struct observation_type *const makes[] = {&observation_psk_use, NULL};

const struct analyzer analyzer_psk = {.name = "psk",
                                      .reads = reads,
                                      .makes = makes,
                                      .state_size = sizeof(struct psk_state),
                                      .conversation_size = sizeof(struct psk_conversation),
                                      .forget = forget,
                                      .observe = observe,
                                      .sum_up = sum_up,
                                      .finish = finish};
