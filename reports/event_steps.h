/* event_steps.h: how the fields of a plan are written: names made ready, values that are the same in all events written
 * together with them, and steps of one source (event_fields.h) that follow each other written as one text, which is
 * remembered by what it is made from. */
#ifndef PERPASS_REPORTS_EVENT_STEPS_H
#define PERPASS_REPORTS_EVENT_STEPS_H

#include "reports/event_plan.h"

enum event_way {
    WAY_WHOLE,  /* the text of the step is all */
    WAY_COMMON, /* |what| is a common field */
    WAY_FIELD,  /* |what| is a row */
    WAY_TRUTH,  /* a row that everybody may see: the member at |member| */
    WAY_NUMBER, /* the same */
    WAY_PIECE   /* |member| is the number of a piece, whose steps follow */
};

/* A step with its text behind it; the next one comes after |size| bytes. */
struct event_step {
    const void *what;
    uint32_t member;
    uint16_t size;
    uint8_t way; /* enum event_way */
};

static inline const struct json_packed_step *event_step_text(const struct event_step *step)
{
    return (const struct json_packed_step *)(step + 1);
}

static inline const struct event_step *event_step_next(const struct event_step *step)
{
    return (const struct event_step *)((const uint8_t *)step + step->size);
}

/* Steps of one source that follow each other: those behind the step that leads here, up to |behind|. */
struct event_piece {
    enum event_source source;
    uint64_t fields;                 /* of an end: which it has, in their order */
    const struct event_step *behind; /* the step behind its last one */
    struct event_last last;          /* of the way */
};

enum { EVENT_MAX_PIECES = 12 };

struct event_steps {
    struct event_plan *plan;
    struct event_piece *ends[2]; /* the one with the addresses of client and server, or NULL */
    size_t num_pieces;
    struct event_piece pieces[EVENT_MAX_PIECES];
    const struct event_step *first, *behind;
};

/* event_steps_new makes the steps of a plan, which is theirs from then on; |sample| is an event of it with what all
 * have: its class, data set, redactor and version. NULL when there is no memory. */
struct event_steps *event_steps_new(struct event_plan *plan, const struct event *sample);
void event_steps_free(struct event_steps *steps); /* and the plan */

#endif
