/* dhcp6_fields.c: the rows of dhcp6.message: name, type, privacy class and place of each field. */
#include "dissectors/dhcp6.h"
#include "dissectors/field_rows.h"

const char *dhcp6_type_name(uint64_t type)
{
    static const char *const names[] = {NULL,
                                        "solicit",
                                        "advertise",
                                        "request",
                                        "confirm",
                                        "renew",
                                        "rebind",
                                        "reply",
                                        "release",
                                        "decline",
                                        "reconfigure",
                                        "information-request",
                                        "relay-forw",
                                        "relay-repl",
                                        "leasequery",
                                        "leasequery-reply",
                                        "leasequery-done",
                                        "leasequery-data",
                                        "reconfigure-request",
                                        "reconfigure-reply",
                                        "dhcpv4-query",
                                        "dhcpv4-response",
                                        [DHCP6_ADDR_REG_INFORM] = "addr-reg-inform",
                                        [DHCP6_ADDR_REG_REPLY] = "addr-reg-reply"};
    return type < sizeof names / sizeof *names ? names[type] : NULL;
}

/* --- walkers --- */

static void next_option_value(struct reader *list, struct value *item)
{
    (void)reader_u16(list);
    item->bytes = dhcp_boot_shown(reader_span_vec16(list));
}

static void next_address(struct reader *list, struct value *item)
{
    item->bytes = reader_bytes(list, 16);
}

static void next_lifetime(struct reader *list, struct value *item)
{
    item->number = reader_u32(list);
}

static void next_prefix(struct reader *list, struct value *item)
{
    (void)reader_u8(list);
    item->bytes = reader_bytes(list, 16);
}

static void next_prefix_len(struct reader *list, struct value *item)
{
    item->number = reader_u8(list);
    (void)reader_bytes(list, 16);
}

static void next_vec16(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec16(list);
}

static void next_vendor(struct reader *list, struct value *item)
{
    item->number = reader_u32(list);
    (void)reader_u16(list);
    (void)reader_span_vec16(list);
}

static void next_vendor_code(struct reader *list, struct value *item)
{
    (void)reader_u32(list);
    item->number = reader_u16(list);
    (void)reader_span_vec16(list);
}

static void next_vendor_value(struct reader *list, struct value *item)
{
    (void)reader_u32(list);
    (void)reader_u16(list);
    item->bytes = dhcp_boot_shown(reader_span_vec16(list));
}

/* --- rows --- */

#define LIST(path, member, type, walker, text, ...)                                                \
    ROW(path, FIELD_LIST, member, text, .item = type, .next = walker, __VA_ARGS__)
#define IPV6(path, member, text) ROW(path, FIELD_ADDRESS, member, text, IS_ADDRESS)
#define IPV6_LIST(path, member, text)                                                              \
    LIST(path, member, VALUE_ADDRESS, next_address, text, IS_ADDRESS)
#define BYTES_LIST(path, member, token, text)                                                      \
    LIST(path, member, VALUE_BYTES, next_vec16, text, IS_IDENTIFIER(token))
#define NUMBER(path, member, text) ROW(path, FIELD_NUMBER, member, text, IS_PUBLIC)
#define TRUTH(path, member, text)  ROW(path, FIELD_TRUTH, member, text, IS_PUBLIC)

#define STRUCT struct dhcp6_message
static const struct field message_fields[] = {
    ROW("perpass.dhcp6.type", FIELD_NUMBER, type,
        "what it is: solicit, advertise, request, reply …; relay-forw, relay-repl", IS_PUBLIC,
        .name_of = dhcp6_type_name),
    NUMBER("perpass.dhcp6.xid", xid, "transaction, chosen by the client; relays have none"),
    TRUTH("perpass.dhcp6.to_server", to_server, "it goes to the server"),
    NUMBER("perpass.dhcp6.depth", depth, "in how many relays' messages it is"),
    LIST("perpass.dhcp6.options", options, VALUE_NUMBER, field_next_type16_vec16,
         "every option, in order", IS_PUBLIC),
    LIST("perpass.dhcp6.option_values", options, VALUE_BYTES, next_option_value,
         "the value of each of them, without the credentials of a URL",
         IS_IDENTIFIER("dhcp-option")),
    CODES("perpass.dhcp6.option_request", option_request, NULL,
          "options that the client asks for (6)"),
    TRUTH("perpass.dhcp6.asks_boot", asks_boot, "one of these tells where to boot from"),

    NUMBER("perpass.dhcp6.hops", hops, "of a relay's message: relays that it has passed"),
    IPV6("perpass.dhcp6.link_address", link_address, "of a relay's message: the client's link"),
    IPV6("perpass.dhcp6.peer_address", peer_address, "of a relay's message: whom it came from"),
    IPV6_LIST("perpass.dhcp6.relay_links", relay_links,
              "link addresses of all relays, the outermost first"),
    IPV6_LIST("perpass.dhcp6.relay_peers", relay_peers, "whom they had the message from"),
    BYTES_LIST("perpass.dhcp6.relay_interface_ids", relay_interface_ids, "circuit",
               "their interface ids (18); empty where one has none"),
    BYTES_LIST("perpass.dhcp6.relay_remote_ids", relay_remote_ids, "circuit",
               "their remote ids (37)"),
    BYTES_LIST("perpass.dhcp6.relay_subscriber_ids", relay_subscriber_ids, "subscriber",
               "their subscriber ids (38)"),
    ROW("perpass.dhcp6.client_link_mac", FIELD_MAC, client_link_mac,
        "the client's hardware address as the relay next to it saw it (79)", IS_ADDRESS),

    DHCP_DUID_ROWS("perpass.dhcp6.client_duid", client_duid, "client's"),
    DHCP_DUID_ROWS("perpass.dhcp6.server_duid", server_duid, "server's"),
    ROW("perpass.dhcp6.fqdn", FIELD_STRING, fqdn, "the client's name (39)", IS_NAME("host")),
    NUMBER("perpass.dhcp6.fqdn_flags", fqdn_flags, "its flags: 1 S, 2 O, 4 N"),
    BYTES_LIST("perpass.dhcp6.user_classes", user_classes, "user-class", "user classes (15)"),
    NUMBER("perpass.dhcp6.vendor_class_enterprise", vendor_class_enterprise,
           "enterprise number of the vendor class (16)"),
    BYTES_LIST("perpass.dhcp6.vendor_class", vendor_class, "vendor-class", "its items"),
    CODES("perpass.dhcp6.client_arch", client_arch, NULL,
          "architectures of a client that boots (61)"),
    ROW("perpass.dhcp6.client_interface", FIELD_BYTES, client_interface,
        "its network interface: type and version (62)", IS_IDENTIFIER("dhcp-option")),
    DHCP_SERIAL_ROWS("perpass.dhcp6.serial", serial),
    TRUTH("perpass.dhcp6.pxe", pxe, "a client that boots from the network"),

    NUMBER("perpass.dhcp6.elapsed", elapsed, "hundredths of a second since the client began (8)"),
    TRUTH("perpass.dhcp6.rapid_commit", rapid_commit, "option 14 is there"),
    IPV6_LIST("perpass.dhcp6.addresses", addresses, "addresses, asked for or given"),
    LIST("perpass.dhcp6.lifetimes", lifetimes, VALUE_NUMBER, next_lifetime,
         "for how many seconds each of them is valid; 0xffffffff: for good", IS_PUBLIC),
    LIST("perpass.dhcp6.prefixes", prefixes, VALUE_ADDRESS, next_prefix,
         "prefixes, asked for or given", IS_ADDRESS),
    LIST("perpass.dhcp6.prefix_lens", prefixes, VALUE_NUMBER, next_prefix_len,
         "bits of each of them", IS_PUBLIC),
    NUMBER("perpass.dhcp6.status", status, "0 success, else why not (13)"),
    IPV6_LIST("perpass.dhcp6.dns_servers", dns_servers, "name servers (23)"),
    IPV6("perpass.dhcp6.server_unicast", server_unicast, "the server's own address (12)"),
    LIST("perpass.dhcp6.vendor_enterprises", vendor_suboptions, VALUE_NUMBER, next_vendor,
         "enterprise numbers of the vendor options (17)", IS_PUBLIC),
    LIST("perpass.dhcp6.vendor_suboptions", vendor_suboptions, VALUE_NUMBER, next_vendor_code,
         "these vendor options", IS_PUBLIC),
    LIST("perpass.dhcp6.vendor_suboption_values", vendor_suboptions, VALUE_BYTES, next_vendor_value,
         "their values", IS_IDENTIFIER("dhcp-option")),
    ROW("perpass.dhcp6.bootfile_url", FIELD_STRING, bootfile_url,
        "boot file (59), without user name and password", IS_NAME("file")),
    BYTES_LIST("perpass.dhcp6.bootfile_parameters", bootfile_parameters, "boot-parameter",
               "its parameters (60)"),
    BYTES_LIST("perpass.dhcp6.sztp_uris", sztp_uris, "url",
               "bootstrap servers of secure zero-touch provisioning (136)"),
    DHCP_BOOT_ROWS("perpass.dhcp6.boot."),
};
#undef STRUCT

static const struct observation_part message_parts[] = {PART(dhcp6_message, client_link_address),
                                                        PART(dhcp6_message, vendor_options)};

TYPE_WITH_PARTS(observation_dhcp6_message, "dhcp6.message", message_fields, message_parts,
                dhcp6_message, "A DHCPv6 message: who asks, what is given, where to boot from.");
