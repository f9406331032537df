/* fuzz_layers.c: link layers, IP, tunnels and transport headers. The first two bytes of the input are the link type,
 * the third says how many more bytes there were on the wire; the rest is a frame. A fragment is read on as if it were
 * the whole of its packet. */
#include "core/layers.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

/* Every view that a packet has must lie in the frame. */
static void check_view(const struct frame *frame, struct span view)
{
    if (view.at == NULL || view.len == 0)
        return;
    assert(view.at >= frame->at && view.len <= frame->captured_len);
    assert((size_t)(view.at - frame->at) <= frame->captured_len - view.len);
}

static void check(const struct frame *frame, const struct packet *packet)
{
    const struct reader payload = packet->payload;
    check_view(frame, packet->ip_header);
    check_view(frame, packet->l4_header);
    check_view(frame, packet->mac);
    assert(packet->num_vlans <= PACKET_MAX_VLANS && packet->num_tunnels <= PACKET_MAX_TUNNELS);
    check_view(frame, span_of(payload.at, reader_left(&payload)));
    assert(packet->ip_version == 0 || packet->ip_version == 4 || packet->ip_version == 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const size_t len = size - 3;
    uint8_t *exact = malloc(len + 1); /* so that a read past its end is seen */
    assert(exact != NULL);
    memcpy(exact, data + 3, len);
    const struct frame frame = {.at = exact,
                                .captured_len = (uint32_t)len,
                                .wire_len = (uint32_t)len + data[2],
                                .number = 1,
                                .link_type = (uint16_t)(data[0] << 8 | data[1])};
    struct packet packet;
    enum layers_result result = layers_decode(&frame, &packet);
    while (result == LAYERS_FRAGMENT) { /* each is shorter than the one it is in */
        const struct reader payload = packet.fragment.payload;
        check_view(&frame, span_of(payload.at, reader_left(&payload)));
        result = layers_resume(&packet, span_of(payload.at, reader_left(&payload)));
    }
    if (result == LAYERS_TRANSPORT)
        check(&frame, &packet);
    free(exact);
    return 0;
}
