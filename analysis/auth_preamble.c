/* auth_preamble.c: conversations that could have been protected and were not: RFC 3207 section 6, RFC 2595, RFC 8314,
 * RFC 7457 section 2.2; and DTLS servers that answer a stranger with more than they got: RFC 6347 section 4.2.1, RFC
 * 9147 section 5.1. Reads starttls.session and dtls.session. */
#include "analysis/authentication.h"
#include "analysis/login_kind.h"
#include "dissectors/dtls.h"
#include "dissectors/starttls.h"

/* --- STARTTLS --- */

struct verdict {
    enum severity severity;
    enum confidence confidence;
    const char *reason;
};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; name != NULL && *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* Proxies: the tunnel is no protection that could be taken away. */
static bool is_tunnel(const char *protocol)
{
    static const char *const tunnels[] = {"socks4", "socks5", "http-connect", NULL};
    return is_one_of(protocol, tunnels);
}

static struct verdict judge_credentials(const struct starttls_session *session)
{
    switch (login_kind_of_preamble(session->protocol, session->credentials_kind)) {
    case LOGIN_NAME:
        return (struct verdict){SEVERITY_MEDIUM, CONFIDENCE_POSSIBLE,
                                "The client logged in without TLS; but no password was seen."};
    case LOGIN_PROTECTING:
        return (struct verdict){SEVERITY_LOW, CONFIDENCE_POSSIBLE,
                                "The client logged in without TLS by a mechanism that may protect "
                                "what follows by itself."};
    case LOGIN_PROOF:
        return (struct verdict){SEVERITY_MEDIUM, CONFIDENCE_LIKELY,
                                "The client logged in without TLS, with a password or with a "
                                "proof of one."};
    case LOGIN_WELL_KNOWN:
    case LOGIN_PASSWORD:
        break;
    }
    return (struct verdict){SEVERITY_HIGH, CONFIDENCE_LIKELY,
                            "The client sent a password without TLS."};
}

/* Severity 0: nothing is wrong. */
static struct verdict judge_preamble(const struct starttls_session *session)
{
    if (session->stripped == TRUTH_YES)
        return (struct verdict){SEVERITY_HIGH, CONFIDENCE_LIKELY,
                                "A keyword was overwritten with X, as devices on the path do to "
                                "prevent TLS."};
    if (session->credentials == TRUTH_YES)
        return judge_credentials(session);
    if (session->upgraded != TRUTH_NO)
        return (struct verdict){0};
    if (session->offered == TRUTH_YES && session->asked == TRUTH_NO)
        return (struct verdict){SEVERITY_MEDIUM, CONFIDENCE_LIKELY,
                                "The server offered TLS, and the client went on without asking "
                                "for it."};
    if (session->asked == TRUTH_YES && session->accepted == TRUTH_NO)
        return (struct verdict){SEVERITY_LOW, CONFIDENCE_POSSIBLE,
                                "The client asked for TLS and was refused; whether it would have "
                                "gone on without is not known."};
    return (struct verdict){0};
}

static void says_if_seen(struct finding *finding, const char *name, enum truth truth)
{
    if (truth != TRUTH_UNKNOWN)
        finding_says_truth(finding, name, truth == TRUTH_YES);
}

void auth_preamble(struct analyze_context *context)
{
    const struct starttls_session *session = context->observation->data;
    const struct verdict verdict = judge_preamble(session);
    if (verdict.severity == 0 || is_tunnel(session->protocol))
        return;
    struct finding finding = finding_begin(context, RULE_AUTH_STARTTLS_STRIPPABLE);
    finding.severity = verdict.severity;
    finding.confidence = verdict.confidence;
    finding.reason = verdict.reason;
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "protocol", session->protocol);
    says_if_seen(&finding, "offered", session->offered);
    says_if_seen(&finding, "asked", session->asked);
    says_if_seen(&finding, "accepted", session->accepted);
    says_if_seen(&finding, "upgraded", session->upgraded);
    finding_says_ever(&finding, "stripped", session->stripped == TRUTH_YES);
    finding_says_ever(&finding, "login", session->credentials == TRUTH_YES);
    if (session->credentials == TRUTH_YES)
        finding_says_text(&finding, "credentials", session->credentials_kind);
    finding_add(context, &finding);
}

/* --- DTLS --- */

/* A hello with a cookie is not the first one: what came before is not in the capture. */
void auth_cookie(struct analyze_context *context)
{
    enum { MOST_TIMES = 3 };
    const struct dtls_session *session = context->observation->data;
    const struct auth_handshake *handshake = analysis_conversation_known(context);
    if (session->hello_verify != TRUTH_NO || !session->client_hello_bytes.seen ||
        !session->server_first_bytes.seen || session->client_hello_bytes.value == 0 ||
        session->server_first_bytes.value <= MOST_TIMES * session->client_hello_bytes.value)
        return;
    if (handshake == NULL || !handshake->client_hello || handshake->has_cookie ||
        handshake->retried || auth_is_peer(handshake))
        return;
    struct finding finding = finding_begin(context, RULE_AUTH_NO_COOKIE);
    finding.transport = "dtls";
    /* It is known when the handshake is over, and is about how that began. */
    finding.packet = handshake->hello_packet;
    finding.first_ns = finding.last_ns = handshake->hello_ns;
    finding.reason = "The bytes of both sides were counted from the client's first hello on.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_number(&finding, "client_bytes", session->client_hello_bytes.value);
    finding_says_number(&finding, "server_bytes", session->server_first_bytes.value);
    finding_says_number(&finding, "times",
                        session->server_first_bytes.value / session->client_hello_bytes.value);
    finding_add(context, &finding);
}
