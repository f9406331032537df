/* fuzz_starttls.c: protocols that begin in clear, and TLS behind them. The input is a script: its first byte says
 * which port the server has, each further one which side sends and how many bytes of what follows (1 to 128
 * from its low seven bits). */
#include "dissectors/starttls.h"
#include "dissectors/tls.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_UNREAD = 1 << 16 };

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

struct conversation {
    struct flow flow;
    const struct dissector *dissector;
    void *state;
    struct {
        uint8_t unread[MAX_UNREAD];
        size_t len;
        enum dissect answer;
    } sides[2];
};

static void begin(struct conversation *conversation, const struct dissector *dissector)
{
    conversation->dissector = dissector;
    conversation->state = calloc(1, dissector->state_size);
    assert(conversation->state != NULL);
}

static void end(struct conversation *conversation)
{
    struct dissect_context context = {.flow = &conversation->flow, .emit = walk};
    conversation->dissector->end(conversation->state, &context);
    free(conversation->state);
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static void offer(struct conversation *conversation, unsigned side)
{
    size_t len = conversation->sides[side].len;
    uint8_t *exact = malloc(len + 1);
    assert(exact != NULL);
    memcpy(exact, conversation->sides[side].unread, len);
    struct reader bytes = reader_of(span_of(exact, len));
    struct scratch scratch = {0};
    struct dissect_context context = {
        .flow = &conversation->flow, .side = side, .scratch = &scratch, .emit = walk};
    enum dissect answer = conversation->dissector->dissect(&bytes, conversation->state, &context);
    scratch_free(&scratch);
    assert(bytes.fault == READER_OK);
    size_t left = reader_left(&bytes);
    memmove(conversation->sides[side].unread, conversation->sides[side].unread + len - left, left);
    conversation->sides[side].len = left;
    free(exact);
    conversation->sides[side].answer = answer;
    if (answer == DISSECT_DONE || answer == DISSECT_NOT_MINE)
        conversation->sides[!side].answer = answer;
    if (answer == DISSECT_HANDOVER) {
        end(conversation);
        begin(conversation, context.next);
        conversation->sides[side].answer = DISSECT_MORE;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t ports[] = {25, 21, 119, 4190, 6667};
    static struct conversation conversation;
    if (size == 0)
        return 0;
    conversation.flow = (struct flow){.protocol = PROTO_TCP, .saw_start = data[0] & 0x80};
    conversation.flow.ends[1].port = ports[data[0] % 5];
    for (unsigned side = 0; side < 2; side++) {
        conversation.sides[side].len = 0;
        conversation.sides[side].answer = DISSECT_MORE;
    }
    begin(&conversation, &dissector_starttls);
    for (size_t at = 1; at < size;) {
        unsigned side = data[at] >> 7;
        size_t len = (size_t)(data[at] & 0x7f) + 1, held = conversation.sides[side].len;
        at++;
        len = len < size - at ? len : size - at;
        if (conversation.sides[side].answer == DISSECT_MORE && held + len <= MAX_UNREAD) {
            memcpy(conversation.sides[side].unread + held, data + at, len);
            conversation.sides[side].len += len;
            offer(&conversation, side);
        }
        at += len;
    }
    end(&conversation);
    return 0;
}
