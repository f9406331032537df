/* html_charts.c: the traffic in figures: versions and key exchanges, links, blast radius. */
#include "reports/html_bars.h"
#include "reports/html_page.h"
#include "reports/html_times.h"

#include "analysis/covert_report.h"
#include "analysis/link_report.h"
#include "reports/report_blast.h"
#include "reports/report_links.h"
#include "reports/report_places.h"
#include "reports/text.h"

#include <inttypes.h>

static struct reader list_of(struct span list)
{
    return reader_of(span_seen(list) ? list : span_text(""));
}

/* A name of the program's own, NUL-terminated. */
static const char *next_name(struct reader *names, char name[64])
{
    const struct span bytes = reader_span_vec8(names);
    snprintf(name, 64, "%.*s", (int)bytes.len, (const char *)bytes.at);
    return name;
}

/* "12 (30 %)" */
static const char *share(uint64_t part, uint64_t whole, char said[2 * TEXT_SMALL])
{
    char number[TEXT_SMALL], percent[TEXT_SMALL];
    snprintf(said, 2 * TEXT_SMALL, "%s (%s)", text_number(part, number),
             text_percent(part, whole, percent));
    return said;
}

static void put_versions(struct html *html, const struct session_mix *mix)
{
    struct reader names = list_of(mix->versions), counts = list_of(mix->version_sessions);
    const struct html_bars bars = {html, mix->sessions.value, {{"fill-part", NULL}}};
    html_section(html, "chart-versions", "h3", "Versions");
    html_bars_begin(&bars, "Sessions by the version that was negotiated", "Version", "Sessions");
    while (reader_more(&names)) {
        char name[64], said[2 * TEXT_SMALL];
        next_name(&names, name);
        const uint64_t sessions = reader_u64(&counts);
        html_bars_row(&bars, name, sessions, 0, share(sessions, mix->sessions.value, said));
    }
    html_bars_end(&bars);
    html_end(html);
}

static void put_exchanges(struct html *html, const struct session_mix *mix)
{
    struct reader names = list_of(mix->exchanges), counts = list_of(mix->exchange_sessions);
    struct reader forward = list_of(mix->exchange_forward);
    const struct html_bars bars = {html,
                                   mix->sessions.value,
                                   {{"fill-good", "with forward secrecy"},
                                    {"fill-bad", "without, or unknown: one leaked key may do"}}};
    html_section(html, "chart-key-exchange", "h3", "Key exchange");
    html_bars_begin(&bars, "Sessions by key exchange", "Key exchange", "Sessions");
    while (reader_more(&names)) {
        char name[64], said[2 * TEXT_SMALL];
        next_name(&names, name);
        const uint64_t sessions = reader_u64(&counts), fresh = reader_u64(&forward);
        html_bars_row(&bars, name, fresh, sessions - fresh,
                      share(sessions, mix->sessions.value, said));
    }
    html_bars_end(&bars);
    html_end(html);
}

static void put_link_kinds(struct html *html, const struct link_summary *link)
{
    struct reader kinds = list_of(link->kinds), identifiers = list_of(link->identifiers);
    struct reader alone = list_of(link->alone), without = list_of(link->without);
    const struct html_bars bars = {html, link->sessions.value, {{"fill-bad", NULL}}};
    if (!reader_more(&kinds))
        return;
    html_bars_begin(&bars,
                    "Sessions that each kind of identifier ties to others by itself, and how many "
                    "would remain linkable without it",
                    "Identifier", "Alone; without");
    while (reader_more(&kinds)) {
        char said[4 * TEXT_SMALL], self[TEXT_SMALL], rest[TEXT_SMALL];
        const uint64_t kind = reader_u8(&kinds), num = reader_u64(&identifiers);
        const uint64_t tied = reader_u64(&alone), left = reader_u64(&without);
        const char *name = link_kind_noun(kind, num);
        snprintf(said, sizeof said, "%s; %s", text_percent(tied, link->sessions.value, self),
                 text_percent(left, link->sessions.value, rest));
        html_bars_row(&bars, name != NULL ? name : "other", tied, 0, said);
    }
    html_bars_end(&bars);
}

static void put_links(const struct html_page *page)
{
    struct html *html = page->html;
    const struct link_summary *link = report_first_told(page->result, &observation_link_summary);
    char line[REPORT_LINKS_LINE];
    if (link == NULL || link->sessions.value == 0)
        return;
    html_section(html, "chart-links", "h3", "Links between sessions");
    report_links_line(page->result, line);
    html_leaf(html, "p", NULL, line[0] != '\0' ? line : "No session can be tied to another.");
    put_link_kinds(html, link);
    html_end(html);
}

static uint64_t most_opened(const struct result *result)
{
    uint64_t most = 0;
    for (size_t i = 0; i < result->num_told; i++) {
        const struct blast_radius *radius = result->told[i]->data;
        if (result->told[i]->type == &observation_blast_radius && radius->sessions.value > most)
            most = radius->sessions.value;
    }
    return most;
}

static void put_secret(const struct html_bars *bars, const struct blast_radius *radius,
                       struct redactor *redactor)
{
    struct sentence name = {.len = 0}, said = {.len = 0};
    char text[TEXT_SMALL];
    report_blast_secret(&name, radius, redactor);
    sentence_add(&said, "%s; ", text_number(radius->sessions.value, text));
    sentence_add(&said, "%s", text_bytes(radius->bytes.value, text));
    report_blast_hosts(&said, radius->clients, "client", "clients");
    html_bars_row(bars, name.text, radius->sessions.value, 0, said.text);
}

/* The secrets that open something: those that only stand for a server are in the other reports. */
static void put_blast(const struct html_page *page)
{
    enum { MOST_SHOWN = 15 };
    struct html *html = page->html;
    const struct html_bars bars = {html, most_opened(page->result), {{"fill-bad", NULL}}};
    uint64_t num = 0;
    if (bars.most == 0)
        return;
    html_begin(html, "section");
    html_attribute(html, "id", "chart-blast");
    html_class(html, "wide");
    html_leaf(html, "h3", NULL, "What one leaked secret opens");
    html_bars_begin(&bars, "Recorded sessions that each secret opens by itself", "Secret",
                    "Sessions; bytes, clients");
    for (size_t i = 0; i < page->result->num_told; i++) {
        const struct blast_radius *radius = page->result->told[i]->data;
        if (page->result->told[i]->type != &observation_blast_radius || radius->sessions.value == 0)
            continue;
        if (num++ < MOST_SHOWN)
            put_secret(&bars, radius, page->redactor);
    }
    html_bars_end(&bars);
    html_rest(html, num > MOST_SHOWN ? num - MOST_SHOWN : 0, "secret", "secrets");
    html_end(html);
}

static uint64_t most_conversations(const struct result *result)
{
    uint64_t most = 0;
    for (size_t i = 0; i < result->num_told; i++) {
        const struct place_summary *place = result->told[i]->data;
        if (result->told[i]->type == &observation_place_summary &&
            place->conversations.value > most)
            most = place->conversations.value;
    }
    return most;
}

static void put_place(const struct html_bars *bars, const struct place_summary *place,
                      struct redactor *redactor)
{
    struct sentence name = {.len = 0}, said = {.len = 0};
    char text[TEXT_SMALL];
    report_place_name(&name, place, redactor);
    sentence_add(&said, "%s; ", text_number(place->conversations.value, text));
    sentence_add(&said, "%s", text_bytes(place->bytes.value, text));
    html_bars_row(bars, name.text, place->encrypted.value, place->clear.value, said.text);
}

/* Whom somebody in each country and network sees. */
static void put_places(const struct html_page *page)
{
    enum { MOST_SHOWN = 15 };
    struct html *html = page->html;
    const struct html_bars bars = {
        html,
        most_conversations(page->result),
        {{"fill-good", "encrypted"}, {"fill-bad", "in clear; the rest is not known to be either"}}};
    uint64_t num = 0;
    if (bars.most == 0)
        return;
    html_begin(html, "section");
    html_attribute(html, "id", "chart-places");
    html_class(html, "wide");
    html_leaf(html, "h3", NULL, "Where far ends are");
    html_bars_begin(&bars, "Conversations that an observer in each country and network sees",
                    "Country, network", "Conversations; bytes");
    for (size_t i = 0; i < page->result->num_told; i++)
        if (page->result->told[i]->type == &observation_place_summary && num++ < MOST_SHOWN)
            put_place(&bars, page->result->told[i]->data, page->redactor);
    html_bars_end(&bars);
    html_rest(html, num > MOST_SHOWN ? num - MOST_SHOWN : 0, "place", "places");
    html_end(html);
}

static uint64_t most_bits(const struct result *result)
{
    uint64_t most = 0;
    for (size_t i = 0; i < result->num_told; i++) {
        const struct covert_capacity *capacity = result->told[i]->data;
        if (result->told[i]->type == &observation_covert_capacity && capacity->bits.value > most)
            most = capacity->bits.value;
    }
    return most;
}

/* "1,234; 12 a session; 2 of 7 endpoints" */
static void put_field(const struct html_bars *bars, const struct covert_capacity *capacity)
{
    struct sentence said = {.len = 0};
    char text[TEXT_SMALL];
    sentence_add(&said, "%s; ", text_number(capacity->bits.value, text));
    sentence_add(&said, "%s a session", text_number(capacity->bits_per_session.value, text));
    if (capacity->endpoints_tested.value > 0)
        sentence_add(&said, "; %" PRIu64 " of %" PRIu64, capacity->endpoints_departed.value,
                     capacity->endpoints_tested.value);
    html_bars_row(bars, capacity->field, capacity->bits.value, 0, said.text);
}

/* The ledger of free fields. */
static void put_covert(const struct html_page *page)
{
    struct html *html = page->html;
    const struct html_bars bars = {html, most_bits(page->result), {{"fill-part", NULL}}};
    if (bars.most == 0)
        return;
    html_begin(html, "section");
    html_attribute(html, "id", "chart-covert");
    html_class(html, "wide");
    html_leaf(html, "h3", NULL, "What fields could carry that endpoints fill freely");
    html_bars_begin(&bars,
                    "Bits that each field offered in this traffic, whether or not anybody used "
                    "them, and how many of the endpoints that were tested depart from the model",
                    "Field", "Bits; a session; endpoints that depart");
    for (size_t i = 0; i < page->result->num_told; i++) {
        const struct covert_capacity *capacity = page->result->told[i]->data;
        if (page->result->told[i]->type == &observation_covert_capacity && capacity->bits.value > 0)
            put_field(&bars, capacity);
    }
    html_bars_end(&bars);
    html_end(html);
}

void html_charts(const struct html_page *page)
{
    struct html *html = page->html;
    const struct session_mix *mix = report_first_told(page->result, &observation_session_mix);
    if (page->result->engine.frames == 0)
        return;
    html_section(html, "figures", "h2", "The traffic in figures");
    html_begin(html, "div");
    html_class(html, "charts");
    if (mix != NULL && mix->sessions.value > 0) {
        put_exchanges(html, mix);
        put_versions(html, mix);
    }
    put_links(page);
    put_blast(page);
    put_places(page);
    put_covert(page);
    html_times(page, mix);
    html_end(html);
    html_end(html);
}
