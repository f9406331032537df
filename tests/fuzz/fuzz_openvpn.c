/* fuzz_openvpn.c: OpenVPN over UDP or, if the first byte is odd, TCP. The rest is a script: a byte says which
 * side sends and how many pairs of bytes of what follows (1 to 128 from its low seven bits), as a datagram or
 * a segment. */
#include "dissectors/openvpn.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_UNREAD = 1 << 17, MAX_HELD = 1 << 18 };

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

struct link {
    const struct dissector *dissector;
    struct flow flow;
    struct budget budget;
    void *state;
};

static struct dissect_context context_of(struct link *link, unsigned side, struct scratch *scratch)
{
    return (struct dissect_context){
        .flow = &link->flow,
        .side = side,
        .scratch = scratch,
        .budget = &link->budget,
        .nonces = &link->budget,
        .emit = walk,
    };
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static void offer(struct link *link, struct side *side, unsigned number)
{
    uint8_t *exact = malloc(side->len + 1);
    assert(exact != NULL);
    memcpy(exact, side->unread, side->len);
    struct reader bytes = reader_of(span_of(exact, side->len));
    (void)link->dissector->recognises(bytes);
    struct scratch scratch = {0};
    struct dissect_context context = context_of(link, number, &scratch);
    side->answer = link->dissector->dissect(&bytes, link->state, &context);
    scratch_free(&scratch);
    assert(bytes.fault == READER_OK);
    assert(link->budget.used <= link->budget.limit);
    size_t left = link->dissector->protocol == PROTO_TCP ? reader_left(&bytes) : 0;
    memmove(side->unread, side->unread + side->len - left, left);
    side->len = left;
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct side sides[2];
    bool tcp = size > 0 && (data[0] & 1);
    struct link link = {.dissector = tcp ? &dissector_openvpn_tcp : &dissector_openvpn_udp,
                        .budget = {.limit = MAX_HELD}};
    for (unsigned i = 0; i < 2; i++) {
        sides[i].len = 0;
        sides[i].answer = DISSECT_MORE;
    }
    link.flow.protocol = link.dissector->protocol;
    link.state = calloc(1, link.dissector->state_size);
    assert(link.state != NULL);
    for (size_t at = 1; at < size;) {
        unsigned number = data[at] >> 7;
        size_t len = 2 * ((size_t)(data[at] & 0x7f) + 1);
        at++;
        len = len < size - at ? len : size - at;
        struct side *side = &sides[number];
        if (side->answer == DISSECT_MORE && side->len + len <= MAX_UNREAD) {
            memcpy(side->unread + side->len, data + at, len);
            side->len += len;
            offer(&link, side, number);
        }
        at += len;
    }
    struct scratch scratch = {0};
    struct dissect_context context = context_of(&link, 0, &scratch);
    link.dissector->end(link.state, &context);
    assert(link.budget.used == 0);
    scratch_free(&scratch);
    free(link.state);
    return 0;
}
