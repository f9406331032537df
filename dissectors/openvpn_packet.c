/* openvpn_packet.c: packets of OpenVPN, as the draft "OpenVPN Wire Protocol"
 * (https://openvpn.github.io/openvpn-rfc/openvpn-wire-protocol.html) has them. Reads the headers of control
 * packets in clear; of encrypted ones what tells that they are. Leaves HMACs and wrapped keys unread. */
#include "dissectors/openvpn_packet.h"

#include "dissectors/tls_records.h"

enum {
    MAX_ACKS = 8,
    REPLAY_LEN = 8, /* packet id(32), time(32) */
    CRYPT_TAG_LEN = 32,
    MAX_WRAPPED_KEY_LEN = 1024,
    MAX_RESETS =
        0xff, /* so often, at most, a reset is sent again, each time with a new replay id */
    MAX_REPLAY_ID = 0xffffff,
    MAX_FIRST_ID = 0xffff,
    EARLY_NEGOTIATION = 0x0f /* the first byte of the replay ids of clients that offer it */
};

/* opcode(5), key id(3), session(64); with --tls-auth HMAC, replay id(32), time(32); number of
 * acknowledgements(8), so many message ids(32) and, if there are any, the session(64) that they are of;
 * message id(32) but for P_ACK_V1 */
bool openvpn_packet_read(struct reader bytes, uint8_t wrap, struct openvpn_packet *packet)
{
    uint8_t first = reader_u8(&bytes);
    *packet =
        (struct openvpn_packet){.opcode = openvpn_opcode(first), .key_id = openvpn_key_id(first)};
    packet->session = reader_u64(&bytes);
    if (wrap != OPENVPN_PLAIN) {
        reader_skip(&bytes, wrap - (size_t)REPLAY_LEN);
        packet->replay_id = reader_u32(&bytes);
        packet->time = reader_u32(&bytes);
    }
    packet->num_acks = reader_u8(&bytes);
    if (packet->num_acks > MAX_ACKS)
        return false;
    if (packet->num_acks > 0) {
        packet->first_ack = reader_u32(&bytes);
        reader_skip(&bytes, (packet->num_acks - (size_t)1) * 4);
        packet->remote_session = reader_u64(&bytes);
    }
    if (packet->opcode != OPENVPN_ACK)
        packet->id = reader_u32(&bytes);
    packet->payload = bytes;
    return reader_ok(&bytes);
}

static bool replay_plausible(const struct openvpn_packet *packet, uint8_t wrap, uint32_t max)
{
    if (wrap == OPENVPN_PLAIN)
        return true;
    return packet->replay_id != 0 && packet->replay_id <= max && packet->time != 0;
}

/* The first message of its sender; at most it acknowledges the other one's first. */
static bool is_reset(const struct openvpn_packet *packet, uint8_t wrap)
{
    bool soft = packet->opcode == OPENVPN_SOFT_RESET;
    bool acks = packet->num_acks == 0 || (packet->num_acks == 1 && packet->first_ack == 0);
    return packet->id == 0 && acks && reader_wire_left(&packet->payload) == 0 &&
           (packet->key_id != 0) == soft &&
           replay_plausible(packet, wrap, soft ? MAX_REPLAY_ID : MAX_RESETS);
}

static bool begins_handshake(const struct openvpn_packet *packet, uint8_t wrap)
{
    enum { CONTENT_HANDSHAKE = 22 };
    struct reader peek = packet->payload;
    return reader_u8(&peek) == CONTENT_HANDSHAKE && packet->id <= MAX_FIRST_ID &&
           replay_plausible(packet, wrap, MAX_REPLAY_ID) &&
           tls_records_recognise(packet->payload) == RECOGNISE_YES;
}

/* A reset has the length of its header, with an acknowledgement or without. */
static bool length_possible(uint8_t opcode, uint8_t wrap, size_t len)
{
    enum { RESET_LEN = 1 + 8 + 1 + 4, ACK_LEN = 4 + 8 };
    return opcode == OPENVPN_CONTROL || len == wrap + (size_t)RESET_LEN ||
           len == wrap + (size_t)(RESET_LEN + ACK_LEN);
}

static bool opens_as(struct reader bytes, uint8_t wrap)
{
    struct openvpn_packet packet;
    if (!openvpn_packet_read(bytes, wrap, &packet) || packet.session == 0)
        return false;
    if (packet.num_acks > 0 &&
        (packet.remote_session == 0 || packet.remote_session == packet.session))
        return false;
    return packet.opcode == OPENVPN_CONTROL ? begins_handshake(&packet, wrap)
                                            : is_reset(&packet, wrap);
}

/* The length of the key, encrypted for the server, that ends the first packet of a client with
 * --tls-crypt-v2: its own last two bytes. */
static size_t wrapped_key_len(struct reader bytes)
{
    reader_skip(&bytes, reader_left(&bytes) - 2);
    return reader_u16(&bytes);
}

/* What --tls-crypt does to a hard reset: session(64), replay id(32), time(32), tag(256), and what follows
 * the time in clear, encrypted: 5 bytes, 17 with an acknowledgement, 23 with an offer of early
 * negotiation. */
static bool is_encrypted_reset(struct reader bytes, uint32_t *sender_time)
{
    enum { BEFORE_LEN = 1 + 8 + REPLAY_LEN + CRYPT_TAG_LEN };
    struct reader start = bytes;
    uint8_t opcode = openvpn_opcode(reader_u8(&start));
    uint64_t session = reader_u64(&start);
    uint32_t replay_id = reader_u32(&start);
    *sender_time = reader_u32(&start);
    size_t len = reader_left(&bytes);
    if (bytes.cut != 0 || len <= BEFORE_LEN || session == 0 || (replay_id & 0xffff) == 0 ||
        (replay_id & 0xffff) > MAX_RESETS)
        return false;
    if (opcode == OPENVPN_RESET_CLIENT_V3) {
        size_t key_len = wrapped_key_len(bytes);
        if (key_len <= CRYPT_TAG_LEN || key_len > MAX_WRAPPED_KEY_LEN || key_len > len - BEFORE_LEN)
            return false;
        len -= key_len;
    } else if (opcode != OPENVPN_RESET_CLIENT_V2 && opcode != OPENVPN_RESET_SERVER_V2) {
        return false;
    } else if (replay_id >> 16 != 0 && replay_id >> 16 != EARLY_NEGOTIATION << 8) {
        return false;
    }
    return len == BEFORE_LEN + 5 || len == BEFORE_LEN + 17 || len == BEFORE_LEN + 23;
}

bool openvpn_packet_opens(struct reader bytes, struct openvpn_opening *opening)
{
    /* HMACs by how usual they are: none, SHA-1, SHA-256, SHA-512, MD5, SHA-224, SHA-384 */
    static const uint8_t wraps[] = {OPENVPN_PLAIN,   20 + REPLAY_LEN, 32 + REPLAY_LEN,
                                    64 + REPLAY_LEN, 16 + REPLAY_LEN, 28 + REPLAY_LEN,
                                    48 + REPLAY_LEN};
    struct reader peek = bytes;
    uint8_t first = reader_u8(&peek);
    size_t len = reader_wire_left(&bytes);
    if (!reader_ok(&peek) || !openvpn_may_open(first))
        return false;
    for (size_t i = 0; i < sizeof wraps; i++) {
        opening->wrap = wraps[i];
        if (length_possible(openvpn_opcode(first), wraps[i], len) && opens_as(bytes, wraps[i]))
            return true;
    }
    opening->wrap = OPENVPN_ENCRYPTED;
    return is_encrypted_reset(bytes, &opening->time);
}
