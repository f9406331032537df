/* test_community_id.c: reports/community_id.c against the baseline of the specification. */
#include "reports/community_id.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* baseline/baseline_deflt.json of the specification; both directions are tried, those of ICMP are rows below. */
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

/* All rows of ICMP of the same; and of the specification's tests those with a type without answer. */
static const struct {
    uint8_t protocol;
    const char *from, *to;
    uint8_t type, code;
    const char *id;
} messages[] = {
    {58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 135, 0,
     "1:zavyT/cezQr1fmImYCwYnMXbgck="},
    {58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 136, 0,
     "1:zavyT/cezQr1fmImYCwYnMXbgck="},
    {58, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0,
     "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
    {58, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4,
     "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
    {58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 128, 0,
     "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
    {58, "3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da", 129, 0,
     "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
    {58, "fe80::200:86ff:fe05:80da", "ff02::2", 133, 0, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="},
    {58, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
    {1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {1, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {1, "10.0.0.1", "10.0.0.2", 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
    {1, "192.168.0.89", "192.168.0.1", 20, 0, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="},
    {1, "192.168.0.89", "192.168.0.1", 20, 1, "1:tz/fHIDUHs19NkixVVoOZywde+I="},
};

static void test_icmp(void **state)
{
    (void)state;
    struct error error = {""};
    struct crypto_digest *sha1 = crypto_digest_new(CRYPTO_SHA1, &error);
    char text[COMMUNITY_ID_SIZE];
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        const struct endpoint from = end_of(messages[i].from, 0), to = end_of(messages[i].to, 0);
        const struct icmp_kind kind = {
            .seen = true, .type = messages[i].type, .code = messages[i].code};
        const uint8_t version = messages[i].protocol == 1 ? 4 : 6;
        assert_true(
            community_id_icmp(sha1, &from, &to, version, messages[i].protocol, &kind, text));
        assert_string_equal(text, messages[i].id);
        assert_false(community_id(sha1, &from, &to, version, messages[i].protocol, text));
    }
    crypto_digest_free(sha1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_baseline),
        cmocka_unit_test(test_icmp),
    };
    return cmocka_run_group_tests_name("community_id", tests, NULL, NULL);
}
