/* offered_suites.c: who offers or prefers sessions without forward secrecy although both sides can do better. Reads
 * client hellos and the server hellos that answer them; RFC 9325 section 4.1. */
#include "analysis/bounded_table.h"
#include "analysis/negotiated.h"

#include "core/common_observations.h"

enum { MOST_FLOWS = 65536, MOST_SERVERS = 8192, MOST_SUITES = 16, NAME_SERVER = 0 };

/* Suites with forward secrecy that a client offered, or that a server chose once. */
struct suites {
    uint16_t codes[MOST_SUITES];
    uint8_t num;
};

/* Of a conversation: the client's last hello. */
struct offer {
    struct suites forward;
    uint16_t num_not_forward, first_not_forward;
};

struct state {
    struct bounded_table *flows, *servers;
};

static bool tables_make(struct state *state)
{
    if (state->flows == NULL)
        state->flows = bounded_table_new(MOST_FLOWS, sizeof(struct offer));
    if (state->servers == NULL)
        state->servers = bounded_table_new(MOST_SERVERS, sizeof(struct suites));
    return state->flows != NULL && state->servers != NULL;
}

static bool suites_have(const struct suites *suites, uint16_t code)
{
    for (size_t i = 0; i < suites->num; i++)
        if (suites->codes[i] == code)
            return true;
    return false;
}

static void suites_add(struct suites *suites, uint16_t code)
{
    if (suites->num < MOST_SUITES && !suites_have(suites, code))
        suites->codes[suites->num++] = code;
}

static void read_offer(const struct tls_client_hello *hello, struct offer *offer)
{
    struct reader ciphers = reader_of(hello->ciphers);
    while (reader_more(&ciphers)) {
        uint16_t code = reader_u16(&ciphers);
        const struct tls_suite *suite = tls_suite_find(code);
        if (suite == NULL || suite->kx == TLS_KX_SIGNAL)
            continue;
        if (suite->secrecy == TLS_SECRECY_FORWARD)
            suites_add(&offer->forward, code);
        else if (suite->secrecy == TLS_SECRECY_NONE && offer->num_not_forward++ == 0)
            offer->first_not_forward = code;
    }
}

static void observe_client_hello(struct analyze_context *context,
                                 const struct tls_client_hello *hello)
{
    struct state *state = context->state;
    if (!span_seen(hello->ciphers))
        return;
    struct bounded_place place = bounded_table_place(
        state->flows, bounded_table_flow(state->flows, context->observation->flow));
    struct offer *offer = place.room;
    analysis_totals(context)->table_evictions += place.pushed_out;
    *offer = (struct offer){.num_not_forward = 0};
    read_offer(hello, offer);
}

/* The answer is better than the worst of the offer: that need not have been offered. */
static void judge_client(struct analyze_context *context, const struct negotiated *session,
                         const struct offer *offer)
{
    if (offer->num_not_forward == 0)
        return;
    struct finding finding = negotiated_finding(context, session, RULE_PFS_OFFERED);
    finding.reason = "The client's hello offers them; the server's answer does without.";
    finding_about_client(&finding, context->observation->flow);
    finding_says_text(&finding, "role", "client");
    finding_says_number(&finding, "suites", offer->num_not_forward);
    finding_says_text(&finding, "offered", tls_suite_name(offer->first_not_forward));
    finding_add(context, &finding);
}

/* The server chose worse than the client offered, and than it chose itself in another session. */
static void judge_server(struct analyze_context *context, const struct negotiated *session,
                         const struct offer *offer, const struct suites *chosen)
{
    for (size_t i = 0; i < offer->forward.num; i++) {
        uint16_t code = offer->forward.codes[i];
        if (!suites_have(chosen, code))
            continue;
        struct finding finding = negotiated_finding(context, session, RULE_PFS_OFFERED);
        finding.reason = "The client offered a suite with forward secrecy that this server chose "
                         "in another session.";
        finding_says_text(&finding, "role", "server");
        finding_says_text(&finding, "could_choose", tls_suite_name(code));
        finding_add(context, &finding);
        return;
    }
}

static void observe_server_hello(struct analyze_context *context, const struct negotiated *session)
{
    struct state *state = context->state;
    const struct flow *flow = context->observation->flow;
    const struct offer *offer =
        bounded_table_find(state->flows, bounded_table_flow(state->flows, flow));
    const struct endpoint *end = &flow->ends[!flow->client];
    uint64_t server = bounded_table_name(state->servers, NAME_SERVER, span_of(end, sizeof *end));
    if (session->secrecy == TLS_SECRECY_FORWARD && offer != NULL)
        judge_client(context, session, offer);
    if (session->tls13 || session->ssl2 || session->suite == NULL)
        return;
    if (session->secrecy == TLS_SECRECY_FORWARD) {
        struct bounded_place place = bounded_table_place(state->servers, server);
        analysis_totals(context)->table_evictions += place.pushed_out;
        suites_add(place.room, (uint16_t)session->suite->code);
    } else if (session->secrecy == TLS_SECRECY_NONE && offer != NULL) {
        const struct suites *chosen = bounded_table_find(state->servers, server);
        if (chosen != NULL)
            judge_server(context, session, offer, chosen);
    }
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct state *state = context->state;
    struct negotiated session;
    if (!tables_make(state)) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation->data);
    else if (observation->type == &observation_flow_end)
        bounded_table_forget(state->flows, bounded_table_flow(state->flows, observation->flow));
    else if (negotiated_read(observation, &session))
        observe_server_hello(context, &session);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->flows);
    bounded_table_free(state->servers);
    *state = (struct state){.flows = NULL};
}

static const struct observation_type *const reads[] = {
    &observation_tls_client_hello, &observation_tls_server_hello, &observation_flow_end, NULL};

const struct analyzer analyzer_offered_suites = {.name = "offered_suites",
                                                 .reads = reads,
                                                 .state_size = sizeof(struct state),
                                                 .observe = observe,
                                                 .finish = finish};
