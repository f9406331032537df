/* x509.c: finds its way through certificates and public keys: RFC 5280 section 4.1, RFC 3279, RFC 5480.
 * Reads serial, names, validity, key and the alternative names; leaves other extensions and the
 * signature unread. */
#include "core/x509.h"

#include "core/der.h"

#include <stdio.h>

/* Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE,
 *                          extnValue OCTET STRING } */
static void read_extension(struct reader *list, struct x509 *certificate)
{
    static const uint8_t subject_alt_name[] = {DER_OID, 3, 0x55, 0x1d, 0x11}; /* 2.5.29.17 */
    struct reader extension = der_block(list, DER_SEQUENCE);
    struct span id = reader_bytes(&extension, sizeof subject_alt_name);
    if (!span_equal(id, span_of(subject_alt_name, sizeof subject_alt_name)))
        return;
    if (der_is(&extension, DER_BOOLEAN))
        (void)der_content(&extension, DER_BOOLEAN);
    struct reader value = der_block(&extension, DER_OCTET_STRING);
    struct span names = der_content(&value, DER_SEQUENCE);
    if (reader_ok(&value))
        certificate->names = names;
}

/* The optional end of a TBSCertificate: unique identifiers, then the extensions. */
static void read_extensions(struct reader *tbs, struct x509 *certificate)
{
    while (reader_more(tbs)) {
        uint8_t tag;
        struct reader block = der_next(tbs, &tag);
        if (tag != DER_EXPLICIT + 3)
            continue;
        struct reader list = der_block(&block, DER_SEQUENCE);
        while (reader_more(&list))
            read_extension(&list, certificate);
        reader_close(&block, &list, "certificate.extensions");
        reader_close(tbs, &block, "certificate.extensions");
    }
}

static struct span read_time(struct reader *validity)
{
    return der_whole(validity,
                     der_is(validity, DER_UTC_TIME) ? DER_UTC_TIME : DER_GENERALIZED_TIME);
}

static struct span seen_if_ok(const struct reader *r, struct span part)
{
    return reader_ok(r) ? part : (struct span){0};
}

/* TBSCertificate ::= SEQUENCE { version [0] EXPLICIT INTEGER DEFAULT v1, serialNumber INTEGER,
 *     signature AlgorithmIdentifier, issuer Name, validity SEQUENCE { notBefore Time, notAfter Time },
 *     subject Name, subjectPublicKeyInfo SEQUENCE, ... } */
static void read_tbs(struct reader *tbs, struct x509 *certificate)
{
    if (der_is(tbs, DER_EXPLICIT))
        (void)der_content(tbs, DER_EXPLICIT);
    certificate->serial = seen_if_ok(tbs, der_content(tbs, DER_INTEGER));
    struct reader algorithm = der_block(tbs, DER_SEQUENCE);
    certificate->signature = seen_if_ok(&algorithm, der_whole(&algorithm, DER_OID));
    certificate->issuer = seen_if_ok(tbs, der_whole(tbs, DER_SEQUENCE));
    struct reader validity = der_block(tbs, DER_SEQUENCE);
    certificate->not_before = seen_if_ok(&validity, read_time(&validity));
    certificate->not_after = seen_if_ok(&validity, read_time(&validity));
    certificate->subject = seen_if_ok(tbs, der_whole(tbs, DER_SEQUENCE));
    certificate->key = seen_if_ok(tbs, der_whole(tbs, DER_SEQUENCE));
    read_extensions(tbs, certificate);
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING } */
bool x509_read(struct reader *der, struct x509 *certificate)
{
    *certificate = (struct x509){0};
    struct reader whole = der_block(der, DER_SEQUENCE);
    struct reader tbs = der_block(&whole, DER_SEQUENCE);
    read_tbs(&tbs, certificate);
    reader_close(&whole, &tbs, "certificate.tbs");
    (void)der_content(&whole, DER_SEQUENCE);
    (void)der_content(&whole, DER_BIT_STRING);
    reader_close(der, &whole, "certificate");
    reader_finish(der, "certificate");
    return reader_ok(der);
}

/* The extensions of a whole certificate, wherever they stand. */
static struct reader extensions_of(struct span der)
{
    struct reader r = reader_of(der);
    struct reader whole = der_block(&r, DER_SEQUENCE);
    struct reader tbs = der_block(&whole, DER_SEQUENCE);
    while (reader_more(&tbs)) {
        uint8_t tag;
        struct reader block = der_next(&tbs, &tag);
        if (reader_ok(&tbs) && tag == DER_EXPLICIT + 3)
            return der_block(&block, DER_SEQUENCE);
    }
    return reader_of(span_text(""));
}

bool x509_extension(struct span der, struct span id, struct span *value)
{
    struct reader list = extensions_of(der);
    while (reader_more(&list)) {
        struct reader extension = der_block(&list, DER_SEQUENCE);
        if (!span_equal(der_whole(&extension, DER_OID), id))
            continue;
        if (der_is(&extension, DER_BOOLEAN))
            (void)der_content(&extension, DER_BOOLEAN);
        *value = der_content(&extension, DER_OCTET_STRING);
        return reader_ok(&extension);
    }
    return false;
}

bool x509_next_name(struct reader *names, enum x509_name_form form, struct span *name)
{
    while (reader_more(names)) {
        uint8_t tag;
        struct reader block = der_next(names, &tag);
        if (reader_ok(names) && tag == DER_CONTEXT + form) {
            *name = reader_rest(&block);
            return true;
        }
    }
    return false;
}

/* --- public keys --- */

struct known_oid {
    uint8_t len, content[9];
};

static bool is_oid(struct span oid, const struct known_oid *known)
{
    struct reader r = reader_of(oid);
    return span_equal(der_content(&r, DER_OID), span_of(known->content, known->len));
}

static const struct known_oid rsa = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}},
                              rsa_pss = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10}},
                              dsa = {7, {0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1}},
                              ec = {7, {0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}};

/* The curves of RFC 5480, RFC 5639 and SEC 2 that occur; others stay without a number. */
static struct number curve_bits(struct span curve)
{
    static const struct {
        struct known_oid oid;
        uint16_t bits;
    } curves[] = {
        {{8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1}}, 192}, /* secp192r1 */
        {{5, {0x2b, 0x81, 4, 0, 33}}, 224},                  /* secp224r1 */
        {{8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}}, 256}, /* secp256r1 */
        {{5, {0x2b, 0x81, 4, 0, 10}}, 256},                  /* secp256k1 */
        {{5, {0x2b, 0x81, 4, 0, 34}}, 384},                  /* secp384r1 */
        {{5, {0x2b, 0x81, 4, 0, 35}}, 521},                  /* secp521r1 */
        {{9, {0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7}}, 256},       /* brainpoolP256r1 */
        {{9, {0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11}}, 384},      /* brainpoolP384r1 */
        {{9, {0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13}}, 512},      /* brainpoolP512r1 */
    };
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (is_oid(curve, &curves[i].oid))
            return number(curves[i].bits);
    return (struct number){0};
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } in the BIT STRING, behind the count
 * of its unused bits. */
static void read_rsa(struct reader *bits, struct x509_key *out)
{
    (void)reader_u8(bits);
    struct reader key = der_block(bits, DER_SEQUENCE);
    struct span modulus = der_content(&key, DER_INTEGER);
    if (reader_ok(&key))
        out->bits = number(span_bits(modulus));
}

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY },
 *                                     subjectPublicKey BIT STRING } */
bool x509_key_read(struct span key, struct x509_key *out)
{
    struct reader r = reader_of(key);
    struct reader whole = der_block(&r, DER_SEQUENCE);
    struct reader algorithm = der_block(&whole, DER_SEQUENCE);
    *out = (struct x509_key){0};
    struct span oid = der_whole(&algorithm, DER_OID);
    struct reader bits = der_block(&whole, DER_BIT_STRING);
    reader_close(&r, &whole, "key");
    reader_finish(&r, "key");
    if (!reader_ok(&algorithm))
        return false;
    out->algorithm = oid;
    if (is_oid(oid, &rsa) || is_oid(oid, &rsa_pss)) {
        read_rsa(&bits, out);
    } else if (is_oid(oid, &ec) && der_is(&algorithm, DER_OID)) {
        struct span curve = der_whole(&algorithm, DER_OID);
        if (reader_ok(&algorithm)) {
            out->curve = curve;
            out->bits = curve_bits(curve);
        }
    } else if (is_oid(oid, &dsa) && der_is(&algorithm, DER_SEQUENCE)) {
        struct reader parameters = der_block(&algorithm, DER_SEQUENCE);
        struct span p = der_content(&parameters, DER_INTEGER);
        if (reader_ok(&parameters))
            out->bits = number(span_bits(p));
    }
    return true;
}

/* --- times --- */

struct civil {
    unsigned year, month, day, hour, minute, second;
};

static unsigned digits(struct reader *r, unsigned count)
{
    unsigned value = 0;
    while (count-- > 0) {
        uint8_t c = reader_u8(r);
        if (c < '0' || c > '9')
            reader_fail(r, READER_MALFORMED, "time");
        value = 10 * value + (unsigned)(c - '0') % 10;
    }
    return value;
}

/* YYMMDDHHMMSSZ up to 2049, YYYYMMDDHHMMSSZ from then on. */
static bool read_civil(struct span time, struct civil *at)
{
    uint8_t tag;
    struct reader r = reader_of(time);
    struct reader text = der_next(&r, &tag);
    at->year = digits(&text, tag == DER_UTC_TIME ? 2 : 4);
    if (tag == DER_UTC_TIME)
        at->year += at->year < 50 ? 2000 : 1900;
    at->month = digits(&text, 2);
    at->day = digits(&text, 2);
    at->hour = digits(&text, 2);
    at->minute = digits(&text, 2);
    at->second = digits(&text, 2);
    bool zulu = reader_u8(&text) == 'Z';
    reader_finish(&text, "time");
    return reader_ok(&text) && zulu && at->month >= 1 && at->month <= 12 && at->day >= 1 &&
           at->day <= 31 && at->hour < 24 && at->minute < 60 && at->second <= 60;
}

bool x509_time_text(struct span time, char text[X509_TIME_TEXT])
{
    struct civil at = {0};
    if (!read_civil(time, &at))
        return false;
    snprintf(text, X509_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", at.year % 10000u,
             at.month % 100u, at.day % 100u, at.hour % 100u, at.minute % 100u, at.second % 100u);
    return true;
}

/* Days from 1970-01-01, of the proleptic Gregorian calendar; the year begins in March, so that the leap
 * day is its last. 400 years more keep all numbers positive. */
static int64_t days_of(const struct civil *at)
{
    int64_t year = (int64_t)at->year + 400 - (at->month <= 2);
    int64_t month = (at->month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + (int64_t)at->day - 1;
    int64_t before = year * 365 + year / 4 - year / 100 + year / 400;
    return before + day_of_year - 719468 - 146097;
}

bool x509_time_seconds(struct span time, int64_t *seconds)
{
    struct civil at = {0};
    if (!read_civil(time, &at))
        return false;
    *seconds = days_of(&at) * 86400 + (int64_t)at.hour * 3600 + (int64_t)at.minute * 60 +
               (int64_t)at.second;
    return true;
}
