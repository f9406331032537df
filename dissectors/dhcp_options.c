/* dhcp_options.c: what the options of a DHCPv4 message say: RFC 2132, and 3004 (77), 3046 (82), 3527, 3925 (124, 125), 4361
 * (61), 4578 (93, 94, 97), 4702 (81), 5071 (209), 5417 (138), 5859 (150), 8572 (143). All others are in the list only. */
#include "dissectors/dhcp_message.h"

#include "core/digits.h"

enum {
    OPTION_REQUESTED_ADDRESS = 50,
    OPTION_LEASE_TIME = 51,
    OPTION_MESSAGE_TYPE = 53,
    OPTION_VENDOR = 43,
    OPTION_SERVER_ID = 54,
    OPTION_USER_CLASS = 77,
    OPTION_FQDN = 81,
    OPTION_RELAY = 82,
    OPTION_CLIENT_UUID = 97,
    OPTION_VENDOR_CLASSES = 124,
    OPTION_VENDOR_SPECIFIC = 125,
    OPTION_SZTP = 143,
    PAD = 0,
    END = 255,
    DOCSIS_SERIAL = 4,
    ENTERPRISE_BROADBAND_FORUM = 3561,
    BROADBAND_FORUM_SERIAL = 2,
    CLIENT_ID_NO_HARDWARE = 0,
    CLIENT_ID_DUID = 255,
    FQDN_ENCODED = 4 /* flag E */
};

/* --- options that are a member as they are --- */

enum form { AS_BYTES, AS_TEXT, AS_URL, AS_ADDRESS, AS_ADDRESSES, AS_NUMBERS16, AS_3_BYTES };

struct member {
    uint8_t code, form; /* enum form */
    const char *name;
    size_t offset;
};

#define MEMBER(code, form, member)                                                                 \
    {                                                                                              \
        code, form, "option " #code, offsetof(struct dhcp_message, member)                         \
    }

static const struct member members[] = {
    MEMBER(12, AS_TEXT, hostname),
    MEMBER(15, AS_TEXT, domain),
    MEMBER(43, AS_BYTES, vendor_options),
    MEMBER(50, AS_ADDRESS, requested_address),
    MEMBER(54, AS_ADDRESS, server_id),
    MEMBER(55, AS_BYTES, parameters),
    MEMBER(60, AS_TEXT, vendor_class),
    MEMBER(61, AS_BYTES, client_id),
    MEMBER(66, AS_URL, tftp_server_name),
    MEMBER(67, AS_URL, bootfile),
    MEMBER(77, AS_BYTES, user_class),
    MEMBER(93, AS_NUMBERS16, client_arch),
    MEMBER(94, AS_3_BYTES, client_interface),
    MEMBER(138, AS_ADDRESSES, capwap_servers),
    MEMBER(150, AS_ADDRESSES, tftp_servers),
    MEMBER(209, AS_URL, pxelinux_config),
};

static bool has_form(struct span value, uint8_t form)
{
    switch (form) {
    case AS_ADDRESS:
        return value.len == 4;
    case AS_ADDRESSES:
        return value.len > 0 && value.len % 4 == 0;
    case AS_NUMBERS16:
        return value.len > 0 && value.len % 2 == 0;
    case AS_3_BYTES:
        return value.len == 3;
    default:
        return true;
    }
}

/* Some senders count the NUL of their strings, or several. */
static struct span without_nuls(struct span text)
{
    while (text.len > 0 && text.at[text.len - 1] == 0)
        text.len--;
    return text;
}

/* The first text of an option: who sends it twice may end the first in a NUL, and clients read so far. */
static struct span up_to_nul(struct span text)
{
    struct reader r = reader_of(text);
    return dhcp_next_part(&r, '\0');
}

static void note_malformed(struct dhcp_faults *faults, const char *field)
{
    if (faults->malformed == NULL)
        faults->malformed = field;
}

static void take_members(struct dhcp_message *message, struct dhcp_list *room,
                         struct dhcp_faults *faults)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct span value = dhcp_option(message, members[i].code);
        if (!span_seen(value))
            continue;
        if (!has_form(value, members[i].form)) {
            note_malformed(faults, members[i].name);
            continue;
        }
        if (members[i].form == AS_TEXT || members[i].form == AS_URL)
            value = without_nuls(value);
        if (members[i].form == AS_URL)
            value = dhcp_boot_without_credentials(up_to_nul(value), room);
        memcpy((uint8_t *)message + members[i].offset, &value, sizeof value);
    }
}

static struct number take_number(const struct dhcp_message *message, uint8_t code, size_t len,
                                 struct dhcp_faults *faults, const char *name)
{
    struct span value = dhcp_option(message, code);
    if (!span_seen(value))
        return (struct number){0};
    struct reader r = reader_of(value);
    uint64_t n = len == 4 ? reader_u32(&r) : reader_u8(&r);
    reader_finish(&r, name);
    dhcp_note_fault(faults, &r, name);
    return reader_ok(&r) ? number(n) : (struct number){0};
}

static void take_type(struct dhcp_message *message, struct dhcp_faults *faults)
{
    message->type = take_number(message, OPTION_MESSAGE_TYPE, 1, faults, "option 53");
    if (!message->type.seen && message->bootp_only != TRUTH_UNKNOWN &&
        !span_seen(dhcp_option(message, OPTION_MESSAGE_TYPE)))
        message->type = number(message->op.value == 1 ? DHCP_BOOTREQUEST : DHCP_BOOTREPLY);
    message->lease_time = take_number(message, OPTION_LEASE_TIME, 4, faults, "option 51");
}

/* --- lists --- */

/* Whether |bytes| are items of vec8, to their end. |head| bytes go before each. */
static bool is_list(struct span bytes, size_t head)
{
    struct reader r = reader_of(bytes);
    while (reader_more(&r)) {
        reader_skip(&r, head);
        (void)reader_span_vec8(&r);
    }
    return reader_ok(&r) && bytes.len > 0;
}

static struct span take_list(const struct dhcp_message *message, uint8_t code, size_t head,
                             struct dhcp_faults *faults, const char *name)
{
    struct span value = dhcp_option(message, code);
    if (!span_seen(value) || is_list(value, head))
        return value;
    note_malformed(faults, name);
    return (struct span){0};
}

/* Suboptions of option 43; what is behind an end is padding. Code 0 is padding for some, a suboption for others. */
static struct span read_suboptions(struct span value, bool with_pads, struct dhcp_list *room)
{
    struct reader r = reader_of(value);
    struct dhcp_list list = dhcp_list_open(room, value.len);
    while (reader_more(&r)) {
        uint8_t code = reader_u8(&r);
        if (code == END)
            reader_skip_zeros(&r);
        if (code == END || (code == PAD && with_pads))
            continue;
        struct span data = reader_span_vec8(&r);
        if (!reader_ok(&r) || !dhcp_list_fits(&list, data.len + 2))
            break;
        dhcp_list_u8(&list, code);
        dhcp_list_u8(&list, data.len);
        dhcp_list_bytes(&list, data);
    }
    list.len = reader_ok(&r) && reader_left(&r) == 0 ? list.len : 0;
    return dhcp_list_close(room, &list);
}

static void take_vendor_options(struct dhcp_message *message, struct dhcp_list *room)
{
    struct span value = message->vendor_options;
    if (!span_seen(value))
        return;
    if (message->pxe != TRUTH_YES)
        message->vendor_suboptions = read_suboptions(value, false, room);
    if (!span_seen(message->vendor_suboptions))
        message->vendor_suboptions = read_suboptions(value, true, room);
}

/* Code 125 has suboptions of each vendor; in one list, the vendor before each. */
static void take_vendor_specific(struct dhcp_message *message, struct dhcp_list *room)
{
    if (!span_seen(message->vendor_specific))
        return;
    struct dhcp_list list = dhcp_list_open(room, message->vendor_specific.len * 3);
    for (struct reader r = reader_of(message->vendor_specific); reader_more(&r);) {
        uint32_t enterprise = reader_u32(&r);
        struct span data = reader_span_vec8(&r);
        struct reader suboptions = reader_of(data);
        while (is_list(data, 1) && reader_more(&suboptions)) {
            uint8_t code = reader_u8(&suboptions);
            struct span value = reader_span_vec8(&suboptions);
            if (!dhcp_list_fits(&list, value.len + 6))
                break;
            dhcp_list_u32(&list, enterprise);
            dhcp_list_u8(&list, code);
            dhcp_list_u8(&list, value.len);
            dhcp_list_bytes(&list, value);
        }
    }
    message->vendor_specific_suboptions = dhcp_list_close(room, &list);
}

static void take_lists(struct dhcp_message *message, struct dhcp_list *room,
                       struct dhcp_faults *faults)
{
    message->vendor_classes = take_list(message, OPTION_VENDOR_CLASSES, 4, faults, "option 124");
    message->vendor_specific = take_list(message, OPTION_VENDOR_SPECIFIC, 4, faults, "option 125");
    message->relay_options = take_list(message, OPTION_RELAY, 1, faults, "option 82");
    if (span_seen(message->user_class) && is_list(message->user_class, 0))
        message->user_classes = message->user_class;
    take_vendor_options(message, room);
    take_vendor_specific(message, room);
    struct span uris = dhcp_option(message, OPTION_SZTP);
    if (!span_seen(uris))
        return;
    struct reader r = reader_of(uris);
    while (reader_more(&r))
        (void)reader_span_vec16(&r);
    dhcp_note_fault(faults, &r, "option 143");
    if (reader_ok(&r))
        message->sztp_uris = uris;
}

struct span dhcp_find_suboption(struct span list, uint8_t code)
{
    if (!span_seen(list))
        return list;
    for (struct reader r = reader_of(list); reader_more(&r);) {
        uint8_t at = reader_u8(&r);
        struct span value = reader_span_vec8(&r);
        if (at == code)
            return value;
    }
    return (struct span){0};
}

static struct span of_4_bytes(struct span value)
{
    return value.len == 4 ? value : (struct span){0};
}

static void take_relay(struct dhcp_message *message)
{
    struct span list = message->relay_options;
    message->circuit_id = dhcp_find_suboption(list, 1);
    message->remote_id = dhcp_find_suboption(list, 2);
    message->link_selection = of_4_bytes(dhcp_find_suboption(list, 5));
    message->subscriber_id = dhcp_find_suboption(list, 6);
    message->server_override = of_4_bytes(dhcp_find_suboption(list, 11));
}

/* --- who the client is --- */

struct span dhcp_read_labels(struct reader *labels, struct dhcp_list *room)
{
    struct dhcp_list list = dhcp_list_open(room, reader_left(labels));
    while (reader_more(labels)) {
        struct span label = reader_span_vec8(labels);
        if (label.len > 63 || !reader_ok(labels))
            list.len = 0;
        if (label.len == 0 || label.len > 63)
            break;
        if (!dhcp_list_fits(&list, label.len + 1))
            break;
        if (list.len > 0)
            dhcp_list_u8(&list, '.');
        dhcp_list_bytes(&list, label);
    }
    return dhcp_list_close(room, &list);
}

/* RFC 4702: flags, two result codes that nobody uses any more, the name in one of two forms. */
static void take_fqdn(struct dhcp_message *message, struct dhcp_list *room,
                      struct dhcp_faults *faults)
{
    struct span value = dhcp_option(message, OPTION_FQDN);
    if (!span_seen(value))
        return;
    struct reader r = reader_of(value);
    uint8_t flags = reader_u8(&r);
    reader_skip(&r, 2);
    dhcp_note_fault(faults, &r, "option 81");
    if (!reader_ok(&r))
        return;
    message->fqdn_flags = number(flags);
    if (flags & FQDN_ENCODED)
        message->fqdn = dhcp_read_labels(&r, room);
    else
        message->fqdn = without_nuls(reader_rest(&r));
    if (message->fqdn.len == 0)
        message->fqdn = (struct span){0};
    dhcp_note_fault(faults, &r, "option 81");
}

/* "cisco-0011.2233.4455-Gi0/1": the hardware address that such a client writes in text. */
static struct span address_in_text(struct span text, struct dhcp_list *room)
{
    struct reader r = reader_of(text);
    struct dhcp_list mac = dhcp_list_open(room, 6);
    unsigned digits = 0, byte = 0;
    bool named = span_equal(reader_bytes(&r, 6), span_text("cisco-"));
    while (named && digits < 12 && reader_more(&r)) {
        uint8_t c = reader_u8(&r);
        if (c == '.' && digits % 4 == 0)
            continue;
        int digit = digits_hex_value(c);
        if (digit < 0)
            break;
        byte = byte << 4 | (unsigned)digit;
        if (++digits % 2 == 0 && dhcp_list_fits(&mac, 1))
            dhcp_list_u8(&mac, byte & 0xff);
    }
    mac.len = mac.len == 6 ? 6 : 0;
    return dhcp_list_close(room, &mac);
}

static void take_client_id(struct dhcp_message *message, struct dhcp_list *room)
{
    if (!span_seen(message->client_id) || message->client_id.len == 0)
        return;
    struct reader r = reader_of(message->client_id);
    uint8_t type = reader_u8(&r);
    if (type == CLIENT_ID_DUID) {
        struct span iaid = reader_bytes(&r, 4);
        message->duid = dhcp_duid_read(reader_rest(&r));
        if (reader_ok(&r))
            message->client_id_iaid = iaid;
        else
            message->duid = (struct dhcp_duid){0};
    } else if (type == CLIENT_ID_NO_HARDWARE) {
        message->client_id_mac = address_in_text(reader_rest(&r), room);
    } else {
        message->client_id_mac = dhcp_hardware_address(reader_rest(&r));
        if (dhcp_is_text(message->client_id))
            message->client_id_mac = address_in_text(message->client_id, room);
    }
}

static bool begins_with(struct span text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

static void take_boot_client(struct dhcp_message *message, struct dhcp_faults *faults)
{
    struct span uuid = dhcp_option(message, OPTION_CLIENT_UUID);
    if (span_seen(uuid) && uuid.len == 17 && uuid.at[0] == 0)
        message->client_uuid = span_of(uuid.at + 1, uuid.len - 1);
    else if (span_seen(uuid))
        note_malformed(faults, "option 97");
    message->http_boot = truth(begins_with(message->vendor_class, "HTTPClient"));
    message->pxe =
        truth(message->http_boot == TRUTH_YES || begins_with(message->vendor_class, "PXEClient") ||
              (span_seen(message->client_arch) && span_seen(uuid)));
}

/* --- serial numbers --- */

static struct span serial_of_classes(const struct dhcp_message *message)
{
    struct span serial = dhcp_serial_of_class(message->vendor_class);
    if (span_seen(serial) || !span_seen(message->vendor_classes))
        return serial;
    for (struct reader r = reader_of(message->vendor_classes); reader_more(&r);) {
        reader_skip(&r, 4);
        struct span data = reader_span_vec8(&r);
        struct reader inner = reader_of(data);
        serial = dhcp_serial_of_class(is_list(data, 0) ? reader_span_vec8(&inner) : data);
        if (span_seen(serial))
            return serial;
    }
    return (struct span){0};
}

static struct span serial_of_vendor_options(const struct dhcp_message *message)
{
    if (begins_with(message->vendor_class, "docsis") ||
        begins_with(message->vendor_class, "pktc")) {
        struct span serial = dhcp_find_suboption(message->vendor_suboptions, DOCSIS_SERIAL);
        if (dhcp_is_text(serial))
            return serial;
    }
    if (!span_seen(message->vendor_specific_suboptions))
        return (struct span){0};
    for (struct reader r = reader_of(message->vendor_specific_suboptions); reader_more(&r);) {
        uint32_t enterprise = reader_u32(&r);
        uint8_t code = reader_u8(&r);
        struct span value = reader_span_vec8(&r);
        if (enterprise == ENTERPRISE_BROADBAND_FORUM && code == BROADBAND_FORUM_SERIAL &&
            dhcp_is_text(value))
            return value;
        struct span serial = dhcp_serial_of_class(value);
        if (span_seen(serial))
            return serial;
    }
    return (struct span){0};
}

static struct span serial_of_client_id(const struct dhcp_message *message)
{
    if (!span_seen(message->client_id))
        return (struct span){0};
    struct reader r = reader_of(message->client_id);
    struct span serial = dhcp_serial_of_identifier(message->client_id);
    if (!span_seen(serial) && reader_u8(&r) == CLIENT_ID_NO_HARDWARE)
        serial = dhcp_serial_of_identifier(without_nuls(reader_rest(&r)));
    return serial;
}

static void take_serial(struct dhcp_message *message)
{
    const struct dhcp_serial candidates[] = {
        {serial_of_classes(message), "vendor-class"},
        {serial_of_client_id(message), "client-id"},
        {dhcp_serial_of_identifier(message->duid.identifier), "duid"},
        {serial_of_vendor_options(message), "vendor-options"},
    };
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (span_seen(candidates[i].text) && !span_seen(message->serial.text))
            message->serial = candidates[i];
}

static void take_requests(struct dhcp_message *message)
{
    static const uint8_t boot[] = {66, 67, OPTION_SZTP, 150, 208, 209, 210, 211};
    if (!span_seen(message->parameters))
        return;
    message->asks_boot = TRUTH_NO;
    for (size_t i = 0; i < message->parameters.len; i++)
        if (memchr(boot, message->parameters.at[i], sizeof boot) != NULL)
            message->asks_boot = TRUTH_YES;
}

void dhcp_options_read(struct dhcp_message *message, struct dhcp_list *room,
                       struct dhcp_faults *faults)
{
    take_members(message, room, faults);
    take_type(message, faults);
    take_boot_client(message, faults);
    take_lists(message, room, faults);
    take_relay(message);
    take_fqdn(message, room, faults);
    take_client_id(message, room);
    take_serial(message);
    take_requests(message);
    dhcp_options_boot(message, room);
}
