/* test_ip.c: IP and transport headers: every field, every lie about a length, fragments. */
#include "tests/unit/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LINK_RAW = 101 };

/* IPv4 with these first 8 bytes, then protocol; IPv6 with a length of one's own. */
#define IP4(start, protocol) start " 40 " protocol " 0000 0a000001 0a000002 "
#define IP6_LEN(len, next)                                                                         \
    "60000000 " len " " next                                                                       \
    " 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define IP6(next) IP6_LEN("{-36}", next)

/* Extension headers, each begins with the number of the next one. */
#define PADDED(next)           next " 00 0104 00000000 "
#define ROUTING(next)          next " 02 00 00 00000000 20010db8000000000000000000000009 "
#define AH(next)               next " 04 0000 00000001 00000001 000000000000000000000000 "
#define FRAGMENT(next, offset) next " 00 " offset " 00000007 "
#define JUMBO(next, len)       next " 00 c204 " len " "
#define FOUR(x)                x x x x

static const struct {
    const char *name, *frame;
    enum layers_result result;
    const char *fault_layer;
    uint8_t protocol;
    uint16_t ports[2];
    size_t ip_header_len, l4_header_len, payload_len;
} rows[] = {
    {"udp", FRAMES_IP4_UDP, LAYERS_TRANSPORT, NULL, 17, {5000, 5001}, 20, 8, 1},
    {"tcp", FRAMES_IP4("06") FRAMES_TCP, LAYERS_TRANSPORT, NULL, 6, {5000, 5001}, 20, 20, 1},
    {"ipv4 options",
     IP4("47000025 00010000", "11") "0101010101010100 " FRAMES_UDP,
     LAYERS_TRANSPORT,
     NULL,
     17,
     {5000, 5001},
     28,
     8,
     1},
    {"total length 0",
     IP4("45000000 00010000", "06") FRAMES_TCP "bbcc",
     LAYERS_TRANSPORT,
     NULL,
     6,
     {5000, 5001},
     20,
     20,
     3},
    {"total length 19", IP4("45000013 00010000", "11") FRAMES_UDP, LAYERS_MALFORMED, "ipv4"},
    {"total length past the end", IP4("4500001e 00010000", "11") FRAMES_UDP, LAYERS_MALFORMED,
     "ipv4"},
    {"header of 16 bytes", IP4("4400001d 00010000", "11") FRAMES_UDP, LAYERS_MALFORMED, "ipv4"},
    {"header past the end", IP4("4f00001d 00010000", "11") FRAMES_UDP, LAYERS_MALFORMED, "ipv4"},
    {"header longer than the total", IP4("4600 0016 00010000", "11") "00000000 " FRAMES_UDP,
     LAYERS_MALFORMED, "ipv4"},
    {"only a header",
     IP4("45000014 00010000", "fd"),
     LAYERS_TRANSPORT,
     NULL,
     253,
     {0, 0},
     20,
     0,
     0},
    {"ospf", IP4("4500{2} 00010000", "59") "0201", LAYERS_TRANSPORT, NULL, 89, {0, 0}, 20, 0, 2},
    {"esp",
     IP4("4500{2} 00010000", "32") "00000001 00000001",
     LAYERS_TRANSPORT,
     NULL,
     50,
     {0, 0},
     20,
     0,
     8},
    {"ah over ipv4",
     IP4("4500{2} 00010000", "33") AH("11") FRAMES_UDP,
     LAYERS_TRANSPORT,
     NULL,
     17,
     {5000, 5001},
     20,
     8,
     1},
    {"ah past the end", IP4("4500{2} 00010000", "33") "11ff 0000", LAYERS_MALFORMED, "ah"},

    {"tcp options",
     IP4("4500{2} 00010000", "06") "13881389 01020304 05060708 60182000 00000000 "
                                   "020405b4 aabb",
     LAYERS_TRANSPORT,
     NULL,
     6,
     {5000, 5001},
     20,
     24,
     2},
    {"tcp header of 16 bytes",
     IP4("4500{2} 00010000", "06") "13881389 01020304 05060708 40182000 00000000", LAYERS_MALFORMED,
     "tcp"},
    {"tcp options past the end",
     IP4("4500{2} 00010000", "06") "13881389 01020304 05060708 60182000 00000000 020405",
     LAYERS_MALFORMED, "tcp"},
    {"tcp options in the padding",
     IP4("4500002a 00010000", "06") "13881389 01020304 05060708 60182000 00000000 0204 05b4",
     LAYERS_MALFORMED, "tcp"},
    {"tcp that ends", IP4("4500{2} 00010000", "06") "13881389 01020304", LAYERS_MALFORMED, "tcp"},
    {"udp length 0",
     IP4("4500{2} 00010000", "11") "13881389 0000 0000 aabb",
     LAYERS_TRANSPORT,
     NULL,
     17,
     {5000, 5001},
     20,
     8,
     2},
    {"udp length 7", IP4("4500{2} 00010000", "11") "13881389 0007 0000 aabb", LAYERS_MALFORMED,
     "udp"},
    {"udp shorter than the packet",
     IP4("4500{2} 00010000", "11") "13881389 0009 0000 aabb",
     LAYERS_TRANSPORT,
     NULL,
     17,
     {5000, 5001},
     20,
     8,
     1},
    {"udp longer than the packet", IP4("4500{2} 00010000", "11") "13881389 000b 0000 aabb",
     LAYERS_MALFORMED, "udp"},
    {"udp, length in the padding", IP4("4500001d 00010000", "11") "13881389 000a 0000 aabb",
     LAYERS_MALFORMED, "udp"},
    {"udp-lite",
     IP4("4500{2} 00010000", "88") "13881389 0008 0000 aabb",
     LAYERS_TRANSPORT,
     NULL,
     136,
     {5000, 5001},
     20,
     8,
     2},
    {"sctp",
     IP4("4500{2} 00010000", "84") "13881389 00000001 00000000 0e000004",
     LAYERS_TRANSPORT,
     NULL,
     132,
     {5000, 5001},
     20,
     12,
     4},
    {"sctp that ends", IP4("4500{2} 00010000", "84") "13881389", LAYERS_MALFORMED, "sctp"},
    {"dccp",
     IP4("4500{2} 00010000", "21") "13881389 04 00 0000 01000001 00000000 aa",
     LAYERS_TRANSPORT,
     NULL,
     33,
     {5000, 5001},
     20,
     16,
     1},
    {"dccp, header of 8 bytes", IP4("4500{2} 00010000", "21") "13881389 02 00 0000 01000001",
     LAYERS_MALFORMED, "dccp"},
    {"icmp echo",
     IP4("4500{2} 00010000", "01") "08000000 00010001 aabb",
     LAYERS_TRANSPORT,
     NULL,
     1,
     {0, 0},
     20,
     8,
     2},
    {"icmp error",
     IP4("4500{2} 00010000", "01") "03030000 00000000 " FRAMES_IP4_UDP,
     LAYERS_TRANSPORT,
     NULL,
     1,
     {0, 0},
     20,
     8,
     29},
    {"icmp of 3 bytes", IP4("4500{2} 00010000", "01") "080000", LAYERS_MALFORMED, "icmp"},

    {"ipv6", IP6("11") FRAMES_UDP, LAYERS_TRANSPORT, NULL, 17, {5000, 5001}, 40, 8, 1},
    {"udp over ipv6, length in the padding", IP6_LEN("0009", "11") FRAMES_UDP "0000",
     LAYERS_MALFORMED, "udp"},
    {"ipv6 past the end", IP6_LEN("000a", "11") FRAMES_UDP, LAYERS_MALFORMED, "ipv6"},
    {"ipv6 length 0",
     IP6_LEN("0000", "06") FRAMES_TCP,
     LAYERS_TRANSPORT,
     NULL,
     6,
     {5000, 5001},
     40,
     20,
     1},
    {"ipv6 of 39 bytes",
     "60000000 0000 11 40 20010db8000000000000000000000001 "
     "20010db80000000000000000000000",
     LAYERS_MALFORMED, "ipv6"},
    {"extension headers",
     IP6("00") PADDED("3c") PADDED("2b") ROUTING("33") AH("3c") PADDED("06") FRAMES_TCP,
     LAYERS_TRANSPORT,
     NULL,
     6,
     {5000, 5001},
     40 + 8 + 8 + 24 + 24 + 8,
     20,
     1},
    {"extension past the end", IP6("3c") "11 01 0104 00000000", LAYERS_MALFORMED, "ipv6"},
    {"sixty-four extensions", IP6("3c") FOUR(FOUR(FOUR(PADDED("3c")))) PADDED("11") FRAMES_UDP,
     LAYERS_OTHER, NULL, 60},
    {"no next header", IP6("3b") "0102", LAYERS_TRANSPORT, NULL, 59, {0, 0}, 40, 0, 2},
    {"no next header after an extension",
     IP6("3c") PADDED("3b"),
     LAYERS_TRANSPORT,
     NULL,
     59,
     {0, 0},
     48,
     0,
     0},
    {"esp over ipv6",
     IP6("3c") PADDED("32") "00000001",
     LAYERS_TRANSPORT,
     NULL,
     50,
     {0, 0},
     48,
     0,
     4},
    {"mobility", IP6("87") "3b 00 0500 0000 0000", LAYERS_TRANSPORT, NULL, 135, {0, 0}, 48, 0, 0},
    {"shim6 before tcp",
     IP6("8c") "06 00 8000 00000000 " FRAMES_TCP,
     LAYERS_TRANSPORT,
     NULL,
     6,
     {5000, 5001},
     48,
     20,
     1},
    {"icmpv6", IP6("3a") "80000000 00010001 aa", LAYERS_TRANSPORT, NULL, 58, {0, 0}, 40, 8, 1},
    {"icmpv6 of 4 bytes", IP6("3a") "83000000", LAYERS_TRANSPORT, NULL, 58, {0, 0}, 40, 4, 0},
    {"jumbogram",
     IP6_LEN("0000", "00") JUMBO("11", "00000011") "13881389 0000 0000 aa bbbbbbbb",
     LAYERS_TRANSPORT,
     NULL,
     17,
     {5000, 5001},
     48,
     8,
     1},
    {"jumbogram past the end", IP6_LEN("0000", "00") JUMBO("11", "00010000") FRAMES_UDP,
     LAYERS_MALFORMED, "ipv6"},
    {"atomic fragment",
     IP6("2c") FRAGMENT("11", "0000") FRAMES_UDP,
     LAYERS_TRANSPORT,
     NULL,
     17,
     {5000, 5001},
     48,
     8,
     1},
    {"two atomic fragment headers",
     IP6("2c") FRAGMENT("2c", "0000") FRAGMENT("11", "0000") FRAMES_UDP,
     LAYERS_TRANSPORT,
     NULL,
     17,
     {5000, 5001},
     56,
     8,
     1},
};

static void test_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct frame_bytes bytes = frames_parse(rows[i].frame);
        const struct frame frame = frames_frame(bytes, LINK_RAW);
        struct packet packet;
        memset(&packet, 0xa5, sizeof packet);
        const enum layers_result result = layers_decode(&frame, &packet);
        if (result != rows[i].result)
            fail_msg("%s: result %d", rows[i].name, (int)result);
        if (rows[i].fault_layer != NULL)
            assert_string_equal(packet.fault_layer, rows[i].fault_layer);
        if (result == LAYERS_TRANSPORT) {
            if (reader_left(&packet.payload) != rows[i].payload_len ||
                packet.ip_header.len != rows[i].ip_header_len)
                fail_msg("%s: payload of %zu, header of %zu", rows[i].name,
                         reader_left(&packet.payload), packet.ip_header.len);
            assert_int_equal(packet.protocol, rows[i].protocol);
            assert_int_equal(packet.ends[0].port, rows[i].ports[0]);
            assert_int_equal(packet.ends[1].port, rows[i].ports[1]);
            assert_int_equal(packet.l4_header.len, rows[i].l4_header_len);
        }
        free(bytes.at);
    }
}

/* Cut at every length: the headers are cut before the ports are there, and known from then on. */
static void test_every_snap_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct frame_bytes whole = frames_parse(rows[i].frame);
        for (size_t len = 0; len < whole.len && rows[i].result != LAYERS_MALFORMED; len++) {
            const struct frame_bytes bytes = frames_copy(whole.at, len);
            struct frame frame = frames_frame(bytes, LINK_RAW);
            struct packet packet;
            frame.wire_len = (uint32_t)whole.len;
            const enum layers_result result = layers_decode(&frame, &packet);
            if (result == LAYERS_MALFORMED)
                fail_msg("%s cut to %zu: %s", rows[i].name, len, packet.fault_layer);
            if (result == LAYERS_TRANSPORT)
                assert_int_equal(packet.ends[1].port, rows[i].ports[1]);
            if (result == LAYERS_TRANSPORT && reader_wire_left(&packet.payload) != 0)
                assert_int_equal(reader_wire_left(&packet.payload), rows[i].payload_len);
            free(bytes.at);
        }
        free(whole.at);
    }
}

static void test_tcp_fields(void **state)
{
    (void)state;
    const struct frame_bytes bytes = frames_parse(
        IP4("4500{2} 00010000", "06") "13881389 01020304 05060708 60d22001 00000203 020405b4");
    struct frame frame = frames_frame(bytes, LINK_RAW);
    struct packet packet;
    assert_int_equal(layers_decode(&frame, &packet), LAYERS_TRANSPORT);
    assert_int_equal(packet.tcp_seq, 0x01020304);
    assert_int_equal(packet.tcp_ack, 0x05060708);
    assert_int_equal(packet.tcp_flags, TCP_CWR | TCP_ECE | TCP_ACK | TCP_SYN);
    assert_int_equal(packet.tcp_window, 0x2001);
    assert_int_equal(packet.tcp_urgent, 0x0203);
    assert_int_equal(packet.tcp_header_len, 24);

    /* Options that are not captured are no reason to lose the conversation. */
    frame.captured_len -= 3;
    assert_int_equal(layers_decode(&frame, &packet), LAYERS_TRANSPORT);
    assert_int_equal(packet.tcp_header_len, 24);
    assert_int_equal(packet.l4_header.len, 21);
    assert_int_equal(reader_wire_left(&packet.payload), 0);
    frame.captured_len -= 2;
    assert_int_equal(layers_decode(&frame, &packet), LAYERS_CUT);
    assert_string_equal(packet.fault_layer, "tcp");
    free(bytes.at);
}

static void test_fragments(void **state)
{
    static const struct {
        const char *frame;
        uint32_t id, offset;
        bool more;
        uint8_t protocol;
        size_t len;
    } fragments[] = {
        {IP4("4500{2} abcd2000", "11") "0102030405060708", 0xabcd, 0, true, 17, 8},
        {IP4("4500{2} abcd2001", "11") "0102030405060708", 0xabcd, 8, true, 17, 8},
        {IP4("4500{2} abcd1fff", "06") "01", 0xabcd, 65528, false, 6, 1},
        {IP6("2c") FRAGMENT("11", "0001") "0102030405060708", 7, 0, true, 17, 8},
        {IP6("00") PADDED("2c") FRAGMENT("3c", "0008") "01", 7, 8, false, 60, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof fragments / sizeof fragments[0]; i++) {
        const struct frame_bytes bytes = frames_parse(fragments[i].frame);
        const struct frame frame = frames_frame(bytes, LINK_RAW);
        struct packet packet;
        assert_int_equal(layers_decode(&frame, &packet), LAYERS_FRAGMENT);
        assert_int_equal(packet.fragment.id, fragments[i].id);
        assert_int_equal(packet.fragment.offset, fragments[i].offset);
        assert_int_equal(packet.fragment.more, fragments[i].more);
        assert_int_equal(packet.fragment.protocol, fragments[i].protocol);
        assert_int_equal(reader_left(&packet.fragment.payload), fragments[i].len);
        assert_int_equal(packet.ends[0].port, 0);
        free(bytes.at);
    }
}

/* After reassembly the packet goes on where its fragments began. */
static void test_resume(void **state)
{
    static const struct {
        const char *name, *fragment, *payload;
        enum layers_result result;
        uint8_t protocol, num_tunnels;
        uint16_t port;
    } rests[] = {
        {"udp", IP4("4500{2} 00012000", "11") "0102030405060708", FRAMES_UDP, LAYERS_TRANSPORT, 17,
         0, 5001},
        {"tcp after an extension", IP6("2c") FRAGMENT("3c", "0001") "0102030405060708",
         PADDED("06") FRAMES_TCP, LAYERS_TRANSPORT, 6, 0, 5001},
        {"a tunnel", IP4("4500{2} 00012000", "11") "0102030405060708",
         "c000 12b5 {4} 0000 08000000 00002a00 " FRAMES_MAC "0800 " FRAMES_IP4_UDP,
         LAYERS_TRANSPORT, 17, 1, 5001},
        {"a fragment in a tunnel", IP4("4500{2} 00012000", "04") "0102030405060708",
         IP4("4500{2} 00022000", "11") "0102030405060708", LAYERS_FRAGMENT, 17, 1, 0},
        {"a fragment of a fragment", IP6("2c") FRAGMENT("2c", "0001") "0102030405060708",
         FRAGMENT("11", "0001") "0102030405060708", LAYERS_MALFORMED, 0, 0, 0},
        {"a short header", IP4("4500{2} 00012000", "11") "0102030405060708", "1388",
         LAYERS_MALFORMED, 17, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
        const struct frame_bytes bytes = frames_parse(rests[i].fragment);
        const struct frame_bytes payload = frames_parse(rests[i].payload);
        const struct frame frame = frames_frame(bytes, LINK_RAW);
        struct packet packet;
        assert_int_equal(layers_decode(&frame, &packet), LAYERS_FRAGMENT);
        const enum layers_result result = layers_resume(&packet, span_of(payload.at, payload.len));
        if (result != rests[i].result)
            fail_msg("%s: result %d", rests[i].name, (int)result);
        if (result == LAYERS_TRANSPORT) {
            assert_int_equal(packet.protocol, rests[i].protocol);
            assert_int_equal(packet.num_tunnels, rests[i].num_tunnels);
            assert_int_equal(packet.ends[1].port, rests[i].port);
            assert_int_equal(*packet.payload.at, 0xaa);
        }
        free(payload.at);
        free(bytes.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),  cmocka_unit_test(test_every_snap_length),
        cmocka_unit_test(test_tcp_fields), cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_resume),
    };
    return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
