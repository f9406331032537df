/* flood_quic.h: a client's first QUIC packet. */
#ifndef PERPASS_TESTS_BENCH_FLOOD_QUIC_H
#define PERPASS_TESTS_BENCH_FLOOD_QUIC_H

#include "tests/bench/flood.h"

enum { FLOOD_QUIC_LEN = 1200 };

/* flood_quic_initial seals a datagram with an Initial packet of version 1 (RFC 9001) around |hello|, which are the
 * bytes from |offset| on of what its sender says, under keys of a random connection id. */
void flood_quic_initial(struct flood *flood, uint16_t offset, const uint8_t *hello, size_t len,
                        uint8_t datagram[FLOOD_QUIC_LEN]);

#endif
