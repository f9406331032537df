/* iot_profile.c: holds endpoints against the profiles of TLS and DTLS for constrained devices: RFC 7925, its draft
 * draft-ietf-dice-profile-02, draft-ietf-uta-tls13-iot-profile, RFC 9325. Reads hellos, key exchanges, certificates,
 * alerts and how handshakes ended.
 *
 * Judged are handshakes of DTLS, and those of TLS with a suite of CCM, with a PSK suite, or with an external PSK.
 * Calls in browsers (DTLS-SRTP) are left out. Before the server has answered it is not known that it is one of these, so
 * what the hello tells waits. That a device can do something is only seen when it does. */
#include "analysis/iot_profile.h"

#include "analysis/iot_endpoints.h"
#include "analysis/negotiated.h"

#include "core/x509_name.h"
#include "dissectors/dtls.h"
#include "dissectors/psk_identity.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

enum {
    SUITE_PSK_CCM_8 = 0xc0a8,
    SUITE_ECDHE_ECDSA_CCM_8 = 0xc0ae,
    SUITE_13_CCM_8 = 0x1305,
    SCSV_RENEGOTIATION = 0x00ff,
    SCHEME_ECDSA_SHA256 = 0x0403,
    GROUP_SECP256R1 = 23,
    EXT_USE_SRTP = 14,
    ALERT_UNKNOWN_PSK_IDENTITY = 115
};

/* Of a conversation: its last handshake. */
struct handshake {
    struct iot_judgement ends[2]; /* by role */
    bool begun, in_scope, answered, judged;
    bool offers_session_hash, offers_renegotiation, has_cookie, tls13, psk;
};

struct state {
    struct iot_endpoints endpoints;
};

/* A fact about the end in |role|: kept until the handshake is judged, and added at once after that. */
static void judge(struct analyze_context *context, struct handshake *handshake, enum iot_role role,
                  enum iot_check check, bool met)
{
    struct state *state = context->state;
    const uint32_t bit = (uint32_t)1 << check;
    if (handshake->judged) {
        const struct iot_judgement late = {
            .met = met ? bit : 0, .broken = met ? 0 : bit, .packet = handshake->ends[role].packet};
        iot_endpoints_add(&state->endpoints, context, role, &late, 0);
    } else if (met) {
        handshake->ends[role].met |= bit;
    } else {
        handshake->ends[role].broken |= bit;
    }
}

static void judge_both(struct analyze_context *context, struct handshake *handshake,
                       enum iot_check check, bool met)
{
    judge(context, handshake, IOT_CLIENT, check, met);
    judge(context, handshake, IOT_SERVER, check, met);
}

/* --- the client's hello --- */

static bool is(const char *text, const char *wanted)
{
    return text != NULL && strcmp(text, wanted) == 0;
}

/* Whether a suite is one of CCM or of PSKs: a look at ranges of code points first, as most are not. */
static bool is_constrained(uint64_t code)
{
    const bool may_be = (code >= 0x002c && code <= 0x002e) || (code >= 0x008a && code <= 0x00b9) ||
                        code == 0x1304 || code == SUITE_13_CCM_8 || code == 0x00c7 ||
                        (code >= 0xc033 && code <= 0xc0af) || (code >= 0xccab && code <= 0xd005) ||
                        (code >= 0xe416 && code <= 0xe41d);
    const struct tls_suite *suite = may_be ? tls_suite_find((uint16_t)code) : NULL;
    return suite != NULL && (tls_kx_has_psk(suite->kx) || strstr(suite->encryption, "CCM") != NULL);
}

/* Whether a suite is on offer for which a handshake of TLS is judged. */
static bool offers_constrained(struct span ciphers)
{
    struct reader list = reader_of(ciphers);
    while (reader_more(&list))
        if (is_constrained(reader_u16(&list)))
            return true;
    return false;
}

/* The sorts of suites on offer. */
struct sorts {
    bool psk, ecdsa, tls13;
};

static struct sorts sorts_of(struct span ciphers)
{
    struct sorts sorts = {.psk = false};
    struct reader list = reader_of(ciphers);
    while (reader_more(&list)) {
        const struct tls_suite *suite = tls_suite_find(reader_u16(&list));
        if (suite == NULL)
            continue;
        sorts.psk |= suite->kx == TLS_KX_PSK;
        sorts.ecdsa |= suite->kx == TLS_KX_ECDHE && suite->auth == TLS_AUTH_ECDSA;
        sorts.tls13 |= suite->kx == TLS_KX_TLS13;
    }
    return sorts;
}

/* A client that offers plain PSKs, keys on curves, or TLS 1.3, offers of each the suite that all have. */
static void judge_suites(struct analyze_context *context, struct handshake *handshake,
                         const struct tls_client_hello *hello)
{
    const struct sorts sorts = sorts_of(hello->ciphers);
    const struct {
        bool offered;
        uint16_t mandatory;
    } rows[] = {{sorts.psk, SUITE_PSK_CCM_8},
                {sorts.ecdsa, SUITE_ECDHE_ECDSA_CCM_8},
                {sorts.tls13, SUITE_13_CCM_8}};
    bool any = false, all = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        any = any || rows[i].offered;
        all = all && (!rows[i].offered || tls_list_has_u16(hello->ciphers, rows[i].mandatory));
    }
    if (any)
        judge(context, handshake, IOT_CLIENT, IOT_MANDATORY_SUITE, all);
    if (!sorts.ecdsa)
        return;
    judge(context, handshake, IOT_CLIENT, IOT_CURVE,
          tls_list_has_u16(hello->groups, GROUP_SECP256R1));
    judge(context, handshake, IOT_CLIENT, IOT_SIGNATURE,
          tls_list_has_u16(hello->signature_schemes, SCHEME_ECDSA_SHA256));
}

static void judge_compression(struct analyze_context *context, struct handshake *handshake,
                              struct span methods)
{
    bool compresses = false;
    for (struct reader list = reader_of(methods); reader_more(&list);)
        compresses |= reader_u8(&list) != 0;
    if (methods.len > 0)
        judge(context, handshake, IOT_CLIENT, IOT_COMPRESSION, !compresses);
}

static void observe_client_hello(struct analyze_context *context,
                                 const struct tls_client_hello *hello)
{
    const bool dtls = is(hello->transport, "dtls");
    if ((!dtls && !is(hello->transport, "tls")) || hello->ssl2 == TRUTH_YES)
        return;
    if (dtls ? tls_has_extension(hello->extensions, EXT_USE_SRTP)
             : !span_seen(hello->psk_identities) && !offers_constrained(hello->ciphers)) {
        struct handshake *before = analysis_conversation_known(context);
        if (before != NULL)
            before->begun = false;
        return;
    }
    struct handshake *handshake = analysis_conversation(context);
    *handshake = (struct handshake){
        .begun = true,
        .in_scope = dtls,
        .has_cookie = tls_client_hello_has_cookie(hello),
        .offers_session_hash = hello->extended_master_secret == TRUTH_YES,
        .offers_renegotiation = hello->secure_renegotiation == TRUTH_YES ||
                                tls_list_has_u16(hello->ciphers, SCSV_RENEGOTIATION)};
    handshake->ends[IOT_CLIENT].packet = handshake->ends[IOT_SERVER].packet =
        context->observation->packet;
    judge_suites(context, handshake, hello);
    judge_compression(context, handshake, hello->compression);
    judge(context, handshake, IOT_CLIENT, IOT_FRAGMENT_LENGTH,
          hello->max_fragment_length.seen || hello->record_size_limit.seen);
    judge(context, handshake, IOT_CLIENT, IOT_SERVER_NAME,
          hello->server_name.len > 0 || hello->ech == TRUTH_YES);
    judge(context, handshake, IOT_CLIENT, IOT_TRUNCATED_HMAC, hello->truncated_hmac != TRUTH_YES);
    judge(context, handshake, IOT_CLIENT, IOT_EARLY_DATA, hello->early_data != TRUTH_YES);
    handshake->ends[IOT_CLIENT].heartbeat = truth(hello->heartbeat.seen);
}

/* --- the server's answer --- */

static bool is_below_12(uint64_t version)
{
    return version <= 0x0302 || version == 0xfeff;
}

/* What TLS 1.3 does not have any more. */
static void judge_answer_12(struct analyze_context *context, struct handshake *handshake,
                            const struct tls_server_hello *hello)
{
    judge(context, handshake, IOT_CLIENT, IOT_SESSION_HASH, handshake->offers_session_hash);
    judge(context, handshake, IOT_CLIENT, IOT_RENEGOTIATION, handshake->offers_renegotiation);
    if (handshake->offers_session_hash)
        judge(context, handshake, IOT_SERVER, IOT_SESSION_HASH,
              hello->extended_master_secret == TRUTH_YES);
    if (handshake->offers_renegotiation)
        judge(context, handshake, IOT_SERVER, IOT_RENEGOTIATION,
              hello->secure_renegotiation == TRUTH_YES);
    judge(context, handshake, IOT_SERVER, IOT_TRUNCATED_HMAC, hello->truncated_hmac != TRUTH_YES);
    if (hello->compression.seen)
        judge(context, handshake, IOT_SERVER, IOT_COMPRESSION, hello->compression.value == 0);
}

static void observe_server_hello(struct analyze_context *context, const struct negotiated *session)
{
    const struct tls_server_hello *hello = session->hello;
    if (!is(hello->transport, "dtls") && !hello->selected_psk.seen &&
        !is_constrained(hello->cipher.value))
        return;
    struct handshake *handshake = analysis_conversation_known(context);
    if (handshake == NULL || !handshake->begun || handshake->judged || session->ssl2)
        return;
    handshake->answered = true;
    handshake->tls13 = session->tls13;
    handshake->ends[IOT_SERVER].packet = context->observation->packet;
    handshake->psk = tls_kx_has_psk(session->kx);
    if (session->suite != NULL && strstr(session->suite->encryption, "CCM") != NULL)
        handshake->in_scope = true;
    handshake->in_scope |= handshake->psk;
    if (session->version.seen)
        judge_both(context, handshake, IOT_VERSION, !is_below_12(session->version.value));
    if (session->suite != NULL)
        judge_both(context, handshake, IOT_AEAD, (session->flags & TLS_SUITE_AEAD) != 0);
    if (session->tls13)
        return;
    judge_both(context, handshake, IOT_KEY_TRANSPORT,
               session->kx != TLS_KX_RSA && session->kx != TLS_KX_RSA_PSK);
    if (hello->heartbeat.seen || handshake->ends[IOT_CLIENT].heartbeat == TRUTH_YES)
        handshake->ends[IOT_SERVER].heartbeat = truth(hello->heartbeat.seen);
    judge_answer_12(context, handshake, hello);
}

/* A server that hides which identities it knows answers an unknown one as it does a wrong key (RFC 4279 section 2): that
 * alert tells nothing of the other case, so that only the requirement's breach is ever seen. */
static void observe_alert(struct analyze_context *context, const struct tls_alert *alert)
{
    if (alert->description.value != ALERT_UNKNOWN_PSK_IDENTITY || !is(alert->from, "server"))
        return;
    struct handshake *handshake = analysis_conversation_known(context);
    if (handshake != NULL && handshake->begun)
        judge(context, handshake, IOT_SERVER, IOT_ALERT, false);
}

/* --- keys --- */

static void observe_server_key_exchange(struct analyze_context *context,
                                        const struct tls_server_key_exchange *exchange)
{
    if (exchange->kx == NULL || strstr(exchange->kx, "PSK") == NULL)
        return;
    struct handshake *handshake = analysis_conversation_known(context);
    if (handshake != NULL && handshake->psk)
        judge(context, handshake, IOT_SERVER, IOT_HINT, exchange->psk_hint.len == 0);
}

static void observe_client_key_exchange(struct analyze_context *context,
                                        const struct tls_client_key_exchange *exchange)
{
    enum { LONGEST = 128 };
    struct handshake *handshake =
        span_seen(exchange->psk_identity) ? analysis_conversation_known(context) : NULL;
    if (handshake == NULL || !handshake->begun)
        return;
    const struct iot_judgement *server = &handshake->ends[IOT_SERVER];
    judge(context, handshake, IOT_CLIENT, IOT_IDENTITY,
          exchange->psk_identity.len > 0 && exchange->psk_identity.len <= LONGEST);
    /* Without a hint there may be no message to have it in (RFC 4279 section 2). */
    if (handshake->psk && ((server->met | server->broken) >> IOT_HINT & 1) == 0)
        judge(context, handshake, IOT_SERVER, IOT_HINT, true);
}

static bool is_eui64(struct span text)
{
    const struct psk_identity_class class = psk_identity_classify(text);
    return class.kind == PSK_KIND_EUI64;
}

static bool names_eui64(const struct x509 *certificate)
{
    char text[128];
    const size_t len = x509_name_common(certificate->subject, text, sizeof text);
    struct reader names = reader_of(certificate->names);
    struct span name;
    if (len > 0 && is_eui64(span_of(text, len)))
        return true;
    while (x509_next_name(&names, X509_DNS, &name))
        if (is_eui64(name))
            return true;
    return false;
}

static void observe_certificate(struct analyze_context *context,
                                const struct tls_certificate *certificate)
{
    if (certificate->index.value != 0 || !is(certificate->from, "client") ||
        !is(certificate->type, "x509"))
        return;
    struct handshake *handshake = analysis_conversation_known(context);
    if (handshake == NULL || !handshake->in_scope)
        return;
    judge(context, handshake, IOT_CLIENT, IOT_EUI64, names_eui64(&certificate->x509));
}

/* --- the end of the handshake --- */

static void observe_summary(struct analyze_context *context,
                            const struct tls_handshake_summary *summary)
{
    struct state *state = context->state;
    const bool external = is(summary->psk, "external") || is(summary->psk, "imported");
    if (!external && !is(summary->transport, "dtls") && !is_constrained(summary->cipher.value))
        return;
    struct handshake *handshake = analysis_conversation_known(context);
    if (handshake == NULL || handshake->judged || !handshake->answered)
        return;
    if (!handshake->in_scope && !external)
        return;
    if (summary->resumed == TRUTH_YES)
        judge(context, handshake, IOT_CLIENT, IOT_RESUMPTION, true);
    for (int role = IOT_CLIENT; role <= IOT_SERVER; role++)
        iot_endpoints_add(&state->endpoints, context, (enum iot_role)role, &handshake->ends[role],
                          1);
    handshake->judged = true;
}

/* A cookie in the hello was asked for, also where that is not in the capture. When a session is resumed, the server may
 * do without a cookie (RFC 6347 section 4.2.1). */
static void observe_dtls_session(struct analyze_context *context,
                                 const struct dtls_session *session)
{
    struct handshake *handshake = analysis_conversation_known(context);
    const uint32_t resumes = (uint32_t)1 << IOT_RESUMPTION;
    if (handshake == NULL || !handshake->judged || session->hello_verify == TRUTH_UNKNOWN)
        return;
    const bool asked =
        handshake->has_cookie || (!handshake->tls13 && session->hello_verify == TRUTH_YES);
    if (asked || (handshake->ends[IOT_CLIENT].met & resumes) == 0)
        judge(context, handshake, IOT_SERVER, IOT_COOKIE, asked);
}

/* --- the analyzer --- */

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct negotiated session;
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation->data);
    else if (observation->type == &observation_tls_server_key_exchange)
        observe_server_key_exchange(context, observation->data);
    else if (observation->type == &observation_tls_client_key_exchange)
        observe_client_key_exchange(context, observation->data);
    else if (observation->type == &observation_tls_certificate)
        observe_certificate(context, observation->data);
    else if (observation->type == &observation_tls_alert)
        observe_alert(context, observation->data);
    else if (observation->type == &observation_tls_handshake_summary)
        observe_summary(context, observation->data);
    else if (observation->type == &observation_dtls_session)
        observe_dtls_session(context, observation->data);
    else if (negotiated_read(observation, &session))
        observe_server_hello(context, &session);
}

static void sum_up(struct analyze_context *context)
{
    const struct state *state = context->state;
    iot_endpoints_tell(&state->endpoints, context);
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    iot_endpoints_free(&state->endpoints);
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_server_key_exchange,
                                                       &observation_tls_client_key_exchange,
                                                       &observation_tls_certificate,
                                                       &observation_tls_alert,
                                                       &observation_tls_handshake_summary,
                                                       &observation_dtls_session,
                                                       NULL};

static const struct observation_type *const makes[] = {&observation_iot_profile, NULL};

const struct analyzer analyzer_iot_profile = {.name = "iot_profile",
                                              .reads = reads,
                                              .makes = makes,
                                              .state_size = sizeof(struct state),
                                              .conversation_size = sizeof(struct handshake),
                                              .observe = observe,
                                              .sum_up = sum_up,
                                              .finish = finish};
