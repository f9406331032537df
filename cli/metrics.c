/* metrics.c: counters in the text format of Prometheus (its exposition format, version 0.0.4). */
#include "cli/metrics.h"

#include "cli/output.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

static void head(FILE *out, const char *name, const char *type, const char *about)
{
    fprintf(out, "# HELP perpass_%s %s\n# TYPE perpass_%s %s\n", name, about, name, type);
}

static void counter(FILE *out, const char *name, uint64_t value, const char *about)
{
    char full[96];
    snprintf(full, sizeof full, "%s_total", name);
    head(out, full, "counter", about);
    fprintf(out, "perpass_%s %" PRIu64 "\n", full, value);
}

static void gauge(FILE *out, const char *name, double value, const char *about)
{
    head(out, name, "gauge", about);
    fprintf(out, "perpass_%s %.3f\n", name, value);
}

/* Label values are in quotes: backslash, quote and newline are escaped. */
static void label(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            fputc('\\', out);
        if (*text == '\n')
            fputs("\\n", out);
        else
            fputc(*text, out);
    }
}

/* A counter of every input. */
static void input_counter(FILE *out, const struct result *result, const char *name, size_t offset,
                          const char *about)
{
    char full[96];
    snprintf(full, sizeof full, "%s_total", name);
    head(out, full, "counter", about);
    for (size_t i = 0; i < result->num_inputs; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&result->inputs[i] + offset, sizeof value);
        fprintf(out, "perpass_%s{interface=\"", full);
        label(out, result->inputs[i].path);
        fprintf(out, "\"} %" PRIu64 "\n", value);
    }
}

static void inputs(FILE *out, const struct result *result)
{
#define INPUT(member) offsetof(struct input_info, member)
    input_counter(out, result, "capture_frames", INPUT(frames), "frames read from the interface");
    input_counter(out, result, "capture_dropped", INPUT(dropped),
                  "frames that the system dropped, as they were not read in time");
    input_counter(out, result, "capture_freezes", INPUT(freezes),
                  "times that the system found no free block in the ring");
    input_counter(out, result, "capture_filtered", INPUT(filtered),
                  "frames left out by the filter in the program");
    input_counter(out, result, "capture_outages", INPUT(outages),
                  "times that the interface went down or away");
}

/* Findings of the table, by rule and severity; in the order of the result equal ones follow each other, but
 * for those whose severity the evidence decides: severity comes first in it. */
static void findings(FILE *out, const struct result *result)
{
    head(out, "findings", "gauge", "findings by rule and severity, each about one subject");
    for (size_t i = 0, num = 0; i < result->num_findings; i += num) {
        const struct finding *first = &result->findings[i];
        for (num = 1; i + num < result->num_findings; num++)
            if (first[num].rule != first->rule || first[num].severity != first->severity)
                break;
        fprintf(out, "perpass_findings{rule=\"%s\",severity=\"%s\"} %zu\n", first->rule->id,
                severity_name(first->severity), num);
    }
}

static void process(FILE *out)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    head(out, "cpu_seconds_total", "counter", "processor time used");
    fprintf(out, "perpass_cpu_seconds_total %.3f\n",
            (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    gauge(out, "max_resident_bytes", (double)usage.ru_maxrss * 1024, "most memory ever resident");
}

static void write_all(FILE *out, const struct result *result)
{
    head(out, "build_info", "gauge", "the version");
    fprintf(out, "perpass_build_info{version=\"%s\"} 1\n", result->version);
#define ENGINE_STAT(name, about) counter(out, #name, result->engine.name, about);
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about) counter(out, "analysis_" #name, result->analysis.name, about);
#define ANALYSIS_SIZE(name, about)                                                                 \
    gauge(out, "analysis_" #name, (double)result->analysis.name, about);
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    inputs(out, result);
    counter(out, "events_dropped", result->events_dropped,
            "events dropped, as their reader was too slow or away");
    counter(out, "packets_written", result->packets_written, "packets written by --write");
    counter(out, "packets_not_written", result->packets_not_written,
            "packets not written by --write, as there was no room in the file");
    gauge(out, "packet_clock_seconds", (double)result->time_ns / 1e9, "the packet clock");
    findings(out, result);
    process(out);
}

bool metrics_write(const char *path, const struct result *result, struct error *error)
{
    struct output output;
    if (!output_open_whole(&output, path, error))
        return false;
    output.unsynced = true;
    write_all(output.out, result);
    return output_close(&output, error);
}
