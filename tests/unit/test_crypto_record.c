/* test_crypto_record.c: AEADs, and the mask that hides the numbers of records, against what their standards print. */
#include "core/crypto_record.h"

#include "tests/unit/from_hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* --- AEADs --- */

struct aead_row {
    const char *source;
    enum crypto_aead kind;
    const char *key, *nonce, *associated, *plain, *sealed;
};

static const struct aead_row aeads[] = {
    {"NIST SP 800-38C, example 3", CRYPTO_AES_128_CCM_8, "404142434445464748494a4b4c4d4e4f",
     "101112131415161718191a1b", "000102030405060708090a0b0c0d0e0f10111213",
     "202122232425262728292a2b2c2d2e2f3031323334353637",
     "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"},
    {"The Galois/Counter Mode of Operation, test case 4", CRYPTO_AES_128_GCM,
     "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "5"
     "25b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84a"
     "a"
     "051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"RFC 9001, appendix A.5", CRYPTO_CHACHA20_POLY1305,
     "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8", "e0459b3474bdd0e46d417eb0",
     "4200bff4", "01", "655e5cd55c41f69080575d7999c25a5bfb"},
};

static void test_aeads(void **state)
{
    (void)state;
    uint8_t sealed[128], opened[128];
    for (size_t i = 0; i < sizeof aeads / sizeof *aeads; i++) {
        const struct aead_row *row = &aeads[i];
        print_message("%s\n", row->source);
        const struct hex_bytes key = from_hex(row->key), nonce = from_hex(row->nonce),
                               associated = from_hex(row->associated), plain = from_hex(row->plain),
                               expected = from_hex(row->sealed);
        assert_int_equal(key.len, crypto_aead_key_len(row->kind));
        assert_int_equal(expected.len, plain.len + crypto_aead_tag_len(row->kind));
        assert_true(crypto_aead_seal(row->kind, key.at, nonce.at, hex_span(&associated),
                                     hex_span(&plain), sealed));
        assert_memory_equal(sealed, expected.at, expected.len);
        assert_true(crypto_aead_open(row->kind, key.at, nonce.at, hex_span(&associated),
                                     hex_span(&expected), opened));
        assert_memory_equal(opened, plain.at, plain.len);
        sealed[0] ^= 1;
        assert_false(crypto_aead_open(row->kind, key.at, nonce.at, hex_span(&associated),
                                      span_of(sealed, expected.len), opened));
    }
}

/* --- masks --- */

struct mask_row {
    const char *source;
    enum crypto_aead kind;
    const char *key, *sample, *mask;
};

/* QUIC hides its packet numbers in the same way: RFC 9001 section 5.4. */
static const struct mask_row masks[] = {
    {"RFC 9001, appendix A.2", CRYPTO_AES_128_GCM, "9f50449e04a0e810283a1e9933adedd2",
     "d1b1c98dd7689fb8ec11d242b123dc9b", "437b9aec36"},
    {"RFC 9001, appendix A.3", CRYPTO_AES_128_CCM, "c206b8d9b9f0f37644430b490eeaa314",
     "2cd0991cd25b0aac406a5816b6394100", "2ec0d8356a"},
    {"RFC 9001, appendix A.5", CRYPTO_CHACHA20_POLY1305,
     "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4",
     "5e5cd55c41f69080575d7999c25a5bfb", "aefefe7d03"},
};

static void test_masks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        const struct mask_row *row = &masks[i];
        print_message("%s\n", row->source);
        const struct hex_bytes key = from_hex(row->key), sample = from_hex(row->sample),
                               expected = from_hex(row->mask);
        uint8_t mask[16];
        assert_true(crypto_mask(row->kind, key.at, sample.at, mask));
        assert_memory_equal(mask, expected.at, expected.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aeads),
        cmocka_unit_test(test_masks),
    };
    return cmocka_run_group_tests_name("crypto_record", tests, NULL, NULL);
}
