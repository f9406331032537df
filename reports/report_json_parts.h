/* report_json_parts.h: what the files that write the JSON report share. */
#ifndef PERPASS_REPORTS_REPORT_JSON_PARTS_H
#define PERPASS_REPORTS_REPORT_JSON_PARTS_H

#include "reports/json_writer.h"
#include "reports/sink.h"

/* report_json_name names the next value. */
void report_json_name(struct json_writer *json, const char *name);

/* report_json_told writes a member for each kind of what analyzers made, such as "install": the installs of devices. */
void report_json_told(struct json_writer *json, const struct result *result,
                      struct redactor *redactor);

/* A member of the report with a list of observations of one type; of their rows those below |prefix|. */
struct report_section {
    const char *member, *list, *prefix;
    const struct observation_type *type;
};

/* report_section_at gives them by index, NULL past the last. */
const struct report_section *report_section_at(size_t index);

#endif
