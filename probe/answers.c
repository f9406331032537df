/* answers.c: a server's datagrams: records, fragments, messages, observations. RFC 6347 section 4. What is observed
 * is kept as far as the client or a check needs it. */
#include "probe/answers.h"

#include "core/common_observations.h"

#include <stdlib.h>

enum { CLIENT = 0, SERVER = 1, LEVEL_FATAL = 2, CLOSE_NOTIFY = 0 };

struct answers_kept {
    struct answers_kept *next;
    uint8_t bytes[];
};

/* --- what is kept of observations --- */

/* A copy that lives as long as the answers; unseen without memory. */
static struct span keep(struct answers *answers, struct span bytes)
{
    if (!span_seen(bytes))
        return bytes;
    struct answers_kept *kept = malloc(sizeof *kept + bytes.len + 1);
    if (kept == NULL)
        return (struct span){0};
    kept->next = answers->kept;
    answers->kept = kept;
    if (bytes.len > 0)
        memcpy(kept->bytes, bytes.at, bytes.len);
    return span_of(kept->bytes, bytes.len);
}

static void keep_hello(struct answers *answers, const struct tls_server_hello *seen)
{
    struct tls_server_hello *hello = &answers->hello;
    *hello = *seen;
    hello->random = keep(answers, seen->random);
    hello->session_id = keep(answers, seen->session_id);
    hello->extensions = keep(answers, seen->extensions);
    hello->connection_id = keep(answers, seen->connection_id);
    hello->key_share = keep(answers, seen->key_share);
    hello->alpn = hello->cached_info = hello->ssl2_ciphers = (struct span){0};
    answers->server_hello = true;
}

static void keep_exchange(struct answers *answers, const struct tls_server_key_exchange *seen)
{
    struct tls_server_key_exchange *exchange = &answers->exchange;
    *exchange = *seen;
    exchange->psk_hint = keep(answers, seen->psk_hint);
    exchange->dh_p = keep(answers, seen->dh_p);
    exchange->dh_g = keep(answers, seen->dh_g);
    exchange->public_value = keep(answers, seen->public_value);
    answers->key_exchange = true;
}

static void keep_alert(struct answers *answers, const struct tls_alert *alert)
{
    if (alert->level.value != LEVEL_FATAL && alert->description.value != CLOSE_NOTIFY) {
        answers->warning = alert->description;
    } else if (!answers->alerted) {
        answers->alerted = true;
        answers->alert = (uint8_t)alert->description.value;
    }
}

static void emit(void *to, const struct observation *observation)
{
    struct answers *answers = to;
    const struct observation_type *type = observation->type;
    if (observation->side != SERVER)
        return;
    if (type == &observation_tls_server_hello)
        keep_hello(answers, observation->data);
    else if (type == &observation_tls_server_key_exchange)
        keep_exchange(answers, observation->data);
    else if (type == &observation_tls_alert)
        keep_alert(answers, observation->data);
    else if (type == &observation_malformed)
        answers->malformed = true;
    if (type == &observation_tls_certificate_message) {
        const struct tls_certificate_message *seen = observation->data;
        answers->certificates = (unsigned)seen->count.value;
        answers->certificate_type = seen->type;
    }
    if (type == &observation_tls_new_session_ticket) {
        answers->ticket = *(const struct tls_new_session_ticket *)observation->data;
        answers->ticket.ticket = keep(answers, answers->ticket.ticket);
        answers->new_ticket = true;
    }
}

static struct dissect_context context_of(struct answers *answers, unsigned side)
{
    return (struct dissect_context){.flow = &answers->flow,
                                    .side = side,
                                    .scratch = &answers->scratch,
                                    .budget = &answers->budget,
                                    .emit_to = answers,
                                    .emit = emit};
}

/* --- messages --- */

static void read_hello_verify(struct answers *answers, struct span body)
{
    struct reader r = reader_of(body);
    const struct tls_hello_verify_request request = dtls_hello_verify_request(&r);
    if (!reader_ok(&r)) {
        answers->malformed = true;
        return;
    }
    answers->hello_verify = true;
    answers->cookie_version = (uint16_t)request.version.value;
    answers->cookie_len = request.cookie.len;
    if (request.cookie.len > 0)
        memcpy(answers->cookie, request.cookie.at, request.cookie.len);
}

static void read_message(struct answers *answers, uint8_t type, uint16_t seq, struct span body)
{
    if (answers->num_messages == ANSWERS_MAX_MESSAGES)
        return;
    answers->num_messages++;
    answers->session.message_seq = number(seq);
    if (type == TLS_HELLO_VERIFY_REQUEST) {
        read_hello_verify(answers, body);
    } else if (type != TLS_NEW_SESSION_TICKET || !tls_session_is_13(&answers->session)) {
        struct dissect_context context =
            context_of(answers, SERVER); /* tickets of 1.3 look otherwise */
        tls_session_message(&answers->session, type, reader_of(body), &context);
    }
    answers->hello_done = answers->hello_done || type == TLS_SERVER_HELLO_DONE;
    answers->listener.message(answers->listener.to, type, seq, body);
}

static void read_ready(struct answers *answers)
{
    struct dtls_message *message;
    while ((message = dtls_inbox_ready(&answers->inbox)) != NULL) {
        /* The listener may let what it reads use the scratch: the message has to be there until the end. */
        struct scratch own = {.at = NULL};
        const uint8_t *bytes = dtls_message_join(message, &own);
        const uint8_t type = message->type;
        const uint16_t seq = message->seq;
        const size_t len = message->len;
        dtls_inbox_left(&answers->inbox, seq);
        dtls_inbox_drop(&answers->inbox, &answers->store, message);
        if (bytes != NULL)
            read_message(answers, type, seq, span_of(bytes, len));
        scratch_free(&own);
    }
}

/* A run of messages that came before is a flight that was sent again. */
static void note_repeated(struct answers *answers, uint16_t seq)
{
    if (!answers->repeating || seq <= answers->last_repeated)
        answers->repeated_flights++;
    answers->repeating = true;
    answers->last_repeated = seq;
}

/* What a client says alone: whoever sends it to one only sends back what it got. */
static bool is_clients(uint8_t type)
{
    return type == TLS_CLIENT_HELLO || type == TLS_CLIENT_KEY_EXCHANGE ||
           type == TLS_CERTIFICATE_VERIFY;
}

static void read_fragment(struct answers *answers, const struct dtls_fragment *fragment)
{
    if (is_clients(fragment->type)) {
        answers->malformed = true;
        return;
    }
    if (dtls_inbox_is_done(&answers->inbox, fragment->seq)) {
        if (fragment->offset == 0)
            note_repeated(answers, fragment->seq);
        return;
    }
    answers->repeating = false;
    /* What came before it, if anything, was about a cookie. */
    if (fragment->type == TLS_SERVER_HELLO && !answers->server_hello)
        dtls_inbox_wait_from(&answers->inbox, fragment->seq);
    if (dtls_inbox_add(&answers->inbox, &answers->store, fragment) == DTLS_CONTRADICTS)
        answers->malformed = true;
    read_ready(answers);
}

static void read_handshake(struct answers *answers, struct reader record)
{
    while (reader_more(&record)) {
        struct dtls_fragment fragment = {.type = reader_u8(&record)};
        fragment.len = reader_u24(&record);
        fragment.seq = reader_u16(&record);
        fragment.offset = reader_u24(&record);
        const size_t len = reader_u24(&record);
        fragment.bytes = reader_bytes(&record, len);
        if (!reader_ok(&record) || fragment.offset + len > fragment.len ||
            fragment.len > DTLS_MAX_MESSAGE) {
            answers->malformed = true;
            return;
        }
        read_fragment(answers, &fragment);
    }
}

/* --- records --- */

static void read_alert(struct answers *answers, struct reader body, bool is_protected)
{
    struct dissect_context context = context_of(answers, SERVER);
    const bool before = answers->alerted;
    tls_session_alert(&answers->session, body, &context);
    if (answers->alerted && !before)
        answers->alert_protected = is_protected;
}

static void read_content(struct answers *answers, uint8_t type, struct span content,
                         bool is_protected)
{
    switch (type) {
    case DTLS_HANDSHAKE:
        read_handshake(answers, reader_of(content));
        break;
    case DTLS_ALERT:
        read_alert(answers, reader_of(content), is_protected);
        break;
    case DTLS_CHANGE_CIPHER_SPEC:
        answers->change_cipher_specs++;
        break;
    case DTLS_APPLICATION_DATA:
        if (is_protected && !span_seen(answers->application_data))
            answers->application_data = keep(answers, content);
        break;
    default:
        break;
    }
}

static void read_protected(struct answers *answers, const struct dtls_record *record)
{
    uint8_t type = record->type;
    struct span plain;
    if (!answers->listener.open(answers->listener.to, record, &type, &plain)) {
        answers->unopened++;
        return;
    }
    answers->opened++;
    read_content(answers, type, plain, true);
}

void answers_read(struct answers *answers, struct span datagram)
{
    struct reader r = reader_of(datagram);
    while (reader_left(&r) > 0) {
        struct dtls_record record;
        if (!dtls_record_read(&r, 0, &record)) {
            answers->garbage = true;
            return;
        }
        answers->any = true;
        if (record.epoch == 0 && !record.unified)
            read_content(answers, record.type, reader_rest(&record.fragment), false);
        else
            read_protected(answers, &record);
    }
}

/* --- begin and end --- */

void answers_begin(struct answers *answers, const struct answers_listener *listener)
{
    *answers = (struct answers){.listener = *listener,
                                .session = {.transport = "dtls", .version_protocol = "dtls"},
                                .budget = {.limit = DTLS_MAX_FLOW}};
    answers->store.all = &answers->budget;
}

void answers_sent(struct answers *answers, uint8_t type, struct span body)
{
    struct dissect_context context = context_of(answers, CLIENT);
    tls_session_message(&answers->session, type, reader_of(body), &context);
}

void answers_restart(struct answers *answers)
{
    dtls_inbox_clear(&answers->inbox, &answers->store);
    answers->server_hello = answers->hello_verify = answers->hello_done = false;
    answers->warning = (struct number){0};
}

void answers_end(struct answers *answers)
{
    dtls_inbox_clear(&answers->inbox, &answers->store);
    scratch_free(&answers->scratch);
    while (answers->kept != NULL) {
        struct answers_kept *kept = answers->kept;
        answers->kept = kept->next;
        free(kept);
    }
}
