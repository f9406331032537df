/* subject_graph.c: identifiers, and what ties them together. subject_count.c joins and counts. */
#include "analysis/subject_graph.h"

#include "analysis/subject_graph_parts.h"

#include <stdlib.h>

struct subject_graph *subject_graph_new(size_t vertices, size_t ties)
{
    struct subject_graph *graph = calloc(1, sizeof *graph);
    if (graph == NULL)
        return NULL;
    graph->most_vertices = vertices;
    graph->most_ties = ties;
    graph->pasts = calloc(SUBJECT_GRAPH_PASTS, sizeof graph->pasts[0]);
    graph->num_pasts = 1;
    if (graph->pasts == NULL) {
        subject_graph_free(graph);
        return NULL;
    }
    return graph;
}

void subject_graph_free(struct subject_graph *graph)
{
    if (graph == NULL)
        return;
    free(graph->vertices);
    free(graph->ties);
    free(graph->pasts);
    name_index_clear(&graph->vertex_index);
    name_index_clear(&graph->tie_index);
    free(graph);
}

/* Gives |rows| with room for twice as many, |most| of them at most; NULL, and they stay, without memory. */
static void *grow(void *rows, size_t size, size_t *room, size_t most)
{
    size_t more = *room == 0 ? SUBJECT_GRAPH_ROOM : 2 * *room;
    more = more < most ? more : most;
    void *grown = *room < most ? realloc(rows, more * size) : NULL;
    *room = grown != NULL ? more : *room;
    return grown;
}

/* Whether there is room for one more; places may change by it. */
static bool vertex_room(struct subject_graph *graph)
{
    if (graph->num_vertices < graph->vertices_room)
        return true;
    struct vertex *grown =
        grow(graph->vertices, sizeof grown[0], &graph->vertices_room, graph->most_vertices);
    graph->vertices = grown != NULL ? grown : graph->vertices;
    return grown != NULL ||
           (subject_graph_settle(graph) && graph->num_vertices < graph->vertices_room);
}

static bool tie_room(struct subject_graph *graph)
{
    if (graph->num_ties < graph->ties_room)
        return true;
    struct tie *grown = grow(graph->ties, sizeof grown[0], &graph->ties_room, graph->most_ties);
    graph->ties = grown != NULL ? grown : graph->ties;
    return grown != NULL || (subject_graph_settle(graph) && graph->num_ties < graph->ties_room);
}

static uint32_t lifetime_of(enum link_kind kind)
{
    static const uint32_t lifetimes[NUM_LINK_KINDS] = {
#define LINK_KIND(symbol, name, one, many, seconds) [symbol] = seconds,
        LINK_KINDS(LINK_KIND)
#undef LINK_KIND
    };
    return lifetimes[kind];
}

static uint32_t last_use(const struct vertex *vertex)
{
    return vertex->used_s;
}

static struct vertex *find(const struct subject_graph *graph, uint64_t name)
{
    const uint32_t *place = name_index_find(&graph->vertex_index, name);
    return place != NULL ? &graph->vertices[*place] : NULL;
}

static struct vertex *add(struct subject_graph *graph, uint64_t name, enum link_kind kind,
                          uint32_t now_s)
{
    if (!vertex_room(graph))
        return NULL;
    uint32_t place = (uint32_t)graph->num_vertices;
    uint32_t *known = name_index_find(&graph->vertex_index, name);
    if (known != NULL)
        *known = place;
    else if (!name_index_add(&graph->vertex_index, name, place))
        return NULL;
    struct vertex *vertex = &graph->vertices[graph->num_vertices++];
    *vertex =
        (struct vertex){.name = name, .kind = (uint8_t)kind, .first_s = now_s, .used_s = now_s};
    return vertex;
}

/* One that was not used for so long is another one. */
static struct vertex *find_or_add(struct subject_graph *graph, uint64_t name, enum link_kind kind,
                                  uint32_t now_s)
{
    struct vertex *vertex = find(graph, name);
    uint32_t lifetime = vertex != NULL ? lifetime_of((enum link_kind)vertex->kind) : 0;
    if (vertex != NULL && lifetime != 0 && now_s > last_use(vertex) &&
        now_s - last_use(vertex) > lifetime) {
        vertex->name = 0;
        vertex = NULL;
    }
    return vertex != NULL ? vertex : add(graph, name, kind, now_s);
}

/* Counts one more in the time of |length| seconds that began at |start|, or begins the next one. */
static uint8_t count_in(uint32_t *start, uint8_t num, uint32_t length, uint32_t now_s)
{
    if (now_s - *start <= length)
        return num < UINT8_MAX ? (uint8_t)(num + 1) : num;
    *start = now_s;
    return 1;
}

static struct vertex_past *past_of(struct subject_graph *graph, struct vertex *vertex)
{
    if (vertex->past == 0 && graph->free_past != 0) {
        vertex->past = graph->free_past;
        graph->free_past = graph->pasts[vertex->past].next_free;
    } else if (vertex->past == 0 && graph->num_pasts < SUBJECT_GRAPH_PASTS) {
        vertex->past = graph->num_pasts++;
    }
    return vertex->past != 0 ? &graph->pasts[vertex->past] : NULL;
}

/* Moves |host| to the front; true when it came back to too many places for one device. */
static bool goes_round(struct vertex_past *past, uint32_t host)
{
    unsigned at = 0;
    while (at < past->num && past->hosts[at] != host)
        at++;
    const bool known = at < past->num;
    const bool returned = known && (at > 2 || (past->returned >> at & 1) != 0);
    if (!known && past->num < SUBJECT_GRAPH_PAST)
        past->num++;
    if (!known && at == SUBJECT_GRAPH_PAST)
        at--;
    memmove(past->hosts + 1, past->hosts, at * sizeof past->hosts[0]);
    past->hosts[0] = host;
    const unsigned before = past->returned & ((1u << at) - 1),
                   behind = past->returned & ~((2u << at) - 1);
    past->returned = (uint16_t)(behind | before << 1 | returned);
    return __builtin_popcount(past->returned) >= SUBJECT_GRAPH_PLACES;
}

/* An identifier that several hosts use by turns is not that of one that moves, even if it moves slowly. */
static void remember(struct subject_graph *graph, struct vertex *vertex, uint32_t host, bool ip6)
{
    const struct vertex_at *at = &vertex->at[ip6];
    const bool third = vertex->past != 0 || at->before != 0;
    struct vertex_past *past = third && !vertex->shared ? past_of(graph, vertex) : NULL;
    if (past == NULL)
        return;
    if (past->num == 0) {
        past->ip6 = ip6;
        goes_round(past, at->before);
        goes_round(past, at->host);
    }
    if (past->ip6 == ip6 && goes_round(past, host))
        vertex->shared = true;
}

/* Notes that it is used at |host|, and says since when it was not at another one; 0: it was there all the time. */
static uint32_t go_to(struct subject_graph *graph, struct vertex *vertex, uint32_t host, bool ip6,
                      uint32_t now_s)
{
    enum { HOUR = 3600, DAY = 86400 };
    struct vertex_at *at = &vertex->at[ip6];
    if (at->host == host || at->host == 0) {
        at->host = host;
        at->host_s = now_s;
        return 0;
    }
    remember(graph, vertex, host, ip6);
    bool third = at->before != 0 && at->before != host;
    vertex->hour_moves = count_in(&vertex->hour_s, vertex->hour_moves, HOUR, now_s);
    vertex->day_moves = count_in(&vertex->day_s, vertex->day_moves, DAY, now_s);
    if ((third && now_s - at->before_s <= SUBJECT_GRAPH_CROWD_S) ||
        vertex->hour_moves > SUBJECT_GRAPH_MOVES || vertex->day_moves > SUBJECT_GRAPH_DAY_MOVES)
        vertex->shared = true;
    uint32_t since = at->host_s;
    *at = (struct vertex_at){
        .host = host, .host_s = now_s, .before = at->host, .before_s = at->host_s};
    return since;
}

struct subject_use subject_graph_use(struct subject_graph *graph, uint64_t name,
                                     enum link_kind kind, uint32_t host, bool ip6, uint32_t now_s)
{
    struct vertex *vertex = find_or_add(graph, name, kind, now_s);
    if (vertex == NULL) {
        graph->settled.settled++;
        return (struct subject_use){.again = false};
    }
    struct subject_use use = {.again = vertex->sessions > 0,
                              .first_s = vertex->first_s,
                              .kind = (enum link_kind)vertex->kind};
    uint32_t since = host != 0 ? go_to(graph, vertex, host, ip6, now_s) : 0;
    vertex->used_s = now_s;
    vertex->sessions++;
    use.moved = since != 0;
    use.moved_s = use.moved && now_s > since ? now_s - since : 0;
    use.sessions = vertex->sessions;
    use.shared = vertex->shared;
    return use;
}

bool subject_graph_shared(const struct subject_graph *graph, uint64_t name)
{
    const struct vertex *vertex = find(graph, name);
    return vertex != NULL && vertex->shared;
}

void subject_graph_share(struct subject_graph *graph, uint64_t name)
{
    struct vertex *vertex = find(graph, name);
    if (vertex != NULL)
        vertex->shared = true;
}

static bool has(const struct tie *tie, uint32_t vertex)
{
    for (unsigned i = 0; i < tie->num; i++)
        if (tie->members[i] == vertex)
            return true;
    return false;
}

/* The tie that |from| tells, of the identifiers that are known. */
static struct tie read_tie(const struct subject_graph *graph, const struct subject_tie *from)
{
    struct tie tie = {.sessions = from->session + from->more,
                      .first_s = from->first_s,
                      .last_s = from->last_s,
                      .handshakes = {from->random},
                      .address_len = (uint8_t)from->address.len};
    memcpy(tie.address, from->address.at, from->address.len);
    for (unsigned i = 0; i < from->num; i++) {
        const uint32_t *place = name_index_find(&graph->vertex_index, from->names[i]);
        if (place == NULL || has(&tie, *place))
            continue;
        tie.as[tie.num] = from->as[i];
        tie.members[tie.num++] = *place;
    }
    return tie;
}

static uint64_t mix(uint64_t name, uint64_t word)
{
    return (name ^ word) * 0x9e3779b97f4a7c15u + (name >> 29);
}

/* Names of vertices are hashes under a random key already; one that came to life again has another time. */
static uint64_t name_of(const struct subject_graph *graph, const struct tie *tie)
{
    uint64_t name = tie->sessions > 0 ? 1 : 2, words[2];
    for (unsigned i = 0; i < tie->num; i++) {
        const struct vertex *vertex = &graph->vertices[tie->members[i]];
        name = mix(mix(name, vertex->name), (uint64_t)vertex->first_s << 8 | tie->as[i]);
    }
    memcpy(words, tie->address, sizeof words);
    name = mix(mix(mix(name, words[0]), words[1]), tie->address_len);
    return name != 0 ? name : 1;
}

/* The newest comes first. */
static void note_handshake(struct tie *tie, uint64_t random)
{
    if (random == 0)
        return;
    memmove(tie->handshakes + 1, tie->handshakes,
            (SUBJECT_GRAPH_HANDSHAKES - 1) * sizeof tie->handshakes[0]);
    tie->handshakes[0] = random;
}

void subject_graph_tie(struct subject_graph *graph, const struct subject_tie *from)
{
    /* First of all, as places change by it. */
    bool full = !tie_room(graph);
    struct tie tie = read_tie(graph, from);
    if (tie.num == 0) {
        graph->settled.sessions += from->session + from->more;
        return;
    }
    tie.name = name_of(graph, &tie);
    const uint32_t *known = name_index_find(&graph->tie_index, tie.name);
    if (known != NULL) {
        struct tie *same = &graph->ties[*known];
        same->sessions += from->session + from->more;
        note_handshake(same, from->random);
        if (from->first_s < same->first_s) /* sessions are told when they end */
            same->first_s = from->first_s;
        if (from->last_s > same->last_s)
            same->last_s = from->last_s;
    } else if (full || !name_index_add(&graph->tie_index, tie.name, (uint32_t)graph->num_ties)) {
        graph->settled.settled++;
        graph->settled.sessions += from->session + from->more;
    } else {
        graph->ties[graph->num_ties++] = tie;
    }
}

uint64_t subject_graph_settled(const struct subject_graph *graph)
{
    return graph->settled.settled;
}
