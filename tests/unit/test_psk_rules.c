/* test_psk_rules.c: the rules about external PSKs: each with what makes it fire, what only looks so, and at its
 * threshold. */
#include "analysis/analysis.h"
#include "analysis/psk_hellos.h"
#include "analysis/psk_series.h"
#include "analysis/psk_users.h"
#include "analysis_world.h"
#include "core/common_observations.h"
#include "core/flow.h"
#include "dissectors/tls.h"
#include "dissectors/tls_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

/* A conversation. Addresses are 192.0.2.N, or 2001:db8:NET::N where |net6| says so. */
struct talk {
    unsigned client, server;
    uint16_t client_port, server_port;
    uint16_t net6;
    const char *transport;
    uint64_t second;
    const char *sni;
    uint8_t client_mac, server_mac; /* last byte; 0: not seen */
    uint16_t cipher;                /* on offer beside the PSK suite: what software this is */
    uint16_t answer;                /* extension that the server answers with */
    uint8_t random, server_random;  /* seed of the hellos' randoms; 0: of the packet's number */
    enum truth established;         /* TRUTH_UNKNOWN: the end was not captured */
    struct span identities;         /* pre_shared_key of TLS 1.3; none: not there */
};

static struct talk talk_between(unsigned client, unsigned server, uint64_t second)
{
    return (struct talk){.client = client,
                         .server = server,
                         .client_port = 40000,
                         .server_port = 5684,
                         .transport = "dtls",
                         .second = second,
                         .sni = "a.example",
                         .cipher = 0xc02b,
                         .established = TRUTH_YES};
}

static void set_end(struct endpoint *end, const struct talk *talk, unsigned host, uint16_t port)
{
    *end = (struct endpoint){.address = {192, 0, 2, (uint8_t)host}, .port = port};
    if (talk->net6 != 0)
        *end = (struct endpoint){.address = {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(talk->net6 >> 8),
                                             (uint8_t)talk->net6, [15] = (uint8_t)host},
                                 .port = port};
}

static void open_flow(struct world *world, const struct talk *talk)
{
    world->flow = (struct flow){.ip_version = talk->net6 != 0 ? 6 : 4,
                                .protocol = PROTO_UDP,
                                .first_packet = world->packet + 1};
    set_end(&world->flow.ends[0], talk, talk->client, talk->client_port);
    set_end(&world->flow.ends[1], talk, talk->server, talk->server_port);
    if (talk->client_mac != 0)
        world->flow.mac[0][5] = talk->client_mac;
    if (talk->server_mac != 0)
        world->flow.mac[1][5] = talk->server_mac;
    world->now = talk->second * 1000000000;
}

/* 32 bytes that depend on |seed|. */
static struct span fill(uint8_t room[32], uint64_t seed)
{
    for (unsigned i = 0; i < 32; i++)
        room[i] = (uint8_t)(seed * 31 + i);
    return span_of(room, 32);
}

static void say_hello(struct world *world, const struct talk *talk)
{
    uint8_t random[32];
    const uint8_t ciphers[] = {0xc0, 0xa8, (uint8_t)(talk->cipher >> 8), (uint8_t)talk->cipher};
    const struct tls_client_hello hello = {
        .transport = talk->transport,
        .legacy_version = number(0xfefd),
        .random = fill(random, talk->random != 0 ? talk->random : world->packet + 1000),
        .session_id = span_text(""),
        .ciphers = span_of(ciphers, sizeof ciphers),
        .psk_identities = talk->identities,
        .server_name = talk->sni != NULL ? span_text(talk->sni) : (struct span){.at = NULL}};
    say_from(world, &observation_tls_client_hello, &hello, 0);
}

static void say_server_hello(struct world *world, const struct talk *talk)
{
    uint8_t random[32];
    const uint8_t extensions[] = {(uint8_t)(talk->answer >> 8), (uint8_t)talk->answer, 0, 0};
    const struct tls_server_hello hello = {
        .transport = talk->transport,
        .version = number(0xfefd),
        .cipher = number(0xc0a8),
        .hello_retry = TRUTH_NO,
        .extensions = span_of(extensions, sizeof extensions),
        .random = fill(random, talk->server_random != 0 ? talk->server_random : world->packet)};
    say_from(world, &observation_tls_server_hello, &hello, 1);
}

static void say_identity(struct world *world, const struct talk *talk, struct span identity)
{
    const struct tls_client_key_exchange exchange = {
        .transport = talk->transport, .kx = "PSK", .psk_identity = identity};
    say_from(world, &observation_tls_client_key_exchange, &exchange, 0);
}

static void say_summary(struct world *world, const struct talk *talk)
{
    const struct tls_handshake_summary summary = {
        .transport = talk->transport, .psk = "external", .established = talk->established};
    say_from(world, &observation_tls_handshake_summary, &summary, 0);
}

/* A whole handshake of DTLS 1.2. */
static void shake(struct world *world, const struct talk *talk, const char *identity)
{
    open_flow(world, talk);
    say_hello(world, talk);
    say_server_hello(world, talk);
    say_identity(world, talk, span_text(identity));
    say_summary(world, talk);
}

static const struct finding *find(const struct analysis *analysis, const char *rule)
{
    size_t num;
    const struct finding *findings = analysis_findings(analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (strcmp(findings[i].rule->id, rule) == 0)
            return &findings[i];
    return NULL;
}

static const struct value *evidence(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i].value;
    return NULL;
}

/* Ends the world; then |rule| has to have fired with this confidence (0: not at all). */
static void expect(struct world *world, const char *what, const char *rule,
                   enum confidence confidence)
{
    analysis_finish(world->analysis);
    const struct finding *finding = find(world->analysis, rule);
    enum confidence is = finding != NULL ? finding->confidence : 0;
    if (is != confidence)
        fail_msg("%s: %s has confidence %d, not %d", what, rule, (int)is, (int)confidence);
    if (finding != NULL && (finding->reason == NULL || strlen(finding->reason) < 10))
        fail_msg("%s: %s gives no reason", what, rule);
    analysis_free(world->analysis);
}

/* --- groups --- */

/* What rows expect: confidences, and that a rule does not fire. */
#define NOT      ((enum confidence)0)
#define POSSIBLE CONFIDENCE_POSSIBLE
#define LIKELY   CONFIDENCE_LIKELY
#define CERTAIN  CONFIDENCE_CERTAIN

static void test_group_clients(void **state)
{
    (void)state;
    enum { MAX = 4 };
    static const struct {
        const char *what;
        struct {
            unsigned client;
            uint64_t second;
            uint16_t cipher;
            uint8_t mac;
            uint16_t net6;
        } uses[MAX];
        enum confidence confidence;
    } rows[] = {
        {"one client", {{10, 0, 1, 1, 0}, {10, 50, 1, 1, 0}}, NOT},
        {"one client, new software", {{10, 0, 1, 1, 0}, {10, 50, 2, 1, 0}}, NOT},
        {"one that moved", {{10, 0, 1, 1, 0}, {11, 50, 1, 1, 0}}, POSSIBLE},
        {"moved, with another interface", {{10, 0, 1, 1, 0}, {11, 50, 1, 2, 0}}, POSSIBLE},
        {"there and back", {{10, 0, 1, 1, 0}, {11, 50, 1, 1, 0}, {10, 99, 1, 1, 0}}, POSSIBLE},
        {"other software", {{10, 0, 1, 1, 0}, {11, 5000, 2, 1, 0}}, LIKELY},
        {"in turns, other hardware",
         {{10, 0, 1, 1, 0}, {11, 50, 1, 2, 0}, {10, 99, 1, 1, 0}},
         LIKELY},
        {"three in 60 s", {{10, 0, 1, 1, 0}, {11, 30, 1, 1, 0}, {12, 60, 1, 1, 0}}, LIKELY},
        {"three in 61 s", {{10, 0, 1, 1, 0}, {11, 30, 1, 1, 0}, {12, 61, 1, 1, 0}}, POSSIBLE},
        {"all signs", {{10, 0, 1, 1, 0}, {11, 50, 2, 2, 0}, {10, 99, 1, 1, 0}}, CERTAIN},
        {"IPv4 and IPv6", {{10, 0, 1, 1, 0}, {10, 9, 1, 1, 7}, {10, 12, 1, 1, 0}}, NOT},
        {"IPv4 and IPv6, other software", {{10, 0, 1, 1, 0}, {10, 9, 2, 1, 7}}, LIKELY},
        {"one IPv6 network", {{10, 0, 1, 1, 7}, {11, 9, 1, 1, 7}, {12, 12, 1, 1, 7}}, NOT},
        {"two IPv6 networks", {{10, 0, 1, 1, 7}, {11, 9, 1, 1, 8}}, POSSIBLE},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        for (size_t j = 0; j < MAX && rows[i].uses[j].client != 0; j++) {
            struct talk talk = talk_between(rows[i].uses[j].client, 1, rows[i].uses[j].second);
            talk.cipher = (uint16_t)(0xc02a + rows[i].uses[j].cipher);
            talk.client_mac = rows[i].uses[j].mac;
            talk.net6 = rows[i].uses[j].net6;
            shake(&world, &talk, "lamp");
        }
        expect(&world, rows[i].what, "psk.group-clients", rows[i].confidence);
    }
}

/* Who only moved is no reason to look up; who comes back by turns is a better one. */
static void test_group_severity(void **state)
{
    (void)state;
    for (unsigned uses = 2; uses <= 3; uses++) {
        struct world world = world_new("psk.*");
        for (unsigned i = 0; i < uses; i++) {
            struct talk talk = talk_between(10 + i % 2, 1, 1000 * i);
            shake(&world, &talk, "lamp");
        }
        analysis_finish(world.analysis);
        const struct finding *finding = find(world.analysis, "psk.group-clients");
        assert_non_null(finding);
        assert_int_equal(finding->severity, uses == 2 ? SEVERITY_LOW : SEVERITY_MEDIUM);
        analysis_free(world.analysis);
    }
}

/* What does not count as a use, or as one of two nodes. */
static void test_no_group(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "other identity", "failed", "not seen through", "translated", "other transport",
        "on one host",    "EAP"};
    for (size_t i = 0; i < NUM_OF(cases); i++) {
        struct world world = world_new("psk.*");
        struct talk a = talk_between(10, 1, 1), b = talk_between(11, 1, 2);
        enum confidence confidence = NOT;
        if (i != 2)
            b.cipher = 0xc02c;
        switch (i) {
        case 1:
            b.established = TRUTH_NO;
            break;
        case 2:
            b.established = TRUTH_UNKNOWN;
            b.cipher = 0xc02c;
            confidence = POSSIBLE;
            break;
        case 3: /* before and behind a gateway: one hello */
            b.cipher = a.cipher;
            a.random = b.random = 7;
            a.server_random = b.server_random = 8;
            break;
        case 4: /* one that speaks two protocols has two hellos */
            b.transport = "tls";
            confidence = POSSIBLE;
            break;
        case 5:
            a.server = a.client;
            b.server = b.client;
            break;
        case 6:
            a.transport = b.transport = "eap";
            break;
        default:
            break;
        }
        shake(&world, &a, "lamp");
        shake(&world, &b, i == 0 ? "lamp2" : "lamp");
        expect(&world, cases[i], "psk.group-clients", confidence);
    }
}

/* As sure as the handshake of which least was seen, whichever came first; others may make it surer. */
static void test_seen_through(void **state)
{
    (void)state;
    enum { CLIENTS, SERVERS, SWITCH };
    static const struct {
        const char *what;
        int of;
        enum truth seen[3]; /* of the third nothing: there are two */
        enum confidence confidence;
    } rows[] = {
        {"clients", CLIENTS, {TRUTH_YES, TRUTH_YES}, LIKELY},
        {"clients, the first not", CLIENTS, {TRUTH_UNKNOWN, TRUTH_YES}, POSSIBLE},
        {"clients, the second not", CLIENTS, {TRUTH_YES, TRUTH_UNKNOWN}, POSSIBLE},
        {"clients, two of three", CLIENTS, {TRUTH_YES, TRUTH_UNKNOWN, TRUTH_YES}, LIKELY},
        {"clients, one of three", CLIENTS, {TRUTH_UNKNOWN, TRUTH_UNKNOWN, TRUTH_YES}, POSSIBLE},
        {"servers", SERVERS, {TRUTH_YES, TRUTH_YES}, LIKELY},
        {"servers, the first not", SERVERS, {TRUTH_UNKNOWN, TRUTH_YES}, POSSIBLE},
        {"servers, the second not", SERVERS, {TRUTH_YES, TRUTH_UNKNOWN}, POSSIBLE},
        {"switch", SWITCH, {TRUTH_YES, TRUTH_YES}, LIKELY},
        {"switch, the first not", SWITCH, {TRUTH_UNKNOWN, TRUTH_YES}, POSSIBLE},
        {"switch, the second not", SWITCH, {TRUTH_YES, TRUTH_UNKNOWN}, POSSIBLE},
    };
    static const char *const rules[] = {"psk.group-clients", "psk.group-servers",
                                        "psk.role-switch"};
    static const char *const names[] = {"a.example", "b.example", "c.example"};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new(rules[rows[i].of]);
        for (unsigned j = 0; j < 3 && (j < 2 || rows[i].seen[j] != 0); j++) {
            struct talk talk = talk_between(10, 1, 100 * j);
            talk.established = rows[i].seen[j];
            if (rows[i].of == CLIENTS) {
                talk.client = 10 + j;
                talk.cipher = (uint16_t)(talk.cipher + j);
            } else if (rows[i].of == SERVERS) {
                talk.server = 1 + j;
                talk.sni = names[j];
            } else if (j == 1) {
                talk.client = 20;
                talk.server = 10;
            }
            shake(&world, &talk, "lamp");
        }
        expect(&world, rows[i].what, rules[rows[i].of], rows[i].confidence);
    }
}

static void test_group_evidence(void **state)
{
    (void)state;
    struct world world = world_new("psk.*");
    for (unsigned client = 10; client < 15; client++) {
        struct talk talk = talk_between(client, 1, client * 100);
        shake(&world, &talk, "lamp");
    }
    struct talk back = talk_between(10, 1, 1600);
    shake(&world, &back, "lamp");
    analysis_finish(world.analysis);
    const struct finding *finding = find(world.analysis, "psk.group-clients");
    assert_non_null(finding);
    assert_int_equal(finding->severity, SEVERITY_MEDIUM);
    assert_int_equal(finding->count, 5);
    assert_int_equal(finding->subject, SUBJECT_IDENTITY);
    assert_true(span_equal(finding->subject_bytes, span_text("lamp")));
    assert_int_equal(evidence(finding, "client_addresses")->number, 5);
    assert_true(evidence(finding, "in_turns")->truth);
    assert_false(evidence(finding, "within_a_minute")->truth);
    assert_true(span_equal(evidence(finding, "client")->bytes, span_of("\xc0\x00\x02\x0b", 4)));
    assert_true(
        span_equal(evidence(finding, "other_client")->bytes, span_of("\xc0\x00\x02\x0a", 4)));
    assert_null(find(world.analysis, "psk.group-servers"));
    assert_null(find(world.analysis, "psk.role-switch"));
    analysis_free(world.analysis);
}

static void test_group_servers(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned server;
        uint16_t port;
        const char *sni, *other_sni;
        uint16_t answer;
        uint16_t net6;
        enum confidence confidence;
    } rows[] = {
        {"other address", 2, 5684, NULL, NULL, 23, 0, POSSIBLE},
        {"other address, one has a name", 2, 5684, "a", NULL, 23, 0, POSSIBLE},
        {"other address, other answer", 2, 5684, NULL, NULL, 22, 0, LIKELY},
        {"other name", 2, 5684, "a", "b", 23, 0, LIKELY},
        {"one name", 2, 5684, "a", "a", 23, 0, NOT},
        {"one name, other answer", 2, 5684, "a", "a", 22, 0, NOT},
        {"other port", 1, 8883, NULL, NULL, 22, 0, NOT},
        {"IPv4 and IPv6", 2, 5684, NULL, NULL, 23, 7, NOT},
        {"IPv4 and IPv6, other name", 2, 5684, "a", "b", 23, 7, LIKELY},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        struct talk a = talk_between(10, 1, 1), b = talk_between(10, rows[i].server, 2);
        a.answer = 23;
        a.sni = rows[i].sni;
        b.sni = rows[i].other_sni;
        b.server_port = rows[i].port;
        b.answer = rows[i].answer;
        b.net6 = rows[i].net6;
        shake(&world, &a, "lamp");
        shake(&world, &b, "lamp");
        expect(&world, rows[i].what, "psk.group-servers", rows[i].confidence);
    }
}

static void test_role_switch(void **state)
{
    (void)state;
    static const struct {
        const char *what, *identity;
        unsigned client, server;
        enum truth established;
        enum confidence confidence;
    } rows[] = {
        {"client becomes server", "pair", 12, 10, TRUTH_YES, LIKELY},
        {"server becomes client", "pair", 1, 12, TRUTH_YES, LIKELY},
        {"not seen through", "pair", 1, 12, TRUTH_UNKNOWN, POSSIBLE},
        {"refused", "pair", 1, 12, TRUTH_NO, NOT},
        {"another key", "other", 1, 12, TRUTH_YES, NOT},
        {"the same roles", "pair", 10, 1, TRUTH_YES, NOT},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        struct talk a = talk_between(10, 1, 1), b = talk_between(rows[i].client, rows[i].server, 2);
        b.established = rows[i].established;
        shake(&world, &a, "pair");
        shake(&world, &b, rows[i].identity);
        expect(&world, rows[i].what, "psk.role-switch", rows[i].confidence);
    }
}

/* --- reroute --- */

static void test_reroute(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned client, server;
        uint16_t client_port;
        uint64_t second;
        uint8_t random, server_random;
        enum confidence confidence;
    } rows[] = {
        {"captured twice", 10, 1, 40000, 1, 7, 8, NOT},
        {"client translated", 20, 1, 50000, 1, 7, 8, NOT},
        {"server translated", 10, 2, 40000, 1, 7, 8, NOT},
        {"two answers", 10, 2, 40000, 1, 7, 9, CERTAIN},
        {"a proxy, or not", 20, 2, 50000, 1, 7, 8, POSSIBLE},
        {"elsewhere, two answers", 20, 2, 50000, 1, 7, 9, CERTAIN},
        {"Selfie", 20, 10, 50000, 1, 7, 8, LIKELY},
        {"Selfie, from its own address", 10, 10, 50000, 1, 7, 8, LIKELY},
        {"after a minute", 20, 2, 50000, 60, 7, 8, POSSIBLE},
        {"later", 20, 2, 50000, 61, 7, 8, NOT},
        {"another hello", 20, 2, 50000, 1, 6, 9, NOT},
        {"the server began anew", 10, 1, 40000, 1, 7, 9, NOT},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        struct talk a = talk_between(10, 1, 0),
                    b = talk_between(rows[i].client, rows[i].server, rows[i].second);
        a.random = 7;
        a.server_random = 8;
        b.client_port = rows[i].client_port;
        b.random = rows[i].random;
        b.server_random = rows[i].server_random;
        shake(&world, &a, "lamp");
        shake(&world, &b, "lamp");
        expect(&world, rows[i].what, "psk.reroute", rows[i].confidence);
    }
}

/* The second server answers first; a hello on its way through one host; one that is sent again; a client without
 * randomness; one that offers no PSK. */
static void test_reroute_order(void **state)
{
    (void)state;
    struct talk a = talk_between(10, 1, 0), b = talk_between(10, 2, 1);
    a.random = b.random = 7;
    struct world world = world_new("psk.*");
    open_flow(&world, &a);
    struct flow first = world.flow;
    say_hello(&world, &a);
    shake(&world, &b, "lamp");
    world.flow = first;
    say_server_hello(&world, &a);
    analysis_finish(world.analysis);
    const struct finding *finding = find(world.analysis, "psk.reroute");
    assert_non_null(finding);
    assert_int_equal(finding->confidence, CERTAIN);
    assert_true(span_equal(evidence(finding, "sent_to")->bytes, span_of("\xc0\x00\x02\x02", 4)));
    analysis_free(world.analysis);

    world = world_new("psk.*");
    a.server = b.client = b.server = 10;
    b.client_port = 50000;
    b.server_port = 50001;
    shake(&world, &a, "lamp");
    b.server_random = 0;
    open_flow(&world, &b);
    say_hello(&world, &b);
    expect(&world, "a relay on one host", "psk.reroute", NOT);

    world = world_new("psk.*");
    a = talk_between(10, 1, 0);
    a.random = 7;
    open_flow(&world, &a);
    say_hello(&world, &a);
    say_hello(&world, &a);
    say_server_hello(&world, &a);
    expect(&world, "sent again", "psk.reroute", NOT);

    world = world_new("psk.*");
    const uint8_t zeros[32] = {0}, ciphers[] = {0xc0, 0xa8}, no_psk[] = {0xc0, 0x2b};
    for (unsigned i = 0; i < 2; i++) {
        const struct talk talk = talk_between(20 + i, 1 + i, i);
        open_flow(&world, &talk);
        struct tls_client_hello hello = {
            .transport = "dtls", .random = span_of(zeros, 32), .ciphers = span_of(ciphers, 2)};
        say_from(&world, &observation_tls_client_hello, &hello, 0);
        uint8_t random[32];
        hello.random = fill(random, 5);
        hello.ciphers = span_of(no_psk, 2);
        say_from(&world, &observation_tls_client_hello, &hello, 0);
    }
    expect(&world, "nothing to tell it by", "psk.reroute", NOT);
}

/* --- the oracle --- */

static void test_oracle(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct {
            unsigned server;
            uint16_t alert;
            const char *from, *psk;
            enum truth offered;
        } ends[2];
        enum confidence confidence;
    } rows[] = {
        {"unknown", {{1, 115, "server", "external", TRUTH_NO}}, LIKELY},
        {"unknown, in 1.3", {{1, 115, "server", NULL, TRUTH_YES}}, LIKELY},
        {"wrong key only", {{1, 20, "server", "external", TRUTH_NO}}, NOT},
        {"as the profile has it",
         {{1, 51, "server", "external", TRUTH_NO}, {1, 51, "server", "external", TRUTH_NO}},
         NOT},
        {"told apart",
         {{1, 115, "server", "external", TRUTH_NO}, {1, 20, "server", "external", TRUTH_NO}},
         CERTAIN},
        {"told apart by 51, before",
         {{1, 51, "server", "external", TRUTH_NO}, {1, 115, "server", "external", TRUTH_NO}},
         CERTAIN},
        {"told apart in 1.3",
         {{1, 115, "server", NULL, TRUTH_YES}, {1, 51, "server", NULL, TRUTH_YES}},
         CERTAIN},
        {"a wrong signature: the ticket on offer was not used",
         {{1, 115, "server", "external", TRUTH_NO}, {1, 51, "server", "none", TRUTH_YES}},
         LIKELY},
        {"two servers",
         {{1, 115, "server", "external", TRUTH_NO}, {2, 20, "server", "external", TRUTH_NO}},
         LIKELY},
        {"alert 20 of a session without PSK",
         {{1, 115, "server", "external", TRUTH_NO}, {1, 20, "server", "none", TRUTH_NO}},
         LIKELY},
        {"the client's", {{1, 115, "client", "external", TRUTH_NO}}, NOT},
        {"another alert", {{1, 40, "server", "external", TRUTH_NO}}, NOT},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        for (size_t j = 0; j < 2 && rows[i].ends[j].server != 0; j++) {
            struct talk talk = talk_between(10, rows[i].ends[j].server, j);
            open_flow(&world, &talk);
            const struct tls_handshake_summary summary = {.transport = "dtls",
                                                          .psk = rows[i].ends[j].psk,
                                                          .psk_offered = rows[i].ends[j].offered,
                                                          .established = TRUTH_NO,
                                                          .alert = number(rows[i].ends[j].alert),
                                                          .alert_from = rows[i].ends[j].from};
            say_from(&world, &observation_tls_handshake_summary, &summary, 1);
        }
        expect(&world, rows[i].what, "psk.oracle", rows[i].confidence);
    }
}

/* --- hellos of TLS 1.3 --- */

/* A list of PskIdentity, and of binders beside it. */
struct offers {
    uint8_t identities[1024], binders[512];
    size_t identities_len, binders_len;
};

static void offers_add(struct offers *offers, struct span identity, uint32_t age, uint8_t binder)
{
    uint8_t *at = offers->identities + offers->identities_len;
    at[0] = (uint8_t)(identity.len >> 8);
    at[1] = (uint8_t)identity.len;
    memcpy(at + 2, identity.at, identity.len);
    for (unsigned i = 0; i < 4; i++)
        at[2 + identity.len + i] = (uint8_t)(age >> (24 - 8 * i));
    offers->identities_len += identity.len + 6;
    offers->binders[offers->binders_len] = binder;
    offers->binders_len += 1u + binder;
}

static const char ticket[] =
    "\x9d\x1f\x7c\x3a\x55\xe8\x0b\x42\xc6\xd1\x9e\x7f\x20\xa3\xb8\x64\x17\xfe"
    "\x5d\xcb\x09\x48\xae\x63\xf1\x72\x0d\x8b\xb4\x39\x5a\x6e";

static void say_offers(struct world *world, const struct offers *offers, const char *sni,
                       bool early)
{
    const struct talk talk = talk_between(10, 1, world->packet);
    open_flow(world, &talk);
    uint8_t random[32];
    const struct tls_client_hello hello = {
        .transport = "tls",
        .random = fill(random, world->packet),
        .session_id = span_text(""),
        .psk_identities = span_of(offers->identities, offers->identities_len),
        .psk_binders = span_of(offers->binders, offers->binders_len),
        .early_data = early ? TRUTH_YES : TRUTH_NO,
        .server_name = sni != NULL ? span_text(sni) : (struct span){.at = NULL}};
    say_from(world, &observation_tls_client_hello, &hello, 0);
}

static void test_offers(void **state)
{
    (void)state;
    static const struct {
        const char *what, *first, *second, *sni;
        uint32_t age;
        bool early;
        const char *rule;
        enum confidence confidence;
    } rows[] = {
        {"external, early", "sensor", NULL, "a", 0, true, "psk.early-data", CERTAIN},
        {"external, not early", "sensor", NULL, "a", 0, false, "psk.early-data", NOT},
        {"ticket, early", ticket, NULL, "a", 815, true, "psk.early-data", NOT},
        {"ticket first, early", ticket, "sensor", "a", 815, true, "psk.early-data", NOT},
        {"perhaps a ticket, early", ticket, NULL, "a", 0, true, "psk.early-data", NOT},
        {"a name", "sensor", NULL, "a", 0, false, "psk.no-sni", NOT},
        {"no name", "sensor", NULL, NULL, 0, false, "psk.no-sni", CERTAIN},
        {"ticket without name", ticket, NULL, NULL, 815, false, "psk.no-sni", NOT},
        {"not imported", "sensor", NULL, "a", 0, false, "psk.not-imported", CERTAIN},
        {"ticket, not imported", ticket, NULL, "a", 815, false, "psk.not-imported", NOT},
        {"realm", "x@a.example", NULL, "a", 0, false, "psk.identity-realm", CERTAIN},
        {"no realm", "x@", NULL, "a", 0, false, "psk.identity-realm", NOT},
        {"fields, too", "a=1;b@a.example", NULL, "a", 0, false, "psk.identity-realm", LIKELY},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        struct offers offers = {.identities_len = 0};
        offers_add(&offers, span_text(rows[i].first), rows[i].age, 32);
        if (rows[i].second != NULL)
            offers_add(&offers, span_text(rows[i].second), 0, 32);
        say_offers(&world, &offers, rows[i].sni, rows[i].early);
        expect(&world, rows[i].what, rows[i].rule, rows[i].confidence);
    }
}

/* Up to 1.2 what is on offer says nothing: the identity has to be in use, and the hello seen. */
static void test_no_sni_12(void **state)
{
    (void)state;
    struct talk talk = talk_between(10, 1, 1);
    talk.sni = NULL;
    struct world world = world_new("psk.*");
    shake(&world, &talk, "sensor");
    expect(&world, "no name", "psk.no-sni", CERTAIN);
    world = world_new("psk.*");
    open_flow(&world, &talk);
    say_hello(&world, &talk);
    expect(&world, "another suite", "psk.no-sni", NOT);
    world = world_new("psk.*");
    open_flow(&world, &talk);
    say_identity(&world, &talk, span_text("sensor"));
    say_identity(&world, &talk, span_text("sensor"));
    expect(&world, "the hello was not seen", "psk.no-sni", NOT);
    /* what is on offer for 1.3 is a ticket, and the server chooses 1.2 */
    struct offers offers = {.identities_len = 0};
    offers_add(&offers, span_text(ticket), 815, 32);
    talk.identities = span_of(offers.identities, offers.identities_len);
    world = world_new("psk.*");
    shake(&world, &talk, "sensor");
    expect(&world, "no name beside a ticket", "psk.no-sni", CERTAIN);
    talk.sni = "a.example";
    world = world_new("psk.*");
    shake(&world, &talk, "sensor");
    expect(&world, "a name beside a ticket", "psk.no-sni", NOT);
}

/* What the server selects counts, not what is offered. */
static void test_selected_identity(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct number selected;
        bool answer;
        enum confidence confidence;
    } rows[] = {{"external", {1, true}, true, LIKELY},
                {"ticket", {0, true}, true, NOT},
                {"none", {0, false}, true, NOT},
                {"unseen", {0, false}, false, NOT}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        for (unsigned client = 10; client < 13; client++) {
            struct offers offers = {.identities_len = 0};
            offers_add(&offers, span_text(ticket), 815, 32);
            offers_add(&offers, span_text("sensor"), 0, 32);
            const struct talk talk = talk_between(client, 1, client);
            say_offers(&world, &offers, "a", false);
            world.flow.ends[0].address[3] = (uint8_t)client;
            world.flow.first_packet = 1000 + client;
            say_hello(&world, &talk);
            const struct tls_client_hello hello = {
                .transport = "tls",
                .psk_identities = span_of(offers.identities, offers.identities_len),
                .psk_binders = span_of(offers.binders, offers.binders_len)};
            say_from(&world, &observation_tls_client_hello, &hello, 0);
            const struct tls_server_hello server = {.transport = "tls",
                                                    .version = number(0x0304),
                                                    .cipher = number(0x1301),
                                                    .key_share_group = number(29),
                                                    .selected_psk = rows[i].selected};
            if (rows[i].answer)
                say_from(&world, &observation_tls_server_hello, &server, 1);
            say_summary(&world, &talk);
        }
        expect(&world, rows[i].what, "psk.group-clients", rows[i].confidence);
    }
}

static void test_psk_ke(void **state)
{
    (void)state;
    static const struct {
        const char *modes;
        size_t len;
        enum confidence confidence;
    } rows[] = {{"\0", 1, CERTAIN},
                {"\1\0", 2, CERTAIN},
                {"\1", 1, NOT},
                {"\x0b\x1a", 2, NOT},
                {NULL, 0, NOT}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        const struct talk talk = talk_between(10, 1, 1);
        open_flow(&world, &talk);
        const struct tls_client_hello hello = {.transport = "tls",
                                               .psk_modes = span_of(rows[i].modes, rows[i].len)};
        say_from(&world, &observation_tls_client_hello, &hello, 0);
        expect(&world, "modes", "psk.offers-psk-ke", rows[i].confidence);
    }
}

/* Counted by handshakes: a hello that comes again, as it was or with a cookie, is the same one. */
static void test_psk_ke_again(void **state)
{
    (void)state;
    static const struct {
        const char *randoms[3];
        uint64_t count;
    } rows[] = {{{"aaaaaaaa", "aaaaaaaa", "aaaaaaaa"}, 1},
                {{"aaaaaaaa", "bbbbbbbb", "bbbbbbbb"}, 2},
                {{"aaaaaaaa", "bbbbbbbb", "cccccccc"}, 3}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        const struct talk talk = talk_between(10, 1, 1);
        open_flow(&world, &talk);
        for (size_t k = 0; k < NUM_OF(rows[i].randoms); k++) {
            const struct tls_client_hello hello = {.transport = "dtls",
                                                   .random = span_text(rows[i].randoms[k]),
                                                   .psk_modes = span_of("\0", 1)};
            say(&world, &observation_tls_client_hello, &hello);
        }
        analysis_finish(world.analysis);
        const struct finding *finding = find(world.analysis, "psk.offers-psk-ke");
        assert_non_null(finding);
        assert_int_equal(finding->count, rows[i].count);
        analysis_free(world.analysis);
    }
}

static void test_collision(void **state)
{
    (void)state;
    static const struct {
        const char *what, *first, *second;
        uint32_t first_age, second_age;
        uint8_t first_binder, second_binder;
        enum confidence confidence;
    } rows[] = {
        {"the same again", "sensor", "sensor", 0, 0, 32, 32, NOT},
        {"two hashes", "sensor", "sensor", 0, 0, 32, 48, CERTAIN},
        {"two identities, two hashes", "sensor", "sensors", 0, 0, 32, 48, NOT},
        {"with an age, too", "sensor", "sensor", 0, 815, 32, 32, LIKELY},
        {"another one with an age", "sensor", "sensors", 0, 815, 32, 32, NOT},
        {"a ticket of two hashes", ticket, ticket, 815, 815, 32, 48, NOT},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        struct offers first = {.identities_len = 0}, second = first;
        offers_add(&first, span_text(rows[i].first), rows[i].first_age, rows[i].first_binder);
        offers_add(&second, span_text(rows[i].second), rows[i].second_age, rows[i].second_binder);
        say_offers(&world, &first, "a", false);
        say_offers(&world, &second, "a", false);
        expect(&world, rows[i].what, "psk.identity-collision", rows[i].confidence);
    }
}

/* An ImportedIdentity for TLS 1.3 and SHA-256. */
static struct span import(uint8_t *room, struct span identity, struct span context)
{
    size_t len = 0;
    room[len++] = 0;
    room[len++] = (uint8_t)identity.len;
    memcpy(room + len, identity.at, identity.len);
    len += identity.len;
    room[len++] = 0;
    room[len++] = (uint8_t)context.len;
    if (context.len > 0)
        memcpy(room + len, context.at, context.len);
    len += context.len;
    memcpy(room + len, "\x03\x04\x00\x01", 4);
    return span_of(room, len + 4);
}

static void test_import_context(void **state)
{
    (void)state;
    static const struct {
        const char *what, *context;
        size_t len;
        enum confidence confidence;
    } rows[] = {
        {"empty", "", 0, CERTAIN},
        {"two MAC addresses", "\6\x00\x1a\x2b\x3c\x4d\x5e\6\x00\x1a\x2b\x3c\x4d\x5f", 14, LIKELY},
        {"one MAC address", "\6\x00\x1a\x2b\x3c\x4d\x5e\0", 8, LIKELY},
        {"two EUI-64", "\10abcdefgh\10ijklmnop", 18, LIKELY},
        {"fields of 6 and 8 bytes", "\6abcdef\10ijklmnop", 16, NOT},
        {"fields of 5 bytes", "\5abcde\5fghij", 12, NOT},
        {"and a byte more", "\6abcdef\6ghijklm", 15, NOT},
        {"text of one", "00:1a:2b:3c:4d:5e", 17, LIKELY},
        {"words", "meter to head end", 17, NOT},
        {"random", "\x9d\x1f\x7c\x3a\x55\xe8\x0b\x42\xc6\xd1\x9e\x7f\x20\xa3\xb8\x64", 16, NOT},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        struct offers offers = {.identities_len = 0};
        uint8_t room[128];
        offers_add(&offers, import(room, span_text("meter"), span_of(rows[i].context, rows[i].len)),
                   0, 32);
        say_offers(&world, &offers, "a", false);
        analysis_finish(world.analysis);
        assert_null(find(world.analysis, "psk.not-imported"));
        const struct finding *finding = find(world.analysis, "psk.import-context");
        enum confidence is = finding != NULL ? finding->confidence : 0;
        if (is != rows[i].confidence)
            fail_msg("%s: confidence %d, not %d", rows[i].what, (int)is, (int)rows[i].confidence);
        analysis_free(world.analysis);
    }
}

/* --- what the identity is --- */

static void test_encoding(void **state)
{
    (void)state;
    char most[129], more[130];
    memset(most, 'a', sizeof most);
    memset(more, 'a', sizeof more);
    const struct {
        struct span identity;
        const char *fault; /* up to 1.2 */
        const char *fault13;
    } rows[] = {
        {span_text("sensor"), NULL, NULL},
        {span_text("m\xc3\xbcller"), NULL, NULL},
        {span_text(""), "empty", NULL},
        {span_of("sensor", 7), "ends in NUL", "ends in NUL"},
        {span_of("sen\0sor", 7), "NUL inside", NULL},
        {span_of("sen\0sor", 8), "NUL inside", NULL},
        {span_text("m\xfcller"), "not UTF-8 text", NULL},
        {span_of("\x80\xff\x00\xc3", 4), "not UTF-8 text", NULL},
        {span_of(most, 128), NULL, NULL},
        {span_of(more, 129), "longer than 128 bytes", "longer than 128 bytes"},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        for (unsigned version = 2; version <= 3; version++) {
            struct world world = world_new("psk.*");
            const struct talk talk = talk_between(10, 1, 1);
            struct offers offers = {.identities_len = 0};
            open_flow(&world, &talk);
            if (version == 2) {
                say_identity(&world, &talk, rows[i].identity);
            } else {
                offers_add(&offers, rows[i].identity, 0, 32);
                say_offers(&world, &offers, "a", false);
            }
            analysis_finish(world.analysis);
            const struct finding *finding = find(world.analysis, "psk.identity-encoding");
            const char *fault = version == 2 ? rows[i].fault : rows[i].fault13;
            const char *is = finding != NULL ? evidence(finding, "fault")->text : "none";
            if (strcmp(is, fault != NULL ? fault : "none") != 0)
                fail_msg("row %zu, version 1.%u: %s", i, version, is);
            analysis_free(world.analysis);
        }
    }
}

static void test_enumerable(void **state)
{
    (void)state;
    static const struct {
        const char *what, *identities[4];
        enum confidence confidence;
    } rows[] = {
        {"a counter", {"room-1", "room-2", "room-3"}, LIKELY},
        {"two of it", {"room-1", "room-2", "room-2"}, NOT},
        {"other rooms", {"room-1", "hall-2", "yard-3"}, NOT},
        {"near", {"sn1000", "sn2000", "sn3000"}, LIKELY},
        {"not near", {"sn1000", "sn2001", "sn3002"}, NOT},
        {"in the middle", {"a-7-x", "a-8-x", "a-9-x"}, LIKELY},
        {"another end", {"a-7-x", "a-8-y", "a-9-z"}, NOT},
        {"MAC addresses of one batch",
         {"00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:6A", "00:1A:2B:3C:4E:01"},
         LIKELY},
        {"MAC addresses of one maker",
         {"00:1A:2B:3C:4D:5E", "00:1A:2B:9C:4D:6A", "00:1A:2B:F0:4E:01"},
         NOT},
        {"MAC addresses without colons", {"001A2B3C4D5E", "001A2B3C4D6A", "001A2B3C4E0B"}, LIKELY},
        {"random", {"7ad2f6109c3e4b85", "a1f70e6d5b28c394", "0c3e95d2ab7741f8"}, NOT},
        {"words", {"alpha", "beta", "gamma", "delta"}, NOT},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.*");
        for (size_t j = 0; j < 4 && rows[i].identities[j] != NULL; j++) {
            const struct talk talk = talk_between(10, 1, j);
            shake(&world, &talk, rows[i].identities[j]);
        }
        expect(&world, rows[i].what, "psk.identities-enumerable", rows[i].confidence);
    }
}

/* Each identity counts once, however often it comes and however many come between. */
static void test_enumerable_counted(void **state)
{
    (void)state;
    static const struct {
        unsigned identities, rounds, gap, counted;
    } rows[] = {
        {3, 1, 1, 3}, {20, 5, 1, 20}, {20, 5, 7, 20}, {100, 2, 1, 100}, {2000, 2, 1, 1021},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("psk.identities-enumerable");
        for (unsigned j = 0; j < rows[i].identities * rows[i].rounds; j++) {
            char identity[32];
            const struct talk talk = talk_between(10, 1, j);
            snprintf(identity, sizeof identity, "meter-%04u",
                     j % rows[i].identities * rows[i].gap + 1);
            shake(&world, &talk, identity);
        }
        analysis_finish(world.analysis);
        const struct finding *finding = find(world.analysis, "psk.identities-enumerable");
        assert_non_null(finding);
        assert_int_equal(evidence(finding, "identities")->number, rows[i].counted);
        analysis_free(world.analysis);
    }
}

/* Two here and two there are four. */
static void test_enumerable_clusters(void **state)
{
    (void)state;
    static const char *const identities[] = {"room-1", "room-2", "room-700001", "room-700002"};
    struct world world = world_new("psk.identities-enumerable");
    for (size_t i = 0; i < NUM_OF(identities); i++) {
        const struct talk talk = talk_between(10, 1, i);
        shake(&world, &talk, identities[i]);
    }
    analysis_finish(world.analysis);
    const struct finding *finding = find(world.analysis, "psk.identities-enumerable");
    assert_non_null(finding);
    assert_int_equal(evidence(finding, "identities")->number, 4);
    analysis_free(world.analysis);
}

/* Nothing is in the catalogue that no analyzer finds. */
static void test_every_rule(void **state)
{
    (void)state;
    struct world world = world_new("psk.*");
    struct talk talk = talk_between(10, 1, 1);
    talk.sni = NULL;
    shake(&world, &talk, "a-1@a.example");
    shake(&world, &talk, "a-2@a.example");
    shake(&world, &talk, "a-3@a.example");
    talk = talk_between(20, 10, 2);
    shake(&world, &talk, "a-1@a.example");
    talk.random = 7;
    talk.server_random = 8;
    shake(&world, &talk, "a\xff");
    talk.server = 2;
    talk.server_random = 9;
    shake(&world, &talk, "a\xff");
    const struct tls_server_key_exchange hint = {.transport = "dtls",
                                                 .psk_hint = span_text("hint")};
    say_from(&world, &observation_tls_server_key_exchange, &hint, 1);
    const struct tls_handshake_summary refused = {
        .transport = "dtls", .alert = number(115), .alert_from = "server", .established = TRUTH_NO};
    say_from(&world, &observation_tls_handshake_summary, &refused, 1);
    uint8_t room[64];
    struct offers offers = {.identities_len = 0};
    offers_add(&offers, span_text("sensor"), 0, 32);
    offers_add(&offers, span_text("sensor"), 0, 48);
    offers_add(&offers, import(room, span_text("meter"), span_text("")), 0, 32);
    say_offers(&world, &offers, NULL, true);
    const struct tls_client_hello hello = {.transport = "tls", .psk_modes = span_of("", 1)};
    say_from(&world, &observation_tls_client_hello, &hello, 0);
    analysis_finish(world.analysis);
    for (size_t i = 0; i < NUM_RULES; i++) {
        const struct rule *rule = rule_get((enum rule_id)i);
        /* test_psk_search.c has the one that needs a list of keys */
        if (strncmp(rule->id, "psk.", 4) != 0 || strcmp(rule->id, "psk.weak-key") == 0)
            continue;
        const struct finding *finding = find(world.analysis, rule->id);
        if (finding == NULL)
            fail_msg("%s does not fire", rule->id);
        if (finding->reason == NULL || strlen(finding->reason) < 10)
            fail_msg("%s gives no reason", rule->id);
        assert_true(finding->num_evidence > 0);
    }
    analysis_free(world.analysis);
}

/* --- bounds --- */

static void test_bounds(void **state)
{
    (void)state;
    struct world world = world_new("psk.*");
    char identity[PSK_USERS_IDENTITY_LEN + 2];
    for (unsigned i = 0; i < PSK_USERS_IDENTITIES + 2000; i++) {
        const struct talk talk = talk_between(10, 1, i);
        snprintf(identity, sizeof identity, "%08x-device", i * 2654435761u);
        shake(&world, &talk, identity);
    }
    assert_true(analysis_stats(world.analysis).table_evictions >= 2000);
    /* Of the newest none is lost. */
    for (unsigned client = 11; client < 13; client++) {
        const struct talk talk = talk_between(client, 1, PSK_USERS_IDENTITIES + 2000);
        shake(&world, &talk, identity);
    }
    expect(&world, "the newest", "psk.group-clients", LIKELY);

    struct psk_users *users = psk_users_new();
    bool pushed_out = false;
    memset(identity, 'a', sizeof identity);
    assert_non_null(
        psk_users_add(users, 1, span_of(identity, PSK_USERS_IDENTITY_LEN), &pushed_out));
    assert_null(
        psk_users_add(users, 2, span_of(identity, PSK_USERS_IDENTITY_LEN + 1), &pushed_out));
    assert_false(pushed_out);
    psk_users_free(users);
}

/* More nodes than are told apart: the newest are. */
static void test_many_nodes(void **state)
{
    (void)state;
    struct psk_nodes nodes = {.num = 0};
    for (unsigned i = 0; i < 100; i++) {
        struct psk_node node = {.address = {10, 0, 0, (uint8_t)i}, .ip_version = 4};
        struct psk_signs signs = psk_nodes_use(&nodes, &node);
        assert_int_equal(signs.other, i > 0);
        assert_int_equal(signs.crowd, i > 1);
        assert_false(signs.in_turns);
        assert_non_null(psk_nodes_find(&nodes, &node));
    }
    assert_int_equal(nodes.num, PSK_USERS_NODES);
    struct psk_node again = {.address = {10, 0, 0, 98}, .ip_version = 4};
    assert_true(psk_nodes_use(&nodes, &again).in_turns);
    again.address[3] = 1;
    assert_null(psk_nodes_find(&nodes, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_clients),
        cmocka_unit_test(test_group_severity),
        cmocka_unit_test(test_no_group),
        cmocka_unit_test(test_group_evidence),
        cmocka_unit_test(test_group_servers),
        cmocka_unit_test(test_role_switch),
        cmocka_unit_test(test_reroute),
        cmocka_unit_test(test_reroute_order),
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_no_sni_12),
        cmocka_unit_test(test_selected_identity),
        cmocka_unit_test(test_psk_ke),
        cmocka_unit_test(test_psk_ke_again),
        cmocka_unit_test(test_collision),
        cmocka_unit_test(test_import_context),
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_enumerable),
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_many_nodes),
        cmocka_unit_test(test_enumerable_counted),
        cmocka_unit_test(test_enumerable_clusters),
        cmocka_unit_test(test_seen_through),
    };
    return cmocka_run_group_tests_name("psk_rules", tests, NULL, NULL);
}
