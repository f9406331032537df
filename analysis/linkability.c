/* linkability.c: which sessions can a passive observer tie together, and so follow a device, without opening any?
 * RFC 7258, RFC 6973 section 5.2.1. Notes identifiers of sessions and hands them to the subject graph; link_*.c know
 * where identifiers are.
 *
 * A client's address is no identifier here: it tells who spoke for as long as nobody else has it. What a copy of a
 * session has (one hello captured at two places) is not noted again. Sessions inside of RADIUS are left out, as one
 * conversation has those of many devices. */
#include "analysis/link.h"

#include "analysis/link_report.h"
#include "analysis/link_tie.h"
#include "core/common_observations.h"
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"
#include "dissectors/dtls.h"
#include "dissectors/eap.h"
#include "dissectors/http.h"
#include "dissectors/http_login.h"
#include "dissectors/radius.h"
#include "dissectors/starttls.h"
#include "dissectors/telnet.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

#include <stdlib.h>

static const uint64_t SECOND = 1000000000u;

void *link_room(struct analyze_context *context, struct bounded_table *table, uint64_t name)
{
    struct bounded_place place = bounded_table_place(table, name);
    analysis_totals(context)->table_evictions += place.pushed_out;
    return place.room;
}

uint32_t link_now(const struct analyze_context *context)
{
    return (uint32_t)(context->observation->time_ns / SECOND);
}

struct span link_address(const struct flow *flow)
{
    return endpoint_address(&flow->ends[flow->client], flow->ip_version);
}

void link_know_host(const struct analyze_context *context, struct link_conversation *conversation)
{
    const struct flow *flow = context->observation->flow;
    if (conversation->address != 0)
        return;
    conversation->address = analysis_address_name(context, flow->client);
    uint64_t host =
        flow->ip_version != 6
            ? conversation->address
            : analysis_name(context, LINK_NAME_HOST, span_of(flow->ends[flow->client].address, 8));
    conversation->host = flow->ip_version != 0 ? (uint32_t)host | 1 : 0;
}

static struct link_sight note(struct analyze_context *context,
                              struct link_conversation *conversation, enum link_kind as,
                              uint64_t name, bool moves)
{
    struct link_state *state = context->state;
    const struct flow *flow = context->observation->flow;
    uint32_t now = link_now(context);
    /* One that it has no room for would be taken for that of another session when it comes again in this one. */
    if (conversation->copy || conversation->num == LINK_NOTED)
        return (struct link_sight){.again = false};
    for (unsigned i = 0; i < conversation->num; i++)
        if (conversation->names[i] == name)
            return (struct link_sight){.again = false};
    link_know_host(context, conversation);
    uint32_t host = moves ? conversation->host : 0;
    struct subject_use use =
        subject_graph_use(state->graph, name, as, host, flow->ip_version == 6, now);
    if (conversation->num < SUBJECT_GRAPH_MEMBERS)
        conversation->as[conversation->num] = (uint8_t)as;
    conversation->names[conversation->num++] = name;
    if (use.moved && !use.shared)
        link_moved(context, name, as, &use);
    return (struct link_sight){.again = use.again,
                               .moved = use.moved,
                               .sessions = use.sessions,
                               .seconds = now > use.first_s ? now - use.first_s : 0};
}

struct link_sight link_note_name(struct analyze_context *context,
                                 struct link_conversation *conversation, enum link_kind as,
                                 uint64_t name)
{
    return note(context, conversation, as, name, true);
}

struct link_sight link_note_still(struct analyze_context *context,
                                  struct link_conversation *conversation, enum link_kind as,
                                  uint64_t name)
{
    return note(context, conversation, as, name, false);
}

struct link_sight link_note(struct analyze_context *context, struct link_conversation *conversation,
                            enum link_kind kind, struct span bytes)
{
    return link_note_name(context, conversation, kind, analysis_name(context, kind, bytes));
}

void link_says(struct finding *finding, const struct link_sight *sight)
{
    finding_says_most(finding, "sessions", sight->sessions);
    finding_says_most(finding, "seconds", sight->seconds);
}

struct link_place link_place_of(const struct analyze_context *context, const char *transport)
{
    const struct observation *observation = context->observation;
    struct link_place place = {.flow = *observation->flow,
                               .transport = transport,
                               .time_ns = observation->time_ns,
                               .packet = observation->packet};
    place.flow.state = NULL;
    place.flow.streams[0] = place.flow.streams[1] = NULL;
    return place;
}

struct finding link_place_finding(struct analyze_context *context, const struct link_place *place,
                                  struct observation *observation, enum rule_id id)
{
    *observation = (struct observation){
        .flow = &place->flow, .time_ns = place->time_ns, .packet = place->packet};
    struct analyze_context there = *context;
    there.observation = observation;
    struct finding finding = finding_begin(&there, id);
    finding.transport = place->transport;
    return finding;
}

/* Ties what the session had together; what is known of the conversation stays. */
static void tie(struct analyze_context *context, struct link_conversation *conversation)
{
    struct link_state *state = context->state;
    const struct flow *flow = context->observation->flow;
    struct subject_tie session = {.num = conversation->num < SUBJECT_GRAPH_MEMBERS
                                             ? conversation->num
                                             : SUBJECT_GRAPH_MEMBERS,
                                  .address = link_address(flow),
                                  .first_s = conversation->first_s,
                                  .last_s = (uint32_t)(flow->last_ns / SECOND),
                                  .session = true,
                                  .random = conversation->random};
    if (!conversation->session)
        return;
    if (conversation->copy) {
        analysis_totals(context)->link_copies++;
        return;
    }
    if (flow->ip_version == 0)
        session.address.len = 0;
    if (session.first_s == 0) /* its hello was not seen */
        session.first_s = (uint32_t)(flow->first_ns / SECOND);
    if (session.last_s < session.first_s)
        session.last_s = session.first_s;
    memcpy(session.names, conversation->names, sizeof session.names);
    memcpy(session.as, conversation->as, sizeof session.as);
    subject_graph_tie(state->graph, &session);
    analysis_totals(context)->link_sessions++;
}

bool link_session_begins(struct analyze_context *context, struct link_conversation *conversation,
                         struct span random)
{
    struct link_state *state = context->state;
    const uint64_t name = analysis_name(context, LINK_NAME_RANDOM, random);
    if (conversation->random == name)
        return false;
    if (conversation->random != 0) {
        tie(context, conversation);
        *conversation = (struct link_conversation){.clear = conversation->clear};
    }
    uint64_t *seen = &state->handshakes[name % LINK_MOST_HANDSHAKES];
    conversation->copy = *seen == name;
    *seen = name;
    conversation->random = name;
    conversation->session = true;
    conversation->first_s = link_now(context);
    return !conversation->copy;
}

/* Of a flow that holds exchanges, these are the sessions. */
static void observe_end(struct analyze_context *context)
{
    struct link_conversation *conversation = analysis_conversation_known(context);
    if (context->observation->exchange == 0 && (conversation == NULL || !conversation->session))
        link_interface_id(context, NULL);
    if (conversation == NULL)
        return;
    tie(context, conversation);
    *conversation = (struct link_conversation){.session = false};
}

static bool tables_make(struct link_state *state)
{
    if (state->graph != NULL)
        return true;
    state->handshakes = calloc(LINK_MOST_HANDSHAKES, sizeof state->handshakes[0]);
    state->hosts = bounded_table_new(LINK_MOST_HOSTS, sizeof(struct link_client));
    state->leases = bounded_table_new(LINK_MOST_LEASES, sizeof(struct link_device));
    state->devices = bounded_table_new(LINK_MOST_DEVICES, sizeof(struct link_device));
    state->users = bounded_table_new(LINK_MOST_NAMED, sizeof(struct link_users));
    if (state->handshakes == NULL || state->hosts == NULL || state->leases == NULL ||
        state->devices == NULL || state->users == NULL)
        return false;
    state->graph = subject_graph_new(SUBJECT_GRAPH_VERTICES, SUBJECT_GRAPH_TIES);
    return state->graph != NULL;
}

static void tables_free(struct link_state *state)
{
    free(state->handshakes);
    bounded_table_free(state->hosts);
    bounded_table_free(state->leases);
    bounded_table_free(state->devices);
    bounded_table_free(state->users);
    link_fingerprints_free(state->fingerprints);
    free(state->moves);
    subject_graph_free(state->graph);
    *state = (struct link_state){.graph = NULL};
}

static const struct {
    const struct observation_type *type;
    void (*observe)(struct analyze_context *context);
} readers[] = {{&observation_tls_client_hello, link_client_hello},
               {&observation_tls_server_hello, link_server_hello},
               {&observation_tls_new_session_ticket, link_new_ticket},
               {&observation_tls_client_key_exchange, link_key_exchange},
               {&observation_tls_certificate, link_certificate},
               {&observation_tls_handshake_summary, link_summary},
               {&observation_dtls_cid, link_connection_id},
               {&observation_dtls_session, link_dtls_session},
               {&observation_dhcp_message, link_dhcp},
               {&observation_dhcp6_message, link_dhcp6},
               {&observation_http_fetch, link_clear_http},
               {&observation_http_login, link_clear_http_login},
               {&observation_telnet_session, link_clear_telnet},
               {&observation_starttls_session, link_clear_starttls},
               {&observation_eap_identity, link_clear_eap},
               {&observation_exchange_end, observe_end},
               {&observation_flow_end, observe_end}};

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct link_state *state = context->state;
    if (observation->flow->dissector == &dissector_radius)
        return;
    if (!tables_make(state)) {
        tables_free(state);
        analysis_totals(context)->table_evictions++;
        return;
    }
    state->last_ns = observation->time_ns;
    state->last_packet = observation->packet;
    size_t i = 0;
    while (readers[i].type != observation->type) /* it is one of |reads| */
        i++;
    readers[i].observe(context);
    analysis_totals(context)->link_subjects_settled = subject_graph_settled(state->graph);
}

static void sum_up(struct analyze_context *context)
{
    struct link_state *state = context->state;
    struct link_counts summary;
    if (state->graph == NULL || !subject_graph_summarise(state->graph, &summary) ||
        (summary.sessions == 0 && summary.subjects == 0))
        return;
    summary.last_ns = state->last_ns;
    summary.last_packet = state->last_packet;
    link_fingerprints_judge(context);
    link_fingerprints_summarise(state, &summary);
    summary.hosts_known = true;
    link_tell(context, &summary);
    if (analysis_joins(context))
        link_tell_ties(context, state->graph);
}

static void finish(struct analyze_context *context)
{
    struct link_state *state = context->state;
    if (state->graph != NULL)
        link_moves_judge(context);
    tables_free(state);
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_new_session_ticket,
                                                       &observation_tls_client_key_exchange,
                                                       &observation_tls_certificate,
                                                       &observation_tls_handshake_summary,
                                                       &observation_dtls_cid,
                                                       &observation_dtls_session,
                                                       &observation_dhcp_message,
                                                       &observation_dhcp6_message,
                                                       &observation_http_fetch,
                                                       &observation_http_login,
                                                       &observation_telnet_session,
                                                       &observation_starttls_session,
                                                       &observation_eap_identity,
                                                       &observation_exchange_end,
                                                       &observation_flow_end,
                                                       NULL};
static const struct observation_type *const makes[] = {&observation_link_summary,
                                                       &observation_link_tie, NULL};

const struct analyzer analyzer_linkability = {.name = "linkability",
                                              .reads = reads,
                                              .makes = makes,
                                              .state_size = sizeof(struct link_state),
                                              .conversation_size = sizeof(struct link_conversation),
                                              .observe = observe,
                                              .sum_up = sum_up,
                                              .finish = finish};
