/* test_tls_fingerprint.c: JA3, JA3S and JA4 against published examples. */
#include "dissectors/tls_fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct bytes {
    uint8_t at[4096];
    size_t len;
};

static void put16(struct bytes *b, unsigned number)
{
    b->at[b->len++] = (uint8_t)(number >> 8);
    b->at[b->len++] = (uint8_t)number;
}

/* Codes as the wire has them; the list ends with -1. */
static struct span codes(struct bytes *b, const int *list)
{
    size_t start = b->len;
    for (; *list >= 0; list++)
        put16(b, (unsigned)*list);
    return span_of(b->at + start, b->len - start);
}

/* Extensions without content. */
static struct span extensions(struct bytes *b, const int *list)
{
    size_t start = b->len;
    for (; *list >= 0; list++) {
        put16(b, (unsigned)*list);
        put16(b, 0);
    }
    return span_of(b->at + start, b->len - start);
}

static void says(bool (*fingerprint)(const void *, struct derived *), const void *hello,
                 const char *want)
{
    struct derived text;
    assert_true(fingerprint(hello, &text));
    assert_int_equal(text.len, strlen(want));
    assert_memory_equal(text.text, want, text.len);
}

/* The two examples in the text of JA3's authors:
 * 769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0 and 769,4-5-10-9-100-98-3-6-19-18-99,,, */
static void ja3_as_published(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    struct tls_client_hello hello = {.transport = "tls", .legacy_version = number(769)};
    hello.ciphers =
        codes(&b, (const int[]){47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4, -1});
    hello.extensions = extensions(&b, (const int[]){0, 10, 11, -1});
    hello.groups = codes(&b, (const int[]){23, 24, 25, -1});
    hello.point_formats = span_of("\0", 1);
    says(tls_ja3, &hello, "ada70206e40642a3e4461f35503241d5");
    struct tls_client_hello bare = {.transport = "tls", .legacy_version = number(769)};
    bare.ciphers = codes(&b, (const int[]){4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99, -1});
    says(tls_ja3, &bare, "de350869b8c85de67a350c8d186f11e6");
}

static void grease_does_not_count(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    struct tls_client_hello hello = {.transport = "tls", .legacy_version = number(769)};
    hello.ciphers = codes(&b, (const int[]){0x0a0a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50,
                                            0xdada, 56, 19, 4, -1});
    hello.extensions = extensions(&b, (const int[]){0x1a1a, 0, 10, 11, 0xfafa, -1});
    hello.groups = codes(&b, (const int[]){0x2a2a, 23, 24, 25, -1});
    hello.point_formats = span_of("\0", 1);
    says(tls_ja3, &hello, "ada70206e40642a3e4461f35503241d5");
}

/* The string of the authors' example, 769,47,65281-0-11-35-5-16, and what md5sum says of it. */
static void ja3s_of_the_example(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    struct tls_server_hello hello = {
        .transport = "tls", .legacy_version = number(769), .cipher = number(47)};
    hello.extensions = extensions(&b, (const int[]){65281, 0, 11, 35, 5, 16, -1});
    says(tls_ja3s, &hello, "836ce314215654b5b1f85f97c73e506f");
}

/* The worked example of JA4's specification, in the order of a browser's hello, GREASE included. */
static struct tls_client_hello browser_hello(struct bytes *b)
{
    struct tls_client_hello hello = {.transport = "tls", .legacy_version = number(0x0303)};
    hello.ciphers =
        codes(b, (const int[]){0x3a3a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                               0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035, -1});
    hello.extensions =
        extensions(b, (const int[]){0x4a4a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d,
                                    0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a,
                                    0x0015, 0x5a5a, -1});
    hello.signature_schemes =
        codes(b, (const int[]){0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, -1});
    hello.versions = codes(b, (const int[]){0x6a6a, 0x0304, 0x0303, -1});
    hello.alpn = span_of("\x02h2\x08http/1.1", 12);
    return hello;
}

static void ja4_as_published(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    struct tls_client_hello hello = browser_hello(&b);
    says(tls_ja4, &hello, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    hello.transport = "quic";
    says(tls_ja4, &hello, "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void ja4_of_less(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    /* nothing but a version */
    struct tls_client_hello hello = {.transport = "tls", .legacy_version = number(0x0301)};
    says(tls_ja4, &hello, "t10i000000_000000000000_000000000000");
    /* without signature schemes nothing is put behind the extensions */
    hello = browser_hello(&b);
    hello.signature_schemes = (struct span){0};
    says(tls_ja4, &hello, "t13d1516h2_8daaf6152771_6d807ffa2a79");
    /* DTLS counts its versions down */
    hello = (struct tls_client_hello){.transport = "dtls", .legacy_version = number(0xfefd)};
    says(tls_ja4, &hello, "dd2i000000_000000000000_000000000000");
    hello.versions = codes(&b, (const int[]){0xfefd, 0xfefc, -1});
    says(tls_ja4, &hello, "dd3i000000_000000000000_000000000000");
}

static void ja4_takes_the_ends_of_the_protocol(void **state)
{
    (void)state;
    static const struct {
        const char *alpn;
        size_t len;
        const char *want;
    } cases[] = {
        {"\x02h2", 3, "t12i0000h2_000000000000_000000000000"},
        {"\x08http/1.1", 9, "t12i0000h1_000000000000_000000000000"},
        {"\x01h", 2, "t12i0000hh_000000000000_000000000000"},
        {"\x01\xab", 2, "t12i0000ab_000000000000_000000000000"},
        {"\x02\xab\xcd", 3, "t12i0000ad_000000000000_000000000000"},
        {"\x04\x30\xab\xcd\x31", 5, "t12i000001_000000000000_000000000000"},
        {"\x03\x30\xab\xcd", 4, "t12i00003d_000000000000_000000000000"},
        {"\0", 1, "t12i000000_000000000000_000000000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_client_hello hello = {.transport = "tls",
                                         .legacy_version = number(0x0303),
                                         .alpn = span_of(cases[i].alpn, cases[i].len)};
        says(tls_ja4, &hello, cases[i].want);
    }
}

static void counts_stop_at_99(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    struct tls_client_hello hello = {.transport = "tls", .legacy_version = number(0x0303)};
    for (unsigned i = 0; i < 120; i++)
        put16(&b, 0x1000 + i);
    hello.ciphers = span_of(b.at, b.len);
    struct derived text;
    assert_true(tls_ja4(&hello, &text));
    assert_memory_equal(text.text, "t12i990000_", 11);
}

static void ssl2_has_none(void **state)
{
    (void)state;
    const struct tls_client_hello hello = {
        .transport = "tls", .ssl2 = TRUTH_YES, .legacy_version = number(2)};
    struct derived text;
    assert_false(tls_ja3(&hello, &text));
    assert_false(tls_ja4(&hello, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ja3_as_published),    cmocka_unit_test(grease_does_not_count),
        cmocka_unit_test(ja3s_of_the_example), cmocka_unit_test(ja4_as_published),
        cmocka_unit_test(ja4_of_less),         cmocka_unit_test(ja4_takes_the_ends_of_the_protocol),
        cmocka_unit_test(counts_stop_at_99),   cmocka_unit_test(ssl2_has_none),
    };
    return cmocka_run_group_tests_name("tls_fingerprint", tests, NULL, NULL);
}
