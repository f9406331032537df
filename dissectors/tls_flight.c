/* tls_flight.c: the smaller messages up to TLS 1.2: CertificateRequest, CertificateVerify (RFC 5246 sections
 * 7.4.4 and 7.4.8), CertificateStatus and CertificateURL (RFC 6066 sections 8 and 5), NewSessionTicket (RFC
 * 5077 section 3.3). Signatures and OCSP responses are measured, not read. */
#include "dissectors/tls_flight.h"
#include "dissectors/tls_session.h"

/* What a message says depends on whether it has the algorithms that TLS 1.2 brought. Where no server hello was
 * seen, that is tried which fits. */
enum form { FORM_OLD, FORM_12, FORM_UNKNOWN };

static enum form form_of(const struct tls_session *session)
{
    if (!session->version.seen)
        return FORM_UNKNOWN;
    bool is_12 = session->version.value == TLS_VERSION_12 || session->version.value == 0xfefd;
    return is_12 ? FORM_12 : FORM_OLD;
}

/* DistinguishedName certificate_authorities<0..2^16-1>, each opaque<1..2^16-1>. */
static void read_authorities(struct reader *body, struct tls_certificate_request *request)
{
    struct reader list = reader_vec16(body);
    request->authorities = span_of(list.at, reader_left(&list));
    request->num_authorities = number(0);
    while (reader_more(&list)) {
        (void)reader_span_vec16(&list);
        request->num_authorities.value++;
    }
    reader_close(body, &list, "certificate_request.certificate_authorities");
}

static struct reader read_request(struct reader body, bool has_schemes,
                                  struct tls_certificate_request *request)
{
    request->types = reader_span_vec8(&body);
    if (has_schemes) {
        struct span schemes = reader_span_vec16(&body);
        if (schemes.len % 2 != 0)
            reader_fail(&body, READER_MALFORMED,
                        "certificate_request.supported_signature_algorithms");
        request->signature_schemes = schemes;
    }
    read_authorities(&body, request);
    reader_finish(&body, "certificate_request");
    return body;
}

void tls_read_certificate_request(struct tls_session *session, struct reader body,
                                  struct dissect_context *context)
{
    const struct tls_certificate_request empty = {.transport = session->transport};
    struct tls_certificate_request request = empty;
    enum form form = form_of(session);
    struct reader end = read_request(body, form != FORM_OLD, &request);
    if (form == FORM_UNKNOWN && !reader_ok(&end)) {
        request = empty;
        end = read_request(body, false, &request);
    }
    if (!reader_ok(&end)) {
        tls_session_fault(session, &end, "certificate_request", context);
        return;
    }
    dissect_emit(context, &observation_tls_certificate_request, &request);
}

static struct reader read_verify(struct reader body, bool has_scheme,
                                 struct tls_certificate_verify *verify)
{
    if (has_scheme)
        verify->scheme = number(reader_u16(&body));
    verify->signature_len = number(reader_span_vec16(&body).len);
    reader_finish(&body, "certificate_verify");
    return body;
}

void tls_read_certificate_verify(struct tls_session *session, struct reader body,
                                 struct dissect_context *context)
{
    const struct tls_certificate_verify empty = {
        .transport = session->transport,
        .from = context->side == context->flow->client ? "client" : "server"};
    struct tls_certificate_verify verify = empty;
    enum form form = form_of(session);
    struct reader end = read_verify(body, form != FORM_OLD, &verify);
    if (form == FORM_UNKNOWN && !reader_ok(&end)) {
        verify = empty;
        end = read_verify(body, false, &verify);
    }
    if (!reader_ok(&end)) {
        tls_session_fault(session, &end, "certificate_verify", context);
        return;
    }
    dissect_emit(context, &observation_tls_certificate_verify, &verify);
}

/* struct { CertificateStatusType status_type; opaque response<0..2^24-1>; } CertificateStatus; of type 2 a
 * list of such responses, which is a vector as well. */
void tls_read_certificate_status(struct tls_session *session, struct reader body,
                                 struct dissect_context *context)
{
    struct tls_certificate_status status = {.transport = session->transport};
    status.type = number(reader_u8(&body));
    status.response_len = number(reader_span_vec24(&body).len);
    reader_finish(&body, "certificate_status");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "certificate_status", context);
        return;
    }
    dissect_emit(context, &observation_tls_certificate_status, &status);
}

/* struct { CertChainType type; URLAndHash url_and_hash_list<1..2^16-1>; } CertificateURL; with
 * struct { opaque url<1..2^16-1>; uint8 padding; opaque SHA1Hash[20]; } URLAndHash; */
void tls_read_certificate_url(struct tls_session *session, struct reader body,
                              struct dissect_context *context)
{
    enum { SHA1_LEN = 20 };
    struct tls_certificate_url url = {.transport = session->transport};
    url.chain_type = number(reader_u8(&body));
    struct reader list = reader_vec16(&body);
    url.urls = span_of(list.at, reader_left(&list));
    while (reader_more(&list)) {
        (void)reader_span_vec16(&list);
        reader_skip(&list, 1 + SHA1_LEN);
    }
    reader_close(&body, &list, "certificate_url.url_and_hash_list");
    reader_finish(&body, "certificate_url");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "certificate_url", context);
        return;
    }
    dissect_emit(context, &observation_tls_certificate_url, &url);
}

/* struct { uint32 ticket_lifetime_hint; opaque ticket<0..2^16-1>; } NewSessionTicket; */
void tls_read_new_session_ticket(struct tls_session *session, struct reader body,
                                 struct dissect_context *context)
{
    struct tls_new_session_ticket ticket = {.transport = session->transport};
    ticket.lifetime = number(reader_u32(&body));
    ticket.ticket = reader_span_vec16(&body);
    ticket.ticket_len = number(ticket.ticket.len);
    reader_finish(&body, "new_session_ticket");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "new_session_ticket", context);
        return;
    }
    dissect_emit(context, &observation_tls_new_session_ticket, &ticket);
}
