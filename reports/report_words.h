/* report_words.h: sentences that the reports for people share. Each adds to |line|, or adds nothing. */
#ifndef PERPASS_REPORTS_REPORT_WORDS_H
#define PERPASS_REPORTS_REPORT_WORDS_H

#include "reports/sentence.h"
#include "reports/sink.h"

/* "12 servers" */
void report_words_count(struct sentence *line, uint64_t number, const char *one, const char *many);

/* "120 packets in 12 s from 2024-05-01 10:00:00Z, 3 conversations" */
void report_words_traffic(struct sentence *line, const struct result *result);

/* What was looked at, and how well it is protected. */
void report_words_sessions(struct sentence *line, const struct result *result);

/* "3 installs of devices: 2 with a readable configuration, 1 over TLS" */
void report_words_installs(struct sentence *line, const struct result *result);

/* "Not seen whole: 3 frames cut by the snap length" */
void report_words_limits(struct sentence *line, const struct result *result);

/* What the policy hides, and what shows it. */
void report_words_privacy(struct sentence *line, const struct result *result,
                          const struct redactor *redactor);

/* report_words_standing gives "known" or "new"; NULL without a baseline. */
const char *report_words_standing(const struct result *result, struct redactor *redactor,
                                  const struct finding *finding);

/* "Of the findings 3 are in the baseline, 1 are new": nothing without a baseline. */
void report_words_baseline(struct sentence *line, const struct result *result,
                           struct redactor *redactor);

/* "No finding: ..." */
void report_words_none(struct sentence *line, const struct result *result);

/* report_words_shown writes |shown| in at most |columns|: "" when there is nothing to show, and "(empty)" of what is
 * empty. */
const char *report_words_shown(const struct shown *shown, size_t columns, char *text, size_t size);

#endif
