/* iot_endpoints.c: the table of endpoints, and how it is told. */
#include "analysis/iot_endpoints.h"

#include <stdlib.h>

static uint64_t weight_of(const void *room)
{
    const struct iot_endpoint *endpoint = room;
    return endpoint->handshakes;
}

void iot_endpoints_free(struct iot_endpoints *endpoints)
{
    bounded_table_free(endpoints->table);
    endpoints->table = NULL;
}

/* An endpoint of the flow at hand: a client by its address, a server with its port. */
static struct iot_endpoint *place(struct iot_endpoints *endpoints, struct analyze_context *context,
                                  enum iot_role role)
{
    const struct flow *flow = context->observation->flow;
    const uint64_t words[2] = {role == IOT_SERVER ? analysis_server_name(context)
                                                  : analysis_address_name(context, flow->client),
                               role};
    if (endpoints->table == NULL) {
        endpoints->table = bounded_table_new(IOT_MOST_ENDPOINTS, sizeof(struct iot_endpoint));
        if (endpoints->table == NULL)
            return NULL;
        bounded_table_weigh(endpoints->table, weight_of);
    }
    struct bounded_place place = bounded_table_place(
        endpoints->table, analysis_name(context, role, span_of(words, sizeof words)));
    struct iot_endpoint *endpoint = place.room;
    analysis_totals(context)->table_evictions += place.pushed_out;
    if (place.known)
        return endpoint;
    endpoint->role = role;
    endpoint->ip_version = flow->ip_version;
    endpoint->protocol = flow->protocol;
    endpoint->ends[IOT_CLIENT] = flow->ends[flow->client];
    endpoint->ends[IOT_SERVER] = flow->ends[!flow->client];
    endpoint->first_ns = flow->first_ns;
    endpoint->first_packet = flow->first_packet;
    return endpoint;
}

void iot_endpoints_add(struct iot_endpoints *endpoints, struct analyze_context *context,
                       enum iot_role role, const struct iot_judgement *judgement,
                       uint64_t handshakes)
{
    const struct observation *observation = context->observation;
    struct iot_endpoint *endpoint = place(endpoints, context, role);
    if (endpoint == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    endpoint->handshakes += handshakes;
    if (observation->flow->first_ns < endpoint->first_ns) {
        endpoint->first_ns = observation->flow->first_ns;
        endpoint->first_packet = observation->flow->first_packet;
    }
    if (observation->time_ns > endpoint->last_ns)
        endpoint->last_ns = observation->time_ns;
    if (judgement->heartbeat > endpoint->heartbeat)
        endpoint->heartbeat = judgement->heartbeat;
    for (unsigned i = 0; i < NUM_IOT_CHECKS; i++) {
        struct iot_cell *cell = &endpoint->cells[i];
        if (judgement->broken >> i & 1) {
            if (cell->broken++ == 0)
                cell->broken_packet = judgement->packet;
        } else if (judgement->met >> i & 1) {
            if (cell->met++ == 0)
                cell->met_packet = judgement->packet;
        }
    }
}

/* --- telling --- */

struct told_endpoint {
    struct observation observation;
    struct iot_profile profile;
    struct flow flow;
    uint8_t checks[NUM_IOT_CHECKS], verdicts[NUM_IOT_CHECKS];
    uint8_t met[NUM_IOT_CHECKS * 8], broken[NUM_IOT_CHECKS * 8], packets[NUM_IOT_CHECKS * 8];
};

static uint64_t num_broken(const struct iot_endpoint *endpoint)
{
    uint64_t num = 0;
    for (size_t i = 0; i < NUM_IOT_CHECKS; i++)
        num += endpoint->cells[i].broken > 0;
    return num;
}

static int compare(const void *a, const void *b)
{
    const struct iot_endpoint *x = *(const struct iot_endpoint *const *)a;
    const struct iot_endpoint *y = *(const struct iot_endpoint *const *)b;
    const uint64_t keys[][2] = {{num_broken(y), num_broken(x)},
                                {y->handshakes, x->handshakes},
                                {x->first_packet, y->first_packet},
                                {x->role, y->role},
                                {x->ends[x->role].port, y->ends[y->role].port}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return memcmp(x->ends[x->role].address, y->ends[y->role].address, sizeof x->ends[0].address);
}

static void put_number(uint8_t *column, size_t row, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        column[row * 8 + i] = (uint8_t)(number >> (56 - 8 * i));
}

static void tell_cells(struct told_endpoint *told, const struct iot_endpoint *endpoint)
{
    struct iot_profile *profile = &told->profile;
    size_t rows = 0;
    for (uint8_t i = 0; i < NUM_IOT_CHECKS; i++) {
        const struct iot_cell *cell = &endpoint->cells[i];
        const bool broken = cell->broken > 0;
        if (!broken && cell->met == 0)
            continue;
        told->checks[rows] = i;
        told->verdicts[rows] = !broken;
        put_number(told->met, rows, cell->met);
        put_number(told->broken, rows, cell->broken);
        put_number(told->packets, rows, broken ? cell->broken_packet : cell->met_packet);
        rows++;
    }
    profile->broken = number(num_broken(endpoint));
    profile->met = number(rows - profile->broken.value);
    profile->checks = span_of(told->checks, rows);
    profile->verdicts = span_of(told->verdicts, rows);
    profile->num_met = span_of(told->met, rows * 8);
    profile->num_broken = span_of(told->broken, rows * 8);
    profile->packets = span_of(told->packets, rows * 8);
}

static bool tell(struct analyze_context *context, const struct iot_endpoint *endpoint)
{
    struct told_endpoint *told = calloc(1, sizeof *told);
    if (told == NULL)
        return false;
    const bool server = endpoint->role == IOT_SERVER;
    told->flow = (struct flow){.ip_version = endpoint->ip_version,
                               .protocol = endpoint->protocol,
                               .first_packet = endpoint->first_packet,
                               .first_ns = endpoint->first_ns,
                               .last_ns = endpoint->last_ns};
    memcpy(told->flow.ends, endpoint->ends, sizeof told->flow.ends);
    told->profile = (struct iot_profile){
        .role = server ? "server" : "client",
        .address = endpoint_address(&told->flow.ends[endpoint->role], endpoint->ip_version),
        .handshakes = number(endpoint->handshakes),
        .first_ns = number(endpoint->first_ns),
        .last_ns = number(endpoint->last_ns),
        .heartbeat = endpoint->heartbeat};
    if (server)
        told->profile.port = number(endpoint->ends[IOT_SERVER].port);
    tell_cells(told, endpoint);
    told->observation = (struct observation){.type = &observation_iot_profile,
                                             .data = &told->profile,
                                             .flow = &told->flow,
                                             .time_ns = endpoint->last_ns,
                                             .packet = endpoint->first_packet,
                                             .row = endpoint->role};
    return analysis_tell(context, &told->observation, told, sizeof *told);
}

void iot_endpoints_tell(const struct iot_endpoints *endpoints, struct analyze_context *context)
{
    const size_t num = endpoints->table != NULL ? bounded_table_count(endpoints->table) : 0;
    struct analysis_stats *totals = analysis_totals(context);
    const struct iot_endpoint **all = calloc(num + 1, sizeof all[0]);
    size_t told = 0, at = 0;
    for (size_t i = 0; all != NULL && i < num; i++)
        all[i] = bounded_table_next(endpoints->table, &at);
    if (all != NULL)
        qsort(all, num, sizeof all[0], compare);
    for (size_t i = 0; all != NULL && i < num && i < IOT_MOST_TOLD; i++)
        told += tell(context, all[i]);
    free(all);
    totals->iot_endpoints = num;
    totals->iot_endpoints_left_out = num - told;
}
