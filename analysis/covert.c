/* covert.c: endpoints and the fields that they may set freely: the analyzer, its table, and what becomes of a test. */
#include "analysis/covert.h"

#include "analysis/covert_report.h"
#include "analysis/statistics.h"
#include "dissectors/dhcp.h"
#include "dissectors/dtls.h"
#include "dissectors/starttls.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_heartbeat.h"
#include "dissectors/tls_nonces.h"

#include <stdio.h>
#include <stdlib.h>

/* A false alarm in 10,000 endpoints has a score of 4. The rest is for what no model says of real stacks and networks. */
const double covert_alarm = 6;

static void begin(struct covert_endpoint *endpoint, const struct flow *flow, unsigned side)
{
    endpoint->server = side != flow->client;
    endpoint->ip_version = flow->ip_version;
    endpoint->end = flow->ends[side];
    endpoint->first_packet = flow->first_packet;
    endpoint->first_ns = flow->first_ns;
}

static void leave(void *state, void *room)
{
    (void)state;
    free(((struct covert_endpoint *)room)->history);
}

static struct bounded_table *endpoints_of(struct covert_state *state)
{
    if (state->endpoints != NULL)
        return state->endpoints;
    state->endpoints = bounded_table_new(COVERT_MOST_ENDPOINTS, sizeof(struct covert_endpoint));
    if (state->endpoints != NULL)
        bounded_table_leaves(state->endpoints, state, leave);
    return state->endpoints;
}

static uint64_t name_of(const struct analyze_context *context, unsigned side)
{
    const struct flow *flow = context->observation->flow;
    const bool server = side != flow->client;
    const struct endpoint *end = &flow->ends[side];
    uint8_t name[sizeof end->address + 3];
    memcpy(name, end->address, sizeof end->address);
    name[sizeof end->address] = server;
    name[sizeof end->address + 1] = (uint8_t)(server ? end->port >> 8 : 0);
    name[sizeof end->address + 2] = (uint8_t)(server ? end->port : 0);
    return analysis_name(context, flow->ip_version, span_of(name, sizeof name));
}

static struct covert_endpoint *look_up(struct analyze_context *context, unsigned side)
{
    struct covert_state *state = context->state;
    if (endpoints_of(state) == NULL)
        return NULL;
    const struct bounded_place place =
        bounded_table_place(state->endpoints, name_of(context, side));
    if (place.pushed_out) {
        analysis_totals(context)->table_evictions++;
        state->at_hand[!side] = NULL;
    }
    if (!place.known)
        begin(place.room, context->observation->flow, side);
    state->at_hand[side] = place.room;
    return place.room;
}

static bool is_that(const struct covert_endpoint *endpoint, const struct flow *flow, unsigned side)
{
    const struct endpoint *end = &flow->ends[side];
    return endpoint->server == (side != flow->client) && endpoint->ip_version == flow->ip_version &&
           memcmp(endpoint->end.address, end->address, sizeof end->address) == 0 &&
           (!endpoint->server || endpoint->end.port == end->port);
}

struct covert_endpoint *covert_endpoint_of(struct analyze_context *context, unsigned side)
{
    struct covert_state *state = context->state;
    const struct flow *flow = context->observation->flow;
    struct covert_endpoint *endpoint = state->at_hand[side];
    if (endpoint == NULL || !is_that(endpoint, flow, side))
        endpoint = look_up(context, side);
    if (endpoint == NULL)
        return NULL;
    if (context->observation->time_ns > endpoint->last_ns)
        endpoint->last_ns = context->observation->time_ns;
    if (flow->first_ns < endpoint->first_ns) { /* conversations are told when they end */
        endpoint->first_ns = flow->first_ns;
        endpoint->first_packet = flow->first_packet;
    }
    return endpoint;
}

void covert_offers(struct analyze_context *context, struct covert_endpoint *endpoint,
                   enum covert_field field, uint64_t units, uint64_t bits)
{
    struct covert_state *state = context->state;
    /* The shift leaves room for more packets than there are. */
    const uint64_t conversation =
        context->observation->flow->first_packet + ((uint64_t)context->observation->exchange << 40);
    state->totals[field].units += units;
    state->totals[field].bits += bits;
    endpoint->fields[field].bits += bits;
    if (units == 0 || endpoint->fields[field].offered_in == conversation)
        return;
    endpoint->fields[field].offered_in = conversation;
    state->totals[field].sessions++;
}

void covert_departs(struct analyze_context *context, struct covert_endpoint *endpoint,
                    enum covert_field field)
{
    struct covert_state *state = context->state;
    state->totals[field].departed += endpoint->fields[field].departed++ == 0;
}

void covert_passed(struct analyze_context *context, struct covert_endpoint *endpoint,
                   enum covert_volume volume, uint64_t packets)
{
    struct covert_state *state = context->state;
    endpoint->volumes[volume] += packets;
    state->volumes[volume].packets += packets;
    state->volumes[volume].directions += packets > 0;
}

struct covert_history *covert_history_of(struct covert_endpoint *endpoint)
{
    if (endpoint->history == NULL)
        endpoint->history = calloc(1, sizeof *endpoint->history);
    return endpoint->history;
}

struct finding covert_found(struct analyze_context *context, enum rule_id rule, unsigned side)
{
    const struct flow *flow = context->observation->flow;
    struct finding finding = finding_begin(context, rule);
    if (side == flow->client)
        finding_about_client(&finding, flow);
    else
        finding_about_server(&finding, flow);
    return finding;
}

static struct span written(char *room, size_t size, const char *format, double value)
{
    const int len = snprintf(room, size, format, value);
    return span_of(room, len > 0 && (size_t)len < size ? (size_t)len : 0);
}

static void add_times(struct finding *finding, const struct covert_times *times)
{
    if (!times->seen)
        return;
    finding_says_number(finding, "conditional_entropy_milli",
                        (uint64_t)(times->conditional_entropy * 1000));
    finding_says_number(finding, "regularity_milli", (uint64_t)(times->regularity * 1000));
    finding_says_number(finding, "similarity_milli", (uint64_t)(times->similarity * 1000));
    if (times->history_score >= 0)
        finding_says_most(finding, "history_score_milli", (uint64_t)(times->history_score * 1000));
}

static void add_finding(struct analyze_context *context, const struct covert_endpoint *endpoint,
                        unsigned side, const struct covert_verdict *verdict)
{
    const struct covert_tests *own = &endpoint->fields[verdict->field];
    struct finding finding = covert_found(context, verdict->rule, side);
    char statistic[COVERT_TEXT], score[COVERT_TEXT];
    if (verdict->severity != 0)
        finding.severity = verdict->severity;
    finding.confidence = verdict->confidence;
    finding.reason = verdict->reason;
    finding_says_text(&finding, "test", verdict->test);
    finding_says_bytes(&finding, "statistic", PRIVACY_PUBLIC, NULL, VALUE_STRING,
                       written(statistic, sizeof statistic, "%.4g", verdict->statistic));
    finding_says_bytes(&finding, "p_value", PRIVACY_PUBLIC, NULL, VALUE_STRING,
                       written(score, sizeof score, "1e-%.1f", verdict->score));
    finding_says_most(&finding, "score_milli", (uint64_t)(verdict->score * 1000));
    finding_says_number(&finding, "samples", verdict->samples);
    finding_says_most(&finding, "tests_of_endpoint", endpoint->tests);
    finding_says_most(&finding, "departures_of_endpoint", own->departed);
    add_times(&finding, &verdict->times);
    covert_alarm_waits(context, verdict->field, &finding);
}

bool covert_alarms(const struct covert_endpoint *endpoint, double score)
{
    return score >= covert_alarm &&
           statistics_corrected(score, endpoint->tests + 1.0) >= covert_alarm;
}

void covert_tested(struct analyze_context *context, struct covert_endpoint *endpoint, unsigned side,
                   const struct covert_verdict *verdict)
{
    struct covert_state *state = context->state;
    struct covert_tests *own = &endpoint->fields[verdict->field];
    struct covert_total *total = &state->totals[verdict->field];
    const bool alarms = covert_alarms(endpoint, verdict->score);
    state->tests++;
    endpoint->tests++;
    total->tests++;
    total->tested += own->made++ == 0;
    if (verdict->score > (double)own->best || own->samples == 0) {
        own->best = (float)verdict->score;
        own->samples = verdict->samples;
    }
    if (!alarms)
        return;
    covert_departs(context, endpoint, verdict->field);
    add_finding(context, endpoint, side, verdict);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct covert_state *state = context->state;
    const struct flow *flow = observation->flow;
    if (state->first_ns == 0 || flow->first_ns < state->first_ns)
        state->first_ns = flow->first_ns;
    if (observation->time_ns > state->last_ns)
        state->last_ns = observation->time_ns;
    if (observation->type == &observation_ip_fields)
        covert_ip_fields(context, observation->data);
    else if (observation->type == &observation_tcp_fields)
        covert_tcp_fields(context, observation->data);
    else if (observation->type == &observation_tls_client_hello)
        covert_client_hello(context, observation->data);
    else if (observation->type == &observation_tls_server_hello)
        covert_server_hello(context, observation->data);
    else if (observation->type == &observation_tls_hello_verify_request)
        covert_verify_request(context, observation->data);
    else if (observation->type == &observation_tls_new_session_ticket)
        covert_new_ticket(context, observation->data);
    else if (observation->type == &observation_tls_heartbeat)
        covert_heartbeat(context, observation->data);
    else if (observation->type == &observation_tls_record_nonces)
        covert_record_nonces(context, observation->data);
    else if (observation->type == &observation_starttls_session)
        covert_preamble(context, observation->data);
    else if (observation->type == &observation_dhcp_message)
        covert_dhcp(context, observation->data);
}

static void sum_up(struct analyze_context *context)
{
    covert_alarms_judge(context);
    covert_tell(context);
}

static void finish(struct analyze_context *context)
{
    struct covert_state *state = context->state;
    bounded_table_free(state->endpoints);
    state->endpoints = NULL;
    state->at_hand[0] = state->at_hand[1] = NULL;
    bounded_table_free(state->randoms);
    state->randoms = NULL;
    free(state->alarms);
    state->alarms = NULL;
}

static const struct observation_type *const reads[] = {&observation_ip_fields,
                                                       &observation_tcp_fields,
                                                       &observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_hello_verify_request,
                                                       &observation_tls_record_nonces,
                                                       &observation_tls_new_session_ticket,
                                                       &observation_tls_heartbeat,
                                                       &observation_starttls_session,
                                                       &observation_dhcp_message,
                                                       NULL};
static const struct observation_type *const makes[] = {&observation_covert_capacity,
                                                       &observation_covert_endpoint, NULL};

const struct analyzer analyzer_covert = {.name = "covert",
                                         .family = "covert.",
                                         .reads = reads,
                                         .makes = makes,
                                         .state_size = sizeof(struct covert_state),
                                         .observe = observe,
                                         .sum_up = sum_up,
                                         .finish = finish};
