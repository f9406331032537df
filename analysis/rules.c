/* rules.c: the catalogue of rules and the names of severities, confidences and attack classes. */
#include "analysis/rules.h"

#include <assert.h>
#include <string.h>

static const struct rule rules[] = {
#define RULE(symbol, id_, title_, severity_, attack_, references_, meaning_, gain_, remedy_,       \
             doubts_)                                                                              \
    [symbol] = {.id = id_,                                                                         \
                .title = title_,                                                                   \
                .severity = severity_,                                                             \
                .attack = attack_,                                                                 \
                .references = references_,                                                         \
                .meaning = meaning_,                                                               \
                .gain = gain_,                                                                     \
                .remedy = remedy_,                                                                 \
                .doubts = doubts_},
#include "analysis/rules.def"
#undef RULE
};

const struct rule *rule_get(enum rule_id id)
{
    assert((size_t)id < NUM_RULES);
    return &rules[id];
}

enum rule_id rule_id_of(const struct rule *rule)
{
    assert(rule >= rules && rule < rules + NUM_RULES);
    return (enum rule_id)(rule - rules);
}

const struct rule *rule_find(const char *id)
{
    for (size_t i = 0; i < NUM_RULES; i++)
        if (strcmp(rules[i].id, id) == 0)
            return &rules[i];
    return NULL;
}

/* One row a severity: its name and its event.severity. */
static const struct {
    const char *name;
    unsigned score;
} severities[] = {[SEVERITY_INFO] = {"info", 10},
                  [SEVERITY_LOW] = {"low", 30},
                  [SEVERITY_MEDIUM] = {"medium", 50},
                  [SEVERITY_HIGH] = {"high", 75},
                  [SEVERITY_CRITICAL] = {"critical", 100}};

const char *severity_name(enum severity severity)
{
    assert(severity >= SEVERITY_INFO && severity <= SEVERITY_CRITICAL);
    return severities[severity].name;
}

bool severity_parse(const char *name, enum severity *severity)
{
    for (enum severity s = SEVERITY_INFO; s <= SEVERITY_CRITICAL; s++) {
        if (strcmp(severities[s].name, name) == 0) {
            *severity = s;
            return true;
        }
    }
    return false;
}

unsigned severity_score(enum severity severity)
{
    assert(severity >= SEVERITY_INFO && severity <= SEVERITY_CRITICAL);
    return severities[severity].score;
}

const char *confidence_name(enum confidence confidence)
{
    static const char *const names[] = {[CONFIDENCE_POSSIBLE] = "possible",
                                        [CONFIDENCE_LIKELY] = "likely",
                                        [CONFIDENCE_CERTAIN] = "certain"};
    assert(confidence >= CONFIDENCE_POSSIBLE && confidence <= CONFIDENCE_CERTAIN);
    return names[confidence];
}

/* One row an attack class of draft-barnes-pervasive-problem-00 section 4.1. */
static const struct {
    const char *id, *name;
} attack_classes[] = {
    [ATTACK_PASSIVE] = {"passive", "Passive"},
    [ATTACK_ACTIVE] = {"active", "Active"},
    [ATTACK_STATIC_KEY] = {"static-key-exfiltration", "Static key exfiltration"},
    [ATTACK_DYNAMIC_KEY] = {"dynamic-key-exfiltration", "Dynamic key exfiltration"},
    [ATTACK_CONTENT] = {"content-exfiltration", "Content exfiltration"},
};

const char *attack_class_id(enum attack_class attack)
{
    assert(attack >= ATTACK_PASSIVE && attack <= ATTACK_CONTENT);
    return attack_classes[attack].id;
}

const char *attack_class_name(enum attack_class attack)
{
    assert(attack >= ATTACK_PASSIVE && attack <= ATTACK_CONTENT);
    return attack_classes[attack].name;
}
