/* test_blast_radius.c: which secret opens which recorded sessions: for every kind what counts, what only looks so, and
 * what gives way. */
#include "analysis/blast_radius.h"
#include "analysis/blast_secrets.h"
#include "analysis_world.h"
#include "core/common_observations.h"
#include "dissectors/tls.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Bytes that are different for each number, of |len|, at most 256. */
static struct span bytes_of(unsigned number, size_t len)
{
    static uint8_t store[64][256];
    static unsigned next;
    uint8_t *at = store[next++ % 64];
    for (size_t i = 0; i < 256; i++)
        at[i] = (uint8_t)(i * 7 + (i % 3 == 0 ? number : i % 3 == 1 ? number >> 8 : number >> 16));
    return span_of(at, len);
}

/* A ticket under the key |key|. */
static struct span ticket_of(unsigned key, unsigned number)
{
    static uint8_t store[4][160];
    static unsigned next;
    uint8_t *at = store[next++ % 4];
    memcpy(at + 16, bytes_of(number, 144).at, 144);
    memcpy(at, bytes_of(1000 + key, 16).at, 16);
    return span_of(at, 160);
}

/* A new conversation of a client with a server. */
static void converse(struct world *world, uint8_t client, uint8_t server)
{
    world->now += SECOND;
    world->flow = (struct flow){.ip_version = 4,
                                .protocol = PROTO_TCP,
                                .first_packet = ++world->packet,
                                .first_ns = world->now,
                                .last_ns = world->now};
    world->flow.ends[0] =
        (struct endpoint){.address = {10, 0, 0, client}, .port = (uint16_t)world->packet};
    world->flow.ends[1] = (struct endpoint){.address = {192, 0, 2, server}, .port = 443};
}

static void end(struct world *world, uint64_t bytes)
{
    world->now += SECOND;
    world->flow.bytes[0] = bytes / 4;
    world->flow.bytes[1] = bytes - bytes / 4;
    world->flow.last_ns = world->now;
    say(world, &observation_flow_end, &(struct flow_end_observation){.how = "closed"});
}

/* A handshake up to version 1.2; what is 0 does not come. */
struct handshake {
    uint16_t cipher;
    unsigned random; /* of both sides */
    unsigned server_key, identity, value, presents_key, presents, gives_key, gives, id;
    bool resumed, failed;
};

enum { RSA = 0x009c, ECDHE = 0xc02f, PSK = 0x00a8, ECDH = 0xc031, RSA_PSK = 0x00ac };
enum { DHE_PSK = 0x00aa, ECDHE_PSK = 0xd001 };

static void shake(struct world *world, const struct handshake *h)
{
    const struct tls_client_hello client = {
        .transport = "tls",
        .random = bytes_of(h->random, 32),
        .session_id = h->resumed && h->id != 0 ? bytes_of(h->id, 32) : span_text(""),
        .ticket = h->presents_key != 0 ? ticket_of(h->presents_key, h->presents)
                                       : (struct span){.at = NULL}};
    const struct tls_server_hello server = {.transport = "tls",
                                            .version = number(0x0303),
                                            .cipher = number(h->cipher),
                                            .random = bytes_of(h->random + 500, 32),
                                            .session_id =
                                                h->id != 0 ? bytes_of(h->id, 32) : span_text("")};
    say(world, &observation_tls_client_hello, &client);
    say(world, &observation_tls_server_hello, &server);
    if (h->server_key != 0)
        say(world, &observation_tls_certificate,
            &(struct tls_certificate){.transport = "tls",
                                      .from = "server",
                                      .type = "x509",
                                      .index = number(0),
                                      .der = bytes_of(h->server_key, 200),
                                      .x509.key = bytes_of(h->server_key, 90)});
    if (h->value != 0)
        say(world, &observation_tls_server_key_exchange,
            &(struct tls_server_key_exchange){.kx = "ECDHE",
                                              .public_value = bytes_of(h->value, 65)});
    if (!h->resumed)
        say(world, &observation_tls_client_key_exchange,
            &(struct tls_client_key_exchange){.kx = "",
                                              .psk_identity = h->identity != 0
                                                                  ? bytes_of(h->identity, 20)
                                                                  : (struct span){.at = NULL}});
    if (h->gives_key != 0)
        say(world, &observation_tls_new_session_ticket,
            &(struct tls_new_session_ticket){.ticket = ticket_of(h->gives_key, h->gives)});
    say(world, &observation_tls_handshake_summary,
        &(struct tls_handshake_summary){.transport = "tls",
                                        .kx = "X",
                                        .resumed = h->resumed ? TRUTH_YES : TRUTH_NO,
                                        .established = h->failed ? TRUTH_NO : TRUTH_YES});
}

/* Finishes, and gives what is told, |num| secrets. */
static const struct blast_radius *told(struct world *world, size_t index, size_t num)
{
    size_t all, found = 0;
    const struct observation *const *items = analysis_told(world->analysis, &all);
    const struct blast_radius *at = NULL;
    for (size_t i = 0; i < all; i++)
        if (items[i]->type == &observation_blast_radius && found++ == index)
            at = items[i]->data;
    assert_int_equal(found, num);
    return at;
}

static void expect(struct world *world, size_t index, size_t num, const char *row)
{
    char text[200] = "";
    const struct blast_radius *radius = told(world, index, num);
    if (radius != NULL)
        snprintf(text, sizeof text, "%s %s%u sessions, %u bytes, %u clients, %u servers, %s",
                 radius->secret, radius->role != NULL ? radius->role : "",
                 (unsigned)radius->sessions.value, (unsigned)radius->bytes.value,
                 (unsigned)radius->clients.value, (unsigned)radius->servers.value,
                 radius->confidence);
    assert_string_equal(text, row);
}

static void test_server_key(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    const struct handshake rsa = {.cipher = RSA, .random = 1, .server_key = 7};
    struct handshake h = rsa;
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 1000);
    h.random = 2;
    converse(&world, 2, 1);
    shake(&world, &h);
    end(&world, 200);
    h.random = 3; /* static (EC)DH with the same key, another server */
    h.cipher = ECDH;
    converse(&world, 2, 2);
    shake(&world, &h);
    end(&world, 30);
    h.random = 4; /* forward secrecy: opens nothing */
    h.cipher = ECDHE;
    h.value = 9;
    converse(&world, 3, 3);
    shake(&world, &h);
    end(&world, 4);
    h = rsa; /* came to nothing */
    h.random = 5;
    h.failed = true;
    converse(&world, 4, 1);
    shake(&world, &h);
    end(&world, 50000);
    h = rsa; /* captured a second time, elsewhere */
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 1000);
    analysis_finish(world.analysis);
    expect(&world, 0, 1, "server_key 3 sessions, 1230 bytes, 2 clients, 3 servers, certain");
    assert_int_equal(told(&world, 0, 1)->authenticated.value, 4);
    assert_int_equal(told(&world, 0, 1)->key_sha256.len, 32);
    assert_int_equal(told(&world, 0, 1)->first_ns.value, 1700000001u * SECOND);
    assert_int_equal(told(&world, 0, 1)->last_ns.value, 1700000006u * SECOND);
    analysis_free(world.analysis);
}

/* A key that opens nothing is told where several servers have it. */
static void test_shared_key(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {.cipher = ECDHE, .server_key = 7, .value = 1};
    for (uint8_t i = 0; i < 12; i++) {
        h.random = 10u + i;
        h.value = 10u + i;
        converse(&world, i, i < 10 ? i : 1);
        shake(&world, &h);
        end(&world, 100);
    }
    h.server_key = 8;
    h.random = h.value = 40;
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 100);
    analysis_finish(world.analysis);
    expect(&world, 0, 1, "server_key 0 sessions, 0 bytes, 0 clients, 8 servers, certain");
    assert_int_equal(told(&world, 0, 1)->authenticated.value, 12);
    assert_int_equal(told(&world, 0, 1)->first_ns.value, 1700000001u * SECOND);
    analysis_free(world.analysis);
}

static void test_psk(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {.cipher = PSK, .random = 1, .identity = 3};
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 100);
    h.random = 2;
    converse(&world, 1, 2);
    shake(&world, &h);
    end(&world, 20);
    h.random = 3; /* takes two secrets */
    h.cipher = RSA_PSK;
    h.server_key = 7;
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 5000);
    analysis_finish(world.analysis);
    expect(&world, 0, 1, "psk 2 sessions, 120 bytes, 1 clients, 2 servers, certain");
    assert_true(span_equal(told(&world, 0, 1)->psk_identity, bytes_of(3, 20)));
    analysis_free(world.analysis);
}

/* The session that a ticket was given in, those that present it, and those that get another one of the key. */
static void test_ticket_key(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {
        .cipher = ECDHE, .random = 1, .server_key = 7, .value = 1, .gives_key = 1, .gives = 1};
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 1000);
    h = (struct handshake){
        .cipher = ECDHE, .random = 2, .resumed = true, .presents_key = 1, .presents = 1};
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 200);
    h.random = 3; /* a ticket is offered, and refused: a full handshake */
    h.resumed = false;
    h.value = 3;
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 50000);
    analysis_sum_up(world.analysis);
    expect(&world, 0, 1, "ticket_key 2 sessions, 1200 bytes, 1 clients, 1 servers, possible");
    h = (struct handshake){.cipher = ECDHE, .random = 4, .value = 4, .gives_key = 1, .gives = 2};
    converse(&world, 2, 1);
    shake(&world, &h);
    end(&world, 30);
    analysis_finish(world.analysis);
    expect(&world, 0, 1, "ticket_key 3 sessions, 1230 bytes, 2 clients, 1 servers, likely");
    assert_true(span_equal(told(&world, 0, 1)->ticket_key_name, bytes_of(1001, 16)));
    analysis_free(world.analysis);
}

/* What a session goes back to opens it, too: by ticket, by session id, and by a ticket of a resumed session. */
static void test_resumption(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {
        .cipher = RSA, .random = 1, .server_key = 7, .gives_key = 1, .gives = 1, .id = 60};
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 1);
    h = (struct handshake){.cipher = RSA,
                           .random = 2,
                           .resumed = true,
                           .presents_key = 1,
                           .presents = 1,
                           .gives_key = 1,
                           .gives = 2};
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 20);
    h = (struct handshake){
        .cipher = RSA, .random = 3, .resumed = true, .presents_key = 1, .presents = 2};
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 300);
    h = (struct handshake){.cipher = RSA, .random = 4, .resumed = true, .id = 60};
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 4000);
    h.random = 5; /* the same session id of another server */
    converse(&world, 1, 2);
    shake(&world, &h);
    end(&world, 50000);
    h.random = 6; /* a resumed session of which the beginning was not seen */
    h.id = 61;
    converse(&world, 1, 1);
    shake(&world, &h);
    end(&world, 600000);
    analysis_finish(world.analysis);
    expect(&world, 0, 2, "server_key 4 sessions, 4321 bytes, 1 clients, 1 servers, certain");
    expect(&world, 1, 2, "ticket_key 3 sessions, 321 bytes, 1 clients, 1 servers, likely");
    analysis_free(world.analysis);
}

static void test_ephemeral_key(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {.cipher = ECDHE, .server_key = 7, .value = 5};
    for (uint8_t i = 0; i < 3; i++) {
        h.random = 10u + i;
        converse(&world, i, 1);
        shake(&world, &h);
        if (i == 1) /* goes on while the next one begins: the last to end */
            continue;
        end(&world, 100u + i);
    }
    h.random = 20;
    h.value = 6; /* once only, but captured twice */
    for (unsigned i = 0; i < 2; i++) {
        converse(&world, 9, 1);
        shake(&world, &h);
        end(&world, 1000);
    }
    analysis_finish(world.analysis);
    expect(&world, 0, 1,
           "ephemeral_key server2 sessions, 202 bytes, 2 clients, 1 servers, certain");
    assert_true(span_equal(told(&world, 0, 1)->public_value, bytes_of(5, 65)));
    analysis_free(world.analysis);
}

/* A PSK beside the ephemeral keys takes both. */
static void test_ephemeral_key_and_psk(void **state)
{
    (void)state;
    static const uint16_t ciphers[] = {DHE_PSK, ECDHE_PSK};
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        struct world world = world_new(NULL);
        struct handshake h = {.cipher = ciphers[i], .value = 5, .identity = 3};
        for (h.random = 1; h.random <= 3; h.random++) {
            converse(&world, 1, 1);
            shake(&world, &h);
            end(&world, 100);
        }
        analysis_finish(world.analysis);
        (void)told(&world, 0, 0);
        analysis_free(world.analysis);
    }
}

/* TLS 1.3: shares of both sides; a PSK, or a ticket, without a key share. */
struct handshake13 {
    unsigned random, share, server_share, identity, ticket_key, ticket;
    bool psk_ke;
};

static void shake13(struct world *world, const struct handshake13 *h)
{
    static const uint8_t both_modes[] = {0, 1}, dhe_only[] = {1};
    uint8_t shares[5 + 4 + 32] = {0x2a, 0x2a, 0, 1, 0, 0, 29, 0, 32}, psks[2 + 160 + 4];
    const uint8_t binders[33] = {32};
    const struct span identity =
        h->ticket_key != 0 ? ticket_of(h->ticket_key, h->ticket) : bytes_of(h->identity, 20);
    memcpy(shares + 9, bytes_of(h->share, 32).at, 32);
    psks[0] = 0;
    psks[1] = (uint8_t)identity.len;
    memcpy(psks + 2, identity.at, identity.len);
    memset(psks + 2 + identity.len, h->ticket_key != 0 ? 0x5a : 0, 4);
    const bool psk = h->identity != 0 || h->ticket_key != 0;
    const struct span none = {.at = NULL};
    const struct tls_client_hello client = {
        .transport = "tls",
        .random = bytes_of(h->random, 32),
        .session_id = span_text(""),
        .key_shares = span_of(shares, sizeof shares),
        .psk_modes = psk ? (h->psk_ke ? span_of(both_modes, 2) : span_of(dhe_only, 1)) : none,
        .psk_identities = psk ? span_of(psks, 2 + identity.len + 4) : none,
        .psk_binders = psk ? span_of(binders, sizeof binders) : none};
    const struct tls_server_hello server = {
        .transport = "tls",
        .version = number(0x0304),
        .cipher = number(0x1301),
        .random = bytes_of(h->random + 500, 32),
        .selected_psk = psk ? number(0) : (struct number){.seen = false},
        .key_share_group = h->psk_ke ? (struct number){.seen = false} : number(29),
        .key_share = h->psk_ke ? none : bytes_of(h->server_share, 32)};
    say(world, &observation_tls_client_hello, &client);
    say(world, &observation_tls_server_hello, &server);
    say(world, &observation_tls_handshake_summary,
        &(struct tls_handshake_summary){.transport = "tls", .kx = "X", .established = TRUTH_YES});
}

static void test_version_13(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    const struct handshake13 rows[] = {
        {.random = 1, .share = 1, .server_share = 2},
        {.random = 2, .share = 1, .server_share = 3}, /* the client's share again */
        {.random = 3, .share = 4, .psk_ke = true, .identity = 30},
        {.random = 4, .share = 5, .psk_ke = true, .identity = 30},
        {.random = 5, .share = 6, .psk_ke = true, .identity = 30},
        {.random = 6, .share = 7, .server_share = 8, .identity = 30}, /* psk_dhe_ke */
        {.random = 9,
         .share = 12,
         .server_share = 8,
         .identity = 30}, /* … the share again: takes both */
        {.random = 7, .share = 9, .server_share = 10, .ticket_key = 1, .ticket = 1},
        {.random = 8, .share = 11, .psk_ke = true, .ticket_key = 2, .ticket = 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        converse(&world, 1, 1);
        shake13(&world, &rows[i]);
        end(&world, 100 + i);
    }
    analysis_finish(world.analysis);
    const struct blast_radius *psk = told(&world, 0, 3);
    assert_string_equal(psk->secret, "psk");
    assert_int_equal(psk->sessions.value, 3);
    assert_int_equal(psk->bytes.value, 102 + 103 + 104);
    expect(&world, 1, 3,
           "ephemeral_key client2 sessions, 201 bytes, 1 clients, 1 servers, certain");
    expect(&world, 2, 3, "ticket_key 1 sessions, 108 bytes, 1 clients, 1 servers, possible");
    analysis_free(world.analysis);
}

/* Several sessions on the same ports: each has its own bytes. */
static void test_several_sessions(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {.cipher = PSK, .random = 1, .identity = 3};
    converse(&world, 1, 1);
    world.flow.bytes[0] = 10; /* before the first hello: the first session's */
    shake(&world, &h);
    say(&world, &observation_tls_handshake_summary, /* told twice: nothing changes */
        &(struct tls_handshake_summary){.transport = "tls", .kx = "Y", .established = TRUTH_YES});
    world.flow.bytes[0] = 1000;
    h.failed = true;
    h.random = 2;
    shake(&world, &h); /* nothing came of it: the next one's */
    world.flow.bytes[1] = 200;
    h = (struct handshake){.cipher = PSK, .random = 3, .identity = 4};
    shake(&world, &h);
    end(&world, 5000);
    analysis_finish(world.analysis);
    expect(&world, 0, 2, "psk 1 sessions, 4000 bytes, 1 clients, 1 servers, certain");
    expect(&world, 1, 2, "psk 1 sessions, 1000 bytes, 1 clients, 1 servers, certain");
    assert_int_equal(told(&world, 1, 2)->first_ns.value, world.flow.first_ns);
    assert_true(told(&world, 0, 2)->first_ns.value >= told(&world, 1, 2)->first_ns.value);
    analysis_free(world.analysis);
}

/* Exchanges of one flow that are mixed: each has its own hellos, and its own bytes. */
static void test_exchanges(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    converse(&world, 1, 1);
    const uint8_t orders[][3] = {{1, 2, 3}, {2, 3, 1}, {3, 1, 2}};
    for (size_t i = 0; i < 3; i++) {
        const struct tls_client_hello hello = {
            .transport = "eap", .random = bytes_of(orders[0][i], 32), .session_id = span_text("")};
        world.exchange = orders[0][i];
        say(&world, &observation_tls_client_hello, &hello);
    }
    for (size_t i = 0; i < 3; i++) {
        const struct tls_server_hello hello = {.transport = "eap",
                                               .version = number(0x0303),
                                               .cipher = number(orders[1][i] == 1 ? PSK : ECDHE),
                                               .random = bytes_of(500u + orders[1][i], 32),
                                               .session_id = span_text("")};
        world.exchange = orders[1][i];
        say(&world, &observation_tls_server_hello, &hello);
    }
    for (size_t i = 0; i < 3; i++) {
        const struct tls_client_key_exchange exchange = {.kx = "", .psk_identity = bytes_of(7, 20)};
        const struct tls_handshake_summary summary = {
            .transport = "eap", .kx = "X", .resumed = TRUTH_NO, .established = TRUTH_YES};
        const struct exchange_end_observation over = {.bytes = 10u * orders[2][i]};
        world.exchange = orders[2][i];
        say(&world, &observation_tls_client_key_exchange, &exchange);
        say(&world, &observation_tls_handshake_summary, &summary);
        say(&world, &observation_exchange_end, &over);
    }
    world.exchange = 0;
    end(&world, 5000);
    analysis_finish(world.analysis);
    expect(&world, 0, 1, "psk 1 sessions, 10 bytes, 1 clients, 1 servers, certain");
    analysis_free(world.analysis);
}

/* Many that open one session each give way before one that opens two; reports have the worst thousand. */
static void test_bounds(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {.cipher = PSK, .identity = 3};
    for (unsigned i = 0; i < 2; i++) {
        h.random = i + 1;
        converse(&world, 1, 1);
        shake(&world, &h);
        end(&world, 100);
    }
    for (unsigned i = 0; i < BLAST_MOST_SECRETS + 100; i++) {
        h.random = 1000 + i;
        h.identity = 1000 + i;
        converse(&world, 1, 1);
        shake(&world, &h);
        end(&world, 50);
    }
    analysis_finish(world.analysis);
    expect(&world, 0, BLAST_MOST_TOLD, "psk 2 sessions, 200 bytes, 1 clients, 1 servers, certain");
    const struct analysis_stats stats = analysis_stats(world.analysis);
    assert_int_equal(stats.blast_secrets, BLAST_MOST_SECRETS);
    assert_int_equal(stats.blast_secrets_left_out, BLAST_MOST_SECRETS - BLAST_MOST_TOLD);
    assert_true(stats.table_evictions >= 101);
    analysis_free(world.analysis);
}

/* The table is told again at each interval, and not twice. */
static void test_intervals(void **state)
{
    (void)state;
    struct world world = world_new(NULL);
    struct handshake h = {.cipher = PSK, .identity = 3};
    for (unsigned i = 0; i < 3; i++) {
        h.random = i + 1;
        converse(&world, 1, 1);
        shake(&world, &h);
        end(&world, 100);
        analysis_sum_up(world.analysis);
        assert_int_equal(told(&world, 0, 1)->sessions.value, i + 1);
        analysis_interval(world.analysis, i == 1);
    }
    analysis_finish(world.analysis);
    assert_int_equal(told(&world, 0, 1)->sessions.value, 3);
    analysis_free(world.analysis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_server_key),
                                       cmocka_unit_test(test_shared_key),
                                       cmocka_unit_test(test_psk),
                                       cmocka_unit_test(test_ticket_key),
                                       cmocka_unit_test(test_resumption),
                                       cmocka_unit_test(test_ephemeral_key),
                                       cmocka_unit_test(test_ephemeral_key_and_psk),
                                       cmocka_unit_test(test_version_13),
                                       cmocka_unit_test(test_several_sessions),
                                       cmocka_unit_test(test_exchanges),
                                       cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_intervals)};
    return cmocka_run_group_tests_name("blast_radius", tests, NULL, NULL);
}
