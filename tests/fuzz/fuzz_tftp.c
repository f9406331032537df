/* fuzz_tftp.c: TFTP between a client and a server, through the engine. The input is a script of datagrams: a byte says
 * who sends to which port (low three bits), and whether much time passes (the highest); the next, the length of what
 * follows, times eight if the bit 0x40 of the first is set. */
#include "core/engine.h"
#include "dissectors/tftp.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

enum { HEADERS = 28 };

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

/* Ports of the client and of the server; odd: the server sends. */
static const uint16_t ports[4][2] = {{2000, 69}, {2000, 3000}, {2000, 3001}, {2001, 69}};

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void feed(struct engine *engine, uint8_t who, const uint8_t *data, size_t len,
                 struct frame *frame)
{
    bool back = who & 1;
    const uint16_t *pair = ports[who >> 1 & 3];
    uint8_t *packet = calloc(1, HEADERS + len);
    assert(packet != NULL);
    packet[0] = 0x45;
    put16(packet + 2, HEADERS + len);
    packet[9] = PROTO_UDP;
    packet[15] = back ? 2 : 1;
    packet[19] = back ? 1 : 2;
    put16(packet + 20, pair[back]);
    put16(packet + 22, pair[!back]);
    put16(packet + 24, 8 + len);
    memcpy(packet + HEADERS, data, len);
    frame->at = packet;
    frame->captured_len = frame->wire_len = (uint32_t)(HEADERS + len);
    frame->number++;
    frame->time_ns += who & 0x80 ? 100000000000 : 1000000;
    engine_feed(engine, frame, 1);
    free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dissector *const only[] = {&dissector_tftp, NULL};
    const struct engine_options options = {
        .max_flows = 64, .max_datagram_bytes = 1 << 18, .dissectors = only, .emit = walk};
    struct error error;
    struct engine *engine = engine_new(&options, &error);
    struct frame frame = {.time_ns = 1700000000000000000, .link_type = 101};
    assert(engine != NULL);
    for (size_t at = 0; at + 2 <= size;) {
        uint8_t who = data[at];
        size_t len = (size_t)data[at + 1] * (who & 0x40 ? 8 : 1);
        at += 2;
        len = len < size - at ? len : size - at;
        feed(engine, who, data + at, len, &frame);
        at += len;
    }
    engine_finish(engine);
    engine_free(engine);
    return 0;
}
