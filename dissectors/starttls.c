/* starttls.c: protocols that begin in clear and may go over to TLS: finds the protocol, follows its preamble to
 * the first record of TLS, and hands the conversation over there. starttls_text.c reads protocols of lines,
 * starttls_binary.c and starttls_ldap.c the others. A preamble is read for a while only: mail, queries and
 * files behind it cost nothing. */
#include "dissectors/starttls_preamble.h"
#include "dissectors/tls_records.h"

enum {
    MAX_BYTES = 64 << 10, /* of a preamble, both sides */
    MAX_MESSAGES = 200,
    MAX_AFTER_ANSWER = 4 << 10 /* clear bytes after which TLS is not waited for any more */
};

extern const struct dissector dissector_tls;

void preamble_command(struct preamble *preamble)
{
    preamble->commands++;
}

void preamble_ask(struct preamble *preamble, const char *request)
{
    preamble->session.asked = TRUTH_YES;
    preamble->session.request = request;
    preamble->session.accepted = TRUTH_UNKNOWN;
    preamble->ask_open = true;
    preamble->after_ask = 0;
    preamble->lost_since_ask = false;
}

void preamble_answer(struct preamble *preamble, bool accepted)
{
    preamble->session.accepted = truth(accepted);
    preamble->ask_open = false;
    preamble->after_answer = 0;
    if (!accepted)
        preamble->after_ask = 0;
}

void preamble_credentials(struct preamble *preamble, const char *kind)
{
    const char **known = &preamble->session.credentials_kind;
    preamble->session.credentials = TRUTH_YES;
    if (*known == NULL || (strcmp(*known, "user") == 0 && strcmp(kind, "password") == 0))
        *known = kind;
}

static enum recognise starttls_recognises(struct reader bytes)
{
    enum preamble_from from;
    uint32_t candidates;
    const struct preamble_protocol *protocol;
    enum recognise text = preamble_text_recognise(bytes, &candidates, &from);
    return text != RECOGNISE_NO ? text : preamble_binary_recognise(bytes, &protocol, &from);
}

/* TLS was asked for, and not refused. */
static bool is_due(const struct preamble *preamble)
{
    return preamble->session.asked == TRUTH_YES &&
           (preamble->ask_open || preamble->session.accepted == TRUTH_YES);
}

/* Where it was due, that no record of TLS was seen says nothing as long as nothing else was, or bytes were lost. */
static enum truth upgrade_of(const struct preamble *preamble, bool upgraded)
{
    bool followed = preamble->after_ask + preamble->after_answer > 0 || preamble->strayed;
    if (!upgraded && is_due(preamble) && (preamble->lost_since_ask || !followed))
        return TRUTH_UNKNOWN;
    return truth(upgraded);
}

/* Says what was seen, once. What was not seen is false only when nothing can have been missed. */
static void tell(struct preamble *preamble, bool upgraded, struct dissect_context *context)
{
    if (preamble->told || (preamble->commands == 0 && !upgraded))
        return;
    preamble->told = true;
    struct starttls_session session = preamble->session;
    bool complete = context->flow->saw_start && !preamble->lost;
    bool granted = session.accepted == TRUTH_YES || upgraded;
    session.protocol = preamble->protocol->name;
    session.upgraded = upgrade_of(preamble, upgraded);
    if (session.asked == TRUTH_UNKNOWN && complete && !upgraded)
        session.asked = TRUTH_NO;
    if (session.credentials == TRUTH_UNKNOWN && complete)
        session.credentials = TRUTH_NO;
    bool text_ends = !preamble->protocol->tunnel && !preamble->in_lines;
    if (session.asked == TRUTH_YES && granted && text_ends) {
        session.injected_commands = truth(preamble->after_ask > 0);
        session.injected_answers = truth(preamble->after_answer > 0);
    }
    session.client_bytes = number(preamble->bytes[context->flow->client]);
    session.server_bytes = number(preamble->bytes[!context->flow->client]);
    session.commands = number(preamble->commands);
    session.idle_bytes = number(preamble->idle);
    dissect_emit(context, &observation_starttls_session, &session);
}

/* Finds the protocol by the first bytes; false: no protocol, or one that the other side would have to begin. */
static bool begin(struct preamble *preamble, struct reader bytes, struct dissect_context *context)
{
    struct flow *flow = context->flow;
    enum preamble_from from;
    uint16_t server_port = flow->ends[!flow->client].port;
    if (preamble_text_recognise(bytes, &preamble->candidates, &from) == RECOGNISE_YES)
        preamble->protocol = preamble_text_first(preamble->candidates, server_port);
    else if (preamble_binary_recognise(bytes, &preamble->protocol, &from) != RECOGNISE_YES)
        return false;
    unsigned client = from == PREAMBLE_FROM_CLIENT ? context->side : !context->side;
    if (flow->client_certain && flow->client != client)
        return false;
    flow->client = (uint8_t)client;
    flow->client_certain = true;
    preamble->greeted = from == PREAMBLE_FROM_CLIENT;
    preamble->begun = true;
    return true;
}

static enum dissect hand_over(struct preamble *preamble, const struct dissector *next,
                              struct dissect_context *context)
{
    tell(preamble, next == &dissector_tls, context);
    context->next = next;
    return DISSECT_HANDOVER;
}

static enum dissect end_preamble(struct preamble *preamble, struct dissect_context *context)
{
    tell(preamble, false, context);
    return DISSECT_DONE;
}

/* Of what is behind a tunnel's answer only another preamble is of interest, if it is not TLS. */
static enum dissect leave_tunnel(struct preamble *preamble, struct reader bytes,
                                 struct dissect_context *context)
{
    enum recognise answer = starttls_recognises(bytes);
    preamble->strayed = true;
    if (answer == RECOGNISE_MAYBE)
        return DISSECT_MORE;
    return answer == RECOGNISE_YES ? hand_over(preamble, &dissector_starttls, context)
                                   : end_preamble(preamble, context);
}

static bool is_over(const struct preamble *preamble)
{
    return preamble->bytes[0] + preamble->bytes[1] > MAX_BYTES ||
           preamble->messages > MAX_MESSAGES ||
           preamble->after_ask + preamble->after_answer > MAX_AFTER_ANSWER;
}

/* Counts what was read. */
static void count(struct preamble *preamble, size_t len, bool asked, bool accepted,
                  const struct dissect_context *context)
{
    preamble->bytes[context->side] += len;
    preamble->messages++;
    bool client = context->side == context->flow->client;
    if (preamble->aside)
        return;
    if (client && asked && (preamble->ask_open || preamble->session.accepted == TRUTH_YES))
        preamble->after_ask += len;
    if (!client && accepted)
        preamble->after_answer += len;
}

/* Reads one message, or what is not one. */
static enum preamble_step read_message(struct preamble *preamble, struct reader *bytes,
                                       const struct dissect_context *context)
{
    size_t before = reader_left(bytes);
    bool asked = preamble->ask_open || preamble->session.accepted == TRUTH_YES;
    bool accepted = preamble->session.accepted == TRUTH_YES;
    enum preamble_step step = preamble->protocol->read(preamble, bytes, context);
    if (step == PREAMBLE_NEXT || step == PREAMBLE_END)
        count(preamble, before - reader_left(bytes), asked, accepted, context);
    return step;
}

/* Whether TLS may begin with these bytes. Text never looks like it. */
static enum recognise upgrades(const struct preamble *preamble, struct reader bytes)
{
    return is_due(preamble) || preamble->protocol->text != NULL ? tls_records_recognise(bytes)
                                                                : RECOGNISE_NO;
}

/* After a loss: the next line can be found, a message without a mark of its beginning cannot. */
static bool resume(struct preamble *preamble, struct reader bytes,
                   const struct dissect_context *context)
{
    preamble->lost = preamble->lost_since_ask = true;
    preamble->outstanding = preamble->ask_after = preamble->list_after = 0;
    preamble->broken_line[context->side] = true;
    return preamble->protocol->text != NULL || upgrades(preamble, bytes) == RECOGNISE_YES;
}

static enum dissect starttls_dissect(struct reader *bytes, void *state,
                                     struct dissect_context *context)
{
    struct preamble *preamble = state;
    if (!preamble->begun && !begin(preamble, *bytes, context))
        return DISSECT_NOT_MINE;
    if (context->gap && !resume(preamble, *bytes, context))
        return end_preamble(preamble, context);
    while (reader_left(bytes) > 0) {
        enum recognise tls = upgrades(preamble, *bytes);
        if (tls == RECOGNISE_YES)
            return hand_over(preamble, &dissector_tls, context);
        if (tls == RECOGNISE_MAYBE)
            return DISSECT_MORE;
        if (preamble->protocol->tunnel && preamble->session.accepted == TRUTH_YES)
            return leave_tunnel(preamble, *bytes, context);
        switch (read_message(preamble, bytes, context)) {
        case PREAMBLE_NEXT:
            break;
        case PREAMBLE_WAIT:
            return DISSECT_MORE;
        case PREAMBLE_NOT_MINE:
            if (preamble->commands == 0)
                return DISSECT_NOT_MINE;
            /* fall through */
        case PREAMBLE_END:
            preamble->strayed = true;
            return end_preamble(preamble, context);
        }
        if (is_over(preamble))
            return end_preamble(preamble, context);
    }
    return DISSECT_MORE;
}

static void starttls_end(void *state, struct dissect_context *context)
{
    struct preamble *preamble = state;
    if (preamble->begun)
        tell(preamble, false, context);
}

static const struct observation_type *const observations[] = {&observation_starttls_session, NULL};

const struct dissector dissector_starttls = {
    .name = "starttls",
    .spec =
        "RFC 3207, RFC 9051, RFC 2595, RFC 4217, RFC 6120, RFC 4642, RFC 5804, RFC 4511, RFC 9110",
    .protocol = PROTO_TCP,
    .state_size = sizeof(struct preamble),
    .recognises = starttls_recognises,
    .dissect = starttls_dissect,
    .end = starttls_end,
    .observations = observations,
};
