/* dhcp_boot.h: what a DHCP message says of servers and files to boot from: all that it says, and which a client takes. */
#ifndef PERPASS_DISSECTORS_DHCP_BOOT_H
#define PERPASS_DISSECTORS_DHCP_BOOT_H

#include "core/observation.h"

/* Where a candidate stands in the message. The code of |source| in lists. */
enum dhcp_boot_source {
    BOOT_FROM_SIADDR = 1,
    BOOT_FROM_SNAME,
    BOOT_FROM_FILE,         /* the field of the header */
    BOOT_FROM_OPTION_66,    /* TFTP server name */
    BOOT_FROM_OPTION_67,    /* bootfile name, or URL */
    BOOT_FROM_OPTION_150,   /* TFTP server addresses, RFC 5859 */
    BOOT_FROM_SERVER_ID,    /* option 54: what PXE takes for want of others */
    BOOT_FROM_PXE_SERVERS,  /* option 43 of PXE, suboption 8 */
    BOOT_FROM_VENDOR_FILE,  /* option 43 of zero-touch provisioning: image and configuration file */
    BOOT_FROM_PNP,          /* option 43 of Cisco's Plug and Play */
    BOOT_FROM_OPTION_209,   /* PXELINUX configuration file, RFC 5071 */
    BOOT_FROM_SZTP,         /* option 143, DHCPv6 136: RFC 8572 */
    BOOT_FROM_BOOTFILE_URL, /* DHCPv6 59: RFC 5970 */
    BOOT_FROM_VENDOR_OPTIONS /* DHCPv6 17 of zero-touch provisioning */
};

/* One item of the lists below. */
struct dhcp_boot_candidate {
    uint8_t source;    /* enum dhcp_boot_source */
    struct span value; /* address: 4 or 16 bytes; name, file: text */
};

/* Everything that a message says, in the order of the message, and what counts of it. Lists are walked with
 * dhcp_boot_next; the same server may stand in several places, and does so here. A URL is in |files| whole, and its
 * server in |addresses| or |names|, with the URL's source. Texts that are addresses ("10.0.0.1" in option 66) are in
 * |addresses|. All-zero: nothing said. */
struct dhcp_boot {
    struct span addresses, names, files; /* u8 source, vec16 value each; unseen: none */
    size_t num_addresses, num_names, num_files;
    /* What a client that wants to boot takes: one of |server_address| and |server_name|, or none. */
    struct span server_address, server_name;
    struct number server_source; /* enum dhcp_boot_source */
    struct span file;            /* a file or a URL */
    struct number file_source;
    const char *scheme; /* by which it is fetched: "tftp" "http" "https" "ftp" "nfs" "iscsi" "file";
                           NULL when no file is named, or the URL has another one */
};

/* dhcp_boot_next takes the next of a list of candidates; false at its end. */
bool dhcp_boot_next(struct reader *list, struct dhcp_boot_candidate *candidate);

/* Walkers and names for the rows of events. */
void dhcp_boot_next_value(struct reader *list, struct value *item);
void dhcp_boot_next_source(struct reader *list, struct value *item);
const char *dhcp_boot_source_name(uint64_t source);

#endif
