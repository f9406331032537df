/* fuzz_clear.c: DNS, SNMP and Telnet, a dissector at a time. The first byte says which; of DNS over TCP and Telnet the
 * rest is one segment of each side, cut where the second byte says. */
#include "dissectors/dns.h"
#include "dissectors/snmp.h"
#include "dissectors/telnet.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

static void walk(void *to, const struct observation *observation)
{
    (void)to;
    fuzz_walk(observation);
}

/* Hands over a copy of the exact size, so that a read past its end is seen. */
static void offer(const struct dissector *dissector, void *state, struct flow *flow, unsigned side,
                  struct span bytes, size_t cut)
{
    uint8_t *exact = malloc(bytes.len + 1);
    assert(exact != NULL);
    if (bytes.len > 0)
        memcpy(exact, bytes.at, bytes.len);
    struct reader reader = reader_of_cut(span_of(exact, bytes.len), cut);
    struct dissect_context context = {.flow = flow, .side = side, .emit = walk};
    if (dissector->recognises(reader) == RECOGNISE_YES || side == 1)
        (void)dissector->dissect(&reader, state, &context);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dissector *const all[] = {&dissector_dns_udp, &dissector_dns_tcp,
                                                  &dissector_snmp, &dissector_telnet};
    if (size < 2)
        return 0;
    const struct dissector *dissector = all[data[0] % 4];
    size_t first = data[1] < size - 2 ? data[1] : size - 2;
    struct flow flow = {.protocol = dissector->protocol, .ip_version = 4, .saw_start = data[0] & 4};
    void *state = calloc(1, dissector->state_size);
    assert(state != NULL);
    offer(dissector, state, &flow, 0, span_of(data + 2, first), 0);
    offer(dissector, state, &flow, 1, span_of(data + 2 + first, size - 2 - first), data[0] >> 4);
    struct dissect_context context = {.flow = &flow, .emit = walk};
    if (dissector->end != NULL)
        dissector->end(state, &context);
    free(state);
    return 0;
}
