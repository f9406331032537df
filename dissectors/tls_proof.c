/* tls_proof.c: what a handshake shows of its pre-shared key: RFC 8446 section 4.2.11.2, RFC 5246 section 7.4.9. */
#include "dissectors/tls_proof.h"

#include "dissectors/field_rows.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_session.h"

#define TRANSPORT_ROW                                                                              \
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls, quic or eap", \
        IS_PUBLIC)

#define STRUCT struct tls_handshake_message
static const struct field message_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.message.from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW("perpass.tls.message.type", FIELD_NUMBER, type, "HandshakeType", IS_PUBLIC),
    ROW("perpass.tls.message.sequence", FIELD_NUMBER, sequence, "DTLS: message_seq", IS_PUBLIC),
    ROW("perpass.tls.message.length", FIELD_NUMBER, len, "bytes without the header", IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct tls_finished_record
static const struct field record_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.record.content_type", FIELD_NUMBER, content_type, "ContentType", IS_PUBLIC),
    ROW("perpass.tls.record.sequence", FIELD_NUMBER, sequence,
        "number of the record; DTLS: behind 16 bits of epoch", IS_PUBLIC),
    ROW("perpass.tls.record.length", FIELD_NUMBER, len, "bytes without the header", IS_PUBLIC),
    ROW("perpass.tls.record.incomplete", FIELD_TRUTH, incomplete,
        "the capture lacks a part of the handshake before it", IS_PUBLIC),
};
#undef STRUCT

static const struct observation_part message_parts[] = {PART(tls_handshake_message, body)};
static const struct observation_part record_parts[] = {PART(tls_finished_record, fragment)};

TYPE_WITH_PARTS(observation_tls_handshake_message, "tls.handshake_message", message_fields,
                message_parts, tls_handshake_message,
                "a message that a proof of a pre-shared key is about; only with --psk-candidates");
TYPE_WITH_PARTS(observation_tls_finished_record, "tls.finished_record", record_fields, record_parts,
                tls_finished_record,
                "the record with the client's Finished, of a plain PSK suite; only with "
                "--psk-candidates");

static bool is_plain_psk(const struct tls_session *session)
{
    if (!session->cipher.seen || !session->server_hello)
        return false;
    const struct tls_suite *suite = tls_suite_find((uint16_t)session->cipher.value);
    return suite != NULL && suite->kx == TLS_KX_PSK;
}

void tls_proof_message(const struct tls_session *session, uint8_t type, struct reader body,
                       struct dissect_context *context)
{
    if (type == TLS_CLIENT_HELLO || (type != TLS_SERVER_HELLO && !is_plain_psk(session)))
        return;
    struct tls_handshake_message message = {.transport = session->transport};
    message.type = number(type);
    message.sequence = session->message_seq;
    message.body = reader_rest(&body);
    message.len = number(message.body.len);
    /* Who answers is the server, whoever was taken for it. */
    bool client = type != TLS_SERVER_HELLO && context->side == context->flow->client;
    message.from = client ? "client" : "server";
    dissect_emit(context, &observation_tls_handshake_message, &message);
}

bool tls_proof_wanted(const struct tls_session *session, const struct dissect_context *context)
{
    return context->proofs && session->client_key_exchange &&
           context->side == context->flow->client && is_plain_psk(session);
}

void tls_proof_record(const struct tls_session *session, uint8_t content_type, uint64_t sequence,
                      struct reader fragment, struct dissect_context *context)
{
    struct tls_finished_record record = {.transport = session->transport};
    record.content_type = number(content_type);
    record.sequence = number(sequence);
    record.incomplete = truth(session->handshake.cut || fragment.cut > 0);
    record.fragment = reader_rest(&fragment);
    record.len = number(record.fragment.len);
    dissect_emit(context, &observation_tls_finished_record, &record);
}
