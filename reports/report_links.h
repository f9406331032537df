/* report_links.h: how far sessions can be linked, in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_LINKS_H
#define PERPASS_REPORTS_REPORT_LINKS_H

#include "reports/sink.h"

/* report_links_line writes "12 of 40 TLS sessions can be linked (30 %), the longest for 3 days over 4 addresses" to
 * |text|; "" when no session can be, or none was seen. */
enum { REPORT_LINKS_LINE = 256 };
void report_links_line(const struct result *result, char text[REPORT_LINKS_LINE]);

/* report_text_links prints all that is known of it: by which identifiers, what remains without each, who was followed
 * longest, and among how many hosts one hides. */
void report_text_links(FILE *out, const struct result *result, struct redactor *redactor,
                       unsigned width);

#endif
