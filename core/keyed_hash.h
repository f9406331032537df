/* keyed_hash.h: SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), for the
 * hash tables whose keys a sender chooses.
 *
 * Who does not know the key cannot make many flows fall into one bucket. It is no MAC and no pseudonym:
 * its 64 bits are for tables in memory, and never leave the program. */
#ifndef PERPASS_CORE_KEYED_HASH_H
#define PERPASS_CORE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* keyed_hash gives SipHash-1-3 of the |len| bytes at |bytes| (may be NULL when |len| is 0). */
uint64_t keyed_hash(const uint64_t key[2], const void *bytes, size_t len);

/* keyed_hash_rounds gives SipHash-|c|-|d|: |c| rounds a word and |d| at the end. 2 and 4 are the
 * paper's own choice, of which it publishes vectors. */
uint64_t keyed_hash_rounds(const uint64_t key[2], const void *bytes, size_t len, unsigned c,
                           unsigned d);

/* A cheaper hash of five words, for the table that every packet looks into: NH (Black, Halevi, Krawczyk, Krovetz and
 * Rogaway, "UMAC", 1999, section 4) on words of 64 bits, and a strongly universal hash (Carter and Wegman) of what it
 * gives. Two different keys of flows collide in its 64 bits with a probability of about 2^-63 over the random key:
 * who chooses flows without seeing hashes cannot do better than chance. Nobody sees them; for what leaves more room
 * to learn from, there is keyed_hash. */
struct keyed_hash_five_key {
    uint64_t nh[6];
    uint64_t low[3], high[3]; /* two factors and a summand of 128 bits */
};

static inline uint64_t keyed_hash_five(const struct keyed_hash_five_key *key,
                                       const uint64_t words[5])
{
    typedef unsigned __int128 wide;
    wide sum = (wide)(words[0] + key->nh[0]) * (words[1] + key->nh[1]) +
               (wide)(words[2] + key->nh[2]) * (words[3] + key->nh[3]) +
               (wide)(words[4] + key->nh[4]) * key->nh[5];
    uint64_t x = (uint64_t)sum, y = (uint64_t)(sum >> 64);
    wide mixed =
        (wide)key->low[0] * x + (wide)key->low[1] * y + ((wide)key->high[2] << 64 | key->low[2]);
    return (uint64_t)(mixed >> 64) + key->high[0] * x + key->high[1] * y;
}

#endif
