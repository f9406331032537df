/* forward_secrecy.c: sessions that one leaked long-term key opens. Reads server hellos and summaries of handshakes.
 *
 * Sessions are counted by their summaries, as up to TLS 1.2 only these know whether a session was resumed: then what
 * opens the earlier one, or the key of the ticket, opens it, although its suite has an ephemeral key exchange (RFC 5077
 * section 5, RFC 9325 section 7.3). */
#include "analysis/negotiated.h"

#include "dissectors/tls_summary.h"

static void count(const struct analyze_context *context,
                  const struct tls_handshake_summary *summary)
{
    struct analysis_stats *totals = analysis_totals(context);
    if (!tls_summary_has_session(summary))
        return;
    totals->tls_sessions++;
    switch (summary->forward_secrecy) {
    case TRUTH_YES:
        totals->tls_sessions_forward_secret++;
        break;
    case TRUTH_NO:
        totals->tls_sessions_not_forward_secret++;
        break;
    case TRUTH_UNKNOWN:
        totals->tls_sessions_unknown_secrecy++;
        break;
    }
}

static void report(struct analyze_context *context, const struct negotiated *session,
                   enum rule_id id, const char *reason)
{
    struct finding finding = negotiated_finding(context, session, id);
    finding.reason = reason;
    finding_says_text(&finding, "key_exchange", tls_kx_name(session->kx));
    finding_add(context, &finding);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct negotiated session;
    if (observation->type == &observation_tls_client_hello) {
        analysis_totals(context)->tls_client_hellos++;
        return;
    }
    if (observation->type == &observation_tls_handshake_summary) {
        count(context, observation->data);
        return;
    }
    if (!negotiated_read(observation, &session) || session.tls13)
        return;
    if (session.kx == TLS_KX_RSA)
        report(context, &session, RULE_PFS_RSA_KEY_EXCHANGE,
               session.ssl2 ? "SSL 2 knows no other key exchange."
                            : "The suite that the server chose has RSA key transport.");
    else if (session.kx == TLS_KX_DH || session.kx == TLS_KX_ECDH)
        report(context, &session, RULE_PFS_STATIC_DH,
               "The suite that the server chose has static Diffie-Hellman.");
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_handshake_summary, NULL};

const struct analyzer analyzer_forward_secrecy = {
    .name = "forward_secrecy", .reads = reads, .observe = observe};
