/* test_report_ci.c: reports for continuous integration: SARIF and JUnit. That SARIF is as its schema says is tested by
 * tests/system/ci_test.py. */
#include "report_sample.h"

#include "reports/baseline.h"
#include "reports/finding_place.h"
#include "reports/reference.h"

#include <json-c/json.h>

static const struct report_style plain = {.width = 0};

static json_object *parsed(struct sample *sample)
{
    char *text = sample_written(sample, &report_sarif, &plain);
    json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *report = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
    assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
    json_tokener_free(tokener);
    free(text);
    return report;
}

static void says(json_object *report, const char *path, const char *text)
{
    char pointer[256];
    json_object *value = NULL;
    snprintf(pointer, sizeof pointer, "/runs/0/%s", path);
    if (json_pointer_get(report, pointer, &value) != 0)
        value = NULL;
    if (text == NULL) {
        assert_null(value);
        return;
    }
    if (value == NULL)
        fail_msg("%s is not there", path);
    assert_string_equal(json_object_get_string(value), text);
}

static void test_sarif(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    sample->inputs[0].path = "tests/a b%.pcap";
    snprintf(sample->inputs[0].sha256, sizeof sample->inputs[0].sha256, "00ff");
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_CRITICAL);
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    sample_server(sample, "pfs.weak-group", SEVERITY_MEDIUM)->count = 3;
    sample_server(sample, "psk.no-sni", SEVERITY_LOW)->packet = 10;
    sample->result.engine.frames_cut = 4;
    sample->result.ended = true;
    sample->result.exit_status = 1;
    json_object *report = parsed(sample);
    says(report, "tool/driver/name", "perpass");
    says(report, "tool/driver/version", "9.9.9");
    says(report, "tool/driver/rules/0/id", "pfs.rsa-key-exchange");
    says(report, "tool/driver/rules/0/name", "PfsRsaKeyExchange");
    says(report, "tool/driver/rules/0/helpUri",
         "https://datatracker.ietf.org/doc/html/draft-barnes-pervasive-problem-00#section-5");
    says(report, "tool/driver/rules/0/properties/security-severity", "7.5");
    says(report, "tool/driver/rules/0/properties/tags/2", "static-key-exfiltration");
    says(report, "tool/driver/rules/1/id", "pfs.weak-group");
    says(report, "tool/driver/rules/3/id", NULL);
    says(report, "artifacts/0/location/uri", "tests/a%20b%25.pcap");
    says(report, "artifacts/0/hashes/sha-256", "00ff");
    says(report, "invocations/0/executionSuccessful", "true");
    says(report, "invocations/0/exitCode", "1");
    says(report, "invocations/0/toolExecutionNotifications/0/descriptor/id", "frames_cut");
    says(report, "invocations/0/toolExecutionNotifications/0/level", "warning");
    says(report, "results/0/level", "error");
    says(report, "results/0/properties/security-severity", "10.0");
    says(report, "results/1/level", "error");
    says(report, "results/2/level", "warning");
    says(report, "results/3/level", "note");
    says(report, "results/2/ruleId", "pfs.weak-group");
    says(report, "results/2/ruleIndex", "1");
    says(report, "results/2/occurrenceCount", "3");
    says(report, "results/3/locations/0/physicalLocation/artifactLocation/uri",
         "tests/a%20b%25.pcap");
    says(report, "results/3/locations/0/physicalLocation/region/startLine", "10");
    says(report, "results/3/baselineState", NULL);
    json_object_put(report);
    sample_free(sample);
}

/* Two findings with one fingerprint are told apart by their order; a capture that was damaged is told. */
static void test_sarif_same(void **state)
{
    (void)state;
    char print[48];
    struct sample *sample = sample_new(POLICY_STRICT);
    struct standing standing;
    sample_server(sample, "psk.no-sni", SEVERITY_LOW);
    sample_server(sample, "psk.no-sni", SEVERITY_LOW);
    snprintf(sample->inputs[0].damage, sizeof sample->inputs[0].damage, "a.pcap is \"cut\"");
    sample->inputs[0].path = "/tmp/a.pcap";
    json_object *report = parsed(sample);
    standing = baseline_standing(&sample->result, sample->redactor, &sample->findings[0]);
    for (unsigned i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "results/%u/partialFingerprints/primaryLocationLineHash", i);
        snprintf(print, sizeof print, "%s:%u", standing.fingerprint, i + 1);
        says(report, path, print);
    }
    says(report, "invocations/0/executionSuccessful", "false");
    says(report, "invocations/0/exitCode", NULL); /* it goes on */
    says(report, "invocations/0/toolExecutionNotifications/0/message/text", "a.pcap is \"cut\"");
    says(report, "artifacts/0/location/uri",
         "file:"
         "//"
         "/tmp/a.pcap");
    json_object_put(report);
    sample_free(sample);
}

/* In which of several captures a packet is, is told by its time. */
static void test_place(void **state)
{
    (void)state;
    size_t others;
    struct sample *sample = sample_new(POLICY_RAW);
    struct finding *finding = sample_server(sample, "psk.no-sni", SEVERITY_LOW);
    for (size_t i = 1; i < 3; i++)
        sample->inputs[i] = sample->inputs[0];
    sample->inputs[0].last_ns = finding->first_ns - 1;
    sample->result.num_inputs = 3;
    assert_ptr_equal(finding_place(&sample->result, finding, &others), &sample->inputs[1]);
    assert_int_equal(others, 1);
    sample->inputs[1].frames = finding->packet - 1; /* it has no such packet */
    assert_ptr_equal(finding_place(&sample->result, finding, &others), &sample->inputs[2]);
    assert_int_equal(others, 0);
    /* Inputs that were read later may be older than the evidence. */
    sample->inputs[2].first_ns = finding->first_ns + 1;
    assert_ptr_equal(finding_place(&sample->result, finding, &others), &sample->inputs[2]);
    sample->inputs[2].first_ns = finding->last_ns + 1;
    assert_ptr_equal(finding_place(&sample->result, finding, &others), &sample->inputs[0]);
    assert_int_equal(others, 1);
    for (size_t i = 0; i < 3; i++)
        sample->inputs[i].frames = finding->packet - 1;
    assert_null(finding_place(&sample->result, finding, &others));
    json_object *report = parsed(sample);
    says(report, "results/0/locations", "[ ]");
    json_object_put(report);
    sample_free(sample);
}

static void test_junit(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    bool on[NUM_RULES] = {
        [RULE_PSK_NO_SNI] = true, [RULE_PSK_HINT_SENT] = true, [RULE_PFS_RSA_KEY_EXCHANGE] = true};
    sample->inputs[0].path = "a<&\">.pcap";
    sample->result.rules_on = on;
    sample->result.fail_on = SEVERITY_HIGH;
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    sample_server(sample, "psk.no-sni", SEVERITY_LOW);
    char *text = sample_written(sample, &report_junit, &plain);
    assert_has(text, "<testsuites name=\"perpass\" tests=\"4\" failures=\"1\" errors=\"0\">");
    assert_has(text, "<testsuite name=\"psk\" tests=\"2\" failures=\"0\" errors=\"0\">");
    assert_has(text, "<testsuite name=\"pfs\" tests=\"1\" failures=\"1\" errors=\"0\">");
    assert_has(text, "<testcase classname=\"perpass.psk\" name=\"psk.hint-sent\"/>");
    assert_has(text, "<failure type=\"pfs.rsa-key-exchange\" message=\"");
    assert_has(text, "high: server 192.0.2.1:443 (a&lt;&amp;&quot;&gt;.pcap packet 7)");
    assert_has(text, "<system-out>low: server 192.0.2.2:443");
    assert_has_not(text, "psk.oracle");
    assert_has_not(text, "testsuite name=\"link\"");
    free(text);
    sample->result.fail_on = 0; /* nothing fails, so that it is as the exit status says */
    snprintf(sample->inputs[0].damage, sizeof sample->inputs[0].damage, "it is <cut>");
    text = sample_written(sample, &report_junit, &plain);
    assert_has(text, "tests=\"4\" failures=\"0\" errors=\"1\"");
    assert_has(text, "<error type=\"damaged\" message=\"it is &lt;cut&gt;\"/>");
    free(text);
    sample_free(sample);
}

/* Whatever a sender chose, the document is one of XML 1.0, and its text is text. */
static void test_junit_hostile(void **state)
{
    (void)state;
    static const char bytes[] =
        "</system-out>]]><a b=\"\x01\x1b\0\xff\xef\xbf\xbf\xe2\x80\xae&amp;";
    struct sample *sample = sample_new(POLICY_RAW);
    sample_identity(sample, span_of(bytes, sizeof bytes - 1));
    sample_identity(sample, span_of("", 0));
    char *text = sample_written(sample, &report_junit, &plain);
    assert_has(text, "identity &lt;/system-out&gt;]]&gt;&lt;a b=&quot;\\x01\\x1b\\x00\\xff");
    assert_has(text, "&amp;amp;");
    for (const char *at = text; *at != '\0'; at++)
        assert_true((unsigned char)*at >= ' ' || *at == '\n');
    free(text);
    sample_free(sample);
}

static void test_references(void **state)
{
    (void)state;
    static const struct {
        const char *references, *uri;
    } rows[] = {
        {"RFC 9257 section 6.1.1; RFC 8446",
         "https://www.rfc-editor.org/rfc/rfc9257#section-6.1.1"},
        {"RFC 8446 appendix E.5", "https://www.rfc-editor.org/rfc/rfc8446#appendix-E.5"},
        {"RFC 8446", "https://www.rfc-editor.org/rfc/rfc8446"},
        {"RFC 8446; RFC 1 section 2", "https://www.rfc-editor.org/rfc/rfc8446"},
        {"RFC 2131 sections 3 and 4", "https://www.rfc-editor.org/rfc/rfc2131"},
        {"draft-ietf-dice-profile-02 section 20",
         "https://datatracker.ietf.org/doc/html/draft-ietf-dice-profile-02#section-20"},
        {"NIST SP 800-52", NULL},
        {"RFC x", NULL},
    };
    char uri[REFERENCE_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(reference_uri(rows[i].references, uri), rows[i].uri != NULL);
        if (rows[i].uri != NULL)
            assert_string_equal(uri, rows[i].uri);
    }
    for (int id = 0; id < (int)NUM_RULES; id++)
        if (!reference_uri(rule_get((enum rule_id)id)->references, uri))
            fail_msg("%s has no reference with an address", rule_get((enum rule_id)id)->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sarif),         cmocka_unit_test(test_sarif_same),
        cmocka_unit_test(test_place),         cmocka_unit_test(test_junit),
        cmocka_unit_test(test_junit_hostile), cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests_name("report_ci", tests, NULL, NULL);
}
