/* monitor.c: perpass monitor: reads an interface, and writes events, reports and statistics while it runs.
 *
 * Timers go by the monotonic clock, everything in the results by the packet clock: that of the last packet, and
 * while none comes, what has passed since. So a step of the system's clock ends no wait and makes none longer. */
#include "cli/monitor.h"

#include "capture/privileges.h"
#include "capture/source.h"
#include "cli/complain.h"
#include "cli/confine.h"
#include "cli/event_pipe.h"
#include "cli/metrics.h"
#include "cli/signals.h"
#include "cli/status.h"
#include "reports/text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { TICK_MS = 200, LAST_WAIT_MS = 2000 };

static const uint64_t ns_per_s = 1000000000;

/* Counters at the beginning of what reports tell of. */
struct since {
    struct input_info input;
    struct engine_stats engine;
    struct analysis_stats analysis;
    uint64_t events_dropped, packets_written, packets_not_written;
};

struct monitor {
    const struct monitor_settings *settings;
    struct run run;
    struct source *source;
    struct event_pipe *events; /* NULL: none are asked for */
    struct input_info input;   /* since the start */
    struct since since;
    uint64_t now_ns, begun_ns, tick_ns;         /* monotonic */
    uint64_t interval_ns, stats_ns, metrics_ns; /* when they are due; UINT64_MAX: never */
    uint64_t packet_ns, packet_at_ns;           /* time of the last packet; when it was read */
    uint64_t num_frames;
    bool down, broken, metrics_failed, finding_to_fail_on;
    int status;
};

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * ns_per_s + (uint64_t)now.tv_nsec;
}

static void fail(struct monitor *monitor, int status, const struct error *error)
{
    complain("%s", error->text);
    if (status > monitor->status)
        monitor->status = status;
}

/* --- results --- */

static uint64_t packet_clock(const struct monitor *monitor)
{
    if (monitor->packet_ns == 0)
        return 0;
    return monitor->packet_ns + (monitor->now_ns - monitor->packet_at_ns);
}

static void count_input(struct monitor *monitor)
{
    const struct source_stats stats = source_stats(monitor->source);
    struct input_info *input = &monitor->input;
    input->frames = stats.frames;
    input->filtered = stats.filtered;
    input->dropped = stats.dropped;
    input->freezes = stats.freezes;
    input->outages = stats.outages;
    input->unfit = stats.unfit;
    input->mended = stats.mended;
    input->adapter_stamped = stats.adapter_stamped;
}

/* Everything since the start; findings are the caller's. */
static struct result result_of_all(struct monitor *monitor)
{
    count_input(monitor);
    struct result result = run_result(&monitor->run);
    result.inputs = &monitor->input;
    result.num_inputs = 1;
    result.time_ns = packet_clock(monitor);
    if (monitor->events != NULL)
        result.events_dropped = event_pipe_dropped(monitor->events);
    return result;
}

/* Takes what was counted before |since| away; |input| is where the result's input goes. */
static void only_since(const struct since *since, struct result *result, struct input_info *input)
{
#define ENGINE_STAT(name, about) result->engine.name -= since->engine.name;
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about) result->analysis.name -= since->analysis.name;
#define ANALYSIS_SIZE(name, about) /* is that of the interval */
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    result->events_dropped -= since->events_dropped;
    result->packets_written -= since->packets_written;
    result->packets_not_written -= since->packets_not_written;
    *input = result->inputs[0];
    input->frames -= since->input.frames;
    input->filtered -= since->input.filtered;
    input->dropped -= since->input.dropped;
    input->freezes -= since->input.freezes;
    input->outages -= since->input.outages;
    input->unfit -= since->input.unfit;
    input->mended -= since->input.mended;
    input->adapter_stamped -= since->input.adapter_stamped;
    result->inputs = input;
}

/* |all| is what the reports were written from: what came meanwhile is for the next ones. */
static void begin_since(struct monitor *monitor, const struct result *all)
{
    monitor->since = (struct since){.input = monitor->input,
                                    .engine = all->engine,
                                    .analysis = all->analysis,
                                    .events_dropped = all->events_dropped,
                                    .packets_written = all->packets_written,
                                    .packets_not_written = all->packets_not_written};
    monitor->input.first_ns = monitor->input.last_ns = 0;
}

/* --- writing --- */

static void flush_events(struct monitor *monitor)
{
    struct error error;
    if (monitor->events == NULL)
        return;
    run_flush_events(&monitor->run);
    if (!event_pipe_flush(monitor->events, &error))
        complain("%s", error.text);
}

static void write_reports(struct monitor *monitor, const struct result *result, bool last)
{
    struct run *run = &monitor->run;
    struct error error;
    for (size_t i = 0; i < run->settings->reports.num; i++) {
        struct run_report *report = &run->reports[i];
        bool by_rename = report->output.target[0] != '\0'; /* others would be written twice */
        if (report->output.out == NULL || !(by_rename || last))
            continue;
        report->output.unsynced = !last;
        if (!run_write_report(run, report, result, &error))
            fail(monitor, STATUS_OUTPUT, &error);
    }
}

/* Findings that the interval brought go to the events, all of them to the reports. */
static void write_findings(struct monitor *monitor, const struct result *all,
                           const struct finding *findings, size_t num_findings, bool last)
{
    struct result result = *all;
    struct input_info input;
    result.findings = findings;
    result.num_findings = num_findings;
    if (monitor->settings->per_interval)
        only_since(&monitor->since, &result, &input);
    monitor->finding_to_fail_on |= run_must_fail(&monitor->run, &result);
    if (monitor->run.writer != NULL)
        event_writer_findings(monitor->run.writer, &result,
                              analysis_interval_number(monitor->run.analysis));
    write_reports(monitor, &result, last);
}

static void end_interval(struct monitor *monitor)
{
    struct run *run = &monitor->run;
    struct error error = {.text = ""};
    size_t num;
    analysis_sum_up(run->analysis);
    struct finding *findings = analysis_copy(run->analysis, &num);
    if (findings == NULL) {
        error_set(&error, "there is no memory for a report");
        fail(monitor, STATUS_OUTPUT, &error);
        return;
    }
    const struct result all = result_of_all(monitor);
    write_findings(monitor, &all, findings, num, false);
    free(findings);
    analysis_interval(run->analysis, monitor->settings->per_interval);
    if (monitor->settings->per_interval)
        begin_since(monitor, &all);
    if (!run_open_reports(run, &error))
        fail(monitor, STATUS_OUTPUT, &error);
}

static void write_metrics(struct monitor *monitor)
{
    struct error error;
    size_t num;
    struct finding *findings = analysis_copy(monitor->run.analysis, &num);
    struct result result = result_of_all(monitor);
    result.findings = findings;
    result.num_findings = num;
    bool ok = metrics_write(monitor->settings->metrics, &result, &error);
    free(findings);
    if (!ok && !monitor->metrics_failed)
        fail(monitor, STATUS_OUTPUT, &error);
    monitor->metrics_failed = !ok;
}

static void tell_statistics(struct monitor *monitor)
{
    char packets[TEXT_SMALL * 2], dropped[TEXT_SMALL], filtered[TEXT_SMALL];
    const struct result all = result_of_all(monitor);
    const struct input_info *input = &monitor->input;
    complain("%s: %s, %s dropped, %s left out by the filter here, %" PRIu64 " outages, %" PRIu64
             " events dropped",
             input->path, text_count(input->frames, "packet", "packets", packets),
             text_number(input->dropped, dropped), text_number(input->filtered, filtered),
             input->outages, all.events_dropped);
    run_tell_counts(&monitor->run, &all);
}

/* --- running --- */

/* Whether a timer is due; sets when it is next. What was missed is not made up for. */
static bool due(uint64_t *at_ns, uint64_t now_ns, uint64_t every_s)
{
    if (now_ns < *at_ns)
        return false;
    *at_ns = now_ns + every_s * ns_per_s;
    return true;
}

static uint64_t interval_of(const struct monitor_settings *settings)
{
    return settings->interval_s != 0 ? settings->interval_s : MONITOR_INTERVAL_S;
}

static uint64_t metrics_every(const struct monitor_settings *settings)
{
    return settings->stats_s != 0 ? settings->stats_s : MONITOR_METRICS_S;
}

static void begin_timers(struct monitor *monitor)
{
    const struct monitor_settings *settings = monitor->settings;
    uint64_t now = monotonic_ns();
    monitor->now_ns = monitor->begun_ns = monitor->tick_ns = now;
    monitor->interval_ns = monitor->stats_ns = monitor->metrics_ns = UINT64_MAX;
    if (!settings->at_end_only)
        monitor->interval_ns = now + interval_of(settings) * ns_per_s;
    if (settings->stats_s != 0 && monitor->events != NULL)
        monitor->stats_ns = now + settings->stats_s * ns_per_s;
    if (settings->metrics != NULL)
        monitor->metrics_ns = now;
}

static void tell_outage(struct monitor *monitor)
{
    bool down = source_stats(monitor->source).down;
    if (down && !monitor->down)
        complain("%s is down: waiting for it", monitor->input.path);
    else if (!down && monitor->down)
        complain("%s is up again", monitor->input.path);
    monitor->down = down;
}

static void answer_signals(struct monitor *monitor)
{
    struct error error;
    if (signals_asked(SIGHUP)) {
        flush_events(monitor);
        if (monitor->events != NULL && !event_pipe_reopen(monitor->events, &error))
            fail(monitor, STATUS_OUTPUT, &error);
        if (!run_open_write(&monitor->run, monitor->settings->interface, &error))
            fail(monitor, STATUS_OUTPUT, &error);
    }
    if (signals_asked(SIGUSR1))
        tell_statistics(monitor);
}

/* What is done some times a second, whatever comes. */
static void tick(struct monitor *monitor)
{
    const struct monitor_settings *settings = monitor->settings;
    uint64_t now = monitor->now_ns;
    monitor->tick_ns = now + TICK_MS * (ns_per_s / 1000);
    team_advance(monitor->run.team, packet_clock(monitor));
    tell_outage(monitor);
    if (due(&monitor->interval_ns, now, interval_of(settings)))
        end_interval(monitor);
    if (due(&monitor->stats_ns, now, settings->stats_s)) {
        const struct result all = result_of_all(monitor);
        event_writer_stats(monitor->run.writer, &all);
    }
    if (due(&monitor->metrics_ns, now, metrics_every(settings)))
        write_metrics(monitor);
    answer_signals(monitor);
    flush_events(monitor);
    if (monitor->run.written.out != NULL)
        fflush(monitor->run.written.out); /* what goes wrong is told when it is closed */
}

static void note_frames(struct monitor *monitor, const struct frame *frames, size_t num)
{
    struct input_info *input = &monitor->input;
    for (size_t i = 0; i < num; i++) {
        if (input->last_ns == 0 || frames[i].time_ns < input->first_ns)
            input->first_ns = frames[i].time_ns;
        if (frames[i].time_ns > input->last_ns)
            input->last_ns = frames[i].time_ns;
    }
    monitor->packet_ns = frames[num - 1].time_ns;
    monitor->packet_at_ns = monitor->now_ns;
    monitor->num_frames += num;
}

static bool is_over(const struct monitor *monitor)
{
    const struct monitor_settings *settings = monitor->settings;
    if (monitor->broken || signals_stopped() != 0 ||
        (settings->packets != 0 && monitor->num_frames >= settings->packets))
        return true;
    return settings->duration_s != 0 &&
           monitor->now_ns - monitor->begun_ns >= settings->duration_s * ns_per_s;
}

static void source_failed(struct monitor *monitor, const struct error *error)
{
    snprintf(monitor->input.damage, sizeof monitor->input.damage, "%s", error->text);
    fail(monitor, STATUS_INPUT, error);
    monitor->broken = true;
}

/* Frames for the team; none when there is something else to do: then all that was read is told first. */
static size_t read_frames(void *to, struct frame *frames, size_t max)
{
    struct monitor *monitor = to;
    struct error error = {.text = ""};
    const uint64_t packets = monitor->settings->packets;
    size_t num = 0;
    while (num == 0 && !is_over(monitor) && monitor->now_ns < monitor->tick_ns) {
        if (packets != 0 && packets - monitor->num_frames < max)
            max = (size_t)(packets - monitor->num_frames);
        enum source_status status = source_read(monitor->source, frames, max, &num, &error);
        monitor->now_ns = monotonic_ns();
        if (status != SOURCE_FRAMES && status != SOURCE_IDLE)
            source_failed(monitor, &error);
    }
    if (num > 0)
        note_frames(monitor, frames, num);
    return num;
}

static void *hold_frames(void *to)
{
    return source_hold(((struct monitor *)to)->source);
}

static void release_frames(void *to, void *held)
{
    source_release(((struct monitor *)to)->source, held);
}

static void watch(struct monitor *monitor)
{
    const struct team_source source = {
        .to = monitor, .read = read_frames, .hold = hold_frames, .release = release_frames};
    begin_timers(monitor);
    while (!is_over(monitor)) {
        team_read(monitor->run.team, &source);
        monitor->now_ns = monotonic_ns();
        if (monitor->now_ns >= monitor->tick_ns)
            tick(monitor);
    }
}

/* --- beginning and end --- */

static bool check_fanout(const struct monitor_settings *settings, struct error *error)
{
    const struct live_fanout *fanout = &settings->fanout;
    if (settings->common.threads > 1 || fanout->group != 0)
        return true;
    return (fanout->spread == LIVE_SPREAD_DEFAULT && !fanout->defrag && !fanout->rollover) ||
           error_set(error, "--fanout and --fanout-* need several rings: --threads N");
}

static struct live_options live_options(const struct monitor_settings *settings)
{
    return (struct live_options){.filter = settings->common.filter,
                                 .ring_bytes = (size_t)settings->ring_mib << 20,
                                 .block_bytes = (size_t)settings->block_kib << 10,
                                 .block_ms = (unsigned)settings->block_ms,
                                 .not_promiscuous = settings->not_promiscuous,
                                 .adapter_time = settings->adapter_time,
                                 .num_rings = settings->common.threads,
                                 .fanout = settings->fanout};
}

/* Whether events go to something that can be put aside: a file, or one that is to be made. */
static bool events_are_a_file(const struct run_settings *settings)
{
    struct stat status;
    const char *path = run_events_path(settings);
    if (path == NULL || strcmp(path, "-") == 0 || output_socket(path) != NULL)
        return false;
    return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

static bool check(const struct monitor_settings *settings, struct error *error)
{
    const struct live_options options = live_options(settings);
    const struct run_files files = {.outputs = &settings->metrics,
                                    .num_outputs = settings->metrics != NULL};
    if (settings->interface == NULL)
        return error_set(error, "monitor needs an interface: -i IFACE");
    if (settings->stats_s != 0 && settings->common.events == NULL && settings->metrics == NULL)
        return error_set(error, "--stats needs --events or --metrics, which it goes to");
    if (settings->rotate_mib != 0 && !events_are_a_file(&settings->common))
        return error_set(error, "--rotate-size needs --events FILE, which it is about");
    if (settings->rotate_keep != 0 && settings->rotate_mib == 0)
        return error_set(error, "--rotate-keep needs --rotate-size");
    if (settings->per_interval && settings->at_end_only)
        return error_set(error, "--per-interval and --interval 0 contradict each other");
    if (settings->per_interval && settings->common.write_baseline != NULL)
        return error_set(error, "--per-interval forgets what --write-baseline would have to write: "
                                "the findings since the start");
    if (!check_fanout(settings, error) || !source_live_possible(&options, error))
        return false;
    return run_check(&settings->common, &files, error);
}

static bool open_source(struct monitor *monitor, struct error *error)
{
    const struct monitor_settings *settings = monitor->settings;
    const struct live_options options = live_options(settings);
    monitor->source = source_open_live(settings->interface, &options, error);
    if (monitor->source == NULL)
        return false;
    monitor->input.path = settings->interface;
    monitor->input.format = source_format(monitor->source);
    return true;
}

static bool open_outputs(struct monitor *monitor, struct error *error)
{
    const struct monitor_settings *settings = monitor->settings;
    const struct event_pipe_options options = {.rotate_bytes = settings->rotate_mib << 20,
                                               .num_kept = settings->rotate_keep != 0
                                                               ? (unsigned)settings->rotate_keep
                                                               : MONITOR_ROTATE_KEEP,
                                               .kafka = monitor->run.kafka};
    if (settings->common.events != NULL) {
        const char *path = run_events_path(&settings->common);
        monitor->events =
            event_pipe_open(path != NULL ? path : settings->common.events, &options, error);
        if (monitor->events == NULL)
            return false;
    }
    return run_open_reports(&monitor->run, error) &&
           run_open_write(&monitor->run, settings->interface, error);
}

/* From here on packets can be read, and outputs be replaced and made anew in their folders: nothing else. */
static bool confine(struct monitor *monitor, struct error *error)
{
    const struct monitor_settings *settings = monitor->settings;
    const struct run_settings *common = &settings->common;
    struct confine paths = {.num = 0};
    confine_add_folder(&paths, run_events_path(common), SANDBOX_WRITE);
    confine_add_folder(&paths, settings->metrics, SANDBOX_WRITE);
    confine_add_folder(&paths, common->write, SANDBOX_WRITE);
    confine_add_folder(&paths, common->write_baseline, SANDBOX_WRITE);
    for (size_t i = 0; i < common->reports.num; i++)
        confine_add_folder(&paths, monitor->run.reports[i].output.name, SANDBOX_WRITE);
    bool ok = confine_enter(&paths, common, monitor->source, error);
    confine_free(&paths);
    return ok;
}

static int begin(struct monitor *monitor)
{
    const struct monitor_settings *settings = monitor->settings;
    struct error error = {.text = ""};
    int status = STATUS_OK;
    if (!check(settings, &error) || !run_begin_kafka(&monitor->run, false, &error) ||
        !run_prepare(&monitor->run, &error))
        status = STATUS_USAGE;
    else if (!open_source(monitor, &error))
        status = STATUS_INPUT;
    else if (!privileges_drop(settings->common.user, false, &error))
        status = STATUS_USAGE;
    else if (!open_outputs(monitor, &error))
        status = STATUS_OUTPUT;
    else if (monitor->events != NULL &&
             !run_begin_events(&monitor->run, event_pipe_file(monitor->events), &error))
        status = STATUS_USAGE;
    else if (!confine(monitor, &error))
        status = STATUS_USAGE;
    if (status != STATUS_OK)
        complain("%s", error.text);
    return status;
}

static void end_events(struct monitor *monitor, const struct result *result)
{
    struct error error = {.text = ""}, reason = {.text = ""};
    char number[TEXT_SMALL];
    event_writer_stats(monitor->run.writer, result);
    bool ok = run_end_events(&monitor->run, &reason);
    if (!ok)
        error_set(&error, "%s cannot be written: %s", monitor->settings->common.events,
                  reason.text);
    if (!event_pipe_finish(monitor->events, LAST_WAIT_MS) && ok)
        ok = error_set(&error, "events are missing in %s: it could not be written",
                       monitor->settings->common.events);
    if (!ok)
        fail(monitor, STATUS_OUTPUT, &error);
    if (event_pipe_dropped(monitor->events) > 0)
        complain("%s events were dropped: their reader was too slow or away",
                 text_number(event_pipe_dropped(monitor->events), number));
}

static void finish(struct monitor *monitor)
{
    const struct monitor_settings *settings = monitor->settings;
    struct run *run = &monitor->run;
    struct error error = {.text = ""};
    team_finish(run->team);
    analysis_finish(run->analysis);
    if (!run_finish_write(run, &error))
        fail(monitor, STATUS_OUTPUT, &error);
    struct result all = result_of_all(monitor);
    all.findings = analysis_findings(run->analysis, &all.num_findings);
    write_findings(monitor, &all, all.findings, all.num_findings, true);
    if (!run_write_baseline(run, &all, &error))
        fail(monitor, STATUS_OUTPUT, &error);
    if (run->writer != NULL)
        end_events(monitor, &all);
    if (monitor->events != NULL)
        all.events_dropped = event_pipe_dropped(monitor->events);
    if (settings->metrics != NULL && !metrics_write(settings->metrics, &all, &error))
        fail(monitor, STATUS_OUTPUT, &error);
    if (run_wants_summary(&settings->common, settings->metrics, settings->quiet) &&
        !run_write_summary(run, &all, &error))
        fail(monitor, STATUS_OUTPUT, &error);
    if (settings->common.verbose)
        tell_statistics(monitor);
}

int monitor_run(const struct monitor_settings *settings)
{
    struct monitor monitor = {.settings = settings, .run = {.settings = &settings->common}};
    signals_begin();
    signals_serve();
    int status = begin(&monitor);
    if (status == STATUS_OK) {
        watch(&monitor);
        finish(&monitor);
        status = monitor.status;
        if (complain_lacked_memory() && status == STATUS_OK)
            status = STATUS_INPUT;
        if (status == STATUS_OK && monitor.finding_to_fail_on)
            status = STATUS_FINDING;
    }
    run_end(&monitor.run);
    event_pipe_free(monitor.events);
    source_close(monitor.source);
    return status;
}
