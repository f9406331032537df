/* probe.c: the list of checks, and the order in which a target is asked. */
#include "probe/probe.h"

#include "core/memory.h"
#include "core/secret_memory.h"
#include "probe/steps.h"

#include <stdlib.h>
#include <time.h>

enum {
    BUDGET_HELLO = 400, /* some sixty hellos with their cookies, and room for losses */
    BUDGET_FULL = 600,
    BUDGET_ORACLE = 400
};

static const struct check checks[] = {
#define CHECK(symbol, id, title, depth, about) {id, title, depth, about},
#include "probe/checks.def"
#undef CHECK
};

const struct check *check_get(enum check_id id)
{
    return &checks[id];
}

enum check_id check_find(struct span id)
{
    unsigned at = 0;
    while (at < NUM_CHECKS && !span_equal(span_text(checks[at].id), id))
        at++;
    return (enum check_id)at;
}

const char *check_outcome_name(enum check_outcome outcome)
{
    static const char *const names[] = {[CHECK_UNKNOWN] = "unknown",
                                        [CHECK_PASS] = "pass",
                                        [CHECK_FAIL] = "fail",
                                        [CHECK_INFO] = "info",
                                        [CHECK_NOT_APPLICABLE] = "not_applicable"};
    return names[outcome];
}

unsigned probe_budget(const struct probe_settings *settings)
{
    return BUDGET_HELLO + (settings->full ? BUDGET_FULL : 0u) +
           (settings->oracle ? BUDGET_ORACLE : 0u);
}

/* What was not come to is unknown, and why. */
static void explain_rest(struct probe *probe)
{
    const char *stopped = probe->settings->stopped != NULL && probe->settings->stopped() != 0
                              ? "the probe was stopped"
                              : "what it needs was not found out";
    for (unsigned i = 0; i < NUM_CHECKS; i++) {
        if (probe->results[i].reason[0] != '\0')
            continue;
        const char *why = probe->trouble[0] != '\0' ? probe->trouble : stopped;
        if (checks[i].depth == DEPTH_FULL && !probe->settings->full)
            why = "not asked: it takes --full, with an identity and its key";
        if (checks[i].depth == DEPTH_ORACLE && !probe->settings->oracle)
            why = "not asked: it takes --oracle";
        step_tell(probe, (enum check_id)i, CHECK_UNKNOWN, "", NUM_RULES, "%s", why);
    }
}

static void forget_session(struct probe *probe)
{
    secret_memory_free(probe->session, sizeof *probe->session);
    probe->session = NULL;
}

void probe_run(struct probe *probe)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    probe->time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    probe->begun_ns = probe_now();
    probe->refused = memory_refused();
    probe->count = (struct udp_count){.budget = probe_budget(probe->settings)};
    survey_run(probe);
    if (probe->settings->full && probe->num_suites > 0)
        session_run(probe);
    if (probe->settings->full && probe->answers)
        session13_run(probe);
    if (probe->settings->full)
        session_renegotiate(probe);
    if (probe->settings->oracle && probe->answers)
        oracle_run(probe);
    if (probe->answers && probe->num_suites == 0 && step_goes_on(probe))
        survey_rest(probe);
    explain_rest(probe);
    forget_session(probe);
    probe->ended_ns = probe_now();
}

void probe_free(struct probe *probe)
{
    forget_session(probe);
    free(probe->hint);
    probe->hint = NULL;
}
