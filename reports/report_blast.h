/* report_blast.h: the blast radius of secrets in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_BLAST_H
#define PERPASS_REPORTS_REPORT_BLAST_H

#include "analysis/blast_radius.h"
#include "reports/sentence.h"
#include "reports/sink.h"

/* report_text_blast prints the secrets that open most of what was recorded, if there are any. */
void report_text_blast(FILE *out, const struct result *result, struct redactor *redactor,
                       unsigned width);

/* report_blast_secret adds which secret it is: "PSK of psk:2f0a...". */
void report_blast_secret(struct sentence *sentence, const struct blast_radius *radius,
                         struct redactor *redactor);

/* report_blast_hosts adds ", 3 servers"; hosts are told apart up to a number only. */
void report_blast_hosts(struct sentence *sentence, struct number number, const char *one,
                        const char *many);

#endif
