/* openvpn.c: OpenVPN over UDP and TCP, as the draft "OpenVPN Wire Protocol"
 * (https://openvpn.github.io/openvpn-rfc/openvpn-wire-protocol.html) has it: its control channel, a reliable
 * stream in which TLS runs. Reads the handshake of a conversation's first key, and over UDP that of the next conversation
 * between the same ports. Leaves unread data packets, later keys, and control channels that --tls-crypt encrypts. */
#include "dissectors/openvpn.h"

#include "core/common_observations.h"
#include "dissectors/openvpn_inbox.h"
#include "dissectors/openvpn_packet.h"
#include "dissectors/tls_records.h"

enum {
    MAX_OPENING_LEN = 2048,          /* of the first packet over TCP */
    MAX_CLOCKS_APART = 24 * 60 * 60, /* seconds */
    MAX_VAIN = 24 /* times that what a side sends may be of no use, before it is left alone */
};

struct side {
    uint64_t session; /* 0: not seen */
    struct openvpn_inbox inbox;
    bool aligned; /* TCP: a packet begins where the next bytes do */
    bool told_fault;
    uint8_t vain;
};

struct openvpn {
    struct tls_records records;
    struct side sides[2];
    bool opened, saw_reset;
    uint8_t wrap, key_id; /* once opened */
};

static void emit_fault(struct side *side, const struct observation_type *type, const char *reason,
                       struct dissect_context *context)
{
    const struct fault_observation fault = {
        .protocol = "openvpn", .field = "packet", .reason = reason};
    if (!side->told_fault)
        dissect_emit(context, type, &fault);
    side->told_fault = true;
}

static enum dissect in_vain(struct side *side)
{
    return ++side->vain < MAX_VAIN ? DISSECT_MORE : DISSECT_SIDE_DONE;
}

/* --- the stream in the control channel --- */

struct reading {
    struct openvpn *vpn;
    struct dissect_context *context;
    enum dissect answer; /* the last one */
};

static bool read_records(void *to, struct reader *bytes, bool gap)
{
    struct reading *reading = to;
    reading->context->gap = gap;
    reading->answer = tls_records_read(&reading->vpn->records, bytes, reading->context);
    return reading->answer == DISSECT_MORE;
}

/* What is to be read of a side was read. Over UDP who begins anew may do so from the same port. */
static enum dissect left(const struct dissect_context *context)
{
    return context->flow->protocol == PROTO_UDP ? DISSECT_QUIET : DISSECT_SIDE_DONE;
}

static enum dissect take_message(struct openvpn *vpn, const struct openvpn_packet *packet,
                                 struct dissect_context *context)
{
    struct reading reading = {vpn, context, DISSECT_MORE};
    const struct openvpn_consumer consumer = {&reading, read_records};
    struct openvpn_inbox *inbox = &vpn->sides[context->side].inbox;
    if (!openvpn_inbox_add(inbox, context->budget, packet->id, packet->payload, &consumer))
        openvpn_inbox_clear(inbox, context->budget);
    return reading.answer == DISSECT_SIDE_DONE ? left(context) : reading.answer;
}

/* --- conversations --- */

/* Nothing more of this side is read in this conversation. */
static void end_side(struct openvpn *vpn, struct dissect_context *context)
{
    struct reading reading = {vpn, context, DISSECT_MORE};
    const struct openvpn_consumer consumer = {&reading, read_records};
    struct openvpn_inbox *inbox = &vpn->sides[context->side].inbox;
    (void)openvpn_inbox_flush(inbox, context->budget, &consumer);
    openvpn_inbox_clear(inbox, context->budget);
}

static void end_conversation(struct openvpn *vpn, struct dissect_context *context)
{
    for (unsigned i = 0; i < 2; i++) {
        context->side = i;
        end_side(vpn, context);
    }
    tls_records_end(&vpn->records, context);
}

static void restart(struct openvpn *vpn, struct dissect_context *context)
{
    const unsigned sender = context->side;
    end_conversation(vpn, context);
    context->side = sender;
    vpn->sides[0].session = vpn->sides[1].session = 0;
    vpn->records = (struct tls_records){0};
}

static bool is_hard_reset(uint8_t opcode)
{
    switch (opcode) {
    case OPENVPN_RESET_CLIENT_V1:
    case OPENVPN_RESET_SERVER_V1:
    case OPENVPN_RESET_CLIENT_V2:
    case OPENVPN_RESET_SERVER_V2:
    case OPENVPN_RESET_CLIENT_V3:
        return true;
    default:
        return false;
    }
}

static void note_reset(struct openvpn *vpn, const struct openvpn_packet *packet,
                       struct dissect_context *context)
{
    struct side *side = &vpn->sides[context->side];
    struct flow *flow = context->flow;
    bool by_server =
        packet->opcode == OPENVPN_RESET_SERVER_V1 || packet->opcode == OPENVPN_RESET_SERVER_V2;
    if (side->session != 0 && side->session != packet->session)
        restart(vpn, context);
    vpn->saw_reset = true;
    vpn->key_id = packet->key_id;
    if (!flow->client_certain) {
        flow->client = (uint8_t)(by_server ? !context->side : context->side);
        flow->client_certain = true;
    }
}

/* A new key in the old conversation has a stream of its own. */
static void note_soft_reset(struct openvpn *vpn, const struct openvpn_packet *packet,
                            struct dissect_context *context)
{
    if (packet->key_id == vpn->key_id)
        return;
    restart(vpn, context);
    vpn->saw_reset = true;
    vpn->key_id = packet->key_id;
}

static enum dissect take_control(struct openvpn *vpn, const struct openvpn_packet *packet,
                                 struct dissect_context *context)
{
    struct side *side = &vpn->sides[context->side];
    if (is_hard_reset(packet->opcode))
        note_reset(vpn, packet, context);
    else if (packet->opcode == OPENVPN_SOFT_RESET)
        note_soft_reset(vpn, packet, context);
    if (side->session == 0) {
        side->session = packet->session;
        /* A reset has the number 0. Where one was seen, of either side, the stream is whole from there. */
        bool whole = vpn->saw_reset && packet->id > 0;
        openvpn_inbox_start(&side->inbox, whole ? 1 : packet->id);
    }
    if (packet->session != side->session || packet->key_id != vpn->key_id)
        return DISSECT_MORE;
    return take_message(vpn, packet, context);
}

/* The first packet that is of OpenVPN tells how the others are protected. */
static enum dissect open_conversation(struct openvpn *vpn, struct reader packet,
                                      const struct dissect_context *context)
{
    struct openvpn_opening opening;
    if (!openvpn_packet_opens(packet, &opening))
        return in_vain(&vpn->sides[context->side]);
    if (opening.wrap == OPENVPN_ENCRYPTED) {
        uint64_t now = context->time_ns / 1000000000;
        uint64_t apart = now > opening.time ? now - opening.time : opening.time - now;
        return apart <= MAX_CLOCKS_APART ? DISSECT_DONE : DISSECT_NOT_MINE;
    }
    vpn->opened = true;
    vpn->wrap = opening.wrap;
    vpn->key_id = openvpn_key_id(reader_u8(&packet));
    return DISSECT_MORE;
}

static enum dissect read_control(struct openvpn *vpn, struct reader bytes,
                                 struct dissect_context *context)
{
    struct side *side = &vpn->sides[context->side];
    struct openvpn_packet packet;
    enum dissect answer = vpn->opened ? DISSECT_MORE : open_conversation(vpn, bytes, context);
    if (!vpn->opened)
        return answer;
    if (openvpn_packet_read(bytes, vpn->wrap, &packet) && packet.session != 0)
        return take_control(vpn, &packet, context);
    if (bytes.cut == 0)
        emit_fault(side, &observation_malformed, "a control packet with a wrong header", context);
    else
        emit_fault(side, &observation_cut, "the capture lacks a part of a control packet", context);
    return in_vain(side);
}

/* A key that is in use: its handshake is over. */
static enum dissect read_data(struct openvpn *vpn, uint8_t key_id, struct dissect_context *context)
{
    if (!vpn->opened || key_id != vpn->key_id)
        return in_vain(&vpn->sides[context->side]);
    end_side(vpn, context);
    return left(context);
}

/* |bytes| are a packet. */
static enum dissect read_packet(struct openvpn *vpn, struct reader bytes,
                                struct dissect_context *context)
{
    struct reader peek = bytes;
    uint8_t first = reader_u8(&peek), opcode = openvpn_opcode(first);
    if (is_hard_reset(opcode) || opcode == OPENVPN_SOFT_RESET || opcode == OPENVPN_CONTROL)
        return read_control(vpn, bytes, context);
    if (opcode == OPENVPN_DATA_V1 || opcode == OPENVPN_DATA_V2)
        return read_data(vpn, openvpn_key_id(first), context);
    return opcode == OPENVPN_ACK ? DISSECT_MORE : in_vain(&vpn->sides[context->side]);
}

static void openvpn_end(void *state, struct dissect_context *context)
{
    end_conversation(state, context);
}

/* --- UDP --- */

static enum recognise openvpn_recognises_datagram(struct reader datagram)
{
    struct openvpn_opening opening;
    return openvpn_packet_opens(datagram, &opening) ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum dissect openvpn_dissect_datagram(struct reader *datagram, void *state,
                                             struct dissect_context *context)
{
    return read_packet(state, *datagram, context);
}

static bool openvpn_wakes(struct reader datagram)
{
    return is_hard_reset(openvpn_opcode(reader_u8(&datagram)));
}

const struct dissector dissector_openvpn_udp = {
    .name = "openvpn",
    .spec = "OpenVPN Wire Protocol (draft)",
    .protocol = PROTO_UDP,
    .state_size = sizeof(struct openvpn),
    .recognises = openvpn_recognises_datagram,
    .dissect = openvpn_dissect_datagram,
    .wakes = openvpn_wakes,
    .end = openvpn_end,
    .observations = tls_records_observations,
};

/* --- TCP: each packet has its length(16) before it --- */

static enum recognise openvpn_recognises_stream(struct reader bytes)
{
    struct reader start = bytes;
    if (reader_u8(&start) >= MAX_OPENING_LEN >> 8)
        return RECOGNISE_NO;
    (void)reader_u8(&start);
    uint8_t first = reader_u8(&start);
    if (reader_ok(&start) && !openvpn_may_open(first))
        return RECOGNISE_NO;
    struct reader packet = reader_vec16(&bytes);
    struct openvpn_opening opening;
    if (reader_ok(&bytes))
        return openvpn_packet_opens(packet, &opening) ? RECOGNISE_YES : RECOGNISE_NO;
    return bytes.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* A packet that is one as far as can be told, with what is known of the conversation. */
static bool packet_plausible(const struct openvpn *vpn, const struct side *side,
                             struct reader packet)
{
    struct openvpn_packet header;
    struct openvpn_opening opening;
    if (openvpn_packet_opens(packet, &opening))
        return true;
    if (!vpn->opened || !openvpn_packet_read(packet, vpn->wrap, &header))
        return false;
    bool ack = header.opcode == OPENVPN_ACK && reader_wire_left(&header.payload) == 0;
    return (ack || header.opcode == OPENVPN_CONTROL) && header.session != 0 &&
           (side->session == 0 || header.session == side->session);
}

/* Whether the bytes, after a loss or where the capture starts, begin with a packet. */
static enum recognise begins_packet(const struct openvpn *vpn, const struct side *side,
                                    struct reader bytes)
{
    struct reader next = bytes, start = bytes;
    struct reader packet = reader_vec16(&next);
    if (reader_ok(&next))
        return packet_plausible(vpn, side, packet) ? RECOGNISE_YES : RECOGNISE_NO;
    bool small = reader_u16(&start) < MAX_OPENING_LEN;
    return small && bytes.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static enum dissect read_packets(struct openvpn *vpn, struct reader *bytes,
                                 struct dissect_context *context)
{
    struct side *side = &vpn->sides[context->side];
    enum dissect answer = DISSECT_MORE;
    while (reader_left(bytes) > 0 && answer == DISSECT_MORE) {
        struct reader next = *bytes;
        struct reader packet = reader_vec16(&next);
        if (!reader_ok(&next)) {
            if (bytes->cut == 0)
                return DISSECT_MORE;
            side->aligned = false;
            reader_skip(bytes, reader_wire_left(bytes));
            return DISSECT_MORE;
        }
        *bytes = next;
        answer = read_packet(vpn, packet, context);
    }
    return answer;
}

static enum dissect openvpn_dissect_stream(struct reader *bytes, void *state,
                                           struct dissect_context *context)
{
    struct openvpn *vpn = state;
    struct side *side = &vpn->sides[context->side];
    side->inbox.ordered = true;
    if (context->gap)
        side->aligned = false;
    if (!side->aligned) {
        enum recognise answer = begins_packet(vpn, side, *bytes);
        if (answer == RECOGNISE_MAYBE)
            return DISSECT_MORE;
        if (answer == RECOGNISE_NO) {
            reader_skip(bytes, reader_wire_left(bytes));
            return in_vain(side);
        }
        side->aligned = true;
    }
    return read_packets(vpn, bytes, context);
}

const struct dissector dissector_openvpn_tcp = {
    .name = "openvpn",
    .spec = "OpenVPN Wire Protocol (draft)",
    .protocol = PROTO_TCP,
    .state_size = sizeof(struct openvpn),
    .recognises = openvpn_recognises_stream,
    .dissect = openvpn_dissect_stream,
    .end = openvpn_end,
    .observations = tls_records_observations,
};
