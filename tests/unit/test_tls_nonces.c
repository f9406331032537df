/* test_tls_nonces.c: how nonces of records are told apart, and which records they are taken from: over TCP and in
 * datagrams, within bounds. */
#include "tests/unit/dtls_conversation.h"

/* --- how they go on --- */

enum { MOST = 8 };

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t num;
        uint64_t epoch, nonces[MOST];
        enum tls_nonce_pattern pattern;
        unsigned jumps, repeated;
    } rows[] = {
        {"none", 0, 0, {0}, TLS_NONCES_UNKNOWN, 0, 0},
        {"one", 1, 0, {77}, TLS_NONCES_UNKNOWN, 0, 0},
        {"numbers", 4, 0, {0, 1, 2, 3}, TLS_NONCES_SEQUENCE, 0, 0},
        {"numbers behind the epoch",
         2,
         1,
         {0x1000000000000, 0x1000000000001},
         TLS_NONCES_SEQUENCE,
         0,
         0},
        {"numbers without the epoch", 2, 1, {0, 1}, TLS_NONCES_SEQUENCE, 0, 0},
        {"from 1 on", 3, 0, {1, 2, 3}, TLS_NONCES_COUNTER, 0, 0},
        {"from anywhere",
         3,
         0,
         {0x8d3a77b1c2e4f5ff, 0x8d3a77b1c2e4f600, 0x8d3a77b1c2e4f601},
         TLS_NONCES_COUNTER,
         0,
         0},
        {"over the end",
         3,
         0,
         {0xfffffffffffffffe, 0xffffffffffffffff, 0},
         TLS_NONCES_COUNTER,
         0,
         0},
        {"lowest byte first",
         3,
         0,
         {0xfe00000000000000, 0xff00000000000000, 0x0001000000000000},
         TLS_NONCES_COUNTER,
         0,
         0},
        {"steps of 255", 3, 0, {5, 260, 515}, TLS_NONCES_COUNTER, 0, 0},
        {"steps of 256, a clock", 3, 0, {5, 261, 517}, TLS_NONCES_INCREASING, 2, 0},
        {"masked",
         4,
         0,
         {0xa55a3cc396690ff2, 0xa55a3cc396690ff3, 0xa55a3cc396690ff0, 0xa55a3cc396690ff1},
         TLS_NONCES_MASKED,
         1,
         0},
        {"masked by the epoch, too",
         2,
         1,
         {0x5a01a55a3cc39669, 0x5a01a55a3cc39668},
         TLS_NONCES_MASKED,
         1,
         0},
        {"masked anew",
         3,
         0,
         {0xa55a3cc396690ff2, 0x1122334455667788, 0x99aabbccddeeff00},
         TLS_NONCES_FREE,
         2,
         0},
        {"a counter that jumps", 5, 0, {7, 8, 0x6b6579206f662074, 10, 11}, TLS_NONCES_BROKEN, 2, 0},
        {"one twice", 3, 0, {7, 9, 7}, TLS_NONCES_REPEATED, 1, 1},
        {"always the same", 4, 0, {9, 9, 9, 9}, TLS_NONCES_REPEATED, 3, 3},
        {"up, but from end to end",
         3,
         0,
         {0x1122334455667788, 0x1222334455667790, 0x9922334455667799},
         TLS_NONCES_FREE,
         2,
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t sequences[MOST];
        unsigned jumps, repeated;
        for (size_t j = 0; j < rows[i].num; j++)
            sequences[j] = rows[i].epoch << 48 | j;
        const enum tls_nonce_pattern pattern =
            tls_nonces_classify(rows[i].nonces, sequences, rows[i].num, &jumps, &repeated);
        if (pattern != rows[i].pattern || jumps != rows[i].jumps || repeated != rows[i].repeated)
            fail_msg("%s: %s, %u jumps, %u repeated", rows[i].name, tls_nonce_pattern_name(pattern),
                     jumps, repeated);
    }
    /* A thousand datagrams are not in the capture. */
    static const uint64_t numbers[] = {1, 2, 1002}, nonces[2][3] = {{71, 72, 1326}, {71, 72, 1327}};
    for (unsigned i = 0; i < 2; i++) {
        unsigned jumps, repeated;
        assert_int_equal(tls_nonces_classify(nonces[i], numbers, 3, &jumps, &repeated),
                         i == 0 ? TLS_NONCES_COUNTER : TLS_NONCES_BROKEN);
        assert_int_equal(jumps, i);
    }
    assert_string_equal(tls_nonce_pattern_name(TLS_NONCES_FREE), "free");
    assert_null(tls_nonce_pattern_name(TLS_NONCES_FREE + 1));
}

/* --- what was told --- */

struct told {
    unsigned num, faults, heartbeats;
    uint64_t heartbeat_len;
    struct tls_record_nonces last[2]; /* by side */
    uint8_t nonces[2][TLS_NONCES_SAMPLED * TLS_NONCE_LEN];
    uint64_t packet;
};

static void note_nonces(void *to, const struct observation *observation)
{
    struct told *told = to;
    told->faults +=
        observation->type == &observation_malformed || observation->type == &observation_cut;
    if (observation->type == &observation_tls_heartbeat) {
        const struct tls_heartbeat *heartbeat = observation->data;
        assert_int_equal(heartbeat->protected, TRUTH_YES);
        told->heartbeats++;
        told->heartbeat_len = heartbeat->len.value;
    }
    if (observation->type != &observation_tls_record_nonces)
        return;
    told->num++;
    told->last[observation->side] = *(const struct tls_record_nonces *)observation->data;
    if (span_seen(told->last[observation->side].nonces))
        memcpy(told->nonces[observation->side], told->last[observation->side].nonces.at,
               told->last[observation->side].nonces.len);
}

/* --- TLS --- */

struct connection {
    struct flow flow;
    void *state;
    struct budget budget;
    struct told told;
    bool nonces;
    uint64_t packet;
};

static struct connection *open_connection(bool nonces, size_t limit)
{
    struct connection *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->flow.protocol = PROTO_TCP;
    c->flow.client = CLIENT;
    c->budget.limit = limit;
    c->nonces = nonces;
    c->state = calloc(1, dissector_tls.state_size);
    assert_non_null(c->state);
    return c;
}

static struct dissect_context tls_context(struct connection *c, unsigned side,
                                          struct scratch *scratch)
{
    return (struct dissect_context){.flow = &c->flow,
                                    .side = side,
                                    .packet = ++c->packet,
                                    .nonces = c->nonces ? &c->budget : NULL,
                                    .scratch = scratch,
                                    .budget = &c->budget,
                                    .emit_to = &c->told,
                                    .emit = note_nonces};
}

/* In segments of |size|; what the dissector leaves is offered again. */
static enum dissect say(struct connection *c, unsigned side, const struct writer *w, size_t size,
                        bool gap)
{
    enum dissect answer = DISSECT_MORE;
    size_t begin = 0;
    for (size_t end = 0; end < w->len && answer == DISSECT_MORE;) {
        end = w->len - end < size ? w->len : end + size;
        uint8_t *exact = malloc(end - begin + 1);
        assert_non_null(exact);
        memcpy(exact, w->at + begin, end - begin);
        struct reader bytes = reader_of(span_of(exact, end - begin));
        struct scratch scratch = {0};
        struct dissect_context context = tls_context(c, side, &scratch);
        context.gap = gap;
        answer = dissector_tls.dissect(&bytes, c->state, &context);
        begin = end - reader_left(&bytes);
        scratch_free(&scratch);
        free(exact);
    }
    return answer;
}

static struct told close_connection(struct connection *c)
{
    struct scratch scratch = {0};
    struct dissect_context context = tls_context(c, CLIENT, &scratch);
    dissector_tls.end(c->state, &context);
    const struct told told = c->told;
    assert_int_equal(c->budget.used, 0);
    scratch_free(&scratch);
    free(c->state);
    free(c);
    return told;
}

static void put_tls_record(struct writer *w, uint8_t type, const struct writer *body)
{
    put_number(w, type, 1);
    put_number(w, TLS_VERSION_12, 2);
    put_vector(w, 2, body);
}

/* A hello of TLS, which has no cookie, and the server's answer to it. */
static void say_hellos(struct connection *c, uint16_t version, uint16_t supported, uint16_t cipher)
{
    struct writer hello = {.len = 0}, message = {.len = 0}, records = {.len = 0};
    put_number(&hello, version, 2);
    put_fill(&hello, 0x11, TLS_RANDOM_LEN);
    put_number(&hello, 0, 1);
    put_number(&hello, 2, 2);
    put_number(&hello, cipher, 2);
    put_number(&hello, 0x0100, 2);
    put_number(&message, TLS_CLIENT_HELLO, 1);
    put_vector(&message, 3, &hello);
    put_tls_record(&records, 22, &message);
    say(c, CLIENT, &records, SIZE_MAX, false);
    hello = server_hello(&(struct hello){
        .version = version, .supported = supported, .fill = 0x22, .cipher = cipher});
    message.len = records.len = 0;
    put_number(&message, TLS_SERVER_HELLO, 1);
    put_vector(&message, 3, &hello);
    put_tls_record(&records, 22, &message);
    say(c, SERVER, &records, SIZE_MAX, false);
}

static void put_protection(struct writer *w)
{
    const struct writer one = {.at = {1}, .len = 1};
    put_tls_record(w, 20, &one);
}

static void put_nonce_record(struct writer *w, uint64_t nonce, size_t len)
{
    struct writer body = {.len = 0};
    put_number(&body, nonce, TLS_NONCE_LEN);
    put_fill(&body, 0xe7, len > TLS_NONCE_LEN ? len - TLS_NONCE_LEN : 0);
    body.len = len;
    put_tls_record(w, w->len < 100 ? 22 : 23, &body);
}

static void test_suites(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t version, supported, cipher;
        bool nonces;
        size_t limit;
        bool taken;
    } rows[] = {
        {"GCM", 0x0303, 0, 0xc02f, true, 1 << 20, true},
        {"CCM_8", 0x0303, 0, 0xc0ae, true, 1 << 20, true},
        {"CBC", 0x0303, 0, 0xc013, true, 1 << 20, false},
        {"ChaCha20", 0x0303, 0, 0xcca8, true, 1 << 20, false},
        {"GCM in TLS 1.1", 0x0302, 0, 0xc02f, true, 1 << 20, false},
        {"TLS 1.3", 0x0303, 0x0304, 0x1301, true, 1 << 20, false},
        {"unknown suite", 0x0303, 0, 0xfefe, true, 1 << 20, false},
        {"nobody asks", 0x0303, 0, 0xc02f, false, 1 << 20, false},
        {"no memory", 0x0303, 0, 0xc02f, true, sizeof(struct tls_nonces) - 1, false},
        {"just enough", 0x0303, 0, 0xc02f, true, sizeof(struct tls_nonces), true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct connection *c = open_connection(rows[i].nonces, rows[i].limit);
        struct writer w = {.len = 0};
        say_hellos(c, rows[i].version, rows[i].supported, rows[i].cipher);
        put_protection(&w);
        for (unsigned n = 0; n < 3; n++)
            put_nonce_record(&w, 500 + n, 40);
        say(c, SERVER, &w, SIZE_MAX, false);
        const uint64_t refused = c->budget.refused;
        const struct told told = close_connection(c);
        if (told.num != rows[i].taken || told.faults > 0)
            fail_msg("%s: %u", rows[i].name, told.num);
        assert_int_equal(refused, rows[i].limit < sizeof(struct tls_nonces));
        if (rows[i].taken) {
            assert_int_equal(told.last[SERVER].records.value, 3);
            assert_int_equal(told.last[SERVER].pattern.value, TLS_NONCES_COUNTER);
            assert_int_equal(told.last[SERVER].cipher.value, rows[i].cipher);
            assert_int_equal(told.last[SERVER].packet.value, 3);
            assert_string_equal(told.last[SERVER].from, "server");
        }
    }
}

/* However the records are cut into segments. A side is done with its eighth record where they count, else with its 24th. */
static void test_segments(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 5, 12, 13, 14, 100, SIZE_MAX};
    static const struct {
        unsigned num, taken;
        bool count, done;
    } rows[] = {
        {TLS_NONCES_COUNTED - 1, TLS_NONCES_COUNTED - 1, true, false},
        {TLS_NONCES_COUNTED, TLS_NONCES_COUNTED, true, true},
        {TLS_NONCES_COUNTED + 1, TLS_NONCES_COUNTED, true, true},
        {TLS_NONCES_COUNTED + 1, TLS_NONCES_COUNTED + 1, false, false},
        {TLS_NONCES_SAMPLED - 1, TLS_NONCES_SAMPLED - 1, false, false},
        {TLS_NONCES_SAMPLED, TLS_NONCES_SAMPLED, false, true},
        {TLS_NONCES_SAMPLED + 1, TLS_NONCES_SAMPLED, false, true},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
            struct connection *c = open_connection(true, 1 << 20);
            struct writer w = {.len = 0};
            say_hellos(c, 0x0303, 0, 0xc02f);
            put_protection(&w);
            for (unsigned n = 0; n < rows[row].num; n++)
                put_nonce_record(&w, rows[row].count ? n : (n + 1) * 0x9e3779b97f4a7c15,
                                 16 + n * 7);
            const enum dissect answer = say(c, CLIENT, &w, sizes[i], false);
            assert_int_equal(answer, rows[row].done ? DISSECT_SIDE_DONE : DISSECT_MORE);
            assert_int_equal(c->told.num, rows[row].done);
            const struct told told = close_connection(c);
            assert_int_equal(told.num, 1);
            assert_int_equal(told.faults, 0);
            assert_int_equal(told.last[CLIENT].records.value, rows[row].taken);
            assert_int_equal(told.last[CLIENT].pattern.value,
                             rows[row].count ? TLS_NONCES_SEQUENCE : TLS_NONCES_FREE);
            assert_string_equal(told.last[CLIENT].from, "client");
            for (unsigned n = 0; !rows[row].count && n < rows[row].taken; n++) {
                struct reader r = reader_of(
                    span_of(told.nonces[CLIENT] + n * (size_t)TLS_NONCE_LEN, TLS_NONCE_LEN));
                assert_int_equal(reader_u64(&r), (n + 1) * 0x9e3779b97f4a7c15);
            }
        }
}

/* What ends the records that follow each other: a loss, other keys, what is no record, one that is too short. */
static void test_ends(void **state)
{
    (void)state;
    static const char *const names[] = {"a loss", "other keys", "no record", "too short"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct connection *c = open_connection(true, 1 << 20);
        struct writer w = {.len = 0};
        say_hellos(c, 0x0303, 0, 0xc02f);
        put_protection(&w);
        put_nonce_record(&w, 0, 40);
        put_nonce_record(&w, 1, 40);
        assert_int_equal(say(c, SERVER, &w, SIZE_MAX, false), DISSECT_MORE);
        w.len = 0;
        if (i == 1)
            put_protection(&w);
        else if (i == 2)
            put_fill(&w, 0x99, 40);
        else
            put_nonce_record(&w, 2, i == 3 ? 15 : 40);
        assert_int_equal(say(c, SERVER, &w, SIZE_MAX, i == 0), DISSECT_SIDE_DONE);
        assert_int_equal(c->told.num, 1);
        const struct told told = close_connection(c);
        if (told.num != 1 || told.faults != 0 || told.last[SERVER].records.value != 2)
            fail_msg("%s: %u, %u faults", names[i], told.num, told.faults);
    }
}

/* Of heartbeats among the records that are looked at there is the length. */
static void test_heartbeats(void **state)
{
    (void)state;
    struct connection *c = open_connection(true, 1 << 20);
    struct writer w = {.len = 0};
    const struct writer heartbeat = {.len = 61};
    say_hellos(c, 0x0303, 0, 0xc02f);
    put_protection(&w);
    put_nonce_record(&w, 0, 40);
    put_tls_record(&w, 24, &heartbeat);
    put_nonce_record(&w, 2, 40);
    assert_int_equal(say(c, CLIENT, &w, 7, false), DISSECT_MORE);
    const struct told told = close_connection(c);
    assert_int_equal(told.heartbeats, 1);
    assert_int_equal(told.heartbeat_len, 61);
    assert_int_equal(told.last[CLIENT].records.value, 3);
}

/* --- DTLS --- */

static void put_datagram(struct writer *w, uint64_t sequence, uint64_t nonce)
{
    put_number(w, DTLS_APPLICATION_DATA, 1);
    put_number(w, DTLS_VERSION_12, 2);
    put_number(w, 1, 2);
    put_number(w, sequence, 6);
    put_number(w, 40, 2);
    put_number(w, nonce, TLS_NONCE_LEN);
    put_fill(w, 0xe7, 32);
}

static enum dissect send_nonce(struct conversation *c, struct told *told, uint64_t sequence,
                               uint64_t nonce)
{
    struct writer w = {.len = 0};
    put_datagram(&w, sequence, nonce);
    struct reader datagram = reader_of(span_of(w.at, w.len));
    struct dissect_context context = context_of(c, CLIENT);
    context.nonces = &c->budget;
    context.emit_to = told;
    context.emit = note_nonces;
    return dissector_dtls.dissect(&datagram, c->state, &context);
}

static struct conversation *begin_psk(void)
{
    struct conversation *c = begin();
    struct hello gcm = psk_server;
    const struct writer ask = client_hello(&plain_client), answer = server_hello(&gcm);
    send_message(c, CLIENT, TLS_CLIENT_HELLO, 0, &ask);
    send_message(c, SERVER, TLS_SERVER_HELLO, 0, &answer);
    return c;
}

/* In another order, and some twice; one is missing. A counter jumps once, so that the side stays awake for more. */
static void test_datagrams(void **state)
{
    (void)state;
    static const uint8_t order[] = {0, 2, 1, 2, 3, 5, 0, 6, 9, 8, 7, 10, 11, 12, 13};
    struct told told = {.num = 0};
    struct conversation *c = begin_psk();
    for (size_t i = 0; i < sizeof order; i++)
        assert_int_equal(send_nonce(c, &told, order[i],
                                    order[i] + (order[i] < 5 ? 0x9900000000000000 : 0x77000000)),
                         DISSECT_MORE);
    struct dissect_context context = context_of(c, CLIENT);
    context.emit_to = &told;
    context.emit = note_nonces;
    dissector_dtls.end(c->state, &context);
    assert_int_equal(told.num, 1);
    assert_int_equal(told.last[CLIENT].records.value, 13);
    assert_int_equal(told.last[CLIENT].pattern.value, TLS_NONCES_BROKEN);
    assert_int_equal(told.last[CLIENT].jumps.value, 1);
    (void)end(c);
}

static void test_many_datagrams(void **state)
{
    (void)state;
    struct told told = {.num = 0};
    struct conversation *c = begin_psk();
    for (unsigned i = 0; i < TLS_NONCES_SAMPLED + 5; i++)
        if (send_nonce(c, &told, i, i * 0x9e3779b97f4a7c15) != DISSECT_MORE)
            fail_msg("quiet after %u", i);
    assert_int_equal(told.num, 1);
    assert_int_equal(send_nonce(c, &told, 77, 77), DISSECT_QUIET);
    assert_int_equal(told.last[CLIENT].pattern.value, TLS_NONCES_FREE);
    assert_string_equal(told.last[CLIENT].transport, "dtls");
    (void)end(c);
    assert_int_equal(told.num, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),       cmocka_unit_test(test_suites),
        cmocka_unit_test(test_segments),       cmocka_unit_test(test_ends),
        cmocka_unit_test(test_heartbeats),     cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_many_datagrams),
    };
    return cmocka_run_group_tests_name("nonces of records", tests, NULL, NULL);
}
