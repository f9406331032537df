/* covert_tell.c: the ledger of all fields, and the endpoints, as observations. */
#include "analysis/covert.h"
#include "analysis/covert_report.h"

#include <stdlib.h>

static const struct {
    const char *name, *unit, *normal;
    unsigned bits;
} fields[NUM_COVERT_FIELDS] = {
#define COVERT_FIELD(symbol, name, bits, unit, normal) [symbol] = {name, unit, normal, bits},
#include "analysis/covert_fields.def"
#undef COVERT_FIELD
};

unsigned covert_field_bits(enum covert_field field)
{
    return fields[field].bits;
}

/* Packets that can all have the field; NUM_COVERT_VOLUMES: it is counted by itself. */
static enum covert_volume volume_of(enum covert_field field)
{
    switch ((unsigned)field) {
    case COVERT_TTL:
    case COVERT_DSCP:
        return COVERT_PACKETS;
    case COVERT_IP_ID:
    case COVERT_IP_RESERVED:
    case COVERT_IP_OPTIONS:
        return COVERT_PACKETS_IP4;
    case COVERT_TCP_URGENT:
    case COVERT_TCP_RESERVED:
    case COVERT_TCP_OPTIONS:
        return COVERT_SEGMENTS;
    default:
        return NUM_COVERT_VOLUMES;
    }
}

static uint64_t bits_of(const struct covert_endpoint *endpoint, enum covert_field field)
{
    const enum covert_volume volume = volume_of(field);
    const uint64_t packets = volume < NUM_COVERT_VOLUMES ? endpoint->volumes[volume] : 0;
    return endpoint->fields[field].bits + packets * fields[field].bits;
}

static struct covert_total total_of(const struct covert_state *state, enum covert_field field)
{
    const enum covert_volume volume = volume_of(field);
    struct covert_total total = state->totals[field];
    if (volume == NUM_COVERT_VOLUMES)
        return total;
    total.units += state->volumes[volume].packets;
    total.sessions += state->volumes[volume].directions;
    total.bits += state->volumes[volume].packets * fields[field].bits;
    return total;
}

static const char *role_of(const struct covert_endpoint *endpoint)
{
    return endpoint->server ? "server" : "client";
}

static struct flow flow_of(const struct covert_endpoint *endpoint)
{
    return (struct flow){.ip_version = endpoint->ip_version,
                         .first_packet = endpoint->first_packet,
                         .first_ns = endpoint->first_ns,
                         .last_ns = endpoint->last_ns,
                         .ends = {endpoint->end}};
}

/* --- the ledger --- */

struct told_capacity {
    struct observation observation;
    struct covert_capacity capacity;
    struct flow flow;
};

static bool comes_before(const struct covert_endpoint *a, const struct covert_endpoint *b)
{
    const int order = memcmp(a->end.address, b->end.address, sizeof a->end.address);
    if (a->first_packet != b->first_packet)
        return a->first_packet < b->first_packet;
    if (a->server != b->server)
        return b->server;
    return order != 0 ? order < 0 : a->end.port < b->end.port;
}

static const struct covert_endpoint *who_offers_most(const struct covert_state *state,
                                                     enum covert_field field)
{
    const struct covert_endpoint *most = NULL;
    const size_t num = state->endpoints != NULL ? bounded_table_count(state->endpoints) : 0;
    for (size_t i = 0, at = 0; i < num; i++) {
        const struct covert_endpoint *one = bounded_table_next(state->endpoints, &at);
        const uint64_t bits = bits_of(one, field);
        const uint64_t highest = most != NULL ? bits_of(most, field) : 0;
        if (bits > highest || (bits > 0 && bits == highest && comes_before(one, most)))
            most = one;
    }
    return most;
}

static void tell_field(struct analyze_context *context, enum covert_field field)
{
    const struct covert_state *state = context->state;
    const struct covert_total total = total_of(state, field);
    const uint64_t seconds = (state->last_ns - state->first_ns) / 1000000000;
    const struct covert_endpoint *most = who_offers_most(state, field);
    struct told_capacity *told = calloc(1, sizeof *told);
    if (told == NULL)
        return;
    told->capacity = (struct covert_capacity){
        .field = fields[field].name,
        .unit = fields[field].unit,
        .normal = fields[field].normal,
        .units = number(total.units),
        .sessions = number(total.sessions),
        .bits = number(total.bits),
        .bits_per_session = number(total.sessions > 0 ? total.bits / total.sessions : 0),
        .bits_per_second = number(total.bits / (seconds > 0 ? seconds : 1)),
        .tests = number(total.tests),
        .endpoints_tested = number(total.tested),
        .endpoints_departed = number(total.departed)};
    if (most != NULL) {
        told->flow = flow_of(most);
        told->capacity.role = role_of(most);
        told->capacity.address = endpoint_address(&told->flow.ends[0], most->ip_version);
        told->capacity.endpoint_bits = number(bits_of(most, field));
        if (most->server)
            told->capacity.port = number(most->end.port);
    }
    told->observation = (struct observation){.type = &observation_covert_capacity,
                                             .data = &told->capacity,
                                             .flow = &told->flow,
                                             .time_ns = state->last_ns,
                                             .row = field};
    analysis_tell(context, &told->observation, told, sizeof *told);
}

/* --- endpoints --- */

struct told_endpoint {
    struct observation observation;
    struct covert_endpoint_told endpoint;
    struct flow flow;
    uint8_t fields[NUM_COVERT_FIELDS];
    uint8_t columns[5][NUM_COVERT_FIELDS * 8];
};

static uint64_t departures(const struct covert_endpoint *endpoint)
{
    uint64_t num = 0;
    for (size_t i = 0; i < NUM_COVERT_FIELDS; i++)
        num += endpoint->fields[i].departed;
    return num;
}

static float highest_score(const struct covert_endpoint *endpoint)
{
    float highest = 0;
    for (size_t i = 0; i < NUM_COVERT_FIELDS; i++)
        if (endpoint->fields[i].best > highest)
            highest = endpoint->fields[i].best;
    return highest;
}

struct ranked {
    const struct covert_endpoint *endpoint;
    uint64_t departures;
    float highest;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->departures != y->departures)
        return x->departures > y->departures ? -1 : 1;
    if (x->highest > y->highest || x->highest < y->highest)
        return x->highest > y->highest ? -1 : 1;
    return comes_before(x->endpoint, y->endpoint) ? -1 : 1;
}

static void put_number(uint8_t *column, size_t row, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        column[row * 8 + i] = (uint8_t)(number >> (56 - 8 * i));
}

static void tell_columns(struct told_endpoint *told, const struct covert_endpoint *endpoint)
{
    struct covert_endpoint_told *out = &told->endpoint;
    uint64_t bits = 0;
    size_t rows = 0;
    for (uint8_t i = 0; i < NUM_COVERT_FIELDS; i++) {
        const struct covert_tests *tests = &endpoint->fields[i];
        const uint64_t own = bits_of(endpoint, (enum covert_field)i);
        if (own == 0 && tests->made == 0 && tests->departed == 0)
            continue;
        bits += own;
        told->fields[rows] = i;
        put_number(told->columns[0], rows, own);
        put_number(told->columns[1], rows, tests->made);
        put_number(told->columns[2], rows, tests->departed);
        put_number(told->columns[3], rows, tests->samples);
        put_number(told->columns[4], rows, (uint64_t)(tests->best * 1000));
        rows++;
    }
    out->bits = number(bits);
    out->fields = span_of(told->fields, rows);
    out->field_bits = span_of(told->columns[0], rows * 8);
    out->made = span_of(told->columns[1], rows * 8);
    out->departed = span_of(told->columns[2], rows * 8);
    out->samples = span_of(told->columns[3], rows * 8);
    out->scores = span_of(told->columns[4], rows * 8);
}

static bool tell_endpoint(struct analyze_context *context, const struct covert_endpoint *endpoint)
{
    struct told_endpoint *told = calloc(1, sizeof *told);
    if (told == NULL)
        return false;
    told->flow = flow_of(endpoint);
    told->endpoint = (struct covert_endpoint_told){
        .role = role_of(endpoint),
        .address = endpoint_address(&told->flow.ends[0], endpoint->ip_version),
        .first_ns = number(endpoint->first_ns),
        .last_ns = number(endpoint->last_ns),
        .tests = number(endpoint->tests)};
    if (endpoint->server)
        told->endpoint.port = number(endpoint->end.port);
    tell_columns(told, endpoint);
    told->observation = (struct observation){.type = &observation_covert_endpoint,
                                             .data = &told->endpoint,
                                             .flow = &told->flow,
                                             .time_ns = endpoint->last_ns,
                                             .packet = endpoint->first_packet,
                                             .row = endpoint->server};
    return analysis_tell(context, &told->observation, told, sizeof *told);
}

void covert_tell(struct analyze_context *context)
{
    const struct covert_state *state = context->state;
    struct analysis_stats *totals = analysis_totals(context);
    const size_t num = state->endpoints != NULL ? bounded_table_count(state->endpoints) : 0;
    struct ranked *all = calloc(num + 1, sizeof all[0]);
    size_t told = 0, at = 0;
    for (unsigned i = 0; i < NUM_COVERT_FIELDS; i++)
        if (total_of(state, (enum covert_field)i).units > 0 || state->totals[i].departed > 0)
            tell_field(context, (enum covert_field)i);
    for (size_t i = 0; all != NULL && i < num; i++) {
        const struct covert_endpoint *one = bounded_table_next(state->endpoints, &at);
        all[i] = (struct ranked){one, departures(one), highest_score(one)};
    }
    if (all != NULL)
        qsort(all, num, sizeof all[0], compare);
    for (size_t i = 0; all != NULL && i < num && i < COVERT_MOST_TOLD; i++)
        told += tell_endpoint(context, all[i].endpoint);
    free(all);
    totals->covert_tests = state->tests;
    totals->covert_endpoints = num;
    totals->covert_endpoints_left_out = num - told;
}
