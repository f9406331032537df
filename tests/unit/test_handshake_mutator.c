/* test_handshake_mutator.c: what the mutator of TLS and DTLS makes of a conversation is one again: whole records, whole
 * messages, lists of extensions with their length; and with the same seed the same. */
#include "core/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/handshake_flight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_SCRIPT = 1 << 16, SEEDS = 3000, CLIENT_HELLO = 1, HANDSHAKE = 22 };

static unsigned plain; /* changes that were left to the fuzzer */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    assert_true(size <= max_size);
    plain++;
    if (size < max_size)
        data[size++] = 0x5a;
    return size;
}

/* ClientHello behind its header, with three extensions. */
static void put_hello(struct bytes *out, bool dtls)
{
    static const uint8_t zeros[34];
    bytes_put(out, zeros, sizeof zeros);        /* version and random */
    bytes_put_number(out, 0, 1);                /* session_id */
    bytes_put_number(out, 0, dtls ? 1 : 0);     /* cookie */
    bytes_put(out, "\0\4\x13\1\xc0\x2f", 6);    /* cipher_suites */
    bytes_put(out, "\1\0", 2);                  /* compression_methods */
    bytes_put(out, "\0\x16", 2);                /* extensions */
    bytes_put(out, "\0\0\0\7\0\5\0\0\2ab", 11); /* server_name */
    bytes_put(out, "\0\xa\0\2\0\0", 6);         /* supported_groups */
    bytes_put(out, "\xff\1\0\1\0", 5);          /* renegotiation_info */
}

static void add_item(struct flight *flight, enum item_kind kind, uint8_t side, uint8_t content,
                     struct span body)
{
    struct item *item = &flight->items[flight->num++];
    *item = (struct item){.kind = kind,
                          .side = side,
                          .content = content,
                          .type = CLIENT_HELLO,
                          .version = 0x0303,
                          .body = malloc(FLIGHT_MAX_BODY),
                          .len = body.len};
    assert_non_null(item->body);
    memcpy(item->body, body.at, body.len);
}

/* A hello, a message of 700 bytes from the other side, an alert, and of DTLS a record of 1.3. */
static size_t make_script(enum handshake_transport transport, uint8_t script[MAX_SCRIPT])
{
    static const uint8_t message[700], alert[2] = {1, 0}, unified[9] = {0x2c, 0, 1, 0, 4};
    struct flight flight = {.transport = transport, .random = 1};
    uint8_t room[128];
    struct bytes hello = {.at = room, .room = sizeof room};
    put_hello(&hello, transport == HANDSHAKE_DTLS);
    add_item(&flight, ITEM_MESSAGE, 0, HANDSHAKE, span_of(room, hello.len));
    add_item(&flight, ITEM_MESSAGE, 1, HANDSHAKE, span_of(message, sizeof message));
    flight.items[1].type = 11;
    add_item(&flight, ITEM_RECORD, 0, 21, span_of(alert, sizeof alert));
    if (transport == HANDSHAKE_DTLS)
        add_item(&flight, ITEM_RAW, 1, 0, span_of(unified, sizeof unified));
    struct bytes out = {.at = script, .room = MAX_SCRIPT};
    flight_write(&flight, &out);
    flight_free(&flight);
    return out.len;
}

static struct flight read_script(enum handshake_transport transport, const uint8_t *script,
                                 size_t len)
{
    struct flight flight = {.transport = transport, .random = 1};
    flight_read(&flight, span_of(script, len));
    return flight;
}

/* What was written in any way is read as what it was. */
static void check_reading(enum handshake_transport transport, size_t num)
{
    static uint8_t script[MAX_SCRIPT], again[MAX_SCRIPT];
    size_t len = make_script(transport, script);
    for (uint32_t seed = 1; seed < 200; seed++) {
        struct flight flight = read_script(transport, script, len);
        assert_int_equal(flight.num, num);
        assert_int_equal(flight.rest, 0);
        assert_int_equal(flight.items[0].kind, ITEM_MESSAGE);
        assert_int_equal(flight.items[0].len, transport == HANDSHAKE_DTLS ? 68 : 67);
        assert_int_equal(flight.items[1].kind, ITEM_MESSAGE);
        assert_int_equal(flight.items[1].len, 700);
        assert_int_equal(flight.items[1].side, 1);
        assert_int_equal(flight.items[2].content, 21);
        flight.random = seed * 77777;
        struct bytes out = {.at = again, .room = sizeof again};
        flight_write(&flight, &out);
        flight_free(&flight);
        memcpy(script, again, out.len);
        len = out.len;
    }
}

static void test_reading(void **state)
{
    (void)state;
    check_reading(HANDSHAKE_TLS, 3);
    check_reading(HANDSHAKE_DTLS, 4);
}

/* The sum of the types of the hello's extensions; 0 if the list does not end where the message does. */
static uint32_t extensions_of(const struct item *item, bool dtls)
{
    struct reader body = reader_of(span_of(item->body, item->len));
    uint32_t sum = 1;
    reader_skip(&body, 34);
    reader_skip(&body, reader_u8(&body));
    if (dtls)
        reader_skip(&body, reader_u8(&body));
    reader_skip(&body, reader_u16(&body));
    reader_skip(&body, reader_u8(&body));
    struct reader list = reader_vec16(&body);
    while (reader_more(&list)) {
        sum += reader_u16(&list);
        reader_skip(&list, reader_u16(&list));
    }
    reader_close(&body, &list, "extensions");
    return reader_ok(&body) && !reader_more(&body) ? sum : 0;
}

static void check_changes(enum handshake_transport transport)
{
    static uint8_t script[MAX_SCRIPT], first[MAX_SCRIPT], second[MAX_SCRIPT];
    const size_t len = make_script(transport, script);
    unsigned structured = 0, whole = 0, hellos = 0, sums = 0;
    uint32_t last = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        memcpy(first, script, len);
        memcpy(second, script, len);
        plain = 0;
        const size_t size = handshake_mutate(transport, first, len, MAX_SCRIPT, seed);
        assert_int_equal(handshake_mutate(transport, second, len, MAX_SCRIPT, seed), size);
        assert_memory_equal(first, second, size);
        struct flight flight = read_script(transport, first, size);
        whole += flight.rest == 0;
        structured += plain == 0;
        assert_true(plain != 0 || flight.rest == 0);
        for (size_t i = 0; i < flight.num; i++) {
            const struct item *item = &flight.items[i];
            assert_true(plain != 0 || item->content != HANDSHAKE || item->kind == ITEM_MESSAGE);
            if (item->kind != ITEM_MESSAGE || item->type != CLIENT_HELLO || item->len > 400)
                continue;
            const uint32_t sum = extensions_of(item, transport == HANDSHAKE_DTLS);
            assert_true(plain != 0 || sum != 0);
            hellos++;
            sums += sum != last;
            last = sum;
        }
        flight_free(&flight);
    }
    print_message("of %d changes %u without the fuzzer's own, %u of whole records; %u of %u hellos "
                  "with other extensions than the one before\n",
                  SEEDS, structured, whole, sums, hellos);
    assert_true(structured > SEEDS / 2 && structured < SEEDS);
    assert_true(sums > SEEDS / 4);
}

static void test_changes(void **state)
{
    (void)state;
    check_changes(HANDSHAKE_TLS);
    check_changes(HANDSHAKE_DTLS);
}

/* What does not fit is left out, and bytes that are no records are the fuzzer's. */
static void test_room(void **state)
{
    (void)state;
    static uint8_t script[MAX_SCRIPT], copy[MAX_SCRIPT];
    const size_t len = make_script(HANDSHAKE_DTLS, script);
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        memcpy(copy, script, len);
        assert_true(handshake_mutate(HANDSHAKE_DTLS, copy, len, len, seed) <= len);
    }
    plain = 0;
    memset(copy, 0xff, 8);
    assert_int_equal(handshake_mutate(HANDSHAKE_TLS, copy, 8, 16, 1), 9);
    assert_int_equal(plain, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reading),
                                       cmocka_unit_test(test_changes), cmocka_unit_test(test_room)};
    return cmocka_run_group_tests_name("handshake_mutator", tests, NULL, NULL);
}
