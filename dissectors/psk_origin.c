/* psk_origin.c: tells external PSK identities from resumption tickets: RFC 8446 section 4.2.11, RFC
 * 9258 section 5.1. Reads the identity, its ticket age and its binder's length; knows nothing of
 * other sessions. */
#include "dissectors/psk_origin.h"

#include "core/reader.h"

#include <assert.h>

/* struct {
 *     opaque external_identity<1...2^16-1>;
 *     opaque context<0..2^16-1>;
 *     uint16 target_protocol;
 *     uint16 target_kdf;
 * } ImportedIdentity; */
static bool imported_read(struct span identity, struct psk_imported *import)
{
    enum { TLS_1_3 = 0x0304, DTLS_1_3 = 0xfefc, HKDF_SHA256 = 1, HKDF_SHA384 = 2 };
    struct reader r = reader_of(identity);
    import->external_identity = reader_span_vec16(&r);
    import->context = reader_span_vec16(&r);
    import->target_protocol = reader_u16(&r);
    import->target_kdf = reader_u16(&r);
    reader_finish(&r, "imported_identity");
    return reader_ok(&r) && import->external_identity.len > 0 &&
           (import->target_protocol == TLS_1_3 || import->target_protocol == DTLS_1_3) &&
           (import->target_kdf == HKDF_SHA256 || import->target_kdf == HKDF_SHA384);
}

/* Bytes that a server may have encrypted: so many, and so evenly spread. Of n random bytes the
 * entropy is near log2(n) for small n; five sixths of that are passed by all but structured bytes.
 */
static bool may_be_ticket(const struct psk_identity_class *class)
{
    enum { SMALLEST_TICKET = 32 };
    static const struct {
        size_t len;
        unsigned entropy;
    } least[] = {{1024, 700}, {256, 600}, {128, 540}, {64, 480}, {SMALLEST_TICKET, 400}};
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        if (class->len >= least[i].len)
            return class->entropy >= least[i].entropy;
    return false;
}

static bool is_opaque(const struct psk_identity_class *class)
{
    return class->kind == PSK_KIND_OPAQUE || class->kind == PSK_KIND_OPAQUE_TEXT;
}

/* Text that says something, beyond what a server might make of its ticket numbers. */
static bool is_telling(const struct psk_identity_class *class)
{
    return class->utf8 && !is_opaque(class) && class->len >= 4;
}

enum {
    EXTERNAL_TEXT = 1,
    EXTERNAL_SHORT,
    UNKNOWN_HASH,
    UNKNOWN_RANDOM,
    UNKNOWN_NAMING,
    TICKET_RANDOM,
    TICKET_AGE,
    IMPORTED,
    IMPORTED_AGE,
    IN_KEY_EXCHANGE
};

/* By code. */
static const struct psk_origin judgements[] = {
    {PSK_ORIGIN_UNKNOWN, CONFIDENCE_POSSIBLE, "Nothing is known of the identity.", .code = 0},
    {PSK_ORIGIN_EXTERNAL, CONFIDENCE_CERTAIN,
     "The ticket age is 0, as external identities have it, and the identity is text.",
     .code = EXTERNAL_TEXT},
    {PSK_ORIGIN_EXTERNAL, CONFIDENCE_LIKELY,
     "The ticket age is 0, as external identities have it, and the identity is too short or too "
     "regular for a ticket.",
     .code = EXTERNAL_SHORT},
    {PSK_ORIGIN_UNKNOWN, CONFIDENCE_POSSIBLE,
     "The ticket age is 0, as external identities have it, but the identity looks as random as a "
     "ticket, and its hash is not the SHA-256 that external keys have by default.",
     .code = UNKNOWN_HASH},
    {PSK_ORIGIN_UNKNOWN, CONFIDENCE_POSSIBLE,
     "The ticket age is 0, as external identities have it, but the identity looks as random as a "
     "ticket.",
     .code = UNKNOWN_RANDOM},
    {PSK_ORIGIN_UNKNOWN, CONFIDENCE_POSSIBLE,
     "There is a ticket age, as tickets have it, but the identity is text of a kind that names "
     "somebody or something.",
     .code = UNKNOWN_NAMING},
    {PSK_ORIGIN_TICKET, CONFIDENCE_CERTAIN,
     "There is a ticket age, and the identity looks as random as a ticket.", .code = TICKET_RANDOM},
    {PSK_ORIGIN_TICKET, CONFIDENCE_LIKELY,
     "There is a ticket age, which external identities should not have.", .code = TICKET_AGE},
    {PSK_ORIGIN_EXTERNAL, CONFIDENCE_CERTAIN,
     "It is an ImportedIdentity of RFC 9258 with a ticket age of 0.", .imported = true,
     .code = IMPORTED},
    {PSK_ORIGIN_EXTERNAL, CONFIDENCE_LIKELY,
     "It is an ImportedIdentity of RFC 9258, although it has a ticket age.", .imported = true,
     .code = IMPORTED_AGE},
    {PSK_ORIGIN_EXTERNAL, CONFIDENCE_CERTAIN,
     "Identities in a ClientKeyExchange are always external.", .code = IN_KEY_EXCHANGE},
};

struct psk_origin psk_origin_by_code(uint8_t code)
{
    assert(code < sizeof judgements / sizeof *judgements);
    return judgements[code];
}

static uint8_t without_age(const struct psk_offer *offer, const struct psk_identity_class *class)
{
    if (is_telling(class))
        return EXTERNAL_TEXT;
    if (!may_be_ticket(class))
        return EXTERNAL_SHORT;
    return offer->binder_len.seen && offer->binder_len.value != 32 ? UNKNOWN_HASH : UNKNOWN_RANDOM;
}

static uint8_t with_age(const struct psk_identity_class *class)
{
    bool plain_text = class->kind == PSK_KIND_PRINTABLE || class->kind == PSK_KIND_UTF8;
    if (is_telling(class) && !plain_text)
        return UNKNOWN_NAMING;
    return is_opaque(class) && may_be_ticket(class) ? TICKET_RANDOM : TICKET_AGE;
}

struct psk_origin psk_origin_of(const struct psk_offer *offer, struct psk_identity_class *class)
{
    struct psk_imported import;
    if (imported_read(offer->identity, &import)) {
        *class = psk_identity_classify(import.external_identity);
        struct psk_origin origin =
            psk_origin_by_code(offer->ticket_age == 0 ? IMPORTED : IMPORTED_AGE);
        origin.import = import;
        return origin;
    }
    *class = psk_identity_classify(offer->identity);
    return psk_origin_by_code(offer->ticket_age == 0 ? without_age(offer, class) : with_age(class));
}

struct psk_origin psk_origin_in_key_exchange(void)
{
    return psk_origin_by_code(IN_KEY_EXCHANGE);
}

const char *psk_origin_name(enum psk_origin_verdict verdict)
{
    switch (verdict) {
    case PSK_ORIGIN_EXTERNAL:
        return "external";
    case PSK_ORIGIN_TICKET:
        return "resumption";
    case PSK_ORIGIN_UNKNOWN:
        break;
    }
    return "unknown";
}

const char *psk_origin_kind(const struct psk_origin *origin)
{
    return origin->imported ? "imported" : psk_origin_name(origin->verdict);
}

const char *psk_origin_code_kind(uint64_t code)
{
    if (code >= sizeof judgements / sizeof *judgements)
        return NULL;
    return psk_origin_kind(&judgements[code]);
}
