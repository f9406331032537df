/* tls_flight_fields.c: the rows of the messages between the hellos and Finished, but for certificates. */
#include "dissectors/field_rows.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_flight.h"

enum { SHA1_LEN = 20 };

static void next_url(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec16(list);
    reader_skip(list, 1 + SHA1_LEN);
}

#define TRANSPORT_ROW                                                                              \
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls, quic or eap", \
        IS_PUBLIC)

#define STRUCT struct tls_certificate_message
static const struct field certificate_message_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.certificates.from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW("perpass.tls.certificates.type", FIELD_TEXT, type, "x509, raw_public_key or openpgp",
        IS_PUBLIC),
    ROW("perpass.tls.certificates.count", FIELD_NUMBER, count, "0: none is shown", IS_PUBLIC),
    ROW("perpass.tls.certificates.der_bytes", FIELD_NUMBER, der_bytes, "bytes of all together",
        IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct tls_certificate_request
static const struct field certificate_request_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.certificate_request.types", FIELD_LIST, types,
        "ClientCertificateType: 1 RSA, 2 DSS, 64 ECDSA", .item = VALUE_NUMBER, IS_PUBLIC,
        .next = field_next_u8),
    CODES("perpass.tls.certificate_request.signature_schemes", signature_schemes, NULL,
          "what the server takes"),
    ROW("perpass.tls.certificate_request.authorities_count", FIELD_NUMBER, num_authorities,
        "issuers that the server names", IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct tls_certificate_verify
static const struct field certificate_verify_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.certificate_verify.from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW("perpass.tls.certificate_verify.scheme", FIELD_NUMBER, scheme, "signature scheme",
        IS_PUBLIC, .name_of = tls_signature_name),
    ROW("perpass.tls.certificate_verify.scheme_code", FIELD_NUMBER, scheme, "its number",
        IS_PUBLIC),
    ROW("perpass.tls.certificate_verify.signature_len", FIELD_NUMBER, signature_len, "bytes",
        IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct tls_certificate_status
static const struct field certificate_status_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.certificate_status.type", FIELD_NUMBER, type,
        "1 OCSP, 2 OCSP for the whole chain", IS_PUBLIC),
    ROW("perpass.tls.certificate_status.len", FIELD_NUMBER, response_len, "bytes", IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct tls_certificate_url
static const struct field certificate_url_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.certificate_url.chain_type", FIELD_NUMBER, chain_type,
        "0 certificates, 1 a PKIPath", IS_PUBLIC),
    ROW("perpass.tls.certificate_url.urls", FIELD_LIST, urls, "where the client's certificates are",
        .item = VALUE_STRING, IS_NAME("uri"), .next = next_url),
};
#undef STRUCT

#define STRUCT struct tls_new_session_ticket
static const struct field new_session_ticket_fields[] = {
    TRANSPORT_ROW,
    ROW("perpass.tls.new_session_ticket.lifetime", FIELD_NUMBER, lifetime,
        "seconds; a hint, 0 says nothing", IS_PUBLIC),
    ROW("perpass.tls.new_session_ticket.len", FIELD_NUMBER, ticket_len, "bytes", IS_PUBLIC),
    ROW("perpass.tls.new_session_ticket.ticket", FIELD_BYTES, ticket,
        "ticket: the same bytes when the client comes back", IS_IDENTIFIER("ticket")),
};
#undef STRUCT

TYPE(observation_tls_certificate_message, "tls.certificate_message", certificate_message_fields,
     tls_certificate_message, "Up to TLS 1.2: a side shows certificates, or has none to show.");
static const struct observation_part request_parts[] = {PART(tls_certificate_request, authorities)};

TYPE_WITH_PARTS(observation_tls_certificate_request, "tls.certificate_request",
                certificate_request_fields, request_parts, tls_certificate_request,
                "Up to TLS 1.2: the server asks the client for a certificate.");
TYPE(observation_tls_certificate_verify, "tls.certificate_verify", certificate_verify_fields,
     tls_certificate_verify, "Up to TLS 1.2: the client proves that the certificate is its own.");
TYPE(observation_tls_certificate_status, "tls.certificate_status", certificate_status_fields,
     tls_certificate_status, "Up to TLS 1.2: the server adds proof that it is not revoked.");
TYPE(observation_tls_certificate_url, "tls.certificate_url", certificate_url_fields,
     tls_certificate_url, "Up to TLS 1.2: the client tells where its certificate is.");
TYPE(observation_tls_new_session_ticket, "tls.new_session_ticket", new_session_ticket_fields,
     tls_new_session_ticket, "Up to TLS 1.2: the server gives a ticket to resume with.");
