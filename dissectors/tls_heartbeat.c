/* tls_heartbeat.c: HeartbeatMessage, RFC 6520 section 4. Leaves what is in protected records unread. */
#include "dissectors/tls_heartbeat.h"

#include "dissectors/field_rows.h"
#include "dissectors/tls_session.h"

static const char *type_name(uint64_t type)
{
    return type == 1 ? "request" : type == 2 ? "response" : NULL;
}

#define H      "perpass.tls.heartbeat_message."
#define STRUCT struct tls_heartbeat
static const struct field heartbeat_fields[] = {
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls, eap",
        IS_PUBLIC),
    ROW(H "from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW(H "protected", FIELD_TRUTH, protected, "it is encrypted: only its length is known",
        IS_PUBLIC),
    ROW(H "length", FIELD_NUMBER, len, "bytes of the record, without the header", IS_PUBLIC),
    ROW(H "type", FIELD_NUMBER, type, "request or response", IS_PUBLIC, .name_of = type_name),
    ROW(H "payload_length", FIELD_NUMBER, payload_len, "bytes of payload, as the message says",
        IS_PUBLIC),
    ROW(H "too_long", FIELD_TRUTH, too_long,
        "that is more than the record has (CVE-2014-0160 is to answer such a message)", IS_PUBLIC),
};
#undef STRUCT
static const struct observation_part heartbeat_parts[] = {PART(tls_heartbeat, payload),
                                                          PART(tls_heartbeat, padding)};

TYPE_WITH_PARTS(observation_tls_heartbeat, "tls.heartbeat", heartbeat_fields, heartbeat_parts,
                tls_heartbeat, "a message of the heartbeat extension, in clear or encrypted");

static struct tls_heartbeat begin(const struct tls_session *session, size_t len,
                                  const struct dissect_context *context)
{
    return (struct tls_heartbeat){.transport = session->transport,
                                  .from =
                                      context->side == context->flow->client ? "client" : "server",
                                  .len = number(len)};
}

/* struct { HeartbeatMessageType type; uint16 payload_length; opaque payload[payload_length];
 * opaque padding[padding_length]; } HeartbeatMessage; */
void tls_heartbeat_clear(const struct tls_session *session, struct reader message,
                         struct dissect_context *context)
{
    struct tls_heartbeat heartbeat = begin(session, reader_wire_left(&message), context);
    heartbeat.protected = TRUTH_NO;
    const uint8_t type = reader_u8(&message);
    const uint16_t len = reader_u16(&message);
    if (!reader_ok(&message) || type_name(type) == NULL)
        return;
    const size_t left = reader_wire_left(&message), there = reader_left(&message);
    heartbeat.type = number(type);
    heartbeat.payload_len = number(len);
    heartbeat.too_long = truth(len > left);
    heartbeat.payload = reader_bytes(&message, len < there ? len : there);
    heartbeat.padding = reader_rest(&message);
    dissect_emit(context, &observation_tls_heartbeat, &heartbeat);
}

void tls_heartbeat_protected(const struct tls_session *session, size_t len,
                             struct dissect_context *context)
{
    struct tls_heartbeat heartbeat = begin(session, len, context);
    heartbeat.protected = TRUTH_YES;
    dissect_emit(context, &observation_tls_heartbeat, &heartbeat);
}
