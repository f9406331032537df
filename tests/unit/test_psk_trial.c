/* test_psk_trial.c: from a key to a binder and to Finished, against RFC 8448 and against values that an independent
 * implementation (Python's hmac, and the cipher modes of pyca/cryptography and of the openssl program) made. */
#include "analysis/psk_trial.h"
#include "from_hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char key_text[] = "correct horse battery";

static struct psk_trial *trial_new(void)
{
    struct psk_trial *trial = malloc(sizeof *trial);
    assert_non_null(trial);
    psk_trial_begin(trial);
    return trial;
}

static void trial_free(struct psk_trial *trial)
{
    psk_trial_end(trial);
    free(trial);
}

/* The key fits; a bit of it more or less, or of what is compared, does not. */
static void check_fits(const struct psk_proof *proof, const char *name)
{
    struct psk_trial *trial = trial_new();
    uint8_t wrong[sizeof key_text - 1];
    print_message("%s\n", name);
    for (unsigned round = 0; round < 2; round++) { /* what was worked out before serves again */
        psk_trial_key(trial, span_text(key_text));
        assert_true(psk_trial_fits(trial, proof));
        assert_true(psk_trial_fits(trial, proof));
        for (size_t i = 0; i < sizeof wrong; i++) {
            memcpy(wrong, key_text, sizeof wrong);
            wrong[i] ^= 0x10;
            psk_trial_key(trial, span_of(wrong, sizeof wrong));
            assert_false(psk_trial_fits(trial, proof));
        }
        psk_trial_key(trial, span_of(key_text, sizeof key_text - 2));
        assert_false(psk_trial_fits(trial, proof));
    }
    trial_free(trial);
}

/* What stands for a hash of the transcript. */
static void fill_transcript(uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(7 * i + 1);
}

/* --- hashes --- */

static const struct {
    enum hash_kind kind;
    const char *hash; /* of "abc": RFC 1321, FIPS 180 */
    const char *code; /* of "what do ya want for nothing?" under "Jefe": RFC 2202, RFC 4231 */
} hashes[] = {
    {HASH_MD5, "900150983cd24fb0d6963f7d28e17f72", "750c783e6ab0b503eaa86e310a5db738"},
    {HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d",
     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {HASH_SHA384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7",
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
     "8e2240ca5e69e2c78b3239ecfab21649"},
};

static void test_hashes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        const struct hex_bytes hash = from_hex(hashes[i].hash), code = from_hex(hashes[i].code);
        uint8_t out[HASH_MAX_LEN];
        struct hash_state running;
        struct hmac_key key;
        assert_int_equal(hash_len(hashes[i].kind), hash.len);
        hash_begin(&running, hashes[i].kind);
        hash_add(&running, span_text("a"));
        hash_add(&running, span_text(""));
        hash_end(&running, out); /* looks, and changes nothing */
        hash_add(&running, span_text("bc"));
        hash_end(&running, out);
        assert_memory_equal(out, hash.at, hash.len);
        hmac_key_set(&key, hashes[i].kind, span_text("Jefe"));
        hmac_of(&key, span_text("what do ya want for nothing?"), out);
        assert_memory_equal(out, code.at, code.len);
    }
}

/* RFC 4231 case 6: a key that is longer than a block. */
static void test_long_key(void **state)
{
    (void)state;
    const struct hex_bytes code =
        from_hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    uint8_t key_bytes[131], out[HASH_MAX_LEN];
    struct hmac_key key;
    memset(key_bytes, 0xaa, sizeof key_bytes);
    hmac_key_set(&key, HASH_SHA256, span_of(key_bytes, sizeof key_bytes));
    hmac_of(&key, span_text("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    assert_memory_equal(out, code.at, code.len);
}

/* --- binders --- */

/* RFC 8448 section 4, where the key is one of resumption. */
static void test_rfc8448(void **state)
{
    (void)state;
    const struct hex_bytes psk =
        from_hex("4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3");
    const struct hex_bytes hash =
        from_hex("63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14");
    const struct hex_bytes binder =
        from_hex("3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d");
    struct psk_trial *trial = trial_new();
    struct hmac_key key;
    uint8_t out[HASH_MAX_LEN];
    psk_binder_key(trial, HASH_SHA256, false, "res binder", hex_span(&psk), &key);
    hmac_of(&key, hex_span(&hash), out);
    assert_memory_equal(out, binder.at, binder.len);
    psk_binder_key(trial, HASH_SHA256, false, "ext binder", hex_span(&psk), &key);
    hmac_of(&key, hex_span(&hash), out);
    assert_memory_not_equal(out, binder.at, binder.len);
    trial_free(trial);
}

static const struct {
    const char *name;
    enum hash_kind hash;
    bool dtls, imported;
    const char *binder;
} binders[] = {
    {"TLS, SHA-256", HASH_SHA256, false, false,
     "f85dfc019f60a01ca3b17da1ee8562456080a37d9c3418d7cd1721565074d01f"},
    {"DTLS, SHA-256", HASH_SHA256, true, false,
     "6851fe919431cc51d5da82468e35aae34c263a68caad021971f75f2dc742986c"},
    {"TLS, SHA-384", HASH_SHA384, false, false,
     "7e8eca8f5510e765489e2d9baccaeb08ee690c3d858cc750e3e6db64db1f6aea1da9cbcacf8e484f3a6c573194086"
     "26b"},
    {"DTLS, SHA-384", HASH_SHA384, true, false,
     "763796efef196ea9ee4911566b9cd59bdbcb2c4f9f1dc487411c11c32ac80804daffc79a04882db30f2a8c3274037"
     "816"},
    {"TLS, imported from SHA-256 for SHA-256", HASH_SHA256, false, true,
     "d789cca5efc2bb6ca9f42a217c521c56910493ed71169b9e0c23a99349e2c8bf"},
    {"TLS, imported from SHA-384 for SHA-256", HASH_SHA256, false, true,
     "b8916c1cbeffba672bf164a584fd64e85190396772469d57bd15d7ca688f4a90"},
    {"TLS, imported from SHA-256 for SHA-384", HASH_SHA384, false, true,
     "3016cad1e322f83a532f45a5d1a0813af324bc400d648f8303ffbc98c3c951754e6d33898f93a8eab20db3d264b01"
     "e9a"},
    {"TLS, imported from SHA-384 for SHA-384", HASH_SHA384, false, true,
     "7a050c107bb4660bb25af217898241332961b0d33e50d996cb3183b6acc6e7f062102665371555a1d5603b37cccb7"
     "cd1"},
    {"DTLS, imported from SHA-256 for SHA-256", HASH_SHA256, true, true,
     "550d37aae85eebb9807353cf8fb40bac60b1eb893a40e9fe8edd2ff7638d3752"},
    {"DTLS, imported from SHA-384 for SHA-384", HASH_SHA384, true, true,
     "8a7b65dcb32e5f44a76d963780e1e785faefd3fcd5ea3e430377ab2bac00a8b9c9d7d89e54c01c8d4dd2fbe87d9ac"
     "473"},
    {"DTLS, imported with the labels of TLS", HASH_SHA256, true, true,
     "a277341e023e36c02da999dcba1161ec07d03173ebe560e2f063a6f8f9ca1be1"},
};

static void test_binders(void **state)
{
    (void)state;
    const struct hex_bytes identity = from_hex("000973656e736f722d3231000003040001");
    for (size_t i = 0; i < sizeof binders / sizeof *binders; i++) {
        const struct hex_bytes binder = from_hex(binders[i].binder);
        struct psk_proof proof = {
            .kind = PSK_PROOF_BINDER,
            .binder = {.hash = binders[i].hash,
                       .dtls = binders[i].dtls,
                       .imported = binders[i].imported},
        };
        assert_int_equal(binder.len, hash_len(binders[i].hash));
        fill_transcript(proof.binder.transcript, binder.len);
        memcpy(proof.binder.binder, binder.at, binder.len);
        for (size_t k = 0; k < PSK_NUM_IMPORTS; k++) {
            struct hash_state hash;
            hash_begin(&hash, k == PSK_IMPORT_SHA256 ? HASH_SHA256 : HASH_SHA384);
            hash_add(&hash, hex_span(&identity));
            hash_end(&hash, proof.binder.identity_hash[k]);
        }
        check_fits(&proof, binders[i].name);
        proof.binder.transcript[3] ^= 1;
        struct psk_trial *trial = trial_new();
        psk_trial_key(trial, span_text(key_text));
        assert_false(psk_trial_fits(trial, &proof));
        trial_free(trial);
    }
}

/* --- Finished --- */

static const struct {
    const char *name;
    uint16_t suite;
    bool dtls, old_prf, implicit_iv, extended_master_secret;
    const char *record;
} records[] = {
    {"TLS 1.2, AES-128-GCM, extended master secret", 0x00a8, false, false, false, true,
     "0001000000000005f315f997fb62f1c97af8c9e0a63ef508e4af8ece3c79093e473e9cd18dbe0939"},
    {"DTLS 1.2, AES-256-GCM, SHA-384", 0x00a9, true, false, false, false,
     "00010000000000055aa1860ada75cf3518d344f41d7463f838098a3a5683697b3f204d3c5907e2b23c5aee69c31e9"
     "97f"},
    {"DTLS 1.2, AES-128-CCM-8, extended master secret", 0xc0a8, true, false, false, true,
     "00010000000000052779442c38cf10a5fec7398e271010ba2cc347339fa526ab3d764002bdb7dd06"},
    {"TLS 1.2, AES-256-CCM", 0xc0a5, false, false, false, false,
     "0001000000000005982f10189995514a58c2c9e8316d0ec48181087c680296bf5737069be564d387"},
    {"DTLS 1.2, ChaCha20-Poly1305", 0xccab, true, false, false, false,
     "423f50ed51d075f7d83663356de8421aaca73914d80675f64d5c863cd49f790e4cb9c79e5b1171b3"},
    {"TLS 1.0, AES-128-CBC", 0x008c, false, true, true, false,
     "fa78cc061a462a2498b7bcf4d5bc9cddb6be02aa84c223456269b3e624b79eb48a53ff9640485673b4585ebe78030"
     "4c7"},
    {"DTLS 1.0, AES-128-CBC, extended master secret", 0x008c, true, true, false, true,
     "32333435363738393a3b3c3d3e3f4041c4f290546fbf6a81caf50ead2b109086fff1f74809b795bed3bee9808f383"
     "bd0"
     "8374e1cbdec425b5fdd08208af8e2e1f"},
    {"TLS 1.2, AES-256-CBC-SHA384", 0x00af, false, false, false, false,
     "32333435363738393a3b3c3d3e3f40417b55ee28e3057275a50ee8cbbea114c357016e3f98b2eff934d6b31abbb30"
     "332"
     "f33a33ad876b02ab3679679b97f6b786"},
    {"DTLS 1.2, AES-128-CBC-SHA256, extended master secret", 0x00ae, true, false, false, true,
     "32333435363738393a3b3c3d3e3f4041a6eacd58c236d6a1c491a1f7a50642a18a5c4d0b4115357bef002925472e7"
     "323"
     "95598930674a53ab5c7adad96f17f73e"},
    {"TLS 1.2, 3DES-CBC", 0x008b, false, false, false, false,
     "32333435363738397a0b4b64701cbef3075fcc4354779ddfa41e91606a170e9d08fb0a809ef7a3e699b421962f4fb"
     "643"},
    {"DTLS 1.2, 3DES-CBC", 0x008b, true, false, false, false,
     "32333435363738393345b8d59404c268bba0073359cb79dfaf33ceccb0681d488517eff3e7c44233e790ddf6841ec"
     "c0c"
     "fb6a408a93d81bbb"},
    {"DTLS 1.2, NULL-SHA384", 0x00b1, true, false, false, false,
     "1400000c000200000000000c7094dc9d6311f62bce67dd3f4d4d4d4d"},
};

static struct psk_proof finished_of(size_t i)
{
    struct psk_proof proof = {
        .kind = PSK_PROOF_FINISHED,
        .finished = {.suite = psk_suite_find(records[i].suite),
                     .old_prf = records[i].old_prf,
                     .implicit_iv = records[i].implicit_iv,
                     .extended_master_secret = records[i].extended_master_secret,
                     .header = {20, 0, 0, 12, 0, 2, 0, 0, 0, 0, 0, 12},
                     .header_len = records[i].dtls ? 12 : 4,
                     .record_number = UINT64_C(0x0001000000000005)}};
    assert_non_null(proof.finished.suite);
    for (uint8_t k = 0; k < PSK_RANDOM_LEN; k++) {
        proof.finished.client_random[k] = k;
        proof.finished.server_random[k] = (uint8_t)(100 + k);
    }
    fill_transcript(proof.finished.transcript, sizeof proof.finished.transcript);
    return proof;
}

static void test_finished(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        const struct hex_bytes record = from_hex(records[i].record);
        struct psk_proof proof = finished_of(i);
        assert_true(psk_finished_take(&proof.finished, hex_span(&record)));
        check_fits(&proof, records[i].name);
        struct psk_proof other = finished_of(i);
        assert_true(psk_finished_take(&other.finished, hex_span(&record)));
        other.finished.server_random[5] ^= 1;
        struct psk_trial *trial = trial_new();
        psk_trial_key(trial, span_text(key_text));
        assert_false(psk_trial_fits(trial, &other));
        trial_free(trial);
    }
}

/* A record that was cut is no proof, at any length. */
static void test_short_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        const struct hex_bytes record = from_hex(records[i].record);
        struct psk_proof proof = finished_of(i);
        size_t need = 0;
        while (!psk_finished_take(&proof.finished, span_of(record.at, need)))
            need++;
        assert_true(need >= proof.finished.header_len + (size_t)PSK_VERIFY_LEN);
        assert_true(need <= record.len && need <= PSK_MAX_RECORD);
        assert_int_equal(need, proof.finished.record_len);
    }
}

/* Every suite of the table can be computed: with a record of any bytes no key fits. */
static void test_all_suites(void **state)
{
    (void)state;
    const uint8_t bytes[PSK_MAX_RECORD] = {1, 2, 3};
    unsigned num = 0;
    for (uint64_t code = 0; code <= 0xffff; code++) {
        struct psk_finished finished = {.suite = psk_suite_find(code), .header_len = 12};
        if (finished.suite == NULL)
            continue;
        num++;
        for (unsigned old = 0; old < 2; old++) {
            struct psk_proof proof = {.kind = PSK_PROOF_FINISHED, .finished = finished};
            proof.finished.old_prf = old;
            assert_true(psk_finished_take(&proof.finished, span_of(bytes, sizeof bytes)));
            struct psk_trial *trial = trial_new();
            psk_trial_key(trial, span_text(key_text));
            assert_false(psk_trial_fits(trial, &proof));
            if (finished.suite->mode != PSK_MODE_NULL)
                assert_non_null(trial->ciphers[finished.suite->cipher]);
            trial_free(trial);
        }
    }
    assert_int_equal(num, 23);
    assert_null(psk_suite_find(0x008a)); /* RC4 */
    assert_null(psk_suite_find(0xc035)); /* ECDHE_PSK */
}

/* Keys of all lengths, over the sizes of hash blocks, down to none. */
static void test_key_lengths(void **state)
{
    (void)state;
    static uint8_t long_key[PSK_MAX_KEY];
    struct psk_trial *trial = trial_new();
    struct psk_proof proof = finished_of(0);
    const struct hex_bytes record = from_hex(records[0].record);
    assert_true(psk_finished_take(&proof.finished, hex_span(&record)));
    for (size_t len = 0; len <= sizeof long_key; len++) {
        psk_trial_key(trial, span_of(long_key, len));
        assert_false(psk_trial_fits(trial, &proof));
    }
    trial_free(trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),     cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_rfc8448),    cmocka_unit_test(test_binders),
        cmocka_unit_test(test_finished),   cmocka_unit_test(test_short_records),
        cmocka_unit_test(test_all_suites), cmocka_unit_test(test_key_lengths),
    };
    return cmocka_run_group_tests_name("psk_trial", tests, NULL, NULL);
}
