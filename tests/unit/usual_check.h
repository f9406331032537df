/* usual_check.h: a packet that is read in one go is the one that the layers give. */
#ifndef PERPASS_TESTS_UNIT_USUAL_CHECK_H
#define PERPASS_TESTS_UNIT_USUAL_CHECK_H

#include "core/layers.h"
#include "core/usual.h"

static inline bool usual_span_same(struct span a, struct span b)
{
    return a.at == b.at && a.len == b.len;
}

static inline bool usual_end_same(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a->address, b->address, sizeof a->address) == 0 && a->port == b->port;
}

/* usual_difference names the first member in which the packets differ, but for |fragment|; NULL for none. */
static inline const char *usual_difference(const struct packet *a, const struct packet *b)
{
    const struct {
        const char *name;
        bool same;
    } members[] = {
        {"frame", a->frame == b->frame},
        {"source", usual_end_same(&a->ends[0], &b->ends[0])},
        {"destination", usual_end_same(&a->ends[1], &b->ends[1])},
        {"ip_version", a->ip_version == b->ip_version},
        {"protocol", a->protocol == b->protocol},
        {"ttl", a->ttl == b->ttl},
        {"traffic_class", a->traffic_class == b->traffic_class},
        {"flow_label", a->flow_label == b->flow_label},
        {"ip_id", a->ip_id == b->ip_id},
        {"ip_flags", a->ip_flags == b->ip_flags},
        {"tcp_flags", a->tcp_flags == b->tcp_flags},
        {"tcp_header_len", a->tcp_header_len == b->tcp_header_len},
        {"tcp_window", a->tcp_window == b->tcp_window},
        {"tcp_urgent", a->tcp_urgent == b->tcp_urgent},
        {"tcp_seq", a->tcp_seq == b->tcp_seq},
        {"tcp_ack", a->tcp_ack == b->tcp_ack},
        {"payload", a->payload.at == b->payload.at && a->payload.end == b->payload.end},
        {"payload.cut", a->payload.cut == b->payload.cut},
        {"payload.field", a->payload.field == b->payload.field},
        {"payload.fault", a->payload.fault == b->payload.fault},
        {"ip_header", usual_span_same(a->ip_header, b->ip_header)},
        {"l4_header", usual_span_same(a->l4_header, b->l4_header)},
        {"mac", usual_span_same(a->mac, b->mac)},
        {"vlans", memcmp(a->vlans, b->vlans, sizeof a->vlans) == 0},
        {"num_vlans", a->num_vlans == b->num_vlans},
        {"num_tunnels", a->num_tunnels == b->num_tunnels},
        {"tunnel", a->tunnel == b->tunnel},
        {"tunnel_id", a->tunnel_id == b->tunnel_id},
        {"fault_layer", a->fault_layer == b->fault_layer},
        {"tail_cut", a->tail_cut == b->tail_cut},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (!members[i].same)
            return members[i].name;
    return NULL;
}

/* usual_fault says in what usual_read differs from the layers on |frame|; NULL: in nothing. |usual| is whether it
 * reads the frame at all. Both read into memory full of a pattern, so that what is not set shows. */
static inline const char *usual_fault(const struct frame *frame, bool *usual)
{
    struct packet packet, expected;
    struct flow_key key, expected_key;
    uint8_t side;
    memset(&packet, 0xa5, sizeof packet);
    memset(&expected, 0x5a, sizeof expected);
    *usual = usual_read(frame, &packet, &key, &side);
    if (!*usual)
        return NULL;
    if (layers_decode(frame, &expected) != LAYERS_TRANSPORT)
        return "result";
    const char *difference = usual_difference(&packet, &expected);
    if (difference != NULL)
        return difference;
    if (side != flow_key_of(&expected, &expected_key))
        return "side";
    return memcmp(&key, &expected_key, sizeof key) == 0 ? NULL : "key";
}

#endif
