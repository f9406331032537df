/* analyze_options.c: the options of perpass analyze. */
#include "cli/analyze.h"
#include "cli/commands.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static bool set_progress(void *member, const char *value, struct error *error)
{
    static const char *const modes[] = {
        [PROGRESS_AUTO] = "auto", [PROGRESS_ON] = "on", [PROGRESS_OFF] = "off"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(value, modes[i]) == 0) {
            *(enum progress_mode *)member = (enum progress_mode)i;
            return true;
        }
    }
    return error_set(error, "\"%.100s\" is none of auto, on and off", value);
}

#define MEMBER(name) offsetof(struct analyze_settings, name)

static_assert(MEMBER(common) == 0, "the shared options set these");

static const struct option_row options[] = {
    {"quiet", NULL, false, MEMBER(quiet), option_set_true,
     "Print no summary, and no progress line unless --progress on is given."},
    {"progress", "WHEN", false, MEMBER(progress), set_progress,
     "Show a progress line on standard error: auto (the default: when it is a terminal), on or "
     "off."},
    {"hash-inputs", NULL, false, MEMBER(hash_inputs), option_set_true,
     "Work out the SHA-256 of inputs of any size, for --events and reports in JSON. Without it "
     "these "
     "reports have it of inputs of up to 64 MiB."},
    {"psk-candidates", "FILE", false, MEMBER(psk_candidates), option_set_text,
     "Audit your own pre-shared keys: try each line of FILE, default and weak keys as text or hex "
     "digits, on what clients sent to prove theirs (psk.weak-key); see KEY AUDIT in perpass(1). "
     "No key is shown or written anywhere."}};

static int run(const void *settings, const struct option_list *operands)
{
    return analyze_run(settings, operands);
}

static void settings_free(void *settings)
{
    run_settings_free(settings);
}

const struct command command_analyze = {
    .name = "analyze",
    .operands = "FILE...",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .about =
        "Read captures and tell what an observer of their traffic learns or could do. FILE is a "
        "pcap, pcapng or snoop capture, plain or compressed (gzip, zstd, lz4); - is standard "
        "input. "
        "Several files are read one after the other, as one traffic. Without --report and --events "
        "a summary is printed.",
    .notes = "Exit status:\n"
             "  0  done; no finding at or above --fail-on\n"
             "  1  there is a finding at or above --fail-on\n"
             "  2  the command line asks for what cannot be; nothing was read\n"
             "  3  an input could not be read whole, or there was not enough memory for\n"
             "     what is in it; what was read is reported\n"
             "  4  an output could not be written\n"
             "Of several the highest. After SIGINT or SIGTERM (what was read is reported)\n"
             "128 and the signal's number.\n"
             "\n"
             "Examples:\n"
             "  perpass analyze capture.pcap\n"
             "  perpass analyze --report report.json --events events.ndjson day-*.pcapng.zst\n"
             "  tcpdump -w - port 443 | perpass analyze --fail-on high -\n",
    .shared = run_options,
    .num_shared = &run_num_options,
    .options = options,
    .num_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct analyze_settings),
    .run = run,
    .settings_free = settings_free};
