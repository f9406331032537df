/* test_quic.c: QUIC: the examples of RFC 9001 and RFC 9369; hellos over frames, packets and datagrams in any
 * order; Retry, version negotiation, changes of version; and what is told of bytes that break the rules. */
#include "core/common_observations.h"
#include "dissectors/quic.h"
#include "dissectors/quic_kept.h"
#include "dissectors/tls.h"
#include "dissectors/tls_summary.h"
#include "tests/unit/quic_sender.h"
#include "tests/unit/quic_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CLIENT = 0, SERVER = 1, LOG_SIZE = 8192, VERSION_1 = 1, VERSION_2 = 0x6b3343cf };

/* --- a flow, and what is observed of it --- */

struct net {
    struct flow flow;
    void *state;
    struct scratch scratch;
    struct budget budget;
    struct crypto_opener *opener;
    enum dissect answer[2];
    char log[LOG_SIZE]; /* a line an observation */
    size_t log_len;
};

static void log_text(struct net *net, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(net->log + net->log_len, LOG_SIZE - net->log_len, format, args);
    va_end(args);
    assert_true(len >= 0 && (size_t)len < LOG_SIZE - net->log_len);
    net->log_len += (size_t)len;
}

static void log_span(struct net *net, const char *name, struct span bytes)
{
    if (span_seen(bytes))
        log_text(net, " %s=%.*s", name, (int)bytes.len, (const char *)bytes.at);
}

static void log_initial(struct net *net, const struct quic_initial *seen)
{
    const char *version = quic_version_name(seen->version.value);
    log_text(net, "%s %s", seen->from, seen->type);
    log_text(net, " %s", version != NULL ? version : "-");
    log_span(net, "to", seen->dcid);
    log_span(net, "from", seen->scid);
    if (seen->token_len.value > 0)
        log_span(net, "token", seen->token);
    if (seen->decrypted == TRUTH_NO)
        log_text(net, " closed: %s", seen->unread);
    if (seen->integrity != TRUTH_UNKNOWN)
        log_text(net, " %s", seen->integrity == TRUTH_YES ? "proved" : "forged");
    if (span_seen(seen->versions))
        log_text(net, " offers %zu", seen->versions.len / 4);
}

static void log_parameters(struct net *net, const struct quic_transport_parameters *seen)
{
    log_text(net, "parameters %zu", seen->ids.len / 8);
    if (seen->max_idle_timeout.seen)
        log_text(net, " idle %llu", (unsigned long long)seen->max_idle_timeout.value);
    if (seen->initial_max_data.seen)
        log_text(net, " data %llu", (unsigned long long)seen->initial_max_data.value);
}

static void observe(void *to, const struct observation *observation)
{
    struct net *net = to;
    const void *data = observation->data;
    if (observation->type == &observation_tls_handshake_summary)
        return; /* test_summary.c */
    if (observation->type == &observation_quic_initial) {
        log_initial(net, data);
    } else if (observation->type == &observation_quic_transport_parameters) {
        log_parameters(net, data);
    } else if (observation->type == &observation_quic_close) {
        const struct quic_close *seen = data;
        log_text(net, "%s close %llu", seen->from, (unsigned long long)seen->code.value);
        if (seen->alert.seen)
            log_text(net, " alert %llu", (unsigned long long)seen->alert.value);
    } else if (observation->type == &observation_tls_client_hello) {
        const struct tls_client_hello *seen = data;
        assert_string_equal(seen->transport, "quic");
        log_text(net, "client_hello");
        log_span(net, "name", seen->server_name);
    } else if (observation->type == &observation_tls_server_hello) {
        const struct tls_server_hello *seen = data;
        log_text(net, "server_hello %04x", (unsigned)seen->cipher.value);
    } else if (observation->type == &observation_malformed ||
               observation->type == &observation_cut) {
        const struct fault_observation *seen = data;
        log_text(net, "%s %s", observation->type->name, seen->field);
    } else {
        log_text(net, "%s", observation->type->name);
    }
    log_text(net, "\n");
}

static struct net *net_new(void)
{
    struct error error;
    struct net *net = calloc(1, sizeof *net);
    assert_non_null(net);
    net->flow.protocol = PROTO_UDP;
    net->state = calloc(1, dissector_quic.state_size);
    net->budget.limit = 1 << 20;
    net->opener = crypto_opener_new(&error);
    assert_non_null(net->state);
    assert_non_null(net->opener);
    return net;
}

static struct dissect_context context_of(struct net *net, unsigned side)
{
    return (struct dissect_context){.flow = &net->flow,
                                    .side = side,
                                    .scratch = &net->scratch,
                                    .budget = &net->budget,
                                    .opener = &net->opener,
                                    .emit_to = net,
                                    .emit = observe};
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static void hand_over(struct net *net, unsigned side, struct span bytes, size_t cut)
{
    uint8_t *exact = malloc(bytes.len + 1);
    assert_non_null(exact);
    memcpy(exact, bytes.at, bytes.len);
    struct reader datagram = reader_of_cut(span_of(exact, bytes.len), cut);
    struct dissect_context context = context_of(net, side);
    bool quiet = net->answer[side] == DISSECT_QUIET && !dissector_quic.wakes(datagram);
    if (net->answer[side] == DISSECT_MORE || (net->answer[side] == DISSECT_QUIET && !quiet))
        net->answer[side] = dissector_quic.dissect(&datagram, net->state, &context);
    free(exact);
}

static void hear(struct net *net, unsigned side, const struct quic_bytes *datagram)
{
    hand_over(net, side, span_of(datagram->at, datagram->len), 0);
}

/* Ends the flow; nothing may be held after that. */
static void net_end(struct net *net)
{
    struct dissect_context context = context_of(net, CLIENT);
    dissector_quic.end(net->state, &context);
    assert_int_equal(net->budget.used, 0);
}

static void net_free(struct net *net)
{
    crypto_opener_free(net->opener);
    scratch_free(&net->scratch);
    free(net->state);
    free(net);
}

static void expect(struct net *net, const char *log)
{
    net_end(net);
    assert_string_equal(net->log, log);
    net_free(net);
}

/* --- hellos --- */

/* A client hello for "a.example" with transport parameters in the extension |type|; |padding| makes it
 * longer. */
static struct quic_bytes hello_with(uint16_t type, const char *parameters, size_t len,
                                    size_t padding)
{
    static const char name[] = "\0\0\0\x0e\0\x0c\0\0\x09"
                               "a.example";
    struct quic_bytes w = {0};
    size_t extensions = sizeof name - 1 + 4 + len + 4 + padding;
    quic_put_number(&w, 1, 1);
    quic_put_number(&w, 2 + 32 + 1 + 4 + 2 + 2 + extensions, 3);
    quic_put_number(&w, 0x0303, 2);
    for (unsigned i = 0; i < 32; i++)
        quic_put_number(&w, i, 1);
    quic_put_number(&w, 0, 1);
    quic_put_number(&w, 0x00021301, 4);
    quic_put_number(&w, 0x0100, 2);
    quic_put_number(&w, extensions, 2);
    quic_put(&w, name, sizeof name - 1);
    quic_put_number(&w, type, 2);
    quic_put_number(&w, len, 2);
    quic_put(&w, parameters, len);
    quic_put_number(&w, 21, 2);
    quic_put_number(&w, padding, 2);
    for (size_t i = 0; i < padding; i++)
        quic_put_number(&w, 0, 1);
    return w;
}

static struct quic_bytes client_hello(size_t padding)
{
    return hello_with(57, "\x01\x02\x47\xd0\x04\x04\x80\x01\x00\x00\x0c\x00\x0f\x00", 14, padding);
}

static struct quic_bytes server_hello(void)
{
    struct quic_bytes w = {0};
    quic_put_number(&w, 2, 1);
    quic_put_number(&w, 2 + 32 + 1 + 2 + 1, 3);
    quic_put_number(&w, 0x0303, 2);
    for (unsigned i = 0; i < 32; i++)
        quic_put_number(&w, 100 + i, 1);
    quic_put_number(&w, 0, 1);
    quic_put_number(&w, 0x1301, 2);
    quic_put_number(&w, 0, 1);
    return w;
}

static const struct quic_sending to_server = {
    .version = VERSION_1, .dcid = "DDDDDDDD", .scid = "cc", .token = "", .key_cid = "DDDDDDDD"};
static const struct quic_sending to_client = {.version = VERSION_1,
                                              .dcid = "cc",
                                              .scid = "ssss",
                                              .token = "",
                                              .key_cid = "DDDDDDDD",
                                              .server = true};

/* Sends |frames| in one Initial packet of a datagram of its own. */
static void send_frames(struct net *net, const struct quic_sending *sending,
                        const struct quic_bytes *frames)
{
    struct quic_bytes datagram = {0};
    quic_put_initial(&datagram, net->opener, sending, span_of(frames->at, frames->len), 1100);
    hear(net, sending->server ? SERVER : CLIENT, &datagram);
}

/* Sends the bytes [from, to) of a message in a CRYPTO frame. */
static void send_part(struct net *net, const struct quic_sending *sending,
                      const struct quic_bytes *message, size_t from, size_t to)
{
    struct quic_bytes frames = {0};
    quic_put_crypto(&frames, from, span_of(message->at + from, to - from));
    send_frames(net, sending, &frames);
}

static void send_whole(struct net *net, const struct quic_sending *sending,
                       const struct quic_bytes *message)
{
    send_part(net, sending, message, 0, message->len);
}

#define CLIENT_TOLD "client initial 1 to=DDDDDDDD from=cc\n"
#define HELLO_TOLD  "client_hello name=a.example\nparameters 4 idle 2000 data 65536\n"
#define SERVER_TOLD "server initial 1 to=cc from=ssss\nserver_hello 1301\n"

/* --- the examples of the RFCs --- */

static struct quic_bytes bytes_of_hex(const char *digits)
{
    struct quic_bytes bytes = {0};
    for (size_t i = 0; i < strlen(digits); i += 2) {
        unsigned byte = 0;
        assert_int_equal(sscanf(digits + i, "%2x", &byte), 1);
        quic_put_number(&bytes, byte, 1);
    }
    return bytes;
}

static const struct example {
    const char *client, *server, *retry, *name;
} examples[] = {{rfc9001_client, rfc9001_server, rfc9001_retry, "1"},
                {rfc9369_client, rfc9369_server, rfc9369_retry, "2"}};

static void reads_the_examples_of_the_rfcs(void **unused)
{
    (void)unused;
    static const char format[] =
        "client initial %s to=\x83\x94\xc8\xf0\x3e\x51\x57\x08 from=\n"
        "client_hello name=example.com\nparameters 8 idle 30000 data 4611686018427387903\n"
        "server initial %s to= from=\xf0\x67\xa5\x50\x2a\x42\x62\xb5\nserver_hello 1301\n"
        "server retry %s to= from=\xf0\x67\xa5\x50\x2a\x42\x62\xb5 token=token proved\n";
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *example = &examples[i];
        const char *const packets[] = {example->client, example->server, example->retry};
        struct net *net = net_new();
        for (unsigned p = 0; p < 3; p++) {
            struct quic_bytes packet = bytes_of_hex(packets[p]);
            struct reader payload = reader_of(span_of(packet.at, packet.len));
            assert_int_equal(dissector_quic.recognises(payload), RECOGNISE_YES);
            hear(net, p > 0, &packet);
        }
        char log[1024];
        snprintf(log, sizeof log, format, example->name, example->name, example->name);
        expect(net, log);
    }
}

/* RFC 9001 appendix A.1, RFC 9369 appendix A.1 */
static void derives_the_keys_of_the_rfcs(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t version;
        const char *client_key, *client_iv, *client_hp, *server_key, *server_iv, *server_hp;
    } rows[] = {
        {VERSION_1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
         "9f50449e04a0e810283a1e9933adedd2", "cf3a5331653c364c88f0f379b6067e37",
         "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314"},
        {VERSION_2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
         "45b95e15235d6f45a6b19cbcb0294ba9", "82db637861d55e1d011f19ea71d5d2a7",
         "dd13c276499c0249d3310652", "edf6d05c83121201b436e16877593c3a"},
    };
    struct quic_bytes dcid = bytes_of_hex("8394c8f03e515708");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct quic_version version;
        struct quic_keys keys;
        assert_true(quic_version_find(rows[i].version, &version));
        quic_keys_begin(version.scheme, span_of(dcid.at, dcid.len), &keys);
        assert_ptr_equal(quic_keys_server(&keys), &keys.server);
        assert_ptr_equal(quic_keys_client(&keys), &keys.client);
        const struct {
            const char *want;
            struct span got;
        } parts[] = {{rows[i].client_key, span_of(keys.client.key, 16)},
                     {rows[i].client_iv, span_of(keys.client.iv, 12)},
                     {rows[i].client_hp, span_of(keys.client.hp, 16)},
                     {rows[i].server_key, span_of(keys.server.key, 16)},
                     {rows[i].server_iv, span_of(keys.server.iv, 12)},
                     {rows[i].server_hp, span_of(keys.server.hp, 16)}};
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            struct quic_bytes want = bytes_of_hex(parts[p].want);
            assert_true(span_equal(span_of(want.at, want.len), parts[p].got));
        }
    }
}

/* --- hellos in pieces --- */

/* Every version that is protected: a hello goes through. */
static void reads_every_version(void **unused)
{
    (void)unused;
    static const uint32_t codes[] = {VERSION_1,  VERSION_2,  0x709a50c4, 0xff000016, 0xff000017,
                                     0xff000018, 0xff000019, 0xff00001c, 0xff00001d, 0xff000020,
                                     0xff000021, 0xff000022, 0xfaceb001, 0xfaceb002, 0x1a2a3a4a};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct net *net = net_new();
        struct quic_sending client = to_server, server = to_client;
        struct quic_bytes hello = client_hello(0), answer = server_hello();
        client.version = server.version = codes[i];
        send_whole(net, &client, &hello);
        send_whole(net, &server, &answer);
        assert_non_null(strstr(net->log, "client_hello name=a.example\n"));
        assert_non_null(strstr(net->log, "server_hello 1301\n"));
        net_end(net);
        net_free(net);
    }
}

/* Transport parameters in both forms, and such as break the rules. */
static void reads_transport_parameters(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t version;
        uint16_t extension;
        const char *bytes;
        size_t len;
        const char *told;
    } rows[] = {
        {VERSION_1, 57, "", 0, "parameters 0\n"},
        {VERSION_1, 57, "\x7a\xbc\x01x\x01\x01\x05", 7, "parameters 2 idle 5\n"},
        {VERSION_1, 57, "\x01\x02\x05\x00", 4, "malformed transport_parameters\n"},
        {VERSION_1, 57, "\x01\x05\x05", 3, "malformed transport_parameters\n"},
        {VERSION_1, 57, "\x01\xff\xff\xff\xff\xff\xff\xff\xff", 9,
         "malformed transport_parameters\n"},
        {VERSION_1, 58, "\x01\x01\x05", 3, ""},
        {0xff00001d, 0xffa5, "\x04\x01\x07", 3, "parameters 1 data 7\n"},
        {0xfaceb001, 0xffa5, "\x00\x0a\x00\x01\x00\x01\x05\x00\x0c\x00\x01\x00", 12,
         "parameters 2 idle 5\n"},
        {0xff000016, 0xffa5, "\x00\x05\x00\x01\x00\x01\x05\x00", 8,
         "malformed transport_parameters\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct net *net = net_new();
        struct quic_sending client = to_server;
        char log[256];
        client.version = rows[i].version;
        struct quic_bytes hello = hello_with(rows[i].extension, rows[i].bytes, rows[i].len, 0);
        send_whole(net, &client, &hello);
        snprintf(log, sizeof log,
                 "client initial %s to=DDDDDDDD from=cc\nclient_hello name=a.example\n%s",
                 quic_version_name(rows[i].version), rows[i].told);
        expect(net, log);
    }
}

/* T050 and T051 have Google's frames: ACKs in several forms, PING, CRYPTO; others end the packet. */
static void reads_google_frames(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t len;
        bool told;
    } rows[] = {
        {"\x40\x01\0\0\x01\0", 6, true},
        {"\x75\x01\x02\0\0\x01\x01\x02\x07\x01\x02\x02\x01\x01\x01\x01\x01\x01\x01\x01", 20, true},
        {"\x07\0\0", 3, true},
        {"\x80 what is this", 13, false},
    };
    struct quic_bytes hello = client_hello(0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct net *net = net_new();
        struct quic_sending client = to_server;
        struct quic_bytes frames = {0};
        client.version = 0x54303531;
        quic_put(&frames, rows[i].bytes, rows[i].len);
        size_t crypto = frames.len;
        quic_put_crypto(&frames, 0, span_of(hello.at, hello.len));
        frames.at[crypto] = 8;
        send_frames(net, &client, &frames);
        if (rows[i].told)
            expect(net, "client initial T051 to=DDDDDDDD from=cc\n" HELLO_TOLD);
        else
            expect(net, "client initial T051 to=DDDDDDDD from=cc\n");
    }
}

/* A hello of three packets in every order, each sent twice. */
static void puts_datagrams_in_order(void **unused)
{
    (void)unused;
    static const unsigned orders[][6] = {{0, 1, 2, 0, 1, 2}, {0, 2, 1, 1, 2, 0},
                                         {1, 0, 2, 2, 0, 1}, {1, 2, 0, 0, 2, 1},
                                         {2, 0, 1, 1, 0, 2}, {2, 1, 0, 0, 1, 2}};
    struct quic_bytes hello = client_hello(2000);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct net *net = net_new();
        for (unsigned p = 0; p < 6; p++) {
            struct quic_sending sending = to_server;
            sending.number = p;
            size_t from = orders[i][p] * 800, to = from + 800;
            send_part(net, &sending, &hello, from, to < hello.len ? to : hello.len);
        }
        expect(net, CLIENT_TOLD HELLO_TOLD);
    }
}

/* What is sent again behind the server's answer, in new packets or mirrored twice, is told once: RFC 9000 section 13.3. */
static void reads_hellos_once(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), answer = server_hello();
    struct quic_sending client = to_server, server = to_client;
    send_whole(net, &client, &hello);
    send_whole(net, &server, &answer);
    for (unsigned i = 0; i < 2; i++) {
        send_whole(net, &client, &hello);
        send_whole(net, &server, &answer);
        send_part(net, &server, &answer, 10, answer.len);
        client.number = ++server.number;
    }
    expect(net, CLIENT_TOLD HELLO_TOLD SERVER_TOLD);
}

/* Many small frames of one packet in a shuffled order, overlapping, with other frames between them. */
static void puts_frames_in_order(void **unused)
{
    (void)unused;
    struct quic_bytes hello = client_hello(300);
    for (unsigned step = 1; step < 40; step += 2) {
        struct quic_bytes frames = {0};
        size_t num = (hello.len + 19) / 20;
        for (size_t i = 0; i < num; i++) {
            size_t from = (i * step + 7) % num * 20;
            size_t to = from + 25 < hello.len ? from + 25 : hello.len;
            quic_put_crypto(&frames, from, span_of(hello.at + from, to - from));
            quic_put_number(&frames, i % 3 == 0 ? 0x01 : 0x00, 1);
        }
        bool all = true;
        for (size_t i = 2; i <= step; i++)
            all = all && !(step % i == 0 && num % i == 0);
        struct net *net = net_new();
        send_frames(net, &to_server, &frames);
        if (all)
            expect(net, CLIENT_TOLD HELLO_TOLD);
        else
            expect(net, CLIENT_TOLD "cut crypto\n");
    }
}

/* ACK with and without ECN counts, PING, and a close between the halves of a hello. */
static void reads_past_other_frames(void **unused)
{
    (void)unused;
    static const uint8_t others[] = {0x02, 0x05, 0x00, 0x01, 0x00, 0x01, 0x02, 0x03, 0x40, 0x09,
                                     0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x01, 0x1c, 0x41, 0x28,
                                     0x06, 0x02, 'n',  'o',  0x1d, 0x07, 0x01, 'x'};
    struct quic_bytes hello = client_hello(0), frames = {0};
    quic_put_crypto(&frames, 0, span_of(hello.at, 50));
    quic_put(&frames, others, sizeof others);
    quic_put_crypto(&frames, 50, span_of(hello.at + 50, hello.len - 50));
    struct net *net = net_new();
    send_frames(net, &to_server, &frames);
    expect(net, CLIENT_TOLD "client close 296 alert 40\nclient close 7\n" HELLO_TOLD);
}

/* Initial, Handshake and a short header in one datagram; 0-RTT in another. */
static void reads_coalesced_packets(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), answer = server_hello(), frames = {0}, w = {0};
    struct quic_bytes early = {0};
    send_whole(net, &to_server, &hello);
    quic_put_crypto(&frames, 0, span_of(answer.at, answer.len));
    quic_put_initial(&w, net->opener, &to_client, span_of(frames.at, frames.len), 0);
    quic_put_header(&w, 2, VERSION_1, "cc", "ssss");
    quic_put_varint(&w, 30);
    quic_put(&w, frames.at, 30);
    quic_put(&w,
             "\x40"
             "cc and the rest",
             16);
    hear(net, SERVER, &w);
    quic_put_header(&early, 1, VERSION_1, "DDDDDDDD", "cc");
    quic_put_varint(&early, 30);
    quic_put(&early, frames.at, 30);
    hear(net, CLIENT, &early);
    hear(net, CLIENT, &early);
    expect(net, CLIENT_TOLD HELLO_TOLD SERVER_TOLD "server handshake 1 to=cc from=ssss\n"
                                                   "client 0rtt 1 to=DDDDDDDD from=cc\n");
}

/* --- connections that change --- */

/* After a Retry the keys come from its id; the hello, which is said again, is told once. */
static void follows_a_retry(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), answer = server_hello(), retry = {0};
    struct quic_sending again = to_server, server = to_client;
    again.dcid = again.key_cid = server.key_cid = "RRRR";
    again.token = "bread";
    send_whole(net, &to_server, &hello);
    quic_put_retry(&retry, VERSION_1, "cc", "RRRR", "bread", "DDDDDDDD");
    hear(net, SERVER, &retry);
    send_whole(net, &again, &hello);
    send_whole(net, &server, &answer);
    expect(net,
           CLIENT_TOLD HELLO_TOLD "server retry 1 to=cc from=RRRR token=bread proved\n"
                                  "client initial 1 to=RRRR from=cc token=bread\n" SERVER_TOLD);
}

/* A Retry whose tag is wrong is not the server's; the connection goes on as it was. */
static void sees_through_a_forged_retry(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), answer = server_hello(), retry = {0};
    send_whole(net, &to_server, &hello);
    quic_put_retry(&retry, VERSION_1, "cc", "RRRR", "bread", "other");
    hear(net, SERVER, &retry);
    send_whole(net, &to_client, &answer);
    expect(net, CLIENT_TOLD HELLO_TOLD
           "server retry 1 to=cc from=RRRR token=bread forged\n" SERVER_TOLD);
}

/* The server knows other versions; the client begins anew with one of them. */
static void follows_version_negotiation(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), offer = {0};
    struct quic_sending first = to_server, second = to_server;
    first.version = 0x1a2a3a4a;
    second.dcid = second.key_cid = "EEEEEEEE";
    second.version = 0xff00001d;
    send_whole(net, &first, &hello);
    quic_put_number(&offer, 0x80, 1);
    quic_put_number(&offer, 0, 4);
    quic_put_cid(&offer, "cc");
    quic_put_cid(&offer, "DDDDDDDD");
    quic_put_number(&offer, 0xff00001d, 4);
    quic_put_number(&offer, 0x9a8a7a6a, 4);
    struct reader payload = reader_of(span_of(offer.at, offer.len));
    assert_int_equal(dissector_quic.recognises(payload), RECOGNISE_YES);
    hear(net, SERVER, &offer);
    send_whole(net, &second, &hello);
    expect(net, "client initial reserved to=DDDDDDDD from=cc\n" HELLO_TOLD
                "server version_negotiation - to=cc from=DDDDDDDD offers 2\n"
                "client initial draft-29 to=EEEEEEEE from=cc\n" HELLO_TOLD);
}

/* RFC 9368: the server answers in version 2, with keys of the client's first id; the client goes on in it. */
static void follows_a_change_of_version(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), answer = server_hello(), ack = {0};
    struct quic_sending server = to_client, client = to_server;
    server.version = client.version = VERSION_2;
    client.dcid = "ssss";
    client.number = 1;
    send_whole(net, &to_server, &hello);
    send_whole(net, &server, &answer);
    quic_put(&ack, "\x02\x00\x00\x00\x00", 5);
    send_frames(net, &client, &ack);
    expect(net, CLIENT_TOLD HELLO_TOLD "server initial 2 to=cc from=ssss\nserver_hello 1301\n"
                                       "client initial 2 to=ssss from=cc\n");
}

/* Another connection on the same ports has other keys, and hellos of its own. */
static void follows_a_new_connection(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0);
    struct quic_sending other = to_server;
    other.dcid = other.key_cid = "FFFFFFFF";
    send_part(net, &to_server, &hello, 0, 60);
    send_whole(net, &other, &hello);
    expect(net, CLIENT_TOLD "client initial 1 to=FFFFFFFF from=cc\n" HELLO_TOLD);
}

/* What the server sends may be captured before what it answers: it waits for the client's packet, a few deep. */
static void opens_what_came_before_its_keys(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), answer = server_hello();
    net->flow.client = SERVER; /* who spoke first */
    send_part(net, &to_client, &answer, 0, 20);
    struct quic_sending second = to_client;
    second.number = 1;
    send_part(net, &second, &answer, 20, answer.len);
    assert_string_equal(net->log, "");
    assert_true(net->budget.used > 0);
    send_whole(net, &to_server, &hello);
    assert_int_equal(net->budget.used, 0);
    assert_int_equal(net->flow.client, CLIENT);
    expect(net, CLIENT_TOLD HELLO_TOLD SERVER_TOLD);
    net = net_new();
    for (unsigned i = 0; i < 3 * QUIC_MAX_KEPT; i++) {
        second.number = i;
        send_whole(net, &second, &answer);
        assert_true(net->budget.used <= (size_t)QUIC_MAX_KEPT * QUIC_MAX_KEPT_LEN);
    }
    send_whole(net, &to_server, &hello);
    expect(net, "server initial 1 to=cc from=ssss closed: the client's first packet, which has the "
                "keys, was not seen\n" CLIENT_TOLD HELLO_TOLD "server_hello 1301\n");
    net = net_new();
    struct quic_sending other = to_client;
    other.key_cid = "FFFFFFFF"; /* of a connection that was not seen to begin */
    send_whole(net, &other, &answer);
    send_whole(net, &to_server, &hello);
    expect(net, CLIENT_TOLD HELLO_TOLD
           "server initial 1 to=cc from=ssss closed: its keys are not those of the connection\n");
}

/* Who sees only the server cannot have its keys; that is no fault of the server's. */
static void says_what_stays_closed(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes answer = server_hello(), hello = client_hello(0);
    struct quic_bytes datagram = {0}, google = {0};
    send_whole(net, &to_client, &answer);
    expect(net, "server initial 1 to=cc from=ssss closed: the client's first packet, which has the "
                "keys, was not seen\n");
    net = net_new();
    net->flow.client = SERVER; /* who spoke first */
    send_whole(net, &to_client, &answer);
    assert_int_equal(net->flow.client, CLIENT);
    net_end(net);
    net_free(net);
    net = net_new();
    net->flow.client = SERVER;
    struct quic_sending returning = to_server;
    returning.token = "bread";
    returning.key_cid = "unseen";
    send_whole(net, &returning, &hello);
    expect(net,
           "client initial 1 to=DDDDDDDD from=cc token=bread closed: the client's first packet, "
           "which has the keys, was not seen\n");
    net = net_new();
    quic_put_initial(&datagram, net->opener, &to_server, span_of(hello.at, 0), 1100);
    hand_over(net, CLIENT, span_of(datagram.at, 300), datagram.len - 300);
    expect(net, "client initial 1 to=DDDDDDDD from=cc closed: the capture does not have all of "
                "it\n");
    net = net_new();
    quic_put_header(&google, 0, 0x51303530, "DDDDDDDD", "");
    quic_put_varint(&google, 0);
    quic_put_varint(&google, 100);
    quic_put(&google, datagram.at, 100);
    hear(net, CLIENT, &google);
    expect(net, "client initial Q050 to=DDDDDDDD from= closed: its version has a handshake of its "
                "own\n");
}

/* --- recognition, and the end of interest --- */

static void knows_what_is_quic(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t len;
        enum recognise want;
    } rows[] = {
        {"", 0, RECOGNISE_NO},
        {"\xc0", 1, RECOGNISE_NO},
        {"\xc3\0\0\0\x01\x01x\x01y\x00\x40\x14"
         "12345678901234567890",
         32, RECOGNISE_YES},
        {"\x83\0\0\0\x01\x01x\x01y\x00\x40\x14"
         "12345678901234567890",
         32, RECOGNISE_YES},
        {"\x83\0\0\0\x01\x01x\x01y\x00\x40\x14"
         "123456789012345678901",
         33, RECOGNISE_NO},
        {"\xc3\0\0\0\x01\x01x\x01y\x00\x40\x15"
         "12345678901234567890",
         32, RECOGNISE_NO},
        {"\xc3\0\0\0\x05\x01x\x01y\x00\x40\x14"
         "12345678901234567890",
         32, RECOGNISE_NO},
        {"\xe3\xff\0\0\x1d\x01x\x01y\x40\x14"
         "12345678901234567890",
         31, RECOGNISE_YES},
        {"\x80\0\0\0\0\x01x\x01y\0\0\0\x01", 13, RECOGNISE_YES},
        {"\x80\0\0\0\0\x01x\x01y\0\0\0\x01\0", 14, RECOGNISE_NO},
        {"\x80\0\0\0\0\x01x\x01y\0\0\0\x07", 13, RECOGNISE_NO},
        {"\x80\0\0\0\0\x01x\x01y", 9, RECOGNISE_NO},
        {"\x0d"
         "cccccccc"
         "Q043 and the rest",
         26, RECOGNISE_YES},
        {"\x0d"
         "cccccccc"
         "Q0x3 and the rest",
         26, RECOGNISE_NO},
        {"\x0d"
         "cccccccc"
         "Q0",
         11, RECOGNISE_NO},
        {"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x04"
         "1234",
         17, RECOGNISE_NO}, /* DTLS */
        {"\0\x01\0\0\x21\x12\xa4\x42"
         "123456789012",
         20, RECOGNISE_NO}, /* STUN */
        {"\x90\xe5\0\0\0\x01\x01x\x01y\xbe\xde\0\x01"
         "1234",
         18, RECOGNISE_NO},                                     /* RTP */
        {"\xc4\x01\x01\0\0\x01\0\0\0\0\0\0", 12, RECOGNISE_NO}, /* DNS */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reader payload = reader_of(span_of(rows[i].bytes, rows[i].len));
        if (dissector_quic.recognises(payload) != rows[i].want)
            fail_msg("row %zu", i);
    }
}

static void send_shorts(struct net *net, unsigned side)
{
    struct quic_bytes shorter = {0};
    quic_put(&shorter,
             "\x41"
             "and what is in it",
             18);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(net->answer[side], DISSECT_MORE);
        hear(net, side, &shorter);
    }
    assert_int_equal(net->answer[side], DISSECT_QUIET);
}

/* Connections between the same ports are all read, however many there are; what comes late of the last one begins none. */
static void follows_many_connections(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), answer = server_hello();
    struct quic_sending client = to_server, server = to_client;
    char ids[40][9], expected[40 * 200] = "";
    for (unsigned i = 0; i < 40; i++) {
        snprintf(ids[i], sizeof ids[i], "DDDDDD%02u", i);
        client.dcid = client.key_cid = server.key_cid = ids[i];
        send_whole(net, &client, &hello);
        send_whole(net, &server, &answer);
        send_shorts(net, CLIENT);
        send_whole(net, &server, &answer);
        send_shorts(net, SERVER);
        assert_int_equal(net->answer[CLIENT], DISSECT_QUIET);
        size_t at = strlen(expected);
        snprintf(expected + at, sizeof expected - at,
                 "client initial 1 to=%s from=cc\n" HELLO_TOLD SERVER_TOLD, ids[i]);
    }
    expect(net, expected);
}

/* Once a side sends no long headers any more, it is left alone until a connection begins. */
static void leaves_off(void **unused)
{
    (void)unused;
    struct net *net = net_new();
    struct quic_bytes hello = client_hello(0), google = {0};
    send_whole(net, &to_server, &hello);
    send_shorts(net, CLIENT);
    expect(net, CLIENT_TOLD HELLO_TOLD);
    net = net_new();
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(net->answer[SERVER], DISSECT_MORE);
        send_whole(net, &to_client, &hello);
    }
    assert_int_equal(net->answer[SERVER], DISSECT_SIDE_DONE);
    net_end(net);
    net_free(net);
    net = net_new();
    quic_put(&google,
             "\x0d"
             "ccccccccQ043",
             13);
    hear(net, CLIENT, &google);
    assert_int_equal(net->answer[CLIENT], DISSECT_DONE);
    expect(net, "client google Q043 to=cccccccc\n");
}

/* --- what breaks the rules --- */

static void tells_what_is_malformed(void **unused)
{
    (void)unused;
    static const struct {
        const char *frames;
        size_t len;
        const char *told;
    } rows[] = {
        {"\x08\x00", 2, "malformed frame\n"},
        {"\x06\x00\x40", 3, ""}, /* the padding behind it makes it a frame of no bytes */
        {"\x06\x00\x7f\xff", 4, "malformed frame\n"},
        {"\x06\x80\x01\x00\x00\x01x", 7, ""}, /* beyond 64 KiB: let go, and counted */
        {"\x06\x00\x04\x01\x01\x00\x00", 7, "malformed crypto\n"},
        {"\x06\x00\x02"
         "ab"
         "\x06\x00\x02"
         "ac",
         10, "malformed crypto\ncut crypto\n"},
        {"\x02\x00\x00\xbf\xff\xff\xff", 7, "malformed frame\n"},
        {"\x1c\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", 11, "malformed frame\n"},
        {"\x06\x00\x05\x01\x00\x00\x01x", 8, "malformed client_hello.cipher_suites\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct net *net = net_new();
        struct quic_bytes frames = {0};
        char log[256];
        quic_put(&frames, rows[i].frames, rows[i].len);
        send_frames(net, &to_server, &frames);
        snprintf(log, sizeof log, CLIENT_TOLD "%s", rows[i].told);
        expect(net, log);
    }
}

static void tells_malformed_headers(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t len;
        const char *told;
    } rows[] = {
        {"\xc3\0\0\0\x01\x15"
         "123456789012345678901",
         27, "malformed connection_id\n"},
        {"\xc3\0\0\0\x01\x05"
         "12",
         8, "malformed long_header\n"},
        {"\xc3\0\0\0\x01\x01x\x01y\xff\xff\xff\xff\xff\xff\xff\xff", 17, "malformed long_header\n"},
        {"\xc3\0\0\0\x01\x01x\x01y\x00\x50\x00", 12, "malformed long_header\n"},
        {"\xf0\0\0\0\x01\x01x\x01yshort", 14, "malformed retry\n"},
        {"\x80\0\0\0\0\x01x\x01yabc", 12, "malformed version_negotiation\n"},
        {"\xc3\x12\x34\x56\x78 of nobody", 16, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct net *net = net_new();
        hand_over(net, CLIENT, span_of(rows[i].bytes, rows[i].len), 0);
        expect(net, rows[i].told);
    }
}

/* Frames that leave a hole after each byte: 64 pieces are kept, the others let go. */
static void holds_no_more_than_its_bounds(void **unused)
{
    (void)unused;
    struct quic_bytes frames = {0};
    for (unsigned i = 0; i < 100; i++)
        quic_put_crypto(&frames, 10 + 2 * i, span_of("x", 1));
    struct net *net = net_new();
    send_frames(net, &to_server, &frames);
    assert_int_equal(net->budget.refused, 1 + 35);
    expect(net, CLIENT_TOLD "cut crypto\n");
    net = net_new();
    net->budget.limit = 100;
    struct quic_bytes hello = client_hello(1000);
    send_part(net, &to_server, &hello, 500, 1000);
    assert_int_equal(net->budget.refused, 1);
    expect(net, CLIENT_TOLD);
}

/* --- any bytes --- */

/* The conversation that is cut and changed: everything that is read occurs in it. */
static size_t conversation(struct net *net, struct quic_bytes out[6], unsigned sides[6])
{
    struct quic_bytes hello = client_hello(900), answer = server_hello(), frames = {0};
    memset(out, 0, 6 * sizeof *out);
    struct quic_sending again = to_server, server = to_client;
    again.dcid = again.key_cid = server.key_cid = "RRRR";
    again.token = "bread";
    quic_put_crypto(&frames, 600, span_of(hello.at + 600, hello.len - 600));
    quic_put_initial(&out[0], net->opener, &to_server, span_of(frames.at, frames.len), 0);
    quic_put_retry(&out[1], VERSION_1, "cc", "RRRR", "bread", "DDDDDDDD");
    quic_put_initial(&out[2], net->opener, &again, span_of(frames.at, frames.len), 0);
    frames.len = 0;
    quic_put_crypto(&frames, 0, span_of(hello.at, 650));
    again.number = 1;
    quic_put_initial(&out[3], net->opener, &again, span_of(frames.at, frames.len), 0);
    frames.len = 0;
    quic_put(&frames, "\x02\x00\x00\x00\x00", 5);
    quic_put_crypto(&frames, 0, span_of(answer.at, answer.len));
    quic_put_initial(&out[4], net->opener, &server, span_of(frames.at, frames.len), 0);
    quic_put_header(&out[4], 2, VERSION_1, "cc", "ssss");
    quic_put_varint(&out[4], 30);
    quic_put(&out[4], frames.at, 30);
    quic_put_number(&out[5], 0x80, 1);
    quic_put_number(&out[5], 0, 4);
    quic_put_cid(&out[5], "cc");
    quic_put_cid(&out[5], "DDDDDDDD");
    quic_put_number(&out[5], VERSION_1, 4);
    static const unsigned senders[6] = {CLIENT, SERVER, CLIENT, CLIENT, SERVER, SERVER};
    memcpy(sides, senders, sizeof senders);
    return 6;
}

static void reads_every_prefix(void **unused)
{
    (void)unused;
    struct quic_bytes datagrams[6];
    unsigned sides[6];
    struct net *net = net_new();
    size_t num = conversation(net, datagrams, sides);
    for (size_t i = 0; i < num; i++)
        hear(net, sides[i], &datagrams[i]);
    assert_non_null(strstr(net->log, HELLO_TOLD));
    assert_non_null(strstr(net->log, "server_hello 1301"));
    net_end(net);
    net_free(net);
    for (size_t cut = 0; cut < num; cut++) {
        for (size_t len = 0; len < datagrams[cut].len; len++) {
            net = net_new();
            for (size_t i = 0; i < num; i++) {
                bool whole = i != cut;
                struct span bytes = span_of(datagrams[i].at, whole ? datagrams[i].len : len);
                (void)dissector_quic.recognises(reader_of(bytes));
                hand_over(net, sides[i], bytes, !whole && len % 2 ? datagrams[i].len - len : 0);
            }
            net_end(net);
            net_free(net);
        }
    }
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Bytes flipped on the wire, and, what no tag protects from, in the frames before they are sealed. */
static void reads_any_bytes(void **unused)
{
    (void)unused;
    uint32_t random = 9001;
    struct quic_bytes datagrams[6], hello = client_hello(200);
    unsigned sides[6];
    struct net *net = net_new();
    size_t num = conversation(net, datagrams, sides);
    net_free(net);
    for (unsigned round = 0; round < 3000; round++) {
        net = net_new();
        for (size_t i = 0; i < num; i++) {
            struct quic_bytes changed = datagrams[i];
            size_t at = next_random(&random) % (round % 2 ? changed.len : 40);
            changed.at[at % changed.len] ^= (uint8_t)(1u << next_random(&random) % 8);
            hear(net, sides[i], &changed);
        }
        struct quic_bytes frames = {0};
        quic_put(&frames, "\x02\x07\x00\x01\x00\x00\x00", 7);
        quic_put_crypto(&frames, 100, span_of(hello.at + 100, hello.len - 100));
        quic_put_crypto(&frames, 0, span_of(hello.at, 120));
        for (unsigned i = 0; i < 1 + round % 4; i++)
            frames.at[next_random(&random) % frames.len] = (uint8_t)next_random(&random);
        struct quic_sending sending = to_server;
        sending.dcid = sending.key_cid = "GGGGGGGG";
        if (round % 5 == 0)
            sending.version = 0x54303531;
        send_frames(net, &sending, &frames);
        net_end(net);
        net_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_examples_of_the_rfcs),
        cmocka_unit_test(derives_the_keys_of_the_rfcs),
        cmocka_unit_test(reads_every_version),
        cmocka_unit_test(reads_transport_parameters),
        cmocka_unit_test(reads_google_frames),
        cmocka_unit_test(puts_datagrams_in_order),
        cmocka_unit_test(reads_hellos_once),
        cmocka_unit_test(puts_frames_in_order),
        cmocka_unit_test(reads_past_other_frames),
        cmocka_unit_test(reads_coalesced_packets),
        cmocka_unit_test(follows_a_retry),
        cmocka_unit_test(sees_through_a_forged_retry),
        cmocka_unit_test(follows_version_negotiation),
        cmocka_unit_test(follows_a_change_of_version),
        cmocka_unit_test(follows_a_new_connection),
        cmocka_unit_test(opens_what_came_before_its_keys),
        cmocka_unit_test(says_what_stays_closed),
        cmocka_unit_test(knows_what_is_quic),
        cmocka_unit_test(follows_many_connections),
        cmocka_unit_test(leaves_off),
        cmocka_unit_test(tells_what_is_malformed),
        cmocka_unit_test(tells_malformed_headers),
        cmocka_unit_test(holds_no_more_than_its_bounds),
        cmocka_unit_test(reads_every_prefix),
        cmocka_unit_test(reads_any_bytes),
    };
    return cmocka_run_group_tests_name("quic", tests, NULL, NULL);
}
