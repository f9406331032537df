/* test_report_json.c: report.json: its members, what the policies leave of it, and that it is JSON. */
#include "report_sample.h"

#include <json-c/json.h>

static const struct report_style plain = {.width = 0};

static json_object *parsed(struct sample *sample)
{
    char *text = sample_written(sample, &report_json, &plain);
    json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *report = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
    assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
    assert_non_null(report);
    json_tokener_free(tokener);
    free(text);
    return report;
}

/* The value at a path such as "findings/0/subject/kind"; NULL when there is none. */
static json_object *at(json_object *report, const char *path)
{
    char pointer[256];
    json_object *value = NULL;
    snprintf(pointer, sizeof pointer, "/%s", path);
    if (json_pointer_get(report, pointer, &value) != 0)
        return NULL;
    return value;
}

static void says(json_object *report, const char *path, const char *text)
{
    json_object *value = at(report, path);
    if (value == NULL)
        fail_msg("%s is not there", path);
    assert_string_equal(json_object_get_string(value), text);
}

static void test_members(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    struct finding *finding = sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    finding->reason = "It is so.";
    finding->evidence[0] = (struct evidence){
        .name = "bits", .privacy = PRIVACY_PUBLIC, .value = {.type = VALUE_NUMBER, .number = 512}};
    finding->num_evidence = 1;
    sample->result.engine.frames_cut = 4;
    json_object *report = parsed(sample);
    says(report, "schema", "3");
    says(report, "tool/name", "perpass");
    says(report, "tool/version", "9.9.9");
    says(report, "inputs/0/path", "a.pcap");
    says(report, "inputs/0/complete", "true");
    assert_null(at(report, "inputs/0/sha256"));
    assert_null(at(report, "inputs/0/damage"));
    says(report, "privacy/policy", "raw");
    assert_null(at(report, "privacy/key_id")); /* raw: no key has made anything */
    assert_null(at(report, "privacy/key_kept"));
    says(report, "totals/packets", "10");
    says(report, "totals/first", "2023-11-14T22:13:20.000000000Z");
    says(report, "totals/severities/high", "1");
    says(report, "looked_for/least_severity", "info");
    assert_int_equal(json_object_get_int(at(report, "looked_for/rules")), NUM_RULES);
    assert_int_equal(json_object_array_length(at(report, "looked_for/left_out")), 0);
    assert_int_equal(json_object_array_length(at(report, "attack_classes")), 5);
    says(report, "attack_classes/2/id", "static-key-exfiltration");
    says(report, "attack_classes/2/findings/0", "0");
    says(report, "attack_classes/2/severities/high", "1");
    says(report, "attack_classes/2/gains/0/id", "static_servers");
    says(report, "attack_classes/2/gains/0/unit", "servers");
    says(report, "attack_classes/2/gains/0/number", "1");
    says(report, "attack_classes/3/gains/0/of", "2");
    assert_non_null(at(report, "attack_classes/4/remains"));
    assert_int_equal(json_object_array_length(at(report, "worst")), 1);
    says(report, "worst/0/rule", "pfs.rsa-key-exchange");
    says(report, "worst/0/severity", "high");
    assert_non_null(at(report, "worst/0/do_first"));
    assert_int_equal(json_object_array_length(at(report, "attack_classes/0/findings")), 0);
    says(report, "findings/0/rule", "pfs.rsa-key-exchange");
    says(report, "findings/0/severity", "high");
    says(report, "findings/0/confidence", "certain");
    says(report, "findings/0/reason", "It is so.");
    says(report, "findings/0/subject/kind", "server");
    says(report, "findings/0/subject/value", "192.0.2.1");
    says(report, "findings/0/subject/port", "443");
    says(report, "findings/0/client/address", "10.0.0.1");
    says(report, "findings/0/first", "2023-11-14T22:13:21.000000000Z");
    says(report, "findings/0/packet", "7");
    says(report, "findings/0/evidence/bits", "512");
    says(report, "rules/0/id", "pfs.rsa-key-exchange");
    says(report, "statistics/engine/frames_cut", "4");
    says(report, "statistics/analysis/tls_sessions", "2");
    says(report, "totals/tls_handshakes_completed", "1");
    says(report, "totals/tls_handshakes_failed", "1");
    says(report, "limits/0/id", "frames_cut");
    says(report, "limits/0/count", "4");
    json_object_put(report);
    sample_free(sample);
}

static void test_empty(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    snprintf(sample->inputs[0].damage, sizeof sample->inputs[0].damage, "a.pcap is no capture");
    snprintf(sample->inputs[0].sha256, sizeof sample->inputs[0].sha256, "00ff");
    sample->inputs[0].format = NULL;
    json_object *report = parsed(sample);
    assert_int_equal(json_object_array_length(at(report, "findings")), 0);
    assert_int_equal(json_object_array_length(at(report, "rules")), 0);
    says(report, "inputs/0/complete", "false");
    says(report, "inputs/0/damage", "a.pcap is no capture");
    says(report, "inputs/0/sha256", "00ff");
    says(report, "limits/0/id", "inputs_damaged");
    assert_null(at(report, "inputs/0/format"));
    json_object_put(report);
    sample_free(sample);
}

static void test_policies(void **state)
{
    (void)state;
    static const enum privacy_policy policies[] = {POLICY_STRICT, POLICY_INTERNAL, POLICY_RAW};
    for (size_t i = 0; i < 3; i++) {
        struct sample *sample = sample_new(policies[i]);
        struct finding *finding = sample_identity(sample, span_text("meter-0815"));
        finding->evidence[0] =
            (struct evidence){.name = "identity",
                              .privacy = PRIVACY_IDENTIFIER,
                              .kind = "psk",
                              .value = {.type = VALUE_STRING, .bytes = span_text("meter-0815")}};
        finding->num_evidence = 1;
        char *text = sample_written(sample, &report_json, &plain);
        (policies[i] == POLICY_RAW ? assert_has : assert_has_not)(text, "meter-0815");
        (policies[i] != POLICY_STRICT ? assert_has : assert_has_not)(text, "\"192.0.2.1\"");
        (policies[i] != POLICY_STRICT ? assert_has : assert_has_not)(text, "\"10.0.0.1\"");
        free(text);
        json_object *report = parsed(sample);
        /* The subject and the evidence can be told to be the same. */
        says(report, "findings/0/subject/value",
             json_object_get_string(at(report, "findings/0/evidence/identity")));
        json_object_put(report);
        sample_free(sample);
    }
}

static void test_hostile(void **state)
{
    (void)state;
    static const char bytes[] = "a\033\"\\\n\0\xff\xe2\x80\xa8";
    struct sample *sample = sample_new(POLICY_RAW);
    sample_identity(sample, span_of(bytes, sizeof bytes - 1));
    sample_identity(sample, span_of("", 0));
    sample->inputs[0].path = "b\xff\n\".pcap";
    json_object *report = parsed(sample);
    says(report, "findings/1/subject/value", "");
    json_object_put(report);
    sample_free(sample);
}

/* The same result gives the same bytes. */
static void test_same_bytes(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    for (int i = 0; i < 20; i++)
        sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    char *first = sample_written(sample, &report_json, &plain);
    char *second = sample_written(sample, &report_json, &plain);
    assert_string_equal(first, second);
    free(first);
    free(second);
    sample_free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),    cmocka_unit_test(test_empty),
        cmocka_unit_test(test_policies),   cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_same_bytes),
    };
    return cmocka_run_group_tests_name("report_json", tests, NULL, NULL);
}
