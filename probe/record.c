/* record.c: seals and opens the records of DTLS 1.2, each by itself. */
#include "probe/record.h"

#include "core/crypto.h"
#include "core/reader.h"

enum { EXPLICIT_LEN = 8, SALT_LEN = 4, ASSOCIATED_LEN = 13 };

static void put_header(struct bytes_out *out, uint8_t type, uint16_t version, uint64_t number)
{
    out_u8(out, type);
    out_u16(out, version);
    out_number(out, number, 8);
}

void record_put(struct bytes_out *out, uint8_t type, uint16_t version, uint64_t number,
                struct span fragment)
{
    put_header(out, type, version, number);
    out_vec(out, fragment, 2);
}

/* What is authenticated beside the text: epoch and number, type, version, length. */
static struct span associated(uint8_t room[ASSOCIATED_LEN], uint8_t type, uint16_t version,
                              uint64_t number, size_t len)
{
    struct bytes_out out = bytes_out_to(room, ASSOCIATED_LEN);
    out_number(&out, number, 8);
    out_u8(&out, type);
    out_u16(&out, version);
    out_u16(&out, (uint16_t)len);
    return out_all(&out);
}

/* --- AEAD --- */

static bool has_explicit(const struct record_keys *keys)
{
    return keys->suite.aead != CRYPTO_CHACHA20_POLY1305;
}

static void nonce_of(const struct record_keys *keys, const uint8_t number[EXPLICIT_LEN],
                     uint8_t nonce[CRYPTO_AEAD_NONCE_LEN])
{
    memcpy(nonce, keys->iv, CRYPTO_AEAD_NONCE_LEN);
    for (size_t i = 0; i < EXPLICIT_LEN; i++)
        nonce[SALT_LEN + i] =
            has_explicit(keys) ? number[i] : (uint8_t)(nonce[SALT_LEN + i] ^ number[i]);
}

static void number_bytes(uint64_t number, uint8_t bytes[EXPLICIT_LEN])
{
    struct bytes_out out = bytes_out_to(bytes, EXPLICIT_LEN);
    out_number(&out, number, EXPLICIT_LEN);
}

static bool seal_aead(const struct record_keys *keys, struct bytes_out *out, struct span head,
                      uint64_t number, struct span plain)
{
    uint8_t nonce[CRYPTO_AEAD_NONCE_LEN], bytes[EXPLICIT_LEN];
    const size_t sealed_len = plain.len + crypto_aead_tag_len(keys->suite.aead);
    number_bytes(number, bytes);
    nonce_of(keys, bytes, nonce);
    if (has_explicit(keys))
        out_span(out, span_of(bytes, sizeof bytes));
    if (out->full || sealed_len > out->max - out->len ||
        !crypto_aead_seal(keys->suite.aead, keys->key, nonce, head, plain, out->at + out->len))
        return false;
    out->len += sealed_len;
    return true;
}

static bool open_aead(const struct record_keys *keys, uint8_t type, uint16_t version,
                      uint64_t number, struct span fragment, uint8_t *room, struct span *plain)
{
    uint8_t nonce[CRYPTO_AEAD_NONCE_LEN], bytes[EXPLICIT_LEN], head[ASSOCIATED_LEN];
    const size_t tag_len = crypto_aead_tag_len(keys->suite.aead);
    struct reader r = reader_of(fragment);
    number_bytes(number, bytes);
    if (has_explicit(keys)) {
        struct span explicit_part = reader_view(&r, EXPLICIT_LEN);
        memcpy(bytes, explicit_part.at, EXPLICIT_LEN);
    }
    nonce_of(keys, bytes, nonce);
    struct span sealed = reader_rest(&r);
    if (!reader_ok(&r) || sealed.len < tag_len)
        return false;
    *plain = span_of(room, sealed.len - tag_len);
    return crypto_aead_open(keys->suite.aead, keys->key, nonce,
                            associated(head, type, version, number, plain->len), sealed, room);
}

/* --- MAC, and CBC around or within it --- */

static void mac_of(const struct record_keys *keys, struct span head, struct span text,
                   uint8_t mac[HASH_MAX_LEN])
{
    struct hmac_key key;
    struct hash_state state;
    hmac_key_set(&key, keys->suite.mac, span_of(keys->mac, keys->suite.mac_len));
    hmac_begin(&key, &state);
    hash_add(&state, head);
    hash_add(&state, text);
    hmac_end(&key, &state, mac);
    crypto_wipe(&key, sizeof key);
}

/* The block cipher's part: a nonce, and the encrypted |text| with its padding. */
static bool put_cbc(const struct record_keys *keys, struct bytes_out *out, struct span text)
{
    const size_t block = crypto_cbc_block_len(keys->suite.cbc);
    const size_t padding = block - 1 - text.len % block;
    uint8_t iv[CRYPTO_MAX_CBC_BLOCK], clear[RECORD_MAX_PLAIN + RECORD_MAX_GROWTH];
    struct bytes_out padded = bytes_out_to(clear, sizeof clear);
    out_span(&padded, text);
    for (size_t i = 0; i <= padding; i++)
        out_u8(&padded, (uint8_t)padding);
    if (padded.full || !crypto_random(iv, block))
        return false;
    out_span(out, span_of(iv, block));
    if (out->full || padded.len > out->max - out->len ||
        !crypto_cbc_run(keys->suite.cbc, true, keys->key, iv, out_all(&padded), out->at + out->len))
        return false;
    out->len += padded.len;
    crypto_wipe(clear, padded.len);
    return true;
}

static bool seal_mac(const struct record_keys *keys, struct bytes_out *out, uint8_t type,
                     uint16_t version, uint64_t number, struct span plain)
{
    uint8_t head[ASSOCIATED_LEN], mac[HASH_MAX_LEN], text[RECORD_MAX_PLAIN + HASH_MAX_LEN];
    const size_t begin = out->len;
    const bool cbc = keys->suite.mode == SUITE_CBC;
    struct bytes_out inner = bytes_out_to(text, sizeof text);
    out_span(&inner, plain);
    if (!cbc || !keys->encrypt_then_mac) {
        mac_of(keys, associated(head, type, version, number, plain.len), plain, mac);
        out_span(&inner, span_of(mac, keys->suite.mac_len));
    }
    if (inner.full)
        return false;
    if (!cbc) {
        out_span(out, out_all(&inner));
        return !out->full;
    }
    if (!put_cbc(keys, out, out_all(&inner)))
        return false;
    if (keys->encrypt_then_mac) {
        struct span sealed = span_of(out->at + begin, out->len - begin);
        mac_of(keys, associated(head, type, version, number, sealed.len), sealed, mac);
        out_span(out, span_of(mac, keys->suite.mac_len));
    }
    return !out->full;
}

/* Takes the MAC off the end of |text| and compares. Nobody measures how long that takes: it is the client. */
static bool check_mac(const struct record_keys *keys, uint8_t type, uint16_t version,
                      uint64_t number, struct span *text)
{
    uint8_t head[ASSOCIATED_LEN], mac[HASH_MAX_LEN];
    const size_t mac_len = keys->suite.mac_len;
    if (text->len < mac_len)
        return false;
    text->len -= mac_len;
    mac_of(keys, associated(head, type, version, number, text->len), *text, mac);
    return crypto_equal(mac, text->at + text->len, mac_len);
}

static bool take_padding(struct span *text)
{
    if (text->len == 0)
        return false;
    const size_t padding = text->at[text->len - 1];
    if (padding + 1 > text->len)
        return false;
    for (size_t i = 0; i < padding; i++)
        if (text->at[text->len - 2 - i] != padding)
            return false;
    text->len -= padding + 1;
    return true;
}

static bool open_cbc(const struct record_keys *keys, struct span sealed, uint8_t *room,
                     struct span *plain)
{
    const size_t block = crypto_cbc_block_len(keys->suite.cbc);
    if (sealed.len < 2 * block || sealed.len % block != 0)
        return false;
    *plain = span_of(room, sealed.len - block);
    return crypto_cbc_run(keys->suite.cbc, false, keys->key, sealed.at,
                          span_of(sealed.at + block, plain->len), room) &&
           take_padding(plain);
}

static bool open_mac(const struct record_keys *keys, uint8_t type, uint16_t version,
                     uint64_t number, struct span fragment, uint8_t *room, struct span *plain)
{
    if (keys->suite.mode == SUITE_NULL) {
        *plain = fragment;
        return check_mac(keys, type, version, number, plain);
    }
    if (keys->encrypt_then_mac)
        return check_mac(keys, type, version, number, &fragment) &&
               open_cbc(keys, fragment, room, plain);
    return open_cbc(keys, fragment, room, plain) && check_mac(keys, type, version, number, plain);
}

/* --- both --- */

bool record_seal(const struct record_keys *keys, struct bytes_out *out, uint8_t type,
                 uint16_t version, uint64_t number, struct span plain)
{
    uint8_t head[ASSOCIATED_LEN];
    if (plain.len > RECORD_MAX_PLAIN)
        return false;
    put_header(out, type, version, number);
    const size_t begin = out_begin(out, 2);
    bool ok = keys->suite.mode == SUITE_AEAD
                  ? seal_aead(keys, out, associated(head, type, version, number, plain.len), number,
                              plain)
                  : seal_mac(keys, out, type, version, number, plain);
    out_end(out, begin, 2);
    return ok && !out->full;
}

bool record_open(const struct record_keys *keys, uint8_t type, uint16_t version, uint64_t number,
                 struct span fragment, uint8_t *room, struct span *plain)
{
    return keys->suite.mode == SUITE_AEAD
               ? open_aead(keys, type, version, number, fragment, room, plain)
               : open_mac(keys, type, version, number, fragment, room, plain);
}
