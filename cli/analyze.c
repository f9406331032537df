/* analyze.c: perpass analyze: opens everything first, reads the captures, then writes the results. */
#include "cli/analyze.h"

#include "cli/complain.h"
#include "cli/output.h"
#include "cli/replay.h"
#include "cli/signals.h"
#include "cli/status.h"
#include "reports/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct report_output {
    const struct report_format *format;
    struct output output;
};

/* Everything that one run owns. */
struct run {
    const struct analyze_settings *settings;
    const struct option_list *files;
    struct analysis *analysis;
    struct redactor *redactor;
    struct output events;
    struct event_writer *writer; /* NULL: no events are asked for */
    struct report_output *reports;
    struct replay replay;
    struct input_info *inputs;
};

/* The way of an observation out of the engine. */
static void emit(void *to, const struct observation *observation)
{
    struct run *run = to;
    analysis_observe(run->analysis, observation);
    if (run->writer != NULL)
        event_writer_observation(run->writer, observation);
}

/* Options that need others, and files that are named twice. */

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

static bool check_options(const struct analyze_settings *settings, struct error *error)
{
    if (settings->flows && settings->events == NULL)
        return error_set(error, "--flows needs --events, as it asks for more events");
    if (settings->observations.on && settings->events == NULL)
        return error_set(error, "--observations needs --events, as it asks for more events");
    if (settings->quiet && settings->verbose)
        return error_set(error, "--quiet and --verbose contradict each other");
    return settings->filter == NULL || replay_filter_valid(settings->filter, error);
}

static bool check_inputs(const struct option_list *files, struct error *error)
{
    unsigned standard = 0;
    for (size_t i = 0; i < files->num; i++)
        standard += is_standard(files->items[i]);
    return standard < 2 || error_set(error, "standard input (-) can be read only once");
}

/* The path of output |i|: 0 is --events, then the reports. NULL: there is none. */
static const char *output_path(const struct analyze_settings *settings, size_t i)
{
    struct error error;
    const char *path = NULL;
    if (i == 0)
        return settings->events;
    analyze_report(settings->reports.items[i - 1], &path, &error);
    return path;
}

static bool same_file(const char *a, const char *b)
{
    char real_a[PATH_MAX], real_b[PATH_MAX];
    struct stat status_a, status_b;
    if (!output_resolve(a, real_a) || !output_resolve(b, real_b))
        return false;
    if (strcmp(real_a, real_b) == 0)
        return true;
    /* A file can have several names. */
    return stat(real_a, &status_a) == 0 && stat(real_b, &status_b) == 0 &&
           status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
}

/* Standard input may come from a file, too: then it has a name. */
static const char *input_path(const char *path)
{
    return is_standard(path) ? "/dev/stdin" : path;
}

/* Nothing may be written over an input or over another output. */
static bool check_output(const struct run *run, size_t i, struct error *error)
{
    const char *path = output_path(run->settings, i);
    if (path == NULL)
        return true;
    for (size_t j = 0; j < run->files->num; j++)
        if (same_file(path, input_path(run->files->items[j])))
            return error_set(error, "%s is an input: writing the results to it would destroy it",
                             path);
    for (size_t j = 0; j < i; j++) {
        const char *other = output_path(run->settings, j);
        if (other == NULL)
            continue;
        if (is_standard(path) && is_standard(other))
            return error_set(error, "standard output (-) can take only one output");
        if (same_file(path, other))
            return error_set(error, "%s is asked for twice", path);
    }
    return true;
}

static bool check(const struct run *run, struct error *error)
{
    if (!check_options(run->settings, error) || !check_inputs(run->files, error))
        return false;
    for (size_t i = 0; i <= run->settings->reports.num; i++)
        if (!check_output(run, i, error))
            return false;
    return true;
}

/* Opening: whatever can fail does so before the first packet is read. */

static bool prepare(struct run *run, struct error *error)
{
    const struct analyze_settings *settings = run->settings;
    const struct analysis_options analysis = {.rules = settings->rules,
                                              .min_severity = settings->min_severity};
    const struct redact_options redact = {.policy = settings->policy,
                                          .key_file = settings->key_file};
    const struct engine_options engine = {
        .every_flow = settings->flows, .dissectors = dissectors, .emit_to = run, .emit = emit};
    run->analysis = analysis_new(&analysis, error);
    run->redactor = run->analysis != NULL ? redactor_new(&redact, error) : NULL;
    run->replay.engine = run->redactor != NULL ? engine_new(&engine, error) : NULL;
    if (run->replay.engine == NULL)
        return false;
    run->inputs = calloc(run->files->num, sizeof run->inputs[0]);
    run->reports = calloc(settings->reports.num + 1, sizeof run->reports[0]);
    if (run->inputs == NULL || run->reports == NULL)
        return error_set(error, "there is no memory");
    run->replay.filter = settings->filter;
    run->replay.verbose = settings->verbose;
    return true;
}

static bool open_outputs(struct run *run, struct error *error)
{
    const struct option_list *reports = &run->settings->reports;
    if (run->settings->events != NULL &&
        !output_open_stream(&run->events, run->settings->events, error))
        return false;
    for (size_t i = 0; i < reports->num; i++) {
        const char *path;
        struct report_output *report = &run->reports[i];
        report->format = analyze_report(reports->items[i], &path, error);
        if (!output_open_whole(&report->output, path, error))
            return false;
        run->replay.hash |= report->format->hashes_inputs;
    }
    return true;
}

static bool begin_events(struct run *run, struct error *error)
{
    const struct analyze_settings *settings = run->settings;
    const struct event_options options = {.flows = settings->flows,
                                          .observations = settings->observations.on,
                                          .observation_types = settings->observations.types};
    if (run->events.out == NULL)
        return true;
    if (settings->reports.num == 0)
        run->replay.needed = run->events.out;
    run->writer = event_writer_new(run->events.out, &options, run->redactor, error);
    return run->writer != NULL;
}

static int begin(struct run *run)
{
    struct error error = {.text = ""};
    int status = STATUS_OK;
    if (!check(run, &error) || !prepare(run, &error))
        status = STATUS_USAGE;
    else if (!open_outputs(run, &error))
        status = STATUS_OUTPUT;
    else if (!begin_events(run, &error))
        status = STATUS_USAGE;
    else if (run->writer != NULL && !output_truncate(&run->events, &error))
        status = STATUS_OUTPUT;
    if (status != STATUS_OK)
        complain("%s", error.text);
    return status;
}

/* Reading. */

static int read_files(struct run *run)
{
    const struct analyze_settings *settings = run->settings;
    enum progress_mode mode = settings->progress;
    int status = STATUS_OK;
    if (settings->quiet && mode == PROGRESS_AUTO)
        mode = PROGRESS_OFF;
    progress_begin(&run->replay.progress, mode, replay_total(run->files->items, run->files->num));
    for (size_t i = 0; i < run->files->num; i++)
        if (!replay_file(&run->replay, run->files->items[i], &run->inputs[i]))
            status = STATUS_INPUT;
    engine_finish(run->replay.engine);
    analysis_finish(run->analysis);
    return status;
}

/* Writing. */

static bool write_summary(struct run *run, const struct result *result, struct error *error)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    struct report_style style = {.width = 80, .max_lines = 24};
    struct output standard;
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 1) {
        style.colour = (no_colour == NULL || no_colour[0] == '\0') && term != NULL &&
                       strcmp(term, "dumb") != 0;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 1) {
            style.width = size.ws_col;
            style.max_lines = size.ws_row - 1U; /* the prompt takes a line */
        }
    }
    return output_open_stream(&standard, "-", error) &&
           report_format_find("txt")->write(standard.out, result, run->redactor, &style, error) &&
           output_close(&standard, error);
}

static bool write_report(struct run *run, struct report_output *report, const struct result *result,
                         struct error *error)
{
    const struct report_style style = {.colour = false};
    struct error reason = {.text = ""};
    if (report->format->write(report->output.out, result, run->redactor, &style, &reason))
        return output_close(&report->output, error);
    return error_set(error, "%s cannot be written: %s", report->output.name, reason.text);
}

static bool write_events(struct run *run, const struct result *result, struct error *error)
{
    struct error reason = {.text = ""};
    event_writer_result(run->writer, result);
    bool ok = event_writer_free(run->writer, &reason);
    run->writer = NULL;
    if (!ok)
        return error_set(error, "%s cannot be written: %s", run->events.name, reason.text);
    return output_close(&run->events, error);
}

static int write_all(struct run *run, const struct result *result)
{
    const struct analyze_settings *settings = run->settings;
    struct error error = {.text = ""};
    int status = STATUS_OK;
    if (run->writer != NULL && !write_events(run, result, &error)) {
        complain("%s", error.text);
        status = STATUS_OUTPUT;
    }
    for (size_t i = 0; i < settings->reports.num; i++) {
        if (!write_report(run, &run->reports[i], result, &error)) {
            complain("%s", error.text);
            status = STATUS_OUTPUT;
        }
    }
    bool summary = settings->events == NULL && settings->reports.num == 0 && !settings->quiet;
    if (summary && !write_summary(run, result, &error)) {
        complain("%s", error.text);
        status = STATUS_OUTPUT;
    }
    return status;
}

static void tell_count(uint64_t count, const char *about)
{
    char number[TEXT_SMALL];
    if (count > 0)
        complain("%s %s", text_number(count, number), about);
}

static void tell_counts(const struct run *run, const struct result *result)
{
#define ENGINE_STAT(name, about) tell_count(result->engine.name, about);
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about) tell_count(result->analysis.name, about);
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    if (redactor_stability(run->redactor) != NULL)
        complain("pseudonyms were made with %s key %s",
                 redactor_key_is_random(run->redactor) ? "this run's own" : "the",
                 redactor_key_id(run->redactor));
}

static bool must_fail(const struct result *result, enum severity fail_on)
{
    return fail_on != 0 && result->num_findings > 0 && result->findings[0].severity >= fail_on;
}

static int finish(struct run *run, int status)
{
    struct result result = {.inputs = run->inputs,
                            .num_inputs = run->files->num,
                            .engine = engine_stats(run->replay.engine),
                            .analysis = analysis_stats(run->analysis),
                            .version = PERPASS_VERSION,
                            .privacy_policy = privacy_policy_name(run->settings->policy)};
    result.findings = analysis_findings(run->analysis, &result.num_findings);
    int written = write_all(run, &result);
    if (run->settings->verbose)
        tell_counts(run, &result);
    if (written != STATUS_OK)
        return written;
    if (signals_stopped() != 0)
        return 128 + signals_stopped();
    if (status != STATUS_OK)
        return status;
    return must_fail(&result, run->settings->fail_on) ? STATUS_FINDING : STATUS_OK;
}

static void end(struct run *run)
{
    struct error ignored; /* a failed run has told already what is wrong */
    if (run->writer != NULL)
        event_writer_free(run->writer, &ignored);
    output_discard(&run->events);
    for (size_t i = 0; run->reports != NULL && i < run->settings->reports.num; i++)
        output_discard(&run->reports[i].output);
    engine_free(run->replay.engine);
    analysis_free(run->analysis);
    redactor_free(run->redactor);
    free(run->reports);
    free(run->inputs);
}

int analyze_run(const struct analyze_settings *settings, const struct option_list *files)
{
    struct run run = {.settings = settings, .files = files};
    signals_begin();
    int status = begin(&run);
    if (status == STATUS_OK)
        status = finish(&run, read_files(&run));
    end(&run);
    return status;
}
