/* handshake_mutator.c: see the header. */
#include "tests/fuzz/handshake_mutator.h"

#include "core/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/handshake_flight.h"

enum { MAX_EXTENSIONS = 64 };
enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, ENCRYPTED_EXTENSIONS = 8, CERTIFICATE_REQUEST = 13 };

struct extensions {
    size_t at; /* of the length of their list in the body */
    size_t num;
    struct {
        uint16_t type;
        struct span body;
    } list[MAX_EXTENSIONS];
};

/* Moves |body| to the list of extensions that a message of this type has; false: it has none. */
static bool skip_to_extensions(const struct item *item, bool dtls, struct reader *body)
{
    const bool client = item->type == CLIENT_HELLO;
    if (item->type == ENCRYPTED_EXTENSIONS)
        return true;
    if (item->type == CERTIFICATE_REQUEST) { /* of TLS 1.3 */
        reader_skip(body, reader_u8(body));
        return reader_ok(body);
    }
    if (!client && item->type != SERVER_HELLO)
        return false;
    reader_skip(body, 34);
    reader_skip(body, reader_u8(body)); /* session_id */
    if (client && dtls)
        reader_skip(body, reader_u8(body)); /* cookie */
    reader_skip(body, client ? reader_u16(body) : 2);
    reader_skip(body, client ? reader_u8(body) : 1);
    return reader_ok(body);
}

static bool extensions_read(const struct item *item, bool dtls, struct extensions *extensions)
{
    struct reader body = reader_of(span_of(item->body, item->len));
    if (item->kind != ITEM_MESSAGE || !skip_to_extensions(item, dtls, &body))
        return false;
    extensions->at = item->len - reader_left(&body);
    struct reader list = reader_left(&body) == 0 ? body : reader_vec16(&body);
    for (extensions->num = 0; reader_more(&list) && extensions->num < MAX_EXTENSIONS;) {
        extensions->list[extensions->num].type = reader_u16(&list);
        extensions->list[extensions->num++].body = reader_span_vec16(&list);
    }
    return reader_ok(&body) && reader_ok(&list);
}

static void extensions_write(struct item *item, const struct extensions *extensions)
{
    uint8_t room[FLIGHT_MAX_BODY];
    struct bytes list = {.at = room, .room = FLIGHT_MAX_BODY - 2 - extensions->at};
    for (size_t i = 0; i < extensions->num; i++) {
        const struct span body = extensions->list[i].body;
        if (list.room - list.len < body.len + 4)
            break;
        bytes_put_number(&list, extensions->list[i].type, 2);
        bytes_put_number(&list, body.len, 2);
        bytes_put(&list, body.at, body.len);
    }
    struct bytes out = {.at = item->body, .len = extensions->at, .room = FLIGHT_MAX_BODY};
    bytes_put_number(&out, list.len, 2);
    bytes_put(&out, room, list.len);
    item->len = out.len;
}

static uint16_t draw_extension(struct flight *flight)
{
    static const uint16_t known[] = {
        0,  1,  5,  10, 11, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23,     24,     28,     34,
        35, 41, 42, 43, 44, 45, 47, 48, 49, 50, 51, 53, 54, 57, 0x4469, 0xfe0d, 0xff01, 0x0a0a};
    return known[flight_draw(flight, sizeof known / sizeof *known)];
}

static void change_list(struct flight *flight, struct extensions *extensions, uint8_t *room)
{
    const size_t num = extensions->num, at = flight_draw(flight, num),
                 other = flight_draw(flight, num);
    const uint32_t what = num == 0 ? 0 : flight_draw(flight, 6);
    if (what == 0 && num < MAX_EXTENSIONS) { /* a new one, with the body of one that is there */
        extensions->list[num].type = draw_extension(flight);
        extensions->list[num].body = num == 0 ? span_of(room, 0) : extensions->list[at].body;
        extensions->num++;
    } else if (what == 1) {
        extensions->list[at] = extensions->list[--extensions->num];
    } else if (what == 2 && num < MAX_EXTENSIONS) {
        extensions->list[extensions->num++] = extensions->list[at];
    } else if (what == 3) {
        extensions->list[num - 1 - at].type = extensions->list[other].type;
    } else if (what == 4) {
        const struct span body = extensions->list[at].body;
        extensions->list[at].body = extensions->list[other].body;
        extensions->list[other].body = body;
    } else if (what == 5) { /* its bytes */
        const struct span body = extensions->list[at].body;
        const size_t max = body.len + 16 < FLIGHT_MAX_BODY ? body.len + 16 : FLIGHT_MAX_BODY;
        if (body.len > 0)
            memcpy(room, body.at, body.len < max ? body.len : max);
        extensions->list[at].body = span_of(room, LLVMFuzzerMutate(room, body.len, max));
    }
}

static void change_extensions(struct flight *flight, struct item *item)
{
    const bool dtls = flight->transport == HANDSHAKE_DTLS;
    struct extensions extensions;
    uint8_t room[FLIGHT_MAX_BODY], before[FLIGHT_MAX_BODY];
    if (!extensions_read(item, dtls, &extensions))
        return;
    /* What is written moves what the list points to. */
    memcpy(before, item->body, item->len);
    for (size_t i = 0; i < extensions.num; i++) {
        struct span *body = &extensions.list[i].body;
        body->at = before + (body->at - item->body);
    }
    change_list(flight, &extensions, room);
    extensions_write(item, &extensions);
}

/* messages */

static void change_bytes(struct item *item)
{
    const size_t max = item->len + 32 < FLIGHT_MAX_BODY ? item->len + 32 : FLIGHT_MAX_BODY;
    item->len = LLVMFuzzerMutate(item->body, item->len, max);
}

static void change_kind(struct flight *flight, struct item *item)
{
    static const uint8_t types[] = {0, 1, 2, 3, 4, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 24, 25};
    static const uint16_t versions[] = {0x0300, 0x0301, 0x0303, 0x0304, 0xfeff, 0xfefd, 0xfefc};
    switch (flight_draw(flight, 4)) {
    case 0:
        item->type = types[flight_draw(flight, sizeof types)];
        break;
    case 1:
        item->version = versions[flight_draw(flight, sizeof versions / sizeof *versions)];
        break;
    case 2:
        item->seq = (uint16_t)(item->seq + flight_draw(flight, 3) - 1);
        break;
    default:
        item->side = !item->side;
    }
}

static void change(struct flight *flight)
{
    const size_t at = flight_draw(flight, flight->num);
    struct item *item = &flight->items[at];
    const uint32_t what = flight_draw(flight, 10);
    if (what < 5)
        change_extensions(flight, item);
    else if (what == 5)
        change_bytes(item);
    else if (what == 6)
        change_kind(flight, item);
    else if (what == 7)
        flight_repeat(flight, at);
    else if (what == 8)
        flight_swap(flight, at, flight_draw(flight, flight->num));
    else if (flight->num > 1)
        flight_drop(flight, at);
}

size_t handshake_mutate(enum handshake_transport transport, uint8_t *data, size_t size,
                        size_t max_size, unsigned seed)
{
    struct flight flight = {.transport = transport, .random = seed * 2654435761u | 1};
    struct bytes out = {.room = max_size};
    (void)flight_draw(&flight, 1);
    if (flight_draw(&flight, 8) != 0)
        flight_read(&flight, span_of(data, size));
    if (flight.num == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    for (uint32_t left = 1 + flight_draw(&flight, 3); left > 0; left--)
        change(&flight);
    out.at = data; /* all of it was copied */
    flight_write(&flight, &out);
    flight_free(&flight);
    return out.len;
}
