/* secrets.h: from a pre-shared key to the keys of records, up to DTLS 1.2. RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC
 * 4279 sections 2 and 3, RFC 5489 section 2, RFC 7627 section 4. */
#ifndef PERPASS_PROBE_SECRETS_H
#define PERPASS_PROBE_SECRETS_H

#include "core/crypto_share.h"
#include "core/tls_secrets.h"
#include "probe/record.h"

enum {
    SECRETS_MAX_KEY = 1024, /* bytes of a pre-shared key */
    SECRETS_MASTER_LEN = 48,
    SECRETS_VERIFY_LEN = 12,
    SECRETS_RANDOM_LEN = 32,
    SECRETS_MAX_PREMASTER = 4 + CRYPTO_SHARE_MAX_LEN + SECRETS_MAX_KEY
};

/* The randoms of both hellos. */
struct secrets_randoms {
    uint8_t client[SECRETS_RANDOM_LEN], server[SECRETS_RANDOM_LEN];
};

/* It belongs in secret memory. */
struct secrets {
    enum hash_kind prf;
    uint8_t master[SECRETS_MASTER_LEN];
    struct hmac_key key;
    struct tls_secrets_room room;
    uint8_t premaster[SECRETS_MAX_PREMASTER], block[256];
};

/* secrets_make makes the master secret of the |psk|, at most SECRETS_MAX_KEY bytes, and what a Diffie-Hellman exchange
 * gave; |shared| is unseen where there was none. With the extended master secret |session_hash| takes the place
 * of the randoms; it is unseen without. */
void secrets_make(struct secrets *secrets, enum hash_kind prf, struct span psk, struct span shared,
                  const struct secrets_randoms *randoms, struct span session_hash);

/* secrets_resume takes the master secret of an earlier session. */
void secrets_resume(struct secrets *secrets, enum hash_kind prf,
                    const uint8_t master[SECRETS_MASTER_LEN]);

/* secrets_keys makes the keys of both directions, for a suite. */
void secrets_keys(struct secrets *secrets, const struct suite *suite,
                  const struct secrets_randoms *randoms, struct record_keys *client,
                  struct record_keys *server);

/* secrets_finished is the verify_data of the client or the server, over the |transcript| hash. */
void secrets_finished(struct secrets *secrets, bool client, struct span transcript,
                      uint8_t out[SECRETS_VERIFY_LEN]);

#endif
