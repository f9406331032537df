/* install_fields.c: the rows of "install.transaction", and the names of its codes. */
#include "analysis/install_transaction.h"
#include "dissectors/field_rows.h"

#define I "perpass.install."

static void next_address(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
    if (item->bytes.len != 4 && item->bytes.len != 16)
        *item = (struct value){.type = VALUE_ABSENT};
}

static void next_name(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec16(list);
}

static void next_number(struct reader *list, struct value *item)
{
    item->number = reader_u64(list);
}

const char *install_method_name(uint64_t method)
{
    static const char *const names[] = {[INSTALL_TFTP_READ] = "tftp read",
                                        [INSTALL_TFTP_WRITE] = "tftp write",
                                        [INSTALL_HTTP_GET] = "http get",
                                        [INSTALL_HTTP_PUT] = "http put"};
    return method < sizeof names / sizeof names[0] ? names[method] : NULL;
}

const char *install_outcome_name(uint64_t outcome)
{
    static const char *const names[] = {
        [INSTALL_UNANSWERED] = "unanswered", [INSTALL_OBTAINED] = "obtained",
        [INSTALL_PARTLY] = "partly",         [INSTALL_MISSING] = "missing",
        [INSTALL_REFUSED] = "refused",       [INSTALL_FAILED] = "failed",
        [INSTALL_PROBED] = "probed",         [INSTALL_REDIRECTED] = "redirected"};
    return outcome < sizeof names / sizeof names[0] ? names[outcome] : NULL;
}

const char *install_step_name(uint64_t kind)
{
    static const char *const dhcp[] = {
        [INSTALL_STEP_DISCOVER] = "dhcp discover", [INSTALL_STEP_OFFER] = "dhcp offer",
        [INSTALL_STEP_REQUEST] = "dhcp request",   [INSTALL_STEP_ACK] = "dhcp ack",
        [INSTALL_STEP_NAK] = "dhcp nak",           [INSTALL_STEP_INFORM] = "dhcp inform"};
    static const char *const files[] = {[INSTALL_STEP_ASK - INSTALL_STEP_ASK] = "ask",
                                        [INSTALL_STEP_SEND - INSTALL_STEP_ASK] = "send",
                                        [INSTALL_STEP_OBTAINED - INSTALL_STEP_ASK] = "obtained",
                                        [INSTALL_STEP_PARTLY - INSTALL_STEP_ASK] = "partly",
                                        [INSTALL_STEP_MISSING - INSTALL_STEP_ASK] = "missing",
                                        [INSTALL_STEP_REFUSED - INSTALL_STEP_ASK] = "refused",
                                        [INSTALL_STEP_FAILED - INSTALL_STEP_ASK] = "failed",
                                        [INSTALL_STEP_PROBED - INSTALL_STEP_ASK] = "probed",
                                        [INSTALL_STEP_REDIRECTED - INSTALL_STEP_ASK] = "redirected",
                                        [INSTALL_STEP_TLS - INSTALL_STEP_ASK] = "tls"};
    if (kind < sizeof dhcp / sizeof dhcp[0])
        return dhcp[kind];
    kind -= INSTALL_STEP_ASK;
    return kind < sizeof files / sizeof files[0] ? files[kind] : NULL;
}

static const char *class_name(uint64_t class)
{
    static const char *const names[] = {[CONTENT_UNKNOWN] = "unknown",
                                        [CONTENT_EMPTY] = "empty",
                                        [CONTENT_CONFIGURATION] = "configuration",
                                        [CONTENT_SCRIPT] = "script",
                                        [CONTENT_IMAGE] = "image",
                                        [CONTENT_ARCHIVE] = "archive",
                                        [CONTENT_ENCRYPTED] = "encrypted",
                                        [CONTENT_SIGNED] = "signed",
                                        [CONTENT_KEY] = "key",
                                        [CONTENT_CERTIFICATE] = "certificate",
                                        [CONTENT_OPAQUE] = "opaque"};
    return class < sizeof names / sizeof names[0] ? names[class] : NULL;
}

#define NAMES(path, member, token, text)                                                           \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_STRING, .next = next_name, IS_NAME(token))
#define ADDRESSES(path, member, text)                                                              \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_ADDRESS, .next = next_address, IS_ADDRESS)
#define WORDS(path, member, names, text)                                                           \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_NUMBER, .next = field_next_u8,               \
        .name_of = names, IS_PUBLIC)
#define NUMBERS(path, member, text)                                                                \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_NUMBER, .next = next_number, IS_PUBLIC)

#define STRUCT struct install_transaction
static const struct field rows[] = {
    ROW(I "device.known_by", FIELD_TEXT, known_by,
        "dhcp, dhcpv6, or address: only the address of who asked for files was seen", IS_PUBLIC),
    ROW(I "device.mac", FIELD_MAC, mac, "hardware address that it gave", IS_ADDRESS),
    ROW(I "device.address", FIELD_ADDRESS, address, "the address that it had last", IS_ADDRESS),
    ROW(I "device.client_id", FIELD_BYTES, client_id, "DHCP client identifier",
        IS_IDENTIFIER("client-id")),
    ROW(I "device.duid", FIELD_BYTES, duid, "DHCP unique identifier", IS_IDENTIFIER("duid")),
    ROW(I "device.serial", FIELD_STRING, serial, "serial number that it told",
        IS_IDENTIFIER("serial")),
    ROW(I "device.host", FIELD_STRING, host, "host name that it told", IS_NAME("host")),
    ROW(I "device.vendor_class", FIELD_STRING, vendor_class, "vendor class of its first request",
        IS_IDENTIFIER("vendor-class")),
    ROW(I "started", FIELD_TIME, started_ns, "its first step", IS_PUBLIC),
    ROW(I "ended", FIELD_TIME, ended_ns, "its last step", IS_PUBLIC),
    ROW(I "ended_by", FIELD_TEXT, ended_by,
        "how that was told: idle (nothing for ten minutes), next boot (the same DHCP request "
        "again), other device (its address was given away), evicted (the table was full), input "
        "(the input ended)",
        IS_PUBLIC),
    ROW(I "packets.first", FIELD_NUMBER, first_packet, "packet of its first step", IS_PUBLIC),
    ROW(I "packets.last", FIELD_NUMBER, last_packet, "packet of its last step", IS_PUBLIC),
    ADDRESSES(I "dhcp_servers", dhcp_servers, "servers that answered its DHCP requests"),
    ADDRESSES(I "boot_servers", boot_servers, "servers that DHCP named to boot from"),
    NAMES(I "boot_server_names", boot_names, "host", "the same, where they were named by name"),
    ROW(I "boot_file", FIELD_STRING, boot_file, "file or URL that DHCP named last",
        IS_NAME("file")),
    ADDRESSES(I "servers", servers, "servers that it asked for files or sent files to"),
    ROW(I "server", FIELD_ADDRESS, server, "where the configuration came from", IS_ADDRESS),
    ROW(I "file", FIELD_STRING, file,
        "name of the configuration: the last one that came, else that was asked for; without any "
        "the last file",
        IS_NAME("file")),
    ROW(I "class", FIELD_TEXT, class, "what kind of file that is", IS_PUBLIC),
    ROW(I "format", FIELD_TEXT, format, "its dialect or format", IS_PUBLIC),
    ROW(I "encrypted", FIELD_TRUTH, encrypted,
        "all configurations that came are encrypted; false: one is not", IS_PUBLIC),
    ROW(I "tls", FIELD_TRUTH, tls, "it spoke TLS with a server that DHCP named", IS_PUBLIC),
    ROW(I "fallback", FIELD_TRUTH, fallback,
        "it asked for an encrypted configuration and then took a plain one", IS_PUBLIC),
    ROW(I "guessing", FIELD_TRUTH, guessing, "it asked for many names that are not there",
        IS_PUBLIC),
    ROW(I "competing", FIELD_TRUTH, competing, "several servers answered", IS_PUBLIC),
    ROW(I "upload", FIELD_TRUTH, upload, "it sent a file", IS_PUBLIC),
    ROW(I "asked", FIELD_NUMBER, asked, "times that it asked for a file", IS_PUBLIC),
    ROW(I "obtained", FIELD_NUMBER, obtained, "times that a whole file was seen to come",
        IS_PUBLIC),
    ROW(I "missing", FIELD_NUMBER, missing, "times that there was no such file", IS_PUBLIC),
    ROW(I "retries", FIELD_NUMBER, retries, "times that it asked for a file again", IS_PUBLIC),
    ROW(I "bytes", FIELD_NUMBER, bytes, "of all files that were seen", IS_PUBLIC),
    ROW(I "secrets", FIELD_NUMBER, secrets, "secrets that can be read in them", IS_PUBLIC),
    NAMES(I "files.name", file_names, "file", "each file, in the order of the first ask"),
    WORDS(I "files.method", file_methods, install_method_name,
          "of each: tftp read, tftp write, http get, http put"),
    WORDS(I "files.outcome", file_outcomes, install_outcome_name,
          "of each, the last: obtained, partly (seen), missing, refused, failed, probed (asked for "
          "its size only), redirected, unanswered"),
    WORDS(I "files.class", file_classes, class_name, "of each: what kind of file came"),
    NUMBERS(I "files.asks", file_asks, "of each: how often it was asked for"),
    NUMBERS(I "files.packet", file_packets, "of each: packet of the first ask"),
    NUMBERS(I "files.bytes", file_bytes, "of each: bytes that were seen"),
    NUMBERS(I "files.secrets", file_secrets, "of each: secrets that can be read in it"),
    ADDRESSES(I "files.server", file_servers, "of each: who was asked last"),
    ROW(I "files_left_out", FIELD_NUMBER, files_left_out, "asks for files beyond the first 64",
        IS_PUBLIC),
    WORDS(I "steps.kind", step_kinds, install_step_name,
          "each step in order: dhcp discover, offer, request, ack, nak, inform (of DHCPv6 those "
          "that match them); ask or send for a file, and its outcome; tls"),
    ROW(I "steps.time", FIELD_LIST, step_times, "of each: when", .item = VALUE_TIME,
        .next = next_number, IS_PUBLIC),
    NUMBERS(I "steps.packet", step_packets, "of each: its packet"),
    ADDRESSES(I "steps.server", step_servers, "of each: the other end"),
    NAMES(I "steps.file", step_files, "file", "of each: the file, empty where it is about none"),
    ROW(I "steps_left_out", FIELD_NUMBER, steps_left_out, "steps beyond the first 128", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_install_transaction, "install.transaction", rows, install_transaction,
     "One install of one device: from its DHCP request to the files that it got, as far as seen.");
