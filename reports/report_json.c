/* report_json.c: the whole result as JSON (RFC 8259): the report that programs read.
 *
 * The document is written as it comes, so that no finding stands in memory twice. Members keep their order: the
 * same result gives the same bytes. */
#include "reports/baseline.h"
#include "reports/report.h"
#include "reports/report_groups.h"
#include "reports/report_json_parts.h"
#include "reports/text.h"
#include "reports/threat_model.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void report_json_name(struct json_writer *json, const char *name)
{
    json_writer_name(json, name, strlen(name));
}

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    report_json_name(json, name);
    json_writer_text(json, text, strlen(text));
}

static void put_number(struct json_writer *json, const char *name, uint64_t number)
{
    report_json_name(json, name);
    json_writer_number(json, number);
}

static void put_truth(struct json_writer *json, const char *name, bool truth)
{
    report_json_name(json, name);
    json_writer_truth(json, truth);
}

static void put_time(struct json_writer *json, const char *name, uint64_t time_ns)
{
    char text[TEXT_SMALL];
    put_text(json, name, text_time(time_ns, text));
}

/* No member where there is nothing to show. */
static void put_shown(struct json_writer *json, const char *name, const struct shown *shown)
{
    switch (shown->type) {
    case SHOWN_TRUTH:
        put_truth(json, name, shown->truth);
        break;
    case SHOWN_NUMBER:
        put_number(json, name, shown->number);
        break;
    case SHOWN_TIME:
        put_time(json, name, shown->number);
        break;
    case SHOWN_TEXT:
        report_json_name(json, name);
        json_writer_text(json, shown->text, shown->len);
        break;
    case SHOWN_NOTHING:
        break;
    }
}

/* Text that came from outside by another way than packets (a file name, an error about it): shown as the
 * user's own, but only what is valid in JSON. */
static void put_outside(struct json_writer *json, const char *name, struct redactor *redactor,
                        const char *text)
{
    const struct value value = {.type = VALUE_STRING, .bytes = span_text(text)};
    const struct shown shown = redact(redactor, &value, PRIVACY_PUBLIC, NULL);
    put_shown(json, name, &shown);
}

static void put_tool(struct json_writer *json, const struct result *result)
{
    report_json_name(json, "tool");
    json_writer_object_begin(json);
    put_text(json, "name", "perpass");
    put_text(json, "version", result->version);
    json_writer_object_end(json);
}

static void put_some(struct json_writer *json, const char *name, uint64_t number)
{
    if (number > 0)
        put_number(json, name, number);
}

static void put_input(struct json_writer *json, const struct input_info *input,
                      struct redactor *redactor)
{
    json_writer_object_begin(json);
    put_outside(json, "path", redactor, input->path);
    if (input->format != NULL)
        put_text(json, "format", input->format);
    put_some(json, "size", input->size);
    if (input->sha256[0] != '\0')
        put_text(json, "sha256", input->sha256);
    put_number(json, "frames", input->frames);
    put_number(json, "filtered", input->filtered);
    put_number(json, "dropped", input->dropped);
    put_number(json, "unfit", input->unfit);
    put_number(json, "mended", input->mended);
    put_some(json, "freezes", input->freezes);
    put_some(json, "outages", input->outages);
    put_some(json, "adapter_stamped", input->adapter_stamped);
    if (input->last_ns > 0) {
        put_time(json, "first", input->first_ns);
        put_time(json, "last", input->last_ns);
    }
    put_truth(json, "complete", input->damage[0] == '\0');
    if (input->damage[0] != '\0')
        put_outside(json, "damage", redactor, input->damage);
    json_writer_object_end(json);
}

static void put_inputs(struct json_writer *json, const struct result *result,
                       struct redactor *redactor)
{
    report_json_name(json, "inputs");
    json_writer_array_begin(json);
    for (size_t i = 0; i < result->num_inputs; i++)
        put_input(json, &result->inputs[i], redactor);
    json_writer_array_end(json);
}

static void put_privacy(struct json_writer *json, struct redactor *redactor)
{
    report_json_name(json, "privacy");
    json_writer_object_begin(json);
    put_text(json, "policy", privacy_policy_name(redactor_policy(redactor)));
    /* Without pseudonyms a key that was given has made the names that reports are joined by. */
    if (redactor_stability(redactor) != NULL || !redactor_key_is_random(redactor)) {
        put_text(json, "key_id", redactor_key_id(redactor));
        put_truth(json, "key_kept", !redactor_key_is_random(redactor));
        if (redactor_epoch(redactor)[0] != '\0')
            put_text(json, "epoch", redactor_epoch(redactor));
    }
    json_writer_object_end(json);
}

static void put_severities(struct json_writer *json, const struct report_severities *severities)
{
    report_json_name(json, "severities");
    json_writer_object_begin(json);
    for (int i = SEVERITY_CRITICAL; i >= SEVERITY_INFO; i--)
        put_number(json, severity_name((enum severity)i), severities->num[i]);
    json_writer_object_end(json);
}

/* What was looked for: of which severity at least, and all rules but those that did not run. */
static void put_looked_for(struct json_writer *json, const struct result *result)
{
    const enum severity least =
        result->min_severity > SEVERITY_INFO ? result->min_severity : SEVERITY_INFO;
    report_json_name(json, "looked_for");
    json_writer_object_begin(json);
    put_text(json, "least_severity", severity_name(least));
    put_number(json, "rules", report_num_ran(result));
    report_json_name(json, "left_out");
    json_writer_array_begin(json);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const char *rule = rule_get((enum rule_id)id)->id;
        if (!report_ran(result, (enum rule_id)id))
            json_writer_text(json, rule, strlen(rule));
    }
    json_writer_array_end(json);
    json_writer_object_end(json);
}

/* What is known, and what is new. */
static void put_baseline(struct json_writer *json, const struct result *result,
                         struct redactor *redactor)
{
    if (result->baseline == NULL)
        return;
    const struct baseline_count count = baseline_count(result, redactor);
    report_json_name(json, "baseline");
    json_writer_object_begin(json);
    put_number(json, "known", count.known);
    put_number(json, "new", count.fresh);
    put_number(json, "gone", count.gone);
    json_writer_object_end(json);
}

static void put_totals(struct json_writer *json, const struct result *result)
{
    uint64_t first_ns, last_ns;
    const struct report_severities severities = report_severities(result, 0);
    report_span(result, &first_ns, &last_ns);
    report_json_name(json, "totals");
    json_writer_object_begin(json);
    if (last_ns > 0) {
        put_time(json, "first", first_ns);
        put_time(json, "last", last_ns);
    }
    put_number(json, "packets", result->engine.frames);
    put_number(json, "flows", result->engine.flows);
    put_number(json, "tls_sessions", result->analysis.tls_sessions);
    put_number(json, "tls_handshakes_completed", result->analysis.tls_handshakes_completed);
    put_number(json, "tls_handshakes_failed", result->analysis.tls_handshakes_failed);
    put_number(json, "findings", severities.total);
    put_severities(json, &severities);
    json_writer_object_end(json);
}

/* Places in findings[] of the findings of one class. */
static void put_places(struct json_writer *json, const struct result *result,
                       const struct threat *threat)
{
    uint64_t left = threat->severities.total;
    report_json_name(json, "findings");
    json_writer_array_begin(json);
    for (size_t i = 0; i < result->num_findings && left > 0; i++) {
        if (result->findings[i].rule->attack != threat->attack)
            continue;
        json_writer_number(json, i);
        left--;
    }
    json_writer_array_end(json);
}

/* The rules of the catalogue that look for one class: none means that it was not looked for. */
static void put_class_rules(struct json_writer *json, const struct threat *threat)
{
    report_json_name(json, "rules");
    json_writer_array_begin(json);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        if (rule->attack == threat->attack)
            json_writer_text(json, rule->id, strlen(rule->id));
    }
    json_writer_array_end(json);
    report_json_name(json, "related_rules");
    json_writer_array_begin(json);
    for (size_t i = 0; i < threat->num_related; i++)
        json_writer_text(json, threat->related[i]->id, strlen(threat->related[i]->id));
    json_writer_array_end(json);
}

static void put_gains(struct json_writer *json, const struct threat *threat)
{
    report_json_name(json, "gains");
    json_writer_array_begin(json);
    for (size_t i = 0; i < threat->num_gains; i++) {
        const struct threat_gain *gain = &threat->gains[i];
        char text[THREAT_GAIN_TEXT];
        json_writer_object_begin(json);
        put_text(json, "id", gain->id);
        put_text(json, "unit", gain->unit);
        put_number(json, "number", gain->number);
        put_some(json, "of", gain->of);
        put_text(json, "text", threat_gain_text(gain, text));
        json_writer_object_end(json);
    }
    json_writer_array_end(json);
}

static void put_class(struct json_writer *json, const struct result *result,
                      const struct threat *threat)
{
    json_writer_object_begin(json);
    put_text(json, "id", attack_class_id(threat->attack));
    put_text(json, "name", attack_class_name(threat->attack));
    put_text(json, "capability", threat->words->capability);
    put_text(json, "gives", threat->words->gives);
    put_gains(json, threat);
    put_text(json, "cost", threat->words->cost);
    put_text(json, "risk", threat->words->risk);
    put_text(json, "mitigation", threat->words->mitigation);
    put_text(json, "remains", threat->words->remains);
    put_class_rules(json, threat);
    put_severities(json, &threat->severities);
    put_places(json, result, threat);
    json_writer_object_end(json);
}

static void put_classes(struct json_writer *json, const struct result *result,
                        const struct threat_model *model)
{
    report_json_name(json, "attack_classes");
    json_writer_array_begin(json);
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++)
        put_class(json, result, &model->threats[i]);
    json_writer_array_end(json);
}

/* For someone with a minute. */
static void put_worst(struct json_writer *json, const struct report_group *groups, size_t num)
{
    report_json_name(json, "worst");
    json_writer_array_begin(json);
    for (size_t i = 0; i < num && i < REPORT_WORST; i++) {
        struct sentence gain = {.len = 0}, first = {.len = 0};
        report_first_sentence(&gain, groups[i].rule->gain);
        report_first_sentence(&first, groups[i].rule->remedy);
        json_writer_object_begin(json);
        put_text(json, "rule", groups[i].rule->id);
        put_text(json, "title", groups[i].rule->title);
        put_text(json, "severity", severity_name(groups[i].worst->severity));
        put_number(json, "findings", groups[i].num);
        put_number(json, "times", groups[i].times);
        put_text(json, "gain", gain.text);
        put_text(json, "do_first", first.text);
        json_writer_object_end(json);
    }
    json_writer_array_end(json);
}

static void put_subject(struct json_writer *json, const struct finding *finding,
                        struct redactor *redactor)
{
    const struct shown shown = report_subject_shown(redactor, finding);
    report_json_name(json, "subject");
    json_writer_object_begin(json);
    put_text(json, "kind", report_subject_kind(finding->subject));
    put_shown(json, "value", &shown);
    if (finding->subject == SUBJECT_SERVER && finding->ip_version != 0)
        put_number(json, "port", finding->subject_port);
    json_writer_object_end(json);
}

static void put_endpoint(struct json_writer *json, const char *name, const struct endpoint *end,
                         uint8_t ip_version, struct redactor *redactor)
{
    char address[REPORT_SUBJECT_SIZE];
    report_json_name(json, name);
    json_writer_object_begin(json);
    if (report_address(redactor, end, ip_version, address))
        put_text(json, "address", address);
    if (ip_version != 0)
        put_number(json, "port", end->port);
    json_writer_object_end(json);
}

static void put_evidence(struct json_writer *json, const struct finding *finding,
                         struct redactor *redactor)
{
    report_json_name(json, "evidence");
    json_writer_object_begin(json);
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        const struct shown shown =
            redact(redactor, &evidence->value, evidence->privacy, evidence->kind);
        put_shown(json, evidence->name, &shown);
    }
    json_writer_object_end(json);
}

/* Of what evidence the greatest counts, where the same is found again. */
static void put_growing(struct json_writer *json, const struct finding *finding)
{
    bool begun = false;
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        if (!evidence->grows)
            continue;
        if (!begun) {
            report_json_name(json, "growing");
            json_writer_array_begin(json);
        }
        begun = true;
        json_writer_text(json, evidence->name, strlen(evidence->name));
    }
    if (begun)
        json_writer_array_end(json);
}

static void put_finding(struct json_writer *json, const struct result *result,
                        const struct finding *finding, struct redactor *redactor)
{
    const struct standing standing = baseline_standing(result, redactor, finding);
    json_writer_object_begin(json);
    put_text(json, "rule", finding->rule->id);
    put_text(json, "fingerprint", standing.fingerprint);
    if (result->baseline != NULL)
        put_truth(json, "known", standing.known);
    put_text(json, "title", finding->rule->title);
    put_text(json, "attack_class", attack_class_id(finding->rule->attack));
    put_text(json, "severity", severity_name(finding->severity));
    put_text(json, "confidence", confidence_name(finding->confidence));
    if (finding->reason != NULL)
        put_text(json, "reason", finding->reason);
    put_subject(json, finding, redactor);
    put_endpoint(json, "client", &finding->client, finding->ip_version, redactor);
    if (!finding->no_server)
        put_endpoint(json, "server", &finding->server, finding->ip_version, redactor);
    put_text(json, "transport", report_transport(finding->protocol));
    if (finding->transport != NULL)
        put_text(json, "protocol", finding->transport);
    put_number(json, "count", finding->count);
    put_time(json, "first", finding->first_ns);
    put_time(json, "last", finding->last_ns);
    put_number(json, "packet", finding->packet);
    put_evidence(json, finding, redactor);
    put_growing(json, finding);
    json_writer_object_end(json);
}

static void put_findings(struct json_writer *json, const struct result *result,
                         struct redactor *redactor)
{
    report_json_name(json, "findings");
    json_writer_array_begin(json);
    for (size_t i = 0; i < result->num_findings; i++)
        put_finding(json, result, &result->findings[i], redactor);
    json_writer_array_end(json);
}

static void put_words(struct json_writer *json, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        put_text(json, name, text);
}

static void put_rule(struct json_writer *json, const struct rule *rule)
{
    json_writer_object_begin(json);
    put_text(json, "id", rule->id);
    put_text(json, "title", rule->title);
    put_text(json, "severity", severity_name(rule->severity));
    put_text(json, "attack_class", attack_class_id(rule->attack));
    put_words(json, "meaning", rule->meaning);
    put_words(json, "gain", rule->gain);
    put_words(json, "remedy", rule->remedy);
    put_words(json, "doubts", rule->doubts);
    put_words(json, "references", rule->references);
    json_writer_object_end(json);
}

static bool has_group(const struct report_group *groups, size_t num, const struct rule *rule)
{
    for (size_t i = 0; i < num; i++)
        if (groups[i].rule == rule)
            return true;
    return false;
}

/* The rules that fired; all of the catalogue with |groups| NULL. */
static void put_rules(struct json_writer *json, const struct report_group *groups, size_t num)
{
    report_json_name(json, "rules");
    json_writer_array_begin(json);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        if (groups == NULL || has_group(groups, num, rule))
            put_rule(json, rule);
    }
    json_writer_array_end(json);
}

static struct json_writer *begin_document(FILE *out)
{
    struct json_writer *json = json_writer_new(out);
    if (json != NULL)
        json_writer_indent(json);
    return json;
}

/* Ends the document and frees the writer. Gives the errno of what went wrong; 0 if nothing did. */
static int end_document(struct json_writer *json)
{
    int error_number;
    json_writer_line(json);
    json_writer_flush(json, &error_number);
    json_writer_free(json);
    return error_number;
}

bool report_json_rules(FILE *out, const struct rule *rule)
{
    struct json_writer *json = begin_document(out);
    if (json == NULL)
        return false;
    if (rule != NULL) {
        put_rule(json, rule);
    } else {
        json_writer_object_begin(json);
        put_rules(json, NULL, 0);
        json_writer_object_end(json);
    }
    end_document(json);
    return true;
}

static void put_statistics(struct json_writer *json, const struct result *result)
{
    report_json_name(json, "statistics");
    json_writer_object_begin(json);
    report_json_name(json, "engine");
    json_writer_object_begin(json);
#define ENGINE_STAT(name, about) put_number(json, #name, result->engine.name);
#include "core/engine_stats.def"
#undef ENGINE_STAT
    json_writer_object_end(json);
    report_json_name(json, "analysis");
    json_writer_object_begin(json);
#define ANALYSIS_STAT(name, about) put_number(json, #name, result->analysis.name);
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    json_writer_object_end(json);
    json_writer_object_end(json);
}

static void put_limits(struct json_writer *json, const struct result *result)
{
    struct report_limit limits[REPORT_MAX_LIMITS];
    size_t num;
    report_limits(result, limits, &num);
    report_json_name(json, "limits");
    json_writer_array_begin(json);
    for (size_t i = 0; i < num; i++) {
        json_writer_object_begin(json);
        put_text(json, "id", limits[i].id);
        put_number(json, "count", limits[i].count);
        put_text(json, "about", limits[i].many);
        json_writer_object_end(json);
    }
    json_writer_array_end(json);
}

static int write_document(struct json_writer *json, const struct result *result,
                          struct redactor *redactor, const struct threat_model *model,
                          const struct report_group *groups, size_t num_groups)
{
    json_writer_object_begin(json);
    put_number(json, "schema", REPORT_SCHEMA);
    put_some(json, "merged", result->merged);
    put_tool(json, result);
    put_inputs(json, result, redactor);
    put_privacy(json, redactor);
    put_totals(json, result);
    put_looked_for(json, result);
    put_baseline(json, result, redactor);
    put_worst(json, groups, num_groups);
    put_classes(json, result, model);
    put_findings(json, result, redactor);
    report_json_told(json, result, redactor);
    put_rules(json, groups, num_groups);
    put_statistics(json, result);
    put_limits(json, result);
    json_writer_object_end(json);
    return end_document(json);
}

static bool json_write(FILE *out, const struct result *result, struct redactor *redactor,
                       const struct report_style *style, struct error *error)
{
    (void)style;
    struct threat_model model;
    size_t num_groups;
    struct report_group *groups = report_groups(result, &num_groups);
    struct json_writer *json = NULL;
    if (groups != NULL && threat_model_make(&model, result))
        json = begin_document(out);
    if (json == NULL) {
        free(groups);
        return error_set(error, "there is no memory");
    }
    const int error_number = write_document(json, result, redactor, &model, groups, num_groups);
    free(groups);
    return error_number == 0 || error_set(error, "%s", strerror(error_number));
}

const struct report_format report_json = {
    .name = "json", .suffixes = ".json", .write = json_write, .hashes_inputs = true};
