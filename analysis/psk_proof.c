/* psk_proof.c: the suites of plain PSK, and how the record that holds Finished looks in each: RFC 4279, RFC 5487, RFC
 * 4785, RFC 6209, RFC 6367, RFC 6655, RFC 7905. Left out: RC4 and Salsa20, which libcrypto has no longer. */
#include "analysis/psk_proof.h"

#define AEAD(code, mode, cipher, key_len, prf)                                                     \
    {                                                                                              \
        code, PSK_MODE_##mode, CRYPTO_##cipher, key_len, 16, 0, HASH_##prf                         \
    }
#define CBC(code, cipher, key_len, block_len, mac_len, prf)                                        \
    {                                                                                              \
        code, PSK_MODE_CBC, CRYPTO_##cipher, key_len, block_len, mac_len, HASH_##prf               \
    }
#define PLAIN(code, mac_len, prf)                                                                  \
    {                                                                                              \
        code, PSK_MODE_NULL, 0, 0, 0, mac_len, HASH_##prf                                          \
    }

static const struct psk_suite suites[] = {
    PLAIN(0x002c, 20, SHA256),
    CBC(0x008b, 3DES, 24, 8, 20, SHA256),
    CBC(0x008c, AES_128, 16, 16, 20, SHA256),
    CBC(0x008d, AES_256, 32, 16, 20, SHA256),
    AEAD(0x00a8, GCM, AES_128, 16, SHA256),
    AEAD(0x00a9, GCM, AES_256, 32, SHA384),
    CBC(0x00ae, AES_128, 16, 16, 32, SHA256),
    CBC(0x00af, AES_256, 32, 16, 48, SHA384),
    PLAIN(0x00b0, 32, SHA256),
    PLAIN(0x00b1, 48, SHA384),
    CBC(0xc064, ARIA_128, 16, 16, 32, SHA256),
    CBC(0xc065, ARIA_256, 32, 16, 48, SHA384),
    AEAD(0xc06a, GCM, ARIA_128, 16, SHA256),
    AEAD(0xc06b, GCM, ARIA_256, 32, SHA384),
    AEAD(0xc08e, GCM, CAMELLIA_128, 16, SHA256),
    AEAD(0xc08f, GCM, CAMELLIA_256, 32, SHA384),
    CBC(0xc094, CAMELLIA_128, 16, 16, 32, SHA256),
    CBC(0xc095, CAMELLIA_256, 32, 16, 48, SHA384),
    AEAD(0xc0a4, CCM, AES_128, 16, SHA256),
    AEAD(0xc0a5, CCM, AES_256, 32, SHA256),
    AEAD(0xc0a8, CCM, AES_128, 16, SHA256), /* CCM_8 */
    AEAD(0xc0a9, CCM, AES_256, 32, SHA256),
    AEAD(0xccab, CHACHA20, CHACHA20, 32, SHA256),
};

const struct psk_suite *psk_suite_find(uint64_t code)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i].code == code)
            return &suites[i];
    return NULL;
}

size_t psk_finished_nonce_len(const struct psk_finished *finished)
{
    enum { EXPLICIT_NONCE = 8 };
    switch (finished->suite->mode) {
    case PSK_MODE_GCM:
    case PSK_MODE_CCM:
        return EXPLICIT_NONCE;
    case PSK_MODE_CBC:
        return finished->implicit_iv ? 0 : finished->suite->block_len;
    case PSK_MODE_NULL:
    case PSK_MODE_CHACHA20:
        break;
    }
    return 0;
}

bool psk_finished_take(struct psk_finished *finished, struct span fragment)
{
    size_t need = finished->header_len + (size_t)PSK_VERIFY_LEN;
    if (finished->suite->mode == PSK_MODE_CBC) { /* whole blocks */
        size_t block = finished->suite->block_len;
        need = (need + block - 1) / block * block;
    }
    need += psk_finished_nonce_len(finished);
    if (fragment.len < need)
        return false;
    memcpy(finished->record, fragment.at, need);
    finished->record_len = (uint8_t)need;
    return true;
}
