/* test_flow_table.c: keys, time-outs, bounds and totals of the flow table. */
#include "core/flow_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t second = 1ull << 30; /* the table's */
static const uint64_t start_ns = 1700000000000000000;

/* Notes which flows ended, and how. */
struct log {
    struct flow_table *table;
    unsigned num, by_how[5];
    uint64_t first_packets[4096];
};

static void note_end(void *to, uint32_t index, enum flow_end how)
{
    struct log *log = to;
    log->by_how[how]++;
    if (log->num < 4096)
        log->first_packets[log->num] = flow_table_cold(log->table, index)->flow.first_packet;
    log->num++;
}

static struct flow_table *table_of(struct log *log, size_t max)
{
    *log = (struct log){0};
    log->table = flow_table_new(max, &(struct flow_table_owner){log, note_end}, NULL);
    assert_non_null(log->table);
    return log->table;
}

static struct packet packet_of(uint32_t client, uint16_t port, bool back, uint8_t protocol)
{
    struct packet packet = {.ip_version = 4, .protocol = protocol};
    struct endpoint a = {.port = port}, b = {.address = {192, 0, 2, 1}, .port = 443};
    memcpy(a.address, &client, sizeof client);
    packet.ends[0] = back ? b : a;
    packet.ends[1] = back ? a : b;
    return packet;
}

/* Sees a packet as the engine does. */
static uint32_t see(struct flow_table *table, const struct packet *packet, uint64_t now_ns)
{
    static uint64_t number;
    struct flow_key key;
    unsigned side = flow_key_of(packet, &key);
    uint64_t hash = flow_table_hash(table, &key);
    flow_table_advance(table, now_ns);
    uint32_t index = flow_table_find(table, &key, hash);
    if (index == 0) {
        index = flow_table_add(table, &key, hash, now_ns);
        flow_table_cold(table, index)->flow.first_packet = ++number;
        flow_table_cold(table, index)->flow.first_ns = now_ns;
    }
    flow_table_touch(table, index, side, 100, now_ns);
    return index;
}

static void both_directions_are_one_flow(void **state)
{
    (void)state;
    struct log log;
    struct flow_table *table = table_of(&log, 16);
    struct packet there = packet_of(7, 1000, false, PROTO_TCP);
    struct packet back = packet_of(7, 1000, true, PROTO_TCP);
    struct flow_key a, b;
    assert_int_not_equal(flow_key_of(&there, &a), flow_key_of(&back, &b));
    assert_memory_equal(&a, &b, sizeof a);
    uint32_t index = see(table, &there, start_ns);
    assert_int_equal(see(table, &back, start_ns + second), index);
    assert_true(flow_table_hot(table, index)->flags & FLOW_ANSWERED);
    flow_table_end_all(table, FLOW_END_INPUT);
    assert_int_equal(log.num, 1);
    flow_table_free(table);
}

/* Everything that makes a conversation another one makes another key. */
static void keys_tell_conversations_apart(void **state)
{
    (void)state;
    struct packet base = packet_of(7, 1000, false, PROTO_TCP);
    struct packet other[9];
    for (size_t i = 0; i < 9; i++)
        other[i] = base;
    other[0].ends[0].address[3] ^= 1;
    other[1].ends[1].address[0] ^= 1;
    other[2].ends[0].port++;
    other[3].ends[1].port++;
    other[4].protocol = PROTO_UDP;
    other[5].ip_version = 6;
    other[6].num_tunnels = 1;
    other[7].tunnel_id = 0x800000;
    other[8].ends[0].address[15] = 1;
    struct flow_key key, other_key;
    flow_key_of(&base, &key);
    for (size_t i = 0; i < 9; i++) {
        flow_key_of(&other[i], &other_key);
        assert_memory_not_equal(&key, &other_key, sizeof key);
    }
    struct packet esp = packet_of(7, 0, false, 50), ah = packet_of(7, 0, false, 51);
    esp.ends[1].port = ah.ends[1].port = 0;
    flow_key_of(&esp, &key);
    flow_key_of(&ah, &other_key);
    assert_memory_not_equal(&key, &other_key, sizeof key);
}

static void time_outs_depend_on_what_was_seen(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool answered, fins, rst;
        uint8_t protocol;
        unsigned alive, over; /* seconds */
        enum flow_end how;
    } cases[] = {
        {"never answered", false, false, false, PROTO_TCP, 50, 75, FLOW_END_IDLE},
        {"closed by both", true, true, false, PROTO_TCP, 5, 25, FLOW_END_CLOSED},
        {"reset", true, false, true, PROTO_TCP, 5, 25, FLOW_END_CLOSED},
        {"open TCP", true, false, false, PROTO_TCP, 350, 375, FLOW_END_IDLE},
        {"UDP", true, false, false, PROTO_UDP, 170, 195, FLOW_END_IDLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log log;
        struct flow_table *table = table_of(&log, 16);
        struct packet there = packet_of(7, 1000, false, cases[i].protocol);
        struct packet back = packet_of(7, 1000, true, cases[i].protocol);
        uint32_t index = see(table, &there, start_ns);
        if (cases[i].answered)
            see(table, &back, start_ns);
        if (cases[i].fins)
            flow_table_hot(table, index)->flags |= FLOW_FIN_0 | FLOW_FIN_1;
        if (cases[i].rst)
            flow_table_hot(table, index)->flags |= FLOW_RST;
        flow_table_advance(table, start_ns + cases[i].alive * second);
        assert_int_equal(log.num, 0);
        flow_table_advance(table, start_ns + cases[i].over * second);
        assert_int_equal(log.by_how[cases[i].how], 1);
        flow_table_free(table);
    }
}

static void long_pause_ends_everything(void **state)
{
    (void)state;
    struct log log;
    struct flow_table *table = table_of(&log, 256);
    for (uint16_t port = 1; port <= 200; port++) {
        struct packet packet = packet_of(7, port, false, PROTO_TCP);
        see(table, &packet, start_ns + port * second);
    }
    /* 2^32 units of time later, when the 32 bits of |last| say that no time has passed */
    flow_table_advance(table, start_ns + (4096ull << 30) * 1024);
    assert_int_equal(log.num, 200);
    flow_table_free(table);
}

/* A flood of first packets does not push out conversations that go on, nor those (|silent|) that have paused. */
static void flood_beside(bool silent)
{
    struct log log;
    struct flow_table *table = table_of(&log, 1000);
    struct packet there[100], back[100];
    for (uint16_t i = 0; i < 100; i++) {
        there[i] = packet_of(9, (uint16_t)(i + 1), false, PROTO_TCP);
        back[i] = packet_of(9, (uint16_t)(i + 1), true, PROTO_TCP);
        see(table, &there[i], start_ns);
        see(table, &back[i], start_ns);
    }
    uint64_t now = start_ns;
    for (uint32_t i = 0; i < 200000; i++) {
        struct packet syn = packet_of(0x10000 + i, 5, false, PROTO_TCP);
        now += second / 1000;
        see(table, &syn, now);
        if (!silent)
            see(table, &there[i % 100], now);
    }
    assert_true(flow_table_evicted(table) > 100000);
    for (uint16_t i = 0; i < 100; i++) {
        struct flow_key key;
        flow_key_of(&there[i], &key);
        uint32_t index = flow_table_find(table, &key, flow_table_hash(table, &key));
        assert_int_not_equal(index, 0);
        assert_int_equal(flow_table_cold(table, index)->flow.first_ns, start_ns);
    }
    flow_table_free(table);
}

static void flood_pushes_itself_out(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) /* full buckets are rare, and other ones under each key */
        flood_beside(i % 4 != 0);
}

static void totals_outgrow_32_bits(void **state)
{
    (void)state;
    struct log log;
    struct flow_table *table = table_of(&log, 4);
    struct packet there = packet_of(7, 1000, false, PROTO_TCP);
    uint32_t index = see(table, &there, start_ns);
    struct flow_key key;
    unsigned side = flow_key_of(&there, &key);
    for (unsigned i = 0; i < 5; i++)
        flow_table_touch(table, index, side, 0xf0000000, start_ns);
    flow_table_sync(table, index);
    assert_true(flow_table_cold(table, index)->flow.bytes[side] == 100 + 5 * 0xf0000000ull);
    assert_int_equal(flow_table_cold(table, index)->flow.packets[side], 6);
    flow_table_free(table);
}

static void end_all_goes_by_first_packet(void **state)
{
    (void)state;
    struct log log;
    struct flow_table *table = table_of(&log, 64);
    for (uint32_t i = 0; i < 300; i++) { /* more than there is room for: places are used again */
        struct packet packet = packet_of(i, 5, false, PROTO_UDP);
        see(table, &packet, start_ns + i * second / 100);
    }
    unsigned before = log.num;
    flow_table_end_all(table, FLOW_END_INPUT);
    assert_int_equal(log.num, 300);
    for (unsigned i = before + 1; i < log.num; i++)
        assert_true(log.first_packets[i - 1] < log.first_packets[i]);
    flow_table_free(table);
}

static void restart_keeps_the_key(void **state)
{
    (void)state;
    struct log log;
    struct flow_table *table = table_of(&log, 4);
    struct packet there = packet_of(7, 1000, false, PROTO_TCP);
    uint32_t index = see(table, &there, start_ns);
    flow_table_restart(table, index, FLOW_END_CLOSED, start_ns + second);
    assert_int_equal(log.by_how[FLOW_END_CLOSED], 1);
    assert_int_equal(see(table, &there, start_ns + second), index);
    flow_table_sync(table, index);
    struct flow_key key;
    assert_int_equal(flow_table_cold(table, index)->flow.packets[flow_key_of(&there, &key)], 1);
    flow_table_advance(table, start_ns + 90 * second);
    assert_int_equal(log.by_how[FLOW_END_IDLE], 1);
    flow_table_free(table);
}

/* Random packets, against a list that is searched from end to end. The table is far from its bounds: near them, where eight
 * flows do not fit a bucket, one in ten random keys pushes a flow out. */
static void agrees_with_a_plain_list(void **state)
{
    (void)state;
    enum { MAX = 8192 };
    struct log log;
    struct flow_table *table = table_of(&log, 4 * MAX);
    struct {
        struct flow_key key;
        uint32_t index;
    } *list = calloc(MAX, sizeof *list);
    size_t num = 0;
    uint32_t seed = 12345;
    for (unsigned i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        struct packet packet = packet_of(seed >> 28, (uint16_t)(seed >> 12 & 0xff), seed >> 27 & 1,
                                         seed >> 26 & 1 ? PROTO_TCP : PROTO_UDP);
        struct flow_key key;
        flow_key_of(&packet, &key);
        size_t j = 0;
        while (j < num && memcmp(&list[j].key, &key, sizeof key) != 0)
            j++;
        uint32_t index = see(table, &packet, start_ns);
        if (j == num && num < MAX) {
            list[num].key = key;
            list[num++].index = index;
        }
        assert_int_equal(list[j].index, index);
    }
    assert_int_equal(flow_table_evicted(table), 0);
    assert_true(num > 3000);
    flow_table_end_all(table, FLOW_END_INPUT);
    assert_int_equal(log.num, num);
    free(list);
    flow_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_are_one_flow),
        cmocka_unit_test(keys_tell_conversations_apart),
        cmocka_unit_test(time_outs_depend_on_what_was_seen),
        cmocka_unit_test(long_pause_ends_everything),
        cmocka_unit_test(flood_pushes_itself_out),
        cmocka_unit_test(totals_outgrow_32_bits),
        cmocka_unit_test(end_all_goes_by_first_packet),
        cmocka_unit_test(restart_keeps_the_key),
        cmocka_unit_test(agrees_with_a_plain_list),
    };
    return cmocka_run_group_tests_name("flow_table", tests, NULL, NULL);
}
