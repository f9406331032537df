/* psk_origin.h: is an identity in the pre_shared_key extension of TLS 1.3 an external one, or the
 * ticket of an earlier session? The field is the same (RFC 8446 section 4.2.11), so this is a
 * judgement. */
#ifndef PERPASS_DISSECTORS_PSK_ORIGIN_H
#define PERPASS_DISSECTORS_PSK_ORIGIN_H

#include "dissectors/psk_identity.h"

enum psk_origin_verdict {
    PSK_ORIGIN_UNKNOWN = 0, /* could be either */
    PSK_ORIGIN_EXTERNAL,
    PSK_ORIGIN_TICKET
};

/* ImportedIdentity of RFC 9258 section 5.1. */
struct psk_imported {
    struct span external_identity, context;
    uint16_t target_protocol, target_kdf;
};

struct psk_origin {
    enum psk_origin_verdict verdict;
    enum confidence confidence; /* in the verdict; possible for PSK_ORIGIN_UNKNOWN */
    const char *reason;         /* static text, a sentence */
    bool imported;              /* it is an ImportedIdentity */
    uint8_t code;               /* all of the above, in short: for psk_origin_by_code */
    struct psk_imported import; /* read by psk_origin_of only */
};

/* What is known about an identity on offer. */
struct psk_offer {
    struct span identity;
    uint32_t ticket_age;      /* obfuscated_ticket_age */
    struct number binder_len; /* of the binder at its place: the hash of the PSK has this length */
};

/* psk_origin_of judges an |offer| whose identity (or whose external_identity, if it is imported)
 * has the class that is put into |class|. */
struct psk_origin psk_origin_of(const struct psk_offer *offer, struct psk_identity_class *class);

/* psk_origin_by_code gives the judgement of a code back, without |import|; 0 is the code of no judgement. */
struct psk_origin psk_origin_by_code(uint8_t code);

/* psk_origin_in_key_exchange is the origin of every identity in a ClientKeyExchange: external. */
struct psk_origin psk_origin_in_key_exchange(void);

const char *
psk_origin_name(enum psk_origin_verdict verdict); /* "external", "resumption", "unknown" */
const char *psk_origin_kind(const struct psk_origin *origin); /* the same, or "imported" */
const char *psk_origin_code_kind(uint64_t code); /* of a code; NULL for a number that is none */

#endif
