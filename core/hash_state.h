/* hash_state.h: hashes and HMAC (RFC 2104) whose state is a value: it can be copied, so that what many computations
 * begin with is worked out once. For work that tries many keys; what is computed once uses crypto.h. */
#ifndef PERPASS_CORE_HASH_STATE_H
#define PERPASS_CORE_HASH_STATE_H

#include "core/span.h"

enum hash_kind { HASH_MD5 = 1, HASH_SHA1, HASH_SHA256, HASH_SHA384 };

enum { HASH_MAX_LEN = 48 };

struct hash_state {
    enum hash_kind kind;
    uint64_t words[27]; /* libcrypto's */
};

/* hash_len is the number of bytes of a hash. */
size_t hash_len(enum hash_kind kind);

void hash_begin(struct hash_state *state, enum hash_kind kind);
void hash_add(struct hash_state *state, struct span bytes);
/* hash_end writes the hash of what was added so far; |state| stays as it is. */
void hash_end(const struct hash_state *state, uint8_t *out);

/* One key: what HMAC does with it. */
struct hmac_key {
    struct hash_state inner, outer;
};

void hmac_key_set(struct hmac_key *key, enum hash_kind kind, struct span bytes);

/* hmac_begin gives a state to add the message to; hmac_end writes the code of it. */
void hmac_begin(const struct hmac_key *key, struct hash_state *state);
void hmac_end(const struct hmac_key *key, const struct hash_state *state, uint8_t *out);

/* hmac_of is the code of a |message| that is all there. */
void hmac_of(const struct hmac_key *key, struct span message, uint8_t *out);

#endif
