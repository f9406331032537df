/* threat_model.h: what each of the five classes of attacker gets out of the traffic of a result, counted; the source of
 * the chapters of all report formats. */
#ifndef PERPASS_REPORTS_THREAT_MODEL_H
#define PERPASS_REPORTS_THREAT_MODEL_H

#include "reports/report.h"

/* A class of attack in words, after draft-barnes-pervasive-problem-00: reports/threats.def. */
struct threat_words {
    const char *capability; /* section 4.1: what the attacker must be able to do */
    const char *gives;      /* what that gives, of any traffic */
    const char *cost;       /* section 4.2: what it costs */
    const char *risk;       /* section 4.2: how it may be found */
    const char *mitigation; /* section 5: what closes it */
    const char *remains;    /* what is left then */
    const char *closed_by;  /* the mitigation in at most 34 columns */
};

const struct threat_words *threat_words(enum attack_class attack);

/* Something that an attacker gets, counted: "12 of 40 encrypted sessions can be tied to others". */
struct threat_gain {
    const char *id;   /* "sessions_linkable" */
    const char *unit; /* "sessions", "identities", "bytes", "devices", ... */
    uint64_t number;  /* not 0 */
    uint64_t of;      /* of so many; 0: no whole is known */
    const char *text; /* what comes behind the numbers, in the number that fits them */
};

enum { THREAT_MOST_GAINS = 12, THREAT_MOST_RELATED = 8 };

struct threat {
    enum attack_class attack;
    const struct threat_words *words;
    struct report_severities severities; /* of the findings of this class */
    bool looked_for;                     /* there are rules of this class that ran */
    struct threat_gain gains[THREAT_MOST_GAINS];
    size_t num_gains;
    const struct rule
        *related[THREAT_MOST_RELATED]; /* of other classes, that fired and serve this one, too */
    size_t num_related;
};

struct threat_model {
    struct threat threats[NUM_ATTACK_CLASSES]; /* ATTACK_PASSIVE first */
};

/* threat_model_make fills |model|; false when there is no memory. */
bool threat_model_make(struct threat_model *model, const struct result *result);

/* threat_gain_text writes "12 of 40 encrypted sessions can be ...". */
enum { THREAT_GAIN_TEXT = 320 };
const char *threat_gain_text(const struct threat_gain *gain, char text[THREAT_GAIN_TEXT]);

#endif
