/* client.c: the flights of a client. RFC 6347 section 4.2, RFC 5246 section 7.3, RFC 4279, RFC 5489, RFC 5077.
 *
 * A certificate of the server is neither checked nor needed: this client only ever shows a pre-shared key. */
#include "probe/client.h"

#include "analysis/psk_transcript.h"
#include "core/crypto.h"
#include "core/secret_memory.h"

#include <stdio.h>

enum {
    NS_PER_SECOND = 1000000000,
    SMALLER_AFTER = 2, /* times that a flight was sent in vain, until smaller records are tried */
    MAX_COOKIES = 2,
    MAX_PLAIN =
        UDP_MAX_DATAGRAM + 2 + 2 + CRYPTO_SHARE_MAX_LEN, /* an identity and a public value */
    LEVEL_WARNING = 1,
    LEVEL_FATAL = 2,
    CLOSE_NOTIFY = 0,
    USER_CANCELED = 90
};

enum client_state {
    STATE_START,
    STATE_HELLO,     /* sent, waits for the server's flight */
    STATE_DONE,      /* the server waits for us */
    STATE_FINISHING, /* our Finished is sent */
    STATE_OPEN
};

struct client {
    struct client_options options;
    struct udp udp;
    struct error error;
    enum client_state state;
    const struct hello *hello;
    struct answers answers;
    struct flight flight;
    struct flight_sender sender;
    struct psk_transcript transcript;
    uint16_t next_seq;
    unsigned cookies;
    bool resumed, failed, misfit, renegotiating, went_along, delayed;
    struct suite suite;
    struct secrets_randoms randoms;
    struct secrets secrets;
    struct record_keys write, read;
    bool can_read;
    uint8_t verify_data[SECRETS_VERIFY_LEN]; /* of our Finished */
    uint8_t shared[CRYPTO_SHARE_MAX_LEN];
    uint64_t sent_ns, answered_ns;
    unsigned repeats_before, sent_flights;
    uint64_t hello_bytes, one_hello_bytes, answer_bytes;
    bool counting; /* of these */
    uint8_t datagram[UDP_MAX_DATAGRAM], plain[MAX_PLAIN];
};

static enum client_outcome fail(struct client *client, const char *why)
{
    client->failed = true;
    error_set(&client->error, "%s", why);
    return CLIENT_FAILED;
}

static enum client_outcome outcome_of(struct client *client, enum udp_result result)
{
    switch (result) {
    case UDP_UNREACHABLE:
        return CLIENT_UNREACHABLE;
    case UDP_SPENT:
        return CLIENT_SPENT;
    case UDP_TOO_LARGE:
    case UDP_FAILED:
        return fail(client, strerror(client->udp.error));
    case UDP_OK:
    case UDP_TIMEOUT:
        break;
    }
    return CLIENT_ANSWERED;
}

/* --- flights --- */

/* What the path has refused for its size has not come: that is no loss, nor a hello that could be answered. */
static void forget_refused(struct client *client)
{
    client->sent_flights--;
    if (client->counting && client->sent_flights == 0)
        client->hello_bytes = 0;
}

static enum udp_result send_flight(struct client *client, bool first)
{
    static const struct flight_way plainly = {.duplicate = false};
    const struct flight_way *way = client->cookies > 0 && client->state == STATE_HELLO
                                       ? &client->options.cookie_way
                                       : &client->options.way;
    if (first) {
        client->sent_flights = 0;
        client->repeats_before = client->answers.repeated_flights;
    } else if (client->udp.too_large) {
        forget_refused(client);
    } else if (client->sent_flights >= SMALLER_AFTER && client->udp.max > UDP_MIN_DATAGRAM) {
        client->udp.max = UDP_MIN_DATAGRAM;
    }
    client->udp.too_large = false;
    client->sent_flights++;
    const uint64_t before = client->udp.count->bytes_sent;
    const enum udp_result result =
        flight_send(&client->flight, &client->sender, first || way->again ? way : &plainly);
    if (client->counting) {
        client->hello_bytes += client->udp.count->bytes_sent - before;
        client->one_hello_bytes =
            client->sent_flights == 1 ? client->hello_bytes : client->one_hello_bytes;
    }
    if (first)
        client->sent_ns = probe_now(); /* before, the probe's own pace held it up */
    return result;
}

static bool add_message(struct client *client, uint16_t epoch, uint8_t type, struct span body)
{
    psk_transcript_add(&client->transcript, type, client->next_seq, body);
    return flight_add(&client->flight, epoch, type, client->next_seq++, body);
}

static bool make_hello(struct client *client, struct span cookie)
{
    uint8_t room[HELLO_MAX_LEN];
    struct bytes_out body = bytes_out_to(room, sizeof room);
    hello_put(&body, client->hello, client->randoms.client, cookie);
    psk_transcript_begin(&client->transcript, true);
    flight_clear(&client->flight);
    answers_sent(&client->answers, TLS_CLIENT_HELLO, out_all(&body));
    return !body.full &&
           add_message(client, client->state == STATE_OPEN, TLS_CLIENT_HELLO, out_all(&body));
}

/* --- secrets --- */

static struct span transcript_hash(const struct client *client, uint8_t room[HASH_MAX_LEN])
{
    psk_transcript_finished(&client->transcript, client->suite.prf, false, room);
    return span_of(room, hash_len(client->suite.prf));
}

static void make_keys(struct client *client)
{
    secrets_keys(&client->secrets, &client->suite, &client->randoms, &client->write, &client->read);
    client->write.encrypt_then_mac = client->read.encrypt_then_mac =
        client->answers.hello.encrypt_then_mac == TRUTH_YES;
    client->sender.keys = &client->write;
    client->can_read = true;
}

/* ChangeCipherSpec and Finished. */
static bool add_finished(struct client *client)
{
    uint8_t room[HASH_MAX_LEN];
    secrets_finished(&client->secrets, true, transcript_hash(client, room), client->verify_data);
    return flight_add_change(&client->flight) &&
           add_message(client, 1, TLS_FINISHED,
                       span_of(client->verify_data, sizeof client->verify_data));
}

/* --- what the server says --- */

/* It takes up the session that we offered when it repeats its id. */
static void note_resumption(struct client *client)
{
    const struct client_session *session = client->options.resume;
    const struct tls_server_hello *hello = &client->answers.hello;
    if (session == NULL || session->id_len == 0 ||
        !span_equal(hello->session_id, span_of(session->id, session->id_len)) ||
        !suite_find((uint16_t)hello->cipher.value, &client->suite))
        return;
    client->resumed = true;
    secrets_resume(&client->secrets, client->suite.prf, session->master);
    make_keys(client);
}

/* Nothing else may be chosen: RFC 5246 section 7.4.1.3. */
static bool is_offered(const struct hello *hello, uint64_t cipher)
{
    for (size_t i = 0; i < hello->num_suites; i++)
        if (hello->suites[i] == cipher)
            return true;
    return false;
}

static void note_server_hello(struct client *client)
{
    const struct tls_server_hello *hello = &client->answers.hello;
    if (!client->answers.server_hello || hello->random.len != SECRETS_RANDOM_LEN)
        return;
    if (!is_offered(client->hello, hello->cipher.value)) {
        client->misfit = true;
        return;
    }
    client->sender.version = (uint16_t)hello->legacy_version.value;
    memcpy(client->randoms.server, hello->random.at, SECRETS_RANDOM_LEN);
    note_resumption(client);
}

/* What it waited for has come. */
static void note_answer(struct client *client)
{
    client->delayed = client->delayed || client->sent_flights > 1;
}

static void send_cookie(struct client *client)
{
    client->counting = false;
    note_answer(client);
    if (client->cookies++ == MAX_COOKIES)
        return;
    if (!make_hello(client, span_of(client->answers.cookie, client->answers.cookie_len)) ||
        send_flight(client, true) == UDP_FAILED)
        fail(client, "the second client hello could not be sent");
}

/* Its verify_data is over all before it; |resumed|: then ours follows. */
static void check_finished(struct client *client, struct span body)
{
    uint8_t room[HASH_MAX_LEN], expected[SECRETS_VERIFY_LEN];
    secrets_finished(&client->secrets, false, transcript_hash(client, room), expected);
    if (body.len != sizeof expected || !crypto_equal(body.at, expected, sizeof expected)) {
        client->answers.malformed = true;
        return;
    }
    client->state = STATE_OPEN;
}

static void on_message(void *to, uint8_t type, uint16_t seq, struct span body)
{
    struct client *client = to;
    if (type == TLS_HELLO_REQUEST)
        return;
    if (client->renegotiating) {
        client->went_along =
            client->went_along || type == TLS_SERVER_HELLO || type == TLS_HELLO_VERIFY_REQUEST;
        return;
    }
    if (type == TLS_HELLO_VERIFY_REQUEST) {
        send_cookie(client);
        return;
    }
    if (type == TLS_SERVER_HELLO)
        note_server_hello(client);
    if (type == TLS_FINISHED && client->can_read)
        check_finished(client, body);
    psk_transcript_add(&client->transcript, type, seq, body);
    if (type == TLS_SERVER_HELLO_DONE && client->state == STATE_HELLO)
        client->state = STATE_DONE;
    if (type == TLS_FINISHED && client->state == STATE_OPEN && client->resumed) {
        flight_clear(&client->flight);
        if (!add_finished(client) || send_flight(client, true) != UDP_OK)
            fail(client, "the last flight could not be sent");
    }
}

static bool on_protected(void *to, const struct dtls_record *record, uint8_t *type,
                         struct span *plain)
{
    struct client *client = to;
    struct reader fragment = record->fragment;
    *type = record->type;
    return client->can_read && record->epoch == 1 && !record->unified &&
           record_open(&client->read, record->type, record->version,
                       (uint64_t)record->epoch << 48 | record->sequence, reader_rest(&fragment),
                       client->plain, plain);
}

/* --- waiting --- */

static bool is_over(const struct client *client)
{
    const struct answers *answers = &client->answers;
    return client->failed || client->misfit || answers->alerted;
}

/* Whether what |state| waits for has come. */
static bool has_come(const struct client *client, enum client_state state)
{
    if (client->renegotiating)
        return client->went_along || client->answers.warning.seen;
    if (state == STATE_HELLO)
        return client->state >= STATE_DONE || tls_session_is_13(&client->answers.session);
    if (state == STATE_OPEN)
        return span_seen(client->answers.application_data);
    return client->state == STATE_OPEN;
}

static enum client_outcome take_datagram(struct client *client, struct span datagram)
{
    const unsigned repeats = client->answers.repeated_flights;
    if (client->counting)
        client->answer_bytes += datagram.len;
    answers_read(&client->answers, datagram);
    /* The server's last flight came again: ours has not arrived. RFC 6347 section 4.2.4, FINISHED. */
    if (client->resumed && client->state == STATE_OPEN && !client->renegotiating &&
        client->answers.repeated_flights > repeats)
        return outcome_of(client, send_flight(client, false));
    return CLIENT_ANSWERED;
}

static enum client_outcome silence(const struct client *client)
{
    const struct answers *answers = &client->answers;
    return (answers->garbage && !answers->any) || answers->malformed ? CLIENT_GARBAGE
                                                                     : CLIENT_SILENT;
}

/* Who closes only when the flight has come several times has no answer to it, but is tired of waiting. */
static enum client_outcome verdict(struct client *client)
{
    client->answered_ns = probe_now();
    if (client->failed)
        return CLIENT_FAILED;
    if (client->misfit)
        return CLIENT_GARBAGE;
    return client->answers.alert == CLOSE_NOTIFY && client->sent_flights > 1 ? silence(client)
                                                                             : CLIENT_ALERT;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Sends the flight, and again, until what |state| waits for has come. */
static enum client_outcome converse(struct client *client, enum client_state state)
{
    uint64_t wait_ns = NS_PER_SECOND;
    enum udp_result result = send_flight(client, true);
    const uint64_t end = client->sent_ns + client->options.patience_ns;
    uint64_t again = client->sent_ns + wait_ns;
    for (;;) {
        struct span datagram;
        if (result != UDP_OK)
            return outcome_of(client, result);
        const uint64_t before = client->sent_ns;
        result = udp_receive(&client->udp, earlier(again, end), client->datagram, &datagram);
        if (result == UDP_TIMEOUT && again >= end)
            return silence(client);
        if (result == UDP_TIMEOUT) {
            wait_ns *= 2;
            again = probe_now() + wait_ns;
            result = send_flight(client, false);
            continue;
        }
        if (result != UDP_OK)
            return outcome_of(client, result);
        enum client_outcome taken = take_datagram(client, datagram);
        if (taken != CLIENT_ANSWERED)
            return taken;
        if (!client->misfit && has_come(client, state)) {
            client->answered_ns = probe_now();
            note_answer(client);
            return client->failed ? CLIENT_FAILED : CLIENT_ANSWERED;
        }
        if (is_over(client))
            return verdict(client);
        if (client->sent_ns != before) { /* the cookie went out: a flight of its own */
            wait_ns = NS_PER_SECOND;
            again = client->sent_ns + wait_ns;
        }
        if (probe_now() >= end)
            return silence(client);
    }
}

/* --- steps --- */

enum client_outcome client_hello(struct client *client, const struct hello *hello)
{
    client->hello = hello;
    client->sender.version = DTLS_VERSION_10; /* for who knows no other: RFC 6347 section 4.2.1 */
    client->state = STATE_HELLO;
    if (!hello_random(client->randoms.client) || !make_hello(client, client->options.cookie))
        return fail(client, "the client hello could not be made");
    client->counting = true;
    enum client_outcome outcome = converse(client, STATE_HELLO);
    client->counting = false;
    return outcome;
}

/* The other half of the premaster secret, and our public value. Unseen: plain PSK. */
static bool agree(struct client *client, struct bytes_out *body, struct span *shared)
{
    const struct tls_server_key_exchange *exchange = &client->answers.exchange;
    const enum tls_kx kx = client->suite.registered->kx;
    *shared = (struct span){.at = NULL};
    if (kx == TLS_KX_PSK)
        return true;
    if (!client->answers.key_exchange || !span_seen(exchange->public_value))
        return false;
    struct crypto_share *share = kx == TLS_KX_ECDHE_PSK
                                     ? crypto_share_curve((uint16_t)exchange->group.value)
                                     : crypto_share_prime(exchange->dh_p, exchange->dh_g);
    size_t len =
        share != NULL ? crypto_share_secret(share, exchange->public_value, client->shared) : 0;
    if (share != NULL)
        out_vec(body, crypto_share_public(share), kx == TLS_KX_ECDHE_PSK ? 1 : 2);
    crypto_share_free(share);
    *shared = span_of(client->shared, len);
    return len > 0;
}

/* struct { opaque psk_identity<0..2^16-1>; [the public value] } ClientKeyExchange */
static enum client_outcome add_key_exchange(struct client *client, struct span identity,
                                            struct span key)
{
    struct bytes_out body = bytes_out_to(client->plain, sizeof client->plain);
    struct span shared;
    uint8_t room[HASH_MAX_LEN];
    out_vec(&body, identity, 2);
    if (!agree(client, &body, &shared))
        return CLIENT_GARBAGE;
    if (body.full || !add_message(client, 0, TLS_CLIENT_KEY_EXCHANGE, out_all(&body)))
        return fail(client, "the identity is too long");
    const bool extended = client->answers.hello.extended_master_secret == TRUTH_YES;
    secrets_make(&client->secrets, client->suite.prf, key, shared, &client->randoms,
                 extended ? transcript_hash(client, room) : (struct span){.at = NULL});
    crypto_wipe(client->shared, sizeof client->shared);
    return CLIENT_ANSWERED;
}

enum client_outcome client_finish(struct client *client, struct span identity, struct span key)
{
    const struct tls_server_hello *hello = &client->answers.hello;
    if (client->state != STATE_DONE || key.len > SECRETS_MAX_KEY)
        return fail(client, "the handshake has not come so far");
    if (hello->version.value != DTLS_VERSION_12 ||
        !suite_find((uint16_t)hello->cipher.value, &client->suite))
        return fail(client, "no handshake can be made with what the server chose");
    flight_clear(&client->flight);
    enum client_outcome outcome = add_key_exchange(client, identity, key);
    if (outcome != CLIENT_ANSWERED)
        return outcome;
    make_keys(client);
    client->state = STATE_FINISHING;
    if (!add_finished(client))
        return fail(client, "the flight is too long");
    return converse(client, STATE_FINISHING);
}

enum client_outcome client_exchange(struct client *client, struct span data)
{
    uint64_t wait_ns = NS_PER_SECOND;
    const uint64_t end = probe_now() + client->options.patience_ns;
    client->answers.application_data = (struct span){.at = NULL};
    client->sent_flights = 0;
    while (probe_now() < end) {
        enum udp_result result =
            flight_send_record(&client->sender, 1, DTLS_APPLICATION_DATA, data);
        client->sent_flights++;
        const uint64_t again = earlier(probe_now() + wait_ns, end);
        while (result == UDP_OK) {
            struct span datagram;
            result = udp_receive(&client->udp, again, client->datagram, &datagram);
            if (result != UDP_OK)
                break;
            enum client_outcome taken = take_datagram(client, datagram);
            if (taken != CLIENT_ANSWERED || is_over(client))
                return taken != CLIENT_ANSWERED ? taken : verdict(client);
            if (has_come(client, STATE_OPEN)) {
                client->answered_ns = probe_now();
                note_answer(client);
                return CLIENT_ANSWERED;
            }
        }
        if (result != UDP_TIMEOUT)
            return outcome_of(client, result);
        wait_ns *= 2;
    }
    return CLIENT_SILENT;
}

enum client_outcome client_renegotiate(struct client *client, const struct hello *hello)
{
    struct hello again = *hello;
    again.renegotiation_info = true;
    again.verify_data = span_of(client->verify_data, sizeof client->verify_data);
    client->hello = &again;
    client->renegotiating = true;
    client->next_seq = 0;
    answers_restart(&client->answers);
    const bool made = hello_random(client->randoms.client) &&
                      make_hello(client, span_of(client->answers.cookie, 0));
    enum client_outcome outcome =
        made ? converse(client, STATE_OPEN) : fail(client, "the client hello could not be made");
    client->hello = hello;
    return outcome == CLIENT_ANSWERED && !client->went_along ? CLIENT_ALERT : outcome;
}

/* --- the rest --- */

struct client *client_new(const struct client_options *options, struct error *error)
{
    struct client *client = secret_memory(sizeof *client);
    if (client == NULL) {
        error_set(error, "there is no memory");
        return NULL;
    }
    client->options = *options;
    client->udp = (struct udp){.descriptor = -1, .pace = options->pace, .count = options->count};
    if (!udp_open(&client->udp, &options->target, options->source, error)) {
        secret_memory_free(client, sizeof *client);
        return NULL;
    }
    client->sender.udp = &client->udp;
    answers_begin(&client->answers, &(struct answers_listener){
                                        .to = client, .message = on_message, .open = on_protected});
    return client;
}

void client_way(struct client *client, const struct flight_way *way)
{
    client->options.way = *way;
}

const struct answers *client_answers(const struct client *client)
{
    return &client->answers;
}

const char *client_error(const struct client *client)
{
    return client->error.text;
}

struct udp_address client_local(const struct client *client)
{
    return client->udp.local;
}

bool client_is_resumed(const struct client *client)
{
    return client->resumed && client->state == STATE_OPEN;
}

bool client_is_misfit(const struct client *client)
{
    return client->misfit;
}

unsigned client_repeats(const struct client *client)
{
    return client->answers.repeated_flights - client->repeats_before;
}

bool client_was_delayed(const struct client *client)
{
    return client->delayed;
}

bool client_was_prompt(const struct client *client)
{
    return !client->delayed && client->sent_flights <= 1;
}

uint64_t client_answer_time(const struct client *client)
{
    return client->answered_ns - client->sent_ns;
}

uint64_t client_hello_bytes(const struct client *client)
{
    return client->hello_bytes;
}

uint64_t client_one_hello_bytes(const struct client *client)
{
    return client->one_hello_bytes;
}

uint64_t client_answer_bytes(const struct client *client)
{
    return client->answer_bytes;
}

void client_save(const struct client *client, struct client_session *session)
{
    const struct tls_server_hello *hello = &client->answers.hello;
    *session = (struct client_session){.cipher = (uint16_t)hello->cipher.value};
    memcpy(session->master, client->secrets.master, sizeof session->master);
    session->extended_master_secret = hello->extended_master_secret == TRUTH_YES;
    if (hello->session_id.len > 0 && hello->session_id.len <= sizeof session->id) {
        session->id_len = hello->session_id.len;
        memcpy(session->id, hello->session_id.at, session->id_len);
    }
}

/* Only to who has answered the hello: one server that waits for a client hello never gets over anything else. */
static void say_goodbye(struct client *client)
{
    static const uint8_t cancel[] = {LEVEL_FATAL, USER_CANCELED},
                         close_it[] = {LEVEL_WARNING, CLOSE_NOTIFY};
    const bool open = client->state == STATE_OPEN;
    if (client->state == STATE_START || client->answers.alerted || !client->answers.server_hello)
        return;
    (void)flight_send_record(&client->sender, open ? 1 : 0, DTLS_ALERT,
                             open ? span_of(close_it, 2) : span_of(cancel, 2));
}

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    say_goodbye(client);
    answers_end(&client->answers);
    udp_close(&client->udp);
    secret_memory_free(client, sizeof *client);
}
