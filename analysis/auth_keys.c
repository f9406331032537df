/* auth_keys.c: names and the keys that are shown under them: a certificate for another name, and one name with two keys
 * that have nothing to do with one another. RFC 9525, RFC 6962 section 1. Reads certificates of TLS and DTLS up to 1.2,
 * and how handshakes ended. */
#include "analysis/authentication.h"
#include "analysis/seen_times.h"

#include "core/crypto.h"
#include "core/der.h"

#include <stdio.h>

/* --- another name --- */

static void judge_acceptance(struct finding *finding, const struct auth_handshake *handshake,
                             enum truth established)
{
    if (established == TRUTH_NO) {
        finding->severity = SEVERITY_INFO;
        finding->reason = "The names differ, and the handshake was not finished: the client may "
                          "have seen it.";
    } else if (handshake->self_issued) {
        finding->severity = SEVERITY_LOW;
        finding->confidence = CONFIDENCE_POSSIBLE;
        finding->reason = "The names differ; but the certificate vouches for itself, and the "
                          "client may know it by other means.";
    } else if (auth_name_is_address(span_of(handshake->name, handshake->name_len))) {
        finding->severity = SEVERITY_LOW;
        finding->confidence = CONFIDENCE_POSSIBLE;
        finding->reason = "The client asked by an address, which certificates rarely have, and "
                          "may know the server by other means.";
    } else if (established == TRUTH_YES) {
        finding->confidence = CONFIDENCE_LIKELY;
        finding->reason = "The names differ, and the client finished the handshake all the same.";
    } else {
        finding->severity = SEVERITY_LOW;
        finding->confidence = CONFIDENCE_POSSIBLE;
        finding->reason = "The names differ; how the client took it is not in the capture.";
    }
}

void auth_name_mismatch(struct analyze_context *context,
                        const struct tls_handshake_summary *summary,
                        const struct auth_handshake *handshake)
{
    if (handshake->match != AUTH_NAME_DIFFERS || auth_is_peer(handshake))
        return;
    struct finding finding = finding_begin(context, RULE_AUTH_NAME_MISMATCH);
    finding.transport = summary->transport;
    finding.packet = handshake->packet;
    finding.first_ns = finding.last_ns = handshake->time_ns;
    judge_acceptance(&finding, handshake, summary->established);
    finding_about_server(&finding, context->observation->flow);
    finding_says_text(&finding, "outcome", summary->outcome);
    finding_says_truth(&finding, "self_issued", handshake->self_issued);
    finding_says_bytes(&finding, "asked_for", PRIVACY_NAME, "host", VALUE_STRING,
                       span_of(handshake->name, handshake->name_len));
    finding_add(context, &finding);
}

/* --- two keys --- */

enum { NAME_HOST, NAME_ISSUER, NAME_KEY };

struct auth_key {
    uint64_t name;
    uint8_t sha256[CRYPTO_SHA256_LEN];
    struct seen_times times;
    uint64_t issuer; /* hash of who vouches for it */
    struct endpoint server;
    uint8_t ip_version;
    bool is_ec, self_issued;
};

struct auth_key_names {
    struct auth_key keys[AUTH_KEYS];
    uint8_t num;
};

/* The content of the first organizationName of a Name; not seen without one.
 * Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY } */
static struct span organization_of(struct span name)
{
    enum { DER_SET = 0x31 };
    static const uint8_t organization[] = {0x55, 0x04, 0x0a}; /* 2.5.4.10 */
    struct reader r = reader_of(name);
    struct reader parts = der_block(&r, DER_SEQUENCE);
    while (reader_more(&parts)) {
        struct reader set = der_block(&parts, DER_SET);
        struct reader attribute = der_block(&set, DER_SEQUENCE);
        struct span type = der_content(&attribute, DER_OID);
        uint8_t tag;
        struct reader value = der_next(&attribute, &tag);
        if (reader_ok(&attribute) && span_equal(type, span_of(organization, sizeof organization)))
            return reader_rest(&value);
    }
    return (struct span){0};
}

static bool read_key(const struct analyze_context *context,
                     const struct tls_certificate *certificate, uint64_t name, struct auth_key *key)
{
    const struct flow *flow = context->observation->flow;
    const struct x509 *x509 = &certificate->x509;
    struct x509_key parts;
    if (!span_seen(x509->key) || !span_seen(x509->issuer) || !x509_key_read(x509->key, &parts))
        return false;
    struct span organization = organization_of(x509->issuer);
    *key = (struct auth_key){
        .name = name,
        .times = {context->observation->time_ns, context->observation->time_ns},
        .issuer = analysis_name(context, NAME_ISSUER,
                                span_seen(organization) ? organization : x509->issuer),
        .server = flow->ends[!flow->client],
        .ip_version = flow->ip_version,
        .is_ec = span_seen(parts.curve),
        .self_issued = certificate->self_issued == TRUTH_YES};
    return crypto_sha256(x509->key, key->sha256);
}

static struct auth_key *find_key(struct auth_key_names *names, uint64_t name)
{
    for (size_t i = 0; i < names->num; i++)
        if (names->keys[i].name == name)
            return &names->keys[i];
    return NULL;
}

static void add_key(struct analyze_context *context, struct auth_key_names *name,
                    const struct auth_key *key)
{
    struct auth_key *place = &name->keys[0];
    if (name->num < AUTH_KEYS) {
        name->keys[name->num++] = *key;
        return;
    }
    for (size_t i = 1; i < AUTH_KEYS; i++)
        if (name->keys[i].times.last_ns < place->times.last_ns)
            place = &name->keys[i];
    *place = *key;
    analysis_totals(context)->table_evictions++;
}

static bool is_same_server(const struct auth_key *a, const struct auth_key *b)
{
    return a->ip_version == b->ip_version && memcmp(&a->server, &b->server, sizeof a->server) == 0;
}

/* Keys of one issuer are one operator's: a pool of servers, a pair of RSA and ECDSA, a renewal. Of certificates that
 * vouch for themselves each device has its own, under whatever name it is asked for. */
static bool is_related(const struct auth_key *a, const struct auth_key *b)
{
    if (a->self_issued && b->self_issued)
        return !is_same_server(a, b);
    return a->issuer == b->issuer;
}

/* As the events show the hash of a key, so that their tokens are the same. */
static struct span hex_of(const struct auth_key *key, char text[2 * CRYPTO_SHA256_LEN + 1])
{
    for (size_t i = 0; i < CRYPTO_SHA256_LEN; i++)
        snprintf(text + 2 * i, 3, "%02X", key->sha256[i]);
    return span_of(text, 2 * CRYPTO_SHA256_LEN);
}

static void report_keys(struct analyze_context *context, const char *transport,
                        const struct auth_handshake *handshake, const struct auth_key *key,
                        const struct auth_key *other)
{
    char text[2][2 * CRYPTO_SHA256_LEN + 1];
    struct finding finding = finding_begin(context, RULE_AUTH_TWO_KEYS_ONE_NAME);
    bool same_server = is_same_server(key, other), same_kind = key->is_ec == other->is_ec;
    bool both_self = key->self_issued && other->self_issued;
    finding.transport = transport;
    if (same_server && same_kind && !both_self) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "One address showed both keys in turn, and different issuers vouch for "
                         "them.";
    } else {
        finding.severity = SEVERITY_LOW;
        finding.confidence = CONFIDENCE_POSSIBLE;
        finding.reason = both_self ? "One address showed both keys in turn; both vouch for "
                                     "themselves, as several devices behind one address may."
                         : same_server
                             ? "Different issuers vouch for the keys; but one is RSA and one is "
                               "not, and a server may have one of each."
                             : "Different issuers vouch for the keys; but different addresses "
                               "showed them, and an operator may have bought from both.";
    }
    finding_about_server(&finding, context->observation->flow);
    finding_says_bytes(&finding, "server_name", PRIVACY_NAME, "host", VALUE_STRING,
                       span_of(handshake->name, handshake->name_len));
    finding_says_bytes(&finding, "key", PRIVACY_IDENTIFIER, "spki", VALUE_STRING,
                       hex_of(key, text[0]));
    finding_says_bytes(&finding, "other_key", PRIVACY_IDENTIFIER, "spki", VALUE_STRING,
                       hex_of(other, text[1]));
    finding_says_truth(&finding, "same_server", same_server);
    finding_says_truth(&finding, "self_issued", key->self_issued || other->self_issued);
    finding_add(context, &finding);
}

static struct auth_key_names *names_of(struct analyze_context *context, struct span name)
{
    struct auth_state *state = context->state;
    uint8_t lower[AUTH_MAX_SERVER_NAME];
    if (state->names == NULL)
        state->names = bounded_table_new(AUTH_NAMES, sizeof(struct auth_key_names));
    if (state->names == NULL) {
        analysis_totals(context)->table_evictions++;
        return NULL;
    }
    for (size_t i = 0; i < name.len; i++)
        lower[i] =
            name.at[i] >= 'A' && name.at[i] <= 'Z' ? (uint8_t)(name.at[i] + 'a' - 'A') : name.at[i];
    const struct bounded_place place = bounded_table_place(
        state->names, analysis_name(context, NAME_HOST, span_of(lower, name.len)));
    analysis_totals(context)->table_evictions += place.pushed_out;
    return place.room;
}

void auth_keys(struct analyze_context *context, const struct tls_certificate *certificate,
               const struct auth_handshake *handshake)
{
    const struct flow *flow = context->observation->flow;
    struct span name = span_of(handshake->name, handshake->name_len);
    struct auth_key key;
    if (handshake->match != AUTH_NAME_MATCHES || auth_is_peer(handshake) ||
        auth_name_is_local(name) || !span_seen(certificate->x509.key))
        return;
    struct auth_key_names *known = names_of(context, name);
    if (known == NULL)
        return;
    uint64_t key_name = analysis_random_name(context, NAME_KEY, certificate->x509.key);
    struct auth_key *before = find_key(known, key_name);
    if (before == NULL) {
        if (read_key(context, certificate, key_name, &key))
            add_key(context, known, &key);
        return;
    }
    before->times.last_ns = context->observation->time_ns;
    before->server = flow->ends[!flow->client];
    before->ip_version = flow->ip_version;
    for (size_t i = 0; i < known->num; i++)
        if (&known->keys[i] != before && !is_related(before, &known->keys[i]) &&
            seen_times_overlap(&before->times, &known->keys[i].times))
            report_keys(context, certificate->transport, handshake, before, &known->keys[i]);
}
