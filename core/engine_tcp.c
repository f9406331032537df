/* engine_tcp.c: TCP: streams begin, are read as far as somebody reads them, and end. */
#include "core/engine_parts.h"

#include <assert.h>

/* What a stream's consumer needs to know. */
struct reading {
    struct engine *engine;
    uint32_t index;
    unsigned side;
};

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
        const struct dissector *dissector = engine_recognise(engine, flow, *bytes, &maybe);
        if (dissector == NULL || !engine_claim(engine, reading->index, dissector)) {
            if (maybe)
                return true;
            reader_skip(bytes, reader_wire_left(bytes));
            return !engine_probe_counted(flow, side);
        }
    }
    switch (engine_dissect(engine, reading->index, side, bytes, gap)) {
    case DISSECT_MORE:
    case DISSECT_QUIET:
        return true;
    case DISSECT_SIDE_DONE:
        return false;
    case DISSECT_FORGET:
        engine_forget_claim(engine, flow);
        /* fall through */
    case DISSECT_DONE:
        flow_table_hot(engine->flows, reading->index)->flags &=
            ~(uint32_t)(FLOW_READ_0 | FLOW_READ_1);
        return false;
    case DISSECT_NOT_MINE:
        engine_forget_dissector(engine, flow);
        if (engine_expected_wrongly(flow)) {
            *bytes = before;
            return consume(to, bytes, gap);
        }
        reader_skip(bytes, reader_wire_left(bytes));
        return !engine_probe_counted(flow, side);
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
                engine_reads(flow_table_hot(engine->flows, index), side) &&
                !tcp_stream_offer_again(engine->streams, flow->streams[side], &consumer))
                engine_stop_side(engine, index, side);
        }
    }
}

/* Frees what is not read any more, after a call that may have ended a side or both. */
static void settle(struct engine *engine, uint32_t index)
{
    offer_again(engine, index);
    const struct flow_hot *hot = flow_table_hot(engine->flows, index);
    for (unsigned side = 0; side < 2; side++)
        if (!engine_reads(hot, side))
            engine_stop_side(engine, index, side);
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
        engine_stop_side(engine, index, side);
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
    const struct dissector *known = engine_recognise(engine, &cold->flow, *payload, &maybe);
    if (known != NULL && behind)
        cold->next_seq[side] = seq;
    if (known != NULL || (maybe && !behind))
        return false;
    if (!behind) {
        cold->next_seq[side] = seq + (uint32_t)reader_wire_left(payload);
        cold->has_seq[side] = true;
    }
    if (engine_probe_counted(&cold->flow, side))
        engine_stop_side(engine, index, side);
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
        engine_stop_side(engine, index, side);
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
        engine_stop_side(engine, index, !side);
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

void engine_read_tcp(struct engine *engine, uint32_t index, unsigned side,
                     const struct packet *packet)
{
    if (packet->tcp_flags & TCP_SYN)
        tcp_syn(engine, index, side, packet);
    if (engine_reads(flow_table_hot(engine->flows, index), !side))
        tcp_ack(engine, index, side, packet);
    if (reader_wire_left(&packet->payload) == 0 ||
        !engine_reads(flow_table_hot(engine->flows, index), side))
        return;
    /* The SYN has a number of its own; data may come with it (RFC 7413). */
    uint32_t seq = packet->tcp_seq + ((packet->tcp_flags & TCP_SYN) != 0);
    tcp_payload(engine, index, side, seq, &packet->payload);
}

void engine_flush_streams(struct engine *engine, uint32_t index)
{
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    for (unsigned side = 0; side < 2; side++) {
        if (flow->streams[side] == NULL)
            continue;
        struct reading reading = {engine, index, side};
        struct stream_consumer consumer = {&reading, consume};
        if (engine_reads(flow_table_hot(engine->flows, index), side))
            tcp_stream_flush(engine->streams, flow->streams[side], &consumer);
        offer_again(engine, index);
        engine_stop_side(engine, index, side);
    }
}

/* The same ports again: a SYN after the end, or with another first number, opens a new conversation. */
bool engine_new_connection(const struct engine *engine, uint32_t index, unsigned side,
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
