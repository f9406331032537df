/* test_field_statistics.c: what is odd in a header, and what is not; what is counted of a direction, when it is told. */
#include "core/field_statistics.h"

#include "core/field_oddities.h"
#include "tests/unit/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define IP4(flags, protocol)                                                                       \
    FRAMES_MAC "0800 45 b8 {2} 1234 " flags " 40 " protocol " 0000 0a000001 0a000002 "
#define IP4_OPTIONS         "0800 46 b8 {2} 1234 4000 40 11 0000 0a000001 0a000002 07040400 "
#define TCP(rest)           FRAMES_MAC "0800 " FRAMES_IP4("06") "1388 1389 01020304 " rest
#define ECHO(type, payload) FRAMES_MAC "0800 " FRAMES_IP4("01") type " 00 0000 1234 0001 " payload
#define ETHERNET(padding)   /* 14 + 20 + 8 + 1 bytes, and 17 of padding */                         \
    FRAMES_MAC                                                                                     \
    "0800 45 b8 001d 1234 4000 40 11 0000 0a000001 0a000002 1388 1389 0009 0000 aa " padding
#define ZEROS16  "00000000000000000000000000000000"
#define IP6(pad) FRAMES_MAC "86dd " FRAMES_IP6("3c") "11 00 01 04 " pad FRAMES_UDP

struct row {
    const char *name, *frame;
    const char *odd; /* NULL: nothing */
    uint32_t bytes, detail;
};

static const struct row rows[] = {
    {"plain UDP", IP4("4000", "11") FRAMES_UDP, NULL, 0, 0},
    {"reserved bit", IP4("c000", "11") FRAMES_UDP, "ip_reserved_bit", 0, 0},
    {"option of IPv4", FRAMES_MAC IP4_OPTIONS FRAMES_UDP, "ip_options", 4, 7},
    {"padding of Ethernet, zero", ETHERNET(ZEROS16 "00"), NULL, 0, 0},
    {"padding of Ethernet, not zero", ETHERNET(ZEROS16 "01"), "ethernet_padding", 17, 0},
    {"a longer frame with a trailer", ETHERNET(ZEROS16 "0001"), NULL, 0, 0},
    {"PadN of zeros", IP6("00000000"), NULL, 0, 0},
    {"PadN not zero", IP6("00004100"), "ipv6_padding", 4, 0},
    {"plain TCP", TCP("05060708 50 18 2000 0000 0000 aa"), NULL, 0, 0},
    {"urgent", TCP("05060708 50 38 2000 0000 0009 aa"), NULL, 0, 0},
    {"pointer without URG", TCP("05060708 50 18 2000 0000 0009 aa"), "tcp_urgent", 0, 0},
    {"reserved bits", TCP("05060708 54 18 2000 0000 0000 aa"), "tcp_reserved", 0, 0},
    {"the bit of accurate ECN", TCP("05060708 51 18 2000 0000 0000 aa"), NULL, 0, 0},
    {"SYN", TCP("00000000 50 02 2000 0000 0000"), NULL, 0, 0},
    {"SYN with a number", TCP("00000001 50 02 2000 0000 0000"), "tcp_acknowledgement", 0, 0},
    {"SYN-ACK", TCP("00000001 50 12 2000 0000 0000"), NULL, 0, 0},
    {"time stamps", TCP("05060708 80 18 2000 0000 0000 0101080a0000000100000002 aa"), NULL, 0, 0},
    {"known options", TCP("00000000 70 02 2000 0000 0000 020405b4 04020000"), NULL, 0, 0},
    {"unknown option", TCP("00000000 60 02 2000 0000 0000 64044142"), "tcp_option", 2, 100},
    {"option of an accelerator", TCP("00000000 60 02 2000 0000 0000 4c044142"), NULL, 0, 0},
    {"end, zeros behind", TCP("00000000 60 02 2000 0000 0000 00000000"), NULL, 0, 0},
    {"end, more behind", TCP("00000000 60 02 2000 0000 0000 00004100"), "tcp_option_padding", 3, 0},
    {"an option that lies", TCP("00000000 60 02 2000 0000 0000 64ff4142"), NULL, 0, 0},
    {"ping of Linux",
     ECHO("08", "0102030405060708090a0b0c0d0e0f00 101112131415161718191a1b1c1d1e1f"), NULL, 0, 0},
    {"ping of Windows",
     ECHO("08", "6162636465666768696a6b6c6d6e6f7071727374757677616263646566676869"), NULL, 0, 0},
    {"ping of zeros", ECHO("08", ZEROS16 ZEROS16), NULL, 0, 0},
    {"ping with a time only", ECHO("08", "0102030405060708090a0b0c0d0e0f10"), NULL, 0, 0},
    {"ping with a message",
     ECHO("08", "4b6579206f6620746865206461792069 73207377666f7264666973682c206f6b"),
     "icmp_payload", 32, 0},
};

static struct packet decode(const char *text, struct frame_bytes *bytes, struct frame *frame)
{
    struct packet packet;
    *bytes = frames_parse(text);
    *frame = frames_frame(*bytes, 1);
    assert_int_equal(layers_decode(frame, &packet), LAYERS_TRANSPORT);
    field_oddities_hint(&packet);
    return packet;
}

static void test_oddities(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct frame_bytes bytes;
        struct frame frame;
        struct field_echo echo;
        const struct packet packet = decode(row->frame, &bytes, &frame);
        struct field_oddities found;
        field_oddities_none(&found);
        field_oddities_of(&packet, &found);
        if (packet.protocol == PROTO_ICMP)
            assert_true(field_oddities_echo(&packet, &echo, &found));
        if (found.num != (row->odd != NULL))
            fail_msg("%s: %u found", row->name, found.num);
        if (row->odd != NULL) {
            assert_string_equal(field_oddity_name(found.odd[0].oddity), row->odd);
            assert_int_equal(found.odd[0].bytes, row->bytes);
            assert_int_equal(found.odd[0].detail, row->detail);
        }
        free(bytes.at);
    }
}

/* Padding as it should be is told, too: it could carry something. */
static void test_padding(void **state)
{
    (void)state;
    static const struct {
        const char *frame;
        uint16_t padding, padn;
    } paddings[] = {
        {ETHERNET(ZEROS16 "00"), 17, 0},
        {ETHERNET(ZEROS16 "01"), 17, 0},
        {ETHERNET(ZEROS16 "0001"), 0, 0},
        {ETHERNET(ZEROS16), 0, 0},
        {IP6("00000000"), 0, 4},
        {IP6("00004100"), 0, 4},
        {IP4("4000", "11") FRAMES_UDP, 0, 0},
    };
    for (size_t i = 0; i < sizeof paddings / sizeof paddings[0]; i++) {
        struct frame_bytes bytes;
        struct frame frame;
        const struct packet packet = decode(paddings[i].frame, &bytes, &frame);
        struct field_oddities found;
        field_oddities_none(&found);
        field_oddities_of(&packet, &found);
        if (found.padding != paddings[i].padding || found.padn != paddings[i].padn)
            fail_msg("%zu: %u, %u", i, found.padding, found.padn);
        free(bytes.at);
    }
}

/* --- a direction --- */

struct world {
    struct field_statistics *statistics;
    struct flow flow;
    struct flow_hot hot;
    struct frame frame;
    struct packet packet;
    struct ip_fields ip;
    struct tcp_fields tcp;
    struct field_sample last; /* of the samples told */
    struct field_odd odd;
    unsigned told_ip, told_tcp;
    uint32_t index;
};

static void tell(void *to, uint32_t index, unsigned side, const struct observation_type *type,
                 const void *data)
{
    struct world *world = to;
    assert_int_equal(side, 0);
    world->index = index;
    if (type == &observation_tcp_fields) {
        world->tcp = *(const struct tcp_fields *)data;
        world->told_tcp++;
        return;
    }
    world->ip = *(const struct ip_fields *)data;
    world->told_ip++;
    const size_t num = field_samples_num(world->ip.samples);
    if (num > 0)
        world->last = field_sample_at(world->ip.samples, num - 1);
    if (span_seen(world->ip.oddities)) {
        struct reader list = reader_of(world->ip.oddities);
        world->odd = field_odd_next(&list);
    }
}

static void begin(struct world *world, size_t max_bytes)
{
    static uint8_t header[32] = {0x13, 0x88, 0x13, 0x89};
    *world = (struct world){.flow = {.ip_version = 4, .protocol = PROTO_TCP}};
    header[12] = 0x80;
    header[20] = header[21] = 1;
    header[22] = 8;
    header[23] = 10;
    world->packet = (struct packet){.frame = &world->frame,
                                    .ip_version = 4,
                                    .protocol = PROTO_TCP,
                                    .ttl = 64,
                                    .tcp_flags = TCP_ACK,
                                    .tcp_header_len = 32,
                                    .ip_header = span_of(header, 20),
                                    .l4_header = span_of(header, sizeof header),
                                    .payload = reader_of(span_of(header, 10))};
    world->statistics =
        field_statistics_new(4, max_bytes, &(struct field_statistics_owner){world, tell});
    assert_non_null(world->statistics);
    world->hot.flags = field_statistics_begin(world->statistics, 1);
}

/* One more packet, each with a number of its own. */
static void send(struct world *world)
{
    world->frame.number++;
    world->frame.time_ns += 1000000;
    world->hot.packets[0]++;
    world->packet.ip_id++;
    field_oddities_hint(&world->packet);
    if (field_statistics_wants(&world->hot, 0, &world->packet))
        world->hot.flags =
            field_statistics_note(world->statistics, 1, &world->hot, 0, &world->packet);
    world->packet.tcp_seq += 10;
}

static void end(struct world *world)
{
    world->flow.packets[0] = world->hot.packets[0];
    field_statistics_end(world->statistics, 1, &world->flow);
    field_statistics_free(world->statistics);
}

static void test_few_packets(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1 << 16);
    world.packet.ttl = 63;
    world.packet.traffic_class = 0xb9;
    send(&world);
    world.packet.ttl = 64;
    send(&world);
    send(&world);
    end(&world);
    assert_int_equal(world.told_ip, 1);
    assert_int_equal(world.told_tcp, 0);
    assert_int_equal(world.ip.packets.value, 3);
    assert_int_equal(world.ip.sampled.value, 3);
    assert_int_equal(world.ip.first_ttl.value, 63);
    assert_int_equal(world.ip.max_ttl.value, 64);
    assert_int_equal(world.ip.ttl_changes.value, 1);
    assert_int_equal(world.ip.dscp.value, 46);
    assert_int_equal(world.ip.first_id.value, 1);
    assert_false(world.ip.flow_label.seen);
    assert_int_equal(field_samples_num(world.ip.samples), 0);
}

/* What IGMP has in each packet is not odd; a value in it is. */
static void test_router_alert(void **state)
{
    (void)state;
    for (uint8_t value = 0; value <= 1; value++) {
        struct world world;
        const uint8_t header[24] = {[20] = 0x94, [21] = 4, [23] = value};
        begin(&world, 1 << 16);
        world.packet.ip_header = span_of(header, sizeof header);
        send(&world);
        send(&world);
        end(&world);
        assert_int_equal(world.odd.packets, value * 2);
        assert_int_equal(world.odd.oddity, value ? ODDITY_IP_OPTIONS : 0);
    }
}

/* A label that is another one from some packet on, as after a timeout, changed once. */
static void test_new_label(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1 << 16);
    world.flow.ip_version = world.packet.ip_version = 6;
    for (unsigned i = 0; i < 12; i++) {
        world.packet.flow_label = i < 4 ? 5 : 6;
        send(&world);
    }
    end(&world);
    assert_int_equal(world.ip.flow_label.value, 6);
    assert_int_equal(world.ip.label_changes.value, 1);
}

/* A mirror that has each packet twice, before and behind a router. */
static void test_copies(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1 << 16);
    for (unsigned i = 0; i < 40; i++) {
        world.packet.ttl = 64;
        send(&world);
        world.packet.ttl = 63;
        world.packet.ip_id--;
        world.packet.tcp_seq -= 10;
        send(&world);
    }
    end(&world);
    assert_int_equal(world.ip.packets.value, 80);
    assert_int_equal(world.ip.sampled.value, 40);
    assert_int_equal(world.ip.ttl_changes.value, 0);
}

/* 256 samples, none up to the 4096th packet, and again from there and from the 8192nd on. */
static void test_sampling(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1 << 16);
    for (unsigned i = 1; i < 4096; i++) {
        send(&world);
        assert_int_equal(world.told_ip, 0);
    }
    send(&world);
    assert_int_equal(world.told_ip, 1);
    assert_int_equal(world.ip.packets.value, 4096);
    assert_int_equal(world.ip.sampled.value, FIELD_STATISTICS_QUIET + FIELD_STATISTICS_SAMPLES);
    assert_int_equal(field_samples_num(world.ip.samples), FIELD_STATISTICS_SAMPLES);
    assert_int_equal(world.last.id, 264);
    assert_int_equal(world.last.half_len, 5);
    assert_int_equal(world.last.time_us, 255000);
    for (unsigned i = 4097; i <= 9000; i++)
        send(&world);
    assert_int_equal(world.told_ip, 2);
    assert_int_equal(world.ip.packets.value, 4096);
    end(&world);
    assert_int_equal(world.told_ip, 3);
    assert_int_equal(world.ip.packets.value, 9000 - 8192);
    assert_int_equal(world.last.id, 8192 + 263);
}

/* The padding of sampled frames is counted: of those behind the eighth, up to the last sample. */
static void test_padding_counted(void **state)
{
    (void)state;
    for (unsigned num = 8; num <= 10; num++) {
        struct world world;
        uint8_t bytes[60] = {0};
        begin(&world, 1 << 16);
        world.frame.at = bytes;
        world.frame.wire_len = world.frame.captured_len = sizeof bytes;
        world.packet.mac = span_of(bytes, 14);
        world.packet.payload = reader_of(span_of(bytes + 54, 2)); /* and 4 bytes of padding */
        for (unsigned i = 0; i < num; i++)
            send(&world);
        end(&world);
        assert_int_equal(world.ip.padded.seen, num > 8);
        assert_int_equal(world.ip.padded.value, num - 8);
        assert_int_equal(world.ip.padding.value, (num - 8) * 4);
        assert_false(world.ip.padn.seen);
    }
}

/* A field that must be zero is seen in any packet. */
static void test_between_samples(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1 << 16);
    for (unsigned i = 1; i < 1000; i++)
        send(&world);
    assert_false(field_statistics_wants(&world.hot, 0, &world.packet));
    world.packet.ip_flags = 4;
    send(&world);
    send(&world);
    end(&world);
    assert_int_equal(world.odd.oddity, ODDITY_IP_RESERVED_BIT);
    assert_int_equal(world.odd.packets, 2);
    assert_int_equal(world.odd.first, 1000);
}

static void test_tcp(void **state)
{
    (void)state;
    uint8_t syn[40] = {0};
    static const uint8_t options[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                      0, 1, 0, 0,    0, 0, 1, 3,  3, 7};
    uint8_t header[32];
    struct world world;
    begin(&world, 1 << 16);
    memcpy(syn + 20, options, sizeof options);
    memcpy(header, world.packet.l4_header.at, sizeof header);
    const struct span usual = span_of(header, sizeof header);
    world.packet.l4_header = span_of(syn, sizeof syn);
    world.packet.tcp_flags = TCP_SYN;
    world.packet.tcp_seq = 0xcafe;
    send(&world);
    world.packet.l4_header = usual;
    world.packet.tcp_flags = TCP_ACK;
    for (unsigned i = 0; i < 40; i++) {
        header[27] = (uint8_t)(i == 20 ? 18 : i + 1); /* once earlier than the one before */
        send(&world);
    }
    end(&world);
    assert_int_equal(world.told_tcp, 1);
    assert_int_equal(world.tcp.isn.value, 0xcafe);
    assert_int_equal(world.tcp.options.value, 0x24813);
    assert_int_equal(world.tcp.timestamps.value, 41 - FIELD_STATISTICS_QUIET);
    assert_int_equal(world.tcp.timestamps_backward.value, 1);
}

/* With room for one block each further conversation takes it from the one before, which is told early. */
static void test_eviction(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 1);
    for (uint32_t flow = 1; flow <= 3; flow++) {
        struct flow_hot hot = {.flags = field_statistics_begin(world.statistics, flow)};
        for (unsigned i = 0; i < 20; i++) {
            world.packet.ip_id++;
            field_oddities_hint(&world.packet);
            hot.packets[0]++;
            hot.flags = field_statistics_note(world.statistics, flow, &hot, 0, &world.packet);
        }
        assert_int_equal(world.told_ip, flow - 1);
        assert_int_equal(field_statistics_evicted(world.statistics), flow - 1);
    }
    assert_int_equal(world.index, 2);
    assert_false(world.ip.packets.seen);
    field_statistics_free(world.statistics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oddities),        cmocka_unit_test(test_few_packets),
        cmocka_unit_test(test_new_label),       cmocka_unit_test(test_router_alert),
        cmocka_unit_test(test_copies),          cmocka_unit_test(test_sampling),
        cmocka_unit_test(test_between_samples), cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_eviction),        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_padding_counted),
    };
    return cmocka_run_group_tests_name("field statistics", tests, NULL, NULL);
}
