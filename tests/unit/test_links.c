/* test_links.c: the rules of family link: each with what makes it fire, with what only looks so, and at its threshold;
 * and what is told of all sessions together. */
#include "analysis/link_report.h"
#include "analysis_world.h"
#include "certificate_builder.h"
#include "core/common_observations.h"
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"
#include "dissectors/dtls.h"
#include "dissectors/eap.h"
#include "dissectors/http.h"
#include "dissectors/http_login.h"
#include "dissectors/psk_origin.h"
#include "dissectors/radius.h"
#include "dissectors/starttls.h"
#include "dissectors/telnet.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

static void end(struct world *world)
{
    say(world, &observation_flow_end, &(struct flow_end_observation){.how = "closed"});
}

/* A new conversation of 10.0.0.|host| with 192.0.2.1, a minute later. */
static void converse(struct world *world, uint8_t host)
{
    world->now += 60 * SECOND;
    world->flow =
        (struct flow){.ip_version = 4, .protocol = PROTO_TCP, .first_packet = world->packet + 1};
    world->flow.ends[0] = (struct endpoint){.address = {10, 0, 0, host}, .port = 40000};
    world->flow.ends[1] = (struct endpoint){.address = {192, 0, 2, 1}, .port = 443};
}

/* The same over IPv6, from an address that |tail| ends. */
static void converse6(struct world *world, const char *tail)
{
    converse(world, 0);
    world->flow.ip_version = 6;
    world->flow.ends[0] = (struct endpoint){.address = {0x20, 0x01, 0x0d, 0xb8}, .port = 40000};
    memcpy(world->flow.ends[0].address + 8, tail, 8);
}

/* Bytes that are different for each number, at most 128 of them. */
static struct span bytes_of(uint8_t number, size_t len)
{
    static uint8_t store[256][128];
    for (size_t i = 0; i < sizeof store[number]; i++)
        store[number][i] = (uint8_t)(0x90 + number + i * 7);
    return span_of(store[number], len);
}

static struct tls_client_hello hello_of(uint8_t random)
{
    return (struct tls_client_hello){.transport = "tls",
                                     .legacy_version = number(0x0303),
                                     .random = bytes_of(random, 32),
                                     .ciphers = span_of("\x13\x01\xc0\x2f", 4)};
}

static void say_hello(struct world *world, const struct tls_client_hello *hello)
{
    say(world, &observation_tls_client_hello, hello);
}

static size_t count(struct world *world, const char *rule)
{
    size_t num, found = 0;
    const struct finding *findings = analysis_findings(world->analysis, &num);
    for (size_t i = 0; i < num; i++)
        found += strcmp(findings[i].rule->id, rule) == 0;
    return found;
}

static const struct finding *find(struct world *world, const char *rule)
{
    size_t num;
    const struct finding *findings = analysis_findings(world->analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (strcmp(findings[i].rule->id, rule) == 0)
            return &findings[i];
    fail_msg("%s did not fire", rule);
    return NULL;
}

static const struct value *evidence(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i].value;
    fail_msg("%s has no evidence %s", finding->rule->id, name);
    return NULL;
}

static const struct link_summary *told(struct world *world)
{
    size_t num;
    const struct observation *const *items = analysis_told(world->analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (items[i]->type == &observation_link_summary)
            return items[i]->data;
    return NULL;
}

/* --- session ids --- */

/* A handshake up to 1.2: the client shows |shown|, the server answers with |given|; 0: none. */
static void say_session_id(struct world *world, uint8_t random, uint8_t shown, uint8_t given,
                           const char *resumed_by)
{
    struct tls_client_hello hello = hello_of(random);
    hello.session_id = bytes_of(shown, shown > 0 ? 32 : 0);
    const struct tls_server_hello answer = {.transport = "tls",
                                            .version = number(0x0303),
                                            .cipher = number(0xc02f),
                                            .session_id = bytes_of(given, given > 0 ? 32 : 0)};
    const struct tls_handshake_summary summary = {.transport = "tls",
                                                  .established = TRUTH_YES,
                                                  .resumed = truth(resumed_by != NULL),
                                                  .resumed_by = resumed_by,
                                                  .resumed_reason = "It said so."};
    say_hello(world, &hello);
    say(world, &observation_tls_server_hello, &answer);
    say(world, &observation_tls_handshake_summary, &summary);
    end(world);
}

static void test_session_id(void **state)
{
    (void)state;
    struct world world = world_new("link.session-id");
    converse(&world, 1);
    say_session_id(&world, 1, 0, 100, NULL);
    converse(&world, 1);
    say_session_id(&world, 2, 100, 100, "session_id");
    converse(&world, 1);
    say_session_id(&world, 3, 100, 100, "session_id");
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "link.session-id");
    assert_int_equal(count(&world, "link.session-id"), 1);
    assert_int_equal(finding->subject, SUBJECT_CLIENT);
    assert_int_equal(finding->count, 2);
    assert_int_equal(evidence(finding, "sessions")->number, 3);
    assert_int_equal(evidence(finding, "seconds")->number, 120);
    assert_false(evidence(finding, "address_changed")->truth);
    assert_int_equal(told(&world)->linkable.value, 3);
    analysis_free(world.analysis);
}

/* Refused, echoed for a ticket, echoed by TLS 1.3, none at all. */
static void test_session_id_look_alikes(void **state)
{
    (void)state;
    struct world world = world_new("link.*,-link.server-name");
    converse(&world, 1);
    say_session_id(&world, 1, 101, 102, NULL); /* the server does not take it */
    converse(&world, 1);
    say_session_id(&world, 2, 103, 103, "ticket");
    converse(&world, 1);
    say_session_id(&world, 3, 0, 0, NULL);
    for (uint8_t i = 0; i < 2; i++) {
        struct tls_client_hello hello = hello_of((uint8_t)(4 + i));
        hello.session_id = bytes_of(104, 32);
        const struct tls_server_hello answer = {
            .version = number(0x0304), .cipher = number(0x1301), .session_id = bytes_of(104, 32)};
        converse(&world, 1);
        say_hello(&world, &hello);
        say(&world, &observation_tls_server_hello, &answer);
        say(&world, &observation_tls_handshake_summary,
            &(struct tls_handshake_summary){.established = TRUTH_YES, .resumed = TRUTH_NO});
        end(&world);
    }
    analysis_finish(world.analysis);
    size_t num;
    analysis_findings(world.analysis, &num);
    assert_int_equal(num, 0);
    assert_int_equal(told(&world)->sessions.value, 5);
    assert_int_equal(told(&world)->linkable.value, 0);
    analysis_free(world.analysis);
}

/* --- tickets --- */

static void test_ticket_of_1_2(void **state)
{
    (void)state;
    struct world world = world_new("link.session-ticket");
    struct tls_client_hello first = hello_of(1), second = hello_of(2);
    first.ticket = bytes_of(0, 0); /* only offers to take one */
    second.ticket = bytes_of(50, 100);
    converse(&world, 1);
    say_hello(&world, &first);
    say(&world, &observation_tls_new_session_ticket,
        &(struct tls_new_session_ticket){.transport = "tls", .ticket = bytes_of(50, 100)});
    end(&world);
    converse(&world, 2);
    say_hello(&world, &second);
    say_hello(&world, &second); /* again: lost, or captured twice */
    end(&world);
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "link.session-ticket");
    assert_int_equal(finding->count, 1);
    assert_string_equal(evidence(finding, "where")->text, "session_ticket");
    assert_int_equal(evidence(finding, "sessions")->number, 2);
    assert_int_equal(told(&world)->moved.value, 1);
    analysis_free(world.analysis);
}

/* An identity of the pre_shared_key extension, which is taken for |verdict|. */
static void say_psk(struct world *world, uint8_t random, const char *identity,
                    enum psk_origin_verdict verdict)
{
    static uint8_t list[3][256], origin[1];
    struct tls_client_hello hello = hello_of(random);
    size_t len = strlen(identity);
    list[0][0] = 0;
    list[0][1] = (uint8_t)len;
    memcpy(list[0] + 2, identity, len);
    memset(list[0] + 2 + len, verdict == PSK_ORIGIN_TICKET ? 0x55 : 0, 4);
    const struct psk_offer offer = {.identity = span_of(identity, len),
                                    .ticket_age = verdict == PSK_ORIGIN_TICKET ? 0x55555555 : 0};
    struct psk_identity_class class;
    origin[0] = psk_origin_of(&offer, &class).code;
    assert_int_equal(psk_origin_by_code(origin[0]).verdict, verdict);
    hello.psk_identities = span_of(list[0], len + 6);
    hello.psk_origins = span_of(origin, 1);
    say_hello(world, &hello);
}

static const char ticket[] = "\x93\xa7\x01\xfe\x8c\x6b\xd2\x11\x99\xc0\x3d\xe7\x45\xb8\x5a\x02"
                             "\xc3\x17\x81\xee\x9c\x7b\xd4\x15\x79\xc1\x33\xa7\x46\xb9\x5d\x22"
                             "\x83\xa2\x04\xf1\x8e\x6a\xd9\x10\x98\xc7\x3b\xe6\x47\xb1\x5c\x0f";

/* Of 1.3: twice is once too often; the same hello in another conversation is a copy. */
static void test_ticket_of_1_3(void **state)
{
    (void)state;
    struct world world = world_new("link.*");
    converse(&world, 1);
    say_psk(&world, 1, ticket, PSK_ORIGIN_TICKET);
    end(&world);
    converse(&world, 1);
    say_psk(&world, 1, ticket, PSK_ORIGIN_TICKET); /* as a mirror port gives it twice */
    end(&world);
    converse(&world, 1);
    say_psk(&world, 2, ticket, PSK_ORIGIN_TICKET);
    end(&world);
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "link.session-ticket");
    assert_int_equal(finding->count, 1);
    assert_string_equal(evidence(finding, "where")->text, "pre_shared_key");
    assert_int_equal(count(&world, "link.psk-identity"), 0);
    assert_int_equal(told(&world)->sessions.value, 2);
    assert_int_equal(analysis_stats(world.analysis).link_copies, 1);
    analysis_free(world.analysis);
}

/* --- PSK identities --- */

static void test_psk_identity(void **state)
{
    (void)state;
    static const struct {
        const char *identity;
        enum severity severity;
    } rows[] = {{"anna@fleet.example", SEVERITY_HIGH},
                {"pump-room", SEVERITY_MEDIUM},
                {"Client_identity", SEVERITY_LOW}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.psk-identity");
        converse(&world, 1);
        say_psk(&world, 1, rows[i].identity, PSK_ORIGIN_EXTERNAL);
        end(&world);
        converse(&world, 1);
        say_psk(&world, 2, "another one", PSK_ORIGIN_EXTERNAL);
        end(&world);
        converse(&world, 1);
        const struct tls_client_key_exchange exchange = {
            .transport = "dtls", .kx = "PSK", .psk_identity = span_text(rows[i].identity)};
        say(&world, &observation_tls_client_key_exchange, &exchange);
        say(&world, &observation_tls_client_key_exchange, &exchange);
        end(&world);
        analysis_finish(world.analysis);
        const struct finding *finding = find(&world, "link.psk-identity");
        assert_int_equal(count(&world, "link.psk-identity"), 1);
        assert_int_equal(finding->subject, SUBJECT_IDENTITY);
        assert_int_equal(finding->count, 1);
        assert_int_equal(evidence(finding, "sessions")->number, 2);
        if (finding->severity !=
            psk_kind_severity(psk_identity_classify(span_text(rows[i].identity)).kind))
            fail_msg("%s: severity %d", rows[i].identity, finding->severity);
        analysis_free(world.analysis);
    }
}

/* --- certificates --- */

static void say_certificate(struct world *world, const struct made *made, const char *from,
                            uint64_t index)
{
    struct builder der = {.len = 0};
    certificate_build(&der, made);
    const struct tls_certificate certificate = certificate_of(&der, from, index);
    say(world, &observation_tls_certificate, &certificate);
}

static void test_client_certificate(void **state)
{
    (void)state;
    const struct made device = {.subject = "00-00-5e-00-53-2a",
                                .organization = "Maker",
                                .signature = "sha256",
                                .rsa_bits = 2048,
                                .not_before = "200101000000Z",
                                .not_after = "400101000000Z",
                                .key_byte = 3};
    struct world world = world_new("link.client-certificate");
    for (uint8_t i = 0; i < 2; i++) {
        struct tls_client_hello hello = hello_of((uint8_t)(1 + i));
        converse(&world, (uint8_t)(1 + i));
        say_hello(&world, &hello);
        say_certificate(&world, &device, "server", 0); /* whose key that is is another question */
        say_certificate(&world, &device, "client", 0);
        say_certificate(&world, &device, "client", 1); /* who vouches for it */
        end(&world);
    }
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "link.client-certificate");
    assert_int_equal(count(&world, "link.client-certificate"), 1);
    assert_int_equal(finding->subject, SUBJECT_KEY);
    assert_int_equal(finding->severity, SEVERITY_HIGH);
    assert_int_equal(finding->count, 2);
    assert_int_equal(evidence(finding, "sessions")->number, 2);
    assert_string_equal(evidence(finding, "name_kind")->text, "mac");
    assert_true(evidence(finding, "address_changed")->truth);
    assert_false(evidence(finding, "self_issued")->truth);
    analysis_free(world.analysis);
}

/* One that the client made for this session, as for WebRTC; the second time it is one that lasts. */
static void test_self_issued(void **state)
{
    (void)state;
    const struct made once = {.subject = "WebRTC",
                              .signature = "sha256",
                              .ec_bits = 256,
                              .not_before = "200101000000Z",
                              .not_after = "400101000000Z",
                              .key_byte = 5};
    for (uint8_t times = 1; times <= 2; times++) {
        struct world world = world_new("link.client-certificate");
        for (uint8_t i = 0; i < times; i++) {
            struct tls_client_hello hello = hello_of((uint8_t)(1 + i));
            converse(&world, 1);
            say_hello(&world, &hello);
            say_certificate(&world, &once, "client", 0);
            end(&world);
        }
        analysis_finish(world.analysis);
        assert_int_equal(count(&world, "link.client-certificate"), times - 1);
        analysis_free(world.analysis);
    }
}

static void test_raw_public_key(void **state)
{
    (void)state;
    struct world world = world_new("link.*,-link.server-name");
    struct tls_certificate message = {.transport = "dtls",
                                      .from = "client",
                                      .type = "raw_public_key",
                                      .index = number(0),
                                      .der = bytes_of(7, 91),
                                      .x509 = {.key = bytes_of(7, 91)}};
    struct tls_client_hello hello = hello_of(1);
    converse(&world, 1);
    say_hello(&world, &hello);
    say(&world, &observation_tls_certificate, &message);
    message.from = "server";
    say(&world, &observation_tls_certificate, &message);
    end(&world);
    analysis_finish(world.analysis);
    assert_int_equal(find(&world, "link.raw-public-key")->count, 1);
    assert_int_equal(count(&world, "link.client-certificate"), 0);
    analysis_free(world.analysis);
}

/* --- connection ids --- */

static void say_cid(struct world *world, const char *from, size_t len)
{
    const struct dtls_cid cid = {.cid = bytes_of(60, len), .len = number(len), .from = from};
    say(world, &observation_dtls_cid, &cid);
}

static void test_connection_id(void **state)
{
    (void)state;
    static const struct {
        uint8_t first, second;
        const char *from;
        size_t len;
        uint64_t pause_s;
        bool fires;
        enum confidence confidence;
    } rows[] = {
        {1, 2, "client", 8, 10, true, CONFIDENCE_CERTAIN},
        {1, 2, "client", 3, 10, true, CONFIDENCE_POSSIBLE}, /* may be given out twice */
        {1, 1, "client", 8, 10, false, 0},                  /* another port of the same host */
        {1, 2, "server", 8, 10, false, 0},                  /* what the client has chosen */
        {1, 2, "client", 0, 10, false, 0},
        {1, 1, "client", 8, 3539, false, 0}, /* a minute is between conversations anyway */
        {1, 1, "client", 8, 3540, true, CONFIDENCE_CERTAIN}, /* an hour */
        {1, 2, "client", 8, 86400, false, 0}, /* quiet for more than a day: another one */
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.connection-id");
        converse(&world, rows[i].first);
        say_cid(&world, rows[i].from, rows[i].len);
        end(&world);
        world.now += rows[i].pause_s * SECOND;
        converse(&world, rows[i].second);
        world.flow.ends[0].port++;
        say_cid(&world, rows[i].from, rows[i].len);
        end(&world);
        analysis_finish(world.analysis);
        if ((count(&world, "link.connection-id") > 0) != rows[i].fires)
            fail_msg("row %zu", i);
        if (rows[i].fires)
            assert_int_equal(find(&world, "link.connection-id")->confidence, rows[i].confidence);
        analysis_free(world.analysis);
    }
}

/* One session that lasts, by its last record with the id; then nothing, and another one on the same ports or none. */
static void test_long_connection_id(void **state)
{
    (void)state;
    static const struct {
        uint64_t lasts, idle;
        size_t len;
        bool another, fires;
        enum confidence confidence;
    } rows[] = {{3599, 0, 8, false, false, 0},
                {3600, 0, 8, false, true, CONFIDENCE_CERTAIN},
                {3600, 0, 3, false, true, CONFIDENCE_POSSIBLE},
                {3599, 9999, 8, false, false, 0},
                {3600, 20, 8, true, true, CONFIDENCE_CERTAIN},
                {3599, 9999, 8, true, false, 0}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.connection-id");
        struct tls_client_hello first = hello_of(1), second = hello_of(2);
        converse(&world, 1);
        say_hello(&world, &first);
        say_cid(&world, "client", rows[i].len);
        world.now += rows[i].lasts * SECOND;
        const struct dtls_session session = {.client_cid_last_ns = number(world.now)};
        world.now += rows[i].idle * SECOND;
        say(&world, &observation_dtls_session, &session);
        if (rows[i].another) {
            say_hello(&world, &second);
            say(&world, &observation_dtls_session, &session);
        }
        world.flow.last_ns = world.now;
        end(&world);
        analysis_finish(world.analysis);
        if (count(&world, "link.connection-id") != rows[i].fires)
            fail_msg("row %zu", i);
        if (rows[i].fires) {
            const struct finding *finding = find(&world, "link.connection-id");
            assert_int_equal(finding->count, 1);
            assert_int_equal(finding->confidence, rows[i].confidence);
            assert_int_equal(evidence(finding, "length")->number, rows[i].len);
            assert_int_equal(evidence(finding, "seconds")->number, rows[i].lasts);
        }
        analysis_free(world.analysis);
    }
}

/* --- key shares --- */

static void test_key_share(void **state)
{
    (void)state;
    struct world world = world_new("link.key-share");
    uint8_t shares[2][5 + 36];
    for (uint8_t i = 0; i < 3; i++) {
        struct tls_client_hello hello = hello_of((uint8_t)(1 + i));
        uint8_t *at = shares[i % 2];
        memcpy(at, "\x2a\x2a\x00\x01\x00\x00\x1d\x00\x20", 9); /* GREASE, x25519 */
        memcpy(at + 9, bytes_of(i < 2 ? 70 : 71, 32).at, 32);
        hello.key_shares = span_of(at, 41);
        converse(&world, 1);
        say_hello(&world, &hello);
        say_hello(&world, &hello);
        end(&world);
    }
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "link.key-share");
    assert_int_equal(finding->count, 1);
    assert_int_equal(evidence(finding, "sessions")->number, 2);
    assert_int_equal(told(&world)->linkable.value, 2);
    analysis_free(world.analysis);
}

/* A session with more identifiers than a tie has: what comes again behind a HelloRetryRequest is still the same one. */
static void test_key_share_behind_many(void **state)
{
    (void)state;
    struct world world = world_new("link.*");
    struct tls_client_hello hello = hello_of(1);
    hello.key_shares =
        span_of("\x00\x1d\x00\x20\x93\xa7\x01\xfe\x8c\x6b\xd2\x11\x99\xc0\x3d\xe7\x45"
                "\xb8\x5a\x02\xc3\x17\x81\xee\x9c\x7b\xd4\x15\x79\xc1\x33\xa7\x46\xb9"
                "\x5d\x22",
                36);
    converse(&world, 1);
    for (uint8_t i = 0; i < 20; i++) {
        say(&world, &observation_tls_new_session_ticket,
            &(struct tls_new_session_ticket){.transport = "tls", .ticket = bytes_of(i, 100)});
        if (i == 8 || i == 18) {
            say_hello(&world, &hello);
            say_hello(&world, &hello);
        }
    }
    end(&world);
    analysis_finish(world.analysis);
    size_t num;
    analysis_findings(world.analysis, &num);
    assert_int_equal(num, 0);
    analysis_free(world.analysis);
}

static void test_key_share_of_1_2(void **state)
{
    (void)state;
    struct world world = world_new("link.key-share");
    for (uint8_t i = 0; i < 2; i++) {
        struct tls_client_hello hello = hello_of((uint8_t)(1 + i));
        const struct tls_client_key_exchange exchange = {
            .transport = "tls", .kx = "ECDHE", .public_value = bytes_of(72, 65)};
        converse(&world, 1);
        say_hello(&world, &hello);
        say(&world, &observation_tls_client_key_exchange, &exchange);
        end(&world);
    }
    analysis_finish(world.analysis);
    assert_int_equal(find(&world, "link.key-share")->count, 1);
    analysis_free(world.analysis);
}

/* --- clocks --- */

static void test_clock(void **state)
{
    (void)state;
    static const struct {
        int64_t off[3]; /* seconds that the randoms are ahead of the packets */
        size_t num;
        uint8_t hosts[3];
        bool fires;
    } rows[] = {
        {{0, 0, 0}, 2, {1, 1, 1}, true},
        {{-4000, -4000, -4000}, 3, {1, 1, 1}, true},
        {{500000, 500002, 0}, 2, {1, 1, 1}, true},
        {{500000, 500003, 0}, 2, {1, 1, 1}, false}, /* not one clock */
        {{604800, 604800, 0}, 2, {1, 1, 1}, true},  /* a week */
        {{604801, 604801, 0}, 2, {1, 1, 1}, false},
        {{0, 0, 0}, 1, {1, 1, 1}, false},
        {{100, 100, 0}, 2, {1, 2, 1}, false},                  /* two hosts */
        {{100, 99000000, 100}, 3, {1, 1, 1}, true},            /* a random one between */
        {{99000000, 98000000, 97000000}, 3, {1, 1, 1}, false}, /* random ones */
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.clock");
        for (uint8_t j = 0; j < rows[i].num; j++) {
            uint8_t random[32];
            struct tls_client_hello hello = hello_of(j);
            converse(&world, rows[i].hosts[j]);
            memcpy(random, hello.random.at, 32);
            uint32_t time = (uint32_t)((int64_t)(world.now / SECOND) + rows[i].off[j]);
            for (unsigned k = 0; k < 4; k++)
                random[k] = (uint8_t)(time >> (24 - 8 * k));
            hello.random = span_of(random, 32);
            say_hello(&world, &hello);
            end(&world);
        }
        analysis_finish(world.analysis);
        if ((count(&world, "link.clock") > 0) != rows[i].fires)
            fail_msg("row %zu", i);
        analysis_free(world.analysis);
    }
}

/* --- hardware addresses --- */

static void test_interface_id(void **state)
{
    (void)state;
    static const struct {
        const char *tail;
        uint8_t first; /* byte of the address */
        bool fires;
    } rows[] = {
        {"\x02\x00\x5e\xff\xfe\x00\x53\x01", 0x20, true},  /* 00-00-5e-00-53-01 */
        {"\x02\x00\x5e\xff\xfe\x00\x53\x01", 0xfd, true},  /* unique local */
        {"\x02\x00\x5e\xff\xfe\x00\x53\x01", 0xfe, false}, /* link-local */
        {"\x00\x00\x5e\xff\xfe\x00\x53\x01", 0x20, false}, /* made up, by its bit */
        {"\x02\x00\x5e\xff\xff\x00\x53\x01", 0x20, false},
        {"\x02\x00\x5e\xfe\xff\x00\x53\x01", 0x20, false},
        {"\x9a\x41\xd0\x3c\x72\x5e\x00\x11", 0x20, false}, /* temporary */
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.hardware-address");
        struct tls_client_hello hello = hello_of(1);
        converse6(&world, rows[i].tail);
        world.flow.ends[0].address[0] = rows[i].first;
        say_hello(&world, &hello);
        end(&world);
        converse6(&world, rows[i].tail);
        world.flow.ends[0].address[0] = rows[i].first;
        end(&world); /* of another protocol */
        analysis_finish(world.analysis);
        if ((count(&world, "link.hardware-address") > 0) != rows[i].fires)
            fail_msg("row %zu", i);
        if (rows[i].fires) {
            const struct finding *finding = find(&world, "link.hardware-address");
            assert_int_equal(finding->count, 2);
            assert_memory_equal(finding->subject_bytes.at, "\x00\x00\x5e\x00\x53\x01", 6);
            assert_string_equal(evidence(finding, "where")->text, "ipv6 address");
        }
        analysis_free(world.analysis);
    }
}

static const char global_mac[] = "\x00\x00\x5e\x00\x53\x01",
                  local_mac[] = "\x02\x00\x5e\x00\x53\x01";

static struct dhcp_message dhcp_of(const char *mac, uint64_t type)
{
    return (struct dhcp_message){.type = number(type),
                                 .op = number(type == DHCP_ACK ? 2 : 1),
                                 .client_mac = span_of(mac, 6)};
}

static void test_dhcp(void **state)
{
    (void)state;
    struct world world = world_new("link.hardware-address,link.dhcp-identity");
    struct dhcp_message quiet = dhcp_of(local_mac, DHCP_DISCOVER);
    struct dhcp_message loud = dhcp_of(global_mac, DHCP_DISCOVER);
    struct dhcp_message answer = dhcp_of(global_mac, DHCP_ACK);
    loud.hostname = span_text("anna-laptop");
    loud.client_id_mac = span_of(global_mac, 6); /* the same again */
    answer.hostname = span_text("anna-laptop");  /* what the server repeats is not told again */
    converse(&world, 0);
    say(&world, &observation_dhcp_message, &quiet);
    say(&world, &observation_dhcp_message, &answer);
    say(&world, &observation_dhcp_message, &loud);
    analysis_finish(world.analysis);
    assert_int_equal(count(&world, "link.hardware-address"), 1);
    assert_int_equal(find(&world, "link.hardware-address")->count, 1);
    assert_string_equal(evidence(find(&world, "link.hardware-address"), "where")->text,
                        "dhcp header");
    const struct finding *finding = find(&world, "link.dhcp-identity");
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->severity, SEVERITY_MEDIUM);
    assert_int_equal(finding->subject, SUBJECT_DEVICE);
    assert_true(span_equal(evidence(finding, "host_name")->bytes, span_text("anna-laptop")));
    analysis_free(world.analysis);
}

/* The class of a maker alone is less than a name. */
static void test_vendor_class(void **state)
{
    (void)state;
    struct world world = world_new("link.dhcp-identity");
    struct dhcp_message message = dhcp_of(local_mac, DHCP_DISCOVER);
    message.vendor_class = span_text("MSFT 5.0");
    converse(&world, 0);
    say(&world, &observation_dhcp_message, &message);
    analysis_finish(world.analysis);
    assert_int_equal(find(&world, "link.dhcp-identity")->severity, SEVERITY_LOW);
    analysis_free(world.analysis);
}

static void test_dhcp6(void **state)
{
    (void)state;
    struct world world = world_new("link.hardware-address,link.dhcp-identity");
    struct dhcp6_message message = {.type = number(DHCP6_SOLICIT),
                                    .to_server = TRUTH_YES,
                                    .client_duid = {.whole = bytes_of(80, 14),
                                                    .type = number(DUID_LLT),
                                                    .mac = span_of(global_mac, 6)},
                                    .fqdn = span_text("anna.example")};
    converse6(&world, "\x9a\x41\xd0\x3c\x72\x5e\x00\x11");
    say(&world, &observation_dhcp6_message, &message);
    message.type = number(DHCP6_RELAY_FORW); /* of a relay, around it */
    say(&world, &observation_dhcp6_message, &message);
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "link.hardware-address");
    assert_string_equal(evidence(finding, "where")->text, "dhcp duid");
    assert_int_equal(finding->count, 1);
    assert_int_equal(find(&world, "link.dhcp-identity")->subject, SUBJECT_DEVICE);
    analysis_free(world.analysis);
}

/* --- pairs --- */

static void test_lease(void **state)
{
    (void)state;
    static const struct {
        const char *mac, *host;
        uint64_t lease_s, pause_s;
        uint8_t client;
        bool fires;
    } rows[] = {
        {global_mac, NULL, 600, 500, 7, true},
        {local_mac, "anna", 600, 500, 7, true},
        {local_mac, NULL, 600, 500, 7, false},           /* nothing names the device */
        {global_mac, "anna", 600, 540, 7, true},         /* a minute is between conversations */
        {global_mac, "anna", 600, 541, 7, false},        /* the lease is over */
        {global_mac, "anna", 600, 500, 8, false},        /* another address */
        {global_mac, "anna", 999999999, 86340, 7, true}, /* no longer than a day */
        {global_mac, "anna", 999999999, 86341, 7, false},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.cleartext-pairing");
        struct dhcp_message asks = dhcp_of(rows[i].mac, DHCP_REQUEST);
        struct dhcp_message gets = dhcp_of(rows[i].mac, DHCP_ACK);
        struct tls_client_hello hello = hello_of(1);
        if (rows[i].host != NULL)
            asks.hostname = span_text(rows[i].host);
        gets.your_address = span_of("\x0a\x00\x00\x07", 4);
        gets.lease_time = number(rows[i].lease_s);
        converse(&world, 0);
        say(&world, &observation_dhcp_message, &asks);
        say(&world, &observation_dhcp_message, &gets);
        world.now += rows[i].pause_s * SECOND;
        converse(&world, rows[i].client);
        say_hello(&world, &hello);
        end(&world);
        analysis_finish(world.analysis);
        if ((count(&world, "link.cleartext-pairing") > 0) != rows[i].fires)
            fail_msg("row %zu", i);
        if (rows[i].fires)
            assert_string_equal(evidence(find(&world, "link.cleartext-pairing"), "clear")->text,
                                "dhcp");
        analysis_free(world.analysis);
    }
}

/* Two sessions of one device, which tickets and keys do not tie, are tied by its leases: at two addresses. */
static void test_leases_link(void **state)
{
    (void)state;
    struct world world = world_new("link.cross-network");
    for (uint8_t i = 0; i < 2; i++) {
        const uint8_t address[4] = {10, 0, 0, (uint8_t)(7 + i)};
        struct dhcp_message asks = dhcp_of(global_mac, DHCP_REQUEST);
        struct dhcp_message gets = dhcp_of(global_mac, DHCP_ACK);
        struct tls_client_hello hello = hello_of((uint8_t)(1 + i));
        gets.your_address = span_of(address, 4);
        converse(&world, 0);
        say(&world, &observation_dhcp_message, &asks);
        say(&world, &observation_dhcp_message, &gets);
        converse(&world, (uint8_t)(7 + i));
        say_hello(&world, &hello);
        end(&world);
        world.now += 7200 * SECOND;
    }
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "link.cross-network");
    assert_string_equal(evidence(finding, "identifier")->text, "cleartext_pairing");
    assert_int_equal(finding->confidence, CONFIDENCE_LIKELY);
    assert_int_equal(finding->severity, SEVERITY_HIGH);
    const struct link_summary *link = told(&world);
    assert_int_equal(link->linkable.value, 2);
    assert_int_equal(link->longest_addresses.value, 2);
    analysis_free(world.analysis);
}

/* A device with a name gets an address, and begins session |session| from there. */
static void lease_and_say(struct world *world, const char *mac, const char *name, uint8_t host,
                          uint8_t session)
{
    const uint8_t address[4] = {10, 0, 0, host};
    struct dhcp_message asks = dhcp_of(mac, DHCP_REQUEST);
    struct dhcp_message gets = dhcp_of(mac, DHCP_ACK);
    struct tls_client_hello hello = hello_of(session);
    asks.hostname = span_text(name);
    gets.your_address = span_of(address, 4);
    converse(world, 0);
    say(world, &observation_dhcp_message, &asks);
    say(world, &observation_dhcp_message, &gets);
    converse(world, host);
    say_hello(world, &hello);
    end(world);
}

/* A device with a name and a hardware address moves when its address changes, not when it sends after DHCP. */
static void test_named_leases_link(void **state)
{
    (void)state;
    const struct {
        const char *mac;
        uint8_t second;
        size_t findings;
    } rows[] = {{global_mac, 7, 0}, {global_mac, 8, 1}, {local_mac, 7, 0}, {local_mac, 8, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = world_new("link.cross-network");
        for (uint8_t session = 0; session < 2; session++) {
            lease_and_say(&world, rows[i].mac, "anna-laptop", session == 0 ? 7 : rows[i].second,
                          (uint8_t)(1 + session));
            world.now += 7200 * SECOND;
        }
        analysis_finish(world.analysis);
        if (count(&world, "link.cross-network") != rows[i].findings)
            fail_msg("row %zu: %zu", i, count(&world, "link.cross-network"));
        analysis_free(world.analysis);
    }
}

/* |num| devices with |macs|, ten minutes apart, all named alike, have a session each behind their lease. */
static struct world phones(const char *const *macs, uint8_t num)
{
    struct world world = world_new("link.cross-network");
    for (uint8_t i = 0; i < num; i++) {
        lease_and_say(&world, macs[i], "iPhone", (uint8_t)(7 + i), (uint8_t)(1 + i));
        world.now += 600 * SECOND;
    }
    analysis_finish(world.analysis);
    return world;
}

/* A host name is surer by the lease that it is read from, but no less that of several phones. */
static void test_names_move_possibly(void **state)
{
    (void)state;
    static const char *const macs[] = {"\x02\x00\x5e\x00\x53\x01", "\x02\x00\x5e\x00\x53\x02",
                                       "\x02\x00\x5e\x00\x53\x03"};
    struct world world = phones(macs, 3);
    const struct finding *finding = find(&world, "link.cross-network");
    assert_int_equal(finding->confidence, CONFIDENCE_POSSIBLE);
    assert_int_equal(finding->severity, SEVERITY_MEDIUM);
    assert_string_equal(evidence(finding, "identifier")->text, "cleartext_pairing");
    analysis_free(world.analysis);
}

/* Of two hardware addresses a host name may be one device's, of three it joins nothing, however much time is between. */
static void test_names_of_many(void **state)
{
    (void)state;
    static const char *const macs[] = {"\x00\x00\x5e\x00\x53\x01", "\x00\x00\x5e\x00\x53\x02",
                                       "\x00\x00\x5e\x00\x53\x01", "\x00\x00\x5e\x00\x53\x03"};
    for (uint8_t num = 3; num <= 4; num++) {
        struct world world = phones(macs, num);
        struct reader shared = reader_of(told(&world)->shared);
        uint64_t all = 0;
        while (reader_more(&shared))
            all += reader_u64(&shared);
        assert_int_equal(told(&world)->linkable.value, num == 3 ? 3 : 2); /* by the first address */
        assert_int_equal(all, num == 4);
        analysis_free(world.analysis);
    }
}

/* A device gives its address back, or does not take it: who has it then is not known. */
static void test_lease_given_back(void **state)
{
    (void)state;
    const struct {
        uint64_t type;
        bool right, fires; /* |right|: it is in the field that the message has it in */
    } rows[] = {{DHCP_RELEASE, true, false},
                {DHCP_DECLINE, true, false},
                {DHCP_RELEASE, false, true},
                {DHCP_INFORM, true, true}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.cleartext-pairing");
        const struct span address = span_of("\x0a\x00\x00\x07", 4);
        struct dhcp_message asks = dhcp_of(global_mac, DHCP_REQUEST);
        struct dhcp_message gets = dhcp_of(global_mac, DHCP_ACK);
        struct dhcp_message ends = dhcp_of(global_mac, rows[i].type);
        struct tls_client_hello hello = hello_of(1);
        gets.your_address = address;
        if ((rows[i].type == DHCP_DECLINE) == rows[i].right)
            ends.requested_address = address;
        else
            ends.client_address = address;
        converse(&world, 0);
        say(&world, &observation_dhcp_message, &asks);
        say(&world, &observation_dhcp_message, &gets);
        say(&world, &observation_dhcp_message, &ends);
        converse(&world, 7);
        say_hello(&world, &hello);
        end(&world);
        analysis_finish(world.analysis);
        if ((count(&world, "link.cleartext-pairing") > 0) != rows[i].fires)
            fail_msg("row %zu", i);
        analysis_free(world.analysis);
    }
}

/* What a client says behind the reply that gives it a lease, or the server in another reply, and how long it is quiet. */
static void test_lease6_given_back(void **state)
{
    (void)state;
    const struct {
        uint64_t type;
        const char *lifetimes; /* of the server's first reply, and of the message behind it */
        uint64_t pause_s;
        bool fires;
    } rows[] = {
        {DHCP6_RELEASE, NULL, 0, false},
        {DHCP6_DECLINE, NULL, 0, false},
        {DHCP6_RENEW, NULL, 0, true},
        {DHCP6_RENEW, "\x00\x00\x02\x58\x00\x00\x02\x58", 600, true}, /* ten minutes */
        {DHCP6_RENEW, "\x00\x00\x02\x58\x00\x00\x02\x58", 601, false},
        {DHCP6_REPLY, "\x00\x00\x02\x58\x00\x00\x0e\x10", 3000, true}, /* renewed, for an hour */
        {DHCP6_REPLY, "\x00\x00\x02\x58\x00\x00\x00\x00", 0, false},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.cleartext-pairing");
        struct dhcp6_message message = {.type = number(DHCP6_REQUEST),
                                        .to_server = TRUTH_YES,
                                        .client_duid = {.whole = bytes_of(80, 14),
                                                        .type = number(DUID_LLT),
                                                        .mac = span_of(global_mac, 6)}};
        struct tls_client_hello hello = hello_of(1);
        converse6(&world, "\x9a\x41\xd0\x3c\x72\x5e\x00\x11");
        say(&world, &observation_dhcp6_message, &message);
        message.addresses = span_of(world.flow.ends[0].address, 16);
        message.type = number(DHCP6_REPLY);
        message.to_server = TRUTH_NO;
        if (rows[i].lifetimes != NULL)
            message.lifetimes = span_of(rows[i].lifetimes, 4);
        say(&world, &observation_dhcp6_message, &message);
        message.type = number(rows[i].type);
        message.to_server = rows[i].type != DHCP6_REPLY ? TRUTH_YES : TRUTH_NO;
        if (rows[i].lifetimes != NULL)
            message.lifetimes = span_of(rows[i].lifetimes + 4, 4);
        say(&world, &observation_dhcp6_message, &message);
        world.now += rows[i].pause_s * SECOND;
        say_hello(&world, &hello);
        end(&world);
        analysis_finish(world.analysis);
        if ((count(&world, "link.cleartext-pairing") > 0) != rows[i].fires)
            fail_msg("row %zu", i);
        analysis_free(world.analysis);
    }
}

static void say_clear(struct world *world, unsigned what)
{
    const struct http_fetch plain = {.method = "get"}, with_serial = {.query_tells = "serial"};
    const struct http_login with_password = {.scheme = "basic", .to = "server"};
    const struct telnet_session typed = {.user = TRUTH_YES, .encrypted = TRUTH_NO},
                                untouched = {.user = TRUTH_NO, .password = TRUTH_NO},
                                hidden = {.password = TRUTH_YES, .encrypted = TRUTH_YES};
    const struct starttls_session login = {.protocol = "imap", .credentials = TRUTH_YES},
                                  none = {.protocol = "imap", .credentials = TRUTH_NO};
    const struct {
        const struct observation_type *type;
        const void *data;
    } all[] = {{&observation_http_login, &with_password}, {&observation_http_fetch, &with_serial},
               {&observation_starttls_session, &login},   {&observation_telnet_session, &typed},
               {&observation_http_fetch, &plain},         {&observation_starttls_session, &none},
               {&observation_telnet_session, &untouched}, {&observation_telnet_session, &hidden}};
    say(world, all[what].type, all[what].data);
}

/* In either order, within ten minutes. */
static void test_pair_by_time(void **state)
{
    (void)state;
    static const char *const names[] = {"http credentials", "http query", "credentials",
                                        "telnet login"};
    for (unsigned what = 0; what < 8; what++) {
        for (unsigned order = 0; order < 2; order++) {
            for (uint64_t pause = 540; pause <= 541; pause++) {
                struct world world = world_new("link.cleartext-pairing");
                struct tls_client_hello hello = hello_of(1);
                converse(&world, 1);
                if (order == 0)
                    say_hello(&world, &hello);
                else
                    say_clear(&world, what);
                world.now += pause * SECOND;
                converse(&world, 1);
                if (order == 1)
                    say_hello(&world, &hello);
                else
                    say_clear(&world, what);
                analysis_finish(world.analysis);
                bool fires = what < NUM_OF(names) && pause == 540;
                if ((count(&world, "link.cleartext-pairing") > 0) != fires)
                    fail_msg("%u, order %u, pause %u", what, order, (unsigned)pause);
                if (fires)
                    assert_string_equal(
                        evidence(find(&world, "link.cleartext-pairing"), "clear")->text,
                        names[what]);
                analysis_free(world.analysis);
            }
        }
    }
}

static void test_pair_of_eap(void **state)
{
    (void)state;
    for (unsigned anonymous = 0; anonymous < 2; anonymous++) {
        struct world world = world_new("link.cleartext-pairing");
        const struct eap_identity identity = {.identity = span_text("anna@example.org"),
                                              .anonymous = truth(anonymous)};
        struct tls_client_hello hello = hello_of(1);
        converse(&world, 1);
        say(&world, &observation_eap_identity, &identity);
        say_hello(&world, &hello);
        end(&world);
        analysis_finish(world.analysis);
        assert_int_equal(count(&world, "link.cleartext-pairing"), 1 - anonymous);
        analysis_free(world.analysis);
    }
}

/* --- names of servers --- */

static void test_server_name(void **state)
{
    (void)state;
    struct world world = world_new("link.server-name");
    struct tls_client_hello plain = hello_of(1), hidden = hello_of(2), none = hello_of(3);
    plain.server_name = span_text("a.example");
    hidden.server_name = span_text("public.example");
    hidden.ech = TRUTH_YES;
    converse(&world, 1);
    say_hello(&world, &plain);
    say_hello(&world, &plain);
    converse(&world, 1);
    world.flow.ends[1].port = 444;
    say_hello(&world, &hidden);
    converse(&world, 1);
    world.flow.ends[1].port = 445;
    say_hello(&world, &none);
    analysis_finish(world.analysis);
    size_t num;
    const struct finding *findings = analysis_findings(world.analysis, &num);
    assert_int_equal(num, 2);
    assert_int_equal(findings[0].confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(findings[0].count, 1);
    assert_int_equal(findings[1].confidence, CONFIDENCE_POSSIBLE);
    assert_int_equal(findings[1].subject_port, 444);
    analysis_free(world.analysis);
}

/* --- fingerprints --- */

static void say_usual(struct world *world, uint8_t hosts)
{
    for (uint8_t i = 0; i < hosts; i++) {
        struct tls_client_hello hello = hello_of(i);
        converse(world, i);
        say_hello(world, &hello);
        end(world);
    }
}

/* GREASE, and the order of extensions, are no difference. */
static void say_odd(struct world *world, uint8_t times)
{
    static const char *const ciphers[] = {"\x0a\x0a\x13\x02\x13\x01", "\x2a\x2a\x13\x02\x13\x01"};
    static const char *const types[] = {"\x00\x17\x00\x00\x00\x0a\x00\x00",
                                        "\x00\x0a\x00\x00\x00\x17\x00\x00"};
    for (uint8_t i = 0; i < times; i++) {
        struct tls_client_hello hello = hello_of((uint8_t)(200 + i));
        hello.ciphers = span_of(ciphers[i % 2], 6);
        hello.extensions = span_of(types[i % 2], 8);
        converse(world, 250);
        say_hello(world, &hello);
        end(world);
    }
}

/* |hosts| hosts with one kind of hello, and one that sends |odd| of another: before them, or after. */
static struct world crowd(uint8_t hosts, uint8_t odd, bool before)
{
    struct world world = world_new("link.fingerprint");
    say_odd(&world, before ? odd : 0);
    say_usual(&world, hosts);
    say_odd(&world, before ? 0 : odd);
    analysis_finish(world.analysis);
    return world;
}

static void test_fingerprint(void **state)
{
    (void)state;
    static const struct {
        uint8_t hosts, odd;
        bool before, fires;
    } rows[] = {{49, 3, false, true},   {48, 3, false, false}, {49, 2, false, false},
                {100, 0, false, false}, {100, 5, false, true}, {49, 3, true, true}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = crowd(rows[i].hosts, rows[i].odd, rows[i].before);
        if ((count(&world, "link.fingerprint") > 0) != rows[i].fires)
            fail_msg("row %zu", i);
        if (rows[i].fires) {
            const struct finding *finding = find(&world, "link.fingerprint");
            assert_int_equal(evidence(finding, "anonymity_set")->number, 1);
            assert_int_equal(evidence(finding, "hosts")->number, rows[i].hosts + 1u);
            assert_int_equal(finding->subject_bytes.at[3], 250);
            assert_memory_equal(evidence(finding, "ja4")->bytes.at, "t12i02", 6);
        }
        struct reader sets = reader_of(told(&world)->set_hosts);
        assert_int_equal(reader_u64(&sets), rows[i].odd > 0);
        analysis_free(world.analysis);
    }
}

/* --- from one address to another --- */

static void test_cross_network(void **state)
{
    (void)state;
    static const struct {
        const char *identity;
        uint8_t hosts[6];
        size_t num;
        uint64_t pause_s; /* a minute more is between sessions */
        size_t findings;
    } rows[] = {
        {"pump-room", {1, 2}, 2, 0, 1},
        {"pump-room", {1, 1}, 2, 0, 0},
        {"pump-room", {1, 2, 1, 2}, 4, 3600, 2}, /* home and work: a finding for each address */
        {"pump-room", {1, 2, 3}, 3, 0, 2},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("link.cross-network");
        for (uint8_t j = 0; j < rows[i].num; j++) {
            converse(&world, rows[i].hosts[j]);
            say_psk(&world, (uint8_t)(1 + j), rows[i].identity, PSK_ORIGIN_EXTERNAL);
            end(&world);
            world.now += rows[i].pause_s * SECOND;
        }
        analysis_finish(world.analysis);
        if (count(&world, "link.cross-network") != rows[i].findings)
            fail_msg("row %zu: %zu", i, count(&world, "link.cross-network"));
        if (rows[i].findings > 0) {
            const struct finding *finding = find(&world, "link.cross-network");
            assert_int_equal(finding->confidence, CONFIDENCE_POSSIBLE); /* may be a group's key */
            assert_int_equal(finding->severity, SEVERITY_MEDIUM);
            assert_string_equal(evidence(finding, "identifier")->text, "psk_identity");
        }
        analysis_free(world.analysis);
    }
}

/* A key that three hosts use within a minute: it is a group's, and nobody has moved. */
static void test_group_does_not_move(void **state)
{
    (void)state;
    struct world world = world_new("link.cross-network");
    for (uint8_t i = 0; i < 9; i++) {
        converse(&world, (uint8_t)(1 + i % 3));
        world.now -= 50 * SECOND;
        say_psk(&world, (uint8_t)(1 + i), "pump-room", PSK_ORIGIN_EXTERNAL);
        end(&world);
    }
    analysis_finish(world.analysis);
    assert_int_equal(count(&world, "link.cross-network"), 0);
    assert_int_equal(told(&world)->sessions.value, 9);
    assert_int_equal(told(&world)->linkable.value, 0);
    struct reader shared = reader_of(told(&world)->shared);
    assert_int_equal(reader_u64(&shared), 1);
    analysis_free(world.analysis);
}

/* Addresses of one IPv6 network, and IPv4 beside IPv6, are one host's. */
static void test_same_network(void **state)
{
    (void)state;
    struct world world = world_new("link.cross-network");
    converse6(&world, "\x9a\x41\xd0\x3c\x72\x5e\x00\x11");
    say_psk(&world, 1, "pump-room", PSK_ORIGIN_EXTERNAL);
    end(&world);
    converse6(&world, "\x13\x99\xd1\x3c\x72\x5e\x77\x11");
    say_psk(&world, 2, "pump-room", PSK_ORIGIN_EXTERNAL);
    end(&world);
    converse(&world, 1);
    say_psk(&world, 3, "pump-room", PSK_ORIGIN_EXTERNAL);
    end(&world);
    analysis_finish(world.analysis);
    assert_int_equal(count(&world, "link.cross-network"), 0);
    assert_int_equal(told(&world)->linkable.value, 3);
    assert_int_equal(told(&world)->moved.value, 0);
    analysis_free(world.analysis);
}

/* One session captured in front of a NAT and behind it: nobody has moved. */
static void test_nat(void **state)
{
    (void)state;
    struct world world = world_new("link.*");
    for (uint8_t i = 0; i < 2; i++) {
        converse(&world, (uint8_t)(1 + i));
        say_psk(&world, 1, "pump-room", PSK_ORIGIN_EXTERNAL);
        say_cid(&world, "client", 8);
        end(&world);
    }
    analysis_finish(world.analysis);
    size_t num;
    analysis_findings(world.analysis, &num);
    assert_int_equal(num, 0);
    assert_int_equal(told(&world)->sessions.value, 1);
    analysis_free(world.analysis);
}

/* Of a session whose hello was not seen, the conversation tells when it began. */
static void test_without_hello(void **state)
{
    (void)state;
    struct world world = world_new("link.*");
    const struct tls_client_key_exchange exchange = {
        .transport = "tls", .kx = "PSK", .psk_identity = span_text("pump-room")};
    for (uint8_t i = 0; i < 2; i++) {
        converse(&world, 1);
        world.flow.first_ns = world.now;
        world.now += 5 * SECOND;
        say(&world, &observation_tls_client_key_exchange, &exchange);
        end(&world);
    }
    analysis_finish(world.analysis);
    const struct link_summary *link = told(&world);
    assert_int_equal(link->linkable.value, 2);
    assert_int_equal(link->longest_last_ns.value - link->longest_first_ns.value, 70 * SECOND);
    analysis_free(world.analysis);
}

/* While it goes on, a move is told an hour later. */
static void test_told_later(void **state)
{
    (void)state;
    struct world world = world_new("link.cross-network");
    size_t num;
    for (uint8_t i = 0; i < 2; i++) {
        converse(&world, (uint8_t)(1 + i));
        say_psk(&world, (uint8_t)(1 + i), "pump-room", PSK_ORIGIN_EXTERNAL);
        end(&world);
    }
    free(analysis_copy(world.analysis, &num));
    assert_int_equal(num, 0);
    world.now += 3600 * SECOND;
    for (uint8_t i = 0; i < 2; i++) {
        converse(&world, (uint8_t)(3 + i));
        say_psk(&world, (uint8_t)(3 + i), "valve-room", PSK_ORIGIN_EXTERNAL);
        end(&world);
    }
    free(analysis_copy(world.analysis, &num));
    assert_int_equal(num, 1);
    analysis_free(world.analysis);
}

/* --- what is left out --- */

/* One conversation between an access point and its server has the sessions of many devices. */
static void test_radius_is_left_out(void **state)
{
    (void)state;
    struct world world = world_new("link.*");
    converse(&world, 1);
    world.flow.dissector = &dissector_radius;
    say_psk(&world, 1, "pump-room", PSK_ORIGIN_EXTERNAL);
    say_psk(&world, 2, "pump-room", PSK_ORIGIN_EXTERNAL);
    end(&world);
    analysis_finish(world.analysis);
    size_t num;
    analysis_findings(world.analysis, &num);
    assert_int_equal(num, 0);
    assert_null(told(&world));
    analysis_free(world.analysis);
}

/* Randoms that differ in their first bytes alone, of a generator that fails, are of different sessions. */
static void test_randoms_that_end_alike(void **state)
{
    (void)state;
    struct world world = world_new("link.*");
    uint8_t random[32] = {0};
    for (uint8_t i = 1; i <= 3; i++) {
        struct tls_client_hello hello = hello_of(1);
        random[4] = i;
        hello.random = span_of(random, sizeof random);
        converse(&world, 1);
        say_hello(&world, &hello);
        end(&world);
    }
    analysis_finish(world.analysis);
    assert_int_equal(told(&world)->sessions.value, 3);
    assert_int_equal(analysis_stats(world.analysis).link_copies, 0);
    analysis_free(world.analysis);
}

/* A port that is used again: two sessions, though it is one conversation. */
static void test_sessions_in_turn(void **state)
{
    (void)state;
    struct world world = world_new("link.psk-identity");
    converse(&world, 1);
    say_psk(&world, 1, "pump-room", PSK_ORIGIN_EXTERNAL);
    say_psk(&world, 2, "pump-room", PSK_ORIGIN_EXTERNAL);
    end(&world);
    analysis_finish(world.analysis);
    assert_int_equal(find(&world, "link.psk-identity")->count, 1);
    assert_int_equal(told(&world)->sessions.value, 2);
    assert_int_equal(told(&world)->linkable.value, 2);
    analysis_free(world.analysis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_session_id),
                                       cmocka_unit_test(test_session_id_look_alikes),
                                       cmocka_unit_test(test_ticket_of_1_2),
                                       cmocka_unit_test(test_ticket_of_1_3),
                                       cmocka_unit_test(test_psk_identity),
                                       cmocka_unit_test(test_client_certificate),
                                       cmocka_unit_test(test_self_issued),
                                       cmocka_unit_test(test_raw_public_key),
                                       cmocka_unit_test(test_connection_id),
                                       cmocka_unit_test(test_long_connection_id),
                                       cmocka_unit_test(test_key_share),
                                       cmocka_unit_test(test_key_share_behind_many),
                                       cmocka_unit_test(test_key_share_of_1_2),
                                       cmocka_unit_test(test_clock),
                                       cmocka_unit_test(test_interface_id),
                                       cmocka_unit_test(test_dhcp),
                                       cmocka_unit_test(test_vendor_class),
                                       cmocka_unit_test(test_dhcp6),
                                       cmocka_unit_test(test_lease),
                                       cmocka_unit_test(test_leases_link),
                                       cmocka_unit_test(test_named_leases_link),
                                       cmocka_unit_test(test_names_move_possibly),
                                       cmocka_unit_test(test_names_of_many),
                                       cmocka_unit_test(test_lease_given_back),
                                       cmocka_unit_test(test_lease6_given_back),
                                       cmocka_unit_test(test_pair_by_time),
                                       cmocka_unit_test(test_pair_of_eap),
                                       cmocka_unit_test(test_server_name),
                                       cmocka_unit_test(test_fingerprint),
                                       cmocka_unit_test(test_cross_network),
                                       cmocka_unit_test(test_group_does_not_move),
                                       cmocka_unit_test(test_same_network),
                                       cmocka_unit_test(test_nat),
                                       cmocka_unit_test(test_without_hello),
                                       cmocka_unit_test(test_told_later),
                                       cmocka_unit_test(test_radius_is_left_out),
                                       cmocka_unit_test(test_randoms_that_end_alike),
                                       cmocka_unit_test(test_sessions_in_turn)};
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
