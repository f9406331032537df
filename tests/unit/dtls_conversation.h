/* dtls_conversation.h: for tests of DTLS: writes datagrams, hands them to the dissector as the engine would,
 * and notes what was observed. Protected records hold arbitrary bytes: nobody here has a key. */
#ifndef PERPASS_TESTS_DTLS_CONVERSATION_H
#define PERPASS_TESTS_DTLS_CONVERSATION_H

#include "core/common_observations.h"
#include "dissectors/dtls.h"
#include "dissectors/dtls_inbox.h"
#include "dissectors/dtls_record.h"
#include "dissectors/tls_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    CLIENT = 1,
    SERVER = 0,
    SPARE_RANDOM = 0x11,
    OPAQUE = TLS_SUPPLEMENTAL_DATA /* a message that nobody looks into */
};

/* --- writing --- */

struct writer {
    uint8_t at[70000];
    size_t len;
};

static inline void put(struct writer *w, const void *bytes, size_t len)
{
    assert_true(w->len + len <= sizeof w->at);
    if (len > 0)
        memcpy(w->at + w->len, bytes, len);
    w->len += len;
}

static inline void put_number(struct writer *w, uint64_t number, unsigned bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(number >> (8 * bytes));
        put(w, &byte, 1);
    }
}

static inline void put_fill(struct writer *w, uint8_t fill, size_t len)
{
    while (len-- > 0)
        put(w, &fill, 1);
}

static inline void put_vector(struct writer *w, unsigned bytes, const struct writer *body)
{
    put_number(w, body->len, bytes);
    put(w, body->at, body->len);
}

static inline void put_extension(struct writer *w, uint16_t type, const char *body, size_t len)
{
    put_number(w, type, 2);
    put_number(w, len, 2);
    put(w, body, len);
}

/* What a hello of the tests says. */
struct hello {
    uint16_t version;   /* in the hello */
    uint16_t supported; /* in supported_versions; 0: not there */
    uint8_t fill;       /* of the random */
    const char *cookie;
    const char *cid; /* NULL: no extension */
    uint16_t cipher;
    size_t padding;
};

static inline struct writer client_hello(const struct hello *hello)
{
    struct writer w = {.len = 0}, extensions = {.len = 0};
    put_number(&w, hello->version, 2);
    put_fill(&w, hello->fill, TLS_RANDOM_LEN);
    put_number(&w, 0, 1);
    const char *cookie = hello->cookie != NULL ? hello->cookie : "";
    put_number(&w, strlen(cookie), 1);
    put(&w, cookie, strlen(cookie));
    put_number(&w, 4, 2);
    put_number(&w, 0x00a8c037, 4);
    put_number(&w, 0x0100, 2);
    if (hello->supported != 0) {
        const char list[] = {2, (char)(hello->supported >> 8), (char)hello->supported};
        put_extension(&extensions, 43, list, sizeof list);
    }
    if (hello->cid != NULL) {
        put_number(&extensions, 54, 2);
        put_number(&extensions, strlen(hello->cid) + 1, 2);
        put_number(&extensions, strlen(hello->cid), 1);
        put(&extensions, hello->cid, strlen(hello->cid));
    }
    if (hello->padding > 0) {
        put_number(&extensions, 21, 2);
        put_number(&extensions, hello->padding, 2);
        put_fill(&extensions, 0, hello->padding);
    }
    put_vector(&w, 2, &extensions);
    return w;
}

static const uint8_t hello_retry[TLS_RANDOM_LEN] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* A fill of 0 stands for the random of a hello retry request. */
static inline struct writer server_hello(const struct hello *hello)
{
    struct writer w = {.len = 0}, extensions = {.len = 0};
    put_number(&w, hello->version, 2);
    if (hello->fill == 0)
        put(&w, hello_retry, sizeof hello_retry);
    else
        put_fill(&w, hello->fill, TLS_RANDOM_LEN);
    put_number(&w, 0, 1);
    put_number(&w, hello->cipher, 2);
    put_number(&w, 0, 1);
    if (hello->supported != 0) {
        const char version[] = {(char)(hello->supported >> 8), (char)hello->supported};
        put_extension(&extensions, 43, version, sizeof version);
    }
    if (hello->cid != NULL) {
        put_number(&extensions, 54, 2);
        put_number(&extensions, strlen(hello->cid) + 1, 2);
        put_number(&extensions, strlen(hello->cid), 1);
        put(&extensions, hello->cid, strlen(hello->cid));
    }
    put_vector(&w, 2, &extensions);
    return w;
}

static inline struct writer hello_verify_request(uint16_t version, const char *cookie)
{
    struct writer w = {.len = 0};
    put_number(&w, version, 2);
    put_number(&w, strlen(cookie), 1);
    put(&w, cookie, strlen(cookie));
    return w;
}

static inline void put_fragment(struct writer *w, uint8_t type, uint16_t seq,
                                const struct writer *body, size_t offset, size_t len)
{
    put_number(w, type, 1);
    put_number(w, body->len, 3);
    put_number(w, seq, 2);
    put_number(w, offset, 3);
    put_number(w, len, 3);
    put(w, body->at + offset, len);
}

static inline void put_record(struct writer *w, uint8_t type, uint16_t version, uint16_t epoch,
                              const struct writer *body)
{
    put_number(w, type, 1);
    put_number(w, version, 2);
    put_number(w, epoch, 2);
    put_number(w, w->len, 6);
    put_vector(w, 2, body);
}

static inline void put_handshake(struct writer *w, uint16_t version, uint8_t type, uint16_t seq,
                                 const struct writer *body)
{
    struct writer fragment = {.len = 0};
    put_fragment(&fragment, type, seq, body, 0, body->len);
    put_record(w, DTLS_HANDSHAKE, version, 0, &fragment);
}

static inline void put_part(struct writer *w, uint8_t type, uint16_t seq, const struct writer *body,
                            size_t offset, size_t len)
{
    struct writer fragment = {.len = 0};
    put_fragment(&fragment, type, seq, body, offset, len);
    put_record(w, DTLS_HANDSHAKE, DTLS_VERSION_12, 0, &fragment);
}

static inline void put_protected(struct writer *w, uint16_t epoch, size_t len)
{
    struct writer body = {.len = 0};
    put_fill(&body, 0xe7, len);
    put_record(w, DTLS_APPLICATION_DATA, DTLS_VERSION_12, epoch, &body);
}

static inline void put_change_cipher(struct writer *w)
{
    struct writer body = {.len = 0};
    put_number(&body, 1, 1);
    put_record(w, DTLS_CHANGE_CIPHER_SPEC, DTLS_VERSION_12, 0, &body);
}

/* RFC 9146 section 4: the connection id is between the sequence number and the length. */
static inline void put_tls12_cid(struct writer *w, const char *cid, size_t len)
{
    put_number(w, DTLS_TLS12_CID, 1);
    put_number(w, DTLS_VERSION_12, 2);
    put_number(w, 1, 2);
    put_number(w, 5, 6);
    put(w, cid, strlen(cid));
    put_number(w, len, 2);
    put_fill(w, 0xe7, len);
}

/* RFC 9147 section 4: 001CSLEE, connection id, sequence number, length. */
static inline void put_unified(struct writer *w, uint8_t bits, const char *cid, size_t len)
{
    put_number(w, 0x20 | bits, 1);
    if (bits & 0x10)
        put(w, cid, strlen(cid));
    put_fill(w, 0x99, bits & 0x08 ? 2 : 1);
    if (bits & 0x04)
        put_number(w, len, 2);
    put_fill(w, 0xe7, len);
}

/* --- reading --- */

/* What was observed, as far as the tests look at it. */
struct seen {
    unsigned hellos, servers, requests, server_exchanges, client_exchanges, alerts, malformed, cut,
        cids, sessions;
    char order[40]; /* a letter an observation: C V S s c a */
    uint8_t random; /* the first byte of the last hello's */
    char cookie[64], identity[64], hint[64], cid[64];
    uint64_t version, client_version;
    enum truth retry;
    const char *reason, *from, *cid_from;
    struct dtls_cid last_cid;
    struct dtls_session session; /* the last one */
};

static inline void copy_text(char *to, struct span from)
{
    size_t len = from.len < 63 ? from.len : 63;
    if (len > 0)
        memcpy(to, from.at, len);
    to[len] = '\0';
}

static inline void note_letter(struct seen *seen, char letter)
{
    size_t len = strlen(seen->order);
    if (len + 1 < sizeof seen->order)
        seen->order[len] = letter;
}

static inline void note_tls(struct seen *seen, const struct observation *observation)
{
    if (observation->type == &observation_tls_client_hello) {
        const struct tls_client_hello *hello = observation->data;
        assert_string_equal(hello->transport, "dtls");
        assert_string_equal(hello->version_protocol, "dtls");
        seen->hellos++;
        seen->random = hello->random.at[0];
        copy_text(seen->cookie, hello->cookie);
        note_letter(seen, 'C');
    } else if (observation->type == &observation_tls_server_hello) {
        const struct tls_server_hello *hello = observation->data;
        seen->servers++;
        seen->version = hello->version.value;
        seen->client_version = hello->client_version.value;
        seen->retry = hello->hello_retry;
        note_letter(seen, 'S');
    } else if (observation->type == &observation_tls_server_key_exchange) {
        const struct tls_server_key_exchange *exchange = observation->data;
        seen->server_exchanges++;
        copy_text(seen->hint, exchange->psk_hint);
        note_letter(seen, 's');
    } else if (observation->type == &observation_tls_client_key_exchange) {
        const struct tls_client_key_exchange *exchange = observation->data;
        seen->client_exchanges++;
        copy_text(seen->identity, exchange->psk_identity);
        note_letter(seen, 'c');
    } else if (observation->type == &observation_tls_alert) {
        seen->alerts++;
        seen->from = ((const struct tls_alert *)observation->data)->from;
        note_letter(seen, 'a');
    }
}

static inline void note(void *to, const struct observation *observation)
{
    struct seen *seen = to;
    note_tls(seen, observation);
    if (observation->type == &observation_tls_hello_verify_request) {
        const struct tls_hello_verify_request *request = observation->data;
        assert_int_equal(request->cookie.len, request->cookie_len.value);
        seen->requests++;
        copy_text(seen->cookie, request->cookie);
        note_letter(seen, 'V');
    } else if (observation->type == &observation_dtls_cid) {
        seen->last_cid = *(const struct dtls_cid *)observation->data;
        copy_text(seen->cid, seen->last_cid.cid);
        seen->cids++;
    } else if (observation->type == &observation_dtls_session) {
        seen->session = *(const struct dtls_session *)observation->data;
        seen->sessions++;
    } else if (observation->type == &observation_malformed ||
               observation->type == &observation_cut) {
        const struct fault_observation *fault = observation->data;
        assert_string_equal(fault->protocol, "dtls");
        seen->malformed += observation->type == &observation_malformed;
        seen->cut += observation->type == &observation_cut;
        seen->reason = fault->reason;
    }
}

/* A flow whose datagrams are handed to the dissector as the engine would. */
struct conversation {
    struct flow flow;
    void *state;
    struct budget budget;
    struct scratch scratch;
    struct seen seen;
};

static inline struct conversation *begin(void)
{
    struct conversation *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->flow.protocol = PROTO_UDP;
    c->flow.client = CLIENT;
    c->budget.limit = 1 << 20;
    c->state = calloc(1, dissector_dtls.state_size);
    assert_non_null(c->state);
    return c;
}

static inline struct dissect_context context_of(struct conversation *c, unsigned side)
{
    return (struct dissect_context){.flow = &c->flow,
                                    .side = side,
                                    .scratch = &c->scratch,
                                    .budget = &c->budget,
                                    .emit_to = &c->seen,
                                    .emit = note};
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static inline enum dissect send_cut(struct conversation *c, unsigned side, const struct writer *w,
                                    size_t cut)
{
    uint8_t *exact = malloc(w->len + 1);
    assert_non_null(exact);
    memcpy(exact, w->at, w->len);
    struct reader datagram = reader_of_cut(span_of(exact, w->len), cut);
    struct dissect_context context = context_of(c, side);
    enum dissect answer = dissector_dtls.dissect(&datagram, c->state, &context);
    free(exact);
    return answer;
}

static inline enum dissect send_datagram(struct conversation *c, unsigned side,
                                         const struct writer *w)
{
    return send_cut(c, side, w, 0);
}

static inline void send_message(struct conversation *c, unsigned side, uint8_t type, uint16_t seq,
                                const struct writer *body)
{
    struct writer w = {.len = 0};
    put_handshake(&w, DTLS_VERSION_12, type, seq, body);
    send_datagram(c, side, &w);
}

static inline void send_part(struct conversation *c, unsigned side, uint8_t type, uint16_t seq,
                             const struct writer *body, size_t offset, size_t len)
{
    struct writer w = {.len = 0};
    put_part(&w, type, seq, body, offset, len);
    send_datagram(c, side, &w);
}

/* Ends the flow; gives what was seen. Nothing may be held after it. */
static inline struct seen end(struct conversation *c)
{
    struct dissect_context context = context_of(c, c->flow.client);
    dissector_dtls.end(c->state, &context);
    assert_int_equal(c->budget.used, 0);
    struct seen seen = c->seen;
    scratch_free(&c->scratch);
    free(c->state);
    free(c);
    return seen;
}

static const struct hello plain_client = {.version = DTLS_VERSION_12, .fill = SPARE_RANDOM};
static const struct hello psk_server = {.version = DTLS_VERSION_12, .fill = 0x22, .cipher = 0x00a8};

static inline uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

#endif
