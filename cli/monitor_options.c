/* monitor_options.c: the options of perpass monitor. */
#include "cli/commands.h"
#include "cli/monitor.h"

#include <assert.h>
#include <string.h>

static bool set_interval(void *member, const char *value, struct error *error)
{
    struct monitor_settings *settings = member;
    if (!option_set_seconds(&settings->interval_s, value, error))
        return false;
    settings->at_end_only = settings->interval_s == 0;
    return true;
}

static bool set_rotate(void *member, const char *value, struct error *error)
{
    return option_set_number(member, value, error) &&
           (*(uint64_t *)member > 0 || error_set(error, "a file of 0 MiB cannot be had"));
}

static bool set_keep(void *member, const char *value, struct error *error)
{
    uint64_t *keep = member;
    return option_set_number(keep, value, error) &&
           ((*keep > 0 && *keep < 1000) || error_set(error, "it is 1 to 999"));
}

static bool set_size(void *member, const char *value, struct error *error)
{
    uint64_t *size = member;
    return option_set_number(size, value, error) &&
           ((*size > 0 && *size <= 65536) || error_set(error, "it is 1 to 65536"));
}

static bool set_fanout(void *member, const char *value, struct error *error)
{
    static const char *const names[] = {[LIVE_SPREAD_ADDRESSES] = "addresses",
                                        [LIVE_SPREAD_HASH] = "hash",
                                        [LIVE_SPREAD_CPU] = "cpu",
                                        [LIVE_SPREAD_QUEUE] = "queue"};
    for (size_t i = LIVE_SPREAD_ADDRESSES; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            *(enum live_spread *)member = (enum live_spread)i;
            return true;
        }
    }
    return error_set(error, "\"%.100s\" is none of addresses, hash, cpu and queue", value);
}

static bool set_group(void *member, const char *value, struct error *error)
{
    uint64_t group = 0;
    if (!option_set_number(&group, value, error))
        return false;
    *(uint16_t *)member = (uint16_t)group;
    return (group > 0 && group <= UINT16_MAX) || error_set(error, "it is 1 to 65535");
}

#define MEMBER(name) offsetof(struct monitor_settings, name)

static_assert(MEMBER(common) == 0, "the shared options set these");

static const struct option_row options[] = {
    {"interface", "IFACE", false, MEMBER(interface), option_set_text,
     "The network interface to watch; any is all of them.", 'i'},
    {"duration", "TIME", false, MEMBER(duration_s), option_set_seconds,
     "End after TIME: seconds, or a number with s, m, h or d behind it."},
    {"packets", "N", false, MEMBER(packets), option_set_number, "End after N packets."},
    {"interval", "TIME", false, 0, set_interval,
     "Write reports, and findings that are new or were seen again as events, every TIME (5m if "
     "this is not given), and at the end. 0: at the end only."},
    {"per-interval", NULL, false, MEMBER(per_interval), option_set_true,
     "Let each report tell of its interval only, and forget findings after it, instead of telling "
     "of everything since the start."},
    {"stats", "TIME", false, MEMBER(stats_s), option_set_seconds,
     "With --events: an event with the statistics every TIME, too, not only at the end."},
    {"metrics", "FILE", false, MEMBER(metrics), option_set_text,
     "Write the statistics to FILE in the text format of Prometheus, every TIME of --stats, or "
     "every 10 seconds."},
    {"rotate-size", "MIB", false, MEMBER(rotate_mib), set_rotate,
     "When the file of --events is MIB mebibytes long, put it aside as FILE.1, and what was put "
     "aside before as FILE.2 and so on."},
    {"rotate-keep", "N", false, MEMBER(rotate_keep), set_keep,
     "Keep N files that were put aside (9 if this is not given)."},
    {"ring-size", "MIB", false, MEMBER(ring_mib), set_size,
     "Let packets wait in a ring of MIB mebibytes of memory (64 if this is not given), one for "
     "each "
     "thread."},
    {"block-size", "KIB", false, MEMBER(block_kib), set_size,
     "Part the ring into blocks of KIB kibibytes (1024 if this is not given)."},
    {"block-timeout", "MS", false, MEMBER(block_ms), set_size,
     "Read a block that is not full after MS milliseconds (if this is not given, 50, or 10 with "
     "several threads)."},
    {"fanout", "MODE", false, MEMBER(fanout.spread), set_fanout,
     "Choose the ring of a packet, with several threads, by its addresses (the default), its hash "
     "(as the "
     "system tells conversations apart), the cpu that took it from the adapter, or the queue that "
     "it came by. What is told does not depend on it."},
    {"fanout-defrag", NULL, false, MEMBER(fanout.defrag), option_set_true,
     "Let the system put IPv4 fragments together before it chooses."},
    {"fanout-rollover", NULL, false, MEMBER(fanout.rollover), option_set_true,
     "Let packets whose ring is full go to another one."},
    {"fanout-group", "N", false, MEMBER(fanout.group), set_group,
     "Share the packets of the interface with other programs that name the same group, 1 to 65535, "
     "each packet going to one of them."},
    {"no-promiscuous", NULL, false, MEMBER(not_promiscuous), option_set_true,
     "Read only what the interface receives anyhow, not all that passes by."},
    {"adapter-time", NULL, false, MEMBER(adapter_time), option_set_true,
     "Take the time stamps of the network adapter. Its clock must be kept right by others."},
    {"quiet", NULL, false, MEMBER(quiet), option_set_true, "Print no summary at the end."}};

static int run(const void *settings, const struct option_list *operands)
{
    (void)operands;
    return monitor_run(settings);
}

static void settings_free(void *settings)
{
    run_settings_free(settings);
}

const struct command command_monitor = {
    .name = "monitor",
    .operands = "",
    .about =
        "Watch a network interface, such as one that a mirror port of a switch is connected to, "
        "and tell what an observer of its traffic learns or could do, until SIGINT or SIGTERM. "
        "Without --report and --events a summary is printed at the end.",
    .notes = "Signals:\n"
             "  SIGINT, SIGTERM  end: what was read is reported\n"
             "  SIGHUP           open the files of --events and --write by their names again\n"
             "  SIGUSR1          print statistics to standard error\n"
             "\n"
             "Exit status:\n"
             "  0  done; no finding at or above --fail-on\n"
             "  1  there is a finding at or above --fail-on\n"
             "  2  the command line asks for what cannot be\n"
             "  3  the interface cannot be read, or not any more, or there was not\n"
             "     enough memory\n"
             "  4  an output could not be written\n"
             "\n"
             "Examples:\n"
             "  perpass monitor -i eth1 --duration 60\n"
             "  perpass monitor -i eth1 --user perpass --events events.ndjson \\\n"
             "      --report report.json --interval 15m --metrics perpass.prom\n",
    .shared = run_options,
    .num_shared = &run_num_options,
    .options = options,
    .num_options = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct monitor_settings),
    .run = run,
    .settings_free = settings_free};
