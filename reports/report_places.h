/* report_places.h: countries and networks in which far ends of conversations are, in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_PLACES_H
#define PERPASS_REPORTS_REPORT_PLACES_H

#include "reports/sink.h"

/* report_text_places prints those with most conversations, if there are any. */
void report_text_places(FILE *out, const struct result *result, struct redactor *redactor,
                        unsigned width);

#endif
