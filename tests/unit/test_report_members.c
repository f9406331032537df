/* test_report_members.c: addresses of a report that is read back, as perpass writes them and as somebody else might. */
#include "reports/report_members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool hardware;
    uint8_t len; /* 0: it is none */
    uint8_t bytes[16];
} rows[] = {
    {"192.0.2.1", false, 4, {192, 0, 2, 1}},
    {"2001:db8::1", false, 16, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
    {"192.0.2", false, 0, {0}},
    {"00-00-5E-00-53-23", false, 0, {0}},
    {"00-00-5E-00-53-23", true, 6, {0x00, 0x00, 0x5e, 0x00, 0x53, 0x23}},
    {"00-00-5e-00-53-23", true, 6, {0x00, 0x00, 0x5e, 0x00, 0x53, 0x23}},
    {"02-00-5E-10-00-00-00-01", true, 8, {0x02, 0x00, 0x5e, 0x10, 0x00, 0x00, 0x00, 0x01}},
    {"192.0.2.1", true, 0, {0}},
    {"", true, 0, {0}},
    {"00", true, 0, {0}},
    {"00-00-5E-00-53", true, 0, {0}},
    {"00-00-5E-00-53-2", true, 0, {0}},
    {"00-00-5E-00-53-23-", true, 0, {0}},
    {"00-00-5E-00-53-23-00", true, 0, {0}},
    {"00-00-5E-00-53-23-00-01-02", true, 0, {0}},
    {"00:00:5E:00:53:23", true, 0, {0}},
    {"00-00-5E-00-53-2G", true, 0, {0}},
    /* what scanf() takes for numbers, too */
    {"-1-00-5E-00-53-23", true, 0, {0}},
    {"+1-00-5E-00-53-23", true, 0, {0}},
    {" 1-00-5E-00-53-23", true, 0, {0}},
    {"00- 0-5E-00-53-23", true, 0, {0}},
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store store = {.chunks = NULL};
        struct error error = {.text = ""};
        struct members members = {.store = &store, .path = "made-up", .error = &error};
        const struct span read = members_address(&members, rows[i].text, rows[i].hardware);
        if (read.len != rows[i].len || span_seen(read) != (rows[i].len != 0) ||
            (read.len != 0 && memcmp(read.at, rows[i].bytes, read.len) != 0))
            fail_msg("\"%s\" is read as %zu bytes", rows[i].text, read.len);
        store_free(&store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses)};
    return cmocka_run_group_tests_name("report_members", tests, NULL, NULL);
}
