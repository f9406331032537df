/* test_probe_answers.c: what perpass-probe makes of a server's datagrams, in whatever order and number they come. */
#include "probe/answers.h"
#include "probe/bytes_out.h"
#include "probe/rank_test.h"
#include "probe/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct datagram {
    uint8_t at[600];
    struct bytes_out out;
};

static void begin(struct datagram *datagram)
{
    datagram->out = bytes_out_to(datagram->at, sizeof datagram->at);
}

/* A fragment of a message, in a record of its own. */
static void add(struct datagram *datagram, uint8_t type, uint16_t seq, struct span body,
                size_t from, size_t to)
{
    uint8_t room[300];
    struct bytes_out out = bytes_out_to(room, sizeof room);
    out_u8(&out, type);
    out_number(&out, body.len, 3);
    out_u16(&out, seq);
    out_number(&out, from, 3);
    out_vec(&out, span_of(body.at + from, to - from), 3);
    record_put(&datagram->out, DTLS_HANDSHAKE, DTLS_VERSION_12, seq, out_all(&out));
}

static void add_whole(struct datagram *datagram, uint8_t type, uint16_t seq, struct span body)
{
    add(datagram, type, seq, body, 0, body.len);
}

struct heard {
    unsigned num;
    uint16_t seqs[16];
};

static void on_message(void *to, uint8_t type, uint16_t seq, struct span body)
{
    struct heard *heard = to;
    (void)type;
    (void)body;
    assert_true(heard->num < 16);
    heard->seqs[heard->num++] = seq;
}

static bool on_protected(void *to, const struct dtls_record *record, uint8_t *type,
                         struct span *plain)
{
    (void)to;
    (void)type;
    struct reader fragment = record->fragment;
    *plain = reader_rest(&fragment);
    return true;
}

static void start(struct answers *answers, struct heard *heard)
{
    *heard = (struct heard){.num = 0};
    answers_begin(answers, &(struct answers_listener){
                               .to = heard, .message = on_message, .open = on_protected});
}

/* A server hello of TLS_PSK_WITH_AES_128_CCM_8 with the extended master secret. */
static struct span server_hello(uint8_t room[100])
{
    struct bytes_out out = bytes_out_to(room, 100);
    out_u16(&out, DTLS_VERSION_12);
    for (unsigned i = 0; i < 32; i++)
        out_u8(&out, (uint8_t)i);
    out_u8(&out, 0);
    out_u16(&out, 0xc0a8);
    out_u8(&out, 0);
    out_u16(&out, 4);
    out_number(&out, 23 << 16, 4);
    return out_all(&out);
}

static struct span hint(uint8_t room[100], const char *text)
{
    struct bytes_out out = bytes_out_to(room, 100);
    out_vec(&out, span_text(text), 2);
    return out_all(&out);
}

static void test_flight(void **state)
{
    (void)state;
    struct answers answers;
    struct heard heard;
    struct datagram datagram;
    uint8_t hello_room[100], hint_room[100];
    const struct span hello = server_hello(hello_room), exchange = hint(hint_room, "the hint");
    start(&answers, &heard);
    begin(&datagram);
    add_whole(&datagram, TLS_SERVER_HELLO_DONE, 3, span_of("", 0)); /* before its turn */
    answers_read(&answers, out_all(&datagram.out));
    assert_int_equal(heard.num, 0);
    begin(&datagram);
    add(&datagram, TLS_SERVER_KEY_EXCHANGE, 2, exchange, 4, exchange.len);
    add(&datagram, TLS_SERVER_KEY_EXCHANGE, 2, exchange, 0, 6);
    answers_read(&answers, out_all(&datagram.out));
    assert_false(answers.key_exchange);
    begin(&datagram);
    add(&datagram, TLS_SERVER_HELLO, 1, hello, 20, hello.len);
    add(&datagram, TLS_SERVER_HELLO, 1, hello, 0, 20);
    answers_read(&answers, out_all(&datagram.out));
    assert_int_equal(heard.num, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(heard.seqs[i], i + 1);
    assert_true(answers.hello_done);
    assert_int_equal(answers.hello.cipher.value, 0xc0a8);
    assert_int_equal(answers.hello.extended_master_secret, TRUTH_YES);
    assert_true(span_equal(answers.exchange.psk_hint, span_text("the hint")));
    assert_int_equal(answers.repeated_flights, 0);
    /* the flight again, twice */
    for (unsigned i = 0; i < 2; i++) {
        begin(&datagram);
        add_whole(&datagram, TLS_SERVER_HELLO, 1, hello);
        add_whole(&datagram, TLS_SERVER_KEY_EXCHANGE, 2, exchange);
        add_whole(&datagram, TLS_SERVER_HELLO_DONE, 3, span_of("", 0));
        answers_read(&answers, out_all(&datagram.out));
    }
    assert_int_equal(answers.repeated_flights, 2);
    assert_int_equal(heard.num, 3);
    answers_end(&answers);
}

static void test_cookie(void **state)
{
    (void)state;
    struct answers answers;
    struct heard heard;
    struct datagram datagram;
    const uint8_t body[] = {0xfe, 0xff, 3, 7, 8, 9}, cut[] = {0xfe, 0xff, 30, 7, 8, 9};
    start(&answers, &heard);
    begin(&datagram);
    add_whole(&datagram, TLS_HELLO_VERIFY_REQUEST, 0, span_of(cut, sizeof cut));
    answers_read(&answers, out_all(&datagram.out));
    assert_true(answers.malformed);
    assert_false(answers.hello_verify);
    answers_end(&answers);
    start(&answers, &heard);
    begin(&datagram);
    add_whole(&datagram, TLS_HELLO_VERIFY_REQUEST, 0, span_of(body, sizeof body));
    answers_read(&answers, out_all(&datagram.out));
    assert_true(answers.hello_verify);
    assert_int_equal(answers.cookie_len, 3);
    assert_memory_equal(answers.cookie, body + 3, 3);
    answers_end(&answers);
}

static void test_alerts(void **state)
{
    (void)state;
    struct answers answers;
    struct heard heard;
    struct datagram datagram;
    start(&answers, &heard);
    begin(&datagram);
    record_put(&datagram.out, DTLS_ALERT, DTLS_VERSION_12, 0, span_of("\1\144", 2));
    answers_read(&answers, out_all(&datagram.out));
    assert_false(answers.alerted);
    assert_int_equal(answers.warning.value, 100);
    begin(&datagram);
    record_put(&datagram.out, DTLS_ALERT, DTLS_VERSION_12, 1, span_of("\2\163", 2));
    record_put(&datagram.out, DTLS_ALERT, DTLS_VERSION_12, 2, span_of("\2\50", 2));
    answers_read(&answers, out_all(&datagram.out));
    assert_true(answers.alerted);
    assert_int_equal(answers.alert, 115); /* the first one */
    assert_false(answers.alert_protected);
    answers_end(&answers);
    start(&answers, &heard);
    begin(&datagram);
    record_put(&datagram.out, DTLS_ALERT, DTLS_VERSION_12, (uint64_t)1 << 48, span_of("\2\63", 2));
    answers_read(&answers, out_all(&datagram.out));
    assert_true(answers.alert_protected);
    answers_end(&answers);
}

static void test_garbage(void **state)
{
    (void)state;
    struct answers answers;
    struct heard heard;
    struct datagram datagram;
    start(&answers, &heard);
    answers_read(&answers, span_text("HTTP/1.1 400 Bad Request"));
    assert_true(answers.garbage);
    assert_false(answers.any);
    begin(&datagram);
    record_put(
        &datagram.out, DTLS_HANDSHAKE, DTLS_VERSION_12, 0,
        span_of("\2\0\0\4\0\1\0\0\0\0\0\11abcdefghi", 21)); /* a fragment beyond its message */
    answers_read(&answers, out_all(&datagram.out));
    assert_true(answers.malformed);
    assert_int_equal(heard.num, 0);
    answers_end(&answers);
    start(&answers, &heard); /* a client hello comes back */
    begin(&datagram);
    add_whole(&datagram, TLS_CLIENT_HELLO, 0, span_text("whatever"));
    answers_read(&answers, out_all(&datagram.out));
    assert_true(answers.malformed);
    answers_end(&answers);
}

/* A server that never ends its flight is not read for ever. */
static void test_endless(void **state)
{
    (void)state;
    struct answers answers;
    struct datagram datagram;
    struct heard heard = {.num = 0};
    start(&answers, &heard);
    for (unsigned i = 0; i < 1000; i++) {
        heard.num = 0;
        begin(&datagram);
        add_whole(&datagram, TLS_SUPPLEMENTAL_DATA, (uint16_t)i, span_text("more"));
        answers_read(&answers, out_all(&datagram.out));
    }
    assert_int_equal(answers.num_messages, ANSWERS_MAX_MESSAGES);
    answers_end(&answers);
    assert_int_equal(answers.budget.used, 0);
}

/* --- times --- */

static void test_rank(void **state)
{
    (void)state;
    const uint64_t low[] = {1, 2, 3}, high[] = {4, 5, 6}, mixed[] = {1, 4, 5}, other[] = {2, 3, 6};
    /* one of the 20 orders, and its mirror image */
    assert_true(rank_test(low, 3, high, 3) > 0.0999 && rank_test(low, 3, high, 3) < 0.1001);
    assert_true(rank_test(high, 3, low, 3) > 0.0999 && rank_test(high, 3, low, 3) < 0.1001);
    assert_true(rank_test(mixed, 3, other, 3) > 0.9);
    assert_true(rank_test(low, 3, low, 3) > 0.9);
    uint64_t a[12], b[12];
    for (unsigned i = 0; i < 12; i++) {
        a[i] = i;
        b[i] = 100 + i;
    }
    /* 2 of C(24, 12) = 2704156 */
    assert_true(rank_test(a, 12, b, 12) > 7.3e-7 && rank_test(a, 12, b, 12) < 7.5e-7);
    assert_int_equal(rank_median(b, 12), 106);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flight),  cmocka_unit_test(test_cookie),
        cmocka_unit_test(test_alerts),  cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_endless), cmocka_unit_test(test_rank),
    };
    return cmocka_run_group_tests_name("probe_answers", tests, NULL, NULL);
}
