/* rules.h: the catalogue of rules, read from rules.def. */
#ifndef PERPASS_ANALYSIS_RULES_H
#define PERPASS_ANALYSIS_RULES_H

#include "core/finding.h"

/* One rule. All text is the program's own, static, plain (no markup), for an operator who has not read
 * the RFCs. */
struct rule {
    const char *id;         /* "psk.identity-cleartext": stable, for ever */
    const char *title;      /* one line, no full stop */
    enum severity severity; /* usual severity; a finding may decide by kind */
    enum attack_class attack;
    const char *references; /* "RFC 9257 section 8; RFC 4279 section 2", by section, "; " between */
    const char *meaning;    /* what was seen and when the rule fires */
    const char *gain;       /* what an observer gains by it */
    const char *remedy;     /* what to do */
    const char *doubts;     /* known false positives and what the confidence rests on */
};

enum rule_id {
#define RULE(symbol, ...) symbol,
#include "analysis/rules.def"
#undef RULE
    NUM_RULES
};

/* rule_get gives the rule; never NULL. */
const struct rule *rule_get(enum rule_id id);

/* rule_id_of is the other way round. */
enum rule_id rule_id_of(const struct rule *rule);

/* rule_find looks a rule up by "psk.hint-sent"; NULL when there is none. */
const struct rule *rule_find(const char *id);

const char *severity_name(enum severity severity); /* "high" */
bool severity_parse(const char *name, enum severity *severity);
unsigned severity_score(enum severity severity);         /* event.severity: 0 to 100 */
const char *confidence_name(enum confidence confidence); /* "likely" */
const char *attack_class_id(enum attack_class attack);   /* "static-key-exfiltration" */
const char *attack_class_name(enum attack_class attack); /* "Static key exfiltration" */

#endif
