/* covert_records.c: "tls.record_nonces" of an endpoint: counted, random, or neither (RFC 5288 section 3). */
#include "analysis/covert.h"
#include "analysis/statistics.h"
#include "dissectors/tls_nonces.h"

enum { SOME_NONCES = 3 };

/* That a counter does not go on: generously, as nothing makes it. */
static const double chance_of_jump = 0.005;

/* One nonce for two records gives away the exclusive or of what they hold, and the key that proves them: Joux 2006. */
static void tell_repeated(struct analyze_context *context, struct covert_endpoint *endpoint,
                          unsigned side, const struct tls_record_nonces *nonces)
{
    struct finding finding = covert_found(context, RULE_COVERT_EPHEMERAL_NONCE, side);
    finding.packet = nonces->packet.value;
    finding.first_ns = nonces->first_ns;
    finding.severity = SEVERITY_HIGH;
    finding.reason = "Two records under one key begin with the same nonce.";
    finding_says_text(&finding, "test", "nonces that came again");
    finding_says_most(&finding, "repeated", nonces->repeated.value);
    finding_says_most(&finding, "samples", nonces->records.value);
    finding_add(context, &finding);
    covert_departs(context, endpoint, COVERT_RECORD_NONCE);
}

void covert_record_nonces(struct analyze_context *context, const struct tls_record_nonces *nonces)
{
    const unsigned side = context->observation->side;
    const uint64_t num = nonces->records.value, jumps = nonces->jumps.value;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, side);
    struct covert_verdict verdict = {.field = COVERT_RECORD_NONCE,
                                     .rule = RULE_COVERT_EPHEMERAL_NONCE,
                                     .samples = (uint32_t)num,
                                     .confidence = CONFIDENCE_LIKELY};
    if (endpoint == NULL)
        return;
    covert_offers(context, endpoint, COVERT_RECORD_NONCE, num, num * 8 * TLS_NONCE_LEN);
    if (nonces->pattern.value == TLS_NONCES_REPEATED) {
        tell_repeated(context, endpoint, side, nonces);
        return;
    }
    if (num < SOME_NONCES)
        return;
    if (nonces->pattern.value == TLS_NONCES_BROKEN) {
        verdict.test = "steps of a counter that are none";
        verdict.statistic = (double)jumps / (double)(num - 1);
        verdict.score = statistics_binomial_score(jumps, num - 1, chance_of_jump);
        verdict.reason = "Others of its nonces count; what is counted does not jump.";
    } else if (nonces->pattern.value == TLS_NONCES_FREE) {
        covert_bytes(nonces->nonces, &verdict);
        verdict.reason = "They do not count, and random bytes are like this once in the p-value.";
    }
    covert_tested(context, endpoint, side, &verdict);
}
