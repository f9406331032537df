/* event_pieces.h: writes events step by step, and pieces of them as they were written before. */
#ifndef PERPASS_REPORTS_EVENT_PIECES_H
#define PERPASS_REPORTS_EVENT_PIECES_H

#include "reports/event_steps.h"

/* event_steps_write writes the members of |event|. */
void event_steps_write(struct event_steps *steps, struct event *event);

#endif
