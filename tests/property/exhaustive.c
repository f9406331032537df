/* exhaustive.c: every capture at every prefix, and with every single byte changed; or with bytes changed at random.
 *
 *     exhaustive [--mutations N] [--threads N] [--one-in N] [--only CASE] [--write FILE] [CAPTURE...]
 *
 * CAPTURE may be a folder with captures in it; without any, all of pcaps/. A case is the first bytes of a capture, or the whole of it with one byte changed in
 * one of two ways: all bits turned over, or one, of which dice decide. Captures of more than 64 KiB get as many cases
 * as one of 64 KiB has, at places that dice decide. Each goes the whole way, from the file to events and reports, which
 * nobody sees: nothing may crash, nothing may make a sanitizer report (in a build that has them) and what takes more
 * than two seconds of processor time, and one for each 64 KiB, hangs. A process does all cases of a capture; after one that kills it another
 * goes on behind it. --only runs one case in this process, for a debugger; --write puts its bytes into a file. */
#include "analysis/analysis.h"
#include "core/team.h"
#include "reports/sink.h"
#include "tests/property/replay.h"

#include <dirent.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>

enum {
    WHOLE_LEN = 1 << 16, /* captures up to this are changed everywhere */
    CHANGES = 2,         /* of a byte */
    CHECK_EACH = 16,     /* the events of one case in so many are read as JSON */
    ENGINE_CASES = 64,   /* an engine reads so many before it makes room for a new one */
    MAX_FAILURES = 20,   /* of a capture: then it is given up */
    CPU_SECONDS = 2,     /* for a case, and one for each CPU_BYTES of it */
    CPU_BYTES = 1 << 16,
    SECONDS = 120 /* for a case that waits for something */
};

static const uint64_t no_case = UINT64_MAX;

/* What the process at work tells the one that waits for it. */
struct progress {
    uint64_t at;   /* the case at hand */
    uint64_t done; /* cases that passed */
};

/* What is made of the observations of a case. */
struct outputs {
    struct analysis *analysis;
    struct event_writer *writer;
};

struct run {
    uint64_t one_in, only;
    uint64_t mutations; /* 0: prefixes and changes of single bytes */
    uint64_t threads;   /* of |team|; 0: |engine| reads */
    const char *write;
    struct replay_bytes whole, changed;
    struct redactor *redactors[2]; /* strict, raw */
    struct progress *progress;     /* shared */
    struct engine *engine;
    struct team *team;
    unsigned engine_left; /* cases that it still reads */
    struct outputs outputs;
    int fd;
    char path[64]; /* of the file in memory */
};

static void observe(void *to, const struct observation *observation)
{
    struct outputs *outputs = to;
    analysis_observe(outputs->analysis, observation);
    event_writer_observation(outputs->writer, observation);
}

static void give_up(const char *why)
{
    fprintf(stderr, "exhaustive: %s\n", why);
    exit(1);
}

static void check(bool holds, const char *what)
{
    if (!holds)
        give_up(what);
}

/* --- a case --- */

static uint64_t num_cases(const struct run *run)
{
    const size_t len = run->whole.len;
    if (run->mutations > 0)
        return 1 + run->mutations;
    return (len < WHOLE_LEN ? len : WHOLE_LEN) * (uint64_t)(1 + CHANGES);
}

/* The same number for the same case, whichever cases were run before. */
static uint32_t dice_of(uint64_t number, size_t below)
{
    struct replay_dice dice = {.state = (number + 1) * 0x9e3779b97f4a7c15};
    (void)replay_dice_below(&dice, 2);
    return replay_dice_below(&dice, below);
}

static struct span make_mutation(struct run *run, uint64_t number, char name[64])
{
    struct replay_dice dice = {.state = number * 0x9e3779b97f4a7c15};
    memcpy(run->changed.at, run->whole.at, run->whole.len);
    run->changed.len = run->whole.len;
    snprintf(name, 64, number == 0 ? "as it is" : "mutated");
    if (number > 0)
        replay_mutate(&dice, &run->changed);
    return span_of(run->changed.at, run->changed.len);
}

/* Makes the case |number|, and its name: first come the prefixes, then the changes of each byte. */
static struct span make_case(struct run *run, uint64_t number, char name[64])
{
    if (run->mutations > 0)
        return make_mutation(run, number, name);
    const size_t len = run->whole.len, places = len < WHOLE_LEN ? len : WHOLE_LEN;
    const size_t place = (size_t)(number % places), way = (size_t)(number / places);
    const size_t at = len > WHOLE_LEN ? dice_of(place, len) : place;
    if (way == 0) {
        snprintf(name, 64, "the first %zu bytes", at);
        return span_of(run->whole.at, at);
    }
    const unsigned change = way == 1 ? 0xff : 1u << dice_of(number, 8);
    snprintf(name, 64, "byte %zu xor 0x%02x", at, change);
    memcpy(run->changed.at, run->whole.at, len);
    run->changed.at[at] = (uint8_t)(run->changed.at[at] ^ change);
    return span_of(run->changed.at, len);
}

static ssize_t count_only(void *cookie, const char *bytes, size_t len)
{
    (void)cookie;
    (void)bytes;
    return (ssize_t)len;
}

static void write_reports(const struct result *result, struct redactor *redactor)
{
    const cookie_io_functions_t sink = {.write = count_only};
    const struct report_style style = {.width = 80, .max_lines = 24};
    for (const struct report_format *const *format = report_formats; *format != NULL; format++) {
        struct error error = {.text = ""};
        FILE *out = fopencookie(NULL, "w", sink);
        check(out != NULL && (*format)->write(out, result, redactor, &style, &error), error.text);
        fclose(out);
    }
}

static void write_result(const struct run *run, struct redactor *redactor)
{
    const struct input_info input = {.path = run->path, .format = "pcap"};
    struct result result = {.inputs = &input,
                            .num_inputs = 1,
                            .engine = run->team != NULL ? team_stats(run->team)
                                                        : engine_stats(run->engine),
                            .analysis = analysis_stats(run->outputs.analysis),
                            .version = "0",
                            .privacy_policy = privacy_policy_name(redactor_policy(redactor))};
    struct error error = {.text = ""};
    result.findings = analysis_findings(run->outputs.analysis, &result.num_findings);
    event_writer_result(run->outputs.writer, &result);
    check(event_writer_free(run->outputs.writer, &error), error.text);
    write_reports(&result, redactor);
}

/* Most of the time of a case would go into making an engine of its own. */
static void renew_engine(struct run *run)
{
    const struct engine_options options = {.max_flows = 64,
                                           .max_stream_bytes = 1 << 20,
                                           .every_flow = true,
                                           .dissectors = dissectors,
                                           .emit_to = &run->outputs,
                                           .emit = observe};
    struct error error = {.text = ""};
    if (run->engine_left-- > 0)
        return;
    engine_free(run->engine);
    team_free(run->team);
    if (run->threads > 0)
        run->team = team_new(&options, (unsigned)run->threads, &error);
    else
        run->engine = engine_new(&options, &error);
    run->engine_left = ENGINE_CASES - 1;
    check(run->engine != NULL || run->team != NULL, error.text);
}

/* The case as the team reads it. */
struct reading {
    struct source *source;
    enum source_status status;
    struct error error;
};

static size_t read_frames(void *to, struct frame *frames, size_t max)
{
    struct reading *reading = to;
    size_t num = 0;
    if (reading->status == SOURCE_FRAMES)
        reading->status = source_read(reading->source, frames, max, &num, &reading->error);
    return reading->status == SOURCE_FRAMES ? num : 0;
}

static void *hold_frames(void *to)
{
    return source_hold(((struct reading *)to)->source);
}

static void release_frames(void *to, void *held)
{
    source_release(((struct reading *)to)->source, held);
}

/* As replay_feed. */
static bool feed_team(struct run *run)
{
    struct reading reading = {.status = SOURCE_FRAMES, .error = {.text = ""}};
    const struct team_source frames = {
        .to = &reading, .read = read_frames, .hold = hold_frames, .release = release_frames};
    reading.source =
        source_open_file(run->path, &(struct source_options){.filter = NULL}, &reading.error);
    if (reading.source != NULL)
        team_read(run->team, &frames);
    source_close(reading.source);
    team_finish(run->team);
    return reading.status != SOURCE_DAMAGED || reading.error.text[0] != '\0';
}

static bool feed_engine(struct run *run)
{
    const bool told = replay_feed(run->path, run->engine);
    engine_finish(run->engine);
    return told;
}

/* From the file to events and reports. */
static void replay(struct run *run, FILE *events, struct redactor *redactor)
{
    const struct event_options options = {.flows = true, .observations = true};
    struct error error = {.text = ""};
    renew_engine(run);
    run->outputs.analysis = analysis_new(&(struct analysis_options){0}, &error);
    run->outputs.writer = event_writer_new(events, &options, redactor, &error);
    check(run->outputs.analysis != NULL && run->outputs.writer != NULL, error.text);
    check(run->team != NULL ? feed_team(run) : feed_engine(run),
          "a damaged capture without a sentence that says how");
    analysis_finish(run->outputs.analysis);
    write_result(run, redactor);
    analysis_free(run->outputs.analysis);
}

/* Half of the cases are shown under each of the policies that differ most. */
static void run_case(struct run *run, uint64_t number, struct span bytes)
{
    const cookie_io_functions_t sink = {.write = count_only};
    const bool read = number % CHECK_EACH == 0 || run->only != no_case;
    char *events = NULL;
    size_t len = 0;
    FILE *out = read ? open_memstream(&events, &len) : fopencookie(NULL, "w", sink);
    check(out != NULL && replay_memory_set(run->fd, bytes), "there is no memory for a file");
    replay(run, out, run->redactors[number / CHECK_EACH % 2]);
    check(fclose(out) == 0, "the events cannot be written");
    if (read) {
        struct span bad = replay_bad_event(events, len);
        if (span_seen(bad))
            fprintf(stderr, "%.*s\n", (int)bad.len, (const char *)bad.at);
        check(!span_seen(bad), "an event is no JSON");
    }
    free(events);
}

/* --- the cases of a capture --- */

static void set_watchdog(unsigned cpu_seconds, unsigned seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = (time_t)cpu_seconds}};
    setitimer(ITIMER_PROF, &timer, NULL);
    alarm(seconds);
}

static void end(struct run *run)
{
    engine_free(run->engine);
    team_free(run->team);
    redactor_free(run->redactors[0]);
    redactor_free(run->redactors[1]);
}

static _Noreturn void work(struct run *run, uint64_t from, uint64_t to)
{
    char name[64];
    for (uint64_t number = from; number < to; number += run->one_in) {
        const struct span bytes = make_case(run, number, name);
        run->progress->at = number;
        set_watchdog(CPU_SECONDS + (unsigned)(bytes.len / CPU_BYTES), SECONDS);
        run_case(run, number, bytes);
        run->progress->done++;
    }
    set_watchdog(0, 0);
    run->progress->at = to;
    end(run);
    exit(0); /* with a look for leaks, where the build has one */
}

static void tell_failure(struct run *run, const char *path, int status)
{
    char name[64] = "at the end, when leaks are looked for";
    const uint64_t number = run->progress->at;
    if (number < num_cases(run))
        make_case(run, number, name);
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM))
        printf("FAILED %s, case %llu, %s: hangs\n", path, (unsigned long long)number, name);
    else if (WIFSIGNALED(status))
        printf("FAILED %s, case %llu, %s: killed by signal %d\n", path, (unsigned long long)number,
               name, WTERMSIG(status));
    else
        printf("FAILED %s, case %llu, %s: exit status %d\n", path, (unsigned long long)number, name,
               WEXITSTATUS(status));
}

/* Gives the number of cases that failed. */
static unsigned run_capture(struct run *run, const char *path)
{
    const uint64_t to = num_cases(run), before = run->progress->done;
    unsigned failures = 0;
    for (uint64_t from = 0; from < to && failures < MAX_FAILURES;) {
        int status;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            work(run, from, to);
        if (child < 0 || waitpid(child, &status, 0) != child)
            give_up("no process can be made");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break;
        failures++;
        tell_failure(run, path, status);
        from = run->progress->at + run->one_in;
    }
    printf("%s: %zu bytes, %llu cases\n", path, run->whole.len,
           (unsigned long long)(run->progress->done - before));
    return failures;
}

static unsigned run_only(struct run *run, const char *path)
{
    char name[64];
    check(run->only < num_cases(run), "the capture has no such case");
    struct span bytes = make_case(run, run->only, name);
    printf("%s, case %llu: %s\n", path, (unsigned long long)run->only, name);
    fflush(stdout);
    if (run->write != NULL) {
        FILE *out = fopen(run->write, "wb");
        check(out != NULL && fwrite(bytes.at, 1, bytes.len, out) == bytes.len && fclose(out) == 0,
              "the case cannot be written");
    }
    run_case(run, run->only, bytes);
    run->progress->done++;
    return 0;
}

static unsigned run_file(struct run *run, const char *path)
{
    check(replay_read(path, &run->whole), path);
    return run->only != no_case ? run_only(run, path) : run_capture(run, path);
}

static bool is_capture(const char *name)
{
    const char *ending = strrchr(name, '.');
    return name[0] != '.' &&
           (ending == NULL || (strcmp(ending, ".md") != 0 && strcmp(ending, ".tsv") != 0));
}

/* The captures of a folder, and of those in it. */
static unsigned run_path(struct run *run, const char *path)
{
    struct dirent **names;
    struct stat status;
    unsigned failures = 0;
    check(stat(path, &status) == 0, path);
    if (!S_ISDIR(status.st_mode))
        return run_file(run, path);
    int num = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < num; i++) {
        char inner[PATH_MAX];
        const int len = snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
        if (is_capture(names[i]->d_name) && len > 0 && (size_t)len < sizeof inner)
            failures += run_path(run, inner);
        free(names[i]);
    }
    if (num >= 0)
        free(names);
    return failures;
}

static unsigned run_all(struct run *run)
{
    struct dirent **folders;
    unsigned failures = 0;
    int num = scandir(PERPASS_SOURCE_DIR "/pcaps", &folders, NULL, alphasort);
    for (int i = 0; i < num; i++) {
        char path[PATH_MAX];
        if (replay_capture_in(PERPASS_SOURCE_DIR "/pcaps", folders[i]->d_name, path, sizeof path))
            failures += run_file(run, path);
        free(folders[i]);
    }
    if (num >= 0)
        free(folders);
    return failures;
}

static void begin(struct run *run)
{
    const struct redact_options strict = {.policy = POLICY_STRICT}, raw = {.policy = POLICY_RAW};
    struct error error = {.text = ""};
    run->progress = mmap(NULL, sizeof *run->progress, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    run->fd = replay_memory(run->path);
    check(run->progress != MAP_FAILED && run->fd >= 0, "there is no memory to share");
    run->redactors[0] = redactor_new(&strict, &error);
    run->redactors[1] = redactor_new(&raw, &error);
    check(run->redactors[0] != NULL && run->redactors[1] != NULL, error.text);
}

static uint64_t number_of(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    check(end != text && *end == '\0', "an option wants a number");
    return value;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"mutations", required_argument, NULL, 'm'}, {"threads", required_argument, NULL, 't'},
        {"one-in", required_argument, NULL, 'n'},    {"only", required_argument, NULL, 'o'},
        {"write", required_argument, NULL, 'w'},     {NULL, 0, NULL, 0}};
    static struct run run = {.one_in = 1, .only = UINT64_MAX};
    unsigned failures = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'm')
            run.mutations = number_of(optarg);
        else if (option == 't')
            run.threads = number_of(optarg);
        else if (option == 'n')
            run.one_in = number_of(optarg);
        else if (option == 'o')
            run.only = number_of(optarg);
        else if (option == 'w')
            run.write = optarg;
        else
            return 2;
    }
    check(run.one_in > 0, "--one-in wants a number from 1 on");
    check(run.threads <= TEAM_MAX_THREADS, "so many threads are not possible");
    check((run.only == no_case && run.write == NULL) || optind + 1 == argc,
          "--only and --write want one capture");
    begin(&run);
    for (int i = optind; i < argc; i++)
        failures += run_path(&run, argv[i]);
    if (optind == argc)
        failures = run_all(&run);
    printf("%llu cases passed, %u failed\n", (unsigned long long)run.progress->done, failures);
    end(&run);
    return failures == 0 && run.progress->done > 0 ? 0 : 1;
}
