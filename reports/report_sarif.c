/* report_sarif.c: findings as SARIF 2.1.0 (OASIS), for code scanning: a result a finding, at a packet of a capture.
 *
 * A capture has no lines; where a line is asked for, the number of the packet stands: that is what code scanning shows
 * and sorts by. Levels: critical and high are errors, medium warnings, low and info notes. */
#include "reports/baseline.h"
#include "reports/explain.h"
#include "reports/finding_place.h"
#include "reports/fingerprint.h"
#include "reports/json_writer.h"
#include "reports/reference.h"
#include "reports/report.h"
#include "reports/report_json_parts.h"
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

/* A document that is being written. */
struct sarif {
    struct json_writer *json;
    const struct result *result;
    struct redactor *redactor;
    const struct rule **rules; /* that fired, in the order of their worst findings */
    size_t num_rules;
    char *artifact_uris; /* of the inputs, |uri_size| bytes each */
    size_t uri_size;
};

static void member_text(struct json_writer *json, const char *name, const char *text)
{
    report_json_name(json, name);
    json_writer_text(json, text, strlen(text));
}

static void member_number(struct json_writer *json, const char *name, uint64_t number)
{
    report_json_name(json, name);
    json_writer_number(json, number);
}

static void member_object(struct json_writer *json, const char *name)
{
    report_json_name(json, name);
    json_writer_object_begin(json);
}

static void member_array(struct json_writer *json, const char *name)
{
    report_json_name(json, name);
    json_writer_array_begin(json);
}

/* {"text": TEXT} */
static void member_message(struct json_writer *json, const char *name, const char *text)
{
    member_object(json, name);
    member_text(json, "text", text);
    json_writer_object_end(json);
}

/* --- captures --- */

/* A path as a URI reference (RFC 3986): relative paths stay so. What is no letter of a URI is in percent. */
static void put_uri(const char *path, char *uri, size_t size)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    size_t len = 0;
    if (strcmp(path, "-") == 0)
        path = "stdin";
    len += (size_t)snprintf(uri, size, "%s", path[0] == '/' ? "file://" : "");
    for (const char *at = path; *at != '\0' && len + 4 < size; at++) {
        if (strchr(plain, *at) != NULL)
            uri[len++] = *at;
        else
            len += (size_t)snprintf(uri + len, size - len, "%%%02X", (unsigned char)*at);
    }
    uri[len] = '\0';
}

static size_t longest_path(const struct result *result)
{
    size_t longest = sizeof "stdin";
    for (size_t i = 0; i < result->num_inputs; i++)
        if (strlen(result->inputs[i].path) > longest)
            longest = strlen(result->inputs[i].path);
    return longest;
}

static const char *uri_of(const struct sarif *sarif, const struct input_info *input)
{
    return sarif->artifact_uris + (size_t)(input - sarif->result->inputs) * sarif->uri_size;
}

static void put_artifact_location(const struct sarif *sarif, const struct input_info *input)
{
    member_object(sarif->json, "artifactLocation");
    member_text(sarif->json, "uri", uri_of(sarif, input));
    member_number(sarif->json, "index", (uint64_t)(input - sarif->result->inputs));
    json_writer_object_end(sarif->json);
}

static void put_artifact(const struct sarif *sarif, const struct input_info *input)
{
    struct json_writer *json = sarif->json;
    json_writer_object_begin(json);
    member_object(json, "location");
    member_text(json, "uri", uri_of(sarif, input));
    json_writer_object_end(json);
    member_array(json, "roles");
    json_writer_text(json, "analysisTarget", strlen("analysisTarget"));
    json_writer_array_end(json);
    if (input->size > 0)
        member_number(json, "length", input->size);
    if (input->sha256[0] != '\0') {
        member_object(json, "hashes");
        member_text(json, "sha-256", input->sha256);
        json_writer_object_end(json);
    }
    member_object(json, "properties");
    member_number(json, "packets", input->frames);
    json_writer_object_end(json);
    json_writer_object_end(json);
}

/* --- rules --- */

static const char *level_of(enum severity severity)
{
    if (severity >= SEVERITY_HIGH)
        return "error";
    return severity == SEVERITY_MEDIUM ? "warning" : "note";
}

/* A number of 0.0 to 10.0, as text: code scanning takes 9.0 and above for critical, 7.0 for high, 4.0 for medium. */
static void put_security_severity(struct json_writer *json, enum severity severity)
{
    char text[16];
    unsigned score = severity_score(severity);
    snprintf(text, sizeof text, "%u.%u", score / 10, score % 10);
    member_text(json, "security-severity", text);
}

/* "psk.identity-cleartext" becomes "PskIdentityCleartext". */
static void put_rule_name(struct json_writer *json, const struct rule *rule)
{
    char name[128];
    size_t len = 0;
    bool begins = true;
    for (const char *at = rule->id; *at != '\0' && len + 1 < sizeof name; at++) {
        bool letter = *at >= 'a' && *at <= 'z';
        if (*at != '.' && *at != '-')
            name[len++] = (char)(begins && letter ? *at - 'a' + 'A' : *at);
        begins = *at == '.' || *at == '-';
    }
    name[len] = '\0';
    member_text(json, "name", name);
}

static bool put_help(struct json_writer *json, const struct rule *rule)
{
    char *plain = NULL, *markdown = NULL;
    size_t plain_len, markdown_len;
    FILE *out = open_memstream(&plain, &plain_len);
    bool ok = out != NULL;
    if (ok)
        explain_rule(out, rule, 100);
    ok = ok && fclose(out) == 0 && plain != NULL;
    out = ok ? open_memstream(&markdown, &markdown_len) : NULL;
    ok = out != NULL;
    if (ok)
        explain_markdown(out, rule);
    ok = ok && fclose(out) == 0 && markdown != NULL;
    if (ok) {
        member_object(json, "help");
        report_json_name(json, "text");
        json_writer_text(json, plain, plain_len);
        report_json_name(json, "markdown");
        json_writer_text(json, markdown, markdown_len);
        json_writer_object_end(json);
    }
    free(plain);
    free(markdown);
    return ok;
}

static bool put_rule(struct json_writer *json, const struct rule *rule)
{
    char uri[REFERENCE_SIZE];
    json_writer_object_begin(json);
    member_text(json, "id", rule->id);
    put_rule_name(json, rule);
    member_message(json, "shortDescription", rule->title);
    member_message(json, "fullDescription", rule->meaning);
    if (reference_uri(rule->references, uri))
        member_text(json, "helpUri", uri);
    bool ok = put_help(json, rule);
    member_object(json, "defaultConfiguration");
    member_text(json, "level", level_of(rule->severity));
    json_writer_object_end(json);
    member_object(json, "properties");
    member_array(json, "tags");
    json_writer_text(json, "security", strlen("security"));
    json_writer_text(json, "privacy", strlen("privacy"));
    json_writer_text(json, attack_class_id(rule->attack), strlen(attack_class_id(rule->attack)));
    json_writer_array_end(json);
    put_security_severity(json, rule->severity);
    json_writer_object_end(json);
    json_writer_object_end(json);
    return ok;
}

static size_t index_of(const struct sarif *sarif, const struct rule *rule)
{
    size_t i = 0;
    while (i < sarif->num_rules && sarif->rules[i] != rule)
        i++;
    return i;
}

static bool put_tool(const struct sarif *sarif)
{
    struct json_writer *json = sarif->json;
    bool ok = true;
    member_object(json, "tool");
    member_object(json, "driver");
    member_text(json, "name", "perpass");
    member_text(json, "version", sarif->result->version);
    member_array(json, "rules");
    for (size_t i = 0; i < sarif->num_rules; i++)
        ok = put_rule(json, sarif->rules[i]) && ok;
    json_writer_array_end(json);
    json_writer_object_end(json);
    json_writer_object_end(json);
    return ok;
}

/* --- results --- */

/* What comes behind the title: "about server 192.0.2.7:443, seen 3 times, likely: REASON" */
static void put_message(const struct sarif *sarif, const struct finding *finding)
{
    char subject[REPORT_SUBJECT_SIZE], count[TEXT_SMALL * 2], text[REPORT_SUBJECT_SIZE + 1024];
    bool shown = report_subject(sarif->redactor, finding, subject) && subject[0] != '\0';
    bool sure = finding->confidence == CONFIDENCE_CERTAIN || finding->reason == NULL;
    snprintf(text, sizeof text, "%s: %s%s%s, seen %s, %s%s%s%s", finding->rule->title,
             report_subject_kind(finding->subject), shown ? " " : "", shown ? subject : "",
             text_count(finding->count, "time", "times", count),
             confidence_name(finding->confidence), sure ? "" : ". ", sure ? "" : finding->reason,
             sure ? "." : "");
    member_message(sarif->json, "message", text);
}

static void put_location(const struct sarif *sarif, const struct finding *finding,
                         const struct input_info *input)
{
    struct json_writer *json = sarif->json;
    char number[32], name[64];
    snprintf(number, sizeof number, "%llu", (unsigned long long)finding->packet);
    snprintf(name, sizeof name, "packet %s", number);
    json_writer_object_begin(json);
    member_object(json, "physicalLocation");
    put_artifact_location(sarif, input);
    member_object(json, "region");
    member_number(json, "startLine", finding->packet);
    member_number(json, "startColumn", 1);
    member_number(json, "endLine", finding->packet);
    member_number(json, "endColumn", 2);
    json_writer_object_end(json);
    json_writer_object_end(json);
    member_array(json, "logicalLocations");
    json_writer_object_begin(json);
    member_text(json, "name", number);
    member_text(json, "fullyQualifiedName", name);
    member_text(json, "kind", "packet");
    json_writer_object_end(json);
    json_writer_array_end(json);
    json_writer_object_end(json);
}

static void put_evidence(const struct sarif *sarif, const struct finding *finding)
{
    struct json_writer *json = sarif->json;
    char time[TEXT_SMALL];
    member_object(json, "evidence");
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        const struct shown shown =
            redact(sarif->redactor, &evidence->value, evidence->privacy, evidence->kind);
        if (shown.type == SHOWN_NOTHING)
            continue;
        report_json_name(json, evidence->name);
        if (shown.type == SHOWN_TEXT)
            json_writer_text(json, shown.text, shown.len);
        else if (shown.type == SHOWN_NUMBER)
            json_writer_number(json, shown.number);
        else if (shown.type == SHOWN_TRUTH)
            json_writer_truth(json, shown.truth);
        else
            json_writer_text(json, text_time(shown.number, time),
                             strlen(text_time(shown.number, time)));
    }
    json_writer_object_end(json);
}

static void put_properties(const struct sarif *sarif, const struct finding *finding,
                           const struct standing *standing, size_t others)
{
    struct json_writer *json = sarif->json;
    char time[TEXT_SMALL];
    member_object(json, "properties");
    member_text(json, "severity", severity_name(finding->severity));
    put_security_severity(json, finding->severity);
    member_text(json, "confidence", confidence_name(finding->confidence));
    member_text(json, "attackClass", attack_class_id(finding->rule->attack));
    member_text(json, "first", text_time(finding->first_ns, time));
    member_text(json, "last", text_time(finding->last_ns, time));
    if (sarif->result->fail_on != 0) {
        report_json_name(json, "fails");
        json_writer_truth(json, standing->fails);
    }
    if (others > 0)
        member_number(json, "otherCapturesOfThatTime", others);
    put_evidence(sarif, finding);
    json_writer_object_end(json);
}

/* Which of the findings with one fingerprint each is, from 1. */
struct place {
    char fingerprint[33];
    size_t index;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int order = strcmp(a->fingerprint, b->fingerprint);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* By index of finding; NULL when there is no memory. */
static unsigned *count_places(const struct sarif *sarif)
{
    const struct result *result = sarif->result;
    struct place *places = calloc(result->num_findings + 1, sizeof *places);
    unsigned *numbers = calloc(result->num_findings + 1, sizeof *numbers);
    if (places == NULL || numbers == NULL) {
        free(places);
        free(numbers);
        return NULL;
    }
    for (size_t i = 0; i < result->num_findings; i++) {
        fingerprint_of(sarif->redactor, &result->findings[i], places[i].fingerprint);
        places[i].index = i;
    }
    if (result->num_findings > 1)
        qsort(places, result->num_findings, sizeof *places, compare_places);
    for (size_t i = 0; i < result->num_findings; i++) {
        bool again = i > 0 && strcmp(places[i].fingerprint, places[i - 1].fingerprint) == 0;
        numbers[places[i].index] = again ? numbers[places[i - 1].index] + 1 : 1;
    }
    free(places);
    return numbers;
}

/* "primaryLocationLineHash" is what code scanning tells results apart by. */
static void put_fingerprints(struct json_writer *json, const char *fingerprint, unsigned number)
{
    char text[64];
    member_object(json, "partialFingerprints");
    snprintf(text, sizeof text, "%s:%u", fingerprint, number);
    member_text(json, "primaryLocationLineHash", text);
    member_text(json, "perpassFinding/v1", fingerprint);
    json_writer_object_end(json);
}

static void put_result(const struct sarif *sarif, const struct finding *finding, unsigned number)
{
    struct json_writer *json = sarif->json;
    size_t others;
    const struct input_info *input = finding_place(sarif->result, finding, &others);
    const struct standing standing = baseline_standing(sarif->result, sarif->redactor, finding);
    json_writer_object_begin(json);
    member_text(json, "ruleId", finding->rule->id);
    member_number(json, "ruleIndex", index_of(sarif, finding->rule));
    member_text(json, "level", level_of(finding->severity));
    put_message(sarif, finding);
    member_array(json, "locations");
    if (input != NULL)
        put_location(sarif, finding, input);
    json_writer_array_end(json);
    put_fingerprints(json, standing.fingerprint, number);
    if (sarif->result->baseline != NULL)
        member_text(json, "baselineState", standing.known ? "unchanged" : "new");
    member_number(json, "occurrenceCount", finding->count);
    member_number(json, "rank", severity_score(finding->severity));
    put_properties(sarif, finding, &standing, others);
    json_writer_object_end(json);
}

static bool put_results(const struct sarif *sarif)
{
    unsigned *numbers = count_places(sarif);
    if (numbers == NULL)
        return false;
    member_array(sarif->json, "results");
    for (size_t i = 0; i < sarif->result->num_findings; i++)
        put_result(sarif, &sarif->result->findings[i], numbers[i]);
    json_writer_array_end(sarif->json);
    free(numbers);
    return true;
}

/* --- how the run went --- */

static void begin_notification(struct json_writer *json, const char *id, const char *level,
                               const char *text)
{
    json_writer_object_begin(json);
    member_object(json, "descriptor");
    member_text(json, "id", id);
    json_writer_object_end(json);
    member_text(json, "level", level);
    member_message(json, "message", text);
}

static void put_damage(const struct sarif *sarif, const struct input_info *input)
{
    struct json_writer *json = sarif->json;
    const struct value value = {.type = VALUE_STRING, .bytes = span_text(input->damage)};
    begin_notification(json, "input-damaged", "error",
                       redact(sarif->redactor, &value, PRIVACY_PUBLIC, NULL).text);
    member_array(json, "locations");
    json_writer_object_begin(json);
    member_object(json, "physicalLocation");
    put_artifact_location(sarif, input);
    json_writer_object_end(json);
    json_writer_object_end(json);
    json_writer_array_end(json);
    json_writer_object_end(json);
}

static void put_limit(struct json_writer *json, const struct report_limit *limit)
{
    char count[TEXT_SMALL], text[TEXT_SMALL + 256];
    snprintf(text, sizeof text, "%s %s", text_number(limit->count, count),
             limit->count == 1 ? limit->one : limit->many);
    begin_notification(json, limit->id, "warning", text);
    json_writer_object_end(json);
}

static void put_invocation(const struct sarif *sarif)
{
    struct json_writer *json = sarif->json;
    const struct result *result = sarif->result;
    struct report_limit limits[REPORT_MAX_LIMITS];
    size_t num;
    report_limits(result, limits, &num);
    member_array(json, "invocations");
    json_writer_object_begin(json);
    report_json_name(json, "executionSuccessful");
    json_writer_truth(json, !report_failed(result));
    if (result->ended)
        member_number(json, "exitCode", (uint64_t)result->exit_status);
    member_array(json, "toolExecutionNotifications");
    for (size_t i = 0; i < result->num_inputs; i++)
        if (result->inputs[i].damage[0] != '\0')
            put_damage(sarif, &result->inputs[i]);
    for (size_t i = 0; i < num; i++)
        if (strcmp(limits[i].id, "inputs_damaged") != 0)
            put_limit(json, &limits[i]);
    json_writer_array_end(json);
    json_writer_object_end(json);
    json_writer_array_end(json);
}

static void put_run_properties(const struct sarif *sarif)
{
    struct json_writer *json = sarif->json;
    member_object(json, "properties");
    member_text(json, "privacyPolicy", privacy_policy_name(redactor_policy(sarif->redactor)));
    member_number(json, "packets", sarif->result->engine.frames);
    member_number(json, "tlsSessions", sarif->result->analysis.tls_sessions);
    json_writer_object_end(json);
}

static bool put_document(const struct sarif *sarif)
{
    struct json_writer *json = sarif->json;
    json_writer_object_begin(json);
    member_text(json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    member_text(json, "version", "2.1.0");
    member_array(json, "runs");
    json_writer_object_begin(json);
    bool ok = put_tool(sarif);
    put_invocation(sarif);
    member_array(json, "artifacts");
    for (size_t i = 0; i < sarif->result->num_inputs; i++)
        put_artifact(sarif, &sarif->result->inputs[i]);
    json_writer_array_end(json);
    ok = put_results(sarif) && ok;
    member_text(json, "columnKind", "utf16CodeUnits");
    put_run_properties(sarif);
    json_writer_object_end(json);
    json_writer_array_end(json);
    json_writer_object_end(json);
    return ok;
}

/* Makes what the document refers to by its place: rules and captures. */
static bool sarif_begin(struct sarif *sarif, FILE *out)
{
    const struct result *result = sarif->result;
    sarif->uri_size = 3 * longest_path(result) + sizeof "file://";
    sarif->rules = calloc((size_t)NUM_RULES + 1, sizeof sarif->rules[0]);
    sarif->artifact_uris = calloc(result->num_inputs + 1, sarif->uri_size);
    sarif->json = json_writer_new(out);
    if (sarif->rules == NULL || sarif->artifact_uris == NULL || sarif->json == NULL)
        return false;
    json_writer_indent(sarif->json);
    for (size_t i = 0; i < result->num_findings; i++)
        if (index_of(sarif, result->findings[i].rule) == sarif->num_rules)
            sarif->rules[sarif->num_rules++] = result->findings[i].rule;
    for (size_t i = 0; i < result->num_inputs; i++)
        put_uri(result->inputs[i].path, sarif->artifact_uris + i * sarif->uri_size,
                sarif->uri_size);
    return true;
}

static bool sarif_write(FILE *out, const struct result *result, struct redactor *redactor,
                        const struct report_style *style, struct error *error)
{
    (void)style;
    struct sarif sarif = {.result = result, .redactor = redactor};
    int error_number = 0;
    bool ok = sarif_begin(&sarif, out) && put_document(&sarif);
    if (ok) {
        json_writer_line(sarif.json);
        json_writer_flush(sarif.json, &error_number);
    }
    if (sarif.json != NULL)
        json_writer_free(sarif.json);
    free(sarif.rules);
    free(sarif.artifact_uris);
    if (!ok)
        return error_set(error, "there is no memory");
    return error_number == 0 || error_set(error, "%s", strerror(error_number));
}

const struct report_format report_sarif = {
    .name = "sarif", .suffixes = ".sarif", .write = sarif_write, .hashes_inputs = true};
