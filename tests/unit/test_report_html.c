/* test_report_html.c: HTML is escaped and well-formed, and the page has what it promises and no more than it may. */
#include "analysis/blast_radius.h"
#include "analysis/covert_report.h"
#include "analysis/link_report.h"
#include "analysis/places.h"
#include "analysis/session_mix.h"
#include "core/crypto.h"
#include "report_sample.h"
#include "reports/base64.h"
#include "reports/html_assets.h"
#include "reports/html_page.h"

static const struct report_style plain = {.width = 0};

/* What |write| writes; the caller frees it. */
static char *written_by(void (*write)(struct html *html))
{
    char *text = NULL;
    size_t len;
    struct html html = {.out = open_memstream(&text, &len)};
    assert_non_null(html.out);
    write(&html);
    assert_int_equal(html.depth, 0);
    assert_int_equal(fclose(html.out), 0);
    return text;
}

static void write_hostile(struct html *html)
{
    html_begin(html, "p");
    html_attribute(html, "title", "\"><script>'&");
    html_text(html, "</p><script>alert(1)</script>&lt;");
    html_text(html, "a\033b\x7f\n\xffz\xe2\x80\xaey\xd7\x90");
    html_end(html);
}

static void test_escape(void **state)
{
    (void)state;
    char *text = written_by(write_hostile);
    assert_string_equal(text, "<p title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\">"
                              "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;"
                              "a\xef\xbf\xbd"
                              "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbdy\xd7\x90</p>\n");
    free(text);
}

static void write_nested(struct html *html)
{
    html_begin(html, "div");
    html_begin(html, "br");
    html_end(html);
    html_begin(html, "td");
    html_end(html);
    html_link(html, "x", "f%d", 3);
    html_asset(html, "style", "p > a { }");
    html_end(html);
}

static void test_elements(void **state)
{
    (void)state;
    char *text = written_by(write_nested);
    assert_string_equal(text,
                        "<div><br/><td></td><a href=\"#f3\">x</a><style>p > a { }</style></div>\n");
    free(text);
}

/* The policy allows the style and the script that are there. */
static void test_policy(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    char *text = sample_written(sample, &report_html, &plain);
    const char *const assets[] = {html_style, html_script};
    const char *const sources[] = {"style-src 'sha256-", "script-src 'sha256-"};
    for (size_t i = 0; i < 2; i++) {
        uint8_t hash[CRYPTO_SHA256_LEN];
        char base64[BASE64_SIZE(CRYPTO_SHA256_LEN)], source[128];
        assert_true(crypto_sha256(span_text(assets[i]), hash));
        base64_put(span_of(hash, sizeof hash), base64);
        snprintf(source, sizeof source, "%s%s'", sources[i], base64);
        for (char *quote = source; (quote = strchr(quote, '\'')) != NULL;) { /* as in HTML */
            memmove(quote + 5, quote + 1, strlen(quote));
            memcpy(quote, "&#39;", 5);
        }
        assert_has(text, source);
        assert_has(text, assets[i]);
    }
    assert_has(text, "default-src &#39;none&#39;;");
    assert_has_not(text, " style=\"");
    free(text);
    sample_free(sample);
}

static void test_nothing(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    char *text = sample_written(sample, &report_html, &plain);
    assert_has(text, "No finding");
    assert_has(text, "id=\"class-content-exfiltration\"");
    assert_has(text, "not looked for");
    assert_has_not(text, "id=\"findings\"");
    free(text);
    sample->result.engine = (struct engine_stats){0};
    sample->inputs[0].first_ns = sample->inputs[0].last_ns = 0;
    snprintf(sample->inputs[0].damage, sizeof sample->inputs[0].damage, "a<b is cut");
    text = sample_written(sample, &report_html, &plain);
    assert_has(text, "No packet was read");
    assert_has(text, "a&lt;b is cut");
    assert_has_not(text, "id=\"figures\"");
    free(text);
    sample_free(sample);
}

/* Each finding leads to its evidence and to its remedy. */
static void test_finding(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    struct finding *finding = sample_identity(sample, span_text("<b>jo"));
    finding->reason = "It is so.";
    finding->evidence[0] =
        (struct evidence){.name = "identity",
                          .privacy = PRIVACY_IDENTIFIER,
                          .kind = "psk",
                          .value = {.type = VALUE_STRING, .bytes = span_text("\"'&")}};
    finding->num_evidence = 1;
    char *text = sample_written(sample, &report_html, &plain);
    static const char *const parts[] = {
        "href=\"#f0\"",
        "<li id=\"f0\">",
        "href=\"#do-psk.identity-cleartext\"",
        "<div id=\"do-psk.identity-cleartext\"><p><strong>What to do.</strong>",
        "identity <bdi class=\"value\">&lt;b&gt;jo</bdi>",
        "<dt>identity</dt><dd><bdi class=\"value\">&quot;&#39;&amp;</bdi></dd>",
        "It is so.",
        "<strong>Do first: </strong>Give clients random identities"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_has(text, parts[i]);
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

/* A flood of one rule leaves room for the others, and what is left out is said. */
static void test_bound(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_RAW);
    struct finding *many = calloc(100000, sizeof *many);
    assert_non_null(many);
    const struct finding *first = sample_server(sample, "auth.weak-cipher", SEVERITY_HIGH);
    const struct finding *second = sample_server(sample, "psk.no-sni", SEVERITY_LOW);
    for (size_t i = 0; i < 100000; i++)
        many[i] = i < 99990 ? *first : *second;
    sample->result.findings = many;
    sample->result.num_findings = 100000;
    char *text = sample_written(sample, &report_html, &plain);
    assert_int_equal(count(text, "<li id=\"f"), HTML_MOST_FINDINGS);
    assert_int_equal(count(text, "<tr role=\"row\""), HTML_MOST_FINDINGS);
    assert_has(text, "<li id=\"f99999\">");
    /* "First seen" is sorted by time: packets are counted in each input anew. */
    assert_has(text, "data-value=\"1700000001000000\">2023-11-14 22:13:21Z, packet 7<");
    assert_has(text, "Not listed here, to keep the page small: 99,000 findings;");
    assert_has(text, ": 99,000 findings of this rule;");
    assert_true(strlen(text) < 4 << 20);
    free(text);
    free(many);
    sample_free(sample);
}

/* Charts tell the same in words. */
static void test_charts(void **state)
{
    (void)state;
    static const uint8_t names[] = "\x07TLS 1.2\x07TLS 1.3", exchange[] = "\x03RSA";
    static const uint8_t counts[16] = {0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t four[8] = {0, 0, 0, 0, 0, 0, 0, 4}, kind[1] = {0};
    uint8_t slot[8];
    struct sample *sample = sample_new(POLICY_RAW);
    for (size_t i = 0; i < 8; i++)
        slot[i] = (uint8_t)(sample->inputs[0].first_ns >> (56 - 8 * i));
    const struct session_mix mix = {.sessions = number(4),
                                    .versions = span_of(names, sizeof names - 1),
                                    .version_sessions = span_of(counts, 16),
                                    .exchanges = span_of(exchange, sizeof exchange - 1),
                                    .exchange_sessions = span_of(four, 8),
                                    .exchange_forward = span_of(counts, 8),
                                    .slot_ns = number(1000000),
                                    .slots = span_of(slot, 8),
                                    .slot_sessions = span_of(four, 8),
                                    .slot_open = span_of(counts, 8)};
    const struct blast_radius radius = {.psk_identity = span_text("</th>lamp"),
                                        .sessions = number(4),
                                        .bytes = number(1234),
                                        .clients = number(2)};
    const struct link_summary link = {.sessions = number(4),
                                      .linkable = number(2),
                                      .kinds = span_of(kind, 1),
                                      .identifiers = span_of(counts, 8),
                                      .alone = span_of(four, 8),
                                      .without = span_of(counts + 8, 8)};
    const struct place_summary place = {.country = span_text("DE"),
                                        .as_number = number(64496),
                                        .as_organization = span_text("<i>Net"),
                                        .conversations = number(10),
                                        .encrypted = number(5),
                                        .clear = number(2),
                                        .bytes = number(99)};
    const struct covert_capacity capacity = {.field = "ip-id",
                                             .bits = number(4096),
                                             .bits_per_session = number(512),
                                             .endpoints_tested = number(7),
                                             .endpoints_departed = number(2)};
    const struct observation all[] = {{&observation_session_mix, &mix},
                                      {&observation_blast_radius, &radius},
                                      {&observation_link_summary, &link},
                                      {&observation_place_summary, &place},
                                      {&observation_covert_capacity, &capacity}};
    const struct observation *told[] = {&all[0], &all[1], &all[2], &all[3], &all[4]};
    sample->result.told = told;
    sample->result.num_told = 5;
    char *text = sample_written(sample, &report_html, &plain);
    static const char *const parts[] = {
        "TLS 1.2</th><td class=\"bar\"><svg",
        "<rect class=\"fill-part\" width=\"750.0\" height=\"10.0\"></rect>",
        "3 (75 %)</td>",
        "<rect class=\"fill-bad\" x=\"750.0\" width=\"250.0\" height=\"10.0\"></rect>",
        "PSK of &lt;/th&gt;lamp</th>",
        "4; 1.2 kB, 2 clients</td>",
        "100 %; 25 %</td>",
        "DE, AS64496 &lt;i&gt;Net</th>",
        "<rect class=\"fill-bad\" x=\"500.0\" width=\"200.0\" height=\"10.0\"></rect>",
        "10; 99 bytes</td>",
        "ip-id</th>",
        "4,096; 512 a session; 2 of 7</td>",
        "role=\"img\" aria-label=\"Time line: at most 4 sessions",
        "<td>2023-11-14T22:13:20.000000000Z</td><td>4</td><td>3</td><td>0</td>"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_has(text, parts[i]);
    free(text);
    sample_free(sample);
}

/* The same result gives the same bytes. */
static void test_same_bytes(void **state)
{
    (void)state;
    struct sample *sample = sample_new(POLICY_STRICT);
    for (int i = 0; i < 20; i++)
        sample_server(sample, "pfs.rsa-key-exchange", SEVERITY_HIGH);
    char *first = sample_written(sample, &report_html, &plain);
    char *second = sample_written(sample, &report_html, &plain);
    assert_string_equal(first, second);
    free(first);
    free(second);
    sample_free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),  cmocka_unit_test(test_elements),
        cmocka_unit_test(test_policy),  cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_finding), cmocka_unit_test(test_bound),
        cmocka_unit_test(test_charts),  cmocka_unit_test(test_same_bytes),
    };
    return cmocka_run_group_tests_name("report_html", tests, NULL, NULL);
}
