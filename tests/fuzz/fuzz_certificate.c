/* fuzz_certificate.c: a handshake message up to TLS 1.2, with the certificates in it. The first byte of the
 * input chooses the message (low five bits), the side and whether raw public keys were negotiated; where it
 * is DER, the rest is also one certificate. */
#include "dissectors/tls_session.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

static void read_message(struct tls_session *session, uint8_t type, unsigned side, struct span body)
{
    struct flow flow = {.protocol = PROTO_TCP, .client = 1};
    struct dissect_context context = {.flow = &flow, .side = side, .emit = walk};
    uint8_t *exact = malloc(body.len + 1);
    assert(exact != NULL);
    memcpy(exact, body.at, body.len);
    tls_session_message(session, type, reader_of(span_of(exact, body.len)), &context);
    tls_session_end(session, &context);
    free(exact);
}

/* The bytes as the only certificate of a message. */
static void read_as_chain(struct tls_session *session, struct span der)
{
    size_t len = der.len < 65000 ? der.len : 65000;
    uint8_t *body = malloc(len + 6);
    assert(body != NULL);
    const uint8_t header[] = {0, (uint8_t)((len + 3) >> 8), (uint8_t)(len + 3),
                              0, (uint8_t)(len >> 8),       (uint8_t)len};
    memcpy(body, header, sizeof header);
    memcpy(body + sizeof header, der.at, len);
    read_message(session, TLS_CERTIFICATE, 0, span_of(body, len + sizeof header));
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIDE = 0x20, RAW_KEYS = 0x40, VERSION_KNOWN = 0x80, DER_SEQUENCE = 0x30 };
    struct tls_session session = {.transport = "tls", .version_protocol = "tls"};
    if (size == 0)
        return 0;
    if (data[0] & VERSION_KNOWN)
        session.version = number(TLS_VERSION_12);
    if (data[0] & RAW_KEYS)
        session.client_certificate_type = session.server_certificate_type = number(2);
    read_message(&session, data[0] & 0x1f, (data[0] & SIDE) != 0, span_of(data + 1, size - 1));
    if (data[0] == DER_SEQUENCE)
        read_as_chain(&session, span_of(data, size));
    return 0;
}
