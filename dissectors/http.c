/* http.c: HTTP/1.x (RFC 9112) on TCP, for what belongs to the install of a device: matches answers to requests, over
 * connections that stay open and requests that do not wait, and follows bodies to their end.
 *
 * Most HTTP is of no interest, and a connection of it is let go soon: after MAX_DULL_EXCHANGES exchanges (a device that
 * keeps its connection open asks for its files first or names itself in every request), after one of a browser, or
 * after MAX_DULL_BYTES of bodies (pages and downloads; a configuration asked for later on that connection is missed).
 * It is then as if nobody had read it. After a loss the next message is looked for at the beginning of a segment. A request to make a tunnel is
 * starttls.c's. */
#include "dissectors/http.h"

#include "core/expect.h"
#include "dissectors/http_exchange.h"
#include "dissectors/http_login.h"
#include "dissectors/starttls.h"
#include "dissectors/starttls_words.h"

#include <arpa/inet.h>
#include <assert.h>

enum {
    MAX_DULL_EXCHANGES = 4,
    MAX_DULL_BYTES = 64 << 10,
    MAX_CHALLENGES = 3, /* after which credentials are waited for, however dull the exchange */
    MAX_WAITING = 8,    /* requests without an answer; of more the oldest is let go */
    HTTP_PORT = 80
};

static const uint64_t expected_for_ns =
    (uint64_t)2 * 3600 * 1000000000; /* a device asks again every hour */

enum side_phase { SIDE_HEAD, SIDE_BODY, SIDE_LOST };

/* What one side sends. */
struct side {
    enum side_phase phase;
    struct http_body body;
    struct http_exchange *reading; /* whose body it is; NULL: nobody's of interest */
    size_t scanned;                /* bytes of a head that has no end yet */
    bool consumed;                 /* something was read */
};

struct request {
    enum http_method method;
    struct http_exchange *exchange; /* NULL: of no interest */
};

struct conversation {
    struct http_expected expected; /* first: what an expectation brings */
    struct side sides[2];
    struct request waiting[MAX_WAITING]; /* in order */
    struct http_logins logins;
    uint32_t dull_bytes;
    uint8_t num_waiting, dull, challenges;
    bool begun, told;
    bool challenged; /* the last answer asks for credentials */
    bool browser;    /* a browser asks: no device */
};

/* What reading a message led to. */
enum go { GO_ON, GO_WAIT, GO_STOP, GO_AWAY, GO_TUNNEL };

/* --- expectations --- */

/* The server's end of a URL; false: only its name is known. */
static bool server_end(const struct http_target *target, struct expect_end *end, uint8_t *version)
{
    char text[INET6_ADDRSTRLEN + 1] = {0};
    *end = (struct expect_end){.any_address = true};
    end->endpoint.port = (uint16_t)(target->port.seen ? target->port.value : HTTP_PORT);
    if (target->host.len >= sizeof text)
        return false;
    memcpy(text, target->host.at, target->host.len);
    bool is_v4 = inet_pton(AF_INET, text, end->endpoint.address) == 1;
    bool is_v6 = !is_v4 && inet_pton(AF_INET6, text, end->endpoint.address) == 1;
    end->any_address = !is_v4 && !is_v6;
    if (!end->any_address)
        *version = is_v4 ? 4 : 6;
    return !end->any_address;
}

static bool expect_target(struct dissect_context *context, const struct http_target *target,
                          struct span client)
{
    struct expectation expectation = {.dissector = &dissector_http,
                                      .client = {.any_address = true, .any_port = true},
                                      .lifetime_ns = expected_for_ns};
    uint8_t version = client.len == 16 ? 6 : 4;
    bool known = server_end(target, &expectation.server, &version);
    bool same_family = client.len == (version == 6 ? 16 : 4);
    if (span_seen(client) && same_family) {
        expectation.client.any_address = false;
        memcpy(expectation.client.endpoint.address, client.at, client.len);
    }
    if (!known && expectation.client.any_address)
        return false;
    const struct http_expected expected = http_expect_note(target, known);
    expectation.ip_version = version;
    expectation.state = span_of(&expected, sizeof expected);
    return dissect_expect(context, &expectation);
}

bool http_expect_url(struct dissect_context *context, struct span url, struct span client)
{
    struct http_target target;
    bool absolute;
    bool read = http_target_read(url, &target, &absolute) && absolute && target.host.len > 0;
    return read && expect_target(context, &target, client);
}

/* A redirect goes on with the install, over this connection or another one. */
static void expect_redirect(struct conversation *conversation, const struct http_head *head,
                            struct dissect_context *context)
{
    const struct flow *flow = context->flow;
    if (head->status / 100 != 3 || !head->has_location)
        return;
    bool server = conversation->expected.is_set && conversation->expected.server;
    conversation->expected = http_expect_note(&head->location, server);
    if (head->location.host.len > 0)
        (void)expect_target(
            context, &head->location,
            span_of(flow->ends[flow->client].address, flow->ip_version == 6 ? 16 : 4));
}

/* --- exchanges --- */

static void free_exchange(struct conversation *conversation, struct http_exchange *exchange,
                          struct dissect_context *context)
{
    for (unsigned i = 0; i < conversation->num_waiting; i++)
        if (conversation->waiting[i].exchange == exchange)
            conversation->waiting[i].exchange = NULL;
    for (unsigned side = 0; side < 2; side++)
        if (conversation->sides[side].reading == exchange)
            conversation->sides[side].reading = NULL;
    http_exchange_free(exchange, context);
}

/* Tells an exchange that is over, or of which nothing more will be seen. */
static void finish(struct conversation *conversation, struct http_exchange *exchange,
                   const char *why, struct dissect_context *context)
{
    if (exchange != NULL && http_exchange_tell(exchange, why, context)) {
        conversation->told = true;
        conversation->dull = 0;
        conversation->dull_bytes = 0;
    } else if (conversation->dull < UINT8_MAX) {
        conversation->dull++;
    }
    if (exchange != NULL)
        free_exchange(conversation, exchange, context);
}

static struct request pop_request(struct conversation *conversation)
{
    assert(conversation->num_waiting > 0);
    struct request first = conversation->waiting[0];
    conversation->num_waiting--;
    memmove(conversation->waiting, conversation->waiting + 1,
            conversation->num_waiting * sizeof first);
    return first;
}

static void push_request(struct conversation *conversation, enum http_method method,
                         struct http_exchange *exchange, struct dissect_context *context)
{
    if (conversation->num_waiting == MAX_WAITING)
        finish(conversation, pop_request(conversation).exchange, "limit", context);
    conversation->waiting[conversation->num_waiting++] =
        (struct request){.method = method, .exchange = exchange};
}

static void finish_all(struct conversation *conversation, const char *why,
                       struct dissect_context *context)
{
    while (conversation->num_waiting > 0)
        finish(conversation, pop_request(conversation).exchange, why, context);
    for (unsigned side = 0; side < 2; side++)
        if (conversation->sides[side].reading != NULL)
            finish(conversation, conversation->sides[side].reading, why, context);
}

static bool from_client(const struct dissect_context *context)
{
    return context->side == context->flow->client;
}

static enum http_part part_of(const struct dissect_context *context)
{
    return from_client(context) ? HTTP_ASKED : HTTP_ANSWERED;
}

/* The body at hand, or what would have been it, is over. */
static void end_message(struct conversation *conversation, bool whole,
                        struct dissect_context *context)
{
    struct side *side = &conversation->sides[context->side];
    struct http_exchange *exchange = side->reading;
    side->phase = SIDE_HEAD;
    side->reading = NULL;
    if (exchange != NULL)
        http_exchange_end(exchange, part_of(context), whole, context);
    if (from_client(context)) {
        if (exchange != NULL && exchange->answered)
            finish(conversation, exchange, "lost", context);
        return;
    }
    if (conversation->num_waiting == 0)
        return;
    exchange = pop_request(conversation).exchange;
    if (exchange != NULL && conversation->sides[!context->side].reading == exchange)
        exchange->answered = true;
    else
        finish(conversation, exchange, "lost", context);
}

/* So much is missing that the next message has to be looked for. */
static void lose(struct conversation *conversation, struct dissect_context *context)
{
    struct side *side = &conversation->sides[context->side];
    if (side->phase == SIDE_BODY) {
        if (side->reading != NULL)
            http_exchange_gap(side->reading, part_of(context), 0);
        end_message(conversation, false, context);
    }
    side->phase = SIDE_LOST;
    side->scanned = 0;
}

/* --- heads --- */

static void begin_body(struct conversation *conversation, struct http_exchange *exchange,
                       const struct http_head *head, enum http_framing framing,
                       struct dissect_context *context)
{
    struct side *side = &conversation->sides[context->side];
    side->phase = SIDE_BODY;
    side->reading = exchange;
    http_body_begin(&side->body, framing, head->length);
    if (exchange != NULL)
        http_exchange_body(exchange, part_of(context), head, framing, context);
    if (framing == HTTP_NO_BODY)
        end_message(conversation, true, context);
}

static enum go on_request(struct conversation *conversation, const struct http_head *head,
                          struct dissect_context *context)
{
    enum http_framing framing = http_head_framing(head, false, HTTP_NO_METHOD);
    /* Who waited for answers before asking again had them. */
    if (conversation->sides[!context->side].phase == SIDE_LOST)
        finish_all(conversation, "lost", context);
    struct http_exchange *exchange = http_exchange_new(head, &conversation->expected, context);
    conversation->browser = http_tells_browser(head->agent);
    http_login_tell(&conversation->logins, head, context);
    push_request(conversation, head->method, exchange, context);
    begin_body(conversation, exchange, head, framing, context);
    return framing == HTTP_BAD_FRAMING ? GO_STOP : GO_ON;
}

static bool is_of_interest(const struct http_exchange *exchange)
{
    return exchange != NULL && exchange->interest != HTTP_DULL;
}

/* What is asked for comes with the next request. */
static void note_challenge(struct conversation *conversation, unsigned status)
{
    enum { UNAUTHORIZED = 401, PROXY_AUTHENTICATION_REQUIRED = 407 };
    bool challenges = status == UNAUTHORIZED || status == PROXY_AUTHENTICATION_REQUIRED;
    conversation->challenged = challenges && conversation->challenges < MAX_CHALLENGES;
    conversation->challenges = (uint8_t)(conversation->challenges + conversation->challenged);
}

/* An answer whose request was not seen is as good as one, for what it brings. */
static void answer_unasked(struct conversation *conversation, struct dissect_context *context)
{
    struct http_exchange *exchange = http_exchange_new(NULL, &conversation->expected, context);
    push_request(conversation, HTTP_NO_METHOD, exchange, context);
}

static enum go on_response(struct conversation *conversation, const struct http_head *head,
                           struct dissect_context *context)
{
    enum { SWITCHING_PROTOCOLS = 101 };
    if (head->status == SWITCHING_PROTOCOLS)
        return GO_AWAY;
    if (head->status / 100 == 1)
        return GO_ON;
    if (conversation->num_waiting == 0)
        answer_unasked(conversation, context);
    note_challenge(conversation, head->status);
    struct request *request = &conversation->waiting[0];
    enum http_framing framing = http_head_framing(head, true, request->method);
    struct http_exchange *exchange = request->exchange;
    if (exchange != NULL) {
        http_exchange_answer(exchange, head, context);
        if (exchange->interest == HTTP_TAKEN)
            expect_redirect(conversation, head, context);
    }
    begin_body(conversation, exchange, head, framing, context);
    return framing == HTTP_BAD_FRAMING ? GO_STOP : GO_ON;
}

/* Empty lines may come before a request (RFC 9112 section 2.2). */
static void skip_blanks(struct reader *bytes)
{
    while (reader_left(bytes) > 0 && (*bytes->at == '\r' || *bytes->at == '\n'))
        reader_skip(bytes, 1);
}

static enum recognise asks_for_tunnel(const struct reader *bytes,
                                      const struct dissect_context *context)
{
    const struct span word = span_text("CONNECT ");
    size_t there = reader_left(bytes), len = there < word.len ? there : word.len;
    if (!from_client(context) || memcmp(bytes->at, word.at, len) != 0)
        return RECOGNISE_NO;
    /* Who reads on has to see the whole line. */
    bool whole = there >= HTTP_MAX_LINE || memchr(bytes->at, '\n', there) != NULL;
    return whole ? RECOGNISE_YES : RECOGNISE_MAYBE;
}

/* What began is not whole: the rest comes, or it never will. */
static enum go wait_for_head(struct conversation *conversation, struct reader *bytes,
                             struct dissect_context *context)
{
    if (bytes->cut == 0)
        return GO_WAIT;
    lose(conversation, context);
    reader_skip(bytes, reader_wire_left(bytes));
    return GO_WAIT;
}

static enum go read_head(struct conversation *conversation, struct reader *bytes,
                         struct dissect_context *context)
{
    struct side *side = &conversation->sides[context->side];
    bool is_response, response = !from_client(context);
    skip_blanks(bytes);
    if (reader_left(bytes) == 0)
        return wait_for_head(conversation, bytes, context);
    enum recognise answer = asks_for_tunnel(bytes, context);
    if (answer == RECOGNISE_YES)
        return conversation->num_waiting == 0 ? GO_TUNNEL : GO_STOP;
    if (answer == RECOGNISE_NO)
        answer = http_head_recognise(*bytes, &is_response);
    if (answer == RECOGNISE_MAYBE)
        return wait_for_head(conversation, bytes, context);
    if (answer == RECOGNISE_NO || is_response != response)
        return GO_STOP;
    /* Earlier bytes may still come in front of what nobody has read, where no beginning was seen. */
    if (!context->flow->saw_start && !side->consumed)
        side->scanned = 0;
    size_t len;
    struct span all = span_of(bytes->at, reader_left(bytes));
    switch (http_head_find(all, &side->scanned, &len)) {
    case HEAD_WAITS:
        return wait_for_head(conversation, bytes, context);
    case HEAD_TOO_LONG:
        return GO_STOP;
    case READ_HEAD:
        break;
    }
    struct http_head head;
    side->scanned = 0;
    side->consumed = true;
    if (!http_head_read(reader_bytes(bytes, len), response, &head))
        return GO_STOP;
    return response ? on_response(conversation, &head, context)
                    : on_request(conversation, &head, context);
}

/* --- bodies --- */

static enum go read_body(struct conversation *conversation, struct reader *bytes,
                         struct dissect_context *context)
{
    struct side *side = &conversation->sides[context->side];
    enum http_part part = part_of(context);
    struct span data = {0};
    uint64_t lost = 0;
    switch (http_body_read(&side->body, bytes, &data, &lost)) {
    case HTTP_DATA:
        if (is_of_interest(side->reading))
            http_exchange_add(side->reading, part, data, context);
        else
            conversation->dull_bytes += (uint32_t)data.len;
        break;
    case HTTP_GAP:
        if (side->reading != NULL)
            http_exchange_gap(side->reading, part, lost);
        break;
    case HTTP_NEXT:
        return GO_ON;
    case HTTP_END:
        end_message(conversation, true, context);
        return GO_ON;
    case HTTP_WAIT:
        return GO_WAIT;
    case HTTP_LOST:
        lose(conversation, context);
        return GO_ON;
    case HTTP_BROKEN:
        return GO_STOP;
    }
    /* No byte needs to follow those of a length. */
    if (side->body.framing == HTTP_LENGTH && side->body.left == 0)
        end_message(conversation, true, context);
    return GO_ON;
}

/* Who waits for answers before asking again waits for the last one only: the others were lost. */
static void leave_last(struct conversation *conversation, struct dissect_context *context)
{
    while (conversation->num_waiting > 1)
        finish(conversation, pop_request(conversation).exchange, "lost", context);
}

/* Looks for a message at the beginning of what is there. */
static enum go find_message(struct conversation *conversation, struct reader *bytes,
                            struct dissect_context *context)
{
    bool response;
    enum recognise answer = http_head_recognise(*bytes, &response);
    if (answer == RECOGNISE_MAYBE)
        return GO_WAIT;
    if (answer == RECOGNISE_YES && response != from_client(context)) {
        conversation->sides[context->side].phase = SIDE_HEAD;
        if (response)
            leave_last(conversation, context);
        return GO_ON;
    }
    reader_skip(bytes, reader_wire_left(bytes));
    return GO_WAIT;
}

/* --- the conversation --- */

static bool is_dull_body(const struct side *side)
{
    if (side->phase != SIDE_BODY || is_of_interest(side->reading))
        return false;
    return side->body.framing == HTTP_UNTIL_CLOSE || side->body.left > MAX_DULL_BYTES;
}

/* Whether nothing of interest is being read, and none is to be expected. */
static bool is_over(const struct conversation *conversation)
{
    for (unsigned i = 0; i < conversation->num_waiting; i++)
        if (is_of_interest(conversation->waiting[i].exchange))
            return false;
    for (unsigned side = 0; side < 2; side++)
        if (is_of_interest(conversation->sides[side].reading))
            return false;
    if (conversation->challenged)
        return false;
    unsigned max_dull = conversation->browser ? 1 : MAX_DULL_EXCHANGES;
    return conversation->dull >= max_dull || conversation->dull_bytes > MAX_DULL_BYTES ||
           is_dull_body(&conversation->sides[0]) || is_dull_body(&conversation->sides[1]);
}

static enum dissect leave(struct conversation *conversation, const char *why, enum dissect how,
                          struct dissect_context *context)
{
    finish_all(conversation, why, context);
    return conversation->told ? DISSECT_DONE : how;
}

/* Who sends requests is the client. */
static enum recognise begin(struct conversation *conversation, struct reader bytes,
                            struct dissect_context *context)
{
    struct flow *flow = context->flow;
    bool response;
    enum recognise answer = http_head_recognise(bytes, &response);
    if (answer != RECOGNISE_YES)
        return answer;
    unsigned client = response ? !context->side : context->side;
    if (flow->client_certain && flow->client != client)
        return RECOGNISE_NO;
    flow->client = (uint8_t)client;
    flow->client_certain = true;
    conversation->begun = true;
    return RECOGNISE_YES;
}

static enum go read_on(struct conversation *conversation, struct reader *bytes,
                       struct dissect_context *context)
{
    switch (conversation->sides[context->side].phase) {
    case SIDE_HEAD:
        return read_head(conversation, bytes, context);
    case SIDE_BODY:
        return read_body(conversation, bytes, context);
    case SIDE_LOST:
        return find_message(conversation, bytes, context);
    }
    assert(0 && "a phase");
    return GO_STOP;
}

static enum dissect http_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    struct conversation *conversation = state;
    if (!conversation->begun) {
        enum recognise answer = begin(conversation, *bytes, context);
        if (answer != RECOGNISE_YES)
            return answer == RECOGNISE_MAYBE ? DISSECT_MORE : DISSECT_NOT_MINE;
    }
    if (context->gap)
        lose(conversation, context);
    while (reader_wire_left(bytes) > 0) {
        switch (read_on(conversation, bytes, context)) {
        case GO_ON:
            break;
        case GO_WAIT:
            return DISSECT_MORE;
        case GO_STOP:
            return leave(conversation, "framing", DISSECT_FORGET, context);
        case GO_AWAY:
            return leave(conversation, "framing", DISSECT_NOT_MINE, context);
        case GO_TUNNEL:
            finish_all(conversation, "framing", context);
            context->next = &dissector_starttls;
            return DISSECT_HANDOVER;
        }
        if (is_over(conversation))
            return leave(conversation, "framing", DISSECT_FORGET, context);
    }
    return DISSECT_MORE;
}

static const char *why_ended(const struct flow *flow)
{
    if (flow->fin[0] && flow->fin[1])
        return "closed";
    switch (flow->ended) {
    case FLOW_END_CLOSED:
        return "closed";
    case FLOW_END_IDLE:
        return "silence";
    case FLOW_END_EVICTED:
        return "limit";
    case FLOW_END_INPUT:
    case FLOW_END_NONE:
        break;
    }
    return "input ended";
}

/* The end of a connection is that of a body that no length was told of. */
static void http_end(void *state, struct dissect_context *context)
{
    struct conversation *conversation = state;
    struct dissect_context as_server = *context;
    as_server.side = !context->flow->client;
    const struct side *answers = &conversation->sides[as_server.side];
    if (answers->phase == SIDE_BODY && answers->body.framing == HTTP_UNTIL_CLOSE &&
        context->flow->fin[as_server.side])
        end_message(conversation, true, &as_server);
    finish_all(conversation, why_ended(context->flow), context);
    context->forget = !conversation->told;
}

static enum recognise http_recognises(struct reader bytes)
{
    bool response;
    if (reader_left(&bytes) == 0 || !http_head_may_begin(*bytes.at))
        return RECOGNISE_NO;
    return http_head_recognise(bytes, &response);
}

static const struct observation_type *const observations[] = {&observation_http_fetch,
                                                              &observation_http_login, NULL};

const struct dissector dissector_http = {
    .name = "http",
    .spec = "RFC 9112, RFC 9110",
    .protocol = PROTO_TCP,
    .state_size = sizeof(struct conversation),
    .recognises = http_recognises,
    .dissect = http_dissect,
    .end = http_end,
    .observations = observations,
};
