/* event_steps.h: how the fields of a plan are written: names made ready, and values that are the same in all events
 * written together with them. */
#ifndef PERPASS_REPORTS_EVENT_STEPS_H
#define PERPASS_REPORTS_EVENT_STEPS_H

#include "reports/event_plan.h"

struct event_step {
    struct json_step step;
    const struct event_entry *entry; /* NULL: |step| is whole */
};

struct event_steps {
    struct event_plan *plan;
    size_t num;
    struct event_step steps[];
};

/* event_steps_new makes the steps of a plan, which is theirs from then on; |sample| is an event of it with what all
 * have: its class, data set, redactor and version. NULL when there is no memory. */
struct event_steps *event_steps_new(struct event_plan *plan, const struct event *sample);
void event_steps_free(struct event_steps *steps); /* and the plan */

#endif
