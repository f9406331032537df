/* keyed_hash.c: SipHash (Aumasson and Bernstein 2012, section 2) of bytes of any length. */
#include "core/keyed_hash.h"

/* The state v0..v3 of section 2.1. */
struct keyed_hash_state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t keyed_hash_rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

/* SipRound, figure 2.1. */
static void keyed_hash_round(struct keyed_hash_state *s)
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

static struct keyed_hash_state keyed_hash_start(const uint64_t key[2])
{
    return (struct keyed_hash_state){.v0 = key[0] ^ 0x736f6d6570736575,
                                     .v1 = key[1] ^ 0x646f72616e646f6d,
                                     .v2 = key[0] ^ 0x6c7967656e657261,
                                     .v3 = key[1] ^ 0x7465646279746573};
}

static void keyed_hash_word(struct keyed_hash_state *s, uint64_t word, unsigned c)
{
    s->v3 ^= word;
    for (unsigned i = 0; i < c; i++)
        keyed_hash_round(s);
    s->v0 ^= word;
}

/* The last word has |len| mod 256 in its highest byte, and the |rest| bytes that fill no word. */
static uint64_t keyed_hash_end(struct keyed_hash_state *s, size_t len, uint64_t rest, unsigned c,
                               unsigned d)
{
    keyed_hash_word(s, (uint64_t)len << 56 | rest, c);
    s->v2 ^= 0xff;
    for (unsigned i = 0; i < d; i++)
        keyed_hash_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The words of SipHash have their first byte lowest, on every machine. Compilers know this form of a load. */
static uint64_t keyed_hash_load(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
           (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

/* The bytes that fill no word. */
static uint64_t keyed_hash_rest(const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

uint64_t keyed_hash_rounds(const uint64_t key[2], const void *bytes, size_t len, unsigned c,
                           unsigned d)
{
    struct keyed_hash_state s = keyed_hash_start(key);
    const uint8_t *at = (const uint8_t *)bytes;
    size_t left = len;
    for (; left >= 8; left -= 8, at += 8)
        keyed_hash_word(&s, keyed_hash_load(at), c);
    return keyed_hash_end(&s, len, keyed_hash_rest(at, left), c, d);
}

uint64_t keyed_hash(const uint64_t key[2], const void *bytes, size_t len)
{
    return keyed_hash_rounds(key, bytes, len, 1, 3);
}
