/* fuzz_http.c: conversations over HTTP/1.x. The input is a script: its first byte says whether the beginning was seen,
 * each further one which side sends, and how many bytes of what follows (1 to 64 from its low six bits); with bit 6 so
 * many bytes behind these were lost. */
#include "dissectors/http.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_UNREAD = 1 << 17 };

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

struct side {
    uint8_t unread[MAX_UNREAD];
    size_t len;
    bool gap;
};

struct conversation {
    struct flow flow;
    struct budget budget;
    void *state;
    struct side sides[2];
};

/* Hands over a copy of the exact size, so that a read past its end is seen. False: nobody reads on. */
static bool offer(struct conversation *conversation, unsigned number, size_t cut)
{
    struct side *side = &conversation->sides[number];
    size_t len = side->len;
    uint8_t *exact = malloc(len + 1);
    assert(exact != NULL);
    memcpy(exact, side->unread, len);
    struct reader bytes = reader_of_cut(span_of(exact, len), cut);
    struct dissect_context context = {.flow = &conversation->flow,
                                      .side = number,
                                      .gap = side->gap,
                                      .budget = &conversation->budget,
                                      .emit = walk};
    enum dissect answer = dissector_http.dissect(&bytes, conversation->state, &context);
    assert(bytes.fault == READER_OK);
    size_t left = reader_left(&bytes);
    side->gap = cut != 0 && (left != 0 || bytes.cut != 0);
    side->len = side->gap ? 0 : left;
    memmove(side->unread, side->unread + len - left, side->len);
    free(exact);
    return answer == DISSECT_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct conversation conversation;
    bool goes_on = true;
    if (size == 0)
        return 0;
    conversation.flow = (struct flow){.protocol = PROTO_TCP,
                                      .ip_version = 4,
                                      .saw_start = data[0] & 1,
                                      .fin = {true, data[0] & 2}};
    conversation.budget = (struct budget){.limit = 1 << 20};
    conversation.state = calloc(1, dissector_http.state_size);
    assert(conversation.state != NULL);
    for (unsigned side = 0; side < 2; side++)
        conversation.sides[side].len = 0, conversation.sides[side].gap = false;
    for (size_t at = 1; at < size && goes_on;) {
        struct side *side = &conversation.sides[data[at] >> 7];
        size_t len = (size_t)(data[at] & 0x3f) + 1, cut = data[at] & 0x40 ? len : 0;
        at++;
        len = len < size - at ? len : size - at;
        if (side->len + len > MAX_UNREAD)
            break;
        memcpy(side->unread + side->len, data + at, len);
        side->len += len;
        goes_on = offer(&conversation, (unsigned)(side - conversation.sides), cut);
        at += len;
    }
    struct dissect_context context = {
        .flow = &conversation.flow, .budget = &conversation.budget, .emit = walk};
    dissector_http.end(conversation.state, &context);
    assert(conversation.budget.used == 0);
    free(conversation.state);
    return 0;
}
