/* x509_name.c: names and object identifiers by libcrypto; plain names without it. */
#include "core/x509_name.h"

#include "core/x509_plain_name.h"

#include <openssl/err.h>
#include <openssl/x509.h>

/* The Name in all of the bytes, or NULL. */
static X509_NAME *parse_name(struct span bytes)
{
    const unsigned char *at = bytes.at;
    if (!span_seen(bytes) || bytes.len > LONG_MAX)
        return NULL;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)bytes.len);
    if (name != NULL && at == bytes.at + bytes.len)
        return name;
    X509_NAME_free(name);
    ERR_clear_error();
    return NULL;
}

static size_t take(const void *from, size_t len, char *text, size_t size)
{
    if (len > size)
        return 0;
    memcpy(text, from, len);
    return len;
}

static size_t print_name(const X509_NAME *name, BIO *out, char *text, size_t size)
{
    static const unsigned long utf8 = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    char *printed;
    if (X509_NAME_print_ex(out, name, 0, utf8) < 0)
        return 0;
    long len = BIO_get_mem_data(out, &printed);
    return len > 0 ? take(printed, (size_t)len, text, size) : 0;
}

static bool is_special(uint8_t c)
{
    return c == ',' || c == '+' || c == '"' || c == '\\' || c == '<' || c == '>' || c == ';';
}

/* Text that is written as far as there is room. */
struct writer {
    char *text;
    size_t len, size;
};

static void put(struct writer *out, char c)
{
    if (out->len < out->size)
        out->text[out->len] = c;
    out->len++;
}

/* The parts from the last to the first: RFC 4514 section 2.1. */
static size_t plain_text(const struct x509_plain_name *name, char *text, size_t size)
{
    struct writer out = {.text = text, .size = size};
    for (size_t i = name->num; i-- > 0;) {
        const struct x509_plain_part *part = &name->parts[i];
        for (const char *c = part->type; *c != '\0'; c++)
            put(&out, *c);
        put(&out, '=');
        for (size_t at = 0; at < part->value.len; at++) {
            if (is_special(part->value.at[at]))
                put(&out, '\\');
            put(&out, (char)part->value.at[at]);
        }
        if (i != 0)
            put(&out, ',');
    }
    return out.len <= size ? out.len : 0;
}

static size_t plain_common(const struct x509_plain_name *name, char *text, size_t size)
{
    for (size_t i = name->num; i-- > 0;)
        if (strcmp(name->parts[i].type, "CN") == 0)
            return take(name->parts[i].value.at, name->parts[i].value.len, text, size);
    return 0;
}

size_t x509_name_text(struct span bytes, char *text, size_t size)
{
    struct x509_plain_name plain;
    if (x509_plain_name_read(bytes, &plain))
        return plain_text(&plain, text, size);
    X509_NAME *name = parse_name(bytes);
    BIO *out = name != NULL ? BIO_new(BIO_s_mem()) : NULL;
    size_t len = out != NULL ? print_name(name, out, text, size) : 0;
    BIO_free(out);
    X509_NAME_free(name);
    ERR_clear_error();
    return len;
}

/* The entry behind which there is no further common name; -1 without one. */
static int last_common_name(const X509_NAME *name)
{
    int last = -1;
    for (int next = -1; (next = X509_NAME_get_index_by_NID(name, NID_commonName, next)) >= 0;)
        last = next;
    return last;
}

size_t x509_name_common(struct span bytes, char *text, size_t size)
{
    struct x509_plain_name plain;
    if (x509_plain_name_read(bytes, &plain))
        return plain_common(&plain, text, size);
    X509_NAME *name = parse_name(bytes);
    if (name == NULL)
        return 0;
    size_t len = 0;
    int index = last_common_name(name);
    if (index >= 0) {
        unsigned char *utf8 = NULL;
        int utf8_len =
            ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
        if (utf8_len > 0)
            len = take(utf8, (size_t)utf8_len, text, size);
        OPENSSL_free(utf8);
    }
    X509_NAME_free(name);
    ERR_clear_error();
    return len;
}

size_t x509_oid_text(struct span oid, char *text, size_t size)
{
    const unsigned char *at = oid.at;
    if (!span_seen(oid) || oid.len > LONG_MAX)
        return 0;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &at, (long)oid.len);
    size_t len = 0;
    if (object != NULL) {
        char name[128];
        int name_len = OBJ_obj2txt(name, sizeof name, object, 0);
        if (name_len > 0 && (size_t)name_len < sizeof name)
            len = take(name, (size_t)name_len, text, size);
    }
    ASN1_OBJECT_free(object);
    ERR_clear_error();
    return len;
}
