/* tls_records.c: the record layer of TLS over an ordered stream of bytes: RFC 8446 section 5, RFC 5246
 * section 6.2, and hellos in SSL 2 records. Puts handshake messages together (many in a record, one in many
 * records) and follows each direction to the point from which on it is encrypted. Leaves application data
 * unread. */
#include "dissectors/tls_records.h"

#include "core/common_observations.h"

#include <assert.h>

/* ContentType, RFC 8446 section 5.1; heartbeat: RFC 6520. */
enum content_type {
    CONTENT_CHANGE_CIPHER_SPEC = 20,
    CONTENT_ALERT = 21,
    CONTENT_HANDSHAKE = 22,
    CONTENT_APPLICATION_DATA = 23,
    CONTENT_HEARTBEAT = 24
};

enum {
    RECORD_HEADER_LEN = 5,
    RECORD_MAX_LEN = (1 << 14) + 2048, /* TLSCiphertext of RFC 5246 */
    HANDSHAKE_HEADER_LEN = 4,
    MAX_RESYNCS = 24 /* times a side may look for the start of a record */
};

struct record {
    uint8_t type;
    uint16_t version;
    size_t len;
};

/* What reading one record led to. */
enum step { STEP_NEXT, STEP_WAIT, STEP_SIDE_DONE, STEP_DONE };

static struct record read_header(struct reader *bytes)
{
    struct record record = {.type = reader_u8(bytes)};
    record.version = reader_u16(bytes);
    record.len = reader_u16(bytes);
    return record;
}

static bool header_plausible(const struct record *record)
{
    if (record->type < CONTENT_CHANGE_CIPHER_SPEC || record->type > CONTENT_HEARTBEAT)
        return false;
    bool version = record->version >> 8 == 3 || record->version >> 8 == 0x7f;
    return version && record->len > 0 && record->len <= RECORD_MAX_LEN;
}

static bool handshake_type_known(uint8_t type)
{
    switch (type) {
    case TLS_CLIENT_HELLO:
    case TLS_SERVER_HELLO:
    case TLS_NEW_SESSION_TICKET:
    case TLS_HELLO_RETRY_REQUEST:
    case TLS_CERTIFICATE:
    case TLS_SERVER_KEY_EXCHANGE:
    case TLS_CERTIFICATE_REQUEST:
    case TLS_SERVER_HELLO_DONE:
    case TLS_CERTIFICATE_VERIFY:
    case TLS_CLIENT_KEY_EXCHANGE:
    case TLS_CERTIFICATE_URL:
    case TLS_CERTIFICATE_STATUS:
    case TLS_SUPPLEMENTAL_DATA:
        return true;
    default:
        return false;
    }
}

/* A record header and, as far as it is there, what must be behind it. */
static enum recognise recognises_record(struct reader bytes)
{
    struct reader start = bytes;
    struct record record = {.type = reader_u8(&start)};
    uint8_t major = reader_u8(&start), minor = reader_u8(&start);
    if (record.type < CONTENT_CHANGE_CIPHER_SPEC || record.type > CONTENT_HEARTBEAT)
        return RECOGNISE_NO;
    if (reader_left(&bytes) >= 2 && major != 3)
        return RECOGNISE_NO;
    if (reader_left(&bytes) >= 3 && minor > 4)
        return RECOGNISE_NO;
    record.len = reader_u16(&start);
    uint8_t first = reader_u8(&start);
    size_t message_len = reader_u24(&start);
    bool handshake = record.type == CONTENT_HANDSHAKE;
    if (reader_left(&bytes) < (handshake ? 9u : 6u))
        return bytes.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
    switch (record.type) {
    case CONTENT_CHANGE_CIPHER_SPEC:
        return record.len == 1 && first == 1 ? RECOGNISE_YES : RECOGNISE_NO;
    case CONTENT_ALERT:
        return record.len == 2 && (first == 1 || first == 2) ? RECOGNISE_YES : RECOGNISE_NO;
    case CONTENT_HANDSHAKE:
        return record.len > 0 && record.len <= RECORD_MAX_LEN && handshake_type_known(first) &&
                       (record.len < 9 || message_len < SCRATCH_MAX_LEN)
                   ? RECOGNISE_YES
                   : RECOGNISE_NO;
    default:
        return record.len >= 16 && record.len <= RECORD_MAX_LEN ? RECOGNISE_YES : RECOGNISE_NO;
    }
}

enum recognise tls_records_recognise(struct reader bytes)
{
    if (reader_left(&bytes) == 0)
        return RECOGNISE_NO;
    enum recognise record = recognises_record(bytes);
    return record != RECOGNISE_NO ? record : tls_ssl2_recognises(bytes);
}

static void pass_over(struct tls_side *side, struct reader *bytes)
{
    size_t there = reader_wire_left(bytes);
    size_t now = side->skip < there ? side->skip : there;
    reader_skip(bytes, now);
    side->skip -= now;
}

/* Gives the record up without reading it: the rest of it is passed over as it comes. */
static enum step skip_record(struct tls_side *side, struct reader *bytes,
                             const struct record *record)
{
    side->skip = RECORD_HEADER_LEN + record->len;
    side->done = 0;
    pass_over(side, bytes);
    return side->skip > 0 ? STEP_WAIT : STEP_NEXT;
}

static void emit_fault(const struct observation_type *type, const char *field, const char *reason,
                       struct dissect_context *context)
{
    const struct fault_observation fault = {.protocol = "tls", .field = field, .reason = reason};
    dissect_emit(context, type, &fault);
}

/* Takes the messages that are whole in the first unread record. Gives what is left of its fragment. */
static struct reader read_whole_messages(struct tls_records *tls, struct tls_side *side,
                                         struct reader fragment, struct dissect_context *context)
{
    reader_skip(&fragment, side->done);
    for (;;) {
        struct reader next = fragment;
        uint8_t type = reader_u8(&next);
        struct reader body = reader_vec24(&next);
        if (!reader_ok(&next) || body.cut != 0)
            return fragment;
        tls_session_message(&tls->session, type, body, context);
        side->done += HANDSHAKE_HEADER_LEN + reader_left(&body);
        fragment = next;
    }
}

/* The bytes of a message over several records, as far as they have come. */
struct gathered {
    size_t
        available; /* handshake bytes in all whole records at hand, those that are done left out */
    bool interrupted; /* a record of another type follows: the message can never be complete */
    size_t wire;      /* bytes of these records, headers included */
};

static struct gathered count_fragments(const struct tls_side *side, struct reader bytes)
{
    struct gathered all = {0};
    size_t before = reader_wire_left(&bytes);
    while (reader_left(&bytes) > 0) {
        struct reader next = bytes;
        struct record record = read_header(&next);
        struct reader fragment = reader_child(&next, record.len);
        if (!reader_ok(&next) || fragment.cut != 0)
            break;
        all.interrupted = record.type != CONTENT_HANDSHAKE || !header_plausible(&record);
        if (all.interrupted)
            break;
        all.available += record.len;
        bytes = next;
    }
    all.available -= side->done;
    all.wire = before - reader_wire_left(&bytes);
    return all;
}

/* Copies |len| handshake bytes to |to|, from the first unread record on. With |take| they are consumed. */
static void gather(struct tls_side *side, struct reader *bytes, uint8_t *to, size_t len, bool take)
{
    struct reader at = *bytes;
    size_t done = side->done;
    while (len > 0) {
        struct reader record_start = at;
        struct record record = read_header(&at);
        struct reader fragment = reader_child(&at, record.len);
        reader_skip(&fragment, done);
        struct span part =
            reader_bytes(&fragment, reader_left(&fragment) < len ? reader_left(&fragment) : len);
        assert(reader_ok(&at) && reader_ok(&fragment)); /* count_fragments has seen them whole */
        memcpy(to, part.at, part.len);
        to += part.len;
        len -= part.len;
        done = len == 0 && reader_left(&fragment) > 0 ? done + part.len : 0;
        if (take)
            *bytes = done > 0 ? record_start : at;
    }
    if (take)
        side->done = done;
}

/* Leaves the bytes unread until there are |want| of them, and in any case more than now. */
static enum step wait_for(struct tls_side *side, const struct reader *bytes, size_t want)
{
    size_t now = reader_left(bytes);
    side->waiting = true;
    side->want = want > now ? want : now + 1;
    return STEP_WAIT;
}

/* A message goes on in the next record: once it is all there, it is put together and read. */
static enum step read_spread_message(struct tls_records *tls, struct tls_side *side,
                                     struct reader *bytes, struct dissect_context *context)
{
    struct gathered all = count_fragments(side, *bytes);
    uint8_t header[HANDSHAKE_HEADER_LEN] = {0};
    size_t need = HANDSHAKE_HEADER_LEN;
    if (all.available >= HANDSHAKE_HEADER_LEN) {
        gather(side, bytes, header, sizeof header, false);
        struct reader r = reader_of(span_of(header, sizeof header));
        reader_skip(&r, 1);
        need += reader_u24(&r);
    }
    if (need > SCRATCH_MAX_LEN) {
        emit_fault(&observation_malformed, "handshake", "a message of more than 256 KiB", context);
        return STEP_SIDE_DONE;
    }
    if (all.available < need && all.interrupted) {
        emit_fault(&observation_malformed, "handshake", "another record in the middle of a message",
                   context);
        reader_skip(bytes, all.wire);
        side->done = 0;
        return STEP_NEXT;
    }
    if (all.available < need)
        return wait_for(side, bytes, all.wire + RECORD_HEADER_LEN + need - all.available);
    uint8_t *message = scratch_get(context->scratch, need);
    if (message == NULL)
        return STEP_SIDE_DONE;
    gather(side, bytes, message, need, true);
    tls_session_message(
        &tls->session, header[0],
        reader_of(span_of(message + HANDSHAKE_HEADER_LEN, need - HANDSHAKE_HEADER_LEN)), context);
    return STEP_NEXT;
}

/* After a ChangeCipherSpec whose meaning was open, only a hello can be in clear. */
static bool is_encrypted(const struct tls_side *side, struct reader fragment)
{
    if (!side->change_cipher)
        return false;
    uint8_t type = reader_u8(&fragment);
    uint32_t len = reader_u24(&fragment);
    return (type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO) || len > RECORD_MAX_LEN;
}

static enum step read_handshake_record(struct tls_records *tls, struct tls_side *side,
                                       struct reader *bytes, const struct record *record,
                                       struct dissect_context *context)
{
    struct reader next = *bytes;
    (void)read_header(&next);
    struct reader fragment = reader_child(&next, record->len);
    if (!reader_ok(&next) && bytes->cut == 0)
        return wait_for(side, bytes, RECORD_HEADER_LEN + record->len);
    if (side->done == 0 && reader_ok(&fragment) && is_encrypted(side, fragment)) {
        tls_session_protected(&tls->session, 0, context);
        return STEP_SIDE_DONE;
    }
    if (!reader_ok(&next) || fragment.cut != 0) {
        if (reader_ok(&fragment))
            (void)read_whole_messages(tls, side, fragment, context);
        emit_fault(&observation_cut, "handshake", "the capture lacks a part of the record",
                   context);
        tls->session.handshake.cut = true;
        return skip_record(side, bytes, record);
    }
    struct reader rest = read_whole_messages(tls, side, fragment, context);
    if (reader_left(&rest) > 0)
        return read_spread_message(tls, side, bytes, context);
    *bytes = next;
    side->done = 0;
    return STEP_NEXT;
}

/* Up to TLS 1.2 all that follows is encrypted. In TLS 1.3 it means nothing, and a client may send it
 * before the version is known: then the next record tells. RFC 8446 appendix D.4. */
static enum step read_change_cipher(struct tls_records *tls, struct tls_side *side,
                                    struct reader *bytes, const struct record *record,
                                    struct dissect_context *context)
{
    struct tls_session *session = &tls->session;
    bool client = context->side == context->flow->client;
    bool open = !session->server_hello && client && !session->client_key_exchange;
    if (!open && !tls_session_is_13(session)) {
        tls_session_protected(session, 0, context);
        side->proof_next = tls_proof_wanted(session, context);
        side->sampling = tls_nonces_wanted(session, context);
        return side->proof_next || side->sampling ? skip_record(side, bytes, record)
                                                  : STEP_SIDE_DONE;
    }
    side->change_cipher = true;
    return skip_record(side, bytes, record);
}

/* One of two bytes is in clear, whatever was before it: in TLS 1.3 others have another type (RFC 8446 section 5.2),
 * before that they have a MAC. */
static enum step read_alert_record(struct tls_records *tls, struct tls_side *side,
                                   struct reader *bytes, const struct record *record,
                                   struct dissect_context *context)
{
    struct reader next = *bytes;
    (void)read_header(&next);
    struct reader alert = reader_child(&next, record->len);
    if (!reader_ok(&next) && bytes->cut == 0)
        return wait_for(side, bytes, RECORD_HEADER_LEN + record->len);
    if (record->len == 2)
        tls_session_alert(&tls->session, alert, context);
    return skip_record(side, bytes, record);
}

/* In a handshake a peer has no use for one (RFC 6520 section 3). */
static enum step read_heartbeat(struct tls_records *tls, struct tls_side *side,
                                struct reader *bytes, const struct record *record,
                                struct dissect_context *context)
{
    struct reader next = *bytes;
    (void)read_header(&next);
    struct reader message = reader_child(&next, record->len);
    if (!reader_ok(&next) && bytes->cut == 0)
        return wait_for(side, bytes, RECORD_HEADER_LEN + record->len);
    if (reader_ok(&next) && !side->change_cipher)
        tls_heartbeat_clear(&tls->session, message, context);
    return skip_record(side, bytes, record);
}

/* Finished is the first that an endpoint protects: RFC 5246 section 7.4.9. */
static enum step read_proof(struct tls_records *tls, struct tls_side *side, struct reader *bytes,
                            const struct record *record, struct dissect_context *context)
{
    struct reader next = *bytes;
    (void)read_header(&next);
    struct reader fragment = reader_child(&next, record->len);
    if (!reader_ok(&next) && bytes->cut == 0)
        return wait_for(side, bytes, RECORD_HEADER_LEN + record->len);
    if (reader_ok(&next))
        tls_proof_record(&tls->session, record->type, 0, fragment, context);
    side->proof_next = false;
    return side->sampling ? STEP_NEXT : STEP_SIDE_DONE;
}

/* Records that follow each other without a gap, up to the next change of keys. */
static enum step read_nonce(struct tls_records *tls, struct tls_side *side, struct reader *bytes,
                            struct dissect_context *context)
{
    struct reader next = *bytes;
    const struct record record = read_header(&next);
    struct reader nonce =
        reader_child(&next, record.len < TLS_NONCE_LEN ? record.len : TLS_NONCE_LEN);
    if (!reader_ok(&next) && bytes->cut == 0) {
        side->want = RECORD_HEADER_LEN + TLS_NONCE_LEN;
        return STEP_WAIT;
    }
    if (!reader_ok(&next) || !header_plausible(&record) ||
        record.type == CONTENT_CHANGE_CIPHER_SPEC ||
        !tls_nonces_note(&tls->session, side->protected ++, record.len, reader_rest(&nonce),
                         context)) {
        tls_nonces_end(&tls->session, context);
        return STEP_SIDE_DONE;
    }
    if (record.type == CONTENT_HEARTBEAT)
        tls_heartbeat_protected(&tls->session, record.len, context);
    return skip_record(side, bytes, &record);
}

/* Early data goes before a second client hello that may still come in clear. */
static enum step read_application_data(struct tls_records *tls, struct tls_side *side,
                                       struct reader *bytes, const struct record *record,
                                       struct dissect_context *context)
{
    if (tls->session.early_data && !tls->session.server_hello)
        return skip_record(side, bytes, record);
    tls_session_protected(&tls->session, record->len, context);
    return STEP_SIDE_DONE;
}

/* The bytes do not begin with a record: a preamble before TLS, or the middle of something after a loss. */
static enum step out_of_step(struct tls_side *side, struct reader *bytes,
                             struct dissect_context *context)
{
    if (side->in_step) {
        emit_fault(&observation_malformed, "record", "no record where one must begin", context);
        return STEP_SIDE_DONE;
    }
    if (++side->resyncs >= MAX_RESYNCS)
        return STEP_SIDE_DONE;
    reader_skip(bytes, reader_wire_left(bytes));
    return STEP_WAIT;
}

static enum step read_record(struct tls_records *tls, struct tls_side *side, struct reader *bytes,
                             struct dissect_context *context)
{
    if (side->sampling && !side->proof_next)
        return read_nonce(tls, side, bytes, context);
    if (!side->in_step) {
        enum recognise answer = recognises_record(*bytes);
        if (answer == RECOGNISE_NO && tls_ssl2_recognises(*bytes) == RECOGNISE_YES)
            return tls_ssl2_read(&tls->session, bytes, context) ? STEP_NEXT : STEP_DONE;
        if (answer == RECOGNISE_NO && tls_ssl2_recognises(*bytes) == RECOGNISE_NO)
            return out_of_step(side, bytes, context);
        if (answer != RECOGNISE_YES)
            return wait_for(side, bytes, 0);
        side->in_step = true;
    }
    struct reader peek = *bytes;
    struct record record = read_header(&peek);
    if (!reader_ok(&peek)) {
        if (bytes->cut == 0)
            return wait_for(side, bytes, RECORD_HEADER_LEN);
        reader_skip(bytes, reader_wire_left(bytes));
        side->in_step = false;
        return STEP_WAIT;
    }
    if (!header_plausible(&record))
        return out_of_step(side, bytes, context);
    if (side->proof_next)
        return read_proof(tls, side, bytes, &record, context);
    switch (record.type) {
    case CONTENT_HANDSHAKE:
        return read_handshake_record(tls, side, bytes, &record, context);
    case CONTENT_CHANGE_CIPHER_SPEC:
        return read_change_cipher(tls, side, bytes, &record, context);
    case CONTENT_ALERT:
        return read_alert_record(tls, side, bytes, &record, context);
    case CONTENT_APPLICATION_DATA:
        return read_application_data(tls, side, bytes, &record, context);
    case CONTENT_HEARTBEAT:
        return read_heartbeat(tls, side, bytes, &record, context);
    default:
        return skip_record(side, bytes, &record);
    }
}

enum dissect tls_records_read(struct tls_records *tls, struct reader *bytes,
                              struct dissect_context *context)
{
    struct tls_side *side = &tls->sides[context->side];
    tls->session.version_protocol = "tls";
    if (tls->session.transport == NULL)
        tls->session.transport = "tls";
    if (context->gap && side->sampling && !side->proof_next) {
        tls_nonces_end(&tls->session, context);
        return DISSECT_SIDE_DONE;
    }
    if (context->gap) {
        if (side->waiting)
            emit_fault(&observation_cut, "handshake", "a segment was lost", context);
        tls->session.handshake.cut = true;
        if (side->proof_next)
            return DISSECT_SIDE_DONE;
        *side = (struct tls_side){.resyncs = side->resyncs, .change_cipher = side->change_cipher};
    }
    if (bytes->cut == 0 && reader_left(bytes) < side->want)
        return DISSECT_MORE;
    side->want = 0;
    pass_over(side, bytes);
    while (reader_left(bytes) > 0) {
        side->waiting = false;
        switch (read_record(tls, side, bytes, context)) {
        case STEP_NEXT:
            break;
        case STEP_WAIT:
            return DISSECT_MORE;
        case STEP_SIDE_DONE:
            return DISSECT_SIDE_DONE;
        case STEP_DONE:
            return DISSECT_DONE;
        }
    }
    return DISSECT_MORE;
}

/* A message that was begun and never ended is told: the capture stopped, or the peer did. */
void tls_records_end(struct tls_records *tls, struct dissect_context *context)
{
    for (unsigned i = 0; i < 2; i++) {
        context->side = i;
        if (tls->sides[i].waiting) {
            emit_fault(&observation_cut, "handshake", "it ends in the middle of a message",
                       context);
            tls->session.handshake.cut = true;
        }
        tls_nonces_end(&tls->session, context);
    }
    tls_nonces_free(&tls->session);
    context->side = context->flow->client;
    tls_session_end(&tls->session, context);
}

const struct observation_type *const tls_records_observations[] = {TLS_SESSION_OBSERVATIONS, NULL};
