/* test_session_mix.c: sessions by version, by key exchange and by time. */
#include "analysis/session_mix.h"

#include "analysis/analysis.h"
#include "dissectors/tls.h"
#include "dissectors/tls_summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t MS = 1000000u, START = UINT64_C(1700000000000000000);

struct world {
    struct analysis *analysis;
    struct flow flow;
    uint64_t packet;
};

static struct world world_new(void)
{
    struct error error = {""};
    struct world world = {.analysis =
                              analysis_new(&(struct analysis_options){.rules = NULL}, &error)};
    assert_non_null(world.analysis);
    return world;
}

static void say(struct world *world, uint64_t time_ns, const struct observation_type *type,
                const void *data)
{
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = &world->flow,
                                            .time_ns = time_ns,
                                            .packet = ++world->packet};
    analysis_observe(world->analysis, &observation);
}

/* A session that began at |time_ns|, and whose summary was late. */
static void say_session(struct world *world, uint64_t time_ns,
                        const struct tls_handshake_summary *summary)
{
    const struct tls_server_hello hello = {
        .transport = summary->transport, .version = summary->version, .cipher = summary->cipher};
    say(world, time_ns, &observation_tls_server_hello, &hello);
    say(world, time_ns + 60000 * MS, &observation_tls_handshake_summary, summary);
}

static struct tls_handshake_summary summary_of(const char *transport, unsigned version,
                                               const char *kx, enum truth forward_secrecy)
{
    return (struct tls_handshake_summary){.transport = transport,
                                          .version = number(version),
                                          .kx = kx,
                                          .forward_secrecy = forward_secrecy};
}

/* What is told, NULL when nothing is. */
static const struct session_mix *mix_of(struct world *world)
{
    size_t num;
    analysis_finish(world->analysis);
    const struct observation *const *told = analysis_told(world->analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (told[i]->type == &observation_session_mix)
            return told[i]->data;
    return NULL;
}

/* "TLS 1.2 2, QUIC 1.3 1" */
static void assert_rows(struct span names, struct span counts, const char *expected)
{
    char text[1024] = "";
    size_t len = 0;
    struct reader name = reader_of(names), count = reader_of(counts);
    while (reader_more(&name)) {
        struct span item = reader_span_vec8(&name);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s %llu", len > 0 ? ", " : "",
                                (int)item.len, (const char *)item.at,
                                (unsigned long long)reader_u64(&count));
    }
    assert_true(reader_ok(&count) && !reader_more(&count));
    assert_string_equal(text, expected);
}

static void test_nothing(void **state)
{
    (void)state;
    struct world world = world_new();
    const struct tls_server_hello retry = {.version = number(0x0304), .hello_retry = TRUTH_YES};
    say(&world, START, &observation_tls_server_hello, &retry);
    const struct tls_handshake_summary unanswered = {.transport = "tls", .hello_retry = TRUTH_YES};
    say(&world, START, &observation_tls_handshake_summary, &unanswered);
    assert_null(mix_of(&world));
    analysis_free(world.analysis);
}

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *transport;
        unsigned version;
        const char *kx;
        enum truth forward_secrecy, resumed;
    } rows[] = {
        {"tls", 0x0303, "ECDHE", TRUTH_YES, TRUTH_NO},
        {"tls", 0x0303, "ECDHE", TRUTH_NO, TRUTH_YES}, /* the same suite, by keys that were kept */
        {"tls", 0x0303, "RSA", TRUTH_NO, TRUTH_NO},
        {"dtls", 0xfefd, "PSK", TRUTH_NO, TRUTH_NO},
        {"quic", 0x0304, "HYBRID", TRUTH_YES, TRUTH_NO},
        {NULL, 0x0304, "PSK", TRUTH_NO, TRUTH_YES},
        {"tls", 0x0002, "RSA", TRUTH_NO, TRUTH_UNKNOWN},
        {"tls", 0x7a79, NULL, TRUTH_UNKNOWN, TRUTH_UNKNOWN},
    };
    struct world world = world_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_handshake_summary summary =
            summary_of(rows[i].transport, rows[i].version, rows[i].kx, rows[i].forward_secrecy);
        summary.resumed = rows[i].resumed;
        say_session(&world, START, &summary);
    }
    const struct session_mix *mix = mix_of(&world);
    assert_non_null(mix);
    assert_int_equal(mix->sessions.value, 8);
    assert_int_equal(mix->forward_secret.value, 2);
    assert_int_equal(mix->not_forward_secret.value, 5);
    assert_rows(mix->versions, mix->version_sessions,
                "TLS 1.2 3, DTLS 1.2 1, QUIC 1.3 1, SSL 2 1, TLS 0x7a79 1, TLS 1.3 1");
    assert_rows(mix->exchanges, mix->exchange_sessions,
                "ECDHE 2, PSK 2, RSA 2, HYBRID 1, unknown 1");
    assert_rows(mix->exchanges, mix->exchange_forward,
                "ECDHE 1, PSK 0, RSA 0, HYBRID 1, unknown 0");
    analysis_free(world.analysis);
}

/* Of more versions than have room the rest is one row, and none is lost. */
static void test_many_versions(void **state)
{
    (void)state;
    struct world world = world_new();
    for (unsigned i = 0; i < 200; i++) {
        const struct tls_handshake_summary summary = summary_of("tls", 0x8000 + i, "RSA", TRUTH_NO);
        say_session(&world, START, &summary);
    }
    const struct session_mix *mix = mix_of(&world);
    struct reader names = reader_of(mix->versions), counts = reader_of(mix->version_sessions);
    struct span first = reader_span_vec8(&names);
    assert_true(span_equal(first, span_text("other")));
    assert_int_equal(reader_u64(&counts), 200 - (SESSION_MIX_ROWS - 1));
    assert_int_equal(mix->version_sessions.len, 8 * SESSION_MIX_ROWS);
    analysis_free(world.analysis);
}

struct total {
    uint64_t sessions, first_ns, last_ns, num;
};

static struct total total_of(const struct session_mix *mix)
{
    struct total total = {0};
    struct reader froms = reader_of(mix->slots), counts = reader_of(mix->slot_sessions);
    while (reader_more(&froms)) {
        uint64_t from = reader_u64(&froms);
        if (total.num++ == 0)
            total.first_ns = from;
        assert_int_equal(from, total.first_ns + (total.num - 1) * mix->slot_ns.value);
        total.sessions += reader_u64(&counts);
        total.last_ns = from;
    }
    return total;
}

/* However far apart sessions are, and in whichever order they come, the parts of the time hold all of them. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        int64_t at[5]; /* ms from START */
        unsigned num;
        uint64_t most_ms; /* that a part may take */
    } rows[] = {
        {{0}, 1, 1},
        {{0, 63}, 2, 1},
        {{0, 64}, 2, 2},
        {{64, 0}, 2, 2},
        {{0, 3600000}, 2, 65536},
        {{3600000, 0, 1}, 3, 65536},
        {{5, 4, 3, 2, 1}, 5, 1},
        {{0, 86400000, 1, 2592000000, -1000}, 5, 67108864},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = world_new();
        const struct tls_handshake_summary summary = summary_of("tls", 0x0303, "RSA", TRUTH_NO);
        int64_t first = rows[i].at[0], last = rows[i].at[0];
        for (unsigned k = 0; k < rows[i].num; k++) {
            const int64_t at = rows[i].at[k];
            say_session(&world, START + (uint64_t)(at * (int64_t)MS), &summary);
            first = at < first ? at : first;
            last = at > last ? at : last;
        }
        const struct session_mix *mix = mix_of(&world);
        const struct total total = total_of(mix);
        assert_int_equal(total.sessions, rows[i].num);
        assert_true(total.num <= SESSION_MIX_SLOTS && total.num > 0);
        assert_true(mix->slot_ns.value <= rows[i].most_ms * MS);
        assert_true(total.first_ns <= START + (uint64_t)(first * (int64_t)MS));
        assert_true(total.last_ns + mix->slot_ns.value > START + (uint64_t)(last * (int64_t)MS));
        analysis_free(world.analysis);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_many_versions),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests_name("session_mix", tests, NULL, NULL);
}
