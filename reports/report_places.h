/* report_places.h: countries and networks in which far ends of conversations are, in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_PLACES_H
#define PERPASS_REPORTS_REPORT_PLACES_H

#include "analysis/places.h"
#include "reports/sentence.h"
#include "reports/sink.h"

/* report_text_places prints those with most conversations, if there are any. */
void report_text_places(FILE *out, const struct result *result, struct redactor *redactor,
                        unsigned width);

/* report_place_name adds "DE, AS64496 Example": what is not known is left out. */
void report_place_name(struct sentence *sentence, const struct place_summary *place,
                       struct redactor *redactor);

#endif
