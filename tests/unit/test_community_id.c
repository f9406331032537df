/* test_community_id.c: reports/community_id.c against the baseline of the specification. */
#include "reports/community_id.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* baseline/baseline_deflt.json of the specification, all rows but ICMP; both directions are tried. */
static const struct {
    uint8_t protocol;
    const char *a;
    uint16_t a_port;
    const char *b;
    uint16_t b_port;
    const char *id;
} rows[] = {
    {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, "2607:f8b0:400c:c03::1a", 25,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
    {132, "192.168.170.8", 7, "192.168.170.56", 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
    {6, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {17, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {46, "10.1.12.1", 0, "10.1.12.2", 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
    /* One address, two ports: the order of the ports decides. Computed with Python's hashlib. */
    {6, "127.0.0.1", 40000, "127.0.0.1", 443, "1:zKwXEDULx4mp1OHTCIvxDrfCuwo="},
};

static struct endpoint end_of(const char *address, uint16_t port)
{
    struct endpoint end = {.port = port};
    int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(family, address, end.address), 1);
    return end;
}

static void test_baseline(void **state)
{
    (void)state;
    struct error error = {""};
    struct crypto_digest *sha1 = crypto_digest_new(CRYPTO_SHA1, &error);
    assert_non_null(sha1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint a = end_of(rows[i].a, rows[i].a_port);
        struct endpoint b = end_of(rows[i].b, rows[i].b_port);
        uint8_t version = strchr(rows[i].a, ':') != NULL ? 6 : 4;
        char text[COMMUNITY_ID_SIZE];
        assert_true(community_id(sha1, &a, &b, version, rows[i].protocol, text));
        assert_string_equal(text, rows[i].id);
        assert_true(community_id(sha1, &b, &a, version, rows[i].protocol, text));
        assert_string_equal(text, rows[i].id);
    }
    crypto_digest_free(sha1);
}

static void test_icmp_has_none(void **state)
{
    (void)state;
    struct error error = {""};
    struct crypto_digest *sha1 = crypto_digest_new(CRYPTO_SHA1, &error);
    struct endpoint a = end_of("192.0.2.1", 0), b = end_of("192.0.2.2", 0);
    char text[COMMUNITY_ID_SIZE];
    assert_false(community_id(sha1, &a, &b, 4, PROTO_ICMP, text));
    assert_false(community_id(sha1, &a, &b, 6, PROTO_ICMP6, text));
    crypto_digest_free(sha1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_baseline),
        cmocka_unit_test(test_icmp_has_none),
    };
    return cmocka_run_group_tests_name("community_id", tests, NULL, NULL);
}
