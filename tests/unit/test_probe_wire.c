/* test_probe_wire.c: what perpass-probe writes: hellos, records of every suite, flights in fragments, secrets. */
#include "core/crypto_share.h"
#include "dissectors/dtls_record.h"
#include "probe/answers.h"
#include "probe/flight.h"
#include "probe/hello.h"
#include "probe/record13.h"
#include "probe/secrets.h"
#include "tests/unit/from_hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <unistd.h>

/* --- hellos --- */

struct seen {
    bool hello;
    struct tls_client_hello client;
};

static void note(void *to, const struct observation *observation)
{
    struct seen *seen = to;
    if (observation->type != &observation_tls_client_hello)
        return;
    seen->hello = true;
    seen->client = *(const struct tls_client_hello *)observation->data;
}

static struct seen read_back(struct span body)
{
    struct seen seen = {.hello = false};
    struct flow flow = {.client = 0};
    struct tls_session session = {.transport = "dtls", .version_protocol = "dtls"};
    struct dissect_context context = {.flow = &flow, .emit_to = &seen, .emit = note};
    tls_session_message(&session, TLS_CLIENT_HELLO, reader_of(body), &context);
    return seen;
}

static void test_hello(void **state)
{
    (void)state;
    uint8_t room[HELLO_MAX_LEN], random[HELLO_RANDOM_LEN];
    struct bytes_out out = bytes_out_to(room, sizeof room);
    struct hello hello = {.version = DTLS_VERSION_12,
                          .suites = {0xc0a8, 0xccac},
                          .num_suites = 2,
                          .deflate = true,
                          .extended_master_secret = true,
                          .encrypt_then_mac = true,
                          .truncated_hmac = true,
                          .heartbeat = true,
                          .connection_id = true,
                          .renegotiation_info = true,
                          .groups = true,
                          .signatures = true,
                          .raw_public_keys = true,
                          .max_fragment_length = number(4),
                          .record_size_limit = number(16384),
                          .session_id = span_text("session"),
                          .ticket = span_text("ticket"),
                          .server_name = span_text("server.example")};
    assert_true(hello_random(random));
    hello_put(&out, &hello, random, span_text("cookie"));
    assert_false(out.full);
    const struct seen seen = read_back(out_all(&out));
    assert_true(seen.hello);
    assert_true(span_equal(seen.client.cookie, span_text("cookie")));
    assert_true(span_equal(seen.client.session_id, span_text("session")));
    assert_true(span_equal(seen.client.ticket, span_text("ticket")));
    assert_true(span_equal(seen.client.server_name, span_text("server.example")));
    assert_memory_equal(seen.client.random.at, "perpass-probe", 13);
    assert_int_equal(seen.client.ciphers.len, 4);
    assert_int_equal(seen.client.compression.len, 2);
    assert_int_equal(seen.client.max_fragment_length.value, 4);
    assert_int_equal(seen.client.record_size_limit.value, 16384);
    assert_int_equal(seen.client.heartbeat.value, 1);
    assert_int_equal(seen.client.extended_master_secret, TRUTH_YES);
    assert_int_equal(seen.client.encrypt_then_mac, TRUTH_YES);
    assert_int_equal(seen.client.truncated_hmac, TRUTH_YES);
    assert_int_equal(seen.client.secure_renegotiation, TRUTH_YES);
    assert_int_equal(seen.client.groups.len, 10);
    assert_int_equal(seen.client.signature_schemes.len, 20);
    assert_true(span_seen(seen.client.connection_id));
    assert_int_equal(seen.client.server_certificate_types.len, 2);
}

/* What is not asked for is not sent; DTLS 1.3 is offered by a key share. */
static void test_little_hellos(void **state)
{
    (void)state;
    uint8_t room[HELLO_MAX_LEN], random[HELLO_RANDOM_LEN] = {0};
    struct bytes_out out = bytes_out_to(room, sizeof room);
    struct hello hello = {.version = DTLS_VERSION_10, .suites = {0x008c}, .num_suites = 1};
    hello_put(&out, &hello, random, span_of("", 0));
    assert_int_equal(out.len, 2 + 32 + 1 + 1 + 2 + 2 + 2);
    assert_true(read_back(out_all(&out)).hello);
    out = bytes_out_to(room, sizeof room);
    hello.version_13 = hello.psk_ke = hello.psk_dhe_ke = true;
    hello.key_share = span_of(random, 32);
    hello.key_share_group = 29;
    hello.psk_identity = span_text("device-1");
    hello.retry_cookie = span_text("cookie");
    hello_put(&out, &hello, random, span_of("", 0));
    const struct seen seen = read_back(out_all(&out));
    assert_int_equal(seen.client.versions.len, 2);
    assert_int_equal(seen.client.key_shares.len, 36);
    assert_int_equal(seen.client.psk_modes.len, 2);
    assert_int_equal(seen.client.retry_cookie, TRUTH_YES);
    assert_int_equal(seen.client.psk_identities.len, 2 + 8 + 4);
    assert_int_equal(seen.client.psk_binders.len, 1 + HELLO_BINDER_LEN);
    assert_ptr_equal(seen.client.psk_binders.at + seen.client.psk_binders.len, room + out.len);
    out = bytes_out_to(room, 40); /* what does not fit is told */
    hello_put(&out, &hello, random, span_of("", 0));
    assert_true(out.full);
}

/* --- secrets --- */

/* The vector for P_SHA256 that was posted to the TLS working group. */
static void test_prf(void **state)
{
    (void)state;
    const struct hex_bytes secret = from_hex("9bbe436ba940f017b17652849a71db35"),
                           nonce = from_hex("a0ba9f936cda311827a6f796ffd5198c"),
                           expected = from_hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495"
                                               "329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af"
                                               "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b"
                                               "97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
                                               "87347b66");
    const struct tls_seed seed = {.label = span_text("test label"), .a = hex_span(&nonce)};
    struct tls_secrets_room room;
    struct hmac_key key;
    uint8_t out[100];
    hmac_key_set(&key, HASH_SHA256, hex_span(&secret));
    tls_p_hash(&key, &seed, &room, out, sizeof out);
    assert_memory_equal(out, expected.at, sizeof out);
}

/* RFC 8439 section 2.8.2. */
static void test_chacha20_poly1305(void **state)
{
    (void)state;
    const struct hex_bytes key = from_hex(
                               "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
                           nonce = from_hex("070000004041424344454647"),
                           head = from_hex("50515253c0c1c2c3c4c5c6c7"),
                           tag = from_hex("1ae10b594f09e26a7e902ecbd0600691");
    const struct span text =
        span_text("Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
                  "for the future, sunscreen would be it.");
    uint8_t sealed[256], opened[256];
    assert_true(crypto_aead_seal(CRYPTO_CHACHA20_POLY1305, key.at, nonce.at, hex_span(&head), text,
                                 sealed));
    assert_memory_equal(sealed + text.len, tag.at, tag.len);
    assert_true(crypto_aead_open(CRYPTO_CHACHA20_POLY1305, key.at, nonce.at, hex_span(&head),
                                 span_of(sealed, text.len + tag.len), opened));
    assert_memory_equal(opened, text.at, text.len);
}

/* Both sides come to one secret; what is in no group gives none. */
static void test_shares(void **state)
{
    (void)state;
    static const uint16_t groups[] = {23, 24, 25, 29, 30};
    uint8_t one[CRYPTO_SHARE_MAX_LEN], other[CRYPTO_SHARE_MAX_LEN], bad[4] = {4, 1, 2, 3};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct crypto_share *a = crypto_share_curve(groups[i]), *b = crypto_share_curve(groups[i]);
        assert_non_null(a);
        assert_non_null(b);
        const size_t len = crypto_share_secret(a, crypto_share_public(b), one);
        assert_true(len >= 32);
        assert_int_equal(crypto_share_secret(b, crypto_share_public(a), other), len);
        assert_memory_equal(one, other, len);
        assert_int_equal(crypto_share_secret(a, span_of(bad, sizeof bad), one), 0);
        crypto_share_free(a);
        crypto_share_free(b);
    }
    assert_null(crypto_share_curve(1));
}

/* The 1024-bit prime of RFC 2409 section 6.2. */
static void test_prime_shares(void **state)
{
    (void)state;
    const struct hex_bytes prime =
        from_hex("ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22"
                 "514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6"
                 "f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381"
                 "ffffffffffffffff");
    const uint8_t two[1] = {2}, one_value[1] = {1};
    uint8_t first[CRYPTO_SHARE_MAX_LEN], second[CRYPTO_SHARE_MAX_LEN];
    struct crypto_share *a = crypto_share_prime(hex_span(&prime), span_of(two, 1)),
                        *b = crypto_share_prime(hex_span(&prime), span_of(two, 1));
    assert_non_null(a);
    assert_non_null(b);
    const size_t len = crypto_share_secret(a, crypto_share_public(b), first);
    assert_true(len > 100 && len <= 128);
    assert_int_equal(crypto_share_secret(b, crypto_share_public(a), second), len);
    assert_memory_equal(first, second, len);
    assert_int_equal(crypto_share_secret(a, span_of(one_value, 1), first), 0);
    assert_int_equal(crypto_share_secret(a, hex_span(&prime), first), 0);
    crypto_share_free(a);
    crypto_share_free(b);
    assert_null(crypto_share_prime(span_of(two, 1), span_of(two, 1)));
}

/* --- records --- */

/* Keys that the two directions do not share. */
static void make_keys(const struct suite *suite, struct record_keys *client,
                      struct record_keys *server)
{
    struct secrets secrets;
    const struct secrets_randoms randoms = {.client = {1}, .server = {2}};
    secrets_make(&secrets, suite->prf, span_text("a key"), (struct span){.at = NULL}, &randoms,
                 (struct span){.at = NULL});
    secrets_keys(&secrets, suite, &randoms, client, server);
}

static void try_record(const struct record_keys *keys, const struct record_keys *others, size_t len)
{
    uint8_t plain[300], room[600], opened[600];
    struct bytes_out out = bytes_out_to(room, sizeof room);
    const uint64_t record_number = (uint64_t)1 << 48 | 7;
    memset(plain, 0x5a, sizeof plain);
    assert_true(record_seal(keys, &out, DTLS_APPLICATION_DATA, DTLS_VERSION_12, record_number,
                            span_of(plain, len)));
    assert_true(out.len <= len + RECORD_MAX_GROWTH);
    struct reader datagram = reader_of(out_all(&out));
    struct dtls_record record;
    struct span text;
    assert_true(dtls_record_read(&datagram, 0, &record));
    assert_int_equal(reader_left(&datagram), 0);
    assert_int_equal(record.epoch, 1);
    assert_int_equal(record.sequence, 7);
    const struct span fragment = reader_rest(&record.fragment);
    assert_true(
        record_open(keys, record.type, record.version, record_number, fragment, opened, &text));
    assert_int_equal(text.len, len);
    assert_memory_equal(text.at, plain, len);
    /* another number, type, key, and every other byte are seen */
    assert_false(
        record_open(keys, record.type, record.version, record_number + 1, fragment, opened, &text));
    assert_false(
        record_open(keys, DTLS_ALERT, record.version, record_number, fragment, opened, &text));
    assert_false(
        record_open(others, record.type, record.version, record_number, fragment, opened, &text));
    for (size_t i = 0; i < fragment.len; i++) {
        room[RECORD_HEADER_LEN + i] ^= 0x10;
        assert_false(
            record_open(keys, record.type, record.version, record_number, fragment, opened, &text));
        assert_false(record_open(keys, record.type, record.version, record_number,
                                 span_of(fragment.at, i), opened, &text));
        room[RECORD_HEADER_LEN + i] ^= 0x10;
    }
}

static void test_records(void **state)
{
    (void)state;
    uint16_t codes[SUITES_MAX];
    const size_t num = suites_psk(codes);
    unsigned known = 0;
    assert_true(num > 60);
    for (size_t i = 0; i < num; i++) {
        struct record_keys client, server;
        struct suite suite;
        if (!suite_find(codes[i], &suite))
            continue;
        known++;
        for (unsigned etm = 0; etm < 2; etm++) {
            make_keys(&suite, &client, &server);
            client.encrypt_then_mac = server.encrypt_then_mac = etm;
            for (size_t len = 0; len < 40; len += 13)
                try_record(&client, &server, len);
        }
    }
    assert_true(known >= 42);
}

/* --- records of DTLS 1.3 --- */

static void try_record13(enum crypto_aead aead, size_t len)
{
    uint8_t plain[100], room[300], opened[300], type;
    const uint8_t secret[32] = {7}, other_secret[32] = {8};
    struct tls_secrets_room keys_room;
    struct record13_keys write, read, others;
    struct span text;
    record13_keys(&write, aead, secret, &keys_room);
    record13_keys(&read, aead, secret, &keys_room);
    record13_keys(&others, aead, other_secret, &keys_room);
    memset(plain, 0x5a, sizeof plain);
    write.next = 0x1fffe; /* the low 16 bits turn over */
    read.next = 0x1fff0;
    for (unsigned i = 0; i < 4; i++) {
        struct bytes_out out = bytes_out_to(room, sizeof room);
        struct dtls_record record;
        assert_true(record13_seal(&write, &out, 2, DTLS_HANDSHAKE, span_of(plain, len)));
        struct reader datagram = reader_of(out_all(&out));
        assert_true(dtls_record_read(&datagram, 0, &record));
        assert_true(record.unified);
        assert_int_equal(record.epoch, 2);
        assert_int_equal(record.header.len, 5);
        assert_false(record13_open(&others, &record, opened, &type, &text));
        assert_true(record13_open(&read, &record, opened, &type, &text));
        assert_int_equal(type, DTLS_HANDSHAKE);
        assert_int_equal(text.len, len);
        assert_memory_equal(text.at, plain, len);
        room[out.len - 1] ^= 1;
        assert_false(record13_open(&read, &record, opened, &type, &text));
    }
    assert_int_equal(read.next, 0x20002);
}

/* Short ones are padded: the receiver needs 16 bytes to know the number. */
static void test_records13(void **state)
{
    (void)state;
    static const enum crypto_aead aeads[] = {CRYPTO_AES_128_GCM, CRYPTO_AES_128_CCM,
                                             CRYPTO_AES_128_CCM_8, CRYPTO_CHACHA20_POLY1305};
    for (size_t i = 0; i < sizeof aeads / sizeof *aeads; i++)
        for (size_t len = 0; len <= 64; len += 4)
            try_record13(aeads[i], len);
}

/* --- flights --- */

struct loopback {
    struct udp udp;
    struct udp_count count;
    struct pace pace;
    int server;
};

static void loopback_begin(struct loopback *loopback)
{
    struct udp_address address = {.len = sizeof address.v4};
    struct error error;
    socklen_t len = sizeof address.v4;
    const int room = 4 << 20;
    address.v4.sin_family = AF_INET;
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    loopback->server = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(loopback->server >= 0);
    assert_int_equal(bind(loopback->server, &address.any, address.len), 0);
    (void)setsockopt(loopback->server, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    assert_int_equal(getsockname(loopback->server, &address.any, &len), 0);
    loopback->count = (struct udp_count){.budget = 1000};
    pace_begin(&loopback->pace, 100000);
    loopback->udp = (struct udp){.pace = &loopback->pace, .count = &loopback->count};
    assert_true(udp_open(&loopback->udp, &address, NULL, &error));
}

static void loopback_end(struct loopback *loopback)
{
    udp_close(&loopback->udp);
    close(loopback->server);
    pace_end(&loopback->pace);
}

struct taken {
    unsigned messages;
    size_t len;
    uint8_t first, last;
};

static void take_message(void *to, uint8_t type, uint16_t seq, struct span body)
{
    struct taken *taken = to;
    assert_int_equal(type, TLS_SUPPLEMENTAL_DATA);
    assert_int_equal(seq, 3);
    taken->messages++;
    taken->len = body.len;
    taken->first = body.at[0];
    taken->last = body.at[body.len - 1];
}

static bool open_nothing(void *to, const struct dtls_record *record, uint8_t *type,
                         struct span *plain)
{
    (void)to;
    (void)record;
    (void)type;
    (void)plain;
    return false;
}

/* What a reader makes of everything that has come to the server's port. */
static struct taken receive_all(const struct loopback *loopback, unsigned *datagrams)
{
    static uint8_t room[UDP_MAX_DATAGRAM];
    struct taken taken = {.messages = 0};
    struct answers answers;
    ssize_t got;
    *datagrams = 0;
    answers_begin(&answers, &(struct answers_listener){
                                .to = &taken, .message = take_message, .open = open_nothing});
    answers.inbox.from = 3; /* the messages before it are not waited for */
    while ((got = recv(loopback->server, room, sizeof room, MSG_DONTWAIT)) > 0) {
        assert_true((size_t)got <= UDP_USUAL_DATAGRAM);
        answers_read(&answers, span_of(room, (size_t)got));
        ++*datagrams;
    }
    assert_false(answers.garbage);
    answers_end(&answers);
    return taken;
}

static void try_flight(size_t len, const struct flight_way *way, unsigned expected_datagrams)
{
    static struct flight flight;
    static uint8_t body[DTLS_MAX_MESSAGE];
    struct loopback loopback;
    unsigned datagrams;
    loopback_begin(&loopback);
    struct flight_sender sender = {.udp = &loopback.udp, .version = DTLS_VERSION_12};
    memset(body, 0x77, sizeof body);
    body[0] = 1;
    body[len - 1] = 2;
    flight_clear(&flight);
    assert_true(flight_add(&flight, 0, TLS_SUPPLEMENTAL_DATA, 3, span_of(body, len)));
    assert_true(flight_add_change(&flight));
    assert_int_equal(flight_send(&flight, &sender, way), UDP_OK);
    const struct taken taken = receive_all(&loopback, &datagrams);
    assert_int_equal(taken.messages, 1);
    assert_int_equal(taken.len, len);
    assert_int_equal(taken.first, len > 1 ? 1 : 2);
    assert_int_equal(taken.last, 2);
    if (expected_datagrams > 0)
        assert_int_equal(datagrams, expected_datagrams);
    assert_int_equal(loopback.count.sent, datagrams);
    loopback_end(&loopback);
}

static void test_flights(void **state)
{
    (void)state;
    try_flight(1, &(struct flight_way){.duplicate = false}, 1);
    try_flight(500, &(struct flight_way){.duplicate = true}, 2);
    try_flight(500, &(struct flight_way){.fragment_len = 100}, 1);
    try_flight(500, &(struct flight_way){.fragment_len = 100, .apart = true}, 6);
    try_flight(500, &(struct flight_way){.fragment_len = 100, .reverse = true}, 6);
    try_flight(30000, &(struct flight_way){.reverse = true}, 26);
    try_flight(DTLS_MAX_MESSAGE - 1, &(struct flight_way){.duplicate = false}, 0);
}

/* No datagram leaves beyond the budget. */
static void test_budget(void **state)
{
    (void)state;
    struct loopback loopback;
    loopback_begin(&loopback);
    loopback.count.budget = 2;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(udp_send(&loopback.udp, span_text("x")), i < 2 ? UDP_OK : UDP_SPENT);
    assert_int_equal(loopback.count.sent, 2);
    loopback_end(&loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),   cmocka_unit_test(test_little_hellos),
        cmocka_unit_test(test_prf),     cmocka_unit_test(test_chacha20_poly1305),
        cmocka_unit_test(test_shares),  cmocka_unit_test(test_prime_shares),
        cmocka_unit_test(test_records), cmocka_unit_test(test_records13),
        cmocka_unit_test(test_flights), cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests_name("probe_wire", tests, NULL, NULL);
}
