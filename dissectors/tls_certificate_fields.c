/* tls_certificate_fields.c: the rows of certificates, and what is worked out of a certificate when somebody
 * asks for it. */
#include "core/crypto.h"
#include "core/x509_name.h"
#include "dissectors/field_rows.h"
#include "dissectors/tls_flight.h"

/* Whether it is what the fields of the Elastic Common Schema are about: the |side|'s own certificate. */
static bool is_own_of(const struct tls_certificate *certificate, const char *side)
{
    return certificate->index.seen && certificate->index.value == 0 && certificate->from != NULL &&
           strcmp(certificate->from, side) == 0;
}

static bool put_name(struct span name, struct derived *room)
{
    room->len = x509_name_text(name, room->text, sizeof room->text);
    return room->len > 0;
}

static bool put_common_name(struct span name, struct derived *room)
{
    room->len = x509_name_common(name, room->text, sizeof room->text);
    return room->len > 0;
}

static bool put_oid(struct span oid, struct derived *room)
{
    room->len = x509_oid_text(oid, room->text, sizeof room->text);
    return room->len > 0;
}

static bool put_time(struct span time, struct derived *room)
{
    room->len = X509_TIME_TEXT - 1;
    return x509_time_text(time, room->text);
}

/* Upper-case, as the Elastic Common Schema has hashes of certificates. */
static bool put_sha256(struct span bytes, struct derived *room)
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    if (!span_seen(bytes) || !crypto_sha256(bytes, hash))
        return false;
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < sizeof hash; i++) {
        room->text[2 * i] = digits[hash[i] >> 4];
        room->text[2 * i + 1] = digits[hash[i] & 0xf];
    }
    room->len = 2 * sizeof hash;
    return true;
}

static struct span der_of(const struct tls_certificate *certificate)
{
    bool x509 = certificate->type != NULL && strcmp(certificate->type, "x509") == 0;
    return x509 ? certificate->der : (struct span){0};
}

static bool subject(const void *data, struct derived *room)
{
    return put_name(((const struct tls_certificate *)data)->x509.subject, room);
}

static bool issuer(const void *data, struct derived *room)
{
    return put_name(((const struct tls_certificate *)data)->x509.issuer, room);
}

static bool subject_cn(const void *data, struct derived *room)
{
    return put_common_name(((const struct tls_certificate *)data)->x509.subject, room);
}

static bool issuer_cn(const void *data, struct derived *room)
{
    return put_common_name(((const struct tls_certificate *)data)->x509.issuer, room);
}

static bool not_before(const void *data, struct derived *room)
{
    return put_time(((const struct tls_certificate *)data)->x509.not_before, room);
}

static bool not_after(const void *data, struct derived *room)
{
    return put_time(((const struct tls_certificate *)data)->x509.not_after, room);
}

static bool sha256(const void *data, struct derived *room)
{
    return put_sha256(der_of(data), room);
}

static bool key_sha256(const void *data, struct derived *room)
{
    return put_sha256(((const struct tls_certificate *)data)->x509.key, room);
}

static bool signature(const void *data, struct derived *room)
{
    return put_oid(((const struct tls_certificate *)data)->x509.signature, room);
}

static bool read_key(const void *data, struct x509_key *key)
{
    struct span bytes = ((const struct tls_certificate *)data)->x509.key;
    return span_seen(bytes) && x509_key_read(bytes, key);
}

static bool key_algorithm(const void *data, struct derived *room)
{
    struct x509_key key;
    return read_key(data, &key) && put_oid(key.algorithm, room);
}

static bool key_curve(const void *data, struct derived *room)
{
    struct x509_key key;
    return read_key(data, &key) && span_seen(key.curve) && put_oid(key.curve, room);
}

static bool key_bits(const void *data, struct derived *room)
{
    struct x509_key key;
    if (!read_key(data, &key) || !key.bits.seen)
        return false;
    room->number = key.bits.value;
    return true;
}

/* The same, of the own certificate of a side. */
#define OF_SIDE(side, what)                                                                        \
    static bool side##_##what(const void *data, struct derived *room)                              \
    {                                                                                              \
        return is_own_of(data, #side) && what(data, room);                                         \
    }
OF_SIDE(server, subject)
OF_SIDE(server, issuer)
OF_SIDE(server, not_before)
OF_SIDE(server, not_after)
OF_SIDE(server, sha256)
OF_SIDE(client, subject)
OF_SIDE(client, issuer)
OF_SIDE(client, not_before)
OF_SIDE(client, not_after)
OF_SIDE(client, sha256)
#undef OF_SIDE

/* A list that has no more names of the form ends: there is nothing to hand out. */
static void next_name(struct reader *list, enum x509_name_form form, struct value *item)
{
    if (!x509_next_name(list, form, &item->bytes))
        reader_fail(list, READER_MALFORMED, NULL);
}

static void next_dns(struct reader *list, struct value *item)
{
    next_name(list, X509_DNS, item);
}

static void next_email(struct reader *list, struct value *item)
{
    next_name(list, X509_EMAIL, item);
}

static void next_uri(struct reader *list, struct value *item)
{
    next_name(list, X509_URI, item);
}

/* Addresses of 4 or 16 bytes; those of other lengths are masks of constraints, or nothing. */
static void next_ip(struct reader *list, struct value *item)
{
    do
        next_name(list, X509_IP, item);
    while (reader_ok(list) && item->bytes.len != 4 && item->bytes.len != 16);
}

#define NAMES(path, walker, item_type, text, ...)                                                  \
    ROW(path, FIELD_LIST, x509.names, text, .item = item_type, .next = walker, __VA_ARGS__)

#define STRUCT struct tls_certificate
static const struct field certificate_fields[] = {
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls, quic or eap",
        IS_PUBLIC),
    DERIVED_AS("tls.server.subject", server_subject, "the server's name, RFC 4514", IS_NAME("dn")),
    DERIVED_AS("tls.server.issuer", server_issuer, "who vouches for it, RFC 4514", IS_NAME("dn")),
    DERIVED("tls.server.not_before", server_not_before, "begin of its validity"),
    DERIVED("tls.server.not_after", server_not_after, "end of its validity"),
    DERIVED_AS("tls.server.hash.sha256", server_sha256, "SHA-256 of the server's certificate",
               IS_IDENTIFIER("certificate")),
    DERIVED_AS("tls.client.subject", client_subject, "the client's name, RFC 4514", IS_NAME("dn")),
    DERIVED_AS("tls.client.issuer", client_issuer, "who vouches for it, RFC 4514", IS_NAME("dn")),
    DERIVED("tls.client.not_before", client_not_before, "begin of its validity"),
    DERIVED("tls.client.not_after", client_not_after, "end of its validity"),
    DERIVED_AS("tls.client.hash.sha256", client_sha256, "SHA-256 of the client's certificate",
               IS_IDENTIFIER("certificate")),
    ROW("perpass.tls.certificate.from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW("perpass.tls.certificate.type", FIELD_TEXT, type, "x509 or raw_public_key", IS_PUBLIC),
    ROW("perpass.tls.certificate.index", FIELD_NUMBER, index,
        "place in the message; 0: the side's own", IS_PUBLIC),
    ROW("perpass.tls.certificate.der_len", FIELD_NUMBER, der_len, "bytes", IS_PUBLIC),
    ROW("perpass.tls.certificate.serial", FIELD_BYTES, x509.serial, "serial number",
        IS_IDENTIFIER("serial")),
    ROW("perpass.tls.certificate.self_issued", FIELD_TRUTH, self_issued,
        "subject and issuer are the same, as where a certificate vouches for itself", IS_PUBLIC),
    DERIVED_AS("perpass.tls.certificate.sha256", sha256, "SHA-256 of the certificate",
               IS_IDENTIFIER("certificate")),
    DERIVED_AS("perpass.tls.certificate.subject", subject, "subject, RFC 4514; up to 2048 bytes",
               IS_NAME("dn")),
    DERIVED_AS("perpass.tls.certificate.issuer", issuer, "issuer, RFC 4514; up to 2048 bytes",
               IS_NAME("dn")),
    DERIVED_AS("perpass.tls.certificate.subject_cn", subject_cn, "the subject's last common name",
               IS_NAME("host")),
    DERIVED_AS("perpass.tls.certificate.issuer_cn", issuer_cn, "the issuer's last common name",
               IS_NAME("host")),
    DERIVED("perpass.tls.certificate.not_before", not_before, "begin of its validity"),
    DERIVED("perpass.tls.certificate.not_after", not_after, "end of its validity"),
    NAMES("perpass.tls.certificate.san_dns", next_dns, VALUE_STRING, "alternative names: hosts",
          IS_NAME("host")),
    NAMES("perpass.tls.certificate.san_email", next_email, VALUE_STRING,
          "alternative names: mail addresses", IS_NAME("email")),
    NAMES("perpass.tls.certificate.san_uri", next_uri, VALUE_STRING, "alternative names: URIs",
          IS_NAME("uri")),
    NAMES("perpass.tls.certificate.san_ip", next_ip, VALUE_ADDRESS,
          "alternative names: IP addresses", IS_ADDRESS),
    DERIVED("perpass.tls.certificate.signature", signature, "algorithm of its signature"),
    DERIVED("perpass.tls.certificate.key.algorithm", key_algorithm, "algorithm of its key"),
    DERIVED_AS("perpass.tls.certificate.key.bits", key_bits,
               "bits of the RSA or DSA modulus, or of the curve", .item = VALUE_NUMBER, IS_PUBLIC),
    DERIVED("perpass.tls.certificate.key.curve", key_curve, "named curve"),
    DERIVED_AS("perpass.tls.certificate.key.sha256", key_sha256, "SHA-256 of its key's DER",
               IS_IDENTIFIER("spki")),
};
#undef STRUCT

static const struct observation_part certificate_parts[] = {PART(tls_certificate, der),
                                                            PART(tls_certificate, x509.signature),
                                                            PART(tls_certificate, x509.issuer),
                                                            PART(tls_certificate, x509.subject),
                                                            PART(tls_certificate, x509.not_before),
                                                            PART(tls_certificate, x509.not_after),
                                                            PART(tls_certificate, x509.key)};

TYPE_WITH_PARTS(observation_tls_certificate, "tls.certificate", certificate_fields,
                certificate_parts, tls_certificate,
                "Up to TLS 1.2: a certificate or public key that a side shows.");
