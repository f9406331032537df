/* report_json_parts.h: what the files that write the JSON report share. */
#ifndef PERPASS_REPORTS_REPORT_JSON_PARTS_H
#define PERPASS_REPORTS_REPORT_JSON_PARTS_H

#include "reports/sink.h"

#include <json-c/json.h>

/* report_json_put prints |object| so that its lines stand |indent| spaces further right, and frees it. */
void report_json_put(FILE *out, json_object *object, int indent);

/* report_json_shown gives what is shown, or NULL where there is nothing to show. */
json_object *report_json_shown(const struct shown *shown);

/* report_json_told prints a member for each kind of what analyzers made, such as "install": the installs of devices. */
void report_json_told(FILE *out, const struct result *result, struct redactor *redactor);

#endif
