/* run.c: what all commands with results share. */
#include "cli/run.h"

#include "cli/complain.h"
#include "cli/syslog_stream.h"
#include "core/common_observations.h"
#include "core/crypto.h"
#include "core/field_observations.h"
#include "core/geo.h"
#include "core/memory.h"
#include "dissectors/content_rules.h"
#include "dissectors/labels.h"
#include "dissectors/tls_nonces.h"
#include "reports/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A conversation that no dissector read has the name that nDPI gives it. */
static void look(void *to, const struct observation *observation, void *data)
{
    struct run *run = to;
    if (observation->type == &observation_flow_packet) {
        const struct flow_packet_observation *shown = data;
        labels_look(run->labels, observation->flow, shown->packet, observation->time_ns);
    } else if (observation->type == &observation_flow_end) {
        struct flow_end_observation *end = data;
        const struct label label = labels_end(run->labels, observation->flow);
        if (end->protocol != NULL || end->application_protocol != NULL || label.protocol == NULL)
            return;
        end->application_protocol = label.protocol;
        end->application = label.application;
        end->encrypted = truth(!label.readable);
        end->credentials = label.credentials ? TRUTH_YES : TRUTH_UNKNOWN;
    }
}

/* Of other conversations only who asked for every one wants to know. */
static bool is_named(const struct observation *observation)
{
    const struct flow_end_observation *end = observation->data;
    return end->protocol != NULL || end->application_protocol != NULL;
}

/* The way of an observation out of the engine. */
static void emit(void *to, const struct observation *observation)
{
    struct run *run = to;
    if (observation->type == &observation_flow_packet)
        return; /* was looked at */
    if (run->labels != NULL && observation->type == &observation_flow_end &&
        !run->settings->flows && !is_named(observation))
        return;
    analysis_observe(run->analysis, observation);
    if (run->writer != NULL && observation->type != &observation_exchange_end)
        event_writer_observation(run->writer, observation);
}

/* The way of an observation out of the analysis. */
static void emit_made(void *to, const struct observation *observation)
{
    struct run *run = to;
    if (run->writer != NULL)
        event_writer_observation(run->writer, observation);
}

static void keep_it(void *to, const struct frame *frame, uint64_t conversation,
                    enum engine_interest interest)
{
    struct run *run = to;
    keep_packet(run->keep, frame, conversation, interest);
}

/* Options that need others, and files that are named twice. */

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

static unsigned num_threads(const struct run_settings *settings)
{
    return settings->threads != 0 ? settings->threads : 1;
}

static bool check_kafka(const struct run_settings *settings, struct error *error)
{
    const bool used = settings->events != NULL && kafka_topic(settings->events) != NULL;
    const bool told = settings->kafka_brokers != NULL || settings->kafka_config != NULL;
    if (told && !used)
        return error_set(error, "%s needs --events kafka:TOPIC, which it is about",
                         settings->kafka_brokers != NULL ? "--kafka-brokers" : "--kafka-config");
    return !used || told ||
           error_set(error, "--events kafka:TOPIC needs --kafka-brokers HOST:PORT, or a file of "
                            "properties (--kafka-config)");
}

static bool check_options(const struct run_settings *settings, struct error *error)
{
    if (settings->flows && settings->events == NULL)
        return error_set(error, "--flows needs --events, as it asks for more events");
    if (settings->observations.on && settings->events == NULL)
        return error_set(error, "--observations needs --events, as it asks for more events");
    if (!check_kafka(settings, error))
        return false;
    if (settings->write != NULL && settings->policy != POLICY_RAW)
        return error_set(error, "--write needs --privacy raw: packets show everything as it is");
    if (settings->write != NULL && is_standard(settings->write))
        return error_set(error, "--write needs a file: standard output is for text");
    if (settings->write_mib != 0 && settings->write == NULL)
        return error_set(error, "--write-size needs --write, whose file it is about");
    if (settings->cpus.num > num_threads(settings))
        return error_set(error,
                         "--cpus names more processors than there are threads (--threads %u)",
                         num_threads(settings));
    return true;
}

/* The path of output |i|: 0 is --events, then the reports, then the others, then --write and --write-baseline. NULL:
 * there is none. */
static const char *output_path(const struct run_settings *settings, const struct run_files *files,
                               size_t i)
{
    struct error error;
    const char *path = NULL;
    if (i == 0)
        return run_events_path(settings);
    if (i > settings->reports.num + files->num_outputs + 1)
        return settings->write_baseline;
    if (i > settings->reports.num + files->num_outputs)
        return settings->write;
    if (i > settings->reports.num)
        return files->outputs[i - settings->reports.num - 1];
    run_report_format(settings->reports.items[i - 1], &path, &error);
    return path;
}

/* Whether |path| is one of the files that are read. A new baseline may take the place of the one that was read. */
static bool is_input(const struct run_settings *settings, const struct run_files *files,
                     const char *path)
{
    const char *const own[] = {settings->key_file, settings->secret_rules, settings->kafka_config,
                               path != settings->write_baseline ? settings->baseline : NULL};
    for (size_t i = 0; i < files->num_inputs; i++)
        if (output_destroys(path, files->inputs[i]))
            return true;
    for (size_t i = 0; i < settings->geoip.num; i++)
        if (output_destroys(path, settings->geoip.items[i]))
            return true;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (output_destroys(path, own[i]))
            return true;
    return false;
}

/* Nothing may be written over an input or over another output. */
static bool check_output(const struct run_settings *settings, const struct run_files *files,
                         size_t i, struct error *error)
{
    const char *path = output_path(settings, files, i);
    if (path == NULL)
        return true;
    if (is_input(settings, files, path))
        return error_set(error, "%s is an input: writing the results to it would destroy it", path);
    for (size_t j = 0; j < i; j++) {
        const char *other = output_path(settings, files, j);
        if (other == NULL)
            continue;
        if (is_standard(path) && is_standard(other))
            return error_set(error, "standard output (-) can take only one output");
        if (output_same_file(path, other))
            return error_set(error, "%s is asked for twice", path);
    }
    return true;
}

bool run_check(const struct run_settings *settings, const struct run_files *files,
               struct error *error)
{
    if (!check_options(settings, error))
        return false;
    for (size_t i = 0; i <= settings->reports.num + files->num_outputs + 2; i++)
        if (!check_output(settings, files, i, error))
            return false;
    return true;
}

/* Opening: whatever can fail does so before the first packet is read. */

/* A run of no rule would look as if there were nothing to find. */
static bool select_rules(struct run *run, struct error *error)
{
    const char *selected = run->settings->rules;
    if (!rule_selection_parse(selected, &run->rules, error))
        return false;
    const bool lacks_list = run->rules.on[RULE_PSK_WEAK_KEY] && run->psk_search == NULL;
    run->rules.on[RULE_PSK_WEAK_KEY] &= run->psk_search != NULL;
    for (int id = 0; id < (int)NUM_RULES; id++)
        if (run->rules.on[id])
            return true;
    return error_set(error, "--rules %.200s leaves no rule that runs%s", selected,
                     lacks_list ? ": psk.weak-key needs --psk-candidates, which perpass analyze has"
                                : "");
}

/* Which rules run, and which of their findings are known. */
static bool prepare_rules(struct run *run, struct error *error)
{
    const struct run_settings *settings = run->settings;
    if (!select_rules(run, error))
        return false;
    if (run->psk_search != NULL && !run->rules.on[RULE_PSK_WEAK_KEY])
        return error_set(error,
                         "--psk-candidates is for the rule psk.weak-key, which --rules leaves out");
    if (settings->baseline == NULL)
        return true;
    run->baseline = baseline_read(settings->baseline, run->redactor, error);
    return run->baseline != NULL;
}

static bool open_geo(struct run *run, struct error *error)
{
    const struct option_list *files = &run->settings->geoip;
    if (files->num == 0)
        return true;
    run->geo = geo_new();
    if (run->geo == NULL)
        return error_set(error, "there is no memory for databases of places");
    for (size_t i = 0; i < files->num; i++)
        if (!geo_add(run->geo, files->items[i], error))
            return false;
    return true;
}

bool run_begin_kafka(struct run *run, bool all_or_nothing, struct error *error)
{
    const struct run_settings *settings = run->settings;
    const char *topic = settings->events != NULL ? kafka_topic(settings->events) : NULL;
    const struct kafka_options options = {.topic = topic,
                                          .brokers = settings->kafka_brokers,
                                          .file = settings->kafka_config,
                                          .user = settings->user,
                                          .no_sandbox = settings->no_sandbox,
                                          .all_or_nothing = all_or_nothing};
    if (topic == NULL)
        return true;
    run->kafka = kafka_start(&options, error);
    return run->kafka != NULL;
}

bool run_prepare(struct run *run, struct error *error)
{
    const struct run_settings *settings = run->settings;
    if (!open_geo(run, error))
        return false;
    uint8_t key[ANALYSIS_KEY_LEN];
    struct analysis_options analysis = {.rules = settings->rules,
                                        .min_severity = settings->min_severity,
                                        .home_nets = &settings->home_nets,
                                        .geo = run->geo,
                                        .psk_search = run->psk_search,
                                        .emit_to = run,
                                        .emit = emit_made};
    const struct redact_options redact = {.policy = settings->policy,
                                          .key_file = settings->key_file,
                                          .scheme = settings->address_scheme,
                                          .epoch = settings->epoch};
    run->content_rules = content_rules_new(settings->secret_rules, error);
    if (run->content_rules == NULL)
        return false;
    const bool classify = !settings->no_classify && labels_built();
    if (classify && (run->labels = labels_new()) == NULL)
        return error_set(error, "there is no memory for nDPI");
    struct engine_options engine = {.every_flow = settings->flows || classify,
                                    .show_packets = classify ? LABELS_PACKETS : 0,
                                    .proofs = run->psk_search != NULL,
                                    .content_rules = run->content_rules,
                                    .packet = settings->write != NULL ? keep_it : NULL,
                                    .dissectors = dissectors,
                                    .emit_to = run,
                                    .look = classify ? look : NULL,
                                    .emit = emit};
    run->redactor = redactor_new(&redact, error);
    if (run->redactor == NULL)
        return false;
    if (redactor_analysis_key(run->redactor, key, sizeof key))
        analysis.key = key;
    run->analysis = analysis_new(&analysis, error);
    crypto_wipe(key, sizeof key);
    if (run->analysis == NULL || !prepare_rules(run, error))
        return false;
    engine.fields =
        analysis_reads(run->analysis, &observation_ip_fields) || settings->observations.on;
    engine.nonces =
        analysis_reads(run->analysis, &observation_tls_record_nonces) || settings->observations.on;
    run->team = team_new(&engine, num_threads(settings), error);
    if (run->team == NULL)
        return false;
    if (settings->cpus.num > 0 &&
        !team_pin(run->team, settings->cpus.at, settings->cpus.num, error))
        return false;
    run->reports = calloc(settings->reports.num + 1, sizeof run->reports[0]);
    return run->reports != NULL || error_set(error, "there is no memory");
}

bool run_open_reports(struct run *run, struct error *error)
{
    const struct option_list *reports = &run->settings->reports;
    for (size_t i = 0; i < reports->num; i++) {
        const char *path;
        struct run_report *report = &run->reports[i];
        if (report->output.out != NULL)
            continue;
        report->format = run_report_format(reports->items[i], &path, error);
        if (!output_open_whole(&report->output, path, error))
            return false;
    }
    return run->settings->write_baseline == NULL || run->new_baseline.out != NULL ||
           output_open_whole(&run->new_baseline, run->settings->write_baseline, error);
}

const char *run_events_path(const struct run_settings *settings)
{
    if (settings->events == NULL || kafka_topic(settings->events) != NULL)
        return NULL;
    const char *path = syslog_stream_path(settings->events);
    return path != NULL ? path : settings->events;
}

bool run_begin_events(struct run *run, FILE *out, struct error *error)
{
    const struct run_settings *settings = run->settings;
    const struct event_options options = {.flows = settings->flows,
                                          .observations = settings->observations.on,
                                          .observation_types = settings->observations.types,
                                          .geo = run->geo};
    if (syslog_stream_path(settings->events) != NULL) {
        out = run->messages = syslog_stream_new(out);
        if (out == NULL)
            return error_set(error, "there is no memory for messages of syslog");
    }
    run->writer = event_writer_new(out, &options, run->redactor, error);
    return run->writer != NULL;
}

void run_flush_events(struct run *run)
{
    event_writer_flush(run->writer);
    if (run->messages != NULL)
        fflush(run->messages);
}

bool run_end_events(struct run *run, struct error *error)
{
    bool ok = event_writer_free(run->writer, error);
    run->writer = NULL;
    if (run->messages != NULL && fclose(run->messages) != 0 && ok)
        ok = error_set(error, "%s", strerror(errno));
    run->messages = NULL;
    return ok;
}

static uint64_t room_in(const struct run *run)
{
    const uint64_t mib = run->settings->write_mib;
    const uint64_t room = (mib != 0 ? mib : RUN_WRITE_MIB) << 20;
    struct stat status;
    if (fstat(run->written.descriptor, &status) != 0)
        return room;
    return (uint64_t)status.st_size < room ? room - (uint64_t)status.st_size : 0;
}

bool run_open_write(struct run *run, const char *interface, struct error *error)
{
    const char *path = run->settings->write;
    struct output opened;
    if (path == NULL)
        return true;
    if (!(interface != NULL ? output_open_append(&opened, path, error)
                            : output_open_whole(&opened, path, error)))
        return false;
    /* What could not be written of the one before is told, and the new one is begun all the same. */
    const bool closed = run->written.out == NULL || output_close(&run->written, error);
    run->written = opened;
    if (run->keep != NULL)
        keep_restart(run->keep, run->written.out, room_in(run));
    else
        run->keep = keep_new(run->written.out, interface, room_in(run));
    if (run->keep == NULL)
        return error_set(error, "there is no memory for packets that are kept");
    return closed;
}

bool run_finish_write(struct run *run, struct error *error)
{
    char number[TEXT_SMALL];
    if (run->keep == NULL)
        return true;
    keep_finish(run->keep);
    const struct keep_stats stats = keep_stats(run->keep);
    if (stats.not_written > 0)
        complain("%s packets were not written to %s: it has its size (--write-size)",
                 text_number(stats.not_written, number), run->settings->write);
    return output_close(&run->written, error);
}

/* Writing. */

struct result run_result(const struct run *run)
{
    struct result result = {.engine = team_stats(run->team),
                            .analysis = analysis_stats(run->analysis),
                            .version = PERPASS_VERSION,
                            .privacy_policy = privacy_policy_name(run->settings->policy),
                            .fail_on = run->settings->fail_on,
                            .baseline = run->baseline,
                            .rules_on = run->rules.on,
                            .min_severity = run->settings->min_severity};
    result.engine.memory_refused = memory_refused();
    if (run->keep != NULL) {
        result.packets_written = keep_stats(run->keep).written;
        result.packets_not_written = keep_stats(run->keep).not_written;
    }
    result.told = analysis_told(run->analysis, &result.num_told);
    return result;
}

/* A report is of the time at which it ends: with epochs, its pseudonyms are those of then. */
static void set_epoch(struct run *run, const struct result *result)
{
    uint64_t time_ns = result->time_ns;
    for (size_t i = 0; i < result->num_inputs; i++)
        if (result->inputs[i].last_ns > time_ns)
            time_ns = result->inputs[i].last_ns;
    redactor_at(run->redactor, time_ns);
}

/* What lacks something that there was no memory for, since |refused| was counted, must not look whole. */
static bool is_whole(uint64_t refused, const char *name, struct error *error)
{
    return memory_refused() == refused ||
           error_set(error, "%s cannot be written: there is no memory", name);
}

/* Lets an output appear, or gives it up: what was written of it must not be in the way of the next one. */
static bool end_output(struct output *output, bool wrote, const struct error *reason,
                       uint64_t refused, struct error *error)
{
    if (!wrote)
        error_set(error, "%s cannot be written: %s", output->name, reason->text);
    if (wrote && is_whole(refused, output->name, error))
        return output_close(output, error);
    output_discard(output);
    return false;
}

static bool goes_to_standard(const char *path)
{
    return path != NULL && is_standard(path);
}

bool run_wants_summary(const struct run_settings *settings, const char *other, bool quiet)
{
    return settings->events == NULL && settings->reports.num == 0 && !quiet &&
           !goes_to_standard(settings->write_baseline) && !goes_to_standard(other);
}

bool run_write_summary(struct run *run, const struct result *result, struct error *error)
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
    struct error reason = {.text = ""};
    set_epoch(run, result);
    const uint64_t refused = memory_refused();
    if (!output_open_stream(&standard, "-", error))
        return false;
    const bool wrote =
        report_format_find("txt")->write(standard.out, result, run->redactor, &style, &reason);
    return end_output(&standard, wrote, &reason, refused, error);
}

bool run_write_report(struct run *run, struct run_report *report, const struct result *result,
                      struct error *error)
{
    const struct report_style style = {.colour = false};
    struct error reason = {.text = ""};
    const uint64_t refused = memory_refused();
    set_epoch(run, result);
    const bool wrote =
        report->format->write(report->output.out, result, run->redactor, &style, &reason);
    return end_output(&report->output, wrote, &reason, refused, error);
}

bool run_write_baseline(struct run *run, const struct result *result, struct error *error)
{
    struct error reason = {.text = ""};
    if (run->settings->write_baseline == NULL)
        return true;
    const uint64_t refused = memory_refused();
    const bool wrote = baseline_write(run->new_baseline.out, result, run->redactor, &reason);
    return end_output(&run->new_baseline, wrote, &reason, refused, error);
}

static void tell_count(uint64_t count, const char *about)
{
    char number[TEXT_SMALL];
    if (count > 0)
        complain("%s %s", text_number(count, number), about);
}

void run_tell_counts(const struct run *run, const struct result *result)
{
#define ENGINE_STAT(name, about) tell_count(result->engine.name, about);
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about) tell_count(result->analysis.name, about);
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    tell_count(result->packets_written, "packets written");
    tell_count(result->packets_not_written,
               "packets not written, as there was no room in the file");
    if (redactor_stability(run->redactor) != NULL)
        complain("pseudonyms were made with %s key %s",
                 redactor_key_is_random(run->redactor) ? "this run's own" : "the",
                 redactor_key_id(run->redactor));
}

bool run_must_fail(const struct run *run, const struct result *result)
{
    return baseline_fails(result, run->redactor);
}

void run_end(struct run *run)
{
    struct error ignored; /* a failed run has told already what is wrong */
    if (run->writer != NULL)
        run_end_events(run, &ignored);
    if (run->messages != NULL)
        fclose(run->messages); /* nothing was to write them */
    kafka_free(run->kafka);
    for (size_t i = 0; run->reports != NULL && i < run->settings->reports.num; i++)
        output_discard(&run->reports[i].output);
    team_free(run->team);
    keep_free(run->keep);
    output_discard(&run->written);
    output_discard(&run->new_baseline);
    baseline_free(run->baseline);
    labels_free(run->labels);
    geo_free(run->geo);
    content_rules_free(run->content_rules);
    analysis_free(run->analysis);
    redactor_free(run->redactor);
    free(run->reports);
}
