/* report_blast.h: the blast radius of secrets in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_BLAST_H
#define PERPASS_REPORTS_REPORT_BLAST_H

#include "reports/sink.h"

/* report_text_blast prints the secrets that open most of what was recorded, if there are any. */
void report_text_blast(FILE *out, const struct result *result, struct redactor *redactor,
                       unsigned width);

#endif
