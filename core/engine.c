/* engine.c: frames in, observations out: decode, find the flow, count, and hand payload to dissectors.
 *
 * Frames are read in small batches in three passes (decode and hash; fetch the flow's line; do the work),
 * so that the memory that a packet needs is on its way while others are read. */
#include "core/engine.h"

#include "core/common_observations.h"
#include "core/crypto.h"
#include "core/expect.h"
#include "core/field_statistics.h"
#include "core/intake.h"
#include "core/states.h"
#include "core/tcp_stream.h"

#include <assert.h>
#include <stdlib.h>

enum {
    BATCH = 32,
    MAX_DISSECTORS = 32,
    PROBES_PER_SIDE =
        24,            /* payloads in which a protocol may still begin: long preambles included */
    MAX_HANDOVERS = 4, /* of a flow: a tunnel in a tunnel, each with a preamble */
};

struct engine {
    struct engine_options options;
    struct flow_table *flows;
    struct intake *intake; /* NULL: another one's packets are taken */
    struct stream_pool *streams;
    struct expect_table *expect;
    struct scratch scratch;
    struct crypto_opener *opener;    /* of packets whose keys are no secret */
    struct field_statistics *fields; /* NULL: nobody asked for them */
    struct budget budget;            /* of messages in several datagrams */
    struct budget nonces;            /* of explicit nonces of records */
    struct states states;            /* of dissectors */
    /* NULL-terminated, as all are */
    const struct dissector *tcp[MAX_DISSECTORS], *udp[MAX_DISSECTORS], *eapol[MAX_DISSECTORS];
    uint64_t now_ns;                   /* the packet clock: never goes back, but for a jump */
    uint64_t packet_ns, packet_number; /* of the packet at hand */
    struct engine_stats stats;
};

/* What a stream's consumer needs to know. */
struct reading {
    struct engine *engine;
    uint32_t index;
    unsigned side;
};

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

static struct dissect_context context_of(struct engine *engine, struct flow *flow, unsigned side)
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

/* --- reading a flow --- */

static bool flow_read(const struct flow_hot *hot, unsigned side)
{
    return hot->flags & ((uint32_t)FLOW_READ_0 << side);
}

static void stop_side(struct engine *engine, uint32_t index, unsigned side)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_hot(engine->flows, index)->flags &=
        ~((uint32_t)(FLOW_READ_0 | FLOW_STREAM_0) << side);
    if (flow->streams[side] != NULL) {
        tcp_stream_free(engine->streams, flow->streams[side]);
        flow->streams[side] = NULL;
    }
}

static const struct dissector *const *dissectors_for(const struct engine *engine,
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
static const struct dissector *recognise(const struct engine *engine, const struct flow *flow,
                                         struct reader payload, bool *maybe)
{
    *maybe = false;
    for (const struct dissector *const *d = dissectors_for(engine, flow); *d; d++) {
        enum recognise answer = (*d)->recognises(payload);
        if (answer == RECOGNISE_YES)
            return *d;
        *maybe = *maybe || answer == RECOGNISE_MAYBE;
    }
    return NULL;
}

static void make_room(struct engine *engine, size_t size);

static bool claim(struct engine *engine, uint32_t index, const struct dissector *dissector)
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

static void forget_dissector(struct engine *engine, struct flow *flow)
{
    states_free(&engine->states, flow->state);
    flow->state = NULL;
    flow->dissector = NULL;
}

/* Gives a new conversation to who announced it. */
static void claim_expected(struct engine *engine, uint32_t index)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    struct expected expected = expect_table_find(engine->expect, flow, NULL, engine->now_ns);
    if (expected.dissector == NULL || !claim(engine, index, expected.dissector))
        return;
    if (expected.state.len > 0 && expected.state.len <= expected.dissector->state_size)
        memcpy(flow->state, expected.state.at, expected.state.len);
    flow->expected = true;
    flow->client = (uint8_t)expected.client;
    flow->client_certain = flow->protocol != PROTO_TCP; /* there a SYN says */
    expect_table_matched(engine->expect);
}

/* Nobody reads this flow, or ever did. */
static void forget_claim(struct engine *engine, struct flow *flow)
{
    flow->was_read_as = flow->dissector->name;
    forget_dissector(engine, flow);
    engine->stats.flows_dissected--;
}

/* Another conversation than the one that was announced, on the same ports: true once. */
static bool expected_wrongly(struct flow *flow)
{
    bool wrongly = flow->expected;
    flow->expected = false;
    return wrongly;
}

/* Whether the side has been looked at often enough without anybody knowing what it says. */
static bool probe_counted(struct flow *flow, unsigned side)
{
    return ++flow->probed[side] >= PROBES_PER_SIDE;
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
    forget_dissector(engine, flow);
    flow->state = state;
    flow->dissector = context->next;
    flow->num_handovers++;
    flow->handed_over = true;
    flow_table_hot(engine->flows, index)->flags &= ~(uint32_t)(FLOW_QUIET_0 | FLOW_QUIET_1);
    return true;
}

static enum dissect dissect(struct engine *engine, uint32_t index, unsigned side,
                            struct reader *bytes, bool gap)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_sync(engine->flows, index);
    for (;;) {
        struct dissect_context context = context_of(engine, flow, side);
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

/* --- TCP --- */

/* Reads what a stream offers; false: this side is of no more interest. */
static bool consume(void *to, struct reader *bytes, bool gap)
{
    const struct reading *reading = to;
    struct engine *engine = reading->engine;
    struct flow *flow = &flow_table_cold(engine->flows, reading->index)->flow;
    unsigned side = reading->side;
    const struct reader before = *bytes;
    if (flow->dissector == NULL) {
        bool maybe;
        const struct dissector *dissector = recognise(engine, flow, *bytes, &maybe);
        if (dissector == NULL || !claim(engine, reading->index, dissector)) {
            if (maybe)
                return true;
            reader_skip(bytes, reader_wire_left(bytes));
            return !probe_counted(flow, side);
        }
    }
    switch (dissect(engine, reading->index, side, bytes, gap)) {
    case DISSECT_MORE:
    case DISSECT_QUIET:
        return true;
    case DISSECT_SIDE_DONE:
        return false;
    case DISSECT_FORGET:
        forget_claim(engine, flow);
        /* fall through */
    case DISSECT_DONE:
        flow_table_hot(engine->flows, reading->index)->flags &=
            ~(uint32_t)(FLOW_READ_0 | FLOW_READ_1);
        return false;
    case DISSECT_NOT_MINE:
        forget_dissector(engine, flow);
        if (expected_wrongly(flow)) {
            *bytes = before;
            return consume(to, bytes, gap);
        }
        reader_skip(bytes, reader_wire_left(bytes));
        return !probe_counted(flow, side);
    case DISSECT_HANDOVER: /* done in dissect() */
        break;
    }
    assert(0 && "a dissector's answer");
    return false;
}

/* After a handover the other side's unread bytes have not been seen by who reads now, and may never be
 * followed by more. */
static void offer_again(struct engine *engine, uint32_t index)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    while (flow->handed_over) {
        flow->handed_over = false;
        for (unsigned side = 0; side < 2; side++) {
            struct reading reading = {engine, index, side};
            struct stream_consumer consumer = {&reading, consume};
            if (flow->streams[side] != NULL &&
                flow_read(flow_table_hot(engine->flows, index), side) &&
                !tcp_stream_offer_again(engine->streams, flow->streams[side], &consumer))
                stop_side(engine, index, side);
        }
    }
}

/* Frees what is not read any more, after a call that may have ended a side or both. */
static void settle(struct engine *engine, uint32_t index)
{
    offer_again(engine, index);
    const struct flow_hot *hot = flow_table_hot(engine->flows, index);
    for (unsigned side = 0; side < 2; side++)
        if (!flow_read(hot, side))
            stop_side(engine, index, side);
}

/* Where a direction starts is known from its SYN, or from what passed by before; else its first segment
 * says so. */
static void stream_begin(struct engine *engine, uint32_t index, unsigned side)
{
    struct flow_cold *cold = flow_table_cold(engine->flows, index);
    struct reading reading = {engine, index, side};
    struct stream_consumer consumer = {&reading, consume};
    struct tcp_stream *stream = tcp_stream_new(engine->streams);
    static const uint8_t nothing[1];
    cold->flow.streams[side] = stream;
    flow_table_hot(engine->flows, index)->flags |= (uint32_t)FLOW_STREAM_0 << side;
    if (stream == NULL ||
        (cold->has_seq[side] && !tcp_stream_add(engine->streams, stream, cold->next_seq[side] - 1,
                                                true, span_of(nothing, 0), 0, &consumer)))
        stop_side(engine, index, side);
}

/* Where the next segment should begin, once it is known which of two SYN-ACKs counted: the one whose
 * numbers the data goes on from. */
static void settle_start(struct flow_cold *cold, unsigned side, uint32_t seq)
{
    if (cold->flow.probed[side] == 0 && cold->has_seq[side] && seq == cold->isn[side] + 1)
        cold->next_seq[side] = seq;
}

/* A segment on its turn in which nobody sees the beginning of a protocol needs no stream. Where somebody
 * does, the stream begins with it; also when it says again, with other bytes, what was passed by: padding
 * behind an ACK that was no data. */
static bool passes_by(struct engine *engine, uint32_t index, unsigned side, uint32_t seq,
                      const struct reader *payload)
{
    struct flow_cold *cold = flow_table_cold(engine->flows, index);
    if (cold->flow.dissector != NULL || cold->flow.streams[side] != NULL)
        return false;
    settle_start(cold, side, seq);
    bool ahead = cold->has_seq[side] && (int32_t)(seq - cold->next_seq[side]) > 0;
    if (ahead)
        return false;
    bool behind = cold->has_seq[side] && seq != cold->next_seq[side], maybe;
    const struct dissector *known = recognise(engine, &cold->flow, *payload, &maybe);
    if (known != NULL && behind)
        cold->next_seq[side] = seq;
    if (known != NULL || (maybe && !behind))
        return false;
    if (!behind) {
        cold->next_seq[side] = seq + (uint32_t)reader_wire_left(payload);
        cold->has_seq[side] = true;
    }
    if (probe_counted(&cold->flow, side))
        stop_side(engine, index, side);
    return true;
}

/* |seq| is the number of the first byte of |payload|. */
static void tcp_payload(struct engine *engine, uint32_t index, unsigned side, uint32_t seq,
                        const struct reader *payload)
{
    if (passes_by(engine, index, side, seq, payload))
        return;
    struct flow_cold *cold = flow_table_cold(engine->flows, index);
    if (cold->flow.streams[side] == NULL)
        stream_begin(engine, index, side);
    if (cold->flow.streams[side] == NULL)
        return;
    struct reading reading = {engine, index, side};
    struct stream_consumer consumer = {&reading, consume};
    struct span bytes = span_of(payload->at, reader_left(payload));
    if (!tcp_stream_add(engine->streams, cold->flow.streams[side], seq, false, bytes, payload->cut,
                        &consumer))
        stop_side(engine, index, side);
    settle(engine, index);
}

static void tcp_ack(struct engine *engine, uint32_t index, unsigned side,
                    const struct packet *packet)
{
    const struct flow_hot *hot = flow_table_hot(engine->flows, index);
    if (!(packet->tcp_flags & TCP_ACK) || !(hot->flags & (uint32_t)FLOW_STREAM_0 << !side))
        return;
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    struct reading reading = {engine, index, !side};
    struct stream_consumer consumer = {&reading, consume};
    if (!tcp_stream_acked(engine->streams, flow->streams[!side], packet->tcp_ack, &consumer))
        stop_side(engine, index, !side);
    settle(engine, index);
}

/* A SYN tells where a stream starts, and who is the client. */
static void tcp_syn(struct engine *engine, uint32_t index, unsigned side,
                    const struct packet *packet)
{
    struct flow_cold *cold = flow_table_cold(engine->flows, index);
    cold->flow.saw_start = true;
    if (!cold->flow.client_certain) {
        cold->flow.client = (uint8_t)(packet->tcp_flags & TCP_ACK ? !side : side);
        cold->flow.client_certain = true;
    }
    if (cold->flow.streams[side] != NULL || cold->flow.probed[side] != 0)
        return;
    /* A server may answer twice with other numbers (SYN cookies, a firewall): both are kept, the first as
     * |isn|, until the data tells which one counts. */
    if (!cold->has_seq[side])
        cold->isn[side] = packet->tcp_seq;
    cold->next_seq[side] = packet->tcp_seq + 1;
    cold->has_seq[side] = true;
}

static void read_tcp(struct engine *engine, uint32_t index, unsigned side,
                     const struct packet *packet)
{
    if (packet->tcp_flags & TCP_SYN)
        tcp_syn(engine, index, side, packet);
    if (flow_read(flow_table_hot(engine->flows, index), !side))
        tcp_ack(engine, index, side, packet);
    if (reader_wire_left(&packet->payload) == 0 ||
        !flow_read(flow_table_hot(engine->flows, index), side))
        return;
    /* The SYN has a number of its own; data may come with it (RFC 7413). */
    uint32_t seq = packet->tcp_seq + ((packet->tcp_flags & TCP_SYN) != 0);
    tcp_payload(engine, index, side, seq, &packet->payload);
}

/* Most segments of a flow that somebody reads are nothing to him: an acknowledgement of what is no stream, bytes of
 * the other side. */
static inline bool tcp_matters(const struct flow_hot *hot, unsigned side,
                               const struct packet *packet)
{
    uint32_t wanted = 0;
    if (reader_wire_left(&packet->payload) != 0)
        wanted |= (uint32_t)FLOW_READ_0 << side;
    if (packet->tcp_flags & TCP_ACK)
        wanted |= (uint32_t)FLOW_STREAM_0 << !side;
    return (hot->flags & wanted) != 0 || (packet->tcp_flags & TCP_SYN) != 0;
}

/* --- UDP --- */

/* Notes in the hot part of the flow who reads it, so that the rest need not be touched to ask whether a
 * datagram is of interest. */
static void hush(struct engine *engine, uint32_t index, unsigned side,
                 const struct dissector *dissector)
{
    uint32_t number = 0;
    while (engine->udp[number] != dissector)
        number++;
    assert(dissector->wakes != NULL);
    uint32_t *flags = &flow_table_hot(engine->flows, index)->flags;
    *flags &= (1u << FLOW_READER_SHIFT) - 1;
    *flags |= (number << FLOW_READER_SHIFT) | ((uint32_t)FLOW_QUIET_0 << side);
}

/* Whether a side is quiet, and the datagram leaves it so. */
static inline bool sleeps_on(const struct engine *engine, const struct flow_hot *hot, unsigned side,
                             const struct packet *packet)
{
    if (!(hot->flags & (uint32_t)FLOW_QUIET_0 << side))
        return false;
    return !engine->udp[hot->flags >> FLOW_READER_SHIFT]->wakes(packet->payload);
}

static void read_udp(struct engine *engine, uint32_t index, unsigned side,
                     const struct packet *packet)
{
    struct flow_hot *hot = flow_table_hot(engine->flows, index);
    if (!flow_read(hot, side) || sleeps_on(engine, hot, side, packet))
        return;
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    struct reader payload = packet->payload;
    hot->flags &= ~((uint32_t)FLOW_QUIET_0 << side);
    if (flow->dissector == NULL) {
        bool maybe;
        const struct dissector *dissector = recognise(engine, flow, payload, &maybe);
        if (dissector == NULL || !claim(engine, index, dissector)) {
            if (!maybe && probe_counted(flow, side))
                stop_side(engine, index, side);
            return;
        }
    }
    switch (dissect(engine, index, side, &payload, false)) {
    case DISSECT_MORE:
        break;
    case DISSECT_QUIET:
        hush(engine, index, side, flow->dissector);
        break;
    case DISSECT_SIDE_DONE:
        stop_side(engine, index, side);
        break;
    case DISSECT_FORGET:
        forget_claim(engine, flow);
        /* fall through */
    case DISSECT_DONE:
        stop_side(engine, index, 0);
        stop_side(engine, index, 1);
        break;
    case DISSECT_NOT_MINE:
        forget_dissector(engine, flow);
        hot->flags &= ~(uint32_t)(FLOW_QUIET_0 | FLOW_QUIET_1);
        if (expected_wrongly(flow))
            read_udp(engine, index, side, packet);
        else if (probe_counted(flow, side))
            stop_side(engine, index, side);
        break;
    case DISSECT_HANDOVER: /* done in dissect() */
        break;
    }
}

/* --- flows --- */

static const char *end_name(enum flow_end how)
{
    switch (how) {
    case FLOW_END_NONE:
        break;
    case FLOW_END_CLOSED:
        return "closed";
    case FLOW_END_IDLE:
        return "idle";
    case FLOW_END_EVICTED:
        return "evicted";
    case FLOW_END_INPUT:
        return "input";
    }
    assert(0 && "a flow that has not ended");
    return NULL;
}

static void flush_streams(struct engine *engine, uint32_t index)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    for (unsigned side = 0; side < 2; side++) {
        if (flow->streams[side] == NULL)
            continue;
        struct reading reading = {engine, index, side};
        struct stream_consumer consumer = {&reading, consume};
        if (flow_read(flow_table_hot(engine->flows, index), side))
            tcp_stream_flush(engine->streams, flow->streams[side], &consumer);
        offer_again(engine, index);
        stop_side(engine, index, side);
    }
}

/* Lets the dissector tell what is only known at the end. */
static void end_dissector(struct engine *engine, struct flow *flow)
{
    if (flow->state == NULL || flow->dissector->end == NULL)
        return;
    struct dissect_context context = context_of(engine, flow, flow->client);
    context.time_ns = flow->last_ns;
    flow->dissector->end(flow->state, &context);
    if (context.forget)
        forget_claim(engine, flow);
}

/* The conversation goes on, and is only counted from here on: what its dissector remembers gives way. */
static void give_up_reading(struct engine *engine, uint32_t index)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_sync(engine->flows, index);
    flush_streams(engine, index);
    end_dissector(engine, flow);
    states_free(&engine->states, flow->state);
    flow->state = NULL;
    for (unsigned side = 0; side < 2; side++)
        stop_side(engine, index, side);
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

static void emit_flow_end(struct engine *engine, struct flow *flow)
{
    unsigned client = flow->client, server = !client;
    struct flow_end_observation data = {
        /* to be changed by who looks at it, see engine.h */
        .first_ns = number(flow->first_ns),
        .last_ns = number(flow->last_ns),
        .client_bytes = number(flow->bytes[client]),
        .server_bytes = number(flow->bytes[server]),
        .client_packets = number(flow->packets[client]),
        .server_packets = number(flow->packets[server]),
        .how = end_name(flow->ended),
        .protocol = flow->dissector != NULL ? flow->dissector->name : NULL,
        .application_protocol = flow->dissector == NULL ? flow->was_read_as : NULL,
        .saw_start = flow->protocol == PROTO_TCP ? truth(flow->saw_start) : TRUTH_UNKNOWN,
    };
    struct dissect_context context = context_of(engine, flow, client);
    context.time_ns = flow->last_ns;
    context.packet = flow->first_packet;
    dissect_emit(&context, &observation_flow_end, &data);
}

static void tell_fields(void *to, uint32_t index, unsigned side,
                        const struct observation_type *type, const void *data)
{
    struct engine *engine = to;
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_sync(engine->flows, index);
    struct dissect_context context = context_of(engine, flow, side);
    context.time_ns = flow->last_ns;
    context.packet = flow->first_packet;
    dissect_emit(&context, type, data);
}

static void flow_over(void *to, uint32_t index, enum flow_end how)
{
    (void)how; /* it is in flow->ended */
    struct engine *engine = to;
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    const uint32_t flags = flow_table_hot(engine->flows, index)->flags;
    flush_streams(engine, index);
    for (unsigned side = 0; side < 2; side++)
        flow->fin[side] = flags & (uint32_t)FLOW_FIN_0 << side;
    end_dissector(engine, flow);
    if (engine->fields != NULL)
        field_statistics_end(engine->fields, index, flow);
    if (flow->dissector != NULL || engine->options.every_flow)
        emit_flow_end(engine, flow);
    forget_dissector(engine, flow);
}

/* Who opened a conversation that was there before the capture? A well-known port serves. */
static bool first_sender_serves(const struct packet *packet)
{
    return packet->ends[0].port < 1024 && packet->ends[1].port >= 1024;
}

static void flow_begin(struct engine *engine, uint32_t index, unsigned side,
                       const struct packet *packet)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow->ends[side] = packet->ends[0];
    flow->ends[!side] = packet->ends[1];
    flow->ip_version = packet->ip_version;
    flow->protocol = packet->protocol;
    flow->client = (uint8_t)(first_sender_serves(packet) ? !side : side);
    flow->around = (struct encapsulation){.tunnel_id = packet->tunnel_id,
                                          .vlan = packet->num_vlans > 0 ? packet->vlans[0] : 0,
                                          .num_vlans = packet->num_vlans,
                                          .num_tunnels = packet->num_tunnels,
                                          .tunnel = packet->tunnel};
    if (packet->ip_version == 0) {
        memcpy(flow->mac[side], packet->ends[0].address, 6);
        memcpy(flow->mac[!side], packet->ends[1].address, 6);
    } else if (span_seen(packet->mac) && packet->mac.len == 12) {
        memcpy(flow->mac[!side], packet->mac.at, 6);
        memcpy(flow->mac[side], packet->mac.at + 6, 6);
    }
    flow->first_packet = packet->frame->number;
    flow->first_ns = engine->packet_ns;
    if (engine->options.show_packets > 0)
        flow_table_hot(engine->flows, index)->flags |= FLOW_SHOWN;
    if (*dissectors_for(engine, flow) != NULL)
        flow_table_hot(engine->flows, index)->flags |= FLOW_READ_0 | FLOW_READ_1;
    if (engine->fields != NULL)
        flow_table_hot(engine->flows, index)->flags |=
            field_statistics_begin(engine->fields, index);
    if (expect_table_any(engine->expect))
        claim_expected(engine, index);
    engine->stats.flows++;
}

/* Shows a packet with payload to who names applications, unless somebody reads the conversation, or enough of it was
 * shown. A datagram that came in fragments does not lie in one piece. */
static void show_packet(struct engine *engine, uint32_t index, unsigned side,
                        const struct packet *packet)
{
    struct flow_cold *cold = flow_table_cold(engine->flows, index);
    const size_t headers = packet->ip_header.len + packet->l4_header.len;
    if (cold->flow.dissector != NULL || cold->shown >= engine->options.show_packets) {
        flow_table_hot(engine->flows, index)->flags &= ~(uint32_t)FLOW_SHOWN;
        return;
    }
    if (reader_left(&packet->payload) == 0 || !span_seen(packet->ip_header) ||
        packet->ip_header.at + headers != packet->payload.at)
        return;
    const struct flow_packet_observation data = {
        .packet = span_of(packet->ip_header.at, headers + reader_left(&packet->payload))};
    struct dissect_context context = context_of(engine, &cold->flow, side);
    cold->shown++;
    dissect_emit(&context, &observation_flow_packet, &data);
}

/* The same ports again: a SYN after the end, or with another first number, opens a new conversation. */
static bool is_new_connection(const struct engine *engine, uint32_t index, unsigned side,
                              const struct packet *packet)
{
    if ((packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return false;
    const struct flow_hot *hot = flow_table_hot(engine->flows, index);
    const struct flow_cold *cold = flow_table_cold(engine->flows, index);
    if (hot->flags & (FLOW_FIN_0 | FLOW_FIN_1 | FLOW_RST))
        return true;
    return hot->packets[side] != 0 && cold->flow.saw_start && (hot->flags & FLOW_ANSWERED) &&
           cold->flow.client == side && cold->isn[side] != packet->tcp_seq;
}

static void note_tcp_flags(struct engine *engine, uint32_t index, unsigned side,
                           const struct packet *packet)
{
    struct flow_hot *hot = flow_table_hot(engine->flows, index);
    if (packet->tcp_flags & TCP_FIN)
        hot->flags |= (uint32_t)FLOW_FIN_0 << side;
    if (packet->tcp_flags & TCP_RST)
        hot->flags |= FLOW_RST;
}

static void note_icmp(struct engine *engine, uint32_t index, unsigned side,
                      const struct packet *packet)
{
    struct icmp_kind *kind = &flow_table_cold(engine->flows, index)->flow.icmp[side];
    if (packet->l4_header.len < 2)
        return;
    const uint8_t type = view_u8(packet->l4_header, 0), code = view_u8(packet->l4_header, 1);
    if (!kind->seen)
        *kind = (struct icmp_kind){.seen = true, .type = type, .code = code};
    kind->several |= kind->type != type || kind->code != code;
}

/* --- frames --- */

/* |before| are the flags of the flow before the packet was read. */
static enum engine_interest interest_of(const struct engine *engine, uint32_t index, unsigned side,
                                        const struct packet *packet, uint32_t before)
{
    const struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    const uint32_t after = flow_table_hot(engine->flows, index)->flags;
    const bool ends = packet->protocol == PROTO_TCP && packet->tcp_flags & (TCP_FIN | TCP_RST);
    if (before & after & ((uint32_t)FLOW_QUIET_0 << side))
        return INTEREST_NONE; /* it woke nobody */
    if (!(before & (FLOW_READ_0 | FLOW_READ_1)))
        return flow->dissector != NULL && ends ? INTEREST_READ : INTEREST_NONE;
    return flow->dissector != NULL ? INTEREST_READ : INTEREST_UNDECIDED;
}

static enum engine_interest take_packet(struct engine *engine, const struct intake_item *item)
{
    const struct packet *packet = &item->packet;
    unsigned side = item->side;
    uint32_t index = flow_table_find_near(engine->flows, &item->key, item->hash, item->place);
    const enum flow_key_class class = flow_key_class(&item->key);
    bool tcp = class == FLOW_KEY_TCP;
    if (index == 0) {
        index = flow_table_add(engine->flows, &item->key, item->hash, engine->now_ns);
        flow_begin(engine, index, side, packet);
    } else if (tcp && is_new_connection(engine, index, side, packet)) {
        flow_table_restart(engine->flows, index, FLOW_END_CLOSED, engine->now_ns);
        flow_begin(engine, index, side, packet);
    }
    flow_table_touch(engine->flows, index, side, item->ip_len, engine->now_ns);
    struct flow_hot *hot = flow_table_hot(engine->flows, index);
    if (engine->fields != NULL && field_statistics_wants(hot, side, packet))
        hot->flags = field_statistics_note(engine->fields, index, hot, side, packet);
    const uint32_t before = hot->flags;
    if (hot->flags & (FLOW_READ_0 | FLOW_READ_1)) {
        if (!tcp)
            read_udp(engine, index, side, packet);
        else if (tcp_matters(hot, side, packet))
            read_tcp(engine, index, side, packet);
    }
    if (hot->flags & FLOW_SHOWN)
        show_packet(engine, index, side, packet);
    if (tcp && packet->tcp_flags & (TCP_FIN | TCP_RST))
        note_tcp_flags(engine, index, side, packet);
    if (class == FLOW_KEY_ICMP || class == FLOW_KEY_ICMP6)
        note_icmp(engine, index, side, packet);
    return engine->options.packet != NULL ? interest_of(engine, index, side, packet, before)
                                          : INTEREST_NONE;
}

/* The packet that observations are about from here on. */
static void at_frame(struct engine *engine, const struct frame *frame, uint64_t now_ns)
{
    engine->packet_number = frame->number;
    engine->packet_ns = frame->time_ns;
    engine->now_ns = now_ns;
}

void engine_turn(struct engine *engine, const struct frame *frame, uint64_t now_ns,
                 enum intake_clock clock)
{
    if (frame != NULL)
        at_frame(engine, frame, now_ns);
    if (clock == CLOCK_JUMPS) {
        flow_table_end_all(engine->flows, FLOW_END_INPUT);
        expect_table_clear(engine->expect);
    }
    engine->now_ns = now_ns;
    flow_table_advance(engine->flows, now_ns);
}

static void set_hash(const struct engine *engine, struct intake_item *item)
{
    item->hash = flow_table_hash(engine->flows, &item->key);
}

void engine_fetch(const struct engine *engine, const struct intake_item *item)
{
    flow_table_prefetch(engine->flows, item->hash);
}

void engine_fetch_flow(const struct engine *engine, struct intake_item *item)
{
    item->place = flow_table_prefetch_flow(engine->flows, item->hash);
    if (engine->fields != NULL)
        field_statistics_fetch(engine->fields, item->place);
}

void engine_fetch_fields(const struct engine *engine, const struct intake_item *item)
{
    if (engine->fields != NULL && item->place != 0 &&
        field_statistics_samples(flow_table_hot(engine->flows, item->place), item->side))
        field_statistics_fetch_block(engine->fields, item->place, item->side);
}

void engine_expect(struct engine *engine, const struct flow *flow,
                   const struct expectation *expectation, uint64_t now_ns)
{
    expect_table_note(engine->expect, flow, expectation, now_ns);
}

enum engine_interest engine_take(struct engine *engine, const struct intake_item *item)
{
    at_frame(engine, item->packet.frame, item->now_ns);
    return take_packet(engine, item);
}

static void admit(struct engine *engine, struct intake_item *item)
{
    if (item->clock != CLOCK_SAME)
        engine_turn(engine, item->packet.frame, item->now_ns, (enum intake_clock)item->clock);
    if (item->result != LAYERS_TRANSPORT) {
        if (!intake_complete(engine->intake, item))
            return;
        set_hash(engine, item);
        engine_fetch_flow(engine, item);
    }
    engine_take(engine, item);
}

static void feed_batch(struct engine *engine, const struct frame *frames, size_t num)
{
    struct intake_item items[BATCH];
    for (size_t i = 0; i < num; i++) {
        intake_read(&items[i], &frames[i]);
        if (items[i].result != LAYERS_TRANSPORT)
            continue;
        set_hash(engine, &items[i]);
        engine_fetch(engine, &items[i]);
    }
    for (size_t i = 0; i < num; i++)
        if (items[i].result == LAYERS_TRANSPORT)
            engine_fetch_flow(engine, &items[i]);
    intake_time(engine->intake, items, num);
    for (size_t i = 0; i < num; i++)
        if (items[i].result == LAYERS_TRANSPORT)
            engine_fetch_fields(engine, &items[i]);
    for (size_t i = 0; i < num; i++)
        admit(engine, &items[i]);
}

void engine_feed(struct engine *engine, const struct frame *frames, size_t num)
{
    for (size_t done = 0; done < num;) {
        size_t batch = num - done < BATCH ? num - done : BATCH;
        feed_batch(engine, frames + done, batch);
        done += batch;
    }
}

void engine_advance(struct engine *engine, uint64_t time_ns)
{
    if (intake_advance(engine->intake, time_ns) != CLOCK_SAME)
        engine_turn(engine, NULL, time_ns, CLOCK_TICKS);
}

void engine_finish(struct engine *engine)
{
    flow_table_end_all(engine->flows, FLOW_END_INPUT);
    expect_table_clear(engine->expect);
}

/* --- the engine itself --- */

static bool sort_dissectors(struct engine *engine, struct error *error)
{
    size_t num_tcp = 0, num_udp = 0, num_eapol = 0;
    for (const struct dissector *const *d = engine->options.dissectors; *d != NULL; d++) {
        if (num_tcp + num_udp + num_eapol + 2 >= MAX_DISSECTORS)
            return error_set(error, "there are more than %d dissectors", MAX_DISSECTORS - 2);
        if ((*d)->protocol == PROTO_TCP)
            engine->tcp[num_tcp++] = *d;
        else if ((*d)->protocol == PROTO_EAPOL)
            engine->eapol[num_eapol++] = *d;
        else
            engine->udp[num_udp++] = *d;
    }
    return true;
}

struct engine *engine_new(const struct engine_options *options, struct error *error)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        error_set(error, "there is no memory for the engine");
        return NULL;
    }
    engine->options = *options;
    engine->budget.limit =
        options->max_datagram_bytes ? options->max_datagram_bytes : ENGINE_DEFAULT_DATAGRAM_BYTES;
    engine->nonces.limit =
        options->max_nonce_bytes ? options->max_nonce_bytes : ENGINE_DEFAULT_NONCE_BYTES;
    engine->states.limit =
        options->max_state_bytes ? options->max_state_bytes : ENGINE_DEFAULT_STATE_BYTES;
    size_t max_flows = options->max_flows ? options->max_flows : ENGINE_DEFAULT_FLOWS;
    size_t max_bytes =
        options->max_stream_bytes ? options->max_stream_bytes : ENGINE_DEFAULT_STREAM_BYTES;
    engine->flows = flow_table_new(max_flows, &(struct flow_table_owner){engine, flow_over},
                                   options->flow_hash_key);
    engine->streams = stream_pool_new(max_bytes);
    engine->intake = options->in_team ? NULL : intake_new();
    engine->expect = expect_table_new();
    if (options->fields)
        engine->fields = field_statistics_new(
            max_flows,
            options->max_field_bytes ? options->max_field_bytes : ENGINE_DEFAULT_FIELD_BYTES,
            &(struct field_statistics_owner){engine, tell_fields});
    if (engine->flows == NULL || engine->streams == NULL || engine->expect == NULL ||
        (options->fields && engine->fields == NULL) ||
        (engine->intake == NULL && !options->in_team)) {
        error_set(error, "there is no memory for a table of %zu conversations", max_flows);
        engine_free(engine);
        return NULL;
    }
    if (!sort_dissectors(engine, error)) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

struct engine_stats engine_stats(const struct engine *engine)
{
    struct engine_stats stats = engine->stats;
    const struct stream_stats *streams = stream_pool_stats(engine->streams);
    stats.flows_evicted = flow_table_evicted(engine->flows);
    stats.streams_gaps = streams->gaps;
    stats.streams_gap_bytes = streams->gap_bytes;
    stats.streams_reordered = streams->reordered;
    stats.streams_conflicts = streams->conflicts;
    stats.streams_dropped = streams->dropped;
    stats.messages_refused = engine->budget.refused;
    stats.nonces_refused = engine->nonces.refused;
    stats.flows_expected = expect_table_stats(engine->expect)->matched;
    stats.expectations = expect_table_stats(engine->expect)->noted;
    stats.expectations_evicted = expect_table_stats(engine->expect)->evicted;
    if (engine->fields != NULL)
        stats.fields_evicted = field_statistics_evicted(engine->fields);
    if (engine->intake != NULL)
        intake_count(engine->intake, &stats);
    return stats;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    if (engine->flows != NULL && engine->streams != NULL)
        flow_table_end_all(engine->flows, FLOW_END_INPUT);
    flow_table_free(engine->flows);
    stream_pool_free(engine->streams);
    intake_free(engine->intake);
    expect_table_free(engine->expect);
    field_statistics_free(engine->fields);
    scratch_free(&engine->scratch);
    crypto_opener_free(engine->opener);
    free(engine);
}
