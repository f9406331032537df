/* test_tftp_blocks.c: blocks in order: numbers that roll over, losses, windows out of order, bounds; and random
 * disorder against a plain model of it. */
#include "dissectors/tftp_blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_FILE = 80000 * 8 };

/* What came out: bytes where they belong, by adding up what was read and what is missing. */
struct out {
    uint8_t *bytes;
    uint8_t *seen;
    uint64_t at;
    bool lost_track;
    bool only_counts;
};

static void out_add(void *to, struct span bytes)
{
    struct out *out = to;
    assert_true(out->only_counts || out->at + bytes.len <= MAX_FILE);
    if (bytes.len > 0 && !out->only_counts) {
        memcpy(out->bytes + out->at, bytes.at, bytes.len);
        memset(out->seen + out->at, 1, bytes.len);
    }
    out->at += bytes.len;
}

static void out_gap(void *to, uint64_t len)
{
    struct out *out = to;
    out->lost_track = out->lost_track || len == 0;
    out->at += len;
}

struct fixture {
    struct tftp_blocks blocks;
    struct budget budget;
    struct out out;
    struct tftp_reader reader;
    uint8_t *file;
};

static struct fixture *begin(uint32_t blksize, uint32_t windowsize)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->budget.limit = 1 << 20;
    f->out.bytes = calloc(1, MAX_FILE);
    f->out.seen = calloc(1, MAX_FILE);
    f->file = malloc(MAX_FILE);
    assert_true(f->out.bytes != NULL && f->out.seen != NULL && f->file != NULL);
    for (size_t i = 0; i < MAX_FILE; i++)
        f->file[i] = (uint8_t)(i * 131 + i / 253);
    f->blocks.blksize = blksize;
    f->blocks.blksize_certain = blksize > 0;
    f->blocks.windowsize = windowsize;
    f->blocks.next = 1;
    f->reader = (struct tftp_reader){&f->out, out_add, out_gap};
    return f;
}

/* Everything that was held is given back, and what was read is the file where it was read. */
static void end(struct fixture *f)
{
    tftp_blocks_finish(&f->blocks, &f->budget, &f->reader);
    assert_int_equal(f->budget.used, 0);
    assert_null(f->blocks.held);
    for (size_t i = 0; !f->out.lost_track && i < f->out.at && i < MAX_FILE; i++)
        if (f->out.seen[i] && f->out.bytes[i] != f->file[i])
            fail_msg("byte %zu is another", i);
    free(f->out.bytes);
    free(f->out.seen);
    free(f->file);
    free(f);
}

/* Block |n| of the file, from 1, with its |wire| number, from memory of its own size. */
static void data(struct fixture *f, uint64_t n, uint64_t wire, size_t blksize, size_t len)
{
    uint8_t *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact, f->file + (n - 1) * blksize, len);
    tftp_blocks_add(&f->blocks, &f->budget, (uint16_t)wire, reader_of(span_of(exact, len)),
                    &f->reader);
    free(exact);
}

static void ack(struct fixture *f, uint64_t wire)
{
    tftp_blocks_ack(&f->blocks, &f->budget, (uint16_t)wire, &f->reader);
}

/* --- a few blocks: '1'..'9' are blocks of 8 bytes, 'a'..'i' their acknowledgements, '!' before a block
 *     makes it short: 3 bytes --- */

static const struct {
    const char *packets;
    uint32_t blksize, windowsize;
    uint64_t seen, lost, lost_bytes, ranges, again, late;
    bool complete, acknowledged;
    bool midway; /* nobody saw the request */
} rows[] = {
    {"1a2b!3c", 8, 1, 3, 0, 0, 0, 0, 0, true, true},
    {"1a2b!3", 8, 1, 3, 0, 0, 0, 0, 0, true, false},
    {"1a2b3c", 8, 1, 3, 0, 0, 0, 0, 0, false, false},
    {"!1a", 8, 1, 1, 0, 0, 0, 0, 0, true, true},
    /* blocks and acknowledgements come again */
    {"11aa22bb!3!3cc", 8, 1, 3, 0, 0, 0, 3, 0, true, true},
    /* the capture lacks one, in lockstep, with both sides and with one */
    {"1ab3c!4d", 8, 1, 3, 1, 8, 1, 0, 0, false, true},
    {"13!4", 8, 1, 3, 1, 8, 1, 0, 0, false, false},
    {"1a3c5e!6f", 8, 1, 4, 2, 16, 2, 0, 0, false, true},
    {"1ad5e!6f", 8, 1, 3, 3, 24, 1, 0, 0, false, true},
    /* the last one, of which only the acknowledgement is there */
    {"1a2bc", 8, 1, 2, 1, 0, 0, 0, 0, false, false},
    /* the first one */
    {"b3c!4d", 8, 1, 2, 2, 16, 1, 0, 0, false, true},
    {"b3c!4d", 8, 1, 2, 2, 16, 1, 0, 0, false, true, true},
    {"34e!6f", 8, 1, 3, 3, 24, 2, 0, 0, false, true, true},
    /* a window out of order, and one that is sent again */
    {"1324d!5e", 8, 4, 5, 0, 0, 0, 0, 1, true, true},
    {"4321d!5e", 8, 4, 5, 0, 0, 0, 0, 1, true, true},
    {"134a2345e!6f", 8, 4, 6, 0, 0, 0, 2, 1, true, true},
    {"1334d!5e", 8, 4, 4, 1, 8, 1, 1, 0, false, true},
    {"134567!8h", 8, 2, 7, 1, 8, 1, 0, 0, false, true},
    {"1!324d", 8, 4, 4, 0, 0, 0, 0, 1, false, false},
    /* nobody knows how large blocks are */
    {"1a2b!3c", 0, 0, 3, 0, 0, 0, 0, 0, true, true},
    {"1a2b3c4d", 0, 1, 4, 0, 0, 0, 0, 0, false, false},
    {"2b!3c", 0, 1, 2, 1, 512, 1, 0, 0, false, true, true},
};

static void blocks_in_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture *f = begin(rows[i].blksize, rows[i].windowsize);
        f->out.lost_track = rows[i].blksize == 0;
        f->blocks.next = !rows[i].midway;
        size_t len = 8;
        for (const char *p = rows[i].packets; *p != '\0'; p++) {
            if (*p == '!') {
                len = 3;
            } else if (*p >= 'a') {
                ack(f, (uint64_t)(*p - 'a') + 1);
            } else {
                data(f, (uint64_t)(*p - '0'), (uint64_t)(*p - '0'), 8, len);
                len = 8;
            }
        }
        tftp_blocks_finish(&f->blocks, &f->budget, &f->reader);
        char got[200], want[200];
        snprintf(got, sizeof got, "%ju seen %ju lost %ju bytes %ju ranges %ju again %ju late %d %d",
                 (uintmax_t)f->blocks.num_seen, (uintmax_t)f->blocks.lost,
                 (uintmax_t)f->blocks.lost_bytes, (uintmax_t)f->blocks.num_ranges,
                 (uintmax_t)f->blocks.retransmitted, (uintmax_t)f->blocks.reordered,
                 tftp_blocks_complete(&f->blocks), tftp_blocks_acknowledged(&f->blocks));
        snprintf(want, sizeof want,
                 "%ju seen %ju lost %ju bytes %ju ranges %ju again %ju late %d %d",
                 (uintmax_t)rows[i].seen, (uintmax_t)rows[i].lost, (uintmax_t)rows[i].lost_bytes,
                 (uintmax_t)rows[i].ranges, (uintmax_t)rows[i].again, (uintmax_t)rows[i].late,
                 rows[i].complete, rows[i].acknowledged);
        if (strcmp(got, want) != 0)
            fail_msg("\"%s\": %s, not %s", rows[i].packets, got, want);
        f->out.lost_track = true; /* finished before */
        end(f);
    }
}

/* --- past 65,535 --- */

static uint64_t wire_number(uint64_t n, unsigned rollover_to)
{
    return rollover_to == 1 ? (n - 1) % 65535 + 1 : n % 65536;
}

/* The lost block, 0 for none, and whether the other side is in the capture. */
static const struct {
    unsigned to;
    uint32_t windowsize;
    uint64_t lost;
    bool acks;
} rollovers[] = {
    {0, 1, 0, true},     {1, 1, 0, true},      {0, 4, 0, true},      {1, 4, 0, true},
    {0, 1, 0, false},    {1, 1, 0, false},     {0, 4, 0, false},     {1, 4, 0, false},
    {0, 1, 65535, true}, {0, 1, 65536, true},  {0, 1, 65537, true},  {1, 1, 65534, true},
    {1, 1, 65537, true}, {0, 16, 70000, true}, {1, 16, 70000, true}, {1, 0, 0, true},
    {0, 0, 0, true},     {0, 4, 65536, true},
};

static void numbers_roll_over(void **state)
{
    (void)state;
    enum { BLOCKS = 70010 };
    for (size_t i = 0; i < sizeof rollovers / sizeof *rollovers; i++) {
        struct fixture *f = begin(8, rollovers[i].windowsize);
        uint64_t window = rollovers[i].windowsize > 0 ? rollovers[i].windowsize : 1;
        for (uint64_t n = 1; n <= BLOCKS; n++) {
            uint64_t wire = wire_number(n, rollovers[i].to);
            if (n != rollovers[i].lost)
                data(f, n, wire, 8, n < BLOCKS ? 8 : 3);
            if (rollovers[i].acks && (n % window == 0 || n == BLOCKS))
                ack(f, wire);
        }
        bool whole = rollovers[i].lost == 0;
        tftp_blocks_finish(&f->blocks, &f->budget, &f->reader);
        if (tftp_blocks_complete(&f->blocks) != whole || f->blocks.lost != !whole ||
            f->out.at != (BLOCKS - 1) * 8 + 3)
            fail_msg("row %zu: %ju lost, %ju bytes", i, (uintmax_t)f->blocks.lost,
                     (uintmax_t)f->out.at);
        if (whole) {
            assert_true(f->blocks.rollover_known);
            assert_int_equal(f->blocks.rollover_to, rollovers[i].to);
        } else {
            assert_int_equal(f->blocks.ranges[0].offset, (rollovers[i].lost - 1) * 8);
        }
        end(f);
    }
}

/* A capture that lacks the most, up to the rollover. */
static void rolls_over_behind_a_loss(void **state)
{
    (void)state;
    struct fixture *f = begin(8, 4);
    for (uint64_t n = 1; n <= 4; n++)
        data(f, n, n, 8, 8);
    ack(f, 4);
    for (uint64_t n = 65533; n <= 65540; n++)
        data(f, n, n % 65536, 8, 8);
    ack(f, 4);
    assert_int_equal(f->blocks.num_seen, 12);
    assert_int_equal(f->blocks.lost, 65528);
    assert_int_equal(f->blocks.ranges[0].offset, 32);
    assert_true(f->blocks.rollover_known && f->blocks.rollover_to == 0);
    end(f);
}

/* --- bounds --- */

static void what_is_held_is_bounded(void **state)
{
    (void)state;
    struct fixture *f = begin(8, 65535);
    for (uint64_t n = 3; n <= 5000; n += 2)
        data(f, n % 70000, n, 8, 8);
    assert_true(f->blocks.num_held <= TFTP_MAX_HELD_BLOCKS);
    assert_true(f->blocks.num_ranges > TFTP_MAX_RANGES);
    end(f);
    f = begin(60000, 64);
    f->out.lost_track = true;
    for (uint64_t n = 2; n <= 10; n++)
        data(f, 1, n, 60000, 60000);
    assert_true(f->blocks.held_bytes <= TFTP_MAX_HELD_BYTES);
    assert_int_equal(f->blocks.lost, 1);
    end(f);
    f = begin(8, 64);
    f->budget.limit = 60;
    for (uint64_t n = 2; n <= 20; n++)
        data(f, n, n, 8, 8);
    assert_true(f->budget.refused > 0);
    assert_int_equal(f->blocks.lost, 1);
    end(f);
}

static void cut_blocks_are_lost_in_part(void **state)
{
    (void)state;
    struct fixture *f = begin(8, 1);
    tftp_blocks_add(&f->blocks, &f->budget, 1, reader_of_cut(span_of(f->file, 5), 3), &f->reader);
    data(f, 2, 2, 8, 3);
    assert_int_equal(f->blocks.lost_bytes, 3);
    assert_int_equal(f->blocks.ranges[0].offset, 5);
    assert_false(tftp_blocks_complete(&f->blocks));
    assert_int_equal(f->out.at, 11);
    end(f);
}

/* --- random disorder --- */

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

/* Each block is sent once or twice, near its turn or not at all; with what never comes, all is accounted for. */
static void disorder_is_put_in_order(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 400; round++) {
        uint32_t seed = round;
        enum { BLOCKS = 300, WINDOW = 16 };
        struct fixture *f = begin(8, WINDOW);
        uint64_t order[2 * BLOCKS], missing = 0;
        size_t num = 0;
        for (uint64_t n = 1; n <= BLOCKS; n++) {
            bool lost = round % 4 == 0 && n > 1 && n < BLOCKS && draw(&seed, 20) == 0;
            missing += lost;
            if (!lost)
                order[num++] = n;
            if (!lost && draw(&seed, 10) == 0)
                order[num++] = n;
        }
        for (size_t i = 0; i + WINDOW / 2 < num && round % 3 != 0; i++) {
            size_t other = i + draw(&seed, WINDOW / 4);
            bool last = order[i] == BLOCKS || order[other] == BLOCKS;
            uint64_t swap = order[i];
            if (last || order[i] + WINDOW / 2 < order[other])
                continue;
            order[i] = order[other];
            order[other] = swap;
        }
        for (size_t i = 0; i < num; i++)
            data(f, order[i], order[i], 8, order[i] < BLOCKS ? 8 : 2);
        tftp_blocks_finish(&f->blocks, &f->budget, &f->reader);
        if (f->blocks.lost != missing || f->blocks.num_seen != BLOCKS - missing ||
            f->out.at != (BLOCKS - 1) * 8 + 2 ||
            f->blocks.retransmitted != num - (BLOCKS - missing))
            fail_msg("round %u: %ju lost of %ju, at %ju", round, (uintmax_t)f->blocks.lost,
                     (uintmax_t)missing, (uintmax_t)f->out.at);
        assert_int_equal(tftp_blocks_complete(&f->blocks), missing == 0);
        end(f);
    }
}

/* Any numbers in any order: bounded, and nothing is kept. */
static void any_numbers_are_bounded(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t seed = round * 7 + 1;
        struct fixture *f = begin(round % 3 == 0 ? 0 : 8, draw(&seed, 200));
        f->out.lost_track = f->out.only_counts = true;
        f->blocks.next = round % 5 != 0;
        uint64_t added = 0;
        for (unsigned i = 0; i < 500; i++) {
            uint32_t number = draw(&seed, round % 2 == 0 ? 65536 : 40);
            if (draw(&seed, 3) == 0)
                ack(f, number);
            else
                data(f, 1, number, 8, draw(&seed, 9)), added++;
            assert_true(f->blocks.num_held <= TFTP_MAX_HELD_BLOCKS);
        }
        tftp_blocks_finish(&f->blocks, &f->budget, &f->reader);
        assert_int_equal(f->blocks.num_seen + f->blocks.retransmitted, added);
        end(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_in_rows),
        cmocka_unit_test(numbers_roll_over),
        cmocka_unit_test(rolls_over_behind_a_loss),
        cmocka_unit_test(what_is_held_is_bounded),
        cmocka_unit_test(cut_blocks_are_lost_in_part),
        cmocka_unit_test(disorder_is_put_in_order),
        cmocka_unit_test(any_numbers_are_bounded),
    };
    return cmocka_run_group_tests_name("tftp_blocks", tests, NULL, NULL);
}
