/* test_expect.c: conversations that are announced: which ones fit, for how long, how many, and who reads them. */
#include "core/dissector.h"
#include "core/engine.h"
#include "core/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t second_ns = 1000000000;

/* --- the table --- */

static const struct dissector some = {
    .name = "some", .protocol = PROTO_UDP, .state_size = EXPECT_MAX_STATE};
static const struct dissector other = {
    .name = "other", .protocol = PROTO_UDP, .state_size = EXPECT_MAX_STATE};
static const struct dissector stream = {
    .name = "stream", .protocol = PROTO_TCP, .state_size = EXPECT_MAX_STATE};

static struct endpoint end(uint8_t host, uint16_t port)
{
    return (struct endpoint){.address = {192, 0, 2, host}, .port = port};
}

/* The client is end 0, 192.0.2.1:|client_port|, unless |swap|. */
static struct flow flow(uint16_t client_port, uint8_t server, uint16_t server_port, bool swap)
{
    struct flow made = {.ip_version = 4, .protocol = PROTO_UDP};
    made.ends[swap] = end(1, client_port);
    made.ends[!swap] = end(server, server_port);
    return made;
}

enum { C_ADDRESS = 1, C_PORT = 2, S_ADDRESS = 4, S_PORT = 8 };

static struct expectation expectation(unsigned open, const char *text)
{
    return (struct expectation){
        .dissector = &some,
        .client = {end(1, 1000), open & C_ADDRESS, open & C_PORT},
        .server = {end(2, 2000), open & S_ADDRESS, open & S_PORT},
        .state = span_text(text),
        .lifetime_ns = 60 * second_ns,
    };
}

static const struct {
    unsigned open;
    uint16_t client_port;
    uint8_t server;
    uint16_t server_port;
    bool fits;
} shape_rows[] = {
    {0, 1000, 2, 2000, true},
    {0, 1001, 2, 2000, false},
    {0, 1000, 3, 2000, false},
    {0, 1000, 2, 2001, false},
    {S_PORT, 1000, 2, 2001, true},
    {S_PORT, 1000, 3, 2001, false},
    {S_PORT, 1001, 2, 2001, false},
    {S_PORT | S_ADDRESS, 1000, 3, 2001, true},
    {S_PORT | S_ADDRESS, 1001, 2, 2000, false},
    {S_ADDRESS, 1000, 3, 2000, true},
    {S_ADDRESS, 1000, 3, 2001, false},
    {C_PORT, 1001, 2, 2000, true},
    {C_PORT, 1001, 2, 2001, false},
    {C_PORT | S_PORT, 1, 2, 2, true},
    {C_PORT | S_PORT, 1, 3, 2, false},
    {C_PORT | S_ADDRESS, 1, 3, 2000, true},
    {C_PORT | S_ADDRESS, 1, 3, 2001, false},
    {C_PORT | S_ADDRESS | S_PORT, 1, 9, 9, true},
    {C_ADDRESS, 1000, 2, 2000, true},
    {C_ADDRESS, 1001, 2, 2000, false},
    {C_ADDRESS | C_PORT, 1, 2, 2000, true},
    {C_ADDRESS | C_PORT, 1, 2, 2001, false},
    {C_ADDRESS | C_PORT, 1, 3, 2000, false},
    {C_ADDRESS | S_PORT, 1000, 2, 1, true},
    {C_ADDRESS | S_PORT, 1001, 2, 1, false},
    {C_ADDRESS | C_PORT | S_PORT, 7, 2, 8, true},
    {C_ADDRESS | C_PORT | S_PORT, 7, 3, 8, false},
};

static void what_is_open_is_not_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shape_rows / sizeof *shape_rows; i++) {
        struct expect_table *table = expect_table_new();
        assert_non_null(table);
        assert_false(expect_table_any(table));
        struct expectation e = expectation(shape_rows[i].open, "state");
        struct flow announcing = flow(5, 6, 7, false);
        assert_true(expect_table_note(table, &announcing, &e, 0));
        assert_true(expect_table_any(table));
        for (unsigned swap = 0; swap < 2; swap++) {
            struct flow f = flow(shape_rows[i].client_port, shape_rows[i].server,
                                 shape_rows[i].server_port, swap);
            struct expected found = expect_table_find(table, &f, NULL, 1);
            if ((found.dissector == &some) != shape_rows[i].fits)
                fail_msg("row %zu, %u", i, swap);
            if (shape_rows[i].fits) {
                assert_true(span_equal(found.state, span_text("state")));
                assert_int_equal(found.client, swap);
            }
        }
        expect_table_free(table);
    }
}

static void least_open_counts(void **state)
{
    (void)state;
    struct expect_table *table = expect_table_new();
    struct flow f = flow(1000, 2, 2000, false);
    static const unsigned opens[] = {S_PORT | S_ADDRESS, S_ADDRESS, S_PORT, 0};
    static const char *const texts[] = {"a", "b", "c", "d"};
    for (unsigned i = 0; i < 4; i++) {
        struct expectation e = expectation(opens[i], texts[i]);
        assert_true(expect_table_note(table, &f, &e, 0));
        assert_true(span_equal(expect_table_find(table, &f, NULL, 0).state, span_text(texts[i])));
    }
    expect_table_free(table);
}

static void other_worlds_do_not_fit(void **state)
{
    (void)state;
    struct expect_table *table = expect_table_new();
    struct flow f = flow(1000, 2, 2000, false);
    struct expectation e = expectation(0, "x");
    assert_true(expect_table_note(table, &f, &e, 0));
    struct flow tcp = f, tunnelled = f, deeper = f, version6 = f;
    tcp.protocol = PROTO_TCP;
    tunnelled.around.tunnel_id = 5;
    deeper.around.num_tunnels = 1;
    version6.ip_version = 6;
    assert_null(expect_table_find(table, &tcp, NULL, 0).dissector);
    assert_null(expect_table_find(table, &tunnelled, NULL, 0).dissector);
    assert_null(expect_table_find(table, &deeper, NULL, 0).dissector);
    assert_null(expect_table_find(table, &version6, NULL, 0).dissector);
    e.dissector = &stream; /* announced over UDP */
    e.ip_version = 6;
    assert_true(expect_table_note(table, &f, &e, 0));
    version6.protocol = PROTO_TCP;
    assert_ptr_equal(expect_table_find(table, &version6, NULL, 0).dissector, &stream);
    assert_null(expect_table_find(table, &tcp, NULL, 0).dissector);
    expect_table_free(table);
}

static void equal_ones_are_replaced(void **state)
{
    (void)state;
    struct expect_table *table = expect_table_new();
    struct flow f = flow(1000, 2, 2000, false);
    struct expectation e = expectation(0, "first");
    assert_true(expect_table_note(table, &f, &e, 0));
    e.dissector = &other;
    e.state = span_text("other's");
    assert_true(expect_table_note(table, &f, &e, 0));
    e.dissector = &some;
    e.state = span_text("second");
    assert_true(expect_table_note(table, &f, &e, 0));
    assert_true(span_equal(expect_table_find(table, &f, &some, 0).state, span_text("second")));
    assert_true(span_equal(expect_table_find(table, &f, &other, 0).state, span_text("other's")));
    assert_null(expect_table_find(table, &f, &stream, 0).dissector);
    expect_table_clear(table);
    assert_false(expect_table_any(table));
    expect_table_free(table);
}

static void time_ends_them(void **state)
{
    (void)state;
    struct expect_table *table = expect_table_new();
    struct flow f = flow(1000, 2, 2000, false), g = flow(1000, 2, 2001, false);
    struct expectation e = expectation(0, "x"), lasting = expectation(S_PORT, "y");
    lasting.lifetime_ns = 1000 * second_ns;
    assert_true(expect_table_note(table, &g, &lasting, 0));
    assert_true(expect_table_note(table, &f, &e, 0)); /* behind one that lasts longer */
    assert_true(
        span_equal(expect_table_find(table, &f, NULL, 60 * second_ns).state, span_text("x")));
    assert_true(
        span_equal(expect_table_find(table, &f, NULL, 60 * second_ns + 1).state, span_text("y")));
    assert_true(expect_table_any(table));
    assert_null(expect_table_find(table, &f, NULL, 1000 * second_ns + 1).dissector);
    assert_false(expect_table_any(table));
    assert_int_equal(expect_table_stats(table)->expired, 2);
    expect_table_free(table);
}

static void oldest_gives_way(void **state)
{
    (void)state;
    struct expect_table *table = expect_table_new();
    enum { MORE = 100 };
    for (unsigned i = 0; i < EXPECT_MAX + MORE; i++) {
        struct flow f = flow((uint16_t)i, 2, 2000, false);
        struct expectation e = expectation(S_PORT, "x");
        e.client.endpoint.port = (uint16_t)i;
        assert_true(expect_table_note(table, &f, &e, i));
    }
    assert_int_equal(expect_table_stats(table)->evicted, MORE);
    assert_int_equal(expect_table_stats(table)->noted, EXPECT_MAX + MORE);
    for (unsigned i = 0; i < EXPECT_MAX + MORE; i++) {
        struct flow f = flow((uint16_t)i, 2, 9, false);
        assert_int_equal(expect_table_find(table, &f, NULL, 5000).dissector != NULL, i >= MORE);
    }
    expect_table_free(table);
}

/* --- the engine: "tell" over UDP announces "told" over UDP and TCP; told reads words with a full stop --- */

struct told {
    char announced[8];
    unsigned calls;
};

static const struct observation_type observation_said = {.name = "said"};
static const struct observation_type *const observations[] = {&observation_said, NULL};

static enum recognise told_recognises(struct reader bytes)
{
    (void)bytes;
    return RECOGNISE_NO;
}

static void say(struct dissect_context *context, const char *text)
{
    dissect_emit(context, &observation_said, text);
}

/* "say" announces by what name it was called, "bye" is another protocol's. */
static enum dissect told_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    struct told *told = state;
    struct span text = reader_rest(bytes);
    char said[64];
    if (span_equal(text, span_text("bye.")))
        return DISSECT_NOT_MINE;
    snprintf(said, sizeof said, "%s:%.*s%u%s", told->announced, (int)text.len,
             (const char *)text.at, told->calls++,
             context->flow->client == context->side ? "c" : "s");
    say(context, said);
    return DISSECT_MORE;
}

#define TOLD(transport)                                                                            \
    {                                                                                              \
        .name = "told", .protocol = transport, .state_size = sizeof(struct told),                  \
        .recognises = told_recognises, .dissect = told_dissect, .observations = observations       \
    }
static const struct dissector told_udp = TOLD(PROTO_UDP), told_tcp = TOLD(PROTO_TCP);

static enum recognise stop_recognises(struct reader bytes)
{
    return span_equal(reader_rest(&bytes), span_text("bye.")) ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum dissect stop_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    (void)state;
    (void)reader_rest(bytes);
    say(context, "bye");
    return DISSECT_MORE;
}

#define STOP(transport)                                                                            \
    {                                                                                              \
        .name = "stop", .protocol = transport, .state_size = 1, .recognises = stop_recognises,     \
        .dissect = stop_dissect, .observations = observations                                      \
    }
static const struct dissector stop_udp = STOP(PROTO_UDP), stop_tcp = STOP(PROTO_TCP);

static enum recognise tell_recognises(struct reader bytes)
{
    return span_equal(reader_rest(&bytes), span_text("tell")) ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum dissect tell_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    (void)reader_rest(bytes);
    (void)state;
    struct expectation e = {
        .dissector = &told_udp,
        .client = {.endpoint = context->flow->ends[context->side]},
        .server = {.endpoint = context->flow->ends[!context->side], .any_port = true},
        .state = span_text("tid"),
        .lifetime_ns = second_ns};
    assert_true(dissect_expect(context, &e));
    e.dissector = &told_tcp;
    e.client.any_port = true;
    e.server.any_port = false;
    e.server.endpoint.port = 80;
    e.state = span_text("url");
    assert_true(dissect_expect(context, &e));
    unsigned client = 7;
    struct span expected = dissect_expected(context, &told_udp, &client);
    assert_true(span_equal(expected, span_text("tid")));
    assert_int_equal(client, context->side);
    return DISSECT_MORE;
}

static const struct dissector tell = {.name = "tell",
                                      .protocol = PROTO_UDP,
                                      .state_size = 1,
                                      .recognises = tell_recognises,
                                      .dissect = tell_dissect,
                                      .observations = observations};

static const struct dissector *const dissectors_here[] = {&tell,     &told_udp, &told_tcp,
                                                          &stop_udp, &stop_tcp, NULL};

static void hear(void *to, const struct observation *observation)
{
    char *heard = to;
    if (observation->type != &observation_said)
        return;
    strcat(heard, heard[0] != '\0' ? " " : "");
    strcat(heard, observation->data);
}

struct packet_row {
    uint8_t from, to; /* 192.0.2.N */
    uint16_t from_port, to_port;
    uint8_t protocol, flags;
    const char *text;
    uint64_t after_ns;
};

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void feed(struct engine *engine, const struct packet_row *row, uint64_t now_ns)
{
    uint8_t packet[200] = {0x45, 0, 0,   0, 0, 0,         0,   0, 64, row->protocol,
                           0,    0, 192, 0, 2, row->from, 192, 0, 2,  row->to};
    size_t header = row->protocol == PROTO_TCP ? 40 : 28, len = strlen(row->text);
    put16(packet + 2, header + len);
    put16(packet + 20, row->from_port);
    put16(packet + 22, row->to_port);
    if (row->protocol == PROTO_TCP) {
        packet[32] = 0x50;
        packet[33] = row->flags;
        packet[27] = row->flags & TCP_SYN ? 0 : 1;
    } else {
        put16(packet + 24, 8 + len);
    }
    memcpy(packet + header, row->text, len);
    const struct frame frame = {.at = packet,
                                .captured_len = (uint32_t)(header + len),
                                .wire_len = (uint32_t)(header + len),
                                .time_ns = now_ns,
                                .number = 1,
                                .link_type = 101};
    engine_feed(engine, &frame, 1);
}

#define U PROTO_UDP
#define T PROTO_TCP
static const struct {
    const char *heard;
    uint64_t expected; /* conversations */
    struct packet_row packets[6];
} engine_rows[] = {
    {"tid:a.0s", 1, {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 99, U, 0, "a.", 0}}},
    {"tid:a.0s tid:b.1c",
     1,
     {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 99, U, 0, "a.", 0}, {1, 2, 99, 5, U, 0, "b.", 0}}},
    /* another answer to the same question */
    {"tid:a.0s tid:b.0s",
     2,
     {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 99, U, 0, "a.", 0}, {2, 1, 6, 99, U, 0, "b.", 0}}},
    {"", 0, {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 98, U, 0, "a.", 0}}},
    {"", 0, {{2, 1, 5, 99, U, 0, "a.", 0}}},
    {"", 0, {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 99, U, 0, "a.", 1000000001}}},
    {"tid:a.0s", 1, {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 99, U, 0, "a.", 1000000000}}},
    /* time that goes back is another one */
    {"",
     0,
     {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 99, U, 0, "a.", (uint64_t)-100 * 1000000000}}},
    /* it was another protocol: its recognition is not kept from it */
    {"bye", 1, {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 5, 99, U, 0, "bye.", 0}}},
    {"url:a.0c",
     1,
     {{1, 2, 99, 69, U, 0, "tell", 0},
      {1, 2, 5000, 80, T, TCP_SYN, "", 0},
      {2, 1, 80, 5000, T, TCP_SYN | TCP_ACK, "", 0},
      {1, 2, 5000, 80, T, TCP_ACK, "a.", 0}}},
    {"url:a.0s", 1, {{1, 2, 99, 69, U, 0, "tell", 0}, {2, 1, 80, 5000, T, TCP_ACK, "a.", 0}}},
    {"bye",
     1,
     {{1, 2, 99, 69, U, 0, "tell", 0},
      {1, 2, 5000, 80, T, TCP_SYN, "", 0},
      {1, 2, 5000, 80, T, TCP_ACK, "bye.", 0}}},
};

static void engine_gives_them_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof engine_rows / sizeof *engine_rows; i++) {
        char heard[256] = "";
        struct error error;
        const struct engine_options options = {
            .max_flows = 100, .dissectors = dissectors_here, .emit_to = heard, .emit = hear};
        struct engine *engine = engine_new(&options, &error);
        assert_non_null(engine);
        uint64_t now_ns = 1700000000 * second_ns;
        for (size_t p = 0; p < 6 && engine_rows[i].packets[p].text != NULL; p++) {
            now_ns += engine_rows[i].packets[p].after_ns;
            feed(engine, &engine_rows[i].packets[p], now_ns);
        }
        engine_finish(engine);
        if (strcmp(heard, engine_rows[i].heard) != 0)
            fail_msg("row %zu: \"%s\"", i, heard);
        assert_int_equal(engine_stats(engine).flows_expected, engine_rows[i].expected);
        engine_free(engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_open_is_not_looked_at),
        cmocka_unit_test(least_open_counts),
        cmocka_unit_test(other_worlds_do_not_fit),
        cmocka_unit_test(equal_ones_are_replaced),
        cmocka_unit_test(time_ends_them),
        cmocka_unit_test(oldest_gives_way),
        cmocka_unit_test(engine_gives_them_away),
    };
    return cmocka_run_group_tests_name("expect", tests, NULL, NULL);
}
