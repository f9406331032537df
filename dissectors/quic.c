/* quic.c: QUIC: RFC 8999, RFC 9000, RFC 9001, RFC 9369 and drafts from 22 on. Opens Initial packets, puts
 * CRYPTO frames together and hands the hellos to the TLS session. Packets of all other types are noted by
 * their headers and left closed; of Google's own protocol only the version is noted. */
#include "dissectors/quic.h"

#include "core/common_observations.h"
#include "dissectors/quic_flow.h"

enum {
    MAX_DERIVED = 16, /* times that keys are derived for a connection */
    MAX_SHORT =
        3, /* packets of a side without a long header, after which none of this connection will come */
    MAX_DATAGRAMS = 64,    /* of a side and a connection, in which the handshake must be over */
    MESSAGE_HEADER_LEN = 4 /* of the TLS handshake: RFC 8446 section 4 */
};

/* --- recognition --- */

static enum recognise quic_recognises(struct reader payload)
{
    if (reader_left(&payload) == 0)
        return RECOGNISE_NO;
    struct quic_packet packet;
    uint8_t first = *payload.at;
    if ((first & 0xc0) != 0xc0 && ((first & 0x89) == 0x09)) {
        bool google = quic_packet_read_google(&payload, &packet);
        return google ? RECOGNISE_YES : RECOGNISE_NO;
    }
    if (!(first & 0x80) || !quic_packet_read(&payload, &packet))
        return RECOGNISE_NO;
    /* Without the fixed bit, which a server may clear from its first packet on when the client says that it
     * can bear it (RFC 9287), the lengths have to account for the whole datagram. */
    bool fixed = first & 0x40 || packet.type == QUIC_VERSION_NEGOTIATION;
    bool whole = reader_left(&payload) == 0 || quic_is_long(payload);
    return fixed || whole ? RECOGNISE_YES : RECOGNISE_NO;
}

/* --- keys --- */

static struct crypto_opener *opener_of(struct dissect_context *context)
{
    struct error error;
    if (*context->opener == NULL)
        *context->opener = crypto_opener_new(&error);
    return *context->opener;
}

static void set_client(struct dissect_context *context, unsigned side)
{
    context->flow->client = (uint8_t)side;
    context->flow->client_certain = true;
}

struct opened {
    struct span payload;
    uint64_t number;
};

static bool open_with(struct quic *quic, struct quic_keys *keys, bool client,
                      const struct quic_packet *packet, struct dissect_context *context,
                      struct opened *opened)
{
    return quic_open(*context->opener, client ? quic_keys_client(keys) : quic_keys_server(keys),
                     packet, quic->sides[context->side].next_number, context->scratch,
                     &opened->payload, &opened->number);
}

static bool derive(struct quic *quic, const struct quic_scheme *scheme, struct span dcid,
                   struct quic_keys *keys)
{
    if (scheme == NULL || quic->derived == MAX_DERIVED)
        return false;
    quic->derived++;
    quic_keys_begin(scheme, dcid, keys);
    return true;
}

static void use_version(struct quic *quic, const struct quic_packet *packet,
                        const struct quic_keys *keys)
{
    quic->keys = *keys;
    quic->version = packet->version;
    quic->code = packet->code;
}

/* Another connection between the same ends: whatever was read of the one before is forgotten. */
static void begin_connection(struct quic *quic, struct dissect_context *context)
{
    tls_session_end(&quic->session, context);
    for (unsigned i = 0; i < 2; i++) {
        quic_stream_clear(&quic->sides[i].stream, context->budget);
        quic->sides[i] = (struct quic_side){.datagrams = quic->sides[i].datagrams > 0};
    }
    if (quic->has_keys)
        quic->derived = quic->num_seen = 0;
    quic->session = (struct tls_session){.transport = "quic", .version_protocol = "tls"};
}

/* A client's first Initial packet, or its first one after a Retry, gives the keys for what follows. After a
 * Retry the client says the same hello again, under new keys: RFC 9000 section 17.2.5.2. */
static bool open_first(struct quic *quic, const struct quic_packet *packet,
                       struct dissect_context *context, struct opened *opened)
{
    struct quic_keys keys;
    uint64_t *next = &quic->sides[context->side].next_number, expected = *next;
    *next = 0;
    bool ok = (derive(quic, packet->version.scheme, packet->dcid, &keys) &&
               open_with(quic, &keys, true, packet, context, opened)) ||
              (derive(quic, packet->version.other_scheme, packet->dcid, &keys) &&
               open_with(quic, &keys, true, packet, context, opened));
    *next = expected;
    if (!ok)
        return false;
    bool same = quic->has_keys && quic->retried && quic->code == packet->code;
    if (!same)
        begin_connection(quic, context);
    use_version(quic, packet, &keys);
    memcpy(quic->dcid, packet->dcid.at, packet->dcid.len);
    quic->dcid_len = (uint8_t)packet->dcid.len;
    quic->has_keys = true;
    quic->retried = false;
    set_client(context, context->side);
    return true;
}

/* Both may go on in another version, with keys of the same id: RFC 9368 section 2.3. */
static bool open_changed_version(struct quic *quic, const struct quic_packet *packet,
                                 struct dissect_context *context, struct opened *opened)
{
    struct quic_keys keys;
    if (!derive(quic, packet->version.scheme, span_of(quic->dcid, quic->dcid_len), &keys) ||
        !open_with(quic, &keys, quic_by_client(context), packet, context, opened))
        return false;
    use_version(quic, packet, &keys);
    return true;
}

/* Opens an Initial packet; otherwise gives the reason why that is not possible. */
static const char *open_initial(struct quic *quic, const struct quic_packet *packet,
                                struct dissect_context *context, struct opened *opened)
{
    if (packet->version.scheme == NULL)
        return "its version has a handshake of its own";
    if (packet->cut != 0)
        return "the capture does not have all of it";
    if (opener_of(context) == NULL)
        return "libcrypto gives no AES-128-GCM";
    if (quic->has_keys && quic->code == packet->code &&
        open_with(quic, &quic->keys, quic_by_client(context), packet, context, opened))
        return NULL;
    if (quic->has_keys && quic->code != packet->code &&
        open_changed_version(quic, packet, context, opened))
        return NULL;
    if (open_first(quic, packet, context, opened))
        return NULL;
    return quic->has_keys ? "its keys are not those of the connection"
                          : "the client's first packet, which has the keys, was not seen";
}

/* --- packets --- */

/* FNV-1a */
static uint64_t hash_bytes(uint64_t hash, struct span bytes)
{
    hash = (hash ^ bytes.len) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Whether a header like this was told already, or as many as are told of a flow. */
static bool was_told(struct quic *quic, const struct quic_packet *packet, unsigned side)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)packet->code << 8 ^
                    (uint64_t)packet->type << 1 ^ side;
    hash = hash_bytes(hash, packet->dcid);
    hash = hash_bytes(hash, packet->scid);
    hash = (hash ^ packet->token.len) * UINT64_C(0x100000001b3);
    for (unsigned i = 0; i < quic->num_seen; i++)
        if (quic->seen[i] == hash)
            return true;
    if (quic->num_seen == QUIC_MAX_SEEN)
        return true;
    quic->seen[quic->num_seen++] = hash;
    return false;
}

static void tell(struct quic *quic, const struct quic_packet *packet, size_t datagram,
                 struct quic_initial *initial, struct dissect_context *context)
{
    static const char *const types[] = {[QUIC_INITIAL] = "initial",
                                        [QUIC_ZERO_RTT] = "0rtt",
                                        [QUIC_HANDSHAKE] = "handshake",
                                        [QUIC_RETRY] = "retry",
                                        [QUIC_VERSION_NEGOTIATION] = "version_negotiation",
                                        [QUIC_GOOGLE] = "google"};
    if (was_told(quic, packet, context->side))
        return;
    initial->type = types[packet->type];
    initial->from = quic_sender(context);
    initial->version = number(packet->code);
    initial->dcid = packet->dcid;
    initial->scid = packet->scid;
    initial->token = packet->token;
    if (span_seen(packet->token))
        initial->token_len = number(packet->token.len);
    initial->versions = packet->versions;
    initial->datagram = number(datagram);
    dissect_emit(context, &observation_quic_initial, initial);
}

/* A flow that begins with an Initial packet whose own id does not give its keys, begins with the server's,
 * or with a later one of the client's, which is rarer. Only clients return tokens. */
static void guess_client(const struct quic *quic, const struct quic_packet *packet,
                         const struct dissect_context *context)
{
    if (context->flow->client_certain || packet->version.scheme == NULL || packet->cut != 0)
        return;
    bool first = quic->sides[0].datagrams + quic->sides[1].datagrams == 0;
    if (packet->token.len > 0)
        context->flow->client = (uint8_t)context->side;
    else if (first)
        context->flow->client = (uint8_t)!context->side;
}

static void take_initial(struct quic *quic, const struct quic_packet *packet, size_t datagram,
                         struct dissect_context *context)
{
    struct opened opened = {0};
    struct quic_initial initial = {.unread = open_initial(quic, packet, context, &opened)};
    initial.decrypted = truth(initial.unread == NULL);
    if (initial.unread != NULL) {
        guess_client(quic, packet, context);
        if (!quic->has_keys && quic_keep(&quic->kept, packet, datagram, context))
            return;
    }
    tell(quic, packet, datagram, &initial, context);
    if (initial.unread != NULL)
        return;
    uint64_t *next = &quic->sides[context->side].next_number;
    if (opened.number >= *next)
        *next = opened.number + 1;
    quic_read_frames(quic, opened.payload, context);
}

static void take_retry(struct quic *quic, const struct quic_packet *packet, size_t datagram,
                       struct dissect_context *context)
{
    struct quic_initial initial = {0};
    set_client(context, !context->side);
    if (quic->has_keys && packet->version.scheme != NULL && packet->version.scheme->has_retry_tag)
        initial.integrity = truth(quic_retry_proves(
            *context->opener, packet, span_of(quic->dcid, quic->dcid_len), context->scratch));
    quic->retried = initial.integrity != TRUTH_NO;
    tell(quic, packet, datagram, &initial, context);
}

static void take_packet(struct quic *quic, const struct quic_packet *packet, size_t datagram,
                        struct dissect_context *context)
{
    struct quic_initial initial = {0};
    switch (packet->type) {
    case QUIC_INITIAL:
        take_initial(quic, packet, datagram, context);
        return;
    case QUIC_RETRY:
        take_retry(quic, packet, datagram, context);
        return;
    case QUIC_ZERO_RTT:
        set_client(context, context->side);
        break;
    case QUIC_VERSION_NEGOTIATION:
        set_client(context, !context->side);
        break;
    case QUIC_HANDSHAKE: /* the client may send alerts and acknowledgements only */
        if (context->side != context->flow->client)
            tls_session_protected(&quic->session, 0, context);
        break;
    case QUIC_GOOGLE:
        break;
    }
    tell(quic, packet, datagram, &initial, context);
}

static bool complete(const struct quic *quic)
{
    return quic->session.client_hello && quic->session.server_hello;
}

/* Reads the packets of a datagram that have a long header; others fill the rest of it. */
static void read_datagram(struct quic *quic, struct reader *datagram,
                          struct dissect_context *context)
{
    size_t len = reader_wire_left(datagram);
    while (reader_left(datagram) > 0 && quic_is_long(*datagram)) {
        struct quic_packet packet;
        if (!quic_packet_read(datagram, &packet)) {
            if (!reader_ok(datagram))
                quic_reader_fault(datagram, "long_header", context);
            return;
        }
        take_packet(quic, &packet, len, context);
    }
}

/* Reads what came before its keys, as of the time when it came: once there are keys, or there will be none. */
static void read_kept(struct quic *quic, struct dissect_context *context)
{
    const struct dissect_context now = *context;
    struct quic_kept kept = quic->kept;
    quic->kept = (struct quic_kept){.over = true};
    for (unsigned i = 0; i < kept.num; i++) {
        struct quic_packet packet;
        struct reader bytes = reader_of(span_of(kept.packets[i].at, kept.packets[i].len));
        context->side = kept.side;
        context->time_ns = kept.packets[i].time_ns;
        context->packet = kept.packets[i].number;
        if (quic_packet_read(&bytes, &packet))
            take_packet(quic, &packet, kept.packets[i].datagram, context);
    }
    quic_kept_clear(&kept, context);
    *context = now;
}

static void free_streams(struct quic *quic, struct dissect_context *context)
{
    for (unsigned i = 0; i < 2; i++)
        quic_stream_clear(&quic->sides[i].stream, context->budget);
}

static enum dissect quic_dissect(struct reader *datagram, void *state,
                                 struct dissect_context *context)
{
    struct quic *quic = state;
    struct quic_side *side = &quic->sides[context->side];
    struct quic_packet packet;
    quic->session.transport = "quic";
    quic->session.version_protocol = "tls";
    struct reader google = *datagram;
    if (side->datagrams == 0 && quic_packet_read_google(&google, &packet)) {
        set_client(context, context->side);
        take_packet(quic, &packet, reader_wire_left(datagram), context);
        return DISSECT_DONE;
    }
    if (quic_is_long(*datagram)) {
        read_datagram(quic, datagram, context);
    } else {
        side->shorts++;
        tls_session_protected(&quic->session, 0, context);
    }
    side->datagrams++;
    if (quic->has_keys && quic->kept.num > 0)
        read_kept(quic, context);
    if (complete(quic))
        free_streams(quic, context);
    if (side->shorts < MAX_SHORT && side->datagrams < MAX_DATAGRAMS)
        return DISSECT_MORE;
    quic_stream_clear(&side->stream, context->budget);
    return side->datagrams < MAX_DATAGRAMS ? DISSECT_QUIET : DISSECT_SIDE_DONE;
}

/* Initial packets wake quiet sides: another connection may begin between the same ports, RFC 9000 section 5.1. */
static bool quic_wakes(struct reader datagram)
{
    struct quic_packet packet;
    return quic_is_long(datagram) && quic_packet_read(&datagram, &packet) &&
           packet.type == QUIC_INITIAL;
}

/* A hello of which a part never came is told: it was lost before the capture. */
static void quic_end(void *state, struct dissect_context *context)
{
    struct quic *quic = state;
    read_kept(quic, context);
    for (unsigned i = 0; i < 2; i++) {
        context->side = i;
        if (quic->sides[i].stream.first != NULL)
            quic_emit_fault(&observation_cut, "crypto", "a part of the message was not seen",
                            context);
        quic->session.handshake.cut |= quic->sides[i].stream.first != NULL;
    }
    context->side = context->flow->client;
    tls_session_end(&quic->session, context);
    free_streams(quic, context);
}

static const struct observation_type *const quic_observations[] = {
    &observation_quic_initial,
    &observation_quic_transport_parameters,
    &observation_quic_close,
    &observation_tls_client_hello,
    &observation_tls_server_hello,
    &observation_tls_handshake_summary,
    &observation_tls_handshake_message,
    NULL};

const struct dissector dissector_quic = {
    .name = "quic",
    .spec = "RFC 9000, RFC 9001, RFC 9369",
    .protocol = PROTO_UDP,
    .state_size = sizeof(struct quic),
    .recognises = quic_recognises,
    .dissect = quic_dissect,
    .wakes = quic_wakes,
    .end = quic_end,
    .observations = quic_observations,
};
