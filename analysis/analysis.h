/* analysis.h: observations in, findings out. Owns the analyzers' state and the findings. */
#ifndef PERPASS_ANALYSIS_ANALYSIS_H
#define PERPASS_ANALYSIS_ANALYSIS_H

#include "analysis/home_nets.h"
#include "analysis/rules.h"
#include "core/error.h"
#include "core/observation.h"

struct analysis;
struct geo;
struct psk_search;

/* A key that sensors have in common. */
enum { ANALYSIS_KEY_LEN = 160 };

struct analysis_options {
    /* What names are hashed with: two analyses with the same key give the same names, and tell what their reports are
     * joined by (link.tie, psk.use). NULL: random bytes. Not kept. */
    const uint8_t *key;
    const char *rules; /* "+id,-id,family.*": NULL for all. Applied in order; if the first word is a
                                   '+' word or has no sign, nothing else is on */
    enum severity min_severity;        /* 0: all */
    size_t max_findings;               /* 0: ANALYSIS_DEFAULT_FINDINGS */
    const struct home_nets *home_nets; /* the operator's networks, copied; NULL: not told */
    const struct geo *geo; /* where addresses are; outlives the analysis; NULL: not known */
    /* Tries keys on the proofs of pre-shared keys that were observed (dissect_context.proofs), when the input has ended;
     * NULL: nobody asked for it. Outlives the analysis. */
    struct psk_search *psk_search;
    /* Takes the observations that the analyzers make, as soon as each is complete; may be NULL. */
    void *emit_to;
    void (*emit)(void *emit_to, const struct observation *observation);
};

enum { ANALYSIS_DEFAULT_FINDINGS = 100000 };

/* Subjects and evidence of all findings hold so many bytes at most. An identity of 65,535 bytes is kept
 * whole, so that its token is the same everywhere; half a thousand of these fill the room that is not
 * kept for other rules and severities, and further subjects are counted as not stored. */
enum { ANALYSIS_FINDING_BYTES = 64 << 20 };

/* Totals that the reports put findings in relation to. */
struct analysis_stats {
#define ANALYSIS_STAT(name, about) uint64_t name;
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
};

struct analysis *analysis_new(const struct analysis_options *options, struct error *error);

/* analysis_reads says whether observations of |type| are of use: those of a family of rules of which none is selected
 * need not be made. */
bool analysis_reads(struct analysis *analysis, const struct observation_type *type);
void analysis_observe(struct analysis *analysis, const struct observation *observation);

/* analysis_made gives the observation types that analyzers make, by index; NULL past the last. */
const struct observation_type *analysis_made(size_t index);

/* analysis_told gives the observations that analyzers made so far, |num| of them (bounded: the first of many). They
 * live until the next call but this. */
const struct observation *const *analysis_told(const struct analysis *analysis, size_t *num);

/* analysis_sum_up has the analyzers tell the tables of what they know so far; what they told of these before is
 * forgotten. The findings so far get the keys that they are told by. analysis_finish does it, too. */
void analysis_sum_up(struct analysis *analysis);

/* analysis_finish ends the analyzers; then the findings are complete. */
void analysis_finish(struct analysis *analysis);

/* analysis_interval begins the next interval of an analysis that goes on for long; the first is 0. Findings
 * that are new or counted again get its number (struct finding). With |forget| there are none at its beginning;
 * what the analyzers know of conversations that go on stays. */
void analysis_interval(struct analysis *analysis, bool forget);
unsigned analysis_interval_number(const struct analysis *analysis);

/* analysis_copy gives the findings so far in the order of analysis_findings, for the caller to free, while the
 * analysis goes on. What they point to lives until analysis_interval, but what grows of it may do so. NULL when there is no memory. */
struct finding *analysis_copy(const struct analysis *analysis, size_t *num);

/* The findings, worst first: severity, then rule order of the catalogue, then packet. Live as long as the
 * analysis. Valid after analysis_finish. */
const struct finding *analysis_findings(const struct analysis *analysis, size_t *num);
struct analysis_stats analysis_stats(const struct analysis *analysis);
void analysis_free(struct analysis *analysis);

#endif
