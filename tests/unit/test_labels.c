/* test_labels.c: names of applications by nDPI; skipped where perpass is built without it. */
#include "dissectors/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A question for the address of example.com to a name server: IPv4, UDP, DNS. */
static const uint8_t dns[] = {
    0x45, 0x00, 0x00, 0x39, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11, 0,    0,   10,  0,    0,
    1,    10,   0,    0,    2,    0xc0, 0x01, 0x00, 0x35, 0x00, 0x25, 0,   0,   0x12, 0x34,
    0x01, 0x00, 0,    1,    0,    0,    0,    0,    0,    0,    7,    'e', 'x', 'a',  'm',
    'p',  'l',  'e',  3,    'c',  'o',  'm',  0,    0,    1,    0,    1};

static struct labels *make(void)
{
    if (!labels_built())
        skip();
    struct labels *labels = labels_new();
    assert_non_null(labels);
    return labels;
}

static struct flow numbered(uint64_t first_packet)
{
    return (struct flow){.first_packet = first_packet, .ip_version = 4, .protocol = PROTO_UDP};
}

static void names_what_it_knows(void **state)
{
    (void)state;
    struct labels *labels = make();
    const struct flow flow = numbered(7);
    assert_false(labels_look(labels, &flow, span_of(dns, sizeof dns), 1000000));
    const struct label label = labels_end(labels, &flow);
    assert_string_equal(label.protocol, "dns");
    assert_true(label.readable);
    assert_null(labels_end(labels, &flow).protocol);
    labels_free(labels);
}

/* A segment to or from a server of HTTP. */
static struct span segment_of(uint8_t packet[240], uint8_t sent[2], bool back, const char *text)
{
    static const uint8_t head[40] = {0x45,      0, 0,    0,    0x12, 0x34, 0x40, 0,    0x40,
                                     PROTO_TCP, 0, 0,    10,   0,    0,    1,    10,   0,
                                     0,         2, 0xc0, 0x01, 0,    80,   0,    0,    0,
                                     1,         0, 0,    0,    1,    0x50, 0x18, 0xff, 0xff};
    static const uint8_t ends[12] = {10, 0, 0, 2, 10, 0, 0, 1, 0, 80, 0xc0, 0x01};
    size_t len = strlen(text);
    assert_true(len <= 200);
    memcpy(packet, head, sizeof head);
    if (back)
        memcpy(packet + 12, ends, sizeof ends);
    packet[3] = (uint8_t)(40 + len);
    packet[27] = sent[back];
    sent[back] = (uint8_t)(sent[back] + len);
    memcpy(packet + 40, text, len);
    return span_of(packet, 40 + len);
}

/* Behind what tells the protocol nDPI sees credentials; without them there are none. */
static void sees_credentials(void **state)
{
    (void)state;
    static const char *const turns[][2] = {
        {"GET / HTTP/1.1\r\nHost: h.example\r\nUser-Agent: a/1.0\r\nAccept: */*\r\n"
         "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
        {"GET / HTTP/1.1\r\nHost: h.example\r\nUser-Agent: a/1.0\r\nAccept: */*\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"}};
    struct labels *labels = make();
    for (uint64_t i = 0; i < 2; i++) {
        struct flow flow = numbered(20 + i);
        uint8_t sent[2] = {1, 1};
        flow.protocol = PROTO_TCP;
        for (unsigned k = 0; k < 2; k++) {
            uint8_t packet[240];
            labels_look(labels, &flow, segment_of(packet, sent, k % 2 != 0, turns[i][k]),
                        1000000 * k);
        }
        const struct label label = labels_end(labels, &flow);
        assert_non_null(label.protocol);
        assert_string_equal(label.protocol, "http");
        assert_true(label.readable);
        assert_int_equal(label.credentials, i == 0);
    }
    labels_free(labels);
}

static void gives_up_in_time(void **state)
{
    (void)state;
    struct labels *labels = make();
    const struct flow flow = numbered(8);
    uint8_t noise[60];
    memcpy(noise, dns, 28);
    noise[20] = noise[22] = 0xc1; /* ports that nobody knows */
    noise[3] = sizeof noise;
    noise[25] = sizeof noise - 20;
    unsigned looks = 1;
    for (;; looks++) {
        for (size_t i = 28; i < sizeof noise; i++)
            noise[i] = (uint8_t)(i * 37 + looks * 91);
        if (!labels_look(labels, &flow, span_of(noise, sizeof noise), looks * 1000000000ull))
            break;
    }
    assert_in_range(looks, 2, LABELS_PACKETS);
    assert_null(labels_end(labels, &flow).protocol);
    labels_free(labels);
}

/* Packets that lie about their lengths, or end anywhere. */
static void takes_any_bytes(void **state)
{
    (void)state;
    struct labels *labels = make();
    uint64_t number = 100;
    for (size_t len = 0; len <= sizeof dns; len++) {
        uint8_t *exact = malloc(len + 1);
        assert_non_null(exact);
        memcpy(exact, dns, len);
        const struct flow flow = numbered(number++);
        labels_look(labels, &flow, span_of(exact, len), 1000000);
        labels_end(labels, &flow);
        free(exact);
    }
    labels_free(labels);
}

static void the_oldest_gives_way(void **state)
{
    (void)state;
    struct labels *labels = make();
    uint8_t noise[40] = {0x45, 0, 0, sizeof noise, 0, 0, 0x40, 0, 64, PROTO_UDP};
    for (uint64_t i = 1; i <= LABELS_FLOWS * 2; i++) {
        const struct flow flow = numbered(i);
        labels_look(labels, &flow, span_of(noise, sizeof noise), i);
    }
    assert_in_range(labels_stats(labels).evicted, LABELS_FLOWS, LABELS_FLOWS * 2);
    labels_free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_it_knows), cmocka_unit_test(sees_credentials),
        cmocka_unit_test(gives_up_in_time), cmocka_unit_test(takes_any_bytes),
        cmocka_unit_test(the_oldest_gives_way)};
    return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
