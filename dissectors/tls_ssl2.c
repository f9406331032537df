/* tls_ssl2.c: hellos in records of SSL 2 (Hickman, "The SSL Protocol", 1995; RFC 6101 appendix E), by
 * which clients of the time also opened SSL 3 and TLS. Reads the two hellos; leaves the rest unread. */
#include "dissectors/tls_session.h"

enum { SSL2_CLIENT_HELLO = 1, SSL2_SERVER_HELLO = 4 };

struct ssl2_hello {
    uint8_t type;
    uint16_t version;
    struct span ciphers, session_id, random; /* server: random is the connection id */
};

/* A record with a two-byte header: its first bit is set, the others are the length. */
static struct reader ssl2_record(struct reader *bytes)
{
    uint16_t header = reader_u16(bytes);
    if (!(header & 0x8000))
        reader_fail(bytes, READER_MALFORMED, "ssl2_record");
    return reader_child(bytes, header & 0x7fff);
}

/* CLIENT-HELLO: version, three lengths, cipher specs, session id, challenge.
 * SERVER-HELLO: session id hit, certificate type, version, three lengths, certificate, cipher specs,
 * connection id. Both fill their record exactly. */
static struct ssl2_hello parse(struct reader *bytes)
{
    struct ssl2_hello hello = {0};
    struct reader record = ssl2_record(bytes);
    hello.type = reader_u8(&record);
    if (hello.type == SSL2_SERVER_HELLO)
        reader_skip(&record, 2);
    hello.version = reader_u16(&record);
    size_t first = reader_u16(&record), second = reader_u16(&record), third = reader_u16(&record);
    if (hello.type == SSL2_CLIENT_HELLO) {
        hello.ciphers = reader_bytes(&record, first);
        hello.session_id = reader_bytes(&record, second);
        hello.random = reader_bytes(&record, third);
    } else if (hello.type == SSL2_SERVER_HELLO) {
        (void)reader_bytes(&record, first);
        hello.ciphers = reader_bytes(&record, second);
        hello.random = reader_bytes(&record, third);
    } else {
        reader_fail(&record, READER_MALFORMED, "ssl2_hello");
    }
    if (hello.ciphers.len % 3 != 0)
        reader_fail(&record, READER_MALFORMED, "ssl2_hello.cipher_specs");
    reader_close(bytes, &record, "ssl2_hello");
    return hello;
}

static bool version_plausible(const struct ssl2_hello *hello)
{
    if (hello->version == TLS_VERSION_SSL2)
        return true;
    return hello->type == SSL2_CLIENT_HELLO && hello->version >= TLS_VERSION_SSL3 &&
           hello->version <= TLS_VERSION_13;
}

enum recognise tls_ssl2_recognises(struct reader bytes)
{
    if (bytes.cut == 0 && reader_left(&bytes) < 5) {
        struct reader start = bytes;
        uint8_t high = reader_u8(&start);
        bool two = reader_left(&start) >= 2;
        (void)reader_u8(&start);
        uint8_t type = reader_u8(&start);
        if (!(high & 0x80) || (two && type != SSL2_CLIENT_HELLO && type != SSL2_SERVER_HELLO))
            return RECOGNISE_NO;
        return RECOGNISE_MAYBE;
    }
    struct reader start = bytes;
    uint16_t header = reader_u16(&start);
    uint8_t type = reader_u8(&start);
    if (type == SSL2_SERVER_HELLO)
        reader_skip(&start, 2);
    struct ssl2_hello hello = {.type = type, .version = reader_u16(&start)};
    bool known = type == SSL2_CLIENT_HELLO || type == SSL2_SERVER_HELLO;
    if (!(header & 0x8000) || !known || (reader_ok(&start) && !version_plausible(&hello)))
        return RECOGNISE_NO;
    if (bytes.cut == 0 && reader_left(&bytes) < 2u + (header & 0x7fff))
        return RECOGNISE_MAYBE;
    hello = parse(&bytes);
    return reader_ok(&bytes) && hello.ciphers.len > 0 && hello.random.len >= 16 ? RECOGNISE_YES
                                                                                : RECOGNISE_NO;
}

bool tls_ssl2_read(struct tls_session *session, struct reader *bytes,
                   struct dissect_context *context)
{
    struct ssl2_hello hello = parse(bytes);
    struct flow *flow = context->flow;
    if (hello.type == SSL2_CLIENT_HELLO) {
        const struct tls_client_hello client = {.transport = session->transport,
                                                .version_protocol = session->version_protocol,
                                                .legacy_version = number(hello.version),
                                                .ssl2 = TRUTH_YES,
                                                .random = hello.random,
                                                .session_id = hello.session_id,
                                                .ssl2_ciphers = hello.ciphers};
        session->client_hello = true;
        session->handshake = (struct tls_handshake){.any = true};
        session->handshake.saw[context->side] = 1u << TLS_CLIENT_HELLO;
        session->client_version = number(hello.version);
        flow->client = (uint8_t)context->side;
        flow->client_certain = true;
        dissect_emit(context, &observation_tls_client_hello, &client);
        return true;
    }
    const struct tls_server_hello server = {.transport = session->transport,
                                            .version_protocol = session->version_protocol,
                                            .legacy_version = number(hello.version),
                                            .version = number(hello.version),
                                            .ssl2 = TRUTH_YES,
                                            .ssl2_ciphers = hello.ciphers,
                                            .random = hello.random,
                                            .client_version = session->client_version};
    session->server_hello = true;
    session->handshake.any = true;
    session->handshake.saw[context->side] |= 1u << TLS_SERVER_HELLO;
    session->version = server.version;
    flow->client = (uint8_t)!context->side;
    flow->client_certain = true;
    dissect_emit(context, &observation_tls_server_hello, &server);
    return false;
}
