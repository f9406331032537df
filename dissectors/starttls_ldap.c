/* starttls_ldap.c: LDAP before StartTLS: RFC 4511 sections 4.2 and 4.14, in BER. Reads the kinds of operations, the
 * name of an extended one and its result; names, filters and passwords are passed over. */
#include "dissectors/starttls_preamble.h"

enum {
    BER_SEQUENCE = 0x30,
    BER_INTEGER = 0x02,
    BER_ENUMERATED = 0x0a,
    LDAP_BIND = 0x60,
    LDAP_SEARCH = 0x63,
    LDAP_SEARCH_ENTRY = 0x64,
    LDAP_SEARCH_DONE = 0x65,
    LDAP_EXTENDED = 0x77,
    LDAP_EXTENDED_RESPONSE = 0x78,
    LDAP_REQUEST_NAME = 0x80,
    LDAP_SIMPLE = 0x80,
    LDAP_MAX_MESSAGE = 32 << 10
};

static const char starttls_oid[] = "1.3.6.1.4.1.1466.20037";

/* Reads a tag and a length of up to four bytes. */
static uint8_t read_header(struct reader *ber, size_t *len)
{
    uint8_t tag = reader_u8(ber), first = reader_u8(ber);
    *len = first;
    if (first < 0x80)
        return tag;
    *len = 0;
    if (first == 0x80 || first > 0x84)
        reader_fail(ber, READER_MALFORMED, NULL);
    for (unsigned i = first & 0x7f; i > 0 && reader_ok(ber); i--)
        *len = *len << 8 | reader_u8(ber);
    return tag;
}

static struct reader read_element(struct reader *ber, uint8_t *tag)
{
    size_t len;
    *tag = read_header(ber, &len);
    return reader_child(ber, len);
}

enum recognise preamble_ldap_recognise(struct reader bytes)
{
    size_t len, id_len, op_len;
    uint8_t sequence = read_header(&bytes, &len), integer = read_header(&bytes, &id_len);
    if (sequence != BER_SEQUENCE || integer != BER_INTEGER || id_len < 1 || id_len > 4)
        return RECOGNISE_NO;
    reader_skip(&bytes, id_len);
    uint8_t op = read_header(&bytes, &op_len);
    bool known = op == LDAP_BIND || op == LDAP_SEARCH || op == LDAP_EXTENDED;
    return reader_ok(&bytes) && known && op_len < len ? RECOGNISE_YES : RECOGNISE_NO;
}

static bool has_oid(struct reader message)
{
    struct span oid = span_text(starttls_oid);
    for (; reader_left(&message) >= oid.len; reader_skip(&message, 1)) {
        struct reader peek = message;
        if (span_equal(reader_bytes(&peek, oid.len), oid))
            return true;
    }
    return false;
}

static uint32_t read_id(struct reader *message)
{
    uint8_t tag;
    uint32_t id = 0;
    struct reader integer = read_element(message, &tag);
    while (reader_left(&integer) > 0)
        id = id << 8 | reader_u8(&integer);
    return id;
}

/* A bind without name and password proves nothing and gives nothing away. */
static enum preamble_step read_bind(struct preamble *preamble, struct reader bind)
{
    uint8_t tag;
    (void)read_element(&bind, &tag);
    (void)read_element(&bind, &tag);
    struct reader proof = read_element(&bind, &tag);
    if (!reader_ok(&bind) || reader_left(&proof) == 0)
        return PREAMBLE_NEXT;
    preamble_credentials(preamble, tag == LDAP_SIMPLE ? "simple bind" : "sasl bind");
    return PREAMBLE_NEXT;
}

static enum preamble_step read_request(struct preamble *preamble, uint32_t id, uint8_t op,
                                       struct reader body)
{
    uint8_t tag;
    preamble_command(preamble);
    if (op == LDAP_BIND)
        return read_bind(preamble, body);
    if (op != LDAP_EXTENDED)
        return op == LDAP_SEARCH ? PREAMBLE_NEXT : PREAMBLE_END;
    struct reader name = read_element(&body, &tag);
    if (tag != LDAP_REQUEST_NAME ||
        !span_equal(reader_bytes(&name, reader_left(&name)), span_text(starttls_oid)))
        return PREAMBLE_NEXT;
    preamble_ask(preamble, "starttls");
    preamble->message_id = id;
    return PREAMBLE_NEXT;
}

static enum preamble_step read_response(struct preamble *preamble, uint32_t id, uint8_t op,
                                        struct reader body)
{
    uint8_t tag;
    if (op == LDAP_SEARCH_ENTRY && has_oid(body))
        preamble->session.offered = TRUTH_YES;
    bool answers = op == LDAP_EXTENDED_RESPONSE && preamble->ask_open && id == preamble->message_id;
    if (!answers)
        return PREAMBLE_NEXT;
    struct reader code = read_element(&body, &tag);
    uint8_t result = reader_u8(&code);
    preamble_answer(preamble, tag == BER_ENUMERATED && reader_ok(&code) && result == 0);
    return PREAMBLE_NEXT;
}

enum preamble_step preamble_ldap_read(struct preamble *preamble, struct reader *bytes,
                                      const struct dissect_context *context)
{
    struct reader r = *bytes;
    size_t len;
    uint8_t op, sequence = read_header(&r, &len);
    if (!reader_ok(&r))
        return reader_left(bytes) < 6 ? PREAMBLE_WAIT : PREAMBLE_NOT_MINE;
    if (sequence != BER_SEQUENCE)
        return PREAMBLE_NOT_MINE;
    if (len > LDAP_MAX_MESSAGE)
        return PREAMBLE_END;
    struct reader message = reader_child(&r, len);
    if (!reader_ok(&r))
        return PREAMBLE_WAIT;
    if (message.cut != 0)
        return PREAMBLE_END;
    *bytes = r;
    uint32_t id = read_id(&message);
    struct reader body = read_element(&message, &op);
    if (!reader_ok(&message))
        return PREAMBLE_NOT_MINE;
    return context->side == context->flow->client ? read_request(preamble, id, op, body)
                                                  : read_response(preamble, id, op, body);
}
