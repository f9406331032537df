/* record13.c: seals and opens records with the unified header, and hides their numbers. */
#include "probe/record13.h"

#include "core/crypto.h"

enum {
    FIXED = 0x20,
    LONG_NUMBER = 0x08,
    HAS_LENGTH = 0x04,
    EPOCH = 0x03,
    SAMPLE_LEN = 16,
    MAX_HEADER = 1 + DTLS_MAX_CID + 4,
    MAX_INNER = 4096
};

void record13_keys(struct record13_keys *keys, enum crypto_aead aead, const uint8_t secret[32],
                   struct tls_secrets_room *room)
{
    const struct span none = span_of("", 0);
    const size_t key_len = crypto_aead_key_len(aead);
    struct hmac_key key;
    hmac_key_set(&key, HASH_SHA256, span_of(secret, 32));
    *keys = (struct record13_keys){.there = true, .aead = aead};
    tls_expand_label(&key, true, "key", none, room, keys->key, key_len);
    tls_expand_label(&key, true, "iv", none, room, keys->iv, sizeof keys->iv);
    tls_expand_label(&key, true, "sn", none, room, keys->numbers, key_len);
    crypto_wipe(&key, sizeof key);
}

static void nonce_of(const struct record13_keys *keys, uint64_t number,
                     uint8_t nonce[CRYPTO_AEAD_NONCE_LEN])
{
    memcpy(nonce, keys->iv, CRYPTO_AEAD_NONCE_LEN);
    for (unsigned i = 0; i < 8; i++)
        nonce[CRYPTO_AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(number >> (8 * i));
}

bool record13_seal(struct record13_keys *keys, struct bytes_out *out, uint16_t epoch, uint8_t type,
                   struct span plain)
{
    uint8_t text[MAX_INNER], nonce[CRYPTO_AEAD_NONCE_LEN], mask[SAMPLE_LEN];
    struct bytes_out inner = bytes_out_to(text, sizeof text);
    const size_t begin = out->len;
    const uint64_t number = keys->next++;
    out_span(&inner, plain);
    out_u8(&inner, type);
    while (inner.len + crypto_aead_tag_len(keys->aead) < SAMPLE_LEN)
        out_u8(&inner, 0); /* shorter records must not be: RFC 9147 section 4.2.3 */
    const size_t sealed_len = inner.len + crypto_aead_tag_len(keys->aead);
    out_u8(out, (uint8_t)(FIXED | LONG_NUMBER | HAS_LENGTH | (epoch & EPOCH)));
    out_u16(out, (uint16_t)number);
    out_u16(out, (uint16_t)sealed_len);
    if (out->full || inner.full || sealed_len > out->max - out->len)
        return false;
    const struct span header = span_of(out->at + begin, out->len - begin);
    uint8_t *sealed = out->at + out->len;
    nonce_of(keys, number, nonce);
    if (!crypto_aead_seal(keys->aead, keys->key, nonce, header, out_all(&inner), sealed) ||
        !crypto_mask(keys->aead, keys->numbers, sealed, mask))
        return false;
    out->at[begin + 1] ^= mask[0];
    out->at[begin + 2] ^= mask[1];
    out->len += sealed_len;
    return true;
}

/* The number that ends in |low| and is nearest to the one that is expected: RFC 9147 section 4.2.2. */
static uint64_t whole_number(uint64_t expected, uint64_t low, unsigned bits)
{
    const uint64_t size = UINT64_C(1) << bits, half = size / 2;
    uint64_t number = (expected & ~(size - 1)) | low;
    if (number + half < expected)
        number += size;
    else if (number >= expected + half && number >= size)
        number -= size;
    return number;
}

bool record13_open(struct record13_keys *keys, const struct dtls_record *record, uint8_t *room,
                   uint8_t *type, struct span *plain)
{
    uint8_t header[MAX_HEADER], mask[SAMPLE_LEN], nonce[CRYPTO_AEAD_NONCE_LEN];
    struct reader fragment = record->fragment;
    const struct span sealed = reader_rest(&fragment);
    const size_t tag_len = crypto_aead_tag_len(keys->aead);
    if (!keys->there || sealed.len < SAMPLE_LEN || record->header.len > sizeof header ||
        !crypto_mask(keys->aead, keys->numbers, sealed.at, mask))
        return false;
    memcpy(header, record->header.at, record->header.len);
    const size_t width = header[0] & LONG_NUMBER ? 2 : 1;
    const size_t at = 1 + record->cid.len;
    if (record->header.len < at + width)
        return false;
    uint64_t low = 0;
    for (size_t i = 0; i < width; i++) {
        header[at + i] ^= mask[i];
        low = low << 8 | header[at + i];
    }
    const uint64_t number = whole_number(keys->next, low, (unsigned)(8 * width));
    nonce_of(keys, number, nonce);
    if (!crypto_aead_open(keys->aead, keys->key, nonce, span_of(header, record->header.len), sealed,
                          room))
        return false;
    keys->next = number >= keys->next ? number + 1 : keys->next;
    size_t len = sealed.len - tag_len; /* zeros behind the type are padding */
    while (len > 0 && room[len - 1] == 0)
        len--;
    if (len == 0)
        return false;
    *type = room[len - 1];
    *plain = span_of(room, len - 1);
    return true;
}
