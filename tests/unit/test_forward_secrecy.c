/* test_forward_secrecy.c: the rules of family pfs that need memory or tables: each with what makes it fire, with what
 * only looks so, and at its threshold. */
#include "analysis/common_primes.h"
#include "analysis/host_set.h"
#include "analysis_world.h"
#include "core/common_observations.h"
#include "dissectors/tls.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

#include <openssl/bn.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

static const uint64_t DAY = 86400u * (uint64_t)1000000000u;

/* Conversation |number|, from 10.0.0.|number| to 192.0.2.|server|. */
static void converse(struct world *world, uint8_t number, uint8_t server)
{
    world->flow =
        (struct flow){.ip_version = 4, .protocol = PROTO_TCP, .first_packet = number + 1u};
    world->flow.ends[0] = (struct endpoint){.address = {10, 0, 0, number}, .port = 40000};
    world->flow.ends[1] = (struct endpoint){.address = {192, 0, 2, server}, .port = 443};
}

/* Bytes that are different for each number, |len| at most 128 of them. */
static struct span bytes_of(uint8_t number, size_t len)
{
    static uint8_t store[256][128];
    for (size_t i = 0; i < sizeof store[number]; i++)
        store[number][i] = (uint8_t)(number + i * 7);
    return span_of(store[number], len);
}

static const struct finding *find(const struct world *world, const char *rule)
{
    size_t num;
    const struct finding *findings = analysis_findings(world->analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (strcmp(findings[i].rule->id, rule) == 0)
            return &findings[i];
    return NULL;
}

static size_t count(const struct world *world)
{
    size_t num;
    analysis_findings(world->analysis, &num);
    return num;
}

static const struct value *evidence(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i].value;
    fail_msg("%s has no evidence %s", finding->rule->id, name);
    return NULL;
}

/* --- ephemeral reuse --- */

static void say_server_exchange(struct world *world, uint8_t random, uint8_t value)
{
    const struct tls_server_hello hello = {.transport = "tls",
                                           .version = number(0x0303),
                                           .cipher = number(0xc02f),
                                           .random = bytes_of(random, 32)};
    const struct tls_server_key_exchange exchange = {.transport = "tls",
                                                     .kx = "ECDHE",
                                                     .group = number(23),
                                                     .public_value = bytes_of(value, 65)};
    say(world, &observation_tls_server_hello, &hello);
    say(world, &observation_tls_server_key_exchange, &exchange);
}

static void test_server_reuse(void **state)
{
    (void)state;
    struct world world = world_new("pfs.ephemeral-reuse");
    for (uint8_t i = 0; i < 3; i++) {
        converse(&world, i, 1);
        say_server_exchange(&world, (uint8_t)(10 + i), 1);
        world.now += 60 * SECOND;
    }
    converse(&world, 4, 2);
    say_server_exchange(&world, 20, 1); /* another server */
    analysis_finish(world.analysis);
    size_t num;
    const struct finding *findings = analysis_findings(world.analysis, &num);
    assert_int_equal(num, 2);
    assert_int_equal(findings[0].subject, SUBJECT_SERVER);
    assert_int_equal(findings[0].count, 2);
    assert_int_equal(evidence(&findings[0], "sessions")->number, 3);
    assert_int_equal(evidence(&findings[0], "seconds")->number, 120);
    assert_false(evidence(&findings[0], "other_host")->truth);
    assert_true(evidence(&findings[1], "other_host")->truth);
    assert_string_equal(evidence(&findings[1], "group")->text, "secp256r1");
    analysis_free(world.analysis);
}

static void say_client_shares(struct world *world, uint8_t random, uint8_t share, bool grease)
{
    uint8_t shares[4 + 32 + 5] = {0x00, 29, 0, 32};
    memcpy(shares + 4, bytes_of(share, 32).at, 32);
    memcpy(shares + 36, "\x2a\x2a\x00\x01\x00", 5);
    const struct tls_client_hello hello = {.transport = "quic",
                                           .random = bytes_of(random, 32),
                                           .key_shares = span_of(shares, grease ? 41 : 36)};
    say(world, &observation_tls_client_hello, &hello);
}

/* The same random: a retransmission, the hello after a retry, a copy from a mirror port. */
static void test_reuse_look_alikes(void **state)
{
    (void)state;
    struct world world = world_new("pfs.ephemeral-reuse");
    converse(&world, 1, 1);
    say_client_shares(&world, 1, 1, true);
    say_client_shares(&world, 1, 1, true);
    say_server_exchange(&world, 2, 2);
    say_server_exchange(&world, 2, 2);
    world.flow.around.vlan = 7;
    world.flow.first_packet += 50; /* the copy is a flow of its own */
    say_client_shares(&world, 1, 1, true);
    say_server_exchange(&world, 2, 2);
    converse(&world, 2, 1);
    say_client_shares(&world, 3, 3, true); /* GREASE has the same byte everywhere */
    say_server_exchange(&world, 4, 4);
    /* a hello retry request names a group, with a random that is always the same */
    const struct tls_server_hello retry = {
        .hello_retry = TRUTH_YES, .random = bytes_of(9, 32), .key_share_group = number(29)};
    say(&world, &observation_tls_server_hello, &retry);
    say(&world, &observation_tls_server_hello, &retry);
    /* a key exchange whose hello was not seen */
    const struct tls_server_key_exchange exchange = {.kx = "ECDHE",
                                                     .public_value = bytes_of(2, 65)};
    converse(&world, 3, 1);
    say(&world, &observation_tls_server_key_exchange, &exchange);
    /* what a client sent comes back from a server: that is another rule's */
    converse(&world, 5, 1);
    const struct tls_server_hello mirror = {.random = bytes_of(30, 32),
                                            .version = number(0x0304),
                                            .key_share_group = number(29),
                                            .key_share = bytes_of(1, 32)};
    say(&world, &observation_tls_server_hello, &mirror);
    analysis_finish(world.analysis);
    assert_int_equal(count(&world), 0);
    analysis_free(world.analysis);
}

static void test_client_reuse(void **state)
{
    (void)state;
    struct world world = world_new("pfs.ephemeral-reuse");
    converse(&world, 1, 1);
    say_client_shares(&world, 1, 1, false);
    say(&world, &observation_flow_end, &(struct flow_end_observation){.how = "closed"});
    converse(&world, 1, 2);
    say_client_shares(&world, 2, 1, false);
    const struct tls_server_hello hello = {.random = bytes_of(40, 32),
                                           .version = number(0x0304),
                                           .key_share_group = number(29),
                                           .key_share = bytes_of(50, 32)};
    say(&world, &observation_tls_server_hello, &hello);
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "pfs.ephemeral-reuse");
    assert_non_null(finding);
    assert_int_equal(count(&world), 1);
    assert_int_equal(finding->subject, SUBJECT_CLIENT);
    assert_string_equal(evidence(finding, "role")->text, "client");
    assert_string_equal(evidence(finding, "group")->text, "x25519");
    assert_string_equal(finding->transport, "quic");
    analysis_free(world.analysis);
}

/* --- groups --- */

static struct span prime_bytes(size_t index, uint8_t bytes[130])
{
    const struct common_prime *prime = common_prime_at(index);
    BIGNUM *number = NULL;
    assert_int_equal(BN_hex2bn(&number, prime->hex), prime->bits / 4);
    bytes[0] = 0;
    assert_int_equal(BN_bn2bin(number, bytes + 1), prime->bits / 8);
    BN_free(number);
    return span_of(bytes, prime->bits / 8u + 1);
}

/* Every row is a prime of its length, safe or not as it says; the Oakley groups are those of RFC 2409. */
static void test_common_primes(void **state)
{
    (void)state;
    BIGNUM *oakley[] = {BN_get_rfc2409_prime_768(NULL), BN_get_rfc2409_prime_1024(NULL)};
    for (size_t i = 0; common_prime_at(i) != NULL; i++) {
        const struct common_prime *prime = common_prime_at(i);
        uint8_t bytes[130];
        BIGNUM *number = NULL, *half = BN_new();
        struct span span = prime_bytes(i, bytes);
        BN_hex2bn(&number, prime->hex);
        assert_int_equal(BN_num_bits(number), prime->bits);
        assert_in_range(prime->bits, 512, 1024);
        BN_rshift1(half, number);
        if (BN_check_prime(number, NULL, NULL) != 1 ||
            (BN_check_prime(half, NULL, NULL) == 1) != prime->safe)
            fail_msg("%s is not what it seems", prime->name);
        if (i < 2)
            assert_int_equal(BN_cmp(number, oakley[i]), 0);
        assert_ptr_equal(common_prime_find(span), prime); /* with a leading zero */
        bytes[60] ^= 1;
        assert_null(common_prime_find(span));
        bytes[60] ^= 1;
        assert_null(common_prime_find(span_of(bytes, span.len - 1)));
        BN_free(number);
        BN_free(half);
    }
    assert_null(common_prime_find(span_of("", 0)));
    BN_free(oakley[0]);
    BN_free(oakley[1]);
}

static void test_groups(void **state)
{
    (void)state;
    static const struct {
        uint64_t dh_bits, group;
        int common; /* index in the table, -1 for another prime */
        bool weak;
    } rows[] = {{1024, 0, 1, true},    {512, 0, 4, true}, {1024, 0, -1, true}, {2047, 0, -1, true},
                {2048, 0, -1, false},  {0, 19, -1, true}, {0, 21, -1, false},  {0, 23, -1, false},
                {0, 29, -1, false},    {0, 18, -1, true}, {0, 1, -1, true},    {0, 6, -1, false},
                {0, 0x6399, -1, false}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("pfs.*");
        uint8_t bytes[130];
        struct tls_server_key_exchange exchange = {.transport = "dtls", .kx = "DHE"};
        if (rows[i].dh_bits > 0) {
            exchange.dh_bits = number(rows[i].dh_bits);
            exchange.dh_p = rows[i].common >= 0 ? prime_bytes((size_t)rows[i].common, bytes)
                                                : bytes_of(0xff, 128);
        } else {
            exchange.group = number(rows[i].group);
        }
        converse(&world, 1, 1);
        say(&world, &observation_tls_server_key_exchange, &exchange);
        analysis_finish(world.analysis);
        const struct finding *weak = find(&world, "pfs.weak-group");
        const struct finding *common = find(&world, "pfs.common-prime");
        if ((weak != NULL) != rows[i].weak || (common != NULL) != (rows[i].common >= 0))
            fail_msg("row %zu", i);
        if (weak != NULL && rows[i].dh_bits > 0)
            assert_int_equal(evidence(weak, "bits")->number, rows[i].dh_bits);
        if (common != NULL)
            assert_string_equal(evidence(common, "prime")->text,
                                common_prime_at((size_t)rows[i].common)->name);
        analysis_free(world.analysis);
    }
}

static void test_post_quantum(void **state)
{
    (void)state;
    static const struct {
        uint16_t version, cipher, group;
        bool psk, fires;
    } rows[] = {
        {0x0304, 0x1301, 29, false, true},      {0x0304, 0x1301, 0x11ec, false, false},
        {0x0304, 0x1301, 0x0201, false, false}, {0xfefc, 0x1301, 23, false, true},
        {0x0304, 0x1301, 29, true, false}, /* of a ticket or an external PSK */
        {0x0304, 0x1301, 0, true, false},       {0x0304, 0x1301, 0, false, false},
        {0x0303, 0xc02f, 0, false, true},       {0x0303, 0x009c, 0, false, true},
        {0x0303, 0x00a8, 0, false, false},      {0x0303, 0xc037, 0, false, false},
        {0x0303, 0x00ac, 0, false, false}, /* RSA_PSK */
        {0x0303, 0xeeee, 0, false, false},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("pfs.not-post-quantum");
        struct tls_server_hello hello = {.version = number(rows[i].version),
                                         .cipher = number(rows[i].cipher)};
        if (rows[i].group != 0)
            hello.key_share_group = number(rows[i].group);
        if (rows[i].psk)
            hello.selected_psk = number(0);
        converse(&world, 1, 1);
        say(&world, &observation_tls_server_hello, &hello);
        analysis_finish(world.analysis);
        if ((find(&world, "pfs.not-post-quantum") != NULL) != rows[i].fires)
            fail_msg("row %zu", i);
        analysis_free(world.analysis);
    }
}

/* --- offers --- */

static void say_offer(struct world *world, const char *ciphers, size_t len,
                      const struct tls_server_hello *answer)
{
    const struct tls_client_hello hello = {.ciphers = span_of(ciphers, len)};
    say(world, &observation_tls_client_hello, &hello);
    say(world, &observation_tls_server_hello, answer);
}

static void test_client_offers(void **state)
{
    (void)state;
    static const struct {
        const char *ciphers;
        size_t len;
        uint16_t version, answer;
        bool fires;
    } rows[] = {
        {"\xc0\x2f\x00\x9c", 4, 0x0303, 0xc02f, true},
        {"\xc0\x2f\x00\xff", 4, 0x0303, 0xc02f, false}, /* a signal is no suite */
        {"\xc0\x2f\x0a\x0a", 4, 0x0303, 0xc02f, false}, /* nor is GREASE */
        {"\xc0\x2f\x00\x9c", 4, 0x0303, 0x009c, false}, /* the server did no better */
        {"\x13\x01\x00\x9c", 4, 0x0304, 0x1301, true},
        {"\x13\x01\xc0\x2f", 4, 0x0304, 0x1301, false},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("pfs.offered");
        struct tls_server_hello answer = {.version = number(rows[i].version),
                                          .cipher = number(rows[i].answer)};
        if (rows[i].version == 0x0304)
            answer.key_share_group = number(29);
        converse(&world, 1, 1);
        say_offer(&world, rows[i].ciphers, rows[i].len, &answer);
        analysis_finish(world.analysis);
        const struct finding *finding = find(&world, "pfs.offered");
        if ((finding != NULL) != rows[i].fires)
            fail_msg("row %zu", i);
        if (finding != NULL)
            assert_int_equal(finding->subject, SUBJECT_CLIENT);
        analysis_free(world.analysis);
    }
}

static void test_server_prefers(void **state)
{
    (void)state;
    const struct tls_server_hello good = {.version = number(0x0303), .cipher = number(0xc02f)};
    const struct tls_server_hello bad = {.version = number(0x0303), .cipher = number(0x009c)};
    struct world world = world_new("pfs.offered");
    converse(&world, 1, 1);
    say_offer(&world, "\xc0\x2f", 2, &good);
    converse(&world, 2, 1);
    say_offer(&world, "\x00\x9c", 2, &bad); /* this client knows no other */
    converse(&world, 3, 1);
    say_offer(&world, "\x00\x9c\xc0\x30", 4, &bad); /* one that the server never chose */
    converse(&world, 4, 2);
    say_offer(&world, "\x00\x9c\xc0\x2f", 4, &bad); /* another server */
    converse(&world, 5, 1);
    say_offer(&world, "\x00\x9c\xc0\x2f", 4, &bad);
    analysis_finish(world.analysis);
    const struct finding *finding = find(&world, "pfs.offered");
    assert_int_equal(count(&world), 1);
    assert_int_equal(finding->subject, SUBJECT_SERVER);
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->client.address[3], 5);
    assert_string_equal(evidence(finding, "could_choose")->text,
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    analysis_free(world.analysis);
}

/* --- tickets --- */

static void say_ticket(struct world *world, const char *key_name, uint8_t rest, uint64_t lifetime,
                       size_t len)
{
    uint8_t bytes[160];
    memcpy(bytes, key_name, 16);
    memcpy(bytes + 16, bytes_of(rest, 128).at, 128);
    const struct tls_new_session_ticket ticket = {.transport = "tls",
                                                  .lifetime = number(lifetime),
                                                  .ticket = span_of(bytes, len),
                                                  .ticket_len = number(len)};
    say(world, &observation_tls_new_session_ticket, &ticket);
}

static void test_ticket_key(void **state)
{
    (void)state;
    static const char one[] = "0123456789abcdef", other[] = "fedcba9876543210";
    static const struct {
        const char *name;
        uint8_t rest, server;
        uint64_t after, lifetime; /* nanoseconds after the first ticket; seconds */
        size_t len;
        bool fires;
    } rows[] = {
        {one, 2, 1, 86400 * (uint64_t)1000000000, 300, 144, false}, /* a day and no longer */
        {one, 2, 1, 86401 * (uint64_t)1000000000, 300, 144, true},
        {one, 1, 1, 90000 * (uint64_t)1000000000, 300, 144, false}, /* the same ticket */
        {other, 2, 1, 90000 * (uint64_t)1000000000, 300, 144, false},
        {one, 2, 1, 90000 * (uint64_t)1000000000, 300, 95, false}, /* too short for the layout */
        {one, 2, 2, 5, 300, 144, true},
        {one, 1, 2, 5, 300, 144, false}, /* the same ticket, captured twice */
        {other, 2, 2, 5, 300, 144, false},
        {one, 2, 1, 5, 604800, 144, false},
        {one, 2, 1, 5, 604801, 144, true},
        {one, 2, 1, 5, 604801, 40, true},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("pfs.ticket-key");
        converse(&world, 1, 1);
        say_ticket(&world, one, 1, 300, 144);
        converse(&world, 2, rows[i].server);
        world.now += rows[i].after;
        say_ticket(&world, rows[i].name, rows[i].rest, rows[i].lifetime, rows[i].len);
        analysis_finish(world.analysis);
        const struct finding *finding = find(&world, "pfs.ticket-key");
        if ((finding != NULL) != rows[i].fires)
            fail_msg("row %zu", i);
        if (finding != NULL) {
            assert_int_equal(evidence(finding, "shared")->truth, rows[i].server == 2);
            assert_int_equal(evidence(finding, "unchanged")->truth, rows[i].after > DAY);
            assert_int_equal(finding->confidence,
                             rows[i].lifetime > 604800 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY);
        }
        analysis_free(world.analysis);
    }
}

static void test_early_data(void **state)
{
    (void)state;
    const uint8_t identity[] = {0, 2, 'a', 'b', 0, 0, 0, 1};
    for (int i = 0; i < 3; i++) {
        struct world world = world_new("pfs.early-data");
        struct tls_client_hello hello = {
            .transport = "quic", .early_data = truth(i != 1), .random = bytes_of(1, 32)};
        if (i != 2) /* early data needs a key */
            hello.psk_identities = span_of(identity, sizeof identity);
        converse(&world, 1, 1);
        say(&world, &observation_tls_client_hello, &hello);
        analysis_finish(world.analysis);
        const struct finding *finding = find(&world, "pfs.early-data");
        assert_int_equal(finding != NULL, i == 0);
        if (finding != NULL)
            assert_int_equal(finding->subject, SUBJECT_SERVER);
        analysis_free(world.analysis);
    }
}

/* A handshake of TLS 1.2: what it presents and what it gives, 0 for nothing. */
static void shake(struct world *world, uint8_t ticket, uint8_t session_id, enum truth resumed,
                  uint8_t gives)
{
    const struct tls_client_hello hello = {.ticket = bytes_of(ticket, ticket > 0 ? 64 : 0),
                                           .session_id =
                                               bytes_of(session_id, session_id > 0 ? 32 : 0)};
    const struct tls_server_hello answer = {
        .version = number(0x0303), .cipher = number(0xc02f), .session_id = hello.session_id};
    const struct tls_new_session_ticket given = {.ticket = bytes_of(gives, 64)};
    const struct tls_handshake_summary summary = {.transport = "tls",
                                                  .resumed = resumed,
                                                  .resumed_by =
                                                      ticket > 0 ? "ticket" : "session_id",
                                                  .established = TRUTH_YES};
    world->flow.first_packet += 100;
    say(world, &observation_tls_client_hello, &hello);
    say(world, &observation_tls_server_hello, &answer);
    if (gives > 0)
        say(world, &observation_tls_new_session_ticket, &given);
    say(world, &observation_tls_handshake_summary, &summary);
}

static void test_long_resumption_by_tickets(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct world world = world_new("pfs.long-resumption");
        converse(&world, 1, 1);
        shake(&world, 0, 0, TRUTH_NO, 1);
        world.now += DAY / 2;
        shake(&world, 1, 7, TRUTH_YES, 2);
        world.now += DAY / 2 + (late ? SECOND : 0);
        shake(&world, 2, 8, TRUTH_YES, 3);
        analysis_finish(world.analysis);
        const struct finding *finding = find(&world, "pfs.long-resumption");
        assert_int_equal(finding != NULL, late);
        if (finding != NULL) {
            assert_int_equal(evidence(finding, "seconds")->number, 86401);
            assert_int_equal(evidence(finding, "resumptions")->number, 2);
            assert_string_equal(evidence(finding, "resumed_by")->text, "ticket");
        }
        analysis_free(world.analysis);
    }
}

/* A full handshake begins anew, whatever was presented; and the session ids of two servers are two. */
static void test_long_resumption_look_alikes(void **state)
{
    (void)state;
    struct world world = world_new("pfs.long-resumption");
    converse(&world, 1, 1);
    shake(&world, 0, 0, TRUTH_NO, 1);
    shake(&world, 0, 9, TRUTH_NO, 0);
    world.now += 2 * DAY;
    shake(&world, 1, 7, TRUTH_NO, 2);
    shake(&world, 2, 8, TRUTH_YES, 3);
    shake(&world, 3, 8, TRUTH_UNKNOWN, 4);
    converse(&world, 1, 2);
    shake(&world, 0, 9, TRUTH_YES, 0);
    analysis_finish(world.analysis);
    assert_int_equal(count(&world), 0);
    analysis_free(world.analysis);
}

static void test_long_resumption_by_id(void **state)
{
    (void)state;
    struct world world = world_new("pfs.long-resumption");
    converse(&world, 1, 1);
    shake(&world, 0, 9, TRUTH_YES, 0); /* where it began was not seen */
    world.now += 2 * DAY;
    shake(&world, 0, 9, TRUTH_YES, 0);
    analysis_finish(world.analysis);
    assert_int_equal(count(&world), 1);
    assert_string_equal(evidence(find(&world, "pfs.long-resumption"), "resumed_by")->text,
                        "session_id");
    analysis_free(world.analysis);
}

static void shake_13(struct world *world, bool key_share)
{
    uint8_t identities[2 + 64 + 4] = {0, 64};
    memcpy(identities + 2, bytes_of(1, 64).at, 64);
    const struct tls_client_hello hello = {.psk_identities =
                                               span_of(identities, sizeof identities)};
    struct tls_server_hello answer = {
        .version = number(0x0304), .cipher = number(0x1301), .selected_psk = number(0)};
    if (key_share)
        answer.key_share_group = number(29);
    const struct tls_handshake_summary summary = {
        .transport = "tls", .resumed = TRUTH_YES, .resumed_by = "psk", .established = TRUTH_YES};
    say(world, &observation_tls_client_hello, &hello);
    say(world, &observation_tls_server_hello, &answer);
    say(world, &observation_tls_handshake_summary, &summary);
}

static void test_long_resumption_13(void **state)
{
    (void)state;
    for (int key_share = 0; key_share < 2; key_share++) {
        struct world world = world_new("pfs.long-resumption");
        converse(&world, 1, 1);
        shake_13(&world, key_share);
        world.now += 2 * DAY;
        shake_13(&world, key_share);
        analysis_finish(world.analysis);
        assert_int_equal(count(&world), key_share ? 0 : 1);
        analysis_free(world.analysis);
    }
}

/* --- shared keys --- */

static void show(struct world *world, uint8_t random, uint8_t key, uint8_t der, const char *from,
                 uint64_t index)
{
    const struct tls_server_hello hello = {
        .version = number(0x0303), .cipher = number(0xc02f), .random = bytes_of(random, 32)};
    const struct tls_certificate certificate = {.transport = "tls",
                                                .from = from,
                                                .type = "x509",
                                                .index = number(index),
                                                .der = bytes_of(der, 100),
                                                .x509 = {.key = bytes_of(key, 90)}};
    say(world, &observation_tls_server_hello, &hello);
    say(world, &observation_tls_certificate, &certificate);
}

static void test_shared_key(void **state)
{
    (void)state;
    static const struct {
        uint8_t server, random, key, der;
        const char *from;
        uint64_t index;
        bool ipv6, fires;
        enum confidence confidence;
    } rows[] = {
        {2, 2, 1, 1, "server", 0, false, true, CONFIDENCE_LIKELY},
        {2, 2, 1, 9, "server", 0, false, true, CONFIDENCE_LIKELY}, /* a renewal, perhaps */
        {1, 2, 1, 9, "server", 0, false, false, 0},                /* one host, a new certificate */
        {2, 1, 1, 1, "server", 0, false, false, 0}, /* one handshake, captured twice */
        {2, 2, 3, 3, "server", 0, false, false, 0}, /* another key */
        {2, 2, 1, 1, "client", 0, false, false, 0},
        {2, 2, 1, 1, "server", 1, false, false, 0}, /* who vouches for it */
        {2, 2, 1, 1, "server", 0, true, false, 0},  /* the host's other address, perhaps */
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("pfs.shared-server-key");
        converse(&world, 1, 1);
        show(&world, 1, 1, 1, "server", 0);
        converse(&world, 2, rows[i].server);
        world.flow.ip_version = rows[i].ipv6 ? 6 : 4;
        show(&world, rows[i].random, rows[i].key, rows[i].der, rows[i].from, rows[i].index);
        analysis_finish(world.analysis);
        const struct finding *finding = find(&world, "pfs.shared-server-key");
        if ((finding != NULL) != rows[i].fires)
            fail_msg("row %zu", i);
        if (finding != NULL) {
            assert_int_equal(finding->subject, SUBJECT_KEY);
            assert_int_equal(finding->subject_bytes.len, 32);
            assert_int_equal(evidence(finding, "hosts")->number, 2);
            assert_int_equal(finding->confidence, rows[i].confidence);
        }
        analysis_free(world.analysis);
    }
}

/* A certificate that was only renewed does not come back; two hosts go on with theirs. */
static void test_shared_key_certainty(void **state)
{
    (void)state;
    enum { MOST = 12 };
    static const struct {
        const char *what;
        struct {
            uint8_t server, der;
        } seen[MOST];
        enum confidence confidence;
    } rows[] = {
        {"renewed", {{1, 1}, {2, 1}, {1, 2}, {2, 2}}, CONFIDENCE_LIKELY},
        {"renewed twice", {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {2, 3}, {1, 3}}, CONFIDENCE_LIKELY},
        {"one each", {{1, 1}, {2, 2}, {1, 1}}, CONFIDENCE_CERTAIN},
        {"one each, one renewed", {{1, 1}, {2, 2}, {2, 3}, {1, 1}}, CONFIDENCE_CERTAIN},
        {"many by turns",
         {{1, 1},
          {2, 2},
          {3, 3},
          {4, 4},
          {5, 5},
          {6, 6},
          {1, 1},
          {2, 2},
          {3, 3},
          {4, 4},
          {5, 5},
          {6, 6}},
         CONFIDENCE_CERTAIN},
        {"two at one address, and another", {{1, 1}, {1, 2}, {1, 1}, {2, 1}}, CONFIDENCE_LIKELY},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world = world_new("pfs.shared-server-key");
        for (uint8_t j = 0; j < MOST && rows[i].seen[j].server != 0; j++) {
            world.now += SECOND;
            converse(&world, 1, rows[i].seen[j].server);
            show(&world, (uint8_t)(j + 1), 1, rows[i].seen[j].der, "server", 0);
        }
        analysis_finish(world.analysis);
        const struct finding *finding = find(&world, "pfs.shared-server-key");
        if (finding == NULL || finding->confidence != rows[i].confidence)
            fail_msg("%s", rows[i].what);
        analysis_free(world.analysis);
    }
}

/* --- tables --- */

static void test_host_set(void **state)
{
    (void)state;
    struct host_set set = {.num = {0}};
    for (uint64_t i = 1; i <= 20; i++) {
        host_set_add(&set, 4, i);
        host_set_add(&set, 4, i);
        assert_int_equal(host_set_count(&set), i < HOST_SET_MAX ? i : HOST_SET_MAX);
        host_set_add(&set, 6, 1);
    }
    assert_int_equal(set.num[1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_reuse),
        cmocka_unit_test(test_reuse_look_alikes),
        cmocka_unit_test(test_client_reuse),
        cmocka_unit_test(test_common_primes),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_post_quantum),
        cmocka_unit_test(test_client_offers),
        cmocka_unit_test(test_server_prefers),
        cmocka_unit_test(test_ticket_key),
        cmocka_unit_test(test_early_data),
        cmocka_unit_test(test_long_resumption_by_tickets),
        cmocka_unit_test(test_long_resumption_look_alikes),
        cmocka_unit_test(test_long_resumption_by_id),
        cmocka_unit_test(test_long_resumption_13),
        cmocka_unit_test(test_shared_key),
        cmocka_unit_test(test_shared_key_certainty),
        cmocka_unit_test(test_host_set),
    };
    return cmocka_run_group_tests_name("forward secrecy", tests, NULL, NULL);
}
