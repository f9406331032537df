/* test_engine.c: frames in, observations out: who reads which flow from where on, and what is counted.
 *
 * The dissector of these tests reads "=NAME;" messages, so that nothing here depends on a real protocol. */
#include "core/common_observations.h"
#include "core/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t start_ns = 1700000000000000000;

/* --- a protocol for the tests: '=', some letters, ';'. "=end;" is the last of its side; after
 *     "=hush;" only a datagram with a word that begins with '!' is of interest --- */

struct word {
    struct span text;
};

static const struct field word_fields[] = {
    {.name = "perpass.word.text",
     .type = FIELD_BYTES,
     .privacy = PRIVACY_CONTENT,
     .offset = offsetof(struct word, text),
     .about = "a word"},
};

static const struct observation_type observation_word = {
    .name = "word", .fields = word_fields, .num_fields = 1, .size = sizeof(struct word)};
static const struct observation_type *const word_observations[] = {&observation_word, NULL};

static enum recognise word_recognises(struct reader bytes)
{
    if (reader_left(&bytes) == 0)
        return RECOGNISE_NO;
    if (reader_u8(&bytes) != '=')
        return RECOGNISE_NO;
    return reader_left(&bytes) == 0 ? RECOGNISE_MAYBE : RECOGNISE_YES;
}

static enum dissect word_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    (*(unsigned *)state)++;
    for (;;) {
        struct reader r = *bytes;
        if (reader_u8(&r) != '=') {
            if (context->gap || reader_left(bytes) == 0) {
                reader_skip(bytes, reader_wire_left(bytes));
                return DISSECT_MORE;
            }
            return DISSECT_NOT_MINE;
        }
        size_t len = 0;
        for (struct reader peek = r; reader_left(&peek) > 0 && reader_u8(&peek) != ';';)
            len++;
        struct word word = {.text = reader_bytes(&r, len)};
        (void)reader_u8(&r);
        if (!reader_ok(&r))
            return DISSECT_MORE;
        dissect_emit(context, &observation_word, &word);
        *bytes = r;
        if (span_equal(word.text, span_text("end")))
            return DISSECT_SIDE_DONE;
        if (span_equal(word.text, span_text("all")))
            return DISSECT_DONE;
        if (span_equal(word.text, span_text("forget")))
            return DISSECT_FORGET;
        if (span_equal(word.text, span_text("hush")))
            return DISSECT_QUIET;
        context->gap = false;
    }
}

static bool word_wakes(struct reader datagram)
{
    (void)reader_u8(&datagram);
    return reader_u8(&datagram) == '!';
}

#define WORD_DISSECTOR(transport)                                                                  \
    {                                                                                              \
        .name = "word", .protocol = transport, .state_size = sizeof(unsigned),                     \
        .recognises = word_recognises, .dissect = word_dissect, .wakes = word_wakes,               \
        .observations = word_observations                                                          \
    }
static const struct dissector over_tcp = WORD_DISSECTOR(PROTO_TCP);
static const struct dissector over_udp = WORD_DISSECTOR(PROTO_UDP);

/* --- a preamble to it: the client's '>', then some letters, ';'. ">go;" hands over to words; ">loop;" to itself,
 *     without end. The server's bytes are left unread --- */

static enum recognise gate_recognises(struct reader bytes)
{
    return reader_u8(&bytes) == '>' ? RECOGNISE_YES : RECOGNISE_NO;
}

static const struct dissector gate;

static enum dissect gate_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    if (context->side != context->flow->client)
        return DISSECT_MORE;
    struct reader r = *bytes;
    size_t len = 0;
    for (struct reader peek = r; reader_left(&peek) > 0 && reader_u8(&peek) != ';';)
        len++;
    struct span text = reader_bytes(&r, len);
    (void)reader_u8(&r);
    if (!reader_ok(&r))
        return DISSECT_MORE;
    (*(unsigned *)state)++;
    if (span_equal(text, span_text(">loop"))) {
        context->next = &gate;
        return DISSECT_HANDOVER;
    }
    *bytes = r;
    if (!span_equal(text, span_text(">go")))
        return DISSECT_MORE;
    context->next = &over_tcp;
    return DISSECT_HANDOVER;
}

/* Says how many messages its own state has counted. */
static void gate_end(void *state, struct dissect_context *context)
{
    char text[16];
    int len = snprintf(text, sizeof text, "gate%u", *(unsigned *)state);
    const struct word word = {.text = span_of(text, (size_t)len)};
    dissect_emit(context, &observation_word, &word);
}

static const struct dissector gate = {.name = "gate",
                                      .protocol = PROTO_TCP,
                                      .state_size = sizeof(unsigned),
                                      .recognises = gate_recognises,
                                      .dissect = gate_dissect,
                                      .end = gate_end,
                                      .observations = word_observations};
static const struct dissector *const word_dissectors[] = {&over_tcp, &over_udp, &gate, NULL};

/* --- what comes out --- */

struct heard {
    unsigned shown;
    size_t shown_len;
    char words[2048]; /* "0:hello 1:world": side as client 0, server 1 */
    char ends[1024];  /* "closed idle" */
    struct flow_end_observation last_end;
    uint64_t last_packet;
};

static void hear(void *to, const struct observation *observation)
{
    struct heard *heard = to;
    size_t len = strlen(heard->words);
    if (observation->type == &observation_word) {
        const struct word *word = observation->data;
        heard->last_packet = observation->packet;
        if (len + word->text.len + 8 < sizeof heard->words)
            snprintf(heard->words + len, sizeof heard->words - len, "%s%u:%.*s", len ? " " : "",
                     observation->side == observation->flow->client ? 0 : 1, (int)word->text.len,
                     (const char *)word->text.at);
    } else if (observation->type == &observation_flow_packet) {
        heard->shown++;
        heard->shown_len = ((const struct flow_packet_observation *)observation->data)->packet.len;
    } else if (observation->type == &observation_flow_end) {
        heard->last_end = *(const struct flow_end_observation *)observation->data;
        len = strlen(heard->ends);
        snprintf(heard->ends + len, sizeof heard->ends - len, "%s%s", len ? " " : "",
                 heard->last_end.how);
    }
}

/* --- frames --- */

struct wire {
    struct engine *engine;
    struct heard heard;
    uint64_t now_ns, number;
};

static struct wire *wire_with(bool every_flow, size_t max_state_bytes)
{
    struct wire *wire = calloc(1, sizeof *wire);
    struct error error;
    assert_non_null(wire);
    wire->now_ns = start_ns;
    const struct engine_options options = {.max_flows = 1000,
                                           .max_state_bytes = max_state_bytes,
                                           .every_flow = every_flow,
                                           .dissectors = word_dissectors,
                                           .emit_to = &wire->heard,
                                           .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
    return wire;
}

static struct wire *wire_new(bool every_flow)
{
    return wire_with(every_flow, 0);
}

static struct engine_stats wire_end(struct wire *wire, const char *words, const char *ends)
{
    engine_finish(wire->engine);
    struct engine_stats stats = engine_stats(wire->engine);
    assert_string_equal(wire->heard.words, words);
    assert_string_equal(wire->heard.ends, ends);
    engine_free(wire->engine);
    free(wire);
    return stats;
}

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void feed(struct wire *wire, const uint8_t *bytes, size_t len, size_t captured)
{
    uint8_t *exact = malloc(captured + 1);
    assert_non_null(exact);
    memcpy(exact, bytes, captured);
    const struct frame frame = {.at = exact,
                                .captured_len = (uint32_t)captured,
                                .wire_len = (uint32_t)len,
                                .time_ns = wire->now_ns,
                                .number = ++wire->number,
                                .link_type = 101}; /* raw IP */
    engine_feed(wire->engine, &frame, 1);
    free(exact);
}

struct segment {
    uint16_t port; /* the client's */
    bool back;     /* the server sends */
    uint8_t protocol, flags;
    uint32_t seq, ack;
    const char *text;
    size_t snap; /* bytes of the text that the snap length took */
};

static void send_segment(struct wire *wire, struct segment s)
{
    uint8_t packet[2000] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, s.protocol};
    size_t text_len = s.text != NULL ? strlen(s.text) : 0;
    size_t header = s.protocol == PROTO_TCP ? 40 : 28;
    size_t len = header + text_len;
    static const uint8_t client[4] = {192, 0, 2, 10}, server[4] = {198, 51, 100, 20};
    put16(packet + 2, len);
    memcpy(packet + 12, s.back ? server : client, 4);
    memcpy(packet + 16, s.back ? client : server, 4);
    put16(packet + 20, s.back ? 4000 : s.port);
    put16(packet + 22, s.back ? s.port : 4000);
    if (s.protocol == PROTO_TCP) {
        put16(packet + 24, s.seq >> 16);
        put16(packet + 26, s.seq & 0xffff);
        put16(packet + 28, s.ack >> 16);
        put16(packet + 30, s.ack & 0xffff);
        packet[32] = 0x50;
        packet[33] = s.flags;
    } else {
        put16(packet + 24, 8 + text_len);
    }
    if (text_len > 0)
        memcpy(packet + header, s.text, text_len);
    feed(wire, packet, len, len - s.snap);
}

static void tcp(struct wire *wire, bool back, uint8_t flags, uint32_t seq, const char *text)
{
    send_segment(wire, (struct segment){.port = 50000,
                                        .back = back,
                                        .protocol = PROTO_TCP,
                                        .flags = flags,
                                        .seq = seq,
                                        .text = text});
}

static void handshake(struct wire *wire)
{
    tcp(wire, false, TCP_SYN, 1000, NULL);
    tcp(wire, true, TCP_SYN | TCP_ACK, 5000, NULL);
    tcp(wire, false, TCP_ACK, 1001, NULL);
}

/* --- the tests --- */

static void connection_is_read_and_closed(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "=hel");
    tcp(wire, false, TCP_ACK, 1005, "lo;=again;");
    tcp(wire, true, TCP_ACK, 5001, "=world;");
    tcp(wire, false, TCP_ACK | TCP_FIN, 1015, NULL);
    tcp(wire, true, TCP_ACK | TCP_FIN, 5008, NULL);
    wire->now_ns += 30000000000;
    send_segment(wire, (struct segment){.port = 1, .protocol = PROTO_UDP, .text = "x"});
    assert_string_equal(wire->heard.ends, "closed");
    assert_int_equal(wire->heard.last_end.client_packets.value, 5);
    assert_int_equal(wire->heard.last_end.server_packets.value, 3);
    assert_int_equal(wire->heard.last_end.client_bytes.value, 5 * 40 + 14);
    assert_int_equal(wire->heard.last_end.saw_start, TRUTH_YES);
    assert_string_equal(wire->heard.last_end.protocol, "word");
    struct engine_stats stats = wire_end(wire, "0:hello 0:again 1:world", "closed");
    assert_int_equal(stats.frames, 9);
    assert_int_equal(stats.flows, 2);
    assert_int_equal(stats.flows_dissected, 1);
}

static void segments_come_in_any_order(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1005, "lo;");
    tcp(wire, false, TCP_ACK, 1001, "=hel");
    tcp(wire, false, TCP_ACK, 1003,
        "ello;"); /* retransmitted with other borders: first bytes win */
    struct engine_stats stats = wire_end(wire, "0:hello", "input");
    assert_int_equal(stats.streams_reordered, 1);
}

/* The first segment of a direction may be late; the server's hello may come before the client's. */
static void first_segment_may_be_late(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, true, TCP_ACK, 5005, "ld;");
    tcp(wire, true, TCP_ACK, 5001, "=wor");
    tcp(wire, false, TCP_ACK, 1001, "=hello;");
    wire_end(wire, "1:world 0:hello", "input");
}

static void protocol_may_begin_after_a_preamble(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, true, TCP_ACK, 5001, "220 ready");
    tcp(wire, false, TCP_ACK, 1001, "STARTTLS");
    tcp(wire, true, TCP_ACK, 5010, "220 go ahead");
    tcp(wire, false, TCP_ACK, 1009, "=hello;");
    tcp(wire, true, TCP_ACK, 5022, "=world;");
    wire_end(wire, "0:hello 1:world", "input");
}

static void capture_may_start_in_the_middle(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    tcp(wire, true, TCP_ACK, 70000, "rest of something");
    tcp(wire, true, TCP_ACK, 70017, "=late;");
    tcp(wire, false, TCP_ACK, 300, "=client;");
    assert_int_equal(wire_end(wire, "0:late 1:client", "input").flows_dissected, 1);
}

static void nobody_reads_what_nobody_knows(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    uint32_t seq = 1001;
    for (unsigned i = 0; i < 40; i++, seq += 8)
        tcp(wire, false, TCP_ACK, seq, "not ours");
    tcp(wire, false, TCP_ACK, seq, "=late;"); /* after so much, nobody looks any more */
    tcp(wire, true, TCP_ACK, 5001, "=server;");
    wire_end(wire, "1:server", "input");
}

static void side_done_is_not_read_any_further(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "=end;=more;");
    tcp(wire, false, TCP_ACK, 1012, "=more;");
    tcp(wire, true, TCP_ACK, 5001, "=all;=more;");
    tcp(wire, true, TCP_ACK, 5012, "=more;");
    wire_end(wire, "0:end 1:all", "input");
}

static void wrong_guess_is_taken_back(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "=x;nonsense");
    tcp(wire, false, TCP_ACK, 1012, "=right;");
    wire_end(wire, "0:x 0:right", "input");
}

static void same_ports_again_are_another_flow(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "=one;");
    tcp(wire, true, TCP_ACK | TCP_RST, 5001, NULL);
    tcp(wire, false, TCP_SYN, 9000, NULL);
    tcp(wire, true, TCP_SYN | TCP_ACK, 100, NULL);
    tcp(wire, false, TCP_ACK, 9001, "=two;");
    tcp(wire, false, TCP_SYN, 200, NULL); /* no end was seen, but the numbers are new */
    tcp(wire, true, TCP_SYN | TCP_ACK, 300, NULL);
    tcp(wire, false, TCP_ACK, 201, "=three;");
    assert_int_equal(wire_end(wire, "0:one 0:two 0:three", "closed closed input").flows, 3);
}

static void retransmitted_syn_is_the_same_flow(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    tcp(wire, false, TCP_SYN, 1000, NULL);
    tcp(wire, false, TCP_SYN, 1000, NULL);
    handshake(wire);
    tcp(wire, false, TCP_SYN, 1000, NULL); /* seen again, late */
    tcp(wire, false, TCP_ACK, 1001, "=one;");
    assert_int_equal(wire_end(wire, "0:one", "input").flows, 1);
}

/* SYN cookies, or a firewall that answers first: what was sent tells which answer counted. */
static void last_syn_ack_counts(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    tcp(wire, false, TCP_SYN, 1000, NULL);
    tcp(wire, true, TCP_SYN | TCP_ACK, 77777, NULL);
    tcp(wire, true, TCP_SYN | TCP_ACK, 5000, NULL);
    tcp(wire, true, TCP_ACK, 5001, "=one;");
    wire_end(wire, "1:one", "input");
}

static void first_syn_ack_counts_when_data_follows_it(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    tcp(wire, false, TCP_SYN, 1000, NULL);
    tcp(wire, true, TCP_SYN | TCP_ACK, 5000, NULL);
    tcp(wire, true, TCP_SYN | TCP_ACK, 77777, NULL);
    tcp(wire, true, TCP_ACK, 5001, "=one;");
    wire_end(wire, "1:one", "input");
}

/* Some stacks leave the padding of a short frame inside the IP length of a bare ACK. */
static void padding_that_looks_like_data_is_no_data(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "..");
    tcp(wire, false, TCP_ACK, 1001, "=hello;");
    wire_end(wire, "0:hello", "input");
}

static void preamble_hands_over(void **state)
{
    static const struct {
        const char *client, *server, *client_after, *words;
    } rows[] = {
        {">a;>go;", "", "=hello;", "0:gate2 0:hello"},
        {">go;=hello;", "", "=more;",
         "0:gate1 0:hello 0:more"}, /* in the segment of the preamble */
        {">go;=hel", "", "lo;", "0:gate1 0:hello"},
        {">a;", "=world;=again;", ">go;", "0:gate2 1:world 1:again"}, /* what the other side sent */
        {">a;", "=world;=aga", ">go;=hello;", "0:gate2 0:hello 1:world"},
        {">a;", "=end;=again;", ">go;=all;=hello;",
         "0:gate2 0:all"},                    /* the next one's answer counts */
        {">a;", "=world;", ">b;", "0:gate2"}, /* never: the end is told */
        {">loop;", "", "", "0:gate1 0:gate1 0:gate1 0:gate1 0:gate1"}, /* bounded */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire *wire = wire_new(false);
        handshake(wire);
        tcp(wire, false, TCP_ACK, 1001, rows[i].client);
        tcp(wire, true, TCP_ACK, 5001, rows[i].server);
        tcp(wire, false, TCP_ACK, 1001 + (uint32_t)strlen(rows[i].client), rows[i].client_after);
        assert_int_equal(wire_end(wire, rows[i].words, "input").flows_dissected, 1);
    }
}

/* The preamble's last message is known only when a hole is given up at the end of the flow. */
static void preamble_hands_over_at_the_end(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, ">a;");
    tcp(wire, true, TCP_ACK, 5001, "=world;");
    tcp(wire, false, TCP_ACK, 1006, ">go;=hello;"); /* two bytes before it never came */
    assert_int_equal(wire_end(wire, "0:gate2 0:hello 1:world", "input").flows_dissected, 1);
}

static void data_in_the_syn_is_read(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    tcp(wire, false, TCP_SYN, 1000, "=fast;");
    tcp(wire, true, TCP_SYN | TCP_ACK, 5000, NULL);
    tcp(wire, false, TCP_ACK, 1007, "=open;");
    wire_end(wire, "0:fast 0:open", "input");
}

static void datagrams_are_read_one_by_one(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    struct segment s = {.port = 50007, .protocol = PROTO_UDP, .text = "=a;=b;"};
    send_segment(wire, s);
    s.text = "=incomplete"; /* a datagram is no stream */
    send_segment(wire, s);
    s.back = true;
    s.text = "=c;";
    send_segment(wire, s);
    assert_int_equal(wire->heard.last_packet, 3);
    wire_end(wire, "0:a 0:b 1:c", "input");
}

static void send_datagram(struct wire *wire, bool back, const char *text)
{
    send_segment(
        wire, (struct segment){.port = 50009, .protocol = PROTO_UDP, .back = back, .text = text});
}

/* Over TCP and UDP: neither read on, nor told at its end, nor counted. */
static void forgotten_is_as_if_never_read(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "=forget;=more;");
    tcp(wire, true, TCP_ACK, 5001, "=server;");
    send_datagram(wire, false, "=forget;");
    send_datagram(wire, true, "=more;");
    assert_int_equal(wire_end(wire, "0:forget 0:forget", "").flows_dissected, 0);
}

/* Each side is quiet for itself, until something of interest wakes it. */
static void quiet_sides_sleep_until_woken(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    send_datagram(wire, false, "=a;");
    send_datagram(wire, false, "=hush;");
    for (unsigned i = 0; i < 40; i++)
        send_datagram(wire, false, "=lost;");
    send_datagram(wire, true, "=b;");
    send_datagram(wire, false, "=!woken;");
    send_datagram(wire, false, "=c;");
    send_datagram(wire, true, "=hush;");
    send_datagram(wire, true, "=lost;");
    send_datagram(wire, false, "=d;");
    wire_end(wire, "0:a 0:hush 1:b 0:!woken 0:c 1:hush 0:d", "input");
}

/* What often precedes a protocol does not use up the tries to recognise it; other datagrams do. */
static void what_may_precede_is_no_vain_try(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    for (unsigned i = 0; i < 100; i++)
        send_datagram(wire, false, "=");
    send_datagram(wire, false, "=found;");
    wire_end(wire, "0:found", "input");
    wire = wire_new(false);
    for (unsigned i = 0; i < 100; i++)
        send_datagram(wire, false, "x");
    send_datagram(wire, false, "=late;");
    wire_end(wire, "", "");
}

static void snapped_segment_is_a_known_hole(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    send_segment(wire, (struct segment){.port = 50000,
                                        .protocol = PROTO_TCP,
                                        .flags = TCP_ACK,
                                        .seq = 1001,
                                        .text = "=one;=two;",
                                        .snap = 3});
    tcp(wire, false, TCP_ACK, 1011, "=three;");
    struct engine_stats stats = wire_end(wire, "0:one 0:three", "input");
    assert_int_equal(stats.frames_snapped, 1);
    assert_int_equal(stats.streams_gaps, 0); /* nothing was lost on the way here */
}

static void end_of_input_reads_what_waits(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "=one;");
    tcp(wire, false, TCP_ACK, 1010, "=two;"); /* four bytes before it never came */
    wire_end(wire, "0:one 0:two", "input");
}

static void time_may_step_back(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    handshake(wire);
    tcp(wire, false, TCP_ACK, 1001, "=one;");
    wire->now_ns -= 1000000000; /* another clock, a second behind */
    tcp(wire, true, TCP_ACK, 5001, "=two;");
    wire->now_ns -= 3600000000000; /* another capture */
    tcp(wire, false, TCP_ACK, 1006, "=three;");
    struct engine_stats stats = wire_end(wire, "0:one 1:two 0:three", "input input");
    assert_int_equal(stats.clock_jumps, 1);
    assert_int_equal(stats.flows, 2);
}

static void every_flow_is_told_when_asked(void **state)
{
    (void)state;
    struct wire *wire = wire_new(true);
    send_segment(wire, (struct segment){.port = 50007, .protocol = PROTO_UDP, .text = "other"});
    wire_end(wire, "", "input");
    wire = wire_new(false);
    send_segment(wire, (struct segment){.port = 50007, .protocol = PROTO_UDP, .text = "other"});
    wire_end(wire, "", "");
}

static void packets_of_unread_flows_are_shown(void **state)
{
    (void)state;
    struct wire *wire = wire_new(true);
    struct error error;
    const struct engine_options options = {.max_flows = 1000,
                                           .show_packets = 2,
                                           .dissectors = word_dissectors,
                                           .emit_to = &wire->heard,
                                           .emit = hear};
    engine_free(wire->engine);
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
    for (int i = 0; i < 4; i++)
        send_segment(wire, (struct segment){.port = 50007, .protocol = PROTO_UDP, .text = "other"});
    assert_int_equal(wire->heard.shown, 2);
    assert_int_equal(wire->heard.shown_len, 20 + 8 + 5);
    send_segment(wire, (struct segment){.port = 50008, .protocol = PROTO_UDP, .text = "=read;"});
    assert_int_equal(wire->heard.shown, 2);
    send_segment(wire, (struct segment){.port = 50009, .protocol = PROTO_UDP, .text = ""});
    assert_int_equal(wire->heard.shown, 2);
    wire_end(wire, "0:read", "input");
}

static void fragments_are_put_together(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    uint8_t first[44] = {0x45, 0, 0, 44, 0,    9,    0x20, 0,    64, PROTO_UDP, 0, 0, 10,  0,  0, 1,
                         10,   0, 0, 2,  0xc3, 0x57, 0x0f, 0xa0, 0,  33,        0, 0, '=', 'a'};
    uint8_t second[29] = {0x45, 0, 0,  29, 0, 9, 0,  3, 64, PROTO_UDP,
                          0,    0, 10, 0,  0, 1, 10, 0, 0,  2};
    memset(first + 28, 'a', 16);
    first[28] = '=';
    memcpy(second + 20, "fragment;", 9);
    feed(wire, second, 29, 29);
    feed(wire, first, 44, 44);
    struct engine_stats stats = wire_end(wire, "0:aaaaaaaaaaaaaaafragment", "input");
    assert_int_equal(stats.fragments, 2);
    assert_int_equal(stats.datagrams_reassembled, 1);
}

static void what_cannot_be_read_is_counted(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    static const uint8_t lies[20] = {0x45, 0, 0, 10, 0, 0, 0, 0, 64, 6};
    feed(wire, lies, 20, 20);
    feed(wire, lies, 20, 8);
    const struct frame strange = {
        .at = lies, .captured_len = 20, .wire_len = 20, .link_type = 9999};
    engine_feed(wire->engine, &strange, 1);
    struct engine_stats stats = wire_end(wire, "", "");
    assert_int_equal(stats.frames_malformed, 1);
    assert_int_equal(stats.frames_cut, 1);
    assert_int_equal(stats.frames_unknown_link, 1);
    assert_int_equal(stats.frames, 3);
}

static void datagram(struct wire *wire, uint16_t port, bool back, const char *text)
{
    send_segment(wire,
                 (struct segment){.port = port, .back = back, .protocol = PROTO_UDP, .text = text});
}

/* Whom nobody answers gives way; who was answered is read on. */
static void states_give_way(void **state)
{
    (void)state;
    enum { ROOM_FOR_SOME = 400, BEGUN = 100 };
    struct wire *wire = wire_with(true, ROOM_FOR_SOME);
    datagram(wire, 5000, false, "=a;");
    datagram(wire, 5000, true, "=b;");
    for (uint16_t i = 0; i < BEGUN; i++)
        datagram(wire, (uint16_t)(20000 + i), false, "=;");
    wire->heard.words[0] = '\0';
    datagram(wire, 20000, true, "=late;");
    datagram(wire, 5000, false, "=c;");
    datagram(wire, 20000 + BEGUN - 1, true, "=soon;");
    assert_string_equal(wire->heard.words, "0:c 1:soon");
    wire->heard.ends[0] = '\0';
    engine_finish(wire->engine);
    struct engine_stats stats = engine_stats(wire->engine);
    assert_int_equal(stats.flows, BEGUN + 1);
    assert_int_equal(stats.flows_dissected, BEGUN + 1);
    assert_int_equal(stats.flows_evicted, 0); /* they are counted on */
    assert_in_range(stats.states_evicted, BEGUN - ROOM_FOR_SOME / sizeof(unsigned), BEGUN - 1);
    engine_free(wire->engine);
    free(wire);
}

/* A conversation of TCP that is read no further tells what is only known at its end, once. */
static void state_that_gives_way_ends(void **state)
{
    (void)state;
    struct wire *wire = wire_with(false, 1);
    tcp(wire, false, TCP_ACK, 1001, ">a;");
    assert_string_equal(wire->heard.words, "");
    datagram(wire, 5000, false, "=x;");
    assert_string_equal(wire->heard.words, "0:gate1 0:x");
    tcp(wire, false, TCP_ACK, 1004, ">c;");
    struct engine_stats stats = wire_end(wire, "0:gate1 0:x", "input input");
    assert_int_equal(stats.states_evicted, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_is_read_and_closed),
        cmocka_unit_test(segments_come_in_any_order),
        cmocka_unit_test(first_segment_may_be_late),
        cmocka_unit_test(protocol_may_begin_after_a_preamble),
        cmocka_unit_test(capture_may_start_in_the_middle),
        cmocka_unit_test(nobody_reads_what_nobody_knows),
        cmocka_unit_test(side_done_is_not_read_any_further),
        cmocka_unit_test(forgotten_is_as_if_never_read),
        cmocka_unit_test(wrong_guess_is_taken_back),
        cmocka_unit_test(same_ports_again_are_another_flow),
        cmocka_unit_test(retransmitted_syn_is_the_same_flow),
        cmocka_unit_test(last_syn_ack_counts),
        cmocka_unit_test(first_syn_ack_counts_when_data_follows_it),
        cmocka_unit_test(padding_that_looks_like_data_is_no_data),
        cmocka_unit_test(preamble_hands_over),
        cmocka_unit_test(preamble_hands_over_at_the_end),
        cmocka_unit_test(data_in_the_syn_is_read),
        cmocka_unit_test(datagrams_are_read_one_by_one),
        cmocka_unit_test(quiet_sides_sleep_until_woken),
        cmocka_unit_test(what_may_precede_is_no_vain_try),
        cmocka_unit_test(snapped_segment_is_a_known_hole),
        cmocka_unit_test(end_of_input_reads_what_waits),
        cmocka_unit_test(time_may_step_back),
        cmocka_unit_test(every_flow_is_told_when_asked),
        cmocka_unit_test(packets_of_unread_flows_are_shown),
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(what_cannot_be_read_is_counted),
        cmocka_unit_test(states_give_way),
        cmocka_unit_test(state_that_gives_way_ends),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
