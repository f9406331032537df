/* engine.c: frames in, observations out: decode, find the flow, count, and hand payload to dissectors.
 *
 * Frames are read in small batches in three passes (decode and hash; fetch the flow's line; do the work),
 * so that the memory that a packet needs is on its way while others are read. */
#include "core/engine.h"

#include "core/crypto.h"
#include "core/engine_parts.h"
#include "core/field_oddities.h"

#include <stdlib.h>

enum { BATCH = 32 };

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

/* |before| are the flags of the flow before the packet was read. */
static enum engine_interest interest_of(const struct engine *engine, uint32_t index, unsigned side,
                                        const struct packet *packet, uint32_t before)
{
    const struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    const uint32_t after = flow_table_hot(engine->flows, index)->flags;
    const bool ends = packet->protocol == PROTO_TCP && packet->tcp_flags & (TCP_FIN | TCP_RST);
    if (engine->fields != NULL && field_oddities_any(packet))
        return INTEREST_READ;
    if (engine->fields != NULL && protocol_is_icmp(packet->protocol))
        return INTEREST_UNDECIDED; /* what was asked tells whether an answer is odd */
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
        engine_flow_begin(engine, index, side, packet);
    } else if (tcp && engine_new_connection(engine, index, side, packet)) {
        flow_table_restart(engine->flows, index, FLOW_END_CLOSED, engine->now_ns);
        engine_flow_begin(engine, index, side, packet);
    }
    flow_table_touch(engine->flows, index, side, item->ip_len, engine->now_ns);
    struct flow_hot *hot = flow_table_hot(engine->flows, index);
    if (engine->fields != NULL && field_statistics_wants(hot, side, packet))
        hot->flags = field_statistics_note(engine->fields, index, hot, side, packet);
    const uint32_t before = hot->flags;
    if (hot->flags & (FLOW_READ_0 | FLOW_READ_1)) {
        if (!tcp)
            engine_read_udp(engine, index, side, packet);
        else if (engine_tcp_matters(hot, side, packet))
            engine_read_tcp(engine, index, side, packet);
    }
    if (hot->flags & FLOW_SHOWN)
        engine_show_packet(engine, index, side, packet);
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
    engine->flows = flow_table_new(max_flows, &(struct flow_table_owner){engine, engine_flow_over},
                                   options->flow_hash_key);
    engine->streams = stream_pool_new(max_bytes);
    engine->intake = options->in_team ? NULL : intake_new();
    engine->expect = expect_table_new();
    if (options->fields)
        engine->fields = field_statistics_new(
            max_flows,
            options->max_field_bytes ? options->max_field_bytes : ENGINE_DEFAULT_FIELD_BYTES,
            &(struct field_statistics_owner){engine, engine_tell_fields});
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
