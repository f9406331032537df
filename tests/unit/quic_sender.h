/* quic_sender.h: writes and protects QUIC packets, for tests: RFC 9000 section 17.2, RFC 9001 section 5. */
#ifndef PERPASS_TESTS_QUIC_SENDER_H
#define PERPASS_TESTS_QUIC_SENDER_H

#include "dissectors/quic_keys.h"

#include <openssl/evp.h>

enum { QUIC_SENDER_MAX = 4000, QUIC_SENDER_NUMBER_LEN = 4 };

struct quic_bytes {
    uint8_t at[QUIC_SENDER_MAX + 600];
    size_t len;
};

/* What stands in the header of an Initial packet, and where its keys come from. */
struct quic_sending {
    uint32_t version;
    const char *dcid, *scid, *token; /* text: their bytes */
    const char *key_cid;             /* the client's first destination id */
    bool server;                     /* it is the server's packet */
    uint32_t number;
};

static inline void quic_put(struct quic_bytes *w, const void *bytes, size_t len)
{
    assert(w->len + len <= sizeof w->at);
    memcpy(w->at + w->len, bytes, len);
    w->len += len;
}

static inline void quic_put_number(struct quic_bytes *w, uint64_t number, unsigned bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(number >> (8 * bytes));
        quic_put(w, &byte, 1);
    }
}

/* A variable-length integer of 2, 4 or 8 bytes. */
static inline void quic_put_varint(struct quic_bytes *w, uint64_t number)
{
    if (number < 1 << 14)
        quic_put_number(w, number | 1 << 14, 2);
    else if (number < UINT64_C(1) << 30)
        quic_put_number(w, number | UINT64_C(2) << 30, 4);
    else
        quic_put_number(w, number | UINT64_C(3) << 62, 8);
}

static inline void quic_put_cid(struct quic_bytes *w, const char *cid)
{
    quic_put_number(w, strlen(cid), 1);
    quic_put(w, cid, strlen(cid));
}

static inline void quic_put_crypto(struct quic_bytes *w, uint64_t offset, struct span bytes)
{
    quic_put_number(w, 6, 1);
    quic_put_varint(w, offset);
    quic_put_varint(w, bytes.len);
    quic_put(w, bytes.at, bytes.len);
}

/* The first byte, version and ids of a packet of the type |type|, as version 1 numbers it. */
static inline void quic_put_header(struct quic_bytes *w, unsigned type, uint32_t version,
                                   const char *dcid, const char *scid)
{
    struct quic_version known = {0};
    (void)quic_version_find(version, &known);
    unsigned number = known.types_of_v2 ? (type + 1) & 3 : type;
    quic_put_number(w, 0xc3 | number << 4, 1);
    quic_put_number(w, version, 4);
    quic_put_cid(w, dcid);
    quic_put_cid(w, scid);
}

/* Encrypts |clear| by AES-128-GCM to |out|, the tag behind it. */
static inline void quic_encrypt(const uint8_t *key, const uint8_t *nonce, struct span associated,
                                struct span clear, uint8_t *out)
{
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    int len = 0, more = 0;
    int ok =
        gcm != NULL && EVP_EncryptInit_ex(gcm, EVP_aes_128_gcm(), NULL, key, nonce) == 1 &&
        EVP_EncryptUpdate(gcm, NULL, &len, associated.at, (int)associated.len) == 1 &&
        EVP_EncryptUpdate(gcm, out, &len, clear.at, (int)clear.len) == 1 &&
        EVP_EncryptFinal_ex(gcm, out + len, &more) == 1 &&
        EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, CRYPTO_GCM_TAG_LEN, out + clear.len) == 1;
    EVP_CIPHER_CTX_free(gcm);
    assert(ok);
    (void)ok;
}

/* Appends an Initial packet with |frames|, padded with PADDING frames to |pad| bytes of payload. */
static inline void quic_put_initial(struct quic_bytes *w, struct crypto_opener *opener,
                                    const struct quic_sending *sending, struct span frames,
                                    size_t pad)
{
    struct quic_version version = {0};
    struct quic_keys keys;
    uint8_t clear[QUIC_SENDER_MAX] = {0}, nonce[CRYPTO_GCM_NONCE_LEN], mask[16];
    size_t start = w->len, len = frames.len < pad ? pad : frames.len;
    assert(len <= sizeof clear);
    if (frames.len > 0)
        memcpy(clear, frames.at, frames.len);
    bool known = quic_version_find(sending->version, &version) && version.scheme != NULL;
    assert(known);
    (void)known;
    quic_keys_begin(version.scheme, span_text(sending->key_cid), &keys);
    const struct quic_sender_keys *mine =
        sending->server ? quic_keys_server(&keys) : quic_keys_client(&keys);
    quic_put_header(w, 0, sending->version, sending->dcid, sending->scid);
    quic_put_varint(w, strlen(sending->token));
    quic_put(w, sending->token, strlen(sending->token));
    quic_put_varint(w, QUIC_SENDER_NUMBER_LEN + len + CRYPTO_GCM_TAG_LEN);
    size_t number_at = w->len;
    quic_put_number(w, sending->number, QUIC_SENDER_NUMBER_LEN);
    memcpy(nonce, mine->iv, sizeof nonce);
    for (unsigned i = 0; i < QUIC_SENDER_NUMBER_LEN; i++)
        nonce[sizeof nonce - 1 - i] ^= (uint8_t)(sending->number >> (8 * i));
    uint8_t *body = w->at + w->len;
    assert(w->len + len + CRYPTO_GCM_TAG_LEN <= sizeof w->at);
    quic_encrypt(mine->key, nonce, span_of(w->at + start, w->len - start), span_of(clear, len),
                 body);
    w->len += len + CRYPTO_GCM_TAG_LEN;
    bool masked = crypto_opener_block(opener, mine->hp, body, mask);
    assert(masked);
    (void)masked;
    w->at[start] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < QUIC_SENDER_NUMBER_LEN; i++)
        w->at[number_at + i] ^= mask[1 + i];
}

/* Appends a Retry whose tag answers the Initial packet with the destination id |original|. */
static inline void quic_put_retry(struct quic_bytes *w, uint32_t version, const char *dcid,
                                  const char *scid, const char *token, const char *original)
{
    struct quic_version known = {0};
    struct quic_bytes pseudo = {0};
    size_t start = w->len;
    (void)quic_version_find(version, &known);
    quic_put_header(w, 3, version, dcid, scid);
    quic_put(w, token, strlen(token));
    quic_put_cid(&pseudo, original);
    quic_put(&pseudo, w->at + start, w->len - start);
    uint8_t tag[CRYPTO_GCM_TAG_LEN];
    quic_encrypt(known.scheme->retry_key, known.scheme->retry_nonce, span_of(pseudo.at, pseudo.len),
                 span_of(pseudo.at, 0), tag);
    quic_put(w, tag, sizeof tag);
}

#endif
