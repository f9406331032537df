/* test_tcp_stream.c: streams put in order, case by case, and every bound of theirs.
 *
 * A case is a script of what the capture saw, and what a reader of the stream must come to read. */
#include "core/tcp_stream.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

/* How the reader of a case reads. */
enum taste {
    ALL,        /* every byte at once, and does not skip what was cut */
    ALL_SKIP,   /* every byte at once, and skips what was cut */
    WORDS,      /* up to a full stop; leaves the rest; does not skip */
    WORDS_SKIP, /* as WORDS, but where something was cut, takes the rest and skips */
    NOTHING,    /* leaves everything */
    QUIET,      /* as ALL_SKIP, and notes nothing */
    LIMIT,      /* makes the reader end after its first byte, and reads that */
    FAULT       /* reads more than there is */
};

struct listener {
    enum taste taste;
    char log[4096]; /* bytes as they are; |: a gap before them; (n): skipped n */
    size_t len;
    unsigned offers;
    size_t stop_after; /* no more interest after so many bytes; 0: never */
    size_t total;
    const uint8_t *latest_at; /* where the latest offer was */
};

static void listener_log(struct listener *to, const char *text, size_t len)
{
    assert_true(to->len + len < sizeof to->log);
    memcpy(to->log + to->len, text, len);
    to->len += len;
    to->log[to->len] = '\0';
}

/* How many of the |len| bytes at |at| are whole words. */
static size_t words_len(const uint8_t *at, size_t len)
{
    while (len > 0 && at[len - 1] != '.')
        len--;
    return len;
}

static bool listener_consume(void *arg, struct reader *bytes, bool gap)
{
    struct listener *to = (struct listener *)arg;
    to->offers++;
    to->latest_at = bytes->at;
    assert_true(reader_more(bytes)); // an offer always has something new to tell
    bool skip = to->taste == ALL_SKIP || to->taste == WORDS_SKIP;
    size_t take = reader_left(bytes);
    if (to->taste == NOTHING)
        return true;
    if (to->taste == QUIET) {
        reader_skip(bytes, reader_wire_left(bytes));
        return true;
    }
    if (to->taste == LIMIT) {
        reader_limit(bytes, 1);
        take = reader_left(bytes);
    }
    if (to->taste == FAULT) {
        reader_bytes(bytes, reader_wire_left(bytes) + 1);
        return true;
    }
    if (to->taste == WORDS || (to->taste == WORDS_SKIP && bytes->cut == 0))
        take = words_len(bytes->at, take);
    if (gap && (take > 0 || (skip && bytes->cut > 0)))
        listener_log(to, "|", 1);
    struct span taken = reader_bytes(bytes, take);
    to->total += taken.len;
    listener_log(to, (const char *)taken.at, taken.len);
    if (skip && bytes->cut > 0) {
        char number[32];
        int len = snprintf(number, sizeof number, "(%zu)", bytes->cut);
        listener_log(to, number, (size_t)len);
        reader_skip(bytes, bytes->cut);
    }
    return to->stop_after == 0 || to->total < to->stop_after;
}

/* A script: words separated by spaces.
 *   S, S:text     a SYN, one with data; its data have offset 0
 *   n:text[~cut]  a segment whose first byte has offset n, |cut| bytes of it cut
 *   An[*times]    the other side acknowledges all before offset n
 *   F             the flow ends */
struct scene {
    struct stream_pool *pool;
    struct tcp_stream *stream;
    struct stream_consumer consumer;
    uint32_t first; /* sequence number of offset 0 */
    bool alive;
};

static void scene_segment(struct scene *scene, uint32_t seq, bool syn, const char *text)
{
    const char *cut = strchr(text, '~');
    size_t len = cut != NULL ? (size_t)(cut - text) : strlen(text);
    // A copy of exact size, so that reading past it is seen by the sanitizer.
    uint8_t *copy = (uint8_t *)malloc(len);
    assert_true(copy != NULL || len == 0);
    if (len != 0)
        memcpy(copy, text, len);
    scene->alive = tcp_stream_add(scene->pool, scene->stream, seq, syn, span_of(copy, len),
                                  cut != NULL ? strtoul(cut + 1, NULL, 10) : 0, &scene->consumer);
    free(copy);
}

static void scene_step(struct scene *scene, const char *word)
{
    if (word[0] == 'F') {
        tcp_stream_flush(scene->pool, scene->stream, &scene->consumer);
        return;
    }
    if (word[0] == 'S') {
        scene_segment(scene, scene->first - 1, true, word[1] == ':' ? word + 2 : "");
        return;
    }
    bool ack = word[0] == 'A';
    char *end;
    long offset = strtol(word + ack, &end, 10);
    uint32_t seq = scene->first + (uint32_t)offset;
    if (ack) {
        long times = *end == '*' ? strtol(end + 1, NULL, 10) : 1;
        for (long i = 0; i < times; i++)
            scene->alive = tcp_stream_acked(scene->pool, scene->stream, seq, &scene->consumer);
        return;
    }
    assert_int_equal(*end, ':');
    scene_segment(scene, seq, false, end + 1);
}

static void scene_play(struct scene *scene, const char *script)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", script);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        scene_step(scene, word);
}

struct script_case {
    const char *about, *script;
    enum taste taste;
    const char *expected;
    struct stream_stats stats;
};

static const struct script_case cases[] = {
    {"in order", "S 0:abc 3:def 6:g", ALL, "abcdefg", {0}},
    {"data with the SYN", "S:abc 3:def", ALL, "abcdef", {0}},
    {"data with the SYN, sent again without", "S:abc S 0:abcdef", ALL, "abcdef", {0}},
    {"SYN sent again", "S S 0:abc S 3:d", ALL, "abcd", {0}},
    {"no SYN", "500:abc 503:def", ALL, "abcdef", {0}},
    {"nothing at all", "S F", ALL, "", {0}},
    {"empty segments", "S 0: 0:ab 0: 2: 2:c 9: 900000000: -1:", ALL, "abc", {0}},
    {"an empty segment says where it starts", "3: 5:fg 3:de 7:h", ALL, "defgh", {.reordered = 1}},
    {"an empty segment said so, a byte follows", "3: 3:d 4:e", ALL, "de", {0}},
    {"empty segments before the start", "7: 3: 0:ab 2:c", ALL, "abc", {0}},

    {"what is left unread comes again", "S 0:a 1:b.c 4:d 5:e. 7:f", WORDS, "ab.cde.", {0}},
    {"left unread to the end", "S 0:abc 3:def F", WORDS, "", {0}},

    {"swapped", "S 3:def 0:abc 6:g", ALL, "abcdefg", {.reordered = 1}},
    {"backwards", "S 6:g 4:ef 2:cd 0:ab", ALL, "abcdefg", {.reordered = 3}},
    {"swapped, unread before", "S 0:a 3:d. 1:bc", WORDS, "abcd.", {.reordered = 1}},
    {"held twice", "S 3:def 3:def 0:abc", ALL, "abcdef", {.reordered = 2}},
    {"a hole filled in parts", "S 4:ef 1:b 0:a 2:c 3:d", ALL, "abcdef", {.reordered = 2}},

    {"sent again", "S 0:abc 0:abc 3:def 0:abc", ALL, "abcdef", {0}},
    {"sent again with more", "S 0:abc 0:abcdef 2:cdefgh", ALL, "abcdefgh", {0}},
    {"sent again in other sizes", "S 0:abcd 0:a 1:bcdef 3:d 4:efg", ALL, "abcdefg", {0}},
    {"overlaps what is held at its end", "S 3:def 0:abcd 6:g", ALL, "abcdefg", {.reordered = 1}},
    {"overlaps all that is held", "S 2:c 4:e 0:abcdefg", ALL, "abcdefg", {.reordered = 2}},
    {"held inside held", "S 1:bcdefg 2:cd 0:a", ALL, "abcdefg", {.reordered = 2}},
    {"held around held", "S 3:d 2:cde 1:bcdef 0:a", ALL, "abcdef", {.reordered = 3}},
    {"keep-alives", "S 0:abc 2: 2:x 2:x 3:d 3:x 4:e", ALL, "abcde", {0}},
    {"a keep-alive whose byte is unread", "S 0:abc 2:x 3:d.", WORDS, "abcd.", {0}},
    {"a zero-window probe", "S 0:abc 3:d 3:def 3:d", ALL, "abcdef", {0}},

    {"other bytes for what is unread", "S 0:abc 1:XX 3:d.", WORDS, "abcd.", {.conflicts = 1}},
    {"same bytes for what is unread", "S 0:abc 1:bc 3:d.", WORDS, "abcd.", {0}},
    {"other bytes and more", "S 0:abc 1:bXd. 0:abcd.", WORDS, "abcd.", {.conflicts = 1}},
    {"other bytes for what is held",
     "S 3:def 3:dXf 0:abc",
     ALL,
     "abcdef",
     {.reordered = 2, .conflicts = 1}},
    {"other bytes around what is held",
     "S 3:def 0:abcXefgh",
     ALL,
     "abcdefgh",
     {.reordered = 1, .conflicts = 1}},
    {"other bytes for two held count once",
     "S 2:c 4:e 0:abXdXf",
     ALL,
     "abcdef",
     {.reordered = 2, .conflicts = 1}},
    {"other bytes for what was read", "S 0:abc 0:XYZ 3:d", ALL, "abcd", {0}},

    {"a hole at the end of the flow",
     "S 0:ab 5:fg F",
     ALL,
     "ab|fg",
     {.gaps = 1, .gap_bytes = 3, .reordered = 1}},
    {"a hole that is skipped",
     "S 0:ab 5:fg F",
     ALL_SKIP,
     "ab(3)fg",
     {.gaps = 1, .gap_bytes = 3, .reordered = 1}},
    {"two holes",
     "S 0:ab 5:fg 9:jk 11:l F",
     ALL,
     "ab|fg|jkl",
     {.gaps = 2, .gap_bytes = 5, .reordered = 3}},
    {"unread before a hole is dropped",
     "S 0:a.b 5:f.g 8:h. F",
     WORDS,
     "a.|f.gh.",
     {.gaps = 1, .gap_bytes = 2, .reordered = 2}},
    {"unread before a hole, and skipped",
     "S 0:a.b 5:f.g 8:h. F",
     WORDS_SKIP,
     "a.b(2)f.gh.",
     {.gaps = 1, .gap_bytes = 2, .reordered = 2}},
    {"a gap is told until something is read",
     "S 0:a. 5:f 6:g 7:h. 9:i. F",
     WORDS,
     "a.|fgh.i.",
     {.gaps = 1, .gap_bytes = 3, .reordered = 4}},
    {"too late for the hole",
     "S 5:fg A7 A7*16 0:abcde 7:h",
     ALL,
     "|fgh",
     {.gaps = 1, .gap_bytes = 5, .reordered = 1}},
    {"the first byte lost",
     "S 1:b F",
     ALL_SKIP,
     "(1)b",
     {.gaps = 1, .gap_bytes = 1, .reordered = 1}},

    {"acknowledged, not yet given up", "S 0:a 3:d A4*16", ALL, "a", {.reordered = 1}},
    {"acknowledged and given up",
     "S 0:a 3:d A4*17",
     ALL,
     "a|d",
     {.gaps = 1, .gap_bytes = 2, .reordered = 1}},
    {"acknowledged before the hole was seen",
     "S 0:a A4 3:d A4*16 4:e",
     ALL,
     "a|de",
     {.gaps = 1, .gap_bytes = 2, .reordered = 1}},
    {"acknowledged up to the hole", "S 0:a 3:d A1*99 1:bc", ALL, "abcd", {.reordered = 1}},
    {"acknowledged into the hole", "S 0:a 3:d A2*99 1:bc", ALL, "abcd", {.reordered = 1}},
    {"acknowledged, and then it comes",
     "S 0:a 3:d A4*16 1:bc A4*99",
     ALL,
     "abcd",
     {.reordered = 1}},
    {"segments count as well",
     "S 0:a 2:c A9 3:d 4:e 5:f 6:g 7:h 8:i 9:j 10:k 11:l 12:m 13:n "
     "14:o 15:p 16:q 17:r 18:s 19:t",
     ALL,
     "a|cdefghijklmnopqrst",
     {.gaps = 1, .gap_bytes = 1, .reordered = 17}},
    {"the second hole is not acknowledged",
     "S 1:b 4:e A2*17",
     ALL,
     "|b",
     {.gaps = 1, .gap_bytes = 1, .reordered = 2}},

    {"cut by the snap length", "S 0:ab~4 6:gh~4", ALL, "ab|gh", {0}},
    {"cut and skipped", "S 0:ab~4 6:gh~4 12:m", ALL_SKIP, "ab(4)gh(4)m", {0}},
    {"cut to nothing", "S 0:~4 4:~2 6:g", ALL_SKIP, "(4)(2)g", {0}},
    {"cut to nothing, not skipped", "S 0:~4 4:~2 6:g", ALL, "|g", {0}},
    {"cut behind a hole", "S 3:de~2 0:abc 7:h", ALL_SKIP, "abcde(2)h", {.reordered = 1}},
    {"cut in front of a hole",
     "S 0:a~2 5:f F",
     ALL_SKIP,
     "a(2)(2)f",
     {.gaps = 1, .gap_bytes = 2, .reordered = 1}},
    {"cut, sent again whole", "S 0:a~2 0:abcde", ALL_SKIP, "a(2)de", {0}},
    {"cut, around what is held", "S 3:de 0:ab~6 8:i", ALL_SKIP, "ab(1)de(3)i", {.reordered = 1}},
    {"the same cut again", "S 0:ab 1:b~2 0:ab~2 4:e", ALL_SKIP, "ab(2)e", {0}},
    {"unread before a cut", "S 0:a.b 3:c~3 7:h. 9:i.", WORDS, "a.|h.i.", {0}},
    {"a limited reader has not read the rest", "S 0:abc 3:de~3 8:i", LIMIT, "ab|i", {0}},
    {"a fault is out of step", "S 0:abc 3:def", FAULT, "", {0}},

    {"no SYN, swapped, read at once", "3:def. 0:abc", WORDS, "def.", {0}},
    {"no SYN, unread, swapped", "3:def 0:abc 6:.", WORDS, "abcdef.", {.reordered = 1}},
    {"no SYN, unread, overlapping",
     "3:def 4:efg 1:bcde 0:ab 7:.",
     WORDS,
     "abcdefg.",
     {.reordered = 2}},
    {"no SYN, unread, then the SYN", "3:def S 0:abc 6:.", WORDS, "abcdef.", {.reordered = 1}},
    {"no SYN, then the SYN, nothing is earlier",
     "3:def S -3:xyz 0:abc 6:.",
     WORDS,
     "abcdef.",
     {.reordered = 1}},
    {"no SYN, read, then earlier ones", "3:def 0:abc 6:g", ALL, "defg", {0}},
    {"no SYN, far too early", "99999:def 0:abc 100002:.", WORDS, "def.", {0}},
    {"after a SYN nothing is earlier", "S 0:def -3:abc 3:.", WORDS, "def.", {0}},
    {"no SYN, begins with a keep-alive", "9:x 10:ab 12:c", ALL, "abc", {0}},
    {"no SYN, begins with keep-alives", "9:x 9:x 9:x 10:ab", ALL, "ab", {0}},
    {"no SYN, byte by byte", "0:a 1:b 2:c", ALL, "bc", {0}},

    {"a wild segment", "S 0:abc 2000000:X 3:def", ALL, "abcdef", {0}},
    {"wild segments here and there",
     "S 0:a 2000000:X 3000000:Y 2000000:X -2000000:X 1073741824:Y "
     "-1073741824:X 2000000:X 1:b F",
     ALL,
     "ab",
     {0}},
    {"three wild ones in a row",
     "S 0:a 2000000:X 2000001:Y 2000002:Z 1:b 2000003:Y",
     ALL,
     "ab",
     {0}},
    {"wild ones, and an old one between",
     "S 0:ab 2000000:W 2000001:X 2000002:Y 0:ab 2000003:Z 2:c",
     ALL,
     "abc",
     {0}},
    {"after a false move, back to what had passed",
     "S 0:a~1048575 1048576:b~1048575 2097152:c "
     "3600000:W 3600001:X 3600002:Y 3600003:Z 2097153:d 2097154:e 2097155:f 2097156:g 2097157:h",
     ALL_SKIP,
     "a(1048575)b(1048575)c|Z|gh",
     {.gaps = 2, .gap_bytes = 1502850}},
    {"the stream moved",
     "S 0:a 2000000:W 2000001:X 2000002:Y 2000003:Z 2000004:zz",
     ALL,
     "a|Zzz",
     {.gaps = 1, .gap_bytes = 2000002}},
    {"the stream moved, held before",
     "S 0:a 2:c 2000000:W 2000001:X 2000002:Y 2000003:Z",
     ALL,
     "a|c|Z",
     {.gaps = 2, .gap_bytes = 1 + 2000000, .reordered = 1}},
    {"the stream moved back",
     "S 0:a -2000004:W -2000003:X -2000002:Y -2000001:Z -2000000:z",
     ALL,
     "a|Zz",
     {.gaps = 1}},
    {"after a false move, the stream itself",
     "S 0:a 2000000:W 2000001:X 2000002:Y 2000003:Z 1:b "
     "2:c 3:d 4:e 5:f",
     ALL,
     "a|Z|ef",
     {.gaps = 2, .gap_bytes = 2000002}},
    {"a window ahead",
     "S 0:a 1048577:Z 1:b F",
     ALL,
     "ab|Z",
     {.gaps = 1, .gap_bytes = 1048575, .reordered = 1}},
    {"old far behind",
     "S 0:a~1048576 1048577:b~1048575 2097153:c 0:a 1:b 2:c 3:d 4:e",
     ALL_SKIP,
     "a(1048576)b(1048575)c",
     {0}},
};

static bool script_case_holds(const struct script_case *c, uint32_t first)
{
    struct listener listener = {.taste = c->taste};
    struct scene scene = {.pool = stream_pool_new(1 << 20), .first = first, .alive = true};
    assert_non_null(scene.pool);
    scene.stream = tcp_stream_new(scene.pool);
    assert_non_null(scene.stream);
    scene.consumer = (struct stream_consumer){.to = &listener, .consume = listener_consume};
    scene_play(&scene, c->script);

    struct stream_stats stats = *stream_pool_stats(scene.pool);
    bool conflicted = tcp_stream_conflicted(scene.stream);
    tcp_stream_free(scene.pool, scene.stream);
    size_t used = scene.pool->used;
    stream_pool_free(scene.pool);
    if (strcmp(listener.log, c->expected) == 0 && memcmp(&stats, &c->stats, sizeof stats) == 0 &&
        conflicted == (stats.conflicts != 0) && used == 0)
        return true;
    print_error("%s (first number %" PRIu32 "): read \"%s\"; gaps %" PRIu64 " of %" PRIu64
                " bytes, reordered %" PRIu64 ", conflicts %" PRIu64 ", dropped %" PRIu64 "\n",
                c->about, first, listener.log, stats.gaps, stats.gap_bytes, stats.reordered,
                stats.conflicts, stats.dropped);
    return false;
}

/* Each script at ordinary numbers, and where the numbers wrap around at several places in it. */
static void scripts_read_as_expected(void **state)
{
    (void)state;
    static const uint32_t firsts[] = {
        1000,       0,         1, UINT32_MAX, UINT32_MAX - 2, UINT32_MAX - 5, UINT32_MAX - 1000000,
        0x80000000, 0x7ffffffe};
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t j = 0; j < sizeof firsts / sizeof firsts[0]; j++)
            failed += !script_case_holds(&cases[i], firsts[j]);
    assert_int_equal(failed, 0);
}

/* Below: what needs more bytes, or a closer look, than a script gives. */

struct stage {
    struct listener listener;
    struct scene scene;
};

static struct stage *stage_new(enum taste taste, size_t max_bytes)
{
    struct stage *stage = (struct stage *)calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage->listener.taste = taste;
    stage->scene.pool = stream_pool_new(max_bytes);
    stage->scene.stream = tcp_stream_new(stage->scene.pool);
    stage->scene.consumer =
        (struct stream_consumer){.to = &stage->listener, .consume = listener_consume};
    assert_non_null(stage->scene.pool);
    assert_non_null(stage->scene.stream);
    return stage;
}

static void stage_free(struct stage *stage)
{
    tcp_stream_free(stage->scene.pool, stage->scene.stream);
    assert_int_equal(stage->scene.pool->used, 0);
    stream_pool_free(stage->scene.pool);
    free(stage);
}

static bool stage_add(struct stage *stage, uint32_t seq, const void *bytes, size_t len)
{
    return tcp_stream_add(stage->scene.pool, stage->scene.stream, seq, false, span_of(bytes, len),
                          0, &stage->scene.consumer);
}

static void in_order_bytes_are_read_in_the_packet(void **state)
{
    (void)state;
    struct stage *stage = stage_new(WORDS, 1 << 20);
    const char *packet = "whole.";
    stage_add(stage, 5, packet, 6);
    assert_ptr_equal(stage->listener.latest_at, packet);
    assert_int_equal(stage->scene.pool->used, 0);
    const char *more = "one.two";
    stage_add(stage, 11, more, 7);
    assert_ptr_equal(stage->listener.latest_at, more);
    assert_true(stage->scene.pool->used > 0); // "two" waits
    stage_add(stage, 18, ".", 1);
    assert_string_equal(stage->listener.log, "whole.one.two.");
    assert_int_equal(stage->scene.pool->used, 0);
    stage_free(stage);
}

static void no_interest_ends_a_stream(void **state)
{
    (void)state;
    struct stage *stage = stage_new(ALL, 1 << 20);
    stage->listener.stop_after = 5;
    assert_true(stage_add(stage, 0, "abc", 3));
    assert_true(stage_add(stage, 6, "ghi", 3));
    assert_false(stage_add(stage, 3, "def", 3)); // "ghi" was held, and is not offered any more
    assert_string_equal(stage->listener.log, "abcdef");
    assert_int_equal(stage->scene.pool->used, 0);
    assert_false(stage_add(stage, 9, "jkl", 3));
    assert_false(stage_add(stage, 12, "", 0));
    assert_false(
        tcp_stream_acked(stage->scene.pool, stage->scene.stream, 12, &stage->scene.consumer));
    tcp_stream_flush(stage->scene.pool, stage->scene.stream, &stage->scene.consumer);
    assert_string_equal(stage->listener.log, "abcdef");
    assert_int_equal(stream_pool_stats(stage->scene.pool)->dropped, 0);
    stage_free(stage);
}

static void a_flush_is_the_end(void **state)
{
    (void)state;
    struct stage *stage = stage_new(ALL, 1 << 20);
    stage_add(stage, 0, "abc", 3);
    tcp_stream_flush(stage->scene.pool, stage->scene.stream, &stage->scene.consumer);
    assert_false(stage_add(stage, 3, "def", 3));
    assert_string_equal(stage->listener.log, "abc");
    stage_free(stage);
}

/* Feeds |total| bytes in segments of |len|; gives the number of bytes taken before the stream was over. */
static size_t feed_unread(struct stage *stage, size_t total, size_t len)
{
    uint8_t *bytes = (uint8_t *)calloc(1, len);
    size_t at = 0;
    while (at < total && stage_add(stage, (uint32_t)at, bytes, total - at < len ? total - at : len))
        at += total - at < len ? total - at : len;
    free(bytes);
    return at;
}

static void unread_bytes_have_a_bound(void **state)
{
    (void)state;
    static const size_t lens[] = {2, 1000, 1448, 16384, 65160, TCP_STREAM_MAX_UNREAD};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct stage *stage = stage_new(NOTHING, 1 << 20);
        assert_int_equal(feed_unread(stage, TCP_STREAM_MAX_UNREAD, lens[i]), TCP_STREAM_MAX_UNREAD);
        assert_true(stage->scene.pool->used >= TCP_STREAM_MAX_UNREAD);
        assert_true(stage->scene.pool->used < TCP_STREAM_MAX_UNREAD + 4096);
        assert_false(stage_add(stage, TCP_STREAM_MAX_UNREAD, "x", 1));
        assert_int_equal(stream_pool_stats(stage->scene.pool)->dropped, 1);
        assert_int_equal(stage->scene.pool->used, 0);
        stage_free(stage);
    }
    struct stage *stage = stage_new(NOTHING, 1 << 20);
    assert_int_equal(feed_unread(stage, TCP_STREAM_MAX_UNREAD + 1, TCP_STREAM_MAX_UNREAD + 1), 0);
    assert_int_equal(stream_pool_stats(stage->scene.pool)->dropped, 1);
    stage_free(stage);
}

static void a_long_message_is_read_whole(void **state)
{
    (void)state;
    struct stage *stage = stage_new(WORDS, 1 << 20);
    char text[999];
    memset(text, 'm', sizeof text);
    uint32_t seq = 0;
    for (unsigned i = 0; i < 4; i++, seq += sizeof text)
        stage_add(stage, seq, text, sizeof text);
    assert_int_equal(stage->listener.len, 0);
    stage_add(stage, seq, ".", 1);
    assert_int_equal(stage->listener.len, 4 * sizeof text + 1);
    assert_int_equal(stage->scene.pool->used, 0);
    stage_free(stage);
}

static void held_segments_have_a_bound(void **state)
{
    (void)state;
    struct stage *stage = stage_new(ALL_SKIP, 1 << 20);
    stage_add(stage, 0, "ab", 2);
    for (uint32_t i = 0; i < TCP_STREAM_MAX_SEGMENTS; i++)
        assert_true(stage_add(stage, 3 + 2 * i, "x", 1));
    assert_string_equal(stage->listener.log, "ab");
    assert_true(stage_add(stage, 3 + 2 * TCP_STREAM_MAX_SEGMENTS, "y", 1));
    // Only the first hole is given up: what is behind the others fits again.
    assert_string_equal(stage->listener.log, "ab(1)x");
    assert_int_equal(stream_pool_stats(stage->scene.pool)->gaps, 1);
    assert_int_equal(stream_pool_stats(stage->scene.pool)->dropped, 0);
    stage_free(stage);
}

static void held_bytes_have_a_bound(void **state)
{
    (void)state;
    enum { LEN = 16384 };
    struct stage *stage = stage_new(ALL_SKIP, 1 << 20);
    static const uint8_t bytes[LEN];
    stage->listener.taste = NOTHING;
    stage_add(stage, 0, "ab", 2);
    for (uint32_t at = 0; at < TCP_STREAM_MAX_HELD; at += LEN)
        assert_true(stage_add(stage, 3 + at, bytes, LEN));
    assert_int_equal(stage->listener.offers, 1);
    assert_int_equal(stream_pool_stats(stage->scene.pool)->gaps, 0);
    assert_true(stage_add(stage, 900000, "y", 1));
    assert_int_equal(stream_pool_stats(stage->scene.pool)->gaps, 1);
    assert_int_equal(stream_pool_stats(stage->scene.pool)->gap_bytes, 1);
    stage_free(stage);
}

static void a_pool_has_a_bound(void **state)
{
    (void)state;
    size_t one = sizeof(struct stream_piece) + STREAM_POOL_PIECE;
    struct stage *stage = stage_new(NOTHING, 2 * one);
    struct tcp_stream *other = tcp_stream_new(stage->scene.pool);
    struct scene *scene = &stage->scene;
    assert_true(stage_add(stage, 0, "ab", 2));
    assert_true(stage_add(stage, 5, "ab", 2));
    assert_int_equal(scene->pool->used, 2 * one);
    // The stream that asks for more than there is pays; the others go on.
    assert_true(tcp_stream_add(scene->pool, other, 0, true, span_text(""), 0, &scene->consumer));
    assert_false(
        tcp_stream_add(scene->pool, other, 1, false, span_text("ab"), 0, &scene->consumer));
    assert_int_equal(stream_pool_stats(scene->pool)->dropped, 1);
    assert_true(stage_add(stage, 2, "abc", 3));
    assert_int_equal(stream_pool_stats(scene->pool)->dropped, 1);
    assert_int_equal(scene->pool->used, one);
    // Growing needs the old and the new room at once.
    static const uint8_t bytes[STREAM_POOL_PIECE];
    assert_false(stage_add(stage, 7, bytes, sizeof bytes));
    assert_int_equal(stream_pool_stats(scene->pool)->dropped, 2);
    assert_int_equal(scene->pool->used, 0);
    tcp_stream_free(scene->pool, other);
    stage_free(stage);
}

static void a_pool_without_room_drops_what_would_be_held(void **state)
{
    (void)state;
    struct stage *stage = stage_new(ALL, 0);
    assert_true(stage_add(stage, 0, "ab", 2)); // nothing to keep, nothing to hold
    assert_false(stage_add(stage, 5, "ab", 2));
    assert_string_equal(stage->listener.log, "ab");
    assert_int_equal(stream_pool_stats(stage->scene.pool)->dropped, 1);
    stage_free(stage);
}

static void spares_are_bounded(void **state)
{
    (void)state;
    enum { NUM = 2 * STREAM_POOL_SPARES };
    struct stream_pool *pool = stream_pool_new(1 << 20);
    struct stream_piece *pieces[NUM];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < NUM; i++) {
            pieces[i] = stream_pool_take(pool, 1 + i);
            assert_non_null(pieces[i]);
            memset(pieces[i]->bytes, 0xff, pieces[i]->capacity);
        }
        for (unsigned i = 0; i < NUM; i++)
            stream_pool_put(pool, pieces[i]);
        assert_int_equal(pool->num_spares, STREAM_POOL_SPARES);
        assert_int_equal(pool->used, 0);
    }
    assert_null(stream_pool_take(pool, SIZE_MAX - 4096));
    assert_null(stream_pool_take(pool, 1 << 20));
    stream_pool_put(pool, NULL);
    stream_pool_free(pool);
    stream_pool_free(NULL);
    tcp_stream_free(NULL, NULL);
}

/* What a stream of more than 4 GiB went through stays behind it, though the numbers came round. */
static void a_long_stream_knows_what_has_passed(void **state)
{
    (void)state;
    struct stage *stage = stage_new(QUIET, 0);
    struct scene *scene = &stage->scene;
    uint32_t seq = 7;
    for (unsigned i = 0; i < 4100; i++, seq += TCP_STREAM_WINDOW)
        assert_true(tcp_stream_add(scene->pool, scene->stream, seq, false, span_text(""),
                                   TCP_STREAM_WINDOW, &scene->consumer));
    unsigned offers = stage->listener.offers;
    uint32_t old = seq - 100 * TCP_STREAM_WINDOW;
    for (unsigned i = 0; i < 2 * TCP_STREAM_WILD_SEGMENTS; i++, old += 2)
        assert_true(stage_add(stage, old, "ab", 2));
    assert_int_equal(stage->listener.offers, offers);
    assert_int_equal(stream_pool_stats(scene->pool)->gaps, 0);
    assert_true(stage_add(stage, seq, "ab", 2));
    assert_int_equal(stage->listener.offers, offers + 1);
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_read_as_expected),
        cmocka_unit_test(in_order_bytes_are_read_in_the_packet),
        cmocka_unit_test(no_interest_ends_a_stream),
        cmocka_unit_test(a_flush_is_the_end),
        cmocka_unit_test(unread_bytes_have_a_bound),
        cmocka_unit_test(a_long_message_is_read_whole),
        cmocka_unit_test(held_segments_have_a_bound),
        cmocka_unit_test(held_bytes_have_a_bound),
        cmocka_unit_test(a_pool_has_a_bound),
        cmocka_unit_test(a_pool_without_room_drops_what_would_be_held),
        cmocka_unit_test(spares_are_bounded),
        cmocka_unit_test(a_long_stream_knows_what_has_passed),
    };
    return cmocka_run_group_tests_name("tcp_stream", tests, NULL, NULL);
}
