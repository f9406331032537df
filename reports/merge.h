/* merge.h: joins the reports of several sensors to one result: what was seen by several of them is one finding, one
 * secret, one install, and what links sessions links those of all sensors.
 *
 * Reports are joined by pseudonyms, so all have to be made with one key file, policy and epoch. The order in which they
 * are given makes no difference. */
#ifndef PERPASS_REPORTS_MERGE_H
#define PERPASS_REPORTS_MERGE_H

#include "reports/report_read.h"

/* merge_reports gives the result of all |num| reports, which are put in order, and what shows it, for redactor_free. The
 * result lives as long as |store|. False and |error| when they cannot be joined. */
bool merge_reports(struct read_report *reports, size_t num, struct store *store,
                   struct result *result, struct redactor **redactor, struct error *error);

#endif
