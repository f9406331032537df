/* test_mutate.c: every capture of pcaps/ at every prefix, and with bytes changed at random.
 *
 * Whatever the bytes are: nothing crashes, nothing hangs, every event is a line of JSON, and the same bytes
 * give the same events. A prefix never says more of a protocol than the whole. A capture is a test of its
 * own; what is random has a fixed seed. */
#include "analysis/analysis.h"
#include "reports/sink.h"
#include "tests/property/replay.h"

#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

enum {
    MAX_CASES = 512,
    MAX_TYPES = 64,
    WHOLE_LEN = 1 << 16, /* captures up to this are tried at every length, */
    NUM_SAMPLES = 2000,  /* larger ones at so many */
    NUM_MUTATIONS = 150, /* of one capture */
    TIME_LIMIT = 120     /* seconds for one capture */
};

/* A replay of one capture: how often each type of observation was made, and the events. */
struct replay {
    const struct observation_type *types[MAX_TYPES];
    unsigned counts[MAX_TYPES];
    struct analysis *analysis;
    struct event_writer *writer; /* NULL: no events are written */
    char *events;
    size_t events_len;
};

static unsigned *count_of(struct replay *replay, const struct observation_type *type)
{
    size_t i = 0;
    while (replay->types[i] != NULL && replay->types[i] != type) {
        i++;
        assert_true(i < MAX_TYPES);
    }
    replay->types[i] = type;
    return &replay->counts[i];
}

static void observe(void *to, const struct observation *observation)
{
    struct replay *replay = to;
    ++*count_of(replay, observation->type);
    analysis_observe(replay->analysis, observation);
    if (replay->writer != NULL)
        event_writer_observation(replay->writer, observation);
}

static void feed_file(const char *path, struct engine *engine)
{
    assert_true(replay_feed(path, engine));
}

static void write_result(struct replay *replay, const struct engine *engine)
{
    struct result result = {.engine = engine_stats(engine),
                            .analysis = analysis_stats(replay->analysis),
                            .version = "0",
                            .privacy_policy = "raw"};
    struct error error = {.text = ""};
    result.findings = analysis_findings(replay->analysis, &result.num_findings);
    event_writer_result(replay->writer, &result);
    assert_true(event_writer_free(replay->writer, &error));
}

static struct engine *engine_for(struct replay *replay)
{
    struct error error = {.text = ""};
    const struct engine_options options = {.max_flows = 64,
                                           .max_stream_bytes = 1 << 20,
                                           .every_flow = true,
                                           .dissectors = dissectors,
                                           .emit_to = replay,
                                           .emit = observe};
    struct engine *engine = engine_new(&options, &error);
    replay->analysis = analysis_new(&(struct analysis_options){0}, &error);
    assert_non_null(engine);
    assert_non_null(replay->analysis);
    return engine;
}

/* Replays the file at |path| from a fresh start and writes events, which the caller frees. */
static void replay_events(struct replay *replay, const char *path, struct redactor *redactor)
{
    const struct event_options options = {.flows = true, .observations = true};
    struct error error = {.text = ""};
    *replay = (struct replay){.writer = NULL};
    struct engine *engine = engine_for(replay);
    FILE *out = open_memstream(&replay->events, &replay->events_len);
    assert_non_null(out);
    replay->writer = event_writer_new(out, &options, redactor, &error);
    feed_file(path, engine);
    engine_finish(engine);
    analysis_finish(replay->analysis);
    write_result(replay, engine);
    fclose(out);
    engine_free(engine);
    analysis_free(replay->analysis);
}

/* Replays the file at |path| with an engine that has read others before, and counts. */
static void replay_count(struct replay *replay, const char *path, struct engine *engine)
{
    memset(replay->counts, 0, sizeof replay->counts);
    feed_file(path, engine);
    engine_finish(engine);
}

/* These tell that something is missing, or how it ended: a prefix may have more of them. */
static bool is_of_protocol(const struct observation_type *type)
{
    return strcmp(type->name, "cut") != 0 && strcmp(type->name, "malformed") != 0 &&
           strcmp(type->name, "flow.end") != 0;
}

static void check_says_no_more(const struct replay *part, const unsigned *most, size_t len)
{
    for (size_t i = 0; i < MAX_TYPES && part->types[i] != NULL; i++)
        if (is_of_protocol(part->types[i]) && part->counts[i] > most[i])
            fail_msg("the first %zu bytes have %u %s, the whole has %u", len, part->counts[i],
                     part->types[i]->name, most[i]);
}

static void test_prefixes(const char *path, struct replay_bytes *bytes)
{
    struct replay replay = {.writer = NULL};
    struct engine *engine = engine_for(&replay);
    unsigned most[MAX_TYPES];
    char memory_path[64];
    int fd = replay_memory(memory_path);
    assert_true(fd >= 0);
    assert_true(replay_read(path, bytes));
    assert_true(replay_memory_set(fd, span_of(bytes->at, bytes->len)));
    replay_count(&replay, memory_path, engine);
    memcpy(most, replay.counts, sizeof most);
    const size_t step = bytes->len > WHOLE_LEN ? bytes->len / NUM_SAMPLES : 1;
    for (size_t len = bytes->len; len >= step;) {
        len -= step;
        assert_int_equal(ftruncate(fd, (off_t)len), 0);
        replay_count(&replay, memory_path, engine);
        check_says_no_more(&replay, most, len);
    }
    close(fd);
    engine_free(engine);
    analysis_free(replay.analysis);
}

static void mutate(struct replay_dice *dice, struct replay_bytes *bytes)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    for (uint32_t changes = 1 + replay_dice_below(dice, 8); changes > 0 && bytes->len > 1;
         changes--) {
        const size_t at = replay_dice_below(dice, bytes->len);
        const size_t len = 1 + replay_dice_below(dice, bytes->len - at < 64 ? bytes->len - at : 64);
        switch (replay_dice_below(dice, 6)) {
        case 0:
            bytes->at[at] = edges[replay_dice_below(dice, sizeof edges)];
            break;
        case 1:
            bytes->at[at] = (uint8_t)replay_dice_below(dice, 256);
            break;
        case 2: /* taken out */
            memmove(bytes->at + at, bytes->at + at + len, bytes->len - at - len);
            bytes->len -= len;
            break;
        case 3: /* from elsewhere */
            memmove(bytes->at + at, bytes->at + replay_dice_below(dice, bytes->len - len + 1), len);
            break;
        case 4: /* a piece twice */
            if (bytes->len + len < sizeof bytes->at) {
                memmove(bytes->at + at + len, bytes->at + at, bytes->len - at);
                bytes->len += len;
            }
            break;
        default:
            bytes->at[at] = (uint8_t)(bytes->at[at] ^ 1U << replay_dice_below(dice, 8));
        }
    }
}

static void check_events(const struct replay *replay, unsigned number)
{
    struct span bad = replay_bad_event(replay->events, replay->events_len);
    if (span_seen(bad))
        fail_msg("mutation %u: an event is no JSON: %.*s", number, (int)bad.len,
                 (const char *)bad.at);
}

static void test_mutations(const char *path, struct replay_bytes *bytes)
{
    const struct redact_options options = {.policy = POLICY_RAW};
    struct replay_dice dice = {.state = 0x9e3779b97f4a7c15};
    struct error error = {.text = ""};
    struct redactor *redactor = redactor_new(&options, &error);
    struct replay first, again;
    char memory_path[64];
    int fd = replay_memory(memory_path);
    assert_true(fd >= 0);
    assert_non_null(redactor);
    for (unsigned number = 0; number < NUM_MUTATIONS; number++) {
        assert_true(replay_read(path, bytes));
        mutate(&dice, bytes);
        assert_true(replay_memory_set(fd, span_of(bytes->at, bytes->len)));
        replay_events(&first, memory_path, redactor);
        check_events(&first, number);
        if (number % 8 == 0) {
            replay_events(&again, memory_path, redactor);
            if (first.events_len != again.events_len ||
                memcmp(first.events, again.events, first.events_len) != 0)
                fail_msg("mutation %u: the same bytes give other events", number);
            free(again.events);
        }
        free(first.events);
    }
    redactor_free(redactor);
    close(fd);
}

/* A capture is one test: a crash is seen beside its name. */
static void test_capture(void **state)
{
    const char *path = *state;
    static struct replay_bytes bytes;
    alarm(TIME_LIMIT); /* a hang ends the program */
    test_prefixes(path, &bytes);
    test_mutations(path, &bytes);
    alarm(0);
}

int main(void)
{
    static struct CMUnitTest tests[MAX_CASES];
    struct dirent **folders;
    size_t num_tests = 0;
    int num = scandir(PERPASS_SOURCE_DIR "/pcaps", &folders, NULL, alphasort);
    for (int i = 0; i < num; i++) {
        char path[PATH_MAX];
        if (num_tests < MAX_CASES &&
            replay_capture_in(PERPASS_SOURCE_DIR "/pcaps", folders[i]->d_name, path, sizeof path))
            tests[num_tests++] = (struct CMUnitTest){.name = strdup(folders[i]->d_name),
                                                     .test_func = test_capture,
                                                     .initial_state = strdup(path)};
        free(folders[i]);
    }
    if (num_tests == 0) {
        fprintf(stderr, "there are no captures in %s/pcaps\n", PERPASS_SOURCE_DIR);
        return 1;
    }
    free(folders);
    int failed = _cmocka_run_group_tests("mutate", tests, num_tests, NULL, NULL);
    for (size_t i = 0; i < num_tests; i++) {
        free((char *)(uintptr_t)tests[i].name);
        free(tests[i].initial_state);
    }
    return failed;
}
