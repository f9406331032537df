/* fuzz_answers.c: what a server answers to perpass-probe. The input is a script: two bytes say how many bytes of what
 * follows are the next datagram (the low eleven bits), and whether a handshake begins anew before it (the highest
 * bit). Protected records are taken for what they would be when they are opened, if their first byte is even. */
#include "probe/answers.h"
#include "probe/hello.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/handshake_mutator.h"

#include <assert.h>
#include <stdlib.h>

static volatile uint8_t sum; /* what is read has to be there */

static void add_up(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        sum = (uint8_t)(sum + bytes.at[i]);
}

static void on_message(void *to, uint8_t type, uint16_t seq, struct span body)
{
    (void)to;
    sum = (uint8_t)(sum + type + seq);
    add_up(body);
}

static bool on_protected(void *to, const struct dtls_record *record, uint8_t *type,
                         struct span *plain)
{
    (void)to;
    struct reader fragment = record->fragment;
    *type = record->type;
    *plain = reader_rest(&fragment);
    return plain->len > 0 && plain->at[0] % 2 == 0;
}

static void read_copy(struct answers *answers, struct span datagram)
{
    uint8_t *exact = malloc(datagram.len + 1);
    assert(exact != NULL);
    if (datagram.len > 0)
        memcpy(exact, datagram.at, datagram.len);
    answers_read(answers, span_of(exact, datagram.len));
    free(exact);
}

/* Everything on offer: what a server answers is judged by it. */
static void send_hello(struct answers *answers)
{
    static const uint8_t random[HELLO_RANDOM_LEN];
    const struct hello hello = {.version = DTLS_VERSION_12,
                                .suites = {0x00a8, 0xc0a8, 0xd001},
                                .num_suites = 3,
                                .deflate = true,
                                .extended_master_secret = true,
                                .encrypt_then_mac = true,
                                .truncated_hmac = true,
                                .heartbeat = true,
                                .connection_id = true,
                                .renegotiation_info = true,
                                .groups = true,
                                .raw_public_keys = true,
                                .max_fragment_length = number(4),
                                .record_size_limit = number(1024),
                                .ticket = span_of("", 0)};
    uint8_t room[HELLO_MAX_LEN];
    struct bytes_out body = bytes_out_to(room, sizeof room);
    hello_put(&body, &hello, random, (struct span){.at = NULL});
    answers_sent(answers, TLS_CLIENT_HELLO, out_all(&body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answers answers;
    const struct answers_listener listener = {.message = on_message, .open = on_protected};
    struct reader script = reader_of(span_of(data, size));
    answers_begin(&answers, &listener);
    send_hello(&answers);
    while (reader_left(&script) > 2) {
        const uint16_t head = reader_u16(&script);
        const size_t len = head & 0x7ff, left = reader_left(&script);
        if (head >> 15)
            answers_restart(&answers);
        read_copy(&answers, reader_bytes(&script, len < left ? len : left));
    }
    add_up(span_of(answers.cookie, answers.cookie_len));
    add_up(answers.exchange.psk_hint);
    add_up(answers.exchange.public_value);
    add_up(answers.hello.session_id);
    add_up(answers.ticket.ticket);
    add_up(answers.application_data);
    answers_end(&answers);
    assert(answers.budget.used == 0);
    return 0;
}

/* The script has the form of that of DTLS, whose side is here the beginning of another handshake. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return handshake_mutate(HANDSHAKE_DTLS, data, size, max_size, seed);
}
