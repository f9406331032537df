/* threat_model.c: counts what each class of attacker gets. What is counted is in threat_gains.def. */
#include "reports/threat_model.h"

#include "analysis/blast_radius.h"
#include "analysis/covert_report.h"
#include "analysis/install_transaction.h"
#include "analysis/link_report.h"
#include "reports/report_install.h"
#include "reports/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const struct threat_words *threat_words(enum attack_class attack)
{
    static const struct threat_words words[NUM_ATTACK_CLASSES + 1] = {
#define THREAT(class, ...) [class] = {__VA_ARGS__},
#include "reports/threats.def"
#undef THREAT
    };
    assert(attack >= ATTACK_PASSIVE && attack <= ATTACK_CONTENT);
    return &words[attack];
}

/* All that is counted. */
struct tally {
    uint64_t none;
    uint64_t sessions, sessions_openable, sessions_forward_secret;
    uint64_t sessions_looked_at, sessions_linkable, clients_followed;
    uint64_t secrets_that_open, worst_secret_sessions, worst_secret_bytes;
    uint64_t installs, installs_readable, installs_encrypted, secrets_readable, install_bytes;
    uint64_t conversations, wire_bytes;
    uint64_t passive_identities, passive_devices, passive_clients, passive_servers;
    uint64_t active_identities, active_devices, active_clients, active_servers, active_files;
    uint64_t covert_bits, covert_bytes, dynamic_clients, dynamic_servers;
    uint64_t static_identities, static_servers, static_recipients;
};

static void count_installs(struct tally *tally, const struct result *result)
{
    const struct report_installs installs = report_installs(result);
    tally->installs = report_num_told(result, &observation_install_transaction);
    tally->installs_readable = installs.readable;
    tally->installs_encrypted = installs.encrypted;
    for (size_t i = 0; i < result->num_told; i++) {
        const struct install_transaction *told = result->told[i]->data;
        if (result->told[i]->type != &observation_install_transaction ||
            told->encrypted != TRUTH_NO)
            continue;
        tally->secrets_readable += told->secrets.value;
        tally->install_bytes += told->bytes.value;
    }
}

static void count_told(struct tally *tally, const struct observation *observation)
{
    if (observation->type == &observation_link_summary) {
        const struct link_summary *link = observation->data;
        tally->sessions_looked_at = link->sessions.value;
        tally->sessions_linkable = link->linkable.value;
        tally->clients_followed = link->moved.value;
    } else if (observation->type == &observation_covert_capacity) {
        const struct covert_capacity *capacity = observation->data;
        tally->covert_bits += capacity->bits.value;
        tally->covert_bytes = tally->covert_bits / 8;
    } else if (observation->type == &observation_blast_radius) {
        const struct blast_radius *radius = observation->data;
        tally->secrets_that_open += radius->sessions.value > 0;
        if (radius->sessions.value > tally->worst_secret_sessions) { /* the worst come first */
            tally->worst_secret_sessions = radius->sessions.value;
            tally->worst_secret_bytes = radius->bytes.value;
        }
    }
}

static int compare_spans(struct span a, struct span b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len > 0 ? memcmp(a.at, b.at, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By class, kind and subject. */
static int compare_subjects(const void *a, const void *b)
{
    const struct finding *x = *(const struct finding *const *)a;
    const struct finding *y = *(const struct finding *const *)b;
    if (x->rule->attack != y->rule->attack)
        return x->rule->attack < y->rule->attack ? -1 : 1;
    if (x->subject != y->subject)
        return x->subject < y->subject ? -1 : 1;
    if (x->subject == SUBJECT_SERVER && x->subject_port != y->subject_port)
        return x->subject_port < y->subject_port ? -1 : 1;
    return compare_spans(x->subject_bytes, y->subject_bytes);
}

/* Where the subjects of a class are counted. */
static const struct {
    enum attack_class attack;
    enum subject_kind subject;
    size_t offset;
} subject_counts[] = {
    {ATTACK_PASSIVE, SUBJECT_IDENTITY, offsetof(struct tally, passive_identities)},
    {ATTACK_PASSIVE, SUBJECT_DEVICE, offsetof(struct tally, passive_devices)},
    {ATTACK_PASSIVE, SUBJECT_CLIENT, offsetof(struct tally, passive_clients)},
    {ATTACK_PASSIVE, SUBJECT_SERVER, offsetof(struct tally, passive_servers)},
    {ATTACK_ACTIVE, SUBJECT_IDENTITY, offsetof(struct tally, active_identities)},
    {ATTACK_ACTIVE, SUBJECT_DEVICE, offsetof(struct tally, active_devices)},
    {ATTACK_ACTIVE, SUBJECT_CLIENT, offsetof(struct tally, active_clients)},
    {ATTACK_ACTIVE, SUBJECT_SERVER, offsetof(struct tally, active_servers)},
    {ATTACK_ACTIVE, SUBJECT_FILE, offsetof(struct tally, active_files)},
    {ATTACK_DYNAMIC_KEY, SUBJECT_CLIENT, offsetof(struct tally, dynamic_clients)},
    {ATTACK_DYNAMIC_KEY, SUBJECT_SERVER, offsetof(struct tally, dynamic_servers)},
    {ATTACK_STATIC_KEY, SUBJECT_IDENTITY, offsetof(struct tally, static_identities)},
    {ATTACK_STATIC_KEY, SUBJECT_SERVER, offsetof(struct tally, static_servers)},
    {ATTACK_STATIC_KEY, SUBJECT_RECIPIENT, offsetof(struct tally, static_recipients)},
};

static void add_at(struct tally *tally, size_t offset, uint64_t number)
{
    uint64_t value;
    memcpy(&value, (const char *)tally + offset, sizeof value);
    value += number;
    memcpy((char *)tally + offset, &value, sizeof value);
}

static void count_subject(struct tally *tally, const struct finding *finding)
{
    for (size_t i = 0; i < sizeof subject_counts / sizeof subject_counts[0]; i++)
        if (subject_counts[i].attack == finding->rule->attack &&
            subject_counts[i].subject == finding->subject)
            add_at(tally, subject_counts[i].offset, 1);
}

/* Each subject once in a class, however many rules fired about it. What is good (info) takes nothing away. */
static bool count_subjects(struct tally *tally, const struct result *result)
{
    size_t num = 0;
    const struct finding **sorted = calloc(result->num_findings + 1, sizeof sorted[0]);
    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].severity > SEVERITY_INFO)
            sorted[num++] = &result->findings[i];
    qsort(sorted, num, sizeof sorted[0], compare_subjects);
    for (size_t i = 0; i < num; i++)
        if (i == 0 || compare_subjects(&sorted[i - 1], &sorted[i]) != 0)
            count_subject(tally, sorted[i]);
    free(sorted);
    return true;
}

static bool count_all(struct tally *tally, const struct result *result)
{
    *tally = (struct tally){.sessions = result->analysis.tls_sessions,
                            .sessions_openable = result->analysis.tls_sessions_not_forward_secret,
                            .sessions_forward_secret = result->analysis.tls_sessions_forward_secret,
                            .conversations = result->engine.flows,
                            .wire_bytes = result->engine.frame_bytes};
    for (size_t i = 0; i < result->num_told; i++)
        count_told(tally, result->told[i]);
    count_installs(tally, result);
    return count_subjects(tally, result);
}

static void add_gain(struct threat_model *model, enum attack_class attack,
                     const struct threat_gain *gain, const char *one, const char *many)
{
    struct threat *threat = &model->threats[attack - ATTACK_PASSIVE];
    if (gain->number == 0)
        return;
    assert(threat->num_gains < THREAT_MOST_GAINS);
    const uint64_t counted = gain->of > 0 ? gain->of : gain->number;
    threat->gains[threat->num_gains] = *gain;
    threat->gains[threat->num_gains++].text = counted == 1 ? one : many;
}

static bool has_fired(const struct result *result, const struct rule *rule)
{
    for (size_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].rule == rule)
            return true;
    return false;
}

/* What was readable on the way is readable where it is kept. */
static void add_related(struct threat *threat, const struct result *result)
{
    static const enum rule_id related[] = {RULE_INSTALL_SECRET_EXPOSED,
                                           RULE_INSTALL_CONFIG_CLEARTEXT, RULE_INSTALL_UPLOAD,
                                           RULE_INSTALL_ENCRYPTED};
    for (size_t i = 0; i < sizeof related / sizeof related[0]; i++)
        if (has_fired(result, rule_get(related[i])))
            threat->related[threat->num_related++] = rule_get(related[i]);
}

/* Of reports that were joined a class may have findings whose rules did not run for all of them. */
static bool was_looked_for(const struct result *result, enum attack_class attack)
{
    for (size_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].rule->attack == attack)
            return true;
    for (int id = 0; id < (int)NUM_RULES; id++)
        if (rule_get((enum rule_id)id)->attack == attack && report_ran(result, (enum rule_id)id))
            return true;
    return false;
}

bool threat_model_make(struct threat_model *model, const struct result *result)
{
    struct tally tally;
    *model = (struct threat_model){0};
    if (!count_all(&tally, result))
        return false;
    for (int i = 0; i < NUM_ATTACK_CLASSES; i++) {
        struct threat *threat = &model->threats[i];
        threat->attack = (enum attack_class)(ATTACK_PASSIVE + i);
        threat->words = threat_words(threat->attack);
        threat->severities = report_severities(result, threat->attack);
        threat->looked_for = was_looked_for(result, threat->attack);
    }
#define THREAT_GAIN(class, number, whole, unit, one, many)                                         \
    add_gain(model, class, &(struct threat_gain){#number, unit, tally.number, tally.whole, NULL},  \
             one, many);
#include "reports/threat_gains.def"
#undef THREAT_GAIN
    add_related(&model->threats[ATTACK_CONTENT - ATTACK_PASSIVE], result);
    return true;
}

const char *threat_gain_text(const struct threat_gain *gain, char text[THREAT_GAIN_TEXT])
{
    char number[TEXT_SMALL], whole[TEXT_SMALL];
    text_number(gain->number, number);
    if (gain->of > 0)
        snprintf(text, THREAT_GAIN_TEXT, "%s of %s %s", number, text_number(gain->of, whole),
                 gain->text);
    else
        snprintf(text, THREAT_GAIN_TEXT, "%s %s", number, gain->text);
    return text;
}
