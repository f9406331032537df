/* psk_identity.c: tells kinds of PSK identities apart by their form. Reads bytes; RFC 4279
 * section 5.1 asks for UTF-8, RFC 8446 section 4.2.11 for nothing. */
#include "dissectors/psk_identity.h"
#include "dissectors/recognise.h"

#include <assert.h>

static enum confidence recognise_default_name(struct span text)
{
    return ascii_equal(text, "client_identity") ? CONFIDENCE_CERTAIN : RECOGNISED_NOT;
}

static enum confidence recognise_opaque_text(struct span text)
{
    enum confidence hex = recognise_hex(text);
    return hex != RECOGNISED_NOT ? hex : recognise_base64(text);
}

/* One row a kind. Rows with a recogniser are tried in order, each on the whole text; those with
 * |inside| are then tried on the parts of a text that is nothing as a whole. */
static const struct kind_row {
    const char *name;
    enum severity severity;
    enum confidence (*recognise)(struct span text);
    const char *reason;
    const char *inside;
} kinds[] = {
    [PSK_KIND_EMPTY] = {"empty", SEVERITY_INFO, NULL, "It has no bytes.", NULL},
    [PSK_KIND_DEVICE_URN] = {"urn-device", SEVERITY_HIGH, recognise_device_urn,
                             "It is a URN of a namespace for devices.", NULL},
    [PSK_KIND_NAI] = {"nai", SEVERITY_HIGH, recognise_nai,
                      "It has the form user@realm of network access identifiers and e-mail "
                      "addresses.",
                      NULL},
    [PSK_KIND_MAC] = {"mac", SEVERITY_HIGH, recognise_mac, "It has the form of a MAC address.",
                      "A part of it has the form of a MAC address."},
    [PSK_KIND_EUI64] = {"eui-64", SEVERITY_HIGH, recognise_eui64, "It has the form of an EUI-64.",
                        "A part of it has the form of an EUI-64."},
    [PSK_KIND_MAC_UUID] = {"uuid-mac", SEVERITY_HIGH, recognise_mac_uuid,
                           "It is a UUID of a version that is made of a MAC address.", NULL},
    [PSK_KIND_UUID] = {"uuid", SEVERITY_MEDIUM, recognise_uuid, "It has the form of a UUID.", NULL},
    [PSK_KIND_PHONE] = {"phone", SEVERITY_HIGH, recognise_phone,
                        "It has the form of an international telephone number.", NULL},
    [PSK_KIND_IMEI] =
        {"imei", SEVERITY_HIGH, recognise_imei,
         "It has 15 digits with the check digit of an IMEI and a known reporting body.",
         "A part of it has 15 digits with the check digit of an IMEI and a known "
         "reporting body."},
    [PSK_KIND_ICCID] = {"iccid", SEVERITY_HIGH, recognise_iccid,
                        "It begins with 89 and has the length and the check digit of an ICCID.",
                        "A part of it begins with 89 and has the length and the check digit of an "
                        "ICCID."},
    [PSK_KIND_IMSI] =
        {"imsi", SEVERITY_HIGH, recognise_imsi,
         "It has 15 digits, begins with a mobile country code, and is no IMEI; an IMSI "
         "has no check digit that would prove it.",
         NULL},
    [PSK_KIND_IPV4] = {"ipv4", SEVERITY_HIGH, recognise_ipv4, "It has the form of an IPv4 address.",
                       NULL},
    [PSK_KIND_IPV6] = {"ipv6", SEVERITY_HIGH, recognise_ipv6, "It has the form of an IPv6 address.",
                       NULL},
    [PSK_KIND_DN] = {"dn", SEVERITY_MEDIUM, recognise_dn,
                     "It has the form of a distinguished name.", NULL},
    [PSK_KIND_URN] = {"urn", SEVERITY_MEDIUM, recognise_urn, "It is a URN.", NULL},
    [PSK_KIND_DEFAULT_NAME] = {"default-name", SEVERITY_MEDIUM, recognise_default_name,
                               "It is the identity that TLS software uses when none is set.", NULL},
    [PSK_KIND_OPAQUE_TEXT] = {"opaque-text", SEVERITY_LOW, recognise_opaque_text,
                              "It is hexadecimal or base64 text without a form of its own.", NULL},
    [PSK_KIND_HOST] = {"host", SEVERITY_MEDIUM, recognise_host, "It has the form of a domain name.",
                       NULL},
    [PSK_KIND_SERIAL] = {"serial", SEVERITY_HIGH, recognise_serial,
                         "It is made of digits, or of capitals and digits, as serial numbers are.",
                         NULL},
    [PSK_KIND_PRINTABLE] = {"printable", SEVERITY_MEDIUM, NULL, "It is printable text.", NULL},
    [PSK_KIND_UTF8] = {"utf-8", SEVERITY_MEDIUM, NULL, "It is UTF-8 text.", NULL},
    [PSK_KIND_OPAQUE] = {"opaque", SEVERITY_LOW, NULL, "Its bytes are no text.", NULL},
};

const char *psk_kind_name(enum psk_kind kind)
{
    assert(kind >= PSK_KIND_EMPTY && kind <= PSK_KIND_OPAQUE);
    return kinds[kind].name;
}

enum severity psk_kind_severity(enum psk_kind kind)
{
    assert(kind >= PSK_KIND_EMPTY && kind <= PSK_KIND_OPAQUE);
    return kinds[kind].severity;
}

/* Binary logarithm of |n| > 0 in 1/65536. */
static uint64_t log2_fixed(uint32_t n)
{
    unsigned whole = 31 - (unsigned)__builtin_clz(n);
    uint64_t result = (uint64_t)whole << 16;
    uint64_t x = (uint64_t)n << (31 - whole); /* 1 <= x / 2^31 < 2 */
    for (unsigned bit = 16; bit-- > 0;) {
        x = x * x >> 31;
        if (x >> 32 != 0) {
            x >>= 1;
            result |= (uint64_t)1 << bit;
        }
    }
    return result;
}

unsigned psk_identity_entropy(struct span bytes)
{
    uint32_t counts[256] = {0};
    struct reader r = reader_of(bytes);
    while (reader_more(&r))
        counts[reader_u8(&r)]++;
    if (bytes.len == 0)
        return 0;
    /* H = log2(n) - sum(c * log2(c)) / n. Most bytes come a few times: their logarithms are worked out once. */
    enum { FEW = 8 };
    uint64_t sum = 0, few[FEW] = {0};
    for (size_t i = 0; i < 256; i++) {
        if (counts[i] < FEW)
            few[counts[i]]++;
        else
            sum += counts[i] * log2_fixed(counts[i]);
    }
    for (uint32_t count = 2; count < FEW; count++)
        if (few[count] > 0)
            sum += few[count] * count * log2_fixed(count);
    uint64_t whole = log2_fixed((uint32_t)bytes.len), mean = sum / bytes.len;
    return mean >= whole ? 0 : (unsigned)(((whole - mean) * 100 + 32768) >> 16);
}

static bool ends_in_nul(struct span identity)
{
    struct reader r = reader_of(identity);
    if (identity.len == 0)
        return false;
    reader_skip(&r, identity.len - 1);
    return reader_u8(&r) == 0;
}

/* take_kind sets the kind if |recognise| says yes to |text|; what it says is capped at |most|. */
static bool take_kind(struct psk_identity_class *class, enum psk_kind kind, struct span text,
                      enum confidence most, const char *reason)
{
    enum confidence sure = kinds[kind].recognise(text);
    if (sure == RECOGNISED_NOT)
        return false;
    class->kind = kind;
    class->confidence = sure < most ? sure : most;
    class->reason = reason;
    return true;
}

static bool is_separator(uint8_t c)
{
    return !ascii_is_alnum(c) && c < 0x80;
}

/* A MAC address with its own separators in front of |rest|, or the part up to the next separator.
 */
static struct span part_take(struct reader *rest)
{
    struct reader ahead = *rest;
    struct span mac = reader_bytes(&ahead, 17);
    int after = ascii_peek(ahead);
    if (reader_ok(&ahead) && (after < 0 || !ascii_is_alnum((uint8_t)after)) &&
        recognise_mac(mac) != RECOGNISED_NOT) {
        *rest = ahead;
        return mac;
    }
    struct reader scan = *rest;
    size_t len = 0;
    while (reader_left(&scan) > 0 && !is_separator(reader_u8(&scan)))
        len++;
    struct span part = reader_bytes(rest, len);
    if (reader_left(rest) > 0)
        reader_u8(rest);
    return part;
}

/* A hardware number inside a longer name: "meter-00:11:22:33:44:55", "AP_001122AABBCC". */
static bool classify_parts(struct psk_identity_class *class, struct span text)
{
    struct reader r = reader_of(text);
    while (reader_more(&r)) {
        struct span part = part_take(&r);
        if (part.len == text.len)
            return false;
        for (enum psk_kind kind = PSK_KIND_EMPTY; kind <= PSK_KIND_OPAQUE; kind++)
            if (kinds[kind].inside != NULL &&
                take_kind(class, kind, part, CONFIDENCE_LIKELY, kinds[kind].inside))
                return true;
    }
    return false;
}

static bool classify_text(struct psk_identity_class *class, struct span text)
{
    for (enum psk_kind kind = PSK_KIND_EMPTY; kind <= PSK_KIND_OPAQUE; kind++)
        if (kinds[kind].recognise != NULL &&
            take_kind(class, kind, text, CONFIDENCE_CERTAIN, kinds[kind].reason))
            return true;
    return classify_parts(class, text);
}

static void classify_kind(struct psk_identity_class *class, struct span text)
{
    if (class->utf8 && text.len <= RECOGNISE_MAX_NAME && classify_text(class, text))
        return;
    class->kind = class->len == 0    ? PSK_KIND_EMPTY
                  : class->printable ? PSK_KIND_PRINTABLE
                  : class->utf8      ? PSK_KIND_UTF8
                                     : PSK_KIND_OPAQUE;
    class->confidence = CONFIDENCE_CERTAIN;
    class->reason = kinds[class->kind].reason;
}

struct psk_identity_class psk_identity_classify(struct span identity)
{
    struct psk_identity_class class = {.len = identity.len,
                                       .entropy = psk_identity_entropy(identity)};
    struct span text = identity;
    if (identity.len > 1 && ends_in_nul(identity))
        text = span_of(identity.at, identity.len - 1);
    class.printable = ascii_all(text, ascii_is_printable);
    class.utf8 = utf8_is_text(text);
    class.ends_in_nul = class.utf8 && text.len < identity.len;
    class.realm = class.utf8 && recognise_realm(text);
    classify_kind(&class, text);
    if (class.utf8)
        class.structure = psk_structure_of(text, class.kind, &class.structure_confidence);
    return class;
}
