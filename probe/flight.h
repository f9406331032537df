/* flight.h: messages that are sent together, and again until they are answered: in fragments that fit the path.
 * RFC 6347 sections 4.1.1.1, 4.2.3 and 4.2.4. */
#ifndef PERPASS_PROBE_FLIGHT_H
#define PERPASS_PROBE_FLIGHT_H

#include "probe/record.h"
#include "probe/udp.h"

enum {
    FLIGHT_MAX_PARTS = 6,
    FLIGHT_MAX_BYTES = 72 << 10, /* of all bodies: an identity of 65,535 bytes, and the rest */
    FLIGHT_MAX_PIECES = 512
};

struct flight_part {
    uint8_t content, type; /* of the record; of the message */
    uint16_t epoch, seq;
    size_t at, len; /* of the body */
};

/* What becomes a record of its own. */
struct flight_piece {
    uint8_t part;
    size_t offset, len;
    uint64_t number; /* with the epoch in front */
};

struct flight {
    struct flight_part parts[FLIGHT_MAX_PARTS];
    size_t num_parts;
    struct bytes_out bodies; /* to |bytes| */
    uint8_t bytes[FLIGHT_MAX_BYTES];
    struct flight_piece pieces[FLIGHT_MAX_PIECES];
    size_t num_pieces;
};

/* How a flight is sent. */
struct flight_way {
    bool duplicate;      /* every datagram twice */
    bool apart;          /* each record in a datagram of its own */
    bool reverse;        /* that, and the last first */
    size_t fragment_len; /* of bodies, at most; 0: as much as fits */
    bool again;          /* when it is sent again, too: else only the first time */
};

struct flight_sender {
    struct udp *udp;
    uint16_t version;               /* of the records */
    const struct record_keys *keys; /* of epoch 1; NULL until there are some */
    uint64_t next[2];               /* number of the next record, by epoch */
};

void flight_clear(struct flight *flight);

/* flight_add adds a message, flight_add_change the ChangeCipherSpec. False: there is no room. */
bool flight_add(struct flight *flight, uint16_t epoch, uint8_t type, uint16_t seq,
                struct span body);
bool flight_add_change(struct flight *flight);

enum udp_result flight_send(struct flight *flight, struct flight_sender *sender,
                            const struct flight_way *way);

/* flight_send_record sends one record of another kind than handshake messages. */
enum udp_result flight_send_record(struct flight_sender *sender, uint16_t epoch, uint8_t content,
                                   struct span bytes);

#endif
