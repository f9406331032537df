/* test_clear_protocols.c: DNS, SNMP, Telnet, and logins over HTTP, in clear: what is told of them, what only looks like
 * them, and that nothing of what is secret is. */
#include "dissectors/dns.h"
#include "dissectors/http.h"
#include "dissectors/http_login.h"
#include "dissectors/snmp.h"
#include "dissectors/telnet.h"

#include "core/common_observations.h"
#include "core/engine.h"

#include "from_hex.h"
#include "observed_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- a conversation through the engine --- */

static const struct dissector *const all[] = {&dissector_http,    &dissector_dns_udp,
                                              &dissector_dns_tcp, &dissector_snmp,
                                              &dissector_telnet,  NULL};

struct wire {
    struct engine *engine;
    char heard[2048];
    uint8_t protocol;
    uint16_t port;
    uint32_t sent[2];
    uint64_t number;
};

/* "type field=value field=value; ", without the names' first parts; flow.end as the name of who read. */
static void hear(void *to, const struct observation *observation)
{
    static struct observed_text text;
    struct wire *wire = to;
    size_t len = strlen(wire->heard);
    if (observation->type == &observation_flow_end) {
        const struct flow_end_observation *end = observation->data;
        const char *reader = end->protocol != NULL ? end->protocol : end->application_protocol;
        snprintf(wire->heard + len, sizeof wire->heard - len, "end %s",
                 reader != NULL ? reader : "nobody");
        return;
    }
    text.len = 0;
    observed_add(&text, observation->type, observation->data);
    len += (size_t)snprintf(wire->heard + len, sizeof wire->heard - len, "%s%s",
                            observation->side == observation->flow->client ? "" : "<",
                            observation->type->name);
    for (char *line = strtok(text.at, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *value = strchr(line, '=');
        const char *name = value;
        if (value == NULL)
            continue;
        while (name > line && name[-1] != '.')
            name--;
        len += (size_t)snprintf(wire->heard + len, sizeof wire->heard - len, " %s", name);
    }
    snprintf(wire->heard + len, sizeof wire->heard - len, "; ");
}

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void send_packet(struct wire *wire, bool back, uint8_t flags, struct span bytes)
{
    static const uint8_t client[4] = {192, 0, 2, 10}, server[4] = {198, 51, 100, 20};
    uint8_t packet[1600] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, wire->protocol};
    bool tcp = wire->protocol == PROTO_TCP;
    size_t headers = tcp ? 40 : 28, len = headers + bytes.len;
    assert_true(len <= sizeof packet);
    put16(packet + 2, len);
    memcpy(packet + 12, back ? server : client, 4);
    memcpy(packet + 16, back ? client : server, 4);
    put16(packet + 20, back ? wire->port : 50000);
    put16(packet + 22, back ? 50000 : wire->port);
    if (tcp) {
        uint32_t seq = (back ? 5000 : 1000) + wire->sent[back] - (flags & TCP_SYN ? 1 : 0);
        put16(packet + 24, seq >> 16);
        put16(packet + 26, seq & 0xffff);
        packet[32] = 0x50;
        packet[33] = flags;
        wire->sent[back] += (uint32_t)bytes.len;
    } else {
        put16(packet + 24, 8 + bytes.len);
    }
    if (bytes.len > 0)
        memcpy(packet + headers, bytes.at, bytes.len);
    uint8_t *exact = malloc(len);
    assert_non_null(exact);
    memcpy(exact, packet, len);
    const struct frame frame = {.at = exact,
                                .captured_len = (uint32_t)len,
                                .wire_len = (uint32_t)len,
                                .time_ns = 1700000000000000000,
                                .number = ++wire->number,
                                .link_type = 101}; /* raw IP */
    engine_feed(wire->engine, &frame, 1);
    free(exact);
}

static struct hex_bytes from_spaced_hex(const char *text)
{
    char digits[513];
    size_t len = 0;
    for (; *text != '\0'; text++)
        if (*text != ' ' && len < sizeof digits - 1)
            digits[len++] = *text;
    digits[len] = '\0';
    return from_hex(digits);
}

enum { MAX_TURNS = 8 };

/* "C", "S": text of client and server; "c", "s": hex digits. */
struct dialogue {
    const char *name;
    uint8_t protocol;
    uint16_t port;
    const char *turns[MAX_TURNS];
    const char *heard;
};

static void say_turn(struct wire *wire, const char *turn, size_t segment)
{
    struct hex_bytes hex;
    bool back = turn[0] == 'S' || turn[0] == 's';
    struct span bytes = span_text(turn + 1);
    if (turn[0] == 'c' || turn[0] == 's') {
        hex = from_spaced_hex(turn + 1);
        bytes = span_of(hex.at, hex.len);
    }
    for (size_t at = 0; at < bytes.len; at += segment) {
        size_t len = bytes.len - at < segment ? bytes.len - at : segment;
        send_packet(wire, back, TCP_ACK, span_of(bytes.at + at, len));
    }
}

static void play(struct wire *wire, const struct dialogue *dialogue, size_t segment)
{
    struct error error;
    *wire = (struct wire){.protocol = dialogue->protocol, .port = dialogue->port};
    const struct engine_options options = {
        .max_flows = 100, .every_flow = true, .dissectors = all, .emit_to = wire, .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
    if (dialogue->protocol == PROTO_TCP) {
        send_packet(wire, false, TCP_SYN, span_text(""));
        send_packet(wire, true, TCP_SYN | TCP_ACK, span_text(""));
    }
    for (size_t i = 0; i < MAX_TURNS && dialogue->turns[i] != NULL; i++)
        say_turn(wire, dialogue->turns[i], segment);
    engine_finish(wire->engine);
    engine_free(wire->engine);
}

static void check(const struct dialogue *rows, size_t num)
{
    size_t wrong = 0;
    for (size_t i = 0; i < num; i++) {
        static struct wire wire;
        play(&wire, &rows[i], 1400);
        if (strcmp(wire.heard, rows[i].heard) == 0)
            continue;
        print_error("%s:\n got    %s\n wanted %s\n", rows[i].name, wire.heard, rows[i].heard);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

/* --- DNS --- */

#define EXAMPLE  "076578616d706c6503636f6d00"
#define QUESTION EXAMPLE "00010001"
#define QUERY    "1234 0100 0001 0000 0000 0000 " QUESTION
#define ANSWER   "1234 8180 0001 0001 0000 0000 " QUESTION "c00c 0001 0001 0000003c 0004 c0000201"
#define SUBNET                                                                                     \
    "1234 0120 0001 0000 0000 0001 " QUESTION                                                      \
    "00 0029 04d0 00000000 000b 0008 0007 0001 18 00 c00002"

static void dns(void **state)
{
    (void)state;
    static const struct dialogue rows[] = {
        {"a question and its answer",
         PROTO_UDP,
         53,
         {"c" QUERY, "s" ANSWER},
         "dns.message type=query service=dns name=example.com type=A answers=0 "
         "client_subnet=false; <dns.message type=answer service=dns name=example.com type=A "
         "response_code=NOERROR answers=1 client_subnet=false; end dns"},
        {"the answer first tells who is the client",
         PROTO_UDP,
         9953,
         {"s" ANSWER},
         "<dns.message type=answer service=dns name=example.com type=A response_code=NOERROR "
         "answers=1 client_subnet=false; end dns"},
        {"client subnet",
         PROTO_UDP,
         53,
         {"c" SUBNET},
         "dns.message type=query service=dns name=example.com type=A answers=0 "
         "client_subnet=true; end dns"},
        {"EDNS with a cookie, and no subnet",
         PROTO_UDP,
         53,
         {"c1234 0120 0001 0000 0000 0001 " QUESTION
          "00 0029 04d0 00000000 000c 000a 0008 0102030405060708"},
         "dns.message type=query service=dns name=example.com type=A answers=0 "
         "client_subnet=false; end dns"},
        {"the root, and no such name",
         PROTO_UDP,
         53,
         {"s1234 8183 0001 0000 0000 0000 00 0002 0001"},
         "<dns.message type=answer service=dns name=. type=NS response_code=NXDOMAIN answers=0 "
         "client_subnet=false; end dns"},
        {"mDNS answers without a question",
         PROTO_UDP,
         5353,
         {"c0000 8400 0000 0001 0000 0000 046e6f7465056c6f63616c00 0001 8001 00000078 0004 "
          "c000020a"},
         "<dns.message type=answer service=mdns name=note.local type=A response_code=NOERROR "
         "answers=1; end dns"},
        {"LLMNR",
         PROTO_UDP,
         5355,
         {"c1234 0000 0001 0000 0000 0000 046e6f746500 001c 0001"},
         "dns.message type=query service=llmnr name=note type=AAAA answers=0 "
         "client_subnet=false; end dns"},
        {"NetBIOS",
         PROTO_UDP,
         137,
         {"c1234 0110 0001 0000 0000 0000 20"
          "434b4141414141414141414141414141414141414141414141414141414141410000210001"},
         "dns.message type=query service=netbios name=CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
         "type=SRV answers=0 client_subnet=false; end dns"},
        {"TCP",
         PROTO_TCP,
         53,
         {"c001d" QUERY, "s002d" ANSWER},
         "dns.message type=query service=dns name=example.com type=A answers=0 "
         "client_subnet=false; <dns.message type=answer service=dns name=example.com type=A "
         "response_code=NOERROR answers=1 client_subnet=false; end dns"},
        /* Look-alikes. */
        {"bytes behind a single question", PROTO_UDP, 53, {"c" QUERY "00"}, "end nobody"},
        {"an update", PROTO_UDP, 53, {"c1234 2800 0001 0000 0000 0000 " QUESTION}, "end nobody"},
        {"a class that does not exist",
         PROTO_UDP,
         53,
         {"c1234 0100 0001 0000 0000 0000 " EXAMPLE "00010007"},
         "end nobody"},
        {"a pointer in a first name",
         PROTO_UDP,
         53,
         {"c1234 0100 0001 0000 0000 0000 c00c 0001 0001"},
         "end nobody"},
        {"a control character in the name",
         PROTO_UDP,
         53,
         {"c1234 0100 0001 0000 0000 0000 0307616200 0001 0001"},
         "end nobody"},
        {"STUN", PROTO_UDP, 3478, {"c0001 0000 2112a442 000102030405060708090a0b"}, "end nobody"},
        {"a TCP length that is none", PROTO_TCP, 53, {"c0005" QUERY}, "end nobody"},
    };
    CHECK(rows);
}

/* --- SNMP --- */

#define GET_PDU "a01a 0202 1234 0201 00 0201 00 300e 300c 0608 2b06010201010100 0500"
#define V3_HEAD(flags)                                                                             \
    "3081 55 0201 03 3011 0204 00000001 0203 00ffe3 0401 " flags " 0201 03 "                       \
    "0420 301e 0405 80001f8880 0201 01 0201 02 0404 6d617261 0405 0102030405 0401 00"
#define V3_DATA "041b 00000000000000000000000000000000000000000000000000000000"

static void snmp(void **state)
{
    (void)state;
    static const struct dialogue rows[] = {
        {"2c with a community of its own",
         PROTO_UDP,
         161,
         {"c302a 0201 01 0409 6d41724b2e736e6d70 " GET_PDU},
         "snmp.message version=2c community=true common=false; end snmp"},
        {"1 with public, said once",
         PROTO_UDP,
         161,
         {"c3027 0201 00 0406 7075626c6963 " GET_PDU, "c3027 0201 00 0406 7075626c6963 " GET_PDU},
         "snmp.message version=1 community=true common=true; end snmp"},
        {"an empty community",
         PROTO_UDP,
         161,
         {"c3021 0201 00 0400 " GET_PDU},
         "snmp.message version=1 community=false common=false; end snmp"},
        {"3 authPriv",
         PROTO_UDP,
         161,
         {"c" V3_HEAD("07") V3_DATA},
         "snmp.message version=3 level=authPriv user=true; end snmp"},
        {"3 authNoPriv",
         PROTO_UDP,
         161,
         {"c" V3_HEAD("05") V3_DATA},
         "snmp.message version=3 level=authNoPriv user=true; end snmp"},
        {"3 noAuthNoPriv",
         PROTO_UDP,
         161,
         {"c" V3_HEAD("04") V3_DATA},
         "snmp.message version=3 level=noAuthNoPriv user=true; end snmp"},
        /* Look-alikes: LDAP over UDP, a version nobody has, bytes behind the message. */
        {"LDAP", PROTO_UDP, 389, {"c300c 0201 01 6007 0201 03 0400 8000"}, "end nobody"},
        {"version 7", PROTO_UDP, 161, {"c3027 0201 07 0406 7075626c6963 " GET_PDU}, "end nobody"},
        {"longer than it says",
         PROTO_UDP,
         161,
         {"c3027 0201 00 0406 7075626c6963 " GET_PDU "00"},
         "end nobody"},
    };
    CHECK(rows);
}

/* --- Telnet --- */

static void telnet(void **state)
{
    (void)state;
    static const struct dialogue rows[] = {
        {"a login",
         PROTO_TCP,
         23,
         {"sfffd18fffd20", "cfffb18fffc20", "Sdebian login: ", "Canna\r\n",
          "SPassword: ", "CmArK-password\r\n", "SWelcome"},
         "telnet.session user=true password=true encrypted=false; end telnet"},
        {"a name, and no password",
         PROTO_TCP,
         23,
         {"sfffd18", "SUsername: ", "Cguest\r\n", "Shello guest\r\n"},
         "telnet.session user=true password=false encrypted=false; end telnet"},
        {"a password of nothing",
         PROTO_TCP,
         23,
         {"sfffd18", "SPassword: ", "C\r\n"},
         "telnet.session user=false password=false encrypted=false; end telnet"},
        {"the word in a text",
         PROTO_TCP,
         23,
         {"sfffd18", "SYour password: is needed", "Chello\r\n"},
         "telnet.session user=false password=true encrypted=false; end telnet"},
        {"encrypted",
         PROTO_TCP,
         23,
         {"sfffd26", "cfffb26", "cfffa260300fff0", "s8877665544"},
         "telnet.session user=false password=false encrypted=true; end telnet"},
        {"TLS",
         PROTO_TCP,
         23,
         {"sfffd2e", "cfffb2e", "cfffa2e01fff0", "c1603010005"},
         "telnet.session user=false password=false encrypted=true; end telnet"},
        {"a byte 255 in what is typed",
         PROTO_TCP,
         23,
         {"sfffd18", "SPassword: ", "cffff", "C\r\n"},
         "telnet.session user=false password=true encrypted=false; end telnet"},
        /* Look-alikes. */
        {"a server that only says text", PROTO_TCP, 23, {"Slogin: ", "Canna\r\n"}, "end nobody"},
        {"a command with an option nobody has", PROTO_TCP, 23, {"sfffdc8"}, "end nobody"},
        {"no command of options", PROTO_TCP, 23, {"sfff418"}, "end nobody"},
    };
    CHECK(rows);
}

/* --- HTTP --- */

static void http(void **state)
{
    (void)state;
    static const struct dialogue rows[] = {
        {"Basic, after it was asked for",
         PROTO_TCP,
         80,
         {"CGET / HTTP/1.1\r\nHost: h.example\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
          "SHTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
          "CGET / HTTP/1.1\r\nHost: h.example\r\nUser-Agent: Mozilla/5.0\r\n"
          "Authorization: Basic bUFySzptQXJL\r\n\r\n",
          "SHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
         "http.login scheme=basic to=server; end http"},
        {"said once for each scheme",
         PROTO_TCP,
         8080,
         {"CGET / HTTP/1.1\r\nHost: h\r\nAuthorization: Digest username=\"a\"\r\n\r\n",
          "SHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
          "CGET / HTTP/1.1\r\nHost: h\r\nAuthorization: Digest username=\"a\"\r\n\r\n",
          "SHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
          "CGET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer mArK\r\n\r\n"},
         "http.login scheme=digest to=server; http.login scheme=bearer to=server; end http"},
        {"to a proxy",
         PROTO_TCP,
         3128,
         {"CGET http://h.example/ HTTP/1.1\r\nHost: h.example\r\n"
          "Proxy-Authorization: Basic bUFySw==\r\n\r\n"},
         "http.login scheme=basic to=proxy; end http"},
        {"in the URL",
         PROTO_TCP,
         80,
         {"CGET http://u:p@h.example/ HTTP/1.1\r\nHost: h\r\n\r\n"},
         "http.login scheme=url to=server; end http"},
        /* Look-alikes. */
        {"a field with a name like it",
         PROTO_TCP,
         80,
         {"CGET / HTTP/1.1\r\nHost: h\r\nAuthor: Basic\r\nProxy-Connection: close\r\n\r\n",
          "SHTTP/1.1 200 OK\r\nAuthorization: Basic\r\nContent-Length: 0\r\n\r\n"},
         "end http"},
        {"in a body",
         PROTO_TCP,
         80,
         {"CPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 26\r\n\r\nAuthorization: Basic abc\r\n"},
         "end http"},
        /* The threshold: after three challenges a dull connection is let go. */
        {"asked for three times in vain",
         PROTO_TCP,
         80,
         {"CGET / HTTP/1.1\r\nHost: h\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
          "SHTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n",
          "CGET / HTTP/1.1\r\nHost: h\r\nUser-Agent: Mozilla/5.0\r\n\r\n"
          "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: Mozilla/5.0\r\n\r\n"
          "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
          "SHTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\nHTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n"
          "HTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n",
          "CGET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic bUFySw==\r\n\r\n"},
         "end http"},
    };
    CHECK(rows);
}

/* --- anything --- */

static void segments_of_any_size(void **state)
{
    (void)state;
    static const struct dialogue rows[] = {
        {"telnet",
         PROTO_TCP,
         23,
         {"sfffd18fffd20", "Slogin: ", "Canna\r\n", "SPassword: ", "Cx\r\n"},
         NULL},
        {"http",
         PROTO_TCP,
         80,
         {"CGET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic bUFySw==\r\n\r\n"},
         NULL},
    };
    static const char *const heard[] = {
        "<telnet.session user=true password=true encrypted=false; end telnet",
        "http.login scheme=basic to=server; end http"};
    for (size_t i = 0; i < 2; i++) {
        for (size_t segment = 1; segment < 40; segment++) {
            static struct wire wire;
            play(&wire, &rows[i], segment);
            /* Which side's byte came last depends on the segments. */
            assert_string_equal(wire.heard + (wire.heard[0] == '<'),
                                heard[i] + (heard[i][0] == '<'));
        }
    }
}

static void ignore(void *to, const struct observation *observation)
{
    static struct observed_text text;
    (void)to;
    text.len = 0;
    observed_add(&text, observation->type, observation->data);
}

static void read_alone(const struct dissector *dissector, struct span bytes)
{
    uint8_t *exact = malloc(bytes.len + 1);
    void *state = calloc(1, dissector->state_size);
    struct flow flow = {.protocol = PROTO_UDP, .ip_version = 4};
    struct dissect_context context = {.flow = &flow, .emit = ignore};
    assert_true(exact != NULL && state != NULL);
    memcpy(exact, bytes.at, bytes.len);
    struct reader datagram = reader_of(span_of(exact, bytes.len));
    (void)dissector->recognises(datagram);
    (void)dissector->dissect(&datagram, state, &context);
    datagram = reader_of_cut(span_of(exact, bytes.len), 7);
    (void)dissector->recognises(datagram);
    (void)dissector->dissect(&datagram, state, &context);
    if (dissector->end != NULL)
        dissector->end(state, &context);
    free(state);
    free(exact);
}

/* Every prefix, and every byte changed in three ways. */
static void any_bytes(void **state)
{
    (void)state;
    static const struct {
        const struct dissector *dissector;
        const char *hex;
    } samples[] = {{&dissector_dns_udp, QUERY},
                   {&dissector_dns_udp, ANSWER},
                   {&dissector_dns_udp, SUBNET},
                   {&dissector_dns_tcp, "002d" ANSWER "001d" QUERY},
                   {&dissector_snmp, "3027 0201 00 0406 7075626c6963 " GET_PDU},
                   {&dissector_snmp, V3_HEAD("04") V3_DATA},
                   {&dissector_telnet, "fffd18fffa2603fff0fffffffb1870617373776f72643a"}};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct hex_bytes bytes = from_spaced_hex(samples[i].hex);
        for (size_t len = 0; len <= bytes.len; len++)
            read_alone(samples[i].dissector, span_of(bytes.at, len));
        for (size_t at = 0; at < bytes.len; at++) {
            static const uint8_t changes[] = {0xff, 0x80, 0x01};
            for (size_t k = 0; k < sizeof changes; k++) {
                bytes.at[at] ^= changes[k];
                read_alone(samples[i].dissector, span_of(bytes.at, bytes.len));
                bytes.at[at] ^= changes[k];
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dns),       cmocka_unit_test(snmp),
        cmocka_unit_test(telnet),    cmocka_unit_test(http),
        cmocka_unit_test(any_bytes), cmocka_unit_test(segments_of_any_size)};
    return cmocka_run_group_tests_name("clear_protocols", tests, NULL, NULL);
}
