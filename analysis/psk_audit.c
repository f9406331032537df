/* psk_audit.c: which pre-shared keys are in the operator's own list of default or weak ones? Follows each handshake that
 * proves one, keeps the proof, and has the keys tried at the end of the input. RFC 8446 section 4.2.11.2, RFC 9258,
 * RFC 4279 section 2. Reads what dissectors observe with dissect_context.proofs only. Left out: DHE_PSK, ECDHE_PSK and
 * RSA_PSK, whose other secret is not known; tickets. */
#include "analysis/bounded_table.h"
#include "analysis/psk_hello.h"
#include "analysis/psk_search.h"
#include "analysis/psk_sighting.h"
#include "analysis/psk_transcript.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_session.h"

#include "core/common_observations.h"

#include <stdlib.h>

enum {
    MAX_FOLLOWED = 4096, /* handshakes at a time */
    MAX_OFFERS = 8       /* identities of a hello */
};

/* How far a plain PSK handshake has come: the order of its messages is the order in the hash. */
enum stage { STAGE_NONE, STAGE_HELLO, STAGE_ANSWERED, STAGE_ANSWER_DONE, STAGE_KEY };

/* A handshake that goes on. */
struct followed {
    enum stage stage;
    bool retried; /* a hello retry request was seen, and is in the transcript */
    bool waiting; /* counted as incomplete until there is a proof */
    bool out_of_order;
    bool extended_master_secret;
    uint8_t client_random[TLS_RANDOM_LEN], server_random[TLS_RANDOM_LEN];
    uint64_t version, cipher;
    uint64_t next_sequence[2]; /* DTLS: of the client's and the server's next message */
    struct psk_transcript transcript;
    struct psk_ref offers[MAX_OFFERS], finished;
};

struct psk_audit {
    struct bounded_table *followed;
    uint64_t num_followed; /* so far */
    struct psk_proofs *proofs;
    bool failed; /* there is no memory */
};

/* What is remembered of a conversation: the name of its handshake, 0 without. */
struct conversation_part {
    uint64_t followed;
};

/* Kinds of names. */
enum { NAME_FOLLOWED = 1, NAME_IDENTITY, NAME_PROOF };

static struct analysis_stats *totals(struct analyze_context *context)
{
    return analysis_totals(context);
}

static bool is_dtls(const char *transport)
{
    return strcmp(transport, "dtls") == 0;
}

/* --- tables --- */

static bool tables_make(struct psk_audit *audit)
{
    if (audit->proofs != NULL || audit->failed)
        return !audit->failed;
    audit->followed = bounded_table_new(MAX_FOLLOWED, sizeof(struct followed));
    audit->proofs = psk_proofs_new();
    audit->failed = audit->followed == NULL || audit->proofs == NULL;
    return !audit->failed;
}

/* The handshake of the conversation at hand, all-zero when it is new. */
static struct followed *followed_begin(struct analyze_context *context)
{
    struct psk_audit *audit = context->state;
    struct conversation_part *part = analysis_conversation(context);
    if (part->followed == 0) {
        const uint64_t number = ++audit->num_followed;
        part->followed = analysis_name(context, NAME_FOLLOWED, span_of(&number, sizeof number));
    }
    struct bounded_place place = bounded_table_place(audit->followed, part->followed);
    totals(context)->table_evictions += place.pushed_out;
    return place.room;
}

static struct followed *followed_find(struct analyze_context *context)
{
    const struct psk_audit *audit = context->state;
    const struct conversation_part *part = analysis_conversation_known(context);
    return part != NULL && part->followed != 0 ? bounded_table_find(audit->followed, part->followed)
                                               : NULL;
}

static void followed_forget(struct analyze_context *context)
{
    struct psk_audit *audit = context->state;
    const struct conversation_part *part = analysis_conversation_known(context);
    if (audit->followed != NULL && part != NULL && part->followed != 0)
        bounded_table_forget(audit->followed, part->followed);
}

/* Room for a proof; NULL when none is needed, or there is no room. */
static struct psk_kept *place(struct analyze_context *context, struct span identity,
                              enum psk_proof_kind kind, const char *transport, struct psk_ref *ref)
{
    struct psk_audit *audit = context->state;
    const struct observation *observation = context->observation;
    const uint64_t words[3] = {analysis_name(context, NAME_IDENTITY, identity),
                               analysis_server_name(context), kind};
    const uint64_t name = analysis_name(context, NAME_PROOF, span_of(words, sizeof words));
    bool forgot = false;
    const enum psk_place answer =
        psk_proofs_place(audit->proofs, name, observation->flow, identity, kind, ref, &forgot);
    totals(context)->table_evictions += forgot;
    totals(context)->psk_audit_not_kept += answer == PSK_PLACE_FULL || answer == PSK_PLACE_TAKEN;
    if (answer == PSK_PLACE_FULL || answer == PSK_PLACE_KNOWN)
        return NULL;
    struct psk_kept *kept = psk_proofs_get(audit->proofs, *ref);
    kept->transport = transport;
    kept->time_ns = observation->time_ns;
    kept->packet = observation->packet;
    return kept;
}

/* --- binders --- */

/* PskBinderEntry is the hash of the key's own length. */
static bool binder_hash(size_t len, enum hash_kind *hash)
{
    *hash = len == hash_len(HASH_SHA256) ? HASH_SHA256 : HASH_SHA384;
    return len == hash_len(*hash);
}

static void hash_identity(struct psk_binder *binder, struct span identity)
{
    static const enum hash_kind kinds[PSK_NUM_IMPORTS] = {
        [PSK_IMPORT_SHA256] = HASH_SHA256, [PSK_IMPORT_SHA384] = HASH_SHA384};
    for (size_t i = 0; i < PSK_NUM_IMPORTS; i++) {
        struct hash_state state;
        hash_begin(&state, kinds[i]);
        hash_add(&state, identity);
        hash_end(&state, binder->identity_hash[i]);
    }
}

static void keep_binder(struct analyze_context *context, const struct tls_client_hello *hello,
                        const struct psk_transcript *transcript, const struct psk_offer *offer,
                        struct span binder, struct psk_ref *ref)
{
    struct psk_identity_class class;
    const struct psk_origin origin = psk_origin_of(offer, &class);
    if (origin.verdict == PSK_ORIGIN_TICKET && origin.confidence == CONFIDENCE_CERTAIN)
        return;
    struct psk_binder proof = {.dtls = is_dtls(hello->transport), .imported = origin.imported};
    if (!binder_hash(binder.len, &proof.hash)) {
        totals(context)->psk_audit_unknown++;
        return;
    }
    /* The list of binders has its length in two bytes before it, and is the end of the hello. */
    psk_transcript_binders(transcript, proof.hash, hello->message, 2 + hello->psk_binders.len,
                           proof.transcript);
    memcpy(proof.binder, binder.at, binder.len);
    if (proof.imported)
        hash_identity(&proof, offer->identity);
    struct psk_kept *kept =
        place(context, offer->identity, PSK_PROOF_BINDER, hello->transport, ref);
    if (kept == NULL)
        return;
    kept->proof.binder = proof;
    kept->complete = true;
}

/* RFC 8446 section 4.2.11: pre_shared_key is the last extension, so the binders are the last bytes. */
static bool binders_are_last(const struct tls_client_hello *hello)
{
    const struct span all = hello->message, binders = hello->psk_binders;
    return all.len >= binders.len + 2 &&
           span_equal(span_of(all.at + all.len - binders.len, binders.len), binders);
}

static void keep_binders(struct analyze_context *context, const struct tls_client_hello *hello,
                         struct followed *followed)
{
    struct reader identities = reader_of(hello->psk_identities);
    struct reader binders = reader_of(hello->psk_binders);
    for (size_t i = 0; reader_more(&identities) && reader_more(&binders); i++) {
        struct psk_offer offer = {.identity = reader_span_vec16(&identities)};
        offer.ticket_age = reader_u32(&identities);
        const struct span binder = reader_span_vec8(&binders);
        offer.binder_len = number(binder.len);
        if (i < MAX_OFFERS)
            keep_binder(context, hello, &followed->transcript, &offer, binder,
                        &followed->offers[i]);
        else
            totals(context)->psk_audit_not_kept++;
    }
}

/* A second hello of the same client with no retry between them: the retry is not in the capture. A server of DTLS 1.2
 * that asks for a cookie leaves no trace in the hash. */
static bool lacks_retry(const struct followed *followed, const struct tls_client_hello *hello)
{
    bool again = followed->stage == STAGE_HELLO &&
                 memcmp(followed->client_random, hello->random.at, TLS_RANDOM_LEN) == 0;
    return !followed->retried && (hello->retry_cookie == TRUTH_YES ||
                                  (again && !(is_dtls(hello->transport) && hello->cookie.len > 0)));
}

static void observe_client_hello(struct analyze_context *context,
                                 const struct tls_client_hello *hello)
{
    if (!span_seen(hello->message) || !psk_hello_offers(hello) || !tables_make(context->state)) {
        if (span_seen(hello->message))
            followed_forget(context);
        return;
    }
    struct followed *followed = followed_begin(context);
    bool lacking = lacks_retry(followed, hello);
    bool retried = followed->retried && followed->stage == STAGE_HELLO;
    if (!retried) {
        *followed = (struct followed){.stage = STAGE_NONE};
        psk_transcript_begin(&followed->transcript, is_dtls(hello->transport));
    }
    followed->stage = STAGE_HELLO;
    memcpy(followed->client_random, hello->random.at, TLS_RANDOM_LEN);
    followed->next_sequence[0] = hello->message_seq.value + 1;
    if (span_seen(hello->psk_identities) && span_seen(hello->psk_binders)) {
        if (lacking)
            totals(context)->psk_audit_incomplete++;
        else if (!binders_are_last(hello))
            totals(context)->psk_audit_unknown++;
        else
            keep_binders(context, hello, followed);
    }
    psk_transcript_add(&followed->transcript, TLS_CLIENT_HELLO, hello->message_seq.value,
                       hello->message);
    followed->retried = false;
}

/* --- Finished --- */

static bool is_13(uint64_t version)
{
    return version == TLS_VERSION_13 || version == 0xfefc;
}

static void observe_server_hello(struct analyze_context *context,
                                 const struct tls_server_hello *hello)
{
    struct psk_audit *audit = context->state;
    struct followed *followed = followed_find(context);
    if (followed == NULL || hello->hello_retry == TRUTH_YES)
        return;
    if (is_13(hello->version.value)) {
        if (hello->selected_psk.seen && hello->selected_psk.value < MAX_OFFERS)
            psk_proofs_accept(audit->proofs, followed->offers[hello->selected_psk.value]);
        return;
    }
    const struct tls_suite *suite = tls_suite_find((uint16_t)hello->cipher.value);
    if (suite == NULL || suite->kx != TLS_KX_PSK || hello->random.len != TLS_RANDOM_LEN)
        return;
    followed->waiting = true;
    totals(context)->psk_audit_incomplete++;
    followed->version = hello->version.value;
    followed->cipher = hello->cipher.value;
    followed->extended_master_secret = hello->extended_master_secret == TRUTH_YES;
    memcpy(followed->server_random, hello->random.at, TLS_RANDOM_LEN);
}

/* The order of the flights: what the server says, to its end, and then the client's key exchange. */
static bool in_order(struct followed *followed, uint8_t type)
{
    switch (type) {
    case TLS_SERVER_HELLO:
        if (followed->stage != STAGE_HELLO)
            return false;
        followed->stage = STAGE_ANSWERED;
        return true;
    case TLS_SERVER_HELLO_DONE:
        if (followed->stage != STAGE_ANSWERED)
            return false;
        followed->stage = STAGE_ANSWER_DONE;
        return true;
    case TLS_CLIENT_KEY_EXCHANGE:
        if (followed->stage != STAGE_ANSWER_DONE)
            return false;
        followed->stage = STAGE_KEY;
        return true;
    default:
        return followed->stage == STAGE_ANSWERED;
    }
}

/* In DTLS the messages of each side are numbered. The server may have asked for a cookie with its first. */
static bool in_sequence(struct followed *followed, const struct tls_handshake_message *message)
{
    if (!message->sequence.seen)
        return true;
    unsigned server = strcmp(message->from, "server") == 0;
    bool first = message->type.value == TLS_SERVER_HELLO;
    bool next = first || message->sequence.value == followed->next_sequence[server];
    followed->next_sequence[server] = message->sequence.value + 1;
    return next;
}

static void observe_message(struct analyze_context *context,
                            const struct tls_handshake_message *message)
{
    enum { RANDOM_AT = 2 };
    struct followed *followed = followed_find(context);
    const uint8_t type = (uint8_t)message->type.value;
    const struct span body = message->body;
    if (followed == NULL || followed->stage == STAGE_NONE || followed->stage == STAGE_KEY)
        return;
    if (type == TLS_SERVER_HELLO && body.len >= RANDOM_AT + TLS_RANDOM_LEN &&
        tls_is_hello_retry_random(body.at + RANDOM_AT)) {
        psk_transcript_retry(&followed->transcript, type, body);
        followed->retried = true;
        return;
    }
    if (!in_sequence(followed, message) || !in_order(followed, type))
        followed->out_of_order = true;
    psk_transcript_add(&followed->transcript, type, message->sequence.value, body);
}

static bool version_known(uint64_t version)
{
    enum { TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, DTLS_1_2 = 0xfefd, DTLS_1_0 = 0xfeff };
    return version == TLS_1_0 || version == TLS_1_1 || version == TLS_VERSION_12 ||
           version == DTLS_1_0 || version == DTLS_1_2;
}

/* struct { HandshakeType msg_type; uint24 length; } and, in DTLS, uint16 message_seq; uint24 fragment_offset; uint24
 * fragment_length. */
static void expect_header(struct psk_finished *finished, const struct followed *followed)
{
    const uint64_t sequence = followed->next_sequence[0];
    const uint8_t header[12] = {TLS_FINISHED,
                                0,
                                0,
                                PSK_VERIFY_LEN,
                                (uint8_t)(sequence >> 8),
                                (uint8_t)sequence,
                                0,
                                0,
                                0,
                                0,
                                0,
                                PSK_VERIFY_LEN};
    memcpy(finished->header, header, sizeof header);
    finished->header_len = followed->transcript.dtls ? sizeof header : 4;
}

static void no_proof(struct analyze_context *context, struct followed *followed, uint64_t *instead)
{
    totals(context)->psk_audit_incomplete -= followed->waiting;
    *instead += followed->waiting;
    followed->waiting = false;
}

static void keep_finished(struct analyze_context *context, struct followed *followed,
                          const struct tls_client_key_exchange *exchange)
{
    const struct psk_suite *suite = psk_suite_find(followed->cipher);
    const uint64_t version = followed->version;
    if (suite == NULL || !version_known(version)) {
        no_proof(context, followed, &totals(context)->psk_audit_unknown);
        return;
    }
    if (followed->out_of_order || followed->stage != STAGE_KEY)
        return;
    struct psk_kept *kept = place(context, exchange->psk_identity, PSK_PROOF_FINISHED,
                                  exchange->transport, &followed->finished);
    if (kept == NULL) {
        uint64_t counted = 0;
        no_proof(context, followed, &counted);
        return;
    }
    struct psk_finished *finished = &kept->proof.finished;
    finished->suite = suite;
    finished->old_prf = version != TLS_VERSION_12 && version != 0xfefd;
    finished->implicit_iv = version == 0x0301;
    finished->extended_master_secret = followed->extended_master_secret;
    memcpy(finished->client_random, followed->client_random, TLS_RANDOM_LEN);
    memcpy(finished->server_random, followed->server_random, TLS_RANDOM_LEN);
    psk_transcript_finished(&followed->transcript, suite->prf, finished->old_prf,
                            finished->transcript);
    expect_header(finished, followed);
    kept->cipher = followed->cipher;
}

static void observe_key_exchange(struct analyze_context *context,
                                 const struct tls_client_key_exchange *exchange)
{
    struct followed *followed = followed_find(context);
    if (followed == NULL || !span_seen(exchange->psk_identity))
        return;
    const struct tls_suite *suite =
        exchange->cipher.seen ? tls_suite_find((uint16_t)exchange->cipher.value) : NULL;
    if (suite == NULL || suite->kx != TLS_KX_PSK) /* but the hello may have had a binder */
        totals(context)->psk_audit_impossible += followed->offers[0].number == 0;
    else if (followed->waiting)
        keep_finished(context, followed, exchange);
}

static void observe_record(struct analyze_context *context,
                           const struct tls_finished_record *record)
{
    struct psk_audit *audit = context->state;
    struct followed *followed = followed_find(context);
    if (followed == NULL || record->incomplete == TRUTH_YES)
        return;
    struct psk_kept *kept = psk_proofs_get(audit->proofs, followed->finished);
    if (kept == NULL || kept->complete)
        return;
    kept->proof.finished.record_number = record->sequence.value;
    kept->complete = psk_finished_take(&kept->proof.finished, record->fragment);
    if (kept->complete && followed->waiting)
        totals(context)->psk_audit_incomplete--;
    followed->waiting = followed->waiting && !kept->complete;
}

static void observe_summary(struct analyze_context *context,
                            const struct tls_handshake_summary *summary)
{
    struct psk_audit *audit = context->state;
    struct followed *followed = followed_find(context);
    uint64_t resumed = 0;
    if (followed == NULL)
        return;
    if (summary->resumed == TRUTH_YES) /* its keys come from an earlier session */
        no_proof(context, followed, &resumed);
    if (summary->established == TRUTH_YES)
        psk_proofs_accept(audit->proofs, followed->finished);
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    const struct psk_audit *audit = context->state;
    if (observation->type == &observation_tls_client_hello)
        observe_client_hello(context, observation->data);
    else if (audit->proofs == NULL || audit->failed)
        return;
    else if (observation->type == &observation_tls_handshake_message)
        observe_message(context, observation->data);
    else if (observation->type == &observation_tls_server_hello)
        observe_server_hello(context, observation->data);
    else if (observation->type == &observation_tls_client_key_exchange)
        observe_key_exchange(context, observation->data);
    else if (observation->type == &observation_tls_finished_record)
        observe_record(context, observation->data);
    else if (observation->type == &observation_tls_handshake_summary)
        observe_summary(context, observation->data);
    else if (analysis_conversation_ends(observation))
        followed_forget(context);
}

/* --- the end of the input --- */

static void report(struct analyze_context *context, const struct psk_kept *kept)
{
    const bool binder = kept->proof.kind == PSK_PROOF_BINDER;
    const struct flow flow = {.ends = {kept->ends[0], kept->ends[1]},
                              .ip_version = kept->ip_version,
                              .protocol = kept->protocol,
                              .client = kept->client,
                              .around = kept->around};
    const struct observation observation = {
        .flow = &flow, .time_ns = kept->time_ns, .packet = kept->packet};
    context->observation = &observation;
    struct finding finding = finding_begin(context, RULE_PSK_WEAK_KEY);
    finding.transport = kept->transport;
    finding.reason = "A key of the list makes what the client sent to prove its own, and the "
                     "server went on with it.";
    if (!kept->accepted) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "A key of the list makes what the client sent to prove its own, but the "
                         "capture does not show that the server accepted it.";
    }
    finding_about_bytes(&finding, SUBJECT_IDENTITY, kept->identity);
    finding_says_text(&finding, "where", binder ? "client_hello" : "client_key_exchange");
    finding_says_text(&finding, "proof", binder ? "binder" : "finished");
    if (binder)
        finding_says_truth(&finding, "imported", kept->proof.binder.imported);
    else
        finding_says_text(&finding, "cipher", tls_suite_name(kept->cipher));
    finding_says_ever(&finding, "accepted", kept->accepted);
    psk_finding_identity(&finding, "identity", kept->identity);
    finding_add(context, &finding);
    context->observation = NULL;
}

static void search(struct analyze_context *context, struct psk_search *means)
{
    struct psk_audit *audit = context->state;
    struct analysis_stats *stats = totals(context);
    size_t num = 0;
    struct psk_kept *all = audit->proofs != NULL ? psk_proofs_all(audit->proofs, &num) : NULL;
    for (size_t i = 0; i < num; i++)
        stats->psk_audit_proofs += all[i].complete;
    if (stats->psk_audit_proofs == 0)
        return;
    const struct psk_search_stats result = psk_search_run(means, all, num);
    stats->psk_audit_keys = result.keys;
    stats->psk_audit_too_long = result.too_long;
    stats->psk_audit_cut_short = result.cut_short;
    for (size_t i = 0; i < num; i++)
        if (atomic_load(&all[i].found))
            report(context, &all[i]);
}

static void finish(struct analyze_context *context)
{
    struct psk_audit *audit = context->state;
    struct psk_search *means = analysis_psk_search(context);
    if (means != NULL)
        search(context, means);
    bounded_table_free(audit->followed);
    psk_proofs_free(audit->proofs);
    *audit = (struct psk_audit){0};
}

static const struct observation_type *const reads[] = {&observation_tls_client_hello,
                                                       &observation_tls_server_hello,
                                                       &observation_tls_handshake_message,
                                                       &observation_tls_client_key_exchange,
                                                       &observation_tls_finished_record,
                                                       &observation_tls_handshake_summary,
                                                       &observation_exchange_end,
                                                       &observation_flow_end,
                                                       NULL};

const struct analyzer analyzer_psk_audit = {.name = "psk_audit",
                                            .reads = reads,
                                            .state_size = sizeof(struct psk_audit),
                                            .conversation_size = sizeof(struct conversation_part),
                                            .observe = observe,
                                            .finish = finish};
