/* crypto.c: the one place that calls libcrypto (OpenSSL 3), by its EVP interface. SHA-256 of whole and short texts is
 * the exception: there EVP's contexts cost more than the hash, so that it is called by name, which OpenSSL 3 calls
 * deprecated, but has. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/crypto.h"

#include "core/memory.h"

#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <sys/random.h>

struct crypto_digest {
    EVP_MD *md;
    EVP_MD_CTX *context;
    size_t len;
    bool failed;
};

struct crypto_hmac {
    EVP_MAC_CTX *context;
};

struct crypto_aes {
    EVP_CIPHER_CTX *context;
};

struct crypto_opener {
    EVP_CIPHER_CTX *block, *gcm;
};

/* What libcrypto cannot make counts as memory that was refused, so that what lacks it does not look whole; but not
 * what its configuration does not have. */
static void note_failed(void)
{
    if (ERR_GET_REASON(ERR_peek_last_error()) != ERR_R_UNSUPPORTED)
        memory_note_refused();
    ERR_clear_error();
}

/* Not libcrypto's generator: to set that up takes more than all else at the start. */
bool crypto_random(uint8_t *out, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = getrandom(out + done, len - done, 0);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            break;
    }
    if (done == len)
        return true;
    crypto_wipe(out, len);
    return false;
}

static const char *hash_name(enum crypto_hash hash)
{
    static const char *const names[] = {[CRYPTO_SHA1] = "SHA1", [CRYPTO_SHA256] = "SHA256"};
    return names[hash];
}

static size_t hash_len(enum crypto_hash hash)
{
    static const size_t lens[] = {
        [CRYPTO_SHA1] = CRYPTO_SHA1_LEN, [CRYPTO_SHA256] = CRYPTO_SHA256_LEN};
    return lens[hash];
}

struct crypto_digest *crypto_digest_new(enum crypto_hash hash, struct error *error)
{
    struct crypto_digest *digest = calloc(1, sizeof *digest);
    if (digest != NULL) {
        digest->len = hash_len(hash);
        digest->md = EVP_MD_fetch(NULL, hash_name(hash), NULL);
        digest->context = EVP_MD_CTX_new();
        if (digest->md != NULL && digest->context != NULL &&
            EVP_DigestInit_ex2(digest->context, digest->md, NULL) == 1)
            return digest;
    }
    note_failed();
    crypto_digest_free(digest);
    error_set(error, "libcrypto gives no %s: no memory, or its configuration forbids it",
              hash_name(hash));
    return NULL;
}

bool crypto_digest_add(struct crypto_digest *digest, struct span bytes)
{
    if (!digest->failed && bytes.len != 0 &&
        EVP_DigestUpdate(digest->context, bytes.at, bytes.len) != 1)
        digest->failed = true;
    return !digest->failed;
}

bool crypto_digest_finish(struct crypto_digest *digest, uint8_t *out)
{
    bool ok = !digest->failed && EVP_DigestFinal_ex(digest->context, out, NULL) == 1;
    digest->failed = EVP_DigestInit_ex2(digest->context, digest->md, NULL) != 1;
    if (digest->failed)
        note_failed();
    if (!ok)
        crypto_wipe(out, digest->len);
    return ok;
}

void crypto_digest_free(struct crypto_digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->md);
    free(digest);
}

bool crypto_md5(struct span bytes, uint8_t out[CRYPTO_MD5_LEN])
{
    MD5_CTX hash;
    if (MD5_Init(&hash) == 1 && (bytes.len == 0 || MD5_Update(&hash, bytes.at, bytes.len) == 1) &&
        MD5_Final(out, &hash) == 1)
        return true;
    crypto_wipe(out, CRYPTO_MD5_LEN);
    return false;
}

bool crypto_sha256(struct span bytes, uint8_t out[CRYPTO_SHA256_LEN])
{
    SHA256_CTX hash;
    if (SHA256_Init(&hash) == 1 &&
        (bytes.len == 0 || SHA256_Update(&hash, bytes.at, bytes.len) == 1) &&
        SHA256_Final(out, &hash) == 1)
        return true;
    crypto_wipe(out, CRYPTO_SHA256_LEN);
    return false;
}

/* The context keeps a reference of its own to the algorithm. */
static EVP_MAC_CTX *hmac_context(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    return context;
}

struct crypto_hmac *crypto_hmac_new(struct span key, struct error *error)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    static const uint8_t nothing[1];
    struct crypto_hmac *hmac = calloc(1, sizeof *hmac);
    if (hmac != NULL) {
        hmac->context = hmac_context();
        if (hmac->context != NULL &&
            EVP_MAC_init(hmac->context, key.len != 0 ? key.at : nothing, key.len, params) == 1)
            return hmac;
    }
    note_failed();
    crypto_hmac_free(hmac);
    error_set(error, "libcrypto gives no HMAC-SHA-256: no memory, or its configuration forbids it");
    return NULL;
}

bool crypto_hmac(struct crypto_hmac *hmac, struct span bytes, uint8_t out[CRYPTO_SHA256_LEN])
{
    size_t len = 0;
    /* Without a key, init starts anew under the key that the context has. */
    if (EVP_MAC_init(hmac->context, NULL, 0, NULL) == 1 &&
        (bytes.len == 0 || EVP_MAC_update(hmac->context, bytes.at, bytes.len) == 1) &&
        EVP_MAC_final(hmac->context, out, &len, CRYPTO_SHA256_LEN) == 1 && len == CRYPTO_SHA256_LEN)
        return true;
    crypto_wipe(out, CRYPTO_SHA256_LEN);
    return false;
}

void crypto_hmac_free(struct crypto_hmac *hmac)
{
    if (hmac == NULL)
        return;
    EVP_MAC_CTX_free(hmac->context);
    free(hmac);
}

static EVP_KDF_CTX *hkdf_context(void)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    EVP_KDF_free(kdf);
    return context;
}

/* libcrypto takes octets as void *, and does not write to them. */
static OSSL_PARAM octets(const char *name, struct span bytes)
{
    static const uint8_t nothing[1];
    const uint8_t *at = bytes.len != 0 ? bytes.at : nothing;
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)at, bytes.len);
}

bool crypto_hkdf(struct span key, struct span salt, struct span info, uint8_t *out, size_t len)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[5];
    size_t num = 0;
    params[num++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[num++] = octets(OSSL_KDF_PARAM_KEY, key);
    /* No salt and a salt of no bytes are the same, RFC 5869 section 2.2. */
    if (salt.len != 0)
        params[num++] = octets(OSSL_KDF_PARAM_SALT, salt);
    params[num++] = octets(OSSL_KDF_PARAM_INFO, info);
    params[num] = OSSL_PARAM_construct_end();

    EVP_KDF_CTX *context = hkdf_context();
    bool ok = context != NULL && EVP_KDF_derive(context, out, len, params) == 1;
    if (!ok) {
        note_failed();
        crypto_wipe(out, len);
    }
    EVP_KDF_CTX_free(context);
    return ok;
}

struct crypto_aes *crypto_aes_new(const uint8_t key[16], struct error *error)
{
    struct crypto_aes *aes = calloc(1, sizeof *aes);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    bool ok = false;
    if (aes != NULL && cipher != NULL) {
        aes->context = EVP_CIPHER_CTX_new();
        ok = aes->context != NULL &&
             EVP_EncryptInit_ex2(aes->context, cipher, key, NULL, NULL) == 1 &&
             EVP_CIPHER_CTX_set_padding(aes->context, 0) == 1;
    }
    EVP_CIPHER_free(cipher);
    if (ok)
        return aes;
    note_failed();
    crypto_aes_free(aes);
    error_set(error, "libcrypto gives no AES-128: no memory, or its configuration forbids it");
    return NULL;
}

bool crypto_aes_encrypt(struct crypto_aes *aes, const uint8_t *in, uint8_t *out, size_t num_blocks)
{
    int len = 0;
    size_t want = num_blocks * CRYPTO_AES_BLOCK_LEN;
    if (num_blocks <= INT_MAX / CRYPTO_AES_BLOCK_LEN &&
        EVP_EncryptUpdate(aes->context, out, &len, in, (int)want) == 1 && (size_t)len == want)
        return true;
    crypto_wipe(out, want);
    return false;
}

void crypto_aes_free(struct crypto_aes *aes)
{
    if (aes == NULL)
        return;
    EVP_CIPHER_CTX_free(aes->context);
    free(aes);
}

static EVP_CIPHER_CTX *cipher_context(const char *name)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (cipher == NULL || context == NULL ||
        EVP_CipherInit_ex2(context, cipher, NULL, NULL, 1, NULL) != 1) {
        EVP_CIPHER_CTX_free(context);
        context = NULL;
    }
    EVP_CIPHER_free(cipher);
    return context;
}

/* --- HMAC of few messages, RFC 2104 --- */

static void mac_pad(const uint8_t key[SHA256_CBLOCK], uint8_t with, uint32_t state[8])
{
    uint8_t block[SHA256_CBLOCK];
    SHA256_CTX hash;
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key[i] ^ with;
    (void)SHA256_Init(&hash);
    SHA256_Transform(&hash, block);
    memcpy(state, hash.h, sizeof hash.h);
}

void crypto_mac_key(struct crypto_mac *mac, struct span key)
{
    uint8_t block[SHA256_CBLOCK] = {0};
    if (key.len > sizeof block)
        (void)crypto_sha256(key, block);
    else if (key.len > 0)
        memcpy(block, key.at, key.len);
    mac_pad(block, 0x36, mac->inner);
    mac_pad(block, 0x5c, mac->outer);
}

enum { MAC_SHORT = 119 }; /* bytes that fit into two blocks with their padding */

static void mac_word(uint8_t *out, uint32_t word)
{
    const uint8_t bytes[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8),
                              (uint8_t)word};
    memcpy(out, bytes, sizeof bytes);
}

/* One pass, of which the first block is done. */
static void mac_pass(const uint32_t state[8], struct span bytes, uint8_t out[CRYPTO_SHA256_LEN])
{
    SHA256_CTX hash = {.Nl = 8 * SHA256_CBLOCK, .md_len = SHA256_DIGEST_LENGTH};
    memcpy(hash.h, state, sizeof hash.h);
    if (bytes.len > MAC_SHORT) {
        (void)SHA256_Update(&hash, bytes.at, bytes.len);
        (void)SHA256_Final(out, &hash);
        return;
    }
    /* Padded here (FIPS 180-4, section 5.1.1): most messages are shorter than what libcrypto's buffers cost. */
    uint8_t block[2 * SHA256_CBLOCK] = {0};
    const size_t blocks = (bytes.len + 1 + 8 + SHA256_CBLOCK - 1) / SHA256_CBLOCK;
    const uint64_t bits = 8 * (uint64_t)(SHA256_CBLOCK + bytes.len);
    if (bytes.len > 0)
        memcpy(block, bytes.at, bytes.len);
    block[bytes.len] = 0x80;
    mac_word(block + blocks * SHA256_CBLOCK - 4, (uint32_t)bits);
    for (size_t i = 0; i < blocks; i++)
        SHA256_Transform(&hash, block + i * SHA256_CBLOCK);
    for (size_t i = 0; i < 8; i++)
        mac_word(out + 4 * i, hash.h[i]);
}

void crypto_mac(const struct crypto_mac *mac, struct span bytes, uint8_t out[CRYPTO_SHA256_LEN])
{
    uint8_t inner[CRYPTO_SHA256_LEN];
    mac_pass(mac->inner, bytes, inner);
    mac_pass(mac->outer, span_of(inner, sizeof inner), out);
}

/* --- opening packets --- */

struct crypto_opener *crypto_opener_new(struct error *error)
{
    struct crypto_opener *opener = calloc(1, sizeof *opener);
    if (opener != NULL) {
        opener->block = cipher_context("AES-128-ECB");
        opener->gcm = cipher_context("AES-128-GCM");
        if (opener->block != NULL && opener->gcm != NULL &&
            EVP_CIPHER_CTX_set_padding(opener->block, 0) == 1)
            return opener;
    }
    note_failed();
    crypto_opener_free(opener);
    error_set(error, "libcrypto gives no AES-128-GCM: no memory, or its configuration forbids it");
    return NULL;
}

bool crypto_opener_block(struct crypto_opener *opener, const uint8_t key[CRYPTO_GCM_KEY_LEN],
                         const uint8_t in[CRYPTO_AES_BLOCK_LEN], uint8_t out[CRYPTO_AES_BLOCK_LEN])
{
    int len = 0;
    if (EVP_EncryptInit_ex2(opener->block, NULL, key, NULL, NULL) == 1 &&
        EVP_EncryptUpdate(opener->block, out, &len, in, CRYPTO_AES_BLOCK_LEN) == 1 &&
        len == CRYPTO_AES_BLOCK_LEN)
        return true;
    crypto_wipe(out, CRYPTO_AES_BLOCK_LEN);
    return false;
}

bool crypto_opener_open(struct crypto_opener *opener, const uint8_t key[CRYPTO_GCM_KEY_LEN],
                        const uint8_t nonce[CRYPTO_GCM_NONCE_LEN], struct span associated,
                        struct span sealed, uint8_t *out)
{
    EVP_CIPHER_CTX *gcm = opener->gcm;
    if (sealed.len < CRYPTO_GCM_TAG_LEN || sealed.len > INT_MAX || associated.len > INT_MAX)
        return false;
    size_t want = sealed.len - CRYPTO_GCM_TAG_LEN;
    uint8_t tag[CRYPTO_GCM_TAG_LEN];
    memcpy(tag, sealed.at + want, sizeof tag);
    int len = 0, more = 0;
    bool ok = EVP_DecryptInit_ex2(gcm, NULL, key, nonce, NULL) == 1 &&
              EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, CRYPTO_GCM_TAG_LEN, tag) == 1 &&
              (associated.len == 0 ||
               EVP_DecryptUpdate(gcm, NULL, &len, associated.at, (int)associated.len) == 1);
    len = 0;
    ok = ok && (want == 0 || EVP_DecryptUpdate(gcm, out, &len, sealed.at, (int)want) == 1) &&
         EVP_DecryptFinal_ex(gcm, out + len, &more) == 1 && (size_t)(len + more) == want;
    if (!ok)
        crypto_wipe(out, want);
    return ok;
}

void crypto_opener_free(struct crypto_opener *opener)
{
    if (opener == NULL)
        return;
    EVP_CIPHER_CTX_free(opener->block);
    EVP_CIPHER_CTX_free(opener->gcm);
    free(opener);
}

struct crypto_cipher {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *context;
};

struct crypto_cipher *crypto_cipher_new(enum crypto_cipher_kind kind, struct error *error)
{
    static const char *const names[CRYPTO_NUM_CIPHERS] = {
        [CRYPTO_AES_128] = "AES-128-ECB",
        [CRYPTO_AES_256] = "AES-256-ECB",
        [CRYPTO_ARIA_128] = "ARIA-128-ECB",
        [CRYPTO_ARIA_256] = "ARIA-256-ECB",
        [CRYPTO_CAMELLIA_128] = "CAMELLIA-128-ECB",
        [CRYPTO_CAMELLIA_256] = "CAMELLIA-256-ECB",
        [CRYPTO_3DES] = "DES-EDE3-ECB",
        [CRYPTO_CHACHA20] = "ChaCha20"};
    struct crypto_cipher *cipher = calloc(1, sizeof *cipher);
    if (cipher != NULL) {
        cipher->cipher = EVP_CIPHER_fetch(NULL, names[kind], NULL);
        cipher->context = EVP_CIPHER_CTX_new();
        if (cipher->cipher != NULL && cipher->context != NULL)
            return cipher;
    }
    note_failed();
    crypto_cipher_free(cipher);
    error_set(error, "libcrypto gives no %s: no memory, or its configuration forbids it",
              names[kind]);
    return NULL;
}

bool crypto_cipher_run(struct crypto_cipher *cipher, bool encrypt, const uint8_t *key,
                       const uint8_t *nonce, const uint8_t *in, size_t len, uint8_t *out)
{
    int got = 0;
    if (len <= INT_MAX &&
        EVP_CipherInit_ex2(cipher->context, cipher->cipher, key, nonce, encrypt, NULL) == 1 &&
        EVP_CIPHER_CTX_set_padding(cipher->context, 0) == 1 &&
        EVP_CipherUpdate(cipher->context, out, &got, in, (int)len) == 1 && (size_t)got == len)
        return true;
    crypto_wipe(out, len);
    return false;
}

void crypto_cipher_free(struct crypto_cipher *cipher)
{
    if (cipher == NULL)
        return;
    EVP_CIPHER_CTX_free(cipher->context);
    EVP_CIPHER_free(cipher->cipher);
    free(cipher);
}

bool crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void crypto_wipe(void *at, size_t len)
{
    explicit_bzero(at, len);
}

const char *crypto_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}
