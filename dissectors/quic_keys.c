/* quic_keys.c: keys of Initial packets, and what they open: RFC 9001 sections 5.2 to 5.4 and 5.8, RFC 9369
 * section 3.3. Packets of all other types stay closed. */
#include "dissectors/quic_keys.h"

enum { SAMPLE_OFFSET = 4, MAX_NUMBER_LEN = 4, MAX_LABEL = 32 };

/* HKDF-Expand-Label(secret, label, "", len) of RFC 8446 section 7.1; one block of HKDF-Expand is enough. */
static void expand_label(const struct crypto_mac *secret, const char *label, uint8_t *out,
                         size_t len)
{
    static const uint8_t prefix[] = {'t', 'l', 's', '1', '3', ' '};
    struct span name = span_text(label);
    uint8_t info[MAX_LABEL + sizeof prefix + 5], block[CRYPTO_SHA256_LEN];
    assert(name.len <= MAX_LABEL && len <= sizeof block);
    size_t num = 0;
    info[num++] = 0;
    info[num++] = (uint8_t)len;
    info[num++] = (uint8_t)(sizeof prefix + name.len);
    memcpy(info + num, prefix, sizeof prefix);
    num += sizeof prefix;
    memcpy(info + num, name.at, name.len);
    num += name.len;
    info[num++] = 0; /* no context */
    info[num++] = 1; /* the first block */
    crypto_mac(secret, span_of(info, num), block);
    memcpy(out, block, len);
}

static const struct quic_sender_keys *derive_sender(const struct quic_keys *keys, const char *who,
                                                    struct quic_sender_keys *sender)
{
    uint8_t secret[CRYPTO_SHA256_LEN];
    struct crypto_mac mac;
    const struct quic_scheme *scheme = keys->scheme;
    expand_label(&keys->initial, who, secret, sizeof secret);
    crypto_mac_key(&mac, span_of(secret, sizeof secret));
    expand_label(&mac, scheme->key_label, sender->key, sizeof sender->key);
    expand_label(&mac, scheme->iv_label, sender->iv, sizeof sender->iv);
    expand_label(&mac, scheme->hp_label, sender->hp, sizeof sender->hp);
    sender->known = true;
    return sender;
}

void quic_keys_begin(const struct quic_scheme *scheme, struct span dcid, struct quic_keys *keys)
{
    uint8_t secret[CRYPTO_SHA256_LEN];
    struct crypto_mac mac;
    *keys = (struct quic_keys){.scheme = scheme};
    crypto_mac_key(&mac, span_of(scheme->salt, sizeof scheme->salt));
    crypto_mac(&mac, dcid, secret);
    crypto_mac_key(&keys->initial, span_of(secret, sizeof secret));
}

const struct quic_sender_keys *quic_keys_client(struct quic_keys *keys)
{
    return keys->client.known ? &keys->client : derive_sender(keys, "client in", &keys->client);
}

const struct quic_sender_keys *quic_keys_server(struct quic_keys *keys)
{
    return keys->server.known ? &keys->server : derive_sender(keys, "server in", &keys->server);
}

/* The packet number of which |low| are the last |bits| bits and that is nearest to the expected one:
 * RFC 9000 appendix A.3. */
static uint64_t whole_number(uint64_t expected, uint64_t low, unsigned bits)
{
    uint64_t window = UINT64_C(1) << bits, half = window / 2;
    uint64_t candidate = (expected & ~(window - 1)) | low;
    if (candidate + half <= expected && candidate < (UINT64_C(1) << 62) - window)
        return candidate + window;
    if (candidate > expected + half && candidate >= window)
        return candidate - window;
    return candidate;
}

static void make_nonce(const struct quic_sender_keys *keys, uint64_t number,
                       uint8_t nonce[CRYPTO_GCM_NONCE_LEN])
{
    memcpy(nonce, keys->iv, CRYPTO_GCM_NONCE_LEN);
    for (unsigned i = 0; i < 8; i++)
        nonce[CRYPTO_GCM_NONCE_LEN - 1 - i] ^= (uint8_t)(number >> (8 * i));
}

/* Writes the header in clear, packet number included, to |header|; gives the length of the number. */
static size_t open_header(const struct quic_packet *packet,
                          const uint8_t mask[CRYPTO_AES_BLOCK_LEN], uint8_t *header, uint32_t *low)
{
    memcpy(header, packet->header.at, packet->header.len);
    header[0] ^= mask[0] & 0x0f;
    size_t len = (header[0] & 3u) + 1;
    struct reader body = reader_of(packet->body);
    *low = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = reader_u8(&body) ^ mask[1 + i];
        header[packet->header.len + i] = byte;
        *low = *low << 8 | byte;
    }
    return len;
}

bool quic_open(struct crypto_opener *opener, const struct quic_sender_keys *keys,
               const struct quic_packet *packet, uint64_t expected, struct scratch *scratch,
               struct span *payload, uint64_t *number)
{
    struct reader body = reader_of(packet->body);
    reader_skip(&body, SAMPLE_OFFSET);
    struct span sample = reader_bytes(&body, CRYPTO_AES_BLOCK_LEN);
    uint8_t mask[CRYPTO_AES_BLOCK_LEN], nonce[CRYPTO_GCM_NONCE_LEN];
    uint8_t *room = scratch_get(scratch, packet->header.len + MAX_NUMBER_LEN + packet->body.len);
    if (!reader_ok(&body) || packet->cut != 0 || room == NULL ||
        !crypto_opener_block(opener, keys->hp, sample.at, mask))
        return false;
    uint32_t low;
    size_t number_len = open_header(packet, mask, room, &low);
    *number = whole_number(expected, low, (unsigned)number_len * 8);
    make_nonce(keys, *number, nonce);
    struct reader rest = reader_of(packet->body);
    reader_skip(&rest, number_len);
    struct span sealed = reader_rest(&rest);
    struct span associated = span_of(room, packet->header.len + number_len);
    if (sealed.len < CRYPTO_GCM_TAG_LEN)
        return false;
    uint8_t *clear = room + associated.len;
    *payload = span_of(clear, sealed.len - CRYPTO_GCM_TAG_LEN);
    return crypto_opener_open(opener, keys->key, nonce, associated, sealed, clear);
}

bool quic_retry_proves(struct crypto_opener *opener, const struct quic_packet *packet,
                       struct span original, struct scratch *scratch)
{
    const struct quic_scheme *scheme = packet->version.scheme;
    size_t len = 1 + original.len + packet->header.len;
    uint8_t *pseudo = scratch_get(scratch, len), nothing[1];
    if (pseudo == NULL || packet->tag.len != CRYPTO_GCM_TAG_LEN || original.len > QUIC_MAX_CID)
        return false;
    pseudo[0] = (uint8_t)original.len;
    memcpy(pseudo + 1, original.at, original.len);
    memcpy(pseudo + 1 + original.len, packet->header.at, packet->header.len);
    return crypto_opener_open(opener, scheme->retry_key, scheme->retry_nonce, span_of(pseudo, len),
                              packet->tag, nothing);
}
