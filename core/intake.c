/* intake.c: frames to packets with a key: decoding, the packet clock, IP fragments. */
#include "core/intake.h"

#include "core/defrag.h"
#include "core/eapol_peers.h"
#include "core/field_oddities.h"
#include "core/usual.h"

#include <stdlib.h>

static const uint64_t clock_slack_ns =
    60000000000; /* clocks of several capture points differ a bit */

struct intake {
    struct defrag *defrag;
    struct eapol_peers eapol_peers; /* of 802.1X */
    uint64_t now_ns;
    bool started;
    struct engine_stats stats; /* of frames and fragments only */
};

struct intake *intake_new(void)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL)
        return NULL;
    intake->defrag = defrag_new(DEFRAG_DEFAULT_DATAGRAMS, DEFRAG_DEFAULT_BYTES);
    if (intake->defrag != NULL)
        return intake;
    free(intake);
    return NULL;
}

void intake_free(struct intake *intake)
{
    if (intake == NULL)
        return;
    defrag_free(intake->defrag);
    free(intake);
}

/* Once there is a conversation. */
static void complete(struct intake_item *item)
{
    struct packet *packet = &item->packet;
    field_oddities_hint(packet);
    item->ip_len = (uint32_t)(packet->ip_header.len + packet->l4_header.len +
                              reader_wire_left(&packet->payload));
}

/* Apart, so that its memory is no burden to the usual packet. */
static __attribute__((noinline)) void read_unusual(struct intake_item *item,
                                                   const struct frame *frame)
{
    item->result = layers_decode(frame, &item->packet);
    if (item->result == LAYERS_TRANSPORT)
        item->side = (uint8_t)flow_key_of(&item->packet, &item->key);
}

void intake_read(struct intake_item *item, const struct frame *frame)
{
    if (usual_read(frame, &item->packet, &item->key, &item->side))
        item->result = LAYERS_TRANSPORT;
    else
        read_unusual(item, frame);
    if (item->result == LAYERS_TRANSPORT)
        complete(item);
}

static void count_unread(struct engine_stats *stats, enum layers_result result)
{
    switch (result) {
    case LAYERS_OTHER:
        stats->frames_other++;
        break;
    case LAYERS_LINK:
        stats->frames_unknown_link++;
        break;
    case LAYERS_CUT:
        stats->frames_cut++;
        break;
    case LAYERS_MALFORMED:
        stats->frames_malformed++;
        break;
    case LAYERS_TRANSPORT:
    case LAYERS_FRAGMENT:
    case LAYERS_EAPOL:
        break;
    }
}

/* A tunnel may carry fragments of what was itself fragmented: each round goes one tunnel deeper. */
static enum layers_result defragment(struct intake *intake, struct packet *packet)
{
    enum layers_result result = LAYERS_FRAGMENT;
    struct span payload;
    for (unsigned i = 0; result == LAYERS_FRAGMENT && i <= PACKET_MAX_TUNNELS; i++) {
        intake->stats.fragments++;
        if (!defrag_add(intake->defrag, packet, &payload))
            return LAYERS_FRAGMENT;
        result = layers_resume(packet, payload);
    }
    return result;
}

bool intake_complete(struct intake *intake, struct intake_item *item)
{
    if (item->result == LAYERS_FRAGMENT)
        item->result = defragment(intake, &item->packet);
    if (item->result == LAYERS_EAPOL)
        item->result =
            eapol_peers_join(&intake->eapol_peers, &item->packet) ? LAYERS_TRANSPORT : LAYERS_OTHER;
    if (item->result != LAYERS_TRANSPORT) {
        count_unread(&intake->stats, item->result);
        return false;
    }
    item->side = (uint8_t)flow_key_of(&item->packet, &item->key);
    complete(item);
    intake->stats.packets_tunnelled += item->packet.num_tunnels > 0;
    return true;
}

/* The clock stands still for packets that are a little late; a step back of more than a minute is another time. */
static enum intake_clock set_clock(struct intake *intake, uint64_t time_ns)
{
    uint64_t before = intake->now_ns;
    bool jumps = intake->started && time_ns < before && before - time_ns > clock_slack_ns;
    bool starts = !intake->started;
    intake->started = true;
    if (jumps || time_ns > before)
        intake->now_ns = time_ns;
    if (jumps)
        intake->stats.clock_jumps++;
    if (jumps)
        return CLOCK_JUMPS;
    return starts || before >> FLOW_TABLE_TICK_SHIFT != intake->now_ns >> FLOW_TABLE_TICK_SHIFT
               ? CLOCK_TICKS
               : CLOCK_SAME;
}

/* Most packets come in the tick of the one before, and not before it. */
static bool same_tick(const struct intake *intake, uint64_t time_ns)
{
    return intake->started && time_ns >= intake->now_ns &&
           time_ns >> FLOW_TABLE_TICK_SHIFT == intake->now_ns >> FLOW_TABLE_TICK_SHIFT;
}

void intake_time(struct intake *intake, struct intake_item *items, size_t num)
{
    uint64_t bytes = 0, snapped = 0, tunnelled = 0;
    for (size_t i = 0; i < num; i++) {
        struct intake_item *item = &items[i];
        const struct frame *frame = item->packet.frame;
        bytes += frame->wire_len;
        snapped += frame->captured_len < frame->wire_len;
        tunnelled += item->result == LAYERS_TRANSPORT && item->packet.num_tunnels > 0;
        item->clock = CLOCK_SAME;
        if (same_tick(intake, frame->time_ns))
            intake->now_ns = frame->time_ns;
        else
            item->clock = (uint8_t)set_clock(intake, frame->time_ns);
        item->now_ns = intake->now_ns;
    }
    intake->stats.frames += num;
    intake->stats.frame_bytes += bytes;
    intake->stats.frames_snapped += snapped;
    intake->stats.packets_tunnelled += tunnelled;
}

enum intake_clock intake_advance(struct intake *intake, uint64_t time_ns)
{
    return time_ns > intake->now_ns ? set_clock(intake, time_ns) : CLOCK_SAME;
}

void intake_count(const struct intake *intake, struct engine_stats *stats)
{
    const struct engine_stats *own = &intake->stats;
    const struct defrag_stats *defrag = defrag_stats(intake->defrag);
    stats->frames += own->frames;
    stats->frame_bytes += own->frame_bytes;
    stats->frames_snapped += own->frames_snapped;
    stats->frames_other += own->frames_other;
    stats->frames_unknown_link += own->frames_unknown_link;
    stats->frames_cut += own->frames_cut;
    stats->frames_malformed += own->frames_malformed;
    stats->packets_tunnelled += own->packets_tunnelled;
    stats->clock_jumps += own->clock_jumps;
    stats->fragments += own->fragments;
    stats->datagrams_reassembled += defrag->reassembled;
    stats->datagrams_incomplete +=
        defrag->expired + defrag->evicted + defrag->malformed + defrag->cut;
    stats->fragment_conflicts += defrag->conflicts;
}
