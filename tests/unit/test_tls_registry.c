/* test_tls_registry.c: the tables of TLS code points against OpenSSL's view and against chosen rows. */
#include "dissectors/tables/tls_registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct openssl_name {
    const char *openssl;
    int ours;
};

static int ours_of(const struct openssl_name *table, size_t num, const char *openssl)
{
    for (size_t i = 0; i < num; i++) {
        if (strcmp(table[i].openssl, openssl) == 0)
            return table[i].ours;
    }
    fail_msg("OpenSSL's word %s is not expected", openssl);
    return -1;
}

/* OpenSSL writes DH and ECDH for the ephemeral and, with Au=None, for the anonymous exchanges. */
static enum tls_kx kx_of_openssl(const char *kx, const char *au)
{
    static const struct openssl_name names[] = {
        {"RSA", TLS_KX_RSA},
        {"DH", TLS_KX_DHE},
        {"ECDH", TLS_KX_ECDHE},
        {"PSK", TLS_KX_PSK},
        {"RSAPSK", TLS_KX_RSA_PSK},
        {"DHEPSK", TLS_KX_DHE_PSK},
        {"ECDHEPSK", TLS_KX_ECDHE_PSK},
        {"SRP", TLS_KX_SRP},
        {"any", TLS_KX_TLS13},
    };

    if (strcmp(au, "None") == 0)
        return strcmp(kx, "DH") == 0 ? TLS_KX_DH_ANON : TLS_KX_ECDH_ANON;
    return (enum tls_kx)ours_of(names, COUNT(names), kx);
}

static enum tls_auth auth_of_openssl(const char *au)
{
    static const struct openssl_name names[] = {
        {"RSA", TLS_AUTH_RSA},   {"DSS", TLS_AUTH_DSS}, {"ECDSA", TLS_AUTH_ECDSA},
        {"PSK", TLS_AUTH_PSK},   {"SRP", TLS_AUTH_SRP}, {"None", TLS_AUTH_ANON},
        {"any", TLS_AUTH_TLS13},
    };

    return (enum tls_auth)ours_of(names, COUNT(names), au);
}

/* "AESCCM8(256)" gives "AES_256_CCM_8". */
static void encryption_of_openssl(const char *enc, char *out, size_t out_len)
{
    static const struct {
        const char *openssl, *before, *after;
    } ciphers[] = {
        {"AES", "AES_", "_CBC"},      {"AESGCM", "AES_", "_GCM"},
        {"AESCCM", "AES_", "_CCM"},   {"AESCCM8", "AES_", "_CCM_8"},
        {"ARIAGCM", "ARIA_", "_GCM"}, {"Camellia", "CAMELLIA_", "_CBC"},
    };
    size_t name_len = strcspn(enc, "(");

    if (strcmp(enc, "None") == 0) {
        (void)snprintf(out, out_len, "NULL");
        return;
    }
    if (strcmp(enc, "CHACHA20/POLY1305(256)") == 0) {
        (void)snprintf(out, out_len, "CHACHA20_POLY1305");
        return;
    }
    for (size_t i = 0; i < COUNT(ciphers); i++) {
        if (strlen(ciphers[i].openssl) == name_len &&
            memcmp(ciphers[i].openssl, enc, name_len) == 0) {
            (void)snprintf(out, out_len, "%s%.3s%s", ciphers[i].before, enc + name_len + 1,
                           ciphers[i].after);
            return;
        }
    }
    fail_msg("OpenSSL's cipher %s is not expected", enc);
}

static void check_openssl_row(unsigned code, const char *name, const char *kx, const char *au,
                              const char *enc, const char *mac)
{
    const struct tls_suite *suite = tls_suite_find((uint16_t)code);
    char encryption[64] = "";
    const char *bits = strchr(enc, '(');

    if (suite == NULL)
        fail_msg("%s (0x%04x) is not in the table", name, code);
    encryption_of_openssl(enc, encryption, sizeof(encryption));
    if (suite->kx != kx_of_openssl(kx, au) || suite->auth != auth_of_openssl(au) ||
        strcmp(suite->encryption, encryption) != 0 ||
        suite->key_bits != (bits != NULL ? strtoul(bits + 1, NULL, 10) : 0) ||
        ((suite->flags & TLS_SUITE_NULL_ENCRYPTION) != 0) != (strcmp(enc, "None") == 0) ||
        ((suite->flags & TLS_SUITE_AEAD) != 0) != (strcmp(mac, "AEAD") == 0) ||
        ((suite->flags & TLS_SUITE_MD5) != 0) != (strcmp(mac, "MD5") == 0))
        fail_msg(
            "%s: OpenSSL has Kx=%s Au=%s Enc=%s Mac=%s; the table has kx %s auth %d %s %u bits",
            suite->name, kx, au, enc, mac, tls_kx_name(suite->kx), (int)suite->auth,
            suite->encryption, (unsigned)suite->key_bits);
}

static void suites_agree_with_openssl(void **state)
{
    FILE *file = fopen(PERPASS_SOURCE_DIR "/tests/unit/data/openssl_ciphers.tsv", "r");
    char line[256] = "";
    size_t num = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        unsigned code = 0;
        char name[64] = "";
        char kx[16] = "";
        char au[16] = "";
        char enc[32] = "";
        char mac[16] = "";
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%x %63s %15s %15s %31s %15s", &code, name, kx, au, enc, mac),
                         6);
        check_openssl_row(code, name, kx, au, enc, mac);
        num++;
    }
    (void)fclose(file);
    assert_int_equal(num, 158);
}

struct expected_suite {
    uint16_t code;
    const char *name;
    enum tls_kx kx;
    enum tls_auth auth;
    enum tls_secrecy secrecy;
    unsigned flags;
    uint16_t key_bits;
    const char *encryption;
};

/* What OpenSSL's list does not hold: old, foreign, unregistered suites, signals; and the flags. */
static const struct expected_suite expected_suites[] = {
    {0x0000, "TLS_NULL_WITH_NULL_NULL", TLS_KX_NULL, TLS_AUTH_NULL, TLS_SECRECY_NONE,
     TLS_SUITE_NULL_ENCRYPTION | TLS_SUITE_DTLS_OK, 0, "NULL"},
    {0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_EXPORT | TLS_SUITE_RC4 | TLS_SUITE_MD5 | TLS_SUITE_DISCOURAGED, 40, "RC4_40"},
    {0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_EXPORT | TLS_SUITE_RC2 | TLS_SUITE_MD5 | TLS_SUITE_DISCOURAGED | TLS_SUITE_CBC |
         TLS_SUITE_DTLS_OK,
     40, "RC2_CBC_40"},
    {0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_IDEA | TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128, "IDEA_CBC"},
    {0x0009, "TLS_RSA_WITH_DES_CBC_SHA", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_DES | TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 56, "DES_CBC"},
    {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_3DES | TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 168,
     "3DES_EDE_CBC"},
    {0x000e, "TLS_DH_RSA_EXPORT_WITH_DES40_CBC_SHA", TLS_KX_DH, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_EXPORT | TLS_SUITE_DES | TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK,
     40, "DES40_CBC"},
    {0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", TLS_KX_DHE, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_EXPORT | TLS_SUITE_DES | TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK,
     40, "DES40_CBC"},
    {0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", TLS_KX_DH_ANON, TLS_AUTH_ANON, TLS_SECRECY_FORWARD,
     TLS_SUITE_RC4 | TLS_SUITE_MD5 | TLS_SUITE_DISCOURAGED, 128, "RC4_128"},
    {0x0026, "TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA", TLS_KX_KRB5, TLS_AUTH_KRB5, TLS_SECRECY_NONE,
     TLS_SUITE_EXPORT | TLS_SUITE_DES | TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK,
     40, "DES_CBC_40"},
    {0x0031, "TLS_DH_RSA_WITH_AES_128_CBC_SHA", TLS_KX_DH, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128, "AES_128_CBC"},
    {0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128, "CAMELLIA_128_CBC"},
    {0x0061, "TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_EXPORT | TLS_SUITE_RC2 | TLS_SUITE_MD5 | TLS_SUITE_CBC, 56, "RC2_CBC_56"},
    {0x0081, "TLS_GOSTR341001_WITH_28147_CNT_IMIT", TLS_KX_GOST, TLS_AUTH_GOST, TLS_SECRECY_NONE, 0,
     256, "28147_CNT"},
    {0x0083, "TLS_GOSTR341001_WITH_NULL_GOSTR3411", TLS_KX_GOST, TLS_AUTH_GOST, TLS_SECRECY_NONE,
     TLS_SUITE_NULL_ENCRYPTION, 0, "NULL"},
    {0x0096, "TLS_RSA_WITH_SEED_CBC_SHA", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128, "SEED_CBC"},
    {0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256", TLS_KX_PSK, TLS_AUTH_PSK, TLS_SECRECY_NONE,
     TLS_SUITE_AEAD | TLS_SUITE_DTLS_OK, 128, "AES_128_GCM"},
    {0x00aa, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256", TLS_KX_DHE_PSK, TLS_AUTH_PSK,
     TLS_SECRECY_FORWARD, TLS_SUITE_AEAD | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128,
     "AES_128_GCM"},
    {0x00b6, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA256", TLS_KX_RSA_PSK, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128, "AES_128_CBC"},
    {0x00c6, "TLS_SM4_GCM_SM3", TLS_KX_TLS13, TLS_AUTH_TLS13, TLS_SECRECY_UNKNOWN, TLS_SUITE_AEAD,
     128, "SM4_GCM"},
    {0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", TLS_KX_SIGNAL, TLS_AUTH_SIGNAL,
     TLS_SECRECY_UNKNOWN, TLS_SUITE_DTLS_OK, 0, ""},
    {0x1301, "TLS_AES_128_GCM_SHA256", TLS_KX_TLS13, TLS_AUTH_TLS13, TLS_SECRECY_UNKNOWN,
     TLS_SUITE_AEAD | TLS_SUITE_RECOMMENDED | TLS_SUITE_DTLS_OK, 128, "AES_128_GCM"},
    {0x1305, "TLS_AES_128_CCM_8_SHA256", TLS_KX_TLS13, TLS_AUTH_TLS13, TLS_SECRECY_UNKNOWN,
     TLS_SUITE_AEAD | TLS_SUITE_CCM_8 | TLS_SUITE_DTLS_OK, 128, "AES_128_CCM_8"},
    {0x5600, "TLS_FALLBACK_SCSV", TLS_KX_SIGNAL, TLS_AUTH_SIGNAL, TLS_SECRECY_UNKNOWN,
     TLS_SUITE_DTLS_OK, 0, ""},
    {0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", TLS_KX_ECDH, TLS_AUTH_ECDSA, TLS_SECRECY_NONE,
     TLS_SUITE_CBC | TLS_SUITE_DTLS_OK, 128, "AES_128_CBC"},
    {0xc016, "TLS_ECDH_anon_WITH_RC4_128_SHA", TLS_KX_ECDH_ANON, TLS_AUTH_ANON, TLS_SECRECY_FORWARD,
     TLS_SUITE_RC4, 128, "RC4_128"},
    {0xc01d, "TLS_SRP_SHA_WITH_AES_128_CBC_SHA", TLS_KX_SRP, TLS_AUTH_SRP, TLS_SECRECY_FORWARD,
     TLS_SUITE_CBC | TLS_SUITE_DTLS_OK, 128, "AES_128_CBC"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", TLS_KX_ECDHE, TLS_AUTH_RSA,
     TLS_SECRECY_FORWARD, TLS_SUITE_AEAD | TLS_SUITE_RECOMMENDED | TLS_SUITE_DTLS_OK, 128,
     "AES_128_GCM"},
    {0xc03c, "TLS_RSA_WITH_ARIA_128_CBC_SHA256", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_CBC | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128, "ARIA_128_CBC"},
    {0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8", TLS_KX_PSK, TLS_AUTH_PSK, TLS_SECRECY_NONE,
     TLS_SUITE_AEAD | TLS_SUITE_CCM_8 | TLS_SUITE_DTLS_OK, 128, "AES_128_CCM_8"},
    {0xc0aa, "TLS_PSK_DHE_WITH_AES_128_CCM_8", TLS_KX_DHE_PSK, TLS_AUTH_PSK, TLS_SECRECY_FORWARD,
     TLS_SUITE_AEAD | TLS_SUITE_CCM_8 | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 128,
     "AES_128_CCM_8"},
    {0xc0b0, "TLS_ECCPWD_WITH_AES_128_GCM_SHA256", TLS_KX_ECCPWD, TLS_AUTH_PASSWORD,
     TLS_SECRECY_FORWARD, TLS_SUITE_AEAD | TLS_SUITE_DTLS_OK, 128, "AES_128_GCM"},
    {0xc0b4, "TLS_SHA256_SHA256", TLS_KX_TLS13, TLS_AUTH_TLS13, TLS_SECRECY_UNKNOWN,
     TLS_SUITE_NULL_ENCRYPTION | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 0, "NULL"},
    {0xc0b5, "TLS_SHA384_SHA384", TLS_KX_TLS13, TLS_AUTH_TLS13, TLS_SECRECY_UNKNOWN,
     TLS_SUITE_NULL_ENCRYPTION | TLS_SUITE_DISCOURAGED | TLS_SUITE_DTLS_OK, 0, "NULL"},
    {0xc0ff, "TLS_ECJPAKE_WITH_AES_128_CCM_8", TLS_KX_ECJPAKE, TLS_AUTH_PASSWORD,
     TLS_SECRECY_FORWARD, TLS_SUITE_AEAD | TLS_SUITE_CCM_8, 128, "AES_128_CCM_8"},
    {0xc100, "TLS_GOSTR341112_256_WITH_KUZNYECHIK_CTR_OMAC", TLS_KX_GOST, TLS_AUTH_GOST,
     TLS_SECRECY_NONE, 0, 256, "KUZNYECHIK_CTR"},
    {0xc103, "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L", TLS_KX_TLS13, TLS_AUTH_TLS13,
     TLS_SECRECY_UNKNOWN, TLS_SUITE_AEAD, 256, "KUZNYECHIK_MGM_L"},
    {0xcc13, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS_KX_ECDHE, TLS_AUTH_RSA,
     TLS_SECRECY_FORWARD, TLS_SUITE_AEAD, 256, "CHACHA20_POLY1305"},
    {0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", TLS_KX_ECDHE_PSK, TLS_AUTH_PSK,
     TLS_SECRECY_FORWARD, TLS_SUITE_AEAD | TLS_SUITE_RECOMMENDED | TLS_SUITE_DTLS_OK, 256,
     "CHACHA20_POLY1305"},
    {0xe013, "ECC_SM4_CBC_SM3", TLS_KX_SM2, TLS_AUTH_SM2, TLS_SECRECY_NONE, TLS_SUITE_CBC, 128,
     "SM4_CBC"},
    {0xe017, "IBC_SM4_CBC_SM3", TLS_KX_UNKNOWN, TLS_AUTH_UNKNOWN, TLS_SECRECY_UNKNOWN,
     TLS_SUITE_CBC, 128, "SM4_CBC"},
    {0xfefe, "SSL_RSA_FIPS_WITH_DES_CBC_SHA", TLS_KX_RSA, TLS_AUTH_RSA, TLS_SECRECY_NONE,
     TLS_SUITE_DES | TLS_SUITE_CBC, 56, "DES_CBC"},
    {0xff87, "TLS_GOSTR341112_256_WITH_NULL_GOSTR3411", TLS_KX_GOST, TLS_AUTH_GOST,
     TLS_SECRECY_NONE, TLS_SUITE_NULL_ENCRYPTION, 0, "NULL"},
};

static void check_suite(const struct tls_suite *suite, const struct expected_suite *expected)
{
    if (suite == NULL)
        fail_msg("%s is not in the table", expected->name);
    assert_string_equal(suite->name, expected->name);
    if (suite->kx != expected->kx || suite->auth != expected->auth ||
        suite->secrecy != expected->secrecy || suite->flags != expected->flags ||
        suite->key_bits != expected->key_bits ||
        strcmp(suite->encryption, expected->encryption) != 0)
        fail_msg("%s: kx %s auth %d secrecy %d flags 0x%x, %u bits of %s", suite->name,
                 tls_kx_name(suite->kx), (int)suite->auth, (int)suite->secrecy,
                 (unsigned)suite->flags, (unsigned)suite->key_bits, suite->encryption);
}

static void chosen_suites(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected_suites); i++)
        check_suite(tls_suite_find(expected_suites[i].code), &expected_suites[i]);
}

/* Every code point is asked: a row must be found under its own code, and mean something. */
static void every_code_point(void **state)
{
    size_t num = 0;
    size_t num_grease = 0;

    (void)state;
    for (uint32_t code = 0; code <= 0xffff; code++) {
        const struct tls_suite *suite = tls_suite_find((uint16_t)code);
        assert_int_equal((suite != NULL) && (suite->flags & TLS_SUITE_GREASE) != 0,
                         tls_is_grease((uint16_t)code));
        if (suite == NULL) {
            assert_null(tls_suite_name(code));
            continue;
        }
        num++;
        assert_int_equal(suite->code, code);
        assert_ptr_equal(tls_suite_name(code), suite->name);
        if (tls_is_grease((uint16_t)code)) {
            num_grease++;
            assert_string_equal(suite->name, "GREASE");
            assert_int_equal(suite->kx, TLS_KX_SIGNAL);
            continue;
        }
        if (suite->kx == TLS_KX_SIGNAL)
            continue;
        assert_int_equal((suite->flags & TLS_SUITE_NULL_ENCRYPTION) != 0,
                         strcmp(suite->encryption, "NULL") == 0);
        assert_int_equal((suite->flags & TLS_SUITE_NULL_ENCRYPTION) != 0, suite->key_bits == 0);
        assert_false((suite->flags & TLS_SUITE_CBC) != 0 && (suite->flags & TLS_SUITE_AEAD) != 0);
        assert_int_equal((suite->flags & TLS_SUITE_EXPORT) != 0,
                         strstr(suite->name, "EXPORT") != NULL);
    }
    assert_int_equal(num_grease, 16);
    assert_int_equal(num, 435);
}

static void ssl2_kinds(void **state)
{
    static const struct {
        uint32_t code;
        const char *name;
        unsigned flags;
        uint16_t key_bits;
    } kinds[] = {
        {0x010080, "SSL_CK_RC4_128_WITH_MD5", TLS_SUITE_RC4 | TLS_SUITE_MD5, 128},
        {0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5",
         TLS_SUITE_RC4 | TLS_SUITE_MD5 | TLS_SUITE_EXPORT, 40},
        {0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
         TLS_SUITE_RC2 | TLS_SUITE_CBC | TLS_SUITE_MD5 | TLS_SUITE_EXPORT, 40},
        {0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5", TLS_SUITE_IDEA | TLS_SUITE_CBC | TLS_SUITE_MD5,
         128},
        {0x060040, "SSL_CK_DES_64_CBC_WITH_MD5", TLS_SUITE_DES | TLS_SUITE_CBC | TLS_SUITE_MD5, 56},
        {0x0700c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
         TLS_SUITE_3DES | TLS_SUITE_CBC | TLS_SUITE_MD5, 168},
        {0x080080, "SSL_CK_RC4_64_WITH_MD5", TLS_SUITE_RC4 | TLS_SUITE_MD5, 64},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct tls_suite *kind = tls_ssl2_cipher_find(kinds[i].code);
        assert_non_null(kind);
        assert_int_equal(kind->code, kinds[i].code);
        assert_string_equal(kind->name, kinds[i].name);
        assert_string_equal(tls_ssl2_cipher_name(kinds[i].code), kinds[i].name);
        assert_int_equal(kind->flags, kinds[i].flags);
        assert_int_equal(kind->key_bits, kinds[i].key_bits);
        assert_int_equal(kind->kx, TLS_KX_RSA);
        assert_int_equal(kind->secrecy, TLS_SECRECY_NONE);
    }
    assert_ptr_equal(tls_ssl2_cipher_find(0x00002f), tls_suite_find(0x002f));
    assert_null(tls_ssl2_cipher_find(0x030081));
    assert_null(tls_ssl2_cipher_find(0x1010080));
    assert_null(tls_ssl2_cipher_name(0x100010080));
}

static void names(void **state)
{
    static const struct {
        const char *(*name_of)(uint64_t code);
        uint64_t code;
        const char *name;
    } rows[] = {
        {tls_suite_name, 0x1301, "TLS_AES_128_GCM_SHA256"},
        {tls_suite_name, 0x11301, NULL},
        {tls_suite_name, 0x0047, NULL},
        {tls_group_name, 1, "sect163k1"},
        {tls_group_name, 23, "secp256r1"},
        {tls_group_name, 29, "x25519"},
        {tls_group_name, 0x100, "ffdhe2048"},
        {tls_group_name, 0x201, "MLKEM768"},
        {tls_group_name, 0x11ec, "X25519MLKEM768"},
        {tls_group_name, 0x6399, "X25519Kyber768Draft00"},
        {tls_group_name, 0x1a1a, "GREASE"},
        {tls_group_name, 0xff02, "arbitrary_explicit_char2_curves"},
        {tls_group_name, 0, NULL},
        {tls_group_name, 0x1001d, NULL},
        {tls_extension_name, 0, "server_name"},
        {tls_extension_name, 40, "extended_random"},
        {tls_extension_name, 41, "pre_shared_key"},
        {tls_extension_name, 53, "connection_id_deprecated"},
        {tls_extension_name, 54, "connection_id"},
        {tls_extension_name, 57, "quic_transport_parameters"},
        {tls_extension_name, 13172, "next_protocol_negotiation"},
        {tls_extension_name, 17513, "application_settings"},
        {tls_extension_name, 17613, "application_settings_new"},
        {tls_extension_name, 30032, "channel_id"},
        {tls_extension_name, 0xfe0d, "encrypted_client_hello"},
        {tls_extension_name, 0xffa5, "quic_transport_parameters"},
        {tls_extension_name, 0xffce, "encrypted_server_name"},
        {tls_extension_name, 0xff01, "renegotiation_info"},
        {tls_extension_name, 0xaaaa, "GREASE"},
        {tls_extension_name, 0xffff, NULL},
        {tls_alert_name, 0, "close_notify"},
        {tls_alert_name, 21, "decryption_failed"},
        {tls_alert_name, 115, "unknown_psk_identity"},
        {tls_alert_name, 121, "ech_required"},
        {tls_alert_name, 255, NULL},
        {tls_version_name, 0x0002, "2"},
        {tls_version_name, 0x0300, "3"},
        {tls_version_name, 0x0301, "1.0"},
        {tls_version_name, 0x0302, "1.1"},
        {tls_version_name, 0x0303, "1.2"},
        {tls_version_name, 0x0304, "1.3"},
        {tls_version_name, 0x7f1c, "1.3-draft28"},
        {tls_version_name, 0xfb1a, "1.3-fb26"},
        {tls_version_name, 0xfeff, "1.0"},
        {tls_version_name, 0x0100, "1.0"},
        {tls_version_name, 0xfefd, "1.2"},
        {tls_version_name, 0xfefc, "1.3"},
        {tls_version_name, 0x2a2a, "GREASE"},
        {tls_version_name, 0x0305, NULL},
        {tls_version_name, 0xfefe, NULL},
        {tls_signature_name, 0x0804, "rsa_pss_rsae_sha256"},
        {tls_signature_name, 0x0402, "dsa_sha256"},
        {tls_signature_name, 0x0905, "mldsa65"},
        {tls_signature_name, 0x0000, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = rows[i].name_of(rows[i].code);
        if (rows[i].name == NULL)
            assert_null(name);
        else if (name == NULL)
            fail_msg("0x%llx has no name", (unsigned long long)rows[i].code);
        else
            assert_string_equal(name, rows[i].name);
    }
    assert_string_equal(tls_kx_name(TLS_KX_ECDHE_PSK), "ECDHE_PSK");
    for (int kx = TLS_KX_UNKNOWN; kx <= TLS_KX_SM2; kx++)
        assert_non_null(tls_kx_name((enum tls_kx)kx));
}

static void postquantum_groups(void **state)
{
    static const uint16_t yes[] = {0x200,  0x201,  0x202,  0x11eb, 0x11ec,
                                   0x11ed, 0x6399, 0x639a, 0xfe30, 0x4138};
    static const uint16_t no[] = {0, 23, 29, 41, 0x100, 0x1a1a, 0xff01, 0xfe33};

    (void)state;
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_true(tls_group_is_postquantum(yes[i]));
    for (size_t i = 0; i < COUNT(no); i++)
        assert_false(tls_group_is_postquantum(no[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_agree_with_openssl),
        cmocka_unit_test(chosen_suites),
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(ssl2_kinds),
        cmocka_unit_test(names),
        cmocka_unit_test(postquantum_groups),
    };

    return cmocka_run_group_tests_name("tls_registry", tests, NULL, NULL);
}
