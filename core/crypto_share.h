/* crypto_share.h: ephemeral Diffie-Hellman keys, over the integers modulo a prime or on a curve. */
#ifndef PERPASS_CORE_CRYPTO_SHARE_H
#define PERPASS_CORE_CRYPTO_SHARE_H

#include "core/span.h"

enum {
    CRYPTO_SHARE_MAX_LEN = 1024, /* bytes of a public value or a secret: primes of 8192 bits */
    CRYPTO_SHARE_X25519 = 29     /* number of that curve, which each library has */
};

struct crypto_share;

/* crypto_share_curve makes a key on a curve, by its number in IANA's "TLS Supported Groups": secp256r1,
 * secp384r1, secp521r1, x25519, x448. NULL for others, and without memory. */
struct crypto_share *crypto_share_curve(uint16_t group);

/* crypto_share_prime makes a key modulo |prime|, of 512 to 8192 bits, with |generator|. NULL for others. */
struct crypto_share *crypto_share_prime(struct span prime, struct span generator);

/* crypto_share_public is what the other side gets. */
struct span crypto_share_public(const struct crypto_share *share);

/* crypto_share_secret works out what both sides know, to |secret|, as it becomes a premaster secret: of primes
 * without leading zeros (RFC 5246 section 8.1.2), of curves the x-coordinate whole (RFC 8422 section 5.10). Gives
 * its length; 0: |peer| is no public value of that group. */
size_t crypto_share_secret(const struct crypto_share *share, struct span peer,
                           uint8_t secret[CRYPTO_SHARE_MAX_LEN]);

void crypto_share_free(struct crypto_share *share); /* wipes the key */

#endif
