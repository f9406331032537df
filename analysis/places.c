/* places.c: conversations by the country and the network of their far end: who sits there, or on the way there, can
 * observe them. Reads flow.end, of conversations that somebody read or named. */
#include "analysis/places.h"

#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "analysis/clear_protocols.h"
#include "analysis/home_nets.h"

#include "core/common_observations.h"
#include "core/geo.h"
#include "dissectors/field_rows.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PAIRS = 131072, FIRST_PLACES = 16 };
enum { NAME_PLACE, NAME_PAIR };

struct place {
    struct geo_place at;
    bool other;
    uint64_t conversations, encrypted, clear, bytes, hosts;
};

struct state {
    struct place *places;
    size_t num, room;
    struct bounded_table *numbers; /* of places, by name */
    struct bounded_table *pairs;   /* of hosts and places */
    uint64_t last_ns, last_packet;
};

/* What is told, with all that it points to. */
struct told {
    struct observation observation;
    struct place_summary summary;
    struct flow flow;
    struct geo_place at;
};

static bool make_tables(struct analyze_context *context)
{
    struct state *state = context->state;
    if (state->numbers == NULL)
        state->numbers = bounded_table_new(PLACES_MOST, sizeof(uint32_t));
    if (state->pairs == NULL)
        state->pairs = bounded_table_new(MOST_PAIRS, 1);
    if (state->numbers != NULL && state->pairs != NULL)
        return true;
    analysis_totals(context)->table_evictions++;
    return false;
}

/* Which end is elsewhere: the one outside of the operator's networks; where none are told, the one that is not private.
 * 2: neither, the conversation stays at home. Of two that are elsewhere it is the server. */
static unsigned far_end(const struct analyze_context *context)
{
    const struct flow *flow = context->observation->flow;
    const struct home_nets *home = analysis_home_nets(context);
    bool away[2];
    for (unsigned end = 0; end < 2; end++) {
        struct span address = endpoint_address(&flow->ends[end], flow->ip_version);
        away[end] = address_scope(address) == ADDRESS_EVERYWHERE && !home_nets_have(home, address);
    }
    unsigned server = !flow->client;
    if (away[server])
        return server;
    return away[flow->client] ? flow->client : 2;
}

static bool grow(struct state *state)
{
    size_t room = state->room == 0 ? FIRST_PLACES : 2 * state->room;
    struct place *places = realloc(state->places, room * sizeof *places);
    if (places == NULL)
        return false;
    state->places = places;
    state->room = room;
    return true;
}

/* The place, made when it is new; the last one that there is room for is that of all others. NULL without memory. */
static struct place *place_at(struct analyze_context *context, const struct geo_place *at,
                              uint64_t *name)
{
    struct state *state = context->state;
    const uint32_t words[2] = {at->as_number,
                               (uint32_t)(uint8_t)at->country[0] << 8 | (uint8_t)at->country[1]};
    *name = analysis_name(context, NAME_PLACE, span_of(words, sizeof words));
    const uint32_t *known = bounded_table_find(state->numbers, *name);
    if (known != NULL)
        return &state->places[*known];
    if (state->num == PLACES_MOST)
        return &state->places[PLACES_MOST - 1];
    if (state->num == state->room && !grow(state))
        return NULL;
    const struct bounded_place room = bounded_table_place(state->numbers, *name);
    struct place *place = &state->places[state->num];
    *place = (struct place){.at = *at, .other = state->num == PLACES_MOST - 1};
    *(uint32_t *)room.room = (uint32_t)state->num++;
    return place;
}

static void count(struct analyze_context *context, struct place *place, uint64_t name,
                  unsigned near_end, const struct flow_end_observation *end)
{
    struct state *state = context->state;
    const uint64_t words[2] = {name, analysis_address_name(context, near_end)};
    const struct bounded_place pair = bounded_table_place(
        state->pairs, analysis_name(context, NAME_PAIR, span_of(words, sizeof words)));
    analysis_totals(context)->table_evictions += pair.pushed_out;
    place->hosts += !pair.known;
    place->conversations++;
    place->bytes += end->client_bytes.value + end->server_bytes.value;
    switch (clear_protocol_encrypts(end)) {
    case TRUTH_YES:
        place->encrypted++;
        break;
    case TRUTH_NO:
        place->clear++;
        break;
    case TRUTH_UNKNOWN:
        break;
    }
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    const struct geo *geo = analysis_geo(context);
    const struct flow *flow = observation->flow;
    struct state *state = context->state;
    struct geo_place at;
    uint64_t name;
    if (geo == NULL || flow->ip_version == 0)
        return;
    unsigned far = far_end(context);
    if (far > 1 || !make_tables(context))
        return;
    (void)geo_find(geo, endpoint_address(&flow->ends[far], flow->ip_version), &at);
    struct place *place = place_at(context, &at, &name);
    if (place == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    count(context, place, name, !far, observation->data);
    if (observation->time_ns > state->last_ns)
        state->last_ns = observation->time_ns;
    if (observation->packet > state->last_packet)
        state->last_packet = observation->packet;
}

/* Most conversations first; then in an order that does not depend on who came first. */
static int compare(const void *one, const void *other)
{
    const struct place *a = one, *b = other;
    if (a->conversations != b->conversations)
        return a->conversations < b->conversations ? 1 : -1;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? 1 : -1;
    int order = strcmp(a->at.country, b->at.country);
    if (order != 0)
        return order;
    return a->at.as_number < b->at.as_number ? -1 : a->at.as_number > b->at.as_number;
}

static void tell(struct analyze_context *context, const struct place *place)
{
    const struct state *state = context->state;
    struct told *told = calloc(1, sizeof *told);
    if (told == NULL)
        return;
    told->at = place->at;
    told->summary = (struct place_summary){.conversations = number(place->conversations),
                                           .encrypted = number(place->encrypted),
                                           .clear = number(place->clear),
                                           .bytes = number(place->bytes),
                                           .hosts = number(place->hosts)};
    if (place->other) {
        told->summary.other = TRUTH_YES;
    } else {
        if (told->at.country[0] != '\0')
            told->summary.country = span_text(told->at.country);
        if (told->at.as_number != 0)
            told->summary.as_number = number(told->at.as_number);
        if (told->at.as_organization[0] != '\0')
            told->summary.as_organization = span_text(told->at.as_organization);
    }
    told->observation = (struct observation){.type = &observation_place_summary,
                                             .data = &told->summary,
                                             .flow = &told->flow,
                                             .time_ns = state->last_ns,
                                             .packet = state->last_packet};
    (void)analysis_tell(context, &told->observation, told, sizeof *told);
}

static void sum_up(struct analyze_context *context)
{
    const struct state *state = context->state;
    struct place *sorted = state->num > 0 ? calloc(state->num, sizeof *sorted) : NULL;
    if (sorted == NULL)
        return;
    memcpy(sorted, state->places, state->num * sizeof *sorted);
    qsort(sorted, state->num, sizeof *sorted, compare);
    for (size_t i = 0; i < state->num; i++)
        tell(context, &sorted[i]);
    free(sorted);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->numbers);
    bounded_table_free(state->pairs);
    free(state->places);
    *state = (struct state){.num = 0};
}

#define P      "perpass.place."
#define STRUCT struct place_summary
static const struct field summary_fields[] = {
    ROW(P "country", FIELD_STRING, country,
        "of the far end, ISO 3166-1, as the database has it; absent: not known", IS_PUBLIC),
    ROW(P "as_number", FIELD_NUMBER, as_number, "autonomous system that carries it", IS_PUBLIC),
    ROW(P "as_organization", FIELD_STRING, as_organization, "who runs that", IS_PUBLIC),
    ROW(P "other", FIELD_TRUTH, other, "all further countries and networks together", IS_PUBLIC),
    ROW(P "conversations", FIELD_NUMBER, conversations,
        "conversations that somebody read or named, with a far end there", IS_PUBLIC),
    ROW(P "encrypted", FIELD_NUMBER, encrypted, "of these, in protocols that encrypt", IS_PUBLIC),
    ROW(P "clear", FIELD_NUMBER, clear, "of these, in protocols without encryption", IS_PUBLIC),
    ROW(P "bytes", FIELD_NUMBER, bytes, "their IP bytes", IS_PUBLIC),
    ROW(P "hosts", FIELD_NUMBER, hosts, "near ends of these", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_place_summary, "place.summary", summary_fields, place_summary,
     "A country and network in which far ends of conversations are, where databases of places "
     "were given.");

static const struct observation_type *const reads[] = {&observation_flow_end, NULL};
static const struct observation_type *const makes[] = {&observation_place_summary, NULL};

const struct analyzer analyzer_places = {.name = "places",
                                         .reads = reads,
                                         .makes = makes,
                                         .state_size = sizeof(struct state),
                                         .observe = observe,
                                         .sum_up = sum_up,
                                         .finish = finish};
