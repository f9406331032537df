/* report_iot.h: endpoints held against the profiles for constrained devices, in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_IOT_H
#define PERPASS_REPORTS_REPORT_IOT_H

#include "analysis/iot_profile.h"
#include "reports/sentence.h"
#include "reports/sink.h"

/* report_text_iot prints the endpoints that break most, if there are any. */
void report_text_iot(FILE *out, const struct result *result, struct redactor *redactor,
                     unsigned width);

/* report_iot_checks adds, behind |before|, the names of what was met, or of what was broken, with the number of
 * handshakes and the first packet. */
void report_iot_checks(struct sentence *sentence, const char *before,
                       const struct iot_profile *profile, bool met);

#endif
