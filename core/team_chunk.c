/* team_chunk.c: what becomes of some hundred packets in several threads: read and decoded by one of them, given out to
 * the lanes in the order of packets, taken by each lane, looked at and told in the order of packets. */
#include "core/team_parts.h"

#include <stdlib.h>

bool team_chunk_announce(struct chunk *chunk, const struct flow *flow,
                         const struct expectation *expectation, uint64_t now_ns)
{
    if (chunk->num_announcements == chunk->announcements_room) {
        size_t room = chunk->announcements_room != 0 ? 2 * chunk->announcements_room : 16;
        struct announcement *more = realloc(chunk->announcements, room * sizeof *more);
        if (more == NULL)
            return false;
        chunk->announcements = more;
        chunk->announcements_room = room;
    }
    struct announcement *kept = &chunk->announcements[chunk->num_announcements];
    *kept = (struct announcement){.flow = *flow, .expectation = *expectation, .now_ns = now_ns};
    kept->flow.state = NULL;
    kept->flow.streams[0] = kept->flow.streams[1] = NULL;
    if (span_seen(expectation->state))
        kept->expectation.state = observation_store_copy(&chunk->kept, expectation->state);
    if (span_seen(expectation->state) && !span_seen(kept->expectation.state))
        return false;
    chunk->num_announcements++;
    return true;
}

void team_chunk_read(struct team *team, struct chunk *chunk)
{
    const struct team_source *source = team->source;
    chunk->num = source->read(source->to, chunk->frames, CHUNK_FRAMES);
    chunk->held = chunk->num > 0 ? source->hold(source->to) : NULL;
    if (chunk->held != NULL)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < chunk->num; i++) {
        struct frame *frame = &chunk->frames[i];
        struct span copy =
            observation_store_copy(&chunk->kept, span_of(frame->at, frame->captured_len));
        if (!span_seen(copy)) {
            team->lost++;
            continue;
        }
        frame->at = copy.at;
        chunk->frames[kept++] = *frame;
    }
    chunk->num = kept;
}

void team_chunk_decode(const struct team *team, struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->num; i++) {
        struct intake_item *item = &chunk->items[i];
        intake_read(item, &chunk->frames[i]);
        if (item->result == LAYERS_TRANSPORT)
            team_spread(team, item);
    }
}

static void add_entry(struct team *team, struct chunk *chunk, unsigned lane, struct entry entry)
{
    struct entries *entries = &chunk->entries[lane];
    if (entries->num == entries->room) {
        size_t room = entries->room != 0 ? 2 * entries->room : CHUNK_FRAMES;
        struct entry *more = realloc(entries->at, room * sizeof *more);
        if (more == NULL) {
            team->lost++;
            return;
        }
        entries->at = more;
        entries->room = room;
    }
    entries->at[entries->num++] = entry;
}

static struct span keep_bytes(struct team *team, struct chunk *chunk, struct span bytes)
{
    if (!span_seen(bytes))
        return bytes;
    struct span copy = observation_store_copy(&chunk->kept, bytes);
    if (span_seen(copy))
        return copy;
    team->lost++;
    return span_of(bytes.at, 0);
}

/* What was put together lives in the intake, for a while: the payload, the headers before it, and what is around
 * them in a tunnel. What lies side by side does so afterwards. */
static void keep_views(struct team *team, struct chunk *chunk, struct packet *packet)
{
    struct reader *payload = &packet->payload;
    struct span *ip = &packet->ip_header, *l4 = &packet->l4_header;
    const bool has_l4 = span_seen(*l4) && l4->at + l4->len == payload->at;
    const uint8_t *begin = has_l4 ? l4->at : payload->at;
    const bool has_ip = span_seen(*ip) && ip->at + ip->len == begin;
    size_t ip_len = has_ip ? ip->len : 0, l4_len = has_l4 ? l4->len : 0;
    size_t left = reader_left(payload);
    begin = has_ip ? ip->at : begin;
    const struct span piece = keep_bytes(team, chunk, span_of(begin, ip_len + l4_len + left));
    if (piece.len == 0)
        ip_len = l4_len = left = 0;
    *ip = has_ip ? span_of(piece.at, ip_len) : keep_bytes(team, chunk, *ip);
    *l4 = has_l4 ? span_of(piece.at + ip_len, l4_len) : keep_bytes(team, chunk, *l4);
    packet->mac = keep_bytes(team, chunk, packet->mac);
    const struct reader moved =
        reader_of_cut(span_of(piece.at + ip_len + l4_len, left), payload->cut);
    *payload = moved;
}

/* The packet itself stays until all is told. */
static void take_at(struct lane *lane, struct intake_item *item, uint64_t place)
{
    const struct frame *frame = item->packet.frame;
    lane->place = place;
    lane->store->stays = span_of(frame->at, frame->captured_len);
    team_take(lane, item);
    lane->store->stays = span_of(NULL, 0);
}

/* The announcer is fed at once, so that all others can know what it announces from this packet on. */
static void give_to_announcer(struct team *team, struct chunk *chunk, uint16_t number)
{
    struct lane *announcer = &team->lanes[ANNOUNCER];
    uint32_t before = (uint32_t)chunk->num_announcements;
    engine_fetch_flow(announcer->engine, &chunk->items[number]);
    take_at(announcer, &chunk->items[number], 2u * number + 1);
    for (uint32_t i = before; i < chunk->num_announcements; i++)
        for (unsigned lane = 0; lane < SHARES; lane++)
            add_entry(team, chunk, lane,
                      (struct entry){.item = number, .task = TASK_EXPECT, .announcement = i});
}

static void turn_at(struct lane *lane, const struct intake_item *item, uint16_t number,
                    enum intake_clock clock)
{
    lane->place = 2u * number;
    engine_turn(lane->engine, item->packet.frame, item->now_ns, clock);
}

static void give_out_item(struct team *team, struct chunk *chunk, uint16_t number)
{
    struct intake_item *item = &chunk->items[number];
    team_set_interest(item);
    enum intake_clock clock = (enum intake_clock)item->clock;
    if (clock != CLOCK_SAME) {
        for (unsigned lane = 0; lane < SHARES; lane++)
            add_entry(team, chunk, lane,
                      (struct entry){.item = number, .task = TASK_TURN, .clock = (uint8_t)clock});
        turn_at(&team->lanes[ANNOUNCER], item, number, clock);
    }
    if (item->result != LAYERS_TRANSPORT) {
        if (!intake_complete(team->intake, item))
            return;
        keep_views(team, chunk, &item->packet);
        team_spread(team, item);
    }
    if (item->lane == ANNOUNCER)
        give_to_announcer(team, chunk, number);
    else
        add_entry(team, chunk, item->lane, (struct entry){.item = number, .task = TASK_TAKE});
}

void team_chunk_give_out(struct team *team, struct chunk *chunk)
{
    team->giving_out = chunk;
    team->lanes[ANNOUNCER].store = &chunk->said[ANNOUNCER];
    intake_time(team->intake, chunk->items, chunk->num);
    for (size_t i = 0; i < chunk->num; i++)
        give_out_item(team, chunk, (uint16_t)i);
    team->giving_out = NULL;
}

static void do_entry(struct lane *lane, struct chunk *chunk, const struct entry *entry)
{
    struct intake_item *item = &chunk->items[entry->item];
    switch ((enum task)entry->task) {
    case TASK_TURN:
        turn_at(lane, item, entry->item, (enum intake_clock)entry->clock);
        break;
    case TASK_EXPECT: {
        const struct announcement *announcement = &chunk->announcements[entry->announcement];
        engine_expect(lane->engine, &announcement->flow, &announcement->expectation,
                      announcement->now_ns);
        break;
    }
    case TASK_TAKE:
        take_at(lane, item, 2u * entry->item + 1);
        break;
    }
}

/* Another processor may have written the item: what of it every packet needs. */
static void fetch_item(const struct intake_item *item)
{
    __builtin_prefetch(item);
    __builtin_prefetch(&item->key);
    __builtin_prefetch(&item->hash);
}

void team_chunk_feed(struct lane *lane, struct chunk *chunk)
{
    size_t number = (size_t)(lane - lane->team->lanes);
    const struct entries *entries = &chunk->entries[number];
    lane->store = &chunk->said[number];
    for (size_t i = 0; i < entries->num && i < BATCH; i++)
        fetch_item(&chunk->items[entries->at[i].item]);
    for (size_t done = 0; done < entries->num; done += BATCH) {
        size_t end = done + BATCH < entries->num ? done + BATCH : entries->num;
        for (size_t i = end; i < entries->num && i < end + BATCH; i++)
            fetch_item(&chunk->items[entries->at[i].item]);
        for (size_t i = done; i < end; i++)
            if (entries->at[i].task == TASK_TAKE)
                engine_fetch(lane->engine, &chunk->items[entries->at[i].item]);
        for (size_t i = done; i < end; i++)
            if (entries->at[i].task == TASK_TAKE)
                engine_fetch_flow(lane->engine, &chunk->items[entries->at[i].item]);
        for (size_t i = done; i < end; i++)
            if (entries->at[i].task == TASK_TAKE)
                engine_fetch_fields(lane->engine, &chunk->items[entries->at[i].item]);
        for (size_t i = done; i < end; i++)
            do_entry(lane, chunk, &entries->at[i]);
    }
}

/* In the order of the packets; of what a tick made lanes say, in the order of the lanes. */
static struct stored_observation *in_order(const struct chunk *chunk)
{
    struct stored_observation *next[NUM_LANES], *head = NULL, **end = &head;
    for (unsigned i = 0; i < NUM_LANES; i++)
        next[i] = chunk->said[i].first;
    for (;;) {
        unsigned first = NUM_LANES;
        for (unsigned i = 0; i < NUM_LANES; i++)
            if (next[i] != NULL && (first == NUM_LANES || next[i]->place < next[first]->place))
                first = i;
        if (first == NUM_LANES)
            break;
        *end = next[first];
        next[first] = next[first]->next;
        end = &(*end)->next;
    }
    *end = NULL;
    return head;
}

void team_chunk_look(const struct team *team, struct chunk *chunk)
{
    chunk->first_said = in_order(chunk);
    for (const struct stored_observation *at = chunk->first_said; at != NULL; at = at->next)
        team_look(team, &at->observation);
}

void team_chunk_tell(struct team *team, struct chunk *chunk)
{
    for (const struct stored_observation *at = chunk->first_said; at != NULL; at = at->next)
        team->options.emit(team->options.emit_to, &at->observation);
    chunk->first_said = NULL;
    team_tell_packets(team, chunk->items, chunk->num);
    for (unsigned i = 0; i < NUM_LANES; i++) {
        observation_store_clear(&chunk->said[i]);
        chunk->entries[i].num = 0;
    }
    observation_store_clear(&chunk->kept);
    chunk->num_announcements = 0;
    if (chunk->held != NULL)
        team->source->release(team->source->to, chunk->held);
    chunk->held = NULL;
}

void team_chunk_free(struct chunk *chunk)
{
    for (unsigned lane = 0; lane < NUM_LANES; lane++) {
        observation_store_free(&chunk->said[lane]);
        free(chunk->entries[lane].at);
    }
    observation_store_free(&chunk->kept);
    free(chunk->announcements);
}
