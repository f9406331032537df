/* offered_suites.c: who offers or prefers sessions without forward secrecy although both sides can do better. Reads
 * client hellos and the server hellos that answer them; RFC 9325 section 4.1. */
#include "analysis/bounded_table.h"
#include "analysis/negotiated.h"

enum { MOST_SERVERS = 8192, MOST_SUITES = 16 };

/* Suites with forward secrecy that a client offered, or that a server chose once. */
struct suites {
    uint16_t codes[MOST_SUITES];
    uint8_t num;
};

/* Of a conversation: the client's last hello. */
struct offer {
    bool seen;
    struct suites forward;
    uint16_t num_not_forward, first_not_forward;
};

struct state {
    struct bounded_table *servers; /* made with the first one; of a server: struct suites */
};

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
        if (suite->secrecy == TLS_SECRECY_FORWARD && offer->forward.num < MOST_SUITES)
            offer->forward.codes[offer->forward.num++] = code;
        else if (suite->secrecy == TLS_SECRECY_NONE && offer->num_not_forward++ == 0)
            offer->first_not_forward = code;
    }
}

static void observe_client_hello(struct analyze_context *context,
                                 const struct tls_client_hello *hello)
{
    if (!span_seen(hello->ciphers))
        return;
    struct offer *offer = analysis_conversation(context);
    *offer = (struct offer){.seen = true};
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

static void note_choice(struct analyze_context *context, const struct tls_suite *suite)
{
    struct state *state = context->state;
    if (state->servers == NULL)
        state->servers = bounded_table_new(MOST_SERVERS, sizeof(struct suites));
    if (state->servers == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    struct bounded_place place = bounded_table_place(state->servers, analysis_server_name(context));
    analysis_totals(context)->table_evictions += place.pushed_out;
    suites_add(place.room, (uint16_t)suite->code);
}

static void observe_server_hello(struct analyze_context *context, const struct negotiated *session)
{
    const struct state *state = context->state;
    const struct offer *offer = analysis_conversation_known(context);
    bool asked = offer != NULL && offer->seen;
    if (session->secrecy == TLS_SECRECY_FORWARD && asked)
        judge_client(context, session, offer);
    if (session->tls13 || session->ssl2 || session->suite == NULL)
        return;
    if (session->secrecy == TLS_SECRECY_FORWARD) {
        note_choice(context, session->suite);
    } else if (session->secrecy == TLS_SECRECY_NONE && asked && state->servers != NULL) {
        const struct suites *chosen =
            bounded_table_find(state->servers, analysis_server_name(context));
        if (chosen != NULL)
            judge_server(context, session, offer, chosen);
    }
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct negotiated session;
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation->data);
    else if (negotiated_read(observation, &session))
        observe_server_hello(context, &session);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->servers);
    state->servers = NULL;
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello, NULL};

const struct analyzer analyzer_offered_suites = {.name = "offered_suites",
                                                 .reads = reads,
                                                 .state_size = sizeof(struct state),
                                                 .conversation_size = sizeof(struct offer),
                                                 .observe = observe,
                                                 .finish = finish};
