/* crypto_record.h: seals and opens whole records: AEAD (RFC 5116, RFC 6655, RFC 7905), and block ciphers in CBC.
 *
 * Each call sets its cipher up anew: for who writes records one by one. All give false when libcrypto does not
 * have the cipher, and crypto_aead_open, too, when the tag is wrong; then the output is all zero. */
#ifndef PERPASS_CORE_CRYPTO_RECORD_H
#define PERPASS_CORE_CRYPTO_RECORD_H

#include "core/span.h"

enum crypto_aead {
    CRYPTO_AES_128_CCM = 1,
    CRYPTO_AES_256_CCM,
    CRYPTO_AES_128_CCM_8, /* a tag of 8 bytes */
    CRYPTO_AES_256_CCM_8,
    CRYPTO_AES_128_GCM,
    CRYPTO_AES_256_GCM,
    CRYPTO_CHACHA20_POLY1305
};

enum crypto_cbc {
    CRYPTO_AES_128_CBC = 1,
    CRYPTO_AES_256_CBC,
    CRYPTO_CAMELLIA_128_CBC,
    CRYPTO_CAMELLIA_256_CBC,
    CRYPTO_3DES_CBC
};

enum { CRYPTO_AEAD_NONCE_LEN = 12, CRYPTO_MAX_TAG_LEN = 16, CRYPTO_MAX_CBC_BLOCK = 16 };

size_t crypto_aead_key_len(enum crypto_aead kind);
size_t crypto_aead_tag_len(enum crypto_aead kind);
size_t crypto_cbc_key_len(enum crypto_cbc kind);
size_t crypto_cbc_block_len(enum crypto_cbc kind);

/* crypto_aead_seal writes plain.len bytes and the tag to |out|. */
bool crypto_aead_seal(enum crypto_aead kind, const uint8_t *key,
                      const uint8_t nonce[CRYPTO_AEAD_NONCE_LEN], struct span associated,
                      struct span plain, uint8_t *out);

/* crypto_aead_open writes sealed.len bytes without the tag to |out|. */
bool crypto_aead_open(enum crypto_aead kind, const uint8_t *key,
                      const uint8_t nonce[CRYPTO_AEAD_NONCE_LEN], struct span associated,
                      struct span sealed, uint8_t *out);

/* crypto_cbc_run encrypts or decrypts |in|, whole blocks, to |out|. */
bool crypto_cbc_run(enum crypto_cbc kind, bool encrypt, const uint8_t *key, const uint8_t *iv,
                    struct span in, uint8_t *out);

/* crypto_mask is the first block of AES in ECB, or of ChaCha20, under |key|, of a |sample| of 16 bytes: by which
 * DTLS 1.3 hides the numbers of records (RFC 9147 section 4.2.3). */
bool crypto_mask(enum crypto_aead kind, const uint8_t *key, const uint8_t sample[16],
                 uint8_t mask[16]);

#endif
