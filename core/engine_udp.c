/* engine_udp.c: datagrams: who reads them, and which of them wake who does. */
#include "core/engine_parts.h"

#include <assert.h>

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

void engine_read_udp(struct engine *engine, uint32_t index, unsigned side,
                     const struct packet *packet)
{
    struct flow_hot *hot = flow_table_hot(engine->flows, index);
    if (!engine_reads(hot, side) || sleeps_on(engine, hot, side, packet))
        return;
    struct flow *flow = &flow_table_cold(engine->flows, index)->flow;
    struct reader payload = packet->payload;
    hot->flags &= ~((uint32_t)FLOW_QUIET_0 << side);
    if (flow->dissector == NULL) {
        bool maybe;
        const struct dissector *dissector = engine_recognise(engine, flow, payload, &maybe);
        if (dissector == NULL || !engine_claim(engine, index, dissector)) {
            if (!maybe && engine_probe_counted(flow, side))
                engine_stop_side(engine, index, side);
            return;
        }
    }
    switch (engine_dissect(engine, index, side, &payload, false)) {
    case DISSECT_MORE:
        break;
    case DISSECT_QUIET:
        hush(engine, index, side, flow->dissector);
        break;
    case DISSECT_SIDE_DONE:
        engine_stop_side(engine, index, side);
        break;
    case DISSECT_FORGET:
        engine_forget_claim(engine, flow);
        /* fall through */
    case DISSECT_DONE:
        engine_stop_side(engine, index, 0);
        engine_stop_side(engine, index, 1);
        break;
    case DISSECT_NOT_MINE:
        engine_forget_dissector(engine, flow);
        hot->flags &= ~(uint32_t)(FLOW_QUIET_0 | FLOW_QUIET_1);
        if (engine_expected_wrongly(flow))
            engine_read_udp(engine, index, side, packet);
        else if (engine_probe_counted(flow, side))
            engine_stop_side(engine, index, side);
        break;
    case DISSECT_HANDOVER: /* done in dissect() */
        break;
    }
}
