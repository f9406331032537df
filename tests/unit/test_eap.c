/* test_eap.c: EAP in RADIUS: identities, methods, and TLS in fragments, of several devices at a time. */
#include "core/common_observations.h"
#include "core/engine.h"
#include "dissectors/eap.h"
#include "dissectors/radius.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- what comes out --- */

struct heard {
    char text[1024];
    uint32_t exchanges, ended; /* how many there were, and were over */
    uint32_t said_hello[256];  /* the exchange, by the first byte of the random */
};

static void say(struct heard *heard, const char *form, ...) __attribute__((format(printf, 2, 3)));
static void say(struct heard *heard, const char *form, ...)
{
    size_t len = strlen(heard->text);
    va_list arguments;
    va_start(arguments, form);
    if (len > 0)
        heard->text[len++] = ' ';
    int added = vsnprintf(heard->text + len, sizeof heard->text - len, form, arguments);
    va_end(arguments);
    assert_true(added >= 0 && len + (size_t)added < sizeof heard->text);
}

static void hear(void *to, const struct observation *observation)
{
    struct heard *heard = to;
    const char *name = observation->type->name;
    assert_int_equal(observation->exchange == 0, observation->type == &observation_flow_end);
    if (observation->exchange > heard->exchanges)
        heard->exchanges = observation->exchange;
    heard->ended += observation->type == &observation_exchange_end;
    if (observation->type == &observation_eap_identity) {
        const struct eap_identity *identity = observation->data;
        assert_int_equal(identity->len.value, identity->identity.len);
        say(heard, "%.*s%s", (int)identity->identity.len, (const char *)identity->identity.at,
            identity->anonymous == TRUTH_YES ? "(anonymous)" : "");
        if (span_seen(identity->realm))
            say(heard, "in:%.*s", (int)identity->realm.len, (const char *)identity->realm.at);
    } else if (observation->type == &observation_eap_method) {
        const struct eap_method *method = observation->data;
        const char *known = eap_method_name(method->type.value);
        say(heard, "%s%s%s", known != NULL ? known : "?", method->tls == TRUTH_YES ? "+tls" : "",
            method->refused == TRUTH_YES ? "+refused" : "");
    } else if (observation->type == &observation_tls_client_hello) {
        const struct tls_client_hello *hello = observation->data;
        assert_string_equal(hello->transport, "eap");
        say(heard, "hello:%02x", hello->random.at[0]);
        heard->said_hello[hello->random.at[0]] = observation->exchange;
    } else if (observation->type == &observation_tls_alert) {
        say(heard, "alert");
    } else if (strcmp(name, "malformed") == 0 || strcmp(name, "cut") == 0) {
        say(heard, "%s", name);
    }
}

/* --- packets --- */

struct wire {
    struct engine *engine;
    struct heard heard;
    uint64_t number;
    uint8_t identifier; /* of the next fragment */
};

static const struct dissector *const only[] = {&dissector_radius, NULL};

static struct wire *wire_new(void)
{
    struct wire *wire = calloc(1, sizeof *wire);
    struct error error;
    assert_non_null(wire);
    const struct engine_options options = {
        .max_flows = 100, .dissectors = only, .emit_to = &wire->heard, .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
    wire->identifier = 10;
    return wire;
}

static void wire_end(struct wire *wire, const char *expected)
{
    engine_finish(wire->engine);
    assert_string_equal(wire->heard.text, expected);
    assert_int_equal(wire->heard.ended, wire->heard.exchanges);
    engine_free(wire->engine);
    free(wire);
}

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void send_datagram(struct wire *wire, bool back, const uint8_t *bytes, size_t len,
                          size_t snap)
{
    uint8_t packet[2600] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, PROTO_UDP};
    static const uint8_t client[4] = {192, 0, 2, 10}, server[4] = {198, 51, 100, 20};
    assert_true(len <= sizeof packet - 28);
    put16(packet + 2, 28 + len);
    memcpy(packet + 12, back ? server : client, 4);
    memcpy(packet + 16, back ? client : server, 4);
    put16(packet + 20, back ? 1812 : 50000);
    put16(packet + 22, back ? 50000 : 1812);
    put16(packet + 24, 8 + len);
    memcpy(packet + 28, bytes, len);
    uint8_t *exact = malloc(28 + len - snap);
    assert_non_null(exact);
    memcpy(exact, packet, 28 + len - snap);
    const struct frame frame = {.at = exact,
                                .captured_len = (uint32_t)(28 + len - snap),
                                .wire_len = (uint32_t)(28 + len),
                                .time_ns = 1700000000000000000,
                                .number = ++wire->number,
                                .link_type = 101}; /* raw IP */
    engine_feed(wire->engine, &frame, 1);
    free(exact);
}

enum { REQUEST = 1, ACCEPT = 2, REJECT = 3, CHALLENGE = 11 };

/* One RADIUS packet: the EAP packet in as many attributes as it takes. */
struct radius_packet {
    uint8_t code, identifier;
    const char *state; /* NULL: none */
    uint8_t eap_code, eap_identifier, eap_type;
    const void *data;
    size_t len;
};

static size_t build(const struct radius_packet *p, uint8_t out[2500])
{
    uint8_t eap[2100] = {p->eap_code, p->eap_identifier, 0, 0, p->eap_type};
    size_t eap_len = p->eap_type != 0 ? 5 + p->len : 4, len = 20;
    put16(eap + 2, eap_len);
    if (p->len > 0)
        memcpy(eap + 5, p->data, p->len);
    memset(out, 0, 2500);
    out[0] = p->code;
    out[1] = p->identifier;
    if (p->state != NULL) {
        out[len] = 24;
        out[len + 1] = (uint8_t)(2 + strlen(p->state));
        memcpy(out + len + 2, p->state, strlen(p->state));
        len += out[len + 1];
    }
    for (size_t at = 0; at < eap_len; at += 253) {
        size_t part = eap_len - at < 253 ? eap_len - at : 253;
        out[len] = 79;
        out[len + 1] = (uint8_t)(2 + part);
        memcpy(out + len + 2, eap + at, part);
        len += 2 + part;
    }
    put16(out + 2, len);
    return len;
}

static void send_packet(struct wire *wire, struct radius_packet p)
{
    uint8_t bytes[2500];
    size_t len = build(&p, bytes);
    send_datagram(wire, p.code != REQUEST, bytes, len, 0);
}

static void identity(struct wire *wire, uint8_t identifier, const char *name)
{
    send_packet(wire,
                (struct radius_packet){REQUEST, identifier, NULL, 2, 1, 1, name, strlen(name)});
}

/* A client hello in one record; |fill| is in its random. */
static size_t put_hello(uint8_t out[2000], uint8_t fill, size_t padding)
{
    size_t extensions = 4 + padding, body = 41 + 2 + extensions, len = 0;
    memset(out, 0, 2000);
    static const uint8_t record[] = {22, 3, 1};
    memcpy(out, record, 3);
    put16(out + 3, 4 + body);
    out[5] = 1;
    put16(out + 7, body);
    out[9] = out[10] = 3;
    memset(out + 11, fill, 32);
    len = 43;
    static const uint8_t rest[] = {0, 0, 2, 0xc0, 0x2f, 1, 0};
    memcpy(out + len, rest, sizeof rest);
    len += sizeof rest;
    put16(out + len, extensions);
    put16(out + len + 2, 21); /* padding */
    put16(out + len + 4, padding);
    return len + 6 + padding;
}

/* Which fragments say how long the whole is. */
enum length { NOWHERE, FIRST, EVERY };

/* Sends a hello in fragments, to each of which the server answers; |skip| one of them (1 is the first), and the
 * answer. */
static void send_hello(struct wire *wire, uint8_t type, size_t fragment, enum length length,
                       unsigned skip, unsigned twice)
{
    uint8_t hello[2000], data[2000];
    size_t len = put_hello(hello, 0xab, 600);
    unsigned number = 0;
    for (size_t at = 0; at < len; at += fragment) {
        uint8_t identifier = wire->identifier++;
        size_t part = len - at < fragment ? len - at : fragment, before = 1;
        data[0] = at + part < len ? 0x40 : 0;
        if (length == EVERY || (length == FIRST && at == 0)) {
            data[0] |= 0x80;
            memset(data + 1, 0, 2);
            put16(data + 3, len);
            before = 5;
        }
        memcpy(data + before, hello + at, part);
        if (++number == skip)
            continue;
        const struct radius_packet request = {REQUEST,    identifier, "S1", 2,
                                              identifier, type,       data, before + part};
        send_packet(wire, request);
        if (number == twice)
            send_packet(wire, request);
        const uint8_t ack = 0;
        send_packet(wire, (struct radius_packet){CHALLENGE, identifier, "S1", 1,
                                                 (uint8_t)(identifier + 1), type, &ack, 1});
    }
}

static void open_method(struct wire *wire, uint8_t type)
{
    const uint8_t start = 0x20;
    identity(wire, 1, "anonymous@example.org");
    send_packet(wire, (struct radius_packet){CHALLENGE, 1, "S1", 1, 2, type, &start, 1});
}

/* --- the tests --- */

static void identities(void **state)
{
    static const struct {
        const char *name, *expected;
    } rows[] = {
        {"steve", "steve"},
        {"steve@example.org", "steve@example.org in:example.org"},
        {"anonymous", "anonymous(anonymous)"},
        {"@example.org", "@example.org(anonymous) in:example.org"},
        {"anonymous@b", "anonymous@b(anonymous) in:b"},
        {"a@b@c", "a@b@c in:c"},
        {"a@", "a@ in:"},
        {"", "(anonymous)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire *wire = wire_new();
        identity(wire, 7, rows[i].name);
        identity(wire, 7, rows[i].name); /* sent again */
        wire_end(wire, rows[i].expected);
    }
}

static void methods(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    open_method(wire, 4);
    const uint8_t wanted = 25, flags = 0;
    send_packet(wire, (struct radius_packet){REQUEST, 2, "S1", 2, 2, 3, &wanted, 1}); /* Nak */
    send_packet(wire, (struct radius_packet){CHALLENGE, 2, "S1", 1, 3, 25, &flags, 1});
    send_packet(wire, (struct radius_packet){REQUEST, 3, "S1", 2, 3, 25, &flags, 1});
    send_packet(wire, (struct radius_packet){ACCEPT, 3, NULL, 3, 3, 0, NULL, 0});
    identity(wire, 4, "next");
    wire_end(wire, "anonymous@example.org(anonymous) in:example.org peap+tls+refused next");
}

static void tls_in_fragments(void **state)
{
    static const uint8_t types[] = {13, 21, 25, 43, 55};
    static const char *const names[] = {"eap-tls", "eap-ttls", "peap", "eap-fast", "teap"};
    static const size_t fragments[] = {1, 7, 100, 300, 2000};
    (void)state;
    for (unsigned t = 0; t < 5; t++) {
        for (unsigned f = 0; f < 5; f++) {
            for (enum length length = NOWHERE; length <= EVERY; length++) {
                struct wire *wire = wire_new();
                char expected[200];
                open_method(wire, types[t]);
                send_hello(wire, types[t], fragments[f], length, 0, f + 1);
                snprintf(expected, sizeof expected,
                         "anonymous@example.org(anonymous) in:example.org %s+tls hello:ab",
                         names[t]);
                wire_end(wire, expected);
            }
        }
    }
}

/* A fragment that is missing: nothing is told that was not said. */
static void lost_fragment(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        struct wire *wire = wire_new();
        open_method(wire, 13);
        send_hello(wire, 13, 100, i % 2 ? EVERY : FIRST, 2 + i / 2, 0);
        engine_finish(wire->engine);
        assert_null(strstr(wire->heard.text, "hello"));
        engine_free(wire->engine);
        free(wire);
    }
}

/* A message whose last fragment is missing does not spoil the next one. */
static void next_message(void **state)
{
    (void)state;
    for (enum length length = FIRST; length <= EVERY; length++) {
        struct wire *wire = wire_new();
        open_method(wire, 13);
        send_hello(wire, 13, 100, length, 7, 0);
        send_hello(wire, 13, 2000, length, 0, 0);
        wire_end(wire, "anonymous@example.org(anonymous) in:example.org eap-tls+tls cut hello:ab");
    }
}

/* TEAP may have TLVs behind the TLS data. */
static void outer_tlvs(void **state)
{
    (void)state;
    uint8_t data[2000] = {0x80 | 0x10}, hello[2000];
    size_t len = put_hello(hello, 0xcd, 0);
    put16(data + 3, len);
    put16(data + 7, 6);
    memcpy(data + 9, hello, len);
    memset(data + 9 + len, 0xff, 6);
    struct wire *wire = wire_new();
    send_packet(wire, (struct radius_packet){REQUEST, 9, "S", 2, 9, 55, data, 9 + len + 6});
    put16(data + 7, 2000); /* more than there is */
    send_packet(wire, (struct radius_packet){REQUEST, 10, "S", 2, 10, 55, data, 9 + len + 6});
    wire_end(wire, "teap+tls hello:cd");
}

/* Devices at one access point: their packets are mixed, their States are not. */
static void devices_are_told_apart(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    uint8_t hello[20][2000], data[20][2000];
    size_t len = 0, half = 0;
    char states[20][8];
    const uint8_t start = 0x20;
    enum { DEVICES = 12 };
    for (uint8_t i = 0; i < DEVICES; i++) {
        snprintf(states[i], sizeof states[i], "S%u", i);
        send_packet(wire, (struct radius_packet){REQUEST, i, NULL, 2, 1, 1, "", 0});
        send_packet(wire, (struct radius_packet){CHALLENGE, i, states[i], 1, 2, 13, &start, 1});
        len = put_hello(hello[i], i, 100);
        half = len / 2;
    }
    for (uint8_t i = 0; i < DEVICES; i++) {
        data[i][0] = 0x40;
        memcpy(data[i] + 1, hello[i], half);
        send_packet(wire, (struct radius_packet){REQUEST, (uint8_t)(100 + i), states[i], 2, 2, 13,
                                                 data[i], 1 + half});
    }
    wire->heard.text[0] = '\0';
    for (uint8_t i = DEVICES; i-- > 0;) {
        data[i][0] = 0;
        memcpy(data[i] + 1, hello[i] + half, len - half);
        send_packet(wire, (struct radius_packet){REQUEST, (uint8_t)(200 + i), states[i], 2, 3, 13,
                                                 data[i], 1 + len - half});
    }
    for (uint32_t i = 0; i < DEVICES; i++)
        assert_int_equal(wire->heard.said_hello[i], i + 1);
    wire_end(wire,
             "hello:0b hello:0a hello:09 hello:08 hello:07 hello:06 hello:05 hello:04 hello:03 "
             "hello:02 hello:01 hello:00");
}

/* More of them than are followed: the bound holds, the latest are read. */
static void devices_have_a_bound(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    uint8_t data[2000] = {0x40, 22, 3, 1, 0, 100};
    char name[8];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "%u", i);
        send_packet(wire, (struct radius_packet){REQUEST, (uint8_t)i, name, 2, 1, 13, data, 6});
        wire->heard.text[0] = '\0';
    }
    assert_int_equal(engine_stats(wire->engine).messages_refused, 0);
    engine_finish(wire->engine);
    engine_free(wire->engine);
    free(wire);
}

static void others_are_left_alone(void **state)
{
    static const uint8_t rows[][24] = {
        {1, 7, 0, 20},                                          /* no attribute */
        {4, 7, 0, 24, [20] = 1, [21] = 4},                      /* accounting */
        {1, 7, 0, 23, [20] = 1, [21] = 3},                      /* another length */
        {1, 7, 0, 24, [20] = 1, [21] = 5},                      /* an attribute that is too long */
        {1, 7, 0, 24, [20] = 1, [21] = 1},                      /* … too short */
        {1, 7, 0, 24, [20] = 79, [21] = 4, [22] = 9},           /* no EAP */
        {1, 7, 0, 24, [20] = 79, [21] = 2, [22] = 1, [23] = 2}, /* empty */
        {22, 3, 1, 0, 24},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(dissector_radius.recognises(reader_of(span_of(rows[i], 24))),
                         RECOGNISE_NO);
    static const uint8_t plain[24] = {1, 7, 0, 24, [20] = 1, [21] = 4, [22] = 'a', [23] = 'b'};
    assert_int_equal(dissector_radius.recognises(reader_of(span_of(plain, 24))), RECOGNISE_YES);
    struct wire *wire = wire_new();
    send_datagram(wire, false, plain, 24, 0);
    wire_end(wire, "");
}

/* Every snap length, and every byte changed: sanitizers watch. */
static void any_bytes(void **state)
{
    (void)state;
    uint8_t data[2000] = {0x80, 0, 0, 0, 0}, hello[2000], bytes[2500];
    size_t hello_len = put_hello(hello, 1, 200);
    memcpy(data + 5, hello, hello_len);
    put16(data + 3, hello_len);
    const struct radius_packet p = {REQUEST, 1, "S", 2, 1, 25, data, 5 + hello_len};
    size_t len = build(&p, bytes);
    struct wire *wire = wire_new();
    for (size_t i = 0; i < len; i++) {
        send_datagram(wire, false, bytes, len, i);
        bytes[i] ^= (uint8_t)(1 + i % 255);
        send_datagram(wire, i & 1, bytes, len, 0);
        bytes[i] ^= (uint8_t)(1 + i % 255);
        wire->heard.text[0] = '\0';
    }
    engine_finish(wire->engine);
    engine_free(wire->engine);
    free(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities),
        cmocka_unit_test(methods),
        cmocka_unit_test(tls_in_fragments),
        cmocka_unit_test(lost_fragment),
        cmocka_unit_test(next_message),
        cmocka_unit_test(outer_tlvs),
        cmocka_unit_test(devices_are_told_apart),
        cmocka_unit_test(devices_have_a_bound),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests_name("eap", tests, NULL, NULL);
}
