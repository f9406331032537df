/* dhcp_identity.h: what names a DHCP client: DUIDs (RFC 8415 section 11, RFC 6355), client identifiers (RFC 2132, 4361)
 * and the serial numbers that devices put into them and into their vendor classes. */
#ifndef PERPASS_DISSECTORS_DHCP_IDENTITY_H
#define PERPASS_DISSECTORS_DHCP_IDENTITY_H

#include "core/observation.h"

enum duid_type { DUID_LLT = 1, DUID_EN = 2, DUID_LL = 3, DUID_UUID = 4 };

/* A DUID. All-zero: not seen. */
struct dhcp_duid {
    struct span whole;
    struct number type;       /* enum duid_type */
    struct number hardware;   /* LLT, LL: IANA's hardware type */
    struct span mac;          /* LLT, LL, where the address has 6 or 8 bytes */
    struct number time_ns;    /* LLT: when it was made, nanoseconds since 1970 */
    struct number enterprise; /* EN: IANA's enterprise number */
    struct span identifier;   /* EN: what the maker put behind that; UUID: the 16 bytes */
};

/* A serial number, where one can be told from other text. All-zero: none. */
struct dhcp_serial {
    struct span text;
    const char *source; /* "vendor-class" "client-id" "duid" "vendor-options" */
};

/* dhcp_duid_read takes |bytes| apart. What does not fit its type has the type alone. */
struct dhcp_duid dhcp_duid_read(struct span bytes);

const char *dhcp_duid_type_name(uint64_t type);

/* dhcp_is_text says whether |bytes| are printable ASCII, at least one. */
bool dhcp_is_text(struct span bytes);

/* dhcp_serial_of_class looks for the serial number in the text of a vendor class ("Arista;DCS-7050;01.23;JPE123").
 * Unseen if there is none. */
struct span dhcp_serial_of_class(struct span text);

/* dhcp_serial_of_identifier gives |text|, if it looks like a serial number: letters and digits, some of each or
 * digits only, nothing else but '-', '_' and '.'. */
struct span dhcp_serial_of_identifier(struct span text);

#endif
