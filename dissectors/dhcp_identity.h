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

/* dhcp_hardware_address gives |bytes| if they are as long as a MAC address: 6 or 8 bytes; else unseen. */
struct span dhcp_hardware_address(struct span bytes);

/* dhcp_duid_read takes |bytes| apart. What does not fit its type has the type alone. */
struct dhcp_duid dhcp_duid_read(struct span bytes);

const char *dhcp_duid_type_name(uint64_t type);

/* dhcp_next_part takes what is before the next |separator| or the end of |text|, and the separator itself. */
struct span dhcp_next_part(struct reader *text, uint8_t separator);

/* dhcp_is_text says whether |bytes| are printable ASCII, at least one. */
bool dhcp_is_text(struct span bytes);

/* dhcp_serial_of_class looks for the serial number in the text of a vendor class ("Arista;DCS-7050;01.23;JPE123").
 * Unseen if there is none. */
struct span dhcp_serial_of_class(struct span text);

/* dhcp_serial_of_identifier gives |text|, if it looks like a serial number: 8 to 32 capitals and digits, at least
 * three digits, and no hardware address. */
struct span dhcp_serial_of_identifier(struct span text);

/* Rows of a member that is a struct dhcp_duid or a struct dhcp_serial; |path| is a string without the last dot. */
#define DHCP_DUID_ROWS(path, member, whose)                                                        \
    ROW(path ".id", FIELD_BYTES, member.whole, whose " DUID", IS_IDENTIFIER("duid")),              \
        ROW(path ".type", FIELD_NUMBER, member.type, "llt, en, ll or uuid", IS_PUBLIC,             \
            .name_of = dhcp_duid_type_name),                                                       \
        ROW(path ".hardware_type", FIELD_NUMBER, member.hardware, "llt, ll: IANA's hardware type", \
            IS_PUBLIC),                                                                            \
        ROW(path ".mac", FIELD_MAC, member.mac, "llt, ll: the hardware address in it",             \
            IS_ADDRESS),                                                                           \
        ROW(path ".made", FIELD_TIME, member.time_ns, "llt: when it was made", IS_PUBLIC),         \
        ROW(path ".enterprise", FIELD_NUMBER, member.enterprise,                                   \
            "en: IANA's enterprise number of the maker", IS_PUBLIC),                               \
        ROW(path ".identifier", FIELD_BYTES, member.identifier,                                    \
            "en: what the maker put behind that; uuid: the UUID", IS_IDENTIFIER("device"))
#define DHCP_SERIAL_ROWS(path, member)                                                             \
    ROW(path ".number", FIELD_STRING, member.text,                                                 \
        "the device's serial number, where it can be "                                             \
        "told from other text",                                                                    \
        IS_IDENTIFIER("serial")),                                                                  \
        ROW(path ".source", FIELD_TEXT, member.source,                                             \
            "where it is: vendor-class, client-id, duid, vendor-options", IS_PUBLIC)

#endif
