/* cleartext_dns.c: names that hosts ask for in clear (RFC 9076), and those that ask encrypted: over TLS (RFC 7858),
 * QUIC (RFC 9250) or HTTPS (RFC 8484). Bounded: of eight hosts the one that was quiet longest gives way. */
#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "analysis/home_nets.h"

#include "dissectors/dns.h"
#include "dissectors/starttls_words.h"
#include "dissectors/tls.h"

#include <string.h>

enum { MOST_HOSTS = 32768, MOST_NAMES = 131072, DNS_OVER_TLS_PORT = 853 };
enum { NAME_QUESTION, NAME_RESOLVER };

struct host {
    uint64_t names, resolvers;
};

struct state {
    struct bounded_table *hosts, *seen; /* made with the first */
};

static bool make_tables(struct analyze_context *context)
{
    struct state *state = context->state;
    if (state->hosts == NULL)
        state->hosts = bounded_table_new(MOST_HOSTS, sizeof(struct host));
    if (state->seen == NULL)
        state->seen = bounded_table_new(MOST_NAMES, 1);
    if (state->hosts != NULL && state->seen != NULL)
        return true;
    analysis_totals(context)->table_evictions++;
    return false;
}

/* Whether the host |name| is seen with |other| for the first time. */
static bool is_new(struct analyze_context *context, unsigned kind, uint64_t name, uint64_t other)
{
    struct state *state = context->state;
    const uint64_t words[2] = {name, other};
    const struct bounded_place place = bounded_table_place(
        state->seen, analysis_name(context, kind, span_of(words, sizeof words)));
    analysis_totals(context)->table_evictions += place.pushed_out;
    return !place.known;
}

/* Names are the same whatever their case (RFC 4343), which resolvers choose at random. */
static uint64_t question_name(const struct analyze_context *context, struct span name)
{
    uint8_t lower[DNS_MAX_NAME];
    size_t len = name.len < sizeof lower ? name.len : sizeof lower;
    for (size_t i = 0; i < len; i++)
        lower[i] = ascii_lower(name.at[i]);
    return analysis_name(context, NAME_QUESTION, span_of(lower, len));
}

/* Whether the question leaves the operator's own networks. */
static bool goes_outside(const struct analyze_context *context, struct span resolver)
{
    const struct home_nets *home = analysis_home_nets(context);
    if (home->num > 0 && home_nets_have(home, resolver))
        return false;
    return address_scope(resolver) == ADDRESS_EVERYWHERE;
}

static void on_message(struct analyze_context *context, const struct dns_message *message)
{
    const struct flow *flow = context->observation->flow;
    struct state *state = context->state;
    if (strcmp(message->service, "dns") != 0 || !make_tables(context))
        return;
    const uint64_t name = analysis_address_name(context, flow->client);
    const struct bounded_place place = bounded_table_place(state->hosts, name);
    struct host *host = place.room;
    analysis_totals(context)->table_evictions += place.pushed_out;
    host->names += is_new(context, NAME_QUESTION, name, question_name(context, message->name));
    host->resolvers +=
        is_new(context, NAME_RESOLVER, name, analysis_address_name(context, !flow->client));
    struct span resolver = endpoint_address(&flow->ends[!flow->client], flow->ip_version);
    bool outside = goes_outside(context, resolver);
    struct finding finding = finding_begin(context, RULE_CLEAR_DNS);
    finding_about_client(&finding, flow);
    finding.severity = outside ? SEVERITY_MEDIUM : SEVERITY_LOW;
    finding.reason = outside ? "A question or its answer was read on its way to or from elsewhere."
                             : "A question or its answer was read, of a resolver close by.";
    finding_says_most(&finding, "names", host->names);
    finding_says_most(&finding, "resolvers", host->resolvers);
    finding_says_ever(&finding, "outside", outside);
    finding_says_ever(&finding, "client_subnet", message->client_subnet == TRUTH_YES);
    finding_add(context, &finding);
}

/* --- encrypted --- */

static bool has_protocol(struct span alpn, const char *protocol)
{
    struct reader list = reader_of(alpn);
    while (reader_more(&list))
        if (span_equal(reader_span_vec8(&list), span_text(protocol)))
            return true;
    return false;
}

/* Public resolvers that serve HTTPS and nothing else under these names. */
static bool is_resolver(struct span name)
{
    static const char *const names[] = {"dns.google",
                                        "cloudflare-dns.com",
                                        "mozilla.cloudflare-dns.com",
                                        "one.one.one.one",
                                        "dns.quad9.net",
                                        "dns.adguard-dns.com",
                                        "doh.opendns.com",
                                        "dns.nextdns.io",
                                        "doh.cleanbrowsing.org",
                                        "dns.mullvad.net",
                                        "dns0.eu",
                                        "doh.dns.sb",
                                        "chrome.cloudflare-dns.com",
                                        "dns.digitale-gesellschaft.ch"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (word_is(name, names[i]))
            return true;
    return false;
}

static void on_hello(struct analyze_context *context, const struct tls_client_hello *hello)
{
    const struct flow *flow = context->observation->flow;
    const uint16_t port = flow->ends[!flow->client].port;
    const char *how = NULL;
    enum confidence confidence = CONFIDENCE_LIKELY;
    if (has_protocol(hello->alpn, "doq") || has_protocol(hello->alpn, "dot")) {
        how = flow->protocol == PROTO_UDP ? "DNS over QUIC" : "DNS over TLS";
        confidence = CONFIDENCE_CERTAIN;
    } else if (port == DNS_OVER_TLS_PORT) {
        how = flow->protocol == PROTO_UDP ? "DNS over QUIC or DTLS" : "DNS over TLS";
    } else if (span_seen(hello->server_name) && is_resolver(hello->server_name)) {
        how = "DNS over HTTPS";
    }
    if (how == NULL)
        return;
    struct finding finding = finding_begin(context, RULE_CLEAR_DNS_ENCRYPTED);
    finding_about_client(&finding, flow);
    finding.transport = hello->transport;
    finding.confidence = confidence;
    finding.reason = confidence == CONFIDENCE_CERTAIN
                         ? "The client named the protocol in its hello."
                         : "The port, or the server's name, is that of a resolver.";
    finding_says_text(&finding, "how", how);
    finding_add(context, &finding);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    if (observation->type == &observation_dns_message)
        on_message(context, observation->data);
    else
        on_hello(context, observation->data);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->hosts);
    bounded_table_free(state->seen);
    *state = (struct state){.hosts = NULL};
}

static const struct observation_type *const reads[] = {&observation_dns_message,
                                                       &observation_tls_client_hello, NULL};

const struct analyzer analyzer_cleartext_dns = {.name = "cleartext_dns",
                                                .reads = reads,
                                                .state_size = sizeof(struct state),
                                                .observe = observe,
                                                .finish = finish};
