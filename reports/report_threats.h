/* report_threats.h: the five classes of attack in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_THREATS_H
#define PERPASS_REPORTS_REPORT_THREATS_H

#include "reports/threat_model.h"

/* report_text_threats prints a chapter for each class. */
void report_text_threats(FILE *out, const struct threat_model *model, unsigned width);

#endif
