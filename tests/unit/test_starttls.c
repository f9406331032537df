/* test_starttls.c: dialogues of every protocol that may go over to TLS, in segments of any size, up to where TLS
 * begins or nobody waits for it any more; and what is no such protocol at all. */
#include "dissectors/starttls.h"

#include "core/common_observations.h"
#include "core/engine.h"
#include "dissectors/tls.h"

#include "from_hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- what comes out --- */

struct heard {
    char text
        [1024]; /* "smtp offered -stripped 2 ...", one a session, ends with the last dissector */
};

static void say(struct heard *heard, const char *text)
{
    size_t len = strlen(heard->text);
    int added = snprintf(heard->text + len, sizeof heard->text - len, "%s%s", len ? " " : "", text);
    assert_true(added > 0 && len + (size_t)added < sizeof heard->text);
}

static void say_truth(struct heard *heard, enum truth is, const char *name)
{
    char text[40];
    if (is == TRUTH_UNKNOWN)
        return;
    snprintf(text, sizeof text, "%s%s", is == TRUTH_NO ? "-" : "", name);
    say(heard, text);
}

static void say_session(struct heard *heard, const struct starttls_session *session)
{
    char text[80];
    say(heard, session->protocol);
    say_truth(heard, session->offered, "offered");
    say_truth(heard, session->asked, "asked");
    say_truth(heard, session->accepted, "accepted");
    say_truth(heard, session->upgraded, "upgraded");
    say_truth(heard, session->stripped, "stripped");
    say_truth(heard, session->injected_commands, "commands-behind");
    say_truth(heard, session->injected_answers, "answers-behind");
    if (session->credentials == TRUTH_YES)
        say(heard, session->credentials_kind);
    if (session->idle_bytes.value > 0) {
        snprintf(text, sizeof text, "idle:%u", (unsigned)session->idle_bytes.value);
        say(heard, text);
    }
    snprintf(text, sizeof text, "%u:%u/%u", (unsigned)session->commands.value,
             (unsigned)session->client_bytes.value, (unsigned)session->server_bytes.value);
    say(heard, text);
}

static void hear(void *to, const struct observation *observation)
{
    struct heard *heard = to;
    if (observation->type == &observation_starttls_session)
        say_session(heard, observation->data);
    else if (observation->type == &observation_tls_alert)
        say(heard, observation->side == observation->flow->client ? "alert" : "answer-alert");
    else if (observation->type == &observation_flow_end)
        say(heard, ((const struct flow_end_observation *)observation->data)->protocol);
    else
        assert_true(observation->type == &observation_malformed ||
                    observation->type == &observation_cut);
}

/* --- frames --- */

static const struct dissector *const both[] = {&dissector_tls, &dissector_starttls, NULL};

struct wire {
    struct engine *engine;
    struct heard heard;
    uint32_t sent[2]; /* bytes, by client and server */
    uint16_t port;
    uint64_t number;
};

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void send_bytes(struct wire *wire, bool back, uint8_t flags, uint32_t seq, struct span bytes)
{
    uint8_t packet[1600] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, PROTO_TCP};
    static const uint8_t client[4] = {192, 0, 2, 10}, server[4] = {198, 51, 100, 20};
    assert_true(bytes.len <= sizeof packet - 40);
    put16(packet + 2, 40 + bytes.len);
    memcpy(packet + 12, back ? server : client, 4);
    memcpy(packet + 16, back ? client : server, 4);
    put16(packet + 20, back ? wire->port : 50000);
    put16(packet + 22, back ? 50000 : wire->port);
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

static void wire_begin(struct wire *wire, uint16_t port)
{
    struct error error;
    *wire = (struct wire){.port = port};
    const struct engine_options options = {
        .max_flows = 100, .dissectors = both, .emit_to = &wire->heard, .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
}

static void handshake(struct wire *wire)
{
    const struct span nothing = span_text("");
    send_bytes(wire, false, TCP_SYN, 999, nothing);
    send_bytes(wire, true, TCP_SYN | TCP_ACK, 4999, nothing);
}

static void say_bytes(struct wire *wire, bool back, struct span bytes, size_t segment)
{
    for (size_t at = 0; at < bytes.len; at += segment) {
        size_t len = bytes.len - at < segment ? bytes.len - at : segment;
        send_bytes(wire, back, TCP_ACK, (back ? 5000 : 1000) + wire->sent[back],
                   span_of(bytes.at + at, len));
        wire->sent[back] += (uint32_t)len;
    }
}

static void wire_end(struct wire *wire)
{
    engine_finish(wire->engine);
    engine_free(wire->engine);
}

/* --- dialogues: "C" and "S" with text, "c" and "s" with hex digits, "T" and "t" TLS of client and server, '.' a
 *     pause of nothing: the rest was lost ---  */

enum { MAX_TURNS = 16 };

#define OID      "312e332e362e312e342e312e313436362e3230303337"
#define MYSQL    "01000000616263646566676800"
#define ZEROS_18 "000000000000000000000000000000000000"
#define ZEROS_30 "000000000000000000000000000000000000000000000000000000000000"

static const char alert_hex[] = "15030100020100"; /* TLS: a warning, in clear */

static void say_turn(struct wire *wire, const char *turn, size_t segment)
{
    struct hex_bytes bytes;
    bool back = turn[0] == 'S' || turn[0] == 's' || turn[0] == 't';
    if (turn[0] == 'C' || turn[0] == 'S') {
        say_bytes(wire, back, span_text(turn + 1), segment);
        return;
    }
    if (turn[0] == '.') { /* lost: the numbers go on, the bytes do not come */
        wire->sent[turn[1] == 'S'] += (uint32_t)strlen(turn + 2);
        return;
    }
    bytes = from_hex(turn[0] == 'T' || turn[0] == 't' ? alert_hex : turn + 1);
    say_bytes(wire, back, hex_span(&bytes), segment);
}

static void run(const char *const *turns, uint16_t port, size_t first, size_t segment,
                const char *expected)
{
    struct wire wire;
    wire_begin(&wire, port);
    handshake(&wire);
    for (size_t i = 0; i < MAX_TURNS && turns[i] != NULL; i++)
        say_turn(&wire, turns[i], i == 0 ? first : segment);
    wire_end(&wire);
    if (strcmp(wire.heard.text, expected) != 0)
        print_error("segments of %zu, first turn %s\n", segment, turns[0]);
    assert_string_equal(wire.heard.text, expected);
}

struct dialogue {
    uint16_t port;
    const char *turns[MAX_TURNS];
    const char *expected;
};

/* With |first_whole| the first turn is in one segment, as messages are recognised that have no words. */
static void run_all(const struct dialogue *dialogues, size_t num, bool first_whole)
{
    static const size_t segments[] = {1400, 1, 2, 7};
    for (size_t i = 0; i < num; i++)
        for (size_t s = 0; s < sizeof segments / sizeof segments[0]; s++)
            run(dialogues[i].turns, dialogues[i].port, first_whole ? 1400 : segments[s],
                segments[s], dialogues[i].expected);
}

#define RUN_ALL(dialogues, first_whole)                                                            \
    run_all(dialogues, sizeof dialogues / sizeof(dialogues)[0], first_whole)

#define EHLO "CEHLO me\r\n"
#define LIST "S250-mx\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"

static void smtp(void **state)
{
    static const struct dialogue dialogues[] = {
        {25,
         {"S220 mx ESMTP\r\n", EHLO, LIST, "CSTARTTLS\r\n", "S220 go\r\n", "T", "t"},
         "smtp offered asked accepted upgraded -stripped -commands-behind -answers-behind 2:19/59 "
         "alert answer-alert tls"},
        {25,
         {"S220-a\r\n220-b\r\n220 c\r\n", EHLO, LIST, "CQUIT\r\n", "S221 bye\r\n"},
         "smtp offered -asked -upgraded -stripped 2:15/67 starttls"},
        /* refused; then mail in clear */
        {25,
         {"S220 mx\r\n", EHLO, "S250-mx\r\n250 SIZE\r\n", "CSTARTTLS\r\n", "S502 no\r\n",
          "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n", "CRCPT TO:<a@b>\r\n", "S250 ok\r\n", "CDATA\r\n",
          "CSTARTTLS\r\n", "S220 is only text\r\n"},
         "smtp -offered asked -accepted -upgraded -stripped 5:57/50 starttls"},
        /* all in one go: the third answer is the one */
        {25,
         {"S220 mx\r\n", "CEHLO me\r\nRSET\r\nstarttls\r\n", LIST, "S220 not this one\r\n",
          "S454 not now\r\n"},
         "smtp offered asked -accepted -upgraded -stripped 3:25/76 starttls"},
        {25,
         {"S220 mx\r\n", "CEHLO me\r\nRSET\r\nstarttls\r\n", LIST, "S500 not this one\r\n",
          "S220 go\r\n", "T"},
         "smtp offered asked accepted upgraded -stripped -commands-behind -answers-behind 3:25/71 "
         "alert tls"},
        /* devices that overwrite the keyword, or the command */
        {25,
         {"S220 ****\r\n", EHLO, "S250-mx\r\n250-XXXXXXXA\r\n250 XXXB\r\n", "CMAIL FROM:<a@b>\r\n"},
         "smtp -offered -asked -upgraded stripped 2:26/42 starttls"},
        {25,
         {"S220 mx\r\n", EHLO, LIST, "CXXXXXXXX\r\n", "S500 what\r\n"},
         "smtp offered -asked -upgraded stripped 1:19/55 starttls"},
        /* clear text behind the request, and behind the answer */
        {25,
         {"S220 mx\r\n", EHLO, LIST, "CSTARTTLS\r\nRSET\r\n", "S220 go\r\n", "T", "t"},
         "smtp offered asked accepted upgraded -stripped commands-behind -answers-behind 3:25/53 "
         "alert answer-alert tls"},
        {25,
         {"S220 mx\r\n", EHLO, LIST, "CSTARTTLS\r\n", "S220 go\r\n250 more\r\n", "T", "t"},
         "smtp offered asked accepted upgraded -stripped -commands-behind answers-behind 2:19/63 "
         "alert answer-alert tls"},
        {25,
         {"S220 mx\r\n", EHLO, LIST, "CSTARTTLS\r\nRSET\r\n", "S502 no\r\n250 ok\r\n"},
         "smtp offered asked -accepted -upgraded -stripped 3:25/61 starttls"},
        {587,
         {"S220 mx\r\n", EHLO, "S250 AUTH PLAIN\r\n", "CAUTH PLAIN AGEAYg==\r\n", "S235 ok\r\n"},
         "smtp -offered -asked -upgraded -stripped password 2:30/32 starttls"},
        {587,
         {"S220 mx\r\n", EHLO, "S250 AUTH LOGIN\r\n", "Cauth login\r\n", "S334 VXNlcm5hbWU6\r\n"},
         "smtp -offered -asked -upgraded -stripped password 2:21/42 starttls"},
        {587,
         {"S220 mx\r\n", EHLO, "S250 AUTH CRAM-MD5\r\n", "CAUTH CRAM-MD5\r\n", "S334 PA==\r\n"},
         "smtp -offered -asked -upgraded -stripped auth 2:24/37 starttls"},
        /* the capture begins with the client, or in the middle */
        {25,
         {EHLO, LIST, "CSTARTTLS\r\n", "S220 go\r\n", "T"},
         "smtp offered asked accepted upgraded -stripped -commands-behind -answers-behind 2:19/45 "
         "alert tls"},
        {25,
         {"CSTARTTLS\r\n", "S220 go\r\n", "T"},
         "smtp asked accepted upgraded -commands-behind -answers-behind 1:10/8 alert tls"},
        {2525,
         {"S220 mx\r\n", EHLO, "S502 what\r\n", "CHELO me\r\n", "S250 mx\r\n"},
         "smtp -asked -upgraded 2:18/26 starttls"},
        {2525,
         {"S220 mx\r\n", "CLHLO me\r\n", LIST, "CSTARTTLS\r\n", "T"},
         "smtp offered asked upgraded -stripped -commands-behind -answers-behind 2:19/45 alert "
         "tls"},
        {25,
         {"S220 mx\r\n", "T", "t"},
         "smtp upgraded 0:0/8 alert answer-alert tls"}, /* TLS, and nobody saw why */
        {25, {"S220 mx\r\n"}, "starttls"},
    };
    (void)state;
    RUN_ALL(dialogues, false);
}

static void ftp(void **state)
{
    static const struct dialogue dialogues[] = {
        {21,
         {"S220 ftp\r\n", "CFEAT\r\n", "S211-Features:\r\n MDTM\r\n AUTH TLS;SSL\r\n211 End\r\n",
          "CAUTH TLS\r\n", "S234 go\r\n", "T", "t"},
         "ftp offered asked accepted upgraded -stripped -commands-behind -answers-behind 2:16/63 "
         "alert answer-alert tls"},
        {2121,
         {"S220 any\r\n", "CAUTH SSL\r\n", "S234 go\r\n", "T"},
         "ftp asked accepted upgraded -commands-behind -answers-behind 1:10/17 alert tls"},
        {21,
         {"S220 ftp\r\n", "CAUTH TLS\r\n", "S534 no\r\n", "CUSER a\r\n", "S331 ok\r\n",
          "CPASS b\r\n", "S230 ok\r\n", "CPASV\r\n", "S227 ok\r\n"},
         "ftp asked -accepted -upgraded password 4:32/33 starttls"},
        {21,
         {"S220 ftp\r\n", "CUSER anonymous\r\n", "S331 ok\r\n", "CPASS a@b.example\r\n",
          "S230 ok\r\n", "CPASV\r\n", "S227 ok\r\n"},
         "ftp -asked -upgraded 3:40/25 starttls"},
        {21,
         {"S220 ftp\r\n", "CUSER anna\r\n", "S331 ok\r\n"},
         "ftp -asked -upgraded user 1:11/17 starttls"},
        {21,
         {"S220 ftp\r\n", "CFEAT\r\n", "S211-Features:\r\n MDTM\r\n211 End\r\n"},
         "ftp -offered -asked -upgraded -stripped 1:6/40 starttls"},
        {2121,
         {"S220 any\r\n", "CAUTH GSSAPI\r\n", "S334 go\r\n", "CADAT YQ==\r\n", "S235 ok\r\n"},
         "ftp asked accepted -upgraded 2:24/25 starttls"},
        {2121,
         {"CAUTH TLS\r\n", "S234 go\r\n", "T"},
         "ftp asked accepted upgraded -commands-behind -answers-behind 1:10/8 alert tls"},
    };
    (void)state;
    RUN_ALL(dialogues, false);
}

static void mailboxes_and_news(void **state)
{
    static const struct dialogue dialogues[] = {
        {143,
         {"S* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n", "Ca STARTTLS\r\n",
          "Sa OK go\r\n", "T", "t"},
         "imap offered asked accepted upgraded -stripped -commands-behind -answers-behind 1:12/64 "
         "alert answer-alert tls"},
        {143,
         {"S* OK hi\r\n", "Ca CAPABILITY\r\n", "S* CAPABILITY IMAP4rev1 STARTTLS\r\na OK\r\n",
          "Cb starttls\r\n", "S* BAD ignored\r\nb OK go\r\n", "T"},
         "imap offered asked accepted upgraded -stripped -commands-behind -answers-behind 2:26/72 "
         "alert tls"},
        {143,
         {"S* OK [CAPABILITY IMAP4rev1] hi\r\n", "Ca STARTTLS\r\n", "Sa BAD no\r\n",
          "Cb LOGIN u p\r\n", "Sb OK\r\n", "Cc SELECT INBOX\r\n"},
         "imap -offered asked -accepted -upgraded -stripped login 3:41/48 starttls"},
        {143,
         {"S* OK [CAPABILITY XXXXXXXX] hi\r\n", "Ca NOOP\r\n", "Sa OK\r\n"},
         "imap -offered -asked -upgraded stripped 1:8/37 starttls"},
        {143, {"S* PREAUTH hi\r\n", "Ca LOGOUT\r\n"}, "imap -asked -upgraded 1:10/14 starttls"},
        {110,
         {"S+OK hi\r\n", "CCAPA\r\n", "S+OK list\r\nTOP\r\nSTLS\r\n.\r\n", "CSTLS\r\n",
          "S+OK go\r\n", "T", "t"},
         "pop3 offered asked accepted upgraded -stripped -commands-behind -answers-behind 2:12/40 "
         "alert answer-alert tls"},
        {110,
         {"S+OK hi\r\n", "CCAPA\r\n", "S+OK list\r\nTOP\r\n.\r\n", "CUSER a\r\n", "S+OK\r\n",
          "CPASS b\r\n", "S+OK\r\n", "CLIST\r\n"},
         "pop3 -offered -asked -upgraded -stripped password 4:28/36 starttls"},
        {110,
         {"S+OK hi\r\n", "CAUTH\r\n", "S-ERR no\r\n", "CSTLS\r\n", "S-ERR no\r\n"},
         "pop3 asked -accepted -upgraded 2:12/26 starttls"},
        {110,
         {"CSTLS\r\n", "S+OK go\r\n", "T"},
         "pop3 asked accepted upgraded -commands-behind -answers-behind 1:6/8 alert tls"},
        {119,
         {"S200 news\r\n", "CCAPABILITIES\r\n", "S101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n",
          "CSTARTTLS\r\n", "S382 go\r\n", "T", "t"},
         "nntp offered asked accepted upgraded -stripped -commands-behind -answers-behind 2:24/52 "
         "alert answer-alert tls"},
        {119,
         {"S201 news\r\n", "CSTARTTLS\r\n", "S580 no\r\n", "CAUTHINFO USER a\r\n", "S381 more\r\n",
          "CGROUP a.b\r\n"},
         "nntp asked -accepted -upgraded authinfo 3:38/28 starttls"},
        {4190,
         {"S\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n", "CSTARTTLS\r\n", "SOK\r\n", "T"},
         "managesieve offered asked accepted upgraded -stripped -commands-behind -answers-behind "
         "1:10/42 alert tls"},
        {4190,
         {"S\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n", "CSTARTTLS\r\n", "SNO\r\n",
          "CAUTHENTICATE \"PLAIN\" \"YQ==\"\r\n"},
         "managesieve -offered asked -accepted -upgraded -stripped authenticate 2:39/46 starttls"},
    };
    (void)state;
    RUN_ALL(dialogues, false);
}

static void chat(void **state)
{
    static const struct dialogue dialogues[] = {
        {6667,
         {"CCAP LS 302\r\n", "S:irc CAP * LS * :a\r\n:irc CAP * LS :b tls\r\n", "CSTARTTLS\r\n",
          "S:irc NOTICE * :wait\r\n:irc 670 * :go\r\n", "T", "t"},
         "irc offered asked accepted upgraded -stripped -commands-behind -answers-behind 2:22/79 "
         "alert answer-alert tls"},
        {6667,
         {"CSTARTTLS\r\n", "S:irc 691 * :no\r\n", "CPASS x\r\nNICK a\r\n", "S:irc 001 a :hi\r\n"},
         "irc asked -accepted -upgraded password 3:26/32 starttls"},
        {6667,
         {"CNICK a\r\n", "CCAP LS\r\n", "S:irc CAP a LS :b\r\n", "CUSER a a a :a\r\n"},
         "irc -offered -asked -upgraded -stripped 3:31/18 starttls"},
        {6667,
         {"CSTARTTLS\r\n", "S:irc 421 * STARTTLS :what\r\n", "CJOIN #a\r\n"},
         "irc asked -accepted -upgraded 2:19/27 starttls"},
        {5222,
         {"C<?xml version='1.0'?>\n<stream:stream to='a' xmlns='jabber:client'>",
          "S<stream:stream><stream:features><starttls xmlns='x'><required/></starttls>"
          "</stream:features>",
          "C<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\n", "S<proceed xmlns='x'/>", "T",
          "t"},
         "xmpp offered asked accepted upgraded -stripped -commands-behind -answers-behind "
         "2:118/112 alert answer-alert tls"},
        {5222,
         {"C<stream:stream to='a'>",
          "S<stream:stream><stream:features><mechanisms/></stream:features>",
          "C<starttls xmlns='x'></starttls>", "S<failure xmlns='x'/>",
          "C<auth mechanism='PLAIN'>AGEAYg==</auth>", "S<success/>", "C<presence/>"},
         "xmpp -offered asked -accepted -upgraded -stripped sasl 4:103/93 starttls"},
        {5222,
         {"C<stream:stream to='a'>", "S<stream:stream>",
          "C<iq type='set'><query xmlns='jabber:iq:auth'><username>a</username></query></iq>"},
         "xmpp -asked -upgraded 3:102/15 starttls"},
        {5222,
         {"C<stream:stream to='a'>", "C<starttls/><iq/>", "S<proceed/>", "T"},
         "xmpp asked accepted upgraded commands-behind -answers-behind 2:38/10 alert tls"},
    };
    (void)state;
    RUN_ALL(dialogues, false);
}

static void tunnels(void **state)
{
    static const struct dialogue dialogues[] = {
        {3128,
         {"CCONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "SHTTP/1.1 200 OK\r\nVia: b\r\n\r\n", "T",
          "t"},
         "http-connect asked accepted upgraded 1:35/27 alert answer-alert tls"},
        {3128,
         {"CCONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
          "SHTTP/1.1 407 no\r\nContent-Length: 3\r\n\r\nno\n",
          "CCONNECT a:443 HTTP/1.1\r\nProxy-Authorization: Basic YQ==\r\n\r\n",
          "SHTTP/1.1 100 wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "T"},
         "http-connect asked accepted upgraded proxy-authorization 3:94/81 alert tls"},
        {3128,
         {"CCONNECT a:443 HTTP/1.0\r\n\r\n", "SHTTP/1.0 403 no\r\n\r\n"},
         "http-connect asked -accepted -upgraded 1:26/19 starttls"},
        {3128,
         {"CCONNECT a:22 HTTP/1.0\r\n\r\n", "SHTTP/1.0 200 ok\r\n\r\n", "SSSH-2.0-x\r\n"},
         "http-connect asked accepted -upgraded 1:25/19 starttls"},
        /* a preamble in the tunnel */
        {3128,
         {"CCONNECT a:25 HTTP/1.0\r\n\r\n", "SHTTP/1.0 200 ok\r\n\r\n", "S220 mx\r\n", EHLO, LIST,
          "CSTARTTLS\r\n", "S220 go\r\n", "T"},
         "http-connect asked accepted -upgraded 1:25/19 smtp offered asked accepted upgraded "
         "-stripped -commands-behind -answers-behind 2:19/53 alert tls"},
        {4222, {"CCONNECT {\"a\":\"b:c\"}\r\nPING\r\n", "S+OK\r\n"}, ""},
    };
    static const struct dialogue socks[] = {
        {1080,
         {"c050100", "s0500", "c05010003016101bb", "s05000001000000000000", "T", "t"},
         "socks5 asked accepted upgraded 1:11/12 alert answer-alert tls"},
        {1080,
         {"c05020002", "s0502", "c0101610162", "s0100", "c050100017f00000101bb",
          "s0500000400000000000000000000000000000000"
          "0000",
          "T"},
         "socks5 asked accepted upgraded password 2:19/26 alert tls"},
        {1080,
         {"c050102", "s0502", "c0101610162", "s0101"},
         "socks5 -asked -upgraded password 1:8/2 starttls"},
        {1080, {"c050100", "s05ff"}, "starttls"},
        {1080,
         {"c050100", "s0500", "c05010003016101bb", "s05050001000000000000"},
         "socks5 asked -accepted -upgraded 1:11/2 starttls"},
        {1080, {"c050100", "s0500", "c05020003016101bb"}, "starttls"}, /* BIND */
        {1080, {"c050100", "s15"}, "starttls"},
        {1080,
         {"c040101bb0a00000100", "s005a000000000000", "T", "t"},
         "socks4 asked accepted upgraded 1:9/8 alert answer-alert tls"},
        {1080,
         {"c040101bb00000001610062"
          "00",
          "s005a000000000000", "T"},
         "socks4 asked accepted upgraded 1:12/8 alert tls"},
        {1080,
         {"c040101bb0a00000100", "s005b000000000000"},
         "socks4 asked -accepted -upgraded 1:9/8 starttls"},
        {1080, {"c040101bb0a000001610070", "c00"}, ""},
    };
    (void)state;
    RUN_ALL(dialogues, false);
    RUN_ALL(socks, true);
}

/* Messages with a length come in any segments, but for the first one, which is recognised whole. */
static void messages(void **state)
{
    static const struct dialogue dialogues[] = {
        /* PostgreSQL */
        {5432,
         {"c0000000804d2162f", "s53", "T", "t"},
         "postgresql asked accepted upgraded -commands-behind -answers-behind 1:8/1 alert "
         "answer-alert tls"},
        {5432,
         {"c0000000804d2162f", "s4e", "c00000010000300007573657200610000", "s52000000080000000500",
          "c7000000006610000"},
         "postgresql asked -accepted -upgraded password 2:25/11 starttls"},
        {5432,
         {"c0000000804d21630", "s4e", "c0000000804d2162f", "s53", "T"},
         "postgresql asked accepted upgraded -commands-behind -answers-behind 2:16/2 alert tls"},
        {5432, {"c0000000804d21630", "s47"}, "postgresql -asked -upgraded 1:8/1 starttls"},
        {5432, {"c0000000804d2162f", "s45"}, "postgresql asked -accepted -upgraded 1:8/1 starttls"},
        {5432,
         {"c0000000804d2162f", "s53", "s00", "T"},
         "postgresql asked accepted upgraded -commands-behind answers-behind 1:8/2 alert tls"},
        {5432,
         {"c00000010000300007573657200610000", "s5200000008", "c51"},
         "postgresql -asked -upgraded 1:17/5 starttls"},
        {5432,
         {"c0000000804d2162f", "s4e", "c0000001004d2162e0000000000000000"},
         "postgresql asked -accepted -upgraded 2:24/1 starttls"},
        /* MySQL: version, thread, challenge, filler, capabilities */
        {3306,
         {"s230000000a352e3000" MYSQL "ffff" ZEROS_18, "c2000000185ae" ZEROS_30, "T", "t"},
         "mysql offered asked upgraded -commands-behind -answers-behind 1:36/39 alert answer-alert "
         "tls"},
        {3306,
         {"s230000000a352e3000" MYSQL "fff7" ZEROS_18, "c2300000185a2" ZEROS_30 "610000"},
         "mysql -offered -asked -upgraded login 1:39/39 starttls"},
        {3306, {"s230000000a352e3000" MYSQL "ffff" ZEROS_18, "s0100000100"}, "starttls"},
        {3306, {"s220000000aff", "c00"}, ""},
        /* RDP: X.224, negotiation */
        {3389,
         {"c030000130ee00000000000"
          "0100080003000000",
          "s030000130ed000001234000200080002000000", "T"},
         "rdp asked accepted upgraded -commands-behind -answers-behind 1:19/19 alert tls"},
        {3389, /* a cookie before it, and an id behind it */
         {"c0300003934e00000000000"
          "0d0a"
          "0108080003000000"
          "060024000102030405060708090a0b0c0d0e0f1000000000000000000000000000000000",
          "s030000130ed000001234000200080002000000", "T"},
         "rdp asked accepted upgraded -commands-behind -answers-behind 1:57/19 alert tls"},
        {3389, /* the last eight bytes of the id are no negotiation */
         {"c0300003732e00000000000"
          "0100080003000000"
          "060024000102030405060708090a0b0c0d0e0f1000000000000000000000000000000000"},
         "rdp -asked -upgraded 1:55/0 starttls"},
        {3389,
         {"c030000130ee00000000000"
          "0100080001000000",
          "s030000130ed000001234000300080002000000"},
         "rdp asked -accepted -upgraded 1:19/19 starttls"},
        {3389,
         {"c0300000b06e00000000000", "s0300000b06d00000123400", "c0300000702f080"},
         "rdp -asked -upgraded 1:11/11 starttls"},
        /* LDAP: a bind without name, a search that lists StartTLS, StartTLS */
        {389,
         {"c300c020101600702010304008000", "s300c02010161070a010004000400", "c3006020102630100",
          "s301d02010264180416" OID, "c301d02010377188016" OID, "s300c02010378070a010004000400",
          "T", "t"},
         "ldap offered asked accepted upgraded -commands-behind -answers-behind 3:53/59 alert "
         "answer-alert tls"},
        {389,
         {"c301d02010177188016" OID, "s300c02010178070a013504000400", "c3009020102600402010300"},
         "ldap asked -accepted -upgraded 2:42/14 starttls"},
        {389,
         {"c3011020101600c020103040161800461616161", "s300c02010161070a013104000400"},
         "ldap -asked -upgraded simple bind 1:19/14 starttls"},
        {389,
         {"c3010020101600b020103040161a303040161"},
         "ldap -asked -upgraded sasl bind 1:18/0 starttls"},
        {389,
         {"c301d02010177188016" OID, "s300c02010978070a010004000400", "T"},
         "ldap asked upgraded -commands-behind -answers-behind 1:31/14 alert tls"}, /* not its answer */
        {389, {"c301d02010177188016" OID, "cff"}, "ldap asked 1:31/0 starttls"},
        {389, {"c301d02010177188016" OID, "c0500"}, "ldap asked -upgraded 1:31/0 starttls"},
        {389, {"c3006020101630100", "s308500000001"}, "ldap -asked -upgraded 1:8/0 starttls"},
        {389, {"c3006020101420100"}, ""},
    };
    (void)state;
    RUN_ALL(dialogues, true);
}

/* --- bounds, losses, and what is none of it --- */

static struct heard talk(const char *greeting, const char *line, unsigned times)
{
    struct wire wire;
    wire_begin(&wire, 25);
    handshake(&wire);
    say_bytes(&wire, true, span_text(greeting), 1400);
    for (unsigned i = 0; i < times; i++)
        say_bytes(&wire, false, span_text(line), 1400);
    say_turn(&wire, "CSTARTTLS\r\n", 1400);
    wire_end(&wire);
    return wire.heard;
}

static void preambles_are_read_for_a_while(void **state)
{
    (void)state;
    char longest[1300];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    struct heard heard = talk("220 mx\r\n", "NOOP\r\n", 190);
    assert_string_equal(heard.text, "smtp asked 191:1150/8 starttls");
    heard = talk("220 mx\r\n", "NOOP\r\n", 220); /* too long ago that it began */
    assert_string_equal(heard.text, "smtp -asked -upgraded 200:1200/8 starttls");
    heard = talk("220 mx\r\nNOOP\r\n", longest, 4); /* one line, which nobody knows: not read */
    assert_string_equal(heard.text, "starttls");
    heard = talk("220 mx\r\n", "strange\r\n", 3);
    assert_string_equal(heard.text, "smtp asked 1:37/8 starttls");
    heard = talk("220 mx\r\n", "strange\r\n", 4); /* this is no such protocol */
    assert_string_equal(heard.text, "smtp asked 1:10/0 starttls");
    heard = talk("220 mx\r\nNOOP\r\n", "EHLO a\r\n", 200);
    assert_non_null(strstr(heard.text, "-asked"));
}

/* What stands behind commands that do nothing is counted, and what stands behind others is not. */
static void arguments_of_idle_commands_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *line, *heard;
    } rows[] = {
        {"NOOP\r\n", "smtp asked 3:22/8 starttls"},
        {"NOOP abc def\r\n", "smtp asked idle:14 3:38/8 starttls"},
        {"RSET x\r\n", "smtp asked idle:2 3:26/8 starttls"},
        {"EHLO client\r\n", "smtp asked 3:36/8 starttls"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(talk("220 mx\r\n", rows[i].line, 2).text, rows[i].heard);
}

/* A line of more than 4 KiB is passed over; the next one is read. */
static void long_lines_are_passed_over(void **state)
{
    (void)state;
    struct wire wire;
    char part[1201];
    memset(part, 'a', 1200);
    part[1200] = '\0';
    wire_begin(&wire, 25);
    handshake(&wire);
    say_turn(&wire, "S220 mx\r\n", 1400);
    say_turn(&wire, "CEHLO me ", 1400);
    for (unsigned i = 0; i < 10; i++)
        say_bytes(&wire, false, span_text(part), 1400);
    say_turn(&wire, "C STARTTLS\r\nSTARTTLS\r\n", 1400);
    say_turn(&wire, "S250 ok\r\n220 go\r\n", 1400);
    say_turn(&wire, "T", 1400);
    wire_end(&wire);
    assert_string_equal(wire.heard.text, "smtp -offered asked accepted upgraded -stripped "
                                         "-commands-behind -answers-behind 2:12029/24 alert tls");
}

/* What was lost may have been said: it is not told that it was not. */
static void losses_leave_things_open(void **state)
{
    static const struct dialogue dialogues[] = {
        {25,
         {"S220 mx\r\n", EHLO, LIST, ".CSTARTTLS\r\n", "S220 go\r\n", "T", "t"},
         "smtp offered upgraded -stripped 1:9/53 answer-alert alert tls"},
        {25,
         {"S220 mx\r\n", EHLO, LIST, "CSTARTTLS\r\n", ".S220 go\r\n", "T", "t"},
         "smtp offered asked upgraded -stripped -commands-behind -answers-behind 2:19/45 alert "
         "answer-alert tls"},
        {25,
         {"S220 mx\r\n", EHLO, ".S250-mx\r\n250 ok", "S\r\n", "CSTARTTLS\r\n", "S220 go\r\n", "T"},
         "smtp asked upgraded -commands-behind -answers-behind 2:19/8 alert tls"},
        {25,
         {"S220 mx\r\n", EHLO, LIST, ".CRSET", "CX\r\nSTARTTLS\r\n", "S220 go\r\n"},
         "smtp offered asked -stripped 2:22/53 starttls"},
        {5432,
         {"c0000000804d2162f", ".S.", "T", "t"},
         "postgresql asked upgraded -commands-behind -answers-behind 1:8/0 alert answer-alert tls"},
        {5432,
         {"c0000000804d2162f", "s4e", ".C....", "c51515151"},
         "postgresql asked -accepted -upgraded 1:8/1 starttls"},
    };
    (void)state;
    RUN_ALL(dialogues, true);
}

/* TLS was due, and the capture ends or lacks something before anything followed: nobody knows. What is known to have
 * followed in clear, or as something else, tells that TLS did not. */
static void ends_leave_the_upgrade_open(void **state)
{
    static const struct dialogue dialogues[] = {
        {25, {"S220 mx\r\n", "CSTARTTLS\r\n"}, "smtp asked 1:10/8 starttls"},
        {25,
         {"S220 mx\r\n", "CSTARTTLS\r\n", "S220 go\r\n"},
         "smtp asked accepted -commands-behind -answers-behind 1:10/16 starttls"},
        {25,
         {"S220 mx\r\n", "CSTARTTLS\r\n", "S220 go\r\n", "CRSET\r\n", "S250 ok\r\n"},
         "smtp asked accepted -upgraded commands-behind answers-behind 2:16/24 starttls"},
        {25,
         {"S220 mx\r\n", "CSTARTTLS\r\n", "S220 go\r\n", ".CRSET\r\n", "CQUIT\r\n"},
         "smtp asked accepted commands-behind -answers-behind 1:16/16 starttls"},
        {1080,
         {"c050100", "s0500",
          "c05010001c0000201"
          "01bb",
          "s05000001c0000201"
          "01bb"},
         "socks5 asked accepted 1:13/12 starttls"},
        {5432,
         {"c0000000804d2162f", "s53"},
         "postgresql asked accepted -commands-behind -answers-behind 1:8/1 starttls"},
        {5432,
         {"c0000000804d2162f", "s53", ".C....", "c51515151"},
         "postgresql asked accepted -commands-behind -answers-behind 1:8/1 starttls"},
    };
    (void)state;
    RUN_ALL(dialogues, true);
}

static void others_are_left_alone(void **state)
{
    static const struct dialogue dialogues[] = {
        {80, {"CGET / HTTP/1.1\r\n\r\n", "SHTTP/1.1 200 OK\r\n\r\n"}, ""},
        {6379, {"C*1\r\n$4\r\nPING\r\n", "S+OK\r\n"}, ""},
        {7000, {"C<?xml version='1.0'?><soap/>", "S<?xml version='1.0'?>\n<stream/>"}, ""},
        {7000,
         {"c30050201010400", "c000000080000", "c03000002e0", "c0500", "c050a00", "c04010000"},
         ""},
        {25,
         {"CAAAA", "CSSSSSS", "CCCCCC", "CHHHH", "CLLL", "CEEEE", "CNNNN", "S222", "S****"},
         ""},
        {443, {"T", "t"}, "alert answer-alert tls"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++)
        run(dialogues[i].turns, dialogues[i].port, 1400, 1400, dialogues[i].expected);
    struct wire wire;
    wire_begin(&wire, 25);
    handshake(&wire);
    say_turn(&wire, "C220 mx\r\n", 1400); /* a greeting that the client sends */
    say_turn(&wire, "CEHLO me\r\n", 1400);
    wire_end(&wire);
    assert_string_equal(wire.heard.text, "smtp -asked -upgraded 1:9/0 starttls");
}

/* Any bytes at all behind a beginning, and any beginning cut anywhere: sanitizers watch. */
static void any_bytes(void **state)
{
    static const char *const beginnings[] = {
        "S220 a\r\n",
        "S* OK a\r\n",
        "S+OK a\r\n",
        "S200 a\r\n",
        "CCAP LS\r\n",
        "CSTARTTLS\r\n",
        "C<stream:stream>",
        "CCONNECT a HTTP/1.1\r\n",
        "c0000000804d2162f",
        "c050100",
        "c301d02010177188016" OID,
        "c030000130ee00000000000"
        "0100080003000000",
        "s230000000a352e3000" MYSQL "ffff" ZEROS_18,
    };
    (void)state;
    uint32_t random = 1;
    for (unsigned round = 0; round < 600; round++) {
        struct wire wire;
        wire_begin(&wire, 25);
        handshake(&wire);
        say_turn(&wire, beginnings[round % (sizeof beginnings / sizeof beginnings[0])], 1400);
        for (unsigned i = 0; i < 12; i++) {
            uint8_t bytes[40];
            for (size_t at = 0; at < sizeof bytes; at++) {
                random = random * 1664525 + 1013904223;
                bytes[at] = (uint8_t)(random >> 24) & (round & 1 ? 0x7f : 0xff);
            }
            say_bytes(&wire, random & 0x10000, span_of(bytes, 1 + (random >> 8) % 40), 1400);
        }
        wire_end(&wire);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smtp),
        cmocka_unit_test(ftp),
        cmocka_unit_test(mailboxes_and_news),
        cmocka_unit_test(chat),
        cmocka_unit_test(tunnels),
        cmocka_unit_test(messages),
        cmocka_unit_test(preambles_are_read_for_a_while),
        cmocka_unit_test(arguments_of_idle_commands_are_counted),
        cmocka_unit_test(long_lines_are_passed_over),
        cmocka_unit_test(losses_leave_things_open),
        cmocka_unit_test(ends_leave_the_upgrade_open),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests_name("starttls", tests, NULL, NULL);
}
