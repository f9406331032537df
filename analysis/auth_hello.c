/* auth_hello.c: what two hellos together tell: a newer version that was taken away, protections that one side does
 * not have, compression. RFC 8446 section 4.1.3, RFC 7507, RFC 7627, RFC 5746, RFC 3749. Reads hellos and alerts. */
#include "analysis/authentication.h"

#include <stdlib.h>

enum {
    EXT_STATUS_REQUEST = 5,
    EXT_USE_SRTP = 14,
    EXT_STATUS_REQUEST_V2 = 17,
    EXT_SCT = 18,
    SCSV_RENEGOTIATION = 0x00ff,
    SCSV_FALLBACK = 0x5600
};

/* Without supported_versions, legacy_version is the highest that is offered, and never 1.3. */
static void note_versions(struct auth_handshake *handshake, const struct tls_client_hello *hello)
{
    uint64_t legacy = hello->legacy_version.value;
    bool is_dtls = hello->version_protocol != NULL && strcmp(hello->version_protocol, "dtls") == 0;
    if (span_seen(hello->versions)) {
        handshake->offers_13 = tls_list_has_u16(hello->versions, is_dtls ? 0xfefc : 0x0304);
        handshake->offers_12 = tls_list_has_u16(hello->versions, is_dtls ? 0xfefd : 0x0303);
    } else if (hello->legacy_version.seen) {
        handshake->offers_12 =
            is_dtls ? legacy <= 0xfefd && legacy >= 0xfe00 : legacy >= 0x0303 && legacy < 0x0400;
    }
}

static void note_name(struct analyze_context *context, struct auth_handshake *handshake,
                      struct span name)
{
    if (!span_seen(name) || name.len == 0 || name.len > AUTH_MAX_SERVER_NAME)
        return;
    handshake->name = malloc(name.len);
    if (handshake->name == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    memcpy(handshake->name, name.at, name.len);
    handshake->name_len = (uint8_t)name.len;
}

void auth_hello_client(struct analyze_context *context, const struct tls_client_hello *hello)
{
    if (hello->ssl2 == TRUTH_YES)
        return;
    struct auth_handshake *handshake = analysis_conversation(context);
    bool retried = handshake->retried && !handshake->server_hello;
    auth_handshake_reset(handshake);
    handshake->client_hello = true;
    handshake->hello_packet = context->observation->packet;
    handshake->hello_ns = context->observation->time_ns;
    handshake->retried = retried;
    note_versions(handshake, hello);
    note_name(context, handshake, hello->server_name);
    handshake->offers_master_secret = hello->extended_master_secret == TRUTH_YES;
    handshake->offers_renegotiation = hello->secure_renegotiation == TRUTH_YES ||
                                      tls_list_has_u16(hello->ciphers, SCSV_RENEGOTIATION);
    handshake->offers_fallback = tls_list_has_u16(hello->ciphers, SCSV_FALLBACK);
    handshake->offers_sct = tls_has_extension(hello->extensions, EXT_SCT);
    handshake->offers_srtp = tls_has_extension(hello->extensions, EXT_USE_SRTP);
    handshake->has_cookie = tls_client_hello_has_cookie(hello);
}

/* TLS 1.0 to 1.2, DTLS 1.0 and 1.2: what the extensions of these years were made for. */
static bool is_before_13(const struct negotiated *session)
{
    switch (session->version.seen ? session->version.value : 0) {
    case 0x0301:
    case 0x0302:
    case 0x0303:
    case 0xfeff:
    case 0xfefd:
        return true;
    default:
        return false;
    }
}

/* 0: none; else what the last byte of the server's random says: 1 that it speaks 1.3, 2 that it speaks 1.2. */
static unsigned sentinel_of(struct span random)
{
    static const uint8_t mark[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
    enum { RANDOM_LEN = 32, AT = 24 };
    if (!span_seen(random) || random.len != RANDOM_LEN)
        return 0;
    struct reader r = reader_of(random);
    reader_skip(&r, AT);
    struct span found = reader_bytes(&r, sizeof mark);
    uint8_t last = reader_u8(&r);
    if (!span_equal(found, span_of(mark, sizeof mark)) || last > 1)
        return 0;
    return last == 1 ? 1 : 2;
}

static void judge_downgrade(struct analyze_context *context, const struct negotiated *session,
                            const struct auth_handshake *handshake)
{
    unsigned sentinel = sentinel_of(session->hello->random);
    bool is_12 = session->version.value == 0x0303 || session->version.value == 0xfefd;
    if (sentinel == 0 || !is_before_13(session))
        return;
    if (!handshake->offers_13 && !(handshake->offers_12 && !is_12 && sentinel == 2))
        return;
    struct finding finding = negotiated_finding(context, session, RULE_AUTH_DOWNGRADE);
    finding.confidence = CONFIDENCE_LIKELY;
    finding.reason = "The server's random says that it speaks a newer version than it chose, and "
                     "the client's hello, as it was captured, offers that version.";
    finding_says_text(&finding, "sign", "sentinel");
    finding_says_text(&finding, "offered", handshake->offers_13 ? "1.3" : "1.2");
    finding_add(context, &finding);
}

void auth_hello_alert(struct analyze_context *context, const struct tls_alert *alert)
{
    enum { INAPPROPRIATE_FALLBACK = 86 };
    const struct auth_handshake *handshake = analysis_conversation_known(context);
    if (alert->description.value != INAPPROPRIATE_FALLBACK || alert->from == NULL ||
        strcmp(alert->from, "server") != 0)
        return;
    struct finding finding = finding_begin(context, RULE_AUTH_DOWNGRADE);
    bool offered = handshake != NULL && handshake->offers_fallback;
    finding.transport = alert->transport;
    finding.severity = SEVERITY_MEDIUM;
    finding.confidence = offered ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    finding.reason = offered ? "The client said that it falls back to an older version, and the "
                               "server refused, as it speaks a newer one."
                             : "The server refused a fallback; the client's hello, which must "
                               "have asked for it, was not seen.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "sign", "fallback refused");
    finding_says_text(&finding, "alert", tls_alert_name(INAPPROPRIATE_FALLBACK));
    finding_add(context, &finding);
}

/* A protection that the server must confirm: who of the two lacks it. */
static void judge_missing(struct analyze_context *context, const struct negotiated *session,
                          enum rule_id id, bool offered, const char *of_server,
                          const char *of_client)
{
    struct finding finding = negotiated_finding(context, session, id);
    finding.reason = offered ? of_server : of_client;
    finding_says_text(&finding, "lacking", offered ? "server" : "client");
    if (!offered) {
        finding.severity = SEVERITY_LOW;
        finding_about_client(&finding, context->observation->flow);
    }
    finding_add(context, &finding);
}

static void judge_compression(struct analyze_context *context, const struct negotiated *session)
{
    enum { DEFLATE = 1, LZS = 64 };
    struct number method = session->hello->compression;
    if (!method.seen || method.value == 0 || session->tls13 || session->ssl2)
        return;
    struct finding finding = negotiated_finding(context, session, RULE_AUTH_COMPRESSION);
    finding.reason = "The server's hello chose it.";
    finding_says_number(&finding, "method", method.value);
    if (method.value == DEFLATE || method.value == LZS)
        finding_says_text(&finding, "method_name", method.value == DEFLATE ? "deflate" : "lzs");
    finding_add(context, &finding);
}

static void note_server_hello(struct auth_handshake *handshake,
                              const struct tls_server_hello *hello)
{
    handshake->server_hello = true;
    handshake->offers_srtp |= tls_has_extension(hello->extensions, EXT_USE_SRTP);
    handshake->has_sct = tls_has_extension(hello->extensions, EXT_SCT);
    handshake->has_status = hello->status_request == TRUTH_YES ||
                            tls_has_extension(hello->extensions, EXT_STATUS_REQUEST) ||
                            tls_has_extension(hello->extensions, EXT_STATUS_REQUEST_V2);
}

void auth_hello_server(struct analyze_context *context, const struct negotiated *session,
                       struct auth_handshake *handshake)
{
    judge_compression(context, session);
    note_server_hello(handshake, session->hello);
    if (!handshake->client_hello)
        return;
    judge_downgrade(context, session, handshake);
    if (is_before_13(session) && session->hello->extended_master_secret == TRUTH_NO)
        judge_missing(context, session, RULE_AUTH_NO_EXTENDED_MASTER_SECRET,
                      handshake->offers_master_secret,
                      "The client offered it, and the server's hello does not have it.",
                      "The client's hello does not offer it.");
    bool is_ssl3 = session->version.seen && session->version.value == 0x0300;
    if ((is_before_13(session) || is_ssl3) && session->hello->secure_renegotiation == TRUTH_NO)
        judge_missing(context, session, RULE_AUTH_NO_SECURE_RENEGOTIATION,
                      handshake->offers_renegotiation,
                      "The client asked for it, and the server's hello does not have it.",
                      "The client's hello has neither the extension nor the signalling value.");
}
