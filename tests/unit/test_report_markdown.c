/* test_report_markdown.c: Markdown for comments: nothing of the traffic is markup, and it has room in a comment. */
#include "report_sample.h"
#include "reports/markdown_writer.h"

static const struct report_style plain = {.width = 0};

enum { COMMENT_BYTES = 65536 };

static void test_text(void **state)
{
    (void)state;
    struct sentence line = {.len = 0};
    markdown_text(&line, "a*b_c `d` <e> [f](g) #1 @h | i\\ & 5.1-2");
    assert_string_equal(
        line.text,
        "a\\*b\\_c \\`d\\` \\<e\\> \\[f\\]\\(g\\) \\#<!-- -->1 \\@<!-- -->h \\| i\\\\ \\& 5.1-2");
}

static void test_code(void **state)
{
    (void)state;
    static const struct {
        const char *value, *span;
        size_t columns;
    } rows[] = {{"jo@x", "`jo@x`", 100},     {"", "`(empty)`", 100},
                {"a`b", "`` a`b ``", 100},   {"``", "``` `` ```", 100},
                {" a", "`  a `", 100},       {"a ", "` a  `", 100},
                {"<b>|\\", "`<b>|\\`", 100}, {"abcdefghij", "`abcde...`", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sentence line = {.len = 0};
        markdown_code(&line, rows[i].value, rows[i].columns);
        assert_string_equal(line.text, rows[i].span);
    }
}

/* A line that does not fit is not begun; the reserve is for what has to end. */
static void test_bound(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len;
    struct markdown markdown = {.out = open_memstream(&text, &len), .left = MARKDOWN_RESERVE + 8};
    assert_true(markdown_line(&markdown, "1234"));
    assert_false(markdown_line(&markdown, "123"));
    assert_true(markdown_line(&markdown, "12"));
    assert_false(markdown_line(&markdown, ""));
    markdown_end_line(&markdown, "end");
    fclose(markdown.out);
    assert_string_equal(text, "1234\n12\nend\n");
    free(text);
}

/* Headings of what is folded up are HTML: titles and ids of rules have nothing that is markup there. */
static void test_titles(void **state)
{
    (void)state;
    for (int id = 0; id < (int)NUM_RULES; id++) {
        const struct rule *rule = rule_get((enum rule_id)id);
        assert_null(strpbrk(rule->title, "<>&@"));
        assert_null(strpbrk(rule->id, "<>&@"));
    }
}

static void test_report(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    sample->inputs[0].path = "a`@b|.pcap";
    struct finding *finding = sample_identity(sample, span_text("<b>|@jo`"));
    finding->confidence = CONFIDENCE_LIKELY;
    finding->evidence[0] =
        (struct evidence){.name = "key_exchange",
                          .privacy = PRIVACY_PUBLIC,
                          .value = {.type = VALUE_STRING, .bytes = span_text("RSA")}};
    finding->num_evidence = 1;
    char *text = sample_written(sample, &report_markdown, &plain);
    static const char *const parts[] = {
        "## What an observer learns",
        "\n`` a`@b|.pcap ``\n",
        "| **high** | PSK identity readable on the wire (1 identity) | ",
        "| Passive | 1 | high | encryption, anonymisation |\n",
        "| Content exfiltration | - | not looked for | object encryption |\n",
        "<details><summary>high: PSK identity readable on the wire (psk.identity-cleartext, 1 "
        "identity)</summary>\n\n",
        "- identity `` <b>|@jo` ``, high, 1 time, likely, first in packet 7; key\\_exchange "
        "`RSA`\n",
        "**What to do:** Give clients"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_has(text, parts[i]);
    assert_has_not(text, "would not fit");
    free(text);
    sample_free(sample);
}

static unsigned count(const char *text, const char *part)
{
    unsigned num = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        num++;
    return num;
}

/* All rules at once, with long values: what does not fit is counted, and all that was begun is ended. */
static void test_full(void **state)
{
    (void)state;
    char value[2000];
    memset(value, '`', sizeof value);
    struct sample *sample = sample_new(POLICY_RAW);
    for (int i = 0; i < SAMPLE_MAX; i++) {
        const struct rule *rule = rule_get((enum rule_id)(i % (int)NUM_RULES));
        struct finding *finding = sample_server(sample, rule->id, SEVERITY_HIGH);
        for (; finding->num_evidence < FINDING_MAX_EVIDENCE; finding->num_evidence++)
            finding->evidence[finding->num_evidence] = (struct evidence){
                .name = "evidence",
                .privacy = PRIVACY_PUBLIC,
                .value = {.type = VALUE_STRING, .bytes = span_of(value, sizeof value)}};
    }
    char *text = sample_written(sample, &report_markdown, &plain);
    assert_true(strlen(text) <= COMMENT_BYTES);
    assert_true(strlen(text) > COMMENT_BYTES / 2);
    assert_int_equal(count(text, "<details>"), count(text, "</details>"));
    assert_has(text, " findings more would not fit a comment: `--report json:FILE` lists all.\n");
    free(text);
    sample_free(sample);
}

static void test_nothing(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    char *text = sample_written(sample, &report_markdown, &plain);
    assert_has(text, "No finding");
    assert_has_not(text, "### Findings");
    free(text);
    sample->result.engine = (struct engine_stats){0};
    sample->inputs[0].first_ns = sample->inputs[0].last_ns = 0;
    text = sample_written(sample, &report_markdown, &plain);
    assert_string_equal(text, "## What an observer learns from this traffic\n\n`a.pcap`\n\n"
                              "0 packets\n\nNo packet was read: there is nothing to tell.\n\n");
    free(text);
    sample_free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_code),   cmocka_unit_test(test_bound),
        cmocka_unit_test(test_titles),  cmocka_unit_test(test_report), cmocka_unit_test(test_full),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests_name("report_markdown", tests, NULL, NULL);
}
