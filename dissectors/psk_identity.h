/* psk_identity.h: what a PSK identity looks like, and how much it tells whoever reads it. */
#ifndef PERPASS_DISSECTORS_PSK_IDENTITY_H
#define PERPASS_DISSECTORS_PSK_IDENTITY_H

#include "core/finding.h"

/* Kinds, in the order in which they are looked for: persons and hardware first. */
enum psk_kind {
    PSK_KIND_EMPTY = 1,
    PSK_KIND_DEVICE_URN,   /* urn:dev:…, urn:imei:…: an endpoint name of LwM2M, mostly */
    PSK_KIND_NAI,          /* network access identifier, e-mail address: user@realm */
    PSK_KIND_MAC,          /* EUI-48 */
    PSK_KIND_EUI64,        /* EUI-64 */
    PSK_KIND_MAC_UUID,     /* UUID that holds a MAC address */
    PSK_KIND_UUID,         /* any other UUID */
    PSK_KIND_PHONE,        /* telephone number with its + */
    PSK_KIND_IMEI,         /* device of a mobile network; check digit right */
    PSK_KIND_ICCID,        /* SIM card; check digit right */
    PSK_KIND_IMSI,         /* subscriber of a mobile network */
    PSK_KIND_IPV4,         /* IP address as text */
    PSK_KIND_IPV6,         /* IP address as text */
    PSK_KIND_DN,           /* distinguished name: CN=…,O=… */
    PSK_KIND_URN,          /* any other URN */
    PSK_KIND_DEFAULT_NAME, /* Client_identity, which comes with much TLS software */
    PSK_KIND_OPAQUE_TEXT,  /* hexadecimal or base64 text of opaque bytes */
    PSK_KIND_HOST,         /* domain name */
    PSK_KIND_SERIAL,       /* serial number, by its form */
    PSK_KIND_PRINTABLE,    /* other printable ASCII */
    PSK_KIND_UTF8,         /* other UTF-8 text */
    PSK_KIND_OPAQUE        /* bytes that are no text */
};

/* The way an identity is put together. */
enum psk_structure {
    PSK_STRUCTURE_NONE = 0,
    PSK_STRUCTURE_NAI,        /* user@realm */
    PSK_STRUCTURE_URN,        /* urn:…:… */
    PSK_STRUCTURE_DN,         /* CN=…,O=… */
    PSK_STRUCTURE_UUID,       /* 8-4-4-4-12 */
    PSK_STRUCTURE_IP_ADDRESS, /* 192.0.2.1 */
    PSK_STRUCTURE_HEX_GROUPS, /* 00:11:22:… */
    PSK_STRUCTURE_HOST,       /* a.b.example */
    PSK_STRUCTURE_JSON,       /* {"a":"b"} */
    PSK_STRUCTURE_XML,        /* <a>b</a> */
    PSK_STRUCTURE_KEY_VALUE,  /* a=b,c=d */
    PSK_STRUCTURE_FIELDS      /* a:b, a-1-c */
};

struct psk_identity_class {
    enum psk_kind kind;
    enum confidence confidence; /* that it is of this kind */
    const char *reason;         /* why it is taken for this kind: static text, a sentence */

    enum psk_structure structure;
    enum confidence structure_confidence; /* 0 without structure */

    size_t len;       /* bytes, as on the wire */
    bool printable;   /* printable ASCII, from the first to the last byte */
    bool utf8;        /* UTF-8 without control characters (printable ASCII included) */
    bool ends_in_nul; /* text followed by a NUL: a C string was sent with its end */
    bool realm;       /* text with "@" and a realm after it */
    unsigned entropy; /* Shannon entropy of its bytes in hundredths of a bit per byte: 0 to 800 */
};

/* psk_identity_classify looks at the |identity|, of any length and content. One NUL at its end does
 * not count for the kind. */
struct psk_identity_class psk_identity_classify(struct span identity);

const char *psk_kind_name(enum psk_kind kind);       /* "mac" */
enum severity psk_kind_severity(enum psk_kind kind); /* of an identity of this kind in clear */
const char *psk_structure_name(enum psk_structure structure); /* "key-value" */

/* psk_structure_of finds the structure of |text|, which is of |kind|. */
enum psk_structure psk_structure_of(struct span text, enum psk_kind kind,
                                    enum confidence *confidence);

/* psk_identity_entropy is the Shannon entropy of |bytes|, in hundredths of a bit per byte. */
unsigned psk_identity_entropy(struct span bytes);

#endif
