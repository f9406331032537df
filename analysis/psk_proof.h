/* psk_proof.h: what a client showed that only who has the pre-shared key can make: a binder of TLS 1.3 (RFC 8446
 * section 4.2.11.2), or the Finished message of a plain PSK handshake up to TLS 1.2 (RFC 4279 section 2, RFC 5246
 * section 7.4.9); and all else that a key is to be tried with. */
#ifndef PERPASS_ANALYSIS_PSK_PROOF_H
#define PERPASS_ANALYSIS_PSK_PROOF_H

#include "core/crypto.h"
#include "core/hash_state.h"

enum psk_mode { PSK_MODE_NULL = 1, PSK_MODE_CBC, PSK_MODE_GCM, PSK_MODE_CCM, PSK_MODE_CHACHA20 };

/* A cipher suite whose key exchange is PSK alone. */
struct psk_suite {
    uint16_t code;
    enum psk_mode mode;
    enum crypto_cipher_kind cipher;
    uint8_t key_len, block_len; /* of the cipher; 0 without */
    uint8_t mac_len;            /* of its key in the key block; 0: AEAD */
    enum hash_kind prf;         /* of TLS 1.2 */
};

/* psk_suite_find gives the row of a suite that keys can be tried on, or NULL. */
const struct psk_suite *psk_suite_find(uint64_t code);

/* The ways to import a key whose own hash, and label prefix, nobody tells. */
enum { PSK_IMPORT_SHA256, PSK_IMPORT_SHA384, PSK_NUM_IMPORTS };

struct psk_binder {
    enum hash_kind hash;
    bool dtls; /* labels begin with dtls13 */
    bool imported;
    uint8_t identity_hash[PSK_NUM_IMPORTS][HASH_MAX_LEN]; /* of the ImportedIdentity */
    uint8_t transcript[HASH_MAX_LEN];                     /* hash of it, up to the binders */
    uint8_t binder[HASH_MAX_LEN];
};

enum {
    PSK_RANDOM_LEN = 32,
    PSK_VERIFY_LEN = 12,
    PSK_MAX_RECORD = 64 /* bytes of a record that are looked at: more than any nonce and Finished */
};

struct psk_finished {
    const struct psk_suite *suite;
    bool old_prf;     /* before TLS 1.2: of MD5 and SHA-1 */
    bool implicit_iv; /* TLS 1.0: the nonce of CBC is not in the record */
    bool extended_master_secret;
    uint8_t client_random[PSK_RANDOM_LEN], server_random[PSK_RANDOM_LEN];
    uint8_t
        transcript[HASH_MAX_LEN]; /* hash up to ClientKeyExchange; old_prf: of both, side by side */
    uint8_t header[12];           /* of the message */
    uint8_t header_len;
    uint64_t record_number; /* DTLS: with its epoch in front */
    uint8_t record[PSK_MAX_RECORD];
    uint8_t record_len; /* of |record| */
};

enum psk_proof_kind { PSK_PROOF_BINDER = 1, PSK_PROOF_FINISHED };

struct psk_proof {
    enum psk_proof_kind kind;
    union {
        struct psk_binder binder;
        struct psk_finished finished;
    };
};

/* psk_finished_take puts the |fragment| of the record with Finished into |finished|, whose header and suite are there.
 * False: it is too short to be that. */
bool psk_finished_take(struct psk_finished *finished, struct span fragment);

/* psk_finished_nonce_len is the length of the nonce at the beginning of the record. */
size_t psk_finished_nonce_len(const struct psk_finished *finished);

#endif
