/* certificate_builder.h: certificates as DER, made of what a test says. Their signatures are of no use: nobody checks
 * them. */
#ifndef PERPASS_TESTS_CERTIFICATE_BUILDER_H
#define PERPASS_TESTS_CERTIFICATE_BUILDER_H

#include "core/der.h"
#include "dissectors/tls_flight.h"

#include <stdlib.h>

enum { BUILDER_MAX = 8192 };

struct builder {
    size_t len;
    uint8_t at[BUILDER_MAX];
};

/* What a certificate is to be; what is left out is like that of most certificates. */
struct made {
    const char *subject,
        *organization;     /* common name; the issuer's organization, NULL: self-issued */
    const char *signature; /* "sha256", "sha1", "md5", "ecdsa-sha1" */
    unsigned rsa_bits;     /* 0: a key on the curve |ec_bits| */
    unsigned ec_bits;      /* 192, 224, 256 */
    const char *not_before, *not_after; /* "200101000000Z" */
    const char *dns[4];
    const char *ip;   /* 4 bytes */
    bool sct, public; /* the extension; a policy of public issuers */
    uint8_t key_byte; /* another key */
};

static inline void put_bytes(struct builder *b, const void *bytes, size_t len)
{
    assert(b->len + len <= sizeof b->at);
    memcpy(b->at + b->len, bytes, len);
    b->len += len;
}

/* A block with |tag| around |inner|; its length has four bytes or one. */
static inline void put_block(struct builder *b, uint8_t tag, const void *inner, size_t len)
{
    uint8_t head[6] = {tag, (uint8_t)len};
    size_t head_len = 2;
    if (len >= 128) {
        head[1] = 0x82;
        head[2] = (uint8_t)(len >> 8);
        head[3] = (uint8_t)len;
        head_len = 4;
    }
    put_bytes(b, head, head_len);
    put_bytes(b, inner, len);
}

static inline void put_built(struct builder *b, uint8_t tag, const struct builder *inner)
{
    put_block(b, tag, inner->at, inner->len);
}

#define PUT_OID(b, ...)                                                                            \
    put_block(b, DER_OID, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void put_signature(struct builder *b, const char *name)
{
    struct builder inner = {.len = 0};
    if (strcmp(name, "sha1") == 0)
        PUT_OID(&inner, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5);
    else if (strcmp(name, "md5") == 0)
        PUT_OID(&inner, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4);
    else if (strcmp(name, "ecdsa-sha1") == 0)
        PUT_OID(&inner, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1);
    else
        PUT_OID(&inner, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11);
    put_built(b, DER_SEQUENCE, &inner);
}

/* One attribute of a Name: 2.5.4.|type|. */
static inline void put_attribute(struct builder *b, uint8_t type, const char *text)
{
    enum { DER_SET = 0x31, DER_UTF8 = 0x0c };
    struct builder attribute = {.len = 0}, set = {.len = 0};
    const uint8_t oid[] = {0x55, 4, type};
    put_block(&attribute, DER_OID, oid, sizeof oid);
    put_block(&attribute, DER_UTF8, text, strlen(text));
    put_built(&set, DER_SEQUENCE, &attribute);
    put_built(b, DER_SET, &set);
}

static inline void put_name(struct builder *b, const char *organization, const char *common)
{
    struct builder name = {.len = 0};
    if (organization != NULL)
        put_attribute(&name, 10, organization);
    if (common != NULL)
        put_attribute(&name, 3, common);
    put_built(b, DER_SEQUENCE, &name);
}

static inline void put_key(struct builder *b, const struct made *made)
{
    struct builder key = {.len = 0}, algorithm = {.len = 0}, bits = {.len = 0};
    put_bytes(&bits, "", 1);
    if (made->rsa_bits != 0) {
        struct builder numbers = {.len = 0};
        uint8_t modulus[1024] = {0x80, made->key_byte};
        size_t len = (made->rsa_bits + 7) / 8;
        modulus[0] = (uint8_t)(0x80 >> (8 * len - made->rsa_bits));
        put_block(&numbers, DER_INTEGER, modulus, len);
        put_block(&numbers, DER_INTEGER, "\x01\0\x01", 3);
        put_built(&bits, DER_SEQUENCE, &numbers);
        PUT_OID(&algorithm, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1);
    } else {
        uint8_t point[] = {4, made->key_byte};
        put_bytes(&bits, point, sizeof point);
        PUT_OID(&algorithm, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1);
        if (made->ec_bits == 192)
            PUT_OID(&algorithm, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1);
        else if (made->ec_bits == 224)
            PUT_OID(&algorithm, 0x2b, 0x81, 4, 0, 33);
        else
            PUT_OID(&algorithm, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7);
    }
    put_built(&key, DER_SEQUENCE, &algorithm);
    put_built(&key, DER_BIT_STRING, &bits);
    put_built(b, DER_SEQUENCE, &key);
}

static inline void put_extension(struct builder *list, const uint8_t *oid, size_t oid_len,
                                 const struct builder *value)
{
    struct builder extension = {.len = 0};
    put_block(&extension, DER_OID, oid, oid_len);
    put_built(&extension, DER_OCTET_STRING, value);
    put_built(list, DER_SEQUENCE, &extension);
}

static inline void put_names(struct builder *list, const struct made *made)
{
    static const uint8_t id[] = {0x55, 0x1d, 0x11};
    struct builder names = {.len = 0}, value = {.len = 0};
    for (size_t i = 0; i < 4 && made->dns[i] != NULL; i++)
        put_block(&names, DER_CONTEXT + X509_DNS, made->dns[i], strlen(made->dns[i]));
    if (made->ip != NULL)
        put_block(&names, DER_CONTEXT + X509_IP, made->ip, 4);
    put_built(&value, DER_SEQUENCE, &names);
    if (names.len > 0)
        put_extension(list, id, sizeof id, &value);
}

static inline void put_extensions(struct builder *b, const struct made *made)
{
    static const uint8_t sct[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2},
                         policies[] = {0x55, 0x1d, 0x20};
    struct builder list = {.len = 0}, value = {.len = 0}, sequence = {.len = 0};
    put_names(&list, made);
    if (made->sct) {
        put_block(&value, DER_OCTET_STRING, "timestamps", 10);
        put_extension(&list, sct, sizeof sct, &value);
    }
    if (made->public) {
        struct builder policy = {.len = 0}, inner = {.len = 0};
        PUT_OID(&inner, 0x67, 0x81, 0x0c, 1, 2, 1);
        put_built(&policy, DER_SEQUENCE, &inner);
        value.len = 0;
        put_built(&value, DER_SEQUENCE, &policy);
        put_extension(&list, policies, sizeof policies, &value);
    }
    put_built(&sequence, DER_SEQUENCE, &list);
    if (list.len > 0)
        put_built(b, DER_EXPLICIT + 3, &sequence);
}

/* certificate_build writes the certificate to |b|. */
static inline void certificate_build(struct builder *b, const struct made *made)
{
    struct builder tbs = {.len = 0}, validity = {.len = 0}, whole = {.len = 0};
    const char *signature = made->signature != NULL ? made->signature : "sha256";
    const char *begin = made->not_before != NULL ? made->not_before : "200101000000Z";
    const char *end = made->not_after != NULL ? made->not_after : "491231235959Z";
    put_block(&tbs, DER_EXPLICIT, "\x02\x01\x02", 3);
    put_block(&tbs, DER_INTEGER, "\x01", 1);
    put_signature(&tbs, signature);
    if (made->organization != NULL)
        put_name(&tbs, made->organization, "Issuer");
    else
        put_name(&tbs, NULL, made->subject);
    put_block(&validity, DER_UTC_TIME, begin, strlen(begin));
    put_block(&validity, DER_UTC_TIME, end, strlen(end));
    put_built(&tbs, DER_SEQUENCE, &validity);
    put_name(&tbs, NULL, made->subject);
    put_key(&tbs, made);
    put_extensions(&tbs, made);
    put_built(&whole, DER_SEQUENCE, &tbs);
    put_signature(&whole, signature);
    put_block(&whole, DER_BIT_STRING, "\0sign", 5);
    b->len = 0;
    put_built(b, DER_SEQUENCE, &whole);
}

/* certificate_of reads |der| as the dissector does. */
static inline struct tls_certificate certificate_of(const struct builder *der, const char *from,
                                                    uint64_t index)
{
    struct tls_certificate certificate = {.transport = "tls",
                                          .from = from,
                                          .type = "x509",
                                          .index = number(index),
                                          .der = span_of(der->at, der->len),
                                          .der_len = number(der->len)};
    struct reader r = reader_of(certificate.der);
    bool whole = x509_read(&r, &certificate.x509);
    assert(whole);
    (void)whole;
    certificate.self_issued = truth(span_equal(certificate.x509.issuer, certificate.x509.subject));
    return certificate;
}

#endif
