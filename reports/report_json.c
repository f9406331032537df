/* report_json.c: the whole result as JSON (RFC 8259): the report that programs read.
 *
 * The document is written member by member, and findings one by one, so that a full table of findings does not
 * stand in memory twice. Keys keep their order, so the same result gives the same bytes. */
#include "reports/report.h"
#include "reports/report_json_parts.h"
#include "reports/text.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { SCHEMA_VERSION = 1 };

enum {
    FORMAT_FLAGS =
        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE
};

void report_json_put(FILE *out, json_object *object, int indent)
{
    const char *text = json_object_to_json_string_ext(object, FORMAT_FLAGS);
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        fwrite(at, 1, len, out);
        at += len;
        if (*at == '\n') {
            fprintf(out, "\n%*s", indent, "");
            at++;
        }
    }
    json_object_put(object);
}

/* Prints a member of the document and frees its value. */
static void put_member(FILE *out, const char *name, json_object *value)
{
    fprintf(out, "  \"%s\": ", name);
    report_json_put(out, value, 2);
    fputs(",\n", out);
}

/* The keys are the program's own, each is given once. */
static void add(json_object *object, const char *key, json_object *value)
{
    json_object_object_add_ex(object, key, value,
                              JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY);
}

static void add_text(json_object *object, const char *key, const char *text)
{
    add(object, key, json_object_new_string(text));
}

static void add_number(json_object *object, const char *key, uint64_t number)
{
    add(object, key, json_object_new_uint64(number));
}

static void add_time(json_object *object, const char *key, uint64_t time_ns)
{
    char text[TEXT_SMALL];
    add_text(object, key, text_time(time_ns, text));
}

json_object *report_json_shown(const struct shown *shown)
{
    char text[TEXT_SMALL];
    switch (shown->type) {
    case SHOWN_TRUTH:
        return json_object_new_boolean(shown->truth);
    case SHOWN_NUMBER:
        return json_object_new_uint64(shown->number);
    case SHOWN_TIME:
        return json_object_new_string(text_time(shown->number, text));
    case SHOWN_TEXT:
        return json_object_new_string_len(shown->text, (int)shown->len);
    case SHOWN_NOTHING:
        break;
    }
    return NULL;
}

/* Text that came from outside by another way than packets (a file name, an error about it): shown as the
 * user's own, but only what is valid in JSON. */
static void add_name(json_object *object, const char *key, struct redactor *redactor,
                     const char *name)
{
    const struct value value = {.type = VALUE_STRING, .bytes = span_text(name)};
    const struct shown shown = redact(redactor, &value, PRIVACY_PUBLIC, NULL);
    json_object *text = report_json_shown(&shown);
    if (text != NULL)
        add(object, key, text);
}

static json_object *tool_json(const struct result *result)
{
    json_object *tool = json_object_new_object();
    add_text(tool, "name", "perpass");
    add_text(tool, "version", result->version);
    return tool;
}

static json_object *input_json(const struct input_info *input, struct redactor *redactor)
{
    json_object *object = json_object_new_object();
    add_name(object, "path", redactor, input->path);
    if (input->format != NULL)
        add_text(object, "format", input->format);
    if (input->size > 0)
        add_number(object, "size", input->size);
    if (input->sha256[0] != '\0')
        add_text(object, "sha256", input->sha256);
    add_number(object, "frames", input->frames);
    add_number(object, "filtered", input->filtered);
    add_number(object, "dropped", input->dropped);
    add_number(object, "unfit", input->unfit);
    add_number(object, "mended", input->mended);
    if (input->freezes > 0)
        add_number(object, "freezes", input->freezes);
    if (input->outages > 0)
        add_number(object, "outages", input->outages);
    if (input->adapter_stamped > 0)
        add_number(object, "adapter_stamped", input->adapter_stamped);
    if (input->last_ns > 0) {
        add_time(object, "first", input->first_ns);
        add_time(object, "last", input->last_ns);
    }
    add(object, "complete", json_object_new_boolean(input->damage[0] == '\0'));
    if (input->damage[0] != '\0')
        add_name(object, "damage", redactor, input->damage);
    return object;
}

static json_object *inputs_json(const struct result *result, struct redactor *redactor)
{
    json_object *inputs = json_object_new_array();
    for (size_t i = 0; i < result->num_inputs; i++)
        json_object_array_add(inputs, input_json(&result->inputs[i], redactor));
    return inputs;
}

static json_object *privacy_json(struct redactor *redactor)
{
    json_object *privacy = json_object_new_object();
    add_text(privacy, "policy", privacy_policy_name(redactor_policy(redactor)));
    if (redactor_stability(redactor) == NULL) /* no pseudonyms, so no key has made them */
        return privacy;
    add_text(privacy, "key_id", redactor_key_id(redactor));
    add(privacy, "key_kept", json_object_new_boolean(!redactor_key_is_random(redactor)));
    return privacy;
}

static json_object *severities_json(const struct report_severities *severities)
{
    json_object *object = json_object_new_object();
    for (int i = SEVERITY_CRITICAL; i >= SEVERITY_INFO; i--)
        add_number(object, severity_name((enum severity)i), severities->num[i]);
    return object;
}

static json_object *totals_json(const struct result *result)
{
    uint64_t first_ns, last_ns;
    struct report_severities severities = report_severities(result, 0);
    json_object *totals = json_object_new_object();
    report_span(result, &first_ns, &last_ns);
    if (last_ns > 0) {
        add_time(totals, "first", first_ns);
        add_time(totals, "last", last_ns);
    }
    add_number(totals, "packets", result->engine.frames);
    add_number(totals, "flows", result->engine.flows);
    add_number(totals, "tls_sessions", result->analysis.tls_sessions);
    add_number(totals, "tls_handshakes_completed", result->analysis.tls_handshakes_completed);
    add_number(totals, "tls_handshakes_failed", result->analysis.tls_handshakes_failed);
    add_number(totals, "findings", severities.total);
    add(totals, "severities", severities_json(&severities));
    return totals;
}

/* Places in findings[] of the findings of one class. */
static json_object *places_json(const struct result *result, enum attack_class attack)
{
    json_object *places = json_object_new_array();
    for (size_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].rule->attack == attack)
            json_object_array_add(places, json_object_new_uint64(i));
    return places;
}

/* The rules of the catalogue that look for one class: none means that it was not looked for. */
static json_object *class_rules_json(enum attack_class attack)
{
    json_object *rules = json_object_new_array();
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        if (rule->attack == attack)
            json_object_array_add(rules, json_object_new_string(rule->id));
    }
    return rules;
}

static json_object *classes_json(const struct result *result)
{
    json_object *classes = json_object_new_array();
    for (int i = ATTACK_PASSIVE; i <= ATTACK_CONTENT; i++) {
        enum attack_class attack = (enum attack_class)i;
        const struct report_attack *words = report_attack(attack);
        struct report_severities severities = report_severities(result, attack);
        json_object *class = json_object_new_object();
        add_text(class, "id", attack_class_id(attack));
        add_text(class, "name", attack_class_name(attack));
        add_text(class, "capability", words->capability);
        add_text(class, "cost", words->cost);
        add_text(class, "mitigation", words->mitigation);
        add(class, "rules", class_rules_json(attack));
        add(class, "severities", severities_json(&severities));
        add(class, "findings", places_json(result, attack));
        json_object_array_add(classes, class);
    }
    return classes;
}

static json_object *subject_json(const struct finding *finding, struct redactor *redactor)
{
    json_object *subject = json_object_new_object();
    const struct shown shown = report_subject_shown(redactor, finding);
    json_object *value = report_json_shown(&shown);
    add_text(subject, "kind", report_subject_kind(finding->subject));
    if (value != NULL)
        add(subject, "value", value);
    if (finding->subject == SUBJECT_SERVER && finding->ip_version != 0)
        add_number(subject, "port", finding->subject_port);
    return subject;
}

static json_object *endpoint_json(const struct endpoint *end, uint8_t ip_version,
                                  struct redactor *redactor)
{
    char address[REPORT_SUBJECT_SIZE];
    json_object *object = json_object_new_object();
    if (report_address(redactor, end, ip_version, address))
        add_text(object, "address", address);
    if (ip_version != 0)
        add_number(object, "port", end->port);
    return object;
}

static json_object *evidence_json(const struct finding *finding, struct redactor *redactor)
{
    json_object *object = json_object_new_object();
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        const struct shown shown =
            redact(redactor, &evidence->value, evidence->privacy, evidence->kind);
        json_object *value = report_json_shown(&shown);
        if (value != NULL)
            json_object_object_add(object, evidence->name, value);
    }
    return object;
}

static json_object *finding_json(const struct finding *finding, struct redactor *redactor)
{
    json_object *object = json_object_new_object();
    add_text(object, "rule", finding->rule->id);
    add_text(object, "title", finding->rule->title);
    add_text(object, "attack_class", attack_class_id(finding->rule->attack));
    add_text(object, "severity", severity_name(finding->severity));
    add_text(object, "confidence", confidence_name(finding->confidence));
    if (finding->reason != NULL)
        add_text(object, "reason", finding->reason);
    add(object, "subject", subject_json(finding, redactor));
    add(object, "client", endpoint_json(&finding->client, finding->ip_version, redactor));
    add(object, "server", endpoint_json(&finding->server, finding->ip_version, redactor));
    if (finding->transport != NULL)
        add_text(object, "protocol", finding->transport);
    add_number(object, "count", finding->count);
    add_time(object, "first", finding->first_ns);
    add_time(object, "last", finding->last_ns);
    add_number(object, "packet", finding->packet);
    add(object, "evidence", evidence_json(finding, redactor));
    return object;
}

static void put_findings(FILE *out, const struct result *result, struct redactor *redactor)
{
    fputs("  \"findings\": [", out);
    for (size_t i = 0; i < result->num_findings; i++) {
        fputs(i > 0 ? ",\n    " : "\n    ", out);
        report_json_put(out, finding_json(&result->findings[i], redactor), 4);
    }
    fputs(result->num_findings > 0 ? "\n  ],\n" : "],\n", out);
}

static void add_words(json_object *object, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        add_text(object, key, text);
}

static json_object *rule_json(const struct rule *rule)
{
    json_object *object = json_object_new_object();
    add_text(object, "id", rule->id);
    add_text(object, "title", rule->title);
    add_text(object, "severity", severity_name(rule->severity));
    add_text(object, "attack_class", attack_class_id(rule->attack));
    add_words(object, "meaning", rule->meaning);
    add_words(object, "gain", rule->gain);
    add_words(object, "remedy", rule->remedy);
    add_words(object, "doubts", rule->doubts);
    add_words(object, "references", rule->references);
    return object;
}

static bool has_finding(const struct result *result, const struct rule *rule)
{
    for (size_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].rule == rule)
            return true;
    return false;
}

/* The rules that fired; all of the catalogue with |result| NULL. */
static json_object *rules_json(const struct result *result)
{
    json_object *rules = json_object_new_array();
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        if (result == NULL || has_finding(result, rule))
            json_object_array_add(rules, rule_json(rule));
    }
    return rules;
}

void report_json_rules(FILE *out, const struct rule *rule)
{
    json_object *object = rule != NULL ? rule_json(rule) : json_object_new_object();
    if (rule == NULL)
        add(object, "rules", rules_json(NULL));
    report_json_put(out, object, 0);
    fputc('\n', out);
}

const char *report_json_library(void)
{
    return json_c_version();
}

static json_object *statistics_json(const struct result *result)
{
    json_object *statistics = json_object_new_object();
    json_object *engine = json_object_new_object();
    json_object *analysis = json_object_new_object();
#define ENGINE_STAT(name, about) add_number(engine, #name, result->engine.name);
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about) add_number(analysis, #name, result->analysis.name);
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    add(statistics, "engine", engine);
    add(statistics, "analysis", analysis);
    return statistics;
}

static json_object *limits_json(const struct result *result)
{
    struct report_limit limits[REPORT_MAX_LIMITS];
    size_t num;
    json_object *array = json_object_new_array();
    report_limits(result, limits, &num);
    for (size_t i = 0; i < num; i++) {
        json_object *limit = json_object_new_object();
        add_text(limit, "id", limits[i].id);
        add_number(limit, "count", limits[i].count);
        add_text(limit, "about", limits[i].many);
        json_object_array_add(array, limit);
    }
    return array;
}

static bool json_write(FILE *out, const struct result *result, struct redactor *redactor,
                       const struct report_style *style, struct error *error)
{
    (void)style;
    fprintf(out, "{\n  \"schema\": %d,\n", SCHEMA_VERSION);
    put_member(out, "tool", tool_json(result));
    put_member(out, "inputs", inputs_json(result, redactor));
    put_member(out, "privacy", privacy_json(redactor));
    put_member(out, "totals", totals_json(result));
    put_member(out, "attack_classes", classes_json(result));
    put_findings(out, result, redactor);
    report_json_told(out, result, redactor);
    put_member(out, "rules", rules_json(result));
    put_member(out, "statistics", statistics_json(result));
    fputs("  \"limits\": ", out);
    report_json_put(out, limits_json(result), 2);
    fputs("\n}\n", out);
    if (ferror(out))
        return error_set(error, "%s", strerror(errno));
    return true;
}

const struct report_format report_json = {
    .name = "json", .suffixes = ".json", .write = json_write, .hashes_inputs = true};
