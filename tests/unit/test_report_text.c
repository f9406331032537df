/* test_report_text.c: the report for people: what it says, and that it keeps to the screen. */
#include "analysis/blast_radius.h"
#include "report_sample.h"

#include "reports/text.h"

static const struct report_style screen = {.width = 80, .max_lines = 24};
static const struct report_style whole = {.width = 80};

/* Lines of |text|; none may be wider than |width|. */
static unsigned count_lines(const char *text, size_t width)
{
    unsigned lines = 0;
    while (*text != '\0') {
        char line[512];
        size_t len = strcspn(text, "\n");
        assert_true(len < sizeof line);
        memcpy(line, text, len);
        line[len] = '\0';
        if (text_columns(line) > width)
            fail_msg("wider than %zu: %s", width, line);
        assert_int_equal(text[len], '\n');
        text += len + 1;
        lines++;
    }
    return lines;
}

static void test_nothing_found(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    char *text = sample_written(sample, &report_text, &screen);
    assert_has(text, "a.pcap\n10 packets in 12 s from 2023-11-14 22:13:20Z, 2 conversations\n");
    assert_has(text,
               "3 client hellos, 2 TLS sessions: 2 with forward secrecy; 1 handshake failed\n");
    assert_has(text, "No finding");
    assert_has_not(text, "pseudonyms");
    assert_has_not(text, "Not seen");
    free(text);
    sample->result.analysis = (struct analysis_stats){0};
    text = sample_written(sample, &report_text, &screen);
    assert_has(text, "No TLS handshake was seen, and no install of a device\n");
    free(text);
    sample->result.engine = (struct engine_stats){0};
    sample->inputs[0].first_ns = sample->inputs[0].last_ns = 0;
    text = sample_written(sample, &report_text, &screen);
    assert_string_equal(text,
                        "a.pcap\n0 packets\n\nNo packet was read: there is nothing to tell.\n");
    free(text);
    sample_free(sample);
}

/* What did not run did not look, and what is below --min-severity may have been seen. */
static void test_what_ran(void **state)
{
    (void)state;
    bool on[NUM_RULES] = {[RULE_PSK_ORACLE] = true};
    struct sample *sample = sample_new(POLICY_STRICT);
    sample->result.rules_on = on;
    char *text = sample_written(sample, &report_text, &screen);
    assert_has(text, "No finding: nothing was seen that the 1 rule that ran looks for. That is no");
    assert_has(text, "\nPassive                         -  not looked for  ");
    free(text);
    on[RULE_PFS_RSA_KEY_EXCHANGE] = true;
    sample->result.min_severity = SEVERITY_HIGH;
    text = sample_written(sample, &report_text, &whole);
    assert_has(text,
               "No finding of severity high or above (--min-severity): nothing so severe was\n"
               "seen that the 2 rules that ran look for.");
    free(text);
    sample->result.min_severity = 0;
    sample->result.merged = 2; /* the same of what all of them looked for */
    text = sample_written(sample, &report_text, &whole);
    assert_has(text, "No finding: nothing was seen that the 2 rules that ran look for.");
    free(text);
    sample_free(sample);
}

static void test_filter(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    sample->inputs[0].frames = 1034;
    sample->inputs[0].filtered = 1024;
    char *text = sample_written(sample, &report_text, &screen);
    assert_has(text, "\n10 packets (1,024 more left out by the filter) in 12 s from ");
    free(text);
    text = sample_written(sample, &report_html, &whole);
    assert_has(text, "The filter left 1,024 packets out.");
    assert_has(text, "Every other packet of the inputs was read");
    free(text);
    text = sample_written(sample, &report_junit, &whole);
    assert_has(text, "1,034 packets read, 1,024 left out by the filter<");
    free(text);
    sample->inputs[0].filtered = sample->inputs[0].frames = 10;
    sample->result.engine = (struct engine_stats){0};
    text = sample_written(sample, &report_text, &screen);
    assert_has(text, "\n0 packets (10 more left out by the filter)\n\n"
                     "The filter left every packet out: there is nothing to tell.\n");
    free(text);
    sample_free(sample);
}

/* What a screen has no room for, a file has. */
static void test_whole_lines(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_INTERNAL);
    sample->result.merged = 12;
    sample->inputs[0].filtered = 1234567;
    sample_identity(sample, span_text("meter-0815"));
    char *text = sample_written(sample, &report_text, &whole);
    assert_has(text,
               "\n12 reports joined: 10 packets (1,234,567 more left out by the filter) in 12 s\n"
               "from 2023-11-14 22:13:20Z, 2 conversations\n");
    assert_has(text,
               "\nIdentities are shown as pseudonyms (--privacy raw of the sensors would show\n"
               "them)\n");
    free(text);
    text = sample_written(sample, &report_text, &screen);
    assert_has(
        text,
        "\n12 reports joined: 10 packets (1,234,567 more left out by the filter) in 12 ...\n");
    assert_true(count_lines(text, 80) <= 24);
    free(text);
    sample_free(sample);
}

static void test_one_finding(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    char *text = sample_written(sample, &report_text, &screen);
    assert_has(text, "\nHIGH      ");
    assert_has(text, "  pfs.rsa-key-exchange\n          server 192.0.2.1:443, seen 1 time\n");
    assert_has(text, "\nStatic key exfiltration         1  high ");
    assert_has(text, "\nPassive                         0  -  ");
    assert_has_not(text, "pseudonyms");
    assert_has_not(text, "\033");
    free(text);
    sample_free(sample);
}

static void test_policies(void **state)
{
    (void)state;
    static const struct {
        enum privacy_policy policy;
        bool address, identity;
        const char *says;
    } rows[] = {
        {POLICY_STRICT, false, false,
         "Identities and addresses are shown as pseudonyms (--privacy raw"},
        {POLICY_INTERNAL, true, false, "\nIdentities are shown as pseudonyms (--privacy raw"},
        {POLICY_RAW, true, true, "\nperpass explain RULE"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample *sample = sample_new(rows[i].policy);
        sample_identity(sample, span_text("meter-0815"));
        sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
        const struct report_style *styles[] = {&screen, &whole};
        for (size_t j = 0; j < 2; j++) {
            char *text = sample_written(sample, &report_text, styles[j]);
            assert_has(text, rows[i].says);
            (rows[i].identity ? assert_has : assert_has_not)(text, "meter-0815");
            (rows[i].address ? assert_has : assert_has_not)(text, "192.0.2.2:443");
            free(text);
        }
        sample_free(sample);
    }
}

static void test_hostile_identity(void **state)
{
    (void)state;
    static const char bytes[] = "a\033[2Jb\nc\0d\xff";
    struct sample *sample = sample_new(POLICY_RAW);
    sample_identity(sample, span_of(bytes, sizeof bytes - 1));
    sample_identity(sample, span_of("", 0));
    char *text = sample_written(sample, &report_text, &whole);
    assert_has_not(text, "\033");
    assert_has_not(text, "b\nc");
    assert_has(text, "identity (empty): high");
    count_lines(text, 80);
    free(text);
    sample_free(sample);
}

/* Many subjects of one rule are one paragraph. */
static void test_group(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    for (int i = 0; i < 500; i++)
        sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH)->count = 3;
    char *text = sample_written(sample, &report_text, &screen);
    assert_has(text, "500 servers, seen 1,500 times, such as 192.0.2.1:443\n");
    assert_true(count_lines(text, 80) <= 24);
    free(text);
    text = sample_written(sample, &report_text, &whole);
    assert_true(count_lines(text, 80) > 1000);
    assert_has(text, "- server 192.0.2.77:443: high, 3 times\n");
    free(text);
    sample_free(sample);
}

/* Every rule of the catalogue at once, with every limit: the screen still holds. */
static void test_screen(void **state)
{
    (void)state;
    static const unsigned heights[] = {16, 20, 23, 24, 30, 60};
    struct sample *sample = sample_new(POLICY_STRICT);
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_INFO; severity--)
        for (int id = 0; id < (int)NUM_RULES; id++)
            if ((int)rule_get((enum rule_id)id)->severity == severity)
                sample_server(sample, rule_get((enum rule_id)id)->id, (enum severity)severity);
    memset(&sample->result.engine, 0x7f, sizeof sample->result.engine);
    sample->result.analysis.tls_sessions = 2000000;
    sample->result.analysis.tls_sessions_not_forward_secret = 1000000;
    sample->result.analysis.tls_sessions_unknown_secrecy = 1000000;
    sample->result.analysis.tls_handshakes_failed = 1000000;
    for (size_t i = 0; i < sizeof heights / sizeof heights[0]; i++) {
        for (unsigned width = 60; width <= 200; width += 20) {
            const struct report_style style = {.width = width, .max_lines = heights[i]};
            char *text = sample_written(sample, &report_text, &style);
            unsigned lines = count_lines(text, width);
            if (heights[i] == 60 && width == 200)
                assert_has(text, ", 1,000,000 of unknown secrecy; 1,000,000 handshakes failed");
            /* Below 20 lines the head, the classes and the foot alone fill the screen. */
            assert_true(lines <= (heights[i] < 20 ? 20 : heights[i]));
            if (heights[i] == 24)
                assert_true(lines >= 22);
            free(text);
        }
    }
    sample_free(sample);
}

static void test_colour(void **state)
{
    (void)state;
    const struct report_style style = {.colour = true, .width = 80, .max_lines = 24};
    struct sample *sample = sample_new(POLICY_RAW);
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    char *text = sample_written(sample, &report_text, &style);
    assert_has(text, "\033[1;31mHIGH      \033[0m\033[1m");
    free(text);
    sample_free(sample);
}

static void test_limits(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    sample->result.engine.frames_cut = 1;
    sample->result.engine.streams_gaps = 2;
    sample->inputs[0].dropped = 1200;
    snprintf(sample->inputs[0].damage, sizeof sample->inputs[0].damage, "a.pcap is cut short");
    char *text = sample_written(sample, &report_text, &whole);
    assert_has(text,
               "Not seen whole: 1 input not read whole, 1,200 frames dropped by the capture, 1\n"
               "frame with headers cut by the snap length, 2 holes in TCP streams\n");
    assert_has(text, "\na.pcap is cut short\n");
    free(text);
    sample_free(sample);
}

static void test_many_inputs(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    sample->inputs[0].path = "-";
    sample->inputs[1].path = "a-rather-long-name-of-a-capture-file-of-monday.pcapng";
    sample->inputs[2].path = "b\033.pcap";
    sample->result.num_inputs = 3;
    char *text = sample_written(sample, &report_text, &screen);
    assert_has(text, "standard input and 2 more inputs\n");
    free(text);
    sample->inputs[1].path = "b.pcap";
    text = sample_written(sample, &report_text, &screen);
    assert_has(text, "standard input, b.pcap, b\\x1b.pcap\n");
    free(text);
    sample_free(sample);
}

static void test_evidence(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    struct finding *finding = sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    finding->confidence = CONFIDENCE_POSSIBLE;
    finding->reason = "It may be otherwise.";
    finding->evidence[0] = (struct evidence){
        .name = "bits", .privacy = PRIVACY_PUBLIC, .value = {.type = VALUE_NUMBER, .number = 512}};
    finding->evidence[1] = (struct evidence){
        .name = "old", .privacy = PRIVACY_PUBLIC, .value = {.type = VALUE_BOOL, .truth = true}};
    finding->evidence[2] = (struct evidence){
        .name = "cipher", .privacy = PRIVACY_PUBLIC, .value = {.type = VALUE_TEXT, .text = "RSA"}};
    finding->evidence[3] = (struct evidence){
        .name = "text", .privacy = PRIVACY_CONTENT, .value = {.type = VALUE_ABSENT}};
    finding->num_evidence = 4;
    char *text = sample_written(sample, &report_text, &whole);
    assert_has(text, "high, 1 time, possible\n            It may be otherwise.\n");
    assert_has(text, "            10.0.0.1 to 192.0.2.1 port 443, first in packet 7 at 2023-11-14\n"
                     "            22:13:21Z, last 2.50 s later\n");
    assert_has(text, "            bits 512; old yes; cipher RSA\n");
    free(text);
    text = sample_written(sample, &report_text, &screen);
    assert_has(text, "server 192.0.2.1:443, seen 1 time (possible)\n");
    free(text);
    sample_free(sample);
}

/* The table of secrets, worst first, and no more than a few of it. */
static void test_blast_radius(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    struct blast_radius radius = {.secret = "psk",
                                  .psk_identity = span_text("lamp-1"),
                                  .key_exchange = "PSK",
                                  .sessions = number(3),
                                  .bytes = number(1234),
                                  .clients = number(8),
                                  .servers = number(1),
                                  .first_ns = number(UINT64_C(1700000001000000000)),
                                  .last_ns = number(UINT64_C(1700000004000000000)),
                                  .confidence = "certain",
                                  .reason = "Because."};
    struct blast_radius key = {.secret = "server_key",
                               .key_sha256 = span_text("0123456789abcdef0123456789abcdef"),
                               .key_exchange = "ECDHE",
                               .sessions = number(0),
                               .authenticated = number(5),
                               .servers = number(2),
                               .first_ns = number(UINT64_C(1700000001000000000)),
                               .last_ns = number(UINT64_C(1700000001000000000)),
                               .confidence = "certain",
                               .reason = "Nothing."};
    const struct observation rows[] = {
        {.type = &observation_blast_radius, .data = &radius, .packet = 1},
        {.type = &observation_blast_radius, .data = &key, .packet = 2}};
    const struct observation *told[30];
    for (size_t i = 0; i < 30; i++)
        told[i] = &rows[i > 0];
    sample->result.told = told;
    sample->result.num_told = 30;
    char *text = sample_written(sample, &report_text, &whole);
    assert_has(text, "What one leaked secret opens");
    assert_has(text, "- PSK of psk:");
    assert_has(text, ": 3 sessions, 1,234 bytes, 8 or\nmore clients, 1 server, ");
    assert_has(text, " for 3.00 s\n  PSK, certain: Because.\n- server key spki:");
    assert_has(text, "... and 10 more: --report json:FILE lists them\n");
    assert_has_not(text, "lamp-1");
    assert_has_not(text, "Installs of devices");
    free(text);
    sample->result.num_told = 2;
    text = sample_written(sample, &report_text, &whole);
    assert_has(text, "the server in 5 handshakes, 2 servers,");
    assert_has_not(text, "and 10 more");
    free(text);
    sample_free(sample);
}

static void test_full_disk(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    for (int i = 0; i < 500; i++)
        sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    const struct report_format *formats[] = {&report_text, &report_json};
    for (size_t i = 0; i < 2; i++) {
        struct error error = {.text = ""};
        FILE *out = fopen("/dev/full", "w");
        assert_non_null(out);
        assert_false(formats[i]->write(out, &sample->result, sample->redactor, &whole, &error));
        assert_string_equal(error.text, "No space left on device");
        fclose(out);
    }
    sample_free(sample);
}

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(report_format_find("txt"), &report_text);
    assert_ptr_equal(report_format_find("json"), &report_json);
    assert_ptr_equal(report_format_find("dir/report.json"), &report_json);
    assert_ptr_equal(report_format_find("a.txt"), &report_text);
    assert_ptr_equal(report_format_find("report.html"), &report_html);
    assert_null(report_format_find("report.doc"));
    assert_null(report_format_find(".json"));
    assert_null(report_format_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_found), cmocka_unit_test(test_one_finding),
        cmocka_unit_test(test_policies),      cmocka_unit_test(test_hostile_identity),
        cmocka_unit_test(test_group),         cmocka_unit_test(test_screen),
        cmocka_unit_test(test_colour),        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_inputs),   cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_blast_radius),  cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_find),          cmocka_unit_test(test_what_ran),
        cmocka_unit_test(test_whole_lines),   cmocka_unit_test(test_filter),
    };
    return cmocka_run_group_tests_name("report_text", tests, NULL, NULL);
}
