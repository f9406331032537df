/* dhcp6.h: the dissector of DHCPv6, and what it observes. */
#ifndef PERPASS_DISSECTORS_DHCP6_H
#define PERPASS_DISSECTORS_DHCP6_H

#include "core/dissector.h"
#include "dissectors/dhcp_boot.h"
#include "dissectors/dhcp_identity.h"

enum dhcp6_type {
    DHCP6_SOLICIT = 1,
    DHCP6_ADVERTISE = 2,
    DHCP6_REQUEST = 3,
    DHCP6_CONFIRM = 4,
    DHCP6_RENEW = 5,
    DHCP6_REBIND = 6,
    DHCP6_REPLY = 7,
    DHCP6_RELEASE = 8,
    DHCP6_DECLINE = 9,
    DHCP6_RECONFIGURE = 10,
    DHCP6_INFORMATION_REQUEST = 11,
    DHCP6_RELAY_FORW = 12,
    DHCP6_RELAY_REPL = 13,
    DHCP6_LEASEQUERY = 14,
    DHCP6_LEASEQUERY_REPLY = 15,
    DHCP6_LEASEQUERY_DONE = 16,
    DHCP6_LEASEQUERY_DATA = 17,
    DHCP6_RECONFIGURE_REQUEST = 18,
    DHCP6_RECONFIGURE_REPLY = 19,
    DHCP6_DHCPV4_QUERY = 20,
    DHCP6_DHCPV4_RESPONSE = 21,
    DHCP6_ADDR_REG_INFORM = 36, /* RFC 9686 */
    DHCP6_ADDR_REG_REPLY = 37
};

/* "dhcp6.message": one message, whole. A datagram of relays gives one for each message in it, the outermost first:
 * the relays' own have |type| relay-forw or relay-repl, the last one is the client's or the server's and has all that
 * there is to be known of the client. Where an option comes several times, members hold the first, |options| all. */
struct dhcp6_message {
    struct number type;   /* enum dhcp6_type */
    struct number xid;    /* 24 bits; not of relays' messages */
    enum truth to_server; /* clients' and relay-forw; no: servers' and relay-repl */
    struct number depth;  /* how many relays' messages are around this one */

    struct span options;        /* every option in order: u16 code, vec16 value each */
    struct span option_request; /* 6: u16 each */
    enum truth asks_boot;       /* one of them is 59, 60 or 136; option 6 not seen: unknown */

    /* A relay's own message. */
    struct number hops;
    struct span link_address, peer_address; /* 16 bytes */

    /* The relays around the client's message, outermost first; one item for each, empty where the relay says nothing.
       Of a relay's own message: this relay and those around it. Unseen: no relays. */
    struct span relay_links, relay_peers; /* 16 bytes each */
    struct span relay_interface_ids;      /* 18: vec16 each */
    struct span relay_remote_ids;         /* 37, enterprise number and id: vec16 each */
    struct span relay_subscriber_ids;     /* 38: vec16 each */
    struct span
        client_link_address; /* 79 of the relay next to the client (RFC 6939): hardware type and address */
    struct span client_link_mac; /* the address in it, of 6 or 8 bytes */

    /* Who it is. */
    struct dhcp_duid client_duid, server_duid; /* 1, 2 */
    struct span fqdn;                          /* 39: the name as text, labels joined by dots */
    struct number fqdn_flags;                  /* 39 */
    struct span user_classes;                  /* 15: vec16 each */
    struct span vendor_class;                  /* 16: the data, whole: vec16 each */
    struct number vendor_class_enterprise;     /* 16 */
    struct span client_arch;                   /* 61: u16 each */
    struct span client_interface;              /* 62: 3 bytes */
    struct dhcp_serial serial;
    enum truth pxe; /* it has option 61, or a vendor class PXEClient or HTTPClient */

    /* What is given to it, or asked for. */
    struct number elapsed;         /* 8: hundredths of a second */
    enum truth rapid_commit;       /* 14 is there */
    struct span addresses;         /* of 5 in 3 and 4: 16 bytes each */
    struct span lifetimes;         /* of each of |addresses|: its valid lifetime, u32, in seconds */
    struct span prefixes;          /* of 26 in 25: u8 length, 16 bytes each */
    struct number status;          /* 13 of the message itself */
    struct span dns_servers;       /* 23: 16 bytes each */
    struct span server_unicast;    /* 12: 16 bytes */
    struct span vendor_options;    /* 17, all: u32 enterprise, vec16 data each */
    struct span vendor_suboptions; /* of all of 17: u32 enterprise, u16 code, vec16 value each */
    struct span bootfile_url;      /* 59 */
    struct span bootfile_parameters; /* 60: vec16 each */
    struct span sztp_uris;           /* 136: vec16 each */
    struct dhcp_boot boot;
};

extern const struct dissector dissector_dhcp6;
extern const struct observation_type observation_dhcp6_message;

/* dhcp6_option gives the value of the first option |code|, unseen if it is not there. */
struct span dhcp6_option(const struct dhcp6_message *message, uint16_t code);

/* dhcp6_next_lease reads the next of |addresses| and how long it is valid: unseen for 0xffffffff, which is for good (RFC
 * 8415 section 7.7), and where that is not told. 0: it is no longer the client's. */
struct number dhcp6_next_lease(struct reader *addresses, struct reader *lifetimes,
                               struct span *address);

/* dhcp6_type_name gives "solicit" …, NULL for types that nobody registered. */
const char *dhcp6_type_name(uint64_t type);

#endif
