/* openvpn_packet.h: one packet of OpenVPN, and how its control packets are protected. */
#ifndef PERPASS_DISSECTORS_OPENVPN_PACKET_H
#define PERPASS_DISSECTORS_OPENVPN_PACKET_H

#include "core/reader.h"

enum openvpn_opcode {
    OPENVPN_RESET_CLIENT_V1 = 1,
    OPENVPN_RESET_SERVER_V1 = 2,
    OPENVPN_SOFT_RESET = 3,
    OPENVPN_CONTROL = 4,
    OPENVPN_ACK = 5,
    OPENVPN_DATA_V1 = 6,
    OPENVPN_RESET_CLIENT_V2 = 7,
    OPENVPN_RESET_SERVER_V2 = 8,
    OPENVPN_DATA_V2 = 9,
    OPENVPN_RESET_CLIENT_V3 = 10,
    OPENVPN_CONTROL_WRAPPED_KEY = 11
};

/* What stands between the session id and the acknowledgements: nothing, or what --tls-auth adds, so many
 * bytes; or all from there on is encrypted, by --tls-crypt. */
enum { OPENVPN_PLAIN = 0, OPENVPN_ENCRYPTED = 255 };

/* A control packet or an acknowledgement. */
struct openvpn_packet {
    uint8_t opcode, key_id;
    uint64_t session;
    uint32_t replay_id, time; /* of --tls-auth */
    uint8_t num_acks;
    uint32_t first_ack;      /* with acknowledgements */
    uint64_t remote_session; /* with acknowledgements */
    uint32_t id;             /* of the message; acknowledgements have none */
    struct reader payload;   /* as much of the TLS stream as the packet carries */
};

/* openvpn_opcode, openvpn_key_id: the two halves of a packet's first byte. */
static inline uint8_t openvpn_opcode(uint8_t first)
{
    return first >> 3;
}

static inline uint8_t openvpn_key_id(uint8_t first)
{
    return first & 7;
}

/* openvpn_may_open says whether a packet of which |first| is the first byte can open a conversation. */
static inline bool openvpn_may_open(uint8_t first)
{
    enum { OPCODES = 0x059e }; /* a bit each: all resets, and P_CONTROL_V1 */
    return first < 0x58 && (OPCODES >> (first >> 3) & 1);
}

/* openvpn_packet_read reads a packet that is protected as |wrap| says; false: that cannot be. */
bool openvpn_packet_read(struct reader bytes, uint8_t wrap, struct openvpn_packet *packet);

/* What the packet that opens a conversation tells. */
struct openvpn_opening {
    uint8_t wrap;  /* how the control packets are protected */
    uint32_t time; /* of the sender's clock, seconds since 1970; with OPENVPN_ENCRYPTED */
};

/* openvpn_packet_opens says whether |bytes|, a whole packet, are one that opens a conversation: a reset, or
 * a part of the control channel in which a TLS handshake message begins. OPENVPN_ENCRYPTED is less certain
 * than the others, as there is little in clear: then the time is to be near that of the capture. */
bool openvpn_packet_opens(struct reader bytes, struct openvpn_opening *opening);

#endif
