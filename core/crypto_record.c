/* crypto_record.c: whole records by libcrypto's EVP interface. */
#include "core/crypto_record.h"

#include "core/crypto.h"
#include "core/memory.h"

#include <limits.h>
#include <openssl/evp.h>

struct aead_row {
    const char *name, *mask;
    uint8_t key_len, tag_len;
    bool ccm;
};

static const struct aead_row aeads[] = {
    [CRYPTO_AES_128_CCM] = {"AES-128-CCM", "AES-128-ECB", 16, 16, true},
    [CRYPTO_AES_256_CCM] = {"AES-256-CCM", "AES-256-ECB", 32, 16, true},
    [CRYPTO_AES_128_CCM_8] = {"AES-128-CCM", "AES-128-ECB", 16, 8, true},
    [CRYPTO_AES_256_CCM_8] = {"AES-256-CCM", "AES-256-ECB", 32, 8, true},
    [CRYPTO_AES_128_GCM] = {"AES-128-GCM", "AES-128-ECB", 16, 16, false},
    [CRYPTO_AES_256_GCM] = {"AES-256-GCM", "AES-256-ECB", 32, 16, false},
    [CRYPTO_CHACHA20_POLY1305] = {"ChaCha20-Poly1305", "ChaCha20", 32, 16, false},
};

struct cbc_row {
    const char *name;
    uint8_t key_len, block_len;
};

static const struct cbc_row cbcs[] = {
    [CRYPTO_AES_128_CBC] = {"AES-128-CBC", 16, 16},
    [CRYPTO_AES_256_CBC] = {"AES-256-CBC", 32, 16},
    [CRYPTO_CAMELLIA_128_CBC] = {"CAMELLIA-128-CBC", 16, 16},
    [CRYPTO_CAMELLIA_256_CBC] = {"CAMELLIA-256-CBC", 32, 16},
    [CRYPTO_3DES_CBC] = {"DES-EDE3-CBC", 24, 8},
};

size_t crypto_aead_key_len(enum crypto_aead kind)
{
    return aeads[kind].key_len;
}

size_t crypto_aead_tag_len(enum crypto_aead kind)
{
    return aeads[kind].tag_len;
}

size_t crypto_cbc_key_len(enum crypto_cbc kind)
{
    return cbcs[kind].key_len;
}

size_t crypto_cbc_block_len(enum crypto_cbc kind)
{
    return cbcs[kind].block_len;
}

/* CCM has to know the lengths of nonce and tag before its key, and that of the text before the associated data. */
static bool begin(EVP_CIPHER_CTX *context, const struct aead_row *row, bool seal,
                  const uint8_t *key, const uint8_t *nonce, struct span associated, size_t text_len,
                  const uint8_t *tag)
{
    int len = 0;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, row->name, NULL);
    bool ok =
        cipher != NULL && EVP_CipherInit_ex2(context, cipher, NULL, NULL, seal, NULL) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, CRYPTO_AEAD_NONCE_LEN, NULL) == 1;
    uint8_t copy[CRYPTO_MAX_TAG_LEN];
    if (tag != NULL)
        memcpy(copy, tag, row->tag_len);
    if (ok && (row->ccm || tag != NULL))
        ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, row->tag_len,
                                 tag != NULL ? copy : NULL) == 1;
    ok = ok && EVP_CipherInit_ex2(context, NULL, key, nonce, seal, NULL) == 1 &&
         (!row->ccm || EVP_CipherUpdate(context, NULL, &len, NULL, (int)text_len) == 1) &&
         (associated.len == 0 ||
          EVP_CipherUpdate(context, NULL, &len, associated.at, (int)associated.len) == 1);
    EVP_CIPHER_free(cipher);
    return ok;
}

bool crypto_aead_seal(enum crypto_aead kind, const uint8_t *key,
                      const uint8_t nonce[CRYPTO_AEAD_NONCE_LEN], struct span associated,
                      struct span plain, uint8_t *out)
{
    const struct aead_row *row = &aeads[kind];
    static const uint8_t nothing[1];
    int len = 0, more = 0;
    if (plain.len > INT_MAX || associated.len > INT_MAX)
        return false;
    EVP_CIPHER_CTX *context = memory_made(EVP_CIPHER_CTX_new());
    bool ok =
        context != NULL && begin(context, row, true, key, nonce, associated, plain.len, NULL) &&
        EVP_CipherUpdate(context, out, &len, plain.len > 0 ? plain.at : nothing, (int)plain.len) ==
            1 &&
        EVP_CipherFinal_ex(context, out + len, &more) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, row->tag_len, out + plain.len) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!ok)
        crypto_wipe(out, plain.len + row->tag_len);
    return ok;
}

bool crypto_aead_open(enum crypto_aead kind, const uint8_t *key,
                      const uint8_t nonce[CRYPTO_AEAD_NONCE_LEN], struct span associated,
                      struct span sealed, uint8_t *out)
{
    const struct aead_row *row = &aeads[kind];
    if (sealed.len < row->tag_len || sealed.len > INT_MAX || associated.len > INT_MAX)
        return false;
    size_t want = sealed.len - row->tag_len;
    int len = 0, more = 0;
    EVP_CIPHER_CTX *context = memory_made(EVP_CIPHER_CTX_new());
    bool ok = context != NULL &&
              begin(context, row, false, key, nonce, associated, want, sealed.at + want);
    /* CCM checks the tag with the text, even with none. */
    ok = ok && EVP_CipherUpdate(context, out, &len, sealed.at, (int)want) == 1;
    if (ok && !row->ccm)
        ok = EVP_CipherFinal_ex(context, out + len, &more) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!ok)
        crypto_wipe(out, want);
    return ok;
}

static bool run(const char *name, bool encrypt, const uint8_t *key, const uint8_t *iv,
                struct span in, uint8_t *out)
{
    int len = 0;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *context = memory_made(EVP_CIPHER_CTX_new());
    bool ok = cipher != NULL && context != NULL && in.len <= INT_MAX &&
              EVP_CipherInit_ex2(context, cipher, key, iv, encrypt, NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
              EVP_CipherUpdate(context, out, &len, in.at, (int)in.len) == 1 &&
              (size_t)len == in.len;
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    if (!ok)
        crypto_wipe(out, in.len);
    return ok;
}

bool crypto_cbc_run(enum crypto_cbc kind, bool encrypt, const uint8_t *key, const uint8_t *iv,
                    struct span in, uint8_t *out)
{
    return run(cbcs[kind].name, encrypt, key, iv, in, out);
}

/* ChaCha20's counter and nonce are the sample. */
bool crypto_mask(enum crypto_aead kind, const uint8_t *key, const uint8_t sample[16],
                 uint8_t mask[16])
{
    static const uint8_t zeros[16];
    if (kind == CRYPTO_CHACHA20_POLY1305)
        return run(aeads[kind].mask, true, key, sample, span_of(zeros, 16), mask);
    return run(aeads[kind].mask, true, key, NULL, span_of(sample, 16), mask);
}
