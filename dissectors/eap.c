/* eap.c: EAP, RFC 3748: identities and methods, and the TLS of EAP-TLS (RFC 5216, 9190), EAP-TTLS (RFC 5281), PEAP,
 * EAP-FAST (RFC 4851) and TEAP (RFC 7170) put together from its fragments. What other methods say is left unread. */
#include "dissectors/eap.h"

#include "core/common_observations.h"

#include <stdlib.h>

enum eap_code { EAP_REQUEST = 1, EAP_RESPONSE = 2, EAP_SUCCESS = 3, EAP_FAILURE = 4 };

/* IANA's EAP method types. */
enum eap_type {
    EAP_IDENTITY = 1,
    EAP_NOTIFICATION = 2,
    EAP_NAK = 3,
    EAP_MD5 = 4,
    EAP_GTC = 6,
    EAP_TLS = 13,
    EAP_LEAP = 17,
    EAP_SIM = 18,
    EAP_TTLS = 21,
    EAP_AKA = 23,
    EAP_PEAP = 25,
    EAP_MSCHAP2 = 26,
    EAP_FAST = 43,
    EAP_PSK = 47,
    EAP_AKA_PRIME = 50,
    EAP_PWD = 52,
    EAP_TEAP = 55
};

/* Flags of the methods that carry TLS, RFC 5216 section 3.1; outer TLVs: RFC 7170 section 4.1. */
enum { FLAG_LENGTH = 0x80, FLAG_MORE = 0x40, FLAG_START = 0x20, FLAG_OUTER = 0x10 };

enum {
    EAP_MAX_UNREAD = 64 << 10, /* bytes of a side that wait to be read */
    EAP_FIRST_ROOM = 2 << 10
};

const char *eap_method_name(uint64_t type)
{
    switch (type) {
    case EAP_MD5:
        return "md5-challenge";
    case EAP_GTC:
        return "gtc";
    case EAP_TLS:
        return "eap-tls";
    case EAP_LEAP:
        return "leap";
    case EAP_SIM:
        return "eap-sim";
    case EAP_TTLS:
        return "eap-ttls";
    case EAP_AKA:
        return "eap-aka";
    case EAP_PEAP:
        return "peap";
    case EAP_MSCHAP2:
        return "mschapv2";
    case EAP_FAST:
        return "eap-fast";
    case EAP_PSK:
        return "eap-psk";
    case EAP_AKA_PRIME:
        return "eap-aka-prime";
    case EAP_PWD:
        return "eap-pwd";
    case EAP_TEAP:
        return "teap";
    default:
        return NULL;
    }
}

static bool carries_tls(uint8_t type)
{
    return type == EAP_TLS || type == EAP_TTLS || type == EAP_PEAP || type == EAP_FAST ||
           type == EAP_TEAP;
}

bool eap_recognise(struct reader packet)
{
    size_t len = reader_wire_left(&packet);
    uint8_t code = reader_u8(&packet);
    (void)reader_u8(&packet);
    return code >= EAP_REQUEST && code <= EAP_FAILURE && reader_u16(&packet) == len;
}

/* --- identities and methods --- */

static void read_identity(struct reader data, struct dissect_context *context)
{
    struct eap_identity observed = {.len = number(reader_wire_left(&data))};
    struct reader user = data;
    for (struct reader at = data; reader_left(&at) > 0;) {
        struct reader before = at;
        if (reader_u8(&at) != '@')
            continue;
        observed.realm = span_of(at.at, reader_left(&at));
        user = data;
        reader_limit(&user, reader_left(&data) - reader_left(&before));
    }
    struct span name = reader_rest(&user);
    observed.anonymous = truth(name.len == 0 || span_equal(name, span_text("anonymous")));
    observed.identity = reader_rest(&data);
    dissect_emit(context, &observation_eap_identity, &observed);
}

static void note_method(struct eap_session *session, uint8_t type, struct dissect_context *context)
{
    if (session->method == type)
        return;
    session->method = type;
    const struct eap_method observed = {
        .type = number(type), .tls = truth(carries_tls(type)), .refused = truth(session->refused)};
    dissect_emit(context, &observation_eap_method, &observed);
}

/* --- TLS in fragments --- */

static void drop(struct eap_side *side, struct dissect_context *context)
{
    if (side->room > 0)
        budget_give(context->budget, side->room);
    free(side->unread);
    side->unread = NULL;
    side->len = side->room = 0;
}

static void lose(struct eap_side *side, struct dissect_context *context)
{
    drop(side, context);
    side->lost = true;
}

static bool make_room(struct eap_side *side, size_t need, struct dissect_context *context)
{
    size_t room = side->room > 0 ? side->room : EAP_FIRST_ROOM;
    while (room < need)
        room *= 2;
    if (room == side->room)
        return true;
    if (room > EAP_MAX_UNREAD || !budget_take(context->budget, room - side->room))
        return false;
    uint8_t *unread = realloc(side->unread, room);
    if (unread == NULL) {
        budget_give(context->budget, room - side->room);
        return false;
    }
    side->unread = unread;
    side->room = room;
    return true;
}

/* Hands what has come so far to the reader of records, and keeps what that leaves. */
static void offer(struct eap_session *session, struct eap_side *side,
                  struct dissect_context *context)
{
    struct reader bytes = reader_of(span_of(side->unread, side->len));
    context->gap = side->lost;
    enum dissect answer = tls_records_read(&session->records, &bytes, context);
    if (answer != DISSECT_MORE) {
        side->done = true;
        drop(side, context);
        return;
    }
    if (side->lost && reader_left(&bytes) < side->len)
        side->lost = false;
    side->len = reader_left(&bytes);
    memmove(side->unread, bytes.at, side->len);
}

/* The length of a whole message is in its first fragment, and some servers repeat it in all of them: RFC 5216 section
 * 3.1. One that does not go on with the message at hand begins the next. */
static void note_length(struct eap_side *side, size_t whole, size_t fragment,
                        struct dissect_context *context)
{
    bool goes_on = side->got > 0 && whole == side->announced && side->got + fragment <= whole;
    if (goes_on)
        return;
    if (side->got > 0)
        lose(side, context);
    side->announced = whole;
    side->got = 0;
}

/* One fragment. That one is missing shows by the length that the first one announced. */
static void take_fragment(struct eap_session *session, struct span fragment, bool more,
                          struct dissect_context *context)
{
    struct eap_side *side = &session->sides[context->side];
    side->got += fragment.len;
    if (side->done || fragment.len == 0)
        return;
    if (side->announced != 0 && !more && side->got != side->announced)
        lose(side, context);
    else if (!make_room(side, side->len + fragment.len, context))
        lose(side, context);
    else {
        memcpy(side->unread + side->len, fragment.at, fragment.len);
        side->len += fragment.len;
        offer(session, side, context);
    }
    if (!more)
        side->announced = side->got = 0;
}

static void read_tls(struct eap_session *session, uint8_t type, struct reader data,
                     struct dissect_context *context)
{
    uint8_t flags = reader_u8(&data);
    size_t whole = flags & FLAG_LENGTH ? reader_u32(&data) : 0, outer = 0;
    if (type == EAP_TEAP && (flags & FLAG_OUTER))
        outer = reader_u32(&data);
    bool start = type != EAP_TEAP && (flags & FLAG_START); /* EAP-FAST: with an authority's name */
    if (!reader_ok(&data) || start || outer > reader_left(&data) || data.cut != 0)
        return;
    reader_limit(&data, reader_left(&data) - outer);
    if (flags & FLAG_LENGTH)
        note_length(&session->sides[context->side], whole, reader_left(&data), context);
    take_fragment(session, reader_rest(&data), flags & FLAG_MORE, context);
}

static bool read_packet(struct eap_session *session, struct reader packet,
                        struct dissect_context *context)
{
    struct eap_side *side = &session->sides[context->side];
    uint8_t code = reader_u8(&packet), identifier = reader_u8(&packet);
    (void)reader_u16(&packet);
    if (code == EAP_SUCCESS || code == EAP_FAILURE)
        return false;
    uint8_t type = reader_u8(&packet);
    bool again = side->seen && side->identifier == identifier;
    if (!reader_ok(&packet) || again)
        return true;
    side->seen = true;
    side->identifier = identifier;
    if (code == EAP_RESPONSE && type == EAP_IDENTITY)
        read_identity(packet, context);
    else if (code == EAP_RESPONSE && type == EAP_NAK)
        session->refused = true;
    else if (code == EAP_RESPONSE && type > EAP_NAK)
        note_method(session, type, context);
    if (carries_tls(type)) {
        session->records.session.transport = "eap";
        read_tls(session, type, packet, context);
    }
    return true;
}

bool eap_read(struct eap_session *session, struct reader packet, struct dissect_context *context)
{
    session->bytes += reader_wire_left(&packet);
    context->exchange = session->number;
    const bool goes_on = read_packet(session, packet, context);
    context->exchange = 0;
    return goes_on;
}

void eap_end(struct eap_session *session, struct dissect_context *context)
{
    const unsigned sender = context->side; /* of a packet of the session that comes next */
    const struct exchange_end_observation over = {.bytes = session->bytes};
    context->exchange = session->number;
    if (session->records.session.transport != NULL)
        tls_records_end(&session->records, context);
    if (session->number != 0)
        dissect_emit(context, &observation_exchange_end, &over);
    context->side = sender;
    context->exchange = 0;
    for (unsigned i = 0; i < 2; i++)
        drop(&session->sides[i], context);
}
