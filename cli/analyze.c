/* analyze.c: perpass analyze: opens everything first, reads the captures, then writes the results. */
#include "cli/analyze.h"

#include "capture/filter.h"
#include "capture/privileges.h"
#include "cli/audit.h"
#include "cli/complain.h"
#include "cli/confine.h"
#include "cli/replay.h"
#include "cli/signals.h"
#include "cli/status.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Everything that one call owns. */
struct analyze {
    const struct analyze_settings *settings;
    const struct option_list *files;
    struct run run;
    struct output events;
    struct replay replay;
    struct audit audit;
    struct input_info *inputs;
};

static bool check_inputs(const struct option_list *files, struct error *error)
{
    unsigned standard = 0;
    for (size_t i = 0; i < files->num; i++)
        standard += strcmp(files->items[i], "-") == 0;
    return standard < 2 || error_set(error, "standard input (-) can be read only once");
}

/* Whether there is an output that shows the sums of inputs. */
static bool shows_hashes(const struct run_settings *settings)
{
    const char *path;
    struct error error;
    bool shows = settings->events != NULL;
    for (size_t i = 0; i < settings->reports.num; i++)
        shows |= run_report_format(settings->reports.items[i], &path, &error)->hashes_inputs;
    return shows;
}

static bool check(const struct analyze *analyze, struct error *error)
{
    const struct analyze_settings *settings = analyze->settings;
    const struct run_files files = {.inputs = analyze->files->items,
                                    .num_inputs = analyze->files->num};
    const struct run_files lists = {.inputs = &settings->psk_candidates,
                                    .num_inputs = settings->psk_candidates != NULL};
    if (settings->quiet && settings->common.verbose)
        return error_set(error, "--quiet and --verbose contradict each other");
    if (settings->hash_inputs && !shows_hashes(&settings->common))
        return error_set(error, "--hash-inputs needs a report in JSON or --events, which show it");
    return check_inputs(analyze->files, error) && run_check(&settings->common, &files, error) &&
           run_check(&settings->common, &lists, error);
}

static enum progress_mode progress_mode(const struct analyze_settings *settings)
{
    return settings->quiet && settings->progress == PROGRESS_AUTO ? PROGRESS_OFF
                                                                  : settings->progress;
}

static bool prepare(struct analyze *analyze, struct error *error)
{
    const struct run_settings *settings = &analyze->settings->common;
    const char *candidates = analyze->settings->psk_candidates;
    if (candidates != NULL && !audit_open(&analyze->audit, candidates, settings->threads,
                                          progress_mode(analyze->settings), error))
        return false;
    analyze->run.psk_search = analyze->audit.search;
    if (settings->filter != NULL) {
        analyze->replay.filter = filter_new_for_all(settings->filter, error);
        if (analyze->replay.filter == NULL)
            return false;
    }
    if (!run_prepare(&analyze->run, error))
        return false;
    analyze->inputs = calloc(analyze->files->num, sizeof analyze->inputs[0]);
    if (analyze->inputs == NULL)
        return error_set(error, "there is no memory");
    analyze->replay.team = analyze->run.team;
    analyze->replay.verbose = settings->verbose;
    return true;
}

static bool open_events(struct analyze *analyze, struct error *error)
{
    const struct run_settings *settings = &analyze->settings->common;
    if (analyze->run.kafka == NULL)
        return output_open_stream(&analyze->events, run_events_path(settings), error);
    return output_open_descriptor(&analyze->events, kafka_lines(analyze->run.kafka),
                                  settings->events, error);
}

static bool open_outputs(struct analyze *analyze, struct error *error)
{
    const struct run_settings *settings = &analyze->settings->common;
    if (settings->events != NULL && !open_events(analyze, error))
        return false;
    if (!run_open_reports(&analyze->run, error) || !run_open_write(&analyze->run, NULL, error))
        return false;
    if (analyze->settings->hash_inputs)
        analyze->replay.hash_up_to = UINT64_MAX;
    else if (shows_hashes(settings))
        analyze->replay.hash_up_to = REPLAY_HASH_BYTES;
    return true;
}

static bool begin_events(struct analyze *analyze, struct error *error)
{
    if (analyze->events.out == NULL)
        return true;
    if (analyze->settings->common.reports.num == 0)
        analyze->replay.needed = analyze->events.out;
    return run_begin_events(&analyze->run, analyze->events.out, error);
}

/* From here on inputs can be read, and reports appear under their names: nothing else. */
static bool confine(struct analyze *analyze, struct error *error)
{
    const struct run_settings *settings = &analyze->settings->common;
    const struct option_list *files = analyze->files;
    struct confine paths = {.num = 0};
    for (size_t i = 0; i < files->num; i++)
        confine_add(&paths, files->items[i], SANDBOX_READ);
    for (size_t i = 0; i < settings->reports.num; i++)
        confine_add_folder(&paths, analyze->run.reports[i].output.name, SANDBOX_RENAME);
    if (settings->write != NULL)
        confine_add_folder(&paths, settings->write, SANDBOX_RENAME);
    confine_add_folder(&paths, settings->write_baseline, SANDBOX_RENAME);
    bool ok = confine_enter(&paths, settings, NULL, error);
    confine_free(&paths);
    return ok;
}

static int begin(struct analyze *analyze)
{
    struct error error = {.text = ""};
    int status = STATUS_OK;
    if (!check(analyze, &error) || !run_begin_kafka(&analyze->run, true, &error) ||
        !prepare(analyze, &error) || !privileges_drop(analyze->settings->common.user, true, &error))
        status = STATUS_USAGE;
    else if (!open_outputs(analyze, &error))
        status = STATUS_OUTPUT;
    else if (!begin_events(analyze, &error))
        status = STATUS_USAGE;
    else if (analyze->run.writer != NULL && !output_truncate(&analyze->events, &error))
        status = STATUS_OUTPUT;
    else if (!confine(analyze, &error))
        status = STATUS_USAGE;
    if (status != STATUS_OK)
        complain("%s", error.text);
    return status;
}

static int read_files(struct analyze *analyze)
{
    const struct option_list *files = analyze->files;
    int status = STATUS_OK;
    progress_begin(&analyze->replay.progress, progress_mode(analyze->settings),
                   replay_total(files->items, files->num), "packets");
    for (size_t i = 0; i < files->num; i++)
        if (!replay_file(&analyze->replay, files->items[i], &analyze->inputs[i]))
            status = STATUS_INPUT;
    team_finish(analyze->run.team);
    analysis_finish(analyze->run.analysis);
    if (analyze->audit.search != NULL) {
        const struct analysis_stats stats = analysis_stats(analyze->run.analysis);
        if (!audit_tell(&analyze->audit, &stats, analyze->settings->quiet))
            status = STATUS_INPUT;
    }
    return status;
}

/* All events have to arrive. */
static bool end_kafka(struct analyze *analyze, struct error *error)
{
    const bool ended = kafka_end(analyze->run.kafka);
    const struct kafka_news *news = kafka_told(analyze->run.kafka);
    if (ended && news->lost == 0)
        return true;
    return error_set(error, "%s did not take all events: %s", analyze->events.name,
                     news->trouble.text[0] != '\0' ? news->trouble.text : "it did not answer");
}

static bool write_events(struct analyze *analyze, const struct result *result, struct error *error)
{
    struct error reason = {.text = ""};
    struct run *run = &analyze->run;
    const uint64_t refused = memory_refused();
    event_writer_result(run->writer, result);
    bool ok = run_end_events(run, &reason);
    if (ok && memory_refused() != refused)
        ok = error_set(&reason, "there is no memory");
    if (!ok && run->kafka == NULL)
        return error_set(error, "%s cannot be written: %s", analyze->events.name, reason.text);
    ok = output_close(&analyze->events, error) && ok;
    /* Why its process took no more, it tells itself. */
    return run->kafka != NULL ? end_kafka(analyze, error) && ok : ok;
}

static int write_all(struct analyze *analyze, const struct result *result)
{
    const struct run_settings *settings = &analyze->settings->common;
    struct run *run = &analyze->run;
    struct error error = {.text = ""};
    int status = STATUS_OK;
    if (run->writer != NULL && !write_events(analyze, result, &error)) {
        complain("%s", error.text);
        status = STATUS_OUTPUT;
    }
    if (!run_finish_write(run, &error)) {
        complain("%s", error.text);
        status = STATUS_OUTPUT;
    }
    for (size_t i = 0; i < settings->reports.num; i++) {
        if (!run_write_report(run, &run->reports[i], result, &error)) {
            complain("%s", error.text);
            status = STATUS_OUTPUT;
        }
    }
    if (!run_write_baseline(run, result, &error)) {
        complain("%s", error.text);
        status = STATUS_OUTPUT;
    }
    if (run_wants_summary(settings, NULL, analyze->settings->quiet) &&
        !run_write_summary(run, result, &error)) {
        complain("%s", error.text);
        status = STATUS_OUTPUT;
    }
    return status;
}

/* What the program exits with, if its results can be written. */
static int status_of(const struct run *run, const struct result *result, int status)
{
    if (signals_stopped() != 0)
        return 128 + signals_stopped();
    if (status != STATUS_OK)
        return status;
    return run_must_fail(run, result) ? STATUS_FINDING : STATUS_OK;
}

static int finish(struct analyze *analyze, int status)
{
    struct run *run = &analyze->run;
    if (complain_lacked_memory() && status == STATUS_OK)
        status = STATUS_INPUT;
    struct result result = run_result(run);
    result.inputs = analyze->inputs;
    result.num_inputs = analyze->files->num;
    result.findings = analysis_findings(run->analysis, &result.num_findings);
    result.ended = true;
    result.exit_status = status_of(run, &result, status);
    int written = write_all(analyze, &result);
    if (run->settings->verbose)
        run_tell_counts(run, &result);
    return written != STATUS_OK ? written : result.exit_status;
}

int analyze_run(const struct analyze_settings *settings, const struct option_list *files)
{
    struct analyze analyze = {
        .settings = settings, .files = files, .run = {.settings = &settings->common}};
    signals_begin();
    int status = begin(&analyze);
    if (status == STATUS_OK)
        status = finish(&analyze, read_files(&analyze));
    run_end(&analyze.run);
    audit_close(&analyze.audit);
    filter_free(analyze.replay.filter);
    output_discard(&analyze.events);
    free(analyze.inputs);
    return status;
}
