/* dns.h: what is observed of the Domain Name System in clear (RFC 1035), and of its relatives on the local link, which
 * have the same messages: mDNS (RFC 6762), LLMNR (RFC 4795) and NetBIOS names (RFC 1002). */
#ifndef PERPASS_DISSECTORS_DNS_H
#define PERPASS_DISSECTORS_DNS_H

#include "core/dissector.h"

enum { DNS_MAX_NAME = 255 /* bytes on the wire, RFC 1035 section 2.3.4 */ };

/* "dns.message": a message with its first question, or with the owner of its first record where it has none. Which
 * addresses an answer brings is not read. */
struct dns_message {
    const char *type;         /* "query", "answer" */
    const char *service;      /* "dns", "mdns", "llmnr", "netbios" */
    struct span name;         /* labels joined by dots; the root is "." */
    struct number qtype;      /* of the question, or of the record */
    struct number rcode;      /* answers */
    struct number answers;    /* records in the answer section */
    enum truth client_subnet; /* it tells the network of who asks (RFC 7871) */
};

extern const struct dissector dissector_dns_udp, dissector_dns_tcp;

extern const struct observation_type observation_dns_message;

#endif
