/* dtls_handshake.c: the handshake layer of DTLS in clear: fragments become messages, in order, each once.
 * RFC 6347 section 4.2, RFC 9147 section 5. Reads HelloVerifyRequest; hands every other message on to
 * tls_session.c. */
#include "dissectors/dtls.h"
#include "dissectors/dtls_flow.h"

#include "core/common_observations.h"

enum {
    HELLO_RANDOM_OFFSET = 2, /* behind the version */
    HELLO_START_LEN = HELLO_RANDOM_OFFSET + TLS_RANDOM_LEN
};

void dtls_fault(const struct observation_type *type, const char *field, const char *reason,
                struct dissect_context *context)
{
    const struct fault_observation fault = {.protocol = "dtls", .field = field, .reason = reason};
    dissect_emit(context, type, &fault);
}

/* struct { ProtocolVersion server_version; opaque cookie<0..2^8-1>; } HelloVerifyRequest; */
struct tls_hello_verify_request dtls_hello_verify_request(struct reader *body)
{
    struct tls_hello_verify_request request = {.transport = "dtls"};
    request.version = number(reader_u16(body));
    request.cookie = reader_span_vec8(body);
    request.cookie_len = number(request.cookie.len);
    reader_finish(body, "hello_verify_request");
    return request;
}

static void read_hello_verify_request(struct dtls *dtls, struct reader body,
                                      struct dissect_context *context)
{
    const struct tls_hello_verify_request request = dtls_hello_verify_request(&body);
    if (!reader_ok(&body)) {
        tls_session_fault(&dtls->session, &body, "hello_verify_request", context);
        return;
    }
    dtls->hello_verify = true;
    dtls->cookie_len = request.cookie_len;
    context->flow->client = (uint8_t)!context->side;
    context->flow->client_certain = true;
    dissect_emit(context, &observation_tls_hello_verify_request, &request);
}

static void read_message(struct dtls *dtls, uint8_t type, uint16_t seq, struct span body,
                         struct dissect_context *context)
{
    dtls->session.message_seq = number(seq);
    if (type == TLS_HELLO_VERIFY_REQUEST)
        read_hello_verify_request(dtls, reader_of(body), context);
    else
        tls_session_message(&dtls->session, type, reader_of(body), context);
    if (type == TLS_CLIENT_HELLO && dtls->opening == DTLS_OPENING_HELLO)
        dtls->opening = DTLS_OPENING_ANSWER;
    dtls->any_hello = dtls->any_hello || type == TLS_CLIENT_HELLO;
}

/* --- messages leave in order --- */

static void read_ready(struct dtls *dtls, struct dissect_context *context)
{
    struct dtls_inbox *inbox = &dtls->sides[context->side].inbox;
    struct dtls_message *message;
    while ((message = dtls_inbox_ready(inbox)) != NULL) {
        const uint8_t *bytes = dtls_message_join(message, context->scratch);
        if (bytes != NULL)
            read_message(dtls, message->type, message->seq, span_of(bytes, message->len), context);
        dtls_inbox_left(inbox, message->seq);
        dtls_inbox_drop(inbox, &dtls->store, message);
    }
}

void dtls_hurry(struct dtls *dtls, unsigned side, struct dissect_context *context)
{
    struct dtls_inbox *inbox = &dtls->sides[side].inbox;
    const struct dtls_message *last = dtls_inbox_last_complete(inbox);
    if (last == NULL)
        return;
    unsigned sender = context->side;
    context->side = side;
    dtls_inbox_wait_from(inbox, last->seq);
    read_ready(dtls, context);
    context->side = sender;
}

/* A hello opens a flight: nothing that the side sent before it is waited for. */
static bool opens_flight(uint8_t type)
{
    return type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO || type == TLS_HELLO_VERIFY_REQUEST;
}

static void note_repeated(struct dtls_side *side, uint16_t seq)
{
    side->repeated++;
    if (!side->repeating || seq <= side->last_repeated)
        side->flights++;
    side->repeating = true;
    side->last_repeated = seq;
}

static void tell_added(struct dtls *dtls, enum dtls_add result,
                       const struct dtls_fragment *fragment, struct dissect_context *context)
{
    struct dtls_side *side = &dtls->sides[context->side];
    switch (result) {
    case DTLS_ADDED:
        break;
    case DTLS_AGAIN:
        note_repeated(side, fragment->seq);
        break;
    case DTLS_DIFFERS:
        dtls_fault(&observation_malformed, "handshake", "overlapping fragments differ", context);
        break;
    case DTLS_CONTRADICTS:
        if (!side->told_bounds)
            dtls_fault(&observation_malformed, "handshake",
                       "a fragment of another type or length than the one before", context);
        side->told_bounds = true;
        break;
    case DTLS_OUT_OF_BOUNDS:
        if (!side->told_bounds)
            dtls_fault(&observation_cut, "handshake", "no room to put fragments together", context);
        side->told_bounds = true;
        break;
    }
}

static void read_new_fragment(struct dtls *dtls, const struct dtls_fragment *fragment,
                              struct dissect_context *context)
{
    struct dtls_inbox *inbox = &dtls->sides[context->side].inbox;
    if (dtls->sides[!context->side].inbox.first != NULL)
        dtls_hurry(dtls, !context->side, context);
    if (opens_flight(fragment->type))
        dtls_inbox_wait_from(inbox, fragment->seq);
    bool whole = fragment->bytes.len == fragment->len;
    if (whole && dtls_inbox_is_next(inbox, fragment->seq) &&
        dtls_inbox_find(inbox, fragment->seq) == NULL) {
        dtls_inbox_left(inbox, fragment->seq);
        read_message(dtls, fragment->type, fragment->seq, fragment->bytes, context);
    } else {
        tell_added(dtls, dtls_inbox_add(inbox, &dtls->store, fragment), fragment, context);
    }
    if (inbox->first != NULL)
        read_ready(dtls, context);
}

/* --- a handshake after the first one --- */

static void forget_side(struct dtls *dtls, unsigned number)
{
    struct dtls_side *side = &dtls->sides[number];
    dtls_inbox_clear(&side->inbox, &dtls->store);
    *side = (struct dtls_side){.inferred_cid_len = side->inferred_cid_len,
                               .inferences = side->inferences,
                               .cids = side->cids,
                               .has_cid = side->has_cid,
                               .cid_hash = side->cid_hash};
}

/* A hello that takes the place of one with another random, or goes before it, begins a new handshake on the same
 * ports: RFC 6347 section 4.2.8. The server's counts only where the client's are not in the capture. */
static void note_hello(struct dtls *dtls, const struct dtls_fragment *fragment,
                       struct dissect_context *context)
{
    struct dtls_side *side = &dtls->sides[context->side];
    bool client = fragment->type == TLS_CLIENT_HELLO;
    bool server = fragment->type == TLS_SERVER_HELLO && !dtls->any_hello;
    if ((!client && !server) || fragment->offset != 0 || fragment->bytes.len < HELLO_START_LEN)
        return;
    const uint8_t *random = fragment->bytes.at + HELLO_RANDOM_OFFSET;
    bool taken = fragment->seq < side->inbox.from ||
                 dtls_inbox_is_done(&side->inbox, fragment->seq) ||
                 dtls_inbox_find(&side->inbox, fragment->seq) != NULL;
    if (taken && side->has_random && memcmp(side->random, random, TLS_RANDOM_LEN) != 0 &&
        !tls_is_hello_retry_random(side->random) && !tls_is_hello_retry_random(random))
        dtls_handshake_end(dtls, context);
    memcpy(side->random, random, TLS_RANDOM_LEN);
    side->has_random = true;
}

static void read_fragment(struct dtls *dtls, const struct dtls_fragment *fragment,
                          struct dissect_context *context)
{
    struct dtls_side *side = &dtls->sides[context->side];
    note_hello(dtls, fragment, context);
    if (!dtls_inbox_is_done(&side->inbox, fragment->seq)) {
        side->repeating = false;
        read_new_fragment(dtls, fragment, context);
    } else if (fragment->offset == 0) {
        note_repeated(side, fragment->seq);
    }
}

/* struct { HandshakeType msg_type; uint24 length; uint16 message_seq; uint24 fragment_offset;
 *          uint24 fragment_length; opaque body[fragment_length]; } Handshake; any number in a record */
void dtls_read_fragments(struct dtls *dtls, struct reader record, struct dissect_context *context)
{
    while (reader_more(&record)) {
        struct dtls_fragment fragment = {.type = reader_u8(&record)};
        fragment.len = reader_u24(&record);
        fragment.seq = reader_u16(&record);
        fragment.offset = reader_u24(&record);
        size_t len = reader_u24(&record);
        struct reader body = reader_child(&record, len);
        if (!reader_ok(&record) || fragment.offset + len > fragment.len) {
            reader_fail(&record, READER_MALFORMED, "handshake");
            break;
        }
        if (fragment.len > DTLS_MAX_MESSAGE) {
            reader_fail(&record, READER_MALFORMED, "handshake.length");
            break;
        }
        fragment.bytes = reader_rest(&body);
        read_fragment(dtls, &fragment, context);
    }
    if (!reader_ok(&record))
        tls_session_fault(&dtls->session, &record, "handshake", context);
}

/* --- the end --- */

/* What was begun and not ended is told: the capture lacks a fragment, or the peer never sent it. */
static void tell_unfinished(struct dtls *dtls, struct dissect_context *context)
{
    for (const struct dtls_message *m = dtls->sides[context->side].inbox.first; m; m = m->next) {
        dtls_fault(&observation_cut, "handshake", "a fragment of the message is missing", context);
        dtls->session.handshake.cut = true;
    }
}

struct number dtls_cid_len(const struct dtls *dtls, unsigned side, unsigned client, bool *inferred)
{
    const struct tls_session *session = &dtls->session;
    struct number from_server = session->client_cid_len, from_client = session->server_cid_len;
    bool both = session->client_hello && session->server_hello;
    *inferred = false;
    if (!both || (from_server.seen && from_client.seen)) {
        struct number negotiated = side == client ? from_client : from_server;
        if (negotiated.seen && session->server_hello)
            return negotiated;
    }
    *inferred = dtls->sides[side].inferred_cid_len.seen;
    return dtls->sides[side].inferred_cid_len;
}

static void emit_session(const struct dtls *dtls, struct dissect_context *context)
{
    unsigned client_end = context->flow->client;
    const struct dtls_side *client = &dtls->sides[client_end], *server = &dtls->sides[!client_end];
    bool client_inferred, server_inferred;
    bool answered = dtls->any_hello && dtls->opening != DTLS_OPENING_HELLO;
    struct dtls_session session = {
        .version = dtls->session.version,
        .version_protocol = dtls->session.version_protocol,
        .hello_verify =
            dtls->any_hello || dtls->hello_verify ? truth(dtls->hello_verify) : TRUTH_UNKNOWN,
        .cookie_len = dtls->cookie_len,
        .client_repeated = number(client->repeated),
        .server_repeated = number(server->repeated),
        .client_flights = number(client->flights),
        .server_flights = number(server->flights),
        .unified = truth(dtls->unified),
        .client_plain = number(client->plain),
        .server_plain = number(server->plain),
        .client_protected = truth(client->protected),
        .server_protected = truth(server->protected),
        .client_cid_len = dtls_cid_len(dtls, client_end, client_end, &client_inferred),
        .server_cid_len = dtls_cid_len(dtls, !client_end, client_end, &server_inferred),
        .cid_records = number(client->cid_records + server->cid_records),
    };
    if (client->cid_records > 0)
        session.client_cid_last_ns = number(client->cid_last_ns);
    if (dtls->record_version != 0)
        session.record_version = number(dtls->record_version);
    if (answered) {
        session.client_hello_bytes = number(dtls->client_hello_bytes);
        session.server_first_bytes = number(dtls->server_first_bytes);
    }
    if (session.client_cid_len.seen || session.server_cid_len.seen)
        session.cid_inferred = truth(client_inferred || server_inferred);
    dissect_emit(context, &observation_dtls_session, &session);
}

void dtls_handshake_end(struct dtls *dtls, struct dissect_context *context)
{
    unsigned sender = context->side;
    for (unsigned i = 0; i < 2; i++) {
        context->side = i;
        dtls_hurry(dtls, i, context);
        tell_unfinished(dtls, context);
        tls_nonces_end(&dtls->session, context);
    }
    if (dtls->gave_way) {
        dtls_fault(&observation_cut, "handshake", "no room to put fragments together", context);
        dtls->session.handshake.cut = true;
        dtls->gave_way = false;
    }
    tls_nonces_free(&dtls->session);
    context->side = context->flow->client;
    tls_session_end(&dtls->session, context);
    emit_session(dtls, context);
    context->side = sender;
    forget_side(dtls, 0);
    forget_side(dtls, 1);
    dtls->session = (struct tls_session){.transport = "dtls", .version_protocol = "dtls"};
    dtls->hello_verify = dtls->any_hello = dtls->unified = false;
    dtls->cookie_len = (struct number){0};
    dtls->opening = DTLS_OPENING_HELLO;
    dtls->client_hello_bytes = dtls->server_first_bytes = 0;
}
