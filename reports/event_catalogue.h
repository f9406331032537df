/* event_catalogue.h: docs/events.md and docs/events.schema.json, made from the field tables. */
#ifndef PERPASS_REPORTS_EVENT_CATALOGUE_H
#define PERPASS_REPORTS_EVENT_CATALOGUE_H

#include <stdbool.h>
#include <stdio.h>

/* event_catalogue_markdown and _schema write the page and the schema (JSON Schema 2020-12); false when
 * there is no memory. The caller looks for errors of |out|. */
bool event_catalogue_markdown(FILE *out);
bool event_catalogue_schema(FILE *out);

#endif
