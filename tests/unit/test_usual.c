/* test_usual.c: what is read in one go is what the layers would read: for all frames that the decoder's tests have,
 * whole, cut at every length, longer on the wire, and with bytes changed. */
#include "tests/unit/frame_rows.h"
#include "tests/unit/usual_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define TCP_HEADER "1388 1389 01020304 05060708 "
#define IP4_TCP    FRAMES_IP4("06") FRAMES_TCP
#define IP6_TCP    FRAMES_IP6("06") FRAMES_TCP
#define TAG        "8100 6064 "

/* |usual|: it is read in one go. */
static const struct {
    const char *name, *frame;
    uint16_t link_type;
    bool usual;
} rows[] = {
    {"udp", FRAMES_MAC "0800 " FRAMES_IP4_UDP, 1, true},
    {"udp, ipv6", FRAMES_MAC "86dd " FRAMES_IP6_UDP, 1, true},
    {"udp, vlan", FRAMES_MAC TAG "0800 " FRAMES_IP4_UDP, 1, true},
    {"udp, ipv6, vlan", FRAMES_MAC TAG "86dd " FRAMES_IP6_UDP, 1, true},
    {"tcp", FRAMES_MAC "0800 " IP4_TCP, 1, true},
    {"tcp, ipv6", FRAMES_MAC "86dd " IP6_TCP, 1, true},
    {"tcp, vlan", FRAMES_MAC TAG "0800 " IP4_TCP, 1, true},
    {"tcp, ipv6, vlan", FRAMES_MAC TAG "86dd " IP6_TCP, 1, true},
    {"tcp, options",
     FRAMES_MAC "0800 " FRAMES_IP4("06") TCP_HEADER "70 02 2000 0000 0009 020405b4 01030307 aa bb",
     1, true},
    {"tcp, padded",
     FRAMES_MAC "0800 45000028 12344000 4006 0000 0a000001 0a000002 " TCP_HEADER
                "50 10 2000 0000 0000 000000000000",
     1, true},
    {"udp, padded",
     FRAMES_MAC
     "0800 4500001d 12344000 4011 0000 0a000001 0a000002 1388 1389 0009 0000 aa 00000000",
     1, true},
    {"from the higher address",
     FRAMES_MAC "0800 4500001d 12344000 4011 0000 0a000003 0a000002 1388 1389 0009 0000 aa", 1,
     true},
    {"from the higher port",
     FRAMES_MAC "0800 4500001d 12344000 4011 0000 0a000002 0a000002 1389 1388 0009 0000 aa", 1,
     true},
    {"two tags", FRAMES_MAC "88a8 0fff 8100 0001 0800 " FRAMES_IP4_UDP, 1, false},
    {"ipv4 with options",
     FRAMES_MAC
     "0800 46000021 12344000 4011 0000 0a000001 0a000002 01010101 1388 1389 0009 0000 aa",
     1, false},
    {"ipv4, header too short",
     FRAMES_MAC "0800 4400001d 12344000 4011 0000 0a000001 0a000002 1388 1389 0009 0000 aa", 1,
     false},
    {"ipv4, length 0",
     FRAMES_MAC "0800 45000000 12344000 4011 0000 0a000001 0a000002 1388 1389 0009 0000 aa", 1,
     false},
    {"ipv4, length too short",
     FRAMES_MAC "0800 45000013 12344000 4011 0000 0a000001 0a000002 1388 1389 0009 0000 aa", 1,
     false},
    {"ipv4, length too long",
     FRAMES_MAC "0800 4500001e 12344000 4011 0000 0a000001 0a000002 1388 1389 0009 0000 aa", 1,
     false},
    {"ipv4, first fragment",
     FRAMES_MAC "0800 4500001d 12342000 4011 0000 0a000001 0a000002 1388 1389 0009 0000 aa", 1,
     false},
    {"ipv4, last fragment",
     FRAMES_MAC "0800 4500001d 12340001 4011 0000 0a000001 0a000002 1388 1389 0009 0000 aa", 1,
     false},
    {"ipv6, length 0",
     FRAMES_MAC "86dd 60012345 0000 11 40 20010db8000000000000000000000001 "
                "20010db8000000000000000000000002 1388 1389 0009 0000 aa",
     1, false},
    {"ipv6, extension header", FRAMES_MAC "86dd " FRAMES_IP6("3c") "1100 010400000000 " FRAMES_UDP,
     1, false},
    {"icmp", FRAMES_MAC "0800 " FRAMES_IP4("01") "0800 0000 0001 0001 aa", 1, false},
    {"tcp, header too short",
     FRAMES_MAC "0800 " FRAMES_IP4("06") TCP_HEADER "40 18 2000 0000 0009 aa", 1, false},
    {"tcp, header too long",
     FRAMES_MAC "0800 " FRAMES_IP4("06") TCP_HEADER "60 18 2000 0000 0009 aa", 1, false},
    {"udp, length 0",
     FRAMES_MAC "0800 4500001d 12344000 4011 0000 0a000001 0a000002 1388 1389 0000 0000 aa", 1,
     false},
    {"udp, length too short",
     FRAMES_MAC "0800 4500001d 12344000 4011 0000 0a000001 0a000002 1388 1389 0007 0000 aa", 1,
     false},
    {"udp, length too long",
     FRAMES_MAC "0800 4500001d 12344000 4011 0000 0a000001 0a000002 1388 1389 000a 0000 aa", 1,
     false},
    {"vxlan",
     FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b5") FRAMES_VXLAN FRAMES_MAC
     "0800 " FRAMES_IP4_UDP,
     1, false},
    {"teredo by its source port",
     FRAMES_MAC "0800 4500001d 12344000 4011 0000 0a000001 0a000002 0dd8 1389 0009 0000 aa", 1,
     false},
    {"arp", FRAMES_MAC "0806 0001 0800 0604 0001 0200000000a1 0a000001 000000000000 0a000002", 1,
     false},
    {"no ethernet", FRAMES_IP4_UDP, 101, false},
};

static void check(const char *name, const struct frame *frame, bool *usual)
{
    const char *fault = usual_fault(frame, usual);
    if (fault != NULL)
        fail_msg("%s, %u bytes of %u: another %s", name, frame->captured_len, frame->wire_len,
                 fault);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct frame_bytes bytes = frames_parse(rows[i].frame);
        struct frame frame = frames_frame(bytes, rows[i].link_type);
        bool usual;
        check(rows[i].name, &frame, &usual);
        if (usual != rows[i].usual)
            fail_msg("%s: %s", rows[i].name, usual ? "read in one go" : "left to the layers");
        free(bytes.at);
    }
}

/* At every length, in memory of that length; the rest was on the wire. */
static void check_lengths(const char *name, struct frame_bytes bytes, uint16_t link_type)
{
    for (size_t len = 0; len <= bytes.len; len++)
        for (uint32_t more = 0; more < 3; more++) {
            struct frame_bytes part = frames_copy(bytes.at, len);
            struct frame frame = frames_frame(part, link_type);
            bool usual;
            if (more > 0)
                frame.wire_len = (uint32_t)bytes.len + (more - 1) * 100;
            check(name, &frame, &usual);
            free(part.at);
        }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Gives how many of the changed frames were read in one go. */
static unsigned check_changes(const char *name, struct frame_bytes bytes, uint16_t link_type)
{
    uint32_t seed = 2463534242;
    unsigned read = 0;
    for (unsigned round = 0; round < 3000 && bytes.len > 0; round++) {
        struct frame_bytes copy = frames_copy(bytes.at, bytes.len);
        struct frame frame = frames_frame(copy, link_type);
        bool usual;
        for (unsigned n = 1 + next_random(&seed) % 3; n != 0; n--)
            copy.at[next_random(&seed) % copy.len] ^= (uint8_t)(1u << next_random(&seed) % 8);
        frame.wire_len += next_random(&seed) % 4 == 0 ? next_random(&seed) % 64 : 0;
        check(name, &frame, &usual);
        read += usual;
        free(copy.at);
    }
    return read;
}

static void test_other_lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct frame_bytes bytes = frames_parse(rows[i].frame);
        check_lengths(rows[i].name, bytes, rows[i].link_type);
        free(bytes.at);
    }
    for (size_t i = 0; i < sizeof frame_rows / sizeof frame_rows[0]; i++) {
        struct frame_bytes bytes = frames_parse(frame_rows[i].frame);
        check_lengths(frame_rows[i].name, bytes, frame_rows[i].link_type);
        free(bytes.at);
    }
}

static void test_changes(void **state)
{
    (void)state;
    unsigned read = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct frame_bytes bytes = frames_parse(rows[i].frame);
        read += check_changes(rows[i].name, bytes, rows[i].link_type);
        free(bytes.at);
    }
    for (size_t i = 0; i < sizeof frame_rows / sizeof frame_rows[0]; i++) {
        struct frame_bytes bytes = frames_parse(frame_rows[i].frame);
        read += check_changes(frame_rows[i].name, bytes, frame_rows[i].link_type);
        free(bytes.at);
    }
    assert_true(read > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_other_lengths),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests_name("usual", tests, NULL, NULL);
}
