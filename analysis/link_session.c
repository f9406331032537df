/* link_session.c: identifiers of sessions of TLS, DTLS and QUIC: session ids, tickets, PSK identities, certificates and
 * keys of clients, connection ids, key shares. RFC 5246 sections 7.4.1.2 and F.1.4, RFC 5077, RFC 8446 sections 4.2.8,
 * 4.2.11 and C.4, RFC 9146 section 8, RFC 7250. */
#include "analysis/link.h"

#include "analysis/negotiated.h"

#include "core/crypto.h"
#include "core/x509_name.h"
#include "dissectors/dtls.h"
#include "dissectors/psk_origin.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_summary.h"

enum {
    SHORTEST_SHARE = 16, /* bytes: shorter ones are GREASE, or no key at all */
    SHARE_TAIL =
        64, /* bytes of a share that name it: the last ones, as those of hybrids are long */
    MOST_SHARES = 2, /* of a hello */
    MOST_PSKS = 4,
    LONG_S = 3600, /* that a connection id lives */
    SAFE_CID = 4   /* bytes: of shorter ones a server has few, and gives them out again */
};

static struct finding about_client(struct analyze_context *context, enum rule_id id,
                                   const char *transport)
{
    struct finding finding = finding_begin(context, id);
    finding.transport = transport;
    finding_about_client(&finding, context->observation->flow);
    return finding;
}

/* Enough to tell whether a server's session id is the one that the client showed. */
static uint64_t first_bytes(struct span session_id)
{
    uint64_t first = 0;
    if (span_seen(session_id))
        memcpy(&first, session_id.at,
               session_id.len < sizeof first ? session_id.len : sizeof first);
    return first;
}

/* --- the client hello --- */

static void report_server_name(struct analyze_context *context,
                               const struct tls_client_hello *hello)
{
    struct finding finding = finding_begin(context, RULE_LINK_SERVER_NAME);
    finding.transport = hello->transport;
    finding_about_server(&finding, context->observation->flow);
    if (hello->ech == TRUTH_YES) {
        finding.confidence = CONFIDENCE_POSSIBLE;
        finding.reason = "The hello has encrypted_client_hello: then the name in clear may stand "
                         "for another one, or the extension may be there for show (GREASE).";
    }
    finding_says_truth(&finding, "encrypted_client_hello", hello->ech == TRUTH_YES);
    finding_says_bytes(&finding, "server_name", PRIVACY_NAME, "host", VALUE_STRING,
                       hello->server_name);
    finding_add(context, &finding);
}

static void report_ticket(struct analyze_context *context, const char *transport,
                          const struct link_sight *sight, const char *where, const char *reason)
{
    struct finding finding = about_client(context, RULE_LINK_SESSION_TICKET, transport);
    finding.reason = reason;
    finding_says_text(&finding, "where", where);
    link_says(&finding, sight);
    finding_add(context, &finding);
}

static void report_psk(struct analyze_context *context, const char *transport, struct span identity,
                       const struct psk_origin *origin, const struct link_sight *sight)
{
    const struct psk_identity_class class = psk_identity_classify(identity);
    struct finding finding = finding_begin(context, RULE_LINK_PSK_IDENTITY);
    finding.transport = transport;
    finding.severity = psk_kind_severity(class.kind);
    finding.confidence = origin->confidence;
    finding.reason = origin->reason;
    finding_about_bytes(&finding, SUBJECT_IDENTITY, identity);
    finding_says_text(&finding, "kind", psk_kind_name(class.kind));
    finding_says_ever(&finding, "address_changed", sight->moved);
    link_says(&finding, sight);
    finding_says_bytes(&finding, "identity", PRIVACY_IDENTIFIER, "psk", VALUE_STRING, identity);
    finding_add(context, &finding);
}

static void note_psk(struct analyze_context *context, struct link_conversation *conversation,
                     const struct tls_client_hello *hello, struct span identity, uint8_t code)
{
    const struct psk_origin origin = psk_origin_by_code(code);
    bool ticket = origin.verdict == PSK_ORIGIN_TICKET;
    if (identity.len == 0)
        return;
    const struct link_sight sight =
        link_note(context, conversation, ticket ? LINK_TICKET : LINK_PSK, identity);
    if (sight.again && ticket)
        report_ticket(context, hello->transport, &sight, "pre_shared_key",
                      "The same bytes were presented before; tickets of version 1.3 are for one "
                      "use.");
    else if (sight.again)
        report_psk(context, hello->transport, identity, &origin, &sight);
}

static void note_psks(struct analyze_context *context, struct link_conversation *conversation,
                      const struct tls_client_hello *hello)
{
    struct reader list = reader_of(hello->psk_identities);
    struct reader origins = reader_of(hello->psk_origins);
    for (size_t i = 0; i < MOST_PSKS && reader_more(&list); i++) {
        struct value identity;
        uint8_t code = reader_more(&origins) ? reader_u8(&origins) : 0;
        tls_next_psk_identity(&list, &identity);
        if (reader_ok(&list))
            note_psk(context, conversation, hello, identity.bytes, code);
    }
}

static void note_share(struct analyze_context *context, struct link_conversation *conversation,
                       const char *transport, struct span share)
{
    if (share.len < SHORTEST_SHARE)
        return;
    if (share.len > SHARE_TAIL)
        share = span_of(share.at + share.len - SHARE_TAIL, SHARE_TAIL);
    const struct link_sight sight = link_note(context, conversation, LINK_KEY_SHARE, share);
    if (!sight.again)
        return;
    struct finding finding = about_client(context, RULE_LINK_KEY_SHARE, transport);
    finding.reason = "The same public value came in sessions with different randoms.";
    finding_says_ever(&finding, "address_changed", sight.moved);
    link_says(&finding, &sight);
    finding_says_bytes(&finding, "public_value", PRIVACY_IDENTIFIER, "public-value", VALUE_BYTES,
                       share);
    finding_add(context, &finding);
}

static void note_shares(struct analyze_context *context, struct link_conversation *conversation,
                        const struct tls_client_hello *hello)
{
    struct reader shares = reader_of(hello->key_shares);
    for (size_t num = 0; num < MOST_SHARES && reader_more(&shares);) {
        uint16_t group = reader_u16(&shares);
        struct span share = reader_span_vec16(&shares);
        if (!reader_ok(&shares) || tls_is_grease(group))
            continue;
        note_share(context, conversation, hello->transport, share);
        num++;
    }
}

void link_client_hello(struct analyze_context *context)
{
    const struct tls_client_hello *hello = context->observation->data;
    struct link_conversation *conversation = analysis_conversation(context);
    bool begins =
        span_seen(hello->random) && link_session_begins(context, conversation, hello->random);
    if (conversation->copy)
        return;
    if (begins) {
        link_know_host(context, conversation);
        struct link_client *client = link_client(context, conversation->address);
        link_clock(context, hello, client);
        link_pair(context, conversation, client, hello->transport);
        link_interface_id(context, conversation);
        link_fingerprint(context, conversation, hello);
        if (span_seen(hello->server_name))
            report_server_name(context, hello);
    }
    conversation->shown_id = first_bytes(hello->session_id);
    if (hello->ticket.len > 0) {
        const struct link_sight sight =
            link_note(context, conversation, LINK_TICKET, hello->ticket);
        if (sight.again)
            report_ticket(context, hello->transport, &sight, "session_ticket",
                          "The same bytes were given by a server, or presented, in clear before.");
    }
    note_psks(context, conversation, hello);
    note_shares(context, conversation, hello);
}

/* --- resumption up to version 1.2 --- */

/* A short session id may be a counter, which another server counts, too. */
static uint64_t name_of_session_id(const struct analyze_context *context, struct span session_id)
{
    enum { SURELY_RANDOM = 16 };
    uint64_t name = analysis_name(context, LINK_SESSION_ID, session_id);
    if (session_id.len >= SURELY_RANDOM)
        return name;
    const uint64_t words[2] = {name, analysis_server_name(context)};
    return analysis_name(context, LINK_SESSION_ID, span_of(words, sizeof words));
}

void link_server_hello(struct analyze_context *context)
{
    struct negotiated session;
    struct link_conversation *conversation = analysis_conversation(context);
    if (!negotiated_read(context->observation, &session))
        return;
    conversation->tls13 = session.tls13;
    conversation->session = true;
    if (conversation->first_s == 0)
        conversation->first_s = link_now(context);
    if (session.tls13 || session.hello->session_id.len == 0)
        return;
    conversation->session_id = name_of_session_id(context, session.hello->session_id);
    conversation->echoed = first_bytes(session.hello->session_id) == conversation->shown_id;
}

void link_new_ticket(struct analyze_context *context)
{
    const struct tls_new_session_ticket *ticket = context->observation->data;
    if (ticket->ticket.len > 0)
        (void)link_note(context, analysis_conversation(context), LINK_TICKET, ticket->ticket);
}

/* A session id that was only echoed stands for a ticket, or for nothing. */
void link_summary(struct analyze_context *context)
{
    const struct tls_handshake_summary *summary = context->observation->data;
    struct link_conversation *conversation = analysis_conversation(context);
    uint64_t name = conversation->session_id;
    if (name == 0 || conversation->tls13)
        return;
    bool by_id = summary->resumed == TRUTH_YES && summary->resumed_by != NULL &&
                 strcmp(summary->resumed_by, "session_id") == 0;
    if (!by_id && conversation->echoed)
        return;
    const struct link_sight sight = link_note_name(context, conversation, LINK_SESSION_ID, name);
    if (!by_id || conversation->copy)
        return;
    struct finding finding = about_client(context, RULE_LINK_SESSION_ID, summary->transport);
    finding.reason = summary->resumed_reason;
    finding_says_ever(&finding, "seen_before", sight.again);
    finding_says_ever(&finding, "address_changed", sight.moved);
    link_says(&finding, &sight);
    finding_add(context, &finding);
}

/* --- keys and certificates in clear --- */

void link_key_exchange(struct analyze_context *context)
{
    const struct tls_client_key_exchange *exchange = context->observation->data;
    struct link_conversation *conversation = analysis_conversation(context);
    conversation->session = true;
    if (exchange->psk_identity.len > 0) {
        const struct psk_origin origin = psk_origin_in_key_exchange();
        const struct link_sight sight =
            link_note(context, conversation, LINK_PSK, exchange->psk_identity);
        if (sight.again)
            report_psk(context, exchange->transport, exchange->psk_identity, &origin, &sight);
    }
    if (span_seen(exchange->public_value))
        note_share(context, conversation, exchange->transport, exchange->public_value);
}

static bool has_name(struct span names, enum x509_name_form form)
{
    struct reader list = reader_of(names);
    struct span name;
    return x509_next_name(&list, form, &name);
}

/* |common| has room for the common name, which the evidence borrows. */
static void say_certificate(struct finding *finding, const struct tls_certificate *certificate,
                            char *common, size_t size)
{
    size_t len = x509_name_common(certificate->x509.subject, common, size);
    finding_says_truth(finding, "self_issued", certificate->self_issued == TRUTH_YES);
    finding_says_truth(finding, "email", has_name(certificate->x509.names, X509_EMAIL));
    if (len == 0)
        return;
    finding_says_text(finding, "name_kind",
                      psk_kind_name(psk_identity_classify(span_of(common, len)).kind));
    finding_says_bytes(finding, "subject_cn", PRIVACY_NAME, "host", VALUE_STRING,
                       span_of(common, len));
}

/* One that the client made itself, and that was never seen before, may be made for this session. */
static bool is_lasting(const struct tls_certificate *certificate, const struct link_sight *sight)
{
    return sight->again || certificate->self_issued != TRUTH_YES;
}

void link_certificate(struct analyze_context *context)
{
    const struct tls_certificate *certificate = context->observation->data;
    uint8_t hash[CRYPTO_SHA256_LEN];
    char common[256];
    if (strcmp(certificate->from, "client") != 0 || certificate->index.value != 0 ||
        certificate->x509.key.len == 0)
        return;
    bool raw = strcmp(certificate->type, "raw_public_key") == 0;
    struct link_conversation *conversation = analysis_conversation(context);
    const struct link_sight sight = link_note(
        context, conversation, raw ? LINK_RAW_KEY : LINK_CERTIFICATE, certificate->x509.key);
    if (conversation->copy || sight.sessions == 0 || !is_lasting(certificate, &sight) ||
        !crypto_sha256(certificate->x509.key, hash))
        return;
    struct finding finding =
        finding_begin(context, raw ? RULE_LINK_RAW_PUBLIC_KEY : RULE_LINK_CLIENT_CERTIFICATE);
    finding.transport = certificate->transport;
    finding.reason = "The client's message is in clear up to version 1.2.";
    finding_about_bytes(&finding, SUBJECT_KEY, span_of(hash, sizeof hash));
    finding_says_ever(&finding, "address_changed", sight.moved);
    link_says(&finding, &sight);
    /* What was told first stays: to read the names again would be in vain. */
    if (!raw && sight.sessions <= (certificate->self_issued == TRUTH_YES ? 2 : 1))
        say_certificate(&finding, certificate, common, sizeof common);
    finding_add(context, &finding);
}

/* --- connection ids --- */

static struct finding about_cid(struct analyze_context *context, uint64_t sessions,
                                uint64_t seconds, size_t len)
{
    struct finding finding = about_client(context, RULE_LINK_CONNECTION_ID, "dtls");
    finding.confidence = len < SAFE_CID ? CONFIDENCE_POSSIBLE : CONFIDENCE_CERTAIN;
    finding.reason = len < SAFE_CID
                         ? "The connection id is so short that the server may have given it out "
                           "twice."
                         : "Who receives a connection id tells its sessions apart by it.";
    finding_says_most(&finding, "conversations", sessions);
    finding_says_most(&finding, "seconds", seconds);
    finding_says_number(&finding, "length", len);
    return finding;
}

/* The server has chosen what clients send to it, and tells its sessions apart by it. */
void link_connection_id(struct analyze_context *context)
{
    const struct dtls_cid *seen = context->observation->data;
    if (seen->from == NULL || strcmp(seen->from, "client") != 0 || seen->cid.len == 0)
        return;
    struct link_conversation *conversation = analysis_conversation(context);
    const uint64_t words[2] = {analysis_name(context, LINK_CONNECTION_ID, seen->cid),
                               analysis_server_name(context)};
    conversation->session = true;
    if (conversation->first_s == 0)
        conversation->first_s = link_now(context);
    const struct link_sight sight =
        link_note(context, conversation, LINK_CONNECTION_ID, span_of(words, sizeof words));
    if (sight.sessions == 0)
        return;
    conversation->cid_first_s = link_now(context) - (uint32_t)sight.seconds;
    conversation->cid_packet = context->observation->packet;
    conversation->cid_ns = context->observation->time_ns;
    conversation->cid_len = (uint8_t)seen->cid.len; /* 255 at most: RFC 9146 section 3 */
    if (!sight.again || (!sight.moved && sight.seconds < LONG_S))
        return;
    struct finding finding = about_cid(context, sight.sessions, sight.seconds, seen->cid.len);
    finding_says_ever(&finding, "address_changed", sight.moved);
    finding_add(context, &finding);
}

/* The session is over, perhaps long before its conversation is. */
void link_dtls_session(struct analyze_context *context)
{
    const struct dtls_session *session = context->observation->data;
    struct link_conversation *conversation = analysis_conversation_known(context);
    if (conversation == NULL || conversation->cid_first_s == 0)
        return;
    const uint64_t first_s = conversation->cid_first_s,
                   last_s = session->client_cid_last_ns.value / 1000000000u;
    conversation->cid_first_s = 0;
    if (last_s < first_s + LONG_S)
        return;
    struct finding finding = about_cid(context, 1, last_s - first_s, conversation->cid_len);
    finding.packet = conversation->cid_packet; /* it may end with any other one */
    finding.first_ns = conversation->cid_ns;
    finding_says_ever(&finding, "address_changed", false);
    finding_add(context, &finding);
}
