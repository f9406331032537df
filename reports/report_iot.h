/* report_iot.h: endpoints held against the profiles for constrained devices, in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_IOT_H
#define PERPASS_REPORTS_REPORT_IOT_H

#include "reports/sink.h"

/* report_text_iot prints the endpoints that break most, if there are any. */
void report_text_iot(FILE *out, const struct result *result, struct redactor *redactor,
                     unsigned width);

#endif
