/* field_oddities.c: what is odd in headers of IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293) and in echo messages of
 * ICMP (RFC 792, RFC 4443).
 *
 * Reads reserved bits, options and their padding, the padding of short Ethernet frames (RFC 894), payloads of pings.
 * Leaves unread what options mean. */
#include "core/field_oddities.h"

enum {
    SHORTEST_FRAME = 60, /* of Ethernet, without the check sum */
    ECHO_CLOCK = 16,     /* bytes of an echo request in which pings put the time */
    PING_PERIOD = 32     /* a filling that repeats within so many bytes is no message */
};

static uint32_t hash_of(struct span bytes)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.at[i]) * 16777619u;
    return hash;
}

static uint32_t num_printable(struct span bytes)
{
    uint32_t num = 0;
    for (size_t i = 0; i < bytes.len; i++)
        num += bytes.at[i] >= 0x20 && bytes.at[i] < 0x7f;
    return num;
}

static void add(struct field_oddities *found, enum field_oddity oddity, uint32_t last)
{
    found->odd[found->num++] = (struct field_odd){.oddity = oddity, .last = last};
}

void field_oddities_add(struct field_oddities *found, enum field_oddity oddity, const uint8_t *at,
                        size_t len)
{
    const struct span bytes = span_of(at, len);
    add(found, oddity, hash_of(bytes));
    found->odd[found->num - 1].bytes = (uint32_t)len;
    found->odd[found->num - 1].printable = num_printable(bytes);
}

static bool is_zero(struct span bytes)
{
    struct reader r = reader_of(bytes);
    reader_skip_zeros(&r);
    return reader_left(&r) == 0;
}

/* --- IP --- */

static void read_ip4(const struct packet *packet, struct field_oddities *found)
{
    if (packet->ip_flags & 4)
        add(found, ODDITY_IP_RESERVED_BIT, 1);
    if (packet->ip_header.len <= 20)
        return;
    enum {
        ROUTER_ALERT = 0x94040000
    }; /* RFC 2113: alone, and of value 0, as IGMP and RSVP have it */
    const struct span options = view_part(packet->ip_header, 20, packet->ip_header.len - 20);
    if (options.len == 4 && view_u32(options, 0) == ROUTER_ALERT)
        return;
    field_oddities_add(found, ODDITY_IP_OPTIONS, options.at, options.len);
    found->odd[found->num - 1].detail = view_u8(options, 0);
}

/* The options of a hop-by-hop or destination header behind its first two bytes. True: one PadN was not zero. */
static bool read_padding(struct reader options, struct field_oddities *found)
{
    enum { OPTION_PAD1 = 0, OPTION_PADN = 1 };
    while (reader_more(&options)) {
        const uint8_t type = reader_u8(&options);
        if (type == OPTION_PAD1)
            continue;
        struct reader option = reader_vec8(&options);
        const struct span bytes = reader_rest(&option);
        if (type != OPTION_PADN || !reader_ok(&options))
            continue;
        found->padn = (uint16_t)(found->padn + bytes.len);
        if (is_zero(bytes))
            continue;
        field_oddities_add(found, ODDITY_IP6_PADDING, bytes.at, bytes.len);
        return true;
    }
    return false;
}

/* The chain of extension headers that packet->ip_header ends with. */
static void read_ip6(const struct packet *packet, struct field_oddities *found)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };
    if (packet->ip_header.len <= 40)
        return;
    struct reader r = reader_of(packet->ip_header);
    uint8_t next = view_u8(packet->ip_header, 6);
    reader_skip(&r, 40);
    while (reader_more(&r)) {
        const uint8_t type = next;
        if (type != HOP_BY_HOP && type != ROUTING && type != FRAGMENT && type != DESTINATION)
            return;
        next = reader_u8(&r);
        const uint8_t len = reader_u8(&r);
        struct reader rest = reader_child(&r, type == FRAGMENT ? 6 : len * 8u + 6);
        if ((type == HOP_BY_HOP || type == DESTINATION) && read_padding(rest, found))
            return;
    }
}

/* Behind the packet, where the frame is filled up to the length that Ethernet asks for. */
static void read_ethernet(const struct packet *packet, struct field_oddities *found)
{
    const struct frame *frame = packet->frame;
    if (frame->wire_len != SHORTEST_FRAME || frame->captured_len != SHORTEST_FRAME ||
        !span_seen(packet->mac) || packet->num_tunnels != 0)
        return;
    const struct span whole = span_of(frame->at, frame->captured_len);
    const size_t left = reader_left(&packet->payload);
    const uintptr_t begin = (uintptr_t)whole.at, end = (uintptr_t)packet->payload.at + left;
    if (end <= begin || end >= begin + whole.len) /* put together from fragments, or no padding */
        return;
    const struct span padding = view_part(whole, end - begin, begin + whole.len - end);
    found->padding = (uint16_t)padding.len;
    if (!is_zero(padding))
        field_oddities_add(found, ODDITY_ETHERNET_PADDING, padding.at, padding.len);
}

/* --- TCP --- */

/* IANA "TCP Option Kind Numbers": what has a meaning, or had; 76 to 78 are those of boxes that shorten long ways. */
static bool is_known_option(uint8_t kind)
{
    return kind <= 30 || kind == 34 || kind == 69 || (kind >= 76 && kind <= 78) || kind == 172 ||
           kind == 174 || kind >= 253;
}

static struct reader options_of(struct span header)
{
    struct reader options = reader_of(header);
    reader_skip(&options, 20);
    return options;
}

static void read_options(const struct packet *packet, struct field_oddities *found)
{
    enum { OPTION_END = 0, OPTION_NOP = 1 };
    bool unknown = false;
    struct reader options = options_of(packet->l4_header);
    if (packet->l4_header.len < packet->tcp_header_len)
        return;
    while (reader_more(&options)) {
        const uint8_t kind = reader_u8(&options);
        if (kind == OPTION_NOP)
            continue;
        if (kind == OPTION_END) {
            const struct span rest = reader_rest(&options);
            if (!is_zero(rest))
                field_oddities_add(found, ODDITY_TCP_OPTION_PADDING, rest.at, rest.len);
            return;
        }
        const uint8_t len = reader_u8(&options);
        if (len < 2)
            return;
        const struct span value = reader_bytes(&options, len - 2u);
        if (unknown || is_known_option(kind) || !reader_ok(&options))
            continue;
        field_oddities_add(found, ODDITY_TCP_OPTION, value.at, value.len);
        found->odd[found->num - 1].detail = kind;
        unknown = true;
    }
}

uint32_t field_oddities_timestamp(struct span header)
{
    enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_TIMESTAMPS = 8 };
    struct reader options = options_of(header);
    while (reader_more(&options)) {
        const uint8_t kind = reader_u8(&options);
        if (kind == OPTION_NOP)
            continue;
        const uint8_t len = kind == OPTION_END ? 0 : reader_u8(&options);
        if (len < 2)
            return 0;
        if (kind == OPTION_TIMESTAMPS)
            return reader_u32(&options);
        reader_skip(&options, len - 2u);
    }
    return 0;
}

uint32_t field_oddities_layout(struct span header)
{
    enum { OPTION_END = 0, OPTION_NOP = 1, OTHERS = 15, MOST = 8 };
    uint32_t layout = 0;
    struct reader options = options_of(header);
    for (unsigned num = 0; reader_more(&options) && num < MOST; num++) {
        const uint8_t kind = reader_u8(&options);
        if (kind == OPTION_END)
            break;
        layout = layout << FIELD_OPTION_BITS | (kind <= 8 ? kind : OTHERS);
        if (kind == OPTION_NOP)
            continue;
        const uint8_t len = reader_u8(&options);
        if (len < 2)
            break;
        reader_skip(&options, len - 2u);
    }
    return layout;
}

static void read_tcp(const struct packet *packet, struct field_oddities *found)
{
    const uint8_t flags = packet->tcp_flags;
    if (packet->l4_header.len < 20)
        return;
    const uint8_t reserved = view_u8(packet->l4_header, 12) & 0x0e; /* the last one is AccECN's */
    if (reserved != 0)
        add(found, ODDITY_TCP_RESERVED, reserved);
    if (packet->tcp_urgent != 0 && !(flags & TCP_URG))
        add(found, ODDITY_TCP_URGENT, packet->tcp_urgent);
    if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && packet->tcp_ack != 0)
        add(found, ODDITY_TCP_ACK, packet->tcp_ack);
    if (packet->tcp_header_len > 20)
        read_options(packet, found);
}

/* Most segments have no options, or the time stamp behind two NOPs. */
static bool is_usual_tcp(const struct packet *packet)
{
    const struct span header = packet->l4_header;
    if (header.len < 20 || packet->tcp_urgent != 0 || (view_u8(header, 12) & 0x0e) != 0 ||
        (packet->tcp_flags & TCP_SYN))
        return false;
    return header.len == 20 || (header.len == 32 && view_u32(header, 20) == 0x0101080a);
}

/* --- ICMP --- */

/* From |from| on: each byte one more than the last (ping of Linux and the BSDs), or the same again after some bytes
 * (letters of Windows, zeros, a pattern that was asked for). */
static bool is_filling(struct span bytes, size_t from)
{
    bool counts = true;
    for (size_t i = from + 1; i < bytes.len && counts; i++)
        counts = bytes.at[i] == (uint8_t)(bytes.at[i - 1] + 1);
    for (size_t period = 1; !counts && period <= PING_PERIOD; period++) {
        counts = bytes.len - from >= 2 * period || (period == 23 && bytes.len - from > period);
        for (size_t i = from + period; i < bytes.len && counts; i++)
            counts = bytes.at[i] == bytes.at[i - period];
    }
    return counts;
}

static bool is_windows(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.at[i] != 'a' + i % 23)
            return false;
    return true;
}

/* What pings send. A payload that has room for little but a time is one. */
static bool is_ping(struct span payload)
{
    if (payload.len <= ECHO_CLOCK || is_windows(payload))
        return true;
    for (size_t from = 0; from <= ECHO_CLOCK; from += 4)
        if (payload.len > from && is_filling(payload, from))
            return true;
    return false;
}

/* Whether it is one, captured whole; |reply| says of which kind. */
static bool is_echo(const struct packet *packet, bool *reply)
{
    enum { ECHO_REPLY = 0, ECHO_REQUEST = 8, ECHO6_REQUEST = 128, ECHO6_REPLY = 129 };
    if (packet->l4_header.len < 8 || packet->payload.cut != 0)
        return false;
    const uint8_t type = view_u8(packet->l4_header, 0);
    const bool v6 = packet->protocol == PROTO_ICMP6;
    *reply = type == (v6 ? ECHO6_REPLY : ECHO_REPLY);
    return *reply || type == (v6 ? ECHO6_REQUEST : ECHO_REQUEST);
}

static struct span payload_of(const struct packet *packet)
{
    return span_of(packet->payload.at, reader_left(&packet->payload));
}

bool field_oddities_any(const struct packet *packet)
{
    struct field_oddities found;
    bool reply;
    field_oddities_none(&found);
    return field_oddities_of(packet, &found) ||
           (protocol_is_icmp(packet->protocol) && is_echo(packet, &reply) &&
            !is_ping(payload_of(packet)));
}

bool field_oddities_echo(const struct packet *packet, struct field_echo *echo,
                         struct field_oddities *found)
{
    if (!is_echo(packet, &echo->reply))
        return false;
    const struct span payload = payload_of(packet);
    echo->which = view_u32(packet->l4_header, 4);
    echo->hash = hash_of(payload);
    if (!echo->reply && !is_ping(payload)) {
        field_oddities_add(found, ODDITY_ICMP_PAYLOAD, payload.at, payload.len);
        found->odd[found->num - 1].last =
            hash_of(view_part(payload, ECHO_CLOCK, payload.len - ECHO_CLOCK));
    }
    return true;
}

void field_oddities_hint(struct packet *packet)
{
    const struct span ip = packet->ip_header, l4 = packet->l4_header;
    const size_t plain = packet->ip_version == 4 ? 20 : 40;
    unsigned hints = packet->frame->wire_len == SHORTEST_FRAME ? PACKET_MAY_BE_ODD : 0;
    packet->tcp_timestamp = 0;
    if (packet->ip_version != 0 && ip.len != plain)
        hints |= PACKET_MAY_BE_ODD;
    if (((packet->ip_flags & 4u) | packet->tcp_urgent) != 0)
        hints |= PACKET_MAY_BE_ODD | PACKET_MUST_BE_ZERO;
    if (packet->protocol == PROTO_TCP) {
        if (l4.len == 32 && view_u32(l4, 20) == 0x0101080a)
            packet->tcp_timestamp = view_u32(l4, 24);
        else if (l4.len > 20)
            hints |= PACKET_HAS_OPTIONS;
        if (!is_usual_tcp(packet))
            hints |= PACKET_MAY_BE_ODD;
    }
    packet->hints = (uint8_t)hints;
}

bool field_oddities_of(const struct packet *packet, struct field_oddities *found)
{
    if (!(packet->hints & PACKET_MAY_BE_ODD))
        return false;
    if (packet->ip_version == 4 && (packet->ip_header.len != 20 || (packet->ip_flags & 4)))
        read_ip4(packet, found);
    else if (packet->ip_version == 6 && packet->ip_header.len != 40)
        read_ip6(packet, found);
    if (packet->frame->wire_len == SHORTEST_FRAME)
        read_ethernet(packet, found);
    if (packet->protocol == PROTO_TCP)
        read_tcp(packet, found);
    return found->num > 0;
}
