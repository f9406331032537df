/* flight.c: cuts the messages of a flight into records, and packs these into datagrams. */
#include "probe/flight.h"

#include "dissectors/dtls_record.h"

#include <errno.h>

enum { HANDSHAKE_HEADER_LEN = 12, MAX_TRIES = 3 };

void flight_clear(struct flight *flight)
{
    flight->num_parts = 0;
    flight->bodies = bytes_out_to(flight->bytes, sizeof flight->bytes);
}

static bool add(struct flight *flight, const struct flight_part *part, struct span body)
{
    if (flight->num_parts == FLIGHT_MAX_PARTS)
        return false;
    struct flight_part *added = &flight->parts[flight->num_parts++];
    *added = *part;
    added->at = flight->bodies.len;
    added->len = body.len;
    out_span(&flight->bodies, body);
    return !flight->bodies.full;
}

bool flight_add(struct flight *flight, uint16_t epoch, uint8_t type, uint16_t seq, struct span body)
{
    const struct flight_part part = {
        .content = DTLS_HANDSHAKE, .type = type, .epoch = epoch, .seq = seq};
    return add(flight, &part, body);
}

bool flight_add_change(struct flight *flight)
{
    const struct flight_part part = {.content = DTLS_CHANGE_CIPHER_SPEC};
    return add(flight, &part, span_of("\1", 1));
}

/* --- cutting --- */

/* Bytes of a record beside the body. */
static size_t overhead(const struct flight_part *part)
{
    size_t header = part->content == DTLS_HANDSHAKE ? HANDSHAKE_HEADER_LEN : 0;
    return header + (part->epoch == 0 ? RECORD_HEADER_LEN : RECORD_MAX_GROWTH);
}

static bool cut_part(struct flight *flight, uint8_t index, struct flight_sender *sender,
                     size_t fragment_len)
{
    const struct flight_part *part = &flight->parts[index];
    size_t most = sender->udp->max - overhead(part), offset = 0;
    if (fragment_len > 0 && fragment_len < most)
        most = fragment_len;
    do {
        size_t len = part->len - offset < most ? part->len - offset : most;
        if (flight->num_pieces == FLIGHT_MAX_PIECES)
            return false;
        flight->pieces[flight->num_pieces++] = (struct flight_piece){
            .part = index,
            .offset = offset,
            .len = len,
            .number = (uint64_t)part->epoch << 48 | sender->next[part->epoch]++};
        offset += len;
    } while (offset < part->len);
    return true;
}

static bool cut(struct flight *flight, struct flight_sender *sender, const struct flight_way *way)
{
    flight->num_pieces = 0;
    for (size_t i = 0; i < flight->num_parts; i++)
        if (!cut_part(flight, (uint8_t)i, sender, way->fragment_len))
            return false;
    return true;
}

/* --- packing --- */

static bool put_record(struct bytes_out *out, const struct flight_sender *sender, uint8_t content,
                       uint64_t number, struct span plain)
{
    if (number >> 48 != 0)
        return sender->keys != NULL &&
               record_seal(sender->keys, out, content, sender->version, number, plain);
    record_put(out, content, sender->version, number, plain);
    return !out->full;
}

/* The record of a piece; handshake messages have a header in front of each fragment. */
static bool put_piece(struct bytes_out *out, const struct flight *flight,
                      const struct flight_sender *sender, const struct flight_piece *piece)
{
    const struct flight_part *part = &flight->parts[piece->part];
    const struct span body = span_of(flight->bytes + part->at + piece->offset, piece->len);
    uint8_t room[UDP_USUAL_DATAGRAM];
    struct bytes_out plain = bytes_out_to(room, sizeof room);
    if (part->content == DTLS_HANDSHAKE) {
        out_u8(&plain, part->type);
        out_number(&plain, part->len, 3);
        out_u16(&plain, part->seq);
        out_number(&plain, piece->offset, 3);
        out_number(&plain, piece->len, 3);
    }
    out_span(&plain, body);
    return !plain.full && put_record(out, sender, part->content, piece->number, out_all(&plain));
}

static enum udp_result send_datagram(const struct flight_sender *sender, struct span datagram,
                                     bool twice)
{
    enum udp_result result = udp_send(sender->udp, datagram);
    return result == UDP_OK && twice ? udp_send(sender->udp, datagram) : result;
}

static enum udp_result failed(struct flight_sender *sender, int reason)
{
    sender->udp->error = reason;
    return UDP_FAILED;
}

static enum udp_result send_packed(struct flight *flight, struct flight_sender *sender, bool twice)
{
    uint8_t room[UDP_USUAL_DATAGRAM];
    struct bytes_out datagram = bytes_out_to(room, sender->udp->max);
    for (size_t i = 0; i < flight->num_pieces; i++) {
        const struct flight_piece *piece = &flight->pieces[i];
        const size_t need = piece->len + overhead(&flight->parts[piece->part]);
        if (datagram.len > 0 && need > datagram.max - datagram.len) {
            enum udp_result result = send_datagram(sender, out_all(&datagram), twice);
            if (result != UDP_OK)
                return result;
            datagram.len = 0;
        }
        if (!put_piece(&datagram, flight, sender, piece))
            return failed(sender, EIO);
    }
    return send_datagram(sender, out_all(&datagram), twice);
}

static enum udp_result send_apart(struct flight *flight, struct flight_sender *sender,
                                  const struct flight_way *way)
{
    uint8_t room[UDP_USUAL_DATAGRAM];
    enum udp_result result = UDP_OK;
    for (size_t i = 0; i < flight->num_pieces && result == UDP_OK; i++) {
        const size_t at = way->reverse ? flight->num_pieces - 1 - i : i;
        struct bytes_out datagram = bytes_out_to(room, sizeof room);
        if (!put_piece(&datagram, flight, sender, &flight->pieces[at]))
            return failed(sender, EIO);
        result = send_datagram(sender, out_all(&datagram), way->duplicate);
    }
    return result;
}

enum udp_result flight_send(struct flight *flight, struct flight_sender *sender,
                            const struct flight_way *way)
{
    enum udp_result result = UDP_TOO_LARGE;
    for (unsigned i = 0; result == UDP_TOO_LARGE && i < MAX_TRIES; i++) {
        if (!cut(flight, sender, way))
            return failed(sender, EMSGSIZE);
        result = way->apart || way->reverse ? send_apart(flight, sender, way)
                                            : send_packed(flight, sender, way->duplicate);
    }
    return result;
}

enum udp_result flight_send_record(struct flight_sender *sender, uint16_t epoch, uint8_t content,
                                   struct span bytes)
{
    uint8_t room[UDP_USUAL_DATAGRAM];
    struct bytes_out datagram = bytes_out_to(room, sizeof room);
    const uint64_t number = (uint64_t)epoch << 48 | sender->next[epoch]++;
    if (!put_record(&datagram, sender, content, number, bytes))
        return failed(sender, EIO);
    return udp_send(sender->udp, out_all(&datagram));
}
