/* report_covert.h: for report_text.c: what free fields could carry. */
#ifndef PERPASS_REPORTS_REPORT_COVERT_H
#define PERPASS_REPORTS_REPORT_COVERT_H

#include "reports/redact.h"

#include <stdio.h>

struct result;

/* report_text_covert prints the ledger of free fields, in its order, if there is any. */
void report_text_covert(FILE *out, const struct result *result, struct redactor *redactor,
                        unsigned width);

#endif
