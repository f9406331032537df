/* engine_readers.c: who reads a flow: dissectors recognise, claim, hand over and give up; what they remember is bounded. */
#include "core/common_observations.h"
#include "core/engine_parts.h"

#include <assert.h>

/* Of a flow: a tunnel in a tunnel, each with a preamble. */
enum { MAX_HANDOVERS = 4 };

static void emit_counted(void *to, const struct observation *observation)
{
    struct engine *engine = to;
    if (observation->type == &observation_malformed)
        engine->stats.malformed++;
    else if (observation->type == &observation_cut)
        engine->stats.cut++;
    engine->options.emit(engine->options.emit_to, observation);
}

static void announced(void *to, const struct flow *flow, const struct expectation *expectation,
                      uint64_t time_ns)
{
    struct engine *engine = to;
    if (engine->options.announced != NULL)
        engine->options.announced(engine->options.emit_to, flow, expectation, time_ns);
}

struct dissect_context engine_context(struct engine *engine, struct flow *flow, unsigned side)
{
    return (struct dissect_context){.flow = flow,
                                    .time_ns = engine->packet_ns,
                                    .packet = engine->packet_number,
                                    .side = side,
                                    .proofs = engine->options.proofs,
                                    .scratch = &engine->scratch,
                                    .content_rules = engine->options.content_rules,
                                    .budget = &engine->budget,
                                    .nonces = engine->options.nonces ? &engine->nonces : NULL,
                                    .expect = engine->expect,
                                    .announced = announced,
                                    .opener = &engine->opener,
                                    .emit_to = engine,
                                    .emit = emit_counted};
}

void engine_stop_side(struct engine *engine, uint32_t index, unsigned side)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_hot(engine->flows, index)->flags &=
        ~((uint32_t)(FLOW_READ_0 | FLOW_STREAM_0) << side);
    if (flow->streams[side] != NULL) {
        tcp_stream_free(engine->streams, flow->streams[side]);
        flow->streams[side] = NULL;
    }
}

const struct dissector *const *engine_dissectors_for(const struct engine *engine,
                                                     const struct flow *flow)
{
    static const struct dissector *const nobody[] = {NULL};
    if (flow->protocol == PROTO_TCP)
        return engine->tcp;
    if (flow->protocol == PROTO_UDP)
        return engine->udp;
    return flow->ip_version == 0 ? engine->eapol : nobody;
}

/* Asks the dissectors in turn; gives the one that knows the bytes, or says in |maybe| that one may. */
const struct dissector *engine_recognise(const struct engine *engine, const struct flow *flow,
                                         struct reader payload, bool *maybe)
{
    *maybe = false;
    for (const struct dissector *const *d = engine_dissectors_for(engine, flow); *d; d++) {
        enum recognise answer = (*d)->recognises(payload);
        if (answer == RECOGNISE_YES)
            return *d;
        *maybe = *maybe || answer == RECOGNISE_MAYBE;
    }
    return NULL;
}

void engine_forget_dissector(struct engine *engine, struct flow *flow)
{
    states_free(&engine->states, flow->state);
    flow->state = NULL;
    flow->dissector = NULL;
}

/* Lets the dissector tell what is only known at the end. */
void engine_end_dissector(struct engine *engine, struct flow *flow)
{
    if (flow->state == NULL || flow->dissector->end == NULL)
        return;
    struct dissect_context context = engine_context(engine, flow, flow->client);
    context.time_ns = flow->last_ns;
    flow->dissector->end(flow->state, &context);
    if (context.forget)
        engine_forget_claim(engine, flow);
}

/* The conversation goes on, and is only counted from here on: what its dissector remembers gives way. */
static void give_up_reading(struct engine *engine, uint32_t index)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_sync(engine->flows, index);
    engine_flush_streams(engine, index);
    engine_end_dissector(engine, flow);
    states_free(&engine->states, flow->state);
    flow->state = NULL;
    for (unsigned side = 0; side < 2; side++)
        engine_stop_side(engine, index, side);
    engine->stats.states_evicted++;
}

static void make_room(struct engine *engine, size_t size)
{
    while (states_full(&engine->states, size)) {
        bool answered;
        uint32_t index = states_oldest(&engine->states, &answered);
        bool now_answered = flow_table_hot(engine->flows, index)->flags & FLOW_ANSWERED;
        if (!answered && now_answered)
            states_answered(&engine->states, flow_table_cold(engine->flows, index)->flow.state);
        else
            give_up_reading(engine, index);
    }
}

bool engine_claim(struct engine *engine, uint32_t index, const struct dissector *dissector)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    make_room(engine, dissector->state_size);
    void *state = states_new(&engine->states, index, dissector->state_size);
    if (state == NULL)
        return false;
    flow->state = state;
    flow->dissector = dissector;
    flow_table_hot(engine->flows, index)->flags |= FLOW_READ_0 | FLOW_READ_1;
    engine->stats.flows_dissected++;
    return true;
}

/* Gives a new conversation to who announced it. */
void engine_claim_expected(struct engine *engine, uint32_t index)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    struct expected expected = expect_table_find(engine->expect, flow, NULL, engine->now_ns);
    if (expected.dissector == NULL || !engine_claim(engine, index, expected.dissector))
        return;
    if (expected.state.len > 0 && expected.state.len <= expected.dissector->state_size)
        memcpy(flow->state, expected.state.at, expected.state.len);
    flow->expected = true;
    flow->client = (uint8_t)expected.client;
    flow->client_certain = flow->protocol != PROTO_TCP; /* there a SYN says */
    expect_table_matched(engine->expect);
}

/* Nobody reads this flow, or ever did. */
void engine_forget_claim(struct engine *engine, struct flow *flow)
{
    flow->was_read_as = flow->dissector->name;
    engine_forget_dissector(engine, flow);
    engine->stats.flows_dissected--;
}

/* Another conversation than the one that was announced, on the same ports: true once. */
bool engine_expected_wrongly(struct flow *flow)
{
    bool wrongly = flow->expected;
    flow->expected = false;
    return wrongly;
}

/* Ends what the dissector at hand knows, and begins the next one with nothing; false: nobody reads on. */
static bool hand_over(struct engine *engine, uint32_t index, struct dissect_context *context)
{
    struct flow *flow = context->flow;
    assert(context->next != NULL && context->next->protocol == flow->protocol);
    if (flow->num_handovers >= MAX_HANDOVERS)
        return false;
    void *state = states_new(&engine->states, index, context->next->state_size);
    if (state == NULL)
        return false;
    if (flow->dissector->end != NULL)
        flow->dissector->end(flow->state, context);
    engine_forget_dissector(engine, flow);
    flow->state = state;
    flow->dissector = context->next;
    flow->num_handovers++;
    flow->handed_over = true;
    flow_table_hot(engine->flows, index)->flags &= ~(uint32_t)(FLOW_QUIET_0 | FLOW_QUIET_1);
    return true;
}

enum dissect engine_dissect(struct engine *engine, uint32_t index, unsigned side,
                            struct reader *bytes, bool gap)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_sync(engine->flows, index);
    for (;;) {
        struct dissect_context context = engine_context(engine, flow, side);
        struct reader before = *bytes;
        context.gap = gap;
        enum dissect answer = flow->dissector->dissect(bytes, flow->state, &context);
        if (answer != DISSECT_HANDOVER)
            return answer;
        if (!hand_over(engine, index, &context))
            return DISSECT_DONE;
        if (reader_wire_left(bytes) == 0)
            return DISSECT_MORE;
        gap = gap && bytes->at == before.at && bytes->cut == before.cut;
    }
}
