/* fuzz_dhcp.c: DHCPv4 and DHCPv6. The first byte of the input says which, who sends, and whether the capture lacks what
 * follows the datagram; the rest is one datagram. */
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

enum { IS_DHCP6 = 1, FROM_SIDE_1 = 2, IS_CUT = 4 };

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct dissector *dissector = data[0] & IS_DHCP6 ? &dissector_dhcp6 : &dissector_dhcp;
    struct flow flow = {.protocol = PROTO_UDP};
    struct scratch scratch = {0};
    struct budget budget = {.limit = 1 << 20};
    struct dissect_context context = {.flow = &flow,
                                      .side = data[0] & FROM_SIDE_1 ? 1 : 0,
                                      .scratch = &scratch,
                                      .budget = &budget,
                                      .emit = walk};
    /* A copy of the exact size, so that a read past its end is seen. */
    uint8_t *exact = malloc(size);
    void *state = calloc(1, dissector->state_size);
    assert(exact != NULL && state != NULL);
    memcpy(exact, data + 1, size - 1);
    struct reader bytes = reader_of_cut(span_of(exact, size - 1), data[0] & IS_CUT ? 100 : 0);
    (void)dissector->recognises(bytes);
    enum dissect answer = dissector->dissect(&bytes, state, &context);
    assert(answer == DISSECT_MORE);
    scratch_free(&scratch);
    free(state);
    free(exact);
    return 0;
}
