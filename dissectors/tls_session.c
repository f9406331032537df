/* tls_session.c: handshake messages and alerts, whatever carried them. RFC 8446 section 4, RFC 5246
 * section 7. Leaves ServerHelloDone, SupplementalData and Finished unread. */
#include "dissectors/tls_session.h"

#include "core/common_observations.h"
#include "dissectors/dtls_record.h"
#include "dissectors/tables/tls_registry.h"

void tls_session_fault(struct tls_session *session, const struct reader *reader,
                       const char *message, struct dissect_context *context)
{
    bool cut = reader->fault == READER_CUT;
    session->handshake.cut = session->handshake.cut || cut;
    const struct fault_observation fault = {
        .protocol = session->transport,
        .field = reader->field != NULL ? reader->field : message,
        .reason = cut ? "the capture does not have all of it" : "a length does not fit its block",
    };
    dissect_emit(context, cut ? &observation_cut : &observation_malformed, &fault);
}

bool tls_version_is_13(uint64_t version)
{
    const uint64_t high = version >> 8;
    return version == TLS_VERSION_13 || version == DTLS_VERSION_13 || high == 0x7f ||
           high == 0x7e || high == 0xfb;
}

bool tls_session_is_13(const struct tls_session *session)
{
    return session->version.seen && tls_version_is_13(session->version.value);
}

void tls_session_message(struct tls_session *session, uint8_t type, struct reader body,
                         struct dissect_context *context)
{
    tls_summary_message(session, type, context);
    if (context->proofs)
        tls_proof_message(session, type, body, context);
    switch (type) {
    case TLS_CLIENT_HELLO:
        tls_read_client_hello(session, body, context);
        break;
    case TLS_SERVER_HELLO:
        tls_read_server_hello(session, body, context);
        break;
    case TLS_HELLO_RETRY_REQUEST:
        tls_read_draft_hello_retry(session, body, context);
        break;
    case TLS_SERVER_KEY_EXCHANGE:
        tls_read_server_key_exchange(session, body, context);
        break;
    case TLS_CLIENT_KEY_EXCHANGE:
        session->client_key_exchange = true;
        tls_read_client_key_exchange(session, body, context);
        break;
    case TLS_CERTIFICATE:
        tls_read_certificate(session, body, context);
        break;
    case TLS_CERTIFICATE_REQUEST:
        tls_read_certificate_request(session, body, context);
        break;
    case TLS_CERTIFICATE_VERIFY:
        tls_read_certificate_verify(session, body, context);
        break;
    case TLS_CERTIFICATE_STATUS:
        tls_read_certificate_status(session, body, context);
        break;
    case TLS_CERTIFICATE_URL:
        tls_read_certificate_url(session, body, context);
        break;
    case TLS_NEW_SESSION_TICKET:
        tls_read_new_session_ticket(session, body, context);
        break;
    default:
        break;
    }
}

/* struct { AlertLevel level; AlertDescription description; } Alert; RFC 8446 section 6 */
void tls_session_alert(struct tls_session *session, struct reader body,
                       struct dissect_context *context)
{
    struct tls_alert alert = {.transport = session->transport};
    alert.level = number(reader_u8(&body));
    alert.description = number(reader_u8(&body));
    reader_finish(&body, "alert");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "alert", context);
        return;
    }
    alert.from = context->side == context->flow->client ? "client" : "server";
    dissect_emit(context, &observation_tls_alert, &alert);
    tls_summary_alert(session, (uint8_t)alert.level.value, (uint8_t)alert.description.value,
                      context);
}
