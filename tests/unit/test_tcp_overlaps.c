/* test_tcp_overlaps.c: segments that overlap with other bytes, which systems resolve each in their own way, so that a
 * sender can show one thing to a receiver and another to an observer.
 *
 * The policies are those of Novak and Sturges, "Target-Based TCP Stream Reassembly" (2007), and Shankar and Paxson,
 * "Active Mapping" (2003), for bytes that wait behind a hole; what a receiver has handed to its program is settled.
 * perpass keeps the first bytes; whenever the policies differ it says that there were others. */
#include "core/memory.h"
#include "core/tcp_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

enum { LEN = 24, MAX_SEGMENTS = 6, CASES = 20000, ISN = 0xfffffff0u };

/* A segment, from |from| up to |to| of the stream; all its bytes are |byte|. */
struct part {
    unsigned from, to;
    uint8_t byte;
};

/* Whether a byte of |late| takes the place of one of |early|. */
typedef bool policy(const struct part *early, const struct part *late);

static bool first(const struct part *early, const struct part *late)
{
    (void)early;
    (void)late;
    return false;
}

static bool last(const struct part *early, const struct part *late)
{
    (void)early;
    (void)late;
    return true;
}

static bool bsd(const struct part *early, const struct part *late)
{
    return late->from < early->from;
}

static bool linux_(const struct part *early, const struct part *late)
{
    return late->from < early->from || (late->from == early->from && late->to > early->to);
}

static bool windows(const struct part *early, const struct part *late)
{
    return late->from < early->from && late->to > early->to;
}

static bool solaris(const struct part *early, const struct part *late)
{
    return late->to >= early->to && late->from <= early->from;
}

static policy *const policies[] = {first, last, bsd, linux_, windows, solaris};
enum { NUM_POLICIES = sizeof policies / sizeof policies[0] };

/* What a receiver has in the end; the first byte, which comes last, fills the hole. */
static void receive(policy *replaces, const struct part *parts, size_t num, uint8_t bytes[LEN])
{
    const struct part *owners[LEN] = {NULL};
    for (size_t i = 0; i < num; i++)
        for (unsigned at = parts[i].from; at < parts[i].to; at++)
            if (owners[at] == NULL || replaces(owners[at], &parts[i]))
                owners[at] = &parts[i];
    for (unsigned at = 0; at < LEN; at++)
        bytes[at] = owners[at] != NULL ? owners[at]->byte : '?';
}

struct read {
    uint8_t bytes[LEN];
    size_t len;
};

static bool consume(void *to, struct reader *bytes, bool gap)
{
    struct read *read = to;
    (void)gap;
    const struct span taken = reader_bytes(bytes, reader_left(bytes));
    assert_true(read->len + taken.len <= LEN);
    memcpy(read->bytes + read->len, taken.at, taken.len);
    read->len += taken.len;
    return true;
}

/* What perpass reads; whether it says that there were other bytes. */
static bool observe(const struct part *parts, size_t num, struct read *read)
{
    struct stream_pool *pool = stream_pool_new(1 << 20);
    struct tcp_stream *stream = tcp_stream_new(pool);
    const struct stream_consumer consumer = {.to = read, .consume = consume};
    assert_true(tcp_stream_add(pool, stream, ISN, true, (struct span){0}, 0, &consumer));
    for (size_t i = 0; i < num; i++) {
        uint8_t bytes[LEN];
        memset(bytes, parts[i].byte, sizeof bytes);
        (void)tcp_stream_add(pool, stream, ISN + 1 + parts[i].from, false,
                             span_of(bytes, parts[i].to - parts[i].from), 0, &consumer);
    }
    const bool conflicted = tcp_stream_conflicted(stream);
    assert_int_equal(conflicted, stream_pool_stats(pool)->conflicts != 0);
    tcp_stream_flush(pool, stream, &consumer);
    tcp_stream_free(pool, stream);
    stream_pool_free(pool);
    return conflicted;
}

static uint32_t below(uint64_t *dice, uint32_t n)
{
    *dice = *dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*dice >> 33) % n;
}

/* Parts at random, then what they left open, and at last the first byte. */
static size_t draw(uint64_t *dice, struct part parts[])
{
    const size_t some = 2 + below(dice, MAX_SEGMENTS - 1);
    bool there[LEN] = {false};
    size_t num = 0;
    for (; num < some; num++) {
        const unsigned from = 1 + below(dice, LEN - 1), len = 1 + below(dice, LEN - from);
        parts[num] = (struct part){from, from + len, (uint8_t)('a' + below(dice, 3))};
        memset(there + from, true, len);
    }
    for (unsigned at = 1; at < LEN; at++)
        if (!there[at])
            parts[num++] = (struct part){at, at + 1, 'x'};
    parts[num++] = (struct part){0, 1, 'x'};
    return num;
}

static bool are_inconsistent(const struct part *parts, size_t num)
{
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < i; j++)
            if (parts[i].from < parts[j].to && parts[j].from < parts[i].to &&
                parts[i].byte != parts[j].byte)
                return true;
    return false;
}

static void what_systems_read_differently_is_told(void **state)
{
    (void)state;
    uint64_t dice = 1;
    unsigned differ[NUM_POLICIES] = {0}, told = 0;
    for (unsigned number = 0; number < CASES; number++) {
        struct part parts[MAX_SEGMENTS + LEN + 1];
        struct read read = {.len = 0};
        uint8_t results[NUM_POLICIES][LEN];
        bool differs = false;
        const size_t num = draw(&dice, parts);
        for (size_t i = 0; i < NUM_POLICIES; i++) {
            receive(policies[i], parts, num, results[i]);
            const bool other = memcmp(results[i], results[0], LEN) != 0;
            differ[i] += other;
            differs = differs || other;
        }
        const bool conflicted = observe(parts, num, &read);
        assert_int_equal(read.len, LEN);
        assert_memory_equal(read.bytes, results[0], LEN);
        assert_true(conflicted || !differs);
        assert_int_equal(conflicted, are_inconsistent(parts, num));
        told += conflicted;
    }
    printf("    %u cases, %u told; other bytes than the first ones: last %u, BSD %u, Linux %u, "
           "Windows %u, Solaris %u\n",
           (unsigned)CASES, told, differ[1], differ[2], differ[3], differ[4], differ[5]);
    assert_int_equal(memory_refused(), 0);
    for (size_t i = 1; i < NUM_POLICIES; i++)
        assert_true(differ[i] > CASES / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_systems_read_differently_is_told)};
    return cmocka_run_group_tests_name("tcp_overlaps", tests, NULL, NULL);
}
