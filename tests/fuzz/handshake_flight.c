/* handshake_flight.c: see the header. Records of TLS: RFC 8446 section 5.1, of DTLS: RFC 6347 section 4. */
#include "tests/fuzz/handshake_flight.h"

#include "core/reader.h"

#include <stdlib.h>

enum { MAX_STREAM = 1 << 17, MAX_DATAGRAM = 0x7ff, MAX_CHUNK = 128 };
enum { CONTENT_HANDSHAKE = 22, CONTENT_CID = 25 };
enum { DTLS_HEADER = 13, DTLS_MESSAGE_HEADER = 12, TLS_HEADER = 5 };

uint32_t flight_draw(struct flight *flight, size_t below)
{
    flight->random ^= flight->random << 13;
    flight->random ^= flight->random >> 17;
    flight->random ^= flight->random << 5;
    return below == 0 ? 0 : flight->random % (uint32_t)below;
}

void bytes_put(struct bytes *out, const void *from, size_t len)
{
    if (len > out->room - out->len)
        len = out->room - out->len;
    if (len > 0)
        memcpy(out->at + out->len, from, len);
    out->len += len;
}

void bytes_put_number(struct bytes *out, uint64_t number, size_t len)
{
    uint8_t digits[8];
    for (size_t i = 0; i < len; i++)
        digits[i] = (uint8_t)(number >> 8 * (len - 1 - i));
    bytes_put(out, digits, len);
}

/* items */

static struct item *item_add(struct flight *flight)
{
    if (flight->num == FLIGHT_MAX_ITEMS)
        return NULL;
    struct item *item = &flight->items[flight->num++];
    *item = (struct item){.body = malloc(FLIGHT_MAX_BODY)};
    assert(item->body != NULL);
    return item;
}

static void item_fill(struct item *item, struct span body)
{
    item->len = body.len < FLIGHT_MAX_BODY ? body.len : FLIGHT_MAX_BODY;
    if (item->len > 0)
        memcpy(item->body, body.at, item->len);
}

void flight_drop(struct flight *flight, size_t at)
{
    free(flight->items[at].body);
    flight->num--;
    memmove(&flight->items[at], &flight->items[at + 1],
            (flight->num - at) * sizeof flight->items[0]);
}

void flight_swap(struct flight *flight, size_t one, size_t other)
{
    const struct item kept = flight->items[one];
    flight->items[one] = flight->items[other];
    flight->items[other] = kept;
}

void flight_repeat(struct flight *flight, size_t at)
{
    struct item *item = item_add(flight);
    if (item == NULL)
        return;
    uint8_t *body = item->body;
    *item = flight->items[at];
    item->body = body;
    memcpy(body, flight->items[at].body, item->len);
    for (size_t i = flight->num - 1; i > at + 1; i--)
        flight_swap(flight, i, i - 1);
}

/* reading */

/* Whether |messages| are whole handshake messages: protected ones are not. */
static bool are_messages(struct reader messages)
{
    while (reader_more(&messages)) {
        reader_skip(&messages, 1);
        reader_skip(&messages, reader_u24(&messages));
    }
    return reader_ok(&messages);
}

static void add_messages(struct flight *flight, uint8_t side, uint16_t version,
                         struct reader messages)
{
    struct item *item;
    while (reader_more(&messages) && (item = item_add(flight)) != NULL) {
        item->side = side;
        item->version = version;
        item->content = CONTENT_HANDSHAKE;
        item->kind = ITEM_MESSAGE;
        item->type = reader_u8(&messages);
        item_fill(item, reader_bytes(&messages, reader_u24(&messages)));
    }
}

static void add_record(struct flight *flight, uint8_t side, uint8_t content, uint16_t version,
                       uint64_t number, struct span body)
{
    struct item *item = item_add(flight);
    if (item == NULL)
        return;
    item->side = side;
    item->number = number;
    item->version = version;
    item->content = content;
    item_fill(item, body);
}

/* Handshake records of a side that follow one another, as one run of bytes. */
struct run {
    struct bytes bytes;
    uint16_t version;
};

static void run_end(struct flight *flight, uint8_t side, struct run *run)
{
    const struct span bytes = span_of(run->bytes.at, run->bytes.len);
    if (bytes.len > 0 && are_messages(reader_of(bytes)))
        add_messages(flight, side, run->version, reader_of(bytes));
    else if (bytes.len > 0)
        add_record(flight, side, CONTENT_HANDSHAKE, run->version, 0, bytes);
    run->bytes.len = 0;
}

/* Takes the whole records of what |side| sent so far, and moves what is left to the front. */
static void take_records(struct flight *flight, uint8_t side, struct bytes *stream, struct run *run)
{
    struct reader left = reader_of(span_of(stream->at, stream->len));
    for (;;) {
        struct reader record = left;
        const uint8_t content = reader_u8(&record);
        const uint16_t version = reader_u16(&record);
        const struct span body = reader_bytes(&record, reader_u16(&record));
        if (!reader_ok(&record))
            break;
        left = record;
        if (content == CONTENT_HANDSHAKE) {
            run->version = version;
            bytes_put(&run->bytes, body.at, body.len);
            if (are_messages(reader_of(span_of(run->bytes.at, run->bytes.len))))
                run_end(flight, side, run);
        } else {
            run_end(flight, side, run);
            add_record(flight, side, content, version, 0, body);
        }
    }
    stream->len = reader_left(&left);
    memmove(stream->at, left.at, stream->len);
}

static void read_tls(struct flight *flight, struct span script)
{
    uint8_t *room = malloc((size_t)4 * MAX_STREAM);
    assert(room != NULL);
    struct bytes streams[2];
    struct run runs[2];
    for (size_t side = 0; side < 2; side++) {
        streams[side] = (struct bytes){.at = room + side * MAX_STREAM, .room = MAX_STREAM};
        runs[side] =
            (struct run){.bytes = {.at = room + (2 + side) * MAX_STREAM, .room = MAX_STREAM}};
    }
    struct reader chunks = reader_of(script);
    while (reader_more(&chunks)) {
        const uint8_t head = reader_u8(&chunks), side = head >> 7;
        const size_t len = (size_t)(head & 0x7f) + 1, left = reader_left(&chunks);
        const struct span chunk = reader_bytes(&chunks, len < left ? len : left);
        bytes_put(&streams[side], chunk.at, chunk.len);
        take_records(flight, side, &streams[side], &runs[side]);
    }
    for (uint8_t side = 0; side < 2; side++) {
        run_end(flight, side, &runs[side]);
        flight->rest += streams[side].len;
    }
    free(room);
}

/* The item that a fragment belongs to, or NULL. */
static struct item *find_message(struct flight *flight, uint8_t side, uint8_t type, uint16_t seq,
                                 size_t len)
{
    for (size_t i = flight->num; i-- > 0;) {
        struct item *item = &flight->items[i];
        if (item->kind == ITEM_MESSAGE && item->side == side && item->type == type &&
            item->seq == seq && item->len == len)
            return item;
    }
    return NULL;
}

/* A record of fragments; false if it is none, but protected. */
static bool take_fragments(struct flight *flight, uint8_t side, uint16_t version,
                           struct reader record)
{
    while (reader_more(&record)) {
        const uint8_t type = reader_u8(&record);
        const size_t len = reader_u24(&record);
        const uint16_t seq = reader_u16(&record);
        const size_t offset = reader_u24(&record);
        const struct span part = reader_bytes(&record, reader_u24(&record));
        if (!reader_ok(&record) || len > FLIGHT_MAX_BODY || offset > len || part.len > len - offset)
            return false;
        struct item *item = find_message(flight, side, type, seq, len);
        if (item == NULL && (item = item_add(flight)) != NULL) {
            uint8_t *body = memset(item->body, 0, FLIGHT_MAX_BODY);
            *item = (struct item){.side = side,
                                  .content = CONTENT_HANDSHAKE,
                                  .type = type,
                                  .version = version,
                                  .seq = seq,
                                  .kind = ITEM_MESSAGE,
                                  .len = len,
                                  .body = body};
        }
        if (item != NULL && part.len > 0)
            memcpy(item->body + offset, part.at, part.len);
    }
    return true;
}

/* Records with a connection id, and those of DTLS 1.3 that are protected, have a length that not everybody can find. */
static bool is_opaque(struct reader record)
{
    const uint8_t content = reader_u8(&record);
    return content == CONTENT_CID || content >> 5 == 1;
}

static void read_datagram(struct flight *flight, uint8_t side, struct reader *datagram)
{
    while (reader_more(datagram) && !is_opaque(*datagram)) {
        struct reader record = *datagram;
        const uint8_t content = reader_u8(&record);
        const uint16_t version = reader_u16(&record);
        const uint64_t number = reader_u64(&record); /* with the epoch */
        const struct span body = reader_bytes(&record, reader_u16(&record));
        if (!reader_ok(&record))
            return;
        *datagram = record;
        if (content != CONTENT_HANDSHAKE || number >> 48 != 0 ||
            !take_fragments(flight, side, version, reader_of(body)))
            add_record(flight, side, content, version, number, body);
    }
    struct item *item = reader_more(datagram) ? item_add(flight) : NULL;
    if (item == NULL)
        return;
    item->kind = ITEM_RAW;
    item->side = side;
    item_fill(item, reader_rest(datagram));
}

static void read_dtls(struct flight *flight, struct span script)
{
    struct reader datagrams = reader_of(script);
    while (reader_left(&datagrams) > 2) {
        const uint16_t head = reader_u16(&datagrams);
        const size_t len = head & MAX_DATAGRAM, left = reader_left(&datagrams);
        struct reader datagram = reader_of(reader_bytes(&datagrams, len < left ? len : left));
        read_datagram(flight, (uint8_t)(head >> 15), &datagram);
        flight->rest += reader_left(&datagram);
    }
}

void flight_read(struct flight *flight, struct span script)
{
    if (flight->transport == HANDSHAKE_TLS)
        read_tls(flight, script);
    else
        read_dtls(flight, script);
}

void flight_free(struct flight *flight)
{
    while (flight->num > 0)
        flight_drop(flight, flight->num - 1);
}

/* writing */

/* A record of TLS in chunks of the script. */
static void put_record(struct bytes *out, const struct item *item, struct span body, size_t chunk)
{
    uint8_t room[TLS_HEADER + FLIGHT_MAX_BODY + 4];
    struct bytes record = {.at = room, .room = sizeof room};
    bytes_put_number(&record, item->content, 1);
    bytes_put_number(&record, item->version, 2);
    bytes_put_number(&record, body.len, 2);
    bytes_put(&record, body.at, body.len);
    if (out->room - out->len < record.len + record.len / chunk + 1)
        return;
    for (size_t at = 0; at < record.len; at += chunk) {
        const size_t len = record.len - at < chunk ? record.len - at : chunk;
        bytes_put_number(out, (uint64_t)item->side << 7 | (len - 1), 1);
        bytes_put(out, record.at + at, len);
    }
}

static void write_tls(struct flight *flight, struct bytes *out)
{
    const size_t chunk =
        flight_draw(flight, 4) == 0 ? 1 + flight_draw(flight, MAX_CHUNK) : MAX_CHUNK;
    const bool split = flight_draw(flight, 4) == 0;
    for (size_t i = 0; i < flight->num; i++) {
        const struct item *item = &flight->items[i];
        uint8_t room[FLIGHT_MAX_BODY + 4];
        struct bytes body = {.at = room, .room = sizeof room};
        if (item->kind == ITEM_MESSAGE) {
            bytes_put_number(&body, item->type, 1);
            bytes_put_number(&body, item->len, 3);
        }
        bytes_put(&body, item->body, item->len);
        const size_t first =
            split && item->kind == ITEM_MESSAGE ? flight_draw(flight, body.len) : 0;
        if (first > 0)
            put_record(out, item, span_of(body.at, first), chunk);
        put_record(out, item, span_of(body.at + first, body.len - first), chunk);
    }
}

/* A datagram of DTLS that is being filled. */
struct datagram {
    struct bytes bytes;
    uint8_t room[MAX_DATAGRAM], side;
    uint64_t number; /* of the next record */
};

static void datagram_end(struct datagram *datagram, struct bytes *out)
{
    if (datagram->bytes.len > 0 && out->room - out->len >= datagram->bytes.len + 2) {
        bytes_put_number(out, (uint64_t)datagram->side << 15 | datagram->bytes.len, 2);
        bytes_put(out, datagram->room, datagram->bytes.len);
    }
    datagram->bytes = (struct bytes){.at = datagram->room, .room = MAX_DATAGRAM};
}

/* Room for |len| bytes behind the header of a record, which is written. */
static void datagram_record(struct datagram *datagram, const struct item *item, size_t len,
                            bool apart, struct bytes *out)
{
    if (apart || datagram->side != item->side ||
        datagram->bytes.room - datagram->bytes.len < len + DTLS_HEADER)
        datagram_end(datagram, out);
    datagram->side = item->side;
    bytes_put_number(&datagram->bytes, item->content, 1);
    bytes_put_number(&datagram->bytes, item->version, 2);
    bytes_put_number(&datagram->bytes,
                     item->kind == ITEM_MESSAGE ? datagram->number++ : item->number, 8);
    bytes_put_number(&datagram->bytes, len, 2);
}

static void put_fragment(struct datagram *datagram, const struct item *item, size_t offset,
                         size_t len, bool apart, struct bytes *out)
{
    datagram_record(datagram, item, len + DTLS_MESSAGE_HEADER, apart, out);
    bytes_put_number(&datagram->bytes, item->type, 1);
    bytes_put_number(&datagram->bytes, item->len, 3);
    bytes_put_number(&datagram->bytes, item->seq, 2);
    bytes_put_number(&datagram->bytes, offset, 3);
    bytes_put_number(&datagram->bytes, len, 3);
    bytes_put(&datagram->bytes, item->body + offset, len);
}

/* In fragments of |size| bytes that overlap by some, backwards or not, all of them |times| times. */
static void put_message(struct flight *flight, struct datagram *datagram, const struct item *item,
                        size_t size, struct bytes *out)
{
    const size_t overlap = flight_draw(flight, 4) == 0 ? flight_draw(flight, size / 2 + 1) : 0;
    const size_t step = size - overlap, num = item->len <= size ? 1 : (item->len + step - 1) / step;
    const bool backwards = flight_draw(flight, 4) == 0, apart = flight_draw(flight, 2);
    const size_t total = num * (flight_draw(flight, 8) == 0 ? 2 : 1);
    for (size_t i = 0; i < total; i++) {
        const size_t offset = (backwards ? num - 1 - i % num : i % num) * step;
        const size_t left = item->len - (offset < item->len ? offset : item->len);
        if (offset <= item->len)
            put_fragment(datagram, item, offset, left < size ? left : size, apart, out);
    }
}

static void put_raw(struct datagram *datagram, const struct item *item, struct bytes *out)
{
    if (datagram->side != item->side || datagram->bytes.room - datagram->bytes.len < item->len)
        datagram_end(datagram, out);
    datagram->side = item->side;
    bytes_put(&datagram->bytes, item->body, item->len);
    datagram_end(datagram, out);
}

static void write_dtls(struct flight *flight, struct bytes *out)
{
    enum { MOST = MAX_DATAGRAM - DTLS_HEADER - DTLS_MESSAGE_HEADER };
    struct datagram datagram = {.side = 0};
    const size_t size = flight_draw(flight, 2) == 0 ? 16 + flight_draw(flight, 300) : MOST;
    datagram_end(&datagram, out);
    for (size_t i = 0; i < flight->num; i++) {
        const struct item *item = &flight->items[i];
        if (item->kind == ITEM_MESSAGE) {
            put_message(flight, &datagram, item, size, out);
        } else if (item->kind == ITEM_RAW) {
            put_raw(&datagram, item, out);
        } else {
            const size_t len = item->len < MOST ? item->len : MOST;
            datagram_record(&datagram, item, len, false, out);
            bytes_put(&datagram.bytes, item->body, len);
        }
    }
    datagram_end(&datagram, out);
}

void flight_write(struct flight *flight, struct bytes *out)
{
    if (flight->transport == HANDSHAKE_TLS)
        write_tls(flight, out);
    else
        write_dtls(flight, out);
}
