/* test_covert_messages.c: the rules of what messages carry beside what they need: for each what makes it fire, what looks
 * alike, and where it begins. */
#include "analysis/covert.h"
#include "analysis/covert_report.h"
#include "dissectors/dhcp.h"
#include "dissectors/dtls.h"
#include "dissectors/starttls.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_heartbeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct flow base = {
    .ip_version = 4,
    .protocol = PROTO_TCP,
    .first_packet = 10,
    .ends = {{.address = {10, 0, 0, 1}, .port = 40000}, {.address = {192, 0, 2, 1}, .port = 443}}};

/* SHA-256 of "abc": as good as random. */
static const uint8_t random_bytes[32] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

static void say_at(struct analysis *analysis, const struct flow *flow, unsigned side,
                   uint64_t time_ns, const struct observation_type *type, const void *data)
{
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = flow,
                                            .side = side,
                                            .time_ns = time_ns,
                                            .packet = flow->first_packet};
    analysis_observe(analysis, &observation);
}

static struct analysis *begin(void)
{
    struct error error = {{0}};
    struct analysis *analysis =
        analysis_new(&(struct analysis_options){.rules = "covert.*"}, &error);
    assert_non_null(analysis);
    return analysis;
}

static void check(const char *name, struct analysis *analysis, const char *rule,
                  enum severity severity)
{
    size_t num;
    analysis_finish(analysis);
    const struct finding *findings = analysis_findings(analysis, &num);
    if (num != (rule != NULL))
        fail_msg("%s: %zu findings, %s", name, num, num > 0 ? findings[0].rule->id : "none");
    if (rule != NULL) {
        assert_string_equal(findings[0].rule->id, rule);
        if (findings[0].severity != severity)
            fail_msg("%s: severity %u", name, findings[0].severity);
    }
    analysis_free(analysis);
}

static struct tls_client_hello hello_of(const void *random)
{
    return (struct tls_client_hello){.transport = "tls",
                                     .random = span_of(random, 32),
                                     .extensions = span_text(""),
                                     .versions = span_of("\x03\x04", 2)};
}

static void test_randoms(void **state)
{
    (void)state;
    static const struct {
        const char *name, *random; /* NULL: random */
        bool server;
        const char *rule;
    } rows[] = {
        {"random", NULL, false, NULL},
        {"random of a server", NULL, true, NULL},
        {"text", "....the key of today is swordfish ok", false, "covert.tls-random"},
        {"text of a server", "....the key of today is swordfish ok", true, "covert.tls-random"},
        {"counting zeros", "....\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", false,
         "covert.tls-random"},
        {"bits by turns", "....UUUUUUUUUUUUUUUUUUUUUUUUUUUU", false, "covert.tls-random"},
        /* 14 printable bytes of 28 are as random has them. */
        {"half text", "....\x80\xff\x91nei\xe3ther\xd2here\xf7nor\x8e\x05\x1f\x99\xab\xcd\x12\x83",
         false, NULL},
        {"a clock, then random", NULL, false, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        uint8_t random[32];
        memcpy(random, rows[i].random != NULL ? (const void *)rows[i].random : random_bytes, 32);
        if (i == sizeof rows / sizeof rows[0] - 1)
            memset(random, 0, 4);
        const struct tls_client_hello client = hello_of(random);
        const struct tls_server_hello server = {.random = span_of(random, 32),
                                                .extensions = span_text("")};
        if (rows[i].server)
            say_at(analysis, &base, 1, 1, &observation_tls_server_hello, &server);
        else
            say_at(analysis, &base, 0, 1, &observation_tls_client_hello, &client);
        check(rows[i].name, analysis, rows[i].rule, SEVERITY_MEDIUM);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* Of 100,000 random messages of a length, a score of 3 is to have about 100, and one of 4 about 10. */
static void test_scores_of_random_bytes(void **state)
{
    (void)state;
    static const size_t lengths[] = {20, 28, 64};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        unsigned above[2] = {0};
        uint64_t seed = 1;
        for (unsigned n = 0; n < 100000; n++) {
            uint64_t bytes[8];
            struct covert_verdict verdict = {.score = 0};
            for (size_t j = 0; j < 8; j++)
                bytes[j] = next_random(&seed);
            covert_bytes(span_of(bytes, lengths[i]), &verdict);
            above[0] += verdict.score >= 3;
            above[1] += verdict.score >= 4;
        }
        assert_in_range(above[0], 20, 140);
        assert_in_range(above[1], 0, 24);
    }
}

/* A value that is there five times happens among random bytes, now and then; one of half of them does not. */
static void test_bytes_that_come_again(void **state)
{
    (void)state;
    for (unsigned num = 5; num <= 14; num += 9) {
        struct analysis *analysis = begin();
        uint8_t random[32];
        memcpy(random, random_bytes, sizeof random);
        for (unsigned i = 0; i < num; i++)
            random[5 + i + i / 2] = 0x5a;
        const struct tls_client_hello hello = hello_of(random);
        say_at(analysis, &base, 0, 1, &observation_tls_client_hello, &hello);
        check("again", analysis, num > 5 ? "covert.tls-random" : NULL, SEVERITY_MEDIUM);
    }
}

static void test_random_again(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t port;
        uint64_t after_ns;
        bool found;
    } rows[] = {{"another port", 40001, 2000000001, true},
                {"a mirror", 40001, 2000000000, false},
                {"the same port", 40000, 9000000000, false},
                {"a proxy that hands it on", 40002, 9000000000, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        struct flow later = base;
        const struct tls_client_hello hello = hello_of(random_bytes);
        later.ends[0].port = rows[i].port;
        if (rows[i].port == 40002)
            later.ends[0].address[3] = 9;
        say_at(analysis, &base, 0, 1, &observation_tls_client_hello, &hello);
        say_at(analysis, &later, 0, 1 + rows[i].after_ns, &observation_tls_client_hello, &hello);
        check(rows[i].name, analysis, rows[i].found ? "covert.tls-random" : NULL, SEVERITY_MEDIUM);
    }
}

static void test_session_ids(void **state)
{
    (void)state;
    static const char text[] = "session 17 of host a.example ok!";
    static const uint16_t of_server[] = {0x0303, 0xfefd, 0xfeff, 0x0304, 0xfefc};
    for (unsigned i = 0; i < 3 + sizeof of_server / sizeof of_server[0]; i++) {
        struct analysis *analysis = begin();
        struct tls_client_hello hello = hello_of(random_bytes);
        hello.session_id = i == 0 ? span_of(random_bytes, 32) : span_of(text, 32);
        if (i == 2) /* for 1.2 only: it is a server's, to resume */
            hello.versions = span_of("\x03\x03", 2);
        if (i < 3)
            say_at(analysis, &base, 0, 1, &observation_tls_client_hello, &hello);
        else
            say_at(analysis, &base, 1, 1, &observation_tls_server_hello,
                   &(struct tls_server_hello){.random = span_of(random_bytes, 32),
                                              .version = number(of_server[i - 3]),
                                              .session_id = span_of(text, 32),
                                              .extensions = span_text("")});
        const bool found = i == 1 || (i >= 3 && i < 6);
        check("session id", analysis, found ? "covert.session-id" : NULL, SEVERITY_LOW);
    }
}

static void test_extensions(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        bool server;
        const char *rule;
        enum severity severity;
    } rows[] = {
        {"padding", "\0\x15\0\4\0\0\0\0", 8, false, NULL, 0},
        {"padding, not zero", "\0\x15\0\4\0\0\0\1", 8, false, "covert.padding", SEVERITY_MEDIUM},
        {"padding of GnuTLS", "\0\x15\0\4\0\2\0\0", 8, false, NULL, 0},
        {"a wrong length", "\0\x15\0\4\0\3\0\0", 8, false, "covert.padding", SEVERITY_MEDIUM},
        {"key share of a server",
         "\0\x28\0\x12\0\x1d\0\x0e"
         "0123456789abcd",
         22, true, NULL, 0},
        {"grease", "\x0a\x0a\0\0\x1a\x1a\0\1\0", 9, false, NULL, 0},
        {"grease with contents", "\x1a\x1a\0\2\0\0", 6, false, "covert.grease-misuse",
         SEVERITY_LOW},
        {"grease with text", "\x1a\x1a\0\x10the key is 12345", 20, false, "covert.grease-misuse",
         SEVERITY_MEDIUM},
        {"grease of a server", "\x1a\x1a\0\0", 4, true, "covert.grease-misuse", SEVERITY_LOW},
        {"extended random",
         "\0\x28\0\x12\0\x10"
         "0123456789abcdef",
         22, false, "covert.extended-random", SEVERITY_MEDIUM},
        {"key share of a draft",
         "\0\x28\0\x14\0\x12\0\x1d\0\x0e"
         "0123456789abcd",
         24, false, NULL, 0},
        {"shorter",
         "\0\x28\0\x0f"
         "0123456789abcde",
         19, false, NULL, 0},
        {"unknown", "\xfe\x77\0\1a", 5, false, "covert.unknown-extension", SEVERITY_LOW},
        {"server name", "\0\0\0\0", 4, false, NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        struct tls_client_hello client = hello_of(random_bytes);
        client.extensions = span_of(rows[i].bytes, rows[i].len);
        const struct tls_server_hello server = {.random = span_of(random_bytes, 32),
                                                .extensions = client.extensions};
        if (rows[i].server)
            say_at(analysis, &base, 1, 1, &observation_tls_server_hello, &server);
        else
            say_at(analysis, &base, 0, 1, &observation_tls_client_hello, &client);
        check(rows[i].name, analysis, rows[i].rule, rows[i].severity);
    }
}

static void test_heartbeat_and_cookie(void **state)
{
    (void)state;
    struct analysis *analysis = begin();
    struct tls_client_hello client = hello_of(random_bytes);
    client.heartbeat = number(1);
    say_at(analysis, &base, 0, 1, &observation_tls_client_hello, &client);
    check("offered only", analysis, NULL, 0);
    analysis = begin();
    say_at(analysis, &base, 1, 1, &observation_tls_server_hello,
           &(struct tls_server_hello){.random = span_of(random_bytes, 32),
                                      .heartbeat = number(1),
                                      .extensions = span_text("")});
    check("agreed on", analysis, "covert.heartbeat", SEVERITY_INFO);
    static const char *const cookies[] = {"cookie of host 7", "cookie of host "};
    for (size_t i = 0; i < 2; i++) {
        analysis = begin();
        say_at(analysis, &base, 1, 1, &observation_tls_hello_verify_request,
               &(struct tls_hello_verify_request){.cookie = span_text(cookies[i])});
        check("cookie", analysis, i == 0 ? "covert.dtls-cookie" : NULL, SEVERITY_LOW);
    }
    analysis = begin();
    say_at(analysis, &base, 1, 1, &observation_tls_hello_verify_request,
           &(struct tls_hello_verify_request){.cookie = span_of(random_bytes, 32)});
    check("random cookie", analysis, NULL, 0);
}

static void test_heartbeats(void **state)
{
    (void)state;
    static const struct {
        const char *name, *transport, *payload, *padding;
        enum truth protected, too_long;
        enum severity severity;
    } rows[] = {
        {"in clear", "tls", "abc", "", TRUTH_NO, TRUTH_NO, SEVERITY_LOW},
        {"in clear, text", "tls", "the key is 12345", "", TRUTH_NO, TRUTH_NO, SEVERITY_MEDIUM},
        {"in clear, less text", "dtls", "the key is 1234", "", TRUTH_NO, TRUTH_NO, SEVERITY_LOW},
        {"text as padding", "dtls", "", "the key is 12345", TRUTH_NO, TRUTH_NO, SEVERITY_MEDIUM},
        {"asks for more", "tls", "", "", TRUTH_NO, TRUTH_YES, SEVERITY_HIGH},
        {"encrypted, over TCP", "tls", NULL, NULL, TRUTH_YES, TRUTH_UNKNOWN, SEVERITY_LOW},
        {"encrypted, datagrams", "dtls", NULL, NULL, TRUTH_YES, TRUTH_UNKNOWN, SEVERITY_INFO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        struct tls_heartbeat heartbeat = {.transport = rows[i].transport,
                                          .protected = rows[i].protected,
                                          .too_long = rows[i].too_long,
                                          .len = number(61)};
        if (rows[i].payload != NULL) {
            heartbeat.payload = span_text(rows[i].payload);
            heartbeat.padding = span_text(rows[i].padding);
        }
        say_at(analysis, &base, 0, 1, &observation_tls_heartbeat, &heartbeat);
        check(rows[i].name, analysis, "covert.heartbeat", rows[i].severity);
    }
}

/* The name of a key may be text; what is encrypted under it is not. */
static void test_tickets(void **state)
{
    (void)state;
    static const char text[] =
        "the key of the session is given in this ticket, which no server has "
        "made: swordfish, once more swordfish, for those who did not hear it the first time";
    static const struct {
        const char *name;
        size_t name_len, text_len, random_len;
        bool found;
    } rows[] = {{"random", 0, 0, 96, false},       {"a name, then random", 16, 0, 96, false},
                {"text", 0, 48, 0, true},          {"text that is too short", 0, 47, 0, false},
                {"a few words", 0, 32, 96, false}, {"much text", 0, 60, 64, true},
                {"text all over", 16, 96, 0, true}};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        struct tls_client_hello hello = hello_of(random_bytes);
        const size_t row = i / 2;
        uint8_t ticket[160];
        size_t len = rows[row].name_len + rows[row].text_len;
        memcpy(ticket, text, len);
        for (size_t done = 0; done < rows[row].random_len; done++) {
            /* SHA-256 of "abc", and the same with each byte moved: as good as random. */
            const uint8_t byte = random_bytes[done % 32];
            ticket[len++] = (uint8_t)(byte * (2 * (done / 32) + 1) + 89 * (done / 32));
        }
        hello.ticket = span_of(ticket, len);
        if (i % 2 == 0)
            say_at(analysis, &base, 0, 1, &observation_tls_client_hello, &hello);
        else
            say_at(analysis, &base, 1, 1, &observation_tls_new_session_ticket,
                   &(struct tls_new_session_ticket){.transport = "tls", .ticket = hello.ticket});
        check(rows[row].name, analysis, rows[row].found ? "covert.session-id" : NULL, SEVERITY_LOW);
    }
}

static void test_preambles(void **state)
{
    (void)state;
    static const struct {
        const char *protocol;
        uint64_t bytes, commands;
        bool upgraded, found;
        uint64_t idle;
    } rows[] = {{"smtp", 384, 2, true, false, 0},   {"smtp", 385, 2, true, true, 0},
                {"smtp", 900, 2, false, false, 0},  {"smtp", 1153, 99, true, true, 0},
                {"smtp", 1152, 99, true, false, 0}, {"xmpp", 1024, 1, true, false, 0},
                {"xmpp", 1025, 1, true, true, 0},   {"smtp", 100, 3, true, false, 15},
                {"smtp", 100, 3, true, true, 16},   {"smtp", 100, 3, false, false, 16}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        say_at(analysis, &base, 0, 1, &observation_starttls_session,
               &(struct starttls_session){.protocol = rows[i].protocol,
                                          .upgraded = truth(rows[i].upgraded),
                                          .commands = number(rows[i].commands),
                                          .client_bytes = number(rows[i].bytes),
                                          .idle_bytes = number(rows[i].idle)});
        check(rows[i].protocol, analysis, rows[i].found ? "covert.starttls-preamble" : NULL,
              SEVERITY_LOW);
    }
}

static void test_dhcp(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        const char *rule;
        enum severity severity;
    } rows[] = {{"zeros", "\0\0\0\0", 4, NULL, 0},
                {"a byte", "\0\0\0\1", 4, "covert.dhcp-slack", SEVERITY_LOW},
                {"text", "the key is 12345", 16, "covert.dhcp-slack", SEVERITY_MEDIUM},
                {"less text", "the key is 1234", 15, "covert.dhcp-slack", SEVERITY_LOW}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = begin();
        say_at(analysis, &base, 0, 1, &observation_dhcp_message,
               &(struct dhcp_message){.op = number(1),
                                      .client_mac = span_of("\2\0\0\0\0\1", 6),
                                      .sname_slack = span_of(rows[i].bytes, rows[i].len)});
        check(rows[i].name, analysis, rows[i].rule, rows[i].severity);
    }
}

/* Several messages of one direction are one session of the ledger, and their endpoint has departed. */
static void test_dhcp_ledger(void **state)
{
    (void)state;
    struct analysis *analysis = begin();
    size_t num, found = 0;
    for (unsigned i = 0; i < 3; i++)
        say_at(analysis, &base, 0, 1 + i, &observation_dhcp_message,
               &(struct dhcp_message){.op = number(1),
                                      .client_mac = span_of("\2\0\0\0\0\1", 6),
                                      .sname_slack = span_of("\0\0\0\1", 4),
                                      .file_slack = span_of("\0\0\0\0", 4)});
    analysis_finish(analysis);
    const struct observation *const *told = analysis_told(analysis, &num);
    for (size_t i = 0; i < num; i++) {
        if (told[i]->type != &observation_covert_capacity)
            continue;
        const struct covert_capacity *capacity = told[i]->data;
        if (strcmp(capacity->field, "dhcp-slack") != 0)
            continue;
        found++;
        assert_int_equal(capacity->units.value, 6);
        assert_int_equal(capacity->sessions.value, 1);
        assert_int_equal(capacity->bits_per_session.value, 3 * 2 * 32);
        assert_int_equal(capacity->endpoints_departed.value, 1);
    }
    assert_int_equal(found, 1);
    analysis_free(analysis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_randoms),
        cmocka_unit_test(test_random_again),
        cmocka_unit_test(test_scores_of_random_bytes),
        cmocka_unit_test(test_bytes_that_come_again),
        cmocka_unit_test(test_session_ids),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_heartbeat_and_cookie),
        cmocka_unit_test(test_heartbeats),
        cmocka_unit_test(test_tickets),
        cmocka_unit_test(test_preambles),
        cmocka_unit_test(test_dhcp),
        cmocka_unit_test(test_dhcp_ledger),
    };
    return cmocka_run_group_tests_name("covert messages", tests, NULL, NULL);
}
