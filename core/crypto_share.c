/* crypto_share.c: Diffie-Hellman by libcrypto: curves by EVP, primes that a server names by BN. */
#include "core/crypto_share.h"

#include "core/crypto.h"
#include "core/memory.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { MIN_PRIME_BITS = 512, MAX_PRIME_BITS = 8 * CRYPTO_SHARE_MAX_LEN, EXPONENT_BITS = 512 };

struct crypto_share {
    EVP_PKEY *curve;
    BIGNUM *prime, *exponent;
    uint8_t public_value[CRYPTO_SHARE_MAX_LEN];
    size_t public_len;
};

struct curve_row {
    uint16_t group;
    const char *type, *name;
};

static const struct curve_row curves[] = {{23, "EC", "P-256"},
                                          {24, "EC", "P-384"},
                                          {25, "EC", "P-521"},
                                          {29, "X25519", NULL},
                                          {30, "X448", NULL}};

static EVP_PKEY *curve_key(uint16_t group)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (curves[i].group != group)
            continue;
        return curves[i].name != NULL
                   ? EVP_PKEY_Q_keygen(NULL, NULL, curves[i].type, curves[i].name)
                   : EVP_PKEY_Q_keygen(NULL, NULL, curves[i].type);
    }
    return NULL;
}

struct crypto_share *crypto_share_curve(uint16_t group)
{
    struct crypto_share *share = calloc(1, sizeof *share);
    if (share == NULL)
        return NULL;
    share->curve = curve_key(group);
    unsigned char *encoded = NULL;
    if (share->curve != NULL)
        share->public_len = EVP_PKEY_get1_encoded_public_key(share->curve, &encoded);
    bool ok = share->public_len > 0 && share->public_len <= sizeof share->public_value;
    if (ok)
        memcpy(share->public_value, encoded, share->public_len);
    OPENSSL_free(encoded);
    if (ok)
        return share;
    crypto_share_free(share);
    return NULL;
}

/* 1 < value < prime - 1: others have no secret. */
static bool in_group(const BIGNUM *value, const BIGNUM *prime)
{
    BIGNUM *last = BN_dup(prime);
    bool ok = last != NULL && BN_sub_word(last, 1) == 1 && BN_cmp(value, BN_value_one()) > 0 &&
              BN_cmp(value, last) < 0;
    BN_free(last);
    return ok;
}

/* |base| to the power of the exponent; its length, 0 when it cannot be. */
static size_t power(const struct crypto_share *share, struct span base,
                    uint8_t out[CRYPTO_SHARE_MAX_LEN])
{
    int len = 0;
    BN_CTX *context = memory_made(BN_CTX_secure_new());
    BIGNUM *number = base.len <= INT_MAX ? BN_bin2bn(base.at, (int)base.len, NULL) : NULL;
    BIGNUM *result = memory_made(BN_secure_new());
    if (context != NULL && number != NULL && result != NULL && in_group(number, share->prime) &&
        BN_mod_exp_mont_consttime(result, number, share->exponent, share->prime, context, NULL) ==
            1 &&
        BN_num_bytes(result) <= CRYPTO_SHARE_MAX_LEN)
        len = BN_bn2bin(result, out);
    BN_clear_free(result);
    BN_free(number);
    BN_CTX_free(context);
    return len > 0 ? (size_t)len : 0;
}

struct crypto_share *crypto_share_prime(struct span prime, struct span generator)
{
    const uint64_t bits = span_bits(prime);
    struct crypto_share *share = calloc(1, sizeof *share);
    uint8_t exponent[EXPONENT_BITS / 8];
    if (share == NULL)
        return NULL;
    if (bits >= MIN_PRIME_BITS && bits <= MAX_PRIME_BITS && prime.len <= INT_MAX &&
        (prime.at[prime.len - 1] & 1) != 0 && crypto_random(exponent, sizeof exponent)) {
        share->prime = BN_bin2bn(prime.at, (int)prime.len, NULL);
        share->exponent = BN_bin2bn(exponent, sizeof exponent, NULL);
        crypto_wipe(exponent, sizeof exponent);
        if (share->prime != NULL && share->exponent != NULL)
            share->public_len = power(share, generator, share->public_value);
    }
    if (share->public_len > 0)
        return share;
    crypto_share_free(share);
    return NULL;
}

struct span crypto_share_public(const struct crypto_share *share)
{
    return span_of(share->public_value, share->public_len);
}

static size_t curve_secret(const struct crypto_share *share, struct span peer,
                           uint8_t secret[CRYPTO_SHARE_MAX_LEN])
{
    size_t len = CRYPTO_SHARE_MAX_LEN;
    EVP_PKEY *other = memory_made(EVP_PKEY_new());
    EVP_PKEY_CTX *context = memory_made(EVP_PKEY_CTX_new_from_pkey(NULL, share->curve, NULL));
    bool ok = other != NULL && context != NULL && peer.len > 0 &&
              EVP_PKEY_copy_parameters(other, share->curve) == 1 &&
              EVP_PKEY_set1_encoded_public_key(other, peer.at, peer.len) == 1 &&
              EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, other) == 1 &&
              EVP_PKEY_derive(context, secret, &len) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(other);
    return ok ? len : 0;
}

size_t crypto_share_secret(const struct crypto_share *share, struct span peer,
                           uint8_t secret[CRYPTO_SHARE_MAX_LEN])
{
    return share->curve != NULL ? curve_secret(share, peer, secret) : power(share, peer, secret);
}

void crypto_share_free(struct crypto_share *share)
{
    if (share == NULL)
        return;
    EVP_PKEY_free(share->curve);
    BN_free(share->prime);
    BN_clear_free(share->exponent);
    free(share);
}
