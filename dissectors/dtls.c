/* dtls.c: DTLS 1.0, 1.2 and 1.3 over UDP: the records of each datagram. RFC 4347, RFC 6347, RFC 9147;
 * connection ids: RFC 9146; OpenSSL's version from before RFC 4347; in CAPWAP: RFC 5415 section 4.2.
 * Reads records in clear and the connection ids of the others; what is protected is counted. Other protocols
 * on the same ports (STUN, RTP: RFC 7983) are passed over. */
#include "dissectors/dtls.h"
#include "dissectors/dtls_flow.h"

#include "core/common_observations.h"
#include "core/keyed_hash.h"

enum {
    RECORD_HEADER_LEN = 13,
    HANDSHAKE_HEADER_LEN = 12,
    MAX_HANDSHAKE_TYPE = 25, /* compressed_certificate; higher ones are for TLS over streams */
    STUN_MAGIC_COOKIE = 0x2112a442,
    CAPWAP_PREAMBLE = 0x01000000, /* version 0, type 1 (DTLS), 24 bits reserved */
    CALM_DATAGRAMS = 8,           /* without a record in clear, until a side is quiet */
    MAX_INFERENCES = 32 /* datagrams in which a side's length of connection ids is looked for */
};

/* --- recognising --- */

/* Leaves the CAPWAP DTLS header out. */
static void skip_capwap(struct reader *datagram)
{
    struct reader r = *datagram;
    if (reader_u32(&r) == CAPWAP_PREAMBLE && reader_ok(&r))
        *datagram = r;
}

/* STUN message with its magic cookie, RFC 8489 section 5: in WebRTC, which may take its time to find a path,
 * DTLS follows on the same ports. */
static bool is_stun(struct reader datagram)
{
    reader_skip(&datagram, 4);
    return reader_u32(&datagram) == STUN_MAGIC_COOKIE;
}

static bool handshake_plausible(struct reader fragment)
{
    size_t record_len = reader_wire_left(&fragment);
    uint8_t type = reader_u8(&fragment);
    uint32_t len = reader_u24(&fragment);
    (void)reader_u16(&fragment);
    uint32_t offset = reader_u24(&fragment), fragment_len = reader_u24(&fragment);
    return reader_ok(&fragment) && type <= MAX_HANDSHAKE_TYPE && len <= DTLS_MAX_MESSAGE &&
           offset + fragment_len <= len && fragment_len + HANDSHAKE_HEADER_LEN <= record_len;
}

static bool clear_plausible(const struct dtls_record *record)
{
    struct reader fragment = record->fragment;
    size_t len = reader_wire_left(&fragment);
    uint8_t first = reader_u8(&fragment);
    switch (record->type) {
    case DTLS_CHANGE_CIPHER_SPEC:
        return first == 1 && len == (record->version == DTLS_VERSION_OPENSSL ? 3u : 1u);
    case DTLS_ALERT:
        return len == 2 && (first == 1 || first == 2);
    case DTLS_HANDSHAKE:
        return handshake_plausible(record->fragment);
    default:
        return false;
    }
}

static bool protected_plausible(const struct dtls_record *record)
{
    size_t len = reader_wire_left(&record->fragment);
    return record->type != DTLS_ACK && len >= 8;
}

/* The first byte turns nearly everything else away. */
static enum recognise dtls_recognises(struct reader datagram)
{
    if (reader_left(&datagram) < RECORD_HEADER_LEN)
        return RECOGNISE_NO;
    struct reader peek = datagram;
    uint8_t first = reader_u8(&peek);
    if (first < 4) { /* STUN, or CAPWAP's preamble */
        if (is_stun(datagram))
            return RECOGNISE_MAYBE;
        skip_capwap(&datagram);
        peek = datagram;
        first = reader_u8(&peek);
    }
    size_t cid_len = 0;
    if (dtls_record_is_likely_13(datagram, &cid_len))
        return RECOGNISE_YES;
    if (first < DTLS_CHANGE_CIPHER_SPEC || first > DTLS_TLS12_CID)
        return RECOGNISE_NO;
    if (first == DTLS_TLS12_CID) {
        if (reader_u8(&peek) != DTLS_VERSION_12 >> 8)
            return RECOGNISE_NO;
        cid_len = (size_t)dtls_record_infer_cid_len(datagram).value;
    }
    struct dtls_record record;
    if (!dtls_record_read(&datagram, cid_len, &record))
        return RECOGNISE_NO;
    bool plausible = record.epoch == 0 ? clear_plausible(&record) : protected_plausible(&record);
    /* Behind a record in clear connection ids may be of any length. */
    bool any_len = record.epoch == 0 && dtls_record_has_cid(datagram);
    if (!plausible ||
        (reader_left(&datagram) > 0 && !any_len && !dtls_record_read(&datagram, cid_len, &record)))
        return RECOGNISE_NO;
    return RECOGNISE_YES;
}

/* --- records --- */

static const char *sender_name(const struct dissect_context *context)
{
    return context->side == context->flow->client ? "client" : "server";
}

/* It only has to tell one connection id from the next. */
static uint64_t hash_of(struct span cid)
{
    static const uint64_t no_key[2];
    return keyed_hash(no_key, cid.at, cid.len);
}

static void note_cid(struct dtls_side *side, const struct dtls_record *record, bool inferred,
                     struct dissect_context *context)
{
    uint64_t hash = hash_of(record->cid);
    side->cid_records++;
    side->cid_last_ns = context->time_ns;
    if ((side->has_cid && side->cid_hash == hash) || side->cids == DTLS_MAX_CIDS)
        return;
    side->has_cid = true;
    side->cid_hash = hash;
    side->cids++;
    const struct dtls_cid cid = {.cid = record->cid,
                                 .len = number(record->cid.len),
                                 .inferred = truth(inferred),
                                 .unified = truth(record->unified),
                                 .from = sender_name(context)};
    dissect_emit(context, &observation_dtls_cid, &cid);
}

static void read_clear(struct dtls *dtls, const struct dtls_record *record,
                       struct dissect_context *context)
{
    dtls->sides[context->side].plain++;
    dtls->sides[context->side].calm = 0;
    switch (record->type) {
    case DTLS_HANDSHAKE:
        dtls_read_fragments(dtls, record->fragment, context);
        break;
    case DTLS_CHANGE_CIPHER_SPEC:
        dtls_hurry(dtls, context->side, context);
        break;
    case DTLS_ALERT:
        tls_session_alert(&dtls->session, record->fragment, context);
        break;
    case DTLS_HEARTBEAT:
        tls_heartbeat_clear(&dtls->session, record->fragment, context);
        break;
    default:
        break;
    }
}

/* In DTLS 1.2 with connection ids the type of what is inside is not seen. */
static bool is_finished(const struct dtls_record *record)
{
    return !record->unified && record->epoch == 1 &&
           (record->type == DTLS_HANDSHAKE || record->type == DTLS_TLS12_CID);
}

/* A side whose nonces are looked at is not quiet yet. */
static void note_nonce(struct dtls *dtls, const struct dtls_record *record,
                       struct dissect_context *context)
{
    struct dtls_side *side = &dtls->sides[context->side];
    struct reader fragment = record->fragment;
    const size_t len = reader_wire_left(&fragment);
    if (!side->sampled)
        side->sampling = tls_nonces_wanted(&dtls->session, context);
    side->sampled = true;
    if (side->sampling &&
        tls_nonces_note(&dtls->session, (uint64_t)record->epoch << 48 | record->sequence, len,
                        reader_bytes(&fragment, TLS_NONCE_LEN), context))
        side->calm = 0;
}

/* Epoch 1 of DTLS 1.3 is early data, which goes before the handshake is done. */
static void note_protected(struct dtls *dtls, const struct dtls_record *record,
                           struct dissect_context *context)
{
    struct dtls_side *side = &dtls->sides[context->side];
    if (side->inbox.first != NULL)
        dtls_hurry(dtls, context->side, context);
    if (!side->told_proof && context->proofs && is_finished(record) &&
        tls_proof_wanted(&dtls->session, context)) {
        side->told_proof = true;
        tls_proof_record(&dtls->session, record->type,
                         (uint64_t)record->epoch << 48 | record->sequence, record->fragment,
                         context);
    }
    side->protected = true;
    if (!record->unified || record->epoch != 1)
        tls_session_protected(&dtls->session, 0, context);
    if (!record->unified && record->epoch == 1)
        note_nonce(dtls, record, context);
    if (!record->unified && record->type == DTLS_HEARTBEAT)
        tls_heartbeat_protected(&dtls->session, reader_wire_left(&record->fragment), context);
}

/* How long the connection ids of the sender are; looks for it in the datagram if nothing says so. */
static size_t sender_cid_len(struct dtls *dtls, struct reader datagram,
                             const struct dissect_context *context, bool *inferred)
{
    struct dtls_side *side = &dtls->sides[context->side];
    struct number len = dtls_cid_len(dtls, context->side, context->flow->client, inferred);
    if ((!len.seen || len.value == 0) && side->inferences < MAX_INFERENCES) {
        side->inferences++;
        len = side->inferred_cid_len = dtls_record_infer_cid_len(datagram);
        *inferred = len.seen;
    }
    return (size_t)len.value;
}

static bool read_record(struct dtls *dtls, struct reader *datagram, struct dissect_context *context)
{
    bool inferred = false;
    size_t cid_len =
        dtls_record_has_cid(*datagram) ? sender_cid_len(dtls, *datagram, context, &inferred) : 0;
    struct dtls_record record;
    if (!dtls_record_read(datagram, cid_len, &record))
        return false;
    if (record.unified)
        dtls->unified = true;
    else
        dtls->record_version = record.version;
    if (span_seen(record.cid) && record.cid.len > 0)
        note_cid(&dtls->sides[context->side], &record, inferred, context);
    if (record.epoch == 0 && !record.unified)
        read_clear(dtls, &record, context);
    else
        note_protected(dtls, &record, context);
    return true;
}

/* --- datagrams --- */

static bool starts_unified(struct reader datagram)
{
    return (reader_u8(&datagram) & 0xe0) == 0x20;
}

static bool may_be_record(struct reader datagram)
{
    struct reader peek = datagram;
    uint8_t first = reader_u8(&peek);
    return (first >= DTLS_CHANGE_CIPHER_SPEC && first <= DTLS_ACK) || starts_unified(datagram);
}

/* The cost of the first exchange: the hello, and what the server answers before the client goes on. What the client sends
 * before that is the hello, too, or the hello again, which the server then answers as often (RFC 6347 section 4.2.4). */
static void count_opening(struct dtls *dtls, size_t len, const struct dissect_context *context)
{
    if (dtls->opening == DTLS_OPENING_OVER)
        return;
    bool client = context->side == context->flow->client;
    if (client && dtls->server_first_bytes == 0)
        dtls->client_hello_bytes += (uint32_t)len;
    else if (client)
        dtls->opening = DTLS_OPENING_OVER;
    else if (dtls->opening == DTLS_OPENING_ANSWER)
        dtls->server_first_bytes += (uint32_t)len;
}

/* Whether what a side sends may go by until it speaks in clear again. Connection ids are looked at. */
static bool is_quiet(struct dtls *dtls, const struct dissect_context *context)
{
    struct dtls_side *side = &dtls->sides[context->side];
    if (++side->calm < CALM_DATAGRAMS || side->has_cid)
        return false;
    bool inferred;
    struct number len = dtls_cid_len(dtls, context->side, context->flow->client, &inferred);
    return !len.seen || len.value == 0;
}

/* Quiet sides are woken by records in clear: type, version, and epoch 0. And by tls12_cid. */
static bool dtls_wakes(struct reader datagram)
{
    uint8_t first = reader_u8(&datagram);
    if (first == CAPWAP_PREAMBLE >> 24) {
        reader_skip(&datagram, 3);
        first = reader_u8(&datagram);
    }
    if (first < DTLS_CHANGE_CIPHER_SPEC || first > DTLS_ACK)
        return false;
    (void)reader_u16(&datagram);
    return reader_u16(&datagram) == 0 || first == DTLS_TLS12_CID;
}

/* --- is it DTLS? --- */

enum proof { PROOF_NONE, PROOF_WAIT, PROOF_GIVEN };

/* What may be DTLS 1.3, of which the beginning is not in the capture, is believed when a second datagram looks
 * so, too, with the same connection id if it is from the same side. All else proves itself. */
static enum proof prove(struct dtls *dtls, struct reader datagram,
                        const struct dissect_context *context)
{
    struct dtls_side *side = &dtls->sides[context->side];
    struct reader first = datagram;
    struct dtls_record record;
    size_t cid_len = side->guess_len;
    if (!starts_unified(datagram))
        return may_be_record(datagram) ? PROOF_GIVEN : PROOF_NONE;
    if (side->guessed ? dtls_record_fit(datagram, cid_len) == 0
                      : !dtls_record_is_likely_13(datagram, &cid_len))
        return PROOF_NONE;
    (void)dtls_record_read(&first, cid_len, &record);
    uint64_t guess = hash_of(record.cid);
    if (side->guessed)
        return guess == side->guess ? PROOF_GIVEN : PROOF_NONE;
    side->guessed = true;
    side->guess_len = cid_len;
    side->guess = guess;
    if (cid_len > 0)
        side->inferred_cid_len = number(cid_len);
    return dtls->sides[!context->side].guessed ? PROOF_GIVEN : PROOF_WAIT;
}

/* There is no room for others: fragments that came are let go. */
static void give_way(struct budget_holder *holder)
{
    struct dtls *dtls =
        (struct dtls *)(void *)((uint8_t *)holder - offsetof(struct dtls, store.holder));
    for (unsigned i = 0; i < 2; i++)
        dtls_inbox_give_way(&dtls->sides[i].inbox, &dtls->store);
    dtls->gave_way = true;
}

static enum dissect dtls_dissect(struct reader *payload, void *state,
                                 struct dissect_context *context)
{
    struct dtls *dtls = state;
    struct dtls_side *side = &dtls->sides[context->side];
    struct reader datagram = *payload;
    if (dtls->store.all == NULL) {
        dtls->store.all = context->budget;
        dtls->store.holder.give_way = give_way;
        dtls->session.transport = dtls->session.version_protocol = "dtls";
    }
    skip_capwap(&datagram);
    if (!dtls->proven) {
        enum proof proof = prove(dtls, datagram, context);
        if (proof != PROOF_GIVEN)
            return proof == PROOF_WAIT ? DISSECT_MORE : DISSECT_NOT_MINE;
        dtls->proven = true;
    }
    if (reader_left(&datagram) == 0 || !may_be_record(datagram))
        return is_quiet(dtls, context) ? DISSECT_QUIET : DISSECT_MORE;
    size_t len = reader_wire_left(&datagram);
    while (reader_left(&datagram) > 0) {
        if (read_record(dtls, &datagram, context))
            continue;
        if (!side->told_record)
            dtls_fault(datagram.cut > 0 ? &observation_cut : &observation_malformed, "record",
                       "no record where one must begin", context);
        side->told_record = true;
        break;
    }
    count_opening(dtls, len, context);
    return is_quiet(dtls, context) ? DISSECT_QUIET : DISSECT_MORE;
}

static void dtls_end(void *state, struct dissect_context *context)
{
    struct dtls *dtls = state;
    if (dtls->proven)
        dtls_handshake_end(dtls, context);
}

static const struct observation_type *const dtls_observations[] = {
    TLS_SESSION_OBSERVATIONS, &observation_tls_hello_verify_request, &observation_dtls_cid,
    &observation_dtls_session, NULL};

const struct dissector dissector_dtls = {
    .name = "dtls",
    .spec = "RFC 6347, RFC 9147, RFC 9146, RFC 4347",
    .protocol = PROTO_UDP,
    .state_size = sizeof(struct dtls),
    .recognises = dtls_recognises,
    .dissect = dtls_dissect,
    .wakes = dtls_wakes,
    .end = dtls_end,
    .observations = dtls_observations,
};
