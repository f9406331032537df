/* link_tie.c: the ties of the subject graph, told one by one. */
#include "analysis/link_tie.h"

#include "analysis/link_report.h"
#include "analysis/subject_graph_parts.h"
#include "dissectors/field_rows.h"

#include <stdlib.h>

#define T "perpass.tie."

static void next_name(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
}

static const char *hosts_name(uint64_t code)
{
    return code == 1 ? "one" : code == 2 ? "several" : NULL;
}

#define STRUCT struct link_tie
static const struct field rows[] = {
    ROW(T "identifiers.kind", FIELD_LIST, kinds, "identifiers that came together: what each is",
        IS_PUBLIC, .item = VALUE_NUMBER, .next = field_next_u8, .name_of = link_kind_name),
    ROW(T "identifiers.name", FIELD_LIST, names,
        "of each: a name, the same at every sensor with the same key file", IS_IDENTIFIER("link"),
        .item = VALUE_BYTES, .next = next_name),
    ROW(T "identifiers.hosts", FIELD_LIST, hosts,
        "of each: one, or several hosts that it is taken for; then it ties nothing together",
        IS_PUBLIC, .item = VALUE_NUMBER, .next = field_next_u8, .name_of = hosts_name),
    ROW(T "address", FIELD_ADDRESS, address, "where they were seen", IS_ADDRESS),
    ROW(T "sessions", FIELD_NUMBER, sessions,
        "encrypted sessions that had them; 0: they were read in clear", IS_PUBLIC),
    ROW(T "first", FIELD_TIME, first_ns, "when they were seen first, to the second", IS_PUBLIC),
    ROW(T "last", FIELD_TIME, last_ns, "when they were seen last, to the second", IS_PUBLIC),
    ROW(T "handshakes", FIELD_LIST, handshakes,
        "names of up to 4 of these sessions: another sensor that saw one of them has the same",
        IS_IDENTIFIER("session"), .item = VALUE_BYTES, .next = next_name),
};
#undef STRUCT

TYPE(observation_link_tie, "link.tie", rows, link_tie,
     "Identifiers that came together in sessions of one address: what reports of several sensors "
     "are joined by. Only with --pseudonym-key; at the end, and at each interval of perpass "
     "monitor.");

enum { NAME_BYTES = 1 + ANALYSIS_JOIN_NAME };

/* One that is told, with all that it points to. */
struct told {
    struct observation observation;
    struct link_tie tie;
    struct flow flow;
    uint8_t kinds[SUBJECT_GRAPH_MEMBERS], hosts[SUBJECT_GRAPH_MEMBERS];
    uint8_t names[SUBJECT_GRAPH_MEMBERS * NAME_BYTES],
        handshakes[SUBJECT_GRAPH_HANDSHAKES * NAME_BYTES], address[16];
};

/* What is not known by its name any more was not seen for so long that nobody joins by it. */
static size_t add_identifiers(struct analyze_context *context, const struct subject_graph *graph,
                              const struct tie *tie, struct told *told)
{
    size_t num = 0;
    for (unsigned i = 0; i < tie->num; i++) {
        const struct vertex *vertex = &graph->vertices[tie->members[i]];
        uint8_t *name = told->names + num * NAME_BYTES;
        if (vertex->name == 0)
            continue;
        told->kinds[num] = tie->as[i];
        told->hosts[num++] = vertex->shared ? 2 : 1;
        *name = ANALYSIS_JOIN_NAME;
        analysis_join_name(context, vertex->name, name + 1);
    }
    told->tie.kinds = span_of(told->kinds, num);
    told->tie.hosts = span_of(told->hosts, num);
    told->tie.names = span_of(told->names, num * NAME_BYTES);
    return num;
}

static void add_handshakes(struct analyze_context *context, const struct tie *tie,
                           struct told *told)
{
    size_t num = 0;
    while (num < SUBJECT_GRAPH_HANDSHAKES && tie->handshakes[num] != 0) {
        uint8_t *name = told->handshakes + num * NAME_BYTES;
        *name = ANALYSIS_JOIN_NAME;
        analysis_join_name(context, tie->handshakes[num++], name + 1);
    }
    if (num > 0)
        told->tie.handshakes = span_of(told->handshakes, num * NAME_BYTES);
}

static bool tell(struct analyze_context *context, const struct subject_graph *graph,
                 const struct tie *tie)
{
    const uint64_t second = 1000000000u;
    struct told *told = calloc(1, sizeof *told);
    if (told == NULL)
        return false;
    if (add_identifiers(context, graph, tie, told) == 0) {
        free(told);
        return true;
    }
    told->tie.sessions = number(tie->sessions);
    told->tie.first_ns = number(tie->first_s * second);
    told->tie.last_ns = number(tie->last_s * second);
    memcpy(told->address, tie->address, tie->address_len);
    if (tie->address_len > 0)
        told->tie.address = span_of(told->address, tie->address_len);
    add_handshakes(context, tie, told);
    told->observation = (struct observation){.type = &observation_link_tie,
                                             .data = &told->tie,
                                             .flow = &told->flow,
                                             .time_ns = tie->last_s * second,
                                             .row = (uint64_t)(tie - graph->ties)};
    return analysis_tell(context, &told->observation, told, sizeof *told);
}

static int compare_times(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x > y ? -1 : x < y;
}

/* Since when ties are used that are told; 0: all are. */
static uint32_t oldest_told(const struct subject_graph *graph)
{
    uint32_t *times =
        graph->num_ties > LINK_MOST_TIES ? calloc(graph->num_ties, sizeof *times) : NULL;
    if (times == NULL)
        return 0;
    for (size_t i = 0; i < graph->num_ties; i++)
        times[i] = graph->ties[i].last_s;
    qsort(times, graph->num_ties, sizeof *times, compare_times);
    const uint32_t oldest = times[LINK_MOST_TIES - 1];
    free(times);
    return oldest;
}

void link_tell_ties(struct analyze_context *context, const struct subject_graph *graph)
{
    const uint32_t oldest = oldest_told(graph);
    size_t told = 0;
    for (size_t i = 0; i < graph->num_ties && told < LINK_MOST_TIES; i++)
        told += graph->ties[i].last_s >= oldest && tell(context, graph, &graph->ties[i]);
    analysis_totals(context)->link_ties_left_out = graph->num_ties - told;
}
