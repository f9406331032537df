/* run.h: what all commands with results share: from observations to findings, events and reports. */
#ifndef PERPASS_CLI_RUN_H
#define PERPASS_CLI_RUN_H

#include "analysis/rule_selection.h"
#include "cli/kafka.h"
#include "cli/keep.h"
#include "cli/options.h"
#include "cli/output.h"
#include "core/team.h"
#include "reports/baseline.h"

/* --observations[=TYPES] */
struct run_observations {
    bool on;
    const char *types; /* NULL: all */
};

/* --cpus: processors for the threads; none: any. */
struct run_cpus {
    unsigned at[TEAM_MAX_THREADS];
    size_t num;
};

/* What the options say that these commands share; the first member of their settings. */
struct run_settings {
    struct option_list reports; /* as given; each is valid for run_report_format */
    const char *events;
    const char *kafka_brokers, *kafka_config; /* NULL: not given */
    bool flows;
    bool no_classify;
    struct run_observations observations;
    enum privacy_policy policy;
    const char *key_file;
    enum address_scheme address_scheme;
    enum redact_epoch epoch;
    const char *filter;
    const char *rules;
    enum severity min_severity, fail_on; /* 0: none */
    const char *baseline, *write_baseline;
    struct home_nets home_nets;
    struct option_list geoip;
    const char *secret_rules;
    const char *write;
    uint64_t write_mib; /* 0: RUN_WRITE_MIB */
    const char *user;
    bool no_sandbox;
    unsigned threads; /* 0: one */
    struct run_cpus cpus;
    bool verbose;
};

enum { RUN_WRITE_MIB = 100 };

extern const struct option_row run_options[];
extern const size_t run_num_options;

/* Setters of such options, for commands with options of their own: a struct option_list; an enum severity. */
bool run_set_report(void *member, const char *value, struct error *error);
bool run_set_severity(void *member, const char *value, struct error *error);
void run_settings_free(struct run_settings *settings);

/* run_report_format takes a --report value apart: FORMAT:FILE, or FILE whose ending tells the format. NULL and
 * |error| when no format is told. */
const struct report_format *run_report_format(const char *value, const char **path,
                                              struct error *error);

struct run_report {
    const struct report_format *format;
    struct output output;
};

/* Everything that a run owns, but for what it reads and where its events go. */
struct run {
    const struct run_settings *settings;
    struct team *team;
    struct content_rules *content_rules; /* the team's, freed behind it */
    struct psk_search
        *psk_search; /* the caller's, set before run_prepare; NULL: no audit of keys */
    struct analysis *analysis;
    struct geo *geo;       /* NULL: no databases of places were given */
    struct labels *labels; /* NULL: conversations that nobody reads have no name */
    struct redactor *redactor;
    struct kafka *kafka;         /* NULL: events do not go there */
    struct event_writer *writer; /* NULL: no events are asked for, or not yet */
    FILE *messages;              /* between it and its output with syslog:, else NULL */
    struct run_report *reports;
    struct rule_selection rules; /* those that run */
    struct baseline *baseline;   /* findings that are known; NULL: nobody told */
    struct output new_baseline;  /* --write-baseline */
    struct output written;       /* --write */
    struct keep *keep;           /* NULL: no packets are written, or not yet */
};

/* Files that a run reads and writes beside those of its settings. */
struct run_files {
    const char *const *inputs, *const *outputs;
    size_t num_inputs, num_outputs;
};

/* run_check refuses options that need others, and outputs that would destroy an input or another output. */
bool run_check(const struct run_settings *settings, const struct run_files *files,
               struct error *error);

/* run_begin_kafka makes the process that sends to Kafka, if events go there; before run_prepare, so that it has no key.
 * With |all_or_nothing| it stops at the first event that cannot be delivered. */
bool run_begin_kafka(struct run *run, bool all_or_nothing, struct error *error);

/* run_prepare makes what works on packets and observations; no output is opened. |run| is all zero but for
 * its settings. What run_prepare and the following leave, run_end frees, also after a failure. */
bool run_prepare(struct run *run, struct error *error);

/* run_open_reports opens all reports (again, after run_write_report has closed them). */
bool run_open_reports(struct run *run, struct error *error);

/* run_events_path gives where --events go, without the form that they go in; NULL: they are not asked for, or go to
 * Kafka. */
const char *run_events_path(const struct run_settings *settings);

/* run_begin_events lets events go to |out|, in the form that --events asks for. run_end_events ends them; false and
 * |error| when anything could not be written. */
bool run_begin_events(struct run *run, FILE *out, struct error *error);
bool run_end_events(struct run *run, struct error *error);

/* run_flush_events hands what was written to the file that run_begin_events got. */
void run_flush_events(struct run *run);

/* run_open_write opens the file of --write, if there is one: one that appears when it is complete, or, of an
 * |interface|, one that is added to; also again, by its name, which may be another file now. */
bool run_open_write(struct run *run, const char *interface, struct error *error);

/* run_finish_write completes it. */
bool run_finish_write(struct run *run, struct error *error);

/* run_result fills in what |run| has counted so far; inputs and findings are the caller's. */
struct result run_result(const struct run *run);

bool run_write_report(struct run *run, struct run_report *report, const struct result *result,
                      struct error *error);

/* run_write_baseline completes the file of --write-baseline, if it is asked for. */
bool run_write_baseline(struct run *run, const struct result *result, struct error *error);

/* run_wants_summary says whether the summary is printed: when nothing else was asked for, and nothing else goes to
 * standard output. |other| is the path of an output of the command's own, or NULL. */
bool run_wants_summary(const struct run_settings *settings, const char *other, bool quiet);

/* run_write_summary prints what an observer learns, in at most a screen, to standard output. */
bool run_write_summary(struct run *run, const struct result *result, struct error *error);

/* run_tell_counts tells every counter that is not zero on standard error. */
void run_tell_counts(const struct run *run, const struct result *result);

bool run_must_fail(const struct run *run, const struct result *result);

void run_end(struct run *run);

#endif
