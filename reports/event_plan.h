/* event_plan.h: which fields an event has, in the order in which they are written.
 *
 * Made once for each observation type (and for findings and statistics): the common fields and the type's
 * own rows, sorted by path, so that nested objects come out whole. The schema and docs/events.md are
 * made from the same plans. */
#ifndef PERPASS_REPORTS_EVENT_PLAN_H
#define PERPASS_REPORTS_EVENT_PLAN_H

#include "reports/event_fields.h"

/* A field: a common one or a row of an observation type. */
struct event_entry {
    const char *path;
    const struct event_common *common;
    const struct field *field;
};

struct event_plan {
    enum event_class class;
    const struct observation_type *type; /* NULL for findings and statistics */
    char dataset[80];                    /* "perpass.tls.client_hello" */
    size_t num;
    struct event_entry entries[];
};

/* event_plan_new makes the plan of an observation type, or, with |type| NULL, that of |class|. A row that
 * has the path of a common field takes its place. NULL when there is no memory. That a path is another
 * one's object, or that two rows have one path, is a bug of the rows (assert). */
struct event_plan *event_plan_new(enum event_class class, const struct observation_type *type);
void event_plan_free(struct event_plan *plan);

/* event_plan_of_type is the same for a type; flow.end is an EVENT_FLOW, all others are observations. */
struct event_plan *event_plan_of_type(const struct observation_type *type);

/* event_type_at gives the known observation types by index, those of dissectors first, each once; NULL
 * past the last. */
const struct observation_type *event_type_at(size_t index);

#endif
