/* client13.c: hello, perhaps a second one, Finished. RFC 9147 sections 5 and 7, RFC 8446 sections 4.2.11, 4.4.4 and 7. */
#include "probe/client13.h"

#include "analysis/psk_transcript.h"
#include "analysis/psk_trial.h"
#include "core/crypto.h"
#include "core/crypto_share.h"
#include "core/secret_memory.h"
#include "dissectors/tls_extensions.h"
#include "probe/record13.h"

#include <errno.h>

enum {
    HASH_LEN = 32,
    NS_PER_SECOND = 1000000000,
    EPOCH_HANDSHAKE = 2,
    EPOCH_DATA = 3,
    NUM_EPOCHS = 4,
    LEVEL_WARNING = 1,
    CLOSE_NOTIFY = 0,
    MAX_HELLO = HELLO_MAX_LEN + 65535
};

static const uint16_t suites[] = {0x1301, 0x1304, 0x1303, 0x1305};

enum state13 { STATE_HELLO, STATE_KEYS, STATE_FINISHING, STATE_OPEN };

struct client13 {
    struct udp udp;
    struct error error;
    uint64_t patience_ns, sent_ns, answered_ns;
    enum state13 state;
    bool failed, garbage, retried, dhe, delayed;
    unsigned sent_flights; /* times that the last one was sent */
    struct answers answers;
    struct flight flight; /* of hellos */
    struct flight_sender sender;
    struct psk_transcript transcript;
    struct crypto_share *share;
    struct hello hello;
    uint8_t random[HELLO_RANDOM_LEN];
    uint16_t next_seq;
    uint8_t cookie[HELLO_MAX_LEN / 2];
    struct psk_trial trial; /* for the binder */
    struct hmac_key binder;
    struct tls_secrets_room room;
    uint8_t early[HASH_LEN], secret[HASH_LEN], client_secret[HASH_LEN], server_secret[HASH_LEN];
    struct record13_keys read[NUM_EPOCHS], write[NUM_EPOCHS];
    uint8_t verify_data[HASH_LEN];
    uint8_t body[MAX_HELLO], datagram[UDP_MAX_DATAGRAM], plain[UDP_MAX_DATAGRAM];
};

static enum client_outcome fail(struct client13 *client, const char *why)
{
    client->failed = true;
    error_set(&client->error, "%s", why);
    return CLIENT_FAILED;
}

/* --- secrets --- */

static void extract(const uint8_t salt[HASH_LEN], struct span secret, uint8_t out[HASH_LEN])
{
    struct hmac_key key;
    hmac_key_set(&key, HASH_SHA256, span_of(salt, HASH_LEN));
    hmac_of(&key, secret, out);
    crypto_wipe(&key, sizeof key);
}

/* Derive-Secret, of a hash that is worked out already. */
static void derive(struct client13 *client, const uint8_t secret[HASH_LEN], const char *label,
                   const uint8_t hash[HASH_LEN], uint8_t out[HASH_LEN])
{
    struct hmac_key key;
    hmac_key_set(&key, HASH_SHA256, span_of(secret, HASH_LEN));
    tls_expand_label(&key, true, label, span_of(hash, HASH_LEN), &client->room, out, HASH_LEN);
    crypto_wipe(&key, sizeof key);
}

/* The next stage: HKDF-Extract of |input| with what is derived from the stage before. */
static void next_stage(struct client13 *client, const uint8_t before[HASH_LEN], struct span input,
                       uint8_t out[HASH_LEN])
{
    uint8_t nothing[HASH_LEN], derived[HASH_LEN];
    struct hash_state empty;
    hash_begin(&empty, HASH_SHA256);
    hash_end(&empty, nothing);
    derive(client, before, "derived", nothing, derived);
    extract(derived, input, out);
    crypto_wipe(derived, sizeof derived);
}

static void finished(struct client13 *client, const uint8_t secret[HASH_LEN], uint8_t out[HASH_LEN])
{
    struct hmac_key key;
    uint8_t finished_key[HASH_LEN], hash[HASH_LEN];
    hmac_key_set(&key, HASH_SHA256, span_of(secret, HASH_LEN));
    tls_expand_label(&key, true, "finished", span_of("", 0), &client->room, finished_key, HASH_LEN);
    hash_end(&client->transcript.tls13[0], hash);
    hmac_key_set(&key, HASH_SHA256, span_of(finished_key, HASH_LEN));
    hmac_of(&key, span_of(hash, HASH_LEN), out);
    crypto_wipe(&key, sizeof key);
    crypto_wipe(finished_key, sizeof finished_key);
}

static void make_keys(struct client13 *client, uint16_t epoch, const char *client_label,
                      const char *server_label)
{
    static const enum crypto_aead aeads[] = {[0x1301 - 0x1301] = CRYPTO_AES_128_GCM,
                                             [0x1303 - 0x1301] = CRYPTO_CHACHA20_POLY1305,
                                             [0x1304 - 0x1301] = CRYPTO_AES_128_CCM,
                                             [0x1305 - 0x1301] = CRYPTO_AES_128_CCM_8};
    const enum crypto_aead aead = aeads[client->answers.hello.cipher.value - suites[0]];
    uint8_t hash[HASH_LEN];
    hash_end(&client->transcript.tls13[0], hash);
    derive(client, client->secret, client_label, hash, client->client_secret);
    derive(client, client->secret, server_label, hash, client->server_secret);
    record13_keys(&client->write[epoch], aead, client->client_secret, &client->room);
    record13_keys(&client->read[epoch], aead, client->server_secret, &client->room);
}

/* --- hellos --- */

static bool make_hello(struct client13 *client)
{
    uint8_t hash[HASH_LEN];
    struct bytes_out out = bytes_out_to(client->body, sizeof client->body);
    hello_put(&out, &client->hello, client->random, span_of("", 0));
    if (out.full)
        return false;
    psk_transcript_binders(&client->transcript, HASH_SHA256, out_all(&out), HELLO_BINDERS_LEN,
                           hash);
    hmac_of(&client->binder, span_of(hash, sizeof hash), out.at + out.len - HELLO_BINDER_LEN);
    answers_sent(&client->answers, TLS_CLIENT_HELLO, out_all(&out));
    psk_transcript_add(&client->transcript, TLS_CLIENT_HELLO, client->next_seq, out_all(&out));
    flight_clear(&client->flight);
    return flight_add(&client->flight, 0, TLS_CLIENT_HELLO, client->next_seq++, out_all(&out));
}

static enum udp_result send_hello(struct client13 *client)
{
    const struct flight_way plainly = {.duplicate = false};
    return flight_send(&client->flight, &client->sender, &plainly);
}

/* The cookie of a HelloRetryRequest: opaque cookie<1..2^16-1>. */
static void take_cookie(struct client13 *client)
{
    struct reader list = reader_of(client->answers.hello.extensions);
    while (reader_more(&list)) {
        const uint16_t type = reader_u16(&list);
        struct reader extension = reader_vec16(&list);
        if (type != EXT_COOKIE)
            continue;
        const struct span cookie = reader_span_vec16(&extension);
        if (!reader_ok(&extension) || cookie.len > sizeof client->cookie)
            return;
        memcpy(client->cookie, cookie.at, cookie.len);
        client->hello.retry_cookie = span_of(client->cookie, cookie.len);
    }
}

static bool make_share(struct client13 *client, uint16_t group)
{
    crypto_share_free(client->share);
    client->share = crypto_share_curve(group);
    if (client->share == NULL)
        return false;
    client->hello.key_share = crypto_share_public(client->share);
    client->hello.key_share_group = group;
    return true;
}

/* A HelloRetryRequest may ask for a share of another group that is on offer. False: it asks for something else. */
static bool take_group(struct client13 *client)
{
    const struct number group = client->answers.hello.key_share_group;
    return !group.seen || (hello_offers_group(&client->hello, group.value) &&
                           group.value != client->hello.key_share_group &&
                           make_share(client, (uint16_t)group.value));
}

/* RFC 8446 sections 4.1.4 and 4.2.8: a second one is none, nor is one that asks for nothing. */
static void on_retry(struct client13 *client, struct span body)
{
    psk_transcript_retry(&client->transcript, TLS_SERVER_HELLO, body);
    take_cookie(client);
    const bool asks =
        span_seen(client->hello.retry_cookie) || client->answers.hello.key_share_group.seen;
    if (client->retried || !asks || !take_group(client) || !make_hello(client) ||
        send_hello(client) != UDP_OK)
        client->garbage = true;
    client->sent_ns = probe_now();
    client->retried = true;
    client->answers.server_hello = false;
    client->answers.session.version = (struct number){0};
}

/* --- what the server says --- */

static bool is_offered(uint64_t cipher)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i] == cipher)
            return true;
    return false;
}

/* The length of what both sides know; 0: the server's share does not go with ours. */
static size_t agree(const struct client13 *client, uint8_t shared[CRYPTO_SHARE_MAX_LEN])
{
    const struct tls_server_hello *hello = &client->answers.hello;
    if (client->share == NULL || hello->key_share_group.value != client->hello.key_share_group)
        return 0;
    return crypto_share_secret(client->share, hello->key_share, shared);
}

static void on_server_hello(struct client13 *client, struct span body)
{
    const struct tls_server_hello *hello = &client->answers.hello;
    static const uint8_t zeros[HASH_LEN];
    uint8_t shared[CRYPTO_SHARE_MAX_LEN];
    struct span input = span_of(zeros, sizeof zeros);
    if (!client->answers.server_hello || hello->version.value != DTLS_VERSION_13 ||
        !is_offered(hello->cipher.value)) {
        client->garbage = true;
        return;
    }
    if (hello->hello_retry == TRUTH_YES) {
        on_retry(client, body);
        return;
    }
    psk_transcript_add(&client->transcript, TLS_SERVER_HELLO, 0, body);
    client->dhe = span_seen(hello->key_share);
    if (client->dhe)
        input = span_of(shared, agree(client, shared));
    const bool taken = hello->selected_psk.seen && hello->selected_psk.value == 0 && input.len > 0;
    if (taken)
        next_stage(client, client->early, input, client->secret);
    crypto_wipe(shared, sizeof shared);
    if (!taken) {
        client->garbage = true; /* it did not take the key, and nothing else was on offer */
        return;
    }
    make_keys(client, EPOCH_HANDSHAKE, "c hs traffic", "s hs traffic");
    client->state = STATE_KEYS;
}

static void on_finished(struct client13 *client, struct span body)
{
    static const uint8_t zeros[HASH_LEN];
    uint8_t expected[HASH_LEN], handshake_secret[HASH_LEN];
    finished(client, client->server_secret, expected);
    if (body.len != sizeof expected || !crypto_equal(body.at, expected, sizeof expected)) {
        client->garbage = true;
        return;
    }
    psk_transcript_add(&client->transcript, TLS_FINISHED, 0, body);
    finished(client, client->client_secret, client->verify_data);
    memcpy(handshake_secret, client->secret, sizeof handshake_secret);
    next_stage(client, handshake_secret, span_of(zeros, sizeof zeros), client->secret);
    crypto_wipe(handshake_secret, sizeof handshake_secret);
    make_keys(client, EPOCH_DATA, "c ap traffic", "s ap traffic");
    client->state = STATE_FINISHING;
}

static void on_message(void *to, uint8_t type, uint16_t seq, struct span body)
{
    struct client13 *client = to;
    if (type == TLS_SERVER_HELLO && client->state == STATE_HELLO)
        on_server_hello(client, body);
    else if (type == TLS_FINISHED && client->state == STATE_KEYS)
        on_finished(client, body);
    else if (client->state == STATE_KEYS)
        psk_transcript_add(&client->transcript, type, seq, body);
}

static bool on_protected(void *to, const struct dtls_record *record, uint8_t *type,
                         struct span *plain)
{
    struct client13 *client = to;
    if (!record->unified ||
        !record13_open(&client->read[record->epoch & 3], record, client->plain, type, plain))
        return false;
    /* Who acknowledges Finished, or speaks in the next epoch, has it. */
    if (client->state == STATE_FINISHING &&
        (*type == DTLS_ACK || (record->epoch & 3) == EPOCH_DATA))
        client->state = STATE_OPEN;
    return true;
}

/* --- waiting --- */

static enum udp_result send_record(struct client13 *client, uint16_t epoch, uint8_t type,
                                   struct span plain)
{
    uint8_t room[UDP_USUAL_DATAGRAM];
    struct bytes_out out = bytes_out_to(room, client->udp.max);
    if (!record13_seal(&client->write[epoch], &out, epoch, type, plain)) {
        client->udp.error = EIO;
        return UDP_FAILED;
    }
    return udp_send(&client->udp, out_all(&out));
}

static enum udp_result send_finished(struct client13 *client)
{
    uint8_t room[64];
    struct bytes_out out = bytes_out_to(room, sizeof room);
    out_u8(&out, TLS_FINISHED);
    out_number(&out, HASH_LEN, 3);
    out_u16(&out, client->next_seq);
    out_number(&out, 0, 3);
    out_vec(&out, span_of(client->verify_data, HASH_LEN), 3);
    return send_record(client, EPOCH_HANDSHAKE, DTLS_HANDSHAKE, out_all(&out));
}

/* A flight that the path has refused for its size did not come: that is no loss. */
static enum udp_result send_flight(struct client13 *client)
{
    if (!client->udp.too_large || client->sent_flights == 0)
        client->sent_flights++;
    client->udp.too_large = false;
    return client->state == STATE_FINISHING ? send_finished(client) : send_hello(client);
}

static enum client_outcome outcome_of(struct client13 *client, enum udp_result result)
{
    if (result == UDP_UNREACHABLE)
        return CLIENT_UNREACHABLE;
    if (result == UDP_SPENT)
        return CLIENT_SPENT;
    return fail(client, strerror(client->udp.error));
}

static enum client_outcome verdict(const struct client13 *client)
{
    if (client->garbage || client->answers.malformed)
        return CLIENT_GARBAGE;
    return client->answers.alerted ? CLIENT_ALERT : CLIENT_SILENT;
}

static bool is_over(const struct client13 *client)
{
    return client->garbage || client->answers.alerted || client->state == STATE_OPEN;
}

/* Something that was waited for has come. */
static void note_answer(struct client13 *client)
{
    client->delayed = client->delayed || client->sent_flights > 1;
    client->sent_flights = 0;
}

/* Sends what the state calls for, and again after 1 s, 2 s, 4 s, until the server has what it needs. */
static enum client_outcome converse(struct client13 *client)
{
    uint64_t wait_ns = NS_PER_SECOND;
    enum udp_result result = send_flight(client);
    client->sent_ns = probe_now(); /* before, the probe's own pace held it up */
    uint64_t end = client->sent_ns + client->patience_ns, again = client->sent_ns + wait_ns;
    while (result == UDP_OK && !is_over(client)) {
        struct span datagram;
        const enum state13 before = client->state;
        const bool retried = client->retried;
        result = udp_receive(&client->udp, again < end ? again : end, client->datagram, &datagram);
        if (result == UDP_TIMEOUT && probe_now() >= end)
            return verdict(client);
        if (result == UDP_TIMEOUT) {
            wait_ns *= 2;
            again = probe_now() + wait_ns;
            result = send_flight(client);
            continue;
        }
        if (result != UDP_OK)
            break;
        client->answered_ns = probe_now();
        answers_read(&client->answers, datagram);
        if (client->state == before && client->retried == retried)
            continue;
        note_answer(client);
        if (client->state != STATE_FINISHING)
            client->sent_flights = 1; /* the hello still is what would be sent again */
        wait_ns = NS_PER_SECOND;      /* a flight of its own */
        again = probe_now() + wait_ns;
        end = probe_now() + client->patience_ns;
        if (client->state == STATE_FINISHING)
            result = send_flight(client);
    }
    if (client->state == STATE_OPEN)
        return CLIENT_ANSWERED;
    return result == UDP_OK ? verdict(client) : outcome_of(client, result);
}

/* --- steps --- */

static void prepare(struct client13 *client, bool ke, bool dhe, struct span identity,
                    struct span key)
{
    static const uint8_t zeros[HASH_LEN];
    client->hello = (struct hello){.version = DTLS_VERSION_12,
                                   .num_suites = sizeof suites / sizeof *suites,
                                   .groups = dhe,
                                   .version_13 = true,
                                   .psk_ke = ke,
                                   .psk_dhe_ke = dhe,
                                   .psk_identity = identity};
    memcpy(client->hello.suites, suites, sizeof suites);
    extract(zeros, key, client->early);
    psk_trial_begin(&client->trial);
    psk_binder_key(&client->trial, HASH_SHA256, true, "ext binder", key, &client->binder);
    psk_trial_end(&client->trial);
    psk_transcript_begin(&client->transcript, true);
}

enum client_outcome client13_run(struct client13 *client, bool ke, bool dhe, struct span identity,
                                 struct span key)
{
    client->sender.version = DTLS_VERSION_12;
    prepare(client, ke, dhe, identity, key);
    if ((dhe && !make_share(client, CRYPTO_SHARE_X25519)) || !hello_random(client->random))
        return fail(client, "libcrypto gives no x25519");
    if (!make_hello(client))
        return fail(client, "the client hello could not be made");
    return converse(client);
}

enum client_outcome client13_exchange(struct client13 *client, struct span data)
{
    uint64_t wait_ns = NS_PER_SECOND;
    const uint64_t end = probe_now() + client->patience_ns;
    client->answers.application_data = (struct span){.at = NULL};
    client->sent_flights = 0;
    while (probe_now() < end && !client->answers.alerted) {
        const uint64_t again = probe_now() + wait_ns;
        enum udp_result result = send_record(client, EPOCH_DATA, DTLS_APPLICATION_DATA, data);
        client->sent_flights++;
        while (result == UDP_OK && !span_seen(client->answers.application_data)) {
            struct span datagram;
            result =
                udp_receive(&client->udp, again < end ? again : end, client->datagram, &datagram);
            if (result == UDP_OK)
                answers_read(&client->answers, datagram);
        }
        if (span_seen(client->answers.application_data)) {
            note_answer(client);
            return CLIENT_ANSWERED;
        }
        if (result != UDP_TIMEOUT)
            return outcome_of(client, result);
        wait_ns *= 2;
    }
    return verdict(client);
}

struct client13 *client13_new(const struct client_options *options, struct error *error)
{
    struct client13 *client = secret_memory(sizeof *client);
    if (client == NULL) {
        error_set(error, "there is no memory");
        return NULL;
    }
    client->patience_ns = options->patience_ns;
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

const struct answers *client13_answers(const struct client13 *client)
{
    return &client->answers;
}

const char *client13_error(const struct client13 *client)
{
    return client->error.text;
}

uint64_t client13_answer_time(const struct client13 *client)
{
    return client->answered_ns - client->sent_ns;
}

bool client13_was_delayed(const struct client13 *client)
{
    return client->delayed;
}

bool client13_was_prompt(const struct client13 *client)
{
    return !client->delayed && client->sent_flights <= 1;
}

bool client13_is_dhe(const struct client13 *client)
{
    return client->dhe;
}

void client13_free(struct client13 *client)
{
    static const uint8_t close_it[] = {LEVEL_WARNING, CLOSE_NOTIFY};
    if (client == NULL)
        return;
    if (client->state == STATE_OPEN && !client->answers.alerted)
        (void)send_record(client, EPOCH_DATA, DTLS_ALERT, span_of(close_it, sizeof close_it));
    answers_end(&client->answers);
    crypto_share_free(client->share);
    udp_close(&client->udp);
    secret_memory_free(client, sizeof *client);
}
