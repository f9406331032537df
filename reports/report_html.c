/* report_html.c: the report as one page of HTML for a browser without a network: the worst on one screen, figures, the
 * five classes of attack, every finding with its evidence and its remedy. It works without a script, and has one for
 * sorting and filtering; a content security policy allows that, the style, and nothing else. */
#include "reports/report.h"

#include "core/crypto.h"
#include "reports/base64.h"
#include "reports/html_assets.h"
#include "reports/html_page.h"
#include "reports/report_words.h"
#include "reports/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void html_section(struct html *html, const char *id, const char *level, const char *heading)
{
    html_begin(html, "section");
    html_attribute(html, "id", id);
    html_leaf(html, level, NULL, heading);
}

void html_severity(struct html *html, enum severity severity)
{
    html_begin(html, "span");
    html_attribute_of(html, "class", "severity %s", severity_name(severity));
    html_text(html, severity_name(severity));
    html_end(html);
}

void html_rest(struct html *html, uint64_t num, const char *one, const char *many)
{
    struct sentence line = {.len = 0};
    if (num == 0)
        return;
    sentence_add(&line, "Not listed here, to keep the page small: ");
    report_words_count(&line, num, one, many);
    sentence_add(&line, "; --report json:FILE lists all.");
    html_leaf(html, "p", "quiet", line.text);
}

/* The most findings of one rule that leave room for all rules. */
static uint64_t share_findings(const struct report_group *groups, size_t num)
{
    uint64_t most = 1;
    for (;; most++) {
        uint64_t sum = 0;
        bool more = false;
        for (size_t i = 0; i < num; i++) {
            sum += groups[i].num < most ? groups[i].num : most;
            more |= groups[i].num > most;
        }
        if (sum > HTML_MOST_FINDINGS)
            return most > 1 ? most - 1 : 1;
        if (!more)
            return most;
    }
}

enum { HASH_SOURCE_SIZE = BASE64_SIZE(CRYPTO_SHA256_LEN) };

static bool hash_source(const char *content, char base64[HASH_SOURCE_SIZE])
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    if (!crypto_sha256(span_text(content), hash))
        return false;
    base64_put(span_of(hash, sizeof hash), base64);
    return true;
}

/* Content Security Policy Level 3: only the style and the script with these hashes, and no network. */
static bool put_policy(struct html *html)
{
    char style[HASH_SOURCE_SIZE], script[HASH_SOURCE_SIZE];
    if (!hash_source(html_style, style) || !hash_source(html_script, script))
        return false;
    html_begin(html, "meta");
    html_attribute(html, "http-equiv", "Content-Security-Policy");
    html_attribute_of(html, "content",
                      "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
                      "base-uri 'none'; form-action 'none'",
                      style, script);
    html_end(html);
    return true;
}

static void put_meta(struct html *html, const char *name, const char *content)
{
    html_begin(html, "meta");
    html_attribute(html, "name", name);
    html_attribute(html, "content", content);
    html_end(html);
}

static bool put_head(struct html *html, const struct result *result)
{
    char generator[64];
    html_begin(html, "head");
    html_begin(html, "meta");
    html_attribute(html, "charset", "utf-8");
    html_end(html);
    if (!put_policy(html)) /* before everything that it is for */
        return false;
    put_meta(html, "viewport", "width=device-width, initial-scale=1");
    put_meta(html, "referrer", "no-referrer");
    put_meta(html, "color-scheme", "light dark");
    snprintf(generator, sizeof generator, "perpass %s", result->version);
    put_meta(html, "generator", generator);
    html_leaf(html, "title", NULL, "What an observer learns - perpass");
    html_asset(html, "style", html_style);
    html_end(html);
    return true;
}

/* The names of the inputs: of many the first. */
static void put_names(const struct html_page *page)
{
    struct html *html = page->html;
    const struct result *result = page->result;
    for (size_t i = 0; i < result->num_inputs && i < 3; i++) {
        const char *path =
            strcmp(result->inputs[i].path, "-") == 0 ? "standard input" : result->inputs[i].path;
        const struct value name = {.type = VALUE_STRING, .bytes = span_text(path)};
        const struct shown shown = redact(page->redactor, &name, PRIVACY_PUBLIC, NULL);
        if (i > 0)
            html_text(html, ", ");
        html_leaf(html, "bdi", "value", shown.type == SHOWN_TEXT ? shown.text : "");
    }
    if (result->num_inputs > 3)
        html_text_of(html, " and %zu more", result->num_inputs - 3);
}

static void put_sentence(struct html *html, const struct sentence *line)
{
    if (line->len > 0)
        html_leaf(html, "p", NULL, line->text);
}

static void put_header(const struct html_page *page)
{
    struct html *html = page->html;
    struct sentence traffic = {.len = 0}, sessions = {.len = 0}, installs = {.len = 0},
                    limits = {.len = 0}, privacy = {.len = 0}, baseline = {.len = 0};
    report_words_baseline(&baseline, page->result, page->redactor);
    report_words_traffic(&traffic, page->result);
    if (page->result->engine.frames > 0) {
        report_words_sessions(&sessions, page->result);
        report_words_installs(&installs, page->result);
    }
    report_words_limits(&limits, page->result);
    report_words_privacy(&privacy, page->result, page->redactor);
    html_begin(html, "header");
    html_leaf(html, "h1", NULL, "What an observer learns from this traffic");
    html_begin(html, "p");
    put_names(page);
    html_end(html);
    put_sentence(html, &traffic);
    put_sentence(html, &sessions);
    put_sentence(html, &installs);
    put_sentence(html, &baseline);
    put_sentence(html, &limits);
    if (privacy.len > 0)
        html_leaf(html, "p", "quiet", privacy.text);
    html_end(html);
}

static void put_entry(struct html *html, const char *text, const char *id)
{
    html_begin(html, "li");
    html_link(html, text, "%s", id);
    html_end(html);
}

static void put_contents(const struct html_page *page)
{
    struct html *html = page->html;
    const bool any = page->result->engine.frames > 0;
    html_begin(html, "nav");
    html_class(html, "contents");
    html_attribute(html, "aria-label", "Contents");
    html_begin(html, "ul");
    put_entry(html, "The worst", "worst");
    if (any)
        put_entry(html, "Figures", "figures");
    for (int i = ATTACK_PASSIVE; any && i <= ATTACK_CONTENT; i++) {
        char id[64];
        snprintf(id, sizeof id, "class-%s", attack_class_id((enum attack_class)i));
        put_entry(html, attack_class_name((enum attack_class)i), id);
    }
    if (page->num_groups > 0) {
        put_entry(html, "Findings", "findings");
        put_entry(html, "Evidence and remedies", "rules");
    }
    put_entry(html, "Inputs", "inputs");
    put_entry(html, "Not seen", "limits");
    html_end(html);
    html_end(html);
}

static void put_body(const struct html_page *page)
{
    struct html *html = page->html;
    html_begin(html, "body");
    html_begin(html, "a");
    html_class(html, "skip");
    html_attribute(html, "href", "#worst");
    html_text(html, "To the findings that matter most");
    html_end(html);
    put_header(page);
    put_contents(page);
    html_begin(html, "main");
    html_worst(page);
    html_charts(page);
    html_threats(page);
    html_findings(page);
    html_tables(page);
    html_end(html);
    html_begin(html, "footer");
    html_begin(html, "p");
    html_text_of(html, "Made by perpass %s under the privacy policy %s.", page->result->version,
                 privacy_policy_name(redactor_policy(page->redactor)));
    html_end(html);
    html_end(html);
    html_asset(html, "script", html_script);
    html_end(html);
}

static bool write_page(const struct html_page *page, struct error *error)
{
    struct html *html = page->html;
    html_document(html);
    html_begin(html, "html");
    html_attribute(html, "lang", "en");
    if (!put_head(html, page->result))
        return error_set(error, "libcrypto gives no hash for the policy of the page");
    put_body(page);
    html_end(html);
    return !ferror(html->out) || error_set(error, "%s", strerror(errno));
}

static bool html_write(FILE *out, const struct result *result, struct redactor *redactor,
                       const struct report_style *style, struct error *error)
{
    (void)style;
    struct threat_model model;
    struct html html = {.out = out};
    struct html_page page = {
        .html = &html, .result = result, .redactor = redactor, .model = &model};
    struct report_group *groups = report_groups(result, &page.num_groups);
    bool ok = groups != NULL && threat_model_make(&model, result);
    if (ok) {
        page.groups = groups;
        page.most = share_findings(groups, page.num_groups);
        ok = write_page(&page, error);
    } else {
        error_set(error, "there is no memory");
    }
    free(groups);
    return ok;
}

const struct report_format report_html = {
    .name = "html", .suffixes = ".html .htm", .write = html_write};
