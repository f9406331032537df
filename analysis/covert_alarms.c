/* covert_alarms.c: alarms of tests, which wait until it is known how many others depart alike: told one by one, as they
 * come, the first ones would be what the last ones are not. */
#include "analysis/covert.h"

#include <stdlib.h>

/* A finding with all that it points to. */
struct alarm {
    enum covert_field field;
    struct finding finding;
    struct evidence evidence[FINDING_MAX_EVIDENCE];
    uint8_t subject[16];
    char texts[2][COVERT_TEXT];
};

/* A ring. */
struct covert_alarms {
    size_t first, num;
    struct alarm alarms[COVERT_MOST_ALARMS];
};

/* The network has done it, or the way of capturing, where a quarter of eight endpoints or more depart alike. */
static bool peers_do_it(const struct covert_total *total)
{
    enum { SOME_PEERS = 8 };
    return total->tested >= SOME_PEERS && (uint64_t)total->departed * 4 >= total->tested;
}

static void judge_first(struct analyze_context *context, struct covert_alarms *alarms)
{
    const struct covert_state *state = context->state;
    struct alarm *alarm = &alarms->alarms[alarms->first];
    struct finding *finding = &alarm->finding;
    const struct covert_total *total = &state->totals[alarm->field];
    if (peers_do_it(total)) {
        finding->severity = SEVERITY_INFO;
        finding->confidence = CONFIDENCE_POSSIBLE;
        finding->reason =
            "Many endpoints here depart alike: rather the network does it, or how it was captured.";
    }
    finding_says_most(finding, "peers_tested", total->tested);
    finding_says_most(finding, "peers_departed", total->departed);
    finding_add(context, finding);
    alarms->first = (alarms->first + 1) % COVERT_MOST_ALARMS;
    alarms->num--;
}

/* Bytes of the evidence are those of the two texts. */
static void keep(struct alarm *alarm, const struct finding *finding)
{
    size_t texts = 0;
    alarm->finding = *finding;
    alarm->finding.evidence = alarm->evidence;
    alarm->finding.subject_bytes = span_of(alarm->subject, finding->subject_bytes.len);
    memcpy(alarm->subject, finding->subject_bytes.at, finding->subject_bytes.len);
    memcpy(alarm->evidence, finding->evidence, finding->num_evidence * sizeof alarm->evidence[0]);
    for (size_t i = 0; i < finding->num_evidence; i++) {
        struct span *bytes = &alarm->evidence[i].value.bytes;
        if (!span_seen(*bytes))
            continue;
        memcpy(alarm->texts[texts], bytes->at, bytes->len);
        *bytes = span_of(alarm->texts[texts++], bytes->len);
    }
}

void covert_alarm_waits(struct analyze_context *context, enum covert_field field,
                        const struct finding *finding)
{
    struct covert_state *state = context->state;
    if (state->alarms == NULL)
        state->alarms = calloc(1, sizeof *state->alarms);
    struct covert_alarms *alarms = state->alarms;
    if (alarms == NULL) {
        analysis_totals(context)->findings_not_stored++;
        return;
    }
    if (alarms->num == COVERT_MOST_ALARMS)
        judge_first(context, alarms);
    struct alarm *alarm = &alarms->alarms[(alarms->first + alarms->num++) % COVERT_MOST_ALARMS];
    alarm->field = field;
    keep(alarm, finding);
}

void covert_alarms_judge(struct analyze_context *context)
{
    struct covert_state *state = context->state;
    while (state->alarms != NULL && state->alarms->num > 0)
        judge_first(context, state->alarms);
}
