/* field_statistics.c: the places of flows, the pool of blocks, and what is noted of a packet. */
#include "core/field_statistics.h"

#include "core/field_oddities.h"

#include <assert.h>
#include <stdlib.h>

enum { HAS_ISN = 1, IS_IP6 = 2, IS_TCP = 4, HAS_ECHO = 8, MOST_CHANGES = 255 };

/* One end of a flow, until it is told. */
struct side {
    uint32_t label : 20, flags : 4, label_changes : 8;
    uint32_t isn;     /* ICMP: a hash of the payload of the last echo request */
    uint32_t options; /* ICMP: its identifier and number */
    uint32_t block;   /* 0: none */
    uint16_t first_id, last_id, last_check, sampled;
    uint8_t first_ttl, last_ttl, min_ttl, max_ttl, ttl_changes;
    uint8_t first_dscp, last_dscp, dscp_changes;
};

/* Both ends of a flow: one cache line. */
struct place {
    struct side sides[2];
} __attribute__((aligned(64)));

/* What there is of a direction with more than a few packets, or with something odd. What every sample needs is one
 * cache line. */
struct block {
    uint32_t index;
    uint32_t older,
        newer; /* blocks that were taken before and after it; of a free one, |older| is free, too */
    uint16_t num;
    uint8_t side;
    uint16_t has_odd; /* a bit for each of |odd| that is set */
    uint32_t timestamps, backward, last_timestamp, last_end;
    uint64_t first_ns;
    uint16_t padded, padding;    /* sampled frames with padding, and its bytes */
    uint16_t padn_packets, padn; /* sampled packets with PadN, and its bytes, up to 65,535 */
    struct field_sample samples[FIELD_STATISTICS_SAMPLES];
    struct field_odd odd[NUM_FIELD_ODDITIES];
} __attribute__((aligned(64)));

struct field_statistics {
    struct field_statistics_owner owner;
    struct place *places;
    struct block *blocks;    /* [0] is not used */
    uint32_t num_blocks;     /* and [0] */
    uint32_t made;           /* blocks that were ever used, and [0] */
    uint32_t free;           /* the one that was given back last, which is near; 0: none */
    uint32_t oldest, newest; /* of those that are used; 0: none */
    uint64_t evicted;
};

struct field_statistics *field_statistics_new(size_t max_flows, size_t max_bytes,
                                              const struct field_statistics_owner *owner)
{
    struct field_statistics *statistics = calloc(1, sizeof *statistics);
    if (statistics == NULL)
        return NULL;
    statistics->owner = *owner;
    statistics->num_blocks = (uint32_t)(max_bytes / sizeof(struct block)) + 2;
    statistics->made = 1;
    statistics->places = aligned_alloc(64, (max_flows + 1) * sizeof(struct place));
    statistics->blocks = aligned_alloc(64, statistics->num_blocks * sizeof(struct block));
    if (statistics->places == NULL || statistics->blocks == NULL) {
        field_statistics_free(statistics);
        return NULL;
    }
    return statistics;
}

void field_statistics_free(struct field_statistics *statistics)
{
    if (statistics == NULL)
        return;
    free(statistics->places);
    free(statistics->blocks);
    free(statistics);
}

uint64_t field_statistics_evicted(const struct field_statistics *statistics)
{
    return statistics->evicted;
}

uint32_t field_statistics_begin(struct field_statistics *statistics, uint32_t index)
{
    statistics->places[index] = (struct place){0};
    return (uint32_t)3 << FIELD_STATISTICS_FLAGS_SHIFT;
}

void field_statistics_fetch(const struct field_statistics *statistics, uint32_t index)
{
    __builtin_prefetch(&statistics->places[index], 1);
}

void field_statistics_fetch_block(const struct field_statistics *statistics, uint32_t index,
                                  unsigned side)
{
    const struct side *what = &statistics->places[index].sides[side];
    if (what->block == 0)
        return;
    struct block *block = &statistics->blocks[what->block];
    __builtin_prefetch(block, 1);
    if (what->sampled >= FIELD_STATISTICS_QUIET)
        __builtin_prefetch(&block->samples[what->sampled - FIELD_STATISTICS_QUIET], 1);
}

/* --- telling --- */

static struct side *side_at(struct field_statistics *statistics, uint32_t index, unsigned side)
{
    return &statistics->places[index].sides[side];
}

static struct span put_oddities(uint8_t *room, const struct block *block, unsigned from,
                                unsigned to)
{
    size_t len = 0;
    for (unsigned i = from; block != NULL && block->has_odd != 0 && i < to; i++) {
        if (!(block->has_odd >> i & 1))
            continue;
        field_odd_put(room + len, &block->odd[i]);
        len += FIELD_ODD_LEN;
    }
    return len > 0 ? span_of(room, len) : (struct span){.at = NULL};
}

static void tell_ip(struct field_statistics *statistics, uint32_t index, unsigned side,
                    struct number packets)
{
    const struct side *what = side_at(statistics, index, side);
    const struct block *block = what->block != 0 ? &statistics->blocks[what->block] : NULL;
    uint8_t room[FIELD_ODD_LEN * NUM_FIELD_ODDITIES];
    struct ip_fields data = {.packets = packets,
                             .sampled = number(what->sampled),
                             .oddities = put_oddities(room, block, 0, ODDITY_TCP_RESERVED)};
    if (what->sampled > 0) {
        data.first_ttl = number(what->first_ttl);
        data.min_ttl = number(what->min_ttl);
        data.max_ttl = number(what->max_ttl);
        data.ttl_changes = number(what->ttl_changes);
        data.dscp = number(what->first_dscp);
        data.dscp_changes = number(what->dscp_changes);
        if (what->flags & IS_IP6) {
            data.flow_label = number(what->label);
            data.label_changes = number(what->label_changes);
        } else {
            data.first_id = number(what->first_id);
        }
    }
    if (block != NULL && block->padded > 0) {
        data.padded = number(block->padded);
        data.padding = number(block->padding);
    }
    if (block != NULL && block->padn_packets > 0) {
        data.padn_packets = number(block->padn_packets);
        data.padn = number(block->padn);
    }
    if (block != NULL)
        data.samples = span_of(block->samples, block->num * sizeof block->samples[0]);
    statistics->owner.tell(statistics->owner.to, index, side, &observation_ip_fields, &data);
}

static void tell_tcp(struct field_statistics *statistics, uint32_t index, unsigned side)
{
    const struct side *what = side_at(statistics, index, side);
    const struct block *block = what->block != 0 ? &statistics->blocks[what->block] : NULL;
    uint8_t room[FIELD_ODD_LEN * NUM_FIELD_ODDITIES];
    struct tcp_fields data = {
        .oddities = put_oddities(room, block, ODDITY_TCP_RESERVED, NUM_FIELD_ODDITIES)};
    if (what->flags & HAS_ISN) {
        data.isn = number(what->isn);
        data.options = number(what->options);
    }
    if (block != NULL && block->timestamps > 0) {
        data.timestamps = number(block->timestamps);
        data.timestamps_backward = number(block->backward);
    }
    if (data.isn.seen || data.timestamps.seen || span_seen(data.oddities))
        statistics->owner.tell(statistics->owner.to, index, side, &observation_tcp_fields, &data);
}

static void give_back(struct field_statistics *statistics, uint32_t number)
{
    struct block *block = &statistics->blocks[number];
    uint32_t *from_older =
        block->older != 0 ? &statistics->blocks[block->older].newer : &statistics->oldest;
    uint32_t *from_newer =
        block->newer != 0 ? &statistics->blocks[block->newer].older : &statistics->newest;
    *from_older = block->newer;
    *from_newer = block->older;
    block->older = statistics->free;
    statistics->free = number;
}

static void tell(struct field_statistics *statistics, uint32_t index, unsigned side,
                 struct number packets)
{
    struct side *what = side_at(statistics, index, side);
    if (what->flags & IS_TCP)
        tell_tcp(statistics, index, side);
    tell_ip(statistics, index, side, packets);
    if (what->block != 0)
        give_back(statistics, what->block);
    what->block = 0;
}

/* Its counting begins anew; what it compares with stays. */
static void begin_anew(struct side *what)
{
    what->sampled = 0;
    what->ttl_changes = what->dscp_changes = 0;
    what->label_changes = 0;
}

/* --- blocks --- */

/* The one that was taken longest ago is told early. */
static void push_out(struct field_statistics *statistics)
{
    const struct block *block = &statistics->blocks[statistics->oldest];
    struct side *before = side_at(statistics, block->index, block->side);
    statistics->evicted++;
    tell(statistics, block->index, block->side, (struct number){.seen = false});
    begin_anew(before);
}

static uint32_t take(struct field_statistics *statistics)
{
    if (statistics->free == 0 && statistics->made < statistics->num_blocks)
        return statistics->made++;
    if (statistics->free == 0)
        push_out(statistics);
    const uint32_t number = statistics->free;
    statistics->free = statistics->blocks[number].older;
    return number;
}

/* A block for end |side|. */
static struct block *block_of(struct field_statistics *statistics, uint32_t index, unsigned side,
                              uint64_t now_ns)
{
    struct side *what = side_at(statistics, index, side);
    if (what->block != 0)
        return &statistics->blocks[what->block];
    const uint32_t number = take(statistics);
    struct block *block = &statistics->blocks[number];
    memset(block, 0, offsetof(struct block, samples));
    block->index = index;
    block->side = (uint8_t)side;
    block->first_ns = now_ns;
    block->older = statistics->newest;
    if (block->older != 0)
        statistics->blocks[block->older].newer = number;
    else
        statistics->oldest = number;
    statistics->newest = what->block = number;
    return block;
}

static void note_odd(struct field_statistics *statistics, uint32_t index, unsigned side,
                     const struct packet *packet, const struct field_oddities *found)
{
    struct block *block = block_of(statistics, index, side, packet->frame->time_ns);
    for (unsigned i = 0; i < found->num; i++) {
        const struct field_odd *one = &found->odd[i];
        struct field_odd *odd = &block->odd[one->oddity];
        if (!(block->has_odd >> one->oddity & 1)) {
            *odd = (struct field_odd){.oddity = one->oddity,
                                      .first = packet->frame->number,
                                      .first_ns = packet->frame->time_ns};
            block->has_odd |= (uint16_t)(1u << one->oddity);
        }
        odd->varied += odd->packets > 0 && odd->last != one->last;
        odd->last = one->last;
        odd->packets++;
        odd->bytes += one->bytes;
        odd->printable += one->printable;
        if (one->detail > odd->detail)
            odd->detail = one->detail;
    }
}

/* --- a packet --- */

static void count_change(uint8_t *changes)
{
    if (*changes < MOST_CHANGES)
        ++*changes;
}

static void note_ip(struct side *what, const struct packet *packet)
{
    const uint8_t dscp = packet->traffic_class >> 2;
    if (what->sampled == 1) {
        what->first_ttl = what->last_ttl = what->min_ttl = what->max_ttl = packet->ttl;
        what->first_dscp = what->last_dscp = dscp;
        what->label = packet->flow_label & 0xfffff;
        what->first_id = packet->ip_id;
        return;
    }
    if (packet->ttl != what->last_ttl)
        count_change(&what->ttl_changes);
    if (dscp != what->last_dscp)
        count_change(&what->dscp_changes);
    if ((packet->flow_label & 0xfffff) != what->label && what->label_changes < MOST_CHANGES)
        what->label_changes++;
    what->label = packet->flow_label & 0xfffff;
    what->last_ttl = packet->ttl;
    what->last_dscp = dscp;
    what->min_ttl = packet->ttl < what->min_ttl ? packet->ttl : what->min_ttl;
    what->max_ttl = packet->ttl > what->max_ttl ? packet->ttl : what->max_ttl;
}

/* RFC 7323 section 3.2: the option alone, in the form that it mostly has; else wherever it is. */
static uint32_t timestamp_of(const struct packet *packet)
{
    return packet->hints & PACKET_HAS_OPTIONS ? field_oddities_timestamp(packet->l4_header)
                                              : packet->tcp_timestamp;
}

static void note_timestamp(struct block *block, const struct packet *packet, uint32_t timestamp)
{
    const uint32_t len = (uint32_t)reader_wire_left(&packet->payload);
    if (timestamp == 0)
        return;
    const int32_t ahead = (int32_t)(packet->tcp_seq - block->last_end);
    if (block->timestamps > 0 && ahead >= 0 && len > 0 &&
        (int32_t)(timestamp - block->last_timestamp) < 0)
        block->backward++;
    if (block->timestamps == 0 || ahead >= 0) {
        block->last_timestamp = timestamp;
        block->last_end = packet->tcp_seq + len;
    }
    block->timestamps++;
}

static void note_sample(struct block *block, const struct packet *packet)
{
    const uint64_t us = (packet->frame->time_ns - block->first_ns) / 1000;
    const size_t payload = reader_wire_left(&packet->payload);
    const size_t len = payload < FIELD_SAMPLE_LONGEST ? payload : FIELD_SAMPLE_LONGEST;
    if (packet->protocol == PROTO_TCP)
        note_timestamp(block, packet, timestamp_of(packet));
    block->samples[block->num++] =
        (struct field_sample){.time_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX,
                              .id = packet->ip_id,
                              .half_len = (len + 1) / 2 & 0x3ffu,
                              .dscp = packet->traffic_class >> 2 & 0x3fu};
}

static void note_padding(struct block *block, const struct field_oddities *found)
{
    const uint32_t padn = (uint32_t)block->padn + found->padn;
    block->padded = (uint16_t)(block->padded + (found->padding != 0));
    block->padding = (uint16_t)(block->padding + found->padding);
    block->padn_packets = (uint16_t)(block->padn_packets + (found->padn != 0));
    block->padn = padn < UINT16_MAX ? (uint16_t)padn : UINT16_MAX;
}

/* A mirror that has a packet twice, on its way in and out, has it with another TTL. */
static bool is_copy(struct side *what, const struct packet *packet)
{
    const uint32_t mixed = packet->tcp_seq ^ packet->tcp_ack * 2654435761u ^
                           (uint32_t)reader_wire_left(&packet->payload) * 40503u ^
                           packet->tcp_flags;
    const uint16_t check = (uint16_t)(mixed ^ mixed >> 16);
    const bool copy = what->sampled > 0 && what->last_check == check &&
                      what->last_id == packet->ip_id &&
                      (packet->ip_id != 0 || packet->protocol == PROTO_TCP);
    what->last_check = check;
    what->last_id = packet->ip_id;
    return copy;
}

static void note_syn(struct side *what, const struct packet *packet)
{
    if (!(packet->tcp_flags & TCP_SYN) || (what->flags & HAS_ISN))
        return;
    what->isn = packet->tcp_seq;
    what->options = field_oddities_layout(packet->l4_header);
    what->flags |= HAS_ISN;
}

/* The payload of an echo reply is that of its request (RFC 792, RFC 4443 section 4.2). */
static void note_echo(struct field_statistics *statistics, uint32_t index, unsigned side,
                      const struct packet *packet, struct field_oddities *found)
{
    struct field_echo echo;
    if (!field_oddities_echo(packet, &echo, found))
        return;
    struct side *what = side_at(statistics, index, side);
    const struct side *other = side_at(statistics, index, !side);
    if (!echo.reply) {
        what->isn = echo.hash;
        what->options = echo.which;
        what->flags |= HAS_ECHO;
    } else if ((other->flags & HAS_ECHO) && other->options == echo.which &&
               other->isn != echo.hash) {
        field_oddities_add(found, ODDITY_ICMP_REPLY, packet->payload.at,
                           reader_left(&packet->payload));
    }
}

/* From some packets on a direction is looked at again. */
static bool begins_again(struct field_statistics *statistics, uint32_t index,
                         const struct flow_hot *hot, unsigned side)
{
    const uint32_t packets = hot->packets[side];
    if (packets < FIELD_STATISTICS_AGAIN || (packets & (packets - 1)) != 0)
        return false;
    const uint32_t told = packets / 2 < FIELD_STATISTICS_AGAIN ? 0 : packets / 2;
    tell(statistics, index, side, number(packets - told));
    begin_anew(side_at(statistics, index, side));
    return true;
}

uint32_t field_statistics_note(struct field_statistics *statistics, uint32_t index,
                               const struct flow_hot *hot, unsigned side,
                               const struct packet *packet)
{
    struct side *what = side_at(statistics, index, side);
    struct field_oddities found;
    field_oddities_none(&found);
    const uint32_t sampling = (uint32_t)1 << (FIELD_STATISTICS_FLAGS_SHIFT + side);
    uint32_t flags = hot->flags;
    if (packet->ip_version == 0)
        return flags;
    if (begins_again(statistics, index, hot, side))
        flags |= sampling;
    what->flags |=
        (packet->ip_version == 6 ? IS_IP6 : 0) | (packet->protocol == PROTO_TCP ? IS_TCP : 0);
    if (!(flags & sampling)) {
        if (field_oddities_of(packet, &found))
            note_odd(statistics, index, side, packet, &found);
        return flags;
    }
    if (is_copy(what, packet))
        return flags;
    what->sampled++;
    note_ip(what, packet);
    if (packet->protocol == PROTO_TCP)
        note_syn(what, packet);
    bool odd = field_oddities_of(packet, &found);
    if (protocol_is_icmp(packet->protocol)) {
        note_echo(statistics, index, side, packet, &found);
        odd = found.num > 0;
    }
    if (odd)
        note_odd(statistics, index, side, packet, &found);
    if (what->sampled <= FIELD_STATISTICS_QUIET)
        return flags;
    struct block *block = block_of(statistics, index, side, packet->frame->time_ns);
    if (block->num == 0)
        block->first_ns = packet->frame->time_ns;
    note_sample(block, packet);
    if (found.padding != 0 || found.padn != 0)
        note_padding(block, &found);
    return block->num < FIELD_STATISTICS_SAMPLES ? flags : flags & ~sampling;
}

void field_statistics_end(struct field_statistics *statistics, uint32_t index,
                          const struct flow *flow)
{
    for (unsigned side = 0; side < 2; side++) {
        uint64_t told = FIELD_STATISTICS_AGAIN;
        while (told * 2 <= flow->packets[side])
            told *= 2;
        if (flow->packets[side] < FIELD_STATISTICS_AGAIN)
            told = 0;
        if (flow->packets[side] > 0 && flow->ip_version != 0)
            tell(statistics, index, side, number(flow->packets[side] - told));
    }
}
