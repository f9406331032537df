/* report_junit.c: findings as JUnit XML, as CI systems show it: a test case for every rule that ran, in a suite for each
 * family, and one for every input.
 *
 * A case fails if the rule has findings that make the run fail (--fail-on), so there is a failure here if and only if
 * the exit status is 1. An input that could not be read whole is an error, and so is what else ended the run with
 * another status than 0 and 1. Findings that do not count are in the output of their case. Names of cases are ids of rules, so that they are the same in every run. */
#include "reports/baseline.h"
#include "reports/finding_place.h"
#include "reports/report.h"
#include "reports/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { FAMILY_SIZE = 32 };

struct junit {
    FILE *out;
    const struct result *result;
    struct redactor *redactor;
};

struct counts {
    uint64_t tests, failures, errors;
};

/* Text that may be anything but controls, as character data or a value of XML 1.0. */
static void put_escaped(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*at, out);
        }
    }
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    put_escaped(out, value);
    fputc('"', out);
}

static void put_counts(FILE *out, const struct counts *counts)
{
    fprintf(out, " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\"",
            counts->tests, counts->failures, counts->errors);
}

/* --- rules --- */

/* Findings of a rule, by whether they make the run fail. */
static uint64_t count(const struct junit *junit, const struct rule *rule, bool fails)
{
    uint64_t num = 0;
    for (size_t i = 0; i < junit->result->num_findings; i++) {
        const struct finding *finding = &junit->result->findings[i];
        if (finding->rule == rule)
            num += baseline_standing(junit->result, junit->redactor, finding).fails == fails;
    }
    return num;
}

/* "high: server 192.0.2.1:4433 (capture.pcap packet 6), seen 2 times, known" */
static void put_finding(const struct junit *junit, const struct finding *finding,
                        const struct standing *standing)
{
    char subject[REPORT_SUBJECT_SIZE], times[TEXT_SMALL * 2];
    size_t others;
    const struct input_info *input = finding_place(junit->result, finding, &others);
    bool shown = report_subject(junit->redactor, finding, subject) && subject[0] != '\0';
    fprintf(junit->out, "%s: %s%s", severity_name(finding->severity),
            report_subject_kind(finding->subject), shown ? " " : "");
    put_escaped(junit->out, shown ? subject : "");
    fputs(" (", junit->out);
    if (input != NULL) {
        const struct value path = {.type = VALUE_STRING, .bytes = span_text(input->path)};
        put_escaped(junit->out, redact(junit->redactor, &path, PRIVACY_PUBLIC, NULL).text);
        fputs(" ", junit->out);
    }
    fprintf(junit->out, "packet %" PRIu64 "), seen %s, %s%s\n", finding->packet,
            text_count(finding->count, "time", "times", times),
            confidence_name(finding->confidence), standing->known ? ", known" : "");
}

static void put_findings(const struct junit *junit, const struct rule *rule, bool fails)
{
    for (size_t i = 0; i < junit->result->num_findings; i++) {
        const struct finding *finding = &junit->result->findings[i];
        if (finding->rule != rule)
            continue;
        const struct standing standing = baseline_standing(junit->result, junit->redactor, finding);
        if (standing.fails == fails)
            put_finding(junit, finding, &standing);
    }
}

static void put_failure(const struct junit *junit, const struct rule *rule, uint64_t num)
{
    char message[512], number[TEXT_SMALL * 2];
    snprintf(message, sizeof message, "%s: %s%s of severity %s or above", rule->title,
             text_count(num, "finding", "findings", number),
             junit->result->baseline != NULL ? " not in the baseline" : "",
             severity_name(junit->result->fail_on));
    fputs("      <failure", junit->out);
    put_attribute(junit->out, "type", rule->id);
    put_attribute(junit->out, "message", message);
    fputs(">", junit->out);
    put_findings(junit, rule, true);
    fputs("\nWhat an observer gains: ", junit->out);
    put_escaped(junit->out, rule->gain);
    fputs("\n\nWhat to do: ", junit->out);
    put_escaped(junit->out, rule->remedy);
    fputs("\n</failure>\n", junit->out);
}

static void put_case(const struct junit *junit, const struct rule *rule, const char *family)
{
    char class_name[FAMILY_SIZE + 16];
    uint64_t failing = count(junit, rule, true), passing = count(junit, rule, false);
    snprintf(class_name, sizeof class_name, "perpass.%s", family);
    fputs("    <testcase", junit->out);
    put_attribute(junit->out, "classname", class_name);
    put_attribute(junit->out, "name", rule->id);
    if (failing + passing == 0) {
        fputs("/>\n", junit->out);
        return;
    }
    fputs(">\n", junit->out);
    if (failing > 0)
        put_failure(junit, rule, failing);
    if (passing > 0) {
        fputs("      <system-out>", junit->out);
        put_findings(junit, rule, false);
        fputs("</system-out>\n", junit->out);
    }
    fputs("    </testcase>\n", junit->out);
}

/* What is before the dot: "psk". */
static void family_of(const struct rule *rule, char family[FAMILY_SIZE])
{
    snprintf(family, FAMILY_SIZE, "%.*s", (int)strcspn(rule->id, "."), rule->id);
}

static bool is_of(const struct rule *rule, const char *family)
{
    size_t len = strlen(family);
    return strncmp(rule->id, family, len) == 0 && rule->id[len] == '.';
}

/* Of reports that were joined a rule may have findings that did not run for all of them. */
static bool has_case(const struct junit *junit, enum rule_id id)
{
    const struct rule *rule = rule_get(id);
    return report_ran(junit->result, id) ||
           count(junit, rule, true) + count(junit, rule, false) > 0;
}

static struct counts count_family(const struct junit *junit, const char *family)
{
    struct counts counts = {0};
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        if (!is_of(rule, family) || !has_case(junit, (enum rule_id)id))
            continue;
        counts.tests++;
        counts.failures += count(junit, rule, true) > 0;
    }
    return counts;
}

static void put_family(const struct junit *junit, const char *family)
{
    const struct counts counts = count_family(junit, family);
    if (counts.tests == 0)
        return;
    fputs("  <testsuite", junit->out);
    put_attribute(junit->out, "name", family);
    put_counts(junit->out, &counts);
    fputs(">\n", junit->out);
    for (int id = 0; id < (int)NUM_RULES; id++)
        if (is_of(rule_get((enum rule_id)id), family) && has_case(junit, (enum rule_id)id))
            put_case(junit, rule_get((enum rule_id)id), family);
    fputs("  </testsuite>\n", junit->out);
}

/* Whether no rule before |id| is of its family. */
static bool begins_family(int id)
{
    char family[FAMILY_SIZE];
    family_of(rule_get((enum rule_id)id), family);
    for (int before = 0; before < id; before++)
        if (is_of(rule_get((enum rule_id)before), family))
            return false;
    return true;
}

/* --- inputs --- */

static struct counts count_inputs(const struct result *result)
{
    struct counts counts = {.tests = result->num_inputs};
    for (size_t i = 0; i < result->num_inputs; i++)
        counts.errors += result->inputs[i].damage[0] != '\0';
    return counts;
}

/* Whether the run failed for another reason than its inputs: a list of keys, memory, a signal. */
static bool failed_otherwise(const struct result *result)
{
    return report_failed(result) && count_inputs(result).errors == 0;
}

/* A case for this only when there is something to tell. */
static void put_run(const struct junit *junit)
{
    const struct counts counts = {.tests = 1, .errors = 1};
    if (!failed_otherwise(junit->result))
        return;
    fputs("  <testsuite name=\"run\"", junit->out);
    put_counts(junit->out, &counts);
    fprintf(junit->out,
            ">\n    <testcase classname=\"perpass.run\" name=\"whole\">\n"
            "      <error type=\"incomplete\" message=\"the exit status is %d: standard error says "
            "why\"/>\n    </testcase>\n  </testsuite>\n",
            junit->result->exit_status);
}

static void put_outside(const struct junit *junit, const char *name, const char *text)
{
    const struct value value = {.type = VALUE_STRING, .bytes = span_text(text)};
    put_attribute(junit->out, name, redact(junit->redactor, &value, PRIVACY_PUBLIC, NULL).text);
}

static void put_inputs(const struct junit *junit)
{
    const struct result *result = junit->result;
    const struct counts counts = count_inputs(result);
    fputs("  <testsuite", junit->out);
    put_attribute(junit->out, "name", "inputs");
    put_counts(junit->out, &counts);
    fputs(">\n", junit->out);
    for (size_t i = 0; i < result->num_inputs; i++) {
        const struct input_info *input = &result->inputs[i];
        char packets[TEXT_SMALL * 2], left_out[TEXT_SMALL];
        fputs("    <testcase classname=\"perpass.inputs\"", junit->out);
        put_outside(junit, "name", input->path);
        fputs(">\n", junit->out);
        if (input->damage[0] != '\0') {
            fputs("      <error type=\"damaged\"", junit->out);
            put_outside(junit, "message", input->damage);
            fputs("/>\n", junit->out);
        }
        fprintf(junit->out, "      <system-out>%s read",
                text_count(input->frames, "packet", "packets", packets));
        if (input->filtered > 0)
            fprintf(junit->out, ", %s left out by the filter",
                    text_number(input->filtered, left_out));
        fputs("</system-out>\n    </testcase>\n", junit->out);
    }
    fputs("  </testsuite>\n", junit->out);
}

static struct counts count_all(const struct junit *junit)
{
    struct counts all = count_inputs(junit->result);
    if (failed_otherwise(junit->result)) {
        all.tests++;
        all.errors++;
    }
    for (int id = 0; id < (int)NUM_RULES; id++) {
        char family[FAMILY_SIZE];
        if (!begins_family(id))
            continue;
        family_of(rule_get((enum rule_id)id), family);
        const struct counts counts = count_family(junit, family);
        all.tests += counts.tests;
        all.failures += counts.failures;
    }
    return all;
}

static bool junit_write(FILE *out, const struct result *result, struct redactor *redactor,
                        const struct report_style *style, struct error *error)
{
    (void)style;
    const struct junit junit = {.out = out, .result = result, .redactor = redactor};
    const struct counts all = count_all(&junit);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"perpass\"", out);
    put_counts(out, &all);
    fputs(">\n", out);
    put_inputs(&junit);
    put_run(&junit);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        char family[FAMILY_SIZE];
        family_of(rule_get((enum rule_id)id), family);
        if (begins_family(id))
            put_family(&junit, family);
    }
    fputs("</testsuites>\n", out);
    return ferror(out) == 0 || error_set(error, "%s", strerror(errno));
}

const struct report_format report_junit = {
    .name = "junit", .suffixes = ".xml", .write = junit_write};
