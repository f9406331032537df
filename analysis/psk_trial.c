/* psk_trial.c: from a pre-shared key to a binder (RFC 8446 sections 4.2.11.2, 4.4.4 and 7.1, RFC 9258 section 5, RFC
 * 9147 section 5.9), and to the Finished message of a plain PSK handshake (RFC 4279 section 2, RFC 5246 sections 5, 6.3
 * and 7.4.9, RFC 2246 section 5, RFC 7627 section 4).
 *
 * Finished is known before it is decrypted, but for its 12 bytes of verify_data, which follow from the key as well: so
 * the first blocks of the record are decrypted, and neither MAC nor tag are looked at. */
#include "analysis/psk_trial.h"

#include <assert.h>

/* --- TLS 1.3 --- */

/* Binders are of SHA-256 or SHA-384. */
static unsigned index_of(enum hash_kind hash)
{
    assert(hash == HASH_SHA256 || hash == HASH_SHA384);
    return hash == HASH_SHA384;
}

void psk_trial_begin(struct psk_trial *trial)
{
    static const uint8_t zeros[HASH_MAX_LEN];
    *trial = (struct psk_trial){.key = {.at = NULL}};
    for (unsigned i = 0; i < 2; i++) {
        enum hash_kind hash = i == 0 ? HASH_SHA256 : HASH_SHA384;
        hmac_key_set(&trial->extract[i], hash, span_of(zeros, hash_len(hash)));
        hash_begin(&trial->room.state, hash);
        hash_end(&trial->room.state, trial->empty_hash[i]);
    }
}

void psk_binder_key(struct psk_trial *trial, enum hash_kind hash, bool dtls, const char *label,
                    struct span key, struct hmac_key *out)
{
    const unsigned i = index_of(hash);
    const size_t len = hash_len(hash);
    hmac_of(&trial->extract[i], key, trial->secret);
    hmac_key_set(out, hash, span_of(trial->secret, len));
    tls_expand_label(out, dtls, label, span_of(trial->empty_hash[i], len), &trial->room,
                     trial->secret, len);
    hmac_key_set(out, hash, span_of(trial->secret, len));
    tls_expand_label(out, dtls, "finished", span_of("", 0), &trial->room, trial->secret, len);
    hmac_key_set(out, hash, span_of(trial->secret, len));
}

static bool binder_is(struct psk_trial *trial, const struct hmac_key *key,
                      const struct psk_binder *proof)
{
    const size_t len = hash_len(proof->hash);
    hmac_of(key, span_of(proof->transcript, len), trial->block);
    return crypto_equal(trial->block, proof->binder, len);
}

/* ipskx = HKDF-Expand-Label(HKDF-Extract(0, epsk), "derived psk", Hash(ImportedIdentity), L), with the hash that the
 * external key has; its binder with the one that it is imported for. */
static bool fits_import(struct psk_trial *trial, const struct psk_binder *proof,
                        enum hash_kind own_hash, bool dtls)
{
    const unsigned own = index_of(own_hash);
    hmac_of(&trial->extract[own], trial->key, trial->secret);
    hmac_key_set(&trial->step, own_hash, span_of(trial->secret, hash_len(own_hash)));
    tls_expand_label(&trial->step, dtls, "derived psk",
                     span_of(proof->identity_hash[own], hash_len(own_hash)), &trial->room,
                     trial->other, hash_len(proof->hash));
    psk_binder_key(trial, proof->hash, proof->dtls, "imp binder",
                   span_of(trial->other, hash_len(proof->hash)), &trial->step);
    return binder_is(trial, &trial->step, proof);
}

static bool fits_binder(struct psk_trial *trial, const struct psk_binder *proof)
{
    if (proof->imported)
        return fits_import(trial, proof, HASH_SHA256, proof->dtls) ||
               fits_import(trial, proof, HASH_SHA384, proof->dtls) ||
               (proof->dtls && (fits_import(trial, proof, HASH_SHA256, false) ||
                                fits_import(trial, proof, HASH_SHA384, false)));
    const unsigned i = index_of(proof->hash);
    if (!trial->binder[i][proof->dtls].there)
        psk_binder_key(trial, proof->hash, proof->dtls, "ext binder", trial->key,
                       &trial->binder[i][proof->dtls].key);
    trial->binder[i][proof->dtls].there = true;
    return binder_is(trial, &trial->binder[i][proof->dtls].key, proof);
}

/* --- up to TLS 1.2 --- */

/* A secret as the PRF uses it: before TLS 1.2 its halves are keys of two hashes. */
struct prf_keys {
    const struct hmac_key *first, *sha1; /* |sha1| is NULL in TLS 1.2 */
};

static void prf(struct psk_trial *trial, struct prf_keys keys, const struct tls_seed *seed,
                uint8_t *out, size_t len)
{
    assert(len <= sizeof trial->other);
    tls_p_hash(keys.first, seed, &trial->room, out, len);
    if (keys.sha1 == NULL)
        return;
    tls_p_hash(keys.sha1, seed, &trial->room, trial->other, len);
    for (size_t i = 0; i < len; i++)
        out[i] ^= trial->other[i];
}

static struct prf_keys prf_keys_set(const struct psk_finished *proof, struct span secret,
                                    struct hmac_key *first, struct hmac_key *sha1)
{
    if (!proof->old_prf) {
        hmac_key_set(first, proof->suite->prf, secret);
        return (struct prf_keys){.first = first};
    }
    const size_t half = (secret.len + 1) / 2;
    hmac_key_set(first, HASH_MD5, span_of(secret.at, half));
    hmac_key_set(sha1, HASH_SHA1, span_of(secret.at + secret.len - half, half));
    return (struct prf_keys){.first = first, .sha1 = sha1};
}

/* uint16 N, N zero bytes, uint16 N, the key of N bytes: the other secret of plain PSK is zeros. */
static struct prf_keys premaster(struct psk_trial *trial, const struct psk_finished *proof)
{
    const unsigned i = proof->old_prf ? 2 : proof->suite->prf == HASH_SHA384;
    struct hmac_key *key = &trial->premaster[i].key;
    if (trial->premaster[i].there)
        return (struct prf_keys){.first = key,
                                 .sha1 = proof->old_prf ? &trial->premaster_sha1 : NULL};
    trial->premaster[i].there = true;
    const size_t n = trial->key.len;
    uint8_t *at = trial->premaster_bytes;
    memset(at, 0, 4 + n);
    at[0] = at[2 + n] = (uint8_t)(n >> 8);
    at[1] = at[3 + n] = (uint8_t)n;
    if (n > 0)
        memcpy(at + 4 + n, trial->key.at, n);
    return prf_keys_set(proof, span_of(at, 4 + 2 * n), key, &trial->premaster_sha1);
}

static size_t transcript_len(const struct psk_finished *proof)
{
    return proof->old_prf ? hash_len(HASH_MD5) + hash_len(HASH_SHA1) : hash_len(proof->suite->prf);
}

static struct prf_keys master_secret(struct psk_trial *trial, const struct psk_finished *proof)
{
    enum { MASTER_LEN = 48 };
    struct tls_seed seed = {.label = span_text("master secret"),
                            .a = span_of(proof->client_random, PSK_RANDOM_LEN),
                            .b = span_of(proof->server_random, PSK_RANDOM_LEN)};
    if (proof->extended_master_secret)
        seed = (struct tls_seed){.label = span_text("extended master secret"),
                                 .a = span_of(proof->transcript, transcript_len(proof))};
    prf(trial, premaster(trial, proof), &seed, trial->secret, MASTER_LEN);
    return prf_keys_set(proof, span_of(trial->secret, MASTER_LEN), &trial->step, &trial->step_sha1);
}

static bool cipher_run(struct psk_trial *trial, const struct psk_suite *suite, bool encrypt,
                       const uint8_t *key, const uint8_t *nonce, const uint8_t *in, size_t len,
                       uint8_t *out)
{
    struct error ignored; /* a cipher that libcrypto has not makes no key fit */
    if (trial->ciphers[suite->cipher] == NULL)
        trial->ciphers[suite->cipher] = crypto_cipher_new(suite->cipher, &ignored);
    return trial->ciphers[suite->cipher] != NULL &&
           crypto_cipher_run(trial->ciphers[suite->cipher], encrypt, key, nonce, in, len, out);
}

static void xor_bytes(uint8_t *to, const uint8_t *with, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] ^= with[i];
}

/* Of the first blocks: |previous| is what stands before them, the nonce of the block mode. */
static bool decrypt_cbc(struct psk_trial *trial, const struct psk_finished *proof,
                        const uint8_t *key, const uint8_t *implicit)
{
    const size_t block = proof->suite->block_len, nonce_len = psk_finished_nonce_len(proof);
    const size_t len = proof->record_len - nonce_len;
    if (!cipher_run(trial, proof->suite, false, key, NULL, proof->record + nonce_len, len,
                    trial->plain))
        return false;
    if (nonce_len > 0) {
        xor_bytes(trial->plain, proof->record, len); /* each with the block before it */
        return true;
    }
    xor_bytes(trial->plain, implicit, block);
    xor_bytes(trial->plain + block, proof->record, len - block);
    return true;
}

/* GCM (NIST SP 800-38D): the block counter of the first block of text is 2. CCM (NIST SP 800-38C) with a nonce of 12
 * bytes: flags, nonce, and a counter of 3 bytes that is 1. */
static bool decrypt_counter(struct psk_trial *trial, const struct psk_finished *proof,
                            const uint8_t *key, const uint8_t *salt)
{
    enum { SALT_LEN = 4, NONCE_LEN = 8, BLOCK_LEN = 16, BLOCKS = 2 };
    const size_t len = proof->record_len - (size_t)NONCE_LEN;
    const bool gcm = proof->suite->mode == PSK_MODE_GCM;
    uint8_t counters[BLOCKS * BLOCK_LEN] = {0};
    assert(len <= sizeof counters);
    for (size_t i = 0; i < BLOCKS; i++) {
        uint8_t *block = counters + i * BLOCK_LEN, *nonce = block + !gcm;
        if (!gcm)
            block[0] = 2; /* the counter has this many bytes, and one */
        memcpy(nonce, salt, SALT_LEN);
        memcpy(nonce + SALT_LEN, proof->record, NONCE_LEN);
        block[BLOCK_LEN - 1] = (uint8_t)(i + (gcm ? 2 : 1));
    }
    if (!cipher_run(trial, proof->suite, true, key, NULL, counters, sizeof counters, trial->plain))
        return false;
    xor_bytes(trial->plain, proof->record + NONCE_LEN, len);
    return true;
}

/* RFC 7905 section 2; the first block of the stream is the key of Poly1305. */
static bool decrypt_chacha20(struct psk_trial *trial, const struct psk_finished *proof,
                             const uint8_t *key, const uint8_t *iv)
{
    enum { IV_LEN = 12, COUNTER_LEN = 4 };
    uint8_t nonce[COUNTER_LEN + IV_LEN] = {1};
    memcpy(nonce + COUNTER_LEN, iv, IV_LEN);
    for (unsigned i = 0; i < 8; i++)
        nonce[sizeof nonce - 1 - i] ^= (uint8_t)(proof->record_number >> (8 * i));
    return cipher_run(trial, proof->suite, false, key, nonce, proof->record, proof->record_len,
                      trial->plain);
}

/* key_block: client and server MAC keys, client and server keys, client and server nonces. */
static bool decrypt(struct psk_trial *trial, struct prf_keys master,
                    const struct psk_finished *proof)
{
    enum { MAX_NONCE_LEN = 16 };
    const struct psk_suite *suite = proof->suite;
    const size_t key_at = 2 * (size_t)suite->mac_len,
                 nonce_at = key_at + 2 * (size_t)suite->key_len;
    const uint8_t *key = trial->block + key_at, *nonce = trial->block + nonce_at;
    const struct tls_seed seed = {.label = span_text("key expansion"),
                                  .a = span_of(proof->server_random, PSK_RANDOM_LEN),
                                  .b = span_of(proof->client_random, PSK_RANDOM_LEN)};
    bool explicit_only = suite->mode == PSK_MODE_CBC && !proof->implicit_iv;
    if (suite->mode != PSK_MODE_NULL)
        prf(trial, master, &seed, trial->block,
            explicit_only ? key_at + suite->key_len : nonce_at + MAX_NONCE_LEN);
    switch (suite->mode) {
    case PSK_MODE_NULL:
        memcpy(trial->plain, proof->record, proof->record_len);
        return true;
    case PSK_MODE_CBC:
        return decrypt_cbc(trial, proof, key, nonce);
    case PSK_MODE_GCM:
    case PSK_MODE_CCM:
        return decrypt_counter(trial, proof, key, nonce);
    case PSK_MODE_CHACHA20:
        return decrypt_chacha20(trial, proof, key, nonce);
    }
    return false;
}

static bool fits_finished(struct psk_trial *trial, const struct psk_finished *proof)
{
    const struct prf_keys master = master_secret(trial, proof);
    const struct tls_seed seed = {.label = span_text("client finished"),
                                  .a = span_of(proof->transcript, transcript_len(proof))};
    if (!decrypt(trial, master, proof) ||
        memcmp(trial->plain, proof->header, proof->header_len) != 0)
        return false;
    prf(trial, master, &seed, trial->block, PSK_VERIFY_LEN);
    return crypto_equal(trial->plain + proof->header_len, trial->block, PSK_VERIFY_LEN);
}

/* --- both --- */

void psk_trial_key(struct psk_trial *trial, struct span key)
{
    assert(key.len <= PSK_MAX_KEY);
    trial->key = key;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < 2; k++)
            trial->binder[i][k].there = false;
    for (unsigned i = 0; i < 3; i++)
        trial->premaster[i].there = false;
}

bool psk_trial_fits(struct psk_trial *trial, const struct psk_proof *proof)
{
    return proof->kind == PSK_PROOF_BINDER ? fits_binder(trial, &proof->binder)
                                           : fits_finished(trial, &proof->finished);
}

void psk_trial_end(struct psk_trial *trial)
{
    for (size_t i = 0; i < CRYPTO_NUM_CIPHERS; i++)
        crypto_cipher_free(trial->ciphers[i]);
    crypto_wipe(trial, sizeof *trial);
}
