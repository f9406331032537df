/* cleartext.c: what is simply read: conversations in protocols without encryption, and credentials in them (RFC 7258,
 * RFC 8404). Reads flow.end, with the names of nDPI, and what dissectors tell of logins. Bounded: of eight servers the
 * one that was quiet longest gives way. */
#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "analysis/clear_protocols.h"
#include "analysis/login_kind.h"

#include "core/common_observations.h"
#include "dissectors/dns.h"
#include "dissectors/http_login.h"
#include "dissectors/snmp.h"
#include "dissectors/starttls.h"
#include "dissectors/telnet.h"

#include <string.h>

enum { MOST_SERVERS = 32768, MOST_PAIRS = 131072, TFTP_PORT = 69 };
enum { NAME_SERVER, NAME_PAIR };

/* Of a server and a protocol, or of a server and its logins. */
struct server {
    uint64_t bytes, clients;
};

struct state {
    struct bounded_table *servers, *pairs; /* made with the first */
};

/* Of a conversation. */
struct heard {
    const char *protocol; /* that the dissector's name does not tell; NULL: it does */
    bool encrypted;       /* what followed was */
};

/* What a row of the table of servers is about. */
enum about { ABOUT_PROTOCOL, ABOUT_LOGIN };

struct subject {
    const char *protocol;
    uint16_t port;
    enum about about;
};

static bool make_tables(struct analyze_context *context)
{
    struct state *state = context->state;
    if (state->servers == NULL)
        state->servers = bounded_table_new(MOST_SERVERS, sizeof(struct server));
    if (state->pairs == NULL)
        state->pairs = bounded_table_new(MOST_PAIRS, 1);
    if (state->servers != NULL && state->pairs != NULL)
        return true;
    analysis_totals(context)->table_evictions++;
    return false;
}

/* A file's transfer has ports of its own; its server is asked on one that is always the same. */
static struct subject subject_of(const struct flow *flow, const char *protocol, enum about about)
{
    bool tftp = strcmp(protocol, "tftp") == 0;
    return (struct subject){.protocol = protocol,
                            .port = tftp ? TFTP_PORT : flow->ends[!flow->client].port,
                            .about = about};
}

/* Counts a conversation with the server; NULL without memory. */
static struct server *count(struct analyze_context *context, const struct subject *subject)
{
    struct state *state = context->state;
    const struct flow *flow = context->observation->flow;
    if (!make_tables(context))
        return NULL;
    uint64_t words[4] = {analysis_address_name(context, !flow->client),
                         analysis_name(context, 0, span_text(subject->protocol)),
                         (uint64_t)subject->port << 8 | flow->protocol, subject->about};
    const uint64_t name = analysis_name(context, NAME_SERVER, span_of(words, sizeof words));
    const struct bounded_place place = bounded_table_place(state->servers, name);
    words[0] = analysis_address_name(context, flow->client);
    words[1] = name;
    const struct bounded_place pair = bounded_table_place(
        state->pairs, analysis_name(context, NAME_PAIR, span_of(words, sizeof words)));
    struct server *server = place.room;
    server->clients += !place.known || !pair.known;
    analysis_totals(context)->table_evictions += (uint64_t)place.pushed_out + pair.pushed_out;
    return server;
}

static struct finding begin(struct analyze_context *context, enum rule_id rule,
                            const struct subject *subject)
{
    struct finding finding = finding_begin(context, rule);
    finding_about_server(&finding, context->observation->flow);
    finding.subject_port = subject->port;
    finding.transport = subject->protocol;
    finding_says_text(&finding, "protocol", subject->protocol);
    return finding;
}

/* --- clear.protocol --- */

/* What the conversation spoke in clear; NULL: nothing that is known to be. */
static const struct clear_protocol *spoke(struct analyze_context *context,
                                          const struct flow_end_observation *end)
{
    const struct heard *heard = analysis_conversation_known(context);
    if (heard != NULL && heard->encrypted)
        return NULL;
    if (end->encrypted == TRUTH_YES)
        return NULL;
    if (heard != NULL && heard->protocol != NULL)
        return clear_protocol_find(heard->protocol);
    return clear_protocol_find(end->protocol != NULL ? end->protocol : end->application_protocol);
}

static void judge_protocol(struct analyze_context *context, const struct flow_end_observation *end)
{
    const struct clear_protocol *protocol = spoke(context, end);
    if (protocol == NULL)
        return;
    const struct subject subject =
        subject_of(context->observation->flow, protocol->name, ABOUT_PROTOCOL);
    struct server *server = count(context, &subject);
    if (server == NULL)
        return;
    server->bytes += end->client_bytes.value + end->server_bytes.value;
    struct finding finding = begin(context, RULE_CLEAR_PROTOCOL, &subject);
    finding.severity = protocol->severity;
    /* Only what nDPI names is told to be encrypted or not. */
    bool guessed = end->encrypted == TRUTH_NO;
    finding.confidence = guessed ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN;
    finding.reason = guessed ? "nDPI took the conversation for this protocol by its form."
                             : "The protocol was read, and has no encryption or went on without.";
    finding_says_most(&finding, "clients", server->clients);
    finding_says_most(&finding, "bytes", server->bytes);
    finding_add(context, &finding);
}

/* --- clear.credentials --- */

static void judge_login(struct analyze_context *context, const char *protocol, const char *what,
                        enum login_kind kind)
{
    static const struct {
        enum severity severity;
        enum confidence confidence;
        const char *reason;
    } verdicts[] = {
        [LOGIN_NAME] = {SEVERITY_LOW, CONFIDENCE_POSSIBLE,
                        "A name was told in clear; no password was seen."},
        [LOGIN_PROTECTING] = {SEVERITY_LOW, CONFIDENCE_POSSIBLE,
                              "The login was by a mechanism that may protect itself."},
        [LOGIN_PROOF] = {SEVERITY_MEDIUM, CONFIDENCE_LIKELY,
                         "A proof of a password was sent in clear: passwords can be tried on it."},
        [LOGIN_WELL_KNOWN] = {SEVERITY_MEDIUM, CONFIDENCE_CERTAIN,
                              "What serves as a password was sent in clear, and is one that "
                              "everybody knows."},
        [LOGIN_PASSWORD] = {SEVERITY_HIGH, CONFIDENCE_CERTAIN,
                            "A password, or what serves as one, was sent in clear."},
    };
    const struct subject subject = subject_of(context->observation->flow, protocol, ABOUT_LOGIN);
    struct server *server = count(context, &subject);
    if (server == NULL)
        return;
    struct finding finding = begin(context, RULE_CLEAR_CREDENTIALS, &subject);
    finding.severity = verdicts[kind].severity;
    finding.confidence = verdicts[kind].confidence;
    finding.reason = verdicts[kind].reason;
    finding_says_text(&finding, "kind", what);
    finding_says_most(&finding, "clients", server->clients);
    finding_add(context, &finding);
}

/* Whether it went on in clear may be unknown: the capture ends behind the request for TLS, or lost what followed. */
static void on_preamble(struct analyze_context *context, const struct starttls_session *session)
{
    if (session->upgraded == TRUTH_NO) {
        struct heard *heard = analysis_conversation(context);
        heard->protocol = session->protocol;
    }
    if (session->credentials == TRUTH_YES)
        judge_login(context, session->protocol, session->credentials_kind,
                    login_kind_of_preamble(session->protocol, session->credentials_kind));
}

static void on_telnet(struct analyze_context *context, const struct telnet_session *session)
{
    if (session->encrypted == TRUTH_YES) {
        struct heard *heard = analysis_conversation(context);
        heard->encrypted = true;
    }
    if (session->password == TRUTH_YES)
        judge_login(context, "telnet", "password", LOGIN_PASSWORD);
    else if (session->user == TRUTH_YES)
        judge_login(context, "telnet", "user", LOGIN_NAME);
}

/* Of version 3, discovery goes in clear before the rest is encrypted (RFC 3414 section 4). */
static void on_snmp(struct analyze_context *context, const struct snmp_message *message)
{
    if (message->level != NULL && strcmp(message->level, "authPriv") == 0) {
        struct heard *heard = analysis_conversation(context);
        heard->encrypted = true;
    }
    if (message->community != TRUTH_YES)
        return;
    if (message->common == TRUTH_YES)
        judge_login(context, "snmp", "well-known community", LOGIN_WELL_KNOWN);
    else
        judge_login(context, "snmp", "community", LOGIN_PASSWORD);
}

/* Names of the domain system have a rule of their own. */
static void on_dns(struct analyze_context *context, const struct dns_message *message)
{
    if (strcmp(message->service, "dns") == 0)
        return;
    struct heard *heard = analysis_conversation(context);
    heard->protocol = message->service;
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    if (observation->type == &observation_dns_message) {
        on_dns(context, observation->data);
    } else if (observation->type == &observation_starttls_session) {
        on_preamble(context, observation->data);
    } else if (observation->type == &observation_telnet_session) {
        on_telnet(context, observation->data);
    } else if (observation->type == &observation_snmp_message) {
        on_snmp(context, observation->data);
    } else if (observation->type == &observation_http_login) {
        const struct http_login *login = observation->data;
        judge_login(context, "http", login->scheme, login_kind_of_http(login->scheme));
    } else {
        const struct flow_end_observation *end = observation->data;
        judge_protocol(context, end);
        if (end->credentials == TRUTH_YES && end->application_protocol != NULL)
            judge_login(context, end->application_protocol, "seen by nDPI", LOGIN_PROOF);
    }
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->servers);
    bounded_table_free(state->pairs);
    *state = (struct state){.servers = NULL};
}

static const struct observation_type *const reads[] = {&observation_flow_end,
                                                       &observation_starttls_session,
                                                       &observation_http_login,
                                                       &observation_snmp_message,
                                                       &observation_telnet_session,
                                                       &observation_dns_message,
                                                       NULL};

const struct analyzer analyzer_cleartext = {.name = "cleartext",
                                            .reads = reads,
                                            .state_size = sizeof(struct state),
                                            .conversation_size = sizeof(struct heard),
                                            .observe = observe,
                                            .finish = finish};
