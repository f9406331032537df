/* dhcp_options_boot.c: where a DHCPv4 message says to boot from: the header, options 54, 66, 67, 143, 150 and 209, and in
 * option 43 the boot servers of PXE 2.1, the files of zero-touch provisioning and the server of Cisco's Plug and Play. */
#include "dissectors/dhcp_message.h"

enum {
    OP_REPLY = 2,
    OPTION_TFTP_SERVER = 66,
    OPTION_BOOTFILE = 67,
    OPTION_PXELINUX_CONFIG = 209,
    PXE_BOOT_SERVERS = 8,
    INSTALL_IMAGE = 0, /* suboptions of 43 of zero-touch provisioning */
    INSTALL_CONFIGURATION = 1,
    INSTALL_TRANSFER_MODE = 3,
    INSTALL_LAST = 5
};

/* PXE 2.1: u16 type, u8 count, addresses. */
static void add_pxe_servers(struct dhcp_boot_lists *lists, struct span list)
{
    if (!span_seen(list))
        return;
    for (struct reader r = reader_of(list); reader_more(&r);) {
        reader_skip(&r, 2);
        for (unsigned num = reader_u8(&r); num > 0 && reader_ok(&r); num--) {
            struct span address = reader_bytes(&r, 4);
            if (reader_ok(&r))
                dhcp_boot_address(lists, BOOT_FROM_PXE_SERVERS, address);
        }
    }
}

/* Whether option 43 is the list of names and the way of transfer of zero-touch provisioning. */
static bool names_install_files(struct span list)
{
    if (!span_seen(list))
        return false;
    for (struct reader r = reader_of(list); reader_more(&r);) {
        uint8_t code = reader_u8(&r);
        if (code > INSTALL_LAST || !dhcp_is_text(reader_span_vec8(&r)))
            return false;
    }
    struct span mode = dhcp_find_suboption(list, INSTALL_TRANSFER_MODE);
    return span_equal(mode, span_text("tftp")) || span_equal(mode, span_text("ftp")) ||
           span_equal(mode, span_text("http")) || span_equal(mode, span_text("https"));
}

/* "5A1D;B2;K4;I192.0.2.1;J80": the server is in the field that begins with I. */
static void add_pnp_server(struct dhcp_boot_lists *lists, struct span text)
{
    if (!dhcp_is_text(text) || text.len < 2 || text.at[0] != '5' || text.at[1] != 'A' ||
        memchr(text.at, ';', text.len) == NULL)
        return;
    for (struct reader r = reader_of(text); reader_left(&r) > 0;) {
        struct span part = dhcp_next_part(&r, ';');
        if (part.len > 1 && part.at[0] == 'I')
            dhcp_boot_server(lists, BOOT_FROM_PNP, span_of(part.at + 1, part.len - 1));
    }
}

static void add_vendor_files(struct dhcp_boot_lists *lists, const struct dhcp_message *message)
{
    struct span list = message->vendor_suboptions;
    if (message->pxe == TRUTH_YES) {
        add_pxe_servers(lists, dhcp_find_suboption(list, PXE_BOOT_SERVERS));
    } else if (names_install_files(list)) {
        dhcp_boot_file(lists, BOOT_FROM_VENDOR_FILE,
                       dhcp_find_suboption(list, INSTALL_CONFIGURATION));
        dhcp_boot_file(lists, BOOT_FROM_VENDOR_FILE, dhcp_find_suboption(list, INSTALL_IMAGE));
    } else {
        add_pnp_server(lists, message->vendor_options);
    }
}

/* Calls |add| for each text of option |code|. */
static void add_texts(struct dhcp_boot_lists *lists, const struct dhcp_message *message,
                      uint8_t code, enum dhcp_boot_source source,
                      void (*add)(struct dhcp_boot_lists *, enum dhcp_boot_source, struct span))
{
    struct span value = dhcp_option(message, code);
    if (!span_seen(value))
        return;
    for (struct reader r = reader_of(value); reader_left(&r) > 0;)
        add(lists, source, dhcp_next_part(&r, '\0'));
}

static void add_servers(struct dhcp_boot_lists *lists, const struct dhcp_message *message,
                        struct span sname)
{
    dhcp_boot_address(lists, BOOT_FROM_SIADDR, message->next_server);
    dhcp_boot_server(lists, BOOT_FROM_SNAME, sname);
    add_texts(lists, message, OPTION_TFTP_SERVER, BOOT_FROM_OPTION_66, dhcp_boot_server);
    if (span_seen(message->tftp_servers))
        for (struct reader r = reader_of(message->tftp_servers); reader_more(&r);)
            dhcp_boot_address(lists, BOOT_FROM_OPTION_150, reader_bytes(&r, 4));
}

static void add_files(struct dhcp_boot_lists *lists, const struct dhcp_message *message,
                      struct span file)
{
    dhcp_boot_file(lists, BOOT_FROM_FILE, file);
    add_texts(lists, message, OPTION_BOOTFILE, BOOT_FROM_OPTION_67, dhcp_boot_file);
    add_texts(lists, message, OPTION_PXELINUX_CONFIG, BOOT_FROM_OPTION_209, dhcp_boot_file);
    if (span_seen(message->sztp_uris))
        for (struct reader r = reader_of(message->sztp_uris); reader_more(&r);)
            dhcp_boot_file(lists, BOOT_FROM_SZTP, reader_span_vec16(&r));
}

/* Network devices take the first address of option 150 before the name in option 66, its stand-in sname and siaddr;
 * PXE takes siaddr, and asks the DHCP server itself for want of it. The file in option 67 counts before the field. */
void dhcp_options_boot(struct dhcp_message *message, struct dhcp_list *room)
{
    static const uint8_t files[] = {BOOT_FROM_OPTION_67, BOOT_FROM_FILE, BOOT_FROM_VENDOR_FILE,
                                    BOOT_FROM_SZTP, 0};
    static const uint8_t device[] = {BOOT_FROM_OPTION_150,
                                     BOOT_FROM_OPTION_66,
                                     BOOT_FROM_SNAME,
                                     BOOT_FROM_SIADDR,
                                     BOOT_FROM_PNP,
                                     BOOT_FROM_SERVER_ID,
                                     0};
    static const uint8_t pxe[] = {BOOT_FROM_SIADDR, BOOT_FROM_PXE_SERVERS, BOOT_FROM_SERVER_ID, 0};
    struct span sname = message->sname, file = message->file;
    message->sname = dhcp_boot_without_credentials(sname, room);
    message->file = dhcp_boot_without_credentials(file, room);
    if (message->op.value != OP_REPLY)
        return;
    struct dhcp_boot_lists lists = dhcp_boot_begin(room);
    add_servers(&lists, message, sname);
    add_files(&lists, message, file);
    add_vendor_files(&lists, message);
    if (lists.num_files > 0 || message->pxe == TRUTH_YES)
        dhcp_boot_address(&lists, BOOT_FROM_SERVER_ID, message->server_id);
    message->boot = dhcp_boot_decide(&lists, files, message->pxe == TRUTH_YES ? pxe : device);
    struct span mode = dhcp_find_suboption(message->vendor_suboptions, INSTALL_TRANSFER_MODE);
    if (message->boot.file_source.value == BOOT_FROM_VENDOR_FILE &&
        !dhcp_boot_is_url(message->boot.file))
        message->boot.scheme = dhcp_boot_scheme_name(mode);
}
