/* engine_flow.c: the beginning and the end of a conversation, and what is told of it. */
#include "core/engine_parts.h"

#include "core/common_observations.h"

#include <assert.h>

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
    struct dissect_context context = engine_context(engine, flow, client);
    context.time_ns = flow->last_ns;
    context.packet = flow->first_packet;
    dissect_emit(&context, &observation_flow_end, &data);
}

void engine_tell_fields(void *to, uint32_t index, unsigned side,
                        const struct observation_type *type, const void *data)
{
    struct engine *engine = to;
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    flow_table_sync(engine->flows, index);
    struct dissect_context context = engine_context(engine, flow, side);
    context.time_ns = flow->last_ns;
    context.packet = flow->first_packet;
    dissect_emit(&context, type, data);
}

void engine_flow_over(void *to, uint32_t index, enum flow_end how)
{
    (void)how; /* it is in flow->ended */
    struct engine *engine = to;
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    const uint32_t flags = flow_table_hot(engine->flows, index)->flags;
    engine_flush_streams(engine, index);
    for (unsigned side = 0; side < 2; side++)
        flow->fin[side] = flags & (uint32_t)FLOW_FIN_0 << side;
    engine_end_dissector(engine, flow);
    if (engine->fields != NULL)
        field_statistics_end(engine->fields, index, flow);
    if (flow->dissector != NULL || engine->options.every_flow)
        emit_flow_end(engine, flow);
    engine_forget_dissector(engine, flow);
}

/* Who opened a conversation that was there before the capture? A well-known port serves. */
static bool first_sender_serves(const struct packet *packet)
{
    return packet->ends[0].port < 1024 && packet->ends[1].port >= 1024;
}

void engine_flow_begin(struct engine *engine, uint32_t index, unsigned side,
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
    if (*engine_dissectors_for(engine, flow) != NULL)
        flow_table_hot(engine->flows, index)->flags |= FLOW_READ_0 | FLOW_READ_1;
    if (engine->fields != NULL)
        flow_table_hot(engine->flows, index)->flags |=
            field_statistics_begin(engine->fields, index);
    if (expect_table_any(engine->expect))
        engine_claim_expected(engine, index);
    engine->stats.flows++;
}

/* Shows a packet with payload to who names applications, unless somebody reads the conversation, or enough of it was
 * shown. A datagram that came in fragments does not lie in one piece. */
void engine_show_packet(struct engine *engine, uint32_t index, unsigned side,
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
    struct dissect_context context = engine_context(engine, &cold->flow, side);
    cold->shown++;
    dissect_emit(&context, &observation_flow_packet, &data);
}
