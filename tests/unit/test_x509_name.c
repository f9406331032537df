/* test_x509_name.c: core/x509_name.c and x509_plain_name.c: names of certificates as text, whether they are plain or
 * not, are what libcrypto makes of them. */
#include "core/x509_name.h"
#include "core/x509_plain_name.h"

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct part {
    int type, string; /* NID, tag */
    const char *value;
    bool joined; /* in one SET with the part before */
};

struct row {
    struct part parts[5];
    const char *text, *common;
    bool plain;
};

static const struct row rows[] = {
    {{{NID_countryName, V_ASN1_PRINTABLESTRING, "DE"},
      {NID_organizationName, V_ASN1_UTF8STRING, "Name & Co (1)"},
      {NID_commonName, V_ASN1_UTF8STRING, "*.a.example"}},
     "CN=*.a.example,O=Name & Co (1),C=DE",
     "*.a.example",
     true},
    {{{NID_domainComponent, V_ASN1_IA5STRING, "example"},
      {NID_domainComponent, V_ASN1_IA5STRING, "a"},
      {NID_stateOrProvinceName, V_ASN1_PRINTABLESTRING, "S"},
      {NID_localityName, V_ASN1_PRINTABLESTRING, "L"},
      {NID_organizationalUnitName, V_ASN1_PRINTABLESTRING, "U=1"}},
     "OU=U=1,L=L,ST=S,DC=a,DC=example",
     "",
     true},
    {{{NID_commonName, V_ASN1_UTF8STRING, "first"},
      {NID_serialNumber, V_ASN1_PRINTABLESTRING, "12"},
      {NID_commonName, V_ASN1_UTF8STRING, "second"},
      {NID_pkcs9_emailAddress, V_ASN1_IA5STRING, "a@b.example"}},
     "emailAddress=a@b.example,CN=second,serialNumber=12,CN=first",
     "second",
     true},
    {{{NID_commonName, V_ASN1_UTF8STRING, "a,b"}}, "CN=a\\,b", "a,b", true},
    {{{NID_commonName, V_ASN1_UTF8STRING, "#a"}}, "CN=\\#a", "#a", false},
    {{{NID_commonName, V_ASN1_UTF8STRING, " a "}}, "CN=\\ a\\ ", " a ", false},
    {{{NID_commonName, V_ASN1_UTF8STRING, "a\"+<>;\\b"}},
     "CN=a\\\"\\+\\<\\>\\;\\\\b",
     "a\"+<>;\\b",
     true},
    {{{NID_commonName, V_ASN1_UTF8STRING, "\xc3\xa4"}}, "CN=\xc3\xa4", "\xc3\xa4", false},
    {{{NID_commonName, V_ASN1_T61STRING, "a"}}, "CN=a", "a", false},
    {{{NID_givenName, V_ASN1_UTF8STRING, "a"}}, "GN=a", "", false},
    {{{NID_organizationName, V_ASN1_UTF8STRING, "a"},
      {NID_commonName, V_ASN1_UTF8STRING, "b", true}},
     NULL,
     "b",
     false},
};

static size_t encode(const struct row *row, uint8_t out[512])
{
    X509_NAME *name = X509_NAME_new();
    for (size_t i = 0; i < 5 && row->parts[i].value != NULL; i++) {
        const struct part *part = &row->parts[i];
        assert_int_equal(X509_NAME_add_entry_by_NID(name, part->type, part->string,
                                                    (const unsigned char *)part->value, -1, -1,
                                                    part->joined ? -1 : 0),
                         1);
    }
    int len = i2d_X509_NAME(name, &out);
    X509_NAME_free(name);
    assert_in_range(len, 1, 512);
    return (size_t)len;
}

static void says(struct span got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.at, want, got.len);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[512];
        char text[256];
        size_t len = encode(&rows[i], bytes);
        struct x509_plain_name plain;
        assert_int_equal(x509_plain_name_read(span_of(bytes, len), &plain), rows[i].plain);
        if (rows[i].text != NULL)
            says(span_of(text, x509_name_text(span_of(bytes, len), text, sizeof text)),
                 rows[i].text);
        says(span_of(text, x509_name_common(span_of(bytes, len), text, sizeof text)),
             rows[i].common);
    }
}

/* The other reader of plain names says the same, or that the bytes are none, whatever is changed in them. */
static void test_changed(void **state)
{
    (void)state;
    unsigned plain_ones = 0;
    uint8_t bytes[512];
    size_t len = encode(&rows[0], bytes);
    for (size_t i = 0; i < len; i++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t before = bytes[i];
            bytes[i] = (uint8_t)value;
            struct x509_plain_name plain;
            const unsigned char *at = bytes;
            bool is_plain = x509_plain_name_read(span_of(bytes, len), &plain);
            X509_NAME *name = is_plain ? d2i_X509_NAME(NULL, &at, (long)len) : NULL;
            if (is_plain) {
                char text[256], *want;
                BIO *printed = BIO_new(BIO_s_mem());
                assert_non_null(name);
                assert_true(at == bytes + len);
                X509_NAME_print_ex(printed, name, 0,
                                   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
                long want_len = BIO_get_mem_data(printed, &want);
                assert_int_equal(x509_name_text(span_of(bytes, len), text, sizeof text), want_len);
                assert_memory_equal(text, want, (size_t)want_len);
                BIO_free(printed);
                plain_ones++;
            }
            X509_NAME_free(name);
            bytes[i] = before;
        }
    assert_true(plain_ones > 1000);
}

/* Every prefix is no name, and nothing is written beyond the room there is. */
static void test_bounds(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = encode(&rows[0], bytes);
    for (size_t part = 0; part < len; part++) {
        char text[256];
        uint8_t *exact = malloc(part + 1);
        memcpy(exact, bytes, part);
        assert_int_equal(x509_name_text(span_of(exact, part), text, sizeof text), 0);
        assert_int_equal(x509_name_common(span_of(exact, part), text, sizeof text), 0);
        free(exact);
    }
    size_t want = strlen(rows[0].text);
    for (size_t size = 0; size <= want + 1; size++) {
        char *exact = malloc(size + 1);
        size_t got = x509_name_text(span_of(bytes, len), exact, size);
        assert_int_equal(got, size < want ? 0 : want);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests_name("x509_name", tests, NULL, NULL);
}
