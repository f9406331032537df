/* dhcp_fields.c: the rows of dhcp.message: name, type, privacy class and place of each field. */
#include "dissectors/dhcp.h"
#include "dissectors/field_rows.h"

const char *dhcp_type_name(uint64_t type)
{
    static const char *const names[] = {NULL,
                                        "discover",
                                        "offer",
                                        "request",
                                        "decline",
                                        "ack",
                                        "nak",
                                        "release",
                                        "inform",
                                        "forcerenew",
                                        "leasequery",
                                        "leaseunassigned",
                                        "leaseunknown",
                                        "leaseactive",
                                        "bulkleasequery",
                                        "leasequerydone",
                                        "activeleasequery",
                                        "leasequerystatus",
                                        "tls"};
    if (type == DHCP_BOOTREQUEST)
        return "bootrequest";
    if (type == DHCP_BOOTREPLY)
        return "bootreply";
    return type < sizeof names / sizeof *names ? names[type] : NULL;
}

/* --- walkers --- */

void dhcp_next_code(struct reader *list, struct value *item)
{
    item->number = reader_u8(list);
    (void)reader_span_vec8(list);
}

void dhcp_next_value(struct reader *list, struct value *item)
{
    (void)reader_u8(list);
    item->bytes = dhcp_boot_shown(reader_span_vec8(list));
}

static void next_merged_code(struct reader *list, struct value *item)
{
    item->number = reader_u8(list);
    (void)reader_span_vec16(list);
}

static void next_merged_len(struct reader *list, struct value *item)
{
    (void)reader_u8(list);
    item->number = reader_span_vec16(list).len;
}

static void next_address(struct reader *list, struct value *item)
{
    item->bytes = reader_bytes(list, 4);
}

static void next_vec8(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
}

static void next_enterprise(struct reader *list, struct value *item)
{
    item->number = reader_u32(list);
    (void)reader_span_vec8(list);
}

static void next_enterprise_data(struct reader *list, struct value *item)
{
    (void)reader_u32(list);
    item->bytes = reader_span_vec8(list);
}

static void next_specific_enterprise(struct reader *list, struct value *item)
{
    item->number = reader_u32(list);
    (void)reader_u8(list);
    (void)reader_span_vec8(list);
}

static void next_specific_code(struct reader *list, struct value *item)
{
    (void)reader_u32(list);
    dhcp_next_code(list, item);
}

static void next_specific_value(struct reader *list, struct value *item)
{
    (void)reader_u32(list);
    dhcp_next_value(list, item);
}

static void next_vec16(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec16(list);
}

/* --- bytes that nobody reads --- */

static bool slack_len(struct span slack, struct derived *room)
{
    room->number = slack.len;
    return span_seen(slack);
}

static bool slack_zero(struct span slack, struct derived *room)
{
    room->truth = span_bits(slack) == 0;
    return span_seen(slack);
}

#define SLACK(member)                                                                              \
    static bool member##_len(const void *data, struct derived *room)                               \
    {                                                                                              \
        return slack_len(((const struct dhcp_message *)data)->member, room);                       \
    }                                                                                              \
    static bool member##_zero(const void *data, struct derived *room)                              \
    {                                                                                              \
        return slack_zero(((const struct dhcp_message *)data)->member, room);                      \
    }
SLACK(options_slack)
SLACK(sname_slack)
SLACK(file_slack)
SLACK(hardware_slack)

#define SLACK_ROWS(member, what)                                                                   \
    DERIVED_AS("perpass.dhcp." #member "_len", member##_len, "bytes " what, .item = VALUE_NUMBER,  \
               IS_PUBLIC),                                                                         \
        DERIVED_AS("perpass.dhcp." #member "_zero", member##_zero, "these are all 0",              \
                   .item = VALUE_BOOL, IS_PUBLIC)

/* --- rows --- */

#define LIST(path, member, type, walker, text, ...)                                                \
    ROW(path, FIELD_LIST, member, text, .item = type, .next = walker, __VA_ARGS__)
#define IPV4(path, member, text) ROW(path, FIELD_ADDRESS, member, text, IS_ADDRESS)
#define IPV4_LIST(path, member, text)                                                              \
    LIST(path, member, VALUE_ADDRESS, next_address, text, IS_ADDRESS)
#define IDENTIFIER(path, member, token, text)                                                      \
    ROW(path, FIELD_BYTES, member, text, IS_IDENTIFIER(token))
#define NUMBER(path, member, text) ROW(path, FIELD_NUMBER, member, text, IS_PUBLIC)
#define TRUTH(path, member, text)  ROW(path, FIELD_TRUTH, member, text, IS_PUBLIC)

#define STRUCT struct dhcp_message
static const struct field message_fields[] = {
    ROW("perpass.dhcp.type", FIELD_NUMBER, type,
        "what it is: discover, offer, request, ack …; bootrequest or bootreply without option 53",
        IS_PUBLIC, .name_of = dhcp_type_name),
    NUMBER("perpass.dhcp.op", op, "1 from the client, 2 from the server"),
    NUMBER("perpass.dhcp.xid", xid, "transaction, chosen by the client"),
    NUMBER("perpass.dhcp.hops", hops, "relays that it has passed"),
    NUMBER("perpass.dhcp.secs", secs, "seconds since the client began"),
    NUMBER("perpass.dhcp.flags", flags, "0x8000: the answer is to be broadcast"),
    TRUTH("perpass.dhcp.bootp_only", bootp_only, "there is no magic cookie, and so no option"),
    TRUTH("perpass.dhcp.in_dhcpv6", in_dhcpv6, "it came in a DHCPv6 message"),
    NUMBER("perpass.dhcp.hardware_type", hardware, "IANA's number of the client's hardware"),
    ROW("perpass.dhcp.client_mac", FIELD_MAC, client_mac, "the client's hardware address",
        IS_ADDRESS),
    IPV4("perpass.dhcp.client_address", client_address, "ciaddr: what the client has"),
    IPV4("perpass.dhcp.your_address", your_address, "yiaddr: what it is given"),
    IPV4("perpass.dhcp.next_server", next_server, "siaddr: where to boot from"),
    IPV4("perpass.dhcp.relay", relay, "giaddr: the relay next to the client"),
    ROW("perpass.dhcp.sname", FIELD_STRING, sname, "the server's name in the header",
        IS_NAME("host")),
    ROW("perpass.dhcp.file", FIELD_STRING, file, "the boot file in the header", IS_NAME("file")),
    NUMBER("perpass.dhcp.overload", overload, "1 file, 2 sname, 3 both hold options"),
    LIST("perpass.dhcp.options", options, VALUE_NUMBER, dhcp_next_code,
         "every option, in order; those in file and sname after the others", IS_PUBLIC),
    LIST("perpass.dhcp.option_values", options, VALUE_BYTES, dhcp_next_value,
         "the value of each of them, without the credentials of a URL",
         IS_IDENTIFIER("dhcp-option")),
    LIST("perpass.dhcp.option_codes", merged, VALUE_NUMBER, next_merged_code,
         "every option once, parts put together", IS_PUBLIC),
    LIST("perpass.dhcp.option_lens", merged, VALUE_NUMBER, next_merged_len,
         "bytes of each of these, in all", IS_PUBLIC),
    LIST("perpass.dhcp.parameters", parameters, VALUE_NUMBER, field_next_u8,
         "options that the client asks for", IS_PUBLIC),
    TRUTH("perpass.dhcp.asks_boot", asks_boot, "one of these tells where to boot from"),

    IDENTIFIER("perpass.dhcp.client_id", client_id, "client-id", "client identifier (61)"),
    ROW("perpass.dhcp.client_id_mac", FIELD_MAC, client_id_mac, "the hardware address in it",
        IS_ADDRESS),
    IDENTIFIER("perpass.dhcp.client_id_iaid", client_id_iaid, "iaid",
               "which of the client's interfaces it is, beside the DUID in it"),
    DHCP_DUID_ROWS("perpass.dhcp.duid", duid, "in the client identifier:"),
    ROW("perpass.dhcp.hostname", FIELD_STRING, hostname, "host name (12)", IS_NAME("host")),
    ROW("perpass.dhcp.fqdn", FIELD_STRING, fqdn, "the client's whole name (81)", IS_NAME("host")),
    NUMBER("perpass.dhcp.fqdn_flags", fqdn_flags, "its flags: 1 S, 2 O, 4 E, 8 N"),
    ROW("perpass.dhcp.domain", FIELD_STRING, domain, "domain name (15)", IS_NAME("host")),
    ROW("perpass.dhcp.vendor_class", FIELD_STRING, vendor_class,
        "vendor class (60): often maker, model, version, serial number",
        IS_IDENTIFIER("vendor-class")),
    IDENTIFIER("perpass.dhcp.user_class", user_class, "user-class", "user class (77), whole"),
    LIST("perpass.dhcp.user_classes", user_classes, VALUE_BYTES, next_vec8,
         "its items, where it has the form of RFC 3004", IS_IDENTIFIER("user-class")),
    IDENTIFIER("perpass.dhcp.client_uuid", client_uuid, "device", "client machine identifier (97)"),
    LIST("perpass.dhcp.client_arch", client_arch, VALUE_NUMBER, field_next_u16,
         "architectures of a PXE client (93)", IS_PUBLIC),
    IDENTIFIER("perpass.dhcp.client_interface", client_interface, "dhcp-option",
               "its network interface: type and version (94)"),
    LIST("perpass.dhcp.vendor_class_enterprises", vendor_classes, VALUE_NUMBER, next_enterprise,
         "enterprise numbers of the vendor classes of 124", IS_PUBLIC),
    LIST("perpass.dhcp.vendor_classes", vendor_classes, VALUE_BYTES, next_enterprise_data,
         "their data", IS_IDENTIFIER("vendor-class")),
    DHCP_SERIAL_ROWS("perpass.dhcp.serial", serial),
    TRUTH("perpass.dhcp.pxe", pxe, "a PXE client, or an answer to one"),
    TRUTH("perpass.dhcp.http_boot", http_boot, "UEFI HTTP boot"),

    IPV4("perpass.dhcp.requested_address", requested_address, "address asked for (50)"),
    IPV4("perpass.dhcp.server_id", server_id, "the DHCP server (54)"),
    NUMBER("perpass.dhcp.lease_time", lease_time, "seconds (51)"),
    ROW("perpass.dhcp.tftp_server_name", FIELD_STRING, tftp_server_name, "TFTP server (66)",
        IS_NAME("host")),
    ROW("perpass.dhcp.bootfile", FIELD_STRING, bootfile,
        "boot file or URL (67), without user name and password", IS_NAME("file")),
    IPV4_LIST("perpass.dhcp.tftp_servers", tftp_servers, "TFTP servers (150)"),
    IPV4_LIST("perpass.dhcp.capwap_servers", capwap_servers, "CAPWAP controllers (138)"),
    ROW("perpass.dhcp.pxelinux_config", FIELD_STRING, pxelinux_config,
        "configuration file of PXELINUX (209)", IS_NAME("file")),
    IDENTIFIER("perpass.dhcp.vendor_options", vendor_options, "dhcp-option",
               "vendor options (43), whole"),
    LIST("perpass.dhcp.vendor_suboptions", vendor_suboptions, VALUE_NUMBER, dhcp_next_code,
         "its suboptions, if it has the form of a list", IS_PUBLIC),
    LIST("perpass.dhcp.vendor_suboption_values", vendor_suboptions, VALUE_BYTES, dhcp_next_value,
         "their values", IS_IDENTIFIER("dhcp-option")),
    LIST("perpass.dhcp.vendor_specific_enterprises", vendor_specific_suboptions, VALUE_NUMBER,
         next_specific_enterprise, "enterprise numbers of the suboptions of 125", IS_PUBLIC),
    LIST("perpass.dhcp.vendor_specific_suboptions", vendor_specific_suboptions, VALUE_NUMBER,
         next_specific_code, "these suboptions", IS_PUBLIC),
    LIST("perpass.dhcp.vendor_specific_values", vendor_specific_suboptions, VALUE_BYTES,
         next_specific_value, "their values", IS_IDENTIFIER("dhcp-option")),
    LIST("perpass.dhcp.sztp_uris", sztp_uris, VALUE_BYTES, next_vec16,
         "bootstrap servers of secure zero-touch provisioning (143)", IS_IDENTIFIER("url")),
    DHCP_BOOT_ROWS("perpass.dhcp.boot."),

    LIST("perpass.dhcp.relay_suboptions", relay_options, VALUE_NUMBER, dhcp_next_code,
         "what a relay adds (82)", IS_PUBLIC),
    LIST("perpass.dhcp.relay_suboption_values", relay_options, VALUE_BYTES, dhcp_next_value,
         "their values", IS_IDENTIFIER("dhcp-option")),
    IDENTIFIER("perpass.dhcp.circuit_id", circuit_id, "circuit", "the port at the relay"),
    IDENTIFIER("perpass.dhcp.remote_id", remote_id, "circuit", "the relay, or the line"),
    IDENTIFIER("perpass.dhcp.subscriber_id", subscriber_id, "subscriber", "the subscriber"),
    IPV4("perpass.dhcp.link_selection", link_selection, "the client's network"),
    IPV4("perpass.dhcp.server_override", server_override,
         "the address that the relay wants the client to see as server"),

    SLACK_ROWS(options_slack, "behind the end of the options"),
    SLACK_ROWS(sname_slack, "in the field sname behind its text or options"),
    SLACK_ROWS(file_slack, "in the field file behind its text or options"),
    SLACK_ROWS(hardware_slack, "in the field chaddr behind the hardware address"),
    NUMBER("perpass.dhcp.pads", num_pads, "pad options before others"),
};
#undef STRUCT

static const struct observation_part message_parts[] = {
    PART(dhcp_message, vendor_specific), PART(dhcp_message, options_slack),
    PART(dhcp_message, sname_slack), PART(dhcp_message, file_slack),
    PART(dhcp_message, hardware_slack)};

TYPE_WITH_PARTS(observation_dhcp_message, "dhcp.message", message_fields, message_parts,
                dhcp_message,
                "A BOOTP or DHCPv4 message: who asks, what is given, where to boot from.");
