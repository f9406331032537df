/* dhcp6_options.c: what the options of a DHCPv6 message say: RFC 8415, and 4580 (38), 4649 (37), 4704 (39), 5970 (59 to 62),
 * 6939 (79), 8572 (136), and of option 17 the serial number of cable modems and the files of zero-touch provisioning.
 * All others are in the list only. */
#include "dissectors/dhcp6_message.h"

enum {
    OPTION_IA_NA = 3,
    OPTION_IA_TA = 4,
    OPTION_IA_ADDRESS = 5,
    OPTION_REQUEST = 6,
    OPTION_STATUS = 13,
    OPTION_RAPID_COMMIT = 14,
    OPTION_VENDOR_CLASS = 16,
    OPTION_VENDOR_OPTIONS = 17,
    OPTION_IA_PD = 25,
    OPTION_IA_PREFIX = 26,
    OPTION_FQDN = 39,
    OPTION_BOOTFILE_URL = 59,
    OPTION_BOOTFILE_PARAMETERS = 60,
    OPTION_SZTP = 136,
    ENTERPRISE_JUNIPER = 2636,
    ENTERPRISE_CABLELABS = 4491,
    CABLELABS_SERIAL = 4,
    INSTALL_IMAGE = 0,
    INSTALL_CONFIGURATION = 1,
    INSTALL_TRANSFER_MODE = 3
};

/* --- options that are a member as they are --- */

enum form { AS_BYTES, AS_ADDRESS, AS_ADDRESSES, AS_NUMBERS16, AS_3_BYTES, AS_LIST };

struct member {
    uint8_t code, form; /* enum form */
    const char *name;
    size_t offset;
};

#define MEMBER(code, form, member)                                                                 \
    {                                                                                              \
        code, form, "option " #code, offsetof(struct dhcp6_message, member)                        \
    }

static const struct member members[] = {
    MEMBER(6, AS_NUMBERS16, option_request),  MEMBER(12, AS_ADDRESS, server_unicast),
    MEMBER(15, AS_LIST, user_classes),        MEMBER(23, AS_ADDRESSES, dns_servers),
    MEMBER(60, AS_LIST, bootfile_parameters), MEMBER(61, AS_NUMBERS16, client_arch),
    MEMBER(62, AS_3_BYTES, client_interface), MEMBER(136, AS_LIST, sztp_uris),
};

static bool is_list(struct span value)
{
    struct reader r = reader_of(value);
    while (reader_more(&r))
        (void)reader_span_vec16(&r);
    return reader_ok(&r);
}

static bool has_form(struct span value, uint8_t form)
{
    switch (form) {
    case AS_ADDRESS:
        return value.len == 16;
    case AS_ADDRESSES:
        return value.len > 0 && value.len % 16 == 0;
    case AS_NUMBERS16:
        return value.len % 2 == 0;
    case AS_3_BYTES:
        return value.len == 3;
    case AS_LIST:
        return is_list(value);
    default:
        return true;
    }
}

static void note_malformed(struct dhcp_faults *faults, const char *field)
{
    if (faults->malformed == NULL)
        faults->malformed = field;
}

static void take_members(struct dhcp6_message *message, struct dhcp_faults *faults)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct span value = dhcp6_option(message, members[i].code);
        if (span_seen(value) && has_form(value, members[i].form))
            memcpy((uint8_t *)message + members[i].offset, &value, sizeof value);
        else if (span_seen(value))
            note_malformed(faults, members[i].name);
    }
}

static struct number take_u16(const struct dhcp6_message *message, uint16_t code,
                              struct dhcp_faults *faults, const char *name)
{
    struct span value = dhcp6_option(message, code);
    if (!span_seen(value))
        return (struct number){0};
    struct reader r = reader_of(value);
    uint16_t n = reader_u16(&r);
    dhcp_note_fault(faults, &r, name);
    return reader_ok(&r) ? number(n) : (struct number){0};
}

static void take_requests(struct dhcp6_message *message)
{
    if (!span_seen(message->option_request))
        return;
    message->asks_boot = TRUTH_NO;
    for (struct reader r = reader_of(message->option_request); reader_more(&r);) {
        uint16_t code = reader_u16(&r);
        if (code == OPTION_BOOTFILE_URL || code == OPTION_BOOTFILE_PARAMETERS ||
            code == OPTION_SZTP)
            message->asks_boot = TRUTH_YES;
    }
}

/* --- addresses --- */

struct leases {
    struct dhcp_list addresses, lifetimes, prefixes;
};

static void read_lease(struct leases *leases, uint16_t code, struct reader value,
                       struct dhcp_faults *faults)
{
    if (code == OPTION_IA_ADDRESS) {
        struct span address = reader_bytes(&value, 16);
        reader_skip(&value, 4); /* the preferred lifetime */
        uint32_t valid = reader_u32(&value);
        if (reader_ok(&value) && dhcp_list_fits(&leases->addresses, 16) &&
            dhcp_list_fits(&leases->lifetimes, 4)) {
            dhcp_list_bytes(&leases->addresses, address);
            dhcp_list_u32(&leases->lifetimes, valid);
        }
    } else if (code == OPTION_IA_PREFIX) {
        reader_skip(&value, 8);
        uint8_t len = reader_u8(&value);
        struct span prefix = reader_bytes(&value, 16);
        if (reader_ok(&value) && dhcp_list_fits(&leases->prefixes, 17)) {
            dhcp_list_u8(&leases->prefixes, len);
            dhcp_list_bytes(&leases->prefixes, prefix);
        }
    }
    dhcp_note_fault(faults, &value, "lease");
}

/* The options in an IA_NA, IA_TA or IA_PD, behind its own fields. */
static void read_association(struct leases *leases, uint16_t code, struct reader value,
                             struct dhcp_faults *faults)
{
    reader_skip(&value, code == OPTION_IA_TA ? 4 : 12);
    while (reader_more(&value)) {
        uint16_t inner = reader_u16(&value);
        struct reader lease = reader_vec16(&value);
        if (reader_ok(&value))
            read_lease(leases, inner, lease, faults);
    }
    dhcp_note_fault(faults, &value, "lease");
}

static void take_leases(struct dhcp6_message *message, struct dhcp_list *room,
                        struct dhcp_faults *faults)
{
    enum { LEAST = 4 + 16 + 4 + 4 }; /* bytes of an option 5 */
    const size_t most = message->options.len / LEAST;
    struct leases leases = {.addresses = dhcp_list_open(room, most * 16)};
    leases.lifetimes = dhcp_list_open(room, most * 4);
    leases.prefixes = dhcp_list_open(room, message->options.len);
    for (struct reader r = reader_of(message->options); reader_more(&r);) {
        uint16_t code = reader_u16(&r);
        struct reader value = reader_vec16(&r);
        if (code == OPTION_IA_NA || code == OPTION_IA_TA || code == OPTION_IA_PD)
            read_association(&leases, code, value, faults);
    }
    message->prefixes = dhcp_list_close(room, &leases.prefixes);
    message->addresses = dhcp_list_span(&leases.addresses);
    message->lifetimes = dhcp_list_span(&leases.lifetimes);
}

/* --- who it is --- */

static void take_fqdn(struct dhcp6_message *message, struct dhcp_list *room,
                      struct dhcp_faults *faults)
{
    struct span value = dhcp6_option(message, OPTION_FQDN);
    if (!span_seen(value))
        return;
    struct reader r = reader_of(value);
    uint8_t flags = reader_u8(&r);
    if (reader_ok(&r))
        message->fqdn_flags = number(flags);
    message->fqdn = dhcp_read_labels(&r, room);
    dhcp_note_fault(faults, &r, "option 39");
}

static bool begins_with(struct span text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

static void take_vendor_class(struct dhcp6_message *message, struct dhcp_faults *faults)
{
    struct span value = dhcp6_option(message, OPTION_VENDOR_CLASS);
    message->pxe = truth(span_seen(message->client_arch));
    if (!span_seen(value))
        return;
    struct reader r = reader_of(value);
    uint32_t enterprise = reader_u32(&r);
    dhcp_note_fault(faults, &r, "option 16");
    if (!reader_ok(&r))
        return;
    message->vendor_class_enterprise = number(enterprise);
    struct span data = reader_rest(&r);
    if (!is_list(data)) {
        note_malformed(faults, "option 16");
        return;
    }
    message->vendor_class = data;
    for (struct reader items = reader_of(data); reader_more(&items);) {
        struct span item = reader_span_vec16(&items);
        if (begins_with(item, "PXEClient") || begins_with(item, "HTTPClient"))
            message->pxe = TRUTH_YES;
    }
}

/* --- vendor options --- */

static void add_suboptions(struct dhcp_list *list, uint32_t enterprise, struct span data)
{
    struct reader r = reader_of(data);
    while (reader_more(&r)) {
        uint16_t code = reader_u16(&r);
        struct span value = reader_span_vec16(&r);
        if (!reader_ok(&r) || !dhcp_list_fits(list, value.len + 8))
            return;
        dhcp_list_u32(list, enterprise);
        dhcp_list_u16(list, code);
        dhcp_list_u16(list, value.len);
        dhcp_list_bytes(list, value);
    }
}

static void take_vendor_options(struct dhcp6_message *message, struct dhcp_list *room,
                                struct dhcp_faults *faults)
{
    struct dhcp_list options = dhcp_list_open(room, message->options.len * 3 / 2);
    for (struct reader r = reader_of(message->options); reader_more(&r);) {
        uint16_t code = reader_u16(&r);
        struct span value = reader_span_vec16(&r);
        if (code != OPTION_VENDOR_OPTIONS || !dhcp_list_fits(&options, value.len + 2))
            continue;
        struct reader vendor = reader_of(value);
        uint32_t enterprise = reader_u32(&vendor);
        dhcp_note_fault(faults, &vendor, "option 17");
        if (!reader_ok(&vendor))
            continue;
        dhcp_list_u32(&options, enterprise);
        dhcp_list_u16(&options, reader_left(&vendor));
        dhcp_list_bytes(&options, reader_rest(&vendor));
    }
    message->vendor_options = dhcp_list_close(room, &options);
    if (!span_seen(message->vendor_options))
        return;
    struct dhcp_list suboptions = dhcp_list_open(room, message->vendor_options.len * 2);
    for (struct reader r = reader_of(message->vendor_options); reader_more(&r);) {
        uint32_t enterprise = reader_u32(&r);
        add_suboptions(&suboptions, enterprise, reader_span_vec16(&r));
    }
    message->vendor_suboptions = dhcp_list_close(room, &suboptions);
}

static struct span find_suboption(const struct dhcp6_message *message, uint32_t enterprise,
                                  uint16_t code)
{
    if (!span_seen(message->vendor_suboptions))
        return (struct span){0};
    for (struct reader r = reader_of(message->vendor_suboptions); reader_more(&r);) {
        bool vendors = reader_u32(&r) == enterprise;
        bool found = reader_u16(&r) == code;
        struct span value = reader_span_vec16(&r);
        if (vendors && found)
            return value;
    }
    return (struct span){0};
}

/* --- serial numbers --- */

static struct span serial_of_classes(const struct dhcp6_message *message)
{
    if (!span_seen(message->vendor_class))
        return (struct span){0};
    for (struct reader r = reader_of(message->vendor_class); reader_more(&r);) {
        struct span serial = dhcp_serial_of_class(reader_span_vec16(&r));
        if (span_seen(serial))
            return serial;
    }
    return (struct span){0};
}

static struct span serial_of_vendor_options(const struct dhcp6_message *message)
{
    struct span serial = find_suboption(message, ENTERPRISE_CABLELABS, CABLELABS_SERIAL);
    if (dhcp_is_text(serial))
        return serial;
    if (!span_seen(message->vendor_suboptions))
        return (struct span){0};
    for (struct reader r = reader_of(message->vendor_suboptions); reader_more(&r);) {
        reader_skip(&r, 6);
        serial = dhcp_serial_of_class(reader_span_vec16(&r));
        if (span_seen(serial))
            return serial;
    }
    return (struct span){0};
}

static void take_serial(struct dhcp6_message *message)
{
    const struct dhcp_serial candidates[] = {
        {serial_of_classes(message), "vendor-class"},
        {dhcp_serial_of_identifier(message->client_duid.identifier), "duid"},
        {serial_of_vendor_options(message), "vendor-options"},
    };
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (span_seen(candidates[i].text) && !span_seen(message->serial.text))
            message->serial = candidates[i];
}

/* --- where to boot from --- */

static void take_boot(struct dhcp6_message *message, struct dhcp_list *room)
{
    static const uint8_t files[] = {BOOT_FROM_BOOTFILE_URL, BOOT_FROM_VENDOR_OPTIONS,
                                    BOOT_FROM_SZTP, 0};
    static const uint8_t servers[] = {0};
    struct span url = dhcp6_option(message, OPTION_BOOTFILE_URL);
    message->bootfile_url = dhcp_boot_without_credentials(url, room);
    if (message->to_server != TRUTH_NO)
        return;
    struct dhcp_boot_lists lists = dhcp_boot_begin(room);
    dhcp_boot_file(&lists, BOOT_FROM_BOOTFILE_URL, url);
    dhcp_boot_file(&lists, BOOT_FROM_VENDOR_OPTIONS,
                   find_suboption(message, ENTERPRISE_JUNIPER, INSTALL_CONFIGURATION));
    dhcp_boot_file(&lists, BOOT_FROM_VENDOR_OPTIONS,
                   find_suboption(message, ENTERPRISE_JUNIPER, INSTALL_IMAGE));
    if (span_seen(message->sztp_uris))
        for (struct reader r = reader_of(message->sztp_uris); reader_more(&r);)
            dhcp_boot_file(&lists, BOOT_FROM_SZTP, reader_span_vec16(&r));
    message->boot = dhcp_boot_decide(&lists, files, servers);
    if (!span_seen(message->boot.file) || dhcp_boot_is_url(message->boot.file))
        return;
    bool vendors = message->boot.file_source.value == BOOT_FROM_VENDOR_OPTIONS;
    struct span mode = find_suboption(message, ENTERPRISE_JUNIPER, INSTALL_TRANSFER_MODE);
    message->boot.scheme = vendors ? dhcp_boot_scheme_name(mode) : NULL;
}

void dhcp6_options_read(struct dhcp6_message *message, struct dhcp_list *room,
                        struct dhcp_faults *faults)
{
    if (!span_seen(message->options))
        return;
    take_members(message, faults);
    take_requests(message);
    message->client_duid = dhcp_duid_read(dhcp6_option(message, 1));
    message->server_duid = dhcp_duid_read(dhcp6_option(message, 2));
    message->elapsed = take_u16(message, 8, faults, "option 8");
    message->status = take_u16(message, OPTION_STATUS, faults, "option 13");
    message->rapid_commit =
        span_seen(dhcp6_option(message, OPTION_RAPID_COMMIT)) ? TRUTH_YES : TRUTH_UNKNOWN;
    take_vendor_options(message, room, faults);
    if (span_seen(message->peer_address)) /* a relay's: the rest is said by the client or server */
        return;
    take_leases(message, room, faults);
    take_fqdn(message, room, faults);
    take_vendor_class(message, faults);
    take_serial(message);
    take_boot(message, room);
}
