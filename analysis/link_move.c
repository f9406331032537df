/* link_move.c: identifiers that come from another address than before. Told when it is known whether the identifier is
 * one host's: after some time, or at the end. */
#include "analysis/link.h"

#include "analysis/link_report.h"

#include "core/dissector.h"

#include <stdlib.h>

enum { WAIT_S = 3600 };

struct move {
    struct link_place place;
    uint64_t name, seconds;
    enum link_kind as, kind; /* by which it ties, and its own, which says how sure it is */
};

/* A ring. */
struct link_moves {
    size_t first, num;
    struct move moves[LINK_MOST_MOVES];
};

static enum confidence confidence_of(enum link_kind kind, const char **reason)
{
    switch (kind) {
    case LINK_PSK:
    case LINK_DHCP:
    case LINK_KEY_SHARE:
        *reason = "Nothing speaks for several hosts with one identifier, but they may have it.";
        return CONFIDENCE_POSSIBLE;
    default:
        *reason = "The identifier is one host's as a rule, and was never used from several "
                  "addresses at a time.";
        return CONFIDENCE_LIKELY;
    }
}

/* The move that was noted last, if it is one of the conversation |flow|: of several identifiers the surest is told. */
static struct move *newest_of(struct link_moves *moves, const struct flow *flow)
{
    if (moves->num == 0)
        return NULL;
    struct move *newest = &moves->moves[(moves->first + moves->num - 1) % LINK_MOST_MOVES];
    return newest->place.flow.first_packet == flow->first_packet ? newest : NULL;
}

static bool is_surer(enum link_kind kind, enum link_kind than)
{
    const char *reason;
    return confidence_of(kind, &reason) > confidence_of(than, &reason);
}

static void judge(struct analyze_context *context, const struct move *move)
{
    struct link_state *state = context->state;
    struct observation observation;
    if (subject_graph_shared(state->graph, move->name))
        return;
    struct finding finding =
        link_place_finding(context, &move->place, &observation, RULE_LINK_CROSS_NETWORK);
    finding.confidence = confidence_of(move->kind, &finding.reason);
    if (finding.confidence == CONFIDENCE_POSSIBLE)
        finding.severity = SEVERITY_MEDIUM;
    finding_about_client(&finding, &move->place.flow);
    finding_says_text(&finding, "identifier", link_kind_name(move->as));
    finding_says_most(&finding, "seconds_since", move->seconds);
    finding_add(context, &finding);
}

/* Judges the oldest one. */
static void judge_first(struct analyze_context *context, struct link_moves *moves)
{
    judge(context, &moves->moves[moves->first]);
    moves->first = (moves->first + 1) % LINK_MOST_MOVES;
    moves->num--;
}

void link_moved(struct analyze_context *context, uint64_t name, enum link_kind as,
                const struct subject_use *use)
{
    struct link_state *state = context->state;
    const uint64_t now = context->observation->time_ns, wait = WAIT_S * (uint64_t)1000000000;
    if (state->moves == NULL)
        state->moves = calloc(1, sizeof *state->moves);
    struct link_moves *moves = state->moves;
    if (moves == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    while (moves->num > 0 &&
           (moves->num == LINK_MOST_MOVES || moves->moves[moves->first].place.time_ns + wait < now))
        judge_first(context, moves);
    const struct flow *flow = context->observation->flow;
    struct move *move = newest_of(moves, flow);
    if (move != NULL && !is_surer(use->kind, move->kind))
        return;
    if (move == NULL)
        move = &moves->moves[(moves->first + moves->num++) % LINK_MOST_MOVES];
    *move = (struct move){
        .place = link_place_of(context, flow->dissector != NULL ? flow->dissector->name : NULL),
        .name = name,
        .seconds = use->moved_s,
        .as = as,
        .kind = use->kind};
}

void link_moves_judge(struct analyze_context *context)
{
    struct link_state *state = context->state;
    while (state->moves != NULL && state->moves->num > 0)
        judge_first(context, state->moves);
}
