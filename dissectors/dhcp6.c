/* dhcp6.c: DHCPv6, RFC 8415: a client's or server's message, and the relays' messages around it. What its options say is
 * in dhcp6_options.c. A DHCPv4 message inside (RFC 7341) is read, too. Messages over TCP (RFC 5460, 7653) are not. */
#include "dissectors/dhcp6.h"

#include "core/common_observations.h"
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6_message.h"

enum {
    OPTION_CLIENT_ID = 1,
    OPTION_SERVER_ID = 2,
    OPTION_REQUEST = 6,
    OPTION_ELAPSED = 8,
    OPTION_RELAY_MESSAGE = 9,
    OPTION_INTERFACE_ID = 18,
    OPTION_REMOTE_ID = 37,
    OPTION_QUERY = 44,
    OPTION_DHCPV4 = 87,
    LAST_TYPE = DHCP6_ADDR_REG_REPLY,
    LAST_OPTION = 160, /* what a recognised message may begin with */
    MAX_DEPTH = 32,    /* relays around a message: HOP_COUNT_LIMIT of RFC 3315 */
    ROOM_PER_BYTE = 4, /* of what is made of a message: see dhcp_list.h */
    ROOM_ALWAYS = 28 << 10
};

static bool is_relays(uint64_t type)
{
    return type == DHCP6_RELAY_FORW || type == DHCP6_RELAY_REPL;
}

/* --- is it one? --- */

/* Whether an option that says much by its form is as it has to be. */
static bool is_proof(uint16_t code, struct reader value)
{
    size_t len = reader_wire_left(&value);
    switch (code) {
    case OPTION_CLIENT_ID:
    case OPTION_SERVER_ID: {
        uint16_t duid_type = reader_u16(&value);
        return len >= 6 && len <= 130 && duid_type >= DUID_LLT && duid_type <= DUID_UUID;
    }
    case OPTION_ELAPSED:
        return len == 2;
    case OPTION_REQUEST:
        return len > 0 && len % 2 == 0;
    case OPTION_QUERY:
        return len >= 17;
    case OPTION_DHCPV4:
        return len >= 240;
    case OPTION_RELAY_MESSAGE: {
        uint8_t type = reader_u8(&value);
        return len >= 4 && type > 0 && type <= LAST_TYPE;
    }
    default:
        return false;
    }
}

/* All options fit to the end of the message, and one of them proves it; of a message that breaks off there has to be
 * more than one that fits. */
static enum recognise dhcp6_recognises(struct reader message)
{
    uint8_t type = reader_u8(&message);
    if (type == 0 || type > LAST_TYPE || reader_wire_left(&message) < 7)
        return RECOGNISE_NO;
    reader_skip(&message, is_relays(type) ? 33 : 3);
    unsigned proofs = 0, options = 0;
    while (reader_more(&message)) {
        uint16_t code = reader_u16(&message);
        struct reader value = reader_vec16(&message);
        if (!reader_ok(&message) || code == 0 || code > LAST_OPTION)
            break;
        options++;
        proofs += is_proof(code, value);
    }
    bool whole = reader_ok(&message) && !reader_more(&message);
    return proofs > 0 && (whole || options > 1) ? RECOGNISE_YES : RECOGNISE_NO;
}

/* --- options --- */

struct span dhcp6_option(const struct dhcp6_message *message, uint16_t code)
{
    if (!span_seen(message->options))
        return (struct span){0};
    for (struct reader r = reader_of(message->options); reader_left(&r) > 0;) {
        uint16_t at = reader_u16(&r);
        struct span value = reader_span_vec16(&r);
        if (at == code)
            return value;
    }
    return (struct span){0};
}

/* Notes the options that are whole. The message of a relay may be read although a part of it was cut: |inner|, which
 * is the first option |inner_code|. */
static void read_options(struct dhcp6_message *message, struct reader *r, uint16_t inner_code,
                         struct reader *inner, struct dhcp_faults *faults)
{
    struct reader begin = *r;
    size_t len = 0;
    while (reader_more(r)) {
        uint16_t code = reader_u16(r);
        struct reader value = reader_vec16(r);
        if (!reader_ok(r))
            break;
        if (code == inner_code && code != 0 && inner->at == NULL)
            *inner = value;
        if (value.cut > 0) {
            reader_fail(r, READER_CUT, "options");
            break;
        }
        len = reader_left(&begin) - reader_left(r);
    }
    if (len > 0)
        message->options = reader_bytes(&begin, len);
    if (reader_ok(r) && r->cut > 0)
        reader_fail(r, READER_CUT, "options");
    dhcp_note_fault(faults, r, "options");
}

/* --- relays --- */

/* Relays of which nothing is known of an identifier have an empty one. */
static void add_vec16(struct dhcp_list *list, struct span value)
{
    if (!dhcp_list_fits(list, value.len + 2))
        return;
    dhcp_list_u16(list, value.len);
    dhcp_list_bytes(list, value);
}

static void add_relay(struct dhcp6_reading *reading, const struct dhcp6_message *message)
{
    if (!span_seen(message->peer_address) || !dhcp_list_fits(&reading->links, 16))
        return;
    dhcp_list_bytes(&reading->links, message->link_address);
    dhcp_list_bytes(&reading->peers, message->peer_address);
    add_vec16(&reading->interface_ids, dhcp6_option(message, OPTION_INTERFACE_ID));
    add_vec16(&reading->remote_ids, dhcp6_option(message, OPTION_REMOTE_ID));
    add_vec16(&reading->subscriber_ids, dhcp6_option(message, 38));
    reading->client_link_address = dhcp6_option(message, 79);
}

static void tell_relays(const struct dhcp6_reading *reading, struct dhcp6_message *message)
{
    message->relay_links = dhcp_list_span(&reading->links);
    message->relay_peers = dhcp_list_span(&reading->peers);
    message->relay_interface_ids = dhcp_list_span(&reading->interface_ids);
    message->relay_remote_ids = dhcp_list_span(&reading->remote_ids);
    message->relay_subscriber_ids = dhcp_list_span(&reading->subscriber_ids);
    if (!span_seen(reading->client_link_address) || reading->client_link_address.len < 2)
        return;
    struct reader r = reader_of(reading->client_link_address);
    reader_skip(&r, 2);
    message->client_link_address = reading->client_link_address;
    message->client_link_mac = dhcp_hardware_address(reader_rest(&r));
}

/* --- messages --- */

static bool is_to_server(uint64_t type)
{
    switch (type) {
    case DHCP6_ADVERTISE:
    case DHCP6_REPLY:
    case DHCP6_RECONFIGURE:
    case DHCP6_RELAY_REPL:
    case DHCP6_LEASEQUERY_REPLY:
    case DHCP6_LEASEQUERY_DONE:
    case DHCP6_LEASEQUERY_DATA:
    case DHCP6_RECONFIGURE_REPLY:
    case DHCP6_DHCPV4_RESPONSE:
    case DHCP6_ADDR_REG_REPLY:
        return false;
    default:
        return true;
    }
}

static bool is_dhcpv4(uint64_t type)
{
    return type == DHCP6_DHCPV4_QUERY || type == DHCP6_DHCPV4_RESPONSE;
}

/* The header; false: nothing can be told. */
static bool read_header(struct dhcp6_message *message, struct reader *r)
{
    uint8_t type = reader_u8(r);
    message->type = number(type);
    if (dhcp6_type_name(type) != NULL)
        message->to_server = truth(is_to_server(type));
    if (is_relays(type)) {
        message->hops = number(reader_u8(r));
        message->link_address = reader_bytes(r, 16);
        message->peer_address = reader_bytes(r, 16);
    } else {
        uint32_t xid = reader_u24(r);
        if (!is_dhcpv4(type))
            message->xid = number(xid);
    }
    return reader_ok(r) && type != 0;
}

struct number dhcp6_next_lease(struct reader *addresses, struct reader *lifetimes,
                               struct span *address)
{
    *address = reader_bytes(addresses, 16);
    const uint32_t valid = reader_u32(lifetimes);
    return reader_ok(lifetimes) && valid != UINT32_MAX ? number(valid) : (struct number){0};
}

static struct span first_address(const struct dhcp6_message *message)
{
    if (!span_seen(message->addresses))
        return (struct span){0};
    struct reader r = reader_of(message->addresses);
    return reader_bytes(&r, 16);
}

/* Reads one message and gives, if it is a relay's, the one that is in it. */
static struct reader read_message(struct dhcp6_reading *reading, struct reader bytes,
                                  unsigned depth, struct dissect_context *context)
{
    struct dhcp6_message message = {.depth = number(depth)};
    struct dhcp_faults faults = {0};
    struct dhcp_list room = reading->room; /* each message may use it all */
    struct reader inner = {0};
    if (!read_header(&message, &bytes)) {
        reader_fail(&bytes, READER_MALFORMED, NULL);
        dhcp_note_fault(&faults, &bytes, "header");
        dhcp_emit_faults(&faults, "dhcp6", context);
        return inner;
    }
    uint64_t type = message.type.value;
    uint16_t inner_code = is_relays(type)   ? OPTION_RELAY_MESSAGE
                          : is_dhcpv4(type) ? OPTION_DHCPV4
                                            : 0;
    read_options(&message, &bytes, inner_code, &inner, &faults);
    if (is_relays(type))
        add_relay(reading, &message);
    tell_relays(reading, &message);
    dhcp6_options_read(&message, &room, &faults);
    if (is_relays(type) && depth + 1 == MAX_DEPTH && inner.at != NULL && faults.malformed == NULL)
        faults.malformed = "relay_message";
    dissect_emit(context, &observation_dhcp6_message, &message);
    dhcp_boot_expect(&message.boot, first_address(&message), context);
    dhcp_emit_faults(&faults, "dhcp6", context);
    if (is_dhcpv4(type) && inner.at != NULL) {
        dhcp_read_message(inner, TRUTH_YES, context);
        inner = (struct reader){0};
    }
    return depth + 1 < MAX_DEPTH ? inner : (struct reader){0};
}

static struct dhcp6_reading begin(size_t len, struct dissect_context *context)
{
    size_t all = len * ROOM_PER_BYTE + ROOM_ALWAYS;
    all = all < SCRATCH_MAX_LEN ? all : SCRATCH_MAX_LEN;
    struct dhcp_list room = {.at = scratch_get(context->scratch, all), .room = all};
    if (room.at == NULL)
        room.room = 0;
    struct dhcp6_reading reading = {.links = dhcp_list_open(&room, (size_t)MAX_DEPTH * 16)};
    reading.peers = dhcp_list_open(&room, (size_t)MAX_DEPTH * 16);
    reading.interface_ids = dhcp_list_open(&room, len / 2 + (size_t)MAX_DEPTH * 2);
    reading.remote_ids = dhcp_list_open(&room, len / 2 + (size_t)MAX_DEPTH * 2);
    reading.subscriber_ids = dhcp_list_open(&room, len / 2 + (size_t)MAX_DEPTH * 2);
    reading.room = room;
    return reading;
}

static void note_client(struct reader message, struct dissect_context *context)
{
    uint8_t type = reader_u8(&message);
    if (context->flow->client_certain || dhcp6_type_name(type) == NULL)
        return;
    context->flow->client = (uint8_t)(is_to_server(type) ? context->side : !context->side);
    context->flow->client_certain = true;
}

static enum dissect dhcp6_dissect(struct reader *payload, void *state,
                                  struct dissect_context *context)
{
    (void)state; /* every message stands alone */
    note_client(*payload, context);
    struct dhcp6_reading reading = begin(reader_left(payload), context);
    struct reader message = *payload;
    for (unsigned depth = 0; message.at != NULL; depth++)
        message = read_message(&reading, message, depth, context);
    return DISSECT_MORE;
}

/* Beside dhcp.message, which that dissector lists. */
static const struct observation_type *const observations[] = {&observation_dhcp6_message, NULL};

const struct dissector dissector_dhcp6 = {
    .name = "dhcp6",
    .spec = "RFC 8415, RFC 5007, RFC 7341",
    .protocol = PROTO_UDP,
    .state_size = 1,
    .recognises = dhcp6_recognises,
    .dissect = dhcp6_dissect,
    .observations = observations,
};
