/* report_read_told.h: for report_read.c: findings, and what analyzers made. */
#ifndef PERPASS_REPORTS_REPORT_READ_TOLD_H
#define PERPASS_REPORTS_REPORT_READ_TOLD_H

#include "reports/report_members.h"
#include "reports/report_read.h"

bool report_read_findings(struct members *members, struct json_object *whole,
                          struct read_report *report);
bool report_read_told(struct members *members, struct json_object *whole,
                      struct read_report *report);

#endif
