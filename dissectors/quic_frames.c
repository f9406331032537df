/* quic_frames.c: the frames of Initial packets, and the TLS messages in them: RFC 9000 section 19, RFC 9001
 * section 4. Of Google's variants that speak TLS, the frames that these need. */
#include "core/common_observations.h"
#include "dissectors/quic_flow.h"
#include "dissectors/quic_parameters.h"

enum { MESSAGE_HEADER_LEN = 4 /* of the TLS handshake: RFC 8446 section 4 */ };

/* Frames that may be in Initial packets: RFC 9000 section 19. */
enum {
    FRAME_PADDING = 0x00,
    FRAME_PING = 0x01,
    FRAME_ACK = 0x02,
    FRAME_ACK_ECN = 0x03,
    FRAME_CRYPTO = 0x06,
    FRAME_CLOSE = 0x1c,
    FRAME_CLOSE_APPLICATION = 0x1d
};

/* Those of Google's T050 and T051. */
enum { GOOGLE_FRAME_PING = 0x07, GOOGLE_FRAME_CRYPTO = 0x08, GOOGLE_FRAME_ACK = 0x40 };

void quic_emit_fault(const struct observation_type *type, const char *field, const char *reason,
                     struct dissect_context *context)
{
    const struct fault_observation fault = {.protocol = "quic", .field = field, .reason = reason};
    dissect_emit(context, type, &fault);
}

void quic_reader_fault(const struct reader *r, const char *field, struct dissect_context *context)
{
    bool cut = r->fault == READER_CUT;
    quic_emit_fault(cut ? &observation_cut : &observation_malformed, r->field ? r->field : field,
                    cut ? "the capture does not have all of it" : "a length does not fit its block",
                    context);
}

static void fail_stream(struct quic *quic, const char *field, const char *reason,
                        struct dissect_context *context)
{
    struct quic_side *side = &quic->sides[context->side];
    quic_stream_clear(&side->stream, context->budget);
    side->faulty = true;
    quic_emit_fault(&observation_malformed, field, reason, context);
}

static void read_message(struct quic *quic, uint8_t type, struct reader body,
                         struct dissect_context *context)
{
    tls_session_message(&quic->session, type, body, context);
    if (type == TLS_CLIENT_HELLO)
        quic_parameters_observe(body, quic->version.old_parameters, context);
}

/* Reads the messages that are whole in one frame, and needs no memory for them. */
static struct span read_whole_messages(struct quic *quic, struct span bytes,
                                       struct dissect_context *context)
{
    struct quic_stream *stream = &quic->sides[context->side].stream;
    struct reader r = reader_of(bytes);
    for (;;) {
        struct reader next = r;
        uint8_t type = reader_u8(&next);
        struct reader body = reader_vec24(&next);
        if (!reader_ok(&next))
            return span_of(r.at, reader_left(&r));
        quic_stream_take(stream, context->budget, MESSAGE_HEADER_LEN + reader_left(&body));
        read_message(quic, type, body, context);
        r = next;
    }
}

static void take_crypto(struct quic *quic, uint64_t offset, struct span bytes,
                        struct dissect_context *context)
{
    struct quic_side *side = &quic->sides[context->side];
    if (side->faulty)
        return;
    if (offset == side->stream.read && side->stream.first == NULL) {
        struct span rest = read_whole_messages(quic, bytes, context);
        offset += bytes.len - rest.len;
        bytes = rest;
    }
    bool conflict = side->stream.conflict;
    quic_stream_add(&side->stream, context->budget, offset, bytes);
    if (side->stream.conflict && !conflict)
        quic_emit_fault(&observation_malformed, "crypto", "bytes came again, and were others",
                        context);
}

/* Reads the messages that are complete over several frames. The scratch is free by now. */
static void read_gathered_messages(struct quic *quic, struct dissect_context *context)
{
    struct quic_stream *stream = &quic->sides[context->side].stream;
    for (;;) {
        size_t ready = quic_stream_ready(stream);
        if (ready < MESSAGE_HEADER_LEN)
            return;
        uint8_t header[MESSAGE_HEADER_LEN];
        quic_stream_copy(stream, header, sizeof header);
        struct reader r = reader_of(span_of(header, sizeof header));
        uint8_t type = reader_u8(&r);
        size_t len = MESSAGE_HEADER_LEN + reader_u24(&r);
        if (len > QUIC_STREAM_MAX) {
            fail_stream(quic, "crypto", "a message of more than 64 KiB", context);
            return;
        }
        if (ready < len)
            return;
        uint8_t *message = scratch_get(context->scratch, len);
        if (message == NULL)
            return;
        quic_stream_copy(stream, message, len);
        quic_stream_take(stream, context->budget, len);
        read_message(quic, type,
                     reader_of(span_of(message + MESSAGE_HEADER_LEN, len - MESSAGE_HEADER_LEN)),
                     context);
    }
}

/* ACK: largest, delay, count and ranges; with ECN three counts more. RFC 9000 section 19.3. */
static void skip_ack(struct reader *r, bool ecn)
{
    (void)quic_read_varint(r);
    (void)quic_read_varint(r);
    uint64_t ranges = quic_read_varint(r);
    (void)quic_read_varint(r);
    for (; ranges > 0 && reader_ok(r); ranges--) {
        (void)quic_read_varint(r);
        (void)quic_read_varint(r);
    }
    for (unsigned i = 0; ecn && i < 3; i++)
        (void)quic_read_varint(r);
}

static void read_close(struct quic *quic, struct reader *r, bool application,
                       struct dissect_context *context)
{
    struct quic_close closed = {.from = quic_sender(context)};
    uint64_t code = quic_read_varint(r);
    if (!application)
        (void)quic_read_varint(r); /* the type of the frame that is to blame */
    uint64_t len = quic_read_varint(r);
    struct span reason = reader_bytes(r, (size_t)len);
    if (!reader_ok(r))
        return;
    closed.code = number(code);
    if (!application && code >> 8 == 1)
        closed.alert = number(code & 0xff);
    closed.reason_len = number(reason.len);
    dissect_emit(context, &observation_quic_close, &closed);
    if (closed.alert.seen) /* QUIC has fatal alerts only: RFC 9001 section 4.8 */
        tls_summary_alert(&quic->session, 2, (uint8_t)closed.alert.value, context);
}

static void read_crypto(struct quic *quic, struct reader *r, struct dissect_context *context)
{
    uint64_t offset = quic_read_varint(r);
    uint64_t len = quic_read_varint(r);
    struct span bytes = reader_bytes(r, (size_t)len);
    if (reader_ok(r))
        take_crypto(quic, offset, bytes, context);
}

/* One frame of RFC 9000. */
static void read_frame(struct quic *quic, struct reader *r, struct dissect_context *context)
{
    uint64_t type = quic_read_varint(r);
    switch (type) {
    case FRAME_PADDING:
        reader_skip_zeros(r);
        break;
    case FRAME_PING:
        break;
    case FRAME_ACK:
    case FRAME_ACK_ECN:
        skip_ack(r, type == FRAME_ACK_ECN);
        break;
    case FRAME_CRYPTO:
        read_crypto(quic, r, context);
        break;
    case FRAME_CLOSE:
    case FRAME_CLOSE_APPLICATION:
        read_close(quic, r, type == FRAME_CLOSE_APPLICATION, context);
        break;
    default:
        if (reader_ok(r))
            quic_emit_fault(&observation_malformed, "frame", "a type that no Initial packet has",
                            context);
        (void)reader_rest(r);
        break;
    }
}

/* 01ntllmm: lengths of the largest number and of each block, then delay, blocks and time stamps: "QUIC Wire
 * Layout Specification" of 2016. */
static void skip_google_ack(struct reader *r, uint8_t type)
{
    static const size_t lens[] = {1, 2, 4, 6};
    size_t block = lens[type & 3];
    reader_skip(r, lens[type >> 2 & 3] + 2);
    size_t more = type & 0x20 ? reader_u8(r) : 0;
    reader_skip(r, block + more * (1 + block));
    size_t stamps = reader_u8(r);
    if (stamps > 0)
        reader_skip(r, 5 + (stamps - 1) * 3);
}

/* One frame of T050 and T051; what is not known ends the packet. */
static void read_google_frame(struct quic *quic, struct reader *r, struct dissect_context *context)
{
    uint8_t type = reader_u8(r);
    if (type == GOOGLE_FRAME_CRYPTO)
        read_crypto(quic, r, context);
    else if ((type & 0xc0) == GOOGLE_FRAME_ACK)
        skip_google_ack(r, type);
    else if (type == FRAME_PADDING)
        reader_skip_zeros(r);
    else if (type != GOOGLE_FRAME_PING)
        (void)reader_rest(r);
}

void quic_read_frames(struct quic *quic, struct span payload, struct dissect_context *context)
{
    struct reader r = reader_of(payload);
    while (reader_more(&r)) {
        if (quic->version.google_frames)
            read_google_frame(quic, &r, context);
        else
            read_frame(quic, &r, context);
    }
    if (!reader_ok(&r))
        quic_reader_fault(&r, "frame", context);
    read_gathered_messages(quic, context);
}
