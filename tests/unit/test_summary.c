/* test_summary.c: the verdict on handshakes: what is resumed and what only looks so, what a PSK is, how
 * handshakes end. Each row of the table is a handshake, message by message. */
#include "dissectors/tls_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* --- messages --- */

struct writer {
    uint8_t at[1024];
    size_t len;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
    assert_true(w->len + len <= sizeof w->at);
    memcpy(w->at + w->len, bytes, len);
    w->len += len;
}

static void put_number(struct writer *w, uint64_t number, unsigned bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(number >> (8 * bytes));
        put(w, &byte, 1);
    }
}

static void put_extension(struct writer *w, uint16_t type, const void *body, size_t len)
{
    put_number(w, type, 2);
    put_number(w, len, 2);
    put(w, body, len);
}

/* Of ever other bytes, as a server encrypts them. */
static void put_ticket(struct writer *w, size_t len)
{
    uint8_t state = 1;
    for (size_t i = 0; i < len; i++) {
        state = (uint8_t)(state * 29 + 71);
        put(w, &state, 1);
    }
}

static void put_random(struct writer *w, uint8_t fill)
{
    uint8_t random[TLS_RANDOM_LEN];
    memset(random, fill, sizeof random);
    put(w, random, sizeof random);
}

enum psk_offer_kind { NO_PSK, EXTERNAL, TICKET, UNKNOWN, IMPORTED };

static void put_identity(struct writer *w, enum psk_offer_kind kind)
{
    static const char imported[] = "\0\x06"
                                   "sensor"
                                   "\0\0\x03\x04\0\x01";
    struct writer identity = {.len = 0};
    if (kind == EXTERNAL)
        put(&identity, "sensor-17.example", 17);
    else if (kind == IMPORTED)
        put(&identity, imported, sizeof imported - 1);
    else
        put_ticket(&identity, 200);
    put_number(w, identity.len, 2);
    put(w, identity.at, identity.len);
    put_number(w, kind == TICKET ? 0x12345678 : 0, 4);
}

static void put_psk_extension(struct writer *w, enum psk_offer_kind kind)
{
    struct writer identities = {.len = 0}, body = {.len = 0};
    put_identity(&identities, kind);
    put_number(&body, identities.len, 2);
    put(&body, identities.at, identities.len);
    put_number(&body, 33, 2);
    put_number(&body, 32, 1);
    put_random(&body, 7);
    put_extension(w, 41, body.at, body.len);
}

struct hello {
    bool session_id, ticket, early_data, renegotiation;
    enum psk_offer_kind psk;
};

static struct writer client_hello(const struct hello *hello)
{
    struct writer w = {.len = 0}, extensions = {.len = 0};
    put_number(&w, 0x0303, 2);
    put_random(&w, 1);
    put_number(&w, hello->session_id ? 8 : 0, 1);
    if (hello->session_id)
        put(&w, "01234567", 8);
    put_number(&w, 0x00021301, 4);
    put_number(&w, 0x0100, 2);
    if (hello->ticket)
        put_extension(&extensions, 35, "ticket", 6);
    else
        put_extension(&extensions, 35, "", 0);
    if (hello->early_data)
        put_extension(&extensions, 42, "", 0);
    if (hello->renegotiation)
        put_extension(&extensions, 0xff01, "\x02hi", 3);
    if (hello->psk != NO_PSK)
        put_psk_extension(&extensions, hello->psk);
    put_number(&w, extensions.len, 2);
    put(&w, extensions.at, extensions.len);
    return w;
}

struct answer {
    uint16_t version, cipher, group; /* group 0: no key share */
    bool echo, psk, retry, ems, certificate_and_psk;
};

static struct writer server_hello(const struct answer *answer)
{
    static const uint8_t retry[TLS_RANDOM_LEN] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                                  0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                                  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                                  0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    struct writer w = {.len = 0}, extensions = {.len = 0};
    bool tls13 = answer->version >= TLS_VERSION_13; /* or an experiment with it */
    const uint8_t version[] = {(uint8_t)(answer->version >> 8), (uint8_t)answer->version};
    put_number(&w, tls13 ? 0x0303 : answer->version, 2);
    if (answer->retry)
        put(&w, retry, sizeof retry);
    else
        put_random(&w, 2);
    put_number(&w, answer->echo ? 8 : 0, 1);
    if (answer->echo)
        put(&w, "01234567", 8);
    put_number(&w, answer->cipher, 2);
    put_number(&w, 0, 1);
    if (tls13)
        put_extension(&extensions, 43, version, sizeof version);
    if (answer->group != 0) {
        const uint8_t share[] = {(uint8_t)(answer->group >> 8), (uint8_t)answer->group, 0, 1, 9};
        put_extension(&extensions, 51, share, answer->retry ? 2 : sizeof share);
    }
    if (answer->psk)
        put_extension(&extensions, 41, "\0\0", 2);
    if (answer->ems)
        put_extension(&extensions, 23, "", 0);
    if (answer->certificate_and_psk)
        put_extension(&extensions, 33, "", 0);
    put_number(&w, extensions.len, 2);
    put(&w, extensions.at, extensions.len);
    return w;
}

/* --- handshakes --- */

enum { SERVER = 0, CLIENT = 1 };

enum step_kind {
    STOP = 0,
    C_HELLO,
    S_HELLO,
    S_CERTIFICATE,
    S_KEY_EXCHANGE,
    S_REQUEST,
    S_DONE,
    S_TICKET,
    S_PROTECTED,
    S_ALERT,
    S_WARNING,
    C_CERTIFICATE,
    C_NO_CERTIFICATE,
    C_KEY_EXCHANGE,
    C_VERIFY,
    C_PROTECTED,
    C_PROTECTED_SHORT,
    LOSS
};

#define FULL_TO_DONE C_HELLO, S_HELLO, S_CERTIFICATE, S_KEY_EXCHANGE, S_DONE
#define FULL         FULL_TO_DONE, C_KEY_EXCHANGE, C_PROTECTED, S_PROTECTED
#define ABBREVIATED  C_HELLO, S_HELLO, S_PROTECTED, C_PROTECTED
#define HELLO_13     C_HELLO, S_HELLO, S_PROTECTED, C_PROTECTED

struct row {
    const char *name;
    struct hello hello;
    struct answer answer;
    enum step_kind steps[16];
    enum flow_end ended;
    /* what is expected */
    const char *kx;
    enum truth secret;
    const char *server, *client, *psk;
    enum truth resumed;
    const char *by, *outcome;
    enum truth established;
};

#define ECDHE12 .answer = {.version = 0x0303, .cipher = 0xc02f}
#define ECDHE13 .answer = {.version = 0x0304, .cipher = 0x1301, .group = 29}

static const struct row rows[] = {
    {.name = "full",
     ECDHE12,
     .steps = {FULL},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .client = "none",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "full, though the client offered a ticket and the server echoed the session id",
     .hello = {.session_id = true, .ticket = true},
     .answer = {.version = 0x0303, .cipher = 0xc02f, .echo = true},
     .steps = {FULL},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .client = "none",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "resumed by session id",
     .hello = {.session_id = true},
     .answer = {.version = 0x0303, .cipher = 0xc02f, .echo = true},
     .steps = {ABBREVIATED},
     .kx = "ECDHE",
     .secret = TRUTH_NO,
     .server = "resumption",
     .client = "resumption",
     .psk = "none",
     .resumed = TRUTH_YES,
     .by = "session_id",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "resumed by ticket, and given a new one",
     .hello = {.session_id = true, .ticket = true},
     .answer = {.version = 0x0303, .cipher = 0xc02f, .echo = true},
     .steps = {C_HELLO, S_HELLO, S_TICKET, S_PROTECTED, C_PROTECTED},
     .kx = "ECDHE",
     .secret = TRUTH_NO,
     .server = "resumption",
     .client = "resumption",
     .psk = "none",
     .resumed = TRUTH_YES,
     .by = "ticket",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "resumed by ticket, without a session id",
     .hello = {.ticket = true},
     ECDHE12,
     .steps = {ABBREVIATED},
     .kx = "ECDHE",
     .secret = TRUTH_NO,
     .server = "resumption",
     .client = "resumption",
     .psk = "none",
     .resumed = TRUTH_YES,
     .by = "ticket",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "abbreviated, with nothing to resume: the key exchange was not seen",
     ECDHE12,
     .steps = {ABBREVIATED},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .client = "none",
     .psk = "none",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "abbreviated, but bytes were lost",
     .hello = {.session_id = true},
     .answer = {.version = 0x0303, .cipher = 0xc02f, .echo = true},
     .steps = {C_HELLO, S_HELLO, LOSS, S_PROTECTED, C_PROTECTED},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "client certificate, proved",
     ECDHE12,
     .steps = {C_HELLO, S_HELLO, S_CERTIFICATE, S_KEY_EXCHANGE, S_REQUEST, S_DONE, C_CERTIFICATE,
               C_KEY_EXCHANGE, C_VERIFY, C_PROTECTED, S_PROTECTED},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .client = "certificate",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "client certificate asked for, and none given",
     ECDHE12,
     .steps = {C_HELLO, S_HELLO, S_CERTIFICATE, S_KEY_EXCHANGE, S_REQUEST, S_DONE, C_NO_CERTIFICATE,
               C_KEY_EXCHANGE, C_PROTECTED, S_PROTECTED},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .client = "none",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "plain PSK",
     .answer = {.version = 0x0303, .cipher = 0x00a8},
     .steps = {C_HELLO, S_HELLO, S_DONE, C_KEY_EXCHANGE, C_PROTECTED, S_PROTECTED},
     .kx = "PSK",
     .secret = TRUTH_NO,
     .server = "psk",
     .client = "psk",
     .psk = "external",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "RSA_PSK",
     .answer = {.version = 0x0303, .cipher = 0x00ac},
     .steps = {FULL},
     .kx = "RSA_PSK",
     .secret = TRUTH_NO,
     .server = "certificate and psk",
     .client = "psk",
     .psk = "external",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "anonymous",
     .answer = {.version = 0x0303, .cipher = 0x00a6},
     .steps = {C_HELLO, S_HELLO, S_KEY_EXCHANGE, S_DONE, C_KEY_EXCHANGE, C_PROTECTED, S_PROTECTED},
     .kx = "DH_anon",
     .secret = TRUTH_YES,
     .server = "anonymous",
     .client = "none",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "a suite nobody knows",
     .answer = {.version = 0x0303, .cipher = 0xeeee},
     .steps = {FULL},
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "TLS 1.3, with the echo of a session id",
     .hello = {.session_id = true},
     .answer = {.version = 0x0304, .cipher = 0x1301, .group = 29, .echo = true},
     .steps = {HELLO_13},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "an experiment with TLS 1.3, with the echo of a session id",
     .hello = {.session_id = true},
     .answer = {.version = 0x7e01, .cipher = 0x1301, .group = 29, .echo = true},
     .steps = {HELLO_13},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "TLS 1.3, a ticket offered and not taken",
     .hello = {.psk = TICKET},
     ECDHE13,
     .steps = {HELLO_13},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "TLS 1.3, resumed",
     .hello = {.psk = TICKET},
     .answer = {.version = 0x0304, .cipher = 0x1301, .group = 0x11ec, .psk = true},
     .steps = {HELLO_13},
     .kx = "HYBRID_PSK",
     .secret = TRUTH_YES,
     .server = "resumption",
     .client = "resumption",
     .psk = "resumption",
     .resumed = TRUTH_YES,
     .by = "psk",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "TLS 1.3, external PSK alone: accepted is not resumed",
     .hello = {.psk = EXTERNAL},
     .answer = {.version = 0x0304, .cipher = 0x1301, .psk = true},
     .steps = {HELLO_13},
     .kx = "PSK",
     .secret = TRUTH_NO,
     .server = "psk",
     .client = "psk",
     .psk = "external",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "TLS 1.3, imported PSK and a certificate",
     .hello = {.psk = IMPORTED},
     .answer = {.version = 0x0304,
                .cipher = 0x1301,
                .group = 0x0100,
                .psk = true,
                .certificate_and_psk = true},
     .steps = {HELLO_13},
     .kx = "DHE_PSK",
     .secret = TRUTH_YES,
     .server = "certificate and psk",
     .psk = "imported",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "TLS 1.3, a PSK that may be either",
     .hello = {.psk = UNKNOWN},
     .answer = {.version = 0x0304, .cipher = 0x1301, .group = 29, .psk = true},
     .steps = {HELLO_13},
     .kx = "ECDHE_PSK",
     .secret = TRUTH_YES,
     .server = "psk",
     .client = "psk",
     .psk = "unknown",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "TLS 1.3, the client answers with what can only be an alert",
     ECDHE13,
     .steps = {C_HELLO, S_HELLO, S_PROTECTED, C_PROTECTED_SHORT},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "alert",
     .established = TRUTH_NO},
    {.name = "TLS 1.3, the short record may be the end of early data",
     .hello = {.psk = TICKET, .early_data = true},
     .answer = {.version = 0x0304, .cipher = 0x1301, .group = 29, .psk = true},
     .steps = {C_HELLO, S_HELLO, S_PROTECTED, C_PROTECTED_SHORT},
     .kx = "ECDHE_PSK",
     .secret = TRUTH_YES,
     .server = "resumption",
     .client = "resumption",
     .psk = "resumption",
     .resumed = TRUTH_YES,
     .by = "psk",
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "an alert instead of a hello",
     .steps = {C_HELLO, S_ALERT},
     .outcome = "alert",
     .established = TRUTH_NO},
    {.name = "a warning ends nothing",
     ECDHE12,
     .steps = {C_HELLO, S_WARNING, S_HELLO, S_CERTIFICATE, S_KEY_EXCHANGE, S_DONE, C_KEY_EXCHANGE,
               C_PROTECTED, S_PROTECTED},
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .client = "none",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "no answer",
     .steps = {C_HELLO},
     .ended = FLOW_END_CLOSED,
     .outcome = "unanswered",
     .established = TRUTH_NO},
    {.name = "no answer, but the capture ends",
     .steps = {C_HELLO},
     .ended = FLOW_END_INPUT,
     .outcome = "cut"},
    {.name = "broken off",
     ECDHE12,
     .steps = {FULL_TO_DONE},
     .ended = FLOW_END_CLOSED,
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "unfinished",
     .established = TRUTH_NO},
    {.name = "fallen silent",
     ECDHE12,
     .steps = {FULL_TO_DONE},
     .ended = FLOW_END_IDLE,
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .resumed = TRUTH_NO,
     .outcome = "unfinished"},
    {.name = "the hellos were before the capture",
     .steps = {C_KEY_EXCHANGE, C_PROTECTED, S_PROTECTED},
     .resumed = TRUTH_NO,
     .outcome = "completed",
     .established = TRUTH_YES},
    {.name = "the server's hello is all there is",
     ECDHE12,
     .steps = {S_HELLO},
     .ended = FLOW_END_CLOSED,
     .kx = "ECDHE",
     .secret = TRUTH_YES,
     .server = "certificate",
     .psk = "none",
     .outcome = "cut"},
};

/* What is seen of verdicts. */
struct seen {
    unsigned count;
    struct tls_handshake_summary last;
};

static void see(void *to, const struct observation *observation)
{
    struct seen *seen = to;
    if (observation->type != &observation_tls_handshake_summary)
        return;
    seen->count++;
    seen->last = *(const struct tls_handshake_summary *)observation->data;
}

struct player {
    struct tls_session session;
    struct flow flow;
    struct seen seen;
    uint64_t time_ns;
};

static struct dissect_context context_of(struct player *player, unsigned side)
{
    return (struct dissect_context){.flow = &player->flow,
                                    .side = side,
                                    .time_ns = player->time_ns,
                                    .emit_to = &player->seen,
                                    .emit = see};
}

static void message(struct player *player, unsigned side, uint8_t type, const void *body,
                    size_t len)
{
    struct dissect_context context = context_of(player, side);
    tls_session_message(&player->session, type, reader_of(span_of(body, len)), &context);
}

static void alert(struct player *player, uint8_t level, uint8_t description)
{
    const uint8_t body[] = {level, description};
    struct dissect_context context = context_of(player, SERVER);
    tls_session_alert(&player->session, reader_of(span_of(body, sizeof body)), &context);
}

static void protect(struct player *player, unsigned side, size_t len)
{
    struct dissect_context context = context_of(player, side);
    tls_session_protected(&player->session, len, &context);
}

static void end(struct player *player, enum flow_end how)
{
    struct dissect_context context = context_of(player, player->flow.client);
    player->flow.ended = how;
    tls_session_end(&player->session, &context);
}

static void play_step(struct player *player, const struct row *row, enum step_kind step)
{
    struct writer w;
    switch (step) {
    case C_HELLO:
        w = client_hello(&row->hello);
        message(player, CLIENT, TLS_CLIENT_HELLO, w.at, w.len);
        break;
    case S_HELLO:
        w = server_hello(&row->answer);
        message(player, SERVER, TLS_SERVER_HELLO, w.at, w.len);
        break;
    case S_CERTIFICATE:
    case C_CERTIFICATE:
        message(player, step == C_CERTIFICATE ? CLIENT : SERVER, TLS_CERTIFICATE,
                "\0\0\x05\0\0\x02\x30\0", 8);
        break;
    case C_NO_CERTIFICATE:
        message(player, CLIENT, TLS_CERTIFICATE, "\0\0\0", 3);
        break;
    case S_KEY_EXCHANGE: /* what is in it does not matter here */
        message(player, SERVER, TLS_SERVER_KEY_EXCHANGE, "", 0);
        break;
    case S_REQUEST:
        message(player, SERVER, TLS_CERTIFICATE_REQUEST, "\x01\x40\0\x02\x04\x03\0\0", 8);
        break;
    case S_DONE:
        message(player, SERVER, TLS_SERVER_HELLO_DONE, "", 0);
        break;
    case S_TICKET:
        message(player, SERVER, TLS_NEW_SESSION_TICKET, "\0\0\0\0\0\x01t", 7);
        break;
    case C_KEY_EXCHANGE:
        message(player, CLIENT, TLS_CLIENT_KEY_EXCHANGE, "", 0);
        break;
    case C_VERIFY:
        message(player, CLIENT, TLS_CERTIFICATE_VERIFY, "\x04\x03\0\x01s", 5);
        break;
    case S_ALERT:
        alert(player, 2, 40);
        break;
    case S_WARNING:
        alert(player, 1, 112);
        break;
    case S_PROTECTED:
        protect(player, SERVER, 60);
        break;
    case C_PROTECTED:
        protect(player, CLIENT, 53);
        break;
    case C_PROTECTED_SHORT:
        protect(player, CLIENT, 19);
        break;
    case LOSS:
        player->session.handshake.cut = true;
        break;
    case STOP:
        break;
    }
}

static struct player new_player(void)
{
    return (struct player){.session = {.transport = "tls", .version_protocol = "tls"},
                           .flow = {.protocol = PROTO_TCP, .client = CLIENT, .packets = {10, 10}}};
}

static void same(const char *row, const char *what, const char *got, const char *want)
{
    if (got != want && (got == NULL || want == NULL || strcmp(got, want) != 0))
        fail_msg("%s: %s is %s, not %s", row, what, got ? got : "absent", want ? want : "absent");
}

static void check(const struct row *row, const struct tls_handshake_summary *got)
{
    same(row->name, "kx", got->kx, row->kx);
    same(row->name, "server authentication", got->server_authentication, row->server);
    same(row->name, "client authentication", got->client_authentication, row->client);
    same(row->name, "psk", got->psk, row->psk);
    same(row->name, "resumed by", got->resumed_by, row->by);
    same(row->name, "outcome", got->outcome, row->outcome);
    if (got->resumed != row->resumed || got->established != row->established ||
        got->forward_secrecy != row->secret)
        fail_msg("%s: resumed %d, established %d, forward secrecy %d", row->name, got->resumed,
                 got->established, got->forward_secrecy);
    /* Whatever is said of these is said with its reason. */
    if ((got->resumed != TRUTH_UNKNOWN && got->resumed_reason == NULL) ||
        (got->forward_secrecy != TRUTH_UNKNOWN && got->forward_secrecy_reason == NULL) ||
        (got->outcome != NULL && got->outcome_reason == NULL))
        fail_msg("%s: a reason is missing", row->name);
}

static void test_handshakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct player player = new_player();
        for (const enum step_kind *step = rows[i].steps; *step != STOP; step++)
            play_step(&player, &rows[i], *step);
        end(&player, rows[i].ended);
        if (player.seen.count != 1)
            fail_msg("%s: %u verdicts", rows[i].name, player.seen.count);
        check(&rows[i], &player.seen.last);
    }
}

static bool begins_with(const struct row *row, enum step_kind first, enum step_kind second)
{
    return row->steps[0] == first && row->steps[1] == second;
}

/* A capture may show the answer before the hello: the verdict is the same. */
static void test_answer_first(void **state)
{
    (void)state;
    size_t num = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!begins_with(&rows[i], C_HELLO, S_HELLO) || rows[i].answer.retry)
            continue;
        struct player player = new_player();
        play_step(&player, &rows[i], S_HELLO);
        play_step(&player, &rows[i], C_HELLO);
        for (const enum step_kind *step = rows[i].steps + 2; *step != STOP; step++)
            play_step(&player, &rows[i], *step);
        end(&player, rows[i].ended);
        if (player.seen.count != 1)
            fail_msg("%s: %u verdicts", rows[i].name, player.seen.count);
        check(&rows[i], &player.seen.last);
        num++;
    }
    assert_true(num > 20);
}

/* What was answered long ago, or went on, is another handshake. */
static void test_not_its_answer(void **state)
{
    (void)state;
    static const enum step_kind between[] = {C_KEY_EXCHANGE, C_CERTIFICATE, C_PROTECTED, STOP};
    const struct row *row = &rows[0];
    for (unsigned i = 0; i < sizeof between / sizeof *between; i++) {
        struct player player = new_player();
        play_step(&player, row, S_HELLO);
        play_step(&player, row, between[i]);
        player.time_ns += between[i] == STOP ? 1000000000 : 0;
        play_step(&player, row, C_HELLO);
        assert_int_equal(player.seen.count, 1);
        end(&player, FLOW_END_CLOSED);
        assert_int_equal(player.seen.count, 2);
        same("another", "outcome", player.seen.last.outcome, "unanswered");
    }
}

/* One verdict a handshake, whatever comes after it; the next hello begins the next handshake. */
static void test_several(void **state)
{
    (void)state;
    const struct row *full = &rows[0], *resumed = &rows[2];
    struct player player = new_player();
    for (const enum step_kind *step = full->steps; *step != STOP; step++)
        play_step(&player, full, *step);
    assert_int_equal(player.seen.count, 1);
    play_step(&player, full, S_PROTECTED);
    play_step(&player, full, S_ALERT);
    assert_int_equal(player.seen.count, 1);
    for (const enum step_kind *step = resumed->steps; *step != STOP; step++)
        play_step(&player, resumed, *step);
    assert_int_equal(player.seen.count, 2);
    check(resumed, &player.seen.last);
    /* A handshake that another hello breaks off has its verdict, too. */
    play_step(&player, full, C_HELLO);
    play_step(&player, full, S_HELLO);
    play_step(&player, full, C_HELLO);
    assert_int_equal(player.seen.count, 3);
    same("broken off", "outcome", player.seen.last.outcome, "unfinished");
    end(&player, FLOW_END_CLOSED);
    assert_int_equal(player.seen.count, 4);
    same("the last", "outcome", player.seen.last.outcome, "unanswered");
    end(&player, FLOW_END_CLOSED);
    assert_int_equal(player.seen.count, 4);
}

/* A hello that is asked for again; its second answer may be mirrored before it. */
static void test_retry(void **state)
{
    (void)state;
    const struct row row = {.hello = {.session_id = true}, ECDHE13};
    struct row retry = row;
    retry.answer.retry = true;
    for (int answer_first = 0; answer_first < 2; answer_first++) {
        struct player player = new_player();
        play_step(&player, &row, C_HELLO);
        play_step(&player, &retry, S_HELLO);
        if (!answer_first)
            play_step(&player, &row, C_HELLO);
        play_step(&player, &row, S_HELLO);
        play_step(&player, &row, S_PROTECTED);
        if (answer_first)
            play_step(&player, &row, C_HELLO);
        play_step(&player, &row, C_PROTECTED);
        assert_int_equal(player.seen.count, 1);
        assert_int_equal(player.seen.last.hello_retry, TRUTH_YES);
        assert_int_equal(player.seen.last.established, TRUTH_YES);
        assert_int_equal(player.seen.last.psk_offered, TRUTH_NO);
        same("retry", "kx", player.seen.last.kx, "ECDHE");
    }
}

/* What the client protects first: an alert, or the message of one that was asked for a certificate and has none. */
static void test_hidden_alerts(void **state)
{
    (void)state;
    static const struct {
        uint16_t cipher;
        size_t len;
        const char *outcome;
    } firsts[] = {
        {0x1301, 3 + 16, "alert"}, {0x1301, 8 + 1 + 16, "completed"},
        {0x1305, 3 + 8, "alert"},  {0x1305, 8 + 1 + 8, "completed"},
        {0xc0b4, 3 + 32, "alert"}, {0xc0b4, 8 + 1 + 32, "completed"},
        {0xc0b5, 3 + 48, "alert"}, {0xc0b5, 8 + 1 + 48, "completed"},
    };
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        const struct row row = {
            .answer = {.version = 0x0304, .cipher = firsts[i].cipher, .group = 29}};
        struct player player = new_player();
        play_step(&player, &row, C_HELLO);
        play_step(&player, &row, S_HELLO);
        play_step(&player, &row, S_PROTECTED);
        protect(&player, CLIENT, firsts[i].len);
        assert_int_equal(player.seen.count, 1);
        same("what is protected first", "outcome", player.seen.last.outcome, firsts[i].outcome);
    }
}

/* Forward secrecy by what the server chose, where a key exchange follows. */
static const struct {
    uint16_t version, cipher;
    bool key_share, psk;
    enum truth secret;
} secrecies[] = {
    /* ECDHE and DHE, by certificate and by PSK */
    {0x0303, 0xc02f, false, false, TRUTH_YES},
    {0x0303, 0x009e, false, false, TRUTH_YES},
    {0x0303, 0xc035, false, false, TRUTH_YES},
    {0x0303, 0x0090, false, false, TRUTH_YES},
    {0xfefd, 0xc0ac, false, false, TRUTH_YES},
    /* keys that stay */
    {0x0303, 0x009c, false, false, TRUTH_NO},
    {0x0303, 0x0030, false, false, TRUTH_NO},
    {0x0303, 0xc00e, false, false, TRUTH_NO},
    {0x0303, 0x008c, false, false, TRUTH_NO},
    {0xfefd, 0xc0a8, false, false, TRUTH_NO},
    {0x0303, 0x0094, false, false, TRUTH_NO},
    /* anonymous, NULL, weak */
    {0x0303, 0x00a6, false, false, TRUTH_YES},
    {0x0303, 0xc018, false, false, TRUTH_YES},
    {0x0303, 0x0018, false, false, TRUTH_YES},
    {0x0303, 0x003b, false, false, TRUTH_NO},
    {0x0303, 0x002c, false, false, TRUTH_NO},
    {0x0303, 0xc006, false, false, TRUTH_YES},
    {0x0303, 0xc011, false, false, TRUTH_YES},
    {0x0303, 0xc012, false, false, TRUTH_YES},
    {0x0303, 0x0015, false, false, TRUTH_YES},
    {0x0303, 0x0003, false, false, TRUTH_NO},
    {0x0303, 0x000a, false, false, TRUTH_NO},
    {0x0303, 0x000d, false, false, TRUTH_NO},
    /* versions */
    {0x0300, 0xc013, false, false, TRUTH_YES},
    {0x0301, 0xc013, false, false, TRUTH_YES},
    {0x0302, 0xc013, false, false, TRUTH_YES},
    {0xfeff, 0xc013, false, false, TRUTH_YES},
    {0xfefd, 0xc013, false, false, TRUTH_YES},
    /* 1.3: the key share decides; the suite says nothing */
    {0x0304, 0x1301, true, false, TRUTH_YES},
    {0x0304, 0x1301, true, true, TRUTH_YES},
    {0xfefc, 0x1301, true, true, TRUTH_YES},
    {0x7f1c, 0x1301, true, false, TRUTH_YES},
    {0x0304, 0x1301, false, true, TRUTH_NO},
    {0xfefc, 0x1305, false, true, TRUTH_NO},
    {0x0304, 0x1301, false, false, TRUTH_UNKNOWN},
    {0x0304, 0xc0b4, true, false, TRUTH_YES},
    {0x0304, 0x009c, true, false, TRUTH_YES},
    /* a PSK extension is not looked for in 1.2 */
    {0x0303, 0xc02f, false, true, TRUTH_YES},
    /* unknown is unknown */
    {0x0303, 0xeeee, false, false, TRUTH_UNKNOWN},
    {0x0303, 0x0a0a, false, false, TRUTH_UNKNOWN},
    {0x0303, 0x1301, true, false, TRUTH_UNKNOWN},
};

static void test_secrecy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof secrecies / sizeof *secrecies; i++) {
        const struct row row = {.answer = {.version = secrecies[i].version,
                                           .cipher = secrecies[i].cipher,
                                           .group = secrecies[i].key_share ? 29 : 0,
                                           .psk = secrecies[i].psk}};
        struct player player = new_player();
        play_step(&player, &row, C_HELLO);
        play_step(&player, &row, S_HELLO);
        end(&player, FLOW_END_CLOSED);
        assert_int_equal(player.seen.last.version.value, secrecies[i].version);
        if (player.seen.last.forward_secrecy != secrecies[i].secret)
            fail_msg("version %04x, suite %04x: %d", secrecies[i].version, secrecies[i].cipher,
                     player.seen.last.forward_secrecy);
    }
}

static void test_facts(void **state)
{
    (void)state;
    struct row row = rows[0];
    row.hello.renegotiation = true;
    row.answer.ems = true;
    struct player player = new_player();
    for (const enum step_kind *step = row.steps; *step != STOP; step++)
        play_step(&player, &row, *step);
    assert_int_equal(player.seen.last.extended_master_secret, TRUTH_YES);
    assert_int_equal(player.seen.last.renegotiation, TRUTH_YES);
    assert_int_equal(player.seen.last.certificate_requested, TRUTH_NO);
    assert_int_equal(player.seen.last.version.value, TLS_VERSION_12);
    struct player refused = new_player();
    play_step(&refused, &row, C_HELLO);
    play_step(&refused, &row, S_ALERT);
    assert_int_equal(refused.seen.last.alert.value, 40);
    same("alert", "from", refused.seen.last.alert_from, "server");
    assert_false(refused.seen.last.version.seen);
    assert_false(refused.seen.last.cipher.seen);
    /* Nothing that is TLS was seen: there is nothing to tell. */
    struct player silent = new_player();
    play_step(&silent, &row, S_PROTECTED);
    play_step(&silent, &row, C_PROTECTED);
    end(&silent, FLOW_END_CLOSED);
    assert_int_equal(silent.seen.count, 0);
    /* One direction of a conversation. */
    struct player half = new_player();
    half.flow.packets[SERVER] = 0;
    play_step(&half, &row, C_HELLO);
    play_step(&half, &row, C_PROTECTED);
    end(&half, FLOW_END_CLOSED);
    same("half", "outcome", half.seen.last.outcome, "one-sided");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshakes),     cmocka_unit_test(test_answer_first),
        cmocka_unit_test(test_not_its_answer), cmocka_unit_test(test_several),
        cmocka_unit_test(test_retry),          cmocka_unit_test(test_hidden_alerts),
        cmocka_unit_test(test_secrecy),        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
