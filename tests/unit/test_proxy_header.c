/* test_proxy_header.c: headers of the PROXY protocol, and TLS behind them. */
#include "dissectors/proxy_header.h"
#include "dissectors/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SIGNATURE   "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text) text, sizeof(text) - 1

/* A client hello of TLS 1.2 that offers one suite and nothing else. */
static const uint8_t hello[] = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03"
                               "0123456789abcdef0123456789abcdef"
                               "\x00\x00\x02\x00\xa8\x01\x00";
enum { HELLO_LEN = sizeof hello - 1 };

struct header_case {
    const char *header;
    size_t len;
    enum recognise answer;
};

#define X16 "0123456789abcdef"

static const struct header_case headers[] = {
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.22 50000 443\r\n"), RECOGNISE_YES},
    {BYTES("PROXY TCP6 2001:db8::1 2001:DB8:0:0:0:0:0:2 1 65535\r\n"), RECOGNISE_YES},
    {BYTES("PROXY UNKNOWN\r\n"), RECOGNISE_YES},
    {BYTES("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), RECOGNISE_YES},
    {BYTES("PROXY UNKNOWN " X16 X16 X16 X16 X16 "0123456789a\r\n"), RECOGNISE_YES}, /* 107 bytes */
    {BYTES("PROXY UNKNOWN " X16 X16 X16 X16 X16 "0123456789ab\r\n"), RECOGNISE_NO},
    {BYTES("PROXY TCP5 192.0.2.1 198.51.100.22 50000 443\r\n"), RECOGNISE_NO},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.22 50000\r\n"), RECOGNISE_NO},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.22 50000 443 1\r\n"), RECOGNISE_NO},
    {BYTES("PROXY TCP4 a.example b.example 50000 443\r\n"), RECOGNISE_NO},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.22 50000 443\r\r\n"), RECOGNISE_NO},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.22 50000 443\n"), RECOGNISE_NO},
    {BYTES("PROPFIND / HTTP/1.1\r\n"), RECOGNISE_NO},
    {BYTES("POST / HTTP/1.1\r\n"), RECOGNISE_NO},
    {BYTES(SIGNATURE "\x20\x00\x00\x00"), RECOGNISE_YES}, /* LOCAL */
    {BYTES(SIGNATURE "\x20\x11\x00\x03"
                     "tlv"),
     RECOGNISE_YES},
    {BYTES(SIGNATURE "\x21\x00\x00\x00"), RECOGNISE_YES}, /* unspecified */
    {BYTES(SIGNATURE "\x21\x11\x00\x0c"
                     "0123456789ab"),
     RECOGNISE_YES}, /* TCP over IPv4 */
    {BYTES(SIGNATURE "\x21\x11\x00\x0f"
                     "0123456789abtlv"),
     RECOGNISE_YES},
    {BYTES(SIGNATURE "\x21\x12\x00\x0b"
                     "0123456789a"),
     RECOGNISE_NO},                                                      /* too short for that */
    {BYTES(SIGNATURE "\x21\x21\x00\x24" X16 X16 "0123"), RECOGNISE_YES}, /* TCP over IPv6 */
    {BYTES(SIGNATURE "\x21\x21\x00\x23" X16 X16 "012"), RECOGNISE_NO},
    {BYTES(SIGNATURE "\x21\x31\x00\x24" X16 X16 "0123"), RECOGNISE_NO}, /* UNIX needs 216 */
    {BYTES(SIGNATURE "\x21\x41\x00\x0c"
                     "0123456789ab"),
     RECOGNISE_NO},
    {BYTES(SIGNATURE "\x21\x13\x00\x0c"
                     "0123456789ab"),
     RECOGNISE_NO},
    {BYTES(SIGNATURE "\x22\x11\x00\x0c"
                     "0123456789ab"),
     RECOGNISE_NO},
    {BYTES(SIGNATURE "\x11\x11\x00\x0c"
                     "0123456789ab"),
     RECOGNISE_NO},
    {BYTES("\r\n\r\n\0\r\nQUIP\n\x21\x00\x00\x00"), RECOGNISE_NO},
    {BYTES("\r\n\r\nGET / HTTP/1.1\r\n"), RECOGNISE_NO},
};
enum { NUM_HEADERS = sizeof headers / sizeof headers[0] };

/* |len| bytes of |header| and then |more|, in memory of just that size. */
static uint8_t *joined(const struct header_case *header, size_t more, size_t len)
{
    uint8_t *whole = malloc(header->len + more), *exact = malloc(len + 1);
    assert_non_null(whole);
    assert_non_null(exact);
    memcpy(whole, header->header, header->len);
    memcpy(whole + header->len, hello, more);
    memcpy(exact, whole, len);
    free(whole);
    return exact;
}

static void headers_are_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_HEADERS; i++) {
        size_t all = headers[i].len + HELLO_LEN, len = 0;
        uint8_t *bytes = joined(&headers[i], HELLO_LEN, all);
        enum recognise answer = proxy_header_measure(reader_of(span_of(bytes, all)), &len);
        if (answer != headers[i].answer)
            fail_msg("header %zu: %d", i, (int)answer);
        if (answer == RECOGNISE_YES)
            assert_int_equal(len, headers[i].len);
        free(bytes);
    }
}

/* Part of a header may become one; part of something else never says yes; with a cut it cannot become one. */
static void prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_HEADERS; i++) {
        for (size_t len = 1; len < headers[i].len; len++) {
            size_t measured;
            uint8_t *bytes = joined(&headers[i], 0, len);
            struct span part = span_of(bytes, len);
            enum recognise answer = proxy_header_measure(reader_of(part), &measured);
            if (headers[i].answer == RECOGNISE_YES)
                assert_int_equal(answer, RECOGNISE_MAYBE);
            else
                assert_int_not_equal(answer, RECOGNISE_YES);
            assert_int_not_equal(proxy_header_measure(reader_of_cut(part, 1), &measured),
                                 RECOGNISE_MAYBE);
            free(bytes);
        }
    }
}

static void nothing_is_no_header(void **state)
{
    (void)state;
    size_t len;
    assert_int_equal(proxy_header_measure(reader_of(span_of(hello, 0)), &len), RECOGNISE_NO);
    assert_false(proxy_header_possible(reader_of(span_of(hello, 0))));
}

static void tls_is_recognised_behind_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_HEADERS; i++) {
        for (size_t len = 1; len <= headers[i].len + HELLO_LEN; len++) {
            uint8_t *bytes = joined(&headers[i], HELLO_LEN, len);
            enum recognise answer = dissector_tls.recognises(reader_of(span_of(bytes, len)));
            if (headers[i].answer != RECOGNISE_YES)
                assert_int_not_equal(answer, RECOGNISE_YES);
            else
                assert_int_equal(answer,
                                 len < headers[i].len + 9 ? RECOGNISE_MAYBE : RECOGNISE_YES);
            free(bytes);
        }
    }
}

static void header_before_other_bytes_is_not_tls(void **state)
{
    (void)state;
    static const char http[] = "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n\r\n";
    assert_int_equal(dissector_tls.recognises(reader_of(span_text(http))), RECOGNISE_NO);
}

static void count_hellos(void *to, const struct observation *observation)
{
    unsigned *hellos = to;
    assert_ptr_equal(observation->type, &observation_tls_client_hello);
    ++*hellos;
}

/* Offers |bytes| in segments of |step| bytes, as the reassembly of the stream would. */
static unsigned hellos_read(const uint8_t *bytes, size_t len, size_t step)
{
    unsigned hellos = 0;
    struct flow flow = {.protocol = PROTO_TCP};
    void *tls = calloc(1, dissector_tls.state_size);
    struct scratch scratch = {0};
    size_t from = 0;
    for (size_t to = 0; to < len;) {
        to = to + step < len ? to + step : len;
        struct reader reader = reader_of(span_of(bytes + from, to - from));
        struct dissect_context context = {
            .flow = &flow, .scratch = &scratch, .emit_to = &hellos, .emit = count_hellos};
        assert_int_equal(dissector_tls.dissect(&reader, tls, &context), DISSECT_MORE);
        assert_true(reader_ok(&reader));
        from = to - reader_left(&reader);
    }
    scratch_free(&scratch);
    free(tls);
    return hellos;
}

static void tls_is_read_behind_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_HEADERS; i++) {
        if (headers[i].answer != RECOGNISE_YES)
            continue;
        size_t all = headers[i].len + HELLO_LEN;
        uint8_t *bytes = joined(&headers[i], HELLO_LEN, all);
        for (size_t step = 1; step <= all; step++)
            assert_int_equal(hellos_read(bytes, all, step), 1);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_measured),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(nothing_is_no_header),
        cmocka_unit_test(tls_is_recognised_behind_it),
        cmocka_unit_test(header_before_other_bytes_is_not_tls),
        cmocka_unit_test(tls_is_read_behind_it),
    };
    return cmocka_run_group_tests_name("proxy_header", tests, NULL, NULL);
}
