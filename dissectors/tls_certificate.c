/* tls_certificate.c: the Certificate message of both sides: RFC 6101 section 5.6.2, RFC 5246 sections 7.4.2
 * and 7.4.6, RFC 7250 section 3 (raw public keys). Finds the parts of each certificate; what costs more
 * (names as text, hashes) waits until somebody asks. OpenPGP keys (RFC 6091) are left unread. */
#include "dissectors/tls_extensions.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_session.h"

static uint64_t type_of(const struct tls_session *session, bool client)
{
    struct number type =
        client ? session->client_certificate_type : session->server_certificate_type;
    return type.seen ? type.value : TLS_CERTIFICATE_X509;
}

static struct tls_certificate certificate_of(const struct tls_certificate_message *message,
                                             struct span der)
{
    return (struct tls_certificate){.transport = message->transport,
                                    .from = message->from,
                                    .type = message->type,
                                    .index = message->count,
                                    .der = der,
                                    .der_len = number(der.len)};
}

/* A certificate that cannot be parsed is a fact, too: its length and its hash stand. */
static void read_x509(struct tls_session *session, const struct tls_certificate_message *message,
                      struct span der, struct dissect_context *context)
{
    struct tls_certificate certificate = certificate_of(message, der);
    struct reader r = reader_of(der);
    (void)x509_read(&r, &certificate.x509);
    if (span_seen(certificate.x509.subject))
        certificate.self_issued =
            truth(span_equal(certificate.x509.issuer, certificate.x509.subject));
    dissect_emit(context, &observation_tls_certificate, &certificate);
    if (!reader_ok(&r))
        tls_session_fault(session, &r, "certificate.x509", context);
}

static void count(struct tls_certificate_message *message, struct span der)
{
    message->count.value++;
    message->der_bytes.value += der.len;
}

/* opaque ASN.1Cert<1..2^24-1>; struct { ASN.1Cert certificate_list<0..2^24-1>; } Certificate; */
static void read_chain(struct tls_session *session, struct reader *body,
                       struct tls_certificate_message *message, struct dissect_context *context)
{
    struct reader list = reader_vec24(body);
    while (reader_more(&list)) {
        struct span der = reader_span_vec24(&list);
        if (der.len == 0)
            reader_fail(&list, READER_MALFORMED, "certificate.certificate_list");
        if (!reader_ok(&list))
            break;
        if (message->count.value < TLS_MAX_CERTIFICATES)
            read_x509(session, message, der, context);
        count(message, der);
    }
    reader_close(body, &list, "certificate.certificate_list");
}

/* opaque ASN1_subjectPublicKeyInfo<1..2^24-1>; a client without a key sends none. */
static void read_raw_key(struct reader *body, struct tls_certificate_message *message,
                         struct dissect_context *context)
{
    struct span key = reader_span_vec24(body);
    if (!reader_ok(body) || key.len == 0)
        return;
    struct tls_certificate certificate = certificate_of(message, key);
    certificate.x509.key = key;
    dissect_emit(context, &observation_tls_certificate, &certificate);
    count(message, key);
}

void tls_read_certificate(struct tls_session *session, struct reader body,
                          struct dissect_context *context)
{
    bool client = context->side == context->flow->client;
    struct tls_certificate_message message = {.transport = session->transport,
                                              .from = client ? "client" : "server",
                                              .count = number(0),
                                              .der_bytes = number(0)};
    switch (type_of(session, client)) {
    case TLS_CERTIFICATE_RAW_PUBLIC_KEY:
        message.type = "raw_public_key";
        read_raw_key(&body, &message, context);
        break;
    case TLS_CERTIFICATE_OPENPGP:
        message.type = "openpgp";
        message.count = message.der_bytes = (struct number){0};
        (void)reader_rest(&body);
        break;
    default:
        message.type = "x509";
        read_chain(session, &body, &message, context);
        break;
    }
    reader_finish(&body, "certificate");
    if (message.der_bytes.value > 0 || !message.der_bytes.seen)
        tls_summary_certificate(session, context);
    dissect_emit(context, &observation_tls_certificate_message, &message);
    if (!reader_ok(&body))
        tls_session_fault(session, &body, "certificate", context);
}
