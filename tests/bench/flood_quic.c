/* flood_quic.c: Initial packets of QUIC version 1, sealed as RFC 9001 section 5 says. */
#include "tests/bench/flood_quic.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { DCID = 8, SCID = 8, TAG = 16, HASH = 32, HEAD = 1 + 4 + 1 + DCID + 1 + SCID + 1 + 2 + 1 };

/* One block of HKDF-Expand-Label with an empty context. */
static void expand(const uint8_t secret[HASH], const char *label, size_t len, uint8_t *out)
{
    uint8_t info[32] = {0,   (uint8_t)len, (uint8_t)(6 + strlen(label)), 't', 'l', 's', '1',
                        '3', ' '};
    size_t at = 9 + strlen(label);
    uint8_t block[HASH];
    memcpy(info + 9, label, strlen(label));
    info[at++] = 0;
    info[at++] = 1;
    HMAC(EVP_sha256(), secret, HASH, info, at, block, NULL);
    memcpy(out, block, len);
}

static void client_secret(const uint8_t dcid[DCID], uint8_t secret[HASH])
{
    static const uint8_t salt[20] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                     0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    uint8_t initial[HASH];
    HMAC(EVP_sha256(), salt, sizeof salt, dcid, DCID, initial, NULL);
    expand(initial, "client in", HASH, secret);
}

/* Seals |len| bytes in place, with |head| in clear before them, and puts the tag behind them. */
static void seal(const uint8_t *key, const uint8_t *iv, const uint8_t *head, size_t head_len,
                 uint8_t *bytes, size_t len)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int part, last;
    bool done = cipher != NULL &&
                EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, iv) == 1 &&
                EVP_EncryptUpdate(cipher, NULL, &part, head, (int)head_len) == 1 &&
                EVP_EncryptUpdate(cipher, bytes, &part, bytes, (int)len) == 1 &&
                EVP_EncryptFinal_ex(cipher, bytes + len, &last) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG, bytes + len) == 1;
    EVP_CIPHER_CTX_free(cipher);
    if (!done)
        flood_fail("libcrypto does not encrypt", "AES-128-GCM");
}

/* The five bytes that a header is masked with, by a sample of what is sealed. */
static void mask_of(const uint8_t *key, const uint8_t sample[16], uint8_t mask[16])
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int part;
    bool done = cipher != NULL &&
                EVP_EncryptInit_ex(cipher, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
                EVP_EncryptUpdate(cipher, mask, &part, sample, 16) == 1;
    EVP_CIPHER_CTX_free(cipher);
    if (!done)
        flood_fail("libcrypto does not encrypt", "AES-128-ECB");
}

void flood_quic_initial(struct flood *flood, uint16_t offset, const uint8_t *hello, size_t len,
                        uint8_t datagram[FLOOD_QUIC_LEN])
{
    enum { REST = FLOOD_QUIC_LEN - HEAD + 1 }; /* packet number, frames, tag */
    static const uint8_t version[] = {0xc0, 0, 0, 0, 1, DCID};
    uint8_t secret[HASH], key[16], iv[12], protect[16], mask[16], *at = datagram;
    assert(len < 1 << 14 && offset < 1 << 14 && HEAD + 5 + len + TAG <= FLOOD_QUIC_LEN);
    memset(datagram, 0, FLOOD_QUIC_LEN);
    memcpy(at, version, sizeof version);
    at += sizeof version;
    flood_bytes(flood, at, DCID);
    client_secret(at, secret);
    at += DCID;
    *at++ = SCID;
    flood_bytes(flood, at, SCID);
    at += SCID + 1; /* no token */
    *at++ = 0x40 | REST >> 8;
    *at++ = REST & 0xff;
    uint8_t *number = at++;
    *at++ = 6; /* CRYPTO; what is behind is padding */
    *at++ = (uint8_t)(0x40 | offset >> 8);
    *at++ = (uint8_t)offset;
    *at++ = (uint8_t)(0x40 | len >> 8);
    *at++ = (uint8_t)len;
    memcpy(at, hello, len);
    expand(secret, "quic key", sizeof key, key);
    expand(secret, "quic iv", sizeof iv, iv);
    expand(secret, "quic hp", sizeof protect, protect);
    seal(key, iv, datagram, HEAD, datagram + HEAD, FLOOD_QUIC_LEN - HEAD - TAG);
    mask_of(protect, number + 4, mask);
    datagram[0] ^= mask[0] & 0x0f;
    *number ^= mask[1];
}
