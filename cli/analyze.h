/* analyze.h: perpass analyze: captures in, findings out. */
#ifndef PERPASS_CLI_ANALYZE_H
#define PERPASS_CLI_ANALYZE_H

#include "cli/options.h"
#include "cli/progress.h"
#include "reports/sink.h"

/* --observations[=TYPES] */
struct analyze_observations {
    bool on;
    const char *types; /* NULL: all */
};

/* What the options of perpass analyze say. */
struct analyze_settings {
    struct option_list reports; /* as given; each is valid for analyze_report */
    const char *events;
    bool flows;
    struct analyze_observations observations;
    enum privacy_policy policy;
    const char *key_file;
    const char *filter;
    unsigned threads;
    const char *rules;
    enum severity min_severity, fail_on; /* 0: none */
    bool quiet, verbose;
    enum progress_mode progress;
};

/* analyze_report takes a --report value apart: FORMAT:FILE, or FILE whose ending tells the format. NULL and
 * |error| when no format is told. */
const struct report_format *analyze_report(const char *value, const char **path,
                                           struct error *error);

/* analyze_run reads |files| and writes what the settings ask for; gives the exit status. */
int analyze_run(const struct analyze_settings *settings, const struct option_list *files);

#endif
