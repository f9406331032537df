/* keyed_hash.c: SipHash (Aumasson and Bernstein 2012, section 2) of bytes of any length. */
#include "core/keyed_hash.h"

/* The words of SipHash have their first byte lowest, on every machine. */
static uint64_t keyed_hash_load(const uint8_t *bytes, size_t len)
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
        keyed_hash_word(&s, keyed_hash_load(at, 8), c);
    return keyed_hash_end(&s, len, keyed_hash_load(at, left), c, d);
}

uint64_t keyed_hash(const uint64_t key[2], const void *bytes, size_t len)
{
    return keyed_hash_rounds(key, bytes, len, 1, 3);
}
