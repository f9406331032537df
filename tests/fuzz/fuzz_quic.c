/* fuzz_quic.c: QUIC. The input is a script of datagrams: a byte says who sends and whether what follows is
 * the datagram itself or the frames of an Initial packet that is protected as it must be, so that the fuzzer
 * comes behind the tag; a byte says how many times 8 bytes follow. */
#include "core/dissector.h"
#include "dissectors/quic.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/quic_sender.h"

#include <assert.h>
#include <stdlib.h>

enum { PROTECTED = 0x40, VERSION = 0x0f }; /* the highest bit is the side */

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

struct fuzz {
    struct flow flow;
    struct budget budget;
    struct scratch scratch;
    struct crypto_opener *opener;
    void *state;
    uint32_t number; /* of the next packet */
    enum dissect answer[2];
};

static struct dissect_context context_of(struct fuzz *fuzz, unsigned side)
{
    return (struct dissect_context){.flow = &fuzz->flow,
                                    .side = side,
                                    .scratch = &fuzz->scratch,
                                    .budget = &fuzz->budget,
                                    .opener = &fuzz->opener,
                                    .emit = walk};
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static void offer(struct fuzz *fuzz, unsigned side, struct span bytes)
{
    uint8_t *exact = malloc(bytes.len + 1);
    assert(exact != NULL);
    memcpy(exact, bytes.at, bytes.len);
    struct reader datagram = reader_of(span_of(exact, bytes.len));
    struct dissect_context context = context_of(fuzz, side);
    (void)dissector_quic.recognises(datagram);
    if (fuzz->answer[side] == DISSECT_MORE)
        fuzz->answer[side] = dissector_quic.dissect(&datagram, fuzz->state, &context);
    free(exact);
}

static void offer_protected(struct fuzz *fuzz, uint8_t op, struct span frames)
{
    static const uint32_t versions[] = {1,          0x6b3343cf, 0xff00001d,
                                        0xfaceb001, 0x54303531, 0x1a2a3a4a};
    unsigned side = op >> 7;
    const struct quic_sending sending = {
        .version = versions[(op & VERSION) % (sizeof versions / sizeof *versions)],
        .dcid = side ? "cc" : "DDDDDDDD",
        .scid = side ? "ssss" : "cc",
        .token = "",
        .key_cid = "DDDDDDDD",
        .server = side,
        .number = fuzz->number++};
    struct quic_bytes datagram = {0};
    quic_put_initial(&datagram, fuzz->opener, &sending, frames, 20);
    offer(fuzz, side, span_of(datagram.at, datagram.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto_opener *opener;
    struct error error;
    if (opener == NULL)
        opener = crypto_opener_new(&error);
    assert(opener != NULL);
    struct fuzz fuzz = {.flow = {.protocol = PROTO_UDP},
                        .budget = {.limit = 1 << 18},
                        .opener = opener,
                        .state = calloc(1, dissector_quic.state_size)};
    assert(fuzz.state != NULL);
    struct reader script = reader_of(span_of(data, size));
    while (reader_left(&script) >= 2) {
        uint8_t op = reader_u8(&script);
        size_t len = reader_u8(&script) * 8u, left = reader_left(&script);
        struct span bytes = reader_bytes(&script, len < left ? len : left);
        if (op & PROTECTED)
            offer_protected(&fuzz, op, bytes);
        else
            offer(&fuzz, op >> 7, bytes);
    }
    struct dissect_context context = context_of(&fuzz, 0);
    dissector_quic.end(fuzz.state, &context);
    assert(fuzz.budget.used == 0);
    scratch_free(&fuzz.scratch);
    free(fuzz.state);
    return 0;
}
