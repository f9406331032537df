/* test_home_nets.c: prefixes as text, which addresses are in them, and what addresses tell by themselves. */
#include "analysis/home_nets.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

static struct span address_of(const char *text, uint8_t bytes[16])
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return span_of(bytes, 4);
    if (inet_pton(AF_INET6, text, bytes) == 1)
        return span_of(bytes, 16);
    fail_msg("%s is no address", text);
    return span_of(bytes, 0);
}

static void test_membership(void **state)
{
    (void)state;
    static const struct {
        const char *nets, *address;
        bool in;
    } rows[] = {{"192.0.2.0/24", "192.0.2.255", true},
                {"192.0.2.0/24", "192.0.3.0", false},
                {"192.0.2.77/24", "192.0.2.1", true}, /* bits behind the prefix do not count */
                {"192.0.2.128/25", "192.0.2.127", false},
                {"192.0.2.128/25", "192.0.2.128", true},
                {"198.51.100.7", "198.51.100.7", true},
                {"198.51.100.7", "198.51.100.6", false},
                {"198.51.100.6/31", "198.51.100.7", true},
                {"0.0.0.0/0", "203.0.113.1", true},
                {"0.0.0.0/0", "2001:db8::1", false}, /* the other version is another world */
                {"::/0", "2001:db8::1", true},
                {"::/0", "192.0.2.1", false},
                {"2001:db8:40::/42", "2001:db8:7f:ffff::1", true},
                {"2001:db8:40::/42", "2001:db8:80::1", false},
                {"192.0.2.0/24,2001:db8::/32", "2001:db8::1", true},
                {"192.0.2.0/24,2001:db8::/32", "192.0.2.9", true},
                {"192.0.2.0/24,2001:db8::/32", "198.51.100.1", false}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct home_nets nets = {.num = 0};
        struct error error = {""};
        uint8_t bytes[16];
        if (!home_nets_add(&nets, rows[i].nets, &error))
            fail_msg("%s", error.text);
        if (home_nets_have(&nets, address_of(rows[i].address, bytes)) != rows[i].in)
            fail_msg("%s in %s: not %d", rows[i].address, rows[i].nets, rows[i].in);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "192.0.2.0/33",
                                        "192.0.2.0/",
                                        "192.0.2.0/24,",
                                        ",192.0.2.0/24",
                                        "192.0.2/24",
                                        "192.0.2.0/-1",
                                        "192.0.2.0/1000",
                                        "192.0.2.0/24 ",
                                        "2001:db8::/129",
                                        "2001:db8::/1a",
                                        "example.org",
                                        "/24",
                                        "192.0.2.0/24/24",
                                        "192.0.2.000000000000000000000000000000000000000000000000"
                                        "00000000000000000000000000000000000000000000001/24"};
    for (size_t i = 0; i < NUM_OF(wrong); i++) {
        struct home_nets nets = {.num = 0};
        struct error error = {""};
        if (home_nets_add(&nets, wrong[i], &error))
            fail_msg("\"%s\" was taken for a network", wrong[i]);
        assert_true(error.text[0] == '"');
    }
}

static void test_bound(void **state)
{
    (void)state;
    struct home_nets nets = {.num = 0};
    struct error error = {""};
    for (size_t i = 0; i < HOME_NETS_MAX; i++)
        assert_true(home_nets_add(&nets, "192.0.2.0/24", &error));
    assert_false(home_nets_add(&nets, "192.0.2.0/24", &error));
    assert_non_null(strstr(error.text, "128"));
}

static void test_scope(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum address_scope scope;
    } rows[] = {{"0.0.0.0", ADDRESS_NONE},
                {"255.255.255.255", ADDRESS_NONE},
                {"224.0.0.1", ADDRESS_NONE},
                {"239.255.255.255", ADDRESS_NONE},
                {"127.0.0.1", ADDRESS_ON_LINK},
                {"169.254.9.9", ADDRESS_ON_LINK},
                {"10.0.0.1", ADDRESS_PRIVATE},
                {"11.0.0.1", ADDRESS_EVERYWHERE},
                {"172.15.255.255", ADDRESS_EVERYWHERE},
                {"172.16.0.0", ADDRESS_PRIVATE},
                {"172.31.255.255", ADDRESS_PRIVATE},
                {"172.32.0.0", ADDRESS_EVERYWHERE},
                {"192.168.0.1", ADDRESS_PRIVATE},
                {"192.169.0.1", ADDRESS_EVERYWHERE},
                {"100.64.0.1", ADDRESS_PRIVATE},
                {"100.128.0.1", ADDRESS_EVERYWHERE},
                {"203.0.113.1", ADDRESS_EVERYWHERE},
                {"::", ADDRESS_NONE},
                {"::1", ADDRESS_ON_LINK},
                {"::2", ADDRESS_EVERYWHERE},
                {"fe80::1", ADDRESS_ON_LINK},
                {"fec0::1", ADDRESS_EVERYWHERE},
                {"fd00::1", ADDRESS_PRIVATE},
                {"ff02::1", ADDRESS_NONE},
                {"2001:db8::1", ADDRESS_EVERYWHERE}};
    uint8_t bytes[16];
    for (size_t i = 0; i < NUM_OF(rows); i++)
        if (address_scope(address_of(rows[i].address, bytes)) != rows[i].scope)
            fail_msg("%s is not %d", rows[i].address, (int)rows[i].scope);
    assert_int_equal(address_scope(span_of(bytes, 6)), ADDRESS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_membership),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_bound),
                                       cmocka_unit_test(test_scope)};
    return cmocka_run_group_tests_name("home_nets", tests, NULL, NULL);
}
