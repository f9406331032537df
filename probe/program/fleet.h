/* fleet.h: probes many targets, some at a time, and tells of them in the order in which they were named. */
#ifndef PERPASS_PROBE_PROGRAM_FLEET_H
#define PERPASS_PROBE_PROGRAM_FLEET_H

#include "core/error.h"
#include "probe/probe.h"
#include "probe/program/targets.h"

struct fleet {
    const struct probe_settings *settings;
    const struct targets *targets;
    unsigned parallel;
    void *to;
    void (*told)(void *to, const struct probe *probe); /* in the caller's thread */
};

/* fleet_run returns when all are told. False: a thread could not be had. */
bool fleet_run(const struct fleet *fleet, struct error *error);

#endif
