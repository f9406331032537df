/* authentication.c: what an attacker on the path can do to a session, or read of it: by the version and the suite that
 * the server chose; the other files of auth_ have the rest. Keeps what is known of a handshake until it is over. */
#include "analysis/authentication.h"

#include "dissectors/dtls.h"
#include "dissectors/starttls.h"

#include <stdlib.h>

static const char chosen[] = "The server's hello chose it.";

static void report(struct analyze_context *context, const struct negotiated *session,
                   enum rule_id id)
{
    struct finding finding = negotiated_finding(context, session, id);
    finding.reason = chosen;
    finding_says_text(&finding, "key_exchange", tls_kx_name(session->kx));
    finding_add(context, &finding);
}

/* Versions that nobody should speak any more: RFC 6176, RFC 7568, RFC 8996. */
static bool is_obsolete(const struct negotiated *session, enum severity *severity)
{
    if (!session->version.seen)
        return false;
    switch (session->version.value) {
    case 0x0002: /* SSL 2 */
    case 0x0300: /* SSL 3 */
        *severity = SEVERITY_HIGH;
        return true;
    case 0x0301: /* TLS 1.0 */
    case 0x0302: /* TLS 1.1 */
    case 0xfeff: /* DTLS 1.0 */
    case 0x0100: /* DTLS 1.0 as OpenSSL spoke it before RFC 4347 was settled */
        *severity = SEVERITY_MEDIUM;
        return true;
    default:
        return false;
    }
}

static void judge_version(struct analyze_context *context, const struct negotiated *session)
{
    enum severity severity;
    if (!is_obsolete(session, &severity))
        return;
    struct finding finding = negotiated_finding(context, session, RULE_AUTH_OBSOLETE_VERSION);
    finding.severity = severity;
    finding.reason = chosen;
    if (session->hello->client_version.seen)
        finding_says_text(&finding, "client_version",
                          tls_version_name(session->hello->client_version.value));
    finding_add(context, &finding);
}

/* One row a weakness of the record protection: RFC 9325 section 4.1. */
static const struct weakness {
    uint16_t flag;
    enum severity severity;
    const char *name; /* of the evidence, which is true where it applies */
} weaknesses[] = {
    {TLS_SUITE_EXPORT, SEVERITY_HIGH, "export"}, {TLS_SUITE_RC4, SEVERITY_HIGH, "rc4"},
    {TLS_SUITE_DES, SEVERITY_HIGH, "des"},       {TLS_SUITE_3DES, SEVERITY_MEDIUM, "3des"},
    {TLS_SUITE_MD5, SEVERITY_MEDIUM, "md5"},
};

enum { NUM_WEAKNESSES = sizeof weaknesses / sizeof *weaknesses };

static void judge_cipher(struct analyze_context *context, const struct negotiated *session)
{
    struct finding finding = negotiated_finding(context, session, RULE_AUTH_WEAK_CIPHER);
    finding.severity = SEVERITY_INFO;
    finding.reason = session->ssl2 && session->suite == NULL
                         ? "All suites that the SSL 2 server left to choose from have it."
                         : chosen;
    if (session->suite != NULL)
        finding_says_text(&finding, "encryption", session->suite->encryption);
    for (size_t i = 0; i < NUM_WEAKNESSES; i++) {
        if ((session->flags & weaknesses[i].flag) == 0)
            continue;
        finding_says_truth(&finding, weaknesses[i].name, true);
        if (weaknesses[i].severity > finding.severity)
            finding.severity = weaknesses[i].severity;
    }
    finding_add(context, &finding);
}

/* --- what is remembered --- */

void auth_handshake_reset(struct auth_handshake *handshake)
{
    free(handshake->name);
    *handshake = (struct auth_handshake){.name = NULL};
}

static void forget(void *conversation)
{
    auth_handshake_reset(conversation);
}

bool auth_is_peer(const struct auth_handshake *handshake)
{
    return handshake->offers_srtp ||
           (handshake->self_issued && handshake->client_self_issued && handshake->name_len == 0);
}

/* --- what is asked --- */

static void observe_server_hello(struct analyze_context *context,
                                 const struct observation *observation)
{
    enum {
        WEAK = TLS_SUITE_EXPORT | TLS_SUITE_RC4 | TLS_SUITE_DES | TLS_SUITE_3DES | TLS_SUITE_MD5
    };
    struct auth_handshake *handshake = analysis_conversation(context);
    struct negotiated session;
    if (!negotiated_read(observation, &session)) {
        handshake->retried = true;
        return;
    }
    if (session.kx == TLS_KX_DH_ANON || session.kx == TLS_KX_ECDH_ANON)
        report(context, &session, RULE_AUTH_ANONYMOUS);
    if ((session.flags & TLS_SUITE_NULL_ENCRYPTION) != 0)
        report(context, &session, RULE_AUTH_NULL_ENCRYPTION);
    judge_version(context, &session);
    if ((session.flags & WEAK) != 0)
        judge_cipher(context, &session);
    auth_hello_server(context, &session, handshake);
}

/* Of DTLS the cost of the hello is told when the conversation is over. */
static void observe_summary(struct analyze_context *context,
                            const struct tls_handshake_summary *summary)
{
    struct auth_handshake *handshake = analysis_conversation_known(context);
    if (handshake == NULL)
        return;
    auth_name_mismatch(context, summary, handshake);
    if (summary->transport == NULL || strcmp(summary->transport, "dtls") != 0)
        auth_handshake_reset(handshake);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    if (observation->type == &observation_tls_client_hello)
        auth_hello_client(context, observation->data);
    else if (observation->type == &observation_tls_server_hello)
        observe_server_hello(context, observation);
    else if (observation->type == &observation_tls_alert)
        auth_hello_alert(context, observation->data);
    else if (observation->type == &observation_tls_certificate)
        auth_certificate(context, observation->data);
    else if (observation->type == &observation_tls_certificate_message)
        auth_certificate_message(context, observation->data);
    else if (observation->type == &observation_tls_handshake_summary)
        observe_summary(context, observation->data);
    else if (observation->type == &observation_starttls_session)
        auth_preamble(context);
    else
        auth_cookie(context);
}

static void finish(struct analyze_context *context)
{
    struct auth_state *state = context->state;
    bounded_table_free(state->names);
    state->names = NULL;
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_alert,
                                                       &observation_tls_certificate,
                                                       &observation_tls_certificate_message,
                                                       &observation_tls_handshake_summary,
                                                       &observation_starttls_session,
                                                       &observation_dtls_session,
                                                       NULL};

const struct analyzer analyzer_authentication = {.name = "authentication",
                                                 .reads = reads,
                                                 .state_size = sizeof(struct auth_state),
                                                 .conversation_size = sizeof(struct auth_handshake),
                                                 .forget = forget,
                                                 .observe = observe,
                                                 .finish = finish};
