/* fuzz_eap.c: EAP, in RADIUS and in 802.1X. The input is a capture, whose frames go to these two dissectors at once,
 * as if they were of one conversation each. In a frame whose microseconds have the highest bit the lengths of 802.1X, EAP
 * and RADIUS are made right, so that the fuzzer comes behind them. */
#include "core/dissector.h"
#include "core/eapol_peers.h"
#include "core/layers.h"
#include "dissectors/eapol.h"
#include "dissectors/radius.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

struct conversation {
    const struct dissector *dissector;
    struct flow flow;
    void *state;
};

struct fuzz {
    struct budget budget;
    struct scratch scratch;
    struct eapol_peers peers;
    struct conversation radius, eapol;
};

static struct dissect_context context_of(struct fuzz *fuzz, struct conversation *conversation,
                                         unsigned side)
{
    return (struct dissect_context){.flow = &conversation->flow,
                                    .side = side,
                                    .scratch = &fuzz->scratch,
                                    .budget = &fuzz->budget,
                                    .nonces = &fuzz->budget,
                                    .emit = walk};
}

static void offer(struct fuzz *fuzz, struct conversation *conversation, const struct packet *packet)
{
    struct reader payload = packet->payload;
    const bool back = packet->ends[0].address[5] > packet->ends[1].address[5] ||
                      packet->ends[0].port < packet->ends[1].port;
    struct dissect_context context = context_of(fuzz, conversation, back);
    (void)conversation->dissector->recognises(payload);
    (void)conversation->dissector->dissect(&payload, conversation->state, &context);
}

static void put16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

/* 802.1X: its length at 2, that of EAP at 6; RADIUS: at 2. */
static void mend(uint8_t *payload, size_t len, bool radius)
{
    if (len < 8 || len > UINT16_MAX)
        return;
    put16(payload + 2, radius ? len : len - 4);
    if (!radius)
        put16(payload + 6, len - 4);
}

static void take_frame(struct fuzz *fuzz, struct span bytes, uint16_t link_type, bool mended)
{
    uint8_t *exact = malloc(bytes.len + 1); // so that a read past its end is seen
    assert(exact != NULL);
    memcpy(exact, bytes.at, bytes.len);
    const struct frame frame = {.at = exact,
                                .captured_len = (uint32_t)bytes.len,
                                .wire_len = (uint32_t)bytes.len,
                                .link_type = link_type};
    struct packet packet;
    const enum layers_result result = layers_decode(&frame, &packet);
    const bool radius = result == LAYERS_TRANSPORT && packet.protocol == PROTO_UDP;
    if (mended && (radius || result == LAYERS_EAPOL))
        mend(exact + (packet.payload.at - exact), reader_left(&packet.payload), radius);
    if (radius)
        offer(fuzz, &fuzz->radius, &packet);
    else if (result == LAYERS_EAPOL && eapol_peers_join(&fuzz->peers, &packet))
        offer(fuzz, &fuzz->eapol, &packet);
    free(exact);
}

static void begin(struct conversation *conversation, const struct dissector *dissector)
{
    conversation->dissector = dissector;
    conversation->flow.protocol = dissector->protocol;
    conversation->state = calloc(1, dissector->state_size);
    assert(conversation->state != NULL);
}

static void end(struct fuzz *fuzz, struct conversation *conversation)
{
    struct dissect_context context = context_of(fuzz, conversation, 0);
    conversation->dissector->end(conversation->state, &context);
    free(conversation->state);
}

/* A classic capture of this byte order: 24 bytes, of which the last four are the link type; before each frame seconds,
 * microseconds, captured and original length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {.budget = {.limit = 1 << 18}};
    begin(&fuzz.radius, &dissector_radius);
    begin(&fuzz.eapol, &dissector_eapol);
    struct reader file = reader_of(span_of(data, size));
    reader_skip(&file, 20);
    const uint32_t link_type = reader_u32_le(&file);
    while (reader_more(&file)) {
        reader_skip(&file, 4);
        const uint32_t microseconds = reader_u32_le(&file), len = reader_u32_le(&file);
        reader_skip(&file, 4);
        const size_t left = reader_left(&file);
        const struct span bytes = reader_bytes(&file, len < left ? len : left);
        if (reader_ok(&file))
            take_frame(&fuzz, bytes, (uint16_t)link_type, microseconds >> 31);
    }
    end(&fuzz, &fuzz.radius);
    end(&fuzz, &fuzz.eapol);
    assert(fuzz.budget.used == 0);
    scratch_free(&fuzz.scratch);
    return 0;
}
