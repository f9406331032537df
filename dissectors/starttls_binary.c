/* starttls_binary.c: protocols of messages with a length that may go over to TLS: PostgreSQL (its
 * documentation, "SSL Session Encryption"), MySQL ("Connection Phase"), RDP ([MS-RDPBCGR] 2.2.1.1), SOCKS 4 and 5 (RFC 1928).
 * Lengths and answers are read; names, passwords and addresses are passed over. */
#include "dissectors/starttls_preamble.h"

/* What a reader gives for a message that is not all there, or is none. */
static enum preamble_step unread(const struct reader *message)
{
    return reader_ok(message) ? PREAMBLE_NEXT : PREAMBLE_WAIT;
}

static bool from_client(const struct dissect_context *context)
{
    return context->side == context->flow->client;
}

/* --- PostgreSQL --- */

enum {
    PGSQL_CANCEL = 80877102,
    PGSQL_SSL = 80877103,
    PGSQL_GSS = 80877104,
    PGSQL_VERSION_3 = 0x00030000,
    PGSQL_MAX_STARTUP = 10000
};

enum pgsql_state { PGSQL_BEGIN, PGSQL_ASKED_SSL, PGSQL_ASKED_GSS, PGSQL_STARTED };

static enum recognise pgsql_recognise(struct reader bytes)
{
    uint32_t len = reader_u32(&bytes), code = reader_u32(&bytes);
    if (!reader_ok(&bytes))
        return RECOGNISE_NO;
    bool request = len == 8 && (code == PGSQL_SSL || code == PGSQL_GSS);
    bool startup = code >> 16 == PGSQL_VERSION_3 >> 16 && len > 8 && len <= PGSQL_MAX_STARTUP &&
                   reader_u32(&bytes) == 0x75736572; /* "user" comes first in practice */
    return request || startup ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum preamble_step pgsql_first(struct preamble *preamble, struct reader *bytes)
{
    struct reader r = *bytes;
    uint32_t len = reader_u32(&r), code = reader_u32(&r);
    if (!reader_ok(&r))
        return PREAMBLE_WAIT;
    if (len < 8 || len > PGSQL_MAX_STARTUP)
        return PREAMBLE_NOT_MINE;
    reader_skip(&r, len - 8);
    if (!reader_ok(&r))
        return PREAMBLE_WAIT;
    *bytes = r;
    preamble_command(preamble);
    if (code == PGSQL_CANCEL)
        return PREAMBLE_END;
    if (code == PGSQL_SSL)
        preamble_ask(preamble, "sslrequest");
    preamble->step = code == PGSQL_SSL   ? PGSQL_ASKED_SSL
                     : code == PGSQL_GSS ? PGSQL_ASKED_GSS
                                         : PGSQL_STARTED;
    return PREAMBLE_NEXT;
}

/* After the startup the server may ask for a password, which the client's next message then has. */
static enum preamble_step pgsql_password(struct preamble *preamble, struct reader *bytes)
{
    if (reader_u8(bytes) == 'p')
        preamble_credentials(preamble, "password");
    return PREAMBLE_END;
}

static enum preamble_step pgsql_answer(struct preamble *preamble, struct reader *bytes)
{
    uint8_t answer = reader_u8(bytes);
    switch (preamble->step) {
    case PGSQL_ASKED_SSL:
        preamble_answer(preamble, answer == 'S');
        preamble->step = PGSQL_BEGIN;
        return answer == 'S' || answer == 'N' ? PREAMBLE_NEXT : PREAMBLE_END;
    case PGSQL_ASKED_GSS:
        preamble->step = PGSQL_BEGIN;
        return answer == 'N' ? PREAMBLE_NEXT : PREAMBLE_END;
    default:
        reader_skip(bytes, reader_left(bytes));
        return PREAMBLE_NEXT;
    }
}

static enum preamble_step pgsql_read(struct preamble *preamble, struct reader *bytes,
                                     const struct dissect_context *context)
{
    if (!from_client(context))
        return pgsql_answer(preamble, bytes);
    return preamble->step == PGSQL_STARTED ? pgsql_password(preamble, bytes)
                                           : pgsql_first(preamble, bytes);
}

/* --- MySQL --- */

enum {
    MYSQL_PROTOCOL = 10,
    MYSQL_MAX_VERSION = 64, /* bytes of the server's version, the NUL included */
    MYSQL_CLIENT_SSL = 0x0800,
    MYSQL_SSL_REQUEST_LEN = 32
};

/* HandshakeV10: packet header, protocol version, a version that ends with NUL. */
static enum recognise mysql_recognise(struct reader bytes)
{
    uint8_t len = reader_u8(&bytes);
    uint16_t len_high = reader_u16(&bytes);
    uint8_t sequence = reader_u8(&bytes), version = reader_u8(&bytes);
    if (!reader_ok(&bytes) || sequence != 0 || version != MYSQL_PROTOCOL || len_high != 0 ||
        len < 30)
        return RECOGNISE_NO;
    uint8_t first = reader_u8(&bytes);
    return first >= '0' && first <= '9' ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum preamble_step mysql_greeting(struct preamble *preamble, struct reader packet)
{
    (void)reader_u8(&packet);
    unsigned len = 0;
    while (len < MYSQL_MAX_VERSION && reader_u8(&packet) != 0)
        len++;
    reader_skip(&packet, 4 + 8 + 1); /* thread id, beginning of the challenge, filler */
    uint16_t capabilities = reader_u16_le(&packet);
    if (!reader_ok(&packet) || len == MYSQL_MAX_VERSION)
        return PREAMBLE_NOT_MINE;
    preamble->session.offered = truth(capabilities & MYSQL_CLIENT_SSL);
    preamble->step = 1;
    return PREAMBLE_NEXT;
}

/* The client's first packet: a request of 32 bytes and then TLS, or all of its login in clear. */
static enum preamble_step mysql_response(struct preamble *preamble, struct reader packet)
{
    size_t len = reader_left(&packet);
    uint16_t capabilities = reader_u16_le(&packet);
    preamble_command(preamble);
    if (!reader_ok(&packet))
        return PREAMBLE_END;
    bool asks = (capabilities & MYSQL_CLIENT_SSL) && len <= MYSQL_SSL_REQUEST_LEN;
    if (asks) {
        preamble_ask(preamble, "sslrequest");
        return PREAMBLE_NEXT;
    }
    preamble_credentials(preamble, "login");
    return PREAMBLE_END;
}

static enum preamble_step mysql_read(struct preamble *preamble, struct reader *bytes,
                                     const struct dissect_context *context)
{
    struct reader r = *bytes;
    uint32_t len_low = reader_u16_le(&r), len_high = reader_u8(&r);
    (void)reader_u8(&r);
    struct reader packet = reader_child(&r, len_high << 16 | len_low);
    if (unread(&r) != PREAMBLE_NEXT)
        return len_high != 0 ? PREAMBLE_END : PREAMBLE_WAIT;
    if (packet.cut != 0)
        return PREAMBLE_END;
    *bytes = r;
    if (from_client(context))
        return mysql_response(preamble, packet);
    return preamble->step == 0 ? mysql_greeting(preamble, packet) : PREAMBLE_END;
}

/* --- RDP --- */

enum {
    TPKT_VERSION = 3,
    X224_CONNECTION_REQUEST = 0xe0,
    X224_CONNECTION_CONFIRM = 0xd0,
    RDP_NEG_REQUEST = 1,
    RDP_NEG_RESPONSE = 2,
    RDP_NEG_LEN = 8,
    RDP_CORRELATION_INFO_PRESENT = 0x08,
    RDP_CORRELATION_LEN = 36,
    RDP_TLS_PROTOCOLS = 0x0b /* PROTOCOL_SSL, _HYBRID, _HYBRID_EX */
};

static enum recognise rdp_recognise(struct reader bytes)
{
    uint8_t version = reader_u8(&bytes), reserved = reader_u8(&bytes);
    uint16_t len = reader_u16(&bytes);
    uint8_t header = reader_u8(&bytes), type = reader_u8(&bytes);
    if (!reader_ok(&bytes) || version != TPKT_VERSION || reserved != 0 || len < 11 || len > 512)
        return RECOGNISE_NO;
    return type == X224_CONNECTION_REQUEST && header == len - 5 ? RECOGNISE_YES : RECOGNISE_NO;
}

/* The negotiation stands in the last eight bytes, or in the last but for an id by which logs are put together, which it
 * announces; what is before it (a cookie with a name) is not read. */
static struct reader rdp_negotiation(struct reader body)
{
    size_t left = reader_left(&body);
    if (left >= RDP_NEG_LEN + RDP_CORRELATION_LEN) {
        struct reader request = body;
        reader_skip(&request, left - RDP_NEG_LEN - RDP_CORRELATION_LEN);
        struct reader peek = request;
        uint8_t kind = reader_u8(&peek), flags = reader_u8(&peek);
        if (kind == RDP_NEG_REQUEST && (flags & RDP_CORRELATION_INFO_PRESENT) &&
            reader_u16_le(&peek) == RDP_NEG_LEN)
            return request;
    }
    reader_skip(&body, left >= RDP_NEG_LEN ? left - RDP_NEG_LEN : left);
    return body;
}

static enum preamble_step rdp_read(struct preamble *preamble, struct reader *bytes,
                                   const struct dissect_context *context)
{
    struct reader r = *bytes;
    reader_skip(&r, 2);
    uint16_t len = reader_u16(&r);
    struct reader body = reader_child(&r, len >= 4 ? len - 4u : 0);
    if (unread(&r) != PREAMBLE_NEXT)
        return PREAMBLE_WAIT;
    *bytes = r;
    reader_skip(&body, 1);
    uint8_t type = reader_u8(&body) & 0xf0;
    reader_skip(&body, 5); /* references, class */
    struct reader negotiation = rdp_negotiation(body);
    uint8_t kind = reader_u8(&negotiation);
    reader_skip(&negotiation, 3);
    bool tls = reader_u32_le(&negotiation) & RDP_TLS_PROTOCOLS;
    if (from_client(context)) {
        if (type != X224_CONNECTION_REQUEST)
            return PREAMBLE_END;
        preamble_command(preamble);
        if (kind == RDP_NEG_REQUEST && tls)
            preamble_ask(preamble, "negotiation request");
        return PREAMBLE_NEXT;
    }
    if (type != X224_CONNECTION_CONFIRM || !preamble->ask_open)
        return PREAMBLE_END;
    preamble_answer(preamble, kind == RDP_NEG_RESPONSE && tls);
    return preamble->session.accepted == TRUTH_YES ? PREAMBLE_NEXT : PREAMBLE_END;
}

/* --- SOCKS --- */

enum {
    SOCKS4 = 4,
    SOCKS5 = 5,
    SOCKS_MAX_METHODS = 8,
    SOCKS4_MAX = 512,
    SOCKS4_GRANTED = 90,
    SOCKS_CONNECT = 1,
    SOCKS_PASSWORD = 2, /* RFC 1929 */
    SOCKS_IPV4 = 1,
    SOCKS_NAME = 3,
    SOCKS_IPV6 = 4
};

enum socks_state { SOCKS_METHODS, SOCKS_METHOD, SOCKS_LOGIN, SOCKS_REQUEST };

/* The list of methods, and nothing behind it: the client waits for the answer. */
static enum recognise socks5_recognise(struct reader bytes)
{
    uint8_t version = reader_u8(&bytes), num = reader_u8(&bytes);
    if (version != SOCKS5 || num == 0 || num > SOCKS_MAX_METHODS || reader_wire_left(&bytes) != num)
        return RECOGNISE_NO;
    while (reader_left(&bytes) > 0) {
        uint8_t method = reader_u8(&bytes);
        if (method > 9 && method < 0x80)
            return RECOGNISE_NO;
    }
    return reader_ok(&bytes) && bytes.cut == 0 ? RECOGNISE_YES : RECOGNISE_NO;
}

/* CONNECT: port, address, a name that ends with NUL; for address 0.0.0.x a host that does. */
static bool socks4_request(struct reader *bytes)
{
    uint8_t version = reader_u8(bytes), command = reader_u8(bytes);
    uint16_t port = reader_u16(bytes);
    uint32_t address = reader_u32(bytes);
    for (unsigned names = address < 256 && address != 0 ? 2 : 1; names > 0; names--)
        for (unsigned len = 0; reader_u8(bytes) != 0 && len < SOCKS4_MAX; len++)
            ;
    return reader_ok(bytes) && version == SOCKS4 && command == SOCKS_CONNECT && port != 0 &&
           address != 0;
}

static enum recognise socks4_recognise(struct reader bytes)
{
    return socks4_request(&bytes) && reader_wire_left(&bytes) == 0 ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum preamble_step socks4_read(struct preamble *preamble, struct reader *bytes,
                                      const struct dissect_context *context)
{
    struct reader r = *bytes;
    if (from_client(context)) {
        if (preamble->ask_open || !socks4_request(&r))
            return PREAMBLE_END;
        *bytes = r;
        preamble_command(preamble);
        preamble_ask(preamble, "connect");
        return PREAMBLE_NEXT;
    }
    uint8_t null = reader_u8(&r), status = reader_u8(&r);
    reader_skip(&r, 6);
    if (unread(&r) != PREAMBLE_NEXT)
        return PREAMBLE_WAIT;
    if (null != 0 || !preamble->ask_open)
        return PREAMBLE_END;
    *bytes = r;
    preamble_answer(preamble, status == SOCKS4_GRANTED);
    return status == SOCKS4_GRANTED ? PREAMBLE_NEXT : PREAMBLE_END;
}

/* Version, command or status, 0, and an address of some kind with a port. */
static void socks5_skip_address(struct reader *message)
{
    switch (reader_u8(message)) {
    case SOCKS_IPV4:
        reader_skip(message, 4);
        break;
    case SOCKS_IPV6:
        reader_skip(message, 16);
        break;
    case SOCKS_NAME:
        (void)reader_vec8(message);
        break;
    default:
        reader_fail(message, READER_CUT, NULL);
    }
    reader_skip(message, 2);
}

static enum preamble_step socks5_client(struct preamble *preamble, struct reader *r)
{
    uint8_t version = reader_u8(r);
    switch (preamble->step) {
    case SOCKS_METHODS:
        (void)reader_vec8(r);
        break;
    case SOCKS_LOGIN:
        (void)reader_vec8(r);
        (void)reader_vec8(r);
        break;
    case SOCKS_REQUEST: {
        uint8_t command = reader_u8(r);
        reader_skip(r, 1);
        socks5_skip_address(r);
        if (reader_ok(r) && (version != SOCKS5 || command != SOCKS_CONNECT))
            return PREAMBLE_END;
        break;
    }
    default:
        return PREAMBLE_END;
    }
    if (!reader_ok(r))
        return PREAMBLE_WAIT;
    if (preamble->step == SOCKS_METHODS) {
        preamble->step = SOCKS_METHOD;
        return PREAMBLE_NEXT;
    }
    preamble_command(preamble);
    if (preamble->step == SOCKS_LOGIN)
        preamble_credentials(preamble, "password");
    else
        preamble_ask(preamble, "connect");
    return PREAMBLE_NEXT;
}

static enum preamble_step socks5_server(struct preamble *preamble, struct reader *r)
{
    uint8_t version = reader_u8(r), status = reader_u8(r);
    if (preamble->ask_open) {
        reader_skip(r, 1);
        socks5_skip_address(r);
    }
    if (!reader_ok(r))
        return PREAMBLE_WAIT;
    if (preamble->ask_open) {
        preamble_answer(preamble, status == 0);
        return status == 0 ? PREAMBLE_NEXT : PREAMBLE_END;
    }
    if (preamble->step == SOCKS_METHOD && version != SOCKS5)
        return PREAMBLE_NOT_MINE;
    if (preamble->step == SOCKS_METHOD) {
        preamble->step = status == SOCKS_PASSWORD ? SOCKS_LOGIN : SOCKS_REQUEST;
        return status == 0 || status == SOCKS_PASSWORD ? PREAMBLE_NEXT : PREAMBLE_END;
    }
    preamble->step = SOCKS_REQUEST;
    return status == 0 ? PREAMBLE_NEXT : PREAMBLE_END;
}

static enum preamble_step socks5_read(struct preamble *preamble, struct reader *bytes,
                                      const struct dissect_context *context)
{
    struct reader r = *bytes;
    enum preamble_step step =
        from_client(context) ? socks5_client(preamble, &r) : socks5_server(preamble, &r);
    if (step == PREAMBLE_NEXT)
        *bytes = r;
    return step;
}

/* --- the table --- */

static const struct {
    enum recognise (*recognise)(struct reader bytes);
    enum preamble_from from;
    struct preamble_protocol protocol;
} protocols[] = {
    {pgsql_recognise, PREAMBLE_FROM_CLIENT, {.name = "postgresql", .read = pgsql_read}},
    {rdp_recognise, PREAMBLE_FROM_CLIENT, {.name = "rdp", .read = rdp_read}},
    {socks4_recognise,
     PREAMBLE_FROM_CLIENT,
     {.name = "socks4", .tunnel = true, .read = socks4_read}},
    {socks5_recognise,
     PREAMBLE_FROM_CLIENT,
     {.name = "socks5", .tunnel = true, .read = socks5_read}},
    {preamble_ldap_recognise, PREAMBLE_FROM_CLIENT, {.name = "ldap", .read = preamble_ldap_read}},
    {mysql_recognise, PREAMBLE_FROM_SERVER, {.name = "mysql", .read = mysql_read}},
};

enum { PROTOCOL_MYSQL = sizeof protocols / sizeof protocols[0] - 1 };

/* The first byte leaves one protocol, beside MySQL, which begins with a length. */
static unsigned guess(uint8_t first)
{
    switch (first) {
    case 0:
        return 0;
    case TPKT_VERSION:
        return 1;
    case SOCKS4:
        return 2;
    case SOCKS5:
        return 3;
    case 0x30:
        return 4;
    default:
        return PROTOCOL_MYSQL;
    }
}

enum recognise preamble_binary_recognise(struct reader bytes,
                                         const struct preamble_protocol **protocol,
                                         enum preamble_from *from)
{
    struct reader peek = bytes;
    unsigned number = guess(reader_u8(&peek));
    enum recognise answer = protocols[number].recognise(bytes);
    if (answer == RECOGNISE_NO && number != PROTOCOL_MYSQL) {
        number = PROTOCOL_MYSQL;
        answer = mysql_recognise(bytes);
    }
    *protocol = &protocols[number].protocol;
    *from = protocols[number].from;
    return answer;
}
