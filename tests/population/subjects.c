/* subjects.c: which sessions of a capture perpass takes for one subject, session by session: what reports only count.
 *
 *     subjects CAPTURE
 *
 * Prints a line for every session: the number of its first packet, and a number that all sessions of its subject
 * share; 0 for a session that nothing ties to others. The last line has what the report says: "# sessions linkable
 * subjects".
 *
 * The subject graph keeps what sessions have in common, not the sessions. This program stands between the analysis and
 * the graph (linked with --wrap), notes the identifiers of every session, and joins the sessions itself by those that
 * the graph does not call shared. That the counts of the last line come out the same shows that it is the graph's own
 * result. */
#include "analysis/analysis.h"
#include "analysis/subject_graph_parts.h"
#include "capture/source.h"
#include "core/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_SESSIONS = 1 << 20, BUCKETS = 1 << 21 };

/* An identifier: a vertex, that has its name until it was not used for long. */
struct identifier {
    uint64_t name;
    uint32_t first_s;
    uint32_t parent; /* of the set that it is in */
    uint32_t next;   /* in its bucket */
    bool shared;
};

struct session {
    uint64_t packet;
    uint32_t identifiers[SUBJECT_GRAPH_MEMBERS];
    unsigned num;
};

static struct {
    struct identifier *identifiers; /* 0 is none */
    struct session *sessions;
    uint32_t *buckets;
    size_t num_identifiers, num_sessions;
    uint64_t packet; /* of the flow at hand */
    struct link_counts counts;
    bool full;
} seen;

void __real_subject_graph_tie(struct subject_graph *graph, const struct subject_tie *tie);
void __wrap_subject_graph_tie(struct subject_graph *graph, const struct subject_tie *tie);
bool __real_subject_graph_settle(struct subject_graph *graph);
bool __wrap_subject_graph_settle(struct subject_graph *graph);
bool __real_subject_graph_summarise(const struct subject_graph *graph, struct link_counts *summary);
bool __wrap_subject_graph_summarise(const struct subject_graph *graph, struct link_counts *summary);

static uint32_t identifier_of(const struct vertex *vertex)
{
    uint32_t *bucket = &seen.buckets[(vertex->name ^ vertex->first_s) * 0x9e3779b97f4a7c15u >> 43];
    for (uint32_t at = *bucket; at != 0; at = seen.identifiers[at].next)
        if (seen.identifiers[at].name == vertex->name &&
            seen.identifiers[at].first_s == vertex->first_s)
            return at;
    if (seen.num_identifiers + 1 >= MOST_SESSIONS) {
        seen.full = true;
        return 0;
    }
    const uint32_t at = (uint32_t)++seen.num_identifiers;
    seen.identifiers[at] = (struct identifier){
        .name = vertex->name, .first_s = vertex->first_s, .parent = at, .next = *bucket};
    *bucket = at;
    return at;
}

void __wrap_subject_graph_tie(struct subject_graph *graph, const struct subject_tie *tie)
{
    struct session session = {.packet = seen.packet};
    for (unsigned i = 0; tie->session && i < tie->num; i++) {
        const uint32_t *place = name_index_find(&graph->vertex_index, tie->names[i]);
        if (place != NULL)
            session.identifiers[session.num++] = identifier_of(&graph->vertices[*place]);
    }
    if (tie->session && seen.num_sessions < MOST_SESSIONS)
        seen.sessions[seen.num_sessions++] = session;
    else if (tie->session)
        seen.full = true;
    __real_subject_graph_tie(graph, tie);
}

static void note_shared(const struct subject_graph *graph)
{
    for (size_t i = 0; i < graph->num_vertices; i++)
        if (graph->vertices[i].shared && graph->vertices[i].name != 0)
            seen.identifiers[identifier_of(&graph->vertices[i])].shared = true;
}

bool __wrap_subject_graph_settle(struct subject_graph *graph)
{
    note_shared(graph);
    return __real_subject_graph_settle(graph);
}

bool __wrap_subject_graph_summarise(const struct subject_graph *graph, struct link_counts *summary)
{
    note_shared(graph);
    const bool ok = __real_subject_graph_summarise(graph, summary);
    seen.counts = *summary;
    return ok;
}

static uint32_t root_of(uint32_t at)
{
    while (seen.identifiers[at].parent != at)
        at = seen.identifiers[at].parent = seen.identifiers[seen.identifiers[at].parent].parent;
    return at;
}

/* The set of a session, 0: none. */
static uint32_t subject_of(const struct session *session)
{
    uint32_t root = 0;
    for (unsigned i = 0; i < session->num; i++) {
        if (seen.identifiers[session->identifiers[i]].shared)
            continue;
        const uint32_t other = root_of(session->identifiers[i]);
        if (root != 0)
            seen.identifiers[other].parent = root;
        else
            root = other;
    }
    return root;
}

static void observe(void *to, const struct observation *observation)
{
    seen.packet = observation->flow->first_packet;
    analysis_observe(to, observation);
}

static bool feed(const char *path, struct engine *engine, struct error *error)
{
    const struct source_options options = {.filter = NULL};
    struct source *source = source_open_file(path, &options, error);
    struct frame frames[64];
    size_t num;
    enum source_status status = SOURCE_DAMAGED;
    while (source != NULL &&
           (status = source_read(source, frames, 64, &num, error)) == SOURCE_FRAMES)
        engine_feed(engine, frames, num);
    source_close(source);
    return status != SOURCE_DAMAGED;
}

static void print(void)
{
    for (size_t i = 0; i < seen.num_sessions; i++)
        subject_of(&seen.sessions[i]);
    for (size_t i = 0; i < seen.num_sessions; i++)
        printf("%" PRIu64 " %" PRIu32 "\n", seen.sessions[i].packet, subject_of(&seen.sessions[i]));
    printf("# %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", seen.counts.sessions, seen.counts.linkable,
           seen.counts.subjects);
}

int main(int argc, char **argv)
{
    struct error error = {.text = ""};
    seen.identifiers = calloc(MOST_SESSIONS, sizeof seen.identifiers[0]);
    seen.sessions = calloc(MOST_SESSIONS, sizeof seen.sessions[0]);
    seen.buckets = calloc(BUCKETS, sizeof seen.buckets[0]);
    struct analysis *analysis = analysis_new(&(struct analysis_options){0}, &error);
    const struct engine_options options = {
        .dissectors = dissectors, .emit_to = analysis, .emit = observe};
    struct engine *engine = analysis != NULL ? engine_new(&options, &error) : NULL;
    bool ok = argc == 2 && engine != NULL && seen.identifiers != NULL && seen.sessions != NULL &&
              seen.buckets != NULL && feed(argv[1], engine, &error);
    if (ok) {
        engine_finish(engine);
        analysis_finish(analysis);
        print();
    }
    if (!ok || seen.full)
        fprintf(stderr, "subjects: %s\n", seen.full ? "too many sessions" : error.text);
    engine_free(engine);
    analysis_free(analysis);
    free(seen.identifiers);
    free(seen.sessions);
    free(seen.buckets);
    return ok && !seen.full ? 0 : 1;
}
