/* test_pseudonym.c: reports/pseudonym.c against the vectors of draft-denis-ipcrypt, and its ranges. */
#include "from_hex.h"
#include "reports/pseudonym.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define FIRST_KEY  "0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301"
#define SECOND_KEY "2b7e151628aed2a6abf7158809cf4f3ca9f5ba40db214c3798f2e1c23456789a"

static struct pseudonym *made(const char *key_digits)
{
    struct hex_bytes key = from_hex(key_digits);
    static const uint8_t mac_key[16] = {1, 2, 3};
    struct error error = {""};
    struct pseudonym *pseudonym = pseudonym_new(SCHEME_IPCRYPT_PFX, key.at, mac_key, &error);
    assert_non_null(pseudonym);
    return pseudonym;
}

/* An address as bytes; 4 or 16 of them. */
static struct hex_bytes address_of(const char *text)
{
    struct hex_bytes bytes = {.len = strchr(text, ':') != NULL ? 16 : 4};
    assert_int_equal(inet_pton(bytes.len == 16 ? AF_INET6 : AF_INET, text, bytes.at), 1);
    return bytes;
}

/* Appendix A.2 of the draft, and its files of vectors. */
static const struct {
    const char *key, *address, *encrypted;
} vectors[] = {
    {FIRST_KEY, "0.0.0.0", "151.82.155.134"},
    {FIRST_KEY, "255.255.255.255", "94.185.169.89"},
    {FIRST_KEY, "192.0.2.1", "100.115.72.131"},
    {FIRST_KEY, "2001:db8::1", "c180:5dd4:2587:3524:30ab:fa65:6ab6:f88"},
    {SECOND_KEY, "10.0.0.47", "19.214.210.244"},
    {SECOND_KEY, "10.0.0.129", "19.214.210.80"},
    {SECOND_KEY, "10.0.0.234", "19.214.210.30"},
    {SECOND_KEY, "172.16.5.193", "210.78.229.136"},
    {SECOND_KEY, "172.16.97.42", "210.78.179.241"},
    {SECOND_KEY, "172.16.248.177", "210.78.121.215"},
    {SECOND_KEY, "2001:db8::a5c9:4e2f:bb91:5a7d", "7cec:702c:1243:f70:1956:125:b9bd:1aba"},
    {SECOND_KEY, "2001:db8::7234:d8f1:3c6e:9a52", "7cec:702c:1243:f70:a3ef:c8e:95c1:cd0d"},
    {SECOND_KEY, "2001:db8::f1e0:937b:26d4:8c1a", "7cec:702c:1243:f70:443c:c8e:6a62:b64d"},
    {SECOND_KEY, "2001:db8:3a5c:0:e7d1:4b9f:2c8a:f673", "7cec:702c:3503:bef:e616:96bd:be33:a9b9"},
    {SECOND_KEY, "2001:db8:9f27:0:b4e2:7a3d:5f91:c8e6", "7cec:702c:a504:b74e:194a:3d90:b047:2d1a"},
    {SECOND_KEY, "2001:db8:d8b4:0:193c:a5e7:8b2f:46d1", "7cec:702c:f840:aa67:1b8:e84f:ac9d:77fb"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct pseudonym *pseudonym = made(vectors[i].key);
        struct hex_bytes in = address_of(vectors[i].address),
                         want = address_of(vectors[i].encrypted);
        uint8_t out[16];
        assert_true(pseudonym_pfx(pseudonym, hex_span(&in), out));
        assert_memory_equal(out, want.at, want.len);
        pseudonym_free(pseudonym);
    }
}

/* Of Crypto-PAn: the sample trace of its authors' implementation with their key, and the example of yacryptopan, which
 * has IPv6. */
#define PAN_KEY  "1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202"
#define TEXT_KEY "33322d636861722d7374722d666f722d4145532d6b65792d616e642d7061642e"

static const struct {
    const char *key, *address, *encrypted;
} pan_vectors[] = {
    {PAN_KEY, "128.11.68.132", "135.242.180.132"},
    {PAN_KEY, "129.118.74.4", "134.136.186.123"},
    {PAN_KEY, "130.132.252.244", "133.68.164.234"},
    {PAN_KEY, "141.223.7.43", "141.167.8.160"},
    {PAN_KEY, "24.5.0.80", "100.9.15.210"},
    {TEXT_KEY, "192.0.2.1", "192.0.125.244"},
    {TEXT_KEY, "2001:db8::1", "27fe:8bc7:fee:1e:1e1f:f0fe:f0e1:83fd"},
};

static void test_crypto_pan(void **state)
{
    (void)state;
    static const uint8_t mac_key[16] = {1, 2, 3};
    for (size_t i = 0; i < sizeof pan_vectors / sizeof pan_vectors[0]; i++) {
        struct error error = {""};
        struct hex_bytes key = from_hex(pan_vectors[i].key);
        struct pseudonym *pseudonym = pseudonym_new(SCHEME_CRYPTO_PAN, key.at, mac_key, &error);
        assert_non_null(pseudonym);
        struct hex_bytes in = address_of(pan_vectors[i].address),
                         want = address_of(pan_vectors[i].encrypted);
        uint8_t out[16];
        bool hidden = false;
        assert_true(pseudonym_address(pseudonym, hex_span(&in), out, &hidden));
        assert_true(hidden);
        assert_memory_equal(out, want.at, want.len);
        pseudonym_free(pseudonym);
    }
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++)
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8)) & 1)
            return i;
    return bits;
}

/* Two addresses that share their first bits share as many afterwards, and no more. */
static void test_crypto_pan_keeps_prefixes(void **state)
{
    (void)state;
    static const uint8_t key[32] = {7, 7, 7}, mac_key[16] = {1};
    struct error error = {""};
    struct pseudonym *pseudonym = pseudonym_new(SCHEME_CRYPTO_PAN, key, mac_key, &error);
    assert_non_null(pseudonym);
    for (unsigned len = 4; len <= 16; len += 12) {
        for (unsigned bit = 0; bit < len * 8; bit++) {
            uint8_t one[16] = {10, 20, 30, 40, 50}, other[16], out[2][16];
            memcpy(other, one, sizeof other);
            other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            assert_true(pseudonym_pan(pseudonym, span_of(one, len), out[0]));
            assert_true(pseudonym_pan(pseudonym, span_of(other, len), out[1]));
            assert_int_equal(common_bits(out[0], out[1], len * 8), bit);
        }
    }
    pseudonym_free(pseudonym);
}

static void test_mapped_is_ipv4(void **state)
{
    (void)state;
    struct pseudonym *pseudonym = made(FIRST_KEY);
    struct hex_bytes in = address_of("::ffff:192.0.2.1"),
                     want = address_of("::ffff:100.115.72.131");
    uint8_t out[16];
    assert_true(pseudonym_pfx(pseudonym, hex_span(&in), out));
    assert_memory_equal(out, want.at, 16);
    pseudonym_free(pseudonym);
}

static void test_equal_halves_refused(void **state)
{
    (void)state;
    const uint8_t key[32] = {0}, mac_key[16] = {0};
    struct error error = {""};
    assert_null(pseudonym_new(SCHEME_IPCRYPT_PFX, key, mac_key, &error));
    assert_non_null(strstr(error.text, "the same"));
}

/* |kept| bits from the top stay; the rest changes, unless all stay. */
static const struct {
    const char *address;
    unsigned kept;
} ranges[] = {
    {"0.0.0.0", 32},
    {"127.0.0.1", 32},
    {"127.255.3.4", 32},
    {"169.254.17.18", 16},
    {"224.0.0.251", 32},
    {"239.255.255.250", 32},
    {"255.255.255.255", 32},
    {"::", 128},
    {"::1", 128},
    {"::ffff:127.0.0.1", 128},
    {"fe80::211:22ff:fe33:4455", 64},
    {"ff02::fb", 128},
    {"ff02::1:ff33:4455", 104},
    {"ff3e:30:2001:db8:1:2:4000:1", 16},
    {"10.1.2.3", 0},
    {"192.168.1.1", 0},
    {"198.51.100.7", 0},
    {"240.1.2.3", 0},
    {"255.255.255.254", 0},
    {"2001:db8::1", 0},
    {"fd00::1", 0},
    {"::192.0.2.1", 0},
};

static void test_special_ranges(void **state)
{
    (void)state;
    struct pseudonym *pseudonym = made(FIRST_KEY);
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct hex_bytes in = address_of(ranges[i].address);
        uint8_t out[16];
        bool hidden;
        assert_true(pseudonym_address(pseudonym, hex_span(&in), out, &hidden));
        assert_int_equal(hidden, ranges[i].kept < in.len * 8);
        assert_memory_equal(out, in.at, ranges[i].kept / 8);
        if (hidden)
            assert_memory_not_equal(out, in.at, in.len);
    }
    pseudonym_free(pseudonym);
}

static bool is_special_ipv4(const uint8_t a[4])
{
    return a[0] == 0 || a[0] == 127 || (a[0] == 169 && a[1] == 254) || (a[0] & 0xf0) == 224 ||
           (a[0] & a[1] & a[2] & a[3]) == 255;
}

/* All /16 networks: no pseudonym is special, networks stay apart, and hosts stay in their network. */
static void test_ipv4_permutation(void **state)
{
    (void)state;
    static uint8_t taken[65536];
    memset(taken, 0, sizeof taken);
    struct pseudonym *pseudonym = made(SECOND_KEY);
    for (unsigned network = 0; network < 65536; network++) {
        const uint8_t a[4] = {(uint8_t)(network >> 8), (uint8_t)network, 7, 9};
        const uint8_t b[4] = {a[0], a[1], 200, 1};
        uint8_t a_out[16], b_out[16];
        bool hidden;
        assert_true(pseudonym_address(pseudonym, span_of(a, 4), a_out, &hidden));
        assert_true(pseudonym_address(pseudonym, span_of(b, 4), b_out, &hidden));
        assert_int_equal(hidden, !is_special_ipv4(a) || (a[0] == 169 && a[1] == 254));
        assert_memory_equal(a_out, b_out, 2);
        assert_int_equal(is_special_ipv4(a), is_special_ipv4(a_out));
        unsigned out = (unsigned)(a_out[0] << 8 | a_out[1]);
        assert_int_equal(taken[out], 0);
        taken[out] = 1;
    }
    pseudonym_free(pseudonym);
}

/* A permutation keeps every prefix: two addresses share exactly as many leading bits as before. */
static void test_prefixes_are_kept(void **state)
{
    (void)state;
    struct pseudonym *pseudonym = made(SECOND_KEY);
    struct hex_bytes base = address_of("2001:db8:7:8:9:a:b:c");
    uint8_t base_out[16];
    assert_true(pseudonym_pfx(pseudonym, hex_span(&base), base_out));
    for (unsigned bit = 0; bit < 128; bit++) {
        struct hex_bytes other = base;
        other.at[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        uint8_t out[16];
        assert_true(pseudonym_pfx(pseudonym, hex_span(&other), out));
        unsigned shared = 0;
        while (shared < 128 && ((out[shared / 8] ^ base_out[shared / 8]) & 0x80 >> shared % 8) == 0)
            shared++;
        assert_int_equal(shared, bit);
    }
    pseudonym_free(pseudonym);
}

static const struct {
    const char *mac;
    bool hidden;
    size_t kept; /* leading bytes */
} macs[] = {
    {"000000000000", false, 6},    {"ffffffffffff", false, 6},     {"01005e0000fb", false, 6},
    {"3333000000fb", false, 6},    {"3333ff334455", true, 3},      {"00005e005301", true, 3},
    {"00005efffe005301", true, 3}, {"0000000000000000", false, 8}, {"0242ac110002", true, 0},
    {"021122fffe334455", true, 0},
};

static void test_macs(void **state)
{
    (void)state;
    struct pseudonym *pseudonym = made(FIRST_KEY);
    for (size_t i = 0; i < sizeof macs / sizeof macs[0]; i++) {
        struct hex_bytes in = from_hex(macs[i].mac);
        uint8_t out[8];
        bool hidden;
        assert_true(pseudonym_mac(pseudonym, hex_span(&in), out, &hidden));
        assert_int_equal(hidden, macs[i].hidden);
        assert_memory_equal(out, in.at, macs[i].kept);
        assert_int_equal(out[0] & 3, in.at[0] & 3);
        if (hidden)
            assert_memory_not_equal(out, in.at, in.len);
    }
    pseudonym_free(pseudonym);
}

/* 65,536 devices of one manufacturer keep apart. */
static void test_mac_permutation(void **state)
{
    (void)state;
    static uint8_t taken[1 << 21];
    memset(taken, 0, sizeof taken);
    struct pseudonym *pseudonym = made(FIRST_KEY);
    for (unsigned i = 0; i < 65536; i++) {
        const uint8_t mac[6] = {0x00, 0x1b, 0x63, (uint8_t)(i >> 8), 0x42, (uint8_t)i};
        uint8_t out[8];
        bool hidden;
        assert_true(pseudonym_mac(pseudonym, span_of(mac, 6), out, &hidden));
        unsigned low = (unsigned)(out[3] << 16 | out[4] << 8 | out[5]);
        assert_int_equal(taken[low / 8] >> low % 8 & 1, 0);
        taken[low / 8] |= (uint8_t)(1 << low % 8);
    }
    /* The bits that name a local address all take part. */
    const uint8_t local[6] = {0x02, 0, 0, 0, 0, 0};
    uint8_t base[8], out[8], changed[6] = {0};
    bool hidden;
    assert_true(pseudonym_mac(pseudonym, span_of(local, 6), base, &hidden));
    for (unsigned bit = 0; bit < 48; bit++) {
        if (bit == 6 || bit == 7)
            continue;
        uint8_t other[6];
        memcpy(other, local, 6);
        other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        assert_true(pseudonym_mac(pseudonym, span_of(other, 6), out, &hidden));
        assert_memory_not_equal(out, base, 6);
        for (size_t k = 0; k < 6; k++)
            changed[k] |= out[k] ^ base[k];
    }
    const uint8_t all_but_flags[6] = {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_memory_equal(changed, all_but_flags, 6);
    pseudonym_free(pseudonym);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_crypto_pan),
        cmocka_unit_test(test_crypto_pan_keeps_prefixes),
        cmocka_unit_test(test_mapped_is_ipv4),
        cmocka_unit_test(test_equal_halves_refused),
        cmocka_unit_test(test_special_ranges),
        cmocka_unit_test(test_ipv4_permutation),
        cmocka_unit_test(test_prefixes_are_kept),
        cmocka_unit_test(test_macs),
        cmocka_unit_test(test_mac_permutation),
    };
    return cmocka_run_group_tests_name("pseudonym", tests, NULL, NULL);
}
