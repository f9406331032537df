/* dhcp.h: the dissector of BOOTP and DHCPv4, and what it observes. */
#ifndef PERPASS_DISSECTORS_DHCP_H
#define PERPASS_DISSECTORS_DHCP_H

#include "core/dissector.h"
#include "dissectors/dhcp_boot.h"
#include "dissectors/dhcp_identity.h"

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_DECLINE = 4,
    DHCP_ACK = 5,
    DHCP_NAK = 6,
    DHCP_RELEASE = 7,
    DHCP_INFORM = 8,
    DHCP_FORCERENEW = 9,
    DHCP_LEASEQUERY = 10,
    DHCP_LEASEUNASSIGNED = 11,
    DHCP_LEASEUNKNOWN = 12,
    DHCP_LEASEACTIVE = 13,
    DHCP_BOOTREQUEST = 256, /* without option 53: BOOTP */
    DHCP_BOOTREPLY = 257
};

/* "dhcp.message": one message, whole. The flow says little: every client of a segment sends from 0.0.0.0 to
 * 255.255.255.255, and relays stand for others; |client_mac|, |client_id| and |xid| tell clients apart.
 * Values of options are whole: parts of an option that comes several times are put together (RFC 3396), and options
 * in the fields sname and file are read when option 52 says so. An unseen span is an option that is not there. */
struct dhcp_message {
    struct number type; /* enum dhcp_type, or the number in option 53 */
    struct number op;   /* 1 from the client, 2 from the server */
    struct number xid, hops, secs, flags;
    struct number hardware; /* IANA's hardware type of the client's address */
    struct span client_mac; /* chaddr of 6 or 8 bytes; unseen where hlen says other */
    struct span client_address, your_address, next_server,
        relay;               /* ciaddr, yiaddr, siaddr, giaddr: 4
                                                                     bytes; unseen when 0.0.0.0 */
    struct span sname, file; /* text up to the NUL; unseen when empty, or holding options */
    enum truth bootp_only;   /* there is no magic cookie: what is behind |file| is not read */
    enum truth in_dhcpv6;    /* it came in a DHCPv6 message (RFC 7341) */

    struct span options; /* every option in the order of the message, that of |overload| included:
                            u8 code, vec8 value each; without pad and end */
    struct span merged;  /* the same, one of each code: u8 code, vec16 value; dhcp_option() */
    struct number overload; /* option 52: 1 file, 2 sname, 3 both hold options */
    struct span parameters; /* 55: the codes that the client asks for */
    enum truth asks_boot;   /* one of them is 66, 67, 143, 150, 208 to 211; 55 not seen: unknown */

    /* Who it is. */
    struct span client_id;        /* 61 */
    struct span client_id_mac;    /* the hardware address in it, of 6 or 8 bytes */
    struct dhcp_duid duid;        /* the DUID in it (RFC 4361) */
    struct span client_id_iaid;   /* 4 bytes before that DUID: the interface */
    struct span hostname;         /* 12 */
    struct span fqdn;             /* 81: the name as text, labels joined by dots */
    struct number fqdn_flags;     /* 81 */
    struct span domain;           /* 15 */
    struct span vendor_class;     /* 60 */
    struct span user_class;       /* 77, whole */
    struct span user_classes;     /* 77, its items as RFC 3004 has them (vec8), else unseen */
    struct span client_uuid;      /* 97, behind the type 0: 16 bytes as sent */
    struct span client_arch;      /* 93: u16 each */
    struct span client_interface; /* 94: UNDI type and version, 3 bytes */
    struct span vendor_classes;   /* 124: u32 enterprise, vec8 data each */
    struct dhcp_serial serial;
    enum truth pxe;       /* vendor class PXEClient or HTTPClient, or options of such clients */
    enum truth http_boot; /* vendor class HTTPClient */

    /* What is given to it, or asked for. */
    struct span requested_address;          /* 50 */
    struct span server_id;                  /* 54 */
    struct number lease_time;               /* 51, seconds */
    struct span tftp_server_name;           /* 66 */
    struct span bootfile;                   /* 67 */
    struct span tftp_servers;               /* 150: 4 bytes each */
    struct span capwap_servers;             /* 138: 4 bytes each */
    struct span vendor_options;             /* 43, whole */
    struct span vendor_suboptions;          /* 43, if it is a list: u8 code, vec8 value each */
    struct span vendor_specific;            /* 125: u32 enterprise, vec8 data each */
    struct span vendor_specific_suboptions; /* of all of 125: u32 enterprise, u8 code, vec8 value */
    struct span sztp_uris;                  /* 143: vec16 each */
    struct span pxelinux_config;            /* 209 */
    struct dhcp_boot boot;

    /* What relays add: 82. */
    struct span relay_options; /* 82, its suboptions: u8 code, vec8 value each */
    struct span circuit_id, remote_id, subscriber_id; /* 1, 2, 6 */
    struct span link_selection, server_override;      /* 5, 11: 4 bytes */

    /* What nobody reads: bytes behind the end option, behind the NUL of sname and file (or the end
       option in them), behind the hardware address. Unseen: no byte there. */
    struct span options_slack, sname_slack, file_slack, hardware_slack;
    struct number num_pads; /* pad options between others */
};

extern const struct dissector dissector_dhcp;
extern const struct observation_type observation_dhcp_message;

/* dhcp_option gives the whole value of the option |code|, unseen if it is not there. */
struct span dhcp_option(const struct dhcp_message *message, uint8_t code);

/* dhcp_type_name gives "discover" …, NULL for types that nobody registered. */
const char *dhcp_type_name(uint64_t type);

/* dhcp_read_message reads and emits the DHCPv4 message in |bytes|, as dissector_dhcp does, for a message that is
 * inside another one. It uses the scratch. */
void dhcp_read_message(struct reader bytes, enum truth in_dhcpv6, struct dissect_context *context);

/* Walkers of "u8 code, vec8 value": the code, the value. */
void dhcp_next_code(struct reader *list, struct value *item);
void dhcp_next_value(struct reader *list, struct value *item);

#endif
