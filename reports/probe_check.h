/* probe_check.h: what perpass-probe found out about a target, one check at a time, as events tell it. */
#ifndef PERPASS_REPORTS_PROBE_CHECK_H
#define PERPASS_REPORTS_PROBE_CHECK_H

#include "core/observation.h"

/* "probe.check": made by perpass-probe, of no packet that it read from a capture. Texts live until the call ends. */
struct probe_check {
    const char *kind;          /* "state", in the place of "event" */
    const char *event_outcome; /* "success", "failure", "unknown" */
    const char *id;            /* "identity-hint" */
    const char *outcome;       /* "pass", "fail", "info", "unknown", "not_applicable" */
    const char *value, *reason;
    const char *rule;                     /* the one that is broken; NULL: none is */
    struct span hint;                     /* identity-hint: what the server sends */
    struct number budget, sent, received; /* datagrams of the target */
};

/* probe_check_judge sets |kind| and |event_outcome|, which follow from the outcome. */
void probe_check_judge(struct probe_check *check);

extern const struct observation_type observation_probe_check;

#endif
