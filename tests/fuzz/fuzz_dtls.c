/* fuzz_dtls.c: DTLS over UDP. The input is a script: two bytes say which side sends (the highest bit) and how
 * many bytes of what follows are its next datagram (the low eleven bits). */
#include "core/dissector.h"
#include "dissectors/dtls.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/handshake_mutator.h"

#include <assert.h>
#include <stdlib.h>

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static enum dissect offer(struct span datagram, void *state, struct dissect_context *context)
{
    uint8_t *exact = malloc(datagram.len + 1);
    assert(exact != NULL);
    memcpy(exact, datagram.at, datagram.len);
    struct reader bytes = reader_of(span_of(exact, datagram.len));
    (void)dissector_dtls.recognises(bytes);
    (void)dissector_dtls.wakes(bytes);
    enum dissect answer = dissector_dtls.dissect(&bytes, state, context);
    free(exact);
    return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flow flow = {.protocol = PROTO_UDP};
    struct scratch scratch = {0};
    struct budget budget = {.limit = 1 << 20};
    struct dissect_context context = {
        .flow = &flow, .scratch = &scratch, .budget = &budget, .nonces = &budget, .emit = walk};
    void *state = calloc(1, dissector_dtls.state_size);
    assert(state != NULL);
    struct reader script = reader_of(span_of(data, size));
    enum dissect answer = DISSECT_MORE;
    while (reader_left(&script) > 2 && (answer == DISSECT_MORE || answer == DISSECT_QUIET)) {
        uint16_t head = reader_u16(&script);
        size_t len = head & 0x7ff;
        len = len < reader_left(&script) ? len : reader_left(&script);
        context.side = head >> 15;
        answer = offer(reader_bytes(&script, len), state, &context);
    }
    dissector_dtls.end(state, &context);
    assert(budget.used == 0);
    scratch_free(&scratch);
    free(state);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return handshake_mutate(HANDSHAKE_DTLS, data, size, max_size, seed);
}
