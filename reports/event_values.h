/* event_values.h: writes the members of observations, whatever their type, by their rows. */
#ifndef PERPASS_REPORTS_EVENT_VALUES_H
#define PERPASS_REPORTS_EVENT_VALUES_H

#include "reports/event_fields.h"

/* event_put_field writes the member that |field| describes as the value of |event->step|: nothing when
 * it was not seen or the policy hides it. Numbers with names are shown by name, or as "0x1a2b" when
 * nobody knows them; a list becomes an array, which is empty when the list was seen and is. */
void event_put_field(struct event *event, const struct field *field, const void *data);

#endif
