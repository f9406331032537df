/* test_tcp_stream_reference.c: random streams, against a naive reference.
 *
 * Random bytes are cut into segments, which are lost, sent again with other borders, snapped, put out
 * of order, and contradicted. The reference keeps one struct for every byte of the stream, finds
 * everything by walking over all of them, and knows neither lists nor buffers nor wrap-around. Both
 * sides feed the same reader of random-length records, and must have told it the same. */
#include "core/tcp_stream.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

enum { NUM_CASES = 6000, MAX_BYTES = 12000, MAX_SENDS = 1200, NOBODY = -1 };

/* A small generator of its own, so that a case is the same on every machine (xorshift64*). */
struct dice {
    uint64_t state;
};

static uint32_t dice_below(struct dice *dice, uint32_t n)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return (uint32_t)((dice->state * 0x2545f4914f6cdd1d >> 33) % n);
}

/* The reader of records: a record is a length byte and so many bytes more. What it was told is summed in
 * a hash, of every record, skip and gap; the texts of a failed case come from |trace|. */
struct records {
    bool skips;        /* skips what was cut, where it knows the record that was cut */
    size_t stop_after; /* no more interest after so many records */
    size_t to_come;    /* bytes of a record that goes on behind a cut */
    size_t num;
    uint64_t hash;
    FILE *trace;
};

static void records_note(struct records *to, char what, size_t len, struct span bytes)
{
    uint64_t h = to->hash ^ (uint64_t)what << 32 ^ len;
    for (size_t i = 0; i < bytes.len; i++)
        h = (h ^ bytes.at[i]) * 0x100000001b3;
    to->hash = (h ^ h >> 29) * 0x9e3779b97f4a7c15;
    if (to->trace != NULL)
        fprintf(to->trace, " %c%zu", what, len);
}

/* Skips |len| bytes of the record, or as many as there are. */
static void records_skip(struct records *to, struct reader *bytes, size_t len)
{
    size_t now = len < reader_wire_left(bytes) ? len : reader_wire_left(bytes);
    reader_skip(bytes, now);
    to->to_come = len - now;
}

static bool records_consume(void *arg, struct reader *bytes, bool gap)
{
    struct records *to = (struct records *)arg;
    if (gap)
        to->to_come = 0;
    while (reader_more(bytes)) {
        if (to->to_come > 0) {
            records_skip(to, bytes, to->to_come);
            continue;
        }
        struct reader ahead = *bytes;
        if (reader_left(&ahead) == 0)
            return true;
        size_t len = reader_u8(&ahead);
        bool whole = reader_left(&ahead) >= len;
        if (!whole && (bytes->cut == 0 || !to->skips))
            return true;
        if (gap)
            records_note(to, 'G', 0, span_of(NULL, 0));
        gap = false;
        records_note(to, whole ? 'R' : 'S', len,
                     span_of(ahead.at, whole ? len : reader_left(&ahead)));
        *bytes = ahead;
        records_skip(to, bytes, len);
        if (++to->num == to->stop_after)
            return false;
    }
    return true;
}

/* The reference. Offsets are of the stream, and may be before its start. */
struct byte {
    int owner;  /* who brought it first: number of the send, or NOBODY */
    bool known; /* else it was cut */
    uint8_t value;
    bool acked;
    uint32_t acked_at;
};

struct reference {
    struct byte bytes[MAX_BYTES];
    uint8_t values[MAX_BYTES]; /* the values again, side by side, to be read */
    int start, unread, next,
        end; /* the stream begins; the reader has read to; delivered to; seen to */
    bool started, saw_syn, consumed, gap, over, conflicted, was_acked;
    int probe, acked;
    int sends;
    uint32_t clock;
    struct stream_stats stats;
    struct records reader;
};

/* A send of bytes [from, to), of which those from |cut| on were snapped. */
struct send {
    int from, cut, to;
    bool syn, alter;
};

static void reference_offer(struct reference *ref, int known_to, int cut)
{
    struct span bytes = span_of(ref->values + ref->unread, (size_t)(known_to - ref->unread));
    struct reader r = reader_of_cut(bytes, (size_t)cut);
    ref->over = !records_consume(&ref->reader, &r, ref->gap);
    if (reader_wire_left(&r) != bytes.len + (size_t)cut) {
        ref->consumed = true;
        ref->gap = false;
    }
    if (r.cut > 0) {
        ref->consumed = true;
        ref->gap = true;
    }
    ref->next = known_to + cut;
    ref->unread = cut > 0 ? ref->next : ref->next - (int)reader_left(&r);
}

/* Where the run of bytes that one send brought, from |at| on, ends. */
static int run_end(const struct reference *ref, int at)
{
    int end = at;
    while (end < ref->end && ref->bytes[end].owner == ref->bytes[at].owner)
        end++;
    return end;
}

static void reference_deliver_run(struct reference *ref)
{
    int end = run_end(ref, ref->next);
    int known_to = ref->next;
    while (known_to < end && ref->bytes[known_to].known)
        known_to++;
    reference_offer(ref, known_to, end - known_to);
}

static int first_held(const struct reference *ref)
{
    int at = ref->next;
    while (at < ref->end && ref->bytes[at].owner == NOBODY)
        at++;
    return at;
}

static bool lost_patience(const struct reference *ref)
{
    unsigned runs = 0, bytes = 0;
    for (int at = ref->next; at < ref->end; at++) {
        bytes += ref->bytes[at].owner != NOBODY && ref->bytes[at].known;
        runs += ref->bytes[at].owner != NOBODY &&
                (at == ref->next || ref->bytes[at].owner != ref->bytes[at - 1].owner);
    }
    const struct byte *first = &ref->bytes[first_held(ref)];
    return runs > TCP_STREAM_MAX_SEGMENTS || bytes > TCP_STREAM_MAX_HELD ||
           (first->acked && ref->clock - first->acked_at >= TCP_STREAM_PATIENCE);
}

static void reference_settle(struct reference *ref, bool give_up_all)
{
    while (!ref->over) {
        int held = first_held(ref);
        if (held == ref->end)
            return;
        if (held == ref->next) {
            reference_deliver_run(ref);
        } else if (give_up_all || lost_patience(ref)) {
            ref->stats.gaps++;
            ref->stats.gap_bytes += (uint64_t)(held - ref->next);
            reference_offer(ref, ref->next, held - ref->next);
        } else {
            return;
        }
    }
}

static void reference_mark_acked(struct reference *ref)
{
    for (int at = ref->next; at < ref->end; at++) {
        struct byte *b = &ref->bytes[at];
        if (b->owner != NOBODY && !b->acked && ref->was_acked && ref->acked >= at) {
            b->acked = true;
            b->acked_at = ref->clock;
        }
    }
}

static void reference_acked(struct reference *ref, int ack)
{
    ref->acked = ack;
    ref->was_acked = true;
    ref->clock++;
    reference_mark_acked(ref);
    reference_settle(ref, false);
}

/* Before anything was read, an earlier segment (or the SYN) moves the start to it. */
static void reference_start_earlier(struct reference *ref, const struct send *send)
{
    if (ref->saw_syn || ref->consumed || send->from > ref->start)
        return;
    ref->saw_syn = send->syn;
    if (send->from == ref->start)
        return;
    for (int at = ref->start; at < ref->next; at++)
        ref->bytes[at] = (struct byte){
            .owner = ref->sends + 1, .known = true, .value = ref->bytes[at].value}; // all one run
    ref->stats.reordered += ref->next > ref->start;
    ref->start = ref->next = ref->unread = send->from;
    ref->sends += 2;
    reference_mark_acked(ref);
}

static void reference_bring(struct reference *ref, const struct send *send, const uint8_t *values)
{
    bool differs = false;
    for (int at = send->from; at < send->to; at++) {
        struct byte *b = &ref->bytes[at];
        bool known = at < send->cut;
        if (at >= ref->unread && b->owner != NOBODY) {
            differs |= known && b->known && b->value != values[at - send->from];
        } else if (at >= ref->next) {
            *b = (struct byte){.owner = ref->sends, .known = known};
            if (known)
                ref->values[at] = b->value = values[at - send->from];
        }
    }
    ref->stats.conflicts += differs;
    ref->conflicted |= differs;
    if (ref->end < send->to)
        ref->end = send->to;
}

static void reference_add(struct reference *ref, const struct send *send, const uint8_t *values)
{
    int len = send->to - send->from;
    if (ref->over || (len == 0 && !send->syn))
        return;
    if (!ref->started && len == 1 && !send->syn && (ref->probe < 0 || ref->probe == send->from)) {
        ref->probe = send->from;
        return;
    }
    if (!ref->started) {
        ref->started = true;
        ref->saw_syn = send->syn;
        ref->start = ref->unread = ref->next = ref->end = send->from;
    }
    reference_start_earlier(ref, send);
    if (len == 0 || (len == 1 && send->from == ref->next - 1))
        return;
    ref->sends++;
    ref->clock++;
    ref->stats.reordered += send->from > ref->next;
    reference_bring(ref, send, values);
    reference_mark_acked(ref);
    reference_settle(ref, false);
}

/* A case: how it is cut and damaged. */
struct plan {
    struct dice dice;
    int num_bytes;
    uint32_t max_len;                                   /* of a segment */
    uint32_t lose, again, snap, alter, swap, ack, wild; /* chances in 1000 */
    bool syn;
    uint8_t bytes[MAX_BYTES];
    struct send sends[MAX_SENDS];
    int num_sends;
};

static bool chance(struct plan *plan, uint32_t per_mille)
{
    return dice_below(&plan->dice, 1000) < per_mille;
}

static void plan_send(struct plan *plan, int from, int to)
{
    if (plan->num_sends == MAX_SENDS)
        return;
    struct send *send = &plan->sends[plan->num_sends++];
    *send = (struct send){.from = from, .to = to, .cut = to};
    if (chance(plan, plan->snap))
        send->cut = from + (int)dice_below(&plan->dice, (uint32_t)(to - from) + 1);
    send->alter = chance(plan, plan->alter);
}

static int plan_len(struct plan *plan, int from)
{
    int len = 1 + (int)dice_below(&plan->dice, plan->max_len);
    return from + len < plan->num_bytes ? len : plan->num_bytes - from;
}

static void plan_make(struct plan *plan, uint64_t seed)
{
    static const uint32_t max_lens[] = {3, 20, 100, 700, 3000};
    static const uint32_t chances[] = {0, 0, 5, 30, 150, 400};
    memset(plan, 0, sizeof *plan);
    plan->dice.state = (seed + 1) * 0x9e3779b97f4a7c15;
    struct dice *dice = &plan->dice;
    plan->max_len = max_lens[dice_below(dice, 5)];
    plan->num_bytes = 1 + (int)dice_below(dice, plan->max_len < 10 ? 800 : MAX_BYTES / 4);
    uint32_t *const rates[] = {&plan->lose, &plan->again, &plan->snap, &plan->alter,
                               &plan->swap, &plan->ack,   &plan->wild};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        *rates[i] = chances[dice_below(dice, 6)];
    uint32_t longest = 1 + dice_below(dice, 255);
    for (int i = 0; i < plan->num_bytes; i++)
        plan->bytes[i] = (uint8_t)dice_below(dice, longest + 1);

    plan->syn = dice_below(dice, 3) != 0;
    if (plan->syn)
        plan->sends[plan->num_sends++] = (struct send){.syn = true};
    for (int at = 0; at < plan->num_bytes;) {
        int len = plan_len(plan, at);
        if (!chance(plan, plan->lose))
            plan_send(plan, at, at + len);
        at += len;
        if (chance(plan, plan->again)) {
            int back = (int)dice_below(dice, (uint32_t)at < 3 * plan->max_len ? (uint32_t)at
                                                                              : 3 * plan->max_len);
            plan_send(plan, at - back, at - back + plan_len(plan, at - back));
        }
    }
    for (int i = 0; i + 1 < plan->num_sends; i++) {
        if (!chance(plan, plan->swap))
            continue;
        uint32_t reach = (uint32_t)(plan->num_sends - i);
        int j = i + (int)dice_below(dice, reach < 30 ? reach : 30);
        struct send moved = plan->sends[i];
        plan->sends[i] = plan->sends[j];
        plan->sends[j] = moved;
    }
}

struct trial {
    struct stream_pool *pool;
    struct tcp_stream *stream;
    struct stream_consumer consumer;
    struct records reader;
    uint32_t first;
    bool alive;
};

static void trial_send(struct trial *trial, struct reference *ref, struct plan *plan,
                       const struct send *send)
{
    size_t len = (size_t)(send->cut - send->from);
    uint8_t *copy = (uint8_t *)malloc(len + (len == 0)); // exact, for the sanitizer
    assert_non_null(copy);
    memcpy(copy, plan->bytes + send->from, len);
    if (send->alter && len > 0)
        copy[dice_below(&plan->dice, (uint32_t)len)] ^= (uint8_t)(1 + dice_below(&plan->dice, 7));
    reference_add(ref, send, copy);
    uint32_t seq = trial->first + (uint32_t)send->from - send->syn;
    trial->alive = tcp_stream_add(trial->pool, trial->stream, seq, send->syn, span_of(copy, len),
                                  (size_t)(send->to - send->cut), &trial->consumer);
    free(copy);
}

/* A segment from nowhere, which must change nothing. */
static void trial_wild(struct trial *trial, struct reference *ref, struct plan *plan)
{
    uint32_t far = 3u << 20;
    uint32_t seq = trial->first + far + dice_below(&plan->dice, UINT32_MAX - 2 * far);
    if (ref->started)
        trial->alive = tcp_stream_add(trial->pool, trial->stream, seq, false, span_text("wild"), 0,
                                      &trial->consumer);
}

static void trial_ack(struct trial *trial, struct reference *ref, struct plan *plan)
{
    int ack = (int)dice_below(&plan->dice, (uint32_t)ref->end + 50);
    if (!ref->over)
        reference_acked(ref, ack);
    trial->alive = tcp_stream_acked(trial->pool, trial->stream, trial->first + (uint32_t)ack,
                                    &trial->consumer);
}

static bool trial_agrees(const struct trial *trial, const struct reference *ref)
{
    return trial->alive == !ref->over && trial->reader.hash == ref->reader.hash &&
           trial->reader.num == ref->reader.num &&
           tcp_stream_conflicted(trial->stream) == ref->conflicted &&
           memcmp(stream_pool_stats(trial->pool), &ref->stats, sizeof ref->stats) == 0;
}

static void trial_tell(FILE *to, const char *who, const struct records *reader,
                       const struct stream_stats *stats, bool over)
{
    fprintf(to,
            "%s: %zu records, hash %016" PRIx64 ", gaps %" PRIu64 " of %" PRIu64
            ", reordered %" PRIu64 ", conflicts %" PRIu64 ", dropped %" PRIu64 "%s\n",
            who, reader->num, reader->hash, stats->gaps, stats->gap_bytes, stats->reordered,
            stats->conflicts, stats->dropped, over ? ", over" : "");
}

/* Plays the case |seed|; says whether the two sides agree after every step. */
static bool trial_run(uint64_t seed, struct plan *plan, struct reference *ref, FILE *trace,
                      struct stream_stats *sum)
{
    plan_make(plan, seed);
    memset(ref, 0, sizeof *ref);
    for (int i = 0; i < MAX_BYTES; i++)
        ref->bytes[i].owner = NOBODY;
    ref->probe = -1;
    struct trial trial = {.pool = stream_pool_new(8 << 20), .alive = true};
    trial.stream = tcp_stream_new(trial.pool);
    assert_non_null(trial.stream);
    trial.consumer = (struct stream_consumer){.to = &trial.reader, .consume = records_consume};
    trial.first = seed % 2 ? dice_below(&plan->dice, 0x7fffffff) * 2
                           : 0 - dice_below(&plan->dice, (uint32_t)plan->num_bytes + 1);
    trial.reader.skips = ref->reader.skips = dice_below(&plan->dice, 4) != 0;
    trial.reader.stop_after = ref->reader.stop_after =
        dice_below(&plan->dice, 8) ? 0 : 1 + dice_below(&plan->dice, 30);
    trial.reader.trace = trace;

    bool agrees = true;
    for (int i = 0; agrees && i < plan->num_sends; i++) {
        trial_send(&trial, ref, plan, &plan->sends[i]);
        if (chance(plan, plan->ack))
            trial_ack(&trial, ref, plan);
        if (chance(plan, plan->wild))
            trial_wild(&trial, ref, plan);
        agrees = trial_agrees(&trial, ref);
        if (trace != NULL)
            fprintf(trace, "  [%d: %d..%d..%d%s]%s\n", i, plan->sends[i].from, plan->sends[i].cut,
                    plan->sends[i].to, plan->sends[i].syn ? " SYN" : "", agrees ? "" : " differs");
    }
    if (agrees) {
        reference_settle(ref, true);
        tcp_stream_flush(trial.pool, trial.stream, &trial.consumer);
        trial.alive = !ref->over;
        agrees = trial_agrees(&trial, ref) && trial.pool->used == 0;
    }
    const struct stream_stats *stats = stream_pool_stats(trial.pool);
    if (trace != NULL) {
        trial_tell(trace, "stream", &trial.reader, stats, !trial.alive);
        trial_tell(trace, "reference", &ref->reader, &ref->stats, ref->over);
    }
    sum->gaps += stats->gaps;
    sum->gap_bytes += stats->gap_bytes;
    sum->reordered += stats->reordered;
    sum->conflicts += stats->conflicts;
    sum->dropped += trial.reader.num; // no stream is dropped here: counts the records
    tcp_stream_free(trial.pool, trial.stream);
    stream_pool_free(trial.pool);
    return agrees;
}

static void random_streams_read_as_the_reference_says(void **state)
{
    (void)state;
    struct plan *plan = (struct plan *)calloc(1, sizeof *plan);
    struct reference *ref = (struct reference *)calloc(1, sizeof *ref);
    assert_non_null(plan);
    assert_non_null(ref);
    struct stream_stats sum = {0};
    unsigned failed = 0;
    for (uint64_t seed = 0; seed < NUM_CASES; seed++) {
        if (trial_run(seed, plan, ref, NULL, &sum))
            continue;
        trial_run(seed, plan, ref, stderr, &sum);
        print_error("case %" PRIu64 " differs from the reference\n", seed);
        failed++;
        break;
    }
    free(plan);
    free(ref);
    assert_int_equal(failed, 0);
    // The dice must have come to everything, or the cases prove little.
    print_message("%d cases: %" PRIu64 " records, %" PRIu64 " gaps of %" PRIu64 " bytes, %" PRIu64
                  " reordered, %" PRIu64 " conflicts\n",
                  NUM_CASES, sum.dropped, sum.gaps, sum.gap_bytes, sum.reordered, sum.conflicts);
    assert_true(sum.dropped > 50 * NUM_CASES / 10);
    assert_true(sum.gaps > NUM_CASES && sum.reordered > NUM_CASES && sum.conflicts > NUM_CASES / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_streams_read_as_the_reference_says),
    };
    return cmocka_run_group_tests_name("tcp_stream_reference", tests, NULL, NULL);
}
