/* hash_state.c: hashes by libcrypto's functions for one algorithm each. They are deprecated in OpenSSL 3, and several
 * times faster on short messages than EVP, which takes memory for each copy of a state. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/hash_state.h"

#include <assert.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

enum { MAX_BLOCK_LEN = 128, IPAD = 0x36, OPAD = 0x5c };

/* libcrypto's own structs; |words| is as large and as aligned as each of them. */
union state {
    MD5_CTX md5;
    SHA_CTX sha1;
    SHA256_CTX sha256;
    SHA512_CTX sha384;
};

static_assert(sizeof(union state) <= sizeof((struct hash_state *)0)->words, "all states fit");
static_assert(_Alignof(union state) <= _Alignof(uint64_t), "and are aligned");

static size_t state_len(enum hash_kind kind)
{
    static const size_t lens[] = {[HASH_MD5] = sizeof(MD5_CTX),
                                  [HASH_SHA1] = sizeof(SHA_CTX),
                                  [HASH_SHA256] = sizeof(SHA256_CTX),
                                  [HASH_SHA384] = sizeof(SHA512_CTX)};
    return lens[kind];
}

static size_t block_len(enum hash_kind kind)
{
    return kind == HASH_SHA384 ? 128 : 64;
}

size_t hash_len(enum hash_kind kind)
{
    static const size_t lens[] = {[HASH_MD5] = MD5_DIGEST_LENGTH,
                                  [HASH_SHA1] = SHA_DIGEST_LENGTH,
                                  [HASH_SHA256] = SHA256_DIGEST_LENGTH,
                                  [HASH_SHA384] = SHA384_DIGEST_LENGTH};
    return lens[kind];
}

static union state *state_of(struct hash_state *state)
{
    return (union state *)state->words;
}

static void state_copy(struct hash_state *to, const struct hash_state *from)
{
    to->kind = from->kind;
    memcpy(to->words, from->words, state_len(from->kind));
}

void hash_begin(struct hash_state *state, enum hash_kind kind)
{
    state->kind = kind;
    switch (kind) {
    case HASH_MD5:
        MD5_Init(&state_of(state)->md5);
        break;
    case HASH_SHA1:
        SHA1_Init(&state_of(state)->sha1);
        break;
    case HASH_SHA256:
        SHA256_Init(&state_of(state)->sha256);
        break;
    case HASH_SHA384:
        SHA384_Init(&state_of(state)->sha384);
        break;
    }
}

void hash_add(struct hash_state *state, struct span bytes)
{
    if (bytes.len == 0)
        return;
    switch (state->kind) {
    case HASH_MD5:
        MD5_Update(&state_of(state)->md5, bytes.at, bytes.len);
        break;
    case HASH_SHA1:
        SHA1_Update(&state_of(state)->sha1, bytes.at, bytes.len);
        break;
    case HASH_SHA256:
        SHA256_Update(&state_of(state)->sha256, bytes.at, bytes.len);
        break;
    case HASH_SHA384:
        SHA384_Update(&state_of(state)->sha384, bytes.at, bytes.len);
        break;
    }
}

/* libcrypto wipes a state that it has finished. */
static void finish(struct hash_state *state, uint8_t *out)
{
    switch (state->kind) {
    case HASH_MD5:
        MD5_Final(out, &state_of(state)->md5);
        break;
    case HASH_SHA1:
        SHA1_Final(out, &state_of(state)->sha1);
        break;
    case HASH_SHA256:
        SHA256_Final(out, &state_of(state)->sha256);
        break;
    case HASH_SHA384:
        SHA384_Final(out, &state_of(state)->sha384);
        break;
    }
}

void hash_end(const struct hash_state *state, uint8_t *out)
{
    struct hash_state copy;
    state_copy(&copy, state);
    finish(&copy, out);
}

static void pad(struct hash_state *state, enum hash_kind kind, const uint8_t *block, uint8_t with)
{
    uint8_t padded[MAX_BLOCK_LEN];
    for (size_t i = 0; i < block_len(kind); i++)
        padded[i] = block[i] ^ with;
    hash_begin(state, kind);
    hash_add(state, span_of(padded, block_len(kind)));
}

void hmac_key_set(struct hmac_key *key, enum hash_kind kind, struct span bytes)
{
    uint8_t block[MAX_BLOCK_LEN] = {0};
    if (bytes.len > block_len(kind)) {
        hash_begin(&key->inner, kind);
        hash_add(&key->inner, bytes);
        finish(&key->inner, block);
    } else if (bytes.len > 0) {
        memcpy(block, bytes.at, bytes.len);
    }
    pad(&key->inner, kind, block, IPAD);
    pad(&key->outer, kind, block, OPAD);
}

void hmac_begin(const struct hmac_key *key, struct hash_state *state)
{
    state_copy(state, &key->inner);
}

void hmac_end(const struct hmac_key *key, const struct hash_state *state, uint8_t *out)
{
    uint8_t inner[HASH_MAX_LEN];
    struct hash_state outer;
    hash_end(state, inner);
    state_copy(&outer, &key->outer);
    hash_add(&outer, span_of(inner, hash_len(key->inner.kind)));
    finish(&outer, out);
}

void hmac_of(const struct hmac_key *key, struct span message, uint8_t *out)
{
    struct hash_state state;
    hmac_begin(key, &state);
    hash_add(&state, message);
    hmac_end(key, &state, out);
}
