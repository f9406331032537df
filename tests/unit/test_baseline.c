/* test_baseline.c: fingerprints of findings, and the file of those that are known. */
#include "report_sample.h"

#include "reports/baseline.h"
#include "reports/fingerprint.h"

#include <sys/stat.h>
#include <unistd.h>

/* A sample under a key file of which all bytes are |byte|; 0: under a random key. */
static struct sample *sample_under(enum privacy_policy policy, char byte)
{
    char path[] = "/tmp/test_baseline_XXXXXX", digits[64];
    struct error error = {.text = ""};
    struct sample *sample = sample_new(policy);
    if (byte == 0)
        return sample;
    int fd = mkstemp(path);
    memset(digits, byte, sizeof digits);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, digits, sizeof digits), sizeof digits);
    close(fd);
    redactor_free(sample->redactor);
    sample->redactor =
        redactor_new(&(struct redact_options){.policy = policy, .key_file = path}, &error);
    unlink(path);
    assert_non_null(sample->redactor);
    return sample;
}

/* A finding, and what is changed in it. */
static struct finding original(struct sample *sample, enum subject_kind kind)
{
    struct finding finding = *sample_server(sample, "psk.identity-cleartext", SEVERITY_HIGH);
    finding.subject = kind;
    if (kind == SUBJECT_IDENTITY)
        finding.subject_bytes = span_text("meter-0815");
    sample->result.num_findings = 0;
    return finding;
}

static void change_address(struct finding *finding)
{
    static const uint8_t other[4] = {198, 51, 100, 9};
    memcpy(finding->server.address, other, sizeof other);
    memcpy(finding->client.address, other, sizeof other);
    if (finding->subject != SUBJECT_IDENTITY)
        finding->subject_bytes = span_of(other, sizeof other);
}

static void change_time(struct finding *finding)
{
    finding->first_ns += 1000;
    finding->last_ns += 5000;
    finding->packet = 99;
    finding->count = 12;
}

static void change_client_port(struct finding *finding)
{
    finding->client.port = 40001;
}

static void change_severity(struct finding *finding)
{
    finding->severity = SEVERITY_LOW;
}

static void change_evidence(struct finding *finding)
{
    finding->evidence[0] = (struct evidence){
        .name = "bits", .privacy = PRIVACY_PUBLIC, .value = {.type = VALUE_NUMBER, .number = 512}};
    finding->num_evidence = 1;
}

static void change_port(struct finding *finding)
{
    finding->subject_port = finding->server.port = 8443;
}

static void change_rule(struct finding *finding)
{
    finding->rule = rule_find("psk.no-sni");
}

static void change_protocol(struct finding *finding)
{
    finding->protocol = PROTO_UDP;
    finding->transport = "dtls";
}

static void change_name(struct finding *finding)
{
    if (finding->subject == SUBJECT_IDENTITY)
        finding->subject_bytes = span_text("meter-0816");
}

/* Whether the fingerprint is another one, by kind of subject; of identities under a key file, too. */
static const struct {
    const char *name;
    void (*change)(struct finding *finding);
    bool server, client, identity, identity_keyed;
} changes[] = {
    {"address", change_address, false, false, false, false},
    {"time", change_time, false, false, false, false},
    {"client port", change_client_port, false, false, false, false},
    {"severity", change_severity, false, false, false, false},
    {"evidence", change_evidence, false, false, false, false},
    {"server port", change_port, true, false, true, true},
    {"protocol", change_protocol, true, false, true, true},
    {"rule", change_rule, true, true, true, true},
    {"name", change_name, false, false, false, true},
};

static void check(struct sample *sample, enum subject_kind kind, size_t i, bool differs)
{
    char before[FINGERPRINT_SIZE], after[FINGERPRINT_SIZE];
    struct finding finding = original(sample, kind);
    fingerprint_of(sample->redactor, &finding, before);
    changes[i].change(&finding);
    fingerprint_of(sample->redactor, &finding, after);
    if ((strcmp(before, after) != 0) != differs)
        fail_msg("%s of subject %d: %s, %s", changes[i].name, (int)kind, before, after);
}

static void test_what_counts(void **state)
{
    (void)state;
    struct sample *sample = sample_under(POLICY_STRICT, 0), *keyed = sample_under(POLICY_RAW, 'a');
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        check(sample, SUBJECT_SERVER, i, changes[i].server);
        check(sample, SUBJECT_CLIENT, i, changes[i].client);
        check(sample, SUBJECT_IDENTITY, i, changes[i].identity);
        check(keyed, SUBJECT_SERVER, i, changes[i].server);
        check(keyed, SUBJECT_CLIENT, i, changes[i].client);
        check(keyed, SUBJECT_IDENTITY, i, changes[i].identity_keyed);
    }
    sample_free(sample);
    sample_free(keyed);
}

/* Ports that systems choose are all the same; that below them is not. */
static void test_ports(void **state)
{
    (void)state;
    static const struct {
        uint16_t a, b;
        bool same;
    } rows[] = {
        {32768, 60999, true}, {32768, 65535, true}, {32767, 32768, false}, {443, 444, false}};
    struct sample *sample = sample_new(POLICY_RAW);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char a[FINGERPRINT_SIZE], b[FINGERPRINT_SIZE];
        struct finding finding = original(sample, SUBJECT_SERVER);
        finding.subject_port = rows[i].a;
        fingerprint_of(sample->redactor, &finding, a);
        finding.subject_port = rows[i].b;
        fingerprint_of(sample->redactor, &finding, b);
        assert_int_equal(strcmp(a, b) == 0, rows[i].same);
    }
    sample_free(sample);
}

/* The same in every run without a key file, under every policy; another one under each key. */
static void test_keys(void **state)
{
    (void)state;
    char prints[5][FINGERPRINT_SIZE];
    struct sample *samples[5] = {sample_under(POLICY_STRICT, 0), sample_under(POLICY_RAW, 0),
                                 sample_under(POLICY_STRICT, 'a'), sample_under(POLICY_RAW, 'a'),
                                 sample_under(POLICY_RAW, 'b')};
    for (size_t i = 0; i < 5; i++) {
        struct finding finding = original(samples[i], SUBJECT_IDENTITY);
        fingerprint_of(samples[i]->redactor, &finding, prints[i]);
        assert_int_equal(strlen(prints[i]), 32);
        sample_free(samples[i]);
    }
    assert_string_equal(prints[0], prints[1]);
    assert_string_equal(prints[2], prints[3]);
    assert_string_not_equal(prints[0], prints[2]);
    assert_string_not_equal(prints[2], prints[4]);
    /* For ever: HMAC-SHA-256 of "1 psk.identity-cleartext identity tcp/443 tls", by another program. */
    assert_string_equal(prints[0], "f8a0520721473e5be846e8b2ca18ae6a");
}

/* Epochs part identities; a fingerprint that has them would join what they part. */
static void test_epochs(void **state)
{
    (void)state;
    char path[] = "/tmp/test_baseline_XXXXXX", digits[64], with[FINGERPRINT_SIZE];
    char without[FINGERPRINT_SIZE];
    struct error error = {.text = ""};
    struct sample *sample = sample_new(POLICY_STRICT);
    struct finding finding = original(sample, SUBJECT_IDENTITY);
    int fd = mkstemp(path);
    memset(digits, 'a', sizeof digits);
    assert_int_equal(write(fd, digits, sizeof digits), sizeof digits);
    close(fd);
    struct redactor *redactor = redactor_new(
        &(struct redact_options){.policy = POLICY_STRICT, .key_file = path, .epoch = EPOCH_DAY},
        &error);
    unlink(path);
    assert_non_null(redactor);
    fingerprint_of(redactor, &finding, with);
    fingerprint_of(sample->redactor, &finding, without);
    assert_string_equal(with, without);
    redactor_free(redactor);
    sample_free(sample);
}

/* What merely may be an identity may be a ticket, which is random. */
static void test_possible(void **state)
{
    (void)state;
    char a[FINGERPRINT_SIZE], b[FINGERPRINT_SIZE];
    struct sample *sample = sample_under(POLICY_STRICT, 'a');
    struct finding finding = original(sample, SUBJECT_IDENTITY);
    finding.confidence = CONFIDENCE_POSSIBLE;
    fingerprint_of(sample->redactor, &finding, a);
    finding.subject_bytes = span_text("something else");
    fingerprint_of(sample->redactor, &finding, b);
    assert_string_equal(a, b);
    sample_free(sample);
}

static char *written(struct sample *sample)
{
    char *text = NULL;
    size_t len;
    struct error error = {.text = ""};
    FILE *out = open_memstream(&text, &len);
    assert_true(baseline_write(out, &sample->result, sample->redactor, &error));
    fclose(out);
    return text;
}

/* What reading |text| gives; |says| is a part of the error when it gives none. */
static struct baseline *read_text(struct sample *sample, const char *text, const char *says)
{
    char path[] = "/tmp/test_baseline_XXXXXX";
    struct error error = {.text = ""};
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    struct baseline *baseline = baseline_read(path, sample->redactor, &error);
    unlink(path);
    if (says == NULL && baseline == NULL)
        fail_msg("not read: %s", error.text);
    if (says != NULL) {
        assert_null(baseline);
        assert_has(error.text, says);
    }
    return baseline;
}

/* What is written is known when it is read again, unless it is worse now; another finding is new. */
static void test_round_trip(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    sample_server(sample, "pfs.weak-group", SEVERITY_MEDIUM);
    char *text = written(sample);
    struct baseline *baseline = read_text(sample, text, NULL);
    /* Two servers of one kind are one line. */
    assert_int_equal(strcspn(text, "\n"), strlen("perpass-baseline 1"));
    assert_has(text, "\nkey none\n");
    sample->result.baseline = baseline;
    sample->result.fail_on = SEVERITY_MEDIUM;
    assert_false(baseline_fails(&sample->result, sample->redactor));
    struct baseline_count count = baseline_count(&sample->result, sample->redactor);
    assert_int_equal(count.known, 3);
    assert_int_equal(count.fresh, 0);
    assert_int_equal(count.gone, 0);

    sample->findings[2].severity = SEVERITY_HIGH; /* worse than it was */
    assert_true(baseline_fails(&sample->result, sample->redactor));
    sample->findings[2].severity = SEVERITY_LOW;
    assert_false(baseline_fails(&sample->result, sample->redactor));
    sample->result.num_findings = 2;
    sample_server(sample, "auth.anonymous", SEVERITY_MEDIUM);
    assert_true(baseline_fails(&sample->result, sample->redactor));
    count = baseline_count(&sample->result, sample->redactor);
    assert_int_equal(count.known, 2);
    assert_int_equal(count.fresh, 1);
    assert_int_equal(count.gone, 1);
    sample->result.fail_on = SEVERITY_HIGH;
    assert_false(baseline_fails(&sample->result, sample->redactor));
    sample->result.fail_on = 0;
    assert_false(baseline_fails(&sample->result, sample->redactor));
    sample->result.fail_on = SEVERITY_MEDIUM;
    sample->result.baseline = NULL;
    assert_true(baseline_fails(&sample->result, sample->redactor));
    baseline_free(baseline);
    free(text);
    sample_free(sample);
}

/* Of a rule that did not run nothing can be gone; who wrote a line without rule wants to know. */
static void test_gone(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    sample_server(sample, "pfs.weak-group", SEVERITY_MEDIUM);
    char *text = written(sample), *with_more = NULL;
    assert_true(asprintf(&with_more, "%s0123456789abcdef0123456789abcdef low\n", text) > 0);
    struct baseline *baseline = read_text(sample, with_more, NULL);
    bool on[NUM_RULES];
    memset(on, true, sizeof on);
    sample->result.baseline = baseline;
    sample->result.num_findings = 0;
    assert_int_equal(baseline_count(&sample->result, sample->redactor).gone, 3);
    sample->result.rules_on = on;
    assert_int_equal(baseline_count(&sample->result, sample->redactor).gone, 3);
    on[rule_id_of(rule_find("pfs.weak-group"))] = false;
    assert_int_equal(baseline_count(&sample->result, sample->redactor).gone, 2);
    on[rule_id_of(rule_find("pfs.weak-group"))] = true;
    sample->result.min_severity = SEVERITY_MEDIUM; /* what is less severe is not told */
    assert_int_equal(baseline_count(&sample->result, sample->redactor).gone, 2);
    sample->result.min_severity = SEVERITY_HIGH;
    assert_int_equal(baseline_count(&sample->result, sample->redactor).gone, 1);
    baseline_free(baseline);
    free(with_more);
    free(text);
    sample_free(sample);
}

/* What can be read only once is read once. */
static void test_pipe(void **state)
{
    (void)state;
    char path[64], text[] = "perpass-baseline 1\nkey none\n0123456789abcdef0123456789abcdef high\n";
    struct error error = {.text = ""};
    struct sample *sample = sample_new(POLICY_STRICT);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct baseline *baseline = baseline_read(path, sample->redactor, &error);
    if (baseline == NULL)
        fail_msg("not read: %s", error.text);
    assert_true(baseline_knows(baseline, "0123456789abcdef0123456789abcdef", SEVERITY_HIGH));
    baseline_free(baseline);
    close(ends[0]);
    sample_free(sample);
}

#define HEAD  "perpass-baseline 1\nkey none\n"
#define PRINT "0123456789abcdef0123456789abcdef"

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {HEAD, NULL},
        {HEAD "# a comment\n\n" PRINT " high\n", NULL},
        {HEAD PRINT " low psk.no-sni server tcp/443 tls", NULL},
        {"", "is no baseline"},
        {"perpass-baseline 1\n", "is no baseline"},
        {"perpass-baseline 2\nkey none\n", "is no baseline"},
        {"{\"schema\": 1}\n\n", "is no baseline"},
        {"perpass-baseline 1\n" PRINT " high\n", "has to tell the key"},
        {"perpass-baseline 1\nkey 01234567\n", "with the --pseudonym-key of id 01234567"},
        {HEAD "0123 high\n", "line 3"},
        {HEAD PRINT "0 high\n", "line 3"},
        {HEAD PRINT " severe\n", "line 3"},
        {HEAD PRINT "\n", "line 3"},
        {HEAD PRINT " high\nx\n", "line 4"},
    };
    struct sample *sample = sample_new(POLICY_STRICT), *keyed = sample_under(POLICY_STRICT, 'a');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        baseline_free(read_text(sample, rows[i].text, rows[i].says));
    read_text(keyed, HEAD, "without --pseudonym-key");
    char long_line[1200];
    memset(long_line, 'a', sizeof long_line);
    memcpy(long_line, HEAD PRINT " high ", strlen(HEAD PRINT " high "));
    memcpy(long_line + sizeof long_line - 2, "\n", 2);
    read_text(sample, long_line, "line 3");
    /* Of one fingerprint the highest severity counts. */
    struct baseline *baseline = read_text(sample, HEAD PRINT " low\n" PRINT " high\n", NULL);
    assert_true(baseline_knows(baseline, PRINT, SEVERITY_HIGH));
    assert_false(baseline_knows(baseline, PRINT, SEVERITY_CRITICAL));
    assert_false(baseline_knows(baseline, "0123456789abcdef0123456789abcdee", SEVERITY_LOW));
    baseline_free(baseline);
    sample_free(sample);
    sample_free(keyed);
}

/* Nothing that a policy hides is in the file, and nothing that can be found by trying, unless there is a key. */
static void test_private(void **state)
{
    (void)state;
    struct sample *raw = sample_new(POLICY_RAW), *keyed = sample_under(POLICY_RAW, 'a');
    sample_identity(raw, span_text("meter-0815"));
    sample_identity(keyed, span_text("meter-0815"));
    char *with = written(raw), *keyed_text = written(keyed);
    assert_has_not(with, "meter");
    assert_has_not(with, "192.0.2");
    assert_has_not(keyed_text, "meter");
    assert_has(keyed_text, redactor_key_id(keyed->redactor));
    raw->findings[0].subject_bytes = span_text("another-name");
    char *without = written(raw);
    assert_string_equal(with, without);
    free(with);
    free(without);
    free(keyed_text);
    sample_free(raw);
    sample_free(keyed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_counts), cmocka_unit_test(test_ports),
        cmocka_unit_test(test_keys),        cmocka_unit_test(test_possible),
        cmocka_unit_test(test_epochs),      cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_files),       cmocka_unit_test(test_private),
        cmocka_unit_test(test_gone),        cmocka_unit_test(test_pipe),
    };
    return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
