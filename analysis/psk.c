/* psk.c: external pre-shared keys: identities and hints that everybody can read, and sessions that
 * the key alone protects. Reads hellos and key exchanges; RFC 9257, RFC 4279, RFC 5489, RFC 8446.
 */
#include "analysis/negotiated.h"
#include "analysis/psk_memory.h"
#include "dissectors/psk_identity.h"
#include "dissectors/psk_origin.h"

#include "core/common_observations.h"

struct psk_state {
    struct psk_memory *memory; /* made with the first offer */
};

/* An identity where it was read. */
struct sighting {
    struct span identity; /* as on the wire */
    const char *transport, *where, *key_exchange;
    struct psk_origin origin;
    struct psk_identity_class class; /* of what is imported, if it is */
};

/* A finding is no surer than what it rests on. */
static void set_confidence(struct finding *finding, enum confidence confidence, const char *reason)
{
    if (finding->reason != NULL && confidence >= finding->confidence)
        return;
    finding->confidence = confidence;
    finding->reason = reason;
}

/* Bytes that are no text are said as text with escapes too: in one form alone nobody takes the text "80ff"
 * for the bytes 80 ff. */
static void says_text_of_wire(struct finding *finding, const char *name, const char *kind,
                              struct span bytes)
{
    finding_says_bytes(finding, name, PRIVACY_IDENTIFIER, kind, VALUE_STRING, bytes);
}

static void report_cleartext(struct analyze_context *context, const struct sighting *sighting)
{
    const struct psk_identity_class *class = &sighting->class;
    struct finding finding = finding_begin(context, RULE_PSK_IDENTITY_CLEARTEXT);
    finding.transport = sighting->transport;
    finding.severity = psk_kind_severity(class->kind);
    set_confidence(&finding, sighting->origin.confidence, sighting->origin.reason);
    set_confidence(&finding, class->confidence, class->reason);
    finding_about_bytes(&finding, SUBJECT_IDENTITY, sighting->identity);
    finding_says_text(&finding, "kind", psk_kind_name(class->kind));
    finding_says_text(&finding, "kind_reason", class->reason);
    finding_says_number(&finding, "length", class->len);
    finding_says_number(&finding, "entropy_centibits_per_byte", class->entropy);
    finding_says_text(&finding, "where", sighting->where);
    finding_says_text(&finding, "key_exchange", sighting->key_exchange);
    finding_says_text(&finding, "origin", psk_origin_name(sighting->origin.verdict));
    finding_says_text(&finding, "origin_reason", sighting->origin.reason);
    finding_says_truth(&finding, "realm", class->realm);
    if (sighting->key_exchange == NULL)
        finding_says_truth(&finding, "imported", sighting->origin.imported);
    says_text_of_wire(&finding, "identity", "psk", sighting->identity);
    finding_add(context, &finding);
}

static void report_structure(struct analyze_context *context, const struct sighting *sighting)
{
    const struct psk_identity_class *class = &sighting->class;
    if (class->structure == PSK_STRUCTURE_NONE)
        return;
    struct finding finding = finding_begin(context, RULE_PSK_IDENTITY_STRUCTURED);
    finding.transport = sighting->transport;
    set_confidence(&finding, sighting->origin.confidence, sighting->origin.reason);
    set_confidence(&finding, class->structure_confidence,
                   "The structure is read from the form alone; the same signs may be there by "
                   "chance.");
    finding_about_bytes(&finding, SUBJECT_IDENTITY, sighting->identity);
    finding_says_text(&finding, "structure", psk_structure_name(class->structure));
    finding_says_text(&finding, "kind", psk_kind_name(class->kind));
    finding_says_number(&finding, "length", class->len);
    finding_says_text(&finding, "where", sighting->where);
    says_text_of_wire(&finding, "identity", "psk", sighting->identity);
    finding_add(context, &finding);
}

static void report_identity(struct analyze_context *context, const struct sighting *sighting)
{
    if (sighting->origin.verdict == PSK_ORIGIN_TICKET)
        return;
    if (sighting->origin.verdict == PSK_ORIGIN_EXTERNAL)
        analysis_totals(context)->psk_identities++;
    report_cleartext(context, sighting);
    report_structure(context, sighting);
}

/* The memory, with room for what the client of |flow| offers; NULL when there is no memory. */
static struct psk_memory *remember(struct analyze_context *context, const struct flow *flow)
{
    struct psk_state *state = context->state;
    if (state->memory == NULL)
        state->memory = psk_memory_new();
    if (state->memory == NULL || psk_memory_begin(state->memory, flow))
        analysis_totals(context)->table_evictions++;
    return state->memory;
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

static void observe_client_hello(struct analyze_context *context,
                                 const struct observation *observation)
{
    const struct tls_client_hello *hello = observation->data;
    if (!span_seen(hello->psk_identities))
        return;
    struct psk_memory *memory = remember(context, observation->flow);
    struct reader identities = reader_of(hello->psk_identities);
    struct reader binders =
        reader_of(span_seen(hello->psk_binders) ? hello->psk_binders : span_text(""));
    struct reader codes =
        reader_of(span_seen(hello->psk_origins) ? hello->psk_origins : span_text(""));
    struct psk_offer offer;
    while (reader_more(&identities) && take_offer(&identities, &binders, &offer)) {
        struct sighting sighting = {
            .identity = offer.identity, .transport = hello->transport, .where = "client_hello"};
        /* Tickets, most of what is offered, need not be looked at twice. */
        sighting.origin = psk_origin_by_code(reader_more(&codes) ? reader_u8(&codes) : 0);
        if (sighting.origin.verdict != PSK_ORIGIN_TICKET)
            sighting.origin = psk_origin_of(&offer, &sighting.class);
        if (memory != NULL)
            psk_memory_add(memory, sighting.origin.verdict);
        /* RFC 8446 forbids an identity of no bytes: it names nobody. */
        if (offer.identity.len > 0)
            report_identity(context, &sighting);
    }
}

static void observe_client_key_exchange(struct analyze_context *context,
                                        const struct observation *observation)
{
    const struct tls_client_key_exchange *exchange = observation->data;
    if (!span_seen(exchange->psk_identity))
        return;
    const struct sighting sighting = {.identity = exchange->psk_identity,
                                      .transport = exchange->transport,
                                      .where = "client_key_exchange",
                                      .key_exchange = exchange->kx,
                                      .origin = psk_origin_in_key_exchange(),
                                      .class = psk_identity_classify(exchange->psk_identity)};
    report_identity(context, &sighting);
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
    says_text_of_wire(&finding, "hint", "hint", exchange->psk_hint);
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

static void observe_server_hello(struct analyze_context *context,
                                 const struct observation *observation)
{
    const struct psk_state *state = context->state;
    struct negotiated session;
    if (!negotiated_read(observation, &session))
        return;
    enum psk_origin_verdict selected = PSK_ORIGIN_UNKNOWN;
    if (state->memory != NULL)
        selected =
            psk_memory_take(state->memory, observation->flow, session.hello->selected_psk.value);
    if (session.tls13) {
        if (session.hello->selected_psk.seen && session.secrecy == TLS_SECRECY_NONE)
            report_no_forward_secrecy(context, &session, "psk_ke", selected,
                                      "The server selected a PSK and sent no key_share.");
    } else if (session.kx == TLS_KX_PSK || session.kx == TLS_KX_RSA_PSK) {
        report_no_forward_secrecy(context, &session, tls_kx_name(session.kx), PSK_ORIGIN_EXTERNAL,
                                  "The suite that the server chose has no ephemeral exchange.");
    }
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    const struct psk_state *state = context->state;
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation);
    else if (observation->type == &observation_tls_server_hello)
        observe_server_hello(context, observation);
    else if (observation->type == &observation_tls_server_key_exchange)
        observe_server_key_exchange(context, observation);
    else if (observation->type == &observation_tls_client_key_exchange)
        observe_client_key_exchange(context, observation);
    else if (observation->type == &observation_flow_end && state->memory != NULL)
        psk_memory_forget(state->memory, observation->flow);
}

static void finish(struct analyze_context *context)
{
    struct psk_state *state = context->state;
    psk_memory_free(state->memory);
    state->memory = NULL;
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_server_key_exchange,
                                                       &observation_tls_client_key_exchange,
                                                       &observation_flow_end,
                                                       NULL};

const struct analyzer analyzer_psk = {.name = "psk",
                                      .reads = reads,
                                      .state_size = sizeof(struct psk_state),
                                      .observe = observe,
                                      .finish = finish};
