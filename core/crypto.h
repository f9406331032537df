/* crypto.h: the door to libcrypto: random bytes, hashes, HMAC, HKDF, one block cipher, wiping.
 *
 * Constructors give NULL and the error. The functions that compute give false when libcrypto fails (it
 * is out of memory, or a provider forbids the algorithm); then the output is all zero and the caller
 * shows nothing rather than something wrong. No object here may be used by two threads at once. */
#ifndef PERPASS_CORE_CRYPTO_H
#define PERPASS_CORE_CRYPTO_H

#include "core/error.h"
#include "core/span.h"

enum {
    CRYPTO_MD5_LEN = 16,
    CRYPTO_SHA1_LEN = 20,
    CRYPTO_SHA256_LEN = 32,
    CRYPTO_AES_BLOCK_LEN = 16
};

/* crypto_random fills |len| bytes at |out| from the kernel's random generator. */
bool crypto_random(uint8_t *out, size_t len);

/* Hashes of bytes that come in parts. SHA-1 and MD5 serve identifiers that are defined by them, nothing else. */
enum crypto_hash { CRYPTO_SHA1, CRYPTO_SHA256 };
struct crypto_digest;
struct crypto_digest *crypto_digest_new(enum crypto_hash hash, struct error *error);
bool crypto_digest_add(struct crypto_digest *digest, struct span bytes);
/* crypto_digest_finish writes the hash (CRYPTO_SHA1_LEN or _SHA256_LEN bytes) and starts anew. It
 * gives false when this or any crypto_digest_add before it failed. */
bool crypto_digest_finish(struct crypto_digest *digest, uint8_t *out);
void crypto_digest_free(struct crypto_digest *digest);

/* crypto_md5 and crypto_sha256 are the hashes of bytes that are all there. */
bool crypto_md5(struct span bytes, uint8_t out[CRYPTO_MD5_LEN]);
bool crypto_sha256(struct span bytes, uint8_t out[CRYPTO_SHA256_LEN]);

/* HMAC-SHA-256 (RFC 2104) under one key, many times. */
struct crypto_hmac;
struct crypto_hmac *crypto_hmac_new(struct span key, struct error *error);
bool crypto_hmac(struct crypto_hmac *hmac, struct span bytes, uint8_t out[CRYPTO_SHA256_LEN]);
void crypto_hmac_free(struct crypto_hmac *hmac); /* wipes the key */

/* crypto_hkdf derives |len| bytes (at most 255 * 32) by HKDF-SHA-256, RFC 5869. */
bool crypto_hkdf(struct span key, struct span salt, struct span info, uint8_t *out, size_t len);

/* AES-128 on single blocks, FIPS 197: a building block, never a way to encrypt data. */
struct crypto_aes;
struct crypto_aes *crypto_aes_new(const uint8_t key[16], struct error *error);
/* crypto_aes_encrypt encrypts |num_blocks| blocks of 16 bytes, each by itself; |in| may be |out|. */
bool crypto_aes_encrypt(struct crypto_aes *aes, const uint8_t *in, uint8_t *out, size_t num_blocks);
void crypto_aes_free(struct crypto_aes *aes); /* wipes the key */

/* HMAC-SHA-256 under a key that serves for few messages, with nothing to allocate: HKDF-Extract, and with it
 * HKDF-Expand (RFC 5869). Nothing of the key is wiped here. */
struct crypto_mac {
    uint32_t inner[8], outer[8]; /* SHA-256 behind the key, for both of its passes */
};
void crypto_mac_key(struct crypto_mac *mac, struct span key);
void crypto_mac(const struct crypto_mac *mac, struct span bytes, uint8_t out[CRYPTO_SHA256_LEN]);

/* Keys that change from call to call: what opens the packets of any number of connections, one after the
 * other. Its contexts are fetched from libcrypto once, which takes longer than to open a packet. */
struct crypto_opener;
enum { CRYPTO_GCM_KEY_LEN = 16, CRYPTO_GCM_NONCE_LEN = 12, CRYPTO_GCM_TAG_LEN = 16 };
struct crypto_opener *crypto_opener_new(struct error *error);
/* crypto_opener_block encrypts one block by AES-128. */
bool crypto_opener_block(struct crypto_opener *opener, const uint8_t key[CRYPTO_GCM_KEY_LEN],
                         const uint8_t in[CRYPTO_AES_BLOCK_LEN], uint8_t out[CRYPTO_AES_BLOCK_LEN]);
/* crypto_opener_open opens |sealed|, the ciphertext and its tag, by AES-128-GCM (RFC 5116) to |out|, which
 * has CRYPTO_GCM_TAG_LEN bytes less and may be where the ciphertext is. False, too, when the tag is wrong. */
bool crypto_opener_open(struct crypto_opener *opener, const uint8_t key[CRYPTO_GCM_KEY_LEN],
                        const uint8_t nonce[CRYPTO_GCM_NONCE_LEN], struct span associated,
                        struct span sealed, uint8_t *out);
void crypto_opener_free(struct crypto_opener *opener);

/* A cipher without authentication, under keys that change from call to call: what tries keys on the beginning of a
 * record whose plain text is known. Block ciphers are on single blocks, as crypto_aes. */
enum crypto_cipher_kind {
    CRYPTO_AES_128,
    CRYPTO_AES_256,
    CRYPTO_ARIA_128,
    CRYPTO_ARIA_256,
    CRYPTO_CAMELLIA_128,
    CRYPTO_CAMELLIA_256,
    CRYPTO_3DES,
    CRYPTO_CHACHA20 /* with 16 bytes of counter (little-endian, 4) and nonce (12) before the message */
};
enum { CRYPTO_NUM_CIPHERS = CRYPTO_CHACHA20 + 1 };
struct crypto_cipher;
struct crypto_cipher *crypto_cipher_new(enum crypto_cipher_kind kind, struct error *error);
/* crypto_cipher_run encrypts or decrypts |len| bytes, whole blocks of a block cipher, under |key| to |out|. |nonce| is
 * of ChaCha20, else NULL. */
bool crypto_cipher_run(struct crypto_cipher *cipher, bool encrypt, const uint8_t *key,
                       const uint8_t *nonce, const uint8_t *in, size_t len, uint8_t *out);
void crypto_cipher_free(struct crypto_cipher *cipher); /* wipes the key */

/* crypto_equal compares in a time that does not depend on where the bytes differ. */
bool crypto_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* crypto_wipe overwrites |len| bytes; the compiler cannot leave it out. */
void crypto_wipe(void *at, size_t len);

/* crypto_library is the version of the libcrypto that is loaded. */
const char *crypto_library(void);

#endif
