/* test_http.c: conversations over HTTP/1.x in segments of any size, what is told of those that belong to an install,
 * and that others are let go; losses, prefixes and changed bytes; URLs that were told before. */
#include "dissectors/http.h"

#include "core/common_observations.h"
#include "core/engine.h"
#include "dissectors/http_body.h"
#include "dissectors/http_tells.h"
#include "dissectors/starttls.h"
#include "dissectors/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

/* --- what comes out --- */

struct heard {
    char text[2048];
    bool quiet; /* any bytes: only that it can be said counts */
};

static void say(struct heard *heard, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct heard *heard, const char *format, ...)
{
    size_t len = strlen(heard->text);
    va_list values;
    va_start(values, format);
    int added = vsnprintf(heard->text + len, sizeof heard->text - len, format, values);
    va_end(values);
    assert_true(added >= 0 && len + (size_t)added < sizeof heard->text);
}

static void say_span(struct heard *heard, struct span text)
{
    if (span_seen(text))
        say(heard, " %.*s", (int)text.len, (const char *)text.at);
}

static void say_text(struct heard *heard, const char *name, const char *text)
{
    if (text != NULL)
        say(heard, " %s%s", name, text);
}

static void say_number(struct heard *heard, const char *name, struct number number)
{
    if (number.seen)
        say(heard, " %s%llu", name, (unsigned long long)number.value);
}

static void say_fetch(struct heard *heard, const struct http_fetch *fetch)
{
    say(heard, "%s%s", heard->text[0] ? "; " : "", fetch->method ? fetch->method : "?");
    say_span(heard, fetch->host);
    say_number(heard, ":", fetch->port);
    say_span(heard, fetch->path);
    say_number(heard, "?", fetch->query_len);
    say_text(heard, "tells ", fetch->query_tells);
    say_span(heard, fetch->agent);
    say_text(heard, "login ", fetch->credentials);
    if (fetch->proxied == TRUTH_YES)
        say(heard, " proxied");
    say_text(heard, "by ", fetch->matched);
    say_text(heard, "for ", fetch->service);
    if (fetch->upload == TRUTH_YES)
        say(heard, " upload");
    say(heard, " ->");
    say_number(heard, "", fetch->status);
    say_text(heard, "", fetch->content_type);
    say_text(heard, "", fetch->transfer_encoding);
    say_text(heard, "", fetch->content_encoding);
    say_number(heard, "told ", fetch->length_told);
    say_number(heard, "from ", fetch->range_first);
    say_number(heard, "to ", fetch->range_last);
    say_number(heard, "of ", fetch->range_total);
    say_span(heard, fetch->location_host);
    say_span(heard, fetch->location_path);
    say_number(heard, "bytes ", fetch->body_bytes);
    if (fetch->complete != TRUTH_UNKNOWN)
        say(heard, " %s", fetch->complete == TRUTH_YES ? "whole" : "part");
    say_text(heard, "", fetch->incomplete);
    say_text(heard, "by ", fetch->ended_by);
    say_number(heard, "size ", fetch->content.size);
    if (span_seen(fetch->content.sha256))
        say(heard, " hashed");
}

/* Reads every member, so that a sanitizer sees those that are not there. */
static void walk(const struct observation *observation)
{
    for (size_t i = 0; i < observation->type->num_fields; i++) {
        const struct field *field = &observation->type->fields[i];
        struct value value = field_value(field, observation->data);
        unsigned sum = 0;
        for (size_t at = 0; value.type >= VALUE_BYTES && at < value.bytes.len; at++)
            sum += value.bytes.at[at];
        assert_true(sum <= 255 * value.bytes.len);
    }
}

static void hear(void *to, const struct observation *observation)
{
    struct heard *heard = to;
    walk(observation);
    if (heard->quiet)
        return;
    if (observation->type == &observation_http_fetch) {
        assert_int_equal(observation->side, observation->flow->client);
        say_fetch(heard, observation->data);
    } else if (observation->type == &observation_starttls_session) {
        say(heard, "%sconnect", heard->text[0] ? "; " : "");
    } else if (observation->type == &observation_flow_end) {
        say(heard, "; %s", ((const struct flow_end_observation *)observation->data)->protocol);
    }
}

/* --- frames --- */

static const struct dissector *const readers[] = {&dissector_tls, &dissector_starttls,
                                                  &dissector_http, NULL};

struct wire {
    struct engine *engine;
    struct heard heard;
    uint32_t sent[2]; /* bytes, by client and server */
    uint16_t client_port;
    uint64_t number;
};

static const uint8_t client_address[4] = {192, 0, 2, 10}, server_address[4] = {198, 51, 100, 20};

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void send_bytes(struct wire *wire, bool back, uint8_t flags, uint32_t seq, struct span bytes)
{
    uint8_t packet[1600] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, PROTO_TCP};
    assert_true(bytes.len <= sizeof packet - 40);
    put16(packet + 2, 40 + bytes.len);
    memcpy(packet + 12, back ? server_address : client_address, 4);
    memcpy(packet + 16, back ? client_address : server_address, 4);
    put16(packet + 20, back ? 80 : wire->client_port);
    put16(packet + 22, back ? wire->client_port : 80);
    put16(packet + 24, seq >> 16);
    put16(packet + 26, seq & 0xffff);
    packet[32] = 0x50;
    packet[33] = flags;
    if (bytes.len > 0)
        memcpy(packet + 40, bytes.at, bytes.len);
    size_t len = 40 + bytes.len;
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

static void wire_begin(struct wire *wire, bool quiet)
{
    struct error error;
    *wire = (struct wire){.client_port = 50000, .heard.quiet = quiet};
    const struct engine_options options = {
        .max_flows = 100, .dissectors = readers, .emit_to = &wire->heard, .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
}

static void handshake(struct wire *wire)
{
    send_bytes(wire, false, TCP_SYN, 999, span_text(""));
    send_bytes(wire, true, TCP_SYN | TCP_ACK, 4999, span_text(""));
}

static uint32_t next_seq(const struct wire *wire, bool back)
{
    return (back ? 5000 : 1000) + wire->sent[back];
}

static void say_bytes(struct wire *wire, bool back, struct span bytes, size_t segment)
{
    for (size_t at = 0; at < bytes.len; at += segment) {
        size_t len = bytes.len - at < segment ? bytes.len - at : segment;
        send_bytes(wire, back, TCP_ACK, next_seq(wire, back), span_of(bytes.at + at, len));
        wire->sent[back] += (uint32_t)len;
    }
}

static void close_both(struct wire *wire)
{
    send_bytes(wire, true, TCP_FIN | TCP_ACK, next_seq(wire, true), span_text(""));
    send_bytes(wire, false, TCP_FIN | TCP_ACK, next_seq(wire, false), span_text(""));
}

static void wire_end(struct wire *wire)
{
    engine_finish(wire->engine);
    assert_int_equal(engine_stats(wire->engine).messages_refused, 0);
    engine_free(wire->engine);
}

/* --- conversations: "C" and "S" with text; "c" and "s": lost, the numbers go on; "X": both close --- */

enum { MAX_TURNS = 12 };

struct conversation {
    const char *turns[MAX_TURNS];
    const char *expected;
    bool midstream; /* no SYN is seen */
};

static void say_turn(struct wire *wire, const char *turn, size_t segment)
{
    bool back = *turn == 'S' || *turn == 's';
    if (*turn == 'X')
        close_both(wire);
    else if (*turn == 'C' || *turn == 'S')
        say_bytes(wire, back, span_text(turn + 1), segment);
    else
        wire->sent[back] += (uint32_t)strlen(turn + 1);
}

static void run(const struct conversation *row, size_t segment)
{
    struct wire wire;
    wire_begin(&wire, false);
    if (!row->midstream)
        handshake(&wire);
    for (size_t i = 0; i < MAX_TURNS && row->turns[i] != NULL; i++)
        say_turn(&wire, row->turns[i], segment);
    wire_end(&wire);
    if (strcmp(wire.heard.text, row->expected) != 0)
        print_error("segments of %zu: %s\n", segment, row->turns[0]);
    assert_string_equal(wire.heard.text, row->expected);
}

#define GET(path)     "CGET " path " HTTP/1.1\r\nHost: boot.example\r\n\r\n"
#define OK(len)       "SHTTP/1.1 200 OK\r\nContent-Length: " len "\r\n\r\n"
#define CONFIGURATION "hostname sw1\n!\nend\n"
#define IS_CFG        "get boot.example /a.cfg by path -> 200"

static const struct conversation conversations[] = {
    /* a length; several on a connection */
    {{GET("/a.cfg"), OK("5") "hello", "X"},
     IS_CFG " told 5 bytes 5 whole by length size 5 hashed; http"},
    {{GET("/a.cfg"), OK("5") "hello", GET("/b.ks"), OK("2") "hi", "X"},
     IS_CFG " told 5 bytes 5 whole by length size 5 hashed; "
            "get boot.example /b.ks by path for kickstart -> 200 told 2 bytes 2 whole by length "
            "size 2 hashed; http"},
    /* requests that do not wait, and one of no interest between them */
    {{"CGET /a.cfg HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\nHEAD /b.cfg HTTP/1.1\r\n\r\n",
      OK("1") "1HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html> ab"
              "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
     "get /a.cfg by path -> 200 told 1 bytes 1 whole by length size 1 hashed; "
     "head /b.cfg by path -> 200 told 7; http"},
    /* LF alone, and a folded field */
    {{"CGET /a.cfg HTTP/1.0\nHost: boot.example:8080\nUser-Agent:\n busybox\n\n",
      "SHTTP/1.0 200 OK\nContent-Length:\n 3\n\nabc"},
     "get boot.example :8080 /a.cfg busybox by path -> 200 told 3 bytes 3 whole by length size 3 "
     "hashed; http"},
    /* chunks: extensions, trailers */
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain; "
                     "charset=utf-8\r\n\r\n3;x=\"y\"\r\nabc\r\nA \r\n0123456789\r\n0\r\nTrailer: "
                     "x\r\n\r\nHTTP/1.1 200 OK\r\n"},
     IS_CFG " text/plain chunked bytes 13 whole by chunked size 13 hashed; http"},
    /* both told: chunks count (RFC 9112 section 6.3) */
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: "
                     "chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"},
     IS_CFG " chunked bytes 5 whole by chunked size 5 hashed; http"},
    /* a length that contradicts itself, and one that repeats itself */
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
     IS_CFG " bytes 0 part framing size 0; http"},
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc"},
     IS_CFG " told 3 bytes 3 whole by length size 3 hashed; http"},
    /* a chunk that is none */
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX"},
     IS_CFG " chunked bytes 3 part framing by chunked size 3; http"},
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "fffffffffffffffff\r\nabc"},
     IS_CFG " chunked bytes 0 part framing by chunked size 0; http"},
    /* until the connection closes, or nobody knows */
    {{GET("/a.cfg"), "SHTTP/1.0 200 OK\r\n\r\nabc", "X"},
     IS_CFG " bytes 3 whole by close size 3 hashed; http"},
    {{GET("/a.cfg"), "SHTTP/1.0 200 OK\r\n\r\nabc"},
     IS_CFG " bytes 3 part input ended by close size 3; http"},
    {{GET("/a.cfg"), OK("9") "abc", "X"},
     IS_CFG " told 9 bytes 3 part closed by length size 3; http"},
    /* no body */
    {{GET("/a.cfg"), "SHTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", GET("/b.cfg"),
      "SHTTP/1.1 204 No Content\r\n\r\n"},
     "get boot.example /a.cfg by path -> 304 told 10; get boot.example /b.cfg by path -> 204; "
     "http"},
    {{GET("/a.cfg"), OK("0")}, IS_CFG " told 0 bytes 0 whole by length size 0 hashed; http"},
    {{GET("/a.cfg"), "SHTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: "
                     "3\r\n\r\nno!"},
     "get boot.example /a.cfg by path -> 404 text/html told 3 bytes 3 whole by length; http"},
    {{GET("/a.cfg")}, "get boot.example /a.cfg by path ->; http"},
    /* what was asked for before the answer is not it */
    {{GET("/a.cfg"), "SHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
      OK("1") "a"},
     IS_CFG " told 1 bytes 1 whole by length size 1 hashed; http"},
    /* parts of files */
    {{GET("/a.cfg"), "SHTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/9\r\n"
                     "Content-Length: 3\r\n\r\nabc"},
     "get boot.example /a.cfg by path -> 206 told 3 from 2 to 4 of 9 bytes 3 whole by length "
     "size 3; http"},
    {{GET("/a.cfg"), "SHTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\n"
                     "Content-Length: 3\r\n\r\nabc"},
     "get boot.example /a.cfg by path -> 206 told 3 from 0 to 2 of 3 bytes 3 whole by length "
     "size 3 hashed; http"},
    {{GET("/a.cfg"), "SHTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-2/9\r\n"
                     "Content-Length: 3\r\n\r\nabc"},
     "get boot.example /a.cfg by path -> 206 told 3 bytes 3 whole by length size 3; http"},
    /* proxies, users, queries, credentials: their values are not kept */
    {{"CGET http://me:pw@boot.example:8000/ztp?mac=0&k=v HTTP/1.1\r\nHost: other\r\n\r\n",
      OK("1") "a"},
     "get boot.example :8000 /ztp ?9 tells mac login url proxied by path for ztp -> 200 told 1 "
     "bytes 1 whole by length size 1 hashed; http"},
    {{"CGET /a.cfg HTTP/1.1\r\nAuthorization: Basic c2VjcmV0\r\nCookie: secret\r\n\r\n",
      OK("1") "a"},
     "get /a.cfg login basic by path -> 200 told 1 bytes 1 whole by length size 1 hashed; http"},
    {{"CGET /a.cfg HTTP/1.1\r\nAuthorization: Secret\r\nHost: [2001:db8::1]:81\r\n\r\n"},
     "get 2001:db8::1 :81 /a.cfg login other by path ->; http"},
    /* agents and fields of devices */
    {{"CGET /x HTTP/1.1\r\nUser-Agent: iPXE/1.21.1\r\n\r\n", OK("1") "a"},
     "get /x iPXE/1.21.1 by user agent for ipxe -> 200 told 1 bytes 1 whole by length size 1 "
     "hashed; http"},
    {{"CGET /x HTTP/1.1\r\nONIE-SERIAL-NUMBER: 1\r\n\r\n"}, "get /x by device fields ->; http"},
    {{"CGET /x HTTP/1.1\r\nONIE-SERIAL-NUMBER : 1\r\n\r\n"}, ""},
    /* what the file begins with */
    {{GET("/x"), OK("19") CONFIGURATION},
     "get boot.example /x by content -> 200 told 19 bytes 19 whole by length size 19 hashed; http"},
    {{GET("/x"),
      "SHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n" CONFIGURATION "\r\n0\r\n\r\n"},
     "get boot.example /x by content -> 200 chunked bytes 19 whole by chunked size 19 hashed; "
     "http"},
    {{GET("/x"), "SHTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
                 "19\r\n\r\n" CONFIGURATION},
     ""},
    /* what devices give away */
    {{"CPUT /b/sw1-confg HTTP/1.1\r\nContent-Length: 19\r\nExpect: 100-continue\r\n\r\n",
      "SHTTP/1.1 100 Continue\r\n\r\n", "C" CONFIGURATION,
      "SHTTP/1.1 201 Created\r\n"
      "Content-Length: 2\r\n\r\nok"},
     "put /b/sw1-confg by path upload -> 201 told 19 bytes 19 whole by length size 19 hashed; "
     "http"},
    {{"CPUT /b HTTP/1.1\r\nContent-Length: 19\r\n\r\n" CONFIGURATION, "SHTTP/1.1 201 Created\r\n"
                                                                      "Content-Length: 0\r\n\r\n"},
     "put /b by content upload -> 201 told 19 bytes 19 whole by length size 19 hashed; http"},
    /* a question that is posted: the answer is the file */
    {{"CPOST /restconf/operations/ietf-sztp-bootstrap-server:get-bootstrapping-data HTTP/1.1\r\n"
      "Content-Length: 2\r\n\r\n{}",
      "SHTTP/1.1 200 OK\r\nContent-Type: application/yang-data+json\r\nContent-Length: 4\r\n\r\n{  "
      "}"},
     "post /restconf/operations/ietf-sztp-bootstrap-server:get-bootstrapping-data by path for sztp "
     "-> 200 application/yang-data+json told 4 bytes 4 whole by length size 4 hashed; http"},
    /* the answer ends before the request */
    {{"CPUT /a.cfg HTTP/1.1\r\nContent-Length: 4\r\n\r\nab",
      "SHTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", "Ccd"},
     "put /a.cfg by path upload -> 413 told 4 bytes 4 whole by length size 4 hashed; http"},
    /* redirects lead on */
    {{GET("/a.cfg"), "SHTTP/1.1 302 Found\r\nLocation: /new?x\r\nContent-Length: 0\r\n\r\n",
      GET("/new"), OK("1") "a"},
     "get boot.example /a.cfg by path -> 302 told 0 /new; "
     "get boot.example /new by boot url -> 200 told 1 bytes 1 whole by length size 1 hashed; http"},
    /* codings that cannot be read */
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"},
     IS_CFG " br told 3 bytes 3 part encoding by length; http"},
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"},
     IS_CFG " gzip told 3 bytes 3 part encoding by length size 0; http"},
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", "X"},
     IS_CFG " other bytes 3 part encoding by close; http"},
    /* of no interest: as if nobody had read it */
    {{GET("/"), OK("3") "abc", GET("/x"), OK("3") "abc"}, ""},
    {{GET("/"), OK("1") "a", GET("/"), OK("1") "a", GET("/"), OK("1") "a", GET("/"), OK("1") "a",
      GET("/a.cfg"), OK("1") "a"},
     ""},
    {{GET("/"), OK("1") "a", GET("/"), OK("1") "a", GET("/"), OK("1") "a", GET("/a.cfg"),
      OK("1") "a"},
     IS_CFG " told 1 bytes 1 whole by length size 1 hashed; http"},
    {{"CGET / HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\n\r\n", OK("1") "a", GET("/a.cfg"),
      OK("1") "a"},
     ""},
    {{GET("/"), "SHTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999\r\n\r\nabc",
      GET("/a.cfg")},
     ""},
    {{"CGET /a.cfg HTTP/2.0\r\n\r\n"}, ""},
    {{"COPTIONS sip:a.cfg HTTP/1.1\r\n\r\n"}, ""},
    {{"CGET /a.cfg\r\n\r\n"}, ""},
    {{GET("/bootstrap.min.css"), OK("1") "a"}, ""},
    /* another protocol behind it */
    {{GET("/a.cfg"), "SHTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"},
     "get boot.example /a.cfg by path ->; http"},
    {{GET("/a.cfg"), OK("1") "a", "CCONNECT a:443 HTTP/1.1\r\n\r\n", "SHTTP/1.1 403 No\r\n\r\n"},
     IS_CFG " told 1 bytes 1 whole by length size 1 hashed; connect; starttls"},
    /* only one side, and the middle of it */
    {{"SHTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n" CONFIGURATION},
     "? by content -> 200 told 19 bytes 19 whole by length size 19 hashed; http",
     .midstream = true},
    {{GET("/a.cfg"), GET("/b.cfg")},
     "get boot.example /a.cfg by path ->; get boot.example /b.cfg by path ->; http",
     .midstream = true},
};

static void test_conversations(void **state)
{
    static const size_t segments[] = {1400, 64, 7, 1};
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof *conversations; i++)
        for (size_t s = 0; s < sizeof segments / sizeof *segments; s++)
            if (segments[s] == 1400 || !conversations[i].midstream)
                run(&conversations[i], segments[s]);
}

/* --- losses --- */

static const struct conversation losses[] = {
    /* in a body: the length keeps it in step */
    {{GET("/a.cfg"), OK("9") "abc", "sdef", "Sghi", GET("/b.cfg"), OK("1") "a"},
     IS_CFG " told 9 bytes 6 part lost by length size 6; "
            "get boot.example /b.cfg by path -> 200 told 1 bytes 1 whole by length size 1 hashed; "
            "http"},
    /* in a chunk, whose end is still to be seen */
    {{GET("/a.cfg"), "SHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "sdef",
      "Sghi\r\n0\r\n\r\n"},
     IS_CFG " chunked bytes 6 part lost by chunked size 6; http"},
    /* the end of a body and the head of the next answer, for which nobody had asked yet */
    {{GET("/a.cfg"), OK("9") "abc", "sdefghiHTTP/1.1 200 OK\r\n", "SContent-Length: 1\r\n\r\na",
      GET("/b.cfg"), OK("1") "a"},
     IS_CFG " told 9 bytes 3 part lost by length size 3; "
            "get boot.example /b.cfg by path -> 200 told 1 bytes 1 whole by length size 1 hashed; "
            "http"},
    /* a whole answer */
    {{GET("/a.cfg"), "sHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", GET("/b.cfg"), OK("1") "a"},
     "get boot.example /a.cfg by path ->; "
     "get boot.example /b.cfg by path -> 200 told 1 bytes 1 whole by length size 1 hashed; http"},
};

static void test_losses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        run(&losses[i], 1400);
}

/* --- any bytes --- */

static void say_some(const struct conversation *row, size_t len, size_t flip, size_t segment)
{
    struct wire wire;
    wire_begin(&wire, true);
    handshake(&wire);
    for (size_t i = 0; i < MAX_TURNS && row->turns[i] != NULL && len > 0; i++) {
        uint8_t bytes[1024];
        size_t all = strlen(row->turns[i]) - 1, some = all < len ? all : len;
        assert_true(all <= sizeof bytes);
        memcpy(bytes, row->turns[i] + 1, some);
        if (flip < some)
            bytes[flip] ^= (uint8_t)(1 + flip * 37 % 255);
        flip = flip >= some ? flip - some : SIZE_MAX;
        say_bytes(&wire, row->turns[i][0] == 'S', span_of(bytes, some), segment);
        len -= some;
    }
    wire_end(&wire);
}

static size_t length_of(const struct conversation *row)
{
    size_t len = 0;
    for (size_t i = 0; i < MAX_TURNS && row->turns[i] != NULL; i++)
        len += strlen(row->turns[i]) - 1;
    return len;
}

static void test_prefixes_and_flips(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof *conversations; i++) {
        size_t len = length_of(&conversations[i]);
        for (size_t at = 0; at < len; at++) {
            say_some(&conversations[i], at, SIZE_MAX, 1400);
            say_some(&conversations[i], len, at, 1400);
        }
    }
}

/* --- bounds --- */

static void test_long_heads(void **state)
{
    (void)state;
    static const struct {
        size_t field_len, num_fields;
        const char *expected;
    } rows[] = {
        {100, 100, "get /a.cfg by path -> 200 told 1 bytes 1 whole by length size 1 hashed; http"},
        {9000, 3, "get /a.cfg by path -> 200 told 1 bytes 1 whole by length size 1 hashed; http"},
        {1000, 70, ""}, /* more than 64 KiB */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire wire;
        char field[9100];
        wire_begin(&wire, false);
        handshake(&wire);
        say_bytes(&wire, false, span_text("GET /a.cfg HTTP/1.1\r\n"), 1400);
        memset(field, 'x', rows[i].field_len);
        memcpy(field, "Host: ", 6);
        memcpy(field, rows[i].field_len > 8192 ? "Host: " : "Hose: ", 6);
        field[rows[i].field_len - 1] = '\n';
        for (size_t n = 0; n < rows[i].num_fields; n++)
            say_bytes(&wire, false, span_of(field, rows[i].field_len), 1400);
        say_bytes(&wire, false, span_text("\r\n"), 1400);
        say_turn(&wire, OK("1") "a", 1400);
        wire_end(&wire);
        assert_string_equal(wire.heard.text, rows[i].expected);
    }
}

/* Of more requests than are kept the oldest are told first. */
static void test_many_requests(void **state)
{
    struct wire wire;
    unsigned told = 0;
    (void)state;
    wire_begin(&wire, false);
    handshake(&wire);
    for (unsigned i = 0; i < 20; i++)
        say_turn(&wire, GET("/a.cfg"), 1400);
    wire_end(&wire);
    for (const char *at = wire.heard.text; (at = strstr(at, "/a.cfg")) != NULL; at++)
        told++;
    assert_int_equal(told, 20);
}

/* --- compression --- */

static size_t compress_bytes(struct span plain, int window_bits, uint8_t *out, size_t room)
{
    z_stream zlib = {.next_in = (Bytef *)(uintptr_t)plain.at,
                     .avail_in = (uInt)plain.len,
                     .next_out = out,
                     .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&zlib, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    size_t len = room - zlib.avail_out;
    assert_int_equal(deflateEnd(&zlib), Z_OK);
    return len;
}

static void test_compressed(void **state)
{
    static const struct {
        const char *name;
        enum http_coding coding;
        int window_bits;
    } rows[] = {{"gzip", HTTP_GZIP, 31}, {"zlib", HTTP_DEFLATE, 15}, {"raw", HTTP_DEFLATE, -15}};
    const struct span plain = span_text(CONFIGURATION);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t packed[200];
        size_t len = compress_bytes(plain, rows[i].window_bits, packed, sizeof packed);
        for (size_t end = 0; end <= len; end++) {
            struct budget budget = {.limit = 1 << 20};
            struct http_content *content = http_content_new(rows[i].coding, &budget, NULL);
            assert_non_null(content);
            for (size_t at = 0; at < end; at++)
                http_content_add(content, span_of(packed + at, 1), &budget);
            const struct content_facts *facts = http_content_finish(content, true);
            bool whole = end == len;
            assert_int_equal(span_seen(facts->sha256), whole);
            assert_true(whole == (http_content_trouble(content) == NULL));
            if (whole)
                assert_int_equal(facts->size.value, plain.len);
            http_content_free(content, &budget);
            assert_int_equal(budget.used, 0);
        }
    }
}

/* Two members are one file (RFC 1952 section 2.2); other bytes behind the end are none of it. */
static void test_gzip_members(void **state)
{
    uint8_t packed[400];
    struct budget budget = {.limit = 1 << 20};
    (void)state;
    size_t len = compress_bytes(span_text("abc"), 31, packed, sizeof packed);
    len += compress_bytes(span_text("def"), 31, packed + len, sizeof packed - len);
    memcpy(packed + len, "xyz", 3);
    struct http_content *content = http_content_new(HTTP_GZIP, &budget, NULL);
    assert_non_null(content);
    http_content_add(content, span_of(packed, len + 3), &budget);
    const struct content_facts *facts = http_content_finish(content, true);
    assert_int_equal(facts->size.value, 6);
    assert_true(span_seen(facts->sha256));
    http_content_free(content, &budget);
}

static void test_decompression_bomb(void **state)
{
    enum { PLAIN = 64 << 20 };
    (void)state;
    uint8_t *plain = calloc(1, PLAIN), *packed = malloc(1 << 20);
    assert_non_null(plain);
    assert_non_null(packed);
    size_t len = compress_bytes(span_of(plain, PLAIN), 31, packed, 1 << 20);
    struct budget budget = {.limit = 1 << 20};
    struct http_content *content = http_content_new(HTTP_GZIP, &budget, NULL);
    assert_non_null(content);
    http_content_add(content, span_of(packed, len), &budget);
    assert_string_equal(http_content_trouble(content), "limit");
    assert_int_equal(budget.refused, 1);
    const struct content_facts *facts = http_content_finish(content, true);
    assert_true(facts->size.value < PLAIN / 8);
    assert_int_equal(facts->complete, TRUTH_NO);
    http_content_free(content, &budget);
    free(plain);
    free(packed);
}

/* Without budget the exchange is told, or let go, and nothing breaks. */
static void test_no_budget(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 100000; limit += limit < 8000 ? 500 : 10000) {
        struct flow flow = {.protocol = PROTO_TCP, .ip_version = 4, .saw_start = true};
        struct heard heard = {0};
        struct budget budget = {.limit = limit};
        void *conversation = calloc(1, dissector_http.state_size);
        assert_non_null(conversation);
        struct dissect_context context = {
            .flow = &flow, .budget = &budget, .emit_to = &heard, .emit = hear};
        static const char request[] = "GET /a.cfg HTTP/1.1\r\n\r\n",
                          answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        struct reader bytes = reader_of(span_text(request));
        enum dissect result = dissector_http.dissect(&bytes, conversation, &context);
        if (result == DISSECT_MORE) {
            context.side = 1;
            bytes = reader_of(span_text(answer));
            (void)dissector_http.dissect(&bytes, conversation, &context);
        }
        dissector_http.end(conversation, &context);
        assert_int_equal(budget.used, 0);
        free(conversation);
    }
}

/* --- what is expected --- */

static const struct {
    const char *url;
    bool client; /* its address was told, too */
    bool noted;
    const char *expected; /* of GET /img/one, and of GET /img/two */
} urls[] = {
    {"http://198.51.100.20/img/one", true, true, "boot url, boot server"},
    {"http://198.51.100.20/img/one?x=1", false, true, "boot url, boot server"},
    {"http://boot.example/img/one", true, true, "boot url"},
    {"http://boot.example/img/one", false, false, ""},
    {"http://198.51.100.20:8080/img/one", true, true, ""},
    {"http://198.51.100.21/img/one", true, true, ""},
    {"https://198.51.100.20/img/one", true, false, ""},
    {"tftp://198.51.100.20/img/one", true, false, ""},
    {"/img/one", true, false, ""},
    {"http://", true, false, ""},
    {"http://[2001:db8::1]/img/one", true, true, ""},
};

/* A dissector of what tells a URL, over TCP for want of another: "URL" and the text. */
static enum recognise url_recognises(struct reader bytes)
{
    return reader_left(&bytes) > 3 && memcmp(bytes.at, "URL", 3) == 0 ? RECOGNISE_YES
                                                                      : RECOGNISE_NO;
}

static enum dissect url_dissect(struct reader *bytes, void *state, struct dissect_context *context)
{
    (void)state;
    reader_skip(bytes, 3);
    uint8_t row = reader_u8(bytes);
    struct span client = {0};
    if (urls[row].client)
        client = span_of(client_address, 4);
    assert_int_equal(http_expect_url(context, span_text(urls[row].url), client), urls[row].noted);
    return DISSECT_DONE;
}

static const struct dissector dissector_url = {.name = "url",
                                               .protocol = PROTO_TCP,
                                               .state_size = 1,
                                               .recognises = url_recognises,
                                               .dissect = url_dissect};

static void hear_matches(void *to, const struct observation *observation)
{
    struct heard *heard = to;
    if (observation->type != &observation_http_fetch)
        return;
    const struct http_fetch *fetch = observation->data;
    say(heard, "%s%s", heard->text[0] ? ", " : "", fetch->matched);
}

static void test_expected(void **state)
{
    static const struct dissector *const with_urls[] = {&dissector_url, &dissector_http, NULL};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct error error;
        struct wire wire = {.client_port = 40000};
        const struct engine_options options = {.max_flows = 100,
                                               .dissectors = with_urls,
                                               .emit_to = &wire.heard,
                                               .emit = hear_matches};
        wire.engine = engine_new(&options, &error);
        assert_non_null(wire.engine);
        const uint8_t message[] = {'U', 'R', 'L', (uint8_t)i};
        handshake(&wire);
        say_bytes(&wire, false, span_of(message, sizeof message), 1400);
        wire.client_port++;
        wire.sent[0] = wire.sent[1] = 0;
        handshake(&wire);
        say_turn(&wire, GET("/img/one"), 1400);
        say_turn(&wire, OK("1") "a", 1400);
        say_turn(&wire, GET("/img/two"), 1400);
        say_turn(&wire, OK("1") "a", 1400);
        wire_end(&wire);
        if (strcmp(wire.heard.text, urls[i].expected) != 0)
            print_error("%s\n", urls[i].url);
        assert_string_equal(wire.heard.text, urls[i].expected);
    }
}

/* --- tells --- */

static void test_paths(void **state)
{
    static const struct {
        const char *path;
        bool tells;
        const char *service;
    } rows[] = {
        {"/sw1.cfg", true, NULL},
        {"/SW1.CFG", true, NULL},
        {"/ks.cfg", true, NULL},
        {"/x/autoinstall/user-data", true, "autoinstall"},
        {"/latest/meta-data/hostname", true, "cloud-init"},
        {"/pxelinux.cfg/01-00-11-22-33-44-55", true, "pxe"},
        {"/ztp-script.py", true, "ztp"},
        {"/d-i/bookworm/./preseed.cfg", true, "preseed"},
        {"/vmlinuz", true, NULL},
        {"/SEP0011223344AB.cnf.xml", true, NULL},
        {"/cfg000b82112233.xml", true, NULL},
        {"/00-0b-82-11-22-33", true, NULL},
        {"/pnp/HELLO", true, "cisco-pnp"},
        {"/ONIE-INSTALLER-x86_64", true, "onie"},
        {"/", false, NULL},
        {"", false, NULL},
        {"/index.html", false, NULL},
        {"/bootstrap.min.js", false, NULL},
        {"/a1b2c3d4e5f6.js", false, NULL},
        {"/a1b2c3d4e5f6", false, NULL},
        {"/img/a1b2c3d4e5f60718.bin", false, NULL},
        {"/feed.xml", false, NULL},
        {"/debian/dists/bookworm/InRelease", false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_tell tell = http_tells_path(span_text(rows[i].path));
        if (tell.tells != rows[i].tells)
            print_error("%s\n", rows[i].path);
        assert_int_equal(tell.tells, rows[i].tells);
        if (rows[i].service != NULL)
            assert_string_equal(tell.service, rows[i].service);
        else
            assert_null(tell.service);
    }
}

static void test_agents(void **state)
{
    static const struct {
        const char *agent;
        bool tells;
    } rows[] = {
        {"iPXE/1.21.1+git", true},
        {"Wget", true},
        {"anaconda/13.21", true},
        {"Cloud-Init/23.1", true},
        {"cisco-IOS", true},
        {"fetch libfetch/2.0", true},
        {"Wget/1.21.3", false},
        {"curl/7.88.1", false},
        {"Mozilla/5.0 (Cisco)", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (http_tells_agent(span_text(rows[i].agent)).tells != rows[i].tells)
            print_error("%s\n", rows[i].agent);
        assert_int_equal(http_tells_agent(span_text(rows[i].agent)).tells, rows[i].tells);
    }
}

static void test_contents(void **state)
{
    static const struct {
        const char *start;
        bool tells;
    } rows[] = {
        {"#cloud-config\n", true},
        {"#!ipxe\n", true},
        {"!\nversion 15.2\n!\nhostname r1\n", true},
        {"set system host-name r1\n", true},
        {"-----BEGIN CMS-----\n", true},
        {"$ANSIBLE_VAULT;1.1;AES256\n", true},
        {"Salted__........", true},
        {"install\nurl --url=http://x\n", true},
        {"<html><body>hostname x", false},
        {"{\"hostname \": 1}", false},
        {"the hostname of", false},
        {"", false},
        {"\n\n\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (http_tells_content(span_text(rows[i].start)) != rows[i].tells)
            print_error("%s\n", rows[i].start);
        assert_int_equal(http_tells_content(span_text(rows[i].start)), rows[i].tells);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_prefixes_and_flips),
        cmocka_unit_test(test_long_heads),
        cmocka_unit_test(test_many_requests),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_gzip_members),
        cmocka_unit_test(test_decompression_bomb),
        cmocka_unit_test(test_no_budget),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_agents),
        cmocka_unit_test(test_contents),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
