/* test_tftp.c: TFTP through the engine: requests, the ports on which files come, how transfers end, and what is not
 * TFTP. */
#include "core/common_observations.h"
#include "core/crypto.h"
#include "core/engine.h"
#include "dissectors/tftp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t second_ns = 1000000000;

/* --- what is heard: a line for each observation --- */

struct heard {
    char text[8192];
    uint8_t sha256[CRYPTO_SHA256_LEN], decoded[CRYPTO_SHA256_LEN];
    bool has_sha256, has_decoded;
    struct tftp_transfer last; /* its numbers; not what it points to */
};

static void say(struct heard *heard, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct heard *heard, const char *format, ...)
{
    size_t len = strlen(heard->text);
    va_list list;
    va_start(list, format);
    (void)vsnprintf(heard->text + len, sizeof heard->text - len, format, list);
    va_end(list);
}

static void hear_request(struct heard *heard, const struct tftp_request *r)
{
    say(heard, "? %s %.*s %s #%ju%s\n", r->op, (int)r->file.len, (const char *)r->file.at, r->mode,
        (uintmax_t)r->retransmission.value, r->to_group == TRUTH_YES ? " group" : "");
}

static const char *flag(bool is, const char *text)
{
    return is ? text : "";
}

static void hear_transfer(struct heard *heard, const struct tftp_transfer *t)
{
    heard->last = *t;
    say(heard, "= %s %.*s %ju/%ju", t->op != NULL ? t->op : "-", (int)t->file.len,
        t->file.len > 0 ? (const char *)t->file.at : "", (uintmax_t)t->blocks.value,
        (uintmax_t)t->bytes.value);
    if (t->lost_blocks.value > 0)
        say(heard, " lost %ju", (uintmax_t)t->lost_blocks.value);
    if (t->retransmitted.value > 0)
        say(heard, " again %ju", (uintmax_t)t->retransmitted.value);
    say(heard, " %s%s%s%s%s%s%s", t->ended, flag(t->complete == TRUTH_YES, " complete"),
        flag(t->request_seen != TRUTH_YES, " unasked"), flag(t->from_start != TRUTH_YES, " midway"),
        flag(t->other_server == TRUTH_YES, " elsewhere"),
        flag(t->from_known_port == TRUTH_YES, " port"),
        flag(t->options_agreed == TRUTH_YES, " options"));
    if (t->error.seen)
        say(heard, " %ju %s %s", (uintmax_t)t->error.value, t->error_class,
            t->error_by_client == TRUTH_YES ? "client" : "server");
    say(heard, "\n");
    assert_int_equal(t->complete == TRUTH_YES, span_seen(t->content.sha256));
    heard->has_sha256 = span_seen(t->content.sha256);
    if (heard->has_sha256)
        memcpy(heard->sha256, t->content.sha256.at, sizeof heard->sha256);
    heard->has_decoded = span_seen(t->sha256_decoded);
    if (heard->has_decoded)
        memcpy(heard->decoded, t->sha256_decoded.at, sizeof heard->decoded);
}

static void hear(void *to, const struct observation *observation)
{
    struct heard *heard = to;
    if (observation->type == &observation_tftp_request)
        hear_request(heard, observation->data);
    else if (observation->type == &observation_tftp_transfer)
        hear_transfer(heard, observation->data);
    else if (observation->type == &observation_malformed)
        say(heard, "malformed\n");
    else if (observation->type == &observation_cut)
        say(heard, "cut\n");
}

/* --- packets, written as "WHO PACKET" --- */

/* c: client, port 2000, to the server's port 3000; C: to port 69; b: to port 69 of everybody; s: server, port 3000;
 * t, T: server's port 3001, client to it; k: server, port 69; o: another server, port 3000; n: client, port 2001, to
 * 69; m: server, port 3000, to that. */
static const struct {
    char who;
    uint8_t from, to; /* 192.0.2.N */
    uint16_t from_port, to_port;
} hosts[] = {
    {'c', 1, 2, 2000, 3000}, {'C', 1, 2, 2000, 69},   {'b', 1, 255, 2000, 69},
    {'s', 2, 1, 3000, 2000}, {'t', 2, 1, 3001, 2000}, {'T', 1, 2, 2000, 3001},
    {'k', 2, 1, 69, 2000},   {'o', 3, 1, 3000, 2000}, {'n', 1, 2, 2001, 69},
    {'m', 2, 1, 3000, 2001}, {'N', 1, 2, 2001, 3000},
};

struct wire {
    struct engine *engine;
    struct heard *heard;
    uint64_t now_ns, number;
    bool ipv6;
};

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static size_t put_ip(uint8_t *packet, bool ipv6, size_t host, size_t len)
{
    if (ipv6) {
        packet[0] = 0x60;
        put16(packet + 4, 8 + len);
        packet[6] = PROTO_UDP;
        packet[7] = 64;
        packet[8] = packet[24] = 0x20;
        packet[23] = hosts[host].from;
        packet[39] = hosts[host].to;
        return 40;
    }
    packet[0] = 0x45;
    put16(packet + 2, 28 + len);
    packet[8] = 64;
    packet[9] = PROTO_UDP;
    packet[12] = packet[16] = 192;
    packet[14] = packet[18] = 2;
    packet[15] = hosts[host].from;
    packet[19] = hosts[host].to;
    if (hosts[host].to == 255)
        memset(packet + 16, 255, 4);
    return 20;
}

/* Bytes beyond |captured| were on the wire. */
static void feed(struct wire *wire, char who, const uint8_t *bytes, size_t len, size_t captured)
{
    uint8_t packet[70000] = {0};
    size_t host = 0;
    while (hosts[host].who != who)
        assert_true(++host < sizeof hosts / sizeof *hosts);
    size_t ip = put_ip(packet, wire->ipv6, host, len);
    put16(packet + ip, hosts[host].from_port);
    put16(packet + ip + 2, hosts[host].to_port);
    put16(packet + ip + 4, 8 + len);
    if (captured > 0)
        memcpy(packet + ip + 8, bytes, captured);
    uint8_t *exact = malloc(ip + 8 + captured);
    assert_non_null(exact);
    memcpy(exact, packet, ip + 8 + captured);
    wire->now_ns += second_ns / 100;
    const struct frame frame = {.at = exact,
                                .captured_len = (uint32_t)(ip + 8 + captured),
                                .wire_len = (uint32_t)(ip + 8 + len),
                                .time_ns = wire->now_ns,
                                .number = ++wire->number,
                                .link_type = 101};
    engine_feed(wire->engine, &frame, 1);
    free(exact);
}

static uint8_t file_byte(size_t i)
{
    return (uint8_t)(i * 7 + i / 256);
}

/* "RRQ name mode opt=value…", "WRQ …", "DATA n len [blksize]", "ACK n", "ERROR n", "OACK opt=value…", "RAW hex";
 * words of requests are ended by NUL, "=" by NUL, too. */
static size_t write_packet(const char *text, uint8_t *out)
{
    char kind[8];
    int used = 0;
    unsigned number = 0, len = 0, blksize = 512;
    assert_int_equal(sscanf(text, "%7s%n", kind, &used), 1);
    const char *rest = text + used;
    static const char *const kinds[] = {"RRQ", "WRQ", "DATA", "ACK", "ERROR", "OACK"};
    size_t opcode = 0;
    while (opcode < 6 && strcmp(kind, kinds[opcode]) != 0)
        opcode++;
    assert_true(opcode < 6);
    put16(out, opcode + 1);
    size_t at = 2;
    switch (opcode + 1) {
    case 3:
        assert_true(sscanf(rest, "%u %u %u", &number, &len, &blksize) >= 2);
        put16(out + 2, number);
        for (size_t i = 0; i < len; i++)
            out[4 + i] = file_byte((number - 1) * blksize + i);
        return 4 + len;
    case 4:
    case 5:
        assert_int_equal(sscanf(rest, "%u", &number), 1);
        put16(out + 2, number);
        memcpy(out + 4, "text", 5);
        return opcode + 1 == 4 ? 4 : 9;
    default:
        while (*rest == ' ')
            rest++;
        for (; *rest != '\0'; rest++)
            out[at++] = *rest == ' ' || *rest == '=' ? 0 : (uint8_t)*rest;
        out[at++] = 0;
        return at;
    }
}

static void send_line(struct wire *wire, const char *line)
{
    uint8_t bytes[2048];
    unsigned seconds;
    if (sscanf(line, "wait %u", &seconds) == 1) {
        wire->now_ns += seconds * second_ns;
        return;
    }
    size_t len = write_packet(line + 2, bytes);
    feed(wire, line[0], bytes, len, len);
}

static struct wire *wire_new(bool ipv6)
{
    struct wire *wire = calloc(1, sizeof *wire);
    struct error error;
    assert_non_null(wire);
    wire->heard = calloc(1, sizeof *wire->heard);
    assert_non_null(wire->heard);
    wire->now_ns = 1700000000 * second_ns;
    wire->ipv6 = ipv6;
    const struct engine_options options = {
        .max_flows = 1000, .dissectors = dissectors, .emit_to = wire->heard, .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
    return wire;
}

static void wire_free(struct wire *wire)
{
    engine_free(wire->engine);
    free(wire->heard);
    free(wire);
}

/* --- conversations --- */

static const struct {
    const char *name;
    const char *lines; /* separated by ';' */
    const char *heard;
} rows[] = {
    {"read", "C RRQ a octet;s DATA 1 512;c ACK 1;s DATA 2 10;c ACK 2",
     "? read a octet #0\n= read a 2/522 acknowledged complete\n"},
    {"write", "C WRQ a octet;s ACK 0;c DATA 1 512;s ACK 1;c DATA 2 0;s ACK 2",
     "? write a octet #0\n= write a 2/512 acknowledged complete\n"},
    {"empty file", "C RRQ a octet;s DATA 1 0;c ACK 1",
     "? read a octet #0\n= read a 1/0 acknowledged complete\n"},
    {"last acknowledgement not seen", "C RRQ a octet;s DATA 1 10",
     "? read a octet #0\n= read a 1/10 last block complete\n"},
    {"mode in any case", "C RRQ a OcTeT;s DATA 1 1;c ACK 1",
     "? read a octet #0\n= read a 1/1 acknowledged complete\n"},
    {"options",
     "C RRQ a octet blksize=8 tsize=0;s OACK blksize=8 tsize=11;c ACK 0;"
     "s DATA 1 8 8;c ACK 1;s DATA 2 3 8;c ACK 2",
     "? read a octet #0\n= read a 2/11 acknowledged complete options\n"},
    {"write with options",
     "C WRQ a octet blksize=8 tsize=11;s OACK blksize=8 tsize=11;"
     "c DATA 1 8 8;s ACK 1;c DATA 2 3 8;s ACK 2",
     "? write a octet #0\n= write a 2/11 acknowledged complete options\n"},
    {"options refused by silence",
     "C RRQ a octet blksize=1024;s DATA 1 512;c ACK 1;s DATA 2 2;c ACK 2",
     "? read a octet #0\n= read a 2/514 acknowledged complete\n"},
    {"the OACK is lost",
     "C RRQ a octet blksize=1024;s DATA 1 1024 1024;c ACK 1;s DATA 2 2 1024;c ACK 2",
     "? read a octet #0\n= read a 2/1026 acknowledged complete\n"},
    {"the size is asked for", "C RRQ a octet tsize=0;s OACK tsize=9;c ERROR 8",
     "? read a octet #0\n= read a 0/0 aborted options 8 option client\n"},
    {"options refused by the client, and asked again without",
     "C RRQ a octet blksize=9;s OACK blksize=9;c ERROR 8;C RRQ a octet;t DATA 1 1;T ACK 1",
     "? read a octet #0\n= read a 0/0 aborted options 8 option client\n? read a octet #0\n"
     "= read a 1/1 acknowledged complete\n"},
    {"not found", "C RRQ a octet;s ERROR 1",
     "? read a octet #0\n= read a 0/0 error 1 not found server\n"},
    {"not found, says port 69", "C RRQ a octet;k ERROR 1",
     "? read a octet #0\n= read a 0/0 error port 1 not found server\n"},
    {"error in the middle", "C WRQ a octet;s ACK 0;c DATA 1 512;s ERROR 3",
     "? write a octet #0\n= write a 1/512 error 3 full server\n"},
    {"requests come again", "C RRQ a octet;C RRQ a octet;C RRQ a octet;s DATA 1 1;c ACK 1",
     "? read a octet #0\n? read a octet #1\n? read a octet #2\n= read a 1/1 acknowledged "
     "complete\n"},
    {"a request that comes again has two answers; one is not wanted",
     "C RRQ a octet;C RRQ a octet;s DATA 1 512;t DATA 1 512;T ERROR 5;c ACK 1;s DATA 2 1;c ACK 2",
     "? read a octet #0\n? read a octet #1\n= read a 2/513 acknowledged complete\n"
     "= read a 1/512 error 5 unknown tid client\n"},
    {"both answers are taken", "C RRQ a octet;C RRQ a octet;s DATA 1 3;c ACK 1;t DATA 1 3;T ACK 1",
     "? read a octet #0\n? read a octet #1\n= read a 1/3 acknowledged complete\n"
     "= read a 1/3 acknowledged complete\n"},
    {"an error to somebody else ends nothing",
     "C RRQ a octet;s DATA 1 512;c ERROR 5;c ACK 1;s DATA 2 1;c ACK 2",
     "? read a octet #0\n= read a 2/513 acknowledged complete 5 unknown tid client\n"},
    {"the sorcerer's apprentice: every block twice",
     "C RRQ a octet;s DATA 1 512;c ACK 1;c ACK 1;s DATA 2 512;s DATA 2 512;c ACK 2;c ACK 2;"
     "s DATA 3 4;s DATA 3 4;c ACK 3",
     "? read a octet #0\n= read a 3/1028 again 2 acknowledged complete\n"},
    {"all on port 69",
     "C RRQ a octet;k DATA 1 512;C ACK 1;k DATA 2 2;C ACK 2;C RRQ b octet;k DATA 1 3;C ACK 1",
     "? read a octet #0\n= read a 2/514 acknowledged complete port\n? read b octet #0\n"
     "= read b 1/3 acknowledged complete port\n"},
    {"the same file again on the same two ports",
     "C RRQ a octet;s DATA 1 3;c ACK 1;c ACK 1;s DATA 1 3;C RRQ a octet;s DATA 1 3;c ACK 1",
     "? read a octet #0\n= read a 1/3 acknowledged complete\n? read a octet #0\n"
     "= read a 1/3 acknowledged complete\n"},
    {"another file on the same two ports, the first one not done",
     "C RRQ a octet;s DATA 1 512;C RRQ b octet;s DATA 1 3;c ACK 1",
     "? read a octet #0\n? read b octet #0\n= read a 1/512 replaced\n"
     "= read b 1/3 acknowledged complete\n"},
    {"two at once",
     "C RRQ a octet;n RRQ b octet;s DATA 1 512;m DATA 1 512;N ACK 1;c ACK 1;m DATA 2 2;"
     "s DATA 2 1;c ACK 2;N ACK 2",
     "? read a octet #0\n? read b octet #0\n= read a 2/513 acknowledged complete\n"
     "= read b 2/514 acknowledged complete\n"},
    {"another server answers", "C RRQ a octet;o DATA 1 3",
     "? read a octet #0\n= read a 1/3 last block complete elsewhere\n"},
    {"everybody is asked", "b RRQ a octet;s DATA 1 3;c ACK 1",
     "? read a octet #0 group\n= read a 1/3 acknowledged complete\n"},
    {"a window",
     "C RRQ a octet blksize=8 windowsize=4;s OACK blksize=8 windowsize=4;c ACK 0;"
     "s DATA 1 8 8;s DATA 3 8 8;s DATA 2 8 8;s DATA 4 8 8;c ACK 4;s DATA 5 1 8;c ACK 5",
     "? read a octet #0\n= read a 5/33 acknowledged complete options\n"},
    {"blocks are missing",
     "C RRQ a octet;s DATA 1 512;c ACK 1;c ACK 2;s DATA 3 512;c ACK 3;s DATA 4 1;c ACK 4",
     "? read a octet #0\n= read a 3/1025 lost 1 acknowledged\n"},
    {"the first block is missing", "C RRQ a octet;c ACK 1;s DATA 2 512;c ACK 2;s DATA 3 1;c ACK 3",
     "? read a octet #0\n= read a 2/513 lost 1 acknowledged midway\n"},
    {"time runs out", "C RRQ a octet;s DATA 1 512;c ACK 1;wait 1000;b RRQ b octet",
     "? read a octet #0\n= read a 1/512 timeout\n? read b octet #0 group\n"},
    {"the input ends", "C RRQ a octet;s DATA 1 512;c ACK 1",
     "? read a octet #0\n= read a 1/512 input\n"},
    {"an answer that is too late is told by its form",
     "C RRQ a octet;wait 100;s DATA 1 512;c ACK 1;s DATA 2 3;c ACK 2",
     "? read a octet #0\n= read  2/515 acknowledged complete unasked\n"},
    /* without the request */
    {"from the middle", "s DATA 7 512;c ACK 7;s DATA 8 512;c ACK 8;s DATA 9 1;c ACK 9",
     "= -  3/1025 lost 6 acknowledged unasked midway\n"},
    {"from the middle, one side", "s DATA 7 512;s DATA 8 512;s DATA 9 512;s DATA 10 1",
     "= -  4/1537 lost 6 last block unasked midway\n"},
    {"from its first block", "s DATA 1 512;c ACK 1;s DATA 2 1;c ACK 2",
     "= read  2/513 acknowledged complete unasked\n"},
    {"one block proves nothing", "s DATA 7 512", ""},
    {"numbers that do not follow", "s DATA 7 512;s DATA 1000 512;s DATA 2000 512;c ACK 8", ""},
    {"sizes that grow", "s DATA 7 512;s DATA 8 516;s DATA 9 516;c ACK 9", ""},
    {"an answer that is none", "s DATA 7 512;c DATA 7 512;s DATA 8 512", ""},
    {"only acknowledgements", "c ACK 7;c ACK 8;c ACK 9", ""},
    /* faults */
    {"an option without a value", "C RRQ a octet blksize=8 tsize;s DATA 1 1;c ACK 1",
     "malformed\n? read a octet #0\n= read a 1/1 acknowledged complete\n"},
    {"no mode", "C RRQ a", ""},
    {"no known mode", "C RRQ a image", ""},
    {"no name", "C RRQ =octet", "? read  octet #0\n"},
    {"an unknown mode where it is known what it is", "C RRQ a octet;C WRQ b image",
     "? read a octet #0\n? write b other #0\n"},
    {"acknowledgements of what nobody sent", "C RRQ a octet;s DATA 1 512;c ACK 3;c ACK 40000",
     "? read a octet #0\n= read a 1/512 lost 39999 input\n"},
};

static void check_row(size_t i, bool ipv6)
{
    struct wire *wire = wire_new(ipv6);
    char *lines = strdup(rows[i].lines), *save = NULL;
    assert_non_null(lines);
    for (char *line = strtok_r(lines, ";", &save); line != NULL; line = strtok_r(NULL, ";", &save))
        send_line(wire, line);
    engine_finish(wire->engine);
    if (strcmp(wire->heard->text, rows[i].heard) != 0)
        fail_msg("%s: heard\n%snot\n%s", rows[i].name, wire->heard->text, rows[i].heard);
    free(lines);
    wire_free(wire);
}

static void conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(i, false);
        if (strstr(rows[i].lines, "b RRQ") == NULL)
            check_row(i, true);
    }
}

/* --- the file --- */

static void what_is_read_is_hashed(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    uint8_t file[1000], want[CRYPTO_SHA256_LEN];
    for (size_t i = 0; i < sizeof file; i++)
        file[i] = file_byte(i);
    assert_true(crypto_sha256(span_of(file, sizeof file), want));
    send_line(wire, "C RRQ dir/a%n octet");
    send_line(wire, "s DATA 1 512");
    send_line(wire, "c ACK 1");
    send_line(wire, "s DATA 1 512");
    send_line(wire, "s DATA 2 488");
    send_line(wire, "c ACK 2");
    assert_true(wire->heard->has_sha256);
    assert_memory_equal(wire->heard->sha256, want, sizeof want);
    assert_false(wire->heard->has_decoded);
    const struct tftp_transfer *t = &wire->heard->last;
    assert_int_equal(t->size.value, 1000);
    assert_int_equal(t->blksize.value, 512);
    assert_int_equal(t->windowsize.value, 1);
    assert_int_equal(t->request_packet.value, 1);
    assert_int_equal(t->first_packet.value, 2);
    assert_int_equal(t->last_packet.value, 6);
    assert_int_equal(t->duration_ns.value, 5 * second_ns / 100);
    assert_int_equal(t->client_tid.value, 2000);
    assert_int_equal(t->server_tid.value, 3000);
    assert_false(t->tsize.seen);
    wire_free(wire);
}

/* Text as netascii, in blocks of 8, and as its receiver stores it. */
static const struct {
    const char *wire;
    size_t len;
    const char *stored;
    size_t stored_len;
} texts[] = {
    {"hostname a\r\nend\r\n", 17, "hostname a\nend\n", 15},
    {"1234567\r\n", 9, "1234567\n", 8}, /* CR and LF in two blocks */
    {"1234567\r\0x", 10, "1234567\rx", 9},
    {"a\r\r\nb", 5, "a\r\nb", 4},
    {"lone\rCR", 7, "lone\rCR", 7},
    {"last\r", 5, "last\r", 5},
    {"\r\n\r\n\r\n\r\n\r\n", 10, "\n\n\n\n\n", 5},
    {"plain", 5, "plain", 5},
};

static void netascii_is_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct wire *wire = wire_new(false);
        uint8_t want[CRYPTO_SHA256_LEN];
        send_line(wire, "C RRQ a netascii blksize=8");
        send_line(wire, "s OACK blksize=8");
        for (size_t at = 0, n = 1; at <= texts[i].len; at += 8, n++) {
            uint8_t data[12] = {0, 3, 0, (uint8_t)n};
            size_t len = texts[i].len - at < 8 ? texts[i].len - at : 8;
            memcpy(data + 4, texts[i].wire + at, len);
            feed(wire, 's', data, 4 + len, 4 + len);
        }
        engine_finish(wire->engine);
        assert_true(crypto_sha256(span_of(texts[i].wire, texts[i].len), want));
        assert_true(wire->heard->has_sha256);
        assert_memory_equal(wire->heard->sha256, want, sizeof want);
        assert_true(crypto_sha256(span_of(texts[i].stored, texts[i].stored_len), want));
        bool differs = texts[i].len != texts[i].stored_len;
        if (wire->heard->has_decoded != differs ||
            (differs && memcmp(wire->heard->decoded, want, sizeof want) != 0))
            fail_msg("text %zu", i);
        wire_free(wire);
    }
}

/* --- bad input --- */

static void long_names_are_kept_in_part(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    uint8_t request[60000] = {0, 1};
    memset(request + 2, 'x', 50000);
    memcpy(request + 50003, "octet", 6);
    for (size_t i = 50009; i + 4 < sizeof request; i += 4)
        memcpy(request + i, "o\0v", 4);
    feed(wire, 'C', request, sizeof request, sizeof request);
    send_line(wire, "s DATA 1 3");
    engine_finish(wire->engine);
    assert_int_equal(wire->heard->last.file_len.value, 50000);
    assert_int_equal(wire->heard->last.asked.num.value, (60000 - 50009) / 4);
    assert_int_equal(wire->heard->last.asked.others, TRUTH_YES);
    wire_free(wire);
}

static void cut_packets_are_told(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    uint8_t bytes[600];
    send_line(wire, "C RRQ a octet");
    size_t len = write_packet("DATA 1 512", bytes);
    feed(wire, 's', bytes, len, 68);
    len = write_packet("DATA 2 512", bytes);
    feed(wire, 's', bytes, len, 3);
    send_line(wire, "s DATA 2 100");
    send_line(wire, "c ACK 2");
    assert_string_equal(wire->heard->text, "? read a octet #0\ncut\n= read a 2/164 acknowledged\n");
    assert_int_equal(wire->heard->last.lost_bytes.value, 448);
    assert_int_equal(wire->heard->last.size.value, 612);
    wire_free(wire);
}

/* Half-open transfers and requests without an answer: no memory beyond the bounds is taken, and all of it is given
 * back. */
static void half_open_transfers_are_bounded(void **state)
{
    (void)state;
    struct wire *wire = wire_new(false);
    struct error error;
    engine_free(wire->engine);
    const struct engine_options options = {.max_flows = 100,
                                           .max_datagram_bytes = 20000,
                                           .dissectors = dissectors,
                                           .emit_to = wire->heard,
                                           .emit = hear};
    wire->engine = engine_new(&options, &error);
    assert_non_null(wire->engine);
    uint8_t request[] = "\0\1a\0octet", data[516] = {0, 3, 0, 1};
    for (unsigned i = 0; i < 5000; i++) {
        uint8_t packet[600] = {0x45, 0, 0,   0, 0, 0, 0,   0, 64, PROTO_UDP,
                               0,    0, 192, 0, 2, 1, 192, 0, 2,  2};
        bool answer = i % 2;
        size_t len = answer ? sizeof data : sizeof request;
        packet[15] = answer ? 2 : 1;
        packet[19] = answer ? 1 : 2;
        put16(packet + 2, 28 + len);
        put16(packet + 20, answer ? 3000 : 2000 + i / 2);
        put16(packet + 22, answer ? 2000 + i / 2 : 69);
        put16(packet + 24, 8 + len);
        memcpy(packet + 28, answer ? data : request, len);
        const struct frame frame = {.at = packet,
                                    .captured_len = (uint32_t)(28 + len),
                                    .wire_len = (uint32_t)(28 + len),
                                    .time_ns = wire->now_ns,
                                    .number = i + 1,
                                    .link_type = 101};
        engine_feed(wire->engine, &frame, 1);
        wire->heard->text[0] = '\0';
    }
    engine_finish(wire->engine);
    assert_true(engine_stats(wire->engine).messages_refused > 0);
    assert_int_equal(engine_stats(wire->engine).expectations, 2500);
    wire_free(wire);
}

/* Every prefix of every packet, and every packet with one bit changed, in the middle of a transfer. */
static const char *const samples[] = {
    "C RRQ a octet blksize=8 tsize=0 windowsize=2 multicast= x=y",
    "C WRQ dir/name netascii",
    "s DATA 1 8 8",
    "c ACK 1",
    "s ERROR 1",
    "s OACK blksize=8 tsize=11 timeout=3 windowsize=2",
};

static void spoil(size_t sample, size_t len, size_t bit)
{
    struct wire *wire = wire_new(false);
    uint8_t bytes[2048];
    size_t whole = write_packet(samples[sample] + 2, bytes);
    send_line(wire, "C RRQ a octet blksize=8");
    if (len > whole)
        len = whole;
    if (bit < 8 * len)
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    feed(wire, samples[sample][0], bytes, len, len);
    feed(wire, samples[sample][0], bytes, whole, len);
    send_line(wire, "s DATA 1 8 8");
    send_line(wire, "c ACK 1");
    send_line(wire, "s DATA 2 1 8");
    engine_finish(wire->engine);
    assert_int_equal(engine_stats(wire->engine).frames, 6);
    wire_free(wire);
}

static void packets_may_be_spoiled(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        uint8_t bytes[2048];
        size_t whole = write_packet(samples[i] + 2, bytes);
        for (size_t len = 0; len <= whole; len++)
            spoil(i, len, SIZE_MAX);
        for (size_t bit = 0; bit < 8 * whole; bit++)
            spoil(i, SIZE_MAX, bit);
    }
}

/* --- the lists --- */

static void options_are_listed(void **state)
{
    (void)state;
    static const char list[] = "blksize\0001024\0tsize\0000\0";
    static const char *const names[] = {"blksize", "tsize"}, *const values[] = {"1024", "0"};
    struct reader by_name = reader_of(span_of(list, sizeof list - 1)), by_value = by_name;
    for (unsigned i = 0; i < 2; i++) {
        struct value item;
        tftp_next_option_name(&by_name, &item);
        assert_true(span_equal(item.bytes, span_text(names[i])));
        tftp_next_option_value(&by_value, &item);
        assert_true(span_equal(item.bytes, span_text(values[i])));
    }
    assert_int_equal(reader_left(&by_name) + reader_left(&by_value), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations),          cmocka_unit_test(what_is_read_is_hashed),
        cmocka_unit_test(netascii_is_decoded),    cmocka_unit_test(long_names_are_kept_in_part),
        cmocka_unit_test(cut_packets_are_told),   cmocka_unit_test(half_open_transfers_are_bounded),
        cmocka_unit_test(packets_may_be_spoiled), cmocka_unit_test(options_are_listed),
    };
    return cmocka_run_group_tests_name("tftp", tests, NULL, NULL);
}
