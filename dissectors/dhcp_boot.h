/* dhcp_boot.h: what a DHCP message says of servers and files to boot from: all that it says, and which a client takes. */
#ifndef PERPASS_DISSECTORS_DHCP_BOOT_H
#define PERPASS_DISSECTORS_DHCP_BOOT_H

#include "dissectors/dhcp_list.h"

struct dissect_context;

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

/* Everything that a server's message says, and what counts of it. Lists are walked with
 * dhcp_boot_next; the same server may stand in several places, and does so here. A URL is in |files| whole, and its
 * server in |addresses| or |names|, with the URL's source. Texts that are addresses ("10.0.0.1" in option 66) are in
 * |addresses|. All-zero: nothing said. */
struct dhcp_boot {
    struct span addresses, names, files;  /* dhcp_boot_next; unseen: none */
    struct number num_servers, num_files; /* all, those that the lists had no room for included */
    enum truth
        credentials; /* a URL has a user name or a password, which is left out everywhere here */
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

/* --- for the dissectors --- */

/* The lists while they are made. */
struct dhcp_boot_lists {
    struct dhcp_list addresses, names, files;
    size_t num_servers, num_files;
    enum truth credentials;
};

/* dhcp_boot_begin makes empty lists in |room|. */
struct dhcp_boot_lists dhcp_boot_begin(struct dhcp_list *room);

/* dhcp_boot_address adds an address of 4 or 16 bytes, unless it is unspecified; dhcp_boot_server a text that is an
 * address, a name or a URL of a server; dhcp_boot_file the name of a file, or a URL with the server in it. Unseen and
 * empty spans add nothing. */
void dhcp_boot_address(struct dhcp_boot_lists *lists, enum dhcp_boot_source source,
                       struct span address);
void dhcp_boot_server(struct dhcp_boot_lists *lists, enum dhcp_boot_source source,
                      struct span text);
void dhcp_boot_file(struct dhcp_boot_lists *lists, enum dhcp_boot_source source, struct span text);

/* dhcp_boot_decide takes the lists over and chooses: of |file_order| and |server_order|, which end in 0, the first
 * source that named one. The server in a file's URL comes before any other. */
struct dhcp_boot dhcp_boot_decide(const struct dhcp_boot_lists *lists, const uint8_t *file_order,
                                  const uint8_t *server_order);

/* dhcp_boot_expect has the fetches of the URLs over HTTP recognised: of |client|, an address, or of anybody where that
 * is unseen. */
void dhcp_boot_expect(const struct dhcp_boot *boot, struct span client,
                      struct dissect_context *context);

/* dhcp_boot_scheme_name gives the scheme of a URL that |scheme| is; NULL if it is none of those known. */
const char *dhcp_boot_scheme_name(struct span scheme);
bool dhcp_boot_is_url(struct span text);

/* dhcp_boot_shown gives |value|, any bytes of an option, as far as they may be shown: up to the first user name or
 * password in a URL. */
struct span dhcp_boot_shown(struct span value);

/* dhcp_boot_url_mark is the number of bytes of |value| up to and with the first "://"; all, if there is none. */
size_t dhcp_boot_url_mark(struct span value);

/* dhcp_boot_without_credentials gives |text|, if it is a URL with a user name or a password without these. */
struct span dhcp_boot_without_credentials(struct span text, struct dhcp_list *room);

/* Walkers and names for the rows of events. */
void dhcp_boot_next_value(struct reader *list, struct value *item);
void dhcp_boot_next_source(struct reader *list, struct value *item);
const char *dhcp_boot_source_name(uint64_t source);

/* The rows of a member |boot| that is a struct dhcp_boot. */
#define DHCP_BOOT_LIST_ROWS(path, member, type, name, text, ...)                                   \
    ROW(path name, FIELD_LIST, member, text, .item = type, .next = dhcp_boot_next_value,           \
        __VA_ARGS__),                                                                              \
        ROW(path name "_sources", FIELD_LIST, member, "where each of them stands",                 \
            .item = VALUE_NUMBER, .next = dhcp_boot_next_source, .name_of = dhcp_boot_source_name, \
            IS_PUBLIC)
#define DHCP_BOOT_ROWS(path)                                                                       \
    ROW(path "server_address", FIELD_ADDRESS, boot.server_address,                                 \
        "the server that a client takes to boot from, if it is told by address", IS_ADDRESS),      \
        ROW(path "server_name", FIELD_STRING, boot.server_name, "the same, if by name",            \
            IS_NAME("host")),                                                                      \
        ROW(path "server_source", FIELD_NUMBER, boot.server_source, "where that stands",           \
            IS_PUBLIC, .name_of = dhcp_boot_source_name),                                          \
        ROW(path "file", FIELD_STRING, boot.file,                                                  \
            "the file or URL that a client takes to boot from, without user name and password",    \
            IS_NAME("file")),                                                                      \
        ROW(path "file_source", FIELD_NUMBER, boot.file_source, "where that stands", IS_PUBLIC,    \
            .name_of = dhcp_boot_source_name),                                                     \
        ROW(path "scheme", FIELD_TEXT, boot.scheme, "how it is fetched: tftp, http, https …",      \
            IS_PUBLIC),                                                                            \
        DHCP_BOOT_LIST_ROWS(path, boot.addresses, VALUE_ADDRESS, "server_addresses",               \
                            "every server that is named by address, the URLs' included",           \
                            IS_ADDRESS),                                                           \
        DHCP_BOOT_LIST_ROWS(path, boot.names, VALUE_STRING, "server_names",                        \
                            "every server that is named by name", IS_NAME("host")),                \
        DHCP_BOOT_LIST_ROWS(path, boot.files, VALUE_STRING, "files",                               \
                            "every file or URL, without user name and password", IS_NAME("file")), \
        ROW(path "servers_total", FIELD_NUMBER, boot.num_servers, "how often a server is named",   \
            IS_PUBLIC),                                                                            \
        ROW(path "files_total", FIELD_NUMBER, boot.num_files, "how often a file is named",         \
            IS_PUBLIC),                                                                            \
        ROW(path "credentials", FIELD_TRUTH, boot.credentials,                                     \
            "a URL has a user name or a password", IS_PUBLIC)

#endif
