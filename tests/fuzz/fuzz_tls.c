/* fuzz_tls.c: TLS over TCP. The input is a script: a byte says which side sends and how many bytes of what
 * follows (1 to 128 from its low seven bits), so that the fuzzer decides on the segments. */
#include "core/dissector.h"
#include "dissectors/tls.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/handshake_mutator.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_UNREAD = 1 << 16 };

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

struct side {
    uint8_t unread[MAX_UNREAD];
    size_t len;
    enum dissect answer;
};

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static void offer(struct side *side, unsigned number, void *state, struct flow *flow,
                  struct budget *budget)
{
    uint8_t *exact = malloc(side->len + 1);
    assert(exact != NULL);
    memcpy(exact, side->unread, side->len);
    struct reader bytes = reader_of(span_of(exact, side->len));
    struct scratch scratch = {0};
    struct dissect_context context = {.flow = flow,
                                      .side = number,
                                      .proofs = true,
                                      .nonces = budget,
                                      .scratch = &scratch,
                                      .budget = budget,
                                      .emit = walk};
    side->answer = dissector_tls.dissect(&bytes, state, &context);
    scratch_free(&scratch);
    assert(bytes.fault == READER_OK);
    size_t left = reader_left(&bytes);
    memmove(side->unread, side->unread + side->len - left, left);
    side->len = left;
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct side sides[2];
    for (unsigned i = 0; i < 2; i++) {
        sides[i].len = 0;
        sides[i].answer = DISSECT_MORE;
    }
    struct flow flow = {.protocol = PROTO_TCP};
    struct budget budget = {.limit = 1 << 20};
    void *state = calloc(1, dissector_tls.state_size);
    assert(state != NULL);
    for (size_t at = 0; at < size;) {
        unsigned number = data[at] >> 7;
        size_t len = (size_t)(data[at] & 0x7f) + 1;
        at++;
        len = len < size - at ? len : size - at;
        struct side *side = &sides[number];
        if (side->answer == DISSECT_MORE && side->len + len <= MAX_UNREAD) {
            memcpy(side->unread + side->len, data + at, len);
            side->len += len;
            offer(side, number, state, &flow, &budget);
        }
        at += len;
    }
    struct dissect_context context = {.flow = &flow, .budget = &budget, .emit = walk};
    dissector_tls.end(state, &context);
    assert(budget.used == 0);
    free(state);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return handshake_mutate(HANDSHAKE_TLS, data, size, max_size, seed);
}
