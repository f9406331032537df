/* dhcp_listener.h: hands single datagrams to a dissector, and keeps what it says as text. */
#ifndef PERPASS_TESTS_DHCP_LISTENER_H
#define PERPASS_TESTS_DHCP_LISTENER_H

#include "core/dissector.h"
#include "core/expect.h"
#include "tests/unit/observed_text.h"

#include <stdlib.h>

struct listener {
    struct observed_text text;
    unsigned num; /* observations but for faults */
    unsigned malformed, cut;
    uint64_t expected; /* conversations */
};

static inline void listener_hear(void *to, const struct observation *observation)
{
    struct listener *listener = to;
    observed_add(&listener->text, observation->type, observation->data);
    if (strcmp(observation->type->name, "malformed") == 0)
        listener->malformed++;
    else if (strcmp(observation->type->name, "cut") == 0)
        listener->cut++;
    else
        listener->num++;
}

/* listener_read has |dissector| read the first |len| bytes of |datagram|, of which the others were cut, or (not |snapped|)
 * never were there. Gives whether it was recognised; the side of the client, as |flow| has it, is in |client|. */
static inline bool listener_read(struct listener *listener, const struct dissector *dissector,
                                 struct span datagram, size_t len, bool snapped, unsigned *client)
{
    struct flow flow = {.protocol = PROTO_UDP, .client = 0};
    struct scratch scratch = {0};
    struct budget budget = {.limit = 1 << 20};
    struct expect_table *expect = expect_table_new();
    assert(expect != NULL);
    struct dissect_context context = {.flow = &flow,
                                      .expect = expect,
                                      .side = 1,
                                      .scratch = &scratch,
                                      .budget = &budget,
                                      .emit_to = listener,
                                      .emit = listener_hear};
    uint8_t state[16] = {0};
    uint8_t *exact = malloc(len + 1);
    assert(exact != NULL && dissector->state_size <= sizeof state);
    memcpy(exact, datagram.at, len);
    memset(listener, 0, sizeof *listener);
    struct reader bytes = reader_of_cut(span_of(exact, len), snapped ? datagram.len - len : 0);
    bool known = dissector->recognises(bytes) == RECOGNISE_YES;
    enum dissect answer = dissector->dissect(&bytes, state, &context);
    assert(answer == DISSECT_MORE);
    *client = flow.client;
    listener->expected = expect_table_stats(expect)->noted;
    assert(budget.used == 0);
    expect_table_free(expect);
    scratch_free(&scratch);
    free(exact);
    return known;
}

#endif
