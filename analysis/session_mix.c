/* session_mix.c: which versions and key exchanges were negotiated, and when. Reads the summaries of handshakes, as those
 * do who count sessions, so that the sums are equal; and server hellos, for when sessions began. */
#include "analysis/session_mix.h"

#include "analysis/analyzer.h"
#include "dissectors/field_rows.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls.h"
#include "dissectors/tls_session.h"
#include "dissectors/tls_summary.h"

#include <stdio.h>
#include <stdlib.h>

#define M "perpass.mix."

static void next_number(struct reader *list, struct value *item)
{
    item->number = reader_u64(list);
}

static void next_text(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
}

#define NUMBERS(path, member, text)                                                                \
    ROW(path, FIELD_LIST, member, text, IS_PUBLIC, .item = VALUE_NUMBER, .next = next_number)
#define TEXTS(path, member, text)                                                                  \
    ROW(path, FIELD_LIST, member, text, IS_PUBLIC, .item = VALUE_STRING, .next = next_text)

#define STRUCT struct session_mix
static const struct field fields[] = {
    ROW(M "sessions", FIELD_NUMBER, sessions, "sessions whose server answered with a hello",
        IS_PUBLIC),
    ROW(M "forward_secret", FIELD_NUMBER, forward_secret, "of these, sessions with forward secrecy",
        IS_PUBLIC),
    ROW(M "not_forward_secret", FIELD_NUMBER, not_forward_secret,
        "of these, sessions that one leaked key opens: a long-term one, or one that is kept to "
        "resume sessions",
        IS_PUBLIC),
    TEXTS(M "versions.name", versions, "versions that were negotiated, most sessions first"),
    NUMBERS(M "versions.sessions", version_sessions, "sessions of each"),
    TEXTS(M "key_exchanges.name", exchanges,
          "key exchanges that were negotiated; HYBRID and KEM are those against quantum computers"),
    NUMBERS(M "key_exchanges.sessions", exchange_sessions, "sessions of each"),
    NUMBERS(M "key_exchanges.forward_secret", exchange_forward, "of these, with forward secrecy"),
    ROW(M "slot", FIELD_NUMBER, slot_ns, "how many nanoseconds one of times takes", IS_PUBLIC),
    ROW(M "times.from", FIELD_LIST, slots, "when each part of the time begins", IS_PUBLIC,
        .item = VALUE_TIME, .next = next_number),
    NUMBERS(M "times.sessions", slot_sessions, "sessions that began in it"),
    NUMBERS(M "times.not_forward_secret", slot_open,
            "of these, sessions that one leaked key opens: a long-term one, or one that is kept to "
            "resume sessions"),
};
#undef STRUCT

TYPE(
    observation_session_mix, "session.mix", fields, session_mix,
    "Which versions and key exchanges the sessions of TLS, DTLS and QUIC had, and when they began; "
    "at the end, and at each interval of perpass monitor.");

/* A version or a key exchange. */
struct row {
    char name[32];
    uint64_t sessions, forward;
};

struct rows {
    struct row at[SESSION_MIX_ROWS];
    size_t num;
};

struct slot {
    uint64_t sessions, open;
};

/* |start| of the first slot, which |width_ns| divides; there is none as long as |num_slots| is 0. */
struct state {
    uint64_t sessions, forward, open, last_ns, last_packet;
    struct rows versions, exchanges;
    uint64_t start_ns, width_ns;
    size_t num_slots;
    struct slot slots[SESSION_MIX_SLOTS];
};

/* Of a conversation: when the server's hello of its last handshake came. */
struct beginning {
    uint64_t hello_ns;
};

/* The row of |name|, or the last one, which is that of all others. */
static struct row *row_of(struct rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->num; i++)
        if (strcmp(rows->at[i].name, name) == 0)
            return &rows->at[i];
    if (rows->num == SESSION_MIX_ROWS - 1)
        name = "other";
    if (rows->num == SESSION_MIX_ROWS)
        return &rows->at[rows->num - 1];
    struct row *row = &rows->at[rows->num++];
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

static void count_row(struct rows *rows, const char *name, bool forward)
{
    struct row *row = row_of(rows, name);
    row->sessions++;
    row->forward += forward;
}

/* "TLS 1.2", "DTLS 1.2", "QUIC 1.3"; "TLS 0x1234" of what nobody knows. */
static void name_version(const struct tls_handshake_summary *summary, char name[32])
{
    const char *transport = summary->transport != NULL ? summary->transport : "tls";
    const uint64_t version = summary->version.value;
    const char *protocol = strcmp(transport, "quic") == 0                               ? "QUIC"
                           : strcmp(transport, "dtls") == 0                             ? "DTLS"
                           : version == TLS_VERSION_SSL2 || version == TLS_VERSION_SSL3 ? "SSL"
                                                                                        : "TLS";
    const char *known = tls_version_name(version);
    if (known != NULL)
        snprintf(name, 32, "%s %s", protocol, known);
    else
        snprintf(name, 32, "%s 0x%04x", protocol, (unsigned)(version & 0xffff));
}

/* Two slots become one, so that the time of twice as many has room. */
static void widen(struct state *state)
{
    const uint64_t wider = 2 * state->width_ns, start = state->start_ns - state->start_ns % wider;
    struct slot slots[SESSION_MIX_SLOTS] = {{0}};
    size_t num = 0;
    for (size_t i = 0; i < state->num_slots; i++) {
        const uint64_t from = state->start_ns + i * state->width_ns;
        num = (size_t)((from - start) / wider);
        slots[num].sessions += state->slots[i].sessions;
        slots[num].open += state->slots[i].open;
    }
    memcpy(state->slots, slots, sizeof slots);
    state->num_slots = num + 1;
    state->start_ns = start;
    state->width_ns = wider;
}

/* Slots begin earlier by |more|, which all have room. */
static void shift(struct state *state, size_t more)
{
    memmove(state->slots + more, state->slots, state->num_slots * sizeof state->slots[0]);
    memset(state->slots, 0, more * sizeof state->slots[0]);
    state->num_slots += more;
    state->start_ns -= more * state->width_ns;
}

static struct slot *slot_of(struct state *state, uint64_t time_ns)
{
    enum { FIRST_WIDTH_NS = 1000000 };
    if (state->num_slots == 0) {
        state->width_ns = FIRST_WIDTH_NS;
        state->start_ns = time_ns - time_ns % FIRST_WIDTH_NS;
        state->num_slots = 1;
    }
    for (;; widen(state)) {
        const uint64_t aligned = time_ns - time_ns % state->width_ns;
        const uint64_t before =
            aligned < state->start_ns ? (state->start_ns - aligned) / state->width_ns : 0;
        const uint64_t place =
            aligned < state->start_ns ? 0 : (aligned - state->start_ns) / state->width_ns;
        if (place >= SESSION_MIX_SLOTS || before > SESSION_MIX_SLOTS - state->num_slots)
            continue;
        if (before > 0)
            shift(state, (size_t)before);
        if (place >= state->num_slots)
            state->num_slots = (size_t)place + 1;
        return &state->slots[place];
    }
}

static void note_beginning(struct analyze_context *context, const struct tls_server_hello *hello)
{
    if (hello->hello_retry == TRUTH_YES)
        return;
    struct beginning *beginning = analysis_conversation(context);
    beginning->hello_ns = context->observation->time_ns;
}

/* When the session at hand began: its summary may come as late as the end of the conversation. */
static uint64_t began_ns(const struct analyze_context *context)
{
    const struct beginning *beginning = analysis_conversation_known(context);
    return beginning != NULL && beginning->hello_ns > 0 ? beginning->hello_ns
                                                        : context->observation->time_ns;
}

static void count(struct analyze_context *context, const struct tls_handshake_summary *summary)
{
    struct state *state = context->state;
    char version[32];
    if (!tls_summary_has_session(summary))
        return;
    const bool forward = summary->forward_secrecy == TRUTH_YES;
    const bool open = summary->forward_secrecy == TRUTH_NO;
    state->sessions++;
    state->forward += forward;
    state->open += open;
    state->last_ns = context->observation->time_ns;
    state->last_packet = context->observation->packet;
    name_version(summary, version);
    count_row(&state->versions, version, forward);
    count_row(&state->exchanges, summary->kx != NULL ? summary->kx : tls_kx_name(TLS_KX_UNKNOWN),
              forward);
    struct slot *slot = slot_of(state, began_ns(context));
    slot->sessions++;
    slot->open += open;
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    if (observation->type == &observation_tls_server_hello)
        note_beginning(context, observation->data);
    else
        count(context, observation->data);
}

/* What is told, with the bytes of its lists. */
struct told {
    struct observation observation;
    struct session_mix mix;
    struct flow flow;
    size_t len;
    uint8_t bytes[2 * SESSION_MIX_ROWS * (1 + 32 + 2 * 8) + SESSION_MIX_SLOTS * 3 * 8];
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->sessions != y->sessions)
        return x->sessions < y->sessions ? 1 : -1;
    return strcmp(x->name, y->name);
}

static struct span since(const struct told *told, size_t start)
{
    return span_of(told->bytes + start, told->len - start);
}

static void put_u64(struct told *told, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        told->bytes[told->len++] = (uint8_t)(number >> (56 - 8 * i));
}

static struct span put_names(struct told *told, const struct rows *rows)
{
    const size_t start = told->len;
    for (size_t i = 0; i < rows->num; i++) {
        const size_t len = strlen(rows->at[i].name);
        told->bytes[told->len++] = (uint8_t)len;
        memcpy(told->bytes + told->len, rows->at[i].name, len);
        told->len += len;
    }
    return since(told, start);
}

static struct span put_counts(struct told *told, const struct rows *rows, bool forward)
{
    const size_t start = told->len;
    for (size_t i = 0; i < rows->num; i++)
        put_u64(told, forward ? rows->at[i].forward : rows->at[i].sessions);
    return since(told, start);
}

static void put_times(struct told *told, const struct state *state)
{
    size_t start = told->len;
    for (size_t i = 0; i < state->num_slots; i++)
        put_u64(told, state->start_ns + i * state->width_ns);
    told->mix.slots = since(told, start);
    start = told->len;
    for (size_t i = 0; i < state->num_slots; i++)
        put_u64(told, state->slots[i].sessions);
    told->mix.slot_sessions = since(told, start);
    start = told->len;
    for (size_t i = 0; i < state->num_slots; i++)
        put_u64(told, state->slots[i].open);
    told->mix.slot_open = since(told, start);
    told->mix.slot_ns = number(state->width_ns);
}

static void sum_up(struct analyze_context *context)
{
    const struct state *state = context->state;
    struct told *told = state->sessions > 0 ? calloc(1, sizeof *told) : NULL;
    if (told == NULL)
        return;
    struct rows versions = state->versions, exchanges = state->exchanges;
    qsort(versions.at, versions.num, sizeof versions.at[0], compare_rows);
    qsort(exchanges.at, exchanges.num, sizeof exchanges.at[0], compare_rows);
    told->mix = (struct session_mix){.sessions = number(state->sessions),
                                     .forward_secret = number(state->forward),
                                     .not_forward_secret = number(state->open)};
    told->mix.versions = put_names(told, &versions);
    told->mix.version_sessions = put_counts(told, &versions, false);
    told->mix.exchanges = put_names(told, &exchanges);
    told->mix.exchange_sessions = put_counts(told, &exchanges, false);
    told->mix.exchange_forward = put_counts(told, &exchanges, true);
    put_times(told, state);
    told->observation = (struct observation){.type = &observation_session_mix,
                                             .data = &told->mix,
                                             .flow = &told->flow,
                                             .time_ns = state->last_ns,
                                             .packet = state->last_packet};
    (void)analysis_tell(context, &told->observation, told, sizeof *told);
}

static const struct observation_type *const reads[] = {&observation_tls_server_hello,
                                                       &observation_tls_handshake_summary, NULL};
static const struct observation_type *const makes[] = {&observation_session_mix, NULL};

const struct analyzer analyzer_session_mix = {.name = "session_mix",
                                              .reads = reads,
                                              .makes = makes,
                                              .state_size = sizeof(struct state),
                                              .conversation_size = sizeof(struct beginning),
                                              .observe = observe,
                                              .sum_up = sum_up};
