/* test_crypto.c: core/crypto.c against the vectors of the specifications. */
#include "core/crypto.h"
#include "from_hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* FIPS 180-4 examples; the last row is a million times "a". */
static const struct {
    const char *text;
    size_t times;
    const char *sha256, *sha1, *md5;
} hashes[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "a9993e364706816aba3e25717850c26c9cd0d89d", "900150983cd24fb0d6963f7d28e17f72"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "8215ef0796a20bcaaae116d3876c664a"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
     "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
};

static void check_digest(enum crypto_hash hash, size_t row, const char *want)
{
    struct error error = {""};
    struct crypto_digest *digest = crypto_digest_new(hash, &error);
    assert_non_null(digest);
    struct hex_bytes bytes = from_hex(want);
    uint8_t out[CRYPTO_SHA256_LEN];
    /* Twice: finishing starts anew. */
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < hashes[row].times; i++)
            assert_true(crypto_digest_add(digest, span_text(hashes[row].text)));
        assert_true(crypto_digest_finish(digest, out));
        assert_memory_equal(out, bytes.at, bytes.len);
    }
    crypto_digest_free(digest);
}

static void test_hashes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        check_digest(CRYPTO_SHA256, i, hashes[i].sha256);
        check_digest(CRYPTO_SHA1, i, hashes[i].sha1);
        if (hashes[i].times != 1)
            continue;
        uint8_t out[CRYPTO_SHA256_LEN];
        struct hex_bytes want = from_hex(hashes[i].sha256);
        assert_true(crypto_sha256(span_text(hashes[i].text), out));
        assert_memory_equal(out, want.at, want.len);
        want = from_hex(hashes[i].md5);
        assert_true(crypto_md5(span_text(hashes[i].text), out));
        assert_memory_equal(out, want.at, want.len);
    }
}

/* RFC 4231 sections 4.2 to 4.8, but for the truncated one. */
static const struct {
    const char *key, *data, *mac;
} hmacs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddddddddddddddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048"
     "617368204b6579204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

static void test_hmac(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hmacs / sizeof hmacs[0]; i++) {
        struct error error = {""};
        struct hex_bytes key = from_hex(hmacs[i].key);
        struct hex_bytes data = from_hex(hmacs[i].data);
        struct hex_bytes mac = from_hex(hmacs[i].mac);
        struct crypto_hmac *hmac = crypto_hmac_new(hex_span(&key), &error);
        assert_non_null(hmac);
        uint8_t out[CRYPTO_SHA256_LEN], other[CRYPTO_SHA256_LEN];
        assert_true(crypto_hmac(hmac, hex_span(&data), out));
        assert_memory_equal(out, mac.at, mac.len);
        /* The key is used again and nothing of the last message is left. */
        assert_true(crypto_hmac(hmac, span_text("another"), other));
        assert_memory_not_equal(out, other, sizeof out);
        assert_true(crypto_hmac(hmac, hex_span(&data), out));
        assert_memory_equal(out, mac.at, mac.len);
        crypto_hmac_free(hmac);
    }
}

/* RFC 5869 appendix A.1 to A.3. */
static const struct {
    const char *key, *salt, *info, *out;
} hkdfs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728"
     "292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788"
     "898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8"
     "d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271"
     "cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void test_hkdf(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hkdfs / sizeof hkdfs[0]; i++) {
        struct hex_bytes key = from_hex(hkdfs[i].key), salt = from_hex(hkdfs[i].salt);
        struct hex_bytes info = from_hex(hkdfs[i].info), want = from_hex(hkdfs[i].out);
        uint8_t out[256];
        assert_true(crypto_hkdf(hex_span(&key), hex_span(&salt), hex_span(&info), out, want.len));
        assert_memory_equal(out, want.at, want.len);
    }
}

static void test_hkdf_too_long(void **state)
{
    (void)state;
    static uint8_t out[255 * 32 + 1];
    memset(out, 0x55, sizeof out);
    assert_false(crypto_hkdf(span_text("k"), span_text(""), span_text(""), out, sizeof out));
    for (size_t i = 0; i < sizeof out; i++)
        assert_int_equal(out[i], 0);
}

/* FIPS 197 appendix B, SP 800-38A appendix F.1.1 (two blocks in one call). */
static const struct {
    const char *key, *in, *out;
} blocks[] = {
    {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
     "69c4e0d86a7b0430d8cdb78070b4c55a"},
    {"2b7e151628aed2a6abf7158809cf4f3c",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
     "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"},
};

static void test_aes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct error error = {""};
        struct hex_bytes key = from_hex(blocks[i].key);
        struct hex_bytes in = from_hex(blocks[i].in), want = from_hex(blocks[i].out);
        struct crypto_aes *aes = crypto_aes_new(key.at, &error);
        assert_non_null(aes);
        uint8_t out[256];
        size_t num = in.len / CRYPTO_AES_BLOCK_LEN;
        for (int round = 0; round < 2; round++) {
            assert_true(crypto_aes_encrypt(aes, in.at, out, num));
            assert_memory_equal(out, want.at, want.len);
        }
        assert_true(crypto_aes_encrypt(aes, in.at, in.at, num));
        assert_memory_equal(in.at, want.at, want.len);
        crypto_aes_free(aes);
    }
}

/* Test cases 1, 2 and 4 of "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega 2005. */
static const struct sealed {
    const char *key, *nonce, *associated, *clear, *sealed; /* the tag is the last of |sealed| */
} sealed[] = {
    {"00000000000000000000000000000000", "000000000000000000000000", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
     "b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
     "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
};

/* One opener for all keys, one after the other; a byte changed anywhere is a wrong tag. */
static void test_opener_open(void **state)
{
    (void)state;
    struct error error = {""};
    struct crypto_opener *opener = crypto_opener_new(&error);
    assert_non_null(opener);
    for (size_t i = 0; i < sizeof sealed / sizeof sealed[0]; i++) {
        struct hex_bytes key = from_hex(sealed[i].key), nonce = from_hex(sealed[i].nonce);
        struct hex_bytes associated = from_hex(sealed[i].associated);
        struct hex_bytes clear = from_hex(sealed[i].clear), in = from_hex(sealed[i].sealed);
        uint8_t out[256] = {0};
        assert_true(crypto_opener_open(opener, key.at, nonce.at, hex_span(&associated),
                                       hex_span(&in), out));
        assert_memory_equal(out, clear.at, clear.len);
        for (size_t at = 0; at < in.len; at++) {
            in.at[at] ^= 0x10;
            assert_false(crypto_opener_open(opener, key.at, nonce.at, hex_span(&associated),
                                            hex_span(&in), out));
            in.at[at] ^= 0x10;
        }
        for (size_t len = 0; len < in.len; len++)
            assert_false(crypto_opener_open(opener, key.at, nonce.at, hex_span(&associated),
                                            span_of(in.at, len), out));
        assert_true(crypto_opener_open(opener, key.at, nonce.at, hex_span(&associated),
                                       hex_span(&in), in.at));
        assert_memory_equal(in.at, clear.at, clear.len);
    }
    crypto_opener_free(opener);
    crypto_opener_free(NULL);
}

/* Keys and messages of all lengths around that of a block. */
static void test_mac(void **state)
{
    (void)state;
    struct error error = {""};
    static const uint8_t text[200] = {3, 1, 4};
    for (size_t len = 0; len < 140; len++) {
        uint8_t key[140] = {1}, want[CRYPTO_SHA256_LEN], out[CRYPTO_SHA256_LEN];
        struct crypto_mac mac;
        struct crypto_hmac *hmac = crypto_hmac_new(span_of(key, len), &error);
        assert_non_null(hmac);
        crypto_mac_key(&mac, span_of(key, len));
        for (size_t round = 0; round < 200; round += 13) {
            assert_true(crypto_hmac(hmac, span_of(text, round), want));
            crypto_mac(&mac, span_of(text, round), out);
            assert_memory_equal(out, want, sizeof out);
        }
        crypto_hmac_free(hmac);
    }
}

/* The same as the objects that have a key. */
static void test_opener_primitives(void **state)
{
    (void)state;
    struct error error = {""};
    struct crypto_opener *opener = crypto_opener_new(&error);
    assert_non_null(opener);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct hex_bytes key = from_hex(blocks[i].key), in = from_hex(blocks[i].in);
        struct hex_bytes want = from_hex(blocks[i].out);
        uint8_t out[CRYPTO_AES_BLOCK_LEN];
        assert_true(crypto_opener_block(opener, key.at, in.at, out));
        assert_memory_equal(out, want.at, sizeof out);
    }
    crypto_opener_free(opener);
}

static void test_random_and_compare(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_true(crypto_equal(a, b, sizeof a));
    assert_true(crypto_random(a, sizeof a));
    assert_true(crypto_random(b, sizeof b));
    assert_false(crypto_equal(a, b, sizeof a));
    memcpy(b, a, sizeof b);
    b[31] ^= 1;
    assert_false(crypto_equal(a, b, sizeof a));
    crypto_wipe(a, sizeof a);
    const uint8_t zero[32] = {0};
    assert_memory_equal(a, zero, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),      cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_hkdf),        cmocka_unit_test(test_hkdf_too_long),
        cmocka_unit_test(test_aes),         cmocka_unit_test(test_random_and_compare),
        cmocka_unit_test(test_opener_open), cmocka_unit_test(test_opener_primitives),
        cmocka_unit_test(test_mac),
    };
    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
