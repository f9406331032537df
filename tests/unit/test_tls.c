/* test_tls.c: TLS over TCP: records, messages spread over records and segments, every kind of hello and key
 * exchange, and what is told of bytes that break the rules. */
#include "core/common_observations.h"
#include "dissectors/tls_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- writing messages --- */

struct writer {
    uint8_t at[300000];
    size_t len;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
    assert_true(w->len + len <= sizeof w->at);
    memcpy(w->at + w->len, bytes, len);
    w->len += len;
}

static void put_number(struct writer *w, uint64_t number, unsigned bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(number >> (8 * bytes));
        put(w, &byte, 1);
    }
}

static size_t open_vector(struct writer *w, unsigned bytes)
{
    put_number(w, 0, bytes);
    return w->len;
}

static void close_vector(struct writer *w, size_t start, unsigned bytes)
{
    size_t len = w->len - start;
    for (unsigned i = 0; i < bytes; i++)
        w->at[start - 1 - i] = (uint8_t)(len >> (8 * i));
}

static void put_vector(struct writer *w, unsigned bytes, const char *text)
{
    put_number(w, strlen(text), bytes);
    put(w, text, strlen(text));
}

static void put_random(struct writer *w, uint8_t fill)
{
    uint8_t random[TLS_RANDOM_LEN];
    memset(random, fill, sizeof random);
    put(w, random, sizeof random);
}

static void put_extension(struct writer *w, uint16_t type, const char *body, size_t len)
{
    put_number(w, type, 2);
    put_number(w, len, 2);
    put(w, body, len);
}

/* A client hello of TLS 1.2 with server name "a.example" and suite 0x00a8. */
static void put_client_hello(struct writer *w, size_t padding)
{
    put_number(w, TLS_CLIENT_HELLO, 1);
    size_t message = open_vector(w, 3);
    put_number(w, 0x0303, 2);
    put_random(w, 0x11);
    put_vector(w, 1, "0123456789abcdef");
    put_number(w, 4, 2);
    put_number(w, 0x00a8c0ac, 4);
    put_number(w, 0x0100, 2);
    size_t extensions = open_vector(w, 2);
    put_extension(w, 0,
                  "\0\x0c\0\0\x09"
                  "a.example",
                  14);
    if (padding > 0) {
        put_number(w, 21, 2);
        size_t pad = open_vector(w, 2);
        for (size_t i = 0; i < padding; i++)
            put_number(w, 0, 1);
        close_vector(w, pad, 2);
    }
    close_vector(w, extensions, 2);
    close_vector(w, message, 3);
}

static void put_server_hello(struct writer *w, uint16_t version, uint16_t cipher)
{
    put_number(w, TLS_SERVER_HELLO, 1);
    size_t message = open_vector(w, 3);
    put_number(w, version, 2);
    put_random(w, 0x22);
    put_vector(w, 1, "");
    put_number(w, cipher, 2);
    put_number(w, 0, 1);
    close_vector(w, message, 3);
}

static void put_message(struct writer *w, uint8_t type, const struct writer *body)
{
    put_number(w, type, 1);
    put_number(w, body->len, 3);
    put(w, body->at, body->len);
}

/* Cuts |messages| into records of at most |fragment| bytes. */
static void put_records(struct writer *w, uint8_t type, const struct writer *messages,
                        size_t fragment)
{
    for (size_t done = 0; done < messages->len;) {
        size_t len = messages->len - done < fragment ? messages->len - done : fragment;
        put_number(w, type, 1);
        put_number(w, 0x0301, 2);
        put_number(w, len, 2);
        put(w, messages->at + done, len);
        done += len;
    }
}

/* --- reading them --- */

/* What was observed, as far as the tests look at it. */
struct seen {
    unsigned num, hellos, servers, server_exchanges, client_exchanges, alerts, malformed, cut;
    char name[64], identity[64], hint[64], field[64];
    size_t identity_len;
    uint64_t version, cipher, dh_bits, group, scheme, code;
    enum truth retry, too_long;
    const char *from;
    unsigned heartbeats;
    size_t payload, padding;
    uint64_t claimed;
};

static void copy_text(char *to, struct span from)
{
    size_t len = from.len < 63 ? from.len : 63;
    if (len > 0)
        memcpy(to, from.at, len);
    to[len] = '\0';
}

static void note(void *to, const struct observation *observation)
{
    struct seen *seen = to;
    if (observation->type == &observation_tls_handshake_summary)
        return; /* test_summary.c */
    seen->num++;
    if (observation->type == &observation_tls_client_hello) {
        const struct tls_client_hello *hello = observation->data;
        seen->hellos++;
        copy_text(seen->name, hello->server_name);
    } else if (observation->type == &observation_tls_server_hello) {
        const struct tls_server_hello *hello = observation->data;
        seen->servers++;
        seen->version = hello->version.value;
        seen->cipher = hello->cipher.value;
        seen->retry = hello->hello_retry;
    } else if (observation->type == &observation_tls_server_key_exchange) {
        const struct tls_server_key_exchange *exchange = observation->data;
        seen->server_exchanges++;
        copy_text(seen->hint, exchange->psk_hint);
        seen->dh_bits = exchange->dh_bits.value;
        seen->group = exchange->group.value;
        seen->scheme = exchange->signature_scheme.value;
    } else if (observation->type == &observation_tls_client_key_exchange) {
        const struct tls_client_key_exchange *exchange = observation->data;
        seen->client_exchanges++;
        seen->identity_len = exchange->psk_identity.len;
        copy_text(seen->identity, exchange->psk_identity);
    } else if (observation->type == &observation_tls_alert) {
        const struct tls_alert *alert = observation->data;
        seen->alerts++;
        seen->code = alert->description.value;
        seen->from = alert->from;
    } else if (observation->type == &observation_tls_heartbeat) {
        const struct tls_heartbeat *heartbeat = observation->data;
        seen->heartbeats++;
        seen->payload = heartbeat->payload.len;
        seen->padding = heartbeat->padding.len;
        seen->claimed = heartbeat->payload_len.value;
        seen->too_long = heartbeat->too_long;
    } else {
        const struct fault_observation *fault = observation->data;
        seen->malformed += observation->type == &observation_malformed;
        seen->cut += observation->type == &observation_cut;
        strncpy(seen->field, fault->field, sizeof seen->field - 1);
    }
}

/* A connection whose bytes are handed to the dissector as the stream reassembly would. */
struct connection {
    struct flow flow;
    void *state;
    uint8_t unread[2][400000];
    size_t unread_len[2];
    bool done[2];
    struct seen seen;
};

static struct connection *open_connection(void)
{
    struct connection *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->flow.protocol = PROTO_TCP;
    c->state = calloc(1, dissector_tls.state_size);
    return c;
}

static enum dissect say(struct connection *c, unsigned side, const uint8_t *bytes, size_t len,
                        size_t cut, bool gap)
{
    if (c->done[side])
        return DISSECT_SIDE_DONE;
    memcpy(c->unread[side] + c->unread_len[side], bytes, len);
    c->unread_len[side] += len;
    /* a copy of the exact size, so that reading past it is seen */
    uint8_t *exact = malloc(c->unread_len[side] + 1);
    memcpy(exact, c->unread[side], c->unread_len[side]);
    struct reader reader = reader_of_cut(span_of(exact, c->unread_len[side]), cut);
    struct scratch scratch = {0}; /* of the exact size, too */
    struct dissect_context context = {.flow = &c->flow,
                                      .side = side,
                                      .gap = gap,
                                      .scratch = &scratch,
                                      .emit_to = &c->seen,
                                      .emit = note};
    enum dissect answer = dissector_tls.dissect(&reader, c->state, &context);
    scratch_free(&scratch);
    assert_int_equal(reader.fault, READER_OK);
    size_t left = reader_left(&reader);
    memmove(c->unread[side], c->unread[side] + c->unread_len[side] - left, left);
    c->unread_len[side] = cut == 0 ? left : 0;
    c->done[side] = answer != DISSECT_MORE;
    free(exact);
    return answer;
}

static struct seen close_connection(struct connection *c)
{
    struct dissect_context context = {.flow = &c->flow, .emit_to = &c->seen, .emit = note};
    dissector_tls.end(c->state, &context);
    struct seen seen = c->seen;
    free(c->state);
    free(c);
    return seen;
}

static void say_handshake(struct connection *c, unsigned side, const struct writer *messages)
{
    static struct writer records;
    records.len = 0;
    put_records(&records, 22, messages, 16384);
    say(c, side, records.at, records.len, 0, false);
}

/* Plays hello, hello, and the two key exchanges given. */
static struct seen play(uint16_t version, uint16_t cipher, const struct writer *server_exchange,
                        const struct writer *client_exchange)
{
    struct connection *c = open_connection();
    static struct writer w;
    w.len = 0;
    put_client_hello(&w, 0);
    say_handshake(c, 0, &w);
    w.len = 0;
    put_server_hello(&w, version, cipher);
    if (server_exchange != NULL)
        put_message(&w, TLS_SERVER_KEY_EXCHANGE, server_exchange);
    say_handshake(c, 1, &w);
    w.len = 0;
    if (client_exchange != NULL) {
        put_message(&w, TLS_CLIENT_KEY_EXCHANGE, client_exchange);
        say_handshake(c, 0, &w);
    }
    return close_connection(c);
}

/* --- the tests --- */

/* Any cut into records and segments gives the same, one, hello. */
static void hello_in_any_pieces(void **state)
{
    (void)state;
    static const size_t fragments[] = {1, 2, 3, 4, 5, 7, 50, 83, 16384};
    static const size_t segments[] = {1, 2, 3, 5, 6, 11, 100, 1460, 100000};
    static const size_t paddings[] = {0, 300, 20000};
    static struct writer messages, records;
    for (size_t p = 0; p < 3; p++) {
        messages.len = 0;
        put_client_hello(&messages, paddings[p]);
        for (size_t f = 0; f < 9; f++) {
            for (size_t s = 0; s < 9; s++) {
                if (paddings[p] > 1000 && (fragments[f] < 50 || segments[s] < 100))
                    continue;
                records.len = 0;
                put_records(&records, 22, &messages, fragments[f]);
                struct connection *c = open_connection();
                for (size_t done = 0; done < records.len; done += segments[s]) {
                    size_t len = records.len - done;
                    say(c, 0, records.at + done, len < segments[s] ? len : segments[s], 0, false);
                }
                struct seen seen = close_connection(c);
                assert_int_equal(seen.hellos, 1);
                assert_int_equal(seen.num, 1);
                assert_string_equal(seen.name, "a.example");
            }
        }
    }
}

static void psk_exchanges_give_hint_and_identity(void **state)
{
    (void)state;
    static const struct {
        uint16_t cipher;
        const char *what;
        bool dh, ec, rsa;
    } cases[] = {
        {0x00a8, "PSK", false, false, false},
        {0x00ac, "RSA_PSK", false, false, true},
        {0x00aa, "DHE_PSK", true, false, false},
        {0xc037, "ECDHE_PSK", false, true, false},
    };
    static struct writer server, client;
    for (size_t i = 0; i < 4; i++) {
        server.len = client.len = 0;
        put_vector(&server, 2, "the hint");
        put_vector(&client, 2, "the identity");
        if (cases[i].dh) {
            put_vector(&server, 2,
                       "\x01"
                       "prime567");
            put_vector(&server, 2, "g");
            put_vector(&server, 2, "public");
            put_vector(&client, 2, "public");
        }
        if (cases[i].ec) {
            put_number(&server, 3, 1);
            put_number(&server, 29, 2);
            put_vector(&server, 1, "point");
            put_vector(&client, 1, "point");
        }
        if (cases[i].rsa)
            put_vector(&client, 2, "encrypted premaster secret");
        struct seen seen = play(0x0303, cases[i].cipher, &server, &client);
        assert_int_equal(seen.malformed, 0);
        assert_string_equal(seen.hint, "the hint");
        assert_string_equal(seen.identity, "the identity");
        assert_int_equal(seen.dh_bits, cases[i].dh ? 65 : 0);
        assert_int_equal(seen.group, cases[i].ec ? 29 : 0);
    }
}

static void identity_is_bytes(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, 128, 65535};
    static struct writer client;
    for (size_t i = 0; i < 4; i++) {
        client.len = 0;
        put_number(&client, lens[i], 2);
        for (size_t j = 0; j < lens[i]; j++)
            put_number(&client, 0, 1);
        struct seen seen = play(0x0303, 0x00a8, NULL, &client);
        assert_int_equal(seen.client_exchanges, 1);
        assert_int_equal(seen.identity_len, lens[i]);
    }
}

static void signed_exchange_closes_exactly(void **state)
{
    (void)state;
    static struct writer server;
    for (unsigned tls12 = 0; tls12 < 2; tls12++) {
        for (int extra = -1; extra <= 1; extra++) {
            server.len = 0;
            put_number(&server, 3, 1);
            put_number(&server, 23, 2);
            put_vector(&server, 1, "point");
            if (tls12)
                put_number(&server, 0x0401, 2);
            put_number(&server, (uint64_t)(9 - extra), 2);
            put(&server, "signature", 9);
            struct seen seen = play(tls12 ? 0x0303 : 0x0302, 0xc013, &server, NULL);
            assert_int_equal(seen.malformed, extra != 0);
            assert_int_equal(seen.server_exchanges, extra == 0);
            assert_int_equal(seen.scheme, tls12 && extra == 0 ? 0x0401 : 0);
        }
    }
}

static void unknown_suite_leaves_exchanges_alone(void **state)
{
    (void)state;
    static struct writer client;
    client.len = 0;
    put_vector(&client, 2, "looks like an identity");
    struct seen seen = play(0x0303, 0xeeee, &client, &client);
    assert_int_equal(seen.server_exchanges + seen.client_exchanges + seen.malformed, 0);
    assert_int_equal(seen.cipher, 0xeeee);
}

static void server_hello_of_13_ends_what_is_clear(void **state)
{
    (void)state;
    struct connection *c = open_connection();
    static struct writer w, records;
    w.len = records.len = 0;
    put_number(&w, TLS_SERVER_HELLO, 1);
    size_t message = open_vector(&w, 3);
    put_number(&w, 0x0303, 2);
    put_random(&w, 0x22);
    put_vector(&w, 1, "");
    put_number(&w, 0x130100, 3);
    size_t extensions = open_vector(&w, 2);
    put_extension(&w, 43, "\x03\x04", 2);
    put_extension(&w, 41, "\0\0", 2);
    close_vector(&w, extensions, 2);
    close_vector(&w, message, 3);
    put_records(&records, 22, &w, 16384);
    put(&records, "\x14\x03\x03\0\x01\x01", 6);
    assert_int_equal(say(c, 1, records.at, records.len, 0, false), DISSECT_MORE);
    assert_int_equal(say(c, 1, (const uint8_t *)"\x17\x03\x03\0\x20", 5, 0, false),
                     DISSECT_SIDE_DONE);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.version, 0x0304);
    assert_int_equal(seen.servers, 1);
    assert_int_equal(seen.malformed, 0);
}

static void change_cipher_spec_ends_a_side_before_13(void **state)
{
    (void)state;
    struct connection *c = open_connection();
    static struct writer w;
    w.len = 0;
    put_client_hello(&w, 0);
    say_handshake(c, 0, &w);
    w.len = 0;
    put_server_hello(&w, 0x0303, 0x00a8);
    say_handshake(c, 1, &w);
    static const uint8_t change[] = {20, 3, 3, 0, 1, 1};
    assert_int_equal(say(c, 0, change, 6, 0, false), DISSECT_SIDE_DONE);
    assert_int_equal(say(c, 1, change, 6, 0, false), DISSECT_SIDE_DONE);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.num, 2);
}

/* The encrypted Finished after a ChangeCipherSpec that comes before any server hello is not read. */
static void client_alone_is_read_to_its_change_cipher_spec(void **state)
{
    (void)state;
    struct connection *c = open_connection();
    static struct writer w;
    w.len = 0;
    put_client_hello(&w, 0);
    say_handshake(c, 0, &w);
    static const uint8_t rest[] = {20, 3, 3, 0, 1, 1, 22, 3, 3, 0, 16, 12, 0, 0,
                                   9,  1, 2, 3, 4, 5, 6,  7, 8, 9, 10, 11, 12};
    assert_int_equal(say(c, 0, rest, sizeof rest, 0, false), DISSECT_SIDE_DONE);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.num, 1);
}

static void alert_says_who_sent_it(void **state)
{
    (void)state;
    struct connection *c = open_connection();
    static struct writer w;
    w.len = 0;
    put_client_hello(&w, 0);
    say_handshake(c, 1, &w);
    say(c, 0, (const uint8_t *)"\x15\x03\x03\0\x02\x02\x73", 7, 0, false);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.alerts, 1);
    assert_int_equal(seen.code, 115);
    assert_string_equal(seen.from, "server");
}

/* In TLS 1.3 a ChangeCipherSpec protects nothing: RFC 8446 appendix D.4. */
static void alert_behind_a_change_cipher_spec(void **state)
{
    static const uint8_t change[] = {20, 3, 3, 0, 1, 1}, alert[] = {21, 3, 3, 0, 2, 2, 48},
                         protected[] = {21, 3, 3, 0, 4, 2, 48, 1, 2};
    (void)state;
    for (unsigned answered = 0; answered < 2; answered++) {
        struct connection *c = open_connection();
        static struct writer w;
        w.len = 0;
        put_client_hello(&w, 0);
        say_handshake(c, 0, &w);
        say(c, 0, change, sizeof change, 0, false);
        w.len = 0;
        put_server_hello(&w, 0x0304, 0x1301);
        if (answered)
            say_handshake(c, 1, &w);
        say(c, 0, protected, sizeof protected, 0, false);
        say(c, 0, alert, sizeof alert, 0, false);
        struct seen seen = close_connection(c);
        assert_int_equal(seen.alerts, 1);
        assert_int_equal(seen.code, 48);
        assert_string_equal(seen.from, "client");
    }
}

static void heartbeats_are_read_before_protection(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len, payload, padding;
        uint64_t claimed;
        bool told;
    } rows[] = {
        {"\x18\x03\x03\0\x17\x01\0\x04"
         "hand0123456789abcdef",
         28, 4, 16, 4, true},
        {"\x18\x03\x03\0\x03\x01\x40\0", 8, 0, 0, 0x4000, true},
        {"\x18\x03\x03\0\x04\x02\0\x01x", 9, 1, 0, 1, true},
        {"\x18\x03\x03\0\x04\x03\0\x01x", 9, 0, 0, 0, false}, /* a type that nobody knows */
        {"\x18\x03\x03\0\x02\x01\0", 7, 0, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t size = 1; size <= rows[i].len; size += rows[i].len - 1) {
            struct connection *c = open_connection();
            static struct writer w;
            w.len = 0;
            put_client_hello(&w, 0);
            say_handshake(c, 0, &w);
            for (size_t at = 0; at < rows[i].len; at += size)
                say(c, 0, (const uint8_t *)rows[i].bytes + at, size, 0, false);
            const struct seen seen = close_connection(c);
            assert_int_equal(seen.heartbeats, rows[i].told);
            assert_int_equal(seen.malformed + seen.cut, 0);
            assert_int_equal(seen.payload, rows[i].payload);
            assert_int_equal(seen.padding, rows[i].padding);
            assert_int_equal(seen.claimed, rows[i].claimed);
            if (rows[i].told)
                assert_int_equal(seen.too_long,
                                 rows[i].claimed > rows[i].payload ? TRUTH_YES : TRUTH_NO);
        }
}

static void lies_are_malformed_and_losses_are_cut(void **state)
{
    (void)state;
    static struct writer w, records;
    w.len = records.len = 0;
    put_client_hello(&w, 0);
    put_records(&records, 22, &w, 16384);
    /* the session id lies about its length */
    struct connection *c = open_connection();
    uint8_t kept = records.at[9 + 34];
    records.at[9 + 34] = 200;
    say(c, 0, records.at, records.len, 0, false);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.malformed, 1);
    assert_int_equal(seen.hellos, 0);
    records.at[9 + 34] = kept;
    /* the snap length took the end; the next record is read all the same */
    c = open_connection();
    say(c, 0, records.at, 60, records.len - 60, false);
    say(c, 0, records.at, records.len, 0, false);
    seen = close_connection(c);
    assert_int_equal(seen.cut, 1);
    assert_int_equal(seen.malformed, 0);
    assert_int_equal(seen.hellos, 1);
    /* a segment was lost: the stream goes on with another record */
    c = open_connection();
    say(c, 0, records.at, 60, 0, false);
    c->unread_len[0] = 0;
    say(c, 0, records.at, records.len, 0, true);
    seen = close_connection(c);
    assert_int_equal(seen.cut, 1);
    assert_int_equal(seen.hellos, 1);
    /* the capture ends in the middle */
    c = open_connection();
    say(c, 0, records.at, 60, 0, false);
    seen = close_connection(c);
    assert_int_equal(seen.cut, 1);
    assert_int_equal(seen.hellos, 0);
}

/* One bad extension is told by its name, and does not hide the others. */
static void bad_extension_does_not_hide_the_hello(void **state)
{
    (void)state;
    struct connection *c = open_connection();
    static struct writer w;
    w.len = 0;
    put_number(&w, TLS_CLIENT_HELLO, 1);
    size_t message = open_vector(&w, 3);
    put_number(&w, 0x0303, 2);
    put_random(&w, 0x11);
    put_vector(&w, 1, "");
    put_number(&w, 0x000200a8, 4);
    put_number(&w, 0x0100, 2);
    size_t extensions = open_vector(&w, 2);
    put_extension(&w, 10, "\0\x05\0\x1d", 4);
    put_extension(&w, 0,
                  "\0\x0c\0\0\x09"
                  "a.example",
                  14);
    close_vector(&w, extensions, 2);
    close_vector(&w, message, 3);
    say_handshake(c, 0, &w);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.malformed, 1);
    assert_string_equal(seen.field, "client_hello.supported_groups");
    assert_int_equal(seen.hellos, 1);
    assert_string_equal(seen.name, "a.example");
}

static void huge_message_is_not_waited_for(void **state)
{
    (void)state;
    struct connection *c = open_connection();
    static const uint8_t start[] = {22, 3, 3, 0, 8, 11, 0xff, 0xff, 0xff, 0, 0, 0, 0};
    assert_int_equal(say(c, 1, start, sizeof start, 0, false), DISSECT_SIDE_DONE);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.malformed, 1);
}

static void ssl2_hello_is_read(void **state)
{
    (void)state;
    struct connection *c = open_connection();
    static struct writer w;
    w.len = 0;
    put_number(&w, 0x8000 | (9 + 6 + 16), 2);
    put_number(&w, 1, 1);
    put_number(&w, 0x0301, 2);
    put_number(&w, 6, 2);
    put_number(&w, 0, 2);
    put_number(&w, 16, 2);
    put_number(&w, 0x010080000035, 6);
    put(&w, "challenge_of_16b", 16);
    for (size_t i = 0; i < w.len; i++)
        say(c, 0, w.at + i, 1, 0, false);
    assert_int_equal(c->flow.client, 0);
    struct seen seen = close_connection(c);
    assert_int_equal(seen.hellos, 1);
    assert_int_equal(seen.num, 1);
}

static enum recognise ask(const char *bytes, size_t len)
{
    return dissector_tls.recognises(reader_of(span_of(bytes, len)));
}

static void other_protocols_are_not_recognised(void **state)
{
    (void)state;
    assert_int_equal(ask("GET / HTTP/1.1\r\n", 16), RECOGNISE_NO);
    assert_int_equal(ask("SSH-2.0-OpenSSH_9.2\r\n", 21), RECOGNISE_NO);
    assert_int_equal(ask("220 mail.example ESMTP\r\n", 24), RECOGNISE_NO);
    assert_int_equal(ask("\x16\x03\x01\x00\xff\x63\0\0\x10\0\0\0\0", 13), RECOGNISE_NO);
    assert_int_equal(ask("\x16\x09\x01\x00\xff\x01\0\0\xfb", 9), RECOGNISE_NO);
    assert_int_equal(ask("\x16\x03\x01\xff\xff\x01\0\0\xfb", 9), RECOGNISE_NO);
    assert_int_equal(ask("\x80\x2e\x07\x03\x01\0\x15\0\0\0\x10", 11), RECOGNISE_NO);
    assert_int_equal(ask("", 0), RECOGNISE_NO);
    assert_int_equal(ask("\x16", 1), RECOGNISE_MAYBE);
    assert_int_equal(ask("\x16\x03\x01\x02\x00\x01\x00\x01", 8), RECOGNISE_MAYBE);
    assert_int_equal(ask("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9), RECOGNISE_YES);
    assert_int_equal(ask("\x17\x03\x03\x40\x11\x55", 6), RECOGNISE_YES);
}

/* Random changes to a whole handshake: nothing to expect but that it ends, and nothing is read past. */
static void changed_bytes_do_no_harm(void **state)
{
    (void)state;
    static struct writer w, records;
    w.len = records.len = 0;
    put_client_hello(&w, 100);
    put_server_hello(&w, 0x0303, 0xc037);
    put_records(&records, 22, &w, 60);
    uint32_t seed = 1;
    for (unsigned i = 0; i < 20000; i++) {
        static struct writer changed;
        memcpy(&changed, &records, sizeof changed);
        for (unsigned j = 0; j < 3; j++) {
            seed = seed * 1664525 + 1013904223;
            changed.at[(seed >> 8) % changed.len] = (uint8_t)(seed >> 24);
        }
        struct connection *c = open_connection();
        size_t half = (seed >> 4) % changed.len;
        say(c, 0, changed.at, half, 0, false);
        say(c, 0, changed.at + half, changed.len - half, seed % 7 == 0 ? seed % 100 : 0, false);
        close_connection(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_in_any_pieces),
        cmocka_unit_test(psk_exchanges_give_hint_and_identity),
        cmocka_unit_test(identity_is_bytes),
        cmocka_unit_test(signed_exchange_closes_exactly),
        cmocka_unit_test(unknown_suite_leaves_exchanges_alone),
        cmocka_unit_test(server_hello_of_13_ends_what_is_clear),
        cmocka_unit_test(change_cipher_spec_ends_a_side_before_13),
        cmocka_unit_test(client_alone_is_read_to_its_change_cipher_spec),
        cmocka_unit_test(alert_says_who_sent_it),
        cmocka_unit_test(alert_behind_a_change_cipher_spec),
        cmocka_unit_test(heartbeats_are_read_before_protection),
        cmocka_unit_test(lies_are_malformed_and_losses_are_cut),
        cmocka_unit_test(bad_extension_does_not_hide_the_hello),
        cmocka_unit_test(huge_message_is_not_waited_for),
        cmocka_unit_test(ssl2_hello_is_read),
        cmocka_unit_test(other_protocols_are_not_recognised),
        cmocka_unit_test(changed_bytes_do_no_harm),
    };
    return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
