/* recognise_name.c: names of persons, hosts and things by their form: RFC 7542, RFC 1123, RFC 4291,
 * RFC 8141, RFC 4514. Reads the form only; nothing is looked up. */
#include "dissectors/recognise.h"

#include <arpa/inet.h>

/* The labels of a host name or a realm. */
struct labels {
    unsigned count;
    bool last_is_alpha; /* the last label has letters (or UTF-8) only, two at least */
    bool well_formed;
};

static bool label_is_well_formed(struct span label, bool utf8)
{
    struct reader r = reader_of(label);
    int last = '-';
    if (label.len == 0 || label.len > 63 || ascii_peek(r) == '-')
        return false;
    while (reader_more(&r)) {
        last = reader_u8(&r);
        if (!ascii_is_alnum((uint8_t)last) && last != '-' && last != '_' && !(utf8 && last >= 0x80))
            return false;
    }
    return last != '-';
}

static bool is_letter(uint8_t c)
{
    return ascii_is_lower(c) || ascii_is_upper(c) || c >= 0x80;
}

/* |utf8|: bytes above 0x7f are allowed, as in realms. */
static struct labels labels_read(struct span text, bool utf8)
{
    struct labels labels = {.well_formed = text.len > 0 && text.len <= 253};
    struct reader r = reader_of(text);
    while (labels.well_formed && reader_more(&r)) {
        struct span label = ascii_until(&r, '.');
        labels.count++;
        labels.well_formed = label_is_well_formed(label, utf8);
        labels.last_is_alpha = (label.len >= 2 && ascii_all(label, is_letter)) ||
                               (label.len > 4 && ascii_equal(span_of(label.at, 4), "xn--"));
    }
    return labels;
}

enum confidence recognise_host(struct span text)
{
    struct labels labels = labels_read(text, false);
    if (!labels.well_formed || labels.count < 2 || !labels.last_is_alpha)
        return RECOGNISED_NOT;
    return CONFIDENCE_LIKELY;
}

/* username of RFC 7542 section 2.2; may be empty, which hides the user and tells the realm. */
static bool user_is_well_formed(struct span user)
{
    struct reader r = reader_of(user);
    while (reader_more(&r)) {
        uint8_t c = reader_u8(&r);
        if (c <= 0x20 || c == 0x7f || c == '"' || c == ',' || c == ';' || c == '<' || c == '>')
            return false;
    }
    return true;
}

enum confidence recognise_nai(struct span text)
{
    struct reader r = reader_of(text);
    struct span user = ascii_until(&r, '@');
    if (user.len == text.len || !user_is_well_formed(user))
        return RECOGNISED_NOT;
    struct labels realm = labels_read(reader_rest(&r), true);
    if (!realm.well_formed || (user.len == 0 && realm.count < 2))
        return RECOGNISED_NOT;
    return realm.count >= 2 && realm.last_is_alpha ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}

bool recognise_realm(struct span text)
{
    struct reader r = reader_of(text);
    struct span before = ascii_until(&r, '@');
    if (before.len == text.len)
        return false;
    return labels_read(reader_rest(&r), true).well_formed;
}

/* |text| as a C string for inet_pton; false when it cannot be an address for its length or a NUL.
 */
static bool address_text(struct span text, char out[INET6_ADDRSTRLEN])
{
    if (text.len == 0 || text.len >= INET6_ADDRSTRLEN || memchr(text.at, '\0', text.len) != NULL)
        return false;
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return true;
}

enum confidence recognise_ipv4(struct span text)
{
    char copy[INET6_ADDRSTRLEN];
    uint8_t address[4];
    if (!address_text(text, copy) || inet_pton(AF_INET, copy, address) != 1)
        return RECOGNISED_NOT;
    /* 1.2.3.4 may be a version number, 10.20.30.40 hardly. */
    bool small = address[0] < 10 && address[1] < 10 && address[2] < 10 && address[3] < 10;
    return small ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
}

enum confidence recognise_ipv6(struct span text)
{
    struct reader r = reader_of(text);
    struct span without_zone = ascii_until(&r, '%');
    char copy[INET6_ADDRSTRLEN];
    uint8_t address[16];
    /* Shorter ones tell nobody ("::1"), or are something else ("a::b"). */
    if (without_zone.len < 6 || !address_text(without_zone, copy) ||
        inet_pton(AF_INET6, copy, address) != 1)
        return RECOGNISED_NOT;
    return strstr(copy, "::") == NULL ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}

/* "urn:" NID ":" NSS: gives the NID, and leaves |r| at the NSS. */
static bool urn_read(struct reader *r, struct span *nid)
{
    if (!ascii_equal(ascii_until(r, ':'), "urn"))
        return false;
    *nid = ascii_until(r, ':');
    struct reader inside = reader_of(*nid);
    if (nid->len < 2 || nid->len > 32 || !reader_ok(r) || reader_left(r) == 0)
        return false;
    while (reader_more(&inside)) {
        uint8_t c = reader_u8(&inside);
        if (!ascii_is_alnum(c) && c != '-')
            return false;
    }
    return true;
}

enum confidence recognise_urn(struct span text)
{
    struct reader r = reader_of(text);
    struct span nid;
    return urn_read(&r, &nid) ? CONFIDENCE_CERTAIN : RECOGNISED_NOT;
}

enum confidence recognise_device_urn(struct span text)
{
    static const char *const namespaces[] = {"dev",  "uuid", "imei",      "imeisv",      "esn",
                                             "meid", "gsma", "imei-imsi", "imei-msisdn", "eui64"};
    struct reader r = reader_of(text);
    struct span nid;
    if (!urn_read(&r, &nid))
        return RECOGNISED_NOT;
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++)
        if (ascii_equal(nid, namespaces[i]))
            return CONFIDENCE_CERTAIN;
    return RECOGNISED_NOT;
}

/* attributeType of RFC 4514 section 3, the ones people use, in lower case. */
static bool is_attribute(struct span name)
{
    static const char *const attributes[] = {
        "cn",    "o",      "ou",           "c",  "l",  "st", "s",         "dc",
        "uid",   "street", "serialnumber", "sn", "gn", "e",  "givenname", "emailaddress",
        "title", "pc",     "postalcode"};
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (ascii_equal(name, attributes[i]))
            return true;
    return false;
}

static struct span without_spaces(struct span text)
{
    struct reader r = reader_of(text);
    while (ascii_take(&r, ' ')) {
    }
    return reader_rest(&r);
}

enum confidence recognise_dn(struct span text)
{
    struct reader r = reader_of(text);
    uint8_t separator = ascii_take(&r, '/') ? '/' : ',';
    bool names_somebody = false;
    unsigned parts = 0;
    while (reader_more(&r)) {
        struct span part = without_spaces(ascii_until(&r, separator));
        struct reader pair = reader_of(part);
        struct span name = ascii_until(&pair, '=');
        if (name.len == part.len || reader_left(&pair) == 0 || !is_attribute(name))
            return RECOGNISED_NOT;
        parts++;
        names_somebody = names_somebody || ascii_equal(name, "cn") || ascii_equal(name, "o") ||
                         ascii_equal(name, "dc") || ascii_equal(name, "uid") ||
                         ascii_equal(name, "serialnumber") || ascii_equal(name, "ou");
    }
    if (!names_somebody)
        return RECOGNISED_NOT;
    return parts > 1 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}
