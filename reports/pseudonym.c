/* pseudonym.c: draft-denis-ipcrypt-13 section 6 (ipcrypt-pfx) with special ranges around it; Crypto-PAn (J. Xu, J. Fan,
 * M. Ammar, S. Moon: Prefix-Preserving IP Address Anonymization, ICNP 2002); a Feistel permutation for the bits of a MAC
 * address that name a device. */
#include "reports/pseudonym.h"

#include "core/crypto.h"
#include "core/reader.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>

enum {
    BITS = 128,         /* every address as 16 bytes */
    IPV4_START = 96,    /* where the IPv4 address begins in ::ffff:0:0/96 */
    MAX_WALK = 64,      /* one walk in seven goes on: more than this never happens */
    FEISTEL_ROUNDS = 10 /* as many as FF1 has, NIST SP 800-38G */
};

struct pseudonym {
    enum address_scheme scheme;
    struct crypto_aes *address[2]; /* Crypto-PAn has one */
    uint8_t pad[16];               /* Crypto-PAn: what is behind the bits of an address */
    struct crypto_aes *mac;
};

static bool make_ipcrypt(struct pseudonym *pseudonym, const uint8_t key[32], struct error *error)
{
    if (crypto_equal(key, key + 16, 16))
        return error_set(
            error, "the two halves of an ipcrypt-pfx key are the same: it would hide nothing");
    pseudonym->address[0] = crypto_aes_new(key, error);
    pseudonym->address[1] = crypto_aes_new(key + 16, error);
    return pseudonym->address[0] != NULL && pseudonym->address[1] != NULL;
}

static bool make_pan(struct pseudonym *pseudonym, const uint8_t key[32], struct error *error)
{
    pseudonym->address[0] = crypto_aes_new(key, error);
    return pseudonym->address[0] != NULL &&
           (crypto_aes_encrypt(pseudonym->address[0], key + 16, pseudonym->pad, 1) ||
            error_set(error, "libcrypto cannot make the padding of Crypto-PAn"));
}

struct pseudonym *pseudonym_new(enum address_scheme scheme, const uint8_t address_key[32],
                                const uint8_t mac_key[16], struct error *error)
{
    struct pseudonym *pseudonym = calloc(1, sizeof *pseudonym);
    if (pseudonym == NULL) {
        error_set(error, "no memory for the keys of pseudonyms");
        return NULL;
    }
    pseudonym->scheme = scheme;
    bool ok = scheme == SCHEME_CRYPTO_PAN ? make_pan(pseudonym, address_key, error)
                                          : make_ipcrypt(pseudonym, address_key, error);
    pseudonym->mac = ok ? crypto_aes_new(mac_key, error) : NULL;
    if (pseudonym->mac != NULL)
        return pseudonym;
    pseudonym_free(pseudonym);
    return NULL;
}

void pseudonym_free(struct pseudonym *pseudonym)
{
    if (pseudonym == NULL)
        return;
    crypto_aes_free(pseudonym->address[0]);
    crypto_aes_free(pseudonym->address[1]);
    crypto_aes_free(pseudonym->mac);
    crypto_wipe(pseudonym->pad, sizeof pseudonym->pad);
    free(pseudonym);
}

static inline void put_u64(uint8_t out[8], uint64_t n)
{
    n = htobe64(n);
    memcpy(out, &n, sizeof n);
}

/* An address as two halves of 64 bits. */
struct halves {
    uint64_t high, low;
};

static struct halves halves_of(const uint8_t address[16])
{
    struct reader r = reader_of(span_of(address, 16));
    uint64_t high = reader_u64(&r);
    return (struct halves){.high = high, .low = reader_u64(&r)};
}

static struct halves shifted_right(struct halves n, unsigned bits)
{
    if (bits >= BITS)
        return (struct halves){0, 0};
    if (bits >= 64)
        return (struct halves){0, n.high >> (bits - 64)};
    if (bits == 0)
        return n;
    return (struct halves){n.high >> bits, n.low >> bits | n.high << (64 - bits)};
}

static unsigned bit_at(struct halves n, unsigned from_top)
{
    return (unsigned)((from_top < 64 ? n.high >> (63 - from_top) : n.low >> (127 - from_top)) & 1);
}

/* The padded prefixes of all positions from |start| on: zeros, a single 1, the bits before. */
static void pad_prefixes(struct halves address, unsigned start, uint8_t blocks[BITS][16])
{
    struct halves padded = shifted_right(address, BITS - start);
    if (start < 64)
        padded.low |= UINT64_C(1) << start;
    else
        padded.high |= UINT64_C(1) << (start - 64);
    for (unsigned i = start; i < BITS; i++) {
        put_u64(blocks[i - start], padded.high);
        put_u64(blocks[i - start] + 8, padded.low);
        padded.high = padded.high << 1 | padded.low >> 63;
        padded.low = padded.low << 1 | bit_at(address, i);
    }
}

/* Encrypts the bits of |address| from |start| on; the bits before it stay, and all bits decide. */
static bool encrypt_from(struct pseudonym *pseudonym, uint8_t address[16], unsigned start)
{
    uint8_t blocks[BITS][16], first[BITS][16];
    pad_prefixes(halves_of(address), start, blocks);
    size_t num = BITS - start;
    if (!crypto_aes_encrypt(pseudonym->address[0], blocks[0], first[0], num) ||
        !crypto_aes_encrypt(pseudonym->address[1], blocks[0], blocks[0], num))
        return false;
    unsigned flips = 0; /* of the byte that bit i is in */
    for (unsigned i = start; i < BITS; i++) {
        flips = flips << 1 | ((first[i - start][15] ^ blocks[i - start][15]) & 1);
        if (i % 8 != 7)
            continue;
        address[i / 8] ^= (uint8_t)flips;
        flips = 0;
    }
    return true;
}

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const uint8_t address[16])
{
    return memcmp(address, mapped_prefix, sizeof mapped_prefix) == 0;
}

static void widen(struct span address, uint8_t wide[16])
{
    assert(address.len == 4 || address.len == 16);
    memcpy(wide, mapped_prefix, sizeof mapped_prefix);
    memcpy(wide + 16 - address.len, address.at, address.len);
}

static void narrow(const uint8_t wide[16], size_t len, uint8_t out[16])
{
    memcpy(out, wide + 16 - len, len);
}

bool pseudonym_pfx(struct pseudonym *pseudonym, struct span address, uint8_t out[16])
{
    uint8_t wide[16];
    widen(address, wide);
    bool ok = encrypt_from(pseudonym, wide, is_mapped(wide) ? IPV4_START : 0);
    narrow(wide, address.len, out);
    return ok;
}

/* A special range, over the 16-byte form: its prefix, and the bit from which it is encrypted. */
struct special {
    uint8_t prefix[16];
    unsigned prefix_bits, start;
};

/* The first that matches counts. */
static const struct special specials[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0}, 104, BITS},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127}, 104, BITS},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 169, 254}, 112, 112},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 224}, 100, BITS},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 255, 255, 255, 255}, 128, BITS},
    {{0}, 128, BITS},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, BITS},
    {{0xfe, 0x80}, 10, 64},
    {{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}, 104, 104},
    {{0xff, 0x00}, 12, BITS}, /* flags 0: assigned by IANA, RFC 4291 section 2.7 */
    {{0xff}, 8, 16},
};

static bool has_prefix(const uint8_t address[16], const struct special *special)
{
    unsigned whole = special->prefix_bits / 8, rest = special->prefix_bits % 8;
    if (memcmp(address, special->prefix, whole) != 0)
        return false;
    return rest == 0 || (address[whole] ^ special->prefix[whole]) >> (8 - rest) == 0;
}

static const struct special *find_special(const uint8_t address[16])
{
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++)
        if (has_prefix(address, &specials[i]))
            return &specials[i];
    return NULL;
}

/* Cycle walking: a permutation of all addresses becomes one of those outside the special ranges. */
static bool encrypt_outside(struct pseudonym *pseudonym, uint8_t address[16])
{
    unsigned start = is_mapped(address) ? IPV4_START : 0;
    for (int i = 0; i < MAX_WALK; i++) {
        if (!encrypt_from(pseudonym, address, start))
            return false;
        bool left_family = is_mapped(address) != (start == IPV4_START);
        if (!left_family && find_special(address) == NULL)
            return true;
    }
    return false;
}

/* Each bit is flipped by the first of the block that the bits before it give, filled up with those of the pad. */
bool pseudonym_pan(struct pseudonym *pseudonym, struct span address, uint8_t out[16])
{
    uint8_t blocks[BITS][16], prefix[16];
    unsigned bits = (unsigned)address.len * 8;
    assert(address.len == 4 || address.len == 16);
    memcpy(prefix, pseudonym->pad, sizeof prefix);
    for (unsigned i = 0; i < bits; i++) {
        const uint8_t mask = (uint8_t)(0x80 >> i % 8);
        memcpy(blocks[i], prefix, sizeof prefix);
        prefix[i / 8] = (uint8_t)((prefix[i / 8] & ~mask) | (address.at[i / 8] & mask));
    }
    if (!crypto_aes_encrypt(pseudonym->address[0], blocks[0], blocks[0], bits))
        return false;
    memcpy(out, address.at, address.len);
    for (unsigned i = 0; i < bits; i++)
        out[i / 8] ^= (uint8_t)((blocks[i][0] >> 7) << (7 - i % 8));
    return true;
}

bool pseudonym_address(struct pseudonym *pseudonym, struct span address, uint8_t out[16],
                       bool *hidden)
{
    uint8_t wide[16];
    if (pseudonym->scheme == SCHEME_CRYPTO_PAN) {
        *hidden = true;
        return pseudonym_pan(pseudonym, address, out);
    }
    widen(address, wide);
    const struct special *special = find_special(wide);
    *hidden = special == NULL || special->start < BITS;
    bool ok = true;
    if (special == NULL)
        ok = encrypt_outside(pseudonym, wide);
    else if (special->start < BITS)
        ok = encrypt_from(pseudonym, wide, special->start);
    narrow(wide, address.len, out);
    return ok;
}

/* Permutes the low 2 * |half_bits| bits of |n|; the bits above them are the tweak. */
static bool permute(struct pseudonym *pseudonym, uint64_t *n, unsigned half_bits)
{
    uint64_t mask = (UINT64_C(1) << half_bits) - 1;
    uint64_t left = *n >> half_bits & mask, right = *n & mask;
    uint64_t tweak = *n >> (2 * half_bits);
    for (unsigned round = 0; round < FEISTEL_ROUNDS; round++) {
        uint8_t block[16];
        put_u64(block, tweak);
        put_u64(block + 8, right << 16 | half_bits << 8 | round);
        if (!crypto_aes_encrypt(pseudonym->mac, block, block, 1))
            return false;
        struct reader r = reader_of(span_of(block, sizeof block));
        uint64_t mixed = (left ^ reader_u64(&r)) & mask;
        left = right;
        right = mixed;
    }
    *n = tweak << (2 * half_bits) | left << half_bits | right;
    return true;
}

/* Permutes all bits but the local and the group bit of the first byte: these two go to the top. */
static bool permute_local(struct pseudonym *pseudonym, uint64_t *n, unsigned bits)
{
    uint64_t flags = *n >> (bits - 8) & 3, top = *n >> (bits - 6),
             low_mask = (UINT64_C(1) << (bits - 8)) - 1;
    uint64_t rest = top << (bits - 8) | (*n & low_mask);
    uint64_t packed = flags << (bits - 2) | rest;
    if (!permute(pseudonym, &packed, bits / 2 - 1))
        return false;
    *n = (packed >> (bits - 8) & 0x3f) << (bits - 6) | flags << (bits - 8) | (packed & low_mask);
    return true;
}

bool pseudonym_mac(struct pseudonym *pseudonym, struct span mac, uint8_t out[8], bool *hidden)
{
    assert(mac.len == 6 || mac.len == 8);
    static const uint8_t discovery[3] = {0x33, 0x33, 0xff};
    unsigned bits = (unsigned)mac.len * 8;
    uint64_t n = 0;
    for (struct reader r = reader_of(mac); reader_left(&r) != 0;)
        n = n << 8 | reader_u8(&r);

    bool group = mac.at[0] & 1, local = mac.at[0] & 2;
    bool solicited = mac.len == 6 && memcmp(mac.at, discovery, sizeof discovery) == 0;
    bool ok = true;
    *hidden = n != 0 && (!group || solicited);
    if (*hidden && local && !group)
        ok = permute_local(pseudonym, &n, bits);
    else if (*hidden)
        ok = permute(pseudonym, &n, (bits - 24) / 2);

    uint8_t wide[8];
    put_u64(wide, n);
    memcpy(out, wide + 8 - mac.len, mac.len);
    return ok;
}
