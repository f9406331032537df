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

/* The state v0..v3 of section 2.1. */
struct keyed_hash_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t keyed_hash_rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

/* SipRound, figure 2.1. */
static inline void keyed_hash_round(struct keyed_hash_state *s)
{
    s->v0 += s->v1;
    s->v1 = keyed_hash_rotate(s->v1, 13) ^ s->v0;
    s->v0 = keyed_hash_rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = keyed_hash_rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = keyed_hash_rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = keyed_hash_rotate(s->v1, 17) ^ s->v2;
    s->v2 = keyed_hash_rotate(s->v2, 32);
}

static inline struct keyed_hash_state keyed_hash_start(const uint64_t key[2])
{
    return (struct keyed_hash_state){.v0 = key[0] ^ 0x736f6d6570736575,
                                     .v1 = key[1] ^ 0x646f72616e646f6d,
                                     .v2 = key[0] ^ 0x6c7967656e657261,
                                     .v3 = key[1] ^ 0x7465646279746573};
}

static inline void keyed_hash_word(struct keyed_hash_state *s, uint64_t word, unsigned c)
{
    s->v3 ^= word;
    for (unsigned i = 0; i < c; i++)
        keyed_hash_round(s);
    s->v0 ^= word;
}

/* The last word has |len| mod 256 in its highest byte, and the |rest| bytes that fill no word. */
static inline uint64_t keyed_hash_end(struct keyed_hash_state *s, size_t len, uint64_t rest,
                                      unsigned c, unsigned d)
{
    keyed_hash_word(s, (uint64_t)len << 56 | rest, c);
    s->v2 ^= 0xff;
    for (unsigned i = 0; i < d; i++)
        keyed_hash_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* keyed_hash_40 gives the keyed_hash of 40 bytes, given as words with the first byte lowest; on a
 * little-endian machine these are the bytes as they lie in memory. */
static inline uint64_t keyed_hash_40(const uint64_t key[2], const uint64_t words[5])
{
    struct keyed_hash_state s = keyed_hash_start(key);
    for (unsigned i = 0; i < 5; i++)
        keyed_hash_word(&s, words[i], 1);
    return keyed_hash_end(&s, 40, 0, 1, 3);
}

#endif
