/* sink.h: what an output format has to bring. One file, one row in reports/table.def.
 *
 * A sink never sees a value of the traffic: it gets what reports/redact.c let through. */
#ifndef PERPASS_REPORTS_SINK_H
#define PERPASS_REPORTS_SINK_H

#include "analysis/analysis.h"
#include "core/engine.h"
#include "core/error.h"
#include "core/observation.h"
#include "reports/redact.h"

#include <stdio.h>

/* One input file, for the reports. */
struct input_info {
    const char *path;   /* as the user gave it; "-" for standard input */
    const char *format; /* static */
    uint64_t size;      /* bytes; 0 when not known */
    char sha256[65];    /* lower-case hex, "" when not computed */
    /* as in struct source_stats */
    uint64_t frames, filtered, dropped, unfit, mended, freezes, outages, adapter_stamped;
    uint64_t first_ns, last_ns; /* of its frames; 0 when there are none */
    char damage[512];           /* "" or the sentence that says why it could not be read whole */
};

struct baseline; /* reports/baseline.h */

/* The result of a run: what reports are written from. */
struct result {
    const struct input_info *inputs;
    size_t num_inputs;
    struct engine_stats engine;
    struct analysis_stats analysis;
    const struct finding *findings; /* worst first */
    size_t num_findings;
    const struct observation *const *told; /* what analyzers made: installs of devices, tables */
    size_t num_told;
    uint64_t events_dropped; /* as their reader was too slow or away */
    uint64_t packets_written,
        packets_not_written; /* to the file of kept packets; for want of room in it */
    uint64_t time_ns;        /* of the statistics; 0: of the last frame */
    size_t merged;           /* reports that were joined to this one; 0: it is that of a run */
    const char *version;
    const char *privacy_policy;      /* "strict" */
    enum severity fail_on;           /* of findings that are not known: 0: none */
    const struct baseline *baseline; /* findings that are known; NULL: nobody told */
    const bool *
        rules_on; /* by enum rule_id: those that ran; of joined reports: for all of them; NULL: all */
    enum severity min_severity; /* of findings that are told; 0: all; of joined reports: of each */
    bool ended;                 /* there is nothing to come, and |exit_status| is */
    int exit_status;            /* what the program says, if it can write its results */
};

struct report_style {
    bool colour;        /* a terminal that wants it */
    unsigned width;     /* columns; 0 when not a terminal */
    unsigned max_lines; /* the human summary: 0 for no bound */
};

struct report_format {
    const char *name;     /* "json", "txt": as in --report FORMAT:FILE */
    const char *suffixes; /* ".json", space separated */
    /* write puts the whole report to |out|; false and |error| when it cannot be written. */
    bool (*write)(FILE *out, const struct result *result, struct redactor *redactor,
                  const struct report_style *style, struct error *error);
    bool hashes_inputs; /* it shows input_info.sha256, so that has to be computed */
};

/* All report formats, NULL-terminated; report_format_find looks one up by name or by a file's suffix. */
extern const struct report_format *const report_formats[];
const struct report_format *report_format_find(const char *name_or_path);

/* Events: NDJSON in the Elastic Common Schema. */
struct event_writer;
struct event_options {
    bool flows;                    /* an event for each flow.end */
    bool observations;             /* events for observations … */
    const char *observation_types; /* … of these types, "tls.client_hello,…"; NULL for all */
    const struct geo *geo;         /* where addresses are; outlives the writer; NULL: not known */
};
struct event_writer *event_writer_new(FILE *out, const struct event_options *options,
                                      struct redactor *redactor, struct error *error);
void event_writer_observation(struct event_writer *writer, const struct observation *observation);
/* event_writer_findings writes the findings of interval |since| and later. */
void event_writer_findings(struct event_writer *writer, const struct result *result,
                           unsigned since);
void event_writer_stats(struct event_writer *writer, const struct result *result);
/* event_writer_flush hands what was written to the file. */
void event_writer_flush(struct event_writer *writer);
/* event_writer_result writes the findings and, last, the statistics. */
void event_writer_result(struct event_writer *writer, const struct result *result);
/* event_writer_free flushes; false and |error| when anything could not be written. */
bool event_writer_free(struct event_writer *writer, struct error *error);

#endif
