/* common_primes.h: Diffie-Hellman primes of at most 1024 bits that many servers share, by default of their software or
 * of a standard. */
#ifndef PERPASS_ANALYSIS_COMMON_PRIMES_H
#define PERPASS_ANALYSIS_COMMON_PRIMES_H

#include "core/span.h"

struct common_prime {
    const char *name; /* "RFC 2409 section 6.2, second Oakley group" */
    bool safe;        /* (p - 1) / 2 is a prime, too */
    uint16_t bits;
    const char *hex; /* lower-case */
};

/* common_prime_find gives the row of the number whose bytes these are, the highest first (leading zeros do not count);
 * NULL for any other. */
const struct common_prime *common_prime_find(struct span prime);

/* common_prime_at walks the table; NULL past its end. */
const struct common_prime *common_prime_at(size_t index);

#endif
