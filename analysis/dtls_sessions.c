/* dtls_sessions.c: DTLS sessions that go on from other addresses, followed by their connection ids (RFC 9146,
 * RFC 9147). Reads the first record of each flow's side with a connection id.
 *
 * Who receives a connection id has chosen it, and tells its sessions apart by it. So the same one sent
 * to the same address and port is the same session, wherever it comes from. Bounded: of eight entries the
 * oldest gives way. */
#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "dissectors/dtls.h"

enum { MOST_SESSIONS = 65536, NAME_CID = 0, NAME_SESSION, NAME_END };

struct state {
    struct bounded_table *senders; /* of a session: name of where it came from last, a uint64_t */
};

static uint64_t name_of_end(const struct analyze_context *context, const struct endpoint *end)
{
    return analysis_name(context, NAME_END, span_of(end, sizeof *end));
}

static uint64_t name_of_session(const struct analyze_context *context, struct span cid,
                                const struct endpoint *receiver)
{
    const uint64_t words[2] = {analysis_name(context, NAME_CID, cid),
                               name_of_end(context, receiver)};
    return analysis_name(context, NAME_SESSION, span_of(words, sizeof words));
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    const struct dtls_cid *seen = observation->data;
    const struct flow *flow = observation->flow;
    struct state *state = context->state;
    struct analysis_stats *totals = analysis_totals(context);
    totals->dtls_cids++;
    if (state->senders == NULL)
        state->senders = bounded_table_new(MOST_SESSIONS, sizeof(uint64_t));
    if (state->senders == NULL) {
        totals->table_evictions++;
        return;
    }
    const struct bounded_place place = bounded_table_place(
        state->senders, name_of_session(context, seen->cid, &flow->ends[!observation->side]));
    uint64_t *before = place.room, sender = name_of_end(context, &flow->ends[observation->side]);
    totals->dtls_cids_followed += place.known && *before != sender;
    totals->table_evictions += place.pushed_out;
    *before = sender;
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->senders);
    state->senders = NULL;
}

static const struct observation_type *const reads[] = {&observation_dtls_cid, NULL};

const struct analyzer analyzer_dtls_sessions = {.name = "dtls_sessions",
                                                .reads = reads,
                                                .state_size = sizeof(struct state),
                                                .observe = observe,
                                                .finish = finish};
