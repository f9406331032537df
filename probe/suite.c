/* suite.c: the parts of PSK suites, by their registered names: RFC 4279, RFC 4785, RFC 5487, RFC 5489, RFC 6367, RFC
 * 6655, RFC 7905, RFC 8442. */
#include "probe/suite.h"

#include <stdlib.h>

struct bulk_row {
    const char *encryption; /* of the registry */
    enum suite_mode mode;
    enum crypto_aead aead;
    enum crypto_cbc cbc;
};

static const struct bulk_row bulks[] = {
    {"NULL", SUITE_NULL, 0, 0},
    {"AES_128_CBC", SUITE_CBC, 0, CRYPTO_AES_128_CBC},
    {"AES_256_CBC", SUITE_CBC, 0, CRYPTO_AES_256_CBC},
    {"CAMELLIA_128_CBC", SUITE_CBC, 0, CRYPTO_CAMELLIA_128_CBC},
    {"CAMELLIA_256_CBC", SUITE_CBC, 0, CRYPTO_CAMELLIA_256_CBC},
    {"3DES_EDE_CBC", SUITE_CBC, 0, CRYPTO_3DES_CBC},
    {"AES_128_CCM", SUITE_AEAD, CRYPTO_AES_128_CCM, 0},
    {"AES_256_CCM", SUITE_AEAD, CRYPTO_AES_256_CCM, 0},
    {"AES_128_CCM_8", SUITE_AEAD, CRYPTO_AES_128_CCM_8, 0},
    {"AES_256_CCM_8", SUITE_AEAD, CRYPTO_AES_256_CCM_8, 0},
    {"AES_128_GCM", SUITE_AEAD, CRYPTO_AES_128_GCM, 0},
    {"AES_256_GCM", SUITE_AEAD, CRYPTO_AES_256_GCM, 0},
    {"CHACHA20_POLY1305", SUITE_AEAD, CRYPTO_CHACHA20_POLY1305, 0},
};

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static void set_lengths(struct suite *suite)
{
    enum { SALT_LEN = 4 };
    const char *name = suite->registered->name;
    suite->prf = ends_in(name, "_SHA384") ? HASH_SHA384 : HASH_SHA256;
    if (suite->mode == SUITE_AEAD) {
        suite->key_len = crypto_aead_key_len(suite->aead);
        suite->iv_len = suite->aead == CRYPTO_CHACHA20_POLY1305 ? CRYPTO_AEAD_NONCE_LEN : SALT_LEN;
        return;
    }
    suite->mac = ends_in(name, "_SHA") ? HASH_SHA1 : suite->prf;
    suite->mac_len = hash_len(suite->mac);
    suite->key_len = suite->mode == SUITE_CBC ? crypto_cbc_key_len(suite->cbc) : 0;
}

bool suite_find(uint16_t code, struct suite *suite)
{
    const struct tls_suite *registered = tls_suite_find(code);
    if (registered == NULL || (registered->kx != TLS_KX_PSK && registered->kx != TLS_KX_DHE_PSK &&
                               registered->kx != TLS_KX_ECDHE_PSK))
        return false;
    for (size_t i = 0; i < sizeof bulks / sizeof *bulks; i++) {
        const struct bulk_row *row = &bulks[i];
        if (strcmp(row->encryption, registered->encryption) != 0)
            continue;
        *suite = (struct suite){
            .registered = registered, .mode = row->mode, .aead = row->aead, .cbc = row->cbc};
        set_lengths(suite);
        return true;
    }
    return false;
}

/* --- the list --- */

/* Lower comes first. */
static unsigned rank(uint16_t code)
{
    struct suite suite;
    const struct tls_suite *registered = tls_suite_find(code);
    unsigned order = registered->kx == TLS_KX_ECDHE_PSK ? 0
                     : registered->kx == TLS_KX_DHE_PSK ? 1
                                                        : 2;
    if (!suite_find(code, &suite))
        return 20 + order;
    return suite.mode == SUITE_AEAD ? order : suite.mode == SUITE_CBC ? 5 + order : 10 + order;
}

static int compare(const void *a, const void *b)
{
    const uint16_t first = *(const uint16_t *)a, second = *(const uint16_t *)b;
    const unsigned rank_first = rank(first), rank_second = rank(second);
    if (rank_first != rank_second)
        return rank_first < rank_second ? -1 : 1;
    return first < second ? -1 : first > second;
}

/* Stream ciphers cannot be used with DTLS: RFC 6347 section 4.1.2.2. */
static bool fits_dtls(const struct tls_suite *suite)
{
    return (suite->flags & TLS_SUITE_RC4) == 0 && strstr(suite->name, "SALSA20") == NULL;
}

size_t suites_psk(uint16_t codes[SUITES_MAX])
{
    size_t num = 0;
    for (unsigned code = 0; code <= UINT16_MAX && num < SUITES_MAX; code++) {
        const struct tls_suite *suite = tls_suite_find((uint16_t)code);
        if (suite != NULL && tls_kx_has_psk(suite->kx) && fits_dtls(suite))
            codes[num++] = (uint16_t)code;
    }
    qsort(codes, num, sizeof codes[0], compare);
    return num;
}
