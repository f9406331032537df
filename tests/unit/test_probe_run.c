/* test_probe_run.c: what perpass-probe says of servers that answer by a script, over the loopback network. */
#include "dissectors/dtls_record.h"
#include "probe/bytes_out.h"
#include "probe/client13.h"
#include "probe/probe.h"
#include "probe/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <unistd.h>

/* --- servers --- */

enum { CIPHER_GCM = 0x00a8, MAX_ANSWER = 1200 };

struct server;

/* Answers a datagram by server_say. */
typedef void answer_datagram(struct server *server, struct span datagram);

struct server {
    answer_datagram *answer;
    uint16_t cipher;
    bool long_hint;
    unsigned heard, lost, refused; /* datagrams */
    uint16_t lost_port;            /* of the client whose datagrams are lost, in network order */
    int descriptor;
    struct udp_address client;
    pthread_t thread;
};

static void server_say(const struct server *server, struct span datagram)
{
    sendto(server->descriptor, datagram.at, datagram.len, 0, &server->client.any,
           server->client.len);
}

/* An empty datagram of the test's own ends it. */
static void *serve(void *to)
{
    struct server *server = to;
    static uint8_t room[UDP_MAX_DATAGRAM];
    for (;;) {
        server->client.len = sizeof server->client.v6;
        const ssize_t got = recvfrom(server->descriptor, room, sizeof room, 0, &server->client.any,
                                     &server->client.len);
        if (got <= 0)
            return NULL;
        server->heard++;
        server->answer(server, span_of(room, (size_t)got));
    }
}

static struct udp_address server_begin(struct server *server)
{
    struct udp_address address = {.len = sizeof address.v4};
    address.v4.sin_family = AF_INET;
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(server->descriptor >= 0);
    assert_int_equal(bind(server->descriptor, &address.any, address.len), 0);
    assert_int_equal(getsockname(server->descriptor, &address.any, &address.len), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return address;
}

static void server_end(struct server *server, const struct udp_address *address)
{
    const int own = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(own >= 0);
    assert_int_equal(sendto(own, "", 0, 0, &address->any, address->len), 0);
    pthread_join(server->thread, NULL);
    close(own);
    close(server->descriptor);
}

static void put_message(struct bytes_out *out, uint8_t type, uint16_t seq, struct span body)
{
    uint8_t room[MAX_ANSWER];
    struct bytes_out message = bytes_out_to(room, sizeof room);
    out_u8(&message, type);
    out_number(&message, body.len, 3);
    out_u16(&message, seq);
    out_number(&message, 0, 3);
    out_vec(&message, body, 3);
    record_put(out, DTLS_HANDSHAKE, DTLS_VERSION_12, seq, out_all(&message));
}

static void put_server_hello(struct bytes_out *out, uint16_t cipher)
{
    static const uint8_t random[32] = {1};
    uint8_t room[100];
    struct bytes_out body = bytes_out_to(room, sizeof room);
    out_u16(&body, DTLS_VERSION_12);
    out_span(&body, span_of(random, sizeof random));
    out_u8(&body, 0);
    out_u16(&body, cipher);
    out_u8(&body, 0);
    put_message(out, TLS_SERVER_HELLO, 0, out_all(&body));
}

static bool is_hello(struct span datagram)
{
    return datagram.len > RECORD_HEADER_LEN && datagram.at[0] == DTLS_HANDSHAKE &&
           datagram.at[RECORD_HEADER_LEN] == TLS_CLIENT_HELLO;
}

/* --- probes --- */

static void run_on(struct probe *probe, struct probe_settings *settings, struct server *server)
{
    enum { RATE = 1000 };
    struct pace pace;
    pace_begin(&pace, RATE);
    settings->pace = &pace;
    settings->patience_ns = settings->patience_ns != 0 ? settings->patience_ns : 500000000;
    for (unsigned i = 0; i < NUM_CHECKS; i++)
        settings->wanted[i] = true;
    *probe = (struct probe){.settings = settings, .name = "server"};
    probe->target = server_begin(server);
    probe_run(probe);
    server_end(server, &probe->target);
    pace_end(&pace);
}

static void check_told(const struct probe *probe, enum check_id id, enum check_outcome outcome,
                       const char *in_reason)
{
    const struct check_result *result = &probe->results[id];
    if (result->outcome != outcome || strstr(result->reason, in_reason) == NULL)
        fail_msg("%s: %s, \"%s\": \"%s\"", check_get(id)->id, check_outcome_name(result->outcome),
                 result->value, result->reason);
}

/* --- a suite that was not on offer: RFC 5246 section 7.4.1.3 --- */

static void choose_freely(struct server *server, struct span datagram)
{
    uint8_t room[MAX_ANSWER];
    struct bytes_out out = bytes_out_to(room, sizeof room);
    if (!is_hello(datagram))
        return;
    put_server_hello(&out, server->cipher);
    put_message(&out, TLS_SERVER_HELLO_DONE, 1, span_of("", 0));
    server_say(server, out_all(&out));
}

static void test_suites_that_were_not_offered(void **state)
{
    (void)state;
    static const uint16_t ciphers[] = {0x1234, 0x002f};
    for (unsigned i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        static struct probe probe;
        struct probe_settings settings = {.full = false};
        struct server server = {.answer = choose_freely, .cipher = ciphers[i]};
        run_on(&probe, &settings, &server);
        check_told(&probe, CHECK_REACHABLE, CHECK_PASS, "a suite that was not on offer");
        for (unsigned id = CHECK_REACHABLE + 1; id < NUM_CHECKS; id++)
            if (id != CHECK_CERTIFICATE || ciphers[i] != 0x002f) /* there it is on offer */
                assert_int_equal(probe.results[id].outcome, CHECK_UNKNOWN);
        probe_free(&probe);
    }
}

/* --- times: they are the server's, not those that the probe's own pace makes --- */

static bool has_epoch_1(struct span datagram)
{
    size_t at = 0;
    while (at + RECORD_HEADER_LEN <= datagram.len) {
        if (datagram.at[at + 4] == 1)
            return true;
        at += RECORD_HEADER_LEN + (size_t)(datagram.at[at + 11] << 8 | datagram.at[at + 12]);
    }
    return false;
}

static void say_alert(struct server *server, uint8_t description)
{
    uint8_t room[100];
    const uint8_t alert[] = {2, description};
    struct bytes_out out = bytes_out_to(room, sizeof room);
    record_put(&out, DTLS_ALERT, DTLS_VERSION_12, 5, span_of(alert, sizeof alert));
    server_say(server, out_all(&out));
}

/* Whatever the identity and the key: decrypt_error. */
static void refuse_all(struct server *server, struct span datagram)
{
    if (is_hello(datagram))
        choose_freely(server, datagram);
    else if (has_epoch_1(datagram))
        say_alert(server, 51);
}

static void test_own_pace(void **state)
{
    (void)state;
    static struct probe probe;
    static const char identity[2500] = "device";
    struct probe_settings settings = {
        .oracle = true,
        .identity = span_of(identity, sizeof identity),
        .key = span_text("key"),
    };
    struct server server = {.answer = refuse_all, .cipher = CIPHER_GCM};
    run_on(&probe, &settings, &server);
    check_told(&probe, CHECK_ORACLE, CHECK_PASS, "cannot be told apart");
    check_told(&probe, CHECK_ALERTS, CHECK_PASS, "");
    probe_free(&probe);
}

/* --- a probe that is stopped asks nothing more, of no target --- */

static int always_stopped(void)
{
    return 15;
}

static void test_stopped(void **state)
{
    (void)state;
    static struct probe probe;
    struct probe_settings settings = {.stopped = always_stopped};
    struct server server = {.answer = choose_freely, .cipher = CIPHER_GCM};
    run_on(&probe, &settings, &server);
    assert_int_equal(server.heard, 0);
    for (unsigned id = 0; id < NUM_CHECKS; id++)
        assert_int_equal(probe.results[id].outcome, CHECK_UNKNOWN);
    check_told(&probe, CHECK_REACHABLE, CHECK_UNKNOWN, "stopped");
    probe_free(&probe);
}

/* --- amplification: answers are held against all that they answer --- */

/* A flight of some 2.6 times the hello, whose end is lost the first time. */
static void answer_at_length(struct server *server, struct span datagram)
{
    uint8_t room[MAX_ANSWER],
        hint[2 + 600] = {server->long_hint ? 600 >> 8 : 0, server->long_hint ? 600 & 0xff : 0};
    struct bytes_out out = bytes_out_to(room, sizeof room);
    if (!is_hello(datagram))
        return;
    put_server_hello(&out, CIPHER_GCM);
    put_message(&out, TLS_SERVER_KEY_EXCHANGE, 1, span_of(hint, server->long_hint ? 602 : 2));
    server_say(server, out_all(&out));
    out = bytes_out_to(room, sizeof room);
    put_message(&out, TLS_SERVER_HELLO_DONE, 2, span_of("", 0));
    if (server->lost++ > 0)
        server_say(server, out_all(&out));
}

static void test_amplification(void **state)
{
    (void)state;
    static struct probe probe;
    for (unsigned i = 0; i < 2; i++) {
        struct probe_settings settings = {.patience_ns = 2500000000};
        struct server server = {.answer = answer_at_length, .long_hint = i == 1};
        run_on(&probe, &settings, &server);
        check_told(&probe, CHECK_AMPLIFICATION, i == 1 ? CHECK_UNKNOWN : CHECK_PASS,
                   i == 1 ? "which may be hellos" : "not proven");
        probe_free(&probe);
    }
}

/* --- losses: what is lost is not what the server says --- */

/* decrypt_error to all, but two of the alerts for identities that nobody has are lost. */
static void refuse_and_lose(struct server *server, struct span datagram)
{
    static const char made_up[] = "perpass-probe-";
    if (!is_hello(datagram) && server->lost < 2 &&
        memmem(datagram.at, datagram.len, made_up, sizeof made_up - 1) != NULL)
        server->lost++;
    else
        refuse_all(server, datagram);
}

static void test_lost_alerts(void **state)
{
    (void)state;
    static struct probe probe;
    struct probe_settings settings = {
        .oracle = true, .identity = span_text("device"), .key = span_text("key")};
    struct server server = {.answer = refuse_and_lose, .cipher = CIPHER_GCM};
    run_on(&probe, &settings, &server);
    assert_int_equal(server.lost, 2);
    check_told(&probe, CHECK_ORACLE, CHECK_UNKNOWN, "differ from try to try");
    probe_free(&probe);
}

/* decrypt_error to all, but the hello behind the first one is lost, with all that comes from its port. */
static void refuse_and_lose_hello(struct server *server, struct span datagram)
{
    const uint16_t port = server->client.v4.sin_port;
    if (!is_hello(datagram) && has_epoch_1(datagram))
        server->refused++;
    if (is_hello(datagram) && server->refused > 0 && server->lost++ == 0)
        server->lost_port = port;
    if (port != server->lost_port)
        refuse_all(server, datagram);
}

static void test_lost_hello_of_oracle(void **state)
{
    (void)state;
    static struct probe probe;
    struct probe_settings settings = {
        .oracle = true, .identity = span_text("device"), .key = span_text("key")};
    struct server server = {.answer = refuse_and_lose_hello, .cipher = CIPHER_GCM};
    run_on(&probe, &settings, &server);
    assert_int_not_equal(server.lost_port, 0);
    assert_true(probe.lossy);
    check_told(&probe, CHECK_ORACLE, CHECK_PASS, "cannot be told apart");
    check_told(&probe, CHECK_ALERTS, CHECK_PASS, "");
    probe_free(&probe);
}

enum { COOKIE_LEN = 7 };

static bool has_cookie(struct span hello)
{
    enum { SESSION_ID = RECORD_HEADER_LEN + 12 + 2 + 32 };
    return hello.at[SESSION_ID + 1] == COOKIE_LEN;
}

static void ask_for_cookie(const struct server *server)
{
    static const uint8_t request[] = {0xfe, 0xff, COOKIE_LEN, 'c', 'o', 'o', 'k', 'i', 'e', 's'};
    uint8_t room[100];
    struct bytes_out out = bytes_out_to(room, sizeof room);
    put_message(&out, TLS_HELLO_VERIFY_REQUEST, 0, span_of(request, sizeof request));
    server_say(server, out_all(&out));
}

/* Asks for a cookie, and loses the first hello that brings one. */
static void lose_behind_cookie(struct server *server, struct span datagram)
{
    if (is_hello(datagram) && !has_cookie(datagram)) {
        ask_for_cookie(server);
    } else if (server->lost++ > 0) {
        choose_freely(server, datagram);
    }
}

static void test_lost_behind_cookie(void **state)
{
    (void)state;
    static struct probe probe;
    struct probe_settings settings = {.full = false};
    struct server server = {.answer = lose_behind_cookie, .cipher = CIPHER_GCM};
    run_on(&probe, &settings, &server);
    check_told(&probe, CHECK_REACHABLE, CHECK_PASS, "a hello with PSK suites was answered");
    assert_string_equal(probe.results[CHECK_HINT].value, "none");
    probe_free(&probe);
}

/* Asks the first time for a cookie, and says nothing more. */
static void ask_once_for_cookie(struct server *server, struct span datagram)
{
    if (is_hello(datagram) && server->lost++ == 0)
        ask_for_cookie(server);
}

/* What one try has found, none that is lost takes back; and silence on such a line is no refusal. */
static void test_lost_tries(void **state)
{
    (void)state;
    static struct probe probe;
    struct probe_settings settings = {.full = false};
    struct server server = {.answer = ask_once_for_cookie};
    run_on(&probe, &settings, &server);
    assert_true(probe.answers);
    check_told(&probe, CHECK_REACHABLE, CHECK_PASS, "no whole answer came: silence");
    check_told(&probe, CHECK_HINT, CHECK_UNKNOWN, "");
    probe_free(&probe);
}

/* A server whose silence behind the cookie is its own. */
static void pass_over(struct server *server, struct span datagram)
{
    if (is_hello(datagram) && !has_cookie(datagram))
        ask_for_cookie(server);
}

static void test_passed_over(void **state)
{
    (void)state;
    static struct probe probe;
    struct probe_settings settings = {.full = false};
    struct server server = {.answer = pass_over};
    run_on(&probe, &settings, &server);
    check_told(&probe, CHECK_REACHABLE, CHECK_PASS, "no PSK suite was taken: silence");
    check_told(&probe, CHECK_HINT, CHECK_NOT_APPLICABLE, "");
    probe_free(&probe);
}

/* --- a HelloRetryRequest that asks for what is not on offer: RFC 8446 section 4.1.4 --- */

static void ask_for_share(struct server *server, struct span datagram)
{
    static const uint8_t random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                       0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                       0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                       0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    /* supported_versions: DTLS 1.3; key_share: secp256r1 */
    static const uint8_t extensions[] = {0, 43, 0, 2, 0xfe, 0xfc, 0, 51, 0, 2, 0, 23};
    uint8_t room[MAX_ANSWER], hello[100];
    struct bytes_out out = bytes_out_to(room, sizeof room),
                     body = bytes_out_to(hello, sizeof hello);
    if (!is_hello(datagram))
        return;
    out_u16(&body, DTLS_VERSION_12);
    out_span(&body, span_of(random, sizeof random));
    out_u8(&body, 0);
    out_u16(&body, 0x1301);
    out_u8(&body, 0);
    out_vec(&body, span_of(extensions, sizeof extensions), 2);
    put_message(&out, TLS_SERVER_HELLO, 0, out_all(&body));
    server_say(server, out_all(&out));
}

/* With psk_dhe_ke on offer there is a second hello, with psk_ke alone there is none. */
static void test_share_that_was_not_offered(void **state)
{
    (void)state;
    for (unsigned dhe = 0; dhe < 2; dhe++) {
        struct pace pace;
        struct error error;
        struct udp_count count = {.budget = 20};
        struct server server = {.answer = ask_for_share};
        pace_begin(&pace, 1000);
        const struct client_options options = {.target = server_begin(&server),
                                               .pace = &pace,
                                               .count = &count,
                                               .patience_ns = 200000000};
        struct client13 *client = client13_new(&options, &error);
        assert_non_null(client);
        assert_int_equal(
            client13_run(client, true, dhe == 1, span_text("device"), span_text("key")),
            dhe == 1 ? CLIENT_SILENT : CLIENT_GARBAGE);
        assert_int_equal(count.sent, 1 + dhe);
        client13_free(client);
        server_end(&server, &options.target);
        pace_end(&pace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suites_that_were_not_offered),
        cmocka_unit_test(test_own_pace),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_lost_alerts),
        cmocka_unit_test(test_lost_hello_of_oracle),
        cmocka_unit_test(test_lost_behind_cookie),
        cmocka_unit_test(test_lost_tries),
        cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_share_that_was_not_offered),
    };
    return cmocka_run_group_tests_name("probe_run", tests, NULL, NULL);
}
