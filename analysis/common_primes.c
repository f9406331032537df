/* common_primes.c: looks primes up by their digits. */
#include "analysis/common_primes.h"

static const struct common_prime primes[] = {
#define COMMON_PRIME(name, safe, bits, hex) {name, safe, bits, hex},
#include "analysis/common_primes.def"
#undef COMMON_PRIME
};

enum { NUM_PRIMES = sizeof primes / sizeof primes[0] };

static bool has_digits(struct span number, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < number.len; i++)
        if (hex[2 * i] != digits[number.at[i] >> 4] || hex[2 * i + 1] != digits[number.at[i] & 15])
            return false;
    return true;
}

const struct common_prime *common_prime_find(struct span prime)
{
    while (prime.len > 0 && prime.at[0] == 0)
        prime = span_of(prime.at + 1, prime.len - 1);
    for (size_t i = 0; i < NUM_PRIMES; i++)
        if (prime.len == primes[i].bits / 8u && has_digits(prime, primes[i].hex))
            return &primes[i];
    return NULL;
}

const struct common_prime *common_prime_at(size_t index)
{
    return index < NUM_PRIMES ? &primes[index] : NULL;
}
