/* test_subject_graph.c: identifiers and what ties them: joined, left out, shared, forgotten, settled; and against a
 * naive reference. */
#include "analysis/name_index.h"
#include "analysis/subject_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint32_t START = 1700000000;

/* A session at |now| from 10.0.0.|host| with the |num| identifiers that follow: kind and name. */
struct with {
    enum link_kind kind;
    uint64_t name;
};

static struct subject_use use(struct subject_graph *graph, struct with with, uint32_t host,
                              uint32_t now)
{
    return subject_graph_use(graph, with.name * 0x9e3779b97f4a7c15u, with.kind, host, false, now);
}

static void session(struct subject_graph *graph, uint32_t now, uint8_t host, size_t num,
                    const struct with *with)
{
    const uint8_t address[4] = {10, 0, 0, host};
    struct subject_tie tie = {
        .address = span_of(address, 4), .first_s = now, .last_s = now + 1, .session = true};
    for (size_t i = 0; i < num; i++) {
        use(graph, with[i], host, now);
        tie.as[tie.num] = (uint8_t)with[i].kind;
        tie.names[tie.num++] = with[i].name * 0x9e3779b97f4a7c15u;
    }
    subject_graph_tie(graph, &tie);
}

#define SESSION(graph, now, host, ...)                                                             \
    session(graph, now, host, sizeof((const struct with[]){__VA_ARGS__}) / sizeof(struct with),    \
            (const struct with[]){__VA_ARGS__})

static struct link_counts summary_of(const struct subject_graph *graph)
{
    struct link_counts summary;
    assert_true(subject_graph_summarise(graph, &summary));
    return summary;
}

/* Tickets make a chain, a key ties two chains; without tickets or key less remains. */
static void test_joins(void **state)
{
    (void)state;
    struct subject_graph *graph = subject_graph_new(64, 64);
    SESSION(graph, START, 1, {LINK_TICKET, 1});
    SESSION(graph, START + 10, 1, {LINK_TICKET, 1}, {LINK_TICKET, 2});
    SESSION(graph, START + 20, 2, {LINK_TICKET, 2}, {LINK_CERTIFICATE, 10});
    SESSION(graph, START + 30, 3, {LINK_CERTIFICATE, 10});
    SESSION(graph, START + 40, 4, {LINK_PSK, 20});
    SESSION(graph, START + 50, 4, {LINK_PSK, 20});
    SESSION(graph, START + 60, 5, {LINK_PSK, 21});
    session(graph, START + 70, 6, 0, NULL); /* one that has no identifier */
    const struct link_counts summary = summary_of(graph);
    assert_int_equal(summary.sessions, 8);
    assert_int_equal(summary.linkable, 6);
    assert_int_equal(summary.subjects, 2);
    assert_int_equal(summary.moved, 1);
    assert_int_equal(summary.largest, 4);
    assert_int_equal(summary.sizes[0], 1);
    assert_int_equal(summary.sizes[1], 1);
    const struct link_kind_summary *kinds = summary.kinds;
    assert_int_equal(kinds[LINK_TICKET].identifiers, 2);
    assert_int_equal(kinds[LINK_TICKET].sessions, 3);
    assert_int_equal(kinds[LINK_TICKET].alone, 3);
    assert_int_equal(kinds[LINK_TICKET].without, 4);
    assert_int_equal(kinds[LINK_CERTIFICATE].alone, 2);
    assert_int_equal(kinds[LINK_CERTIFICATE].without, 5);
    assert_int_equal(kinds[LINK_PSK].alone, 2);
    assert_int_equal(kinds[LINK_PSK].without, 4);
    assert_int_equal(kinds[LINK_KEY_SHARE].without, 6);
    assert_int_equal(summary.longest.sessions, 4);
    assert_int_equal(summary.longest.num_addresses, 3);
    assert_int_equal(summary.longest.addresses[0].bytes[3], 1);
    assert_int_equal(summary.longest.addresses[2].bytes[3], 3);
    assert_int_equal(summary.longest.last_ns - summary.longest.first_ns, 31000000000u);
    subject_graph_free(graph);
}

/* Sessions are told when they end: one that began before another, and ended after it, is the first one. */
static void test_first(void **state)
{
    (void)state;
    const struct with key = {LINK_PSK, 1};
    const uint8_t address[4] = {10, 0, 0, 1};
    struct subject_graph *graph = subject_graph_new(64, 64);
    SESSION(graph, START + 500, 1, {LINK_PSK, 1});
    use(graph, key, 1, START + 600);
    subject_graph_tie(graph, &(struct subject_tie){.names = {key.name * 0x9e3779b97f4a7c15u},
                                                   .as = {LINK_PSK},
                                                   .num = 1,
                                                   .address = span_of(address, 4),
                                                   .first_s = START,
                                                   .last_s = START + 1000,
                                                   .session = true});
    const struct link_counts summary = summary_of(graph);
    assert_int_equal(summary.longest.sessions, 2);
    assert_int_equal(summary.longest.first_ns, START * UINT64_C(1000000000));
    assert_int_equal(summary.longest.last_ns, (START + 1000) * UINT64_C(1000000000));
    subject_graph_free(graph);
}

/* Three addresses within a minute: an identifier of several hosts joins nothing; one over more is one that moves. */
static void test_crowd(void **state)
{
    (void)state;
    for (uint32_t gap = 29; gap <= 32; gap++) {
        struct subject_graph *graph = subject_graph_new(64, 64);
        for (uint8_t host = 1; host <= 3; host++)
            SESSION(graph, START + host * gap, host, {LINK_PSK, 1});
        /* the third after the first: 2 * gap */
        bool shared = 2 * gap <= SUBJECT_GRAPH_CROWD_S;
        assert_int_equal(subject_graph_shared(graph, 1 * 0x9e3779b97f4a7c15u), shared);
        const struct link_counts summary = summary_of(graph);
        assert_int_equal(summary.linkable, shared ? 0 : 3);
        assert_int_equal(summary.kinds[LINK_PSK].shared, shared);
        subject_graph_free(graph);
    }
}

/* Eight changes of the address in an hour are a journey, nine are two hosts. */
static void test_moves(void **state)
{
    (void)state;
    for (uint32_t moves = 7; moves <= 10; moves++) {
        struct subject_graph *graph = subject_graph_new(64, 64);
        for (uint32_t i = 0; i <= moves; i++)
            SESSION(graph, START + i * 300, (uint8_t)(1 + i % 2), {LINK_TICKET, 1});
        assert_int_equal(subject_graph_shared(graph, 1 * 0x9e3779b97f4a7c15u),
                         moves > SUBJECT_GRAPH_MOVES);
        subject_graph_free(graph);
    }
}

/* 24 in a day are a journey, too, 25 are not. */
static void test_day_moves(void **state)
{
    (void)state;
    for (uint32_t moves = 23; moves <= 26; moves++) {
        struct subject_graph *graph = subject_graph_new(64, 64);
        for (uint32_t i = 0; i <= moves; i++)
            SESSION(graph, START + i * 3600, (uint8_t)(1 + i % 2), {LINK_TICKET, 1});
        assert_int_equal(subject_graph_shared(graph, 1 * 0x9e3779b97f4a7c15u),
                         moves > SUBJECT_GRAPH_DAY_MOVES);
        subject_graph_free(graph);
    }
}

/* What a shared identifier tied falls apart; other identifiers of the same sessions still tie. */
/* Ten hosts, each with a session a day, come by turns: no device has ten places that it always comes back to. One that
 * goes to and fro between three, and now and then to another, moves. */
static void test_turns(void **state)
{
    (void)state;
    enum { DAY = 86400, DAYS = 20 };
    struct subject_graph *graph = subject_graph_new(64, 1024);
    struct subject_use last = {.shared = false};
    for (uint32_t i = 0; i < DAYS * 10; i++)
        last = use(graph, (struct with){LINK_PSK, 1}, i * 7 % 10 + 1, START + i * (DAY / 10));
    assert_true(last.shared);
    for (uint32_t i = 0; i < DAYS * 5; i++)
        last = use(graph, (struct with){LINK_PSK, 2}, i % 5 == 4 ? 100 + i : i % 3 + 1,
                   START + i * (DAY / 5));
    assert_false(last.shared);
    for (uint32_t i = 0; i < DAYS * 10; i++)
        last = use(graph, (struct with){LINK_PSK, 3}, 1000 + i, START + i * (DAY / 10));
    assert_false(last.shared);
    subject_graph_free(graph);
}

static void test_shared_is_undone(void **state)
{
    (void)state;
    struct subject_graph *graph = subject_graph_new(64, 64);
    SESSION(graph, START, 1, {LINK_PSK, 1}, {LINK_HARDWARE, 11});
    SESSION(graph, START + 600, 2, {LINK_PSK, 1}, {LINK_HARDWARE, 12});
    SESSION(graph, START + 1200, 2, {LINK_PSK, 1}, {LINK_HARDWARE, 12});
    assert_int_equal(summary_of(graph).linkable, 3);
    for (uint8_t host = 3; host <= 5; host++)
        SESSION(graph, START + 2000 + host, host, {LINK_PSK, 1});
    const struct link_counts summary = summary_of(graph);
    assert_int_equal(summary.sessions, 6);
    assert_int_equal(summary.linkable, 2);
    assert_int_equal(summary.subjects, 1);
    subject_graph_free(graph);
}

static void test_use(void **state)
{
    (void)state;
    struct subject_graph *graph = subject_graph_new(64, 64);
    const struct with ticket = {LINK_TICKET, 7};
    assert_false(use(graph, ticket, 1, START).again);
    struct subject_use second = use(graph, ticket, 1, START + 100);
    assert_true(second.again);
    assert_false(second.moved);
    struct subject_use third = use(graph, ticket, 2, START + 130);
    assert_true(third.moved);
    assert_int_equal(third.moved_s, 30);
    assert_int_equal(third.sessions, 3);
    assert_int_equal(third.first_s, START);
    /* IPv6 has a place of its own: a host may have both */
    assert_false(
        subject_graph_use(graph, 7 * 0x9e3779b97f4a7c15u, LINK_TICKET, 9, true, START + 131).moved);
    subject_graph_free(graph);
}

/* A ticket of a week ago is another one, which is not tied to what the first one tied. */
static void test_forgets(void **state)
{
    (void)state;
    struct subject_graph *graph = subject_graph_new(64, 64);
    const uint32_t week = 7 * 86400;
    SESSION(graph, START, 1, {LINK_TICKET, 1});
    SESSION(graph, START + week, 1, {LINK_TICKET, 1}); /* the last moment */
    SESSION(graph, START + 2 * week + 1, 1, {LINK_TICKET, 1});
    SESSION(graph, START, 1, {LINK_CERTIFICATE, 2});
    SESSION(graph, START + 100 * week, 1, {LINK_CERTIFICATE, 2});
    const struct link_counts summary = summary_of(graph);
    assert_int_equal(summary.sessions, 5);
    assert_int_equal(summary.linkable, 4);
    assert_int_equal(summary.kinds[LINK_TICKET].identifiers, 2);
    subject_graph_free(graph);
}

/* A full graph counts what is old, lets it go, and goes on: sums are as of one that has room for all. */
static void test_settles(void **state)
{
    (void)state;
    struct subject_graph *small = subject_graph_new(64, 64), *large = subject_graph_new(8192, 8192);
    struct subject_graph *const graphs[] = {small, large};
    for (size_t g = 0; g < 2; g++) {
        for (uint32_t i = 0; i < 1000; i++) {
            /* every client has two sessions by a ticket, and every fourth a third one by a key */
            SESSION(graphs[g], START + 100 * i, (uint8_t)i, {LINK_TICKET, 10000 + i});
            SESSION(graphs[g], START + 100 * i + 20, (uint8_t)i, {LINK_TICKET, 10000 + i},
                    {LINK_KEY_SHARE, 20000 + i});
            if (i % 4 == 0)
                SESSION(graphs[g], START + 100 * i + 40, (uint8_t)(i + 1),
                        {LINK_KEY_SHARE, 20000 + i});
        }
    }
    struct link_counts few = summary_of(small), all = summary_of(large);
    assert_int_equal(all.sessions, 2250);
    assert_int_equal(all.linkable, 2250);
    assert_int_equal(all.subjects, 1000);
    assert_int_equal(all.kinds[LINK_KEY_SHARE].without, 2000);
    assert_int_equal(all.settled, 0);
    assert_int_equal(subject_graph_settled(large), 0);
    assert_in_range(few.settled, 900, 999);
    assert_int_equal(few.settled, subject_graph_settled(small));
    few.settled = 0;
    assert_memory_equal(&few, &all, sizeof few);
    subject_graph_free(small);
    subject_graph_free(large);
}

/* One identifier at more addresses than there is room for: the sessions are counted, the subject in parts. */
static void test_giant(void **state)
{
    (void)state;
    struct subject_graph *graph = subject_graph_new(64, 64);
    for (uint32_t i = 0; i < 5000; i++) {
        const uint8_t address[4] = {10, 1, (uint8_t)(i >> 8), (uint8_t)i};
        const uint64_t name = 99;
        subject_graph_use(graph, name, LINK_CERTIFICATE, i + 1, false, START + i * 4000);
        struct subject_tie tie = {.names = {name},
                                  .as = {LINK_CERTIFICATE},
                                  .num = 1,
                                  .address = span_of(address, 4),
                                  .first_s = START + i * 4000,
                                  .last_s = START + i * 4000,
                                  .session = true};
        subject_graph_tie(graph, &tie);
    }
    const struct link_counts summary = summary_of(graph);
    assert_int_equal(summary.sessions, 5000);
    assert_true(summary.linkable > 4900);
    assert_true(summary.settled > 0);
    subject_graph_free(graph);
}

/* --- against a naive reference --- */

enum { SESSIONS = 60, NAMES = 25, MOST = 4 };

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

struct model {
    struct with with[SESSIONS][MOST];
    size_t num[SESSIONS];
};

/* Sessions in one set with another one: by spreading from each, as long as anything changes. */
static uint64_t linkable_of(const struct model *model, unsigned kinds)
{
    size_t set[SESSIONS];
    uint64_t linkable = 0;
    for (size_t i = 0; i < SESSIONS; i++)
        set[i] = i;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < SESSIONS; i++)
            for (size_t j = 0; j < SESSIONS; j++)
                for (size_t a = 0; a < model->num[i]; a++)
                    for (size_t b = 0; b < model->num[j]; b++)
                        if ((kinds >> model->with[i][a].kind & 1) != 0 &&
                            model->with[i][a].name == model->with[j][b].name && set[i] < set[j]) {
                            set[j] = set[i];
                            changed = true;
                        }
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        size_t others = 0;
        for (size_t j = 0; j < SESSIONS; j++)
            others += i != j && set[i] == set[j];
        linkable += others > 0;
    }
    return linkable;
}

static void test_reference(void **state)
{
    (void)state;
    const unsigned all = (1u << NUM_LINK_KINDS) - 1;
    for (uint32_t run = 1; run <= 40; run++) {
        struct subject_graph *graph = subject_graph_new(1024, 1024);
        struct model model = {.num = {0}};
        uint32_t seed = run;
        for (size_t i = 0; i < SESSIONS; i++) {
            model.num[i] = next(&seed) % (MOST + 1);
            for (size_t j = 0; j < model.num[i]; j++) {
                uint32_t name = 1 + next(&seed) % (NAMES + 10 * run);
                model.with[i][j] = (struct with){(enum link_kind)(name % NUM_LINK_KINDS), name};
            }
            session(graph, START + (uint32_t)i, 1, model.num[i], model.with[i]);
        }
        const struct link_counts summary = summary_of(graph);
        assert_int_equal(summary.sessions, SESSIONS);
        assert_int_equal(summary.linkable, linkable_of(&model, all));
        for (unsigned kind = 0; kind < NUM_LINK_KINDS; kind++) {
            assert_int_equal(summary.kinds[kind].alone, linkable_of(&model, 1u << kind));
            assert_int_equal(summary.kinds[kind].without, linkable_of(&model, all & ~(1u << kind)));
        }
        subject_graph_free(graph);
    }
}

static void test_index(void **state)
{
    (void)state;
    struct name_index index = {.slots = NULL};
    assert_null(name_index_find(&index, 1));
    for (uint32_t i = 1; i <= 10000; i++)
        assert_true(name_index_add(&index, i * 0x9e3779b97f4a7c15u, i));
    for (uint32_t i = 1; i <= 10000; i++)
        assert_int_equal(*name_index_find(&index, i * 0x9e3779b97f4a7c15u), i);
    assert_null(name_index_find(&index, 10001 * 0x9e3779b97f4a7c15u));
    name_index_clear(&index);
    assert_null(name_index_find(&index, 0x9e3779b97f4a7c15u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_joins),
                                       cmocka_unit_test(test_first),
                                       cmocka_unit_test(test_crowd),
                                       cmocka_unit_test(test_moves),
                                       cmocka_unit_test(test_turns),
                                       cmocka_unit_test(test_day_moves),
                                       cmocka_unit_test(test_shared_is_undone),
                                       cmocka_unit_test(test_use),
                                       cmocka_unit_test(test_forgets),
                                       cmocka_unit_test(test_settles),
                                       cmocka_unit_test(test_giant),
                                       cmocka_unit_test(test_reference),
                                       cmocka_unit_test(test_index)};
    return cmocka_run_group_tests_name("subject graph", tests, NULL, NULL);
}
