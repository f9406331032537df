/* flood_unfinished.h: beginnings that have to be kept until the rest comes, which never does. */
#ifndef PERPASS_TESTS_BENCH_FLOOD_UNFINISHED_H
#define PERPASS_TESTS_BENCH_FLOOD_UNFINISHED_H

#include "tests/bench/flood.h"

/* Two fragments of a datagram of IP, the second far behind the first. */
void flood_fragments(struct flood *flood);

/* A connection, and segments behind one that is missing. */
void flood_segments(struct flood *flood);

/* Parts of several handshake messages of DTLS 1.2, each of 60 000 bytes. */
void flood_dtls_fragments(struct flood *flood);

/* An Initial of QUIC with bytes of a hello from its middle. */
void flood_quic_crypto(struct flood *flood);

#endif
