/* test_dtls_fragments.c: DTLS handshake messages in fragments: in every order and size, some missing, some that
 * lie, and the bounds. */
#include "tests/unit/dtls_conversation.h"

/* --- fragments --- */

/* One fragment: of the message |seq|, from the tenth part |from| up to the tenth part |to|. */
struct part {
    uint8_t seq, from, to;
};

struct arrangement {
    const char *about;
    struct part parts[12]; /* up to the first empty one */
    unsigned repeated;
};

static const struct arrangement arrangements[] = {
    {"in order", {{1, 0, 5}, {1, 5, 10}, {2, 0, 3}, {2, 3, 10}}, 0},
    {"whole", {{1, 0, 10}, {2, 0, 10}}, 0},
    {"backwards", {{1, 7, 10}, {1, 4, 7}, {1, 0, 4}, {2, 5, 10}, {2, 0, 5}}, 0},
    {"messages the wrong way round", {{2, 0, 10}, {1, 0, 10}}, 0},
    {"interleaved", {{2, 0, 5}, {1, 5, 10}, {2, 5, 10}, {1, 0, 5}}, 0},
    {"overlapping", {{1, 0, 6}, {1, 3, 8}, {1, 5, 10}, {2, 4, 10}, {2, 0, 5}}, 0},
    {"a hole is bridged", {{1, 0, 2}, {1, 8, 10}, {1, 4, 6}, {1, 1, 9}, {2, 0, 10}}, 0},
    {"with other sizes", {{1, 0, 4}, {2, 0, 6}, {1, 0, 10}, {2, 0, 3}, {2, 3, 10}}, 2},
    {"again after the end", {{1, 0, 10}, {2, 0, 10}, {1, 0, 5}, {1, 5, 10}, {2, 0, 10}}, 2},
    {"each twice", {{1, 0, 5}, {1, 0, 5}, {1, 5, 10}, {1, 5, 10}, {2, 0, 10}, {2, 0, 10}}, 2},
};

/* A server's flight: hello (0), certificate (1), key exchange with a hint (2). */
static void test_arrangements(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof arrangements / sizeof *arrangements; i++) {
        const struct arrangement *a = &arrangements[i];
        struct conversation *c = begin();
        struct writer bodies[3] = {server_hello(&psk_server), {.len = 0}, {.len = 0}};
        put_fill(&bodies[1], 0, 200);
        put_number(&bodies[2], 198, 2);
        for (unsigned at = 0; at < 198; at++)
            put_number(&bodies[2], 'a' + at % 26, 1);
        send_message(c, SERVER, TLS_SERVER_HELLO, 0, &bodies[0]);
        for (const struct part *p = a->parts; p->to != 0; p++)
            send_part(c, SERVER, p->seq == 1 ? OPAQUE : TLS_SERVER_KEY_EXCHANGE, p->seq,
                      &bodies[p->seq], p->from * 20u, (p->to - p->from) * 20u);
        assert_int_equal(c->budget.used, 0);
        struct seen seen = end(c);
        if (strcmp(seen.order, "Ss") != 0 || seen.malformed + seen.cut != 0 ||
            strncmp(seen.hint, "abcdefghijklmnopqrstuvwxyzabc", 29) != 0 ||
            seen.session.server_repeated.value != a->repeated)
            fail_msg("%s: %s, %u faults, %u repeated", a->about, seen.order,
                     seen.malformed + seen.cut, (unsigned)seen.session.server_repeated.value);
    }
}

/* Four messages, each cut at random places, with copies, in any order: each is read once, in order. */
static void test_random_arrangements(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        uint32_t random = seed;
        struct conversation *c = begin();
        struct writer hello = server_hello(&psk_server), body = {.len = 0};
        put_number(&body, 198, 2);
        put_fill(&body, 'h', 198);
        struct {
            uint16_t seq;
            size_t from, len;
        } parts[64];
        size_t num = 0;
        for (uint16_t seq = 0; seq < 4; seq++) {
            size_t total = seq == 0 ? hello.len : body.len;
            for (size_t from = 0; from < total && num < 60;) {
                size_t len = 1 + next_random(&random) % 60;
                if (num > 40 || len > total - from)
                    len = total - from;
                size_t back = next_random(&random) % 10;
                back = back < from ? back : from;
                parts[num].seq = seq;
                parts[num].from = from - back;
                parts[num++].len = len + back;
                from += len;
            }
        }
        for (size_t i = num - 1; i > 0; i--) {
            size_t j = next_random(&random) % (i + 1);
            __typeof__(parts[0]) other = parts[i];
            parts[i] = parts[j];
            parts[j] = other;
        }
        for (size_t i = 0; i < num; i++)
            send_part(c, SERVER, parts[i].seq == 0 ? TLS_SERVER_HELLO : TLS_SERVER_KEY_EXCHANGE,
                      parts[i].seq, parts[i].seq == 0 ? &hello : &body, parts[i].from,
                      parts[i].len);
        struct seen seen = end(c);
        if (strcmp(seen.order, "Ssss") != 0 || seen.malformed + seen.cut != 0)
            fail_msg("seed %u: %s, %u faults", seed, seen.order, seen.malformed + seen.cut);
    }
}

/* A client hello that a post-quantum key share makes longer than a datagram. */
static void test_long_client_hello(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct hello hello = plain_client;
    hello.padding = 3000;
    struct writer body = client_hello(&hello), w = {.len = 0};
    size_t sent = 0;
    for (size_t at = 0; at < body.len; at += 1200) {
        w.len = 0;
        size_t len = body.len - at < 1200 ? body.len - at : 1200;
        put_part(&w, TLS_CLIENT_HELLO, 0, &body, at, len);
        sent += w.len;
        send_datagram(c, CLIENT, &w);
    }
    assert_int_equal(c->seen.hellos, 1);
    struct seen seen = end(c);
    assert_int_equal(seen.malformed + seen.cut, 0);
    assert_int_equal(seen.session.client_hello_bytes.value, sent);
    assert_int_equal(seen.session.server_first_bytes.value, 0);
}

/* However many there are: those that come in order are joined. The last ones come first. */
static void test_small_fragments(void **state)
{
    (void)state;
    enum { PART = 16 };
    struct hello hello = plain_client;
    hello.padding = 4000;
    struct writer body = client_hello(&hello);
    struct conversation *c = begin();
    size_t half = body.len / 2 / PART * PART;
    for (size_t at = half; at < body.len; at += PART)
        send_part(c, CLIENT, TLS_CLIENT_HELLO, 0, &body, at,
                  body.len - at < PART ? body.len - at : PART);
    for (size_t at = 0; at < half; at += PART)
        for (unsigned twice = 0; twice < 2; twice++)
            send_part(c, CLIENT, TLS_CLIENT_HELLO, 0, &body, at, PART + (twice ? PART / 2 : 0));
    assert_int_equal(c->budget.used, 0);
    assert_int_equal(c->budget.refused, 0);
    struct seen seen = end(c);
    assert_int_equal(seen.hellos, 1);
    assert_int_equal(seen.malformed + seen.cut, 0);
}

static void test_first_bytes_stand(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = server_hello(&psk_server), other = {.len = 0};
    send_message(c, SERVER, TLS_SERVER_HELLO, 0, &body);
    body.len = 0;
    put_number(&body, 8, 2);
    put(&body, "original", 8);
    put_number(&other, 8, 2);
    put(&other, "FORGERY!", 8);
    send_part(c, SERVER, TLS_SERVER_KEY_EXCHANGE, 1, &body, 0, 6);
    send_part(c, SERVER, TLS_SERVER_KEY_EXCHANGE, 1, &other, 4, 3);
    assert_int_equal(c->seen.malformed, 1);
    send_part(c, SERVER, TLS_SERVER_KEY_EXCHANGE, 1, &other, 2, 3); /* told once */
    assert_int_equal(c->seen.malformed, 1);
    send_part(c, SERVER, TLS_SERVER_KEY_EXCHANGE, 1, &body, 6, 4);
    struct seen seen = end(c);
    assert_string_equal(seen.hint, "origEnal"); /* one byte came first from the other */
    assert_int_equal(seen.malformed, 1);
}

struct lie {
    const char *about;
    uint8_t type;
    uint32_t len, offset, fragment_len, there; /* |there|: bytes behind the header */
    uint16_t seq;
};

static const struct lie lies[] = {
    {"the fragment ends behind the message", OPAQUE, 100, 90, 20, 20, 1},
    {"the fragment is not all there", OPAQUE, 100, 0, 50, 20, 1},
    {"a message of 16 MiB", OPAQUE, 0xffffff, 0, 20, 20, 1},
    {"just too long", OPAQUE, DTLS_MAX_MESSAGE + 1, 0, 20, 20, 1},
    {"half a header", OPAQUE, 0, 0, 0, 0, 1},
};

static void test_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        const struct lie *lie = &lies[i];
        struct conversation *c = begin();
        struct writer record = {.len = 0}, w = {.len = 0};
        put_number(&record, lie->type, 1);
        put_number(&record, lie->len, 3);
        put_number(&record, lie->seq, 2);
        if (lie->len != 0) {
            put_number(&record, lie->offset, 3);
            put_number(&record, lie->fragment_len, 3);
        }
        put_fill(&record, 0, lie->there);
        put_record(&w, DTLS_HANDSHAKE, DTLS_VERSION_12, 0, &record);
        assert_int_equal(dissector_dtls.recognises(reader_of(span_of(w.at, w.len))), RECOGNISE_NO);
        send_datagram(c, SERVER, &w);
        assert_int_equal(c->budget.used, 0);
        struct seen seen = end(c);
        if (seen.malformed != 1 || seen.cut != 0)
            fail_msg("%s: %u malformed", lie->about, seen.malformed);
    }
}

static void test_contradiction(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client), other = {.len = 0};
    put_fill(&other, 0, body.len + 1);
    send_part(c, CLIENT, TLS_CLIENT_HELLO, 0, &body, 0, 40);
    send_part(c, CLIENT, TLS_CLIENT_HELLO, 0, &other, 42, 5);
    other.len = body.len;
    send_part(c, CLIENT, OPAQUE, 0, &other, 41, 5);
    send_part(c, CLIENT, TLS_CLIENT_HELLO, 0, &body, 40, body.len - 40);
    struct seen seen = end(c);
    assert_int_equal(seen.malformed, 1);
    assert_int_equal(seen.hellos, 1);
}

/* --- what is missing --- */

/* The second message of three never comes: the third is read when the next epoch begins, when the other
 * side goes on, or at the end. */
static void test_gaps(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        struct conversation *c = begin();
        struct writer body = server_hello(&psk_server), w = {.len = 0};
        send_message(c, SERVER, TLS_SERVER_HELLO, 0, &body);
        body.len = 0;
        put_number(&body, 0, 2);
        send_message(c, SERVER, TLS_SERVER_KEY_EXCHANGE, 2, &body);
        assert_int_equal(c->seen.server_exchanges, 0);
        body.len = 0;
        if (how == 0)
            put_change_cipher(&w);
        else if (how == 1)
            put_protected(&w, 1, 40);
        if (how < 2)
            send_datagram(c, SERVER, &w);
        else if (how == 2)
            send_message(c, CLIENT, OPAQUE, 1, &body);
        if (how < 3)
            assert_int_equal(c->seen.server_exchanges, 1);
        send_message(c, SERVER, OPAQUE, 1, &body); /* late */
        struct seen seen = end(c);
        assert_string_equal(seen.order, "Ss");
        assert_int_equal(seen.malformed + seen.cut, 0);
        assert_int_equal(seen.session.server_repeated.value, 0);
    }
}

static void test_incomplete_is_told(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client);
    send_part(c, CLIENT, TLS_CLIENT_HELLO, 0, &body, 0, 30);
    send_part(c, CLIENT, TLS_CLIENT_HELLO, 0, &body, 31, body.len - 31);
    struct seen seen = end(c);
    assert_int_equal(seen.hellos, 0);
    assert_int_equal(seen.cut, 1);
    assert_false(seen.session.client_hello_bytes.seen);
    assert_int_equal(seen.session.hello_verify, TRUTH_UNKNOWN);
}

/* The snap length took the end of the first hello; the second copy is whole in the capture. */
static void test_snapped(void **state)
{
    (void)state;
    struct conversation *c = begin();
    struct writer body = client_hello(&plain_client), w = {.len = 0};
    put_handshake(&w, DTLS_VERSION_12, TLS_CLIENT_HELLO, 0, &body);
    size_t whole = w.len;
    for (w.len = 14; w.len < whole; w.len++) {
        send_cut(c, CLIENT, &w, whole - w.len);
        assert_int_equal(c->seen.hellos, 0);
        assert_int_equal(c->seen.malformed, 0);
    }
    send_datagram(c, CLIENT, &w);
    assert_int_equal(end(c).hellos, 1);
}

/* --- bounds --- */

static void test_bounds(void **state)
{
    (void)state;
    struct writer body = {.len = 0};
    put_fill(&body, 7, 60000);
    /* The pieces of one message. */
    struct conversation *c = begin();
    for (unsigned i = 0; i <= DTLS_MAX_PIECES; i++)
        send_part(c, SERVER, OPAQUE, 1, &body, i * 10, 5);
    assert_int_equal(c->budget.refused, 1);
    assert_int_equal(c->seen.cut, 1);
    end(c);
    /* The messages of one side: the lowest stay. */
    c = begin();
    for (uint16_t seq = 30; seq > 10; seq--)
        send_part(c, SERVER, OPAQUE, seq, &body, 0, 10);
    assert_int_equal(c->budget.refused, 20 - DTLS_MAX_MESSAGES);
    send_part(c, SERVER, OPAQUE, 40, &body, 0, 10);
    assert_int_equal(c->budget.refused, 20 - DTLS_MAX_MESSAGES + 1);
    assert_int_equal(end(c).cut, DTLS_MAX_MESSAGES + 1u);
    /* The bytes of one flow. */
    c = begin();
    for (uint16_t seq = 1; seq < 9; seq++)
        for (size_t at = 0; at < 60000; at += 15000)
            send_part(c, seq & 1, OPAQUE, seq, &body, at, at == 0 ? 14000 : 15000);
    assert_true(c->budget.used <= DTLS_MAX_FLOW);
    assert_true(c->budget.used > DTLS_MAX_FLOW - 16000);
    assert_true(c->budget.refused > 0);
    end(c);
    /* The bytes of all flows. */
    c = begin();
    c->budget.limit = 1000;
    for (size_t at = 0; at < 50; at++)
        send_part(c, SERVER, OPAQUE, 1, &body, at * 100, 80);
    assert_true(c->budget.used <= 1000);
    assert_true(c->budget.refused > 0);
    assert_int_equal(end(c).cut, 2);
}

static void test_numbers_of_all_sizes(void **state)
{
    (void)state;
    struct dtls_inbox inbox = {0};
    static const uint16_t order[] = {0, 2, 1, 70, 71, 65535, 65534, 3};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        dtls_inbox_wait_from(&inbox, order[i]);
        assert_true(dtls_inbox_is_next(&inbox, order[i]));
        dtls_inbox_left(&inbox, order[i]);
        assert_true(dtls_inbox_is_done(&inbox, order[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrangements),
        cmocka_unit_test(test_random_arrangements),
        cmocka_unit_test(test_long_client_hello),
        cmocka_unit_test(test_small_fragments),
        cmocka_unit_test(test_first_bytes_stand),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_contradiction),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_incomplete_is_told),
        cmocka_unit_test(test_snapped),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_numbers_of_all_sizes),
    };
    return cmocka_run_group_tests_name("dtls_fragments", tests, NULL, NULL);
}
