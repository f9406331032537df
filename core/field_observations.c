/* field_observations.c: the rows of ip.fields and tcp.fields. */
#include "core/field_observations.h"

#define PUBLIC(path, member, text)                                                                 \
    {                                                                                              \
        .name = path, .type = FIELD_NUMBER, .privacy = PRIVACY_PUBLIC,                             \
        .offset = offsetof(STRUCT, member), .about = text                                          \
    }
#define COLUMN(path, walk, names, text)                                                            \
    {                                                                                              \
        .name = path, .type = FIELD_LIST, .item = VALUE_NUMBER, .privacy = PRIVACY_PUBLIC,         \
        .offset = offsetof(STRUCT, oddities), .next = walk, .name_of = names, .about = text        \
    }
#define NUM_ROWS(rows) (sizeof(rows) / sizeof *(rows))

static const char *const oddity_names[NUM_FIELD_ODDITIES] = {
    [ODDITY_IP_RESERVED_BIT] = "ip_reserved_bit",
    [ODDITY_IP_OPTIONS] = "ip_options",
    [ODDITY_IP6_PADDING] = "ipv6_padding",
    [ODDITY_ETHERNET_PADDING] = "ethernet_padding",
    [ODDITY_ICMP_PAYLOAD] = "icmp_payload",
    [ODDITY_ICMP_REPLY] = "icmp_reply",
    [ODDITY_TCP_RESERVED] = "tcp_reserved",
    [ODDITY_TCP_URGENT] = "tcp_urgent",
    [ODDITY_TCP_ACK] = "tcp_acknowledgement",
    [ODDITY_TCP_OPTION] = "tcp_option",
    [ODDITY_TCP_OPTION_PADDING] = "tcp_option_padding",
};

const char *field_oddity_name(uint64_t oddity)
{
    return oddity < NUM_FIELD_ODDITIES ? oddity_names[oddity] : NULL;
}

size_t field_samples_num(struct span samples)
{
    return span_seen(samples) ? samples.len / sizeof(struct field_sample) : 0;
}

struct field_sample field_sample_at(struct span samples, size_t index)
{
    struct field_sample sample;
    const struct span one = view_part(samples, index * sizeof sample, sizeof sample);
    memcpy(&sample, one.at, sizeof sample);
    return sample;
}

struct field_odd field_odd_next(struct reader *oddities)
{
    struct field_odd odd = {.oddity = (enum field_oddity)reader_u8(oddities)};
    odd.packets = reader_u32(oddities);
    odd.bytes = reader_u32(oddities);
    odd.printable = reader_u32(oddities);
    odd.varied = reader_u32(oddities);
    odd.detail = reader_u32(oddities);
    odd.first = reader_u64(oddities);
    odd.first_ns = reader_u64(oddities);
    return odd;
}

static uint8_t *put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    return at + bytes;
}

void field_odd_put(uint8_t *room, const struct field_odd *odd)
{
    room = put(room, (uint64_t)odd->oddity, 1);
    room = put(room, odd->packets, 4);
    room = put(room, odd->bytes, 4);
    room = put(room, odd->printable, 4);
    room = put(room, odd->varied, 4);
    room = put(room, odd->detail, 4);
    room = put(room, odd->first, 8);
    put(room, odd->first_ns, 8);
}

static void next_kind(struct reader *list, struct value *item)
{
    item->number = field_odd_next(list).oddity;
}

static void next_packets(struct reader *list, struct value *item)
{
    item->number = field_odd_next(list).packets;
}

static void next_bytes(struct reader *list, struct value *item)
{
    item->number = field_odd_next(list).bytes;
}

static void next_first(struct reader *list, struct value *item)
{
    item->number = field_odd_next(list).first;
}

#define I      "perpass.ip."
#define STRUCT struct ip_fields
static const struct field ip_rows[] = {
    PUBLIC(I "packets", packets, "packets that this tells of"),
    PUBLIC(I "sampled", sampled, "of these, packets whose fields were looked at one by one"),
    PUBLIC(I "ttl.first", first_ttl, "TTL, or hop limit, of the first packet"),
    PUBLIC(I "ttl.least", min_ttl, "the lowest one"),
    PUBLIC(I "ttl.most", max_ttl, "the highest one"),
    PUBLIC(I "ttl.changes", ttl_changes, "packets with another one than that before, up to 255"),
    PUBLIC(I "dscp.first", dscp, "DSCP of the first packet"),
    PUBLIC(I "dscp.changes", dscp_changes, "packets with another one than that before, up to 255"),
    PUBLIC(I "flow_label.first", flow_label, "IPv6: flow label of the first packet"),
    PUBLIC(I "flow_label.changes", label_changes,
           "packets with another one than that before, up to 255"),
    PUBLIC(I "id.first", first_id, "IPv4: identification of the first packet"),
    PUBLIC(I "padding.frames", padded,
           "sampled Ethernet frames that are filled up, behind the eighth packet"),
    PUBLIC(I "padding.bytes", padding, "bytes of that padding, zeros too"),
    PUBLIC(I "padn.packets", padn_packets,
           "IPv6: sampled packets with PadN, behind the eighth packet"),
    PUBLIC(I "padn.bytes", padn, "bytes in it, zeros too"),
    COLUMN(I "odd.field", next_kind, field_oddity_name,
           "what a header has that it should not have, or seldom has"),
    COLUMN(I "odd.packets", next_packets, NULL, "sampled packets with it"),
    COLUMN(I "odd.bytes", next_bytes, NULL, "bytes that it carried"),
    COLUMN(I "odd.packet", next_first, NULL, "number of the first packet with it"),
};
static const struct observation_part ip_parts[] = {{.offset = offsetof(STRUCT, samples)}};
#undef STRUCT

#define T      "perpass.tcp."
#define STRUCT struct tcp_fields
static const struct field tcp_rows[] = {
    PUBLIC(T "isn", isn, "initial sequence number"),
    PUBLIC(T "options", options,
           "kinds of the options of the SYN, in order: four bits each, 15 for kinds above 8"),
    PUBLIC(T "timestamps", timestamps, "sampled segments with a time stamp"),
    PUBLIC(T "timestamps_backward", timestamps_backward,
           "of these, segments with an earlier one than that of bytes before"),
    COLUMN(T "odd.field", next_kind, field_oddity_name,
           "what a header has that it should not have, or seldom has"),
    COLUMN(T "odd.packets", next_packets, NULL, "sampled packets with it"),
    COLUMN(T "odd.bytes", next_bytes, NULL, "bytes that it carried"),
    COLUMN(T "odd.packet", next_first, NULL, "number of the first packet with it"),
};
#undef STRUCT

const struct observation_type observation_ip_fields = {
    .name = "ip.fields",
    .about =
        "What one end of a conversation put into the fields of IP that it may set freely; at its "
        "end, and once in a while before.",
    .fields = ip_rows,
    .num_fields = NUM_ROWS(ip_rows),
    .size = sizeof(struct ip_fields),
    .parts = ip_parts,
    .num_parts = NUM_ROWS(ip_parts),
};

const struct observation_type observation_tcp_fields = {
    .name = "tcp.fields",
    .about = "The same, of TCP.",
    .fields = tcp_rows,
    .num_fields = NUM_ROWS(tcp_rows),
    .size = sizeof(struct tcp_fields),
};
