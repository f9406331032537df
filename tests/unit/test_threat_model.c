/* test_threat_model.c: what each class of attacker gets, counted. */
#include "analysis/blast_radius.h"
#include "analysis/covert_report.h"
#include "analysis/install_transaction.h"
#include "analysis/link_report.h"
#include "report_sample.h"
#include "reports/report_groups.h"
#include "reports/text.h"
#include "reports/threat_model.h"

static const struct threat *threat_of(const struct threat_model *model, enum attack_class attack)
{
    return &model->threats[attack - ATTACK_PASSIVE];
}

/* The text of the gain |id| of a class; "" when there is none. */
static const char *gain_of(struct sample *sample, enum attack_class attack, const char *id)
{
    static char text[THREAT_GAIN_TEXT];
    struct threat_model model;
    assert_true(threat_model_make(&model, &sample->result));
    const struct threat *threat = threat_of(&model, attack);
    for (size_t i = 0; i < threat->num_gains; i++)
        if (strcmp(threat->gains[i].id, id) == 0)
            return threat_gain_text(&threat->gains[i], text);
    return "";
}

static void test_words(void **state)
{
    (void)state;
    for (int i = ATTACK_PASSIVE; i <= ATTACK_CONTENT; i++) {
        const struct threat_words *words = threat_words((enum attack_class)i);
        const char *const all[] = {words->capability, words->gives,   words->cost,
                                   words->risk,       words->remains, words->mitigation};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
            assert_true(all[k] != NULL && strlen(all[k]) > 10);
        assert_true(strlen(words->closed_by) <= 34);
    }
}

/* What is 0 is not told, and a class without rules is not looked for. */
static void test_nothing(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    struct threat_model model;
    sample->result.analysis = (struct analysis_stats){0};
    sample->result.engine = (struct engine_stats){0};
    assert_true(threat_model_make(&model, &sample->result));
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++) {
        assert_int_equal(model.threats[i].num_gains, 0);
        assert_int_equal(model.threats[i].num_related, 0);
        assert_int_equal(model.threats[i].severities.total, 0);
    }
    assert_true(threat_of(&model, ATTACK_PASSIVE)->looked_for);
    assert_false(threat_of(&model, ATTACK_CONTENT)->looked_for);
    const bool on[NUM_RULES] = {[RULE_PFS_RSA_KEY_EXCHANGE] = true};
    sample->result.rules_on = on;
    assert_true(threat_model_make(&model, &sample->result));
    assert_false(threat_of(&model, ATTACK_PASSIVE)->looked_for);
    assert_true(threat_of(&model, ATTACK_STATIC_KEY)->looked_for);
    sample_free(sample);
}

static void test_sessions(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    sample->result.analysis =
        (struct analysis_stats){.tls_sessions = 1, .tls_sessions_not_forward_secret = 1};
    assert_string_equal(
        gain_of(sample, ATTACK_STATIC_KEY, "sessions_openable"),
        "1 of 1 session can be opened later by whoever gets one key that outlives it");
    sample->result.analysis = (struct analysis_stats){.tls_sessions = 4000,
                                                      .tls_sessions_not_forward_secret = 1,
                                                      .tls_sessions_forward_secret = 3999};
    assert_string_equal(gain_of(sample, ATTACK_STATIC_KEY, "sessions_openable"),
                        "1 of 4,000 sessions can be opened later by whoever gets one key "
                        "that outlives them");
    assert_string_equal(gain_of(sample, ATTACK_DYNAMIC_KEY, "sessions_forward_secret"),
                        "3,999 of 4,000 sessions have fresh keys, which this class gets as they "
                        "are made");
    sample_free(sample);
}

/* A subject counts once in a class, however many rules fired; one with nothing but info does not. */
static void test_subjects(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    sample_identity(sample, span_text("a"));
    sample_identity(sample, span_text("ab"));
    sample_identity(sample, span_text("a"));
    assert_string_equal(gain_of(sample, ATTACK_PASSIVE, "passive_identities"),
                        "2 identities of clients can be read");
    sample_identity(sample, span_text("b"))->severity = SEVERITY_INFO;
    sample_identity(sample, span_text("c"))->rule = rule_find("psk.oracle"); /* another class */
    assert_string_equal(gain_of(sample, ATTACK_PASSIVE, "passive_identities"),
                        "2 identities of clients can be read");
    assert_string_equal(gain_of(sample, ATTACK_ACTIVE, "active_identities"),
                        "1 identity can be guessed, or lets others take its owner's part");
    sample_free(sample);
    sample = sample_new(POLICY_RAW);
    const struct finding *first = sample_server(sample, "auth.weak-cipher", SEVERITY_HIGH);
    struct finding *second = sample_server(sample, "auth.compression", SEVERITY_MEDIUM);
    second->subject_bytes = first->subject_bytes;
    assert_has(gain_of(sample, ATTACK_ACTIVE, "active_servers"), "1 server ");
    second->subject_port = 8443;
    assert_has(gain_of(sample, ATTACK_ACTIVE, "active_servers"), "2 servers ");
    sample_free(sample);
}

/* What analyzers made. */
static void test_told(void **state)
{
    (void)state;
    const struct blast_radius radii[3] = {{.sessions = number(7), .bytes = number(1234567)},
                                          {.sessions = number(7), .bytes = number(99)},
                                          {.sessions = number(0), .authenticated = number(5)}};
    const struct link_summary link = {
        .sessions = number(40), .linkable = number(12), .moved = number(2)};
    const struct install_transaction installs[3] = {
        {.encrypted = TRUTH_NO, .secrets = number(3), .bytes = number(1000)},
        {.encrypted = TRUTH_YES, .secrets = number(0), .bytes = number(500)},
        {.encrypted = TRUTH_UNKNOWN}};
    struct observation all[7];
    const struct observation *told[7];
    for (size_t i = 0; i < 7; i++) {
        all[i] = i < 3   ? (struct observation){&observation_blast_radius, &radii[i]}
                 : i < 6 ? (struct observation){&observation_install_transaction, &installs[i - 3]}
                         : (struct observation){&observation_link_summary, &link};
        told[i] = &all[i];
    }
    static const struct {
        enum attack_class attack;
        const char *id, *text;
    } rows[] = {{ATTACK_STATIC_KEY, "secrets_that_open", "2 secrets can each open"},
                {ATTACK_STATIC_KEY, "worst_secret_sessions", "7 sessions can be opened"},
                {ATTACK_STATIC_KEY, "worst_secret_bytes", "1,234,567 bytes of sessions"},
                {ATTACK_PASSIVE, "sessions_linkable", "12 of 40 encrypted sessions can be tied"},
                {ATTACK_PASSIVE, "clients_followed", "2 clients can be followed"},
                {ATTACK_PASSIVE, "installs_readable", "1 of 3 installs of devices"},
                {ATTACK_PASSIVE, "secrets_readable", "3 secrets"},
                {ATTACK_PASSIVE, "install_bytes", "1,000 bytes of files"},
                {ATTACK_CONTENT, "installs_readable", "1 of 3 installs of devices"},
                {ATTACK_CONTENT, "installs_encrypted", "1 of 3 installs of devices"}};
    struct sample *sample = sample_new(POLICY_RAW);
    sample->result.told = told;
    sample->result.num_told = 7;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_has(gain_of(sample, rows[i].attack, rows[i].id), rows[i].text);
    sample_free(sample);
}

/* Bits of all fields together. */
static void test_covert(void **state)
{
    (void)state;
    const struct covert_capacity capacities[2] = {{.bits = number(16)}, {.bits = number(3)}};
    const struct observation all[2] = {{&observation_covert_capacity, &capacities[0]},
                                       {&observation_covert_capacity, &capacities[1]}};
    const struct observation *told[2] = {&all[0], &all[1]};
    struct sample *sample = sample_new(POLICY_RAW);
    sample->result.told = told;
    sample->result.num_told = 2;
    assert_string_equal(gain_of(sample, ATTACK_DYNAMIC_KEY, "covert_bytes"),
                        "2 bytes could have left in fields that endpoints fill freely");
    sample->result.num_told = 0;
    assert_string_equal(gain_of(sample, ATTACK_DYNAMIC_KEY, "covert_bytes"), "");
    sample_server(sample, "covert.ip-id", SEVERITY_MEDIUM);
    assert_has(gain_of(sample, ATTACK_DYNAMIC_KEY, "dynamic_servers"), "1 server fills");
    sample_free(sample);
}

static void test_related(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    struct threat_model model;
    sample_server(sample, "install.config-cleartext", SEVERITY_HIGH);
    assert_true(threat_model_make(&model, &sample->result));
    assert_int_equal(threat_of(&model, ATTACK_CONTENT)->num_related, 1);
    assert_string_equal(threat_of(&model, ATTACK_CONTENT)->related[0]->id,
                        "install.config-cleartext");
    assert_int_equal(threat_of(&model, ATTACK_PASSIVE)->severities.num[SEVERITY_HIGH], 1);
    sample_free(sample);
}

static void test_groups(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    size_t num;
    sample_server(sample, "auth.weak-cipher", SEVERITY_HIGH)->count = 5;
    sample_server(sample, "psk.no-sni", SEVERITY_LOW);
    sample_server(sample, "auth.weak-cipher", SEVERITY_LOW)->subject = SUBJECT_CLIENT;
    struct report_group *groups = report_groups(&sample->result, &num);
    struct sentence mixed = {.len = 0}, plain = {.len = 0};
    assert_int_equal(num, 2);
    assert_string_equal(groups[0].rule->id, "auth.weak-cipher");
    assert_int_equal(groups[0].num, 2);
    assert_int_equal(groups[0].times, 6);
    assert_ptr_equal(groups[0].worst, &sample->findings[0]);
    report_group_subjects(&mixed, &groups[0]);
    report_group_subjects(&plain, &groups[1]);
    assert_string_equal(mixed.text, "2 subjects");
    assert_string_equal(plain.text, "1 server");
    free(groups);
    sample_free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_sessions), cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_told),     cmocka_unit_test(test_related),
        cmocka_unit_test(test_groups),   cmocka_unit_test(test_covert),
    };
    return cmocka_run_group_tests_name("threat_model", tests, NULL, NULL);
}
