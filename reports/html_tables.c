/* html_tables.c: what else the report has: installs of devices, constrained devices, inputs, and what was not seen. */
#include "reports/html_page.h"

#include "reports/report_install.h"
#include "reports/report_iot.h"
#include "reports/text.h"

#include <inttypes.h>

static void put_cell(struct html *html, const char *label, const char *text)
{
    html_begin(html, "td");
    html_attribute(html, "data-label", label);
    html_text(html, text);
    html_end(html);
}

static void put_installs(const struct html_page *page)
{
    struct html *html = page->html;
    const uint64_t num = report_num_told(page->result, &observation_install_transaction);
    uint64_t listed = 0;
    if (num == 0)
        return;
    html_section(html, "installs", "h2", "Installs of devices");
    html_begin(html, "ul");
    html_class(html, "plain");
    for (size_t i = 0; i < page->result->num_told && listed < HTML_MOST_ROWS; i++) {
        struct report_install install;
        if (page->result->told[i]->type != &observation_install_transaction)
            continue;
        report_install_words(&install, page->result->told[i]->data, page->redactor);
        html_begin(html, "li");
        html_leaf(html, "p", NULL, install.device.text);
        html_leaf(html, "p", "quiet", install.servers.text);
        html_leaf(html, "p", "quiet", install.files.text);
        html_end(html);
        listed++;
    }
    html_end(html);
    html_rest(html, num - listed, "install", "installs");
    html_end(html);
}

static void put_endpoint(const struct html_page *page, const struct iot_profile *profile)
{
    struct html *html = page->html;
    struct sentence broken = {.len = 0}, met = {.len = 0};
    char text[TEXT_SMALL];
    const struct value address = {.type = VALUE_ADDRESS, .bytes = profile->address};
    html_begin(html, "tr");
    const struct shown shown = redact(page->redactor, &address, PRIVACY_ADDRESS, NULL);
    html_begin(html, "td");
    html_attribute(html, "data-label", "Endpoint");
    html_text_of(html, "%s ", profile->role);
    html_leaf(html, "bdi", "value", shown.type == SHOWN_TEXT ? shown.text : "(hidden)");
    if (profile->port.seen)
        html_text_of(html, " port %" PRIu64, profile->port.value);
    html_end(html);
    put_cell(html, "Handshakes", text_number(profile->handshakes.value, text));
    report_iot_checks(&broken, "", profile, false);
    report_iot_checks(&met, "", profile, true);
    put_cell(html, "Broken", broken.len > 0 ? broken.text : "none");
    put_cell(html, "Met", met.len > 0 ? met.text : "none");
    html_end(html);
}

static void put_iot(const struct html_page *page)
{
    static const char *const heads[] = {"Endpoint", "Handshakes",
                                        "Broken (handshakes, first packet)", "Met"};
    struct html *html = page->html;
    const uint64_t num = report_num_told(page->result, &observation_iot_profile);
    uint64_t listed = 0;
    if (num == 0)
        return;
    html_section(html, "iot", "h2",
                 "Constrained devices and the profiles of TLS and DTLS for them");
    html_begin(html, "table");
    html_class(html, "cards");
    html_leaf(html, "caption", NULL,
              "Requirements of RFC 7925 and its successors, as far as they are seen on the wire");
    html_heads(html, heads, NULL, sizeof heads / sizeof heads[0]);
    html_begin(html, "tbody");
    for (size_t i = 0; i < page->result->num_told && listed < HTML_MOST_ROWS; i++) {
        if (page->result->told[i]->type != &observation_iot_profile)
            continue;
        put_endpoint(page, page->result->told[i]->data);
        listed++;
    }
    html_end(html);
    html_end(html);
    html_rest(html, num - listed, "endpoint", "endpoints");
    html_end(html);
}

/* A name is the user's own, but what it can do to a page is not. */
static void put_outside(const struct html_page *page, const char *label, const char *text)
{
    const struct value value = {.type = VALUE_STRING, .bytes = span_text(text)};
    const struct shown shown = redact(page->redactor, &value, PRIVACY_PUBLIC, NULL);
    html_begin(page->html, "td");
    html_attribute(page->html, "data-label", label);
    html_leaf(page->html, "bdi", "value", shown.type == SHOWN_TEXT ? shown.text : "");
    html_end(page->html);
}

static void put_input(const struct html_page *page, const struct input_info *input)
{
    struct html *html = page->html;
    char text[TEXT_SMALL];
    html_begin(html, "tr");
    put_outside(page, "Input", strcmp(input->path, "-") == 0 ? "standard input" : input->path);
    put_cell(html, "Format", input->format != NULL ? input->format : "");
    put_cell(html, "Frames", text_number(input->frames, text));
    put_cell(html, "From", input->last_ns > 0 ? text_second(input->first_ns, text) : "");
    put_cell(html, "To", input->last_ns > 0 ? text_second(input->last_ns, text) : "");
    put_outside(page, "Complete", input->damage[0] == '\0' ? "yes" : input->damage);
    html_end(html);
}

static void put_inputs(const struct html_page *page)
{
    static const char *const heads[] = {"Input", "Format", "Frames", "From", "To", "Complete"};
    struct html *html = page->html;
    size_t num = page->result->num_inputs, listed = num < HTML_MOST_ROWS ? num : HTML_MOST_ROWS;
    html_section(html, "inputs", "h2", "Inputs");
    html_begin(html, "table");
    html_class(html, "cards");
    html_heads(html, heads, NULL, sizeof heads / sizeof heads[0]);
    html_begin(html, "tbody");
    for (size_t i = 0; i < listed; i++)
        put_input(page, &page->result->inputs[i]);
    html_end(html);
    html_end(html);
    html_rest(html, num - listed, "input", "inputs");
    html_end(html);
}

static void put_filtered(struct html *html, uint64_t num)
{
    char text[TEXT_SMALL * 2];
    html_begin(html, "p");
    html_text_of(html, "The filter left %s out.", text_count(num, "packet", "packets", text));
    html_end(html);
}

static void put_limits(const struct html_page *page)
{
    const uint64_t filtered = report_filtered(page->result);
    struct report_limit limits[REPORT_MAX_LIMITS];
    struct html *html = page->html;
    size_t num;
    report_limits(page->result, limits, &num);
    html_section(html, "limits", "h2", "What was not seen whole");
    if (filtered > 0)
        put_filtered(html, filtered);
    if (num == 0)
        html_leaf(html, "p", NULL,
                  filtered > 0
                      ? "Every other packet of the inputs was read, and no bound was reached. What "
                        "did not pass the capture point was not seen."
                      : "Every packet of the inputs was read, and no bound was reached. What did "
                        "not pass the capture point was not seen.");
    else
        html_begin(html, "ul");
    for (size_t i = 0; i < num; i++) {
        char text[TEXT_SMALL * 2];
        html_leaf(html, "li", NULL,
                  text_count(limits[i].count, limits[i].one, limits[i].many, text));
    }
    if (num > 0)
        html_end(html);
    html_end(html);
}

void html_tables(const struct html_page *page)
{
    put_installs(page);
    put_iot(page);
    put_inputs(page);
    put_limits(page);
}
