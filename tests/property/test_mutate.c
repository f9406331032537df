/* test_mutate.c: every capture of pcaps/ at every prefix, and with bytes changed at random.
 *
 *     test_mutate [--mutations N] [CASE...]
 *
 * Whatever the bytes are: nothing crashes, nothing hangs, every event is a line of JSON, and the same bytes
 * give the same events. A prefix gives the frames of the whole that it has room for, mapped or not, and the
 * first frames never say more of a protocol than all. A capture is a test of its own; what is random has a
 * fixed seed. The tests try NUM_MUTATIONS of each capture; --mutations tries as many others as there is time for. */
#include "analysis/analysis.h"
#include "reports/sink.h"
#include "tests/property/replay.h"

#include <assert.h>
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
    MAX_FRAMES = 8192,  /* of one capture */
    BATCH = 64,         /* frames that are read at once */
    UNMAPPED_EACH = 16, /* one prefix in so many is read into a buffer */
    NUM_MUTATIONS = 50, /* of one capture */
    AGAIN_EACH = 16, /* one in so many is replayed twice, by engines that have read nothing else */
    TIME_LIMIT = 120 /* seconds for the prefixes of one capture, and for so many of its mutations */
};

/* A replay of one capture: how often each type of observation was made, and the events. */
struct replay {
    const struct observation_type *types[MAX_TYPES];
    unsigned counts[MAX_TYPES];
    struct engine *engine;
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

static struct engine *engine_new_for(struct replay *replay)
{
    struct error error = {.text = ""};
    const struct engine_options options = {.max_flows = 64,
                                           .max_stream_bytes = 1 << 20,
                                           .every_flow = true,
                                           .dissectors = dissectors,
                                           .emit_to = replay,
                                           .emit = observe};
    struct engine *engine = engine_new(&options, &error);
    assert_non_null(engine);
    return engine;
}

/* Replays the file at |path| and writes events, which the caller frees; with the engine of the replay before, or, when
 * |fresh|, with a new one: most of the time of a small capture would go into making it. */
static void replay_events(struct replay *replay, const char *path, struct redactor *redactor,
                          bool fresh)
{
    const struct event_options options = {.flows = true, .observations = true};
    struct error error = {.text = ""};
    if (fresh) {
        engine_free(replay->engine);
        replay->engine = engine_new_for(replay);
    }
    replay->analysis = analysis_new(&(struct analysis_options){0}, &error);
    FILE *out = open_memstream(&replay->events, &replay->events_len);
    assert_true(replay->analysis != NULL && out != NULL);
    replay->writer = event_writer_new(out, &options, redactor, &error);
    feed_file(path, replay->engine);
    engine_finish(replay->engine);
    analysis_finish(replay->analysis);
    write_result(replay, replay->engine);
    fclose(out);
    analysis_free(replay->analysis);
}

/* Replays the file at |path| with an engine that has read others before, and counts. */
static void replay_count(struct replay *replay, const char *path)
{
    memset(replay->counts, 0, sizeof replay->counts);
    feed_file(path, replay->engine);
    engine_finish(replay->engine);
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

/* The frames of a capture, with their bytes. */
struct kept_frames {
    size_t num;
    struct frame frames[MAX_FRAMES];
    uint8_t bytes[REPLAY_MAX_CAPTURE];
};

static void keep_frames(const char *path, struct kept_frames *kept)
{
    struct error error = {.text = ""};
    struct source *source = source_open_file(path, &(struct source_options){0}, &error);
    struct frame frames[BATCH];
    size_t num, len = 0;
    kept->num = 0;
    while (source != NULL && source_read(source, frames, BATCH, &num, &error) == SOURCE_FRAMES)
        for (size_t i = 0; i < num; i++) {
            struct frame *frame = &kept->frames[kept->num++];
            *frame = frames[i];
            assert_true(kept->num < MAX_FRAMES && frame->captured_len <= sizeof kept->bytes - len);
            frame->at = memcpy(kept->bytes + len, frame->at, frame->captured_len);
            len += frame->captured_len;
        }
    source_close(source);
}

static bool same_frame(const struct frame *one, const struct frame *other)
{
    return one->captured_len == other->captured_len && one->wire_len == other->wire_len &&
           one->time_ns == other->time_ns && one->number == other->number &&
           one->link_type == other->link_type && one->interface == other->interface &&
           memcmp(one->at, other->at, one->captured_len) == 0;
}

/* Gives how many frames the capture at |path|, the first |len| bytes of the whole, has: the first ones of |kept|. */
static size_t first_frames(const char *path, size_t len, const struct kept_frames *kept)
{
    const struct source_options options = {.unmapped = len % UNMAPPED_EACH == 1};
    struct error error = {.text = ""};
    struct source *source = source_open_file(path, &options, &error);
    struct frame frames[BATCH];
    enum source_status status = SOURCE_DAMAGED;
    size_t num, all = 0;
    while (source != NULL &&
           (status = source_read(source, frames, BATCH, &num, &error)) == SOURCE_FRAMES)
        for (size_t i = 0; i < num; i++, all++)
            if (all >= kept->num || !same_frame(&frames[i], &kept->frames[all]))
                fail_msg("frame %zu of the first %zu bytes is not that of the whole", all, len);
    source_close(source);
    if (status == SOURCE_DAMAGED && error.text[0] == '\0')
        fail_msg("no sentence says what is wrong with the first %zu bytes", len);
    return all;
}

static void test_prefixes(const char *path, struct replay_bytes *bytes)
{
    static struct kept_frames kept;
    struct replay replay = {.writer = NULL};
    struct error error = {.text = ""};
    unsigned most[MAX_TYPES];
    char memory_path[64];
    replay.engine = engine_new_for(&replay);
    replay.analysis = analysis_new(&(struct analysis_options){0}, &error);
    assert_non_null(replay.analysis);
    int fd = replay_memory(memory_path);
    assert_true(fd >= 0);
    assert_true(replay_read(path, bytes));
    assert_true(replay_memory_set(fd, span_of(bytes->at, bytes->len)));
    keep_frames(memory_path, &kept);
    replay_count(&replay, memory_path);
    memcpy(most, replay.counts, sizeof most);
    size_t before = kept.num;
    for (size_t len = bytes->len; len-- > 0;) {
        assert_int_equal(ftruncate(fd, (off_t)len), 0);
        const size_t num = first_frames(memory_path, len, &kept);
        assert_in_range(before - num, 0, 1);
        if (num != before) { /* else the engine would get what it got before */
            replay_count(&replay, memory_path);
            check_says_no_more(&replay, most, len);
        }
        before = num;
    }
    assert_int_equal(before, 0);
    close(fd);
    engine_free(replay.engine);
    analysis_free(replay.analysis);
}

static void check_events(const struct replay *replay, unsigned number)
{
    struct span bad = replay_bad_event(replay->events, replay->events_len);
    if (span_seen(bad))
        fail_msg("mutation %u: an event is no JSON: %.*s", number, (int)bad.len,
                 (const char *)bad.at);
}

/* What is tried of one capture. */
struct capture_case {
    char path[PATH_MAX];
    unsigned mutations;
};

static void test_mutations(const struct capture_case *which, struct replay_bytes *bytes)
{
    const struct redact_options options = {.policy = POLICY_RAW};
    struct replay_dice dice = {.state = 0x9e3779b97f4a7c15};
    struct error error = {.text = ""};
    struct redactor *redactor = redactor_new(&options, &error);
    struct replay first = {.writer = NULL}, again = {.writer = NULL};
    char memory_path[64];
    int fd = replay_memory(memory_path);
    assert_true(fd >= 0);
    assert_non_null(redactor);
    for (unsigned number = 0; number < which->mutations; number++) {
        if (number % NUM_MUTATIONS == 0)
            alarm(TIME_LIMIT);
        assert_true(replay_read(which->path, bytes));
        replay_mutate(&dice, bytes);
        assert_true(replay_memory_set(fd, span_of(bytes->at, bytes->len)));
        replay_events(&first, memory_path, redactor, number % AGAIN_EACH == 0);
        check_events(&first, number);
        if (number % AGAIN_EACH == 0) {
            replay_events(&again, memory_path, redactor, true);
            if (first.events_len != again.events_len ||
                memcmp(first.events, again.events, first.events_len) != 0)
                fail_msg("mutation %u: the same bytes give other events", number);
            free(again.events);
        }
        free(first.events);
    }
    engine_free(first.engine);
    engine_free(again.engine);
    redactor_free(redactor);
    close(fd);
}

/* A capture is one test: a crash is seen beside its name. */
static void test_capture(void **state)
{
    const struct capture_case *which = *state;
    static struct replay_bytes bytes;
    alarm(TIME_LIMIT); /* a hang ends the program */
    test_prefixes(which->path, &bytes);
    test_mutations(which, &bytes);
    alarm(0);
}

static bool is_wanted(const char *name, char *const *names)
{
    bool wanted = *names == NULL;
    for (; *names != NULL && !wanted; names++)
        wanted = strcmp(*names, name) == 0;
    return wanted;
}

static struct CMUnitTest capture_test(const char *name, const char *path, unsigned mutations)
{
    struct capture_case *which = calloc(1, sizeof *which);
    assert(which != NULL);
    snprintf(which->path, sizeof which->path, "%s", path);
    which->mutations = mutations;
    return (struct CMUnitTest){
        .name = strdup(name), .test_func = test_capture, .initial_state = which};
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[MAX_CASES];
    unsigned mutations = NUM_MUTATIONS;
    struct dirent **folders;
    size_t num_tests = 0;
    argv++;
    if (argc > 2 && strcmp(argv[0], "--mutations") == 0) {
        mutations = (unsigned)strtoul(argv[1], NULL, 10);
        argv += 2;
    }
    int num = scandir(PERPASS_SOURCE_DIR "/pcaps", &folders, NULL, alphasort);
    for (int i = 0; i < num; i++) {
        const char *name = folders[i]->d_name;
        char path[PATH_MAX];
        if (num_tests < MAX_CASES && is_wanted(name, argv) &&
            replay_capture_in(PERPASS_SOURCE_DIR "/pcaps", name, path, sizeof path))
            tests[num_tests++] = capture_test(name, path, mutations);
        free(folders[i]);
    }
    if (num_tests == 0 || mutations == 0) {
        fprintf(stderr, "no such captures in %s/pcaps, or no mutations\n", PERPASS_SOURCE_DIR);
        return 1;
    }
    free(folders);
    int failed = _cmocka_run_group_tests("mutate", tests, num_tests, NULL, NULL);
    printf("mutate: %u mutations of each of %zu captures\n", mutations, num_tests);
    for (size_t i = 0; i < num_tests; i++) {
        free((char *)(uintptr_t)tests[i].name);
        free(tests[i].initial_state);
    }
    return failed;
}
