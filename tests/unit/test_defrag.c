/* test_defrag.c: fragments in every order, overlapping, contradicting, repeated, too late, too
 * many. */
#include "core/defrag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_PIECES = 8, KIB = 1024 };
static const uint64_t SECOND = 1000000000u;

/* One fragment: |len| bytes of |letter| at |offset|. */
struct piece {
    uint32_t offset;
    uint32_t len;
    char letter;
    bool last;
};

struct setting {
    uint32_t id;
    uint64_t time_ns;
    uint8_t ip_version, num_tunnels;
    size_t cut;
};

static bool add(struct defrag *defrag, const struct setting *setting, struct piece piece,
                struct span *payload)
{
    uint8_t *bytes = malloc(piece.len != 0 ? piece.len : 1);
    assert_non_null(bytes);
    memset(bytes, piece.letter, piece.len);
    const struct frame frame = {.time_ns = setting->time_ns};
    struct packet packet = {.frame = &frame,
                            .ip_version = setting->ip_version,
                            .protocol = PROTO_UDP,
                            .num_tunnels = setting->num_tunnels};
    packet.ends[0].address[0] = 10;
    packet.ends[1].address[0] = 11;
    packet.fragment.id = setting->id;
    packet.fragment.offset = piece.offset;
    packet.fragment.more = !piece.last;
    packet.fragment.protocol = PROTO_UDP;
    packet.fragment.payload = reader_of_cut(span_of(bytes, piece.len), setting->cut);
    const bool complete = defrag_add(defrag, &packet, payload);
    free(bytes); /* so that nothing can point into it */
    return complete;
}

/* Pieces of one datagram; what comes out, as letters each standing for 8 bytes (the last one for
 * what is left), and what is counted. */
static const struct {
    const char *name;
    struct piece pieces[MAX_PIECES];
    unsigned num_pieces;
    const char *letters; /* NULL: nothing comes out */
    uint32_t len;
    uint64_t conflicts, malformed;
} datagrams[] = {
    {"in order", {{0, 16, 'a'}, {16, 8, 'b'}, {24, 3, 'c', true}}, 3, "aabc", 27},
    {"backwards", {{24, 3, 'c', true}, {16, 8, 'b'}, {0, 16, 'a'}}, 3, "aabc", 27},
    {"last in the middle", {{0, 16, 'a'}, {24, 3, 'c', true}, {16, 8, 'b'}}, 3, "aabc", 27},
    {"tiny",
     {{0, 8, 'a'}, {8, 8, 'b'}, {16, 8, 'c'}, {24, 8, 'd'}, {32, 1, 'e', true}},
     5,
     "abcde",
     33},
    {"repeated",
     {{0, 8, 'a'}, {0, 8, 'a'}, {16, 1, 'c', true}, {16, 1, 'c', true}, {8, 8, 'b'}},
     5,
     "abc",
     17},
    {"overlap, first comes first",
     {{0, 16, 'a'}, {8, 16, 'b'}, {24, 8, 'c', true}},
     3,
     "aabc",
     32,
     1},
    {"overlap, later comes first",
     {{8, 16, 'b'}, {0, 16, 'a'}, {24, 8, 'c', true}},
     3,
     "abbc",
     32,
     1},
    {"overlap of the same bytes", {{0, 16, 'a'}, {8, 16, 'a'}, {24, 8, 'c', true}}, 3, "aaac", 32},
    {"wholly within another", {{0, 24, 'a'}, {8, 8, 'b'}, {24, 8, 'c', true}}, 3, "aaac", 32, 1},
    {"over several others",
     {{0, 8, 'a'}, {16, 8, 'b'}, {0, 32, 'z'}, {32, 8, 'c', true}},
     4,
     "azbzc",
     40,
     1},
    {"last overlaps", {{0, 24, 'a'}, {16, 9, 'b', true}}, 2, "aaab", 25, 1},
    {"empty last", {{0, 8, 'a'}, {8, 0, 'b', true}}, 2, "a", 8},
    {"missing first", {{8, 8, 'b'}, {16, 8, 'c', true}}, 2, NULL},
    {"missing middle", {{0, 8, 'a'}, {16, 8, 'c', true}}, 2, NULL},
    {"missing last", {{0, 8, 'a'}, {8, 8, 'b'}}, 2, NULL},
    {"two ends",
     {{16, 8, 'c', true}, {8, 8, 'b', true}, {0, 8, 'a'}, {8, 8, 'b'}},
     4,
     NULL,
     0,
     0,
     1},
    {"beyond the end", {{8, 8, 'b', true}, {16, 8, 'c'}, {0, 8, 'a'}}, 3, NULL, 0, 0, 1},
    {"end before what came", {{16, 8, 'c'}, {8, 8, 'b', true}, {0, 8, 'a'}}, 3, NULL, 0, 0, 1},
    {"end within what came", {{0, 32, 'a'}, {16, 4, 'b', true}}, 2, NULL, 0, 0, 1},
    {"odd length is left out", {{0, 9, 'z'}, {0, 8, 'a'}, {8, 1, 'b', true}}, 3, "ab", 9, 0, 1},
    {"empty is left out", {{0, 0, 'z'}, {0, 8, 'a'}, {8, 1, 'b', true}}, 3, "ab", 9, 0, 1},
    {"too far is left out", {{65528, 8, 'z'}, {0, 8, 'a'}, {8, 1, 'b', true}}, 3, "ab", 9, 0, 1},
};

static void check_letters(struct span payload, const char *letters)
{
    for (size_t i = 0; i < payload.len; i++)
        assert_int_equal(payload.at[i], letters[i / 8]);
}

static void test_datagrams(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof datagrams / sizeof datagrams[0]; i++) {
        struct defrag *defrag = defrag_new(4, 128 * KIB);
        const struct setting setting = {.id = 1, .ip_version = 4};
        struct span payload = {.at = NULL};
        unsigned completed = 0;
        for (unsigned n = 0; n < datagrams[i].num_pieces; n++) {
            if (!add(defrag, &setting, datagrams[i].pieces[n], &payload))
                continue;
            completed++;
            if (datagrams[i].letters == NULL || payload.len != datagrams[i].len)
                fail_msg("%s: gives %zu bytes", datagrams[i].name, payload.len);
            check_letters(payload, datagrams[i].letters);
        }
        const struct defrag_stats *stats = defrag_stats(defrag);
        if (completed != (datagrams[i].letters != NULL))
            fail_msg("%s: completed %u times", datagrams[i].name, completed);
        assert_int_equal(stats->fragments, datagrams[i].num_pieces);
        assert_int_equal(stats->reassembled, completed);
        assert_int_equal(stats->conflicts, datagrams[i].conflicts);
        assert_int_equal(stats->malformed, datagrams[i].malformed);
        assert_int_equal(stats->evicted + stats->expired + stats->cut, 0);
        defrag_free(defrag);
    }
}

/* A whole one at the largest size, in the smallest pieces, in an order that jumps about. */
static void test_largest(void **state)
{
    enum { LEN = 65535, NUM = (LEN + 7) / 8, STEP = 5003 }; /* STEP has no divisor with NUM */
    struct defrag *defrag = defrag_new(4, 128 * KIB);
    const struct setting setting = {.id = 1, .ip_version = 6};
    struct span payload = {.at = NULL};
    bool complete = false;
    (void)state;
    for (uint32_t i = 0, n = 0; i < NUM; i++, n = (n + STEP) % NUM) {
        assert_false(complete);
        const bool last = n == NUM - 1;
        const struct piece piece = {n * 8, last ? LEN % 8 : 8, (char)('a' + n % 26), last};
        complete = add(defrag, &setting, piece, &payload);
    }
    assert_true(complete);
    assert_int_equal(payload.len, LEN);
    for (size_t i = 0; i < payload.len; i++)
        assert_int_equal(payload.at[i], 'a' + i / 8 % 26);
    defrag_free(defrag);
}

/* Datagrams that only one thing tells apart don't mix. */
static void test_keys(void **state)
{
    static const struct setting settings[] = {
        {.id = 1, .ip_version = 4},
        {.id = 2, .ip_version = 4},
        {.id = 1, .ip_version = 6},
        {.id = 1, .ip_version = 4, .num_tunnels = 1},
    };
    enum { NUM = sizeof settings / sizeof settings[0] };
    struct defrag *defrag = defrag_new(NUM, 128 * KIB);
    struct span payload;
    (void)state;
    for (unsigned i = 0; i < NUM; i++)
        assert_false(add(defrag, &settings[i], (struct piece){0, 8, (char)('a' + i)}, &payload));
    for (unsigned i = 0; i < NUM; i++) {
        const char letters[] = {(char)('a' + i), 'z', '\0'};
        assert_true(add(defrag, &settings[i], (struct piece){8, 8, 'z', true}, &payload));
        check_letters(payload, letters);
    }
    assert_int_equal(defrag_stats(defrag)->evicted, 0);
    defrag_free(defrag);
}

static void test_time_out(void **state)
{
    struct defrag *defrag = defrag_new(4, 128 * KIB);
    struct setting setting = {.id = 1, .ip_version = 4, .time_ns = 100 * SECOND};
    struct span payload;
    (void)state;
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    setting.time_ns += 30 * SECOND;
    assert_true(add(defrag, &setting, (struct piece){8, 8, 'b', true}, &payload));

    setting.id = 2;
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    setting.time_ns += 30 * SECOND + 1;
    assert_false(add(defrag, &setting, (struct piece){8, 8, 'b', true}, &payload));
    assert_int_equal(defrag_stats(defrag)->expired, 1);

    setting.time_ns = 1 * SECOND; /* a clock that goes back makes nothing old */
    assert_true(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    assert_int_equal(defrag_stats(defrag)->expired, 1);
    defrag_free(defrag);
}

/* What a mirror port sends twice is not a second datagram, until the identification comes round. */
static void test_repeated_after_the_end(void **state)
{
    struct defrag *defrag = defrag_new(4, 128 * KIB);
    struct setting setting = {.id = 1, .ip_version = 4, .time_ns = 100 * SECOND};
    struct span payload;
    (void)state;
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    assert_true(add(defrag, &setting, (struct piece){8, 8, 'b', true}, &payload));
    setting.time_ns += SECOND / 1000;
    assert_false(add(defrag, &setting, (struct piece){8, 8, 'b', true}, &payload));
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    setting.time_ns += SECOND;
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'c'}, &payload));
    assert_true(add(defrag, &setting, (struct piece){8, 8, 'd', true}, &payload));
    check_letters(payload, "cd");
    setting.time_ns += 100 * SECOND;
    setting.id = 2;
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    assert_int_equal(defrag_stats(defrag)->expired, 0);
    assert_int_equal(defrag_stats(defrag)->reassembled, 2);
    defrag_free(defrag);
}

/* A fragment in a datagram that was itself put together: its bytes, and those of the datagrams
 * around it, are there to the innermost one. */
static void test_nested(void **state)
{
    struct defrag *defrag = defrag_new(16, 128 * KIB);
    struct setting setting = {.ip_version = 4};
    struct span outermost, payload;
    (void)state;
    assert_false(add(defrag, &setting, (struct piece){0, 80, 'a'}, &payload));
    for (setting.id = 1; setting.id <= PACKET_MAX_TUNNELS; setting.id++)
        assert_false(add(defrag, &setting, (struct piece){0, 80, 'a'}, &payload));
    setting.id = 0;
    assert_true(add(defrag, &setting, (struct piece){80, 80, 'b', true}, &outermost));
    payload = outermost;
    for (uint32_t id = 1; id <= PACKET_MAX_TUNNELS; id++) {
        const struct frame frame = {.time_ns = 0};
        struct packet packet = {.frame = &frame, .ip_version = 4};
        packet.ends[0].address[0] = 10;
        packet.ends[1].address[0] = 11;
        packet.fragment.id = id;
        packet.fragment.offset = 80;
        packet.fragment.protocol = PROTO_UDP;
        packet.fragment.payload = reader_of(span_of(payload.at + 80, 80));
        assert_true(defrag_add(defrag, &packet, &payload));
        check_letters(payload, "aaaaaaaaaabbbbbbbbbb");
    }
    check_letters(outermost, "aaaaaaaaaabbbbbbbbbb");
    defrag_free(defrag);
}

static void test_cut(void **state)
{
    struct defrag *defrag = defrag_new(4, 128 * KIB);
    struct setting setting = {.id = 1, .ip_version = 4, .cut = 8};
    struct span payload;
    (void)state;
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    setting.cut = 0;
    assert_false(add(defrag, &setting, (struct piece){16, 8, 'b', true}, &payload));
    assert_false(add(defrag, &setting, (struct piece){0, 16, 'a'}, &payload));
    assert_int_equal(defrag_stats(defrag)->cut, 1);
    assert_int_equal(defrag_stats(defrag)->reassembled, 0);

    setting.time_ns = 100 * SECOND; /* counted as cut, and not again as expired */
    assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    assert_int_equal(defrag_stats(defrag)->expired, 0);
    defrag_free(defrag);
}

/* The oldest goes when the table is full. */
static void test_most_datagrams(void **state)
{
    enum { MAX = 100 };
    struct defrag *defrag = defrag_new(MAX, 1024 * KIB);
    struct setting setting = {.ip_version = 4};
    struct span payload;
    (void)state;
    for (setting.id = 0; setting.id < MAX + 1; setting.id++)
        assert_false(add(defrag, &setting, (struct piece){0, 8, 'a'}, &payload));
    assert_int_equal(defrag_stats(defrag)->evicted, 1);
    for (setting.id = 1; setting.id < MAX + 1; setting.id++)
        assert_true(add(defrag, &setting, (struct piece){8, 8, 'b', true}, &payload));
    setting.id = 0;
    assert_false(add(defrag, &setting, (struct piece){8, 8, 'b', true}, &payload));
    assert_int_equal(defrag_stats(defrag)->evicted, 1); /* what is done goes first */
    defrag_free(defrag);
}

/* The oldest goes when memory is full; what is too large for it alone is given up. */
static void test_most_bytes(void **state)
{
    struct defrag *defrag = defrag_new(100, 48 * KIB);
    struct setting setting = {.ip_version = 4};
    struct span payload;
    (void)state;
    for (setting.id = 0; setting.id < 4; setting.id++)
        assert_false(add(defrag, &setting, (struct piece){0, 16 * KIB, 'a'}, &payload));
    assert_int_equal(defrag_stats(defrag)->evicted, 1);
    /* 1 grows and pushes 2 out; 2 comes again, and is pushed out by 3. */
    for (setting.id = 1; setting.id < 4; setting.id++)
        assert_int_equal(add(defrag, &setting, (struct piece){16 * KIB, 8, 'b', true}, &payload),
                         setting.id != 2);
    assert_int_equal(defrag_stats(defrag)->evicted, 3);
    assert_int_equal(defrag_stats(defrag)->reassembled, 2);

    setting.id = 10;
    const uint64_t evicted = defrag_stats(defrag)->evicted;
    assert_false(add(defrag, &setting, (struct piece){0, 60 * KIB, 'a'}, &payload));
    assert_int_equal(defrag_stats(defrag)->evicted, evicted + 1);
    defrag_free(defrag);
}

/* Whatever comes: no read or write out of bounds, each datagram counted once, the same every
 * time. */
static struct defrag_stats run_random(void)
{
    enum { ROUNDS = 50000 };
    struct defrag *defrag = defrag_new(16, 64 * KIB);
    struct span payload;
    uint32_t seed = 20260726;
    for (unsigned i = 0; i < ROUNDS; i++) {
        seed = seed * 1664525 + 1013904223;
        const uint32_t r = seed >> 8;
        const struct setting setting = {.id = r % 24,
                                        .ip_version = r & 32 ? 4 : 6,
                                        .time_ns = i / 500 * 60 * SECOND + i * (SECOND / 100),
                                        .cut = r % 97 == 0};
        const bool last = r % 5 == 0;
        const struct piece piece = {.offset = r % 13 == 0 ? (1 + r % 8191) * 8
                                                          : (last + (r >> 8 & 7)) * 8,
                                    .len = r % 11 == 0 ? r % 3000 : (r >> 4 & 3) * 8,
                                    .letter = (char)('a' + (r >> 12) % 3),
                                    .last = last};
        if (add(defrag, &setting, piece, &payload))
            assert_true(payload.len <= 65535 && payload.at[payload.len - 1] >= 'a');
    }
    const struct defrag_stats stats = *defrag_stats(defrag);
    defrag_free(defrag);
    return stats;
}

static void test_random(void **state)
{
    (void)state;
    const struct defrag_stats first = run_random(), second = run_random();
    assert_memory_equal(&first, &second, sizeof first);
    assert_true(first.reassembled > 0 && first.expired > 0 && first.evicted > 0);
    assert_true(first.conflicts > 0 && first.malformed > 0 && first.cut > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_repeated_after_the_end),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_most_datagrams),
        cmocka_unit_test(test_most_bytes),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests_name("defrag", tests, NULL, NULL);
}
