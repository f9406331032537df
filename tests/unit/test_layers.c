/* test_layers.c: every link layer and every tunnel down to the same packet; then each of these
 * frames at every length, and with bytes flipped. */
#include "tests/unit/frame_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define TEREDO_IP6                                                                                 \
    "6 00 00000 {-36} 11 40 20010000000000000000000000000001 20010db8000000000000000000000002 "

static void check_view(const struct frame *frame, struct span view)
{
    if (!span_seen(view))
        return;
    assert_true(view.at >= frame->at);
    assert_true(view.at + view.len <= frame->at + frame->captured_len);
}

/* Decodes into memory full of a pattern, so that what is not set shows, and checks what must
 * hold of every result. */
static enum layers_result decode(const struct frame *frame, struct packet *packet)
{
    memset(packet, 0xa5, sizeof *packet);
    const enum layers_result result = layers_decode(frame, packet);
    assert_ptr_equal(packet->frame, frame);
    assert_true(packet->num_vlans <= PACKET_MAX_VLANS);
    assert_true(packet->num_tunnels <= PACKET_MAX_TUNNELS);
    assert_int_equal(packet->fault_layer != NULL,
                     result == LAYERS_CUT || result == LAYERS_MALFORMED);
    assert_true(packet->ip_version == 0 || packet->ip_version == 4 || packet->ip_version == 6);
    if (result == LAYERS_TRANSPORT) {
        assert_true(packet->ip_version != 0);
        assert_int_equal(packet->tail_cut, packet->payload.cut != 0);
        check_view(frame, span_of(packet->payload.at, reader_left(&packet->payload)));
        check_view(frame, packet->ip_header);
        check_view(frame, packet->l4_header);
    }
    if (result == LAYERS_FRAGMENT)
        check_view(frame,
                   span_of(packet->fragment.payload.at, reader_left(&packet->fragment.payload)));
    check_view(frame, packet->mac);
    return result;
}

static void check_ends(const struct packet *packet)
{
    static const uint8_t ip4[2][16] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
    static const uint8_t ip6[2][16] = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1},
                                       {0x20, 0x01, 0x0d, 0xb8, [15] = 2}};
    const uint8_t(*expected)[16] = packet->ip_version == 4 ? ip4 : ip6;
    assert_memory_equal(packet->ends[0].address, expected[0], 16);
    assert_memory_equal(packet->ends[1].address, expected[1], 16);
    assert_int_equal(packet->ends[0].port, 5000);
    assert_int_equal(packet->ends[1].port, 5001);
}

static void check_row(const struct frame_row *row, const struct packet *packet)
{
    static const uint8_t mac[12] = {2, 0, 0, 0, 0, 0xb2, 2, 0, 0, 0, 0, 0xa1};
    const bool other_mac = !row->mac && span_seen(packet->mac);
    assert_int_equal(packet->ip_version, row->ip_version);
    check_ends(packet);
    assert_int_equal(packet->protocol, PROTO_UDP);
    assert_int_equal(packet->ttl, 0x40);
    assert_int_equal(packet->traffic_class, 0xb8);
    assert_int_equal(packet->flow_label, row->ip_version == 6 ? 0x12345 : 0);
    assert_int_equal(packet->ip_id, row->ip_version == 4 ? 0x1234 : 0);
    assert_int_equal(packet->ip_flags, row->ip_version == 4 ? 2 : 0);
    assert_int_equal(packet->tcp_flags, 0);
    assert_int_equal(packet->ip_header.len, row->ip_version == 4 ? 20 : 40);
    assert_int_equal(packet->l4_header.len, 8);
    assert_int_equal(reader_wire_left(&packet->payload), 1);
    assert_int_equal(*packet->payload.at, 0xaa);
    assert_false(packet->tail_cut);
    if (row->mac)
        assert_memory_equal(packet->mac.at, mac, sizeof mac);
    if (other_mac) /* the frame that carries a tunnel of IP packets */
        assert_memory_not_equal(packet->mac.at, mac, sizeof mac);
    assert_int_equal(packet->num_vlans, row->num_vlans);
    assert_memory_equal(packet->vlans, row->vlans, sizeof row->vlans);
    assert_int_equal(packet->num_tunnels, row->num_tunnels);
    assert_int_equal(packet->tunnel, row->tunnel);
    assert_int_equal(packet->tunnel_id, row->tunnel_id);
}

static void test_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAME_ROWS_NUM; i++) {
        const struct frame_bytes bytes = frames_parse(frame_rows[i].frame);
        const struct frame frame = frames_frame(bytes, frame_rows[i].link_type);
        struct packet packet;
        const enum layers_result result = decode(&frame, &packet);
        if (result != LAYERS_TRANSPORT)
            fail_msg("%s: result %d in %s", frame_rows[i].name, (int)result,
                     packet.fault_layer != NULL ? packet.fault_layer : "-");
        check_row(&frame_rows[i], &packet);
        assert_true(layers_knows_link(frame_rows[i].link_type));
        free(bytes.at);
    }
}

/* What the snap length cut is never called malformed, and a cut payload takes no conversation
 * away. */
static void test_every_snap_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAME_ROWS_NUM; i++) {
        const struct frame_bytes whole = frames_parse(frame_rows[i].frame);
        for (size_t len = 0; len < whole.len; len++) {
            const struct frame_bytes bytes = frames_copy(whole.at, len);
            struct frame frame = frames_frame(bytes, frame_rows[i].link_type);
            struct packet packet;
            frame.wire_len = (uint32_t)whole.len;
            const enum layers_result result = decode(&frame, &packet);
            if (result == LAYERS_MALFORMED || result == LAYERS_LINK)
                fail_msg("%s cut to %zu: result %d in %s", frame_rows[i].name, len, (int)result,
                         packet.fault_layer);
            if (len + 1 == whole.len)
                assert_int_equal(result, LAYERS_TRANSPORT);
            free(bytes.at);
        }
        free(whole.at);
    }
}

/* A frame that really ends early gives some result, and no read past its end. */
static void test_every_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAME_ROWS_NUM; i++) {
        const struct frame_bytes whole = frames_parse(frame_rows[i].frame);
        for (size_t len = 0; len < whole.len; len++) {
            const struct frame_bytes bytes = frames_copy(whole.at, len);
            const struct frame frame = frames_frame(bytes, frame_rows[i].link_type);
            struct packet packet;
            assert_int_not_equal(decode(&frame, &packet), LAYERS_CUT);
            free(bytes.at);
        }
        free(whole.at);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void test_flipped_bytes(void **state)
{
    enum { ROUNDS = 500 };
    uint32_t seed = 20260726;
    (void)state;
    for (size_t i = 0; i < FRAME_ROWS_NUM; i++) {
        const struct frame_bytes whole = frames_parse(frame_rows[i].frame);
        for (unsigned round = 0; round < ROUNDS; round++) {
            const struct frame_bytes bytes = frames_copy(whole.at, whole.len);
            for (unsigned n = 1 + next_random(&seed) % 4; n != 0; n--)
                bytes.at[next_random(&seed) % bytes.len] ^= (uint8_t)next_random(&seed);
            const struct frame frame = frames_frame(bytes, frame_rows[i].link_type);
            struct packet packet;
            decode(&frame, &packet);
            free(bytes.at);
        }
        free(whole.at);
    }
}

static void test_unknown_link(void **state)
{
    (void)state;
    const struct frame_bytes bytes = frames_parse(FRAMES_IP4_UDP);
    const struct frame frame = frames_frame(bytes, 147);
    struct packet packet;
    assert_false(layers_knows_link(147));
    assert_int_equal(decode(&frame, &packet), LAYERS_LINK);
    free(bytes.at);
}

/* Frames without a conversation, and frames whose headers lie: what they are called, and where. */
static void test_results(void **state)
{
    static const struct {
        const char *name;
        uint16_t link_type;
        const char *frame;
        enum layers_result result;
        const char *fault_layer;
    } results[] = {
        {"empty", 1, "", LAYERS_MALFORMED, "ethernet"},
        {"half an address", 1, "0200", LAYERS_MALFORMED, "ethernet"},
        {"arp", 1, FRAMES_MAC "0806 0001 0800 06 04 0001", LAYERS_OTHER, NULL},
        {"lldp", 1, FRAMES_MAC "88cc 0000", LAYERS_OTHER, NULL},
        {"no ethertype", 1, FRAMES_MAC "05ff 0000", LAYERS_OTHER, NULL},
        {"802.1X", 1, FRAMES_MAC "888e 02010000", LAYERS_EAPOL, NULL},
        {"802.1X in a vlan", 1, FRAMES_MAC "8100 0001 888e 02010000", LAYERS_EAPOL, NULL},
        {"cooked, 802.1X", 113, "0000 0001 0006 0200000000a1 0000 888e 02010000", LAYERS_EAPOL,
         NULL},
        {"spanning tree", 1, FRAMES_MAC "0007 424203 00000000", LAYERS_OTHER, NULL},
        {"802.3 longer than the frame", 1, FRAMES_MAC "0040 424203", LAYERS_MALFORMED, "ethernet"},
        {"cdp", 1, FRAMES_MAC "{-2} aaaa03 00000c 2000 02b4", LAYERS_OTHER, NULL},
        {"vlan tag that ends", 1, FRAMES_MAC "8100 00", LAYERS_MALFORMED, "ethernet"},
        {"mpls that ends", 1, FRAMES_MAC "8847 00010040", LAYERS_MALFORMED, "mpls"},
        {"mpls oam", 1, FRAMES_MAC "8847 00011140 10000000 00000000", LAYERS_OTHER, NULL},
        {"pppoe longer than the frame", 1, FRAMES_MAC "8864 1100 0001 0040 0021", LAYERS_MALFORMED,
         "pppoe"},
        {"pppoe, lcp", 1, FRAMES_MAC "8864 1100 0001 {-2} c021 0101 0004", LAYERS_OTHER, NULL},
        {"null, unknown family", 0, "07000000 00", LAYERS_OTHER, NULL},
        {"raw, version 5", 101, "50", LAYERS_OTHER, NULL},
        {"raw, empty", 101, "", LAYERS_MALFORMED, "ip"},
        {"ipv6, version 4", 229, FRAMES_IP4_UDP, LAYERS_MALFORMED, "ipv6"},
        {"cooked, netlink", 113, "0000 0338 0000 0000000000000000 0800 4500", LAYERS_OTHER, NULL},
        {"nflog, no payload", 239, "02 00 0000 0800 0100 08000100", LAYERS_OTHER, NULL},
        {"nflog, length 3", 239, "02 00 0000 0300 0100 08000100", LAYERS_MALFORMED, "nflog"},
        {"ppi, length 7", 192, "00 00 0700 01000000", LAYERS_MALFORMED, "ppi"},
        {"ppi, unknown link", 192, "00 00 0800 93000000 00", LAYERS_LINK, NULL},
        {"802.11 beacon", 105, "8000 0000", LAYERS_OTHER, NULL},
        {"802.11 null data", 105, "4800 0000", LAYERS_OTHER, NULL},
        {"802.11 protected", 105, "0841 0000 " FRAMES_MAC "020000000099 1000 00000000",
         LAYERS_OTHER, NULL},
        {"802.11 fragment", 105, "0800 0000 " FRAMES_MAC "020000000099 1100 00000000", LAYERS_OTHER,
         NULL},
        {"radiotap, length 7", 127, "00 00 0700 00000000", LAYERS_MALFORMED, "radiotap"},
        {"radiotap, endless present words", 127, "00 00 0c00 00000080 00000080 0800",
         LAYERS_MALFORMED, "radiotap"},
        {"prism, length 7", 119, "44000000 07000000", LAYERS_MALFORMED, "prism"},
        {"avs, no cookie", 163, "80200000 0000000c 00000000", LAYERS_MALFORMED, "avs"},
        {"token ring, what the ring says to itself", 6, "10 05 " FRAMES_MAC "0000", LAYERS_OTHER,
         NULL},
        {"token ring, route of one byte", 6, "10 40 0200000000b2 8200000000a1 01 00",
         LAYERS_MALFORMED, "token-ring"},
        {"token ring, route that ends", 6, "10 40 0200000000b2 8200000000a1 0830 0011",
         LAYERS_MALFORMED, "token-ring"},
        {"fddi, station management", 10, "41 " FRAMES_MAC "00", LAYERS_OTHER, NULL},
        {"arcnet, part of a packet", 7, "01 02 d4 01 0001 " FRAMES_IP4_UDP, LAYERS_OTHER, NULL},
        {"arcnet, part of a packet, exception", 7, "01 02 d4 ff ffff d4 02 0001 " FRAMES_IP4_UDP,
         LAYERS_OTHER, NULL},
        {"arcnet, arp", 129, "01 02 0000 d5 00 0001 0007 0800", LAYERS_OTHER, NULL},
        {"arcnet that ends", 129, "01 02 0000 d4 00", LAYERS_MALFORMED, "arcnet"},
        {"sunatm, signalling", 123, "06 00 0005 09", LAYERS_OTHER, NULL},
        {"sunatm, lan emulation's control", 123, "01 00 0005 ff00 0101", LAYERS_OTHER, NULL},
        {"juniper, no magic", 178, "4d4742 01 " FRAMES_MAC "0800", LAYERS_MALFORMED, "juniper"},
        {"juniper, extensions that end", 178, "4d4743 80 0006 0301", LAYERS_MALFORMED, "juniper"},
        {"ipnet, unknown family", 226,
         "01 07 0000 00000000 00000002 00000000 ffffffff 00000000 " FRAMES_IP4_UDP, LAYERS_OTHER,
         NULL},
        {"ipoib, arp", 242,
         "0000000000000000000000000000000000000000 "
         "0000000000000000000000000000000000000000 0806 0000 0020",
         LAYERS_OTHER, NULL},
        {"pktap, length 107", 258, "6b000000 01000000 01000000", LAYERS_MALFORMED, "pktap"},
        {"pktap, absurd length", 258, "ffffffff 01000000 01000000", LAYERS_MALFORMED, "pktap"},
        {"edsa tag that ends", 285, FRAMES_MAC "dada 0000 4008", LAYERS_MALFORMED, "edsa"},
        {"frame relay, one-byte address", 107, "01 03cc", LAYERS_OTHER, NULL},
        {"gre routing that ends", 1, FRAMES_OUTER("2f") "4000 0800 00000000 0800 00 ff",
         LAYERS_MALFORMED, "gre"},
        {"ip in ip of version 6", 1, FRAMES_OUTER("04") FRAMES_IP6_UDP, LAYERS_MALFORMED, "ipv4"},
        {"arp in vxlan", 1,
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b5") FRAMES_VXLAN FRAMES_MAC "0806 0001",
         LAYERS_OTHER, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        const struct frame_bytes bytes = frames_parse(results[i].frame);
        const struct frame frame = frames_frame(bytes, results[i].link_type);
        struct packet packet;
        const enum layers_result result = decode(&frame, &packet);
        if (result != results[i].result)
            fail_msg("%s: result %d", results[i].name, (int)result);
        if (results[i].fault_layer != NULL)
            assert_string_equal(packet.fault_layer, results[i].fault_layer);
        free(bytes.at);
    }
}

/* What looks like a tunnel and is none is a packet of the conversation that carries it. */
static void test_not_a_tunnel(void **state)
{
    static const struct {
        const char *name, *frame;
        uint8_t protocol;
        uint16_t port; /* destination */
        size_t payload_len;
        uint8_t num_tunnels; /* 0: not even entered */
    } packets[] = {
        {"vxlan, other flags",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b5") "00000000 00002a00", 17, 4789, 8, 0},
        {"vxlan, reserved bits, no frame inside",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b5") "08000001 00002a00 00112233", 17, 4789,
         12, 0},
        {"erspan iii, unknown frame type",
         FRAMES_OUTER("2f") "1000 22eb 00000001 2064 0801 00000000 0000 1c00 " FRAMES_IP4_UDP, 47,
         0, 49, 0},
        {"vxlan, too short", FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b5") "0800", 17, 4789, 2,
         0},
        {"vxlan, no ip inside",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b5") FRAMES_VXLAN FRAMES_MAC "0800 00000000",
         17, 4789, 26, 0},
        {"vxlan-gpe, unknown protocol",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b6") "0c000009 00002a00 aa", 17, 4790, 9, 0},
        {"geneve, version 1",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("17c1") "4000 6558 00002a00", 17, 6081, 8, 0},
        {"geneve, control", FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("17c1") "0080 6558 00002a00",
         17, 6081, 8, 0},
        {"gtp-u, echo",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("0868") "32 01 {-6} 00000000 0001 0000", 17,
         2152, 12, 0},
        {"gtp-u, no ip inside",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("0868") "30 ff {-6} 00000001 00112233", 17, 2152,
         12, 0},
        {"gtp-u, empty extension",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("0868") "34 ff {-6} 00000001 0000 00 85 00", 17,
         2152, 13, 0},
        {"tzsp, keepalive", FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("9090") "01 04 0001 01", 17,
         37008, 5, 0},
        {"tzsp, endless tag", FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("9090") "01 00 0001 0aff",
         17, 37008, 6, 0},
        {"teredo, bubble of another network",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("0dd8") FRAMES_IP6_UDP, 17, 3544, 49, 0},
        {"capwap, dtls", FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("147f") "01 000000 16fefd00", 17,
         5247, 8, 0},
        {"capwap, header too short",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("147f") "00 080200 0000 0000 " FRAMES_MAC
                                                           "0800 " FRAMES_IP4_UDP,
         17, 5247, 51, 0},
        {"capwap, fragment",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("147f") "00 100280 0001 0000 " FRAMES_MAC
                                                           "0800 " FRAMES_IP4_UDP,
         17, 5247, 51, 0},
        {"capwap, keep-alive",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("147f") "00 100208 0000 0000 0016", 17, 5247, 10,
         0},
        {"capwap, native frames of another binding",
         FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("147f") "00 100700 0000 0000 " FRAMES_MAC
                                                           "0800 " FRAMES_IP4_UDP,
         17, 5247, 51, 0},
        {"gre, unknown type", FRAMES_OUTER("2f") "0000 1234 00", 47, 0, 5, 0},
        {"gre, version 2", FRAMES_OUTER("2f") "0002 0800 " FRAMES_IP4_UDP, 47, 0, 33, 0},
        {"pptp, acknowledgment", FRAMES_OUTER("2f") "2081 880b 0000 0001 00000001", 47, 0, 12, 0},
        {"pptp, encrypted", FRAMES_OUTER("2f") "3001 880b {-8} 0001 00000001 00fd 9000", 47, 0, 16,
         0},
        {"erspan of an unknown version",
         FRAMES_OUTER("2f") "1000 88be 00000001 7000 0000 00000000 00000000", 47, 0, 20, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        const struct frame_bytes bytes = frames_parse(packets[i].frame);
        const struct frame frame = frames_frame(bytes, 1);
        struct packet packet;
        const enum layers_result result = decode(&frame, &packet);
        if (result != LAYERS_TRANSPORT || packet.num_tunnels != packets[i].num_tunnels)
            fail_msg("%s: result %d", packets[i].name, (int)result);
        assert_int_equal(packet.protocol, packets[i].protocol);
        assert_int_equal(packet.ends[0].address[0], 192);
        assert_int_equal(packet.ends[1].port, packets[i].port);
        assert_int_equal(reader_left(&packet.payload), packets[i].payload_len);
        assert_int_equal(packet.tunnel_id, 0);
        free(bytes.at);
    }
}

static void test_teredo(void **state)
{
    static const char *const frames[] = {
        FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("0dd8") TEREDO_IP6 FRAMES_UDP,
        FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_IP4("11") "0dd8 c000 {4} 0000 " TEREDO_IP6 FRAMES_UDP,
        FRAMES_OUTER_MAC
        "0800 " FRAMES_OUTER_UDP("0dd8") "0000 1234 c0000203 " TEREDO_IP6 FRAMES_UDP,
        FRAMES_OUTER_MAC
        "0800 " FRAMES_OUTER_UDP("0dd8") "0001 02 01 abcd ef 0102030405060708 00 "
                                         "0000 1234 c0000203 " TEREDO_IP6 FRAMES_UDP,
        FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP(
            "0dd8") "60000000 0009 11 40 20010000000000000000000000000001 "
                    "20010db8000000000000000000000002 1388 1389 0009 0000 aa 0304 00000000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const struct frame_bytes bytes = frames_parse(frames[i]);
        const struct frame frame = frames_frame(bytes, 1);
        struct packet packet;
        assert_int_equal(decode(&frame, &packet), LAYERS_TRANSPORT);
        assert_int_equal(packet.tunnel, TUNNEL_TEREDO);
        assert_int_equal(packet.ip_version, 6);
        assert_int_equal(packet.ends[1].port, 5001);
        free(bytes.at);
    }
}

/* Ten packets in each other: the ninth, as the eighth tunnel is the last to be entered. */
static void test_tunnel_depth(void **state)
{
    (void)state;
    char text[FRAMES_MAX_LEN] = FRAMES_MAC "0800 ";
    for (unsigned depth = 0; depth < 9; depth++) {
        char header[128];
        snprintf(header, sizeof header, "4500{2}00010000400400000a0a0a%02x0b0b0b%02x", depth,
                 depth);
        strncat(text, header, sizeof text - strlen(text) - 1);
    }
    strncat(text, FRAMES_IP4_UDP, sizeof text - strlen(text) - 1);
    const struct frame_bytes bytes = frames_parse(text);
    const struct frame frame = frames_frame(bytes, 1);
    struct packet packet;
    assert_int_equal(decode(&frame, &packet), LAYERS_TRANSPORT);
    assert_int_equal(packet.num_tunnels, PACKET_MAX_TUNNELS);
    assert_int_equal(packet.ends[0].address[3], 8);
    assert_int_equal(packet.protocol, 4);
    assert_int_equal(packet.ends[0].port, 0);
    free(bytes.at);
}

/* Pseudowires in pseudowires are no tunnels, and end nevertheless. */
static void test_endless_nesting(void **state)
{
    (void)state;
    char text[FRAMES_MAX_LEN * 4] = "";
    for (unsigned depth = 0; depth < 100; depth++)
        strncat(text, FRAMES_MAC "8847 00011140 ", sizeof text - strlen(text) - 1);
    const struct frame_bytes bytes = frames_parse(text);
    const struct frame frame = frames_frame(bytes, 1);
    struct packet packet;
    assert_int_equal(decode(&frame, &packet), LAYERS_OTHER);
    free(bytes.at);
}

/* A mirror port that cuts packets to a length of its own tells nobody: the packet in the tunnel
 * is cut, while the same packet in a frame of its own is malformed. */
static void test_cut_by_mirror(void **state)
{
    static const char inner[] =
        FRAMES_MAC "0800 45b80100 12344000 4011 0000 0a000001 0a000002 1388 1389 00ec 0000 aabb";
    char text[FRAMES_MAX_LEN] = FRAMES_OUTER_MAC "0800 " FRAMES_OUTER_UDP("12b5") FRAMES_VXLAN;
    struct packet packet;
    (void)state;
    strncat(text, inner, sizeof text - strlen(text) - 1);

    struct frame_bytes bytes = frames_parse(text);
    struct frame frame = frames_frame(bytes, 1);
    assert_int_equal(decode(&frame, &packet), LAYERS_TRANSPORT);
    assert_int_equal(packet.num_tunnels, 1);
    assert_int_equal(reader_left(&packet.payload), 2);
    assert_int_equal(packet.payload.cut, 0xec - 8 - 2);
    assert_true(packet.tail_cut);
    free(bytes.at);

    bytes = frames_parse(inner);
    frame = frames_frame(bytes, 1);
    assert_int_equal(decode(&frame, &packet), LAYERS_MALFORMED);
    free(bytes.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),     cmocka_unit_test(test_every_snap_length),
        cmocka_unit_test(test_every_prefix),  cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_unknown_link),  cmocka_unit_test(test_results),
        cmocka_unit_test(test_not_a_tunnel),  cmocka_unit_test(test_teredo),
        cmocka_unit_test(test_tunnel_depth),  cmocka_unit_test(test_endless_nesting),
        cmocka_unit_test(test_cut_by_mirror),
    };
    return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
