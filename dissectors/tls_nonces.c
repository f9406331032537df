/* tls_nonces.c: explicit nonces of GCM and CCM records: RFC 5288 section 3, RFC 6655 section 3, RFC 5246 section 6.2.3.3.
 * Reads the first eight bytes of each record of a side, of the first ones only. Leaves CBC's initialisation vectors
 * unread. */
#include "dissectors/tls_nonces.h"

#include "dissectors/dtls_record.h"
#include "dissectors/field_rows.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_session.h"

#include <stdlib.h>

enum { SHORTEST_RECORD = TLS_NONCE_LEN + 8 /* the tag of CCM_8 */, MOST_STEP = 255 };

static const char *const pattern_names[] = {
    [TLS_NONCES_UNKNOWN] = "unknown",       [TLS_NONCES_SEQUENCE] = "sequence",
    [TLS_NONCES_COUNTER] = "counter",       [TLS_NONCES_MASKED] = "masked",
    [TLS_NONCES_INCREASING] = "increasing", [TLS_NONCES_REPEATED] = "repeated",
    [TLS_NONCES_BROKEN] = "broken",         [TLS_NONCES_FREE] = "free",
};

const char *tls_nonce_pattern_name(uint64_t pattern)
{
    return pattern < NUM_ROWS(pattern_names) ? pattern_names[pattern] : NULL;
}

#define N      "perpass.tls.nonces."
#define STRUCT struct tls_record_nonces
static const struct field nonces_fields[] = {
    ROW("perpass.tls.transport", FIELD_TEXT, transport, "what carried it: tls, dtls, eap",
        IS_PUBLIC),
    ROW(N "from", FIELD_TEXT, from, "client or server", IS_PUBLIC),
    ROW("tls.cipher", FIELD_NUMBER, cipher, "negotiated suite, IANA name", IS_PUBLIC,
        .name_of = tls_suite_name),
    ROW(N "records", FIELD_NUMBER, records, "records looked at: the first ones that it protected",
        IS_PUBLIC),
    ROW(N "repeated", FIELD_NUMBER, repeated, "of these, records with the nonce of an earlier one",
        IS_PUBLIC),
    ROW(N "jumps", FIELD_NUMBER, jumps, "steps from one to the next that no counter makes",
        IS_PUBLIC),
    ROW(N "pattern", FIELD_NUMBER, pattern,
        "how they go on: sequence (the numbers of the records), counter, masked (these numbers, by "
        "exclusive or with something), increasing, repeated, broken (a counter that jumps), free "
        "(random, or anything else), unknown (there is one only)",
        IS_PUBLIC, .name_of = tls_nonce_pattern_name),
    ROW(N "packet", FIELD_NUMBER, packet, "number of the packet with the first of them", IS_PUBLIC),
};
#undef STRUCT
static const struct observation_part nonces_parts[] = {PART(tls_record_nonces, nonces)};

TYPE_WITH_PARTS(
    observation_tls_record_nonces, "tls.record_nonces", nonces_fields, nonces_parts,
    tls_record_nonces,
    "the explicit nonces of a side's first records, where a suite of (D)TLS 1.2 has GCM "
    "or CCM");

/* --- how they go on --- */

/* |records| is how far the numbers of the two records are apart: datagrams between them may be missing. */
static bool is_step(uint64_t from, uint64_t to, uint64_t records)
{
    const uint64_t ahead = to - from, most = MOST_STEP + records - 1;
    const uint64_t swapped = __builtin_bswap64(to) - __builtin_bswap64(from);
    return (ahead > 0 && ahead <= most) || (swapped > 0 && swapped <= most);
}

static unsigned count_repeated(const uint64_t *nonces, size_t num)
{
    unsigned repeated = 0;
    for (size_t i = 1; i < num; i++) {
        bool found = false;
        for (size_t j = 0; j < i && !found; j++)
            found = nonces[i] == nonces[j];
        repeated += found;
    }
    return repeated;
}

/* The numbers of DTLS come behind 16 bits of epoch: a stack may use both, or the 48 bits. */
static bool is_sequence(const uint64_t *nonces, const uint64_t *sequences, size_t num)
{
    static const uint64_t masks[] = {UINT64_MAX, UINT64_MAX >> 16};
    for (size_t m = 0; m < NUM_ROWS(masks); m++) {
        size_t same = 0;
        while (same < num && nonces[same] == (sequences[same] & masks[m]))
            same++;
        if (same == num)
            return true;
    }
    return false;
}

static bool is_masked(const uint64_t *nonces, const uint64_t *sequences, size_t num)
{
    for (size_t i = 1; i < num; i++)
        if ((nonces[i] ^ sequences[i]) != (nonces[0] ^ sequences[0]))
            return false;
    return true;
}

static bool is_increasing(const uint64_t *nonces, size_t num)
{
    enum { ALIKE = 48 }; /* the bits below may differ */
    for (size_t i = 1; i < num; i++)
        if (nonces[i] <= nonces[i - 1] || nonces[i] >> ALIKE != nonces[0] >> ALIKE)
            return false;
    return true;
}

enum tls_nonce_pattern tls_nonces_classify(const uint64_t *nonces, const uint64_t *sequences,
                                           size_t num, unsigned *jumps, unsigned *repeated)
{
    *jumps = *repeated = 0;
    if (num < 2)
        return TLS_NONCES_UNKNOWN;
    for (size_t i = 1; i < num; i++)
        *jumps += !is_step(nonces[i - 1], nonces[i], sequences[i] - sequences[i - 1]);
    if (*jumps == 0) /* none came twice */
        return is_sequence(nonces, sequences, num) ? TLS_NONCES_SEQUENCE : TLS_NONCES_COUNTER;
    *repeated = count_repeated(nonces, num);
    if (*repeated > 0)
        return TLS_NONCES_REPEATED;
    if (is_sequence(nonces, sequences, num))
        return TLS_NONCES_SEQUENCE;
    if (is_masked(nonces, sequences, num))
        return TLS_NONCES_MASKED;
    if (*jumps < num - 1)
        return TLS_NONCES_BROKEN;
    return is_increasing(nonces, num) ? TLS_NONCES_INCREASING : TLS_NONCES_FREE;
}

/* --- gathering --- */

static bool has_explicit_nonces(const struct tls_session *session)
{
    if (!session->server_hello || !session->cipher.seen ||
        (session->version.value != TLS_VERSION_12 && session->version.value != DTLS_VERSION_12))
        return false;
    const struct tls_suite *suite = tls_suite_find((uint16_t)session->cipher.value);
    return suite != NULL &&
           (strstr(suite->encryption, "GCM") != NULL || strstr(suite->encryption, "CCM") != NULL);
}

bool tls_nonces_wanted(struct tls_session *session, const struct dissect_context *context)
{
    const unsigned side = context->side;
    if (context->nonces == NULL || session->nonces_begun[side] || !has_explicit_nonces(session) ||
        !budget_take(context->nonces, sizeof *session->nonces[side]))
        return false;
    session->nonces[side] = calloc(1, sizeof *session->nonces[side]);
    if (session->nonces[side] == NULL) {
        budget_give(context->nonces, sizeof *session->nonces[side]);
        return false;
    }
    session->nonces[side]->budget = context->nonces;
    session->nonces_begun[side] = true;
    return true;
}

static void give_back(struct tls_session *session, unsigned side)
{
    if (session->nonces[side] == NULL)
        return;
    budget_give(session->nonces[side]->budget, sizeof *session->nonces[side]);
    free(session->nonces[side]);
    session->nonces[side] = NULL;
}

static struct span write_all(uint8_t *room, const struct tls_nonces *side)
{
    const size_t len = side->num * (size_t)TLS_NONCE_LEN;
    for (size_t i = 0; i < len; i++)
        room[i] = (uint8_t)(side->nonces[i / TLS_NONCE_LEN] >>
                            8 * (TLS_NONCE_LEN - 1 - i % TLS_NONCE_LEN));
    return span_of(room, len);
}

static void tell(struct tls_session *session, struct dissect_context *context)
{
    const struct tls_nonces *side = session->nonces[context->side];
    unsigned jumps, repeated;
    uint8_t nonces[TLS_NONCES_SAMPLED * TLS_NONCE_LEN];
    struct tls_record_nonces told = {.transport = session->transport, .cipher = session->cipher};
    told.from = context->side == context->flow->client ? "client" : "server";
    told.pattern =
        number(tls_nonces_classify(side->nonces, side->sequences, side->num, &jumps, &repeated));
    told.records = number(side->num);
    told.jumps = number(jumps);
    told.repeated = number(repeated);
    told.packet = number(side->packet);
    told.first_ns = side->first_ns;
    if (told.pattern.value == TLS_NONCES_FREE)
        told.nonces = write_all(nonces, side);
    dissect_emit(context, &observation_tls_record_nonces, &told);
    give_back(session, context->side);
}

static bool is_known(const struct tls_nonces *side, uint64_t sequence)
{
    if (side->num > 0 && sequence > side->sequences[side->num - 1])
        return false;
    for (size_t i = 0; i < side->num; i++)
        if (side->sequences[i] == sequence)
            return true;
    return false;
}

/* In the order of their numbers: datagrams may come in another one. */
static void keep(struct tls_nonces *side, uint64_t sequence, uint64_t nonce)
{
    size_t at = side->num++;
    for (; at > 0 && side->sequences[at - 1] > sequence; at--) {
        side->sequences[at] = side->sequences[at - 1];
        side->nonces[at] = side->nonces[at - 1];
    }
    side->sequences[at] = sequence;
    side->nonces[at] = nonce;
}

static bool counts(const struct tls_nonces *side)
{
    unsigned jumps, repeated;
    switch (tls_nonces_classify(side->nonces, side->sequences, side->num, &jumps, &repeated)) {
    case TLS_NONCES_SEQUENCE:
    case TLS_NONCES_COUNTER:
    case TLS_NONCES_MASKED:
        return true;
    default:
        return false;
    }
}

bool tls_nonces_note(struct tls_session *session, uint64_t sequence, size_t len, struct span nonce,
                     struct dissect_context *context)
{
    struct tls_nonces *side = session->nonces[context->side];
    struct reader r = reader_of(nonce);
    const uint64_t word = reader_u64(&r);
    if (side == NULL || len < SHORTEST_RECORD || !reader_ok(&r) || is_known(side, sequence))
        return false;
    if (side->num == 0) {
        side->packet = context->packet;
        side->first_ns = context->time_ns;
    }
    keep(side, sequence, word);
    if (side->num < TLS_NONCES_SAMPLED && !(side->num == TLS_NONCES_COUNTED && counts(side)))
        return true;
    tell(session, context);
    return false;
}

void tls_nonces_end(struct tls_session *session, struct dissect_context *context)
{
    if (session->nonces[context->side] != NULL && session->nonces[context->side]->num > 0)
        tell(session, context);
    give_back(session, context->side);
}

void tls_nonces_free(struct tls_session *session)
{
    give_back(session, 0);
    give_back(session, 1);
}
