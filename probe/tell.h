/* tell.h: what was found about a target, for people and for machines. Everything goes through reports/redact.h. */
#ifndef PERPASS_PROBE_TELL_H
#define PERPASS_PROBE_TELL_H

#include "probe/probe.h"
#include "reports/redact.h"

#include <stdio.h>

struct tell_style {
    bool colour;
    unsigned width; /* columns */
};

/* tell_text prints a table of what was asked: a check with its outcome, value, reason and rule. */
void tell_text(FILE *out, const struct probe *probe, struct redactor *redactor,
               const struct tell_style *style);

/* tell_json prints an object on a line. False: there is no memory. */
bool tell_json(FILE *out, const struct probe *probe, struct redactor *redactor);

enum { TELL_TARGET_LEN = 320, TELL_VALUE_LEN = CHECK_VALUE_LEN };

/* tell_target writes the target as the policy allows it to be shown: "192.0.2.1:5684". */
const char *tell_target(const struct probe *probe, struct redactor *redactor,
                        char room[TELL_TARGET_LEN]);

/* tell_value writes the value of a check. */
const char *tell_value(const struct check_result *result, struct redactor *redactor,
                       char room[TELL_VALUE_LEN]);

/* tell_worst is the severity of the worst rule that the target breaks; of a fault without a rule it is low; 0: there
 * is none. */
enum severity tell_worst(const struct probe *probe);

#endif
