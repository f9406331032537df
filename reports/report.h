/* report.h: what all report formats share: totals, what was not seen, subjects. */
#ifndef PERPASS_REPORTS_REPORT_H
#define PERPASS_REPORTS_REPORT_H

#include "reports/sink.h"

/* Findings of a result by severity, index SEVERITY_INFO to SEVERITY_CRITICAL. */
struct report_severities {
    uint64_t num[SEVERITY_CRITICAL + 1];
    uint64_t total;
    enum severity worst; /* 0: there are none */
};

/* report_severities counts the findings of one class; of all with |attack| 0. */
struct report_severities report_severities(const struct result *result, enum attack_class attack);

/* Something that was not seen or not kept, and how often: nothing is lost silently. */
struct report_limit {
    const char *id; /* name of the counter: "frames_cut" */
    uint64_t count;
    const char *one, *many; /* "frame cut by the snap length", "frames ..." */
};

enum { REPORT_MAX_LIMITS = 32 };

/* report_limits gives the limits that are not zero, |num| of them. */
void report_limits(const struct result *result, struct report_limit limits[REPORT_MAX_LIMITS],
                   size_t *num);

/* report_failed says whether the run did not do what it was asked to: not all was read, or it was stopped. */
bool report_failed(const struct result *result);

/* Time span of all inputs; both 0 when no frame was read. */
void report_span(const struct result *result, uint64_t *first_ns, uint64_t *last_ns);

/* report_filtered is how many packets of all inputs the filter left out: those count nowhere else. */
uint64_t report_filtered(const struct result *result);

bool report_ran(const struct result *result, enum rule_id id);
size_t report_num_ran(const struct result *result);

/* report_num_told is how many observations of |type| the analyzers made. */
size_t report_num_told(const struct result *result, const struct observation_type *type);

/* report_first_told is the data of the first observation of |type| that the analyzers made; NULL: there is none. */
const void *report_first_told(const struct result *result, const struct observation_type *type);

const char *
report_subject_kind(enum subject_kind kind); /* "client", "server", "identity", "hint" */

/* report_subject_noun gives the word for |number| of a kind: "identity", "identities". */
const char *report_subject_noun(enum subject_kind kind, uint64_t number);

/* report_subject_shown shows the subject of |finding|: of a server the address, without the port. */
struct shown report_subject_shown(struct redactor *redactor, const struct finding *finding);

enum { REPORT_SUBJECT_SIZE = 1024 };

/* report_subject shows the subject of |finding| for people, as far as the policy allows: "192.0.2.7:443", "psk:2f0a...".
 * What does not fit is cut. False, and "", when the policy hides it. */
bool report_subject(struct redactor *redactor, const struct finding *finding,
                    char text[REPORT_SUBJECT_SIZE]);

/* report_address shows the address of |end|, without port. */
bool report_address(struct redactor *redactor, const struct endpoint *end, uint8_t ip_version,
                    char text[REPORT_SUBJECT_SIZE]);

/* report_json_rules prints what the catalogue says of |rule| as a JSON object; with NULL {"rules": [...]} of all
 * rules. False when there is no memory; an error of |out| stays with it. */
bool report_json_rules(FILE *out, const struct rule *rule);
const char *report_json_library(void); /* version of json-c */

/* The version of what the JSON report holds: with it meanings and what a reader can count on change. */
enum { REPORT_SCHEMA = 3 };

/* report_transport gives "tcp", "udp", "sctp", or "other". */
const char *report_transport(uint8_t protocol);

/* The formats, one row of reports/table.def each. */
#define REPORT(symbol) extern const struct report_format symbol;
#include "reports/table.def"
#undef REPORT

#endif
