/* psk_trial.h: tries a key on proofs: works out what a client with that key would have sent, and compares. */
#ifndef PERPASS_ANALYSIS_PSK_TRIAL_H
#define PERPASS_ANALYSIS_PSK_TRIAL_H

#include "analysis/psk_proof.h"
#include "core/tls_secrets.h"

enum { PSK_MAX_KEY = 1024 /* bytes */ };

/* The first step of a computation, once it was made. */
struct psk_trial_step {
    bool there;
    struct hmac_key key;
};

/* Everything that is worked out from a key, and serves all proofs; it belongs in secret memory. One thread's. */
struct psk_trial {
    struct crypto_cipher *ciphers[CRYPTO_NUM_CIPHERS]; /* NULL: not needed yet, or not to be had */
    struct hmac_key extract[2];          /* HKDF-Extract without salt, by binder hash */
    uint8_t empty_hash[2][HASH_MAX_LEN]; /* of nothing */

    struct span key;                    /* the one at hand */
    struct psk_trial_step binder[2][2]; /* of external binders: by hash, and whether it is DTLS */
    struct psk_trial_step premaster[3]; /* by PRF: SHA-256, SHA-384, MD5 (and SHA-1) */
    struct hmac_key premaster_sha1;

    /* Rooms for what is secret on the way. */
    struct hmac_key step, step_sha1;
    struct tls_secrets_room room;
    uint8_t secret[2 * HASH_MAX_LEN], block[256], other[256];
    uint8_t plain[PSK_MAX_RECORD], premaster_bytes[4 + 2 * PSK_MAX_KEY];
};

void psk_trial_begin(struct psk_trial *trial);

/* psk_trial_key takes the next |key|, of PSK_MAX_KEY bytes at most, which stays where it is. */
void psk_trial_key(struct psk_trial *trial, struct span key);

/* psk_trial_fits says whether the key makes this proof. */
bool psk_trial_fits(struct psk_trial *trial, const struct psk_proof *proof);

void psk_trial_end(struct psk_trial *trial);

/* psk_binder_key makes the key of binders (its finished_key) from the one at hand: |label| is "ext binder",
 * "imp binder" or "res binder". RFC 8446 section 7.1, RFC 9258 section 5.2, RFC 9147 section 5.9. */
void psk_binder_key(struct psk_trial *trial, enum hash_kind hash, bool dtls, const char *label,
                    struct span key, struct hmac_key *out);

#endif
