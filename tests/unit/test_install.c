/* test_install.c: installs are followed over hosts and time: which messages and files are one install, and whose. */
#include "tests/unit/install_world.h"

static const struct talk switch_one = {.device = 1,
                                       .server = 2,
                                       .vendor_class = "ciscopnp",
                                       .file = "router-confg",
                                       .boot_server = "10.0.1.3"};

static void test_one_install(void **state)
{
    (void)state;
    struct world world;
    struct content_facts plain = configuration();
    world_begin(&world, NULL);
    boots(&world, &switch_one);
    gets(&world, 1, 3, "router-confg", &plain);
    expect_fired(&world, "config-cleartext:high:certain unauthenticated:medium:certain "
                         "dhcp-disclosure:low:certain");
    expect_told(&world, "dhcp 1.. input router-confg=obtained\n");
    size_t num;
    const struct observation *const *told = analysis_told(world.analysis, &num);
    assert_int_equal(num, 1);
    const struct install_transaction *install = told[0]->data;
    const uint8_t kinds[] = {INSTALL_STEP_DISCOVER, INSTALL_STEP_OFFER, INSTALL_STEP_REQUEST,
                             INSTALL_STEP_ACK,      INSTALL_STEP_ASK,   INSTALL_STEP_OBTAINED};
    assert_true(span_equal(install->step_kinds, span_of(kinds, sizeof kinds)));
    struct reader packets = reader_of(install->step_packets);
    for (uint64_t i = 1; i <= 6; i++)
        assert_int_equal(reader_u64(&packets), i);
    assert_int_equal(install->first_packet.value, 1);
    assert_int_equal(install->last_packet.value, 6);
    assert_int_equal(install->encrypted, TRUTH_NO);
    assert_int_equal(install->obtained.value, 1);
    assert_string_equal(install->format, "ios");
    assert_true(span_equal(install->file, span_text("router-confg")));
    const uint8_t server[4] = {10, 0, 1, 3}, address[4] = {10, 0, 0, 1};
    assert_true(span_equal(install->server, span_of(server, 4)));
    assert_true(span_equal(install->address, span_of(address, 4)));
    assert_true(span_equal(install->vendor_class, span_text("ciscopnp")));
    /* Who is told of it, is told of the device and its server, not of DHCP's broadcasts. */
    assert_memory_equal(told[0]->flow->ends[0].address, address, 4);
    assert_int_equal(told[0]->flow->first_packet, 1);
    world_end(&world);
}

/* Without DHCP a device is its address; DHCP without a file is told only of who wants to boot. */
static void test_by_address(void **state)
{
    (void)state;
    struct world world;
    struct content_facts plain = configuration();
    world_begin(&world, NULL);
    gets(&world, 9, 3, "sw.cfg", &plain);
    boots(&world, &(struct talk){.device = 4, .server = 2, .plain = true});
    boots(&world, &(struct talk){.device = 5, .server = 2});
    boots(&world, &(struct talk){.device = 6, .server = 2, .file = "a.cfg"});
    analysis_finish(world.analysis);
    expect_told(&world, "address 0.. input sw.cfg=obtained\n"
                        "dhcp 6.. input\n");
    assert_int_equal(analysis_stats(world.analysis).install_devices, 4);
    world_end(&world);
}

static void test_gap(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    misses(&world, 9, 3, "a.cfg");
    wait_s(&world, 599);
    misses(&world, 9, 3, "b.cfg");
    wait_s(&world, 601);
    misses(&world, 9, 3, "c.cfg");
    analysis_finish(world.analysis);
    expect_told(&world, "address 0.. idle a.cfg=missing b.cfg=missing\n"
                        "address 0.. input c.cfg=missing\n");
    world_end(&world);
}

/* A quiet install is told when others go on, not only at the end. */
static void test_told_in_time(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    misses(&world, 9, 3, "a.cfg");
    for (unsigned i = 0; i < 11; i++) {
        wait_s(&world, 60);
        misses(&world, 8, 3, "b.cfg");
    }
    expect_told(&world, "address 0.. idle a.cfg=missing\n");
    world_end(&world);
}

/* Firmware, boot loader and system each ask by DHCP in a form of their own: one install. The firmware's again, after
 * files were asked for: the next one. */
static void test_stages(void **state)
{
    (void)state;
    struct world world;
    struct content_facts image = content(CONTENT_IMAGE, "image", "elf"), plain = configuration();
    struct talk firmware = {
        .device = 1, .server = 2, .vendor_class = "PXEClient:Arch:00000", .file = "ipxe.0"};
    struct talk loader = {.device = 1, .server = 2, .vendor_class = "iPXE", .file = "boot.ipxe"};
    struct talk system = {.device = 1, .server = 2, .vendor_class = "d-i", .plain = true};
    world_begin(&world, NULL);
    for (unsigned boot = 0; boot < 2; boot++) {
        discover(&world, &firmware); /* nobody answers at first: asked again, and no new boot */
        wait_s(&world, 4);
        boots(&world, &firmware);
        gets(&world, 1, 2, "ipxe.0", &image);
        boots(&world, &loader);
        gets(&world, 1, 2, "boot.ipxe", &plain);
        boots(&world, &system);
        gets(&world, 1, 2, "preseed.cfg", &plain);
        wait_s(&world, 60);
    }
    analysis_finish(world.analysis);
    expect_told(&world,
                "dhcp 1.. next boot ipxe.0=obtained boot.ipxe=obtained preseed.cfg=obtained\n"
                "dhcp 1.. input ipxe.0=obtained boot.ipxe=obtained preseed.cfg=obtained\n");
    world_end(&world);
}

/* An address that is given to another device is that one's from then on; one whose lease is over is nobody's. */
static void test_leases(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    boots(&world, &(struct talk){.device = 1, .server = 2, .lease = 50});
    misses(&world, 50, 3, "one.cfg");
    boots(&world, &(struct talk){.device = 2, .server = 2, .lease = 50, .lease_s = 100});
    misses(&world, 50, 3, "two.cfg");
    wait_s(&world, 200);
    misses(&world, 50, 3, "nobody.cfg");
    analysis_finish(world.analysis);
    expect_told(&world, "dhcp 1.. other device one.cfg=missing\n"
                        "dhcp 2.. input two.cfg=missing\n"
                        "address 0.. input nobody.cfg=missing\n");
    world_end(&world);
}

/* An address is given to a device, and was seen before: it is that device that boots again, or whose lease is renewed. */
static void test_found_again(void **state)
{
    (void)state;
    struct world world;
    struct talk one = {.device = 1, .server = 2, .plain = true};
    world_begin(&world, NULL);
    misses(&world, 1, 3, "a.cfg");
    wait_s(&world, 20);
    boots(&world, &one);
    misses(&world, 1, 3, "b.cfg");
    analysis_finish(world.analysis);
    expect_told(&world, "address 0.. next boot a.cfg=missing\n"
                        "dhcp 1.. input b.cfg=missing\n");
    world_end(&world);
    const uint8_t address[4] = {10, 0, 0, 1}, mac[6] = {0, 0, 0x5e, 0, 0x53, 1};
    const struct flow flow = {.ip_version = 4, .protocol = PROTO_UDP};
    const struct dhcp_message renewed = {.type = number(DHCP_ACK),
                                         .op = number(2),
                                         .client_mac = span_of(mac, 6),
                                         .client_address = span_of(address, 4),
                                         .your_address = span_of(address, 4)};
    world_begin(&world, NULL);
    misses(&world, 1, 3, "a.cfg");
    say(&world, &observation_dhcp_message, &renewed, &flow, 1);
    misses(&world, 1, 3, "b.cfg");
    analysis_finish(world.analysis);
    expect_told(&world, "dhcp 1.. input a.cfg=missing b.cfg=missing\n");
    world_end(&world);
}

static void test_released(void **state)
{
    (void)state;
    struct world world;
    const uint8_t address[4] = {10, 0, 0, 1}, mac[6] = {0, 0, 0x5e, 0, 0x53, 1};
    struct flow flow = {.ip_version = 4, .protocol = PROTO_UDP};
    const struct dhcp_message release = {.type = number(DHCP_RELEASE),
                                         .op = number(1),
                                         .client_mac = span_of(mac, 6),
                                         .client_address = span_of(address, 4)};
    world_begin(&world, NULL);
    boots(&world, &switch_one);
    say(&world, &observation_dhcp_message, &release, &flow, 0);
    misses(&world, 1, 3, "a.cfg");
    analysis_finish(world.analysis);
    expect_told(&world, "dhcp 1.. input\naddress 0.. input a.cfg=missing\n");
    world_end(&world);
}

/* However many client identifiers and addresses a device has had, it is known by its hardware address. */
static void test_many_names(void **state)
{
    (void)state;
    struct world world;
    struct talk one = {.device = 1, .server = 2, .plain = true};
    char id[16];
    one.client_id = id;
    world_begin(&world, NULL);
    for (uint8_t i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "system %u", i);
        one.lease = (uint8_t)(100 + i / 2); /* and every other time it gets the same address */
        boots(&world, &one);
        assert_int_equal(analysis_stats(world.analysis).install_devices, 1);
        misses(&world, one.lease, 3, "a.cfg");
    }
    assert_int_equal(analysis_stats(world.analysis).install_devices, 1);
    misses(&world, 109, 3, "a.cfg"); /* at its newest addresses, but at its first one no more */
    misses(&world, 108, 3, "a.cfg");
    assert_int_equal(analysis_stats(world.analysis).install_devices, 1);
    misses(&world, 100, 3, "a.cfg");
    assert_int_equal(analysis_stats(world.analysis).install_devices, 2);
    world_end(&world);
}

/* Leases that are renewed are no installs, however often. */
static void test_renewals(void **state)
{
    (void)state;
    struct world world;
    const uint8_t address[4] = {10, 0, 0, 1}, mac[6] = {0, 0, 0x5e, 0, 0x53, 1},
                  server[4] = {10, 0, 1, 2};
    struct flow flow = {.ip_version = 4, .protocol = PROTO_UDP};
    struct dhcp_message renewal = {.type = number(DHCP_REQUEST),
                                   .op = number(1),
                                   .asks_boot = TRUTH_YES,
                                   .client_mac = span_of(mac, 6),
                                   .client_address = span_of(address, 4)};
    world_begin(&world, NULL);
    for (unsigned i = 0; i < 5; i++) {
        renewal.type = number(DHCP_REQUEST);
        renewal.op = number(1);
        say(&world, &observation_dhcp_message, &renewal, &flow, 0);
        renewal.type = number(DHCP_ACK);
        renewal.op = number(2);
        renewal.server_id = span_of(server, 4);
        renewal.boot.file = span_text("router-confg");
        say(&world, &observation_dhcp_message, &renewal, &flow, 1);
        wait_s(&world, 3600);
    }
    expect_fired(&world, "");
    expect_told(&world, "");
    world_end(&world);
}

static const uint8_t duid_7[10] = {0, 3, 0, 1, 0, 0, 0x5e, 0, 0x53, 7};

/* Device 7 asks by DHCPv6, over |flow|; gives the reply that tells it of a file, which is not said yet. */
static struct dhcp6_message asks_dhcp6(struct world *world, struct flow *flow)
{
    struct dhcp6_message message = {
        .type = number(DHCP6_SOLICIT),
        .to_server = TRUTH_YES,
        .xid = number(5),
        .asks_boot = TRUTH_YES,
        .depth = number(0),
        .client_duid = {.whole = span_of(duid_7, 10), .mac = span_of(duid_7 + 4, 6)}};
    *flow = (struct flow){.ip_version = 6, .protocol = PROTO_UDP};
    flow->ends[0].address[0] = 0xfe;
    flow->ends[0].address[1] = 0x80;
    say(world, &observation_dhcp6_message, &message, flow, 0);
    message.type = number(DHCP6_REPLY);
    message.to_server = TRUTH_NO;
    message.boot.file = span_text("tftp://[2001:db8::23]/SN19842256.enc");
    message.boot.file_source = number(BOOT_FROM_BOOTFILE_URL);
    return message;
}

/* From 2000:: to 2000::23. */
static struct flow file_flow6(void)
{
    struct flow flow = {.ip_version = 6, .protocol = PROTO_UDP};
    flow.ends[0].address[0] = flow.ends[1].address[0] = 0x20;
    flow.ends[1].address[15] = 0x23;
    return flow;
}

/* DHCPv6: the device by its DUID and the hardware address in it, whose frames ask from another address. */
static void test_dhcp6(void **state)
{
    (void)state;
    struct world world;
    struct flow flow, ask = file_flow6();
    world_begin(&world, NULL);
    const struct dhcp6_message message = asks_dhcp6(&world, &flow);
    say(&world, &observation_dhcp6_message, &message, &flow, 1);
    memcpy(ask.mac[0], duid_7 + 4, 6);
    const struct tftp_request request = {.op = "read", .file = span_text("SN19842256.enc")};
    say(&world, &observation_tftp_request, &request, &ask, 0);
    analysis_finish(world.analysis);
    expect_told(&world, "dhcpv6 7.. input SN19842256.enc=unanswered\n");
    world_end(&world);
}

/* DHCPv6: who asks from an address that was leased to a device, and is it the device still? */
static void test_dhcp6_leases(void **state)
{
    (void)state;
    static const struct {
        uint64_t type; /* of a message behind the reply; 0: there is none */
        const char *lifetime;
        unsigned pause_s;
        const char *told;
    } rows[] = {
        {0, "\0\0\0\x64", 90, "dhcpv6 7.. input a.cfg=unanswered\n"},
        {0, "\0\0\0\x64", 110, "dhcpv6 7.. input\naddress 0.. input a.cfg=unanswered\n"},
        {0, "\xff\xff\xff\xff", 110, "dhcpv6 7.. input a.cfg=unanswered\n"},
        {DHCP6_RELEASE, "\0\0\0\x64", 0, "dhcpv6 7.. input\naddress 0.. input a.cfg=unanswered\n"},
        {DHCP6_DECLINE, "\0\0\0\x64", 0, "dhcpv6 7.. input\naddress 0.. input a.cfg=unanswered\n"},
        {DHCP6_REPLY, "\0\0\0\0", 0, "dhcpv6 7.. input\naddress 0.. input a.cfg=unanswered\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world;
        struct flow flow;
        const struct flow ask = file_flow6();
        const struct tftp_request request = {.op = "read", .file = span_text("a.cfg")};
        world_begin(&world, NULL);
        struct dhcp6_message message = asks_dhcp6(&world, &flow);
        message.addresses = span_of(ask.ends[0].address, 16);
        message.lifetimes =
            rows[i].type == DHCP6_REPLY ? span_of("\0\0\0\x64", 4) : span_of(rows[i].lifetime, 4);
        say(&world, &observation_dhcp6_message, &message, &flow, 1);
        if (rows[i].type != 0) {
            const bool reply = rows[i].type == DHCP6_REPLY;
            message.type = number(rows[i].type);
            message.to_server = reply ? TRUTH_NO : TRUTH_YES;
            message.lifetimes = span_of(rows[i].lifetime, 4);
            say(&world, &observation_dhcp6_message, &message, &flow, reply);
        }
        wait_s(&world, rows[i].pause_s);
        say(&world, &observation_tftp_request, &request, &ask, 0);
        analysis_finish(world.analysis);
        expect_told(&world, rows[i].told);
        world_end(&world);
    }
}

/* Behind a router the frames are the router's: if that has an address of its own, the device is another one. */
static void test_behind_router(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    boots(&world, &switch_one);
    struct flow flow = file_flow(&world, 77, 3, 4000);
    const uint8_t mac[6] = {0, 0, 0x5e, 0, 0x53, 1};
    memcpy(flow.mac[0], mac, 6);
    const struct tftp_request request = {.op = "read", .file = span_text("a.cfg")};
    say(&world, &observation_tftp_request, &request, &flow, 0);
    analysis_finish(world.analysis);
    expect_told(&world, "dhcp 1.. input\naddress 0.. input a.cfg=unanswered\n");
    world_end(&world);
}

static void test_tls(void **state)
{
    (void)state;
    struct world world;
    struct flow flow;
    const struct tls_client_hello hello = {.transport = "tls"};
    world_begin(&world, NULL);
    boots(&world, &switch_one);
    flow = file_flow(&world, 1, 4, 5000); /* a server that DHCP did not name */
    say(&world, &observation_tls_client_hello, &hello, &flow, 0);
    flow = file_flow(&world, 1, 3, 5001);
    say(&world, &observation_tls_client_hello, &hello, &flow, 0);
    analysis_finish(world.analysis);
    size_t num;
    const struct install_transaction *install = analysis_told(world.analysis, &num)[0]->data;
    assert_int_equal(num, 1);
    assert_int_equal(install->tls, TRUTH_YES);
    assert_int_equal(install->step_kinds.len, 5);
    assert_int_equal(install->step_kinds.at[4], INSTALL_STEP_TLS);
    world_end(&world);
}

static void test_http(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        uint16_t status;
        enum truth complete;
        const char *outcome;
    } rows[] = {{"get", 200, TRUTH_YES, "obtained"},    {"get", 200, TRUTH_NO, "partly"},
                {"get", 206, TRUTH_YES, "partly"},      {"get", 404, TRUTH_YES, "missing"},
                {"get", 410, TRUTH_YES, "missing"},     {"get", 403, TRUTH_YES, "refused"},
                {"get", 302, TRUTH_YES, "redirected"},  {"get", 500, TRUTH_YES, "failed"},
                {"head", 200, TRUTH_YES, "probed"},     {"get", 304, TRUTH_UNKNOWN, "probed"},
                {"get", 0, TRUTH_UNKNOWN, "unanswered"}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        char expected[128];
        world_begin(&world, NULL);
        struct flow flow = file_flow(&world, 9, 3, 5000);
        struct http_fetch fetch = {.method = rows[i].method,
                                   .path = span_text("/ztp/a.cfg"),
                                   .complete = rows[i].complete};
        if (rows[i].status != 0)
            fetch.status = number(rows[i].status);
        say(&world, &observation_http_fetch, &fetch, &flow, 1);
        analysis_finish(world.analysis);
        snprintf(expected, sizeof expected, "address 0.. input /ztp/a.cfg=%s\n", rows[i].outcome);
        expect_told(&world, expected);
        world_end(&world);
    }
}

/* Files and steps beyond the bounds are counted. */
static void test_many_files(void **state)
{
    (void)state;
    struct world world;
    char name[64];
    world_begin(&world, NULL);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "part-%u.bin", i);
        misses(&world, 9, 3, name);
    }
    analysis_finish(world.analysis);
    size_t num;
    const struct install_transaction *install = analysis_told(world.analysis, &num)[0]->data;
    assert_int_equal(install->asked.value, 100);
    assert_int_equal(install->missing.value, 100);
    assert_int_equal(install->file_outcomes.len, INSTALL_MAX_FILES);
    assert_int_equal(install->step_kinds.len, INSTALL_MAX_STEPS);
    /* Each of 36 names was looked for twice, with its ask and its answer. */
    assert_int_equal(install->files_left_out.value, 72);
    assert_int_equal(install->steps_left_out.value, 72);
    assert_int_equal(analysis_stats(world.analysis).install_files_left_out, 72);
    world_end(&world);
}

/* A flood of addresses pushes other addresses out, and no device that DHCP knows. */
static void test_flood(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    boots(&world, &switch_one);
    for (uint32_t i = 0; i < 3 * INSTALL_MAX_DEVICES; i++) {
        struct flow flow = file_flow(&world, 9, 3, 4000);
        flow.ends[0].address[1] = (uint8_t)(1 + (i >> 16));
        flow.ends[0].address[2] = (uint8_t)(i >> 8);
        flow.ends[0].address[3] = (uint8_t)i;
        const struct tftp_request request = {.op = "read", .file = span_text("a.cfg")};
        world.told[0] = '\0';
        say(&world, &observation_tftp_request, &request, &flow, 0);
    }
    world.told[0] = '\0';
    misses(&world, 1, 3, "mine.cfg");
    world.told[0] = '\0';
    wait_s(&world, 700);
    misses(&world, 2, 3, "other.cfg");
    assert_non_null(strstr(world.told, "dhcp 1.. idle mine.cfg=missing\n"));
    struct analysis_stats stats = analysis_stats(world.analysis);
    /* Half of the table is for addresses; the last one asked behind the flood. */
    assert_int_equal(stats.table_evictions, 5 * INSTALL_MAX_DEVICES / 2 + 1);
    world.told[0] = '\0';
    analysis_finish(world.analysis);
    size_t num;
    analysis_told(world.analysis, &num);
    stats = analysis_stats(world.analysis);
    assert_int_equal(num + stats.install_transactions_not_kept, stats.install_transactions);
    assert_int_equal(num, 10000);
    world_end(&world);
}

/* Two hash keys, one order. */
static void test_order(void **state)
{
    (void)state;
    static struct world worlds[2];
    for (unsigned run = 0; run < 2; run++) {
        world_begin(&worlds[run], NULL);
        for (uint8_t i = 1; i < 100; i++) {
            boots(&worlds[run], &(struct talk){.device = i, .server = 2, .file = "a"});
            misses(&worlds[run], i, 3, "a.cfg");
        }
        analysis_finish(worlds[run].analysis);
    }
    assert_string_equal(worlds[0].told, worlds[1].told);
    assert_true(worlds[0].num_told == 99);
    world_end(&worlds[0]);
    world_end(&worlds[1]);
}

/* An analysis that is thrown away before its end leaks nothing, and tells what there is. */
static void test_thrown_away(void **state)
{
    (void)state;
    struct world world;
    struct content_facts cms = encrypted("one");
    world_begin(&world, NULL);
    boots(&world, &switch_one);
    gets(&world, 1, 3, "SN1.enc", &cms);
    analysis_free(world.analysis);
    expect_told(&world, "dhcp 1.. input SN1.enc=obtained\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_install),   cmocka_unit_test(test_by_address),
        cmocka_unit_test(test_gap),           cmocka_unit_test(test_told_in_time),
        cmocka_unit_test(test_stages),        cmocka_unit_test(test_leases),
        cmocka_unit_test(test_found_again),   cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_released),      cmocka_unit_test(test_renewals),
        cmocka_unit_test(test_dhcp6),         cmocka_unit_test(test_dhcp6_leases),
        cmocka_unit_test(test_behind_router), cmocka_unit_test(test_tls),
        cmocka_unit_test(test_http),          cmocka_unit_test(test_many_files),
        cmocka_unit_test(test_flood),         cmocka_unit_test(test_order),
        cmocka_unit_test(test_thrown_away),
    };
    return cmocka_run_group_tests_name("install", tests, NULL, NULL);
}
