/* handshake_mutator.h: changes scripts of TLS and DTLS conversations (fuzz_tls.c, fuzz_dtls.c) so that they stay records,
 * messages and extensions: lengths are made anew after every change, and the fuzzer comes behind them.
 *
 * What it changes: messages are removed, repeated, reordered, said by the other side, of another type or version;
 * extensions of hellos are removed, repeated, reordered, inserted; bytes inside them are left to LLVMFuzzerMutate. How
 * messages lie in records, segments and datagrams is drawn anew: of DTLS also fragments that overlap, come twice and in
 * any order. */
#ifndef PERPASS_TESTS_FUZZ_HANDSHAKE_MUTATOR_H
#define PERPASS_TESTS_FUZZ_HANDSHAKE_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

enum handshake_transport { HANDSHAKE_TLS, HANDSHAKE_DTLS };

/* handshake_mutate changes the script of |size| bytes in |data|, which has room for |max_size|, and gives its new
 * length. What follows from |seed| alone is the same everywhere. Where nothing is a record, or for a change in
 * variety, LLVMFuzzerMutate changes the bytes of the script. */
size_t handshake_mutate(enum handshake_transport transport, uint8_t *data, size_t size,
                        size_t max_size, unsigned seed);

#endif
