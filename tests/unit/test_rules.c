/* test_rules.c: the catalogue is well formed, and so are the names that go with it. */
#include "analysis/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

/* Ids are for ever: SIEM queries and baselines hold them. */
static void test_ids(void **state)
{
    (void)state;
    static const char *const ids[] = {"psk.identity-cleartext",
                                      "psk.identity-structured",
                                      "psk.hint-sent",
                                      "psk.no-forward-secrecy",
                                      "psk.identity-realm",
                                      "psk.identity-encoding",
                                      "psk.identities-enumerable",
                                      "psk.identity-collision",
                                      "psk.oracle",
                                      "psk.group-clients",
                                      "psk.group-servers",
                                      "psk.role-switch",
                                      "psk.reroute",
                                      "psk.no-sni",
                                      "psk.offers-psk-ke",
                                      "psk.early-data",
                                      "psk.not-imported",
                                      "psk.import-context",
                                      "pfs.rsa-key-exchange",
                                      "pfs.static-dh",
                                      "auth.anonymous",
                                      "auth.null-encryption",
                                      "auth.obsolete-version",
                                      "auth.weak-cipher"};
    for (size_t i = 0; i < NUM_OF(ids); i++) {
        const struct rule *rule = rule_find(ids[i]);
        if (rule == NULL)
            fail_msg("%s is gone", ids[i]);
        assert_string_equal(rule->id, ids[i]);
    }
    assert_null(rule_find("psk"));
    assert_null(rule_find(""));
    assert_null(rule_find("psk.identity-cleartext "));
}

static void test_ids_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_RULES; i++) {
        const struct rule *rule = rule_get((enum rule_id)i);
        assert_ptr_equal(rule_find(rule->id), rule);
        for (const char *c = rule->id; *c != '\0'; c++)
            assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", *c));
        assert_non_null(strchr(rule->id, '.'));
    }
}

/* Sentences: they begin with a capital and end with a full stop; nothing but printable ASCII. */
static void check_text(const char *id, const char *text, size_t at_least)
{
    size_t len = strlen(text);
    if (len < at_least || len > 2000 || text[len - 1] != '.')
        fail_msg("%s: a text of %zu bytes, ending \"%s\"", id, len,
                 text + (len > 10 ? len - 10 : 0));
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~' || (text[i] == ' ' && text[i + 1] == ' '))
            fail_msg("%s: a byte that does not belong here at %zu: \"%.20s\"", id, i, text + i);
    if (text[0] >= 'a' && text[0] <= 'z')
        fail_msg("%s: \"%.20s\" has no capital", id, text);
}

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_RULES; i++) {
        const struct rule *rule = rule_get((enum rule_id)i);
        check_text(rule->id, rule->meaning, 100);
        check_text(rule->id, rule->gain, 60);
        check_text(rule->id, rule->remedy, 60);
        check_text(rule->id, rule->doubts, 60);
        assert_in_range(strlen(rule->title), 10, 60);
        assert_int_not_equal(rule->title[strlen(rule->title) - 1], '.');
        assert_in_range(rule->severity, SEVERITY_INFO, SEVERITY_CRITICAL);
        assert_in_range(rule->attack, ATTACK_PASSIVE, ATTACK_CONTENT);
    }
}

/* "RFC 9257 section 7; draft-… section 5": every reference tells its section. */
static void test_references(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_RULES; i++) {
        const struct rule *rule = rule_get((enum rule_id)i);
        for (const char *at = rule->references; at != NULL;) {
            const char *end = strstr(at, "; ");
            struct span reference = span_of(at, end != NULL ? (size_t)(end - at) : strlen(at));
            bool source = strncmp(at, "RFC ", 4) == 0 || strncmp(at, "draft-", 6) == 0;
            bool place = memmem(reference.at, reference.len, " section ", 9) != NULL ||
                         memmem(reference.at, reference.len, " appendix ", 10) != NULL;
            if (!source || !place || reference.len > 60)
                fail_msg("%s: \"%s\"", rule->id, at);
            at = end != NULL ? end + 2 : NULL;
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    enum severity severity = SEVERITY_INFO;
    unsigned last = 0;
    for (enum severity s = SEVERITY_INFO; s <= SEVERITY_CRITICAL; s++) {
        assert_true(severity_parse(severity_name(s), &severity));
        assert_int_equal(severity, s);
        assert_true(severity_score(s) > last && severity_score(s) <= 100);
        last = severity_score(s);
    }
    assert_string_equal(severity_name(SEVERITY_HIGH), "high");
    assert_false(severity_parse("High", &severity));
    assert_false(severity_parse("", &severity));
    assert_string_equal(confidence_name(CONFIDENCE_POSSIBLE), "possible");
    assert_string_equal(confidence_name(CONFIDENCE_LIKELY), "likely");
    assert_string_equal(confidence_name(CONFIDENCE_CERTAIN), "certain");
    static const char *const classes[][2] = {
        {"passive", "Passive"},
        {"active", "Active"},
        {"static-key-exfiltration", "Static key exfiltration"},
        {"dynamic-key-exfiltration", "Dynamic key exfiltration"},
        {"content-exfiltration", "Content exfiltration"}};
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++) {
        assert_string_equal(attack_class_id((enum attack_class)(i + 1)), classes[i][0]);
        assert_string_equal(attack_class_name((enum attack_class)(i + 1)), classes[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),   cmocka_unit_test(test_ids_are_unique),
        cmocka_unit_test(test_texts), cmocka_unit_test(test_references),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
