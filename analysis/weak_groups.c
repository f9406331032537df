/* weak_groups.c: groups of (EC)DH that somebody can break who records now: small ones, primes that many servers share,
 * and all that a quantum computer opens. Reads server hellos and key exchanges. */
#include "analysis/common_primes.h"
#include "analysis/negotiated.h"

enum { LEAST_DH_BITS = 2048 };

/* Named curves of less than 224 bits, RFC 8422 section 5.1.1 and RFC 4492: their bits, 0 for any other. */
static uint64_t weak_curve_bits(uint64_t group)
{
    static const uint8_t bits[] = {[1] = 163,  [2] = 163,  [3] = 163,  [4] = 193,  [5] = 193,
                                   [15] = 160, [16] = 160, [17] = 160, [18] = 192, [19] = 192};
    return group < sizeof bits ? bits[group] : 0;
}

static void report_group(struct analyze_context *context, const char *transport,
                         const char *key_exchange, uint64_t bits, struct number group,
                         const struct common_prime *prime)
{
    struct finding finding = finding_begin(context, RULE_PFS_WEAK_GROUP);
    finding.transport = transport;
    finding.reason = "The server's message names the group.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "key_exchange", key_exchange);
    finding_says_number(&finding, "bits", bits);
    if (group.seen)
        finding_says_text(&finding, "group", tls_group_name(group.value));
    if (prime != NULL)
        finding_says_truth(&finding, "safe_prime", prime->safe);
    finding_add(context, &finding);
}

static void report_prime(struct analyze_context *context,
                         const struct tls_server_key_exchange *exchange,
                         const struct common_prime *prime)
{
    struct finding finding = finding_begin(context, RULE_PFS_COMMON_PRIME);
    finding.transport = exchange->transport;
    finding.reason = "The prime is this one, bit by bit.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "prime", prime->name);
    finding_says_number(&finding, "bits", prime->bits);
    finding_says_truth(&finding, "safe_prime", prime->safe);
    finding_says_text(&finding, "key_exchange", exchange->kx);
    finding_add(context, &finding);
}

static void observe_key_exchange(struct analyze_context *context,
                                 const struct tls_server_key_exchange *exchange)
{
    if (exchange->dh_bits.seen) {
        const struct common_prime *prime = common_prime_find(exchange->dh_p);
        if (exchange->dh_bits.value < LEAST_DH_BITS)
            report_group(context, exchange->transport, exchange->kx, exchange->dh_bits.value,
                         exchange->group, prime);
        if (prime != NULL)
            report_prime(context, exchange, prime);
    } else if (exchange->group.seen && weak_curve_bits(exchange->group.value) > 0) {
        report_group(context, exchange->transport, exchange->kx,
                     weak_curve_bits(exchange->group.value), exchange->group, NULL);
    }
}

/* Whether a quantum computer alone opens what was recorded. Where a PSK goes into the keys it does not; of a ticket,
 * the handshake that it came from decides, which is judged by itself. */
static bool is_open_to_quantum(const struct negotiated *session)
{
    if (session->tls13)
        return session->hello->key_share_group.seen && !session->hello->selected_psk.seen &&
               !tls_group_is_postquantum((uint16_t)session->hello->key_share_group.value);
    switch (session->kx) {
    case TLS_KX_RSA:
    case TLS_KX_DH:
    case TLS_KX_DHE:
    case TLS_KX_DH_ANON:
    case TLS_KX_ECDH:
    case TLS_KX_ECDHE:
    case TLS_KX_ECDH_ANON:
    case TLS_KX_SM2:
    case TLS_KX_GOST:
        return true;
    default:
        return false;
    }
}

static void report_quantum(struct analyze_context *context, const struct negotiated *session)
{
    struct finding finding = negotiated_finding(context, session, RULE_PFS_NOT_POST_QUANTUM);
    finding.reason = session->tls13 ? "The server's key_share is of a classical group."
                                    : "Up to TLS 1.2 there is no key exchange that is more.";
    if (session->tls13)
        finding_says_text(&finding, "group", tls_group_name(session->hello->key_share_group.value));
    else
        finding_says_text(&finding, "key_exchange", tls_kx_name(session->kx));
    finding_add(context, &finding);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    struct negotiated session;
    if (observation->type == &observation_tls_server_key_exchange) {
        observe_key_exchange(context, observation->data);
        return;
    }
    if (!negotiated_read(observation, &session))
        return;
    const struct number group = session.hello->key_share_group;
    if (session.tls13 && group.seen && weak_curve_bits(group.value) > 0)
        report_group(context, session.hello->transport, NULL, weak_curve_bits(group.value), group,
                     NULL);
    if (is_open_to_quantum(&session))
        report_quantum(context, &session);
}

static const struct observation_type *const reads[] = {&observation_tls_server_hello,
                                                       &observation_tls_server_key_exchange, NULL};

const struct analyzer analyzer_weak_groups = {
    .name = "weak_groups", .reads = reads, .observe = observe};
