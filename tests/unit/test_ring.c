/* test_ring.c: capture/ring_source.c on the loopback interface of a network namespace of the test's own: what is
 * sent is read, several sources share it, and the filter and its limits hold. Skipped without the right to make
 * one. */
#include "capture/source.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { NUM_PORTS = 64, FIRST_PORT = 20000, MAX_SOURCES = 3 };

static bool own_network; /* the namespace is there */

static int make_network(void **state)
{
    (void)state;
    struct ifreq request = {.ifr_name = "lo"};
    int fd = -1;
    if (unshare(CLONE_NEWNET) == 0)
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags |= IFF_UP;
        own_network = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    }
    if (fd >= 0)
        close(fd);
    return 0;
}

static void need_network(void)
{
    if (!own_network) {
        print_message("skipped: there is no right to make a network namespace\n");
        skip();
    }
}

static struct source *open_live(const struct live_options *options)
{
    struct error error = {.text = ""};
    struct source *source = source_open_live("lo", options, &error);
    if (source == NULL)
        fail_msg("%s", error.text);
    return source;
}

/* Sends |num| datagrams from 127.0.0.1 to each of 127.0.1.1 … 127.0.1.|hosts|, port by port. */
static void send_datagrams(unsigned num, unsigned hosts)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    for (unsigned i = 0; i < num; i++) {
        for (unsigned host = 1; host <= hosts; host++) {
            struct sockaddr_in to = {.sin_family = AF_INET,
                                     .sin_port = htons((uint16_t)(FIRST_PORT + i % NUM_PORTS)),
                                     .sin_addr.s_addr = htonl(0x7f000100 + host)};
            assert_int_equal(sendto(fd, "some text", 9, 0, (const struct sockaddr *)&to, sizeof to),
                             9);
        }
    }
    close(fd);
}

/* UDP from 127.0.0.1 to 127.0.1.|host|; 0 for anything else (such as the answers of ICMP). */
static unsigned host_of(const struct frame *frame)
{
    if (frame->captured_len < 42 || frame->at[23] != IPPROTO_UDP)
        return 0;
    return frame->at[32] == 1 ? frame->at[33] : 0;
}

struct seen {
    unsigned by_host[256], by_port[NUM_PORTS], udp, other;
};

/* Reads until nothing comes. */
static struct seen read_all(struct source *source)
{
    struct seen seen = {.udp = 0};
    struct frame frames[7]; /* less than a block has */
    struct error error = {.text = ""};
    size_t num;
    uint64_t number = source_stats(source).frames;
    enum source_status status;
    for (unsigned idle = 0; idle < 2; idle += status == SOURCE_IDLE) {
        status = source_read(source, frames, 7, &num, &error);
        if (status != SOURCE_FRAMES && status != SOURCE_IDLE)
            fail_msg("%s", error.text);
        for (size_t i = 0; i < num; i++) {
            unsigned host = host_of(&frames[i]);
            assert_true(frames[i].number > number);
            number = frames[i].number;
            assert_int_equal(frames[i].link_type, 1);
            assert_int_equal(frames[i].captured_len, frames[i].wire_len);
            seen.udp += host != 0;
            seen.other += host == 0;
            if (host == 0)
                continue;
            seen.by_host[host]++;
            seen.by_port[(unsigned)(frames[i].at[36] << 8 | frames[i].at[37]) - FIRST_PORT]++;
        }
    }
    return seen;
}

static void test_reads(void **state)
{
    (void)state;
    need_network();
    for (int by_libpcap = 0; by_libpcap < 2; by_libpcap++) {
        struct source *source =
            open_live(&(struct live_options){.by_libpcap = by_libpcap, .wait_ms = 60});
        assert_int_equal(strstr(source_format(source), "libpcap") != NULL, by_libpcap);
        size_t num_sockets;
        assert_true(source_descriptors(source, &num_sockets)[0] >= 0);
        assert_int_equal(num_sockets, 1);
        send_datagrams(300, 1);
        struct seen seen = read_all(source);
        assert_int_equal(seen.udp,
                         300); /* once each, though the interface sends and receives them */
        assert_int_equal(source_stats(source).dropped, 0);
        assert_int_equal(source_stats(source).frames, seen.udp + seen.other);
        source_close(source);
    }
}

static void test_filter(void **state)
{
    (void)state;
    need_network();
    static const struct {
        const char *expression;
        unsigned passed;
    } cases[] = {
        {"udp", 128}, {"udp dst port 20003", 2}, {"tcp", 0}, {"vlan", 0}, {"greater 60", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct source *source =
            open_live(&(struct live_options){.filter = cases[i].expression, .wait_ms = 60});
        send_datagrams(128, 1);
        assert_int_equal(read_all(source).udp, cases[i].passed);
        assert_int_equal(source_stats(source).filtered, 0); /* the kernel left them out */
        source_close(source);
    }
    struct error error = {.text = ""};
    assert_null(source_open_live("lo", &(struct live_options){.filter = "udp prot"}, &error));
    assert_non_null(strstr(error.text, "udp prot"));
}

/* Sources that share a group, as programs do: every frame goes to one, and all of an address pair (or of a
 * conversation) to the same. */
static void test_group(void **state)
{
    (void)state;
    need_network();
    static const enum live_spread spreads[] = {LIVE_SPREAD_DEFAULT, LIVE_SPREAD_ADDRESSES,
                                               LIVE_SPREAD_HASH};
    for (size_t number = 0; number < sizeof spreads / sizeof spreads[0]; number++) {
        const bool by_addresses = spreads[number] != LIVE_SPREAD_HASH;
        const struct live_options options = {.filter = "udp",
                                             .wait_ms = 60,
                                             .fanout = {.spread = spreads[number],
                                                        .defrag = number == 2,
                                                        .group = (uint16_t)(4711 + number)}};
        struct source *sources[MAX_SOURCES];
        struct seen seen[MAX_SOURCES];
        unsigned all = 0, busy = 0;
        for (size_t i = 0; i < MAX_SOURCES; i++)
            sources[i] = open_live(&options);
        send_datagrams(NUM_PORTS, 16);
        for (size_t i = 0; i < MAX_SOURCES; i++) {
            seen[i] = read_all(sources[i]);
            all += seen[i].udp;
            busy += seen[i].udp > 0;
        }
        assert_int_equal(all, NUM_PORTS * 16);
        assert_int_equal(busy, MAX_SOURCES);
        for (unsigned host = 1; by_addresses && host <= 16; host++) {
            unsigned sharing = 0;
            for (size_t i = 0; i < MAX_SOURCES; i++)
                sharing += seen[i].by_host[host] > 0;
            assert_int_equal(sharing, 1);
        }
        for (size_t i = 0; i < MAX_SOURCES; i++)
            source_close(sources[i]);
    }
}

/* One source of several rings: every frame once, in the order in which they were sent. */
static void test_several_rings(void **state)
{
    (void)state;
    need_network();
    static const struct live_fanout fanouts[] = {
        {.group = 0},
        {.spread = LIVE_SPREAD_HASH, .defrag = true},
        {.spread = LIVE_SPREAD_ADDRESSES, .rollover = true},
        {.spread = LIVE_SPREAD_CPU},
        {.spread = LIVE_SPREAD_QUEUE, .rollover = true},
    };
    enum { HOSTS = 16, BATCH = 50 };
    for (size_t i = 0; i < sizeof fanouts / sizeof fanouts[0]; i++) {
        struct source *source = open_live(&(struct live_options){
            .filter = "udp", .wait_ms = 100, .num_rings = MAX_SOURCES, .fanout = fanouts[i]});
        send_datagrams(500, HOSTS);
        struct frame frames[BATCH];
        struct error error;
        unsigned seen = 0;
        uint64_t before_ns = 0;
        size_t num;
        while (source_read(source, frames, BATCH, &num, &error) == SOURCE_FRAMES)
            for (size_t j = 0; j < num; j++, seen++) {
                assert_int_equal(host_of(&frames[j]), 1 + seen % HOSTS);
                assert_int_equal(frames[j].number, seen + 1);
                assert_true(frames[j].time_ns >= before_ns);
                before_ns = frames[j].time_ns;
            }
        assert_int_equal(seen, 500 * HOSTS);
        source_close(source);
    }
}

/* What is held stays as it is, whatever comes meanwhile: the ring is full then, and it goes on when it is released. */
static void test_held(void **state)
{
    (void)state;
    need_network();
    enum { HELD = 64, NUM = 40000 };
    struct source *source = open_live(&(struct live_options){.filter = "udp",
                                                             .ring_bytes = 4 << 16,
                                                             .block_bytes = 1 << 16,
                                                             .wait_ms = 60,
                                                             .num_rings = 2});
    struct frame frames[HELD];
    uint8_t copies[HELD][64];
    struct error error;
    size_t num, more;
    unsigned later = 0;
    send_datagrams(HELD, 1);
    assert_int_equal(source_read(source, frames, HELD, &num, &error), SOURCE_FRAMES);
    for (size_t i = 0; i < num; i++)
        memcpy(copies[i], frames[i].at, frames[i].captured_len);
    void *held = source_hold(source), *other = source_hold(source);
    assert_non_null(held);
    for (unsigned round = 0; round < 4; round++) {
        struct frame others[HELD];
        send_datagrams(NUM / 4, 2);
        while (source_read(source, others, HELD, &more, &error) == SOURCE_FRAMES)
            later += (unsigned)more;
    }
    for (size_t i = 0; i < num; i++)
        assert_memory_equal(frames[i].at, copies[i], frames[i].captured_len);
    assert_true(source_stats(source).dropped > 0);
    assert_true(later > 0);
    source_release(source, held);
    source_release(source, other);
    read_all(source);
    send_datagrams(100, 2);
    assert_int_equal(read_all(source).udp, 200);
    source_close(source);
}

static void test_full(void **state)
{
    (void)state;
    need_network();
    struct source *source = open_live(
        &(struct live_options){.ring_bytes = 4 << 16, .block_bytes = 1 << 16, .wait_ms = 60});
    send_datagrams(8000, 1);
    struct seen seen = read_all(source);
    struct source_stats stats = source_stats(source);
    assert_true(stats.dropped > 0);
    assert_true(stats.freezes > 0);
    assert_true(seen.udp < 8000);
    assert_true(seen.udp + stats.dropped >= 8000);
    send_datagrams(100, 1); /* it goes on */
    assert_int_equal(read_all(source).udp, 100);
    source_close(source);
}

static void set_up(const char *name, bool up)
{
    struct ifreq request = {.ifr_flags = 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

/* What is sent before both ends see each other is lost. */
static void wait_until_running(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (unsigned i = 0; i < 500; i++) {
        struct ifreq near = {.ifr_name = "near"}, far = {.ifr_name = "far"};
        if (ioctl(fd, SIOCGIFFLAGS, &near) == 0 && ioctl(fd, SIOCGIFFLAGS, &far) == 0 &&
            near.ifr_flags & far.ifr_flags & IFF_RUNNING)
            break;
        usleep(10000);
    }
    close(fd);
}

/* Makes a pair of interfaces that are up; false: there is no program or no right for it. */
static bool make_pair(void)
{
    if (system("ip link add near type veth peer name far 2>/dev/null") != 0)
        return false;
    set_up("near", true);
    set_up("far", true);
    wait_until_running();
    return true;
}

static void send_raw(unsigned num)
{
    static const uint8_t bytes[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
                                      0,    0,    0,    0,    1,    0x88, 0xb5};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    /* An interface that came up has no queue yet, and drops what is sent to one, for as long as the system is busy. */
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &(int){1}, sizeof(int));
    const struct sockaddr_ll to = {.sll_family = AF_PACKET,
                                   .sll_ifindex = (int)if_nametoindex("near")};
    for (unsigned i = 0; i < num; i++)
        assert_int_equal(
            sendto(fd, bytes, sizeof bytes, 0, (const struct sockaddr *)&to, sizeof to),
            sizeof bytes);
    close(fd);
}

/* Frames of send_raw that are read until nothing comes. */
static unsigned read_raw(struct source *source)
{
    struct frame frames[16];
    struct error error = {.text = ""};
    unsigned seen = 0;
    enum source_status status;
    for (unsigned idle = 0; idle < 3; idle += status == SOURCE_IDLE) {
        size_t num;
        status = source_read(source, frames, 16, &num, &error);
        if (status != SOURCE_FRAMES && status != SOURCE_IDLE)
            fail_msg("%s", error.text);
        for (size_t i = 0; i < num; i++)
            seen += frames[i].captured_len == 60 && frames[i].at[12] == 0x88 &&
                    frames[i].at[13] == 0xb5;
    }
    return seen;
}

/* An interface that goes down, or is removed, is read again when it is there again. */
static void test_outages(void **state)
{
    (void)state;
    need_network();
    static const struct live_options all[] = {
        {.wait_ms = 40}, {.wait_ms = 40, .by_libpcap = true}, {.wait_ms = 40, .num_rings = 2}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct error error = {.text = ""};
        if (!make_pair())
            skip();
        struct source *source = source_open_live("far", &all[i], &error);
        assert_non_null(source);
        for (unsigned round = 1; round <= 3; round++) {
            send_raw(5);
            assert_int_equal(read_raw(source), 5);
            assert_false(source_stats(source).down);
            set_up("far", false);
            assert_int_equal(read_raw(source), 0);
            assert_true(source_stats(source).down);
            assert_int_equal(source_stats(source).outages, 2 * round - 1);
            set_up("far", true);
            wait_until_running();
            send_raw(5);
            assert_int_equal(read_raw(source), 5);
            assert_int_equal(system("ip link del near"), 0);
            assert_int_equal(read_raw(source), 0);
            assert_int_equal(source_stats(source).outages, 2 * round);
            assert_true(make_pair());
            assert_int_equal(read_raw(source), 0);
        }
        send_raw(7);
        assert_int_equal(read_raw(source), 7);
        source_close(source);
        assert_int_equal(system("ip link del near"), 0);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    need_network();
    static const struct {
        struct live_options options;
        const char *name, *says;
    } cases[] = {
        {{.ring_bytes = 1 << 20}, "lo", "4 to 65535 blocks"},
        {{.block_bytes = 1000}, "lo", "multiple of"},
        {{.adapter_time = true}, "lo", "no time stamps"},
        {{.wait_ms = 1}, "nosuch0", "no network interface nosuch0"},
        {{.wait_ms = 1}, "a-name-that-is-much-too-long", "no network interface"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {.text = ""};
        assert_null(source_open_live(cases[i].name, &cases[i].options, &error));
        if (strstr(error.text, cases[i].says) == NULL)
            fail_msg("%s", error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),   cmocka_unit_test(test_filter),
        cmocka_unit_test(test_group),   cmocka_unit_test(test_several_rings),
        cmocka_unit_test(test_held),    cmocka_unit_test(test_full),
        cmocka_unit_test(test_outages), cmocka_unit_test(test_refuses)};
    return cmocka_run_group_tests_name("ring", tests, make_network, NULL);
}
