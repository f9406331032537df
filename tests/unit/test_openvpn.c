/* test_openvpn.c: OpenVPN's control channel, made by hand, over UDP and TCP. */
#include "core/common_observations.h"
#include "dissectors/openvpn.h"
#include "dissectors/openvpn_inbox.h"
#include "dissectors/openvpn_packet.h"
#include "dissectors/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    ROOM = 8192,
    CLIENT = 0,
    SERVER = 1,
    SESSION_LEN = 8,
    NOW = 1700000000, /* seconds since 1970 */
    NO_HMAC = 0,
    MAX_PACKETS = 40
};

struct bytes {
    uint8_t at[ROOM];
    size_t len;
};

static void put(struct bytes *to, const void *at, size_t len)
{
    assert_true(to->len + len <= ROOM);
    memcpy(to->at + to->len, at, len);
    to->len += len;
}

static void put_number(struct bytes *to, uint64_t number, size_t len)
{
    while (len-- > 0)
        put(to, &(uint8_t){(uint8_t)(number >> 8 * len)}, 1);
}

static void put_fill(struct bytes *to, uint8_t fill, size_t len)
{
    while (len-- > 0)
        put(to, &fill, 1);
}

/* A record with a client hello of TLS 1.2 that has |padding| bytes in its last extension. */
static void put_client_hello(struct bytes *to, size_t padding)
{
    static const uint8_t suites[] = {0, 2, 0, 0xa8, 1, 0};
    size_t message_len = 2 + 32 + 1 + sizeof suites + 2 + 4 + padding;
    put_number(to, 0x160301, 3);
    put_number(to, message_len + 4, 2);
    put_number(to, 1, 1);
    put_number(to, message_len, 3);
    put_number(to, 0x0303, 2);
    put_fill(to, 0x11, 32);
    put_number(to, 0, 1);
    put(to, suites, sizeof suites);
    put_number(to, padding + 4, 2);
    put_number(to, 21, 2);
    put_number(to, padding, 2);
    put_fill(to, 0, padding);
}

static void put_server_hello(struct bytes *to)
{
    put_number(to, 0x160303002a02, 6);
    put_number(to, 0x000026, 3);
    put_number(to, 0x0303, 2);
    put_fill(to, 0x22, 32);
    put_number(to, 0x0000a800, 4);
}

/* --- packets --- */

/* How a conversation protects its packets. */
struct layout {
    size_t hmac_len; /* NO_HMAC: no time, no replay id, either */
    uint64_t sessions[2];
    uint8_t key_id;
};

static const struct layout plain = {NO_HMAC, {0x1111111111111111, 0x2222222222222222}, 0};

static void put_packet(struct bytes *to, const struct layout *layout, unsigned side, uint8_t opcode,
                       unsigned num_acks, uint32_t first_ack)
{
    put_number(to, (uint8_t)(opcode << 3 | layout->key_id), 1);
    put_number(to, layout->sessions[side], SESSION_LEN);
    if (layout->hmac_len != NO_HMAC) {
        put_fill(to, 0xa5, layout->hmac_len);
        put_number(to, 7, 4);
        put_number(to, NOW, 4);
    }
    put_number(to, num_acks, 1);
    for (unsigned i = 0; i < num_acks; i++)
        put_number(to, first_ack + i, 4);
    if (num_acks > 0)
        put_number(to, layout->sessions[!side], SESSION_LEN);
}

static void put_control(struct bytes *to, const struct layout *layout, unsigned side, uint32_t id,
                        const uint8_t *payload, size_t len)
{
    put_packet(to, layout, side, OPENVPN_CONTROL, 0, 0);
    put_number(to, id, 4);
    put(to, payload, len);
}

static void put_reset(struct bytes *to, const struct layout *layout, unsigned side)
{
    put_packet(to, layout, side, side == CLIENT ? OPENVPN_RESET_CLIENT_V2 : OPENVPN_RESET_SERVER_V2,
               side == CLIENT ? 0 : 1, 0);
    put_number(to, 0, 4);
}

/* --- a conversation with a dissector --- */

struct seen {
    unsigned client_hellos, server_hellos, malformed, cut;
};

struct link {
    const struct dissector *dissector;
    struct flow flow;
    struct budget budget;
    void *state;
    uint8_t unread[2][ROOM];
    size_t unread_len[2];
    bool done[2];
    struct seen seen;
};

static void note(void *to, const struct observation *observation)
{
    struct seen *seen = to;
    seen->client_hellos += observation->type == &observation_tls_client_hello;
    seen->server_hellos += observation->type == &observation_tls_server_hello;
    seen->malformed += observation->type == &observation_malformed;
    seen->cut += observation->type == &observation_cut;
}

static struct link *open_link(bool tcp)
{
    struct link *link = calloc(1, sizeof *link);
    assert_non_null(link);
    link->dissector = tcp ? &dissector_openvpn_tcp : &dissector_openvpn_udp;
    link->flow.protocol = link->dissector->protocol;
    link->budget.limit = 1 << 20;
    link->state = calloc(1, link->dissector->state_size);
    return link;
}

static struct dissect_context context_of(struct link *link, unsigned side, struct scratch *scratch)
{
    return (struct dissect_context){.flow = &link->flow,
                                    .side = side,
                                    .time_ns = (uint64_t)NOW * 1000000000,
                                    .scratch = scratch,
                                    .budget = &link->budget,
                                    .emit_to = &link->seen,
                                    .emit = note};
}

/* Offers bytes (in memory of just their size) and gives how many of them were left. */
static size_t offer(struct link *link, unsigned side, const uint8_t *at, size_t len, size_t cut,
                    bool gap, enum dissect *answer)
{
    struct scratch scratch = {0};
    struct dissect_context context = context_of(link, side, &scratch);
    context.gap = gap;
    uint8_t *exact = malloc(len + 1);
    memcpy(exact, at, len);
    struct reader reader = reader_of_cut(span_of(exact, len), cut);
    *answer = link->dissector->dissect(&reader, link->state, &context);
    assert_int_equal(reader.fault, READER_OK);
    link->done[side] = link->done[side] || *answer == DISSECT_SIDE_DONE;
    if (*answer == DISSECT_DONE)
        link->done[0] = link->done[1] = true;
    free(exact);
    scratch_free(&scratch);
    return reader_left(&reader);
}

static enum dissect say_datagram(struct link *link, unsigned side, const struct bytes *packet)
{
    enum dissect answer = DISSECT_SIDE_DONE;
    if (!link->done[side])
        (void)offer(link, side, packet->at, packet->len, 0, false, &answer);
    return answer;
}

static enum dissect say_segment(struct link *link, unsigned side, const uint8_t *at, size_t len)
{
    enum dissect answer = DISSECT_SIDE_DONE;
    if (link->done[side])
        return answer;
    memcpy(link->unread[side] + link->unread_len[side], at, len);
    link->unread_len[side] += len;
    size_t left = offer(link, side, link->unread[side], link->unread_len[side], 0, false, &answer);
    memmove(link->unread[side], link->unread[side] + link->unread_len[side] - left, left);
    link->unread_len[side] = left;
    return answer;
}

/* Sends a packet as the link's transport does. */
static enum dissect say(struct link *link, unsigned side, const struct bytes *packet)
{
    if (link->dissector->protocol == PROTO_UDP)
        return say_datagram(link, side, packet);
    static struct bytes framed;
    framed.len = 0;
    put_number(&framed, packet->len, 2);
    put(&framed, packet->at, packet->len);
    return say_segment(link, side, framed.at, framed.len);
}

/* Nothing is held after the end. */
static struct seen close_link(struct link *link)
{
    struct scratch scratch = {0};
    struct dissect_context context = context_of(link, 0, &scratch);
    link->dissector->end(link->state, &context);
    assert_int_equal(link->budget.used, 0);
    struct seen seen = link->seen;
    scratch_free(&scratch);
    free(link->state);
    free(link);
    return seen;
}

/* The packets of a conversation, in the order in which they are sent. */
struct script {
    struct {
        unsigned side;
        struct bytes packet;
    } lines[MAX_PACKETS];
    size_t num;
};

static struct bytes *add_line(struct script *script, unsigned side)
{
    assert_true(script->num < MAX_PACKETS);
    script->lines[script->num].side = side;
    script->lines[script->num].packet.len = 0;
    return &script->lines[script->num++].packet;
}

/* |stream| of |side| in packets of |piece| bytes, from number 1 on. */
static void add_stream(struct script *script, const struct layout *layout, unsigned side,
                       const struct bytes *stream, size_t piece)
{
    uint32_t id = 1;
    for (size_t done = 0; done < stream->len; done += piece) {
        size_t len = stream->len - done < piece ? stream->len - done : piece;
        put_control(add_line(script, side), layout, side, id++, stream->at + done, len);
    }
}

/* Resets, an acknowledgement, a client hello of about |size| bytes and a server hello. */
static void write_script(struct script *script, const struct layout *layout, size_t size,
                         size_t piece)
{
    static struct bytes client, server;
    client.len = server.len = script->num = 0;
    put_client_hello(&client, size);
    put_server_hello(&server);
    put_reset(add_line(script, CLIENT), layout, CLIENT);
    put_reset(add_line(script, SERVER), layout, SERVER);
    put_packet(add_line(script, CLIENT), layout, CLIENT, OPENVPN_ACK, 1, 0);
    add_stream(script, layout, CLIENT, &client, piece);
    add_stream(script, layout, SERVER, &server, piece);
}

static struct seen play(const struct script *script, bool tcp)
{
    struct link *link = open_link(tcp);
    for (size_t i = 0; i < script->num; i++)
        (void)say(link, script->lines[i].side, &script->lines[i].packet);
    return close_link(link);
}

static enum recognise recognises(bool tcp, const uint8_t *at, size_t len)
{
    uint8_t *exact = malloc(len + 1);
    if (len > 0)
        memcpy(exact, at, len);
    const struct dissector *dissector = tcp ? &dissector_openvpn_tcp : &dissector_openvpn_udp;
    enum recognise answer = dissector->recognises(reader_of(span_of(exact, len)));
    free(exact);
    return answer;
}

/* --- tests --- */

static struct script script;
static const size_t hmac_lens[] = {NO_HMAC, 16, 20, 28, 32, 48, 64};
enum { NUM_HMACS = sizeof hmac_lens / sizeof hmac_lens[0] };

static void hellos_under_every_protection(void **state)
{
    (void)state;
    static const size_t pieces[] = {10, 20, 64, 100, 1000};
    for (size_t h = 0; h < NUM_HMACS; h++) {
        for (size_t p = 0; p < 5; p++) {
            struct layout layout = plain;
            layout.hmac_len = hmac_lens[h];
            write_script(&script, &layout, 100, pieces[p]);
            assert_int_equal(
                recognises(false, script.lines[0].packet.at, script.lines[0].packet.len),
                RECOGNISE_YES);
            for (unsigned tcp = 0; tcp < 2; tcp++) {
                struct seen seen = play(&script, tcp);
                assert_int_equal(seen.client_hellos, 1);
                assert_int_equal(seen.server_hellos, 1);
                assert_int_equal(seen.malformed + seen.cut, 0);
            }
        }
    }
}

/* The reset tells who is the client, where no SYN did. */
static void reset_tells_the_client(void **state)
{
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        struct link *link = open_link(false);
        struct bytes *packet = &script.lines[0].packet;
        packet->len = 0;
        put_reset(packet, &plain, side);
        link->flow.client = SERVER;
        (void)say(link, side, packet);
        assert_int_equal(link->flow.client, CLIENT);
        assert_true(link->flow.client_certain);
        (void)close_link(link);
    }
}

static void swap_lines(size_t a, size_t b)
{
    struct bytes packet = script.lines[a].packet;
    script.lines[a].packet = script.lines[b].packet;
    script.lines[b].packet = packet;
}

/* Any packet first, all of them backwards, each of them twice. */
static void datagrams_in_any_order(void **state)
{
    (void)state;
    enum { FIRST = 3, NUM = 14 };
    for (size_t front = 0; front < NUM; front++) {
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            write_script(&script, &plain, 80, 10);
            assert_int_equal(script.num, FIRST + NUM + 5);
            swap_lines(FIRST, FIRST + front);
            for (size_t i = 0; backwards && i < NUM / 2; i++)
                swap_lines(FIRST + i, FIRST + NUM - 1 - i);
            struct link *link = open_link(false);
            for (size_t i = 0; i < 2 * script.num; i++)
                (void)say(link, script.lines[i / 2].side, &script.lines[i / 2].packet);
            struct seen seen = close_link(link);
            assert_int_equal(seen.client_hellos, 1);
            assert_int_equal(seen.server_hellos, 1);
            assert_int_equal(seen.malformed + seen.cut, 0);
        }
    }
}

/* A lost packet takes its message with it, and no other one: what follows is read at the window's end or
 * with the conversation's. */
static void a_loss_costs_its_message(void **state)
{
    (void)state;
    static struct bytes stream;
    static const uint32_t later[] = {1, 4, OPENVPN_WINDOW + 3};
    for (size_t i = 0; i < 3; i++) {
        struct link *link = open_link(false);
        static struct bytes packet;
        packet.len = stream.len = 0;
        put_reset(&packet, &plain, CLIENT);
        (void)say(link, CLIENT, &packet);
        put_client_hello(&stream, 100);
        packet.len = 0;
        put_control(&packet, &plain, CLIENT, 1, stream.at, 50);
        (void)say(link, CLIENT, &packet);
        for (uint32_t id = 3; id < 3 + later[i]; id++) { /* 2 is lost */
            packet.len = 0;
            put_control(&packet, &plain, CLIENT, id, stream.at, stream.len);
            (void)say(link, CLIENT, &packet);
        }
        struct seen seen = close_link(link);
        assert_int_equal(seen.client_hellos, later[i]);
        assert_int_equal(seen.cut, 1);
        assert_int_equal(seen.malformed, 0);
    }
}

static void what_is_far_ahead_is_not_of_the_stream(void **state)
{
    (void)state;
    static struct bytes hello, packet;
    struct link *link = open_link(false);
    hello.len = packet.len = 0;
    put_client_hello(&hello, 0);
    put_control(&packet, &plain, CLIENT, 5, hello.at, hello.len);
    (void)say(link, CLIENT, &packet);
    packet.len = 0;
    put_control(&packet, &plain, CLIENT, 6 + OPENVPN_MAX_LOSS + 1, hello.at, hello.len);
    (void)say(link, CLIENT, &packet);
    packet.len = 0;
    put_control(&packet, &plain, CLIENT, 6, hello.at, hello.len);
    (void)say(link, CLIENT, &packet);
    assert_int_equal(close_link(link).client_hellos, 2);
}

/* With too little memory nothing is held, nothing is read wrongly, and what was let go is counted. */
static void memory_has_a_bound(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 400; limit += 7) {
        write_script(&script, &plain, 100, 30);
        swap_lines(3, 6);
        struct link *link = open_link(false);
        link->budget.limit = limit;
        for (size_t i = 0; i < script.num; i++)
            (void)say(link, script.lines[i].side, &script.lines[i].packet);
        assert_true(link->budget.used <= limit);
        assert_true(limit > 150 || link->budget.refused > 0);
        assert_true(close_link(link).client_hellos <= 1);
    }
}

static bool leaves_all(void *to, struct reader *bytes, bool gap)
{
    (void)to;
    (void)bytes;
    (void)gap;
    return true;
}

static bool takes_all(void *to, struct reader *bytes, bool gap)
{
    (void)gap;
    size_t *total = to;
    *total += reader_left(bytes);
    reader_skip(bytes, reader_wire_left(bytes));
    return true;
}

/* The inbox alone: what a consumer leaves is bounded, and what waits is. */
static void inbox_has_bounds(void **state)
{
    (void)state;
    static const uint8_t payload[8000];
    struct budget budget = {.limit = 1 << 20};
    struct openvpn_inbox inbox = {0};
    const struct openvpn_consumer lazy = {NULL, leaves_all};
    for (uint32_t id = 0; id < 100; id++) {
        struct reader bytes = reader_of(span_of(payload, sizeof payload));
        assert_true(openvpn_inbox_add(&inbox, &budget, id, bytes, &lazy));
        assert_true(budget.used <= OPENVPN_MAX_UNREAD);
    }
    assert_true(budget.refused > 0);
    openvpn_inbox_clear(&inbox, &budget);
    assert_int_equal(budget.used, 0);

    size_t total = 0;
    const struct openvpn_consumer eager = {&total, takes_all};
    openvpn_inbox_start(&inbox, 0);
    for (uint32_t id = 1; id < 100; id++) {
        struct reader bytes = reader_of(span_of(payload, sizeof payload));
        assert_true(openvpn_inbox_add(&inbox, &budget, id, bytes, &eager));
        assert_true(budget.used <= OPENVPN_MAX_HELD);
    }
    assert_true(openvpn_inbox_flush(&inbox, &budget, &eager));
    assert_int_equal(total, 99 * sizeof payload);
    openvpn_inbox_clear(&inbox, &budget);
    assert_int_equal(budget.used, 0);
}

static void stream_in_any_segments(void **state)
{
    (void)state;
    static struct bytes framed[2];
    struct layout layout = plain;
    layout.hmac_len = 20;
    write_script(&script, &layout, 300, 100);
    framed[0].len = framed[1].len = 0;
    for (size_t i = 0; i < script.num; i++) {
        struct bytes *to = &framed[script.lines[i].side];
        put_number(to, script.lines[i].packet.len, 2);
        put(to, script.lines[i].packet.at, script.lines[i].packet.len);
    }
    for (size_t step = 1; step < 700; step += step < 200 ? 1 : 37) {
        struct link *link = open_link(true);
        for (unsigned side = 0; side < 2; side++) {
            for (size_t done = 0; done < framed[side].len; done += step) {
                size_t left = framed[side].len - done;
                (void)say_segment(link, side, framed[side].at + done, left < step ? left : step);
            }
        }
        struct seen seen = close_link(link);
        assert_int_equal(seen.client_hellos, 1);
        assert_int_equal(seen.server_hellos, 1);
        assert_int_equal(seen.malformed + seen.cut, 0);
    }
}

/* After a hole in the stream the next packet is found, and the next message read. */
static void stream_with_a_hole(void **state)
{
    (void)state;
    static struct bytes hello, packet, framed;
    enum dissect answer;
    struct link *link = open_link(true);
    packet.len = hello.len = framed.len = 0;
    put_client_hello(&hello, 10);
    put_reset(&packet, &plain, CLIENT);
    (void)say(link, CLIENT, &packet);
    put_fill(&framed, 0x42, 100);
    assert_int_equal(offer(link, CLIENT, framed.at, framed.len, 0, true, &answer), 0);
    assert_int_equal(answer, DISSECT_MORE);
    packet.len = 0;
    put_control(&packet, &plain, CLIENT, 4, hello.at, hello.len);
    (void)say(link, CLIENT, &packet);
    assert_int_equal(close_link(link).client_hellos, 1);
}

/* The snap length took a part of the hello: the next one is read. */
static void cut_packets(void **state)
{
    (void)state;
    static struct bytes hello, packet, framed;
    enum dissect answer;
    for (unsigned tcp = 0; tcp < 2; tcp++) {
        struct link *link = open_link(tcp);
        packet.len = hello.len = framed.len = 0;
        put_client_hello(&hello, 10);
        put_reset(&packet, &plain, CLIENT);
        (void)say(link, CLIENT, &packet);
        packet.len = 0;
        put_control(&packet, &plain, CLIENT, 1, hello.at, hello.len);
        put_number(&framed, packet.len, tcp ? 2 : 0);
        put(&framed, packet.at, packet.len - 20);
        (void)offer(link, CLIENT, framed.at, framed.len, 20, false, &answer);
        assert_int_equal(answer, DISSECT_MORE);
        assert_int_equal(link->seen.cut, 1);
        packet.len = 0;
        put_control(&packet, &plain, CLIENT, 2, hello.at, hello.len);
        (void)say(link, CLIENT, &packet);
        assert_int_equal(close_link(link).client_hellos, 1);
    }
}

static void captures_may_start_in_the_middle(void **state)
{
    (void)state;
    static struct bytes hello, packet;
    for (size_t h = 0; h < NUM_HMACS; h++) {
        for (unsigned tcp = 0; tcp < 2; tcp++) {
            struct layout layout = plain;
            layout.hmac_len = hmac_lens[h];
            layout.key_id = 3;
            hello.len = packet.len = 0;
            put_client_hello(&hello, 10);
            put_packet(&packet, &layout, CLIENT, OPENVPN_CONTROL, 3, 7);
            put_number(&packet, 9, 4);
            put(&packet, hello.at, hello.len);
            assert_int_equal(recognises(false, packet.at, packet.len), RECOGNISE_YES);
            struct link *link = open_link(tcp);
            (void)say(link, CLIENT, &packet);
            assert_int_equal(close_link(link).client_hellos, 1);
        }
    }
}

static void new_sessions_and_keys_begin_anew(void **state)
{
    (void)state;
    static struct bytes hello, packet;
    for (unsigned soft = 0; soft < 2; soft++) {
        struct link *link = open_link(false);
        struct layout layout = plain;
        for (uint8_t round = 0; round < 3; round++) {
            packet.len = hello.len = 0;
            if (soft && round > 0) {
                layout.key_id = round;
                put_packet(&packet, &layout, CLIENT, OPENVPN_SOFT_RESET, 0, 0);
                put_number(&packet, 0, 4);
            } else {
                layout.sessions[CLIENT]++;
                put_reset(&packet, &layout, CLIENT);
            }
            (void)say(link, CLIENT, &packet);
            put_client_hello(&hello, 10);
            for (unsigned again = 0; again < 2; again++) {
                packet.len = 0;
                put_control(&packet, &layout, CLIENT, 1, hello.at, hello.len);
                (void)say(link, CLIENT, &packet);
            }
            packet.len = 0; /* of another session: not heard */
            put_control(&packet, &plain, CLIENT, 2, hello.at, hello.len);
            (void)say(link, CLIENT, &packet);
        }
        assert_int_equal(close_link(link).client_hellos, 3);
    }
}

static void data_ends_a_side(void **state)
{
    (void)state;
    static const uint8_t opcodes[] = {OPENVPN_DATA_V1, OPENVPN_DATA_V2};
    static struct bytes packet;
    for (unsigned i = 0; i < 4; i++) {
        write_script(&script, &plain, 100, 50);
        struct link *link = open_link(i / 2);
        for (size_t line = 0; line < 4; line++)
            (void)say(link, script.lines[line].side, &script.lines[line].packet);
        packet.len = 0;
        put_number(&packet, (uint8_t)(opcodes[i % 2] << 3), 1);
        put_fill(&packet, 0x99, 100);
        assert_int_equal(say(link, CLIENT, &packet), i / 2 ? DISSECT_SIDE_DONE : DISSECT_QUIET);
        assert_int_equal(link->budget.used, 0);
        (void)close_link(link);
    }
}

/* Between the same ports of UDP the next conversation may come: what begins it wakes. */
static void conversations_follow_each_other(void **state)
{
    (void)state;
    static struct bytes data;
    struct link *link = open_link(false);
    struct layout layout = plain;
    data.len = 0;
    put_number(&data, OPENVPN_DATA_V1 << 3, 1);
    put_fill(&data, 0x99, 100);
    assert_false(dissector_openvpn_udp.wakes(reader_of(span_of(data.at, data.len))));
    for (unsigned round = 0; round < 3; round++) {
        layout.sessions[CLIENT]++;
        layout.sessions[SERVER]++;
        write_script(&script, &layout, 100, 50);
        for (size_t line = 0; line < script.num; line++) {
            const struct bytes *packet = &script.lines[line].packet;
            bool wakes = dissector_openvpn_udp.wakes(reader_of(span_of(packet->at, packet->len)));
            assert_int_equal(wakes, line < 2); /* the resets */
            assert_int_equal(say(link, script.lines[line].side, packet), DISSECT_MORE);
        }
        /* What is encrypted ends the reading of a side, but not for the next conversation. */
        static struct bytes stream, more;
        stream.len = more.len = 0;
        put_number(&stream, 0x1703030020, 5);
        put_fill(&stream, 0x77, 32);
        unsigned said = 0; /* by the client: a reset, an acknowledgement, and its stream */
        for (size_t line = 0; line < script.num; line++)
            said += script.lines[line].side == CLIENT;
        put_control(&more, &layout, CLIENT, said - 1, stream.at, stream.len);
        assert_int_equal(say(link, CLIENT, &more), DISSECT_QUIET);
        for (unsigned i = 0; i < 100; i++)
            assert_int_equal(say(link, i % 2, &data), DISSECT_QUIET);
        assert_int_equal(link->budget.used, 0);
    }
    struct seen seen = close_link(link);
    assert_int_equal(seen.client_hellos, 3);
    assert_int_equal(seen.server_hellos, 3);
    assert_int_equal(seen.malformed + seen.cut, 0);
}

/* Garbage is listened to for a while only. */
static void garbage_ends(void **state)
{
    (void)state;
    static struct bytes packet, garbage;
    for (unsigned tcp = 0; tcp < 2; tcp++) {
        struct link *link = open_link(tcp);
        packet.len = garbage.len = 0;
        put_reset(&packet, &plain, CLIENT);
        (void)say(link, CLIENT, &packet);
        put_fill(&garbage, 0xff, 100);
        unsigned num = 0;
        while (say(link, CLIENT, &garbage) == DISSECT_MORE)
            assert_true(++num < 100);
        (void)close_link(link);
    }
}

static void put_encrypted_reset(struct bytes *to, uint8_t opcode, size_t encrypted_len,
                                uint32_t time)
{
    put_number(to, (uint8_t)(opcode << 3), 1);
    put_number(to, 0x1234567812345678, 8);
    put_number(to, 1, 4);
    put_number(to, time, 4);
    put_fill(to, 0x5a, 32 + encrypted_len);
}

static void encrypted_channels_are_known_and_left(void **state)
{
    (void)state;
    static const struct {
        uint8_t opcode;
        size_t len, key_len;
        bool known;
    } cases[] = {
        {OPENVPN_RESET_CLIENT_V2, 5, 0, true},   {OPENVPN_RESET_SERVER_V2, 17, 0, true},
        {OPENVPN_RESET_SERVER_V2, 23, 0, true},  {OPENVPN_RESET_CLIENT_V3, 5, 300, true},
        {OPENVPN_RESET_CLIENT_V3, 5, 0, false},  {OPENVPN_RESET_CLIENT_V2, 6, 0, false},
        {OPENVPN_RESET_CLIENT_V3, 5, 20, false}, {OPENVPN_RESET_CLIENT_V3, 9, 300, false},
        {OPENVPN_CONTROL, 5, 0, false},
    };
    static struct bytes packet;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned late = 0; late < 2; late++) {
            packet.len = 0;
            put_encrypted_reset(&packet, cases[i].opcode, cases[i].len,
                                NOW + (late ? 200000u : 2000u));
            if (cases[i].key_len > 0) {
                put_fill(&packet, 0x77, cases[i].key_len - 2);
                put_number(&packet, cases[i].key_len, 2);
            }
            assert_int_equal(recognises(false, packet.at, packet.len),
                             cases[i].known ? RECOGNISE_YES : RECOGNISE_NO);
            struct link *link = open_link(false);
            enum dissect answer = say(link, CLIENT, &packet);
            if (cases[i].known)
                assert_int_equal(answer, late ? DISSECT_NOT_MINE : DISSECT_DONE);
            assert_int_equal(close_link(link).client_hellos, 0);
        }
    }
}

/* What only resembles a reset is none. */
static void strict_about_resets(void **state)
{
    (void)state;
    static const char *const datagrams[] = {
        "38 1111111111111111 00 00000001",    /* not the first message */
        "38 0000000000000000 00 00000000",    /* no session */
        "39 1111111111111111 00 00000000",    /* not the first key */
        "18 1111111111111111 00 00000000",    /* a soft reset of the first key */
        "38 1111111111111111 00 00000000 00", /* more behind it */
        "38 1111111111111111 00 000000",      /* less */
        "40 1111111111111111 01 00000001 2222222222222222 00000000", /* acknowledges no reset */
        "40 1111111111111111 01 00000000 1111111111111111 00000000", /* itself */
        "40 1111111111111111 01 00000000 0000000000000000 00000000",
        "40 1111111111111111 02 00000000 00000001 2222222222222222 00000000",
        "28 1111111111111111 01 00000000 2222222222222222", /* an acknowledgement alone */
        "48 1111111111111111 00 00000000",
        "20 1111111111111111 00 00000001 17030300200102030405060708", /* application data */
        "20 1111111111111111 09 00000001 160301002d01000029",
        "20 1111111111111111 00 00000001 160301002d", /* no message to see */
        /* a query to a DNS server */
        "38 7a 0100 0001 0000 0000 0001 03777777 076578616d706c65 03636f6d 00 0001 0001 00 0029 "
        "04d0 0000 "
        "0000 000c 000a 0008 0102030405060708 00",
    };
    for (size_t i = 0; i < sizeof datagrams / sizeof datagrams[0]; i++) {
        static struct bytes packet;
        packet.len = 0;
        for (const char *c = datagrams[i]; *c != '\0'; c++) {
            if (*c == ' ')
                continue;
            char digits[3] = {c[0], c[1], 0};
            put_number(&packet, strtoul(digits, NULL, 16), 1);
            c++;
        }
        if (recognises(false, packet.at, packet.len) != RECOGNISE_NO)
            fail_msg("%s", datagrams[i]);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void random_bytes_are_not_openvpn(void **state)
{
    (void)state;
    static const uint8_t firsts[] = {0x08, 0x10, 0x20, 0x27, 0x38, 0x40, 0x50};
    uint32_t seed = 1;
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t bytes[400];
        size_t len = 1 + next_random(&seed) % (sizeof bytes - 1);
        for (size_t j = 0; j < len; j++)
            bytes[j] = (uint8_t)next_random(&seed);
        bytes[0] = firsts[i % sizeof firsts];
        assert_int_equal(recognises(false, bytes, len), RECOGNISE_NO);
        assert_int_equal(recognises(true, bytes, len), RECOGNISE_NO);
    }
}

/* Of a stream: maybe, until the first packet is whole. A part of a datagram is none. */
static void prefixes_are_not_recognised(void **state)
{
    (void)state;
    for (size_t h = 0; h < NUM_HMACS; h++) {
        struct layout layout = plain;
        layout.hmac_len = hmac_lens[h];
        static struct bytes packet, framed;
        packet.len = framed.len = 0;
        put_reset(&packet, &layout, SERVER);
        put_number(&framed, packet.len, 2);
        put(&framed, packet.at, packet.len);
        for (size_t len = 0; len <= packet.len; len++)
            assert_int_equal(recognises(false, packet.at, len),
                             len < packet.len ? RECOGNISE_NO : RECOGNISE_YES);
        for (size_t len = 1; len <= framed.len; len++)
            assert_int_equal(recognises(true, framed.at, len),
                             len < framed.len ? RECOGNISE_MAYBE : RECOGNISE_YES);
    }
}

/* Every packet of a conversation at every prefix does no harm. */
static void prefixes_do_no_harm(void **state)
{
    (void)state;
    struct layout layout = plain;
    layout.hmac_len = 20;
    for (unsigned tcp = 0; tcp < 2; tcp++) {
        for (size_t line = 0; line < 8; line++) {
            write_script(&script, &layout, 100, 40);
            size_t whole = script.lines[line].packet.len;
            for (size_t len = 0; len < whole; len++) {
                script.lines[line].packet.len = len;
                assert_true(play(&script, tcp).client_hellos <= 1);
            }
        }
    }
}

static void changed_bytes_do_no_harm(void **state)
{
    (void)state;
    uint32_t seed = 7;
    struct layout layout = plain;
    for (unsigned round = 0; round < 6000; round++) {
        layout.hmac_len = hmac_lens[round % NUM_HMACS];
        write_script(&script, &layout, 100, 40);
        for (unsigned changes = 1 + next_random(&seed) % 3; changes > 0; changes--) {
            struct bytes *packet = &script.lines[next_random(&seed) % script.num].packet;
            packet->at[next_random(&seed) % packet->len] = (uint8_t)next_random(&seed);
        }
        (void)play(&script, round & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hellos_under_every_protection),
        cmocka_unit_test(reset_tells_the_client),
        cmocka_unit_test(datagrams_in_any_order),
        cmocka_unit_test(a_loss_costs_its_message),
        cmocka_unit_test(what_is_far_ahead_is_not_of_the_stream),
        cmocka_unit_test(memory_has_a_bound),
        cmocka_unit_test(inbox_has_bounds),
        cmocka_unit_test(stream_in_any_segments),
        cmocka_unit_test(stream_with_a_hole),
        cmocka_unit_test(cut_packets),
        cmocka_unit_test(captures_may_start_in_the_middle),
        cmocka_unit_test(new_sessions_and_keys_begin_anew),
        cmocka_unit_test(data_ends_a_side),
        cmocka_unit_test(conversations_follow_each_other),
        cmocka_unit_test(garbage_ends),
        cmocka_unit_test(encrypted_channels_are_known_and_left),
        cmocka_unit_test(strict_about_resets),
        cmocka_unit_test(random_bytes_are_not_openvpn),
        cmocka_unit_test(prefixes_are_not_recognised),
        cmocka_unit_test(prefixes_do_no_harm),
        cmocka_unit_test(changed_bytes_do_no_harm),
    };
    return cmocka_run_group_tests_name("openvpn", tests, NULL, NULL);
}
