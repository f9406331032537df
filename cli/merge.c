/* merge.c: perpass merge: joins the reports of several sensors to one. Reads them in the sandbox, as they come from
 * elsewhere. */
#include "reports/merge.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/confine.h"
#include "cli/run.h"
#include "cli/status.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct merge_settings {
    struct run_settings common;
    bool quiet;
};

/* Everything that one call owns. */
struct merge_call {
    const struct merge_settings *settings;
    const struct option_list *files;
    struct run run;
    struct store store;
    struct read_report *reports;
    struct result result;
};

static bool check(const struct merge_call *call, struct error *error)
{
    const struct run_files files = {.inputs = call->files->items, .num_inputs = call->files->num};
    for (size_t i = 0; i < call->files->num; i++)
        if (strcmp(call->files->items[i], "-") == 0)
            return error_set(error, "reports are read from files: standard input (-) is none");
    return run_check(&call->settings->common, &files, error);
}

static bool prepare(struct merge_call *call, struct error *error)
{
    const size_t num = call->settings->common.reports.num;
    call->run.reports = calloc(num + 1, sizeof call->run.reports[0]);
    call->reports = calloc(call->files->num, sizeof call->reports[0]);
    return (call->run.reports != NULL && call->reports != NULL) ||
           error_set(error, "there is no memory");
}

/* From here on the reports can be read, and results appear under their names: nothing else. */
static bool confine(struct merge_call *call, struct error *error)
{
    const struct run_settings *settings = &call->settings->common;
    struct confine paths = {.num = 0};
    for (size_t i = 0; i < call->files->num; i++)
        confine_add(&paths, call->files->items[i], SANDBOX_READ);
    confine_add(&paths, settings->baseline, SANDBOX_READ);
    for (size_t i = 0; i < settings->reports.num; i++)
        confine_add_folder(&paths, call->run.reports[i].output.name, SANDBOX_RENAME);
    confine_add_folder(&paths, settings->write_baseline, SANDBOX_RENAME);
    const bool ok = confine_enter(&paths, settings, NULL, error);
    confine_free(&paths);
    return ok;
}

static bool read_one(struct merge_call *call, size_t i, struct error *error)
{
    const char *path = call->files->items[i];
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return error_set(error, "%s cannot be read: %s", path, strerror(errno));
    const bool ok = report_read(in, path, &call->store, &call->reports[i], error);
    fclose(in);
    return ok;
}

static int read_all(struct merge_call *call, struct error *error)
{
    const struct run_settings *settings = &call->settings->common;
    for (size_t i = 0; i < call->files->num; i++)
        if (!read_one(call, i, error))
            return STATUS_INPUT;
    call->result.fail_on = settings->fail_on;
    if (!merge_reports(call->reports, call->files->num, &call->store, &call->result,
                       &call->run.redactor, error))
        return STATUS_USAGE;
    if (settings->baseline == NULL)
        return STATUS_OK;
    call->run.baseline = baseline_read(settings->baseline, call->run.redactor, error);
    call->result.baseline = call->run.baseline;
    return call->run.baseline != NULL ? STATUS_OK : STATUS_USAGE;
}

static int begin(struct merge_call *call)
{
    struct error error = {.text = ""};
    int status = STATUS_OK;
    if (!check(call, &error) || !prepare(call, &error))
        status = STATUS_USAGE;
    else if (!run_open_reports(&call->run, &error))
        status = STATUS_OUTPUT;
    else if (!confine(call, &error))
        status = STATUS_USAGE;
    else
        status = read_all(call, &error);
    if (status != STATUS_OK)
        complain("%s", error.text);
    return status;
}

/* Tells what is wrong with one output; the others are written. */
static bool told(bool written, const struct error *error)
{
    if (!written)
        complain("%s", error->text);
    return written;
}

static int finish(struct merge_call *call)
{
    struct run *run = &call->run;
    struct result *result = &call->result;
    struct error error = {.text = ""};
    const size_t num = call->settings->common.reports.num;
    bool ok = true;
    result->ended = true;
    result->exit_status = run_must_fail(run, result) ? STATUS_FINDING : STATUS_OK;
    for (size_t i = 0; i < num; i++)
        ok &= told(run_write_report(run, &run->reports[i], result, &error), &error);
    ok &= told(run_write_baseline(run, result, &error), &error);
    if (run_wants_summary(&call->settings->common, NULL, call->settings->quiet))
        ok &= told(run_write_summary(run, result, &error), &error);
    return ok ? result->exit_status : STATUS_OUTPUT;
}

static int run(const void *settings, const struct option_list *files)
{
    const struct merge_settings *all = settings;
    struct merge_call call = {.settings = all, .files = files, .run = {.settings = &all->common}};
    int status = begin(&call);
    if (status == STATUS_OK)
        status = finish(&call);
    run_end(&call.run);
    free(call.reports);
    store_free(&call.store);
    return status;
}

static void settings_free(void *settings)
{
    run_settings_free(settings);
}

#define MEMBER(name) offsetof(struct merge_settings, name)

static const struct option_row options[] = {
    {"report", "[FORMAT:]FILE", false, MEMBER(common.reports), run_set_report,
     "Write the joined report; the format is told by the ending of FILE (.json, .html, .md, .txt, "
     ".sarif, .xml for JUnit) or by FORMAT: before it; - is standard output. Can be given several "
     "times."},
    {"fail-on", "SEVERITY", false, MEMBER(common.fail_on), run_set_severity,
     "Exit with status 1 when there is a finding of this severity or a higher one (critical, high, "
     "medium, low, info) that is not in the file of --baseline."},
    {"baseline", "FILE", false, MEMBER(common.baseline), option_set_text,
     "Take the findings in FILE, which --write-baseline wrote, for known."},
    {"write-baseline", "FILE", false, MEMBER(common.write_baseline), option_set_text,
     "Write the findings to FILE, for --baseline of later runs."},
    {"no-sandbox", NULL, false, MEMBER(common.no_sandbox), option_set_true,
     "Do not confine the program by seccomp and landlock, as for a debugger or an unusual kernel."},
    {"quiet", NULL, false, MEMBER(quiet), option_set_true, "Print no summary."}};

const struct command command_merge = {
    .name = "merge",
    .operands = "FILE.json...",
    .min_operands = 2,
    .max_operands = 1000,
    .about =
        "Join the JSON reports of several sensors to one, as if one sensor had seen all: what two "
        "of them saw is one finding, one secret and one install, and sessions at one are linked "
        "with those at another. All have to be written under one --privacy and --epoch, with the "
        "same --pseudonym-key, which is not needed here. Without --report a summary is printed.",
    .notes = "Exit status:\n"
             "  0  done; no finding at or above --fail-on\n"
             "  1  there is a finding at or above --fail-on\n"
             "  2  the command line asks for what cannot be, such as joining reports with "
             "different keys\n"
             "  3  a file cannot be read, or is no report of this version of perpass\n"
             "  4  an output could not be written\n"
             "\n"
             "Example:\n"
             "  perpass analyze --pseudonym-key perpass.key --report a.json a.pcap\n"
             "  perpass analyze --pseudonym-key perpass.key --report b.json b.pcap\n"
             "  perpass merge --report both.html a.json b.json\n",
    .options = options,
    .num_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct merge_settings),
    .run = run,
    .settings_free = settings_free};
