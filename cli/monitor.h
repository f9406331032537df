/* monitor.h: perpass monitor: the packets of a network interface in, findings out, for as long as it runs. */
#ifndef PERPASS_CLI_MONITOR_H
#define PERPASS_CLI_MONITOR_H

#include "capture/source.h"
#include "cli/run.h"

/* What the options of perpass monitor say. Times are in seconds; 0: none. */
struct monitor_settings {
    struct run_settings common;
    const char *interface;
    uint64_t duration_s, packets;
    bool at_end_only;    /* --interval 0 */
    uint64_t interval_s; /* 0: MONITOR_INTERVAL_S, unless at_end_only */
    bool per_interval;
    uint64_t stats_s;
    const char *metrics;
    uint64_t rotate_mib, rotate_keep;       /* 0: never; MONITOR_ROTATE_KEEP */
    uint64_t ring_mib, block_kib, block_ms; /* 0: as in struct live_options */
    bool not_promiscuous, adapter_time;
    struct live_fanout fanout;
    bool quiet;
};

enum { MONITOR_INTERVAL_S = 300, MONITOR_METRICS_S = 10, MONITOR_ROTATE_KEEP = 9 };

/* monitor_run watches until it is stopped; gives the exit status. */
int monitor_run(const struct monitor_settings *settings);

#endif
