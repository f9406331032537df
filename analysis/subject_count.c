/* subject_count.c: joins the sessions of a subject graph by union-find (Tarjan, "Efficiency of a Good But Not Linear
 * Set Union Algorithm", 1975; with path halving), with all kinds of identifiers and with some left out, and counts. */
#include "analysis/subject_graph_parts.h"

#include <stdlib.h>

static const unsigned all_kinds = (1u << NUM_LINK_KINDS) - 1;

/* Of each root of a set of vertices. */
struct set {
    uint64_t nets[2]; /* IPv4 address, IPv6 network where it was first */
    uint32_t sessions, first_s, last_s;
    bool has[2], moved;
};

struct count {
    const struct subject_graph *graph;
    uint32_t *parents;
    struct set *sets;
    uint16_t *used;  /* of each vertex: the kinds as which sessions had it */
    uint8_t *chosen; /* of each tie: it is counted */
    uint32_t *
        joining; /* chosen ties that may be joined to others: most sessions have nothing that came twice */
    size_t num_joining;
};

static void count_free(struct count *count)
{
    free(count->parents);
    free(count->sets);
    free(count->used);
    free(count->chosen);
    free(count->joining);
}

static bool count_new(const struct subject_graph *graph, struct count *count)
{
    size_t num = graph->num_vertices + 1;
    *count = (struct count){.graph = graph,
                            .parents = calloc(num, sizeof count->parents[0]),
                            .sets = calloc(num, sizeof count->sets[0]),
                            .used = calloc(num, sizeof count->used[0]),
                            .chosen = calloc(graph->num_ties + 1, 1),
                            .joining = calloc(graph->num_ties + 1, sizeof count->joining[0])};
    if (count->parents != NULL && count->sets != NULL && count->used != NULL &&
        count->chosen != NULL && count->joining != NULL)
        return true;
    count_free(count);
    return false;
}

static uint32_t root_of(uint32_t *parents, uint32_t vertex)
{
    while (parents[vertex] != vertex) {
        parents[vertex] = parents[parents[vertex]];
        vertex = parents[vertex];
    }
    return vertex;
}

static bool joins(const struct subject_graph *graph, const struct tie *tie, unsigned i,
                  unsigned kinds)
{
    return (kinds >> tie->as[i] & 1) != 0 && !graph->vertices[tie->members[i]].shared;
}

/* The set of |tie|; false when none of its identifiers joins. */
static bool set_of(struct count *count, const struct tie *tie, unsigned kinds, uint32_t *root)
{
    for (unsigned i = 0; i < tie->num; i++) {
        if (joins(count->graph, tie, i, kinds)) {
            *root = root_of(count->parents, tie->members[i]);
            return true;
        }
    }
    return false;
}

/* Joins the vertices of |tie| that are of the |kinds|: the older one, whose number is smaller, stands for both. */
static void join_tie(struct count *count, const struct tie *tie, unsigned kinds)
{
    uint32_t root;
    if (!set_of(count, tie, kinds, &root))
        return;
    for (unsigned i = 0; i < tie->num; i++) {
        if (!joins(count->graph, tie, i, kinds))
            continue;
        uint32_t other = root_of(count->parents, tie->members[i]);
        if (other < root) {
            count->parents[root] = other;
            root = other;
        } else {
            count->parents[other] = root;
        }
    }
}

static void join(struct count *count)
{
    const struct subject_graph *graph = count->graph;
    for (size_t i = 0; i < graph->num_vertices; i++)
        count->parents[i] = (uint32_t)i;
    for (size_t i = 0; i < graph->num_ties; i++)
        join_tie(count, &graph->ties[i], all_kinds);
}

/* Finds the chosen ties of which sessions may be linkable by any kinds: several sessions, or an identifier of another
 * tie. False without memory. */
static bool find_joining(struct count *count)
{
    const struct subject_graph *graph = count->graph;
    uint8_t *uses = calloc(graph->num_vertices + 1, 1);
    if (uses == NULL)
        return false;
    for (size_t i = 0; i < graph->num_ties; i++)
        for (unsigned j = 0; j < graph->ties[i].num; j++)
            uses[graph->ties[i].members[j]] |= uses[graph->ties[i].members[j]] == 0 ? 1 : 2;
    count->num_joining = 0;
    for (size_t i = 0; i < graph->num_ties; i++) {
        const struct tie *tie = &graph->ties[i];
        bool may = tie->sessions > 1;
        for (unsigned j = 0; j < tie->num; j++)
            may = may || uses[tie->members[j]] > 1;
        if (may && count->chosen[i])
            count->joining[count->num_joining++] = (uint32_t)i;
    }
    free(uses);
    return true;
}

/* Chosen sessions that are in one set with another one, by the |kinds| alone. */
static uint64_t count_linkable(struct count *count, unsigned kinds)
{
    const struct tie *ties = count->graph->ties;
    uint64_t linkable = 0;
    uint32_t root;
    for (size_t i = 0; i < count->num_joining; i++) {
        const struct tie *tie = &ties[count->joining[i]];
        for (unsigned j = 0; j < tie->num; j++) {
            count->parents[tie->members[j]] = tie->members[j];
            count->sets[tie->members[j]].sessions = 0;
        }
    }
    for (size_t i = 0; i < count->num_joining; i++)
        join_tie(count, &ties[count->joining[i]], kinds);
    for (size_t i = 0; i < count->num_joining; i++)
        if (set_of(count, &ties[count->joining[i]], kinds, &root))
            count->sets[root].sessions += ties[count->joining[i]].sessions;
    for (size_t i = 0; i < count->num_joining; i++) {
        const struct tie *tie = &ties[count->joining[i]];
        for (unsigned j = 0; j < tie->num; j++) {
            uint32_t *sessions = &count->sets[tie->members[j]].sessions;
            linkable += *sessions > 1 ? *sessions : 0;
            *sessions = 0;
        }
    }
    return linkable;
}

/* What tells addresses apart: IPv4 addresses, and IPv6 networks, as a host changes its address within one. */
static uint64_t net_of(const struct tie *tie)
{
    uint64_t net = 0;
    memcpy(&net, tie->address, tie->address_len == 4 ? 4 : 8);
    return net;
}

static void extend(struct set *set, const struct tie *tie)
{
    if (set->first_s == 0 || tie->first_s < set->first_s)
        set->first_s = tie->first_s;
    if (tie->last_s > set->last_s)
        set->last_s = tie->last_s;
    set->sessions += tie->sessions;
    if (tie->address_len == 0)
        return;
    bool ip6 = tie->address_len == 16;
    if (set->has[ip6] && set->nets[ip6] != net_of(tie))
        set->moved = true;
    if (!set->has[ip6])
        set->nets[ip6] = net_of(tie);
    set->has[ip6] = true;
}

static size_t class_of(uint64_t size, uint64_t least)
{
    return size <= least ? 0 : size < 10 ? 1 : size < 100 ? 2 : 3;
}

static void add_address(struct link_followed *followed, const struct tie *tie, uint64_t *nets)
{
    enum { MOST = 256 };
    uint64_t n = followed->num_addresses;
    size_t at = 0;
    uint64_t net = net_of(tie) ^ (tie->address_len == 16 ? 0x5bd1e9955bd1e995u : 0);
    while (at < n && nets[at] != net)
        at++;
    if (at == n && n < MOST) {
        nets[n] = net;
        followed->num_addresses++;
    }
    if (at >= LINK_MOST_ADDRESSES)
        return;
    struct link_address *address = &followed->addresses[at];
    uint64_t first_ns = (uint64_t)tie->first_s * 1000000000u;
    if (at < n && address->first_ns <= first_ns)
        return;
    *address =
        (struct link_address){.ip_version = tie->address_len == 4 ? 4 : 6, .first_ns = first_ns};
    memcpy(address->bytes, tie->address, tie->address_len);
}

static void sort_addresses(struct link_followed *followed)
{
    size_t num = followed->num_addresses < LINK_MOST_ADDRESSES ? (size_t)followed->num_addresses
                                                               : LINK_MOST_ADDRESSES;
    for (size_t i = 1; i < num; i++) {
        struct link_address address = followed->addresses[i];
        size_t at = i;
        for (; at > 0 && followed->addresses[at - 1].first_ns > address.first_ns; at--)
            followed->addresses[at] = followed->addresses[at - 1];
        followed->addresses[at] = address;
    }
}

static void follow(struct count *count, uint32_t root, struct link_followed *followed)
{
    const struct subject_graph *graph = count->graph;
    const struct set *set = &count->sets[root];
    uint64_t nets[256];
    uint32_t other;
    *followed = (struct link_followed){.sessions = set->sessions,
                                       .first_ns = (uint64_t)set->first_s * 1000000000u,
                                       .last_ns = (uint64_t)set->last_s * 1000000000u};
    for (size_t i = 0; i < graph->num_ties; i++)
        if (graph->ties[i].address_len > 0 && set_of(count, &graph->ties[i], all_kinds, &other) &&
            other == root)
            add_address(followed, &graph->ties[i], nets);
    sort_addresses(followed);
}

static void count_subject(struct link_counts *summary, const struct set *set)
{
    summary->linkable += set->sessions;
    summary->subjects++;
    summary->moved += set->moved;
    summary->sizes[class_of(set->sessions, 2)]++;
    if (set->sessions > summary->largest)
        summary->largest = set->sessions;
}

/* With all kinds, which are joined. */
static void count_subjects(struct count *count, struct link_counts *summary)
{
    const struct subject_graph *graph = count->graph;
    uint64_t longest = summary->longest.last_ns - summary->longest.first_ns;
    uint32_t root, best = UINT32_MAX;
    memset(count->sets, 0, (graph->num_vertices + 1) * sizeof count->sets[0]);
    for (size_t i = 0; i < graph->num_ties; i++) {
        if (!count->chosen[i])
            continue;
        summary->sessions += graph->ties[i].sessions;
        if (set_of(count, &graph->ties[i], all_kinds, &root))
            extend(&count->sets[root], &graph->ties[i]);
    }
    for (size_t i = 0; i < graph->num_vertices; i++) {
        const struct set *set = &count->sets[i];
        if (set->sessions < 2)
            continue;
        count_subject(summary, set);
        uint64_t duration = (uint64_t)(set->last_s - set->first_s) * 1000000000u;
        if (summary->longest.sessions != 0 || best != UINT32_MAX ? duration <= longest : false)
            continue;
        longest = duration;
        best = (uint32_t)i;
    }
    if (best != UINT32_MAX)
        follow(count, best, &summary->longest);
}

static void count_kinds(struct count *count, struct link_counts *summary)
{
    const struct subject_graph *graph = count->graph;
    for (size_t i = 0; i < graph->num_ties; i++) {
        const struct tie *tie = &graph->ties[i];
        unsigned kinds = 0;
        if (!count->chosen[i] || tie->sessions == 0)
            continue;
        for (unsigned j = 0; j < tie->num; j++) {
            count->used[tie->members[j]] |= (uint16_t)(1u << tie->as[j]);
            kinds |= 1u << tie->as[j];
        }
        for (size_t kind = 0; kind < NUM_LINK_KINDS; kind++)
            summary->kinds[kind].sessions += kinds >> kind & 1 ? tie->sessions : 0;
    }
    for (size_t i = 0; i < graph->num_vertices; i++) {
        for (size_t kind = 0; kind < NUM_LINK_KINDS; kind++) {
            bool is = (count->used[i] >> kind & 1) != 0;
            summary->kinds[kind].identifiers += is;
            summary->kinds[kind].shared += is && graph->vertices[i].shared;
        }
    }
}

/* Adds the chosen ties to |summary|; false without memory, and nothing is added. */
static bool count_chosen(struct count *count, struct link_counts *summary)
{
    unsigned present = 0;
    uint64_t linkable = summary->linkable;
    if (!find_joining(count))
        return false;
    join(count);
    count_subjects(count, summary);
    count_kinds(count, summary);
    linkable = summary->linkable - linkable;
    for (size_t i = 0; i < count->graph->num_vertices; i++)
        present |= count->used[i];
    for (unsigned kind = 0; kind < NUM_LINK_KINDS; kind++) {
        bool is = (present >> kind & 1) != 0, only = present == 1u << kind;
        uint64_t with = is && !only ? count_linkable(count, 1u << kind) : is ? linkable : 0;
        uint64_t without = is && !only ? count_linkable(count, all_kinds & ~(1u << kind))
                           : is        ? 0
                                       : linkable;
        summary->kinds[kind].alone += with;
        summary->kinds[kind].without += without;
    }
    return true;
}

bool subject_graph_summarise(const struct subject_graph *graph, struct link_counts *summary)
{
    struct count count;
    *summary = graph->settled;
    if (!count_new(graph, &count))
        return false;
    memset(count.chosen, 1, graph->num_ties);
    bool ok = count_chosen(&count, summary);
    count_free(&count);
    return ok;
}

/* --- to settle --- */

static int compare_times(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t middle_of(uint32_t *times, size_t num)
{
    if (num == 0)
        return 0;
    qsort(times, num, sizeof times[0], compare_times);
    return times[num / 2];
}

/* When each set was used last, and how many sessions it has, at its root. */
static void date(struct count *count)
{
    const struct subject_graph *graph = count->graph;
    uint32_t root;
    for (size_t i = 0; i < graph->num_vertices; i++) {
        root = root_of(count->parents, (uint32_t)i);
        if (graph->vertices[i].used_s > count->sets[root].last_s)
            count->sets[root].last_s = graph->vertices[i].used_s;
    }
    for (size_t i = 0; i < graph->num_ties; i++) {
        if (!set_of(count, &graph->ties[i], all_kinds, &root))
            continue;
        count->sets[root].sessions += graph->ties[i].sessions;
        if (graph->ties[i].last_s > count->sets[root].last_s)
            count->sets[root].last_s = graph->ties[i].last_s;
    }
}

/* What is known of the set of a tie or vertex. */
struct dated {
    uint32_t last_s;
    bool alone; /* one session */
};

/* A tie of shared identifiers only is in no set. */
static struct dated date_of_tie(struct count *count, const struct tie *tie)
{
    uint32_t root;
    if (!set_of(count, tie, all_kinds, &root))
        return (struct dated){tie->last_s, true};
    return (struct dated){count->sets[root].last_s, count->sets[root].sessions <= 1};
}

static struct dated date_of_vertex(struct count *count, size_t i)
{
    const struct set *set = &count->sets[root_of(count->parents, (uint32_t)i)];
    return (struct dated){set->last_s, set->sessions <= 1};
}

/* Which sets are to go: those that were not used since; sessions that nothing was joined to go first, so that many of
 * them do not drive out subjects that are followed. */
struct choice {
    uint32_t middle;
    bool only_alone;
};

static bool goes(const struct choice *choice, struct dated date)
{
    return date.last_s <= choice->middle && (date.alone || !choice->only_alone);
}

/* The middle of all times, or, if these are a quarter or more, of those that are alone; by vertices or ties, whichever
 * are full. */
static struct choice choice_of(struct count *count, uint32_t *times)
{
    const struct subject_graph *graph = count->graph;
    const bool by_ties = graph->num_ties == graph->most_ties;
    const size_t num = by_ties ? graph->num_ties : graph->num_vertices;
    struct choice choice = {.only_alone = false};
    size_t alone = 0;
    for (size_t i = 0; i < num; i++) {
        const struct dated date =
            by_ties ? date_of_tie(count, &graph->ties[i]) : date_of_vertex(count, i);
        times[date.alone ? alone++ : num - 1 - (i - alone)] = date.last_s;
    }
    choice.only_alone = alone >= num / 4;
    choice.middle = middle_of(times, choice.only_alone ? alone : num);
    return choice;
}

/* Marks the vertices that stay in |used|. */
static bool choose(struct count *count)
{
    const struct subject_graph *graph = count->graph;
    size_t num_times =
        graph->num_vertices > graph->num_ties ? graph->num_vertices : graph->num_ties;
    uint32_t *times = calloc(num_times + 1, sizeof *times);
    if (times == NULL)
        return false;
    const struct choice choice = choice_of(count, times);
    free(times);
    for (size_t i = 0; i < graph->num_ties; i++)
        count->chosen[i] = goes(&choice, date_of_tie(count, &graph->ties[i]));
    for (size_t i = 0; i < graph->num_vertices; i++)
        count->used[i] = !goes(&choice, date_of_vertex(count, i));
    /* What a tie that stays has, stays: a shared identifier is in sets of its own. */
    for (size_t i = 0; i < graph->num_ties; i++)
        for (unsigned j = 0; !count->chosen[i] && j < graph->ties[i].num; j++)
            count->used[graph->ties[i].members[j]] = 1;
    return true;
}

static void free_past(struct subject_graph *graph, uint32_t place)
{
    if (place == 0)
        return;
    graph->pasts[place] = (struct vertex_past){.next_free = graph->free_past};
    graph->free_past = place;
}

static void keep_vertices(struct subject_graph *graph, struct count *count)
{
    size_t num = 0;
    name_index_clear(&graph->vertex_index);
    for (size_t i = 0; i < graph->num_vertices; i++) {
        const struct vertex vertex = graph->vertices[i];
        count->parents[i] = (uint32_t)num; /* its new place */
        if (!count->used[i]) {
            free_past(graph, vertex.past);
            continue;
        }
        graph->vertices[num] = vertex;
        if (vertex.name != 0)
            name_index_add(&graph->vertex_index, vertex.name, (uint32_t)num);
        num++;
    }
    graph->num_vertices = num;
}

static void keep_ties(struct subject_graph *graph, const struct count *count)
{
    size_t num = 0;
    name_index_clear(&graph->tie_index);
    for (size_t i = 0; i < graph->num_ties; i++) {
        struct tie tie = graph->ties[i];
        if (count->chosen[i])
            continue;
        for (unsigned j = 0; j < tie.num; j++)
            tie.members[j] = count->parents[tie.members[j]];
        name_index_add(&graph->tie_index, tie.name, (uint32_t)num);
        graph->ties[num++] = tie;
    }
    graph->num_ties = num;
}

/* Subjects, and sessions that were in none. */
static uint64_t settled_by(const struct link_counts *before, const struct link_counts *after)
{
    uint64_t sessions = after->sessions - before->sessions;
    uint64_t linkable = after->linkable - before->linkable;
    return after->subjects - before->subjects + sessions - linkable;
}

bool subject_graph_settle(struct subject_graph *graph)
{
    struct count count;
    const struct link_counts before = graph->settled;
    if (!count_new(graph, &count))
        return false;
    join(&count);
    date(&count);
    bool ok = choose(&count);
    if (ok) {
        uint16_t *stays = count.used;
        count.used = calloc(graph->num_vertices + 1, sizeof count.used[0]);
        ok = count.used != NULL && count_chosen(&count, &graph->settled);
        free(count.used);
        count.used = stays;
    }
    if (ok) {
        graph->settled.settled += settled_by(&before, &graph->settled);
        keep_vertices(graph, &count);
        keep_ties(graph, &count);
    }
    count_free(&count);
    return ok;
}
