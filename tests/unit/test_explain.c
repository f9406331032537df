/* test_explain.c: reports/explain.c: every rule is explained, in every form. */
#include "reports/explain.h"

#include "report_sample.h"
#include "reports/text.h"

#include <json-c/json.h>

static char *rule_text(const struct rule *rule)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    explain_rule(out, rule, 80);
    fclose(out);
    return text;
}

static void test_rules(void **state)
{
    (void)state;
    assert_true((int)NUM_RULES > 0);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        char *text = rule_text(rule);
        assert_int_equal(strncmp(text, rule->id, strlen(rule->id)), 0);
        assert_has(text, rule->title);
        assert_has(text, "\nWhat it means\n  ");
        assert_has(text, "\nWhat an observer gains\n  ");
        assert_has(text, "\nWhat to do\n  ");
        assert_has(text, "\nReferences\n  ");
        free(text);
    }
}

/* A title stands beside its id on a line of the summary, and of the catalogue. */
static void test_titles_fit(void **state)
{
    (void)state;
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        if (10 + strlen(rule->title) + 2 + strlen(rule->id) > 80 || strlen(rule->title) > 46)
            fail_msg("the title of %s is too long: %s", rule->id, rule->title);
    }
}

static void test_catalogue(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    explain_catalogue(out, 80);
    fclose(out);
    size_t lines = 0;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_true(strcspn(line, "\n") <= 80);
        assert_int_equal(strncmp(line, rule_get((enum rule_id)lines)->id,
                                 strlen(rule_get((enum rule_id)lines)->id)),
                         0);
        lines++;
    }
    assert_int_equal(lines, (size_t)NUM_RULES);
    free(text);
}

static void test_json(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_true(explain_json(out, NULL));
    fclose(out);
    json_object *catalogue = json_tokener_parse(text), *rules = NULL;
    assert_true(json_object_object_get_ex(catalogue, "rules", &rules));
    assert_int_equal(json_object_array_length(rules), (size_t)NUM_RULES);
    json_object_put(catalogue);
    free(text);

    out = open_memstream(&text, &len);
    assert_true(explain_json(out, rule_find("psk.hint-sent")));
    fclose(out);
    json_object *rule = json_tokener_parse(text), *id = NULL;
    assert_true(json_object_object_get_ex(rule, "id", &id));
    assert_string_equal(json_object_get_string(id), "psk.hint-sent");
    json_object_put(rule);
    free(text);
}

static void test_markdown(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_true(explain_markdown_catalogue(out));
    fclose(out);
    for (int id = 0; id < (int)NUM_RULES; id++) {
        char heading[128];
        snprintf(heading, sizeof heading, "\n### `%s`\n", rule_get((enum rule_id)id)->id);
        assert_has(text, heading);
    }
    assert_has(text, "RSA\\_PSK");
    free(text);
}

/* What was typed, and what is proposed first; NULL: nothing. */
static const struct {
    const char *typed, *first;
} proposals[] = {
    {"psk.hint-send", "psk.hint-sent"},
    {"hint", "psk.hint-sent"},
    {"pfs.rsa", "pfs.rsa-key-exchange"},
    {"auth.anonymus", "auth.anonymous"},
    {"psk", "psk.identity-cleartext"},
    {"zzzzzz", NULL},
    {"", NULL},
};

static void test_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof proposals / sizeof proposals[0]; i++) {
        const struct rule *nearest[EXPLAIN_NEAREST];
        size_t num = explain_nearest(proposals[i].typed, nearest);
        if (proposals[i].first == NULL) {
            assert_int_equal(num, 0);
            continue;
        }
        assert_true(num >= 1 && num <= EXPLAIN_NEAREST);
        assert_string_equal(nearest[0]->id, proposals[i].first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),     cmocka_unit_test(test_titles_fit),
        cmocka_unit_test(test_catalogue), cmocka_unit_test(test_json),
        cmocka_unit_test(test_markdown),  cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
