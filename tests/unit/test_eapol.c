/* test_eapol.c: EAP in 802.1X: under which link layers it is found, who talks to whom, and what they say. */
#include "core/common_observations.h"
#include "core/eapol_peers.h"
#include "core/engine.h"
#include "dissectors/eap.h"
#include "dissectors/eapol.h"
#include "tests/unit/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* --- what comes out: "10>01:alice", the last bytes of the hardware addresses of device and authenticator --- */

struct heard {
    bool deaf;
    char text[1024];
};

static void say(struct heard *heard, const char *form, ...) __attribute__((format(printf, 2, 3)));
static void say(struct heard *heard, const char *form, ...)
{
    size_t len = strlen(heard->text);
    va_list arguments;
    va_start(arguments, form);
    int added = vsnprintf(heard->text + len, sizeof heard->text - len, form, arguments);
    va_end(arguments);
    assert_true(added >= 0 && len + (size_t)added < sizeof heard->text);
}

static void hear(void *to, const struct observation *observation)
{
    struct heard *heard = to;
    const struct flow *flow = observation->flow;
    assert_int_equal(flow->ip_version, 0);
    assert_memory_equal(flow->mac[0], flow->ends[0].address, 6);
    assert_memory_equal(flow->mac[1], flow->ends[1].address, 6);
    const bool ends = observation->type == &observation_flow_end;
    assert_int_equal(observation->exchange == 0, ends);
    if (heard->deaf || ends || observation->type == &observation_exchange_end)
        return;
    say(heard, "%s%02x>%02x:", heard->text[0] != '\0' ? " " : "",
        flow->ends[flow->client].address[5], flow->ends[!flow->client].address[5]);
    if (observation->type == &observation_eap_identity) {
        const struct eap_identity *identity = observation->data;
        say(heard, "%.*s", (int)identity->identity.len, (const char *)identity->identity.at);
    } else if (observation->type == &observation_eap_method) {
        const struct eap_method *method = observation->data;
        say(heard, "%s", eap_method_name(method->type.value));
    } else if (observation->type == &observation_tls_client_hello) {
        const struct tls_client_hello *hello = observation->data;
        say(heard, "hello%02x#%u", hello->random.at[0], observation->exchange);
    } else {
        say(heard, "%s", observation->type->name);
    }
}

/* --- frames --- */

struct wire {
    struct engine *engine;
    struct heard heard;
    uint64_t number;
};

static struct wire *wire_new(void)
{
    static const struct dissector *const only[] = {&dissector_eapol, NULL};
    struct wire *wire = calloc(1, sizeof *wire);
    struct error error;
    assert_non_null(wire);
    const struct engine_options options = {
        .max_flows = 100, .dissectors = only, .emit_to = &wire->heard, .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
    return wire;
}

static struct engine_stats wire_end(struct wire *wire, const char *expected)
{
    engine_finish(wire->engine);
    const struct engine_stats stats = engine_stats(wire->engine);
    assert_string_equal(wire->heard.text, expected);
    engine_free(wire->engine);
    free(wire);
    return stats;
}

static void send_frame(struct wire *wire, uint16_t link_type, const uint8_t *bytes, size_t len,
                       size_t snap)
{
    struct frame_bytes exact = frames_copy(bytes, len - snap);
    struct frame frame = frames_frame(exact, link_type);
    frame.wire_len = (uint32_t)len;
    frame.number = ++wire->number;
    frame.time_ns = 1700000000000000000;
    engine_feed(wire->engine, &frame, 1);
    free(exact.at);
}

enum { GROUP = 0, REQUEST = 1, RESPONSE = 2, SUCCESS = 3, IDENTITY = 1, MD5 = 4, TLS = 13 };

/* An EAP packet between addresses of which |from| and |to| are the last bytes. */
struct eap_frame {
    uint8_t from, to, code, identifier, type; /* |type| 0: none */
    const void *data;
    size_t len;
};

static size_t build(const struct eap_frame *f, uint8_t out[1600])
{
    const size_t eap_len = f->type != 0 ? 5 + f->len : 4;
    const uint8_t group[6] = {0x01, 0x80, 0xc2, 0, 0, 3}, own[6] = {2, 0, 0, 0, 0, 0};
    memcpy(out, f->to == GROUP ? group : own, 6);
    memcpy(out + 6, own, 6);
    if (f->to != GROUP)
        out[5] = f->to;
    out[11] = f->from;
    const uint8_t rest[] = {0x88,
                            0x8e,
                            2,
                            0,
                            (uint8_t)(eap_len >> 8),
                            (uint8_t)eap_len,
                            f->code,
                            f->identifier,
                            (uint8_t)(eap_len >> 8),
                            (uint8_t)eap_len,
                            f->type};
    memcpy(out + 12, rest, sizeof rest);
    if (f->len > 0)
        memcpy(out + 23, f->data, f->len);
    size_t len = 18 + eap_len;
    for (; len < 60; len++) /* as Ethernet fills up short frames */
        out[len] = 0xee;
    return len;
}

static void send_eap(struct wire *wire, struct eap_frame f)
{
    uint8_t bytes[1600];
    send_frame(wire, 1, bytes, build(&f, bytes), 0);
}

static void send_identity(struct wire *wire, uint8_t from, uint8_t to, uint8_t id, const char *name)
{
    send_eap(wire, (struct eap_frame){from, to, RESPONSE, id, IDENTITY, name, strlen(name)});
}

/* A client hello in one record, behind the flags and length of EAP-TLS; |fill| is in its random. */
static size_t put_hello(uint8_t out[200], uint8_t fill)
{
    static const uint8_t head[] = {0x80, 0, 0, 0, 50, 22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3};
    static const uint8_t tail[] = {0, 0, 2, 0xc0, 0x2f, 1, 0};
    memcpy(out, head, sizeof head);
    memset(out + 16, fill, 32);
    memcpy(out + 48, tail, sizeof tail);
    return 55;
}

static void send_hello(struct wire *wire, uint8_t from, uint8_t to, uint8_t id, uint8_t fill)
{
    uint8_t data[200];
    const size_t len = put_hello(data, fill);
    send_eap(wire, (struct eap_frame){from, to, RESPONSE, id, TLS, data, len});
}

/* --- where it is found --- */

#define EAPOL_ALICE "02 00 000a 02 07 000a 01 616c696365"

static void under_every_link_layer(void **state)
{
    static const struct {
        const char *name;
        uint16_t link_type;
        const char *frame, *expected;
    } rows[] = {
        {"ethernet", 1, "020000000001 020000000010 888e " EAPOL_ALICE, "10>01:alice"},
        {"group", 1, "0180c2000003 020000000010 888e " EAPOL_ALICE, "10>03:alice"},
        {"vlan", 1, "020000000001 020000000010 8100 0005 888e " EAPOL_ALICE, "10>01:alice"},
        {"802.3 snap", 1, "020000000001 020000000010 {-2} aaaa03 000000 888e " EAPOL_ALICE,
         "10>01:alice"},
        {"802.11, to the access point", 105,
         "0801 0000 020000000001 020000000010 020000000001 1000 aaaa03 000000 888e " EAPOL_ALICE,
         "10>01:alice"},
        {"802.11 with quality of service", 105,
         "8801 0000 020000000001 020000000010 020000000001 1000 0700 aaaa03 000000 "
         "888e " EAPOL_ALICE,
         "10>01:alice"},
        {"802.11, from the access point to a device that asks", 105,
         "0802 0000 020000000001 020000000010 020000000010 1000 aaaa03 000000 888e " EAPOL_ALICE,
         "10>01:alice"},
        {"radiotap", 127,
         "00 00 0800 00000000 0801 0000 020000000001 020000000010 020000000001 1000 "
         "aaaa03 000000 888e " EAPOL_ALICE,
         "10>01:alice"},
        {"cooked", 113, "0002 0001 0006 020000000010 0000 888e " EAPOL_ALICE, "10>00:alice"},
        {"cooked, an address of another length", 113,
         "0002 0001 0008 020000000010 0000 888e " EAPOL_ALICE, ""},
        {"cooked 2", 276, "888e 0000 00000001 0001 00 06 020000000010 0000 " EAPOL_ALICE,
         "10>00:alice"},
        {"vxlan", 1,
         FRAMES_OUTER_MAC
         "0800 " FRAMES_OUTER_UDP("12b5") "08000000 00002a00 "
                                          "020000000001 020000000010 888e " EAPOL_ALICE,
         "10>01:alice"},
        {"padded", 1, "020000000001 020000000010 888e " EAPOL_ALICE "0000000000", "10>01:alice"},
        {"version 3", 1, "020000000001 020000000010 888e 03 00 000a 02 07 000a 01 616c696365",
         "10>01:alice"},
        {"version 4", 1, "020000000001 020000000010 888e 04 00 000a 02 07 000a 01 616c696365", ""},
        {"start", 1, "020000000001 020000000010 888e 02 01 0000", ""},
        {"a key", 1, "020000000001 020000000010 888e 02 03 000a 02 07 000a 01 616c696365", ""},
        {"longer than the frame", 1,
         "020000000001 020000000010 888e 02 00 000b 02 07 000a 01 616c696365", ""},
        {"EAP longer than 802.1X", 1,
         "020000000001 020000000010 888e 02 00 000a 02 07 000b 01 616c696365", ""},
        {"code 5", 1, "020000000001 020000000010 888e 02 00 000a 05 07 000a 01 616c696365", ""},
        {"nothing", 1, "020000000001 020000000010 888e", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct frame_bytes bytes = frames_parse(rows[i].frame);
        struct wire *wire = wire_new();
        send_frame(wire, rows[i].link_type, bytes.at, bytes.len, 0);
        engine_finish(wire->engine);
        if (strcmp(wire->heard.text, rows[i].expected) != 0)
            fail_msg("%s: \"%s\"", rows[i].name, wire->heard.text);
        wire_end(wire, rows[i].expected);
        free(bytes.at);
    }
}

/* An IP header with the protocol number that stands for 802.1X is none of it. */
static void ip_of_that_protocol(void **state)
{
    static const char hex[] = FRAMES_MAC "0800 " FRAMES_IP4("ff") EAPOL_ALICE;
    (void)state;
    const struct frame_bytes bytes = frames_parse(hex);
    struct wire *wire = wire_new();
    send_frame(wire, 1, bytes.at, bytes.len, 0);
    const struct engine_stats stats = wire_end(wire, "");
    assert_int_equal(stats.flows, 1);
    assert_int_equal(stats.flows_dissected, 0);
    free(bytes.at);
}

/* --- who talks to whom --- */

struct step {
    uint8_t from, to, code, identifier, type;
    int other; /* last byte of the other end; 3: the group's address; -1: has no flow */
};

#define NUM(steps) (sizeof(steps) / sizeof *(steps))

static void check_steps(const char *name, const struct step *steps, size_t num)
{
    struct eapol_peers *peers = calloc(1, sizeof *peers);
    assert_non_null(peers);
    for (size_t i = 0; i < num; i++) {
        const struct eap_frame f = {
            steps[i].from, steps[i].to, steps[i].code, steps[i].identifier, steps[i].type, NULL, 0};
        uint8_t bytes[1600];
        const size_t len = build(&f, bytes);
        const struct frame_bytes exact = frames_copy(bytes, len);
        const struct frame frame = frames_frame(exact, 1);
        struct packet packet;
        assert_int_equal(layers_decode(&frame, &packet), LAYERS_EAPOL);
        const bool has_flow = eapol_peers_join(peers, &packet);
        const int other = has_flow ? packet.ends[1].address[5] : -1;
        if (other != steps[i].other)
            fail_msg("%s, step %zu: the other end is %d", name, i, other);
        if (has_flow) {
            assert_int_equal(packet.ends[0].address[5], steps[i].from);
            assert_int_equal(packet.protocol, PROTO_EAPOL);
            assert_int_equal(reader_wire_left(&packet.payload), f.type != 0 ? 9 : 8);
        }
        free(exact.at);
    }
    free(peers);
}

static void ends_are_joined(void **state)
{
    static const struct step named[] = {
        {0x01, 0x10, REQUEST, 5, IDENTITY, 0x10}, {0x10, 0x01, RESPONSE, 5, IDENTITY, 0x01},
        {0x01, 0x10, REQUEST, 6, TLS, 0x10},      {0x10, 0x01, RESPONSE, 6, TLS, 0x01},
        {0x01, 0x10, SUCCESS, 6, 0, 0x10},
    };
    static const struct step device_to_group[] = {
        {0x01, 0x10, REQUEST, 5, IDENTITY, 0x10}, {0x10, GROUP, RESPONSE, 5, IDENTITY, 0x01},
        {0x01, 0x10, REQUEST, 90, TLS, 0x10},     {0x10, GROUP, RESPONSE, 90, TLS, 0x01},
        {0x10, GROUP, RESPONSE, 13, TLS, 0x01}, /* whatever its identifier */
    };
    static const struct step both_to_group[] = {
        {0x01, GROUP, REQUEST, 5, IDENTITY, -1}, /* who may that be for? */
        {0x10, GROUP, RESPONSE, 5, IDENTITY, 0x01}, {0x01, GROUP, REQUEST, 6, TLS, 0x10},
        {0x10, GROUP, RESPONSE, 6, TLS, 0x01},      {0x01, GROUP, REQUEST, 77, TLS, 0x10},
        {0x01, GROUP, SUCCESS, 77, 0, 0x10},
    };
    /* One address of a switch, several ports. */
    static const struct step devices_at_once[] = {
        {0x01, GROUP, REQUEST, 5, IDENTITY, -1},     {0x10, GROUP, RESPONSE, 5, IDENTITY, 0x01},
        {0x01, GROUP, REQUEST, 80, IDENTITY, 0x10}, /* for somebody else, as the answer tells */
        {0x11, GROUP, RESPONSE, 80, IDENTITY, 0x01}, {0x01, GROUP, REQUEST, 81, TLS, 0x11},
        {0x11, GROUP, RESPONSE, 81, TLS, 0x01},      {0x01, GROUP, REQUEST, 82, TLS, 0x11},
    };
    /* Two switches, whose identifiers are the same. */
    static const struct step switches_at_once[] = {
        {0x01, GROUP, REQUEST, 5, IDENTITY, -1}, {0x10, GROUP, RESPONSE, 5, IDENTITY, 0x01},
        {0x02, GROUP, REQUEST, 5, IDENTITY, -1}, {0x20, GROUP, RESPONSE, 5, IDENTITY, 0x02},
        {0x01, GROUP, REQUEST, 6, TLS, 0x10},    {0x02, GROUP, REQUEST, 6, TLS, 0x20},
        {0x20, GROUP, RESPONSE, 6, TLS, 0x02},   {0x10, GROUP, RESPONSE, 6, TLS, 0x01},
    };
    static const struct step in_the_middle[] = {
        {0x10, GROUP, RESPONSE, 9, TLS, 0x03}, /* nobody was heard to ask */
        {0x01, GROUP, REQUEST, 10, TLS, 0x03},
        {0x10, GROUP, RESPONSE, 10, TLS, 0x01},
        {0x01, GROUP, REQUEST, 11, TLS, 0x10},
    };
    (void)state;
    check_steps("named", named, NUM(named));
    check_steps("device to group", device_to_group, NUM(device_to_group));
    check_steps("both to group", both_to_group, NUM(both_to_group));
    check_steps("devices at once", devices_at_once, NUM(devices_at_once));
    check_steps("switches at once", switches_at_once, NUM(switches_at_once));
    check_steps("in the middle", in_the_middle, NUM(in_the_middle));
}

/* The pair that was silent longest gives way. */
static void pairs_have_a_bound(void **state)
{
    struct step steps[EAPOL_MAX_PAIRS + 4];
    (void)state;
    for (uint8_t i = 0; i <= EAPOL_MAX_PAIRS; i++)
        steps[i] = (struct step){1, (uint8_t)(0x10 + i), REQUEST, i, TLS, 0x10 + i};
    size_t num = EAPOL_MAX_PAIRS + 1;
    steps[num++] = (struct step){0x11, GROUP, RESPONSE, 1, TLS, 0x01};
    steps[num++] = (struct step){0x10, GROUP, RESPONSE, 200, TLS, 0x03}; /* the first, forgotten */
    steps[num++] = (struct step){0x10 + EAPOL_MAX_PAIRS, GROUP, RESPONSE, 64, TLS, 0x01};
    check_steps("bound", steps, num);
}

/* --- what they say --- */

static void authentication_of_one_device(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    send_eap(wire, (struct eap_frame){0x01, 0x10, REQUEST, 1, IDENTITY, NULL, 0});
    send_identity(wire, 0x10, GROUP, 1, "alice");
    send_identity(wire, 0x10, GROUP, 1, "alice"); /* again */
    send_eap(wire, (struct eap_frame){0x01, 0x10, REQUEST, 2, TLS, "\x20", 1});
    send_hello(wire, 0x10, GROUP, 2, 0xaa);
    const struct engine_stats stats =
        wire_end(wire, "10>01:alice 10>01:eap-tls 10>01:helloaa#1 10>01:tls.handshake_summary");
    assert_int_equal(stats.flows, 1);
    assert_int_equal(stats.frames_other, 0);
}

/* After its success, and also when that was not seen, the same two begin again. */
static void one_after_the_other(void **state)
{
    (void)state;
    for (int seen = 0; seen < 2; seen++) {
        struct wire *wire = wire_new();
        send_identity(wire, 0x10, 0x01, 1, "alice");
        send_hello(wire, 0x10, 0x01, 2, 0xaa);
        if (seen)
            send_eap(wire, (struct eap_frame){0x01, 0x10, SUCCESS, 2, 0, NULL, 0});
        send_eap(wire, (struct eap_frame){0x01, 0x10, REQUEST, 2, IDENTITY, NULL, 0});
        send_identity(wire, 0x10, 0x01, 2, "bob");
        send_hello(wire, 0x10, 0x01, 3, 0xbb);
        wire_end(wire, "10>01:alice 10>01:eap-tls 10>01:helloaa#1 10>01:tls.handshake_summary "
                       "10>01:bob 10>01:eap-tls 10>01:hellobb#2 10>01:tls.handshake_summary");
    }
}

static void devices_at_one_switch(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    send_eap(wire, (struct eap_frame){0x01, GROUP, REQUEST, 1, IDENTITY, NULL, 0});
    send_identity(wire, 0x10, GROUP, 1, "alice");
    send_eap(wire, (struct eap_frame){0x01, GROUP, REQUEST, 60, IDENTITY, NULL, 0});
    send_identity(wire, 0x11, GROUP, 60, "bob");
    send_eap(wire, (struct eap_frame){0x01, GROUP, REQUEST, 61, MD5, "\1x", 2});
    send_eap(wire, (struct eap_frame){0x11, GROUP, RESPONSE, 61, MD5, "\1x", 2});
    send_hello(wire, 0x10, GROUP, 2, 0xaa);
    wire_end(wire, "10>01:alice 11>01:bob 11>01:md5-challenge 10>01:eap-tls 10>01:helloaa#1 "
                   "10>01:tls.handshake_summary");
}

/* Every snap length, and every byte changed: sanitizers watch. */
static void any_bytes(void **state)
{
    uint8_t data[200], bytes[1600];
    const size_t hello_len = put_hello(data, 1);
    const struct eap_frame f = {0x10, 0x01, RESPONSE, 1, TLS, data, hello_len};
    const size_t len = build(&f, bytes);
    (void)state;
    struct wire *wire = wire_new();
    wire->heard.deaf = true;
    for (size_t i = 0; i < len; i++) {
        send_frame(wire, 1, bytes, len, i);
        for (unsigned change = 1; change < 256; change += 2) {
            bytes[i] ^= (uint8_t)change;
            send_frame(wire, 1, bytes, len, 0);
            bytes[i] ^= (uint8_t)change;
        }
    }
    engine_finish(wire->engine);
    engine_free(wire->engine);
    free(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(under_every_link_layer),
        cmocka_unit_test(ip_of_that_protocol),
        cmocka_unit_test(ends_are_joined),
        cmocka_unit_test(pairs_have_a_bound),
        cmocka_unit_test(authentication_of_one_device),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(devices_at_one_switch),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests_name("eapol", tests, NULL, NULL);
}
