/* test_probe_tell.c: what is told of a target: the table, JSON, events; and that no policy shows what it hides. */
#include "probe/tell.h"
#include "probe/tell_events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>

static const char hint[] = "marked-hint\033[31m";

static void fill(struct probe *probe, const struct probe_settings *settings, const char *name,
                 const char *address)
{
    *probe = (struct probe){.settings = settings,
                            .name = name,
                            .target = {.len = sizeof probe->target.v4},
                            .local = {.len = sizeof probe->local.v4},
                            .time_ns = 1700000000000000000,
                            .begun_ns = 1000000,
                            .ended_ns = 413000000,
                            .count = {.budget = 400, .sent = 87, .received = 60}};
    probe->target.v4.sin_family = probe->local.v4.sin_family = AF_INET;
    probe->target.v4.sin_port = htons(5684);
    probe->local.v4.sin_port = htons(40000);
    assert_int_equal(inet_pton(AF_INET, address, &probe->target.v4.sin_addr), 1);
    assert_int_equal(inet_pton(AF_INET, "192.0.2.77", &probe->local.v4.sin_addr), 1);
    for (unsigned i = 0; i < NUM_CHECKS; i++)
        snprintf(probe->results[i].reason, sizeof probe->results[i].reason, "reason %u", i);
    probe->results[CHECK_HINT].outcome = CHECK_FAIL;
    probe->results[CHECK_HINT].rule = rule_get(RULE_PSK_HINT_SENT);
    probe->results[CHECK_HINT].hint = span_text(hint);
    probe->results[CHECK_VERSIONS].outcome = CHECK_PASS;
    snprintf(probe->results[CHECK_VERSIONS].value, sizeof probe->results[CHECK_VERSIONS].value,
             "1.2");
}

struct texts {
    char *text[3]; /* table, JSON, events */
};

static void tell_all(const struct probe *probe, enum privacy_policy policy, struct texts *texts)
{
    struct error error;
    const struct redact_options redaction = {.policy = policy};
    const struct event_options events = {.observations = true};
    const struct tell_style style = {.width = 80};
    struct redactor *redactor = redactor_new(&redaction, &error);
    assert_non_null(redactor);
    for (unsigned i = 0; i < 3; i++) {
        size_t len;
        FILE *out = open_memstream(&texts->text[i], &len);
        assert_non_null(out);
        if (i == 0) {
            tell_text(out, probe, redactor, &style);
        } else if (i == 1) {
            assert_true(tell_json(out, probe, redactor));
        } else {
            struct event_writer *writer = event_writer_new(out, &events, redactor, &error);
            assert_non_null(writer);
            tell_events(writer, probe);
            assert_true(event_writer_free(writer, &error));
        }
        fclose(out);
    }
    redactor_free(redactor);
}

static void forget(struct texts *texts)
{
    for (unsigned i = 0; i < 3; i++)
        free(texts->text[i]);
}

static void want_all(struct probe_settings *settings)
{
    *settings = (struct probe_settings){.full = false};
    for (unsigned i = 0; i < NUM_CHECKS; i++)
        settings->wanted[i] = true;
}

static void test_raw(void **state)
{
    (void)state;
    struct probe_settings settings;
    struct probe probe;
    struct texts texts;
    want_all(&settings);
    fill(&probe, &settings, "198.51.100.9", "198.51.100.9");
    tell_all(&probe, POLICY_RAW, &texts);
    for (unsigned i = 0; i < 3; i++) {
        assert_non_null(strstr(texts.text[i], "marked-hint"));
        assert_non_null(strstr(texts.text[i], "198.51.100.9"));
        assert_non_null(strstr(texts.text[i], "psk.hint-sent"));
        assert_null(strchr(texts.text[i], '\033')); /* what the server sends cannot paint */
    }
    assert_non_null(strstr(texts.text[0], "87 datagrams of at most 400 sent, 60 received"));
    assert_non_null(strstr(texts.text[1], "\"target\":\"198.51.100.9:5684\""));
    assert_non_null(strstr(texts.text[1], "\"duration_s\":0.412}"));
    assert_non_null(
        strstr(texts.text[1], "{\"id\":\"versions\",\"outcome\":\"pass\",\"value\":\"1.2\""));
    assert_non_null(
        strstr(texts.text[1], "\"packets\":{\"budget\":400,\"sent\":87,\"received\":60"));
    assert_non_null(strstr(texts.text[2], "\"dataset\":\"perpass.probe.check\""));
    assert_non_null(strstr(texts.text[2], "\"kind\":\"state\""));
    forget(&texts);
}

static void test_hidden(void **state)
{
    (void)state;
    static const char *const marked[] = {"marked-hint", "marked.example", "198.51.100.9",
                                         "192.0.2.77"};
    static const char *const names[] = {"marked.example", "198.51.100.9"};
    for (unsigned n = 0; n < 2; n++) {
        struct probe_settings settings;
        struct probe probe;
        struct texts texts;
        want_all(&settings);
        fill(&probe, &settings, names[n], "198.51.100.9");
        tell_all(&probe, POLICY_STRICT, &texts);
        for (unsigned i = 0; i < 3; i++)
            for (size_t k = 0; k < sizeof marked / sizeof *marked; k++)
                assert_null(strstr(texts.text[i], marked[k]));
        assert_non_null(strstr(texts.text[1], "\"value\":\"hint:"));
        forget(&texts);
    }
}

/* Only what was asked for; the severity that --fail-on compares. */
static void test_wanted(void **state)
{
    (void)state;
    struct probe_settings settings = {.full = false};
    struct probe probe;
    struct texts texts;
    settings.wanted[CHECK_VERSIONS] = true;
    fill(&probe, &settings, "198.51.100.9", "198.51.100.9");
    tell_all(&probe, POLICY_RAW, &texts);
    for (unsigned i = 0; i < 3; i++)
        assert_null(strstr(texts.text[i], "marked-hint"));
    forget(&texts);
    assert_int_equal(tell_worst(&probe), 0);
    settings.wanted[CHECK_HINT] = true;
    assert_int_equal(tell_worst(&probe), rule_get(RULE_PSK_HINT_SENT)->severity);
    probe.results[CHECK_HINT].rule = NULL;
    assert_int_equal(tell_worst(&probe), SEVERITY_LOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_raw), cmocka_unit_test(test_hidden),
                                       cmocka_unit_test(test_wanted)};
    return cmocka_run_group_tests_name("probe_tell", tests, NULL, NULL);
}
