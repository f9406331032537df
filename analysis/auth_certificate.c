/* auth_certificate.c: certificates that protect badly: weak signatures and keys, outside their time, not logged.
 * RFC 5280 section 4.1.2.5, RFC 6151, RFC 6194, RFC 9155, RFC 9325 section 4.5, RFC 6962. Reads certificates of TLS and
 * DTLS up to 1.2; verifies no signature. */
#include "analysis/authentication.h"

#include "core/der.h"

/* --- signatures --- */

/* Object identifiers, with their headers. */
static const struct signature {
    uint8_t len, oid[11];
    const char *hash;
    enum severity severity;
} weak_signatures[] = {
    /* 1.2.840.113549.1.1.2 to .5: RSA with MD2, MD4, MD5, SHA-1 */
    {11, {DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2}, "md2", SEVERITY_HIGH},
    {11, {DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 3}, "md4", SEVERITY_HIGH},
    {11, {DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4}, "md5", SEVERITY_HIGH},
    {11, {DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5}, "sha1", SEVERITY_MEDIUM},
    {9, {DER_OID, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1}, "sha1", SEVERITY_MEDIUM}, /* ECDSA */
    {9, {DER_OID, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3}, "sha1", SEVERITY_MEDIUM}, /* DSA */
    {7, {DER_OID, 5, 0x2b, 0x0e, 3, 2, 29}, "sha1", SEVERITY_MEDIUM},               /* RSA, OIW */
};

static const struct signature *weak_signature(struct span oid)
{
    for (size_t i = 0; i < sizeof weak_signatures / sizeof *weak_signatures; i++)
        if (span_equal(oid, span_of(weak_signatures[i].oid, weak_signatures[i].len)))
            return &weak_signatures[i];
    return NULL;
}

/* --- keys --- */

enum { WEAK_RSA = 2048, BROKEN_RSA = 1024, WEAK_EC = 224 };

static enum severity judge_key(struct span bytes, struct auth_weakness *weakness)
{
    static const uint8_t rsa[] = {DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1},
                         dsa[] = {DER_OID, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1};
    struct x509_key key;
    if (!span_seen(bytes) || !x509_key_read(bytes, &key) || !key.bits.seen)
        return 0;
    bool is_ec = span_seen(key.curve);
    if (key.bits.value >= (is_ec ? WEAK_EC : WEAK_RSA))
        return 0;
    bool is_rsa = key.algorithm.len > sizeof rsa && memcmp(key.algorithm.at, rsa, sizeof rsa) == 0;
    bool is_dsa = span_equal(key.algorithm, span_of(dsa, sizeof dsa));
    weakness->key = is_ec ? "ec" : is_rsa ? "rsa" : is_dsa ? "dsa" : "other";
    weakness->key_bits = (uint16_t)key.bits.value;
    return !is_ec && key.bits.value < BROKEN_RSA ? SEVERITY_HIGH : SEVERITY_MEDIUM;
}

/* --- times --- */

/* Clocks of captures differ from those of servers. Nobody issues certificates years ahead: then the capture's clock was
 * never set. */
static bool is_outside(uint64_t time_ns, const struct x509 *x509, struct auth_weakness *weakness)
{
    enum { SKEW = 3600, YEAR = 366 * 86400 };
    int64_t now = (int64_t)(time_ns / 1000000000), begin, end;
    bool has_begin = x509_time_seconds(x509->not_before, &begin);
    if (has_begin && now < begin - YEAR)
        return false;
    weakness->not_yet_valid = has_begin && now < begin - SKEW;
    weakness->expired = x509_time_seconds(x509->not_after, &end) && now > end + SKEW;
    return weakness->not_yet_valid || weakness->expired;
}

/* --- together --- */

static void keep_worst(struct auth_weakness *known, const struct auth_weakness *found)
{
    if (found->severity > known->severity)
        *known = *found;
}

/* Nobody relies on the signature of one who vouches for himself, nor on the time of a root. */
static struct auth_weakness judge(const struct analyze_context *context,
                                  const struct tls_certificate *certificate,
                                  const struct auth_handshake *handshake)
{
    struct auth_weakness weakness = {.index = (uint8_t)certificate->index.value,
                                     .self_issued = certificate->self_issued == TRUTH_YES};
    const struct signature *signature = weak_signature(certificate->x509.signature);
    bool own = certificate->index.value == 0;
    if (signature != NULL && !weakness.self_issued) {
        weakness.signature = signature->hash;
        /* An issuer may be known to the client as a root: then this signature is not needed. */
        weakness.severity = own ? signature->severity : (enum severity)(signature->severity - 1);
    }
    enum severity of_key = judge_key(certificate->x509.key, &weakness);
    if (of_key > weakness.severity)
        weakness.severity = of_key;
    if ((!own && weakness.self_issued) || auth_is_peer(handshake) ||
        !is_outside(context->observation->time_ns, &certificate->x509, &weakness))
        return weakness;
    enum severity of_time = own && !weakness.self_issued ? SEVERITY_MEDIUM : SEVERITY_LOW;
    if (of_time > weakness.severity)
        weakness.severity = of_time;
    return weakness;
}

/* Notes what rules about names need, before anything is judged. */
static void note_own(struct analyze_context *context, const struct tls_certificate *certificate,
                     struct auth_handshake *handshake)
{
    bool x509 = strcmp(certificate->type, "x509") == 0;
    if (strcmp(certificate->from, "client") == 0) {
        handshake->client_self_issued = certificate->self_issued == TRUTH_YES;
        return;
    }
    handshake->self_issued = certificate->self_issued == TRUTH_YES;
    handshake->packet = context->observation->packet;
    handshake->time_ns = context->observation->time_ns;
    if (x509 && handshake->name_len > 0 && span_seen(certificate->x509.key))
        handshake->match =
            auth_name_match(&certificate->x509, span_of(handshake->name, handshake->name_len));
    if (!x509)
        return;
    auth_transparency(context, certificate, handshake);
    auth_keys(context, certificate, handshake);
}

void auth_certificate(struct analyze_context *context, const struct tls_certificate *certificate)
{
    struct auth_handshake *handshake = analysis_conversation(context);
    if (certificate->from == NULL || certificate->type == NULL || !certificate->index.seen)
        return;
    if (certificate->index.value == 0) {
        handshake->weakness = (struct auth_weakness){0};
        note_own(context, certificate, handshake);
    }
    struct auth_weakness weakness = judge(context, certificate, handshake);
    keep_worst(&handshake->weakness, &weakness);
}

static void says_weakness(struct finding *finding, const struct auth_weakness *weakness)
{
    finding_says_number(finding, "index", weakness->index);
    finding_says_text(finding, "signature", weakness->signature);
    finding_says_text(finding, "key", weakness->key);
    if (weakness->key != NULL)
        finding_says_number(finding, "key_bits", weakness->key_bits);
    if (weakness->expired)
        finding_says_truth(finding, "expired", true);
    if (weakness->not_yet_valid)
        finding_says_truth(finding, "not_yet_valid", true);
    finding_says_truth(finding, "self_issued", weakness->self_issued);
}

void auth_certificate_message(struct analyze_context *context,
                              const struct tls_certificate_message *message)
{
    struct auth_handshake *handshake = analysis_conversation_known(context);
    if (handshake == NULL || handshake->weakness.severity == 0 || message->from == NULL)
        return;
    const struct auth_weakness weakness = handshake->weakness;
    handshake->weakness = (struct auth_weakness){0};
    struct finding finding = finding_begin(context, RULE_AUTH_WEAK_CERTIFICATE);
    finding.transport = message->transport;
    finding.severity = weakness.severity;
    finding.reason = "The certificate says so, and the time of the packet.";
    if (auth_is_peer(handshake)) {
        finding.severity = SEVERITY_LOW;
        finding.reason = "The certificate says so; its hash may have been told by other means, so "
                         "that its key is only as strong as one session needs it.";
    } else if (weakness.index > 0) {
        finding.confidence = weakness.self_issued ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
        finding.reason = weakness.self_issued
                             ? "The key of a root says so, which the client may not rely on."
                             : "The certificate of an issuer says so; there may be another path "
                               "to a root.";
    }
    if (strcmp(message->from, "client") == 0)
        finding_about_client(&finding, context->observation->flow);
    else
        finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "from", message->from);
    says_weakness(&finding, &weakness);
    finding_add(context, &finding);
}

/* --- transparency --- */

/* Whether one of the policies is one that the CA/Browser Forum has for issuers that everybody trusts: 2.23.140.1.1,
 * 2.23.140.1.2.1 to .3. CertificatePolicies ::= SEQUENCE OF SEQUENCE { policyIdentifier OBJECT IDENTIFIER, ... } */
static bool has_public_policy(struct span der)
{
    static const uint8_t id[] = {DER_OID, 3, 0x55, 0x1d, 0x20},
                         extended[] = {0x67, 0x81, 0x0c, 1, 1}, others[] = {0x67, 0x81, 0x0c, 1, 2};
    struct span value;
    if (!x509_extension(der, span_of(id, sizeof id), &value))
        return false;
    struct reader r = reader_of(value);
    struct reader list = der_block(&r, DER_SEQUENCE);
    while (reader_more(&list)) {
        struct reader policy = der_block(&list, DER_SEQUENCE);
        struct span oid = der_content(&policy, DER_OID);
        if (span_equal(oid, span_of(extended, sizeof extended)) ||
            (oid.len == sizeof others + 1 && memcmp(oid.at, others, sizeof others) == 0))
            return true;
    }
    return false;
}

static bool has_embedded_scts(struct span der)
{
    /* 1.3.6.1.4.1.11129.2.4.2 */
    static const uint8_t id[] = {DER_OID, 10, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2};
    struct span value;
    return x509_extension(der, span_of(id, sizeof id), &value);
}

/* What is older than May 2018 did not have to be logged; who vouches for himself has nobody to be watched. What an OCSP
 * response holds is not known. */
void auth_transparency(struct analyze_context *context, const struct tls_certificate *certificate,
                       const struct auth_handshake *handshake)
{
    enum { MAY_2018 = 1525132800 };
    int64_t begin;
    if (!handshake->client_hello || !handshake->server_hello || handshake->has_sct ||
        handshake->has_status || auth_is_peer(handshake) || certificate->self_issued != TRUTH_NO ||
        !x509_time_seconds(certificate->x509.not_before, &begin) || begin < MAY_2018 ||
        strcmp(certificate->transport, "eap") == 0 || has_embedded_scts(certificate->der))
        return;
    struct finding finding = finding_begin(context, RULE_AUTH_NO_TRANSPARENCY);
    bool public = has_public_policy(certificate->der);
    finding.transport = certificate->transport;
    finding.severity = public ? SEVERITY_MEDIUM : SEVERITY_INFO;
    finding.confidence = public && handshake->offers_sct ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    if (!public)
        finding.reason = "The certificate names no policy of public issuers: it may be of a "
                         "private one, which logs nothing.";
    else if (handshake->offers_sct)
        finding.reason = "The certificate names a policy of public issuers, and the client asked "
                         "for timestamps.";
    else
        finding.reason = "The certificate names a policy of public issuers; but the client did "
                         "not ask for timestamps, which the server may have.";
    finding_about_server(&finding, context->observation->flow);
    finding_says_truth(&finding, "public_policy", public);
    finding_says_truth(&finding, "asked", handshake->offers_sct);
    finding_add(context, &finding);
}
