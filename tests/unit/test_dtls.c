/* test_dtls.c: DTLS: which datagrams, hellos and cookies, connection ids, handshakes after the first, and what
 * is told of bytes that break the rules. */
#include "tests/unit/dtls_conversation.h"

/* --- hellos, cookies, key exchanges --- */

static void test_cookie_exchange(void **state)
{
    (void)state;
    static const uint16_t versions[] = {DTLS_VERSION_10, DTLS_VERSION_12, DTLS_VERSION_OPENSSL};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        uint16_t version = versions[i];
        struct conversation *c = begin();
        struct hello hello = {.version = version, .fill = 1};
        struct writer body = client_hello(&hello), w = {.len = 0};
        put_handshake(&w, version, TLS_CLIENT_HELLO, 0, &body);
        assert_int_equal(dissector_dtls.recognises(reader_of(span_of(w.at, w.len))), RECOGNISE_YES);
        send_datagram(c, CLIENT, &w);
        size_t first = w.len;
        body = hello_verify_request(version, "a cookie");
        w.len = 0;
        put_handshake(&w, version, TLS_HELLO_VERIFY_REQUEST, 0, &body);
        send_datagram(c, SERVER, &w);
        size_t answer = w.len;
        hello.cookie = "a cookie";
        body = client_hello(&hello);
        w.len = 0;
        put_handshake(&w, version, TLS_CLIENT_HELLO, 1, &body);
        send_datagram(c, CLIENT, &w);
        body = server_hello(&(struct hello){.version = version, .fill = 2, .cipher = 0x002f});
        w.len = 0;
        put_handshake(&w, version, TLS_SERVER_HELLO, 1, &body);
        send_datagram(c, SERVER, &w);
        struct seen seen = end(c);
        assert_string_equal(seen.order, "CVCS");
        assert_int_equal(seen.malformed + seen.cut, 0);
        assert_string_equal(seen.cookie, "a cookie");
        assert_int_equal(seen.version, version);
        assert_int_equal(seen.client_version, version);
        assert_int_equal(seen.session.version.value, version);
        assert_int_equal(seen.session.record_version.value, version);
        assert_int_equal(seen.session.hello_verify, TRUTH_YES);
        assert_int_equal(seen.session.cookie_len.value, 8);
        assert_int_equal(seen.session.client_hello_bytes.value, first);
        assert_int_equal(seen.session.server_first_bytes.value, answer);
        assert_int_equal(seen.session.client_plain.value, 2);
        assert_int_equal(seen.session.client_protected, TRUTH_NO);
        assert_false(seen.session.client_cid_len.seen);
    }
}

/* A server that answers with its whole flight: what that costs, over several datagrams. It answers each hello that came
 * before (RFC 6347 section 4.2.4), so all of these count. */
static void test_amplification(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client), w = {.len = 0};
    put_handshake(&w, DTLS_VERSION_12, TLS_CLIENT_HELLO, 0, &body);
    send_datagram(c, CLIENT, &w);
    send_datagram(c, CLIENT, &w); /* again, before the answer */
    size_t hello = w.len, answer = 0;
    body = server_hello(&psk_server);
    for (uint16_t seq = 0; seq < 3; seq++) {
        w.len = 0;
        put_handshake(&w, DTLS_VERSION_12, seq == 0 ? TLS_SERVER_HELLO : OPAQUE, seq, &body);
        answer += w.len;
        send_datagram(c, SERVER, &w);
    }
    body.len = 0;
    send_message(c, CLIENT, OPAQUE, 1, &body);
    send_message(c, SERVER, TLS_SERVER_HELLO_DONE, 3, &body);
    struct seen seen = end(c);
    assert_int_equal(seen.session.hello_verify, TRUTH_NO);
    assert_false(seen.session.cookie_len.seen);
    assert_int_equal(seen.session.client_hello_bytes.value, 2 * hello);
    assert_int_equal(seen.session.server_first_bytes.value, answer);
    assert_int_equal(seen.session.client_repeated.value, 1);
}

/* A flight in one datagram: several messages in a record, several records, then the next epoch. */
static void test_psk_exchange(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client);
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body);
    struct writer record = {.len = 0}, w = {.len = 0};
    body = server_hello(&psk_server);
    put_fragment(&record, TLS_SERVER_HELLO, 0, &body, 0, body.len);
    body.len = 0;
    put_number(&body, 4, 2);
    put(&body, "hint", 4);
    put_fragment(&record, TLS_SERVER_KEY_EXCHANGE, 1, &body, 0, body.len);
    put_record(&w, DTLS_HANDSHAKE, DTLS_VERSION_12, 0, &record);
    body.len = 0;
    put_handshake(&w, DTLS_VERSION_12, TLS_SERVER_HELLO_DONE, 2, &body);
    send_datagram(c, SERVER, &w);
    w.len = 0;
    put_number(&body, 8, 2);
    put(&body, "identity", 8);
    put_handshake(&w, DTLS_VERSION_12, TLS_CLIENT_KEY_EXCHANGE, 1, &body);
    put_change_cipher(&w);
    put_protected(&w, 1, 40);
    send_datagram(c, CLIENT, &w);
    struct seen seen = end(c);
    assert_string_equal(seen.order, "CSsc");
    assert_string_equal(seen.hint, "hint");
    assert_string_equal(seen.identity, "identity");
    assert_int_equal(seen.malformed + seen.cut, 0);
    assert_int_equal(seen.session.client_protected, TRUTH_YES);
    assert_int_equal(seen.session.server_protected, TRUTH_NO);
    assert_int_equal(seen.session.server_plain.value, 2);
}

static void test_dtls13(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct hello hello = {
        .version = DTLS_VERSION_12, .supported = DTLS_VERSION_13, .fill = 1, .cid = "client"};
    struct writer body = client_hello(&hello), w = {.len = 0};
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body);
    struct hello answer = {
        .version = DTLS_VERSION_12, .supported = DTLS_VERSION_13, .fill = 0, .cipher = 0x1301};
    body = server_hello(&answer);
    send_message(c, SERVER, TLS_SERVER_HELLO, 0, &body);
    assert_int_equal(c->seen.retry, TRUTH_YES);
    body = client_hello(&hello);
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 1, &body);
    answer.fill = 2;
    answer.cid = "srv";
    body = server_hello(&answer);
    put_handshake(&w, DTLS_VERSION_12, TLS_SERVER_HELLO, 1, &body);
    put_unified(&w, 0x1e, "client", 100); /* C, S, L, epoch 2 */
    put_unified(&w, 0x12, "client", 50);  /* C, epoch 2: to the end */
    send_datagram(c, SERVER, &w);
    assert_int_equal(c->seen.retry, TRUTH_NO);
    assert_string_equal(c->seen.cid, "client");
    assert_string_equal(c->seen.last_cid.from, "server");
    assert_int_equal(c->seen.last_cid.unified, TRUTH_YES);
    assert_int_equal(c->seen.last_cid.inferred, TRUTH_NO);
    w.len = 0;
    put_unified(&w, 0x17, "srv", 60); /* C, L, epoch 3, 8-bit number */
    put_unified(&w, 0x07, "", 60);    /* without connection id */
    send_datagram(c, CLIENT, &w);
    w.len = 0;
    put_number(&body, 0, 0);
    body.len = 0;
    put_number(&body, 0, 2);
    put_record(&w, DTLS_ACK, DTLS_VERSION_12, 0, &body);
    send_datagram(c, CLIENT, &w);
    struct seen seen = end(c);
    assert_string_equal(seen.order, "CSCS");
    assert_int_equal(seen.malformed + seen.cut, 0);
    assert_int_equal(seen.cids, 2);
    assert_string_equal(seen.cid, "srv");
    assert_int_equal(seen.sessions, 1);
    assert_int_equal(seen.session.version.value, DTLS_VERSION_13);
    assert_int_equal(seen.session.client_cid_len.value, 3);
    assert_int_equal(seen.session.server_cid_len.value, 6);
    assert_int_equal(seen.session.cid_inferred, TRUTH_NO);
    assert_int_equal(seen.session.cid_records.value, 3);
    assert_true(seen.session.client_cid_last_ns.seen);
    assert_int_equal(seen.session.client_plain.value, 3);
}

/* --- after the first handshake --- */

/* A new handshake on the same ports (RFC 6347 section 4.2.8); what its first exchange cost is told, too. */
static void test_new_handshake(void **state)
{
    enum { HEADERS = 13 + 12 }; /* of the record and of the message */
    (void)state;
    struct conversation *c = begin();
    struct hello hello = plain_client;
    struct writer body, w = {.len = 0};
    size_t asked = 0, answered = 0;
    for (uint8_t round = 1; round <= 3; round++) {
        hello.fill = round;
        body = client_hello(&hello);
        asked = body.len + HEADERS;
        send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body);
        send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body);
        assert_int_equal(c->seen.hellos, round);
        assert_int_equal(c->seen.random, round);
        assert_int_equal(c->seen.sessions, round - 1u);
        struct hello answer = psk_server;
        answer.fill = (uint8_t)(0x80 + round);
        body = server_hello(&answer);
        answered = body.len + HEADERS;
        send_message(c, SERVER, TLS_SERVER_HELLO, 0, &body);
        w.len = 0;
        put_change_cipher(&w);
        put_protected(&w, 1, 40);
        for (unsigned i = 0; i < 20; i++) {
            send_datagram(c, CLIENT, &w);
            send_datagram(c, SERVER, &w);
            w.len = 0;
            put_protected(&w, 1, 40);
        }
    }
    struct seen seen = end(c);
    assert_string_equal(seen.order, "CSCSCS");
    assert_int_equal(seen.sessions, 3);
    assert_int_equal(seen.malformed + seen.cut, 0);
    assert_int_equal(seen.session.client_hello_bytes.value, 2 * asked);
    assert_int_equal(seen.session.server_first_bytes.value, answered);
    assert_int_equal(seen.session.client_repeated.value, 1);
    assert_int_equal(seen.session.client_flights.value, 1);
}

/* Of the first handshake the hello with number 0 is not in the capture. */
static void test_new_handshake_from_its_start(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct hello hello = plain_client;
    struct writer body = client_hello(&hello);
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 1, &body);
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body); /* came late */
    assert_int_equal(c->seen.sessions, 0);
    for (uint8_t round = 0; round < 2; round++) {
        hello.fill = 0x31;
        body = client_hello(&hello);
        send_message(c, CLIENT, TLS_CLIENT_HELLO, round, &body);
        body = server_hello(&psk_server);
        send_message(c, SERVER, TLS_SERVER_HELLO, round, &body);
    }
    assert_int_equal(c->seen.sessions, 1);
    struct seen seen = end(c);
    assert_int_equal(seen.sessions, 2);
    assert_int_equal(seen.random, 0x31);
    assert_int_equal(seen.servers, 2);
}

/* The client's side is not in the capture: another server random tells. A hello retry request does not. */
static void test_new_handshake_of_server(void **state)
{
    (void)state;
    struct conversation *c = begin();
    static const uint8_t fills[] = {0, 5, 0, 5, 6, 6};
    static const uint16_t seqs[] = {0, 1, 0, 1, 1, 1};
    for (size_t i = 0; i < sizeof fills; i++) {
        struct hello answer = psk_server;
        answer.fill = fills[i];
        struct writer body = server_hello(&answer);
        send_message(c, SERVER, TLS_SERVER_HELLO, seqs[i], &body);
    }
    struct seen seen = end(c);
    assert_string_equal(seen.order, "SSS");
    assert_int_equal(seen.sessions, 2);
}

static void test_repeated_flights(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer hello = server_hello(&psk_server), body = {.len = 0};
    put_number(&body, 0, 2);
    for (unsigned round = 0; round < 4; round++) {
        send_message(c, SERVER, TLS_SERVER_HELLO, 0, &hello);
        send_message(c, SERVER, TLS_SERVER_KEY_EXCHANGE, 1, &body);
        send_message(c, SERVER, TLS_SERVER_HELLO_DONE, 2, &(struct writer){.len = 0});
    }
    struct seen seen = end(c);
    assert_string_equal(seen.order, "Ss");
    assert_int_equal(seen.session.server_repeated.value, 9);
    assert_int_equal(seen.session.server_flights.value, 3);
}

static void test_alerts(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client), w = {.len = 0};
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body);
    body.len = 0;
    put_number(&body, 0x0228, 2);
    put_record(&w, DTLS_ALERT, DTLS_VERSION_12, 0, &body);
    put_record(&w, DTLS_ALERT, DTLS_VERSION_12, 1, &body); /* protected: not read */
    send_datagram(c, SERVER, &w);
    struct seen seen = end(c);
    assert_int_equal(seen.alerts, 1);
    assert_string_equal(seen.from, "server");
}

/* --- connection ids --- */

static void test_negotiated_cids(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct hello hello = plain_client, answer = psk_server;
    hello.cid = ""; /* the client wants none, but uses the server's */
    answer.cid = "eight888";
    struct writer body = client_hello(&hello), w = {.len = 0};
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body);
    body = server_hello(&answer);
    send_message(c, SERVER, TLS_SERVER_HELLO, 0, &body);
    put_change_cipher(&w);
    put_tls12_cid(&w, "eight888", 40);
    put_tls12_cid(&w, "eight888", 33);
    send_datagram(c, CLIENT, &w);
    w.len = 0;
    put_tls12_cid(&w, "nine8888", 40); /* the server may have given another one, protected */
    send_datagram(c, CLIENT, &w);
    w.len = 0;
    put_protected(&w, 1, 40);
    send_datagram(c, SERVER, &w);
    struct seen seen = end(c);
    assert_int_equal(seen.cids, 2);
    assert_string_equal(seen.cid, "nine8888");
    assert_string_equal(seen.last_cid.from, "client");
    assert_int_equal(seen.last_cid.inferred, TRUTH_NO);
    assert_int_equal(seen.last_cid.unified, TRUTH_NO);
    assert_int_equal(seen.session.client_cid_len.value, 8);
    assert_true(seen.session.server_cid_len.seen);
    assert_int_equal(seen.session.server_cid_len.value, 0);
    assert_int_equal(seen.session.cid_records.value, 3);
    assert_int_equal(seen.malformed + seen.cut, 0);
}

static void test_inferred_cids(void **state)
{
    (void)state;
    static const char *const cids[] = {"1", "12345678", "a connection id of 32 bytes, no less"};
    for (size_t i = 0; i < sizeof cids / sizeof *cids; i++)
        for (unsigned records = 1; records <= 3; records++) {
            struct conversation *c = begin();
            struct writer w = {.len = 0};
            for (unsigned n = 0; n < records; n++)
                put_tls12_cid(&w, cids[i], 30 + n);
            assert_int_equal(dissector_dtls.recognises(reader_of(span_of(w.at, w.len))),
                             RECOGNISE_YES);
            send_datagram(c, SERVER, &w);
            send_datagram(c, SERVER, &w);
            struct seen seen = end(c);
            assert_int_equal(seen.cids, 1);
            assert_string_equal(seen.cid, cids[i]);
            assert_int_equal(seen.last_cid.len.value, strlen(cids[i]));
            assert_int_equal(seen.last_cid.inferred, TRUTH_YES);
            assert_int_equal(seen.session.cid_inferred, TRUTH_YES);
            assert_int_equal(seen.session.server_cid_len.value, strlen(cids[i]));
            assert_int_equal(seen.session.cid_records.value, 2u * records);
            assert_int_equal(seen.malformed + seen.cut, 0);
        }
}

/* Two lengths fit: nothing is said, until a datagram fits one only. */
static void test_ambiguous_cid(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer w = {.len = 0};
    put_number(&w, DTLS_TLS12_CID, 1);
    put_number(&w, DTLS_VERSION_12, 2);
    put_number(&w, 1, 2);
    put_number(&w, 5, 6);
    size_t start = w.len;
    put_fill(&w, 0xe7, 40);
    w.at[start + 4] = 0; /* length at 4: 34 follow */
    w.at[start + 5] = 34;
    w.at[start + 8] = 0; /* length at 8: 30 follow */
    w.at[start + 9] = 30;
    assert_int_equal(dissector_dtls.recognises(reader_of(span_of(w.at, w.len))), RECOGNISE_NO);
    send_datagram(c, SERVER, &w);
    assert_int_equal(c->seen.cids, 0);
    w.len = 0;
    put_tls12_cid(&w, "1234", 60);
    send_datagram(c, SERVER, &w);
    assert_int_equal(c->seen.cids, 1);
    assert_string_equal(c->seen.cid, "1234");
    end(c);
}

/* Random bytes of the record may look like its length behind a connection id that is longer than usual. */
static void test_long_cid_is_unusual(void **state)
{
    (void)state;
    static const size_t others[][2] = {{21, 0}, {21, 30}, {20, 0}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct writer w = {.len = 0};
        put_tls12_cid(&w, "12345678", 60);
        for (size_t j = 0; j < 2 && others[i][j] != 0; j++) {
            const size_t at = 11 + others[i][j]; /* the type, version, epoch and number before it */
            w.at[at] = 0;
            w.at[at + 1] = (uint8_t)(w.len - at - 2);
        }
        const struct number len = dtls_record_infer_cid_len(reader_of(span_of(w.at, w.len)));
        assert_int_equal(len.seen, others[i][0] > 20);
        assert_int_equal(len.value, others[i][0] > 20 ? 8 : 0);
    }
}

static void test_many_cids(void **state)
{
    (void)state;
    struct conversation *c = begin();
    for (unsigned i = 0; i < 1000; i++) {
        char cid[5] = {(char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676), 'x'};
        struct writer w = {.len = 0};
        put_tls12_cid(&w, cid, 40);
        send_datagram(c, SERVER, &w);
    }
    struct seen seen = end(c);
    assert_int_equal(seen.cids, 64);
    assert_int_equal(seen.session.cid_records.value, 1000);
}

/* --- sessions of which the beginning is not in the capture --- */

/* DTLS 1.3 from a new address: the second datagram proves it. The engine asks |recognises| first. */
static void test_rebound_13(void **state)
{
    (void)state;
    static const uint8_t bits[] = {0x1d, 0x1e, 0x1f, 0x0f}; /* with and without connection id */
    for (size_t i = 0; i < sizeof bits; i++)
        for (unsigned second = 0; second < 2; second++) {
            struct conversation *c = begin();
            struct writer w = {.len = 0};
            put_unified(&w, bits[i], "eight888", 50);
            assert_int_equal(dissector_dtls.recognises(reader_of(span_of(w.at, w.len))),
                             RECOGNISE_YES);
            assert_int_equal(send_datagram(c, CLIENT, &w), DISSECT_MORE);
            assert_int_equal(c->seen.cids, 0);
            w.len = 0;
            put_unified(&w, bits[i], second == CLIENT ? "eight888" : "six666", 70);
            put_unified(&w, bits[i], second == CLIENT ? "eight888" : "six666", 30);
            assert_int_equal(send_datagram(c, second, &w), DISSECT_MORE);
            assert_int_equal(c->seen.cids, bits[i] & 0x10 ? 1 : 0);
            w.len = 0;
            put_unified(&w, bits[i] & 0x1b, "eight888", 40); /* without a length */
            assert_int_equal(send_datagram(c, CLIENT, &w), DISSECT_MORE);
            struct seen seen = end(c);
            assert_int_equal(seen.sessions, 1);
            assert_int_equal(seen.session.unified, TRUTH_YES);
            assert_false(seen.session.version.seen || seen.session.record_version.seen);
            assert_int_equal(seen.malformed + seen.cut, 0);
            if (!(bits[i] & 0x10))
                continue;
            assert_string_equal(seen.cid, "eight888");
            assert_int_equal(seen.cids, second == CLIENT ? 1 : 2);
            assert_int_equal(seen.session.client_cid_len.value, 8);
            assert_int_equal(seen.session.cid_inferred, TRUTH_YES);
            assert_int_equal(seen.last_cid.inferred, TRUTH_YES);
            assert_int_equal(seen.last_cid.unified, TRUTH_YES);
        }
}

/* What only looked like DTLS 1.3 is given back, and nothing is told of it. */
static void test_not_13(void **state)
{
    (void)state;
    static const char *const seconds[] = {"another!", "eight88", NULL};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        struct conversation *c = begin();
        struct writer w = {.len = 0};
        put_unified(&w, 0x1f, "eight888", 50);
        assert_int_equal(send_datagram(c, CLIENT, &w), DISSECT_MORE);
        w.len = 0;
        if (seconds[i] != NULL)
            put_unified(&w, 0x1f, seconds[i], 50);
        else
            put(&w, "some other protocol", 19);
        assert_int_equal(send_datagram(c, CLIENT, &w), DISSECT_NOT_MINE);
        struct seen seen = end(c);
        assert_int_equal(seen.sessions + seen.cids + seen.malformed + seen.cut, 0);
    }
    struct conversation *c = begin();
    struct writer w = {.len = 0};
    put_unified(&w, 0x1f, "eight888", 50);
    send_datagram(c, CLIENT, &w);
    assert_int_equal(end(c).sessions, 0);
}

/* --- which datagrams --- */

struct sample {
    const char *about;
    const char *bytes;
    size_t len;
    enum recognise answer;
};

#define SAMPLE(about, bytes, answer)                                                               \
    {                                                                                              \
        about, bytes, sizeof(bytes) - 1, answer                                                    \
    }
#define ZEROS8  "\0\0\0\0\0\0\0\0"
#define ZEROS24 ZEROS8 ZEROS8 ZEROS8

static const struct sample samples[] = {
    SAMPLE("empty", "", RECOGNISE_NO),
    SAMPLE("DNS", "\x12\x34\x01\0\0\1\0\0\0\0\0\0\3www\2ex\0\0\1\0\1", RECOGNISE_NO),
    SAMPLE("alert", "\x15\xfe\xff\0\0\0\0\0\0\0\0\0\2\2\x28", RECOGNISE_YES),
    SAMPLE("alert of 3 bytes", "\x15\xfe\xff\0\0\0\0\0\0\0\0\0\3\2\x28\0", RECOGNISE_NO),
    SAMPLE("alert of level 3", "\x15\xfe\xff\0\0\0\0\0\0\0\0\0\2\3\x28", RECOGNISE_NO),
    SAMPLE("ChangeCipherSpec", "\x14\xfe\xfd\0\0\0\0\0\0\0\0\0\1\1", RECOGNISE_YES),
    SAMPLE("ChangeCipherSpec of OpenSSL", "\x14\1\0\0\0\0\0\0\0\0\0\0\3\1\0\2", RECOGNISE_YES),
    SAMPLE("ChangeCipherSpec, too long", "\x14\xfe\xfd\0\0\0\0\0\0\0\0\0\3\1\0\2", RECOGNISE_NO),
    SAMPLE("application data", "\x17\xfe\xfd\0\1\0\0\0\0\0\0\0\x18" ZEROS24, RECOGNISE_YES),
    SAMPLE("in clear", "\x17\xfe\xfd\0\0\0\0\0\0\0\0\0\x18" ZEROS24, RECOGNISE_NO),
    SAMPLE("other version", "\x17\xfe\xfe\0\1\0\0\0\0\0\0\0\x18" ZEROS24, RECOGNISE_NO),
    SAMPLE("TLS", "\x17\3\3\0\x30" ZEROS24 ZEROS24, RECOGNISE_NO),
    SAMPLE("longer than the datagram", "\x17\xfe\xfd\0\1\0\0\0\0\0\0\0\x19" ZEROS24, RECOGNISE_NO),
    SAMPLE("then no record", "\x17\xfe\xfd\0\1\0\0\0\0\0\0\0\x08" ZEROS24, RECOGNISE_NO),
    SAMPLE("in CAPWAP", "\1\0\0\0\x17\xfe\xff\0\1\0\0\0\0\0\0\0\x18" ZEROS24, RECOGNISE_YES),
    SAMPLE("STUN", "\0\1\0\x10\x21\x12\xa4\x42" ZEROS24, RECOGNISE_MAYBE),
    SAMPLE("without magic cookie", "\0\1\0\x10\x21\x12\xa4\x43" ZEROS24, RECOGNISE_NO),
    SAMPLE("RTP", "\x80\x60\0\1\0\0\0\1\0\0\0\1" ZEROS24, RECOGNISE_NO),
    SAMPLE("DTLS 1.3", "\x2f\1\2\0\x18" ZEROS24, RECOGNISE_YES),
    SAMPLE("of epoch 0", "\x2c\1\2\0\x18" ZEROS24, RECOGNISE_NO),
    SAMPLE("without a length", "\x2b\1\2" ZEROS24, RECOGNISE_NO),
    SAMPLE("with another length", "\x2f\1\2\0\x17" ZEROS24, RECOGNISE_NO),
    SAMPLE("no connection id fits", "\x19\xfe\xfd\0\1\0\0\0\0\0\0" ZEROS24, RECOGNISE_NO),
};

static void test_recognises(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct sample *s = &samples[i];
        for (size_t len = 0; len <= s->len; len++) {
            uint8_t *exact = malloc(len + 1);
            assert_non_null(exact);
            memcpy(exact, s->bytes, len);
            enum recognise answer = dissector_dtls.recognises(reader_of(span_of(exact, len)));
            free(exact);
            if (len == s->len && answer != s->answer)
                fail_msg("%s: %d", s->about, answer);
            if (len < s->len && s->answer == RECOGNISE_YES && answer == RECOGNISE_YES)
                fail_msg("%s: recognised in %zu bytes", s->about, len);
        }
    }
}

/* Behind a server's hello, of whose client nothing was seen, there are connection ids of any length. */
static void test_recognises_unknown_cids(void **state)
{
    (void)state;
    static const char *const cids[] = {"c", "client"};
    struct hello answer = psk_server;
    answer.supported = DTLS_VERSION_13;
    for (size_t i = 0; i < sizeof cids / sizeof *cids; i++) {
        struct writer body = server_hello(&answer), w = {.len = 0};
        put_handshake(&w, DTLS_VERSION_12, TLS_SERVER_HELLO, 0, &body);
        put_unified(&w, 0x1e, cids[i], 40);
        put_unified(&w, 0x1e, cids[i], 60);
        assert_int_equal(dissector_dtls.recognises(reader_of(span_of(w.at, w.len))), RECOGNISE_YES);
        struct conversation *c = begin();
        send_datagram(c, SERVER, &w);
        struct seen seen = end(c);
        assert_int_equal(seen.servers, 1);
        assert_string_equal(seen.cid, cids[i]);
        assert_int_equal(seen.malformed + seen.cut, 0);
    }
}

static void test_other_protocols_are_passed_over(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client), w = {.len = 0};
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &body);
    put(&w, "\x80\x60\0\1\0\0\0\1\0\0\0\1 some media", 22);
    send_datagram(c, CLIENT, &w);
    w.len = 0;
    put(&w, "\0\1\0\0\x21\x12\xa4\x42 is STUN....", 20);
    send_datagram(c, SERVER, &w);
    w.len = 0;
    send_datagram(c, SERVER, &w);
    assert_int_equal(c->seen.malformed + c->seen.cut, 0);
    put(&w, "\x17\xfe\xfd but no record", 17);
    send_datagram(c, SERVER, &w);
    send_datagram(c, SERVER, &w);
    struct seen seen = end(c);
    assert_int_equal(seen.malformed, 1);
    assert_int_equal(seen.session.server_plain.value, 0);
}

/* A side that sends nothing in clear any more is quiet, until something in clear wakes it. */
static void test_quiet(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client), w = {.len = 0};
    put_handshake(&w, DTLS_VERSION_12, TLS_CLIENT_HELLO, 0, &body);
    assert_true(dissector_dtls.wakes(reader_of(span_of(w.at, w.len))));
    struct writer data = {.len = 0};
    put_protected(&data, 1, 40);
    assert_false(dissector_dtls.wakes(reader_of(span_of(data.at, data.len))));
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(send_datagram(c, CLIENT, &w), DISSECT_MORE);
        unsigned calls = 0;
        while (send_datagram(c, CLIENT, &data) == DISSECT_MORE)
            assert_in_range(++calls, 1, 20);
        assert_in_range(calls, 2, 20);
    }
    end(c);
    c = begin();
    w.len = 0;
    put_tls12_cid(&w, "cid", 40);
    assert_true(dissector_dtls.wakes(reader_of(span_of(w.at, w.len))));
    for (unsigned i = 0; i < 50; i++) /* connection ids are always looked at */
        assert_int_equal(send_datagram(c, CLIENT, &w), DISSECT_MORE);
    end(c);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct span bytes = span_of(samples[i].bytes, samples[i].len);
        bool clear = i >= 2 && i <= 7;
        clear = clear || strcmp(samples[i].about, "in clear") == 0;
        clear = clear || strcmp(samples[i].about, "no connection id fits") == 0;
        if (samples[i].len > 5 && dissector_dtls.wakes(reader_of(bytes)) != clear)
            fail_msg("%s", samples[i].about);
    }
}

static void test_capwap(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client), w = {.len = 0};
    put_number(&w, 0x01000000, 4);
    put_handshake(&w, DTLS_VERSION_10, TLS_CLIENT_HELLO, 0, &body);
    assert_int_equal(dissector_dtls.recognises(reader_of(span_of(w.at, w.len))), RECOGNISE_YES);
    assert_true(dissector_dtls.wakes(reader_of(span_of(w.at, w.len))));
    send_datagram(c, CLIENT, &w);
    assert_int_equal(end(c).hellos, 1);
}

/* --- hostile bytes --- */

/* Datagrams of all kinds, with which every prefix and random changes are tried. */
static size_t make_script(struct writer *script, unsigned *sides)
{
    size_t num = 0;
    struct hello hello = plain_client, answer = psk_server;
    hello.cid = "cl";
    answer.cid = "server";
    struct writer body = client_hello(&hello);
    put_part(&script[num], TLS_CLIENT_HELLO, 0, &body, 0, 40);
    put_part(&script[num], TLS_CLIENT_HELLO, 0, &body, 30, body.len - 30);
    sides[num++] = CLIENT;
    body = hello_verify_request(DTLS_VERSION_10, "cookie");
    put_handshake(&script[num], DTLS_VERSION_10, TLS_HELLO_VERIFY_REQUEST, 0, &body);
    sides[num++] = SERVER;
    body = client_hello(&hello);
    put_handshake(&script[num], DTLS_VERSION_12, TLS_CLIENT_HELLO, 1, &body);
    sides[num++] = CLIENT;
    body = server_hello(&answer);
    put_part(&script[num], TLS_SERVER_HELLO, 1, &body, 20, body.len - 20);
    put_part(&script[num], TLS_SERVER_HELLO, 1, &body, 0, 25);
    body.len = 0;
    put_number(&body, 4, 2);
    put(&body, "hint", 4);
    put_handshake(&script[num], DTLS_VERSION_12, TLS_SERVER_KEY_EXCHANGE, 2, &body);
    sides[num++] = SERVER;
    put_handshake(&script[num], DTLS_VERSION_12, TLS_CLIENT_KEY_EXCHANGE, 2, &body);
    put_change_cipher(&script[num]);
    put_tls12_cid(&script[num], "server", 40);
    sides[num++] = CLIENT;
    put_tls12_cid(&script[num], "cl", 40);
    put_unified(&script[num], 0x1d, "cl", 20);
    put_unified(&script[num], 0x08, "", 20);
    sides[num++] = SERVER;
    return num;
}

enum { SCRIPT_LEN = 6 };

static void test_every_prefix(void **state)
{
    (void)state;
    static struct writer script[SCRIPT_LEN];
    memset(script, 0, sizeof script);
    unsigned sides[SCRIPT_LEN];
    assert_int_equal(make_script(script, sides), SCRIPT_LEN);
    struct conversation *c = begin();
    for (size_t i = 0; i < SCRIPT_LEN; i++)
        send_datagram(c, sides[i], &script[i]);
    struct seen seen = end(c);
    assert_string_equal(seen.order, "CVCSsc");
    assert_int_equal(seen.malformed + seen.cut, 0);
    assert_int_equal(seen.cids, 2);
    for (size_t last = 0; last < SCRIPT_LEN; last++)
        for (size_t len = 0; len < script[last].len; len++)
            for (unsigned snapped = 0; snapped < 2; snapped++) {
                c = begin();
                for (size_t i = 0; i < last; i++)
                    send_datagram(c, sides[i], &script[i]);
                static struct writer prefix;
                prefix = script[last];
                prefix.len = len;
                send_cut(c, sides[last], &prefix, snapped ? script[last].len - len : 0);
                seen = end(c);
                assert_true(!snapped || seen.malformed == 0);
            }
}

static void test_random_changes(void **state)
{
    (void)state;
    static struct writer script[SCRIPT_LEN];
    memset(script, 0, sizeof script);
    unsigned sides[SCRIPT_LEN];
    make_script(script, sides);
    uint32_t seed = 9;
    for (unsigned round = 0; round < 4000; round++) {
        struct conversation *c = begin();
        c->budget.limit = round % 3 == 0 ? 300 : 1 << 20;
        for (size_t i = 0; i < SCRIPT_LEN; i++) {
            static struct writer changed;
            changed = script[i];
            for (unsigned n = next_random(&seed) % 4; n > 0; n--)
                changed.at[next_random(&seed) % changed.len] = (uint8_t)next_random(&seed);
            dissector_dtls.recognises(reader_of(span_of(changed.at, changed.len)));
            send_datagram(c, sides[i], &changed);
        }
        end(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookie_exchange),
        cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_psk_exchange),
        cmocka_unit_test(test_dtls13),
        cmocka_unit_test(test_new_handshake),
        cmocka_unit_test(test_new_handshake_from_its_start),
        cmocka_unit_test(test_new_handshake_of_server),
        cmocka_unit_test(test_repeated_flights),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_negotiated_cids),
        cmocka_unit_test(test_inferred_cids),
        cmocka_unit_test(test_ambiguous_cid),
        cmocka_unit_test(test_long_cid_is_unusual),
        cmocka_unit_test(test_many_cids),
        cmocka_unit_test(test_rebound_13),
        cmocka_unit_test(test_not_13),
        cmocka_unit_test(test_recognises),
        cmocka_unit_test(test_recognises_unknown_cids),
        cmocka_unit_test(test_other_protocols_are_passed_over),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_capwap),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_random_changes),
    };
    return cmocka_run_group_tests_name("dtls", tests, NULL, NULL);
}
